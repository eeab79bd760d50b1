"""All first derivatives of an array function of an array."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from taylorad.derive.columns import Products
from taylorad.derive.derived import Call, Derived
from taylorad.derive.filled import Filled
from taylorad.derive.gradient import adjoint_graph, called, moved, result_tree, tangent_graph
from taylorad.derive.pulled import Pulled
from taylorad.derive.sheet import Sheet
from taylorad.derive.tangent import tangent
from taylorad.derive.tree import Branch, one_array
from taylorad.errors import ShapeError
from taylorad.series.node import Node, as_node
from taylorad.trace.cells import FEW, row
from taylorad.trace.graph import Graph, Shape

__all__ = ["jacobian", "single", "units"]


def jacobian(f: Callable[..., Any], p: Any = None, *, args: Sequence[Any] = (), batch: int = 0) -> Any:
    """All first derivatives of an array function of an array: (*out, *shape), or (*out, *shape, *batch).

    By its structure where most entries are 0 or of low rank, else by tangents along the variables or adjoints of the
    results, whichever are fewer. Without a point a compiled callable ``J(p, *args)``. Arguments, rings and errors are
    those of :func:`taylorad.gradient`; ShapeError where p or the result is not one array. Cost: 3·min(n, m) times the
    operations of f, for n variables and m results.

    >>> import numpy as np, taylorad as ta
    >>> ta.jacobian(lambda x: x * x[0], np.array([1.0, 2.0]))
    array([[2., 0.],
           [2., 1.]])
    """
    return called(Derived("jacobian", _jacobian, f, 0, batch), p, (), args)


def _jacobian(derived: Derived, call: Call) -> Any:
    sheet, way, shape, out = derived.made(call, "jacobian", _made)
    given = [*call.arrays, *call.data]
    if way == "every":
        return sheet(given, call.batch)[1]
    if way == "filled":
        return sheet(given, call.batch).reshape((*out, *shape, *call.batch))
    if way == "tangents":
        return sheet.columns(call, shape)
    found = sheet.columns(call, out)  # (*shape, *out, *batch)
    axes = len(shape) + len(out)
    order = [*range(len(shape), axes), *range(len(shape)), *range(axes, axes + len(call.batch))]
    return np.transpose(found, order)


def _made(pulled: Pulled) -> tuple[Any, str, Shape, Shape]:
    shape = single(pulled, "a jacobian")
    out = one_array(result_tree(pulled.outputs))
    if isinstance(pulled.outputs, list):
        pulled = replace(pulled, graph=replace(pulled.graph, outputs=(out, 0, len(pulled.roots))))
    n, m = math.prod(shape), math.prod(out)
    if n <= FEW:
        return Sheet(_forward(pulled, shape, out), pulled.first), "every", shape, out
    filled = Filled.of(pulled, pulled.roots)
    if filled is not None:
        return filled, "filled", shape, out
    if n <= m:
        return Products(tangent_graph(pulled), pulled), "tangents", shape, out
    return Products(adjoint_graph(pulled), pulled), "adjoints", shape, out


def single(pulled: Pulled, caller: str) -> Shape:
    """The shape of the argument. Raises ShapeError where it is not one array."""
    if isinstance(pulled.tree, Branch):
        raise ShapeError(f"{caller} is taken by one array, not by a {pulled.tree.kind}: write f as a function of one")
    return pulled.tree


def _forward(pulled: Pulled, shape: Shape, out: Shape) -> Graph:
    """A root for each entry, by the tangent along each of a few variables."""
    cells = [_elements(tangent(pulled.roots, pulled.leaves, unit)) for unit in units(len(pulled.leaves))]
    roots = [column[i] for i in range(math.prod(out)) for column in cells]
    outputs = ["tuple", [], [pulled.outputs, moved(((*out, *shape), 0, len(roots)), len(pulled.roots))]]
    return Graph(pulled.shapes, (*pulled.roots, *roots), outputs, pulled.graph.dtype)


def units(n: int) -> list[list[Node]]:
    """The unit vectors of n numbers."""
    return [[as_node(int(i == j)) for j in range(n)] for i in range(n)]


def _elements(nodes: Sequence[Node]) -> list[Node]:
    """The elements of nodes."""
    return [row(n, i) for n in nodes for i in range(n.size)]
