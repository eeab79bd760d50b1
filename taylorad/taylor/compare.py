"""Comparisons: order and truth by constant terms, equality of all that is known."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.errors import SingularExpansionError, UncertifiedError
from taylorad.rings.choice import counted, ring_of
from taylorad.rings.ring import Position, Ring
from taylorad.taylor import arithmetic, join  # as modules: they are being loaded when this one is
from taylorad.taylor.series import Taylor

__all__ = ["close", "equal", "less", "near", "nonzero", "positive", "truth"]


_NUMBERS = frozenset((float, int, np.float64))


def less(a: Any, b: Any, or_equal: bool = False) -> Any:
    """Whether a < b (or a ≤ b), decided by the constant terms; a tie raises, for then later coefficients would decide.

    Two exact constants may be equal. A bool, or an array of them for a batch.
    """
    p, q = (x._coefficients[0] if isinstance(x, Taylor) else x for x in (a, b))
    if type(p) in _NUMBERS and type(q) in _NUMBERS:
        p, q = (x if type(x) is int else float(x) for x in (p, q))  # Python compares ints of any size with floats
        if p != q:
            return p < q
    if not (arithmetic.is_operand(a) and arithmetic.is_operand(b)):
        return NotImplemented
    gap: Taylor = arithmetic.subtract(b, a)
    c, ring = gap._coefficients[0], gap._ring
    if isinstance(c, Taylor):
        c = join.as_number(c)
        if isinstance(c, Taylor):
            return c >= 0 if or_equal else c > 0
        ring = ring_of([c])
    return positive(c, ring, or_equal if gap.exact and gap.degree <= 0 else None)


def positive(c: Any, ring: Ring, zero: bool | None = None) -> Any:
    """Whether a constant term is positive; ``zero`` is the answer where it is 0, which raises if there is none.

    A bool, or an array of them for a batch.
    """
    if ring.complex:
        raise TypeError("complex series have no order; compare abs() or real parts")
    where = ring.position(c, Fraction(0), None)
    if np.any(np.equal(where, Position.UNDECIDED)):
        raise UncertifiedError(f"the comparison is not certain: the difference {c} contains 0; use smaller balls")
    tie = np.equal(where, Position.BOUNDARY)
    if np.any(tie) and zero is None:
        raise SingularExpansionError(
            "a tie: both constant terms are equal, so the comparison changes at this very point; use np.where with "
            "a condition on plain numbers, or move the expansion point",
            tuple(int(i) for i in np.flatnonzero(tie)) if np.ndim(tie) else (),
        )
    decided = np.equal(where, Position.INSIDE) | (tie & bool(zero))
    return decided if np.ndim(decided) else bool(decided)


def nonzero(c: Any, ring: Ring) -> bool:
    """Whether a constant term is certainly no zero; False where it is exactly 0. UncertifiedError between the two."""
    if ring.is_zero(c):
        return False
    if not ring.complex and ring.position(c, Fraction(0), None) == Position.UNDECIDED:
        raise UncertifiedError(f"whether {c} is zero is not certain; use a smaller ball")
    return True


def truth(a: Taylor) -> bool:
    """``bool(series)``: whether the constant term is not zero; undecided where it is zero and the rest is not."""
    if a.shape:
        raise ValueError(f"the truth of a batch of shape {a.shape} is ambiguous: use np.where")
    c, ring = a._coefficients[0], a._ring
    if isinstance(c, Taylor):
        return bool(c)
    if nonzero(c, ring):
        return True
    if a.exact and a.degree < 0:
        return False
    raise SingularExpansionError(
        "the constant term is exactly zero, so the truth of this series changes at this very point; "
        "use np.where on explicit conditions, or compare coefficients"
    )


def _aligned(a: Taylor, other: object) -> tuple[Any, Any] | None:
    """Both coefficient sequences at one length, or None where order, tag or shape differ."""
    from taylorad.taylor.construct import constant

    b = other if isinstance(other, Taylor) else constant(counted(other))
    if a.order != b.order or a._tag != b._tag or a.shape != b.shape:
        return None
    n = max(len(a._coefficients), len(b._coefficients)) - 1
    return a._buffer(n), b._buffer(n)


def equal(a: Taylor, other: object) -> Any:
    """Equal means: the same order and the same coefficients."""
    if not arithmetic.is_operand(other):
        return NotImplemented
    pair = _aligned(a, other)
    return pair is not None and all(bool(np.all(x == y)) for x, y in zip(*pair, strict=True))


def close(a: Taylor, other: object, rtol: float, atol: float) -> bool:
    """See :meth:`Taylor.isclose`."""
    pair = _aligned(a, other)
    if pair is None:
        return False
    return all(near(x, y, rtol, atol) for x, y in zip(*pair, strict=True))


def near(x: Any, y: Any, rtol: float, atol: float) -> bool:
    """Whether two coefficients, numbers or series themselves, agree."""
    if isinstance(x, Taylor):
        return close(x, y, rtol, atol)
    return bool(np.all(abs(x - y) <= atol + rtol * abs(y)))
