"""A march that carries derivatives along: the plain solution outside, the larger system inside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.arrays import ArraySystem
from taylorad.ode.dense import DenseSolution
from taylorad.ode.flow import order_for
from taylorad.ode.loop import Outcome
from taylorad.ode.march import March, Piece, march
from taylorad.ode.sensitivity import Sensitivity, Variations
from taylorad.ode.transport import Transport

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem

__all__ = ["Carried", "carry"]


def carry(
    problem: Problem, wanted: Sensitivity, t0: float, y0: Any, args: Any, max_step: float = math.inf
) -> Carried:
    """A march of ``problem`` with derivatives from (t0, y0).

    Raises DomainError for complex problems, branches and unknown names, OrderError for systems that are too large.
    """
    if problem.system is None or problem.dtype.kind == "c":
        raise DomainError("derivatives of solutions are for real systems without branches (where, abs, sign …)")
    y, row = problem.state(y0), problem.values(args)
    components, numbers = wanted.variables(problem.dim, problem.arguments.names, problem.shapes)
    transport = _transport(problem, tuple(components), tuple(numbers), int(wanted.order))
    start = transport.start(y)
    ones = np.ones(len(start))
    rtol, atol = ones * 1.0, ones * 1.0
    rtol[: problem.dim], atol[: problem.dim] = problem.rtol, problem.atol
    first = transport.system.controlled
    rtol[problem.dim : first], atol[problem.dim : first] = problem.rtol[-1], problem.atol[-1]
    least = float(np.min(problem.rtol if np.min(problem.rtol) > 0 else problem.atol))
    order = problem.order or order_for(least)
    return Carried(transport, march(transport.system, t0, start, row, rtol, atol, max_step, order))


def _transport(problem: Problem, components: tuple[int, ...], numbers: tuple[int, ...], order: int) -> Transport:
    """Made once for each problem."""
    known = problem.transports
    key = (components, numbers, order)
    if key not in known:
        rhs = problem.system.elements() if isinstance(problem.system, ArraySystem) else problem.rhs
        n_args = sum(math.prod(shape) for shape in problem.shapes)
        known[key] = Transport.of(rhs, n_args, components, numbers, order)
    return known[key]


@final
class Carried:
    """The plain components of a march of ``transport.system``; all of its pieces are kept for :meth:`variations`."""

    def __init__(self, transport: Transport, inner: March) -> None:
        self.transport, self._inner = transport, inner
        self._pieces: list[Piece] = []

    @property
    def order(self) -> int:
        return self._inner.order

    @property
    def compiled(self) -> bool:
        return self._inner.compiled

    @property
    def t(self) -> Any:
        return self._inner.t

    @property
    def state(self) -> np.ndarray:
        return self._inner.state[: self.transport.dim]

    @property
    def rejected(self) -> int:
        return self._inner.rejected

    def go(self, end: float, most: int) -> tuple[Outcome, Piece]:
        outcome, piece = self._inner.go(end, most)
        self._inner.own()
        if len(piece):
            self._pieces.append(piece)
        return outcome, Piece(piece.times, piece.rows[..., : self.transport.dim])

    def own(self) -> None:
        """The memory is never used again."""

    def restart(self, t: float, state: np.ndarray) -> None:
        raise DomainError("an event that changes the state has no derivatives here")

    def variations(self, end: float) -> Variations | None:
        """What is known at all times up to ``end``; None where no step was made."""
        return Variations(self.transport, DenseSolution(self._pieces), end) if self._pieces else None
