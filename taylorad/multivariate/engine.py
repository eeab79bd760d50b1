"""A graph run on polynomials: by machine code where there is some, else by the interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylorad.multivariate.space import Space
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.graded import Graded, GradedRing
from taylorad.rings.ring import Ring
from taylorad.run import graded
from taylorad.run.interpret import run
from taylorad.series.schedule import Schedule
from taylorad.taylor.nested import NestedRing

__all__ = ["execute"]


def execute(plan: Schedule, space: Space, ring: Ring, leaves: Sequence[Any]) -> list[np.ndarray]:
    """The coefficients (M, *shape) of every root; a leaf of degree 0 is an element of ``ring``.

    Raises what the interpreter raises. Cost: that of a product for each product, quotient and function.
    """
    monomials = space.monomials
    if isinstance(ring, ArrayRing):
        rows = [x if _whole(x, ring) else _row(x, ring) for x in leaves]
        found = graded.compute(plan, monomials, rows)
        if found is not None:
            if space.words is None:
                space.words = graded.table(monomials, np.dtype(np.float64))
            return found
        buffers = [Graded(x, monomials) if _whole(x, ring) else [x] for x in leaves]
    else:
        buffers = [Graded(x, monomials) if isinstance(x, np.ndarray) else [x] for x in leaves]
        if isinstance(ring, NestedRing):
            ring = ring.over([list(x) if isinstance(x, np.ndarray) else [x] for x in leaves])
    results = run(plan, GradedRing(ring, monomials), buffers, monomials.order)
    return [buffer.data for buffer in results]


def _whole(x: Any, ring: ArrayRing) -> bool:
    """Whether this is a polynomial, and not an element of the ring."""
    return isinstance(x, np.ndarray) and x.ndim == 1 + len(ring.shape)


def _row(x: Any, ring: ArrayRing) -> np.ndarray:
    """An element as a polynomial of degree 0."""
    return np.array(np.broadcast_to(x, (1, *ring.shape)), ring.dtype)
