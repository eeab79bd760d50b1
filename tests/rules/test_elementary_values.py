"""Order-0 values of the elementary functions in every ring, against definitions in mpmath written here.

The definitions are the oracle of the balls (which must contain them) and of the exact rationals; the balls, at high
precision, are the oracle of float64, complex128 and mpmath numbers.
"""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
from coefficients import as_complex, coefficients
from elementary_cases import ARITY, DEFINITIONS, DOMAINS, FORMULAS, RULES, STEPS, points
from mpmath import mp

from taylorad.book.entry import Formula, Rule
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.balls import BallRing, precision
from taylorad.rings.multiprecision import MultiprecisionRing
from taylorad.rings.values import balls, exact, floating, multiprecision
from taylorad.series.node import Constant, Leaf


def ball_of(x: Any) -> Any:
    if isinstance(x, mpmath.mpc):
        return flint.acb(flint.arb(x.real), flint.arb(x.imag))
    return flint.arb(x) if isinstance(x, (float, mpmath.mpf)) else flint.acb(x)


def sharp(name: str, args: tuple[Any, ...], bits: int = 80) -> Any:
    """The ball value, at a precision high enough to know ``bits`` bits of it (or that it is exactly 0)."""
    function = balls.lookup(name)
    assert function is not None
    for working in (200, 800, 3200, 12800):
        with precision(working):
            found = function(*map(ball_of, args))
            if found.rel_accuracy_bits() >= bits or found == 0:
                return found
    return found


def ulps(got: Any, true: Any) -> float:
    """Error in units of the last place of the true value (of its modulus); 0 where that is outside the range."""
    with precision(200):
        size = float(abs(true).mid())
        if not true.is_finite() or not 2.3e-308 < size < 1.7e308:
            return 0.0 if size < 1 or not true.is_finite() or not np.isfinite(got) else math.inf
        error = abs((flint.acb(complex(got)) if isinstance(got, np.complexfloating) else flint.arb(float(got))) - true)
        return float(error.mid()) / float(np.spacing(size))


# ---------------------------------------------------------------------- float64 and complex128
FLOAT = sorted(ARITY)
COMPLEX = sorted(set(ARITY) - STEPS)


def _float_table(name: str, count: int, complex: bool) -> None:
    function = floating.lookup(name, complex)
    assert function is not None
    where = points(name, count, complex)
    dtype = np.complex128 if complex else np.float64
    columns = [np.array(column, dtype) for column in zip(*where, strict=True)]
    with np.errstate(all="ignore"):
        got = np.asarray(function(*columns)).astype(dtype)
    checked = 0
    for value, args in zip(got, where, strict=True):
        true = sharp(name, args)
        if true.is_finite() and (true == 0 or true.rel_accuracy_bits() >= 60):
            checked += 1
            assert ulps(value, true) <= 4, f"{name}{args}: {value!r}, true {true}"
    assert checked >= len(where) // 2


@pytest.mark.parametrize("name", FLOAT)
def test_float64_values_are_within_4_ulp(name: str) -> None:
    _float_table(name, 12, complex=False)


@pytest.mark.parametrize("name", COMPLEX)
def test_complex128_values_are_within_4_ulp(name: str) -> None:
    _float_table(name, 12, complex=True)


@pytest.mark.nightly
@pytest.mark.parametrize("name", FLOAT)
def test_float64_values_on_a_long_grid(name: str) -> None:
    _float_table(name, 1500, complex=False)


@pytest.mark.nightly
@pytest.mark.parametrize("name", COMPLEX)
def test_complex128_values_on_a_long_grid(name: str) -> None:
    _float_table(name, 400, complex=True)


@pytest.mark.parametrize(("name", "at", "value"), [
    ("sinpi", 1.0, 0.0), ("sinpi", 0.5, 1.0), ("sinpi", -1.5, 1.0), ("sinpi", 1e15 + 0.5, 1.0), ("cospi", 0.5, 0.0),
    ("cospi", 1e15 + 1, -1.0), ("cospi", -7.5, 0.0), ("sindg", 180.0, 0.0), ("sindg", -90.0, -1.0),
    ("cosdg", 270.0, 0.0), ("exp2", 10.0, 1024.0), ("exp10", 3.0, 1000.0), ("cbrt", -8.0, -2.0),
    ("round", 2.5, 2.0), ("round", -3.5, -4.0),
])  # fmt: skip
def test_exact_values_are_exact(name: str, at: float, value: float) -> None:
    function = floating.lookup(name, False)
    assert function is not None
    assert float(function(np.float64(at))) == value


def test_remainders_have_the_signs_of_numpy() -> None:
    u, w = np.array([7.5, -7.5, 7.5, -7.5]), np.array([2.0, 2.0, -2.0, -2.0])
    for name, peer in (("mod", np.remainder), ("fmod", np.fmod), ("floor_divide", np.floor_divide)):
        function = floating.lookup(name, False)
        assert function is not None
        np.testing.assert_array_equal(function(u, w), peer(u, w))


def test_a_batch_is_the_points_one_by_one() -> None:
    """Scalars, arrays and the repaired points among them give the same bits."""
    for name in FLOAT:
        where = points(name, 4, complex=False)
        function = floating.lookup(name, False)
        assert function is not None
        with np.errstate(all="ignore"):
            batch = np.asarray(function(*map(np.array, zip(*where, strict=True)))).astype(float)
            single = [float(function(*map(np.float64, args))) for args in where]
        np.testing.assert_allclose(batch, single, rtol=4 * 2.0**-52, err_msg=name)


# ---------------------------------------------------------------------- balls
@pytest.mark.parametrize("name", FLOAT)
def test_real_balls_contain_the_definition(name: str) -> None:
    function = balls.lookup(name)
    assert function is not None
    checked = 0
    for args in points(name, 4, complex=False):
        if max(map(abs, args)) > 1e6 or (name in STEPS and not _certain(name, args)):
            continue
        with precision(53), mp.workprec(4000):
            found = function(*map(ball_of, args))
            true = mp.re(DEFINITIONS[name](*map(mp.mpf, args)))
            assert found.is_finite(), (name, args)
            assert _within(found, true), (name, args)
            checked += 1
    assert checked > 3


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_balls_contain_the_definition(name: str) -> None:
    function = balls.lookup(name)
    assert function is not None
    for args in points(name, 4, complex=True):
        if max(map(abs, args)) > 1e3:
            continue
        with precision(53), mp.workprec(2000):
            found = function(*map(ball_of, args))
            true = mp.mpc(DEFINITIONS[name](*map(mp.mpc, args)))
            if found.is_finite():
                assert _within(found.real, true.real), (name, args)
                assert _within(found.imag, true.imag), (name, args)


def _within(found: Any, true: Any) -> bool:
    """Whether the ball contains a number known to some 2000 bits (of 1, at least)."""
    with precision(2000):
        near = flint.arb(true) + flint.arb(0, flint.arb(2) ** -1500) * max(1, abs(flint.arb(true)))
        return bool(found.overlaps(near))


def _certain(name: str, args: tuple[float, ...]) -> bool:
    """Whether a step function is far from its jumps, as seen at 53 bits."""
    quotient = args[0] if len(args) == 1 else args[0] / args[1]
    return min(abs(2 * quotient - round(2 * quotient)), 1) > 1e-6 * max(1, abs(quotient))


@pytest.mark.parametrize("name", FLOAT)
def test_wide_balls_contain_all_their_points(name: str) -> None:
    function = balls.lookup(name)
    assert function is not None
    seen = 0
    for args in points(name, 6, complex=False):
        if not all(1e-6 < abs(x) < 50 for x in args):
            continue
        rng = random.Random(1)
        radius = [abs(x) / 64 for x in args]
        with precision(64):
            found = function(*(flint.arb(x, r) for x, r in zip(args, radius, strict=True)))
        if not found.is_finite():
            continue
        for _ in range(4):
            inner = tuple(x + r * rng.uniform(-0.99, 0.99) for x, r in zip(args, radius, strict=True))
            if all(DOMAINS.get(name, lambda x: True)(x) for x in inner[:1]):
                seen += 1
                assert found.overlaps(sharp(name, inner)), (name, args, inner)
    assert seen


# ---------------------------------------------------------------------- mpmath
@pytest.mark.parametrize(("name", "complex"), [(n, False) for n in FLOAT] + [(n, True) for n in COMPLEX])
def test_mpmath_values_are_within_4_ulp(name: str, complex: bool) -> None:
    with mp.workprec(160):
        function = multiprecision.lookup(name, mpmath)
        assert function is not None
        kind = mp.mpc if complex else mp.mpf
        for args in points(name, 4, complex):
            if max(map(abs, args)) > 1e6:
                continue
            at = tuple(kind(x) / 3 * 3 for x in args)
            true = sharp(name, at, 200)
            if not true.is_finite() or true.rel_accuracy_bits() < 180:
                continue
            got = function(*at)
            with precision(400):
                assert abs(ball_of(got) - true) <= abs(true) * flint.arb(2) ** -158, (name, args)


# ---------------------------------------------------------------------- exact rationals
RATIONALS = [Fraction(p, q) for p, q in itertools.product(range(-9, 10), (1, 2, 3, 4, 6, 8, 9, 16, 25))]
RATIONALS += [Fraction(1, 1024), Fraction(5, 12), Fraction(8, 27)]


@pytest.mark.parametrize("name", sorted(set(ARITY) - STEPS))
def test_rational_values_are_right_and_none_is_missed(name: str) -> None:
    """At each rational the exact value equals the true one; where the true one is rational, it is there."""
    arguments: list[tuple[Fraction, ...]] = [(x,) for x in RATIONALS]
    if ARITY[name] > 1:
        arguments = [(*p, Fraction(2))[: ARITY[name]] for p in itertools.product(RATIONALS[::7], RATIONALS[::5])]
    if name in ("sindg", "cosdg"):
        arguments += [(x,) for x in map(Fraction, (30, 60, 90, 180, -270, 300, 720))]
    for args in arguments:
        if not DOMAINS.get(name, lambda x: True)(args[0]) or (not any(args) and len(args) > 1):
            continue
        got = exact.value(name, args)
        with mp.workprec(400):
            true = DEFINITIONS[name](*(mp.mpf(x.numerator) / x.denominator for x in args))
            if not mp.isfinite(true):
                assert got is None
            elif got is not None:
                error = abs(true * got.denominator - got.numerator)
                assert error <= max(1, abs(true)) * mp.mpf(2) ** -300, (name, args)
            elif isinstance(true, mpmath.mpf) and not name.startswith("_"):
                near = _as_small_fraction(true)
                assert near is None, f"{name}{args} is {near}, and the table does not know it"


def _as_small_fraction(x: Any) -> Fraction | None:
    """The fraction with denominator below 10^6 that x equals to 250 bits, or None."""
    near = Fraction(int(mp.floor(x * mp.mpf(2) ** 280)), 2**280).limit_denominator(10**6)
    return near if abs(x - mp.mpf(near.numerator) / near.denominator) < mp.mpf(2) ** -240 else None


def test_exact_steps_and_remainders() -> None:
    for x, y in itertools.product([Fraction(7, 2), Fraction(-7, 2), Fraction(22, 7)], [Fraction(2), Fraction(-1, 3)]):
        assert exact.value("mod", (x, y)) == x % y
        assert exact.value("floor_divide", (x, y)) == x // y
        assert exact.value("fmod", (x, y)) == x - y * math.trunc(x / y)
        assert exact.value("floor", (x,)) == math.floor(x)
        assert exact.value("round", (x,)) == round(x)


# ---------------------------------------------------------------------- the whole row
PIECEWISE = {*STEPS, "divmod", "abs", "sign", "maximum", "minimum", "clip", "relu", "heaviside", "copysign"}


def _sample(entry: Rule | Formula) -> list[Any]:
    """A point where the function is analytic, for each argument."""
    first = {"acosh": 2.5, "acoth": 2.5, "asec": 2.5, "acsc": 2.5}.get(entry.name, 0.3)
    count = 3 if isinstance(entry, Rule) and entry.variadic else entry.arity + len(entry.parameters)
    return [first, 0.7, 0.2][:count]


@pytest.mark.parametrize("entry", [*RULES, *FORMULAS], ids=lambda e: e.name)
def test_no_empty_cell(entry: Rule | Formula) -> None:
    """Every entry has a finite value and coefficients in float64, complex128, mpf, mpc, arb and acb, and all agree."""
    at = _sample(entry)
    real = [ArrayRing(np.float64), MultiprecisionRing(), BallRing()]
    complex = [ArrayRing(np.complex128), MultiprecisionRing(True), BallRing(True)]
    expected: Any = None
    for ring in real if entry.name in PIECEWISE else real + complex:
        leaves: list[Any] = [[x, 1] if i < entry.arity else [x] for i, x in enumerate(at)]
        nodes = entry.apply(tuple(Leaf.of(i) if len(leaf) > 1 else leaf[0] for i, leaf in enumerate(leaves)))
        node = sum((i * n for i, n in enumerate(nodes, 1)), Constant.of(0))
        found = [as_complex(c) for c in coefficients(ring, node, leaves, 6)]
        assert all(map(np.isfinite, found))
        expected = found if expected is None else expected
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * max(map(abs, expected)))
