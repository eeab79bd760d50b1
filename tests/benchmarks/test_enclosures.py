"""Speed and tightness of enclosures, beside mpmath.iv, python-flint and codac where they are installed.

Every peer runs in the same process, interleaved with us; a table is printed and JSON is written to
``build/benchmarks/enclosures.json``. Run with ``pytest -m benchmark -s tests/benchmarks``.
"""

from __future__ import annotations

import importlib.util
import itertools
import math
import statistics
from collections.abc import Callable
from typing import Any

import flint
import mpmath
import numpy as np
import pytest

import taylorad as ta
from benchmarks.clock import among, keep
from taylorad import validated as v
from taylorad.rings.balls import expand
from taylorad.rings.interval_ring import to_ball
from taylorad.rings.intervals import Interval

pytestmark = pytest.mark.benchmark

HOW: dict[str, Any] = {"rounds": 9, "budget": 0.18, "figure": statistics.median}


def written(rows: list[dict[str, Any]], part: str) -> None:
    keep("enclosures", {part: rows})
    for row in rows:
        print("  ".join(f"{key} {value:.3g}" if isinstance(value, float) else f"{value}" for key, value in row.items()))


def test_single_operations() -> None:
    x, y = Interval(0.1, 0.3), Interval(-0.2, 0.7)
    iv = mpmath.iv
    p, q = iv.mpf([0.1, 0.3]), iv.mpf([-0.2, 0.7])
    a, b = to_ball(x), to_ball(y)
    peers: dict[str, tuple[Any, Any, Any]] = {"taylorad": (x, y, np.exp), "mpmath.iv": (p, q, iv.exp)}
    peers["python-flint"] = (a, b, lambda u: u.exp())
    if importlib.util.find_spec("codac"):
        import codac

        peers["codac"] = (codac.Interval(0.1, 0.3), codac.Interval(-0.2, 0.7), codac.exp)
    rows: list[dict[str, Any]] = []
    for name, operation in {
        "sum": lambda u, w, f: u + w,
        "product": lambda u, w, f: u * w,
        "exp": lambda u, w, f: f(u),
    }.items():
        found = among({peer: (lambda s=s, o=operation: o(*s)) for peer, s in peers.items()}, **HOW)
        rows.append({"operation": name, **found})
    written(rows, "single")


def test_coefficients_beside_flint() -> None:
    """Widths of exp(sin x) over boxes, against FLINT's series of the same ball, and the time."""
    rows: list[dict[str, Any]] = []
    f = lambda x: np.exp(np.sin(x))  # noqa: E731
    for radius in (0.0, 1e-9, 1e-3, 0.1):
        x = Interval(0.7 - radius, 0.7 + radius)
        for order in (10, 20, 50):
            ours = v.taylor(f, x, order).coefficients

            def theirs(x: Interval = x, order: int = order) -> Any:
                flint.ctx.cap = order + 1
                return flint.arb_series([to_ball(x), 1], order + 1).sin().exp()

            series = theirs()
            ratios = [c.width / max(2 * float(series[k].rad()), 1e-300) for k, c in enumerate(ours)]
            times = among({"ours": lambda x=x, k=order: v.taylor(f, x, k), "flint": theirs}, **HOW)
            rows.append({"radius": radius, "order": order, "widest ratio": max(ratios), **times})
            assert radius <= 1e-9 or max(ratios) <= 1.05
    written(rows, "coefficients")


def test_ranges_of_taylor_models() -> None:
    """Overestimation of the range of functions from the literature, by order."""
    functions: dict[str, tuple[Callable[..., Any], list[tuple[float, float]]]] = {
        "1 + x^5 - x^4": (lambda x: 1 + x**5 - x**4, [(0.0, 1.0)]),
        "Beale": (
            lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
            [(2.75, 3.25), (0.25, 0.75)],
        ),
        "Rosenbrock": (lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2, [(0.5, 1.5), (0.5, 1.5)]),
        "McCormick": (lambda x, y: np.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1, [(-1.5, 4.0), (-3.0, 3.0)]),
    }
    rows: list[dict[str, Any]] = []
    for name, (f, where) in functions.items():
        exact = v.range(f, where[0] if len(where) == 1 else where, tol=1e-8)
        for order in (3, 5, 7):
            models = v.TaylorModel.variables(where, order)
            bound = f(*models).bound()
            rows.append({"function": name, "order": float(order), "width / range": bound.width / exact.width})
            assert exact.meets(bound)
    written(rows, "models")


def test_remainders_of_taylor_models() -> None:
    """Remainders over the true ones (sampled), and the time of the function."""
    apart, pair = [(-0.5, 0.5)], [(0.5, 1.0), (1.0, 1.5)]
    functions: dict[str, tuple[Callable[..., Any], list[tuple[float, float]]]] = {
        "exp": (np.exp, apart),
        "x·exp(sin x)": (lambda x: np.exp(np.sin(x)) * x, apart),
        "gamma(x + 1)": (lambda x: ta.gamma(x + 1), apart),
        "atan2": (ta.atan2, pair),
        "hypot": (ta.hypot, pair),
        "y^x": (lambda x, y: y**x, pair),
    }
    rows: list[dict[str, Any]] = []
    for name, (f, where) in functions.items():
        grid = list(itertools.product(*(np.linspace(*w, 21).tolist() for w in where)))
        for order in (3, 6):
            models = v.TaylorModel.variables(where, order)
            model = f(*models)
            left: list[float] = []
            for at in grid:
                steps = [x - c for x, c in zip(at, model.center, strict=True)]
                powers = {e: math.prod(s**k for s, k in zip(steps, e, strict=True)) for e, _ in model.terms()}
                left.append(f(*at) - sum(c.mid * powers[e] for e, c in model.terms()))
            ratio = model.remainder.width / (max(left) - min(left))
            times = among({"ours": lambda f=f, models=models: f(*models)}, **HOW)
            rows.append({"function": name, "order": float(order), "remainder / true": ratio, **times})
            assert ratio > 1 - 1e-9
    written(rows, "remainders")


def test_the_encoder_of_balls() -> None:
    """A thin argument: widths in units of the last place of the sum of the terms' sizes."""
    x = Interval(0.7, 0.7)
    found = list(ta.taylor(np.exp, x, 40))
    exact = expand("exp", flint.arb(0.7), 40)
    worst = max(c.width / np.spacing(abs(float(e.mid()))) for c, e in zip(found, exact, strict=True))
    written([{"widest exp coefficient in ulp": worst}], "thin")
    assert worst <= 4 * 42
