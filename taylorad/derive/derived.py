"""Derivatives of a function as functions: traced once for each form of the arguments, compiled, and remembered."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np

from taylorad.derive.pulled import PLACE, Pulled, pull
from taylorad.derive.tree import Branch, Tree, flatten
from taylorad.errors import DomainError, ShapeError, TayloradError, TraceError
from taylorad.trace.array import Traced
from taylorad.trace.graph import Shape, depth

__all__ = ["Call", "Derived"]

Build = Callable[[Pulled], Any]


@final
class Call:
    """One call: the point and what is given beside it (directions, weights, inputs), as arrays of one batch.

    With ``fixed`` arrays of floats among the function's arguments are constants, no inputs.
    """

    __slots__ = ("args", "arrays", "batch", "beside", "data", "others", "tree")

    def __init__(self, p: Any, beside: Sequence[Any], args: Sequence[Any], axes: int, fixed: bool = False) -> None:
        whole, self.arrays = flatten(p)
        for a in self.arrays:
            _check(a)
        self.tree = _cut(whole, axes) if axes else whole
        self.batch: Shape = np.broadcast_shapes(*(a.shape[a.ndim - axes :] for a in self.arrays)) if axes else ()
        self.beside = [flatten(b) for b in beside]
        self.args = tuple(args)
        inputs = [not fixed and _is_data(x) for x in args]
        self.others = tuple(PLACE if given else x for x, given in zip(args, inputs, strict=True))
        self.data = [x for x, given in zip(args, inputs, strict=True) if given]

    @property
    def traced(self) -> bool:
        """Whether the point is a traced value."""
        return any(isinstance(a, Traced) for a in self.arrays)

    @property
    def dtype(self) -> np.dtype[Any]:
        """complex128 where a number is complex, else float64."""
        every = [*self.arrays, *filter(_is_data, self.args), *(a for _, found in self.beside for a in found)]
        return np.dtype(np.complex128 if any(_is_complex(a) for a in every) else np.float64)

    @property
    def key(self) -> Any:
        """What a graph depends on; None where that cannot be known."""
        try:
            kinds = tuple((type(x), _word(x)) for x in self.others)
            hash(kinds)
        except TypeError:
            return None
        return (self.tree, self.dtype, tuple(x.shape for x in self.data), kinds)


def _word(x: Any) -> Any:
    """A constant as something with a hash."""
    return (x.shape, x.dtype.str, x.tobytes()) if isinstance(x, np.ndarray) and x.dtype != object else x


def _cut(tree: Tree, axes: int) -> Tree:
    """The form of one point."""
    if isinstance(tree, Branch):
        return Branch(tree.kind, tree.keys, tuple(_cut(part, axes) for part in tree.parts))
    if len(tree) < axes:
        raise ShapeError(f"batch={axes} says that the last {axes} axes count points; got an array of shape {tree}")
    return tree[: len(tree) - axes]


def _check(a: Any) -> None:
    """Raise where there is nothing to differentiate by, or no number."""
    if a.size == 0:
        raise ShapeError(f"the point has no elements: an array of shape {a.shape}")
    if not isinstance(a, np.ndarray) or a.dtype == object or (a.size < 8192 and math.isfinite(np.vdot(a, a).real)):
        return  # a sum of squares is the fastest way to ask a few
    if not np.isfinite(a).all():
        raise DomainError(f"the point {a[~np.isfinite(a)][0]} is not a finite number")


def _is_data(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.ndim > 0 and x.dtype.kind in "fc"


def _is_complex(a: Any) -> bool:
    if isinstance(a, Traced) or a.dtype != object:
        return a.dtype.kind == "c"
    return any(type(x).__name__ in ("complex", "complex128", "mpc", "acb") for x in a.flat)


@final
class Derived:
    """A derivative of ``function`` as a function of a point, and of a direction or weights where it needs such.

    Further arguments of the call go to ``function``: arrays of floats are inputs of the compiled code (unless it asks
    for the numbers in them), everything else is a constant of it (another value, another graph). The function is run
    once for each form of its arguments and must not depend on anything that changes later. Safe to call from several
    threads; pickles where the function does.
    """

    __slots__ = ("__name__", "_fixed", "_lock", "_made", "batch", "beside", "evaluate", "function")

    def __init__(self, name: str, evaluate: Callable[..., Any], function: Any, beside: int = 0, batch: int = 0) -> None:
        self.__name__ = name
        self.function = function
        self.beside = beside
        self.batch = batch
        self.evaluate = evaluate
        self._fixed = False
        self._made: dict[Any, Any] = {}
        self._lock = threading.RLock()

    def __call__(self, p: Any, *more: Any) -> Any:
        """The derivative at p; ``more`` are the direction or the weights, and the function's further arguments."""
        if len(more) < self.beside:
            raise TypeError(f"{self.__name__} needs {self.beside} more argument beside the point")
        call = Call(p, more[: self.beside], more[self.beside :], self.batch, self._fixed)
        try:
            return self.evaluate(self, call)
        except (TraceError, DomainError) as error:
            if call.traced:
                raise
            if isinstance(error, DomainError) or not call.data:
                return self._forward(call, error)
        self._fixed = True  # the function asks for the numbers in its arrays
        return self(p, *more)

    def _forward(self, call: Call, error: TayloradError) -> Any:
        """What the graph has no answer for."""
        from taylorad.derive.forward import evaluated

        try:
            return evaluated(self, call)
        except TayloradError as other:
            known = isinstance(other, DomainError) or isinstance(error, TraceError)
            raise other if known else error from None
        except Exception as other:  # numpy does not know series: what cannot be traced says more
            raise error from other

    def over(self, batch: int) -> Derived:
        """The same for points whose last ``batch`` axes count them."""
        found = Derived(self.__name__, self.evaluate, self.function, self.beside, batch)
        found._made = self._made  # graphs are those of single points
        return found

    def made(self, call: Call, what: str, build: Build) -> Any:
        """What ``build`` makes of the function's graph, kept for calls of the same form."""
        key = call.key
        if key is None or depth():  # inside another trace the function may hold values of that trace
            return build(self._pull(call))
        with self._lock:
            found = self._made.get((what, key))
            if found is None:
                if len(self._made) >= _KEPT:
                    self._made.clear()
                found = self._made[what, key] = build(self._pull(call))
            return found

    def _pull(self, call: Call) -> Pulled:
        return pull(self.function, call.tree, call.others, [x.shape for x in call.data], call.dtype)

    def __reduce__(self) -> Any:
        return (Derived, (self.__name__, self.evaluate, self.function, self.beside, self.batch))

    def __repr__(self) -> str:
        return f"<{self.__name__} of {getattr(self.function, '__name__', repr(self.function))}>"


_KEPT = 64
