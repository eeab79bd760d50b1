"""Traced values: what a function is called with to find out what it computes.

A :class:`Traced` stands for a number of which only the node is known, a :class:`TracedArray` for an array of them.
They behave like a float and like a numpy array: operators, numpy's and scipy.special's functions, slices,
assignment into slices. What needs a number (``if``, ``float``, ``math.sin``) raises TraceError and says what to
write instead.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from taylorad.errors import TraceError
from taylorad.series.node import Node
from taylorad.trace import cells as forms
from taylorad.trace.cells import FEW

__all__ = ["Traced", "TracedArray", "from_cells", "from_node", "lift", "scalar"]


class Traced:
    """A number that is being traced; the base of arrays of them. Immutable, unless it is an array."""

    __slots__ = ("_node", "dtype")
    dtype: np.dtype[Any]
    _node: Node | None

    # ------------------------------------------------------------------ the two forms
    @property
    def form(self) -> str:
        """``"vector"`` (one node) or ``"cells"`` (a node for each element)."""
        return "cells"

    @property
    def vector(self) -> Node:
        """All elements, in C order, as one node of size ``self.size``."""
        assert self._node is not None
        return self._node

    @property
    def cells(self) -> np.ndarray:
        """The elements as an object array of nodes, to be read only."""
        out = np.empty((), object)
        out[()] = self._node
        return out

    # ------------------------------------------------------------------ shape
    @property
    def shape(self) -> tuple[int, ...]:
        return ()

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    # ------------------------------------------------------------------ what needs a number
    def __bool__(self) -> bool:
        raise TraceError(_BRANCH)

    def __float__(self) -> float:
        raise TraceError(_NUMBER)

    __int__ = __index__ = __complex__ = __round__ = __trunc__ = __floor__ = __ceil__ = __float__  # type: ignore[assignment]

    def __eq__(self, other: object) -> Any:
        raise TraceError(
            "whether a traced value equals another is not known; compare with < or > inside ta.where(condition, a, b)"
        )

    __ne__ = __eq__  # type: ignore[assignment]
    __hash__ = object.__hash__

    # ------------------------------------------------------------------ numpy's protocols
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return protocols.array_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return protocols.array_function(function, args, kwargs)

    def __taylorad_apply__(self, function: Any, args: tuple[Any, ...]) -> Any:
        """What ``ta.<function>`` does with arguments some of which are traced."""
        return protocols.book(function, args)

    @property
    def real(self) -> Any:
        """The value itself; TraceError for a complex one, whose real part is not analytic."""
        return protocols.array_function(np.real, (self,), {})

    @property
    def imag(self) -> Any:
        """Zeros; TraceError for a complex value."""
        return protocols.array_function(np.imag, (self,), {})

    def __getattr__(self, name: str) -> Any:
        """numpy's methods (``y.sum()``), and functions of the book, which arrays of objects rely on (``x.exp()``)."""
        found = protocols.method(name) if not name.startswith("_") else None
        if found is None:
            raise AttributeError(f"a traced value has no attribute {name!r}")
        return lambda *args, **kwargs: found(self, *args, **kwargs)

    # ------------------------------------------------------------------ operators
    def _operate(self, name: str, *operands: Any) -> Any:
        return protocols.operate(name, operands)

    def __add__(self, other: Any) -> Any:
        return self._operate("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self._operate("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self._operate("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self._operate("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return self._operate("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self._operate("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self._operate("truediv", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._operate("truediv", other, self)

    def __pow__(self, other: Any) -> Any:
        return self._operate("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return self._operate("pow", other, self)

    def __mod__(self, other: Any) -> Any:
        return self._operate("%", self, other)

    def __rmod__(self, other: Any) -> Any:
        return self._operate("%", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return self._operate("//", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._operate("//", other, self)

    def __neg__(self) -> Any:
        return self._operate("neg", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self._operate("abs", self)

    def __lt__(self, other: Any) -> Any:
        return self._operate("gt", other, self)

    def __gt__(self, other: Any) -> Any:
        return self._operate("gt", self, other)

    __le__, __ge__ = __lt__, __gt__  # at equality there is a kink, and no series on either side of it

    def __matmul__(self, other: Any) -> Any:
        return protocols.array_ufunc(np.matmul, "__call__", (self, other), {})

    def __rmatmul__(self, other: Any) -> Any:
        return protocols.array_ufunc(np.matmul, "__call__", (other, self), {})

    def __repr__(self) -> str:
        return f"<traced {'number' if not self.shape else f'array of shape {self.shape}'}>"


class TracedArray(Traced):
    """An array of traced numbers. Slices of cells are views, as numpy's are."""

    __slots__ = ("_cells", "_lent", "_shape", "_view")
    _shape: tuple[int, ...]
    _cells: np.ndarray | None  # nodes, in numpy's own view of them; or None where all elements are in _node
    _lent: bool  # slices of a vector do not see what is written later, so writing after slicing is refused
    _view: bool

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def form(self) -> str:
        return "cells" if self._node is None else "vector"

    @property
    def vector(self) -> Node:
        return forms.vector(list(self.cells.flat)) if self._node is None else self._node

    @property
    def cells(self) -> np.ndarray:
        if self._cells is not None:
            return self._cells
        assert self._node is not None
        out = np.empty(self.size, object)
        for i in range(self.size):
            out[i] = forms.row(self._node, i)
        return out.reshape(self.shape)

    def __len__(self) -> int:
        return self._shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        key = _key(key)
        if self._cells is not None:
            return from_cells(self._cells[key], self.dtype)
        assert self._node is not None
        places = _places(self._shape)[key]
        if places.ndim == 0:
            return scalar(forms.row(self._node, int(places)), self.dtype)
        self._lent = True
        if places.size > FEW:
            out = from_node(forms.gather(self._node, places.ravel()), places.shape, self.dtype)
        else:
            out = np.empty(places.size, object)
            for i, place in enumerate(places.flat):
                out[i] = forms.row(self._node, int(place))
            out = from_cells(out.reshape(places.shape), self.dtype)
        out._view = True
        return out

    def __setitem__(self, key: Any, value: Any) -> None:
        if hasattr(key, "pick"):  # a condition on traced values
            chosen = key.pick(value, self)
            key, value = ..., chosen
        if self._view or self._lent:
            raise TraceError(
                "a part of a traced array is written to after it was sliced from an expression; "
                "make a copy first, y = y.copy(), or fill np.zeros_like(y)"
            )
        if self._cells is None:
            self._cells, self._node = self.cells, None
        value = lift(value)
        if value.dtype.kind == "c":
            self.dtype = value.dtype
        key = _key(key)
        cells = value.cells
        self._cells[key] = cells if value.shape else cells[()]

    def _replaced(self, found: Any) -> Any:
        """In-place operators write into this array."""
        alone = self._cells is None and not (self._view or self._lent)
        if alone and isinstance(found, TracedArray) and found.shape == self.shape and found.form == "vector":
            self._node, self.dtype = found._node, found.dtype
            return self
        self[...] = found
        return self

    def __iadd__(self, other: Any) -> Any:
        return self._replaced(self + other)

    def __isub__(self, other: Any) -> Any:
        return self._replaced(self - other)

    def __imul__(self, other: Any) -> Any:
        return self._replaced(self * other)

    def __itruediv__(self, other: Any) -> Any:
        return self._replaced(self / other)

    def __ipow__(self, other: Any) -> Any:
        return self._replaced(self**other)

    @property
    def T(self) -> Any:
        """The transposed array."""
        return np.transpose(self)  # type: ignore[call-overload]

    @property
    def flat(self) -> Iterator[Any]:
        """The elements in C order."""
        return iter(np.ravel(self))  # type: ignore[call-overload]

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """``y.reshape(2, 3)`` or ``y.reshape((2, 3))``."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)  # type: ignore[call-overload]

    def transpose(self, *axes: Any) -> Any:
        """``y.transpose()``, ``y.transpose(1, 0)`` or ``y.transpose((1, 0))``."""
        return np.transpose(self, (axes[0] if len(axes) == 1 else axes) or None)  # type: ignore[call-overload]


@functools.lru_cache(maxsize=8)
def _places(shape: tuple[int, ...]) -> np.ndarray:
    """The number of each element in C order."""
    out = np.arange(math.prod(shape)).reshape(shape)
    out.flags.writeable = False
    return out


def _key(key: Any) -> Any:
    if type(key) is int:
        return key
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(p, Traced) or hasattr(p, "pick") for p in parts):
        raise TraceError("an index depends on a traced value; indices must be known, or choose with ta.where")
    return key


_FLOAT = np.dtype(np.float64)


def scalar(node: Node, dtype: np.dtype[Any] = _FLOAT) -> Traced:
    """A traced number from its node."""
    out = object.__new__(Traced)
    out._node, out.dtype = node, dtype
    return out


def _array(node: Node | None, cells: np.ndarray | None, shape: tuple[int, ...], dtype: Any) -> TracedArray:
    out = object.__new__(TracedArray)
    out._shape, out.dtype, out._cells, out._node = shape, np.dtype(dtype), cells, node
    out._lent = out._view = False
    return out


def from_cells(cells: Any, dtype: Any = np.float64) -> Any:
    """A traced value from a node, or from an object array of nodes, which it keeps and writes to."""
    if isinstance(cells, Node):
        return scalar(cells, np.dtype(dtype))
    return _array(None, cells, cells.shape, dtype) if cells.shape else scalar(cells.item(), np.dtype(dtype))


def from_node(node: Node, shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """A traced value whose elements, in C order, are those of one node (of size 1: all equal)."""
    n = math.prod(shape)
    if n > FEW and node.size == n:
        return _array(node, None, shape, dtype)
    cells = np.empty(n, object)
    for i in range(n):
        cells[i] = forms.row(node, i)
    return from_cells(cells.reshape(shape), dtype)


def lift(value: Any) -> Any:
    """Numbers, arrays of them, and lists or object arrays of traced values, as a traced value.

    Raises TraceError for anything else.
    """
    if isinstance(value, Traced):
        return value
    if hasattr(value, "pick"):
        return value.pick(1, 0)
    if forms.is_exact(value):
        return scalar(forms.number(value))
    array = np.asarray(value)
    if array.dtype.kind in "biufc":
        cells = np.empty(array.size, object)
        for i, x in enumerate(array.flat):
            cells[i] = forms.number(x)
        return from_cells(cells.reshape(array.shape), np.complex128 if array.dtype.kind == "c" else np.float64)
    if array.dtype != object:
        raise TraceError(
            f"{value!r} beside a traced value: numbers and arrays of numbers are traced, {array.dtype} is not"
        )
    cells = np.empty(array.size, object)
    dtype: Any = np.dtype(np.float64)
    for i, x in enumerate(array.flat):
        if not isinstance(x, Traced) and not forms.is_exact(x) and np.asarray(x).dtype.kind not in "biufc":
            raise TraceError(f"{type(x).__name__} beside a traced value: only numbers and arrays of them can be traced")
        one = lift(x)
        if one.shape:
            raise TraceError("parts of different shapes do not make an array; give parts of one shape")
        cells[i] = one.cells[()]
        dtype = np.promote_types(dtype, one.dtype)
    return from_cells(cells.reshape(array.shape), dtype)


_BRANCH = (
    "the way of the program depends on a value that is only being traced (if, while, and, or, min, max, assert on it); "
    "choose with ta.where(condition, a, b), np.minimum or np.maximum"
)
_NUMBER = (
    "a number is wanted where only a traced value is there: use np.sin, np.exp … (or ta.sin …) instead of those of "
    "math; to write it into an array, make the array with np.zeros_like(y) instead of np.zeros(n), or use np.stack"
)

from taylorad.trace import protocols  # noqa: E402
