"""Jets along many directions at once, of which the last coefficients are only wanted as a sum.

Along p + t·v_r a jet of order K has coefficients of t, t², …, t^K for each of R directions. Where only the sum over r
of the last ones is wanted, as in a Laplacian, Σ_r ∂²f/∂v_r² (K = 2), the sum can be carried through the whole
computation in the place of its R terms: last coefficients enter linearly, apart from products of lower ones, which are
added up at once (collapsed Taylor mode: F. Dangel, T. Siebert, M. Zeinhofer, A. Walther, Collapsing Taylor mode
automatic differentiation, 2025). In other words, jets live in the algebra of t_1 … t_R with t_r·t_s = 0 for r ≠ s and
t_r^K = t_s^K. It is graded like polynomials are, so that rings, rules and machine code for these serve it too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, final

import numpy as np

from taylorad.errors import OrderError

__all__ = ["Rays"]


@final
class Rays:
    """The powers t_r, …, t_r^(K−1) of ``rays`` variables, and the one t^K = t_1^K = t_2^K = …, for an order K ≥ 1.

    Immutable; equal arguments give the same object by :meth:`of`. The ring of a buffer sees it as it sees
    :class:`~taylorad.rings.graded_monomials.Monomials`.
    """

    __slots__ = ("offsets", "order", "rays", "size")

    def __init__(self, rays: int, order: int) -> None:
        if rays < 1 or order < 1:
            raise OrderError(f"{rays} directions to order {order}: both must be at least 1")
        self.rays, self.order = rays, order
        self.offsets: tuple[int, ...] = (0, *(1 + rays * k for k in range(order)), 2 + rays * (order - 1))
        self.size = self.offsets[-1]

    @staticmethod
    def of(rays: int, order: int) -> Rays:
        """The algebra, which is made once."""
        return _known(rays, order)

    def block(self, k: int) -> slice:
        """The places of the elements of degree k."""
        return slice(self.offsets[k], self.offsets[k + 1])

    def add_products(
        self, out: np.ndarray, i: int, j: int, left: Any, right: Any, mul: Callable[[Any, Any], Any]
    ) -> None:
        """Add the products of a block of degree i ≥ 1 and one of degree j ≥ 1 to the block ``out``,
        which has one place more."""
        found = mul(left, right)
        if i + j < self.order:
            out[:-1] += found
        else:
            out[0] += found.sum(axis=0)

    def pairs(self, i: int, j: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The places of all products of degrees i and j that are not zero: of both factors and of the product."""
        r = np.arange(self.rays)
        last = i + j == self.order
        return r + self.offsets[i], r + self.offsets[j], self.offsets[i + j] + (0 * r if last else r)

    def __reduce__(self) -> Any:
        return (Rays.of, (self.rays, self.order))


@lru_cache(maxsize=128)
def _known(rays: int, order: int) -> Rays:
    return Rays(rays, order)
