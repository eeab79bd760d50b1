"""Taylor models: a polynomial and an interval that together contain a function on a whole box. Rigorous.

f(x) ∈ P(x − c) + R for every x in the domain. The coefficients of P are intervals, so that rounding is in them; what is
cut off, composed or divided away is in R. (Makino & Berz, "Taylor models and other validated functional inclusion
methods", Int. J. Pure Appl. Math. 4, 2003. Relative remainders: Joldeş, *Rigorous Polynomial Approximations and
Applications*, thesis, ENS Lyon 2011, ch. 2.)
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from itertools import product
from numbers import Rational
from typing import Any, final

import numpy as np

from taylorad.book.operators import ABSOLUTE, CONSTANT_POWER, SERIES_POWER
from taylorad.errors import DomainError, MixedRingError, OrderError, UncertifiedError
from taylorad.rings.choice import ring_named
from taylorad.rings.intervals import Interval, dot
from taylorad.taylor.construct import polynomial
from taylorad.taylor.dispatch import array_ufunc
from taylorad.taylor.series import Taylor, check_order
from taylorad.validated.mapping import Box, domain
from taylorad.validated.remainder import joint_remainder, remainder

__all__ = ["TaylorModel"]

Exponents = tuple[int, ...]
Coefficients = Mapping[Exponents, Interval]
_ZERO, _ONE = Interval(0.0, 0.0), Interval(1.0, 1.0)


@final
class TaylorModel:
    """An enclosure of a function on a box by a polynomial about a point in it, and a remainder.

    Make one with :meth:`variable` or :meth:`variables`, and compute with operators and functions (``np.exp(T)``,
    ``T.exp()``). Models of one domain, order and kind mix, and with numbers, which are exact.

    Attributes
    ----------
    domain : tuple of intervals
    center : tuple of floats, the point c
    order : the highest total degree of P
    relative : whether the remainder multiplies (x − c)^(order+1) instead of standing alone (one variable only)

    Immutable. Rigorous: every operation encloses. Cost of a product: the number of pairs of monomials.

    >>> import numpy as np
    >>> from taylorad import validated as v
    >>> T = v.TaylorModel.variable((0, 0.5), order=8)
    >>> f = np.exp(T) / (1 + T)
    >>> f.remainder.width < 2e-5, np.exp(0.3) / 1.3 in f(0.3)
    (True, True)
    """

    __slots__ = ("_bound", "_coefficients", "_remainder", "center", "domain", "order", "relative")
    domain: Box
    center: tuple[float, ...]
    order: int
    relative: bool
    _coefficients: Coefficients
    _remainder: Interval
    _bound: Interval | None

    def __init__(
        self,
        coefficients: Coefficients,
        remainder: Interval,
        domain: Box,
        center: tuple[float, ...],
        order: int,
        relative: bool = False,
    ) -> None:
        for name, value in (
            ("_coefficients", {e: c for e, c in coefficients.items() if c != 0}),
            ("_remainder", remainder),
            ("domain", domain),
            ("center", center),
            ("order", order),
            ("relative", relative),
            ("_bound", None),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Taylor model does not change; make a new one")

    @staticmethod
    def variable(where: Any, order: int, *, center: Any = None, relative: bool = False) -> TaylorModel:
        """The model of x itself on an interval; ``center`` is a float in it, the middle by default."""
        found, single = domain(where)
        if not single:
            raise DomainError("variable is for one interval; use TaylorModel.variables for a box")
        return _variables(found, order, None if center is None else [center], relative)[0]

    @staticmethod
    def variables(where: Sequence[Any], order: int, *, center: Sequence[Any] | None = None) -> tuple[TaylorModel, ...]:
        """The models of x_1 … x_n on a box."""
        found, _ = domain(list(where))
        return _variables(found, order, center, False)

    def __bool__(self) -> bool:
        raise UncertifiedError("a Taylor model is neither true nor false; use np.maximum, ta.sign … for branches")

    # ------------------------------------------------------------------ what it is
    @property
    def offsets(self) -> Box:
        """The domain about the centre: x − c."""
        return tuple(x - c for x, c in zip(self.domain, self.center, strict=True))

    @property
    def polynomial(self) -> Any:
        """P with float coefficients: an exact Taylor in t = x − c for one variable, else a dict {exponents: float}.

        What the coefficients lack is in :attr:`remainder`.
        """
        middles = {e: c.mid for e, c in self._coefficients.items()}
        if len(self.domain) > 1:
            return middles
        return polynomial([middles.get((k,), 0.0) for k in range(max((e[0] for e in middles), default=0) + 1)])

    @property
    def remainder(self) -> Interval:
        """An enclosure of f − P over the domain, P with the float coefficients of :attr:`polynomial`."""
        return self.tail + self._range({e: c - c.mid for e, c in self._coefficients.items()})

    @property
    def tail(self) -> Interval:
        """An enclosure of f − P over the domain, P with its interval coefficients."""
        return self._remainder * _power(self.offsets[0], self.order + 1) if self.relative else self._remainder

    def rounded(self) -> TaylorModel:
        """The model with float coefficients; what they lack goes into the remainder."""
        if self.relative:
            raise UncertifiedError("relative remainders hold no rounding errors; make the model with relative=False")
        thin = {e: Interval(c.mid, c.mid) for e, c in self._coefficients.items()}
        return self._like(thin, self.remainder)

    def coefficient(self, *exponents: int) -> Interval:
        """The enclosure of one coefficient of P."""
        return self._coefficients.get(exponents, _ZERO)

    def terms(self) -> Iterable[tuple[Exponents, Interval]]:
        """The coefficients of P that are not zero, with their exponents."""
        return self._coefficients.items()

    def _range(self, coefficients: Coefficients) -> Interval:
        offsets = self.offsets
        return dot(list(coefficients.values()), [_monomial(offsets, e) for e in coefficients])

    @property
    def _polynomial_bound(self) -> Interval:
        if self._bound is None:
            object.__setattr__(self, "_bound", self._range(self._coefficients))
        assert self._bound is not None
        return self._bound

    @property
    def values(self) -> Interval:
        """An interval that contains all values of f on the domain, found quickly."""
        return self.bound("naive") & self.bound("monotone")

    def bound(self, method: str = "best") -> Interval:
        """An interval that contains all values of f on the domain. Rigorous.

        ``method``: "naive" (monomial by monomial), "monotone" (faces, where partial derivatives have one sign),
        "linear" (the linear part rules out where the least value is not), "quadratic" (tangent planes, where P is
        convex), "bernstein" (coefficients in Bernstein's basis), "divided" (branch and bound), or "best": the
        intersection of all.
        """
        from taylorad.validated.bounders import bound

        return bound(self, method)

    def __call__(self, *where: Any) -> Any:
        """The enclosure of f at a point or on a part of the domain, or composed with models whose values lie in it.

        Raises DomainError or UncertifiedError outside the domain.
        """
        if len(where) != len(self.domain):
            raise DomainError(f"{len(self.domain)} arguments are needed, got {len(where)}")
        if any(isinstance(x, TaylorModel) for x in where):
            return self._composed(where)
        from taylorad.validated.literals import interval

        at = tuple(interval(x) for x in where)
        for x, whole in zip(at, self.domain, strict=True):
            if x not in whole:
                raise DomainError(f"{x} is not inside the domain {whole}; a Taylor model says nothing outside it")
        offsets = tuple(x - c for x, c in zip(at, self.center, strict=True))
        value = dot(list(self._coefficients.values()), [_monomial(offsets, e) for e in self._coefficients])
        return value + (self._remainder * _power(offsets[0], self.order + 1) if self.relative else self._remainder)

    def _composed(self, inner: Sequence[Any]) -> TaylorModel:
        first = next(x for x in inner if isinstance(x, TaylorModel))
        models = [x if isinstance(x, TaylorModel) else first._constant(Interval.enclosing(x).fresh()) for x in inner]
        if self.relative:
            raise UncertifiedError("composition needs absolute remainders; make the outer model with relative=False")
        for model, whole in zip(models, self.domain, strict=True):
            if model.bound("naive") not in whole and model.bound() not in whole:
                raise UncertifiedError(f"the values {model.bound()} may leave the domain {whole} of the outer model")
        steps = [m - c for m, c in zip(models, self.center, strict=True)]
        return _sum_of_powers(first, self._coefficients, steps) + first._constant(_ZERO)._with(self._remainder)

    # ------------------------------------------------------------------ making
    def _with(self, remainder: Interval) -> TaylorModel:
        return self._like(self._coefficients, remainder)

    def _like(self, coefficients: Coefficients, remainder: Interval) -> TaylorModel:
        return TaylorModel(coefficients, remainder, self.domain, self.center, self.order, self.relative)

    def _constant(self, value: Interval) -> TaylorModel:
        return self._like({(0,) * len(self.domain): value}, _ZERO)

    def _lift(self, other: object) -> Any:
        if isinstance(other, TaylorModel):
            if (other.domain, other.center, other.order, other.relative) != (
                self.domain,
                self.center,
                self.order,
                self.relative,
            ):
                raise MixedRingError("Taylor models mix where domain, centre, order and kind are the same")
            return other
        if isinstance(other, (Interval, Rational, float, np.floating)):
            return self._constant(Interval.enclosing(other).fresh())  # in two models it is two unknown numbers
        return NotImplemented

    # ------------------------------------------------------------------ arithmetic
    def __add__(self, other: object) -> Any:
        b = self._lift(other)
        if b is NotImplemented:
            return b
        total = dict(self._coefficients)
        for e, c in b._coefficients.items():
            total[e] = total[e] + c if e in total else c
        return self._like(total, self._remainder + b._remainder)

    __radd__ = __add__

    def __neg__(self) -> TaylorModel:
        return self._like({e: -c for e, c in self._coefficients.items()}, -self._remainder)

    def __pos__(self) -> TaylorModel:
        return self

    def __sub__(self, other: object) -> Any:
        b = self._lift(other)
        return b if b is NotImplemented else self + -b

    def __rsub__(self, other: object) -> Any:
        return -self + other

    def __mul__(self, other: object) -> Any:
        b = self._lift(other)
        if b is NotImplemented:
            return b
        pairs: dict[Exponents, tuple[list[Interval], list[Interval]]] = {}
        for (e, c), (f, d) in product(self._coefficients.items(), b._coefficients.items()):
            left, right = pairs.setdefault(tuple(map(int.__add__, e, f)), ([], []))
            left.append(c)
            right.append(d)
        found = {e: dot(*p) for e, p in pairs.items()}
        kept = {e: c for e, c in found.items() if sum(e) <= self.order}
        cut = self._cut({e: c for e, c in found.items() if sum(e) > self.order})
        r, s = self._remainder, b._remainder
        if r != 0 or s != 0:  # f·g − P·Q = r·g + s·P = r·Q + s·f
            own, other = self._polynomial_bound, b._polynomial_bound
            beside = self.offsets[0] ** (self.order + 1) if self.relative else _ONE
            cut = cut + ((r * (other + s * beside) + s * own) & (r * other + s * (own + r * beside)))
        return self._like(kept, cut)

    __rmul__ = __mul__

    def _cut(self, terms: Coefficients) -> Interval:
        """Terms above the order, as a remainder."""
        if not terms:
            return _ZERO
        if not self.relative:
            return self._range(terms)
        shift = self.order + 1
        return self._range({(e[0] - shift,): c for e, c in terms.items()})

    def __truediv__(self, other: object) -> Any:
        b = self._lift(other)
        if b is NotImplemented:
            return b
        if len(b._coefficients) <= 1 and b._remainder == 0 and sum(next(iter(b._coefficients), (0,))) == 0:
            by = b.coefficient(*(0,) * len(self.domain))
            return self._like({e: c / by for e, c in self._coefficients.items()}, self._remainder / by)
        powers = min((e[0] for e in b._coefficients), default=0) if len(self.domain) == 1 else 0
        if powers and all(e[0] >= powers for e in self._coefficients):
            return self._divided(powers) / b._divided(powers)
        return self * b.through(lambda x: 1 / x)

    def _divided(self, powers: int) -> TaylorModel:
        """The model over (x − c)^powers, which divides its polynomial; of an order lower by as much."""
        if self._remainder != 0 and not self.relative:
            raise UncertifiedError("an absolute remainder is not divided by x − c; make the model with relative=True")
        terms = {(e[0] - powers,): c for e, c in self._coefficients.items()}
        return TaylorModel(terms, self._remainder, self.domain, self.center, self.order - powers, self.relative)

    def __rtruediv__(self, other: object) -> Any:
        b = self._lift(other)
        return b if b is NotImplemented else b / self

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, (TaylorModel, Interval)):
            return compose(SERIES_POWER, (self, exponent))
        if abs(exponent) < math.inf and exponent == int(exponent):
            n = int(exponent)
            if n < 0:
                return 1 / self ** (-n)
            return _sum_of_powers(self, {(n,): _ONE}, [self])
        return compose(CONSTANT_POWER, (self, exponent))

    def __rpow__(self, base: Any) -> Any:
        return compose(SERIES_POWER, (base, self))

    def __abs__(self) -> Any:
        return compose(ABSOLUTE, (self,))

    # ------------------------------------------------------------------ functions
    def __taylorad_apply__(self, function: Any, args: tuple[Any, ...]) -> Any:
        return compose(function, args)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return array_ufunc(ufunc, method, inputs, kwargs)

    def __getattr__(self, name: str) -> Any:
        """Functions of the book as methods, ``T.exp()``."""
        found = None if name.startswith("_") else import_module("taylorad.taylor.apply").method(name)
        if found is None:
            raise AttributeError(f"a Taylor model has no attribute {name!r}")
        return found.__get__(self)

    def through(self, f: Callable[..., Any], *others: TaylorModel) -> TaylorModel:
        """f(T, …) for any function f of as many variables: its Taylor polynomial at the constant terms, and the rest.

        Of several variables for absolute remainders only; raises UncertifiedError where f is not certainly smooth.
        """
        models = [self, *map(self._lift, others)]
        at = [m.coefficient(*(0,) * len(m.domain)).mid for m in models]
        steps = [m - c for m, c in zip(models, at, strict=True)]
        if others:
            if self.relative:
                raise UncertifiedError("functions of several models are there for absolute remainders only")
            terms, rest = joint_remainder(f, at, tuple(m.values for m in models), self.order)
            return _sum_of_powers(self, terms, steps) + self._constant(_ZERO)._with(rest)
        inner, rest = remainder(f, at[0], self.values, self.order, self.relative)
        terms = {(k,): c for k, c in enumerate(inner)}
        if self.relative:
            return _sum_of_powers(self, {**terms, (self.order + 1,): rest}, steps)
        return _sum_of_powers(self, terms, steps) + self._constant(_ZERO)._with(rest)

    # ------------------------------------------------------------------ calculus
    def integrate(self, variable: int = 0) -> TaylorModel:
        """∫ from the centre to x along one variable (its number), to the same order."""
        i = self._number(variable)
        raised = {
            (*e[:i], e[i] + 1, *e[i + 1 :]): c / (e[i] + 1) for e, c in self._coefficients.items()
        }
        kept = {e: c for e, c in raised.items() if sum(e) <= self.order}
        cut = self._cut({e: c for e, c in raised.items() if sum(e) > self.order})
        step = self.offsets[i]
        if self.relative:
            return self._like(kept, cut + self._remainder * step / (self.order + 2))
        return self._like(kept, cut + self._remainder * step)

    def differentiate(self, variable: int = 0) -> TaylorModel:
        """∂f/∂x_i, where f is a polynomial; raises UncertifiedError otherwise: a remainder says nothing of slopes."""
        if self._remainder.mag > 0:
            raise UncertifiedError(
                "the derivative of a Taylor model with a remainder is not known: enclose the derivative of the "
                "function itself (v.taylor), or compute with its formula"
            )
        i = self._number(variable)
        lowered = {(*e[:i], e[i] - 1, *e[i + 1 :]): c * e[i] for e, c in self._coefficients.items() if e[i]}
        return self._like(lowered, _ZERO)

    def _number(self, variable: int) -> int:
        if not 0 <= variable < len(self.domain):
            raise DomainError(f"variable {variable} does not exist; the model has {len(self.domain)}")
        return variable

    def truncate(self, order: int) -> TaylorModel:
        """The model with a polynomial of lower order: higher terms go into the remainder."""
        order = check_order(order)
        if order > self.order:
            raise OrderError(f"cannot raise order {self.order} to {order}: start with a higher order")
        if self.relative:
            shift = order + 1
            high = {(e[0] - shift,): c for e, c in self._coefficients.items() if e[0] > order}
            rest = self._range(high) + self._remainder * _power(self.offsets[0], self.order - order)
        else:
            rest = self._remainder + self._range({e: c for e, c in self._coefficients.items() if sum(e) > order})
        kept = {e: c for e, c in self._coefficients.items() if sum(e) <= order}
        return TaylorModel(kept, rest, self.domain, self.center, order, self.relative)

    def series(self) -> Taylor:
        """The coefficients of P about the centre as a series of intervals (one variable)."""
        if len(self.domain) > 1:
            raise DomainError("a model of several variables is no series in one")
        rows = [self.coefficient(k) for k in range(self.order + 1)]
        return Taylor._make(rows, ring_named("interval"), False)

    def plot(self, **options: Any) -> Any:
        """Draw P and the tube P + R (one variable); see :func:`taylorad.plot.model`."""
        return import_module("taylorad.plot").model(self, **options)

    def __reduce__(self) -> Any:
        return (
            TaylorModel,
            (dict(self._coefficients), self._remainder, self.domain, self.center, self.order, self.relative),
        )

    def __repr__(self) -> str:
        names = ["t"] if len(self.domain) == 1 else [f"t{i + 1}" for i in range(len(self.domain))]
        parts: list[str] = []
        for e, c in sorted(self._coefficients.items(), key=lambda item: (sum(item[0]), item[0][::-1]))[:12]:
            powers = "".join(f" {n}" + (f"^{k}" if k > 1 else "") for n, k in zip(names, e, strict=True) if k)
            parts.append(f"{c.mid!r}{powers}")
        more = " + …" if len(self._coefficients) > 12 else ""
        return f"{' + '.join(parts) or '0'}{more} + {self.remainder}"


def _variables(box: Box, order: int, center: Sequence[Any] | None, relative: bool) -> tuple[TaylorModel, ...]:
    order = check_order(order)
    if order < 1:
        raise OrderError("a Taylor model needs an order ≥ 1")
    at = tuple(x.mid for x in box) if center is None else tuple(map(float, center))
    for c, x in zip(at, box, strict=True):
        if c not in x:
            raise DomainError(f"the centre {c} is not in {x}")
    out: list[TaylorModel] = []
    for i, c in enumerate(at):
        unit = tuple(int(i == j) for j in range(len(box)))
        out.append(TaylorModel({(0,) * len(box): Interval(c, c), unit: _ONE}, _ZERO, box, at, order, relative))
    return tuple(out)


def _power(x: Interval, n: int) -> Interval:
    return x**n if n else _ONE


def _monomial(offsets: Box, exponents: Exponents) -> Interval:
    out = _ONE
    for x, n in zip(offsets, exponents, strict=True):
        if n:
            out = out * x**n
    return out


def _sum_of_powers(like: TaylorModel, terms: Coefficients, steps: Sequence[TaylorModel]) -> TaylorModel:
    """Σ c_e · Π steps_i^{e_i}, by Horner's rule in the first step, then the next."""
    if not steps:
        return like._constant(terms.get((), _ZERO))
    rows: dict[int, dict[Exponents, Interval]] = {}
    for e, c in terms.items():
        rows.setdefault(e[0], {})[e[1:]] = c
    total = like._constant(_ZERO)
    for k in range(max(rows, default=0), -1, -1):
        total = total * steps[0] if total._coefficients or total._remainder != 0 else total
        if k in rows:
            total = total + _sum_of_powers(like, rows[k], steps[1:])
    return total


# functions build on the class and give it its powers
from taylorad.validated.composition import compose  # noqa: E402
