"""The inverse of a map that is given by polynomials in as many variables.

With f = A·x + N(x), where N begins with degree 2, the inverse is the fixed point of w = A⁻¹·(y − N(w)), and each
iteration is right to one order more than the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylorad.errors import DomainError, OrderError, ShapeError, SingularExpansionError, UncertifiedError
from taylorad.multivariate.calculus import gradient
from taylorad.multivariate.join import common
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.rings.ring import Ring

__all__ = ["inverse_map"]

_make = MultivariateTaylor._make


def inverse_map(maps: Sequence[MultivariateTaylor]) -> list[MultivariateTaylor]:
    """Polynomials g_1 … g_n with f_i(g_1, …, g_n) = x_i, to the order of f = ``maps``.

    Parameters
    ----------
    maps : n polynomials in n variables, in one space without caps or parameters
        Without constant terms, which belong to the points that are mapped to each other.

    Raises ShapeError where there are not as many polynomials as variables, DomainError for constant terms,
    OrderError for spaces with caps or parameters, SingularExpansionError where the Jacobian matrix is singular (for
    balls and intervals UncertifiedError, where it may be). Rigorous over balls and intervals, for the coefficients.
    Cost: n·K compositions, of order 2 to K.

    >>> import numpy as np, taylorad as ta
    >>> x, y = ta.variables([0.0, 0.0], order=3, names="x y")
    >>> u, v = ta.inverse_map([np.exp(x) - 1, y + x**2])
    >>> u.isclose(np.log(1 + x)), v.isclose(y - np.log(1 + x) ** 2)
    (True, True)
    """
    given: Any = maps
    if isinstance(given, MultivariateTaylor) or not all(isinstance(f, MultivariateTaylor) for f in given) or not given:
        raise ShapeError(f"a map is a list of polynomials of ta.variables, as many as variables, got {given!r}")
    where, ring, rows = common(tuple(maps))
    n = len(where.names)
    if len(maps) != n:
        raise ShapeError(f"{len(maps)} polynomials in {n} variables: a map with an inverse has as many of both")
    if where.complete_order != where.total_order or where.total_order < 1:
        raise OrderError(f"an inverse needs all monomials of an order ≥ 1: {where.describe()}")
    for row in rows:
        if not np.all(ring.is_zero(row[0])):
            raise DomainError(f"a map with the constant term {row[0]}: subtract it, the inverse begins at its image")
    inverse = _inverted(ring, [gradient(_make(where, ring, row)) for row in rows])
    nonlinear: list[MultivariateTaylor] = []
    for row in rows:
        own = row.copy()
        own[1 : n + 1] = ring.zero()
        nonlinear.append(_make(where, ring, own))
    found = [_linear(ring, where.to_order(1), line) for line in inverse]
    for order in range(2, where.total_order + 1):
        space = where.to_order(order)
        inner = [_widened(g, space) for g in found]
        rest = [-f._to(space).compose(*inner) for f in nonlinear]
        found = []
        for line in inverse:
            total = _linear(ring, space, line)
            for a, r in zip(line, rest, strict=True):
                total = total + _make(space, ring, r._coefficients * a)
            found.append(total)
    return found


def _linear(ring: Ring, space: Any, line: Sequence[Any]) -> MultivariateTaylor:
    out = _make(space, ring, np.zeros(0))._graded().empty(len(space))
    for i, a in enumerate(line):
        out[1 + i] = a
    return _make(space, ring, out)


def _widened(g: MultivariateTaylor, space: Any) -> MultivariateTaylor:
    """The same coefficients in a larger space, zeros elsewhere."""
    out = _make(space, g._ring, np.zeros(0))._graded().empty(len(space))
    out[g._space.places_in(space)] = g._coefficients
    return _make(space, g._ring, out)


def _inverted(ring: Ring, matrix: list[Any]) -> list[list[Any]]:
    """The inverse of a matrix of elements of a ring, by elimination with the largest pivots."""
    n = len(matrix)
    rows = [[*matrix[i], *(ring.lift(int(i == j)) for j in range(n))] for i in range(n)]
    for k in range(n):
        best = max(range(k, n), key=lambda i: _size(rows[i][k]))
        rows[k], rows[best] = rows[best], rows[k]
        pivot = rows[k][k]
        if np.any(ring.is_zero(pivot)):
            raise SingularExpansionError("the Jacobian matrix of the map is singular, so it has no inverse here")
        if _size(pivot) == 0:
            raise UncertifiedError("the Jacobian matrix of the map may be singular; use smaller balls or intervals")
        rows[k] = [x / pivot for x in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[n:] for row in rows]


def _size(x: Any) -> Any:
    """A lower bound of |x| (of all points of a batch), by which pivots are compared."""
    if hasattr(x, "abs_lower"):
        return float(x.abs_lower())
    if hasattr(x, "mig"):
        return float(x.mig)
    return float(np.min(np.abs(x))) if isinstance(x, np.ndarray) else abs(x)
