"""Closed intervals of floats: every operation returns an interval that contains the exact result.

Rounding is outward and as tight as floats allow: the error of each sum, product and quotient is computed exactly
(Knuth's TwoSum, Dekker's TwoProduct), and an end moves only where it must. So exact results stay exact, and thin
intervals stay thin. Nothing depends on the processor's rounding mode, which is taken to be to nearest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from math import inf, nextafter
from numbers import Rational
from typing import Any, ClassVar, final

import numpy as np

from taylorad.errors import DomainError, MixedRingError, UncertifiedError
from taylorad.rings.powers import repeated
from taylorad.rings.rounding import MAX, add, bounds, div, error, mul, root, total

__all__ = ["Interval", "dot"]

_WHOLE = 1 << 53  # up to here every integer is a float

# ---------------------------------------------------------------------- the type
@final
class Interval:
    """The closed interval [lo, hi]: all real numbers between two floats, ±∞ allowed as ends.

    Make one with :func:`taylorad.interval`. ``+ − · /`` and whole powers enclose; every function of the book works
    (``np.exp(X)``, ``ta.jv(0, X)``). An int, Fraction or float beside an interval is taken as exactly the number it is.

    ``X < Y`` is True or False where that holds for all their points, and raises UncertifiedError otherwise; ``==``
    compares the sets. An object is one unknown number, so that ``X * X`` is a square: two numbers that are unknown
    apart need two objects, as ``ta.box([X, X])`` makes them. Rigorous. Dividing by an interval that contains 0 raises
    UncertifiedError.
    """

    __slots__ = ("hi", "lo")
    shape: ClassVar[tuple[int, ...]] = ()
    ndim: ClassVar[int] = 0
    lo: float
    hi: float

    def __init__(self, lo: float, hi: float) -> None:
        if not lo <= hi or lo == inf or hi == -inf:
            raise DomainError(f"[{lo}, {hi}] is no interval: it needs lo ≤ hi, and a real number between them")
        object.__setattr__(self, "lo", float(lo) + 0.0)
        object.__setattr__(self, "hi", float(hi) + 0.0)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an interval does not change; make a new one")

    @staticmethod
    def _of(lo: float, hi: float) -> Interval:
        made = _new(Interval)
        _set_lo(made, lo)
        _set_hi(made, hi)
        return made

    @staticmethod
    def enclosing(value: object) -> Interval:
        """The tightest interval around an exact number, or an interval as it is. Raises MixedRingError for others."""
        if isinstance(value, Interval):
            return value
        if type(value) is int and -_WHOLE <= value <= _WHOLE:
            return Interval._of(float(value), float(value))
        if isinstance(value, (bool, np.bool_)):
            raise MixedRingError(f"{value!r} is no number of an interval; give an int, Fraction, float or interval")
        if isinstance(value, np.floating) and value.dtype.itemsize > 8 and np.isfinite(value):  # more bits than a float
            return Interval._of(*bounds(Fraction(*value.as_integer_ratio())))
        if isinstance(value, (float, np.floating)):
            x = float(value)
            if x - x != 0.0:
                raise DomainError(f"{value!r} is not a finite number; give the ends as ta.interval(lo, hi)")
            return Interval._of(x, x)
        if isinstance(value, Rational):
            return Interval._of(*bounds(value))
        raise MixedRingError(
            f"{value!r} of type {type(value).__name__} does not mix with intervals; give an int, Fraction, float or "
            "interval (ta.interval converts text and balls)"
        )

    def fresh(self) -> Interval:
        """The same set as another object: another unknown number, whose product with this one is no square."""
        return Interval._of(self.lo, self.hi)

    # ------------------------------------------------------------------ what it is
    @property
    def mid(self) -> float:
        """A float in the interval near its middle (0 for the whole line)."""
        if self.lo == -inf:
            return 0.0 if self.hi == inf else min(self.hi, -MAX)
        if self.hi == inf:
            return max(self.lo, MAX)
        return self.lo / 2 + self.hi / 2 if self.lo < self.hi else self.lo

    @property
    def rad(self) -> float:
        """A bound for the distance of any point from ``mid``."""
        m = self.mid
        return max(-add(m, -self.hi), -add(self.lo, -m))

    @property
    def width(self) -> float:
        """hi − lo, rounded up."""
        return -add(self.lo, -self.hi)

    @property
    def mag(self) -> float:
        """The largest absolute value."""
        return max(-self.lo, self.hi)

    @property
    def mig(self) -> float:
        """The smallest absolute value."""
        return max(self.lo, -self.hi, 0.0)

    @property
    def thin(self) -> bool:
        """Whether it is one float."""
        return self.lo == self.hi

    @property
    def finite(self) -> bool:
        return self.hi - self.lo < inf or (self.lo > -inf and self.hi < inf)

    def __contains__(self, value: object) -> bool:
        """Whether an exact number, or every point of an interval, lies in it."""
        if isinstance(value, Interval):
            return self.lo <= value.lo and value.hi <= self.hi
        exact = Fraction(value) if isinstance(value, Rational) else value
        return bool(self.lo <= exact <= self.hi)  # type: ignore[operator]  # Python compares exactly

    def interior(self, other: Interval) -> bool:
        """Whether ``other`` lies in the open interval (lo, hi)."""
        return self.lo < other.lo and other.hi < self.hi

    def split(self, at: float | None = None) -> tuple[Interval, Interval]:
        """Two intervals that meet at ``at`` (the middle by default) and cover this one."""
        m = self.mid if at is None else at
        return Interval(self.lo, m), Interval(m, self.hi)

    def meets(self, other: object) -> bool:
        """Whether the two have a point in common."""
        b = Interval.enclosing(other)
        return self.lo <= b.hi and b.lo <= self.hi

    def __and__(self, other: object) -> Interval:
        """The intersection; raises DomainError where it is empty."""
        b = Interval.enclosing(other)
        if not self.meets(b):
            raise DomainError(f"{self} and {b} have no point in common; X.meets(Y) tells beforehand")
        return Interval._of(max(self.lo, b.lo), min(self.hi, b.hi))

    def __or__(self, other: object) -> Interval:
        """The hull of both."""
        b = Interval.enclosing(other)
        return Interval._of(min(self.lo, b.lo), max(self.hi, b.hi))

    __rand__, __ror__ = __and__, __or__

    @staticmethod
    def hull(parts: Iterable[Interval]) -> Interval:
        """The smallest interval around all parts; raises DomainError for none."""
        found = list(parts)
        if not found:
            raise DomainError("the hull of no intervals is empty")
        return Interval._of(min(x.lo for x in found), max(x.hi for x in found))

    # ------------------------------------------------------------------ arithmetic
    def __add__(self, other: object) -> Any:
        b = other if type(other) is Interval else _operand(other)
        return b if b is NotImplemented else Interval._of(add(self.lo, b.lo), -add(-self.hi, -b.hi))

    __radd__ = __add__

    def __sub__(self, other: object) -> Any:
        b = other if type(other) is Interval else _operand(other)
        return b if b is NotImplemented else Interval._of(add(self.lo, -b.hi), -add(-self.hi, b.lo))

    def __rsub__(self, other: object) -> Any:
        b = _operand(other)
        return b if b is NotImplemented else b - self

    def __neg__(self) -> Interval:
        return Interval._of(-self.hi, -self.lo)

    def __pos__(self) -> Interval:
        return self

    def __mul__(self, other: object) -> Any:
        b = other if type(other) is Interval else _operand(other)
        if b is NotImplemented:
            return b
        if b is self:
            return self.square()
        p, q, r, s = self.lo, self.hi, b.lo, b.hi
        if p >= 0:
            return Interval._of(mul(p if r >= 0 else q, r), -mul(-q if s >= 0 else -p, s))
        if q <= 0:
            return Interval._of(mul(p if s >= 0 else q, s), -mul(-q if r >= 0 else -p, r))
        if r >= 0:
            return Interval._of(mul(p, s), -mul(-q, s))
        if s <= 0:
            return Interval._of(mul(q, r), -mul(-p, r))
        return Interval._of(min(mul(p, s), mul(q, r)), -min(mul(-p, r), mul(-q, s)))

    __rmul__ = __mul__

    def square(self) -> Interval:
        """All squares: never negative."""
        near, far = self.mig, self.mag
        return Interval._of(mul(near, near), -mul(-far, far))

    def __truediv__(self, other: object) -> Any:
        b = other if type(other) is Interval else _operand(other)
        if b is NotImplemented:
            return b
        if b.lo <= 0 <= b.hi:
            raise UncertifiedError(f"division by {b}, which contains 0; split it there, or take a smaller interval")
        p, q, r, s = self.lo, self.hi, b.lo, b.hi
        if r < 0:
            p, q, r, s = -q, -p, -s, -r
        return Interval._of(div(p, s if p >= 0 else r), -div(-q, r if q >= 0 else s))

    def __rtruediv__(self, other: object) -> Any:
        b = _operand(other)
        return b if b is NotImplemented else b / self

    def __pow__(self, other: object) -> Any:
        if isinstance(other, (int, np.integer)) and not isinstance(other, bool):
            return _power(self, int(other))
        if isinstance(other, (float, Fraction)) and abs(other) < inf and other == int(other):
            return _power(self, int(other))
        return _later().apply(_later().find("pow"), (self, other))

    def __rpow__(self, other: object) -> Any:
        return _later().apply(_later().find("pow"), (other, self))

    def __mod__(self, other: object) -> Any:
        return _later().apply(_operators().REMAINDER, (self, other))

    def __rmod__(self, other: object) -> Any:
        return _later().apply(_operators().REMAINDER, (other, self))

    def __floordiv__(self, other: object) -> Any:
        return _later().apply(_operators().FLOOR_QUOTIENT, (self, other))

    def __rfloordiv__(self, other: object) -> Any:
        return _later().apply(_operators().FLOOR_QUOTIENT, (other, self))

    def __abs__(self) -> Interval:
        return Interval._of(self.mig, self.mag)

    def root(self) -> Interval:
        """√ of all points; raises UncertifiedError where some are negative."""
        if self.lo < 0:
            raise UncertifiedError(f"the square root of {self}, part of which is negative; intersect it first")
        return Interval._of(root(self.lo), _up_root(self.hi))

    # ------------------------------------------------------------------ comparison
    def __eq__(self, other: object) -> bool:
        if isinstance(other, Interval):
            return self.lo == other.lo and self.hi == other.hi
        return isinstance(other, (int, float, Fraction)) and self.lo == other == self.hi

    def __bool__(self) -> bool:
        """Whether it is not 0; raises UncertifiedError where that holds for some of its points only."""
        if self.lo < 0 < self.hi or (self.lo < self.hi and 0 in (self.lo, self.hi)):
            raise UncertifiedError(f"{self} is 0 at some of its points only; take smaller intervals")
        return self.lo != 0

    def __hash__(self) -> int:
        return hash(self.lo) if self.thin else hash((self.lo, self.hi))

    def _compare(self, other: object, sign: str) -> bool:
        b = Interval.enclosing(other)
        if self.lo > b.hi or (sign == "<" and self.lo >= b.hi):
            return False
        if self.hi < b.lo or (sign == "≤" and self.hi <= b.lo):
            return True
        raise UncertifiedError(f"{self} {sign} {b} holds for some of their points only; take smaller intervals")

    def __lt__(self, other: object) -> bool:
        return self._compare(other, "<")

    def __le__(self, other: object) -> bool:
        return self._compare(other, "≤")

    def __gt__(self, other: object) -> bool:
        return not self._compare(other, "≤")

    def __ge__(self, other: object) -> bool:
        return not self._compare(other, "<")

    # ------------------------------------------------------------------ functions: found by name, a floor above
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        inputs = tuple(Interval.enclosing(x) if type(x) is np.longdouble else x for x in inputs)
        if any(isinstance(x, np.ndarray) for x in inputs):  # element by element; numpy would take an interval apart
            return getattr(ufunc, method)(*(_boxed(x) for x in inputs), **kwargs)
        return import_module("taylorad.taylor.dispatch").array_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return import_module("taylorad.taylor.dispatch").array_function(function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        """Functions of the book as methods (``X.exp()``), which numpy's object arrays rely on."""
        found = None if name.startswith("_") else _later().method(name)
        if found is None:
            raise AttributeError(f"an interval has no attribute {name!r}")
        return found.__get__(self)

    def conjugate(self) -> Interval:
        return self

    @property
    def real(self) -> Interval:
        return self

    @property
    def imag(self) -> Interval:
        return Interval._of(0.0, 0.0)

    def __float__(self) -> float:
        if self.thin:
            return self.lo
        raise TypeError(
            f"{self} is no single number: use np.sin, ta.sin … instead of math.sin; .mid is a float in its middle, .lo "
            "and .hi are its ends"
        )

    def __reduce__(self) -> Any:
        return (Interval, (self.lo, self.hi))

    def __repr__(self) -> str:
        return f"[{self.lo + 0.0!r}, {self.hi + 0.0!r}]"  # no −0.0

    def __format__(self, spec: str) -> str:
        return f"[{self.lo:{spec}}, {self.hi:{spec}}]" if spec else repr(self)


_new = object.__new__
_set_lo = Interval.__dict__["lo"].__set__
_set_hi = Interval.__dict__["hi"].__set__


def _later() -> Any:
    return import_module("taylorad.taylor.apply")


def _operators() -> Any:
    return import_module("taylorad.book.operators")


def _operand(value: object) -> Any:
    """An exact number as an interval; NotImplemented for what has its own arithmetic with intervals."""
    if isinstance(value, (float, int, Fraction, np.floating, np.integer, complex, np.complexfloating, Decimal, str)):
        return Interval.enclosing(value)  # or an error that says what to give
    return NotImplemented


def _boxed(value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value.astype(object)
    out = np.empty((), object)
    out[()] = value
    return out


def _up_root(a: float) -> float:
    s = root(a)
    return s if s == inf or Fraction(s) ** 2 == Fraction(a) else nextafter(s, inf)


def _power(x: Interval, n: int) -> Interval:
    if n < 0:
        return 1 / _power(x, -n)
    if n == 0:
        return Interval._of(1.0, 1.0)
    if n % 2 == 0:
        near, far = x.mig, x.mag
        return Interval._of(repeated(mul, near, n), repeated(_times_up, far, n))
    low = repeated(mul, x.lo, n) if x.lo >= 0 else -repeated(_times_up, -x.lo, n)
    high = repeated(_times_up, x.hi, n) if x.hi >= 0 else -repeated(mul, -x.hi, n)
    return Interval._of(low, high)


def _times_up(x: float, y: float) -> float:
    return -mul(-x, y)


# ---------------------------------------------------------------------- sums of products
def _ends(a: Interval, b: Interval) -> tuple[tuple[float, float], tuple[float, float]]:
    """The least and the greatest product, each as a float and what it lacks."""
    p, q, r, s = a.lo, a.hi, b.lo, b.hi
    if p < 0.0 < q and r < 0.0 < s:
        pairs = [(p, s), (q, r), (p, r), (q, s)]
    elif p >= 0.0:
        pairs = [(p if r >= 0.0 else q, r), (q if s >= 0.0 else p, s)]
    elif q <= 0.0:
        pairs = [(p if s >= 0.0 else q, s), (q if r >= 0.0 else p, r)]
    else:
        pairs = [(p, s), (q, s)] if r >= 0.0 else [(q, r), (p, r)]
    found: list[tuple[float, float]] = []
    for x, y in pairs:
        z = x * y
        e = error(x, y, z)
        if e is None:
            return (_lower(a, b), 0.0), (-_lower(-a, b), 0.0)
        found.append((z, e))
    return min(found), max(found)


def _lower(a: Interval, b: Interval) -> float:
    return min(mul(x, y) for x in (a.lo, a.hi) for y in (b.lo, b.hi))


def dot(a: Sequence[Interval], b: Sequence[Interval]) -> Interval:
    """Σ a_i·b_i, rounded once: the ends are the floats around the exact ones (infinite or huge terms apart)."""
    low: list[float] = []
    high: list[float] = []
    for x, y in zip(a, b, strict=True):
        if x is y:
            near, far = x.mig, x.mag
            for out, value, up in ((low, near, False), (high, far, True)):
                p = value * value
                e = error(value, value, p)
                out += (p, e) if e is not None else (-mul(-value, value) if up else mul(value, value),)
        else:
            least, greatest = _ends(x, y)
            low += least
            high += greatest
    return Interval._of(total(low), -total([-x for x in high]))
