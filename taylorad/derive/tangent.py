"""The tangent of a graph: how its roots change along a direction, as a graph of the same kinds of node.

The rules of the book are total differentials, so a function's tangent is its rule with tangents in the place of du.
The tangent of an adjoint graph is a Hessian times a vector (forward over reverse).
"""

from __future__ import annotations

from collections.abc import Sequence

from taylorad.derive.adjoint import dependents, mapped, spread
from taylorad.errors import TraceError
from taylorad.series.node import Function, Linear, Local, Map, Node, Product, Quotient, Select, as_node, linear

__all__ = ["tangent"]


def tangent(roots: Sequence[Node], wanted: Sequence[Node], along: Sequence[Node]) -> list[Node]:
    """Σ over the nodes w of ``wanted`` of ∂r/∂w·along_w, for each root r: a node of the size of r.

    Directions have the sizes of their nodes, or size 1 for equal elements. Raises TraceError for a node without a
    derivative. Cost: one visit of each node; the result has at most three times the nodes of the roots.
    """
    found: dict[Node, Node] = dict(zip(wanted, along, strict=True))
    for n in dependents(roots, wanted):
        if n not in found:
            found[n] = _moved(n, found)
    return [spread(found.get(r, _ZERO), r.size) for r in roots]


_ZERO = as_node(0)


def _moved(n: Node, d: dict[Node, Node]) -> Node:
    match n:
        case Linear(terms):
            return linear((c, d[a]) for c, a in terms if a in d)
        case Product(a, b) if a is b:
            return linear([(2, a * d[a])])
        case Product(a, b):
            return d.get(a, _ZERO) * b + a * d.get(b, _ZERO)
        case Quotient(a, b):
            return (d.get(a, _ZERO) - n * d.get(b, _ZERO)) / b
        case Map(matrix, a):
            return mapped(matrix, d[a])
        case Function(law, output, args, params):
            moves = tuple(d.get(a, _ZERO) for a in args)
            return law.differentials(args, moves, n.siblings(), params)[output]
        case Local(name, u, params):
            return Local.of(name + "'", u, params) * d[u]
        case Select(chooser, tests, branches):
            moves = tuple(d.get(b, _ZERO) for b in branches)
            return _ZERO if all(m is _ZERO for m in moves) else Select.of(chooser, tests, moves)
        case _:
            raise TraceError(f"a node of kind {type(n).__name__} has no tangent")
