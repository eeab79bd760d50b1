"""Speed of gradients and Hessians beside jax, if it is installed: cold compilation and calls, interleaved.

JSON is written to ``build/benchmarks/gradient.json``. Run with ``pytest -m benchmark -s`` and this file's name.
"""

from __future__ import annotations

import itertools
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad.run import kernel

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
pytestmark = pytest.mark.benchmark

OUT = Path(__file__).parents[2] / "build" / "benchmarks" / "gradient.json"


@pytest.fixture(autouse=True)
def doubles() -> Any:
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def together(calls: dict[str, Callable[[], Any]], rounds: int = 21) -> dict[str, float]:
    """Microseconds of CPU time of each call: the median of interleaved rounds of several calls."""
    counts: dict[str, int] = {}
    for name, call in calls.items():
        call()
        start = time.process_time()
        call()
        counts[name] = max(1, int(0.01 / max(time.process_time() - start, 1e-6)))
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.process_time()
            for _ in range(counts[name]):
                call()
            found[name].append(1e6 * (time.process_time() - start) / counts[name])
    return {name: statistics.median(times) for name, times in found.items()}


def cold(make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, path: Path) -> float:
    """Milliseconds of CPU time of a first call with empty caches; LLVM is loaded."""
    monkeypatch.setenv("TAYLORAD_CACHE_DIR", str(path))
    monkeypatch.setattr(kernel, "_kernels", {})
    start = time.process_time()
    make()
    return 1e3 * (time.process_time() - start)


def record(row: str, figures: dict[str, float]) -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {"rows": {}}
    known["rows"][row] = figures
    known["machine"] = (
        f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}, jax {jax.__version__}"
    )
    OUT.write_text(json.dumps(known, indent=1))
    print(f"{row:26s}", *(f"{name} {value:9.1f}" for name, value in figures.items()))


def valley(np: Any) -> Callable[[Any], Any]:
    """Rosenbrock's chain, and sums that tie all variables together."""
    return lambda x: (
        np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2) + np.exp(np.mean(x)) * np.log(1 + np.sum(x**2))
    )


def network(np: Any) -> Callable[..., Any]:
    """The squared output of a network with three layers of 32 tanh units."""

    def loss(p: Any, x: Any) -> Any:
        for weights, shift in p[:-1]:
            x = np.tanh(weights @ x + shift)
        return np.sum((p[-1][0] @ x + p[-1][1]) ** 2)

    return loss


@pytest.mark.parametrize("n", [100, 300, 1000])
def test_hessian(n: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    x = np.random.default_rng(0).standard_normal(n)
    ta.hessian(lambda y: np.sum(y**3))(x)  # loads LLVM
    ours, peer = ta.hessian(valley(np)), jax.jit(jax.hessian(valley(jnp)))
    figures = {"ours_make_ms": cold(lambda: ours(x), monkeypatch, tmp_path)}
    figures["jax_make_ms"] = cold(lambda: np.asarray(peer(x)), monkeypatch, tmp_path)
    np.testing.assert_allclose(ours(x), peer(x), rtol=1e-12, atol=1e-11)
    times = together({"ours": lambda: ours(x), "jax": lambda: np.asarray(peer(x))})
    record(f"hessian n={n}", figures | {f"{k}_us": v for k, v in times.items()})
    assert times["ours"] <= times["jax"]
    assert figures["ours_make_ms"] <= figures["jax_make_ms"] / 5


@pytest.mark.parametrize("n", [100, 1000])
def test_gradient(n: int) -> None:
    x = np.random.default_rng(0).standard_normal(n)
    ours, peer = ta.gradient(valley(np)), jax.jit(jax.grad(valley(jnp)))
    times = together({"ours": lambda: ours(x), "jax": lambda: np.asarray(peer(x))})
    record(f"gradient n={n}", {f"{k}_us": v for k, v in times.items()})


def test_network() -> None:
    """By all 3201 weights, and the Hessian by the 32 inputs."""
    rng = np.random.default_rng(0)
    sizes = [32, 32, 32, 32, 1]
    p = [
        (rng.standard_normal((m, k)) / np.sqrt(k), rng.standard_normal(m) / 10)
        for k, m in itertools.pairwise(sizes)
    ]
    x = rng.standard_normal(32)
    ours, peer = ta.gradient(network(np)), jax.jit(jax.grad(network(jnp)))
    times = together({"ours": lambda: ours(p, x), "jax": lambda: jax.block_until_ready(peer(p, x))})
    record("gradient of a network", {f"{k}_us": v for k, v in times.items()})
    by_input = ta.hessian(lambda x: network(np)(p, x))
    jitted = jax.jit(jax.hessian(lambda x: network(jnp)(p, x)))
    np.testing.assert_allclose(by_input(x), jitted(x), rtol=1e-12, atol=1e-12)
    times = together({"ours": lambda: by_input(x), "jax": lambda: np.asarray(jitted(x))})
    record("hessian of a network", {f"{k}_us": v for k, v in times.items()})


def test_adjoint_of_an_orbit() -> None:
    """Per step: the gradient of a loss of Lorenz' system to t = 20, beside the bare solution."""
    p = ta.compile_ode(
        lambda t, y, s, r, b: [s * (y[1] - y[0]), y[0] * (r - y[2]) - y[1], y[0] * y[1] - b * y[2]], 3, rtol=1e-12
    )
    start, args = [1.0, 1.0, 1.0], (10.0, 28.0, 8 / 3)
    steps = p.value_and_gradient(lambda y: np.sum(y**2), (0, 20), start, args)[1].stats["steps"]
    times = together(
        {
            "gradient": lambda: p.value_and_gradient(lambda y: np.sum(y**2), (0, 20), start, args),
            "solution": lambda: p.propagate(0, 20, start, args),
        }
    )
    record("adjoint of Lorenz, a step", {f"{k}_us": v / steps for k, v in times.items()})
