"""Sums Σ a_j·b_{k−j} of long integers, order after order, by products of blocks.

Both series become known one coefficient at a time. Pairs of finished blocks are multiplied as polynomials, once, by
FLINT's fast arithmetic; what involves the block at work is summed term by term. For long series of long integers that
is several times as fast as sums alone (van der Hoeven, Relax, but don't be too lazy, J. Symb. Comp. 34, 2002: the
simplest of its schemes).
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul
from typing import Any, final

from taylorad.rings.balls import polynomial

__all__ = ["BLOCK", "Online"]

BLOCK = 64


@final
class Online:
    """The product of two growing lists of integers; mutable, for rising k.

    Terms that a caller leaves out of a sum by its bounds must be those of coefficients that are zero, or that the block
    at work holds.
    """

    def __init__(self, a: Sequence[Any], b: Sequence[Any]) -> None:
        self.a, self.b = a, b
        self._left: list[Any] = []
        self._right: list[Any] = []
        self._made: list[Any] = []  # [n]: all products of finished blocks p and q with p + q = n

    def total(self, lo: int, hi: int, k: int) -> Any:
        """Σ a_j·b_{k−j} for j = lo … hi."""
        a, b, block = self.a, self.b, k // BLOCK
        if not block:
            return sum(map(mul, a[lo : hi + 1], b[k - hi : k - lo + 1][::-1]))
        while len(self._left) < block:
            self._finish()
        base = block * BLOCK
        found = self._made[block][k - base] + self._made[block - 1][k - base + BLOCK]
        low = k - base  # j = lo … low meets the block at work in b, j = base … hi in a
        found += sum(map(mul, a[lo : low + 1], b[base : k - lo + 1][::-1]))
        return found + sum(map(mul, a[base : hi + 1], b[k - hi : low + 1][::-1]))

    def _finish(self) -> None:
        """One more block is complete: multiply it with all before it, and with itself."""
        n = len(self._left)
        self._left.append(polynomial(list(self.a[n * BLOCK : (n + 1) * BLOCK])))
        self._right.append(polynomial(list(self.b[n * BLOCK : (n + 1) * BLOCK])))
        self._made += [polynomial([]) for _ in range(2 * n + 2 - len(self._made))]
        for p in range(n + 1):
            self._made[n + p] += self._left[n] * self._right[p]
            if p < n:
                self._made[n + p] += self._left[p] * self._right[n]
