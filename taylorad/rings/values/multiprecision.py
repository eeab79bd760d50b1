"""Order-0 values in mpmath numbers at mpmath's working precision: by name where mpmath has the function.

What mpmath lacks, or computes with a loss, is computed in balls and rounded. mpmath is handed in, for only its ring
may import it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["jet", "lookup"]

_NAMES = frozenset(["exp", "expm1", "log", "log1p", "sqrt", "erf", "erfc", "sin", "cos", "acos", "sinh", "cosh"])
# right for real arguments only: complex tan, asin, atan and the like lose digits near zeros, poles and branch points,
# as acosh does near 1 for all
_REAL_NAMES = {n: n for n in ("tan", "tanh", "sinpi", "cospi", "asin", "atan", "asinh", "atanh")} | {
    "pow": "power",
    "hypot": "hypot",
    "atan2": "atan2",
    "floor": "floor",
    "ceil": "ceil",
    "round": "nint",
}


def lookup(name: str, mpmath: Any) -> Callable[..., Any] | None:
    """The function ``name`` over mpf and mpc, or None where there is none."""
    if name in _NAMES:
        return getattr(mpmath, name)
    from taylorad.rings.values import rounded

    if name in _REAL_NAMES:
        return _by_kind(getattr(mpmath, _REAL_NAMES[name]), rounded.multiprecision(name), mpmath)
    return rounded.multiprecision(name)


def jet(name: str, args: Sequence[Any], order: int) -> Sequence[Any]:
    """Coefficients 0 … order of a local entry at a point, in its last argument."""
    from taylorad.rings.values import rounded

    return rounded.multiprecision_jet(name, args, order)


def _by_kind(real: Callable[..., Any], complex: Callable[..., Any] | None, mpmath: Any) -> Callable[..., Any]:
    """``real`` for real arguments; for complex ones the ball function."""

    def function(*args: Any) -> Any:
        chosen = complex if complex is not None and any(isinstance(a, mpmath.mpc) for a in args) else real
        return chosen(*args)

    return function
