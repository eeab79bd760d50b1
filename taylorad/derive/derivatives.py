"""True derivatives k!·c_k: exact rings and balls by a product, floats with care for the range of the exponent.

The coefficients of exp(x/100) fall below the normal floats at k = 88, those of a function with a small radius of
convergence overflow, and 171! is no float; the derivatives are. So a float coefficient that may have lost digits to
underflow, or has overflowed, is computed again in powers of t/h, h a power of two (which changes no other rounding),
and where no h fits, in mpmath numbers whose precision is doubled until two results agree.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylorad.derive.expansion import Expansion, expand, point, same_shape
from taylorad.errors import NotRepresentableError, TayloradError
from taylorad.rings.arrays import ArrayRing
from taylorad.taylor.join import as_number
from taylorad.taylor.series import check_order

__all__ = ["derivative", "derivatives", "doubtful", "factorial_product"]

Function = Callable[[Any], Any]

_LOW = -960.0  # log2 of the size below which a coefficient may have lost digits: 2^−1022 is the least normal float
_SPAN = 900.0  # and of its ratio to a larger one before it, for what f multiplied by a large number
_TRIES = 3
_AGREED = 2.0**-56


def derivative(f: Function, x0: Any, k: int = 1) -> Any:
    """The true k-th derivative of ``f`` at ``x0``: a number, or an array (*out, *batch).

    Arguments, batches, errors and cost are those of :func:`taylorad.taylor`. For Arb balls it encloses the exact
    value. In float the result is neither 0 nor infinite by underflow or overflow of what it is computed from: then
    it is computed again, scaled or in mpmath numbers, and NotRepresentableError tells a value that is no float.

    >>> import numpy as np, taylorad as ta
    >>> round(ta.derivative(np.exp, 0.0, 300), 12)
    1.0
    """
    found = _derivatives(f, point(x0), check_order(k), [k])[0]
    return found.item() if isinstance(found, (np.ndarray, np.generic)) and found.ndim == 0 else found


def derivatives(f: Function, x0: Any, order: int) -> np.ndarray:
    """The true derivatives of orders 0 … ``order`` of ``f`` at ``x0``: an array (order+1, *out, *batch).

    Of dtype float64 or complex128, and object for exact numbers, mpmath numbers and Arb balls. ``out`` is the shape
    of what f returns, () for one series. See :func:`derivative`.

    >>> import numpy as np, taylorad as ta
    >>> ta.derivatives(np.sin, np.array([0.0, 1.0]), order=2).shape
    (3, 2)
    """
    order = check_order(order)
    rows = _derivatives(f, point(x0), order, range(order + 1))
    if all(isinstance(r, (np.ndarray, np.generic, float, complex)) for r in rows):
        return np.array(rows)
    out = np.empty(len(rows), object)
    for k, row in enumerate(rows):
        out[k] = row
    return out


def _derivatives(f: Function, at: Any, order: int, wanted: Sequence[int]) -> list[Any]:
    """The derivatives of the orders ``wanted``, each (*out, *batch)."""
    if isinstance(at, np.ndarray) and at.dtype == object:
        return _over_points(f, at, order, wanted)
    e = expand(f, at, order)
    parts = [
        _floats(f, at, order, wanted, e, i) if isinstance(s._ring, ArrayRing) else [
            _times(s._coefficients[k], k) for k in wanted
        ]
        for i, s in enumerate(e.parts)
    ]  # fmt: skip
    return [_joined(e, [values[i] for values in parts]) for i in range(len(wanted))]


def _joined(e: Expansion, values: list[Any]) -> Any:
    if e.shape == ():
        return values[0]
    if not all(isinstance(v, (np.ndarray, np.generic, float, complex)) for v in values):
        return e.gathered(values)
    stacked = np.array(np.broadcast_arrays(*values))
    return stacked.reshape(*e.shape, *stacked.shape[1:])


def _over_points(f: Function, at: np.ndarray, order: int, wanted: Sequence[int]) -> list[Any]:
    """A batch of numbers that are not floats, one by one."""
    columns = [_derivatives(f, p, order, wanted) for p in at.flat]
    shape = same_shape([np.shape(column[0]) if isinstance(column[0], np.ndarray) else () for column in columns])
    out: list[Any] = []
    for i in range(len(wanted)):
        row = np.empty((math.prod(shape), len(columns)), object)
        for j, column in enumerate(columns):
            values = column[i].flat if isinstance(column[i], np.ndarray) else [column[i]]
            for m, value in enumerate(values):
                row[m, j] = value
        out.append(row.reshape(*shape, *at.shape))
    return out


def _times(c: Any, k: int) -> Any:
    """k!·c in a ring other than the floats."""
    try:
        return as_number(c * math.factorial(k))
    except OverflowError:
        raise NotRepresentableError(
            f"{k}! is too large for the float coefficients of an outer series; expand at an mpmath number or a Fraction"
        ) from None


# ---------------------------------------------------------------------- floats
def factorial_product(c: Any, k: int, shift: Any = 0) -> Any:
    """k!·c/2^shift for floats c (an array, or a scalar), to about an ulp and with no overflow on the way."""
    whole = math.factorial(k)
    exponent = whole.bit_length()
    mantissa = float(whole >> exponent - 64) / 2.0**64 if exponent > 64 else math.ldexp(whole, -exponent)
    c = np.asarray(c)
    with np.errstate(all="ignore"):
        if c.dtype.kind == "c":
            return np.ldexp(c.real * mantissa, exponent - shift) + 1j * np.ldexp(c.imag * mantissa, exponent - shift)
        return np.ldexp(c * mantissa, exponent - shift)[()]


def _size(c: np.ndarray) -> np.ndarray:
    """The binary exponent of |c|, −inf for 0, inf where c is not finite."""
    largest = np.maximum(abs(np.real(c)), abs(np.imag(c)))
    exponent = np.frexp(largest)[1].astype(float)
    return np.where(np.isfinite(c), np.where(largest > 0, exponent, -np.inf), np.inf)


def doubtful(c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which coefficients (K+1, *batch) underflow or overflow may have spoilt, and log2 of their ratio (*batch).

    A coefficient that is not finite, tiny, or tiny beside one before it; and a zero, where the coefficients before
    it, continued, would be tiny by then. The zeros of a polynomial or an odd function are none of these.
    """
    size = _size(c)
    finite = np.isfinite(c)
    if c.size == 0 or (finite.all() and size.min() > -400 and size.max() < 400):
        return np.zeros(c.shape, bool), np.zeros(c.shape[1:])
    shape = c.shape[1:]
    first, last = np.full(shape, -1), np.full(shape, -1)
    begin, end, slope = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    top = np.full(shape, -np.inf)
    bad = ~finite
    with np.errstate(all="ignore"):
        for k in range(len(c)):
            at = size[k]
            there = finite[k] & (at > -np.inf)
            top = np.maximum(top, at)
            expected = np.where(there, at, np.where(last >= 0, end + slope * (k - last), np.inf))
            bad[k] |= (expected < _LOW) | ((top - expected > _SPAN) & (last >= 0))
            first, begin = np.where(there & (first < 0), k, first), np.where(there & (first < 0), at, begin)
            last, end = np.where(there, k, last), np.where(there, at, end)
            slope = np.where(last > first, (end - begin) / np.maximum(last - first, 1), 0.0)
    return bad, slope


def _floats(f: Function, at: Any, order: int, wanted: Sequence[int], e: Expansion, i: int) -> list[Any]:
    """The derivatives of part i, in float."""
    c = e.parts[i]._coefficients
    bad, slope = doubtful(c)
    rows = [factorial_product(c[k], k) for k in wanted]
    open_ = np.array([bad[k] for k in wanted])
    if open_.any():
        rows = [np.array(row) for row in rows]
        shift = np.zeros(np.shape(slope), int)
        for _ in range(_TRIES):
            shift = np.minimum(np.maximum(shift - np.asarray(slope, int), -900), 900)
            if np.shape(at) != shift.shape:  # f brought a batch of its own: one scale for all of it
                shift = np.broadcast_to(int(np.median(shift)), np.shape(at))
            try:
                c = expand(f, at, order, np.ldexp(1.0, shift)[()]).parts[i]._coefficients
            except TayloradError:
                break
            bad, slope = doubtful(c)
            for j, k in enumerate(wanted):
                settled = open_[j] & ~bad[k]
                found = factorial_product(c[k], k, shift * k)
                lost = settled & (found == 0) & (c[k] != 0)
                if lost.any():
                    raise _no_float(k, at[tuple(np.argwhere(lost)[0])] if np.ndim(at) else at, "too small")
                np.copyto(rows[j], found, where=settled)
                open_[j] &= bad[k]
            if not open_.any():
                break
        for where in np.argwhere(open_.any(axis=0)):
            _precisely(f, at, order, wanted, i, tuple(map(int, where)), open_, rows)
        rows = [row[()] for row in rows]
    for j, k in enumerate(wanted):
        _representable(rows[j], k, at)
    return rows


def _representable(row: Any, k: int, at: Any) -> None:
    good = np.isfinite(row)
    if not np.all(good):
        where = tuple(np.argwhere(~good)[0]) if np.ndim(good) else ()
        raise _no_float(k, at[where] if np.shape(at) == np.shape(good) and where else at, "too large")


def _no_float(k: int, at: Any, what: str) -> NotRepresentableError:
    return NotRepresentableError(
        f"derivative {k} at {at} is {what} for a float: expand at an mpmath number (mpmath.mpf) or a Fraction, ask for "
        "the coefficients f^(k)/k! instead (taylor), or for fewer orders"
    )


def _precisely(
    f: Function,
    at: Any,
    order: int,
    wanted: Sequence[int],
    i: int,
    where: tuple[int, ...],
    open_: np.ndarray,
    rows: list[Any],
) -> None:
    """Fill in the derivatives of part i at one point from mpmath numbers."""
    from taylorad.rings.multiprecision import exactly, working

    if where and np.shape(at) != rows[0].shape:
        raise NotRepresentableError(
            "some derivatives leave the range of floats, and f mixes the points of the batch, so that no single point "
            "can be computed again; expand at mpmath numbers"
        )
    x = at[where].item() if where else at
    todo = [(j, k) for j, k in enumerate(wanted) if open_[(j, *where)]]
    bits, before = 128, None
    for _ in range(_TRIES + 1):
        with working(bits):
            try:
                c = expand(f, exactly(x), order).parts[i]._coefficients
            except (TayloradError, TypeError, ValueError) as error:
                raise NotRepresentableError(
                    f"derivative {todo[0][1]} at {x} needs more than the range of floats, and f cannot be computed in "
                    f"mpmath numbers ({error}); write f with numpy, scipy or taylorad functions, or scale its argument"
                ) from error
            exact = [c[k] * math.factorial(k) for _, k in todo]
            pairs = zip(exact, before or (), strict=before is not None)
            agreed = before is not None and all(abs(a - b) <= _AGREED * abs(a) for a, b in pairs)
        if agreed:
            break
        bits, before = 2 * bits, exact
    else:
        raise NotRepresentableError(
            f"derivative {todo[0][1]} at {x} is not settled at {bits // 2} bits: it may be zero, or cancel; expand at "
            "an mpmath number in a precision of your own"
        )
    kind = complex if rows[0].dtype.kind == "c" else float
    for (j, k), value in zip(todo, exact, strict=True):
        rows[j][where] = kind(value)
        if value != 0 and rows[j][where] == 0:
            raise _no_float(k, x, "too small")
