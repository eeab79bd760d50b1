"""Integrals along straight paths by FLINT, and the ball that knows nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import acb, arb

__all__ = ["path_integral", "unknown"]


def unknown() -> Any:
    """The real ball that contains everything."""
    return arb(0, float("inf"))


def path_integral(f: Callable[[Any, bool], Any], a: Any, b: Any) -> Any:
    """∫ f from a to b, as a real ball, by FLINT's ``acb.integral``. Rigorous.

    ``f(z, analytic)`` encloses f on the ball z; with ``analytic`` it returns None unless f is analytic on all of z.
    """

    def at(z: Any, analytic: bool) -> Any:
        found = f(z, bool(analytic))
        return acb(float("nan")) if found is None else acb(found)

    found = acb.integral(at, acb(a), acb(b))
    return found.real if found.is_finite() else unknown()
