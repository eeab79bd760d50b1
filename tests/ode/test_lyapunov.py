"""Lyapunov exponents and Poincaré maps."""

from __future__ import annotations

import numpy as np
import pytest
from problems import PROBLEMS

import taylorad as ta
from taylorad.errors import DomainError


def test_a_linear_system_has_its_eigenvalues() -> None:
    basis = np.array([[1.0, 0.3, 0.0], [0.2, 1.0, 0.5], [0.0, -0.4, 1.0]])
    a = basis @ np.diag([1.0, -0.5, -3.0]) @ np.linalg.inv(basis)
    p = ta.compile_ode(lambda t, y: a @ y, 3)
    found = ta.lyapunov_spectrum(p, [1.0, 1.0, 1.0], 200.0, transient=10.0)
    np.testing.assert_allclose(found.exponents, [1.0, -0.5, -3.0], atol=1e-6)
    assert len(found.times) == len(found.history)
    np.testing.assert_allclose(found.directions.T @ found.directions, np.eye(3), atol=1e-14)


def test_lorenz() -> None:
    p = ta.compile_ode(PROBLEMS["lorenz"].f, 3, rtol=1e-10)
    found = ta.lyapunov_spectrum(p, [1.0, 1.0, 20.0], 400.0, transient=20.0)
    assert abs(found.exponents.sum() + 10 + 1 + 8 / 3) < 1e-6  # the divergence is constant
    assert abs(found.exponents[0] - 0.9056) < 0.03  # Sprott, Chaos and Time-Series Analysis, 2003
    assert abs(found.exponents[1]) < 0.02
    assert abs(found.dimension - 2.06) < 0.01
    first = ta.lyapunov_spectrum(p, found.state, 100.0, n=1)
    assert abs(first.exponents[0] - 0.9056) < 0.15


def test_stiff_contraction_is_followed() -> None:
    p = ta.compile_ode(lambda t, y: [-y[0], -2000 * (y[1] - np.cos(t))], 2)
    np.testing.assert_allclose(ta.lyapunov_spectrum(p, [1.0, 1.0], 2.0).exponents, [-1, -2000], rtol=1e-5)


def test_exponents_that_cannot_be() -> None:
    p = ta.compile_ode(lambda t, y: [y[0] ** 2], 1)
    with pytest.raises(DomainError, match="beyond"):
        ta.lyapunov_spectrum(p, [1.0], 2.0)
    with pytest.raises(DomainError, match="exponents"):
        ta.lyapunov_spectrum(p, [1.0], 0.5, n=2)
    with pytest.raises(DomainError, match="compile_ode"):
        ta.lyapunov_spectrum(lambda t, y: y, [1.0], 0.5)
    with pytest.raises(DomainError, match="compile_ode"):
        ta.poincare_map(lambda t, y: y, lambda t, y: y[0])
    with pytest.raises(DomainError, match="transient"):
        ta.lyapunov_spectrum(p, [1.0], 0.5, transient=1.0)


def test_a_poincare_map_and_its_derivative() -> None:
    p = ta.compile_ode(PROBLEMS["vdp5"].f, 2, rtol=1e-13, atol=1e-13)
    section = ta.poincare_map(p, lambda t, y: y[0], direction=1)
    y = section.orbit([0.1, 0.0], 12)[-1]  # on the limit cycle
    back = section(y)
    np.testing.assert_allclose(back.y, y, atol=1e-9)
    assert abs(back.t - 11.612230667716) < 1e-6  # the period for mu = 5
    h = 1e-4
    near = (section(y + np.array([0, h])).y - section(y - np.array([0, h])).y) / (2 * h)
    np.testing.assert_allclose(back.derivative[:, 1], near, atol=1e-6)
    np.testing.assert_allclose(back.derivative[0], 0, atol=1e-9)


def test_a_hamiltonian_section_preserves_area() -> None:
    p = ta.compile_ode(PROBLEMS["henon_heiles"].f, 4, rtol=1e-14, atol=1e-14)
    section = ta.poincare_map(p, lambda t, y: y[0], direction=1)
    y = section(PROBLEMS["henon_heiles"].y0).y
    back = section(y)
    # on the section of constant energy, with (y, p_y) as coordinates, px follows from the energy
    energy = np.array([y[0] + 2 * y[0] * y[1], y[1] + y[0] ** 2 - y[1] ** 2, y[2], y[3]])
    directions = np.zeros((4, 2))
    for column, i in enumerate((1, 3)):
        directions[i, column] = 1
        directions[2, column] = -energy[i] / energy[2]
    reduced = (back.derivative @ directions)[[1, 3]]
    assert abs(np.linalg.det(reduced) - 1) < 1e-9


def test_a_section_that_is_never_reached() -> None:
    p = ta.compile_ode(lambda t, y: [1.0 + 0 * y[0]], 1)
    with pytest.raises(DomainError, match="no crossing"):
        ta.poincare_map(p, lambda t, y: y[0] + 1, t_max=5.0)([0.0])
    with pytest.raises(DomainError, match="t_max"):
        ta.poincare_map(p, lambda t, y: y[0], t_max=-1.0)
