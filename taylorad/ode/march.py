"""Going along a solution: step after step in machine code, or through the interpreter for everything else."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, final

import numpy as np

from taylorad.errors import CompilationError, DomainError
from taylorad.ode.arrays import ArraySystem
from taylorad.ode.flow import AnySystem, flow, order_for
from taylorad.ode.loop import Outcome, Real, Whole, allowed
from taylorad.ode.memory import room
from taylorad.ode.system import System
from taylorad.rings.ring import Ring
from taylorad.run.interpret import run
from taylorad.series.schedule import schedule

__all__ = ["Around", "Interpreted", "March", "Native", "Piece", "march"]


_GOING = (Outcome.PAUSED, Outcome.SHRINKING)


@final
@dataclass(frozen=True, slots=True)
class Piece:
    """Some steps: ``times`` (n+1, 2), unevaluated sums, and the ``rows`` of coefficients at their beginnings.

    ``rows`` is (n, K+1, dim), or (n+1, K+1, dim) with those at the end, where the solution goes on as it came.
    """

    times: np.ndarray
    rows: np.ndarray

    @property
    def coefficients(self) -> np.ndarray:
        """(n, K+1, dim)"""
        return self.rows[: len(self)]

    @property
    def goes_on(self) -> bool:
        return len(self.rows) > len(self)

    def __len__(self) -> int:
        return len(self.times) - 1

    @property
    def lengths(self) -> np.ndarray:
        return (self.times[1:, 0] - self.times[:-1, 0]) + (self.times[1:, 1] - self.times[:-1, 1])


class March(Protocol):
    """A solution on its way from ``t``, ``state``."""

    @property
    def order(self) -> int: ...

    @property
    def compiled(self) -> bool: ...

    @property
    def t(self) -> Any: ...

    @property
    def state(self) -> np.ndarray: ...

    @property
    def rejected(self) -> int: ...

    def go(self, end: float, most: int) -> tuple[Outcome, Piece]:
        """Up to ``most`` steps towards ``end``; the piece is valid until the next call, or longer with :meth:`own`."""
        ...

    def own(self) -> None:
        """Leave the memory of the last piece, and of those to come, to who has it."""
        ...

    def restart(self, t: float, state: np.ndarray) -> None:
        """Go on from another place."""
        ...


class Around(ABC):
    """A march that is made of another one: all that it does not say itself is the inner one's."""

    _inner: March

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
        return self._inner.state

    @property
    def rejected(self) -> int:
        return self._inner.rejected

    @abstractmethod
    def go(self, end: float, most: int) -> tuple[Outcome, Piece]: ...

    def own(self) -> None:
        self._inner.own()

    def restart(self, t: float, state: np.ndarray) -> None:
        self._inner.restart(t, state)


def march(
    system: System | ArraySystem,
    t0: Any,
    y0: np.ndarray,
    args: Any,
    rtol: Any,
    atol: Any,
    max_step: float = math.inf,
    order: int | None = None,
    ring: Ring | None = None,
) -> March:
    """The fastest way there is: machine code where every function has it, else the interpreter.

    ``ring`` asks for the interpreter over another ring. Not rigorous.
    """
    least = float(np.min(rtol if np.min(rtol) > 0 else np.asarray(atol)))
    order = order or order_for(least)
    if ring is None:
        try:
            return Native(system, float(t0), y0, args, rtol, atol, max_step, order)
        except CompilationError as error:
            if isinstance(error.__cause__, RuntimeError):  # code was written, and the compiler refused it
                warnings.warn(f"slow, in the interpreter, for {error}; please report this", stacklevel=2)
            from taylorad.rings.arrays import ArrayRing

            ring = ArrayRing(y0.dtype)
    return Interpreted(system, t0, y0, args, rtol, atol, max_step, order, ring)


@final
class Native:
    compiled = True

    def __init__(
        self,
        system: AnySystem,
        t0: float,
        y0: np.ndarray,
        args: Sequence[Any],
        rtol: Any,
        atol: Any,
        max_step: float,
        order: int,
    ) -> None:
        self.order = order
        self._run = flow(system, order, y0.dtype.kind == "c").run(y0, args, rtol, atol)
        self._run.real[Real.T], self._run.real[Real.MAX_STEP] = t0, max_step
        self._room = 0
        self._owned = False  # whether pieces keep their memory

    def anew(self, t0: float, y0: np.ndarray, args: np.ndarray, max_step: float) -> None:
        """Another solution of the same system, in the same memory."""
        self._run.anew(t0, y0, args, max_step)

    def rest(self) -> bool:
        """Let go of all pieces; whether it is worth being kept for another solution."""
        self._room, self._owned = 0, False
        self._run.forget()
        return self._run.small

    @property
    def t(self) -> float:
        return self._run.real[Real.T]

    @property
    def state(self) -> np.ndarray:
        return self._run.state

    @property
    def rejected(self) -> int:
        return self._run.whole[Whole.REJECTED]

    def go(self, end: float, most: int) -> tuple[Outcome, Piece]:
        if most > self._room:
            self._room = most
            shape = (most + 1, self.order + 1, self._run.flow.stride)
            self._run.keep(most, None if self._owned else room(shape))
        outcome = self._run.go(end, most)
        n = self._run.steps  # the loop writes the series at the end before it stops
        rows = self._run.values(self._run.rows[: n + (outcome in _GOING)])
        return outcome, Piece(self._run.times[: n + 1], rows)

    def own(self) -> None:
        self._room, self._owned = 0, True

    def last(self, end: float, most: int) -> tuple[Outcome, int]:
        """As :meth:`go`, but nothing of the way is kept; the number of steps."""
        self._run.forget()
        self._room = 0
        outcome = self._run.go(end, most)
        return outcome, self._run.steps

    def restart(self, t: float, state: np.ndarray) -> None:
        self._run.begin(t, state)


@final
class Interpreted:
    """The same method with Python's arithmetic: any ring, any function of the book."""

    compiled = False

    def __init__(
        self,
        system: System | ArraySystem,
        t0: Any,
        y0: Sequence[Any] | np.ndarray,
        args: Any,
        rtol: Any,
        atol: Any,
        max_step: float,
        order: int,
        ring: Ring,
    ) -> None:
        system = system if isinstance(system, System) else system.apart()
        self.order, self.ring, self.rejected = order, ring, 0
        self._plan = schedule(system.states)
        self._t, self._max = ring.lift(t0), max_step
        self._args = [ring.lift(_plain(a)) for a in args]
        self._y = [ring.lift(_plain(y)) for y in y0]
        dim = system.dim
        self._allowed = allowed(float(np.min(rtol)))
        self._rtol, self._atol = (list(np.broadcast_to(np.asarray(x, object), (dim,))) for x in (rtol, atol))

    @property
    def t(self) -> Any:
        return self._t

    @property
    def state(self) -> np.ndarray:
        return self._array(self._y)

    def _array(self, values: Any) -> np.ndarray:
        if self.ring.name in ("float64", "complex128"):
            return np.array(values, self.ring.name)
        out = np.empty(
            np.shape(values)[:1] if not isinstance(values[0], list) else (len(values), len(values[0])), object
        )
        for i, v in enumerate(values):
            out[i] = v
        return out

    def restart(self, t: Any, state: np.ndarray) -> None:
        self._t, self._y = self.ring.lift(t), [self.ring.lift(_plain(y)) for y in state]

    def _series(self) -> list[list[Any]]:
        """Coefficients of every component; raises DomainError where there are none."""
        zero, one, K = self.ring.zero(), self.ring.lift(1), self.order
        starts = [self.ring.buffer(K) for _ in range(len(self._y) + 1 + len(self._args))]
        for buffer, rows in zip(
            starts, [*([y] for y in self._y), [self._t, one], *([a] for a in self._args)], strict=True
        ):
            for k in range(K + 1):
                self.ring.put(buffer, k, rows[k] if k < len(rows) else zero)
        found = run(self._plan, self.ring, starts, K)
        return [[c[k] for k in range(K + 1)] for c in found]

    def go(self, end: Any, most: int) -> tuple[Outcome, Piece]:
        end = self.ring.lift(_plain(end))
        times, pieces = [self._t], []
        outcome = Outcome.PAUSED
        check: list[Any] | None = None
        limit = math.inf
        while True:
            try:
                c = self._series()
                bad = not all(self.ring.is_finite(row[-1]) for row in c)
            except DomainError:
                c, bad = [], True
            if check is not None and (bad or self._off(c, check)) and limit > 1e-9 * check[3]:
                self._t, self._y, limit = check[0], check[1], check[3] / 2
                self.rejected += 1
                times.pop()
                pieces.pop()
                check = None
                continue
            limit = limit if check is None else math.inf
            if bad:
                outcome = Outcome.SINGULAR
            elif _size(end - self._t) == 0:
                outcome = Outcome.DONE
            if outcome != Outcome.PAUSED or len(pieces) >= most:
                break
            left = end - self._t
            way = 1 if _real(left) > 0 else -1
            h = min(self._size(c), self._max, limit)
            if h <= 1e-15 * _size(self._t) * 10.0 ** -max(0, self.order - 60) or h < 1e-290:
                outcome = Outcome.STUCK
                break
            last = h >= _size(left)
            step = left if last else self.ring.lift(way * h)
            before = (self._t, self._y)
            pieces.append(c)
            self._y = [self._at(row, step) for row in c]
            slopes = [self._at([k * row[k] for k in range(1, len(row))], step) for row in c]
            self._t = end if last else self._t + step
            times.append(self._t)
            check = [*before, slopes, _size(step)]
        kept = np.zeros((len(times), 2), object if self.ring.name not in ("float64", "complex128") else np.float64)
        for i, t in enumerate(times):
            kept[i, 0] = _real(t)
        dim = len(self._y)
        empty = np.zeros((0, self.order + 1, dim), kept.dtype if kept.dtype == object else self.ring.name)
        if outcome == Outcome.PAUSED and pieces:
            pieces.append(c)
        rows = [np.stack([self._array(row) for row in c], axis=1) for c in pieces]
        return outcome, Piece(kept, np.stack(rows) if rows else empty)

    def own(self) -> None:
        """Every piece has memory of its own."""

    def _at(self, row: Sequence[Any], h: Any) -> Any:
        total = row[-1]
        for c in row[-2::-1]:
            total = total * h + c
        return total

    def _off(self, c: list[list[Any]], check: list[Any]) -> bool:
        """Whether the derivative at the end of the last step is not what the step predicted."""
        off = max(_size(row[1] - slope) for row, slope in zip(c, check[2], strict=True)) * check[3]
        scale = max(_size(row[0]) * r + a for row, r, a in zip(c, self._rtol, self._atol, strict=True))
        return bool(off > self._allowed * scale)

    def _size(self, c: list[list[Any]]) -> float:
        """See :mod:`taylorad.ode.loop`."""
        out = 1e300
        for row, rtol, atol in zip(c, self._rtol, self._atol, strict=True):
            own, moved = _size(row[0]) * rtol + atol, _size(row[1]) * rtol
            for p in (self.order - 1, self.order):
                x = _size(row[p])
                if x != 0:
                    one = own / own if own != 0 else moved / moved if moved != 0 else 1
                    first = float((0.067 * own / x) ** (one / p)) if own != 0 else 0.0
                    second = float((0.067 * moved / x) ** (one / (p - 1))) if moved != 0 else 0.0
                    out = min(out, max(first, second))
        return out


def _plain(x: Any) -> Any:
    return x.item() if isinstance(x, np.generic) else x


def _size(x: Any) -> Any:
    return abs(x)


def _real(x: Any) -> Any:
    return x.real if isinstance(x, complex) or type(x).__name__ in ("mpc", "acb", "complex128") else x
