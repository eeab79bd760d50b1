"""Evaluation, differentiation, integration, composition, reversion and shift of series."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taylorad.errors import (
    DomainError,
    MixedRingError,
    NotRepresentableError,
    OrderError,
    SingularExpansionError,
    UncertifiedError,
)
from taylorad.rings.balls import precision
from taylorad.taylor.construct import polynomial, variable
from taylorad.taylor.series import Taylor

EPS = 2.0**-52
F = Fraction
NUMBERS: list[Callable[[Any], Any]] = [float, complex, Fraction, mpmath.mpf, flint.arb, flint.acb]


def exact(*values: Any) -> Taylor:
    return Taylor([Fraction(v) for v in values])


def exponential(order: int) -> Taylor:
    return exact(*(Fraction(1, math.factorial(k)) for k in range(order + 1)))


def logarithm(order: int) -> Taylor:
    """log(1 + t)."""
    return exact(0, *(Fraction((-1) ** (k + 1), k) for k in range(1, order + 1)))


def holds(found: Any, wanted: Fraction) -> bool:
    """Exact, contained in a ball, or within rounding errors."""
    if isinstance(found, (flint.arb, flint.acb)):
        with precision(300):  # a ball about the exact value that is much smaller than those tested
            return found.contains(flint.arb(flint.fmpq(wanted.numerator, wanted.denominator)))
    if isinstance(found, Fraction):
        return found == wanted
    return abs(found - mpmath.mpf(wanted.numerator) / wanted.denominator) <= 1e-13 * (1 + abs(wanted))


def agree(found: Taylor, wanted: Taylor) -> bool:
    pairs = zip(found, wanted, strict=True)
    return found.order == wanted.order and all(holds(a, b) for a, b in pairs)


# ---------------------------------------------------------------------- evaluation
def test_the_series_of_e_gives_e() -> None:
    # TaylorSeries.jl, test/onevariable.jl: the series of exp of order 17 at 1.0 gives e exactly to double
    assert Taylor([1 / math.factorial(k) for k in range(18)])(1.0) == math.e


@pytest.mark.parametrize("kind", NUMBERS)
def test_values_in_every_ring(kind: Callable[[Any], Any]) -> None:
    p = Taylor([kind(c) for c in (1, -2, 3)])
    assert holds(p(kind(1) / 2), F(3, 4))
    assert holds(p(2), F(9))


def test_the_ring_of_a_value_holds_series_and_point() -> None:
    p = polynomial([1, 2, F(1, 3)])
    assert p(F(1, 2)) == F(25, 12)
    assert isinstance(p(F(1, 2)), Fraction)
    assert isinstance(p(0.5), float)
    assert isinstance(p(0.5j), complex)
    assert isinstance(Taylor([1.0, 2.0])(mpmath.mpf(2)), mpmath.mpf)
    assert isinstance(Taylor([1.0, 2.0])(flint.arb(2)), flint.arb)
    assert isinstance(Taylor([1.0, 2.0])(2), float)
    assert isinstance(Taylor([1.0])(1j), complex)


def test_values_at_arrays_broadcast_against_the_batch() -> None:
    t = np.array([0.0, 0.5, 2.0])
    single = Taylor([1.0, -2.0, 4.0])
    assert np.array_equal(single(t), 1 - 2 * t + 4 * t * t)
    assert np.array_equal(Taylor([3.0])(t), np.full(3, 3.0))
    assert np.array_equal(polynomial([1, -2, 4])(list(t)), single(t))
    batch = Taylor(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert np.array_equal(batch(t[:, None]), np.array([1.0, 2.0]) + t[:, None] * np.array([3.0, 4.0]))
    assert np.array_equal(batch(1.0), [4.0, 6.0])
    boxes = np.array([F(1, 2), F(2)], dtype=object)
    assert list(polynomial([1, 1])(boxes)) == [F(3, 2), F(3)]


def test_bad_displacements() -> None:
    with pytest.raises(DomainError, match="finite"):
        Taylor([1.0, 1.0])(math.nan)
    with pytest.raises(DomainError, match="finite"):
        Taylor([1.0, 1.0])(np.array([0.0, math.inf]))
    with pytest.raises(NotRepresentableError, match="overflows"):
        Taylor([0.0, 0.0, 1.0])(1e200)
    with pytest.raises(MixedRingError):
        Taylor([mpmath.mpf(1)])(flint.arb(1))
    with pytest.raises(MixedRingError, match="not a number"):
        Taylor([1.0])("x")


def test_the_value_at_a_series_is_the_composition() -> None:
    z = exact(0, 2, 1)
    assert exponential(2)(z) == exponential(2).compose(z)
    with pytest.raises(OrderError, match=r"ta\.taylor\(g, z_0"):
        exponential(2)(exact(1, 1, 0))


# ---------------------------------------------------------------------- derivative and antiderivative
def test_orders_of_derivatives() -> None:
    # TaylorSeries.jl, test/onevariable.jl: orders of the derivatives 0 and 1 of a series of order 15 are 15 and 14
    f = Taylor(np.ones(16))
    assert [f.differentiate(n).order for n in (0, 1, 15)] == [15, 14, 0]
    with pytest.raises(OrderError, match="derivative 16"):
        f.differentiate(16)
    with pytest.raises(OrderError):
        f.differentiate(-1)
    with pytest.raises(OrderError):
        f.differentiate(1.0)  # type: ignore[arg-type]


def test_derivatives_and_antiderivatives() -> None:
    # TaylorSeries.jl, test/onevariable.jl: integrate(differentiate(exp(t)), 1) = exp(t); integrate(cos t) = sin(t)
    f = exponential(15)
    assert f.differentiate() == exponential(14)
    assert f.differentiate().integrate(1) == f
    cosine = exact(*((-1) ** (k // 2) * F(k % 2 == 0) / math.factorial(k) for k in range(16)))
    sine = exact(*((-1) ** (k // 2) * F(k % 2) / math.factorial(k) for k in range(17)))
    assert cosine.integrate() == sine
    assert polynomial([5, 0, 0, 2]).differentiate(2) == polynomial([0, 12])
    assert polynomial([5, 1]).differentiate(7) == polynomial([0])
    assert polynomial([5, 1]).integrate(F(1, 2)) == polynomial([F(1, 2), 5, F(1, 2)])
    batch = Taylor(np.array([[1.0, 2.0], [4.0, 6.0]]))
    assert np.array_equal(batch.integrate(7).coefficients, [[7, 7], [1, 2], [2, 3]])
    assert np.array_equal(batch.differentiate().coefficients, [[4, 6]])
    assert batch.integrate(np.array([1.0, 3.0])).constant_term.tolist() == [1, 3]
    assert Taylor([1.0, 2.0]).integrate(1j).coefficients.dtype == complex


def test_bad_derivatives_and_antiderivatives() -> None:
    with pytest.raises(MixedRingError):
        exponential(3).integrate(0.5)
    with pytest.raises(MixedRingError, match="must be a number"):
        exponential(3).integrate(exponential(2))
    with pytest.raises(NotRepresentableError):
        Taylor([0.0, 1.0, 1e308]).differentiate()


# ---------------------------------------------------------------------- composition
@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("order", [0, 1, 2, 9])
def test_composition_in_every_ring(kind: Callable[[Any], Any], order: int) -> None:
    """exp(log(1 + t)) = 1 + t."""

    def lifted(series: Taylor) -> Taylor:
        return Taylor([kind(c.numerator) / c.denominator for c in series])

    wanted = exact(1, 1).extend(order) if order else exact(1)
    inner = logarithm(order) if order else exact(0)
    assert agree(lifted(exponential(order)).compose(lifted(inner)), wanted)


@pytest.mark.parametrize("order", [3, 40, 120])
@pytest.mark.parametrize("dtype", [float, complex])
def test_composition_of_batches(order: int, dtype: Any) -> None:
    """1/(1 − u) with u = t/(1 + c·t) is (1 + c·t)/(1 + (c − 1)·t), at each point of a batch."""
    c = np.array([[0.5, -0.25, 1.0], [0.75, 0.0, -0.5]]).astype(dtype)
    k = np.arange(order + 1).reshape(-1, 1, 1)
    inner = np.where(k == 0, 0, (-c) ** np.maximum(k - 1, 0))
    wanted = np.where(k == 0, 1, (1 - c) ** np.maximum(k - 1, 0))
    found = Taylor(np.ones(order + 1)).compose(Taylor(inner))
    assert found.shape == (2, 3)
    assert np.all(np.abs(found.coefficients - wanted) <= 8 * (order + 1) * EPS * np.maximum(1, (1 + abs(c)) ** k))


def test_a_composition_knows_what_can_be_known() -> None:
    f, t = exponential(3), polynomial([0, 1])
    assert f.compose(t * t).order == 7  # the first term left out is t^8
    assert f.compose(exact(0, 0, 1)).order == 2  # what follows t² is not known
    assert polynomial([1, 0, 0, 5]).compose(exact(0, 2, 3)).order == 4  # 5·u²·O(t³)
    assert polynomial([1, 0, 0, 5]).compose(exact(0, 2, 3)).coefficients == [1, 0, 0, 40, 180]
    assert f.compose(polynomial([0])) == polynomial([1])
    assert f.compose(exact(0, 0)).order == 1
    assert polynomial([7]).compose(exact(3, 1)) == polynomial([7])
    assert polynomial([0, 0, 1]).compose(exact(0, 0)).order == 3  # O(t²)² is O(t⁴)


def test_exact_polynomials_compose_with_anything() -> None:
    p = polynomial([1, -1, 2])
    assert p.compose(polynomial([3, 1, 1])) == polynomial([16, 11, 13, 4, 2])
    assert p.compose(exact(3, 1, 1)) == exact(16, 11, 13)
    assert p.compose(variable(0.5, 2)).coefficients.tolist() == [1.0, 1.0, 2.0]
    assert p.compose(polynomial([3, 1, 1]))(F(1, 7)) == p(polynomial([3, 1, 1])(F(1, 7)))


@pytest.mark.parametrize("z0", [1.0, F(1), flint.arb("0 +/- 1e-20")])
def test_composition_off_the_expansion_point_is_refused(z0: Any) -> None:
    with pytest.raises(OrderError, match=r"constant term is .* instead of 0.*ta\.taylor\(g, z_0"):
        Taylor([type(z0)(1), type(z0)(2)]).compose(Taylor([z0, type(z0)(1)]))


def test_composition_of_nested_series() -> None:
    """In p(x) = Σ c_k(s)·t^k only t is replaced, and a series in s may replace it too."""
    s = variable(F(2), 3)
    x = variable(s, 3)  # 2 + s + t
    f, t = x * x * x, x - s
    found = f.compose(t + t * t)
    assert [found[k] for k in range(3)] == [s**3, 3 * s**2, 3 * s**2 + 3 * s]
    u = exact(0, 1, 1, 0)
    assert f.compose(u) == (s + u) ** 3
    assert f(F(1, 2)) == (s + F(1, 2)) ** 3
    assert f.compose(exact(0, 0, 1)).order == 2
    with pytest.raises(OrderError):
        f.compose(s)


def test_compositions_that_overflow() -> None:
    with pytest.raises(NotRepresentableError, match="composition"):
        Taylor([0.0, 0.0, 1e200]).compose(Taylor([0.0, 1e200, 0.0]))


# ---------------------------------------------------------------------- reversion
@pytest.mark.parametrize("order", [1, 2, 3, 5, 17])
def test_exact_reversion(order: int) -> None:
    # TaylorSeries.jl, test/manyvariables.jl: the inverses of exp(x) − 1 and log(1 + y) are each other, order 17
    assert (exponential(order) - 1).revert() == logarithm(order)
    assert logarithm(order).revert() == exponential(order) - 1


@pytest.mark.parametrize("kind", NUMBERS)
def test_reversion_in_every_ring(kind: Callable[[Any], Any]) -> None:
    """The inverse of t·exp(−t) has the coefficients k^(k−1)/k! (Cayley's tree function)."""
    order = 12
    c = [F((-1) ** (k - 1), math.factorial(k - 1)) for k in range(1, order + 1)]
    s = Taylor([kind(0), *(kind(x.numerator) / x.denominator for x in c)])
    wanted = exact(0, *(F(k ** (k - 1), math.factorial(k)) for k in range(1, order + 1)))
    found = s.revert()
    assert found.order == order
    for a, b in zip(found, wanted, strict=True):
        if isinstance(a, (flint.arb, flint.acb)) or b == 0:
            assert holds(a, b)
        else:
            assert holds(a * b.denominator / b.numerator, F(1))


def test_balls_stay_tight_in_reversion() -> None:
    s = Taylor([flint.arb(0), *(flint.arb((-1) ** (k - 1)) / math.factorial(k - 1) for k in range(1, 41))])
    assert all(c.rad() <= abs(c.mid()) * 2.0**-40 for c in list(s.revert())[1:])


def test_reversion_of_batches() -> None:
    """The inverse of t/(1 + c·t) is t/(1 − c·t)."""
    c = np.array([0.5, -0.25, 0.0])
    k = np.arange(31).reshape(-1, 1)
    found = Taylor(np.where(k == 0, 0, (-c) ** np.maximum(k - 1, 0))).revert()
    wanted = np.where(k == 0, 0, c ** np.maximum(k - 1, 0))
    assert np.all(np.abs(found.coefficients - wanted) <= 1e-13)


def test_reversions_that_do_not_exist() -> None:
    # TaylorSeries.jl: inverse(exp(t)) is a DomainError, for f(0) ≠ 0
    with pytest.raises(DomainError, match="constant term 0, got 1"):
        exponential(5).revert()
    with pytest.raises(SingularExpansionError, match="branch point"):
        exact(0, 0, 1).revert()
    with pytest.raises(SingularExpansionError) as caught:
        Taylor(np.array([[0.0, 0.0], [1.0, 0.0]])).revert()
    assert caught.value.points == (1,)
    with pytest.raises(UncertifiedError, match="contains 0"):
        Taylor([flint.arb(0), flint.arb("0 +/- 1")]).revert()
    with pytest.raises(OrderError, match="truncate"):
        polynomial([0, 1, 1]).revert()
    with pytest.raises(OrderError, match="not known"):
        exact(0).revert()
    assert polynomial([0, 2]).revert() == polynomial([0, F(1, 2)])


# ---------------------------------------------------------------------- shift
def test_shift() -> None:
    # TaylorSeries.jl, test/onevariable.jl: update!(t^2, 2.0) gives (t + 2)^2
    assert polynomial([0, 0, 1.0]).shift(2.0) == polynomial([4.0, 4.0, 1.0])
    assert polynomial([1, 2, 1]).shift(-1) == polynomial([0, 0, 1])
    assert polynomial([3]).shift(F(1, 2)) == polynomial([3])
    assert polynomial([0, 1]).shift(np.array([1.0, 2.0])).coefficients.tolist() == [[1, 2], [1, 1]]
    found = polynomial([0, 0, 1]).shift(flint.arb(1) / 3)
    assert holds(found[0], F(1, 9))
    with pytest.raises(OrderError, match=r"ta\.taylor\(f, x0 \+ h"):
        exponential(3).shift(1)
    with pytest.raises(MixedRingError, match="must be a number"):
        polynomial([0, 1]).shift(exponential(2))
    with pytest.raises(NotRepresentableError):
        polynomial([0, 0, 1.0]).shift(1e200)


# ---------------------------------------------------------------------- laws, over exact rationals
rationals = st.fractions(-5, 5, max_denominator=6)


def series(order: int = 4) -> st.SearchStrategy[Taylor]:
    return st.lists(rationals, min_size=order + 1, max_size=order + 1).map(Taylor)


def about_zero(order: int = 4) -> st.SearchStrategy[Taylor]:
    return series(order).map(lambda s: s - s.constant_term)


polynomials = st.lists(rationals, min_size=1, max_size=4).map(polynomial)


@settings(max_examples=60, deadline=None)
@given(series(), series(), series())
def test_series_form_a_ring(a: Taylor, b: Taylor, c: Taylor) -> None:
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert (a - a) + b == b
    assert (a * b).differentiate() == a.differentiate() * b.truncate(3) + a.truncate(3) * b.differentiate()
    assert a.integrate(2).differentiate() == a


@settings(max_examples=60, deadline=None)
@given(series(), about_zero(), about_zero())
def test_composition_is_associative_and_has_a_chain_rule(f: Taylor, g: Taylor, h: Taylor) -> None:
    left, right = f.compose(g).compose(h), f.compose(g.compose(h))
    order = min(left.order, right.order)
    assert left.truncate(int(order)) == right.truncate(int(order))
    chain = f.differentiate().compose(g) * g.differentiate()
    assert f.compose(g).differentiate().truncate(3) == chain.truncate(3)


@settings(max_examples=60, deadline=None)
@given(polynomials, polynomials, rationals, rationals)
def test_polynomials_compose_as_functions_do(p: Taylor, q: Taylor, h: Fraction, x: Fraction) -> None:
    assert p.compose(q)(x) == p(q(x))
    assert p.shift(h)(x) == p(h + x)
    assert p.shift(h) == p.compose(polynomial([h, 1]))


@settings(max_examples=60, deadline=None)
@given(about_zero(), st.integers(0, 4), polynomials)
def test_no_composition_claims_more_than_is_known(u: Taylor, j: int, p: Taylor) -> None:
    """Two inner series that agree as far as they are known give the same composition as far as it is known."""
    other = polynomial([*u, F(17, 3), -5])
    g = polynomial([0, *([0] * j), *p])
    found, full = g.compose(u), g.compose(other)
    if found.order < math.inf:
        assert full.truncate(int(found.order)) == found


@settings(max_examples=40, deadline=None)
@given(about_zero(6))
def test_reversion_undoes(s: Taylor) -> None:
    if s[1] == 0:
        return
    w = s.revert()
    assert s.compose(w) == exact(0, 1, 0, 0, 0, 0, 0)
    assert w.compose(s) == exact(0, 1, 0, 0, 0, 0, 0)
    assert w.revert() == s
