"""A system compiled for validated steps, and the memory of one solution on its way."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, final

import numpy as np

from taylorad.errors import UncertifiedError
from taylorad.ode.system import System
from taylorad.rings.balls import ball, inverse, precision
from taylorad.rings.interval_ring import from_ball, to_ball
from taylorad.rings.intervals import Interval
from taylorad.rings.rounding import add
from taylorad.run.boxes import WRITERS, aligned
from taylorad.run.sources import sources
from taylorad.run.upward import above, below
from taylorad.validated.doubleton import Fields
from taylorad.validated.enclosure import intervals, shifted
from taylorad.validated.loop import DONE, PAUSED
from taylorad.validated.step import POINTS, Parameters, Step

__all__ = ["Flow", "Track", "flow"]

_WRITERS = (*WRITERS, "validated/step", "validated/doubleton", "validated/loop")
_CHUNK = 512  # steps in one call of machine code, after which an interrupt is heard
_BITS = 120  # of what is done in Python
_FIRST = 64  # steps for which room is made at first
_POINTER, _INT, _DOUBLE = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
_PROPAGATE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER, _INT, _INT)  # without the GIL
_GLANCE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, _INT, _INT, _DOUBLE, _DOUBLE, _POINTER)
_READ = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, _POINTER)
_flows: dict[tuple[Any, ...], Flow] = {}
_lock = threading.RLock()


def flow(system: System, order: int, flaws: frozenset[str] = frozenset()) -> Flow:
    """The compiled system, the same one again for the same input; CompilationError where it has no machine code."""
    key = (system.name, order, flaws)
    found = _flows.get(key)
    if found is None:
        with _lock:
            found = _flows.setdefault(key, _flows.get(key) or Flow(system, order, flaws))
    return found


@final
class Flow:
    """Machine code for one system and order; safe to use from several threads, each with its own :class:`Track`."""

    def __init__(self, system: System, order: int, flaws: frozenset[str]) -> None:
        from taylorad.run.jit import obtain

        self.system, self.order = system, order
        identity = ("validated", system.name, order, sorted(flaws), sources(*_WRITERS))
        loaded, self.facts = obtain(identity, lambda: self._text(flaws), "propagate")
        self._loaded = loaded
        self.propagate = _PROPAGATE(loaded.find("propagate"))
        self.glance = _GLANCE(loaded.find("glance"))
        self.read = _READ(loaded.find("read"))
        self.fields = Fields(system.dim, self.facts["width"])
        self.room = -(-self.facts["room"] // 8) * 8
        self.template = np.zeros(self.room)  # memory with what is the same for all runs
        for name, lanes, each in (("box", self.facts["lanes"], range(1)), ("points", POINTS, range(POINTS))):
            place = self.facts[name][system.dim]
            for lane in each:
                self.template[place + 2 * lanes + lane], self.template[place + 3 * lanes + lane] = -1.0, 1.0
        for i, place in enumerate(self.facts["box"][: system.dim]):
            self.template[place + 1 + i], self.template[place + self.facts["lanes"] + 1 + i] = -1.0, 1.0

    def _text(self, flaws: frozenset[str]) -> tuple[str, dict[str, Any]]:
        from taylorad.run.jit import host

        where = host()
        step = Step(self.system, self.order, where.target, where.triple, flaws)
        return step.text(), step.facts()


@final
class Track:
    """One solution on its way, from a set at tick 0; mutable.

    ``records`` are the sets (see :class:`~taylorad.validated.doubleton.Fields`), ``counts`` their times in ticks.
    """

    def __init__(
        self,
        flow: Flow,
        start: Sequence[Interval],
        args: Sequence[Interval],
        t0: Fraction,
        unit: Fraction,
        sign: int,
        tol: float,
    ) -> None:
        self.flow, self.t0, self.unit, self.sign = flow, t0, unit, sign
        f = flow.fields
        self.order, self.bits, self.tol = flow.order, 53, tol
        self._start, self.ranges = start, list(args)
        self.crossed: dict[int, list[Interval]] = {}  # steps over kinks, and the rates there
        room = aligned(flow.room + (_FIRST + 1) * f.size, np.empty)  # for the work and for the first sets
        self._memory, rows = room[: flow.room], room[flow.room :].reshape(_FIRST + 1, f.size)
        self._place: int = self._memory.ctypes.data
        self._fill(args, tol)
        self._alone = threading.Lock()  # the memory serves one call of machine code at a time
        self._end = 0
        self._first = rows, np.zeros(_FIRST + 2, np.int64)
        self.records, self.counts = rows[:1], self._first[1][:1]
        first = rows[0]
        first[:] = 0.0
        for i, x in enumerate(start):
            first[f.m + i] = mid = x.mid
            if x.lo != x.hi:
                first[f.r0 + i], first[f.r0 + f.width + i] = -add(x.lo, -mid), -add(mid, -x.hi)
            first[f.C + i * f.width + i] = first[f.B + i * f.width + i] = 1.0

    def _fill(self, args: Sequence[Interval], tol: float) -> None:
        facts, n, memory = self.flow.facts, self.flow.system.dim, self._memory
        memory[:] = self.flow.template
        for name, lanes, each in (("box", facts["lanes"], range(1)), ("points", POINTS, range(POINTS))):
            places = facts[name]
            for place, a in zip(places[n + 1 :], args, strict=True):
                for lane in each:
                    memory[place + lane], memory[place + lanes + lane] = -a.lo, a.hi
            if self.sign < 0:  # the second coefficient of the time
                for lane in each:
                    memory[places[n] + 2 * lanes + lane], memory[places[n] + 3 * lanes + lane] = 1.0, -1.0
        lo, hi = below(self.t0), above(self.t0)
        p = facts["parameters"]
        unit = self.unit.numerator / self.unit.denominator
        values = (tol, 1e-290, -lo, hi, unit, self.sign, float(self.sign > 0), float(self.sign < 0))
        memory[p : p + Parameters.COUNT] = values

    @property
    def given(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The initial box and the arguments for a certificate."""
        start, args = ([(x.lo.hex(), x.hi.hex()) for x in row] for row in (self._start, self.ranges))
        return start, args

    @property
    def steps(self) -> int:
        return len(self.counts) - 1

    def go(self, end: int, most: int) -> int:
        """On to tick ``end``, ``most`` steps at the most; a status of :mod:`taylorad.validated.step`."""
        status, taken, self._end = PAUSED, 0, end
        pieces = [(self.records, self.counts)] if self.steps else []  # the last of each is the first of the next
        rows, ticks = self._room(*pieces[0]) if pieces else self._first
        try:
            while status == PAUSED and taken < most:
                chunk = min(len(rows) - 1, most - taken)
                with self._alone:
                    status = self.flow.propagate(self._place, rows.ctypes.data, ticks.ctypes.data, end, chunk)
                n = int(ticks[chunk + 1])
                pieces.append((rows[: n + 1], ticks[: n + 1]))
                taken += n
                if status == PAUSED:
                    rows, ticks = self._room(*pieces[-1])
        finally:  # what stands is kept when the way is interrupted
            if len(pieces) == 1:
                self.records, self.counts = pieces[0]
            elif pieces:
                *before, (rows, counts) = pieces
                self.records = np.concatenate([*(r[:-1] for r, _ in before), rows])
                self.counts = np.concatenate([*(c[:-1] for _, c in before), counts])
        return DONE if int(self.counts[-1]) >= end else status

    def _room(self, records: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For more steps from the last of some sets."""
        size = records.shape[1]
        rows, ticks = aligned((_CHUNK + 1) * size, np.empty).reshape(_CHUNK + 1, size), np.empty(_CHUNK + 2, np.int64)
        rows[0], ticks[0] = records[-1], counts[-1]
        return rows, ticks

    def boxes(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends of all sets, (steps + 1, n) each."""
        return self._boxes(self.records)

    def _boxes(self, records: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n, width = self.flow.system.dim, self.flow.fields.width
        out = np.empty((len(records), 2 * width))
        records = np.ascontiguousarray(records)
        self.flow.read(self._place, records.ctypes.data, len(records) - 1, out.ctypes.data)
        return -out[:, :n], out[:, width : width + n]

    def tube(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends of what encloses the solution during each step, (steps, n) each."""
        f = self.flow.fields
        rows = self.records[:-1]
        return -rows[:, f.e : f.e + f.n], rows[:, f.e + f.width : f.e + f.width + f.n]

    def last(self) -> list[Any]:
        """The box of the last set, as balls."""
        low, hi = self._boxes(self.records[-1:])
        return [to_ball(x) for x in intervals(low[0], hi[0])]

    def cross(self, ticks: int, e: Sequence[Interval], rates: Sequence[Interval]) -> bool:
        """Append x + h·rates; False where the frame has no proved inverse."""
        f = self.flow.fields
        row, n, width = self.records[-1], f.n, f.width
        with precision(_BITS):
            h = ball(ticks * self.unit)
            frame = [[ball(float(row[f.B + j * width + i])) for j in range(n)] for i in range(n)]
            back = inverse(frame)
            if back is None:
                return False
            moved = [ball(float(row[f.m + i])) + ball(float(row[f.d + i])) + h * to_ball(rates[i]) for i in range(n)]
            m = [float(x.mid()) for x in moved]
            d = [float((x - c).mid()) for x, c in zip(moved, m, strict=True)]
            z = [x - a - b for x, a, b in zip(moved, m, d, strict=True)]
            old = [to_ball(Interval(float(-row[f.r + i]), float(row[f.r + width + i]))) for i in range(n)]
            r = [
                from_ball(x + sum((a * b for a, b in zip(q, z, strict=True)), ball(0)))
                for x, q in zip(old, back, strict=True)
            ]
        new = row.copy()
        for i in range(n):
            new[f.m + i], new[f.d + i] = m[i], d[i]
            new[f.r + i], new[f.r + width + i] = -r[i].lo, r[i].hi
            row[f.e + i], row[f.e + width + i] = -e[i].lo, e[i].hi
        row[f.early : f.early + 2] = 0.0
        self.crossed[self.steps] = list(rates)
        self.records = np.concatenate([self.records, new[None]])
        self.counts = np.append(self.counts, self.counts[-1] + ticks)
        return True

    def view(self, step: int, since: Fraction, until: Fraction) -> tuple[np.ndarray, np.ndarray]:
        """The box of the solution over times from ``since`` to ``until`` after the beginning of a step."""
        f = self.flow.fields
        if step in self.crossed:
            low, hi = self._boxes(self.records[step : step + 1])
            return shifted(low[0], hi[0], since, until, self.crossed[step])
        out = np.empty(2 * f.width)
        record = self.records[step].copy()
        begin, ticks = int(self.counts[step]), int(self.counts[step + 1] - self.counts[step])
        times = below(since), above(until)
        with self._alone:
            at = (begin, self._end - begin, ticks)
            status = self.flow.glance(self._place, record.ctypes.data, *at, *times, out.ctypes.data)
        low, hi = -out[: f.n], out[f.width : f.width + f.n]
        if status or not np.isfinite(out).all():
            raise UncertifiedError(f"step {step} could not be proved again; its set may be too wide for an enclosure")
        return low, hi

    def wrap(self, low: np.ndarray, hi: np.ndarray) -> np.ndarray:
        return intervals(low, hi)

    def sets_as_text(self) -> list[dict[str, Any]]:
        """Every set for a certificate, floats in hexadecimal."""
        f = self.flow.fields
        n, width = f.n, f.width

        def interval(row: np.ndarray, where: int) -> list[tuple[str, str]]:
            return [(float(-row[where + i]).hex(), float(row[where + width + i]).hex()) for i in range(n)]

        out: list[dict[str, Any]] = []
        for k, row in enumerate(self.records):
            found: dict[str, Any] = {
                name: [float(x).hex() for x in row[where : where + n]] for name, where in (("m", f.m), ("d", f.d))
            }
            for name, where in (("C", f.C), ("B", f.B)):
                found[name] = [[float(row[where + j * width + i]).hex() for j in range(n)] for i in range(n)]
            found |= {"r0": interval(row, f.r0), "r": interval(row, f.r)}
            found["e"] = interval(row, f.e) if k < self.steps else None
            found["early"] = [float(x).hex() for x in row[f.early : f.early + 2]] if k < self.steps else []
            out.append(found | ({"kink": True} if k in self.crossed else {}))
        return out
