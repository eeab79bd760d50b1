"""Between intervals of floats and balls, without loss on the way that floats do not force."""

from __future__ import annotations

from math import inf, nextafter
from typing import Any

from flint import arb

__all__ = ["around", "ends"]

_MAX = 1.7976931348623157e308


def around(low: float, high: float) -> Any:
    """A ball around [low, high]."""
    return arb(low) if low == high else arb(low).union(arb(high))


def ends(b: Any) -> tuple[float, float] | None:
    """The closest floats around a real ball, or None where it is not finite."""
    if not b.is_finite():
        return None
    return _below(b.lower()), -_below((-b).lower())


def _below(low: Any) -> float:
    near = float(low)
    if near - near != 0.0:
        return near if near < 0 else _MAX
    return near if arb(near) <= low else nextafter(near, -inf)
