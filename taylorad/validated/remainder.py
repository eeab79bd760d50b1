"""Remainders of Taylor polynomials. Rigorous.

Functions of one variable. Let f_k = f^(k)(c)/k!, F_m an enclosure of f^(m)/m! between c and c + w,
δ(w) = f(c + w) − Σ_{k ≤ n} f_k·w^k, and Δ(w) = δ(w)/w^(n+1). Lagrange's remainder, for any m > n, of f and of f' one
order lower:

    Δ(w) ∈ Σ_{n < k < m} f_k·w^(k−n−1) + F_m·w^(m−n−1),
    δ'(w) ∈ w^n·( Σ_{n < k < m} k·f_k·w^(k−n−1) + m·F_m·w^(m−n−1) ).

On each side of c where the bracket has one sign, δ lies between 0 and its value at the end, which is computed.
(Joldeş, *Rigorous Polynomial Approximations and Applications*, thesis, ENS Lyon 2011, ch. 2, for m = n + 1; larger m
covers functions whose f_{n+1} vanishes at c.) Δ is the divided difference f[c, …, c, c + w] with c n + 1 times. Its
derivative f[c, …, c, c + w, c + w] is a value of f^(n+2)/(n+2)!, so where F_{n+2} has one sign, Δ lies between f_{n+1}
and its value at the end.

Functions of several variables are expanded to some orders more about points in parts of the box; about each, the
polynomial f_0 + … + f_n is a polynomial too, and what is left of their difference is small, term by term. So the
remainder is compared with the function where it is, and not with its derivatives over the whole box.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import product
from math import comb, prod
from typing import Any

from taylorad.derive import taylor as expand
from taylorad.errors import MixedRingError, TayloradError, UncertifiedError
from taylorad.multivariate.construct import variables
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.rings.interval_ring import from_ball, to_ball
from taylorad.rings.intervals import Interval, dot
from taylorad.validated.mapping import Box

__all__ = ["joint_remainder", "remainder"]

Exponents = tuple[int, ...]
# What follows decides how tight remainders are, not whether they hold.
_MORE = 2  # orders above n + 1
_BITS = 80
_ENOUGH = 4  # times the remainder at the corners: where it is larger, a part is cut again


def remainder(
    f: Callable[[Any], Any], at: float, values: Interval, order: int, relative: bool = False
) -> tuple[list[Interval], Interval]:
    """The coefficients f_0 … f_n at a float, and an enclosure of δ (or Δ) for all c + w in ``values``. Rigorous.

    Raises UncertifiedError where f has no certain derivatives of order n + 3 on the hull of the point and the values.
    Cost: a run of f over intervals for the point and one for each side of it, and four values; where that gives δ much
    wider than it is at the ends (recurrences over wide intervals can), as :func:`joint_remainder` besides.
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
    rest = Interval.hull(found)
    if not relative:
        goal = _ENOUGH * _at_corners(f, (at,), {(k,): c for k, c in enumerate(kept)}, (values | at,))
        with suppress(UncertifiedError):
            rest = rest if rest.mag <= goal else rest & joint_remainder(f, (at,), (values,), order)[1]
    return kept, rest


def _lagrange(above: Sequence[Interval], wide: Sequence[Interval], w: Interval) -> Interval:
    """Σ_{i < m} above_i·w^i + wide_m·w^m for all m, intersected."""
    powers = [w**k for k in range(len(wide))]
    found = wide[0]
    for m in range(1, len(wide)):
        found = found & dot([*above[:m], wide[m]], powers[: m + 1])
    return found


def _times(row: Sequence[Interval], first: int) -> list[Interval]:
    return [c * k for k, c in enumerate(row, first)]


def joint_remainder(
    f: Callable[..., Any], at: Sequence[float], values: Box, order: int
) -> tuple[dict[Exponents, Interval], Interval]:
    """The coefficients of f up to a total degree about floats, and an enclosure of what is left on a box. Rigorous.

    Raises UncertifiedError where f is not certainly smooth on any partition tried. Cost: two runs of f over balls with
    coefficients up to order n + 3 for each part of the box; 1, 4 or 16 parts of a rectangle, while the remainder is
    much larger than it is at the corners.
    """
    from taylorad.rings.balls import precision

    box = tuple(x | c for x, c in zip(values, at, strict=True))
    with precision(_BITS):
        centre = _coefficients(f, tuple(Interval(c, c) for c in at), order + _MORE)
        low = {e: c for e, c in centre.items() if sum(e) <= order}
        kept = {e: from_ball(c) for e, c in low.items()}
        goal = _ENOUGH * _at_corners(f, at, kept, box)

        def over(piece: Box, depth: int) -> Interval:
            found = None
            try:
                found = _on_piece(f, at, low, piece, order, centre if piece == box else None)
                if found.mag <= goal or not depth:
                    return found
            except (TayloradError, AttributeError):  # a wide ball may have nothing where smaller ones have
                if not depth:
                    raise
            cut = Interval.hull(over(p, depth - 1) for p in product(*(_halves(x) for x in piece)))
            return cut if found is None else cut & found

        try:
            return kept, over(box, {1: 3, 2: 2, 3: 1, 4: 1}.get(len(box), 0))
        except (TayloradError, AttributeError) as error:
            shown = " × ".join(map(str, box))
            raise UncertifiedError(f"no remainder is certain on {shown}; take a smaller box: {error}") from error


def _coefficients(f: Callable[..., Any], box: Box, order: int) -> dict[Exponents, Any]:
    """Balls around the coefficients of f at all points of a box."""
    try:
        found = f(*variables([to_ball(x) for x in box], order))
    except MixedRingError:  # there are intervals in f
        found = f(*variables(list(box), order))
    if not isinstance(found, MultivariateTaylor):  # a constant
        return {(0,) * len(box): to_ball(Interval.enclosing(found))}
    if found.order < order:
        raise UncertifiedError(f"the derivatives of order {order} of a function are not certain")
    return {e: to_ball(c) if isinstance(c, Interval) else c for e, c in found.terms().items()}


def _at_corners(f: Callable[..., Any], at: Sequence[float], kept: Mapping[Exponents, Interval], box: Box) -> float:
    """The largest remainder at the corners."""
    found = 0.0
    for corner in product(*({x.lo, x.hi} for x in box)):
        point = [Interval(x, x) for x in corner]
        step = [x - c for x, c in zip(point, at, strict=True)]
        rest = Interval.enclosing(f(*point)) - dot(list(kept.values()), [_monomial(step, e) for e in kept])
        found = max(found, rest.mag)
    return found


def _on_piece(
    f: Callable[..., Any],
    at: Sequence[float],
    low: Mapping[Exponents, Any],
    piece: Box,
    order: int,
    centre: Mapping[Exponents, Any] | None,
) -> Interval:
    """f minus its polynomial on a piece of the box, by coefficients about the point where they are given."""
    last = order + _MORE + 1
    middle = at if centre is not None else [x.mid for x in piece]
    rest = {e: c for e, c in _coefficients(f, piece, last).items() if sum(e) == last}
    if centre is not None:
        rest |= {e: c for e, c in centre.items() if sum(e) > order}
    else:
        near = _coefficients(f, tuple(Interval(c, c) for c in middle), last - 1)
        shift = [to_ball(Interval(m, m)) - to_ball(Interval(c, c)) for m, c in zip(middle, at, strict=True)]
        powers = [[s**k for k in range(order + 1)] for s in shift]
        for e, c in near.items():
            for g, d in low.items():
                if all(map(int.__le__, e, g)):
                    binomials = prod(map(comb, g, e))
                    c = c - binomials * d * prod(row[j - k] for row, j, k in zip(powers, g, e, strict=True))
            rest[e] = c
    step = [x - m for x, m in zip(piece, middle, strict=True)]
    return dot([from_ball(c) for c in rest.values()], [_monomial(step, e) for e in rest])


def _halves(x: Interval) -> Sequence[Interval]:
    return x.split() if x.lo < x.mid < x.hi else [x]


def _monomial(step: Sequence[Interval], exponents: Exponents) -> Interval:
    return prod((x**n for x, n in zip(step, exponents, strict=True) if n), start=Interval(1.0, 1.0))
