"""Jets of local entries at points that are series themselves."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any

import numpy as np

from taylorad.book import BOOK
from taylorad.rings.arrays import ArrayRing
from taylorad.run.interpret import check
from taylorad.taylor.series import Taylor

__all__ = ["shifted"]


def shifted(name: str, params: Sequence[Any], u: Taylor, order: int) -> list[Taylor]:
    """Coefficients 0 … order of a local entry at the point u = u_0 + s, each a series in s.

    g_j(u_0 + s) = Σ_i C(i+j, j)·g_(i+j)(u_0)·s^i, so the jet is asked for to the sum of both orders.
    """
    ring, inner = u._ring, len(u._coefficients) - 1
    at = u._coefficients[0]
    for domain in getattr(BOOK[name].entry, "domain", ()):
        check(ring, name, domain, (at, *params))
    g = ring.jet(name, [*map(ring.lift, params), at], order + inner)

    def constant(value: Any) -> Taylor:
        row = np.array([value]) if isinstance(ring, ArrayRing) else [value]
        return Taylor._make(row, ring, True, u._tag)

    offset = u - constant(at)
    out: list[Taylor] = []
    for j in range(order + 1):
        total = constant(ring.mul(g[j + inner], ring.lift(comb(j + inner, j))))
        for i in range(inner - 1, -1, -1):
            total = total * offset + constant(ring.mul(g[i + j], ring.lift(comb(i + j, j))))
        out.append(total)
    return out
