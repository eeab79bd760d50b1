"""Reversion in machine code: exact answers up to rounding, the same for points and lanes, the interpreter's errors."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from taylorad import Taylor
from taylorad.errors import DomainError, NotRepresentableError, SingularExpansionError
from taylorad.run import eager

ORDERS = [1, 2, 3, 4, 5, 8, 9, 16, 17, 33, 70]


@pytest.fixture(autouse=True)
def machine_code() -> Iterator[None]:
    eager.load_now()
    yield
    eager.load_now()


def random_series(order: int, shape: tuple[int, ...], dtype: Any, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    c = rng.standard_normal((order + 1, *shape)).astype(dtype)
    if dtype is np.complex128:
        c += 1j * rng.standard_normal(c.shape)
    c *= 0.3 ** np.arange(order + 1).reshape(-1, *[1] * len(shape))
    c[0] = 0
    c[1] = 1 + c[1] / 4
    return c


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
@pytest.mark.parametrize("shape", [(), (3,), (4,), (2, 5), (11,)], ids=str)
def test_it_is_what_the_interpreter_finds(order: int, dtype: Any, shape: tuple[int, ...]) -> None:
    c = random_series(order, shape, dtype, order)
    rows = c[1:2] if shape else c[1:2].copy()
    assert eager.revert(order, c, 1 / rows) is not None  # the code exists, and is what is compared
    found = Taylor(c).revert()
    eager.load_now(False)
    wanted = Taylor(c).revert()
    assert found.order == wanted.order == order
    size = np.maximum.accumulate(np.abs(wanted.coefficients), axis=0)  # |c_k| may cancel, its neighbours do not
    size[0] = 1
    assert np.all(np.abs(found.coefficients - wanted.coefficients) <= 64 * (order + 1) * 2.0**-52 * size)


@pytest.mark.parametrize("order", [1, 5, 20, 40])
def test_it_is_the_exact_inverse(order: int) -> None:
    """Of log(1 + t): exp(t) − 1; of t − t²: the Catalan numbers; of t/(1 + t): t/(1 − t)."""
    k = range(1, order + 1)
    factorial, catalan = [Fraction(1)], [1]
    for i in k:
        factorial.append(factorial[-1] / i)
        catalan.append(catalan[-1] * 2 * (2 * i - 1) // (i + 1))
    cases = [
        ([Fraction((-1) ** (i + 1), i) for i in k], factorial[1:]),
        ([Fraction({1: 1, 2: -1}.get(i, 0)) for i in k], [Fraction(c) for c in catalan[:order]]),
        ([Fraction((-1) ** (i + 1)) for i in k], [Fraction(1)] * order),
    ]
    for coefficients, inverse in cases:
        c = np.array([0.0, *map(float, coefficients)])
        wanted = np.array([0.0, *map(float, inverse)])
        error = np.abs(Taylor(c).revert().coefficients - wanted)
        assert np.all(error <= 4 * (order + 1) * 2.0**-52 * condition(c, wanted))


def condition(s: np.ndarray, w: np.ndarray) -> np.ndarray:
    """How far w moves when every s_j moves by a share ε of itself: |δw| ≤ ε·|s|(|w|)·|w′|, from s(w) = t."""
    rows = len(s)
    so_far = np.zeros(rows)
    for c in np.abs(s[::-1]):
        so_far = np.convolve(so_far, np.abs(w))[:rows]
        so_far[0] += c
    slope = np.append(np.abs(w[1:]) * np.arange(1, rows), 0)
    return np.convolve(so_far, slope)[:rows]


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_points_and_lanes_agree_bit_for_bit(dtype: Any) -> None:
    c = random_series(21, (13,), dtype, 3)
    together = Taylor(c).revert().coefficients
    for i in range(13):
        assert np.array_equal(Taylor(c[:, i].copy()).revert().coefficients, together[:, i])


def test_errors_are_the_interpreters() -> None:
    cases: list[tuple[list[float], type[Exception]]] = [
        ([1.0, 1.0, 0.0], DomainError),
        ([0.0, 0.0, 1.0], SingularExpansionError),
        ([0.0, 1e-200, 1.0, 1.0, 1.0], NotRepresentableError),
    ]
    for c, error in cases:
        for batch in (np.array(c), np.repeat(np.array(c)[:, None], 9, axis=1)):
            messages: list[str] = []
            for wanted in (True, False):
                eager.load_now(wanted)
                with pytest.raises(error) as caught:
                    Taylor(batch).revert()
                messages.append(str(caught.value))
            assert messages[0] == messages[1]
