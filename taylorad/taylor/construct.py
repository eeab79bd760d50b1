"""How series are made: from coefficients, from a point, from numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from taylorad.errors import DomainError, OrderError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import ring_named, ring_of
from taylorad.rings.ring import Ring
from taylorad.taylor.series import Taylor, check_order

__all__ = ["constant", "ingest", "polynomial", "variable"]


def ingest(coefficients: Any) -> tuple[Ring, Any]:
    """Check and convert what a user gives as coefficients."""
    if isinstance(coefficients, np.ndarray) and coefficients.dtype != object:
        data: Any = coefficients
    else:
        if not isinstance(coefficients, Iterable):
            raise TypeError(
                f"coefficients are a sequence, lowest first, got {coefficients!r}; ta.constant makes a number a series"
            )
        data = list(coefficients)
        if not data:
            raise OrderError("a series needs at least one coefficient, got an empty sequence")
        if any(isinstance(c, Taylor) for c in data):
            from taylorad.taylor.nested import nest

            return nest(data)
        ring = ring_of(data)
        if not isinstance(ring, ArrayRing):
            return ring, [ring.lift(c) for c in data]
        shape = np.broadcast_shapes(*map(np.shape, data))
        data = np.array([np.broadcast_to(ring.lift(c), shape) for c in data])
    if data.ndim == 0 or data.shape[0] == 0:
        raise OrderError(f"a series needs at least one coefficient, got an array of shape {data.shape}")
    if data.dtype.kind not in "iufc":
        raise DomainError(f"coefficients must be numbers, got an array of type {data.dtype}")
    if data.dtype.kind in "iu":
        data = data.astype(np.float64)
    data = np.array(data, np.complex128 if data.dtype.kind == "c" else np.float64)
    if not np.all(np.isfinite(data)):
        bad = np.argwhere(~np.isfinite(data))[0]
        raise DomainError(f"coefficient {tuple(int(i) for i in bad)} is {data[tuple(bad)]}, not a finite number")
    return ring_named(data.dtype.name, data.shape[1:]), data


def constant(value: Any) -> Taylor:
    """A number (or an array of floats: a batch) as an exact polynomial of degree 0."""
    if isinstance(value, np.ndarray):
        return Taylor(value[None], exact=True)
    return Taylor([value], exact=True)


def polynomial(coefficients: Sequence[Any] | np.ndarray) -> Taylor:
    """An exact polynomial c_0 + c_1·t + … (order ∞): it may be shifted and composed with anything.

    >>> import taylorad as ta
    >>> ta.polynomial([1, 2, 1]).shift(-1)
    t^2
    """
    return Taylor(coefficients, exact=True)


def variable(x0: Any, order: int, *, scale: Any = 1) -> Taylor:
    """The series x0 + t of an independent variable, to the given order.

    Parameters
    ----------
    x0 : number or array of floats (*shape)
        The expansion point; its type chooses the ring: float, complex, int and Fraction (exact), mpmath numbers,
        Arb balls, or another Taylor (a Taylor of Taylors). float32 is promoted to float64.
    order : int ≥ 0
    scale : number
        h, to compute in powers of t/h: coefficient k is then c_k·h^k.

    Raises OrderError for a bad order and DomainError for a point that is not finite.

    >>> import numpy as np, taylorad as ta
    >>> x = ta.variable(0.0, 4)
    >>> np.exp(x).derivative(4)
    1.0
    """
    order = check_order(order)
    if type(x0) is float and type(scale) in (int, float) and order and math.isfinite(x0) and math.isfinite(scale):
        data = np.zeros(order + 1)
        data[0], data[1] = x0, scale
        return Taylor._make(data, ring_named("float64"))
    if isinstance(x0, Taylor):
        from taylorad.taylor.nested import variable_of

        return variable_of(x0, order)
    if isinstance(x0, (list, tuple)):
        x0 = np.asarray(x0, float)
    if order == 0:
        return Taylor(x0[None]) if isinstance(x0, np.ndarray) else Taylor([x0])
    if isinstance(x0, np.ndarray):
        ring, _ = ingest(x0[None])
        data = np.zeros((order + 1, *x0.shape), ring.dtype)  # type: ignore[attr-defined]
        data[0], data[1] = x0, scale
        return Taylor(data)
    return Taylor([x0, scale])._padded(order)
