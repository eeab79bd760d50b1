"""What a validated integration gives back: boxes that contain the solution, at every time that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.rings.intervals import Interval
from taylorad.validated.literals import exact

__all__ = ["MESSAGES", "Enclosure", "March", "Status", "intervals"]

_COMMON = 16  # steps over which the pieces of a wide time are joined by their tubes alone


class Status(IntEnum):
    """Why a validated integration ended."""

    END = 0
    STEPS = 1
    BOX = -1
    DOMAIN = -2
    SMALL = -3
    FRAME = -4


MESSAGES = {
    Status.END: "The enclosure reached the end of the span.",
    Status.STEPS: "The largest number of steps was taken; raise max_steps to go on.",
    Status.BOX: "There is no Taylor series over the whole box: it leaves the domain of a function, or numbers "
    "overflow. A smaller box may go further.",
    Status.DOMAIN: "No step could be proved to stay in the domain of the right-hand side: a singularity is near, or "
    "the box is too wide.",
    Status.SMALL: "No step, however short, could be proved: a singularity is near, or the box is too wide for the "
    "order.",
    Status.FRAME: "The set became too wide for floating-point numbers.",
}


class March(Protocol):
    """A solution on its way: see :class:`taylorad.validated.flow.Track`."""

    t0: Fraction
    unit: Fraction
    sign: int
    counts: Any
    order: int
    bits: int
    given: Any

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
@dataclass(repr=False)
class Enclosure:
    """Boxes around all solutions from a box, proved; scipy's field names where they fit.

    Attributes
    ----------
    t : (m,) floats next to the times of ``y`` (exact where a float can say them)
    y : (n, m) intervals, that contain every solution at these times
    t_reached : Fraction, the exact time up to which the enclosure was proved
    status, message : why it ended there; ``success`` where the end of the span was reached
    box : (n,) intervals, the enclosure at ``t_reached``

    ``V(t)`` encloses the solution at any time up to ``t_reached``. Rigorous, under the assumptions that the
    explanation of validated integration lists.
    """

    t: np.ndarray
    y: np.ndarray
    t_reached: Fraction
    status: Status
    message: str
    order: int
    compiled: bool
    equation: Any = field(repr=False)
    march: March = field(repr=False)
    n: int = 0

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
        >>> V("1/3")[0].mid
        0.7165313105737893
        """
        if isinstance(t, (list, tuple)) or (isinstance(t, np.ndarray) and t.ndim):
            rows = [self(x) for x in t]
            return np.stack(rows, axis=1) if rows else np.empty((self.n, 0), object)
        first, last = (Fraction(t.lo), Fraction(t.hi)) if isinstance(t, Interval) else (exact(_plain(t)),) * 2
        m = self.march
        since, until = sorted(((first - m.t0) * m.sign, (last - m.t0) * m.sign))
        end = (self.t_reached - m.t0) * m.sign
        if since < 0 or until > end:
            way = f"from {float(m.t0)} to {float(self.t_reached)}"
            raise DomainError(f"t = {t} was not reached: the enclosure goes {way}")
        return self._over(since, until)

    def _over(self, since: Fraction, until: Fraction) -> np.ndarray:
        m = self.march
        if self.steps == 0:
            low, hi = (x[0] for x in m.boxes())
            return m.wrap(low, hi)[: self.n]
        k = self._step(since)
        last = self._step(until, ending=until > since)
        pieces: list[tuple[Any, Any]] = []
        tube = m.tube() if last - k > _COMMON else None
        for step in range(k, last + 1):
            begin = int(m.counts[step]) * m.unit
            if tube is not None and k < step < last:
                pieces.append((tube[0][step], tube[1][step]))
                continue
            length = int(m.counts[step + 1] - m.counts[step]) * m.unit
            a, b = max(since - begin, Fraction(0)), min(until - begin, length)
            pieces.append(m.view(step, a, b))
        low, hi = (np.array([p[side] for p in pieces]) for side in (0, 1))
        return m.wrap(low.min(0), hi.max(0))[: self.n]

    def _step(self, since: Fraction, ending: bool = False) -> int:
        """The step that contains a time; the earlier of two where it ends one."""
        ticks = since / self.march.unit
        whole = ticks.numerator // ticks.denominator
        k = int(np.searchsorted(self.march.counts, whole, side="right")) - 1
        if ending and k > 0 and int(self.march.counts[min(k, self.steps)]) == ticks:
            k -= 1
        return min(max(k, 0), self.steps - 1)

    def tube(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (steps + 1,) and boxes (n, steps): the solution stays in box k from time k to time k + 1."""
        m = self.march
        low, hi = m.tube()
        return self.times(), m.wrap(low, hi)[:, : self.n].T

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


def intervals(low: np.ndarray, hi: np.ndarray) -> np.ndarray:
    """Intervals from arrays of their ends."""
    out = np.empty(low.shape, object)
    for place, a in np.ndenumerate(low):
        out[place] = Interval(a, float(hi[place]))
    return out
