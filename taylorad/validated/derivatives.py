"""Enclosures of derivatives: over intervals, and at points to as many certain digits as are asked for."""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.derive import taylor as expand
from taylorad.errors import DomainError, MixedRingError, TayloradError, UncertifiedError
from taylorad.rings.choice import ring_named
from taylorad.rings.interval_ring import from_ball, to_ball
from taylorad.rings.intervals import Interval
from taylorad.taylor.series import Taylor, check_order
from taylorad.validated.literals import exact, interval

__all__ = ["derivative", "taylor"]

Function = Callable[[Any], Any]
_FLOAT_BITS = 53
_POINT_BITS = 80  # at a point: rounding to floats is what remains
_MOST_BITS = 1 << 16


def taylor(f: Function, at: Any, order: int) -> Taylor:
    """Enclosures of f^(k)(ξ)/k! for all ξ in an interval, k = 0 … order. Rigorous.

    Three enclosures are intersected: the recurrence over intervals, over balls, and where the interval has a width
    also the mean value form f_k(m) + (k+1)·f_{k+1}(X)·(X − m) and the values at the ends where f_{k+1} has one sign.
    (Moore, Kearfott & Cloud, *Introduction to Interval Analysis*, SIAM 2009, ch. 6.)

    Parameters
    ----------
    f : function of one variable, written with operators, numpy, scipy.special or taylorad functions
        Floats inside it are the dyadic numbers they are; write ``v.exact("1.4")`` for 7/5.
    at : interval, or anything :func:`taylorad.interval` takes
    order : int ≥ 0

    Returns a Taylor with interval coefficients, dimensionless in t = x − ξ. Raises UncertifiedError where f may leave
    its domain or a branch is not certain, DomainError where it certainly does. Cost: O(order²) for each product and
    function, five times.

    >>> import numpy as np
    >>> from taylorad import validated as v
    >>> v.taylor(np.exp, ("0", "0.5"), order=1).coefficients
    [[1.0, 1.6487212707001282], [1.0, 1.6487212707001282]]
    """
    x, order = interval(at), check_order(order)
    if not x.finite:
        raise DomainError(f"{x} is unbounded; Taylor coefficients need a bounded interval")
    return Taylor._make(coefficients(f, x, order), ring_named("interval"), False)


def coefficients(f: Function, x: Interval, order: int) -> list[Interval]:
    """The coefficients of :func:`taylor`."""
    if x.thin:
        return _series(f, x, order)
    try:
        found = _series(f, x, order + 1)
    except UncertifiedError:
        if order:
            raise
        return _series(f, x, 0)  # a kink inside: the values are bounded all the same
    m = Interval(x.mid, x.mid)
    middle, left, right = (_series(f, at, order) for at in (m, Interval(x.lo, x.lo), Interval(x.hi, x.hi)))
    step = x - m
    for k in range(order, -1, -1):
        slope = found[k + 1]
        found[k] = found[k] & (middle[k] + slope * (k + 1) * step)
        if slope.lo >= 0 or slope.hi <= 0:
            low, high = (left[k], right[k]) if slope.lo >= 0 else (right[k], left[k])
            found[k] = found[k] & Interval(low.lo, high.hi)
    return found[: order + 1]


def _series(f: Function, x: Interval, order: int) -> list[Interval]:
    """By intervals and by balls: whichever is narrower, coefficient by coefficient."""
    from taylorad.rings.balls import precision

    if x.thin:
        with precision(_POINT_BITS):
            balls = list(_expanded(f, to_ball(x), order))
        if all(b.is_finite() for b in balls):
            return [from_ball(b) for b in balls]
    wide = [Interval.enclosing(c) for c in _expanded(f, x, order)]
    try:
        with precision(_FLOAT_BITS):
            balls = list(_expanded(f, to_ball(x), order))
            return [a & from_ball(b) if b.is_finite() else a for a, b in zip(wide, balls, strict=True)]
    except (TayloradError, AttributeError):  # a wide ball may have nothing where an interval has
        return wide


def _expanded(f: Function, at: Any, order: int) -> Taylor:
    found: Any = expand(f, at, order)
    if not isinstance(found, Taylor):
        raise MixedRingError(f"a function that returns one number is needed; it returned {np.shape(found)} of them")
    return found


def derivative(f: Function, at: Any, k: int = 1, *, digits: int | None = None) -> Any:
    """The k-th derivative at an exact point to certain digits, or over an interval. Rigorous.

    Parameters
    ----------
    f : function of one variable, as for :func:`taylor`
    at : text, int, Fraction or float (an exact point), or an interval
    k : int ≥ 0
    digits : int, optional
        At a point: how many significant digits must be certain; the precision is raised until they are (15 by default).

    Returns
    -------
    arb
        At a point: a ball of relative radius below 10^−digits.
    Interval
        Over an interval: all f^(k)(ξ), ξ in it.

    Raises UncertifiedError where 65536 bits do not suffice (a derivative that is 0, but not seen to be exactly),
    DomainError and SingularExpansionError where f has no such derivative.

    >>> import numpy as np
    >>> from taylorad import validated as v
    >>> print(v.derivative(np.exp, "0.2", 30, digits=25).str(25, radius=False))
    1.221402758160169833921072
    """
    k = check_order(k)
    if isinstance(at, Interval) or (isinstance(at, (tuple, list)) and len(at) == 2):
        if digits is not None:
            raise DomainError("digits are for exact points; over an interval the derivative varies")
        return coefficients(f, interval(at), k)[k] * math.factorial(k)
    from taylorad.rings.balls import ball, precision

    digits = 15 if digits is None else check_order(digits)
    if digits < 1:
        raise DomainError(f"at least one digit is needed, got {digits}")
    given: Any = at
    point: Any = given if type(given).__module__.startswith("flint") else exact(given)
    bits = max(_FLOAT_BITS, int(digits * 3.33) + 16)
    goal = Fraction(1, 10**digits)
    failure: TayloradError | None = None
    found: Any = None
    while bits <= _MOST_BITS:
        with precision(bits):
            try:
                found = _expanded(f, ball(point), k).derivative(k)
            except UncertifiedError as error:
                failure = error
            else:
                if found.is_exact() or (found.is_finite() and found.rad() <= abs(found).lower() * ball(goal)):
                    return found
                if type(given).__module__.startswith("flint") and not given.is_exact():
                    return found
        bits *= 2
    raise UncertifiedError(
        f"{digits} digits of derivative {k} at {at} are not certain with {_MOST_BITS} bits"
        + (f": {failure}" if found is None else f"; it lies in {found}. It may be 0")
    )
