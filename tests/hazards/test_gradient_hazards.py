"""Inputs on which gradients of good systems go wrong: ours are the right numbers, or an error with a name."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import taylorad as ta
from taylorad.errors import SingularExpansionError, TraceError


def exact(f: Any, x: float, k: int) -> float:
    with mpmath.workdps(60):
        return float(mpmath.diff(f, mpmath.mpf(x), k))


@pytest.mark.parametrize("x", [18.0, 25.0, -30.0])
def test_tanh_where_it_is_flat(x: float) -> None:
    """1 − tanh² has no digit left at 18; the slope is sech², an output of its own."""
    slope = ta.gradient(np.tanh, x)
    assert slope == pytest.approx(exact(mpmath.tanh, x, 1), rel=1e-14, abs=0)
    assert ta.hessian(np.tanh, x) == pytest.approx(exact(mpmath.tanh, x, 2), rel=1e-13, abs=0)


@pytest.mark.parametrize(("f", "true"), [(np.log1p, [1, -1]), (np.expm1, [1, 1])])
def test_tiny_arguments(f: Any, true: list[float]) -> None:
    value, slope, curvature = ta.gh(f, 1e-17)
    assert value == pytest.approx(1e-17, rel=1e-15, abs=0)
    assert [slope, curvature] == pytest.approx(true, rel=1e-15)


def test_the_angle_on_the_vertical_axis() -> None:
    """atan2(y, x) at x = 0: y/x is infinite there, the angle is not."""
    slope = ta.gradient(lambda p: np.arctan2(p[0], p[1]), [2.0, 0.0])
    np.testing.assert_array_equal(slope, [0.0, -0.5])
    np.testing.assert_allclose(ta.hessian(lambda p: np.arctan2(p[0], p[1]), [2.0, 0.0]), [[0, 0.25], [0.25, 0]])


@pytest.mark.parametrize("n", [3, 3.0, np.float64(3), np.int32(3)])
def test_integral_powers_at_zero(n: Any) -> None:
    """Of any type they are products: nothing is divided by 0."""
    for x in (np.zeros(2), np.zeros(12)):
        np.testing.assert_array_equal(ta.gradient(lambda y: np.sum(y**n), x), np.zeros_like(x))
        np.testing.assert_array_equal(ta.hessian(lambda y: np.sum(y**n), x), np.zeros((len(x), len(x))))
    assert ta.gradient(lambda y: y ** (n - 2), 0.0) == 1.0


def test_sinc_and_its_kin_at_zero() -> None:
    assert ta.gradient(np.sinc, 0.0) == 0.0
    assert ta.hessian(np.sinc, 0.0) == pytest.approx(-(np.pi**2) / 3, rel=1e-15)
    assert ta.hessian(lambda x: np.sin(x) / x, 0.0) == pytest.approx(-1 / 3, rel=1e-15)


def test_relu_and_softplus() -> None:
    x = np.array([-1.0, 2.0, 0.5])
    np.testing.assert_array_equal(ta.gradient(lambda y: np.sum(np.maximum(y, 0)), x), [0, 1, 1])
    np.testing.assert_allclose(ta.gradient(lambda y: np.sum(ta.softplus(y)), x), 1 / (1 + np.exp(-x)), rtol=1e-15)
    with pytest.raises(SingularExpansionError, match="a tie"):
        ta.gradient(lambda y: np.sum(np.maximum(y, 0)), np.array([1.0, 0.0]))


def test_the_branch_that_is_not_taken_does_no_harm() -> None:
    """(−1000)²⁰⁰ is infinite, its slope times 0 is not a number: then the branch that is taken is followed alone."""
    slope = ta.gradient(lambda x: ta.where(x > 0, x**3, np.exp(x)), -1.0)
    assert slope == pytest.approx(np.exp(-1.0), rel=1e-15)
    many = ta.gradient(lambda x: np.sum(ta.where(x > 0, x**200, x)), np.array([-1e3, *np.ones(11)]))
    np.testing.assert_array_equal(many, [1.0, *np.full(11, 200.0)])


def test_nested_variables_are_not_confused() -> None:
    assert ta.gradient(lambda x: x * ta.gradient(lambda y: x + y, 1.0), 1.0) == 1.0
    assert ta.hessian(lambda x: x * ta.gradient(lambda y: x * y, 1.0), 1.0) == 2.0


def test_the_solution_of_linear_equations_is_told_apart() -> None:
    with pytest.raises(TraceError, match=r"np\.solve"):
        ta.gradient(lambda x: np.sum(np.linalg.solve(np.outer(x, x) + np.eye(2), x)), [1.0, 2.0])


def test_a_gradient_of_several_numbers_is_no_sum() -> None:
    with pytest.raises(ta.ShapeError, match=r"ta\.jacobian"):
        ta.gradient(lambda x: x * x, [1.0, 2.0])
