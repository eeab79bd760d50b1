"""BOOK × RINGS: every function of the book in every ring that has it, against balls of 300 bits.

A cell is a function in a ring: value and coefficients to order 12 along a line through a point of its domain, in
float64 and complex128 within the derived bound (see ``coefficients.excess``), in mpmath numbers to the working
precision, in balls by containment, in Fractions exactly; as a batch, as a Taylor of Taylors, compiled unrolled and
looped. The cells without a value are listed here, and a test finds that these and no others are empty.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import comb
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
from coefficients import excess

import taylorad as ta
from taylorad.book import BOOK
from taylorad.book.entry import Formula, LocalEntry, Rule
from taylorad.errors import TayloradError
from taylorad.rings.balls import precision
from taylorad.run.kernel import compile_plan
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule
from taylorad.taylor.apply import apply

F = Fraction
ORDER = 12
BITS = 300
NAMES = sorted({m.name for m in BOOK.values()})
ZERO = F(0)
POINTS = (F(3, 8), F(5, 4), F(5, 2))  # the first one inside the domain is taken
OFFSET = F(1, 8)  # the imaginary part of complex points
DIRECTIONS = (F(1), F(-1, 2), F(1, 4))  # of several arguments x, x + 1/2, x + 1
PARAMETERS = {"n": F(5, 2), "alpha": F(1, 2), "nu": F(3, 2), "a": F(3, 4), "b": F(5, 4), "c": F(5, 2), "m": F(1, 4)}
PARAMETERS |= {"k": F(0), "q": F(1)}
OWN = {"polygamma": (F(2),), "expn": (F(3),)}
RATIONAL_POINTS = (F(0), F(1), F(1, 2), F(2))
RATIONAL_PARAMETERS = {"n": F(3), "nu": F(2), "m": F(1, 4), "a": F(2), "b": F(5, 4), "c": F(5, 2)}

# ---------------------------------------------------------------------- the cells without a value
REAL_ONLY = {
    *("abs", "ceil", "clip", "copysign", "floor", "floor_divide", "fmod", "heaviside", "maximum", "minimum", "mod"),
    *("relu", "round", "sign", "trunc"),  # branches and steps: complex numbers have no order
    *("erfcinv", "erfinv"),
}
# no rational value at RATIONAL_POINTS: the function has none there, or its coefficients are irrational beside it
IRRATIONAL = {
    *("acos", "acosh", "acot", "acoth", "acsc", "acsch", "airy_ai", "airy_aip", "airy_bi", "airy_bip", "asec"),
    *("asech", "beta", "betaln", "chi", "ci", "cosdg", "cospi", "cot", "coth", "csc", "csch", "deg2rad"),
    *("digamma", "ellipe", "ellipk", "erf", "erfc", "erfcinv", "erfi", "erfinv", "exp1", "exp10", "exp2", "expi"),
    *("expn", "fresnel_c", "fresnel_s", "gamma", "gammaln", "gaussian", "hyperu", "k0", "k1", "kepler", "kv"),
    *("li", "log10", "log2", "log_expit", "logaddexp", "logaddexp2", "loggamma", "logsumexp", "ndtr", "polygamma"),
    *("rad2deg", "rgamma", "sinc", "sindg", "sinpi", "softplus", "xlog1py", "y0", "y1", "yv", "zeta"),
}


def arguments(name: str, x: Fraction, offset: Fraction = ZERO) -> list[tuple[Any, Fraction]]:
    """Value and direction of every series argument; complex values as pairs (real, imaginary)."""
    entry = BOOK[name].entry
    count = 3 if isinstance(entry, Rule) and entry.variadic else entry.arity
    return [((x + F(i, 2), offset), DIRECTIONS[i]) for i in range(count)]


def parameters(name: str, rational: bool = False) -> tuple[Fraction, ...]:
    table = PARAMETERS | RATIONAL_PARAMETERS if rational else PARAMETERS
    return OWN.get(name) or tuple(table[p] for p in BOOK[name].entry.parameters)


def called(name: str, us: list[Any], params: tuple[Any, ...]) -> Any:
    return apply(BOOK[name], (*params, *us) if BOOK[name].entry.params_first else (*us, *params))


def along(name: str, lift: Callable[[Fraction, Fraction], Any], x: Fraction, **options: Any) -> Any:
    """Coefficients in the ring that ``lift`` lifts to."""
    order, offset = options.get("order", ORDER), options.get("offset", F(0))
    us = [
        ta.Taylor([lift(*u), lift(d, F(0))], exact=True).truncate(order) for u, d in arguments(name, x, offset)
    ]
    rational = options.get("rational", False)
    params = parameters(name, rational)
    found = called(name, us, params if rational else tuple(_parameter(p) for p in params))
    return found._buffer(order)


def _parameter(p: Fraction) -> Any:
    return int(p) if p.denominator == 1 else float(p)


def _arb(x: Fraction, y: Fraction) -> Any:
    return flint.arb(flint.fmpq(x.numerator, x.denominator))


def _acb(x: Fraction, y: Fraction) -> Any:
    return flint.acb(_arb(x, y), _arb(y, y))


def _float(x: Fraction, y: Fraction) -> float:
    return float(x)


def _complex(x: Fraction, y: Fraction) -> complex:
    return complex(float(x), float(y))


def _mpf(x: Fraction, y: Fraction) -> Any:
    return mpmath.mpf(x.numerator) / x.denominator


def _mpc(x: Fraction, y: Fraction) -> Any:
    return mpmath.mpc(_mpf(x, y), _mpf(y, y))


@cache
def point(name: str) -> Fraction:
    """The first of POINTS in the domain over the reals."""
    for x in POINTS:
        try:
            along(name, _arb, x, order=2)
        except TayloradError:
            continue
        return x
    raise AssertionError(f"{name}: none of {POINTS} lies in its domain")


@cache
def true(name: str, offset: Fraction = ZERO, order: int = ORDER + 3, at: Fraction | None = None) -> list[Any]:
    """The oracle: balls of 300 bits."""
    with precision(BITS):
        found = along(name, _acb if offset else _arb, point(name) if at is None else at, order=order, offset=offset)
        assert all(c.is_finite() for c in found)
        return list(found)


def within(name: str, got: Any, exact: list[Any]) -> None:
    """The derived bound of float coefficients; that of a formula is the sum of the bounds of two functions."""
    worst, k = excess(list(got), exact)
    assert worst <= (2 if isinstance(BOOK[name].entry, Formula) else 1), (k, worst)


# ---------------------------------------------------------------------- rings
@pytest.mark.parametrize("name", NAMES)
def test_float64(name: str) -> None:
    within(name, along(name, _float, point(name)), true(name))


@pytest.mark.parametrize("name", sorted(set(NAMES) - REAL_ONLY))
def test_complex128(name: str) -> None:
    within(name, along(name, _complex, point(name), offset=OFFSET), true(name, OFFSET))


@pytest.mark.parametrize("name", NAMES)
def test_mpmath(name: str) -> None:
    """mpf and mpc at 150 bits: to 2^−130 of a neighbouring coefficient."""
    with mpmath.workprec(150), precision(BITS):
        for lift, offset in ((_mpf, F(0)), (_mpc, OFFSET)):
            if offset and name in REAL_ONLY:
                continue
            got, exact = along(name, lift, point(name), offset=offset), true(name, offset)
            for k, g in enumerate(got):
                ball = flint.acb(g.real, g.imag) if offset else flint.arb(g)
                near = max(abs(c).upper() for c in exact[max(0, k - 1) : k + 2])
                assert abs(ball - exact[k]).upper() <= near * flint.arb(2) ** -130, (lift, k)


@pytest.mark.parametrize("name", NAMES)
def test_balls(name: str) -> None:
    """At 80 bits they contain the true coefficients, and are not much wider than they must be."""
    for lift, offset in ((_arb, F(0)), (_acb, OFFSET)):
        if offset and name in REAL_ONLY:
            continue
        exact = true(name, offset)
        with precision(80):
            got = along(name, lift, point(name), offset=offset)
        with precision(BITS):
            for k, g in enumerate(got):
                near = max(abs(c).upper() for c in exact[max(0, k - 1) : k + 2])
                assert g.contains(exact[k]) or exact[k].contains(g), k
                assert (abs(g - exact[k])).upper() <= near * flint.arb(2) ** -40, k


@pytest.mark.parametrize("name", sorted(set(NAMES) - IRRATIONAL))
def test_fractions(name: str) -> None:
    """Exact, at the first point where the value is rational."""
    x, got = rational(name)
    assert all(type(c) is Fraction for c in got)
    with precision(BITS):
        us = [ta.Taylor([_arb(*u), _arb(d, d)], exact=True).truncate(ORDER) for u, d in arguments(name, x)]
        params = tuple(int(p) if p.denominator == 1 else _arb(p, p) for p in parameters(name, True))
        exact = called(name, us, params)._buffer(ORDER)
        for k, (g, c) in enumerate(zip(got, exact, strict=True)):
            assert (c * g.denominator - g.numerator).contains(0), k
            assert c.rad() < 1e-60, k


@cache
def rational(name: str) -> tuple[Fraction, list[Fraction]]:
    for x in RATIONAL_POINTS:
        try:
            return x, along(name, lambda x, y: x, x, rational=True)
        except TayloradError:
            continue
    raise LookupError(name)


def test_the_empty_cells_are_the_listed_ones() -> None:
    """Complex rings lack what needs an order; Fractions what is irrational; every other cell has a value."""
    refused: dict[str, set[str]] = {}
    for ring, lift in (("complex128", _complex), ("mpc", _mpc), ("acb", _acb)):
        refused[ring] = set()
        for name in NAMES:
            try:
                along(name, lift, point(name), offset=OFFSET, order=2)
            except TayloradError:
                refused[ring].add(name)
    assert refused == dict.fromkeys(refused, REAL_ONLY)
    without = set()
    for name in NAMES:
        try:
            rational(name)
        except LookupError:
            without.add(name)
    assert without == IRRATIONAL


# ---------------------------------------------------------------------- front ends
@pytest.mark.parametrize("name", NAMES)
def test_batches(name: str) -> None:
    """A batch of three points: each within the bound of its own."""
    xs = [point(name) + F(i, 64) for i in range(3)]
    count = len(arguments(name, xs[0]))
    us = []
    for i in range(count):
        buffer = np.zeros((ORDER + 1, 3))
        buffer[0], buffer[1] = [float(x + F(i, 2)) for x in xs], float(DIRECTIONS[i])
        us.append(ta.Taylor(buffer))
    got = called(name, us, tuple(map(_parameter, parameters(name))))._buffer(ORDER)
    for i, x in enumerate(xs):
        within(name, np.broadcast_to(got, (ORDER + 1, 3))[:, i], true(name, at=x))


@pytest.mark.parametrize("name", NAMES)
def test_a_taylor_of_taylors(name: str) -> None:
    """Along x + s + t: coefficient i of coefficient j is C(i+j, i)·c_(i+j)."""
    inner, outer = 4, 6
    us = []
    for (x, _), d in arguments(name, point(name)):
        s = ta.Taylor([float(x), float(d)], exact=True).truncate(inner)
        t = ta.Taylor([s, float(d)] + [0.0] * (outer - 1))
        us.append(ta.Taylor._make(t._coefficients, t._ring, False, 1))  # tag 1: a newer variable than s
    got = called(name, us, tuple(map(_parameter, parameters(name))))
    exact = true(name)
    for j in range(outer + 1):
        row = got[j] if isinstance(got[j], ta.Taylor) else ta.constant(got[j])
        for i, c in enumerate(row._buffer(inner)):
            with precision(BITS):
                size = [abs(x).upper() * comb(i + j, i) for x in exact[max(0, i + j - 2) : i + j + 3]]
                error = abs(flint.arb(float(c)) - exact[i + j] * comb(i + j, i)).upper()
                assert error <= max(size) * 64 * (i + j + 1) * 2.0**-52, (i, j)


@pytest.mark.parametrize("form", ["unrolled", "looped"])
@pytest.mark.parametrize("name", NAMES)
def test_compiled(name: str, form: str) -> None:
    entry = BOOK[name]
    us = [Leaf.of(i) for i in range(len(arguments(name, point(name))))]
    params = tuple(map(_parameter, parameters(name)))
    plan = schedule([entry(*params, *us) if entry.entry.params_first else entry(*us, *params)])
    leaves = []
    for (x, _), d in arguments(name, point(name)):
        leaves.append(np.array([float(x), float(d), *[0.0] * (ORDER - 1)]))
    (got,) = compile_plan(plan, ORDER, form=form)(leaves, ORDER)
    within(name, got, true(name))


def test_every_kind_of_entry_is_here() -> None:
    kinds = {type(BOOK[name].entry) for name in NAMES}
    assert kinds >= {Rule, Formula, LocalEntry}
