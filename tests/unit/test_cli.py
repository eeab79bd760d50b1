"""The command line, as it is typed: tables, precision, errors."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest

from taylorad.cli import main
from taylorad.command.diff import Mode, table
from taylorad.command.digits import Decimal
from taylorad.errors import SingularExpansionError, TayloradError

F = "exp(sin(x))/(1+x**2)"


def rows(capsys: pytest.CaptureFixture[str], *argv: str) -> list[list[str]]:
    assert main(["diff", *argv]) == 0
    return [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()[:1].isdigit()]


# ---------------------------------------------------------------------- the answers, against mpmath
TEN = [
    ("exp(sin(x))/(1+x**2)", "0.6", lambda x: mpmath.exp(mpmath.sin(x)) / (1 + x * x)),
    ("log(1+x)*atan(x)", "1/2", lambda x: mpmath.log(1 + x) * mpmath.atan(x)),
    ("gamma(x)", "2.5", mpmath.gamma),
    ("jv(1/3, x)", "1.5", lambda x: mpmath.besselj(mpmath.mpf(1) / 3, x)),
    ("erf(x)**2", "0.3", lambda x: mpmath.erf(x) ** 2),
    ("tanh(3*x) - x/7", "-0.2", lambda x: mpmath.tanh(3 * x) - x / 7),
    ("sqrt(1+sqrt(x))", "0.9", lambda x: mpmath.sqrt(1 + mpmath.sqrt(x))),
    ("lambertw(x)", "e", mpmath.lambertw),
    ("x**x", "1.25", lambda x: x**x),
    ("cos(pi*x)*exp(-x**2/2)", "1/3", lambda x: mpmath.cos(mpmath.pi * x) * mpmath.exp(-x * x / 2)),
]


def oracle(function: object, at: str, order: int) -> list[mpmath.mpf]:
    """Taylor coefficients by Cauchy's integral over a small circle, far more digits than are compared."""
    point = mpmath.e if at == "e" else mpmath.mpf(Fraction(at).numerator) / Fraction(at).denominator
    count, radius = 256, mpmath.mpf(1) / 64
    values = [function(point + radius * mpmath.expjpi(mpmath.mpf(2 * j) / count)) for j in range(count)]  # type: ignore[operator]
    return [
        mpmath.fsum(v * mpmath.expjpi(mpmath.mpf(-2 * j * k) / count) for j, v in enumerate(values)).real
        / count / radius**k
        for k in range(order + 1)
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "function"), TEN, ids=[t for t, _, _ in TEN])
def test_ten_functions_in_three_ways(text: str, at: str, function: object) -> None:
    with mpmath.workdps(60):
        exact = oracle(function, at, 8)
        in_floats = table(text, at, 8)
        digits = table(text, at, 8, "digits", 30)
        rigorous = table(text, at, 8, "rigorous", 30)
        for k, c in enumerate(exact):
            nearby = max(abs(e) for e in exact[max(0, k - 3) : k + 4])
            assert abs(mpmath.mpf(in_floats.rows[k].coefficient) - c) < 1e-13 * nearby
            for found in (digits, rigorous):
                row = found.rows[k]
                assert abs(mpmath.mpf(row.coefficient) - c) <= abs(c) * mpmath.mpf(10) ** -29
                d = c * math.factorial(k)
                assert abs(mpmath.mpf(row.derivative) - d) <= abs(d) * mpmath.mpf(10) ** -29
            assert rigorous.rows[k].certified >= 30


def test_sixty_digits() -> None:
    found = table("exp(x)", "1", 3, "digits", 60)
    with mpmath.workdps(80):
        assert {row.derivative for row in found.rows} == {mpmath.nstr(mpmath.e, 60, strip_zeros=False)}


def test_decimals_are_exact_where_digits_are_promised() -> None:
    assert table("x", "0.1", 0, "digits", 40).rows[0].coefficient == "0." + "1" + "0" * 39
    assert table("0.1*x", "0.1", 1, "rigorous", 40).rows[1].coefficient == "0.1" + "0" * 39
    assert table("0.1*x", "0.1", 1, "exact").rows[1].coefficient == "1/10"


def test_exact_fractions(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, "1/(1+x**2)", "--at", "0.6", "--order", "3", "--exact")
    assert found == [
        ["0", "25/34", "25/34"], ["1", "-375/578", "-375/578"],
        ["2", "625/9826", "625/19652"], ["3", "225000/83521", "37500/83521"],
    ]  # fmt: skip


def test_long_fractions(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, "x**3", "--at", "10**3000", "--order", "1", "--exact")
    assert found == [["0", "1" + "0" * 9000, "1" + "0" * 9000], ["1", "3" + "0" * 6000, "3" + "0" * 6000]]


def test_what_vanishes_is_shown_as_zero() -> None:
    rigorous = table("sin(x)", "pi", 3, "rigorous", 20)
    assert rigorous.rows[0].certified == rigorous.rows[2].certified == 0
    assert rigorous.rows[0].derivative.startswith("0 +/- 1e-")
    assert [row.derivative for row in table("sin(x)", "pi", 2, "digits", 20).rows] == ["0", "-1." + "0" * 19, "0"]


def test_an_exact_ball_is_exact() -> None:
    found = table("x**2/4", "1", 4, "rigorous")
    assert [row.coefficient for row in found.rows] == ["0.25", "0.5", "0.25", "0", "0"]
    assert {row.certified for row in found.rows} == {"exact"}


def test_precision_is_raised_until_the_digits_stand() -> None:
    """(1 − cos(x))/x² at 1e-40 cancels 80 digits."""
    found = table("(1-cos(x))/x**2", "1e-40", 2, "rigorous", 20)
    assert found.rows[0].coefficient in ("0." + "5" + "0" * 19, "0." + "4" + "9" * 19)
    assert table("(1-cos(x))/x**2", "1e-40", 0, "digits", 20).rows[0].coefficient == "0." + "5" + "0" * 19


def test_complex_points() -> None:
    f = table("1/(1+x**2)", "0.6+1j", 2)
    exact = 1 / (1 + (0.6 + 1j) ** 2)
    assert f.rows[0].coefficient == pytest.approx(exact)
    rigorous = table("1/(1+x**2)", "0.6+1j", 2, "rigorous", 25)
    assert complex(rigorous.rows[0].coefficient) == pytest.approx(exact)
    assert min(row.certified for row in rigorous.rows) >= 25
    assert complex(table("exp(1j*x)", "0", 1, "digits", 20).rows[1].coefficient) == 1j


def test_beyond_floats() -> None:
    """(1/100)^200 is no float, nor is 0.01^200/200!; neither is shown as 0."""
    last = table("exp(x/100)", "0", 200).rows[200]
    assert last.derivative == "1.0000000000000000e-400"
    assert last.coefficient == "1.2679769534809624e-775"
    assert table("exp(100*x)", "1", 170).rows[170].derivative.endswith("e+383")


@pytest.mark.parametrize(("mode", "digits"), [("float", 16), ("digits", 20)])
def test_underflow_to_zero_is_no_zero(mode: Mode, digits: int) -> None:
    """x^1000000 at 1/2 is 2^−1000000, and J_n(1/2) is (1/4)^n/n! to leading order (DLMF 10.2.2; Stirling for n!)."""
    found = table("x**1000000", "1/2", 2, mode, digits)
    assert found.rows[0].coefficient.startswith("1.010034059")
    assert found.rows[0].coefficient.endswith("e-301030")
    assert table("jv(10**8, x)", "1/2", 0, mode, digits).rows[0].coefficient.endswith("e-816776556")


def test_orders_that_cancel_are_made_up_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(rows(capsys, "sin(x)/x", "--order", "6")) == 7


@pytest.mark.parametrize("order", [0, 1, 1500])
def test_any_order(order: int) -> None:
    assert len(table("exp(-x)", "0.5", order).rows) == order + 1


# ---------------------------------------------------------------------- what is printed
def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", F, "--at", "0.6", "--order", "5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["function"] == F
    assert found["derivatives"][0] == found["coefficients"][0] == pytest.approx(1.2932491512992592)
    assert main(["diff", F, "--at", "0.6", "--order", "5", "--json", "--rigorous"]) == 0
    proven = json.loads(capsys.readouterr().out)
    assert [float(d) for d in proven["derivatives"]] == pytest.approx(found["derivatives"], rel=1e-12)
    assert min(proven["certified_digits"]) >= 16
    assert main(["diff", "x", "--at", "1j", "--order", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["coefficients"] == [[0.0, 1.0]]


def test_the_series(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "1/(1-x)", "--order", "2", "--series", "--exact"]) == 0
    assert capsys.readouterr().out.endswith("f(0 + t) = 1 + t + t^2 + O(t^3)\n")
    assert main(["diff", "exp(x)", "--order", "1", "--series", "--digits", "30"]) == 0
    assert main(["diff", "exp(x)", "--order", "1", "--series", "--rigorous"]) == 0


def test_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    assert main(["diff", F, "--at", "0.6", "--plot", str(tmp_path / "p.png")]) == 0
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert main(["diff", F, "--plot", str(tmp_path / "nowhere" / "p.png")]) == 2
    assert "no picture at" in capsys.readouterr().err


def test_leading_signs_are_no_options(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows(capsys, "-x**2", "--at", "-pi/4", "--order", "1")
    assert float(found[1][1]) == pytest.approx(math.pi / 2)


def test_functions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["functions"]) == 0
    assert "atan2(u, w)" in capsys.readouterr().out


# ---------------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["x^2"], "taylorad: powers are written with **, not ^\n  x^2\n   ^\n"),
        (["x", "--at", "1+y"], "taylorad: a point is expected: numbers, pi and e\n  1+y\n    ^\n"),
        (["log(x)"], "branch point"),
        (["log(x)", "--rigorous"], "branch point"),
        (["1/x", "--digits", "20"], "pole"),
        (["sin(x)", "--at", "0.6", "--exact"], "not known to be rational"),
        (["x", "--at", "1j", "--exact"], "rational numbers only"),
        (["x", "--exact", "--digits", "3"], "leave --digits"),
        (["x", "--order", "-1"], "order must be"),
        (["x", "--digits", "0"], "at least one digit"),
        (["exp(x)", "--at", "1000"], "too large"),
        (["exp(x)", "--at", "10**400"], "too large"),
        (["abs(x)"], "kink"),
        (["x", "--plot", "p.png", "--at", "1j"], "complex"),
    ],
)
def test_one_message_and_status_2(argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *argv]) == 2
    error = capsys.readouterr().err
    assert error.startswith("taylorad: ")
    assert message in error
    assert error.count("\n") == 1 or "^" in error


@pytest.mark.parametrize("argv", [[], ["diff"], ["what"], ["diff", "x", "--order", "two"], ["diff", "x", "--what"]])
def test_misuse_is_one_line(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_errors_of_the_function_are_the_librarys() -> None:
    with pytest.raises(SingularExpansionError):
        table("1/x", "0", 3)
    with pytest.raises(TayloradError, match="at least one digit"):
        table("x", "0", 3, "digits", 0)


def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "taylorad", "diff", "x^2"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------------- digits
@pytest.mark.parametrize(
    ("parts", "digits", "text", "certain"),
    [
        (((12345678, 1, -7),), 5, "1.2346", 7),
        (((12345678, 1, -7),), 7, "1.23457", 7),
        (((12345678, 1, -7),), 20, "1.23457", 7),
        (((-5, 0, -1),), 5, "-0.5", None),
        (((12345, 0, 40),), 3, "1.23e+44", None),
        (((99999, 1, -10),), 2, "0.000010", 4),
        (((0, 0, 0),), 5, "0", None),
        (((3, 10, -30),), 5, "0 +/- 1e-28", 0),
        (((10000000, 1, 0), (-5, 1, 0)), 4, "1.000e+07+0j", 7),
        (((10000000, 1, -7), (-5000, 1, -7)), 5, "1.0000-0.0005j", 7),
    ],
)
def test_decimals(parts: tuple[tuple[int, int, int], ...], digits: int, text: str, certain: int | None) -> None:
    found = Decimal(parts)
    assert found.text(digits) == text
    assert found.digits == certain
