"""The same graph over other leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taylorad.series.node import Function, Leaf, Linear, Local, Map, Node, Product, Quotient, Select, Theta, linear
from taylorad.series.schedule import schedule

__all__ = ["rebuilt", "substitute"]


def substitute(
    roots: Sequence[Node], leaves: Mapping[int, Node], branch: Callable[[Select], int] | None = None
) -> list[Node]:
    """``roots`` with the node ``leaves[i]`` in the place of leaf i (leaves that are not named stay).

    ``branch`` decides selects: the number of the branch that takes the place of each. Cost: one visit of each node.
    States are left as they are.
    """
    known: dict[Node, Node] = {}
    for n in schedule(roots).first:
        if branch is not None and isinstance(n, Select):
            known[n] = known[n.branches[branch(n)]]
        else:
            known[n] = rebuilt(n, known, leaves)
    return [known[n] for n in roots]


def rebuilt(n: Node, known: Mapping[Node, Node], leaves: Mapping[int, Node]) -> Node:
    """The node ``n`` over other operands, ``known``, and other leaves."""

    def each(nodes: Sequence[Node]) -> tuple[Any, ...]:
        return tuple(known[a] for a in nodes)

    match n:
        case Leaf(index):
            return leaves.get(index, n)
        case Linear(terms):
            return linear((c, known[a]) for c, a in terms)
        case Product(a, b):
            return known[a] * known[b]
        case Quotient(a, b):
            return known[a] / known[b]
        case Theta(a):
            return Theta.of(known[a])
        case Map(matrix, a):
            return Map.of(matrix, known[a])
        case Function(law, output, args, params):
            return Function.of(law, output, each(args), each(params))
        case Local(name, u, params):
            return Local.of(name, known[u], each(params))
        case Select(chooser, tests, branches):
            return Select.of(chooser, each(tests), each(branches))
        case _:
            return n
