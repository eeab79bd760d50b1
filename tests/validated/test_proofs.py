"""Derivatives, ranges, minima, zeros and integrals that are proved, beside published and exact values."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.cli import main
from taylorad.errors import DomainError, MixedRingError, OrderError, UncertifiedError
from taylorad.rings.balls import ball, precision
from taylorad.rings.intervals import Interval


# ---------------------------------------------------------------------- derivatives
def test_coefficients_over_an_interval() -> None:
    found = v.taylor(np.exp, ("0", "0.5"), 3).coefficients
    for k, c in enumerate(found):
        assert c.lo <= 1 / math.factorial(k) <= c.hi
        assert c.hi <= math.exp(0.5) / math.factorial(k) * (1 + 1e-15)


def test_derivatives_to_certain_digits() -> None:
    found = v.derivative(lambda x: np.exp(np.sin(x)), "0.2", 30, digits=50)
    with precision(400):
        exact = ta.taylor(lambda x: np.exp(np.sin(x)), ball(Fraction(1, 5)), 30).derivative(30)
        assert found.overlaps(exact)
        assert found.rad() <= abs(found).lower() * ball(Fraction(1, 10**50))
    assert v.derivative(np.sin, 0, 2) == 0  # exactly


def test_digits_that_cannot_be_certain_are_refused() -> None:
    with pytest.raises(UncertifiedError, match="may be 0"):
        v.derivative(lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, "0.3", 1)
    with pytest.raises(DomainError):
        v.derivative(np.log, -1, 1)
    with pytest.raises(DomainError, match="digits"):
        v.derivative(np.log, (1, 2), 1, digits=10)


def test_derivatives_of_what_returns_several_numbers_are_refused() -> None:
    for make in (lambda f: v.derivative(f, "0.2", 1), lambda f: v.taylor(f, (0, 1), 2), lambda f: v.taylor(f, 1, 2)):
        with pytest.raises(MixedRingError, match="one number"):
            make(lambda x: (x, x))
    with pytest.raises(OrderError, match="whole"):
        v.derivative(np.exp, "0.2", 1, digits=1.5)  # type: ignore[arg-type]


def test_a_kink_has_values_but_no_derivatives() -> None:
    assert v.taylor(abs, (-1, 2), 0).coefficients[0].hi == 2
    with pytest.raises(UncertifiedError):
        v.taylor(abs, (-1, 2), 1)


def test_decimals_can_be_exact() -> None:
    assert Fraction(7, 5) in v.taylor(lambda x: v.exact("1.4") * x, 1, 0).coefficients[0]
    assert v.taylor(lambda x: 1.4 * x, 1, 0).coefficients[0] == Interval(1.4, 1.4)  # the float is what it is


# ---------------------------------------------------------------------- ranges and minima
def beale(x: Any, y: Any) -> Any:
    a, b = v.exact("2.25"), v.exact("2.625")
    return (1.5 - x + x * y) ** 2 + (a - x + x * y**2) ** 2 + (b - x + x * y**3) ** 2


def rosenbrock(x: Any) -> Any:
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def mccormick(x: Any, y: Any) -> Any:
    return np.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1


MINIMA = [  # domains and values: Jamil & Yang, "A literature survey of benchmark functions", 2013
    (beale, [(-4.5, 4.5)] * 2, 0.0, (3.0, 0.5)),
    (rosenbrock, [(-2, 2)] * 2, 0.0, (1.0, 1.0)),
    (mccormick, [(-1.5, 4), (-3, 4)], -1.9132229549810367, (-0.5471975511965976, -1.5471975511965976)),
    (lambda x: x * x - x, (0, 1), -0.25, (0.5,)),
]


@pytest.mark.parametrize(("f", "where", "value", "point"), MINIMA)
def test_global_minima(f: Any, where: Any, value: float, point: tuple[float, ...]) -> None:
    found = v.minimize(f, where)
    assert found.reached
    assert found.value.lo - 1e-15 <= value <= found.value.hi + 1e-15
    assert found.value.width <= 2e-10
    assert any(all(x.lo - 1e-9 <= p <= x.hi + 1e-9 for x, p in zip(box, point, strict=True)) for box in found.boxes)


def test_the_widest_side_may_be_settled_first() -> None:
    """Monotone in the wide variable, flat to fourth order in the other: only that one is halved."""
    found = v.minimize(lambda x, y: 10 * x + (y - 0.3) ** 4, [(-5, 5), (0, 1)])
    assert found.reached
    assert found.value.lo <= -50 <= found.value.hi + 1e-12
    assert all(box[0] == Interval(-5.0, -5.0) for box in found.boxes)


def test_ranges_are_tight() -> None:
    found = v.range(lambda x: np.exp(np.sin(x)) * x, (0, 10))
    x = np.linspace(0, 10, 20001)
    values = np.exp(np.sin(x)) * x
    assert found.lo <= values.min()
    assert values.max() <= found.hi
    assert found.lo >= values.min() - 1e-9
    assert found.hi <= values.max() + 1e-4  # the grid misses the top


def makino(x: Any) -> Any:
    """Makino's example: 1 + x⁵ − x⁴ on [0, 1], a cancellation that intervals alone bound badly."""
    return 1 + x**5 - x**4


def test_a_range_that_intervals_alone_bound_badly() -> None:
    found = v.range(makino, (0, 1))
    assert found.hi == pytest.approx(1.0, abs=1e-10)
    assert found.lo == pytest.approx(1 - 4**4 / 5**5, abs=1e-10)


def test_domains_that_are_no_domain() -> None:
    with pytest.raises((UncertifiedError, DomainError)):
        v.range(np.log, (-1, 1))
    with pytest.raises(DomainError, match="unbounded"):
        v.range(np.exp, (0, math.inf))
    with pytest.raises(DomainError, match="tolerance"):
        v.range(np.exp, (0, 1), tol=0)
    with pytest.raises(MixedRingError, match="one number"):
        v.range(lambda x: [x, x], (0, 1))


# ---------------------------------------------------------------------- zeros
def test_all_zeros_of_a_function() -> None:
    found = v.roots(np.sin, (1, 20))
    assert found.all_unique
    assert [r.box.mid for r in found] == pytest.approx([k * math.pi for k in range(1, 7)], rel=1e-15)
    assert all(r.box.width < 1e-14 for r in found)


def test_zeros_at_the_ends() -> None:
    found = v.roots(lambda x: x * (x - 1), (0, 1))
    assert [(r.box.lo, r.proved) for r in found] == [(0.0, "unique"), (1.0, "unique")]


def test_no_zeros_is_a_proof_too() -> None:
    assert len(v.roots(lambda x: x * x + 1e-6, (-3, 3))) == 0
    assert v.roots(lambda x: x * x + 1e-6, (-3, 3)).complete


def test_an_unfinished_search_says_so() -> None:
    found = v.roots(lambda x: np.cos(50 * x), (0, 2), boxes=5)
    assert not found.complete


def test_systems() -> None:
    circle = v.solve_system(lambda x, y: [x * x + y * y - 4, x - y], [(-3, 3), (-3, 3)])
    assert circle.all_unique
    assert sorted(r.box[0].mid for r in circle) == pytest.approx([-math.sqrt(2), math.sqrt(2)])
    # Himmelblau's function has nine stationary points
    himmelblau = v.solve_system(
        lambda x, y: [4 * x * (x * x + y - 11) + 2 * (x + y * y - 7), 2 * (x * x + y - 11) + 4 * y * (x + y * y - 7)],
        [(-6, 6), (-6, 6)],
    )
    assert len(himmelblau) == 9
    assert himmelblau.all_unique
    assert any(3.0 in r.box[0] and 2.0 in r.box[1] for r in himmelblau)


def test_zeros_where_boxes_are_cut_are_found_once() -> None:
    """The permutations of (1, 2, 3) have sum 6, product 6 and squares that add up to 14."""
    found = v.solve_system(
        lambda u: [u[0] + u[1] + u[2] - 6, u[0] * u[1] * u[2] - 6, u[0] ** 2 + u[1] ** 2 + u[2] ** 2 - 14], [(0, 4)] * 3
    )
    assert found.all_unique
    assert {tuple(round(x.mid) for x in r.box) for r in found} == set(itertools.permutations((1, 2, 3)))
    assert len(found) == 6


def test_a_touch_is_one_undecided_box() -> None:
    """A line that touches a circle: undecided boxes, close to one another, are one."""
    found = v.solve_system(lambda x, y: [x * x + y * y - 1, x - 1], [(0, 2), (-1, 1)], tol=1e-8)
    assert [r.proved for r in found] == ["undecided"]
    assert 1 in found[0].box[0]
    assert 0 in found[0].box[1]
    assert found[0].box[1].width < 1e-3


def test_zeros_of_functions_that_wide_balls_do_not_bound() -> None:
    """Γ(x) = 2 at 3; Γ is enclosed over [2, 4] by intervals, and by no ball of that width."""
    assert v.taylor(ta.gamma, (2, 4), 1)[0] == Interval(1.0, 6.0)
    (zero,) = v.roots(lambda x: ta.gamma(x) - 2, (2, 4))
    assert zero.proved == "unique"
    assert 3 in zero.box


def test_a_system_with_a_double_zero_is_undecided() -> None:
    found = v.solve_system(lambda x, y: [x * x - y, y], [(-3, 3), (-3, 3)])
    assert [r.proved for r in found] == ["undecided"]


def test_systems_that_do_not_fit() -> None:
    with pytest.raises(MixedRingError, match="equations"):
        v.solve_system(lambda x, y: [x + y], [(0, 1), (0, 1)])
    with pytest.raises(DomainError, match="one variable"):
        v.roots(np.sin, [(0, 1), (0, 1)])


# ---------------------------------------------------------------------- integrals
GAUSS = "0.74682413281242702539946743613185300535449968681260632902765449"  # √π/2·erf(1), by mpmath
INTEGRALS = [
    (lambda x: np.exp(-x * x), 0, 1, {"tol": 1e-15}, GAUSS),
    (np.exp, 0, "1/3", {}, "0.39561242508608952862813631993950"),
    (lambda x: 1 / (1 + 25 * x * x), -1, 1, {}, "0.54936030677800634434450241"),
    (np.cos, 0, 1, {"weight": ("-1/2", 0)}, "1.80904847580054416294"),
    (lambda x: 1 + 0 * x, 0, 1, {"weight": ("-1/2", "-1/2")}, "3.14159265358979323846"),
    (lambda x: abs(x - Fraction(1, 3)), 0, 1, {"tol": 1e-9}, "0.27777777777777777778"),
    (lambda x: np.exp(-x * x), 0, 1, {"method": "gauss"}, GAUSS),
    (np.sqrt, 0, 1, {"tol": 1e-10}, "0.66666666666666666667"),  # no derivatives at 0, but values
    (np.log, 1, 2, {"method": "gauss"}, "0.38629436111989061883446424"),
]


@pytest.mark.parametrize(("f", "a", "b", "options", "value"), INTEGRALS)
def test_integrals(f: Any, a: Any, b: Any, options: dict[str, Any], value: str) -> None:
    found = v.integrate(f, a, b, **options)
    assert found.lo - 1e-19 <= Fraction(value) <= found.hi + 1e-19
    assert found.width <= 2 * options.get("tol", 1e-12) * max(1, found.mag)


def test_backwards_is_minus_forwards() -> None:
    assert v.integrate(np.exp, 1, 0) == -v.integrate(np.exp, 0, 1)


@pytest.mark.parametrize("method", ["taylor", "gauss"])
def test_integrals_to_many_digits(method: str) -> None:
    found = v.integrate(np.sin, 0, 1, digits=50, method=method, order=40)
    with precision(300):
        assert found.overlaps(1 - ball(1).cos())
        assert found.rad() < ball(Fraction(1, 10**50))


@pytest.mark.parametrize("f", [lambda x: 1 / x, lambda x: 1 / x**2, np.log])
def test_a_singularity_on_the_path_is_named(f: Any) -> None:
    with pytest.raises(UncertifiedError, match=r"split the path|no integral"):
        v.integrate(f, 0, 1)


def test_integrands_with_a_cut_are_never_taken_for_analytic() -> None:
    """Across the cut of the square root, complex balls would give a wrong value: FLINT's manual shows 4.669…"""
    found = v.integrate(np.sqrt, 1, 4, method="gauss")
    assert Fraction(14, 3) in found


def test_bad_integrals() -> None:
    for options in ({"tol": 0}, {"order": 1}, {"weight": (-1, 0)}, {"method": "simpson"}):
        with pytest.raises(DomainError):
            v.integrate(np.sin, 0, 1, **options)
    with pytest.raises(DomainError):
        v.integrate(np.sin, 0, math.inf)


# ---------------------------------------------------------------------- the command line
def test_enclose_at_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enclose", "exp(sin(x))", "--on", "0,1", "--order", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["coefficients"]) == 21
    assert found["range"][0] <= 1
    assert found["range"][1] >= math.exp(math.sin(1))


def test_integrate_at_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["integrate", "exp(-x**2)", "--from", "0", "--to", "1", "--tol", "1e-15"]) == 0
    low, high = json.loads(capsys.readouterr().out)
    assert low <= 0.746824132812427 <= high


def test_roots_at_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["roots", "sin(x)-x/3", "--on", "1,4"]) == 0
    assert "exactly one zero" in capsys.readouterr().out
    assert main(["roots", "x**2", "--on", "-1,1"]) == 0
    assert "exactly one zero of multiplicity 2" in capsys.readouterr().out
    assert main(["roots", "sin(x)-1", "--on", "0,3"]) == 0
    assert "undecided, at most 2" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["enclose", "log(x)", "--on", "-1,1"],
        ["enclose", "x", "--on", "3"],
        ["integrate", "1/x", "--from", "0", "--to", "1"],
        ["integrate", "x", "--from", "0", "--to", "pi"],
        ["roots", "1j*x", "--on", "0,1"],
    ],
)
def test_what_cannot_be_proved_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("taylorad: ")
