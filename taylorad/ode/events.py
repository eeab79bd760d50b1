"""Events: where functions of a solution vanish, and what happens there. Steps do not depend on them.

>>> import taylorad as ta
>>> floor = ta.Event(lambda t, y: y[0], direction=-1, reset=lambda t, y: [0, -0.5 * y[1]], terminal=3)
>>> s = ta.solve_ivp(lambda t, y: [y[1], -9.8 + 0 * t], (0, 10), [4.9, 0.0], events=floor)
>>> s.t_events[0].round(12).tolist()
[1.0, 2.0, 2.5]
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np

from taylorad.errors import DomainError, TraceError
from taylorad.ode.accumulation import MANY, accumulation
from taylorad.ode.action import Action
from taylorad.ode.branched import BranchedSearch
from taylorad.ode.branches import has_branches
from taylorad.ode.dense import DenseSolution, within
from taylorad.ode.march import Piece
from taylorad.ode.search import Hits, Search
from taylorad.ode.system import Shape, traced
from taylorad.series.node import Node

__all__ = ["Event", "Hit", "Watch", "node_of", "roots_of"]


@final
@dataclass(frozen=True, slots=True)
class Event:
    """g(t, y, *args) = 0.

    Parameters
    ----------
    g : function of ``t``, ``y`` (dim,) and the arguments, that returns one number
        run once for an Event, on traced values; a function given instead of an Event is run once for an integration.
        For a complex state its real part counts.
    terminal : bool or int
        whether to stop, or at which hit to stop (scipy's meaning).
    direction : float
        > 0 for roots where g rises in the direction of integration, < 0 where it falls, 0 for all, tangent ones too.
    action : function of ``t``, ``y`` (dim,) and the arguments, optional
        called with numbers at every hit; the state that it returns (or, if it returns nothing, its ``y``, which it may
        have written to) is the one to go on from.
    name : str, optional
    reset : function of ``t``, ``y`` (dim,) and the arguments, optional
        the same, but traced and compiled: the new state as a formula, without side effects. One of the two is enough.

    A root at the beginning is reported, but neither stops the integration nor starts an action. Where an action leaves
    the state on the surface g = 0, the event does not happen again before the solution has left it. All roots of a
    step are found, multiple ones are one hit; roots closer than some 1e-7 of a step may be one. Raises DomainError
    for values that are none of this. Not rigorous.
    """

    g: Callable[..., Any]
    terminal: bool | int = False
    direction: float = 0
    action: Callable[..., Any] | None = None
    name: str = ""
    reset: Callable[..., Any] | None = None
    _nodes: dict[Any, Node] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not callable(self.g):
            raise DomainError(f"an event is a function of (t, y, *args), not {self.g!r}")
        if int(self.terminal) != self.terminal or self.terminal < 0:
            raise DomainError(f"terminal = {self.terminal!r} is neither a bool nor a number of hits")
        if not self.direction == self.direction:
            raise DomainError(f"direction = {self.direction!r} is not a number")
        if self.action is not None and self.reset is not None:
            raise DomainError(f"event {self.name or self.g} has an action and a reset; give one of them")

    @staticmethod
    def of(g: Any) -> Event:
        """A function with scipy's attributes ``terminal`` and ``direction``, or an Event."""
        if isinstance(g, Event):
            return g
        terminal, direction = getattr(g, "terminal", None), getattr(g, "direction", None)
        return Event(g, terminal or False, direction or 0, getattr(g, "action", None), getattr(g, "__name__", ""))

    @property
    def changes(self) -> bool:
        """Whether the state changes at a hit."""
        return self.action is not None or self.reset is not None


class Hit(NamedTuple):
    """Where an integration stops or changes, in ``step`` at the fraction ``part``, and by which ``events``."""

    events: list[int]
    step: int
    part: float
    t: float
    final: bool


def node_of(event: Event, dim: int, shapes: Sequence[Shape], complex: bool = False) -> Node:
    """g over a system's placeholders; TraceError where it cannot be traced."""
    key = (dim, tuple(shapes), complex)
    known = event._nodes.get(key)
    if known is None:
        found = traced(event.g, dim, shapes, complex=complex, name=event.name or "event")
        if len(found) != 1:
            raise TraceError(f"event {event.name or event.g} returns {len(found)} values; an event is one number")
        known = event._nodes[key] = found[0]
    return known


@final
@dataclass
class Watch:
    """Events along one integration; mutable. ``times``, ``states`` and ``orders`` of multiplicity, for each event."""

    events: Sequence[Event]
    search: Search | BranchedSearch
    times: list[list[np.ndarray]]
    states: list[list[np.ndarray]]
    orders: list[list[np.ndarray]]
    last: list[float]
    hits: list[int]
    actions: list[Action | None]
    changes: list[float] = field(default_factory=list)  # the last times of actions

    @staticmethod
    def of(events: Sequence[Event], dim: int, shapes: Sequence[Shape], args: np.ndarray) -> Watch:
        """Trace the events; TraceError where one cannot be."""
        nodes = [node_of(event, dim, shapes, args.dtype.kind == "c") for event in events]
        kind = BranchedSearch if _branched(tuple(nodes)) else Search
        search = kind(nodes, dim, args, [_sign(event.direction) for event in events])
        n = len(events)
        actions = [Action(event, dim, shapes, args) if event.changes else None for event in events]
        return Watch(events, search, _lists(n), _lists(n), _lists(n), [np.nan] * n, [0] * n, actions)

    def __post_init__(self) -> None:
        self.active = any(event.terminal or event.changes for event in self.events)

    def take(self, piece: Piece) -> Hit | None:
        """Note every root in some steps, up to the first at which the integration stops or changes: that one.

        DomainError where a function is not defined.
        """
        try:
            hits = self.search.take(piece)
        except DomainError as error:
            names = " or ".join(event.name or getattr(event.g, "__name__", "g") for event in self.events)
            begin, end = piece.times[0, 0], piece.times[-1, 0]
            raise DomainError(f"event {names} is not defined between t = {begin} and {end}: {error}") from error
        if not len(hits.t):
            return None
        if hits.begins.any():  # what is zero at a new beginning because it was so at the end before it is told already
            told = hits.begins & (np.array(self.last)[hits.which] == hits.t)
            hits = hits.of(~told) if told.any() else hits
        stop = self._first(hits) if self.active else None
        if stop is not None:  # what happens at the same time is told, too
            earlier = (hits.step < stop.step) | ((hits.step == stop.step) & (hits.part <= stop.part))
            hits = hits.of(earlier | (hits.t == stop.t))
        if len(hits.t):
            y = within(piece, hits.step, hits.after)
            for e in range(len(self.events)):
                mine = hits.which == e if len(self.events) > 1 else slice(None)
                t = hits.t[mine]
                if len(t):
                    self.times[e].append(t)
                    self.states[e].append(y[mine])
                    self.orders[e].append(hits.times[mine])
                    self.last[e] = float(t[-1])
        return stop

    def _first(self, hits: Hits) -> Hit | None:
        stop: Hit | None = None
        for k in np.flatnonzero(~hits.begins):
            e, t = int(hits.which[k]), float(hits.t[k])
            event = self.events[e]
            if stop is not None and t != stop.t:
                break
            self.hits[e] += 1
            final = bool(event.terminal) and self.hits[e] >= int(event.terminal)
            if stop is None and (final or event.changes):
                stop = Hit([e], int(hits.step[k]), float(hits.part[k]), t, final)
            elif stop is not None:
                stop = stop._replace(events=[*stop.events, e], final=stop.final or final)
        return stop

    def act(self, hit: Hit, y: np.ndarray) -> np.ndarray:
        """The state from which the solution goes on after a hit. DomainError where an action gives none."""
        self.search.begin(hit.events)
        self.changes = [*self.changes[1 - MANY :], hit.t]
        for e in hit.events:
            action = self.actions[e]
            y = y if action is None else action(hit.t, y)
        return y

    def accumulation(self, t0: float) -> float | None:
        """Where the times of the actions accumulate, if it is near."""
        return accumulation(self.changes, t0)

    def result(self, dim: int, dtype: np.dtype[Any]) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
        """Times (m,), states (m, dim) and multiplicities (m,) of each event."""
        times, states, orders = self.times, self.states, self.orders
        for e, hits in enumerate(times):
            if not hits:
                hits.append(np.zeros(0))
                states[e].append(np.zeros((0, dim), dtype))
                orders[e].append(np.zeros(0, np.int64))
        return [_joined(each) for each in times], [_joined(each) for each in states], [_joined(each) for each in orders]


@functools.lru_cache(256)
def _branched(nodes: tuple[Node, ...]) -> bool:
    return has_branches(nodes)


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


def _joined(rows: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(rows) if len(rows) > 1 else rows[0]


def _lists(n: int) -> list[list[np.ndarray]]:
    return [[] for _ in range(n)]


def roots_of(g: Any, dense: DenseSolution, shapes: Sequence[Shape], args: np.ndarray) -> np.ndarray:
    """The times at which ``g`` vanishes along a solution, in the order of integration, multiple ones once."""
    watch = Watch.of([Event.of(g)], dense.coefficients.shape[2], shapes, args)
    for piece in dense.smooth():
        watch.take(piece)
    return np.concatenate([np.zeros(0), *watch.times[0]])
