"""Lorenz' system to t = 20 in many digits, from Python, beside heyoka with numbers of MPFR's kind, in one process.

JSON is written to ``build/benchmarks/precision.json``. Run with ``pytest -m benchmark -s tests/benchmarks``.
"""

from __future__ import annotations

import importlib.util
import platform
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import taylorad as ta
from benchmarks.clock import keep, known

pytestmark = pytest.mark.benchmark

END, ROUNDS = 20, 3


def lorenz(t, y):
    return [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - Fraction(8, 3) * y[2]]


def peer(digits: int) -> Callable[[], Any]:
    import heyoka

    bits = round(3.33 * digits) + 33
    real = heyoka.real
    x, y, z = heyoka.make_vars("x", "y", "z")
    third = heyoka.expression(real(8, bits) / real(3, bits))
    system = [(x, 10.0 * (y - x)), (y, x * (28.0 - z) - y), (z, x * y - third * z)]
    tol = real(f"1e-{digits}", bits)
    made = heyoka.taylor_adaptive(system, np.array([real(1, bits)] * 3), fp_type=real, prec=bits, tol=tol)

    def call() -> Any:
        made.time = real(0, bits)
        made.state[:] = [real(1, bits)] * 3
        made.propagate_until(real(END, bits))
        return [str(v) for v in made.state]

    return call


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.thread_time()
    found = call()
    return time.thread_time() - start, found


@pytest.mark.parametrize("digits", [50, 100])
def test_lorenz(digits: int) -> None:
    p = ta.compile_ode(lorenz, dim=3, precision=ta.digits(digits))
    other = peer(digits) if importlib.util.find_spec("heyoka") is not None else None
    ours, theirs, result = [], [], None
    for _ in range(ROUNDS):
        seconds, state = timed(lambda: p.propagate(0, END, [1, 1, 1]))
        ours.append(seconds)
        if other is not None:
            seconds, result = timed(other)
            theirs.append(seconds)
    row = {"digits": digits, "s": float(np.median(ours))}
    if other is not None:
        with mpmath.workdps(digits + 20):
            gap = max(abs(a - mpmath.mpf(b)) for a, b in zip(state, result, strict=True))
        row |= {"heyoka_s": float(np.median(theirs)), "ratio": float(np.median(ours) / np.median(theirs))}
        row["agree_to"] = float(gap)
        assert gap < mpmath.mpf(10) ** (12 - digits)  # errors grow by e^(0.9·20)
    print(row)
    rows = [r for r in known("precision").get("rows", []) if r["digits"] != digits] + [row]
    keep("precision", {"machine": platform.platform(), "rows": rows})
