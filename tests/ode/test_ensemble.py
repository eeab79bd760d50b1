"""Ensembles: a member's result depends on nothing but the member, and nothing stops the others."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest

import taylorad as ta
from taylorad.ode.crowd import crowd
from taylorad.ode.flow import order_for


def pendulum(t, y, g, c):
    return [y[1], -g * np.sin(y[0]) - c * y[1]]


def lorenz(t, y, s, r, b):
    return [s * (y[1] - y[0]), y[0] * (r - y[2]) - y[1], y[0] * y[1] - b * y[2]]


def riccati(t, y, a):
    return a * y**2


@pytest.fixture(scope="module")
def swings():
    return ta.compile_ode(pendulum, dim=2, n_args=2, rtol=1e-13, atol=1e-13)


def starts(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 2))


@pytest.mark.parametrize("grid", [None, [0.0, 0.5, 1.0, 4.75, 5.0]])
def test_a_member_is_the_same_wherever_it_is_solved(swings, grid):
    y0, g = starts(37), np.linspace(1, 9, 37)
    one = swings.ensemble((0, 5), y0, args=(g, 0.1), t_eval=grid)
    two = swings.ensemble((0, 5), y0, args=(g, 0.1), t_eval=grid, threads=2)
    assert one.y.shape == ((37, 2) if grid is None else (37, 2, 5))
    turned = swings.ensemble((0, 5), y0[::-1], args=(g[::-1], 0.1), t_eval=grid)
    alone = [swings.ensemble((0, 5), y0[i : i + 1], args=(g[i], 0.1), t_eval=grid) for i in range(37)]
    for other in (two.y, turned.y[::-1], np.concatenate([e.y for e in alone])):
        np.testing.assert_array_equal(one.y, other)
    np.testing.assert_array_equal(one.steps, turned.steps[::-1])
    assert set(one.status) == {0}


@pytest.mark.parametrize("span", [(0, 5), (2.5, -3.0)])
def test_it_agrees_with_a_single_solution(swings, span):
    y0, grid = starts(9), np.linspace(*span, 7)
    e = swings.ensemble(span, y0, args=(9.8, 0.1), t_eval=grid)
    f = swings.ensemble(span, y0, args=(9.8, 0.1))
    for i in range(9):
        s = swings.solve(span, y0[i], (9.8, 0.1), t_eval=grid)
        # rounding of 22 terms in another order, amplified by at most exp(√9.8·5.5)/10 on the way
        np.testing.assert_allclose(e.y[i], s.y, rtol=0, atol=2e-11)
        np.testing.assert_allclose(f.y[i], s.y[:, -1], rtol=0, atol=2e-11)
        assert f.steps[i] == e.steps[i] == s.stats["steps"]  # the same method


def test_all_widths_agree(swings):
    found = []
    for lanes in (2, 4, 8):
        native = crowd(swings.system, order_for(1e-13), False, lanes)
        assert native.lanes == lanes
        found.append(_endpoints(native, swings, starts(11)))
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def _endpoints(native, p, y0, end=3.0):
    from taylorad.ode.crowd import Found, together, unbegun
    from taylorad.ode.members import Members

    members = Members.of(p, (0, end), y0, (9.8, 0.1)[: len(p.shapes)], None, np.inf, 1000)
    found = Found(members)
    found.y = unbegun(members)
    together(p, native, members, found, np.arange(len(y0)), 1, lambda done: None)
    assert set(found.status) == {0}
    return found.y


def test_every_member_has_its_own_end_argument_and_status():
    p = ta.compile_ode(riccati, dim=1, n_args=1)
    y0 = np.array([[1.0], [1.0], [np.nan], [1.0], [1.0], [2.0], [1.0]])
    a = np.array([1.0, -1.0, 1.0, 1.0, np.inf, 1.0, 1.0])
    ends = np.array([2.0, 3.0, 0.5, 0.5, 0.5, -1.0, np.nan])
    e = p.ensemble((0, ends), y0, args=a)
    assert e.status.tolist() == [-2, 0, -4, 0, -4, 0, -4]
    assert e.t[[0, 1, 3, 5]] == pytest.approx([1.0, 3.0, 0.5, -1.0], abs=1e-6)
    assert e.y[[1, 3, 5], 0] == pytest.approx([0.25, 2.0, 2 / 3], rel=1e-9)
    assert "Singularity near t = 1" in e.messages[0]
    assert "component 0" in e.messages[2]
    assert "argument number 0" in e.messages[4]
    assert "end" in e.messages[6]
    assert not e.success
    assert repr(e) == "<ensemble of 7 members, 3 of which reached their ends>"


@pytest.mark.parametrize(
    ("f", "y0"),
    [
        (lambda t, y: y**2, 1.0),  # a pole at 1
        (lambda t, y: y**3, 1.0),  # a branch point at 1/2
        (lambda t, y: np.log(1 - t) + 0 * y, 0.0),  # the right-hand side ends
        (lambda t, y: np.exp(y), 0.0),  # a logarithm at 1
        (lambda t, y: 1 / y, 0.0),  # has no beginning
        (lambda t, y: 1e300 * y**2, 1e10),  # not finite at once
    ],
)
def test_failures_are_told_as_for_a_single_solution(f, y0):
    p = ta.compile_ode(f, dim=1)
    e = p.ensemble((0, 3), [[y0], [y0]])
    s = p.solve((0, 3), [y0])
    assert s.status < 0
    assert e.status.tolist() == [s.status] * 2
    assert e.t == pytest.approx([s.stats["t"]] * 2, abs=1e-5)
    assert e.messages[0].split(".")[0].split(" near")[0] == s.message.split(".")[0].split(" near")[0]


@pytest.mark.parametrize("order", [2, 5, 6, 12])
def test_a_pole_at_any_order(order):
    p = ta.compile_ode(riccati, dim=1, n_args=1, order=order, rtol=1e-4, atol=1e-4)
    e = p.ensemble((0, [2.0, 2.0, -2.0]), [[1.0], [0.25], [-2.0]], args=1.0)
    assert e.status[0] < 0
    assert e.status[1] == 0
    assert e.status[2] < 0
    assert e.t == pytest.approx([1.0, 2.0, -0.5], abs=0.02)


def test_values_beyond_a_members_reach_are_nan():
    p = ta.compile_ode(riccati, dim=1, n_args=1)
    grid = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    e = p.ensemble((0, [1.0, 0.5, 1.0, 0.0]), [[1.25], [0.5], [0.5], [3.0]], args=1.0, t_eval=grid)
    exact = np.array([1.25, 0.5, 0.5, 3.0])[:, None]
    exact = exact / (1 - grid * exact)
    known = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]], bool)
    assert np.isnan(e.y[:, 0][~known]).all()
    np.testing.assert_allclose(e.y[:, 0][known], exact[known], rtol=1e-9)
    assert e.status.tolist() == [-2, 0, 0, 0]


def test_a_step_limit_holds_for_each_member():
    p = ta.compile_ode(lambda t, y, w: [w * y[1], -w * y[0]], dim=2, n_args=1)
    e = p.ensemble(
        (0, 10), np.tile([0.0, 1.0], (6, 1)), args=np.array([1.0, 500.0, 2.0, 3.0, 800.0, 1.0]), max_steps=60
    )
    assert e.status.tolist() == [0, -3, 0, 0, -3, 0]
    assert e.steps[[1, 4]].tolist() == [60, 60]
    assert "max_steps = 60" in e.messages[1]
    np.testing.assert_allclose(e.y[1], [np.sin(500 * e.t[1]), np.cos(500 * e.t[1])], atol=1e-8)
    s = p.ensemble((0, 10), [[0.0, 1.0]], args=1.0, max_step=0.1)
    assert s.steps[0] >= 100


def test_a_step_that_its_end_disowns_is_taken_again():
    # t^30 does not show in the last coefficients of the first step
    p = ta.compile_ode(lambda t, y: [t**30], dim=1, order=20)
    e = p.ensemble((0, [1.0, 2.0]), [[0.0], [1.0]])
    np.testing.assert_allclose(e.y[:, 0], [1 / 31, 1 + 2.0**31 / 31], rtol=1e-9)
    grid = np.linspace(0, 2, 41)
    e = p.ensemble((0, [1.0, 2.0]), [[0.0], [1.0]], t_eval=grid)
    np.testing.assert_allclose(e.y[1, 0], 1 + grid**31 / 31, rtol=1e-9)
    np.testing.assert_allclose(e.y[0, 0, :21], grid[:21] ** 31 / 31, rtol=0, atol=1e-9)


def test_complex_states():
    p = ta.compile_ode(lambda t, y, w: [1j * w * y[0], y[0] * y[1]], dim=2, n_args=1, dtype=complex, rtol=1e-13)
    w = np.array([1.0, 2.0, 0.5])
    y0 = np.array([[1, 1j], [1j, 2], [0.5, 1 + 1j]])
    grid = np.array([1.0, 2.0])
    e = p.ensemble((0, 2), y0, args=w, t_eval=grid)
    assert e.y.dtype == complex
    first = y0[:, :1] * np.exp(1j * w[:, None] * grid)
    np.testing.assert_allclose(e.y[:, 0], first, atol=1e-12)
    np.testing.assert_allclose(e.y[:, 1], y0[:, 1:] * np.exp((first - y0[:, :1]) / (1j * w[:, None])), rtol=1e-11)


def test_what_has_no_machine_code_is_solved_too():
    branches = ta.compile_ode(lambda t, y: [ta.where(t < 0.5, y[0], -y[0])], dim=1)
    e = branches.ensemble((0, 1), [[1.0], [2.0]], threads=2)
    np.testing.assert_allclose(e.y[:, 0], [1.0, 2.0], rtol=1e-9)
    bessel = ta.compile_ode(lambda t, y: [ta.jv(0, t) + 0 * y[0]], dim=1)
    e = bessel.ensemble((0, 1), [[0.0], [np.nan], [1.0]])
    assert e.status.tolist() == [0, -4, 0]
    assert e.y[2, 0] - e.y[0, 0] == pytest.approx(1.0, abs=1e-12)


def test_a_large_system_is_solved_one_by_one():
    k = np.arange(1, 9)

    def web(t, y):  # every component with every other one
        return [sum(np.sin(y[j] - y[i]) / k[i] for j in range(8) if j != i) for i in range(8)]

    p = ta.compile_ode(web, dim=8)
    y0 = np.random.default_rng(3).normal(size=(5, 8))
    y0[2, 3] = np.nan
    one, two = (p.ensemble((0, 2), y0, threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.y, two.y)
    assert one.status.tolist() == [0, 0, -4, 0, 0]
    np.testing.assert_array_equal(one.y[1], p.propagate(0, 2, y0[1]))
    assert crowd(p.system, order_for(1e-10)) is None
    native = crowd(p.system, order_for(1e-10), False, 4)
    np.testing.assert_allclose(_endpoints(native, p, y0[:2], 2.0), one.y[:2], rtol=1e-11)
    grid = p.ensemble((0, 2), y0[:2], t_eval=[1.0, 2.0])
    np.testing.assert_allclose(grid.y[:, :, 1], one.y[:2], rtol=1e-13)


def test_progress_and_interrupts():
    p = ta.compile_ode(lorenz, dim=3, n_args=3, rtol=1e-15, atol=1e-15)
    y0 = 1 + starts(400, 1)[:, :1] * np.ones(3)
    seen = []
    e = p.ensemble((0, 5), y0[:50], args=(10.0, 28.0, 8 / 3), progress=seen.append)
    assert seen[-1] == 50
    assert e.success

    def enough(done):
        raise KeyboardInterrupt

    ends = np.where(np.arange(400) < 3, 1e-3, 1e7)
    before = threading.active_count()
    e = p.ensemble((0, ends), y0, args=(10.0, 28.0, 8 / 3), progress=enough, threads=2)
    assert threading.active_count() == before
    assert set(e.status) == {0, -5}
    assert np.flatnonzero(e.status == 0).tolist() == [0, 1, 2]
    begun = np.flatnonzero((e.status == -5) & (e.t > 0))
    assert 0 < len(begun) <= 16
    assert np.isfinite(e.y[begun]).all()
    np.testing.assert_array_equal(e.y[e.t == 0], y0[e.t == 0])
    assert "Interrupted" in e.messages[-1]


def test_an_interrupt_is_heard_without_machine_code():
    p = ta.compile_ode(lambda t, y: [ta.where(y[0] < 1e9, y[1], 0.0), -y[0]], dim=2)

    def enough(done):
        raise KeyboardInterrupt

    e = p.ensemble((0, 1e7), np.ones((3, 2)), progress=enough)
    assert set(e.status) == {-5}
    assert e.t[0] < 1e7
    assert np.isfinite(e.y).all()


def test_an_interrupt_is_heard_while_failures_are_explained(monkeypatch):
    p = ta.compile_ode(lambda t, y: 1 / y, dim=1)
    solve, asked = type(p).solve, []

    def tired(self, *args, **options):
        asked.append(args)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return solve(self, *args, **options)

    monkeypatch.setattr(type(p), "solve", tired)
    e = p.ensemble((0, 2), [[0.0], [1.0], [0.0], [0.0]])
    assert e.status.tolist() == [-4, 0, -5, -5]
    assert e.y[:, 0] == pytest.approx([0.0, np.sqrt(5), 0.0, 0.0])


def test_an_error_in_progress_ends_it():
    p = ta.compile_ode(lorenz, dim=3, n_args=3)

    def broken(done):
        raise RuntimeError("no paper left")

    with pytest.raises(RuntimeError, match="no paper"):
        p.ensemble((0, 1e6), np.ones((4, 3)), args=(10.0, 28.0, 8 / 3), progress=broken)


def test_no_members_at_all(swings):
    e = swings.ensemble((0, 1), np.zeros((0, 2)), args=(9.8, 0.1))
    assert e.y.shape == (0, 2)
    assert e.success


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y0": [0.0, 1.0]}, r"\(n, 2\)"),
        ({"y0": [["a", "b"]]}, "made of numbers"),
        ({"args": (1.0,)}, "1 arguments were given"),
        ({"args": ([1.0, 2.0, 3.0], 0.1)}, "argument number 0 has shape"),
        ({"span": (0, [1.0, 2.0, 3.0])}, "one end, or 2"),
        ({"span": (np.nan, 1)}, "the beginning of the span = nan"),
        ({"threads": 0}, "at least 1"),
        ({"threads": "two"}, "threads"),
        ({"span": 5}, "the span 5"),
        ({"span": (0, "end")}, "the end of the span"),
        ({"args": ("g", 0.1)}, "argument number 0"),
        ({"chunk": 1.5}, "chunk"),
        ({"progress": 3}, "neither True nor"),
        ({"max_steps": 0}, "at least 1"),
        ({"max_step": 0.0}, "positive"),
        ({"t_eval": [2.0]}, "outside"),
        ({"span": (0, [1.0, -1.0]), "t_eval": [0.5]}, "one side"),
    ],
)
def test_wrong_input(swings, change, message):
    given = {"span": (0, 1), "y0": np.zeros((2, 2)), "args": (9.8, 0.1)} | change
    with pytest.raises(ta.DomainError, match=message):
        swings.ensemble(given.pop("span"), given.pop("y0"), **given)


def test_complex_values_of_a_real_problem(swings):
    with pytest.raises(ta.errors.MixedRingError, match="complex"):
        swings.ensemble((0, 1), [[1j, 0]], args=(9.8, 0.1))


def test_a_problem_pickles_as_its_graph():
    def deep(t, y, a):
        x = y[0]
        for _ in range(1000):
            x = np.sin(x) + a * x
        return [x, ta.where(y[0] < 2, y[1], 0.0)]

    p = ta.compile_ode(deep, dim=2)
    q = pickle.loads(pickle.dumps(p))
    assert all(a is b for a, b in zip(p.rhs, q.rhs, strict=True))
    assert q.arguments == p.arguments
    large = ta.compile_ode(lambda t, u: np.roll(u, 1) - 2 * u + np.sin(np.roll(u, -1)) * np.cos(u), dim=400)
    again = pickle.loads(pickle.dumps(large))
    assert again.system.name == large.system.name


def test_a_member_that_creeps_is_told():
    """y' = −√y is not smooth at 0, which the first member reaches at t = 2 and the second at 6."""
    p = ta.compile_ode(lambda t, y: -np.sqrt(y), dim=1)
    E = p.ensemble((0, 3), [[1.0], [9.0]])
    assert E.status.tolist() == [-2, 0]
    assert "not smooth" in E.messages[0]
    assert E.t[0] == pytest.approx(2, abs=1e-3)
    assert E.y[1, 0] == pytest.approx(1.5**2, rel=1e-9)
    E = p.ensemble((0, 3), [[1.0], [9.0]], t_eval=[1.0, 2.5])
    np.testing.assert_allclose(E.y[:, 0], [[0.25, np.nan], [6.25, 1.75**2]], rtol=1e-9)
