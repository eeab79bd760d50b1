"""Functions given in pieces, as numpy has them: one piece is chosen after the other, by ``choose(condition, a, b)``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylorad.errors import TraceError
from taylorad.trace.array import lift

__all__ = ["interpolated", "piecewise", "selected"]

Choose = Callable[[Any, Any, Any], Any]


def selected(choose: Choose) -> Callable[..., Any]:
    """np.select."""

    def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
        found = default
        for condition, value in zip(reversed(condlist), reversed(choicelist), strict=True):
            found = choose(condition, value, found)
        return found

    return select


def piecewise(choose: Choose) -> Callable[..., Any]:
    """np.piecewise, whose later conditions overrule earlier ones."""

    def pieces(x: Any, condlist: Sequence[Any], funclist: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        conditions = list(condlist) if isinstance(condlist, (list, tuple)) else [condlist]
        values = [f(x, *args, **kwargs) if callable(f) else f for f in funclist]
        if len(values) - len(conditions) not in (0, 1):
            raise TraceError(f"np.piecewise has {len(conditions)} conditions and {len(values)} functions")
        found = values[-1] if len(values) > len(conditions) else 0
        for condition, value in zip(conditions, values, strict=False):
            found = choose(condition, value, found)
        return found

    return pieces


def interpolated(choose: Choose) -> Callable[..., Any]:
    """np.interp at traced places: the table's pieces are searched by halving, so few conditions lead to each."""

    def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
        if period is not None:
            raise TraceError("np.interp of a traced value takes no period; give it x % period")
        try:
            knots = np.asarray(xp, float)
        except (TypeError, ValueError) as error:
            raise TraceError("the places of np.interp's table must be numbers") from error
        values, n = lift(fp), len(knots)
        if knots.ndim != 1 or values.shape != (n,) or n == 0 or np.any(np.diff(knots) <= 0):
            raise TraceError(f"np.interp needs a value for each of its increasing places, got {len(values)} for {xp!r}")
        first, last = (values[i] if end is None else end for i, end in ((0, left), (-1, right)))

        def between(low: int, high: int) -> Any:
            """The value between the knots ``low`` and ``high``."""
            if high - low == 1:
                slope = (values[high] - values[low]) / (knots[high] - knots[low])
                return values[low] + (x - knots[low]) * slope
            middle = (low + high) // 2
            return choose(x < knots[middle], between(low, middle), between(middle, high))

        inner = between(0, n - 1) if n > 1 else values[0]
        return choose(x < knots[0], first, choose(x > knots[-1], last, inner))

    return interp
