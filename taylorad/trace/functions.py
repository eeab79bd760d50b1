"""numpy's array functions on traced values.

Three families cover most of them: functions that only move elements (reshape, concatenate, roll …), which numpy
itself applies to the *places* of the elements; functions that are linear in one large argument, whose matrix is found
by applying them to unit vectors; and sums of products, which numpy applies to the nodes.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylorad.book.operators import SQUARE_ROOT
from taylorad.errors import TraceError
from taylorad.series.matrix import Matrix
from taylorad.series.node import Map, as_node, linear
from taylorad.taylor.dispatch import horner
from taylorad.trace.array import Traced, TracedArray, from_cells, from_node, lift
from taylorad.trace.cells import FEW, gather, number
from taylorad.trace.condition import Condition
from taylorad.trace.elementwise import plain
from taylorad.trace.form import Form
from taylorad.trace.operators import book
from taylorad.trace.pieces import interpolated, piecewise, selected

__all__ = ["FUNCTIONS", "METHODS", "choose", "conjugate", "fold", "matmul", "total"]

_LARGEST = 1 << 24  # entries of a matrix found by unit vectors
_UNITS = 64  # elements up to which unit vectors are the quickest way to a matrix


# ---------------------------------------------------------------------- three families
def _moved(function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """numpy moves places; zeros that it fills in have place 0."""
    sources: list[Any] = []
    begins = [1]

    def place(value: Any) -> np.ndarray:
        x = lift(value)
        sources.append(x)
        begins.append(begins[-1] + x.size)
        return np.arange(begins[-2], begins[-1]).reshape(x.shape)

    def every(value: Any) -> Any:
        return [every(part) for part in value] if isinstance(value, (list, tuple)) else place(value)

    first = args[0]
    if isinstance(first, TracedArray) and first.form == "cells" and function in _VIEWING:
        return from_cells(function(first._cells, *args[1:], **kwargs), first.dtype)
    moving = range(len(args)) if function in _ALL_MOVE else _SECOND.get(function, (0,))
    given = [every(x) if i in moving else x for i, x in enumerate(args)]
    places = function(*given, **kwargs)
    dtype = _dtype(sources)
    if isinstance(places, (list, tuple)):
        return [_collect(np.asarray(p), sources, begins, dtype) for p in places]
    return _collect(np.asarray(places), sources, begins, dtype)


def _collect(places: np.ndarray, sources: list[Any], begins: list[int], dtype: Any) -> Any:
    if len(sources) == 1 and sources[0].form == "vector" and places.size > FEW and np.all(places > 0):
        out = from_node(gather(sources[0].vector, places.ravel() - 1), places.shape, dtype)
        sources[0]._lent = out._view = True
        return out
    if places.size > FEW and any(x.form == "vector" for x in sources):
        flat = places.ravel()
        inside = [np.where((flat >= a) & (flat < b), flat - a, -1) for a, b in itertools.pairwise(begins)]
        parts = [(1, _placed(x, at)) for x, at in zip(sources, inside, strict=True) if np.any(at >= 0)]
        return from_node(linear(parts), places.shape, dtype)
    pool = np.concatenate([np.array([number(0)], object), *(x.cells.ravel() for x in sources)])
    return from_cells(np.asarray(pool[places], object) if places.ndim else pool[int(places)], dtype)


def _placed(x: Any, at: np.ndarray) -> Any:
    """The elements ``at`` of a traced array, and 0 where that is −1."""
    node = x.vector
    if node.size == 1:
        return Map.of(Matrix((at >= 0)[:, None]), node)
    return gather(node, at)


def _multilinear(function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Sums of products: by their matrix where one large argument is traced, else on the nodes."""
    args = tuple(lift(x) if _leaves(x) and not isinstance(x, Traced) and function in _ONE_ARRAY else x for x in args)
    traced = [x for x in (*args, *kwargs.values()) if isinstance(x, Traced)]
    if len(traced) == 1 and not any(_leaves(x) for x in args if x is not traced[0]) and function not in _PRODUCTS:
        (x,) = traced
        places = [i for i, a in enumerate(args) if a is x]
        if places and x.size and (x.form == "vector" or x.size <= FEW):
            found = _mapped(function, args, kwargs, places[0], x)
            if found is not None:
                return found
    cells = [
        x.cells if isinstance(x, Traced) else lift(x).cells if isinstance(x, np.ndarray) and x.dtype.kind in "fc" else x
        for x in args
    ]
    kwargs = {k: v.cells if isinstance(v, Traced) else v for k, v in kwargs.items()}
    found = function(*cells, **kwargs)
    return from_cells(found if isinstance(found, np.ndarray) else as_node(found), _dtype([*traced, *_numbers(args)]))


def _leaves(value: Any) -> list[Any]:
    """Traced values and arrays among (nested) arguments."""
    if isinstance(value, (list, tuple)):
        return [x for part in value for x in _leaves(part)]
    return [value] if isinstance(value, Traced) or (isinstance(value, np.ndarray) and value.dtype == object) else []


def _dtype(values: Sequence[Any]) -> Any:
    return np.result_type(np.float64, *(x.dtype for x in values))


def _numbers(args: Sequence[Any]) -> list[Any]:
    return [x for x in args if isinstance(x, np.ndarray) and x.dtype.kind == "c"]


def _mapped(function: Any, args: Sequence[Any], kwargs: dict[str, Any], at: int, x: Any) -> Any:
    """The matrix of a function linear in argument ``at``, times that argument; None where cells are better."""

    def call(value: np.ndarray) -> np.ndarray:
        return np.asarray(function(*args[:at], value, *args[at + 1 :], **kwargs))

    zero = call(np.zeros(x.shape))
    if zero.dtype.kind == "c" or np.any(zero) or max(zero.size, x.size) <= FEW:
        return None
    if x.size > _UNITS:
        rows = _rows(call, x.shape)
        if rows is not None:
            return _through(rows, x, zero.shape)
    if zero.size * x.size > _LARGEST:
        return None
    matrix = np.empty((zero.size, x.size))
    for j in range(x.size):
        unit = np.zeros(x.size)
        unit[j] = 1
        matrix[:, j] = call(unit.reshape(x.shape)).ravel()
    return _through(Matrix(matrix), x, zero.shape)


def _rows(call: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...]) -> Matrix | None:
    """The matrix of a linear function, by applying it to rows of the identity; None where it takes numbers only."""
    n = math.prod(shape)
    units = np.empty(n, object)
    units[:] = [Form({j: 1.0}) for j in range(n)]
    try:
        found = np.asarray(call(units.reshape(shape)), object).ravel()
    except (TypeError, ValueError, AttributeError):
        return None
    if not all(isinstance(f, (Form, int, float)) for f in found):
        return None
    terms = [f.terms if isinstance(f, Form) else {} for f in found]
    rows = np.repeat(np.arange(len(terms)), [len(t) for t in terms])
    columns = [j for t in terms for j in t]
    return Matrix.sums((len(terms), n), rows, columns, [x for t in terms for x in t.values()])


def _through(matrix: Matrix, x: Any, shape: tuple[int, ...]) -> Any:
    """A matrix times the elements of a traced array, in a shape."""
    if matrix.rows > FEW:
        return from_node(Map.of(matrix, x.vector), shape, x.dtype)
    cells = np.empty(matrix.rows, object)
    for i in range(matrix.rows):
        cells[i] = Map.of(matrix.take([i]), x.vector)
    return from_cells(cells.reshape(shape), x.dtype)


# ---------------------------------------------------------------------- functions of their own
def total(a: Any, axis: Any = None, keepdims: bool = False, **kwargs: Any) -> Any:
    kwargs.pop("dtype", None)
    a = lift(a)
    if kwargs:
        raise TraceError(f"np.sum of a traced value takes no {', '.join(kwargs)}")
    if not a.shape:
        return a
    axes = (
        tuple(range(a.ndim))
        if axis is None
        else tuple(int(i) % a.ndim for i in (axis if isinstance(axis, tuple) else (axis,)))
    )
    rest = [i for i in range(a.ndim) if i not in axes]
    shape = tuple(a.shape[i] for i in rest)
    whole = [1 if i in axes else m for i, m in enumerate(a.shape)] if keepdims else shape
    if a.form == "vector" and a.vector.size > 1:
        places = np.arange(a.size).reshape(a.shape).transpose(*rest, *axes).ravel()
        count = math.prod(shape)
        rows = np.repeat(np.arange(count), a.size // max(1, count))
        return _through(Matrix.sums((count, a.size), rows, places, 1.0), a, tuple(whole))
    flat = a.cells.transpose(*axes, *rest).reshape(-1, int(np.prod(shape, dtype=int)))
    cells = np.empty(flat.shape[1], object)
    for i in range(flat.shape[1]):
        cells[i] = linear((1, n) for n in flat[:, i])
    return from_cells(cells.reshape(whole), a.dtype)


def fold(pair: Callable[[Any, Any], Any], a: Any, axis: Any, keepdims: bool) -> Any:
    """One element after the other along some axes."""
    if not a.shape:
        return a
    axes = range(a.ndim) if axis is None else [int(i) % a.ndim for i in (axis if isinstance(axis, tuple) else (axis,))]
    rest = [i for i in range(a.ndim) if i not in axes]
    shape = tuple(a.shape[i] for i in rest)
    front = _moved(np.transpose, (a, [*axes, *rest]), {})
    found = functools.reduce(pair, list(_moved(np.reshape, (front, (-1, *shape)), {})))
    return found.reshape([1 if i in axes else m for i, m in enumerate(a.shape)]) if keepdims and a.ndim else found


def _mean(a: Any, axis: Any = None, keepdims: bool = False, **kwargs: Any) -> Any:
    a = lift(a)
    whole = total(a, axis, keepdims, **kwargs)
    return whole / (a.size // max(1, whole.size))


def _variance(a: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    a = lift(a)
    offset = a - _mean(a, axis, True)
    whole = total(offset * offset, axis, keepdims)
    return whole / (a.size // max(1, whole.size) - ddof)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = lift(x)
    if ord not in (None, 2, "fro") or (ord == 2 and x.ndim - (axis is not None and x.ndim - 1) > 1):
        raise TraceError(
            f"the norm of a traced value is the Euclidean one; ord={ord!r} is written out with abs and max"
        )
    return book(SQUARE_ROOT, (total(x * conjugate(x), axis, keepdims),))


def conjugate(a: Any) -> Any:
    return _real(a, "the conjugate")


def _real(a: Any, what: str = "the real part") -> Any:
    a = lift(a)
    if a.dtype.kind == "c":
        raise TraceError(f"{what} of a complex series is not analytic; trace the real and imaginary parts apart")
    return a


def choose(condition: Any, *branches: Any) -> Any:
    if len(branches) != 2:
        raise TraceError("np.where of a traced value needs both branches: np.where(condition, a, b)")
    if isinstance(condition, Traced):
        raise TypeError("where needs a condition of bools: compare the traced value with something, x > 0")
    a, b = branches
    if isinstance(condition, Condition):
        return condition.pick(a, b)
    mask = np.asarray(condition, bool)
    a, b = (lift(x) + np.zeros(np.broadcast_shapes(mask.shape, np.shape(a), np.shape(b))) for x in (a, b))
    cells = np.where(mask, a.cells, b.cells)
    return from_cells(cells, _dtype([a, b]))


def _filled(value: Any) -> Callable[..., Any]:
    def like(
        a: Any, fill: Any = value, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, **_: Any
    ) -> Any:
        shape = np.shape(a) if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        cells = np.empty(shape, object)
        cells[...] = number(fill) if plain(fill) else lift(fill).cells[()]
        return from_cells(cells, getattr(a, "dtype", np.float64))

    return like if value is None else lambda a, dtype=None, *args, **kwargs: like(a, value, dtype, *args, **kwargs)


def _copy(a: Any, *_: Any, **__: Any) -> Any:
    a = lift(a)
    return from_cells(np.array(a.cells), a.dtype) if a.form == "cells" else from_node(a.vector, a.shape, a.dtype)


def _dot(a: Any, b: Any) -> Any:
    if not np.ndim(a) or not np.ndim(b):
        return lift(a) * b
    if np.ndim(a) == np.ndim(b) == 1:
        return matmul(a, b)
    return _multilinear(np.dot, (a, b), {})


def _ravelled(a: Any) -> Any:
    return np.ravel(conjugate(a) if isinstance(a, Traced) else np.conjugate(a))


def matmul(a: Any, b: Any) -> Any:
    if not np.ndim(a) or not np.ndim(b):
        raise ValueError("matmul needs arrays with at least one axis on both sides; use * for numbers")
    if np.ndim(a) == np.ndim(b) == 1 and not plain(a) and not plain(b):
        return total(lift(a) * b)
    if isinstance(a, Traced) and isinstance(b, Traced) and "vector" in (a.form, b.form) and max(a.ndim, b.ndim) < 3:
        left = a if a.ndim == 2 else a.reshape(1, -1)
        right = b if b.ndim == 2 else b.reshape(-1, 1)
        if left.shape[1] == right.shape[0]:
            found = total(left.reshape(*left.shape, 1) * right.reshape(1, *right.shape), 1)
            return found.reshape(*a.shape[:-1], *b.shape[1:])
    for x, matrix in ((a, np.asarray(b).T if plain(b) else b), (b, a)):
        if isinstance(x, Traced) and x.form == "vector" and x.ndim == 1 and not isinstance(matrix, Traced):
            entries = np.asarray(matrix)
            if entries.ndim == 2 and entries.dtype.kind in "biuf" and entries.shape[1] == x.size and entries.size:
                return _through(Matrix(entries), x, (len(entries),))
    return _multilinear(np.matmul, (a, b), {})


def _average(a: Any, axis: Any = None, weights: Any = None) -> Any:
    return _mean(a, axis) if weights is None else total(lift(a) * weights, axis) / np.sum(weights)


def _outer(a: Any, b: Any) -> Any:
    """Every product of an element of a with one of b."""
    left, right = (x if isinstance(x, Traced) else np.asarray(x) for x in (a, b))
    return left.reshape(-1, 1) * right.reshape(1, -1)


def _inner(a: Any, b: Any) -> Any:
    return _dot(a, b) if np.ndim(a) < 2 and np.ndim(b) < 2 else _multilinear(np.inner, (a, b), {})


_VIEWING = frozenset(
    (np.reshape, np.ravel, np.transpose, np.squeeze, np.expand_dims, np.moveaxis, np.swapaxes, np.broadcast_to)
)
_ALL_MOVE = frozenset((np.atleast_1d, np.atleast_2d, np.atleast_3d, np.broadcast_arrays, np.meshgrid))
_MOVING: tuple[Any, ...] = (
    *(np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack, np.append, np.block, np.insert),
    *(np.roll, np.flip, np.fliplr, np.flipud, np.rot90, np.take, np.repeat, np.tile, np.resize, np.rollaxis, np.pad),
    *(np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit, np.diag, np.diagflat, np.diagonal, np.triu, np.tril),
    *(np.delete, np.compress, np.take_along_axis),
)
_SECOND: dict[Any, tuple[int, ...]] = {
    np.append: (0, 1),
    np.insert: (0, 2),
}  # arguments that hold elements, if not the first alone
_ONE_ARRAY = frozenset((np.cumsum, np.cumprod, np.diff, np.trace, np.gradient))
_PRODUCTS = frozenset((np.cumprod, np.vander))  # not linear even in one argument
_MULTILINEAR: tuple[Any, ...] = (
    *(np.tensordot, np.einsum, np.cross, np.kron, np.convolve, np.correlate, np.linalg.multi_dot),
    *_ONE_ARRAY,
    *_PRODUCTS,
)


def _family(family: Callable[..., Any], function: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: family(function, args, kwargs)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **{f: _family(_moved, f) for f in (*_MOVING, *_VIEWING, *_ALL_MOVE)},
    **{f: _family(_multilinear, f) for f in _MULTILINEAR},
    np.where: choose,
    np.select: selected(choose),
    np.piecewise: piecewise(choose),
    np.interp: interpolated(choose),
    np.sum: total,
    np.mean: _mean,
    np.average: _average,
    np.var: _variance,
    np.std: lambda *args, **kwargs: book(SQUARE_ROOT, (_variance(*args, **kwargs),)),
    np.polyval: horner,
    np.prod: lambda a, axis=None, keepdims=False: fold(lambda x, y: x * y, lift(a), axis, keepdims),
    np.linalg.norm: _norm,
    np.dot: _dot,
    np.outer: _outer,
    np.inner: _inner,
    np.vdot: lambda a, b: matmul(_ravelled(a), np.ravel(b)),
    np.real: _real,
    np.imag: lambda a: _real(a, "the imaginary part") * 0,
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
    np.copy: _copy,
    np.zeros_like: _filled(0),
    np.ones_like: _filled(1),
    np.empty_like: _filled(0),
    np.full_like: _filled(None),
    np.iscomplexobj: lambda a: lift(a).dtype.kind == "c",
    np.isrealobj: lambda a: lift(a).dtype.kind != "c",
    np.result_type: lambda *args: np.result_type(*(getattr(a, "dtype", a) for a in args)),
}

METHODS: dict[str, Callable[..., Any]] = {
    "flatten": lambda a: _copy(np.ravel(a)),
    "astype": lambda a, dtype, **_: _copy(a),
    "conj": conjugate,
    "conjugate": conjugate,
    "item": lambda a, *index: np.ravel(a)[index[0] if index else 0],
    "tolist": lambda a: [x.tolist() if x.shape else x for x in a] if a.shape else a,
}
