"""Operands brought to common ground: one space, one ring, one shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylorad.errors import DomainError, MixedRingError
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.multivariate.space import Space
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import counted, family, is_condition, is_scalar, join, ring_named
from taylorad.rings.ring import Ring
from taylorad.taylor.join import spread
from taylorad.taylor.nested import NESTED
from taylorad.taylor.series import Taylor

__all__ = ["common", "is_operand"]


def is_operand(value: object) -> bool:
    """Whether a value may stand beside a polynomial in an operator: a Taylor series as a coefficient."""
    return isinstance(value, (MultivariateTaylor, Taylor)) or is_scalar(value) or is_condition(value)


def common(operands: tuple[Any, ...]) -> tuple[Space, Ring, list[Any]]:
    """The space that all polynomials share, the ring of all operands, and the operands in them.

    A polynomial becomes its coefficients (M, *shape), a number an element of the ring. Beside a Taylor series all
    coefficients become Taylor series. Raises MixedRingError for spaces of different variables and for rings that do
    not mix, DomainError for numbers that are not finite.
    """
    first = operands[0]
    if all(type(a) is MultivariateTaylor and a._space is first._space and a._ring is first._ring for a in operands):
        return first._space, first._ring, [a._coefficients for a in operands]
    operands = tuple(map(counted, operands))
    space: Space | None = None
    name = ""
    for a in operands:
        if isinstance(a, MultivariateTaylor):
            space = a._space if space is None else space.meet(a._space)
        kind = _family(a)
        if kind == NESTED.name or name == NESTED.name:
            name = NESTED.name
            continue
        if not kind:
            raise MixedRingError(f"{a!r} of type {type(a).__name__} does not mix with polynomials in several variables")
        name = join(name, kind) if name else kind
    assert space is not None
    rounded = name in ("float64", "complex128", "mpf", "mpc")
    if rounded and any(isinstance(a, MultivariateTaylor) and a._ring.exact for a in operands):
        raise MixedRingError(
            f"a polynomial with exact rational coefficients meets {name}: the result would be rounded; "
            "write the number as a Fraction, or convert the polynomial first, p.astype(float)"
        )
    if name in ("float64", "complex128"):
        shapes = [a.shape if isinstance(a, MultivariateTaylor) else np.shape(a) for a in operands]
        try:
            shape = np.broadcast_shapes(*shapes)
        except ValueError:
            raise ValueError(f"batches of shapes {shapes} do not broadcast") from None
        ring = ring_named(name, shape)
    else:
        ring = NESTED if name == NESTED.name else ring_named(name)
        if any(np.ndim(a) for a in operands if not isinstance(a, MultivariateTaylor)):
            raise MixedRingError(f"a batch of floats does not mix with {name} coefficients; take single points")
    return space, ring, [_convert(a, ring, space) for a in operands]


def _family(a: Any) -> str:
    if isinstance(a, MultivariateTaylor):
        return "exact" if a._ring.exact else a._ring.name
    return NESTED.name if isinstance(a, Taylor) else family(a)


def _convert(a: Any, ring: Ring, space: Space) -> Any:
    if not isinstance(a, MultivariateTaylor):
        if isinstance(ring, ArrayRing):
            with np.errstate(over="ignore"):
                found = ring.lift(a)
            if not np.isfinite(found).all():
                raise DomainError(f"{a} beside a polynomial: numbers must be finite")
            return found
        return ring.lift(a)
    data = a._to(space)._coefficients
    if a._ring is ring:
        return data
    if not isinstance(ring, ArrayRing):
        out = np.empty(len(data), object)
        out[:] = [ring.lift(c.item() if isinstance(c, np.generic) else c) for c in data]
        return out
    if data.dtype == object:
        data = np.array([ring.lift(c) for c in data])
    return spread(data, ring)
