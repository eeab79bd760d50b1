"""Gradients where a graph has no answer: branches on values, removable singularities, kinks, domains, misuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad.errors import (
    DomainError,
    MixedRingError,
    ShapeError,
    SingularExpansionError,
    TraceError,
    UnsupportedFunctionError,
)


def branching(x: Any) -> Any:
    return x[0] * x[1] if x[0] > 0 else x[0] ** 2


def test_branches_on_values_are_followed() -> None:
    x = np.array([2.0, 3.0])
    assert ta.gradient(branching, x).tolist() == [3.0, 2.0]
    assert ta.gradient(branching, -x).tolist() == [-4.0, 0.0]
    assert ta.hessian(branching, x).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    value, slope, curvature = ta.gh(branching, -x)
    assert (value, slope.tolist(), curvature.tolist()) == (4.0, [-4.0, 0.0], [[2.0, 0.0], [0.0, 0.0]])
    assert ta.jvp(branching, x, x) == 12.0
    assert ta.vjp(branching, x, 2.0).tolist() == [6.0, 4.0]
    assert ta.hvp(branching, x, x).tolist() == [3.0, 2.0]
    both = ta.gradient(branching, np.stack([x, -x], axis=1), batch=1)
    assert both.tolist() == [[3.0, -4.0], [2.0, 0.0]]


def test_removable_singularities() -> None:
    def f(x: Any) -> Any:
        return np.sin(x) / x

    assert ta.gradient(f, 0.0) == 0.0
    assert ta.hessian(f, 0.0) == pytest.approx(-1 / 3, rel=1e-15)
    np.testing.assert_allclose(ta.hessian(f, np.array([0.0, 1.0]), batch=1), [-1 / 3, np.sin(1) - 2 * np.cos(1)])


@pytest.mark.parametrize(
    ("f", "x", "message"),
    [
        (lambda x: np.abs(x[0]), [0.0, 1.0], "kink"),
        (lambda x: np.sqrt(x[0] ** 2 + x[1] ** 2), [0.0, 0.0], "kink"),
        (lambda x: x[0] * x[1] / (x[0] + x[1]), [0.0, 0.0], "not differentiable"),
        (lambda x: np.log(x[0]), [0.0, 1.0], "log"),
        (lambda x: 1 / x[0], [0.0, 1.0], "pole|zero"),
        (lambda x: np.sum(np.abs(x)), np.arange(12.0), "kink"),
    ],
)
def test_points_without_a_derivative(f: Any, x: Any, message: str) -> None:
    with pytest.raises(SingularExpansionError, match=message):
        ta.gradient(f, x)


def test_the_domain_of_the_function_counts() -> None:
    """1/x is fine at −1, log x is not."""
    for name in ("gradient", "hessian", "jacobian"):
        with pytest.raises(DomainError, match="log needs"):
            getattr(ta, name)(lambda x: np.log(x[0]) + x[1], [-1.0, 1.0])


def test_domains_of_numbers_among_vectors_count() -> None:
    """Every result is a vector, and the number inside that has no logarithm is seen."""
    with pytest.raises(DomainError, match="log needs"):
        ta.vjp(lambda x: x * np.log(np.sum(x)), -np.ones(12), np.ones(12))
    with pytest.raises(DomainError, match="log needs"):
        ta.compile(lambda x: x * np.log(np.sum(x)), order=2, shapes=[12])(-np.ones(12), along=np.ones(12))


def test_misuse_is_told() -> None:
    x = np.array([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"shape \(2,\): use ta.jacobian"):
        ta.gradient(lambda y: y, x)
    with pytest.raises(ShapeError, match=r"use ta\.jacobian"):
        ta.hessian(lambda y: y * y[0], x)
    with pytest.raises(ShapeError, match="list of them: stack"):
        ta.jacobian(lambda y: [y, y], x)
    with pytest.raises(TraceError, match="det"):
        ta.gradient(lambda y: np.linalg.det(np.outer(y, y)), x)
    with pytest.raises(ShapeError, match="returned None"):
        ta.gradient(lambda y: None, x)
    with pytest.raises(ShapeError, match="no elements"):
        ta.gradient(np.sum, np.zeros(0))
    with pytest.raises(DomainError, match="nan is not a finite"):
        ta.gradient(np.sum, [1.0, np.nan])
    with pytest.raises(TypeError, match="is of a function"):
        ta.gradient(3.0, x)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ShapeError, match="direction must have the form"):
        ta.hvp(lambda y: y[0] ** 2, x, np.ones(3))
    with pytest.raises(ShapeError, match="weights must have the form"):
        ta.vjp(lambda y: y * y[0], x, np.ones(3))
    with pytest.raises(ShapeError, match="not by a dict"):
        ta.hessian(lambda d: d["a"] ** 2, {"a": 1.0})
    with pytest.raises(ShapeError, match="batch=2"):
        ta.gradient(lambda y: y[0], x, batch=2)
    with pytest.raises(MixedRingError, match="no number"):
        ta.gradient(lambda y: y[0], ["a", "b"])
    with pytest.raises(UnsupportedFunctionError, match="parameter nu"):
        ta.gradient(lambda y: ta.jv(y[0], y[1]), x)
