"""Where elementary functions stop being analytic: branch cuts, branch points, poles, kinks and jumps."""

from __future__ import annotations

import math

import flint
import mpmath
import numpy as np
import pytest
from coefficients import as_complex, coefficients, in_floats

import taylorad as ta
from taylorad.book.entry import BOOK
from taylorad.errors import DomainError, SingularExpansionError, UncertifiedError, UnsupportedFunctionError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.balls import BallRing, precision
from taylorad.rings.multiprecision import MultiprecisionRing
from taylorad.series.node import Leaf

# ---------------------------------------------------------------------- sides of a branch cut
CUTS = [("asin", 2.0), ("asin", -3.0), ("acos", 2.0), ("acos", -3.0), ("acosh", 0.5), ("acosh", -2.0), ("acosh", -0.5)]
CUTS += [("asinh", 2j), ("asinh", -3j), ("log", -2.0), ("sqrt", -2.0), ("atanh", 2.0), ("atan", -2j), ("log1p", -3.0)]


@pytest.mark.parametrize(("name", "at"), CUTS)
@pytest.mark.parametrize("side", [1, -1])
def test_the_series_on_a_cut_continues_the_value(name: str, at: complex, side: int) -> None:
    """On a branch cut the sign of zero tells the side (C99); the derivatives belong to the value's side."""
    at = complex(at)
    z = complex(at.real, math.copysign(0.0, side)) if at.imag == 0 else complex(math.copysign(0.0, side), at.imag)
    got = in_floats(BOOK[name](Leaf.of(0)), [[z, 1.0 + 0j]], 5)
    offset = 1e-3 * (1j if at.imag == 0 else 1)
    beside = in_floats(BOOK[name](Leaf.of(0)), [[z + side * offset, 1.0 + 0j]], 30)
    back = sum(c * (-side * offset) ** k for k, c in enumerate(beside))
    slope = sum(k * c * (-side * offset) ** (k - 1) for k, c in enumerate(beside) if k)
    assert abs(got[0] - back) < 1e-12
    assert abs(got[1] - slope) < 1e-11


@pytest.mark.parametrize(("name", "at"), [c for c in CUTS if c[0] in ("asin", "acos", "acosh", "asinh")])
def test_balls_and_mpmath_on_a_cut_are_consistent(name: str, at: complex) -> None:
    for ring in (MultiprecisionRing(True), BallRing(True)):
        node = BOOK[name](Leaf.of(0))
        here = [as_complex(c) for c in coefficients(ring, node, [[complex(at), 1]], 3)]
        inverse = {"asin": "sin", "acos": "cos", "acosh": "cosh", "asinh": "sinh"}[name]
        back = [as_complex(c) for c in coefficients(ring, BOOK[inverse](node), [[complex(at), 1]], 3)]
        np.testing.assert_allclose(back, [at, 1, 0, 0], atol=1e-12)
        assert np.isfinite(here).all()


# ---------------------------------------------------------------------- domains
EDGES = {
    SingularExpansionError: [
        *(("log", 0.0), ("sqrt", 0.0), ("asin", 1.0), ("acosh", 1.0), ("atanh", -1.0), ("acoth", -1.0)),
        *(("log1p", -1.0), ("cbrt", 0.0), ("logit", 1.0), ("asech", 1.0), ("cot", 0.0), ("csch", 0.0), ("acot", 0.0)),
        *(("floor", 3.0), ("ceil", -2.0), ("round", 2.5), ("trunc", -2.0), ("abs", 0.0), ("sign", 0.0), ("relu", 0.0)),
        ("reciprocal", 0.0),
    ],
    DomainError: [("log", -1.0), ("asin", 1.5), ("acosh", 0.5), ("acoth", 0.5), ("asec", 0.3)],
}


@pytest.mark.parametrize(
    ("name", "at", "error"), [(name, at, error) for error, places in EDGES.items() for name, at in places]
)
def test_outside_and_on_the_edge_of_the_domain(name: str, at: float, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        in_floats(BOOK[name](Leaf.of(0)), [[at, 1.0]], 3)
    assert caught.type is error
    safe = 2.6 if name in ("acosh", "acoth", "asec") else 0.6
    with pytest.raises(error):
        coefficients(ArrayRing(np.float64, (3,)), BOOK[name](Leaf.of(0)), [[np.array([safe, at, at]), 1.0]], 3)


@pytest.mark.parametrize("name", ["log", "sqrt", "asin", "floor", "round", "abs", "cbrt", "acot"])
def test_balls_that_touch_the_edge_are_refused(name: str) -> None:
    at = {"asin": flint.arb(1, 0.1), "round": flint.arb(0.5, 0.1)}.get(name, flint.arb(0.05, 0.1))
    with pytest.raises((UncertifiedError, SingularExpansionError)):
        coefficients(BallRing(), BOOK[name](Leaf.of(0)), [[at, 1]], 2)


ZERO, WHOLE = (0.0, 0.0), (6.0, 2.0)


@pytest.mark.parametrize(("name", "u", "w"), [("atan2", *ZERO), ("hypot", *ZERO), ("mod", *WHOLE), ("fmod", *WHOLE)])
def test_singular_points_of_two_arguments(name: str, u: float, w: float) -> None:
    with pytest.raises(SingularExpansionError, match=name):
        in_floats(BOOK[name](Leaf.of(0), Leaf.of(1)), [[u, 1.0], [w, 0.5]], 3)


def test_trunc_and_fmod_are_analytic_around_zero() -> None:
    np.testing.assert_array_equal(in_floats(BOOK["trunc"](Leaf.of(0)), [[0.0, 1.0]], 3), [0, 0, 0, 0])
    np.testing.assert_array_equal(in_floats(BOOK["fmod"](Leaf.of(0), 2.0), [[0.0, 1.0]], 3), [0, 1, 0, 0])


def test_piecewise_functions_refuse_complex_arguments() -> None:
    for name in ("floor", "abs", "maximum", "mod"):
        extra = [Leaf.of(1)] if name in ("maximum", "mod") else []
        for ring in (ArrayRing(np.complex128), MultiprecisionRing(True), BallRing(True)):
            with pytest.raises((DomainError, UnsupportedFunctionError)):
                coefficients(ring, BOOK[name](Leaf.of(0), *extra), [[0.5, 1], [0.25]], 2)


def test_every_analytic_ufunc_of_numpy_reaches_the_book() -> None:
    """Arithmetic, logic and the functions that look at bits are not the book's."""
    arithmetic = {"add", "subtract", "multiply", "divide", "true_divide", "negative", "positive", "conjugate", "conj"}
    linear_algebra = {"matmul", "vecdot", "matvec", "vecmat", "divmod", "modf", "frexp", "ldexp"}
    bits = {"nextafter", "spacing", "signbit", "gcd", "lcm", "invert", "bitwise_count", "isnat"}
    tests = {"isfinite", "isinf", "isnan", "greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}
    for name in dir(np):
        if not isinstance(getattr(np, name), np.ufunc) or name in arithmetic | linear_algebra | bits | tests:
            continue
        if name.startswith(("logical_", "bitwise_", "left_shift", "right_shift")):
            continue
        assert name in BOOK or name in {"power", "float_power"}, name


# ---------------------------------------------------------------------- values on the edge
VALUES = [
    *(("sqrt", (0.0,), 0.0), ("cbrt", (0.0,), 0.0), ("asin", (1.0,), math.pi / 2), ("acos", (-1.0,), math.pi)),
    *(("acosh", (1.0,), 0.0), ("asech", (1.0,), 0.0), ("asec", (-1.0,), math.pi), ("acsc", (1.0,), math.pi / 2)),
    *(("pow", (0.0, 1.5), 0.0), ("hypot", (0.0, 0.0), 0.0), ("entr", (0.0,), 0.0), ("xlogy", (0.0, 0.0), 0.0)),
    *(("xlog1py", (0.0, -1.0), 0.0), ("ellipe", (1.0,), 1.0), ("li", (0.0,), 0.0), ("expn", (2, 0.0), 1.0)),
    *(("abs", (0.0,), 0.0), ("maximum", (1.5, 1.5), 1.5), ("relu", (0.0,), 0.0), ("clip", (2.0, 1.0, 2.0), 2.0)),
    *(("floor", (3.0,), 3.0), ("ceil", (-2.0,), -2.0), ("round", (2.5,), 2.0), ("mod", (6.0, 2.0), 0.0)),
]


@pytest.mark.parametrize(("name", "at", "value"), VALUES)
def test_a_number_on_the_edge_has_its_value(name: str, at: tuple[float, ...], value: float) -> None:
    """A number asks for a value, which is there where the function goes on to the edge; a series is not."""
    function = getattr(ta, name)
    assert function(*at) == pytest.approx(value, rel=4e-16)
    split = len(BOOK[name].entry.parameters) if BOOK[name].entry.params_first else 0
    batch = function(*at[:split], *(np.array([x, x]) for x in at[split:]))
    np.testing.assert_allclose(batch, [value, value], rtol=4e-16)
    assert float(function(*at[:split], *map(mpmath.mpf, at[split:]))) == pytest.approx(value, rel=4e-16)
    with precision(80):
        if name != "round":  # halfway there are two for a ball
            assert abs(float(function(*at[:split], *map(flint.arb, at[split:])).mid()) - value) <= 4e-16
    with pytest.raises(SingularExpansionError):
        function(*at[:split], ta.Taylor([at[split], 1.0, 0.0]), *at[split + 1 :])


POLES = [("log", 0.0), ("rsqrt", 0.0), ("atanh", 1.0), ("logit", 1.0), ("asech", 0.0), ("acoth", 1.0), ("ellipk", 1.0)]
POLES += [("erfinv", 1.0), ("acot", 0.0), ("sign", 0.0), ("ci", 0.0), ("entr", -1.0), ("reciprocal", 0.0)]


@pytest.mark.parametrize(("name", "at"), POLES)
def test_a_number_where_there_is_no_value_is_refused(name: str, at: float) -> None:
    for x in (at, np.array([at, at]), mpmath.mpf(at)):
        with pytest.raises(DomainError):
            getattr(ta, name)(x)
    with pytest.raises(SingularExpansionError):
        ta.atan2(0.0, 0.0)
