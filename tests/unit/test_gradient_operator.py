"""Hessians as operators, and gradients in the hands of scipy's optimisers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

import taylorad as ta
from taylorad.errors import DomainError, ShapeError


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize("method", ["trust-exact", "trust-ncg", "Newton-CG", "BFGS", "L-BFGS-B", "dogleg"])
@pytest.mark.parametrize("n", [2, 12])
def test_scipy_minimizes_rosenbrock(method: str, n: int) -> None:
    more: dict[str, Any] = {}
    if method in ("trust-exact", "dogleg"):
        more = {"hess": ta.hessian(rosenbrock)}
    elif method in ("trust-ncg", "Newton-CG"):
        more = {"hessp": ta.hvp(rosenbrock)}
    start = np.full(n, 1.2) if method == "dogleg" else np.linspace(0.5, 1.5, n)
    found = scipy.optimize.minimize(rosenbrock, start, jac=ta.gradient(rosenbrock), method=method, tol=1e-11, **more)
    np.testing.assert_allclose(found.x, np.ones(n), atol=1e-4)


def test_arguments_pass_through_scipy() -> None:
    def f(x: Any, a: np.ndarray, power: int) -> Any:
        return np.sum((x - a) ** power)

    a = np.array([1.0, -2.0, 0.5])
    found = scipy.optimize.minimize(
        f, np.zeros(3), (a, 4), jac=ta.gradient(f), hess=ta.hessian(f), method="trust-exact", tol=1e-12
    )
    np.testing.assert_allclose(found.x, a, atol=1e-3)


def test_value_and_gradient_as_one_callable() -> None:
    found = scipy.optimize.minimize(ta.value_and_gradient(rosenbrock), np.zeros(5), jac=True, method="BFGS")
    np.testing.assert_allclose(found.x, np.ones(5), atol=1e-4)


def test_least_squares_takes_a_jacobian() -> None:
    t = np.linspace(0, 2, 15)
    truth = np.array([1.3, -0.7, 0.4])

    def residuals(p: Any) -> Any:
        return p[0] * np.exp(p[1] * t) + p[2] - (truth[0] * np.exp(truth[1] * t) + truth[2])

    found = scipy.optimize.least_squares(residuals, [1.0, -1.0, 0.0], jac=ta.jacobian(residuals))
    np.testing.assert_allclose(found.x, truth, rtol=1e-8)


@pytest.mark.parametrize("shape", [(5,), (3, 5)])
def test_operator_is_the_hessian(shape: tuple[int, ...]) -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * np.sum(x)) + np.exp(np.sum(x[0]) / 3)

    x = np.random.default_rng(1).standard_normal(shape)
    H = ta.hessian(f, x).reshape(x.size, x.size)
    operator = ta.hessian_operator(f, x)
    assert operator.shape == H.shape
    np.testing.assert_allclose(operator @ np.eye(x.size), H, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(operator @ np.ones(x.size), H.sum(axis=1), rtol=1e-12, atol=1e-13)
    true = np.linalg.eigvalsh(H)
    np.testing.assert_allclose(ta.hessian_eigenvalues(f, x, 3), true[:-4:-1], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(ta.hessian_eigenvalues(f, x, 2, which="SA"), true[:2], rtol=1e-9, atol=1e-10)
    estimate, error = ta.hessian_trace(f, x, 400)
    assert error > 0
    assert abs(estimate - np.trace(H)) < 5 * error
    assert ta.hessian_trace(f, x, 400) == (estimate, error)


def test_trace_of_a_diagonal_hessian_is_exact() -> None:
    x = np.arange(12.0)
    estimate, error = ta.hessian_trace(lambda y: np.sum(y**3), x, 3)
    assert estimate == 6 * x.sum()
    assert error == 0


def test_thousand_variables() -> None:
    """Rosenbrock's chain: the operator, its largest eigenvalue, and the dense Hessian agree."""
    x = np.full(1000, 1.0)
    H = ta.hessian(rosenbrock, x)
    assert np.count_nonzero(H) == 2998
    assert H[0, 0] == 802.0
    assert H[500, 500] == 1002.0
    assert H[500, 501] == -400.0
    top = ta.hessian_eigenvalues(rosenbrock, x, 1, tol=1e-10)[0]
    true = scipy.linalg.eigvalsh_tridiagonal(np.diag(H).copy(), np.diag(H, 1).copy(), "i", (999, 999))
    assert top == pytest.approx(true[0], rel=1e-9)
    v = np.random.default_rng(0).standard_normal(1000)
    np.testing.assert_allclose(ta.hessian_operator(rosenbrock, x) @ v, H @ v, rtol=1e-12, atol=1e-9)


def test_misuse_is_told() -> None:
    with pytest.raises(ShapeError, match="point of floats"):
        ta.hessian_operator(rosenbrock, np.array([1j, 2.0]))
    with pytest.raises(DomainError, match="two samples"):
        ta.hessian_trace(rosenbrock, np.ones(3), 1)
    with pytest.raises(DomainError, match="eigenvalues"):
        ta.hessian_eigenvalues(rosenbrock, np.ones(3), 0)
