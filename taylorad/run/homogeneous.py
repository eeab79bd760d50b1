"""A graph as a truncated polynomial in some of its leaves, with graphs for coefficients.

The interpreter runs a graph on a ring whose element of order k is a homogeneous polynomial of degree k in several
variables ε, and whose coefficients are nodes. Euler's operator over ε multiplies it by k, so every rule of the book
holds word for word. What comes out is, monomial by monomial, the graph of each coefficient of f(u + ε): a first
derivative for degree 1, and so on. As series in t these graphs are what a solution's dependence on its initial values
is made of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, final

from taylorad.errors import DomainError, UnsupportedFunctionError
from taylorad.rings.graded_monomials import Monomials
from taylorad.rings.ring import Element, Position, Ring
from taylorad.run.interpret import run
from taylorad.series.node import Constant, Function, Leaf, Local, Node, as_node, linear
from taylorad.series.schedule import schedule
from taylorad.series.substitute import substitute

__all__ = ["Part", "expand"]

Part = Mapping[int, Node]  # coefficients by the number of their monomial


def expand(
    roots: Sequence[Node], leaves: Mapping[int, Sequence[Part]], others: Mapping[int, Node], monomials: Monomials
) -> list[list[Part]]:
    """The parts of degree 0, 1, … of every root.

    ``leaves`` gives the parts of the leaves that vary, ``others`` the nodes that stand for the leaves that do not.
    Raises DomainError for a graph with branches. Cost: one product of polynomials for each product of the graph, and
    two or so for each function; a node for each product of coefficients.
    """
    order = monomials.order
    kept: dict[int, Node] = {}
    kept |= {i: Leaf.of(i) for i in leaves}
    kept |= {i: Leaf.of(i, 0) for i in others}
    plan = schedule(substitute(roots, kept))
    ring = _Homogeneous(monomials)
    buffers: list[list[Part]] = [[{}] * (order + 1) for _ in range(1 + max(kept, default=-1))]
    for i, parts in leaves.items():
        buffers[i] = [*parts, *[{}] * (order + 1 - len(parts))]
    for i, node in others.items():
        buffers[i][0] = {0: node}
    return [list(found) for found in run(plan, ring, buffers, order)]


@final
class _Homogeneous(Ring):
    name = "nodes"

    def __init__(self, monomials: Monomials) -> None:
        rows = [tuple(row) for row in monomials.exponents.tolist()]
        self._place = {row: i for i, row in enumerate(rows)}
        self._rows = rows
        self._products: dict[tuple[int, int], int | None] = {}

    def _times(self, i: int, j: int) -> int | None:
        """The number of the product of two monomials, None where it is truncated."""
        key = (i, j) if i < j else (j, i)
        if key not in self._products:
            both = tuple(a + b for a, b in zip(self._rows[i], self._rows[j], strict=True))
            self._products[key] = self._place.get(both)
        return self._products[key]

    # ------------------------------------------------------------------ elements: dicts of nodes
    def lift(self, value: object) -> Element:
        node = as_node(value)
        return {} if node is Constant.of(0) else {0: node}

    def constant(self, name: str) -> Element:
        return {0: Constant.of(name)}

    def zero(self) -> Element:
        return {}

    def add(self, a: Element, b: Element) -> Element:
        return self._collected([(m, 1, x) for part in (a, b) for m, x in part.items()])

    def sub(self, a: Element, b: Element) -> Element:
        return self.add(a, self.neg(b))

    def neg(self, a: Element) -> Element:
        return self.scale(a, -1)

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        return {m: linear([(factor, x)]) for m, x in a.items()} if factor else {}

    def times_int(self, a: Element, k: Any) -> Element:
        return self.scale(a, k)

    def over_int(self, a: Element, k: Any) -> Element:
        return self.scale(a, Fraction(1, k))

    def mul(self, a: Element, b: Element) -> Element:
        return self._collected(self._pairs(a, b))

    def div(self, a: Element, b: Element) -> Element:
        (divisor,) = b.values()  # the engine divides by parts of degree 0 only
        return {m: x / divisor for m, x in a.items()}

    def _pairs(self, a: Element, b: Element) -> list[tuple[int, int, Node]]:
        found = [(self._times(i, j), x * y) for i, x in a.items() for j, y in b.items()]
        return [(m, 1, product) for m, product in found if m is not None]

    def _collected(self, terms: Sequence[tuple[int, int, Node]]) -> Element:
        parts: dict[int, list[tuple[int, Node]]] = {}
        for m, c, node in terms:
            parts.setdefault(m, []).append((c, node))
        sums = {m: linear(found) for m, found in parts.items()}
        return {m: node for m, node in sums.items() if node is not Constant.of(0)}

    # ------------------------------------------------------------------ buffers
    def buffer(self, order: int) -> Any:
        return [{}] * (order + 1)

    def put(self, buffer: Any, k: Any, element: Element) -> None:
        buffer[k] = element

    def convolve(self, a: Any, b: Any, lo: Any, hi: Any, k: Any) -> Element:
        return self._collected([pair for j in range(lo, hi + 1) for pair in self._pairs(a[j], b[k - j])])

    # ------------------------------------------------------------------ functions at degree 0
    def outputs(self, law: Any, args: Sequence[Element], params: Sequence[Element]) -> tuple[Element, ...]:
        at, constants = (tuple(a.get(0, as_node(0)) for a in given) for given in (args, params))
        return tuple({0: Function.of(law, i, at, constants)} for i in range(len(law.outputs)))

    def value(self, name: str, args: Sequence[Element]) -> Element:
        raise UnsupportedFunctionError(f"{name} has no value of its own as a graph")

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        *params, at = (a.get(0, as_node(0)) for a in args)
        return [
            {0: linear([(Fraction(1, math.factorial(j)), Local.of(name + "'" * j, at, tuple(params)))])}
            for j in range(order + 1)
        ]

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
