"""Hamilton's and Lagrange's equations from a scalar function."""

from __future__ import annotations

import numpy as np
import pytest

import taylorad as ta
from taylorad.errors import DomainError, TraceError


def test_hamiltons_equations_of_kepler() -> None:
    def H(q, p, mu):
        return p @ p / 2 - mu / np.sqrt(q @ q)

    p = ta.compile_ode(ta.hamiltonian(H), 4, rtol=1e-14, atol=1e-14)
    y0 = [0.5, 0.0, 0.0, np.sqrt(3.0)]
    assert p.arguments.names == ("mu",)
    np.testing.assert_allclose(p.propagate(0, 2 * np.pi, y0, (1.0,)), y0, atol=1e-11)
    np.testing.assert_allclose(ta.hamiltonian(H)(0.0, np.array(y0), 1.0), [0.0, np.sqrt(3.0), -4.0, 0.0], rtol=1e-14)


def double_pendulum_energy(y, m=(1.0, 2.0), length=(1.0, 0.7), g=9.8):
    (a, b), (v, w) = y[:2], y[2:]
    kinetic = m[0] * (length[0] * v) ** 2 / 2 + m[1] / 2 * (
        (length[0] * v) ** 2 + (length[1] * w) ** 2 + 2 * length[0] * length[1] * v * w * np.cos(a - b)
    )
    height = -(m[0] + m[1]) * length[0] * np.cos(a) - m[1] * length[1] * np.cos(b)
    return kinetic, g * height


def test_lagranges_equations_of_the_double_pendulum() -> None:
    def L(q, v):
        kinetic, potential = double_pendulum_energy(np.concatenate([q, v]))
        return kinetic - potential

    f = ta.lagrangian(L)
    p = ta.compile_ode(f, 4, rtol=1e-13, atol=1e-13)
    y0 = np.array([1.0, 0.5, 0.0, 0.3])
    s = p.solve((0, 5), y0)
    energy = [sum(double_pendulum_energy(y)) for y in s.y.T]
    assert np.ptp(energy) < 1e-10
    # the equations of motion as they are in textbooks, at one point
    (a, b), (v, w), (m, M), (k, K), g = y0[:2], y0[2:], (1.0, 2.0), (1.0, 0.7), 9.8
    masses = np.array([[(m + M) * k, M * K * np.cos(a - b)], [k * np.cos(a - b), K]])
    force = [-M * K * w**2 * np.sin(a - b) - (m + M) * g * np.sin(a), k * v**2 * np.sin(a - b) - g * np.sin(b)]
    np.testing.assert_allclose(f(0.0, y0)[2:], np.linalg.solve(masses, force), rtol=1e-12)


def test_time_in_a_lagrangian() -> None:
    def L(t, q, v, c):
        return np.exp(c * t) * (v[0] ** 2 - q[0] ** 2) / 2  # x″ + c·x′ + x = 0

    p = ta.compile_ode(ta.lagrangian(L, time=True), 2, rtol=1e-14, atol=1e-14)
    w = np.sqrt(1 - 0.01)
    x = np.exp(-0.3) * (np.cos(3 * w) + 0.1 / w * np.sin(3 * w))
    np.testing.assert_allclose(p.propagate(0, 3, [1.0, 0.0], (0.2,))[0], x, rtol=1e-12)


def test_time_in_a_hamiltonian() -> None:
    p = ta.compile_ode(ta.hamiltonian(lambda t, q, p: p[0] ** 2 / 2 - q[0] * np.cos(t), time=True), 2, rtol=1e-14)
    np.testing.assert_allclose(p.propagate(0, 2, [0.0, 0.0]), [1 - np.cos(2), np.sin(2)], rtol=1e-12)


def test_odd_states_are_refused() -> None:
    with pytest.raises((DomainError, TraceError), match="3 components"):
        ta.compile_ode(ta.hamiltonian(lambda q, p: p @ p), 3)
