"""A solution as a piecewise polynomial: all Taylor coefficients of all steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError, OrderError
from taylorad.ode.march import Piece

__all__ = ["DenseSolution", "evaluate"]

_BLOCK = 4096  # points evaluated together


def evaluate(piece: Piece, index: np.ndarray, t: np.ndarray, derivative: int = 0) -> np.ndarray:
    """The state (len(t), dim), or a derivative of it, at times in the steps ``index``. Cost: O(K) for each number."""
    K = piece.coefficients.shape[1] - 1
    out = np.zeros((len(t), piece.coefficients.shape[2]), piece.coefficients.dtype)
    for begin in range(0, len(t), _BLOCK):
        part = slice(begin, begin + _BLOCK)
        i = index[part]
        x = ((t[part] - piece.times[i, 0]) - piece.times[i, 1])[:, None]
        total = np.zeros((len(i), out.shape[1]), out.dtype)
        for k in range(K, derivative - 1, -1):
            factor = 1.0
            for j in range(derivative):
                factor *= k - j
            total = total * x + (piece.coefficients[i, k] * factor if derivative else piece.coefficients[i, k])
        out[part] = total
    return out


@final
class DenseSolution:
    """The solution between ``t_min`` and ``t_max``: call it with times, (…) → (dim, …), as scipy's OdeSolution.

    ``coefficients`` is (steps, K+1, dim): coefficient k of each step is y^(k)/k! at its beginning. Not rigorous.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        kept = [p for p in pieces if len(p)]
        if not kept:
            raise DomainError("a solution without steps has no dense output")
        self.coefficients = np.concatenate([p.coefficients for p in kept])
        self._times = np.concatenate([*(p.times[:-1] for p in kept), kept[-1].times[-1:]])

    @cached_property
    def _piece(self) -> Piece:
        return Piece(self._times, self.coefficients)

    @property
    def ts(self) -> np.ndarray:
        """The ends of the steps, in the order of integration."""
        return self._times[:, 0]

    @property
    def t_min(self) -> float:
        return min(self.ts[0], self.ts[-1])

    @property
    def t_max(self) -> float:
        return max(self.ts[0], self.ts[-1])

    @property
    def order(self) -> int:
        return self.coefficients.shape[1] - 1

    def __call__(self, t: Any, extrapolate: bool = False) -> np.ndarray:
        """The state at ``t``, (dim, *shape of t). DomainError outside of [t_min, t_max] unless ``extrapolate``."""
        return self.derivative(t, 0, extrapolate)

    def derivative(self, t: Any, k: int = 1, extrapolate: bool = False) -> np.ndarray:
        """The k-th derivative of the state, (dim, *shape of t); OrderError where k is not in 0 … K."""
        if int(k) != k or not 0 <= k <= self.order:
            raise OrderError(
                f"derivative {k} of a solution of order {self.order}; k is an integer from 0 to {self.order}"
            )
        points = np.asarray(t, self._times.dtype)
        flat = points.ravel()
        out = (flat < self.t_min) | (flat > self.t_max) | (flat != flat)
        if not extrapolate and np.any(out):
            raise DomainError(
                f"t = {flat[out][0]} is outside of the solution, which goes from {self.ts[0]} to {self.ts[-1]}; "
                "integrate further, or say extrapolate=True",
                tuple(int(i) for i in np.flatnonzero(out)),
            )
        found = evaluate(self._piece, self.steps_at(flat), flat, int(k))
        return np.moveaxis(found.reshape(*points.shape, -1), -1, 0)

    def steps_at(self, t: np.ndarray) -> np.ndarray:
        """The numbers of the steps in which some times lie; an end belongs to the step before it."""
        ts, back = self.ts, self.ts[-1] < self.ts[0]
        index = np.searchsorted(-ts if back else ts, -t if back else t, side="left") - 1
        return np.minimum(np.maximum(index, 0), len(self.coefficients) - 1)

    def integral(self, a: float, b: float) -> np.ndarray:
        """∫ y dt from a to b, (dim,), from the coefficients. DomainError outside of the solution."""
        sign = 1.0 if b >= a else -1.0
        low, high = min(a, b), max(a, b)
        if low < self.t_min or high > self.t_max:
            raise DomainError(
                f"[{low}, {high}] is not inside of the solution, which goes from {self.t_min} to {self.t_max}"
            )
        begin, end = np.minimum(self.ts[:-1], self.ts[1:]), np.maximum(self.ts[:-1], self.ts[1:])
        powers = np.arange(1, self.order + 2)
        total = np.zeros(self.coefficients.shape[2], self.coefficients.dtype)
        for i in np.flatnonzero((end > low) & (begin < high)):
            origin = self._times[i, 0] + self._times[i, 1]
            ends = [max(low, begin[i]) - origin, min(high, end[i]) - origin]
            weights = (ends[1] ** powers - ends[0] ** powers) / powers
            total = total + weights @ self.coefficients[i]
        return sign * total

    def to_ppoly(self) -> Any:
        """scipy.interpolate.PPoly with the same values, (dim,) at each time."""
        from scipy.interpolate import PPoly

        c, x = self.coefficients, self.ts
        if x[-1] > x[0]:
            return PPoly(np.moveaxis(c[:, ::-1], 1, 0), x)
        h = np.diff(x)
        raised = np.zeros_like(c)
        for i in range(len(h)):  # about the other end of each step, where a rising interval begins
            row = np.array(c[i])
            for j in range(self.order):
                for k in range(self.order - 1, j - 1, -1):
                    row[k] += h[i] * row[k + 1]
            raised[i] = row
        return PPoly(np.moveaxis(raised[::-1, ::-1], 1, 0), x[::-1])
