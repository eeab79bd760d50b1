"""Arguments of functions as trees: arrays and numbers, in lists, tuples and dicts, taken apart and put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from taylorad.errors import MixedRingError, ShapeError
from taylorad.rings.choice import is_scalar
from taylorad.taylor.series import Taylor
from taylorad.trace.array import Traced
from taylorad.trace.graph import Shape

__all__ = ["Branch", "Tree", "build", "flatten", "layout", "one_array", "shapes_of"]


@final
@dataclass(frozen=True, slots=True)
class Branch:
    """A list, tuple or dict (with its keys) of trees; an array or a number is its shape."""

    kind: str
    keys: tuple[Any, ...]
    parts: tuple[Any, ...]


Tree = Branch | Shape


def flatten(value: Any, numbers: bool = True) -> tuple[Tree, list[Any]]:
    """The tree of a value, and its arrays: of float64, complex128 or objects, or traced.

    A list or tuple of nothing but numbers (or of such lists) is an array, unless ``numbers`` is false. Raises
    MixedRingError for what is no number.
    """
    if isinstance(value, dict):
        parts = [flatten(v, numbers) for v in value.values()]
        return Branch("dict", tuple(value), tuple(t for t, _ in parts)), [a for _, found in parts for a in found]
    if isinstance(value, (list, tuple)) and not (numbers and _numbers(value)):
        parts = [flatten(v, numbers) for v in value]
        kind = "list" if isinstance(value, list) else "tuple"
        return Branch(kind, (), tuple(t for t, _ in parts)), [a for _, found in parts for a in found]
    array = _array(value)
    return array.shape, [array]


def _numbers(value: Any) -> bool:
    return bool(value) and all(_numbers(v) if isinstance(v, (list, tuple)) else np.ndim(v) == 0 for v in value)


def _array(value: Any) -> Any:
    if isinstance(value, Traced):
        return value
    found = value if isinstance(value, np.ndarray) else _objects(value)
    if found.dtype.kind in "iuf":
        return found.astype(np.float64, copy=False)
    if found.dtype.kind == "c":
        return found.astype(np.complex128, copy=False)
    return _settled(found)


def _objects(value: Any) -> np.ndarray:
    """A number, or nested lists of them, as an array of objects; numpy must not look inside them."""
    if not isinstance(value, (list, tuple)):
        out = np.empty((), object)
        out[()] = value
        return out
    parts = [_objects(v) for v in value]
    if len({p.shape for p in parts}) != 1:
        raise MixedRingError(f"lists of different lengths do not make an array: {value!r:.60}")
    out = np.empty((len(parts), *parts[0].shape), object)
    for i, p in enumerate(parts):
        out[i] = p[()] if not p.shape else p
    return out


def _settled(found: np.ndarray) -> Any:
    """An array of objects as one of floats where all are (ints count as floats), or as a traced one."""
    if any(isinstance(x, Traced) for x in found.flat):
        from taylorad.trace.array import lift

        return lift(found)
    for x in found.flat:
        if not isinstance(x, Taylor) and not is_scalar(x):
            raise MixedRingError(f"{x!r} of type {type(x).__name__} is no number to differentiate at")
    kinds = {type(x) for x in found.flat}
    if all(issubclass(k, (int, float, np.integer, np.floating)) for k in kinds):
        return found.astype(np.float64)
    if all(issubclass(k, (int, float, complex, np.number)) for k in kinds):
        return found.astype(np.complex128)
    return found


def build(tree: Tree, arrays: Sequence[Any]) -> Any:
    """What :func:`flatten` took apart, from other arrays in the places of its own; numbers without their shape ()."""
    return _built(tree, iter(arrays))


def _built(tree: Tree, arrays: Iterator[Any]) -> Any:
    if not isinstance(tree, Branch):
        return next(arrays)
    made = [_built(part, arrays) for part in tree.parts]
    if tree.kind == "dict":
        return dict(zip(tree.keys, made, strict=True))
    return made if tree.kind == "list" else tuple(made)


def one_array(tree: Tree) -> Shape:
    """The shape of a tree that is one array, or a list or tuple of numbers. Raises ShapeError for others."""
    if not isinstance(tree, Branch):
        return tree
    if tree.kind == "dict" or any(part != () for part in tree.parts):
        raise ShapeError(
            f"a jacobian is of a function that returns one array, not a {tree.kind} of them: stack the parts"
        )
    return (len(tree.parts),)


def shapes_of(tree: Tree) -> list[Shape]:
    """The shapes of the arrays of a tree, in order."""
    return [s for part in tree.parts for s in shapes_of(part)] if isinstance(tree, Branch) else [tree]


def layout(tree: Tree, place: Callable[[Shape], Any]) -> Any:
    """The tree as ``taylorad.trace.graph.Graph.outputs``; ``place(shape)`` gives the roots of the next array."""
    if isinstance(tree, Branch):
        return [tree.kind, list(tree.keys), [layout(part, place) for part in tree.parts]]
    return place(tree)
