"""Array nodes taken apart: the same graph with one node for every element, for rings that know scalars only."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction

from taylorad.series.node import (
    Constant,
    Function,
    Leaf,
    Linear,
    Local,
    Map,
    Node,
    Product,
    Quotient,
    Select,
    State,
    Theta,
    linear,
)
from taylorad.series.schedule import Schedule

__all__ = ["elements", "leaf_places"]


def leaf_places(plan: Schedule, known: Sequence[int] = ()) -> list[tuple[int, int]]:
    """For each leaf index, where its elements begin among the leaves of the plan taken apart, and how many they are.

    ``known`` are the sizes of the leaves, also of those that do not occur in the plan.
    """
    sizes = dict(enumerate(known)) | {leaf.index: leaf.size for leaf in plan.leaves}
    out: list[tuple[int, int]] = []
    begin = 0
    for i in range(1 + max(sizes, default=-1)):
        out.append((begin, sizes.get(i, 1)))
        begin += out[-1][1]
    return out


def elements(plan: Schedule, sizes: Sequence[int] = ()) -> list[Node]:
    """The elements of all roots, one root after the other. Cost: one node for each element of each node.

    A matrix entry becomes the exact fraction that the float is. ``sizes`` as in :func:`leaf_places`.
    """
    places = leaf_places(plan, sizes)
    known: dict[Node, Sequence[Node]] = {}
    for n in plan.first:
        known[n] = _apart(n, known, places)
    return [x for n in plan.roots for x in known[n]]


def _apart(n: Node, known: dict[Node, Sequence[Node]], places: list[tuple[int, int]]) -> Sequence[Node]:
    def at(a: Node, i: int) -> Node:
        return known[a][i if a.size > 1 else 0]

    match n:
        case Leaf(index):
            return [Leaf.of(places[index][0] + i, n.degree) for i in range(n.size)]
        case Constant() | State():
            return [n]
        case Map(matrix, a):
            terms = [(Fraction(float(x)), at(a, j)) for x, j in zip(matrix.entries, matrix.places, strict=True)]
            return [linear(terms[i:j]) for i, j in itertools.pairwise(matrix.starts)]
        case Linear(terms):
            return [linear((c, at(a, i)) for c, a in terms) for i in range(n.size)]
        case Product(a, b):
            return [at(a, i) * at(b, i) for i in range(n.size)]
        case Quotient(a, b):
            return [at(a, i) / at(b, i) for i in range(n.size)]
        case Theta(a):
            return [Theta.of(at(a, i)) for i in range(n.size)]
        case Function(law, output, args, params):
            return [
                Function.of(law, output, tuple(at(a, i) for a in args), tuple(at(p, i) for p in params))
                for i in range(n.size)
            ]
        case Local(name, u, params):
            return [Local.of(name, at(u, i), tuple(at(p, i) for p in params)) for i in range(n.size)]
        case Select(chooser, tests, branches):
            return [
                Select.of(chooser, tuple(at(t, i) for t in tests), tuple(at(b, i) for b in branches))
                for i in range(n.size)
            ]
        case _:
            raise TypeError(f"{type(n).__name__} has no elements")
