"""Functions through their Taylor coefficients at a point, which every ring takes from its jet table.

Here stand the functions without an algebraic differential equation (digamma, zeta), those that are analytic where
their equation is singular, and those whose recurrence loses digits: one that divides by u is unstable long before
u = 0, and one whose solution shrinks beside another solution of the equation is unstable everywhere.

Sources: NIST Digital Library of Mathematical Functions, the section named with each entry.
"""

from __future__ import annotations

from typing import Any

from taylorad.book.entry import Domain, formula, local

ABOVE_0 = Domain(0, None, boundary="a singularity")
BELOW_1 = Domain(None, 1, boundary="a singularity")

# ---------------------------------------------------------------------- sines and integrals
sinc = local("sinc", doc="sin(πu)/(πu), and 1 at 0: numpy's sinc.")
sinc_unnormalized = local("sinc_unnormalized", doc="sin(u)/u, and 1 at 0 (§3.3(ii)).")
sinhc = local("sinhc", doc="sinh(u)/u, and 1 at 0.")
dawson = local("dawson", doc="Dawson's integral, exp(−u²)·∫exp(t²)dt from 0 to u (§7.2(ii)).", aliases=("dawsn",))
expi = local("expi", doc="The exponential integral Ei (§6.2(i)).")
expn = local("expn", parameters=("n",), domain=ABOVE_0, doc="The generalized exponential integral E_n (§8.19).")
ci = local("ci", domain=ABOVE_0, doc="The cosine integral (§6.2(ii)).")
chi = local("chi", domain=ABOVE_0, doc="The hyperbolic cosine integral (§6.2(ii)).")


@formula()
def exp1(u: Any) -> Any:
    """The exponential integral E_1 (§6.2(i))."""
    return expn(1, u)


# ---------------------------------------------------------------------- gamma and zeta
gamma = local("gamma", doc="The gamma function (§5.2(i)).")
rgamma = local("rgamma", doc="The reciprocal gamma function, entire (§5.2(i)).")
polygamma = local("polygamma", parameters=("n",), doc="The derivative of order n of digamma (§5.15).")
zeta = local(
    "zeta",
    parameters=("q",),
    defaults=(1,),
    params_first=False,
    doc="Riemann's zeta function of u, or Hurwitz's of u and a constant q (§25.2, §25.11).",
)


@formula(aliases=("psi",))
def digamma(u: Any) -> Any:
    """The logarithmic derivative of the gamma function (§5.2(i))."""
    return polygamma(0, u)


# ---------------------------------------------------------------------- Bessel and Airy functions
jv = local("jv", parameters=("nu",), doc="The Bessel function J of real order (§10.2(ii)).", aliases=("jn",))
yv = local(
    "yv", parameters=("nu",), domain=ABOVE_0, doc="The Bessel function Y of real order (§10.2(ii)).", aliases=("yn",)
)
iv = local("iv", parameters=("nu",), doc="The modified Bessel function I of real order (§10.25(ii)).")
kv = local(
    "kv",
    parameters=("nu",),
    domain=ABOVE_0,
    doc="The modified Bessel function K of real order (§10.25(ii)).",
    aliases=("kn",),
)


@formula()
def j0(u: Any) -> Any:
    """The Bessel function J of order 0."""
    return jv(0, u)


@formula()
def j1(u: Any) -> Any:
    """The Bessel function J of order 1."""
    return jv(1, u)


@formula()
def y0(u: Any) -> Any:
    """The Bessel function Y of order 0."""
    return yv(0, u)


@formula()
def y1(u: Any) -> Any:
    """The Bessel function Y of order 1."""
    return yv(1, u)


@formula()
def i0(u: Any) -> Any:
    """The modified Bessel function I of order 0."""
    return iv(0, u)


@formula()
def i1(u: Any) -> Any:
    """The modified Bessel function I of order 1."""
    return iv(1, u)


@formula()
def k0(u: Any) -> Any:
    """The modified Bessel function K of order 0."""
    return kv(0, u)


@formula()
def k1(u: Any) -> Any:
    """The modified Bessel function K of order 1."""
    return kv(1, u)


airy_ai = local("airy_ai", doc="The Airy function Ai (§9.2).")
airy_aip = local("airy_aip", doc="The derivative of the Airy function Ai (§9.2).")

# ---------------------------------------------------------------------- hypergeometric and elliptic functions
hyp0f1 = local("hyp0f1", parameters=("b",), doc="The hypergeometric function ₀F₁(; b; u) (§16.2).")
hyp1f1 = local("hyp1f1", parameters=("a", "b"), doc="Kummer's function ₁F₁(a; b; u) (§13.2).")
hyperu = local("hyperu", parameters=("a", "b"), domain=ABOVE_0, doc="Tricomi's function U(a, b, u) (§13.2).")
hyp2f1 = local("hyp2f1", parameters=("a", "b", "c"), doc="Gauss's function ₂F₁(a, b; c; u) (§15.2).")
ellipk = local("ellipk", domain=BELOW_1, doc="The complete elliptic integral K of the parameter m = k² (§19.2(ii)).")
ellipe = local("ellipe", domain=BELOW_1, doc="The complete elliptic integral E of the parameter m = k² (§19.2(ii)).")
