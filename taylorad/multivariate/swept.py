"""Functions of Python swept with truncated polynomials: f(p + Σ_r t_r·v_r), whose coefficients are derivatives at p.

The graph of the function is run once, by machine code or by the interpreter. Functions whose way depends on values, and
those that are 0/0 at the point, are run on polynomials themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from math import prod
from typing import Any, final

import numpy as np

from taylorad.derive.derived import Call, Derived
from taylorad.derive.gradient import fits
from taylorad.derive.pulled import Pulled
from taylorad.derive.tree import Branch, build, shapes_of
from taylorad.errors import DomainError, MixedRingError, OrderError, ShapeError, TraceError
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.multivariate.space import Space
from taylorad.multivariate.space import space as of_names
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import ring_named, ring_of
from taylorad.rings.graded import Graded, GradedRing, Grading
from taylorad.rings.graded_rays import Rays
from taylorad.rings.ring import Ring
from taylorad.run import eager, graded
from taylorad.run.interpret import run
from taylorad.series.elements import elements
from taylorad.series.schedule import Schedule, schedule
from taylorad.trace.graph import assemble, leaf_sizes

__all__ = ["Call", "Swept", "of"]

Function = Callable[..., Any]
Row = Callable[[Any], Any]  # from the coefficients (M, *batch) of one result to what is wanted of it


def of(swept: Swept, p: Any, beside: tuple[Any, ...], args: Sequence[Any]) -> Any:
    """The derivative at a point, or itself without one."""
    if p is None:
        return swept
    if any(b is None for b in beside):
        raise TypeError(f"{swept.__name__} at a point needs its directions too")
    return swept(p, *beside, *args)


@final
class Swept:
    """A derivative of ``function`` as a function of a point, its directions and the function's further arguments.

    The function is traced once for each form of its arguments. Safe to call from several threads.
    """

    def __init__(self, name: str, evaluate: Callable[[Swept, Call], Any], f: Function, batch: int, beside: int) -> None:
        self.__name__ = name
        self.evaluate = evaluate
        self.batch = batch
        self.beside = beside  # arguments that are lists of directions
        self._traced = Derived(name, evaluate, f, beside, batch)

    def __call__(self, p: Any, *more: Any) -> Any:
        """The derivative at p; ``more`` are the directions, if any, and the function's further arguments."""
        if len(more) < self.beside:
            raise TypeError(f"{self.__name__} needs {self.beside} more argument beside the point")
        directions = [dict(enumerate(d)) for d in more[: self.beside]]
        return self.evaluate(self, Call(p, directions, more[self.beside :], self.batch))

    def directions(self, call: Call) -> np.ndarray:
        """The directions given beside the point, as numbers (R, n) or (R, n, *batch). Raises ShapeError."""
        tree, arrays = call.beside[0]
        parts = tree.parts if isinstance(tree, Branch) else ()
        each = len(arrays) // max(1, len(parts))
        rows: list[np.ndarray] = []
        for r, part in enumerate(parts):
            found = arrays[r * each : (r + 1) * each]
            fits((part, found), call.tree, call.batch, "a direction", "the point")
            cells: list[Any] = []
            for a, shape in zip(found, shapes_of(call.tree), strict=True):
                cells += _cells(a, a.ndim - len(shape))
            rows.append(_row(cells))
        if not rows:
            raise ShapeError(f"{self.__name__} needs at least one direction")
        shape = np.broadcast_shapes(*(row.shape for row in rows))
        return np.array([np.broadcast_to(row, shape) for row in rows])

    def __repr__(self) -> str:
        return f"<{self.__name__} of {getattr(self._traced.function, '__name__', repr(self._traced.function))}>"

    # ------------------------------------------------------------------ the sweep
    def coefficients(
        self,
        call: Call,
        along: np.ndarray,
        space: Callable[[], Space],
        wanted: Row,
        rays: Rays | None = None,
        last: Row | None = None,
    ) -> Any:
        """What is ``wanted`` of every result of f(p + Σ_r t_r·v_r), in the form of what f returns.

        ``along`` holds the v_r, (R, n) or (R, n, *batch), with the numbers in the order of those of p; ``space()``
        are the monomials in the t_r, and ``wanted`` gets coefficients by their places. Where ``rays`` take the place of
        the monomials in a graph, ``last`` is wanted of those.
        """
        grading = rays or space().monomials
        if call.traced:
            raise TraceError(f"{self.__name__} inside a function that is traced: take it of numbers")
        numbers = [x for a in call.arrays for x in _cells(a, len(call.batch))]
        ring = _ring(numbers, along, call)
        try:
            pulled, plan = self._traced.made(call, "elements", _apart)
            found = self._run(plan, ring, grading, numbers, along, call)
            return _assembled(pulled, found, last or wanted, call.batch)
        except (TraceError, DomainError) as problem:
            try:
                return self._eagerly(ring, space(), numbers, along, call, wanted)
            except (TypeError, ValueError, AttributeError) as other:
                known = isinstance(problem, TraceError) or isinstance(other, OrderError)
                raise (other if known else problem) from None

    def arrays(self, call: Call) -> bool:
        """Whether the function is one of float arrays that its graph does not take apart."""
        if call.traced or any(a.dtype == object for a in call.arrays):
            return False
        try:
            _, plan = self._traced.made(call, "line", _whole)
        except TraceError:
            return False
        return any(n.size > 1 for n in plan.first)

    def lines(self, call: Call, along: np.ndarray, order: int) -> Any:
        """The coefficients (order+1, *result, *batch, R) of f(p + t·v_r), in the form of what f returns, for floats.

        Without the last axis for one direction. The graph is run as one of series in t, array by array. Raises
        TraceError where there is none. Cost: that of R series of this order.
        """
        pulled, plan = self._traced.made(call, "line", _whole)
        many = () if len(along) == 1 else (len(along),)
        batch = (*call.batch, *many)
        ring = ArrayRing(np.result_type(call.dtype, along), batch)
        slopes = np.moveaxis(along.reshape(*along.shape, *[1] * (2 + len(call.batch) - along.ndim)), 0, -1)
        leaves: list[np.ndarray] = []
        begin = 0
        for i, (a, shape) in enumerate(zip([*call.arrays, *call.data], pulled.shapes, strict=True)):
            n = prod(shape)
            block = np.zeros((order + 1, n, *batch), ring.dtype)
            missing = len(shape) + len(call.batch) - a.ndim
            block[0] = a.reshape(n, *a.shape[len(shape) :], *[1] * (missing + len(many)))
            if order and i < len(call.arrays):
                block[1] = slopes[begin : begin + n] if many else slopes[begin : begin + n, ..., 0]
                begin += n
            whole = leaf_sizes(shape)[0] > 1
            leaves += [block] if whole else [np.ascontiguousarray(block[:, j]) for j in range(n)]
        found = eager.operation(plan)(order, *leaves)
        if found is None:
            found = run(plan, ring, leaves, order)
        return assemble(pulled.outputs, found, batch)

    def _run(
        self, plan: Schedule, ring: Ring, grading: Grading, numbers: list[Any], along: np.ndarray, call: Call
    ) -> list[np.ndarray]:
        leaves = [_seed(ring, grading, x, along[:, i]) for i, x in enumerate(numbers)]
        leaves += [_seed(ring, grading, x, along[:0, 0]) for a in call.data for x in np.asarray(a).flat]
        if isinstance(ring, ArrayRing):
            found = graded.compute(plan, grading, leaves)
            if found is not None:
                return found
        buffers = [Graded(x, grading) for x in leaves]
        return [b.data for b in run(plan, GradedRing(ring, grading), buffers, grading.order)]

    def _eagerly(self, ring: Ring, space: Space, numbers: list[Any], along: np.ndarray, call: Call, wanted: Row) -> Any:
        """By polynomials; where the function loses orders, by polynomials of higher order."""
        for extra in _EXTRA:
            wide = of_names(space.names, space.order + extra, tuple(c + extra for c in space.caps))
            seeds = (_seed(ring, wide.monomials, x, along[:, i]) for i, x in enumerate(numbers))
            made = iter([MultivariateTaylor._make(wide, ring, seed) for seed in seeds])
            arrays: list[Any] = []
            for a in call.arrays:
                shape = a.shape[: a.ndim - len(call.batch)]
                cells = np.empty(prod(shape), object)
                cells[:] = [next(made) for _ in range(prod(shape))]
                arrays.append(cells.reshape(shape) if shape else cells[0])
            result = self._traced.function(build(call.tree, arrays), *call.args)
            try:
                return _each(result, lambda f: _of_result(f, space, ring, wanted))
            except OrderError:
                if extra == _EXTRA[-1]:
                    raise
        raise AssertionError("no extra orders")  # pragma: no cover - the last of them returns or raises


_EXTRA = (0, 2, 6)  # orders more, where f loses some: (1 − cos x)/x²


def _seed(ring: Ring, grading: Grading, x: Any, slopes: np.ndarray) -> np.ndarray:
    """One number x + Σ_r slopes[r]·t_r."""
    out = GradedRing(ring, grading).empty(grading.size)
    out[0] = ring.lift(x)
    if isinstance(ring, ArrayRing):
        out[1 : 1 + len(slopes)] = slopes.reshape(len(slopes), *[1] * (out.ndim - slopes.ndim), *slopes.shape[1:])
    else:
        out[1 : 1 + len(slopes)] = [ring.lift(v) for v in slopes.tolist()]
    return out


class _Result:
    """A polynomial's coefficients by places of a larger space; raises OrderError for those it does not know."""

    def __init__(self, f: MultivariateTaylor, space: Space) -> None:
        self._f, self._space = f, space

    def __getitem__(self, places: Any) -> Any:
        rows = np.asarray(self._f.space.monomials.find(self._space.exponents[places]))
        if np.any(rows < 0):
            raise OrderError(
                f"the function loses orders at this point (0/0), more than {_EXTRA[-1]}: move the point, or divide "
                "common factors out"
            )
        return self._f._coefficients[rows]

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return (len(self._space), *self._f.shape)


def _of_result(f: Any, space: Space, ring: Ring, wanted: Row) -> Any:
    if isinstance(f, MultivariateTaylor):
        return wanted(_Result(f, space))
    constant = GradedRing(ring, space.monomials).empty(len(space))
    constant[0] = ring.lift(f)
    return wanted(constant)


def _each(result: Any, wanted: Row) -> Any:
    if isinstance(result, dict):
        return {key: _each(x, wanted) for key, x in result.items()}
    if isinstance(result, (list, tuple)):
        return type(result)(_each(x, wanted) for x in result)
    if not isinstance(result, np.ndarray) or not result.ndim:
        return wanted(result)
    rows = [wanted(x) for x in result.flat]
    return np.array(rows).reshape(*result.shape, *np.shape(rows[0]))


def _apart(pulled: Pulled) -> tuple[Pulled, Schedule]:
    plan = schedule(pulled.roots)
    if pulled.first:
        raise TraceError("derivative tensors are taken of functions of numbers, not inside a function that is traced")
    return pulled, schedule(elements(plan))


def _whole(pulled: Pulled) -> tuple[Pulled, Schedule]:
    if pulled.first:
        raise TraceError("derivatives along lines are taken of functions of numbers, not inside a traced function")
    return pulled, schedule(pulled.roots)


def _cells(a: np.ndarray, axes: int) -> list[Any]:
    """The numbers of one array, each with its batch."""
    shape = a.shape[: a.ndim - axes]
    return [a[i] for i in np.ndindex(shape)]


def _row(cells: Sequence[Any]) -> np.ndarray:
    if all(isinstance(x, (np.ndarray, np.number)) and x.dtype != object for x in cells):
        return np.array(np.broadcast_arrays(*cells))
    out = np.empty(len(cells), object)
    out[:] = cells
    return out


def _ring(numbers: Sequence[Any], along: np.ndarray, call: Call) -> Ring:
    every = [*numbers, *(along.ravel().tolist() if along.dtype == object else [along[0, 0]])]
    every += [x for a in call.data for x in a.ravel()[:1]]
    if not numbers:
        raise ShapeError("a function of no numbers has no derivatives")
    found = ring_of(every)
    if isinstance(found, ArrayRing):
        name = "complex128" if call.dtype.kind == "c" else found.name
        return ring_named(name, np.broadcast_shapes(call.batch, found.shape))
    if call.batch:
        raise MixedRingError(f"a batch of points needs floats, got numbers of the ring {found.name}")
    return found


def _assembled(pulled: Pulled, found: Sequence[np.ndarray], wanted: Row, batch: tuple[int, ...]) -> Any:
    """What f returns, with what is wanted in the place of each number."""
    ends = [0, *accumulate(root.size for root in pulled.roots)]

    def place(outputs: Any) -> Any:
        if isinstance(outputs, list):
            kind, keys, parts = outputs
            made = [place(part) for part in parts]
            return dict(zip(keys, made, strict=True)) if kind == "dict" else made if kind == "list" else tuple(made)
        shape, begin, end = outputs
        cells = [np.broadcast_to(x, (len(x), *batch)) for x in found[ends[begin] : ends[end]]]
        rows = [wanted(x) for x in cells]
        if not shape:
            return rows[0]
        if len(rows) < prod(shape):  # one number for all
            rows *= prod(shape)
        return np.array(rows).reshape(*shape, *np.shape(rows[0]))

    return place(pulled.outputs)
