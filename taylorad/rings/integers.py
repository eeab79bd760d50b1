"""Long integers as numbers m·2^e: shifts, and sizes."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["magnitude", "shifted"]


def shifted(m: Any, by: int) -> Any:
    """m·2^by, rounded down."""
    return m << by if by >= 0 else m >> -by


def magnitude(m: int) -> float:
    """The logarithm of |m| to base 2, to within 0.09, from the leading bits; −inf for 0."""
    if not m:
        return -math.inf
    bits = m.bit_length()
    return bits - 2.0 + abs(m << 64 - bits if bits < 64 else m >> bits - 64) * 2.0**-63
