"""Facts in one variable that the test suites of other systems state, and what holds here.

Inputs and results are those of TaylorSeries.jl (MIT licence), restated from its test/onevariable.jl,
manyvariables.jl and intervals.jl;
``t`` is the independent variable at 0 to order 15. Where a rule of ours is better, orders kept that are lost there,
the case says so. Its error classes are the matching ones of this package.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest

import taylorad as ta

F = Fraction
EPS = 2.0**-52


def t(x0: Any = 0.0, order: int = 15) -> ta.Taylor:
    return ta.variable(x0, order)


def agree(a: ta.Taylor, b: ta.Taylor, order: int, atol: float = 0.0) -> None:
    """Equal on the common orders, and known to exactly this order."""
    assert min(a.order, b.order) == order
    for k in range(order + 1):
        assert abs(a[k] - b[k]) <= atol, (k, a[k], b[k])


# ---------------------------------------------------------------------- construction
def test_a_variable_of_order_zero() -> None:
    zero = t(order=0)
    assert zero.coefficients.tolist() == [0.0]
    assert zero.order == 0


def test_the_smaller_order_of_two() -> None:
    """A series of order 15 with one of order 1."""
    long, short = t(1.0), ta.Taylor([1.0, 0.0])
    for found in (long + short, short * long, long / short, short - long):
        assert found.order == 1


# ---------------------------------------------------------------------- arithmetic
def test_t_squared_over_t() -> None:
    agree(t() ** 2 / t(), t(), 14)


def test_a_common_factor_t() -> None:
    agree(t(F(0)) / (t(F(0)) + t(F(0)) ** 2), 1 / (1 + t(F(0))), 14)


def test_a_complex_binomial() -> None:
    assert ((t() + 1j) ** 4).coefficients[:5].tolist() == [1, -4j, -6, 4j, 1]


def test_a_polynomial_identity() -> None:
    x = t()
    assert ((1 - x**2) ** 3 - (1 - x) ** 3 * (1 + x) ** 3).coefficients.tolist() == [0] * 16


# ---------------------------------------------------------------------- powers
def test_a_third_root() -> None:
    assert abs(((1 + t()) ** (1 / 3))[2] + 1 / 9) <= EPS
    assert ((1 + t(F(0))) ** F(1, 3))[2] == F(-1, 9)


def test_a_root_with_valuation_two() -> None:
    """√(t² + t³): TaylorSeries.jl gives t·√(1+t) to order 7, and calls |t| t. Here order 14 is kept, and as it is |t|
    over the reals a side must be named."""
    x = t(F(0))
    with pytest.raises(ta.SingularExpansionError, match="side"):
        np.sqrt(x**2 + x**3)
    agree(ta.sqrt(x**2 + x**3, side=1), x * np.sqrt(1 + x), 14)
    agree(np.sqrt(t(0j) ** 2 + t(0j) ** 3), t(0j) * np.sqrt(1 + t(0j)), 14, 1e-14)


def test_the_root_of_zero() -> None:
    """The exact zero has the root 0. A series that is zero to order 15, O(t^16), has the root O(t^8): order 7."""
    assert np.sqrt(ta.polynomial([0.0])) == 0
    found = np.sqrt(t() * 0)
    assert found.order == 7
    assert found.coefficients.tolist() == [0] * 8


def test_an_imaginary_power_of_exp() -> None:
    found = np.exp(t()) ** 2j
    np.testing.assert_allclose(found.coefficients, (np.cos(2 * t()) + 1j * np.sin(2 * t())).coefficients, atol=1e-14)
    assert found.order == 15


# ---------------------------------------------------------------------- errors
@pytest.mark.parametrize(
    "f",
    [
        lambda x: 1 / x,
        lambda x: np.cos(x) / np.sin(x),
        lambda x: x**1.5,
        lambda x: np.log(x),
    ],
    ids=["1/t", "cos t/sin t", "t^1.5", "log t"],
)
def test_poles_and_branch_points(f: Any) -> None:
    for x0 in (0.0, 0j):
        with pytest.raises(ta.SingularExpansionError) as error:
            f(t(x0))
        assert isinstance(error.value, (ta.DomainError, ValueError))


def test_a_negative_power_of_exact_coefficients() -> None:
    with pytest.raises(ta.SingularExpansionError, match="pole"):
        t(0) ** -2


def test_reversion_needs_no_constant_term() -> None:
    with pytest.raises((ta.DomainError, ta.OrderError), match="constant term"):
        np.exp(t()).revert()


def test_roots_and_logarithms_of_balls_at_zero() -> None:
    """√t, t^(1/4) and log t with interval coefficients and a zero constant term."""
    x = t(flint.arb(0))
    for f in (np.sqrt, lambda x: x**0.25, np.log):
        with pytest.raises(ta.DomainError):
            f(x)
    for f in (np.sqrt, np.log):
        with pytest.raises(ta.UncertifiedError):
            f(t(flint.arb(0, 0.1)))


# ---------------------------------------------------------------------- elementary functions
def test_log1p() -> None:
    np.testing.assert_allclose(
        np.log1p(0.25 + t()).coefficients, np.log(1.25 + t()).coefficients, rtol=16 * 8 * EPS, atol=0
    )


def test_the_tangent() -> None:
    found = np.tan(t(F(0)))
    assert (found[7], found[13]) == (F(17, 315), F(21844, 6081075))
    assert abs(np.tan(t())[7] - 17 / 315) <= EPS
    assert abs(np.tan(t())[13] - 21844 / 6081075) <= EPS


def test_sine_and_cosine_of_pi_t() -> None:
    for short, long in ((ta.sinpi, np.sin), (ta.cospi, np.cos)):
        np.testing.assert_allclose(short(t()).coefficients, long(math.pi * t()).coefficients, rtol=1e-14, atol=1e-30)


@pytest.mark.parametrize(
    "f",
    [
        lambda u: np.sin(np.arcsin(u)),
        lambda u: np.tan(np.arctan(u)),
        lambda u: np.arctan(np.tan(u)),
    ],
    ids=["sin asin", "tan atan", "atan tan"],
)
def test_inverses_at_t_squared(f: Any) -> None:
    exact = f(t(F(0)) ** 2)
    assert exact.coefficients == [0, 0, 1] + [0] * 13
    np.testing.assert_allclose(f(t() ** 2).coefficients, np.eye(16)[2], atol=1e-15)


def test_asinh() -> None:
    x = t()
    root = math.sqrt(EPS)
    assert np.arcsinh(x).isclose(np.log(x + np.sqrt(x**2 + 1)), root, 1e-14)
    assert np.cosh(np.arcsinh(x)).isclose(np.sqrt(x**2 + 1), root, 1e-14)


def test_remainders() -> None:
    """rem(4.1 + t, 4) and mod2pi(2π + 0.1 + t): the constant term 0.1, later coefficients unchanged."""
    np.testing.assert_allclose((np.fmod(4.1 + t(), 4)).coefficients, [0.1, 1] + [0] * 14, rtol=1e-14)
    np.testing.assert_allclose(
        ((2 * math.pi + 0.1 + t()) % (2 * math.pi)).coefficients, [0.1, 1] + [0] * 14, rtol=1e-14
    )


# ---------------------------------------------------------------------- calculus
def test_orders_of_derivatives() -> None:
    """differentiate 0, 1 and 16 times: TaylorSeries.jl gives orders 15, 14 and 0. Nothing is known of the 16th
    derivative of a series of order 15, and here it is refused."""
    f = np.exp(t())
    assert [f.differentiate(n).order for n in (0, 1, 15)] == [15, 14, 0]
    with pytest.raises(ta.OrderError):
        f.differentiate(16)


def test_antiderivatives() -> None:
    f = np.exp(t(F(0)))
    assert f.differentiate().integrate(1) == f
    agree(np.cos(t(F(0))).integrate(), np.sin(t(F(0))), 15)


# ---------------------------------------------------------------------- evaluation
def test_e() -> None:
    """The series of exp to order 17 at 1 is e, exactly to double precision."""
    assert np.exp(t(order=17))(1.0) == math.e


def test_a_shift() -> None:
    """t² about 2; a truncated series is not moved, for what was dropped would come in."""
    assert ta.polynomial([0.0, 0.0, 1.0]).shift(2.0).coefficients.tolist() == [4, 4, 1]
    with pytest.raises(ta.OrderError):
        (t() ** 2).shift(2.0)


def test_reversion() -> None:
    """The inverse maps of exp(x) − 1 and log(1 + y), to order 17."""
    for f, inverse in ((np.expm1, np.log1p), (np.log1p, np.expm1)):
        found = f(t(F(0), 17)).revert()
        assert found == inverse(t(F(0), 17))
        assert f(t(order=17)).revert().isclose(inverse(t(order=17)), 1e-9, 1e-12)


# ---------------------------------------------------------------------- printing
def test_text() -> None:
    """TaylorSeries.jl prints ` 1.4142135623730951 + 1.0 t + 𝒪(t³)`."""
    assert str(math.sqrt(2) + t(order=2)) == "1.4142135623730951 + 1.0 t + O(t^3)"


# ---------------------------------------------------------------------- intervals (test/intervals.jl)
def test_ranges_are_contained() -> None:
    """x³/10 − x²/2 + 1 on [0, 6] has the range [−23/27, f(6)], 1 − x⁴ + x⁵ on [0, 1] the range [g(4/5), 1]."""
    f = ta.polynomial([F(1), F(0), F(-1, 2), F(1, 10)])
    over = f(flint.arb(3, 3))
    for extreme in (F(-23, 27), f(F(6))):
        assert over.contains(flint.arb(flint.fmpq(extreme.numerator, extreme.denominator)))
    g = ta.polynomial([F(1), F(0), F(0), F(0), F(-1), F(1)])
    over = g(flint.arb(0.5, 0.5))
    least = g(F(4, 5))
    assert over.contains(flint.arb(flint.fmpq(least.numerator, least.denominator)))
    assert over.contains(1)


def test_arguments_partly_outside_the_domain() -> None:
    """asin([−2, 0] + t): TaylorSeries.jl intersects with the domain silently; here nothing uncertain is returned."""
    with pytest.raises(ta.UncertifiedError, match="smaller interval or ball"):
        np.arcsin(t(flint.arb(-1, 1)))
    with pytest.raises(ta.UncertifiedError):
        np.arcsin(t(flint.arb(-0.5, 0.5)))
