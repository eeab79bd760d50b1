"""Truncated Taylor polynomials in several named variables: immutable values with operators.

The variables are offsets from an expansion point that the polynomial does not store. Coefficients are normalised,
∂^e f/e!, where e! is e_1!·…·e_n!. The polynomial's :class:`~taylorad.multivariate.space.Space` says which of them are
known; no operation claims more. The recurrences are those of one variable, with homogeneous parts for coefficients
(see :mod:`taylorad.rings.graded`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError, OrderError
from taylorad.multivariate.space import Space
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import batch_of, converter, ring_named, ring_of
from taylorad.rings.graded import GradedRing
from taylorad.rings.ring import Ring
from taylorad.taylor.nested import NESTED
from taylorad.taylor.series import Taylor, check_order

__all__ = ["MultivariateTaylor"]

_new = object.__new__


@final
class MultivariateTaylor:
    """A polynomial in the variables of a space, of which nothing beyond the space is known.

    Parameters
    ----------
    space : Space
        The variables and the monomials that are known (``x.space`` of an existing polynomial).
    coefficients : mapping or array
        Exponents → normalised coefficient, zero where there is none, or all coefficients (M, *shape) in the order of
        ``space.exponents``: ints and Fractions (exact), floats, complex numbers, mpmath numbers, intervals or Arb
        balls. Float coefficients with a shape are a batch: one polynomial for each point.

    Raises
    ------
    OrderError for exponents that the space does not keep or a wrong number of coefficients; DomainError for floats
    that are not finite; MixedRingError where coefficients do not share a ring.

    Examples
    --------
    >>> import numpy as np, taylorad as ta
    >>> x, y = ta.variables([0.0, 1.0], order=2, names="x y")
    >>> x * y
    1.0 x + 1.0 x y + O((x, y)^3)
    >>> (np.exp(x) / y)[1, 1]
    -1.0
    """

    __slots__ = ("_coefficients", "_ring", "_space")
    _coefficients: np.ndarray
    _ring: Ring
    _space: Space
    __array_priority__ = 1000

    def __init__(self, space: Space, coefficients: Mapping[tuple[int, ...], Any] | Any) -> None:
        size = len(space)
        if isinstance(coefficients, Mapping):
            given: Mapping[tuple[int, ...], Any] = coefficients
            places = [space.place(space.exponent(e)) for e in given]
            ring, data = _ingest(list(given.values()) or [0])
            full = GradedRing(ring, space.monomials).empty(size)
            full[places] = data[: len(places)]
        else:
            ring, full = _ingest(coefficients)
            if len(full) != size:
                raise OrderError(f"{len(full)} coefficients for a space that keeps {size}: {space.describe()}")
        self._space, self._ring, self._coefficients = space, ring, full

    @staticmethod
    def _make(space: Space, ring: Ring, coefficients: np.ndarray) -> MultivariateTaylor:
        """A polynomial from the coefficients of an engine, unchecked."""
        self = _new(MultivariateTaylor)
        self._space, self._ring, self._coefficients = space, ring, coefficients
        return self

    # ------------------------------------------------------------------ what it is
    @property
    def space(self) -> Space:
        """The variables, and the monomials whose coefficients are known."""
        return self._space

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the variables."""
        return self._space.names

    @property
    def order(self) -> int:
        """The largest degree in the variables that is kept."""
        return self._space.order

    @property
    def exponents(self) -> np.ndarray:
        """The monomials in the order of the coefficients: (M, n)."""
        return self._space.exponents

    @property
    def coefficients(self) -> Any:
        """All coefficients: a read-only array (M, *shape) for floats, a list for other rings."""
        if self._coefficients.dtype == object:
            return self._coefficients.tolist()
        view = self._coefficients.view()
        view.flags.writeable = False
        return view

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the batch, ``()`` for a single polynomial."""
        return self._coefficients.shape[1:]

    @property
    def ndim(self) -> int:
        """Number of axes of the batch."""
        return self._coefficients.ndim - 1

    @property
    def constant_term(self) -> Any:
        """The value at the expansion point."""
        return _plain(self._coefficients[0])

    def __getitem__(self, exponents: Any) -> Any:
        """A normalised coefficient: ``f[2, 1]`` is that of x²y. Raises OrderError where it is not known."""
        given = exponents if isinstance(exponents, tuple) else (exponents,)
        return _plain(self._coefficients[self._space.place(self._space.exponent(given))])

    def __iter__(self) -> Any:
        raise TypeError("a polynomial in several variables is no sequence: take .coefficients and .exponents")

    def terms(self) -> dict[tuple[int, ...], Any]:
        """Exponents → coefficient, without those that are exactly zero."""
        places = self._places()
        rows = self.exponents[places].tolist()
        return {tuple(e): _plain(self._coefficients[i]) for e, i in zip(rows, places, strict=True)}

    def homogeneous(self, degree: int) -> MultivariateTaylor:
        """The part of one degree: f = f.homogeneous(0) + f.homogeneous(1) + …"""
        block = (
            self._space.monomials.block(min(check_order(degree), self._space.total_order + 1))
            if degree <= self._space.total_order
            else slice(0, 0)
        )
        out = self._graded().empty(len(self._space))
        out[block] = self._coefficients[block]
        return self._like(out)

    # ------------------------------------------------------------------ derivatives
    def derivative(self, *exponents: int, **named: int) -> Any:
        """A true partial derivative at the expansion point: ``f.derivative(x=2, y=1)`` or ``f.derivative(2, 1)``."""
        return _later("calculus").derivative(self, self._space.exponent(exponents, named))

    def derivatives(self) -> dict[tuple[int, ...], Any]:
        """Exponents → true partial derivative, all that are known."""
        rows = self.exponents.tolist()
        return {tuple(e): _later("calculus").derivative(self, tuple(e)) for e in rows}

    def gradient(self) -> Any:
        """The first derivatives at the expansion point: an array (n, *shape)."""
        return _later("calculus").gradient(self)

    def hessian(self) -> Any:
        """The second derivatives at the expansion point: a symmetric array (n, n, *shape)."""
        return _later("calculus").hessian(self)

    def differentiate(self, *names: str) -> MultivariateTaylor:
        """The partial derivative as a polynomial, one order less for each name: ``f.differentiate("x", "y")``."""
        return _later("calculus").differentiate(self, names)

    def integrate(self, name: str, constant: Any = 0) -> MultivariateTaylor:
        """The antiderivative in one variable that is ``constant`` where its offset is 0, one order more."""
        return _later("calculus").integrate(self, name, constant)

    # ------------------------------------------------------------------ values
    def __call__(self, *offsets: Any, **named: Any) -> Any:
        """The polynomial at offsets from the expansion point, one for each variable, in order, in a list or by name.

        Numbers and arrays give values; polynomials without constant term, and Taylor series without one, give the
        composition. The remainder is not included.
        """
        return _later("calculus").evaluate(self, offsets, named)

    def substitute(self, **offsets: Any) -> Any:
        """Some variables replaced by offsets (numbers, or polynomials in the same space without constant term).

        With numbers the result is a polynomial in the other variables; what the space does not keep is missing in
        all of its coefficients, unless the number is 0.
        """
        return _later("calculus").substitute(self, offsets)

    def compose(self, *inner: MultivariateTaylor) -> MultivariateTaylor:
        """f(g_1, …, g_n), for polynomials g_i without constant term."""
        return _later("calculus").evaluate(self, inner, {})

    def truncate(self, order: int) -> MultivariateTaylor:
        """The polynomial up to a lower degree in its variables; that in its parameters stays."""
        order = check_order(order)
        if order > self.order:
            raise OrderError(f"cannot truncate order {self.order} to {order}: the coefficients are not known")
        return self._to(self._space.of_order(order))

    def at(self, index: Any) -> MultivariateTaylor:
        """One point (or a slice of the points) of a batch, by numpy's index into its shape."""
        data = self._coefficients[(slice(None), *(index if isinstance(index, tuple) else (index,)))]
        return MultivariateTaylor._make(self._space, ring_named(self._ring.name, data.shape[1:]), data)

    def to_taylor(self, **directions: Any) -> Taylor:
        """The series in t along a straight line: each variable's offset is its direction times t (0 if not named)."""
        return _later("calculus").along(self, directions)

    def astype(self, kind: Any) -> MultivariateTaylor:
        """The polynomial over other numbers: float, Fraction, flint.arb …; see :meth:`taylorad.Taylor.astype`."""
        convert = converter(kind)
        if self.shape:
            return MultivariateTaylor(self._space, batch_of(self._coefficients, convert))
        data = [c.astype(kind) if isinstance(c, Taylor) else convert(c) for c in self._coefficients]
        return MultivariateTaylor(self._space, data)

    # ------------------------------------------------------------------ for the other modules
    def _places(self) -> np.ndarray:
        """Where the coefficients are that are not exactly zero."""
        c = self._coefficients
        if c.dtype != object:
            return np.flatnonzero((c != 0).reshape(len(c), -1).any(axis=1))
        return np.flatnonzero([not self._ring.is_zero(x) for x in c])

    def _graded(self) -> GradedRing:
        return GradedRing(self._ring, self._space.monomials)

    def _like(self, coefficients: np.ndarray) -> MultivariateTaylor:
        return MultivariateTaylor._make(self._space, self._ring, coefficients)

    def _to(self, space: Space) -> MultivariateTaylor:
        """The part of it in a smaller space of the same variables."""
        if space is self._space:
            return self
        return MultivariateTaylor._make(space, self._ring, self._coefficients[space.places_in(self._space)])

    def _map(self, function: Any) -> MultivariateTaylor:
        if self._coefficients.dtype != object:
            data = function(self._coefficients)
            return MultivariateTaylor._make(self._space, ring_named(data.dtype.name, self.shape), data)
        return MultivariateTaylor(self._space, [function(c) for c in self._coefficients])

    @property
    def real(self) -> MultivariateTaylor:
        """The polynomial of the real parts (real offsets)."""
        return self._map(lambda c: c.real)

    @property
    def imag(self) -> MultivariateTaylor:
        """The polynomial of the imaginary parts (real offsets)."""
        return self._map(lambda c: c.imag)

    def conjugate(self) -> MultivariateTaylor:
        """The polynomial of the conjugates (real offsets)."""
        return self._map(lambda c: c.conjugate() if hasattr(c, "conjugate") else c)

    conj = conjugate

    # ------------------------------------------------------------------ arithmetic
    def __add__(self, other: object) -> Any:
        return arithmetic.add(self, other)

    __radd__ = __add__

    def __sub__(self, other: object) -> Any:
        return arithmetic.subtract(self, other)

    def __rsub__(self, other: object) -> Any:
        return arithmetic.subtract(other, self)

    def __mul__(self, other: object) -> Any:
        return arithmetic.multiply(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Any:
        return arithmetic.divide(self, other)

    def __rtruediv__(self, other: object) -> Any:
        return arithmetic.divide(other, self)

    def __pow__(self, other: object) -> Any:
        return arithmetic.power(self, other)

    def __rpow__(self, other: object) -> Any:
        return arithmetic.power(other, self)

    def __mod__(self, other: object) -> Any:
        return arithmetic.remainder(self, other)

    def __rmod__(self, other: object) -> Any:
        return arithmetic.remainder(other, self)

    def __floordiv__(self, other: object) -> Any:
        return arithmetic.floor_divide(self, other)

    def __rfloordiv__(self, other: object) -> Any:
        return arithmetic.floor_divide(other, self)

    def __neg__(self) -> MultivariateTaylor:
        return self._like(-self._coefficients)

    def __pos__(self) -> MultivariateTaylor:
        return self

    def __abs__(self) -> Any:
        return arithmetic.absolute(self)

    # ------------------------------------------------------------------ comparison: as one-variable series do
    def __lt__(self, other: object) -> Any:
        return compare.less(self, other)

    def __gt__(self, other: object) -> Any:
        return compare.less(other, self)

    def __le__(self, other: object) -> Any:
        return compare.less(self, other)

    def __ge__(self, other: object) -> Any:
        return compare.less(other, self)

    def __bool__(self) -> bool:
        return compare.truth(self)

    def __eq__(self, other: object) -> Any:
        """Equal means: the same space and the same coefficients. A number equals none: it is known to all orders."""
        return compare.equal(self, other)

    def __hash__(self) -> int:
        return hash((self._space, self.shape))

    def isclose(self, other: MultivariateTaylor, rtol: float = 1e-9, atol: float = 0.0) -> bool:
        """Whether both have the same space and every coefficient agrees within ``atol + rtol·|other|``."""
        return compare.close(self, other, rtol, atol)

    # ------------------------------------------------------------------ numpy and the book
    def __taylorad_apply__(self, function: Any, args: tuple[Any, ...]) -> Any:
        return apply.direct(function)(*args)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        known = apply.DIRECT.get(ufunc)
        if known is not None and method == "__call__" and len(inputs) == 1 and not kwargs:
            return known(self)
        return apply.array_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return apply.array_function(function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        """Functions of the book as methods (``f.exp()``), which numpy's object arrays rely on."""
        if not name.startswith("_"):
            found = apply.method(name)
            if found is not None:
                return found.__get__(self)
        raise AttributeError(f"a polynomial in several variables has no attribute {name!r}")

    def __float__(self) -> float:
        raise TypeError(
            "a polynomial in several variables has no float(): use np.sin, ta.sin … instead of math.sin, "
            "or .constant_term for the value at the expansion point"
        )

    # ------------------------------------------------------------------ text, copies
    def __reduce__(self) -> Any:
        return (_unpickle, (self._space, self._ring, self._coefficients))

    def __copy__(self) -> MultivariateTaylor:
        return self

    def __deepcopy__(self, memo: Any) -> MultivariateTaylor:
        return self

    def __repr__(self) -> str:
        return _later("text").text(self)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def latex(self) -> str:
        """The polynomial as LaTeX."""
        return _later("text").latex(self)


@cache
def _later(module: str) -> Any:
    return import_module(f"taylorad.multivariate.{module}")


def _plain(c: Any) -> Any:
    """A numpy scalar as a Python number."""
    return c.item() if isinstance(c, np.generic) else c


def _unpickle(space: Space, ring: Ring, coefficients: np.ndarray) -> MultivariateTaylor:
    if isinstance(ring, ArrayRing):
        ring = ring_named(ring.name, ring.shape)
    return MultivariateTaylor._make(space, ring, coefficients)


def _ingest(coefficients: Any) -> tuple[Ring, np.ndarray]:
    """Check and convert what a user gives as coefficients."""
    if isinstance(coefficients, np.ndarray) and coefficients.dtype.kind in "iufc":
        ring = ring_of([coefficients[0]])
        data = np.array(coefficients, ring.dtype)  # type: ignore[attr-defined]
    else:
        values = list(coefficients)
        ring = NESTED if any(isinstance(v, Taylor) for v in values) else ring_of(values)
        if not isinstance(ring, ArrayRing):
            data = np.empty(len(values), object)
            data[:] = [ring.lift(v) for v in values]
            return ring, data
        data = np.array([np.broadcast_to(ring.lift(v), ring.shape) for v in values], ring.dtype)
    if not np.all(np.isfinite(data)):
        bad = np.argwhere(~np.isfinite(data))[0]
        raise DomainError(f"coefficient {tuple(map(int, bad))} is {data[tuple(bad)]}, not a finite number")
    return ring_named(data.dtype.name, data.shape[1:]), data


# These modules build on the class and give it its operators.
from taylorad.multivariate import apply, arithmetic, compare  # noqa: E402
