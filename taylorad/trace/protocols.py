"""numpy's protocols on traced values.

Four families cover numpy: functions of the book by their names, element by element; functions that only move
elements (reshape, concatenate, roll …), which numpy itself applies to the *places* of the elements; functions that
are linear in one large argument, whose matrix is found by applying them to unit vectors; and sums of products, which
numpy applies to the nodes.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylorad.book.entry import BOOK, ENTRIES, Formula, Member
from taylorad.book.operators import ABSOLUTE, CONSTANT_POWER, POWER_NAMES, REMAINDER, SERIES_POWER, SQUARE_ROOT
from taylorad.errors import TraceError
from taylorad.series.matrix import Matrix
from taylorad.series.node import Constant, Map, Node, as_node, linear
from taylorad.trace.array import Traced, TracedArray, from_cells, from_node, lift
from taylorad.trace.cells import FEW, gather, number
from taylorad.trace.condition import Condition, greater
from taylorad.trace.elementwise import elementwise, plain

__all__ = ["array_function", "array_ufunc", "book", "method", "operate"]

_LARGEST = 1 << 24  # entries of a matrix found by unit vectors


# ---------------------------------------------------------------------- operators and ufuncs
def operate(name: str, operands: Sequence[Any]) -> Any:
    """A Python operator; NotImplemented for operands that are no numbers."""
    if any(not isinstance(x, (Traced, Condition, np.ndarray)) and not plain(x) for x in operands):
        return NotImplemented
    return _BY_SYMBOL[name](*operands)


def _nodes(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *operands: elementwise(function, operands)


def _power(a: Any, b: Any) -> Any:
    """a**b: products for integral b of any type, else by the rule for constant powers, else exp(b·log a)."""
    if not plain(b):
        return elementwise(SERIES_POWER, (a, b))

    def raised(u: Node, exponent: Any) -> Any:
        whole = np.isfinite(exponent) and exponent == np.rint(np.real(exponent))
        return _whole_power(u, int(np.real(exponent))) if whole else CONSTANT_POWER(u, exponent)

    if np.ndim(b) == 0 or np.size(b) == 1:
        base = a if np.ndim(b) == 0 else lift(a) + np.zeros(np.shape(b))
        exponent = np.asarray(b).item()
        return elementwise(lambda u: raised(u, exponent), (base,))
    a = lift(a)
    cells = from_cells(a.cells, a.dtype)  # exponents differ, so elements go different ways
    return elementwise(lambda u, e: raised(u if isinstance(u, Node) else number(u), e), (cells, b), exact=False)


def _whole_power(u: Node, n: int) -> Node:
    if n < 0:
        return 1 / _whole_power(u, -n)
    result: Node = as_node(1)
    while n:
        if n & 1:
            result = u if result is Constant.of(1) else result * u
        n >>= 1
        u = u * u if n else u
    return result


def _contract(a: Any, b: Any) -> Any:
    if not np.ndim(a) or not np.ndim(b):
        raise ValueError("matmul needs arrays with at least one axis on both sides; use * for numbers")
    if np.ndim(a) == np.ndim(b) == 1 and not plain(a) and not plain(b):
        return _sum(lift(a) * b)
    return _multilinear(np.matmul, (a, b), {})


def book(function: Any, args: Sequence[Any]) -> Any:
    """A function of the book (an entry, or one of its outputs) at traced values and numbers."""
    if isinstance(function, Member) and function.name in POWER_NAMES:
        return _power(*args)
    return elementwise(function, args, exact=False)


_BY_SYMBOL: dict[str, Callable[..., Any]] = {
    "add": _nodes(operator.add),
    "sub": _nodes(operator.sub),
    "mul": _nodes(operator.mul),
    "truediv": _nodes(operator.truediv),
    "neg": _nodes(operator.neg),
    "pow": _power,
    "abs": lambda a: book(ABSOLUTE, (a,)),
    "%": lambda a, b: book(REMAINDER, (a, b)),
    "//": lambda a, b: book(BOOK[np.floor_divide.__name__], (a, b)),
    "gt": greater,
}


def _unknown(a: Any, b: Any) -> Any:
    raise TraceError(
        "whether a traced value equals another is not known; compare with < or > inside ta.where(condition, a, b)"
    )


_UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: _BY_SYMBOL["add"],
    np.subtract: _BY_SYMBOL["sub"],
    np.multiply: _BY_SYMBOL["mul"],
    np.true_divide: _BY_SYMBOL["truediv"],
    np.negative: _BY_SYMBOL["neg"],
    np.positive: lambda a: a,
    np.power: _power,
    np.float_power: _power,
    np.square: _nodes(lambda u: u * u),
    np.conjugate: lambda a: _conjugate(a),
    np.matmul: _contract,
    np.greater: greater,
    np.greater_equal: greater,
    np.less: lambda a, b: greater(b, a),
    np.less_equal: lambda a, b: greater(b, a),
    np.equal: _unknown,
    np.not_equal: _unknown,
}


def array_ufunc(ufunc: Any, how: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``Traced.__array_ufunc__``."""
    out, chosen = kwargs.pop("out", None), kwargs.pop("where", True)
    kwargs = {k: v for k, v in kwargs.items() if k not in ("dtype", "casting", "order", "subok")}
    if how == "reduce":
        found = _reduce(ufunc, *inputs, **kwargs)
    elif how == "outer":
        a, b = (lift(x) for x in inputs)
        found = array_ufunc(ufunc, "__call__", (a.reshape(*a.shape, *(1,) * b.ndim) if a.shape else a, b), kwargs)
    elif how != "__call__" or kwargs:
        raise TraceError(f"np.{ufunc.__name__}.{how} of a traced value cannot be traced; write it with operators")
    elif ufunc in _UFUNCS:
        found = _UFUNCS[ufunc](*inputs)
    else:
        function = BOOK.get(ufunc.__name__) if ufunc.nout == 1 else ENTRIES.get(ufunc.__name__)
        if function is None or (ufunc.nout > 1 and not isinstance(function, Formula)):
            raise TraceError(
                f"{ufunc.__name__} is not in the book of rules, so it cannot be traced; see how to add a function"
            )
        found = book(function, inputs)
    if out is None and chosen is True:
        return found
    return _written(found, out, chosen, ufunc.__name__)


def _written(found: Any, out: Any, chosen: Any, name: str) -> Any:
    target = out[0] if isinstance(out, tuple) else out
    if not isinstance(target, TracedArray):
        raise TraceError(f"{name} writes a traced value into an array of numbers (out=): make it with np.zeros_like(y)")
    target[...] = found if chosen is True else _where(chosen, found, target)
    return target


def _reduce(ufunc: Any, a: Any, axis: Any = 0, keepdims: bool = False, initial: Any = None) -> Any:
    a = lift(a)
    if ufunc is np.add:
        found = _sum(a, axis=axis, keepdims=keepdims)
    else:
        found = _folded(lambda x, y: array_ufunc(ufunc, "__call__", (x, y), {}), a, axis, keepdims)
    return found if initial is None else array_ufunc(ufunc, "__call__", (found, initial), {})


def _folded(pair: Callable[[Any, Any], Any], a: Any, axis: Any, keepdims: bool) -> Any:
    """One element after the other along some axes."""
    if not a.shape:
        return a
    axes = range(a.ndim) if axis is None else [int(i) % a.ndim for i in (axis if isinstance(axis, tuple) else (axis,))]
    rest = [i for i in range(a.ndim) if i not in axes]
    shape = tuple(a.shape[i] for i in rest)
    front = _moved(np.transpose, (a, [*axes, *rest]), {})
    found = functools.reduce(pair, list(_moved(np.reshape, (front, (-1, *shape)), {})))
    return found.reshape([1 if i in axes else m for i, m in enumerate(a.shape)]) if keepdims and a.ndim else found


# ---------------------------------------------------------------------- array functions
def array_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``Traced.__array_function__``."""
    out = kwargs.pop("out", None)
    found = _function(function, args, kwargs)
    return found if out is None else _written(found, out, True, function.__name__)


def _function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    own = _OWN.get(function)
    if own is not None:
        return own(*args, **kwargs)
    if function in _MOVING:
        return _moved(function, args, kwargs)
    if function in _MULTILINEAR:
        return _multilinear(function, args, kwargs)
    named = BOOK.get(function.__name__)
    if named is None:
        raise TraceError(
            f"np.{function.__name__} of a traced value cannot be traced; write it with operators, slices, np.sum, "
            "np.einsum and functions of the book"
        )
    if isinstance(named.entry, Formula) and named.entry.arity == 2 and not plain(args[0]) and len(args) < 2 + ("axis" not in kwargs):
        axis = args[1] if len(args) > 1 else kwargs.pop("axis", None)
        return _folded(lambda a, b: book(named, (a, b)), lift(args[0]), axis, bool(kwargs.pop("keepdims", False)))
    if kwargs:
        raise TraceError(f"np.{function.__name__} of a traced value takes no {', '.join(kwargs)}")
    return book(named, args)


def method(name: str) -> Callable[..., Any] | None:
    """A method of arrays, or a function of the book, by its name."""
    own = _METHODS.get(name)
    if own is not None:
        return own
    function = getattr(np, name, None)
    if function in _OWN or function in _MOVING or function in _MULTILINEAR:
        return lambda a, *args, **kwargs: array_function(function, (a, *args), kwargs)
    named = BOOK.get(name)
    if named is None:
        return None
    if named.entry.arity == 2:  # of one argument it runs over the elements, as numpy's methods do
        return lambda a, *args, **kwargs: array_function(getattr(np, name), (a, *args), kwargs) if _along(args, kwargs) else book(named, (a, *args))
    return lambda a, *args: book(named, (a, *args))


def _along(args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    return bool(kwargs) or not args


def _leaves(value: Any) -> list[Any]:
    """Traced values and arrays among (nested) arguments."""
    if isinstance(value, (list, tuple)):
        return [x for part in value for x in _leaves(part)]
    return [value] if isinstance(value, Traced) or (isinstance(value, np.ndarray) and value.dtype == object) else []


def _dtype(values: Sequence[Any]) -> Any:
    return np.result_type(np.float64, *(x.dtype for x in values))


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
    pool = np.concatenate([np.array([number(0)], object), *(x.cells.ravel() for x in sources)])
    return from_cells(np.asarray(pool[places], object) if places.ndim else pool[int(places)], dtype)


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


def _numbers(args: Sequence[Any]) -> list[Any]:
    return [x for x in args if isinstance(x, np.ndarray) and x.dtype.kind == "c"]


def _mapped(function: Any, args: Sequence[Any], kwargs: dict[str, Any], at: int, x: Any) -> Any:
    """The matrix of a function linear in argument ``at``, times that argument; None where cells are better."""

    def call(value: np.ndarray) -> np.ndarray:
        return np.asarray(function(*args[:at], value, *args[at + 1 :], **kwargs))

    zero = call(np.zeros(x.shape))
    if zero.dtype.kind == "c" or np.any(zero) or zero.size * x.size > _LARGEST or max(zero.size, x.size) <= FEW:
        return None
    matrix = np.empty((zero.size, x.size))
    for j in range(x.size):
        unit = np.zeros(x.size)
        unit[j] = 1
        matrix[:, j] = call(unit.reshape(x.shape)).ravel()
    if zero.size > FEW:
        return from_node(Map.of(Matrix(matrix), x.vector), zero.shape, x.dtype)
    cells = np.empty(zero.size, object)
    for i in range(zero.size):
        cells[i] = Map.of(Matrix(matrix[i : i + 1]), x.vector)
    return from_cells(cells.reshape(zero.shape), x.dtype)


# ---------------------------------------------------------------------- functions of their own
def _sum(a: Any, axis: Any = None, keepdims: bool = False, **kwargs: Any) -> Any:
    kwargs.pop("dtype", None)
    a = lift(a)
    if kwargs:
        raise TraceError(f"np.sum of a traced value takes no {', '.join(kwargs)}")
    if not a.shape:
        return a
    if a.form == "vector":
        return _mapped(functools.partial(np.sum, axis=axis, keepdims=keepdims), (a,), {}, 0, a)
    axes = tuple(range(a.ndim)) if axis is None else tuple(int(i) % a.ndim for i in (axis if isinstance(axis, tuple) else (axis,)))
    rest = [i for i in range(a.ndim) if i not in axes]
    shape = tuple(a.shape[i] for i in rest)
    flat = a.cells.transpose(*axes, *rest).reshape(-1, int(np.prod(shape, dtype=int)))
    cells = np.empty(flat.shape[1], object)
    for i in range(flat.shape[1]):
        cells[i] = linear((1, n) for n in flat[:, i])
    return from_cells(cells.reshape([1 if i in axes else m for i, m in enumerate(a.shape)] if keepdims else shape), a.dtype)


def _mean(a: Any, axis: Any = None, keepdims: bool = False, **kwargs: Any) -> Any:
    a = lift(a)
    total = _sum(a, axis, keepdims, **kwargs)
    return total * np.float64(1) / (a.size // max(1, total.size))


def _variance(a: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    a = lift(a)
    offset = a - _mean(a, axis, True)
    total = _sum(offset * offset, axis, keepdims)
    return total / (a.size // max(1, total.size) - ddof)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = lift(x)
    if ord not in (None, 2, "fro") or (ord == 2 and x.ndim - (axis is not None and x.ndim - 1) > 1):
        raise TraceError(f"the norm of a traced value is the Euclidean one; ord={ord!r} is written out with abs and max")
    return book(SQUARE_ROOT, (_sum(x * _conjugate(x), axis, keepdims),))


def _conjugate(a: Any) -> Any:
    return _real(a, "the conjugate")


def _real(a: Any, what: str = "the real part") -> Any:
    a = lift(a)
    if a.dtype.kind == "c":
        raise TraceError(f"{what} of a complex series is not analytic; trace the real and imaginary parts apart")
    return a


def _where(condition: Any, *branches: Any) -> Any:
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
    def like(a: Any, fill: Any = value, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, **_: Any) -> Any:
        shape = np.shape(a) if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        cells = np.empty(shape, object)
        cells[...] = number(fill) if plain(fill) else lift(fill).cells[()]
        return from_cells(cells, getattr(a, "dtype", np.float64))

    return like if value is None else lambda a, dtype=None, *args, **kwargs: like(a, value, dtype, *args, **kwargs)


def _copy(a: Any, *_: Any, **__: Any) -> Any:
    a = lift(a)
    return from_cells(np.array(a._cells), a.dtype) if a.form == "cells" else from_node(a.vector, a.shape, a.dtype)


def _dot(a: Any, b: Any) -> Any:
    if not np.ndim(a) or not np.ndim(b):
        return lift(a) * b
    if np.ndim(a) == np.ndim(b) == 1:
        return _contract(a, b)
    return _multilinear(np.dot, (a, b), {})


def _ravelled(a: Any) -> Any:
    return np.ravel(_conjugate(a) if isinstance(a, Traced) else np.asarray(a))


_OWN: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.sum: _sum,
    np.mean: _mean,
    np.average: lambda a, axis=None, weights=None: _mean(a, axis) if weights is None else _sum(lift(a) * weights, axis) / np.sum(weights),
    np.var: _variance,
    np.std: lambda *args, **kwargs: book(SQUARE_ROOT, (_variance(*args, **kwargs),)),
    np.prod: lambda a, axis=None, keepdims=False: _reduce(np.multiply, a, axis, keepdims),
    np.amax: lambda *args, **kwargs: _function(np.max, args, kwargs),
    np.amin: lambda *args, **kwargs: _function(np.min, args, kwargs),
    np.linalg.norm: _norm,
    np.dot: _dot,
    np.inner: lambda a, b: _dot(a, b) if np.ndim(a) < 2 and np.ndim(b) < 2 else _multilinear(np.inner, (a, b), {}),
    np.vdot: lambda a, b: _contract(_ravelled(a), np.ravel(b)),
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

_METHODS: dict[str, Callable[..., Any]] = {
    "flatten": lambda a: _copy(np.ravel(a)),
    "astype": lambda a, dtype, **_: _copy(a),
    "conj": _conjugate,
    "conjugate": _conjugate,
    "item": lambda a, *index: np.ravel(a)[index[0] if index else 0],
    "tolist": lambda a: [x.tolist() if x.shape else x for x in a] if a.shape else a,
}

_VIEWING = frozenset(
    (np.reshape, np.ravel, np.transpose, np.squeeze, np.expand_dims, np.moveaxis, np.swapaxes, np.broadcast_to)
)
_MOVING = _VIEWING | frozenset(
    (
        *(np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack, np.append, np.block, np.insert, np.delete),
        *(np.roll, np.flip, np.fliplr, np.flipud, np.rot90, np.take, np.repeat, np.tile, np.resize, np.rollaxis, np.pad),
        *(np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit, np.diag, np.diagflat, np.diagonal, np.triu, np.tril),
        *(np.atleast_1d, np.atleast_2d, np.atleast_3d, np.broadcast_arrays, np.meshgrid, np.compress, np.take_along_axis),
    )
)
_ALL_MOVE = frozenset((np.atleast_1d, np.atleast_2d, np.atleast_3d, np.broadcast_arrays, np.meshgrid))
_SECOND = {np.append: (0, 1), np.insert: (0, 2)}  # which arguments hold elements, where it is not the first alone
_ONE_ARRAY = frozenset((np.cumsum, np.cumprod, np.diff, np.trace, np.gradient))
_PRODUCTS = frozenset((np.cumprod, np.vander))  # not linear even in one argument
_MULTILINEAR = _ONE_ARRAY | _PRODUCTS | frozenset(
    (np.outer, np.tensordot, np.einsum, np.cross, np.kron, np.convolve, np.correlate, np.linalg.multi_dot)
)
