"""An ensemble in chunks: over the workers of an executor, and into a store that a later call goes on with."""

from __future__ import annotations

import functools
import pickle
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from typing import TYPE_CHECKING, Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.crowd import Found, solve
from taylorad.ode.members import Members
from taylorad.ode.solution import Status

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem
    from taylorad.ode.store import Store

__all__ = ["chunk_size", "gather"]

_POLL = 0.1  # seconds between two looks for an interrupt
_AHEAD = 64  # chunks given away at a time, so that results do not pile up
_LOSSES = 4  # times that workers may die with a chunk before it is taken for the reason
_SHARES = 64  # chunks of an ensemble
_LARGEST = 4_000_000  # bytes of a chunk's values


def chunk_size(members: Members) -> int:
    """How many members make a chunk: enough to be worth a message, few enough for many workers and little memory."""
    row = members.y0.itemsize * members.y0.shape[1] * (1 if members.grid is None else 1 + len(members.grid))
    return max(1, min(-(-len(members) // _SHARES), _LARGEST // row, 4096))


def gather(
    problem: Problem,
    members: Members,
    chunk: int,
    executor: Any,
    store: Store | None,
    threads: int,
    tell: Callable[[int], Any],
) -> list[Found]:
    """The members chunk by chunk; values of chunks that a store keeps are left there.

    A chunk whose worker dies is given to another one; RuntimeError where that happens again and again. An interrupt
    ends the work, and what was not computed until then has status −5.
    """
    parts = [members.part(i, i + chunk) for i in range(0, max(1, len(members)), chunk)]
    found = [Found(part) for part in parts]
    todo = [k for k, part in enumerate(found) if store is None or not store.load(k, part)]
    done = len(members) - sum(len(parts[k]) for k in todo)

    def receive(k: int, part: Found) -> None:
        nonlocal done
        done += len(parts[k])
        found[k] = part
        if store is not None and not np.any(part.status == Status.INTERRUPTED):
            store.save(k, part)
            part.y = None
        tell(done)

    tell(done)
    try:
        if executor is None:
            for k in todo:
                part = solve(problem, parts[k], threads, lambda here: tell(done + here))
                receive(k, part)
                if np.any(part.status == Status.INTERRUPTED):
                    break
        else:
            for k, part in _over(_executor(executor), _Shipped(problem), {k: parts[k] for k in todo}, threads):
                receive(k, part)
    except KeyboardInterrupt:
        pass
    return found


# ---------------------------------------------------------------------- workers
@final
class _Shipped:
    """A problem that is pickled once, and unpickled once in every worker: its machine code is made or loaded once."""

    def __init__(self, problem: Problem | None, letter: bytes = b"") -> None:
        self._problem, self._letter = problem, letter

    @property
    def problem(self) -> Problem:
        if self._problem is None:  # opened at work, where an error is told and does not end the worker
            self._problem = pickle.loads(self._letter)
        return self._problem

    def __reduce__(self) -> Any:
        self._letter = self._letter or pickle.dumps(self._problem)
        return _arrived, (self._letter,)


@functools.lru_cache(maxsize=16)
def _arrived(letter: bytes) -> _Shipped:
    return _Shipped(None, letter)


def _share(shipped: _Shipped, part: Members, threads: int) -> Found:
    """What a worker does."""
    return solve(shipped.problem, part, threads, lambda done: None)


def _executor(given: Any) -> Executor:
    """An executor of concurrent.futures, or a dask client as one; DomainError for anything else."""
    if isinstance(given, Executor):
        return given
    if callable(getattr(given, "get_executor", None)):
        return given.get_executor(pure=False)
    raise DomainError(f"executor = {given!r} is neither an executor of concurrent.futures nor a dask client")


def _over(
    executor: Executor, shipped: _Shipped, parts: dict[int, Members], threads: int
) -> Iterator[tuple[int, Found]]:
    """Chunks as they are done. What a dying worker took with it is given away again, to a new pool if need be."""
    queue, lost = deque(parts), dict.fromkeys(parts, 0)
    pending: dict[Future[Found], int] = {}
    pool, own = executor, False
    try:
        while queue or pending:
            broken = False
            while queue and len(pending) < _AHEAD and not broken:
                try:
                    pending[pool.submit(_share, shipped, parts[queue[0]], threads)] = queue[0]
                    queue.popleft()
                except BrokenExecutor:
                    broken = True
            ready, _ = wait_for(pending, _POLL, "FIRST_COMPLETED")
            for future in ready:
                k = pending.pop(future)
                error = future.exception()
                if error is None:
                    yield k, future.result()
                    continue
                if not _died(error):
                    raise error
                broken = broken or isinstance(error, BrokenExecutor)
                queue.appendleft(k)
                lost[k] += 1
                if lost[k] > _LOSSES:
                    raise RuntimeError(
                        f"workers died {lost[k]} times with the same {len(parts[k])} members among their work; what is "
                        "in a store is kept. Look for what ends them (memory?), or give a smaller chunk="
                    ) from error
            if broken:
                queue.extend(pending.values())
                pending.clear()
                if own:
                    pool.shutdown(wait=False, cancel_futures=True)
                pool, own = _like(executor), True
    finally:
        for future in pending:
            future.cancel()
        if own:
            pool.shutdown(wait=False, cancel_futures=True)


def _died(error: BaseException) -> bool:
    """Whether the worker is to blame, not the work; dask's names, so that it need not be imported."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ in ("KilledWorker", "CommClosedError")


def _like(executor: Executor) -> Executor:
    """A pool in the place of one that broke."""
    if not isinstance(executor, ProcessPoolExecutor):
        raise RuntimeError(f"{executor!r} is broken and cannot be replaced; call again with another one")
    known: dict[str, Any] = vars(executor)
    return ProcessPoolExecutor(
        known.get("_max_workers"),
        mp_context=known.get("_mp_context"),
        initializer=known.get("_initializer"),
        initargs=known.get("_initargs", ()),
    )
