"""The operators: sums, products, quotients and powers, with the orders that are truly known.

A product of truncated series has the smaller of their orders; an exact factor raises it by its valuation. A
quotient divides common powers of t out and its order drops accordingly: sin(t)/t is known to one order less
than sin(t). Integral exponents of any type are products, so that they hold at 0.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.book.operators import ABSOLUTE, CONSTANT_POWER, FLOOR_QUOTIENT, REMAINDER, SERIES_POWER
from taylorad.errors import SingularExpansionError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import family, is_condition, is_scalar
from taylorad.rings.powers import repeated
from taylorad.rings.ring import Ring
from taylorad.run import eager
from taylorad.run.interpret import run
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule
from taylorad.taylor.join import as_number, common, common_order
from taylorad.taylor.series import Taylor

__all__ = [
    "absolute",
    "add",
    "alike",
    "convolve",
    "divide",
    "factors",
    "floor_divide",
    "integral",
    "is_operand",
    "lower",
    "multiply",
    "power",
    "raise_by",
    "remainder",
    "subtract",
]

_QUOTIENT = schedule([Leaf.of(0) / Leaf.of(1)])
# what stands behind these doors checks types, lengths and shapes by itself, and gives None where anything is unusual
_RATIO = eager.operation(_QUOTIENT)
_TIMES = eager.operation(schedule([Leaf.of(0) * Leaf.of(1)]))
_SQUARE = eager.operation(schedule([Leaf.of(0) * Leaf.of(0)]))
_POWER = eager.operation(schedule([CONSTANT_POWER(Leaf.of(0), Leaf.of(1, 0))]))
_NUMBERS = frozenset((float, int, np.float64))  # what float series take as it is …
_MOST = float(np.finfo(float).max)  # … up to this; nan and ints beyond it are refused further on
_make, _empty = Taylor._make, np.empty


def alike(a: Taylor, b: Taylor) -> bool:
    """Whether both are truncated float series of one ring, variable and order: the fast case of every operator."""
    x, y = a._coefficients, b._coefficients
    return (
        a._ring is b._ring
        and a._tag == b._tag
        and type(x) is np.ndarray
        and len(x) == len(y)
        and not (a._exact or b._exact)
    )


def is_operand(value: object) -> bool:
    """Whether a value may stand beside a series in an operator."""
    return isinstance(value, Taylor) or is_scalar(value) or is_condition(value)


def add(a: Any, b: Any) -> Any:
    """a + b, to the smaller order."""
    if type(a) is Taylor:
        if type(b) is Taylor:
            if alike(a, b):
                return Taylor._make(a._coefficients + b._coefficients, a._ring, False, a._tag)
        elif type(b) in _NUMBERS and -_MOST <= b <= _MOST and type(a._coefficients) is np.ndarray:
            return _plus(a, a._coefficients.copy(), b)
    elif type(a) in _NUMBERS and -_MOST <= a <= _MOST and type(b._coefficients) is np.ndarray:
        return _plus(b, b._coefficients.copy(), a)
    return _sum(a, b, False)


def subtract(a: Any, b: Any) -> Any:
    """a − b, to the smaller order."""
    if type(a) is Taylor:
        if type(b) is Taylor:
            if alike(a, b):
                return Taylor._make(a._coefficients - b._coefficients, a._ring, False, a._tag)
        elif type(b) in _NUMBERS and -_MOST <= b <= _MOST and type(a._coefficients) is np.ndarray:
            return _plus(a, a._coefficients.copy(), -b)
    elif type(a) in _NUMBERS and -_MOST <= a <= _MOST and type(b._coefficients) is np.ndarray:
        return _plus(b, -b._coefficients, a)
    return _sum(a, b, True)


def _plus(series: Taylor, own: np.ndarray, number: float) -> Taylor:
    """A float series with coefficients ``own``, that nobody else has, plus a real number."""
    own[0] += number
    return Taylor._make(own, series._ring, series._exact, series._tag)


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
    if type(a) is Taylor:
        if type(b) is Taylor:
            x, y = a._coefficients, b._coefficients
            door = _SQUARE.door if x is y else _TIMES.door
            if door is not None and a._tag == b._tag and not (a._exact or b._exact):
                out = _empty(len(x))
                # machine code takes a batch of one point for a single one
                if (door(x, out) if x is y else door(x, y, out)) is not None and x.ndim == y.ndim == 1:
                    return _make(out, a._ring, False, a._tag)
        elif type(b) in _NUMBERS and -_MOST <= b <= _MOST and type(a._coefficients) is np.ndarray:
            return Taylor._make(a._coefficients * b, a._ring, a._exact, a._tag)
    elif type(a) in _NUMBERS and -_MOST <= a <= _MOST and type(b._coefficients) is np.ndarray:
        return Taylor._make(b._coefficients * a, b._ring, b._exact, b._tag)
    return _product(a, b)


def _product(a: Any, b: Any) -> Any:
    if not (is_operand(a) and is_operand(b)):
        return NotImplemented
    x, y, last, ring, exact, tag = factors(a, b)
    return Taylor._make(convolve(ring, x, y, last), ring, exact, tag)


def factors(a: Any, b: Any) -> tuple[Any, Any, int, Ring, bool, int]:
    """Two operands of a product as buffers of its order, that order, the ring, whether it is exact, and the tag."""
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
    return a._buffer(last), b._buffer(last), last, ring, exact, tag


def convolve(ring: Ring, x: Any, y: Any, last: int) -> Any:
    """Coefficients 0 … last of the product of two buffers of that order, each a sum. Cost: O(K²)."""
    if isinstance(ring, ArrayRing):
        found = eager.square(last, x) if x is y else eager.product(last, x, y)
        if found is not None:
            return found
    return ring.product(x, y, last)


def divide(a: Any, b: Any) -> Any:
    """a/b; common powers of t are divided out, a pole raises SingularExpansionError. Cost: O(K²)."""
    if type(b) is Taylor:
        if _RATIO.door is not None and not b._exact:
            y = b._coefficients
            x: Any = a
            if type(a) is Taylor:
                x = a._coefficients if a._tag == b._tag and not a._exact else None
            elif type(a) in _NUMBERS and -_MOST <= a <= _MOST:
                x = np.zeros(len(y))
                x[0] = a
            out = _empty(len(y))
            if _RATIO.door(x, y, out) is not None and x.ndim == y.ndim == 1:
                return _make(out, b._ring, False, b._tag)
    elif type(b) in _NUMBERS and b and -_MOST <= b <= _MOST and type(a._coefficients) is np.ndarray:
        return Taylor._make(a._coefficients / b, a._ring, a._exact, a._tag)
    return _quotient(a, b)


def _quotient(a: Any, b: Any) -> Any:
    if not (is_operand(a) and is_operand(b)):
        return NotImplemented
    (a, b), ring, tag = common((a, b))
    v = b.valuation
    if v == len(b._coefficients):
        known = "is exactly zero" if b._exact else f"is zero to order {b.order}: where it begins is not known"
        raise SingularExpansionError(f"division by a series that {known}; raise the order or move the point")
    if v and a._exact and a.degree < 0:
        return divide(a, lower(b, v))
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
    elif ring.exact:
        from taylorad.rings.rationals import quotient

        return quotient(a, b, order)
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
        whole = int(value.item() if isinstance(value, np.generic) else value)
        return whole if bool(value == whole) else None
    except (TypeError, ValueError, OverflowError):
        return None


def power(a: Any, b: Any) -> Any:
    """a**b: products for integral b of any type, else by the rule for constant powers, else exp(b·log a)."""
    if type(a) is Taylor:
        if type(b) is int:
            return _integer_power(a, b)
        c = a._coefficients
        plain = type(b) in _NUMBERS and type(c) is np.ndarray and not a._exact
        if plain and c.ndim == 1 and c[0] and not b.is_integer():
            found = _POWER(len(c) - 1, c, np.array([b], c.dtype))
            if found is not None:
                return Taylor._make(found[0], a._ring, False, a._tag)
    if not (is_operand(a) and is_operand(b)):
        return NotImplemented
    from taylorad.taylor.apply import apply

    b = as_number(b)
    kind = family(b) if isinstance(a, Taylor) and np.ndim(b) == 0 else ""
    if kind in ("complex128", "mpc", "acb"):
        a = common((a, b))[0][0]  # a complex exponent makes a complex power, 3 + 0i also
        b = b.real if b.imag == 0 else b
    whole = integral(b)
    if whole is not None and isinstance(a, Taylor):
        return _integer_power(a, whole)
    if kind in ("mpf", "arb", "interval"):
        a = common((a, b))[0][0]
    if isinstance(b, Taylor) or (isinstance(b, np.ndarray) and b.ndim):
        return apply(SERIES_POWER, (a, b))
    return apply(CONSTANT_POWER, (a, b))


def _integer_power(a: Taylor, n: int) -> Taylor:
    """a^n by products; negative powers are quotients."""
    if n <= 0:
        return multiply(a, 0) + 1 if n == 0 else divide(1, _integer_power(a, -n))
    return repeated(multiply, a, n)


def absolute(a: Any) -> Any:
    """|a|; raises SingularExpansionError at a kink."""
    from taylorad.taylor.apply import apply

    return apply(ABSOLUTE, (a,))


def remainder(a: Any, b: Any) -> Any:
    """a modulo b (the sign of b); raises SingularExpansionError at a jump."""
    return _divided(REMAINDER, a, b)


def floor_divide(a: Any, b: Any) -> Any:
    """The largest whole number ≤ a/b; raises SingularExpansionError at a jump."""
    return _divided(FLOOR_QUOTIENT, a, b)


def _divided(part: Any, a: Any, b: Any) -> Any:
    if not (is_operand(a) and is_operand(b)):
        return NotImplemented
    from taylorad.taylor.apply import apply

    return apply(part, (a, b))


def fraction(value: Any) -> Fraction | None:
    """A rational (or dyadic float) constant as an exact Fraction, else None."""
    try:
        return Fraction(value)
    except (TypeError, ValueError, OverflowError):
        return None
