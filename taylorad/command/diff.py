"""``taylorad diff``: all derivatives of a typed function at a point, in floats, exactly, or to certain digits."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from taylorad.command.digits import Decimal
from taylorad.derive import taylor
from taylorad.errors import ExpressionError, NotRepresentableError, TayloradError, UncertifiedError
from taylorad.expression import Expression, parse
from taylorad.rings.choice import ring_named
from taylorad.taylor.series import Taylor, check_order

__all__ = ["Row", "Table", "table"]

Mode = Literal["float", "digits", "rigorous", "exact"]

_ROUNDS = 8  # times that the precision is doubled
_FLOAT_DIGITS = 17  # that name a float64


@dataclass(frozen=True, slots=True)
class Row:
    """One order: the derivative and the coefficient as text, and how many digits of both are certified."""

    derivative: Any
    coefficient: Any
    certified: int | Literal["exact"] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The answer: a row for each order, and the series that they came from."""

    function: Expression
    at: str
    order: int
    mode: Mode
    note: str
    series: str
    rows: Sequence[Row]

    @property
    def center(self) -> float:
        """The point as a float, for a plot; raises MixedRingError for a complex one."""
        return float(parse(self.at)(0.0))

    @property
    def variable(self) -> str:
        return self.function.variable or "x"

    def text(self) -> str:
        """Three or four columns, with a line above that says what they are."""
        head = ["k", f"derivative of order k at {self.variable} = {self.at}", "coefficient (derivative/k!)"]
        rows = [[str(k), _text(row.derivative), _text(row.coefficient)] for k, row in enumerate(self.rows)]
        if self.mode == "rigorous":
            head.append("certified digits")
            rows = [[*cells, str(row.certified)] for cells, row in zip(rows, self.rows, strict=True)]
        width = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines = ["  ".join(cell.rjust(w) for cell, w in zip(cells, width, strict=True)) for cells in [head, *rows]]
        return "\n".join([f"f({self.variable}) = {self.function.text}: {self.note}", "", *lines])

    def json(self) -> str:
        """The same as one JSON object. Floats are numbers; exact and long numbers are strings."""
        found = {
            "function": self.function.text,
            "variable": self.variable,
            "at": self.at,
            "order": self.order,
            "mode": self.mode,
            "derivatives": [_plain(row.derivative) for row in self.rows],
            "coefficients": [_plain(row.coefficient) for row in self.rows],
        }
        if self.mode == "rigorous":
            found["certified_digits"] = [row.certified for row in self.rows]
        return json.dumps(found, allow_nan=False)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _plain(value: Any) -> Any:
    """For JSON: floats as they are, complex floats as pairs."""
    return [value.real, value.imag] if isinstance(value, complex) else value


def table(text: str, at: str, order: int, mode: Mode = "float", digits: int = 16) -> Table:
    """The derivatives 0 … order of the function ``text`` at the point ``at``.

    ``mode`` says how: "float" in float64 (complex128), "exact" in fractions, "digits" with mpmath until two
    precisions agree to ``digits`` digits, "rigorous" with Arb balls until ``digits`` digits are certain.

    Raises ExpressionError for text that is not an expression, and what the functions of the book raise.
    """
    function, point = parse(text), parse(at)
    if point.variable is not None:
        raise ExpressionError("a point is expected: numbers, pi and e", point.text, point.text.index(point.variable))
    order = check_order(order)
    if digits < 1:
        raise TayloradError(f"at least one digit is needed, got {digits}")
    complex = function.complex or point.complex
    wide = "mpc" if complex else "mpf"

    def expand(ring: str) -> Taylor:
        series = taylor(function, point(ring_named(ring).zero()), order)
        return series.truncate(order)

    if mode == "exact":
        if complex:
            raise TayloradError("--exact knows rational numbers only; use --rigorous for complex ones")
        found = expand("exact")
        series, rows = str(found), [Row(str(found.derivative(k)), str(c), "exact") for k, c in enumerate(found)]
        note = "exact fractions"
    elif mode == "rigorous":
        series, rows = _rigorous(lambda: expand("acb" if complex else "arb"), digits, order)
        note = "Arb balls; every digit is certain (the last one to within one unit)"
    elif mode == "digits":
        series, rows = _settled(lambda: expand(wide), digits, order)
        note = f"mpmath, to {digits} digits on which two precisions agree"
    else:
        found = expand("complex128" if complex else "float64")
        series, rows = str(found), list(_floats(found, lambda: _settled(lambda: expand(wide), _FLOAT_DIGITS, order)[1]))
        note = "complex128" if complex else "float64"
    return Table(function, point.text, order, mode, note, series, rows)


def _floats(series: Taylor, wider: Callable[[], list[Row]]) -> Iterator[Row]:
    """Rows in floats; the few that a float cannot hold, from a wider type."""
    found: list[Row] = []
    for k, c in enumerate(series.coefficients):
        try:
            yield Row(series.derivative(k), c.item())
        except NotRepresentableError:
            found = found or wider()
            yield found[k]


def _precision(kind: Literal["balls", "multiprecision"], bits: int) -> AbstractContextManager[Any]:
    if kind == "balls":
        from taylorad.rings.balls import precision

        return precision(bits)
    from taylorad.rings.multiprecision import working

    return working(bits)


def _bits(digits: int) -> int:
    return math.ceil(digits / 0.30102)


def _precisions(digits: int, order: int) -> Iterator[int]:
    """Working precisions in bits: what the digits and the order suggest, then doubled."""
    bits = _bits(digits) + 64 + 2 * order
    for _ in range(_ROUNDS):
        yield bits
        bits *= 2


def _rigorous(expand: Callable[[], Taylor], digits: int, order: int) -> tuple[str, list[Row]]:
    """Rows from balls; a value that may be 0 at two precisions is shown as 0 within its radius."""
    failure: UncertifiedError | None = None
    series, pairs, maybe_zero = None, [], set[int]()
    for bits in _precisions(digits, order):
        with _precision("balls", bits):
            try:
                series = expand()
            except UncertifiedError as error:
                failure = error
                continue
            pairs = [
                (Decimal.of_ball(series.derivative(k), digits), Decimal.of_ball(c, digits))
                for k, c in enumerate(series.coefficients)
            ]
        poor = {k for k, pair in enumerate(pairs) if any(_short(d, digits) for d in pair)}
        zeros = {k for k in poor if pairs[k][1].holds_zero}
        if poor <= zeros & maybe_zero:
            break
        maybe_zero = zeros
    if series is None:
        assert failure is not None
        raise failure
    rows: list[Row] = []
    for pair in pairs:
        counts = [d.digits for d in pair if d.digits is not None]
        rows.append(Row(*(d.text(digits) for d in pair), certified=min(counts) if counts else "exact"))
    with _precision("balls", _bits(digits)):
        return str(series), rows


def _short(d: Decimal, digits: int) -> bool:
    return d.digits is not None and d.digits <= digits


def _settled(expand: Callable[[], Taylor], digits: int, order: int) -> tuple[str, list[Row]]:
    """Rows from multiprecision numbers, at the first precision that agrees with the one before."""
    before: list[Any] | None = None
    tolerance = Fraction(1, 10 ** (digits + 1))
    for bits in _precisions(digits, order):
        with _precision("multiprecision", bits):
            series = expand()
            found = [x for k, c in enumerate(series.coefficients) for x in (series.derivative(k), c)]
            if before is not None:
                found = [_vanishing(a, b, bits // 2) for a, b in zip(before, found, strict=True)]
                gaps = zip(before, found, strict=True)
                if all(b == 0 or abs(a - b) * tolerance.denominator <= abs(b) for a, b in gaps):
                    texts = [Decimal.of_number(x, digits + 1).text(digits) for x in found]
                    with _precision("multiprecision", _bits(digits)):
                        return str(series), [Row(*pair) for pair in zip(texts[::2], texts[1::2], strict=True)]
            before = found
    raise UncertifiedError(f"{digits} digits do not settle at this point; use --rigorous, which shows what is certain")


def _vanishing(a: Any, b: Any, bits: int) -> Any:
    """0 for a number that shrinks with the unit of the precision: the earlier one was rounding and nothing else."""
    return b * 0 if abs(b) * 2 ** (bits // 2) <= abs(a) else b
