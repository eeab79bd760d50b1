"""Jets of local entries at points that are series themselves."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any

from taylorad.run.interpret import check
from taylorad.book import BOOK
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
    offset = u - Taylor._make([at], ring, True, u._tag)
    out: list[Taylor] = []
    for j in range(order + 1):
        total: Any = Taylor._make([ring.mul(g[j + inner], ring.lift(comb(j + inner, j)))], ring, True, u._tag)
        for i in range(inner - 1, -1, -1):
            term = Taylor._make([ring.mul(g[i + j], ring.lift(comb(i + j, j)))], ring, True, u._tag)
            total = total * offset + term
        out.append(total)
    return out
