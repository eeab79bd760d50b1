"""Taylor's method as a solver class for scipy.integrate.solve_ivp; the only file here that subclasses scipy's."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.integrate import DenseOutput, OdeSolver

from taylorad.ode.dense import evaluate
from taylorad.ode.drive import singularity
from taylorad.ode.loop import Outcome
from taylorad.ode.march import Piece
from taylorad.ode.problem import compile_ode
from taylorad.ode.solution import MESSAGES, Status

__all__ = ["TaylorSolver"]


class _Step(DenseOutput):
    """One step's polynomial."""

    def __init__(self, piece: Piece) -> None:
        super().__init__(piece.times[0, 0], piece.times[-1, 0])
        self._piece = piece

    def _call_impl(self, t: Any) -> np.ndarray:
        times = np.atleast_1d(np.asarray(t, float))
        found = evaluate(self._piece, np.zeros(len(times), int), times)
        return found[0] if np.ndim(t) == 0 else found.T


class TaylorSolver(OdeSolver):
    """``scipy.integrate.solve_ivp(f, span, y0, method=ta.TaylorSolver)``: scipy's loop around compiled Taylor steps.

    ``rtol``, ``atol``, ``max_step`` and ``order`` are taken. The right-hand side is traced once; arguments that
    scipy binds to it become part of the code. Raises TraceError where it cannot be traced. Not rigorous.
    """

    def __init__(
        self,
        fun: Any,
        t0: float,
        y0: Any,
        t_bound: float,
        vectorized: bool = False,
        rtol: Any = 1e-10,
        atol: Any = 1e-12,
        max_step: float = np.inf,
        order: int | None = None,
        **ignored: Any,
    ) -> None:
        super().__init__(fun, t0, y0, t_bound, vectorized, support_complex=True)
        # self.fun turns results into arrays of numbers, so the function that was given is traced
        dtype = np.complex128 if self.y.dtype.kind == "c" else np.float64
        problem = compile_ode(fun, self.n, rtol=rtol, atol=atol, order=order, dtype=dtype)
        self._going = problem.march(float(t0), self.y, (), max_step)
        self._piece: Piece | None = None

    def _step_impl(self) -> tuple[bool, str | None]:
        outcome, piece = self._going.go(float(self.t_bound), 1)
        if not len(piece):
            return False, self._ended(outcome)
        self._piece = Piece(np.array(piece.times), np.array(piece.coefficients))
        self.nfev += 1
        self.t, self.y = float(piece.times[-1, 0]), self._going.state
        return True, None

    def _ended(self, outcome: Outcome) -> str:
        last = self._piece
        if last is not None:
            ahead = singularity(float(last.times[0, 0]), last.coefficients[0], float(self.direction))
            if ahead is not None:
                return f"Singularity near t = {ahead:.10g}; the solution does not go on beyond it."
        if outcome is Outcome.STUCK:
            return f"{MESSAGES[Status.STUCK]} The solution was followed to t = {self.t}."
        return f"No further step can be made from t = {self.t} ({outcome.name.lower()})."

    def _dense_output_impl(self) -> DenseOutput:
        assert self._piece is not None
        return _Step(self._piece)
