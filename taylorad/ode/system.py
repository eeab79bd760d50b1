"""A system x′ = f(t, x, args) as a graph."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from taylorad.series.elements import elements
from taylorad.series.node import Leaf, Node, State
from taylorad.series.schedule import schedule
from taylorad.series.substitute import substitute
from taylorad.trace.array import from_cells
from taylorad.trace.graph import trace

__all__ = ["System", "placeholders", "traced"]

Shape = tuple[int, ...]


def placeholders(dim: int, n_args: int) -> tuple[list[Node], Node, list[Node]]:
    """The nodes that stand for x, t and the arguments while a right-hand side is written down."""
    x: list[Node] = [Leaf.of(i) for i in range(dim)]
    return x, Leaf.of(dim, 1), [Leaf.of(dim + 1 + j, 0) for j in range(n_args)]


def traced(
    f: Callable[..., Any], dim: int, shapes: Sequence[Shape] = (), *, complex: bool = False, name: str = "f"
) -> list[Node]:
    """What ``f(t, y, *args)`` returns, its elements over :func:`placeholders`; ``shapes`` are those of the arguments.

    Raises TraceError where f cannot be traced.
    """
    x, t, values = placeholders(dim, sum(math.prod(shape) for shape in shapes))
    kind = np.complex128 if complex else np.float64
    args: list[Any] = []
    for shape in shapes:
        size = math.prod(shape)
        args.append(_array(values[:size], shape, kind))
        values = values[size:]

    @functools.wraps(f)
    def called() -> Any:
        return f(_array([t], (), np.float64), _array(x, (dim,), kind), *args)

    if not hasattr(called, "__name__"):
        called.__name__ = name
    return elements(schedule(trace(called, (), kind).roots))


def _array(nodes: Sequence[Node], shape: Shape, kind: Any) -> Any:
    cells = np.empty(len(nodes), object)
    cells[:] = nodes
    return from_cells(cells.reshape(shape), kind)


@final
@dataclass(frozen=True, slots=True)
class System:
    """The states of x′ = f, bound to their right-hand sides.

    Leaf i < dim is the initial value of component i, leaf dim is the time (t, 1), and the arguments follow it.
    ``name`` is made of the right-hand side alone: it is the same in every process. Of the components, the first
    ``controlled`` decide the length of steps (all, where it is 0).
    """

    states: tuple[State, ...]
    n_args: int
    name: str
    controlled: int = 0

    @staticmethod
    def of(rhs: Sequence[Node], n_args: int = 0, controlled: int = 0) -> System:
        """The system with the right-hand sides ``rhs``, written over :func:`placeholders`."""
        word = hashlib.blake2b(b"".join(n.digest for n in rhs), digest_size=16)
        name = f"{word.hexdigest()}:{n_args}:{controlled}"
        states = tuple(State.of(name, i) for i in range(len(rhs)))
        for i, (state, f) in enumerate(zip(states, substitute(rhs, dict(enumerate(states))), strict=True)):
            state.bind(f, Leaf.of(i, 0))
        return System(states, n_args, name, controlled)

    @property
    def dim(self) -> int:
        return len(self.states)

    def along(self, nodes: Sequence[Node]) -> list[Node]:
        """Functions of (t, x, args), written over :func:`placeholders`, along the solution."""
        return substitute(nodes, dict(enumerate(self.states)))
