"""Integer powers by repeated squaring, of whatever has a product."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["repeated"]

T = TypeVar("T")


def repeated(times: Callable[[T, T], T], x: T, n: int) -> T:
    """x^n for n ≥ 1. Cost: at most 2·log2(n) products."""
    found: T | None = None
    while True:
        if n & 1:
            found = x if found is None else times(found, x)
        n >>= 1
        if not n:
            assert found is not None
            return found
        x = times(x, x)
