"""``taylorad enclose``, ``taylorad integrate`` and ``taylorad roots``: proofs about functions that are typed."""

from __future__ import annotations

from typing import Any

from taylorad.errors import DomainError
from taylorad.expression import Expression, parse
from taylorad.rings.intervals import Interval
from taylorad.validated.derivatives import taylor
from taylorad.validated.literals import interval
from taylorad.validated.optimum import range_
from taylorad.validated.quadrature import integrate as integral
from taylorad.validated.zeros import roots as zeros

__all__ = ["enclose", "integrate", "roots"]


def enclose(text: str, on: str, order: int) -> dict[str, Any]:
    """The range of a function over an interval and enclosures of its Taylor coefficients at all points of it."""
    f, x = _function(text), _interval(on)
    found = taylor(f, x, order).coefficients
    try:
        whole = found[0] & range_(f, x, tol=1e-8, boxes=300)
    except ArithmeticError:  # no derivatives, say: the values over the interval stand
        whole = found[0]
    return {"function": f.text, "on": _ends(x), "range": _ends(whole), "coefficients": [_ends(c) for c in found]}


def integrate(text: str, start: str, end: str, tol: float) -> dict[str, Any]:
    """The integral of a function between two exact numbers."""
    f = _function(text)
    found = integral(f, _number(start), _number(end), tol=tol)
    return {"function": f.text, "from": start, "to": end, "integral": _ends(found)}


def roots(text: str, on: str) -> dict[str, Any]:
    """All zeros of a function on an interval, and what was proved of each."""
    f, x = _function(text), _interval(on)
    found = zeros(f, x)
    return {
        "function": f.text,
        "on": _ends(x),
        "zeros": [
            {"box": _ends(r.box), "proved": r.proved, "at_most": r.at_most, "multiplicity": r.multiplicity}
            for r in found
        ],
        "complete": found.complete,
    }


def _function(text: str) -> Expression:
    f = parse(text)
    if f.complex:
        raise DomainError("enclosures are for real functions: leave the imaginary unit out")
    return f


def _interval(text: str) -> Interval:
    """``0,1`` as an interval around both numbers, each exact as typed."""
    ends = [part.strip() for part in text.strip("[] ").split(",")]
    if len(ends) != 2:
        raise DomainError(f"--on needs two numbers, such as 0,1; got {text!r}")
    low, high = (_enclosed(part) for part in ends)
    if low.lo > high.hi:
        raise DomainError(f"--on {ends[0]},{ends[1]} ends before it begins")
    return interval(low, high)


def _number(text: str) -> Any:
    """An exact number; raises DomainError for one that is no fraction, such as pi."""
    value = parse(text)
    if value.variable is not None or value.rational is None:
        raise DomainError(f"{text!r} is not a number as fractions are (0.1, 1/3, 2e-3)")
    return value.rational


def _enclosed(text: str) -> Interval:
    """A number, pi and e among them, between two floats."""
    value = parse(text)
    if value.variable is not None:
        raise DomainError(f"{text!r} is not a number")
    return Interval.enclosing(value(Interval(0.0, 0.0)))


def _ends(x: Interval) -> list[float]:
    return [x.lo + 0.0, x.hi + 0.0]
