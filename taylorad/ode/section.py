"""Where a solution returns to a surface, and how that depends on where it began: Poincaré's map.

>>> import numpy as np, taylorad as ta
>>> p = ta.compile_ode(lambda t, y: [y[1], -y[0] - 0.2 * y[1]], dim=2, rtol=1e-14)
>>> back = ta.poincare_map(p, lambda t, y: y[0], direction=1)([0.0, 1.0])
>>> period = 2 * np.pi / np.sqrt(0.99)
>>> bool(abs(back.t - period) < 1e-12 and abs(back.y[1] - np.exp(-0.1 * period)) < 1e-12)
True
>>> bool(abs(back.derivative[1, 1] - np.exp(-0.1 * period)) < 1e-12)
True
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.events import Event
from taylorad.ode.problem import Problem
from taylorad.ode.sensitivity import Sensitivity
from taylorad.ode.solution import Status

__all__ = ["PoincareMap", "Return", "poincare_map"]


@final
@dataclass(frozen=True)
class Return:
    """The next crossing: ``t``, how long it took, and ``y`` (dim,) there.

    ``derivative`` (dim, dim) is that of y, and ``time_derivative`` (dim,) that of t, by the state that it began with.
    """

    t: float
    y: np.ndarray
    derivative: np.ndarray
    time_derivative: np.ndarray


def poincare_map(problem: Problem, g: Callable[..., Any], *, direction: float = 0, t_max: float = 1e3) -> PoincareMap:
    """The map that takes a state to the next crossing of the surface g(t, y, *args) = 0, with its derivative.

    Parameters
    ----------
    problem : :class:`taylorad.ode.problem.Problem`, of :func:`taylorad.compile_ode`
    g : function of ``t``, ``y`` (dim,) and the arguments, that returns one number; run once, on traced values
    direction : float
        > 0 for crossings where g rises, < 0 where it falls, 0 for all.
    t_max : float > 0
        How long to wait for a crossing.

    Returns a :class:`PoincareMap` P: ``P(y, args)`` is one :class:`Return`, ``P.orbit(y, count, args)`` the crossings
    (count, dim). Raises DomainError for what is no problem and a ``t_max`` that is not positive; P raises it where
    there is no crossing. Cost: an integration with first derivatives by y0, of dim² further equations. Not rigorous.

    >>> import taylorad as ta
    >>> swing = ta.compile_ode(lambda t, y: [y[1], -y[0]], dim=2)
    >>> P = ta.poincare_map(swing, lambda t, y: y[0], direction=1)
    >>> round(P([0.0, 1.0]).t, 9), P.orbit([0.0, 1.0], 3).shape
    (6.283185307, (3, 2))
    """
    if not isinstance(cast(object, problem), Problem):
        raise DomainError(f"{problem!r} is no compiled problem; give ta.compile_ode(f, dim)")
    if not t_max > 0:
        raise DomainError(f"t_max = {t_max} must be positive")
    return PoincareMap(problem, Event(g, terminal=True, direction=direction), float(t_max))


@final
class PoincareMap:
    """See :func:`poincare_map`; call it with a state, on the surface or not. Not rigorous."""

    def __init__(self, problem: Problem, event: Event, t_max: float) -> None:
        self.problem, self.event, self.t_max = problem, event, t_max

    def __call__(self, y: Any, args: Any = (), t0: float = 0.0) -> Return:
        """The next crossing after ``t0``; DomainError where there is none, or where the solution only touches."""
        span = (t0, t0 + self.t_max)
        s = self.problem.solve(span, y, args, events=self.event, sensitivity=Sensitivity(y0=True))
        if s.status != Status.EVENT:
            why = f"there is none until t = {span[1]}" if s.status == Status.END else s.message
            raise DomainError(f"no crossing of the section: {why}")
        t = float(s.t[-1])
        by_time, by_state = s.event_derivatives(self.event, t)
        return Return(t - t0, s.y[:, -1], by_state, by_time)

    def orbit(self, y: Any, count: int, args: Any = (), t0: float = 0.0) -> np.ndarray:
        """The next ``count`` crossings, (count, dim), without derivatives."""
        event = Event(self.event.g, terminal=count, direction=self.event.direction)
        s = self.problem.solve((t0, t0 + count * self.t_max), y, args, events=event, dense=False)
        assert s.y_events is not None
        assert s.t_events is not None
        found = s.y_events[0][s.t_events[0] > t0]
        if len(found) < count:
            raise DomainError(f"only {len(found)} crossings of the section until t = {s.stats['t']}: {s.message}")
        return found[:count]
