"""Functions of nodes over traced arrays, element by element, with numpy's broadcasting."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylorad.series.node import Node
from taylorad.trace.array import Traced, from_cells, from_node, lift, scalar
from taylorad.trace.cells import FEW, constants, gather, number

__all__ = ["elementwise", "plain", "single"]


def plain(value: Any) -> bool:
    """Whether a value is a number or an array of numbers (and not of objects)."""
    return not isinstance(value, Traced) and np.asarray(value).dtype.kind in "biufc"


def elementwise(function: Callable[..., Any], operands: Sequence[Any], exact: bool = True) -> Any:
    """``function`` of nodes applied to traced values and numbers; a tuple where it returns several nodes.

    With ``exact`` numbers become exact nodes; without, the function gets them as they are (parameters of functions).
    Vectors stay vectors, and a large constant array makes one of numbers. Raises ValueError where shapes do not
    broadcast.
    """
    alone = single(function, operands, exact)
    if alone is not None:
        return alone
    operands = [x if plain(x) else lift(x) for x in operands]
    shape = np.broadcast_shapes(*map(np.shape, operands))
    n = int(np.prod(shape, dtype=int))
    dtype = np.result_type(np.float64, *(x.dtype if isinstance(x, Traced) else np.asarray(x).dtype for x in operands))
    dtype = np.dtype(np.complex128 if dtype.kind == "c" else np.float64)
    traced = [x for x in operands if isinstance(x, Traced)]
    one = any(x.form == "vector" for x in traced) or (n > FEW and all(x.size == 1 for x in traced))
    if one and n > FEW:
        found = function(*(_vector(x, shape, exact) for x in operands))
        if isinstance(found, tuple):
            return tuple(from_node(f, shape, dtype) for f in found)
        return from_node(found, shape, dtype)
    items = [_items(x, shape, exact) for x in operands]
    results = [function(*parts) for parts in zip(*items, strict=True)]
    if results and isinstance(results[0], tuple):
        return tuple(_collected(column, shape, dtype) for column in zip(*results, strict=True))
    return _collected(results, shape, dtype)


_REAL = frozenset((int, float, np.float64, np.int64))
_NUMBERS = _REAL | {complex, np.complex128}
_FLOAT, _COMPLEX = np.dtype(np.float64), np.dtype(np.complex128)
_real = functools.lru_cache(maxsize=1024, typed=True)(number)  # loops bring the same few constants again and again


def single(function: Callable[..., Any], operands: Sequence[Any], exact: bool = True) -> Any:
    """The same as :func:`elementwise` for numbers, without the work of broadcasting; None if one is none."""
    items: list[Any] = []
    dtype = _FLOAT
    for x in operands:
        kind = type(x)
        if kind is Traced:
            items.append(x.vector)
            if x.dtype.kind == "c":
                dtype = _COMPLEX
        elif kind in _NUMBERS:
            if kind not in _REAL:
                dtype = _COMPLEX
            value = x.item() if isinstance(x, np.generic) else x
            items.append(value if not exact else _real(value) if kind in _REAL else number(value))
        else:
            return None
    found = function(*items)
    return tuple(scalar(f, dtype) for f in found) if isinstance(found, tuple) else scalar(found, dtype)


def _collected(results: Sequence[Node], shape: tuple[int, ...], dtype: Any) -> Any:
    cells = np.empty(len(results), object)
    for i, r in enumerate(results):
        cells[i] = r
    return from_cells(cells.reshape(shape), dtype)


def _items(x: Any, shape: tuple[int, ...], exact: bool) -> list[Any]:
    if isinstance(x, Traced):
        return list(np.broadcast_to(x.cells, shape).flat)
    flat = np.broadcast_to(np.asarray(x), shape).flat
    return [number(v) if exact else v.item() for v in flat]


def _vector(x: Any, shape: tuple[int, ...], exact: bool) -> Any:
    if not isinstance(x, Traced):
        if np.size(x) == 1 and not exact:
            return np.asarray(x).item()
        return constants(np.broadcast_to(np.asarray(x), shape)) if np.size(x) > 1 else number(np.asarray(x).item())
    if x.size == 1:
        return x.cells.item()
    node = x.vector
    if x.shape == shape:
        return node
    places = np.broadcast_to(np.arange(x.size).reshape(x.shape), shape)
    return gather(node, places.ravel())
