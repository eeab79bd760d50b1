"""Speed of ensembles on one core beside heyoka, one member after the other and four in a batch, and beside ourselves.

Interleaved in one process, CPU time, medians. A table is printed and JSON is written to
``build/benchmarks/ensemble.json``. Run with ``pytest -m benchmark -s tests/benchmarks/test_ensemble.py``.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taylorad as ta

sys.path.insert(0, str(Path(__file__).parents[1] / "ode"))
from problems import PROBLEMS

pytestmark = pytest.mark.benchmark

OUT = Path(__file__).parents[2] / "build" / "benchmarks" / "ensemble.json"
TOLERANCE = 1e-15
ROUNDS = 5
CASES = {"lorenz": (1000, 20.0), "kepler_e05": (200, 50.0), "henon_heiles": (400, 100.0), "vdp5": (1000, 20.0)}


def _cpu(call: Any) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


class _Heyoka:
    def __init__(self, name: str, y0: np.ndarray, end: float, batch: int) -> None:
        import heyoka

        case = PROBLEMS[name]
        names = [heyoka.expression(f"y{i}") for i in range(len(case.y0))]
        system = list(zip(names, case.f(heyoka.time, np.array(names, object)), strict=True))
        self.y0, self.end, self.batch = y0, end, batch
        first = y0[0] if batch == 1 else np.repeat(y0[:1].T, batch, axis=1)
        make = heyoka.taylor_adaptive if batch == 1 else heyoka.taylor_adaptive_batch
        self.solver = make(system, first, tol=TOLERANCE)

    def __call__(self) -> np.ndarray:
        out = np.empty_like(self.y0)
        s, b = self.solver, self.batch
        for i in range(0, len(out), b):
            if b == 1:
                s.time = 0.0
                s.state[:] = self.y0[i]
            else:
                s.set_time(0.0)
                s.state[:] = self.y0[i : i + b].T
            s.propagate_until(self.end)
            out[i : i + b] = s.state.T
        return out


def test_ensembles() -> None:
    peer = importlib.util.find_spec("heyoka") is not None
    rows: list[dict[str, Any]] = []
    for name, (n, end) in CASES.items():
        case = PROBLEMS[name]
        y0 = np.array(case.y0) + 1e-3 * np.random.default_rng(0).normal(size=(n, len(case.y0)))
        p = ta.compile_ode(case.f, dim=len(case.y0), rtol=TOLERANCE, atol=TOLERANCE)
        grid = np.linspace(0, end, 101)
        calls: dict[str, Any] = {
            "ensemble": lambda p=p, y0=y0, end=end: p.ensemble((0, end), y0),
            "on a grid": lambda p=p, y0=y0, end=end, grid=grid: p.ensemble((0, end), y0, t_eval=grid),
            "one by one": lambda p=p, y0=y0, end=end: [p.propagate(0, end, y) for y in y0],
        }
        if peer:
            calls["heyoka, one by one"] = _Heyoka(name, y0, end, 1)
            calls["heyoka, batches of 4"] = _Heyoka(name, y0, end, 4)
        found = {what: call() for what, call in calls.items()}
        assert found["ensemble"].success
        ms = {what: [] for what in calls}
        for _ in range(ROUNDS):
            for what, call in calls.items():
                ms[what].append(1e3 * _cpu(call))
        row = {"problem": name, "members": n, "steps": int(found["ensemble"].steps.sum())}
        rows.append(row | {what: round(float(np.median(times)), 2) for what, times in ms.items()})
        if peer:
            apart = np.abs(found["ensemble"].y - found["heyoka, one by one"]).max(axis=1)
            rows[-1]["median distance"] = float(np.median(apart))
        print(json.dumps(rows[-1]))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=1))
    assert all(row["ensemble"] < row["one by one"] for row in rows)
