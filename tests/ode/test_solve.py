"""The interface: scipy's fields and shapes, tolerances, input that is refused, and every way to go along a solution."""

from __future__ import annotations

import math
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.integrate

import taylorad as ta


def pendulum(t, y, g, c):
    return [y[1], -g * np.sin(y[0]) - c * y[1]]


def oscillator(t, y):
    return [y[1], -y[0]]


def test_against_scipy():
    grid = np.linspace(0, 20, 11)
    ours = ta.solve_ivp(pendulum, (0, 20), [0.5, 0.0], args=(9.8, 0.1), t_eval=grid, rtol=1e-12, atol=1e-14)
    theirs = scipy.integrate.solve_ivp(
        pendulum, (0, 20), [0.5, 0.0], "DOP853", args=(9.8, 0.1), t_eval=grid, rtol=1e-13, atol=1e-15
    )
    assert ours.y.shape == theirs.y.shape == (2, 11)
    np.testing.assert_array_equal(ours.t, theirs.t)
    np.testing.assert_allclose(ours.y, theirs.y, atol=1e-11)
    assert (ours.status, ours.message, ours.success) == (theirs.status, theirs.message, theirs.success)
    assert ours["t"] is ours.t


def test_every_step_is_given_without_a_grid():
    s = ta.solve_ivp(oscillator, (0, 5), [0.0, 1.0])
    assert s.t[0] == 0.0
    assert s.t[-1] == 5.0
    assert s.sol is None
    np.testing.assert_allclose(s.y, [np.sin(s.t), np.cos(s.t)], atol=1e-9)


def test_scipys_loop_with_our_solver():
    s = scipy.integrate.solve_ivp(oscillator, (0, 5), [0.0, 1.0], method=ta.TaylorSolver, dense_output=True, rtol=1e-12)
    t = np.linspace(0, 5, 40)
    np.testing.assert_allclose(s.sol(t), [np.sin(t), np.cos(t)], atol=1e-11)
    assert s.nfev < 20


def test_another_method_goes_to_scipy():
    with pytest.warns(UserWarning, match="RK45"):
        s = ta.solve_ivp(oscillator, (0, 5), [0.0, 1.0], method="RK45")
    assert s.status == 0


@pytest.mark.parametrize("span", [(0.0, 7.0), (7.0, 0.0)])
def test_dense_output_derivatives_and_integrals(span):
    y0 = [math.sin(span[0]), math.cos(span[0])]
    s = ta.compile_ode(oscillator, dim=2, rtol=1e-13, atol=1e-13).solve(span, y0)
    t = np.linspace(0, 7, 57)
    np.testing.assert_allclose(s(t), [np.sin(t), np.cos(t)], atol=1e-12)
    np.testing.assert_allclose(s.derivative(t, 3), [-np.cos(t), np.sin(t)], atol=1e-9)
    np.testing.assert_allclose(s.integral(0, 3), [1 - math.cos(3), math.sin(3)], atol=1e-12)
    np.testing.assert_allclose(s.integral(3, 0), [math.cos(3) - 1, -math.sin(3)], atol=1e-12)
    np.testing.assert_allclose(s.to_ppoly()(t).T, [np.sin(t), np.cos(t)], atol=1e-12)
    np.testing.assert_allclose(np.sort(s.roots(lambda t, y: y[0] - 0.5)), np.pi * np.array([1, 5, 13]) / 6, atol=1e-11)
    assert s.coefficients.shape == (s.stats["steps"], s.stats["order"] + 1, 2)
    np.testing.assert_array_equal(s.coefficients[:, 0].T, s.y[:, :-1])


def test_arguments_change_without_a_new_problem():
    p = ta.compile_ode(lambda t, y, a, b: a * y + b[0] * b[1], dim=1, shapes=[(), (2,)])
    for a in (0.5, -1.0):
        s = p.solve((0, 2), [1.0], args=(a, [2.0, 3.0]))
        assert s.y[0, -1] == pytest.approx((1 + 6 / a) * np.exp(2 * a) - 6 / a, rel=1e-9)


def test_a_complex_state():
    s = ta.solve_ivp(lambda t, y: 1j * y, (0, 10), [1 + 0j], rtol=1e-13)
    assert s.y.dtype == complex
    assert abs(s.y[0, -1] - np.exp(10j)) < 1e-11


def test_functions_without_machine_code_are_interpreted():
    s = ta.solve_ivp(lambda t, y: [ta.jv(0, t)], (0, 5), [0.0])
    assert not s.stats["compiled"]
    assert s.y[0, -1] == pytest.approx(scipy.special.itj0y0(5.0)[0], abs=1e-9)


def test_propagate_and_step():
    p = ta.compile_ode(oscillator, dim=2, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(p.propagate(0, 100, [0.0, 1.0]), [np.sin(100), np.cos(100)], atol=2e-12)
    st = p.stepper(0.0, [0.0, 1.0])
    t = st.step()
    np.testing.assert_allclose(st.y, [np.sin(t), np.cos(t)], atol=1e-14)
    np.testing.assert_allclose(st.coefficients[:4, 0], [0, 1, 0, -1 / 6], atol=1e-16)
    np.testing.assert_allclose(st(t / 2), [np.sin(t / 2), np.cos(t / 2)], atol=1e-14)
    np.testing.assert_allclose(st.advance(10.0), [np.sin(10), np.cos(10)], atol=1e-13)
    with pytest.raises(ta.DomainError, match="was followed to"):
        ta.compile_ode(lambda t, y: y**2, dim=1).propagate(0, 2, [1.0])


def test_step_limits_and_the_callback():
    assert np.max(np.diff(ta.solve_ivp(oscillator, (0, 5), [0.0, 1.0], max_step=0.1).t)) <= 0.1 + 1e-15
    s = ta.solve_ivp(oscillator, (0, 1000), [0.0, 1.0], max_steps=7)
    assert (s.status, len(s.t)) == (-3, 8)
    seen = []
    s = ta.solve_ivp(oscillator, (0, 1000), [0.0, 1.0], callback=lambda t, y: seen.append(t) or len(seen) == 3)
    assert (s.status, len(seen)) == (-6, 3)
    assert s.t[-1] == seen[-1]


def test_an_interrupt_keeps_what_was_computed():
    def stop(t, y):
        if t > 3:
            raise KeyboardInterrupt

    s = ta.solve_ivp(oscillator, (0, 1000), [0.0, 1.0], callback=stop)
    assert s.status == -5
    assert 3 < s.t[-1] < 10
    np.testing.assert_allclose(s.y[0], np.sin(s.t), atol=1e-9)


def test_a_problem_pickles():
    p = pickle.loads(pickle.dumps(ta.compile_ode(pendulum, dim=2, n_args=2)))
    q = ta.compile_ode(pendulum, dim=2, n_args=2)
    assert p.propagate(0, 3, [0.5, 0.0], (9.8, 0.1)).tolist() == q.propagate(0, 3, [0.5, 0.0], (9.8, 0.1)).tolist()


def test_terminal_counts_and_directions():
    up = ta.Event(lambda t, y: y[0], terminal=2, direction=1)
    s = ta.solve_ivp(oscillator, (0.1, 50), [np.sin(0.1), np.cos(0.1)], events=[up, lambda t, y: y[1]])
    np.testing.assert_allclose(s.t_events[0], [2 * np.pi, 4 * np.pi], atol=1e-8)
    np.testing.assert_allclose(s.t_events[1], np.pi * np.array([0.5, 1.5, 2.5, 3.5]), atol=1e-8)
    np.testing.assert_allclose(s.y_events[0], [[0, 1], [0, 1]], atol=1e-8)
    assert s.t[-1] == s.t_events[0][-1]


def test_a_right_hand_side_that_ends():
    s = ta.solve_ivp(lambda t, y: [0 * y[0] - 1 / np.sqrt(y[0])], (0, 5), [1.0])
    assert s.status < 0
    assert s.stats["t"] == pytest.approx(2 / 3, abs=1e-4)  # y = (1 - 3t/2)^(2/3)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"y0": [1.0, np.nan]}, ta.DomainError, "component 1"),
        ({"y0": [[1.0, 2.0]]}, ta.DomainError, "axes"),
        ({"y0": ["a", "b"]}, ta.DomainError, "numbers"),
        ({"t_span": (0, np.inf)}, ta.DomainError, "finite"),
        ({"t_eval": [0.5, 2.0]}, ta.DomainError, "outside of the span"),
        ({"t_eval": [0.5, 0.2]}, ta.DomainError, "sorted"),
        ({"rtol": -1.0}, ta.DomainError, "rtol"),
        ({"rtol": 1e-17}, ta.DomainError, "float64"),
        ({"rtol": 0.0, "atol": 0.0}, ta.DomainError, "both 0"),
        ({"atol": [1.0, 1.0, 1.0]}, ta.DomainError, "shape"),
        ({"max_step": 0.0}, ta.DomainError, "max_step"),
        ({"max_steps": 0}, ta.DomainError, "max_steps"),
        ({"fun": lambda t, y: [y[0]]}, ta.TraceError, "1 value for 2"),
        ({"fun": lambda t, y: [y[1], math.sin(y[0])]}, ta.TraceError, "np.sin"),
        ({"fun": lambda t, y: [y[5], y[0]]}, ta.TraceError, "IndexError"),
        ({"events": lambda t, y: y}, ta.TraceError, "one number"),
        ({"tolerance": 1}, ta.DomainError, "tolerance"),
    ],
)
def test_bad_input_is_named(change, error, words):
    given = {"fun": oscillator, "t_span": (0, 1), "y0": [0.0, 1.0], **change}
    with pytest.raises(error, match=words):
        ta.solve_ivp(**given)


def test_arguments_of_another_shape_are_refused():
    p = ta.compile_ode(pendulum, dim=2, n_args=2)
    with pytest.raises(ta.DomainError, match="compiled for"):
        p.solve((0, 1), [0.0, 1.0], args=(1.0,))
    with pytest.raises(ta.DomainError, match="argument number 1"):
        p.solve((0, 1), [0.0, 1.0], args=(1.0, np.inf))
    with pytest.raises(ta.MixedRingError):
        p.solve((0, 1), [0.0, 1j], args=(1.0, 1.0))


def test_memory_that_is_used_again_belongs_to_one_solution_at_a_time():
    p = ta.compile_ode(lambda t, y, a: [y[1], -a * np.sin(y[0]) + 0.1 * np.cos(t)], dim=2)
    fresh = [ta.compile_ode(p.f, dim=2).solve((0, 30 + k), [0.1 * k, 1.0], (1.0 + k,)) for k in range(8)]

    def again(k: int) -> ta.Solution:
        p.propagate(5, 0, [k, 2.0], (3.0,))
        p.solve((0, 1), [k, k], (9.0,), max_step=0.01, dense=False, t_eval=[0.5], events=lambda t, y, a: y[0])
        p.solve((0, 1e300), [0.0, 1.0], (1.0,), max_steps=2)
        return p.solve((0, 30 + k), [0.1 * k, 1.0], (1.0 + k,))

    with ThreadPoolExecutor(4) as pool:
        found = [again(0), *pool.map(again, range(1, 8))]
    for k, (one, other) in enumerate(zip(found, fresh, strict=True)):
        assert one.t.tolist() == other.t.tolist()
        assert one.y.tolist() == other.y.tolist()
        assert one.coefficients.tolist() == other.coefficients.tolist()
        assert one.stats == other.stats
        assert p.propagate(0, 30 + k, [0.1 * k, 1.0], (1.0 + k,)).tolist() == other.y[:, -1].tolist()


def test_a_solution_that_fails_leaves_nothing_to_the_next():
    p = ta.compile_ode(lambda t, y: [y[0] ** 2], dim=1)
    with pytest.raises(ta.DomainError, match="ingularity near t = 1"):
        p.propagate(0, 2, [1.0])
    assert p.solve((0, 2), [1.0]).status == -2
    assert p.propagate(0, 0.5, [1.0])[0] == pytest.approx(2, abs=1e-9)
    s = p.solve((0, 0.5), [1.0])
    assert (s.status, s.stats["rejected"]) == (0, 0)
    for wrong in ([np.nan], [np.inf]):
        with pytest.raises(ta.DomainError, match="component 0 is not"):
            p.propagate(0, 1, wrong)


def test_a_domain_that_is_no_interval():
    """∫ acoth = x·acoth x + log(x² − 1)/2."""
    found = ta.solve_ivp(lambda t, y: [ta.acoth(2 + t)], (0, 1), [0.0], rtol=1e-14, atol=1e-14)
    exact = [x * math.atanh(1 / x) + math.log(x * x - 1) / 2 for x in (2, 3)]
    assert abs(found.y[0, -1] - (exact[1] - exact[0])) < 1e-14


@pytest.mark.parametrize("tol", [1e-1, 1e-2, 1e-3, 1e-4, 1e-6])
def test_loose_tolerances_do_not_lead_over_an_end_that_is_not_smooth(tol):
    """y' = −√y from 1 is (1 − t/2)² until t = 2 and 0 from there on; the parabola goes on, to 1/4 at t = 3."""
    p = ta.compile_ode(lambda t, y: -np.sqrt(y), dim=1, rtol=tol, atol=tol)
    s = p.solve((0, 3), [1.0])
    assert s.status == 0
    assert abs(s.y[0, -1]) < 5 * tol
    assert np.all(np.abs(p.ensemble((0, 3), [[1.0], [1.2]]).y) < 5 * tol)
