"""Steps over kinks: |x|, max, where, at which a right-hand side has no Taylor series.

With f(e) the range of the right-hand side over a box e, both branches of what is undecided included,

    x(τ) ∈ X + τ·f(e) for 0 ≤ τ ≤ h,      if X + [0, h]·f(e) lies in the interior of e:

no solution leaves e before h, since until then it is where the left side says. f is continuous (|x|, max and min are),
so that there are solutions (Peano); where a choice makes f jump, its test must grow or fall strictly along all that
moves as f(e) says, so that the branch changes once at most, and a solution is one of the first branch and then one
of the second. The step is first order only, so it is as short as gets the set from one side to the other, or to the
end where that is next to a kink.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from taylorad.errors import DomainError, UncertifiedError
from taylorad.rings.interval_ring import IntervalRing, from_ball
from taylorad.rings.intervals import Interval
from taylorad.run.interpret import run
from taylorad.run.narrow import extreme
from taylorad.series.node import Node, Select
from taylorad.series.schedule import schedule

__all__ = ["Kinks", "cross"]

_REFUSED = (DomainError, UncertifiedError, ZeroDivisionError, OverflowError)
_TRIES = 4
_ROUNDING = 2.0**-50
_SHORT = 1 << 14  # ticks before the end, 10⁻¹¹ of the span, over which first order is enough


@final
class Kinks:
    """The right-hand sides of a system over :func:`~taylorad.ode.system.placeholders`, where they are not smooth."""

    def __init__(self, equation: Sequence[Node], sign: int) -> None:
        self.dim, self.sign = len(equation), sign
        self._plan, self._ring = schedule(equation), IntervalRing()
        selects = [n for n in self._plan.first if isinstance(n, Select)]
        self._tests = schedule([n.tests[0] for n in selects])
        self._jumps = schedule([n.tests[0] for n in selects if not extreme(n)])

    def __bool__(self) -> bool:
        return bool(self._tests.roots)

    def rates(self, e: Sequence[Interval], t: Interval, args: Sequence[Interval]) -> list[Interval]:
        """f(e) for all times in t. Raises UncertifiedError where f may jump other than at one instant."""
        zero = Interval(0.0, 0.0)
        found = [row[0] for row in run(self._plan, self._ring, [[x] for x in (*e, t, *args)], 0)]
        if self._jumps.roots:
            ahead = Interval(self.sign, self.sign)
            moving = [[x, r] for x, r in zip((*e, t), (*found, ahead), strict=True)] + [[a, zero] for a in args]
            for at, slope in run(self._jumps, self._ring, moving, 1):
                if 0 in at and 0 in slope:
                    raise UncertifiedError("a right-hand side that jumps may do so more than once in a step")
        return found

    def branches(self, x: Sequence[Interval], t: Interval, args: Sequence[Interval]) -> list[bool | None]:
        """Whether each test is positive; None where that is not certain."""
        rows = run(self._tests, self._ring, [[a] for a in (*x, t, *args)], 0)
        return [None if 0 in row[0] else row[0].lo > 0 for row in rows]


def cross(march: Any, kinks: Kinks, end: int) -> bool:
    """Take the shortest step after which other branches are certain, or to an end nearby; False where there is none."""
    at, ticks = int(march.counts[-1]), 1
    x, args = [from_ball(b) for b in march.last()], march.ranges
    try:
        before = kinks.branches(x, _time(march, at), args)
        while ticks <= end - at:
            h, t = Interval.enclosing(ticks * march.unit), _time(march, at)
            until, on = _time(march, at + ticks), _time(march, at + ticks + 2)
            found = _enclosed(kinks, x, t | until, args, Interval(0.0, h.hi))
            if found is None:
                return False
            e, rates = found
            moved = [a + h * r for a, r in zip(x, rates, strict=True)]
            room = (2 * march.tol + _ROUNDING) * max(a.mag for a in (*moved, until))
            more = Interval(0.0, 2 * float(march.unit))  # for the enclosure of the step that follows
            ahead = [a + more * r + Interval(-room, room) for a, r in zip(moved, rates, strict=True)]
            after = kinks.branches(ahead, until | on, args)
            last = at + ticks == end
            if (None not in after and after != before) or (last and ticks <= _SHORT):
                return march.cross(ticks, e, rates)
            if last:
                return False
            ticks = min(2 * ticks, end - at)
    except _REFUSED:
        pass
    return False


def _time(march: Any, ticks: int) -> Interval:
    return Interval.enclosing(march.t0 + march.sign * ticks * march.unit)


def _enclosed(
    kinks: Kinks, x: Sequence[Interval], t: Interval, args: Sequence[Interval], step: Interval
) -> tuple[list[Interval], list[Interval]] | None:
    """e with x + step·f(e) in its interior, and f(e)."""
    reach = list(x)
    for _ in range(_TRIES):
        e = [_wider(a) for a in reach]
        rates = kinks.rates([_wider(a, 1e-6) for a in e], t, args)  # more than e, as a ball may make of it
        reach = [a + step * r for a, r in zip(x, rates, strict=True)]
        if all(a.lo < b.lo and b.hi < a.hi for a, b in zip(e, reach, strict=True)):
            return e, rates
    return None


def _wider(x: Interval, part: float = 0.2) -> Interval:
    by = max(part * x.width, 1e-15 * x.mag, 1e-300)
    return x + Interval(-by, by)
