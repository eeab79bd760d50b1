"""The solution at one time as a polynomial in what it began with: the flow map."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError, OrderError
from taylorad.rings.graded_monomials import Monomials

__all__ = ["FlowMap"]


def _series(given: Any) -> bool:
    return any(hasattr(x, "coefficients") for x in np.asarray(given, object).flat)


@final
class FlowMap:
    """y(t; y0 + dy0, args + dargs) to some order in (dy0, dargs); call it with those. Not rigorous.

    ``coefficients`` (dim, M) belong to ``monomials``, whose first variables are components of y0, ``components``, and
    whose others are numbers among the arguments, ``arguments``. ``value`` (dim,) is y(t).
    """

    def __init__(
        self, coefficients: np.ndarray, monomials: Monomials, components: tuple[int, ...], arguments: tuple[int, ...]
    ) -> None:
        self.coefficients, self.monomials = coefficients, monomials
        self.components, self.arguments = components, arguments

    @property
    def order(self) -> int:
        return self.monomials.order

    @property
    def value(self) -> np.ndarray:
        return self.coefficients[:, 0]

    def __call__(self, dy0: Any = None, dargs: Any = None) -> np.ndarray:
        """The polynomial at offsets (…, n) of the components of y0 and (…, m) of the arguments: (…, dim).

        What is not given is 0. Offsets may be truncated series, of one or several variables (so initial values depend
        on something): (n,) and (m,) of them give (dim,) series. DomainError for other shapes. Cost: O(M·dim) for each
        point.
        """
        if any(_series(x) for x in (dy0, dargs)):
            return self._composed([self._offsets(x, n, what, object) for x, n, what in self._given(dy0, dargs)])
        parts = [self._offsets(x, n, what) for x, n, what in self._given(dy0, dargs)]
        shape = np.broadcast_shapes(*(p.shape[:-1] for p in parts))
        offsets = np.concatenate([np.broadcast_to(p, (*shape, p.shape[-1])) for p in parts], axis=-1)
        powers = offsets[..., None] ** np.arange(self.order + 1)
        rows = np.ones((*shape, self.monomials.size))
        for v, exponents in enumerate(self.monomials.exponents.T):
            rows = rows * powers[..., v, :][..., exponents]
        return rows @ self.coefficients.T

    def _composed(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """The polynomial of series."""
        offsets = np.concatenate(parts)
        if offsets.ndim != 1:
            raise DomainError("offsets that are series are given for one point: one for each variable")
        products: dict[tuple[int, ...], Any] = {(0,) * len(offsets): 1.0}
        for exponents in self.monomials.exponents[1:].tolist():
            v = next(v for v, e in enumerate(exponents) if e)
            lower = (*exponents[:v], exponents[v] - 1, *exponents[v + 1 :])
            products[tuple(exponents)] = products[lower] * offsets[v]
        out = np.empty(len(self.coefficients), object)
        for i, row in enumerate(self.coefficients.tolist()):
            out[i] = sum((c * product for c, product in zip(row[1:], list(products.values())[1:], strict=True)), row[0])
        return out

    def _given(self, dy0: Any, dargs: Any) -> tuple[tuple[Any, int, str], ...]:
        return (dy0, len(self.components), "components of y0"), (dargs, len(self.arguments), "arguments")

    def _offsets(self, given: Any, n: int, what: str, kind: Any = np.float64) -> np.ndarray:
        if given is None:
            return np.zeros(n)
        found = np.asarray(given, kind)
        found = found[None] if found.ndim == 0 and n == 1 else found
        if found.ndim == 0 or found.shape[-1] != n:
            raise DomainError(f"offsets of shape {found.shape} for {n} {what}; give (…, {n})")
        return found

    @property
    def jacobian(self) -> np.ndarray:
        """First derivatives by all variables, (dim, n + m)."""
        return self.tensor(1)

    def tensor(self, order: int) -> np.ndarray:
        """All derivatives of one order by the variables, (dim, n + m, …, n + m): true derivatives, not coefficients.

        OrderError beyond the order of the map.
        """
        if int(order) != order or not 0 <= order <= self.order:
            raise OrderError(f"derivatives of order {order} of a flow map of order {self.order}")
        n = self.monomials.count
        out = np.zeros((len(self.coefficients), *(n,) * order))
        for place in np.ndindex(*(n,) * order):
            exponents = np.bincount(np.array(place, int), minlength=n)
            weight = np.prod([factorial(e) for e in exponents])
            out[(slice(None), *place)] = weight * self.coefficients[:, int(self.monomials.find(exponents))]
        return out

    def __repr__(self) -> str:
        return (
            f"<flow map of order {self.order}: {len(self.coefficients)} components, "
            f"{len(self.components)} of y0 and {len(self.arguments)} arguments vary>"
        )
