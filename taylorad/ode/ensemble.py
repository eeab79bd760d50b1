"""Many initial values of one problem: lanes of vectors times threads, and one bad member never stops the others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.crowd import solve
from taylorad.ode.members import Members

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem

__all__ = ["Ensemble", "ensemble"]


@final
@dataclass(frozen=True)
class Ensemble:
    """``y`` is (n, dim), or (n, dim, m) with ``t_eval``; ``t`` (n,) is how far each member came.

    ``status`` (n,) and ``messages`` say why each ended; times that a member did not reach are NaN in ``y``. Without
    ``t_eval`` ``y[i]`` is the state at ``t[i]``, whatever happened there.
    """

    t: np.ndarray
    y: np.ndarray
    status: np.ndarray
    messages: list[str]
    steps: np.ndarray

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
) -> Ensemble:
    """Solve ``problem`` from every row of ``y0`` (n, dim), from span[0] to span[1].

    span[1], and each of ``args``, is one value for all or n of them along the first axis. ``progress`` is True (tqdm)
    or is called with the number of members that are done. A member's result does not depend on the others or on
    ``threads``, and neither does its status; it differs from that of :meth:`Problem.solve` by rounding. An interrupt
    (Ctrl-C) ends the members where they are, with status −5. Raises DomainError for wrong shapes, MixedRingError for
    complex values of a real problem. Not rigorous.
    """
    if int(threads) != threads or threads < 1:
        raise DomainError(f"threads = {threads} must be at least 1")
    members = Members.of(problem, span, y0, args, t_eval, max_step, max_steps)
    with _bar(progress, len(members)) as tell:
        found = solve(problem, members, int(threads), tell)
    return Ensemble(found.t, found.y, found.status, found.messages, found.steps)


class _bar:
    """Progress as tqdm, as a callable, or not at all."""

    def __init__(self, progress: bool | Callable[[int], Any], n: int) -> None:
        self._progress, self._n, self._bar = progress, n, None

    def __enter__(self) -> Callable[[int], Any]:
        if callable(self._progress):
            return self._progress
        if not self._progress:
            return lambda done: None
        from tqdm import tqdm

        self._bar = bar = tqdm(total=self._n)
        return lambda done: bar.update(done - bar.n)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()
