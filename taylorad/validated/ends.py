"""Intervals whose ends are numbers of many bits: wide ones as tight as intervals of floats, rounding next to nothing.

Balls are wider than intervals where wide factors meet; what compiled intervals proved is proved again with these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from taylorad.errors import DomainError, UncertifiedError
from taylorad.rings.balls import BallRing, ball
from taylorad.rings.interval_ring import IntervalRing, from_ball
from taylorad.rings.intervals import Interval
from taylorad.rings.objects import ObjectRing
from taylorad.rings.ring import Element, Position
from taylorad.run.interpret import value

__all__ = ["Ends", "EndsRing", "floats", "interior"]


class Ends(NamedTuple):
    """The interval [lo, hi] of two exact balls, at the precision of the operations."""

    lo: Any
    hi: Any

    @staticmethod
    def of(x: Any) -> Ends:
        """Around a ball or an exact number."""
        x = ball(x)
        return Ends(x.lower(), x.upper())

    def __add__(self, other: Any) -> Ends:
        return Ends((self.lo + other.lo).lower(), (self.hi + other.hi).upper())

    def __sub__(self, other: Any) -> Ends:
        return Ends((self.lo - other.hi).lower(), (self.hi - other.lo).upper())

    def __neg__(self) -> Ends:
        return Ends(-self.hi, -self.lo)

    def __mul__(self, other: Any) -> Ends:
        low, hi = _corners(self, other)
        return Ends(low.lower(), hi.upper())

    def __truediv__(self, other: Any) -> Ends:
        if not (other.lo > 0 or other.hi < 0):
            raise UncertifiedError("division by an interval that may contain 0")
        if other.hi < 0:
            return -self / -other
        low, hi = self.lo / (other.hi if self.lo >= 0 else other.lo), self.hi / (other.lo if self.hi >= 0 else other.hi)
        return Ends(low.lower(), hi.upper())  # one quotient each: what divides evenly stays exact

    def hull(self, other: Ends) -> Ends:
        return Ends(min(self.lo, other.lo), max(self.hi, other.hi))


def _corners(a: Ends, b: Ends) -> tuple[Any, Any]:
    """The ends of a·b, not yet rounded."""
    if a.lo >= 0:
        if b.lo >= 0:
            return a.lo * b.lo, a.hi * b.hi
        return (a.hi * b.lo, a.lo * b.hi) if b.hi <= 0 else (a.hi * b.lo, a.hi * b.hi)
    if a.hi <= 0:
        low, hi = _corners(-a, b)
        return -hi, -low
    if b.lo >= 0 or b.hi <= 0:
        return _corners(b, a)
    one, other, third, last = a.lo * b.hi, a.hi * b.lo, a.lo * b.lo, a.hi * b.hi
    return (one if one.lower() <= other.lower() else other), (last if last.upper() >= third.upper() else third)


def interior(inner: Ends, outer: Ends) -> bool:
    """Whether ``inner`` lies in the open interval."""
    return bool(outer.lo < inner.lo) and bool(inner.hi < outer.hi)


class EndsRing(ObjectRing):
    """Coefficients with :class:`Ends`; functions at order 0 have their values between floats, which are tight on wide
    arguments, and those of balls, which are on thin ones. Rigorous."""

    name = "interval"

    def lift(self, value: object) -> Ends:
        return value if isinstance(value, Ends) else Ends.of(value)

    def constant(self, name: str) -> Ends:
        return Ends.of(BallRing().constant(name))

    def mul(self, a: Element, b: Element) -> Element:
        found = a * b
        return Ends(max(found.lo, ball(0)), found.hi) if a is b else found  # a square is not negative

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        return self.over_int(self.times_int(a, factor.numerator), factor.denominator)

    def times_int(self, a: Element, k: Any) -> Element:
        return a * Ends.of(k)

    def over_int(self, a: Element, k: Any) -> Element:
        return a / Ends.of(k)

    def convolve(self, a: Sequence[Element], b: Sequence[Element], lo: int, hi: int, k: int) -> Element:
        low = high = ball(0)
        for j in range(lo, hi + 1):
            x, y = _corners(a[j], b[k - j])
            low, high = low + x, high + y
        return Ends(low.lower(), high.upper())

    def outputs(self, law: Any, args: Sequence[Element], params: Sequence[Element]) -> tuple[Element, ...]:
        def found(ring: Any, to: Callable[[Ends], Any], back: Callable[[Any], Ends]) -> list[Ends] | None:
            return _tried(lambda: [back(x) for x in value(ring, law, [*map(to, args)], [*map(to, params)])])

        return tuple(_both(found(IntervalRing(), floats, _back), found(BallRing(), _ball, _around)))

    def value(self, name: str, args: Sequence[Element]) -> Element:
        return _back(IntervalRing().value(name, [floats(a) for a in args]))

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        rough = _tried(lambda: list(map(_back, IntervalRing().jet(name, [floats(a) for a in args], order))))
        fine = _tried(lambda: list(map(_around, BallRing().jet(name, [_ball(a) for a in args], order))))
        return _both(rough, fine)

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Position:
        return IntervalRing().position(floats(a), lower, upper)

    def choose(self, chooser: str, tests: Sequence[Element]) -> int:
        if tests[0].lo > 0 or tests[0].hi < 0:
            return 1 if tests[0].lo > 0 else 0
        raise UncertifiedError("the sign that decides a branch is not certain")

    def is_zero(self, a: Element) -> bool:
        return bool(a.lo == 0 and a.hi == 0)

    def is_finite(self, a: Element) -> bool:
        return bool(a.lo.is_finite() and a.hi.is_finite())


def floats(a: Ends) -> Interval:
    """The closest interval of floats around."""
    return from_ball(a.lo) | from_ball(a.hi)


def _back(x: Interval) -> Ends:
    if not x.finite:
        raise UncertifiedError("a value of a function is not bounded")
    return Ends(ball(x.lo), ball(x.hi))


def _ball(a: Ends) -> Any:
    return a.lo.union(a.hi)


def _around(x: Any) -> Ends:
    if not x.is_finite():
        raise UncertifiedError("a value of a function is not bounded")
    return Ends(x.lower(), x.upper())


def _tried(found: Callable[[], Any]) -> Any:
    """What is found, or None where it cannot be proved."""
    try:
        return found()
    except (UncertifiedError, DomainError):
        return None


def _both(rough: list[Ends] | None, fine: list[Ends] | None) -> list[Ends]:
    """The intersections of enclosures of which one may be missing."""
    found = [x for x in (rough, fine) if x is not None]
    if not found:
        raise UncertifiedError("a value of a function is not bounded")
    return [Ends(max(x.lo for x in each), min(x.hi for x in each)) for each in zip(*found, strict=True)]
