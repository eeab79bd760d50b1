"""Large batches of ordinary functions go through one kernel, and give what small ones give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad.derive.expansion import expand, point
from taylorad.derive.fused import fused

POINTS = np.linspace(-1.0, 2.0, 60_001)
WEIGHTS = np.linspace(0.5, 1.5, POINTS.size)
SOME = [0, 17, 30_000, 60_000]


def together(x: Any) -> Any:
    return x * np.sum(x)


def branching(x: Any) -> Any:
    return x if x.ndim else np.sin(x)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.exp(np.sin(x)) / (1 + x**2),
        lambda x: [np.sin(x), x * x],
        lambda x: np.where(x > 0.12345, x**2, -x),
        lambda x: (3.0 + 0 * x, np.exp(x)),
    ],
)
def test_a_large_batch_is_its_points(f: Callable[[Any], Any]) -> None:
    order = 20
    assert fused(f, POINTS, order, 1) is not None
    whole = ta.derivatives(f, POINTS, order)
    alone = ta.derivatives(f, POINTS[SOME], order)
    assert np.allclose(whole[..., SOME], alone, rtol=1e-11, atol=1e-9)
    scaled, few = (expand(f, x, order, 0.5).parts for x in (POINTS, POINTS[SOME]))
    for got, wanted in zip(scaled, few, strict=True):
        assert np.allclose(got.coefficients[:, SOME], wanted.coefficients, rtol=1e-12, atol=1e-13)


def test_a_batch_that_contains_0() -> None:
    """sin(x)/x at 0 and near it."""
    x = np.concatenate([[0.0], POINTS[1:]])
    assert 0.0 in x
    found = ta.taylor(lambda x: np.sin(x) / x, x, 16).coefficients
    assert np.allclose(found[:5, 0], [1, 0, -1 / 6, 0, 1 / 120], rtol=1e-14, atol=1e-16)
    with pytest.raises(ta.SingularExpansionError) as caught:
        ta.taylor(lambda x: 1 / x, x, 16)
    assert 0 in caught.value.points


@pytest.mark.parametrize("f", [together, lambda x: WEIGHTS * x, branching, lambda x: x * x.shape[0]])
def test_functions_of_the_batch_as_a_whole_stay_eager(f: Callable[[Any], Any]) -> None:
    assert fused(f, POINTS, 20, 1) is None
    found = ta.taylor(f, POINTS, 20).coefficients
    assert np.allclose(found[0], f(POINTS), rtol=1e-15)


def test_what_a_function_depends_on_may_change() -> None:
    factor = [2.0]

    def f(x: Any) -> Any:
        return factor[0] * x

    assert ta.taylor(f, POINTS, 20).coefficients[1, 0] == 2
    factor[0] = 3.0
    assert ta.taylor(f, POINTS, 20).coefficients[1, 0] == 3


def test_small_batches_stay_eager_until_they_add_up() -> None:
    def f(x: Any) -> Any:
        return np.exp(x) * x

    few = point(np.linspace(0, 1, 2000))
    assert fused(f, few, 5, 1) is None  # never: 12 000 coefficients a call
    assert [fused(f, few, 99, 1) is None for _ in range(6)] == [True, True, True, True, False, False]
