"""Jets of the Bessel functions of any order over balls.

The k-th derivative is a sum of functions of neighbouring orders, 2^k·C_ν^(k) = Σ (∓1)^j·C(k, j)·C_{ν−k+2j}
(DLMF 10.6.7, 10.29.5), evaluated directly: nothing divides by the argument, so the jet holds at 0 and near it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb, factorial
from typing import Any

__all__ = ["JETS"]


def _cylinder(function: str, sign: int, flip: int = 1) -> Callable[[int, Any, Any], list[Any]]:
    """The jet of a family with 2·C_ν' = flip·(C_{ν−1} + sign·C_{ν+1}); the signature is ``jet(order, nu, u)``."""

    def jet(order: int, nu: Any, u: Any) -> list[Any]:
        family = [getattr(u, function)(nu + m) for m in range(-order, order + 1)]
        out: list[Any] = []
        for k in range(order + 1):
            total = sum(family[order - k + 2 * j] * (sign**j * comb(k, j)) for j in range(k + 1))
            out.append(total * flip**k / (factorial(k) << k))
        return out

    return jet


JETS: dict[str, Callable[..., list[Any]]] = {
    "iv": _cylinder("bessel_i", 1),
    "jv": _cylinder("bessel_j", -1),
    "kv": _cylinder("bessel_k", 1, -1),
    "yv": _cylinder("bessel_y", -1),
}
