"""Speed of single series operations, k-th derivatives and batches, beside the peers that are installed.

Every peer runs in the same process, interleaved with us; a table is printed and JSON is written to
``build/benchmarks/kernels.json``. Run with ``pytest -m benchmark -s tests/benchmarks``.
"""

from __future__ import annotations

import importlib.util
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flint
import numpy as np
import pytest

from benchmarks.clock import keep, milliseconds, together
from taylorad.book.entry import BOOK
from taylorad.run import cache, eager, kernel
from taylorad.series.matrix import Matrix
from taylorad.series.node import Leaf, Map, Node, as_node
from taylorad.series.schedule import schedule

pytestmark = pytest.mark.benchmark

U, X = Leaf.of(0), Leaf.of(0, 1)


class Report:
    """Rows of a name and figures, printed as a table and kept as JSON."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.rows: list[dict[str, Any]] = []

    def add(self, name: str, **figures: float) -> None:
        self.rows.append({"name": name, **figures})
        print(f"{self.title:12s} {name:18s} " + "  ".join(f"{k} {v:9.3f}" for k, v in figures.items()))

    def write(self) -> None:
        versions = {"numpy": np.__version__, "python-flint": flint.__version__, "on": platform.processor()}
        keep("kernels", {self.title: self.rows, "versions": versions})


def pair(order: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(order)
    return tuple(rng.uniform(0.3, 1, order + 1) * 0.9 ** np.arange(order + 1) for _ in range(2))


@pytest.mark.parametrize("order", [5, 10, 20, 100, 300])
def test_one_operation_against_flint_and_numpy(order: int) -> None:
    """Eager operations in microseconds a call from Python; FLINT's balls at 53 bits, its fastest."""
    eager.load_now()
    report = Report(f"eager {order}")
    a, b = pair(order)
    before = flint.ctx.prec, flint.ctx.cap
    flint.ctx.prec, flint.ctx.cap = 53, order + 1
    try:
        fa, fb = (flint.arb_series([flint.arb(x) for x in c], order + 1) for c in (a, b))
        inner = flint.arb_series([flint.arb(0), *(flint.arb(x) for x in b[1:])], order + 1)
        half = flint.arb_series([flint.arb("0.3")], order + 1)
        peers: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
            "product": (lambda: eager.product(order, a, b), lambda: fa * fb),
            "quotient": (lambda: eager.quotient(order, a, b), lambda: fa / fb),
            "compose": (lambda: eager.compose(order, a, b), lambda: fa(inner)),
        }
        for name in ("exp", "log", "sqrt", "sin", "tan"):
            op = eager.operation(schedule([BOOK[name](U)]))
            peers[name] = (lambda op=op: op(order, b), lambda name=name: getattr(fb, name)())
        power, exponent = eager.operation(schedule([BOOK["pow"](U, Leaf.of(1, 0))])), np.array([0.3])
        peers["pow"] = (lambda: power(order, b, exponent), lambda: fb**half)
        slower: list[str] = []
        for name, (ours, theirs) in peers.items():
            mine, flints = together(ours, theirs)
            report.add(name, ours=mine, flint=flints, ratio=flints / mine)
            if flints < mine * (1 if order >= 10 else 1 / 1.5):
                slower.append(name)
        mine, numpys = together(peers["product"][0], lambda: np.convolve(a, b)[: order + 1])
        report.add("product, numpy", ours=mine, numpy=numpys, ratio=numpys / mine)
    finally:
        flint.ctx.prec, flint.ctx.cap = before
    report.write()
    assert not slower, f"slower than FLINT at order {order}: {slower}"


def deep(times: int) -> Node:
    y: Node = X
    for _ in range(times):
        y = BOOK["sin"](y) + y / 2
    return y


@pytest.mark.parametrize(
    ("name", "root", "at"), [("exp(sin x)", BOOK["exp"](BOOK["sin"](X)), 0.7), ("tenfold", deep(10), 0.3)]
)
def test_kth_derivative(name: str, root: Node, at: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiled call, and construction cold and from disk, in milliseconds; jax.jet where it is installed."""
    monkeypatch.setenv("TAYLORAD_CACHE_DIR", str(tmp_path))
    report = Report(name)
    plan = schedule([root])
    point = [np.array([at, 1.0])]
    for order in (10, 20, 50):
        cold, warm = [], []
        for _ in range(5):
            cache.clear()
            for times in (cold, warm):
                kernel._kernels.clear()
                times.append(milliseconds(lambda order=order: kernel.compile_plan(plan, order)(point, order)))
        made = kernel.compile_plan(plan, order)
        calls: list[Callable[[], Any]] = [lambda made=made, order=order: made(point, order)]
        names = ["ours"]
        if name == "exp(sin x)":
            flint.ctx.prec, flint.ctx.cap = 53, order + 1
            x = flint.arb_series([flint.arb("0.7"), 1], order + 1)
            calls.append(lambda x=x: x.sin().exp())
            names.append("flint")
            if importlib.util.find_spec("jax") is not None and order == 10:
                calls.append(_jet(at, order))
                names.append("jax.jet")
        figures = dict(zip(names, together(*calls), strict=True))
        report.add(f"k = {order}", cold_ms=min(cold), disk_ms=min(warm), **figures)
        assert all(v > figures["ours"] for k, v in figures.items() if k != "ours")
    report.write()


def _jet(at: float, order: int) -> Callable[[], Any]:
    import jax
    import jax.numpy as jnp
    from jax.experimental.jet import jet

    jax.config.update("jax_enable_x64", True)
    series = [1.0] + [0.0] * (order - 1)
    call = jax.jit(lambda x: jet(lambda y: jnp.exp(jnp.sin(y)), (x,), (series,)))
    return lambda: jax.block_until_ready(call(at))


def test_batch_of_100_000_points() -> None:
    """Microseconds a point at order 20, one thread and two; two are twice as fast only on idle cores."""
    eager.load_now()
    report = Report("batch")
    n, order = 100_000, 20
    rng = np.random.default_rng(1)
    a, b = (rng.uniform(0.3, 1, (order + 1, n)) * 0.9 ** np.arange(order + 1)[:, None] for _ in range(2))
    points = [np.stack([np.linspace(-3, 3, n), np.ones(n)])]
    exponential = eager.operation(schedule([BOOK["exp"](U)]))
    made = kernel.compile_plan(schedule([BOOK["exp"](BOOK["sin"](X))]))
    for name, call in (
        ("product", lambda: eager.product(order, a, b)),
        ("exp", lambda: exponential(order, b)),
        ("exp(sin x)", lambda: made(points, order)),
    ):
        (mine,) = together(call)
        report.add(name, us_per_point=mine / n)
        assert mine / n < 0.2
    walls = []
    for threads in (1, 2):
        start = time.perf_counter()
        for _ in range(5):
            made(points, order, threads=threads)
        walls.append((time.perf_counter() - start) / 5e-6 / n)
    report.add("exp(sin x), wall", one=walls[0], two=walls[1], ratio=walls[0] / walls[1])
    report.write()


def test_network_along_a_direction() -> None:
    """Three tanh layers of 32 and one output, input p + d·t, order 10; jax.jet, jitted, where it is installed."""
    report = Report("network")
    rng = np.random.default_rng(2)
    width, order = 32, 10
    weights = [rng.normal(size=(width, width)) / np.sqrt(width) for _ in range(3)]
    biases = [rng.normal(size=width) for _ in range(3)]
    last = rng.normal(size=(1, width)) / np.sqrt(width)
    x: Node = Leaf.of(0, 1, width)
    for w, b in zip(weights, biases, strict=True):
        x = BOOK["tanh"](Map.of(Matrix(w), x) + Map.of(Matrix(b[:, None]), as_node(1)))
    made = kernel.compile_plan(schedule([Map.of(Matrix(last), x)]))
    p, d = rng.normal(size=width), rng.normal(size=width)
    line = [np.stack([p, d])]
    first = milliseconds(lambda: made(line, order))
    calls: list[Callable[[], Any]] = [lambda: made(line, order)]
    names = ["ours"]
    if importlib.util.find_spec("jax") is not None:
        calls.append(_network_jet(weights, biases, last, p, d, order))
        names.append("jax.jet")
    figures = dict(zip(names, together(*calls), strict=True))
    report.add("order 10", first_call_ms=first, **figures)
    report.write()
    assert all(v > figures["ours"] for k, v in figures.items() if k != "ours")
    assert figures["ours"] < 198


def _network_jet(weights: Any, biases: Any, last: Any, p: Any, d: Any, order: int) -> Callable[[], Any]:
    import jax
    import jax.numpy as jnp
    from jax.experimental.jet import jet

    jax.config.update("jax_enable_x64", True)

    def network(x: Any) -> Any:
        for w, b in zip(weights, biases, strict=True):
            x = jnp.tanh(w @ x + b)
        return (last @ x)[0]

    series = [jnp.asarray(d)] + [jnp.zeros_like(p)] * (order - 1)
    call = jax.jit(lambda x: jet(network, (x,), (series,)))
    return lambda: jax.block_until_ready(call(p))
