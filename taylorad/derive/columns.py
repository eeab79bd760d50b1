"""Products with a matrix for every unit vector, where the matrix has no structure to be filled in by.

What a sweep along one vector does to vectors it does to all unit vectors together as matrices, products by constant
matrices by BLAS. Everything that does not depend on the vector is computed once, in machine code.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np

from taylorad.derive.adjoint import dependents
from taylorad.derive.derived import Call
from taylorad.derive.pulled import Pulled
from taylorad.derive.sheet import Sheet
from taylorad.errors import TraceError
from taylorad.series.matrix import Matrix
from taylorad.series.node import Constant, Linear, Map, Node, Product, Quotient, Select
from taylorad.trace.array import Traced
from taylorad.trace.cells import FEW
from taylorad.trace.graph import Graph, Shape

__all__ = ["Products"]


@final
class Products:
    """A graph whose results after those of f are linear in its last argument, an array."""

    def __init__(self, graph: Graph, pulled: Pulled) -> None:
        self.sheet = Sheet(graph, pulled.first)
        count = math.prod(graph.shapes[-1])
        self.matrix: _Matrix | None = None
        if not pulled.first and count > FEW and len(graph.shapes) == len(pulled.shapes) + 1:
            results = Graph(pulled.shapes, pulled.roots, pulled.outputs, graph.dtype)
            self.matrix = _Matrix(results, graph.roots[len(pulled.roots) :], pulled.more([count])[0])

    def columns(self, call: Call, shape: Shape) -> Any:
        """What comes of every unit vector of the last argument, of a shape: (*out, *shape, *batch)."""
        n = math.prod(shape)
        given = [*call.arrays, *call.data]
        if any(isinstance(a, Traced) for a in given) or self.sheet.inside:
            found = [self.sheet([*given, unit.reshape(shape)])[1] for unit in np.eye(n)]
            return np.reshape(np.stack(found, axis=-1), (*np.shape(found[0]), *shape))
        if self.matrix is not None and not call.batch and all(a.dtype != object for a in given):
            out = self.sheet.graph.outputs[2][1][0]
            return self.matrix(given).reshape((*out, *shape))
        axes = len(call.batch)
        point = [a.reshape(*a.shape[: a.ndim - axes], 1, *a.shape[a.ndim - axes :]) for a in call.arrays]
        unit = np.eye(n).reshape(*shape, n, *(1,) * axes)
        found = self.sheet([*point, *call.data, unit], (n, *call.batch))[1]
        return found.reshape(*found.shape[: found.ndim - 1 - axes], *shape, *call.batch)


@final
class _Matrix:
    """The matrix of ``roots``, which are linear in ``leaf``, an array of variables; ``graph`` gives f itself."""

    def __init__(self, graph: Graph, roots: Sequence[Node], leaf: Node) -> None:
        self.leaf, self.roots = leaf, tuple(roots)
        self.order = [n for n in dependents(roots, [leaf]) if n is not leaf]
        inside = {leaf, *self.order}
        self.given = list(dict.fromkeys(a for n in self.order for a in n.operands if a not in inside))
        self.maps: dict[Node, Callable[[np.ndarray], np.ndarray]] = {
            n: _multiplied(n.matrix) for n in self.order if isinstance(n, Map)
        }
        self.whole: dict[Node, np.ndarray] = {
            n: n.matrix.array for n in self.order if isinstance(n, Map) and n.a is leaf
        }
        self.uses = Counter(a for n in self.order for a in n.operands if a in inside) + Counter(self.roots)
        shapes = [(n.size,) if n.size > 1 else () for n in self.given]
        first = self.results = len(graph.roots)
        outputs = ["list", [], [(s, first + i, first + i + 1) for i, s in enumerate(shapes)]]
        whole = ["list", [], [graph.outputs, outputs]]
        self.sheet = Sheet(Graph(graph.shapes, (*graph.roots, *self.given), whole, graph.dtype))

    def __call__(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """The matrix (results, variables), at one point of floats."""
        found = self.sheet.rows(arrays, ())[self.results :]
        known = {n: np.reshape(x[0], (-1, 1)) for n, x in zip(self.given, found, strict=True)}
        d: dict[Node, np.ndarray] = {self.leaf: np.eye(self.leaf.size, dtype=self.sheet.graph.dtype)}
        left = Counter(self.uses)
        for n in self.order:
            d[n] = self.whole[n] if n in self.whole else self._of(n, d, known)
            for a in n.operands:
                if a in d:
                    left[a] -= 1
                    if not left[a]:
                        del d[a]
        empty = np.zeros((1, self.leaf.size))
        return np.concatenate([np.broadcast_to(d.get(r, empty), (r.size, self.leaf.size)) for r in self.roots])

    def _of(self, n: Node, d: dict[Node, np.ndarray], known: dict[Node, np.ndarray]) -> np.ndarray:
        match n:
            case Linear(terms):
                total = None
                for c, a in terms:
                    part = d[a] if c == 1 else float(c) * d[a]
                    total = part if total is None else total + part
                assert total is not None
                return total
            case Product(a, b):
                return known[b] * d[a] if a in d else known[a] * d[b]
            case Quotient(a, b):
                return d[a] / known[b]
            case Map(_, a):
                return self.maps[n](d[a])
            case Select(_, tests, branches):
                below, above = (d[b] if b in d else _number(b) for b in branches)
                return np.where(known[tests[0]] > 0, above, below)
            case _:
                raise TraceError(f"a node of kind {type(n).__name__} is not linear")


def _multiplied(matrix: Matrix) -> Callable[[np.ndarray], np.ndarray]:
    """The product with a constant matrix."""
    if matrix.dense:
        array = matrix.array
        return lambda d: array @ d
    if matrix.selects and len(matrix.places) == matrix.rows:
        return lambda d: d[matrix.places]
    from scipy.sparse import csr_array

    sparse: Any = csr_array((matrix.entries, matrix.places, matrix.starts), (matrix.rows, matrix.columns))
    return lambda d: sparse @ d


def _number(node: Node) -> float:
    """A branch that does not depend on the vector is 0 in something linear."""
    assert isinstance(node, Constant)
    return float(node.value)
