"""A graph of derivatives, ready to be evaluated: in machine code, over any ring, on series, or inside another trace."""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from taylorad.errors import ShapeError, SingularExpansionError
from taylorad.rings.choice import ring_named
from taylorad.run.interpret import run
from taylorad.series.node import Leaf, Node
from taylorad.series.schedule import schedule
from taylorad.series.substitute import substitute
from taylorad.taylor.construct import ingest
from taylorad.taylor.join import as_number
from taylorad.taylor.series import Taylor
from taylorad.trace.array import Traced, from_cells, from_node, lift
from taylorad.trace.cells import FEW
from taylorad.trace.graph import Graph, Shape, assemble, leaf_sizes
from taylorad.trace.machine import Machine, leaves_of

__all__ = ["Sheet"]


@final
class Sheet:
    """The values of a graph's roots, as its ``outputs`` lay them out; safe to call from several threads.

    ``first`` is the index of the leaf with which the arguments begin; a graph that uses leaves before it stands inside
    another trace, and can only be evaluated there.
    """

    def __init__(self, graph: Graph, first: int = 0) -> None:
        self.sizes = [n for shape in graph.shapes for n in leaf_sizes(shape)]
        self.first = first
        found = {n.index for n in schedule(graph.roots).leaves} if first else set[int]()
        self.inside = any(i < first for i in found)
        own: dict[int, Node] = {first + i: Leaf.of(i, 0, n) for i, n in enumerate(self.sizes)}
        roots = graph.roots if self.inside else tuple(substitute(graph.roots, own))
        self.graph = Graph(graph.shapes, roots, graph.outputs, graph.dtype)
        self.machine = Machine(self.graph, 0)

    def __call__(self, arrays: Sequence[Any], batch: Shape = ()) -> Any:
        """The results (*out, *batch), from an array (*shape, *batch) for each argument.

        Raises DomainError where a function, or its derivative, has no value, and where that is not a number (what a
        choice leaves out may be infinite, times 0). Cost: one visit of each node.
        """
        if self.inside or any(isinstance(a, Traced) for a in arrays):
            return self._traced([lift(a) for a in arrays])
        if any(a.dtype == object for a in arrays):
            return self._each([_spread(a, s, batch) for a, s in zip(arrays, self.graph.shapes, strict=True)], batch)
        found = self.rows(arrays, batch)
        return _arranged(self.graph.outputs, lambda shape, begin, end: _joined(found[begin:end], shape, batch))

    def rows(self, arrays: Sequence[np.ndarray], batch: Shape) -> list[np.ndarray]:
        """The roots at floats, (1, *batch) each, or (1, size, *batch), as the call does it."""
        rows = [np.asarray(a, self.graph.dtype, order="C")[None] for a in arrays]
        found = self.machine.run(leaves_of(self.graph.shapes, rows), batch, 1)
        if any(map(_lost, found)):
            raise SingularExpansionError(
                "a derivative is not a number: an infinity is multiplied by 0 or subtracted from another one; "
                "move the point, or scale the function"
            )
        return found

    def _traced(self, arguments: Sequence[Any]) -> Any:
        """The roots over what other traced values are made of."""
        leaves: dict[int, Node] = {}
        i = self.first if self.inside else 0
        for x, shape in zip(arguments, self.graph.shapes, strict=True):
            if x.shape != shape:
                raise ShapeError(f"a traced value of shape {x.shape} in the place of one of shape {shape}")
            nodes = [x.vector] if x.size > FEW else list(x.cells.flat)
            leaves |= {i + j: n for j, n in enumerate(nodes)}
            i += len(nodes)
        dtype = np.result_type(self.graph.dtype, *(x.dtype for x in arguments))
        roots = substitute(self.graph.roots, leaves)
        return _arranged(self.graph.outputs, lambda shape, begin, end: _value(roots[begin:end], shape, dtype))

    def _each(self, arrays: Sequence[Any], batch: Shape) -> Any:
        """Point by point, over the ring of the numbers."""
        found = [self._over(a) for a in _points(arrays, batch)]
        return _arranged(self.graph.outputs, lambda shape, begin, end: _gathered(found, shape, begin, end, batch))

    def _over(self, arrays: Sequence[np.ndarray]) -> list[list[Any]]:
        """The elements of each root at one point."""
        numbers = [x for a in arrays for x in a.flat]
        ring, data = ingest(numbers) if any(isinstance(x, Taylor) for x in numbers) else _ring(numbers, self.graph)
        if ring.name == "taylor":
            from taylorad.taylor.nested import NESTED

            ring = NESTED.over([data])
        leaves: list[Any] = []
        at = 0
        for n in self.sizes:
            leaves.append([data[at]] if n == 1 else [list(data[at : at + n])])
            at += n
        buffers = run(self.machine.plan, ring, leaves, 0)
        return [
            [_plain(x) for x in (b[0] if n.size > 1 else [b[0]])]
            for b, n in zip(buffers, self.machine.plan.roots, strict=True)
        ]


def _ring(numbers: list[Any], graph: Graph) -> tuple[Any, list[Any]]:
    ring, data = ingest(numbers)
    if graph.dtype.kind == "c" and not ring.complex:
        ring = ring_named({"mpf": "mpc", "arb": "acb"}.get(ring.name, ring.name))
        data = [ring.lift(x) for x in data]
    return ring, list(data)


def _plain(x: Any) -> Any:
    return as_number(x) if isinstance(x, Taylor) else x


def _lost(root: np.ndarray) -> bool:
    """Whether some number is none; a sum of squares is the fastest way to ask a few."""
    if root.size < 8192 and not math.isnan(np.vdot(root, root).real):
        return False
    return bool(np.isnan(root).any())


def _spread(a: np.ndarray, shape: Shape, batch: Shape) -> np.ndarray:
    """An array for every point of the batch; batches are broadcast from the right, after the array's own axes."""
    own = a.shape[len(shape) :]
    return np.broadcast_to(a.reshape((*shape, *(1,) * (len(batch) - len(own)), *own)), (*shape, *batch))


def _points(arrays: Sequence[Any], batch: Shape) -> list[list[np.ndarray]]:
    if not batch:
        return [[np.asarray(a) for a in arrays]]
    flat = [a.reshape(*a.shape[: a.ndim - len(batch)], -1) for a in arrays]
    return [[np.asarray(a[..., i]) for a in flat] for i in range(math.prod(batch))]


def _gathered(found: list[list[list[Any]]], shape: Shape, begin: int, end: int, batch: Shape) -> Any:
    columns = [[x for root in point[begin:end] for x in root] for point in found]
    n = math.prod(shape)
    if not shape and not batch:
        return columns[0][0]
    out = np.empty((n, len(columns)), object)
    for j, column in enumerate(columns):
        for i, x in enumerate(column * n if len(column) == 1 else column):
            out[i, j] = x
    return out.reshape((*shape, *batch))


def _value(roots: Sequence[Node], shape: Shape, dtype: Any) -> Any:
    if len(roots) == 1 and shape:
        return from_node(roots[0], shape, dtype)
    cells = np.empty(len(roots), object)
    cells[:] = roots
    return from_cells(cells.reshape(shape), dtype)


def _arranged(outputs: Any, make: Any) -> Any:
    if isinstance(outputs, list):
        kind, keys, parts = outputs
        made = [_arranged(part, make) for part in parts]
        return dict(zip(keys, made, strict=True)) if kind == "dict" else made if kind == "list" else tuple(made)
    return make(*outputs)


def _joined(roots: Sequence[np.ndarray], shape: Shape, batch: Shape) -> Any:
    """An array (*shape, *batch) from row 0 of one root for all of its elements, or of one for each."""
    whole = (*shape, *batch)
    if len(roots) == 1 and roots[0].size == math.prod(whole):
        return roots[0].reshape(whole)[()]
    return assemble((shape, 0, len(roots)), roots, batch)[0]
