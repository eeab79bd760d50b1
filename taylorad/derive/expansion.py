"""A Python function expanded at a point: run it on a fresh variable, as often as it takes to know the order asked for.

Every call makes its variable with a tag higher than all before, so that in nested derivatives the newer variable
never passes for the older one: to the inner call, a series of the outer one is a number. (Perturbation confusion:
Siskind & Pearlmutter, "Nesting forward-mode AD in a functional framework", 2008.)
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from taylorad.errors import DomainError, MixedRingError, OrderError, SingularExpansionError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import is_scalar, ring_named
from taylorad.taylor.construct import ingest, variable
from taylorad.taylor.join import common
from taylorad.taylor.series import Taylor, check_order

__all__ = ["Expansion", "expand", "leaves", "new_tag", "part", "point", "taylor"]

Function = Callable[[Any], Any]

_tags = count(1 << 10, 1 << 10)  # room between them for the variables that a function makes inside itself
_EXTRA = (4, 16, 64)  # orders more, where a series begins beyond the orders it was started with: (1 − cos x)/x²


def new_tag() -> int:
    """A tag higher than that of every variable made before."""
    return next(_tags)


@dataclass(frozen=True, slots=True)
class Expansion:
    """What f returned, as series to the order asked for: ``parts`` in the order of an array of shape ``shape``."""

    shape: tuple[int, ...]
    parts: tuple[Taylor, ...]

    def gathered(self, values: Sequence[Any]) -> Any:
        """One value for each part, as an object array of shape ``shape``, or the value itself where that is ()."""
        if self.shape == ():
            return values[0]
        out = np.empty(len(values), object)
        for i, value in enumerate(values):
            out[i] = value
        return out.reshape(self.shape)


def taylor(f: Function, x0: Any, order: int, *, scale: Any = 1) -> Any:
    """The Taylor series of ``f`` at ``x0``: normalised coefficients f^(k)/k!, k = 0 … order.

    Parameters
    ----------
    f : function of one variable, written with operators, numpy, scipy.special or taylorad functions
        It may return a series, a number (a constant function), or a list, tuple or array of them.
    x0 : number, array or list
        Its type chooses the ring: float or complex (an int counts as a float), Fraction (exact), mpmath numbers,
        Arb balls (rigorous), or another Taylor. An array or list of points is a batch; each point gets the series
        that it would get alone.
    order : int ≥ 0
        Orders that f loses (sin(x)/x at 0) are made up for by starting higher.
    scale : number
        h ≠ 0, for coefficients of (t/h)^k: coefficient k is f^(k)·h^k/k!.

    Returns
    -------
    Taylor
        Of shape ``batch``; an object array of them where f returns several, or for a batch of points that are
        not floats (then of shape (*out, *batch)). In float the coefficients are not rigorous, and those below
        10^−308 are lost: choose ``scale``, or take :func:`derivative`.

    Raises OrderError, DomainError, SingularExpansionError (with the offending point), MixedRingError where f
    returns something that is no number. Cost: O(order²) for each product and function.
    """
    at = point(x0)
    if _objects(at):
        rows = [expand(f, p, order, scale) for p in at.flat]
        same_shape([e.shape for e in rows])
        columns = np.empty((len(rows), len(rows[0].parts)), object)
        for i, e in enumerate(rows):
            for j, s in enumerate(e.parts):
                columns[i, j] = _released(s)
        return columns.T.reshape(*rows[0].shape, *at.shape)
    e = expand(f, at, order, scale)
    return e.gathered([_released(s) for s in e.parts])


def _released(s: Taylor) -> Taylor:
    """The series in the variable t that all results of :func:`taylor` share."""
    inner = max((c._tag for c in s._coefficients if isinstance(c, Taylor)), default=-1)
    return Taylor._make(s._coefficients, s._ring, s._exact, inner + 1)


def point(x0: Any) -> Any:
    """An expansion point as a number (ints as floats), a Taylor, or an array: of floats, or of other numbers.

    Raises MixedRingError for anything else, DomainError for a float that is not finite.
    """
    if isinstance(x0, Taylor):
        return x0
    if isinstance(x0, (list, tuple)):
        same_shape([np.shape(p) if not isinstance(p, Taylor) else () for p in x0])
        made = np.empty(len(x0), object)
        for i, p in enumerate(x0):
            made[i] = p
        x0 = np.array(x0) if all(isinstance(p, (int, float, complex, list, tuple, np.generic)) for p in x0) else made
    if isinstance(x0, np.ndarray):
        if x0.ndim == 0:
            return point(x0.item())
        if x0.dtype == object and not all(isinstance(p, (int, float, complex)) for p in x0.flat):
            return _finite(x0)
        if x0.dtype.kind not in "iufcO":
            raise MixedRingError(f"points must be numbers, got an array of type {x0.dtype}")
        complex_ = x0.dtype.kind == "c" or any(isinstance(p, complex) for p in x0.flat if x0.dtype == object)
        return _finite(x0.astype(np.complex128 if complex_ else np.float64))
    if isinstance(x0, (int, np.integer)) and not isinstance(x0, bool):
        try:
            return float(x0)
        except OverflowError:
            raise DomainError(
                f"the point {str(x0)[:20]}… is too large for a float; give a Fraction or mpmath.mpf"
            ) from None
    if isinstance(x0, np.generic):
        x0 = x0.item()
    if not is_scalar(x0):
        raise MixedRingError(
            f"{x0!r} of type {type(x0).__name__} is no point to expand at; give a number, an array of floats, "
            "or a Taylor"
        )
    return _finite(x0)


def _finite(x0: Any) -> Any:
    if isinstance(x0, (float, complex)) or (isinstance(x0, np.ndarray) and x0.dtype != object):
        flat = np.ravel(x0)
        bad = np.flatnonzero(~np.isfinite(flat))
        if bad.size:
            raise DomainError(f"the point {flat[bad[0]]} is not a finite number", tuple(map(int, bad)))
    return x0


def _objects(at: Any) -> bool:
    return isinstance(at, np.ndarray) and at.dtype == object


def same_shape(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The one shape; raises MixedRingError for a ragged nest."""
    if not shapes:
        raise MixedRingError("an empty list or tuple is no value of a function and no batch of points")
    if any(s != shapes[0] for s in shapes):
        raise MixedRingError(f"parts of different shapes {shapes[:4]} do not make an array; give parts of one shape")
    return shapes[0]


# ---------------------------------------------------------------------- expansions
def expand(f: Function, at: Any, order: int, scale: Any = 1) -> Expansion:
    """``f`` expanded at a point (or float batch) that :func:`point` returned; see :func:`taylor`."""
    order = check_order(order)
    if np.any(np.equal(scale, 0)) or not np.all(np.abs(scale) < np.inf):
        raise DomainError(f"the scale must be a finite number other than 0, got {scale!r}")
    if isinstance(at, np.ndarray):
        return _batch(f, at, order, scale)
    error: SingularExpansionError | None = None
    for extra in (0, *_EXTRA):
        try:
            return _reach(f, at, order, scale, order + extra)
        except SingularExpansionError as e:
            error = error or e
    assert error is not None
    raise error


def _reach(f: Function, at: Any, order: int, scale: Any, start: int) -> Expansion:
    """Start higher and higher, until the result is known to ``order``."""
    best = -1
    while True:
        e = _once(f, at, start, scale)
        known = min(s.order for s in e.parts)
        if known >= order:
            return Expansion(e.shape, tuple(s._padded(order) for s in e.parts))
        if known <= best:
            raise OrderError(
                f"f is known to order {known} only, even from a variable of order {start}: a series inside it was "
                f"truncated, or it vanishes; ask for order ≤ {known}, or give that series more orders"
            )
        best, start = int(known), start + order - int(known)


def _once(f: Function, at: Any, order: int, scale: Any) -> Expansion:
    tag = new_tag()
    x = _variable(at, order, scale, tag)
    shape, found = leaves(f(x), x.shape)
    return Expansion(shape, tuple(part(leaf, x) for leaf in found))


def _variable(at: Any, order: int, scale: Any, tag: int) -> Taylor:
    if isinstance(at, Taylor):
        ring, data = ingest([at, scale, *([0] * (order - 1))][: order + 1])
        return Taylor._make(data, ring, False, tag)
    if isinstance(at, np.ndarray) and np.iscomplexobj(scale):
        at = at.astype(np.complex128)
    made = variable(at, order, scale=scale)
    return Taylor._make(made._coefficients, made._ring, False, tag)


def leaves(value: Any, batch: tuple[int, ...] = ()) -> tuple[tuple[int, ...], list[Any]]:
    """The series and numbers in what a function returned, and the shape they stand in."""
    if isinstance(value, np.ndarray) and value.ndim and not (batch and value.shape == batch and value.dtype != object):
        return value.shape, [leaf for v in value.flat for leaf in leaves(v)[1]]
    if isinstance(value, (list, tuple)):
        inner = [leaves(v, batch) for v in value]
        return (len(value), *same_shape([shape for shape, _ in inner])), [leaf for _, found in inner for leaf in found]
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, Taylor) and not is_scalar(value):
        raise MixedRingError(
            f"the function returned {value!r} of type {type(value).__name__}, which is neither a series nor a number; "
            "return an expression in its argument, or a list, tuple or array of such"
        )
    return (), [value]


def part(leaf: Any, x: Taylor) -> Taylor:
    """A returned value as a series in the variable ``x``; what does not depend on x is a constant."""
    if isinstance(leaf, Taylor):
        if leaf._tag == x._tag:
            return leaf
        if leaf._tag > x._tag:
            raise MixedRingError(
                "the function returned a series in a variable that it made itself; return one of its coefficients, "
                "or its value at a number"
            )
    return common((x, leaf))[0][1]


# ---------------------------------------------------------------------- batches
def _batch(f: Function, at: np.ndarray, order: int, scale: Any) -> Expansion:
    """All points at once; those that have no common treatment (0 among them, say) are done again one by one."""
    if at.size == 0:
        return _reach(f, at, order, scale, order)
    from taylorad.derive.fused import fused

    made = fused(f, at, order, scale)
    if made is not None:
        return made
    bad: dict[int, Expansion] = {}
    scales = np.broadcast_to(scale, at.shape)
    good = at
    while len(bad) < at.size:
        try:
            return _patched(_reach(f, good, order, scale, order), at, bad)
        except DomainError as error:
            # an error that names no points is about all of them
            fresh = [i for i in error.points or range(at.size) if i not in bad]
            if not fresh:
                raise
        for i in fresh:
            bad[i] = _alone(f, at, order, scales, i)
        rest = [i for i in range(at.size) if i not in bad]
        if rest:  # a good point stands in for the bad ones: f sees the shape that it was written for
            good = at.copy()
            good.reshape(-1)[list(bad)] = at.reshape(-1)[rest[0]]
    return _patched(None, at, bad)


def _alone(f: Function, at: np.ndarray, order: int, scales: np.ndarray, i: int) -> Expansion:
    """Point i of a batch; f may still return a batch, from arrays of its own."""
    where = np.unravel_index(i, at.shape)
    try:
        e = expand(f, at[where].item(), order, scales[where].item())
    except DomainError as error:
        raise type(error)(f"at point {i} of the batch, {at[where]}: {error}", (i,)) from error
    picked: list[Taylor] = []
    for s in e.parts:
        if s.shape not in ((), at.shape):
            raise DomainError(
                f"point {i} of the batch has to be expanded alone, but f gives a batch of shape {s.shape} there", (i,)
            )
        if s.shape:
            data = s._coefficients[(slice(None), *where)]
            s = Taylor._make(data, ring_named(data.dtype.name), s._exact, s._tag)
        picked.append(s)
    return Expansion(e.shape, tuple(picked))


def _patched(whole: Expansion | None, at: np.ndarray, bad: dict[int, Expansion]) -> Expansion:
    """The batch, with the points done alone put in their places."""
    if not bad:
        assert whole is not None
        return whole
    first = whole or next(iter(bad.values()))
    same_shape([first.shape, *(e.shape for e in bad.values())])
    parts: list[Taylor] = []
    for j, s in enumerate(first.parts):
        if not isinstance(s._ring, ArrayRing):
            raise DomainError("points of this batch must be expanded alone; f is not a function of floats", tuple(bad))
        rows = len(s._coefficients)
        dtype = np.result_type(*(e.parts[j]._coefficients for e in (first, *bad.values())))
        data = np.zeros((rows, at.size), dtype)
        if whole is not None:
            data[:] = np.broadcast_to(s._coefficients, (rows, *at.shape)).reshape(rows, -1)
        for i, e in bad.items():
            data[:, i] = e.parts[j]._coefficients
        parts.append(Taylor._make(data.reshape(rows, *at.shape), ring_named(dtype.name, at.shape), False, s._tag))
    return Expansion(first.shape, tuple(parts))
