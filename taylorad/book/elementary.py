"""Exponentials, logarithms, powers, the logistic function and the error function, each as its total differential.

Sources: NIST Digital Library of Mathematical Functions, §4.7 (derivatives of logarithms, exponentials and powers)
and §7.10 (error functions). Where a textbook form would cancel, the differential is written with a second function
that does not: (expm1)′ is exp, not 1 + expm1.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from taylorad.book.entry import Domain, constant, formula, rule

PI = constant("pi")
POSITIVE = Domain(0, None, boundary="a branch point")


# ---------------------------------------------------------------------- exponentials and logarithms
@rule(value="exp")
def exp(u: Any, du: Any, v: Any) -> Any:
    """The exponential, e^u."""
    return v * du


@rule(value="log", domain=POSITIVE)
def log(u: Any, du: Any, v: Any) -> Any:
    """The natural logarithm."""
    return du / u


@rule(value="exp2")
def exp2(u: Any, du: Any, v: Any) -> Any:
    """2^u."""
    return log(2) * (v * du)


@rule(value="exp10")
def exp10(u: Any, du: Any, v: Any) -> Any:
    """10^u."""
    return log(10) * (v * du)


@rule(value="expm1")
def expm1(u: Any, du: Any, v: Any) -> Any:
    """e^u − 1, accurate near 0."""
    return exp(u) * du


@rule(value="log2", domain=POSITIVE)
def log2(u: Any, du: Any, v: Any) -> Any:
    """The logarithm to base 2."""
    return du / u / log(2)


@rule(value="log10", domain=POSITIVE)
def log10(u: Any, du: Any, v: Any) -> Any:
    """The logarithm to base 10."""
    return du / u / log(10)


@rule(value="log1p", domain=Domain(-1, None, boundary="a branch point"))
def log1p(u: Any, du: Any, v: Any) -> Any:
    """log(1 + u), accurate near 0."""
    return du / (1 + u)


@rule(value="xlogy", arity=2, domain=Domain(0, None, argument=1, boundary="a branch point"))
def xlogy(w: Any, u: Any, dw: Any, du: Any, v: Any) -> Any:
    """w·log u, and 0 for the numbers w = 0, u ≥ 0."""
    return log(u) * dw + w / u * du


@rule(value="xlog1py", arity=2, domain=Domain(-1, None, argument=1, boundary="a branch point"))
def xlog1py(w: Any, u: Any, dw: Any, du: Any, v: Any) -> Any:
    """w·log(1 + u), accurate near u = 0, and 0 for the numbers w = 0, u ≥ −1."""
    return log1p(u) * dw + w / (1 + u) * du


@rule(value="entr", domain=POSITIVE)
def entr(u: Any, du: Any, v: Any) -> Any:
    """The entropy term −u·log u, 0 at the number 0."""
    return -(1 + log(u)) * du


# ---------------------------------------------------------------------- powers
@rule(value="sqrt", domain=POSITIVE, homogeneity=Fraction(1, 2))
def sqrt(u: Any, du: Any, v: Any) -> Any:
    """The square root (principal for complex u)."""
    return du / (2 * v)


@rule(
    value="cbrt",
    domain=Domain(0, None, measure=lambda u, v: v * v, needs="an argument other than 0", boundary="a branch point"),
    homogeneity=Fraction(1, 3),
)
def cbrt(u: Any, du: Any, v: Any) -> Any:
    """The cube root: odd for real u, principal for complex u."""
    return v * du / (3 * u)


@rule(value="rsqrt", domain=POSITIVE, homogeneity=Fraction(-1, 2))
def rsqrt(u: Any, du: Any, v: Any) -> Any:
    """1/√u."""
    return -(v * du) / (2 * u)


@rule(value="pow", domain=POSITIVE, homogeneity="a", euler=True)
def pow(u: Any, du: Any, v: Any, a: Any) -> Any:
    """u to a constant power a (principal for complex u)."""
    return a * (v * du / u)


@formula()
def reciprocal(u: Any) -> Any:
    """1/u."""
    return 1 / u


@formula()
def square(u: Any) -> Any:
    """u²."""
    return u * u


@rule(
    value="hypot",
    arity=2,
    domain=Domain(0, None, measure=lambda u, w, v: v, needs="a point other than (0, 0)", boundary="a cone point"),
)
def hypot(u: Any, w: Any, du: Any, dw: Any, v: Any) -> Any:
    """√(u² + w²), without overflow."""
    return u / v * du + w / v * dw


# ---------------------------------------------------------------------- the logistic function and its integrals
@rule(value=("sigmoid", "_sigmoid_of_minus"), aliases=("expit",))
def logistic(u: Any, du: Any, v: Any, w: Any) -> Any:
    """1/(1 + e^−u), beside 1/(1 + e^u): their product is the slope, which v·(1 − v) would cancel."""
    slope = v * w * du
    return slope, -slope


sigmoid, sigmoid_of_minus = logistic.members


@rule(value="logit", domain=Domain(0, 1, boundary="a branch point"))
def logit(u: Any, du: Any, v: Any) -> Any:
    """log(u/(1 − u)), the inverse of the sigmoid."""
    return du / u / (1 - u)


@rule(value="softplus")
def softplus(u: Any, du: Any, v: Any) -> Any:
    """log(1 + e^u)."""
    return sigmoid(u) * du


@formula()
def log_expit(u: Any) -> Any:
    """The logarithm of the sigmoid."""
    return -softplus(-u)


@rule(value="logaddexp", arity=2)
def logaddexp(u: Any, w: Any, du: Any, dw: Any, v: Any) -> Any:
    """log(e^u + e^w) (principal for complex arguments)."""
    p = sigmoid(u - w)
    q = sigmoid_of_minus(u - w)
    return p * du + q * dw


@rule(value="logaddexp2", arity=2)
def logaddexp2(u: Any, w: Any, du: Any, dw: Any, v: Any) -> Any:
    """The logarithm to base 2 of 2^u + 2^w."""
    p = sigmoid(log(2) * (u - w))
    q = sigmoid_of_minus(log(2) * (u - w))
    return p * du + q * dw


@rule(value="logsumexp", variadic=True)
def logsumexp(u: Any, du: Any, v: Any) -> Any:
    """log Σ e^u over any number of arguments (principal for complex ones)."""
    return exp(u - v) * du


# ---------------------------------------------------------------------- the normal distribution
@rule(value="gaussian")
def gaussian(u: Any, du: Any, v: Any) -> Any:
    """The density of the standard normal distribution, exp(−u²/2)/√(2π)."""
    return -u * (v * du)


@rule(value="ndtr")
def ndtr(u: Any, du: Any, v: Any) -> Any:
    """The distribution function of the standard normal distribution."""
    return gaussian(u) * du


@rule(value=("erf", "_erf_slope"))
def erf(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The error function, beside its slope 2/√π·exp(−u²)."""
    dv = w * du
    return dv, -2 * u * dv


@rule(value=("erfc", "_erf_slope"))
def erfc(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The complementary error function 1 − erf u, accurate where it is small."""
    dv = w * du
    return -dv, -2 * u * dv
