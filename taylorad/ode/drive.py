"""One integration from beginning to end: steps by the hundred, and what is to be taken out of them."""

from __future__ import annotations

from cmath import isfinite
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.dense import DenseSolution, evaluate, within
from taylorad.ode.events import Event, Hit, Watch
from taylorad.ode.given import finite
from taylorad.ode.loop import Outcome
from taylorad.ode.march import March, Piece
from taylorad.ode.progress import Attended, Progress, interrupts, stops, telling
from taylorad.ode.solution import MESSAGES, Solution, Status
from taylorad.ode.system import Shape

__all__ = ["Drive", "creeps", "singularity"]

_ROOM = 2**22  # bytes of coefficients between two looks
_FRESH = 2**20  # the same at first where they are kept, and how many times larger each part is than the one before
_GROWS, _LARGEST = 4, 2**26
_FEW, _FIRST, _NEXT = 4, 32, 8  # steps before the first look, interpreted or where an event may stop, and after that
_HUGE = 1e150  # where a solution is that grows out of the numbers, and no pole that is approached
_STIFF = 1000  # steps before stiffness, or a right-hand side that is not smooth, is thought of
_SOME = 64  # of which one is looked at
_ROUGH = 4  # steps taken back for each one that counts, or a singularity inside of every second one: not smooth
_DONE, _ENDED = Outcome.DONE, (Status.END, MESSAGES[Status.END])


def singularity(t: float, c: np.ndarray, way: float) -> float | None:
    """Where on the real axis ahead the solution with coefficients ``c`` (K+1, dim) ends, or None."""
    inverse = _nearness(c[None])[0]
    return float(t + 1 / inverse) if inverse * way > 0 else None


def _nearness(c: np.ndarray) -> np.ndarray:
    """1/(t* − t) of the singularity t* on the real axis for every step with coefficients ``c`` (n, K+1, dim), or nan.

    Of the component that grows fastest: for (t* − t)^−m the ratio of neighbouring coefficients is (1 + (m−1)/k)/R, so
    k·q_k − (k−1)·q_{k−1} = 1/R, free of m (Domb and Sykes 1957).
    """
    n, K = len(c), c.shape[1] - 1
    if K < 6:
        return np.full(n, np.nan)
    largest = np.where(np.isfinite(c[:, K]), np.abs(c[:, K]), -1.0).argmax(axis=1)
    own, k = c[np.arange(n), :, largest], np.arange(K - 4, K + 1)
    with np.errstate(all="ignore"):
        q = (own[:, k] / own[:, k - 1]).real
        inverse = k[1:] * q[:, 1:] - k[:-1] * q[:, :-1]
        steady = np.ptp(inverse, axis=1) <= 0.02 * np.abs(inverse[:, -1])
    steady &= np.isfinite(own).all(axis=1) & (own[:, K - 5 :] != 0).all(axis=1)
    return np.where(steady, inverse[:, -1], np.nan)


def creeps(piece: Piece, steps: int, rejected: int) -> bool:
    """Whether, after so many steps, the last ones say that the right-hand side is not smooth: see ``Drive._look``."""
    beyond = _nearness(piece.coefficients) * piece.lengths >= 1
    return rejected > _ROUGH * steps or 2 * int(np.count_nonzero(beyond)) > len(piece)


def cut(piece: Piece, index: int, part: float, t: float) -> tuple[Piece, np.ndarray]:
    """The steps up to a place inside of step ``index``, at the time t, and the state there."""
    if part < 0 < index:  # seen from the next step: on its edge
        index -= 1
        x = t - piece.times[index, 0] - piece.times[index, 1]
    else:
        x = part * piece.lengths[index]
    y = within(piece, np.array([index]), np.array([x]))[0]
    times = np.array(piece.times[: index + 2])
    times[-1] = t, 0.0
    return Piece(times, piece.rows[: index + 1]), y


def _joined(rows: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(rows) if len(rows) > 1 else rows[0]


@final
class Drive:
    """See the module; used once."""

    def __init__(
        self,
        going: March,
        span: tuple[float, float],
        shapes: Sequence[Shape],
        args: np.ndarray,
        events: Sequence[Event],
        wanted: np.ndarray | None,
        dense: bool,
        max_steps: int,
        callback: Callable[[float, np.ndarray], Any] | None,
        progress: Progress = False,
    ) -> None:
        self.going, self.span, self.shapes, self.args = going, span, shapes, args
        self.end: tuple[float, np.ndarray] = (span[0], going.state)
        self.dim = len(self.end[1])
        self.watch = Watch.of(events, self.dim, shapes, args) if events else None
        self.wanted, self.dense, self.max_steps = wanted, dense, max_steps
        self.callback, self.progress = callback, progress
        self.way = 1.0 if span[1] >= span[0] else -1.0
        self.goal = span[1] if isfinite(span[1]) else span[0] + self.way  # towards infinity, one after the other
        self.pieces: list[Piece] = []
        self.t: list[np.ndarray] = []
        self.y: list[np.ndarray] = []
        self.taken = self.given = 0
        self.last: tuple[float, np.ndarray] | None = None
        self.hit: Hit | None = None
        self.small = self.seen = 0
        self.steps = self.samples = self.beyond = self.rejected = 0  # since the last thought of smoothness
        self.rough = ""
        self.bytes = 8 * (going.order + 1) * self.dim  # of a step
        self.most = max(16, (_FRESH if dense else _ROOM) // self.bytes)
        careful = self.watch is not None and self.watch.active
        size = 1 if callback is not None else _FEW if not going.compiled else _FIRST if careful else self.most
        self.size = min(size, self.most)

    # ------------------------------------------------------------------ the loop
    def finish(self) -> tuple[Status, str]:
        """Go to the end; why it ended, and in words."""
        told = telling(self.progress, *self.span)
        if self.dense:
            self.going.own()
        try:
            if self.going.compiled and self.callback is None and self.progress is False:
                ended = self._on(self.going)  # a few milliseconds that nobody interrupts: short solutions end there
                if ended is not None:
                    return ended
            with told as tell, interrupts() as stopped:
                try:
                    attended = Attended(self.going, tell, stopped)
                    while True:
                        ended = self._on(attended)
                        if ended is not None:
                            return ended
                except KeyboardInterrupt:
                    return Status.INTERRUPTED, MESSAGES[Status.INTERRUPTED]
        except DomainError as problem:  # between two branches, or where a function ends
            return Status.UNDEFINED, str(problem)

    def _on(self, going: March) -> tuple[Status, str] | None:
        """The next steps; if it ended, why."""
        outcome, piece = going.go(self.goal, min(self.size, max(1, self.max_steps - self.taken)))
        stopped = self._take(piece, outcome)
        if stopped is not None:
            return stopped, MESSAGES.get(stopped, self.rough)
        if self.hit is not None:
            self.size = min(_NEXT, self.most)
            accumulated = self._jump(self.hit)
            return None if accumulated is None else (Status.ZENO, accumulated)
        if outcome is not _DONE and self.callback is None:
            if self.dense:  # the memory stays with the solution
                self.most = min(_GROWS * self.most, max(self.most, _LARGEST // self.bytes))
            self.size = min(_GROWS * self.size, self.most)
        return self._ended(outcome)

    def _ended(self, outcome: Outcome) -> tuple[Status, str] | None:
        if outcome is _DONE:
            if self.goal == self.span[1]:
                return _ENDED
            self.goal = self.span[0] + 2 * (self.goal - self.span[0])
            if not isfinite(self.goal):
                return Status.STUCK, f"At t = {self.end[0]} the time becomes too large for float64."
            return None
        ahead = None
        if outcome != Outcome.PAUSED and np.max(np.abs(self.end[1])) > _HUGE:
            return Status.UNDEFINED, f"At t = {self.end[0]} the solution becomes too large for float64."
        if self.last is not None and outcome != Outcome.PAUSED:
            ahead = singularity(*self.last, self.way)
        if ahead is not None:
            return Status.SINGULARITY, f"Singularity near t = {ahead:.10g}; the solution does not go on beyond it."
        t = float(self.end[0])
        if outcome == Outcome.STUCK:
            return Status.STUCK, f"{MESSAGES[Status.STUCK]} The solution was followed to t = {t}."
        if outcome == Outcome.SINGULAR:
            reason = "the right-hand side has no Taylor series, or is not finite"
            return Status.UNDEFINED, f"At t = {t} {reason}; y = {self.end[1].tolist()} there."
        if self.taken >= self.max_steps:
            return Status.STEPS, f"max_steps = {self.max_steps} steps were taken; the solution was followed to t = {t}."
        return None

    def _take(self, piece: Piece, outcome: Outcome, state: np.ndarray | None = None) -> Status | None:
        """Everything that is wanted from some steps, at whose end is ``state``, or where the solution is now."""
        n = len(piece)
        self.hit = None
        if not n:
            return None
        end: tuple[float, np.ndarray] = (float(piece.times[n, 0]), self.going.state if state is None else state)
        if piece.rows.dtype.kind != "O" and not finite(end[1]):  # the last step led out of the numbers
            n -= 1
            end = float(piece.times[n, 0]), piece.coefficients[n, 0].copy()
            piece = Piece(piece.times[: n + 1], piece.rows[:n])
            if not n:
                return None
        creeping = self._look(piece) if self.taken + n > _STIFF and piece.rows.dtype.kind != "O" else None
        if creeping is not None:
            piece, n, end = self._until(piece, creeping)
        try:
            hit = self.hit = self.watch.take(piece) if self.watch else None
        except DomainError:  # an event is not defined: up to there the steps count
            if n == 1:
                raise
            half = n // 2
            stopped = self._take(
                Piece(piece.times[: half + 1], piece.rows[: half + 1]), outcome, piece.rows[half, 0].copy()
            )
            return (
                stopped
                if stopped is not None or self.hit
                else self._take(Piece(piece.times[half:], piece.rows[half:]), outcome, state)
            )
        if hit is not None:
            piece, y = cut(piece, hit.step, hit.part, hit.t)
            end = (hit.t, y)
            n = len(piece)
        self.taken += n
        self.end = end
        if self.dense:
            self.pieces.append(piece)
            self.going.own()
        if outcome is not _DONE:
            self.last = float(piece.times[n - 1, 0]), piece.rows[n - 1].copy()
        if self.wanted is None:
            t, y = piece.times[:n, 0], piece.rows[:n, 0]
            self.t.append(t if self.dense else t.copy())
            self.y.append(y if self.dense else y.copy())
        else:
            self._sample(piece)
        if self.callback is not None and stops(self.callback, end[0], end[1].copy()):
            return Status.STOPPED
        if hit is not None:
            return Status.EVENT if hit.final else None
        return None if creeping is None else Status.SINGULARITY

    def _jump(self, hit: Hit) -> str | None:
        """Go on from the state after an event's action; where such times accumulate, this in words."""
        assert self.watch is not None
        t, y = self.end
        if self.wanted is None:  # the states before and after it
            self.t.append(np.array([t]))
            self.y.append(y[None])
        y = self.watch.act(hit, y)
        self.going.restart(t, y)
        self.end = t, y
        limit = self.watch.accumulation(self.span[0])
        if limit is None:
            return None
        return (
            f"Events accumulate near t = {limit:.10g}: there the state has changed infinitely often (Zeno). "
            "Stop before (terminal=n), or let the action end the motion."
        )

    def _sample(self, piece: Piece) -> None:
        assert self.wanted is not None
        times = self.wanted[self.given :]
        if not len(times):
            return
        ends, rest = (piece.times[:, 0], times) if self.way > 0 else (-piece.times[:, 0], -times)
        count = int(rest.searchsorted(ends[-1], side="right"))
        if count:
            index = ends[1:-1].searchsorted(rest[:count], side="right")  # what is at the end belongs to the last step
            times = times[:count]
            last = times[-1] == self.end[0] == self.span[1]  # known already, and better
            y = evaluate(piece, index, times) if count > 1 or not last else np.empty((1, self.dim), self.end[1].dtype)
            if last:
                y[-1] = self.end[1]
            self.t.append(times)
            self.y.append(y)
            self.given += count

    def _look(self, piece: Piece) -> int | None:
        """Where steps begin to creep, for the right-hand side is not smooth there; counts what stiffness is told by.

        Smooth right-hand sides let no step lead over a singularity on the real axis, and few be taken back; −√y at 0
        and its like do when what is left is below the tolerance. Stiff: steps on which the solution hardly moves
        although nothing but accuracy limits them.
        """
        c, h = (rows[-self.taken % _SOME :: _SOME] for rows in (piece.coefficients, piece.lengths))
        if len(c):
            moved = np.abs(c[:, 1]) * np.abs(h)[:, None]
            self.small += int(np.count_nonzero((moved <= 0.01 * np.abs(c[:, 0])).all(axis=1)))
            self.seen += len(c)
            self.beyond += int(np.count_nonzero(_nearness(c) * h >= 1))
            self.samples += len(c)
        self.steps += len(piece)
        if self.steps < _STIFF:
            return None
        back = self.going.rejected - self.rejected
        rough = back > _ROUGH * self.steps or self.beyond > self.samples / 2
        self.steps = self.samples = self.beyond = 0
        self.rejected += back
        sizes = np.abs(piece.lengths)
        return max(1, int(np.argmax(sizes <= 10 * np.median(sizes)))) if rough else None

    def _until(self, piece: Piece, index: int) -> tuple[Piece, int, tuple[float, np.ndarray]]:
        """The steps before one from which on they creep."""
        t = float(piece.times[index, 0])
        self.rough = (
            f"Singularity near t = {t:.4g}: the right-hand side is not smooth there (a root of 0, say), and steps "
            f"become {np.median(np.abs(piece.lengths)):.0e}. Let an event end the solution before, or a where() say "
            "how it goes on."
        )
        if index == len(piece):
            return piece, index, (t, self.going.state)
        state = piece.coefficients[index, 0].copy()
        return Piece(piece.times[: index + 1], piece.rows[: index + 1]), index, (t, state)

    @property
    def stiff(self) -> bool:
        return not self.rough and self.seen > 0 and self.small > 0.8 * self.seen

    # ------------------------------------------------------------------ the result
    def solution(self, with_events: bool) -> Solution:
        status, message = self.finish()
        at_once = self.wanted is not None and not self.taken and self.span[0] in self.wanted[:1]
        if self.wanted is None or at_once:
            self.t.append(np.array([self.end[0]]))
            self.y.append(self.end[1][None])
        t = _joined(self.t) if self.t else np.zeros(0)
        y = _joined(self.y).T if self.y else np.zeros((self.dim, 0), self.end[1].dtype)
        stiff = self.stiff
        if stiff:
            message += " The problem looks stiff: an implicit method (scipy's Radau or LSODA) may be faster."
        going, rejected = self.going, self.going.rejected
        stats: dict[str, Any] = {
            "steps": self.taken,
            "rejected": rejected,
            "order": going.order,
            "compiled": going.compiled,
            "stiff": stiff,
            "t": self.end[0],
        }
        if self.dense and status is Status.END and not self.pieces:  # nowhere to go
            begin = self.end[0]
            rows = going.go(begin + max(1.0, abs(begin)), 1)[1].rows[:1]
            self.pieces = [Piece(np.array([[begin, 0.0]] * 2), rows)] if len(rows) else []
        dense = DenseSolution(self.pieces) if self.pieces else None
        times: list[np.ndarray] | None = [] if with_events else None
        states = times
        if self.watch:
            times, states, stats["multiplicities"] = self.watch.result(self.dim, self.end[1].dtype)
        return Solution(
            t,
            y,
            dense,
            times,
            states,
            self.taken + rejected,
            0,
            0,
            status,
            message,
            stats,
        )
