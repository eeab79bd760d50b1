"""A solution as a piecewise polynomial: all Taylor coefficients of all steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError, OrderError
from taylorad.ode.horner import powers, steps_at, values_at
from taylorad.ode.march import Piece

__all__ = ["DenseSolution", "evaluate", "within"]

_INTEGRAL = -1  # the derivative of that order


def evaluate(piece: Piece, index: np.ndarray, t: np.ndarray, derivative: int = 0) -> np.ndarray:
    """The state (len(t), dim), or a derivative of it, at times in the steps ``index``. Cost: O(K) for each number."""
    begin = piece.times[index]
    return within(piece, index, (t - begin[:, 0]) - begin[:, 1], derivative)


def within(piece: Piece, index: np.ndarray, x: np.ndarray, derivative: int = 0) -> np.ndarray:
    """The same at times ``x`` after the beginnings of the steps; derivative −1 is Σ y_k x^k/(k+1), the mean up to x."""
    c = piece.rows
    kind, K, first = c.dtype, c.shape[1] - 1, max(derivative, 0)
    weights = powers(K, derivative)
    if kind.kind == "O":
        total = c[index, K] * weights[K - first]
        for k in range(K - 1, first - 1, -1):
            total = total * x[:, None] + c[index, k] * weights[k - first]
        return total
    apart, along, size = c.strides
    if size != kind.itemsize or apart != (K + 1) * along:
        c = np.ascontiguousarray(c)
        along = c.strides[1]
    dim = c.shape[2] * (kind.itemsize // 8)
    out = np.empty((len(x), dim))
    steps, x = np.ascontiguousarray(index, np.int64), np.ascontiguousarray(x, np.float64)
    values_at(c, K, along // 8, dim, steps, x, len(x), first, weights, out)
    return out if kind == np.float64 else out.view(kind)


@final
class DenseSolution:
    """The solution between ``t_min`` and ``t_max``: call it with times, (…) → (dim, …), as scipy's OdeSolution.

    ``coefficients`` is (steps, K+1, dim): coefficient k of each step is y^(k)/k! at its beginning. ``times``
    (steps+1, 2) are the ends of the steps as unevaluated sums. Where an event's action made the state jump, the state
    at the time of the event is that before the jump. Not rigorous.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = [p for p in pieces if len(p.times) > 1]
        if not self._pieces:
            raise DomainError("a solution without steps has no dense output")
        last = self._pieces[-1]
        self.order = last.rows.shape[1] - 1
        if len(self._pieces) == 1:
            self.times, self.breaks = last.times, [] if last.goes_on else [len(last)]
        else:
            self.times = np.concatenate([*(p.times[:-1] for p in self._pieces), last.times[-1:]])
            ends = np.cumsum([len(p) for p in self._pieces])
            self.breaks = [int(end) for end, p in zip(ends, self._pieces, strict=True) if not p.goes_on]
        if last.rows.base is not None and 8 * last.rows.nbytes < last.rows.base.nbytes:  # keep no memory for nothing
            self._pieces[-1] = Piece(last.times, last.rows.copy())

    @cached_property
    def _ends(self) -> tuple[Any, Any]:
        first, end = self.times[0, 0], self.times[-1, 0]
        return (first, end) if first <= end else (end, first)

    @property
    def t_min(self) -> Any:
        return self._ends[0]

    @property
    def t_max(self) -> Any:
        return self._ends[1]

    @cached_property
    def coefficients(self) -> np.ndarray:
        """Joined when first asked for."""
        if len(self._pieces) > 1:
            self._pieces = [Piece(self.times, np.concatenate([p.coefficients for p in self._pieces]))]
        return self._pieces[0].coefficients

    @cached_property
    def piece(self) -> Piece:
        return Piece(self.times, self.coefficients)

    def smooth(self) -> list[Piece]:
        """The parts between the breaks."""
        ends = [*self.breaks, len(self.times) - 1] if self.breaks[-1:] != [len(self.times) - 1] else self.breaks
        return [
            Piece(self.times[a : b + 1], self.coefficients[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)
        ]

    @property
    def ts(self) -> np.ndarray:
        """The ends of the steps, in the order of integration."""
        return self.times[:, 0]

    def __call__(self, t: Any, extrapolate: bool = False) -> np.ndarray:
        """The state at ``t``, (dim, *shape of t). DomainError outside of [t_min, t_max] unless ``extrapolate``."""
        return self.derivative(t, 0, extrapolate)

    def derivative(self, t: Any, k: int = 1, extrapolate: bool = False) -> np.ndarray:
        """The k-th derivative of the state, (dim, *shape of t); OrderError where k is not in 0 … K."""
        if int(k) != k or not 0 <= k <= self.order:
            raise OrderError(
                f"derivative {k} of a solution of order {self.order}; k is an integer from 0 to {self.order}"
            )
        points = np.asarray(t, self.times.dtype)
        flat = points.ravel()
        if not extrapolate:
            self._inside(flat)
        found = evaluate(self.piece, self.steps_at(flat), flat, int(k))
        return np.moveaxis(found.reshape(*points.shape, found.shape[-1]), -1, 0)

    def _inside(self, t: np.ndarray) -> None:
        inside = (t >= self.t_min) & (t <= self.t_max)
        if not np.all(inside):
            raise DomainError(
                f"t = {t[~inside][0]} is outside of the solution, which goes from {self.ts[0]} to {self.ts[-1]}; "
                "integrate further, or say extrapolate=True",
                tuple(int(i) for i in np.flatnonzero(~inside)),
            )

    def steps_at(self, t: np.ndarray) -> np.ndarray:
        """The numbers of the steps in which some times lie; an end belongs to the step before it."""
        n, back = len(self.times) - 1, self.ts[-1] < self.ts[0]
        if self.times.dtype == object:
            index = np.searchsorted(-self.ts if back else self.ts, -t if back else t, side="left") - 1
            return np.minimum(np.maximum(index, 0), n - 1)
        index = np.empty(len(t), np.int64)
        steps_at(self.times, n, -1.0 if back else 1.0, np.ascontiguousarray(t, np.float64), index, len(t))
        return index

    def integral(self, a: Any, b: Any) -> np.ndarray:
        """∫ y dt from a to b, (dim,), from the coefficients. DomainError outside of the solution. Cost: O(steps·K)."""
        ends = np.array([a, b], self.times.dtype)
        if ends.shape != (2,):
            raise DomainError(f"an integral goes from one time to another, got {a!r} and {b!r}")
        self._inside(ends)
        back = (self.ts[-1] < self.ts[0]) != (ends[1] < ends[0])
        first, last = ends[::-1] if back else ends  # in the direction of integration
        i, j = self.steps_at(np.array([first, last], self.times.dtype))
        index = np.arange(i, j + 1)
        upto = np.append(self.times[i + 1 : j + 1], [[last, 0 * last]], axis=0)
        x = (upto[:, 0] - self.times[index, 0]) + (upto[:, 1] - self.times[index, 1])
        start = (first - self.times[i, 0]) - self.times[i, 1]
        total = (within(self.piece, index, x, _INTEGRAL) * x[:, None]).sum(axis=0)
        total = total - within(self.piece, index[:1], np.array([start]), _INTEGRAL)[0] * start
        return -total if back else total

    def to_ppoly(self) -> Any:
        """scipy.interpolate.PPoly with the same values, (dim,) at each time."""
        from scipy.interpolate import PPoly

        c, x = self.coefficients, self.ts
        if x[-1] > x[0]:
            return PPoly(np.moveaxis(c[:, ::-1], 1, 0), x)
        h = np.diff(x)[:, None]
        row = np.array(np.moveaxis(c, 1, 0))  # about the other end of each step, where a rising interval begins
        for j in range(self.order):
            for k in range(self.order - 1, j - 1, -1):
                row[k] += h * row[k + 1]
        return PPoly(row[::-1, ::-1], x[::-1])
