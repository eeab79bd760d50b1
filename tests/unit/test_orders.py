"""The order of a result is what is truly known: never more, and less only with a word."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import taylorad as ta

T = ta.variable(0.0, 15)


def test_truncated_operands_have_the_smaller_order() -> None:
    a, b = ta.variable(0.3, 5), ta.variable(0.3, 10)
    for result in (a + b, b - a, a * b, a / b, np.arctan2(a, b)):
        assert result.order == 5
    assert a != b
    assert a == b.truncate(5)


def test_a_quotient_divides_common_powers_out_and_says_what_it_costs() -> None:
    sinc = np.sin(T) / T
    assert sinc.order == 14
    assert sinc[0] == 1.0
    assert sinc[2] == pytest.approx(-1 / 6, rel=1e-15)
    assert (T**3 / T).order == 14
    assert (T * np.exp(T) / T).order == 14
    assert (T**4 / (T + T**2)).coefficients[:5].tolist() == [0, 0, 0, 1, -1]


def test_a_higher_valuation_above_raises_the_order_again() -> None:
    short = T.truncate(4)
    # t³/(t + O(t⁵)) = t²·(1 + O(t⁴)): known to order 5
    assert (T**3 / short).order == 5


def test_exact_factors_raise_the_order_by_their_valuation() -> None:
    a = np.exp(ta.variable(0.0, 6))
    shifted = ta.polynomial([0, 0, 1]) * a
    assert shifted.order == 8
    assert shifted[8] == a[6]
    assert (shifted / ta.polynomial([0, 0, 1])).order == 6


def test_polynomials_have_no_order_until_they_get_one() -> None:
    p = ta.polynomial([1, Fraction(1, 2)])
    assert p.order == math.inf
    assert (p * p).coefficients == [1, 1, Fraction(1, 4)]
    with pytest.raises(ta.OrderError, match="truncate"):
        np.exp(p)
    with pytest.raises(ta.OrderError, match="truncate"):
        1 / p
    assert (1 / p.truncate(2)).coefficients == [1, Fraction(-1, 2), Fraction(1, 4)]


@pytest.mark.parametrize(
    ("u", "expected", "order"),
    [
        (T**4 * (1 + T), [0, 0, 1, 0.5, -0.125], 13),
        (T**4, [0, 0, 1, 0, 0], 13),
    ],
)
def test_square_roots_of_fourth_powers(u: ta.Taylor, expected: list[float], order: int) -> None:
    root = np.sqrt(u)
    assert root.order == order
    assert root.coefficients[:5].tolist() == expected


def test_square_root_of_a_square_is_a_kink_with_two_sides() -> None:
    u = T**2 * (1 + T)
    with pytest.raises(ta.SingularExpansionError, match="side"):
        np.sqrt(u)
    right, left = ta.sqrt(u, side=1), ta.sqrt(u, side=-1)
    assert right.order == 14  # one less than u: all that is provable
    assert right[1] == 1.0
    assert left == -right
    complex_root = np.sqrt(ta.variable(0j, 8) ** 2)
    assert complex_root[1] == 1


@pytest.mark.parametrize(
    "function", [np.sqrt, np.log, lambda u: u**0.5, lambda u: u**1.5, lambda u: u**-2, lambda u: 1 / u]
)
def test_branch_points_and_poles_raise(function: object) -> None:
    with pytest.raises(ta.SingularExpansionError):
        function(T)  # type: ignore[operator]


def test_cube_roots_are_odd() -> None:
    assert ta.cbrt(T**3 * (8 + T)).coefficients[:3] == pytest.approx([0, 2, 1 / 12], rel=1e-15)
    assert ta.cbrt(ta.variable(-8.0, 1)).coefficients == pytest.approx([-2, 1 / 12], rel=1e-15)
    with pytest.raises(ta.SingularExpansionError, match="branch point"):
        ta.cbrt(T)


def test_the_root_of_a_zero_series_is_zero_to_what_is_known() -> None:
    root = np.sqrt(0 * T)  # √O(t¹⁶) = O(t⁸)
    assert root.order == 7
    assert not root.coefficients.any()


@pytest.mark.parametrize("n", [3, 3.0, np.int64(3), Fraction(3), np.float64(3), ta.polynomial([3])])
def test_integral_exponents_of_any_type_are_products(n: object) -> None:
    cube = T**n
    assert cube.coefficients[:5].tolist() == [0, 0, 0, 1, 0]
    assert (T**0)[0] == 1.0


def test_absolute_values_look_at_the_first_coefficient() -> None:
    assert abs(-(T**2)) == T**2
    with pytest.raises(ta.SingularExpansionError, match="side"):
        abs(T)
    assert ta.abs(T, side=1) == T
    assert ta.abs(T, side=-1) == -T
    with pytest.raises(ta.SingularExpansionError, match="not known"):
        abs(0 * T)


def test_unknown_coefficients_are_refused() -> None:
    with pytest.raises(ta.OrderError, match="higher order"):
        T[16]
    with pytest.raises(ta.OrderError, match="extend"):
        T.truncate(20)
    assert T.extend(20).order == 20
    assert T.truncate(3).order == 3
