"""Fixed-point integers as coefficients: m stands for m·2^−bits. Sums of products are sums of integers. Not rigorous.

Every operation is right to a few units of 2^−bits, whatever the size of the numbers; who uses this ring chooses the
scale of time such that the coefficients of one series are of like size, and so many bits that the smallest series still
has the digits it needs. The values of functions are the middles of Arb's balls.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from operator import mul
from typing import Any

from taylorad.errors import MixedRingError, SingularExpansionError
from taylorad.rings.balls import BallRing, dyadic, integer, middle, precision
from taylorad.rings.integers import magnitude, shifted
from taylorad.rings.objects import ObjectRing
from taylorad.rings.online import BLOCK, Online
from taylorad.rings.ring import Element

__all__ = ["FixedRing"]

_LONG = 1000  # bits from which products of blocks are faster than sums
_PYTHON = 600  # bits up to which Python's integers are as fast as FLINT's


class FixedRing(ObjectRing):
    """Integers at the scale 2^−``bits``, Python's or FLINT's, whichever is faster at this size."""

    name = "fixed"

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.integer: Any = int if bits <= _PYTHON else integer
        self._balls = BallRing()
        self._products: dict[tuple[int, int], Online] = {}
        self._slopes: dict[int, list[Any]] = {}

    def lift(self, value: object) -> Element:
        if isinstance(value, int):
            return self.integer(value << self.bits)
        if isinstance(value, float):
            value = Fraction(value)
        if not isinstance(value, Fraction):
            raise MixedRingError(f"{value!r} does not mix with fixed-point numbers; give an int, Fraction or float")
        return self.integer((value.numerator << self.bits) // value.denominator)

    def constant(self, name: str) -> Element:
        with precision(self.bits + 64):
            return self._from(self._balls.constant(name))

    def mul(self, a: Element, b: Element) -> Element:
        return (a * b) >> self.bits

    def div(self, a: Element, b: Element) -> Element:
        return (a << self.bits) // b

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        return a * factor if isinstance(factor, int) else a * factor.numerator // factor.denominator

    def over_int(self, a: Element, k: int) -> Element:
        return a // k

    def convolve(self, a: Sequence[Element], b: Sequence[Element], lo: int, hi: int, k: int) -> Element:
        if hi < lo:
            return self.integer(0)
        if k >= BLOCK and self.bits > _LONG:
            return self._online(a, b).total(lo, hi, k) >> self.bits
        return sum(map(mul, a[lo : hi + 1], b[k - hi : k - lo + 1][::-1])) >> self.bits

    def _online(self, a: Any, b: Any) -> Online:
        """The product of two buffers, which stay what they are as long as the ring."""
        key = id(a), id(b)
        found = self._products.get(key)
        if found is None:
            found = self._products[key] = Online(a, b)
        return found

    def forget(self) -> None:
        """Let go of what speeds up the sums of series that are complete."""
        self._products.clear()
        self._slopes.clear()

    def weighted(self, a: Any, b: Any, p: Element, q: Element, k: int) -> Element:
        """(p − q)·Σ j·a_j·b_{k−j} + q·k·Σ a_j·b_{k−j}: where that cancels, it is exact before it is rounded."""
        if k >= BLOCK and self.bits > _LONG:
            slope = self._slopes.setdefault(id(a), [])
            slope += [j * a[j] for j in range(len(slope), k + 1)]
            first, second = self._online(slope, b).total(1, k, k), self._online(a, b).total(1, k, k)
            return ((p - q) * first + q * k * second) >> 2 * self.bits
        terms = list(map(mul, a[1 : k + 1], b[k - 1 :: -1]))
        total = (p - q) * sum(map(mul, terms, range(1, k + 1))) + q * k * sum(terms)
        return total >> 2 * self.bits

    def value(self, name: str, args: Sequence[Element]) -> Element:
        with precision(self._working(args)):
            return self._from(self._balls.value(name, [self._ball(a) for a in args]))

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        with precision(self._working(args)):
            return [self._from(x) for x in self._balls.jet(name, [self._ball(a) for a in args], order)]

    def _working(self, args: Sequence[Element]) -> int:
        """Bits for a function of these numbers: all of theirs, and some to spare."""
        return 64 + max([self.bits, *(x.bit_length() for a in args for x in self.parts(a))])

    def _ball(self, a: Element) -> Any:
        return dyadic(a, -self.bits)

    def _from(self, ball: Any) -> Element:
        found = middle(ball)
        if found is None:
            raise SingularExpansionError(f"a function is not finite here ({ball}): a pole, or too large")
        return self.integer(shifted(found[0], found[1] + self.bits))

    # ------------------------------------------------------------------ what a step of an integration needs
    def magnitude(self, a: Element) -> float:
        """The logarithm to base 2 of |a·2^−bits|: :func:`magnitude`."""
        return magnitude(int(a)) - self.bits

    def parts(self, a: Element) -> tuple[int, ...]:
        """The integers that make up an element."""
        return (int(a),)

    def element(self, parts: Sequence[int], bits: int) -> Element:
        """An element from integers at the scale 2^−bits."""
        return self.integer(shifted(parts[0], self.bits - bits))

    def at(self, row: Sequence[Element], x: Element, derivative: int = 0) -> Element:
        """The polynomial with the coefficients ``row``, or a derivative of it, at a real x; Horner's rule."""
        total: Element = self.integer(0)
        for k in range(len(row) - 1, derivative - 1, -1):
            total = (total * x >> self.bits) + (row[k] * math.perm(k, derivative) if derivative else row[k])
        return total
