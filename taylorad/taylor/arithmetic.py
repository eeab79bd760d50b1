"""The operators: sums, products, quotients and powers, with the orders that are truly known.

A product of truncated series has the smaller of their orders; an exact factor raises it by its valuation. A
quotient divides common powers of t out and its order drops accordingly: sin(t)/t is known to one order less
than sin(t). Integral exponents of any type are products, so that they hold at 0.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.book.operators import ABSOLUTE, CONSTANT_POWER, REMAINDER, SERIES_POWER
from taylorad.errors import SingularExpansionError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import is_scalar
from taylorad.rings.ring import Ring
from taylorad.run import eager
from taylorad.run.interpret import run
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule
from taylorad.taylor.join import common, common_order
from taylorad.taylor.series import Taylor

__all__ = [
    "absolute", "add", "divide", "integral", "is_operand", "lower", "multiply", "power", "raise_by", "remainder", "subtract",
]  # fmt: skip

_QUOTIENT = schedule([Leaf.of(0) / Leaf.of(1)])


def is_operand(value: object) -> bool:
    """Whether a value may stand beside a series in an operator."""
    return isinstance(value, Taylor) or is_scalar(value)


def add(a: Any, b: Any) -> Any:
    """a + b, to the smaller order."""
    return _sum(a, b, False)


def subtract(a: Any, b: Any) -> Any:
    """a − b, to the smaller order."""
    return _sum(a, b, True)


def _sum(a: Any, b: Any, minus: bool) -> Any:
    if not (type(a) is type(b) is Taylor and a._ring is b._ring and a._tag == b._tag):
        if not (is_operand(a) and is_operand(b)):
            return NotImplemented
        (a, b), ring, tag = common((a, b))
    else:
        ring, tag = a._ring, a._tag
    exact = a._exact and b._exact
    if exact:
        last = max(len(a._coefficients), len(b._coefficients)) - 1
    else:
        last = min(len(s._coefficients) for s in (a, b) if not s._exact) - 1
    x, y = a._buffer(last), b._buffer(last)
    if isinstance(ring, ArrayRing):
        return Taylor._make(x - y if minus else x + y, ring, exact, tag)
    combine = ring.sub if minus else ring.add
    return Taylor._make([combine(p, q) for p, q in zip(x, y, strict=True)], ring, exact, tag)


def multiply(a: Any, b: Any) -> Any:
    """a·b; see the module for its order. Cost: O(K²), one compiled call for floats."""
    if type(a) is type(b) is Taylor and a._ring is b._ring and a._tag == b._tag:
        ring, tag = a._ring, a._tag
    else:
        if not (is_operand(a) and is_operand(b)):
            return NotImplemented
        for series, number in ((a, b), (b, a)):
            if isinstance(series, Taylor) and isinstance(number, (int, float, np.floating)):
                scaled = _scaled(series, number)
                if scaled is not None:
                    return scaled
        (a, b), ring, tag = common((a, b))
    exact = a._exact and b._exact
    if exact:
        last = len(a._coefficients) + len(b._coefficients) - 2
    elif not (a._exact or b._exact):
        last = min(len(a._coefficients), len(b._coefficients)) - 1
    else:
        inside, cut = (a, b) if a._exact else (b, a)
        valuation = inside.valuation
        last = len(cut._coefficients) - 1 + (valuation if valuation < len(inside._coefficients) else 0)
    x, y = a._buffer(last), b._buffer(last)
    if isinstance(ring, ArrayRing):
        found = eager.square(last, x) if x is y else eager.product(last, x, y)
        if found is not None:
            return Taylor._make(found, ring, exact, tag)
    return Taylor._make(ring.product(x, y, last), ring, exact, tag)


def _scaled(a: Taylor, number: Any) -> Taylor | None:
    """A float series times a plain real number."""
    if isinstance(a._coefficients, np.ndarray):
        return a._like(a._coefficients * a._ring.lift(number))
    return None


def divide(a: Any, b: Any) -> Any:
    """a/b; common powers of t are divided out, a pole raises SingularExpansionError. Cost: O(K²)."""
    if not (is_operand(a) and is_operand(b)):
        return NotImplemented
    (a, b), ring, tag = common((a, b))
    v = b.valuation
    if v == len(b._coefficients):
        known = "is exactly zero" if b._exact else f"is zero to order {b.order}: where it begins is not known"
        raise SingularExpansionError(f"division by a series that {known}; raise the order or move the point")
    if v:
        if a.valuation < v:
            raise SingularExpansionError(
                f"a pole: the denominator vanishes like t^{v} and the numerator like t^{a.valuation} only; "
                "there is no Taylor series here, move the expansion point",
            )
        w = min(a.valuation, len(a._coefficients) - 1)
        return raise_by(divide(lower(a, w), lower(b, v)), w - v)
    if b._exact and b.degree == 0:
        data = [ring.div(c, b._coefficients[0]) for c in a._coefficients]
        return Taylor._make(np.array(data) if isinstance(ring, ArrayRing) else data, ring, a._exact, tag)
    order = common_order([a, b], "the quotient")
    return Taylor._make(_engine(ring, order, a._buffer(order), b._buffer(order)), ring, False, tag)


def _engine(ring: Ring, order: int, a: Any, b: Any) -> Any:
    if isinstance(ring, ArrayRing):
        found = eager.quotient(order, a, b)
        if found is not None:
            return found
    return run(_QUOTIENT, ring, [a, b], order)[0]


def lower(a: Taylor, v: int) -> Taylor:
    """a/t^v, where the first v coefficients are zero: known to v orders less."""
    return a._like(a._coefficients[v:]) if v else a


def raise_by(a: Taylor, v: int) -> Taylor:
    """t^v·a: known to v orders more."""
    if v == 0:
        return a
    if isinstance(a._coefficients, np.ndarray):
        zeros = np.zeros((v, *a.shape), a._coefficients.dtype)
        return a._like(np.concatenate([zeros, a._coefficients]))
    return a._like([a._ring.zero()] * v + list(a._coefficients))


def integral(value: Any) -> int | None:
    """An integral number of any type as an int, else None."""
    if isinstance(value, Taylor):
        return integral(value._coefficients[0]) if value._exact and value.degree <= 0 and not value.shape else None
    if isinstance(value, np.ndarray):
        return integral(value[()]) if value.ndim == 0 else None
    try:
        whole = int(value)
        return whole if bool(value == whole) else None
    except (TypeError, ValueError, OverflowError):
        return None


def power(a: Any, b: Any) -> Any:
    """a**b: products for integral b of any type, else by the rule for constant powers, else exp(b·log a)."""
    if not (is_operand(a) and is_operand(b)):
        return NotImplemented
    from taylorad.taylor.apply import apply

    whole = integral(b)
    if whole is not None and isinstance(a, Taylor):
        return _integer_power(a, whole)
    if isinstance(b, Taylor) and not (b._exact and b.degree <= 0 and not b.shape):
        if not isinstance(a, Taylor) or b._tag >= a._tag:
            return apply(SERIES_POWER, (a, b))
    if isinstance(b, np.ndarray) and b.ndim:
        return apply(SERIES_POWER, (a, b))
    if isinstance(b, Taylor) and b._exact:
        b = b._coefficients[0]
    return apply(CONSTANT_POWER, (a, b))


def _integer_power(a: Taylor, n: int) -> Taylor:
    """a^n by repeated squaring; negative powers are quotients."""
    if n < 0:
        return divide(1, _integer_power(a, -n))
    if n == 0:
        one = multiply(a, 0) + 1
        return one
    result: Taylor | None = None
    base = a
    while True:
        if n & 1:
            result = base if result is None else multiply(result, base)
        n >>= 1
        if not n:
            assert result is not None
            return result
        base = multiply(base, base)


def absolute(a: Any) -> Any:
    """|a|; raises SingularExpansionError at a kink."""
    from taylorad.taylor.apply import apply

    return apply(ABSOLUTE, (a,))


def remainder(a: Any, b: Any) -> Any:
    """a modulo b (the sign of b); raises SingularExpansionError at a jump."""
    if not (is_operand(a) and is_operand(b)):
        return NotImplemented
    from taylorad.taylor.apply import apply

    return apply(REMAINDER, (a, b))


def fraction(value: Any) -> Fraction | None:
    """A rational (or dyadic float) constant as an exact Fraction, else None."""
    try:
        return Fraction(value)
    except (TypeError, ValueError, OverflowError):
        return None
