"""Inputs on which good integrators go wrong: the answer, or a clear word."""

from __future__ import annotations

import numpy as np
import pytest

import taylorad as ta


def oscillator(t, y):
    return [y[1], -y[0]]


def test_a_switch_in_time_is_located():
    s = ta.solve_ivp(lambda t, y: ta.where(t < 0.5, y, 1e-30 * y), (0, 1), [1.0])
    assert s.y[0, -1] == pytest.approx(np.exp(0.5), rel=1e-10)


def test_integral_of_the_absolute_value_of_a_sine():
    s = ta.solve_ivp(lambda t, y: [np.abs(np.sin(t))], (0, 10), [0.0])
    assert s.y[0, -1] == pytest.approx(7 + np.cos(10), abs=1e-9)


def test_sliding_along_a_switch_is_said():
    s = ta.solve_ivp(lambda t, y: -np.sign(y), (0, 2), [1.0])
    assert s.status < 0
    assert "slides" in s.message
    assert s.stats["t"] == pytest.approx(1.0)


def test_double_roots_are_each_found_once():
    s = ta.solve_ivp(oscillator, (1, 10), [np.sin(1), np.cos(1)], events=lambda t, y: y[0] ** 2, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(s.t_events[0], np.pi * np.arange(1, 4), atol=1e-11)


def test_a_tangent_event_is_one_root():
    # the event is (1 - sin t)^2, flat to fourth order: its third derivative has a simple root there, which is accurate
    s = ta.solve_ivp(oscillator, (0, 10), [0.0, 1.0], events=lambda t, y: (y[0] - 1) ** 2, rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(s.t_events[0], np.pi * np.array([0.5, 2.5]), atol=1e-11)


def test_a_small_component_beside_a_large_one_is_relatively_accurate():
    def f(t, y):
        return [y[1], -y[0], y[3], -100 * y[2]]

    s = ta.solve_ivp(f, (0, 10), [1e9, 0.0, 1e-6, 0.0], rtol=1e-10, atol=[1e-1, 1e-1, 1e-16, 1e-16])
    assert s.y[2, -1] == pytest.approx(1e-6 * np.cos(100), rel=1e-7)


def test_rtol_is_relative():
    s = ta.solve_ivp(lambda t, y: -y, (0, 40), [1.0], rtol=1e-12, atol=0)
    assert s.y[0, -1] == pytest.approx(np.exp(-40), rel=1e-10)


def test_constant_acceleration_takes_one_finite_step():
    s = ta.solve_ivp(lambda t, y: [y[1], -9.8 + 0 * t], (0, 10), [0.0, 3.0], dense_output=True)
    assert s.stats["steps"] == 1
    np.testing.assert_allclose(s.sol(np.array([2.0, 10.0])), [[-13.6, -460.0], [-16.6, -95.0]], rtol=1e-14)
    p = ta.compile_ode(lambda t, y: [y[1], -9.8 + 0 * t], dim=2).stepper(0.0, [0.0, 3.0])
    assert np.isfinite(p.step())


def test_a_cube_with_a_float_exponent_starts_at_zero():
    s = ta.solve_ivp(lambda t, y: [y[1], y[0] ** 3.0 - 1], (0, 1), [0.0, 0.0])
    assert s.status == 0
    energy = s.y[1] ** 2 / 2 - s.y[0] ** 4 / 4 + s.y[0]
    np.testing.assert_allclose(energy, 0, atol=1e-10)


def test_a_pole_stops_the_integration_and_is_named():
    s = ta.solve_ivp(lambda t, y: y**2, (0, 2), [1.0])
    assert s.status < 0
    assert s.message.startswith("Singularity near t = 1;")
    assert s.stats["steps"] < 300
    assert not s.success


def test_one_bad_member_does_not_stop_the_others():
    p = ta.compile_ode(lambda t, y: y**2, dim=1)
    E = p.ensemble((0, 2), [[0.1], [1.0], [-1.0]])
    np.testing.assert_allclose(E.y[[0, 2], 0], [0.125, -1 / 3], rtol=1e-9)
    assert E.status.tolist()[0] == E.status.tolist()[2] == 0
    assert E.status[1] < 0
    assert E.t[1] == pytest.approx(1.0, abs=1e-6)
    assert "Singularity" in E.messages[1]


def test_dense_output_does_not_extrapolate():
    s = ta.solve_ivp(oscillator, (0, 5), [0.0, 1.0], dense_output=True)
    with pytest.raises(ta.DomainError, match="outside of the solution"):
        s.sol(5.0001)
    assert s.sol(5.0001, extrapolate=True)[0] == pytest.approx(np.sin(5.0001), abs=1e-8)


def test_a_badly_scaled_event_changes_no_step():
    plain = ta.solve_ivp(oscillator, (0, 10), [0.0, 1.0])
    watched = ta.solve_ivp(oscillator, (0, 10), [0.0, 1.0], events=lambda t, y: 1e30 * np.sin(40 * y[0]) + 1e25)
    np.testing.assert_array_equal(plain.t, watched.t)
    np.testing.assert_array_equal(plain.y, watched.y)


def test_two_events_inside_one_step():
    s = ta.solve_ivp(lambda t, y: [1 + 0 * t], (0, 1), [0.0], events=lambda t, y: (y[0] - 0.5) * (y[0] - 0.501))
    assert s.stats["steps"] == 1
    np.testing.assert_allclose(s.t_events[0], [0.5, 0.501], rtol=1e-12)  # the slopes are 1e-3 there


def test_an_event_at_the_beginning_is_reported_and_does_not_stop():
    def g(t, y):
        return y[0]

    g.terminal = True
    s = ta.solve_ivp(oscillator, (0, 10), [0.0, 1.0], events=g)
    np.testing.assert_allclose(s.t_events[0], [0.0, np.pi], atol=1e-9)
    assert s.status == 1
    assert s.t[-1] == pytest.approx(np.pi)


def test_events_backward_in_time_come_in_the_order_of_integration():
    s = ta.solve_ivp(oscillator, (10, 0), [np.sin(10), np.cos(10)], events=lambda t, y: y[1])
    np.testing.assert_allclose(s.t_events[0], np.pi * np.array([2.5, 1.5, 0.5]), atol=1e-8)


def test_the_grid_ends_with_a_terminal_event():
    g = ta.Event(lambda t, y: y[0] + 0.5, terminal=True)
    s = ta.solve_ivp(oscillator, (0, 10), [0.0, 1.0], events=g, t_eval=np.arange(11.0))
    assert s.status == 1
    assert s.t.tolist() == [0.0, 1.0, 2.0, 3.0]
    np.testing.assert_allclose(s.y[0], np.sin(s.t), atol=1e-9)
    assert s.t_events[0][0] == pytest.approx(np.pi * 7 / 6)


def test_a_stiff_problem_is_finished_and_named():
    s = ta.solve_ivp(lambda t, y: -1e6 * (y - np.cos(t)), (0, 1), [0.0])
    assert s.status == 0
    assert "stiff" in s.message
    assert s.stats["stiff"]
    assert s.stats["steps"] > 100_000
    # y = (L² cos t + L sin t)/(L² + 1) after the transient, L = 1e6
    assert s.y[0, -1] == pytest.approx((1e12 * np.cos(1) + 1e6 * np.sin(1)) / (1e12 + 1), abs=1e-10)


def test_a_problem_that_is_not_stiff_is_not_called_so():
    s = ta.solve_ivp(oscillator, (0, 3000), [0.0, 1.0])
    assert s.stats["steps"] > 1000
    assert "stiff" not in s.message


def test_a_grid_after_an_early_stop_holds_what_was_reached():
    grid = np.arange(0.05, 2, 0.1)
    s = ta.solve_ivp(lambda t, y: y**2, (0, 2), [1.0], t_eval=grid)
    assert s.status < 0
    assert s.t.tolist() == grid[:10].tolist()
    np.testing.assert_allclose(s.y[0], 1 / (1 - s.t), rtol=1e-7)


def test_a_step_over_which_the_last_coefficients_say_nothing_is_taken_again():
    s = ta.solve_ivp(lambda t, y: [t**30], (0, 1), [0.0])
    assert s.y[0, -1] == pytest.approx(1 / 31, rel=1e-7)
    assert s.stats["rejected"] > 0


def test_the_exponential_of_a_matrix_with_large_eigenvalues():
    """exp of diag(10, 20): the derivative of a linear flow (AlgoPy's unscaled series gives −205032 for e¹⁰)."""
    matrix = np.diag([10.0, 20.0])
    p = ta.compile_ode(lambda t, y: matrix @ y, dim=2, rtol=1e-15, atol=1e-15)
    s = p.solve((0, 1), [1.0, 1.0], sensitivity=ta.Sensitivity(y0=True))
    np.testing.assert_allclose(s.dy_dy0(1.0), np.diag(np.exp([10.0, 20.0])), rtol=1e-13)


@pytest.mark.parametrize(
    ("f", "dim", "end"),
    [
        (lambda t, y: -np.sqrt(y), 1, 2.0),
        (lambda t, y: -(y ** (1 / 3)), 1, 1.5),
        (lambda t, y: [-np.sqrt(y[0]), y[2], -y[1]], 3, 2.0),
    ],
)
def test_steps_that_creep_where_the_right_hand_side_is_not_smooth(f, dim, end):
    """Torricelli's law and its like: with what is left below the tolerance steps became tiny, and never grew again."""
    p, y0 = ta.compile_ode(f, dim=dim), [1.0, 0.0, 1.0][:dim]
    s = p.solve((0, 10), y0)
    assert s.status == -2
    assert "not smooth" in s.message
    assert s.t[-1] == pytest.approx(end, abs=0.01)
    assert s.stats["steps"] < 1000
    assert "stiff" not in s.message
    assert s.sol.t_max == s.t[-1]
    np.testing.assert_allclose(s(s.t[-1]), s.y[:, -1], atol=1e-12)
    with pytest.raises(ta.DomainError, match="not smooth"):
        p.propagate(0, 10, y0)
    ended = p.solve((0, 10), y0, events=ta.Event(lambda t, y: y[0] - 1e-9, terminal=True))
    assert ended.status == 1
    assert ended.t[-1] == pytest.approx(end, abs=1e-4)
