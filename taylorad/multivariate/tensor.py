"""Derivatives of higher order of functions of several variables.

derivative_tensor(f, p, order)   all partial derivatives of one order, an array (*shape, …, *shape)
directional(f, p, v, k)          the k-th derivative along v
mixed(f, p, [v, w, …])           the derivative along v, then along w, …
laplacian(f, p)                  the sum of the second derivatives along the axes, or along other directions

Each is one sweep with truncated polynomials (:mod:`taylorad.multivariate.swept`), except for functions of long arrays
in floats: those stay functions of arrays along lines, from which tensors up to order 4 are interpolated
(:mod:`taylorad.multivariate.rays`). ``docs/decisions/multivariate.md`` has the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations
from math import factorial, prod
from typing import Any

import numpy as np

from taylorad.derive.tree import Branch, shapes_of
from taylorad.errors import DomainError, OrderError, ShapeError, TraceError
from taylorad.multivariate.rays import SAFE, interpolated
from taylorad.multivariate.space import Space, space
from taylorad.multivariate.swept import Swept, of
from taylorad.rings.graded_monomials import LIMIT, Monomials
from taylorad.rings.graded_rays import Rays
from taylorad.taylor.series import check_order

__all__ = ["derivative_tensor", "directional", "laplacian", "mixed"]

Function = Callable[..., Any]
_ROOM = 1 << 19  # numbers at a time


def derivative_tensor(f: Function, p: Any = None, *, order: int, args: Sequence[Any] = (), batch: int = 0) -> Any:
    """All partial derivatives of one order: entry [i, j, …] is ∂/∂p_i ∂/∂p_j … f.

    Parameters
    ----------
    f : function of an array (or a number), written with operators, numpy, scipy.special or taylorad functions
        It may return a number, an array, or a tuple, list or dict of them.
    p : the point, an array of shape (*shape)
        Its numbers choose the ring: float64, complex128, Fraction (exact), mpmath, Arb balls (rigorous). Without it a
        callable ``T(p, *args)`` is returned.
    order : int ≥ 0
    args : further arguments of f
    batch : int
        How many of the last axes of p count points: for 1 an array (*shape, m) is m points.

    Returns an array (*results, *shape, …, *shape, *batch), symmetric, with ``order`` times the shape of the point.
    Raises ShapeError where p is not one array, OrderError where the tensor is too large for memory or f loses
    orders, DomainError and SingularExpansionError where f has no Taylor series at p. Not rigorous in float. Cost:
    C(2n + order, order) multiplications for each product and function of f in n variables. Functions of long arrays
    (more than eight elements) cost C(n + order − 1, order) series instead, up to order 4, and rounding errors may be
    C(2·order − 1, order) times those of a series: 3, 10, 35 for orders 2, 3, 4.

    >>> import numpy as np, taylorad as ta
    >>> ta.derivative_tensor(lambda x: x[0] ** 2 * x[1], np.array([1.0, 2.0]), order=3)
    array([[[0., 2.],
            [2., 0.]],
    <BLANKLINE>
           [[2., 0.],
            [0., 0.]]])
    """
    order = check_order(order)
    return of(Swept("derivative_tensor", lambda s, call: _tensor(s, call, order), f, batch, 0), p, (), args)


def _tensor(swept: Swept, call: Any, order: int) -> Any:
    if isinstance(call.tree, Branch):
        raise ShapeError(
            f"derivative_tensor is taken by one array, not by a {call.tree.kind}: write f as one of an array"
        )
    shape = call.tree
    n = prod(shape)
    if 8 * n**order > LIMIT:
        raise OrderError(
            f"derivatives of order {order} by {n} variables are {n}^{order} numbers, {8 * n**order / 2**30:.3g} GiB: "
            f"more than the limit of {LIMIT >> 30} GiB; expand with ta.variables, which keeps each derivative once"
        )
    where = _space(n, max(order, 1))
    places, factors = _entries(where.monomials, order)

    if 1 <= order <= SAFE and swept.arrays(call):
        try:
            return _from_rays(swept, call, where.monomials, order)
        except DomainError:
            pass  # by polynomials, which may do what the graph cannot, or say why not

    def wanted(c: Any) -> Any:
        rows = c[places]
        scaled = rows * (
            factors.reshape(-1, *[1] * (rows.ndim - 1)) if rows.dtype != object else factors.astype(object)
        )
        return scaled[_index(where.monomials, order)].reshape((*shape * order, *call.batch))[()]

    return swept.coefficients(call, np.eye(n, dtype=int), lambda: where, wanted)


def _from_rays(swept: Swept, call: Any, monomials: Monomials, order: int) -> Any:
    """The tensor of a function of arrays, whose graph stays one of arrays along each ray."""
    shape, axes = call.tree, len(call.batch)
    step = max(1, _ROOM // (monomials.count * (order + 1)))
    results: list[Any] = []  # what f returns, flattened, for the rays so far

    def along(rays: np.ndarray) -> np.ndarray:
        found = swept.lines(call, rays, order)
        arrays: list[np.ndarray] = []
        form = _leaves(
            found, lambda c: arrays.append(c[order] if len(rays) > 1 else c[order][..., None]) or len(arrays)
        )
        results[:] = [form, [a.shape[:-1] for a in arrays]]
        return np.concatenate([a.reshape(-1, a.shape[-1]) for a in arrays])

    derivatives = interpolated(monomials, order, along, step)
    form, shapes = results
    tensors: list[Any] = []
    begin = 0
    for s in shapes:
        flat = derivatives[:, begin : begin + prod(s)].reshape(-1, *s)[_index(monomials, order)]
        begin += prod(s)
        inner = range(order, order + len(s) - axes)
        moved = flat.transpose(*inner, *range(order), *range(order + len(s) - axes, flat.ndim))
        tensors.append(moved.reshape((*s[: len(s) - axes], *shape * order, *call.batch))[()])
    return _leaves(form, lambda i: tensors[i - 1])


def _space(n: int, order: int, cap: int | None = None) -> Space:
    names = tuple(f"t{i + 1}" for i in range(n))
    return space(names, order, (cap,) * n if cap else ())


@lru_cache(maxsize=64)
def _entries(monomials: Monomials, order: int) -> tuple[np.ndarray, np.ndarray]:
    """The places of the monomials of one degree, and e_1!·e_2!·… of each."""
    block = monomials.block(order)
    table = np.array([factorial(e) for e in range(order + 1)], np.int64 if order <= 20 else object)
    return np.arange(block.start, block.stop), np.prod(table[monomials.exponents[block]], axis=1)


@lru_cache(maxsize=16)
def _index(monomials: Monomials, order: int) -> np.ndarray:
    """Which monomial of degree ``order`` is ∂_i ∂_j …, an array (n, …, n)."""
    n = monomials.count
    found = np.zeros((n,) * order + (n,), np.int16)
    unit = np.eye(n, dtype=np.int16)
    for axis in range(order):
        found += unit.reshape((1,) * axis + (n,) + (1,) * (order - 1 - axis) + (n,))
    return monomials.find(found) - monomials.offsets[order]


def directional(
    f: Function, p: Any = None, v: Any = None, k: int = 1, *, args: Sequence[Any] = (), batch: int = 0
) -> Any:
    """The k-th derivative of t ↦ f(p + t·v) at t = 0, in the form of what f returns.

    v has the form of p, which may also be a list, tuple or dict of arrays. Without a point a callable
    ``d(p, [v], *args)``. Otherwise as :func:`derivative_tensor`. Cost: (k + 1)(k + 2)/2 multiplications for each
    product and function of f, whatever the number of variables.

    >>> import numpy as np, taylorad as ta
    >>> float(ta.directional(lambda x: x[0] ** 3 * x[1], np.array([1.0, 2.0]), np.array([1.0, 0.0]), 2))
    12.0
    """
    k = check_order(k)
    where = _space(1, max(k, 1))

    def evaluate(swept: Swept, call: Any) -> Any:
        along = swept.directions(call)
        if along.dtype != object and all(a.dtype != object for a in call.arrays) and not call.traced:
            try:
                return _leaves(swept.lines(call, along, k), lambda c: _scaled(c[k], k))
            except (TraceError, DomainError):
                pass  # by polynomials, which may do what the graph cannot, or say why not
        return swept.coefficients(call, along, lambda: where, lambda c: _scaled(c[k], k))

    return of(Swept("directional", evaluate, f, batch, 1), p, (None if v is None else [v],), args)


def mixed(
    f: Function, p: Any = None, vectors: Sequence[Any] | None = None, *, args: Sequence[Any] = (), batch: int = 0
) -> Any:
    """The derivative along each of m vectors in turn, D^m f(p)[v, w, …], in the form of what f returns.

    The vectors have the form of p. Without a point a callable ``d(p, vectors, *args)``. Otherwise as
    :func:`derivative_tensor`, whose contraction with the vectors this is. Cost: 3^m multiplications for each product
    and function of f, whatever the number of variables. Functions of long arrays cost 2^m − 1 series instead, up to
    m = 4, where rounding errors may be 3, 9, 28 times those of a series for m = 2, 3, 4.

    >>> import numpy as np, taylorad as ta
    >>> x, y = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    >>> float(ta.mixed(lambda p: p[0] ** 2 * p[1], np.array([1.0, 2.0]), [x, x, y]))
    2.0
    """

    def evaluate(swept: Swept, call: Any) -> Any:
        along = swept.directions(call)
        if len(along) <= SAFE and along.dtype != object and swept.arrays(call):
            try:
                return _polarized(swept, call, along)
            except DomainError:
                pass  # by polynomials, which may do what the graph cannot, or say why not
        where = _space(len(along), len(along), 1)
        return swept.coefficients(call, along, lambda: where, lambda c: c[len(where) - 1])

    return of(Swept("mixed", evaluate, f, batch, 1), p, (vectors,), args)


def _polarized(swept: Swept, call: Any, along: np.ndarray) -> Any:
    """D^m f[v_1, …, v_m] = Σ_S (−1)^(m−|S|)·c_m(Σ_S v_r) over subsets S, with the m-th coefficients c_m along lines.

    The vectors are brought to one size by powers of two, so that rounding errors grow by Σ_S |S|^m/m! at most.
    """
    m = len(along)
    sizes = np.abs(along).reshape(m, -1).max(axis=1)
    scales = 2.0 ** (np.frexp(np.where(sizes > 0, sizes, 1.0))[1] - 1)
    unit = along / scales.reshape(m, *[1] * (along.ndim - 1))
    subsets = [list(s) for r in range(1, m + 1) for s in combinations(range(m), r)]
    signs = np.array([(-1.0) ** (m - len(s)) for s in subsets]) * np.prod(scales)
    found = swept.lines(call, np.array([unit[s].sum(axis=0) for s in subsets]), m)
    return _leaves(found, lambda c: (c[m] if m > 1 else c[m][..., None]) @ signs)


def laplacian(
    f: Function,
    p: Any = None,
    directions: Sequence[Any] | None = None,
    *,
    args: Sequence[Any] = (),
    batch: int = 0,
) -> Any:
    """Σ_i ∂²f/∂p_i², or Σ_r of the second derivatives along given directions, in the form of what f returns.

    With ``directions`` v_r, each in the form of p, this is the operator tr(V·Vᵀ·Hessian) of a diffusion. Without a
    point a callable ``L(p, *args)``. Otherwise as :func:`derivative_tensor`. Cost: three multiplications for each
    direction, product and function of f: the second derivatives are added up on the way (collapsed Taylor mode,
    :mod:`taylorad.rings.graded_rays`); twice that for functions of long arrays, which stay arrays along each direction.

    >>> import numpy as np, taylorad as ta
    >>> float(ta.laplacian(lambda x: x @ x, np.array([1.0, 2.0, 3.0])))
    6.0
    """

    def evaluate(swept: Swept, call: Any) -> Any:
        along = (
            np.eye(sum(map(prod, shapes_of(call.tree))), dtype=int) if directions is None else swept.directions(call)
        )
        if swept.arrays(call) and along.dtype != object:
            try:
                return _added(swept, call, along)
            except DomainError:
                pass  # by polynomials, which may do what the graph cannot, or say why not
        count = len(along)
        squares = np.cumsum(np.arange(count + 1))[1:] + count  # the places of t_r² in their degree's order

        def eagerly(c: Any) -> Any:
            return _scaled(c[squares].sum(axis=0), 2)

        return swept.coefficients(
            call, along, lambda: _space(count, 2), eagerly, Rays.of(count, 2), lambda c: _scaled(c[len(c) - 1], 2)
        )

    beside = () if directions is None else (directions,)
    return of(Swept("laplacian", evaluate, f, batch, len(beside)), p, beside, args)


def _added(swept: Swept, call: Any, along: np.ndarray) -> Any:
    """The sum of second derivatives along lines, some of them at a time: for graphs of arrays, which stay arrays."""
    numbers = sum(a.size for a in call.arrays)
    step = max(1, _ROOM // max(1, numbers))
    total: Any = None
    for begin in range(0, len(along), step):
        rows = along[begin : begin + step]
        found = swept.lines(call, rows, 2)
        one = len(rows) == 1
        part = _leaves(found, lambda c, one=one: 2.0 * (c[2] if one else c[2].sum(axis=-1)))
        total = part if total is None else _sum(total, part)
    return total


def _sum(a: Any, b: Any) -> Any:
    if isinstance(a, dict):
        return {key: _sum(x, b[key]) for key, x in a.items()}
    if isinstance(a, (list, tuple)):
        return type(a)(_sum(x, y) for x, y in zip(a, b, strict=True))
    return a + b


def _leaves(result: Any, wanted: Callable[[Any], Any]) -> Any:
    if isinstance(result, dict):
        return {key: _leaves(x, wanted) for key, x in result.items()}
    if isinstance(result, (list, tuple)):
        return type(result)(_leaves(x, wanted) for x in result)
    return wanted(result)


def _scaled(c: Any, k: int) -> Any:
    """k!·c."""
    factor = factorial(k)
    return c * (factor if not isinstance(c, (np.ndarray, np.number)) or c.dtype == object else float(factor))
