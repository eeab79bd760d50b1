"""Where functions of a solution vanish: all roots in every step, tangent ones included, without changing a step.

The Taylor polynomial of g along a step is expanded on [0, 1]; where its Bernstein coefficients have one sign it has no
root (the polynomial lies in their hull: Farin, Curves and Surfaces for CAGD, §5). The few steps that are left are cut
at the roots of the derivative; between them the polynomial is monotone and has one root or none. A critical point where
it vanishes up to rounding is a root of even order, or an odd one if the sign changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import comb
from typing import Any, final

import numpy as np

from taylorad.ode.dense import evaluate
from taylorad.ode.march import Piece
from taylorad.ode.system import Shape, traced
from taylorad.run.kernel import compile_plan
from taylorad.series.node import Node
from taylorad.series.schedule import schedule

__all__ = ["Event", "Hit", "Watch", "all_hits", "first_crossing", "polynomial_roots"]

_EPS = 2.0**-52
_ROUNDING = 64.0  # units of rounding of Σ |g_k| h^k below which a value is zero


@final
@dataclass(frozen=True, slots=True)
class Event:
    """g(t, y, *args) = 0.

    ``terminal``: False, True, or after how many hits to stop (scipy's meaning). ``direction``: 1 for roots where g
    rises in the direction of integration, −1 where it falls, 0 for all, tangent ones too. A root at t0 is reported,
    but does not stop the integration.
    """

    g: Callable[..., Any]
    terminal: bool | int = False
    direction: float = 0
    name: str = ""

    @staticmethod
    def of(g: Any) -> Event:
        """A function with scipy's attributes ``terminal`` and ``direction``, or an Event."""
        if isinstance(g, Event):
            return g
        return Event(g, getattr(g, "terminal", False), getattr(g, "direction", 0), getattr(g, "__name__", ""))


@final
@dataclass(frozen=True, slots=True)
class Hit:
    """One root: step ``index`` at the fraction ``part`` of its length; ``rise`` is 1, −1, or 0 where g only touches."""

    index: int
    part: float
    t: float
    rise: int


@final
@dataclass
class Watch:
    """Events along one integration; mutable."""

    events: Sequence[Event]
    nodes: Sequence[Node]
    args: np.ndarray
    times: list[list[float]] = field(default_factory=list)
    states: list[list[np.ndarray]] = field(default_factory=list)
    start: float | None = None

    @staticmethod
    def of(events: Sequence[Event], dim: int, shapes: Sequence[Shape], args: np.ndarray) -> Watch:
        """Trace the events; TraceError where one cannot be."""
        from taylorad.errors import TraceError

        nodes: list[Node] = []
        for event in events:
            found = traced(event.g, dim, shapes, name=event.name or "event")
            if len(found) != 1:
                raise TraceError(f"event {event.name or event.g} returns {len(found)} values; an event is one number")
            nodes += found
        return Watch(events, nodes, args, [[] for _ in events], [[] for _ in events])

    def take(self, piece: Piece, end: np.ndarray) -> Hit | None:
        """Note every root in some steps that lead to the state ``end``, up to the first that stops the integration.

        That one is returned.
        """
        if not len(piece):
            return None
        if self.start is None:
            self.start = float(piece.times[0, 0])
        h = piece.lengths
        hits: list[tuple[Hit, int]] = []
        for e, found in enumerate(all_hits(self.nodes, piece, end, self.args)):
            hits += [(hit, e) for hit in found]
        way = 1.0 if h[0] > 0 else -1.0
        hits.sort(key=lambda p: (way * p[0].t, p[1]))
        for hit, e in hits:
            event = self.events[e]
            if event.direction * hit.rise < 0 or (event.direction != 0 and hit.rise == 0):
                continue
            known = self.times[e]
            if known and abs(hit.t - known[-1]) <= 1e-9 * abs(h[hit.index]):
                continue
            known.append(hit.t)
            self.states[e].append(evaluate(piece, np.array([hit.index]), np.array([hit.t]))[0])
            at_start = abs(hit.t - self.start) <= 1e-12 * abs(h[0])
            if event.terminal and not at_start:
                past = [t for t in known if abs(t - self.start) > 1e-12 * abs(h[0])]
                if len(past) >= int(event.terminal):
                    return hit
        return None


def series_along(nodes: Sequence[Node], piece: Piece, args: np.ndarray) -> list[np.ndarray]:
    """The coefficients (K+1, n) of functions of (t, y, args) along n steps."""
    return _coefficients(nodes, piece.coefficients, piece.times[:-1].sum(axis=1), args)


def values_at(nodes: Sequence[Node], piece: Piece, end: np.ndarray, args: np.ndarray) -> list[np.ndarray]:
    """Functions of (t, y, args) at the n+1 ends of n steps; ``end`` is the last state."""
    states = np.concatenate([piece.coefficients[:, 0], end[None]])[:, None]
    return [g[0] for g in _coefficients(nodes, states, piece.times.sum(axis=1), args)]


def _coefficients(nodes: Sequence[Node], c: np.ndarray, times: np.ndarray, args: np.ndarray) -> list[np.ndarray]:
    n, K = len(c), c.shape[1] - 1
    leaves = [np.ascontiguousarray(c[:, :, i].T) for i in range(c.shape[2])]
    leaves += [np.stack([times, np.ones(n)]), *(np.full((1, n), a) for a in args)]
    kernel = compile_plan(schedule(nodes))
    found = kernel(leaves[: len(kernel.degrees)], K)
    return [np.broadcast_to(g.reshape(K + 1, -1), (K + 1, n)) for g in found]


def first_crossing(nodes: Sequence[Node], piece: Piece, end: np.ndarray, args: np.ndarray) -> tuple[int, Hit] | None:
    """The first root with a change of sign after the beginning of some steps, and the number of its function."""
    found = [
        (hit, e)
        for e, hits in enumerate(all_hits(nodes, piece, end, args))
        for hit in hits
        if hit.rise and (hit.index > 0 or hit.part > 1e-12)
    ]
    if not found:
        return None
    hit, e = min(found, key=lambda p: (p[0].index, p[0].part))
    return e, hit


def all_hits(nodes: Sequence[Node], piece: Piece, end: np.ndarray, args: np.ndarray) -> list[list[Hit]]:
    """Every root of each function in each step; ``end`` is the state at the end of the last one."""
    both = zip(series_along(nodes, piece, args), values_at(nodes, piece, end, args), strict=True)
    return [_hits(g, values, piece.times, piece.lengths) for g, values in both]


def _hits(g: np.ndarray, values: np.ndarray, times: np.ndarray, h: np.ndarray) -> list[Hit]:
    K = len(g) - 1
    scaled = g * h ** np.arange(K + 1)[:, None]
    rounding = _ROUNDING * _EPS * np.abs(scaled).sum(axis=0)
    size = rounding + 2 * np.abs(scaled[-2:]).sum(axis=0)  # what the truncated series leaves open
    hull = _bernstein(K) @ scaled
    signs = np.sign(values) * (np.abs(values) > np.append(rounding, rounding[-1]))
    changed = signs[1:] * signs[:-1] < 0
    near = (hull.min(axis=0) <= size) & (hull.max(axis=0) >= -size) & (rounding > 0)
    out: list[Hit] = []
    for i in np.flatnonzero(near | changed):
        found = polynomial_roots(scaled[:, i], float(size[i]), float(rounding[i]))
        crossings = [r for r in found if r[1]]
        if signs[i] * signs[i + 1] and changed[i] != len(crossings) % 2:  # a root at the very end of the step
            if changed[i]:
                found.append((1.0, int(signs[i + 1])))
            else:
                found.remove(crossings[-1])
        out += [Hit(int(i), s, float(times[i, 0] + (times[i, 1] + s * h[i])), rise) for s, rise in found]
    return out


_matrices: dict[int, np.ndarray] = {}


def _bernstein(K: int) -> np.ndarray:
    """From powers to Bernstein polynomials on [0, 1]: b_i = Σ_j C(i,j)/C(K,j) a_j."""
    if K not in _matrices:
        rows = [[comb(i, j) / comb(K, j) if j <= i else 0.0 for j in range(K + 1)] for i in range(K + 1)]
        _matrices[K] = np.array(rows)
    return _matrices[K]


def polynomial_roots(a: np.ndarray, size: float, rounding: float) -> list[tuple[float, int]]:
    """The roots of Σ a_k s^k in [0, 1], rising, each with 1, −1 or 0 as the polynomial rises, falls or touches there.

    A value below ``size`` is zero where the slope is too; at the ends one below ``rounding`` is. Cost: some hundred
    evaluations.
    """
    slope = a[1:] * np.arange(1, len(a))
    steep = float(np.abs(slope).sum())
    cuts = [0.0, *sorted(_crossings(slope, _EPS * steep)), 1.0]
    signs: list[int] = []
    for c in cuts:
        value = _value(a, c)
        edge = c in (0.0, 1.0)
        zero = abs(value) <= (rounding if edge and abs(_value(slope, c)) > 1e-6 * steep else size)
        signs.append(0 if zero else 1 if value > 0 else -1)
    out: list[tuple[float, int]] = []
    for i, c in enumerate(cuts):
        if signs[i] == 0 and (i == 0 or signs[i - 1] != 0):  # a run of zeros is one root
            left = signs[i - 1] if i else 0
            right = next((s for s in signs[i:] if s), 0)
            if i == 0 or right == 0:
                flat = abs(_value(slope, c)) <= 1e-6 * steep
                out.append((c, 0 if flat else right or -left))
            else:
                out.append((c, 0 if left == right else right))
        if i + 1 < len(cuts) and signs[i] * signs[i + 1] < 0:
            out.append((_bisect(a, c, cuts[i + 1]), signs[i + 1]))
    return sorted(out)


def _value(a: np.ndarray, s: float) -> float:
    total = 0.0
    for c in a[::-1].tolist():
        total = total * s + c
    return total


def _bisect(a: np.ndarray, low: float, high: float) -> float:
    """The root between two points where the signs differ: Newton's method, and bisection where it leaves them."""
    slope = a[1:] * np.arange(1, len(a))
    rising = _value(a, high) > 0
    s = (low + high) / 2
    for _ in range(100):
        value, steep = _value(a, s), _value(slope, s)
        if value == 0:
            return s
        low, high = (low, s) if (value > 0) == rising else (s, high)
        step = value / steep if steep else float("inf")
        after = s - step if low < s - step < high else (low + high) / 2
        if abs(after - s) <= 2 * _EPS * abs(s):
            return after
        s = after
    return s


def _crossings(a: np.ndarray, size: float) -> list[float]:
    """Where a polynomial changes its sign inside of (0, 1), by bisection of its Bernstein form."""
    out: list[float] = []
    todo = [(_bernstein(len(a) - 1) @ a, 0.0, 1.0)]
    while todo:
        b, low, high = todo.pop()
        signs = b[np.abs(b) > size] > 0
        changes = int(np.count_nonzero(signs[1:] != signs[:-1]))
        if changes == 0:
            continue
        if changes == 1 and _value(a, low) * _value(a, high) < 0:
            out.append(_bisect(a, low, high))
            continue
        middle = (low + high) / 2
        if high - low < 1e-7:
            out.append(middle)
            continue
        left, right = _split(b)
        todo += [(left, low, middle), (right, middle, high)]
    return out


def _split(b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """De Casteljau's algorithm at 1/2."""
    left, right = np.empty_like(b), np.empty_like(b)
    row = b
    for i in range(len(b)):
        left[i], right[len(b) - 1 - i] = row[0], row[-1]
        row = (row[1:] + row[:-1]) / 2
    return left, right
