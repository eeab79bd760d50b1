"""mpmath numbers as coefficients, at mpmath's working precision. The only file that imports mpmath."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from numbers import Rational
from typing import Any

import mpmath
from mpmath import libmp

from taylorad.errors import MixedRingError, UnsupportedFunctionError
from taylorad.rings.objects import ObjectRing
from taylorad.rings.ring import Element

__all__ = ["MultiprecisionRing", "dyadic", "exactly", "pair", "rational", "working", "written"]


class MultiprecisionRing(ObjectRing):
    """mpf or mpc coefficients, computed at the precision ``mpmath.mp`` has when an operation runs."""

    def __init__(self, complex: bool = False) -> None:
        self.complex = complex
        self.name = "mpc" if complex else "mpf"

    def lift(self, value: object) -> Element:
        if isinstance(value, Rational):
            return self._kind(mpmath.mpf(int(value.numerator)) / int(value.denominator))
        if isinstance(value, (float, mpmath.mpf)):
            return self._kind(mpmath.mpf(value))
        if isinstance(value, (complex, mpmath.mpc)) and self.complex:
            return mpmath.mpc(value)
        raise MixedRingError(f"{value!r} does not mix with {self.name} coefficients; convert it to mpmath first")

    def _kind(self, value: Any) -> Any:
        return mpmath.mpc(value) if self.complex else value

    def constant(self, name: str) -> Element:
        return self._kind(+{"pi": mpmath.pi, "e": mpmath.e, "euler_gamma": mpmath.euler}[name])

    def convolve(self, a: Sequence[Element], b: Sequence[Element], lo: int, hi: int, k: int) -> Element:
        if hi < lo:
            return self.zero()
        return self._kind(mpmath.fdot(a[lo : hi + 1], b[k - hi : k - lo + 1][::-1]))

    def value(self, name: str, args: Sequence[Element]) -> Element:
        from taylorad.rings.values import multiprecision

        function = multiprecision.lookup(name, mpmath)
        if function is None:
            raise UnsupportedFunctionError(self.no_value(name, args))
        result = function(*args)
        if not self.complex and isinstance(result, mpmath.mpc):
            if result.imag != 0:
                raise UnsupportedFunctionError(
                    f"{name}({', '.join(map(str, args))}) is complex; use mpmath.mpc coefficients"
                )
            result = result.real
        return self.lift(result)

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        from taylorad.rings.values import multiprecision

        return [self.lift(x) for x in multiprecision.jet(name, args, order)]

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        if isinstance(factor, int):
            return a * factor
        return a * int(factor.numerator) / int(factor.denominator)

    def is_finite(self, a: Element) -> bool:
        return bool(mpmath.isfinite(a))


def working(bits: int) -> Any:
    """A context in which mpmath works at ``bits`` bits."""
    return mpmath.workprec(bits)


def exactly(value: complex) -> Any:
    """A float or complex number as an mpf or mpc."""
    return mpmath.mpc(value) if isinstance(value, complex) else mpmath.mpf(value)


def dyadic(m: int, e: int, bits: int) -> Any:
    """m·2^e as an mpf of ``bits`` bits."""
    return mpmath.mp.make_mpf(libmp.from_man_exp(m, e, bits, "n"))


def written(x: Any, digits: int) -> str:
    """A number in decimal digits."""
    return str(mpmath.nstr(x, digits, strip_zeros=False))


def pair(x: Any, y: Any) -> Any:
    """The mpc x + iy."""
    return mpmath.mp.make_mpc((x._mpf_, y._mpf_))


def rational(value: Any) -> Fraction:
    """An mpf as the fraction that it is; ValueError where it is not finite."""
    sign, m, e, _ = value._mpf_
    if not m and e:
        raise ValueError(f"{value} is not finite")
    return Fraction(-int(m) if sign else int(m)) * Fraction(2) ** e
