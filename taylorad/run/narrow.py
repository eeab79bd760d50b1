"""Functions over wide intervals: narrowed by monotonicity, which the rules themselves decide.

A ball around the values of a function on a wide interval is wider than their range. Where the derivative, enclosed
by running the function's own rule once over balls, has one sign, the ends of the range are values at ends of the
argument; where it has not, the interval is split. (Moore, Kearfott & Cloud, *Introduction to Interval Analysis*,
SIAM 2009, ch. 6.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import inf, ulp
from typing import final

from taylorad.book.entry import Rule
from taylorad.errors import TayloradError, UncertifiedError
from taylorad.rings.balls import BallRing, precision
from taylorad.rings.interval_ring import to_ball, unbounded
from taylorad.rings.intervals import Interval
from taylorad.rings.ring import Ring
from taylorad.series.node import Leaf, Select, linear
from taylorad.series.schedule import Schedule, schedule

__all__ = ["extreme", "narrowed"]

_EXCESS = 0.01  # of the width of the range: what an enclosure may be wider than it
_PIECES = 48
_LINE = Interval(-inf, inf)
Box = tuple[Interval, ...]
Values = Callable[[Sequence[Interval], int], Interval]


def narrowed(
    ring: Ring,
    law: Rule,
    args: Sequence[Interval],
    params: Sequence[Interval],
    wanted: Sequence[int],
    values: Values,
) -> tuple[Interval, ...]:
    """Enclosures of the wanted outputs of a rule over a box of arguments, inside which it is analytic. Rigorous.

    ``values(part, i)`` encloses output i over any part of the box, however roughly; others than the wanted ones are the
    whole line. At most 1 % wider than the range, unless
    48 pieces do not reach that. Raises UncertifiedError where nothing bounded is found for finite arguments.
    """
    box = tuple(args)
    try:
        if all(x.thin for x in box):
            return tuple(values(box, i) if i in wanted else _LINE for i in range(len(law.outputs)))
        found = [
            ring.value(name, [*args, *params])
            if law.value is None and ring.tight(name)
            else _Output(law, i, tuple(params), values).range(box)
            if i in wanted
            else _LINE
            for i, name in enumerate(law.outputs)
        ]
    except UncertifiedError as error:
        raise unbounded(law.name, box) from error
    if all(x.finite for x in box) and any(found[i].width == found[i].mag == inf and found[i].mig == 0 for i in wanted):
        raise unbounded(law.name, box)
    return tuple(found)


def extreme(n: Select) -> int:
    """2 where a choice by a sign is |x|, 1 where it is the larger of its branches, −1 the smaller one, else 0."""
    below, above = n.branches
    test = n.tests[0]
    if above is test and linear([(-1, above)]) is below:
        return 2
    if linear([(1, above), (-1, below)]) is test:
        return 1
    return -1 if linear([(1, below), (-1, above)]) is test else 0


@final
class _Output:
    """One output of a rule as a function of boxes."""

    def __init__(self, law: Rule, index: int, params: Box, values: Values) -> None:
        self.law, self.index, self.params, self._values = law, index, params, values

    def value(self, box: Sequence[Interval]) -> Interval:
        try:
            return self._values(box, self.index)
        except UncertifiedError:
            return _LINE

    def range(self, box: Box) -> Interval:
        """The hull of enclosures over pieces, which are split until it is close to values at points."""
        inner = self.value(_ends(box, [1] * len(box))) | self.value(_ends(box, [-1] * len(box)))
        pieces = [(self.value(box), box, False)]
        excess = 4 * ulp(inner.mag)
        while True:
            hull = Interval.hull(p[0] for p in pieces)
            if max(inner.lo - hull.lo, hull.hi - inner.hi) <= excess or len(pieces) > _PIECES:
                return hull
            worst = max(range(len(pieces)), key=lambda i: max(inner.lo - pieces[i][0].lo, pieces[i][0].hi - inner.hi))
            enclosed, part, narrow = pieces[worst]
            if narrow:
                return hull
            signs = self.signs(part)
            if all(signs):
                low, high = (self.value(_ends(part, [side * s for s in signs])) for side in (1, -1))
                pieces[worst] = (Interval(low.lo, high.hi) & enclosed, part, True)
                continue
            wide = max((i for i, s in enumerate(signs) if s == 0), key=lambda i: part[i].width)
            m = part[wide].mid
            excess = max(excess, _EXCESS * inner.width)
            if not part[wide].lo < m < part[wide].hi:
                return hull
            del pieces[worst]
            for half in part[wide].split():
                child = (*part[:wide], half, *part[wide + 1 :])
                pieces.append((self.value(child) & enclosed, child, False))
            inner = inner | self.value([Interval(m, m) if i == wide else x for i, x in enumerate(_middle(part))])

    def signs(self, box: Box) -> list[int]:
        """+1 or −1 for each argument in which the output certainly grows or falls over the box, else 0."""
        from taylorad.run.interpret import run

        signs: list[int] = []
        with precision(64):
            balls = [to_ball(x) for x in (*box, *self.params)]
            for i, x in enumerate(box):
                plan = _plan(self.law, i, self.index, len(box), len(self.params))
                leaves = [[b, b * 0 + 1] if j == i else [b] for j, b in enumerate(balls)]
                try:
                    slope = 1 if x.thin else run(plan, BallRing(), leaves, 1)[0][1]
                except TayloradError:
                    slope = 0
                signs.append(1 if slope > 0 else -1 if slope < 0 else 0)
        return signs


def _ends(box: Box, signs: Sequence[int]) -> Box:
    """The corner with the lower ends where the sign is positive, the upper ones elsewhere."""
    ends = [x.lo if s > 0 else x.hi for x, s in zip(box, signs, strict=True)]
    return tuple(Interval(e, e) if abs(e) < inf else x for e, x in zip(ends, box, strict=True))


def _middle(box: Box) -> Box:
    return tuple(Interval(x.mid, x.mid) for x in box)


@lru_cache(maxsize=256)
def _plan(law: Rule, moving: int, output: int, count: int, parameters: int) -> Schedule:
    """One output of a rule as a series in one of its arguments."""
    args = [Leaf.of(i) if i == moving else Leaf.of(i, 0) for i in range(count)]
    nodes = law.build(tuple(args), tuple(Leaf.of(count + i, 0) for i in range(parameters)))
    return schedule([nodes[output]])
