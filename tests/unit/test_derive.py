"""taylor, derivative, derivatives and jet: rings, batches, shapes, orders, nesting, the range of floats, bad input."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest

import taylorad as ta

F = Fraction


# ---------------------------------------------------------------------- rings
def test_a_float_an_int_and_a_numpy_number_are_floats() -> None:
    for x0 in (1, 1.0, np.int64(1), np.float32(1), np.float64(1)):
        found = ta.derivative(np.exp, x0, 3)
        assert isinstance(found, float)
        assert found == pytest.approx(math.e, rel=1e-15)
        assert ta.derivatives(np.exp, x0, 3).dtype == np.float64


def test_fractions_are_exact() -> None:
    found = ta.derivatives(lambda x: x**3 + 1 / x, F(1, 2), 3)
    assert list(found) == [F(17, 8), F(-13, 4), F(19), F(-90)]
    assert ta.derivative(lambda x: 1 / (1 - x), F(0), 200) == math.factorial(200)


def test_mpmath_numbers_keep_their_precision() -> None:
    with mpmath.workdps(50):
        found = ta.derivatives(lambda x: np.exp(2 * x), mpmath.mpf("0.3"), 6)
        for k, value in enumerate(found):
            assert abs(value - 2**k * mpmath.exp(mpmath.mpf("0.6"))) < mpmath.mpf(10) ** -47
        z = ta.derivative(np.sin, mpmath.mpc(1, 2), 2)
        assert abs(z + mpmath.sin(mpmath.mpc(1, 2))) < mpmath.mpf(10) ** -48


def test_balls_contain_the_exact_value() -> None:
    x = flint.arb("0.3")
    for k, value in enumerate(ta.derivatives(lambda x: 1 / (1 - x), x, 8)):
        assert value.contains(flint.arb(math.factorial(k)) / flint.arb(flint.fmpq(7, 10)) ** (k + 1))
        assert value.rel_accuracy_bits() > 40
    assert ta.derivative(np.exp, flint.acb(0, 1), 4).contains(flint.acb(0, 1).exp())


def test_complex_points() -> None:
    z = 0.6 + 1j
    assert ta.derivative(np.exp, z, 5) == pytest.approx(np.exp(z), rel=1e-14)
    assert ta.derivatives(lambda x: x**2, [1j, 2.0], 2).tolist() == [[-1, 4], [2j, 4], [2, 2]]


def test_a_taylor_as_the_point_gives_taylors() -> None:
    """d/ds of the third derivative of sin at s is −sin's derivative... at 0.4: −cos, sin, cos."""
    s = ta.variable(0.4, 2)
    found = ta.derivative(np.sin, s, 3)
    assert isinstance(found, ta.Taylor)
    np.testing.assert_allclose(found.coefficients, [-np.cos(0.4), np.sin(0.4), np.cos(0.4) / 2], rtol=1e-14)


# ---------------------------------------------------------------------- shapes and batches
def test_a_batch_has_its_axes_last() -> None:
    x = np.linspace(0, 1, 6).reshape(2, 3)
    found = ta.derivatives(lambda x: [np.exp(x), x**2, 5], x, 4)
    assert found.shape == (5, 3, 2, 3)
    for k in range(5):
        np.testing.assert_allclose(found[k, 0], np.exp(x), rtol=1e-14)
    np.testing.assert_array_equal(found[:, 1, 1, 2], [1, 2, 2, 0, 0])
    np.testing.assert_array_equal(found[:, 2], np.array([5.0, 0, 0, 0, 0])[:, None, None] * np.ones((2, 3)))


def test_every_kind_of_return_value() -> None:
    a = np.arange(3.0)
    assert ta.derivatives(lambda x: 3, 0.5, 2).tolist() == [3, 0, 0]
    assert ta.derivatives(lambda x: (x, x * x), 3.0, 1).tolist() == [[3, 9], [1, 6]]
    assert ta.derivatives(lambda x: a * x, 3.0, 1).tolist() == [[0, 3, 6], [0, 1, 2]]
    assert ta.derivatives(lambda x: a, 3.0, 1).tolist() == [[0, 1, 2], [0, 0, 0]]
    assert ta.derivatives(lambda x: np.array([[x, 1], [0, x**2]]), 3.0, 1)[1].tolist() == [[1, 0], [0, 6]]
    assert ta.derivatives(lambda x: a, np.ones(3), 1).tolist() == [[0, 1, 2], [0, 0, 0]]
    assert ta.derivatives(lambda x: [x, F(1, 2)], F(3), 1).tolist() == [[3, F(1, 2)], [1, 0]]
    series = ta.taylor(lambda x: [np.exp(x), x], 0.0, 2)
    assert series.shape == (2,)
    assert series[0].coefficients.tolist() == [1, 1, 0.5]


def test_batches_of_numbers_that_are_not_floats() -> None:
    found = ta.derivatives(lambda x: 1 / x, [F(1, 2), F(2)], 2)
    assert found.tolist() == [[2, F(1, 2)], [-4, F(-1, 4)], [16, F(1, 4)]]
    vector = ta.derivatives(lambda x: [x, x * x], [F(1, 2), F(2), F(3)], 1)
    assert vector.shape == (2, 2, 3)
    assert vector[1, 1].tolist() == [1, 4, 6]
    series = ta.taylor(lambda x: [x, x * x], [F(1, 2), F(2), F(3)], 1)
    assert series.shape == (2, 3)
    assert series[1, 2].coefficients == [9, 6]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sin(x) / x,
        lambda x: (1 - np.cos(x)) / x**2,
        lambda x: np.sqrt(x**4 * np.exp(x)),
        lambda x: np.tan(x) * np.sin(x) / (x * x),
        lambda x: np.hypot(x, 1.0) / np.exp(x),
    ],
    ids=["sin x/x", "(1-cos x)/x^2", "sqrt(x^4 e^x)", "tan x sin x/x^2", "hypot"],
)
def test_a_batch_with_zero_in_it_is_its_points(f: Any) -> None:
    """Valuations are read from the values of single points; a batch must not notice."""
    x = np.array([0.7, 0.0, -1.1, 0.0, 2.5])
    batch = ta.derivatives(f, x, 9)
    alone = np.stack([ta.derivatives(f, p, 9) for p in x], axis=1)
    # a coefficient that cancels is as good as the largest one: the two may have run by different engines
    np.testing.assert_allclose(batch, alone, rtol=1e-13, atol=1e-13 * np.abs(alone).max())
    np.testing.assert_allclose(batch[:, 1], alone[:, 1], rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(ta.derivatives(f, np.zeros(2), 9), alone[:, [1, 3]], rtol=1e-13, atol=1e-13)


def test_a_batch_beside_an_array_of_the_functions_own() -> None:
    a = np.array([1.0, 2.0, 3.0])
    found = ta.derivatives(lambda x: np.sin(a * x) / x, np.array([0.0, 0.5, 0.0]), 4)
    for i, x in enumerate((0.0, 0.5, 0.0)):
        alone = ta.derivatives(lambda x, i=i: np.sin(a[i] * x) / x, x, 4)
        np.testing.assert_allclose(found[:, i], alone, rtol=1e-13)


def test_errors_of_a_batch_name_the_point() -> None:
    with pytest.raises(ta.DomainError, match=r"point 2 of the batch, -1\.0") as error:
        ta.derivatives(np.log, [1.0, 2.0, -1.0], 2)
    assert error.value.points == (2,)
    with pytest.raises(ta.SingularExpansionError, match="point 1 of the batch"):
        ta.derivatives(lambda x: 1 / x, np.array([1.0, 0.0]), 2)


def test_an_empty_batch() -> None:
    assert ta.derivatives(np.exp, np.zeros(0), 3).shape == (4, 0)


# ---------------------------------------------------------------------- orders
@pytest.mark.parametrize("k", [0, 1, 2, 7, 30])
def test_lost_orders_are_made_up_for(k: int) -> None:
    found = ta.derivative(lambda x: np.sin(x) / x, F(0), k)
    assert found == (0 if k % 2 else F((-1) ** (k // 2), k + 1))
    assert ta.taylor(lambda x: (np.exp(x) - 1 - x) / x**2, 0.0, k).order == k


def test_orders_that_cannot_be_had_are_an_error() -> None:
    with pytest.raises(ta.OrderError, match="known to order 2 only"):
        ta.derivative(lambda x: np.exp(x).truncate(2), 0.0, 5)
    assert ta.derivative(lambda x: np.exp(x).truncate(2), 0.0, 2) == 1


@pytest.mark.parametrize("order", [-1, 1.5, "3", True, None])
def test_bad_orders(order: Any) -> None:
    for function in (ta.taylor, ta.derivative, ta.derivatives):
        with pytest.raises(ta.OrderError):
            function(np.exp, 0.0, order)


def test_order_zero_and_thousands() -> None:
    assert ta.derivatives(np.cos, 0.0, 0).tolist() == [1.0]
    series = ta.taylor(lambda x: 1 / (2 - x), 0.0, 3000)
    assert series.order == 3000
    assert series.coefficients[900] == 2.0**-901


def test_scale() -> None:
    plain, scaled = ta.taylor(np.exp, 0.3, 10), ta.taylor(np.exp, 0.3, 10, scale=0.25)
    np.testing.assert_array_equal(scaled.coefficients, plain.coefficients * 0.25 ** np.arange(11))
    assert ta.taylor(lambda x: x**2, F(1), 2, scale=F(1, 3)).coefficients == [1, F(2, 3), F(1, 9)]
    for bad in (0, math.inf, math.nan):
        with pytest.raises(ta.DomainError, match="scale"):
            ta.taylor(np.exp, 0.3, 10, scale=bad)


# ---------------------------------------------------------------------- nesting
def test_no_perturbation_confusion() -> None:
    """The example of Siskind and Pearlmutter (2008): d/dx (x · d/dy (x + y) at y = 1) at x = 1 is 1."""
    for one in (1.0, F(1), mpmath.mpf(1), flint.arb(1)):
        assert ta.derivative(lambda x, one=one: x * ta.derivative(lambda y: x + y, one, 1), one, 1) == 1


def test_three_levels() -> None:
    """∂³/∂x∂y∂z of exp(xyz) at (x, y, z): (1 + 3p + p²)·exp(p) with p = xyz."""
    x0, y0, z0 = 0.3, 0.7, 1.1
    p = x0 * y0 * z0
    found = ta.derivative(
        lambda x: ta.derivative(lambda y: ta.derivative(lambda z: np.exp(x * y * z), z0, 1), y0, 1), x0, 1
    )
    assert found == pytest.approx((1 + 3 * p + p * p) * math.exp(p), rel=1e-13)


def test_the_inner_point_depends_on_the_outer_variable() -> None:
    """d/dx sin'(x²) = −2x·sin(x²), and the n-th derivative of an m-th derivative is the (m+n)-th."""
    assert ta.derivative(lambda x: ta.derivative(np.sin, x * x, 1), 0.8, 1) == pytest.approx(
        -1.6 * math.sin(0.64), rel=1e-14
    )
    direct = ta.derivative(lambda x: np.exp(np.sin(x)), 0.6, 7)
    assert ta.derivative(lambda x: ta.derivative(lambda y: np.exp(np.sin(y)), x, 3), 0.6, 4) == pytest.approx(
        direct, rel=1e-11
    )


def test_a_users_own_variable_inside_is_no_confusion() -> None:
    """A variable made inside f at the point x belongs to a tag between this call's and the next one's."""
    inner = ta.derivative(lambda x: ta.variable(x, 3)[1] * x + ta.derivative(lambda y: x * y, 2.0, 1), 3.0, 1)
    assert inner == 2
    outer = ta.variable(0.5, 3)
    assert ta.derivative(lambda y: y * outer, 2.0, 1) == outer
    with pytest.raises(ta.MixedRingError, match="variable that it made itself"):
        ta.derivative(lambda x: ta.variable(x, 3), 1.0, 1)


def test_results_of_taylor_share_a_variable() -> None:
    s = ta.taylor(np.sin, 0.3, 12)
    c = ta.taylor(np.cos, 0.3, 12)
    total = s * s + c * c
    np.testing.assert_allclose(total.coefficients, np.eye(13)[0], atol=1e-15)


# ---------------------------------------------------------------------- the range of floats
def test_subnormal_coefficients() -> None:
    """exp(x/100): coefficient 88 is below the normal floats, 90 is zero, the derivatives are 10^(−2k)."""
    found = ta.derivatives(lambda x: np.exp(x / 100), 0.0, 150)
    k = np.arange(151)
    np.testing.assert_allclose(found * 10.0 ** (2 * k - 50) * 1e50, np.ones(151), rtol=1e-13)


def test_where_the_coefficient_is_no_float_at_all() -> None:
    assert ta.derivative(np.exp, 0.0, 300) == pytest.approx(1, rel=1e-13)
    assert ta.derivative(lambda x: np.exp(1j * x), 0j, 302) == pytest.approx(-1, rel=1e-13)
    assert ta.derivative(np.exp, 0.5, 1200) == pytest.approx(math.exp(0.5), rel=1e-14)


def test_171_and_beyond() -> None:
    """171! is no float; the 171st derivative of 1/(1 − x/10) is 171!/10^171."""
    found = ta.derivative(lambda x: 1 / (1 - x / 10), 0.0, 171)
    assert found == pytest.approx(float(F(math.factorial(171), 10**171)), rel=1e-13)


def test_overflowing_coefficients_of_representable_derivatives() -> None:
    """A large number beside a small one: 1e300/(1 − x·1e4), times 1e−300 afterwards, is no overflow."""
    found = ta.derivative(lambda x: 1e300 / (1 - 1e4 * x) * 1e-300, 0.0, 20)
    assert found == pytest.approx(float(math.factorial(20) * 10**80), rel=1e-13)


def test_underflow_before_a_large_factor() -> None:
    """Inside f the coefficients underflow, and 1e200 brings what is left back among the normal floats."""
    found = ta.derivatives(lambda x: np.exp(x / 1000) * 1e200, 0.0, 140)
    for k in (80, 100, 120, 140):
        assert found[k] == pytest.approx(float(F(10) ** (200 - 3 * k)), rel=1e-12)


def test_the_range_in_a_batch_and_in_several_results() -> None:
    x = np.array([0.0, 0.5, -3.0])
    found = ta.derivatives(lambda x: [np.exp(x / 100), np.sin(x), x**2], x, 120)
    np.testing.assert_allclose(found[120, 0] * 1e240, np.exp(x / 100), rtol=1e-12)
    np.testing.assert_allclose(found[120, 1], np.sin(x), rtol=1e-12, atol=1e-15)
    assert np.all(found[3:, 2] == 0)


def test_values_that_are_no_floats_raise() -> None:
    with pytest.raises(ta.NotRepresentableError, match=r"derivative 171 at 0\.0 is too large"):
        ta.derivatives(lambda x: 1 / (1 - x), 0.0, 200)
    with pytest.raises(ta.NotRepresentableError, match="too small"):
        ta.derivative(lambda x: np.exp(x / 1000), 0.0, 200)
    with pytest.raises(ta.NotRepresentableError, match="too large"):
        ta.derivatives(lambda x: 1 / (1 - x), np.array([-9.0, 0.5]), 190)
    with mpmath.workdps(30):
        exact = ta.derivative(lambda x: 1 / (1 - x), mpmath.mpf(0), 200)
        assert abs(exact / math.factorial(200) - 1) < 1e-28


def test_zeros_of_polynomials_and_odd_functions_stay_zeros() -> None:
    assert ta.derivatives(lambda x: x**3, 2.0, 40).tolist() == [8, 12, 12, 6, *[0] * 37]
    odd = ta.derivatives(lambda x: np.sin(x / 50), 0.0, 121)
    assert np.all(odd[::2] == 0)
    np.testing.assert_allclose(odd[1::2], [(-1) ** j / 50.0 ** (2 * j + 1) for j in range(61)], rtol=1e-13)


def test_what_cannot_be_computed_in_mpmath_says_so() -> None:
    """No scale fits exp(x) to order 3000; an array of the function's own stands in the way of mpmath numbers."""
    weights = np.array([1.0, 2.0])
    with pytest.raises(ta.NotRepresentableError, match="range of floats"):
        ta.derivative(lambda x: np.exp(weights * x), 0.0, 3000)


# ---------------------------------------------------------------------- bad input
@pytest.mark.parametrize("result", [None, "text", {"a": 1}, True, [None], object()])
def test_results_that_are_no_numbers(result: Any) -> None:
    with pytest.raises(ta.MixedRingError, match="neither a series nor a number"):
        ta.derivative(lambda x: result, 0.0, 1)
    with pytest.raises(TypeError):
        ta.taylor(lambda x: result, 0.0, 1)


def test_ragged_results() -> None:
    with pytest.raises(ta.MixedRingError, match="different shapes"):
        ta.derivative(lambda x: [x, [x, x]], 0.0, 1)
    with pytest.raises(ta.MixedRingError, match="empty"):
        ta.derivative(lambda x: [], 0.0, 1)


@pytest.mark.parametrize("x0", ["1", None, True, [], np.array(["a"]), {}, [[1.0], [1.0, 2.0]]])
def test_points_that_are_no_numbers(x0: Any) -> None:
    with pytest.raises(ta.MixedRingError):
        ta.derivative(np.exp, x0, 1)


@pytest.mark.parametrize("x0", [math.nan, math.inf, complex(0, math.inf), np.array([0.0, math.nan]), 10**400])
def test_points_that_are_not_finite(x0: Any) -> None:
    with pytest.raises(ta.DomainError):
        ta.derivative(np.exp, x0, 1)


def test_math_functions_inside_say_what_to_use() -> None:
    with pytest.raises(TypeError, match=r"np\.sin"):
        ta.derivative(math.sin, 0.3, 1)


def test_poles_and_branch_points() -> None:
    for f in (lambda x: 1 / x, np.log, np.sqrt, lambda x: x**-2, lambda x: np.cos(x) / np.sin(x)):
        with pytest.raises(ta.SingularExpansionError):
            ta.derivative(f, 0.0, 3)


# ---------------------------------------------------------------------- jets
def test_jet_as_in_the_documentation_of_jax() -> None:
    """The example of jax.experimental.jet: (f∘h)′ = f′·h′, (f∘h)″ = f″·h′² + f′·h″ for sin of x³ at 0.5."""
    h0, h1, h2 = 0.5**3.0, 3.0 * 0.5**2.0, 6.0 * 0.5
    f0, (f1, f2) = ta.jet(np.sin, (h0,), ((h1, h2),))
    assert f0 == pytest.approx(math.sin(h0), rel=1e-15)
    assert f1 == pytest.approx(math.cos(h0) * h1, rel=1e-15)
    assert f2 == pytest.approx(-math.sin(h0) * h1**2 + math.cos(h0) * h2, rel=1e-15)


def test_jet_of_two_arguments_and_a_structure() -> None:
    primal, series = ta.jet(lambda x, y: (x * y, {"sum": [x + y]}, 7), (2.0, 3.0), ([1, 0], [0, 1]))
    assert primal == (6, {"sum": [5]}, 7)
    assert series == ([3, 2], {"sum": [[1, 1]]}, [0, 0])


def test_jet_of_arrays() -> None:
    x, y = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    directions = [np.array([1.0, 0.5]), np.array([0.0, 2.0])]
    primal, series = ta.jet(lambda x, y: [x @ y, np.exp(x), x[1] * y[0]], (x, y), (directions, [np.zeros(2)] * 2))
    assert primal[0] == 1.0
    assert series[0] == [directions[0] @ y, directions[1] @ y]
    np.testing.assert_allclose(primal[1], np.exp(x), rtol=1e-15)
    np.testing.assert_allclose(series[1][0], np.exp(x) * directions[0], rtol=1e-15)
    np.testing.assert_allclose(series[1][1], np.exp(x) * (directions[0] ** 2 + directions[1]), rtol=1e-15)
    assert series[2] == [1.5, 6]


def test_jet_unscaled_and_exact() -> None:
    assert ta.jet(np.exp, (0.0,), ([1.0, 0.0, 0.0],), factorial_scaled=False) == (1.0, [1.0, 0.5, pytest.approx(1 / 6)])
    primal, series = ta.jet(lambda x: 1 / x, (F(2),), ([F(1), F(0)],))
    assert (primal, series) == (F(1, 2), [F(-1, 4), F(1, 4)])
    assert ta.jet(np.cos, (0.0,), ([],)) == (1.0, [])


def test_jet_is_the_derivatives_of_a_curve() -> None:
    """With x = x0 + t the jet of f is its derivatives."""
    f = lambda x: np.exp(np.sin(x)) / (1 + x**2)  # noqa: E731
    primal, series = ta.jet(f, (0.6,), ([1.0, *[0.0] * 11],))
    np.testing.assert_allclose([primal, *series], ta.derivatives(f, 0.6, 12), rtol=1e-12)


def test_jet_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ta.OrderError, match="different lengths"):
        ta.jet(lambda x, y: x * y, (1.0, 2.0), ([1.0], [1.0, 2.0]))
    with pytest.raises(ta.OrderError, match="2 primals, 1 series"):
        ta.jet(lambda x, y: x * y, (1.0, 2.0), ([1.0],))
    with pytest.raises(ta.OrderError, match="at least one argument"):
        ta.jet(lambda: 1.0, (), ())
    with pytest.raises(ta.OrderError, match="give 1 more"):
        ta.jet(lambda x: np.sin(x) / x, (0.0,), ([1.0, 0.0],))
    with pytest.raises(ta.MixedRingError):
        ta.jet(lambda x: None, (0.0,), ([1.0],))
    with pytest.raises(ta.NotRepresentableError, match="factorial_scaled=False"):
        ta.jet(lambda x: 1 / (1 - x), (0.0,), ([1.0, *[0.0] * 180],))
    with pytest.raises(ta.NotRepresentableError, match="factorial_scaled=False"):
        ta.jet(np.exp, (0.0,), ([1.0] * 190,))
