"""Exact rationals: every coefficient a Fraction, every function only where its value is rational."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from numbers import Rational

from taylorad.errors import MixedRingError, UnsupportedFunctionError
from taylorad.rings.objects import ObjectRing
from taylorad.rings.ring import Element

__all__ = ["FractionRing"]


class FractionRing(ObjectRing):
    """Fractions; never a rounding. Functions exist only at the points where their value is rational."""

    name = "fraction"
    exact = True

    def lift(self, value: object) -> Element:
        if isinstance(value, Rational):
            return Fraction(int(value.numerator), int(value.denominator))
        raise MixedRingError(
            f"{value!r} does not mix with exact rational coefficients: the result would be rounded; "
            "write it as a Fraction, or start from a float variable"
        )

    def constant(self, name: str) -> Element:
        raise UnsupportedFunctionError(f"{name} is not rational; use floats, mpmath numbers or Arb balls")

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        return a * factor

    def product(self, a: Sequence[Fraction], b: Sequence[Fraction], order: int) -> list[Fraction]:
        from taylorad.rings.rationals import product

        return product(a, b, order)

    def value(self, name: str, args: Sequence[Element]) -> Element:
        from taylorad.rings.values import exact

        result = exact.value(name, args)
        if result is None:
            shown = ", ".join(str(a) for a in args)
            raise UnsupportedFunctionError(
                f"{name}({shown}) is not known to be rational; use floats, mpmath numbers or Arb balls"
            )
        return result

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        from taylorad.rings.values import exact

        result = exact.jet(name, args, order)
        if result is None:
            shown = ", ".join(str(a) for a in args)
            raise UnsupportedFunctionError(
                f"{name}({shown}) is not known to be rational; use floats, mpmath numbers or Arb balls"
            )
        return result
