"""A graph run on polynomials: by machine code where there is some, else by the interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylorad.multivariate.space import Space
from taylorad.rings.graded import Graded, GradedRing
from taylorad.rings.ring import Ring
from taylorad.run.interpret import run
from taylorad.series.schedule import Schedule

__all__ = ["execute"]


def execute(plan: Schedule, space: Space, ring: Ring, leaves: Sequence[Any]) -> list[np.ndarray]:
    """The coefficients (M, *shape) of every root; a leaf of degree 0 is an element of ``ring``.

    Raises what the interpreter raises. Cost: that of a product for each product, quotient and function.
    """
    monomials = space.monomials
    graded = GradedRing(ring, monomials)
    buffers = [Graded(x, monomials) if isinstance(x, np.ndarray) and _whole(x, ring, space) else [x] for x in leaves]
    found = run(plan, graded, buffers, monomials.order)
    return [buffer.data for buffer in found]


def _whole(x: np.ndarray, ring: Ring, space: Space) -> bool:
    """Whether an array is a polynomial, and not an element of a ring of batches."""
    return x.dtype == object or x.ndim == 1 + len(ring.shape)  # type: ignore[attr-defined]
