"""Dense output in many digits: the series of all steps, evaluated with integers and given back as mpmath numbers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError, OrderError
from taylorad.ode.precise import Expansion, fixed
from taylorad.ode.precision import exact
from taylorad.rings.multiprecision import dyadic, pair, working

__all__ = ["PreciseDense", "numbers"]


def numbers(series: Expansion, elements: Sequence[Any], bits: int, shift: int = 0) -> list[Any]:
    """Elements times 2^shift as mpmath numbers of ``bits`` bits."""
    out: list[Any] = []
    for x in elements:
        parts = [dyadic(m, shift - series.ring.bits, bits) for m in series.ring.parts(x)]
        out.append(pair(*parts) if len(parts) == 2 else parts[0])
    return out


@final
class PreciseDense:
    """The solution between ``t_min`` and ``t_max``: call it with times, (…) → (dim, …), arrays of mpmath numbers.

    A time is an int, Fraction, float, text or mpmath number, taken as exactly what it is. Not rigorous.
    """

    def __init__(self, pieces: Sequence[Expansion], end: int, bits: int) -> None:
        if not pieces:
            raise DomainError("a solution without steps has no dense output")
        self.pieces, self.bits, self._clock = pieces, bits, pieces[0].clock
        self.ends = [*(p.start for p in pieces), end]
        self.way = 1 if end >= pieces[0].start else -1

    @property
    def ts(self) -> np.ndarray:
        """The ends of the steps, in the order of integration."""
        return objects([dyadic(t, -self._clock, self.bits) for t in self.ends])

    @property
    def t_min(self) -> Any:
        return self.ts[0 if self.way > 0 else -1]

    @property
    def t_max(self) -> Any:
        return self.ts[-1 if self.way > 0 else 0]

    @property
    def order(self) -> int:
        return len(self.pieces[0].rows[0]) - 1

    @property
    def coefficients(self) -> np.ndarray:
        """(steps, K+1, dim): y^(k)/k! at the beginning of every step."""
        out = np.empty((len(self.pieces), self.order + 1, len(self.pieces[0].rows)), object)
        for s, piece in enumerate(self.pieces):
            for k in range(self.order + 1):
                out[s, k] = numbers(piece, [row[k] for row in piece.rows], self.bits, -k * piece.unit)
        return out

    def __call__(self, t: Any, extrapolate: bool = False) -> np.ndarray:
        """The state at ``t``, (dim, *shape of t). DomainError outside of [t_min, t_max] unless ``extrapolate``."""
        return self.derivative(t, 0, extrapolate)

    def derivative(self, t: Any, k: int = 1, extrapolate: bool = False) -> np.ndarray:
        """The k-th derivative of the state, (dim, *shape of t); OrderError where k is not in 0 … K."""
        if int(k) != k or not 0 <= k <= self.order:
            raise OrderError(f"derivative {k} of a solution of order {self.order}")
        times = np.asarray(t, object)
        found = [self._value(self._tick(x, extrapolate), int(k)) for x in times.ravel()]
        return np.moveaxis(objects(found, len(self.pieces[0].rows)).reshape(*times.shape, -1), -1, 0)

    def integral(self, a: Any, b: Any) -> np.ndarray:
        """∫ y dt from a to b, (dim,). DomainError outside of the solution."""
        with working(self.bits):
            return objects([y - x for x, y in zip(self._primitive(a), self._primitive(b), strict=True)])

    def to_ppoly(self) -> Any:
        """scipy.interpolate.PPoly of doubles."""
        from taylorad.ode.dense import DenseSolution
        from taylorad.ode.march import Piece

        kind: Any = complex if self.pieces[0].ring.complex else float
        times = np.stack([self.ts.astype(float), np.zeros(len(self.ends))], axis=1)
        return DenseSolution([Piece(times, self.coefficients.astype(kind))]).to_ppoly()

    def _tick(self, t: Any, extrapolate: bool = False) -> int:
        tick = fixed(exact(t, "t"), self._clock)
        low, high = sorted((self.ends[0], self.ends[-1]))
        if not extrapolate and not low - 1 <= tick <= high + 1:  # ticks are rounded down
            raise DomainError(
                f"t = {t} is outside of the solution, which goes from {self.ts[0]} to {self.ts[-1]}; "
                "integrate further, or say extrapolate=True"
            )
        return tick

    def _step(self, tick: int) -> int:
        """The number of the step in which a time lies; an end belongs to the step before it."""
        found = bisect_left(self.ends, tick * self.way, key=lambda t: t * self.way) - 1
        return min(max(found, 0), len(self.pieces) - 1)

    def _value(self, tick: int, k: int) -> list[Any]:
        piece = self.pieces[self._step(tick)]
        return numbers(piece, piece.at(tick, k), self.bits, -k * piece.unit)

    def _primitive(self, t: Any) -> list[Any]:
        """∫ y from the beginning to t."""
        last = self._step(tick := self._tick(t))
        total: list[Any] = [0] * len(self.pieces[0].rows)
        for s in range(last + 1):
            piece, end = self.pieces[s], tick if s == last else self.ends[s + 1]
            ring = piece.ring
            zero, rows = ring.element((0,), 0), piece.rows
            raised = [[zero, *(ring.over_int(c, k) for k, c in enumerate(row, 1))] for row in rows]
            part = Expansion(piece.start, piece.clock, piece.unit, ring, raised)
            found = numbers(piece, part.at(end), self.bits, piece.unit)
            total = [x + y for x, y in zip(total, found, strict=True)]
        return total


def objects(values: Sequence[Any], width: int | None = None) -> np.ndarray:
    """An object array, (n,) or (n, width)."""
    out = np.empty((len(values),) if width is None else (len(values), width), object)
    for i, x in enumerate(values):
        out[i] = x
    return out
