"""A traced graph in machine code, with the interpreter and eager series for the points that it hands back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, final

import numpy as np

from taylorad.errors import CompilationError, DomainError
from taylorad.rings.arrays import ArrayRing
from taylorad.run.interpret import run
from taylorad.run.kernel import Kernel, compile_plan
from taylorad.series.elements import elements
from taylorad.series.node import INFINITE, Node
from taylorad.series.schedule import Schedule, schedule
from taylorad.trace.graph import Graph, Shape, leaf_sizes
from taylorad.trace.replay import redo_point

__all__ = ["Machine", "leaves_of"]


def leaves_of(shapes: Sequence[Shape], rows: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The series of arguments, (rows, *shape, *batch) each, as those of the leaves."""
    out: list[np.ndarray] = []
    for shape, r in zip(shapes, rows, strict=True):
        if not shape:
            out.append(r)
            continue
        r = r.reshape(len(r), math.prod(shape), *r.shape[1 + len(shape) :])
        out += [r[:, i] for i in range(r.shape[1])] if leaf_sizes(shape)[:1] == [1] else [r]
    return out


@final
class Machine:
    """A graph, for arguments that are polynomials of one degree in t, to one order."""

    def __init__(self, graph: Graph, order: int) -> None:
        self.graph = graph
        self.order = order
        self.plan = schedule(graph.roots)
        self.sizes = [n for shape in graph.shapes for n in leaf_sizes(shape)]

    @cached_property
    def kernel(self) -> Kernel:
        """The kernel; its code is made at its first call."""
        return compile_plan(self.plan, self.order, self.graph.dtype)

    @cached_property
    def scalar(self) -> Schedule:
        """The graph with a node for each element."""
        return schedule(elements(self.plan)) if any(n.size > 1 for n in self.plan.first) else self.plan

    @property
    def door(self) -> Callable[..., Any] | None:
        """The bare machine code for single points of a function of one number, once it is loaded."""
        kernel = self.kernel
        if 1 not in kernel._loaded or kernel.givens or len(kernel.degrees) != 1 or self.graph.dtype.kind == "c":
            return None
        return kernel.code(1).entry

    def run(self, leaves: Sequence[np.ndarray], batch: Shape, threads: int) -> list[np.ndarray]:
        """The coefficients of the roots: (K+1, *batch), or (K+1, size, *batch) of a vector."""
        given = [_spread(leaf, m, batch) for leaf, m in zip(leaves, self.sizes, strict=True)]

        def redo(points: np.ndarray) -> list[np.ndarray]:
            return self._redo(given, points)

        try:
            return self.kernel(given[: len(self.kernel.degrees)], self.order, threads, redo)
        except (CompilationError, ImportError):  # no machine code for this machine
            return self._redo(given, np.arange(math.prod(batch)), batch)

    def _redo(self, leaves: Sequence[np.ndarray], points: np.ndarray, batch: Shape | None = None) -> list[np.ndarray]:
        """Some points by the interpreter, and those at which it finds no series by eager operators."""
        shape = (len(points),) if batch is None else batch
        flat = [c.reshape(*c.shape[: 1 + (m > 1)], -1)[..., points] for c, m in zip(leaves, self.sizes, strict=True)]
        outs = [np.zeros((self.order + 1, *((n.size,) if n.size > 1 else ()), len(points)), self.graph.dtype) for n in self.plan.roots]
        left = np.arange(len(points))
        alone: list[int] = []
        while left.size:
            ring = ArrayRing(self.graph.dtype, (left.size,))
            try:
                found = run(self.plan, ring, [self._whole(c[..., left]) for c in flat], self.order)
            except DomainError as error:
                bad = np.array(error.points if error.points else range(left.size), int)
                alone += left[bad].tolist()
                left = np.delete(left, bad)
                continue
            for out, new in zip(outs, found, strict=True):
                out[..., left] = new
            break
        for i in alone:
            try:
                rows = redo_point(self.scalar.roots, self._apart([c[..., i] for c in flat]), self.order, self.graph.dtype)
            except DomainError as error:
                if len(points) == 1 and batch is None and not _batched(leaves, self.sizes):
                    raise
                raise type(error)(f"{error} (at point {points[i]} of the batch)", (int(points[i]),)) from error
            begin = 0
            for out, n in zip(outs, self.plan.roots, strict=True):
                out[..., i] = np.stack(rows[begin : begin + n.size], axis=1) if n.size > 1 else rows[begin]
                begin += n.size
        return [out.reshape(*out.shape[:-1], *shape) for out in outs]

    def _whole(self, leaf: np.ndarray) -> np.ndarray:
        """As many rows as the interpreter takes."""
        missing = self.order + 1 - len(leaf)
        return np.concatenate([leaf, np.zeros((missing, *leaf.shape[1:]), leaf.dtype)]) if missing > 0 else leaf

    def _apart(self, leaves: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One series for each element."""
        if self.scalar is self.plan:
            return list(leaves)
        return [row for c, m in zip(leaves, self.sizes, strict=True) for row in (c.T if m > 1 else [c])]

    def to_c(self, name: str) -> str:
        """C99 text; with one series for each element, where the graph has vectors."""
        return compile_plan(self.scalar, self.order, self.graph.dtype).to_c(name)


def _batched(leaves: Sequence[np.ndarray], sizes: Sequence[int]) -> bool:
    return any(c.ndim > 1 + (m > 1) for c, m in zip(leaves, sizes, strict=True))


def _spread(leaf: np.ndarray, size: int, batch: Shape) -> np.ndarray:
    lead = leaf.shape[: 1 + (size > 1)]
    return leaf if leaf.shape == (*lead, *batch) else np.ascontiguousarray(np.broadcast_to(leaf, (*lead, *batch)))
