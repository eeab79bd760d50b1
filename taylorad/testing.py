"""Checks for functions that a user writes into the book.

    >>> import taylorad as ta
    >>> @ta.rule(value=lambda f, u: f.exp(2 * u))
    ... def exp_of_twice(u, du, v):
    ...     return 2 * v * du
    >>> ta.testing.assert_rule("exp_of_twice")
    ('arb', 'acb', 'mpf', 'mpc', 'float64', 'complex128', 'fraction')
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.book.entry import Entry, Member, Rule
from taylorad.errors import DomainError, MixedRingError, UncertifiedError, UnsupportedFunctionError
from taylorad.series.node import Leaf, Theta
from taylorad.taylor.apply import apply, find
from taylorad.taylor.series import Taylor, check_order

__all__ = ["assert_rule"]

_POINTS = (0.375, 0.75, 1.25, -0.375, 2.5, 0.0)  # floats that are short fractions, so that every ring has them exactly
_STEP = 64  # bits of the displacement at which a series is compared with the function
_ROOM = 24  # bits to which its coefficients must be the differences of the function
_NATIVE_STEP, _NATIVE_ROOM = 20, 12  # the same where there is no ring but the floats
_ZERO = Fraction(0)
_ULPS = 64  # of float coefficient k: error / ((k+1)·eps·the largest coefficient)


def assert_rule(rule: Any, points: Sequence[Any] | None = None, order: int = 8) -> tuple[str, ...]:
    """Check a function of the book: its differential against its value, in every ring that has one.

    Parameters
    ----------
    rule : what ``@ta.rule`` returned, or a name in the book
    points : list of numbers, or of tuples of arguments and parameters in the order of a call
        Floats or Fractions; each stands for the same exact number in every ring. By default some short fractions,
        of which those outside the domain are left out.
    order : highest coefficient checked

    Returns
    -------
    tuple of str
        The rings in which the function was checked.

    Every term of the differential must have a factor du. In one ring of high precision (balls, else mpmath numbers)
    coefficient k must be what f(u + h) leaves after the lower ones, to 2^−24 of the largest (in floats, where there is
    no other ring, the slope to 2^−12); then the coefficients of every other ring must be those of the first: contained
    in balls, the others to 64·(k+1) units of the largest.
    Raises AssertionError saying which ring, point, output and coefficient is wrong. Not a proof.
    """
    order = check_order(order)
    entry = find(rule) if isinstance(rule, str) else rule
    if entry is None:
        raise AssertionError(f"the book has no function {rule!r}: is the module that registers it imported?")
    whole = entry.entry if isinstance(entry, Member) else entry
    _assert_factors(whole)
    lines = list(_lines(whole, points))
    checked: dict[str, None] = {}
    for line in lines:
        found = _assert_line(whole, line, order)
        if not found and points is not None:
            raise AssertionError(f"{whole.name} has a value at {_shown(line)} in no ring; is the point in its domain?")
        checked.update(dict.fromkeys(found))
    if not checked:
        raise AssertionError(f"{whole.name} has a value in no ring at any of the points {_POINTS}; give points=[…]")
    return tuple(name for name, *_ in _RINGS if name in checked)


def _assert_factors(entry: Entry) -> None:
    """Every term of a differential has a factor du, so that coefficient k of it needs lower ones only."""
    if not isinstance(entry, Rule):
        return
    us = tuple(Leaf.of(i) for i in range(entry.arity))
    vs = tuple(Leaf.of(entry.arity + i) for i in range(len(entry.outputs)))
    ps = tuple(Leaf.of(entry.arity + len(vs) + i, 0) for i in range(len(entry.parameters)))
    for name, node in zip(entry.outputs, entry.differentials(us, tuple(map(Theta.of, us)), vs, ps), strict=True):
        if node.valuation < 1:
            raise AssertionError(
                f"the differential of {name} has a term without a factor du: return the total differential, v·du for "
                "the exponential, not the derivative v"
            )


# ---------------------------------------------------------------------- points and rings
Line = tuple[tuple[Fraction, int], ...]  # for each argument of a call its value, and 1 where t is added


def _lines(entry: Entry, points: Sequence[Any] | None) -> Iterator[Line]:
    """Lines through the points: along every series argument, and along all of them."""
    count = 3 if entry.variadic else entry.arity + len(entry.parameters)
    if points is None:
        points = [tuple(_POINTS[(i + j) % len(_POINTS)] for j in range(count)) for i in range(len(_POINTS))]
    series = tuple(entry.places(count))
    for point in points:
        at = tuple(point) if isinstance(point, (tuple, list)) else (point,)
        if len(at) != count:
            raise AssertionError(f"{entry.name} takes {count} arguments, the point {point!r} has {len(at)}")
        numbers = [Fraction(x) for x in at]
        for moving in {*((i,) for i in series), series}:
            yield tuple((x, int(i in moving)) for i, x in enumerate(numbers))


def _shown(line: Line) -> str:
    return ", ".join(f"{float(x)}{' + t' if d else ''}" for x, d in line)


def _balls(bits: int) -> AbstractContextManager[Any]:
    from taylorad.rings.balls import precision

    return precision(bits)


def _ball(x: Fraction) -> Any:
    from taylorad.rings.balls import BallRing

    return BallRing().lift(x)


def _complex_ball(x: Fraction) -> Any:
    from taylorad.rings.balls import BallRing

    return BallRing(True).lift(x)


def _multiprecision(bits: int) -> AbstractContextManager[Any]:
    from taylorad.rings.multiprecision import working

    return working(bits)


def _mpf(x: Fraction) -> Any:
    from taylorad.rings.multiprecision import MultiprecisionRing

    return MultiprecisionRing().lift(x)


def _mpc(x: Fraction) -> Any:
    from taylorad.rings.multiprecision import MultiprecisionRing

    return MultiprecisionRing(True).lift(x)


def _native(bits: int) -> AbstractContextManager[Any]:
    return nullcontext()


_RINGS: tuple[tuple[str, Callable[[int], AbstractContextManager[Any]], Callable[[Fraction], Any]], ...] = (
    ("arb", _balls, _ball),
    ("acb", _balls, _complex_ball),
    ("mpf", _multiprecision, _mpf),
    ("mpc", _multiprecision, _mpc),
    ("float64", _native, float),
    ("complex128", _native, complex),
    ("fraction", _native, lambda x: x),
)


# ---------------------------------------------------------------------- one line
def _assert_line(entry: Entry, line: Line, order: int) -> list[str]:
    """Check one line in all rings; the names of those that have a value there."""
    bits = (order + 2) * _STEP + 64
    found: dict[str, list[list[Any]]] = {}
    for name, precision, lift in _RINGS:
        with precision(bits):
            try:
                found[name] = _series(entry, line, lift, order)
            except (UnsupportedFunctionError, MixedRingError, DomainError, UncertifiedError):
                continue
            if len(found) == 1:
                _assert_taylor(entry, line, lift, found[name], name)
    if not found:
        return []
    first = next(iter(found))
    with _balls(bits):
        for name, outputs in found.items():
            for label, got, true in zip(_names(entry), outputs, found[first], strict=True):
                _assert_same(f"{name} at {_shown(line)}, {label}", name, got, true)
    return list(found)


def _names(entry: Entry) -> list[str]:
    return [name for name in entry.outputs if not name.startswith("_")]


def _series(
    entry: Entry, line: Line, lift: Callable[[Fraction], Any], order: int, start: Fraction = _ZERO
) -> list[list[Any]]:
    """The coefficients of every output along a line, at t = ``start``."""
    arguments: list[Any] = []
    for x, d in line:
        if d:
            arguments.append(Taylor([lift(x + start), lift(Fraction(1))], exact=True).truncate(order))
        else:
            arguments.append(x if x.denominator == 1 else lift(x))
    outputs = apply(entry, arguments)
    return [list(s._buffer(order)) for s in (outputs if isinstance(outputs, tuple) else (outputs,))]


def _assert_taylor(
    entry: Entry, line: Line, lift: Callable[[Fraction], Any], found: list[list[Any]], ring: str
) -> None:
    """Coefficient k is what the function at a small displacement h leaves after lower ones, divided by h^k."""
    native = ring in ("float64", "complex128")  # no more than the slope can be told from differences of floats
    h = Fraction(1, 2 ** (_NATIVE_STEP if native else _STEP))
    there = [output[0] for output in _series(entry, line, lift, 0, h)]
    for label, coefficients, value in zip(_names(entry), found, there, strict=True):
        rest, largest = value, max(float(abs(_middle(c))) for c in coefficients)
        for k, c in enumerate(coefficients[:2] if native else coefficients):
            left = rest / lift(h) ** k
            if float(abs(_middle(left - c))) > max(largest, 1e-300) * 2.0 ** -(_NATIVE_ROOM if native else _ROOM):
                raise AssertionError(
                    f"{label} at {_shown(line)}: coefficient {k} by its differential is {_text(c)}, by its value at a "
                    f"neighbouring point {_text(left)} (ring {ring}); the differential or the value is wrong"
                )
            rest = rest - c * lift(h) ** k


def _text(x: Any) -> str:
    z = complex(_middle(x))
    return f"{z.real if z.imag == 0 else z:.15g}"


def _middle(x: Any) -> Any:
    return x.mid() if hasattr(x, "mid") else x


def _assert_same(where: str, ring: str, got: Sequence[Any], true: Sequence[Any]) -> None:
    """Coefficients of one ring against those of the first."""
    largest = max(abs(complex(_middle(c))) for c in true)
    for k, (g, t) in enumerate(zip(got, true, strict=True)):
        gap = abs(complex(_middle(g)) - complex(_middle(t)))
        if ring in ("arb", "acb") and hasattr(t, "overlaps"):
            fine = bool((g - t).contains(0)) and gap <= 1e-9 * largest
        else:
            fine = gap <= _ULPS * (k + 1) * np.finfo(float).eps * largest
        if not fine:
            shown, wanted = complex(_middle(g)), complex(_middle(t))
            raise AssertionError(f"{where}: coefficient {k} is {shown:.17g}, in higher precision {wanted:.17g}")
