"""Branch points and kinks: what can be said where a function of one point has no Taylor series, but the series has.

√(t⁴·a) is t²√a: a function with f(c·u) = c^m·f(u) lets powers of t out. |t²·a| is t²|a|: the sign of a series
on both sides of t = 0 is that of its first coefficient, if its valuation is even.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.book.entry import Rule
from taylorad.errors import OrderError, SingularExpansionError
from taylorad.rings.ring import Position, Ring
from taylorad.run.interpret import run
from taylorad.series.node import Select
from taylorad.series.schedule import Schedule, schedule
from taylorad.taylor.arithmetic import lower, raise_by
from taylorad.taylor.series import Taylor

__all__ = ["decide", "root"]


def root(
    u: Taylor, law: Rule, params: tuple[Any, ...], side: int | None, again: Callable[[Taylor], Taylor]
) -> Taylor | None:
    """f(t^v·w) = t^(m·v)·f(w) for a homogeneous f at a zero constant term; None where that does not apply."""
    if u.shape or not u._ring.is_zero(u._coefficients[0]):
        return None
    try:
        m = Fraction(params[0]) if law.homogeneity == "a" else Fraction(law.homogeneity or 0)
    except (TypeError, ValueError):
        return None
    v, known = u.valuation, len(u._coefficients)
    if v == known:
        if u.exact:
            return u if m > 0 else None
        last = -(-known * m.numerator // m.denominator) - 1  # O(t^(K+1)) becomes O(t^(m(K+1)))
        if last < 0:
            return None
        return u._like(u._buffer(last) if last < known else raise_by(u, last - known + 1)._coefficients)
    out = m * v
    # a domain that is no interval of the argument holds on both sides of 0, like the cube root's
    odd = all(d.measure is not None for d in law.domain)
    ramified = f"{law.name} of a series that vanishes like t^{v} behaves like t^({out})"
    if out.denominator != 1 or (v % 2 and not odd and not u._ring.complex):
        raise SingularExpansionError(
            f"{ramified}: a branch point, where there is no Taylor series; move the expansion point "
            "or substitute t = s² first"
        )
    if out < 0:
        raise SingularExpansionError(f"{ramified}: a pole, where there is no Taylor series; move the expansion point")
    power = int(out)
    if not u._ring.complex and not odd and power % 2 and side is None:
        raise SingularExpansionError(
            f"{law.name} of a series that vanishes like t^{v} behaves like |t|^{power}, a kink: "
            "give side=+1 or side=-1 for the series on one side"
        )
    found = raise_by(again(lower(u, v)), power)
    return -found if side is not None and side < 0 and power % 2 and not odd else found


class _Decided:
    """A ring whose choices were made beforehand, in the order of the schedule."""

    def __init__(self, ring: Ring, choices: list[int]) -> None:
        self._ring, self._choices = ring, list(choices)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ring, name)

    def choose(self, chooser: str, tests: Any) -> int:
        return self._choices.pop(0)


def decide(plan: Schedule, ring: Ring, buffers: list[Any], order: int, side: int | None) -> Any:
    """A ring that takes each branch by the sign of its test's first coefficient, or None where there are no branches.

    Raises SingularExpansionError at a kink (odd valuation) unless ``side`` names one side, and OrderError where
    the test is zero to all known orders.
    """
    selects = [n for n in plan.first if isinstance(n, Select)]
    if not selects:
        return None
    if side not in (None, 1, -1):
        raise OrderError(f"side must be +1 or -1, got {side!r}")
    choices: list[int] = []
    for n in selects:
        # tests of later selects may hang on earlier ones, whose choices are known by now
        decided: Any = _Decided(ring, choices)
        test = run(schedule([n.tests[0]]), decided, buffers, order)[0]
        v = next((k for k, c in enumerate(test) if not np.all(ring.is_zero(c))), None)
        if v is None:
            raise SingularExpansionError(
                "a branch is decided by a series that is zero to its whole order: which branch it takes is not known"
            )
        if v % 2 and side is None:
            raise SingularExpansionError(
                "a kink: the branch changes exactly at this point; name one with side=+1 or side=-1"
            )
        positive = ring.position(test[v], Fraction(0), None) == Position.INSIDE
        choices.append(int(positive if v % 2 == 0 or side == 1 else not positive))
    return _Decided(ring, choices)
