"""Large arrays that are used again: fresh memory costs more than what is computed in it."""

from __future__ import annotations

import math
import threading
import weakref
from typing import Any, cast

import numpy as np

__all__ = ["room"]

_MOST = 2**23  # bytes that a thread keeps
_kept = threading.local()


def room(shape: tuple[int, ...]) -> np.ndarray:
    """An array of floats, uninitialised; its memory is that of an earlier one of this thread that nobody holds."""
    size = math.prod(shape)
    memory: Any = getattr(_kept, "memory", None)
    if memory is None or memory.nbytes < 8 * size or _kept.lent() is not None:
        memory = memoryview(cast(Any, np.empty(size)))
        if memory.nbytes > _MOST:
            return np.frombuffer(memory).reshape(shape)
        _kept.memory = memory
    # every view of an array over a buffer holds that array, which therefore dies with the last of them
    lent = np.frombuffer(memory)
    _kept.lent = weakref.ref(lent)
    return lent[:size].reshape(shape)
