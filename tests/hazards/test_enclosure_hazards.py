"""Inputs on which good enclosures go wrong: near overflow, against the optimiser, at the edge of a domain."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import DomainError, UncertifiedError
from taylorad.rings.intervals import Interval

HUGE = math.nextafter(math.inf, 0)
OPERATIONS = {
    "+": lambda a, b: a + b,
    "−": lambda a, b: a - b,
    "·": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "a·b − b·a": lambda a, b: a * b - b * a,
    "a² − b²": lambda a, b: a**2 - b**2,
}


def boxes_near_overflow(rng: random.Random) -> list[Interval]:
    ends = (HUGE, -HUGE, HUGE / 2, -1e308, 1e154, -1e154, 1.0, 5e-324, -5e-324)
    return [Interval(*sorted((rng.choice(ends), rng.choice(ends)))) for _ in range(2)]


@pytest.mark.parametrize("name", OPERATIONS)
def test_finite_boxes_never_give_what_is_no_number(name: str) -> None:
    """∞ − ∞ by outward rounding near overflow is NaN, in which everything and nothing is contained."""
    rng, f = random.Random(name), OPERATIONS[name]
    enclosed = 0
    for _ in range(300):
        a, b = boxes_near_overflow(rng)
        try:
            found = f(a, b)
        except UncertifiedError:
            assert name == "/"
            continue
        enclosed += 1
        assert found.lo <= found.hi, (a, b, found)  # a comparison with NaN is false
        for x, y in itertools.product((a.lo, a.hi), (b.lo, b.hi)):
            exact = f(Fraction(x), Fraction(y))
            assert found.lo <= exact <= found.hi, (a, b, found)
    assert enclosed > 50


SINGLE = {
    "sum": lambda x: x + x,
    "difference": lambda x: (x + x) - (x + x),
    "products": lambda x: x * x * x - x * x,
    "square": lambda x: (1 - x) * (1 + x) + x**2,
}


@pytest.mark.parametrize("name", SINGLE)
def test_machine_code_near_overflow_contains_or_refuses(name: str) -> None:
    rng, f = random.Random(name), SINGLE[name]
    pairs = [box for _ in range(200) for box in boxes_near_overflow(rng)]
    low, high, proved = v.compile(f, order=0)([x.lo for x in pairs], [x.hi for x in pairs])
    assert proved.any()
    for box, a, b in zip(pairs, low[0], high[0], strict=True):
        assert a <= b, (box, a, b)
        for x in (box.lo, box.hi, box.mid):
            assert a <= f(Fraction(x)) <= b, (box, a, b)


def test_signs_are_not_folded_and_sums_are_rounded() -> None:
    """Plain LLVM arithmetic makes a·b of −((−a)·b), which is rounded the wrong way, and 1 of 1 + 1e-30."""
    x = 0.1
    low, high, _ = v.compile(lambda t: -((-t) * t), order=0)([x], [x])
    assert low[0, 0] < Fraction(x) ** 2 < high[0, 0]
    assert high[0, 0] == math.nextafter(low[0, 0], 1)
    low, high, _ = v.compile(lambda t: 1 + t * 0 + 1e-30, order=0)([x], [x])
    assert (low[0, 0], high[0, 0]) == (1.0, math.nextafter(1.0, 2))
    assert Interval(1.0, 1.0) + 1e-30 == Interval(1.0, math.nextafter(1.0, 2))


@pytest.mark.parametrize("f", [np.sqrt, np.log, np.arcsin, np.arccosh], ids=["sqrt", "log", "asin", "acosh"])
def test_an_argument_partly_outside_is_not_cut_down(f: Any) -> None:
    partly, beyond = ta.interval("-0.5", "1.5"), ta.interval(-3, -2)
    with pytest.raises(UncertifiedError):
        f(partly)
    with pytest.raises(UncertifiedError):
        v.taylor(f, partly, 3)
    with pytest.raises(DomainError):
        f(beyond)
    with pytest.raises((UncertifiedError, DomainError)):
        v.range(f, partly)


def test_time_is_exact() -> None:
    """CAPD, asked for t = 20 with a step that does not divide it, ends at 20.000000000000227 and calls it 20."""
    V = v.solve_ivp(lambda t, y: [1, -y[0] * y[1] / 100], (0, 20), [0, 1])
    assert V.t_reached == 20
    assert 20 in V.box[0]
    assert V.box[0].width <= 2 * math.ulp(20.0)
    third = v.solve_ivp(lambda t, y: [y[0] * 0 + 1], (0, "1/3"), [0])
    assert third.t_reached == Fraction(1, 3)
    assert Fraction(1, 3) in third.box[0]


def test_decimals_in_text_are_enclosed_and_floats_are_what_they_are() -> None:
    assert Fraction(7, 5) in ta.interval("1.4")
    assert ta.interval("1.4").width > 0
    assert ta.interval(1.4).width == 0
    assert Fraction(7, 5) not in ta.interval(1.4)
    exact = v.taylor(lambda x: v.exact("1.4") * x, 3, 1)
    assert Fraction(21, 5) in exact[0]
    assert Fraction(7, 5) not in v.taylor(lambda x: 1.4 * x, 1, 0)[0]
