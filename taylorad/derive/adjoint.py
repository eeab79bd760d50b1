"""The adjoint of a graph: the graph of its gradient, made of the same kinds of node by one sweep backwards.

Every node n passes its bar, the derivative of the result with respect to n, on to what it is made of. A product and a
quotient know how, a map takes the transposed matrix, a select chooses among bars as it chose among branches. A function
asks its rule: the total differential is linear in du, so the rule with the bar in the place of du *is* what goes to u,
and no derivative is stated a second time. A local entry has its derivative by its jet (a prime behind its name).

The bars are series like the nodes: order k of the adjoint graph along x + t·v is the k-th Taylor coefficient of the
gradient, because the adjoint of a truncated product is a truncated product (A. Griewank and A. Walther, Evaluating
Derivatives, 2nd ed., SIAM 2008, §3.2 and §13.3).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from fractions import Fraction

import numpy as np

from taylorad.errors import TraceError, UnsupportedFunctionError
from taylorad.series.matrix import Matrix
from taylorad.series.node import (
    Function,
    Linear,
    Local,
    Map,
    Node,
    Product,
    Quotient,
    Select,
    as_node,
    linear,
)

__all__ = ["adjoint", "dependents", "mapped", "spread"]


def adjoint(roots: Sequence[Node], bars: Sequence[Node], wanted: Sequence[Node]) -> list[Node]:
    """Σ over the roots r of bar_r·∂r/∂w, for each node w of ``wanted``: a node of the size of w.

    Bars have the sizes of their roots, or size 1 for equal elements. Raises TraceError for a node without a derivative.
    Cost: one visit of each node; the result has at most five times the nodes of the roots, products counted.
    """
    order = dependents(roots, wanted)
    parts: dict[Node, list[Node]] = {n: [] for n in order}
    for root, bar in zip(roots, bars, strict=True):
        if root in parts:
            parts[root].append(bar)
    sums: dict[Node, Node] = {}
    for n in reversed(order):
        sums[n] = linear((1, bar) for bar in parts[n])
        if sums[n] is not _ZERO:
            for a, bar in _passed(n, sums[n], parts):
                if a in parts:
                    parts[a].append(bar if isinstance(n, Map) else _reduced(bar, n.size, a.size))
    return [spread(sums.get(w, _ZERO), w.size) for w in wanted]


def spread(bar: Node, size: int) -> Node:
    """A node of a size from one that stands for equal elements."""
    return bar if bar.size == size else Map.of(Matrix(np.ones((size, 1))), bar)


_ZERO = as_node(0)


def mapped(matrix: Matrix, a: Node) -> Node:
    """A·a, where the elements of a node of size 1 are all equal."""
    if a.size == matrix.columns > 1:
        return Map.of(matrix, a)
    weights = np.bincount(matrix.at, matrix.entries, matrix.rows)
    if np.all(weights == weights[0]):
        return linear([(Fraction(float(weights[0])), a)])
    return Map.of(Matrix(weights[:, None]), a)


def dependents(roots: Sequence[Node], wanted: Sequence[Node]) -> list[Node]:
    """The nodes below the roots that depend on some of ``wanted``, each after what it is made of.

    Raises UnsupportedFunctionError where the parameter of a function does.
    """
    aims = frozenset(wanted)
    depends: dict[Node, bool] = {}
    todo = list(roots)
    while todo:
        n = todo[-1]
        missing = [a for a in n.operands if a not in depends]
        if n not in depends and missing:
            todo.extend(missing)
            continue
        todo.pop()
        if n not in depends:
            depends[n] = n in aims or any(depends[a] for a in n.operands)
            if isinstance(n, (Function, Local)) and any(depends[a] for a in n.params):
                name = n.name if isinstance(n, Local) else n.law.name
                raise UnsupportedFunctionError(
                    f"derivatives of {name} with respect to its parameters are not in the book"
                )
    return [n for n, does in depends.items() if does]


def _passed(n: Node, bar: Node, known: Container[Node]) -> Iterable[tuple[Node, Node]]:
    """What each operand of a node receives, if it is one of ``known``."""
    match n:
        case Linear(terms):
            return [(a, linear([(c, bar)])) for c, a in terms]
        case Product(a, b) if a is b:
            return [(a, linear([(2, bar * a)]))]
        case Product(a, b):
            return [(a, bar * b), (b, bar * a)]
        case Quotient(a, b):
            share = bar / b
            return [(a, share), (b, -(share * n))]
        case Map(matrix, a):
            return [(a, mapped(matrix.transposed(), bar))]
        case Function(law, output, args, params):
            values: tuple[Node, ...] = n.siblings()
            return [
                (u, law.differentials(args, _alone(bar, i, len(args)), values, params)[output])
                for i, u in enumerate(args)
                if u in known
            ]
        case Local(name, u, params):
            return [(u, bar * Local.of(name + "'", u, params))]
        case Select(chooser, tests, branches):
            return [
                (b, Select.of(chooser, tests, _alone(bar, i, len(branches))))
                for i, b in enumerate(branches)
                if b in known
            ]
        case _:
            return _none(n)


def _alone(bar: Node, i: int, count: int) -> tuple[Node, ...]:
    """The bar in place i, and zeros around it."""
    return tuple(bar if j == i else _ZERO for j in range(count))


def _none(n: Node) -> Iterable[tuple[Node, Node]]:
    if n.operands:
        raise TraceError(f"a node of kind {type(n).__name__} has no adjoint")
    return ()


def _reduced(bar: Node, own: int, size: int) -> Node:
    """The bar of an operand: summed up where one number went to all elements."""
    if size == own or size > 1:
        return bar
    return mapped(Matrix(np.ones((1, own))), bar)
