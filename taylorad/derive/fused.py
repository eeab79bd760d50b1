"""Large batches in one kernel: the function is traced, and its graph computed point by point in machine code.

Nothing is remembered about the function itself, which may depend on anything that changes: it is traced at every call
(some 0.1 ms), and the code of the graph that comes out is found by its content. A function that treats the points of
a batch as one array, x·sum(x), is told by its series at two of the points, computed together, and left to the
eager operators; so is one that cannot be traced.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from taylorad.derive.expansion import Expansion, leaves, new_tag, part
from taylorad.errors import TayloradError
from taylorad.rings.choice import ring_named
from taylorad.taylor.construct import variable
from taylorad.taylor.series import Taylor

__all__ = ["fused"]

_LEAST = 20_000  # coefficients of a call below which eager operators are as fast
_WORTH = 1_000_000  # coefficients that cost as much as making a kernel
_KEPT = 256
_AGREED = 1e-9

_asked: dict[Any, int] = {}
_lock = threading.Lock()


def fused(f: Callable[[Any], Any], at: np.ndarray, order: int, scale: Any) -> Expansion | None:
    """``f`` expanded at a batch of float64 or complex128 points, or None where eager operators should do it.

    A kernel is made once the code of f has been asked for ``_WORTH`` coefficients. Cost: as
    :class:`taylorad.compiled.CompiledFunction`.
    """
    if not _pays(f, at.size * (order + 1)):
        return None
    from taylorad.trace.graph import trace
    from taylorad.trace.machine import Machine

    dtype = np.result_type(np.float64, at, np.asarray(scale))
    try:
        graph = trace(f, ((),), dtype, 1)
        shape, places = _layout(graph.outputs)
        rows = np.empty((2, *at.shape), dtype)
        rows[0], rows[1] = at, scale
        if not _same(f, rows.reshape(2, -1)[:, [0, -1]], Machine(graph, 1), shape, places):
            return None
        found = Machine(graph, order).run([rows], at.shape, 1)
    except TayloradError:  # the eager operators find out what is wrong, and with which point
        return None
    tag, ring = new_tag(), ring_named(dtype.name, at.shape)
    return Expansion(shape, tuple(Taylor._make(found[i], ring, False, tag) for i in places))


def _pays(f: Any, coefficients: int) -> bool:
    if coefficients < _LEAST:
        return False
    code = getattr(f, "__code__", None)
    if code is None or coefficients >= _WORTH:
        return coefficients >= _WORTH
    with _lock:
        if len(_asked) >= _KEPT:
            _asked.clear()
        _asked[code] = asked = _asked.get(code, 0) + coefficients
    return asked >= _WORTH


def _layout(outputs: Any) -> tuple[tuple[int, ...], list[int]]:
    """The shape of what f returns, and the roots that are its parts."""
    if isinstance(outputs, list):
        kind, _, parts = outputs
        inner = [_layout(p) for p in parts]
        if kind == "dict" or not inner or any(shape != inner[0][0] for shape, _ in inner):
            raise TayloradError("no array")
        return (len(inner), *inner[0][0]), [i for _, places in inner for i in places]
    shape, begin, end = outputs
    if end - begin != int(np.prod(shape, dtype=int)):
        raise TayloradError("a vector in one node")
    return tuple(shape), list(range(begin, end))


def _same(f: Any, rows: np.ndarray, machine: Any, shape: tuple[int, ...], places: list[int]) -> bool:
    """Whether f treats two points together as it treats each alone."""
    made = machine.run([rows], (2,), 1)
    x = variable(rows[0], 1, scale=rows[1])
    try:
        got, eager = leaves(f(x), x.shape)
        series = [part(leaf, x)._padded(1)._coefficients for leaf in eager]
    except Exception:  # whatever f raises, it raises again for the caller
        return False
    return got == shape and all(
        np.shape(s) in ((2,), (2, 2)) and np.allclose(s if np.ndim(s) == 2 else s[:, None], made[i], _AGREED, _AGREED)
        for s, i in zip(series, places, strict=True)
    )
