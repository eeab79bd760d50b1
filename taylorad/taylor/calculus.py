"""What is done to a series as a whole: evaluation, derivative and antiderivative, composition, reversion, shift.

Every result has the order that is truly known. Over balls every coefficient of a result encloses the exact one
for all series that the operands enclose (FLINT's ball arithmetic); a truncated series says nothing about what
was dropped, so the value of its polynomial is no enclosure of the function's.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from taylorad.errors import (
    DomainError,
    MixedRingError,
    NotRepresentableError,
    OrderError,
    SingularExpansionError,
    UncertifiedError,
)
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import ring_of
from taylorad.rings.intervals import Interval
from taylorad.rings.ring import Position, Ring
from taylorad.run import eager
from taylorad.taylor.arithmetic import alike, lower, multiply, raise_by, subtract
from taylorad.taylor.join import common
from taylorad.taylor.series import Taylor, check_order

__all__ = ["compose", "differentiate", "evaluate", "integrate", "revert", "shift"]


# ---------------------------------------------------------------------- values
def evaluate(series: Taylor, t: Any) -> Any:
    """The value Σ c_k·t^k of the known coefficients at the displacement t, by Horner's rule.

    Parameters
    ----------
    t : number, array of floats or another series
        Arrays broadcast against the batch (the result has both shapes broadcast); an array of objects is taken
        element by element; at a series the result is the composition, see :func:`compose`.

    The ring of the result holds both: rational at rational is exact, rational at a float is a float. Over balls
    the value of the *polynomial* is enclosed: for a truncated series what was dropped is not included.

    Raises DomainError for a displacement that is not finite, NotRepresentableError where floats overflow,
    MixedRingError for numbers that do not mix. Cost: K multiplications and additions.
    """
    if isinstance(t, Taylor):
        return compose(series, t)
    if isinstance(t, (list, tuple)):
        t = np.asarray(t)
    if isinstance(t, np.ndarray) and t.dtype == object:
        return np.frompyfunc(lambda one: evaluate(series, one), 1, 1)(t)
    coefficients = series._coefficients
    if type(t) is float and isinstance(coefficients, np.ndarray) and coefficients.ndim == 1:
        value = _horner(coefficients.tolist(), t)
        if value - value == 0:  # the usual case; what is not finite is looked at below
            return value
    if series._ring.name == "taylor":
        return _horner(list(coefficients), t)
    ring = ring_of((coefficients[0], t))
    if not np.all(ring.is_finite(point := ring.lift(t))):
        raise DomainError(f"the displacement must be finite, got {t}")
    if ring is not series._ring:
        coefficients = [ring.lift(c) for c in coefficients]
    elif isinstance(ring, ArrayRing) and not ring.shape:
        coefficients, point = coefficients.tolist(), point.item()
    with np.errstate(over="ignore", invalid="ignore"):
        value = _horner(coefficients, point)
    if isinstance(ring, ArrayRing):
        if not np.all(np.isfinite(value)):
            raise NotRepresentableError(f"the value at t = {t} overflows {ring.name}; use mpmath numbers")
        return value if np.ndim(value) else complex(value) if ring.complex else float(value)
    if isinstance(value, Interval) and point.lo < point.hi:
        return value & sum((c * point**k for k, c in enumerate(coefficients)), start=ring.zero())
    return value


def _horner(coefficients: Any, t: Any) -> Any:
    value = coefficients[-1]
    for c in coefficients[-2::-1]:
        value = value * t + c
    return value + 0 * t if len(coefficients) == 1 else value


# ---------------------------------------------------------------------- derivative and antiderivative
def differentiate(series: Taylor, times: int = 1) -> Taylor:
    """The ``times``-th derivative as a series: coefficient k is (k+1)…(k+times)·c_(k+times). Cost: O(K·times).

    Raises OrderError where ``times`` is not a whole number ≥ 0 or exceeds the order of a truncated series, and
    NotRepresentableError where floats overflow.
    """
    times = check_order(times)
    if times > series.order:
        raise OrderError(f"derivative {times} of a series of order {series.order} is not known; start higher")
    data, ring = series._coefficients, series._ring
    for _ in range(min(times, len(data))):
        if isinstance(data, np.ndarray):
            with np.errstate(over="ignore"):
                data = data[1:] * _indices(data)[: len(data) - 1]
        else:
            data = [ring.times_int(c, k) for k, c in enumerate(data)][1:]
    if not len(data):
        data = 0 * series._coefficients[:1] if isinstance(data, np.ndarray) else [ring.zero()]
    _check_finite(data, "the derivative")
    return series._like(data)


def integrate(series: Taylor, constant: Any = 0) -> Taylor:
    """The antiderivative whose value at t = 0 is ``constant``, one order higher. Cost: O(K).

    Raises MixedRingError for a constant that does not mix with the coefficients (a float with exact fractions),
    or that is a series in the same variable.
    """
    c, (series, ring, tag) = _fixed(constant, series, "the constant of integration")
    data = series._coefficients
    if isinstance(data, np.ndarray):
        data = np.concatenate([np.broadcast_to(c, (1, *data.shape[1:])), data / _indices(data)])
    else:
        data = [c, *(ring.over_int(a, k) for k, a in enumerate(data, 1))]
    return Taylor._make(data, ring, series._exact, tag)


def _indices(data: np.ndarray) -> np.ndarray:
    """1, 2, … along the first axis of ``data``."""
    return np.arange(1.0, len(data) + 1).reshape(-1, *(1,) * (data.ndim - 1))


def _fixed(number: Any, series: Taylor, what: str) -> tuple[Any, tuple[Taylor, Ring, int]]:
    """A number (or a series in an older variable) as an element of one ring with ``series``."""
    if isinstance(number, Taylor) and number._tag >= series._tag and not (number._exact and number.degree <= 0):
        raise MixedRingError(f"{what} must be a number, got the series {number} in the same variable")
    (series, c), ring, tag = common((series, number))
    return c._coefficients[0], (series, ring, tag)


def _check_finite(data: Any, what: str) -> None:
    if isinstance(data, np.ndarray) and not np.all(np.isfinite(data)):
        raise NotRepresentableError(f"{what} overflows {data.dtype}; use mpmath numbers, or scale the variable")


# ---------------------------------------------------------------------- composition
def compose(outer: Taylor, inner: Taylor) -> Taylor:
    """outer(inner(t)) by Horner's rule on truncated series; FLINT's composition for balls, machine code for floats.

    The result's order is what is known: with v the valuation of ``inner`` (minus its constant term) and j the
    lowest power ≥ 1 that occurs in ``outer``, the smaller of v·(K_outer + 1) − 1 and K_inner + v·(j − 1); an exact
    polynomial sets no bound, and of two exact ones the composition is exact.

    Raises OrderError where the constant term of ``inner`` is not exactly zero, unless ``outer`` is an exact
    polynomial (which is then shifted); MixedRingError; NotRepresentableError where floats overflow.
    Rigorous over balls. Cost: K³/(6v) multiplications.
    """
    if alike(outer, inner):
        g, u = outer._coefficients, inner._coefficients
        if u.ndim == 1 and len(u) > 1 and u[0] == 0 and u[1] and g[1]:
            found = eager.compose(len(u) - 1, g, u)
            if found is not None:
                return Taylor._make(found, inner._ring, False, inner._tag)
    if inner._tag < outer._tag and outer._ring.name == "taylor":
        return _into_coefficients(outer, inner)
    ring, tag = inner._ring, inner._tag
    if outer._ring is not ring or outer._tag != tag:
        outer = Taylor._make(outer._coefficients, outer._ring, outer._exact, tag)
        (outer, inner), ring, tag = common((outer, inner))
    lowest = _leading(ring, outer._coefficients, 1)
    if not _vanishes(ring, inner._coefficients[0]):
        if not outer._exact:
            raise _not_about_zero(outer, inner)
        outer = Taylor._make(_shifted(ring, outer, inner._coefficients[0]), ring, True, tag)
        inner = subtract(inner, Taylor._make(inner._coefficients[:1], ring, True, tag))
        lowest = 1  # a derivative that rounds to zero proves nothing
    v = _leading(ring, inner._coefficients, 1)
    if (inner._exact and v == len(inner._coefficients)) or (outer._exact and outer.degree <= 0):
        return Taylor._make(outer._coefficients[:1], ring, True, tag)
    order = min(
        math.inf if outer._exact else v * len(outer._coefficients) - 1,
        math.inf if inner._exact else len(inner._coefficients) - 1 + v * (lowest - 1),
    )
    exact = math.isinf(order)
    last = int(outer.degree * inner.degree if exact else order)
    return Taylor._make(_composition(ring, outer._buffer(last), inner._buffer(last), last, v), ring, exact, tag)


def _vanishes(ring: Ring, c: Any) -> bool:
    """Whether a coefficient is exactly zero, at every point of a batch."""
    found = ring.is_zero(c)
    return bool(found.all() if isinstance(found, np.ndarray) else found)


def _leading(ring: Ring, data: Any, first: int) -> int:
    """The lowest power ≥ ``first`` that occurs, or one more than the order."""
    return next((k for k in range(first, len(data)) if not _vanishes(ring, data[k])), len(data))


def _not_about_zero(outer: Taylor, inner: Taylor) -> OrderError:
    return OrderError(
        f"a series of order {outer.order} cannot be composed with one whose constant term is "
        f"{inner._coefficients[0]} instead of 0: its coefficients there are not known; expand the outer function "
        "at that point, ta.taylor(g, z_0, order)"
    )


def _composition(ring: Ring, g: Any, u: Any, order: int, v: int) -> Any:
    """Σ g_j·u^j to ``order`` for u of valuation v ≥ 1; all buffers have order + 1 rows."""
    if isinstance(ring, ArrayRing):
        found = eager.compose(order, g, u)
        if found is not None:
            return found
    elif ring.name in ("arb", "acb"):
        from taylorad.rings.balls import compose as flint_compose

        return flint_compose(g, u, order)
    terms = order // v
    so_far = _extended(ring, g[terms : terms + 1], order - v * terms)
    with np.errstate(over="ignore", invalid="ignore"):
        for j in range(terms - 1, -1, -1):  # what stands so far is needed up to order − v·j only
            so_far = ring.product(_extended(ring, so_far, order - v * j), u, order - v * j)
            so_far[0] = ring.add(so_far[0], g[j])  # the product is a buffer of our own
    _check_finite(so_far, "the composition")
    return so_far


def _extended(ring: Ring, data: Any, order: int) -> Any:
    return Taylor._make(data, ring)._buffer(order)


def _into_coefficients(outer: Taylor, inner: Taylor) -> Taylor:
    """Σ c_j·inner^j where the c_j and ``inner`` are series in the same variable, or older ones."""
    if not (outer._exact or _vanishes(inner._ring, inner._coefficients[0])):
        raise _not_about_zero(outer, inner)
    value = _horner(list(outer._coefficients), inner)
    if outer._exact or not isinstance(value, Taylor) or value._tag != inner._tag:
        return value
    known = inner.valuation * len(outer._coefficients) - 1
    return value.truncate(known) if value.order > known else value


# ---------------------------------------------------------------------- reversion
def revert(series: Taylor) -> Taylor:
    """The compositional inverse w, series(w(t)) = t, to the same order.

    Newton's iteration w ← w − (s(w) − t)·w′, which doubles the known order: s′(w) = (s(w))′/w′ and s(w) = t to the
    known order, so that no division is needed but by c_1 (Brent and Kung, Fast algorithms for manipulating formal
    power series, J. ACM 25, 1978). Over balls FLINT's reversion, which is tighter; machine code for
    floats. Rigorous over balls.

    Raises DomainError where c_0 is not exactly zero, SingularExpansionError where c_1 is, UncertifiedError for a
    ball c_1 that contains zero, OrderError for a polynomial of higher degree (its inverse never ends) or an
    unknown c_1. Cost: two compositions.
    """
    ring, data = series._ring, series._coefficients
    if type(data) is np.ndarray and data.ndim == 1 and not series._exact and len(data) > 1 and data[1] and not data[0]:
        found = eager.revert(len(data) - 1, data, 1 / data[1:2])
        if found is not None:
            return series._like(found)
    if not _vanishes(ring, series._coefficients[0]):
        raise DomainError(
            f"reversion needs constant term 0, got {series._coefficients[0]}; subtract it first: the inverse is then "
            "a series in the distance from that value"
        )
    slope = series._coefficient(1)
    where = ring.position(slope, Fraction(0), None)
    flat = np.equal(where, Position.BOUNDARY)
    if np.any(flat):
        raise SingularExpansionError(
            "reversion needs c_1 ≠ 0, got exactly 0: the inverse has a branch point there",
            tuple(int(i) for i in np.flatnonzero(flat)) if np.ndim(flat) else (),
        )
    if np.any(np.equal(where, Position.UNDECIDED)):
        raise UncertifiedError(f"reversion needs c_1 ≠ 0, and {slope} contains 0; use a smaller ball")
    if series._exact and series.degree > 1:
        raise OrderError(
            "the inverse of a polynomial has infinitely many terms: give it an order first, truncate(order)"
        )
    inverse = ring.div(ring.lift(1), slope)
    first = np.stack([0 * inverse, inverse]) if isinstance(ring, ArrayRing) else [ring.zero(), inverse]
    w = series._like(first, True)
    if series._exact:
        return w
    if ring.name in ("arb", "acb"):
        from taylorad.rings.balls import revert as flint_revert

        return series._like(flint_revert(series._coefficients))
    known, order = 1, len(series._coefficients) - 1
    if isinstance(first, np.ndarray) and series.shape:
        found = eager.revert(order, data, first[1:])
        if found is not None:
            return series._like(found)
    while known < order:
        following = min(2 * known, order)
        wrong = lower(compose(series.truncate(following), w), known + 1)
        step = multiply(raise_by(wrong, known + 1), differentiate(w))
        w = subtract(w, step.truncate(following))
        w, known = w._like(w._coefficients, True), following  # as a polynomial it is complete
    return w._padded(order)


# ---------------------------------------------------------------------- shift
def shift(series: Taylor, h: Any) -> Taylor:
    """The exact polynomial p(h + t), by Horner's rule. Cost: n²/2 multiplications.

    Raises OrderError for a truncated series, whose coefficients elsewhere are not known.
    """
    if not series._exact:
        raise OrderError(
            f"a series of order {series.order} cannot be shifted: its coefficients elsewhere are not known; expand "
            "the function there, ta.taylor(f, x0 + h, order)"
        )
    h, (series, ring, tag) = _fixed(h, series, "the shift")
    data = _shifted(ring, series, h)
    _check_finite(data, "the shifted polynomial")
    return Taylor._make(data, ring, True, tag)


def _shifted(ring: Ring, series: Taylor, h: Any) -> Any:
    data = list(series._coefficients)
    found = [data[-1]]
    with np.errstate(over="ignore", invalid="ignore"):
        for c in data[-2::-1]:
            found = [
                ring.add(ring.mul(h, found[0]), c),
                *(ring.add(a, ring.mul(h, b)) for a, b in pairwise(found)),
                found[-1],
            ]
    return np.array(found) if isinstance(ring, ArrayRing) else found
