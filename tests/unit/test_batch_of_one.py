"""A batch of one point stays a batch, also where compiled code for single points would take it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad.run import eager


@pytest.fixture(params=[True, False], ids=["machine code", "interpreter"])
def machine(request: Any) -> Iterator[None]:
    before = eager._ready, eager._spent
    eager.load_now(request.param)
    yield
    eager.load_now(False)
    eager._ready, eager._spent = before


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "product": lambda x: x * (x + 1),
    "square": lambda x: x * x,
    "quotient": lambda x: 1 / x,
    "difference": lambda x: x - 2.0,
    "power": lambda x: x**0.5,
    "series power": lambda x: x**x,
    "ufunc": np.exp,
    "two arguments": lambda x: np.arctan2(x, 1 + x),
    "function": ta.sin,
    "function of two": lambda x: ta.hypot(x, x * x),
    "composition": lambda x: ta.taylor(np.exp, np.zeros(np.shape(x.constant_term)), 3).compose(x - x[0]),
}


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("order", [0, 3])
def test_a_batch_of_one_point(name: str, order: int) -> None:
    f = FUNCTIONS[name]
    for _ in range(2):  # the first call may compile
        alone = f(ta.variable(0.5, order))
        for shape in ((1,), (1, 1)):
            batch = f(ta.variable(np.full(shape, 0.5), order))
            assert batch.shape == shape
            assert batch.coefficients.shape == (order + 1, *shape)
            np.testing.assert_allclose(batch.coefficients.reshape(-1), alone.coefficients, rtol=1e-14)
