"""Taylor's method to any number of digits: the book's recurrences over fixed-point integers, step by step.

Time is scaled in every step by a power of two near the radius of convergence, so that the coefficients of a series are
of like size and integers hold them. How many bits they need is read off the graph: what rounds a node off must be small
beside the error that the node inherits from states with the digits asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

from taylorad.errors import DomainError
from taylorad.ode.loop import Outcome
from taylorad.ode.precision import size
from taylorad.ode.system import System, placeholders
from taylorad.rings.fixed import FixedRing
from taylorad.rings.integers import shifted
from taylorad.run.interpret import bind
from taylorad.series.node import Constant, Function, Linear, Node, Product, Quotient, Theta
from taylorad.series.schedule import schedule

__all__ = ["Expansion", "Place", "Precise", "fixed", "order_for", "scaled"]

_GUARD = 24  # bits of rounding below the error that is inherited
_SAFETY = -3.9  # of the step size; the same rule as in machine code (Jorba and Zou 2005)
_DEFECT = 10.0  # how far, in tolerances, a step's end may be from the derivative it predicted
_LOOK = 12  # order of the first look at an unknown series
_HALVES = 30  # of a step whose end does not continue it
_TRIES = 4  # of a unit and bits for one series
_BEYOND = 8  # bits by which a step beyond its unit of time may enlarge roundings
_SPARE = 30  # bits below atol that a state keeps


def order_for(digits: float) -> int:
    """The order for a tolerance of 10^−digits.

    A step costs about K·(a + b·K) and gets as far as ρ·10^(−digits/K): between 1.15·digits (Jorba and Zou), where sums
    are all of the cost, and twice that, where every order costs the same.
    """
    return 8 + round(1.15 * digits + 3.5 * digits**0.5)


def scaled(rhs: Sequence[Node], n_args: int) -> System:
    """The system x′ = unit·f in scaled time; the unit is one more argument, the last."""
    unit = placeholders(len(rhs), n_args + 1)[2][-1]
    return System.of([unit * f for f in rhs], n_args + 1)


@final
@dataclass(frozen=True, slots=True)
class Place:
    """A time on the clock and the state there, integers at the scale 2^−bits."""

    t: int
    y: tuple[tuple[int, ...], ...]
    bits: int


@final
@dataclass(frozen=True, slots=True)
class Expansion:
    """``rows[i]`` are the coefficients of component i in (t − start)/2^unit, elements of ``ring``."""

    start: int
    clock: int
    unit: int
    ring: FixedRing
    rows: Sequence[Any]

    def at(self, t: int, derivative: int = 0) -> list[Any]:
        """The state at a time on the clock, or a derivative with respect to scaled time."""
        x = self.ring.integer(shifted(t - self.start, self.ring.bits - self.clock - self.unit))
        return [self.ring.at(row, x, derivative) for row in self.rows]


@final
class Precise:
    """A solution on its way from ``here``; mutable. Not rigorous."""

    def __init__(
        self,
        system: System,
        span: tuple[Fraction, Fraction],
        y0: Sequence[tuple[Fraction, ...]],
        args: Sequence[tuple[Fraction, ...]],
        rtol: Sequence[float],
        atol: Sequence[float],
        max_step: float,
        order: int,
        bits: int,
        ring: Callable[[int], FixedRing] = FixedRing,
    ) -> None:
        """``system`` is one of :func:`scaled`, ``rtol`` and ``atol`` are sizes, ``bits`` are kept."""
        self.order, self.rejected, self._bits, self.ring = order, 0, bits, ring
        self._plan, self.args = schedule(system.states), args
        self._rtol, self._atol, self._max = rtol, atol, size(Fraction(max_step)) if max_step < math.inf else math.inf
        self.clock = bits + 64 + max(0, -_whole(size(span[1] - span[0]))) if span[0] != span[1] else bits + 64
        least = min((size(x) for parts in y0 for x in parts if x), default=0.0)
        scale = bits + 64 + max(0, -_whole(least))
        self.here = Place(self.time(span[0]), tuple(tuple(fixed(x, scale) for x in parts) for parts in y0), scale)
        self._unit: int | None = None
        self._sizes: dict[Node, float] = {}
        self._next: Expansion | None = None
        growing = (round(1.5**i) for i in range(3, 60))  # coefficients that tell the size of a series
        self._some = sorted({0, 1, 2, 3, order - 1, order, *(k for k in growing if k < order)})

    def time(self, t: Fraction) -> int:
        """A time on the clock."""
        return fixed(t, self.clock)

    def step(self, end: int) -> tuple[Outcome, Expansion | None]:
        """One step towards ``end``, and the series that it followed.

        A step counts when the series at its end agrees with the derivative that it predicts there; else it is halved.
        """
        if end == self.here.t:
            return Outcome.DONE, None
        before, left = self.here, abs(end - self.here.t)
        series = self._next or self._expand(before, left)
        if series is None:
            return Outcome.SINGULAR, None
        longest = series.unit + _BEYOND / self.order  # beyond that, roundings of high coefficients would count
        h = min(left, self._ticks(min(self._length(series), self._max, longest)))
        for _ in range(_HALVES):
            if h.bit_length() <= max(8, abs(before.t).bit_length() - self._bits):
                self.here, self._next = before, series
                return Outcome.STUCK, None
            t = before.t + (h if end > before.t else -h)
            self.here = Place(t, tuple(series.ring.parts(x) for x in series.at(t)), series.ring.bits)
            self._unit = self._above(h)
            self._next = self._expand(self.here, abs(end - t) or h)
            if self._next is not None and not self._off(series, self._next, h):
                return Outcome.PAUSED, series
            self.rejected += 1
            h //= 2
        self.here, self._next = before, series
        return Outcome.SINGULAR, None

    def _ticks(self, length: float) -> int:
        """2^length on the clock."""
        if length > self.clock + 4096:
            return 1 << (2 * self.clock + 4096)
        whole = _whole(length)
        return shifted(int(2.0 ** (length - whole + 52)), whole - 52 + self.clock)

    def _above(self, h: int) -> int:
        """The unit of time after a step h: a power of 2 between two and four steps."""
        return h.bit_length() - self.clock + 1

    # ------------------------------------------------------------------ the series
    def _expand(self, place: Place, left: int) -> Expansion | None:
        """The solution's series at a place, with a unit and bits that suit it; None where there is none."""
        try:
            if self._unit is None:
                self._look(place, left)
            made = None
            for _ in range(_TRIES):
                assert self._unit is not None
                made, store = self._run(place, self._unit, self._needed(), self.order)
                of = made.ring.magnitude
                sizes = {n: max(of(row[k]) for k in self._some if k < len(row)) for n, row in store.items()}
                enough = self._needed(sizes) <= made.ring.bits + _GUARD // 2
                self._sizes = sizes
                h = min(self._length(made), self._max, size(Fraction(left, 1 << self.clock)))
                if enough and h <= self._unit + _BEYOND / self.order:
                    return made
                self._unit = max(self._unit, _whole(h) + 2)
        except DomainError:
            return None
        return made

    def _run(self, place: Place, unit: int, bits: int, order: int) -> tuple[Expansion, dict[Node, Any]]:
        ring = self.ring(bits)
        one, zero = ring.element((1,), -unit), ring.element((0,), 0)
        later = [zero] * order
        leaves: list[Any] = [[ring.element(parts, place.bits), *later] for parts in place.y]
        leaves.append([ring.element((place.t,), self.clock), one, *later[1:]])
        leaves += [[ring.element(tuple(fixed(x, bits) for x in parts), bits), *later] for parts in self.args]
        leaves.append([one, *later])
        store, steps = bind(self._plan, ring, leaves, order)
        for n in self._plan.first:
            if n.degree == 0 and len(store[n]) == 1:
                store[n].extend(later)
        for k in range(1, order + 1):
            for n, advance in steps:
                store[n].append(advance(k))
        ring.forget()
        return Expansion(place.t, self.clock, unit, ring, [store[n] for n in self._plan.roots]), store

    def _look(self, place: Place, left: int) -> None:
        """A first guess of unit and sizes, from a few coefficients in many bits."""
        self._unit = 0
        largest = size(Fraction(left, 1 << self.clock))
        bits = 4 * self._bits + 1000
        made, store = self._run(place, 0, bits, _LOOK)
        grows = [
            (made.ring.magnitude(row[k]) - max(made.ring.magnitude(x) for x in row[:4])) / k
            for row in made.rows
            for k in range(_LOOK // 2, _LOOK + 1)
            if row[k] and any(row[:4])
        ]
        radius = min(largest, self._max, -max(grows, default=-largest))
        self._unit = _whole(radius)
        of, unit = made.ring.magnitude, self._unit
        self._sizes = {n: max(of(x) + k * unit for k, x in enumerate(row[: _LOOK + 1])) for n, row in store.items()}

    # ------------------------------------------------------------------ bits
    def _needed(self, sizes: dict[Node, float] | None = None) -> int:
        """Bits after the point such that no node is rounded off worse than the error that it inherits.

        A state has the digits asked for, relative to the largest of its terms, or those that atol asks for; functions
        have relative ones, or what their differential passes on.
        """
        found = self._sizes if sizes is None else sizes
        own = {n: found[n] - self._bits for n in self._plan.first}
        for state, atol in zip(self._plan.roots, self._atol, strict=True):
            own[state] = max(own[state], atol - _SPARE)
        error = dict(own)
        for n in (*self._plan.first, *self._plan.first):  # a differential comes after its function: twice
            match n:
                case Constant():
                    error[n] = -math.inf
                case Linear(terms):
                    error[n] = max(size(Fraction(f)) + error[a] for f, a in terms)
                case Product(a, b):
                    error[n] = max(found[a] + error[b], found[b] + error[a])
                case Quotient(a, b):
                    error[n] = max(own[n], error[a] - found[b], found[n] + error[b] - found[b])
                case Theta(a):
                    error[n] = error[a]
                case Function() if n.degree > 0 and n.exponent is None:
                    error[n] = max(own[n], error[n.differential])
                case _:
                    pass
        least = min((e for e in error.values() if e > -math.inf), default=0.0)
        short = -self._unit if self._unit is not None else 0  # bits of a short unit of time
        return max(16 + short, min(_GUARD - _whole(least), 6 * self._bits + 1000 + max(0, short)))

    # ------------------------------------------------------------------ the size of a step
    def _length(self, series: Expansion) -> float:
        """The size of a step: see :mod:`taylorad.ode.loop`."""
        of, out = series.ring.magnitude, math.inf
        for row, rtol, atol in zip(series.rows, self._rtol, self._atol, strict=True):
            own, moved = _sum(of(row[0]) + rtol, atol), of(row[1]) + rtol
            for p in (self.order - 1, self.order):
                x = of(row[p])
                if x > -math.inf:
                    out = min(out, max((_SAFETY + own - x) / p, (_SAFETY + moved - x) / (p - 1)))
        return out + series.unit

    def _off(self, series: Expansion, after: Expansion, h: int) -> bool:
        """Whether the derivative at the end of a step is not what the step predicted."""
        bits = min(series.ring.bits + series.unit, after.ring.bits + after.unit)
        predicted = [series.ring.parts(x) for x in series.at(after.start, 1)]
        found = [after.ring.parts(row[1]) for row in after.rows]
        gap, scale = 0, -math.inf
        down, back = bits - series.ring.bits - series.unit, bits - after.ring.bits - after.unit
        for p, q in zip(predicted, found, strict=True):
            gap = max([gap, *(abs(shifted(a, down) - shifted(b, back)) for a, b in zip(p, q, strict=True))])
        for row, rtol, atol in zip(after.rows, self._rtol, self._atol, strict=True):
            scale = max(scale, _sum(after.ring.magnitude(row[0]) + rtol, atol))
        return size(Fraction(gap * h, 1 << self.clock)) - bits > scale + _DEFECT


def fixed(x: Fraction, bits: int) -> int:
    """x at the scale 2^−bits."""
    return (x.numerator << bits) // x.denominator if bits >= 0 else x.numerator // (x.denominator << -bits)


def _whole(x: float) -> int:
    """The integer at or below x."""
    return int(x // 1)


def _sum(a: float, b: float) -> float:
    """The logarithm of 2^a + 2^b, to within 0.09."""
    high, low = max(a, b), min(a, b)
    return high if low == -math.inf else high + 2.0 ** max(low - high, -1000.0)
