"""A system x′ = f(t, x, args) whose state is one vector: what large systems are compiled from."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from taylorad.errors import TraceError
from taylorad.ode.branches import has_branches
from taylorad.ode.system import Shape, System, traced
from taylorad.series.elements import elements
from taylorad.series.node import Constant, Leaf, Map, Node, State
from taylorad.series.reroll import reroll
from taylorad.series.schedule import reachable, schedule
from taylorad.series.substitute import substitute
from taylorad.trace.array import from_node, lift
from taylorad.trace.cells import FEW, row, vector
from taylorad.trace.graph import trace

__all__ = ["ArraySystem", "right_hand_side", "traced_vector"]

_LARGE = 1500  # elements of a graph from which its vectors are kept
_MANY = 600  # nodes of a graph taken apart from which vectors are looked for
_FEW_SCALARS = 100  # nodes without elements from which a loop is looked for
_LONG = 64  # components from which vectors are likely to be worth keeping


def right_hand_side(
    f: Callable[..., Any], dim: int, shapes: Sequence[Shape] = (), *, complex: bool = False
) -> list[Node] | ArraySystem:
    """f in the form that suits its size: its elements (see :func:`~taylorad.ode.system.traced`), or as vectors.

    Raises TraceError where f cannot be traced.
    """
    if dim <= FEW or complex:
        return traced(f, dim, shapes, complex=complex)
    if dim < _LONG:
        found = traced(f, dim, shapes)
        return found if len(reachable(found)) < _MANY else ArraySystem.large(f, dim, shapes) or found
    return ArraySystem.large(f, dim, shapes) or traced(f, dim, shapes)


def traced_vector(f: Callable[..., Any], dim: int, shapes: Sequence[Shape] = ()) -> Node:
    """What ``f(t, y, *args)`` returns as one node, over leaf 0 (y, all of it), 1 (t) and one for each argument.

    What loops over elements have left behind is put together again. Raises TraceError where f cannot be traced.
    """
    t, y = from_node(Leaf.of(1, 1), ()), from_node(Leaf.of(0, size=dim), (dim,))
    args = [from_node(Leaf.of(2 + i, 0, math.prod(shape)), shape) for i, shape in enumerate(shapes)]

    @functools.wraps(f)
    def called() -> Any:
        found = f(t, y, *args)
        return np.concatenate([np.ravel(lift(part)) for part in found]) if isinstance(found, (list, tuple)) else found

    if not hasattr(called, "__name__"):
        called.__name__ = "f"
    roots = trace(called, ()).roots
    found = None
    first, *more = roots
    if sum(n.size == 1 for n in reachable(roots)) > _FEW_SCALARS:
        found = reroll(roots if more else [row(first, i) for i in range(first.size)])
    return found if found is not None else vector(roots) if more else first


@final
@dataclass(frozen=True, slots=True)
class ArraySystem:
    """The one state, a vector, bound to its right-hand side ``rhs``, which is written as :func:`traced_vector` does.

    Leaf 0 is the initial value, leaf 1 the time (t, 1), and the arguments follow; ``leaves`` are their sizes. The first
    ``controlled`` elements decide the length of steps (all, where it is 0).
    """

    states: tuple[State]
    rhs: Node
    leaves: tuple[int, ...]
    name: str
    controlled: int = 0

    @staticmethod
    def of(rhs: Node, dim: int, shapes: Sequence[Shape] = (), controlled: int = 0) -> ArraySystem:
        leaves = (dim, 1, *(math.prod(shape) for shape in shapes))
        name = f"{hashlib.blake2b(rhs.digest, digest_size=16).hexdigest()}:{leaves}:{controlled}"
        state = State.of(name, 0, dim)
        (f,) = substitute([rhs], {0: state})
        state.bind(f, Leaf.of(0, 0, dim))
        return ArraySystem((state,), rhs, leaves, name, controlled)

    @staticmethod
    def large(f: Callable[..., Any], dim: int, shapes: Sequence[Shape] = ()) -> ArraySystem | None:
        """f as a system of vectors; None where it is small, has branches, or needs its elements one by one."""
        try:
            rhs = traced_vector(f, dim, shapes)
        except TraceError:
            return None  # taken apart it may be traceable, or says better why not
        nodes = reachable([rhs])
        work = sum(len(n.matrix.places) if isinstance(n, Map) else n.size for n in nodes if not isinstance(n, Constant))
        if work < max(_LARGE, 8 * len(nodes)) or rhs.size not in (1, dim) or has_branches([rhs]):
            return None
        return ArraySystem.of(rhs, dim, shapes)

    @property
    def dim(self) -> int:
        return self.leaves[0]

    @property
    def n_args(self) -> int:
        return sum(self.leaves[2:])

    def elements(self) -> list[Node]:
        """The right-hand sides over :func:`~taylorad.ode.system.placeholders`. Cost: some µs for each operation."""
        found = elements(schedule([self.rhs]), self.leaves)
        return found if self.rhs.size > 1 else found * self.dim

    def apart(self) -> System:
        """The same system, element by element."""
        return System.of(self.elements(), self.n_args, self.controlled)
