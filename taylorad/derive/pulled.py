"""A function of Python pulled back to a graph: its roots, and the leaves that stand for its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from taylorad.derive.tree import Branch, Tree, build, layout, shapes_of
from taylorad.errors import ShapeError
from taylorad.series.node import INFINITE, Leaf, Node
from taylorad.trace.graph import Graph, Shape, depth, leaf_sizes, trace

__all__ = ["Pulled", "pull"]

_ROOM = 1 << 20  # leaves of one trace; those of a trace inside it begin here


@final
@dataclass(frozen=True, slots=True)
class Pulled:
    """``leaves``: those of the argument that derivatives are taken by; the ``shapes`` of all arguments."""

    graph: Graph
    tree: Tree
    leaves: tuple[Leaf, ...]
    first: int

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return self.graph.shapes

    @property
    def roots(self) -> tuple[Node, ...]:
        return self.graph.roots

    @property
    def outputs(self) -> Any:
        return self.graph.outputs

    def scalar(self, caller: str) -> Node:
        """The one root of a function that returns a number. Raises ShapeError otherwise."""
        if isinstance(self.outputs, list) or int(np.prod(self.outputs[0], dtype=int)) != 1:
            what = f"a {self.outputs[0]}" if isinstance(self.outputs, list) else f"an array of shape {self.outputs[0]}"
            raise ShapeError(
                f"{caller} is of a function that returns one number; this one returns {what}: "
                "use ta.jacobian, or return a sum"
            )
        return self.roots[0]

    def more(self, sizes: Sequence[int]) -> list[Node]:
        """Fresh leaves after those of all arguments: for directions and weights."""
        begin = self.first + sum(len(leaf_sizes(s)) for s in self.shapes)
        return [Leaf.of(begin + i, INFINITE, n) for i, n in enumerate(sizes)]

    def like(self, begin: int = 0) -> Any:
        """The outputs of a graph that returns what has the form of the argument, in the roots from ``begin`` on."""
        place = begin

        def next_place(shape: Shape) -> Any:
            nonlocal place
            place += len(leaf_sizes(shape))
            return (shape, place - len(leaf_sizes(shape)), place)

        return layout(self.tree, next_place)


def pull(f: Callable[..., Any], tree: Tree, others: Sequence[Any], data: Sequence[Shape], dtype: Any) -> Pulled:
    """``f(p, *others)`` for p of the form ``tree``. Raises TraceError where f needs numbers.

    ``others`` are further arguments: each is itself, or a :class:`taylorad.derive.tree.Branch` of no kind in the place
    of an array that is an input of the graph, of the next shape of ``data``. Cost: one run of f.
    """
    shapes = [*shapes_of(tree), *data]
    count = len(shapes) - len(data)
    first = depth() * _ROOM

    def call(*arrays: Any) -> Any:
        given = iter(arrays[count:])
        return f(build(tree, arrays[:count]), *(next(given) if x is PLACE else x for x in others))

    call.__name__ = getattr(f, "__name__", repr(f))
    graph = trace(call, shapes, dtype, INFINITE, first)
    sizes = [n for shape in shapes_of(tree) for n in leaf_sizes(shape)]
    return Pulled(graph, tree, tuple(Leaf.of(first + i, INFINITE, n) for i, n in enumerate(sizes)), first)


PLACE = Branch("", (), ())
