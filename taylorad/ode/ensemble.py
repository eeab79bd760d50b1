"""Many initial values of one problem, over threads: one bad member never stops the others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.solution import MESSAGES, Status

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem

__all__ = ["Ensemble", "ensemble"]


@final
@dataclass(frozen=True)
class Ensemble:
    """``y`` is (n, dim), or (n, dim, m) with ``t_eval``; ``t`` (n,) is how far each member came.

    ``status`` (n,) and ``messages`` say why each ended; times that a member did not reach are NaN in ``y``.
    """

    t: np.ndarray
    y: np.ndarray
    status: np.ndarray
    messages: list[str]
    steps: np.ndarray

    @property
    def success(self) -> bool:
        return bool(np.all(self.status >= 0))


def ensemble(
    problem: Problem,
    span: tuple[Any, Any],
    y0: Any,
    args: Any = (),
    *,
    t_eval: Any = None,
    threads: int = 1,
    max_steps: int = 10_000_000,
    progress: bool | Callable[[int], Any] = False,
) -> Ensemble:
    """Solve ``problem`` from every row of ``y0`` (n, dim), from span[0] to span[1].

    span[1], and each of ``args``, is one value for all or n of them along the first axis. ``progress`` is True (tqdm)
    or is called with the number of members that are done. A member's result does not depend on the others or on
    ``threads``, and neither does its status. Raises DomainError for wrong shapes. Not rigorous.
    """
    states = np.asarray(y0)
    if states.ndim != 2 or states.shape[1] != problem.dim:
        raise DomainError(f"y0 has shape {states.shape}; an ensemble takes (n, {problem.dim})")
    if threads < 1:
        raise DomainError(f"threads = {threads} must be at least 1")
    n = len(states)
    ends = np.asarray(span[1], float)
    if ends.shape not in ((), (n,)):
        raise DomainError(f"span[1] has shape {ends.shape}; give one end, or {n}")
    given = tuple(args) if isinstance(args, (tuple, list)) else (args,)
    if len(given) != len(problem.shapes):
        raise DomainError(f"{len(given)} arguments were given; this problem takes {len(problem.shapes)}")
    own = [np.shape(a) == (n, *s) for a, s in zip(given, problem.shapes, strict=True)]
    times = None if t_eval is None else np.asarray(t_eval, float)
    shape = (n, problem.dim) if times is None else (n, problem.dim, len(times))
    y = np.full(shape, np.nan, problem.dtype)
    t, status, steps = np.zeros(n), np.zeros(n, int), np.zeros(n, int)
    messages = [""] * n

    def solve(i: int) -> None:
        end = float(ends[i]) if ends.ndim else float(ends)
        mine = tuple(a[i] if each else a for a, each in zip(given, own, strict=True))
        try:
            quick = problem.straight(float(span[0]), end, states[i], mine, max_steps) if times is None else None
            if quick is not None:
                (y[i], steps[i]), t[i], messages[i] = quick, end, MESSAGES[Status.END]
                return
            s = problem.solve((span[0], end), states[i], mine, t_eval=times, dense=False, max_steps=max_steps)
        except DomainError as error:  # this member's numbers, not the way it was asked for
            t[i], status[i], messages[i] = float(span[0]), int(Status.UNDEFINED), str(error)
            return
        status[i], messages[i], steps[i] = int(s.status), s.message, s.stats["steps"]
        t[i] = s.stats["t"]
        if times is None:
            y[i] = s.y[:, -1]
        else:
            y[i, :, : s.y.shape[1]] = s.y

    with _bar(progress, n) as done:
        if threads == 1:
            for i in range(n):
                solve(i)
                done(i + 1)
        else:
            with ThreadPoolExecutor(threads) as pool:
                for i, _ in enumerate(pool.map(solve, range(n))):
                    done(i + 1)
    return Ensemble(t, y, status, messages, steps)


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
        return lambda done: bar.update(1)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()
