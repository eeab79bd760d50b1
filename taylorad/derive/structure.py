"""The Jacobian of a graph as few numbers as it takes: a sparse matrix, and a few columns times rows.

Every node's Jacobian is S + Σ u_j·b_j: element by element rules scale rows of it, maps of array nodes multiply it by a
sparse matrix, and the pattern of S is known before any number is. A row b_j arises where a number that depends on many
variables (a sum, a mean) is given to all elements of a vector: Σ x² in a function adds a rank to its Hessian, not n²
entries. The values of S, u_j and b_j are nodes of the same graph, so one sweep computes them all; the n² entries of a
dense matrix are only made of them in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from taylorad.derive.adjoint import dependents, mapped, spread
from taylorad.series.matrix import Matrix
from taylorad.series.node import Function, Leaf, Linear, Local, Map, Node, Product, Quotient, Select, as_node, linear

__all__ = ["Block", "Row", "structure"]

_FEW = 2  # variables on which a number may depend that is still spread out over the rows of a sparse matrix
_ENTRIES = 400_000
_ROWS = 32


@final
@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of variables: ``values`` (of their number, or of size 1: all equal) in ``columns``."""

    columns: np.ndarray
    values: Node


@final
@dataclass(frozen=True, slots=True)
class Block:
    """A matrix of ``size`` rows: ``values`` at (``rows``, ``columns``), in rising order, plus Σ u·row (``outers``)."""

    size: int
    rows: np.ndarray
    columns: np.ndarray
    values: Node
    outers: tuple[tuple[Node, Row], ...] = ()


class _Dense(Exception):
    """The matrices have too many entries."""


def structure(roots: Sequence[Node], leaf: Leaf) -> list[Block] | None:
    """The Jacobian of every root by one array of variables; None where sweeps along the variables are the better way.

    Cost: time and memory as the entries of the sparse matrices of all nodes.
    """
    n = leaf.size
    found: dict[Node, Block] = {leaf: Block(n, np.arange(n), np.arange(n), as_node(1))}
    maker = _Maker(n)
    try:
        for node in dependents(roots, [leaf]):
            if node not in found:
                found[node] = maker.of(node, found)
    except _Dense:
        return None
    nothing = np.arange(0)
    return [found.get(r, Block(r.size, nothing, nothing, as_node(0))) for r in roots]


@final
class _Maker:
    """What nodes do to matrices of n columns."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.entries = 0

    def of(self, node: Node, known: dict[Node, Block]) -> Block:
        if isinstance(node, Map):
            return self._mapped(node.matrix, known[node.a])
        total: Block | None = None
        for a, weight in _weights(node):
            if a in known and weight is not as_node(0):
                part = self._scaled(weight, known[a], node.size)
                total = part if total is None else self._sum(total, part)
        return total or Block(node.size, np.arange(0), np.arange(0), as_node(0))

    def _count(self, entries: int) -> None:
        self.entries += entries
        if self.entries > _ENTRIES:
            raise _Dense

    def _scaled(self, weight: Node, d: Block, size: int) -> Block:
        """diag(weight)·d; where d is of one number, for each of ``size`` elements."""
        if d.size == size:
            values = _at(weight, d.rows) * d.values
            return Block(size, d.rows, d.columns, values, tuple((weight * u, row) for u, row in d.outers))
        count = len(d.columns)
        outers = [(weight * u, row) for u, row in d.outers]
        if count > _FEW:
            outers.append((weight, Row(d.columns, d.values)))
            return Block(size, np.arange(0), np.arange(0), as_node(0), tuple(outers))
        rows = np.repeat(np.arange(size), count)
        values = _at(weight, rows) * _at(d.values, np.tile(np.arange(count), size))
        self._count(len(rows))
        return Block(size, rows, np.tile(d.columns, size), values, tuple(outers))

    def _sum(self, a: Block, b: Block) -> Block:
        outers: dict[int, tuple[Node, Row]] = {}
        for u, row in (*a.outers, *b.outers):
            outers[id(row)] = (outers[id(row)][0] + u, row) if id(row) in outers else (u, row)
        if len(outers) > _ROWS:
            raise _Dense
        rest = tuple(outers.values())
        if not len(a.rows) or not len(b.rows):
            main = a if len(a.rows) else b
            return Block(a.size, main.rows, main.columns, main.values, rest)
        if np.array_equal(a.rows, b.rows) and np.array_equal(a.columns, b.columns):
            return Block(a.size, a.rows, a.columns, a.values + b.values, rest)
        places = [x.rows * self.n + x.columns for x in (a, b)]
        union = np.union1d(*places)
        values = linear((1, _placed(x.values, p, union)) for x, p in zip((a, b), places, strict=True))
        self._count(len(union))
        return Block(a.size, union // self.n, union % self.n, values, rest)

    def _mapped(self, matrix: Matrix, d: Block) -> Block:
        if d.size < matrix.columns:  # one number stands for all elements
            return self._scaled(mapped(matrix, as_node(1)), d, matrix.rows)
        outers = tuple((mapped(matrix, u), row) for u, row in d.outers)
        starts = np.searchsorted(d.rows, np.arange(d.size + 1))
        counts = (starts[1:] - starts[:-1])[matrix.places]
        self._count(int(counts.sum()))
        begins = np.repeat(starts[:-1][matrix.places] - (np.cumsum(counts) - counts), counts)
        which = begins + np.arange(int(counts.sum()))
        places = np.repeat(matrix.at, counts) * self.n + d.columns[which]
        union, place = np.unique(places, return_inverse=True)
        if not len(union):
            return Block(matrix.rows, union, union, as_node(0), outers)
        sums = Matrix.sums((len(union), len(d.rows)), place, which, np.repeat(matrix.entries, counts))
        values = d.values if sums.identity else mapped(sums, d.values)
        return Block(matrix.rows, union // self.n, union % self.n, values, outers)


def _at(values: Node, places: np.ndarray) -> Node:
    """Elements of a node."""
    if values.size == 1 or np.array_equal(places, np.arange(values.size)):
        return values
    return Map.of(Matrix.selection(places, values.size), values)


def _placed(values: Node, own: np.ndarray, union: np.ndarray) -> Node:
    """Values at some places as values at more places, with zeros in between."""
    if len(own) == len(union):
        return values
    where = np.searchsorted(union, own)
    shape = (len(union), len(own))
    return Map.of(Matrix.sums(shape, where, np.arange(len(own)), np.ones(len(own))), spread(values, len(own)))


def _weights(node: Node) -> Iterable[tuple[Node, Node]]:
    """∂node/∂a for every operand a of a node that goes element by element."""
    one, zero = as_node(1), as_node(0)
    match node:
        case Linear(terms):
            return [(a, as_node(c)) for c, a in terms]
        case Product(a, b) if a is b:
            return [(a, linear([(2, a)]))]
        case Product(a, b):
            return [(a, b), (b, a)]
        case Quotient(a, b):
            return [(a, 1 / b), (b, -(node / b))]
        case Function(law, output, args, params):
            values: tuple[Node, ...] = node.siblings()
            units = [tuple(one if j == i else zero for j in range(len(args))) for i in range(len(args))]
            return [(a, law.differentials(args, units[i], values, params)[output]) for i, a in enumerate(args)]
        case Local(name, u, params):
            return [(u, Local.of(name + "'", u, params))]
        case Select(chooser, tests, branches):
            units = [tuple(one if j == i else zero for j in range(len(branches))) for i in range(len(branches))]
            return [(b, Select.of(chooser, tests, units[i])) for i, b in enumerate(branches)]
        case _:
            raise _Dense
