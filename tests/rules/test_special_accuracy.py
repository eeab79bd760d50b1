"""Coefficients to order 60 of every special function: balls against mpmath's, floats within the derived bound."""

from __future__ import annotations

from math import inf

import flint
import pytest
from coefficients import excess, in_balls, in_floats
from special_cases import CASES, Case, circle

from taylorad.book.entry import BOOK
from taylorad.rings.balls import precision
from taylorad.series.node import Leaf

ORDER = 60
T = Leaf.of(0)
# around 1e-300 the circle sees no more than around 0
POINTS = [pytest.param(c, *p, id=f"{c} at {p[0]}") for c in CASES for p in c.points if p[0] != 1e-300]
QUICK = [p for p in POINTS[:: len(POINTS) // 30] if not p.values[0].slow]


def agree_with_mpmath(case: Case, u: float, distance: float) -> None:
    """Balls and Cauchy's integral in mpmath have the same coefficients, to 90 bits of themselves or a neighbour."""
    true = [flint.arb(c) for c in circle(case.function, u, distance, ORDER)]
    got = in_balls(case.node, [[u, 1.0]], ORDER, 300)
    scale = flint.arb(1 if distance == inf else distance)
    with precision(800):
        for k, (t, g) in enumerate(zip(true, got, strict=True)):
            near = [abs(true[j]) * scale ** (j - k) for j in range(max(0, k - 1), min(ORDER, k + 1) + 1)]
            assert any(abs(t - g) <= x * flint.arb(2) ** -90 for x in near), (k, t, g)


def floats_within_bound(case: Case, u: float) -> None:
    worst, k = excess(in_floats(case.node, [[u, 1.0]], ORDER), in_balls(case.node, [[u, 1.0]], ORDER + 3, 600))
    assert worst <= 1, (k, worst)


@pytest.mark.parametrize(("case", "u", "distance"), QUICK)
def test_coefficients_are_mpmaths(case: Case, u: float, distance: float) -> None:
    agree_with_mpmath(case, u, distance)


@pytest.mark.nightly
@pytest.mark.parametrize(("case", "u", "distance"), POINTS)
def test_coefficients_are_mpmaths_everywhere(case: Case, u: float, distance: float) -> None:
    agree_with_mpmath(case, u, distance)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_floats_are_within_the_bound(case: Case) -> None:
    for i, (u, _) in enumerate(case.points):
        if i % 4 == len(case.name) % 4:
            floats_within_bound(case, u)


@pytest.mark.nightly
@pytest.mark.parametrize("case", CASES, ids=str)
def test_floats_are_within_the_bound_everywhere(case: Case) -> None:
    for u, _ in case.points:
        floats_within_bound(case, u)


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("kepler", [(0.5, 1.0), (0.0, 1.0), (0.9, 0.1), (-0.7, 2.0), (0.99, 3.0), (1e-8, 1e-8)]),
        ("beta", [(0.5, 1.5), (10.0, 10.0), (10.0, 1e-8), (1e-8, 1e-8), (2.5, 40.0), (100.0, 0.01)]),
        ("betaln", [(0.5, 1.5), (10.0, 10.0), (1e-8, 1e-8), (2.5, 40.0), (-0.5, 0.3), (10.0, 1e-6)]),
    ],
)
def test_functions_of_two_variables_are_within_the_bound(name: str, points: list[tuple[float, float]]) -> None:
    """Along lines through the point: either variable alone, and both."""
    entry = BOOK[name]
    for a, b in points:
        for node in (entry(a + T, b), entry(a, b + T), entry(a + T, b + T), entry(a + T, b - T / 2)):
            worst, k = excess(in_floats(node, [[0.0, 1.0]], 40), in_balls(node, [[0.0, 1.0]], 43, 600))
            assert worst <= 1, (a, b, node, k, worst)
