"""What dense output and events cost beside the plain run, interleaved in one process.

Each problem runs to its end four ways from Python: the end state alone, with all coefficients kept, with one event that
is a component or nearly so, and with one that takes a few products. CPU time, medians. A table is printed and JSON is
written to ``build/benchmarks/events.json``. Run with ``pytest -m benchmark -s tests/benchmarks/test_events.py``.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from benchmarks.clock import keep
from taylorad.ode.problem import Problem

sys.path.insert(0, str(Path(__file__).parents[1] / "ode"))
from problems import PROBLEMS

pytestmark = pytest.mark.benchmark

TOLERANCE = 1e-15
ROUNDS = 15
EVENTS: dict[str, tuple[ta.Event, ta.Event]] = {
    "lorenz": (ta.Event(lambda t, y: y[2] - 27), ta.Event(lambda t, y: y[0] * y[1] - 20)),
    "henon_heiles": (
        ta.Event(lambda t, y: y[0], direction=1),
        ta.Event(lambda t, y: y[0] * y[2] + y[1] * y[3], direction=1),
    ),
    "kepler_e05": (ta.Event(lambda t, y: y[1]), ta.Event(lambda t, y: y[0] * y[2] + y[1] * y[3])),
    "vdp5": (ta.Event(lambda t, y: y[0]), ta.Event(lambda t, y: y[0] ** 2 - 1)),
    "outer_ss": (
        ta.Event(lambda t, y: y[6] - y[0]),
        ta.Event(lambda t, y: (y[6] - y[0]) ** 2 + (y[7] - y[1]) ** 2 - 25),
    ),
}


def medians(calls: list[Callable[[], Any]]) -> list[float]:
    """Milliseconds of each call, in turns."""
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(ROUNDS + 2):
        for call, found in zip(calls, times, strict=True):
            start = time.thread_time()
            call()
            if turn > 1:
                found.append(1e3 * (time.thread_time() - start))
    return [float(np.median(found)) for found in times]


def ways(p: Problem, end: float, y0: list[float], events: tuple[ta.Event, ta.Event]) -> list[Callable[[], Any]]:
    """The end state alone, all coefficients kept, and with each of two events."""
    return [
        lambda: p.propagate(0.0, end, y0),
        lambda: p.solve((0.0, end), y0),
        *(lambda e=e: p.solve((0.0, end), y0, dense=False, t_eval=[end], events=e) for e in events),
    ]


def test_dense_output_and_events_beside_the_plain_run() -> None:
    rows: list[dict[str, Any]] = []
    for name, events in EVENTS.items():
        case = PROBLEMS[name]
        p = ta.compile_ode(case.f, dim=len(case.y0), rtol=TOLERANCE, atol=TOLERANCE)
        plain, dense, one, other = medians(ways(p, case.t_end, case.y0, events))
        without = p.solve((0.0, case.t_end), case.y0)
        watched = [p.solve((0.0, case.t_end), case.y0, events=e) for e in events]
        rows.append(
            {"problem": name, "steps": without.stats["steps"], "hits": [len(s.t_events[0]) for s in watched]}
            | {"plain_ms": plain, "dense": dense / plain, "component": one / plain, "products": other / plain}
        )
        print(" ".join(f"{k}={v:.3g}" if isinstance(v, float) else f"{k}={v}" for k, v in rows[-1].items()), flush=True)
        assert all(s.t.tolist() == without.t.tolist() for s in watched)
    for key in ("dense", "component", "products"):
        print(f"{key}: {np.exp(np.mean(np.log([row[key] for row in rows]))):.2f} times the plain run (geometric mean)")
    keep("events", {"machine": platform.platform(), "rows": rows})
