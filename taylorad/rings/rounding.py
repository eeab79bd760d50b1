"""Sums, products and quotients of floats rounded down, without touching the processor's rounding mode.

The error of an operation is computed exactly (Knuth's TwoSum, Dekker's TwoProduct), so a result moves only where it
must; rounding up is minus the rounding down of the negatives. Rounding to nearest is taken for granted.
"""

from __future__ import annotations

import math
from fractions import Fraction
from math import inf, nextafter
from numbers import Rational

__all__ = ["MAX", "add", "bounds", "div", "down", "error", "mul", "root", "total"]

MAX = 1.7976931348623157e308
_SPLIT = 134217729.0  # 2^27 + 1, Veltkamp's constant
_SMALL, _LARGE = 1e-290, 1e290  # between them Dekker's product is exact


def down(x: float) -> float:
    return nextafter(x, -inf)


def add(a: float, b: float) -> float:
    """The largest float ≤ a + b (for lower ends: never +∞ among finite numbers)."""
    s = a + b
    if s - s != 0.0:  # infinite
        return MAX if s > 0 and a < inf and b < inf else s
    t = s - a
    return s if (a - (s - t)) + (b - t) >= 0.0 else down(s)


def error(a: float, b: float, p: float) -> float | None:
    """a·b − p for p = fl(a·b), or None where that is no float."""
    if not (_SMALL < abs(p) < _LARGE and abs(a) < _LARGE and abs(b) < _LARGE):
        return 0.0 if p == 0.0 and (a == 0.0 or b == 0.0) else None  # 0·∞ is no number here
    c = _SPLIT * a
    ah = c - (c - a)
    al = a - ah
    c = _SPLIT * b
    bh = c - (c - b)
    bl = b - bh
    return al * bl - (((p - ah * bh) - al * bh) - ah * bl)


def mul(a: float, b: float) -> float:
    """The largest float ≤ a·b, with 0·∞ = 0 as the ends of intervals want it."""
    if a == 0.0 or b == 0.0:
        return 0.0
    p = a * b
    if p - p != 0.0:
        return MAX if p > 0 and abs(a) < inf and abs(b) < inf else p
    e = error(a, b, p)
    if e is None:  # near the ends of the floats' range
        return p if abs(a) == inf or abs(b) == inf or Fraction(p) <= Fraction(a) * Fraction(b) else down(p)
    return down(p) if e < 0.0 else p


def div(a: float, b: float) -> float:
    """The largest float ≤ a/b, b ≠ 0."""
    if a == 0.0:
        return 0.0
    if abs(b) == inf:
        return 0.0 if abs(a) == inf or (a > 0) == (b > 0) else -5e-324
    q = a / b
    if q - q != 0.0:
        return MAX if q > 0 and abs(a) < inf else q
    p = q * b
    e = error(q, b, p) if _SMALL < abs(a) < _LARGE else None
    if e is None or q == 0.0:
        return q if abs(a) == inf or Fraction(q) <= Fraction(a) / Fraction(b) else down(q)
    rest = a - p  # exact, since p is next to a
    return q if rest == e or (rest > e) == (b > 0) else down(q)


def root(a: float) -> float:
    """The largest float ≤ √a, a ≥ 0."""
    s = math.sqrt(a)
    if s == 0.0 or s == inf:
        return s
    p = s * s
    e = error(s, s, p) if a > _SMALL else None
    if e is None:
        return s if Fraction(s) ** 2 <= Fraction(a) else down(s)
    return s if p < a or (p == a and e <= 0.0) else down(s)


def bounds(value: Rational | float) -> tuple[float, float]:
    """The closest floats around a rational number (equal where it is a float)."""
    if isinstance(value, float):
        return value, value
    num, den = int(value.numerator), int(value.denominator)
    try:
        near = num / den  # to nearest, whatever the size of the integers
    except OverflowError:
        return (MAX, inf) if num > 0 else (-inf, -MAX)
    a, b = near.as_integer_ratio()
    side = a * den - num * b
    return (near if side <= 0 else down(near)), (near if side >= 0 else nextafter(near, inf))


def total(parts: list[float]) -> float:
    """The largest float ≤ the sum."""
    try:
        near = math.fsum(parts)
        return near if math.fsum([*parts, -near]) >= 0.0 else down(near)
    except (OverflowError, ValueError):  # infinite, now or on the way
        total = 0.0
        for x in parts:
            total = add(total, x)
        return total
