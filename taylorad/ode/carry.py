"""A march that carries derivatives along: the plain solution outside, the larger system inside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, final

import numpy as np

from taylorad.errors import CompilationError, DomainError
from taylorad.ode.arrays import ArraySystem
from taylorad.ode.dense import DenseSolution
from taylorad.ode.flow import order_for
from taylorad.ode.loop import Outcome
from taylorad.ode.march import March, Native, Piece, march
from taylorad.ode.parts import PartsSystem
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
    least = float(np.min(problem.rtol if np.min(problem.rtol) > 0 else problem.atol))
    order = problem.order or order_for(least)
    key = (tuple(components), tuple(numbers), int(wanted.order))
    transport = problem.transports.get(key) or _transport(problem, *key)
    try:
        inner = _march(transport, problem, t0, y, row, max_step, order)
    except CompilationError:  # a function without machine code: taken apart it can be interpreted
        transport = _transport(problem, *key, apart=True)
        inner = _march(transport, problem, t0, y, row, max_step, order)
    problem.transports[key] = transport
    return Carried(transport, inner)


def _transport(
    problem: Problem, components: tuple[int, ...], numbers: tuple[int, ...], order: int, *, apart: bool = False
) -> Transport:
    rhs = problem.system.elements() if isinstance(problem.system, ArraySystem) else problem.rhs
    n_args = sum(math.prod(shape) for shape in problem.shapes)
    return Transport.of(rhs, n_args, components, numbers, order, **({"registers": 0} if apart else {}))


def _march(
    transport: Transport, problem: Problem, t0: float, y: np.ndarray, row: np.ndarray, max_step: float, order: int
) -> March:
    start, first = transport.start(y), transport.system.controlled
    rtol, atol = np.ones(len(start)), np.ones(len(start))
    rtol[:first], atol[:first] = (x[transport.sources[:first]] for x in (problem.rtol, problem.atol))
    if isinstance(transport.system, PartsSystem):
        return Native(transport.system, t0, start, list(row), rtol, atol, max_step, order)
    return march(transport.system, t0, start, row, rtol, atol, max_step, order)


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
