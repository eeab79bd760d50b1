"""Values at points in machine code that rounds upward: argument reduction, a Taylor polynomial, a proved remainder.

A kernel takes the ring of as many lanes as there are points and encloses a function at each of them: every operation
encloses, and what the polynomial leaves out is bounded by Taylor's theorem (Lagrange's remainder, or the next term of
an alternating or geometric series), so nothing rests on the accuracy of a library. What a kernel computes for a branch
that it does not take must be finite as well: what is not is refused. Source of the reductions: Cody and Waite,
*Software Manual for the Elementary Functions* (1980).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

__all__ = [
    "about",
    "around",
    "atan_kernel",
    "between",
    "ceiling",
    "clamped",
    "constant",
    "exp_kernel",
    "expm1_kernel",
    "horner",
    "log1p_kernel",
    "log_kernel",
    "over_ends",
    "pick",
    "point",
    "pow_kernel",
    "ratio",
    "rising",
    "sincos",
]

Formula = Callable[..., Any]

_BITS = 400
_ERROR = Fraction(1, 1 << (_BITS - 2))


@functools.cache
def _rational(name: str) -> Fraction:
    """A constant, within 2^(1−_BITS) of the truth."""
    import flint

    from taylorad.rings.balls import precision

    make = {
        "1": lambda: flint.arb(1),
        "1/2": lambda: flint.arb(1) / 2,
        "90": lambda: flint.arb(90),
        "pi": flint.arb.pi,
        "pi / 2": lambda: flint.arb.pi() / 2,
        "pi / 180": lambda: flint.arb.pi() / 180,
        "e": flint.arb.const_e,
        "euler_gamma": flint.arb.const_euler,
        "log 2": flint.arb.const_log2,
        "log 10": flint.arb.const_log10,
        "1 / log 2": lambda: 1 / flint.arb.const_log2(),
        "1 / log 10": lambda: 1 / flint.arb.const_log10(),
        "log10 2": lambda: flint.arb.const_log2() / flint.arb.const_log10(),
        "2 / sqrt pi": lambda: 2 / flint.arb.pi().sqrt(),
        "1 / sqrt pi": lambda: 1 / flint.arb.pi().sqrt(),
        "1 / sqrt 2pi": lambda: 1 / (2 * flint.arb.pi()).sqrt(),
        "atan 1/2": lambda: (flint.arb(1) / 2).atan(),
        "atan 3/2": lambda: (flint.arb(3) / 2).atan(),
    }[name]
    with precision(_BITS + 20):
        mantissa, exponent = make().mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _up(q: Fraction) -> float:
    x = float(q)
    return x if Fraction(x) >= q else math.nextafter(x, math.inf)


def constant(name: str) -> tuple[float, float]:
    """The doubles around a named constant."""
    q = _rational(name)
    return -_up(_ERROR - q), _up(q + _ERROR)


# ---------------------------------------------------------------------- pieces
def between(m: Any, lo: Fraction, hi: Fraction) -> Any:
    """The constant interval [lo, hi] in the lanes of m."""
    return m.element(m.w.number(_up(-lo), m.lanes), m.w.number(_up(hi), m.lanes))


def around(m: Any, bound: Fraction) -> Any:
    """The interval [−bound, bound]."""
    return between(m, -bound, bound)


def about(m: Any, name: str, times: Fraction | int = 1) -> Any:
    """A multiple of a named constant, |times| ≤ 1."""
    q = _rational(name) * times
    return m.lift(q) if _exact(q) else between(m, q - _ERROR, q + _ERROR)


def _times_constant(m: Any, x: Any, name: str) -> Any:
    return x if name == "1" else x * about(m, name)


def horner(m: Any, coefficients: Sequence[Any], x: Any) -> Any:
    """Σ c_i·x^i, for fractions or intervals c_i."""
    total = m.lift(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = total * x + c
    return total


def pick(m: Any, test: str, a: Any, b: Any) -> Any:
    """a in the lanes where the test holds, b elsewhere."""
    w = m.w
    return m.element(w.blend(test, a.low, b.low), w.blend(test, a.hi, b.hi))


def point(m: Any, x: Any) -> Any:
    """The interval of one point."""
    return m.element(m.w.neg(x), x)


def clamped(m: Any, x: Any, lo: float, hi: float) -> Any:
    """The nearest points of [lo, hi]."""
    return m.w.min(m.w.max(x, m.w.number(lo, m.lanes)), m.w.number(hi, m.lanes))


def ratio(m: Any, a: Any, b: Any) -> Any:
    """a/b for b > 0, each end rounded once."""
    w = m.w
    b_low = w.neg(b.low)
    found = m.element(*(w.max(w.div(end, b_low), w.div(end, b.hi)) for end in (a.low, a.hi)))
    m.note(found)
    return found


def ceiling(m: Any, x: Any) -> Any:
    """⌈x⌉ in the upward mode, for |x| < 2⁵¹."""
    return m.w.add(m.w.add(x, m.w.number(1.5 * 2.0**52, m.lanes)), m.w.number(-1.5 * 2.0**52, m.lanes))


def _exact(q: Fraction) -> bool:
    """Whether a constant is a double of few bits, and its own approximation."""
    return q.denominator <= 4


def _split(q: Fraction, parts: int) -> tuple[list[float], Fraction]:
    """Leading parts of 32 bits each, and the rest: products with integers below 2²⁰ are exact."""
    out: list[float] = []
    for _ in range(parts):
        scale = Fraction(2) ** (31 - math.frexp(float(q))[1] + 1)
        head = Fraction(math.floor(q * scale)) / scale
        out.append(float(head))
        q -= head
    return out, q


def _minus_multiple(m: Any, x: Any, k: Any, q: Fraction) -> Any:
    """x − k·q for a vector of points x, of integers k (|k| < 2²⁰) and a constant q."""
    w, lanes = m.w, m.lanes
    parts, rest = ([float(q)], q * 0) if _exact(q) else _split(q, 3)
    low, hi, minus = w.neg(x), x, w.neg(k)
    for p in parts:
        low = w.add(low, w.mul(k, w.number(p, lanes)))
        hi = w.add(hi, w.mul(minus, w.number(p, lanes)))
    found = m.element(low, hi)
    return found if _exact(q) else found - between(m, rest - _ERROR, rest + _ERROR) * m.element(minus, k)


def _nearest(m: Any, x: Any, q: Fraction) -> tuple[Any, str]:
    """The integer next to x/q as a double and as an i64: ⌈x/q − 1/2⌉ in the upward mode."""
    w, lanes, big = m.w, m.lanes, 1.5 * 2.0**52
    moved = w.add(w.add(w.mul(x, w.number(float(1 / q), lanes)), w.number(-0.5, lanes)), w.number(big, lanes))
    whole = w.add(moved, w.number(-big, lanes))
    kind = f"<{lanes} x i64>"
    start = ", ".join(["i64 4843621399236968448"] * lanes)  # the bits of 1.5·2⁵²
    bits = w.put(f"bitcast {moved.type} {moved} to {kind}")
    return whole, w.put(f"sub {kind} {bits}, <{start}>")


def _ints(m: Any, i: int) -> str:
    return "<" + ", ".join([f"i64 {i}"] * m.lanes) + ">"


def over_ends(kernel: Formula) -> Formula:
    """A rising function over an interval, from a kernel for both of its ends, in two lanes."""

    def body(m: Any, x: Any) -> Any:
        two = m.wide(2)
        found = kernel(two, m.w.row([m.w.neg(x.low), x.hi]))
        two.sound()
        return m.element(m.w.lane(found.low, 0), m.w.lane(found.hi, 1))

    return body


def rising(name: str, kernel: Formula) -> Formula:
    """The same, as a function of the module."""
    body = over_ends(kernel)
    return lambda m, x: m.function(name, body, x)


# ---------------------------------------------------------------------- exponentials
BASES = {  # log_b 2, log b and its inverse
    "e": ("log 2", "1", "1"),
    "2": ("1", "log 2", "1 / log 2"),
    "10": ("log10 2", "log 10", "1 / log 10"),
}


def _expm1_near_0(m: Any, y: Any) -> Any:
    """e^y − 1 = y + y²·(Σ y^i/(i+2)! + R) for |y| < 0.36, |R| ≤ 0.36^13·e^0.36/15!."""
    n, bound = 14, Fraction(36, 100)
    rest = bound ** (n - 1) * Fraction(144, 100) / math.factorial(n + 1)  # e^0.36 < 1.44
    g = horner(m, [Fraction(1, math.factorial(j)) for j in range(2, n + 1)], y) + around(m, rest)
    return y + m.square(y) * g


def _expm1_reduced(m: Any, x: Any, base: str) -> tuple[Any, str]:
    """b^x = 2^k·e^y with x = k·log_b 2 + y/log b, |y| < 0.36: e^y − 1 and k."""
    unit, log, _ = BASES[base]
    k, i = _nearest(m, x, _rational(unit))
    y = _minus_multiple(m, x, k, _rational(unit))
    return _expm1_near_0(m, _times_constant(m, y, log)), i


def _halves(m: Any, i: str) -> tuple[Any, Any, Any]:
    """2^⌊i/2⌋, 2^⌈i/2⌉ and its inverse, for vectors of integers i."""
    w, ints = m.w, f"<{m.lanes} x i64>"
    half = w.put(f"ashr {ints} {i}, {_ints(m, 1)}")
    rest = w.put(f"sub {ints} {i}, {half}")

    def power(exponent: str) -> Any:
        biased = w.put(f"add {ints} {exponent}, {_ints(m, 1023)}")
        bits = w.put(f"shl {ints} {biased}, {_ints(m, 52)}")
        return m.real(w.put(f"bitcast {ints} {bits} to <{m.lanes} x double>"))

    return power(half), power(rest), power(w.put(f"sub {ints} {_ints(m, 0)}, {rest}"))


def _times(m: Any, v: Any, power: Any) -> Any:
    return m.element(m.w.mul(v.low, power), m.w.mul(v.hi, power))


def exp_kernel(m: Any, x: Any, base: str = "e") -> Any:
    """b^x. Below 2⁻¹⁰⁹⁶ and above 2¹⁰³⁸ the value there, 0 … 2⁻¹⁰⁷⁴ or the largest number … ∞, is right as well."""
    w, one = m.w, float(_rational(BASES[base][0]))  # how much doubles the value
    p, i = _expm1_reduced(m, clamped(m, x, -1096.0 * one, 1038.0 * one), base)
    first, last, _ = _halves(m, i)
    v = _times(m, _times(m, 1 + p, first), last)
    return m.element(w.min(v.low, w.number(0.0, m.lanes)), v.hi)


def expm1_kernel(m: Any, x: Any) -> Any:
    """e^x − 1 = ((e^y − 1)·2^a + (2^a − 2^−b))·2^b, where x = (a + b)·log 2 + y.

    It is not less than −1; the value at −40 is within 2⁻⁵⁷ of that, so that the double below it is −1 and right for
    all smaller x.
    """
    w = m.w
    p, i = _expm1_reduced(m, clamped(m, x, -40.0, 720.0), "e")
    first, last, inverse = _halves(m, i)
    offset = m.element(w.add(inverse, w.neg(first)), w.add(first, w.neg(inverse)))
    v = _times(m, _times(m, p, first) + offset, last)
    return m.element(w.min(v.low, w.number(1.0, m.lanes)), v.hi)


# ---------------------------------------------------------------------- logarithms
def _binary(m: Any, x: Any) -> tuple[Any, Any]:
    """f and e (a double) with x = 2^e·f, 1/√2 ≤ f ≤ √2, for x > 0."""
    w, lanes = m.w, m.lanes
    ints = f"<{lanes} x i64>"
    small = w.test("olt", x, w.number(2.0**-1000, lanes))
    x = w.blend(small, w.mul(x, w.number(2.0**54, lanes)), x)
    bits = w.put(f"bitcast {x.type} {x} to {ints}")
    e = w.put(f"sub {ints} {w.put(f'lshr {ints} {bits}, {_ints(m, 52)}')}, {_ints(m, 1023)}")
    lifted = w.put(f"sub {ints} {e}, {_ints(m, 54)}")
    e = w.put(f"select <{lanes} x i1> {small}, {ints} {lifted}, {ints} {e}")
    low = w.put(f"and {ints} {bits}, {_ints(m, (1 << 52) - 1)}")
    f = m.real(w.put(f"bitcast {ints} {w.put(f'or {ints} {low}, {_ints(m, 1023 << 52)}')} to {x.type}"))
    large = w.test("ogt", f, w.number(math.sqrt(2), lanes))
    f = w.blend(large, w.mul(f, w.number(0.5, lanes)), f)
    e = w.put(f"select <{lanes} x i1> {large}, {ints} {w.put(f'add {ints} {e}, {_ints(m, 1)}')}, {ints} {e}")
    return f, m.real(w.put(f"sitofp {ints} {e} to {x.type}"))


def _twice_atanh(m: Any, s: Any) -> Any:
    """2s + 2s·z·(Σ_{i≤10} z^i/(2i+3) + R), z = s² < 0.0295; 0 ≤ R ≤ z^11/(25·(1−z)), by the geometric series."""
    n, z = 10, m.square(s)
    rest = Fraction(295, 10000) ** (n + 1) / (2 * n + 5) / Fraction(97, 100)
    g = horner(m, [Fraction(1, 2 * i + 3) for i in range(n + 1)], z) + between(m, Fraction(0), rest)
    return 2 * (s + s * (z * g))


def log_kernel(m: Any, x: Any, base: str = "e") -> Any:
    """log_b x = e·log_b 2 + 2·atanh s/log b with x = 2^e·f and s = (f−1)/(f+1), for x > 0."""
    w, lanes = m.w, m.lanes
    unit, _, inverse = BASES[base]
    f, e = _binary(m, x)
    s = ratio(m, point(m, w.add(f, w.number(-1.0, lanes))), point(m, f) + 1)  # f − 1 is exact: 1/2 ≤ f ≤ 2
    found = _times_constant(m, _twice_atanh(m, s), inverse)
    return found - _minus_multiple(m, w.number(0.0, lanes), e, _rational(unit))


def log1p_kernel(m: Any, x: Any) -> Any:
    """log(1 + x) for x > −1: as log u of the double u above 1 + x = u·(1 + c), s = (f − 1 + f·c)/(f + 1 + f·c).

    Where |x| < 1/4, u has the exponent 0, and s = x/(2 + x) without u.
    """
    w, lanes = m.w, m.lanes
    one, here = w.number(1.0, lanes), point(m, x)
    u = w.max(w.add(x, one), w.number(2.0**-54, lanes))
    f, e = _binary(m, u)
    lost = point(m, f) * ((here - (point(m, u) - 1)) / point(m, u))
    near = w.test("olt", w.abs(x), w.number(0.25, lanes))
    top = pick(m, near, here, point(m, w.add(f, w.neg(one))) + lost)
    bottom = pick(m, near, here + 2, point(m, f) + 1 + lost)
    return _twice_atanh(m, ratio(m, top, bottom)) - _minus_multiple(m, w.number(0.0, lanes), e, _rational("log 2"))


def pow_kernel(m: Any, x: Any, a: Fraction) -> Any:
    """x^a = 2^(k+y) for x = 2^e·f > 0, a > 0: a·e + a·log₂ f = k + y, |y| < 0.51, so that no large logarithm errs.

    a·e is the exact product of e and 40 bits of a, and what the other bits add; 2^±1000 must not be passed.
    """
    w, lanes = m.w, m.lanes
    f, e = _binary(m, x)
    s = ratio(m, point(m, w.add(f, w.number(-1.0, lanes))), point(m, f) + 1)
    unit = Fraction(2) ** (math.frexp(float(a))[1] - 40)
    head = math.floor(a / unit) * unit
    t = w.mul(e, w.number(float(head), lanes))
    k, first = _nearest(m, t, Fraction(1))
    m.position(point(m, k), -1000, 1000)
    tail = _times_constant(m, _twice_atanh(m, s), "1 / log 2") * m.lift(a) + point(m, e) * m.lift(a - head)
    y = point(m, w.add(t, w.neg(k))) + tail
    moved, second = _nearest(m, y.hi, Fraction(1))
    m.position(point(m, w.add(k, moved)), -1000, 1000)
    p = _expm1_near_0(m, _times_constant(m, y - point(m, moved), "log 2"))
    up, down, _ = _halves(m, w.put(f"add <{lanes} x i64> {first}, {second}"))
    return _times(m, _times(m, 1 + p, up), down)


# ---------------------------------------------------------------------- angles
TURNS = {"radians": ("pi / 2", "1"), "half turns": ("1/2", "pi"), "degrees": ("90", "pi / 180")}


def _sincos_near_0(m: Any, y: Any) -> tuple[Any, Any]:
    """sin y and cos y for |y| < 0.8; remainders by the next term."""
    z, n, bound = m.square(y), 9, Fraction(8, 10)
    rest = bound ** (2 * n - 2) / math.factorial(2 * n + 1)
    odd = horner(m, [Fraction((-1) ** j, math.factorial(2 * j + 1)) for j in range(1, n)], z) + around(m, rest)
    rest = bound ** (2 * n - 2) / math.factorial(2 * n + 2)
    even = horner(m, [Fraction((-1) ** j, math.factorial(2 * j)) for j in range(2, n + 1)], z) + around(m, rest)
    return z * odd * y + y, 1 + (m.square(z) * even - z * Fraction(1, 2))


def _sincos_kernel(m: Any, x: Any, unit: str) -> tuple[Any, Any, str, Any]:
    """sin and cos of the points x, their quadrant k and y = x − k·π/2."""
    w = m.w
    quarter, factor = TURNS[unit]
    k, i = _nearest(m, x, _rational(quarter))
    y = _minus_multiple(m, x, k, _rational(quarter))
    y = _times_constant(m, y, factor)
    s, c = _sincos_near_0(m, y)
    ints = f"<{m.lanes} x i64>"

    def bit(value: str, which: int) -> str:
        return w.put(f"icmp ne {ints} {w.put(f'and {ints} {value}, {_ints(m, which)}')}, {_ints(m, 0)}")

    turned = bit(i, 1)
    sine, cosine = pick(m, turned, c, s), pick(m, turned, s, c)
    after = w.put(f"add {ints} {i}, {_ints(m, 1)}")
    sine = pick(m, bit(i, 2), -sine, sine)
    cosine = pick(m, bit(after, 2), -cosine, cosine)
    return sine, cosine, i, y


def sincos(m: Any, x: Any, unit: str) -> tuple[Any, Any]:
    """Sine and cosine over an interval: the values at the ends, and ±1 where a multiple of π/2 inside reaches it.

    What lies beyond 950 000 quarters of a turn must be at least one turn wide.
    """
    w, two, most = m.w, m.wide(2), 950000.0 * float(_rational(TURNS[unit][0]))
    points = w.row([w.neg(x.low), x.hi])
    far = w.number(most, 2)
    wild = w.put(f"or <2 x i1> {w.test('ogt', points, far)}, {w.test('olt', points, w.neg(far))}")
    sine, cosine, i, y = _sincos_kernel(two, clamped(two, points, -most, most), unit)
    two.sound()
    first, last = (w.put(f"extractelement <2 x i64> {i}, i32 {j}") for j in (0, 1))
    zero = w.number(0.0)
    beyond = w.test("olt", w.lane(y.low, 0), zero)  # the whole lower end lies above k·π/2
    first = w.put(f"add i64 {first}, {w.put(f'zext i1 {beyond} to i64')}")
    short = w.test("olt", w.lane(y.hi, 1), zero)
    last = w.put(f"sub i64 {last}, {w.put(f'zext i1 {short} to i64')}")
    any_wild = w.put(f"icmp ne i2 {w.put(f'bitcast <2 x i1> {wild} to i2')}, 0")
    width = m.w.neg(m.w.add(m.w.neg(x.hi), m.w.neg(x.low)))
    enough = 4.1 * float(_rational(TURNS[unit][0]))
    m.position(point(m, w.select(any_wild, width, w.number(2 * enough))), int(enough) + 1, None)

    def reached(turn: int) -> str:
        """Whether some k ≡ turn modulo 4 lies between."""
        ahead = w.put(f"and i64 {w.put(f'sub i64 {turn}, {first}')}, 3")
        found = w.put(f"icmp sle i64 {w.put(f'add i64 {first}, {ahead}')}, {last}")
        return w.put(f"or i1 {found}, {any_wild}")

    def over(value: Any, top: int, bottom: int) -> Any:
        low, hi = (w.max(w.lane(v, 0), w.lane(v, 1)) for v in (value.low, value.hi))
        one = w.number(1.0)
        low, hi = w.select(reached(bottom), one, low), w.select(reached(top), one, hi)
        return m.element(w.min(low, one), w.min(hi, one))

    return over(sine, 1, 3), over(cosine, 0, 2)


def _atan_near_0(m: Any, t: Any) -> Any:
    """atan t for |t| ≤ 7/16; the remainder by the next term."""
    n, z = 22, m.square(t)
    rest = Fraction(7, 16) ** (2 * n) / (2 * n + 3)
    g = horner(m, [Fraction((-1) ** i, 2 * i + 1) for i in range(1, n + 1)], z) + around(m, rest)
    return t + t * (z * g)


def atan_kernel(m: Any, x: Any) -> Any:
    """atan|x| = atan c + atan t, t = (|x| − c)/(1 + c|x|), c of 0, 1/2, 1, 3/2, ∞; |t| ≤ 7/16."""
    w, lanes = m.w, m.lanes
    a = w.abs(x)
    here, one = point(m, a), w.number(1.0, lanes)
    # a − c is exact by Sterbenz' lemma wherever it is used
    top, bottom, base = here, m.lift(1), m.lift(0)
    choices = (
        (7 / 16, point(m, w.add(w.add(a, a), w.neg(one))), here + 2, about(m, "atan 1/2")),
        (11 / 16, point(m, w.add(a, w.neg(one))), here + 1, about(m, "pi", Fraction(1, 4))),
        (19 / 16, point(m, w.add(a, w.number(-1.5, lanes))), here * Fraction(3, 2) + 1, about(m, "atan 3/2")),
        (39 / 16, m.lift(-1), here, about(m, "pi / 2")),
    )
    for least, numerator, denominator, start in choices:
        past = w.test("oge", a, w.number(least, lanes))
        top, bottom = pick(m, past, numerator, top), pick(m, past, denominator, bottom)
        base = pick(m, past, start, base)
    found = base + _atan_near_0(m, ratio(m, top, bottom))
    return pick(m, w.test("olt", x, w.number(0.0, lanes)), -found, found)
