"""Ball values and jets of the special functions: one table for all their files.

A value is called as a rule's is, ``value(*arguments, *parameters)``; a jet as a local entry's is, with the parameters
first and the point last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb
from typing import Any

from flint import ctx

from taylorad.rings.balls import precision
from taylorad.rings.values import bessel, elliptic, gamma, hypergeometric, implicit, integrals
from taylorad.rings.values.settle import exponent, settle

__all__ = ["jet", "lookup"]

_VALUES: dict[str, Callable[..., Any]] = elliptic.VALUES | gamma.VALUES | implicit.VALUES | integrals.VALUES
_JETS: dict[str, Callable[..., list[Any]]] = bessel.JETS | gamma.JETS | hypergeometric.JETS | integrals.JETS

_TERMS = 4  # of the expansion about the middle of a wide ball


def lookup(name: str) -> Callable[..., Any] | None:
    """The function ``name`` over arb and acb balls, or None where there is none.

    Rigorous; at exact arguments the value is known to the working precision.
    """
    value = _VALUES.get(name)
    if value is None:
        return (lambda *args: _JETS[name](0, *args)[0]) if name in _JETS else None

    def settled(*args: Any) -> Any:
        if all(x.is_exact() for x in args):
            return +settle(lambda: [value(*args)], ctx.prec)[0]
        return value(*args)

    return settled


def jet(name: str, args: Sequence[Any], order: int) -> list[Any] | None:
    """Coefficients 0 … order of a local entry at a ball, in its last argument; None where there is no such entry.

    Rigorous: each encloses the coefficient at every point of the ball. They are known to the working precision as far
    as the arguments allow; at an exact point where there is no Taylor series none of them is finite.
    """
    found = _JETS.get(name)
    if found is None:
        return None
    bits, (*params, u) = ctx.prec, args
    if not u.is_exact():
        out = _thin(lambda order, at: found(order, *params, at), u, order, bits)
    else:
        out = settle(lambda: found(order, *params, u), bits)
        if not all(c.is_finite() for c in out):
            out = [c + float("nan") for c in out]
    return [+c for c in out]


def _thin(jet: Callable[[int, Any], list[Any]], u: Any, order: int, bits: int) -> list[Any]:
    """Coefficients over a ball u = m + h from those at its middle and a remainder, where that is narrower.

    c_k(m + h) = Σ C(k+i, k)·c_{k+i}(m)·h^i over i < R, and C(k+R, k)·c_{k+R}(ξ)·h^R with ξ in the ball (Taylor's
    theorem; over ℂ a mean of that remainder along the segment).
    """
    near = settle(lambda: jet(order + _TERMS - 1, u.mid()), bits)
    with precision(32 + max(0, min(bits, u.rel_accuracy_bits()))):  # FLINT takes long for wide balls at high precision
        far = jet(order + _TERMS, u)
    h = u - u.mid()
    out: list[Any] = []
    for k in range(order + 1):
        thin = comb(k + _TERMS, k) * far[k + _TERMS]
        for i in reversed(range(_TERMS)):
            thin = thin * h + comb(k + i, k) * near[k + i]
        out.append(thin if exponent(thin.rad()) <= exponent(far[k].rad()) else far[k])
    return out
