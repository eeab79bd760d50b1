"""Facts about initial value problems that the test suite of TaylorIntegration.jl states, and what holds here.

Inputs and results are restated from its test/one_ode.jl, many_ode.jl, bigfloats.jl and complex.jl (MIT licence).
"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import taylorad as ta

EPS = 2.0**-52


def square(t, x):
    return x**2


def test_a_pole_at_the_end_of_the_span():
    """x′ = x², x(0) = 1, to t = 1: it stops before the pole. Times that were not reached are NaN there; here the grid
    ends with what was reached, and the status says why."""
    s = ta.solve_ivp(square, (0, 1), [1.0], t_eval=np.arange(9) / 8)
    assert s.status < 0
    assert s.stats["steps"] < 500
    assert s.stats["t"] < 1
    assert s.t.tolist() == [k / 8 for k in range(8)]
    np.testing.assert_allclose(s.y[0], 1 / (1 - s.t), rtol=1e-9)


def test_two_exactly():
    s = ta.solve_ivp(square, (0, 0.5), [1.0], t_eval=np.arange(5) / 8, rtol=1e-15, atol=1e-15)
    assert abs(s.y[0, -1] - 2) <= 2 * EPS


def test_a_sine_over_ten_periods_and_back():
    p = ta.compile_ode(lambda t, x: [np.cos(t)], dim=1, order=25, rtol=1e-15, atol=1e-20)
    end = 10.25 * 2 * np.pi
    there = p.propagate(0, end, [0.0])
    assert abs(there[0] - np.sin(end)) < 1e-14
    assert abs(p.propagate(end, 0, there)[0]) < 5e-14


def test_times_out_of_order():
    with pytest.raises(ta.DomainError, match="not sorted"):
        ta.solve_ivp(square, (0, 0.5), [1.0], t_eval=[0, 0.3, 0.2])


def test_a_falling_ball():
    """x = x0 + v0·t − t²/2: the coefficients above degree 2 vanish, and the step is finite all the same."""
    p = ta.compile_ode(lambda t, y: [y[1], -1 + 0 * t], dim=2, order=10)
    s = p.solve((0, 5), [10.0, 0.0])
    assert np.all(np.isfinite(s.t))
    np.testing.assert_allclose(s(np.linspace(0, 5, 11))[0], 10 - np.linspace(0, 5, 11) ** 2 / 2, rtol=1e-14, atol=1e-14)


def test_a_libration_of_the_pendulum_in_77_digits():
    """From (1.3, 0), after the period 4·K(sin² 0.65), at order 90: |x(T) − x(0)| < 100·2^−255 = 1.7e-75."""
    p = ta.compile_ode(lambda t, y: [y[1], -np.sin(y[0])], dim=2, order=90, precision=ta.digits(77))
    with mpmath.workdps(90):
        start = mpmath.mpf("1.3")
        end = p.propagate(0, 4 * mpmath.ellipk(mpmath.sin(start / 2) ** 2), [start, 0])
        assert max(abs(end[0] - start), abs(end[1])) < mpmath.mpf("1.7e-75")


def test_a_complex_decay():
    s = ta.solve_ivp(lambda t, z: -z, (0, 2 * np.pi), [1j], rtol=1e-15, atol=1e-15)
    assert abs(s.y[0, -1] - 1j * np.exp(-2 * np.pi)) <= 4 * EPS * np.exp(-2 * np.pi)
