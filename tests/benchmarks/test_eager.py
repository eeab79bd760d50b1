"""What an operator or a function of a single float series costs from Python, beside python-flint at 53 bits.

Both run in one process, interleaved; a table is printed and JSON is written to ``build/benchmarks/eager.json``. Run
with ``pytest -m benchmark -s tests/benchmarks``. FLINT's balls are its fastest series of reals from Python.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import flint
import numpy as np
import pytest

import taylorad as ta
from benchmarks.clock import keep, together
from taylorad.run import eager

pytestmark = pytest.mark.benchmark

ORDERS = (5, 10, 20, 100, 1000)
Call = Callable[[], Any]


def pairs(order: int) -> dict[str, tuple[Call, Call]]:
    """Each operation by us and by FLINT, on random series with radius of convergence 1/0.9."""
    rng = np.random.default_rng(order)
    a, b = (rng.uniform(0.3, 1, order + 1) * 0.9 ** np.arange(order + 1) for _ in range(2))
    moved = np.array([0.0, *b[1:]])
    x, y, inner = ta.Taylor(a), ta.Taylor(b), ta.Taylor(moved)
    fx, fy, finner = (flint.arb_series([flint.arb(float(c)) for c in s], order + 1) for s in (a, b, moved))
    exponent = flint.arb_series([flint.arb(0.3)], order + 1)
    return {
        "x*y": (lambda: x * y, lambda: fx * fy),
        "x/y": (lambda: x / y, lambda: fx / fy),
        "np.exp": (lambda: np.exp(y), lambda: fy.exp()),
        "np.log": (lambda: np.log(y), lambda: fy.log()),
        "np.sqrt": (lambda: np.sqrt(y), lambda: fy.sqrt()),
        "np.sin": (lambda: np.sin(y), lambda: fy.sin()),
        "np.tan": (lambda: np.tan(y), lambda: fy.tan()),
        "y**0.3": (lambda: y**0.3, lambda: fy**exponent),
        "compose": (lambda: x.compose(inner), lambda: fx(finner)),
    }


@pytest.mark.parametrize("order", ORDERS)
def test_against_flint(order: int) -> None:
    """Faster at every order from 10 on, and at most half as slow again at order 5."""
    eager.load_now()
    before = flint.ctx.prec, flint.ctx.cap
    flint.ctx.prec, flint.ctx.cap = 53, order + 1
    rows: list[dict[str, Any]] = []
    try:
        for name, (ours, theirs) in pairs(order).items():
            mine, flints = together(ours, theirs, budget=0.5)
            rows.append({"name": name, "us": mine, "flint_us": flints, "ratio": flints / mine})
            print(f"order {order:5d}  {name:8s} {mine:10.2f} µs   flint {flints:10.2f} µs   ratio {flints / mine:6.2f}")
    finally:
        flint.ctx.prec, flint.ctx.cap = before
    versions = {"numpy": np.__version__, "python-flint": flint.__version__, "on": platform.processor()}
    keep("eager", {f"order {order}": rows, "versions": versions})
    least = 1.0 if order >= 10 else 1 / 1.5
    slower = {row["name"]: row["ratio"] for row in rows if row["ratio"] < least}
    assert not slower, f"slower than FLINT at order {order}: {slower}"


def test_overhead_at_order_20() -> None:
    """Microseconds a call; the bounds leave room for a noisy machine."""
    eager.load_now()
    x = ta.exp(ta.sin(ta.variable(0.6, 20)))
    y = 1 + ta.variable(0.7, 20) ** 2
    calls: dict[str, tuple[Call, float]] = {
        "x*y": (lambda: x * y, 2),
        "x/y": (lambda: x / y, 2),
        "x+y": (lambda: x + y, 2),
        "x*2.5": (lambda: x * 2.5, 2),
        "x+1": (lambda: x + 1, 2),
        "x**2": (lambda: x**2, 2.5),
        "np.exp": (lambda: np.exp(x), 3),
        "np.sin": (lambda: np.sin(x), 3),
        "ta.exp": (lambda: ta.exp(x), 3),
    }
    found = {name: together(call)[0] for name, (call, _) in calls.items()}
    print("  ".join(f"{name} {us:.2f}" for name, us in found.items()))
    slow = {name: us for name, us in found.items() if us > 1.5 * calls[name][1]}
    assert not slow, f"more than half as slow again as wanted: {slow}"
