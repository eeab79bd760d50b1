"""The operators: sums, products, quotients and powers of polynomials, known as far as both operands are.

Operands in spaces of the same variables meet in what both know. A quotient whose denominator vanishes at the expansion
point divides a common monomial out, x·f/x, and then knows less. Integral exponents of any type are products.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from taylorad.book.operators import ABSOLUTE, CONSTANT_POWER, FLOOR_QUOTIENT, REMAINDER, SERIES_POWER
from taylorad.errors import SingularExpansionError
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.rings.choice import family
from taylorad.rings.powers import repeated
from taylorad.run import graded
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule
from taylorad.taylor.series import Taylor

__all__ = ["absolute", "add", "divide", "floor_divide", "lowered", "multiply", "power", "remainder", "subtract"]

# what stands behind these doors checks types and lengths by itself, and gives None where anything is unusual
_PRODUCT = graded.kernel(schedule([Leaf.of(0) * Leaf.of(1)]))
_SQUARE = graded.kernel(schedule([Leaf.of(0) * Leaf.of(0)]))
_QUOTIENT = graded.kernel(schedule([Leaf.of(0) / Leaf.of(1)]))
_RECIPROCAL = graded.kernel(schedule([Leaf.of(0, 0) / Leaf.of(1)]))
_POWER = graded.kernel(schedule([CONSTANT_POWER(Leaf.of(0), Leaf.of(1, 0))]))
_NUMBERS = frozenset((float, int, np.float64))  # what float polynomials take as it is …
_MOST = float(np.finfo(float).max)  # … up to this; nan and ints beyond it are refused further on
_make, _empty = MultivariateTaylor._make, np.empty


def add(a: Any, b: Any) -> Any:
    """a + b."""
    if type(a) is MultivariateTaylor:
        if type(b) is MultivariateTaylor:
            if a._space is b._space and a._ring is b._ring:
                return _make(a._space, a._ring, a._coefficients + b._coefficients)
        elif type(b) in _NUMBERS and -_MOST <= b <= _MOST and a._coefficients.dtype != object:
            return _plus(a, a._coefficients.copy(), b)
    if not (join.is_operand(a) and join.is_operand(b)):
        return NotImplemented
    space, ring, (x, y) = join.common((a, b))
    if isinstance(a, MultivariateTaylor) and isinstance(b, MultivariateTaylor):
        return _make(space, ring, x + y)
    own, number = (x, y) if isinstance(a, MultivariateTaylor) else (y, x)
    out = own.copy()
    out[0] = out[0] + number
    return _make(space, ring, out)


def _plus(a: MultivariateTaylor, own: np.ndarray, number: float) -> MultivariateTaylor:
    """A float polynomial with coefficients ``own``, that nobody else has, plus a real number."""
    own[0] += number
    return _make(a._space, a._ring, own)


def subtract(a: Any, b: Any) -> Any:
    """a − b."""
    if type(a) is MultivariateTaylor:
        if type(b) is MultivariateTaylor:
            if a._space is b._space and a._ring is b._ring:
                return _make(a._space, a._ring, a._coefficients - b._coefficients)
        elif type(b) in _NUMBERS and -_MOST <= b <= _MOST and a._coefficients.dtype != object:
            return _plus(a, a._coefficients.copy(), -b)
    elif type(a) in _NUMBERS and -_MOST <= a <= _MOST and b._coefficients.dtype != object:
        return _plus(b, -b._coefficients, a)
    if not (join.is_operand(a) and join.is_operand(b)):
        return NotImplemented
    space, ring, (x, y) = join.common((a, b))
    if isinstance(a, MultivariateTaylor) and isinstance(b, MultivariateTaylor):
        return _make(space, ring, x - y)
    if isinstance(a, MultivariateTaylor):
        out = x.copy()
        out[0] = out[0] - y
    else:
        out = -y
        out[0] = out[0] + x
    return _make(space, ring, out)


def multiply(a: Any, b: Any) -> Any:
    """a·b. Cost: one multiplication for each pair of monomials whose product is kept, half of it for squares."""
    if type(a) is MultivariateTaylor:
        x = a._coefficients
        if type(b) is MultivariateTaylor:
            y = b._coefficients
            door = _SQUARE.door if x is y else _PRODUCT.door
            if door is not None and a._space is b._space and x.ndim == y.ndim == 1:
                out, words = _empty(len(x)), a._space.words
                if (door(x, words, out) if x is y else door(x, y, words, out)) is not None:
                    return _make(a._space, a._ring, out)
        elif type(b) in _NUMBERS and -_MOST <= b <= _MOST and x.dtype != object:
            return _make(a._space, a._ring, x * b)
    if not (join.is_operand(a) and join.is_operand(b)):
        return NotImplemented
    space, ring, (x, y) = join.common((a, b))
    if not isinstance(b, MultivariateTaylor):
        return _make(space, ring, x * y)
    if not isinstance(a, MultivariateTaylor):
        return _make(space, ring, y * x)
    if ring.exact:
        from taylorad.rings.rationals import polynomial_product

        return _make(space, ring, polynomial_product(space.monomials, x, y))
    leaves = [x] if x is y else [x, y]
    return _make(space, ring, engine.execute((_SQUARE if x is y else _PRODUCT).plan, space, ring, leaves)[0])


def divide(a: Any, b: Any) -> Any:
    """a/b; common monomials are divided out, a pole raises SingularExpansionError. Cost: as a product."""
    if type(b) is MultivariateTaylor:
        y = b._coefficients
        if _QUOTIENT.door is not None and type(a) is MultivariateTaylor and a._space is b._space:
            x = a._coefficients
            if _QUOTIENT.door(x, y, b._space.words, out := _empty(len(y))) is not None and x.ndim == y.ndim == 1:
                return _make(b._space, b._ring, out)
        elif _RECIPROCAL.door is not None and type(a) in _NUMBERS and -_MOST <= a <= _MOST and y.ndim == 1:
            x = np.array([a], float)
            if _RECIPROCAL.door(x, y, b._space.words, out := _empty(len(y))) is not None:
                return _make(b._space, b._ring, out)
    elif type(b) in _NUMBERS and b and -_MOST <= b <= _MOST and a._coefficients.dtype != object:
        return _make(a._space, a._ring, a._coefficients / b)
    if not (join.is_operand(a) and join.is_operand(b)):
        return NotImplemented
    space, ring, (x, y) = join.common((a, b))
    if not isinstance(b, MultivariateTaylor):
        if np.any(ring.is_zero(y)):
            raise SingularExpansionError(f"a polynomial divided by {b}")
        return _make(space, ring, x / y)
    if np.all(ring.is_zero(y[0])):
        return _reduced(a, _make(space, ring, y))
    if not isinstance(a, MultivariateTaylor):
        return _make(space, ring, engine.execute(_RECIPROCAL.plan, space, ring, [x, y])[0])
    return _make(space, ring, engine.execute(_QUOTIENT.plan, space, ring, [x, y])[0])


def _reduced(a: Any, b: MultivariateTaylor) -> MultivariateTaylor:
    """a/b where b has no constant term: the monomial that divides b is divided out of both."""
    below = list(b.terms())
    if not below:
        raise SingularExpansionError(
            "division by a polynomial all of whose known coefficients are zero; raise the order or move the point"
        )
    factor = tuple(np.min(np.array(below), axis=0).tolist())
    a = a if isinstance(a, MultivariateTaylor) else b * 0 + a
    above = list(a.terms())
    name = b.space.monomial(factor)
    if factor not in below or any(p < q for e in above for p, q in zip(e, factor, strict=True)):
        raise SingularExpansionError(
            f"a pole: the denominator vanishes at the expansion point like {name}, which does not divide the "
            "numerator; there is no Taylor series here, move the expansion point"
            if factor in below
            else "a pole, or a common factor that is no monomial: the denominator vanishes at the expansion point, and "
            "only monomials are divided out; move the expansion point, or divide by hand"
        )
    return divide(lowered(a, factor), lowered(b, factor))


def lowered(a: MultivariateTaylor, factor: tuple[int, ...]) -> MultivariateTaylor:
    """a divided by a monomial that divides all of its terms."""
    smaller = a.space.shifted(tuple(-e for e in factor))
    assert smaller is not None  # the monomial is one of the space
    places = a.space.monomials.find(smaller.exponents + np.array(factor, np.int16))
    return _make(smaller, a._ring, a._coefficients[places])


def power(a: Any, b: Any) -> Any:
    """a**b: products for integral b of any type, else the rule for constant powers, else exp(b·log a)."""
    if type(b) is float and type(a) is MultivariateTaylor and _POWER.door is not None and not b.is_integer():
        x = a._coefficients
        if x.ndim == 1 and _POWER.door(x, np.array([b]), a._space.words, out := _empty(len(x))) is not None:
            return _make(a._space, a._ring, out)
    if not (join.is_operand(a) and join.is_operand(b)):
        return NotImplemented
    from taylorad.multivariate.apply import apply
    from taylorad.taylor.arithmetic import integral

    if isinstance(b, (MultivariateTaylor, Taylor)) or np.ndim(b):
        return apply(SERIES_POWER, (a, b))
    if family(b) in ("complex128", "mpc", "acb") and b.imag == 0:
        a, b = a + 0 * b, b.real
    whole = integral(b)
    if whole is not None:
        return _integer_power(a, whole)
    space, ring, leaves = join.common((a, b))
    if np.all(ring.is_zero(leaves[0][0])):
        return apply(CONSTANT_POWER, (a, b))
    return _make(space, ring, engine.execute(_POWER.plan, space, ring, leaves)[0])


def _integer_power(a: MultivariateTaylor, n: int) -> MultivariateTaylor:
    """a^n by products; negative powers are quotients."""
    if n <= 0:
        return a * 0 + 1 if n == 0 else divide(1, _integer_power(a, -n))
    return repeated(multiply, a, n)


def absolute(a: MultivariateTaylor) -> Any:
    """|a|; raises SingularExpansionError at a kink."""
    from taylorad.multivariate.apply import apply

    return apply(ABSOLUTE, (a,))


def remainder(a: Any, b: Any) -> Any:
    """a modulo b (the sign of b); raises SingularExpansionError at a jump."""
    return _divided(REMAINDER, a, b)


def floor_divide(a: Any, b: Any) -> Any:
    """The largest whole number ≤ a/b; raises SingularExpansionError at a jump."""
    return _divided(FLOOR_QUOTIENT, a, b)


def _divided(part: Any, a: Any, b: Any) -> Any:
    if not (join.is_operand(a) and join.is_operand(b)):
        return NotImplemented
    from taylorad.multivariate.apply import apply

    return apply(part, (a, b))


from taylorad.multivariate import engine, join  # noqa: E402 - they know the class, which is being loaded
