"""Speed of the compiled propagation loop beside heyoka and scipy, interleaved in one process, with the errors.

heyoka runs in its default, fast_math and compact modes and in both; the fastest with a finite error counts (a large
system takes it up to half a minute to compile). Errors are medians over nine initial states, which differ by one unit
in the last place. A table is printed and JSON is written to ``build/benchmarks/ode.json``. Run with
``pytest -m benchmark -s tests/benchmarks/test_ode.py``.
"""

from __future__ import annotations

import importlib.util
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.clock import keep
from taylorad.ode.flow import flow, order_for
from taylorad.ode.problem import compile_ode

sys.path.insert(0, str(Path(__file__).parents[1] / "ode"))
from problems import PROBLEMS

pytestmark = pytest.mark.benchmark

TOLERANCE = 1e-15
MODES: tuple[dict[str, bool], ...] = (
    {},
    {"fast_math": True},
    {"compact_mode": True},
    {"compact_mode": True, "fast_math": True},
)


class _Symbols:
    """The same right-hand side on heyoka's expressions (which do not go through numpy's functions)."""

    def __init__(self, f: Any, dim: int) -> None:
        import heyoka

        self.y = np.array([heyoka.expression(f"y{i}") for i in range(dim)], object)
        if f is PROBLEMS["forced_pendulum"].f:
            x, v = self.y
            self.rhs = [v, heyoka.cos(heyoka.time) - 0.1 * v - heyoka.sin(x)]
        else:
            self.rhs = list(f(heyoka.time, self.y))

    @property
    def system(self) -> list[Any]:
        import heyoka

        return [(a, heyoka.expression(b) if isinstance(b, float) else b) for a, b in zip(self.y, self.rhs, strict=True)]


def _heyoka(name: str) -> list[Any]:
    import heyoka

    case = PROBLEMS[name]
    system = _Symbols(case.f, len(case.y0)).system
    return [heyoka.taylor_adaptive(system, case.y0, tol=TOLERANCE, **mode) for mode in MODES]


def _around(y0: np.ndarray) -> list[np.ndarray]:
    """y0 and eight neighbours."""
    rng = np.random.default_rng(1)
    return [y0] + [np.nextafter(y0, y0 + (y0 != 0) * rng.choice([-1, 1], len(y0))) for _ in range(8)]


def _thread(call: Any) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start


def test_benchmark_problems() -> None:
    peer = importlib.util.find_spec("heyoka") is not None
    rows: list[dict[str, Any]] = []
    for name, case in PROBLEMS.items():
        y0 = np.array(case.y0)
        system = compile_ode(case.f, dim=len(y0)).system
        assert system is not None
        start = time.process_time()
        made = flow(system, order_for(TOLERANCE))
        construction = time.process_time() - start
        others = _heyoka(name) if peer else []
        ours: list[float] = []
        theirs: list[list[float]] = [[] for _ in others]
        errors: list[float] = []
        spread: list[list[float]] = [[] for _ in others]
        run = made.run(y0, (), TOLERANCE, TOLERANCE)
        run.go(case.t_end, 10**7)
        for start in _around(y0):
            run.begin(0.0, start)
            ours.append(_thread(lambda run=run, case=case: run.go(case.t_end, 10**7)))
            errors.append(case.error(run.state))
            for i, other in enumerate(others):
                other.time, other.state[:] = 0.0, start
                theirs[i].append(_thread(lambda other=other, case=case: other.propagate_until(case.t_end)))
                spread[i].append(case.error(other.state))
        row: dict[str, Any] = {
            "name": name,
            "ms": 1e3 * float(np.median(ours)),
            "steps": int(run.whole[2]),
            "error": float(np.median(errors)),
            "form": made.form,
            "construction_ms": 1e3 * construction,
        }
        sound = [(float(np.median(t)), float(np.median(e)), max(e)) for t, e in zip(theirs, spread, strict=True)]
        sound = [mode for mode in sound if np.isfinite(mode[1])]
        if sound:
            best, error, most = min(sound)
            row |= {"heyoka_ms": 1e3 * best, "heyoka_error": error, "heyoka_largest_error": most}
            row["ratio"] = row["heyoka_ms"] / row["ms"]
        rows.append(row)
        print(" ".join(f"{k}={v:.3g}" if isinstance(v, float) else f"{k}={v}" for k, v in row.items()), flush=True)
        assert row["error"] < 1e-9
    ratios = [row["ratio"] for row in rows if "ratio" in row]
    if ratios:
        print(f"heyoka's best mode takes {np.exp(np.mean(np.log(ratios))):.2f} times as long (geometric mean)")
    keep("ode", {"machine": platform.platform(), "rows": rows})


def test_beside_scipy() -> None:
    from scipy.integrate import solve_ivp

    case = PROBLEMS["lorenz"]
    p = compile_ode(case.f, dim=3, rtol=1e-12, atol=1e-12)
    p.propagate(0, 1, case.y0)
    ours = min(_thread(lambda: p.propagate(0, case.t_end, case.y0)) for _ in range(5))
    plain = min(_thread(lambda: p.solve((0, case.t_end), case.y0, dense=True)) for _ in range(5))
    theirs = _thread(lambda: solve_ivp(case.f, (0, case.t_end), case.y0, "DOP853", rtol=1e-12, atol=1e-12))
    print(f"Lorenz to t = 20: {1e3 * ours:.2f} ms, with everything kept {1e3 * plain:.2f}, DOP853 {1e3 * theirs:.0f}")
    assert ours < theirs
