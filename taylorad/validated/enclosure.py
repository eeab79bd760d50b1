"""What a validated integration gives back: boxes that contain the solution, at every time that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.rings.intervals import Interval
from taylorad.series.node import Node
from taylorad.validated.literals import exact

__all__ = ["MESSAGES", "Enclosure", "March", "Status", "intervals", "shifted"]

_FLOATS = 53  # bits of machine code
_COMMON = 16  # steps over which the pieces of a wide time are joined by their tubes alone


class Status(IntEnum):
    """Why a validated integration ended."""

    END = 0
    STEPS = 1
    BOX = -1
    DOMAIN = -2
    SMALL = -3
    FRAME = -4
    INTERRUPTED = -5


MESSAGES = {
    Status.END: "The enclosure reached the end of the span.",
    Status.STEPS: "The largest number of steps was taken; raise max_steps to go on.",
    Status.BOX: "There is no Taylor series over the whole box: it leaves the domain of a function, holds a kink (of "
    "|x|, max, where), or numbers overflow. A smaller box may go further.",
    Status.DOMAIN: "No step could be proved to stay where the right-hand side has a Taylor series: a singularity, a "
    "kink (of |x|, max, where) or the edge of a domain is near, or the box is too wide.",
    Status.SMALL: "No step, however short, could be proved: a singularity is near, or the box is too wide for the "
    "order.",
    Status.FRAME: "The set became too wide for floating-point numbers.",
    Status.INTERRUPTED: "Interrupted; what was proved until then stands.",
}


class March(Protocol):
    """A solution on its way: see :class:`taylorad.validated.flow.Track`."""

    t0: Fraction
    unit: Fraction
    sign: int
    counts: Any
    order: int
    bits: int
    tol: float
    given: Any
    ranges: list[Interval]
    crossed: dict[int, list[Interval]]

    def last(self) -> list[Any]: ...

    def cross(self, ticks: int, e: Sequence[Interval], rates: Sequence[Interval]) -> bool: ...

    def sets_as_text(self) -> list[dict[str, Any]]: ...

    @property
    def steps(self) -> int: ...

    def go(self, end: int, most: int) -> int: ...

    def boxes(self) -> tuple[np.ndarray, np.ndarray]: ...

    def tube(self) -> tuple[np.ndarray, np.ndarray]: ...

    def view(self, step: int, since: Fraction, until: Fraction) -> tuple[np.ndarray, np.ndarray]: ...

    def wrap(self, low: np.ndarray, hi: np.ndarray) -> np.ndarray:
        """Enclosures from their ends: intervals, or balls of as many digits as were asked for."""
        ...


@final
class Enclosure:
    """Boxes around all solutions from a box, proved; scipy's field names where they fit.

    Attributes
    ----------
    t : (m,) floats next to the times of ``y`` (exact where a float can say them)
    y : (n, m) intervals, that contain every solution at these times
    t_reached : Fraction, the exact time up to which the enclosure was proved
    status, message : why it ended there; ``success`` where the end of the span was reached
    box : (n,) intervals, the enclosure at ``t_reached``; ``width`` is the largest of their widths
    steps, order, compiled : how it was integrated

    ``V(t)`` encloses the solution at any time up to ``t_reached``. Rigorous, under the assumptions that the
    explanation of validated integration lists.
    """

    def __init__(
        self,
        march: March,
        status: Status,
        t_reached: Fraction,
        n: int,
        equation: Sequence[Node],
        wanted: Sequence[Fraction] | None,
    ) -> None:
        self.march, self.status, self.t_reached, self.n = march, status, t_reached, n
        self.equation, self._wanted = equation, wanted
        self._table: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def message(self) -> str:
        end = "" if self.success else f" The enclosure goes to t = {float(self.t_reached)}."
        return MESSAGES[self.status] + end

    @property
    def order(self) -> int:
        return self.march.order

    @property
    def compiled(self) -> bool:
        """Whether machine code ran, or balls in Python."""
        return self.march.bits == _FLOATS

    @property
    def t(self) -> np.ndarray:
        return self._tabled()[0]

    @property
    def y(self) -> np.ndarray:
        return self._tabled()[1]

    def _tabled(self) -> tuple[np.ndarray, np.ndarray]:
        """Made when first asked for: a table of intervals takes longer than the integration."""
        if self._table is None:
            m = self.march
            if self._wanted is None:
                t, y = self.times(), m.wrap(*m.boxes())[:, : self.n].T
                if int(m.counts[-1]) * m.unit != (self.t_reached - m.t0) * m.sign:  # the last step went a tick too far
                    t[-1], y[:, -1] = float(self.t_reached), self(self.t_reached)
            else:
                inside = [t for t in self._wanted if (self.t_reached - t) * m.sign >= 0]
                t, y = np.array([float(t) for t in inside]), self(inside)
            self._table = t, y
        return self._table

    @property
    def success(self) -> bool:
        return self.status == Status.END

    @property
    def steps(self) -> int:
        return self.march.steps

    @property
    def box(self) -> np.ndarray:
        return self(self.t_reached)

    @property
    def width(self) -> float:
        """The largest width of the last box."""
        return max(x.width if isinstance(x, Interval) else 2 * float(x.rad()) for x in self.box)

    def __call__(self, t: Any) -> np.ndarray:
        """Enclosures at a time, (n,), or at several, (n, m).

        A float is exactly the number it is, text and fractions are exact; an interval of times gives what contains
        the solution at all of them. Raises DomainError for a time that was not reached. Cost: some microseconds each.

        >>> from taylorad import validated as v
        >>> V = v.solve_ivp(lambda t, y: [-y[0]], (0, 1), [1])
        >>> 0.71653131057378 < V("1/3")[0] < 0.7165313105738
        True
        """
        if isinstance(t, (list, tuple)) or (isinstance(t, np.ndarray) and t.ndim):
            rows = [self(x) for x in t]
            return np.stack(rows, axis=1) if rows else np.empty((self.n, 0), object)
        m = self.march
        if isinstance(t, Interval):
            since, until = sorted((Fraction(x) - m.t0) * m.sign for x in (t.lo, t.hi))
        else:
            since = until = (exact(_plain(t)) - m.t0) * m.sign
        if since.numerator < 0 or until > (self.t_reached - m.t0) * m.sign:
            way = f"from {float(m.t0)} to {float(self.t_reached)}"
            raise DomainError(f"t = {t} was not reached: the enclosure goes {way}")
        return self._over(since, until)

    def _over(self, since: Fraction, until: Fraction) -> np.ndarray:
        m = self.march
        if self.steps == 0:
            low, hi = (x[0] for x in m.boxes())
            return m.wrap(low, hi)[: self.n]
        k = self._step(since)
        last = k if until is since else self._step(until, ending=True)
        if k == last:
            begin = int(m.counts[k]) * m.unit
            a = since - begin
            low, hi = m.view(k, a, a if until is since else until - begin)
            return m.wrap(low, hi)[: self.n]
        pieces: list[tuple[Any, Any]] = []
        tube = m.tube() if last - k > _COMMON else None
        for step in range(k, last + 1):
            begin = int(m.counts[step]) * m.unit
            if tube is not None and k < step < last:
                pieces.append((tube[0][step], tube[1][step]))
                continue
            length = int(m.counts[step + 1] - m.counts[step]) * m.unit
            pieces.append(m.view(step, max(since - begin, Fraction(0)), min(until - begin, length)))
        low, hi = (np.array([p[side] for p in pieces]) for side in (0, 1))
        return m.wrap(low.min(0), hi.max(0))[: self.n]

    def _step(self, since: Fraction, ending: bool = False) -> int:
        """The step that contains a time; the earlier of two where it ends one."""
        unit = self.march.unit  # a power of 2
        whole, rest = divmod(since.numerator * unit.denominator, since.denominator * unit.numerator)
        k = int(np.searchsorted(self.march.counts, whole, side="right")) - 1
        if ending and k > 0 and not rest and int(self.march.counts[min(k, self.steps)]) == whole:
            k -= 1
        return min(max(k, 0), self.steps - 1)

    def tube(self, parts: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Times (m + 1,) and boxes (n, m): the solution stays in box k from time k to time k + 1.

        One box for each step, of what proved it, or ``parts`` of them, each much smaller (some 50 µs a box).
        """
        m = self.march
        if int(parts) != parts or parts < 1:
            raise DomainError(f"parts = {parts!r} must be an integer, at least 1")
        if parts == 1:
            low, hi = m.tube()
            return self.times(), m.wrap(low, hi)[:, : self.n].T
        times, rows = [float(m.t0)], []
        for k in range(self.steps):
            length = Fraction(int(m.counts[k + 1] - m.counts[k])) * m.unit
            begin = m.t0 + m.sign * int(m.counts[k]) * m.unit
            for i in range(parts):
                rows.append(m.view(k, length * i / parts, length * (i + 1) / parts))
                times.append(float(begin + m.sign * length * (i + 1) / parts))
        low, hi = (np.array([row[side] for row in rows]) for side in (0, 1))
        return np.array(times), m.wrap(low, hi)[:, : self.n].T

    def times(self) -> np.ndarray:
        m = self.march
        return np.array([float(m.t0 + m.sign * int(c) * m.unit) for c in m.counts])

    def save(self, path: str | Path) -> None:
        """Write a certificate: the equation, every set, and the inequality that each step proved (JSON).

        :func:`taylorad.validated.check` proves all of it again, over balls.
        """
        from taylorad.validated.certificate import save

        save(self, path)

    def plot(self, **options: Any) -> Any:
        """Draw the tube: :func:`taylorad.plot.tube`, which says what the options are. Needs matplotlib."""
        from taylorad.plot import tube

        return tube(self, **options)

    def __repr__(self) -> str:
        shown = ", ".join(map(str, self.box[:4])) + (", …" if self.n > 4 else "")
        return f"<enclosure to t = {float(self.t_reached)}, {self.steps} steps, {self.status.name}: {shown}>"


def _plain(t: Any) -> Any:
    return t.item() if isinstance(t, (np.generic, np.ndarray)) else t


def shifted(
    low: np.ndarray, hi: np.ndarray, since: Fraction, until: Fraction, rates: Sequence[Interval]
) -> tuple[np.ndarray, np.ndarray]:
    """A box after times from ``since`` to ``until`` at the rates of a step over a kink."""
    time = Interval.enclosing(since) | Interval.enclosing(until)
    found = [x + time * rate for x, rate in zip(intervals(low, hi), rates, strict=True)]
    return np.array([x.lo for x in found]), np.array([x.hi for x in found])


def intervals(low: np.ndarray, hi: np.ndarray) -> np.ndarray:
    """Intervals from arrays of their ends."""
    out = np.empty(low.size, object)
    out[:] = [Interval(a, b) for a, b in zip(low.ravel().tolist(), hi.ravel().tolist(), strict=True)]
    return out.reshape(low.shape)
