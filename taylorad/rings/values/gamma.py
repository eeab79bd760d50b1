"""Ball values and jets of the gamma function and its relatives, and of the zeta function.

Signatures: ``value(u)`` or ``value(a, b)``, ``jet(order, *params, u)``; real balls give real results.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any

from flint import acb, arb

from taylorad.errors import DomainError
from taylorad.rings.balls import expand

__all__ = ["JETS", "VALUES", "integer"]

def integer(name: str, parameter: str, value: Any) -> int:
    """A parameter that must be a whole number; raises DomainError where it is not one."""
    real = value.real
    if not (real.is_exact() and real.is_integer() and value.imag == 0):
        raise DomainError(f"{name} needs a whole number as its parameter {parameter}, got {value}")
    return int(real.unique_fmpz())


def _loggamma(u: Any) -> Any:
    return u.lgamma()


def _gammaln(u: Any) -> Any:
    """log|Γ(u)| for real u, log Γ(u) for complex u."""
    return u.lgamma() if isinstance(u, acb) or u > 0 else abs(u.gamma()).log()


def _beta(a: Any, b: Any) -> Any:
    return a.gamma() * b.gamma() * (a + b).rgamma()


def _betaln(a: Any, b: Any) -> Any:
    return _gammaln(a) + _gammaln(b) - _gammaln(a + b)


def _beta_jet(order: int, b: Any, a: Any) -> list[Any]:
    """B(a, b) in a, for constant b."""
    upper, lower = expand("gamma", a, order), expand("rgamma", a + b, order)
    factor = b.gamma()
    return [factor * sum(upper[j] * lower[k - j] for j in range(k + 1)) for k in range(order + 1)]


def _betaln_jet(order: int, b: Any, a: Any) -> list[Any]:
    upper, both = ([c / (k + 1) for k, c in enumerate(_polygamma(order, arb(0), x))] for x in (a, a + b))
    return [_betaln(a, b), *(p - q for p, q in zip(upper[:order], both[:order], strict=True))]


def _polygamma(order: int, n: Any, u: Any) -> list[Any]:
    """ψ^(m)(u) = (−1)^(m+1)·m!·ζ(m + 1, u) for m ≥ 1 (DLMF 25.11.12); left of 0 by reflection (DLMF 5.5.4, 5.15.6)."""
    first = integer("polygamma", "n", n)
    if first < 0:
        raise DomainError(f"polygamma needs n ≥ 0, got {first}")
    left = not u.real > 0
    at = 1 - u if left else u
    poles = expand("cot_pi", u, first + order) if left else []
    out: list[Any] = []
    for k in range(order + 1):
        m = first + k
        found = at.digamma() if m == 0 else type(u)(m + 1).zeta(at) * ((-1) ** (m + 1) * factorial(m))
        if left:
            found = found * (-1) ** m - arb.pi() * poles[m] * factorial(m)
        out.append(found / factorial(k))
    return out


def _zeta(order: int, q: Any, u: Any) -> list[Any]:
    return expand("zeta", u, order, q)


VALUES: dict[str, Callable[..., Any]] = {
    "beta": _beta,
    "betaln": _betaln,
    "gammaln": _gammaln,
    "loggamma": _loggamma,
}

JETS: dict[str, Callable[..., list[Any]]] = {
    "beta": _beta_jet,
    "betaln": _betaln_jet,
    "gamma": lambda order, u: expand("gamma", u, order),
    "polygamma": _polygamma,
    "rgamma": lambda order, u: expand("rgamma", u, order),
    "zeta": _zeta,
}
