"""Intervals of floats as coefficients: every result contains the true value, for every point of the argument.

Sums of products are rounded once, so a coefficient is as narrow as its terms allow. Values of functions come from Arb
balls at :data:`_BITS` bits, rounded outward; ``taylorad.run.narrow`` narrows those over wide intervals by monotonicity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from math import inf
from typing import Any

from taylorad.errors import SingularExpansionError, UncertifiedError
from taylorad.rings.intervals import Interval, dot
from taylorad.rings.objects import ObjectRing
from taylorad.rings.ring import Element, Position
from taylorad.rings.values.monotone import CORNERS, EVEN, FALLING, RISING, TURNS

__all__ = ["UNDECIDED", "IntervalRing", "from_ball", "to_ball", "unbounded"]

_BITS = 80  # enough that rounding to floats is what remains
_DEPTH = 5  # a wide argument is halved so often, at most
_LINE = Interval(-inf, inf)
UNDECIDED = -1  # the choice between branches where the sign is not certain


def to_ball(x: Interval) -> Any:
    """A ball around an interval: the interval itself where its middle and radius are numbers of the precision."""
    return _ends().around(x.lo, x.hi)


def from_ball(b: Any) -> Interval:
    """The closest interval around a ball; raises UncertifiedError where the ball is not finite."""
    found = _ends().ends(b)
    if found is None:
        raise UncertifiedError(f"{b} bounds nothing; take a smaller interval, or one inside the domain")
    return Interval(*found)


def unbounded(name: str, args: Sequence[Interval]) -> UncertifiedError:
    """The error of a function for which nothing bounded is found over a box."""
    shown = ", ".join(map(str, args))
    return UncertifiedError(f"{name}({shown}) has no finite enclosure; take a smaller interval, or one in the domain")


@cache
def _ends() -> Any:
    from taylorad.rings.values import ends

    return ends


@cache
def _balls() -> Any:
    from taylorad.rings.balls import BallRing

    return BallRing()


def _twice(x: Interval) -> Interval:
    return Interval(2 * x.lo, 2 * x.hi) if x.mag < 1e308 else x + x


class IntervalRing(ObjectRing):
    """Closed intervals with float ends."""

    name = "interval"
    boxes = True

    def lift(self, value: object) -> Element:
        return Interval.enclosing(value).fresh()  # the same object in two places would be one unknown number

    def constant(self, name: str) -> Element:
        return self._ball(lambda ring: ring.constant(name))

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        if isinstance(factor, int) or factor.denominator == 1:
            return a * int(factor)
        if abs(factor.numerator) < 1 << 53 and factor.denominator < 1 << 53:
            return a / factor.denominator if factor.numerator == 1 else a * factor.numerator / factor.denominator
        return a * factor

    def convolve(self, a: Sequence[Element], b: Sequence[Element], lo: int, hi: int, k: int) -> Element:
        if hi < lo:
            return self.zero()
        if a is b and lo == k - hi:  # each product twice, and one square
            half = range(lo, (k + 1) // 2)
            middle = [a[k // 2]] if k % 2 == 0 else []
            return dot([_twice(a[j]) for j in half] + middle, [a[k - j] for j in half] + middle)
        return dot(a[lo : hi + 1], [b[k - j] for j in range(lo, hi + 1)])

    def value(self, name: str, args: Sequence[Element]) -> Element:
        if name in EVEN:
            args = [abs(x) for x in args]
        if not all(x.thin for x in args):
            if name in RISING or name in FALLING:
                low, high = self._end(name, [x.lo for x in args]), self._end(name, [x.hi for x in args])
                return Interval(low.lo, high.hi) if name in RISING else Interval(high.lo, low.hi)
            if all(x.finite for x in args):
                if name in TURNS:
                    return self._turned(name, args[0])
                if name in CORNERS and CORNERS[name](*args):
                    ends = [(x.lo, x.hi) if x.lo < x.hi else (x.lo,) for x in args]
                    return Interval.hull(self._end(name, at) for at in product(*ends))
        return self._ball(lambda ring: ring.value(name, [to_ball(x) for x in args]))

    def reaches(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> bool:
        return (lower is None or a.lo >= lower) and (upper is None or a.hi <= upper)

    def tight(self, name: str) -> bool:
        return name in RISING or name in FALLING or name in TURNS or name in CORNERS

    def _turned(self, name: str, x: Interval) -> Interval:
        from taylorad.rings.balls import precision
        from taylorad.rings.values.turning import TURNING

        with precision(_BITS):
            low, high = (_ends().around(e, e) for e in (x.lo, x.hi))
            ends = [_balls().value(name, [end]) for end in (low, high)]
            return Interval.hull(map(from_ball, [*ends, *TURNING[name](low, high)]))

    def _end(self, name: str, ends: Sequence[float]) -> Interval:
        """A function at ends of its arguments, which may be infinite."""
        from taylorad.rings.balls import ball

        return self._ball(
            lambda ring: ring.value(name, list(map(ball, ends))), None if all(abs(e) < inf for e in ends) else _LINE
        )

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        (*params, u) = args
        if order == 0 and not u.thin and u.finite and (name in RISING or name in FALLING):
            low, high = (self._jet(name, [*params, Interval(e, e)], 0)[0] for e in (u.lo, u.hi))
            return [Interval(low.lo, high.hi) if name in RISING else Interval(high.lo, low.hi)]
        return self._narrowed(name, params, u, order, 0 if u.thin or not u.finite else _DEPTH)

    def _narrowed(self, name: str, params: list[Interval], u: Interval, order: int, depth: int) -> list[Interval]:
        """The jet over u, or the hull of those over its halves where the whole has none or may turn inside."""
        rough: list[Interval] = []
        try:
            rough = self._jet(name, [*params, u], order + 1)
        except UncertifiedError:
            if not depth:
                raise
        if u.thin:
            return rough[:-1]
        if not rough or (depth and rough[1].lo < 0 < rough[1].hi):
            halves = [self._narrowed(name, params, half, order, depth - 1) for half in u.split()]
            return [x | y for x, y in zip(*halves, strict=True)]
        left, right = (self._jet(name, [*params, Interval(e, e)], order) for e in (u.lo, u.hi))
        out: list[Interval] = []
        for k in range(order + 1):  # coefficient k is monotone where coefficient k + 1 has one sign
            slope = rough[k + 1]
            ends = (left[k], right[k]) if slope.lo >= 0 else (right[k], left[k])
            monotone = slope.lo >= 0 or slope.hi <= 0
            out.append(Interval(ends[0].lo, ends[1].hi) & rough[k] if monotone else rough[k])
        return out

    @staticmethod
    def _jet(name: str, args: Sequence[Interval], order: int) -> list[Interval]:
        from taylorad.rings.balls import precision

        with precision(_BITS):
            found = _balls().jet(name, [to_ball(x) for x in args], order)
            if not all(c.is_finite() for c in found):
                raise unbounded(name, args)
            return list(map(from_ball, found))

    @staticmethod
    def _ball(function: Callable[[Any], Any], otherwise: Interval | None = None) -> Interval:
        from taylorad.rings.balls import precision

        with precision(_BITS):
            found = function(_balls())
            return otherwise if otherwise is not None and not found.is_finite() else from_ball(found)

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Position:
        worst = Position.INSIDE
        for bound, near, far in ((lower, a.lo, a.hi), (upper, a.hi, a.lo)):
            if bound is None:
                continue
            inside, outside = (near > bound, far < bound) if bound is lower else (near < bound, far > bound)
            here = (
                Position.INSIDE
                if inside
                else Position.OUTSIDE
                if outside
                else Position.BOUNDARY
                if a.lo == bound == a.hi
                else Position.UNDECIDED
            )
            worst = max(worst, here)
        return worst

    def choose(self, chooser: str, tests: Sequence[Element]) -> int:
        test = tests[0]
        if test.lo > 0 or test.hi < 0:
            return 1 if test.lo > 0 else 0
        if test.lo == 0 == test.hi:
            raise SingularExpansionError("a kink: the branch changes exactly at this point; name one with side=±1")
        return UNDECIDED

    def decided(self, choice: int, test: Element) -> None:
        """Refuse derivatives where the branch is not certain: at the kink there are none."""
        if choice == UNDECIDED:
            raise UncertifiedError(
                f"the sign of {test} decides a branch and is not certain, so there may be a kink inside; split the "
                "interval there, or ask for order 0"
            )

    def extreme(self, sign: int, elements: Sequence[Element]) -> Element:
        if sign == 2:
            return abs(elements[0])
        chosen = max if sign > 0 else min
        return Interval(chosen(x.lo for x in elements), chosen(x.hi for x in elements))

    def pick(self, choice: int, branches: Sequence[Element]) -> Element:
        return Interval.hull(branches) if choice == UNDECIDED else branches[choice]

    def is_zero(self, a: Element) -> bool:
        return a.lo == 0 == a.hi

    def is_finite(self, a: Element) -> bool:
        return True  # infinite ends bound what they bound; an enclosure of nothing is refused where it arises
