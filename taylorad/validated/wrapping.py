"""Shrink wrapping: Taylor models whose remainders are absorbed into their polynomials. Rigorous.

Given models f_i = P_i + R_i of n variables on one box, find factors q_i ≥ 1 with

    { f(x) : x in the box } ⊂ { P(c + q·(x − c)) : x in the box }

so that the right-hand side is a set without remainders. (Berz & Makino, "Suppression of the wrapping effect by Taylor
model-based verified integrators: long-term stabilization by shrink wrapping", Int. J. Differential Equations Appl. 10,
2006; here the factors are proved afterwards.)

Proof. Let u = x − c, |u_i| ≤ r_i, P with float coefficients, and y = P(u) + e with e in R. For an invertible matrix B,
a point u + d with P(u + d) = y is a fixed point of d ↦ d − B·(P(u + d) − P(u) − e) = (I − B·M)·d + B·e, where M is a
matrix of slopes of P on the box of radii r + δ, if |d| ≤ δ. So if |I − B·M|·δ + |B|·|R| ≤ δ, the map takes the box
|d| ≤ δ into itself, and by Brouwer's theorem such a d exists; where |I − B·M|·δ < δ, B is invertible. Hence
q_i = 1 + δ_i/r_i.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from taylorad.errors import MixedRingError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.validated.model import TaylorModel

__all__ = ["shrink_wrap"]

_ROUNDS = 20
_GROWTH = 1.05  # of δ beyond what the last round asked for


def shrink_wrap(models: Sequence[TaylorModel]) -> tuple[TaylorModel, ...]:
    """Models without remainders whose joint range contains that of the given ones. Rigorous.

    Parameters
    ----------
    models : n models of n variables, with an invertible linear part

    Returns n models with polynomials P(c + q·(x − c)). They are no longer models of the same functions of x: only the
    set of their values together is larger.

    Raises UncertifiedError where the linear part is not certainly invertible, or the remainders and nonlinear terms are
    too large for it; MixedRingError for models that do not fit.
    """
    n = len(models)
    models = [m.rounded() for m in models]
    first = models[0]
    if any((m.domain, m.center) != (first.domain, first.center) for m in models) or len(first.domain) != n:
        raise MixedRingError(f"shrink wrapping takes n models of n variables on one box; got {n}")
    linear = [[m.coefficient(*(int(j == i) for j in range(n))) for i in range(n)] for m in models]
    centre = np.array([[c.mid for c in row] for row in linear])
    try:
        inverse = np.linalg.inv(centre)
    except np.linalg.LinAlgError as error:
        raise UncertifiedError("the linear part of the models is singular; keep the remainders") from error
    if not np.all(np.isfinite(inverse)):
        raise UncertifiedError("the linear part of the models is close to singular; keep the remainders")
    radii = [x.mag for x in first.offsets]
    if not all(r > 0 for r in radii):
        raise UncertifiedError("the box is thin in a direction, in which nothing can be wrapped")
    tails = [m.tail for m in models]
    delta = [_size(inverse, i, tails) * _GROWTH for i in range(n)]
    for _ in range(_ROUNDS):
        needed = _needed(models, inverse, radii, tails, delta)
        if _proved(needed, delta):
            return _scaled(models, radii, _tightened(models, inverse, radii, tails, delta))
        delta = [max(a * _GROWTH, b, 1e-300) for (_, a), b in zip(needed, delta, strict=True)]
        if not all(d < 10 * r for d, r in zip(delta, radii, strict=True)):
            break
    raise UncertifiedError("the remainders and nonlinear terms are too large for shrink wrapping; take a smaller box")


def _proved(needed: list[tuple[float, float]], delta: list[float]) -> bool:
    return all(a <= b and gap < b for (gap, a), b in zip(needed, delta, strict=True))


def _tightened(
    models: Sequence[TaylorModel], inverse: np.ndarray, radii: list[float], tails: list[Interval], delta: list[float]
) -> list[float]:
    """δ that are hardly larger than what they need; what a proved δ needs is proved itself, as smaller δ need less."""
    for _ in range(_ROUNDS):
        smaller = [a for _, a in _needed(models, inverse, radii, tails, delta)]
        gained = sum(smaller) < 0.999 * sum(delta)
        if not gained or not _proved(_needed(models, inverse, radii, tails, smaller), smaller):
            return delta
        delta = smaller
    return delta


def _size(inverse: np.ndarray, i: int, tails: list[Interval]) -> float:
    total = Interval(0.0, 0.0)
    for j, t in enumerate(tails):
        total = total + Interval(abs(float(inverse[i, j])), abs(float(inverse[i, j]))) * t.mag
    return total.hi


def _needed(
    models: Sequence[TaylorModel], inverse: np.ndarray, radii: list[float], tails: list[Interval], delta: list[float]
) -> list[tuple[float, float]]:
    """|I − B·M|·δ, and |I − B·M|·δ + |B|·|R|, both rounded up."""
    n = len(models)
    wide = tuple(Interval(-(Interval(r, r) + d).hi, (Interval(r, r) + d).hi) for r, d in zip(radii, delta, strict=True))
    slopes = [[_slope(m, k, wide) for k in range(n)] for m in models]
    out: list[tuple[float, float]] = []
    for i in range(n):
        total = Interval(0.0, 0.0)
        for k in range(n):
            gap = Interval(float(i == k), float(i == k))
            for j in range(n):
                gap = gap - slopes[j][k] * float(inverse[i, j])
            total = total + Interval(gap.mag, gap.mag) * delta[k]
        out.append((total.hi, (total + _size(inverse, i, tails)).hi))
    return out


def _slope(model: TaylorModel, k: int, box: tuple[Interval, ...]) -> Interval:
    """∂P/∂u_k over a box."""
    total = Interval(0.0, 0.0)
    for e, c in model.terms():
        if e[k]:
            part = c * e[k]
            for i, (x, n) in enumerate(zip(box, e, strict=True)):
                power = n - (i == k)
                part = part * x**power if power else part
            total = total + part
    return total


def _scaled(models: Sequence[TaylorModel], radii: list[float], delta: list[float]) -> tuple[TaylorModel, ...]:
    """P(c + q·u), q = 1 + δ/r rounded up; a float factor, so that the sets are nested."""
    factors = [(1 + Interval(d, d) / r).hi for r, d in zip(radii, delta, strict=True)]
    out: list[TaylorModel] = []
    for m in models:
        terms = dict(m.terms())
        for e in terms:
            for q, n in zip(factors, e, strict=True):
                terms[e] = terms[e] * Interval(q, q) ** n if n else terms[e]
        out.append(TaylorModel(terms, Interval(0.0, 0.0), m.domain, m.center, m.order))
    return tuple(out)
