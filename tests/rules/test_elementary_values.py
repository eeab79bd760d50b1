"""Order-0 values of the elementary functions in every ring, against definitions in mpmath written here.

The definitions are the oracle of the balls (which must contain them) and of the exact rationals; the balls, at high
precision, are the oracle of float64, complex128 and mpmath numbers.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
from mpmath import mp
from taylorad.book import elementary, hyperbolic, piecewise, trigonometric
from taylorad.book.entry import BOOK, ENTRIES, Formula, Rule
from taylorad.errors import DomainError, SingularExpansionError, UncertifiedError, UnsupportedFunctionError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.balls import BallRing, precision
from taylorad.rings.exact import FractionRing
from taylorad.rings.multiprecision import MultiprecisionRing
from taylorad.rings.values import balls, exact, floating, multiprecision
from taylorad.series.node import Leaf

from coefficients import coefficients, in_floats

MODULES = {m.__name__ for m in (elementary, hyperbolic, piecewise, trigonometric)}
RULES = [e for e in ENTRIES.values() if isinstance(e, Rule) and e.differential.__module__ in MODULES]
FORMULAS = [e for e in ENTRIES.values() if isinstance(e, Formula) and e.body.__module__ in MODULES]
ARITY = {name: 3 if e.variadic else e.arity + len(e.parameters) for e in RULES for name in e.outputs}
STEPS = {"floor", "ceil", "round", "trunc", "_trunc_margin", "mod", "floor_divide", "fmod"}
STEPS |= {"_trunc_quotient", "_fmod_margin"}


def _trunc(x: Any) -> Any:
    return mp.sign(x) * mp.floor(abs(x))


def _margin(x: Any) -> Any:
    return mp.mpf(1) if abs(x) < 1 else abs(x - _trunc(x))


def _slope(root: Any) -> Any:
    return 1 / root


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "exp": mp.exp,
    "exp2": lambda x: mp.exp(x * mp.log(2)),
    "exp10": lambda x: mp.exp(x * mp.log(10)),
    "expm1": lambda x: mp.exp(x) - 1,
    "log": mp.log,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "log1p": lambda x: mp.log(1 + x),
    "sqrt": mp.sqrt,
    "cbrt": lambda x: -mp.cbrt(-x) if isinstance(x, mpmath.mpf) and x < 0 else mp.cbrt(x),
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "pow": lambda x, a: mp.exp(a * mp.log(x)),
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "_sigmoid_of_minus": lambda x: 1 / (1 + mp.exp(x)),
    "logit": lambda x: mp.log(x / (1 - x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "logaddexp2": lambda x, y: mp.log(mp.power(2, x) + mp.power(2, y)) / mp.log(2),
    "logsumexp": lambda x, y, z: mp.log(mp.exp(x) + mp.exp(y) + mp.exp(z)),
    "gaussian": lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi),
    "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "erf": mp.erf,
    "erfc": mp.erfc,
    "_erf_slope": lambda x: 2 * mp.exp(-x * x) / mp.sqrt(mp.pi),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": lambda x: mp.sin(x) / mp.cos(x),
    "_sec_squared": lambda x: 1 / mp.cos(x) ** 2,
    "cot": lambda x: mp.cos(x) / mp.sin(x),
    "_csc_squared": lambda x: 1 / mp.sin(x) ** 2,
    "sec": lambda x: 1 / mp.cos(x),
    "csc": lambda x: 1 / mp.sin(x),
    "sinpi": lambda x: mp.sin(mp.pi * x),
    "cospi": lambda x: mp.cos(mp.pi * x),
    "sindg": lambda x: mp.sin(mp.pi * x / 180),
    "cosdg": lambda x: mp.cos(mp.pi * x / 180),
    "cosm1": lambda x: mp.cos(x) - 1,
    "asin": mp.asin,
    "acos": mp.acos,
    "_cos_asin": lambda x: mp.sqrt(1 - x) * mp.sqrt(1 + x),
    "atan": mp.atan,
    "atan2": lambda y, x: mp.atan2(y, x)
    if isinstance(y, mpmath.mpf)
    else -1j * mp.log((x + 1j * y) / mp.sqrt(x * x + y * y)),
    "acot": lambda x: mp.atan(1 / x),
    "asec": lambda x: mp.acos(1 / x),
    "acsc": lambda x: mp.asin(1 / x),
    "_asec_slope": lambda x: 1 / (x * x * mp.sqrt(1 - 1 / x) * mp.sqrt(1 + 1 / x)),
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": lambda x: mp.sinh(x) / mp.cosh(x),
    "_sech_squared": lambda x: 1 / mp.cosh(x) ** 2,
    "coth": lambda x: mp.cosh(x) / mp.sinh(x),
    "_csch_squared": lambda x: 1 / mp.sinh(x) ** 2,
    "sech": lambda x: 1 / mp.cosh(x),
    "csch": lambda x: 1 / mp.sinh(x),
    "asinh": mp.asinh,
    "_asinh_slope": lambda x: 1 / (mp.sqrt(1 + 1j * x) * mp.sqrt(1 - 1j * x)),
    "acosh": mp.acosh,
    "_acosh_slope": lambda x: 1 / (mp.sqrt(x - 1) * mp.sqrt(x + 1)),
    "atanh": mp.atanh,
    "acoth": lambda x: mp.atanh(1 / x),
    "asech": lambda x: mp.acosh(1 / x),
    "_asech_slope": lambda x: 1 / (x * mp.sqrt(1 - x) * mp.sqrt(1 + x)),
    "floor": mp.floor,
    "ceil": mp.ceil,
    "round": mp.nint,
    "trunc": _trunc,
    "_trunc_margin": _margin,
    "mod": lambda x, y: x - y * mp.floor(x / y),
    "floor_divide": lambda x, y: mp.floor(x / y),
    "fmod": lambda x, y: x - y * _trunc(x / y),
    "_trunc_quotient": lambda x, y: _trunc(x / y),
    "_fmod_margin": lambda x, y: _margin(x / y),
}

# ---------------------------------------------------------------------- points
REAL_LINE = "exp exp2 exp10 expm1 sigmoid _sigmoid_of_minus softplus gaussian ndtr erf erfc _erf_slope sin cos sinpi "
REAL_LINE += "cospi sindg cosdg cosm1 atan sinh cosh tanh _sech_squared sech asinh _asinh_slope tan _sec_squared sec"
DOMAINS: dict[str, Callable[[Any], bool]] = {name: lambda x: True for name in REAL_LINE.split()}
DOMAINS |= dict.fromkeys(("log", "log2", "log10", "sqrt", "rsqrt", "pow"), lambda x: x > 0)
DOMAINS |= dict.fromkeys(("cbrt", "cot", "_csc_squared", "csc", "acot", "coth", "_csch_squared", "csch"), lambda x: x != 0)
DOMAINS |= dict.fromkeys(("asin", "acos", "_cos_asin", "atanh"), lambda x: -1 < x < 1)
DOMAINS |= dict.fromkeys(("acoth", "asec", "acsc", "_asec_slope"), lambda x: abs(x) > 1)
DOMAINS |= dict.fromkeys(("acosh", "_acosh_slope"), lambda x: x > 1)
DOMAINS |= dict.fromkeys(("logit", "asech", "_asech_slope"), lambda x: 0 < x < 1)
DOMAINS |= {"log1p": lambda x: x > -1} | dict.fromkeys(STEPS, lambda x: True)
HAZARDS = [
    *(0.0, 1e-300, 1e-17, 1e-8, 1e-3, 0.1, 0.5, 1.0, 1.5, 2.5, 10.0, 18.0, 25.0, 26.0, 37.0, 40.0, 100.0, 300.0, 700.0),
    *(1 / 3, 0.25, 90.0, 180.0, 45.0, 1e5, 1e8 + 0.25, 1e15, 1e22, 1e100, 1e300),
    *(math.pi, math.pi / 2, 3 * math.pi / 2, math.pi + 1e-9, math.pi / 2 - 1e-9, 710.0, 745.0),
    *(1 + 2.0**-52, 1 - 2.0**-53, 1 + 1e-8, 1 - 1e-8, 1 + 1e-3, 1 - 1e-3, 0.5 + 1e-9, 0.5 - 1e-9),
]


def real_points(count: int, seed: int) -> list[float]:
    """Hazards of both signs and a random grid over all scales."""
    rng = random.Random(seed)
    scattered = [10 ** rng.uniform(-3, 1) for _ in range(count)] + [10 ** rng.uniform(-30, 30) for _ in range(count)]
    near_one = [1 + s * 10 ** rng.uniform(-15, -1) for s in (1, -1) for _ in range(count // 2)]
    return [s * x for x in HAZARDS + scattered + near_one for s in (1, -1)]


def complex_points(count: int, seed: int) -> list[complex]:
    """A random grid over all scales and around the points where functions vanish, branch or have poles."""
    rng = random.Random(seed)

    def around(centre: complex, low: float, high: float) -> complex:
        angle = rng.uniform(0, 2 * math.pi)
        return centre + 10 ** rng.uniform(low, high) * complex(math.cos(angle), math.sin(angle))

    centres = (0, 1, -1, 1j, -1j, math.pi, math.pi / 2, 1j * math.pi / 2, 1j * math.pi, -2, 0.5)
    near = [around(c, -12, 0) for c in centres for _ in range(count // 4)]
    far = [around(0, -60, 60) for _ in range(count)]
    plain = [complex(rng.uniform(-30, 30), rng.uniform(-30, 30)) for _ in range(count)]
    circle = [around(0, 0, 0) for _ in range(count // 2)]
    return near + far + plain + circle


def points(name: str, count: int, complex: bool) -> list[tuple[Any, ...]]:
    """Arguments for a function; those of several are shuffled together."""
    seed = sum(map(ord, name))
    if ARITY[name] > 1 and not complex:
        rng = random.Random(seed)
        base = [x for x in real_points(count, seed) if 1e-200 < abs(x) < 1e15]
        first = [x for x in base if DOMAINS.get(name, lambda x: True)(x)]
        if name == "pow":
            return [(rng.choice(first), rng.choice([*base, 0.5, -1.5, 1 / 3])) for _ in range(3 * count)]
        if name.startswith("log"):
            negative = [-math.log(2), -math.log(2) + 1e-9, -1.0, -0.3]
            pool = [x for x in base if abs(x) < 1e6] + negative * 5
            return [tuple(rng.choice(pool) for _ in range(ARITY[name])) for _ in range(3 * count)]
        pairs = [(rng.choice(base), rng.choice(base)) for _ in range(3 * count)]
        # beyond 2^53 the quotient is no longer what decides about a jump
        return [p for p in pairs if abs(p[0]) < 1e15 * abs(p[1])] if name in STEPS else pairs
    if complex:
        pool = complex_points(count, seed)
        if ARITY[name] == 1:
            return [(z,) for z in pool]
        rng = random.Random(seed)
        small = [z for z in pool if 1e-3 < abs(z) < 30]
        return [tuple(rng.choice(small) for _ in range(ARITY[name])) for _ in range(count)]
    return [(x,) for x in real_points(count, seed) if DOMAINS[name](x)]


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
    ("cospi", 1e15 + 1, -1.0), ("cospi", -7.5, 0.0), ("sindg", 180.0, 0.0), ("sindg", -90.0, -1.0), ("cosdg", 270.0, 0.0),
    ("exp2", 10.0, 1024.0), ("exp10", 3.0, 1000.0), ("cbrt", -8.0, -2.0), ("round", 2.5, 2.0), ("round", -3.5, -4.0),
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
        if not DOMAINS.get(name, lambda x: True)(args[0]) or not any(args) and len(args) > 1:
            continue
        got = exact.value(name, args)
        with mp.workprec(400):
            true = DEFINITIONS[name](*(mp.mpf(x.numerator) / x.denominator for x in args))
            if got is not None:
                assert abs(true * got.denominator - got.numerator) <= max(1, abs(true)) * mp.mpf(2) ** -300, (name, args)
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
    stepped = entry.name in {*STEPS, "divmod", "abs", "sign", "maximum", "minimum", "clip", "relu", "heaviside", "copysign"}
    expected: Any = None
    for ring in real if stepped else real + complex:
        leaves: list[Any] = [[x, 1] if i < entry.arity else [x] for i, x in enumerate(at)]
        node = entry(*(Leaf.of(i) if len(leaf) > 1 else leaf[0] for i, leaf in enumerate(leaves)))
        node = node if not isinstance(node, tuple) else node[0] + 2 * node[1]
        found = [complex_of(c) for c in coefficients(ring, node, leaves, 6)]
        assert all(map(np.isfinite, found))
        expected = found if expected is None else expected
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * max(map(abs, expected)))


def complex_of(c: Any) -> complex:
    return complex(c.mid()) if isinstance(c, (flint.arb, flint.acb)) else complex(c)


def test_piecewise_functions_refuse_complex_arguments() -> None:
    for name in ("floor", "abs", "maximum", "mod"):
        extra = [Leaf.of(1)] if name in ("maximum", "mod") else []
        for ring in (ArrayRing(np.complex128), MultiprecisionRing(True), BallRing(True)):
            with pytest.raises((DomainError, UnsupportedFunctionError)):
                coefficients(ring, BOOK[name](Leaf.of(0), *extra), [[0.5, 1], [0.25]], 2)


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
        here = [complex_of(c) for c in coefficients(ring, node, [[complex(at), 1]], 3)]
        inverse = {"asin": "sin", "acos": "cos", "acosh": "cosh", "asinh": "sinh"}[name]
        back = [complex_of(c) for c in coefficients(ring, BOOK[inverse](node), [[complex(at), 1]], 3)]
        np.testing.assert_allclose(back, [at, 1, 0, 0], atol=1e-12)
        assert np.isfinite(here).all()


# ---------------------------------------------------------------------- domains
@pytest.mark.parametrize(("name", "at", "error"), [
    ("log", 0.0, SingularExpansionError), ("log", -1.0, DomainError), ("sqrt", 0.0, SingularExpansionError),
    ("asin", 1.0, SingularExpansionError), ("asin", 1.5, DomainError), ("acosh", 1.0, SingularExpansionError),
    ("acosh", 0.5, DomainError), ("atanh", -1.0, SingularExpansionError), ("acoth", 0.5, DomainError),
    ("acoth", -1.0, SingularExpansionError), ("log1p", -1.0, SingularExpansionError), ("cbrt", 0.0, SingularExpansionError),
    ("logit", 1.0, SingularExpansionError), ("cot", 0.0, SingularExpansionError), ("csch", 0.0, SingularExpansionError),
    ("acot", 0.0, SingularExpansionError), ("floor", 3.0, SingularExpansionError), ("ceil", -2.0, SingularExpansionError),
    ("round", 2.5, SingularExpansionError), ("trunc", -2.0, SingularExpansionError), ("abs", 0.0, SingularExpansionError),
    ("sign", 0.0, SingularExpansionError), ("relu", 0.0, SingularExpansionError), ("asec", 0.3, DomainError),
    ("reciprocal", 0.0, SingularExpansionError), ("asech", 1.0, SingularExpansionError),
])  # fmt: skip
def test_outside_and_on_the_edge_of_the_domain(name: str, at: float, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        in_floats(BOOK[name](Leaf.of(0)), [[at, 1.0]], 3)
    assert caught.type is error
    with pytest.raises(error):
        safe = 2.6 if name in ("acosh", "acoth", "asec") else 0.6
        coefficients(ArrayRing(np.float64, (3,)), BOOK[name](Leaf.of(0)), [[np.array([safe, at, at]), 1.0]], 3)


@pytest.mark.parametrize("name", ["log", "sqrt", "asin", "floor", "round", "abs", "cbrt", "acot"])
def test_balls_that_touch_the_edge_are_refused(name: str) -> None:
    at = {"asin": flint.arb(1, 0.1), "round": flint.arb(0.5, 0.1)}.get(name, flint.arb(0.05, 0.1))
    with pytest.raises((UncertifiedError, SingularExpansionError)):
        coefficients(BallRing(), BOOK[name](Leaf.of(0)), [[at, 1]], 2)


@pytest.mark.parametrize(("name", "u", "w"), [("atan2", 0.0, 0.0), ("hypot", 0.0, 0.0), ("mod", 6.0, 2.0), ("fmod", -6.0, 2.0)])
def test_singular_points_of_two_arguments(name: str, u: float, w: float) -> None:
    with pytest.raises(SingularExpansionError, match=name):
        in_floats(BOOK[name](Leaf.of(0), Leaf.of(1)), [[u, 1.0], [w, 0.5]], 3)


def test_trunc_and_fmod_are_analytic_around_zero() -> None:
    np.testing.assert_array_equal(in_floats(BOOK["trunc"](Leaf.of(0)), [[0.0, 1.0]], 3), [0, 0, 0, 0])
    np.testing.assert_array_equal(in_floats(BOOK["fmod"](Leaf.of(0), 2.0), [[0.0, 1.0]], 3), [0, 1, 0, 0])


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
