"""Ball values and jets of integral functions and of the Airy functions: ``value(u)``, ``jet(order, *params, u)``."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from typing import Any

from flint import arb

from taylorad.errors import UnsupportedFunctionError
from taylorad.rings.balls import compose, expand

__all__ = ["JETS", "VALUES"]


def _method(name: str) -> Callable[[Any], Any]:
    return lambda u: getattr(u, name)()


def _real(name: str) -> Callable[[Any], Any]:
    """A method that FLINT has for real balls only."""

    def value(u: Any) -> Any:
        if not isinstance(u, arb):
            raise UnsupportedFunctionError(f"{name} has values for real numbers only, got {u}")
        return getattr(u, name)()

    return value


def _series(name: str) -> Callable[[int, Any], list[Any]]:
    return lambda order, u: expand(name, u, order)


def _expn(order: int, n: Any, u: Any) -> list[Any]:
    """E_n' = −E_{n−1} (DLMF 8.19.13)."""
    return [u.expint(n - k) * (-1) ** k / factorial(k) for k in range(order + 1)]


def _dawson(order: int, u: Any) -> list[Any]:
    """(√π/2)·exp(−u²)·erfi(u) (DLMF 7.5.1)."""
    erfi, damping = expand("erfi", u, order), compose(expand("exp", -u * u, order), [0, -2 * u, -1], order)
    half = arb.pi().sqrt() / 2
    return [half * sum(damping[j] * erfi[k - j] for j in range(k + 1)) for k in range(order + 1)]


def _slope(v: Any) -> Any:
    """The slope of erf's inverse where its value is v."""
    return arb.pi().sqrt() / 2 * (v * v).exp()


VALUES: dict[str, Callable[..., Any]] = {
    "airy_bi": lambda u: u.airy()[2],
    "airy_bip": lambda u: u.airy()[3],
    "_erfcinv_slope": lambda u: -_slope(_real("erfcinv")(u)),
    "_erfinv_slope": lambda u: _slope(_real("erfinv")(u)),
    "erfcinv": _real("erfcinv"),
    "erfi": _method("erfi"),
    "erfinv": _real("erfinv"),
    "fresnel_c": _method("fresnel_c"),
    "fresnel_s": _method("fresnel_s"),
    "li": _method("li"),
    "shi": _method("shi"),
    "si": _method("si"),
}

JETS: dict[str, Callable[..., list[Any]]] = {
    "airy_ai": _series("airy_ai"),
    "airy_aip": _series("airy_ai_prime"),
    "chi": _series("chi"),
    "ci": _series("ci"),
    "dawson": _dawson,
    "expi": _series("ei"),
    "expn": _expn,
}
