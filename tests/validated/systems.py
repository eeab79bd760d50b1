"""Right-hand sides that are enclosed in tests and benchmarks."""

from __future__ import annotations

from typing import Any

__all__ = ["CLASSIC", "kepler", "lorenz", "lotka_volterra", "roessler", "van_der_pol"]


def lorenz(t: Any, y: Any, s: Any, r: Any, b: Any) -> list[Any]:
    return [s * (y[1] - y[0]), y[0] * (r - y[2]) - y[1], y[0] * y[1] - b * y[2]]


def van_der_pol(t: Any, y: Any) -> list[Any]:
    return [y[1], (1 - y[0] ** 2) * y[1] - y[0]]


def roessler(t: Any, y: Any, a: Any, b: Any, c: Any) -> list[Any]:
    return [-y[1] - y[2], y[0] + a * y[1], b + y[2] * (y[0] - c)]


def kepler(t: Any, y: Any) -> list[Any]:
    r = (y[0] ** 2 + y[1] ** 2) ** 1.5
    return [y[2], y[3], -y[0] / r, -y[1] / r]


def lotka_volterra(t: Any, y: Any) -> list[Any]:
    return [3 * (y[0] - y[0] * y[1]), y[0] * y[1] - y[1]]


CLASSIC = ("10", "28", "8/3")
