"""Integrals of functions that are huge, sharp, not smooth or singular, and what is no integral at all."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from taylorad import validated as v
from taylorad.errors import DomainError, MixedRingError, UncertifiedError
from taylorad.rings.balls import ball, precision

# each value is exact or from the closed form beside it

INTEGRALS = [
    (lambda x: np.exp(-x * x), -100, 100, {}, "1.772453850905516027298167483341"),  # √π·erf(100)
    (lambda x: np.exp(-1_000_000 * (x - v.exact("0.7")) ** 2), 0, 1, {}, "0.001772453850905516027298167483"),
    (np.exp, 0, 700, {}, "1.01423205473504509e304"),
    (lambda x: 1 / (1 + x * x), -1000, 1000, {}, "3.13959265425645990513"),  # 2·atan(1000)
    (lambda x: np.sin(1 / x), 0.01, 1, {}, None),
    (np.cbrt, -1, 1, {}, "0"),
    (np.arcsin, 0, 1, {}, "0.57079632679489661923132169164"),  # π/2 − 1
    (lambda x: np.sqrt(1 - x * x), -1, 1, {}, "1.5707963267948966192313216916"),
    (lambda x: np.where(x > 4, 1.0, 2.0), 0, 3, {}, "6"),
    (lambda x: 3.5, 0, "1/3", {}, "1.16666666666666666666666666666"),
    (lambda x: x, -1e300, 1e300, {}, "0"),
]


@pytest.mark.parametrize(("f", "a", "b", "options", "value"), INTEGRALS)
def test_integrals_that_are_hard_to_scale(f: Any, a: Any, b: Any, options: dict[str, Any], value: str | None) -> None:
    found = v.integrate(f, a, b, **options)
    assert found.width <= 2e-12 * max(1, found.mag)
    if value is not None:
        slack = Fraction(1, 10**17) * max(1, Fraction(found.mag))
        assert found.lo - slack <= Fraction(value) <= found.hi + slack


def test_an_integral_beyond_the_floats_is_enclosed() -> None:
    found = v.integrate(np.exp, 0, 1000)
    assert found.lo == 1.7976931348623157e308
    assert found.hi == math.inf


@pytest.mark.parametrize("options", [{"digits": 300}, {"tol": 1e-300}, {"digits": 300, "method": "gauss"}])
def test_hundreds_of_digits_take_no_special_order(options: dict[str, Any]) -> None:
    start = time.process_time()
    found = v.integrate(np.sin, 0, 2, **options)
    if "digits" in options:
        with precision(1200):
            assert found.overlaps(1 - ball(2).cos())
            assert found.rad() < ball(Fraction(1, 10**300))
    else:
        assert found.width <= math.ulp(1.0)
    assert time.process_time() - start < 5


def test_digits_of_an_integral_that_is_zero_are_refused() -> None:
    with pytest.raises(UncertifiedError, match="may be 0"):
        v.integrate(np.sin, -1, 1, digits=10)
    assert v.integrate(lambda x: 0 * x, -1, 1, digits=10) == 0


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: (x, x), "one number"),
        (lambda x: [x], "one number"),
        (lambda x: None, "NoneType"),
        (lambda x: math.nan, "finite"),
        (lambda x: 1j * x, "complex"),
    ],
)
def test_integrands_that_are_none(f: Any, words: str) -> None:
    with pytest.raises(MixedRingError, match=words):
        v.integrate(f, 0, 1)


def test_ends_and_weights_that_are_none() -> None:
    with pytest.raises(DomainError, match="substitute"):
        v.integrate(np.exp, 0, math.inf)
    with pytest.raises(DomainError, match="no number"):
        v.integrate(np.exp, 0, "pi")
    with pytest.raises(DomainError, match="pair"):
        v.integrate(np.exp, 0, 1, weight=3)
    with pytest.raises(DomainError, match="argument"):  # the logarithm certainly has no value there
        v.integrate(np.log, -2, -1)


def test_backwards_with_a_weight() -> None:
    """∫₁⁰ cos(x)·(x − 1)²·(0 − x)³ dx = ∫₀¹ cos(x)·x³·(1 − x)² dx."""
    assert v.integrate(np.cos, 1, 0, weight=(2, 3)) == v.integrate(np.cos, 0, 1, weight=(3, 2))


@pytest.mark.parametrize(
    ("f", "advice"),
    [
        (lambda x: x**-0.5, r"weight=\('-1/2', '0'\)"),
        (lambda x: np.cos(x) / np.sqrt(1 - x * x), r"weight=\('0', '-1/2'\)"),
        (lambda x: 1 / x, "no integral"),
        (lambda x: 1 / (x - v.exact("1/3")), "split"),
        (np.log, "substitute"),
    ],
)
def test_a_singularity_comes_with_advice(f: Any, advice: str) -> None:
    with pytest.raises(UncertifiedError, match=advice):
        v.integrate(f, 0, 1)


def test_what_the_advice_says_works() -> None:
    """∫ cos(x)/√(1 − x²) = ∫ cos(x)/√(1 + x)·(1 − x)^(−1/2) = π/2·J₀(1)."""
    found = v.integrate(lambda x: np.cos(x) / np.sqrt(1 + x), 0, 1, weight=("0", "-1/2"))
    assert Fraction("1.20196971531720649914") in found
    assert found.width < 2e-12
