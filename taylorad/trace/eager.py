"""A function that cannot be traced, called with eager series: one point at a time, with as many orders as it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylorad.errors import DomainError
from taylorad.trace.graph import Shape, assemble
from taylorad.trace.replay import expanded

__all__ = ["eager"]


def eager(
    f: Callable[..., Any] | None,
    shapes: Sequence[Shape],
    rows: Sequence[np.ndarray],
    order: int,
    batch: Shape,
    dtype: Any,
) -> Any:
    """The coefficients of f at series ``rows`` (rows, *shape, *batch), laid out as f returns them.

    Vectors are given to f as object arrays of series. Raises what f raises, and DomainError with the point.
    """
    assert f is not None
    flat: list[np.ndarray] = []
    for shape, r in zip(shapes, rows, strict=True):
        n = math.prod(shape)
        own = r.shape[1 + len(shape) :]
        r = np.asarray(r, dtype).reshape(len(r), n, *(1,) * (len(batch) - len(own)), *own)
        r = np.broadcast_to(r, (len(r), n, *batch)).reshape(len(r), n, -1)
        flat += [r[:, i] for i in range(n)]
    outputs: Any = None
    columns: list[list[np.ndarray]] = []

    def compute(series: list[Any]) -> list[Any]:
        nonlocal outputs
        found: list[Any] = []
        outputs = _outputs(f(*_arguments(shapes, series)), found)
        return found

    for i in range(math.prod(batch)):
        try:
            columns.append(expanded(compute, [c[:, i] for c in flat], order, dtype))
        except DomainError as error:
            if not batch:
                raise
            raise type(error)(f"{error} (at point {i} of the batch)", (i,)) from error
    found = [np.stack(parts, axis=-1).reshape(order + 1, *batch) for parts in zip(*columns, strict=True)]
    return assemble(outputs, found, batch)


def _arguments(shapes: Sequence[Shape], series: list[Any]) -> list[Any]:
    out: list[Any] = []
    at = 0
    for shape in shapes:
        n = math.prod(shape)
        if not shape:
            out.append(series[at])
        else:
            array = np.empty(n, object)
            for i in range(n):
                array[i] = series[at + i]
            out.append(array.reshape(shape))
        at += n
    return out


def _outputs(found: Any, parts: list[Any]) -> Any:
    """What f returned, flattened into ``parts``; see :class:`taylorad.trace.graph.Graph`."""
    from taylorad.taylor.series import Taylor

    if isinstance(found, dict):
        return ["dict", list(found), [_outputs(x, parts) for x in found.values()]]
    if isinstance(found, (list, tuple)):
        return ["list" if isinstance(found, list) else "tuple", [], [_outputs(x, parts) for x in found]]
    begin = len(parts)
    if isinstance(found, np.ndarray):
        parts.extend(found.flat)
        return (found.shape, begin, len(parts))
    parts.append(found if isinstance(found, Taylor) else np.asarray(found)[()])
    return ((), begin, len(parts))
