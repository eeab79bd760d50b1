"""Where times of events or switches accumulate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["MANY", "accumulation"]

MANY = 13  # times that are looked at: two rounds of six gaps, so that patterns of 1, 2, 3 or 6 gaps may shrink
_NEAR = 1e-10  # of the time since the beginning: how near


def accumulation(times: Sequence[float], t0: float) -> float | None:
    """The limit of the last ``MANY`` times, the sum of a geometric series, where it is next to the last one, else None.

    ``t0`` is the beginning.
    """
    if len(times) < MANY:
        return None
    gaps = np.diff(times[-MANY:])
    first, last = gaps[: MANY // 2].sum(), gaps[MANY // 2 :].sum()
    if not abs(last) < abs(first):
        return float(times[-1]) if last == 0 else None
    rest = last * last / (first - last)
    return float(times[-1] + rest) if abs(rest) <= _NEAR * abs(times[-1] - t0) else None
