"""Rings whose elements are Python objects with operators: the common part of exact, multiprecision and ball rings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from taylorad.errors import SingularExpansionError, UncertifiedError, UnsupportedFunctionError
from taylorad.rings.ring import Element, Position, Ring, unordered

__all__ = ["ObjectRing"]


class ObjectRing(Ring):
    """Elements carry their own arithmetic; a buffer is a list."""

    values: Mapping[str, Callable[..., Any]] = {}

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        if isinstance(factor, int):
            return a * factor
        return a * factor.numerator / factor.denominator

    def buffer(self, order: int) -> list[Element]:
        return []

    def put(self, buffer: list[Element], k: int, element: Element) -> None:
        buffer.append(element)

    def convolve(self, a: Sequence[Element], b: Sequence[Element], lo: int, hi: int, k: int) -> Element:
        total = self.zero()
        for j in range(lo, hi + 1):
            total = total + a[j] * b[k - j]
        return total

    def value(self, name: str, args: Sequence[Element]) -> Element:
        function = self.values.get(name)
        if function is None:
            raise UnsupportedFunctionError(self.no_value(name, args))
        return function(*args)

    def no_value(self, name: str, args: Sequence[Element]) -> str:
        return f"{name} has no value in the ring {self.name}; use floats, mpmath numbers or Arb balls"

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Position:
        worst = Position.INSIDE
        for bound, sign in ((lower, 1), (upper, -1)):
            if bound is None:
                continue
            if self.complex:
                here = Position.BOUNDARY if a == bound else Position.INSIDE
            else:
                gap = (a - self.lift(bound)) * sign
                here = Position.INSIDE if gap > 0 else Position.BOUNDARY if gap == 0 else Position.OUTSIDE
            worst = max(worst, here)
        return worst

    def choose(self, chooser: str, tests: Sequence[Element]) -> int:
        if self.complex:
            raise unordered()
        where = self.position(tests[0], Fraction(0), None)
        if where in (Position.INSIDE, Position.OUTSIDE):
            return 1 if where == Position.INSIDE else 0
        if where == Position.UNDECIDED:
            raise UncertifiedError(f"the sign of {tests[0]} decides a branch and is not certain; use a smaller ball")
        raise SingularExpansionError("a kink: the branch changes exactly at this point; name one with side=±1")

    def pick(self, choice: int, branches: Sequence[Element]) -> Element:
        return branches[choice]

    def is_zero(self, a: Element) -> bool:
        return bool(a == 0)

    def is_finite(self, a: Element) -> bool:
        return True
