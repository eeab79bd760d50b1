"""Speed of compiled functions beside the peers that are installed: k-th derivatives, batches, a small network.

Every peer runs in the same process, interleaved with us. JSON is written to ``build/benchmarks/derivatives.json``, from
which ``docs/benchmarks.py`` makes the page of the documentation. Run with ``pytest -m benchmark -s tests/benchmarks``.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flint
import numpy as np
import pytest

import taylorad as ta
from benchmarks.clock import among, keep, known, milliseconds
from taylorad.run import eager, kernel

pytestmark = pytest.mark.benchmark

JAX = importlib.util.find_spec("jax") is not None


def record(row: str, run_us: dict[str, float], make_ms: dict[str, float] | None = None) -> None:
    """Add a row to the JSON file, and print it."""
    peers = ["numpy", "llvmlite", "python-flint", *(["jax"] if JAX else [])]
    parts = {
        "rows": known("derivatives").get("rows", {}) | {row: {"run_us": run_us, "make_ms": make_ms or {}}},
        "versions": {p: importlib.metadata.version(p) for p in ("taylorad", *peers)},
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
    }
    keep("derivatives", parts)
    print(
        f"{row:34s}",
        *(f"{k} {v:10.2f} us" for k, v in run_us.items()),
        *(f"{k} {v:9.1f} ms" for k, v in (make_ms or {}).items()),
    )


def exp_sin(x: Any) -> Any:
    return np.exp(np.sin(x))


def tenfold(x: Any) -> Any:
    for _ in range(10):
        x = np.sin(x) + x / 2
    return x


def jet(f: Callable[[Any], Any], x: Any, v: Any, order: int) -> Callable[[], Any]:
    """jax.experimental.jet, jitted; its coefficients are derivatives."""
    import jax
    import jax.numpy as jnp
    from jax.experimental.jet import jet as expand

    jax.config.update("jax_enable_x64", True)
    series = [jnp.asarray(v), *[jnp.zeros_like(jnp.asarray(v))] * (order - 1)]
    call = jax.jit(lambda p: expand(f, (p,), (series,)))
    at = jnp.asarray(x)
    return lambda: jax.block_until_ready(call(at))


def jax_exp_sin(x: Any) -> Any:
    import jax.numpy as jnp

    return jnp.exp(jnp.sin(x))


def jax_tenfold(x: Any) -> Any:
    import jax.numpy as jnp

    for _ in range(10):
        x = jnp.sin(x) + x / 2
    return x


def made(f: Callable[[Any], Any], order: int, at: float) -> tuple[Any, dict[str, float]]:
    """A compiled function and what its construction costs, to the first result: cold, and from the disk cache."""
    ta.cache.clear()
    times: dict[str, float] = {}
    for name in ("taylorad, cold", "taylorad, from disk"):
        kernel._kernels.clear()
        times[name] = milliseconds(lambda: ta.compile(f, order)(at))
    return ta.compile(f, order), times


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAYLORAD_CACHE_DIR", str(tmp_path))
    eager.load_now()
    ta.compile(np.cos, 2)(0.5)  # LLVM is loaded, and the door made


@pytest.mark.parametrize(("f", "at", "orders"), [(exp_sin, 0.7, (10, 20, 50)), (tenfold, 0.3, (10, 20))])
def test_kth_derivative(f: Callable[[Any], Any], at: float, orders: tuple[int, ...]) -> None:
    for order in orders:
        g, times = made(f, order, at)
        calls: dict[str, Callable[[], Any]] = {"taylorad": lambda g=g: g(at)}
        flint.ctx.prec, flint.ctx.cap = 53, order + 1
        x = flint.arb_series([flint.arb(at), 1], order + 1)

        def in_balls(x: Any = x) -> Any:
            if f is exp_sin:
                return x.sin().exp()
            for _ in range(10):
                x = x.sin() + x / 2
            return x

        calls["python-flint"] = in_balls
        if JAX and (order == 10 or (f is exp_sin and order == 20)):
            calls["jax.jet"] = jet(jax_exp_sin if f is exp_sin else jax_tenfold, at, 1.0, order)
            times["jax.jet"] = milliseconds(calls["jax.jet"])
        best = among(calls, budget=0.4)
        record(f"{f.__name__.replace('exp_sin', 'exp(sin x)')}, k = {order}", best, times)
        assert min(best, key=lambda name: best[name]) == "taylorad"
        if f is exp_sin:
            assert best["taylorad"] <= (3 if order == 10 else 6)


def numpy_exp_sin(x: np.ndarray, order: int) -> np.ndarray:
    """The textbook recurrences, all points at once."""
    u = np.zeros((order + 1, *x.shape))
    s, c, v = (np.zeros_like(u) for _ in range(3))
    u[0], u[1], s[0], c[0] = x, 1, np.sin(x), np.cos(x)
    v[0] = np.exp(s[0])
    for k in range(1, order + 1):
        s[k], c[k] = c[k - 1] / k, -s[k - 1] / k
        j = np.arange(1, k + 1)
        v[k] = np.einsum("j,jn,jn->n", j / k, s[1 : k + 1], v[k - 1 :: -1] if k > 1 else v[:1])
    return v


def test_100_000_points() -> None:
    order, x = 20, np.linspace(-3, 3, 100_000)
    g = ta.compile(exp_sin, order)
    assert np.allclose(g(x), numpy_exp_sin(x, order), rtol=1e-10, atol=1e-12)
    calls = {
        "taylorad": lambda: g(x),
        "taylorad.taylor": lambda: ta.taylor(exp_sin, x, order),
        "numpy": lambda: numpy_exp_sin(x, order),
    }
    best = among(calls, budget=0.4)
    record("exp(sin x), 100 000 points, k = 20", best)
    assert best["taylorad"] < best["numpy"]
    assert best["taylorad"] / x.size <= 0.2


def test_network_along_a_direction() -> None:
    """Three tanh layers of 32 and one output, input p + d·t, k = 10."""
    rng = np.random.default_rng(2)
    width, order = 32, 10
    weights = [rng.normal(size=(width, width)) / np.sqrt(width) for _ in range(3)]
    biases = [rng.normal(size=width) for _ in range(3)]
    last, p, d = rng.normal(size=width), rng.normal(size=width), rng.normal(size=width)

    def network(x: Any) -> Any:
        for w, b in zip(weights, biases, strict=True):
            x = np.tanh(w @ x + b)
        return last @ x

    times: dict[str, float] = {}
    times["taylorad, cold"] = milliseconds(lambda: ta.compile(network, order, shapes=[width])(p, along=d))
    g = ta.compile(network, order, shapes=[width])
    calls: dict[str, Callable[[], Any]] = {"taylorad": lambda: g(p, along=d)}
    if JAX:
        import jax.numpy as jnp

        def same(x: Any) -> Any:
            for w, b in zip(weights, biases, strict=True):
                x = jnp.tanh(w @ x + b)
            return last @ x

        calls["jax.jet"] = jet(same, p, d, order)
        times["jax.jet"] = milliseconds(calls["jax.jet"])
    best = among(calls, budget=0.4)
    record("tanh network 32×32×32, k = 10", best, times)
    assert min(best, key=lambda name: best[name]) == "taylorad"
