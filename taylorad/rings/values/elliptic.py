"""Ball values of the Jacobi elliptic functions of parameter m, by theta functions (DLMF 22.2.4–22.2.6).

The signature is ``value(u, m)``; real balls give real results, for every real m.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import acb, arb

__all__ = ["VALUES"]


def _sn_cn_dn(u: Any, m: Any) -> tuple[Any, Any, Any]:
    if m == 0:
        return u.sin(), u.cos(), acb(1)
    if m == 1:
        return u.tanh(), u.sech(), u.sech()
    k = m.elliptic_k()
    tau = acb(0, 1) * (1 - m).elliptic_k() / k
    one, two, three, four = (u / (2 * k)).modular_theta(tau)
    _, two0, three0, four0 = (u * 0).modular_theta(tau)
    return three0 * one / (two0 * four), four0 * two / (two0 * four), four0 * three / (three0 * four)


def _am(u: Any, m: Any) -> Any:
    """The amplitude: the angle with sine sn and cosine cn, continued from 0 at u = 0 (DLMF 22.16.11)."""
    if m == 0:
        return u
    sn, cn, _ = _sn_cn_dn(u, m)
    if m == 1 or m.real > 1:  # it stays in (−π/2, π/2)
        return sn.asin()
    angle = -acb(0, 1) * (cn + acb(0, 1) * sn).log()
    turns = ((acb.pi() * u / (2 * m.elliptic_k()) - angle).real / (2 * arb.pi()) + arb(1) / 2).floor()
    return angle + 2 * acb.pi() * turns


def _largest(m: Any) -> tuple[Any, Any]:
    """Bounds of |sn| and |dn| over the real line."""
    return m.rsqrt() if m > 1 else arb(1), arb(1) if m >= 0 else (1 + abs(m)).sqrt()


def _real(
    function: Callable[[Any, Any], Any], steepest: Callable[[Any], Any], reach: Callable[[Any], Any]
) -> Callable[[Any, Any], Any]:
    """The real part where both arguments are real, and so is the value.

    Theta functions bound wide balls badly or not at all. There the mean value theorem does it, with the ``steepest``
    slope on the real line (DLMF 22.13(i)), and the ``reach`` of the function, a ball.
    """

    def value(u: Any, m: Any) -> Any:
        if not (isinstance(u, arb) and isinstance(m, arb)):
            return function(acb(u), acb(m))
        if u.is_exact() or m == 0 or m == 1:  # no theta functions
            return function(acb(u), acb(m)).real
        found, most = function(acb(u.mid()), acb(m)).real + (u - u.mid()) * steepest(m), reach(m)
        return found if most.contains(found) else found.intersection(most)

    return value


def _symmetric(bound: Any) -> Any:
    return (-bound).union(bound)


def _reach_of_dn(m: Any) -> Any:
    return arb(1).union((1 - m).sqrt()) if m <= 1 else _symmetric(_largest(m)[1])


def _reach_of_am(m: Any) -> Any:
    return _symmetric(m.rsqrt().asin()) if m > 1 else arb(0, float("inf"))


VALUES: dict[str, Callable[..., Any]] = {
    "jacobi_am": _real(_am, lambda m: _largest(m)[1], _reach_of_am),
    "jacobi_cn": _real(
        lambda u, m: _sn_cn_dn(u, m)[1], lambda m: _largest(m)[0] * _largest(m)[1], lambda m: _symmetric(arb(1))
    ),
    "jacobi_dn": _real(lambda u, m: _sn_cn_dn(u, m)[2], lambda m: abs(m) * _largest(m)[0], _reach_of_dn),
    "jacobi_sn": _real(
        lambda u, m: _sn_cn_dn(u, m)[0], lambda m: _largest(m)[1], lambda m: _symmetric(_largest(m)[0])
    ),
}
