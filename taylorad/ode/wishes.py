"""What is asked of a solution beside its span and its initial values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from taylorad.ode.events import Event
from taylorad.ode.progress import Progress

__all__ = ["Wishes"]


class Wishes(NamedTuple):
    """See :meth:`taylorad.ode.problem.Problem.solve`."""

    t_eval: Any = None
    events: Any = None
    dense: bool = True
    max_step: float = math.inf
    max_steps: int = 10_000_000
    callback: Callable[[Any, Any], Any] | None = None
    progress: Progress = False

    def watched(self) -> Sequence[Event]:
        """The events; DomainError where one is none."""
        given = self.events
        return [Event.of(g) for g in (given if isinstance(given, (list, tuple)) else [] if given is None else [given])]
