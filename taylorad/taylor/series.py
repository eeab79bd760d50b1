"""The Taylor polynomial: c_0 + c_1·t + … + c_K·t^K + O(t^(K+1)), an immutable value with operators.

t is the offset from an expansion point that the series does not store. Coefficients are normalised,
f^(k)/k!. A series is *exact* (order ∞) when it is a polynomial with nothing dropped; otherwise its order K is
what is known, and no operation claims more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from importlib import import_module
from typing import Any, overload

import numpy as np

from taylorad.errors import OrderError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import batch_of, converter, ring_named, ring_of
from taylorad.rings.ring import Ring

__all__ = ["DIRECT", "Taylor", "check_order"]

_new = object.__new__
DIRECT: dict[Any, Any] = {}  # ufuncs already met, as functions of series
Order = int | float  # math.inf for an exact polynomial


def check_order(order: object) -> int:
    """An order as an int; raises OrderError for anything but a whole number ≥ 0."""
    if isinstance(order, (bool, np.bool_)) or not isinstance(order, (int, np.integer)):
        raise OrderError(f"the order must be a whole number, got {order!r} of type {type(order).__name__}")
    if order < 0:
        raise OrderError(f"the order must be ≥ 0, got {order}")
    return int(order)


class Taylor:
    """A truncated Taylor series, or an exact polynomial, in one variable t.

    Parameters
    ----------
    coefficients : sequence or array (K+1, *shape)
        c_0 … c_K, lowest first: ints and Fractions (exact), floats, complex numbers, mpmath numbers or Arb balls.
        A float array with more than one axis is a batch: one series for each point of ``shape``.
    exact : bool
        True for a polynomial of which nothing was dropped (order ∞).

    Raises
    ------
    OrderError for an empty sequence; DomainError for a float coefficient that is not finite;
    MixedRingError where the coefficients do not share a ring.

    Examples
    --------
    >>> from taylorad import Taylor
    >>> Taylor([1.0, 2.0]) * Taylor([1.0, 0.5])
    1.0 + 2.5 t + O(t^2)
    """

    __slots__ = ("_coefficients", "_exact", "_ring", "_tag")
    _coefficients: Any
    _exact: bool
    _ring: Ring
    _tag: int

    def __init__(self, coefficients: Sequence[Any] | np.ndarray, *, exact: bool = False) -> None:
        from taylorad.taylor.construct import ingest

        ring, data = ingest(coefficients)
        self._coefficients, self._ring, self._exact = data, ring, exact
        self._tag = 1 + max(c._tag for c in data) if _nested(ring) else 0  # a variable newer than the coefficients'

    @staticmethod
    def _make(coefficients: Any, ring: Ring, exact: bool = False, tag: int = 0) -> Taylor:
        """A series from a buffer of ``ring``, unchecked: for results of the engine."""
        self = _new(Taylor)
        self._coefficients = coefficients
        self._ring = ring
        self._exact = exact
        self._tag = tag
        return self

    def _like(self, coefficients: Any, exact: bool | None = None) -> Taylor:
        return Taylor._make(coefficients, self._ring, self._exact if exact is None else exact, self._tag)

    # ------------------------------------------------------------------ what it is
    @property
    def coefficients(self) -> Any:
        """c_0 … c_K: a read-only array (K+1, *shape) for floats, a list for other rings. O(K) copy."""
        if isinstance(self._coefficients, np.ndarray):
            view = self._coefficients.view()
            view.flags.writeable = False
            return view
        return list(self._coefficients)

    @property
    def order(self) -> Order:
        """The highest power known: an int, or ``math.inf`` for an exact polynomial."""
        return math.inf if self._exact else len(self._coefficients) - 1

    @property
    def exact(self) -> bool:
        """Whether this is a polynomial of which nothing was dropped."""
        return self._exact

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the batch, ``()`` for a single series."""
        return self._ring.shape if isinstance(self._ring, ArrayRing) else ()

    @property
    def ndim(self) -> int:
        """Number of axes of the batch."""
        return len(self.shape)

    @property
    def constant_term(self) -> Any:
        """c_0: the value at the expansion point."""
        return self._coefficients[0]

    @property
    def valuation(self) -> int:
        """Number of leading coefficients that are exactly zero (at every point of a batch)."""
        if isinstance(self._coefficients, np.ndarray) and self._coefficients[0].any():
            return 0
        for k, c in enumerate(self._coefficients):
            if not np.all(self._ring.is_zero(c)):
                return k
        return len(self._coefficients)

    @property
    def degree(self) -> int:
        """Degree of an exact polynomial (−1 for zero); raises OrderError for a truncated series."""
        if not self._exact:
            raise OrderError(f"a series of order {self.order} has no degree; only exact polynomials do")
        for k in range(len(self._coefficients) - 1, -1, -1):
            if not np.all(self._ring.is_zero(self._coefficients[k])):
                return k
        return -1

    def _coefficient(self, k: int) -> Any:
        if k < len(self._coefficients):
            return self._coefficients[k]
        if self._exact:
            return self._ring.zero() if not self.shape else np.zeros(self.shape, self._coefficients.dtype)
        raise OrderError(f"coefficient {k} is not known: the series has order {self.order}; start with a higher order")

    @overload
    def __getitem__(self, k: int) -> Any: ...
    @overload
    def __getitem__(self, k: slice) -> Any: ...
    def __getitem__(self, k: Any) -> Any:
        """Coefficient k, or a slice of the coefficients; raises OrderError beyond the order."""
        if isinstance(k, slice):
            return self.coefficients[k]
        if isinstance(k, (bool, np.bool_)) or not isinstance(k, (int, np.integer)):
            raise OrderError(f"a coefficient is asked for by a whole number or a slice, got {k!r}")
        if k < 0:
            raise OrderError(f"coefficient {k} does not exist; count from 0")
        return self._coefficient(int(k))

    def __iter__(self) -> Iterator[Any]:
        """The known coefficients, lowest first."""
        return iter(self._coefficients)

    # ------------------------------------------------------------------ derivatives and evaluation
    def derivative(self, k: int) -> Any:
        """The true k-th derivative k!·c_k at the expansion point.

        Raises OrderError beyond the order, and NotRepresentableError where a float result would overflow or its
        coefficient has lost digits to underflow (``ta.derivative(f, x, k)`` recomputes those).
        """
        return _later("factorial").derivative(self, check_order(k))

    def derivatives(self) -> Any:
        """All known derivatives, k = 0 … K: an array (K+1, *shape) for floats, a list for other rings."""
        found = [self.derivative(k) for k in range(len(self._coefficients))]
        return np.array(found) if isinstance(self._coefficients, np.ndarray) else found

    def __call__(self, t: Any) -> Any:
        """The polynomial's value at displacement t (a number, an array or another series), by Horner. O(K)."""
        return _later("calculus").evaluate(self, t)

    def differentiate(self, times: int = 1) -> Taylor:
        """The derivative as a series; each time costs one order. Raises OrderError where none is left."""
        return _later("calculus").differentiate(self, times)

    def integrate(self, constant: Any = 0) -> Taylor:
        """The antiderivative with the given constant term, one order higher."""
        return _later("calculus").integrate(self, constant)

    def compose(self, inner: Taylor) -> Taylor:
        """self(inner(t)); ``inner`` needs constant term 0 unless ``self`` is an exact polynomial. O(K³)."""
        return _later("calculus").compose(self, inner)

    def revert(self) -> Taylor:
        """The compositional inverse: self(revert(t)) = t. Needs c_0 = 0 and c_1 ≠ 0. O(K³)."""
        return _later("calculus").revert(self)

    def shift(self, h: Any) -> Taylor:
        """An exact polynomial about the point h: p(h + t). Raises OrderError for a truncated series."""
        return _later("calculus").shift(self, h)

    def truncate(self, order: int) -> Taylor:
        """The series to a lower (or the same) order; an exact polynomial may be cut at any order."""
        order = check_order(order)
        if order > self.order:
            raise OrderError(f"cannot truncate order {self.order} to {order}: use extend() to claim zeros")
        return self._padded(order)

    def extend(self, order: int) -> Taylor:
        """The series to a higher order, with zeros *claimed* for the unknown coefficients."""
        order = check_order(order)
        if order < self.order and not self._exact:
            raise OrderError(f"cannot extend order {self.order} to {order}: use truncate()")
        return self._padded(order)

    def _padded(self, order: int) -> Taylor:
        return Taylor._make(self._buffer(order), self._ring, False, self._tag)

    def _buffer(self, order: int) -> Any:
        """Coefficients 0 … order; zeros beyond those of an exact polynomial."""
        have = len(self._coefficients) - 1
        if order <= have:
            return self._coefficients if order == have else self._coefficients[: order + 1]
        if isinstance(self._coefficients, np.ndarray):
            out = np.zeros((order + 1, *self._coefficients.shape[1:]), self._coefficients.dtype)
            out[: have + 1] = self._coefficients
            return out
        return [*self._coefficients, *([self._ring.zero()] * (order - have))]

    def astype(self, kind: Any) -> Taylor:
        """The series over other numbers: float, complex, Fraction, mpmath.mpf, flint.arb, ta.interval …

        Each coefficient is converted on its own: rounded to floats, enclosed by balls and intervals; a float becomes
        the fraction that it is. Raises TypeError or MixedRingError where a coefficient is no such number, and
        MixedRingError for batches of other kinds than floats. Cost: K conversions.

        >>> from fractions import Fraction
        >>> import taylorad as ta
        >>> ta.variable(Fraction(1, 4), 2).astype(float)
        0.25 + 1.0 t + O(t^3)
        """
        convert = converter(kind)
        if self.shape:
            found = Taylor(batch_of(self._coefficients, convert), exact=self._exact)
        else:
            data = [c.astype(kind) if isinstance(c, Taylor) else convert(c) for c in self._coefficients]
            found = Taylor(data, exact=self._exact)
        found._tag = self._tag
        return found

    # ------------------------------------------------------------------ parts of complex series (t is real)
    def _map(self, function: Any) -> Taylor:
        if isinstance(self._coefficients, np.ndarray):
            data = function(self._coefficients)
            return Taylor._make(data, ring_named(data.dtype.name, self.shape), self._exact, self._tag)
        data = [function(c) for c in self._coefficients]
        ring = self._ring if _nested(self._ring) else ring_of(data)
        return Taylor._make(data, ring, self._exact, self._tag)

    @property
    def real(self) -> Taylor:
        """The series of the real parts (t real)."""
        return self._map(lambda c: c.real)

    @property
    def imag(self) -> Taylor:
        """The series of the imaginary parts (t real)."""
        return self._map(lambda c: c.imag)

    def conjugate(self) -> Taylor:
        """The series of the conjugates (t real)."""
        return self._map(lambda c: c.conjugate() if hasattr(c, "conjugate") else c)

    conj = conjugate

    # ------------------------------------------------------------------ arithmetic
    def __add__(self, other: object) -> Any:
        return arithmetic.add(self, other)

    def __radd__(self, other: object) -> Any:
        return arithmetic.add(other, self)

    def __sub__(self, other: object) -> Any:
        return arithmetic.subtract(self, other)

    def __rsub__(self, other: object) -> Any:
        return arithmetic.subtract(other, self)

    def __mul__(self, other: object) -> Any:
        return arithmetic.multiply(self, other)

    def __rmul__(self, other: object) -> Any:
        return arithmetic.multiply(other, self)

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

    def __neg__(self) -> Taylor:
        if isinstance(self._coefficients, np.ndarray):
            return self._like(-self._coefficients)
        return self._like([-c for c in self._coefficients])

    def __pos__(self) -> Taylor:
        return self

    def __abs__(self) -> Any:
        return arithmetic.absolute(self)

    # ------------------------------------------------------------------ comparison of constant terms
    def __lt__(self, other: object) -> Any:
        return compare.less(self, other)

    def __gt__(self, other: object) -> Any:
        return compare.less(other, self)

    def __le__(self, other: object) -> Any:
        return compare.less(self, other, True)

    def __ge__(self, other: object) -> Any:
        return compare.less(other, self, True)

    def __bool__(self) -> bool:
        return compare.truth(self)

    def __eq__(self, other: object) -> Any:
        """Equal means: the same order and the same coefficients (a number equals an exact constant only)."""
        return compare.equal(self, other)

    def __hash__(self) -> int:
        # equal numbers of different types are equal, an exact constant equals its number, trailing zeros are nothing
        c = self._coefficients[0]
        first = hash(c) if isinstance(c, (int, float, complex, Fraction, Taylor)) else 0
        return first if self._exact else hash((len(self._coefficients), first))

    def isclose(self, other: object, rtol: float = 1e-9, atol: float = 0.0) -> bool:
        """Whether both have the same order and every coefficient agrees within ``atol + rtol·|other|``."""
        return compare.close(self, other, rtol, atol)

    # ------------------------------------------------------------------ conversions
    def __float__(self) -> float:
        return float(self._scalar("float"))

    def __complex__(self) -> complex:
        return complex(self._scalar("complex"))

    def __int__(self) -> int:
        return int(self._scalar("int"))

    def _scalar(self, wanted: str) -> Any:
        if self._exact and self.degree <= 0 and not self.shape:
            return self._coefficients[0]
        raise TypeError(
            f"a Taylor series has no {wanted}(): use np.sin, ta.sin … instead of math.sin, "
            "or .constant_term for the value at the expansion point"
        )

    def __taylorad_apply__(self, function: Any, args: tuple[Any, ...]) -> Any:
        """What an entry of the book asks of an argument that is not a node: to be applied to it."""
        return _later("apply").apply(function, args)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        direct = DIRECT.get(ufunc)
        if direct is not None and method == "__call__" and len(inputs) == 1 and not kwargs:
            return direct(self)
        return _later("dispatch").array_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _later("dispatch").array_function(function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        """Functions of the book as methods (``x.exp()``), which numpy's object arrays rely on."""
        if not name.startswith("_"):
            found = _later("apply").method(name)
            if found is not None:
                return found.__get__(self)
        raise AttributeError(f"a Taylor series has no attribute {name!r}")

    def to_numpy_polynomial(self) -> np.polynomial.Polynomial:
        """The known coefficients as a ``numpy.polynomial.Polynomial`` (the O(…) term is dropped)."""
        if self.shape:
            raise ValueError(f"a batch of shape {self.shape} is not one polynomial; take one point first")
        return np.polynomial.Polynomial(np.array([complex(c) if self._ring.complex else float(c) for c in self]))

    def to_sympy(self, symbol: Any = None) -> Any:
        """The series as a sympy expression in ``symbol`` (default t), with its O term unless exact."""
        return _later("symbolic").to_sympy(self, symbol)

    def radius(self) -> Any:
        """Estimates of the radius of convergence from the last coefficients; see :class:`taylorad.Radius`."""
        return _later("radius").estimate(self)

    def at(self, index: Any) -> Taylor:
        """One point (or a slice of the points) of a batch, by numpy's index into its shape."""
        data = self._coefficients[(slice(None), *(index if isinstance(index, tuple) else (index,)))]
        return Taylor._make(data, ring_named(self._ring.name, data.shape[1:]), self._exact, self._tag)

    def plot(self, **options: Any) -> Any:
        """Draw the polynomials of several orders; see :func:`taylorad.plot.series` for the options."""
        from taylorad.plot import series

        return series(self, **options)

    def __reduce__(self) -> Any:
        return (_unpickle, (self._coefficients, self._ring, self._exact, self._tag))

    def __copy__(self) -> Taylor:
        return self

    def __deepcopy__(self, memo: Any) -> Taylor:
        return self

    def __repr__(self) -> str:
        return _later("text").text(self)

    def __str__(self) -> str:
        return repr(self)

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def latex(self) -> str:
        """The series as LaTeX."""
        return _later("text").latex(self)


@cache
def _later(module: str) -> Any:
    """A module of this package that builds on the class, loaded when it is first needed."""
    return import_module(f"taylorad.taylor.{module}")


def _unpickle(coefficients: Any, ring: Ring, exact: bool, tag: int) -> Taylor:
    if isinstance(ring, ArrayRing):
        ring = ring_named(ring.name, ring.shape)
    return Taylor._make(coefficients, ring, exact, tag)


def _nested(ring: Ring) -> bool:
    return ring.name == "taylor"


# These modules build on the class and give it its operators.
from taylorad.taylor import arithmetic, compare  # noqa: E402
