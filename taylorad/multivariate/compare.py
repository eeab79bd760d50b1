"""Comparisons: order and truth by the values at the expansion point, equality of all that is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylorad.errors import SingularExpansionError
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.taylor.compare import near, nonzero, positive

__all__ = ["close", "equal", "less", "truth"]


def less(a: Any, b: Any) -> Any:
    """Whether a < b at the expansion point; a tie raises, for then the comparison changes there.

    A bool, or an array of them for a batch.
    """
    from taylorad.multivariate.arithmetic import subtract

    gap = subtract(b, a)
    if gap is NotImplemented:
        return NotImplemented
    return positive(gap._coefficients[0], gap._ring)


def truth(a: MultivariateTaylor) -> bool:
    """Whether the value at the expansion point is not zero; undecided where it is zero."""
    if a.shape:
        raise ValueError(f"the truth of a batch of shape {a.shape} is ambiguous: use np.where")
    if not nonzero(a._coefficients[0], a._ring):
        raise SingularExpansionError(
            "the value at the expansion point is exactly zero, so the truth of this polynomial changes at this very "
            "point; use np.where on explicit conditions, or compare coefficients"
        )
    return True


def equal(a: MultivariateTaylor, other: object) -> Any:
    """Equal means: the same space and the same coefficients."""
    if not isinstance(other, MultivariateTaylor):
        return False
    if a._space is not other._space or a.shape != other.shape:
        return False
    return all(bool(np.all(x == y)) for x, y in zip(a._coefficients, other._coefficients, strict=True))


def close(a: MultivariateTaylor, other: MultivariateTaylor, rtol: float, atol: float) -> bool:
    """See :meth:`MultivariateTaylor.isclose`."""
    if a._space is not other._space or a.shape != other.shape:
        return False
    return all(near(x, y, rtol, atol) for x, y in zip(a._coefficients, other._coefficients, strict=True))
