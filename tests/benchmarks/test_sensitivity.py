"""Derivatives of solutions beside heyoka's variational systems (``heyoka.var_ode_sys``), in one process, interleaved.

Prints, for each problem and order, the time of a run with derivatives over that of the plain run of the same program,
ours and heyoka's (default and compact mode, the better one), and by how much the derivatives differ.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import pytest

import taylorad as ta
from taylorad.ode.carry import carry

sys.path.insert(0, str(Path(__file__).parents[1] / "ode"))
from problems import kepler, lorenz

pytestmark = pytest.mark.benchmark

hy = pytest.importorskip("heyoka")
ROUNDS = 9


CASES = [
    (lorenz, [15.0, 15.0, 36.0], 10.0, 1),
    (lorenz, [15.0, 15.0, 36.0], 10.0, 2),
    (kepler, [0.5, 0.0, 0.0, 3**0.5], 100.0, 1),
    (kepler, [0.5, 0.0, 0.0, 3**0.5], 100.0, 2),
]


def ours(f, y0, end, order):
    p = ta.compile_ode(f, len(y0), rtol=1e-15, atol=1e-15)

    def plain() -> float:
        going = p.march(0.0, y0)
        begun = process_time()
        going.last(end, 1 << 30)
        return process_time() - begun

    def carried() -> float:
        going = carry(p, ta.Sensitivity(order=order), 0.0, y0, ())
        begun = process_time()
        going._inner.last(end, 1 << 30)
        return process_time() - begun

    s = p.solve((0, end), y0, sensitivity=ta.Sensitivity(order=order))
    return plain, carried, s.flow_map(end)


def theirs(f, y0, end, order):
    x = hy.make_vars(*(f"y{i}" for i in range(len(y0))))
    system = list(zip(x, f(None, x), strict=True))
    modes = []
    for compact in (False, True):
        plain = hy.taylor_adaptive(system, y0, tol=1e-15, compact_mode=compact)
        made = hy.var_ode_sys(system, hy.var_args.vars, order=order)
        carried = hy.taylor_adaptive(made, y0, tol=1e-15, compact_mode=compact)
        first, start = np.array(y0), carried.state.copy()

        def run(ta=plain, start=first):
            ta.time = 0.0
            ta.state[:] = start
            begun = process_time()
            ta.propagate_until(end)
            return process_time() - begun

        modes.append((run, lambda ta=carried, start=start: run(ta, start), carried))
    return modes


@pytest.mark.parametrize(("f", "y0", "end", "order"), CASES)
def test_beside_heyoka(f, y0, end, order) -> None:
    plain, carried, flow_map = ours(f, y0, end, order)
    modes = theirs(f, y0, end, order)
    runs = [plain, carried, *(run for mode in modes for run in mode[:2])]
    times = [[] for _ in runs]
    for _ in range(ROUNDS):
        for run, own in zip(runs, times, strict=True):
            own.append(run())
    t = [median(own) for own in times]
    adaptive = modes[0][2]
    n = len(y0)
    found = flow_map.jacobian
    known = adaptive.state[adaptive.get_vslice(order=1)].reshape(n, n)
    error = float(np.max(np.abs(found - known)) / np.max(np.abs(known)))
    row = {
        "problem": f.__name__,
        "order": order,
        "ms": 1e3 * t[1],
        "ratio": t[1] / t[0],
        "heyoka_ms": 1e3 * min(t[3], t[5]),
        "heyoka_ratio": min(t[3], t[5]) / min(t[2], t[4]),
        "difference": error,
    }
    print(json.dumps(row))
    assert error < 1e-6
    assert row["ms"] < row["heyoka_ms"]
