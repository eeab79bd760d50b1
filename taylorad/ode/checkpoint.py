"""A long integration in legs: each is kept in a folder when it is complete, and a later call goes on after the last.

A leg has a number of steps that depends on the problem only, and begins anew from the state in which the one before
it ended. So the result is the same, bit for bit, however often the run was interrupted; from one without a checkpoint
it differs by the rounding of the state once in a leg.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from taylorad.ode.dense import DenseSolution
from taylorad.ode.events import Event, node_of
from taylorad.ode.files import load_solution, write
from taylorad.ode.flow import order_for
from taylorad.ode.given import ends, wanted
from taylorad.ode.march import Piece
from taylorad.ode.members import digest, problem_digests
from taylorad.ode.progress import telling
from taylorad.ode.solution import Solution, Status
from taylorad.ode.store import claim
from taylorad.ode.wishes import Wishes

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem

__all__ = ["solve"]

_WORK = 2e9  # components · K² · steps of a leg: about a second
_ROOM = 2**25  # bytes of coefficients that a leg may keep
_UNFINISHED = (Status.STEPS, Status.INTERRUPTED, Status.STOPPED)


def solve(
    problem: Problem,
    folder: Any,
    span: tuple[Any, Any],
    y0: Any,
    args: Any,
    wishes: Wishes,
    leg: int | None = None,
) -> Solution:
    """:meth:`~taylorad.ode.problem.Problem.solve` in legs of ``leg`` steps (default: a second or less each).

    Callbacks are not called again for legs that were kept. Raises DomainError for the folder of another call.
    """
    t0, t1 = ends(span)
    path, times, watched = Path(folder), wanted(wishes.t_eval, t0, t1), wishes.watched()
    dense, max_steps = wishes.dense, wishes.max_steps
    least = float(np.min(problem.rtol if np.min(problem.rtol) > 0 else problem.atol))
    order = problem.order or order_for(least)
    row = problem.dim * (order + 1)
    work = _WORK / (order + 1)
    if dense or times is not None:
        work = min(work, _ROOM / problem.dtype.itemsize)
    size = leg or max(100, int(work / row))
    request = {"kind": "solution"} | problem_digests(problem)
    request |= {"span": repr((t0, t1)), "max_step": repr(wishes.max_step)}
    request |= {"y0": digest([problem.state(y0)]), "args": digest([problem.values(args)]), "dense": str(dense)}
    request["t_eval"] = digest([] if times is None else [times])
    request["events"] = "; ".join(_described(event, problem) for event in watched)
    size = claim(path, request, {"leg": size})["leg"]
    wishes = wishes._replace(t_eval=None, dense=dense or times is not None)
    legs: list[Solution] = []
    t, y, taken = t0, problem.state(y0), 0
    with telling(wishes.progress, t0, t1) as tell:
        while True:
            file = path / f"{len(legs):06d}.npz"
            if file.exists():
                part = load_solution(file)
            else:
                events = None if wishes.events is None else [_left(e, i, legs) for i, e in enumerate(watched)]
                some = min(size, max_steps - taken)
                leg_wishes = wishes._replace(events=events, max_steps=some, progress=tell or False)
                part = problem.solve((t, t1), y, args, **leg_wishes._asdict())
                part = _thinned(part, times, dense, not legs)
                if part.status not in _UNFINISHED or (part.status == Status.STEPS and part.stats["steps"] == size):
                    write(part, file)
            legs.append(part)
            t, y, taken = part.stats["t"], part.y[:, -1], taken + part.stats["steps"]
            if part.status != Status.STEPS or part.stats["steps"] < size or taken >= max_steps:
                return _joined(legs, times is not None, taken, max_steps)


def _described(event: Event, problem: Problem) -> str:
    node = node_of(event, problem.dim, problem.shapes, problem.dtype.kind == "c")
    return f"{node.digest.hex()} {int(event.terminal)} {event.direction} {event.changes}"


def _left(event: Event, i: int, legs: Sequence[Solution]) -> Event:
    """The event with the hits that it still has before it stops the integration."""
    hits = sum(len(part.t_events[i]) for part in legs if part.t_events is not None)
    return replace(event, terminal=int(event.terminal) - hits) if event.terminal and hits else event


def _thinned(part: Solution, wanted: np.ndarray | None, dense: bool, first: bool) -> Solution:
    """A leg with what is wanted of it; its last point is its end, which the next one begins at."""
    if wanted is None:
        return part
    begin, end = part.t[0], part.t[-1]
    low, high = sorted((begin, end))
    inside = wanted[(wanted >= low) & (wanted <= high) & ((wanted != begin) | first)]
    assert part.sol is not None or not len(inside) or begin == end
    values = part.sol(inside) if part.sol is not None else np.repeat(part.y[:, :1], len(inside), axis=1)
    return replace(
        part,
        t=np.append(inside, end),
        y=np.concatenate([values, part.y[:, -1:]], axis=1),
        sol=part.sol if dense else None,
    )


def _joined(legs: Sequence[Solution], sampled: bool, taken: int, max_steps: int) -> Solution:
    last = legs[-1]
    tails = [slice(0, -1) if sampled else slice(None if k == 0 else 1, None) for k in range(len(legs))]
    pieces = [Piece(part.sol.times, part.sol.coefficients) for part in legs if part.sol is not None]
    message = last.message
    if last.status == Status.STEPS:
        message = f"max_steps = {max_steps} steps were taken; the solution was followed to t = {last.stats['t']}."
    stats = last.stats | {"steps": taken, "rejected": sum(part.stats["rejected"] for part in legs)}
    stats["stiff"] = any(part.stats["stiff"] for part in legs)
    times, states = last.t_events, last.y_events
    if times is not None:
        times = _hits(legs, [part.t_events for part in legs])
        states = _hits(legs, [part.y_events for part in legs])
        stats["multiplicities"] = _hits(legs, [part.stats["multiplicities"] for part in legs], np.int64)
    return replace(
        last,
        t=np.concatenate([part.t[tail] for part, tail in zip(legs, tails, strict=True)]),
        y=np.concatenate([part.y[:, tail] for part, tail in zip(legs, tails, strict=True)], axis=1),
        sol=DenseSolution(pieces) if pieces else None,
        t_events=times,
        y_events=states,
        nfev=sum(part.nfev for part in legs),
        message=message,
        stats=stats,
    )


def _hits(legs: Sequence[Solution], rows: Sequence[Any], kind: Any = None) -> list[np.ndarray]:
    """One array for each event; a hit on the edge of two legs is known to both."""
    out: list[np.ndarray] = []
    for i in range(len(rows[0])):
        found: list[np.ndarray] = []
        before: float | None = None
        for part, mine in zip(legs, rows, strict=True):
            assert part.t_events is not None
            times = part.t_events[i]
            found.append(np.asarray(mine[i], kind)[int(len(times) > 0 and times[0] == before) :])
            before = times[-1] if len(times) else before
        out.append(np.concatenate(found))
    return out
