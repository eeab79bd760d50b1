"""A solution under the caller's hand, one step at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.dense import evaluate
from taylorad.ode.given import number
from taylorad.ode.loop import Outcome
from taylorad.ode.march import Piece

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem

__all__ = ["Stepper"]


@final
class Stepper:
    """``t`` and ``y`` now; ``coefficients`` (K+1, dim) are those of the last step, at its beginning. Mutable.

    Raises DomainError where a step cannot be made. Not rigorous.
    """

    def __init__(self, problem: Problem, t0: float, y0: Any, args: Any) -> None:
        self._going = problem.march(t0, y0, args)
        self._piece: Piece | None = None

    @property
    def t(self) -> float:
        return float(self._going.t)

    @property
    def y(self) -> np.ndarray:
        return self._going.state

    @property
    def coefficients(self) -> np.ndarray:
        return self._last().coefficients[-1]

    def _last(self) -> Piece:
        if self._piece is None:
            raise DomainError("no step was made yet; call step() first")
        return self._piece

    def step(self, end: float = math.inf) -> float:
        """One step, forward and not beyond ``end`` (backward for an end before t); the new t."""
        if end != end:
            raise DomainError("the end of a step is nan; give a number, or inf for no end")
        return self._go(end if math.isfinite(end) else (1e300 if end > 0 else -1e300), 1)

    def advance(self, end: float) -> np.ndarray:
        """On to ``end``; the state there."""
        end = number(end, "the end")
        while self.t != end:
            self._go(end, 256)
        return self.y

    def _go(self, end: float, most: int) -> float:
        outcome, piece = self._going.go(end, most)
        if len(piece):
            self._piece = Piece(np.array(piece.times), np.array(piece.coefficients))
        elif outcome != Outcome.DONE:
            raise DomainError(f"no further step can be made from t = {self.t} ({outcome.name.lower()}), y = {self.y}")
        return self.t

    def __call__(self, t: float) -> np.ndarray:
        """The state inside of the last step; DomainError outside of it."""
        piece = self._last()
        low, high = sorted(piece.times[[-2, -1], 0])
        if not low <= t <= high:
            raise DomainError(f"t = {t} is outside of the last step, [{low}, {high}]")
        return evaluate(piece, np.array([len(piece) - 1]), np.array([float(t)]))[0]
