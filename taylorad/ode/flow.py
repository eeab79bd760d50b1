"""A system compiled for one order: the propagation loop in machine code, and the memory of one solution."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from taylorad.ode.arrays import ArraySystem
from taylorad.ode.loop import Outcome, Real, Whole, allowed
from taylorad.ode.parts import Parts, PartsSystem
from taylorad.ode.system import System
from taylorad.run.sources import sources
from taylorad.series.schedule import schedule

AnySystem = System | ArraySystem | PartsSystem

__all__ = ["AnySystem", "Flow", "Run", "flow", "order_for"]

_WRITERS = (
    *("ode/words", "ode/lanes", "ode/packs", "ode/folds", "ode/tangent", "ode/step", "ode/rows", "ode/jet"),
    *("ode/unrolled", "ode/looped", "ode/bulk", "ode/parts", "ode/loop"),
)
UNROLLED = 1500  # multiply-adds up to which straight-line code is worth its compilation
_PROPAGATE = ctypes.CFUNCTYPE(ctypes.c_int64, *(ctypes.c_void_p,) * 8)  # the GIL is released during a call
_ROWS = slice(5, 7)  # which arguments of the machine code rows and times are
_OUTCOMES = {int(outcome): outcome for outcome in Outcome}  # members of enumerations take longer to look up than to use
_T, _T_LOW, _END, _MAX_STEP = map(int, (Real.T, Real.T_LOW, Real.END, Real.MAX_STEP))
_LIMIT, _ALLOWED = int(Real.LIMIT), int(Real.ALLOWED)
_MOST, _STORE, _STEPS, _CONFIRM = map(int, (Whole.MOST, Whole.STORE, Whole.STEPS, Whole.CONFIRM))
_REAL, _WHOLE = memoryview(bytes(8 * len(Real))).cast("d"), memoryview(bytes(8 * len(Whole))).cast("q")
_SMALL = 2**18  # bytes
_flows: dict[tuple[Any, ...], Flow] = {}
_lock = threading.RLock()


def order_for(rtol: float) -> int:
    """The order for a relative tolerance: −ln(rtol)/2 + 1 (Jorba and Zou 2005), and three more.

    Measured at 1e-15: orders 22 to 25 take 10 to 30 % less time than 19, whatever the size.
    """
    return 3 + max(4, round(1.8 - 0.3466 * math.frexp(rtol)[1]))


def flow(system: AnySystem, order: int, complex: bool = False, form: str | None = None) -> Flow:
    """The compiled system, the same one again for the same input; CompilationError where it has no machine code."""
    key = (system.name, order, complex, form)
    with _lock:
        found = _flows.get(key)
        if found is None:
            found = _flows[key] = Flow(system, order, complex, form)
        return found


@final
class Flow:
    """Machine code for one system and order; safe to use from several threads, each with its own :class:`Run`."""

    def __init__(self, system: AnySystem, order: int, complex: bool, form: str | None) -> None:
        from taylorad.run.jit import obtain

        self.system, self.order, self.complex = system, order, complex
        identity = ("flow", system.name, order, complex, form, sources(*_WRITERS))
        loaded, facts = obtain(identity, lambda: self._text(form), "propagate", level=1)
        self._loaded = loaded
        self.kind = np.complex128 if complex else np.float64
        self.call = _PROPAGATE(loaded.address)
        self.stride, self.room, self.form = facts["stride"], facts["room"], facts["form"]

    def _text(self, form: str | None) -> tuple[str, dict[str, Any]]:
        from taylorad.ode.bulk import Bulk
        from taylorad.ode.loop import loop_text
        from taylorad.ode.looped import Looped
        from taylorad.ode.rows import Called
        from taylorad.ode.unrolled import Unrolled
        from taylorad.run.jit import host
        from taylorad.run.lower import lower

        system, target = self.system, host().target
        program = lower(schedule(system.states), None, self.complex)
        if isinstance(system, PartsSystem):
            step = Called("parts", Parts(program, self.order, target, system.leaves), system.controlled)
        elif isinstance(system, ArraySystem):
            step = Called("bulk", Bulk(program, self.order, target, system.leaves), system.controlled)
        else:
            work = (
                len(program.step) + 4 * sum(program.ops[i].kind in ("old", "half") for i in program.step)
            ) * self.order
            unrolled = form == "unrolled" or (form is None and work <= UNROLLED)
            kind = Unrolled if unrolled else Looped
            step = kind(program, self.order, target, system.dim, system.controlled)
        text = loop_text(step)
        return text, {"symbols": program.symbols, "stride": step.stride, "room": step.room, "form": step.form}

    def run(self, y0: np.ndarray, args: Any, rtol: Any, atol: Any) -> Run:
        """Memory for one solution that begins at ``y0``."""
        return Run.of(self, y0, args, rtol, atol)


@final
@dataclass(slots=True)
class Run:
    """One solution on its way; mutable. ``y`` is (5, stride), see :mod:`taylorad.ode.loop`."""

    flow: Flow
    y: np.ndarray
    args: np.ndarray
    tol: np.ndarray
    real: memoryview[float]  # four times as fast as an array, one number at a time
    whole: memoryview[int]
    rows: np.ndarray
    times: np.ndarray
    memory: np.ndarray
    last: tuple[np.ndarray, np.ndarray]  # rows and times where only those of the last step are kept
    addresses: list[int]
    others: list[int]  # the addresses of the two
    allowed: float

    @staticmethod
    def of(flow: Flow, y0: np.ndarray, args: Any, rtol: Any, atol: Any) -> Run:
        parts = 2 if flow.complex else 1

        def spread(x: Any, copies: int) -> np.ndarray:
            row = np.repeat(np.broadcast_to(np.asarray(x, np.float64), (flow.system.dim,)), copies)
            return np.concatenate([row, np.full(flow.stride - len(row), row[-1])])

        y = aligned((5, flow.stride))
        tol = aligned((2, flow.stride))
        tol[0], tol[1] = spread(atol, parts), spread(rtol, parts)
        room = aligned((flow.room // 8 + 4,))
        last = aligned((1, flow.order + 1, flow.stride)), np.zeros((1, 2))
        values = np.zeros(max(1, len(args)), flow.kind)
        real, whole = memoryview(bytearray(_REAL)).cast("d"), memoryview(bytearray(_WHOLE)).cast("q")
        addresses = [_address(a) for a in (y, values, tol, real, whole, *last, room)]
        error = allowed(float(np.min(rtol)))
        run = Run(flow, y, values, tol, real, whole, *last, room, last, addresses, addresses[_ROWS], error)
        run.anew(0.0, y0, args)
        return run

    def anew(self, t: float, y0: np.ndarray, args: Any, max_step: float = math.inf) -> None:
        """Another solution, of which nothing is kept: as a new run."""
        self.whole[:], self.real[:] = _WHOLE, _REAL
        self.real[_MAX_STEP], self.real[_ALLOWED] = max_step, self.allowed
        if len(args):
            self.args[:] = args
        self.begin(t, y0)

    def forget(self) -> None:
        """Leave the memory of what was kept."""
        if self.rows is not self.last[0]:
            self.rows, self.times = self.last
            self.addresses[_ROWS], self.whole[_STORE] = self.others, 0

    def begin(self, t: float, y0: np.ndarray) -> None:
        """Go on from another place; what was kept stays."""
        row = np.ascontiguousarray(y0, self.flow.kind).view(np.float64)
        self.y.fill(0.0)
        self.y[0, : len(row)] = row
        self.y[0, len(row) :] = row[-1]
        self.real[_T], self.real[_T_LOW], self.real[_LIMIT] = t, 0.0, math.inf

    def keep(self, steps: int, rows: np.ndarray | None = None) -> None:
        """Make room for the coefficients of so many steps, or use ``rows``; without it only the last ones are kept."""
        shape = (steps + 1, self.flow.order + 1, self.flow.stride)
        self.rows = aligned(shape, np.empty) if rows is None else rows
        self.times = np.empty((steps + 1, 2))
        self.whole[_STORE] = 1
        self.addresses[_ROWS] = [_address(self.rows), _address(self.times)]

    @property
    def small(self) -> bool:
        """Whether it may be kept for another solution."""
        return self.memory.nbytes + 8 * self.y.nbytes <= _SMALL

    def go(self, end: float, most: int) -> Outcome:
        """On to the time ``end``, ``most`` steps at the most; ``steps`` says how many were taken."""
        real, whole = self.real, self.whole
        real[_END] = end
        whole[_MOST], whole[_STEPS], whole[_CONFIRM] = most, 0, 0
        self.times[0] = real[_T], real[_T_LOW]
        return _OUTCOMES[self.flow.call(*self.addresses)]

    @property
    def steps(self) -> int:
        """How many the last :meth:`go` took."""
        return self.whole[_STEPS]

    @property
    def state(self) -> np.ndarray:
        """The state now."""
        return self.values(self.y[0]).copy()

    def values(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the machine code as numbers of the system, (…, dim); a view."""
        if self.flow.complex:
            return rows[..., : 2 * self.flow.system.dim].view(np.complex128)
        return rows[..., : self.flow.system.dim]


def aligned(shape: tuple[int, ...], make: Callable[..., np.ndarray] = np.zeros) -> np.ndarray:
    """An array that begins with a line of the cache, so that no vector lies in two of them."""
    size = math.prod(shape)
    room = make(size + 7)
    first = -(_address(room) // 8) % 8
    return room[first : first + size].reshape(shape)


def _address(array: Any) -> int:
    """Of contiguous memory that may be written to; ``array.ctypes.data`` takes three times as long."""
    return ctypes.addressof(ctypes.c_char.from_buffer(array))
