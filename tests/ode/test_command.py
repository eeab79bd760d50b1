"""``taylorad ode`` from the outside."""

from __future__ import annotations

import numpy as np
import pytest

from taylorad.cli import main
from taylorad.command.models import MODELS
from taylorad.command.ode import integrate


def test_the_lorenz_attractor_is_drawn(tmp_path, capsys):
    path = tmp_path / "out.png"
    assert main(["ode", "lorenz", "--t", "40", "--plot", str(path)]) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "successfully reached" in capsys.readouterr().out


def test_typed_equations_and_their_table(tmp_path, capsys):
    path = tmp_path / "out.csv"
    assert main(["ode", "x' = y; y' = -x", "--y0", "0,1", "--t", "20", "--csv", str(path), "--points", "41"]) == 0
    table = np.genfromtxt(path, delimiter=",", names=True)
    assert table.dtype.names == ("t", "x", "y")
    np.testing.assert_allclose(table["x"], np.sin(table["t"]), atol=1e-11)
    assert "t = 20.0" in capsys.readouterr().out


def test_functions_constants_and_the_time(capsys):
    assert main(["ode", "x' = cos(pi*t) - exp(-t)*0", "--y0", "0", "--t", "0,1/2"]) == 0
    out = capsys.readouterr().out
    assert float(out.split("x = ")[1].split()[0]) == pytest.approx(1 / np.pi, rel=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_runs_keeps_its_invariant_and_is_drawn(name, tmp_path, capsys):
    path = tmp_path / "model.png"
    assert main(["ode", name, "--plot", str(path), "--points", "200"]) == 0
    out = capsys.readouterr().out
    assert path.read_bytes().startswith(b"\x89PNG")
    assert f"t = {MODELS[name].end!r}" in out
    if name in ("lorenz", "van-der-pol"):
        assert "invariant" not in out
    else:
        assert float(out.split("changed by ")[1].split(",")[0]) < 1e-9


def test_digits(capsys):
    import mpmath

    assert main(["ode", "x' = y; y' = -x*0.01 + 0*pi", "--y0", "0,0.1", "--t", "1/3", "--digits", "40"]) == 0
    out = capsys.readouterr().out
    with mpmath.workdps(50):
        assert abs(mpmath.mpf(out.split("x = ")[1].split()[0]) - mpmath.sin(mpmath.mpf(1) / 30)) < mpmath.mpf(10) ** -39
    assert out.startswith("t = 0.3333333333333333333333333333333333333333\n")
    assert main(["ode", "x' = cos(pi*t)", "--y0", "0", "--t", "0.5", "--digits", "30"]) == 0
    assert "x = 0.318309886183790671537767526745" in capsys.readouterr().out
    assert main(["ode", "lorenz", "--t", "1", "--digits", "20"]) == 0
    assert "x = -9.3785700109250623608" in capsys.readouterr().out


def test_models_that_come_back():
    """The figure eight and Arenstorf's orbit are periodic, to the digits of their published initial values."""
    for name, digits in [("figure-eight", 1e-6), ("three-body", 1e-5)]:
        s = integrate(name, None, None, 1e-14, 1e-14).solution
        np.testing.assert_allclose(s.y[:, -1], s.y[:, 0], atol=digits)


def test_a_solution_that_ends_early_says_so(capsys):
    assert main(["ode", "x' = x**2", "--y0", "1", "--t", "2"]) == 1
    assert "Singularity near t = 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lorenz", "--y0", "1,2"], "2 values for 3"),
        (["lorentz"], "neither a system"),
        (["x' = y", "--y0", "1"], "y is not known"),
        (["x' = x; y = 1", "--y0", "1,1"], "an equation looks like"),
        (["x' = x; x' = 1", "--y0", "1,1"], "cannot be the name"),
        (["x' = (x", "--y0", "1"], "not an expression"),
        (["x' = foo(x)", "--y0", "1"], "not a function"),
        (["x' = x.real", "--y0", "1"], "only numbers"),
        (["x' = __import__('os')", "--y0", "1"], "not a function"),
        (["x' = -x"], "--y0"),
        (["x' = -x", "--y0", "1,2"], "2 values for 1"),
        (["x' = -x", "--y0", "one"], "not a list of numbers"),
        (["x' = -x", "--y0", "1", "--t", "1,2,3"], "--t"),
        (["x' = -x", "--y0", "1", "--points", "1"], "--points"),
        (["x' = -x", "--y0", "1", "--rtol", "-1"], "rtol"),
        (["x' = -x", "--y0", "1", "--digits", "0"], "digits"),
        (["x' = True*x", "--y0", "1"], "only numbers"),
        (["x' = -x", "--y0", "1", "--csv", "/nowhere/at/all.csv"], "no table"),
    ],
)
def test_wrong_input_is_one_message(words, told, capsys):
    assert main(["ode", *words]) == 2
    assert told in capsys.readouterr().err
