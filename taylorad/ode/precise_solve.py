"""Solving a problem in many digits, from Python: the loop over the steps of :class:`~taylorad.ode.precise.Precise`."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast, final

import numpy as np

from taylorad.errors import DomainError, MixedRingError
from taylorad.ode.drive import singularity
from taylorad.ode.loop import Outcome
from taylorad.ode.precise import Expansion, Place, Precise, order_for, scaled
from taylorad.ode.precise_dense import PreciseDense, numbers, objects
from taylorad.ode.precise_events import PreciseWatch
from taylorad.ode.precision import BITS, complex_parts, exact, exact_row, size
from taylorad.ode.progress import interrupts, stops, telling
from taylorad.ode.solution import MESSAGES, Solution, Status
from taylorad.ode.wishes import Wishes
from taylorad.rings.fixed import FixedRing
from taylorad.rings.multiprecision import dyadic

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem

__all__ = ["PreciseStepper", "end_state", "solve"]

_ROUGH = 64  # steps in a row that were taken back or lead over a singularity


def begin(problem: Problem, span: tuple[Any, Any], y0: Any, args: Any, max_step: float = math.inf) -> Precise:
    """A solution on its way, from input that is taken exactly; DomainError where it is none."""
    from taylorad.rings.gauss import GaussRing

    assert problem.precision is not None
    if problem.system is None:
        raise DomainError("precision= is for right-hand sides without branches (where, abs, sign …)")
    complex, given = problem.dtype.kind == "c", problem.arguments.given(args)
    if [np.shape(a) for a in given] != list(problem.shapes):
        shown = [np.shape(a) for a in given]
        raise DomainError(f"the arguments have shapes {shown}; this problem was compiled for {list(problem.shapes)}")
    flat = [x for a in given for x in np.asarray(a, object).ravel()]
    parts: Any = complex_parts if complex else lambda x, what: (exact(x, what),)
    row = exact_row(y0, problem.dim, "y0")
    if not max_step > 0:
        raise DomainError(f"max_step = {max_step} must be positive")
    digits = -min(size(x) for x in (*problem.rtol, *problem.atol) if x) / BITS
    return Precise(
        scaled(problem.rhs, len(flat)),
        (exact(span[0], "t0"), exact(span[1], "the end")),
        [parts(x, f"y0[{i}]") for i, x in enumerate(row)],
        [parts(x, f"argument number {i}") for i, x in enumerate(flat)],
        [size(x) for x in problem.rtol],
        [size(x) for x in problem.atol],
        max_step,
        problem.order or order_for(digits),
        problem.precision.bits,
        GaussRing if complex else FixedRing,
    )


@final
class _Way:
    """What is taken out of the steps on the way to the end."""

    def __init__(self, going: Precise, end: int, bits: int) -> None:
        self.going, self.end, self.bits = going, end, bits
        self.pieces: list[Expansion] = []
        self.taken = self.rough = 0

    def state(self, place: Place | None = None) -> np.ndarray:
        """A place's state as mpmath numbers, (dim,)."""
        here = place or self.going.here
        ring = self.going.ring(here.bits)
        series = Expansion(here.t, self.going.clock, 0, ring, ())
        return objects(numbers(series, [ring.element(parts, here.bits) for parts in here.y], self.bits))

    def time(self, t: int) -> Any:
        """A time on the clock as an mpmath number."""
        return dyadic(t, -self.going.clock, self.bits)

    def creeps(self, last: Expansion, rejected: int) -> str:
        """Whether steps creep, for the right-hand side is not smooth: many were taken back or lead over a singularity.

        See :meth:`taylorad.ode.drive.Drive._look`.
        """
        length = float(Fraction(self.going.here.t - last.start, 1 << (self.going.clock + last.unit)))
        try:
            ahead = singularity(0.0, _floats(last), 1.0 if length > 0 else -1.0)
        except OverflowError:  # beyond the range of doubles, where nothing ends
            ahead = None
        self.rough = self.rough + 1 if rejected or (ahead is not None and ahead / length <= 1) else 0
        if self.rough < _ROUGH:
            return ""
        t = float(self.time(self.going.here.t))
        return (
            f"Singularity near t = {t:.10g}: the right-hand side is not smooth there (a root of 0, say), and steps "
            "become tiny. End the solution before."
        )

    def ended(self, outcome: Outcome, last: Expansion | None) -> tuple[Status, str]:
        """Why there is no further step, and in words."""
        if outcome == Outcome.DONE:
            return Status.END, MESSAGES[Status.END]
        t = self.time(self.going.here.t)
        ahead = None if last is None else singularity(0.0, _floats(last), 1.0 if self.end > last.start else -1.0)
        if last is not None and ahead is not None:
            near = float(self.time(last.start)) + ahead * 2.0**last.unit
            return Status.SINGULARITY, f"Singularity near t = {near:.10g}; the solution does not go on beyond it."
        if outcome == Outcome.STUCK:
            return Status.STUCK, f"{MESSAGES[Status.STUCK]} The solution was followed to t = {t}."
        return Status.UNDEFINED, f"At t = {t} the right-hand side has no Taylor series; y = {list(self.state())} there."


def solve(
    problem: Problem,
    span: tuple[Any, Any],
    y0: Any,
    args: Any,
    wishes: Wishes,
) -> Solution:
    """:meth:`taylorad.ode.problem.Problem.solve` in many digits: times and states are mpmath numbers."""
    going = begin(problem, span, y0, args, wishes.max_step)
    assert problem.precision is not None
    watched = wishes.watched()
    watch = PreciseWatch(
        watched,
        problem.dim,
        problem.shapes,
        going.args,
        problem.precision.bits,
        problem.dtype.kind == "c",
    )
    end = going.time(exact(span[1], "the end"))
    way = _Way(going, end, problem.precision.bits)
    back = -1 if end < going.here.t else 1
    grid = None if wishes.t_eval is None else _grid(wishes.t_eval, span, going, back)
    begun = going.here
    places, sampled, last = [begun], list[tuple[int, list[Any]]](), None
    status, message = Status.STEPS, ""
    try:
        with telling(wishes.progress, float(way.time(begun.t)), float(way.time(end))) as tell, interrupts() as stopped:
            for _ in range(wishes.max_steps):
                if stopped():
                    raise KeyboardInterrupt
                rejected = going.rejected
                try:
                    outcome, series = going.step(end)
                except MixedRingError as error:
                    raise problem.mixed(error) from error
                if series is None:
                    status, message = way.ended(outcome, last)
                    break
                last = series
                way.taken += 1
                stop = watch.take(series, going.here.t) if watched else None
                if stop is not None:
                    place = tuple(series.ring.parts(x) for x in series.at(stop))
                    going.here = Place(stop, place, series.ring.bits)
                if wishes.dense:
                    way.pieces.append(series)
                if grid is None:
                    places.append(going.here)
                while grid and grid[0] * back <= going.here.t * back:
                    sampled.append((grid[0], numbers(series, series.at(grid[0]), way.bits)))
                    grid.pop(0)
                if tell is not None:
                    tell(float(way.time(going.here.t)))
                if stop is not None:
                    status, message = Status.EVENT, MESSAGES[Status.EVENT]
                    break
                creeping = way.creeps(series, going.rejected - rejected)
                if creeping:
                    status, message = Status.SINGULARITY, creeping
                    break
                if wishes.callback is not None and stops(wishes.callback, way.time(going.here.t), way.state()):
                    status, message = Status.STOPPED, MESSAGES[Status.STOPPED]
                    break
    except KeyboardInterrupt:
        status, message = Status.INTERRUPTED, MESSAGES[Status.INTERRUPTED]
    if status == Status.STEPS:
        reached = way.time(going.here.t)
        message = f"max_steps = {wishes.max_steps} steps were taken; the solution was followed to t = {reached}."
    if grid is None:
        places = places if places[-1] is going.here else [*places, going.here]
        t, rows = [way.time(p.t) for p in places], [way.state(p) for p in places]
    else:
        t, rows = [way.time(tick) for tick, _ in sampled], [row for _, row in sampled]
    return Solution(
        objects(t),
        objects(rows, problem.dim).T,
        cast(Any, PreciseDense(way.pieces, going.here.t, way.bits)) if way.pieces else None,
        None if wishes.events is None else [objects([way.time(t) for t in times]) for times in watch.times],
        None if wishes.events is None else [_rows(states, way.bits, problem.dim) for states in watch.states],
        way.taken + going.rejected,
        0,
        0,
        status,
        message,
        {
            "steps": way.taken,
            "rejected": going.rejected,
            "order": going.order,
            "compiled": False,
            "digits": problem.precision.count,
            "t": way.time(going.here.t),
        },
    )


def end_state(problem: Problem, t0: Any, t1: Any, y0: Any, args: Any, max_steps: int) -> np.ndarray:
    """The state at t1, (dim,); DomainError where the solution does not get there."""
    s = solve(problem, (t0, t1), y0, args, Wishes([t1], dense=False, max_steps=max_steps))
    if s.status != Status.END:
        raise DomainError(f"{s.message} The solution was followed to t = {s.stats['t']}.")
    return s.y[:, -1]


def _rows(states: list[tuple[Expansion, list[Any]]], bits: int, dim: int) -> np.ndarray:
    """States at events, (m, dim)."""
    return objects([numbers(series, elements, bits) for series, elements in states], dim)


def _grid(t_eval: Any, span: tuple[Any, Any], going: Precise, back: int) -> list[int]:
    """Times on the clock; DomainError where they are outside of the span or not in its order."""
    times = [exact(t, "t_eval") for t in np.asarray(t_eval, object).ravel()]
    low, high = sorted(exact(t, "the span") for t in span)
    outside = [t for t in times if not low <= t <= high]
    if outside:
        raise DomainError(f"t_eval holds {float(outside[0])}, which is outside of the span ({span[0]}, {span[1]})")
    if any((y - x) * back <= 0 for x, y in pairwise(times)):
        raise DomainError("t_eval is not sorted in the direction of integration, or holds a time twice")
    return [going.time(t) for t in times]


def _floats(series: Expansion) -> np.ndarray:
    """Coefficients in scaled time as doubles, (K+1, dim); of complex ones the real parts."""
    scale = 1 << series.ring.bits
    return np.array([[series.ring.parts(c)[0] / scale for c in row] for row in series.rows]).T


@final
class PreciseStepper:
    """As :class:`~taylorad.ode.stepper.Stepper`, in many digits: ``t`` and ``y`` are mpmath numbers."""

    def __init__(self, problem: Problem, t0: Any, y0: Any, args: Any) -> None:
        assert problem.precision is not None
        start = exact(t0, "t0")
        self._going = begin(problem, (start, start + 1), y0, args)
        self._way = _Way(self._going, 0, problem.precision.bits)
        self._last: Expansion | None = None

    @property
    def t(self) -> Any:
        return self._way.time(self._going.here.t)

    @property
    def y(self) -> np.ndarray:
        return self._way.state()

    @property
    def coefficients(self) -> np.ndarray:
        """(K+1, dim) of the last step, at its beginning."""
        return self._dense().coefficients[-1]

    def _dense(self) -> PreciseDense:
        if self._last is None:
            raise DomainError("no step was made yet; call step() first")
        return PreciseDense([self._last], self._going.here.t, self._way.bits)

    def step(self, end: Any = math.inf) -> Any:
        """One step, forward and not beyond ``end`` (backward for an end before t); the new t."""
        if isinstance(end, float) and math.isinf(end):
            end = 10**30 if end > 0 else -(10**30)
        tick = self._going.time(exact(end, "the end"))
        outcome, series = self._going.step(tick)
        if series is None and outcome != Outcome.DONE:
            raise DomainError(f"no further step can be made from t = {self.t} ({outcome.name.lower()}), y = {self.y}")
        self._last = series or self._last
        return self.t

    def advance(self, end: Any) -> np.ndarray:
        """On to ``end``; the state there."""
        tick = self._going.time(exact(end, "the end"))
        while self._going.here.t != tick:
            self.step(end)
        return self.y

    def __call__(self, t: Any) -> np.ndarray:
        """The state inside of the last step; DomainError outside of it."""
        return self._dense()(t)
