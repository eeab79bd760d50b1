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

        final: list[DomainError] = []

        def redo(points: np.ndarray) -> list[np.ndarray]:
            try:
                return self._redo(given, points, batch)
            except DomainError as error:
                final.append(error)
                raise

        try:
            enough = [c if d <= 1 else self._whole(c) for c, d in zip(given, self.kernel.degrees, strict=False)]
            return self.kernel(enough, self.order, threads, redo)
        except (CompilationError, ImportError):  # no machine code for this machine
            return self._shaped(redo(np.arange(math.prod(batch))), batch)
        except DomainError as error:  # a value or a choice that machine code asks for is not there at some points
            if final:
                raise
            return self._in_parts(given, batch, np.array(error.points or range(math.prod(batch))), redo, threads)

    def _in_parts(self, leaves: Any, batch: Shape, bad: np.ndarray, redo: Any, threads: int) -> list[np.ndarray]:
        """Some points by ``redo``, and the others in machine code."""
        n = math.prod(batch)
        good = np.delete(np.arange(n), bad)
        flat = [c.reshape(*c.shape[: 1 + (m > 1)], n) for c, m in zip(leaves, self.sizes, strict=True)]
        outs = redo(bad)
        if good.size:
            rest = self.run([c[..., good] for c in flat], (good.size,), threads)
            order = np.argsort(np.concatenate([good, bad]))
            outs = [np.concatenate([a, b], axis=-1)[..., order] for a, b in zip(rest, outs, strict=True)]
        return self._shaped(outs, batch)

    def _shaped(self, outs: list[np.ndarray], batch: Shape) -> list[np.ndarray]:
        return [np.ascontiguousarray(out).reshape(*out.shape[:-1], *batch) for out in outs]

    def _redo(self, leaves: Sequence[np.ndarray], points: np.ndarray, batch: Shape) -> list[np.ndarray]:
        """Some points, flat indices, by the interpreter, and those at which it finds no series by eager operators."""
        flat = [c.reshape(*c.shape[: 1 + (m > 1)], -1)[..., points] for c, m in zip(leaves, self.sizes, strict=True)]
        sizes = [(n.size,) if n.size > 1 else () for n in self.plan.roots]
        outs = [np.zeros((self.order + 1, *size, len(points)), self.graph.dtype) for size in sizes]
        left = np.arange(len(points))
        alone: list[int] = []
        while left.size:
            ring = ArrayRing(self.graph.dtype, (left.size,))
            try:
                found = run(self.plan, ring, [self._whole(c[..., left]) for c in flat], self.order)
            except DomainError as error:
                bad = np.array(error.points or range(left.size))
                alone += left[bad].tolist()
                left = np.delete(left, bad)
                continue
            for out, new in zip(outs, found, strict=True):
                out[..., left] = new
            break
        for i in alone:
            series = self._apart([c[..., i] for c in flat])
            try:
                rows = redo_point(self.scalar.roots, series, self.order, self.graph.dtype)
            except DomainError as error:
                if not batch:
                    raise
                raise type(error)(f"{error} (at point {points[i]} of the batch)", (int(points[i]),)) from error
            begin = 0
            for out, n in zip(outs, self.plan.roots, strict=True):
                out[..., i] = np.stack(rows[begin : begin + n.size], axis=1) if n.size > 1 else rows[begin]
                begin += n.size
        return outs

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


def _spread(leaf: np.ndarray, size: int, batch: Shape) -> np.ndarray:
    lead, own = leaf.shape[: 1 + (size > 1)], leaf.shape[1 + (size > 1) :]
    if own == batch:
        return leaf
    leaf = leaf.reshape(*lead, *(1,) * (len(batch) - len(own)), *own)
    return np.ascontiguousarray(np.broadcast_to(leaf, (*lead, *batch)))
