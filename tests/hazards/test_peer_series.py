"""More facts that the test suites of other systems state about series, and what holds here.

Inputs and results are those of TaylorSeries.jl (MIT licence; its test/onevariable.jl, manyvariables.jl, mixtures.jl,
intervals.jl, fateman40.jl and identities_Euler.jl), restated; what numpy's users write stands beside them.
"""

from __future__ import annotations

import cmath
import math
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest

import taylorad as ta

F = Fraction
EPS = 2.0**-52


def t(x0: Any = 0.0, order: int = 15) -> ta.Taylor:
    return ta.variable(x0, order)


# ---------------------------------------------------------------------- powers
@pytest.mark.parametrize("exponent", [ta.constant(-5.2j), ta.constant(mpmath.mpc(0, -5.2))], ids=["complex", "mpc"])
def test_an_exponent_that_is_an_exact_series(exponent: ta.Taylor) -> None:
    """(exp t)^(−5.2i) = cos 5.2t − i·sin 5.2t, with the exponent as a constant series."""
    found = np.exp(t()) ** exponent
    expected = np.cos(5.2 * t()) - 1j * np.sin(5.2 * t())
    assert found.order == 15
    for k in range(16):
        assert abs(complex(found[k]) - expected[k]) <= 32 * EPS * 5.2**k / math.factorial(k)


def test_exponents_of_a_finer_ring() -> None:
    """A ball, an interval or an mpmath number in the exponent gives a series of that kind."""
    assert ((2 + t(order=2)) ** flint.arb(0.5))[0].overlaps(flint.arb(2).sqrt())
    assert isinstance(((2 + t(order=2)) ** mpmath.mpf(0.5))[0], mpmath.mpf)
    assert 2**0.5 in ((2 + t(order=2)) ** ta.interval(F(1, 2), F(3, 5)))[0]


def test_a_nested_derivative_by_an_exponent() -> None:
    """∂/∂x ∂/∂y y^x = y^(x−1)·(1 + x·log y), whichever variable is the inner one."""
    expected = 4 * (1 + 3 * math.log(2))
    inner_base = ta.derivative(lambda x: ta.derivative(lambda y: y**x, 2.0, 1), 3.0, 1)
    inner_exponent = ta.derivative(lambda y: ta.derivative(lambda x: y**x, 3.0, 1), 2.0, 1)
    assert inner_base == pytest.approx(expected, rel=16 * EPS)
    assert inner_exponent == pytest.approx(expected, rel=16 * EPS)


# ---------------------------------------------------------------------- comparisons and conditions
def test_exact_constants_may_be_equal() -> None:
    two = ta.constant(2.0)
    assert [two <= 2.0, two >= 2, two < 2, two > 2, two >= 1] == [True, True, False, False, True]
    batch = ta.constant(np.array([1.0, 2.0, 3.0]))
    assert (batch < 2.0).tolist() == [True, False, False]
    assert (batch <= 2.0).tolist() == [True, True, False]
    with pytest.raises(ta.SingularExpansionError, match="tie"):
        assert t(2.0) <= 2
    with pytest.raises(ta.SingularExpansionError, match="tie"):
        assert ta.variable(two, 2) > 2.0


def test_a_condition_times_a_value() -> None:
    """``x * (x > 0)``, as numpy's users write a ramp, eagerly as in a trace; true is 1 as in TaylorSeries.jl."""
    assert t() * True == t()
    assert False * t() == 0 * t()
    points = np.array([1.5, -1.5])
    ramp = ta.taylor(lambda x: x * (x > 0), points, 2)
    assert ramp.coefficients.tolist() == [[1.5, 0], [1, 0], [0, 0]]
    np.testing.assert_array_equal(ta.compile(lambda x: x * (x > 0), order=2)(points), ramp.coefficients)
    x, y = ta.variables([2.0, 1.0], 2, "x y")
    assert (x > y) * x == x


# ---------------------------------------------------------------------- remainders and whole parts
def test_whole_parts() -> None:
    x = t(1.5, 3)
    assert (4 % x).coefficients.tolist() == [1, -2, 0, 0]
    assert ((4 + x) // 2).coefficients.tolist() == [2, 0, 0, 0]
    assert (7 // x).coefficients.tolist() == [4, 0, 0, 0]
    compiled = ta.compile(lambda x: [4 % x, (4 + x) // 2, 7 // x], order=3)(1.5)
    assert [c.tolist() for c in compiled] == [[1, -2, 0, 0], [2, 0, 0, 0], [4, 0, 0, 0]]
    _, v = ta.variables([1.5, 2.5], 2, "u v")
    assert 4 // v == 1 + 0 * v
    with pytest.raises(ta.SingularExpansionError, match="jump"):
        (t(F(1)) + 1) // 2


# ---------------------------------------------------------------------- many variables: values
def test_polynomials_at_points_in_one_sequence() -> None:
    x, y = ta.variables([0.0, 0.0], 17, "x y")
    f = np.exp(x + y)
    assert f([0.1j, 0.01j]) == pytest.approx(cmath.exp(0.11j), rel=4 * EPS)
    assert f((0.1, 0.2)) == f(np.array([0.1, 0.2])) == f(0.1, 0.2) == f(x=0.1, y=0.2)
    with pytest.raises(ta.DomainError, match="3 offsets for 2 variables"):
        f([1.0, 2.0, 3.0])


def test_exact_polynomials_at_inexact_numbers() -> None:
    """As for one variable: rational at a float is a float, at a ball a ball."""
    x, y = ta.variables([0, 0], 4, "x y")
    f = x * y + x**2
    assert repr(f(0.5, 2.0)) == "1.25"
    assert f(F(1, 2), 2) == F(5, 4)
    assert f(flint.arb("0.1"), 1).contains(flint.arb(flint.fmpq(11, 100)))
    assert f(np.array([0.5, 1.0]), 2).tolist() == [1.25, 3.0]


# ---------------------------------------------------------------------- polynomials over intervals (test/intervals.jl)
def test_binomials_over_intervals() -> None:
    """(x − y)⁴ and x⁴ + 4y·x³ + … at [1, 2] × [−1, 1]: the sum of terms is [−39, 81], its Horner form [−57, 81]."""
    a, b = ta.interval(1, 2), ta.interval(-1, 1)
    x, y = ta.variables([ta.interval(0, 0)] * 2, 6, "x y")

    def fourth(x: Any, y: Any) -> Any:
        return x**4 + 4 * y * x**3 + 6 * y**2 * x**2 + 4 * y**3 * x + y**4

    def fifth(x: Any, y: Any) -> Any:
        return x**5 + 5 * y * x**4 + 10 * y**2 * x**3 + 10 * y**3 * x**2 + 5 * y**4 * x + y**5

    assert fourth(x, -y) == (x - y) ** 4
    assert fourth(x, y)(a, -b) == fourth(a, -b) == ((x - y) ** 4)(a, b) == ta.interval(-39, 81)
    assert fifth(x, y)(a, b) == fifth(a, b)
    assert (x * y**3)(b, b) == (x * y**2)(b, b) == b
    s = t(ta.interval(0, 0))
    assert fourth(s, -a) == (s - a) ** 4


def test_even_powers_of_an_interval_are_not_negative() -> None:
    """1 − x⁴ + x⁵ on [0, 1] about its middle: narrower than by Horner's rule alone, and it contains the range."""
    g = ta.polynomial([F(1), F(0), F(0), F(0), F(-1), F(1)])
    about = g.shift(F(1, 2))(ta.interval(F(-1, 2), F(1, 2)))
    assert g(F(4, 5)) in about
    assert 1 in about
    assert about.lo >= 0.7
    assert ta.polynomial([1.0, 0.0, 1.0])(ta.interval(-1, 1)) == ta.interval(1, 2)


# ---------------------------------------------------------------------- numbers that floats do not hold, and zeros
def test_numbers_too_large_for_floats() -> None:
    """10⁴⁰⁰ beside floats: named, where Python says that an int is too large to convert."""
    x, _ = ta.variables([0.0, 0.0], 2, "x y")
    for s in (t(), x):
        for f in (lambda s: s + 10**400, lambda s: 10**400 * s, lambda s: s / 10**400, lambda s: 10**400 - s):
            with pytest.raises(ta.DomainError, match=r"10\^400… is too large"):
                f(s)
    with pytest.raises(ta.DomainError, match=r"10\^400… is too large"):
        ta.Taylor([10**400, 0.5])
    assert t() < 10**400
    assert (t(0) * 10**400)[1] == 10**400


def test_zero_divided_by_what_vanishes() -> None:
    for zero in (0, ta.constant(0), 0.0):
        assert (zero / t()).order == 14
        assert (zero / t() ** 2).coefficients.tolist() == [0] * 14
    x, y = ta.variables([0.0, 0.0], 3, "x y")
    assert 0 / x == 0 * (y / 1).truncate(2) + 0 * x.differentiate("x")
    for f in (lambda: 1 / t(), lambda: 1 / x):
        with pytest.raises(ta.SingularExpansionError, match="pole"):
            f()
    with pytest.raises(ta.SingularExpansionError, match="zero"):
        (0 * t()) / (0 * t())


# ---------------------------------------------------------------------- numpy's functions
def test_polynomials_of_numpy() -> None:
    """np.polyval, np.poly1d and np.polynomial at series, polynomials and traced values: 1 + 2x + 3x² about 1/2."""
    for f in (
        lambda x: np.polyval([3.0, 2.0, 1.0], x),
        np.poly1d([3.0, 2.0, 1.0]),
        np.polynomial.Polynomial([1, 2, 3]),
    ):
        assert f(t(0.5, 2)).coefficients.tolist() == [2.75, 5, 3]
        assert ta.compile(f, order=2)(0.5).tolist() == [2.75, 5, 3]
        x, _ = ta.variables([0.5, 0.5], 2, "x y")
        assert f(x).terms() == {(0, 0): 2.75, (1, 0): 5, (2, 0): 3}
        assert ta.gradient(lambda x, f=f: np.sum(f(x)), np.array([0.5, 1.0])).tolist() == [5, 8]


def test_ufuncs_without_a_rule_are_named() -> None:
    from scipy.special import erfcx

    x, _ = ta.variables([0.5, 0.5], 2, "x y")
    for s in (t(0.5), x):
        with pytest.raises(ta.UnsupportedFunctionError, match="erfcx has no rule"):
            erfcx(s)
        assert np.ones_like(s) == s**0
        assert not np.iscomplexobj(s)


def test_a_number_is_no_sequence_of_coefficients() -> None:
    with pytest.raises(TypeError, match=r"ta\.constant"):
        ta.Taylor(5.0)  # type: ignore[arg-type]


# ---------------------------------------------------------------------- exact identities (identities_Euler, fateman40)
def test_eulers_four_squares() -> None:
    a, b, c, d, p, q, r, s = ta.variables([0] * 8, 4)
    left = (a**2 + b**2 + c**2 + d**2) * (p**2 + q**2 + r**2 + s**2)
    right = (
        (a * p - b * q - c * r - d * s) ** 2
        + (a * q + b * p + c * s - d * r) ** 2
        + (a * r - b * s + c * p + d * q) ** 2
        + (a * s + b * r - c * q + d * p) ** 2
    )
    assert left == right
    assert len(left.terms()) == 16


def test_a_product_of_fatemans_kind() -> None:
    """s·(s + 1) for s = (1 + x + y + z + w)²⁰, exactly, among 135 751 coefficients: in seconds."""
    x, y, z, w = ta.variables([0] * 4, 40, "x y z w")
    s = (1 + x + y + z + w) ** 20
    assert (s * (s + 1))[1, 6, 7, 20] == 128358585324486316800


@pytest.mark.parametrize(
    ("count", "order", "options"),
    [(1, 7, {}), (2, 6, {}), (3, 4, {}), (2, 6, {"caps": 2}), (3, 4, {"parameters": "b", "parameter_order": 2})],
)
def test_exact_products_by_either_way(count: int, order: int, options: dict[str, Any]) -> None:
    """FLINT's product of exact polynomials, whole or full of zeros, is the sum of products one after the other."""
    rng = np.random.default_rng(order)
    x = ta.variables([0] * count, order, ["a", "b", "c"][:count], **options)[0]

    def drawn(density: float) -> ta.MultivariateTaylor:
        size = len(x.space)
        numbers = rng.integers(-9, 10, size) * (rng.random(size) < density)
        return ta.MultivariateTaylor(
            x.space, [F(int(n), int(d)) for n, d in zip(numbers, rng.integers(1, 9, size), strict=True)]
        )

    for density in (0.2, 1.0):
        f, g = drawn(density), drawn(density)
        expected: dict[tuple[int, ...], F] = {}
        for d, p in f.terms().items():
            for e, q in g.terms().items():
                both = tuple(i + j for i, j in zip(d, e, strict=True))
                expected[both] = expected.get(both, F(0)) + p * q
        kept = set(map(tuple, x.exponents.tolist()))
        assert (f * g).terms() == {e: c for e, c in expected.items() if e in kept and c}


@pytest.mark.parametrize("order", [0, 1, 2, 9, 40])
def test_exact_quotients(order: int) -> None:
    rng = np.random.default_rng(order)
    a, b = (
        ta.Taylor([F(int(n), int(d)) for n, d in zip(*rng.integers(1, 9, (2, order + 1)), strict=True)])
        for _ in range(2)
    )
    found = a / b
    assert found.order == order
    product = [sum((found[j] * b[k - j] for j in range(k + 1)), start=F(0)) for k in range(order + 1)]
    assert product == a.coefficients
    assert product == (found * b).coefficients


# ---------------------------------------------------------------------- series among coefficients (test/mixtures.jl)
def test_polynomials_whose_coefficients_are_series() -> None:
    """1/(1 + x + t) = Σ (−x)^j/(1 + t)^(j+1), and what rings, functions and values make of such polynomials."""
    x, y = ta.variables([F(0), F(0)], 5, "x y")
    s = t(F(0), 10)
    f = 1 / (1 + x + s)
    for j in range(6):
        assert f[j, 0] == (-1) ** j / (1 + s) ** (j + 1)
    assert f[0, 1] == 0 * s
    assert s + x == x + s
    assert x - s == -(s - x)
    assert np.exp(s * x)[3, 0] == s**3 / 6
    assert np.log(1 + x + s)[1, 0] == 1 / (1 + s)
    assert ((1 + x) ** s)[2, 0] == s * (s - 1) / 2
    assert np.hypot(3 * (1 + s), 4 + 4 * x)[0, 0] == np.hypot(3 * (1 + s), 4)
    assert (x * s + y**2).differentiate("x")[0, 0] == s
    assert (x * s + y**2).hessian()[1, 1] == 2 + 0 * s
    assert (x * s)(2, 1) == 2 * s
    assert (x * s + y)(s, s**2) == (2 * s**2).truncate(5)
    assert (x + s > -1) is True
    assert str(2 * s * x + y - s) == "(-t + O(t^11)) + (2 t + O(t^11)) x + (1 + O(t^11)) y + O((x, y)^6)"


@pytest.mark.parametrize("name", ["sin", "tanh", "gamma", "erf", "sinc", "lambertw"])
def test_functions_of_a_polynomial_with_series(name: str) -> None:
    """The coefficient of x^j in f(1/2 + t + x) is f^(j)(1/2 + t)/j!, known to j orders less in t than f is."""
    function = getattr(ta, name)
    x, _ = ta.variables([0.0, 0.0], 3, "x y")
    s = t(0.5, 6)
    found, plain = function(x + s), function(t(0.5, 9))
    for j in range(4):
        expected = plain.differentiate(j).truncate(6)
        assert (found[j, 0] * math.factorial(j)).isclose(expected, 1e-11, 1e-11)


def test_expansion_points_that_are_series() -> None:
    u, v = ta.variables([t(1.0, 3), 2.0], 2, "u v")
    assert np.exp(u * v)[0, 1].isclose(t(1.0, 3) * np.exp(2 * t(1.0, 3)))
    w = ta.MultivariateTaylor(u.space, {(1, 0): t(0.0, 3), (0, 1): 1.0})
    assert w.differentiate("u")[0, 0] == t(0.0, 3)


def test_a_series_of_series_at_its_inner_variable() -> None:
    """Σ c_k(t)·t^k: TaylorSeries.jl's mixture, here to the order that the outer series knows."""
    s = t(order=25)
    nested = ta.Taylor([s, s**2, np.exp(-s), np.sin(s), np.cos(s)])
    summed = s + s * s**2 + s**2 * np.exp(-s) + s**3 * np.sin(s) + s**4 * np.cos(s)
    assert nested(s).isclose(summed.truncate(4), 1e-15, 1e-15)
    assert ta.polynomial([np.sin(s), np.cos(s)])(s).isclose(np.sin(s) + s * np.cos(s), 1e-15, 1e-18)
    assert (nested * s)[0] == s * s


# ---------------------------------------------------------------------- functions called with plain numbers
@pytest.mark.parametrize("function", [ta.pow, ta.power, ta.float_power], ids=["pow", "power", "float_power"])
def test_integer_powers_of_anything(function: Any) -> None:
    """Integral exponents are products at plain numbers and polynomials as at series: the base may be 0 or negative."""
    assert function(-2.0, 3) == -8
    assert function(0, 0) == 1
    assert function(-2, -1.0) == -0.5
    assert function(np.array([-2.0, 0.0]), 2).tolist() == [4, 0]
    assert function(F(-2, 3), 2) == F(4, 9)
    assert function(ta.interval(-2, 1), 2) == ta.interval(0, 4)
    x, _ = ta.variables([-2.0, 1.0], 2, "x y")
    assert function(x, 3) == x * x * x
    assert function(2.0, 0.5) == 2**0.5
    with pytest.raises(ta.DomainError):
        function(-2.0, 0.5)
    with pytest.raises(ta.SingularExpansionError):
        function(0.0, -1)


def test_where_of_plain_numbers() -> None:
    found = ta.where([True, False], 1.0, 2.0)
    assert found.dtype == float
    assert ta.where([True, False], ta.interval(1, 2), 0.0)[0] == ta.interval(1, 2)


def test_the_inverse_of_what_is_no_map() -> None:
    x, y = ta.variables([0.0, 0.0], 2, "x y")
    for given in ([1.0], [], x, t()):
        with pytest.raises(ta.ShapeError, match="a map is a list of polynomials"):
            ta.inverse_map(given)  # type: ignore[arg-type]
    assert ta.inverse_map([x, y]) == [x, y]


# ---------------------------------------------------------------------- conversions
def test_conversions() -> None:
    """convert(Taylor1{Rational}, …) and its kin: exact, rounded or enclosed, one coefficient after the other."""
    exact = np.exp(t(F(0), 8))
    assert exact.astype(float).coefficients.tolist() == [1 / math.factorial(k) for k in range(9)]
    assert exact.astype(float).astype(F)[3] == F(1 / 6)
    assert exact.astype(complex)[8] == 1 / math.factorial(8) + 0j
    assert exact.astype(mpmath.mpf)[3] == mpmath.mpf(1) / 6
    assert exact.astype(flint.arb)[3].contains(flint.arb(1) / 6)
    assert F(1, 6) in exact.astype(ta.interval)[3]
    assert exact.astype(flint.arb).astype(float)[8] == 1 / math.factorial(8)
    assert ta.polynomial([1, 2]).astype(float) == ta.polynomial([1.0, 2.0])
    assert ta.variable(t(F(1, 2), 2), 2).astype(float) == ta.variable(t(0.5, 2), 2)
    batch = t(np.array([1.0, 2.0]), 2)
    assert batch.astype(complex).coefficients.dtype == complex
    x, y = ta.variables([F(1, 3), 0], 2, "x y")
    assert (x * y).astype(float).terms() == {(0, 1): 1 / 3, (1, 1): 1.0}
    for call, error, words in (
        (lambda: batch.astype(F), ta.MixedRingError, "single points"),
        (lambda: exact.astype("float"), TypeError, "a kind of numbers"),
        (lambda: exact.astype(str), ta.MixedRingError, "not a number"),
        (lambda: t(1j).astype(float), TypeError, "complex"),
        (lambda: t(ta.interval(1, 2)).astype(float), TypeError, "no single number"),
    ):
        with pytest.raises(error, match=words):
            call()
