"""The one-step oracle: a step of the integrator beside the solution to 300 bits at exactly the same h.

Final boxes are wide enough to forgive a wrong rounding or a missing remainder; one step from a point is not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import flint
import numpy as np
from systems import kepler

from taylorad.ode.system import System, traced
from taylorad.rings.balls import BallRing, precision
from taylorad.rings.intervals import Interval
from taylorad.run.interpret import run
from taylorad.series.schedule import schedule
from taylorad.validated.doubleton import Fields
from taylorad.validated.flow import Flow, Track, flow

UNIT = Fraction(1, 2**40)


def lorenz(t: Any, y: Any) -> list[Any]:
    return [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - Fraction(8, 3) * y[2]]


def pendulum(t: Any, y: Any) -> list[Any]:
    return [y[1], -np.sin(y[0]) - Fraction(1, 10) * y[1] + Fraction(4, 5) * np.cos(t)]


def mixture(t: Any, y: Any) -> list[Any]:
    """Functions of all kinds: exponentials, logarithms, roots, inverse functions, quotients and the time itself."""
    a = np.exp(-y[0]) * np.arctan(y[1] + t) + 1 / (2 + y[0] ** 2)
    return [a - y[1], np.log(3 + y[1]) / np.sqrt(2 + np.tanh(y[0])) - t * y[0]]


def single(t: Any, y: Any) -> list[Any]:
    return [y[0] * (1 - y[0]) + t / 5]


def chain(t: Any, y: Any) -> list[Any]:
    """Four masses between walls: eight equations, so that matrices are loops, and sums enough to be calls."""
    q = [0, y[0], y[1], y[2], y[3], 0]
    forces = [q[i + 1] - 2 * q[i] + q[i - 1] + (q[i + 1] - q[i]) ** 3 - (q[i] - q[i - 1]) ** 3 for i in range(1, 5)]
    return [y[4], y[5], y[6], y[7], *forces]


def mesh(t: Any, y: Any) -> list[Any]:
    """Twenty products: more sums than are written out, in more lanes than fit one loop."""
    pairs = [y[i] * y[j] for i in range(4) for j in range(i, 4)]
    triples = [p * (y[k % 4] - t) for k, p in enumerate(pairs)]
    return [sum(pairs[i::4]) - y[i] + sum(triples[3 - i :: 4]) / 10 for i in range(4)]


def driven(t: Any, y: Any) -> list[Any]:
    """Polynomials of time: few coefficients, no derivatives, and sums that begin and end elsewhere."""
    return [y[1] * y[0] / (3 + t**2) - t**3 * y[1], (y[0] + t) / (1 + t**4) - (1 + y[1] ** 2) ** t]


RANGES: dict[Callable[..., Any], list[tuple[float, float]]] = {
    lorenz: [(-18, 18), (-20, 20), (5, 40)],
    kepler: [(0.4, 1.2), (-0.6, 0.6), (-0.5, 0.5), (0.6, 1.2)],
    pendulum: [(-3, 3), (-2, 2)],
    mixture: [(-1, 1), (-1, 1)],
    single: [(-0.5, 1.5)],
    chain: [(-1, 1)] * 8,
    mesh: [(-1, 1)] * 4,
    driven: [(-1, 1), (-1, 1)],
}


def generated(seed: int) -> Callable[..., Any]:
    """A random right-hand side, with the time in it."""
    dim = random.Random(seed).randrange(1, 5)

    def f(t: Any, y: Any) -> list[Any]:
        rnd = random.Random(f"body {seed}")

        def some(depth: int) -> Any:
            if depth == 0:
                return rnd.choice([*y, *y, t, 2 + t**2])
            a, b = some(depth - 1), some(rnd.randrange(depth))
            made: list[Callable[[], Any]] = [
                *(lambda: a + b, lambda: a - b / 3, lambda: a * b, lambda: a * b - b),
                *(lambda: a / (2 + b * b), lambda: a / (1 + t**4), lambda: a**3 - t, lambda: (2 + a * a) ** t),
                *(lambda: np.sin(a) * b, lambda: b * np.cos(a), lambda: np.exp(-a * a), lambda: np.tanh(a - b)),
                *(lambda: np.sqrt(2 + a * a), lambda: np.log(3 + b * b) * a, lambda: np.arctan(a + b)),
            ]
            return rnd.choice(made)()

        return [some(3) - x for x in y]

    f.__name__ = f"generated {seed}"
    RANGES[f] = [(-1, 1)] * dim
    return f


def system(f: Callable[..., Any]) -> System:
    return System.of(traced(f, len(RANGES[f])))


class Unresolved(Exception):
    """The solution explodes: its series does not converge over the shortest step, so nothing can be compared."""


def solution(s: System, y: Sequence[Fraction], t: Fraction, h: Fraction, order: int = 70) -> list[Any]:
    """The solution at t + h as balls: the truncation of the series is far below 300 bits at the steps of the tests."""
    with precision(300):
        ring = BallRing()

        def ball(q: Fraction) -> Any:
            return flint.arb(flint.fmpq(q.numerator, q.denominator))

        zero = flint.arb(0)
        leaves = [[ball(x), *[zero] * order] for x in y] + [[ball(t), flint.arb(1), *[zero] * (order - 1)]]
        out = []
        for c in run(schedule(s.states), ring, leaves, order):
            total, size = c[order], abs(c[order]) * ball(h) ** order
            for k in range(order - 1, -1, -1):
                total = total * ball(h) + c[k]
            if not size < 1e-40:  # two steps of half the length
                if h <= UNIT:
                    raise Unresolved
                between = [_middle(v) for v in solution(s, y, t, h / 2, order)]
                return solution(s, between, t + h / 2, h / 2, order)
            out.append(total)
        return out


def exactly(record: np.ndarray, f: Fields) -> list[tuple[Fraction, Fraction]]:
    """The box of a set, in rational numbers."""
    out: list[tuple[Fraction, Fraction]] = []
    for i in range(f.n):
        low = hi = Fraction(float(record[f.m + i])) + Fraction(float(record[f.d + i]))
        for matrix, vector in ((f.C, f.r0), (f.B, f.r)):
            for j in range(f.n):
                a = Fraction(float(record[matrix + j * f.width + i]))
                ends = [-Fraction(float(record[vector + j])), Fraction(float(record[vector + f.width + j]))]
                assert ends[0] <= ends[1], "an interval is upside down"
                low, hi = low + min(a * x for x in ends), hi + max(a * x for x in ends)
        out.append((low, hi))
    return out


def tube(track: Track, k: int) -> list[tuple[Fraction, Fraction]]:
    """What encloses the solution during step k."""
    low, hi = track.tube()
    return [(Fraction(float(a)), Fraction(float(b))) for a, b in zip(low[k], hi[k], strict=True)]


def contains(box: Sequence[tuple[Fraction, Fraction]], values: Sequence[Any]) -> bool:
    with precision(400):
        return all(
            bool(flint.arb(flint.fmpq(a.numerator, a.denominator)) <= v)
            and bool(v <= flint.arb(flint.fmpq(b.numerator, b.denominator)))
            for (a, b), v in zip(box, values, strict=True)
        )


def one_step(made: Flow, start: Sequence[Interval], t: Fraction, tol: float) -> tuple[Track, Fraction] | None:
    track = Track(made, start, [], t, UNIT, 1, tol)
    track.go(1 << 50, 1)
    return (track, int(track.counts[1]) * UNIT) if track.steps else None


def points(
    f: Callable[..., Any], order: int, tol: float, count: int, flaws: frozenset[str] = frozenset()
) -> Iterator[bool]:
    """Whether each of ``count`` steps from random points contains the solution at its end."""
    s, rnd = system(f), random.Random(f"{f.__name__} {order}")
    made = flow(s, order, flaws)
    for _ in range(count):
        y = [rnd.uniform(*r) for r in RANGES[f]]
        t = Fraction(rnd.randrange(1 << 20), 1 << 18)
        found = one_step(made, [Interval(x, x) for x in y], t, tol)
        if found is not None:
            track, h = found
            assert h > 0
            box, found = exactly(track.records[1], made.fields), solution(s, [Fraction(x) for x in y], t, h)
            yield contains(box, found) and contains(tube(track, 0), found)


def corners(
    f: Callable[..., Any], order: int, tol: float, count: int, flaws: frozenset[str] = frozenset()
) -> Iterator[bool]:
    """The same for boxes of random size and two of their corners, after two steps."""
    s, rnd = system(f), random.Random(f"{f.__name__} {order} boxes")
    made = flow(s, order, flaws)
    for _ in range(count):
        rad = 10.0 ** rnd.uniform(-7, -1.5)
        y = [rnd.uniform(*r) for r in RANGES[f]]
        box = [Interval(x - rad, x + rad) for x in y]
        t = Fraction(rnd.randrange(1 << 20), 1 << 18)
        track = Track(made, box, [], t, UNIT, 1, tol)
        track.go(1 << 50, 2)
        for _ in range(2 if track.steps else 0):
            values: list[Any] = []
            at, y_ = t, [Fraction(rnd.choice((x.lo, x.hi))) for x in box]
            for k in range(track.steps):
                h = int(track.counts[k + 1] - track.counts[k]) * UNIT
                values = solution(s, y_, at, h)
                yield contains(tube(track, k), values)
                at += h
                y_ = [_middle(v) for v in values]
            yield contains(exactly(track.records[-1], made.fields), values)


def _middle(v: Any) -> Fraction:
    mantissa, exponent = v.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
