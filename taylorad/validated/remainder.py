"""Remainders of Taylor polynomials of functions of one variable. Rigorous.

Let f_k = f^(k)(c)/k!, F_m an enclosure of f^(m)/m! between c and c + w, δ(w) = f(c + w) − Σ_{k ≤ n} f_k·w^k, and
Δ(w) = δ(w)/w^(n+1). Lagrange's remainder, for any m > n, of f and of f' one order lower:

    Δ(w) ∈ Σ_{n < k < m} f_k·w^(k−n−1) + F_m·w^(m−n−1),
    δ'(w) ∈ w^n·( Σ_{n < k < m} k·f_k·w^(k−n−1) + m·F_m·w^(m−n−1) ).

On each side of c where the bracket has one sign, δ lies between 0 and its value at the end, which is computed.
(Joldeş, *Rigorous Polynomial Approximations and Applications*, thesis, ENS Lyon 2011, ch. 2, for m = n + 1; larger m
covers functions whose f_{n+1} vanishes at c.) Δ is the divided difference f[c, …, c, c + w] with c n + 1 times. Its
derivative f[c, …, c, c + w, c + w] is a value of f^(n+2)/(n+2)!, so where F_{n+2} has one sign, Δ lies between f_{n+1}
and its value at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from taylorad.derive import taylor as expand
from taylorad.rings.intervals import Interval, dot

__all__ = ["remainder"]

_MORE = 2  # orders above n + 1: they decide how tight the remainder is, not whether it holds


def remainder(
    f: Callable[[Any], Any], at: float, values: Interval, order: int, relative: bool = False
) -> tuple[list[Interval], Interval]:
    """The coefficients f_0 … f_n at a float, and an enclosure of δ (or Δ) for all c + w in ``values``. Rigorous.

    Raises UncertifiedError where f has no certain derivatives of order n + 3 on the hull of the point and the values.
    Cost: a run of f over intervals for the point and one for each side of it, and two values.
    """
    n, last = order, order + 1 + _MORE
    centre = [Interval.enclosing(c) for c in expand(f, Interval(at, at), last - 1)]
    kept, above = centre[: n + 1], centre[n + 1 :]
    found = [above[0] if relative else Interval(0.0, 0.0)]
    for end in {values.lo, values.hi} - {at}:
        to, across = Interval(end, end) - at, (Interval(end, end) - at) | 0.0
        wide = [Interval.enclosing(c) for c in expand(f, Interval(min(end, at), max(end, at)), last)][n + 1 :]
        quotient = _lagrange(above, wide, across)
        if relative:
            steady, whole, nearest = wide[1], quotient, above[0]
        else:
            steady = _lagrange(_times(above, n + 1), _times(wide, n + 1), across)
            whole, nearest = quotient * across ** (n + 1), found[0]
        if not steady.lo < 0 < steady.hi:
            scale = to ** (n + 1)
            value = _lagrange(above, wide, to)
            direct = Interval.enclosing(f(Interval(end, end))) - dot(kept, [to**k for k in range(n + 1)])
            if not relative:
                value = (value * scale) & direct
            elif scale.mig > 0:
                value = value & (direct / scale)
            whole = whole & (value | nearest)
        found.append(whole)
    return kept, Interval.hull(found)


def _lagrange(above: Sequence[Interval], wide: Sequence[Interval], w: Interval) -> Interval:
    """Σ_{i < m} above_i·w^i + wide_m·w^m for all m, intersected."""
    powers = [w**k for k in range(len(wide))]
    found = wide[0]
    for m in range(1, len(wide)):
        found = found & dot([*above[:m], wide[m]], powers[: m + 1])
    return found


def _times(row: Sequence[Interval], first: int) -> list[Interval]:
    return [c * k for k, c in enumerate(row, first)]
