"""Definite integrals, enclosed. Rigorous.

Panels: about the middle m of a panel, ∫ f is the integral of the Taylor polynomial of degree p − 1, whose coefficients
are balls, and of a remainder c·(x − m)^p with c in the enclosure of f^(p)/p! over the whole panel (Tucker, *Validated
Numerics*, Princeton 2011, ch. 5). The panel that is least certain is halved until all are certain enough.

Or, for functions that are analytic around the path, Gauss–Legendre quadrature with bounds on ellipses in the complex
plane, by FLINT (Petras 2002; Johansson, "Numerical integration in arbitrary-precision ball arithmetic", ICMS 2018).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from fractions import Fraction
from numbers import Rational
from typing import Any

import numpy as np

from taylorad.book import BOOK
from taylorad.derive import taylor as expand
from taylorad.errors import (
    DomainError,
    MixedRingError,
    SingularExpansionError,
    TayloradError,
    UncertifiedError,
)
from taylorad.rings.integers import magnitude
from taylorad.rings.intervals import Interval
from taylorad.taylor.series import Taylor, check_order
from taylorad.validated.literals import exact

__all__ = ["integrate"]

Function = Callable[[Any], Any]
_FINE = 1024  # power whose size in bits tells a logarithm to three digits
_ORDER = 20
_LEAST = Fraction(1, 1 << 60)  # of the whole path: panels without a bound are not halved further
_NOISE = 16  # bits of a panel's integral that rounding may cost, at most


def integrate(
    f: Function,
    a: Any,
    b: Any,
    *,
    tol: float = 1e-12,
    order: int | None = None,
    weight: Any = (0, 0),
    digits: int | None = None,
    method: str = "taylor",
    panels: int = 20_000,
) -> Any:
    """∫ f(x)·(x − a)^α·(b − x)^β dx from a to b. Rigorous.

    Parameters
    ----------
    f : function of one variable, written as for :func:`taylor`
    a, b : text, int, Fraction or float
        Exact numbers: "1/3" is a third. For b < a the integral is minus that from b to a.
    tol : float > 0
        The width of the result, relative where the integral is above 1.
    order : int ≥ 2, optional
        Order of the panels' remainders; 20, or more for many digits.
    weight : (α, β), each > −1
        Exponents of singularities at the ends: ``integrate(np.cos, 0, 1, weight=("-1/2", 0))`` is ∫ cos(x)/√x dx.
    digits : int, optional
        Instead of ``tol``: how many digits of the result are to be certain.
    method : "taylor" or "gauss"
        "gauss" is faster to many digits, for elementary functions without kinks; it takes no weight.
    panels : int
        How many panels may be spent.

    Returns
    -------
    Interval, or an arb ball where ``digits`` is given.

    Raises UncertifiedError where the tolerance is not reached, with the enclosure so far, or where f is not certainly
    defined inside; DomainError where f certainly is not, and for ends that are infinite (substitute x = 1/u or
    x = u/(1 − u)); MixedRingError where f does not return one real number. Cost of a panel: two runs of the order
    given, over balls.

    >>> import numpy as np
    >>> from taylorad import validated as v
    >>> found = v.integrate(lambda x: np.exp(-x * x), 0, 1, tol=1e-15)
    >>> found.lo <= 0.746824132812427 <= found.hi, found.width < 1e-15
    (True, True)
    """
    low, high = _end(a), _end(b)
    if not isinstance(weight, (tuple, list)) or len(weight) != 2:
        raise DomainError(f"weight is a pair, the exponents at both ends, got {weight!r}")
    first, last = (exact(w) for w in weight)
    if not (first > -1 and last > -1):
        raise DomainError(f"the exponents of the weight must be above −1 for the integral to exist, got {weight}")
    if not tol > 0 or (digits is not None and digits < 1):
        raise DomainError(f"the tolerance must be positive, got {tol if digits is None else digits}")
    wanted = -0.3 * math.frexp(tol)[1] if digits is None else digits
    order = max(_ORDER, int(0.8 * wanted)) if order is None else check_order(order)
    if order < 2:
        raise DomainError(f"the order must be at least 2, got {order}")
    if method not in ("taylor", "gauss"):
        raise DomainError(f"method is 'taylor' or 'gauss', got {method!r}")
    if method == "gauss" and (first or last):
        raise DomainError("method='gauss' takes no weight; leave method out")
    if high < low:
        swapped = integrate(
            f, high, low, tol=tol, order=order, weight=(last, first), digits=digits, method=method, panels=panels
        )
        sign = (-1) ** int(first + last) if (first + last).denominator == 1 else None
        if sign is None:
            raise DomainError("for b < a the weight (x − a)^α·(b − x)^β is not real; swap the ends")
        return swapped * (-sign)
    from taylorad.rings.balls import precision
    from taylorad.rings.interval_ring import from_ball

    bits = max(80, 64 + int(3.33 * wanted))
    with precision(bits):
        if method == "gauss":
            found = _gauss(f, low, high)
        else:
            found = _Panels(f, (low, high), (first, last), order + order % 2, bits).run(tol, digits, panels)
        if digits is not None:
            return found
        enclosed = from_ball(found)
    if enclosed.finite and enclosed.width > max(2 * tol * max(1.0, enclosed.mag), 4 * math.ulp(enclosed.mag)):
        raise UncertifiedError(f"the integral lies in {enclosed}; {tol} was not reached")
    return enclosed


def _end(value: Any) -> Fraction:
    try:
        return exact(value)
    except DomainError as error:
        if "inf" in str(value).lower():
            hint = "substitute x = 1/u or x = u/(1 − u), and prove what lies beyond by hand"
            raise DomainError(f"an end of the integral is {value}, and it must be finite: {hint}") from None
        raise DomainError(f"an end of the integral is no number: {error}") from None


class _Panels:
    """The path in panels, each with a ball around its part of the integral."""

    def __init__(
        self, f: Function, ends: tuple[Fraction, Fraction], weight: tuple[Fraction, Fraction], order: int, bits: int
    ) -> None:
        from taylorad.rings.balls import ball

        self.given, self.order, self.ball = f, order, ball
        (self.a, self.b), (self.first, self.last) = ends, weight
        self.noise = ball(Fraction(1, 1 << (bits - _NOISE)))

    def f(self, x: Any) -> Any:
        """The integrand without its weight: one finite number, or a series of them."""
        given: Any = self.given(x)
        found: Any = given[()] if isinstance(given, np.ndarray) and not given.ndim else given
        number = isinstance(found, (Interval, Rational, float, np.number)) or type(found).__module__.startswith("flint")
        if not number and not (isinstance(found, Taylor) and not found.ndim):
            raise MixedRingError(f"an integrand returns one number; it returned a {type(found).__name__}: {found!r}")
        if isinstance(found, (float, np.floating)) and not np.isfinite(found):
            raise MixedRingError(f"an integrand has finite values; it returned {found!r}")
        return found

    def run(self, tol: float, digits: int | None, most: int) -> Any:
        ball = self.ball
        if self.a == self.b:
            return ball(0)
        heap: list[tuple[float, int, Fraction, Fraction, Any]] = []
        number = 0
        pending = [(self.a, self.b)]
        if self.first or self.last:  # one singular end in each panel
            middle = (self.a + self.b) / 2
            pending = [(self.a, middle), (middle, self.b)]
        goal = ball(Fraction(9, 20)) * ball(tol) if digits is None else ball(Fraction(1, 10**digits))
        while True:
            for left, right in pending:
                part = self.part(left, right)
                heapq.heappush(heap, (-_magnitude(part.rad()), number, left, right, part))
                number += 1
            total: Any = sum((entry[4] for entry in heap), ball(0))
            size = abs(total).lower()
            if total.rad() <= goal * (size if digits is not None or size > 1 else 1):
                return total
            worst, _, left, right, _ = heapq.heappop(heap)
            where = f"on [{float(left)}, {float(right)}]"
            if worst == -math.inf and (number >= most or right - left < (self.b - self.a) * _LEAST):
                raise UncertifiedError(f"f is not certainly bounded {where}; {self.advice(left, right)}")
            rounded = total.rad() < self.noise * sum((abs(entry[4]) for entry in heap), ball(0))
            if number >= most or rounded:
                why = (
                    "what is left is rounding, for the integral may be 0"
                    if rounded
                    else f"what is left is {where}: if f is singular there, split the path there and name it by weight="
                )
                raise UncertifiedError(
                    f"the integral lies in {total}, and the tolerance is not reached with {number} panels; {why}"
                )
            middle = (left + right) / 2
            pending = [(left, middle), (middle, right)]
            # several of the worst at a time, so that sums are not formed for each
            share = magnitude(4 * len(heap) + 4)
            while len(pending) < len(heap) // 4 and -heap[0][0] > _magnitude(total.rad()) - share:
                _, _, left, right, _ = heapq.heappop(heap)
                middle = (left + right) / 2
                pending += [(left, middle), (middle, right)]

    def advice(self, left: Fraction, right: Fraction) -> str:
        """What to do about a panel without a bound: at an end f may grow like a power, whose exponent is estimated."""
        if left != self.a and right != self.b:
            return "split the path there: singularities are for the ends, where weight= names them"
        whole = self.b - self.a
        end, step = (self.a, whole) if left == self.a else (self.b, -whole)
        try:
            points = (self.ball(end + step / 2**k) for k in (30, 28))
            near, far = (abs(self.ball(expand(self.integrand, x, 0)[0]).mid()) for x in points)
            ratio = Fraction(float((near / far).mid())) ** _FINE
            grown = (magnitude(ratio.denominator) - magnitude(ratio.numerator)) / (2 * _FINE)
        except (TayloradError, ArithmeticError, ValueError):
            grown = math.nan
        exponent = Fraction(grown).limit_denominator(12) if math.isfinite(grown) else Fraction(0)
        if abs(grown - exponent) > 1e-3 or not exponent:
            power = "split the path there, or name a singularity with weight="
            return f"{power}; substitute or integrate by parts where it is no power"
        if exponent <= -1:
            return f"it seems to grow like the power {exponent} of the distance, which has no integral"
        exponents = [self.first, self.last]
        exponents[left != self.a] += exponent
        return (
            f"it seems to grow like the power {exponent} of the distance: write f without that factor and give "
            f"weight=('{exponents[0]}', '{exponents[1]}')"
        )

    def part(self, left: Fraction, right: Fraction) -> Any:
        """A ball around the integral over one panel; infinite where nothing is known."""
        try:
            whole, length = self.b - self.a, right - left
            if self.first and left == self.a:
                return self.singular(lambda u: self.f(left + u) * self.power(whole - u, self.last), self.first, length)
            if self.last and right == self.b:
                return self.singular(lambda u: self.f(right - u) * self.power(whole - u, self.first), self.last, length)
            return self.regular(left, right)
        except (UncertifiedError, SingularExpansionError):
            return self.bounded(left, right)

    def integrand(self, x: Any) -> Any:
        return self.f(x) * self.power(x - self.a, self.first) * self.power(self.b - x, self.last)

    def power(self, x: Any, exponent: Fraction) -> Any:
        if exponent.denominator == 1:
            return x ** int(exponent) if exponent else 1
        from taylorad.taylor.apply import apply

        return apply(BOOK["pow"], (x, exponent))

    def regular(self, left: Fraction, right: Fraction) -> Any:
        """The integral of a Taylor polynomial about the middle, and of its remainder."""
        p, ball = self.order, self.ball
        rho = ball((right - left) / 2)
        middle, whole = (left + right) / 2, ball(left).union(ball(right))
        inner = expand(self.integrand, ball(middle), p - 1)
        rest = expand(self.integrand, whole, p)[p]
        total = sum((ball(inner[k]) * rho ** (k + 1) / (k + 1) for k in range(0, p, 2)), ball(0))
        found = 2 * (total + ball(rest) * rho ** (p + 1) / (p + 1))
        if not hasattr(found, "lower"):
            raise MixedRingError("the integrand has complex values; integrate its real and imaginary parts apart")
        return found

    def singular(self, g: Function, exponent: Fraction, length: Fraction) -> Any:
        """∫ u^exponent·g(u) du from 0 to ``length``, g by its Taylor polynomial at 0."""
        p, ball = self.order, self.ball
        h, e = ball(length), ball(exponent)
        inner = expand(g, ball(0), p - 1)
        rest = expand(g, ball(0).union(h), p)[p]
        total = sum((ball(inner[k]) * h**k / (e + k + 1) for k in range(p)), ball(0))
        return h ** (e + 1) * (total + ball(rest) * h**p / (e + p + 1))

    def bounded(self, left: Fraction, right: Fraction) -> Any:
        """The panel's length times the values of f on it: all that is known at a kink."""
        from taylorad.rings.interval_ring import to_ball
        from taylorad.validated.literals import interval

        try:
            value = Interval.enclosing(expand(self.integrand, interval(left, right), 0)[0])
            return to_ball(value) * self.ball(right - left)
        except (UncertifiedError, SingularExpansionError):
            from taylorad.rings.values.paths import unknown

            return unknown()


def _magnitude(x: Any) -> float:
    """log₂ of an exact ball: errors may be larger than floats are."""
    if not x.is_finite():
        return math.inf
    mantissa, exponent = map(int, x.man_exp())
    return magnitude(abs(mantissa)) + exponent


def _gauss(f: Function, a: Fraction, b: Fraction) -> Any:
    from taylorad.rings.analytic import AnalyticRing
    from taylorad.rings.balls import BallRing, ball
    from taylorad.rings.values.paths import path_integral
    from taylorad.run.interpret import run
    from taylorad.series.schedule import schedule
    from taylorad.trace.graph import trace

    plan = schedule(trace(f).of_degree(0).roots)
    if len(plan.roots) != 1:
        raise DomainError("a function that returns one number is needed")
    analytic, complex_, real = AnalyticRing(), BallRing(True), BallRing()

    def at(z: Any, whole: bool) -> Any:
        try:
            if whole:
                return run(plan, analytic, [[z]], 0)[0][0]
            if z.imag == 0:
                return run(plan, real, [[z.real]], 0)[0][0]
            return run(plan, complex_, [[z]], 0)[0][0]
        except TayloradError:
            return None

    found = path_integral(at, ball(a), ball(b))
    if not found.is_finite():
        raise UncertifiedError("the integral is not bounded by complex balls; use method='taylor'")
    return found
