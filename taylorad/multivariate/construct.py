"""How polynomials in several variables begin: as the variables themselves, at an expansion point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taylorad.errors import DomainError, MixedRingError, OrderError
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.multivariate.space import space
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import ring_of
from taylorad.rings.graded import GradedRing
from taylorad.rings.ring import Ring
from taylorad.taylor.nested import NESTED
from taylorad.taylor.series import Taylor, check_order

__all__ = ["variables"]


def variables(
    point: Sequence[Any] | np.ndarray,
    order: int,
    names: str | Sequence[str] | None = None,
    *,
    caps: int | Mapping[str, int] | None = None,
    parameters: str | Sequence[str] = (),
    parameter_order: int | None = None,
) -> list[MultivariateTaylor]:
    """Independent variables at a point, as truncated polynomials of which all others are computed.

    Parameters
    ----------
    point : sequence of n numbers, or arrays of floats that broadcast to one shape
        The expansion point; its numbers choose the ring: floats, complex numbers, ints and Fractions (exact),
        mpmath numbers, intervals, Arb balls or Taylor series. Arrays are batches of points.
    order : int ≥ 0
        Monomials up to this total degree are kept.
    names : str or sequence of str
        ``"x y"`` or ``["x", "y"]``; x1 … xn if not given.
    caps : int or mapping name → int
        The largest exponent of a variable, where it is smaller than the order. Hyperdual numbers have order 2 in two
        variables with ``caps=1``.
    parameters : str or sequence of str
        Those of the names whose degree is counted apart, up to ``parameter_order`` (``order`` if not given).

    Returns one polynomial for each variable. Raises OrderError for bad orders and for spaces that are too large for
    memory (saying how large), DomainError for names that are unknown, repeated or no identifiers and for points that
    are not finite, MixedRingError for points that share no ring. Cost: O(M·n·log M) for the first space of its
    kind with M monomials.

    Examples
    --------
    >>> import numpy as np, taylorad as ta
    >>> x, y = ta.variables([1.0, 2.0], order=8, names="x y")
    >>> f = np.exp(x * y) / (1 + x**2)
    >>> round(f[2, 1], 12), round(f.derivative(x=2, y=1), 12)
    (5.541792074198, 11.083584148396)
    """
    order = check_order(order)
    listed = isinstance(point, (list, tuple)) or (isinstance(point, np.ndarray) and point.ndim)
    found: list[Any] = list(point) if listed else []
    if not found:
        raise DomainError(f"no variables: the expansion point is a sequence of numbers, [1.0, 2.0], got {point!r}")
    if any(isinstance(p, MultivariateTaylor) for p in found):
        raise MixedRingError(
            "an expansion point that is a polynomial itself would nest polynomials: make all variables in one call, "
            "or expand at numbers and compose"
        )
    named = _names(names, len(found))
    special = frozenset(parameters.replace(",", " ").split() if isinstance(parameters, str) else parameters)
    limits = caps if isinstance(caps, Mapping) else {}
    for name in (*special, *limits):
        if name not in named:
            raise DomainError(f"no variable is called {name!r} here; the variables are {', '.join(named)}")
    if parameter_order is not None and not special:
        raise OrderError('parameter_order without parameters: name them, parameters="a b"')
    second = (order if parameter_order is None else check_order(parameter_order)) if special else 0
    own = [second if name in special else order for name in named]
    each = [
        check_order(limits.get(name, o if caps is None or limits else caps)) for name, o in zip(named, own, strict=True)
    ]
    where = space(named, order, tuple(each), special, second)
    ring: Ring = NESTED
    if not any(isinstance(p, Taylor) for p in found):
        ring = ring_of([np.asarray(p, float) if isinstance(p, (list, tuple)) else p for p in found])
    if isinstance(ring, ArrayRing):
        with np.errstate(over="ignore"):
            found = [np.broadcast_to(ring.lift(np.asarray(p) if isinstance(p, list) else p), ring.shape) for p in found]
        for name, p in zip(named, found, strict=True):
            if not np.all(np.isfinite(p)):
                raise DomainError(f"the expansion point must be finite, got {name} = {p}")
    out: list[MultivariateTaylor] = []
    for i, p in enumerate(found):
        data = GradedRing(ring, where.monomials).empty(len(where))
        data[0] = ring.lift(p)
        unit = np.zeros(len(named), np.int16)
        unit[i] = 1
        at = int(where.monomials.find(unit))
        if at >= 0:
            data[at] = ring.lift(1)
        out.append(MultivariateTaylor._make(where, ring, data))
    return out


def _names(names: str | Sequence[str] | None, count: int) -> tuple[str, ...]:
    if names is None:
        return tuple(f"x{i + 1}" for i in range(count))
    found = tuple(names.replace(",", " ").split() if isinstance(names, str) else names)
    if len(found) != count:
        raise DomainError(f"{len(found)} names for {count} numbers: give one name for each coordinate of the point")
    for name in found:
        if not str(name).isidentifier():
            raise DomainError(f"{name!r} is no name for a variable: use letters, digits and underscores")
    if len(set(found)) < count:
        raise DomainError(f"names must differ, got {', '.join(found)}")
    return found
