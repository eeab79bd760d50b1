"""Inputs on which good systems go wrong, in one variable: each gives the answer, or an error that says what to do.

What each peer did is told with the test; found by running them (jax 0.4 jax.experimental.jet, AlgoPy 0.7,
TaylorSeries.jl 0.18, TaylorDiff.jl 0.3, heyoka.py 7, casadi 3.6, audi 1.9) or from their sources.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import taylorad as ta

F = Fraction
EPS = 2.0**-52


def close(got: Sequence[float], true: Sequence[Any], factor: float = 8.0) -> None:
    """|error of c_k| ≤ factor·(k+1)·eps·max over |j−k| ≤ 3 of |c_j|·r^(k−j), r the local ratio of coefficients."""
    size = [abs(float(c)) for c in true]
    for k, (g, t) in enumerate(zip(got, true, strict=True)):
        a, b = max(k - 3, 0), min(k + 3, len(size) - 1)
        r = (size[b] / size[a]) ** (1 / (b - a)) if size[a] and size[b] else 1.0
        near = max(size[j] * r ** (k - j) for j in range(a, b + 1))
        assert abs(g - t) <= factor * (k + 1) * EPS * near, (k, g, t)


def oracle(function: Any, x0: float, order: int) -> list[Any]:
    """mpmath's derivatives by differences at 200 digits, as coefficients."""
    with mpmath.workdps(200):
        return mpmath.taylor(function, mpmath.mpf(x0), order)


# ---------------------------------------------------------------------- cancellation
@pytest.mark.parametrize("x0", [18.0, 25.0, -18.0])
def test_tanh_far_out(x0: float) -> None:
    """jax.jet: 4.3 % wrong at 18, exactly 0 at 25, by 1 − tanh²; sech² has a recurrence that does not cancel."""
    got = ta.taylor(np.tanh, x0, 20)
    true = oracle(mpmath.tanh, x0, 20)
    for g, t in list(zip(got, true, strict=True))[1:]:
        assert abs(g / t - 1) <= 200 * EPS * abs(x0)
    close(got.coefficients, true, 8 * abs(x0))


@pytest.mark.parametrize(("name", "function"), [("log1p", mpmath.log1p), ("expm1", mpmath.expm1)])
def test_log1p_and_expm1_near_zero(name: str, function: Any) -> None:
    """jax.jet: 0 at 1e-17, even the value."""
    got = ta.taylor(getattr(np, name), 1e-17, 20)
    assert got[0] == 1e-17
    close(got.coefficients, oracle(function, 1e-17, 20))


@pytest.mark.parametrize("angle", [0.5, 0.25, 1.0, 0.75, -0.5, -0.75])
def test_atan2_on_the_axes(angle: float) -> None:
    """jax.jet: NaN at x = 0; TaylorSeries.jl: an error. The angle of a turning vector is its angle plus t."""
    with np.errstate(all="raise"):
        t = ta.variable(0.0, 12)
        c, s = round(math.cos(math.pi * angle), 15), round(math.sin(math.pi * angle), 15)
        y, x = s * np.cos(t) + c * np.sin(t), c * np.cos(t) - s * np.sin(t)
        turned = np.arctan2(y, x)
    expected = np.zeros(13)
    expected[:2] = math.atan2(s, c), 1
    np.testing.assert_allclose(turned.coefficients, expected, atol=1e-15)


def test_atan2_at_the_origin_raises() -> None:
    t = ta.variable(0.0, 5)
    with pytest.raises(ta.SingularExpansionError):
        np.arctan2(t, t * t)


def test_sine_over_its_argument() -> None:
    """TaylorSeries.jl and AlgoPy: NaN or half of the order; ours is known to one order less, and says so."""
    t = ta.variable(F(0), 11)
    found = np.sin(t) / t
    assert found.order == 10
    assert found.coefficients == [F((-1) ** (k // 2), math.factorial(k + 1)) if k % 2 == 0 else 0 for k in range(11)]


# ---------------------------------------------------------------------- powers
THREES = [3, 3.0, np.float64(3), np.int32(3), F(3), mpmath.mpf(3), 3 + 0j, np.array(3.0)]


@pytest.mark.parametrize("three", THREES, ids=lambda n: type(n).__name__)
def test_integral_exponents_of_any_type_at_zero(three: Any) -> None:
    """jax.jet, AlgoPy and heyoka give NaN for x**3.0 at 0, by 3·v/x; a polynomial it is."""
    found = ta.variable(0.0, 6) ** three
    assert found.coefficients.tolist() == [0, 0, 0, 1, 0, 0, 0]
    beside = (1 + ta.variable(0.0, 4)) ** three
    assert beside.coefficients.tolist() == [1, 3, 3, 1, 0]


def test_np_power_and_ta_pow_at_zero() -> None:
    x = ta.variable(0.0, 4)
    for found in (np.power(x, 2.0), np.float_power(x, 2), ta.pow(x, 2.0), ta.power(x, 2), np.square(x), x * x):
        assert found.coefficients.tolist() == [0, 0, 1, 0, 0]


def test_a_decimal_exponent_is_refused_or_right() -> None:
    """Decimal does not mix with floats in Python either: a TypeError, no NaN."""
    with pytest.raises(TypeError):
        ta.variable(0.0, 4) ** Decimal(3)


def test_negative_powers_at_zero_are_poles() -> None:
    for n in (-1, -2.0):
        with pytest.raises(ta.SingularExpansionError, match="pole"):
            ta.variable(0.0, 4) ** n


# ---------------------------------------------------------------------- roots
def half_exponential(order: int) -> list[float]:
    """Coefficients of √(e^t)."""
    return [0.5**k / math.factorial(k) for k in range(order + 1)]


def test_roots_of_valuation_four() -> None:
    """√(t⁴·a) = t²·√a, exactly, and known to two orders less than its argument."""
    t = ta.variable(F(0), 12)
    found = np.sqrt(t**4 * (1 + t) ** 2)
    assert found.order == 10
    assert found.coefficients == [0, 0, 1, 1, *[0] * 7]
    smooth = np.sqrt(ta.variable(0.0, 12) ** 4 * np.exp(ta.variable(0.0, 12)))
    assert smooth.coefficients[:2].tolist() == [0, 0]
    # √ of rounded coefficients of exp: their rounding, eps/k!, is what remains
    np.testing.assert_allclose(smooth.coefficients[2:], half_exponential(8), rtol=1e-14, atol=1e-18)


def test_roots_of_valuation_two_are_kinks() -> None:
    """√(x·x) = |x|: AlgoPy and jax.jet NaN, TaylorSeries.jl x. A kink over the reals, one side of it on request."""
    t = ta.variable(0.0, 8)
    a = np.exp(t)
    with pytest.raises(ta.SingularExpansionError, match=r"side=\+1 or side=-1"):
        np.sqrt(t * t)
    right, left = (ta.sqrt(t**2 * a, side=side) for side in (1, -1))
    assert right.order == 7
    assert right[0] == 0
    np.testing.assert_allclose(right.coefficients[1:], half_exponential(6), rtol=1e-14, atol=1e-18)
    np.testing.assert_array_equal(left.coefficients, -right.coefficients)
    z = ta.variable(0j, 8)
    np.testing.assert_allclose(np.sqrt(z**2 * np.exp(z)).coefficients, right.coefficients, rtol=1e-13)


def test_roots_of_odd_valuation_are_branch_points() -> None:
    for x0 in (0.0, 0j, F(0)):
        t = ta.variable(x0, 6)
        for u in (t, t**3):
            with pytest.raises(ta.SingularExpansionError, match="branch point"):
                np.sqrt(u)


# ---------------------------------------------------------------------- orders
def test_a_quotient_that_cancels_loses_an_order() -> None:
    """AlgoPy pads the unknown last coefficient with a wrong one, silently."""
    t = ta.variable(0.0, 10)
    for quotient in (np.sin(t) / t, t * t / t, (np.exp(t) - 1) / t):
        assert quotient.order == 9
    assert (t * t / t).coefficients.tolist() == [0, 1, *[0] * 8]
    with pytest.raises(ta.OrderError, match="order 9"):
        (np.sin(t) / t)[10]


def test_mixed_orders_give_the_smaller_and_are_never_equal() -> None:
    """audi claims the larger order; TaylorSeries.jl says that both are equal after truncation."""
    five, ten = np.exp(ta.variable(0.0, 5)), np.exp(ta.variable(0.0, 10))
    for found in (five + ten, five * ten, five / ten, ten - five, np.arctan2(five, ten), np.hypot(ten, five)):
        assert found.order == 5
    assert five != ten
    assert not five.isclose(ten)
    assert five == ten.truncate(5)


def test_composition_off_the_expansion_point() -> None:
    """TaylorSeries.jl composes g(f) with f(0) ≠ 0 unchecked: wrong numbers."""
    outer = ta.taylor(np.exp, 0.0, 8)
    inner = 1 + ta.variable(0.0, 8)
    with pytest.raises(ta.OrderError, match="constant term"):
        outer.compose(inner)
    again = ta.taylor(lambda t: np.exp(1 + t), 0.0, 8)
    np.testing.assert_allclose(again.coefficients, math.e * outer.coefficients, rtol=1e-15)


# ---------------------------------------------------------------------- high orders
def test_the_171st_derivative() -> None:
    """jax.jet: not finite; TaylorDiff.jl: factorials overflow from 21. 171! alone is no float."""
    found = ta.derivative(lambda x: 1 / (1 - x / 10), 0.0, 171)
    assert found == pytest.approx(float(F(math.factorial(171), 10**171)), rel=200 * EPS)
    assert ta.derivative(lambda x: 1 / (1 - x), 0.0, 21) == pytest.approx(math.factorial(21), rel=100 * EPS)
    with pytest.raises(ta.NotRepresentableError, match="mpmath"):
        ta.derivative(lambda x: 1 / (1 - x), 0.0, 171)


def test_order_40_without_compilation() -> None:
    """exp(sin z·z): 30 s of compilation in jax.jet at order 40, 52 s in casadi.taylor at 16; here milliseconds."""
    began = time.process_time()
    z = ta.variable(0.3, 40)
    found = np.exp(np.sin(z) * z)
    assert time.process_time() - began < 0.5
    with mpmath.workdps(60):
        exact = ta.taylor(lambda z: np.exp(np.sin(z) * z), mpmath.mpf(0.3), 40)
    close(found.coefficients, exact.coefficients, 40)


def test_perturbation_confusion() -> None:
    """Naive nesting gives 2 (Siskind & Pearlmutter 2008)."""
    assert ta.derivative(lambda x: x * ta.derivative(lambda y: x + y, 1.0, 1), 1.0, 1) == 1


# ---------------------------------------------------------------------- truth and branches
def test_truth_and_ties() -> None:
    """heyoka says True of any expression; here what is not certain raises, and says what to use."""
    t = ta.variable(0.0, 3)
    with pytest.raises(ta.SingularExpansionError, match=r"np\.where"):
        bool(t)
    with pytest.raises(ta.SingularExpansionError, match="tie"):
        assert t > 0
    with pytest.raises(ta.SingularExpansionError, match="tie"):
        max(t, 2 * t)
    assert bool(1 + t)
    assert 1 + t > t
    assert max(t, 1 - t) == 1 - t


@pytest.mark.parametrize(
    ("f", "reference", "x0"),
    [
        (ta.relu, lambda x: x, 0.7),
        (ta.relu, lambda x: 0 * x, -0.7),
        (ta.softplus, lambda x: mpmath.log1p(mpmath.exp(x)), 0.7),
        (ta.softplus, lambda x: mpmath.log1p(mpmath.exp(x)), -40.0),
        (np.sinc, mpmath.sincpi, 0.0),
        (np.sinc, mpmath.sincpi, 1e-3),
        (np.tan, mpmath.tan, 1.5),
    ],
)
def test_functions_that_peers_lack(f: Any, reference: Any, x0: float) -> None:
    """jax.jet: KeyError or a tracer error for relu, softplus, sinc and tan."""
    close(ta.taylor(f, x0, 10).coefficients, oracle(reference, x0, 10), 8 * max(1, abs(x0)) * (20 if x0 == 1.5 else 1))


def test_relu_at_its_kink() -> None:
    with pytest.raises(ta.SingularExpansionError, match="kink"):
        ta.relu(ta.variable(0.0, 3))
    assert ta.relu(ta.variable(0.0, 3), side=1).coefficients.tolist() == [0, 1, 0, 0]
    assert ta.relu(ta.variable(0.0, 3), side=-1).coefficients.tolist() == [0, 0, 0, 0]
