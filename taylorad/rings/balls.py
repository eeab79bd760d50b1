"""Arb balls as coefficients: every result contains the true value.

Operations run at ``flint.ctx.prec`` bits. Rigorous: each coefficient encloses the exact coefficient for all
points of the argument ball (FLINT's guarantee for its ball arithmetic).
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from numbers import Rational
from typing import Any

import flint

from taylorad.errors import MixedRingError, UnsupportedFunctionError
from taylorad.rings.objects import ObjectRing
from taylorad.rings.ring import Element, Position

__all__ = [
    "BallRing",
    "ball",
    "complex_ball",
    "compose",
    "dyadic",
    "expand",
    "integer",
    "middle",
    "polynomial",
    "precision",
    "revert",
]

_lock = threading.RLock()


@contextmanager
def precision(bits: int) -> Generator[None]:
    """Work at ``bits`` bits inside the block; one thread at a time, since FLINT's context is one for all threads."""
    with _lock:
        before = flint.ctx.prec
        flint.ctx.prec = bits
        try:
            yield
        finally:
            flint.ctx.prec = before


@contextmanager
def _terms(count: int) -> Generator[None]:
    """Keep ``count`` terms of every power series inside the block."""
    with _lock:
        before = flint.ctx.cap
        flint.ctx.cap = count
        try:
            yield
        finally:
            flint.ctx.cap = before


def expand(function: str, u: Any, order: int, *args: Any) -> list[Any]:
    """Coefficients 0 … order of FLINT's series method ``function`` at the ball u. Rigorous."""
    kind: Any = flint.acb_series if isinstance(u, flint.acb) else flint.arb_series
    with _terms(order + 1):
        series = getattr(kind([u, 1], order + 1), function)(*args)
        return [series[k] for k in range(order + 1)]


def compose(outer: Sequence[Any], inner: Sequence[Any], order: int) -> list[Any]:
    """Coefficients 0 … order of Σ outer_j·inner^j, where inner has no constant term. Rigorous."""
    complex = any(isinstance(x, flint.acb) for x in (*outer, *inner))
    kind: Any = flint.acb_series if complex else flint.arb_series
    if all(x == 0 for x in inner[: order + 1]):  # FLINT refuses an inner series that is zero as far as it is kept
        return [(flint.acb if complex else flint.arb)(x) for x in (outer[0], *[0] * order)]
    with _terms(order + 1):
        series = kind(list(outer), order + 1)(kind(list(inner), order + 1))
        return [series[k] for k in range(order + 1)]


def revert(series: Sequence[Any]) -> list[Any]:
    """Coefficients of the compositional inverse of a series with c_0 = 0 and c_1 ≠ 0, to the same order. Rigorous."""
    kind = flint.acb_series if any(isinstance(x, flint.acb) for x in series) else flint.arb_series
    with _terms(len(series)):
        inverse = kind(list(series), len(series)).reversion()
        return [inverse[k] for k in range(len(series))]


def ball(value: object) -> Any:
    """An enclosure of an exact number (int, Fraction, float, complex) or a ball as it is."""
    if isinstance(value, (flint.arb, flint.acb)):
        return value
    if isinstance(value, Rational):
        return flint.arb(flint.fmpq(int(value.numerator), int(value.denominator)))
    if isinstance(value, (flint.fmpz, flint.fmpq)):
        return flint.arb(value)
    if isinstance(value, float):
        return flint.arb(float(value))
    if isinstance(value, complex):
        return flint.acb(complex(value))
    raise MixedRingError(f"{value!r} does not mix with Arb balls; give an int, Fraction, float or a ball")


def dyadic(mantissa: int, exponent: int) -> Any:
    """The number mantissa·2^exponent as an exact ball."""
    return flint.arb((mantissa, exponent))


def complex_ball(re: Any, im: Any) -> Any:
    """re + i·im from two real balls."""
    return flint.acb(re, im)


def middle(x: Any) -> tuple[int, int] | None:
    """The middle of a real ball as mantissa·2^exponent, or None where it is not finite."""
    if not x.is_finite():
        return None
    m, e = x.mid().man_exp()
    return int(m), int(e)


integer = flint.fmpz  # FLINT's integers, faster than Python's from some 600 bits on
polynomial = flint.fmpz_poly  # polynomials of them


def inverse(rows: Sequence[Sequence[Any]]) -> list[list[Any]] | None:
    """Entries of the inverse of a square matrix of real balls, or None where it may be singular. Rigorous."""
    try:
        found = flint.arb_mat([list(row) for row in rows]).inv()
    except ZeroDivisionError:
        return None
    return [[found[i, j] for j in range(len(rows))] for i in range(len(rows))]


def _common(a: Any, b: Any) -> Any:
    """The intersection of two enclosures of one number."""
    if not b.is_finite():
        return a
    if isinstance(a, flint.acb):
        return flint.acb(_common(a.real, b.real), _common(a.imag, b.imag))
    if not a.is_finite():
        return b
    both, narrower = a.intersection(b), a if a.rad() <= b.rad() else b
    return both if both.rad() < narrower.rad() else narrower  # an intersection is rounded too


class BallRing(ObjectRing):
    """arb (real) or acb (complex) balls at the precision of ``flint.ctx``."""

    def __init__(self, complex: bool = False) -> None:
        self.complex = complex
        self.name = "acb" if complex else "arb"

    def lift(self, value: object) -> Element:
        element = ball(value)
        if self.complex:
            return flint.acb(element)
        if isinstance(element, flint.acb):
            raise MixedRingError(f"{value!r} does not mix with real balls; start from an acb")
        return element

    def constant(self, name: str) -> Element:
        return self.lift({"pi": flint.arb.pi, "e": flint.arb.const_e, "euler_gamma": flint.arb.const_euler}[name]())

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        if isinstance(factor, int):
            return a * factor
        return a * factor.numerator / factor.denominator

    def convolve(self, a: Sequence[Element], b: Sequence[Element], lo: int, hi: int, k: int) -> Element:
        count = hi - lo + 1
        if count < 3:
            return super().convolve(a, b, lo, hi, k)
        kind: Any = flint.acb_mat if self.complex else flint.arb_mat  # a row times a column is rounded once
        if a is b and lo == k - hi:
            half = count // 2
            total = 2 * (kind(1, half, a[lo : lo + half]) * kind(half, 1, a[hi : hi - half : -1]))[0, 0]
            return total + a[k // 2] * a[k // 2] if count % 2 else total
        return (kind(1, count, a[lo : hi + 1]) * kind(count, 1, [b[k - j] for j in range(lo, hi + 1)]))[0, 0]

    def sharpened(self, name: str, u: Sequence[Element], found: Sequence[Element]) -> list[Element]:
        """Our recurrence or FLINT's series, or what they have in common: each is narrower somewhere."""
        from taylorad.rings.values.balls import SERIES

        if name not in SERIES:
            return list(found)
        kind: Any = flint.acb_series if self.complex else flint.arb_series
        count = len(found)
        with _terms(count):
            try:
                series = getattr(kind(list(u), count), SERIES[name])()
            except (AttributeError, ValueError, ZeroDivisionError):
                return list(found)
            return [_common(x, series[k]) for k, x in enumerate(found)]

    def value(self, name: str, args: Sequence[Element]) -> Element:
        from taylorad.rings.values import balls

        function = balls.lookup(name)
        if function is None:
            raise UnsupportedFunctionError(self.no_value(name, args))
        return self._result(name, function(*args))

    def _result(self, name: str, result: Any) -> Any:
        if not self.complex and isinstance(result, flint.acb):
            if not result.imag.contains(0):
                raise UnsupportedFunctionError(f"{name} is complex here; use acb coefficients")
            return result.real
        return flint.acb(result) if self.complex else result

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        from taylorad.rings.values import balls

        return [self._result(name, x) for x in balls.jet(name, args, order)]

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Position:
        worst = Position.INSIDE
        for bound, sign in ((lower, 1), (upper, -1)):
            if bound is None:
                continue
            gap = (a - ball(bound)) * sign
            if self.complex:
                here = Position.BOUNDARY if gap == 0 else Position.UNDECIDED if gap.contains(0) else Position.INSIDE
            elif gap > 0:
                here = Position.INSIDE
            elif gap < 0:
                here = Position.OUTSIDE
            else:
                here = Position.BOUNDARY if gap == 0 else Position.UNDECIDED
            worst = max(worst, here)
        return worst

    def reaches(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> bool:
        if self.complex:
            return False
        return bool((lower is None or a >= ball(lower)) and (upper is None or a <= ball(upper)))

    def is_finite(self, a: Element) -> bool:
        return bool(a.is_finite())
