"""Many series as one node, and one node as many: the two forms of a traced array, and the way between them.

An array of n series is either an object array of nodes, its *cells*, or one node of size n, a *vector*. Cells are
right where elements go different ways, a vector where all do the same: its code does not grow with n. Up to
``FEW`` elements cells are used in any case, because their kernels take points in lanes and have an unrolled form.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.errors import TraceError
from taylorad.series.matrix import Matrix
from taylorad.series.node import Constant, Linear, Map, Node, as_node, linear

__all__ = ["FEW", "constants", "gather", "is_exact", "number", "row", "vector"]

FEW = 8


def is_exact(value: Any) -> bool:
    """Whether a value is a fraction, or a number of mpmath, which is one too; a ball is, where it has no radius."""
    if hasattr(value, "_mpf_"):  # Arb balls show their middle there
        return not hasattr(value, "rad") or bool(value.rad() == 0)
    return isinstance(value, Fraction)


def number(value: Any) -> Node:
    """A number as a node; a finite float is the fraction that it is, so that constants fold."""
    value = value.item() if isinstance(value, np.generic) else value
    if hasattr(value, "_mpf_"):
        if not is_exact(value):
            raise TraceError(f"{value} has a radius, and constants are numbers; give it as an argument")
        sign, m, e, _ = value._mpf_
        value = Fraction(-int(m) if sign else int(m)) * Fraction(2) ** e
    if isinstance(value, bool):
        value = int(value)
    elif isinstance(value, complex) and value.imag == 0:
        value = value.real
    if isinstance(value, float) and np.isfinite(value):
        value = Fraction(value)
    return as_node(value)


def constants(values: np.ndarray) -> Node:
    """A constant vector: real or complex numbers in one node of their size (of size 1 where all are equal)."""
    flat: Any = np.asarray(values).ravel()
    if flat.size and np.all(flat == flat[0]):
        return number(flat[0])
    if flat.dtype.kind == "c":
        return constants(flat.real) + number(1j) * constants(flat.imag)
    return Map.of(Matrix(flat[:, None]), as_node(1))


def row(node: Node, i: int) -> Node:
    """Element i of a vector."""
    if node.size == 1:
        return node
    if isinstance(node, Map) and node.a is Constant.of(1):
        return number(node.matrix.take([i]).entries.sum())
    return Map.of(_unit(i, node.size), node)


@functools.lru_cache(maxsize=4096)
def _unit(i: int, n: int) -> Matrix:
    return Matrix.selection([i], n)


def gather(node: Node, places: np.ndarray) -> Node:
    """The elements of a vector at some places, as a vector; a place −1 gives 0."""
    if node.size == 1 or (places.size == node.size and np.array_equal(places, np.arange(node.size))):
        return node
    if isinstance(node, Map) and node.a.degree == 0 and node.a.size == 1 and np.all(places >= 0):
        return Map.of(node.matrix.take(places), node.a)
    return Map.of(Matrix.selection(places, node.size), node)


def vector(cells: Sequence[Node]) -> Node:
    """Cells as one node: elements taken from one vector go back together, so that no scalar is left of them."""
    parts: dict[Node, list[tuple[int, Node, Any]]] = {}
    for i, cell in enumerate(cells):
        for c, a in cell.terms if isinstance(cell, Linear) else ((1, cell),):
            if isinstance(a, Constant) and a.rational:
                parts.setdefault(as_node(1), []).append((i, a, c * a.value))
            else:
                parts.setdefault(a.a if isinstance(a, Map) else a, []).append((i, a, c))
    return linear((1, _joined(source, terms, len(cells))) for source, terms in parts.items())


def _joined(source: Node, terms: list[tuple[int, Node, Any]], n: int) -> Node:
    """Σ c·a in element i, over terms (i, a, c) of which each a is the source itself or a map of it to one element."""
    rows: list[int] = []
    places: list[int] = []
    entries: list[float] = []
    for i, a, c in terms:
        if isinstance(a, Map):
            rows += [i] * len(a.matrix.places)
            places += a.matrix.places.tolist()
            entries += [float(c) * x for x in a.matrix.entries.tolist()]
        else:
            rows.append(i)
            places.append(0)
            entries.append(float(c))
    matrix = Matrix.sums((n, source.size), rows, places, entries)
    return source if matrix.identity else Map.of(matrix, source)
