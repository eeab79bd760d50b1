"""The validated step over Arb balls, in Python: any precision, any function of the book.

The same method as :mod:`taylorad.validated.step` and :mod:`taylorad.validated.doubleton`, some thousand times slower.
It runs where digits are asked for, and where a function has no compiled enclosure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError, MixedRingError, UncertifiedError
from taylorad.ode.system import System
from taylorad.rings.balls import BallRing, ball, inverse, precision
from taylorad.rings.interval_ring import from_ball, to_ball
from taylorad.rings.intervals import Interval
from taylorad.run.dual import Dual, DualRing
from taylorad.run.interpret import run
from taylorad.series.schedule import schedule
from taylorad.validated.enclosure import intervals
from taylorad.validated.literals import ball as exact_ball
from taylorad.validated.literals import interval
from taylorad.validated.loop import BOX, DOMAIN, DONE, FRAME, PAUSED, SMALL

__all__ = ["BallSet", "BallTrack", "Jets", "magnitude", "polynomial", "spread"]

_BITS = 80  # where floats are the goal
_FACTOR = 20
_REFUSED = (DomainError, UncertifiedError, ZeroDivisionError, OverflowError)


@final
@dataclass(frozen=True, slots=True)
class BallSet:
    """m + C·r₀ + B·r; m, C and B are points. ``e`` encloses the step that begins here."""

    m: list[Any]
    C: list[list[Any]]
    B: list[list[Any]]
    r0: list[Any]
    r: list[Any]
    e: list[Any] | None = None

    def within(self, e: list[Any]) -> BallSet:
        return replace(self, e=e)

    def displacement(self) -> list[Any]:
        return [
            sum((a * x for a, x in [*zip(c, self.r0, strict=True), *zip(b, self.r, strict=True)]), ball(0))
            for c, b in zip(self.C, self.B, strict=True)
        ]

    def box(self) -> list[Any]:
        return [m + d for m, d in zip(self.m, self.displacement(), strict=True)]


@final
class Jets:
    """Taylor coefficients of a system over balls; ``args`` are the arguments that are no coordinates."""

    def __init__(self, system: System, order: int, args: Sequence[Any], sign: int) -> None:
        self.n, self.order, self.args, self.sign = system.dim, order, list(args), sign
        self._plan = schedule(system.states)
        self._ring = BallRing()
        self._dual = DualRing(self._ring, self.n)

    def coefficients(self, x: Sequence[Any], t: Any, order: int) -> list[list[Any]]:
        """Coefficients 0 … order of every component, for all solutions through the box x at the times t."""
        zero = [ball(0)] * order
        leaves = [[a, *zero] for a in x] + [[t, ball(self.sign), *zero]] + [[a, *zero] for a in self.args]
        return [list(row[: order + 1]) for row in run(self._plan, self._ring, leaves, order)]

    def gradients(self, x: Sequence[Any], t: Any, order: int) -> list[list[Dual]]:
        """The same with derivatives with respect to x."""
        zero = [Dual(ball(0), None)] * order
        leaves = [[self._dual.coordinate(a, i), *zero] for i, a in enumerate(x)]
        leaves += [[Dual(t, None), Dual(ball(self.sign), None), *zero]]
        leaves += [[Dual(a, None), *zero] for a in self.args]
        return [list(row[: order + 1]) for row in run(self._plan, self._dual, leaves, order)]


def spread(low: Any, high: Any) -> Any:
    return low if low == high else low.union(high)


def magnitude(x: Any) -> Any:
    """A bound for |x|, as an exact ball."""
    return abs(x).upper()


def polynomial(c: Sequence[Any], h: Any) -> Any:
    total = c[-1]
    for a in reversed(c[:-1]):
        total = total * h + a
    return total


@final
class BallTrack:
    """One solution on its way, as :class:`taylorad.validated.flow.Track`, with sets of balls; mutable."""

    def __init__(
        self,
        system: System,
        order: int,
        start: Sequence[Any],
        args: Sequence[Any],
        t0: Fraction,
        unit: Fraction,
        sign: int,
        tol: float,
        digits: int | None,
    ) -> None:
        self.t0, self.unit, self.sign, self.digits = t0, unit, sign, digits
        self.bits = _BITS if digits is None else round(3.33 * digits) + 24
        self.order = order if digits is None else max(order, 4 + round(1.16 * digits))
        n = self.n = system.dim
        self.counts: Any = [0]
        self._end = 0
        self.crossed: dict[int, list[Interval]] = {}  # steps over kinks, and the rates there
        self.lengths: list[int] = []
        with precision(self.bits):
            self.ranges = [from_ball(_lifted(a)) for a in args]
            self._jets = Jets(system, self.order, [_lifted(a) for a in args], sign)
            self._tol = ball(tol) if digits is None else ball(2) ** (20 - self.bits)
            self.tol = float(self._tol)
            x0 = [_lifted(x) for x in start]
            self.given = ([_pair(x) for x in x0], [_pair(_lifted(a)) for a in args])
            m: list[Any] = [x.mid() for x in x0]
            one = [[ball(int(i == j)) for j in range(n)] for i in range(n)]
            r0 = [x - c for x, c in zip(x0, m, strict=True)]
            self.sets = [BallSet(m, one, one, r0, [ball(0)] * n)]

    @property
    def steps(self) -> int:
        return len(self.sets) - 1

    def go(self, end: int, most: int) -> int:
        self._end = end
        try:
            with precision(self.bits):
                for _ in range(most):
                    if self.counts[-1] >= end:
                        return DONE
                    status = self._step(end)
                    if status < 0:
                        return status
        finally:  # an interrupt may have come between the two
            del self.sets[len(self.counts) :]
        return DONE if self.counts[-1] >= end else PAUSED

    # ------------------------------------------------------------------ one step
    def _step(self, end: int) -> int:
        at = self.counts[-1]
        try:
            found = self._prove(self.sets[-1], at, end - at, None)
        except _REFUSED:
            return BOX
        if isinstance(found, int):
            return found
        ticks, e, jets, rest, points = found
        h = ball(ticks * self.unit)
        after = self._image(self.sets[-1], jets, points, rest, h)
        if not all(x.is_finite() for x in (*after.box(), *after.r, *after.r0)):
            return FRAME
        last = self.sets[-1]
        self.sets[-1] = last.within(e)
        self.sets.append(after)
        self.counts.append(at + ticks)
        return DONE

    def _time(self, ticks: int, h: Any = None) -> Any:
        t = ball(self.t0) + self.sign * ball(ticks * self.unit)
        return t if h is None else spread(t, t + self.sign * h)

    def _prove(self, s: BallSet, at: int, left: int, forced: int | None) -> Any:
        """Ticks of a step, its enclosure, the jets and the remainder's coefficient; or a status."""
        p, zero = self.order, ball(0)
        x = [m + spread(zero, d) for m, d in zip(s.m, s.displacement(), strict=True)]
        jets = self._jets.gradients(x, self._time(at), p)
        ticks, goal = self._guess(x, jets, left)
        ticks = forced or ticks
        points, size = None, zero
        for _ in range(60):
            h = ball(ticks * self.unit)
            e = [_range([c.value for c in row], h) + spread(-goal, goal) for row in jets]
            try:
                rest = [row[p + 1] for row in self._jets.coefficients(e, self._time(at, h), p + 1)]
            except _REFUSED:
                rest = None
            if rest is not None:
                size = max((magnitude(r) for r in rest), key=lambda r: r.mid() if r.is_finite() else ball(2) ** 10**6)
                if all(r.is_finite() for r in rest) and size * h ** (p + 1) < goal:
                    points = self._jets.coefficients(s.m, self._time(at), p)
                    return ticks, e, jets, rest, points
            if forced or ticks == 1:
                return DOMAIN if rest is None else SMALL
            shrink = 0.5
            if rest is not None and all(r.is_finite() for r in rest):
                ratio = float((size * h ** (p + 1) / goal).upper())
                shrink = min(0.97, (1.5 * ratio) ** (-1 / (p + 1))) if 0 < ratio < 1e300 else 0.5
            ticks = max(1, int(ticks * max(shrink, 0.25)))
        return SMALL

    def _guess(self, x: Sequence[Any], jets: list[list[Dual]], left: int) -> tuple[int, Any]:
        """Ticks at which the last two coefficients come down to g, and g: see :mod:`taylorad.validated.step`."""
        unit = self.unit.numerator.bit_length() - self.unit.denominator.bit_length()
        sizes = [max((magnitude(row[k].value) for row in jets), key=_log2) for k in (1, self.order - 1, self.order)]
        scale, speed, tol = max(map(_log2, map(magnitude, x))), _log2(sizes[0]), _log2(self._tol)
        found = unit + _log2(ball(left))
        for k, most in zip((self.order - 1, self.order), map(_log2, sizes[1:]), strict=True):
            found = min(found, max((tol + scale - most) / k, (tol + speed - most) / (k - 1)))
        ticks = max(1, min(left, int(2.0 ** max(0.0, found - unit))))
        return ticks, self._tol * ball(Fraction(2) ** round(max(scale, speed + found, -1000.0)))

    def _image(self, s: BallSet, jets: Any, points: Any, rest: Any, h: Any) -> BallSet:
        n = self.n
        a, moved = self._linear(jets, points, rest, h, h)
        m = [(x + d).mid() for x, d in zip(s.m, moved, strict=True)]
        z = [(x - y) + d for x, y, d in zip(s.m, m, moved, strict=True)]
        ac, ab = _product(a, s.C), _product(a, s.B)
        c = [[x.mid() for x in row] for row in ac]
        for i in range(n):
            z[i] = z[i] + sum(((ac[i][j] - c[i][j]) * s.r0[j] for j in range(n)), ball(0))
        q, back = _frame(ab, s.r)
        turned = _product(back, ab)
        r: list[Any] = [sum((turned[i][j] * s.r[j] + back[i][j] * z[j] for j in range(n)), ball(0)) for i in range(n)]
        r = [_roomy(x) for x in r]
        if max(map(magnitude, r)) > _FACTOR * max(map(magnitude, s.r0)):
            joined = _product(back, c)
            r0 = [r[i] + sum((joined[i][j] * s.r0[j] for j in range(n)), ball(0)) for i in range(n)]
            return BallSet(m, q, q, r0, [ball(0)] * n)
        return BallSet(m, c, q, s.r0, r)

    def _linear(self, jets: Any, points: Any, rest: Any, since: Any, until: Any) -> tuple[list[list[Any]], list[Any]]:
        """A ⊇ Σ Df^[k](x)·h^k and D ⊇ Σ_{k≥1} f^[k](m)·h^k + remainder, for all h between ``since`` and ``until``."""
        h, zeros = spread(since, until), [ball(0)] * self.n
        a = [[polynomial([(c.slopes or zeros)[j] for c in row], h) for j in range(self.n)] for row in jets]
        d = [polynomial(row[1:], h) * h + r * h ** (self.order + 1) for row, r in zip(points, rest, strict=True)]
        return a, d

    def last(self) -> list[Any]:
        """The box of the last set, as balls."""
        with precision(self.bits):
            return self.sets[-1].box()

    def cross(self, ticks: int, e: Sequence[Interval], rates: Sequence[Interval]) -> bool:
        """Append x + h·rates; False where the frame has no proved inverse."""
        s = self.sets[-1]
        with precision(self.bits):
            back = inverse(s.B)
            if back is None:
                return False
            moved = [m + ball(ticks * self.unit) * to_ball(rate) for m, rate in zip(s.m, rates, strict=True)]
            m = [x.mid() for x in moved]
            z = [x - y for x, y in zip(moved, m, strict=True)]
            r = [
                _roomy(x + sum((a * b for a, b in zip(q, z, strict=True)), ball(0)))
                for x, q in zip(s.r, back, strict=True)
            ]
            self.sets[-1] = s.within([to_ball(x) for x in e])
            self.crossed[self.steps] = list(rates)
            self.sets.append(BallSet(m, s.C, s.B, s.r0, r))
            self.counts.append(self.counts[-1] + ticks)
        return True

    # ------------------------------------------------------------------ boxes
    def _ends(self, rows: Sequence[Sequence[Any]]) -> tuple[np.ndarray, np.ndarray]:
        low, hi = (np.empty((len(rows), self.n), object if self.digits else np.float64) for _ in range(2))
        for i, row in enumerate(rows):
            for j, x in enumerate(row):
                if self.digits:
                    low[i, j], hi[i, j] = x.lower(), x.upper()
                else:
                    found = from_ball(x)
                    low[i, j], hi[i, j] = found.lo, found.hi
        return low, hi

    def boxes(self) -> tuple[np.ndarray, np.ndarray]:
        with precision(self.bits):
            return self._ends([s.box() for s in self.sets])

    def tube(self) -> tuple[np.ndarray, np.ndarray]:
        with precision(self.bits):
            return self._ends([s.e for s in self.sets[:-1] if s.e is not None])

    def view(self, step: int, since: Fraction, until: Fraction) -> tuple[np.ndarray, np.ndarray]:
        with precision(self.bits):
            s, at = self.sets[step], self.counts[step]
            if step in self.crossed:
                during = spread(ball(since), ball(until))
                moved = [x + during * to_ball(rate) for x, rate in zip(s.box(), self.crossed[step], strict=True)]
                low, hi = self._ends([moved])
                return low[0], hi[0]
            ticks = self.counts[step + 1] - at
            found = self._prove(s, at, self._end - at, ticks)
            if isinstance(found, int):
                raise UncertifiedError(f"step {step} could not be proved again; raise the digits")
            _, _, jets, rest, points = found
            a, moved = self._linear(jets, points, rest, ball(since), ball(until))
            ac, ab = _product(a, s.C), _product(a, s.B)
            box = [
                s.m[i] + moved[i] + sum((ac[i][j] * s.r0[j] + ab[i][j] * s.r[j] for j in range(self.n)), ball(0))
                for i in range(self.n)
            ]
            low, hi = self._ends([box])
            return low[0], hi[0]

    def wrap(self, low: np.ndarray, hi: np.ndarray) -> np.ndarray:
        if not self.digits:
            return intervals(low, hi)
        out = np.empty(low.shape, object)
        with precision(self.bits):
            for place, a in np.ndenumerate(low):
                out[place] = spread(a, hi[place])
        return out

    def sets_as_text(self) -> list[dict[str, Any]]:
        """Every set for a certificate."""
        out: list[dict[str, Any]] = []
        with precision(self.bits):
            for k, s in enumerate(self.sets):
                found: dict[str, Any] = {"m": [_text(x) for x in s.m], "d": ["0p0"] * self.n}
                found |= {name: [[_text(x) for x in row] for row in rows] for name, rows in (("C", s.C), ("B", s.B))}
                found |= {name: [_pair(x) for x in row] for name, row in (("r0", s.r0), ("r", s.r))}
                found["e"] = None if s.e is None else [_pair(x) for x in s.e]
                out.append(found | ({"kink": True} if k in self.crossed else {}))
        return out


def _roomy(x: Any) -> Any:
    """A little wider, so that what a check finds, whose radii are rounded elsewhere, comes to lie inside."""
    return x + (x - x.mid()) * ball(Fraction(1, 1 << 20))


def _text(x: Any) -> str:
    """An exact ball as mantissa and exponent."""
    mantissa, exponent = x.man_exp()
    return f"{int(mantissa)}p{int(exponent)}"


def _pair(x: Any) -> tuple[str, str]:
    return _text(x.lower()), _text(x.upper())


def _lifted(x: Any) -> Any:
    """What a user gives for a number, as a ball of the precision."""
    try:
        return exact_ball(x)
    except (DomainError, MixedRingError):
        return to_ball(interval(x))


def _range(c: Sequence[Any], h: Any) -> Any:
    """The range of a polynomial on [0, h]: its ends where the derivative has one sign, else Horner's rule."""
    step = spread(ball(0), h)
    slope = polynomial([k * c[k] for k in range(1, len(c))], step)
    if slope > 0 or slope < 0:
        return spread(c[0], polynomial(c, h))
    return polynomial(c, step)


def _product(a: Sequence[Sequence[Any]], b: Sequence[Sequence[Any]]) -> list[list[Any]]:
    columns = list(zip(*b, strict=True))
    return [[sum((x * y for x, y in zip(row, column, strict=True)), ball(0)) for column in columns] for row in a]


def _frame(ab: Sequence[Sequence[Any]], r: Sequence[Any]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Q of the columns of A·B, the longest times the width of r first, as exact floats; and its proved inverse."""
    n = len(ab)
    top = max((_log2(magnitude(x)) for row in ab for x in row), default=0.0)
    scale = ball(2) ** -round(top)
    middle = np.array([[float((x * scale).mid()) for x in row] for row in ab])
    lengths = [_log2(ball(float(x))) for x in np.linalg.norm(middle, axis=0)]
    keys = np.array([_log2(magnitude(x)) + length for x, length in zip(r, lengths, strict=True)])
    q = np.linalg.qr(middle[:, np.argsort(-keys, kind="stable")])[0] if np.isfinite(middle).all() else np.eye(n)
    rows = [[ball(float(x)) for x in row] for row in q]
    back = inverse(rows)
    if back is None or not all(x.is_finite() for row in back for x in row):
        rows = [[ball(int(i == j)) for j in range(n)] for i in range(n)]
        return rows, rows
    return rows, back


def _log2(x: Any) -> float:
    """log₂ of a ball's middle, about; −10⁹ for 0."""
    if not x.is_finite():
        return 1e9
    mantissa, exponent = x.mid().man_exp()
    mantissa, exponent = int(mantissa), int(exponent)
    if mantissa == 0:
        return -1e9
    bits = abs(mantissa).bit_length()
    return exponent + bits + 2.0 * (abs(mantissa) / (1 << bits)) - 2.0  # a straight line between powers
