"""Where functions vanish along a solution in many digits: found in doubles, and made sharp with the step's integers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.events import Event, node_of
from taylorad.ode.march import Piece
from taylorad.ode.precise import Expansion, fixed
from taylorad.ode.precise_dense import PreciseDense, objects
from taylorad.ode.precision import exact
from taylorad.ode.search import Search
from taylorad.ode.system import Shape
from taylorad.rings.integers import magnitude, shifted
from taylorad.rings.multiprecision import dyadic
from taylorad.run.interpret import run
from taylorad.series.node import Leaf
from taylorad.series.schedule import Schedule, schedule

__all__ = ["PreciseWatch", "roots_of"]

_MORE = 64  # bits beside those of the step, for functions of the solution
_PARTS = 64  # parts of a step, at the most, where a function varies faster than the solution
_TERMS = 200  # of a polynomial that is searched in doubles
_SAME = 40  # bits of a step within which two roots of one function are one
_NEWTON = 20  # steps of Newton's method, at the most


@final
class PreciseWatch:
    """Events along one integration; mutable. ``times`` (ticks) and ``states`` of each event, as far as it was taken."""

    def __init__(
        self,
        events: Sequence[Event],
        dim: int,
        shapes: Sequence[Shape],
        args: Sequence[tuple[Fraction, ...]],
        bits: int,
        complex: bool,
    ) -> None:
        for event in events:
            if event.changes:
                raise DomainError(f"event {event.name or event.g}: actions are for doubles, leave out precision=")
        if complex and events:
            raise DomainError("events of complex states are found in doubles, leave out precision=")
        self._events, self._args, self._bits, self._dim = events, args, bits, dim
        self._plans: list[Schedule] = [schedule([node_of(event, dim, shapes)]) for event in events]
        self.times: list[list[int]] = [[] for _ in events]
        self.states: list[list[tuple[Expansion, list[Any]]]] = [[] for _ in events]
        self._start: int | None = None

    def take(self, series: Expansion, end: int) -> int | None:
        """Note every root in a step; the tick of the first at which the integration stops."""
        self._start = series.start if self._start is None else self._start
        found: list[tuple[int, int]] = []
        for e, plan in enumerate(self._plans):
            if plan.roots[0].degree > 0:
                found += [(tick, e) for tick in self._roots(e, plan, series, end)]
        way = 1 if end > series.start else -1
        same = abs(end - series.start) >> _SAME
        for tick, e in sorted(found, key=lambda p: (way * p[0], p[1])):
            if self.times[e] and abs(tick - self.times[e][-1]) <= same:
                continue
            self.times[e].append(tick)
            self.states[e].append((series, series.at(tick)))
            event, later = self._events[e], sum(abs(t - self._start) > same for t in self.times[e])
            if event.terminal and abs(tick - self._start) > same and later >= int(event.terminal):
                return tick
        return None

    # ------------------------------------------------------------------ roots of one function in one step
    def _roots(self, e: int, plan: Schedule, series: Expansion, end: int) -> list[int]:
        parts = 1
        while True:
            cuts = [series.start + (end - series.start) * i // parts for i in range(parts + 1)]
            rows = [self._expanded(plan, series, cut) for cut in cuts[:-1]]
            spans = [(b - a, row) for a, b, row in zip(cuts, cuts[1:], rows, strict=False)]
            if parts >= _PARTS or all(self._accurate(row, span, series) for span, row in spans):
                break
            parts *= 2
        found: list[int] = []
        for cut, (span, row) in zip(cuts, spans, strict=False):
            found += [cut + x for x in self._sharp(e, row, span, series)]
        return found

    def _expanded(self, plan: Schedule, series: Expansion, tick: int) -> list[Any]:
        """The function's series in scaled time about a time inside of the step, in a ring of more bits."""
        ring = type(series.ring)(series.ring.bits + _MORE)
        x = shifted(tick - series.start, series.ring.bits - series.clock - series.unit)
        order = len(series.rows[0]) - 1
        zero = ring.element((0,), 0)
        later = [zero] * (order - 1)
        moved = (_moved(row, x, series.ring.bits) for row in series.rows)
        leaves: list[Any] = [[ring.element((m,), series.ring.bits) for m in row] for row in moved]
        leaves.append([ring.element((tick,), series.clock), ring.element((1,), -series.unit), *later])
        leaves += [[ring.element((fixed(a[0], ring.bits),), ring.bits), zero, *later] for a in self._args]
        return run(plan, ring, leaves, order)[0]

    def _scaled(self, row: Sequence[Any], span: int, series: Expansion) -> np.ndarray:
        """Σ a_k s^k with s from 0 to 1 in doubles, the largest coefficient about 1."""
        step, twos = np.frexp(float(Fraction(span, 1 << series.clock) / Fraction(2) ** series.unit))
        bits = [int(c).bit_length() for c in row]
        heads = np.array([float(shifted(int(c), 64 - b)) for c, b in zip(row, bits, strict=True)])
        k = np.arange(len(row))
        exponents = np.array(bits) + k * int(twos)
        return np.ldexp(heads * step**k, np.maximum(exponents - exponents.max() - 64, -2000))

    def _accurate(self, row: Sequence[Any], span: int, series: Expansion) -> bool:
        step = magnitude(abs(span)) - series.clock - series.unit
        sizes = [magnitude(int(c)) + k * step for k, c in enumerate(row)]
        return max(sizes[-2:]) <= max(sizes) - self._bits + 60

    def _sharp(self, e: int, row: Sequence[Any], span: int, series: Expansion) -> list[int]:
        """Roots in ticks from the beginning of a part: Newton's method, for a root of order m on derivative m − 1."""
        a = self._scaled(row[:_TERMS], span, series)
        if not np.any(a):
            return []
        search = Search([Leaf.of(0)], 1, np.zeros(0), [float(np.sign(self._events[e].direction))])
        hits = search.take(Piece(np.array([[0.0, 0.0], [1.0, 0.0]]), a[None, :, None]))
        ring = type(series.ring)(series.ring.bits + _MORE)
        scale = ring.bits - series.clock - series.unit
        found: list[int] = []
        for part, m in zip(hits.part.tolist(), hits.times.tolist(), strict=True):
            x = shifted(int(Fraction(part) * span), scale)
            for _ in range(_NEWTON):
                slope = int(ring.at(row, x, m))
                change = (int(ring.at(row, x, m - 1)) << ring.bits) // slope if slope else 0
                x -= change
                if abs(change) < 1 << _MORE:
                    break
            found.append(shifted(x, -scale))
        return found


def roots_of(g: Any, dense: PreciseDense, args: Sequence[Any]) -> np.ndarray:
    """The times at which ``g`` vanishes along a solution, mpmath numbers in the order of integration."""
    flat = [(exact(x, "an argument"),) for a in args for x in np.asarray(a, object).ravel()]
    first, shapes = dense.pieces[0], [np.shape(a) for a in args]
    watch = PreciseWatch([Event.of(g)], len(first.rows), shapes, flat, dense.bits, first.ring.complex)
    for piece, end in zip(dense.pieces, dense.ends[1:], strict=True):
        watch.take(piece, end)
    return objects([dyadic(tick, -first.clock, dense.bits) for tick in watch.times[0]])


def _moved(row: Sequence[Any], x: int, bits: int) -> list[int]:
    """The coefficients of a polynomial about x."""
    out = [int(c) for c in row]
    if x:
        for k in range(len(out) - 1):
            for j in range(len(out) - 2, k - 1, -1):
                out[j] += out[j + 1] * x >> bits
    return out
