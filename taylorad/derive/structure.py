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
from fractions import Fraction
from typing import final

import numpy as np

from taylorad.derive.adjoint import dependents, mapped, spread
from taylorad.series.matrix import Matrix
from taylorad.series.node import Function, Leaf, Linear, Local, Map, Node, Product, Quotient, Select, as_node, linear

__all__ = ["Block", "Part", "Row", "structure"]

_FEW = 2  # variables on which a number may depend that is still spread out over the rows of a sparse matrix
_ENTRIES, _EACH = 4096, 200  # entries of all matrices together, and as many for each variable
_ROWS = 32
_PARTS = 8


@final
@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of variables: ``values`` (of their number, or of size 1: all equal) in ``columns``."""

    columns: np.ndarray
    values: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A sparse matrix: ``values`` (one for each entry, or of size 1) at (``rows``, ``columns``), in rising order."""

    rows: np.ndarray
    columns: np.ndarray
    values: Node


@final
@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A matrix of ``size`` rows: the sum of sparse ``parts`` (diagonals, mostly), plus Σ u·row (``outers``)."""

    size: int
    parts: tuple[Part, ...] = ()
    outers: tuple[tuple[Node, Row], ...] = ()


class _Dense(Exception):
    """The matrices have too many entries."""


def structure(roots: Sequence[Node], leaf: Leaf) -> list[Block] | None:
    """The Jacobian of every root by one array of variables; None where sweeps along the variables are the better way.

    Cost: time and memory as the entries of the sparse matrices of all nodes.
    """
    every = np.arange(leaf.size)
    found: dict[Node, Block] = {leaf: Block(leaf.size, (Part(every, every, as_node(1)),))}
    maker = _Maker(leaf.size)
    try:
        for node in dependents(roots, [leaf]):
            if node not in found:
                found[node] = maker.of(node, found)
    except _Dense:
        return None
    return [found.get(r, Block(r.size)) for r in roots]


@final
class _Maker:
    """What nodes do to matrices of n columns."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.entries = 0

    def of(self, node: Node, known: dict[Node, Block]) -> Block:
        if isinstance(node, Map):
            return self._mapped(node.matrix, known[node.a])
        total = Block(node.size)
        for a, weight in _weights(node):
            if a in known and weight is not as_node(0):
                total = self._sum(total, self._scaled(weight, known[a], node.size))
        return total

    def _count(self, entries: int) -> None:
        self.entries += entries
        if self.entries > _ENTRIES + _EACH * self.n:
            raise _Dense

    def _scaled(self, weight: Node, d: Block, size: int) -> Block:
        """diag(weight)·d; where d is of one number, for each of ``size`` elements."""
        outers = [(weight * u, row) for u, row in d.outers]
        if d.size == size:
            same = [Part(p.rows, p.columns, _at(weight, p.rows) * p.values) for p in d.parts]
            return Block(size, tuple(same), tuple(outers))
        parts: list[Part] = []
        for p in d.parts:
            count = len(p.columns)
            if count > _FEW:
                outers.append((weight, Row(p.columns, p.values)))
                continue
            rows = np.repeat(np.arange(size), count)
            values = _at(weight, rows) * _at(p.values, np.tile(np.arange(count), size))
            parts.append(Part(rows, np.tile(p.columns, size), values))
            self._count(len(rows))
        return Block(size, tuple(parts), tuple(outers))

    def _sum(self, a: Block, b: Block) -> Block:
        outers: dict[int, tuple[Node, Row]] = {}
        for u, row in (*a.outers, *b.outers):
            outers[id(row)] = (outers[id(row)][0] + u, row) if id(row) in outers else (u, row)
        if len(outers) > _ROWS:
            raise _Dense
        parts = list(a.parts)
        for p in b.parts:
            same = (i for i, q in enumerate(parts) if len(q.rows) == len(p.rows) and _equal(p, q))
            i = next(same, None)
            if i is None:
                parts.append(p)
            else:
                parts[i] = Part(p.rows, p.columns, parts[i].values + p.values)
        return Block(a.size, (self._union(parts),) if len(parts) > _PARTS else tuple(parts), tuple(outers.values()))

    def _union(self, parts: Sequence[Part]) -> Part:
        """One matrix for several."""
        places = [p.rows * self.n + p.columns for p in parts]
        union = np.unique(np.concatenate(places))
        self._count(len(union))
        values = linear((1, _placed(p.values, q, union)) for p, q in zip(parts, places, strict=True))
        return Part(union // self.n, union % self.n, values)

    def _mapped(self, matrix: Matrix, d: Block) -> Block:
        if d.size < matrix.columns:  # one number stands for all elements
            return self._scaled(mapped(matrix, as_node(1)), d, matrix.rows)
        parts = [self._product(matrix, p, d.size) for p in d.parts]
        outers = tuple((mapped(matrix, u), row) for u, row in d.outers)
        return self._sum(Block(matrix.rows), Block(matrix.rows, tuple(p for p in parts if len(p.rows)), outers))

    def _product(self, matrix: Matrix, p: Part, size: int) -> Part:
        """matrix·p, for a matrix p of ``size`` rows."""
        starts = np.searchsorted(p.rows, np.arange(size + 1))
        counts = (starts[1:] - starts[:-1])[matrix.places]
        total = int(counts.sum())
        self._count(total)
        begins = np.repeat(starts[:-1][matrix.places] - (np.cumsum(counts) - counts), counts)
        which = begins + np.arange(total)
        factors = np.repeat(matrix.entries, counts)
        places = np.repeat(matrix.at, counts) * self.n + p.columns[which]
        union, first, place = np.unique(places, return_index=True, return_inverse=True)
        if len(union) == total and total and np.all(factors == factors[0]):
            values = linear([(Fraction(float(factors[0])), _at(p.values, which[first]))])
        elif total:
            values = mapped(Matrix.sums((len(union), len(p.rows)), place, which, factors), p.values)
        else:
            values = as_node(0)
        return Part(union // self.n, union % self.n, values)


def _equal(p: Part, q: Part) -> bool:
    return np.array_equal(p.rows, q.rows) and np.array_equal(p.columns, q.columns)


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
