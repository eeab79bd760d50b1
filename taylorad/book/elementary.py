"""Elementary functions, each as its total differential."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from taylorad.book.entry import Domain, constant, formula, rule

PI = constant("pi")
POSITIVE = Domain(0, None, boundary="a branch point")
UNIT = Domain(-1, 1, boundary="a branch point")


@rule(value="exp")
def exp(u: Any, du: Any, v: Any) -> Any:
    """The exponential."""
    return v * du


@rule(value="log", domain=POSITIVE)
def log(u: Any, du: Any, v: Any) -> Any:
    """The natural logarithm."""
    return du / u


@rule(value="sqrt", domain=POSITIVE, homogeneity=Fraction(1, 2))
def sqrt(u: Any, du: Any, v: Any) -> Any:
    """The square root."""
    return du / (2 * v)


@rule(value="pow", domain=POSITIVE, homogeneity="a")
def pow(u: Any, du: Any, v: Any, a: Any) -> Any:
    """u to a constant power a."""
    return a * (v * du / u)


@rule(value=("sin", "cos"))
def sincos(u: Any, du: Any, s: Any, c: Any) -> Any:
    """Sine and cosine."""
    return c * du, -s * du


sin, cos = sincos.members


@rule(value="tan")
def tan(u: Any, du: Any, v: Any) -> Any:
    """The tangent."""
    return (1 + v * v) * du


@rule(value="atan2", arity=2)
def atan2(y: Any, x: Any, dy: Any, dx: Any, v: Any) -> Any:
    """The angle of the point (x, y)."""
    return (x * dy - y * dx) / (x * x + y * y)


@rule(value=("tanh", "sech"))
def tanh_sech(u: Any, du: Any, v: Any, w: Any) -> Any:
    """Hyperbolic tangent and secant; 1 − tanh² is sech², without the cancellation."""
    return w * w * du, -v * w * du


tanh, sech = tanh_sech.members


@rule(value="erf")
def erf(u: Any, du: Any, v: Any) -> Any:
    """The error function."""
    return 2 / sqrt(PI) * exp(-u * u) * du
