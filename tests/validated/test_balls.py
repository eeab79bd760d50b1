"""Balls beside FLINT's own series: contained, and never more than twice as wide."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np
import pytest

import taylorad as ta
from taylorad.rings.balls import BallRing, expand, precision

NAMES = ("exp", "sin", "cos", "tan", "log", "sqrt", "atan", "asin", "erf", "gamma")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("radius", [0, 1e-9, 1e-3, 0.1])
def test_coefficients_are_never_more_than_twice_as_wide_as_flints(name: str, radius: float) -> None:
    u = flint.arb(0.7, radius)
    for order in (5, 30, 120):
        ours, theirs = list(ta.taylor(getattr(ta, name), u, order)), expand(name, u, order)
        for a, b in zip(ours, theirs, strict=True):
            assert a.overlaps(b)
            assert a.rad() <= 2 * b.rad() or not b.is_finite()


def test_tangents_of_high_order_stay_tight() -> None:
    """FLINT's dense tangent loses everything at order 600 (its radius is 10⁹ times the value there)."""
    with precision(53):
        found = ta.taylor(ta.tan, flint.arb(0.7), 600)[600]
    assert found.rad() < abs(found).lower() * 1e-9


def test_sums_of_products_are_rounded_once() -> None:
    rng = np.random.default_rng(1)
    a, b = ([flint.arb(float(x)) for x in rng.standard_normal(101)] for _ in range(2))
    with precision(53):
        found = BallRing().convolve(a, b, 0, 100, 100)
        loop: Any = flint.arb(0)
        for x, y in zip(a, reversed(b), strict=True):
            loop = loop + x * y
    with precision(300):
        exact: Any = flint.arb(0)
        for x, y in zip(a, reversed(b), strict=True):
            exact = exact + x * y
        assert found.contains(exact)
    assert found.rad() < loop.rad() / 5


def test_squares_of_series_are_squares() -> None:
    u = [flint.arb(0, 1), flint.arb(1), flint.arb(2), flint.arb(3)]
    assert BallRing().convolve(u, u, 0, 3, 3).overlaps(2 * (u[0] * u[3] + u[1] * u[2]))
    assert BallRing().convolve(u, u, 0, 2, 2).overlaps(2 * u[0] * u[2] + u[1] * u[1])


def test_complex_balls_too() -> None:
    u = flint.acb(0.3, 0.4)
    ours, theirs = list(ta.taylor(ta.exp, u, 20)), expand("exp", u, 20)
    assert all(a.overlaps(b) for a, b in zip(ours, theirs, strict=True))
