"""A graph as a truncated polynomial in some of its leaves, with graphs for coefficients.

The interpreter runs a graph on a ring whose element of order k is a homogeneous polynomial of degree k in several
variables ε, its coefficients one array node. Euler's operator over ε multiplies it by k, so every rule of the book
holds word for word; a product of two parts is a product of array nodes, between matrices that pair the monomials and
add up what meets in one. What comes out is, degree by degree, the graph of f(u + ε): for degree 1 its derivatives, and
so on. As series in t these graphs are what a solution's dependence on its initial values is made of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, final

import numpy as np

from taylorad.errors import DomainError, UnsupportedFunctionError
from taylorad.rings.graded_monomials import Monomials
from taylorad.rings.ring import Element, Position, Ring
from taylorad.run.interpret import run
from taylorad.series.matrix import Matrix
from taylorad.series.node import Constant, Function, Leaf, Local, Map, Node, as_node, linear
from taylorad.series.schedule import schedule
from taylorad.series.substitute import substitute

__all__ = ["expand_parts"]

Parts = Sequence[Node | None]
_WIDE = 4  # numbers in a vector


def expand_parts(
    roots: Sequence[Node], leaves: Mapping[int, Parts], others: Mapping[int, Node], monomials: Monomials
) -> list[list[Node | None]]:
    """The parts of degree 0, 1, … of every root, which are nodes as large as there are monomials; None is 0.

    ``leaves`` gives the parts of the leaves that vary, ``others`` the nodes that stand for the leaves that do not.
    Raises DomainError for a graph with branches, UnsupportedFunctionError for functions without a rule. Cost: one
    product of polynomials for each product of the graph, two or so for each function.
    """
    order = monomials.order
    kept: dict[int, Node] = {}
    kept |= {i: Leaf.of(i) for i in leaves}
    kept |= {i: Leaf.of(i, 0) for i in others}
    plan = schedule(substitute(roots, kept))
    ring = _Parts(monomials)
    buffers: list[list[_Part]] = [[_NOTHING] * (order + 1) for _ in range(1 + max(kept, default=-1))]
    for i, parts in leaves.items():
        buffers[i] = [*(_Part(k, node) for k, node in enumerate(parts)), *[_NOTHING] * (order + 1 - len(parts))]
    for i, node in others.items():
        buffers[i][0] = _Part(0, node)
    return [[part.node for part in found] for found in run(plan, ring, buffers, order)]


class _Part(NamedTuple):
    degree: int
    node: Node | None


_NOTHING = _Part(0, None)


@final
class _Parts(Ring):
    name = "nodes"

    def __init__(self, monomials: Monomials) -> None:
        self._monomials = monomials
        self._tables: dict[tuple[int, int], tuple[Matrix, Matrix, Matrix]] = {}

    def lift(self, value: object) -> Element:
        node = as_node(value)
        return _NOTHING if node is Constant.of(0) else _Part(0, node)

    def constant(self, name: str) -> Element:
        return _Part(0, Constant.of(name))

    def zero(self) -> Element:
        return _NOTHING

    # ------------------------------------------------------------------ arithmetic
    def _sum(self, terms: Sequence[tuple[Any, _Part]]) -> _Part:
        some = [(c, part.node) for c, part in terms if part.node is not None]
        if not some:
            return _NOTHING
        total = linear(some)
        return _NOTHING if total is Constant.of(0) else _Part(max(p.degree for _, p in terms if p.node), total)

    def add(self, a: Element, b: Element) -> Element:
        return self._sum([(1, a), (1, b)])

    def sub(self, a: Element, b: Element) -> Element:
        return self._sum([(1, a), (-1, b)])

    def neg(self, a: Element) -> Element:
        return self._sum([(-1, a)])

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        return self._sum([(factor, a)]) if factor else _NOTHING

    def times_int(self, a: Element, k: Any) -> Element:
        return self.scale(a, k)

    def over_int(self, a: Element, k: Any) -> Element:
        return self.scale(a, Fraction(1, k))

    def div(self, a: Element, b: Element) -> Element:
        return _NOTHING if a.node is None else _Part(a.degree, a.node / b.node)

    def mul(self, a: Element, b: Element) -> Element:
        if a.node is None or b.node is None:
            return _NOTHING
        degree = a.degree + b.degree
        if not (a.degree and b.degree):
            return _Part(degree, a.node * b.node)
        left, right, together = self._table(a.degree, b.degree)
        return _Part(degree, Map.of(together, _times(left, a.node) * _times(right, b.node)))

    def _table(self, i: int, j: int) -> tuple[Matrix, Matrix, Matrix]:
        """Which monomials of degrees i and j to pair, and where their products go.

        All of one factor stand beside one of the other, again and again, filled up to whole vectors by the last one. So
        code reads one factor as vectors and spreads the other, and neither needs a copy in another order.
        """
        found = self._tables.get((i, j))
        if found is None:
            m = self._monomials
            sizes = [m.offsets[k + 1] - m.offsets[k] for k in (i, j, i + j)]
            rows, columns = (-(-size // _WIDE) * _WIDE if size > 1 else 1 for size in sizes[:2])
            if sizes[0] * columns <= sizes[1] * rows:
                p, q = np.divmod(np.arange(sizes[0] * columns), columns)
            else:
                q, p = np.divmod(np.arange(sizes[1] * rows), rows)
            real = (p < sizes[0]) & (q < sizes[1])
            p, q = np.minimum(p, sizes[0] - 1), np.minimum(q, sizes[1] - 1)
            place = m.table(i, j)[p, q]
            real &= place < sizes[2]
            together = Matrix.sums((sizes[2], len(p)), place[real], np.flatnonzero(real), 1.0)
            found = self._tables[i, j] = (Matrix.selection(p, sizes[0]), Matrix.selection(q, sizes[1]), together)
        return found

    # ------------------------------------------------------------------ buffers
    def buffer(self, order: int) -> Any:
        return [_NOTHING] * (order + 1)

    def put(self, buffer: Any, k: Any, element: Element) -> None:
        buffer[k] = element

    def convolve(self, a: Any, b: Any, lo: Any, hi: Any, k: Any) -> Element:
        if a is b and lo + hi == k:
            twice = [(2, self.mul(a[j], b[k - j])) for j in range(lo, (k + 1) // 2)]
            return self._sum([*twice, *([(1, self.mul(a[k // 2], a[k // 2]))] if k % 2 == 0 and 2 * lo <= k else [])])
        return self._sum([(1, self.mul(a[j], b[k - j])) for j in range(lo, hi + 1)])

    # ------------------------------------------------------------------ functions at degree 0
    def outputs(self, law: Any, args: Sequence[Element], params: Sequence[Element]) -> tuple[Element, ...]:
        at, constants = (tuple(as_node(0) if a.node is None else a.node for a in some) for some in (args, params))
        return tuple(_Part(0, Function.of(law, i, at, constants)) for i in range(len(law.outputs)))

    def value(self, name: str, args: Sequence[Element]) -> Element:
        raise UnsupportedFunctionError(f"{name} has no value of its own as a graph")

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        *params, at = (as_node(0) if a.node is None else a.node for a in args)
        jets = [Local.of(name + "'" * j, at, tuple(params)) for j in range(order + 1)]
        return [_Part(0, linear([(Fraction(1, math.factorial(j)), g)])) for j, g in enumerate(jets)]

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Any:
        return Position.INSIDE

    def choose(self, chooser: str, tests: Sequence[Element]) -> Any:
        raise DomainError("a branch (where, abs, sign …) has no derivatives at its switch; write one branch out")

    def pick(self, choice: Any, branches: Sequence[Element]) -> Element:
        raise DomainError("a branch (where, abs, sign …) has no derivatives at its switch; write one branch out")

    def is_zero(self, a: Element) -> bool:
        return False

    def is_finite(self, a: Element) -> bool:
        return True


def _times(matrix: Matrix, node: Node) -> Node:
    return node if matrix.identity else Map.of(matrix, node)
