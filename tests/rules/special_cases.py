"""The special functions of the book beside mpmath's, with the points at which they are compared.

A case is the entry's name, its parameters, the same function in mpmath, and points u_0 with the distance from u_0 to
the nearest singularity (inf for an entire function). mpmath 1.3 is the independent oracle; nothing here asks FLINT.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import mpmath as mp

from taylorad.book.entry import BOOK, Family
from taylorad.series.node import Leaf, Node

ENTIRE = tuple((u, inf) for u in (0.0, 1e-300, 1e-8, 1e-3, 0.1, 1.0, 10.0, -1e-8, -0.1, -1.0, -10.0))
FROM_0 = tuple((u, u) for u in (1e-8, 1e-3, 0.1, 1.0, 10.0))


def below(edge: float, points: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    return tuple((u, edge - u) for u in points)


def poles(points: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    """Distances to the poles 0, −1, −2, … of the gamma function."""
    return tuple((u, u if u > 0 else min(u % 1, 1 - u % 1)) for u in points)


@dataclass(frozen=True)
class Case:
    name: str
    params: tuple[float, ...]
    function: Callable[[Any], Any]
    points: Sequence[tuple[float, float]]
    slow: bool = False  # mpmath takes a second or more for a point
    real: bool = False  # the formula is the function's near the real axis only, on a branch cut or up to a constant

    @property
    def node(self) -> Node:
        """The entry at the leaf 0, called in the order that scipy has."""
        member = BOOK[self.name]
        return member(*self.params, Leaf.of(0)) if member.entry.params_first else member(Leaf.of(0), *self.params)

    @property
    def products(self) -> bool:
        """A polynomial of low degree, which has no table of values: its float values are sums of products."""
        return isinstance(BOOK[self.name].entry, Family) and self.params[0] in range(Family.MANY)

    def __str__(self) -> str:
        return f"{self.name}{list(self.params) or ''}"


def _jacobi(kind: str, m: float) -> Callable[[Any], Any]:
    return lambda u: mp.ellipfun(kind, u, m=mp.mpf(m))


def _dawson(u: Any) -> Any:
    return u * mp.hyp1f1(1, 1.5, -u * u)


def _erfcinv(u: Any) -> Any:
    """The root of erfc(v) = u by Newton's method; mpmath's erfinv takes real numbers only."""
    v = mp.sqrt(-mp.log(u)) if abs(u) < 0.5 else mp.erfinv(1 - mp.re(u))
    for _ in range(60):
        step = (mp.erfc(v) - u) * mp.exp(v * v) * mp.sqrt(mp.pi) / 2
        v += step
        if abs(step) <= mp.eps**0.75 * abs(v):
            break
    return v


def _bessel(function: Callable[..., Any], nu: float) -> Callable[[Any], Any]:
    return lambda u: function(mp.mpf(nu), u)


def _of(function: Callable[..., Any], *params: float) -> Callable[[Any], Any]:
    """An mpmath function whose parameters come first; it may vanish at a point."""
    return lambda u: function(*map(mp.mpf, params), u, **({"zeroprec": 3000} if function in SUMS else {}))


SUMS = (mp.legendre, mp.chebyt, mp.chebyu, mp.gegenbauer, mp.hermite, mp.laguerre)
FRACTIONS = (0.5, -0.5, 2.3)
W_EDGE = -float(mp.exp(-1))

CASES = (
    *(Case("jv", (nu,), _bessel(mp.besselj, nu), ENTIRE) for nu in (0.0, 1.0, 3.0, -2.0)),
    *(Case("iv", (nu,), _bessel(mp.besseli, nu), ENTIRE) for nu in (0.0, 1.0, 3.0)),
    *(Case("jv", (nu,), _bessel(mp.besselj, nu), FROM_0) for nu in FRACTIONS),
    *(Case("iv", (nu,), _bessel(mp.besseli, nu), FROM_0) for nu in FRACTIONS),
    *(Case("yv", (nu,), _bessel(mp.bessely, nu), FROM_0) for nu in (0.0, *FRACTIONS)),
    *(Case("kv", (nu,), _bessel(mp.besselk, nu), FROM_0[:-1]) for nu in FRACTIONS),
    *(Case("yv", (nu,), _bessel(mp.bessely, nu), ((0.1, 0.1), (3.0, 3.0)), slow=True) for nu in (1.0, 3.0)),
    *(Case("kv", (nu,), _bessel(mp.besselk, nu), ((1e-8, 1e-8), (1.0, 1.0)), slow=True) for nu in (0.0, 1.0)),
    Case("sinc", (), mp.sincpi, (*ENTIRE, (3.0, inf))),
    Case("sinc_unnormalized", (), mp.sinc, ENTIRE),
    Case("sinhc", (), lambda u: mp.sinh(u) / u if u else mp.mpf(1), ENTIRE),
    Case("dawson", (), _dawson, ENTIRE),
    Case("erfi", (), mp.erfi, ENTIRE),
    Case("erfinv", (), lambda u: _erfcinv(1 - u), below(1, (0.0, 1e-8, 0.1, 0.9, 0.999)), slow=True),
    Case("erfcinv", (), _erfcinv, ((1e-8, 1e-8), (0.01, 0.01), (1.0, 1.0), (1.9, 0.1))),
    Case("fresnel_s", (), mp.fresnels, ENTIRE),
    Case("fresnel_c", (), mp.fresnelc, ENTIRE),
    Case("si", (), mp.si, ENTIRE),
    Case("shi", (), mp.shi, ENTIRE),
    Case("ci", (), mp.ci, FROM_0),
    Case("chi", (), mp.chi, FROM_0),
    Case("expi", (), mp.ei, FROM_0),
    Case("expi", (), lambda u: -mp.e1(-u), tuple((-u, u) for u, _ in FROM_0), real=True),
    Case("exp1", (), mp.e1, FROM_0),
    Case("expn", (3.0,), _of(mp.expint, 3.0), ((0.1, 0.1), (10.0, 10.0)), slow=True),
    Case("li", (), lambda u: -mp.e1(-mp.log(u)), ((1e-8, 1e-8), (0.1, 0.1), (0.999, 0.001)), real=True),
    Case("li", (), mp.li, ((1.5, 0.5), (10.0, 9.0))),
    Case("gamma", (), mp.gamma, (*poles((1e-8, 0.1, 1.0, 1.5, 10.0, -0.9, -2.5, -10.3)), (100.0, 10.0))),
    Case("rgamma", (), mp.rgamma, ENTIRE),
    Case("loggamma", (), mp.loggamma, FROM_0),
    Case("gammaln", (), mp.loggamma, (*FROM_0, (2.0, 2.0))),
    Case("gammaln", (), lambda u: mp.log(-mp.gamma(u)), poles((-0.5, -2.1, -10.3)), real=True),
    Case("digamma", (), mp.digamma, poles((1e-8, 0.1, 1.0, 10.0, -0.5, -2.1, -10.3))),
    Case("polygamma", (2.0,), lambda u: mp.psi(2, u), poles((1e-8, 0.1, 1.0, 10.0, -0.5, -2.1))),
    Case("zeta", (), mp.zeta, tuple((u, abs(u - 1)) for u in (0.0, 0.1, 0.999, 1.001, 2.0, 10.0, -2.0, -4.5))),
    Case("zeta", (0.3,), lambda u: mp.zeta(u, mp.mpf(0.3)), tuple((u, abs(u - 1)) for u in (0.1, 2.0, 10.0)), True),
    Case("airy_ai", (), mp.airyai, ENTIRE),
    Case("airy_aip", (), lambda u: mp.airyai(u, derivative=1), ENTIRE),
    Case("airy_bi", (), mp.airybi, ENTIRE),
    Case("airy_bip", (), lambda u: mp.airybi(u, derivative=1), ENTIRE),
    Case("ellipk", (), mp.ellipk, below(1, (0.0, 1e-8, 0.1, 0.5, 0.999, -1.0, -10.0))),
    Case("ellipe", (), mp.ellipe, below(1, (0.0, 1e-8, 0.1, 0.5, 0.999, -1.0, -10.0))),
    # the poles of sn, cn and dn lie at odd multiples of iK(1 − m) beside multiples of 2K(m)
    *(
        Case(f"jacobi_{kind}", (m,), _jacobi(kind, m), tuple((u, float(mp.ellipk(1 - m))) for u in (0.0, 1e-8, 0.1, 1)))
        for kind in ("sn", "cn", "dn")
        for m in (0.3, 0.99)
    ),
    Case("lambertw", (), mp.lambertw, tuple((u, u - W_EDGE) for u in (0.0, 1e-8, 0.1, 1.0, 10.0, -0.1, -0.3678))),
    Case("lambertw", (-1,), lambda u: mp.lambertw(u, -1), ((-0.1, 0.1), (-0.3, 0.067), (-0.3678, 7.9e-5))),
    Case("hyp0f1", (1.3,), _of(mp.hyp0f1, 1.3), ENTIRE),
    Case("hyp1f1", (0.7, 2.5), _of(mp.hyp1f1, 0.7, 2.5), ENTIRE),
    Case("hyp1f1", (-3.0, 2.5), _of(mp.hyp1f1, -3.0, 2.5), ENTIRE),
    Case("hyperu", (0.7, 2.5), _of(mp.hyperu, 0.7, 2.5), FROM_0, slow=True),
    Case("hyp2f1", (0.7, 1.2, 2.5), _of(mp.hyp2f1, 0.7, 1.2, 2.5), below(1, (0.0, 1e-8, 0.1, 0.4, 0.999, -1.0, -10.0))),
    Case("hyp2f1", (0.5, 2.5, 1.0), _of(mp.hyp2f1, 0.5, 2.5, 1.0), below(1, (0.7,)), slow=True),
    *(
        Case(name, (2.7, *more), function, tuple((u, u + 1) for u in (0.0, 1e-8, 0.1, 1.0, 10.0, -0.9)))
        for name, more, function in (
            ("eval_legendre", (), _of(mp.legendre, 2.7)),
            ("eval_chebyt", (), _of(mp.chebyt, 2.7)),
            ("eval_chebyu", (), _of(mp.chebyu, 2.7)),
            ("eval_gegenbauer", (0.4,), _of(mp.gegenbauer, 2.7, 0.4)),
        )
    ),
    Case("eval_hermite", (2.7,), _of(mp.hermite, 2.7), ((0.0, inf), (0.1, inf), (10.0, inf), (-1.0, inf)), slow=True),
    Case("eval_laguerre", (2.7,), _of(mp.laguerre, 2.7, 0), ENTIRE),
    Case("eval_genlaguerre", (2.7, 0.4), _of(mp.laguerre, 2.7, 0.4), ENTIRE),
    *(
        Case(name, (degree, *more), function, [p for p in ENTIRE if p[0] != 1e-300])  # mpmath forms 1 − u
        for degree in (1, 5, 12)  # products below degree 10, jets from there on
        for name, more, function in (
            ("eval_legendre", (), _of(mp.legendre, degree)),
            ("eval_chebyt", (), _of(mp.chebyt, degree)),
            ("eval_chebyu", (), _of(mp.chebyu, degree)),
            ("eval_gegenbauer", (0.4,), _of(mp.gegenbauer, degree, 0.4)),
            ("eval_hermite", (), _of(mp.hermite, degree)),
            ("eval_hermitenorm", (), lambda u, n=degree: _of(mp.hermite, n)(u / mp.sqrt(2)) / mp.sqrt(2) ** n),
            ("eval_laguerre", (), _of(mp.laguerre, degree, 0)),
            ("eval_genlaguerre", (0.4,), _of(mp.laguerre, degree, 0.4)),
        )
    ),
)


def circle(function: Callable[[Any], Any], u: complex, distance: float, order: int, bits: int = 800) -> list[Any]:
    """Coefficients 0 … order by Cauchy's integral over a circle about u, at ``bits`` bits.

    With N = 128 points on a radius of a third of the distance the error of c_k is about 3^−128·c_k, and rounding costs
    a factor 3^k; for entire functions the radius is 1/4, and c_k falls at most like 1/k!. What rounding leaves of a
    coefficient that vanishes is set to zero. About a real point the function must be real.
    """
    count, radius = 128, 0.25 if distance == inf else distance / 3
    with mp.workprec(bits):
        turn = [mp.expjpi(mp.mpf(2 * j) / count) for j in range(count)]
        if isinstance(u, complex):
            values = [function(u + radius * z) for z in turn]
        else:
            half = [function(u + radius * z) for z in turn[: count // 2 + 1]]
            values = half + [mp.conj(v) for v in half[-2:0:-1]]
        noise = max(map(abs, values)) * mp.mpf(2) ** (40 - bits)
        means = [mp.fsum(v * turn[-j * k % count] for j, v in enumerate(values)) / count for k in range(order + 1)]
        found = [(c if abs(c) > noise else mp.mpf(0)) / mp.mpf(radius) ** k for k, c in enumerate(means)]
        return found if isinstance(u, complex) else [mp.re(c) for c in found]
