"""Complex balls that refuse to touch a branch cut: values belong to functions analytic on the whole ball."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import final

from taylorad.errors import UnsupportedFunctionError
from taylorad.rings.balls import BallRing
from taylorad.rings.ring import Element, Position
from taylorad.rings.values.cuts import COMPANIONS, CUT_OUTSIDE_THE_DOMAIN, MEROMORPHIC

__all__ = ["AnalyticRing"]

@final
class AnalyticRing(BallRing):
    """acb balls; a function is computed only where it is certainly analytic on the ball."""

    def __init__(self) -> None:
        super().__init__(complex=True)

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Position:
        if not a.imag.contains(0):
            return Position.INSIDE
        inside = (lower is None or a.real > self.lift(lower).real) and (upper is None or a.real < self.lift(upper).real)
        return Position.INSIDE if inside else Position.UNDECIDED

    def value(self, name: str, args: Sequence[Element]) -> Element:
        if name not in MEROMORPHIC | CUT_OUTSIDE_THE_DOMAIN | COMPANIONS:
            raise UnsupportedFunctionError(f"the branch cuts of {name} are not known here")
        return super().value(name, args)

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        raise UnsupportedFunctionError(f"the branch cuts of {name} are not known here")
