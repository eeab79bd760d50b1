"""Numbers as sets: every way to write one is enclosed, exact, or refused in plain words."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import DomainError, MixedRingError

TENTH = Fraction(1, 10)


@pytest.mark.parametrize("written", ["0.1", " 1/10 ", "1 / 10", "1e-1", TENTH, Decimal("0.1")])
def test_a_tenth_is_enclosed(written: Any) -> None:
    found = ta.interval(written)
    assert TENTH in found
    assert found.hi == math.nextafter(found.lo, 1)
    assert v.exact(written) == TENTH


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
def test_floats_of_all_sizes_are_exactly_what_they_are(kind: Any) -> None:
    x = kind("0.1")
    exact = Fraction(*x.as_integer_ratio())
    assert v.exact(x) == exact
    for made in (ta.interval(x), ta.interval(np.array(x)), x * ta.interval(1), ta.interval(1) * x):
        assert exact in made
        assert made.width <= math.ulp(0.1)
    assert ta.ball(x).contains(ta.ball(exact))


def test_numbers_beyond_the_floats_are_enclosed() -> None:
    assert ta.interval("1e400") == ta.interval(10**400) == ta.interval("inf")
    assert ta.interval("-1e400").hi == -1.7976931348623157e308
    assert ta.interval("1e-400") == ta.interval(0, 5e-324)
    assert ta.interval(2**53 + 1) == ta.interval(2**53, 2**53 + 2)
    assert ta.interval("1", rad="inf") == ta.interval(-math.inf, math.inf)


@pytest.mark.parametrize(
    "text",
    ["nan", "", "1/0", "1,5", "--3", "1 2", "0x10", "1e99999999999", "9" * 5000, "[1]", Decimal("NaN"), math.nan],
)
def test_what_is_no_number_is_refused(text: Any) -> None:
    for make in (ta.interval, v.exact, ta.ball):
        with pytest.raises((DomainError, MixedRingError)) as caught:
            make(text)
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [True, None, 1j, [1, 2, 3], "[0.3, 0.1]", np.eye(2)])
def test_what_is_no_real_number_is_refused(value: Any) -> None:
    with pytest.raises((DomainError, MixedRingError)):
        ta.interval(value)


@pytest.mark.parametrize(
    ("lo", "hi"), [("0.3", "0.1"), (0.3, 0.1), ("1/3", 0.3333333333333333), (Decimal("0.1"), "0.09999999999999999999")]
)
def test_reversed_ends_are_refused_even_where_their_floats_agree(lo: Any, hi: Any) -> None:
    with pytest.raises(DomainError, match="below"):
        ta.interval(lo, hi)


@pytest.mark.parametrize("value", [math.inf, "inf", True, None, Decimal("Infinity")])
def test_balls_are_around_finite_numbers(value: Any) -> None:
    with pytest.raises((DomainError, MixedRingError)):
        ta.ball(value)
    with pytest.raises((DomainError, MixedRingError)):
        ta.ball(1, value)


@pytest.mark.parametrize("other", [1j, np.complex128(1), "0.1", Decimal("0.1"), True])
def test_what_does_not_mix_with_intervals_says_so(other: Any) -> None:
    with pytest.raises(MixedRingError, match="interval"):
        ta.interval(1, 2) * other
    with pytest.raises(MixedRingError, match="interval"):
        other - ta.interval(1, 2)


def test_remainders_and_choices_of_intervals() -> None:
    x = ta.interval(1.25, 1.5)
    assert x % 1 == ta.interval(0.25, 0.5)
    assert x // 1 == ta.interval(1)
    assert 5 // ta.interval(2.125, 2.25) == ta.interval(2)
    assert 5 % ta.interval(2.125, 2.25) == ta.interval(0.5, 0.75)
    assert np.where(x > 1, x, -x) is x
    assert list(np.where([True, False], x, 3)) == [x, 3]
