"""Gradients of numbers made of solutions: against variational equations, closed forms, and memory for few states."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad.errors import DomainError, ShapeError, UnsupportedFunctionError
from taylorad.ode.adjoint import BLOCK
from taylorad.ode.revolve import Revolve


def lorenz(t: Any, y: Any, s: Any, r: Any, b: Any) -> Any:
    return [s * (y[1] - y[0]), y[0] * (r - y[2]) - y[1] + np.sin(t) / 10, y[0] * y[1] - b * y[2]]


START, ARGS = np.array([1.0, 1.0, 1.1]), (10.0, 28.0, 8 / 3)


def variational(f: Any, dim: int, count: int) -> Any:
    """y′ = f with Y′ = f_y·Y + f_p for the derivatives by y0 and the arguments, as one ordinary system."""

    def field(t: Any, z: Any, *p: Any) -> Any:
        y, rows = z[:dim], np.reshape(z[dim:], (dim + count, dim))
        out = list(f(t, y, *p))
        for i in range(dim + count):
            unit = [float(i == dim + j) for j in range(count)]
            point = (y, np.stack([*p])) if count else (y, np.zeros(0))
            moved = ta.jvp(lambda q: np.stack(f(t, q[0], *q[1])), point, (rows[i], np.array(unit)))
            out += list(moved)
        return out

    return field


def carried(f: Any, span: Any, y0: np.ndarray, args: Any, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The states (dim, m) at some times, and their derivatives (dim + count, dim, m)."""
    dim, count = len(y0), len(args)
    z0 = np.concatenate([y0, np.eye(dim).ravel(), np.zeros(count * dim)])
    p = ta.compile_ode(variational(f, dim, count), len(z0), count, rtol=1e-14, atol=1e-14)
    z = p.solve(span, z0, args, t_eval=times).y
    return z[:dim], z[dim:].reshape(dim + count, dim, -1)


def loss(y: Any) -> Any:
    return np.sum(y**2) / 100 + y[0] * np.exp(y[1] / 10)


def test_gradient_of_the_end_against_the_variational_equations() -> None:
    p = ta.compile_ode(lorenz, 3, rtol=1e-14, atol=1e-14)
    value, slope = p.value_and_gradient(loss, (0, 2), START, ARGS)
    y, d = carried(lorenz, (0, 2), START, ARGS, np.array([2.0]))
    expected = d[:, :, 0] @ ta.gradient(loss, y[:, 0])
    assert value == pytest.approx(loss(y[:, 0]), rel=1e-11)
    np.testing.assert_allclose(slope.y0, expected[:3], rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(slope.args, expected[3:], rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("span", [(0.0, 2.0), (0.5, 0.2)])
def test_gradient_of_samples(span: tuple[float, float]) -> None:
    """Times inside of steps and at the ends, forward and backward in time."""
    times = span[0] + np.array([0.0, 0.1, 0.5, 0.6, 1.0]) * (span[1] - span[0])

    def misfit(y: Any) -> Any:
        return np.sum(y[0] * y[1] ** 2) / 50 + y[2, 1] * y[0, 3]

    p = ta.compile_ode(lorenz, 3, rtol=1e-14, atol=1e-14)
    start = START if span[0] == 0 else np.array([-2.0, -3.0, 15.0])
    value, slope = p.value_and_gradient(misfit, span, start, {"r": 28.0, "s": 10.0, "b": 8 / 3}, t_eval=times)
    y, d = carried(lorenz, span, start, ARGS, times)
    expected = np.einsum("jim,im->j", d, ta.gradient(misfit, y))
    assert value == pytest.approx(misfit(y), rel=1e-9)
    np.testing.assert_allclose(slope.y0, expected[:3], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose([slope.args[k] for k in "srb"], expected[3:], rtol=1e-9, atol=1e-10)


def test_it_is_the_steps_that_are_differentiated() -> None:
    """At a loose tolerance the slope is that of the polynomials: for x′ = a·x, a product of Σ (a·h)^k/k!."""
    p = ta.compile_ode(lambda t, y, a: [a * y[0]], 1, rtol=1e-3, atol=1e-3, order=4)
    value, slope = p.value_and_gradient(lambda y: y[0], (0, 2), [2.0], (1.0,))
    h = np.diff(p.solve((0, 2), [2.0], (1.0,)).t)
    assert slope.stats["steps"] == len(h)
    steps = 1 + h + h**2 / 2 + h**3 / 6 + h**4 / 24
    assert value == pytest.approx(2 * np.prod(steps), rel=1e-14)
    assert slope.y0[0] == pytest.approx(np.prod(steps), rel=1e-14)
    relative = h * (1 + h + h**2 / 2 + h**3 / 6) / steps
    assert slope.args[0] == pytest.approx(2 * np.prod(steps) * np.sum(relative), rel=1e-13)
    assert abs(np.prod(steps) - np.exp(2)) > 1e-6


def test_forward_and_reverse_agree() -> None:
    """Derivatives carried along with the same steps, contracted with the loss', are the adjoint's to rounding."""
    p = ta.compile_ode(lorenz, 3, rtol=1e-6, atol=1e-6)
    _, slope = p.value_and_gradient(loss, (0, 2), START, ARGS)
    s = p.solve((0, 2), START, ARGS, sensitivity=ta.Sensitivity(y0=True, args=True))
    bar = ta.gradient(loss, s.y[:, -1])
    np.testing.assert_allclose(slope.y0, bar @ s.dy_dy0(2.0), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(slope.args, bar @ s.dy_dargs(2.0), rtol=1e-11, atol=1e-12)


def test_large_systems() -> None:
    """A heat equation in a vector: y(t) = exp(tA)·y0, and so is the adjoint."""
    n = 100
    A = (np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1) - 2 * np.eye(n)) * 9

    def field(t: Any, y: Any, k: Any) -> Any:
        left, right = np.concatenate([np.zeros(1), y[:-1]]), np.concatenate([y[1:], np.zeros(1)])
        return k * (left - 2 * y + right)

    w, y0 = np.linspace(0, 1, n), np.sin(np.arange(n))
    p = ta.compile_ode(field, n, rtol=1e-13, atol=1e-14)
    value, slope = p.value_and_gradient(lambda y: np.sum(w * y), (0, 0.5), y0, (9.0,))
    values, vectors = np.linalg.eigh(A)
    flow = vectors @ np.diag(np.exp(0.5 * values)) @ vectors.T
    assert value == pytest.approx(w @ flow @ y0, rel=1e-10)
    np.testing.assert_allclose(slope.y0, flow @ w, rtol=1e-9, atol=1e-11)
    assert slope.args[0] == pytest.approx(w @ (0.5 * A / 9) @ flow @ y0, rel=1e-9)


def test_arrays_of_arguments_and_functions_of_the_book() -> None:
    W = np.random.default_rng(2).standard_normal((3, 3)) / 2

    def field(t: Any, y: Any, W: Any, c: Any) -> Any:
        return np.tanh(W @ y) + ta.gamma(2 + c * y) / 10

    p = ta.compile_ode(field, 3, shapes=[(3, 3), ()], rtol=1e-13, atol=1e-13)
    y0 = np.array([0.3, -0.1, 0.2])
    _, slope = p.value_and_gradient(lambda y: np.sum(y**2), (0, 1), y0, (W, 0.4))
    assert slope.args[0].shape == (3, 3)
    h = 1e-5
    for place in ((0, 0), (1, 2)):
        D = np.zeros((3, 3))
        D[place] = h
        plus, minus = (np.sum(p.propagate(0, 1, y0, (W + s * D, 0.4)) ** 2) for s in (1, -1))
        assert slope.args[0][place] == pytest.approx((plus - minus) / (2 * h), rel=1e-7, abs=1e-9)
    plus, minus = (np.sum(p.propagate(0, 1, y0, (W, 0.4 + s * h)) ** 2) for s in (1, -1))
    assert slope.args[1] == pytest.approx((plus - minus) / (2 * h), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("checkpoints", [1, 2, 3, 7])
def test_memory_is_bounded_and_changes_nothing(checkpoints: int) -> None:
    p = ta.compile_ode(lorenz, 3, rtol=1e-9)
    times = np.linspace(0, 12, 7)
    value, slope = p.value_and_gradient(lambda y: np.sum(y**2), (0, 12), START, ARGS, t_eval=times)
    few, again = p.value_and_gradient(
        lambda y: np.sum(y**2), (0, 12), START, ARGS, t_eval=times, checkpoints=checkpoints
    )
    assert few == value
    np.testing.assert_array_equal(again.y0, slope.y0)
    assert again.args == slope.args
    assert again.stats["memory"] <= slope.stats["memory"]
    assert again.stats["steps"] == slope.stats["steps"] > BLOCK * min(checkpoints, 3)


@pytest.mark.parametrize("kept", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("length", [1, 2, 7, 64, 300])
def test_revolve(kept: int, length: int) -> None:
    """Every part once, in falling order, with few states, and no more work than twice the binomial bound."""
    order: list[int] = []
    revolve = Revolve(kept, lambda s: s + 1 if s + 1 < length else None, order.append)
    revolve.run(0, lambda: None)
    assert order == list(range(length - 1, -1, -1))
    assert revolve.most <= kept
    repeats = next(r for r in range(length + 1) if comb(kept + r, r) >= length)
    assert revolve.advances <= 2 * (repeats + 1) * length


def test_an_orbit_is_aimed() -> None:
    """Newton's method on a value and its slopes: the speed at which a pendulum is released to be upright at t = 2."""
    p = ta.compile_ode(lambda t, y: [y[1], -np.sin(y[0])], 2, rtol=1e-12)
    speed = 2.0
    for _ in range(8):
        angle, slope = p.value_and_gradient(lambda y: y[0], (0, 2), [0.0, speed])
        speed -= (angle - np.pi) / slope.y0[1]
    assert p.propagate(0, 2, [0.0, speed])[0] == pytest.approx(np.pi, rel=1e-10)


def test_nothing_to_integrate() -> None:
    p = ta.compile_ode(lorenz, 3)
    value, slope = p.value_and_gradient(lambda y: np.sum(y**2), (1, 1), START, ARGS)
    assert value == pytest.approx(np.sum(START**2))
    np.testing.assert_allclose(slope.y0, 2 * START)
    assert slope.args == (0.0, 0.0, 0.0)
    value, slope = p.value_and_gradient(lambda y: np.sum(y), (1, 1), START, ARGS, t_eval=[1.0])
    np.testing.assert_allclose(slope.y0, 1.0)


def test_misuse_is_told() -> None:
    p = ta.compile_ode(lambda t, y: [y[0] ** 2], 1)
    with pytest.raises(DomainError, match="does not go beyond"):
        p.value_and_gradient(lambda y: y[0], (0, 2), [1.0])
    with pytest.raises(DomainError, match="max_steps"):
        p.value_and_gradient(lambda y: y[0], (0, 0.5), [1.0], max_steps=1)
    with pytest.raises(ShapeError, match="one number"):
        p.value_and_gradient(lambda y: y, (0, 0.5), [1.0], t_eval=[0.1, 0.2])
    branched = ta.compile_ode(lambda t, y: [np.abs(y[0]) - 1], 1)
    with pytest.raises(UnsupportedFunctionError, match="branches"):
        branched.value_and_gradient(lambda y: y[0], (0, 1), [0.5])
    with pytest.raises(UnsupportedFunctionError, match="parameters"):
        ta.compile_ode(lambda t, y, nu: [ta.jv(nu, y[0])], 1).value_and_gradient(lambda y: y[0], (0, 1), [0.5], (1.0,))
