"""Laws of truncated power series: a commutative ring modulo t^(K+1), identities of functions, calculus, composition.

Over Fractions the laws hold exactly; over floats identities hold to rounding, measured against the series of sizes
that a sum or product of absolute values gives.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import taylorad as ta
from taylorad.run import eager

F = Fraction
laws = settings(max_examples=40, deadline=None, derandomize=True)
EPS = 2.0**-52

rationals = st.fractions(-3, 3, max_denominator=6)
orders = st.integers(0, 7)


@st.composite
def exact(draw: Any, order: Any = orders, first: Any = rationals) -> ta.Taylor:
    """A truncated series over the rationals."""
    k = draw(order) if not isinstance(order, int) else order
    return ta.Taylor([draw(first), *(draw(rationals) for _ in range(k))])


@st.composite
def floats(draw: Any, order: int = 12, low: float = 0.25, high: float = 2.0) -> ta.Taylor:
    """A float series with a constant term in [low, high] and radius of convergence about 1."""
    number = st.floats(-1, 1, allow_subnormal=False)
    return ta.Taylor([draw(st.floats(low, high)), *(draw(number) for _ in range(order))])


units = st.fractions(1, 3, max_denominator=6)
functions = st.sampled_from([np.exp, np.sin, np.tanh, np.arctan, np.log1p, np.sqrt, np.expm1, np.cosh, np.arcsinh])


def size(s: ta.Taylor) -> ta.Taylor:
    """The series of absolute values."""
    return ta.Taylor(np.abs(s.coefficients))


def close(a: ta.Taylor, b: ta.Taylor, scale: ta.Taylor, factor: float = 64.0) -> None:
    assert a.order == b.order
    k = np.arange(len(a.coefficients))
    error = np.abs(a.coefficients - b.coefficients)
    assert np.all(error <= factor * (k + 1) * EPS * scale.coefficients), (a, b)


# ---------------------------------------------------------------------- the ring
@laws
@given(exact(), exact(), exact())
def test_a_commutative_ring(a: ta.Taylor, b: ta.Taylor, c: ta.Taylor) -> None:
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert a + 0 == a == a * 1
    assert (a - a).coefficients == [0] * (len(a.coefficients))
    assert (a + b).order == (a * b).order == min(a.order, b.order)


@laws
@given(exact(), exact(first=units))
def test_quotients_undo_products(a: ta.Taylor, b: ta.Taylor) -> None:
    assert a * b / b == a.truncate((a * b).order)
    assert (1 / b) * b == ta.Taylor([1] + [0] * b.order)
    assert a / b == a * b**-1


@laws
@given(exact(), st.integers(0, 6), st.integers(0, 6))
def test_powers(a: ta.Taylor, m: int, n: int) -> None:
    assert a**m * a**n == a ** (m + n)
    assert (a**m) ** n == a ** (m * n)


@laws
@given(exact(order=5), st.integers(0, 4), exact(order=5, first=units), st.integers(0, 3))
def test_orders_of_products_and_quotients_are_true(a: ta.Taylor, m: int, b: ta.Taylor, n: int) -> None:
    """Further coefficients of the operands change nothing that a result claims to know."""
    t = ta.polynomial([0, 1])
    longer = [ta.Taylor([*s.coefficients, F(7, 3), F(-5, 2), 1, 1, 1, 1]) for s in (a, b)]
    for f in (
        lambda a, b: (t**m * a) * (t**n * b),
        lambda a, b: (t ** (m + n) * a) / (t**n * b),
        lambda a, b: t**m * a + t**n * b,
        lambda a, b: (t * a).compose(t * b),
    ):
        short, more = f(a, b), f(*longer)
        assert short == more.truncate(short.order)


# ---------------------------------------------------------------------- functions
@laws
@given(floats(), floats())
def test_identities_of_floats(a: ta.Taylor, b: ta.Taylor) -> None:
    one = a * 0 + 1
    grown = ta.exp(size(a))
    close(np.exp(a) * np.exp(-a), one, grown * grown)
    close(np.sin(a) ** 2 + np.cos(a) ** 2, one, ta.cosh(size(a)) ** 2 * 2)
    close(np.cosh(a) ** 2 - np.sinh(a) ** 2, one, ta.cosh(size(a)) ** 2 * 2)
    # the error of exp is that of E = exp(|a − a_0|) times its value, and both it and the quotient are divided by exp
    spread = ta.exp(size(a - a[0]))
    close(np.log(np.exp(a)), a, spread * spread * (1 + size(a)))
    close(np.exp(a + b), np.exp(a) * np.exp(b), ta.exp(size(a)) * ta.exp(size(b)))


@laws
@given(exact(first=st.just(F(0))))
def test_identities_of_fractions(a: ta.Taylor) -> None:
    one = a * 0 + 1
    assert np.exp(a) * np.exp(-a) == one
    assert np.sin(a) ** 2 + np.cos(a) ** 2 == one
    assert np.log(np.exp(a)) == a
    assert np.exp(np.log1p(a)) == 1 + a
    assert np.tan(np.arctan(a)) == a
    assert np.tanh(a) * np.cosh(a) == np.sinh(a)
    assert np.sqrt(1 + a) ** 2 == 1 + a
    assert np.cbrt(1 + a) ** 3 == 1 + a
    assert (1 + a) ** F(2, 3) * (1 + a) ** F(1, 3) == 1 + a
    assert np.sin(2 * a) == 2 * np.sin(a) * np.cos(a)


@laws
@given(functions, exact(order=st.integers(1, 6), first=st.just(F(0))))
def test_the_chain_rule(f: Any, g: ta.Taylor) -> None:
    """(f∘g)′ = (f′∘g)·g′, with f's series at 0 (of √ at 1)."""
    at = F(1) if f is np.sqrt else F(0)
    outer = ta.taylor(f, at, int(g.order))
    inside = f(at + g)
    assert inside == outer.compose(g)
    assert inside.differentiate() == outer.differentiate().compose(g) * g.differentiate()


# ---------------------------------------------------------------------- calculus and composition
@laws
@given(exact(order=st.integers(1, 7)), exact(order=st.integers(1, 7)), rationals)
def test_calculus(a: ta.Taylor, b: ta.Taylor, c: Fraction) -> None:
    assert a.integrate(c).differentiate() == a
    assert a.differentiate().integrate(a[0]) == a
    product = a * b
    leibniz = a.differentiate() * b + a * b.differentiate()
    assert product.differentiate() == leibniz.truncate(product.order - 1)


@laws
@given(exact(order=st.integers(1, 6), first=st.just(F(0))), units)
def test_reversion(a: ta.Taylor, slope: Fraction) -> None:
    f = ta.Taylor([0, slope, *a.coefficients[2:]])
    t = ta.Taylor([0, 1] + [0] * (f.order - 1))
    assert f.compose(f.revert()) == t
    assert f.revert().compose(f) == t
    assert f.revert().revert() == f


@laws
@given(exact(order=4), exact(order=4, first=st.just(F(0))), exact(order=4, first=st.just(F(0))))
def test_composition_is_associative(f: ta.Taylor, g: ta.Taylor, h: ta.Taylor) -> None:
    assert f.compose(g).compose(h) == f.compose(g.compose(h))
    assert (f * f).compose(g) == f.compose(g) ** 2


@laws
@given(st.lists(rationals, min_size=1, max_size=6), rationals, rationals)
def test_exact_polynomials(c: list[Fraction], h: Fraction, x: Fraction) -> None:
    p = ta.polynomial(c)
    assert p.shift(h)(x) == p(h + x)
    assert p.shift(h).shift(-h) == p
    assert p(x) == sum(a * x**k for k, a in enumerate(c))


# ---------------------------------------------------------------------- derivatives
@laws
@given(functions, st.fractions(0, 1, max_denominator=8), st.integers(0, 4), st.integers(0, 4))
def test_nested_is_direct(f: Any, x: Fraction, m: int, n: int) -> None:
    """The n-th derivative of the m-th derivative is the (m+n)-th."""
    at = float(x) + 0.25

    def g(u: Any) -> Any:
        return f(u) / (2 + u)

    direct = ta.derivative(g, at, m + n)
    nested = ta.derivative(lambda y: ta.derivative(g, y, m), at, n)
    largest = max(abs(ta.derivative(g, at, k)) for k in range(m + n + 1))
    assert abs(nested - direct) <= 1e-12 * largest * math.factorial(m + n)


@laws
@given(functions, st.lists(st.floats(0.125, 2), min_size=1, max_size=5), st.integers(0, 12))
def test_a_batch_is_its_points(f: Any, xs: list[float], order: int) -> None:
    def g(u: Any) -> Any:
        return f(u) * np.exp(-u) / u

    batch = ta.derivatives(g, np.array(xs), order)
    for i, x in enumerate(xs):
        np.testing.assert_allclose(batch[:, i], ta.derivatives(g, x, order), rtol=1e-9, atol=1e-9)


@laws
@given(functions, st.floats(0.125, 2), st.integers(1, 8), st.integers(-20, 20))
def test_a_scale_by_a_power_of_two_changes_no_rounding(f: Any, x: float, order: int, shift: int) -> None:
    eager.load_now(False)  # machine code, which may set in between the two, adds in another order
    plain = ta.taylor(lambda u: f(u) / (1 + u * u), x, order)
    scaled = ta.taylor(lambda u: f(u) / (1 + u * u), x, order, scale=2.0**shift)
    np.testing.assert_array_equal(scaled.coefficients, np.ldexp(plain.coefficients, shift * np.arange(order + 1)))
