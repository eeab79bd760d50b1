"""Ranges and minima of functions that are not smooth, not bounded, huge, tiny, or no functions at all."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import DomainError, MixedRingError, UncertifiedError

KINKS = [
    (abs, (-1, 2), 0, 2),
    (lambda x: abs(x) - abs(x - 1), (-3, 3), -1, 1),
    (lambda x: np.maximum(x, 1 - x), (0, 1), 0.5, 1),
    (lambda x: np.minimum(x, 1 - x), (0, 1), 0, 0.5),
    (np.sign, (-1, 1), -1, 1),
    (lambda x: np.heaviside(x, 5), (-1, 1), 0, 5),
    (lambda x: np.where(x > 0.3, x, -x), (0.4, 1), 0.4, 1),
    (lambda x, y: abs(x - y), [(0, 3), (-1, 1)], 0, 4),
    (lambda x, y: np.maximum(abs(x), abs(y)), [(-1, 2), (-1, 1)], 0, 2),
    (lambda *x: x[0] * x[1], [(0, 1), (2, 3)], 0, 3),
    (lambda x: np.sin(1 / x), (0.01, 1), -1, 1),
    (lambda x: 3, (0, 1), 3, 3),
    (lambda x: x * 1e300, (-1e7, 1e7), -1e307, 1e307),
    (lambda x: x * x, (0, 5e-324), 0, 5e-324),
]


@pytest.mark.parametrize(("f", "where", "low", "high"), KINKS)
def test_ranges_of_functions_with_kinks_and_of_extreme_sizes(f: Any, where: Any, low: float, high: float) -> None:
    found = v.range(f, where)
    assert found.lo <= low <= found.lo + 1e-9 * max(1, abs(low))
    assert found.hi >= high >= found.hi - 1e-9 * max(1, abs(high))


def test_tolerances_below_rounding_end_at_rounding() -> None:
    found = v.range(lambda x: np.sin(x * x), (0, 3), tol=1e-300)
    assert found.lo <= -1 + 1e-15
    assert found.hi >= 1
    assert found.width < 2 + 1e-14


@pytest.mark.parametrize(
    ("f", "where"),
    [
        (lambda x: 1 / x, (-1, 1)),
        (np.tan, (1, 2)),
        (np.log, (0, 1)),
        (lambda x: np.where(x > 0.3, 1.0, 0.0), (0, 1)),
        (lambda x: x / 0, (0, 1)),
        (lambda x, y: x / y, [(0, 1), (-1, 1)]),
        (lambda x, y: x * x * y / (x * x + y * y), [(-1, 1), (-1, 1)]),
        (lambda x: x * x, (-1.7e308, 1.7e308)),
        (np.exp, (0, 1000)),
    ],
)
def test_what_has_no_bound_is_refused_soon(f: Any, where: Any) -> None:
    start = time.process_time()
    with pytest.raises(UncertifiedError, match=r"f has no (bound|certain value)"):
        v.range(f, where)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("f", "where", "words"),
    [
        (lambda x, y: x + y, (0, 1), "takes 2 numbers"),
        (lambda x, y: x + y, [(0, 1)] * 3, "takes 2 numbers"),
        (lambda x: x, [], "no variables"),
        (lambda x: (x, x), (0, 1), "one number"),
        (lambda x: 1j * x, (0, 1), "complex"),
        (lambda x: math.nan, (0, 1), "nan"),
        (lambda x: None, (0, 1), "None"),
        (lambda x: x, (1, 0), "below"),
        (lambda x: x, (0, math.nan), "nan"),
    ],
)
def test_what_is_no_problem_is_refused_in_words(f: Any, where: Any, words: str) -> None:
    with pytest.raises((DomainError, MixedRingError), match=words):
        v.range(f, where)


def test_functions_of_math_are_pointed_to_numpy() -> None:
    with pytest.raises(TypeError, match=r"np\.sin"):
        v.range(lambda x: math.sin(x), (0, 1))
    with pytest.raises(TypeError, match=r"np\.sin"):
        math.sin(ta.interval(0, 1))


@pytest.mark.parametrize("f", [np.sign, lambda x: 2 * np.heaviside(x, 0.5) - 1, lambda x: np.copysign(1, x)])
def test_a_jump_between_constants_has_no_derivative(f: Any) -> None:
    """Both branches are constants, and yet the value is not: a derivative of 0 would prove too much."""
    whole = ta.interval(-1, 1)
    assert v.range(f, (-1, 2)) == v.taylor(f, (-1, 2), 0)[0] == whole
    for order in (1, 3):
        with pytest.raises(UncertifiedError, match="branch"):
            v.taylor(f, (-1, 2), order)
    low, high, proved = v.compile(f, order=0)([-1.0], [2.0])
    assert (low, high, proved) == (-1, 1, True)
    assert not v.compile(f, order=1)([-1.0], [2.0])[2]
    assert np.sign(v.TaylorModel.variable((-1, 2), 3)).bound() == whole
    assert [r.proved for r in v.roots(lambda x: f(x) + 0.5, (-1, 2))] == ["undecided"]
    assert not v.solve_ivp(lambda t, y: [f(y[0])], (0, 1), [ta.interval(-1, 2)]).success
    x, y = ta.variables([ta.interval(-1, 2), ta.interval(1, 2)], 1)
    with pytest.raises(UncertifiedError, match="branch"):
        f(x) * y
