"""Python functions as machine code for their Taylor coefficients.

>>> import numpy as np, taylorad as ta
>>> g = ta.compile(lambda x: np.exp(np.sin(x)), order=3)
>>> g(0.0).tolist()
[1.0, 1.0, 0.5, 0.0]
"""

from __future__ import annotations

import inspect
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from taylorad.errors import CompilationError, DomainError, NotRepresentableError, OrderError, TraceError
from taylorad.series.node import INFINITE
from taylorad.trace.eager import eager
from taylorad.trace.graph import Graph, Shape, assemble, trace
from taylorad.trace.machine import Machine, leaves_of
from taylorad.trace.storage import dump, restore

__all__ = ["CompiledFunction", "compile", "load"]

_FORMAT = 1
_LINE = np.ones(2)  # x + t
_LINE.flags.writeable = False
_empty = np.empty


def compile(
    f: Callable[..., Any],
    order: int = 20,
    *,
    shapes: Sequence[int | Sequence[int]] | None = None,
    threads: int = 1,
) -> CompiledFunction:
    """``f`` as a function of its Taylor coefficients, in machine code.

    Parameters
    ----------
    f : function written with operators, numpy, scipy.special or taylorad functions
        of one or more arguments. Loops, containers, slices, assignment into ``np.zeros_like(y)`` are fine; ``if`` on
        values is not (``ta.where`` is). It is run once, on traced arguments, and must not depend on anything
        that changes later. It may return a number, an array, or a list, tuple or dict of them.
    order : int ≥ 0
        K, the highest power of t.
    shapes : the shape of each argument at one point
        ``()`` is a number, 3 or ``(3,)`` a vector; numbers all, if it is not given.
    threads : int
        How many threads share the points of a batch.

    A function that cannot be traced is run on eager series at each call, with the same results, only slower;
    ``g.reason`` says why (it is "" otherwise). Nothing is compiled before the first call; then it takes some 40 ms, or
    2 ms where the code is in the disk cache. Not rigorous (:func:`taylorad.validated.compile` is). Cost of a call:
    O(order²) for each product and function at each point. Raises OrderError for a bad order.
    """
    order = _order(order)
    made = _shapes(f, shapes)
    try:
        graphs = {"float64": trace(f, made, np.float64, 1)}
        reason = ""
    except TraceError as error:
        graphs, reason = {}, str(error)
    return CompiledFunction(f, order, made, graphs, reason, threads)


def load(path: str | Path) -> CompiledFunction:
    """A compiled function that ``g.save(path)`` wrote; its code comes from the disk cache, or is compiled anew.

    The file is JSON and holds the graph, no code. Raises OSError where it cannot be read and CompilationError
    where it is no such file, or needs a rule that is not in the book.
    """
    try:
        data = json.loads(Path(path).read_text())
        if data["taylorad"] != _FORMAT:
            raise CompilationError(f"{path} has format {data['taylorad']!r}; this version reads {_FORMAT}")
        graphs = {g["dtype"]: restore(g) for g in data["graphs"]}
        return CompiledFunction(None, _order(data["order"]), graphs["float64"].shapes, graphs, "", int(data["threads"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CompilationError(f"{path} is no saved function ({type(error).__name__}: {error})") from error


def _order(order: Any) -> int:
    from taylorad.taylor.series import check_order

    return check_order(order)


def _shapes(f: Callable[..., Any], shapes: Sequence[Any] | None) -> list[Shape]:
    """The shapes given, or a number for each argument that f needs."""
    if shapes is not None:
        return [(int(m),) if isinstance(m, (int, np.integer)) else tuple(map(int, m)) for m in shapes]
    try:
        needed = [
            p
            for p in inspect.signature(f).parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):  # numpy's own functions do not tell
        return [()] * getattr(f, "nin", 1)
    return [()] * max(1, len(needed))


@final
class CompiledFunction:
    """The Taylor coefficients of a function of Python, made by :func:`compile`. Safe to call from several threads."""

    __slots__ = ("_door", "_graphs", "_lock", "_machines", "function", "order", "reason", "shapes", "threads")

    def __init__(
        self,
        function: Callable[..., Any] | None,
        order: int,
        shapes: Sequence[Shape],
        graphs: dict[str, Graph],
        reason: str,
        threads: int,
    ) -> None:
        self.function = function
        self.order = order
        self.shapes = tuple(shapes)
        self.reason = reason
        self.threads = threads
        self._graphs = graphs
        self._machines: dict[tuple[str, int], Machine] = {}
        self._door: Callable[..., Any] | None = None
        self._lock = threading.RLock()

    # ------------------------------------------------------------------ calls
    def __call__(self, *points: Any, along: Any = None, threads: int | None = None) -> Any:
        """The coefficients of t ↦ f(x + t·v), k = 0 … K: arrays (K+1, *out, *batch), laid out as f returns them.

        Each point is an array (*shape, *batch) for its argument's shape; batches are broadcast. ``along`` is the
        direction v (a tuple of them for several arguments), 1 for a function of one number and needed otherwise.
        float64, or complex128 for complex points. Not rigorous; a point's result does not depend on the others.
        Raises DomainError or SingularExpansionError, with the offending point, where there is no series.
        Cost: O(K²) for each product, quotient and function.
        """
        if self._door is not None and along is None and len(points) == 1 and type(points[0]) in _NUMBERS:
            line = _LINE.copy()
            line[0] = points[0]
            if self._door(line, out := _empty(self.order + 1)) is not None:
                return out
        return self._lines(points, along, threads)

    def _lines(self, points: tuple[Any, ...], along: Any, threads: int | None) -> Any:
        if len(points) != len(self.shapes):
            raise TypeError(f"this function takes {len(self.shapes)} points, one for each argument; got {len(points)}")
        if along is None:
            if self.shapes != ((),):
                raise TypeError(
                    "a function of several numbers needs a direction: g(x, along=v), a tuple for several arguments"
                )
            along = (1.0,)
        elif len(self.shapes) == 1 and not (isinstance(along, tuple) and len(along) == 1):
            along = (along,)
        if len(along) != len(points):
            raise TypeError(f"along= needs one direction for each argument, {len(points)}; got {len(along)}")
        pairs = [_pair(x, v, shape) for x, v, shape in zip(points, along, self.shapes, strict=True)]
        found = self._computed(pairs, 1, threads)
        self._learn()
        return found

    def series(self, *coefficients: Any, threads: int | None = None) -> Any:
        """The coefficients of t ↦ f(c(t)) for series c: one array (rows, *shape, *batch) for each argument.

        Coefficients beyond the rows given are zero. Otherwise as a call.
        """
        if len(coefficients) != len(self.shapes):
            raise TypeError(
                f"this function takes {len(self.shapes)} series, one for each argument; got {len(coefficients)}"
            )
        rows = [_array(c) for c in coefficients]
        for c, shape in zip(rows, self.shapes, strict=True):
            if c.shape[1 : 1 + len(shape)] != shape or c.ndim < 1 or not len(c):
                raise OrderError(
                    f"a series of an argument of shape {shape} has shape (rows, *{shape}, *batch); got {c.shape}"
                )
        return self._computed(rows, INFINITE, threads)

    def derivatives(self, *points: Any, along: Any = None, threads: int | None = None) -> Any:
        """The true derivatives d^k/dt^k f(x + t·v) at t = 0, k = 0 … K, laid out as in a call.

        Raises NotRepresentableError where one is no float, or its coefficient has lost digits to underflow.
        """
        return _each(self(*points, along=along, threads=threads), _derivatives)

    # ------------------------------------------------------------------ computing
    def _computed(self, rows: Sequence[np.ndarray], degree: int, threads: int | None) -> Any:
        dtype = np.result_type(np.float64, *rows)
        batch = np.broadcast_shapes(*(r.shape[1 + len(s) :] for r, s in zip(rows, self.shapes, strict=True)))
        machine = self._machine(dtype.name, degree)
        if machine is None:
            return eager(self.function, self.shapes, rows, self.order, batch, dtype)
        leaves = leaves_of(self.shapes, [np.asarray(r, dtype) for r in rows])
        return assemble(machine.graph.outputs, machine.run(leaves, batch, threads or self.threads), batch)

    def _machine(self, dtype: str, degree: int) -> Machine | None:
        """The graph for points of a type in machine code, or None where there is no graph."""
        found = self._machines.get((dtype, degree))
        if found is None and not self.reason:
            with self._lock:
                if dtype not in self._graphs:
                    if self.function is None:
                        raise CompilationError(f"this function was saved for real points; it has no form for {dtype}")
                    try:
                        self._graphs[dtype] = trace(self.function, self.shapes, dtype, 1)
                    except TraceError:  # it takes real parts, say
                        return None
                graph = self._graphs[dtype]
                found = Machine(graph if degree == 1 else graph.of_degree(degree), self.order)
                self._machines[dtype, degree] = found
        return found

    def _learn(self) -> None:
        """Keep the door to the code of single points, once it is loaded: the fast way for one number."""
        machine = self._machines.get(("float64", 1))
        if self._door is None and machine is not None and self.shapes == ((),) and machine.graph.outputs == ((), 0, 1):
            self._door = machine.door

    # ------------------------------------------------------------------ what was made
    @property
    def machine(self) -> Machine:
        """The graph of x + t·v and its kernel. Raises TraceError with the reason where f could not be traced."""
        found = self._machine("float64", 1)
        if found is None:
            raise TraceError(f"there is no compiled code, calls run on eager series: {self.reason}")
        return found

    def llvm_ir(self) -> str:
        """The code of single points as LLVM IR."""
        return self.machine.kernel.llvm_ir()

    def assembly(self) -> str:
        """The code of single points in the assembly language of this machine."""
        return self.machine.kernel.assembly()

    def to_c(self, name: str = "taylorad_kernel") -> str:
        """C99 text with one function ``name``; it agrees with the machine code to 2 ulp.

        Its interface is ``int64_t name(const double *const *leaves, double *const *roots, int64_t K, int64_t n,
        int64_t start, int64_t stop, uint8_t *status)``: one leaf (2, n), x and v, for each number among the arguments,
        one root (K+1, n) for each number among the results, points last; ``status[i]`` is 1 where it cannot decide.
        """
        return self.machine.to_c(name)

    @property
    def address(self) -> int:
        """The address of the machine code for single points, with the interface of :meth:`to_c`."""
        return self.machine.kernel.address

    def op_counts(self) -> dict[str, int]:
        """Operations of the lowered program by kind."""
        return self.machine.kernel.op_counts()

    def save(self, path: str | Path) -> None:
        """Write the graph as JSON, for :func:`load`. Raises TraceError where f could not be traced."""
        graphs = [self.machine.graph]
        if self._machine("complex128", 1) is not None:
            graphs.append(self._graphs["complex128"])
        data = {"taylorad": _FORMAT, "order": self.order, "threads": self.threads, "graphs": [dump(g) for g in graphs]}
        Path(path).write_text(json.dumps(data))

    def __repr__(self) -> str:
        name = getattr(self.function, "__name__", "a loaded function")
        return (
            f"<{'eager' if self.reason else 'compiled'} {name}, order {self.order}, arguments of shapes {self.shapes}>"
        )


_NUMBERS = frozenset((float, int, np.float64))


def _pair(x: Any, v: Any, shape: Shape) -> np.ndarray:
    """The rows of x + t·v."""
    x, v = _array(x), _array(v)
    for what, given in (("point", x), ("direction", v)):
        if given.shape[: len(shape)] != shape and not (what == "direction" and given.ndim == 0):
            raise OrderError(
                f"a {what} for an argument of shape {shape} has shape (*{shape}, *batch); got {given.shape}"
            )
    more = max(x.ndim, v.ndim)  # batches are broadcast from the right, after the argument's own axes
    x, v = (
        a.reshape(*a.shape[: len(shape)], *(1,) * (more - a.ndim), *a.shape[len(shape) :]) if a.ndim else a
        for a in (x, v)
    )
    out = np.empty((2, *np.broadcast_shapes(x.shape, v.shape)), np.result_type(x, v, np.float64))
    out[0], out[1] = x, v
    return out


def _array(values: Any) -> np.ndarray:
    found = np.asarray(values)
    if found.dtype.kind not in "biufc":
        raise DomainError(f"compiled functions take float64 or complex128 numbers, got {found.dtype}: {values!r:.60}")
    return found if found.dtype.kind == "c" else found.astype(np.float64, copy=False)


def _each(found: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Every array of a result changed."""
    if isinstance(found, dict):
        return {k: _each(x, change) for k, x in found.items()}
    if isinstance(found, (list, tuple)):
        return type(found)(_each(x, change) for x in found)
    return change(found)


def _derivatives(c: np.ndarray) -> np.ndarray:
    from taylorad.derive.derivatives import doubtful, factorial_product

    if doubtful(c)[0].any():
        raise NotRepresentableError(
            "a coefficient has underflowed or overflowed; give another length of direction (along=h·v gives h^k "
            "times derivative k), or call ta.derivatives, which finds a scale by itself"
        )
    found = np.array([factorial_product(row, k) for k, row in enumerate(c)])
    if not np.all(np.isfinite(found)):
        k = int(np.argwhere(~np.isfinite(found))[0][0])
        raise NotRepresentableError(
            f"derivative {k} is too large for a float; ask for the coefficients f^(k)/k! instead"
        )
    return found
