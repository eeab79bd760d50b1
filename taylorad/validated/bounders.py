"""Bounds of Taylor models on their domains. Rigorous; each method encloses, "best" is the intersection of all.

The linear dominated and the quadratic fast bounder after Makino & Berz ("Verified global optimization with Taylor
model-based range bounders", Trans. on Computers 4, 2005), the latter beside tangent planes; Bernstein's form after
Garloff ("The Bernstein algorithm", Interval Computations 2, 1993).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import comb, inf, prod

import numpy as np

from taylorad.errors import DomainError
from taylorad.rings.intervals import Interval, dot
from taylorad.validated.convex import tangent_bound
from taylorad.validated.mapping import Box
from taylorad.validated.model import Coefficients, TaylorModel
from taylorad.validated.optimum import Search

__all__ = ["METHODS", "bound"]

_CELLS = 1024  # Bernstein's form needs a number for each corner of a grid; larger ones are not tried
_ROUNDS = 12
_BOXES = 200
_ZERO = Interval(0.0, 0.0)


def bound(model: TaylorModel, method: str) -> Interval:
    """See :meth:`TaylorModel.bound`."""
    if method != "best" and method not in METHODS:
        raise DomainError(f"method is one of best, {', '.join(METHODS)}; got {method!r}")
    p, box = _Polynomial(dict(model.terms())), model.offsets
    if method != "best":
        return METHODS[method](p, box) + model.tail
    found = p.value(box)
    for way in METHODS.values():
        found = found & way(p, box)
    return found + model.tail


@dataclass(frozen=True, slots=True)
class _Polynomial:
    """Σ c_e·x^e on boxes about the origin, monomial by monomial."""

    terms: Coefficients

    def value(self, box: Box) -> Interval:
        monomials: list[Interval] = []
        for e in self.terms:
            value = Interval(1.0, 1.0)
            for x, n in zip(box, e, strict=True):
                value = value * x**n if n else value
            monomials.append(value)
        return dot(list(self.terms.values()), monomials)

    def derivative(self, i: int) -> _Polynomial:
        return _Polynomial({(*e[:i], e[i] - 1, *e[i + 1 :]): c * e[i] for e, c in self.terms.items() if e[i]})

    def gradient(self, box: Box) -> list[Interval]:
        return [self.derivative(i).value(box) for i in range(len(box))]

    def hessian(self, box: Box) -> list[list[Interval]]:
        return [self.derivative(i).gradient(box) for i in range(len(box))]

    def __neg__(self) -> _Polynomial:
        return _Polynomial({e: -c for e, c in self.terms.items()})


def _monotone(p: _Polynomial, box: Box) -> Interval:
    """The range over the faces where partial derivatives of one sign put the ends of the range."""
    slopes = p.gradient(box)
    low = tuple(_end(x, x.lo if g.lo >= 0 else x.hi) if _signed(g) else x for x, g in zip(box, slopes, strict=True))
    high = tuple(_end(x, x.hi if g.lo >= 0 else x.lo) if _signed(g) else x for x, g in zip(box, slopes, strict=True))
    return Interval(p.value(low).lo, p.value(high).hi)


def _signed(x: Interval) -> bool:
    return x.lo >= 0 or x.hi <= 0


def _end(x: Interval, end: float) -> Interval:
    return Interval(end, end)


def _both(lower: Callable[[_Polynomial, Box], float]) -> Callable[[_Polynomial, Box], Interval]:
    """Both ends of a range from a method for the lower one."""
    return lambda p, box: Interval(lower(p, box), -lower(-p, box))


def _linear(p: _Polynomial, box: Box) -> float:
    """Where the linear part alone exceeds a value that is attained, the minimum is not: the box shrinks."""
    slopes = {e.index(1): c for e, c in p.terms.items() if sum(e) == 1}
    rest = _Polynomial({e: c for e, c in p.terms.items() if sum(e) != 1})
    certain = {i: c for i, c in slopes.items() if not c.lo <= 0 <= c.hi}
    for _ in range(_ROUNDS):
        corner = tuple(
            _end(x, x.lo if certain[i].lo > 0 else x.hi) if i in certain else _end(x, x.mid) for i, x in enumerate(box)
        )
        attained = Interval(p.value(corner).hi, p.value(corner).hi)
        parts = {i: c * box[i] for i, c in slopes.items()}
        other = rest.value(box)
        shrunk = list(box)
        for i, c in certain.items():
            room = attained - sum((part for j, part in parts.items() if j != i), other).lo
            limit = Interval(room.hi, room.hi) / c  # c·x ≤ room
            if c.lo > 0:
                shrunk[i] = Interval(box[i].lo, max(box[i].lo, min(box[i].hi, limit.hi)))
            else:
                shrunk[i] = Interval(min(box[i].hi, max(box[i].lo, limit.lo)), box[i].hi)
        if sum(x.width for x in shrunk) > 0.99 * sum(x.width for x in box):
            break
        box = tuple(shrunk)
    return p.value(box).lo


def _quadratic(p: _Polynomial, box: Box) -> float:
    """A tangent plane near the minimum, where p is convex; a paraboloid about it, where its quadratic part is."""
    return max(p.value(box).lo, tangent_bound(p, box)[0], _paraboloid(p, box))


def _paraboloid(p: _Polynomial, box: Box) -> float:
    """The least value of p − q over the box, q(x) = |Lᵀ·(x − m)|²/2 ≥ 0 with the quadratic part L·Lᵀ/2 of p.

    Any L and m give a bound; m near the minimum leaves hardly a linear part.
    """
    n = len(box)
    unit = np.eye(n, dtype=int)
    square = np.array([[p.terms.get(tuple((a + b).tolist()), _ZERO).mid for a in unit] for b in unit])
    curvature = square + np.diag(np.diag(square))
    slope = np.array([p.terms.get(tuple(a.tolist()), _ZERO).mid for a in unit])
    try:
        root = np.linalg.cholesky(curvature)
        lowest = np.linalg.solve(curvature, -slope)
    except np.linalg.LinAlgError:  # not convex
        return -inf
    middle = [_end(x, min(max(m, x.lo), x.hi)) for m, x in zip(lowest.tolist(), box, strict=True)]
    rest = dict(p.terms)
    for column in root.T.tolist():  # minus the square of l·(x − m), halved
        factors = [Interval(c, c) for c in column]
        level = dot(factors, middle)
        parts = [(tuple(a.tolist()), c) for a, c in zip(unit, factors, strict=True)] + [((0,) * n, -level)]
        for (e, c), (g, d) in product(parts, parts):
            at = tuple(map(int.__add__, e, g))
            rest[at] = rest.get(at, _ZERO) - c * d / 2
    return _monotone(_Polynomial(rest), box).lo


def _divided(p: _Polynomial, box: Box) -> float:
    """Branch and bound, to a thousandth of the naive width."""
    naive = p.value(box)
    if not naive.width > 0:
        return naive.lo
    return Search(p, 1e-3 * naive.width / max(1.0, naive.mag)).run(box, _BOXES).value.lo


def _bernstein(p: _Polynomial, box: Box) -> Interval:
    """The hull of the coefficients in Bernstein's basis of the box."""
    degrees = [max((e[i] for e in p.terms), default=0) for i in range(len(box))]
    if prod(d + 1 for d in degrees) > _CELLS:
        return p.value(box)
    grid = {e: p.terms.get(e, _ZERO) for e in product(*(range(d + 1) for d in degrees))}
    for i, (x, d) in enumerate(zip(box, degrees, strict=True)):
        left, width = Interval(x.lo, x.lo), Interval(x.hi, x.hi) - x.lo
        # x = left + width·u; then u^m in the basis of degree d: Σ_j C(j, m)/C(d, m)·B_j
        basis = [[Interval.enclosing(Fraction(comb(j, m), comb(d, m))) for m in range(d + 1)] for j in range(d + 1)]
        shift = [
            [left ** (k - m) * comb(k, m) * width**m if k >= m else _ZERO for k in range(d + 1)] for m in range(d + 1)
        ]
        rows = [[dot(basis[j], [shift[m][k] for m in range(d + 1)]) for k in range(d + 1)] for j in range(d + 1)]
        grid = {
            e: dot(rows[e[i]], [grid[(*e[:i], k, *e[i + 1 :])] for k in range(d + 1)])
            for e in grid
        }
    return Interval.hull(grid.values())


METHODS: dict[str, Callable[[_Polynomial, Box], Interval]] = {
    "naive": lambda p, box: p.value(box),
    "monotone": _monotone,
    "linear": _both(_linear),
    "quadratic": _both(_quadratic),
    "bernstein": _bernstein,
    "divided": _both(_divided),
}
