"""Large arrays that are used again: fresh memory costs more than what is computed in it."""

from __future__ import annotations

import sys
import threading

import numpy as np

__all__ = ["room"]

_MOST = 2**23  # bytes that a thread keeps
_kept = threading.local()


def room(shape: tuple[int, ...]) -> np.ndarray:
    """An array of floats, uninitialised; its memory is that of an earlier one of this thread that nobody holds."""
    size = int(np.prod(shape))
    memory: np.ndarray | None = getattr(_kept, "memory", None)
    # held by _kept, by `memory` and by the call: every view of it is one more
    if memory is None or memory.size < size or sys.getrefcount(memory) > 3:
        memory = np.empty(size)
        if memory.nbytes <= _MOST:
            _kept.memory = memory
    return memory[:size].reshape(shape)
