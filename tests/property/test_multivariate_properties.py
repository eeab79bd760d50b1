"""Polynomials in several variables obey the laws of a commutative ring with derivations, in every space and ring."""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import taylorad as ta
from taylorad.multivariate.space import Space, space
from taylorad.run import eager

SPACES = [
    space(("x", "y"), 4),
    space(("x", "y", "z"), 3, (3, 1, 2)),
    space(("x", "y", "mu"), 3, (), frozenset({"mu"}), 1),
    space(("x",), 5),
]
SMALL = st.fractions(min_value=-3, max_value=3, max_denominator=4)


@st.composite
def exact(draw: Any, count: int) -> list[ta.MultivariateTaylor]:
    """Some polynomials with rational coefficients in one space."""
    where: Space = draw(st.sampled_from(SPACES))
    sizes = len(where)
    rows = [draw(st.lists(SMALL, min_size=sizes, max_size=sizes)) for _ in range(count)]
    return [ta.MultivariateTaylor(where, row) for row in rows]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(exact(3))
def test_laws_of_a_commutative_ring(abc: list[ta.MultivariateTaylor]) -> None:
    a, b, c = abc
    assert a + b == b + a
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert a - a == 0 * a
    assert a * 1 == a
    assert a**3 == a * a * a


@settings(max_examples=25, deadline=None, derandomize=True)
@given(exact(2))
def test_quotients_invert_products(ab: list[ta.MultivariateTaylor]) -> None:
    a, b = ab
    b = b - b[(0,) * len(b.names)] + 2  # a unit
    assert a / b * b == a
    assert 1 / (1 / b) == b
    assert b**-2 * b * b == 0 * b + 1


@settings(max_examples=25, deadline=None, derandomize=True)
@given(exact(2))
def test_derivatives_obey_leibniz_and_commute(ab: list[ta.MultivariateTaylor]) -> None:
    a, b = ab
    first, last = a.names[0], a.names[-1]
    left = (a * b).differentiate(first)
    right = a.differentiate(first) * b + a * b.differentiate(first)
    assert left == right
    if a.space.shifted(tuple(-int(n in (first, last)) - int(n == first == last) for n in a.names)):
        assert a.differentiate(first, last) == a.differentiate(last, first)
    assert a.integrate(first).differentiate(first) == a


@settings(max_examples=20, deadline=None, derandomize=True)
@given(exact(2), st.fractions(min_value=-1, max_value=1, max_denominator=8))
def test_values_of_sums_are_sums_of_values(ab: list[ta.MultivariateTaylor], t: Fraction) -> None:
    a, b = ab
    offsets = [t * (i + 1) for i in range(len(a.names))]
    assert (a + 2 * b)(*offsets) == a(*offsets) + 2 * b(*offsets)
    rest = a.substitute(**{a.names[0]: offsets[0]})
    assert (rest(*offsets[1:]) if len(a.names) > 1 else rest) == a(*offsets)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.floats(-2, 2), min_size=30, max_size=30), st.sampled_from(SPACES), st.booleans())
def test_identities_of_functions(values: list[float], where: Space, compiled: bool) -> None:
    eager.load_now(compiled)
    a = ta.MultivariateTaylor(where, np.resize(values, len(where)))
    size = max(1.0, float(np.abs(a.coefficients).max())) ** (2 * where.total_order)
    one = 0 * a + 1
    assert (np.sin(a) ** 2 + np.cos(a) ** 2).isclose(one, 0, 1e-11 * size)
    assert (np.exp(a) * np.exp(-a)).isclose(one, 0, 1e-10 * size)
    b = a * a + 1
    assert (np.sqrt(b) ** 2).isclose(b, 1e-10, 1e-11 * size)
    assert np.log(np.exp(a)).isclose(a, 1e-9, 1e-10 * size)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.tuples(st.floats(0.5, 2), st.floats(0.5, 2)), st.floats(0, 0.25), st.floats(0, 1), st.floats(0, 1))
def test_intervals_are_inclusion_isotonic(corner: tuple[float, float], width: float, s: float, t: float) -> None:
    """The coefficients at every point of a box are in those of the box."""

    def f(x: Any, y: Any) -> Any:
        return ta.exp(x / y) * ta.sin(x * y) + ta.log(x + y**2)

    box = [ta.interval(c, c + width) for c in corner]
    wide = f(*ta.variables(box, 3))
    inside = [ta.interval(p, p) for p in (corner[0] + s * width, corner[1] + t * width)]
    narrow = f(
        *ta.variables([min(max(p.lo, b.lo), b.hi) * ta.interval(1, 1) for p, b in zip(inside, box, strict=True)], 3)
    )
    for n, w in zip(narrow.coefficients, wide.coefficients, strict=True):
        assert w.lo <= n.lo
        assert n.hi <= w.hi


def test_threads_share_spaces_and_kernels() -> None:
    eager.load_now()
    found: list[Any] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        x, y, z = ta.variables([0.3, 0.4, 0.5], 7, "u v w")
        found.append(np.exp(x * y) / (1 + z) + ta.atan2(x, z))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert all(f == found[0] and f.space is found[0].space for f in found)


@pytest.mark.parametrize("space_", SPACES, ids=repr)
def test_a_space_contains_the_divisors_of_its_monomials(space_: Space) -> None:
    kept = {tuple(e) for e in space_.exponents.tolist()}
    assert len(kept) == len(space_)
    for e in kept:
        for i, n in enumerate(e):
            if n:
                assert (*e[:i], n - 1, *e[i + 1 :]) in kept
