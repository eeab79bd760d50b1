"""Gradients and products with Jacobians, each by one sweep over the graph of a function.

gradient(f, p)            ∂f/∂p, in the form of p
value_and_gradient(f, p)  (f(p), ∂f/∂p)
jvp(f, p, v)              J·v, in the form of what f returns
vjp(f, p, w)              Jᵀ·w, in the form of p
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from taylorad.derive.adjoint import adjoint
from taylorad.derive.derived import Call, Derived
from taylorad.derive.pulled import Pulled
from taylorad.derive.sheet import Sheet
from taylorad.derive.tangent import tangent
from taylorad.derive.tree import Branch, Tree, shapes_of
from taylorad.errors import ShapeError
from taylorad.series.node import Node, as_node
from taylorad.trace.cells import row
from taylorad.trace.graph import Graph, Shape, leaf_sizes

__all__ = [
    "adjoint_graph",
    "both",
    "called",
    "fits",
    "gradient",
    "gradient_graph",
    "jvp",
    "moved",
    "result_tree",
    "tangent_graph",
    "value_and_gradient",
    "vjp",
]

Function = Callable[..., Any]


def gradient(f: Function, p: Any = None, *, args: Sequence[Any] = (), batch: int = 0) -> Any:
    """The gradient of a function that returns one number.

    Parameters
    ----------
    f : function of an array or a number (or of a list, tuple or dict of them)
        written with operators, numpy, scipy.special or taylorad functions.
    p : the point
        Its numbers choose the ring: float64, complex128 (then f is taken as holomorphic), Fraction (exact), mpmath,
        Arb balls (rigorous), Taylor series. Inside a function that is being traced, p may be a traced value.
        Without it a compiled callable is returned, ``g(p, *args)``, traced at its first call.
    args : further arguments of f
    batch : int
        How many of the last axes of p count points: for 1 an array (*shape, m) is m points.

    Returns the gradient, in the form of p. Raises ShapeError where f does not return one number, DomainError or
    SingularExpansionError where it has no derivative. Not rigorous in float. Cost: at most five times the operations
    of f, whatever the number of variables.

    >>> import numpy as np, taylorad as ta
    >>> ta.gradient(lambda x: np.sum(x**2), np.array([1.0, 2.0]))
    array([2., 4.])
    """
    return called(Derived("gradient", _gradient, f, 0, batch), p, (), args)


def value_and_gradient(f: Function, p: Any = None, *, args: Sequence[Any] = (), batch: int = 0) -> Any:
    """The value and the gradient, ``(f(p), ∂f/∂p)``, in one sweep; see :func:`gradient`.

    >>> import numpy as np, taylorad as ta
    >>> value, slope = ta.value_and_gradient(lambda x: x**3, 2.0)
    >>> float(value), float(slope)
    (8.0, 12.0)
    """
    return called(Derived("value_and_gradient", both, f, 0, batch), p, (), args)


def jvp(f: Function, p: Any = None, v: Any = None, *, args: Sequence[Any] = (), batch: int = 0) -> Any:
    """The Jacobian times a vector: the derivative of f along v, in the form of what f returns.

    v has the form of p. Without a point a callable ``g(p, v, *args)``. Otherwise as :func:`gradient`. Cost: at most
    three times the operations of f.

    >>> import numpy as np, taylorad as ta
    >>> ta.jvp(lambda x: x * x[0], np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    array([0., 1.])
    """
    return called(Derived("jvp", _jvp, f, 1, batch), p, (v,), args)


def vjp(f: Function, p: Any = None, w: Any = None, *, args: Sequence[Any] = (), batch: int = 0) -> Any:
    """The transposed Jacobian times a vector of weights: the gradient of Σ w·f, in the form of p.

    w has the form of what f returns. Without a point a callable ``g(p, w, *args)``. Otherwise as :func:`gradient`.
    Cost: at most five times the operations of f.

    >>> import numpy as np, taylorad as ta
    >>> ta.vjp(lambda x: x * x[0], np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    array([2., 1.])
    """
    return called(Derived("vjp", _vjp, f, 1, batch), p, (w,), args)


def called(derived: Derived, p: Any, beside: tuple[Any, ...], args: Sequence[Any]) -> Any:
    """The derivative at a point, or itself without one."""
    if not callable(derived.function):
        raise TypeError(f"{derived.__name__} is of a function, got {derived.function!r}")
    if p is None:
        return derived
    if any(b is None for b in beside):
        raise TypeError(f"{derived.__name__} at a point needs its second vector too")
    return derived(p, *beside, *args)


# ---------------------------------------------------------------------- graphs
# All return the results of f too, before anything else: they must exist for a derivative to exist.
def gradient_graph(pulled: Pulled, caller: str = "a gradient") -> Graph:
    """(f, ∂f/∂p)."""
    value = pulled.scalar(caller)
    roots = (value, *adjoint([value], [as_node(1)], pulled.leaves))
    return Graph(pulled.shapes, roots, ["tuple", [], [((), 0, 1), pulled.like(1)]], pulled.graph.dtype)


def tangent_graph(pulled: Pulled) -> Graph:
    """The arguments and a direction, to (f, J·v)."""
    along = pulled.more([leaf.size for leaf in pulled.leaves])
    roots = (*pulled.roots, *tangent(pulled.roots, pulled.leaves, along))
    outputs = ["tuple", [], [pulled.outputs, moved(pulled.outputs, len(pulled.roots))]]
    return Graph((*pulled.shapes, *shapes_of(pulled.tree)), roots, outputs, pulled.graph.dtype)


def moved(outputs: Any, by: int) -> Any:
    """The same outputs in roots further back."""
    if isinstance(outputs, list):
        return [*outputs[:2], [moved(part, by) for part in outputs[2]]]
    shape, begin, end = outputs
    return (shape, begin + by, end + by)


def adjoint_graph(pulled: Pulled) -> Graph:
    """The arguments and weights of the results, to (f, Jᵀ·w)."""
    shapes = shapes_of(result_tree(pulled.outputs))
    fresh = iter(pulled.more([n for shape in shapes for n in leaf_sizes(shape)]))
    bars: list[Node] = []
    for shape, begin, end in _places(pulled.outputs):
        leaves = [next(fresh) for _ in leaf_sizes(shape)]
        bars += leaves if len(leaves) == end - begin else [row(leaves[0], i) for i in range(end - begin)]
    roots = (*pulled.roots, *adjoint(pulled.roots, bars, pulled.leaves))
    outputs = ["tuple", [], [pulled.outputs, pulled.like(len(pulled.roots))]]
    return Graph((*pulled.shapes, *shapes), roots, outputs, pulled.graph.dtype)


def _places(outputs: Any) -> list[Any]:
    return [x for part in outputs[2] for x in _places(part)] if isinstance(outputs, list) else [outputs]


def result_tree(outputs: Any) -> Tree:
    """The form of what a graph returns."""
    if isinstance(outputs, list):
        return Branch(outputs[0], tuple(outputs[1]), tuple(result_tree(part) for part in outputs[2]))
    return outputs[0]


# ---------------------------------------------------------------------- calls
def _gradient(derived: Derived, call: Call) -> Any:
    return both(derived, call)[1]


def both(derived: Derived, call: Call) -> Any:
    """The value and the gradient."""
    sheet = derived.made(call, "gradient", lambda pulled: Sheet(gradient_graph(pulled), pulled.first))
    return sheet([*call.arrays, *call.data], call.batch)


def _jvp(derived: Derived, call: Call) -> Any:
    fits(call.beside[0], call.tree, call.batch, "the direction", "the point")
    sheet = derived.made(call, "tangents", lambda pulled: Sheet(tangent_graph(pulled), pulled.first))
    return sheet([*call.arrays, *call.data, *call.beside[0][1]], call.batch)[1]


def _vjp(derived: Derived, call: Call) -> Any:
    sheet, tree = derived.made(
        call, "adjoints", lambda pulled: (Sheet(adjoint_graph(pulled), pulled.first), result_tree(pulled.outputs))
    )
    weights = _apart(call.beside[0], tree)
    fits(weights, tree, call.batch, "the weights", "what the function returns")
    return sheet([*call.arrays, *call.data, *weights[1]], call.batch)[1]


def _apart(given: tuple[Tree, list[Any]], tree: Tree) -> tuple[Tree, list[Any]]:
    """A vector as the list of numbers that it stands for."""
    if isinstance(tree, Branch) and not isinstance(given[0], Branch) and all(part == () for part in tree.parts):
        (array,) = given[1]
        if array.shape[:1] == (len(tree.parts),):
            return tree, [array[i] for i in range(len(array))]
    return given


def fits(given: tuple[Tree, list[Any]], tree: Tree, batch: Shape, what: str, whose: str) -> None:
    """Raise ShapeError where a vector does not have the form of what it goes with."""
    want, got = shapes_of(tree), [a.shape for a in given[1]]
    if len(want) != len(got) or any(s != w and s != (*w, *batch) for s, w in zip(got, want, strict=True)):
        raise ShapeError(f"{what} must have the form of {whose}: arrays of shapes {want}, got {got}")
