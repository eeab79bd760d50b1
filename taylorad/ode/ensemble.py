"""Many initial values of one problem: lanes of vectors times threads, and one bad member never stops the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.crowd import Found, solve, unbegun
from taylorad.ode.fleet import chunk_size, gather
from taylorad.ode.given import count
from taylorad.ode.members import Members
from taylorad.ode.solution import Status
from taylorad.ode.store import Store

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem

__all__ = ["Ensemble", "ensemble"]


@final
@dataclass(frozen=True)
class Ensemble:
    """``t`` (n,) is how far each member came; ``status`` (n,) and ``messages`` say why it ended, ``steps`` (n,) how.

    :attr:`y` is (n, dim), or (n, dim, m) with ``t_eval``.
    """

    t: np.ndarray
    status: np.ndarray
    messages: list[str]
    steps: np.ndarray
    blocks: Sequence[tuple[slice, Callable[[], np.ndarray]]] = field(repr=False)

    @cached_property
    def y(self) -> np.ndarray:
        """(n, dim), or (n, dim, m) with ``t_eval``: then times that a member did not reach are NaN.

        Without ``t_eval`` ``y[i]`` is the state at ``t[i]``, whatever happened there. From a store everything is read
        into memory; :meth:`parts` does it bit by bit.
        """
        found = [read() for _, read in self.blocks]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def parts(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Members (a slice of them) and their ``y``, one chunk after the other, each read when it is asked for."""
        return ((members, read()) for members, read in self.blocks)

    @property
    def success(self) -> bool:
        return bool(np.all(self.status >= 0))

    def __len__(self) -> int:
        return len(self.t)

    def __repr__(self) -> str:
        good = int(np.count_nonzero(self.status >= 0))
        return f"<ensemble of {len(self)} members, {good} of which reached their ends>"


def ensemble(
    problem: Problem,
    span: tuple[Any, Any],
    y0: Any,
    args: Any = (),
    *,
    t_eval: Any = None,
    threads: int = 1,
    max_step: float = math.inf,
    max_steps: int = 10_000_000,
    progress: bool | Callable[[int], Any] = False,
    executor: Any = None,
    store: Any = None,
    chunk: int | None = None,
) -> Ensemble:
    """Solve ``problem`` from every row of ``y0`` (n, dim), from span[0] to span[1].

    Parameters
    ----------
    span : the beginning, and one end for all or n of them
    args : each argument is one value for all, or n of them along the first axis
    t_eval : (m,) times where values are wanted (default: at the ends only)
    threads : of this process, or of each worker
    max_step, max_steps : of each member
    progress : True for a bar of tqdm, or a function that is called with the number of members that are done
    executor : of concurrent.futures (mpi4py.futures too), or a dask client: it gets the members in chunks. The chunks
        of a worker that dies are given to others; a ProcessPoolExecutor that breaks is replaced by one of its kind
    store : a folder for the results, chunk by chunk. The same call again goes on where it ended
    chunk : members in one chunk

    A member's result does not depend on the others, on threads, workers or chunks, nor on how often it was begun (only
    processors with and without fused multiply-adds differ); from that of
    :meth:`~taylorad.ode.problem.Problem.solve` it differs by rounding. What happens to a member is told by
    its status and message and does not stop the others. An interrupt (Ctrl-C) ends the work; members that did not
    come to their ends have status −5 and are where ``t`` says. Raises DomainError for wrong shapes and for a store
    of another call, MixedRingError for complex values of a real problem. Not rigorous.

    >>> import numpy as np, taylorad as ta
    >>> p = ta.compile_ode(lambda t, y, w: [y[1], -w**2 * y[0]], dim=2, n_args=1)
    >>> E = p.ensemble((0, np.pi), [[0.0, 1.0], [1.0, 0.0], [0.0, 2.0]], args={"w": [1.0, 2.0, 0.5]})
    >>> E.y.round(6) + 0.0
    array([[ 0., -1.],
           [ 1.,  0.],
           [ 4.,  0.]])
    """
    threads, chunk = count(threads, "threads"), None if chunk is None else count(chunk, "chunk")
    members = Members.of(problem, span, y0, args, t_eval, max_step, max_steps)
    with _bar(progress, len(members)) as tell:
        if executor is None and store is None:
            size, found, kept = max(1, len(members)), [solve(problem, members, threads, tell)], None
        else:
            size, kept = chunk or chunk_size(members), None
            if store is not None:
                kept = Store(store, members.digests(problem), len(members), size)
                size = kept.chunk
            found = gather(problem, members, size, executor, kept, threads, tell)
    return _joined(members, found, size, kept)


def _joined(members: Members, found: list[Found], size: int, kept: Store | None) -> Ensemble:
    def reader(k: int, part: Found) -> Callable[[], np.ndarray]:
        if part.y is not None:
            return partial(np.asarray, part.y)
        if kept is not None and not np.all(part.status == Status.INTERRUPTED):
            return partial(kept.values, k)
        return partial(unbegun, members.part(k * size, (k + 1) * size))

    n = len(members)
    blocks = [(slice(k * size, min(n, (k + 1) * size)), reader(k, part)) for k, part in enumerate(found)]
    join = found[0] if len(found) == 1 else None
    messages = join.messages if join else [message for part in found for message in part.messages]
    t, status, steps = (
        getattr(join, name) if join else np.concatenate([getattr(part, name) for part in found])
        for name in ("t", "status", "steps")
    )
    return Ensemble(t, status, messages, steps, blocks)


@contextmanager
def _bar(progress: bool | Callable[[int], Any], n: int) -> Generator[Callable[[int], Any]]:
    """Progress as tqdm, as a callable, or not at all; DomainError for anything else."""
    if callable(progress):
        yield progress
    elif progress is True:
        from tqdm import tqdm

        with tqdm(total=n) as bar:
            yield lambda done: bar.update(done - bar.n)
    elif progress is False or progress is None:
        yield lambda done: None
    else:
        raise DomainError(f"progress = {progress!r} is neither True nor a function of the number of members done")
