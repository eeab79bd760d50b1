"""What compiled interval arithmetic computes with: intervals in lanes, and the rows of their coefficients."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, final

from taylorad.errors import CompilationError
from taylorad.run.upward import Real
from taylorad.series.node import INFINITE

__all__ = ["Element", "Place", "Rows"]


@final
class Place:
    """The order k of the loop, less ``back``."""

    __slots__ = ("back",)

    def __init__(self, back: int = 0) -> None:
        self.back = back

    def __sub__(self, j: int) -> Place:
        return Place(self.back + j)

    def __le__(self, degree: int) -> bool:
        return degree > 0  # rows beyond a series' degree hold zeros


@final
class Element:
    """Intervals in lanes. ``flat``: it depends on no coordinate; ``known``: the number that it encloses, if given."""

    __slots__ = ("flat", "hi", "known", "low", "ring")

    def __init__(self, ring: Any, low: Real, hi: Real, *, flat: bool = False, known: Fraction | None = None) -> None:
        self.ring, self.low, self.hi, self.flat, self.known = ring, low, hi, flat, known

    def _of(self, other: Any) -> Element:
        return other if isinstance(other, Element) else self.ring.lift(other)

    def __add__(self, other: Any) -> Element:
        return self.ring.add(self, self._of(other))

    def __sub__(self, other: Any) -> Element:
        return self.ring.sub(self, self._of(other))

    def __rsub__(self, other: Any) -> Element:
        return self.ring.sub(self._of(other), self)

    def __mul__(self, other: Any) -> Element:
        if isinstance(other, (int, Fraction)):
            return self.ring.scale(self, other)
        return self.ring.mul(self, self._of(other))

    def __truediv__(self, other: Any) -> Element:
        return self.ring.div(self, self._of(other))

    def __rtruediv__(self, other: Any) -> Element:
        return self.ring.div(self._of(other), self)

    def __neg__(self) -> Element:
        return self.ring.neg(self)

    __radd__, __rmul__ = __add__, __mul__


@final
class Rows:
    """Coefficients of one series: row k is −lo and then hi, ``lanes`` doubles each, from ``base`` on."""

    __slots__ = ("at_order", "base", "degree", "flat", "looked", "now", "ring")

    def __init__(self, ring: Any) -> None:
        self.ring, self.degree, self.flat, self.looked = ring, INFINITE, False, False
        self.base = ring.room
        ring.room += (ring.order + 1) * 2 * ring.lanes
        self.at_order: dict[int, Element] = {}
        self.now: Element | None = None

    def __getitem__(self, k: Any) -> Element:
        if isinstance(k, int):
            if k not in self.at_order:
                raise CompilationError("a coefficient is used before it is computed")
            return self.at_order[k]
        if k.back == 0 and self.now is not None:
            return self.now
        self.looked = True
        return self.ring.fetch(self, k)
