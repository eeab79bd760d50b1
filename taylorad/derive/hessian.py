"""Second derivatives: tangents of the gradient (forward over reverse).

hessian(f, p)    ∂²f/∂p², an array (*shape, *shape)
hvp(f, p, v)     the Hessian times a vector, in the form of p
gh(f)            value, gradient and Hessian at once
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from taylorad.derive.columns import Products
from taylorad.derive.derived import Call, Derived
from taylorad.derive.filled import Filled
from taylorad.derive.gradient import both, called, fits, gradient_graph
from taylorad.derive.jacobian import single, units
from taylorad.derive.pulled import Pulled
from taylorad.derive.sheet import Sheet
from taylorad.derive.tangent import tangent
from taylorad.derive.tree import shapes_of
from taylorad.series.node import Node
from taylorad.trace.graph import Graph, Shape

__all__ = ["gh", "hessian", "hvp"]

Function = Callable[..., Any]


def hessian(f: Function, p: Any = None, *, args: Sequence[Any] = (), batch: int = 0) -> Any:
    """The second derivatives of a function of an array that returns one number: (*shape, *shape), or with *batch.

    Without a point a compiled callable ``H(p, *args)``. Arguments, rings and errors are those of
    :func:`taylorad.gradient`; ShapeError where p is not one array. Cost: at most fifteen times the operations of f for
    each variable.

    >>> import numpy as np, taylorad as ta
    >>> ta.hessian(lambda x: x[0] ** 2 * x[1], np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return called(Derived("hessian", _hessian, f, 0, batch), p, (), args)


def hvp(f: Function, p: Any = None, v: Any = None, *, args: Sequence[Any] = (), batch: int = 0) -> Any:
    """The Hessian times a vector, in the form of p, without the Hessian.

    Without a point a compiled callable ``g(p, v, *args)``, fit for ``scipy.optimize.minimize(…, hessp=…)``. Otherwise
    as :func:`taylorad.gradient`. Cost: at most fifteen times the operations of f.

    >>> import numpy as np, taylorad as ta
    >>> ta.hvp(lambda x: x[0] ** 2 * x[1], np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([4., 2.])
    """
    return called(Derived("hvp", _hvp, f, 1, batch), p, (v,), args)


def gh(f: Function, p: Any = None, *, args: Sequence[Any] = (), batch: int = 0) -> Any:
    """Value, gradient and Hessian at once: ``value, gradient, hessian = ta.gh(f)(p)``.

    The value and the gradient cost nothing beside the Hessian. Otherwise as :func:`hessian`.

    >>> import numpy as np, taylorad as ta
    >>> value, slope, curvature = ta.gh(lambda x: x**3)(2.0)
    >>> float(value), float(slope), float(curvature)
    (8.0, 12.0, 12.0)
    """
    return called(Derived("gh", _gh, f, 0, batch), p, (), args)


# ---------------------------------------------------------------------- graphs
def _product_graph(pulled: Pulled) -> Graph:
    """The arguments and a direction, to (f, the Hessian times it)."""
    value, *slope = gradient_graph(pulled, "a Hessian").roots
    along = pulled.more([leaf.size for leaf in pulled.leaves])
    roots = (value, *tangent(slope, pulled.leaves, along))
    outputs = ["tuple", [], [((), 0, 1), pulled.like(1)]]
    return Graph((*pulled.shapes, *shapes_of(pulled.tree)), roots, outputs, pulled.graph.dtype)


def _few(pulled: Pulled) -> Graph:
    """Value, gradient and the entries of the Hessian for a few variables, each entry once."""
    shape = single(pulled, "a Hessian")
    value, *slope = gradient_graph(pulled, "a Hessian").roots
    n = len(slope)
    rows: list[list[Node]] = []
    for i, unit in enumerate(units(n)):
        rows.append([*(rows[j][i] for j in range(i)), *tangent(slope[i:], pulled.leaves, unit)])
    roots = (value, *slope, *(x for line in rows for x in line))
    parts = [((), 0, 1), (shape, 1, 1 + n), ((*shape, *shape), 1 + n, len(roots))]
    return Graph(pulled.shapes, roots, ["tuple", [], parts], pulled.graph.dtype)


def _made(pulled: Pulled) -> tuple[str, Any, Shape]:
    """How the Hessian is computed, and the shape of the argument.

    For few variables entry by entry; as a sparse matrix and a few ranks, where it has so much structure; else by its
    products with the unit vectors.
    """
    shape = single(pulled, "a Hessian")
    if all(leaf.size == 1 for leaf in pulled.leaves):
        return "few", Sheet(_few(pulled), pulled.first), shape
    filled = Filled.of(pulled, gradient_graph(pulled, "a Hessian").roots[1:])
    if filled is not None:
        return "filled", filled, shape
    return "products", Products(_product_graph(pulled), pulled), shape


# ---------------------------------------------------------------------- calls
def _hvp(derived: Derived, call: Call) -> Any:
    fits(call.beside[0], call.tree, call.batch, "the direction", "the point")
    sheet = derived.made(call, "product", lambda pulled: Sheet(_product_graph(pulled), pulled.first))
    return sheet([*call.arrays, *call.data, *call.beside[0][1]], call.batch)[1]


def _hessian(derived: Derived, call: Call) -> Any:
    way, sheet, shape = derived.made(call, "hessian", _made)
    if way == "few":
        return sheet([*call.arrays, *call.data], call.batch)[2]
    if way == "filled":
        return sheet([*call.arrays, *call.data], call.batch).reshape((*shape, *shape, *call.batch))
    return sheet.columns(call, shape)


def _gh(derived: Derived, call: Call) -> Any:
    way, sheet, _ = derived.made(call, "hessian", _made)
    if way == "few":
        return sheet([*call.arrays, *call.data], call.batch)
    return (*both(derived, call), _hessian(derived, call))
