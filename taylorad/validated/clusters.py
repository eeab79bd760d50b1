"""Zeros that lie close together or are multiple: where they can be, how many there are, and what of it is proved.

About a point c of an interval X on which f^(k) has no zero, f(c + h) = Σ_{j<k} f_j·h^j + f_k(ξ)·h^k with Taylor
coefficients f_j = f^(j)/j!. Three things follow.

* A zero c + h in X has |h| ≤ 2·max_j (|f_j| / min |f_k(X)|)^(1/(k−j)) (Fujiwara, Tôhoku Math. J. 10, 1916): a cluster
  is narrowed at once to what rounding leaves of it.
* Where f_0 … f_{k−1} are exactly 0, c is a zero of multiplicity k and the only one in X.
* Where f is analytic on the disk of radius r and Σ_{j<k} |f_j|·r^j < min |f_k(disk)|·r^k, f has exactly k zeros there,
  counted with multiplicity (Rouché's theorem; the remainder is h^k times a function that has no zero).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from taylorad.derive import taylor as expand
from taylorad.errors import TayloradError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.validated.derivatives import coefficients
from taylorad.validated.literals import interval

__all__ = ["counted", "exact_zero", "narrowed", "order"]

Function = Callable[[Any], Any]
_MULTIPLE = 8  # derivatives looked at
_BITS = 64  # for each of them: near a zero of multiplicity k, f is that many powers of the distance
_NEWTON = 6
_SIMPLE = 1000  # denominators of fractions that are tried as zeros


def order(f: Function, x: Interval) -> tuple[int, Interval] | None:
    """The least k with f^(k) ≠ 0 on x, and f^(k)/k! there; by Rolle's theorem f has at most k zeros in x. Rigorous.

    None where there is no such k up to 8, or where f has no derivatives.
    """
    try:
        found = coefficients(f, x, _MULTIPLE)
    except UncertifiedError:
        return None
    return next(((k, c) for k, c in enumerate(found) if not c.lo <= 0 <= c.hi), None)


def narrowed(f: Function, x: Interval) -> tuple[Interval | None, int | None] | None:
    """A part of x that holds all its zeros (None where there are none), and the multiplicity where it is one, proved.

    Rigorous. None where no derivative up to the eighth is free of zeros on x.
    """
    from taylorad.rings.balls import ball, precision

    known = order(f, x)
    if known is None or known[0] < 2:
        return None
    k, top = known
    with precision(_BITS * k):
        at = _middle(f, x, k)
        for c in dict.fromkeys((at, Fraction(at).limit_denominator(_SIMPLE))):
            if x.lo <= c <= x.hi and _vanishes(f, c, k):
                return interval(Fraction(c)), k
        below = _at(f, at, k)
        bounds = ((abs(below[j]).upper() / ball(top.mig)).root(k - j) for j in range(k))
        reach = 2 * max((b.upper() for b in bounds), key=float)
        left, right = (ball(at) - reach).lower(), (ball(at) + reach).upper()
    spread = interval(left) | interval(right)
    return (spread & x if spread.meets(x) else None), None


def _at(f: Function, c: Any, k: int) -> list[Any]:
    """f^(j)(c)/j! for j = 0 … k, as balls."""
    from taylorad.rings.balls import ball

    found = expand(f, ball(c), k)
    return [ball(found[j]) for j in range(k + 1)]


def _middle(f: Function, x: Interval, k: int) -> float:
    """A float near the zero of f^(k−1) in x, by Newton's iteration."""
    at = x.mid
    for _ in range(_NEWTON):
        below = _at(f, at, k)
        if below[k].contains(0):
            break
        moved = min(max(float((at - below[k - 1] / (k * below[k])).mid()), x.lo), x.hi)
        if moved == at:
            break
        at = moved
    return at


def _vanishes(f: Function, c: Any, k: int) -> bool:
    """Whether f and its first k − 1 derivatives are certainly exactly 0 at c."""
    try:
        exact = isinstance(c, Fraction) and Fraction(float(c)) != c  # no ball is a point then
        found = list(expand(f, c, k)) if exact else _at(f, c, k)
    except (TayloradError, ArithmeticError):
        return False
    return all(bool(found[j] == 0) for j in range(k))


def exact_zero(f: Function, x: Interval) -> bool:
    """Whether f is exactly 0 at one of the ends of x or at the simplest number near its middle. Rigorous."""
    near = float(Fraction(x.mid).limit_denominator(_SIMPLE))
    for at in (x.lo, x.hi, near):
        try:
            if at in x and Interval.enclosing(f(Interval(at, at))) == Interval(0.0, 0.0):
                return True
        except TayloradError:
            continue
    return False


def counted(f: Function, x: Interval, k: int) -> bool:
    """Whether f certainly has k complex zeros at most a width of x away from its middle. Rigorous."""
    from taylorad.rings.analytic import AnalyticRing
    from taylorad.rings.balls import ball, complex_ball, precision
    from taylorad.rings.interval_ring import to_ball
    from taylorad.run.interpret import run
    from taylorad.series.schedule import schedule
    from taylorad.trace.graph import trace

    if x.thin:
        return False
    with precision(_BITS * k):
        try:
            below = _at(f, x.mid, k)
            spread = to_ball(Interval(-x.width, x.width))
            square, ring = complex_ball(ball(x.mid) + spread, spread), AnalyticRing()
            line = [square, ring.lift(1), *[ring.lift(0)] * (k - 1)]
            top = run(schedule(trace(f).roots), ring, [line], k)[0][k]
        except (TayloradError, ArithmeticError):
            return False
        r = ball(x.width)
        return bool(sum((abs(below[j]) * r**j for j in range(k)), ball(0)) < abs(top).lower() * r**k)
