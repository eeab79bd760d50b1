"""``taylorad diff``: all derivatives of a typed function at a point, in floats, exactly, or to certain digits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

from taylorad.command.digits import Decimal, long_integers
from taylorad.derive import taylor
from taylorad.errors import ExpressionError, NotRepresentableError, TayloradError, UncertifiedError
from taylorad.expression import Expression, parse
from taylorad.rings.choice import ring_named
from taylorad.taylor.series import Taylor, check_order

__all__ = ["Mode", "Row", "Table", "table"]

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
        """The point as a float, for a picture; raises TayloradError for a complex one."""
        if self.function.complex or (point := parse(self.at)).complex:
            raise TayloradError("a picture shows a real function near a real point, not a complex one")
        return float(point(0.0))

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


@long_integers()
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
    wide, balls = ("mpc", "acb") if complex else ("mpf", "arb")

    def expand(ring: str) -> Taylor:
        series = taylor(function, point(ring_named(ring).zero()), order)
        return series.truncate(order)

    def wider() -> list[Row]:
        return _settled(lambda: expand(wide), proven, _FLOAT_DIGITS, order)[1]

    def proven() -> Taylor:
        return expand(balls)

    if mode == "exact":
        if complex:
            raise TayloradError("--exact knows rational numbers only; use --rigorous for complex ones")
        found = expand("exact")
        series, rows = str(found), [Row(str(found.derivative(k)), str(c), "exact") for k, c in enumerate(found)]
        note = "exact fractions"
    elif mode == "rigorous":
        series, rows = _rigorous(proven, digits, order)
        note = "Arb balls; every digit is certain (the last one to within one unit)"
    elif mode == "digits":
        series, rows = _settled(lambda: expand(wide), proven, digits, order)
        note = f"mpmath, to {digits} digits on which two precisions agree"
    else:
        found = expand("complex128" if complex else "float64")
        series, rows = str(found), _see_zeros(list(_floats(found, wider)), proven, _FLOAT_DIGITS)
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
    return int(digits / 0.30102) + 1  # log10(2), rounded down


def _precisions(digits: int, order: int) -> Iterator[int]:
    """Working precisions in bits: what the digits and the order suggest, then doubled."""
    bits = _bits(digits) + 64 + 2 * order
    for _ in range(_ROUNDS):
        yield bits
        bits *= 2


def _rigorous(expand: Callable[[], Taylor], digits: int, order: int) -> tuple[str, list[Row]]:
    """Rows from balls, at the first precision that proves all digits; what may be 0 must be small beside the others."""
    failure: UncertifiedError | None = None
    series, pairs = None, []
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
        if all(_certain(pairs, k, i, digits) for k in range(order + 1) for i in (0, 1)):
            break
    if series is None:
        assert failure is not None
        raise failure
    rows: list[Row] = []
    for pair in pairs:
        counts = [d.digits for d in pair if d.digits is not None]
        rows.append(Row(*(d.text(digits) for d in pair), certified=min(counts) if counts else "exact"))
    with _precision("balls", _bits(digits)):
        return str(series), rows


def _certain(pairs: Sequence[tuple[Decimal, Decimal]], k: int, i: int, digits: int) -> bool:
    """Whether all digits are proven, or the number may be 0 and cannot be more than that beside its neighbours."""
    found = pairs[k][i]
    if found.blur is None or (found.digits or 0) > digits:
        return True
    tops = (pair[i].top for pair in pairs[max(0, k - 3) : k + 4] if not pair[i].holds_zero)
    return found.holds_zero and found.blur <= max((top for top in tops if top is not None), default=0) - digits


def _settled(
    expand: Callable[[], Taylor], balls: Callable[[], Taylor], digits: int, order: int
) -> tuple[str, list[Row]]:
    """Rows from multiprecision numbers, at the first precision that agrees with the one before.

    Two runs may agree on a 0 because neither has enough digits to see more: balls have the last word on those.
    """
    before: list[Any] | None = None
    tolerance = 10 ** (digits + 1)
    for bits in _precisions(digits, order):
        with _precision("multiprecision", bits):
            series = expand()
            found = [x for k, c in enumerate(series.coefficients) for x in (series.derivative(k), c)]
            if before is not None:
                found = [_vanishing(a, b, bits // 2) for a, b in zip(before, found, strict=True)]
                if all(b == 0 or abs(a - b) * tolerance <= abs(b) for a, b in zip(before, found, strict=True)):
                    break
            before = found
    else:
        raise UncertifiedError(f"{digits} digits do not settle here; use --rigorous, which shows what is certain")
    texts = [Decimal.of_number(x, digits + 1).text(digits) for x in found]
    rows = [Row(*pair) for pair in zip(texts[::2], texts[1::2], strict=True)]
    rows = _see_zeros(rows, balls, digits)
    with _precision("multiprecision", _bits(digits)):
        return str(series), rows


def _see_zeros(rows: list[Row], balls: Callable[[], Taylor], digits: int) -> list[Row]:
    """The rows, with those that say 0 replaced where balls know better: underflow and cancellation look like zeros."""
    zeros = [k for k, row in enumerate(rows) if row.coefficient in (0, "0")]
    if zeros:
        proven = _rigorous(balls, digits, len(rows) - 1)[1]
        for k in zeros:
            if proven[k].coefficient != "0" and not proven[k].coefficient.startswith("0 "):
                rows[k] = Row(proven[k].derivative, proven[k].coefficient)
    return rows


def _vanishing(a: Any, b: Any, bits: int) -> Any:
    """0 for a number that shrinks with the unit of the precision: the earlier one was rounding and nothing else."""
    return b * 0 if abs(b) * 2 ** (bits // 2) <= abs(a) else b
