"""Gaussians and their integrals in machine code that rounds upward: kernels like those of ``reductions``.

Sources: NIST Digital Library of Mathematical Functions, 7.6.1 (the series at 0) and 7.9.1 (the continued fraction, by
whose positive terms every tail t_n = x + ((n+1)/2s)/t_{n+1} lies in [x, x + (n+1)/(2s·x)]).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

from taylorad.rings.values.reductions import about, around, between, clamped, exp_kernel, horner, pick, point, ratio

__all__ = ["ERROR", "NORMAL", "Tail", "density_kernel", "head_kernel", "tail_kernel"]

_TERMS = 26  # of the series at 0 and of the one around the middle
_LEVELS = 200  # of the continued fraction: from ``far`` on, its value is settled to 2⁻⁶⁰
_NOTHING = 40.0  # beyond it everything is below the least number


@final
@dataclass(frozen=True, slots=True)
class Tail:
    """c·∫ e^(−s·t²) dt from x to ∞, which is ``whole`` for x = 0; ``factor`` names c and ``ratio`` c/(2s)."""

    s: Fraction
    whole: Fraction
    factor: str
    ratio: str
    near: Fraction  # below it ``whole`` less the series at 0 …
    far: Fraction  # … beyond it a continued fraction, between them another series; s·far² < 1.28


ERROR = Tail(Fraction(1), Fraction(1), "2 / sqrt pi", "1 / sqrt pi", Fraction(3, 8), Fraction(9, 8))
NORMAL = Tail(Fraction(1, 2), Fraction(1, 2), "1 / sqrt 2pi", "1 / sqrt 2pi", Fraction(17, 32), Fraction(51, 32))


def density_kernel(m: Any, x: Any, tail: Tail) -> Any:
    """c·e^(−s·x²) for x ≥ 0."""
    return _gauss(m, clamped(m, x, 0.0, _NOTHING), tail.s) * about(m, tail.factor)


def tail_kernel(m: Any, x: Any, tail: Tail) -> Any:
    """The tail from x on."""
    w, a = m.w, m.w.abs(x)
    found = tail.whole - _head(m, a, tail)
    found = pick(m, w.test("ogt", a, w.number(float(tail.near), m.lanes)), _middle(m, a, tail), found)
    found = pick(m, w.test("ogt", a, w.number(float(tail.far), m.lanes)), _fraction(m, a, tail), found)
    return pick(m, w.test("olt", x, w.number(0.0, m.lanes)), 2 * tail.whole - found, found)


def head_kernel(m: Any, x: Any, tail: Tail) -> Any:
    """c·∫ e^(−s·t²) dt from 0 to x."""
    w, a = m.w, m.w.abs(x)
    far = w.test("ogt", a, w.number(float(tail.far), m.lanes))
    found = pick(m, far, tail.whole - _fraction(m, a, tail), _head(m, a, tail))
    return pick(m, w.test("olt", x, w.number(0.0, m.lanes)), -found, found)


def _gauss(m: Any, x: Any, s: Fraction) -> Any:
    """e^(−s·x²) = e^(−s·h²)·e^y, h of 26 bits, so that h² is exact, and y = −s·(x − h)·(x + h), |y| < 10⁻⁴.

    e^y = 1 + y + y²·(1/2 + y/6 + R) with |R| ≤ y²·e^|y|/24.
    """
    w, ints = m.w, f"<{m.lanes} x i64>"
    mask = ", ".join([f"i64 {-(1 << 27)}"] * m.lanes)
    kept = w.put(f"and {ints} {w.put(f'bitcast {x.type} {x} to {ints}')}, <{mask}>")
    h = m.real(w.put(f"bitcast {ints} {kept} to {x.type}"))
    first = exp_kernel(m, w.mul(w.mul(h, h), w.number(-float(s), m.lanes)))
    y = point(m, w.add(x, w.neg(h))) * (point(m, x) + point(m, h)) * -s
    rest = around(m, Fraction(1, 10**8) * Fraction(1001, 24000))
    return first * (1 + (y + m.square(y) * (Fraction(1, 2) + y * Fraction(1, 6) + rest)))


def _head(m: Any, a: Any, tail: Tail) -> Any:
    """c·a·(Σ (−s·a²)^n/(n!·(2n + 1)) + R), |R| below the next term: they alternate and fall, for s·a² < 1.28."""
    here = point(m, m.w.min(a, m.w.number(float(tail.far), m.lanes)))
    terms = [about(m, tail.factor, (-tail.s) ** n / (math.factorial(n) * (2 * n + 1))) for n in range(_TERMS)]
    rest = Fraction(128, 100) ** _TERMS / (math.factorial(_TERMS) * (2 * _TERMS + 1))  # and c < 2
    return here * (horner(m, terms, m.square(here)) + around(m, 2 * rest))


@functools.cache
def _taylor(tail: Tail) -> tuple[Fraction, tuple[tuple[Fraction, Fraction], ...]]:
    """The middle of near … far and enclosures of the coefficients there; the last is that of all of near … far."""
    import flint

    from taylorad.rings.balls import expand, precision

    middle, radius = (tail.far + tail.near) / 2, (tail.far - tail.near) / 2

    def coefficient(at: Any, n: int) -> Any:
        root = flint.arb(tail.s.numerator).sqrt() / flint.arb(tail.s.denominator).sqrt()
        return expand("erfc", at * root, n)[n] * root**n * int(2 * tail.whole) / 2

    def exact(x: Any) -> Fraction:
        mantissa, exponent = x.man_exp()
        return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)

    with precision(400):
        centre = flint.arb(middle.numerator) / middle.denominator
        around_it = flint.arb(centre.mid(), flint.arb(radius.numerator) / radius.denominator)
        rows = [coefficient(centre, n) for n in range(_TERMS)] + [coefficient(around_it, _TERMS)]
        return middle, tuple((exact(x.lower()), exact(x.upper())) for x in rows)


def _middle(m: Any, a: Any, tail: Tail) -> Any:
    """Taylor's series around the middle of near … far; its remainder has a coefficient from a ball around all of it."""
    middle, rows = _taylor(tail)
    a = clamped(m, a, float(tail.near), float(tail.far))
    t = point(m, a) - middle
    return horner(m, [between(m, *row) for row in rows], t)


def _fraction(m: Any, a: Any, tail: Tail) -> Any:
    """c/(2s)·e^(−s·a²)/t_0, from the bottom up: t_n falls where t_{n+1} rises."""
    w, lanes = m.w, m.lanes
    a = clamped(m, a, float(tail.far), _NOTHING)
    minus, unit = w.neg(a), float(1 / (2 * tail.s))
    most = w.add(a, w.div(w.number(_LEVELS * unit, lanes), a))

    def level(n: str, ends: list[Any]) -> list[Any]:
        low, hi = ends
        weight = w.mul(w.add(w.whole(n, lanes), w.number(1.0, lanes)), w.number(unit, lanes))
        return [w.add(minus, w.div(w.neg(weight), hi)), w.add(a, w.div(weight, w.neg(low)))]

    low, hi = w.loop(_LEVELS - 2, 0, [minus, most], level, step=-1)
    return ratio(m, _gauss(m, a, tail.s) * about(m, tail.ratio), m.element(low, hi))
