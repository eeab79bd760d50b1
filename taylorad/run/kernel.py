"""A compiled graph: machine code for single points and for batches, made when first needed and kept on disk.

The function behind a kernel (its ``address``) is ``int64 kernel(leaves, roots, K, n, start, stop, status)``:
``leaves`` and ``roots`` point to one address for each series (leaves first, then what the caller gives), each an
array (K+1, n) of float64 or complex128 with the points last; points start … stop−1 are computed, ``status[i]`` is
set to 1 where point i must be redone by the caller, and the result is 0, 1 (some point is marked) or −1 (no memory).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache as once
from typing import Any, final

import numpy as np

from taylorad.errors import CompilationError, DomainError, OrderError
from taylorad.rings.arrays import ArrayRing
from taylorad.run import entry
from taylorad.run.interpret import run
from taylorad.run.program import SHORT, Given, Program
from taylorad.series.node import Node, Product, Quotient, Select
from taylorad.series.schedule import Schedule, schedule

__all__ = ["Kernel", "compile_plan"]

UNROLL = 700  # lines of IR up to which straight-line code is worth its compilation
_KEPT = 1024  # kernels that a process remembers
_BRIEF = 2_000_000  # operations (some 0.1 ms) up to which a call keeps the GIL

_kernels: dict[tuple[Any, ...], Kernel] = {}
_lock = threading.RLock()


def compile_plan(plan: Schedule, order: int | None = None, dtype: Any = np.float64, form: str | None = None) -> Kernel:
    """The kernel of a graph; the same graph gives the same kernel again.

    ``form`` is ``"unrolled"`` (straight-line code for one ``order``), ``"looped"`` (any order) or None: unrolled
    where an order is given and the code is short. Nothing is compiled before the first call. Raises OrderError
    for a bad order and CompilationError for a dtype or form that does not exist.
    """
    kind = np.dtype(dtype)
    if kind not in (np.dtype(np.float64), np.dtype(np.complex128)):
        raise CompilationError(f"kernels compute in float64 or complex128, not {kind}; use the interpreter")
    if form not in (None, "unrolled", "looped"):
        raise CompilationError(f"form {form!r} is not one of 'unrolled', 'looped' and None")
    if order is not None and (int(order) != order or order < 0):
        raise OrderError(f"an order is an integer ≥ 0, got {order!r}")
    if form is None:
        small = order is not None and _size(plan, int(order)) <= UNROLL and all(n.size == 1 for n in plan.first)
        form = "unrolled" if small else "looped"
    if any(n.size > 1 for n in plan.first):
        if form == "unrolled":
            raise CompilationError("a graph with array nodes has no unrolled form")
        form = "looped"
    if form == "unrolled" and order is None:
        raise CompilationError("unrolled code is for one order: give order=")
    fixed = int(order) if form == "unrolled" and order is not None else None
    key = (tuple(n.digest for n in plan.roots), fixed, kind)
    with _lock:
        found = _kernels.get(key)
        if found is None:
            while len(_kernels) >= _KEPT:
                del _kernels[next(iter(_kernels))]
            found = _kernels[key] = Kernel(plan, fixed, kind)
        return found


def _size(plan: Schedule, order: int) -> int:
    """About how many lines unrolled code has."""
    sums = sum(isinstance(n, (Product, Quotient)) and n.a.degree > SHORT and n.b.degree > SHORT for n in plan.rest)
    return sums * order * (order + 1) // 2 + len(plan.rest) * order * 2


@final
@dataclass(frozen=True, slots=True)
class Code:
    """Loaded machine code, and the door to it for arrays (:mod:`taylorad.run.entry`)."""

    loaded: Any
    entry: Callable[..., Any]


@final
class Kernel:
    """See the module. Made by :func:`compile_plan`; safe to call from several threads."""

    __slots__ = (
        *("_loaded", "_lock", "_program", "arrays", "complex", "degrees", "dtype"),
        *("givens", "order", "plan", "roots", "sizes"),
    )

    def __init__(self, plan: Schedule, order: int | None, dtype: np.dtype[Any]) -> None:
        self.plan = plan
        self.order = order
        self.dtype = dtype
        self.complex = dtype.kind == "c"
        self.givens: tuple[Given, ...] = ()
        self._program: Program | None = None
        self._loaded: dict[int, Code] = {}
        self._lock = threading.RLock()
        found = {leaf.index: leaf.degree for leaf in plan.leaves}
        self.degrees = tuple(found.get(i, 0) for i in range(1 + max(found, default=-1)))
        sizes = {leaf.index: leaf.size for leaf in plan.leaves}
        self.sizes = tuple(sizes.get(i, 1) for i in range(len(self.degrees)))
        self.roots = tuple(n.size for n in plan.roots)
        self.arrays = any(n.size > 1 for n in plan.first)

    # ------------------------------------------------------------------ code
    @property
    def form(self) -> str:
        return "looped" if self.order is None else "unrolled"

    @property
    def program(self) -> Program:
        """The lowered program."""
        with self._lock:
            if self._program is None:
                from taylorad.run.lower import lower

                self._program = lower(self.plan, self.order, self.complex)
            return self._program

    def text(self, lanes: int = 1, triple: str = "", cpu: str = "", features: str = "") -> str:
        """LLVM IR for this machine, or for another triple."""
        from taylorad.run.emit import emit
        from taylorad.run.jit import host

        return emit(self.program, "kernel", lanes, host(triple, cpu, features).target)

    def llvm_ir(self) -> str:
        """The code of single points as LLVM IR."""
        return self.text()

    def assembly(self) -> str:
        """The code of single points in the assembly language of this machine."""
        from taylorad.run.jit import assembly, host

        return assembly(self.text(), host())

    def to_c(self, name: str = "taylorad_kernel") -> str:
        """The kernel as C99 text, with the interface that the module describes; agrees to 2 ulp.

        Raises CompilationError for a graph with array nodes, which has none.
        """
        if self.arrays:
            raise CompilationError("a kernel with array nodes has no C text; write it with one series for each element")
        from taylorad.run.ctext import ctext

        return ctext(self.program, name)

    @property
    def address(self) -> int:
        """The address of the function for single points; see the module."""
        return self.code(1).loaded.address

    def op_counts(self) -> dict[str, int]:
        """Operations of the lowered program by kind; those of ``step`` are done once for every order."""
        return self.program.counts()

    def code(self, lanes: int) -> Code:
        """The loaded machine code (``lanes`` = 1 for single points): from memory, from disk, or compiled."""
        found = self._loaded.get(lanes)
        if found is None:
            with self._lock:
                found = self._loaded.get(lanes)
                if found is None:
                    found = self._loaded[lanes] = self._obtain(lanes)
        return found

    def _obtain(self, lanes: int) -> Code:
        from taylorad.run.jit import obtain

        def make() -> tuple[str, dict[str, Any]]:
            p = self.program
            givens = [(g.node.digest.hex(), g.role) for g in p.givens]
            return self.text(lanes), {"givens": givens, "symbols": p.symbols}

        roots = tuple(n.digest for n in self.plan.roots)
        loaded, facts = obtain(("kernel", lanes, self.order, self.dtype.name, roots), make)
        nodes = {n.digest.hex(): n for n in self.plan.first}
        self.givens = tuple(Given(nodes[digest], role) for digest, role in facts["givens"])
        whole = tuple(g.whole for g in self.givens)
        sizes = (*self.sizes, *(g.node.size for g in self.givens), *self.roots)
        told = entry.facts(loaded.address, self.dtype, self.degrees, whole, len(self.roots), self.order, lanes, sizes)
        return Code(loaded, loaded.door(told))

    # ------------------------------------------------------------------ calls
    def __call__(
        self,
        leaves: Sequence[Any],
        order: int | None = None,
        threads: int = 1,
        redo: Callable[[np.ndarray], Sequence[np.ndarray]] | None = None,
    ) -> list[np.ndarray]:
        """The coefficients of every root: arrays (K+1, *shape).

        ``leaves[i]`` are the coefficients of leaf i, (rows, *shape): K+1 rows, or degree+1 for a polynomial of
        degree ≤ 3. The elements of an array leaf are the axis after the rows, and so are those of an array root.
        Shapes are broadcast. ``order`` may be left out where the form fixes it. Points that machine
        code cannot decide (a zero denominator, the edge of a domain, an overflow) go to ``redo(points)``, flat
        indices, or to the interpreter, which raises DomainError or SingularExpansionError where there is no
        series. Not rigorous. A point's result does not depend on the other points, on ``threads`` or on ``redo``.
        Cost: O(K²) for each product, quotient and function; ``threads`` share the points, without the GIL.
        """
        K = self._order(order)
        try:  # arrays of the right kind go straight through the door, which checks them
            outs = self._enter(leaves, K)
            if outs is not None:
                return outs
        except (AttributeError, IndexError, ValueError):
            pass
        rows = [self._rows(i, leaf, K) for i, leaf in enumerate(leaves[: len(self.degrees)])]
        if len(rows) < len(self.degrees):
            raise OrderError(f"this kernel takes {len(self.degrees)} series, got {len(rows)}")
        shape = np.broadcast_shapes(*(r.shape[1 + (m > 1) :] for r, m in zip(rows, self.sizes, strict=True)))
        rows = [_spread_out(r, (len(r), *_axis(m), *shape)) for r, m in zip(rows, self.sizes, strict=True)]
        n = int(np.prod(shape, dtype=np.int64))
        outs = [np.empty((K + 1, *_axis(m), *shape), self.dtype) for m in self.roots]
        lanes = self._width(n)
        code = self.code(lanes)
        given = self._given(rows, shape, K) if self.givens else []
        if n * (K + 1) * self._cost(K) < _BRIEF and code.entry(*rows, *given, *outs) is not None:
            return outs
        status = np.zeros(n, np.uint8)
        if n and self._spread(code.loaded.kernel, [*rows, *given], outs, K, n, status, threads, lanes):
            points = np.flatnonzero(status)
            fresh = redo(points) if redo is not None else self._interpret(rows, K, shape, points)
            for out, new, m in zip(outs, fresh, self.roots, strict=True):
                lead = (K + 1, *_axis(m))
                out.reshape(*lead, n)[..., points] = np.reshape(new, (*lead, len(points)))
        return outs

    def _enter(self, leaves: Sequence[Any], K: int) -> list[np.ndarray] | None:
        shape = leaves[0].shape[1 + (self.sizes[0] > 1) :]
        for leaf, m in zip(leaves[1:], self.sizes[1:], strict=False):
            if leaf.shape[1 + (m > 1) :] != shape:  # the door counts points only
                return None
        n = 1
        for length in shape:
            n *= length
        code = self._loaded.get(self._width(n))
        if code is None or self.givens or n * (K + 1) * self._cost(K) >= _BRIEF:
            return None
        outs = [np.empty((K + 1, *_axis(m), *shape) if m > 1 else (K + 1, *shape), self.dtype) for m in self.roots]
        return outs if code.entry(*leaves, *outs) is not None else None

    def _width(self, n: int) -> int:
        """How many points the code for n points takes at a time; vectors take all lanes for themselves."""
        return 1 if self.arrays or n < _lanes() else _lanes()

    def _cost(self, K: int) -> int:
        """About how many operations a point takes for each order."""
        return (K + 8) * len(self.plan.rest)

    def _order(self, order: int | None) -> int:
        if order is None:
            if self.order is None:
                raise OrderError("this kernel computes any order: give order=")
            return self.order
        if order < 0 or (self.order is not None and order != self.order):
            raise OrderError(
                f"order {order} asked from a kernel of order {'K ≥ 0' if self.order is None else self.order}"
            )
        return int(order)

    def _rows(self, i: int, leaf: Any, K: int) -> np.ndarray:
        array = np.asarray(leaf)
        if array.dtype.kind not in ("biufc" if self.complex else "biuf") or array.ndim < 1:
            raise CompilationError(
                f"leaf {i}: an array of dtype {array.dtype}, shape {array.shape} is no {self.dtype} series"
            )
        array = np.asarray(array, self.dtype, order="C")
        degree = self.degrees[i]
        if self.sizes[i] > 1 and (array.ndim < 2 or array.shape[1] != self.sizes[i]):
            raise OrderError(f"leaf {i} has shape {array.shape}; it needs {self.sizes[i]} elements after the order")
        need = 1 + (degree if degree <= SHORT else K)
        if len(array) < need:
            if len(array) <= degree < K + 1:
                return np.concatenate([array, np.zeros((need - len(array), *array.shape[1:]), self.dtype)])
            raise OrderError(f"leaf {i} has {len(array)} coefficients, order {K} needs {need}")
        return array

    def _spread(
        self,
        kernel: Any,
        rows: list[np.ndarray],
        outs: list[np.ndarray],
        K: int,
        n: int,
        status: np.ndarray,
        threads: int,
        lanes: int,
    ) -> bool:
        """Run the points in ``threads`` shares; whether any point must be redone."""
        ins = np.array([r.ctypes.data for r in rows] or [0], np.uintp)
        to = np.array([o.ctypes.data for o in outs], np.uintp)
        fixed = (ins.ctypes.data, to.ctypes.data, K, n)
        marks = status.ctypes.data
        shares = max(1, min(threads, n // max(lanes, 16)))
        if shares == 1:
            found = [kernel(*fixed, 0, n, marks)]
        else:
            edges = [n * s // shares for s in range(shares + 1)]
            found = list(_pool(shares).map(lambda s: kernel(*fixed, edges[s], edges[s + 1], marks), range(shares)))
        if min(found) < 0:
            raise MemoryError(f"no memory for the coefficients of order {K}")
        return max(found) > 0

    def _given(self, rows: list[np.ndarray], shape: tuple[int, ...], K: int) -> list[np.ndarray]:
        """What machine code has no value for, from the interpreter: order-0 values, choices, and local series."""
        ring = ArrayRing(self.dtype, shape)
        leaves = _padded(rows, K)
        out: list[np.ndarray] = []
        for g in self.givens:
            if g.role == "series":
                whole = run(schedule([g.node]), ring, leaves, K)[0]
                out.append(_spread_out(whole, (K + 1, *_axis(g.node.size), *shape)))
            elif g.role == "choice":
                out.append(self._choice(g.node, ring, leaves, shape))
            else:
                value = run(schedule([g.node]), ring, leaves, 0)[0][0]
                out.append(np.array(np.broadcast_to(value, (1, *_axis(g.node.size), *shape)), self.dtype))
        return out

    def _choice(self, node: Node, ring: ArrayRing, leaves: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        assert isinstance(node, Select)
        tests = [buffer[0] for buffer in run(schedule(list(node.tests)), ring, leaves, 0)]
        ring = ArrayRing(self.dtype, (*_axis(node.size), *shape))
        try:
            chosen = ring.choose(node.chooser, tests)
        except DomainError as error:  # the elements of a point are the point
            n = int(np.prod(shape, dtype=int))
            points = sorted({i % n for i in error.points}) if shape else []
            raise type(error)(str(error), tuple(points)) from error
        return np.array(np.broadcast_to(chosen, (1, *ring.shape)), np.float64)

    def _interpret(
        self, rows: list[np.ndarray], K: int, shape: tuple[int, ...], points: np.ndarray
    ) -> list[np.ndarray]:
        leaves = _padded(rows, K)
        few = [r.reshape(len(r), *_axis(m), -1)[..., points] for r, m in zip(leaves, self.sizes, strict=True)]
        try:
            return run(self.plan, ArrayRing(self.dtype, (len(points),)), few, K)
        except DomainError:
            run(self.plan, ArrayRing(self.dtype, shape), leaves, K)  # the same error, naming the caller's points
            raise

    def __repr__(self) -> str:
        order = "" if self.order is None else f", order {self.order}"
        return f"<{self.form} kernel of {len(self.plan.roots)} series, {self.dtype}{order}>"


def _axis(size: int) -> tuple[int, ...]:
    """The axis of the elements of an array node."""
    return (size,) if size > 1 else ()


def _spread_out(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return array if array.shape == shape else np.ascontiguousarray(np.broadcast_to(array, shape))


def _padded(rows: list[np.ndarray], K: int) -> list[np.ndarray]:
    """Rows as the interpreter takes them: K+1 of each."""
    return [r if len(r) > K else np.concatenate([r, np.zeros((K + 1 - len(r), *r.shape[1:]), r.dtype)]) for r in rows]


@once
def _lanes() -> int:
    from taylorad.run.jit import host

    return host().target.lanes


@once
def _pool(threads: int) -> Any:
    from concurrent.futures import ThreadPoolExecutor  # takes a while to load, and few calls ask for threads

    return ThreadPoolExecutor(threads, thread_name_prefix="taylorad")
