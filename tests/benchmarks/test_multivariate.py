"""Polynomials in several variables beside DACE (daceypy) and, for second derivatives in many variables, hyperjet.

All run in one process, interleaved; a table is printed and JSON is written to ``build/benchmarks/multivariate.json``.
Run with ``pytest -m benchmark -s tests/benchmarks/test_multivariate.py``. Polynomials have all their coefficients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from benchmarks.clock import keep, together
from taylorad.run import eager

pytestmark = pytest.mark.benchmark

SPACES = ((3, 10), (6, 6), (6, 10), (10, 4))
Call = Callable[[], Any]


def written(title: str, peer: str, calls: dict[str, tuple[Call, Call]]) -> dict[str, float]:
    """The peer's time over ours for each operation, printed and kept."""
    ratios: dict[str, float] = {}
    rows: list[dict[str, Any]] = []
    for name, (ours, theirs) in calls.items():
        mine, other = together(ours, theirs, budget=0.4)
        ratios[name] = other / mine
        rows.append({"name": name, "us": mine, f"{peer}_us": other, "ratio": ratios[name]})
        print(f"{title:24s} {name:5s} {mine:9.2f} µs   {peer} {other:9.2f} µs   ratio {ratios[name]:6.2f}")
    keep("multivariate", {title: rows})
    return ratios


@pytest.mark.parametrize(("count", "order"), SPACES)
def test_against_dace(count: int, order: int) -> None:
    """The product no slower; quotient, exponential and sine one and a half times as fast at least."""
    dace = pytest.importorskip("daceypy")
    eager.load_now()
    dace.DA.init(order, count)
    theirs = sum((dace.DA(i + 1) * (0.3 + 0.1 * i) for i in range(count)), 0.7)
    ours = sum((x * (0.3 + 0.1 * i) for i, x in enumerate(ta.variables([0.0] * count, order))), 0.7)
    a, b = theirs.exp(), theirs.sin() + 2
    x, y = np.exp(ours), np.sin(ours) + 2
    point = np.full(count, 0.01)
    assert (x / y)(*point) == pytest.approx(float((a / b).eval(point)), rel=1e-12)
    ratios = written(
        f"{count} variables, order {order}",
        "dace",
        {
            "mul": (lambda: x * y, lambda: a * b),
            "sqr": (lambda: x * x, lambda: a * a),
            "div": (lambda: x / y, lambda: a / b),
            "exp": (lambda: np.exp(y), lambda: b.exp()),
            "sin": (lambda: np.sin(y), lambda: b.sin()),
            "pow": (lambda: y**2.5, lambda: b**2.5),
            "add": (lambda: x + y, lambda: a + b),
        },
    )
    least = {"mul": 1.0, "div": 1.5, "exp": 1.5, "sin": 1.5}
    assert all(ratios[name] >= ratio for name, ratio in least.items()), ratios


def test_against_hyperjet() -> None:
    """Second derivatives in a hundred variables: a product within a tenth of hyperjet's time, or faster."""
    hyperjet = pytest.importorskip("hyperjet")
    eager.load_now()
    point = [0.01 * i + 0.5 for i in range(100)]

    def two(xs: Any) -> tuple[Any, Any]:
        total = sum((x * (0.01 * i) for i, x in enumerate(xs)), xs[0] * 0)
        a = total * total * 1e-3
        return a, a * xs[3] + xs[7] * xs[7]

    (h, g), (x, y) = two(hyperjet.DDScalar.variables(point)), two(ta.variables(point, 2))
    assert np.allclose((h * g).hm(), (x * y).hessian())
    ratios = written(
        "100 variables, order 2",
        "hyperjet",
        {
            "mul": (lambda: x * y, lambda: h * g),
            "div": (lambda: x / y, lambda: h / g),
            "exp": (lambda: np.exp(x), lambda: h.exp()),
            "sin": (lambda: np.sin(x), lambda: h.sin()),
            "add": (lambda: x + y, lambda: h + g),
        },
    )
    assert min(ratios["mul"], ratios["div"]) >= 1 / 1.1, ratios


def test_one_sweep_against_rays() -> None:
    """Up to order 6 a sweep is cheaper than series along as many rays as determine all derivatives of that order."""
    from math import comb

    eager.load_now()
    rng = np.random.default_rng(0)
    for count, order in ((3, 4), (6, 4), (10, 4), (6, 6)):
        rays = comb(count + order - 1, order)
        s, t = (ta.Taylor(rng.uniform(0.1, 1.0, (order + 1, rays))) for _ in range(2))
        total = sum(ta.variables(rng.uniform(0, 1, count), order))
        x, y = np.exp(total), np.sin(total) + 2
        title = f"{count} variables, order {order}, {rays} rays"
        calls = {"mul": (lambda: x * y, lambda: s * t), "exp": (lambda: np.exp(x), lambda: np.exp(s))}  # noqa: B023
        assert min(written(title, "rays", calls).values()) > 1
