"""Complex balls that refuse to touch a branch cut: values belong to functions analytic on the whole ball."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import final

from taylorad.errors import UnsupportedFunctionError
from taylorad.rings.balls import BallRing
from taylorad.rings.ring import Element, Position

__all__ = ["AnalyticRing"]

# analytic in the plane but for poles, which make a ball infinite
_MEROMORPHIC = frozenset(
    (
        *("exp", "expm1", "exp2", "exp10", "erf", "erfc", "gaussian", "ndtr", "erfi"),
        *("sin", "cos", "sinpi", "cospi", "sindg", "cosdg", "cosm1", "sinh", "cosh"),
        *("tan", "cot", "sec", "csc", "tanh", "coth", "sech", "csch"),
    )
)
# cut along the part of the real axis that is not their real domain, and nowhere else
_CUT_OUTSIDE_THE_DOMAIN = frozenset(
    ("log", "log1p", "log2", "log10", "sqrt", "rsqrt", "pow", "asin", "acos", "atanh", "acosh")
)
_COMPANIONS = frozenset(  # outputs of the same rules that are as analytic as the functions themselves
    ("_cos_asin", "_acosh_slope", "_sec_squared", "_csc_squared", "_sech_squared", "_csch_squared", "_erf_slope")
)


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
        if name not in _MEROMORPHIC | _CUT_OUTSIDE_THE_DOMAIN | _COMPANIONS:
            raise UnsupportedFunctionError(f"the branch cuts of {name} are not known here")
        return super().value(name, args)

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        raise UnsupportedFunctionError(f"the branch cuts of {name} are not known here")
