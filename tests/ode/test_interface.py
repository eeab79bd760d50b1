"""What a user of solve_ivp and compile_ode meets: scipy's scripts, names, files, pictures, progress, interrupts."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import zipfile

import numpy as np
import pytest
import scipy.integrate

import taylorad as ta


def pendulum(t, y, g, c):
    return [y[1], -g * np.sin(y[0]) - c * y[1]]


def keyword_only(t, y, *, c=0.0, g):
    return pendulum(t, y, g, c)


def oscillator(t, y):
    return [y[1], -y[0]]


# ---------------------------------------------------------------------- scripts of scipy's documentation
def both(*args, **options):
    """Ours, and scipy's with tolerances at which it is as accurate."""
    return ta.solve_ivp(*args, **options), scipy.integrate.solve_ivp(
        *args, **options, method="DOP853", rtol=1e-12, atol=1e-13
    )


def test_exponential_decay():
    ours, theirs = both(lambda t, y: -0.5 * y, [0, 10], [2, 4, 8], t_eval=[0, 1, 2, 4, 10])
    np.testing.assert_array_equal(ours.t, theirs.t)
    np.testing.assert_allclose(ours.y, theirs.y, rtol=1e-8)


def test_the_cannon():
    def upward_cannon(t, y):
        return [y[1], -0.5]

    def hit_ground(t, y):
        return y[0]

    def apex(t, y):
        return y[1]

    hit_ground.terminal = True
    hit_ground.direction = -1
    ours, theirs = both(upward_cannon, [0, 100], [0, 10], events=(hit_ground, apex), dense_output=True)
    assert (ours.status, ours.message, ours.success) == (theirs.status, theirs.message, theirs.success)
    assert ours.t[-1] == pytest.approx(40)
    for mine, other in zip(ours.t_events + ours.y_events, theirs.t_events + theirs.y_events, strict=True):
        assert mine.shape == other.shape
        np.testing.assert_allclose(mine, other, atol=1e-9)
    np.testing.assert_allclose(ours.sol(ours.t_events[1][0]), [100, 0], atol=1e-9)


def test_a_span_without_end():
    """scipy's cannon again, until it hits the ground, whenever that is."""
    ground = ta.Event(lambda t, y: y[0], terminal=True, direction=-1)
    s = ta.solve_ivp(lambda t, y: [y[1], -0.5], [0, np.inf], [0, 10], events=ground, dense_output=True)
    assert (s.status, s.t[-1]) == (1, pytest.approx(40, rel=1e-14))
    np.testing.assert_allclose(s.sol(20), [100, 0], atol=1e-12)
    back = ta.solve_ivp(oscillator, (0, -np.inf), [0.0, 1.0], callback=lambda t, y: t < -20)
    assert back.status == -6
    assert back.y[0, -1] == pytest.approx(np.sin(back.t[-1]), abs=1e-9)
    with pytest.raises(ta.DomainError, match="the span ends at inf"):
        ta.solve_ivp(oscillator, (0, np.inf), [0.0, 1.0], events=lambda t, y: y[0])


def test_a_span_of_no_length_has_a_dense_output():
    s = ta.solve_ivp(lambda t, y: -2 * y, [4, 4], [2, 3], dense_output=True)
    assert s.sol(4).tolist() == [2, 3]
    assert s.sol([4, 4]).tolist() == [[2, 2], [3, 3]]
    assert s.derivative(4).tolist() == [-4, -6]
    assert s.t.tolist() == [4]
    with pytest.raises(ta.DomainError, match="outside"):
        s.sol(5)
    s = ta.solve_ivp(lambda t, y: -2 * y, [4, 4], [2, 3], t_eval=[4])
    assert (s.t.tolist(), s.y.tolist()) == ([4], [[2], [3]])
    s = ta.solve_ivp(lambda t, y: np.sqrt(y), [4, 5], [0], t_eval=[4, 5])
    assert (s.status, s.t.tolist(), s.y.tolist()) == (-4, [4], [[0]])


def test_a_callback_that_stops_the_iteration():
    def stop(t, y):
        if t > 5:
            raise StopIteration

    s = ta.solve_ivp(oscillator, (0, 100), [0.0, 1.0], callback=stop)
    assert s.status == -6
    assert 5 < s.t[-1] < 10


def test_what_a_callback_does_to_its_state_is_its_own_affair():
    s = ta.solve_ivp(oscillator, (0, 5), [0.0, 1.0], callback=lambda t, y: y.fill(99.0))
    np.testing.assert_allclose(s.y[0], np.sin(s.t), atol=1e-9)


def test_lotka_and_volterra():
    def lotkavolterra(t, z, a, b, c, d):
        x, y = z
        return [a * x - b * x * y, -c * y + d * x * y]

    ours, theirs = both(lotkavolterra, [0, 15], [10, 5], args=(1.5, 1, 3, 1), dense_output=True)
    t = np.linspace(0, 15, 300)
    assert ours.sol(t).shape == (2, 300)
    np.testing.assert_allclose(ours.sol(t), theirs.sol(t), atol=1e-6)


def test_a_complex_linear_system():
    A = np.array([[-0.25 + 0.14j, 0, 0.33 + 0.44j], [0.25 + 0.58j, -0.2 + 0.14j, 0], [0, 0.2 + 0.4j, -0.1 + 0.97j]])
    ours, theirs = both(lambda t, y: A @ y, [0, 25], [10 + 0j, 20 + 0j, 30 + 0j], t_eval=np.linspace(0, 25, 11))
    np.testing.assert_allclose(ours.y, theirs.y, rtol=1e-8)


def test_van_der_pol_with_events_in_a_list():
    def vdp(t, y, mu):
        return np.array([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])

    events = [lambda t, y, mu: y[0], lambda t, y, mu: y[1] - mu]
    ours, theirs = both(vdp, (0.0, 20.0), np.array([2.0, 0.0]), args=(1.0,), events=events)
    assert [len(t) for t in ours.t_events] == [len(t) for t in theirs.t_events]
    for mine, other in zip(ours.t_events, theirs.t_events, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-8)


def test_options_that_taylors_method_has_no_use_for():
    unused = {"first_step": 1e-3, "min_step": 1e-9, "jac": lambda t, y: 0, "vectorized": True}
    s = ta.solve_ivp(oscillator, (0, 5), [0.0, 1.0], **unused)
    assert s.success
    for name in unused:
        assert f"{name} was not used" in s.message


def test_scipys_methods_are_scipys():
    with pytest.warns(UserWarning, match="Radau"):
        s = ta.solve_ivp(oscillator, (0, 5), [0.0, 1.0], "Radau", first_step=0.1)
    assert type(s) is type(scipy.integrate.solve_ivp(oscillator, (0, 5), [0.0, 1.0]))
    with pytest.warns(UserWarning, match="LSODA"):
        s = ta.solve_ivp(oscillator, (0, 5), [0.0, 1.0], scipy.integrate.LSODA)
    assert s.status == 0
    assert ta.solve_ivp(oscillator, (0, 5), [0.0, 1.0], ta.TaylorSolver).stats["compiled"]
    with pytest.raises(ta.DomainError, match="callback"):
        ta.solve_ivp(oscillator, (0, 5), [0.0, 1.0], "RK45", callback=print)


def test_scipys_loop_stops_at_a_pole_and_says_so():
    s = scipy.integrate.solve_ivp(lambda t, y: y**2, (0, 2), [1.0], method=ta.TaylorSolver)
    assert s.status == -1
    assert s.message.startswith("Singularity near t = 1;")
    s = scipy.integrate.solve_ivp(lambda t, y: [1 / t], (0, 2), [1.0], method=ta.TaylorSolver)
    assert s.status == -1
    assert "from t = 0.0" in s.message
    solver = ta.TaylorSolver(oscillator, 5, [0.0, 1.0], 9, max_step=1e-20)
    assert solver.step().startswith("Required step size is less than spacing between numbers.")
    assert solver.status == "failed"


def test_scipys_loop_with_arguments_and_events():
    given = {"args": (9.8, 0.1), "t_eval": np.linspace(0, 20, 5), "events": lambda t, y, g, c: y[0]}
    s = scipy.integrate.solve_ivp(pendulum, (0, 20), [0.5, 0.0], ta.TaylorSolver, **given)
    ours = ta.solve_ivp(pendulum, (0, 20), [0.5, 0.0], **given)
    np.testing.assert_allclose(s.y, ours.y, atol=1e-13)
    np.testing.assert_allclose(s.t_events[0], ours.t_events[0], atol=1e-12)


def test_the_fields_are_scipys():
    ours, theirs = both(oscillator, (0, 5), [0.0, 1.0])
    assert set(theirs.keys()) <= set(ours.keys())
    assert ours.t_events is theirs.t_events is None
    assert {**ours}["success"] is True


# ---------------------------------------------------------------------- arguments by name
@pytest.mark.parametrize("f", [pendulum, keyword_only])
def test_arguments_by_name(f):
    s = ta.solve_ivp(f, (0, 5), [0.5, 0.0], args={"c": 0.1, "g": 9.8})
    wanted = ta.solve_ivp(pendulum, (0, 5), [0.5, 0.0], args=(9.8, 0.1))
    np.testing.assert_allclose(s.y[:, -1], wanted.y[:, -1], rtol=1e-12)
    assert s.args == {"c": 0.1, "g": 9.8}


def test_named_parameters_of_a_problem():
    counted = ta.compile_ode(pendulum, dim=2)
    named = ta.compile_ode(keyword_only, dim=2, params=("g", "c"))
    shaped = ta.compile_ode(lambda t, y, *, A: A @ y, dim=2, params={"A": (2, 2)})
    assert counted.arguments.names == named.arguments.names == ("g", "c")
    wanted = counted.propagate(0, 5, [0.5, 0.0], (9.8, 0.1)).tolist()
    assert counted.propagate(0, 5, [0.5, 0.0], {"c": 0.1, "g": 9.8}).tolist() == wanted
    assert named.propagate(0, 5, [0.5, 0.0], (9.8, 0.1)).tolist() == wanted
    assert pickle.loads(pickle.dumps(named)).propagate(0, 5, [0.5, 0.0], {"g": 9.8, "c": 0.1}).tolist() == wanted
    E = named.ensemble((0, 5), [[0.5, 0.0], [0.5, 0.0]], {"g": [9.8, 1.0], "c": 0.1})
    np.testing.assert_allclose(E.y[0], wanted, rtol=1e-13)
    end = shaped.propagate(0, 1, [0.0, 1.0], {"A": [[0.0, 1.0], [-1.0, 0.0]]})
    np.testing.assert_allclose(end, [np.sin(1), np.cos(1)], rtol=1e-10)


@pytest.mark.parametrize(
    ("args", "words"),
    [({"g": 1.0}, "'c' is missing"), ({"g": 1.0, "c": 0.1, "k": 2}, "no argument 'k'"), ((1.0,), "compiled for")],
)
def test_wrong_names_are_told(args, words):
    with pytest.raises(ta.DomainError, match=words):
        ta.compile_ode(pendulum, dim=2).solve((0, 1), [0.0, 1.0], args)


def test_parameters_that_do_not_fit():
    with pytest.raises(ta.DomainError, match="names 2 arguments"):
        ta.compile_ode(pendulum, dim=2, params=("g", "g"))
    with pytest.raises(ta.DomainError, match="3 names"):
        ta.compile_ode(pendulum, dim=2, names=("a", "b", "c"))


# ---------------------------------------------------------------------- files
def test_a_solution_in_a_file(tmp_path):
    p = ta.compile_ode(pendulum, dim=2, names=("angle", "speed"), rtol=[1e-9, 1e-10])
    s = p.solve((0, 20), [0.5, 0.0], {"g": 9.8, "c": 0.1}, events=[lambda t, y, g, c: y[0], lambda t, y, g, c: y[1]])
    s.save(tmp_path / "run.npz")
    assert os.listdir(tmp_path) == ["run.npz"]
    r = ta.load_solution(tmp_path / "run.npz")
    t = np.linspace(0, 20, 77)
    same = [(s.t, r.t), (s.y, r.y), (s(t), r(t)), (s.derivative(t, 2), r.derivative(t, 2)), (s.rtol, r.rtol)]
    for mine, other in same:
        np.testing.assert_array_equal(mine, other)
    for mine, other in zip(s.t_events + s.y_events, r.t_events + r.y_events, strict=True):
        np.testing.assert_array_equal(mine, other)
    assert (r.status, r.message, r.names, r.nfev) == (s.status, s.message, s.names, s.nfev)
    assert r.stats["steps"] == s.stats["steps"]
    assert r.args == {"g": 9.8, "c": 0.1}
    g = lambda t, y, g, c: y[0] - c  # noqa: E731
    np.testing.assert_array_equal(r.roots(g), s.roots(g))
    assert len(r.roots(g)) > 10


def test_a_solution_without_dense_output_and_one_that_failed(tmp_path):
    s = ta.solve_ivp(lambda t, y: y**2, (0, 2), [1.0])
    s.save(tmp_path / "bad.npz")
    r = ta.load_solution(tmp_path / "bad.npz")
    assert r.status == s.status < 0
    assert "Singularity" in r.message
    assert r.sol is r.t_events is None


def test_a_solution_that_jumps_in_a_file(tmp_path):
    bounce = ta.Event(lambda t, y: y[0], direction=-1, action=lambda t, y: [0.0, -0.9 * y[1]])
    s = ta.solve_ivp(lambda t, y: [y[1], -9.8], (0, 4), [1.0, 0.0], events=bounce, dense_output=True)
    s.save(tmp_path / "ball.npz")
    r = ta.load_solution(tmp_path / "ball.npz")
    assert r.sol.breaks == s.sol.breaks
    assert len(r.sol.breaks) > 3
    rest = lambda t, y: y[1] - 1.0  # noqa: E731
    np.testing.assert_array_equal(r.roots(rest), s.roots(rest))
    np.testing.assert_array_equal(r(np.linspace(0, 4, 50)), s(np.linspace(0, 4, 50)))


def test_a_file_that_is_no_solution(tmp_path):
    np.savez(tmp_path / "other.npz", t=np.zeros(3))
    (tmp_path / "text.npz").write_text("t,y\n")
    np.savez(tmp_path / "objects.npz", facts=np.array([{"a": 1}], object), allow_pickle=True)
    whole = tmp_path / "whole.npz"
    ta.solve_ivp(oscillator, (0, 1), [0.0, 1.0]).save(whole)
    (tmp_path / "cut.npz").write_bytes(whole.read_bytes()[:300])
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tmp_path / "less.npz", "w") as new:
        for name in old.namelist():
            if name != "t.npy":
                new.writestr(name, old.read(name))
    for name in ("other", "text", "objects", "cut", "less"):
        with pytest.raises(ta.DomainError, match="not a solution"):
            ta.load_solution(tmp_path / f"{name}.npz")
    with pytest.raises(FileNotFoundError):
        ta.load_solution(tmp_path / "nowhere.npz")
    with pytest.raises(ta.TayloradError, match="no solution at"):
        ta.load_solution(whole).save(tmp_path / "no" / "folder.npz")


# ---------------------------------------------------------------------- what a person sees
def test_how_a_solution_looks():
    s = ta.solve_ivp(pendulum, (0, 20), [0.5, 0.0], args=(9.8, 0.1), events=lambda t, y, g, c: y[0], dense_output=True)
    lines = repr(s).splitlines()
    assert lines[0].strip() == f"message: {s.message}"
    assert len(lines) < 15
    assert all(word in repr(s) for word in ("g = 9.8", "status 0", "of event 0", "polynomials of degree"))
    html = s._repr_html_()
    assert html.startswith("<table>")
    assert html.count("<tr>") == html.count("</tr>") > 4
    assert "<Status" not in html


def test_pictures(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    import matplotlib.pyplot as plt

    s = ta.compile_ode(oscillator, dim=2, names=("place", "speed")).solve((0, 6), [0.0, 1.0])
    ax = s.plot()
    assert [line.get_label() for line in ax.lines] == ["place", "speed"]
    x, y = ax.lines[0].get_data()
    np.testing.assert_allclose(y, np.sin(x), atol=1e-9)
    ax = s.plot(kind="phase", path=tmp_path / "phase.png")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("place", "speed")
    assert (tmp_path / "phase.png").read_bytes().startswith(b"\x89PNG")
    assert s.plot(components=[1], title="one").get_title(loc="left") == "one"
    s = ta.solve_ivp(lambda t, y: -y, (0, 1), [1.0, 2.0, 3.0])
    assert s.plot().name == "3d"
    assert s.plot(kind="time").name != "3d"
    with pytest.raises(ValueError, match="components"):
        s.plot(components=[5])
    with pytest.raises(ValueError, match="kind"):
        s.plot(kind="pie")
    plt.close("all")


# ---------------------------------------------------------------------- progress and interrupts
def test_progress(capsys):
    seen = []
    ta.solve_ivp(oscillator, (0, 2000), [0.0, 1.0], progress=seen.append, max_step=1e-3)
    assert seen == sorted(seen)
    assert len(seen) > 2
    assert seen[-1] == 2000
    ta.solve_ivp(oscillator, (0, 2000), [0.0, 1.0], progress=True)
    assert "100%" in capsys.readouterr().err
    with pytest.raises(ta.DomainError, match="progress"):
        ta.solve_ivp(oscillator, (0, 1), [0.0, 1.0], progress="yes")


def test_ctrl_c_keeps_what_was_computed():
    program = """
        import numpy as np, os, signal, sys, threading, time, taylorad as ta
        p = ta.compile_ode(lambda t, y: [y[1], -y[0]], dim=2)
        p.solve((0, 1), [0.0, 1.0])
        def hit():
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=hit).start()
        s = p.solve((0, 1e9), [0.0, 1.0], dense=False, max_steps=10**12)
        assert s.status == -5 and not s.success, s
        assert len(s.t) == s.y.shape[1] > 1000
        assert s.t[-1] == s.stats["t"] < 1e9
        assert np.all(np.diff(s.t) > 0)
        print("kept")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "kept\n", done.stderr
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# ---------------------------------------------------------------------- input that is refused, and ends that are said
@pytest.mark.parametrize(
    ("f", "end", "words"),
    [
        (lambda t, y: y, 709.7827, "too large"),
        (lambda t, y: [np.exp(np.exp(t))], 6.458, "too large"),
        (lambda t, y: np.exp(y), np.exp(-1), "Singularity near t = 0.3678794412"),
        (lambda t, y: [np.log(1 - t)], 1, "Singularity near t = 1;"),
        (lambda t, y: [np.sqrt(0.5 - t) + 0 * y[0]], 0.5, "Singularity near t = 0.5;"),
        (lambda t, y: y * np.nan, 0, "not finite"),
        (lambda t, y: [1 / t], 0, "no Taylor series"),
        (lambda t, y: np.sqrt(y - 1), 0, "no Taylor series"),
    ],
)
def test_what_was_computed_is_kept(f, end, words):
    s = ta.solve_ivp(f, (0, 2000), [1.0], dense_output=True)
    assert s.status < 0
    assert words in s.message
    assert s.t[-1] == pytest.approx(end, abs=2e-2)
    assert np.all(np.isfinite(s.y))
    assert s.y.shape == (1, len(s.t))
    assert np.all(np.diff(s.t) > 0)
    if end > 0:
        np.testing.assert_allclose(s.sol(s.t[: len(s.t) // 2]), s.y[:, : len(s.t) // 2], rtol=1e-10)
        grid = ta.solve_ivp(f, (0, 2000), [1.0], t_eval=[end / 2, end + 1])
        assert grid.t.tolist() == [end / 2]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"t_span": 5}, "two finite numbers"),
        ({"t_span": (0,)}, "two finite numbers"),
        ({"t_span": (0, 1, 2)}, "two finite numbers"),
        ({"t_span": ("a", 1)}, "beginning of the span"),
        ({"t_span": (0, 1j)}, "end of the span"),
        ({"y0": [[1, 2], [3]]}, "y0"),
        ({"y0": None}, "y0 = None"),
        ({"y0": []}, "at least 1"),
        ({"fun": 5}, "not a function"),
        ({"fun": lambda t, y: None}, "returns None"),
        ({"fun": lambda t, y: [1j * y[0], y[1]]}, "complex initial values"),
        ({"fun": lambda t, y: {}["k"]}, "KeyError"),
        ({"fun": lambda t, y, a: [a * y[1], y[0]], "args": ("x",)}, "argument a"),
        ({"fun": lambda t, y, a: [a * y[1], y[0]], "args": (1, 2)}, "TypeError"),
        ({"t_eval": "abc"}, "t_eval"),
        ({"t_eval": [0.1, np.nan]}, "outside of the span"),
        ({"t_eval": [[0.1]]}, "axes"),
        ({"rtol": "small"}, "rtol"),
        ({"rtol": np.nan}, "rtol"),
        ({"atol": [1e-9, -1e-9]}, "atol"),
        ({"max_step": "short"}, "max_step"),
        ({"max_step": -1}, "max_step"),
        ({"max_steps": 2.5}, "max_steps"),
        ({"order": 1}, "order"),
        ({"order": "high"}, "order"),
        ({"events": 5}, "event"),
        ({"events": lambda t: t}, "positional"),
        ({"method": None}, "method"),
        ({"method": "Euler"}, "method"),
    ],
)
def test_wrong_input_is_told(change, words):
    given = {"fun": oscillator, "t_span": (0, 1), "y0": [0.0, 1.0], **change}
    with pytest.raises(ta.TayloradError, match=words):
        ta.solve_ivp(**given)


def test_wrong_input_of_a_problem():
    p = ta.compile_ode(oscillator, dim=2)
    for bad in (np.nan, np.inf, "x"):
        with pytest.raises(ta.DomainError, match=r"finite|numbers"):
            p.propagate(0, bad, [0.0, 1.0])
        with pytest.raises(ta.DomainError, match=r"finite|numbers"):
            p.propagate(bad, 0, [0.0, 1.0])
        with pytest.raises(ta.DomainError, match=r"finite|numbers"):
            p.stepper(0.0, [0.0, 1.0]).advance(bad)
    with pytest.raises(ta.DomainError, match="nan"):
        p.stepper(0.0, [0.0, 1.0]).step(np.nan)
    with pytest.raises(ta.DomainError, match="call step"):
        _ = p.stepper(0.0, [0.0, 1.0]).coefficients
    for dtype in (int, str, np.float32):
        with pytest.raises(ta.DomainError, match="dtype"):
            ta.compile_ode(oscillator, dim=2, dtype=dtype)
    for dim in (0, 1.5, "two"):
        with pytest.raises(ta.DomainError, match="dim"):
            ta.compile_ode(oscillator, dim=dim)
