"""Zeros that are multiple, close together, at ends, at kinks, everywhere, huge and tiny."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import DomainError, MixedRingError, UncertifiedError

TENTH = v.exact("0.1")


@pytest.mark.parametrize(
    ("f", "where", "zero", "multiplicity"),
    [
        (lambda x: x**2, (-1, 1), 0, 2),
        (lambda x: x**2, (0, 1), 0, 2),
        (lambda x: x**3, (-1, 2), 0, 3),
        (lambda x: (x - 1) ** 8, (-2, 2), 1, 8),
        (lambda x: (x - TENTH) ** 2, (0, 1), TENTH, 2),
        (lambda x: (3 * x - 1) ** 3 * (x + 1), (0, 1), Fraction(1, 3), 3),
        (lambda x: np.cos(x) - 1, (-1, 1.1), 0, 2),
        (lambda x: np.exp(x) - 1 - x, (-1, 1.1), 0, 2),
        (lambda x: np.sin(x) - x, (-1, 1.1), 0, 3),
        (lambda x: np.log(x) ** 2, (0.5, 3), 1, 2),
    ],
)
def test_multiple_zeros_at_simple_numbers_are_proved(f: Any, where: Any, zero: Any, multiplicity: int) -> None:
    (root,) = v.roots(f, where)
    assert root.proved == "unique"
    assert root.multiplicity == root.at_most == multiplicity
    assert zero in root.box
    assert root.box.width <= math.ulp(1.0)


@pytest.mark.parametrize(
    ("f", "where", "zeros", "count"),
    [
        (lambda x: np.sin(x) - 1, (0, 3), [math.pi / 2], 2),
        (lambda x: np.sin(x) ** 2, (1, 7), [math.pi, 2 * math.pi], 2),
        (lambda x: (x * x - 2) ** 2, (-3, 3), [-math.sqrt(2), math.sqrt(2)], 2),
        (lambda x: (x * x - 2) ** 3, (0, 3), [math.sqrt(2)], 3),
    ],
)
def test_multiple_zeros_elsewhere_are_counted_in_the_complex_plane(
    f: Any, where: Any, zeros: list[float], count: int
) -> None:
    """Two in the disk: a double zero, two close ones or a complex pair. An odd number leaves one on the line."""
    found = v.roots(f, where)
    assert not found.all_unique
    assert len(found) == len(zeros)
    for root, zero in zip(found, zeros, strict=True):
        assert root.proved == ("exists" if count % 2 else "undecided")
        assert root.at_most == root.in_disk == count
        assert root.box.lo <= math.nextafter(zero, math.inf)
        assert math.nextafter(zero, -math.inf) <= root.box.hi
        assert root.box.width < 1e-14


def test_a_complex_pair_beside_the_line_is_no_zero() -> None:
    assert list(v.roots(lambda x: (x - 1) ** 2 + Fraction(1, 10**20), (0, 3))) == []


@pytest.mark.parametrize("gap", [1e-4, 1e-8, 1e-12])
def test_clusters_are_told_apart(gap: float) -> None:
    step = Fraction(gap)
    found = v.roots(lambda x: (x - 1) * (x - 1 - step) * (x - 1 - 2 * step), (0, 3))
    assert found.all_unique
    assert [(1 + k * step) in r.box for k, r in enumerate(found)] == [True] * 3


def test_zeros_everywhere() -> None:
    for f in (lambda x: 0 * x, lambda x: 0, lambda x: x - x):
        (root,) = v.roots(f, (0, 1))
        assert (root.box, root.proved) == (ta.interval(0, 1), "everywhere")
    flat = v.roots(lambda x: np.maximum(x, 0), (-1, 1))
    assert flat.complete
    assert flat[0].proved == "everywhere"
    assert flat[-1].box.hi < 1e-13


def test_a_zero_at_a_kink_or_the_edge_of_a_domain_exists() -> None:
    for f, where in ((abs, (-1, 2)), (np.sqrt, (0, 4)), (np.cbrt, (-1, 4)), (lambda x: abs(x - 0.25), (0, 1))):
        (root,) = v.roots(f, where)
        assert root.proved == "exists"
        assert root.box.width < 1e-13


@pytest.mark.parametrize("f", [np.sin, lambda x: np.exp(x) - 1 - 3 * x, lambda x: np.expm1(x) - x / 3, ta.erf])
def test_zeros_at_0_are_proved_whatever_the_box_around_them(f: Any) -> None:
    for where in ((-1, 1.3), (-0.7, 1), (-1, 1), (-0.3, 0.1)):
        found = v.roots(f, where)
        assert found.all_unique
        assert sum(0 in r.box for r in found) == 1
        assert all(r.box.width < 1e-15 for r in found)


@pytest.mark.parametrize(
    ("f", "where", "zeros"),
    [
        (lambda x: x, (0, 0), [0]),
        (lambda x: x - 1, (0, 1), [1]),
        (lambda x: x**2 - 2, (-1e300, 1e300), [-math.sqrt(2), math.sqrt(2)]),
        (lambda x: x - 1e300, (-1.7e308, 1.7e308), [1e300]),
        (lambda x: x - 5e-324, (0, 1), [5e-324]),
        (lambda x: x * 1e-320, (-1, 1.5), [0]),
        (lambda x: 1e308 * (x - 0.5) * 10, (0, 1), [0.5]),
        (lambda x: np.maximum(x - TENTH, -1), (-3, 3), [0.1]),
        (lambda x: abs(x) - 1, (-3, 3), [-1, 1]),
    ],
)
def test_zeros_of_extreme_sizes(f: Any, where: Any, zeros: list[float]) -> None:
    found = v.roots(f, where)
    assert found.all_unique
    assert [r.box.mid for r in found] == pytest.approx(zeros, rel=1e-15)
    assert all(r.box.width <= 4 * math.ulp(r.box.mag) for r in found)


@pytest.mark.parametrize(
    ("f", "where", "kind", "words"),
    [
        (np.log, (0, 4), UncertifiedError, "log"),
        (lambda x: np.sin(1 / x), (0, 1), UncertifiedError, "division"),  # zeros without end beside 0
        (lambda x: 1 / x, (-1, 1), UncertifiedError, "division"),
        (np.tan, (1, 2), UncertifiedError, "not certainly defined"),
        (lambda x: (x, x), (0, 1), MixedRingError, "one number"),
        (lambda x: math.nan, (0, 1), DomainError, "nan"),
        (lambda x, y: x, (0, 1), DomainError, "2 numbers"),
        (np.sin, (0, math.inf), DomainError, "unbounded"),
    ],
)
def test_what_has_no_answer_is_refused(f: Any, where: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        v.roots(f, where)
    with pytest.raises(DomainError, match="positive"):
        v.roots(np.sin, (0, 1), tol=0)


def test_an_interrupted_search_keeps_what_it_found() -> None:
    calls = 0

    def f(x: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 400:
            raise KeyboardInterrupt
        return np.sin(20 * x)

    found = v.roots(f, (1, 10))
    assert len(found) > 0
    assert not found.complete
    assert all(math.sin(20 * r.box.lo) * math.sin(20 * r.box.hi) <= 1e-12 for r in found)
    covered = [r.box for r in found] + [x for (x,) in found.unsearched]
    assert all(any(k * math.pi / 20 in x for x in covered) or k * math.pi / 20 < 1 for k in range(7, 63))
