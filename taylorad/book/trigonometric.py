"""Circular functions and their inverses, each as its total differential.

Sources: NIST Digital Library of Mathematical Functions, §4.20 (derivatives) and §4.24(ii) (derivatives of the
inverses). Tangent and cotangent go with the square of sec and csc, which 1 + tan² would lose where tan is near ±i;
the inverses go with the square root of their differential, which then lies on the same side of a branch cut as the
value. 1/(1 + u²) is carried as the imaginary part of 1/(u − i): divided by 1 + u², errors grow with k² for large u.
"""

from __future__ import annotations

from typing import Any

from taylorad.book.elementary import PI, hypot
from taylorad.book.entry import Domain, formula, rule

UNIT = Domain(-1, 1, boundary="a branch point")
BEYOND_UNIT = Domain(
    1,
    None,
    measure=lambda u, *outputs: u * u,
    needs="an argument outside [-1, 1]",
    boundary="a branch point",
    blind=True,
)
BIG = 2**537  # the square of the least positive double, scaled by it, is not 0


def _squared(u: Any) -> Any:
    """u², the square of an interval too: of one factor, not the product of two."""
    return u * u


@rule(value=("sin", "cos"))
def sincos(u: Any, du: Any, s: Any, c: Any) -> Any:
    """Sine and cosine."""
    return c * du, -s * du


sin, cos = sincos.members


@rule(value=("tan", "_sec_squared"))
def tan(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The tangent."""
    dv = w * du
    return dv, 2 * v * dv


@rule(value=("cot", "_csc_squared"))
def cot(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The cotangent."""
    dv = -w * du
    return dv, 2 * v * dv


@rule(value="sec")
def sec(u: Any, du: Any, v: Any) -> Any:
    """The secant, 1/cos."""
    return v * tan(u) * du


@rule(value="csc")
def csc(u: Any, du: Any, v: Any) -> Any:
    """The cosecant, 1/sin."""
    return -v * cot(u) * du


@rule(value=("sinpi", "cospi"))
def sincospi(u: Any, du: Any, s: Any, c: Any) -> Any:
    """sin πu and cos πu, exact at multiples of 1/2."""
    return PI * (c * du), -PI * (s * du)


@rule(value=("sindg", "cosdg"))
def sincosdg(u: Any, du: Any, s: Any, c: Any) -> Any:
    """Sine and cosine of an angle in degrees, exact at multiples of 90."""
    return PI * (c * du) / 180, -PI * (s * du) / 180


@rule(value="cosm1")
def cosm1(u: Any, du: Any, v: Any) -> Any:
    """cos u − 1, accurate near 0."""
    return -sin(u) * du


# ---------------------------------------------------------------------- inverses
@rule(value=("asin", "_cos_asin"), domain=UNIT, aliases=("arcsin",))
def asin(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The inverse sine, beside √(1 − u²)."""
    dv = du / w
    return dv, -u * dv


@rule(value=("acos", "_cos_asin"), domain=UNIT, aliases=("arccos",))
def acos(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The inverse cosine, beside √(1 − u²)."""
    dv = -du / w
    return dv, u * dv


@rule(value=("_pole_real", "_pole_imag"))
def pole(u: Any, du: Any, a: Any, b: Any) -> Any:
    """u/(1 + u²) and 1/(1 + u²), the parts of 1/(u − i): each the other's partner in d(a + ib) = −(a + ib)²·du."""
    db = b * du
    return (b - a) * ((b + a) * du), -2 * (a * db)


pole_real, pole_imag = pole.members


@rule(value="atan", aliases=("arctan",))
def atan(u: Any, du: Any, v: Any) -> Any:
    """The inverse tangent."""
    return pole_imag(u) * du


@rule(
    value="atan2",
    arity=2,
    domain=Domain(
        0,
        None,
        measure=lambda y, x, v: _squared(y * BIG) + _squared(x * BIG),
        needs="a point other than (0, 0)",
        boundary="the centre of all angles",
        closed=False,
    ),
    aliases=("arctan2",),
)
def atan2(y: Any, x: Any, dy: Any, dx: Any, v: Any) -> Any:
    """The angle of the point (x, y), at any scale; on the negative x-axis the series goes on from the value's side."""
    r = hypot(x, y)
    return (x / r * dy - y / r * dx) / r


@rule(
    value="acot",
    domain=Domain(
        0, None, measure=lambda u, v: u * v, needs="an argument other than 0", boundary="a jump", closed=False
    ),
    aliases=("arccot",),
)
def acot(u: Any, du: Any, v: Any) -> Any:
    """The inverse cotangent, atan(1/u): odd, with a jump at 0."""
    return -pole_imag(u) * du


@rule(value=("asec", "_asec_slope"), domain=BEYOND_UNIT, aliases=("arcsec",))
def asec(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The inverse secant, acos(1/u), beside 1/(u²·√(1 − 1/u²))."""
    dv = w * du
    return dv, -(dv / u) - (dv / (u - 1) + dv / (u + 1)) / 2


@rule(value=("acsc", "_asec_slope"), domain=BEYOND_UNIT, aliases=("arccsc",))
def acsc(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The inverse cosecant, asin(1/u), beside 1/(u²·√(1 − 1/u²))."""
    dv = -w * du
    return dv, dv / u + (dv / (u - 1) + dv / (u + 1)) / 2


# ---------------------------------------------------------------------- degrees
@formula(aliases=("radians",))
def deg2rad(u: Any) -> Any:
    """An angle in degrees, in radians."""
    return PI * u / 180


@formula(aliases=("degrees",))
def rad2deg(u: Any) -> Any:
    """An angle in radians, in degrees."""
    return 180 * u / PI
