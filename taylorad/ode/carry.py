"""A march that carries derivatives along: the plain solution outside, the larger system inside."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast, final

import numpy as np

from taylorad.errors import CompilationError, DomainError
from taylorad.ode.arrays import ArraySystem
from taylorad.ode.dense import DenseSolution, within
from taylorad.ode.flow import order_for
from taylorad.ode.loop import Outcome
from taylorad.ode.march import Around, March, Native, Piece, march
from taylorad.ode.parts import PartsSystem
from taylorad.ode.saltation import Surface
from taylorad.ode.sensitivity import Sensitivity, Variations
from taylorad.ode.transport import Transport
from taylorad.run.kernel import compile_plan
from taylorad.series.schedule import schedule

if TYPE_CHECKING:
    from taylorad.ode.events import Event
    from taylorad.ode.problem import Problem

__all__ = ["Carried", "carry"]


_ROOM = 1 << 25  # bytes of coefficients that are made room for at once


def carry(
    problem: Problem,
    wanted: Sensitivity,
    t0: float,
    y0: Any,
    args: Any,
    max_step: float = math.inf,
    events: Sequence[Event] = (),
) -> Carried:
    """A march of ``problem`` with derivatives from (t0, y0), which go through the resets of ``events``.

    Raises DomainError for complex problems, branches and unknown names, OrderError for systems that are too large.
    """
    if not isinstance(cast(object, wanted), Sensitivity):
        raise DomainError(f"sensitivity = {wanted!r}; give ta.Sensitivity(y0=..., args=..., order=...)")
    if problem.system is None or problem.dtype.kind == "c":
        raise DomainError("derivatives of solutions are for real systems without branches (where, abs, sign …)")
    y, row = problem.state(y0), problem.values(args)
    components, numbers = wanted.variables(problem.dim, problem.arguments.names, problem.shapes)
    least = float(np.min(problem.rtol if np.min(problem.rtol) > 0 else problem.atol))
    order = problem.order or order_for(least)
    key = (tuple(components), tuple(numbers), int(wanted.order), bool(wanted.control))
    transport = problem.transports.get(key) or _transport(problem, *key)
    try:
        inner = _march(transport, problem, t0, y, row, max_step, order)
    except CompilationError:  # a function without machine code: taken apart it can be interpreted
        transport = _transport(problem, *key, apart=True)
        inner = _march(transport, problem, t0, y, row, max_step, order)
    problem.transports[key] = transport
    surfaces = [
        Surface(event.g, event.reset, problem.dim, problem.shapes, row, len(components), numbers)
        for event in events
        if event.changes
    ]
    plan = schedule(problem.system.elements() if isinstance(problem.system, ArraySystem) else problem.rhs)

    def slope(t: float, state: np.ndarray) -> np.ndarray:
        kernel = compile_plan(plan)
        points = (*state, t, *row)[: len(kernel.degrees)]
        leaves = [np.array([v, 0.0][: 1 + (i == problem.dim)]) for i, v in enumerate(points)]
        return np.array([np.ravel(found)[0] for found in kernel(leaves, 0)])

    return Carried(transport, inner, surfaces, slope)


def _transport(
    problem: Problem,
    components: tuple[int, ...],
    numbers: tuple[int, ...],
    order: int,
    control: bool,
    *,
    apart: bool = False,
) -> Transport:
    rhs = problem.system.elements() if isinstance(problem.system, ArraySystem) else problem.rhs
    n_args = sum(math.prod(shape) for shape in problem.shapes)
    options = {"registers": 0} if apart else {}
    return Transport.of(rhs, n_args, components, numbers, order, control=control, **options)


def _march(
    transport: Transport, problem: Problem, t0: float, y: np.ndarray, row: np.ndarray, max_step: float, order: int
) -> March:
    start = transport.start(y)
    owner = np.zeros(len(start), int)  # the component that each number belongs to
    owner[transport.places] = np.arange(problem.dim)[:, None]
    owner = owner[transport.sources]
    rtol, atol = problem.rtol[owner], problem.atol[owner]
    if isinstance(transport.system, PartsSystem):
        return Native(transport.system, t0, start, list(row), rtol, atol, max_step, order)
    return march(transport.system, t0, start, row, rtol, atol, max_step, order)


@final
class Carried(Around):
    """The plain components of a march of ``transport.system``; all of its pieces are kept for :meth:`variations`."""

    def __init__(
        self,
        transport: Transport,
        inner: March,
        surfaces: Sequence[Surface],
        slope: Callable[[float, np.ndarray], np.ndarray],
    ) -> None:
        self.transport, self._inner, self._surfaces, self._slope = transport, inner, surfaces, slope
        self._most = max(16, _ROOM // (8 * (inner.order + 1) * len(transport.sources)))
        self._pieces: list[Piece] = []

    @property
    def state(self) -> np.ndarray:
        return self._inner.state[: self.transport.dim]

    def go(self, end: float, most: int) -> tuple[Outcome, Piece]:
        outcome, piece = self._inner.go(end, min(most, self._most))
        self._inner.own()
        if len(piece):
            self._pieces.append(piece)
        return outcome, Piece(piece.times, piece.rows[..., : self.transport.dim])

    def own(self) -> None:
        """The memory is never used again."""

    def restart(self, t: float, state: np.ndarray) -> None:
        """Go on from another state, with the derivatives that the event's reset makes of those before it.

        DomainError where they are not known: after an action that is no formula, or above order 1.
        """
        if self.transport.monomials.order > 1:
            raise DomainError("derivatives above the first do not go through events that change the state; use order=1")
        piece = self._pieces[-1]
        way = 1.0 if piece.times[-1, 0] >= piece.times[0, 0] else -1.0
        index = max(0, int(np.searchsorted(piece.times[:, 0] * way, t * way, side="left")) - 1)
        times = np.array(piece.times[: index + 2])
        times[-1] = t, 0.0
        self._pieces[-1] = last = Piece(times, piece.rows[: index + 1])
        at, x = np.array([index]), np.array([t - times[index, 0] - times[index, 1]])
        known = self.transport.coefficients(within(last, at, x)[0])
        f = within(last, at, x, 1)[0][: self.transport.dim]
        y, phi = known[:, 0], known[:, self.transport.units]
        surface = next((s for s in self._surfaces if s.leads_to(t, y, state)), None)
        if surface is None:
            raise DomainError(
                f"the event at t = {t} changes the state by an action, whose derivatives are not known: "
                "give the new state as a formula, Event(g, reset=...)"
            )
        phi = surface.after(t, y, f, self._slope(t, state), phi)
        self.begin(t, state, phi)

    def advance(self, end: float, most: int) -> tuple[Outcome, int]:
        """On to ``end`` with nothing kept of the way; why it ended, and the steps."""
        if isinstance(self._inner, Native):
            return self._inner.last(end, most)
        outcome, piece = self._inner.go(end, most)
        return outcome, len(piece)

    @property
    def now(self) -> tuple[np.ndarray, np.ndarray]:
        """The state (dim,) and its first derivatives (dim, n)."""
        known = self.transport.coefficients(self._inner.state)
        return known[:, 0], known[:, self.transport.units]

    def begin(self, t: float, state: np.ndarray, phi: np.ndarray) -> None:
        """Go on from another state and other first derivatives; higher ones begin at 0."""
        self._inner.restart(t, self.transport.start(state, phi))

    def variations(self, end: float) -> Variations | None:
        """What is known at all times up to ``end``; None where no step was made."""
        return Variations(self.transport, DenseSolution(self._pieces), end) if self._pieces else None
