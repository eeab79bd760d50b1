"""numpy's protocols: ufuncs (numpy's and scipy.special's) and array functions reach the book by their names."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from taylorad.book.entry import ENTRIES, Formula
from taylorad.errors import UnsupportedFunctionError
from taylorad.rings.choice import is_scalar
from taylorad.rings.intervals import Interval
from taylorad.taylor.apply import apply, direct, find, lasting
from taylorad.taylor.construct import constant
from taylorad.taylor.join import common
from taylorad.taylor.series import DIRECT, Taylor

__all__ = ["SHARED", "array_function", "array_ufunc", "horner", "unknown", "where"]

_OPERATORS: dict[Any, Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
    np.power: operator.pow,
    np.float_power: operator.pow,
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.less: operator.lt,
    np.greater: operator.gt,
    np.less_equal: operator.le,
    np.greater_equal: operator.ge,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    np.square: lambda x: x * x,
    np.conjugate: lambda x: x.conjugate(),
}


DIRECT.update(_OPERATORS)


def array_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``Taylor.__array_ufunc__``."""
    known = DIRECT.get(ufunc) if method == "__call__" and not kwargs else None
    if known is not None and type(inputs[0]) is type(inputs[-1]) is Taylor:
        return known(*inputs)
    if any(isinstance(x, np.ndarray) and x.dtype == object for x in inputs):
        return _over_objects(ufunc, method, inputs, kwargs)
    if method != "__call__" or set(kwargs) - {"where"} or kwargs.get("where", True) is not True:
        return NotImplemented
    if ufunc in _OPERATORS:
        return _OPERATORS[ufunc](*_unboxed(inputs))
    if ufunc is np.matmul:
        return _matmul(*inputs)
    if ufunc in DIRECT:
        return DIRECT[ufunc](*inputs)
    entry = ENTRIES.get(ufunc.__name__) if ufunc.nout > 1 else None
    function = find(ufunc.__name__) if ufunc.nout == 1 else entry if isinstance(entry, Formula) else None
    if function is None:
        return unknown(ufunc, inputs, Taylor)
    call = direct(function)
    if lasting(function):
        DIRECT[ufunc] = call
    return call(*inputs)


def unknown(ufunc: Any, inputs: tuple[Any, ...], kind: type) -> Any:
    """What a series (of this kind) answers a ufunc without a rule: an error, unless another type may know it."""
    if not all(isinstance(x, kind) or is_scalar(x) for x in inputs):
        return NotImplemented
    raise UnsupportedFunctionError(
        f"{ufunc.__name__} has no rule in the book: `taylorad functions` lists those that it has, and ta.rule adds one"
    )


def horner(coefficients: Any, x: Any) -> Any:
    """np.polyval: c_0·x^n + … + c_n by Horner's rule."""
    value: Any = 0 * x
    for c in coefficients:
        value = value * x + c
    return value


def _unboxed(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Operands that are not numpy's, so that numpy does not ask again: arrays as exact batches, scalars as Python's."""
    return tuple(
        x
        if not isinstance(x, (np.ndarray, np.generic))
        else constant(x)
        if x.ndim
        else float(x)
        if type(x) is np.longdouble  # its item() is itself
        else x.item()
        for x in inputs
    )


def _over_objects(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A series beside an array of series: it stands for one element of the other."""
    boxed: list[Any] = []
    for x in inputs:
        boxed.append(_box(x) if isinstance(x, Taylor) else x)
    return getattr(ufunc, method)(*boxed, **kwargs)


def _box(x: Any) -> np.ndarray:
    """Anything as an array of objects; numpy would take a series apart."""
    if isinstance(x, np.ndarray):
        return x
    out = np.empty((), object)
    out[()] = x
    return out


def array_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``Taylor.__array_function__``."""
    known = _FUNCTIONS.get(function)
    if known is not None:
        return known(*args, **kwargs)
    named = find(function.__name__)
    if named is not None and not kwargs:
        return apply(named, args)
    return NotImplemented


def where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``: an array of bools chooses for each point of a batch.

    The order is the smaller one, whichever branch is taken. Raises TypeError for a series as the condition, and
    MixedRingError where the branches' rings do not mix. Cost: a copy.
    """
    if isinstance(condition, (Taylor, Interval)):
        raise TypeError("where needs a condition of bools: compare the series or interval with something, x > 0")
    if hasattr(condition, "__array_function__") and not isinstance(condition, np.ndarray):  # of traced values
        return np.where(condition, a, b)
    mask = np.asarray(condition)
    if isinstance(a, Interval) or isinstance(b, Interval):
        return np.where(mask, _box(a), _box(b)) if mask.ndim else a if mask else b
    if not (isinstance(a, Taylor) or isinstance(b, Taylor)):
        return np.where(mask, a, b) if mask.ndim else a if mask else b
    if mask.ndim:
        a, b = a + np.zeros(mask.shape), b + np.zeros(mask.shape)
    (a, b), ring, tag = common((a, b))
    exact = a._exact and b._exact
    orders = [len(s._coefficients) - 1 for s in (a, b)]
    last = max(orders) if exact else min(k for k, s in zip(orders, (a, b), strict=True) if not s._exact)
    x, y = a._buffer(last), b._buffer(last)
    if mask.ndim == 0:
        return Taylor._make(x if mask else y, ring, exact, tag)
    if isinstance(x, list):  # the batch is inside the coefficients
        return Taylor._make([where(mask, p, q) for p, q in zip(x, y, strict=True)], ring, exact, tag)
    return Taylor._make(np.where(mask, x, y), ring, exact, tag)


def _axes(a: Taylor, axis: Any) -> Any:
    """Axes of the batch as axes of the coefficients."""
    n = a.ndim
    if axis is None:
        return tuple(range(1, n + 1))
    shifted = tuple((int(i) % n if n else int(i)) + 1 for i in (axis if isinstance(axis, tuple) else (axis,)))
    return shifted


def _points(a: Any) -> tuple[int, ...]:
    """The shape of the batch, also where it is hidden in the coefficients of a series over series."""
    if not isinstance(a, Taylor):
        return np.shape(a)
    return a.shape or np.broadcast_shapes(*(_points(c) for c in a._coefficients if isinstance(c, Taylor)))


def _along(reduce: Any) -> Callable[..., Any]:
    def reduced(a: Any, axis: Any = None, **kwargs: Any) -> Any:
        if not isinstance(a, Taylor):
            return NotImplemented
        shape = _points(a)
        if not shape:
            return a
        if not a.shape:  # a batch inside a series over series: reduce every coefficient, spread to the whole batch
            data = [reduced(c + np.zeros(shape), axis, **kwargs) for c in a._coefficients]
            return Taylor._make(data, a._ring, a._exact, a._tag)
        data = reduce(a._coefficients, axis=_axes(a, axis), **kwargs)
        out = Taylor(data, exact=a._exact)
        out._tag = a._tag
        return out

    return reduced


def _contracted(product: Callable[..., Any]) -> Callable[..., Any]:
    """A product of numpy's that sums over axes of batches, by its own rules.

    Convolved here and not in the ring, so that BLAS has each pair of coefficients.
    """

    def each(a: Taylor, b: Taylor) -> Any:
        return (a.conjugate() if product is np.vdot else a) * b

    def contracted(a: Any, b: Any) -> Any:
        a, b = (x if isinstance(x, Taylor) else constant(np.asarray(x)) for x in (a, b))
        shapes = _points(a), _points(b)
        if product is not np.matmul and () in shapes:
            return each(a, b)
        if shapes != (a.shape, b.shape) or (a._tag != b._tag and not any(x.exact and x.degree <= 0 for x in (a, b))):
            if len(shapes[0]) == len(shapes[1]) == 1:
                return _FUNCTIONS[np.sum](each(a, b))
            raise UnsupportedFunctionError(
                "matrix products of series in different variables (nested derivatives) are there for vectors only: "
                "write the sums of products out"
            )
        if () in shapes:
            raise ValueError("matmul needs batches with at least one axis on both sides; use * for single series")
        exact = a.exact and b.exact
        orders = [len(s._coefficients) - 1 for s in (a, b)]
        last = sum(orders) if exact else min(k for k, s in zip(orders, (a, b), strict=True) if not s.exact)
        x, y = a._buffer(last), b._buffer(last)
        data = [sum(product(x[j], y[k - j]) for j in range(k + 1)) for k in range(last + 1)]
        out = Taylor(np.array(data), exact=exact)
        out._tag = max(a._tag, b._tag)
        return out

    return contracted


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The Euclidean norm along batch axes."""
    axes = len(_points(x)) if axis is None else np.size(axis)
    if ord is not None and (ord, axes) not in ((2, 1), ("fro", 2)):
        raise ValueError(
            f"the norm of a series is the Euclidean one; ord={ord!r} over {axes} axes is another, and has kinks: "
            "write it out"
        )
    squares = x * x.conjugate()
    return _FUNCTIONS[np.sum](squares, axis=axis, keepdims=keepdims) ** 0.5


SHARED: dict[Any, Callable[..., Any]] = {  # for polynomials in several variables, too
    np.real: lambda a: a.real,
    np.imag: lambda a: a.imag,
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a: int(np.prod(a.shape)),
    np.copy: lambda a: a,
    np.polyval: horner,
    np.zeros_like: lambda a: 0 * a,
    np.ones_like: lambda a: 0 * a + 1,
    np.iscomplexobj: lambda a: a._ring.complex,
    np.isrealobj: lambda a: not a._ring.complex,
}
_matmul = _contracted(np.matmul)
_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: where,
    np.sum: _along(np.sum),
    np.mean: _along(np.mean),
    np.dot: _contracted(np.dot),
    np.vdot: _contracted(np.vdot),
    np.inner: _contracted(np.inner),
    np.linalg.norm: _norm,
    **SHARED,
}
