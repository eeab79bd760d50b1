"""Values and jets of special functions at 0 in exact rationals: the power series of the textbooks.

Sources: DLMF 10.2.2 and 10.25.2 (Bessel functions), 16.2.1 (hypergeometric functions), 4.19.1 and 4.33.1 (sines).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import factorial

__all__ = ["jet", "value"]

Jet = list[Fraction]


def value(name: str, args: Sequence[Fraction]) -> Fraction | None:
    """The function ``name`` where an argument is 0 and the value rational, else None."""
    found = _VALUES.get(name)
    return None if found is None else found(*args)


def jet(name: str, args: Sequence[Fraction], order: int) -> Jet | None:
    """Coefficients 0 … order of a local entry at 0, where they are rational, else None; parameters come first."""
    *params, u = args
    found = _JETS.get(name)
    return None if found is None or u != 0 else found(order, *params)


def _if_zero(there: int) -> Callable[..., Fraction | None]:
    return lambda u, *_: Fraction(there) if u == 0 else None


def _principal(there: int) -> Callable[[Fraction, Fraction], Fraction | None]:
    return lambda u, k: Fraction(there) if u == k == 0 else None


def _kepler(e: Fraction, m: Fraction) -> Fraction | None:
    return m if e == 0 or m == 0 else None


def _hypergeometric(order: int, upper: Sequence[Fraction], lower: Sequence[Fraction]) -> Jet | None:
    """(a)_k/((b)_k·k!) for k = 0 … order, or None where a lower parameter is a pole."""
    out = [Fraction(1)]
    for k in range(order):
        if any(b + k == 0 for b in lower):
            return None
        term = out[k] / (k + 1)
        for a in upper:
            term *= a + k
        for b in lower:
            term /= b + k
        out.append(term)
    return out


def _bessel(sign: int) -> Callable[[int, Fraction], Jet | None]:
    """The Bessel functions of whole order n: Σ sign^j·(t/2)^(2j+n)/(j!·(j + n)!), and sign^n of it for −n."""

    def jet(order: int, nu: Fraction) -> Jet | None:
        if nu.denominator != 1:
            return None
        n = abs(int(nu))
        out = [Fraction(0)] * (order + 1)
        for k in range(n, order + 1, 2):
            j = (k - n) // 2
            out[k] = Fraction(sign ** (j + (n if nu < 0 else 0)), 2**k * factorial(j) * factorial(j + n))
        return out

    return jet


def _sine_over_argument(sign: int) -> Callable[[int], Jet]:
    return lambda order: [Fraction(0 if k % 2 else sign ** (k // 2), factorial(k + 1)) for k in range(order + 1)]


def _dawson(order: int) -> Jet:
    """F' = 1 − 2tF."""
    out = [Fraction(0), Fraction(1)]
    for k in range(2, order + 1):
        out.append(-2 * out[k - 2] / k)
    return out[: order + 1]


_VALUES: dict[str, Callable[..., Fraction | None]] = {
    "_lambertw_plus_1": _principal(1),
    "jacobi_am": _if_zero(0),
    "jacobi_cn": _if_zero(1),
    "jacobi_dn": _if_zero(1),
    "jacobi_sn": _if_zero(0),
    "kepler": _kepler,
    "lambertw": _principal(0),
    "shi": _if_zero(0),
    "si": _if_zero(0),
}

_JETS: dict[str, Callable[..., Jet | None]] = {
    "dawson": _dawson,
    "hyp0f1": lambda order, b: _hypergeometric(order, [], [b]),
    "hyp1f1": lambda order, a, b: _hypergeometric(order, [a], [b]),
    "hyp2f1": lambda order, a, b, c: _hypergeometric(order, [a, b], [c]),
    "iv": _bessel(1),
    "jv": _bessel(-1),
    "sinc_unnormalized": _sine_over_argument(-1),
    "sinhc": _sine_over_argument(1),
}
