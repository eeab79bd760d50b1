"""numpy's protocols on traced values: ufuncs, array functions and methods reach the book and numpy by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from taylorad.book.entry import BOOK, ENTRIES, Formula
from taylorad.errors import TraceError
from taylorad.trace.array import TracedArray, lift
from taylorad.trace.condition import greater
from taylorad.trace.functions import FUNCTIONS, METHODS, choose, conjugate, fold, matmul, total
from taylorad.trace.operators import OPERATORS, book, each, operate, power

__all__ = ["array_function", "array_ufunc", "book", "method", "operate"]


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
    target[...] = found if chosen is True else choose(chosen, found, target)
    return target


def _reduce(ufunc: Any, a: Any, axis: Any = 0, keepdims: bool = False, initial: Any = None) -> Any:
    a = lift(a)
    if ufunc is np.add:
        found = total(a, axis=axis, keepdims=keepdims)
    else:
        found = fold(lambda x, y: array_ufunc(ufunc, "__call__", (x, y), {}), a, axis, keepdims)
    return found if initial is None else array_ufunc(ufunc, "__call__", (found, initial), {})


def array_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``Traced.__array_function__``."""
    out = kwargs.pop("out", None)
    found = _function(function, args, kwargs)
    return found if out is None else _written(found, out, True, function.__name__)


def _function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    known = FUNCTIONS.get(function)
    if known is not None:
        return known(*args, **kwargs)
    name = str(_RENAMED.get(function, function.__name__))
    named = BOOK.get(name)
    if named is None:
        raise TraceError(
            f"np.{name} of a traced value cannot be traced; write it with operators, slices, np.sum, np.einsum and "
            "functions of the book"
        )
    if named.entry.arity == 2:  # of one array it runs over the elements
        return _along(named, *args, **kwargs)
    if kwargs:
        raise TraceError(f"np.{name} of a traced value takes no {', '.join(kwargs)}")
    return book(named, args)


def _along(named: Any, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return fold(lambda x, y: book(named, (x, y)), lift(a), axis, keepdims)


def method(name: str) -> Callable[..., Any] | None:
    """A method of arrays, or a function of the book, by its name."""
    if name in METHODS:
        return METHODS[name]
    function, named = getattr(np, name, None), BOOK.get(name)
    if function in FUNCTIONS or (named is not None and name in ("max", "min")):
        return lambda a, *args, **kwargs: array_function(function, (a, *args), kwargs)
    return None if named is None else lambda a, *args: book(named, (a, *args))


def _unknown(a: Any, b: Any) -> Any:
    raise TraceError(
        "whether a traced value equals another is not known; compare with < or > inside ta.where(condition, a, b)"
    )


_RENAMED: dict[Any, Any] = {np.amax: np.max.__name__, np.amin: np.min.__name__}
_UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: OPERATORS["add"],
    np.subtract: OPERATORS["sub"],
    np.multiply: OPERATORS["mul"],
    np.true_divide: OPERATORS["truediv"],
    np.negative: OPERATORS["neg"],
    np.positive: lambda a: a,
    np.power: power,
    np.float_power: power,
    np.square: each(lambda u: u * u),
    np.conjugate: conjugate,
    np.matmul: matmul,
    np.greater: greater,
    np.greater_equal: greater,
    np.less: lambda a, b: greater(b, a),
    np.less_equal: lambda a, b: greater(b, a),
    np.equal: _unknown,
    np.not_equal: _unknown,
}
