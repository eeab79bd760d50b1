"""Interval arithmetic against exact rationals: containment, tightness, isotonicity, and mutants that must be caught."""

from __future__ import annotations

import contextlib
import math
import pickle
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import DomainError, MixedRingError, UncertifiedError
from taylorad.rings import intervals, rounding
from taylorad.rings.intervals import Interval, dot

HUGE = 1.7976931348623157e308
SPECIAL = (0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 2.2250738585072014e-308, HUGE, -HUGE)


def number(rng: random.Random) -> float:
    return rng.choice(
        (
            lambda: rng.uniform(-3, 3),
            lambda: float(rng.randint(-5, 5)),
            lambda: math.ldexp(rng.uniform(-1, 1), rng.randint(-1074, 1023)),
            lambda: math.ldexp(rng.uniform(-1, 1), rng.randint(-30, 30)),
            lambda: rng.choice(SPECIAL),
        )
    )()


def box(rng: random.Random) -> Interval:
    """Thin, narrow, wide, around zero, subnormal, huge."""
    a = number(rng)
    b = rng.choice((a, min(max(a * (1 + 1e-15), -HUGE), HUGE), number(rng)))
    return Interval(min(a, b), max(a, b))


def inside(x: Interval, q: Fraction) -> bool:
    return (x.lo == -math.inf or Fraction(x.lo) <= q) and (x.hi == math.inf or q <= Fraction(x.hi))


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


def failures(seed: int, count: int) -> int:
    """How many results of all operations on random boxes do not contain the exact ones."""
    rng, failed = random.Random(seed), 0
    for _ in range(count):
        a, b = box(rng), box(rng)
        corners = [(Fraction(x), Fraction(y)) for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
        for name, operation in OPERATIONS.items():
            if name == "/" and b.lo <= 0 <= b.hi:
                continue
            found = operation(a, b)
            failed += not all(inside(found, operation(x, y)) for x, y in corners)
        n = rng.randint(1, 6)
        ends = [Fraction(a.lo) ** n, Fraction(a.hi) ** n, *([Fraction(0)] if 0 in a else [])]
        failed += not all(inside(a**n, q) for q in ends)
        if a.lo >= 0:
            root = a.root()
            failed += Fraction(root.lo) ** 2 > Fraction(a.lo) or (
                root.hi < math.inf and Fraction(root.hi) ** 2 < Fraction(a.hi)
            )
        xs = [box(rng) for _ in range(3)]
        ys = [x if rng.random() < 0.2 else box(rng) for x in xs]
        low = high = Fraction(0)
        for x, y in zip(xs, ys, strict=True):
            products = [Fraction(p) * Fraction(q) for p in (x.lo, x.hi) for q in (y.lo, y.hi)]
            if x is y:
                products = [Fraction(x.mig) ** 2, Fraction(x.mag) ** 2]
            low, high = low + min(products), high + max(products)
        total = dot(xs, ys)
        failed += not (inside(total, low) and inside(total, high))
    return failed


def test_every_operation_contains_the_exact_results() -> None:
    assert failures(1, 4000) == 0


def _same(x: float) -> float:
    return x


def _nearest_sum(a: float, b: float) -> float:
    return a + b


def _nearest_product(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _nearest_quotient(a: float, b: float) -> float:
    return a / b


def _no_error(a: float, b: float, p: float) -> float:
    return 0.0


MUTANTS = {
    "ends never move": (rounding, "down", _same),
    "sums to nearest": (intervals, "add", _nearest_sum),
    "products to nearest": (intervals, "mul", _nearest_product),
    "quotients to nearest": (intervals, "div", _nearest_quotient),
    "products taken for exact in sums": (intervals, "error", _no_error),
    "sums of products to nearest": (intervals, "total", math.fsum),
    "roots to nearest": (intervals, "root", math.sqrt),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_rounding_is_caught(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, wrong = MUTANTS[mutant]
    monkeypatch.setattr(module, name, wrong)
    with contextlib.suppress(OverflowError, ValueError, DomainError):  # caught as loudly
        assert failures(1, 600) > 0


def test_results_are_the_closest_floats() -> None:
    rng = random.Random(3)
    for _ in range(2000):
        a, b = (Interval(*sorted((rng.uniform(-9, 9), rng.uniform(-9, 9)))) for _ in range(2))
        corners = [Fraction(x) * Fraction(y) for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
        assert (a * b).lo == rounding.bounds(min(corners))[0]
        assert (a * b).hi == rounding.bounds(max(corners))[1]
        assert (a + b).lo == rounding.bounds(Fraction(a.lo) + Fraction(b.lo))[0]


def part(x: Interval, rng: random.Random) -> Interval:
    ends = sorted(min(max(x.lo / 2 + x.hi / 2 + rng.uniform(-1, 1) * (x.hi / 2 - x.lo / 2), x.lo), x.hi) for _ in "ab")
    return Interval(*ends)


def test_smaller_arguments_give_smaller_results() -> None:
    rng = random.Random(4)
    for _ in range(1000):
        a, b = box(rng), box(rng)
        x, y = part(a, rng), part(b, rng)
        for name, operation in OPERATIONS.items():
            if name != "/" or not b.lo <= 0 <= b.hi:
                assert operation(x, y) in operation(a, b)


# ---------------------------------------------------------------------- making and asking
def test_text_and_fractions_are_enclosed_and_floats_are_exact() -> None:
    assert Fraction(1, 10) in ta.interval("0.1")
    assert not ta.interval("0.1").thin
    assert ta.interval(0.1).thin
    assert ta.interval("0.5").thin
    assert Fraction(1, 3) in ta.interval(Fraction(1, 3))
    assert Fraction("8/3") in ta.interval("8/3")
    assert ta.interval("[0.1, 0.3]") == ta.interval("0.1", "0.3") == ta.interval(("0.1", "0.3"))
    assert Fraction("0.2") + Fraction("1e-10") in ta.interval("0.2", rad="1e-10")
    assert ta.interval("-inf", 3).lo == -math.inf
    b = ta.ball("0.2", "1e-10")
    assert Fraction("0.2") - Fraction("1e-10") in ta.interval(b)
    assert ta.box(["15", (1, 2)], rad=1).tolist() == [Interval(14.0, 16.0), Interval(0.0, 3.0)]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("x",), DomainError),
        (("0.3", "0.1"), DomainError),
        ((math.nan,), DomainError),
        (("1e99999999",), DomainError),
        ((True,), MixedRingError),
        ((1j,), MixedRingError),
        ((None,), MixedRingError),
    ],
)
def test_what_is_no_interval_is_refused(arguments: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        ta.interval(*arguments)


def test_a_negative_radius_is_refused() -> None:
    with pytest.raises(DomainError, match="negative"):
        ta.interval(1, rad=-1)
    with pytest.raises(DomainError, match="radii"):
        ta.box([1, 2], rad=[1])


def test_comparisons_are_certain_or_refused() -> None:
    x = ta.interval(1, 2)
    assert x < 3
    assert x <= 2
    assert x > 0
    assert not x > 2
    assert not x < 1
    with pytest.raises(UncertifiedError):
        _ = x < 1.5
    assert x == Interval(1.0, 2.0)
    assert x != 1
    assert Interval(1.0, 1.0) == 1


def test_sets() -> None:
    x, y = ta.interval(1, 3), ta.interval(2, 4)
    assert x & y == Interval(2.0, 3.0)
    assert x | y == Interval(1.0, 4.0)
    assert x.interior(ta.interval("1.5", 2))
    assert not x.interior(x)
    assert Fraction(5, 2) in x
    assert 3.5 not in x
    assert (x.mid, x.rad, x.width, x.mag, x.mig) == (2.0, 1.0, 2.0, 3.0, 1.0)
    with pytest.raises(DomainError, match="no point"):
        _ = x & 7


def test_intervals_do_not_change_and_pickle() -> None:
    x = ta.interval(1, 3)
    with pytest.raises(AttributeError):
        x.lo = 0.0  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(x)) == x
    assert hash(pickle.loads(pickle.dumps(x))) == hash(x)


def test_numpy_arrays_of_intervals_and_floats() -> None:
    x = ta.interval("0.1", "0.3")
    assert (np.array([1.0, 2.0]) * x)[1] == 2 * x
    assert (np.array([[1.0, 2.0]]) @ np.array([x, x], object))[0] == x + 2 * x
    assert np.float64(2.0) * x == 2 * x
    assert np.exp(np.array([x, x], object))[0] == np.exp(x) == x.exp() == ta.exp(x)


def test_dividing_by_zero_is_refused() -> None:
    with pytest.raises(UncertifiedError, match="contains 0"):
        _ = 1 / ta.interval(-1, 1)


# ---------------------------------------------------------------------- values, in the manner of the ITF1788 vectors
VECTORS = [  # monotone functions: their values at both ends, from Arb at 300 bits when this table was made
    ("exp", (0.0, 1.0), ("1", "2.71828182845904523536")),
    ("log", (1.0, 2.0), ("0", "0.69314718055994530942")),
    ("atan", (-1.0, 1.0), ("-0.78539816339744830962", "0.78539816339744830962")),
    ("sin", (0.0, 2.0), ("0", "1")),
    ("cos", (0.0, 4.0), ("-1", "1")),
    ("cosh", (-1.0, 2.0), ("1", "3.76219569108363145956")),
    ("sqrt", (1.0, 2.0), ("1", "1.41421356237309504880")),
    ("tanh", (-20.0, 0.5), ("-0.99999999999999999150", "0.46211715726000975850")),
]


@pytest.mark.parametrize(("name", "ends", "values"), VECTORS)
def test_values_over_intervals(name: str, ends: tuple[float, float], values: tuple[str, str]) -> None:
    found = getattr(ta, name)(Interval(*ends))
    low, high = (Fraction(v) for v in values)
    assert found.lo <= low
    assert high <= found.hi
    assert float(low) - found.lo <= 2 * math.ulp(found.lo)
    assert found.hi - float(high) <= 2 * math.ulp(found.hi)


def test_half_infinite_arguments() -> None:
    assert np.exp(ta.interval("-inf", 0)) == Interval(0.0, 1.0)
    assert np.arctan(ta.interval("-inf", "inf")).width < 3.1416
    assert (1 / ta.interval(2, "inf")) == Interval(0.0, 0.5)


def test_sums_of_products_with_infinite_ends_are_numbers() -> None:
    whole, zero = Interval(-math.inf, math.inf), Interval(0.0, 0.0)
    for parts, expected in (
        (([whole], [zero]), zero),
        (([whole, Interval(1.0, 2.0)], [zero, Interval(3.0, 4.0)]), Interval(3.0, 8.0)),
        (([Interval(-math.inf, -1.0)], [Interval(0.0, 1.0)]), Interval(-math.inf, 0.0)),
        (([whole, whole], [zero, Interval(1.0, 1.0)]), whole),
    ):
        assert dot(*parts) == expected
        assert dot(*parts[::-1]) == expected


# ---------------------------------------------------------------------- edges of domains
PI = math.pi
EDGES: list[tuple[str, tuple[Any, ...], tuple[float, float]]] = [  # intervals that reach the edge, and the ranges there
    ("sqrt", ((0, 4),), (0, 2)),
    ("cbrt", ((-1, 8),), (-1, 2)),
    ("asin", ((-1, 1),), (-PI / 2, PI / 2)),
    ("acos", ((-1, 1),), (0, PI)),
    ("acosh", ((1, 2),), (0, math.acosh(2))),
    ("asech", ((0.5, 1),), (0, math.acosh(2))),
    ("asec", ((1, 2),), (0, PI / 3)),
    ("asec", ((-2, -1),), (2 * PI / 3, PI)),
    ("acsc", ((1, 2),), (PI / 6, PI / 2)),
    ("pow", ((0, 4), 1.5), (0, 8)),
    ("hypot", ((-1, 1), (-1, 1)), (0, math.sqrt(2))),
    ("hypot", ((-3, 1), (2, 4)), (2, 5)),
    ("entr", ((0, 1),), (0, 1 / math.e)),
    ("entr", ((0, 0.25),), (0, math.log(4) / 4)),
    ("xlogy", ((0, 0), (0, 1)), (0, 0)),
    ("ellipe", ((0, 1),), (1, PI / 2)),
    ("expn", (2, (0, 1)), (0.14849550677592205, 1)),  # E_2(1), DLMF 8.19
    ("kepler", ((1, 1), (0.5, 0.5)), (1.497300389095892, 1.497300389095892)),  # E − sin E = 1/2
    ("atan2", ((-0.1, 0.3), (4, 5)), (math.atan2(-0.1, 4), math.atan2(0.3, 4))),
    ("atan2", ((0.2, 0.3), (-4, 5)), (math.atan2(0.2, 5), math.atan2(0.2, -4))),
    ("atan2", ((0, 1), (-2, -1)), (math.atan2(1, -1), PI)),
]


@pytest.mark.parametrize(("name", "at", "ends"), EDGES)
def test_values_reach_the_edge_of_a_domain(name: str, at: tuple[Any, ...], ends: tuple[float, float]) -> None:
    found = getattr(ta, name)(*[Interval(*map(float, x)) if isinstance(x, tuple) else x for x in at])
    for end, got, outward in ((ends[0], found.lo, -1), (ends[1], found.hi, 1)):
        assert 0 <= outward * (got - end) + 2 * math.ulp(end) <= 6 * math.ulp(end)


@pytest.mark.parametrize(
    ("name", "at"),
    [
        *(("log", (0, 1)), ("atanh", (0, 1)), ("acoth", (1, 2)), ("erfinv", (0, 1)), ("ellipk", (0, 1))),
        *(("asech", (0, 1)), ("rsqrt", (0, 1)), ("logit", (0, 1)), ("asec", (-2, 2)), ("acoth", (-2, 2))),
        *(("ci", (0, 1)), ("acot", (-1, 1))),
    ],
)
def test_values_without_bound_at_the_edge_are_refused(name: str, at: tuple[float, float]) -> None:
    with pytest.raises(UncertifiedError):
        getattr(ta, name)(Interval(*map(float, at)))


@pytest.mark.parametrize("at", [((-1, 1), (-1, 1)), ((0, 1), (0, 1)), ((-1, 0), (-2, -1)), ((-1, 1), (-2, 1))])
def test_angles_around_the_origin_or_across_the_cut_are_refused(at: Any) -> None:
    with pytest.raises(UncertifiedError):
        ta.atan2(*[Interval(*map(float, x)) for x in at])


@pytest.mark.parametrize(
    "f", [np.sqrt, np.log, lambda x: x**1.5, ta.gamma, np.cbrt, ta.entr, lambda x: np.arcsin(1 - x), ta.abs]
)
def test_there_are_no_derivatives_on_the_edge(f: Any) -> None:
    with pytest.raises(UncertifiedError):
        ta.taylor(f, ta.interval(0, 1), 1)


def test_ranges_and_zeros_reach_the_edge() -> None:
    for f, where, ends in [
        (ta.asin, (-1, 1), (-PI / 2, PI / 2)),
        (ta.cbrt, (-1, 1), (-1, 1)),
        (ta.entr, (0, 1), (0, 1 / math.e)),
        (lambda x: x * ta.acos(x), (0, 1), (0, 0.5610963381910451)),  # at the zero of acos x − x/√(1 − x²)
    ]:
        found = v.range(f, where)
        assert found.lo - 1e-15 <= ends[0] <= found.lo + 1e-9
        assert found.hi - 1e-9 <= ends[1] <= found.hi + 1e-15
    (root,) = v.roots(lambda x: ta.asin(x) - 1, (-1, 1))
    assert root.proved == "unique"
    assert abs(root.box.mid - math.sin(1)) < 1e-15


@pytest.mark.parametrize("name", ["log", "sqrt", "asin", "acosh", "atanh"])
def test_an_interval_partly_outside_the_domain_is_refused(name: str) -> None:
    with pytest.raises(UncertifiedError):
        getattr(ta, name)(ta.interval("-0.5", "1.5"))


def test_kinks_have_tight_values() -> None:
    x, y = ta.interval("0.25", "0.75"), ta.interval(-1, 2)
    assert np.maximum(x, 0.5) == Interval(0.5, 0.75)
    assert np.minimum(x, 0.5) == Interval(0.25, 0.5)
    assert ta.clip(x, 0.375, 0.5) == Interval(0.375, 0.5)
    assert ta.abs(y) == abs(y) == Interval(0.0, 2.0)
    assert ta.relu(y) == Interval(0.0, 2.0)
    assert ta.sign(y) == Interval(-1.0, 1.0)
    assert ta.copysign(x, y) == Interval(-0.75, 0.75)


def test_parameters_have_their_defaults() -> None:
    assert ta.lambertw(ta.interval("0.5", "0.6")) == ta.lambertw(ta.interval("0.5", "0.6"), 0)


def test_a_number_and_another_of_opposite_range_are_not_one() -> None:
    """max(x, y) for independent x in [−1, 2] and y in [−2, 1] may be −1; |x| may not."""
    assert np.maximum(ta.interval(-1, 2), ta.interval(-2, 1)) == Interval(-1.0, 2.0)


@pytest.mark.parametrize(
    ("name", "m", "at", "ends"),
    [  # sn² ≤ 1/m and dn² = 1 − m·sn² (DLMF 22.6.1); am′ = dn
        ("jacobi_am", 1.5, (4.06, 4.58), (-math.asin(0.7839), -0.65591)),
        ("jacobi_am", 1.5, (-3, 3), (-math.asin(1.5**-0.5), math.asin(1.5**-0.5))),
        ("jacobi_am", 0.5, (0, 8), (0, 6.8515)),
        ("jacobi_sn", 1.5, (0, 8), (-(1.5**-0.5), 1.5**-0.5)),
        ("jacobi_cn", 0.5, (0, 8), (-1, 1)),
        ("jacobi_dn", 0.5, (0, 8), (0.5**0.5, 1)),
        ("jacobi_dn", -2, (0, 8), (1, 3**0.5)),
    ],
)
def test_elliptic_functions_over_wide_intervals(
    name: str, m: float, at: tuple[float, float], ends: tuple[float, float]
) -> None:
    found = getattr(ta, name)(Interval(*map(float, at)), m)
    assert (found.lo, found.hi) == pytest.approx(ends, abs=1e-3)
    for k in range(41):
        x = at[0] + (at[1] - at[0]) * k / 40
        assert found.lo <= getattr(ta, name)(x, m) <= found.hi


# ---------------------------------------------------------------------- one object is one unknown number
def test_one_object_given_twice_is_two_unknown_numbers() -> None:
    """x·y, not x², which is never negative: x·y = −1/4 on x + y = 0 has two zeros in the square."""
    x = ta.interval(-1, 1)
    assert x * x == Interval(0.0, 1.0)
    assert np.prod(ta.box([x, x])) == ta.interval(x) * x == x
    (a, b), one = ta.variables([x, x], 1), ta.variable(x, 1)
    assert (a * b)[0, 0] == (one * x)[0] == x
    assert v.range(lambda a, b: a * b, [x, x]) == x
    assert len(v.solve_system(lambda a, b: [a * b + 0.25, a + b], [x, x])) == 2
    assert -1 in ta.jacobian(lambda z: [z[0] * z[0] * z[1]], [x, x])[0, 0]
    model = v.TaylorModel.variable((-1, 1), 3)
    _, second, third = v.TaylorModel.variables([x, x, x], 3)
    assert (second * third)(model, x, x).bound() == x


@pytest.mark.parametrize("exponent", [math.inf, math.nan, np.float64("inf")])
def test_exponents_are_finite(exponent: float) -> None:
    with pytest.raises(DomainError, match="not a finite number"):
        _ = ta.interval(2) ** exponent


# ---------------------------------------------------------------------- no truth of its own
def test_an_interval_around_0_is_neither_true_nor_false() -> None:
    """An object without a truth value is true in Python: ``x if x else 5`` lost its value at 0."""
    assert bool(ta.interval(1, 2))
    assert not ta.interval(0)
    for x in (ta.interval(-1, 1), ta.interval(0, 1), ta.interval(-1, 0)):
        with pytest.raises(UncertifiedError, match="some of its points"):
            bool(x)
    with pytest.raises(UncertifiedError):
        v.range(lambda x: x if x else 5.0, (-1, 1))
    with pytest.raises(UncertifiedError, match="neither true nor false"):
        ta.where(v.TaylorModel.variable((-1, 1), 2), 1, 2)
    with pytest.raises(TypeError, match="compare"):
        ta.where(ta.interval(-1, 1), 1, 2)


# ---------------------------------------------------------------------- integers that are no floats
def test_large_integers_are_exact_in_functions() -> None:
    n, x = 2**53 + 1, ta.interval(0, 1)
    for found in (
        np.maximum(x, n),
        np.hypot(ta.interval(0), n),
        n ** ta.interval(1),
        ta.maximum(ta.box([x]), np.array([n]))[0],
        ta.interval(ta.maximum(ta.ball(0), n)),
    ):
        assert n in found
    assert 10**400 in np.maximum(x, 10**400)
