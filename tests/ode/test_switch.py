"""Right-hand sides with branches and jumps: switches are located, and solutions slide along them on request."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import taylorad as ta
from taylorad.ode.solution import Status


def end(f, span, y0, **options):
    s = ta.solve_ivp(f, span, y0, **options)
    assert s.status == Status.END, s.message
    return s.y[:, -1]


# ---------------------------------------------------------------------- switches that are crossed
@pytest.mark.parametrize(
    ("f", "span", "y0", "wanted"),
    [
        (lambda t, y: ta.where(t < 0.5, y, 1e-30 * y), (0, 1), 1.0, np.exp(0.5)),
        (lambda t, y: [np.abs(np.sin(t))], (0, 10), 0.0, 7 + np.cos(10)),
        (lambda t, y: [1 + np.abs(y[0])], (-1, 1), 1 - np.e, np.e - 1),
        (lambda t, y: [np.minimum(t, 1)], (0, 3), 0.0, 2.5),
        (lambda t, y: [np.maximum(t, 1)], (3, 0), 5.0, 0.0),
        (lambda t, y: [ta.where((t > 1) & (t < 2), 5.0, 0.0)], (0, 3), 0.0, 5.0),
        (lambda t, y: [np.clip(t, 1, 2)], (0, 3), 0.0, 4.5),
        (lambda t, y: [np.abs(np.abs(t) - 1)], (-2, 2), 0.0, 2.0),
        (lambda t, y: [ta.where(t < 1, 1.0, 0.0) + ta.where(t < 1, 2.0, 0.0)], (0, 2), 0.0, 3.0),
        (lambda t, y: [ta.where(ta.where(t > 0.25, 1.0, -0.2) > 0, 1.0, 2.0)], (0, 1), 0.0, 1.25),
        (lambda t, y: [np.abs(np.abs(t))], (0, -2), 0.0, -2.0),
        (lambda t, y: [np.abs(np.abs(np.abs(t)))], (-1, 2), 0.0, 2.5),
        (lambda t, y: [np.interp(t, [0, 1, 2], [0, 1, 0])], (0, 2), 0.0, 1.0),
        (lambda t, y: [np.interp(t, [1, 2], [3, 4.0], left=0, right=10)], (3, 0), 13.5, 0.0),
        (lambda t, y: [np.piecewise(t, [t < 1], [lambda x: x, lambda x: 2 - x])], (0, 2), 0.0, 1.0),
        (lambda t, y: [np.select([t < 1, t < 1.5], [0, 1], 2)], (0, 2), 0.0, 1.5),
    ],
)
def test_switches(f, span, y0, wanted):
    assert end(f, span, [y0])[0] == pytest.approx(wanted, abs=1e-10)


@pytest.mark.parametrize(
    ("f", "span", "y0", "wanted"),
    [
        (lambda t, y: [np.floor(t)], (0, 5.5), 0.0, 12.5),
        (lambda t, y: [np.floor(t)], (5.5, 0), 12.5, 0.0),
        (lambda t, y: [np.ceil(-t)], (0, 5.5), 0.0, -12.5),
        (lambda t, y: [np.round(t)], (0, 2.75), 0.0, 3.75),
        (lambda t, y: [t % 1.0], (0, 5.5), 0.0, 2.625),
        (lambda t, y: [t // 2], (0, 5.5), 0.0, 2 + 2 * 1.5),
        (lambda t, y: [t // 2 + 3 * (t % 2)], (0, 5), 0.0, 2 + 2 * 1 + 3 * 4.5),
        (lambda t, y: [1 + y[0] % 1], (0, 3), 0.0, 4 + np.exp(3 - 4 * np.log(2)) - 1),
        (lambda t, y: [-1 - (y[0] % 1)], (0, 3), 0.0, -4 + (2 * np.exp(-(3 - 4 * np.log(2))) - 2)),
    ],
)
def test_jumps(f, span, y0, wanted):
    assert end(f, span, [y0])[0] == pytest.approx(wanted, abs=1e-9)


def test_many_switches_share_their_modes():
    # y'' = −sign(y) from (1, 0): parabolas with the period 4·sqrt(2)
    s = ta.solve_ivp(lambda t, y: [y[1], -np.sign(y[0])], (0, 400), [1.0, 0.0])
    phase = 400 % (4 * np.sqrt(2)) / np.sqrt(2)  # in quarters of a period
    assert 2 < phase < 3
    assert s.y[0, -1] == pytest.approx(-(1 - (np.sqrt(2) * (phase - 2)) ** 2 / 2), abs=1e-9)
    assert s.stats["steps"] < 300


def test_jumps_do_not_compile_anew():
    s = ta.solve_ivp(lambda t, y: [np.floor(10 * t)], (0, 40), [1.0])
    assert s.y[0, -1] == pytest.approx(1 + 0.1 * sum(range(400)), abs=1e-8)


def test_a_touch_is_no_switch():
    s = ta.solve_ivp(lambda t, y: [ta.where(1 + np.cos(t) > 0, 1.0, -5.0)], (1, 9), [0.0])
    assert s.y[0, -1] == pytest.approx(8.0)


def test_dense_output_and_events_go_over_switches():
    s = ta.solve_ivp(
        lambda t, y: [np.sign(np.sin(np.pi * t))], (0.5, 3.5), [0.0], dense_output=True, events=lambda t, y: y[0] - 0.25
    )
    np.testing.assert_allclose(s.sol([0.75, 1.25, 2.5])[0], [0.25, 0.25, 0.0], atol=1e-10)
    np.testing.assert_allclose(s.t_events[0], [0.75, 1.25, 2.75, 3.25], atol=1e-10)
    np.testing.assert_allclose(s.roots(lambda t, y: y[0] - 0.25), s.t_events[0], atol=1e-10)


def test_an_event_on_the_switch_itself_is_found_once():
    s = ta.solve_ivp(lambda t, y: [ta.where(y[0] < 1, 2.0, 0.5)], (0, 2), [0.0], events=lambda t, y: y[0] - 1)
    np.testing.assert_allclose(s.t_events[0], [0.5], atol=1e-12)
    assert s.y[0, -1] == pytest.approx(1.75)


def test_an_action_may_change_the_mode():
    over = ta.Event(lambda t, y: t - 1, reset=lambda t, y: [-y[0]])
    s = ta.solve_ivp(lambda t, y: [ta.where(y[0] > 0, 1.0, -2.0)], (0, 2), [0.5], events=over)
    assert s.y[0, -1] == pytest.approx(-3.5)


# ---------------------------------------------------------------------- sliding
def test_sliding_is_an_error_with_advice_unless_asked_for():
    s = ta.solve_ivp(lambda t, y: -np.sign(y), (0, 2), [1.0])
    assert s.status == Status.UNDEFINED
    assert "sliding='filippov'" in s.message
    assert s.t[-1] == pytest.approx(1.0)
    s = ta.solve_ivp(lambda t, y: -np.sign(y), (0, 2), [1.0], sliding="filippov")
    assert s.success
    assert s.y[0, -1] == pytest.approx(0.0, abs=1e-14)


def test_a_moving_switch_carries_the_solution():
    assert end(lambda t, y: [-np.sign(y[0] - t / 10)], (0, 3), [0.5], sliding="filippov")[0] == pytest.approx(0.3)


def test_the_sliding_motion_is_filippovs():
    # above: (−1, 1), below: (2, 3); on the switch 2/3 of the first and 1/3 of the second make (0, 5/3)
    y = end(
        lambda t, y: [ta.where(y[0] > 0, -1.0, 2.0), ta.where(y[0] > 0, 1.0, 3.0)], (0, 3), [0.5, 0], sliding="filippov"
    )
    np.testing.assert_allclose(y, [0, 0.5 + 2.5 * 5 / 3], atol=1e-12)


def test_a_solution_leaves_the_switch_where_it_may():
    # dragged by t against dry friction of strength 1: it sticks until t = 1, then (t − 1)²/2
    y = end(lambda t, y: [t - np.sign(y[0])], (0, 3), [0.0], sliding="filippov")
    assert y[0] == pytest.approx(2.0, abs=1e-12)
    y = end(lambda t, y: [-t - np.sign(y[0])], (0, 3), [0.0], sliding="filippov")
    assert y[0] == pytest.approx(-2.0, abs=1e-12)


def test_stick_and_slip():
    """A block on a belt (dry friction 0.6), pulled by a spring: between two slips its velocity is 0."""

    def block(t, y):
        return [y[1], -y[0] + 1.2 * np.cos(t / 2) - 0.6 * np.sign(y[1])]

    s = ta.solve_ivp(block, (0, 30), [0.0, 1.0], sliding="filippov", dense_output=True)
    smooth = ta.solve_ivp(
        lambda t, y: [y[1], -y[0] + 1.2 * np.cos(t / 2) - 0.6 * np.tanh(2e3 * y[1])],
        (0, 30), [0.0, 1.0], rtol=1e-7, atol=1e-9, t_eval=[10.0, 20.0, 30.0],
    )  # fmt: skip
    np.testing.assert_allclose(s.sol([10, 20, 30]), smooth.y, atol=4e-3)
    t = np.linspace(0, 30, 3001)
    still = np.abs(s.sol(t)[1]) < 1e-12
    assert 0.1 < still.mean() < 0.5
    spring = np.abs(-s.sol(t)[0] + 1.2 * np.cos(t / 2))
    assert spring[still].max() < 0.6 + 1e-9  # static friction holds no more


def test_what_filippov_leaves_open_is_refused():
    s = ta.solve_ivp(lambda t, y: -np.sign(y), (0, 3), [0.5, 0.7], sliding="filippov")
    assert s.status == Status.UNDEFINED
    assert "two switches" in s.message
    assert s.t[-1] == pytest.approx(0.7)
    s = ta.solve_ivp(lambda t, y: np.sign(y), (0, 3), [0.0])
    assert "either side" in s.message
    s = ta.solve_ivp(lambda t, y: [0.5 - np.floor(y[0])], (0, 3), [0.5], sliding="filippov")
    assert "jump" in s.message


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ta.compile_ode(lambda t, y: y, dim=1, sliding="yes"), ta.DomainError, "filippov"),
        (lambda: ta.solve_ivp(lambda t, y: [np.trunc(t)], (0, 2), [0.0]), ta.UnsupportedFunctionError, "trunc"),
        (lambda: ta.solve_ivp(lambda t, y: np.sign(y), (0, 1), [1j]), ta.TayloradError, "complex"),
    ],
)
def test_what_cannot_be_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_problem_with_branches_pickles():
    p = pickle.loads(pickle.dumps(ta.compile_ode(lambda t, y, a: -a * np.sign(y), dim=1, sliding="filippov")))
    assert p.propagate(0, 2, [1.0], (2.0,))[0] == pytest.approx(0.0, abs=1e-14)


def test_switches_that_accumulate_are_told():
    # dry friction of half the strength of the spring: the swings shrink, and all of them are over soon
    s = ta.solve_ivp(lambda t, y: [y[1], -np.sign(y[0]) - 0.5 * np.sign(y[1])], (0, 20), [1.0, 0.0])
    assert s.status == Status.UNDEFINED
    # down from a with acceleration 1/2, then up to a/3 with 3/2: 2·sqrt(a)·(1 + 1/3), and so on with a/3
    limit = 2 * (1 + 1 / 3) / (1 - np.sqrt(1 / 3))
    assert f"accumulate near t = {limit:.10g}" in s.message
    assert s.t[-1] == pytest.approx(limit, abs=1e-8)


def test_one_switch_that_turns_another():
    """Where y0 = −0.1 the second argument jumps from −1/2 to y1, which is then the larger one: y1' = y1, backward."""
    f = lambda t, y: [0.4 + 0 * t, np.maximum(1.3 - y[1], ta.where(y[0] > -0.1, -0.5, y[1]))]  # noqa: E731
    s = ta.solve_ivp(f, (0, -1), [0.1, 1.4])
    assert s.status == Status.END, s.message
    assert s.t[1] == pytest.approx(-0.5, abs=1e-14)
    begin = 1.3 + 0.1 * np.exp(0.5)  # y1' = 1.3 − y1
    assert s.y[1, -1] == pytest.approx(begin * np.exp(-0.5), rel=1e-9)
