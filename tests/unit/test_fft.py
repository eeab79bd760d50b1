"""Products by the fast Fourier transform: as accurate as asked for, against exact sums, or summed directly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad.errors import OrderError
from taylorad.taylor import fft

RTOL = 1e-12
UNIT = 2**1074  # every double is a multiple of 1/UNIT


def whole(x: np.ndarray) -> list[int]:
    return [int(Fraction(float(c)) * UNIT) for c in x]


def worst(x: np.ndarray, y: np.ndarray, found: np.ndarray, which: Any) -> float:
    """The largest error of the coefficients ``which``, relative to Σ|x_j||y_(k−j)|, in units of ``RTOL``."""
    a, b, c, d = (whole(part) for part in (x.real, x.imag, y.real, y.imag))
    one, two = ([abs(p) + abs(q) for p, q in zip(u, v, strict=True)] for u, v in ((a, b), (c, d)))
    most = 0.0
    for k in which:
        real = sum(a[j] * c[k - j] - b[j] * d[k - j] for j in range(k + 1))
        imag = sum(a[j] * d[k - j] + b[j] * c[k - j] for j in range(k + 1))
        size = sum(one[j] * two[k - j] for j in range(k + 1))  # at most twice the sum of absolute values
        r, i = whole(np.array([found[k].real, found[k].imag]))
        error = abs(r * UNIT - real) + abs(i * UNIT - imag)
        assert size or not error
        most = max(most, float(Fraction(error, size * 2)) / RTOL if size else 0.0)
    return most


def data(kind: str, order: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    k = np.arange(order + 1)
    x, y = rng.standard_normal((2, order + 1))
    match kind:
        case "level":
            return x, y
        case "falling":
            return x * 0.5**k, y * 0.5**k
        case "growing":
            return x * 3.0**k, y * 3.0**k
        case "unlike":
            return x * 2.0**-k, y * 1.25**k
        case "positive":
            return np.abs(x) * 0.7**k, np.abs(y) * 0.7**k / (k + 1)
        case "even":
            return np.where(k % 2, 0, x), np.where(k % 2, 0, y)
        case "few":
            return np.where(rng.random(order + 1) < 0.02, x, 0), y
        case "wild":
            return x * 10.0 ** rng.integers(-60, 60, order + 1), y * 10.0 ** rng.integers(-60, 60, order + 1)
        case "entire":
            return x / np.cumprod(k.clip(1, 20) * 0.5), y
        case "subnormal":
            return x * 2.0**-500, y * 2.0**-20
        case "large":
            return x * 2.0**480, y * 2.0**500
    raise AssertionError(kind)


KINDS = ["level", "falling", "growing", "unlike", "positive", "even", "few", "wild", "entire", "subnormal", "large"]
TAKEN = {"level", "falling", "growing", "positive", "even", "subnormal", "large"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_every_coefficient_is_as_accurate_as_asked(kind: str, dtype: Any) -> None:
    for order, seed in ((1, 0), (2, 1), (17, 2), (150, 3), (300, 4)):
        x, y = data(kind, order, seed)
        if dtype is np.complex128:
            other = data(kind, order, seed + 100)
            x, y = x + 1j * other[0], y - 2j * other[1]
        done = fft.convolve(x, y, RTOL)
        if done is None:
            continue
        found, chosen = done
        assert worst(x, y, found, range(order + 1)) <= 1
        assert not chosen.any() or worst(x, y, found, np.flatnonzero(chosen)) <= 0.1  # a bound leaves room
        if kind in TAKEN and order > 100:
            assert np.count_nonzero(chosen) > 7 * order // 8


def test_without_its_bound_a_transform_would_be_wrong() -> None:
    x, y = data("wild", 300, 5)
    found = fft._circular(x, y, 1024)
    assert worst(x, y, found, range(301)) > 1e6
    assert fft.convolve(x, y, RTOL) is None


def test_without_scaling_too() -> None:
    x, y = data("falling", 300, 6)
    assert worst(x, y, fft._circular(x, y, 1024), range(301)) > 1e6
    assert worst(x, y, fft._circular(np.abs(x), np.abs(y), 1024), range(301)) > 1e6


def test_cancelling_sums_are_measured_by_their_terms() -> None:
    """(1 − t)^−1 times (1 + t)^−1: every other coefficient is zero, and its terms are not."""
    order = 3000
    x, y = np.ones(order + 1), (-1.0) ** np.arange(order + 1)
    done = fft.convolve(x, y, RTOL)
    assert done is not None
    k = np.arange(order + 1)
    assert np.all(np.abs(done[0] - (k % 2 == 0)) <= RTOL * (k + 1))
    assert np.count_nonzero(done[1]) > 0.9 * order


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_multiply_takes_the_transform_when_asked(dtype: Any) -> None:
    order = 6000
    x, y = (v.astype(dtype) for v in data("level", order, 7))
    x, y = np.abs(x) * 0.99 ** np.arange(order + 1), np.abs(y) * 0.99 ** np.arange(order + 1)
    a, b = ta.Taylor(x), ta.Taylor(y)
    fast, chosen = ta.multiply(a, b, fft=True, full_output=True)
    assert np.count_nonzero(chosen) > 0.8 * order
    plain, none = ta.multiply(a, b, full_output=True)
    assert not none.any()
    np.testing.assert_allclose(plain.coefficients, (a * b).coefficients, rtol=1e-12)
    assert np.abs(fast.coefficients / plain.coefficients - 1).max() < 3e-12
    assert fast.order == order


def test_batches_are_multiplied_point_by_point() -> None:
    order = 2500
    kinds = ["level", "falling", "wild"]
    x, y = (np.stack(v, axis=1) for v in zip(*(data(kind, order, 8) for kind in kinds), strict=True))
    x, y = x.reshape(-1, 3, 1), y.reshape(-1, 3, 1)
    with np.errstate(all="ignore"):
        found, chosen = ta.multiply(ta.Taylor(x), ta.Taylor(y), fft=True, full_output=True)
    assert found.shape == (3, 1)
    assert chosen.shape == (order + 1, 3, 1)
    assert [bool(chosen[:, i, 0].any()) for i in range(3)] == [True, True, False]
    for i in range(3):
        single = ta.multiply(ta.Taylor(x[:, i, 0].copy()), ta.Taylor(y[:, i, 0].copy()), fft=True)
        np.testing.assert_allclose(found.coefficients[:, i, 0], single.coefficients, rtol=1e-11, atol=0)


def test_orders_follow_the_operator() -> None:
    t = ta.polynomial([0.0, 1.0])
    a = ta.Taylor(np.ones(2501))
    for left, right in ((a, t), (t, a), (a, 2.0), (a, ta.Taylor(np.ones(5)))):
        found, wanted = ta.multiply(left, right, fft=True), left * right
        assert found.order == wanted.order
        np.testing.assert_allclose(found.coefficients, wanted.coefficients, rtol=RTOL)
    p = ta.polynomial(np.ones(1501))
    square = ta.multiply(p, p, fft=True)
    assert square.exact
    assert square.degree == 3000
    np.testing.assert_allclose(square.coefficients, np.r_[1:1502, 1500:0:-1], rtol=RTOL)


def test_other_rings_and_low_orders_are_summed() -> None:
    a = ta.Taylor([Fraction(1, 3)] * 5)
    for left, right in ((a, a), (a, 3), (ta.Taylor(np.ones(100)), ta.Taylor(np.ones(100)))):
        found, chosen = ta.multiply(left, right, fft=True, full_output=True)
        assert found == left * right
        assert not chosen.any()
        assert len(chosen) == len(found.coefficients)


def test_what_cannot_be_multiplied() -> None:
    with pytest.raises(TypeError, match="multiply takes a series"):
        ta.multiply(2.0, 3.0)
    with pytest.raises(TypeError, match="str"):
        ta.multiply(ta.Taylor([1.0]), "x", fft=True)
    for rtol in (0.0, -1.0, float("nan")):
        with pytest.raises(OrderError, match="rtol"):
            ta.multiply(ta.Taylor([1.0]), 2.0, fft=True, rtol=rtol)


def test_overflow_is_what_the_operator_makes_of_it() -> None:
    a = ta.Taylor(np.full(2501, 1e200))
    with np.errstate(all="ignore"):
        assert np.array_equal(ta.multiply(a, a, fft=True).coefficients, (a * a).coefficients)
