"""Piecewise functions of real arguments: valid only where the branch is certain.

At a kink or a jump there is no Taylor series and the engine raises SingularExpansionError; where a ball leaves the
branch open it raises UncertifiedError; complex arguments raise DomainError or UnsupportedFunctionError.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from taylorad.book.entry import Domain, formula, rule, select

HALF = Fraction(1, 2)


# ---------------------------------------------------------------------- kinks
@formula(aliases=("absolute", "fabs"))
def abs(u: Any) -> Any:
    """|u|."""
    return select(u, u, -u)


@formula()
def sign(u: Any) -> Any:
    """±1, the sign of u."""
    return select(u, 1, -1)


@formula(aliases=("max", "fmax"))
def maximum(u: Any, w: Any) -> Any:
    """The larger of two."""
    return select(u - w, u, w)


@formula(aliases=("min", "fmin"))
def minimum(u: Any, w: Any) -> Any:
    """The smaller of two."""
    return select(u - w, w, u)


@formula()
def clip(u: Any, lower: Any, upper: Any) -> Any:
    """u, held between two bounds (the upper one wins where they cross)."""
    return minimum(maximum(u, lower), upper)


@formula()
def relu(u: Any) -> Any:
    """The larger of u and 0."""
    return select(u, u, 0)


@formula()
def heaviside(u: Any, at_zero: Any) -> Any:
    """1 for u > 0, 0 for u < 0, and ``at_zero`` between: it counts over boxes around 0; at 0 there is no series."""
    return select(u, 1, select(-u, 0, at_zero))


@formula()
def copysign(u: Any, w: Any) -> Any:
    """|u| with the sign of w."""
    return select(w, abs(u), -abs(u))


# ---------------------------------------------------------------------- steps
def _step(lower: Any, upper: Any, measure: Any, needs: str) -> Domain:
    return Domain(lower, upper, measure=measure, needs=needs, boundary="at a jump")


@rule(value="floor", domain=_step(0, 1, lambda u, v: u - v, "an argument that is not an integer"))
def floor(u: Any, du: Any, v: Any) -> Any:
    """The largest integer not above u."""
    return 0 * du


@rule(value="ceil", domain=_step(0, 1, lambda u, v: v - u, "an argument that is not an integer"))
def ceil(u: Any, du: Any, v: Any) -> Any:
    """The smallest integer not below u."""
    return 0 * du


@rule(
    value="round",
    domain=_step(-HALF, HALF, lambda u, v: u - v, "an argument not halfway between integers"),
    aliases=("rint",),
)
def round(u: Any, du: Any, v: Any) -> Any:
    """The integer nearest to u."""
    return 0 * du


@rule(
    value=("trunc", "_trunc_margin"),
    domain=_step(0, None, lambda u, v, margin: margin, "an argument that is not an integer, or 0"),
    aliases=("fix",),
)
def trunc(u: Any, du: Any, v: Any, margin: Any) -> Any:
    """The integer part of u, towards 0."""
    return 0 * du, 0 * du


# ---------------------------------------------------------------------- remainders
@rule(
    value=("mod", "floor_divide"),
    arity=2,
    domain=_step(0, 1, lambda u, w, v, q: v / w, "arguments whose quotient is not an integer"),
    aliases=("remainder",),
)
def divmod(u: Any, w: Any, du: Any, dw: Any, v: Any, q: Any) -> Any:
    """u − w·q with the sign of w, and q = ⌊u/w⌋ (Python's and numpy's remainder)."""
    return du - q * dw, 0 * du


@rule(
    value=("fmod", "_trunc_quotient", "_fmod_margin"),
    arity=2,
    domain=_step(0, None, lambda u, w, v, q, margin: margin, "arguments whose quotient is not an integer, or 0"),
)
def fmod(u: Any, w: Any, du: Any, dw: Any, v: Any, q: Any, margin: Any) -> Any:
    """u − w·q with the sign of u, and q = u/w towards 0 (C's remainder)."""
    return du - q * dw, 0 * du, 0 * du
