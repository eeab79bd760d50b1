"""Systems with zeros at edges, corners, kinks and touches, without end, or with none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from taylorad import validated as v
from taylorad.errors import DomainError, MixedRingError, UncertifiedError

EXACT = [
    (lambda x, y: [x, y], [(0, 1), (0, 1)], (0, 0)),  # in a corner
    (lambda x, y: [x - 1, y], [(0, 1), (-1, 1)], (1, 0)),  # on an edge
    (lambda x, y: [x, y], [(0, 0), (-1, 1)], (0, 0)),  # in a box without width
    (lambda x, y: [abs(x - 2) - 1, y - x], [(-3, 1.5), (-3, 3)], (1, 1)),
    (lambda *u: [u[0] - 1, u[1] + 1], [(-3, 3), (-3, 3)], (1, -1)),
    (lambda x: [x * x - 4], [(0, 3)], (2,)),
]


@pytest.mark.parametrize(("F", "where", "zero"), EXACT)
def test_zeros_wherever_they_lie(F: Any, where: Any, zero: tuple[float, ...]) -> None:
    found = v.solve_system(F, where)
    assert found.all_unique
    (root,) = found
    assert all(c in x for c, x in zip(zero, root.box, strict=True))
    assert all(x.width < 1e-15 for x in root.box)


def test_a_zero_that_rounding_may_put_outside_is_on_the_edge() -> None:
    def F(x: Any, y: Any) -> Any:
        return [np.exp(np.log(x)) - 2, y]

    found = v.solve_system(F, [(1, 2), (-1, 1)])
    assert [r.proved for r in found] == ["edge"]
    assert not found.all_unique
    assert list(v.solve_system(F, [(1, 2 - 1e-12), (-1, 1)])) == []
    assert v.solve_system(F, [(1, 2 + 1e-12), (-1, 1)]).all_unique


@pytest.mark.parametrize(
    ("F", "where"),
    [
        (lambda x, y: [abs(x) + abs(y), y - x], [(-3, 3), (-3, 3)]),
        (lambda x, y: [np.sqrt(x), y], [(0, 1), (-1, 1)]),
        (lambda x, y: [x * x - y, y], [(-3, 3), (-3, 3)]),
        (lambda x, y: [x * y, x + y], [(-3, 3), (-3, 3)]),
    ],
)
def test_kinks_edges_of_domains_and_double_zeros_are_one_undecided_box(F: Any, where: Any) -> None:
    found = v.solve_system(F, where)
    assert [r.proved for r in found] == ["undecided"]
    assert found.complete
    assert all(0 in x and x.width < 1e-11 for x in found[0].box)


def test_the_search_near_touches_ends_early() -> None:
    """Two touches of a circle and a hyperbola at ±(1, 1), to the usual tolerance."""
    calls = 0

    def F(x: Any, y: Any) -> Any:
        nonlocal calls
        calls += 1
        return [x * x + y * y - 2, x * y - 1]

    found = v.solve_system(F, [(-3, 3), (-3, 3)])
    assert [r.proved for r in found] == ["undecided", "undecided"]
    assert {round(r.box[0].mid) for r in found} == {1, -1}
    assert all(x.width < 1e-4 for r in found for x in r.box)
    assert calls < 20_000


def test_zeros_without_end() -> None:
    (root,) = v.solve_system(lambda x, y: [0 * x, 0 * y], [(-3, 3), (-3, 3)])
    assert root.proved == "everywhere"
    line = v.solve_system(lambda x, y: [x - y, x - y], [(-1, 1), (-1, 1)], boxes=1500)
    covered = [r.box for r in line] + list(line.unsearched)
    assert all(any(c in box[0] and c in box[1] for box in covered) for c in np.linspace(-1, 1, 101).tolist())


def test_an_interrupt_keeps_what_was_found() -> None:
    calls = 0

    def F(x: Any, y: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 300:
            raise KeyboardInterrupt
        return [np.sin(10 * x), np.cos(10 * y)]

    found = v.solve_system(F, [(0.05, 1), (0, 1)])
    assert len(found) > 0
    assert not found.complete


@pytest.mark.parametrize(
    ("F", "where", "kind", "words"),
    [
        (lambda x, y: [x / y, y], [(-3, 3), (-3, 3)], UncertifiedError, "division"),
        (lambda x, y: 3, [(0, 1), (0, 1)], MixedRingError, "equations"),
        (lambda x, y, z: [x, y, z], [(0, 1), (0, 1)], DomainError, "3 numbers"),
        (lambda x, y: [x, math.nan], [(0, 1), (0, 1)], DomainError, "nan"),
        (lambda x, y: [x, y], [(-1, 1), (1, -1)], DomainError, "below"),
        (lambda x, y: [x, y], [], DomainError, "no variables"),
    ],
)
def test_what_is_no_system_is_refused(F: Any, where: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        v.solve_system(F, where)
