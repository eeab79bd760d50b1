"""The primary test of validated integration, and mutants that it must catch."""

from __future__ import annotations

import pytest
from oracle import RANGES, Unresolved, corners, generated, lorenz, mixture, pendulum, points
from systems import kepler

FINE = 2.0**-57


@pytest.mark.parametrize("f", RANGES, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("order", "tol"), [(20, FINE), (12, 1e-9)])
def test_a_step_from_a_point_contains_the_solution(f: object, order: int, tol: float) -> None:
    found = list(points(f, order, tol, 6))  # type: ignore[arg-type]
    assert len(found) == 6
    assert all(found)


@pytest.mark.parametrize("f", RANGES, ids=lambda f: f.__name__)
def test_two_steps_from_a_box_contain_what_its_corners_do(f: object) -> None:
    found = list(corners(f, 12, 1e-9, 5))  # type: ignore[arg-type]
    assert len(found) >= 8
    assert all(found)


@pytest.mark.nightly
@pytest.mark.parametrize("f", RANGES, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("order", "tol"), [(8, 1e-6), (12, 1e-9), (20, FINE), (30, FINE)])
def test_many_steps_one_by_one(f: object, order: int, tol: float) -> None:
    assert all(points(f, order, tol, 400))  # type: ignore[arg-type]
    assert all(corners(f, order, tol, 200))  # type: ignore[arg-type]


def holds_for_generated(seeds: range) -> None:
    unresolved = 0
    for seed in seeds:
        f = generated(seed)
        for found in (points, corners):
            try:
                assert all(found(f, 8, 1e-9, 3)), seed
            except Unresolved:  # until then the steps hold
                unresolved += 1
    assert unresolved <= 0.01 * len(seeds)


def test_random_equations() -> None:
    holds_for_generated(range(8))


@pytest.mark.nightly
def test_many_random_equations() -> None:
    holds_for_generated(range(8, 500))


def caught(found: object) -> bool:
    """Whether some step misses the solution, or shows an interval that is upside down."""
    try:
        return not all(found)  # type: ignore[call-overload]
    except AssertionError:
        return True


def test_rounding_to_nearest_is_caught() -> None:
    for f in (lorenz, kepler, pendulum, mixture):
        assert caught(points(f, 20, FINE, 12, frozenset(["nearest"])))


def test_a_missing_remainder_is_caught() -> None:
    for f in (lorenz, kepler, pendulum, mixture):
        assert caught(points(f, 12, 1e-9, 20, frozenset(["remainder"])))


@pytest.mark.parametrize("flaw", ["midpoint", "width"])
def test_a_derivative_at_the_midpoint_and_a_dropped_width_are_caught(flaw: str) -> None:
    assert caught(corners(pendulum, 12, 1e-9, 20, frozenset([flaw])))


def test_a_remainder_of_the_beginning_alone_is_caught() -> None:
    """At low orders what comes after the early part of a step weighs most."""
    assert all(points(lorenz, 4, 1e-6, 20))
    assert caught(points(lorenz, 4, 1e-6, 20, frozenset(["late"])))
