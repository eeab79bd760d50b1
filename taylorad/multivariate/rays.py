"""All derivatives of one order from series along rays (Griewank, Utke and Walther, Math. Comp. 69, 2000).

Along s_j = Σ_r j_r·v_r, for all multi-indices j of degree K, the K-th coefficients F(s_j) of a function determine its
derivatives of order K: ∂^i f = Σ_j γ(i, j)·F(s_j), where only the j matter whose variables are among those of i, and

    γ(i, j) = Σ_k (−1)^|i−k| · C(i, k) · C(K·k/|k|, j) · (|k|/K)^K,    0 < k ≤ i,

with products of binomial coefficients over the variables. An error of ε·|F| along the rays becomes at most C(2K−1, K)·ε
where all derivatives of order K are of size 1: 1, 3, 10, 35 for the orders 1 to 4. (The bound is attained by
∂_1…∂_K; it is the sum of |γ| times K^K/K!.)
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import comb, prod
from typing import Any

import numpy as np

from taylorad.rings.graded_monomials import Monomials

__all__ = ["SAFE", "interpolated", "weights"]

SAFE = 4  # the largest order at which rays are used


def interpolated(monomials: Monomials, order: int, along: Callable[[np.ndarray], np.ndarray], step: int) -> np.ndarray:
    """The derivatives (m, …) by all monomials of a degree, from F at rays: ``along(s)``, (…, R) for s (R, n).

    ``along`` is called for ``step`` rays at a time. Rounding: see the module.
    """
    rays = monomials.exponents[monomials.block(order)]
    parts = [along(rays[begin : begin + step]) for begin in range(0, len(rays), step)]
    values = np.moveaxis(np.concatenate(parts, axis=-1), -1, 0)
    starts, columns, factors = _table(monomials, order)
    terms = values[columns] * factors.reshape(-1, *[1] * (values.ndim - 1))
    return np.add.reduceat(terms, starts, axis=0)


@lru_cache(maxsize=32)
def _table(monomials: Monomials, order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each monomial where its terms begin, and of all terms the rays and the weights."""
    starts: list[int] = []
    exponents: list[np.ndarray] = []
    factors: list[float] = []
    for row in monomials.exponents[monomials.block(order)]:
        support = np.flatnonzero(row)
        found = weights(tuple(row[support].tolist()))
        starts.append(len(factors))
        whole = np.zeros((len(found), monomials.count), np.int16)
        whole[:, support] = [j for j, _ in found]
        exponents.append(whole)
        factors += [float(g) for _, g in found]
    columns = monomials.find(np.concatenate(exponents)) - monomials.offsets[order]
    return np.array(starts), columns, np.array(factors)


@lru_cache(maxsize=256)
def weights(i: tuple[int, ...]) -> list[tuple[tuple[int, ...], Fraction]]:
    """Pairs (j, γ(i, j)) for the exponents i of the variables that occur."""
    order = sum(i)
    indices = [j for j in product(range(order + 1), repeat=len(i)) if sum(j) == order]
    return [(j, g) for j in indices if (g := _weight(i, j, order))]


def _weight(i: tuple[int, ...], j: tuple[int, ...], order: int) -> Fraction:
    total = Fraction(0)
    for k in product(*(range(e + 1) for e in i)):
        size = sum(k)
        if size:
            sign = (-1) ** (order - size)
            points = prod(
                (_binomial(Fraction(order * b, size), c) for b, c in zip(k, j, strict=True)), start=Fraction(1)
            )
            total += sign * prod(map(comb, i, k)) * points * Fraction(size, order) ** order
    return total


def _binomial(x: Fraction, k: int) -> Any:
    """C(x, k) for a rational x."""
    return prod((Fraction(x - m) / (m + 1) for m in range(k)), start=Fraction(1))
