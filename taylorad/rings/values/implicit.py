"""Ball values of functions defined by an equation: Lambert's W and Kepler's E."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import acb, arb, ctx

from taylorad.rings.values.gamma import integer

__all__ = ["VALUES"]


def _lambertw(u: Any, k: Any) -> Any:
    """W_k(u); over the reals the branches 0 and −1."""
    branch = integer("lambertw", "k", k)
    if isinstance(u, arb):
        return u.lambertw(branch) if branch in (0, -1) else arb("nan")
    return u.lambertw(branch)


def _kepler(e: Any, m: Any) -> Any:
    """The E with E − e·sin E = M and |e|·cosh(Im E) < 1, by Newton's method and the interval Newton test.

    In that strip the real part of the derivative 1 − e·cos E is positive, so that the root is the only one there
    (Noshiro–Warschawski) and the one that continues E(e, M) from the real axis; over the reals E − e·sin E grows for
    all |e| ≤ 1. Not finite where none is found.
    """
    start = _approximate(e.mid(), m.mid())
    residual = start - e * start.sin() - m
    slope = 1 - e * start.cos()
    width = abs(residual / slope).abs_upper() * 2
    for _ in range(8):
        box = start + (arb(0, width) if isinstance(start, arb) else acb(arb(0, width), arb(0, width)))
        found = start - residual / (1 - e * box.cos())
        if box.contains(found):
            return found if isinstance(e, arb) or abs(e) * found.imag.cosh() < 1 else start + arb("nan")
        width = width * 16
    return start + arb("nan")


def _approximate(e: Any, m: Any) -> Any:
    """Newton's iteration between exact numbers; over the reals kept inside the bounds M ± |e|, where the root lies."""
    real = isinstance(m, arb)
    low, high = m.real - abs(e), m.real + abs(e)
    x = (m + e * m.sin()).mid() if real else acb(_approximate(e.real, m.real), m.imag)
    for _ in range(8 * ctx.prec):
        residual = (x - e * x.sin() - m).mid()
        new = (x - residual / (1 - e * x.cos())).mid()
        if real:
            low, high = (low, x) if residual > 0 else (x, high)
            if not low <= new <= high:
                new = ((low + high) / 2).mid()
        done = abs(new - x) <= abs(new) * arb(2) ** (8 - ctx.prec)
        x = new
        if done or not x.is_finite():
            break
    return x


VALUES: dict[str, Callable[..., Any]] = {
    "_lambertw_plus_1": lambda u, k: 1 + _lambertw(u, k),
    "kepler": _kepler,
    "lambertw": _lambertw,
}
