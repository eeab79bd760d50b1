"""How many digits, and numbers that are exactly what they look like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.rings.integers import magnitude

__all__ = ["BITS", "Digits", "complex_parts", "digits", "exact", "exact_row", "size"]

BITS = 3.321928094887362  # of a decimal digit
_SPARE = 10  # digits that are carried beyond those asked for


@final
@dataclass(frozen=True, slots=True)
class Digits:
    """See :func:`digits`."""

    count: int

    @staticmethod
    def of(given: Any) -> Digits:
        """What a user gave; DomainError where it is no precision."""
        if not isinstance(given, Digits):
            raise DomainError(f"precision = {given!r}; say precision=ta.digits(50)")
        return given

    @property
    def bits(self) -> int:
        """Bits of the numbers that are carried."""
        return 1 + int((self.count + _SPARE) * BITS)

    def tolerance(self, name: str, value: Any, dim: int) -> np.ndarray:
        """A tolerance for every component, fractions; 10^−count where none is given. DomainError where it is none."""
        row = [Fraction(1, 10**self.count) if value is None else value] if np.ndim(value) == 0 else list(value)
        found = [exact(x, name) for x in row]
        if len(found) not in (1, dim) or any(x < 0 for x in found):
            raise DomainError(f"{name} = {value} is not a tolerance; give a number ≥ 0, or {dim}")
        if name == "rtol" and any(0 < x < Fraction(1, 10 ** (self.count + 3)) for x in found):
            raise DomainError(f"{name} = {value} is below what {self.count} digits can give; ask for more digits")
        out = np.empty(dim, object)
        out[:] = found if len(found) == dim else found * dim
        return out


def digits(count: int) -> Digits:
    """As ``precision=``: integrate with ``count`` decimal digits, ten more carried. DomainError for less than 1.

    >>> import taylorad as ta
    >>> s = ta.solve_ivp(lambda t, y: -y, (0, 1), [1], precision=ta.digits(30))
    >>> import mpmath
    >>> mpmath.nstr(s.y[0, -1], 30)
    '0.367879441171442321595523770161'
    """
    if int(count) != count or count < 1:
        raise DomainError(f"digits({count!r}): give an integer, at least 1")
    return Digits(int(count))


def exact(value: Any, what: str) -> Fraction:
    """An int, Fraction, float, Decimal, mpmath number, or text such as "0.1" or "1/3", as the number it is.

    DomainError, naming ``what``, for anything else and for what is not finite.
    """
    from taylorad.rings.multiprecision import rational

    try:
        if hasattr(value, "_mpf_"):
            return rational(value)
        if isinstance(value, (int, Fraction, Decimal, str, float)):
            return Fraction(value)
        if isinstance(value, np.generic) and np.isrealobj(value):
            return Fraction(value.item())
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        raise DomainError(f"{what} = {value!r} must be a finite number ({error})") from error
    raise DomainError(f"{what} = {value!r} is not a real number; give an int, Fraction, float, text or mpmath number")


def complex_parts(value: Any, what: str) -> tuple[Fraction, Fraction]:
    """The real and the imaginary part of a number; see :func:`exact`."""
    if hasattr(value, "_mpc_") or isinstance(value, (complex, np.complexfloating)):
        return exact(value.real, what), exact(value.imag, what)
    return exact(value, what), Fraction(0)


def exact_row(values: Any, size: int, what: str) -> list[Any]:
    """``size`` values in a list; DomainError where there are others."""
    row = list(values) if isinstance(values, (Sequence, np.ndarray)) and not isinstance(values, str) else [values]
    if len(row) != size or any(np.ndim(x) for x in row):
        raise DomainError(f"{what} has {len(row)} values; this problem has {size}")
    return row


def size(x: Fraction) -> float:
    """The logarithm of |x| to base 2, to within 0.2, also where x is no float; −inf for 0."""
    return magnitude(x.numerator) - magnitude(x.denominator)
