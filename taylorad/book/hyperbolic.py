"""Hyperbolic functions and their inverses, each as its total differential.

A denominator is divided by factor after factor: errors grow with k then, with k² where the factors are multiplied.

Sources: NIST Digital Library of Mathematical Functions, §4.34 (derivatives) and §4.38(ii) (derivatives of the
inverses). tanh goes with sech², which 1 − tanh² would cancel; the inverses go with the square root of their
differential, which then lies on the same side of a branch cut as the value.
"""

from __future__ import annotations

from typing import Any

from taylorad.book.entry import Domain, formula, rule
from taylorad.book.trigonometric import BEYOND_UNIT, pole_real


@rule(value=("sinh", "cosh"))
def sinhcosh(u: Any, du: Any, s: Any, c: Any) -> Any:
    """Hyperbolic sine and cosine."""
    return c * du, s * du


sinh, cosh = sinhcosh.members


@rule(value=("tanh", "_sech_squared"))
def tanh(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The hyperbolic tangent."""
    dv = w * du
    return dv, -2 * v * dv


@rule(value=("coth", "_csch_squared"))
def coth(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The hyperbolic cotangent."""
    dv = -w * du
    return dv, 2 * v * dv


@rule(value="sech")
def sech(u: Any, du: Any, v: Any) -> Any:
    """The hyperbolic secant, 1/cosh."""
    return -v * tanh(u) * du


@rule(value="csch")
def csch(u: Any, du: Any, v: Any) -> Any:
    """The hyperbolic cosecant, 1/sinh."""
    return -v * coth(u) * du


# ---------------------------------------------------------------------- inverses
@rule(value=("asinh", "_asinh_slope"), aliases=("arcsinh",))
def asinh(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The inverse hyperbolic sine, beside 1/√(1 + u²)."""
    dv = w * du
    return dv, -pole_real(u) * dv


@rule(value=("acosh", "_acosh_slope"), domain=Domain(1, None, boundary="a branch point"), aliases=("arccosh",))
def acosh(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The inverse hyperbolic cosine, beside 1/(√(u − 1)·√(u + 1))."""
    dv = w * du
    return dv, -(dv / (u - 1) + dv / (u + 1)) / 2


@rule(value="atanh", domain=Domain(-1, 1, boundary="a branch point"), aliases=("arctanh",))
def atanh(u: Any, du: Any, v: Any) -> Any:
    """The inverse hyperbolic tangent."""
    return du / (1 - u) / (1 + u)


@rule(
    value="acoth",
    domain=BEYOND_UNIT,
    aliases=("arccoth",),
)
def acoth(u: Any, du: Any, v: Any) -> Any:
    """The inverse hyperbolic cotangent, atanh(1/u)."""
    return du / (1 - u) / (1 + u)


@rule(value=("asech", "_asech_slope"), domain=Domain(0, 1, boundary="a branch point"), aliases=("arcsech",))
def asech(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The inverse hyperbolic secant, acosh(1/u), beside 1/(u·√(1 − u²))."""
    dv = -w * du
    return dv, dv / u - (dv / (1 - u) - dv / (1 + u)) / 2


@formula(aliases=("arccsch",))
def acsch(u: Any) -> Any:
    """The inverse hyperbolic cosecant, asinh(1/u)."""
    return asinh(1 / u)
