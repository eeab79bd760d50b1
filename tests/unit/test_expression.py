"""Text to function: what is read, what is refused and where the caret stands."""

from __future__ import annotations

import operator
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import taylorad as ta
from taylorad.book import BOOK
from taylorad.errors import DomainError, ExpressionError
from taylorad.expression import Expression, functions, parse


# ---------------------------------------------------------------------- what is read
@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("exp(sin(x))/(1+x**2)", lambda x: np.exp(np.sin(x)) / (1 + x**2)),
        ("-x**2 + +x", lambda x: -(x**2) + x),
        ("2**x", lambda x: ta.exp(x * np.log(2.0))),
        ("x**0.5", np.sqrt),
        ("x**-1", lambda x: 1 / x),
        ("pi*x - e", lambda x: np.pi * x - np.e),
        ("π*x", lambda x: np.pi * x),
        ("atan2(x, 2)", lambda x: np.arctan2(x, 2.0)),
        ("jv(1/2, x)", lambda x: ta.jv(0.5, x)),
        ("jv(pi, x)", lambda x: ta.jv(np.pi, x)),
        ("lambertw(x)", ta.lambertw),
        ("logsumexp(x, 1, 2*x)", lambda x: ta.logsumexp(x, 1.0, 2 * x)),
        ("sqrt(2)*x", lambda x: np.sqrt(2.0) * x),
        ("x*(1e-3 + 1_0 + 0x10)", lambda x: x * 26.001),
        ("  x\t+ 1 ", lambda x: x + 1),
    ],
)
def test_the_same_function(text: str, function: object) -> None:
    x = ta.variable(0.6, 6)
    assert parse(text)(x).isclose(function(x), 1e-13, 1e-13)  # type: ignore[operator]


@pytest.mark.parametrize("name", ["x", "t", "theta", "α", "x1"])
def test_the_variable_may_have_any_name(name: str) -> None:
    read = parse(f"{name}**2 + {name}")
    assert read.variable == name
    assert read(3.0) == 12.0


def test_of_what_kind_the_argument_is_so_is_the_value() -> None:
    f = parse("x**2/3 + 0.1")
    assert f(Fraction(1, 2)) == Fraction(1, 12) + Fraction(1, 10)
    assert f(0.5) == pytest.approx(0.25 / 3 + 0.1)
    assert np.allclose(f(np.array([0.0, 3.0])), [0.1, 3.1])
    assert f(1j) == pytest.approx(-1 / 3 + 0.1)
    assert f(flint.arb(0)).contains(flint.fmpq(1, 10))
    with mpmath.workdps(40):
        assert abs(f(mpmath.mpf(0)) - mpmath.mpf(1) / 10) < mpmath.mpf(10) ** -39
        assert abs(parse("pi")(mpmath.mpf(0)) - mpmath.pi) < mpmath.mpf(10) ** -38


def test_decimals_and_their_arithmetic_are_exact() -> None:
    assert parse("0.1 + 0.2").rational == Fraction(3, 10)
    assert parse("1e-30").rational == Fraction(1, 10**30)
    assert parse("(1/3)**2*3**-1").rational == Fraction(1, 27)
    assert parse("2**0.5").rational is None
    assert parse("x").rational is None


def test_constants_and_nested_variables() -> None:
    f = parse("pi*x**2*sin(2)")
    outer = ta.derivative(lambda a: ta.derivative(lambda b: f(b) * a, 1.0, 1), 1.0, 1)
    assert outer == pytest.approx(2 * np.pi * np.sin(2))


def test_imaginary_numbers_make_it_complex() -> None:
    f = parse("exp(2j*x)")
    assert f.complex
    assert not parse("exp(x)").complex
    assert f(ta.variable(0.6 + 0j, 3)).isclose(np.exp(2j * ta.variable(0.6 + 0j, 3)), 1e-15)


def test_a_long_sum_is_no_deep_one() -> None:
    assert parse("+".join(["x"] * 900))(1.0) == 900


def test_domain_errors_pass_through() -> None:
    with pytest.raises(DomainError, match=r"log .*-1"):
        parse("log(x)")(-1.0)


# ---------------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", 0, "empty"),
        ("x^2", 1, r"\*\*"),
        ("x // 2", 2, r"floor\(a/b\)"),
        ("(x) % 2", 4, "no place"),
        ("2x", 0, r"2\*x"),
        ("x(1 + x)", 0, "not a function"),
        ("(x + 1)(x)", 1, r"written with \*"),
        ("x + y", 4, "two variables, x and y"),
        ("j*x", 2, "1j"),
        ("sin", 0, r"write sin\("),
        ("sinn(x)", 0, "did you mean sin"),
        ("x + qqqqqq(x)", 4, "taylorad functions"),
        ("sin(x, x)", 0, "takes 1 argument"),
        ("atan2(x)", 0, r"takes 2 arguments, atan2\("),
        ("sin(u=x)", 5, "'=' has no place"),
        ("jv(x, 2)", 3, "parameter of jv"),
        ("sin(*x)", 4, "before an argument"),
        ("1 + sin(x", 7, "never closed"),
        ("x +", 3, "not an expression"),
        ("x.real", 0, "without a module"),
        ("math.sin(x)", 0, "without a module"),
        ("__import__('os').system('true')", 11, "no place"),
        ("exec(x)", 0, "not a function"),
        ("lambda: x", 6, "no place"),
        ("[x]", 0, "no place"),
        ("x if x else 1", 0, "conditions"),
        ("not x", 0, "no place"),
        ("x and x", 0, "no place"),
        ("x, x", 0, "one expression"),
        ("True*x", 0, "not a number"),
        ("None", 0, "not a number"),
        ("...", 0, "not a number"),
        ("~x", 0, "no place"),
        ("x\n+ 1", 1, "no place"),
        ("x # comment", 2, "no place"),
        ("1/(2 - 2)", 0, "division by zero"),
        ("0**-1*x", 0, "negative power"),
        ("é + ü", 4, "two variables"),
    ],
)
def test_refused_with_a_caret(text: str, place: int, message: str) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        parse(text)
    assert caught.value.place == place
    lines = str(caught.value).splitlines()
    assert lines[-1] == " " * (place + 2) + "^"


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9", "9**9**9**9", "x**(10**7)", "(10**9999)**9999", "1e99999", "1e-99999", "2**(2**20)",
        "*".join(["10**9999"] * 100), "9" * 6000, "(" * 5000 + "x" + ")" * 5000, "-" * 5000 + "x",
        "sin(" * 150 + "x" + ")" * 150, "+".join(["x"] * 9000), "x" * 30_000, "**".join(["x"] * 300),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_would_take_for_ever_is_refused_at_once(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"too large|too long|nest|characters"):
        parse(text)


def test_a_long_text_shows_the_place() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("x + " * 50 + "y + " * 50 + "1")
    _, shown, caret = str(caught.value).splitlines()
    assert shown[caret.index("^")] == "y"
    assert len(shown) < 110


@given(st.text(alphabet="x1.e+-*/()^j, sincopyg", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read = parse(text)
    except ExpressionError as refused:
        read = refused
    assert isinstance(read, Expression) or 0 <= read.place <= len(read.text)


OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul}
X = Fraction(2, 7)
LEAVES = [("x", X), ("2", Fraction(2)), ("0.5", Fraction(1, 2)), ("(1/3)", Fraction(1, 3))]


def larger(inner: st.SearchStrategy[tuple[str, Fraction]]) -> st.SearchStrategy[tuple[str, Fraction]]:
    """Texts with their values, one operator more than those of ``inner``."""
    two = st.tuples(inner, st.sampled_from(sorted(OPERATORS)), inner)
    return st.one_of(
        two.map(lambda t: (f"({t[0][0]}{t[1]}{t[2][0]})", OPERATORS[t[1]](t[0][1], t[2][1]))),
        inner.map(lambda one: (f"(-{one[0]})", -one[1])),
        inner.map(lambda one: (f"({one[0]})**2", one[1] ** 2)),
    )


@given(st.recursive(st.sampled_from(LEAVES), larger, max_leaves=8))
def test_arithmetic_is_pythons(case: tuple[str, Fraction]) -> None:
    text, value = case
    assert parse(text)(X) == value


# ---------------------------------------------------------------------- the list
def test_every_function_is_listed() -> None:
    listed = dict(functions())
    assert len(listed) == len(BOOK)
    assert "jv(nu, u)" in listed
    assert all(listed.values())
