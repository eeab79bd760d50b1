"""Dense matrices from the few numbers that :mod:`taylorad.derive.structure` finds in them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, final

import numpy as np

from taylorad.derive.pulled import Pulled
from taylorad.derive.sheet import Sheet
from taylorad.derive.structure import Block, structure
from taylorad.series.node import Node
from taylorad.trace.graph import Graph, Shape

__all__ = ["Filled"]

_CACHE = 16384  # entries of a matrix that are filled at a time, while they are in the cache


@final
class Filled:
    """The Jacobian of some roots by the one array of variables of a function, as a matrix."""

    def __init__(self, pulled: Pulled, blocks: Sequence[Block]) -> None:
        self.rows = sum(b.size for b in blocks)
        self.columns = pulled.leaves[0].size
        begins = list(itertools.accumulate((b.size for b in blocks[:-1]), initial=0))
        parts = [(begin, p) for begin, b in zip(begins, blocks, strict=True) for p in b.parts]
        self.places = [_place((begin + p.rows) * self.columns + p.columns) for begin, p in parts]
        lines = list({id(row): row for b in blocks for _, row in b.outers}.values())
        self.lines = [row.columns for row in lines]
        self.outers = [
            (begin, b.size, lines.index(row)) for begin, b in zip(begins, blocks, strict=True) for _, row in b.outers
        ]
        nodes = [*(p.values for _, p in parts), *(r.values for r in lines), *(u for b in blocks for u, _ in b.outers)]
        first = self.results = len(pulled.roots)
        roots = (*pulled.roots, *nodes)
        shapes: list[Shape] = [(n.size,) if n.size > 1 else () for n in nodes]
        outputs = ["list", [], [(shape, first + i, first + i + 1) for i, shape in enumerate(shapes)]]
        self.sheet = Sheet(Graph(pulled.shapes, roots, ["list", [], [pulled.outputs, outputs]], pulled.graph.dtype))

    @staticmethod
    def of(pulled: Pulled, roots: Sequence[Node]) -> Filled | None:
        """The matrix of some roots, or None where it has no structure that is worth it."""
        if len(pulled.leaves) != 1 or pulled.first:
            return None
        blocks = structure(roots, pulled.leaves[0])
        return None if blocks is None else Filled(pulled, blocks)

    def __call__(self, arrays: Sequence[Any], batch: Shape) -> np.ndarray:
        """The matrix (rows, columns, *batch). Cost: that of its structure, and of writing its entries down."""
        if all(a.dtype != object for a in arrays):
            dtype, parts = self.sheet.graph.dtype, [x[0] for x in self.sheet.rows(arrays, batch)[self.results :]]
        else:
            dtype, parts = np.dtype(object), self.sheet(arrays, batch)[1]
        first, second = len(self.places), len(self.places) + len(self.lines)
        out = np.zeros((self.rows, self.columns, *batch), dtype)
        rows = max(1, _CACHE // (self.columns * math.prod(batch)))
        lines = [self._line(x, i, dtype, batch) for i, x in enumerate(parts[first:second])]
        for (begin, size, line), u in zip(self.outers, parts[second:], strict=True):
            u = np.broadcast_to(_array(u, dtype, len(batch)), (size, *batch))
            for at in range(0, size, rows):
                out[begin + at : begin + min(size, at + rows)] += u[at : at + rows, None] * lines[line]
        flat = out.reshape(self.rows * self.columns, *batch)
        for place, v in zip(self.places, parts[:first], strict=True):
            flat[place] += _array(v, dtype, len(batch))
        return out

    def _line(self, values: Any, i: int, dtype: Any, batch: Shape) -> np.ndarray:
        """A row of all variables."""
        columns = self.lines[i]
        if len(columns) == self.columns:
            return np.broadcast_to(_array(values, dtype, len(batch)), (self.columns, *batch))
        out = np.zeros((self.columns, *batch), dtype)
        out[columns] = _array(values, dtype, len(batch))
        return out


def _place(flat: np.ndarray) -> Any:
    """Places in equal distances, a diagonal's, as a slice."""
    step = np.diff(flat)
    if len(flat) > 1 and np.all(step == step[0]):
        return slice(int(flat[0]), int(flat[-1]) + 1, int(step[0]))
    return flat


def _array(values: Any, dtype: Any, axes: int) -> np.ndarray:
    """Values with an axis for their elements; a number for all of them."""
    if not isinstance(values, np.ndarray):
        out = np.empty((1,) * (1 + axes), dtype)
        out[...] = values
        return out
    return values if values.ndim > axes else values[None]
