"""Values of Taylor polynomials at many points, in machine code that is compiled once for all problems.

Cost: 2·K operations for each number.
"""

from __future__ import annotations

import functools

import numpy as np

from taylorad.run.routine import Floats, Ints, fma, routine

__all__ = ["powers", "steps_at", "values_at"]


@routine
def steps_at(ends: Floats, n: int, way: float, t: Floats, index: Ints, count: int) -> int:
    """For each t the step in which it lies, where step i goes from ends[2i] to ends[2i+2]; an end is the step's before.

    Times outside belong to the first and the last step.
    """
    last = 0
    for p in range(count):
        x = way * t[p]
        if not (way * ends[2 * last] < x and x <= way * ends[2 * last + 2]):
            low, high = 0, n - 1  # the first step whose end is not before x
            if last + 1 < n and way * ends[2 * last + 2] < x and x <= way * ends[2 * last + 4]:
                low, high = last + 1, last + 1
            while low < high:
                middle = (low + high) // 2
                if way * ends[2 * middle + 2] >= x:
                    high = middle
                else:
                    low = middle + 1
            last = low
        index[p] = last
    return 0


@routine
def values_at(
    rows: Floats,
    order: int,
    stride: int,
    dim: int,
    index: Ints,
    x: Floats,
    count: int,
    first: int,
    weights: Floats,
    out: Floats,
) -> int:
    """out[p, i] = Σ weights[k−first] rows[index[p], k, i] x[p]^(k−first), k ≥ first; rows are (n, order+1, stride)."""
    for p in range(count):
        h = x[p]
        top = (index[p] * (order + 1) + order) * stride
        i = 0
        while i + 4 <= dim:  # four chains side by side: one alone waits for itself
            at = top + i
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            for k in range(order, first - 1, -1):
                w = weights[k - first]
                a = fma(a, h, w * rows[at])
                b = fma(b, h, w * rows[at + 1])
                c = fma(c, h, w * rows[at + 2])
                d = fma(d, h, w * rows[at + 3])
                at -= stride
            out[p * dim + i] = a
            out[p * dim + i + 1] = b
            out[p * dim + i + 2] = c
            out[p * dim + i + 3] = d
            i += 4
        while i < dim:
            at = top + i
            a = 0.0
            for k in range(order, first - 1, -1):
                a = fma(a, h, weights[k - first] * rows[at])
                at -= stride
            out[p * dim + i] = a
            i += 1
    return 0


@functools.lru_cache(64)
def powers(order: int, derivative: int) -> np.ndarray:
    """What the d-th derivative, d = ``derivative``, makes of the powers d … order: k·(k−1)·…·(k−d+1); −1: 1/(k+1)."""
    if derivative < 0:
        return 1.0 / np.arange(1, order + 2)
    k = np.arange(derivative, order + 1)
    weights = np.ones(order + 1 - derivative)
    for j in range(derivative):
        weights *= k - j
    return weights
