"""Inverses of maps: exact, float, rigorous, batches; polynomials over intervals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest

import taylorad as ta

F = Fraction


def test_the_inverse_of_exponential_and_logarithm() -> None:
    """Restated from TaylorSeries.jl's test/manyvariables.jl (MIT licence), order 17; here exact."""
    x, y = ta.variables([F(0), F(0)], 10, "x y")
    u, v = ta.inverse_map([ta.exp(x) - 1, ta.log(1 + y)])
    assert u == ta.log(1 + x)
    assert v == ta.exp(y) - 1
    x, y = ta.variables([0.0, 0.0], 17, "x y")
    u, v = ta.inverse_map([ta.exp(x) - 1, ta.log(1 + y)])
    assert u.isclose(ta.log(1 + x), 1e-12, 1e-14)
    assert v.isclose(ta.exp(y) - 1, 1e-12, 1e-14)


def coupled(x: Any, y: Any, z: Any) -> list[Any]:
    return [np.sin(x + 2 * y) + z * x, np.exp(y - z) - 1 + x * x, z + x * y * z + y]


@pytest.mark.parametrize("zero", [0.0, 0j, flint.arb(0)], ids=["float64", "complex128", "arb"])
def test_a_map_and_its_inverse_are_the_identity(zero: Any) -> None:
    axes = ta.variables([zero] * 3, 5)
    forth = coupled(*axes)
    back = ta.inverse_map(forth)
    for f, g, x in zip(forth, back, axes, strict=True):
        for found in (f.compose(*back), g.compose(*forth)):
            pairs = zip(found.coefficients, x.coefficients, strict=True)
            if isinstance(zero, flint.arb):
                assert all(a.contains(b) and a.rad() < 1e-9 for a, b in pairs)
            else:
                assert all(abs(a - b) < 1e-12 for a, b in pairs)


def test_a_batch_of_maps() -> None:
    slopes = np.array([1.0, 2.0, -0.5])
    x, y = ta.variables([np.zeros(3), 0.0], 4, "x y")
    back = ta.inverse_map([x * slopes + y * y, y - x])
    for i in range(3):
        p, q = ta.variables([0.0, 0.0], 4, "x y")
        alone = ta.inverse_map([p * slopes[i] + q * q, q - p])
        assert back[0].at(i).isclose(alone[0], 1e-13)


@pytest.mark.parametrize(
    ("maps", "error", "words"),
    [
        (lambda x, y: [x], ta.ShapeError, "1 polynomials in 2 variables"),
        (lambda x, y: [], ta.ShapeError, "a map is a list"),
        (lambda x, y: [x + y, x + y], ta.SingularExpansionError, "singular"),
        (lambda x, y: [x + 1, y], ta.DomainError, "constant term 1.0"),
        (lambda x, y: ta.variables([0.0, 0.0], 2, caps=1), ta.OrderError, "all monomials"),
        (
            lambda x, y: (lambda a, b: [a + b, a * ta.interval(0.5, 1.5) + b])(
                *ta.variables([ta.interval(0, 0), ta.interval(0, 0)], 2)
            ),
            ta.UncertifiedError,
            "may be singular",
        ),
    ],
)
def test_errors_say_what_and_what_next(maps: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ta.inverse_map(maps(*ta.variables([0.0, 0.0], 3, "x y")))


def test_polynomials_over_intervals_enclose() -> None:
    """Coefficients at points inside, and a coefficient whose sign is open is written as it is."""
    x, y = ta.variables([ta.interval(1, 1.5), ta.interval(2, 2.25)], 3, "x y")
    f = np.exp(x * y) / (1 + x) - x**-2 + ta.sin(y)
    rng = np.random.default_rng(0)
    for _ in range(20):
        p, q = ta.variables([rng.uniform(1, 1.5), rng.uniform(2, 2.25)], 3, "x y")
        g = np.exp(p * q) / (1 + p) - p**-2 + ta.sin(q)
        for c, box in zip(g.coefficients, f.coefficients, strict=True):
            assert box.lo - 1e-13 <= c <= box.hi + 1e-13
    assert repr(2 * x - y) == "[-0.25, 1.0] + [2.0, 2.0] x + [-1.0, -1.0] y + O((x, y)^4)"
    tensor = ta.derivative_tensor(lambda r: r[0] ** 2 * r[1], [ta.interval(1, 1.5), ta.interval(2, 2)], order=2)
    assert (tensor[0, 1].lo, tensor[0, 1].hi) == (2.0, 3.0)
