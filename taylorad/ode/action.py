"""What an event does to the state: a traced and compiled map, or a function of Python that is called with numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, final

import numpy as np

from taylorad.errors import DomainError, TraceError
from taylorad.ode.system import Shape, traced
from taylorad.run.kernel import compile_plan
from taylorad.series.schedule import schedule

if TYPE_CHECKING:
    from taylorad.ode.events import Event

__all__ = ["Action"]


@final
class Action:
    """(t, y) → the state after an event; ``args`` are those of one solution. TraceError for a reset that is not one."""

    def __init__(self, event: Event, dim: int, shapes: Sequence[Shape], args: np.ndarray) -> None:
        self._word, self._call = event.name or str(event.g), event.action
        self._args, self._kernel = args, None
        self._given: list[Any] = []
        place = 0
        for shape in shapes:
            size = math.prod(shape)
            self._given.append(args[place : place + size].reshape(shape)[()])
            place += size
        if event.reset is not None:
            nodes = traced(event.reset, dim, shapes, complex=args.dtype.kind == "c", name="reset")
            if len(nodes) != dim:
                raise TraceError(f"the reset of event {self._word} returns {len(nodes)} values; y has {dim} components")
            self._kernel = compile_plan(schedule(nodes), dtype=args.dtype)

    def __call__(self, t: float, y: np.ndarray) -> np.ndarray:
        """DomainError where what comes out is not a state."""
        if self._kernel is not None:
            points = (*y, t, *self._args)[: len(self._kernel.degrees)]
            leaves = [np.array([v, 0.0][: 1 + (i == len(y))], y.dtype) for i, v in enumerate(points)]
            return self._checked(t, y, np.array([np.ravel(row)[0] for row in self._kernel(leaves, 0)]))
        call: Callable[..., Any] | None = self._call
        if call is None:
            return y
        own = y.copy()
        found = call(t, own, *self._given)
        return self._checked(t, y, own if found is None else found)

    def _checked(self, t: float, y: np.ndarray, found: Any) -> np.ndarray:
        state = np.asarray(found)
        if state.shape != y.shape or state.dtype.kind not in ("biufc" if y.dtype.kind == "c" else "biuf"):
            raise DomainError(
                f"the action of event {self._word} at t = {t} returned {found!r}; "
                f"return the new state, {len(y)} numbers, or nothing"
            )
        if not np.all(np.isfinite(state)):
            raise DomainError(f"the action of event {self._word} at t = {t} gave y = {state.tolist()}")
        return state.astype(y.dtype)
