"""A traced function: the graph of what it computes, and how its arguments and results are laid out."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from taylorad.errors import TraceError
from taylorad.series.node import INFINITE, Leaf, Node
from taylorad.series.substitute import substitute
from taylorad.trace.array import Traced, from_cells, from_node, lift
from taylorad.trace.cells import FEW

__all__ = ["Graph", "arguments", "assemble", "depth", "leaf_sizes", "trace"]

Shape = tuple[int, ...]


def leaf_sizes(shape: Shape) -> list[int]:
    """The sizes of the leaves that an argument of a shape is made of: one for each element, or one for all."""
    n = math.prod(shape)
    return [n] if n > FEW else [1] * n


def arguments(shapes: Sequence[Shape], dtype: Any, degree: int, first: int = 0) -> list[Any]:
    """Traced arguments on leaves ``first``, ``first`` + 1, …"""
    out: list[Any] = []
    i = first
    for shape in shapes:
        sizes = leaf_sizes(shape)
        leaves = [Leaf.of(i + j, degree, n) for j, n in enumerate(sizes)]
        i += len(sizes)
        if len(sizes) == 1 and sizes[0] > 1:
            out.append(from_node(leaves[0], shape, dtype))
        else:
            cells = np.empty(len(leaves), object)
            cells[:] = leaves
            out.append(from_cells(cells.reshape(shape), dtype))
    return out


@final
@dataclass(frozen=True, slots=True)
class Graph:
    """``roots``, of which ``outputs`` says what the function returns: an array is ``(shape, begin, end)``, its elements
    roots begin … end−1 (or one root of all of them); a tuple, list or dict of results is ``[kind, keys, parts]``.

    The arguments have the shapes ``shapes``; their elements are the leaves, in order (see :func:`leaf_sizes`).
    """

    shapes: tuple[Shape, ...]
    roots: tuple[Node, ...]
    outputs: Any
    dtype: np.dtype[Any]

    def of_degree(self, degree: int = INFINITE) -> Graph:
        """The same graph for arguments that are polynomials of another degree in t."""
        sizes = [n for shape in self.shapes for n in leaf_sizes(shape)]
        leaves: dict[int, Node] = {i: Leaf.of(i, degree, n) for i, n in enumerate(sizes)}
        return Graph(self.shapes, tuple(substitute(self.roots, leaves)), self.outputs, self.dtype)


def trace(
    f: Callable[..., Any],
    shapes: Sequence[Shape] = ((),),
    dtype: Any = np.float64,
    degree: int = INFINITE,
    first: int = 0,
) -> Graph:
    """What ``f`` computes from arguments of the given shapes, each a series of (at most) a degree in t.

    The leaves count from ``first``: those of a trace inside another one must not be the same (see :func:`depth`).

    Raises TraceError where f needs numbers: control flow on values, ``float``, functions of ``math``, functions that
    are not in the book. Whatever else f raises becomes the cause of a TraceError. Cost: one run of f, some µs for
    each operation on an array.
    """
    given = arguments(shapes, dtype, degree, first)
    _running.depth = depth() + 1
    try:
        found = f(*given)
        roots: list[Node] = []
        outputs = _outputs(found, roots)
    except Exception as error:
        raise _explained(f, error) from error
    finally:
        _running.depth -= 1
    return Graph(tuple(shapes), tuple(roots), outputs, np.dtype(dtype))


_running = threading.local()


def depth() -> int:
    """How many traces are running in this thread: a function that traces may be called by a traced one."""
    return getattr(_running, "depth", 0)


def _explained(f: Any, error: BaseException) -> TraceError:
    """The reason, also where numpy has wrapped it in an error of its own."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, TraceError):
        cause = cause.__cause__ or cause.__context__
    name = getattr(f, "__name__", repr(f))
    if cause is not None:
        return TraceError(f"{name} cannot be traced: {cause}")
    return TraceError(f"{name} cannot be traced: it raised {type(error).__name__}: {error}")


def _outputs(found: Any, roots: list[Node]) -> Any:
    if isinstance(found, dict):
        return ["dict", list(found), [_outputs(x, roots) for x in found.values()]]
    if isinstance(found, (list, tuple)):
        return [type(found).__name__ if type(found) is list else "tuple", [], [_outputs(x, roots) for x in found]]
    if found is None:
        raise TraceError("it returns None; return a number, an array, or a list, tuple or dict of them")
    x: Traced = lift(found)
    begin = len(roots)
    roots.extend([x.vector] if x.form == "vector" else list(x.cells.flat))
    return (x.shape, begin, len(roots))


def assemble(outputs: Any, found: Sequence[np.ndarray], batch: Shape) -> Any:
    """What the function returns, from the coefficients of the roots: arrays (K+1, *shape, *batch)."""
    if isinstance(outputs, list):
        kind, keys, parts = outputs
        made = [assemble(part, found, batch) for part in parts]
        return dict(zip(keys, made, strict=True)) if kind == "dict" else made if kind == "list" else tuple(made)
    shape, begin, end = outputs
    if begin == end:
        raise TraceError(f"an array of shape {tuple(shape)} has no elements, so no coefficients")
    n = math.prod(shape)
    lead = (len(found[begin]), *([n] if end == begin + 1 and n > 1 else []))
    rows = [
        r if r.shape == (*lead, *batch) else np.array(np.broadcast_to(r, (*lead, *batch))) for r in found[begin:end]
    ]
    if len(rows) == 1:
        return rows[0] if n == 1 and not shape else rows[0].reshape(lead[0], *shape, *batch)
    return np.stack(rows, axis=1).reshape(lead[0], *shape, *batch)
