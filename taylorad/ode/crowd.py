"""An ensemble in this process: machine code for many members at once over threads, or one after the other without."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, final

import numpy as np

from taylorad.errors import CompilationError, DomainError
from taylorad.ode.arrays import ArraySystem
from taylorad.ode.drive import singularity
from taylorad.ode.flow import order_for
from taylorad.ode.layout import TAIL, Action, Layout, Result, Shared, Table
from taylorad.ode.loop import allowed
from taylorad.ode.members import Members
from taylorad.ode.solution import MESSAGES, Status
from taylorad.ode.system import System
from taylorad.run.program import SUMS
from taylorad.run.sources import sources
from taylorad.series.schedule import schedule

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem

__all__ = ["Crowd", "Found", "crowd", "solve", "together", "unbegun"]

_WRITERS = ("ode/layout", "ode/abreast", "ode/step", "ode/wide")
_APART = 64  # components up to which a system of vectors is taken apart
_FEW, _MANY = 4, 60  # sums of a system that waits for its results, and of one that has work enough by itself
_SHORT = 100_000  # steps that are soon taken again
_ROUGH = 1000  # steps before a member is thought to creep
_POLL = 0.05  # seconds between two looks at progress
_SINGULAR = "Singularity near t = {:.10g}; the solution does not go on beyond it."
_PROPAGATE = ctypes.CFUNCTYPE(ctypes.c_int64, *(ctypes.c_void_p,) * 2, *(ctypes.c_double,) * 2, ctypes.c_void_p)
_crowds: dict[tuple[Any, ...], Crowd | None] = {}
_lock = threading.RLock()


def crowd(system: System | ArraySystem, order: int, complex: bool = False, lanes: int | None = None) -> Crowd | None:
    """The compiled system, the same one again for the same input.

    None where members are better solved one by one: without machine code, and (if ``lanes`` are not given) large ones.
    """
    key = (system.name, order, complex, lanes)
    with _lock:
        if key not in _crowds:
            try:
                _crowds[key] = Crowd(system, order, complex, lanes)
            except CompilationError:
                _crowds[key] = None
        return _crowds[key]


@final
class Crowd:
    """Machine code for ``lanes`` members of one system at a time; safe to use from several threads."""

    def __init__(self, system: System | ArraySystem, order: int, complex: bool, lanes: int | None) -> None:
        from taylorad.run.jit import obtain

        self.system, self.order, self.complex = system, order, complex
        identity = ("crowd", system.name, order, complex, lanes, sources(*_WRITERS))
        loaded, facts = obtain(identity, lambda: self._text(lanes), "propagate")
        self._loaded = loaded
        self.call = _PROPAGATE(loaded.address)
        self.layout, self.lanes = Layout(*facts["layout"]), facts["lanes"]

    def _text(self, lanes: int | None) -> tuple[str, dict[str, Any]]:
        from taylorad.ode.wide import Wide
        from taylorad.run.jit import host
        from taylorad.run.lower import lower

        system = self.system.apart() if isinstance(self.system, ArraySystem) else self.system
        program = lower(schedule(system.states), None, self.complex)
        if program.givens:
            name = type(program.givens[0].node).__name__
            raise CompilationError(f"no machine code for a {name} node: the interpreter integrates this system")
        sums = sum(program.ops[i].kind in SUMS for i in program.step)
        if sums > _MANY and lanes is None:
            raise CompilationError("one solution of this system fills the vectors by itself")
        target = host().target
        # a step of few sums waits for its results, and works on twice as many members meanwhile
        lanes = lanes or target.lanes * (2 if sums <= _FEW else 1)
        wide = Wide(program, self.order, system.dim, system.n_args, lanes, target)
        text = wide.text()
        return text, {"symbols": program.symbols, "layout": astuple(wide.layout), "lanes": lanes}

    def memory(self) -> np.ndarray:
        """Room for one thread; whole vectors lie in one cache line."""
        size = self.layout.size * self.lanes
        room = np.zeros(size + 8)
        first = (-room.ctypes.data // 8) % 8
        return room[first : first + size]


@final
class Found:
    """What became of members, in their order; mutable while they are on their way.

    ``y`` is (n, dim), or (n, dim, m) with a grid; None where it is kept elsewhere.
    """

    def __init__(self, members: Members) -> None:
        n = len(members)
        self.t = np.full(n, members.t0)
        self.y: np.ndarray | None = None
        self.status = np.full(n, int(Status.INTERRUPTED))
        self.steps = np.zeros(n, np.int64)
        self.messages = [MESSAGES[Status.INTERRUPTED]] * n

    def ended(self, i: int, status: Status, message: str) -> None:
        self.status[i], self.messages[i] = int(status), message


def unbegun(members: Members) -> np.ndarray:
    """``y`` before the first step: (n, dim), or NaN (n, dim, m) with a grid."""
    if members.grid is None:
        return members.y0.copy()
    return np.full((*members.y0.shape, len(members.grid)), np.nan, members.y0.dtype)


def solve(problem: Problem, members: Members, threads: int, tell: Callable[[int], Any]) -> Found:
    """All members to their ends; ``tell`` is called with the number of those that are done, now and then.

    An interrupt ends them where they are. A member's result depends on nothing but the problem and the member.
    """
    found = Found(members)
    found.y = unbegun(members)
    sound = members.sound
    for i in np.flatnonzero(~sound).tolist():
        found.ended(i, Status.UNDEFINED, _unsound(members, i))
    queue = np.flatnonzero(sound)
    native = _native(problem)
    if native is None:
        _one_by_one(problem, members, found, queue, threads, tell)
    else:
        together(problem, native, members, found, queue, threads, tell)
    return found


def _native(problem: Problem) -> Crowd | None:
    """None where members are solved one by one."""
    system = problem.system
    if system is None or (isinstance(system, ArraySystem) and system.dim > _APART):
        return None
    least = float(np.min(problem.rtol if np.min(problem.rtol) > 0 else problem.atol))
    return crowd(system, problem.order or order_for(least), problem.dtype.kind == "c")


def _unsound(members: Members, i: int) -> str:
    if not np.isfinite(members.ends[i]):
        return f"the end {members.ends[i]} is not finite"
    bad = np.flatnonzero(~np.isfinite(members.y0[i]))
    if len(bad):
        return f"y0 must be finite; component {bad[0]} is not"
    return f"argument number {np.flatnonzero(~np.isfinite(members.args[i]))[0]} is not finite"


# ---------------------------------------------------------------------- many at once
def together(
    problem: Problem,
    native: Crowd,
    members: Members,
    found: Found,
    queue: np.ndarray,
    threads: int,
    tell: Callable[[int], Any],
) -> None:
    assert found.y is not None
    n, parts = len(members), 2 if native.complex else 1
    state = found.y if members.grid is None else members.y0.copy()
    shared = np.zeros(len(Shared), np.int64)
    shared[Shared.COUNT], shared[Shared.MOST] = len(queue), members.max_steps
    result, series = np.zeros((n, len(Result)), np.int64), np.zeros((n, 1 + TAIL))
    grid = np.zeros(1) if members.grid is None else members.grid
    shared[Shared.GRID] = 0 if members.grid is None else len(members.grid)
    arrays: dict[Table, np.ndarray] = {
        Table.QUEUE: queue.astype(np.int64),
        Table.Y0: members.y0,
        Table.ARGS: members.args,
        Table.T0: np.full(n, members.t0),
        Table.END: members.ends,
        Table.TOL: np.stack([np.repeat(x, parts) for x in (problem.atol, problem.rtol)]),
        Table.GRID: grid,
        Table.Y: state,
        Table.T: found.t,
        Table.RESULT: result,
        Table.VALUES: found.y,
        Table.SERIES: series,
    }
    tables = np.array([arrays[table].ctypes.data for table in Table], np.uintp)
    memories = [native.memory() for _ in range(max(1, min(threads, -(-len(queue) // native.lanes))))]

    error = allowed(float(np.min(problem.rtol)))

    def run(memory: np.ndarray) -> None:
        native.call(shared.ctypes.data, tables.ctypes.data, members.max_step, error, memory.ctypes.data)

    def stop() -> None:
        shared[Shared.STOP] = 1

    stopped = _watched(run, memories, lambda: int(shared[Shared.DONE]) + n - len(queue), stop, tell)
    ended = result[:, Result.ENDED]
    found.steps[:] = result[:, Result.STEPS]
    done = ended == Action.DONE
    found.status[done] = int(Status.END)
    found.messages = [MESSAGES[Status.END] if d else m for d, m in zip(done.tolist(), found.messages, strict=True)]
    if members.grid is not None:
        for i in np.flatnonzero(ended > Action.DONE):
            found.y[i, :, result[i, Result.GIVEN] :] = np.nan
        # without a step machine code looks at no time
        for j in np.flatnonzero(members.grid == members.t0):
            found.y[done & (found.steps == 0), :, j] = members.y0[done & (found.steps == 0)]
    rejected = result[:, Result.REJECTED]
    rough = done & (found.steps > _ROUGH) & (rejected > 4 * found.steps)  # see Drive._look
    try:
        for i in np.flatnonzero(rough).tolist():
            found.steps[i], found.y[i] = 0, np.nan
            _alone(problem, members, found, i, (members.t0, members.y0[i]))
        for i in np.flatnonzero(ended > Action.DONE).tolist():
            if ended[i] == Action.STUCK and native.order >= TAIL and not native.complex:
                c = np.zeros((native.order + 1, 1))
                c[-TAIL:, 0] = series[i, 1:]
                ahead = singularity(float(series[i, 0]), c, 1.0 if members.ends[i] >= members.t0 else -1.0)
                if ahead is not None:
                    found.ended(i, Status.SINGULARITY, _SINGULAR.format(ahead))
                    continue
            if not stopped or ended[i] == Action.STEPS:
                _explained(problem, members, found, i, (found.t[i], state[i].copy()), result[i])
                stopped = stopped or found.status[i] == Status.INTERRUPTED
    except KeyboardInterrupt:
        pass  # the rest are where they are


def _explained(
    problem: Problem,
    members: Members,
    found: Found,
    i: int,
    start: tuple[float, np.ndarray],
    result: np.ndarray,
) -> None:
    """What became of member i, which machine code left at ``start``."""
    taken, given = int(found.steps[i]), int(result[Result.GIVEN])
    if result[Result.ENDED] == Action.STEPS:
        message = f"max_steps = {members.max_steps} steps were taken; the solution was followed to t = {start[0]}."
        found.ended(i, Status.STEPS, message)
        return
    _alone(problem, members, found, i, start, given)
    if found.status[i] == Status.STUCK and taken < _SHORT:  # the last steps are too few to tell why
        found.steps[i] = 0
        _alone(problem, members, found, i, (members.t0, members.y0[i]))


def _watched(
    run: Callable[[Any], None],
    shares: list[Any],
    done: Callable[[], int],
    stop: Callable[[], None],
    tell: Callable[[int], Any],
) -> bool:
    """``run`` every share in a thread of its own and tell how far they are; whether an interrupt ended them."""
    stopped, told = False, -1
    with ThreadPoolExecutor(len(shares), thread_name_prefix="taylorad") as pool:
        waiting = {pool.submit(run, share) for share in shares}
        while waiting:
            try:
                ready, waiting = wait(waiting, _POLL)
                for future in ready:
                    future.result()
                if not stopped and done() != told:
                    told = done()
                    tell(told)
            except KeyboardInterrupt:
                stopped = True
                stop()
            except BaseException:
                stop()
                raise
    return stopped


def _alone(
    problem: Problem,
    members: Members,
    found: Found,
    i: int,
    start: tuple[float, np.ndarray],
    given: int = 0,
    progress: Any = False,
) -> None:
    """Member i on its own from ``start``, with everything looked at: what happens there, and in words."""
    assert found.y is not None
    t, state = start
    options: dict[str, Any] = {"max_step": members.max_step, "max_steps": members.max_steps, "dense": False}
    options["progress"] = progress
    inside = None
    if members.grid is not None:
        (low, high), rest = sorted((float(t), float(members.ends[i]))), members.grid[given:]
        inside = rest[(rest >= low) & (rest <= high)]
    try:
        s = problem.solve((t, members.ends[i]), state, _arguments(problem, members, i), t_eval=inside, **options)
    except DomainError as error:  # this member's numbers, not the way it was asked for
        found.ended(i, Status.UNDEFINED, str(error))
        return
    found.ended(i, Status(s.status), s.message)
    found.steps[i] += s.stats["steps"]
    found.t[i] = s.stats["t"]
    if inside is None:
        found.y[i] = s.y[:, -1]
    else:
        found.y[i, :, given : given + s.y.shape[1]] = s.y


def _arguments(problem: Problem, members: Members, i: int) -> tuple[np.ndarray, ...]:
    """The arguments of member i in their shapes."""
    ends = np.cumsum([math.prod(shape) for shape in problem.shapes])
    rows = np.split(members.args[i], ends[:-1]) if len(ends) else []
    return tuple(row.reshape(shape) for row, shape in zip(rows, problem.shapes, strict=True))


# ---------------------------------------------------------------------- one after the other
def _one_by_one(
    problem: Problem, members: Members, found: Found, queue: np.ndarray, threads: int, tell: Callable[[int], Any]
) -> None:
    """Branches, functions without machine code, and large systems."""
    todo, count, halt = iter(queue.tolist()), [len(members) - len(queue)], threading.Event()
    lock = threading.Lock()

    def heard(t: float) -> None:
        if halt.is_set():
            raise KeyboardInterrupt

    def run(_: None) -> None:
        while not halt.is_set():
            with lock:
                i = next(todo, None)
            if i is None:
                return
            if not _straight(problem, members, found, i):
                _alone(problem, members, found, i, (members.t0, members.y0[i]), progress=heard)
            with lock:
                count[0] += 1

    _watched(run, [None] * threads, lambda: count[0], halt.set, tell)


def _straight(problem: Problem, members: Members, found: Found, i: int) -> bool:
    """Member i to its end in machine code, if only its end is wanted and it gets there soon."""
    assert found.y is not None
    if members.grid is not None or math.isfinite(members.max_step):
        return False
    t, end, most = members.t0, float(members.ends[i]), min(members.max_steps, _SHORT)
    try:
        quick = problem.straight(t, end, members.y0[i], _arguments(problem, members, i), most)
    except DomainError:  # a branch that has no beginning
        return False
    if quick is not None:
        (found.y[i], found.steps[i]), found.t[i] = quick, end
        found.ended(i, Status.END, MESSAGES[Status.END])
    return quick is not None
