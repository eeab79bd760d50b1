"""Functions of one argument whose turning points are known: their range lies between values there and at the ends."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb

__all__ = ["TURNING"]

_HALF = Fraction(1, 2)


def _waves(period: Callable[[], Any], shift: Fraction) -> Callable[[Any, Any], list[Any]]:
    """(−1)^n at (n + shift)·period."""

    def values(low: Any, high: Any) -> list[Any]:
        first = (low / period() - arb(shift.numerator) / shift.denominator).lower().ceil()
        last = (high / period() - arb(shift.numerator) / shift.denominator).upper().floor()
        if not (first.is_finite() and last.is_finite()) or last - first >= 1:
            return [arb(-1), arb(1)]
        if first > last:
            return []
        return [arb(1) if (first / 2).floor() * 2 == first else arb(-1)]

    return values


def _one(point: Callable[[], Any], value: Callable[[], Any]) -> Callable[[Any, Any], list[Any]]:
    """One turning point."""
    return lambda low, high: [] if low > point() or high < point() else [value()]


def _origin(value: Callable[[], Any]) -> Callable[[Any, Any], list[Any]]:
    return _one(lambda: arb(0), value)


TURNING: dict[str, Callable[[Any, Any], list[Any]]] = {
    "sin": _waves(arb.pi, _HALF),
    "cos": _waves(arb.pi, Fraction(0)),
    "sinpi": _waves(lambda: arb(1), _HALF),
    "cospi": _waves(lambda: arb(1), Fraction(0)),
    "cosh": _origin(lambda: arb(1)),
    "sech": _origin(lambda: arb(1)),
    "gaussian": _origin(lambda: 1 / (2 * arb.pi()).sqrt()),
    "entr": _one(lambda: (-arb(1)).exp(), lambda: (-arb(1)).exp()),
}
