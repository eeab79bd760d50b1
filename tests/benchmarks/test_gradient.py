"""Speed of gradients and Hessians beside jax, if it is installed: cold compilation and calls, interleaved.

JSON is written to ``build/benchmarks/gradient.json``. Run with ``pytest -m benchmark -s`` and this file's name.
"""

from __future__ import annotations

import itertools
import platform
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from benchmarks.clock import among, keep, known, milliseconds
from taylorad.run import kernel

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
pytestmark = pytest.mark.benchmark

HOW: dict[str, Any] = {"rounds": 21, "budget": 0.2, "figure": statistics.median}


@pytest.fixture(autouse=True)
def doubles() -> Any:
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def cold(make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, path: Path) -> float:
    """Milliseconds of CPU time of a first call with empty caches; LLVM is loaded."""
    monkeypatch.setenv("TAYLORAD_CACHE_DIR", str(path))
    monkeypatch.setattr(kernel, "_kernels", {})
    return milliseconds(make)


def record(row: str, figures: dict[str, float]) -> None:
    on = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}, jax {jax.__version__}"
    keep("gradient", {"rows": known("gradient").get("rows", {}) | {row: figures}, "machine": on})
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
    times = among({"ours": lambda: ours(x), "jax": lambda: np.asarray(peer(x))}, **HOW)
    record(f"hessian n={n}", figures | {f"{k}_us": v for k, v in times.items()})
    assert times["ours"] <= times["jax"]
    assert figures["ours_make_ms"] <= figures["jax_make_ms"] / 5


@pytest.mark.parametrize("n", [100, 1000])
def test_gradient(n: int) -> None:
    x = np.random.default_rng(0).standard_normal(n)
    ours, peer = ta.gradient(valley(np)), jax.jit(jax.grad(valley(jnp)))
    times = among({"ours": lambda: ours(x), "jax": lambda: np.asarray(peer(x))}, **HOW)
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
    times = among({"ours": lambda: ours(p, x), "jax": lambda: jax.block_until_ready(peer(p, x))}, **HOW)
    record("gradient of a network", {f"{k}_us": v for k, v in times.items()})
    by_input = ta.hessian(lambda x: network(np)(p, x))
    jitted = jax.jit(jax.hessian(lambda x: network(jnp)(p, x)))
    np.testing.assert_allclose(by_input(x), jitted(x), rtol=1e-12, atol=1e-12)
    times = among({"ours": lambda: by_input(x), "jax": lambda: np.asarray(jitted(x))}, **HOW)
    record("hessian of a network", {f"{k}_us": v for k, v in times.items()})


def test_adjoint_of_an_orbit() -> None:
    """Per step: the gradient of a loss of Lorenz' system to t = 20, beside the bare solution."""
    p = ta.compile_ode(
        lambda t, y, s, r, b: [s * (y[1] - y[0]), y[0] * (r - y[2]) - y[1], y[0] * y[1] - b * y[2]], 3, rtol=1e-12
    )
    start, args = [1.0, 1.0, 1.0], (10.0, 28.0, 8 / 3)
    steps = p.value_and_gradient(lambda y: np.sum(y**2), (0, 20), start, args)[1].stats["steps"]
    calls = {
        "gradient": lambda: p.value_and_gradient(lambda y: np.sum(y**2), (0, 20), start, args),
        "solution": lambda: p.propagate(0, 20, start, args),
    }
    times = among(calls, **HOW)
    record("adjoint of Lorenz, a step", {f"{k}_us": v / steps for k, v in times.items()})
