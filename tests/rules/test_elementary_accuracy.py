"""Coefficients of the elementary functions to order 60 in float64 and complex128 against the derived bound.

|error of c_k| ≤ 8·(k+1)·eps·max over |j−k| ≤ 3 of |c_j|·r^(k−j): the condition of the input counts as 1
everywhere, so the arithmetic alone is judged. The true coefficients are those of the same graph in balls of
1500 bits, which would share a wrong rule; so the low orders are also compared with mpmath's numerical derivatives of
the definitions.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from coefficients import EPS, excess, in_balls, in_floats
from elementary_cases import DEFINITIONS, FORMULA_DEFINITIONS, FORMULAS, RULES
from mpmath import mp

from taylorad.book.entry import BOOK
from taylorad.series.node import Leaf

ORDER = 60
U, W = Leaf.of(0), Leaf.of(1)
PI = math.pi
SPREAD = [0.0, 1e-8, 1e-3, 0.1, 1.0, 10.0]


def both(points: list[float]) -> list[float]:
    return points + [-x for x in points if x]


LINE = both([*SPREAD, 0.5, 2.5, 30.0])
AWAY = [x for x in LINE if x] + [1e-100, -1e-100]  # from 0
FAR = both([13.3, 1e3, 1e8, 1e15])
HALF = [1e-8, 1e-5, 1e-3, 0.1, 0.37, 1.0, 1 - 1e-8, 1 + 1e-8, 10.0, 1e8]
UNIT = both([0.0, 1e-8, 1e-3, 0.1, 0.5, 0.9, 1 - 1e-3, 1 - 1e-8, 1 - 2.0**-53])
OUTSIDE = both([1 + 2.0**-52, 1 + 1e-8, 1 + 1e-3, 1.1, 2.0, 10.0, 1e8])
INSIDE = [1e-8, 1e-3, 0.1, 0.5, 0.5 + 1e-8, 0.9, 1 - 1e-3, 1 - 1e-8, 1 - 2.0**-53]

# name: (points, singularities near them)
CASES: dict[str, tuple[list[float], list[complex]]] = {
    "exp": ([*LINE, 700.0, -700.0], []),
    "exp2": (LINE, []),
    "exp10": (LINE, []),
    "expm1": ([*LINE, 1e-17, -40.0], []),
    "log": (HALF, [0]),
    "log2": (HALF, [0]),
    "log10": (HALF, [0]),
    "log1p": ([*SPREAD, 1e-17, -0.5, -0.9, -1 + 1e-8, -1 + 2.0**-53, 1e8], [-1]),
    "entr": (HALF, [0]),
    "sqrt": (HALF, [0]),
    "cbrt": (both(HALF), [0]),
    "rsqrt": (HALF, [0]),
    "reciprocal": (AWAY, [0]),
    "square": (LINE, []),
    "sigmoid": ([*LINE, 40.0, -40.0, 700.0, -700.0], []),
    "logit": (INSIDE, [0, 1]),
    "softplus": ([*LINE, 40.0, -40.0, -700.0], []),
    "log_expit": (LINE, []),
    "gaussian": ([*LINE, 20.0, -37.0], []),
    "ndtr": ([*LINE, 5.0, -5.0, -37.0], []),
    "erf": (both([*SPREAD, 5.0]), []),
    "erfc": ([*both([*SPREAD, 5.0]), 20.0, 26.0], []),
    "sin": ([*LINE, PI, 1e5, 1e15], []),
    "cos": ([*LINE, PI / 2, 1e5], []),
    "tan": ([*LINE, 1.5, PI / 2 - 1e-8, PI / 2 + 1e-3, 1e5], [PI / 2, -PI / 2]),
    "sec": ([*LINE, 1.5, PI / 2 - 1e-8, PI / 2 + 1e-3], [PI / 2, -PI / 2]),
    "cot": ([*AWAY, PI / 2, PI - 1e-8, PI + 1e-3], [0, PI]),
    "csc": ([*AWAY, PI / 2, PI - 1e-8, PI + 1e-3], [0, PI]),
    "sinpi": ([*LINE, 1.5, 1e8 + 0.25, 1 / 3], []),
    "cospi": ([*LINE, 1.5, 1e8 + 0.25, 1 / 3], []),
    "sindg": ([*LINE, 90.0, 180.0], []),
    "cosdg": ([*LINE, 90.0, 180.0], []),
    "cosm1": ([*LINE, 2 * PI, 4 * PI], []),
    "asin": (UNIT, [1, -1]),
    "acos": (UNIT, [1, -1]),
    "atan": ([*LINE, *FAR], [1j]),
    "acot": ([*AWAY, *FAR], [0, 1j]),
    "asec": (OUTSIDE, [1, -1, 0]),
    "acsc": (OUTSIDE, [1, -1, 0]),
    "deg2rad": (LINE, []),
    "rad2deg": (LINE, []),
    "sinh": ([*LINE, 700.0, -700.0], []),
    "cosh": ([*LINE, 700.0], []),
    "tanh": ([*LINE, 18.0, 25.0, 300.0], []),
    "sech": ([*LINE, 18.0, 300.0], []),
    "coth": (AWAY, [0]),
    "csch": (AWAY, [0]),
    "asinh": ([*LINE, *FAR], [1j]),
    "acosh": ([x for x in OUTSIDE if x > 0], [1]),
    "atanh": (UNIT, [1, -1]),
    "acoth": (OUTSIDE, [1, -1]),
    "asech": (INSIDE, [0, 1]),
    "acsch": (AWAY[:-2], [0, 1j]),
}
TWO = [
    ((0.5, 1.0), (0.7, 0.3)),
    ((1e-8, 1.0), (1.0, 0.0)),
    ((1.0, 0.3), (1e-17, 1.0)),
    ((1.0, 0.5), (10.0, 1.0)),
    ((10.0, 1.0), (0.5, 0.2)),
    ((-2.0, 0.5), (1.5, -0.25)),
]
PLANE = [((1.0, 0.3), (0.0, 1.0)), ((0.0, 1.0), (-1.0, 0.3)), ((1e-200, 3e-201), (1e-200, 1e-201))]
PLANE += [((1e200, 3e199), (-1e200, 1e199)), ((1e-17, 1.0), (-1.0, 0.0))]
PAIRS: dict[str, list[Any]] = {
    "atan2": TWO + PLANE,
    "hypot": TWO + PLANE,
    "logaddexp": [*TWO, ((-30.0, 1.0), (1.0, 0.0)), ((700.0, 1.0), (699.0, 0.3)), ((-0.69, 1.0), (-0.7, 1.1))],
    "logaddexp2": [*TWO, ((-30.0, 1.0), (1.0, 0.0)), ((10.0, 0.3), (10.0, 1.0))],
    "xlogy": TWO[:5],
    "xlog1py": TWO[:5],
    "mod": [((7.5, 1.0), (2.0, 0.3)), ((-7.5, 1.0), (2.0, 0.3)), ((0.3, 1.0), (0.1, 0.25))],
    "fmod": [((7.5, 1.0), (2.0, 0.3)), ((-7.5, 1.0), (2.0, 0.3)), ((0.3, 1.0), (0.7, 0.25))],
    "copysign": TWO,
    "maximum": TWO,
    "minimum": TWO,
}
EXPONENTS = [0.5, -0.5, 1 / 3, 2.5, -1.5, PI, 7.3, -20.2, 30.7, 1e-3, 1e-8, -1 + 1e-8, 100.5]
EXPONENTS += [4.001, 5 + 1e-8, 1 + 1e-9, 3 - 1e-6, 12.00001]  # coefficients beyond are small like the distance
ENTIRE = ("exp", "exp2", "expm1", "sin", "cos", "sinh", "cosh", "sinpi", "erf")
COMPLEX: dict[str, tuple[list[complex], list[complex]]] = {
    **{name: ([0.3 + 2j, -1 - 1e-8j, 2.5 - 1j], []) for name in ENTIRE},
    "sigmoid": ([0.3 + 2j, -20 + 1j, 30 - 2j], [PI * 1j, -PI * 1j]),
    "log": ([1e-8j, 1 + 1e-8j, -2 + 0.1j, 3 + 4j], [0]),
    "log1p": ([1e-17j, 1e-8 + 1e-9j, -2 + 0.1j, -1 + 1e-8j], [-1]),
    "sqrt": ([1e-8j, -1 + 1e-3j, 3 + 4j], [0]),
    "cbrt": ([1e-8j, -1 + 1e-3j, 3 + 4j], [0]),
    "tan": ([20j, 3 - 20j, 1.5 + 1e-3j, 0.3 + 0.2j], [PI / 2]),
    "cot": ([20j, 3 - 20j, 1e-3j, 0.3 + 0.2j], [0, PI]),
    "sec": ([20j, 1.5 + 1e-3j, 0.3 + 0.2j], [PI / 2]),
    "tanh": ([1.5j, 18 + 1j, -25 + 0.5j, 0.1 + 0.1j], [PI / 2 * 1j]),
    "coth": ([18 + 1j, 1e-3 + 1e-3j, -2 + 3j], [0, PI * 1j]),
    "asin": ([0.5j, 1 + 1e-8j, 2 + 0.5j, -2 - 0.5j], [1, -1]),
    "acos": ([0.5j, 1 + 1e-8j, 2 + 0.5j, -2 - 0.5j], [1, -1]),
    "atan": ([0.5, 2j + 0.5, 1e-3 + 1j, 3 - 2j], [1j, -1j]),
    "asinh": ([0.5, 2j + 0.5, 1e-3 + 1j, 3 - 2j], [1j, -1j]),
    "acosh": ([0.5j, 1 + 1e-8j, -2 + 0.5j, -2 - 0.5j, 10 + 10j], [1, -1]),
    "atanh": ([0.5j, 1 + 1e-8j, 2 + 0.5j, -2 - 0.5j], [1, -1]),
    "asech": ([0.5 + 0.5j, 1 + 1e-8j, 1e-3j], [0, 1, -1]),
    "asec": ([0.5 + 0.5j, 1 + 1e-8j, 2j], [0, 1, -1]),
}


def stride(u: complex, singular: list[complex]) -> float:
    """A power of 2 within half the distance to the nearest singularity: c_k then keep to the range of doubles."""
    distance = min((abs(u - s) for s in singular), default=1.0)
    return 2.0 ** math.floor(math.log2(distance / 2)) if distance else 1.0


def judge(node: Any, leaves: list[Any]) -> None:
    worst, k = excess(in_floats(node, leaves, ORDER), in_balls(node, leaves, ORDER + 4))
    assert worst <= 1, f"coefficient {k} of {leaves} is {worst:.2g} times further off than the bound"


@pytest.mark.parametrize("name", sorted(CASES))
def test_functions_of_one_argument(name: str) -> None:
    points, singular = CASES[name]
    for u in points:
        judge(BOOK[name](U), [(u, stride(u, singular))])


@pytest.mark.parametrize("name", sorted(COMPLEX))
def test_functions_of_a_complex_argument(name: str) -> None:
    points, singular = COMPLEX[name]
    for u in points:
        judge(BOOK[name](U), [(complex(u), complex(stride(u, singular)))])


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_functions_of_two_arguments(name: str) -> None:
    for u, w in PAIRS[name]:
        judge(BOOK[name](U, W), [u, w])


@pytest.mark.parametrize("a", EXPONENTS)
def test_constant_powers(a: float) -> None:
    for u, h in [(1e-8, 2.0**-28), (0.1, 0.06), (1.0, 0.5), (10.0, 7.0), (1e3, 100.0)]:
        if abs(a * math.log10(u)) < 250:
            judge(BOOK["pow"](U, a), [(u, h)])


def test_log_sum_exp_of_many_arguments() -> None:
    """Pairwise sums would bring singularities of their own, nearer than those of the result."""
    judge(BOOK["logsumexp"](U, W, 2, U * W), [(0.5, 1.0), (0.7, 0.3)])
    judge(BOOK["logsumexp"](U, W, U * W, U - W, 3 * W), [(0.1, 0.5), (-0.7, 0.3)])


def test_piecewise_functions_are_exact_pieces() -> None:
    pieces = [("abs", -2.5, -1), ("relu", 0.5, 1), ("relu", -0.5, 0), ("sign", 3.0, 0), ("floor", 2.5, 0)]
    for name, u, piece in pieces:
        c = in_floats(BOOK[name](U), [(u, 1.0)], 5)
        np.testing.assert_array_equal(c[1:], [piece, 0, 0, 0, 0])
    np.testing.assert_array_equal(in_floats(BOOK["clip"](U, 1, 3), [(2.5, 1.0)], 2), [2.5, 1, 0])
    np.testing.assert_array_equal(in_floats(BOOK["clip"](U, 1, 3), [(7.0, 1.0)], 2), [3, 0, 0])
    np.testing.assert_array_equal(in_floats(BOOK["heaviside"](U, 0.5), [(7.0, 1.0)], 2), [1, 0, 0])


@pytest.mark.nightly
@pytest.mark.parametrize("name", sorted(CASES))
def test_functions_of_one_argument_at_random_points(name: str) -> None:
    points, singular = CASES[name]
    rng = random.Random(sum(map(ord, name)))
    inside: dict[int, Callable[[float], bool]] = {
        id(HALF): lambda x: x > 0,
        id(AWAY): lambda x: x != 0,
        id(UNIT): lambda x: abs(x) < 1,
        id(OUTSIDE): lambda x: abs(x) > 1,
        id(INSIDE): lambda x: 0 < x < 1,
    }
    fits = inside.get(id(points), lambda x: min(points) <= x <= max(points))
    for _ in range(300):
        near = rng.choice([0.0, *(s.real for s in map(complex, singular))])
        u = near + rng.choice([1, -1]) * 10 ** rng.uniform(-9, 1)
        if fits(u) and u != near:
            judge(BOOK[name](U), [(u, stride(u, singular))])


# ---------------------------------------------------------------------- independent of the rules
@pytest.mark.parametrize("entry", [*RULES, *FORMULAS], ids=lambda e: e.name)
def test_low_orders_against_numerical_derivatives(entry: Any) -> None:
    """Coefficients 0 … 7 along a line through the arguments, from mpmath's derivatives of the definitions."""
    count = 3 if getattr(entry, "variadic", False) else entry.arity + len(entry.parameters)
    starts = {"acosh": 2.5, "acoth": 2.5, "asec": -2.5, "acsc": 2.5}
    leaves = [(starts.get(entry.name, 0.375), 1.0), (0.75, 0.5), (0.25, -0.5)][:count]
    constants = len(getattr(entry, "parameters", ()))
    leaves[count - constants :] = [(u, 0.0) for u, _ in leaves[count - constants :]]
    nodes = [Leaf.of(i) if h else u for i, (u, h) in enumerate(leaves)]
    for output, name in enumerate(entry.outputs):
        define = (DEFINITIONS | FORMULA_DEFINITIONS)[name]
        found = in_balls(entry.apply(tuple(nodes))[output], leaves, 7, 300)
        with mp.workdps(80):
            line = [(mp.mpf(u), mp.mpf(h)) for u, h in leaves]
            true = mp.taylor(lambda t: mp.re(define(*(u + h * t for u, h in line))), 0, 7)  # noqa: B023
            for k, c in enumerate(true):
                assert abs(mp.mpf(c) - mp.mpf(found[k].mid())) < mp.mpf(10) ** -20 * max(1, *map(abs, true)), (name, k)


# ---------------------------------------------------------------------- hazards, one by one
@pytest.mark.parametrize("at", [18.0, 25.0])
def test_high_derivatives_of_tanh_far_out(at: float) -> None:
    """1 − tanh² has no digit left there (a peer returns 4.3 % errors, then zeros)."""
    got, true = in_floats(BOOK["tanh"](U), [(at, 1.0)], 40), in_balls(BOOK["tanh"](U), [(at, 1.0)], 40)
    for k in range(41):
        assert abs(float(got[k] / float(true[k].mid())) - 1) <= 4 * (k + 1) * EPS


@pytest.mark.parametrize("name", ["log1p", "expm1"])
def test_full_relative_accuracy_next_to_zero(name: str) -> None:
    got, true = in_floats(BOOK[name](U), [(1e-17, 1.0)], 40), in_balls(BOOK[name](U), [(1e-17, 1.0)], 40)
    assert got[0] == 1e-17
    for k in range(41):
        assert abs(float(got[k] / float(true[k].mid())) - 1) <= 2 * (k + 1) * EPS


def test_the_far_tail_of_erfc() -> None:
    got, true = in_floats(BOOK["erfc"](U), [(10.0, 1.0)], 30), in_balls(BOOK["erfc"](U), [(10.0, 1.0)], 30)
    for k in range(31):
        assert abs(float(got[k] / float(true[k].mid())) - 1) <= 4 * (k + 1) * EPS


def test_half_turns_are_exact() -> None:
    """Odd coefficients of cos πu at 1 and even ones at 1/2 are exactly zero."""
    assert not np.any(in_floats(BOOK["cospi"](U), [(1.0, 1.0)], 9)[1::2])
    assert not np.any(in_floats(BOOK["cospi"](U), [(0.5, 1.0)], 9)[0::2])
    assert not np.any(in_floats(BOOK["sinpi"](U), [(3.0, 1.0)], 9)[0::2])
