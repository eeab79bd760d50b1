"""Whole runs beside CyRK (C++, numba's right-hand sides) and scipy, interleaved in one process, with the errors.

Both take DOP853, CyRK at 1e-13 and scipy at 1e-12, which they do not quite reach; ours runs at 1e-15. JSON is written
to ``build/benchmarks/peers.json``. Run with ``pytest -m benchmark -s tests/benchmarks/test_peers.py``.
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

from benchmarks.clock import keep
from taylorad.ode.problem import compile_ode

sys.path.insert(0, str(Path(__file__).parents[1] / "ode"))
from problems import PROBLEMS

pytestmark = pytest.mark.benchmark

ROUNDS = 5
SCIPY = ("lorenz", "vdp5", "forced_pendulum", "lotka_volterra", "pleiades")  # the others take it many seconds


def bodies(n: int, d: int, masses: np.ndarray, G: float) -> Callable[..., None]:
    """Positions and velocities of each body in turn, as in the problems."""

    def f(dy, t, y, args):
        for i in range(n):
            for a in range(d):
                dy[2 * d * i + a] = y[2 * d * i + d + a]
                dy[2 * d * i + d + a] = 0.0
        for i in range(n):
            for j in range(i + 1, n):
                square = 0.0
                for a in range(d):
                    square += (y[2 * d * j + a] - y[2 * d * i + a]) ** 2
                pull = G / (square * np.sqrt(square))
                for a in range(d):
                    apart = y[2 * d * j + a] - y[2 * d * i + a]
                    dy[2 * d * i + d + a] += masses[j] * pull * apart
                    dy[2 * d * j + d + a] -= masses[i] * pull * apart

    return f


def kepler(dy, t, y, args):
    square = y[0] * y[0] + y[1] * y[1]
    pull = 1 / (square * np.sqrt(square))
    dy[0], dy[1], dy[2], dy[3] = y[2], y[3], -y[0] * pull, -y[1] * pull


def lorenz(dy, t, y, args):
    dy[0], dy[1], dy[2] = 10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - (8 / 3) * y[2]


def henon_heiles(dy, t, y, args):
    dy[0], dy[1], dy[2], dy[3] = y[2], y[3], -y[0] - 2 * y[0] * y[1], y[1] * y[1] - y[1] - y[0] * y[0]


def van_der_pol(dy, t, y, args):
    dy[0], dy[1] = y[1], 5 * (1 - y[0] * y[0]) * y[1] - y[0]


def forced_pendulum(dy, t, y, args):
    dy[0], dy[1] = y[1], np.cos(t) - 0.1 * y[1] - np.sin(y[0])


def lotka_volterra(dy, t, y, args):
    dy[0], dy[1] = 1.5 * y[0] - y[0] * y[1], y[0] * y[1] - 3 * y[1]


def chain(dy, t, y, args):
    n, before = 64, y[0] + 0.25 * y[0] * y[0] * y[0]
    for i in range(n):
        apart = (y[i + 1] if i < n - 1 else 0.0) - y[i]
        after = apart + 0.25 * apart * apart * apart
        dy[i], dy[n + i], before = y[n + i], after - before, after


SUNS = np.array([1.00000597682, 0.0009547861040430418, 0.00028558373315055975, 4.372731645458918e-05,
                 5.1775913844879365e-05, 7.4074074e-09])  # fmt: skip
SIDES: dict[str, Callable[..., None]] = {
    "kepler_e01": kepler,
    "kepler_e05": kepler,
    "kepler_e09": kepler,
    "outer_ss": bodies(6, 3, SUNS, 39.42290394884788),
    "pleiades": bodies(7, 2, np.arange(1.0, 8.0), 1.0),
    "lorenz": lorenz,
    "henon_heiles": henon_heiles,
    "vdp5": van_der_pol,
    "forced_pendulum": forced_pendulum,
    "lotka_volterra": lotka_volterra,
    "fput64": chain,
}


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.thread_time()
    found = call()
    return 1e3 * (time.thread_time() - start), found


def cyrk(name: str, y0: np.ndarray, end: float) -> Callable[[], np.ndarray]:
    from CyRK import nb_diffeq_addr, nbsolve2_ivp

    address = nb_diffeq_addr(SIDES[name])

    def call() -> np.ndarray:
        found = nbsolve2_ivp(address, (0.0, end), y0, method="DOP853", rtol=1e-13, atol=1e-13)
        last = np.array(found.y[:, -1])
        found.free()
        return last

    return call


def test_beside_runge_and_kutta() -> None:
    from scipy.integrate import solve_ivp

    rows: list[dict[str, Any]] = []
    for name, case in PROBLEMS.items():
        y0, end = np.array(case.y0), case.t_end
        p = compile_ode(case.f, dim=len(y0), rtol=1e-15, atol=1e-15)
        theirs = cyrk(name, y0, end)
        times: dict[str, list[float]] = {"ms": [], "cyrk_ms": []}
        for _ in range(ROUNDS):
            ms, mine = timed(lambda p=p, end=end, y0=y0: p.propagate(0, end, y0, max_steps=10**7))
            times["ms"].append(ms)
            ms, other = timed(theirs)
            times["cyrk_ms"].append(ms)
        row: dict[str, Any] = {"name": name, "error": case.error(mine), "cyrk_error": case.error(other)}
        row |= {key: float(np.median(values[1:])) for key, values in times.items()}
        if name in SCIPY:
            row["scipy_ms"], s = timed(
                lambda case=case, y0=y0: solve_ivp(case.f, (0, case.t_end), y0, "DOP853", rtol=1e-12, atol=1e-12)
            )
            row["scipy_error"] = case.error(s.y[:, -1])
        rows.append(row)
        print(" ".join(f"{k}={v:.3g}" if isinstance(v, float) else f"{k}={v}" for k, v in row.items()), flush=True)
        assert row["error"] < 1e-9
        assert row["cyrk_error"] < 1e-3
    keep("peers", {"machine": platform.platform(), "rows": rows})
