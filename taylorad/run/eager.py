"""The fast path of series operations: one compiled kernel an operation, called with hardly any overhead.

    operation(plan)              the operation of a graph, kept for the life of the process
    op(order, *arrays)           its results, a list of new arrays (order+1, *shape), or None: interpret instead
    product(order, a, b), quotient(order, a, b), square(order, a), compose(order, g, u)    one array, or None
    revert(order, s, inverse)    likewise

``arrays`` are the coefficients of the leaves in order, float64 or complex128, all of one dtype and shape, with at
least order+1 rows (a leaf of low degree d ≤ 3: d+1 rows, so a parameter: one). None means that no machine code is
there, now or ever, and that the interpreter has to be asked. Points that machine code cannot decide (a zero
denominator, the edge of a domain, an overflow) go to the interpreter one by one, and what it raises is raised.
A single float64 point is the fast case: ``op.door(*arrays, *outs)``, where it is not None, is the bare machine
code, which fills ``outs`` and returns the last of them, or None when anything is unusual.

Loading LLVM costs as much as thousands of interpreted operations, so operations are counted at their
estimated cost, and code is loaded once they have cost as much as loading; from then on always. The estimate
depends on the calls alone, not on time, so a program repeats its results. :func:`load_now` skips the waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import numpy as np

from taylorad.errors import CompilationError
from taylorad.run.kernel import Kernel, compile_plan
from taylorad.series.node import Leaf
from taylorad.series.schedule import Schedule, schedule

__all__ = [
    "Operation",
    "allow",
    "compose",
    "load_now",
    "operation",
    "product",
    "quotient",
    "ready",
    "revert",
    "square",
    "watched",
]

_LLVM = 150_000.0  # what loading LLVM costs, in microseconds
_CODE = 2_000.0  # and one operation's code, when it is on disk
_FLOAT = np.dtype(np.float64)
_COMPLEX = np.dtype(np.complex128)
_empty = np.empty
_operations: dict[tuple[Any, ...], Operation] = {}
watched: list[Any] = []  # what else counts its cost, with a method ``forget``
_spent = 0.0  # estimated microseconds of interpretation so far
_ready = False  # LLVM is loaded, or the process has computed enough to load it


def load_now(wanted: bool = True) -> None:
    """Use machine code from the first call on (or, for measurements of the interpreter, never again)."""
    global _ready, _spent
    _ready, _spent = wanted, 0.0 if wanted else -float("inf")
    for found in (*_operations.values(), *watched):
        found.forget()


def ready() -> bool:
    """Whether machine code is loaded wherever it is wanted."""
    return _ready


def allow(cost: float, spent: float) -> bool:
    """Whether an operation that has cost ``spent`` by itself should be compiled now."""
    global _spent, _ready
    if not _ready:
        _spent += cost
        _ready = _spent >= _LLVM
    return _ready and (spent >= _CODE or spent < 0)


@final
class Operation:
    """See the module. Made by :func:`operation`."""

    __slots__ = ("_kernels", "_roots", "_spent", "door", "plan")

    def __init__(self, plan: Schedule) -> None:
        self.plan = plan
        self._roots = len(plan.roots)
        self.forget()

    def forget(self) -> None:
        """Start to count anew."""
        self.door: Callable[..., Any] | None = None
        self._kernels: dict[Any, Kernel] = {}
        self._spent = -1.0 if _ready else 0.0

    def __call__(self, order: int, *arrays: np.ndarray) -> list[np.ndarray] | None:
        """The coefficients 0 … order of every root, or None; see the module."""
        first = arrays[0]
        if self.door is not None and first.ndim == 1:
            if self._roots == 1:
                if self.door(*arrays, out := _empty(order + 1)) is not None:
                    return [out]
            elif self.door(*arrays, *(outs := [_empty(order + 1) for _ in range(self._roots)])) is not None:
                return outs
        kernel = self._kernels.get(first.dtype) or self._consider(first, order)
        if kernel is None:
            return None
        return kernel(arrays, order)

    def _consider(self, first: np.ndarray, order: int) -> Kernel | None:
        """Compile, or count what the interpreter is about to cost."""
        if first.dtype != _FLOAT and first.dtype != _COMPLEX:
            return None
        cost = len(self.plan.rest) * (order + 1) * (2 + first[0].size * order / 500)
        if self._spent >= 0:
            self._spent += cost
        if not allow(cost, self._spent):
            return None
        try:
            kernel = compile_plan(self.plan, dtype=first.dtype)
            door = kernel.code(1).entry
        except (CompilationError, ImportError):  # no LLVM for this machine: interpret for good
            self._spent = -float("inf")
            return None
        self._kernels[first.dtype] = kernel
        if first.dtype == _FLOAT and not kernel.givens:
            self.door = door
        return kernel


def operation(plan: Schedule) -> Operation:
    """The operation of a graph; the same roots give the same operation."""
    found = _operations.get(plan.roots)
    if found is None:
        found = _operations[plan.roots] = Operation(plan)
    return found


_product = operation(schedule([Leaf.of(0) * Leaf.of(1)]))
_square = operation(schedule([Leaf.of(0) * Leaf.of(0)]))
_quotient = operation(schedule([Leaf.of(0) / Leaf.of(1)]))


def product(order: int, a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """a·b to ``order``, or None. Cost: K²/2 multiplications a point."""
    if a.ndim == 1 and _product.door is not None and _product.door(a, b, out := _empty(order + 1)) is not None:
        return out
    found = _product(order, a, b)
    return found[0] if found else None


def square(order: int, a: np.ndarray) -> np.ndarray | None:
    """a·a to ``order``, or None, by half as many multiplications as the product."""
    if a.ndim == 1 and _square.door is not None and _square.door(a, out := _empty(order + 1)) is not None:
        return out
    found = _square(order, a)
    return found[0] if found else None


def quotient(order: int, a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """a/b to ``order``, or None. Raises SingularExpansionError where b has no constant term. Cost: as the product."""
    if a.ndim == 1 and _quotient.door is not None and _quotient.door(a, b, out := _empty(order + 1)) is not None:
        return out
    found = _quotient(order, a, b)
    return found[0] if found else None


def compose(order: int, g: np.ndarray, u: np.ndarray) -> np.ndarray | None:
    """Σ g_j·(u − u_0)^j to ``order``, or None (also where it overflows). Cost: K³/6 multiplications a point."""
    if g.ndim == 1 and _composer is not None and _composer(g, u, out := _empty(order + 1)) is not None:
        return out
    return _compose(order, g, u)


_composer: Callable[..., Any] | None = None


def _compose(order: int, g: np.ndarray, u: np.ndarray) -> np.ndarray | None:
    global _composer
    points = g[0].size
    if not allow(order**2 * (2 + points * order / 500), -1.0):
        return None
    from taylorad.run.compose import composition
    from taylorad.run.jit import host

    parts = 2 if g.dtype == _COMPLEX else 1
    out = _empty((order + 1, *g.shape[1:]), g.dtype)
    try:
        lanes = host().target.lanes
        found = composition(parts, lanes if points >= lanes else 1)
    except (CompilationError, ImportError):
        return None
    if g.dtype == _FLOAT and points < lanes:
        _composer = found
    return found(g, u, out)


def revert(order: int, s: np.ndarray, inverse: np.ndarray) -> np.ndarray | None:
    """w with s(w(t)) = t to ``order``, from s_0 = 0 and 1/s_1 in one row; None also where it overflows.

    Cost: 4K³/21 multiplications a point.
    """
    points = s[0].size
    if not allow(order**2 * (2 + points * order / 500), -1.0):
        return None
    from taylorad.run.compose import reversion
    from taylorad.run.jit import host

    try:
        lanes = host().target.lanes
        found = reversion(2 if s.dtype == _COMPLEX else 1, lanes if points >= lanes else 1)
    except (CompilationError, ImportError):
        return None
    return found(s, inverse, _empty((order + 1, *s.shape[1:]), s.dtype))
