"""Complex fixed-point numbers as coefficients: pairs of the integers of :mod:`taylorad.rings.fixed`. Not rigorous."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from operator import mul
from typing import Any, final

from taylorad.rings.balls import BallRing, complex_ball, dyadic
from taylorad.rings.fixed import FixedRing
from taylorad.rings.integers import magnitude, shifted
from taylorad.rings.ring import Element, Position

__all__ = ["Gauss", "GaussRing"]


@final
class Gauss:
    """re + i·im."""

    __slots__ = ("im", "re")

    def __init__(self, re: Any, im: Any) -> None:
        self.re, self.im = re, im

    def __add__(self, other: Gauss) -> Gauss:
        return Gauss(self.re + other.re, self.im + other.im)

    def __sub__(self, other: Gauss) -> Gauss:
        return Gauss(self.re - other.re, self.im - other.im)

    def __neg__(self) -> Gauss:
        return Gauss(-self.re, -self.im)

    def __mul__(self, k: int) -> Gauss:
        return Gauss(self.re * k, self.im * k)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Gauss) and self.re == other.re and self.im == other.im

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self.re or self.im)


class GaussRing(FixedRing):
    """Pairs of integers at the scale 2^−``bits``."""

    complex = True

    def __init__(self, bits: int) -> None:
        super().__init__(bits)
        self._balls = BallRing(complex=True)

    def lift(self, value: object) -> Element:
        if isinstance(value, complex):
            return Gauss(super().lift(value.real), super().lift(value.imag))
        return Gauss(super().lift(value), self.integer(0))

    def mul(self, a: Gauss, b: Gauss) -> Gauss:
        bits = self.bits
        return Gauss((a.re * b.re - a.im * b.im) >> bits, (a.re * b.im + a.im * b.re) >> bits)

    def div(self, a: Gauss, b: Gauss) -> Gauss:
        bits, norm = self.bits, b.re * b.re + b.im * b.im
        return Gauss(((a.re * b.re + a.im * b.im) << bits) // norm, ((a.im * b.re - a.re * b.im) << bits) // norm)

    def scale(self, a: Gauss, factor: int | Fraction) -> Gauss:
        if isinstance(factor, int):
            return a * factor
        return Gauss(a.re * factor.numerator // factor.denominator, a.im * factor.numerator // factor.denominator)

    def over_int(self, a: Gauss, k: int) -> Gauss:
        return Gauss(a.re // k, a.im // k)

    def convolve(self, a: Sequence[Gauss], b: Sequence[Gauss], lo: int, hi: int, k: int) -> Gauss:
        if hi < lo:
            return Gauss(self.integer(0), self.integer(0))
        return self._shifted(*_dot(a[lo : hi + 1], b[k - hi : k - lo + 1][::-1]), self.bits)

    def weighted(self, a: Any, b: Any, p: Gauss, q: Gauss, k: int) -> Gauss:
        left, right = a[1 : k + 1], b[k - 1 :: -1]
        first, second = Gauss(*_dot([x * j for j, x in enumerate(left, 1)], right)), Gauss(*_dot(left, right))
        gap = p - q
        total = Gauss(*_dot([gap, q * k], [first, second]))
        return self._shifted(total.re, total.im, 2 * self.bits)

    def _shifted(self, re: Any, im: Any, by: int) -> Gauss:
        return Gauss(re >> by, im >> by)

    def _ball(self, a: Gauss) -> Any:
        return complex_ball(dyadic(a.re, -self.bits), dyadic(a.im, -self.bits))

    def _from(self, ball: Any) -> Gauss:
        return Gauss(super()._from(ball.real), super()._from(ball.imag))

    def is_zero(self, a: Gauss) -> bool:
        return not a

    def position(self, a: Gauss, lower: Fraction | int | None, upper: Fraction | int | None) -> Position:
        edges = [self.lift(bound) for bound in (lower, upper) if bound is not None]
        return Position.BOUNDARY if any(a == edge for edge in edges) else Position.INSIDE

    # ------------------------------------------------------------------ what a step of an integration needs
    def magnitude(self, a: Gauss) -> float:
        return magnitude(int(a.re) ** 2 + int(a.im) ** 2) / 2 - self.bits

    def parts(self, a: Gauss) -> tuple[int, ...]:
        return int(a.re), int(a.im)

    def element(self, parts: Sequence[int], bits: int) -> Gauss:
        re, im = (shifted(x, self.bits - bits) for x in (*parts, 0)[:2])
        return Gauss(self.integer(re), self.integer(im))

    def at(self, row: Sequence[Gauss], x: Any, derivative: int = 0) -> Gauss:
        return Gauss(super().at([c.re for c in row], x, derivative), super().at([c.im for c in row], x, derivative))


def _dot(a: Sequence[Gauss], b: Sequence[Gauss]) -> tuple[Any, Any]:
    ar, ai, br, bi = [x.re for x in a], [x.im for x in a], [x.re for x in b], [x.im for x in b]
    return sum(map(mul, ar, br)) - sum(map(mul, ai, bi)), sum(map(mul, ar, bi)) + sum(map(mul, ai, br))
