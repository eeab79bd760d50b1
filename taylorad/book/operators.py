"""The entries behind Python's operators, so that no other floor needs a function's name."""

from __future__ import annotations

from typing import Any

from taylorad.book import elementary, piecewise
from taylorad.book.elementary import exp, log
from taylorad.book.entry import BOOK, formula

__all__ = ["ABSOLUTE", "CONSTANT_POWER", "FLOOR_QUOTIENT", "POWER_NAMES", "REMAINDER", "SERIES_POWER", "SQUARE_ROOT"]


@formula(aliases=("float_power",))
def power(u: Any, w: Any) -> Any:
    """u to the power of another series, exp(w·log u), for u > 0."""
    return exp(w * log(u))


ABSOLUTE = piecewise.abs.members[0]
REMAINDER = BOOK["mod"]
FLOOR_QUOTIENT = BOOK["floor_divide"]
CONSTANT_POWER = elementary.pow.members[0]
SERIES_POWER = power.members[0]
POWER_NAMES = frozenset(("pow", "power", "float_power"))
SQUARE_ROOT = elementary.sqrt.members[0]
