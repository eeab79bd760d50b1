"""Special functions with a differential that is stable at every point, each as that differential.

Sources: NIST Digital Library of Mathematical Functions, the section named with each entry.
"""

from __future__ import annotations

from typing import Any

from taylorad.book.elementary import PI, exp, log, sqrt
from taylorad.book.entry import Domain, group, rule
from taylorad.book.local import airy_ai, airy_aip, chi, ci, digamma, sinc_unnormalized, sinhc
from taylorad.book.trigonometric import sincos, sincospi


# ---------------------------------------------------------------------- integrals
@rule(value="erfi")
def erfi(u: Any, du: Any, v: Any) -> Any:
    """The imaginary error function, −i·erf(iu) (§7.2)."""
    return 2 / sqrt(PI) * exp(u * u) * du


@rule(value=("erfinv", "_erfinv_slope"), domain=Domain(-1, 1, boundary="a logarithmic singularity"))
def erfinv(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The inverse of the error function, for real u (§7.17); w is its slope."""
    return w * du, 2 * (v * w) * (w * du)


@rule(value=("erfcinv", "_erfcinv_slope"), domain=Domain(0, 2, boundary="a logarithmic singularity"))
def erfcinv(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The inverse of the complementary error function, for real u (§7.17); w is its slope."""
    return w * du, 2 * (v * w) * (w * du)


@rule(value=("fresnel_s", "fresnel_c"))
def fresnel(u: Any, du: Any, s: Any, c: Any) -> Any:
    """The Fresnel integrals of sin(πt²/2) and cos(πt²/2) from 0 to u (§7.2(iii))."""
    sine, cosine = sincospi(u * u / 2)
    return sine * du, cosine * du


@rule(value="si")
def si(u: Any, du: Any, v: Any) -> Any:
    """The sine integral of sin(t)/t from 0 to u (§6.2(ii))."""
    return sinc_unnormalized(u) * du


@rule(value="shi")
def shi(u: Any, du: Any, v: Any) -> Any:
    """The hyperbolic sine integral of sinh(t)/t from 0 to u (§6.2(ii))."""
    return sinhc(u) * du


@rule(value="li", domain=Domain(0, None, boundary="a branch point"))
def li(u: Any, du: Any, v: Any) -> Any:
    """The logarithmic integral, Ei(log u) (§6.2(i))."""
    return du / log(u)


sici = group("sici", si, ci, doc="The sine and the cosine integral.")
shichi = group("shichi", shi, chi, doc="The hyperbolic sine and cosine integrals.")


# ---------------------------------------------------------------------- gamma
@rule(value="gammaln", aliases=("lgamma",))
def gammaln(u: Any, du: Any, v: Any) -> Any:
    """log|Γ(u)| for real u, log Γ(u) for complex u (§5.2)."""
    return digamma(u) * du


@rule(value="loggamma", domain=Domain(0, None, boundary="a pole of the gamma function"))
def loggamma(u: Any, du: Any, v: Any) -> Any:
    """log Γ(u), continued from the positive axis (§5.2)."""
    return digamma(u) * du


@rule(
    value="beta",
    arity=2,
    symmetric=True,
    domain=(Domain(0, None, boundary="a pole"), Domain(0, None, argument=1, boundary="a pole")),
)
def beta(a: Any, b: Any, da: Any, db: Any, v: Any) -> Any:
    """Euler's beta integral Γ(a)Γ(b)/Γ(a + b) of two variables, over the reals both positive (§5.12).

    Elsewhere zeros and poles of the factors meet and the recurrence loses digits: write the gamma functions out.
    """
    both = digamma(a + b)
    return v * ((digamma(a) - both) * da + (digamma(b) - both) * db)


@rule(value="betaln", arity=2, symmetric=True)
def betaln(a: Any, b: Any, da: Any, db: Any, v: Any) -> Any:
    """log|B(a, b)| of two real variables, log B(a, b) of complex ones (§5.12)."""
    both = digamma(a + b)
    return (digamma(a) - both) * da + (digamma(b) - both) * db


# ---------------------------------------------------------------------- Airy functions
@rule(value=("airy_bi", "airy_bip"))
def airy_b(u: Any, du: Any, v: Any, w: Any) -> Any:
    """The Airy function Bi and its derivative (§9.2); Ai, which shrinks beside it, is a local entry."""
    return w * du, u * v * du


airy_bi, airy_bip = airy_b.members
airy = group("airy", airy_ai, airy_aip, airy_bi, airy_bip, doc="The Airy functions Ai, Ai′, Bi and Bi′.")


# ---------------------------------------------------------------------- elliptic functions
@rule(value=("jacobi_sn", "jacobi_cn", "jacobi_dn"))
def jacobi(u: Any, du: Any, sn: Any, cn: Any, dn: Any, m: Any) -> Any:
    """The Jacobi elliptic functions sn, cn and dn of parameter m = k² (§22.13(i))."""
    return cn * dn * du, -sn * dn * du, -m * (sn * cn) * du


jacobi_sn, jacobi_cn, jacobi_dn = jacobi.members


@rule(value="jacobi_am")
def jacobi_am(u: Any, du: Any, v: Any, m: Any) -> Any:
    """The Jacobi amplitude, the angle with sine sn and cosine cn (§22.16(i))."""
    return jacobi_dn(u, m) * du


ellipj = group("ellipj", jacobi_sn, jacobi_cn, jacobi_dn, jacobi_am, doc="sn, cn, dn and am of u and the parameter m.")


# ---------------------------------------------------------------------- functions defined by an equation
@rule(value=("lambertw", "_lambertw_plus_1"))
def lambertw(u: Any, du: Any, v: Any, w: Any, k: Any = 0) -> Any:
    """The branch k of Lambert's W, v·e^v = u; over the reals k is 0 or −1 (§4.13). w is 1 + v, small at −1/e."""
    dv = du / (exp(v) * w)
    return dv, dv


@rule(value="kepler", arity=2, domain=Domain(-1, 1, boundary="where an ellipse becomes a parabola"))
def kepler(e: Any, m: Any, de: Any, dm: Any, v: Any) -> Any:
    """The eccentric anomaly E(e, M) of the eccentricity e and the mean anomaly M, E − e·sin E = M."""
    sine, cosine = sincos(v)
    return (dm + sine * de) / (1 - e * cosine)
