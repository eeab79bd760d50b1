"""Conditions on traced values: they cannot be asked, but they can choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import numpy as np

from taylorad.book.entry import select
from taylorad.errors import TraceError
from taylorad.trace.array import Traced
from taylorad.trace.elementwise import elementwise

__all__ = ["Condition", "greater"]


@final
class Condition:
    """What a comparison of traced values gives; ``np.where`` and ``ta.where`` choose by it.

    At a point where the two sides are equal the branch changes and there is no Taylor series.
    """

    __slots__ = ("pick", "shape")

    def __init__(self, pick: Callable[[Any, Any], Any], shape: tuple[int, ...]) -> None:
        self.pick = pick
        self.shape = shape

    def _shape(self, other: Any) -> tuple[int, ...]:
        return np.broadcast_shapes(self.shape, np.shape(other))

    def __and__(self, other: Any) -> Condition:
        other = _condition(other)
        return Condition(lambda a, b: self.pick(other.pick(a, b), b), self._shape(other))

    def __or__(self, other: Any) -> Condition:
        other = _condition(other)
        return Condition(lambda a, b: self.pick(a, other.pick(a, b)), self._shape(other))

    def __invert__(self) -> Condition:
        return Condition(lambda a, b: self.pick(b, a), self.shape)

    __rand__, __ror__ = __and__, __or__

    def __bool__(self) -> bool:
        raise TraceError(
            "the way of the program depends on a value that is only being traced (if, while, and, or, min, max, "
            "assert on it); choose with ta.where(condition, a, b), np.minimum or np.maximum"
        )

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs:
            logical = {
                np.logical_and: "__and__",
                np.bitwise_and: "__and__",
                np.logical_or: "__or__",
                np.bitwise_or: "__or__",
            }
            if ufunc in logical:
                return getattr(_condition(inputs[0]), logical[ufunc])(inputs[1])
            if ufunc in (np.logical_not, np.invert):
                return ~self
        from taylorad.trace.protocols import array_ufunc

        return array_ufunc(
            ufunc, method, tuple(x.pick(1, 0) if isinstance(x, Condition) else x for x in inputs), kwargs
        )

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from taylorad.trace.protocols import array_function

        return array_function(function, args, kwargs)

    def __mul__(self, other: Any) -> Any:
        return self.pick(1, 0) * other

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Any:
        return self.pick(1, 0) + other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self.pick(1, 0) - other

    def __rsub__(self, other: Any) -> Any:
        return other - self.pick(1, 0)

    def __repr__(self) -> str:
        return f"<condition on traced values, shape {self.shape}>"


def greater(a: Any, b: Any) -> Condition:
    """a > b."""
    difference = elementwise(lambda x, y: x - y, (a, b))
    return Condition(lambda x, y: elementwise(select, (difference, x, y)), difference.shape)


def _condition(value: Any) -> Condition:
    if isinstance(value, Condition):
        return value
    if isinstance(value, Traced):
        raise TraceError("and/or of a traced number: compare it with something first, x > 0")
    mask = np.asarray(value, bool)
    return Condition(lambda a, b: _masked(mask, a, b), mask.shape)


def _masked(mask: np.ndarray, a: Any, b: Any) -> Any:
    """Choice by known bools: no test is left."""
    if mask.ndim == 0:
        return a if mask else b
    return elementwise(lambda m, x, y: x if m else y, (mask, a, b), exact=False)
