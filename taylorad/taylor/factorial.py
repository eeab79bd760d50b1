"""True derivatives k!·c_k without silent overflow or underflow."""

from __future__ import annotations

from functools import lru_cache
from math import factorial, ldexp
from typing import Any

import numpy as np

from taylorad.errors import NotRepresentableError
from taylorad.rings.ring import Ring
from taylorad.taylor.series import Taylor

__all__ = ["derivative"]

_NORMAL = 2.0**-1022  # below, a float has lost digits
_FADING = 2.0**-1000  # a zero that follows coefficients below may be an underflow


def derivative(series: Taylor, k: int) -> Any:
    """k!·c_k: exact for Fractions, an enclosure for balls, to 1 ulp of k!·c_k for floats (c_k has errors of its own).

    An array of the batch's shape for a batch of floats, else a number (or a series, for a Taylor of Taylors).

    Raises OrderError for k beyond the order, NotRepresentableError where a float result overflows, or where the
    coefficient is subnormal, or zero after coefficients that faded below 2^−1000 (an exact polynomial keeps its
    zeros). Cost: O(1) once k! is known.
    """
    c = series._coefficient(k)
    if isinstance(series._coefficients, np.ndarray):
        if isinstance(c, float) and abs(c) >= _NORMAL:
            return _float(float(c), k)
        if not series._exact:
            _refuse_faded(series._coefficients[: k + 1], k)
        found = _floats(np.asarray(c), k)
        return found if found.ndim else found.item()
    return _scaled(series._ring, c, k)


def _scaled(ring: Ring, c: Any, k: int) -> Any:
    """k!·c for an element that is no float, coefficient by coefficient where it is a series itself."""
    if not isinstance(c, Taylor):
        return ring.times_int(c, factorial(k))
    data = c._coefficients
    if isinstance(data, np.ndarray):
        return c._like(_floats(data, k))
    return c._like([_scaled(c._ring, one, k) for one in data])


@lru_cache(maxsize=4096)
def _split(k: int) -> tuple[float, int]:
    """k! = m·2^e with 1 ≤ m ≤ 2, m rounded to nearest (exact to 22!)."""
    whole = factorial(k)
    exponent = whole.bit_length() - 1
    return whole / (1 << exponent), exponent


def _float(c: float, k: int) -> float:
    """As :func:`_floats` for one number that is not subnormal."""
    m, exponent = _split(k)
    try:
        return ldexp(c * m, exponent)
    except OverflowError:
        raise _unrepresentable(k, "overflows float64") from None


def _floats(c: np.ndarray, k: int) -> np.ndarray:
    """k!·c for floats: one rounding of k!, one of the product."""
    parts = np.array(c, order="C")[..., None].view(np.float64)  # real and imaginary parts
    size = np.abs(parts)
    if np.any((size.max(axis=-1) < _NORMAL) & (size.max(axis=-1) > 0)):
        raise _unrepresentable(k, "has lost digits: its coefficient is subnormal")
    m, exponent = _split(k)
    with np.errstate(over="ignore", under="ignore"):
        found = np.ldexp(parts * m, exponent)
    if not np.all(np.isfinite(found)):
        raise _unrepresentable(k, f"overflows {c.dtype}")
    return found.view(c.dtype)[..., 0]


def _refuse_faded(data: np.ndarray, k: int) -> None:
    """Raise where coefficient k is zero and one of the last three that are not zero has faded."""
    size = np.abs(data).reshape(k + 1, -1)
    for i in np.flatnonzero((size[k] == 0) & np.any((size > 0) & (size < _FADING), axis=0)):
        before = size[size[:, i] > 0, i]
        if np.any(before[-3:] < _FADING):
            raise _unrepresentable(k, "is unknown: its coefficient is zero after others that underflowed")


def _unrepresentable(k: int, what: str) -> NotRepresentableError:
    return NotRepresentableError(
        f"derivative {k} {what}; ta.derivative(f, x, {k}) recomputes it with a scale, mpmath numbers have no such limit"
    )
