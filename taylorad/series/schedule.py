"""The order in which the nodes of a graph are computed, at coefficient 0 and at every later one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from taylorad.series.costate import Costate
from taylorad.series.node import Constant, Function, Leaf, Node, State
from taylorad.series.recurrence import dependencies

__all__ = ["Schedule", "reachable", "schedule", "values"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """``first``: all nodes, in the order of coefficient 0. ``rest``: those that have coefficients k ≥ 1."""

    roots: tuple[Node, ...]
    first: tuple[Node, ...]
    rest: tuple[Node, ...]

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        return tuple(n for n in self.first if isinstance(n, Leaf))


def schedule(roots: Sequence[Node]) -> Schedule:
    """Both orders for the graph that hangs on ``roots``."""
    nodes = reachable(roots)
    first = _sorted(nodes, 0)
    rest = _sorted([n for n in nodes if n.degree > 0], 1)
    moving = tuple(n for n in rest if n.degree > 0 and not isinstance(n, (Leaf, Constant)))
    return Schedule(tuple(roots), tuple(first), moving)


@lru_cache(maxsize=256)
def values(plan: Schedule) -> Schedule:
    """What coefficient 0 of the roots needs."""
    return Schedule(plan.roots, tuple(_sorted(plan.roots, 0)), ())


def reachable(roots: Sequence[Node]) -> list[Node]:
    """Everything that hangs on ``roots``, in no order of computation."""
    seen: dict[Node, None] = {}
    todo = list(reversed(roots))
    while todo:
        n = todo.pop()
        if n in seen:
            continue
        seen[n] = None
        todo.extend(reversed(n.operands))
        if isinstance(n, Function) and n.degree > 0 and n.exponent is None:
            todo.append(n.differential)
        elif isinstance(n, State):
            todo.extend((n.start, n.rhs))
        elif isinstance(n, Costate):
            todo.extend((n.source, n.weight, n.rhs))
    return list(seen)


def _sorted(nodes: Sequence[Node], k: int) -> list[Node]:
    """Topological order of the dependencies at order k (depth first, without recursion)."""
    out: list[Node] = []
    done: dict[Node, bool] = {}  # False: begun, and what it depends on is not done
    for root in nodes:
        stack = [root]
        while stack:
            n = stack[-1]
            if n not in done:
                done[n] = False
                for m in reversed(dependencies(n, k)):
                    if m not in done:
                        stack.append(m)
                    elif not done[m]:
                        raise ValueError(f"{m!r} depends on its own coefficient of the same order")
                continue
            stack.pop()
            if not done[n]:
                done[n] = True
                out.append(n)
    return out
