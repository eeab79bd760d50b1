"""A component of the adjoint of a Taylor step: a series that is computed from its highest coefficient down."""

from __future__ import annotations

from typing import final

from taylorad.series.identity import intern
from taylorad.series.node import INFINITE, Leaf, Node

__all__ = ["Costate"]


@final
class Costate(Node):
    """Coefficient k is weight_k·(source_k + rhs_{k−1}), for two series given from outside and a right-hand side.

    A step of x′ = f is x(h) = Σ x_k·h^k with x_k = f_{k−1}/k, and ∂f_k/∂x_j is coefficient k−j of f′ along the
    solution. Its adjoint therefore runs down: x̄_k = w·h^k + Σ_{j≥0} (f′_j)ᵀ·x̄_{k+j+1}/(k+j+1). In r = K − k it runs up,
    g_r = x̄_{K−r}/(K−r) is a product of series with f′ᵀ, and this node (A. Griewank and A. Walther, Evaluating
    Derivatives, 2nd ed., SIAM 2008, §13.4, on adjoints of Taylor coefficients).
    """

    __slots__ = ("rhs", "source", "weight")
    __match_args__ = ("index",)
    rhs: Node
    source: Leaf
    weight: Leaf

    @staticmethod
    def of(system: object, index: int, size: int = 1) -> Costate:
        return intern(Costate, (system, index), (), 0, INFINITE, size)

    @property
    def index(self) -> int:
        return self.parts[1]

    def bind(self, rhs: Node, source: Leaf, weight: Leaf) -> None:
        """Give the right-hand side and the series; done once."""
        self.rhs, self.source, self.weight = rhs, source, weight
