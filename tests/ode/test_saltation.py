"""Derivatives through events: of their times, and of what comes after a change of the state."""

from __future__ import annotations

import numpy as np
import pytest

import taylorad as ta
from taylorad.ode.solution import Status

BOUNCE = ta.Event(lambda t, y, g, e: y[0], direction=-1, reset=lambda t, y, g, e: [0 * y[0], -e * y[1]])


def ball(t, y, g, e):
    return [y[1], -g]


def fallen(h, v, g, e, t):
    """A ball from height h with velocity v, after one bounce: exact."""
    t1 = (v + np.sqrt(v * v + 2 * g * h)) / g
    w = e * np.sqrt(v * v + 2 * g * h)
    s = t - t1
    return np.array([w * s - g * s * s / 2, w - g * s]), t1


def quotients(f, x):
    """Central differences of the fourth order."""
    out = []
    for i in range(len(x)):
        h = 1e-5 * np.eye(len(x))[i]
        out.append((8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12e-5))
    return np.array(out).T


def test_a_bounce_has_its_saltation_matrix() -> None:
    p = ta.compile_ode(ball, 2, rtol=1e-14, atol=1e-14)
    x = np.array([1.0, 0.3, 9.8, 0.8])
    s = p.solve((0, 0.8), x[:2], tuple(x[2:]), events=BOUNCE, sensitivity=ta.Sensitivity(args=True))
    assert s.status == Status.END
    wanted = quotients(lambda z: fallen(*z, 0.8)[0], x)
    np.testing.assert_allclose(s.y[:, -1], fallen(*x, 0.8)[0], rtol=1e-12)
    np.testing.assert_allclose(np.hstack([s.dy_dy0(0.8), s.dy_dargs(0.8)]), wanted, rtol=1e-8, atol=1e-9)
    by_time, by_state = s.event_derivatives(BOUNCE, s.t_events[0][0])
    wanted = quotients(lambda z: np.array([fallen(*z, 0.8)[1]]), x)[0]
    np.testing.assert_allclose(by_time, wanted, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(by_state[0], 0.0, atol=1e-13)  # it hits the ground at height 0 whatever it began with


def test_many_bounces() -> None:
    p = ta.compile_ode(ball, 2, rtol=1e-13, atol=1e-13)
    y0, args = np.array([1.0, 0.0]), (9.8, 0.9)

    def end(z):
        return p.solve((0, 2.5), z[:2], tuple(z[2:]), events=BOUNCE).y[:, -1]

    s = p.solve((0, 2.5), y0, args, events=BOUNCE, sensitivity=ta.Sensitivity(args=True))
    assert len(s.t_events[0]) > 2
    wanted = quotients(end, np.array([*y0, *args]))
    np.testing.assert_allclose(np.hstack([s.dy_dy0(2.5), s.dy_dargs(2.5)]), wanted, rtol=1e-6, atol=1e-6)
    back = p.solve((2.5, 2.4), s.y[:, -1], args, sensitivity=ta.Sensitivity())
    assert back.dy_dy0(2.4).shape == (2, 2)


def test_a_section_of_a_flow() -> None:
    p = ta.compile_ode(lambda t, y: [y[1], -y[0]], 2, rtol=1e-14, atol=1e-14)
    s = p.solve((0, 3), [1.0, 0.5], events=lambda t, y: y[0], sensitivity=ta.Sensitivity())
    by_time, by_state = s.event_derivatives(lambda t, y: y[0], s.t_events[0][0])
    r2 = 1.25  # t = π/2 − phase, with phase = −atan2(0.5, 1); the velocity there is −r
    np.testing.assert_allclose(by_time, [-0.5 / r2, 1.0 / r2], rtol=1e-12)
    np.testing.assert_allclose(by_state, [[0, 0], [-1 / np.sqrt(r2), -0.5 / np.sqrt(r2)]], rtol=1e-12, atol=1e-13)


def test_what_has_no_derivative_says_so() -> None:
    p = ta.compile_ode(ball, 2, rtol=1e-12, atol=1e-12)
    python = ta.Event(lambda t, y, g, e: y[0], direction=-1, action=lambda t, y, g, e: [0.0, -e * y[1]])
    start = ((0, 0.8), [1.0, 0.0], (9.8, 0.9))
    s = p.solve(*start, events=python, sensitivity=ta.Sensitivity())
    assert s.status == Status.UNDEFINED
    assert "reset=" in s.message
    s = p.solve(*start, events=BOUNCE, sensitivity=ta.Sensitivity(order=2))
    assert s.status == Status.UNDEFINED
    assert "order=1" in s.message
    s = p.solve(*start, sensitivity=ta.Sensitivity())
    with pytest.raises(ta.DomainError, match="touches"):
        s.event_derivatives(lambda t, y, g, e: y[0] - 1, 0.0)
