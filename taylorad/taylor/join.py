"""Operands brought to common ground: one ring, one shape, one variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylorad.errors import DomainError, MixedRingError, OrderError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import counted, family, join, ring_named
from taylorad.rings.ring import Ring
from taylorad.taylor.series import Taylor

__all__ = ["as_number", "common", "common_order", "spread"]


def common(operands: tuple[Any, ...]) -> tuple[list[Taylor], Ring, int]:
    """The operands as series over one ring, the ring, and the tag of the variable they are series in.

    Numbers become exact constants. Series in different variables (nested derivatives) become series in the
    newest one, whose coefficients are series in the older ones. Raises MixedRingError for rings that do not mix
    and ValueError for batches whose shapes do not broadcast.
    """
    tag = max((a._tag for a in operands if isinstance(a, Taylor)), default=0)
    operands = tuple((as_number(a) if a._tag != tag else a) if isinstance(a, Taylor) else counted(a) for a in operands)
    nested = any(isinstance(a, Taylor) and (a._tag != tag or a._ring.name == "taylor") for a in operands)
    if nested:
        from taylorad.taylor.nested import NESTED, embed

        return [embed(a, tag) for a in operands], NESTED, tag
    name = ""
    for a in operands:
        kind = _family(a)
        name = _meet(name, kind, operands) if name else kind
    if name not in ("float64", "complex128"):
        ring = ring_named(name)
        for a in operands:
            if np.ndim(getattr(a, "_coefficients", a)) > 1:
                raise MixedRingError(f"a batch of floats does not mix with {name} coefficients; take single points")
        return [_convert(a, ring, tag) for a in operands], ring, tag
    shapes = [a.shape if isinstance(a, Taylor) else np.shape(a) for a in operands]
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"batches of shapes {shapes} do not broadcast") from None
    ring = ring_named(name, shape)
    return [_convert(a, ring, tag) for a in operands], ring, tag


def as_number(a: Any) -> Any:
    """An exact constant as the number it is, which belongs to no variable."""
    if isinstance(a, Taylor) and a._exact and a.degree <= 0:
        return as_number(a._coefficients[0])
    return a


def _family(a: Any) -> str:
    if isinstance(a, Taylor):
        return "exact" if a._ring.exact else a._ring.name
    return family(a)


def _meet(a: str, b: str, operands: tuple[Any, ...]) -> str:
    """Families joined, except that truncated exact series are never silently rounded."""
    found = join(a, b)
    if found in ("float64", "complex128", "mpf", "mpc"):
        for x in operands:
            if isinstance(x, Taylor) and x._ring.exact and not x.exact:
                raise MixedRingError(
                    f"a series with exact rational coefficients meets {found}: the result would be rounded; "
                    "write the number as a Fraction, or convert the series first, s.astype(float)"
                )
    return found


def _convert(a: Any, ring: Ring, tag: int) -> Taylor:
    if not isinstance(a, Taylor):
        if isinstance(ring, ArrayRing):
            data = np.empty((1, *ring.shape), ring.dtype)
            data[0] = ring.lift(a)
            if not np.isfinite(data).all():
                raise DomainError(f"{a} beside a series: numbers must be finite")
            return Taylor._make(data, ring, True, tag)
        return Taylor._make([ring.lift(a)], ring, True, tag)
    if a._ring is ring:
        return a
    if isinstance(ring, ArrayRing):
        data = a._coefficients
        if not isinstance(data, np.ndarray):
            data = np.array([ring.lift(c) for c in data])
        return Taylor._make(spread(data, ring), ring, a._exact, tag)
    return Taylor._make([ring.lift(_plain(c)) for c in a._coefficients], ring, a._exact, tag)


def spread(data: np.ndarray, ring: ArrayRing) -> np.ndarray:
    """Coefficients (n, *shape) for all points of a ring's batch."""
    pad = (1,) * (len(ring.shape) - data.ndim + 1)
    data = data.reshape(len(data), *pad, *data.shape[1:])
    return np.ascontiguousarray(np.broadcast_to(data, (len(data), *ring.shape)), ring.dtype)


def _plain(c: Any) -> Any:
    """A numpy scalar as a Python number."""
    return c.item() if isinstance(c, np.generic) else c


def common_order(operands: list[Taylor], what: str) -> int:
    """The smallest order; raises OrderError where all operands are exact and the result never ends."""
    known = [len(a._coefficients) - 1 for a in operands if not a._exact]
    if not known:
        raise OrderError(
            f"{what} of an exact polynomial has infinitely many terms: give it an order first, truncate(order)"
        )
    return min(known)
