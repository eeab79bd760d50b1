"""The monomials of truncated polynomials in several variables, degree by degree, and where their products lie.

Monomials of one degree stand in graded reverse lexicographic order (x², xy, y², xz, yz, z²), by the exponent of
the last variable, then of the one before it. So a block of degree k in n variables is the blocks of degree
k, k−1, …, 0 in n−1 variables, one after the other, and multiplication by a monomial in the last variables maps runs
of a block to runs. A set of monomials contains the divisors of its members, so that what is dropped is an ideal and
products of truncated polynomials are right.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, final

import numpy as np

from taylorad.errors import OrderError

__all__ = ["LIMIT", "Monomials"]

LIMIT = 1 << 31  # bytes of exponents and one row of coefficients; larger sets are refused


@final
class Monomials:
    """All monomials with exponents e_i ≤ caps[i] whose sum over the variables of each group g is ≤ orders[g].

    ``groups[i]`` is the group of variable i. ``exponents`` is (M, n), ``offsets[k]`` the place of the first monomial
    of degree k. Immutable; equal arguments give the same object by :meth:`of`. Raises OrderError where the set is too
    large for memory. Cost: O(M·n·log M) once; tables of products when they are first asked for.
    """

    __slots__ = ("_hashes", "_lock", "_sorted", "_tables", "_weights", "caps", "count", "exponents", "groups",
                 "offsets", "order", "orders", "size")  # fmt: skip

    def __init__(self, caps: tuple[int, ...], groups: tuple[int, ...], orders: tuple[int, ...]) -> None:
        self.caps, self.groups, self.orders = caps, groups, orders
        self.count = len(caps)
        sizes = self._sizes()
        self.order = len(sizes) - 1
        self.size = sum(sizes)
        need = self.size * (8 + 2 * self.count)
        if need > LIMIT:
            raise OrderError(
                f"{self.count} variables to order {self.order} have {self.size} coefficients: {need / 2**30:.3g} GiB "
                f"for one polynomial and its exponents, more than the limit of {LIMIT >> 30} GiB; lower the order, "
                "cap exponents, or use fewer variables"
            )
        self.offsets: tuple[int, ...] = (0, *np.cumsum(sizes).tolist())
        blocks = [np.zeros((1, self.count), np.int16)]
        for _ in range(self.order):
            blocks.append(self._next(blocks[-1]))
        self.exponents = np.concatenate(blocks)
        self.exponents.flags.writeable = False
        self._hash()
        self._lock = threading.Lock()
        self._tables: dict[tuple[int, int], Any] = {}

    @staticmethod
    def of(caps: tuple[int, ...], groups: tuple[int, ...], orders: tuple[int, ...]) -> Monomials:
        """The set, which is made once."""
        with _making:
            return _known(caps, groups, orders)

    def _sizes(self) -> list[int]:
        """How many monomials of each degree there are, from generating functions."""
        total = [1]
        for g, order in enumerate(self.orders):
            counts = [1] + [0] * order
            for cap in (c for c, of in zip(self.caps, self.groups, strict=True) if of == g):
                sums = [0]
                for x in counts:
                    sums.append(sums[-1] + x)
                counts = [sums[k + 1] - sums[max(0, k - cap)] for k in range(order + 1)]
            while len(counts) > 1 and counts[-1] == 0:
                counts.pop()
            total = [
                sum(total[i] * counts[k - i] for i in range(len(total)) if 0 <= k - i < len(counts))
                for k in range(len(total) + len(counts) - 1)
            ]
        return total

    def _next(self, block: np.ndarray) -> np.ndarray:
        """The block of the next degree: each monomial times each variable from its own last one on."""
        last = np.where(block.any(axis=1), self.count - 1 - np.argmax(block[:, ::-1] != 0, axis=1), 0)
        sums = [
            block[:, [i for i, of in enumerate(self.groups) if of == g]].sum(axis=1) for g in range(len(self.orders))
        ]
        found: list[np.ndarray] = []
        for v in range(self.count):
            g = self.groups[v]
            rows = block[(last <= v) & (block[:, v] < self.caps[v]) & (sums[g] < self.orders[g])].copy()
            rows[:, v] += 1
            found.append(rows)
        merged = np.concatenate(found)
        return merged[np.lexsort(merged.T)]

    def _hash(self) -> None:
        """A number for every monomial, such that numbers add when monomials are multiplied."""
        for seed in range(64):
            weights = np.random.default_rng(seed).integers(1, 1 << 62, self.count, np.uint64)
            hashes = (self.exponents.astype(np.uint64) * weights).sum(axis=1, dtype=np.uint64)
            order = np.argsort(hashes)
            if np.all(np.diff(hashes[order])):
                self._hashes, self._sorted, self._weights = hashes, order, weights
                return
        raise AssertionError("sixty-four hashes collide")  # pragma: no cover - 2^-40 for the largest set, each

    def find(self, exponents: np.ndarray) -> np.ndarray:
        """The places of monomials (…, n), −1 where one is not in the set."""
        exponents = np.asarray(exponents)
        hashes = (exponents.astype(np.uint64) * self._weights).sum(axis=-1, dtype=np.uint64)
        return self._look(hashes, exponents)

    def _look(self, hashes: np.ndarray, exponents: np.ndarray) -> np.ndarray:
        at = np.searchsorted(self._hashes, hashes, sorter=self._sorted)
        place = self._sorted[np.minimum(at, self.size - 1)]
        return np.where((self.exponents[place] == exponents).all(axis=-1), place, -1)

    def block(self, k: int) -> slice:
        """The places of the monomials of degree k."""
        return slice(self.offsets[k], self.offsets[k + 1])

    def table(self, i: int, j: int) -> np.ndarray:
        """(m_i, m_j): the place, in the block of degree i + j, of the product of two monomials of degrees i and j.

        Products outside the set have the place m_(i+j), one past the end.
        """
        found = self._tables.get((i, j))
        if found is None:
            fresh = self.table_of(i, j)
            fresh.flags.writeable = False
            with self._lock:
                found = self._tables.setdefault((i, j), fresh)
        return found

    def table_of(self, i: int, j: int) -> np.ndarray:
        """The same, computed anew. Raises OrderError where all tables together would be too large for memory."""
        self._fits()
        a, b = self.block(i), self.block(j)
        place = np.empty((a.stop - a.start, b.stop - b.start), np.int32)
        step = max(1, (1 << 22) // (place.shape[1] * self.count or 1))
        for begin in range(0, len(place), step):  # exponents of a few rows at a time
            rows = slice(begin, begin + step)
            hashes = self._hashes[a][rows, None] + self._hashes[None, b]
            found = self._look(hashes, self.exponents[a][rows, None] + self.exponents[None, b])
            place[rows] = np.where(found < 0, self.offsets[i + j + 1], found) - self.offsets[i + j]
        return place

    def _fits(self) -> None:
        sizes = np.diff(self.offsets).tolist()
        pairs = sum(sizes[i] * sum(sizes[1 : self.order - i + 1]) for i in range(1, self.order))
        if 4 * pairs > LIMIT:
            raise OrderError(
                f"products of polynomials in {self.count} variables to order {self.order}, with {self.size} "
                f"coefficients, need tables of {4 * pairs / 2**30:.3g} GiB, more than the limit of {LIMIT >> 30} GiB; "
                "lower the order, cap exponents, or use fewer variables"
            )

    def add_products(
        self, out: np.ndarray, i: int, j: int, left: Any, right: Any, mul: Callable[[Any, Any], Any]
    ) -> None:
        """Add the products of a block of degree i ≥ 1 and one of degree j ≥ 1 to the block ``out``.

        ``out`` has one place more, for products that are not kept.
        """
        table = self.table(i, j)
        if len(left) > len(right):
            left, right, table = right, left, table.T
        for x, places in zip(left, table, strict=True):  # the products of one monomial with all others differ
            out[places] += mul(x, right)

    def __reduce__(self) -> Any:
        return (Monomials.of, (self.caps, self.groups, self.orders))


_making = threading.RLock()


@lru_cache(maxsize=128)
def _known(caps: tuple[int, ...], groups: tuple[int, ...], orders: tuple[int, ...]) -> Monomials:
    return Monomials(caps, groups, orders)
