"""Local entries: where their jets hold, what they refuse, how they are called, and what their balls enclose."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import flint
import mpmath as mp
import numpy as np
import pytest
from coefficients import coefficients

from taylorad.book.entry import BOOK, ENTRIES, Family, LocalEntry
from taylorad.errors import DomainError, SingularExpansionError, UncertifiedError, UnsupportedFunctionError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.balls import BallRing, expand, precision
from taylorad.rings.exact import FractionRing
from taylorad.rings.multiprecision import MultiprecisionRing
from taylorad.rings.values import rounded, special
from taylorad.rings.values.settle import loose, settle
from taylorad.series.node import Leaf, Local

T = Leaf.of(0)


def floats(node: Any, u: Any, order: int) -> np.ndarray:
    return coefficients(ArrayRing(shape=np.shape(u)), node, [[u, np.ones(np.shape(u))]], order)


# ---------------------------------------------------------------------- where they hold
@pytest.mark.parametrize("nu", [0, 1, 2, 5])
@pytest.mark.parametrize("u", [0.0, 1e-300, 1e-8])
def test_bessel_of_integer_order_at_and_near_zero(nu: int, u: float) -> None:
    """J_ν(t) = Σ (−1)^j (t/2)^(2j+ν)/(j!(j+ν)!) (DLMF 10.2.2), moved to u by the binomial theorem."""
    got = floats(BOOK["jv"](nu, T), u, 40)
    with mp.workdps(50):
        series = {2 * j + nu: (-mp.mpf(0.25)) ** j / 2**nu / (mp.fac(j) * mp.fac(j + nu)) for j in range(40)}
        for k in range(41):
            true = mp.fsum(a * mp.binomial(n, k) * mp.mpf(u) ** (n - k) for n, a in series.items() if n >= k)
            if true == 0 or abs(true) > 1e-300:
                assert abs(got[k] - true) <= 1.2e-16 * abs(true), k


def test_a_coefficient_that_vanishes_is_zero() -> None:
    """Ei″(1) = e·(1 − 1)/1 = 0 beside neighbours that are not: decided by comparison with them."""
    node = BOOK["expi"](T)
    assert floats(node, 1.0, 4)[2] == 0
    assert coefficients(MultiprecisionRing(), node, [[mp.mpf(1), mp.mpf(1)]], 4)[2] == 0
    with precision(100):
        ball = coefficients(BallRing(), node, [[flint.arb(1), flint.arb(1)]], 4)[2]
        assert ball.contains(0)
        assert ball.rad() < 1e-40


def test_a_jet_is_composed_with_what_flows_in() -> None:
    for name, inner, f, u in (
        ("gamma", "sin", lambda x: mp.gamma(mp.sin(x)), 0.6),
        ("j0", "exp", lambda x: mp.besselj(0, mp.exp(x)), 0.3),
        ("zeta", "exp", lambda x: mp.zeta(mp.exp(x)), 1.0),
        ("ellipk", "sin", lambda x: mp.ellipk(mp.sin(x)), 0.2),
    ):
        got = floats(BOOK[name](BOOK[inner](T)), u, 6)
        with mp.workdps(40):
            true = mp.taylor(f, mp.mpf(u), 6)
        scale = max(map(abs, true))
        assert all(abs(g - t) <= 1e-13 * scale for g, t in zip(got, true, strict=True)), name


def test_a_jet_of_a_square_has_the_orders_of_the_square() -> None:
    got = floats(BOOK["j1"](T * T), 0.0, 8)
    assert got.tolist() == pytest.approx([0, 0, 0.5, 0, 0, 0, -1 / 16, 0, 0])


def test_high_orders() -> None:
    """Order 400: gamma's coefficients at 1 tend to (−1)^k, the residue of the pole at 0; J_0's underflow to zero."""
    got = floats(BOOK["gamma"](T), 1.0, 400)
    assert got[-1] == pytest.approx(1.0, rel=1e-12)
    assert got[-2] == pytest.approx(-1.0, rel=1e-12)
    assert np.all(np.isfinite(floats(BOOK["j0"](T), 1.0, 250)))


def test_a_batch_is_its_points() -> None:
    grid = np.array([[0.3, 1.0], [2.5, 7.0]])
    for node in (BOOK["kv"](0.5, T), BOOK["digamma"](T), BOOK["lambertw"](T), BOOK["kepler"](0.3, T)):
        whole = floats(node, grid, 6)
        for at in np.ndindex(2, 2):
            np.testing.assert_array_equal(whole[(slice(None), *at)], floats(node, grid[at], 6))
    assert rounded.floating_jet("gamma", [np.empty(0)], 3, False).shape == (4, 0)


# ---------------------------------------------------------------------- what they refuse
@pytest.mark.parametrize(
    ("name", "params", "u"),
    [
        ("gamma", (), 0.0),
        ("gamma", (), -3.0),
        ("digamma", (), -2.0),
        ("gammaln", (), -1.0),
        ("zeta", (), 1.0),
        ("expi", (), 0.0),
        ("li", (), 1.0),
        ("li", (), 0.0),
        ("ci", (), 0.0),
        ("ellipk", (), 1.0),
        ("ellipe", (), 1.0),  # finite, but with a logarithm beside it
        ("jv", (0.5,), 0.0),
        ("jv", (2.5,), 0.0),  # twice differentiable, no more
        ("kv", (0,), 0.0),
        ("expn", (3,), 0.0),
        ("eval_legendre", (0.5,), -1.0),
        ("hyp2f1", (0.5, 0.5, 1.0), 1.0),
        ("hyp2f1", (0.5, 0.5, -2.0), 0.3),
        ("beta", (2.0,), 0.0),
    ],
)
def test_no_series_at_a_singularity(name: str, params: tuple[float, ...], u: float) -> None:
    with pytest.raises(SingularExpansionError):
        floats(BOOK[name](*params, T), u, 3)


@pytest.mark.parametrize(
    ("name", "params", "u"),
    [
        ("jv", (0.5,), -1.0),
        ("iv", (0.5,), -1.0),
        ("yv", (0,), -1.0),
        ("kv", (0,), -1.0),
        ("ellipk", (), 2.0),
        ("hyp2f1", (0.5, 0.5, 1.0), 2.0),
        ("eval_legendre", (0.5,), -1.5),
        ("lambertw", (), -1.0),
        ("kepler", (2.0,), 1.0),
    ],
)
def test_outside_the_real_domain(name: str, params: tuple[float, ...], u: float) -> None:
    member = BOOK[name]
    with pytest.raises(DomainError, match="complex"):
        floats(member(*params, T), u, 3)


def test_the_points_of_a_batch_are_named() -> None:
    with pytest.raises(DomainError, match="complex") as caught:
        floats(BOOK["jv"](0.5, T), np.array([1.0, -1.0, 2.0, -3.0]), 2)
    assert caught.value.points == (1, 3)
    with pytest.raises(SingularExpansionError) as caught:
        floats(BOOK["gamma"](T), np.array([1.0, 2.0, -1.0]), 2)
    assert caught.value.points == (2,)


def test_a_value_too_large_for_doubles_is_an_error_that_names_mpmath() -> None:
    with pytest.raises(SingularExpansionError, match="mpmath"):
        floats(BOOK["gamma"](T), 200.0, 2)
    got = coefficients(MultiprecisionRing(), BOOK["gamma"](T), [[mp.mpf(200), mp.mpf(1)]], 2)
    assert abs(got[0] / mp.factorial(199) - 1) < 1e-14


def test_parameters_are_constants() -> None:
    with pytest.raises(UnsupportedFunctionError, match="jv was given a series as its parameter nu"):
        BOOK["jv"](T, 2.0)
    with pytest.raises(UnsupportedFunctionError, match="derivatives with respect to m"):
        ENTRIES["ellipj"](0.3, T)


def test_parameters_that_must_be_whole_numbers() -> None:
    with pytest.raises(DomainError, match="whole number"):
        floats(BOOK["polygamma"](0.5, T), 1.0, 2)
    with pytest.raises(DomainError, match="whole number"):
        floats(BOOK["lambertw"](T, 0.5), 1.0, 2)
    with pytest.raises(DomainError, match="n ≥ 0"):
        floats(BOOK["polygamma"](-1, T), 1.0, 2)


@pytest.mark.parametrize(("name", "args", "text"), [("jv", (T,), "takes 2"), ("lambertw", (), "takes 1 to 2")])
def test_wrong_number_of_arguments(name: str, args: tuple[Any, ...], text: str) -> None:
    with pytest.raises(TypeError, match=text):
        BOOK[name](*args)


def test_no_rational_value() -> None:
    with pytest.raises(UnsupportedFunctionError, match="not known to be rational"):
        coefficients(FractionRing(), BOOK["gamma"](T), [[Fraction(1, 3), 1]], 2)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        *(("jv", (n,)) for n in (0, 3, -3, -2)),
        *(("iv", (n,)) for n in (0, 3, -3)),
        ("sinc_unnormalized", ()),
        ("sinhc", ()),
        ("dawson", ()),
        ("hyp0f1", (Fraction(1, 3),)),
        ("hyp1f1", (Fraction(1, 2), Fraction(7, 3))),
        ("hyp1f1", (-2, Fraction(7, 3))),
        ("hyp2f1", (Fraction(1, 2), Fraction(-1, 3), Fraction(7, 3))),
        ("si", ()),
        ("shi", ()),
        ("lambertw", ()),
        *((f"jacobi_{kind}", (Fraction(2, 7),)) for kind in ("sn", "cn", "dn", "am")),
    ],
)
def test_exact_at_zero(name: str, params: tuple[Any, ...]) -> None:
    """The rational coefficients lie in the balls of the same graph, which know nothing of them."""
    member = BOOK[name]
    node = member(*params, T) if member.entry.params_first else member(T, *params)
    exact = coefficients(FractionRing(), node, [[Fraction(0), Fraction(1)]], 12)
    with precision(300):
        balls = coefficients(BallRing(), node, [[flint.arb(0), flint.arb(1)]], 12)
    with precision(1000):
        for e, b in zip(exact, balls, strict=True):
            assert b.overlaps(BallRing().lift(e))
            assert b.rad() < 1e-60
    assert any(e != 0 for e in exact)


def test_exact_kepler() -> None:
    """E(e, M) from M = 0: M/(1 − e) − e·M³/(6(1 − e)⁴) + …"""
    node = BOOK["kepler"](Fraction(1, 2), T)
    got = coefficients(FractionRing(), node, [[Fraction(0), Fraction(1)]], 3)
    assert got == [0, 2, 0, Fraction(-4, 3)]


def test_not_rational_at_zero() -> None:
    for name, params in (("jv", (Fraction(1, 2),)), ("hyp0f1", (-2,)), ("sinc", ()), ("airy_ai", ())):
        with pytest.raises(UnsupportedFunctionError, match="not known to be rational"):
            coefficients(FractionRing(), BOOK[name](*params, T), [[Fraction(0), Fraction(1)]], 4)


# ---------------------------------------------------------------------- orthogonal polynomials
@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        # DLMF Table 18.5.1 and 18.5.14–18.5.19: the polynomials of low degree
        ("eval_legendre", (4,), [Fraction(3, 8), 0, Fraction(-15, 4), 0, Fraction(35, 8)]),
        ("eval_chebyt", (5,), [0, 5, 0, -20, 0, 16]),
        ("eval_chebyu", (4,), [1, 0, -12, 0, 16]),
        ("eval_hermite", (4,), [12, 0, -48, 0, 16]),
        ("eval_hermitenorm", (4,), [3, 0, -6, 0, 1]),
        ("eval_laguerre", (3,), [1, -3, Fraction(3, 2), Fraction(-1, 6)]),
        ("eval_genlaguerre", (2, Fraction(1, 2)), [Fraction(15, 8), Fraction(-5, 2), Fraction(1, 2)]),
        ("eval_gegenbauer", (2, Fraction(1, 2)), [Fraction(-1, 2), 0, Fraction(3, 2)]),
    ],
)
def test_polynomials_are_exact(name: str, params: tuple[Any, ...], expected: list[Any]) -> None:
    order = len(expected) + 1
    got = coefficients(FractionRing(), BOOK[name](*params, T), [[Fraction(0), Fraction(1)]], order)
    assert list(got) == [*expected, 0, 0]


@pytest.mark.parametrize("degree", [9, 10, 37])
@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if isinstance(entry, Family)])
def test_recurrence_and_jet_are_one_polynomial(name: str, degree: int) -> None:
    """Exactly by the recurrence at 1/3, and by the jet in balls around it."""
    more = (Fraction(2, 5),) if len(BOOK[name].entry.parameters) == 2 else ()
    node = BOOK[name](degree, *more, T)
    exact = coefficients(FractionRing(), node, [[Fraction(1, 3), Fraction(1)]], degree + 2)
    with precision(200):
        third = BallRing().lift(Fraction(1, 3))
        balls = special.jet(name, [flint.arb(degree), *map(BallRing().lift, more), third], degree + 2)
        assert balls is not None
    with precision(4000):
        for e, b in zip(exact, balls, strict=True):
            assert b.contains(BallRing().lift(e))
            assert e == 0 or b.rel_accuracy_bits() > 120


def test_degrees_that_are_no_polynomials_are_functions() -> None:
    entry = BOOK["eval_legendre"].entry
    assert isinstance(entry(2.5, T), Local)
    assert isinstance(entry(-3, T), Local)  # P_{−n−1} = P_n
    assert not isinstance(entry(3.0, T), Local)
    assert floats(entry(-3, T), 0.3, 3).tolist() == pytest.approx(floats(entry(2, T), 0.3, 3).tolist())
    with pytest.raises(SingularExpansionError):
        floats(entry(math.nan, T), 0.3, 2)


# ---------------------------------------------------------------------- balls
WIDE = [
    ("jv", [1.0], 2.0, 0.3),
    ("gamma", [], 1.5, 0.05),
    ("polygamma", [0.0], 1.5, 0.2),
    ("airy_ai", [], 0.5, 0.3),
    ("ellipk", [], 0.3, 0.1),
    ("hyp1f1", [0.5, 1.5], 1.0, 0.5),
    ("dawson", [], 0.5, 0.1),
    ("sinc", [], 1.0, 0.2),
]


@pytest.mark.parametrize(("name", "params", "middle", "radius"), WIDE)
def test_wide_balls_enclose_the_coefficients_at_all_points(
    name: str, params: list[float], middle: float, radius: float
) -> None:
    order = 6
    with precision(64):
        wide = special.jet(name, [*map(flint.arb, params), flint.arb(middle, radius)], order)
        assert wide is not None
        for x in np.linspace(middle - radius, middle + radius, 9):
            at = special.jet(name, [*map(flint.arb, params), flint.arb(float(x))], order)
            assert at is not None
            assert all(w.overlaps(p) for w, p in zip(wide, at, strict=True))
        assert all(w.is_finite() for w in wide)


def test_a_lost_remainder_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin of the test above: with the remainder taken as zero the enclosure fails."""
    real = special._JETS["airy_ai"]
    middle, radius, order = 0.5, 0.3, 6

    def forgetful(k: int, u: Any) -> list[Any]:
        return real(k, u) if u.is_exact() else [flint.arb(0)] * (k + 1)

    monkeypatch.setitem(special._JETS, "airy_ai", forgetful)
    with precision(64):
        wide = special.jet("airy_ai", [flint.arb(middle, radius)], order)
        assert wide is not None
        at = [real(order, flint.arb(x)) for x in (middle - radius, middle + radius)]
        assert not all(w.overlaps(p) for points in at for w, p in zip(wide, points, strict=True))


def test_thin_balls_stay_thin() -> None:
    """arb("0.6") at 53 bits keeps most of them to order 40, where FLINT's own series is lost."""
    with precision(53):
        u = flint.arb("0.6")
        for name in ("gamma", "rgamma", "dawson"):
            ours = special.jet(name, [u], 40)
            assert ours is not None
            assert min(c.rel_accuracy_bits() for c in ours) >= 40
        assert expand("gamma", u, 40)[40].rel_accuracy_bits() < 30


def test_balls_that_touch_a_singularity_prove_nothing() -> None:
    with precision(64):
        for name, u in (("gamma", flint.arb(0.1, 0.2)), ("ellipk", flint.arb(0.9, 0.2)), ("kv", flint.arb(0.1, 0.2))):
            args = [T] if name != "kv" else [0, T]
            with pytest.raises((UncertifiedError, SingularExpansionError)):
                coefficients(BallRing(), BOOK[name](*args), [[u, flint.arb(1)]], 3)


def test_settle_raises_the_precision_until_the_result_is_known() -> None:
    calls: list[int] = []

    def compute() -> list[Any]:
        calls.append(flint.ctx.prec)
        return [flint.arb(1) / 3 - flint.arb(1) / 3 + flint.arb(2) ** -300]

    found = settle(compute, 53)
    assert calls[-1] > 300
    assert len(calls) > 2
    assert found[0].rel_accuracy_bits() >= 53
    assert loose([flint.arb(1, 0.5), flint.arb(2)], 53) == [0]
    assert loose([flint.arb(1), flint.arb(0, 1e-30), flint.arb(1)], 53) == [1]  # not small enough beside 1
    assert loose([flint.arb(1), flint.arb(0, 1e-40), flint.arb(1)], 53) == []


def test_settle_gives_up_where_precision_does_not_help() -> None:
    wide = flint.arb(1, 0.25)
    calls: list[int] = []

    def compute() -> list[Any]:
        calls.append(flint.ctx.prec)
        return [wide.exp()]

    assert settle(compute, 53)[0].contains(flint.arb(1).exp())
    assert len(calls) <= 4


def test_every_local_entry_has_a_jet_and_a_doc() -> None:
    for name, entry in ENTRIES.items():
        if isinstance(entry, LocalEntry):
            assert name in special._JETS, name
            assert entry.doc, name
