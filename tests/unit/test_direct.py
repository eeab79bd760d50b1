"""The short ways of operators and functions of float series agree with the long ones, to the last detail."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest

import taylorad as ta
from taylorad import DomainError, SingularExpansionError, Taylor
from taylorad.run import eager

BINARY = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
}


@pytest.fixture(autouse=True)
def machine_code() -> None:
    eager.load_now()


def series(seed: int, order: int = 12, first: float = 0.75) -> Taylor:
    c = np.random.default_rng(seed).uniform(-1, 1, order + 1)
    c[0] = first
    return Taylor(c)


def exactly(c: Taylor) -> Taylor:
    return Taylor([Fraction(float(x)) for x in c])


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("number", [2, -3, 0.375, np.float64(1.5), np.float32(0.25), np.int64(7)])
def test_numbers_beside_series(name: str, number: object) -> None:
    x = series(1)
    exact = Fraction(float(number))  # type: ignore[arg-type]
    for ours, wanted in (
        (BINARY[name](x, number), BINARY[name](exactly(x), exact)),
        (BINARY[name](number, x), BINARY[name](exact, exactly(x))),
    ):
        assert type(ours) is Taylor
        assert ours.order == 12
        assert not ours.exact
        np.testing.assert_allclose(ours.coefficients, [float(c) for c in wanted], rtol=1e-14, atol=1e-14)
    np.testing.assert_array_equal(x.coefficients, series(1).coefficients)  # nothing was changed in place


@pytest.mark.parametrize("name", BINARY)
def test_two_series(name: str) -> None:
    x, y = series(1), series(2, first=2.0)
    wanted = BINARY[name](exactly(x), exactly(y))
    np.testing.assert_allclose(BINARY[name](x, y).coefficients, [float(c) for c in wanted], rtol=1e-13, atol=1e-14)
    assert BINARY[name](x, series(2, 5, 2.0)).order == 5
    assert BINARY[name](series(2, 5, 2.0), y).order == 5


def test_exact_polynomials_stay_exact() -> None:
    p = ta.polynomial([1.0, 2.0])
    for q in (p + 1, 1 + p, p - 1.5, 2 - p, p * 2, 3.0 * p, p / 2, p + p, p - p, p * p):
        assert q.exact
    with pytest.raises(ta.OrderError):
        ta.exp(p)


def test_batches_and_complex_series_take_numbers_too() -> None:
    c = np.array([[1.0, 2.0], [0.5, 0.25], [1.0, -1.0]])
    x = Taylor(c)
    np.testing.assert_array_equal((x + 1).coefficients, c + np.array([[1], [0], [0]]))
    np.testing.assert_array_equal((1 - x).coefficients, np.array([[1], [0], [0]]) - c)
    np.testing.assert_array_equal((x / 4).coefficients, c / 4)
    z = Taylor([1 + 1j, 2.0])
    assert list((z + 1).coefficients) == [2 + 1j, 2]
    assert list((2 / z).coefficients) == pytest.approx([1 - 1j, 2j])
    assert list((z**0.5).coefficients) == pytest.approx(list((ta.sqrt(z)).coefficients))


def test_singular_points_raise_as_ever() -> None:
    t, x = Taylor([0.0, 1.0, 0.0]), series(1, 2)
    for call in (lambda: x / t, lambda: 1 / t, lambda: x / 0, lambda: t**0.5, lambda: t**-1, lambda: ta.log(t)):
        with pytest.raises(SingularExpansionError):
            call()
    for call in (lambda: ta.log(-x), lambda: (-x) ** 0.5, lambda: ta.asin(x + 3), lambda: np.log(-x)):
        with pytest.raises(DomainError):
            call()
    assert (t / t).order == 1


@pytest.mark.parametrize("name", ["exp", "sin", "atan2", "hypot", "erf", "tan"])
def test_functions_by_every_road(name: str) -> None:
    x, y = series(1), series(3, first=0.5)
    args = (x, y) if name in ("atan2", "hypot") else (x,)
    ufunc = {"atan2": np.arctan2, "hypot": np.hypot, "exp": np.exp, "sin": np.sin, "tan": np.tan}.get(name)
    found = getattr(ta, name)(*args)
    same = [getattr(x, name)(*args[1:]), getattr(ta, name)(*args, side=1)]
    if ufunc is not None:
        same += [ufunc(*args), ufunc(*args)]
    for other in same:
        np.testing.assert_array_equal(other.coefficients, found.coefficients)
    batch = getattr(ta, name)(*[Taylor(np.stack([a.coefficients] * 3, axis=1)) for a in args])
    np.testing.assert_allclose(batch.coefficients[:, 1], found.coefficients, rtol=1e-12, atol=1e-12)
    with pytest.raises(TypeError):
        getattr(ta, name)(*args, x)


def test_series_of_series_do_not_take_the_short_way() -> None:
    inner = ta.variable(0.5, 3)
    outer = ta.variable(inner, 2)
    found = (outer * inner + 1) / outer
    value = found[0][0] if isinstance(found[0], Taylor) else found[0]
    assert float(value) == pytest.approx(0.5 + 2)
    assert float(ta.exp(outer)[1][2]) == pytest.approx(np.exp(0.5) / 2)


def test_comparisons_look_at_constant_terms() -> None:
    x = series(1)
    assert x > 0
    assert x < 1
    assert not x > series(2, first=2.0)
    with pytest.raises(SingularExpansionError, match="tie"):
        bool(x > 0.75)


def test_equal_series_have_equal_hashes() -> None:
    assert hash(ta.polynomial([1])) == hash(ta.polynomial([1.0, 0.0])) == hash(1)
    assert hash(Taylor([1.0, 2.0])) == hash(Taylor([1, 2])) == hash(Taylor([1 + 0j, 2]))
    assert len({series(1), series(1), series(2)}) == 2


def test_a_pickled_series_is_of_the_same_ring() -> None:
    x = series(1)
    again = pickle.loads(pickle.dumps(x))
    assert again == x
    assert again._ring is x._ring
    assert ta.variable(0.5, 3)._ring is Taylor([0.5, 1.0])._ring
