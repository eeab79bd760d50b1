"""Jets of hypergeometric functions over balls, and of the functions that are one of them in disguise.

Near 0 a coefficient is the same function with shifted parameters, d^k/dz^k F(a; b; z) = (a)_k/(b)_k·F(a+k; b+k; z)
(DLMF 13.3.16, 15.5.2, 16.3.1): no cancellation, and tight for parameters that are wide. Elsewhere ₂F₁, slow to
evaluate, takes two values and the recurrence of its differential equation (DLMF 15.10.1).

Every jet has the signature ``jet(order, *params, u)`` and encloses the coefficients 0 … order at every point of the
ball u; balls that are not finite mean that there is no Taylor series.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flint import arb

from taylorad.rings.balls import compose

__all__ = ["JETS"]

Jet = list[Any]


def _shifted(order: int, upper: Sequence[Any], lower: Sequence[Any], evaluate: Callable[[int], Any]) -> Jet:
    """(a)_k/((b)_k·k!)·F(a + k; b + k) for k = 0 … order, where ``evaluate(k)`` is F of shifted parameters."""
    out: Jet = []
    factor = arb(1)
    for k in range(order + 1):
        # a polynomial ends here: F itself is not asked for where its factor is exactly zero
        out.append(arb(0) if factor == 0 else factor * evaluate(k))
        for a in upper:
            factor = factor * (a + k)
        for b in lower:
            factor = factor / (b + k)
        factor = factor / (k + 1)
    return out


def hyp0f1(order: int, b: Any, u: Any) -> Jet:
    """Coefficients of ₀F₁(; b; u)."""
    return _shifted(order, [], [b], lambda k: u.hypgeom_0f1(b + k))


def hyp1f1(order: int, a: Any, b: Any, u: Any) -> Jet:
    """Coefficients of Kummer's ₁F₁(a; b; u)."""
    return _shifted(order, [a], [b], lambda k: u.hypgeom_1f1(a + k, b + k))


def hyperu(order: int, a: Any, b: Any, u: Any) -> Jet:
    """Coefficients of Tricomi's U(a, b, u): U' = −a·U(a+1, b+1) (DLMF 13.3.22)."""
    found = _shifted(order, [a], [], lambda k: u.hypgeom_u(a + k, b + k))
    return [-c if k % 2 else c for k, c in enumerate(found)]


def hyp2f1(order: int, a: Any, b: Any, c: Any, u: Any) -> Jet:
    """Coefficients of Gauss's ₂F₁(a, b; c; u)."""
    polynomial = any(p.real.is_integer() and p.imag == 0 and p.real <= 0 for p in (a, b))
    exact = all(p.is_exact() for p in (a, b, c))
    if polynomial or not exact or not abs(u) > 0.25:
        return _shifted(order, [a, b], [c], lambda k: u.hypgeom_2f1(a + k, b + k, c + k))
    out = [u.hypgeom_2f1(a, b, c), a * b / c * u.hypgeom_2f1(a + 1, b + 1, c + 1)]
    p, q = u * (1 - u), c - (a + b + 1) * u
    for n in range(order - 1):
        bend = (n + 1) * ((1 - 2 * u) * n + q) * out[n + 1] - (n + a) * (n + b) * out[n]
        out.append(-bend / (p * ((n + 2) * (n + 1))))
    return out[: order + 1]


def _scaled(jet: Jet, factor: Any, step: Any) -> Jet:
    """Coefficients of factor·F(u + step·t) from those of F(u + t)."""
    out: Jet = []
    for c in jet:
        out.append(c * factor)
        factor = factor * step
    return out


def _half(order: int, a: Any, b: Any, c: Any, x: Any) -> Jet:
    """Coefficients of ₂F₁(a, b; c; (1 − x)/2) in x: the form of every classical function on [−1, 1]."""
    return _scaled(hyp2f1(order, a, b, c, (1 - x) / 2), arb(1), arb(-1) / 2)


def _ellipk(order: int, m: Any) -> Jet:
    half = arb(1) / 2
    return _scaled(hyp2f1(order, half, half, arb(1), m), arb.pi() / 2, 1)


def _ellipe(order: int, m: Any) -> Jet:
    half = arb(1) / 2
    return _scaled(hyp2f1(order, -half, half, arb(1), m), arb.pi() / 2, 1)


def _legendre(order: int, n: Any, x: Any) -> Jet:
    return _half(order, -n, n + 1, arb(1), x)


def _chebyt(order: int, n: Any, x: Any) -> Jet:
    return _half(order, -n, n, arb(1) / 2, x)


def _chebyu(order: int, n: Any, x: Any) -> Jet:
    return _scaled(_half(order, -n, n + 2, arb(3) / 2, x), n + 1, 1)


def _gegenbauer(order: int, n: Any, alpha: Any, x: Any) -> Jet:
    factor = (n + 2 * alpha).gamma() * (2 * alpha).rgamma() * (n + 1).rgamma()
    return _scaled(_half(order, -n, n + 2 * alpha, alpha + arb(1) / 2, x), factor, 1)


def _hermite(order: int, n: Any, x: Any) -> Jet:
    """H_ν^(k)/k! = 2^k·C(ν, k)·H_{ν−k} (DLMF 18.9.25)."""
    out: Jet = []
    factor = arb(1)
    for k in range(order + 1):
        out.append(arb(0) if factor == 0 else factor * x.hermite_h(n - k))
        factor = factor * 2 * (n - k) / (k + 1)
    return out


def _hermitenorm(order: int, n: Any, x: Any) -> Jet:
    root = arb(2).sqrt()
    return _scaled(_hermite(order, n, x / root), arb(2) ** (-n / 2), 1 / root)


def _genlaguerre(order: int, n: Any, alpha: Any, x: Any) -> Jet:
    factor = (n + alpha + 1).gamma() * (n + 1).rgamma() * (alpha + 1).rgamma()
    return _scaled(hyp1f1(order, -n, alpha + 1, x), factor, 1)


def _laguerre(order: int, n: Any, x: Any) -> Jet:
    return hyp1f1(order, -n, arb(1), x)


def _even(outer: Jet, x: Any, sign: Any, order: int) -> Jet:
    """Coefficients in x of F(sign·x²) from those of F."""
    return compose(outer, [0, 2 * sign * x, sign], order)


def _sinc_unnormalized(order: int, x: Any) -> Jet:
    """sin(x)/x = ₀F₁(; 3/2; −x²/4) (DLMF 10.16.9 at order 1/2)."""
    return _even(hyp0f1(order, arb(3) / 2, -x * x / 4), x, arb(-1) / 4, order)


def _sinhc(order: int, x: Any) -> Jet:
    return _even(hyp0f1(order, arb(3) / 2, x * x / 4), x, arb(1) / 4, order)


def _sinc(order: int, x: Any) -> Jet:
    pi = arb.pi()
    out = _scaled(_sinc_unnormalized(order, pi * x), arb(1), pi)
    return [x.sinc_pi(), *out[1:]]


JETS: dict[str, Callable[..., Jet]] = {
    "ellipe": _ellipe,
    "ellipk": _ellipk,
    "eval_chebyt": _chebyt,
    "eval_chebyu": _chebyu,
    "eval_gegenbauer": _gegenbauer,
    "eval_genlaguerre": _genlaguerre,
    "eval_hermite": _hermite,
    "eval_hermitenorm": _hermitenorm,
    "eval_laguerre": _laguerre,
    "eval_legendre": _legendre,
    "hyp0f1": hyp0f1,
    "hyp1f1": hyp1f1,
    "hyp2f1": hyp2f1,
    "hyperu": hyperu,
    "sinc": _sinc,
    "sinc_unnormalized": _sinc_unnormalized,
    "sinhc": _sinhc,
}
