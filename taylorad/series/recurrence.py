"""The one recurrence: coefficient k of every kind of node, from lower coefficients. Written once, for every ring.

With θ = t·d/dt, coefficient k of θa is k·a_k. A function obeys θv = dv by its rule in the book, where each
term of dv has a factor θu and θu has no constant term; so coefficient k of dv needs v below k only, and
v_k = (dv)_k/k. A state of x′ = f(x) is the same: x_k = f_{k−1}/k.

A homogeneous function of one argument, f(c·u) = c^a·f(u), obeys u·θv = a·v·θu (Euler), where v_k stands on the left:

    k·u_0·v_k = Σ (a·j − (k − j))·u_j·v_{k−j},  j = 1 … k.

That is one sum instead of two, and right to the last digits where a·j is next to k − j; a rule asks for it.

Nothing here branches on a value and nothing loops over k or j: the sums live in the ring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from taylorad.rings.ring import Element, Ring
from taylorad.series.costate import Costate
from taylorad.series.node import (
    Constant,
    Function,
    Linear,
    Local,
    Map,
    Node,
    Product,
    Quotient,
    Select,
    State,
    Theta,
)

__all__ = ["Store", "advance", "constant", "dependencies", "initial"]

Store = Mapping[Node, Any]


def constant(ring: Ring, value: object) -> Element:
    """A constant node's value in a ring."""
    return ring.constant(value) if isinstance(value, str) else ring.lift(value)


def initial(ring: Ring, node: Node, c: Store) -> Element:
    """Coefficient 0 of a node without a value of its own in the ring (functions, locals and selects are the run's)."""
    if node.valuation > 0:
        return ring.zero()
    match node:
        case Constant(value):
            return constant(ring, value)
        case Linear(terms):
            return _combine(ring, [(f, c[a][0]) for f, a in terms])
        case Product(a, b):
            return ring.mul(c[a][0], c[b][0])
        case Quotient(a, b):
            return ring.div(c[a][0], c[b][0])
        case Map(matrix, a):
            return ring.map(matrix, c[a][0])
        case State():
            return c[node.start][0]
        case Costate():
            return ring.mul(c[node.weight][0], c[node.source][0])
        case _:
            raise TypeError(f"{type(node).__name__} has no initial coefficient of its own")


def advance(ring: Ring, node: Node, c: Store) -> Callable[[Any], Element]:
    """The step that computes coefficient k ≥ 1 of a node; the only place where a recurrence is written."""
    match node:
        case Linear(terms):
            moving = [(f, a) for f, a in terms if a.degree > 0]
            return lambda k: _combine(ring, [(f, c[a][k]) for f, a in moving])
        case Product(a, b) if b.degree == 0:
            return lambda k: ring.mul(c[a][k], c[b][0])
        case Product(a, b) if a.degree == 0:
            return lambda k: ring.mul(c[b][k], c[a][0])
        case Product(a, b):
            lo, hi = a.valuation, b.valuation
            return lambda k: ring.convolve(c[a], c[b], lo, k - hi, k)
        case Quotient(a, b) if b.degree == 0:
            return lambda k: ring.div(c[a][k], c[b][0])
        case Quotient(a, b) if a.degree == 0:
            return lambda k: ring.div(ring.neg(ring.convolve(c[node], c[b], 0, ring.before(k), k)), c[b][0])
        case Quotient(a, b):
            lo = a.valuation
            return lambda k: ring.div(
                ring.sub(c[a][k], ring.convolve(c[node], c[b], lo, ring.before(k), k)), c[b][0]
            )
        case Theta(a):
            return lambda k: ring.times_int(c[a][k], k)
        case Map(matrix, a):
            return lambda k: ring.map(matrix, c[a][k])
        case Function(_, _, args, _) if node.exponent is not None:
            u, a, minus = args[0], node.exponent, ring.lift(-1)
            return lambda k: ring.over_int(ring.div(ring.weighted(c[u], c[node], c[a][0], minus, k), c[u][0]), k)
        case Function():
            dv = node.differential
            if dv.degree == 0:  # a step function, constant between its jumps
                zero = ring.zero()
                return lambda k: zero
            return lambda k: ring.over_int(c[dv][k], k)
        case State():
            rhs = node.rhs
            return lambda k: ring.over_int(c[rhs][ring.before(k)], k)
        case Costate():
            rhs, source, weight = node.rhs, node.source, node.weight
            return lambda k: ring.mul(c[weight][k], ring.add(c[source][k], c[rhs][ring.before(k)]))
        case _:
            raise TypeError(f"{type(node).__name__} has no recurrence")


def dependencies(node: Node, k: int) -> tuple[Node, ...]:
    """The nodes whose coefficient k must stand before coefficient k of ``node`` is computed (k = 0, or any k ≥ 1)."""
    match node:
        case State():
            return (node.start,) if k == 0 else ()
        case Costate():
            return (node.source, node.weight)
        case _ if k == 0:
            return node.operands
        case Product(a, b):
            return (a,) * (b.valuation == 0) + (b,) * (a.valuation == 0)
        case Quotient(a) if 0 < a.valuation <= a.degree:
            return (a,)
        case Function():
            return () if node.degree == 0 else node.args if node.exponent is not None else (node.differential,)
        case Local():
            return (node.u,)
        case Select():
            return node.branches
        case _:
            return node.operands


def _combine(ring: Ring, terms: list[tuple[Any, Element]]) -> Element:
    total = None
    for f, x in terms:
        if total is None:
            total = x if f == 1 else ring.neg(x) if f == -1 else ring.scale(x, f)
        elif f == 1:
            total = ring.add(total, x)
        elif f == -1:
            total = ring.sub(total, x)
        else:
            total = ring.add(total, ring.scale(x, f))
    return ring.zero() if total is None else total
