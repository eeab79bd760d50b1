"""Balls as narrow as asked: raise the working precision until the result is known well enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from taylorad.rings.balls import precision

__all__ = ["CAP", "exponent", "loose", "settle"]

CAP = 1 << 15  # bits; beyond this a result that is still undecided is given back as it is
_BLANK = 1 << 12  # bits from which on a result without bounds counts as none
_NEIGHBOURS = 64  # bits by which a coefficient must fall short of its neighbours to count as zero


def settle(compute: Callable[[], Sequence[Any]], bits: int) -> list[Any]:
    """The balls of ``compute()``, each known to ``bits`` bits where that can be had.

    The working precision is doubled until :func:`loose` finds nothing, until more precision has not helped twice (the
    arguments are wide, or there is no value), or until ``CAP``. Rigorous: what comes back encloses the exact values.
    """
    working = bits + 32
    before: dict[int, int | float] = {}
    idle = 0
    while True:
        with precision(working):
            found = list(compute())
        open_ = loose(found, bits)
        if not open_ or working >= CAP:
            return found
        widths = {k: exponent(found[k].rad()) for k in open_}
        blank = max(widths.values()) == inf
        idle = idle + 1 if all(width >= before.get(k, inf) - 4 for k, width in widths.items()) else 0
        if working >= _BLANK if blank else idle == 2:
            return found
        before = widths
        working *= 2


def loose(found: Sequence[Any], bits: int) -> list[int]:
    """The places of the balls that are not known to ``bits`` bits.

    A ball around zero counts as known, and as zero, when it is negligible beside its neighbours in the sequence
    (coefficients that vanish identically), or below 2^-(2048 + 8·bits).
    """
    doubtful = [k for k, x in enumerate(found) if not x.is_finite() or x.rel_accuracy_bits() < bits]
    if not doubtful:
        return []
    least = -2048 - 8 * bits
    sizes = {k: exponent(x) for k, x in enumerate(found) if k not in set(doubtful)}
    known = sorted(k for k, size in sizes.items() if size > -inf)
    out: list[int] = []
    for k in doubtful:
        size = exponent(found[k])
        left = max((j for j in known if j < k), default=None)
        right = min((j for j in known if j > k), default=None)
        if left is not None and right is not None:
            line = sizes[left] + (sizes[right] - sizes[left]) * (k - left) / (right - left)
            if size <= line - bits - _NEIGHBOURS:
                continue
        if not size <= least:
            out.append(k)
    return out


def exponent(x: Any) -> int | float:
    """The least e known with |x| < 2^e (an int of any size): −inf for zero, inf for a ball without bounds."""
    if not x.is_finite():
        return inf
    mantissa, e = x.abs_upper().man_exp()
    return int(mantissa).bit_length() + int(e) if mantissa else -inf
