"""Products and quotients of exact polynomials, in one and several variables, by FLINT: Fractions go in and come out.

FLINT works with one common denominator and multiplies quickly in the integers, where a sum of n products of Fractions
takes 2n greatest common divisors.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from taylorad.rings.graded_monomials import Monomials

__all__ = ["polynomial_product", "product", "quotient"]


def _rational(x: Fraction) -> Any:
    return flint.fmpq(x.numerator, x.denominator)


def _fraction(x: Any) -> Fraction:
    return Fraction(int(x.p), int(x.q))


def _polynomial(a: Sequence[Fraction], order: int) -> Any:
    return flint.fmpq_poly([_rational(c) for c in a[: order + 1]])


def _coefficients(p: Any, order: int) -> list[Fraction]:
    found = [_fraction(c) for c in p.coeffs()]
    return found + [Fraction(0)] * (order + 1 - len(found))


def product(a: Sequence[Fraction], b: Sequence[Fraction], order: int) -> list[Fraction]:
    """Coefficients 0 … order of a·b."""
    return _coefficients(_polynomial(a, order).mul_low(_polynomial(b, order), order + 1), order)


def quotient(a: Sequence[Fraction], b: Sequence[Fraction], order: int) -> list[Fraction]:
    """Coefficients 0 … order of a/b, where b_0 ≠ 0: by Newton's iteration w ← w·(2 − b·w), which doubles what is known.

    Cost: some four products.
    """
    y, inverse, known = _polynomial(b, order), flint.fmpq_poly([1 / _rational(b[0])]), 1
    while known <= order:
        known = min(2 * known, order + 1)
        inverse = inverse.mul_low(2 - y.mul_low(inverse, known), known)
    return _coefficients(_polynomial(a, order).mul_low(inverse, order + 1), order)


def polynomial_product(monomials: Monomials, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The coefficients (M,) of a·b as far as ``monomials`` keeps them, from those of a and b.

    Cost: one multiplication for each pair of terms whose degrees add up to no more than the order.
    """
    names = tuple(f"x{i}" for i in range(monomials.count))
    space = flint.fmpq_mpoly_ctx.get(names, flint.Ordering.degrevlex)
    degrees = range(monomials.order + 1)

    def part(c: np.ndarray, k: int) -> Any:
        block = monomials.block(k)
        rows = monomials.exponents[block].tolist()
        return space.from_dict({tuple(e): _rational(x) for e, x in zip(rows, c[block], strict=True) if x})

    below = [part(a, 0)]  # a up to each degree
    for k in degrees[1:]:
        below.append(below[-1] + part(a, k))
    total = sum((below[monomials.order - k] * part(b, k) for k in degrees), start=space.from_dict({}))
    out = np.full(monomials.size, Fraction(0), object)
    terms: dict[Any, Any] = total.to_dict()
    if terms:
        places = monomials.find(np.array([[int(i) for i in e] for e in terms], np.int16))
        for place, x in zip(places.tolist(), terms.values(), strict=True):
            if place >= 0:
                out[place] = _fraction(x)
    return out
