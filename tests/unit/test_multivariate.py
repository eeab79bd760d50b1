"""Polynomials in several variables: every function of the book along rays, spaces, rings, calculus, errors."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest

import taylorad as ta
from taylorad.book.entry import BOOK, ENTRIES, Entry
from taylorad.multivariate.space import space
from taylorad.rings import graded_monomials
from taylorad.run import eager

F = Fraction
EPS = 2.0**-52
POINT = {"arccosh": 2.0, "acosh": 2.0, "acoth": 2.0, "arccoth": 2.0, "acsc": 2.0, "asec": 2.0, "arcsec": 2.0,
         "arccsc": 2.0}  # fmt: skip


def xy(order: int = 6, point: Any = (1.0, 2.0), **options: Any) -> list[ta.MultivariateTaylor]:
    return ta.variables(point, order, "x y", **options)


def _arguments(entry: Entry) -> tuple[int, list[Any]]:
    return (3 if getattr(entry, "variadic", False) else entry.arity), [2] * len(entry.parameters)


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("name", sorted(n for n in BOOK if BOOK[n].name == n))
def test_every_function_of_the_book_along_a_ray(name: str, compiled: bool) -> None:
    """f(g(x, y)) along a straight line is the one-variable series of f of g along it."""
    eager.load_now(compiled)
    order, entry = 5, BOOK[name].entry
    arity, params = _arguments(entry)
    at = POINT.get(name, 0.4)
    x, y = ta.variables([0.1, 0.2], order, "x y")
    t = ta.variable(0.0, order)
    several = [at + (i + 1) * 0.05 + 0.3 * (x - 0.1) - 0.2 * (y - 0.2) * (1 + i + x) for i in range(arity)]
    line = [at + (i + 1) * 0.05 + 0.3 * t - 0.2 * (0.5 * t) * (1 + i + 0.1 + t) for i in range(arity)]
    if params and name in ("betainc", "hyp2f1", "hyp1f1", "jacobi", "eval_jacobi"):
        params = [1.5, 0.5, 2.5][: len(params)]
    call = getattr(ta, name)
    ordered = (lambda us: (*params, *us)) if entry.params_first else (lambda us: (*us, *params))
    try:
        wanted = call(*ordered(line))
    except ta.TayloradError as problem:
        with pytest.raises(type(problem)):
            call(*ordered(several))
        return
    found = call(*ordered(several)).to_taylor(x=1.0, y=0.5)
    assert found.order == order
    scale = np.maximum.accumulate(np.abs(wanted.coefficients)) + 1e-300
    assert np.all(np.abs(found.coefficients - wanted.coefficients) <= 2000 * EPS * scale), (found, wanted)


def test_the_first_page() -> None:
    x, y = xy(8)
    f = np.exp(x * y) / (1 + x**2)
    with mpmath.workdps(40):
        wanted = mpmath.taylor(lambda t: mpmath.diff(lambda s: mpmath.exp(s * t) / (1 + s * s), 1, 2), 2, 1)[1]
    assert f.derivative(x=2, y=1) == pytest.approx(float(wanted), rel=1e-13)
    assert f[2, 1] == f.derivative(2, 1) / 2
    assert f(1e-2, 2e-2) == pytest.approx(math.exp(1.01 * 2.02) / (1 + 1.01**2), rel=1e-14)
    assert f(y=2e-2, x=1e-2) == f(1e-2, 2e-2)


@pytest.mark.parametrize("kind", ["exact", "mpf", "mpc", "arb", "acb", "complex128"])
def test_all_rings_agree_with_exact_fractions(kind: str) -> None:
    make = {
        "exact": F, "mpf": lambda q: mpmath.mpf(q.numerator) / q.denominator, "mpc": lambda q: mpmath.mpc(float(q)),
        "arb": lambda q: flint.arb(flint.fmpq(q.numerator, q.denominator)), "acb": lambda q: flint.acb(float(q)),
        "complex128": lambda q: complex(q),
    }[kind]  # fmt: skip

    def f(x: Any, y: Any) -> Any:
        return (x * y - 1) ** 3 / (1 + x + y**2) - x**-2

    point = (F(1, 2), F(-3, 4))
    wanted = f(*xy(5, point))
    found = f(*xy(5, [make(p) for p in point]))
    for a, b in zip(found.coefficients, wanted.coefficients, strict=True):
        if kind in ("arb", "acb"):
            a = a.real if kind == "acb" else a
            assert a.contains(flint.fmpq(b.numerator, b.denominator))
            assert a.rad() < 1e-8
        else:
            assert abs(complex(a) - float(b)) <= 1e-12 * max(1, abs(b))
    assert kind != "exact" or found == wanted


def test_exact_coefficients_are_exact() -> None:
    """1/(1 − x − y) = Σ C(i+j, i)·x^i·y^j."""
    x, y = xy(7, (F(0), F(0)))
    f = 1 / (1 - x - y)
    for (i, j), c in f.terms().items():
        assert c == math.comb(i + j, i)
    assert len(f.terms()) == 36


def test_batches_are_points_side_by_side() -> None:
    xs, ys = np.linspace(1, 2, 7), np.linspace(-1, 1, 7)
    x, y = xy(4, (xs, ys))
    f = np.sin(x * y) / (2 + y) + np.where(ys > 0, x, y)
    assert f.shape == (7,)
    for i in (0, 3, 6):
        p, q = xy(4, (float(xs[i]), float(ys[i])))
        one = np.sin(p * q) / (2 + q) + (p if ys[i] > 0 else q)
        assert f.at(i).isclose(one, 1e-13, 1e-15)
    assert np.sum(f).at(()).shape == ()
    assert np.allclose(np.sum(f).coefficients, f.coefficients.sum(axis=1))
    assert np.allclose(f(0.01, 0.02), [f.at(i)(0.01, 0.02) for i in range(7)])


# ---------------------------------------------------------------------- spaces
def test_monomials_stand_by_degree_and_last_variable() -> None:
    x, *_ = ta.variables([0.0] * 3, 2, "x y z")
    assert [x.space.monomial(e) for e in x.exponents] == ["1", "x", "y", "z", "x^2", "x y", "y^2", "x z", "y z", "z^2"]


def test_sixty_six_variables_of_order_two() -> None:
    """Restated from TaylorSeries.jl's test/manyvariables.jl (MIT licence): C(68, 2) monomials."""
    assert len(ta.variables([0.0] * 66, 2)[0].space) == 2278


def test_hyperdual_numbers_are_caps_of_one() -> None:
    """Fike and Alonso (AIAA 2011-886) test with exp(x)/√(sin³x + cos³x) at 1.5; here beside mpmath's derivatives."""
    a, b = ta.variables([0.0, 0.0], 2, "a b", caps=1)
    x = 1.5 + a + b
    f = np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3)
    assert len(f.coefficients) == 4
    with mpmath.workdps(30):
        g = lambda s: mpmath.exp(s) / mpmath.sqrt(mpmath.sin(s) ** 3 + mpmath.cos(s) ** 3)  # noqa: E731
        wanted = [float(mpmath.diff(g, 1.5, k)) for k in range(3)]
    assert [f[0, 0], f[1, 0], f[0, 1], f[1, 1]] == pytest.approx(
        [wanted[0], wanted[1], wanted[1], wanted[2]], rel=1e-14
    )
    with pytest.raises(ta.OrderError, match="exponents of a up to 1"):
        f[2, 0]


@pytest.mark.parametrize("options", [{"caps": {"y": 2}}, {"parameters": "y", "parameter_order": 2}])
def test_capped_coefficients_are_those_of_the_full_space(options: Any) -> None:
    full, capped = xy(7), xy(4, **options)
    f, g = (np.log(1 + x * y) / (x + np.cos(y)) for x, y in (full, capped))
    assert capped[0].space.total_order == (6 if "parameters" in options else 4)
    for e, c in g.terms().items():
        assert e[1] <= 2
        assert c == pytest.approx(f[e], rel=1e-13, abs=1e-14)


def test_parameters_keep_their_order() -> None:
    """Through truncation, derivatives by variables and by parameters, and compositions."""
    x, mu = ta.variables([0.0, 0.0], 4, "x mu", parameters="mu", parameter_order=2)
    f = np.exp(x + mu) / (1 - mu * x)
    assert (f.truncate(3).order, f.truncate(3).space.parameter_order) == (3, 2)
    assert (f.differentiate("mu").order, f.differentiate("mu").space.parameter_order) == (4, 1)
    assert (f.differentiate("x").order, f.differentiate("x").space.parameter_order) == (3, 2)
    assert f.differentiate("x").differentiate("mu")[1, 1] == pytest.approx(4 * f[2, 2])
    assert f[4, 2] == pytest.approx(ta.derivative(lambda s: ta.derivative(
        lambda t: np.exp(s + t) / (1 - s * t), 0.0, 4), 0.0, 2) / 48)  # fmt: skip
    assert f.substitute(mu=0.5).names == ("x",)
    assert f.substitute(mu=0)[3] == pytest.approx(1 / 6)
    assert f.compose(x, mu) == f, "offsets that stay under the bounds of their variables lose nothing"
    u, v = x * (1 + mu), np.sin(mu)
    assert f.compose(u, v).isclose(np.exp(u + v) / (1 - u * v), 1e-12, 1e-14)
    assert f.compose(mu + x, mu).space.total_order == 2, "others do: the square of a parameter's square is not known"
    a, b = ta.variables([0.0, 0.0], 4, "a b", caps={"a": 1})
    g = np.exp(a + b)
    assert g.compose(a * (1 + b), np.sin(b)).isclose(np.exp(a * (1 + b) + np.sin(b)), 1e-13, 1e-15)
    assert g.compose(a + b, b).space.total_order == 1


def test_spaces_are_one_object() -> None:
    x, y = xy(3)
    assert xy(3)[0].space is x.space
    assert pickle.loads(pickle.dumps(y)).space is y.space
    assert pickle.loads(pickle.dumps(x * y)) == x * y
    assert copy.deepcopy(x) is x
    assert space(("x",), 3) is space(("x",), 3, (3,))


def test_orders_meet() -> None:
    (x, _), (p, q) = xy(5), xy(3)
    assert (x + q).order == 3
    assert (x * q) == (p * q)
    assert x != p, "equality never compares prefixes"
    assert (x == xy(5)[0]) is True
    assert x != 1.0


# ---------------------------------------------------------------------- calculus
def test_derivative_and_antiderivative_know_their_order() -> None:
    x, y = xy(5, (F(1), F(2)))
    f = x**3 * y / (1 + y)
    dx = f.differentiate("x")
    assert dx.order == 4
    assert dx == (3 * x**2 * y / (1 + y)).truncate(4)
    assert f.integrate("y").order == 6
    assert f.integrate("y").differentiate("y") == f
    assert f.differentiate("x", "y") == f.differentiate("y", "x")
    assert f.integrate("x", constant=F(7))[0, 0] == 7


def test_gradient_and_hessian_at_the_point() -> None:
    """Restated from TaylorSeries.jl's test/manyvariables.jl (MIT licence)."""
    x, y = xy(4, (F(0), F(0)))
    f = x**3 + 3 * y**2 - 2 * x**2 * y - 7 * x + 2
    g = y + x**2 - x**4
    assert (f * g).hessian().tolist() == [[4, -7], [-7, 0]]
    assert (f * f / 2).hessian().tolist() == [[49, 0], [0, 12]]
    assert f.gradient().tolist() == [-7, 0]
    x, y, z = ta.variables([1.0, 2.0, 3.0], 2)
    assert (x * y * z).gradient().tolist() == [6, 3, 2]
    assert (x * y * z).hessian().tolist() == [[0, 3, 2], [3, 0, 1], [2, 1, 0]]


def test_tangent_of_a_sum() -> None:
    """Restated from TaylorSeries.jl's test/manyvariables.jl (MIT licence)."""
    x, y = xy(17, (F(0), F(0)))
    assert ta.tan(x + y)[8, 7] == F(929569, 99225)
    p = ta.tan(x + y).truncate(4)
    assert p.substitute(x=-1) == (-1 + y + (-1 + y**3) / 3 + y - y**2).truncate(4).substitute(x=0)


def test_substitution() -> None:
    x, y = xy(4, (0.0, 0.0))
    f = (1 + 2 * x + 3 * y + x * y) ** 2
    g = f.substitute(x=0.5)
    assert g.names == ("y",)
    assert g.coefficients.tolist() == pytest.approx([4.0, 14.0, 12.25, 0, 0])
    assert f.substitute(x=0.5, y=2.0) == pytest.approx(81.0)
    assert f.substitute(y=x**2).isclose((1 + 2 * x + 3 * x**2 + x**3) ** 2, 1e-15)
    assert f.substitute(x=y, y=x).isclose((1 + 2 * y + 3 * x + x * y) ** 2)


def test_composition_knows_its_order() -> None:
    (x, y), (p, _) = xy(6, (0.0, 0.0)), xy(2, (0.0, 0.0))
    f = np.exp(x) * np.cos(y)
    u, v = np.sin(x + y), x * y
    assert f.compose(u, v).isclose(np.exp(u) * np.cos(v), 1e-13, 1e-15)
    low = np.exp(p)
    assert low(x * y, x**2).order == 5, "degrees up to 2 at quadratic offsets: known below degree 6"
    assert low(x, y).order == 2
    t = ta.variable(0.0, 5)
    assert f(np.sin(t), t * t).isclose(np.exp(np.sin(t)) * np.cos(t * t), 1e-13, 1e-15)
    assert f.to_taylor(x=1.0).isclose(np.exp(ta.variable(0.0, 6)))


def test_balls_that_contain_zero_are_not_zero() -> None:
    """A coefficient that may be zero counts in values, compositions and antiderivatives."""
    x, y = xy(2, (flint.arb(0), flint.arb(0)))
    wide = flint.arb(0, 1)
    f = x * y * wide + x
    assert f(flint.arb(2), flint.arb(3)).contains(8)
    assert f(flint.arb(2), flint.arb(3)).contains(-4)
    assert f(x=x + y, y=y)[0, 2].contains(1)
    assert x.integrate("x", wide)[0, 0].contains(1)
    assert f.terms()[1, 1].contains(1)


def test_values_at_many_offsets() -> None:
    x, y = xy(12, (0.3, 0.1))
    f = np.exp(x * y)
    dx, dy = np.meshgrid(np.linspace(-0.1, 0.1, 5), np.linspace(-0.2, 0.2, 4))
    assert f(dx, dy) == pytest.approx(np.exp((0.3 + dx) * (0.1 + dy)), rel=1e-13)
    assert f(mpmath.mpf(1) / 8, 0) == pytest.approx(float(f(0.125, 0.0)))
    assert xy(2, (F(1), F(2)))[0](F(1, 2), 0) == F(3, 2)


def test_monomials_divide_out() -> None:
    x, y = xy(5, (0.0, 0.0))
    f = np.sin(x * y) / (x * y)
    assert f.order == 3
    assert f.space.caps == (3, 3)
    assert f[0, 0] == 1
    assert (x * y / (y * (1 + x))).isclose((x / (1 + x)).truncate(4))
    for bad in (lambda: x / y, lambda: 1 / (x + y), lambda: x / (0 * y)):
        with pytest.raises(ta.SingularExpansionError):
            bad()


def test_roots_of_monomials() -> None:
    """√(x⁴·a) is x²·√a, known to two orders less; √(x²) has a kink, √(x·y) a branch point, and cube roots are odd."""
    x, y = xy(8, (0.0, 0.0))
    f = np.sqrt(x**4 * (4 + y))
    assert f.order == 6
    assert f.isclose((x**2 * np.sqrt(4 + y)).truncate(6), 1e-15)
    assert ((x**4 * (4 + y)) ** 0.5).isclose(f, 1e-15)
    cube = ta.cbrt(x**3 * (8 + y))
    assert cube.order == 6
    assert cube.isclose((x * ta.cbrt(8 + y)).truncate(6), 1e-14)
    assert np.sqrt(xy(8, (0j, 0j))[0] ** 2 * 4)[1, 0] == 2
    for bad, words in ((x**2, "kink"), (x * y, "branch point"), (x + y, "branch point"), (x**2 + y**2, "branch point")):
        with pytest.raises(ta.SingularExpansionError, match=words):
            np.sqrt(bad * (1 + y))
    with pytest.raises(ta.SingularExpansionError, match="pole"):
        ta.rsqrt(x**4 * (1 + y))


def test_tables_that_are_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graded_monomials, "LIMIT", 1 << 16)
    with pytest.raises(ta.OrderError, match=r"924 coefficients, need tables of"):
        graded_monomials.Monomials((6,) * 6, (0,) * 6, (6,)).table(1, 1)


def test_homogeneous_parts_add_up() -> None:
    x, y = xy(4)
    f = np.exp(x * y)
    assert sum(f.homogeneous(k) for k in range(5)) == f
    theta = (x - 1) * f.differentiate("x") + (y - 2) * f.differentiate("y")
    weighted = sum(k * f.homogeneous(k) for k in range(4))
    assert theta.truncate(3).isclose(weighted.truncate(3), 1e-13, 1e-12), "Euler's operator"


# ---------------------------------------------------------------------- numpy
def test_numpy_and_python_operators() -> None:
    x, y = xy(4)
    a = np.array([x, y], object)
    assert (a @ a) == x * x + y * y
    assert np.exp(a)[1] == np.exp(y) == ta.exp(a)[1] == y.exp()
    assert np.power(x, 2) == np.square(x) == x * x
    assert (2.0**x).isclose(np.exp(math.log(2) * x))
    assert (x**y).isclose(np.exp(y * np.log(x)), 1e-13, 1e-15)
    assert np.hypot(x, y).isclose(np.sqrt(x * x + y * y), 1e-13, 1e-15)
    assert np.maximum(x, y) == y
    assert abs(-x) == x
    assert np.array([1.0, 2.0]) * x == x * np.array([1.0, 2.0])
    assert x < y
    assert bool(x)
    assert not y <= x
    assert np.less(1.0, y)
    assert (1j * x).imag == x
    assert (3.5 % (x + 1)).isclose(3.5 - (x + 1))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x, y: x + ta.variables([0.0], 3, "z")[0], ta.MixedRingError, r"polynomials in \(x, y\) and in \(z\)"),
        (lambda x, y: x.derivative(z=1), ta.DomainError, "no variable is called 'z'"),
        (lambda x, y: x.substitute(z=1.0), ta.DomainError, "the variables are x, y"),
        (lambda x, y: x.differentiate("z"), ta.DomainError, "'z'"),
        (lambda x, y: x[7, 0], ta.OrderError, r"x\^7 is not known"),
        (lambda x, y: x[1], ta.OrderError, "1 exponents for 2 variables"),
        (lambda x, y: x[-1, 0], ta.OrderError, "whole number"),
        (lambda x, y: x(0.1), ta.DomainError, "1 offsets for 2 variables"),
        (lambda x, y: x(math.nan, 0.0), ta.DomainError, "finite"),
        (lambda x, y: x(y, x), ta.DomainError, "constant term 2.0"),
        (lambda x, y: np.log(x - 1), ta.SingularExpansionError, "log"),
        (lambda x, y: np.log(x - 3), ta.DomainError, "log"),
        (lambda x, y: np.sqrt(x - 1), ta.SingularExpansionError, "branch point"),
        (lambda x, y: (y - 2) ** -2.0, ta.SingularExpansionError, "pole"),
        (lambda x, y: abs(x - 1), ta.SingularExpansionError, "kink"),
        (lambda x, y: x < 1, ta.SingularExpansionError, "tie"),
        (lambda x, y: bool(x - 1), ta.SingularExpansionError, "truth"),
        (lambda x, y: float(x), TypeError, "np.sin"),
        (lambda x, y: list(x), TypeError, "coefficients"),
        (lambda x, y: x + math.inf, ta.DomainError, "finite"),
        (lambda x, y: x / 0, ta.SingularExpansionError, "divided by 0"),
        (lambda x, y: ta.jv(x, y), ta.UnsupportedFunctionError, "nu"),
        (lambda x, y: x.truncate(9), ta.OrderError, "9"),
        (lambda x, y: xy(0)[0].differentiate("x"), ta.OrderError, "not known"),
        (lambda x, y: xy(1)[0].hessian(), ta.OrderError, "order 2"),
        (lambda x, y: xy(0)[0].gradient(), ta.OrderError, "order 1"),
        (lambda x, y: (1e300 * x).derivative(x=1) and (1e306 * x**6).derivative(x=6), ta.NotRepresentableError, "mpm"),
        (lambda x, y: xy(3, (F(1), F(2)))[0] + 0.5, ta.MixedRingError, "rounded"),
        (lambda x, y: ta.variables([1.0] * 100, 8), ta.OrderError, "352025629371 coefficients: 6.82e"),
        (lambda x, y: ta.variables([], 8), ta.DomainError, "no variables"),
        (lambda x, y: ta.variables(1.0, 8), ta.DomainError, "sequence of numbers"),
        (lambda x, y: abs(x - 1), ta.SingularExpansionError, "take the branch you want"),
        (lambda x, y: ta.variables([1.0], -1), ta.OrderError, "≥ 0"),
        (lambda x, y: ta.variables([1.0, 2.0], 2, "x"), ta.DomainError, "1 names for 2"),
        (lambda x, y: ta.variables([1.0, 2.0], 2, "x x"), ta.DomainError, "differ"),
        (lambda x, y: ta.variables([1.0, 2.0], 2, "x 2"), ta.DomainError, "no name"),
        (lambda x, y: ta.variables([math.inf], 2), ta.DomainError, "finite"),
        (lambda x, y: ta.variables([x], 2), ta.MixedRingError, "nest"),
        (lambda x, y: xy(2, caps={"z": 1}), ta.DomainError, "'z'"),
        (lambda x, y: xy(2, parameters="z"), ta.DomainError, "'z'"),
        (lambda x, y: xy(2, parameter_order=1), ta.OrderError, "parameters"),
        (lambda x, y: ta.MultivariateTaylor(x.space, [1.0]), ta.OrderError, "1 coefficients"),
        (lambda x, y: ta.MultivariateTaylor(x.space, {(9, 9): 1.0}), ta.OrderError, "not known"),
    ],
)
def test_errors_say_what_and_what_next(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call(*xy(6))


def test_text() -> None:
    x, y = xy(2, (F(1), F(0)))
    assert repr(x * y / 2 - y**2) == "1/2 y + 1/2 x y - y^2 + O((x, y)^3)"
    assert (x * y / 2).latex() == r"\frac{1}{2} y + \frac{1}{2} x y + O(\left(x, y\right)^{3})"
    assert (x * y)._repr_latex_().startswith("$")
    assert repr(0 * x) == "0 + O((x, y)^3)"
    assert "…" in repr(np.exp(sum(ta.variables([0.1] * 4, 4))))
    assert repr(xy(2, ([1.0, 2.0], 1.0))[0]).startswith("MultivariateTaylor(x, y; order 2, batch (2,); first: 1.0")
    a1, mu = ta.variables([1.0, 2.0], 2, "a1 mu", parameters="mu", parameter_order=1, caps={"a1": 1})
    assert repr(a1 * mu) == "2.0 + 2.0 a1 + 1.0 mu + 1.0 a1 mu + O(a1^3, a1^2, mu^2)"
    assert r"a_{1} \mathit{mu}" in (a1 * mu).latex()


def test_from_coefficients() -> None:
    x, y = xy(2, (0.0, 0.0))
    made = ta.MultivariateTaylor(x.space, {(0, 0): 1.0, (1, 1): 2.5})
    assert made == 1 + 2.5 * x * y
    assert ta.MultivariateTaylor(x.space, made.coefficients) == made
    assert made.terms() == {(0, 0): 1.0, (1, 1): 2.5}


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
def test_a_function_that_the_package_has_never_seen(compiled: bool) -> None:
    """The lemniscate sine and cosine (Gauss; DLMF 22.20): sl² + cl² + sl²·cl² = 1, to the last order."""
    eager.load_now(compiled)

    @ta.rule(outputs=("sl_", "cl_"), value=lambda f, u: (f.jacobi_sn(u, -1), f.jacobi_cn(u, -1) / f.jacobi_dn(u, -1)))
    def lemniscate_(u: Any, du: Any, s: Any, c: Any) -> Any:
        """The lemniscate sine and cosine."""
        return (1 + s * s) * c * du, -(1 + c * c) * s * du

    try:
        x, y = xy(6, (0.3, 0.4))
        u = x * y + y
        s, c = BOOK["sl_"](u), BOOK["cl_"](u)
        one = s * s + c * c + s * s * c * c
        assert one.isclose(0 * u + 1, 0, 1e-14)
        assert s.differentiate("x").isclose(((1 + s * s) * c * y).truncate(5), 1e-12, 1e-13)
    finally:
        for name in ("sl_", "cl_"):
            del BOOK[name]
        del ENTRIES["lemniscate_"]
