"""Gradients of a number made of a solution, by one sweep backwards over its steps.

A step is the polynomial y_{n+1} = Σ_k c_k(y_n)·h^k, and it is this polynomial that is differentiated, with its length h
held fixed: what comes out is the derivative of what was computed, to rounding, whatever the tolerance. The adjoint of a
step is a recurrence of the same kind as the step's own (:class:`taylorad.series.costate.Costate`), made of the adjoint
graph of the right-hand side and run by the same kernels; it takes about four times as long.

The coefficients of a block of steps are computed again from the state at its beginning, so memory does not grow with
the number of steps: see :class:`taylorad.ode.revolve.Revolve`.
"""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from taylorad.derive.adjoint import adjoint, spread
from taylorad.derive.gradient import value_and_gradient
from taylorad.errors import DomainError, UnsupportedFunctionError
from taylorad.ode.arrays import ArraySystem
from taylorad.ode.dense import evaluate
from taylorad.ode.given import count, ends, wanted
from taylorad.ode.loop import Outcome
from taylorad.ode.march import March, Piece
from taylorad.ode.revolve import Revolve
from taylorad.run.kernel import Kernel, compile_plan
from taylorad.series.costate import Costate
from taylorad.series.node import INFINITE, Leaf, Node
from taylorad.series.schedule import schedule

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem

__all__ = ["Slopes", "gradient_of_loss"]

BLOCK = 64  # steps whose coefficients are in memory at a time
KEPT = 256  # states
_SMALL = 8


@final
@dataclass(frozen=True, slots=True)
class Slopes:
    """The derivatives of a loss by the initial values, (dim,), and by the arguments, in their own form.

    ``stats`` counts ``steps``, the steps taken in all (``advanced``), and the ``memory`` in bytes for states and
    coefficients, which is bounded by the number of states kept, whatever the number of steps.
    """

    y0: np.ndarray
    args: Any
    stats: dict[str, int] = field(default_factory=dict)


class _Mark(NamedTuple):
    """The beginning of a block of steps."""

    t: float
    y: np.ndarray


def gradient_of_loss(
    problem: Problem,
    loss: Callable[..., Any],
    span: tuple[Any, Any],
    y0: Any,
    args: Any = (),
    *,
    t_eval: Any = None,
    max_step: float = math.inf,
    max_steps: int = 10_000_000,
    checkpoints: int = KEPT,
) -> tuple[float, Slopes]:
    """See :meth:`taylorad.ode.problem.Problem.value_and_gradient`."""
    if problem.precision is not None or problem.dtype.kind == "c":
        raise UnsupportedFunctionError(
            "gradients of a solution are for float64; leave out precision= and dtype=complex"
        )
    if problem.system is None:
        raise UnsupportedFunctionError(
            "a right-hand side with branches has no gradient by one backward sweep: the times of the switches move; "
            "solve with sensitivity=, or write the branches apart"
        )
    t0, t1 = ends(span)
    times = wanted(t_eval, t0, t1)
    row = problem.values(args)
    going = problem.march(t0, y0, args, max_step)
    sweep = _Sweep(going, _steps(problem, going.order), (t0, t1), times, row, count(max_steps, "max_steps"))
    revolve = Revolve(count(checkpoints, "checkpoints"), sweep.forward, sweep.backward)
    found: list[float] = []

    def between() -> None:
        value, slope = value_and_gradient(loss)(sweep.result())
        found.append(float(value))
        sweep.begin(np.asarray(slope, np.float64))

    revolve.run(_Mark(t0, problem.state(y0)), between)
    stats = {
        "steps": sweep.count,
        "advanced": sweep.advanced,
        "memory": 8 * (problem.dim + 1) * (revolve.most + (going.order + 1) * BLOCK),
    }
    return found[0], Slopes(sweep.bar, _formed(sweep.arguments, problem, args), stats)


def _formed(values: np.ndarray, problem: Problem, args: Any) -> Any:
    """The arguments' derivatives in the form in which the arguments were given."""
    parts: list[Any] = []
    at = 0
    for shape in problem.shapes:
        n = math.prod(shape)
        parts.append(values[at : at + n].reshape(shape)[()])
        at += n
    if isinstance(args, Mapping):
        names = problem.arguments.names
        return {name: parts[names.index(name)] for name in args}
    return tuple(parts) if isinstance(args, (tuple, list)) else parts[0]


# ---------------------------------------------------------------------- along a solution
@final
class _Sweep:
    """Blocks of steps forwards and backwards; ``bar`` is the loss' derivative by the state that was reached last."""

    def __init__(
        self,
        going: March,
        steps: _Steps,
        span: tuple[float, float],
        times: np.ndarray | None,
        row: np.ndarray,
        most: int,
    ) -> None:
        self.going, self.steps, self.span, self.times, self.row, self.most = going, steps, span, times, row, most
        self.way = 1.0 if span[1] >= span[0] else -1.0
        self.count = self.advanced = 0
        self.first = True
        self.end = _Mark(span[0], going.state)
        self.samples = None if times is None else np.empty((len(going.state), len(times)))
        self.weights: np.ndarray | None = None
        self.bar = np.zeros(len(going.state))
        self.arguments = np.zeros(len(row))

    def _go(self, mark: _Mark) -> tuple[Outcome, Piece]:
        """A block of steps, the same ones every time."""
        self.going.restart(mark.t, mark.y)
        outcome, piece = self.going.go(self.span[1], BLOCK)
        self.advanced += len(piece)
        if outcome in (Outcome.SINGULAR, Outcome.STUCK) or not np.all(np.isfinite(self.going.state)):
            raise DomainError(f"the solution does not go beyond t = {self.going.t}, y = {self.going.state.tolist()}")
        return outcome, piece

    def forward(self, mark: _Mark) -> _Mark | None:
        """The beginning of the next block, or None at the end of the solution."""
        outcome, piece = self._go(mark)
        if self.first:
            self.count += len(piece)
            if self.count > self.most:
                raise DomainError(f"max_steps = {self.most} steps were taken; the solution was followed to {mark.t}")
            places, index, _ = self._sampled(piece)
            if self.samples is not None and self.times is not None and len(places):
                self.samples[:, places] = evaluate(piece, index, self.times[places]).T
        after = _Mark(float(self.going.t), self.going.state)
        if outcome != Outcome.DONE and after.t != self.span[1]:
            return after
        self.end = after
        return None

    def result(self) -> np.ndarray:
        """What the loss is a function of."""
        self.first = False
        if self.samples is not None and self.count == 0:
            self.samples[:] = self.end.y[:, None]
        return self.end.y if self.samples is None else self.samples

    def begin(self, slope: np.ndarray) -> None:
        """The loss' derivative by it."""
        if self.samples is None:
            self.bar = slope
        elif self.count == 0:
            self.bar = slope.sum(axis=1)
        else:
            self.weights = slope

    def _sampled(self, piece: Piece) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which of the times lie in some steps, in which step each, and how far after its beginning."""
        if self.times is None or not len(piece):
            return np.zeros(0, int), np.zeros(0, int), np.zeros(0)
        edges = piece.times[:, 0] * self.way
        way = self.times * self.way
        last = bool(piece.times[-1, 0] == self.span[1])
        places = np.flatnonzero((way >= edges[0]) & (last | (way < edges[-1])))
        index = np.minimum(np.searchsorted(edges, way[places], side="right"), len(piece)) - 1
        return places, index, (self.times[places] - piece.times[index, 0]) - piece.times[index, 1]

    def backward(self, mark: _Mark) -> None:
        """The loss' derivative by the state at the beginning of a block, from that at its end."""
        _, piece = self._go(mark)
        if not len(piece):
            return
        places, index, offsets = self._sampled(piece)
        weights = None if self.weights is None else self.weights[:, places]
        if self.steps.small:
            self._by_matrices(piece, weights, index, offsets)
            return
        steps = self.steps.of(piece, self.row)
        powers = piece.lengths[:, None] ** self.steps.powers
        for n in range(len(piece) - 1, -1, -1):
            source = np.multiply.outer(self.bar, powers[n])
            if weights is not None:
                here = index == n
                source += weights[:, here] @ offsets[here][:, None] ** self.steps.powers
            self.bar, more = self.steps(steps[n], source)
            self.arguments += more

    def _by_matrices(self, piece: Piece, weights: np.ndarray | None, index: np.ndarray, offsets: np.ndarray) -> None:
        """The derivatives of all steps of a block at once, and then one after the other times the loss'."""
        n, dim = len(piece), len(self.bar)
        if weights is None:
            index, offsets = index[:0], offsets[:0]
        every = np.concatenate([np.arange(n), index])
        matrices = self.steps.matrices(piece, self.row, every, np.concatenate([piece.lengths, offsets]))
        sampled = np.zeros((n, matrices.shape[2]))
        if weights is not None:
            np.add.at(sampled, index, np.einsum("jp,pji->pi", weights, matrices[n:]))
        for matrix, more in zip(matrices[:n][::-1], sampled[::-1], strict=True):
            both = self.bar @ matrix + more
            self.bar = both[:dim]
            self.arguments += both[dim:]


@final
class _Steps:
    """The adjoint of one step of a system, compiled."""

    def __init__(self, problem: Problem, order: int) -> None:
        system = problem.system
        self.order = order
        self.vector = isinstance(system, ArraySystem)
        if isinstance(system, ArraySystem):
            self.sizes = list(system.leaves)
            rhs, states = [spread(system.rhs, system.dim)], [Leaf.of(0, INFINITE, system.dim)]
        else:
            assert system is not None
            self.sizes = [1] * (system.dim + 1 + system.n_args)
            rhs, states = problem.rhs, [Leaf.of(i) for i in range(system.dim)]
        self.states, self.dim = len(states), system.dim
        self.small = not self.vector and self.dim <= _SMALL  # one sweep for each component, but many at a time
        self.kernel = self._compiled(system.name, rhs, states)
        self.roots = self.kernel.roots
        entry = self.kernel.code(1).entry
        self.door = None if self.kernel.givens else entry
        self.weight = np.array([1.0 / (order - r) if r < order else 1.0 for r in range(order + 1)])
        self.powers = np.arange(order, -1, -1)

    def _compiled(self, name: str, rhs: Sequence[Node], states: Sequence[Leaf]) -> Kernel:
        """Leaves: the states' series, the time, the arguments, as in the system; then the sources and the weight."""
        count, first = len(states), len(self.sizes)
        args = [Leaf.of(i, 0, self.sizes[i]) for i in range(count + 1, first)]
        costates = [Costate.of(f"adjoint of {name}", s.index, s.size) for s in states]
        bars = adjoint(rhs, costates, [*states, *args])
        weight = Leaf.of(first + count)
        for costate, s, bar in zip(costates, states, bars, strict=False):
            costate.bind(bar, Leaf.of(first + s.index, INFINITE, s.size), weight)
        return compile_plan(schedule([*costates, *bars[count:]]))

    def matrices(self, piece: Piece, row: np.ndarray, index: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """The derivatives of the polynomials of steps ``index`` at ``offsets`` after their beginnings.

        An array (n, dim, dim + m). Row j is that of component j, by the state at the beginning and by the m numbers of
        the arguments.
        """
        K, n, dim = self.order, len(index), self.dim
        series = np.repeat(piece.coefficients[index].transpose(2, 1, 0), dim, axis=2)  # a point for each (step, j)
        times = np.ones((2, n * dim))
        times[0] = np.repeat(piece.times[index, 0], dim)
        sources = np.zeros((dim, K + 1, n, dim))
        for j in range(dim):
            sources[j, :, :, j] = (offsets[:, None] ** self.powers).T
        arguments = [np.broadcast_to(x, (1, n * dim)) for x in row]
        given = [*series, times, *arguments, *sources.reshape(dim, K + 1, n * dim)]
        found = self.kernel([*given, self.weight[:, None]], K, redo=_lost)
        rows = [x[K] for x in found[:dim]] + [x[K - 1] for x in found[dim:]]
        return np.stack(rows, axis=-1).reshape(n, dim, len(rows))

    def of(self, piece: Piece, row: np.ndarray) -> list[list[np.ndarray]]:
        """The leaves that each step of a block has before its sources."""
        c = piece.coefficients
        series = (
            [[x] for x in np.ascontiguousarray(c)]
            if self.vector
            else list(map(list, np.ascontiguousarray(c.transpose(0, 2, 1))))
        )
        rest: list[np.ndarray] = []
        at = 0
        for size in self.sizes[self.states + 1 :]:
            rest.append(row[None, at : at + size] if size > 1 else row[at : at + 1])
            at += size
        times = np.ones((len(c), 2))
        times[:, 0] = piece.times[:-1, 0]
        return [[*own, t, *rest] for own, t in zip(series, times, strict=True)]

    def __call__(self, leaves: list[np.ndarray], source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The derivatives by the state at the beginning and by the arguments; ``source`` is (dim, K+1)."""
        K = self.order
        given = [*leaves, *([np.ascontiguousarray(source.T)] if self.vector else source), self.weight]
        if self.vector:
            outs: list[np.ndarray] = [np.empty((K + 1, size) if size > 1 else K + 1) for size in self.roots]
        else:
            outs = list(np.empty((len(self.roots), K + 1)))
        if self.door is None or self.door(*given, *outs) is None:
            outs = self.kernel(given, K, redo=_lost)
        rows = [*(x[K] for x in outs[: self.states]), *(x[K - 1] for x in outs[self.states :])]
        both = np.concatenate(rows, axis=None)
        return both[: self.dim], both[self.dim :]


def _lost(points: np.ndarray) -> Sequence[np.ndarray]:
    raise DomainError("the adjoint of a step is not finite: its coefficients are too large for float64")


_made: weakref.WeakKeyDictionary[Problem, dict[int, _Steps]] = weakref.WeakKeyDictionary()
_lock = threading.RLock()


def _steps(problem: Problem, order: int) -> _Steps:
    with _lock:
        known = _made.setdefault(problem, {})
        if order not in known:
            known[order] = _Steps(problem, order)
        return known[order]
