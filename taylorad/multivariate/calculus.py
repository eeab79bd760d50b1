"""What is done to a polynomial as a whole: derivatives, antiderivatives, values, substitution and composition.

Every result knows what is truly known. Over balls and intervals each coefficient of a result encloses the exact one
for all polynomials that the operands enclose; the value of a truncated polynomial is no enclosure of the function's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import factorial, prod
from typing import Any

import numpy as np

from taylorad.errors import DomainError, MixedRingError, NotRepresentableError, OrderError
from taylorad.multivariate.join import common, is_operand
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.multivariate.space import Space
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import ring_named, ring_of
from taylorad.rings.graded import GradedRing
from taylorad.rings.graded_monomials import Monomials
from taylorad.rings.intervals import Interval
from taylorad.rings.ring import Ring
from taylorad.taylor.series import Taylor

__all__ = ["along", "derivative", "differentiate", "evaluate", "gradient", "hessian", "integrate", "substitute"]

_make = MultivariateTaylor._make
_ROOM = 1 << 16  # values of monomials at a time, so that they stay in the cache


# ---------------------------------------------------------------------- derivatives
def derivative(f: MultivariateTaylor, exponents: tuple[int, ...]) -> Any:
    """e!·c_e. Raises OrderError where it is not known, NotRepresentableError where a float overflows."""
    c = f._coefficients[f._space.place(exponents)]
    factor = 1
    for e in exponents:
        factor *= factorial(e)
    if not isinstance(f._ring, ArrayRing):
        return f._ring.scale(c, factor)
    try:
        with np.errstate(over="ignore"):
            found = c * float(factor)
    except OverflowError:
        found = np.inf
    if not np.all(np.isfinite(found)):
        raise NotRepresentableError(
            f"the derivative {f._space.monomial(exponents)} is too large for {f._ring.name}: start from mpmath numbers"
        )
    return found if np.ndim(found) else np.asarray(found).item()


def _first_places(space: Space, what: str) -> np.ndarray:
    places = space.monomials.find(np.eye(len(space.names), dtype=np.int16))
    if np.any(places < 0):
        raise OrderError(f"{what} needs order 1 in every variable: {space.describe()}")
    return places


def gradient(f: MultivariateTaylor) -> Any:
    """The first derivatives: (n, *shape), of objects in rings of objects. Raises OrderError at order 0."""
    return f._coefficients[_first_places(f._space, "a gradient")]


def hessian(f: MultivariateTaylor) -> Any:
    """The second derivatives: (n, n, *shape). Raises OrderError below order 2 or where caps hide one of them."""
    unit = np.eye(len(f.names), dtype=np.int16)
    places = f._space.monomials.find(unit[:, None] + unit[None])
    if np.any(places < 0):
        raise OrderError(f"a Hessian needs order 2 in every pair of variables: {f._space.describe()}")
    found = f._coefficients[places]
    diagonal = np.arange(len(unit))
    found[diagonal, diagonal] = found[diagonal, diagonal] * 2
    return found


def differentiate(f: MultivariateTaylor, names: Sequence[str]) -> MultivariateTaylor:
    """The derivative in each of ``names`` in turn. Raises OrderError where none is known."""
    for name in names:
        smaller, places, factors = _lowered(f._space, f._space.index(name))
        if smaller is None:
            raise OrderError(f"the derivative in {name} is not known: {f._space.describe()}; start with a higher order")
        f = _make(smaller, f._ring, f._coefficients[places] * _column(factors, f))
        if f._coefficients.dtype != object and not np.all(np.isfinite(f._coefficients)):
            raise NotRepresentableError(f"the derivative in {name} overflows; use mpmath numbers")
    return f


@lru_cache(maxsize=256)
def _lowered(space: Space, i: int) -> tuple[Space | None, np.ndarray, np.ndarray]:
    """The space of a derivative in variable i, where its coefficients come from, and their factors."""
    unit = np.eye(len(space.names), dtype=np.int16)[i]
    smaller = space.shifted(tuple(-int(u) for u in unit))
    if smaller is None:
        return None, unit, unit
    return smaller, space.monomials.find(smaller.exponents + unit), smaller.exponents[:, i] + 1


@lru_cache(maxsize=256)
def _raised(space: Space, i: int) -> tuple[Space, np.ndarray, np.ndarray, np.ndarray]:
    """The space of an antiderivative in variable i, its terms with i, where they come from, and their divisors."""
    unit = np.eye(len(space.names), dtype=np.int16)[i]
    larger = space.shifted(tuple(int(u) for u in unit))
    assert larger is not None
    inside = np.flatnonzero(larger.exponents[:, i])
    return larger, inside, space.monomials.find(larger.exponents[inside] - unit), larger.exponents[inside, i]


def _column(factors: np.ndarray, f: MultivariateTaylor) -> np.ndarray:
    """Whole numbers as factors of the coefficients."""
    if f._coefficients.dtype == object:
        out = np.empty(len(factors), object)
        out[:] = factors.tolist()
        return out
    return factors.astype(float).reshape(-1, *[1] * f.ndim)


def integrate(f: MultivariateTaylor, name: str, constant: Any = 0) -> MultivariateTaylor:
    """The antiderivative in ``name`` whose terms without ``name`` are ``constant``, a number."""
    i = f._space.index(name)
    if isinstance(constant, (MultivariateTaylor, Taylor)) or not is_operand(constant):
        raise MixedRingError("the constant of integration is a number; add a polynomial to the result instead")
    larger, inside, places, divisors = _raised(f._space, i)
    out = GradedRing(f._ring, larger.monomials).empty(len(larger))
    out[inside] = f._coefficients[places] / _column(divisors, f)
    found = _make(larger, f._ring, out)
    return found if type(constant) is int and constant == 0 else found + constant


# ---------------------------------------------------------------------- values
def evaluate(f: MultivariateTaylor, offsets: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """f at offsets, one for each variable: numbers, arrays that broadcast, polynomials or Taylor series.

    They may come as one sequence. An exact polynomial at a float is a float, as it is for one variable.

    Raises DomainError for offsets that are missing, not finite, or series with a constant term, NotRepresentableError
    where floats overflow. Cost: M multiplications (of polynomials, for a composition).
    """
    found = _complete(f._space, offsets, named)
    c = f._coefficients
    if c.ndim == 1 and c.dtype != object and all(type(d) is float for d in found):
        with np.errstate(all="ignore"):
            value = (c @ _powers(f._space.monomials, np.array(found)[:, None])[:, 0]).item()
        if value - value == 0:  # the usual case; what is not finite is looked at below
            return value
    if any(isinstance(d, MultivariateTaylor) for d in found):
        if any(isinstance(d, Taylor) for d in found):
            raise MixedRingError("offsets are Taylor series or polynomials in several variables, not both")
        return _compose(f, found)
    if any(isinstance(d, Taylor) for d in found):
        return _at_series(f, found)
    found = [np.asarray(d) if isinstance(d, (list, tuple)) else d for d in found]
    if f._ring.exact:
        f = _over(f, ring_named(ring_of(found).name))
    if isinstance(f._ring, ArrayRing) and all(isinstance(ring_of([d]), ArrayRing) or _whole(d) for d in found):
        return _at_floats(f, found)
    _, ring, (c, *d) = common((f, *found))
    value = _horner(f, c, d, len(c)) + ring.zero()
    if isinstance(value, Interval) and any(x.lo < x.hi for x in d):  # even powers are not negative in the sum of terms
        return value & sum(
            (c[i] * prod(x**e for x, e in zip(d, f.exponents[i].tolist(), strict=True)) for i in f._places()),
            start=ring.zero(),
        )
    return value


def _whole(d: Any) -> bool:
    return ring_of([d]).exact


def _over(f: MultivariateTaylor, ring: Ring) -> MultivariateTaylor:
    """An exact polynomial with its coefficients rounded to, or enclosed in, another ring."""
    if ring.exact:
        return f
    out = GradedRing(ring, f._space.monomials).empty(len(f._space))
    out[:] = [ring.lift(c) for c in f._coefficients]
    return _make(f._space, ring, out)


def _complete(space: Space, offsets: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
    """One offset for each variable."""
    for name in named:
        space.index(name)
    if named and offsets:
        raise DomainError("give offsets in order or by name, not both")
    if len(offsets) == 1 < len(space.names) and np.ndim(offsets[0]) and not isinstance(offsets[0], MultivariateTaylor):
        offsets = list(offsets[0])  # all of them in one sequence
    found = [named[n] for n in space.names if n in named] if named else list(offsets)
    if len(found) != len(space.names):
        raise DomainError(
            f"{len(found)} offsets for {len(space.names)} variables ({', '.join(space.names)}); substitute() takes "
            "fewer"
        )
    return found


@lru_cache(maxsize=64)
def _parents(monomials: Monomials) -> tuple[np.ndarray, np.ndarray]:
    """For each monomial its last variable, and the place of the monomial divided by it."""
    e = monomials.exponents
    last = monomials.count - 1 - np.argmax(e[:, ::-1] != 0, axis=1)
    below = e.copy()
    below[np.arange(1, len(e)), last[1:]] -= 1
    return last, monomials.find(below)


@lru_cache(maxsize=64)
def _columns(monomials: Monomials) -> list[np.ndarray]:
    return [np.ascontiguousarray(column, np.intp) for column in monomials.exponents.T]


def _powers(monomials: Monomials, offsets: np.ndarray) -> np.ndarray:
    """The values (M, points) of all monomials at offsets (n, points)."""
    if offsets.shape[1] == 1 and monomials.count <= monomials.order:  # one point: by the powers of each variable
        found = np.ones(monomials.size, offsets.dtype)
        for column, cap, x in zip(_columns(monomials), monomials.caps, offsets[:, 0].tolist(), strict=True):
            powers = np.full(cap + 1, x, offsets.dtype)
            powers[0] = 1
            found *= np.multiply.accumulate(powers)[column]
        return found[:, None]
    last, parent = _parents(monomials)
    values = np.ones((monomials.size, offsets.shape[1]), offsets.dtype)
    for k in range(1, monomials.order + 1):
        block = monomials.block(k)
        values[block] = values[parent[block]] * offsets[last[block]]
    return values


def _at_floats(f: MultivariateTaylor, offsets: list[Any]) -> Any:
    for d, name in zip(offsets, f.names, strict=True):
        if not np.all(np.isfinite(np.asarray(d, complex))):
            raise DomainError(f"the offset must be finite, got {name} = {d}")
    whole = np.broadcast_arrays(np.zeros(f.shape), *(np.asarray(d) for d in offsets))
    dtype = np.result_type(f._coefficients.dtype, *whole)
    shape = whole[0].shape
    points = np.stack([d.reshape(-1) for d in whole[1:]]).astype(dtype)
    c = f._coefficients
    if f.shape:
        pad = (1,) * (len(shape) - f.ndim)
        c = np.broadcast_to(c.reshape(len(c), *pad, *f.shape), (len(c), *shape)).reshape(len(c), -1)
    out = np.empty(points.shape[1], dtype)
    step = max(1, _ROOM // len(c))
    with np.errstate(all="ignore"):
        for begin in range(0, len(out), step):
            here = slice(begin, begin + step)
            values = _powers(f._space.monomials, points[:, here])
            out[here] = c @ values if c.ndim == 1 else np.einsum("mp,mp->p", c[:, here], values)
    if not np.all(np.isfinite(out)):
        raise NotRepresentableError(f"the value overflows {dtype}; use mpmath numbers")
    return out.reshape(shape) if shape else out.item()


def _horner(f: MultivariateTaylor, c: np.ndarray, offsets: Sequence[Any], size: int) -> Any:
    """Σ c_e·offsets^e for the coefficients c of f, over the first ``size`` monomials, by Horner's rule.

    A monomial is reached from what is left of it without its last variable.

    Cost: one product for each monomial that is not the largest multiple of its kind.
    """
    last, parent = _parents(f._space.monomials)
    children: list[list[int]] = [[] for _ in range(size)]
    wanted = [False] * len(c)
    for i in f._places().tolist():
        wanted[i] = True
    for i in range(size - 1, 0, -1):  # what no coefficient needs is not computed
        if wanted[i]:
            wanted[parent[i]] = True
            children[parent[i]].append(i)

    def value(i: int) -> Any:
        total = c[i].item() if isinstance(c[i], np.generic) else c[i]
        for j in children[i]:
            total = offsets[last[j]] * value(j) + total
        return total

    return value(0)


def _compose(f: MultivariateTaylor, inner: list[Any]) -> MultivariateTaylor:
    """f at polynomials; numbers among them are substituted first."""
    numbers = {n: d for n, d in zip(f.names, inner, strict=True) if not isinstance(d, MultivariateTaylor)}
    if numbers:
        f = substitute(f, numbers)
        inner = [d for d in inner if isinstance(d, MultivariateTaylor)]
    for g, name in zip(inner, f.names, strict=True):
        if not np.all(g._ring.is_zero(g._coefficients[0])):
            raise DomainError(
                f"the offset {name} is a polynomial with the constant term {g.constant_term}, so the composition would "
                "be about another point: subtract it, or expand about that point"
            )
    meeting = inner[0]._space
    for g in inner[1:]:
        meeting = meeting.meet(g._space)
    if _keeps(f._space, meeting, inner):
        meeting, size = meeting.meet(f._space), len(f._space)
    else:
        known = (f._space.complete_order + 1) * min(_valuation(g) for g in inner) - 1
        if known < meeting.total_order:
            meeting = meeting.to_order(known)
        size = f._space.monomials.offsets[min(f._space.complete_order, f._space.total_order) + 1]
    near = [g._to(meeting) for g in inner]
    found = _horner(f, f._coefficients, near, size)
    return found if isinstance(found, MultivariateTaylor) else near[0] * 0 + found


def _keeps(space: Space, meeting: Space, inner: Sequence[MultivariateTaylor]) -> bool:
    """Whether what a space with caps or parameters does not keep of f has no part in what it keeps of f(inner).

    That is so where the offsets of the variables under each bound have all their terms under it.
    """
    if space.complete_order == space.total_order or (space.names, space.parameters) != (
        meeting.names,
        meeting.parameters,
    ):
        return False
    return all(
        bool(np.all(g.exponents[g._places()][:, bound].sum(axis=1) > 0))
        for bound in space.bounds()
        for i, g in enumerate(inner)
        if i in bound
    )


def _valuation(g: MultivariateTaylor) -> int:
    """The smallest degree with a coefficient that is not zero (one more than the order if there is none)."""
    places = g._places()
    return int(g.exponents[places[0]].sum()) if len(places) else g._space.total_order + 1


def _at_series(f: MultivariateTaylor, inner: list[Any]) -> Taylor:
    """f along a curve: a series in its parameter."""
    numbers = {n: d for n, d in zip(f.names, inner, strict=True) if not isinstance(d, Taylor)}
    if numbers:
        f = substitute(f, numbers)
        inner = [d for d in inner if isinstance(d, Taylor)]
    for g, name in zip(inner, f.names, strict=True):
        if g.valuation == 0:
            raise DomainError(f"the offset {name} is a series with the constant term {g.constant_term}: subtract it")
    known = (f._space.complete_order + 1) * min(g.valuation for g in inner) - 1
    size = f._space.monomials.offsets[min(f._space.complete_order, f._space.total_order) + 1]
    found = _horner(f, f._coefficients, inner, size)
    total: Taylor = found if isinstance(found, Taylor) else inner[0] * 0 + found
    return total.truncate(known) if known < total.order else total


def substitute(f: MultivariateTaylor, offsets: Mapping[str, Any]) -> Any:
    """See :meth:`MultivariateTaylor.substitute`."""
    for name in offsets:
        f._space.index(name)
    if any(isinstance(d, (MultivariateTaylor, Taylor)) for d in offsets.values()):
        first = next(d for d in offsets.values() if isinstance(d, (MultivariateTaylor, Taylor)))
        if isinstance(first, Taylor):
            raise MixedRingError("a Taylor series for some variables only: give all of them, f(x=…, y=…)")
        return _compose(f, [offsets.get(n, _variable(first, n)) for n in f.names])
    if len(offsets) == len(f.names):
        return evaluate(f, (), offsets)
    if not offsets:
        return f
    smaller = f._space.without(offsets)
    _, ring, (c, *d) = common((f, *offsets.values()))
    gone = [f._space.index(n) for n in offsets]
    left = [i for i in range(len(f.names)) if i not in gone]
    places = smaller.monomials.find(f.exponents[:, left])
    out = GradedRing(ring, smaller.monomials).empty(len(smaller))
    powers = [[ring.lift(1)] for _ in gone]
    for p, i, x in zip(powers, gone, d, strict=True):
        while len(p) <= f._space.caps[i]:
            p.append(p[-1] * x)
    for row, place, coefficient in zip(f.exponents[:, gone].tolist(), places, c, strict=True):
        term = coefficient
        for p, e in zip(powers, row, strict=True):
            term = term * p[e] if e else term
        out[place] = out[place] + term
    return _make(smaller, ring, out)


def _variable(like: MultivariateTaylor, name: str) -> MultivariateTaylor:
    unit = tuple(int(n == name) for n in like.names)
    like._space.index(name)
    out = like._graded().empty(len(like._space))
    out[like._space.place(unit)] = like._ring.lift(1)
    return like._like(out)


def along(f: MultivariateTaylor, directions: Mapping[str, Any]) -> Taylor:
    """The series of f(t·d): coefficient k is the homogeneous part of degree k at d."""
    for name in directions:
        f._space.index(name)
    line = [directions.get(n, 0) for n in f.names]
    _, ring, (c, *d) = common((f, *line))
    order = f._space.complete_order
    if isinstance(ring, ArrayRing):
        whole = np.stack([np.broadcast_to(np.asarray(x, ring.dtype), ring.shape).reshape(-1) for x in d])
        values = _powers(f._space.monomials, whole).reshape(len(c), *ring.shape)
        data = [(c[b] * values[b]).sum(axis=0) for b in map(f._space.monomials.block, range(order + 1))]
        return Taylor(np.array(data))
    sums = [ring.zero() for _ in range(order + 1)]
    degree = f.exponents.sum(axis=1)
    e = f.exponents
    for i in range(f._space.monomials.offsets[order + 1]):
        term = c[i]
        for x, power in zip(d, e[i].tolist(), strict=True):
            for _ in range(power):
                term = term * x
        sums[degree[i]] = sums[degree[i]] + term
    return Taylor(sums)
