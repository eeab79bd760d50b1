"""Speed and width of enclosures: the interval convolution beside the plain one, and problems beside CAPD's figures.

Run with ``pytest -m benchmark -s tests/benchmarks/test_validated.py``; JSON is written to
``build/benchmarks/validated.json``. CAPD 6.1 does not run here: its CPU times and widths (order 20, tolerance 1e-16,
AMD Zen 3, shared cores) are written beside ours, so that the ratio of times says no more than a factor of two.
"""

from __future__ import annotations

import ctypes
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.run.boxes import aligned
from taylorad.run.emit_intervals import IntervalLanes
from taylorad.run.jit import compile_text, host, load
from taylorad.run.sums import write_sum
from taylorad.run.upward import Real, Upward

sys.path.insert(0, str(Path(__file__).parents[1] / "validated"))
from systems import CLASSIC, kepler, lorenz, lotka_volterra, roessler, van_der_pol

pytestmark = pytest.mark.benchmark

OUT = Path(__file__).parents[2] / "build" / "benchmarks" / "validated.json"
ORDER, TIMES = 20, 200_000


def repeated(w: Upward, name: str, body: Any) -> None:
    def text() -> None:
        def once(i: str, _: list[Real]) -> list[Real]:
            body()
            return []

        w.loop(0, "%n", [], once)
        w.give("0")

    w.function(f"i64 @{name}.loop(ptr %a, ptr %out, i64 %n) noinline", text)
    w.door(name, f"{name}.loop", [("ptr", "%a"), ("ptr", "%out"), ("i64", "%n")])


def convolution(lanes: int) -> list[float]:
    """ns of one sum of 21 products, each ``lanes`` sums beside each other: intervals, plain in the same loop, and plain
    as fast as it goes: without a loop, in four sums that do not wait for each other."""
    where = host()
    w = Upward(where.target, where.triple)
    ring = IntervalLanes(w, lanes, ORDER)
    write_sum(ring, "one")
    args = (("ptr", "%a"), ("ptr", "%a"), ("i64", "0"), ("i64", str(ORDER)), ("i64", str(ORDER)))
    kind = Real("", lanes).type

    def interval() -> None:
        found = w.invoke(ring.pair, f"{ring.stem}.one", *args)
        for side in (0, 1):
            w.store(Real(w.put(f"extractvalue {ring.pair} {found}, {side}"), lanes), "%out", side * lanes)

    def row(j: Any) -> Real:
        """hi of a row."""
        return w.load(w.at("%a", w.integer("mul", j, 2 * lanes)), lanes, lanes)

    def plain_sum() -> None:
        def term(j: str, sums: list[Real]) -> list[Real]:
            return [w.fma(row(j), row(w.integer("sub", "%k", j)), sums[0])]

        w.give(w.loop("%first", "%last", [w.number(0.0, lanes)], term)[0], kind)

    def open_sum() -> None:
        sums = [w.number(0.0, lanes)] * 4
        for j in range(ORDER + 1):
            sums[j % 4] = w.fma(row(j), row(ORDER - j), sums[j % 4])
        w.give(w.add(w.add(sums[0], sums[1]), w.add(sums[2], sums[3])), kind)

    w.function(f"{kind} @plain(ptr %a, ptr %b, i64 %first, i64 %last, i64 %k) noinline", plain_sum)
    w.function(f"{kind} @open(ptr %a, ptr %b, i64 %first, i64 %last, i64 %k) noinline", open_sum)
    repeated(w, "intervals", interval)
    for name in ("plain", "open"):
        repeated(w, f"{name}.floats", lambda f=name: w.store(Real(w.invoke(kind, f, *args), lanes), "%out", 0))
    loaded = load(compile_text(w.text(), where), where, [], "intervals")
    call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    rows, out = aligned((ORDER + 1) * 2 * lanes), aligned(64)
    for k in range(ORDER + 1):  # general signs
        rows[2 * lanes * k : 2 * lanes * k + lanes] = -((-1) ** k) / (k + 1) + 1e-3
        rows[2 * lanes * k + lanes : 2 * lanes * (k + 1)] = (-1) ** k / (k + 1) + 1e-3
    functions = [call(loaded.find(name)) for name in ("intervals", "plain.floats", "open.floats")]
    times: list[list[float]] = [[], [], []]
    for _ in range(9):
        for i, f in enumerate(functions):
            start = time.process_time()
            f(rows.ctypes.data, out.ctypes.data, TIMES)
            times[i].append((time.process_time() - start) / TIMES / lanes * 1e9)
    return list(map(statistics.median, times))


def write(name: str, rows: Any) -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(OUT.read_text()) if OUT.exists() else {}
    OUT.write_text(json.dumps(known | {name: rows}, indent=1))


def test_convolution() -> None:
    rows = {}
    for lanes in (1, 2, 4):
        interval, plain, open_ = convolution(lanes)
        rows[lanes] = {"interval ns": interval, "plain ns": plain, "open ns": open_, "ratio": interval / plain}
        rows[lanes]["ratio to open"] = interval / open_
        print(
            f"{lanes} at once: {interval:.1f} ns a sum of 21 intervals, {plain:.1f} plain ({interval / plain:.2f}), "
            f"{open_:.1f} without a loop ({interval / open_:.2f})"
        )
    write("convolution", rows)
    assert rows[1]["ratio"] <= 4.5
    assert rows[4]["ratio"] <= 4.5


CHAOS = ("0.2", "0.2", "5.7")
# name, f, end, y0, args, CAPD's milliseconds and width
ROWS: list[tuple[str, Any, Any, Any, Any, float, float]] = [
    ("Lorenz", lorenz, 20, ["15", "15", "36"], CLASSIC, 118, 5.0e-4),
    ("Van der Pol", van_der_pol, 100, [2, 0], (), 95, 2.0e-12),
    ("Rössler", roessler, 100, [0, "-8.38095", "0.0295902"], CHAOS, 83, 7.4e-7),
    ("Kepler", kepler, 100, ["0.4", 0, 0, 2], (), 680, 2.4e-8),
    ("Lotka–Volterra", lotka_volterra, "3.64", ["1.3", 1], (), 1.9, 5.1e-14),
    ("Lotka–Volterra, box", lotka_volterra, "3.64", [("1.288", "1.312"), 1], (), 1.3, 0.053),
    ("Lorenz, box ±1e-10", lorenz, 10, ta.box(["15", "15", "36"], rad="1e-10"), CLASSIC, 36, 1.25e-2),
]


def test_problems() -> None:
    rows = {}
    for name, f, end, start, args, milliseconds, width in ROWS:
        problem = v.compile_ode(f, len(start), len(args))
        enclosed = problem.solve((0, end), start, args)
        times: list[float] = []
        for _ in range(21):
            begin = time.process_time()
            problem.solve((0, end), start, args)
            times.append(time.process_time() - begin)
        ours = 1e3 * statistics.median(times)
        rows[name] = {
            **{"ms": ours, "steps": enclosed.steps, "width": enclosed.width},
            **{"CAPD ms": milliseconds, "CAPD width": width, "ratio": milliseconds / ours},
        }
        shown = f"{name:20} {ours:8.3f} ms {enclosed.steps:5} steps, width {enclosed.width:.2e}"
        print(f"{shown}; CAPD {milliseconds} ms, {width}")
        assert enclosed.success
        assert enclosed.width <= width
        assert ours <= milliseconds / 10 or "box" in name
    write("problems", rows)
