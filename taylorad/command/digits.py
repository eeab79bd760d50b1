"""Numbers as decimal text with as many digits as are known, from exact integers alone."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

__all__ = ["Decimal", "long_integers"]


@contextmanager
def long_integers() -> Generator[None]:
    """Let integers of any length be printed: they are results, no input."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(before)


@dataclass(frozen=True, slots=True)
class Decimal:
    """A real number, or the parts of a complex one: each within ``radius``·10^exponent of ``middle``·10^exponent."""

    parts: tuple[tuple[int, int, int], ...]

    @staticmethod
    def of_ball(value: Any, digits: int) -> Decimal:
        """An enclosure of a ball, with ``digits`` digits of the middle or a few more. Rigorous."""
        parts = (value,) if hasattr(value, "mid_rad_10exp") else (value.real, value.imag)
        found = (part.mid_rad_10exp(digits + 5) for part in parts)
        return Decimal(tuple((int(m), int(r), int(e)) for m, r, e in found))

    @staticmethod
    def of_number(value: Any, digits: int) -> Decimal:
        """An mpmath number that is right to ``digits`` digits, one unit of the last one as the radius."""
        parts = [_decimal(part, digits) for part in ((value.real, value.imag) if hasattr(value, "_mpc_") else (value,))]
        top = max((len(str(abs(m))) + e for m, e in parts if m), default=None)
        if top is None:
            return Decimal(tuple((0, 0, 0) for _ in parts))
        unit = top - digits - 1
        return Decimal(tuple((m, 10 ** max(0, unit - e), e) if m else (0, 1, unit) for m, e in parts))

    @property
    def top(self) -> int | None:
        """The number is below 10^top in size, and not far below; None for zero."""
        return max((len(str(abs(m))) + e for m, _, e in self.parts if m), default=None)

    @property
    def blur(self) -> int | None:
        """The error is below 10^blur; None where there is none."""
        return max((len(str(r)) + e for _, r, e in self.parts if r), default=None)

    @property
    def digits(self) -> int | None:
        """How many digits are certain: an error below one unit of the last of them. None: all, the number is exact."""
        if self.blur is None:
            return None
        return 0 if self.top is None else max(0, self.top - self.blur)

    @property
    def holds_zero(self) -> bool:
        """Whether the number may be 0."""
        return all(abs(m) <= r for m, r, _ in self.parts)

    def text(self, digits: int) -> str:
        """At most ``digits`` digits and none that is uncertain (by more than one unit of the last one shown)."""
        if self.top is None or (self.digits is not None and self.digits < 2):
            return "0" if self.blur is None else f"0 +/- 1e{self.blur:+03d}"
        known = digits if self.digits is None else min(digits, self.digits - 1)
        shown = [_written(m, e, self.top, known) for m, _, e in self.parts]
        if self.blur is None:
            shown = [_trimmed(s) for s in shown]
        if len(shown) == 1:
            return shown[0]
        real, imaginary = shown
        return f"{real}{'' if imaginary.startswith('-') else '+'}{imaginary}j"


def _decimal(value: Any, digits: int) -> tuple[int, int]:
    """A real mpmath number as m·10^e, with a few more digits than ``digits``; however large its exponent."""
    from taylorad.rings.balls import dyadic

    sign, mantissa, shift, _ = value._mpf_
    m, _, e = dyadic(-int(mantissa) if sign else int(mantissa), int(shift)).mid_rad_10exp(digits + 5)
    return int(m), int(e)


def _written(middle: int, exponent: int, top: int, digits: int) -> str:
    """middle·10^exponent, a number below 10^top, rounded to ``digits`` digits after that."""
    unit = top - digits
    n = round(middle * Fraction(10) ** (exponent - unit))
    if abs(n) == 10**digits:  # 9.99 has become 10.0
        n, unit = n // 10, unit + 1
    sign, s = "-" if n < 0 else "", str(abs(n))
    point = len(s) + unit
    if n == 0:
        return "0"
    if unit > 0 or not -4 <= point <= 21:
        return f"{sign}{s[0]}{'.' * (len(s) > 1)}{s[1:]}e{point - 1:+03d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{s}"
    return f"{sign}{s[:point]}{'.' * (len(s) > point)}{s[point:]}"


def _trimmed(text: str) -> str:
    mantissa, e, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + e + exponent
