"""Large systems beside heyoka's compact mode: construction with nothing cached, and a step.

Prints one line of JSON for each system. Run with ``pytest -m benchmark -s tests/benchmarks/test_large.py``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import process_time

import numpy as np
import pytest

import taylorad as ta
from taylorad.run.jit import host

sys.path.insert(0, str(Path(__file__).parents[1] / "ode"))
from problems import chain

pytestmark = pytest.mark.benchmark


def bodies(t, y):
    n = len(y) // 6
    x, v = y[: 3 * n].reshape(n, 3), y[3 * n :].reshape(n, 3)
    d = x[None] - x[:, None]
    pull = (np.sum(d * d, axis=-1) + np.eye(n)) ** -1.5 / n
    return np.concatenate([v.ravel(), np.sum(d * pull[..., None], axis=1).ravel()])


def heat(t, y):
    return 4 * (np.roll(y, 1) - 2 * y + np.roll(y, -1))


def wave(t, u):
    slope = (np.roll(u, -1) - np.roll(u, 1)) / 2
    third = (np.roll(u, -2) - 2 * np.roll(u, -1) + 2 * np.roll(u, 1) - np.roll(u, 2)) / 2
    return -6 * u * slope - third


def step_of(problem, y0, count=20) -> float:
    going = problem.march(0.0, y0)
    going.last(1e9, 2)
    begun = process_time()
    _, steps = going.last(1e9, count)
    return (process_time() - begun) / steps


@pytest.mark.parametrize(("f", "dim"), [(bodies, 180), (bodies, 600), (chain, 2048), (heat, 2000), (wave, 2000)])
def test_construction_and_a_step(f, dim, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("taylorad.run.cache.get", lambda key: None)
    host()
    y0 = 0.1 * np.random.default_rng(1).normal(size=dim) + (np.arange(dim) if f is bodies else 0)
    begun = process_time()
    p = ta.compile_ode(f, dim, rtol=1e-12, atol=1e-12)
    going = p.march(0.0, y0)
    row = {"system": f.__name__, "equations": dim, "construct_s": process_time() - begun}
    row["step_ms"] = 1e3 * step_of(p, y0)
    assert going.compiled
    if f is bodies:
        hy = pytest.importorskip("heyoka")
        n = dim // 6
        begun = process_time()
        system = hy.model.nbody(n, masses=[1 / n] * n, Gconst=1.0)
        theirs = hy.taylor_adaptive(system, y0, tol=1e-12, compact_mode=True)
        row["heyoka_construct_s"] = process_time() - begun
        begun = process_time()
        steps = theirs.propagate_until(1e9, max_steps=20)[3]
        row["heyoka_step_ms"] = 1e3 * (process_time() - begun) / steps
    print(json.dumps(row))
    assert row["construct_s"] < 1
