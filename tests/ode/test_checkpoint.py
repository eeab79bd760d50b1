"""Long runs that are interrupted and go on: nothing is computed twice, and every bit is the same."""

from __future__ import annotations

import numpy as np
import pytest

import taylorad as ta
from taylorad.ode import checkpoint
from taylorad.ode.wishes import Wishes

ARGS = (10.0, 28.0, 8 / 3)
LEG = 100


@pytest.fixture(scope="module")
def problem():
    return ta.compile_ode(
        lambda t, y, s, r, b: [s * (y[1] - y[0]), y[0] * (r - y[2]) - y[1], y[0] * y[1] - b * y[2]],
        dim=3,
        rtol=1e-14,
        atol=1e-14,
    )


def solve(problem, folder, span, y0, args=(), leg=None, **wishes):
    return checkpoint.solve(problem, folder, span, y0, args, Wishes(**wishes), leg)


def rising(t, y, s, r, b):
    return y[2] - 27.0


def options(name):
    return {
        "steps": {},
        "bare": {"dense": False},
        "grid": {"t_eval": np.linspace(0, 20, 301), "dense": False},
        "both": {"t_eval": np.linspace(0, 20, 31)},
        "events": {"events": [ta.Event(rising, direction=1), ta.Event(lambda t, y, s, r, b: y[0], terminal=5)]},
    }[name]


def same(a, b):
    np.testing.assert_array_equal(a.t, b.t)
    np.testing.assert_array_equal(a.y, b.y)
    assert (a.status, a.message, a.nfev) == (b.status, b.message, b.nfev)
    assert {k: str(v) for k, v in a.stats.items()} == {k: str(v) for k, v in b.stats.items()}
    assert (a.sol is None) == (b.sol is None)
    if a.sol is not None:
        np.testing.assert_array_equal(a.coefficients, b.coefficients)
        np.testing.assert_array_equal(a.sol.ts, b.sol.ts)
    for x, y in ((a.t_events, b.t_events), (a.y_events, b.y_events)):
        assert (x is None) == (y is None)
        for rows, others in zip(x or [], y or [], strict=True):
            np.testing.assert_array_equal(rows, others)


@pytest.mark.parametrize("name", ["steps", "bare", "grid", "both", "events"])
def test_an_interrupted_run_goes_on_where_it_ended(problem, tmp_path, name):
    given = options(name)
    whole = solve(problem, tmp_path / "whole", (0, 20), [1.0, 1.0, 1.0], ARGS, leg=LEG, **given)
    told = []

    def enough(t):
        told.append(t)
        if t > 6:
            raise KeyboardInterrupt

    begun = solve(problem, tmp_path / "cut", (0, 20), [1.0, 1.0, 1.0], ARGS, leg=LEG, progress=enough, **given)
    assert begun.status == -5
    np.testing.assert_array_equal(begun.t, whole.t[: len(begun.t)])
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "cut").glob("*.npz")}
    assert 0 < len(kept) < len(list((tmp_path / "whole").glob("*.npz")))
    told.clear()
    again = problem.solve((0, 20), [1.0, 1.0, 1.0], ARGS, checkpoint=tmp_path / "cut", progress=told.append, **given)
    same(again, whole)
    assert {p: p.stat().st_mtime_ns for p in kept} == kept
    assert told[0] > 4
    told.clear()
    same(
        problem.solve((0, 20), [1.0, 1.0, 1.0], ARGS, checkpoint=tmp_path / "cut", progress=told.append, **given), whole
    )
    assert not told


@pytest.mark.parametrize("name", ["steps", "grid", "both", "events"])
def test_it_agrees_with_a_run_in_one_piece(problem, tmp_path, name):
    given = options(name)
    one = problem.solve((0, 20), [1.0, 1.0, 1.0], ARGS, **given)
    legs = solve(problem, tmp_path, (0, 20), [1.0, 1.0, 1.0], ARGS, leg=LEG, **given)
    assert legs.status == one.status
    assert legs.stats["steps"] == one.stats["steps"]
    assert legs.y.shape == one.y.shape
    early = one.t < 8  # where rounding has been amplified by less than e^(0.9·8)
    np.testing.assert_allclose(legs.y[:, early], one.y[:, early], atol=1e-9)
    if name == "events":
        assert [len(x) for x in legs.t_events] == [len(x) for x in one.t_events]
        np.testing.assert_allclose(legs.t_events[0][:5], one.t_events[0][:5], atol=1e-10)
        assert len(legs.t_events[1]) == 5
    if one.sol is not None:
        np.testing.assert_allclose(legs(3.3), one(3.3), atol=1e-10)


def test_backward_and_short_runs(problem, tmp_path):
    p = ta.compile_ode(lambda t, y: [y[1], -y[0]], dim=2, rtol=1e-13, atol=1e-13)
    grid = np.array([100.0, 60.0, 0.0])
    s = solve(p, tmp_path / "back", (100, 0), [np.sin(100), np.cos(100)], leg=10, t_eval=grid)
    np.testing.assert_allclose(s.y, [np.sin(grid), np.cos(grid)], atol=1e-11)
    s = solve(p, tmp_path / "none", (1, 1), [0.5, 0.25], leg=10, t_eval=[1.0])
    np.testing.assert_array_equal(s.y, [[0.5], [0.25]])


def test_a_step_limit_can_be_raised_later(problem, tmp_path):
    p = ta.compile_ode(lambda t, y: [y[1], -y[0]], dim=2)
    s = solve(p, tmp_path, (0, 100), [0.0, 1.0], leg=10, max_steps=25)
    assert (s.status, s.stats["steps"], len(s.t)) == (-3, 25, 26)
    assert "max_steps = 25" in s.message
    s = p.solve((0, 100), [0.0, 1.0], checkpoint=tmp_path)
    assert s.status == 0
    assert s.y[0, -1] == pytest.approx(np.sin(100), abs=1e-7)


@pytest.mark.parametrize(
    ("f", "y0", "dtype"),
    [
        (lambda t, y: [1j * y[0], y[0] - y[1]], [1 + 1j, 2.0], complex),
        (lambda t, y: [ta.where(np.sin(t) > 0, y[1], -y[1]), -y[0]], [1.0, 2.0], float),
        (lambda t, y: [ta.jv(0, y[1]), -y[0]], [1.0, 2.0], float),
    ],
)
def test_all_kinds_of_problems(tmp_path, f, y0, dtype):
    p = ta.compile_ode(f, dim=2, dtype=dtype)
    whole = solve(p, tmp_path / "whole", (0, 8), y0, leg=4)
    for _ in range(3):  # some steps more each time
        part = solve(p, tmp_path / "parts", (0, 8), y0, leg=4, max_steps=6)
    assert part.status == -3
    same(solve(p, tmp_path / "parts", (0, 8), y0, leg=4), whole)
    np.testing.assert_allclose(whole.y[:, -1], p.propagate(0, 8, y0), atol=1e-7)


def test_a_pole_ends_it(tmp_path):
    s = solve(ta.compile_ode(lambda t, y: y**2, dim=1), tmp_path, (0, 2), [1.0], leg=7)
    assert s.status == -2
    assert "Singularity near t = 1" in s.message


def test_the_folder_of_another_call_is_refused(problem, tmp_path):
    problem.solve((0, 1), [1.0, 1.0, 1.0], ARGS, checkpoint=tmp_path)
    for span, y0, args, more, named in [
        ((0, 2), [1.0, 1.0, 1.0], ARGS, {}, "span"),
        ((0, 1), [1.0, 1.0, 2.0], ARGS, {}, "y0"),
        ((0, 1), [1.0, 1.0, 1.0], (10.0, 28.0, 2.0), {}, "args"),
        ((0, 1), [1.0, 1.0, 1.0], ARGS, {"t_eval": [0.5]}, "t_eval"),
        ((0, 1), [1.0, 1.0, 1.0], ARGS, {"events": rising}, "events"),
    ]:
        with pytest.raises(ta.DomainError, match=f"another call: not the same .*{named}"):
            problem.solve(span, y0, args, checkpoint=tmp_path, **more)
    with pytest.raises(ta.DomainError, match="another call: not the same kind"):
        problem.ensemble((0, 1), [[1.0, 1.0, 1.0]], ARGS, store=tmp_path)


def test_what_checkpoints_do_not_keep(problem, tmp_path):
    p = ta.compile_ode(lambda t, y: -y, dim=1, precision=ta.digits(30))
    with pytest.raises(ta.DomainError, match="leave it out"):
        p.solve((0, 1), [1.0], checkpoint=tmp_path)
