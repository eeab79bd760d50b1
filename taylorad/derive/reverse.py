"""Reverse over Taylor: the gradient along a line, to any order, by one sweep over series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylorad.derive.derived import Call, Derived
from taylorad.derive.gradient import called, fits, gradient_graph
from taylorad.derive.pulled import Pulled
from taylorad.errors import MixedRingError
from taylorad.series.node import Leaf, Node
from taylorad.series.substitute import substitute
from taylorad.taylor.series import check_order
from taylorad.trace.graph import Graph, assemble, leaf_sizes
from taylorad.trace.machine import Machine, leaves_of

__all__ = ["gradient_series"]


def gradient_series(
    f: Callable[..., Any], p: Any, v: Any, order: int, *, args: Sequence[Any] = (), batch: int = 0
) -> Any:
    """The Taylor coefficients of t ↦ ∇f(p + t·v), k = 0 … order: arrays (order+1, *shape, *batch), in the form of p.

    Coefficient 0 is the gradient, 1 the Hessian times v, k the derivative tensor of order k+1 contracted k times with v
    over k!: the adjoint of a truncated product is a truncated product, so one sweep backwards over series gives them
    all. For points of float64 or complex128. Arguments and errors are those of :func:`taylorad.gradient`; OrderError
    for a bad order, TraceError where f cannot be traced. Not rigorous. Cost: five times that of the series of f,
    O(order²) for each product, quotient and function.

    >>> import numpy as np, taylorad as ta
    >>> ta.gradient_series(lambda x: x[0] ** 3 * x[1], np.array([1.0, 2.0]), np.array([1.0, 0.0]), order=2)
    array([[ 6.,  1.],
           [12.,  3.],
           [ 6.,  3.]])
    """
    evaluate = partial(_series, check_order(order))
    return called(Derived("gradient_series", evaluate, f, 1, batch), p, (v,), args)


def _series(order: int, derived: Derived, call: Call) -> Any:
    tree, directions = call.beside[0]
    fits((tree, directions), call.tree, call.batch, "the direction", "the point")
    if call.traced or any(a.dtype == object for a in (*call.arrays, *directions)):
        raise MixedRingError("gradient_series takes points of float64 or complex128; use ta.jet for other numbers")
    machine: Machine = derived.made(call, f"series {order}", partial(_machine, order))
    shapes = machine.graph.shapes
    rows = [_line(x, v, s, call, machine.graph.dtype) for x, v, s in zip(call.arrays, directions, shapes, strict=False)]
    rows += [np.asarray(x, machine.graph.dtype)[None] for x in call.data]
    found = machine.run(leaves_of(shapes, rows), call.batch, 1)
    return assemble(machine.graph.outputs, found, call.batch)[1]


def _line(x: Any, v: Any, shape: tuple[int, ...], call: Call, dtype: Any) -> np.ndarray:
    """The rows of x + t·v."""
    out = np.empty((2, *shape, *call.batch), dtype)
    for k, given in enumerate((x, v)):
        own = given.shape[len(shape) :]
        out[k] = given.reshape((*shape, *(1,) * (len(call.batch) - len(own)), *own))
    return out


def _machine(order: int, pulled: Pulled) -> Machine:
    graph = gradient_graph(pulled)
    sizes = [n for shape in graph.shapes for n in leaf_sizes(shape)]
    moving = len(pulled.leaves)
    leaves: dict[int, Node] = {pulled.first + i: Leaf.of(i, int(i < moving), n) for i, n in enumerate(sizes)}
    return Machine(Graph(graph.shapes, tuple(substitute(graph.roots, leaves)), graph.outputs, graph.dtype), order)
