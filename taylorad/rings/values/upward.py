"""Order-0 enclosures in machine code that rounds upward: argument reduction, a Taylor polynomial, a proved remainder.

A table like its neighbours, for compiled intervals. A formula takes the ring of one interval (of which it uses
``function``, ``lift`` and ``constant``) and the arguments, intervals with operators. The four functions at the bottom
of everything are computed at both ends of an interval at once, in two lanes, each an interval of its own: every
operation encloses, and what the polynomial leaves out is bounded by Taylor's theorem (Lagrange's remainder, or the next
term of an alternating or geometric series), so nothing rests on the accuracy of a library. A name that is missing here
has its enclosure from balls. Source of the reductions: Cody and Waite, Software Manual for the Elementary Functions
(1980).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

__all__ = ["constant", "lookup"]

Formula = Callable[..., Any]

_BITS = 400


@functools.cache
def _rational(name: str) -> Fraction:
    """A constant, within 2^(1−_BITS) of the truth."""
    import flint

    from taylorad.rings.balls import precision

    make = {
        "pi": flint.arb.pi,
        "e": flint.arb.const_e,
        "euler_gamma": flint.arb.const_euler,
        "log 2": flint.arb.const_log2,
        "atan 1/2": lambda: (flint.arb(1) / 2).atan(),
        "atan 3/2": lambda: (flint.arb(3) / 2).atan(),
    }[name]
    with precision(_BITS + 20):
        mantissa, exponent = make().mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


_ERROR = Fraction(1, 1 << (_BITS - 2))


def _up(q: Fraction) -> float:
    x = float(q)
    return x if Fraction(x) >= q else math.nextafter(x, math.inf)


def constant(name: str) -> tuple[float, float]:
    """The doubles around a named constant."""
    q = _rational(name)
    return -_up(_ERROR - q), _up(q + _ERROR)


def lookup(name: str) -> Formula | None:
    """The formula of ``name``, or None."""
    return _TABLE.get(name)


# ---------------------------------------------------------------------- pieces
def _between(m: Any, lo: Fraction, hi: Fraction) -> Any:
    """The constant interval [lo, hi] in the lanes of m."""
    return m.element(m.w.number(_up(-lo), m.lanes), m.w.number(_up(hi), m.lanes))


def _horner(m: Any, coefficients: Sequence[Fraction], x: Any) -> Any:
    """Σ c_i·x^i."""
    total = m.lift(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = total * x + c
    return total


def _around(m: Any, bound: Fraction) -> Any:
    return _between(m, -bound, bound)


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
    parts, rest = _split(q, 3)
    low, hi, minus = w.neg(x), x, w.neg(k)
    for p in parts:
        low = w.add(low, w.mul(k, w.number(p, lanes)))
        hi = w.add(hi, w.mul(minus, w.number(p, lanes)))
    tail = _between(m, rest - _ERROR, rest + _ERROR) * m.element(minus, k)
    return m.element(low, hi) - tail


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


def _pick(m: Any, test: str, a: Any, b: Any) -> Any:
    w = m.w
    return m.element(w.blend(test, a.low, b.low), w.blend(test, a.hi, b.hi))


def _point(m: Any, x: Any) -> Any:
    return m.element(m.w.neg(x), x)


def _clamped(m: Any, x: Any, lo: float, hi: float) -> Any:
    return m.w.min(m.w.max(x, m.w.number(lo, m.lanes)), m.w.number(hi, m.lanes))


def _ends(m: Any, x: Any) -> tuple[Any, Any]:
    """A ring of two lanes, and the ends of x in them."""
    two = m.wide(2)
    return two, m.w.row([m.w.neg(x.low), x.hi])


def _hull(m: Any, found: Any) -> Any:
    """From the value at the lower end (lane 0) to that at the upper (lane 1), of an increasing function."""
    return m.element(m.w.lane(found.low, 0), m.w.lane(found.hi, 1))


def _increasing(kernel: Formula) -> Formula:
    def body(m: Any, x: Any) -> Any:
        two, points = _ends(m, x)
        found = _hull(m, kernel(two, points))
        two.sound()
        return found

    return lambda m, x: m.function(kernel.__name__, body, x)


# ---------------------------------------------------------------------- the four at the bottom
def exp_kernel(m: Any, x: Any) -> Any:
    """x = k·log 2 + y with |y| < 0.36 and e^y = 1 + y + y²·(Σ y^i/(i+2)! + R), |R| ≤ 0.36^13·e^0.36/15!.

    Beyond [−760, 720] the value at these ends, 0 … 2⁻¹⁰⁷⁴ and the largest number … ∞, is right as well.
    """
    w, n, bound = m.w, 14, Fraction(36, 100)
    x = _clamped(m, x, -760.0, 720.0)
    log2 = _rational("log 2")
    k, i = _nearest(m, x, log2)
    y = _minus_multiple(m, x, k, log2)
    rest = bound ** (n - 1) * Fraction(144, 100) / math.factorial(n + 1)  # e^0.36 < 1.44
    g = _horner(m, [Fraction(1, math.factorial(j)) for j in range(2, n + 1)], y) + _around(m, rest)
    v = 1 + (y + m.square(y) * g)
    half = w.put(f"ashr <{m.lanes} x i64> {i}, {_ints(m, 1)}")
    for part in (half, w.put(f"sub <{m.lanes} x i64> {i}, {half}")):
        biased = w.put(f"add <{m.lanes} x i64> {part}, {_ints(m, 1023)}")
        bits = w.put(f"shl <{m.lanes} x i64> {biased}, {_ints(m, 52)}")
        power = m.real(w.put(f"bitcast <{m.lanes} x i64> {bits} to {x.type}"))
        v = m.element(w.mul(v.low, power), w.mul(v.hi, power))
    return m.element(w.min(v.low, w.number(0.0, m.lanes)), v.hi)


def log_kernel(m: Any, x: Any) -> Any:
    """x = 2^e·f, 1/√2 ≤ f ≤ √2; log f = 2s·(Σ_{i≤11} z^i/(2i+1) + R) with s = (f−1)/(f+1), z = s² < 0.0295.

    0 ≤ R ≤ z^12/(25·(1−z)), by the geometric series.
    """
    w, lanes, n = m.w, m.lanes, 11
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
    s = _point(m, w.add(f, w.number(-1.0, lanes))) / (_point(m, f) + 1)  # f − 1 is exact: 1/2 ≤ f ≤ 2
    z = m.square(s)
    rest = Fraction(295, 10000) ** (n + 1) / (2 * n + 3) / Fraction(97, 100)
    g = _horner(m, [Fraction(1, 2 * i + 1) for i in range(n + 1)], z) + _between(m, Fraction(0), rest)
    k = m.real(w.put(f"sitofp {ints} {e} to {x.type}"))
    zero = w.number(0.0, lanes)
    return 2 * (s * g) - _minus_multiple(m, zero, k, _rational("log 2"))


def sincos_kernel(m: Any, x: Any) -> tuple[Any, Any, str, Any]:
    """sin and cos of the points x, their quadrant k and y = x − k·π/2, |y| < 0.8; remainders by the next term."""
    w, lanes, n, bound = m.w, m.lanes, 9, Fraction(8, 10)
    quarter = _rational("pi") / 2
    k, i = _nearest(m, x, quarter)
    y = _minus_multiple(m, x, k, quarter)
    z = m.square(y)
    rest = bound ** (2 * n - 2) / math.factorial(2 * n + 1)
    odd = _horner(m, [Fraction((-1) ** j, math.factorial(2 * j + 1)) for j in range(1, n)], z) + _around(m, rest)
    even = _horner(m, [Fraction((-1) ** j, math.factorial(2 * j)) for j in range(2, n + 1)], z)
    even = even + _around(m, bound ** (2 * n - 2) / math.factorial(2 * n + 2))
    s = z * odd * y + y
    c = 1 + (m.square(z) * even - z * Fraction(1, 2))
    ints = f"<{lanes} x i64>"

    def bit(value: str, which: int) -> str:
        return w.put(f"icmp ne {ints} {w.put(f'and {ints} {value}, {_ints(m, which)}')}, {_ints(m, 0)}")

    turned = bit(i, 1)
    sine, cosine = _pick(m, turned, c, s), _pick(m, turned, s, c)
    after = w.put(f"add {ints} {i}, {_ints(m, 1)}")
    sine = _pick(m, bit(i, 2), -sine, sine)
    cosine = _pick(m, bit(after, 2), -cosine, cosine)
    return sine, cosine, i, y


def _sincos(m: Any, x: Any) -> tuple[Any, Any]:
    """Over an interval: the values at the ends, and ±1 where a multiple of π/2 inside (or next to it) reaches it."""
    w = m.w
    two, points = _ends(m, x)
    far = w.number(1.5e6, 2)
    wild = w.put(f"or <2 x i1> {w.test('ogt', points, far)}, {w.test('olt', points, w.neg(far))}")
    safe = _clamped(two, points, -1.5e6, 1.5e6)
    sine, cosine, i, y = sincos_kernel(two, safe)
    two.sound()
    first, last = (w.put(f"extractelement <2 x i64> {i}, i32 {j}") for j in (0, 1))
    zero = w.number(0.0)
    beyond = w.test("olt", w.lane(y.low, 0), zero)  # the whole lower end lies above k·π/2
    first = w.put(f"add i64 {first}, {w.put(f'zext i1 {beyond} to i64')}")
    short = w.test("olt", w.lane(y.hi, 1), zero)
    last = w.put(f"sub i64 {last}, {w.put(f'zext i1 {short} to i64')}")
    any_wild = w.put(f"icmp ne i2 {w.put(f'bitcast <2 x i1> {wild} to i2')}, 0")

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


def atan_kernel(m: Any, x: Any) -> Any:
    """atan|x| = atan c + atan t, t = (|x| − c)/(1 + c|x|), c of 0, 1/2, 1, 3/2, ∞; |t| ≤ 7/16, alternating series."""
    w, lanes, n = m.w, m.lanes, 22
    a = w.abs(x)
    here = _point(m, a)
    one = w.number(1.0, lanes)
    # a − c is exact by Sterbenz' lemma wherever it is used
    top = m.element(w.neg(a), a)
    bottom, base = m.lift(1), m.lift(0)
    choices = (
        (7 / 16, _point(m, w.add(w.add(a, a), w.neg(one))), here + 2, _about(m, "atan 1/2")),
        (11 / 16, _point(m, w.add(a, w.neg(one))), here + 1, _about(m, "pi", 4)),
        (19 / 16, _point(m, w.add(a, w.number(-1.5, lanes))), here * Fraction(3, 2) + 1, _about(m, "atan 3/2")),
        (39 / 16, m.lift(-1), here, _about(m, "pi", 2)),
    )
    for least, numerator, denominator, start in choices:
        past = w.test("oge", a, w.number(least, lanes))
        top, bottom = _pick(m, past, numerator, top), _pick(m, past, denominator, bottom)
        base = _pick(m, past, start, base)
    t = top / bottom
    rest = Fraction(7, 16) ** (2 * n + 2) / (2 * n + 3)
    g = _horner(m, [Fraction((-1) ** i, 2 * i + 1) for i in range(n + 1)], m.square(t)) + _around(m, rest)
    found = base + t * g
    return _pick(m, w.test("olt", x, w.number(0.0, lanes)), -found, found)


def _about(m: Any, name: str, parts: int = 1) -> Any:
    q = _rational(name) / parts
    return _between(m, q - _ERROR, q + _ERROR)


_exp = _increasing(exp_kernel)
_log = _increasing(log_kernel)
_atan = _increasing(atan_kernel)


def _sine(m: Any, x: Any) -> Any:
    return m.function("sincos", _sincos, x)[0]


def _cosine(m: Any, x: Any) -> Any:
    return m.function("sincos", _sincos, x)[1]


# ---------------------------------------------------------------------- the others, by formulas over these
def _sqrt(m: Any, x: Any) -> Any:
    """[lo/RU(√lo), RU(√hi)]: RU(√lo) is not less than the root, so the quotient is not more."""
    w = m.w
    return m.element(w.div(x.low, w.root(w.neg(x.low))), w.root(x.hi))


def _at_ends(f: Formula, *, falling: bool = False) -> Formula:
    """A monotone function whose formula has its argument more than once: at each end by itself."""

    def both(m: Any, x: Any) -> Any:
        lower, upper = m.element(x.low, m.w.neg(x.low)), m.element(m.w.neg(x.hi), x.hi)
        a, b = f(m, lower), f(m, upper)
        return m.element(b.low, a.hi) if falling else m.element(a.low, b.hi)

    return both


def _pow(m: Any, u: Any, a: Any) -> Any:
    """u^a: by products and one square root where 2a is a small integer, else e^(a·log u)."""
    if a.known is None or (2 * a.known).denominator != 1 or abs(a.known) > 16:
        return _exp(m, a * _log(m, u))
    whole, half = divmod(abs(int(2 * a.known)), 2)
    found = _sqrt(m, u) if half else None
    power = u
    while whole:
        if whole & 1:
            found = power if found is None else found * power
        whole >>= 1
        power = m.square(power) if whole else power
    found = m.lift(1) if found is None else found
    return found if a.known >= 0 else 1 / found


def _sinh(m: Any, x: Any) -> Any:
    e = _exp(m, x)
    return (e - 1 / e) * Fraction(1, 2)


def _cosh(m: Any, x: Any) -> Any:
    return 1 + 2 * m.square(_sinh(m, x * Fraction(1, 2)))


def _tanh(m: Any, x: Any) -> Any:
    return 1 - 2 / (_exp(m, 2 * x) + 1)


def _pole_imag(m: Any, x: Any) -> Any:
    return 1 / (1 + m.square(x))


def _cos_asin(m: Any, x: Any) -> Any:
    return _sqrt(m, 1 - m.square(x))


def _asin(m: Any, x: Any) -> Any:
    return _atan(m, x / _sqrt(m, (1 - x) * (1 + x)))


def _sigmoid(m: Any, x: Any) -> Any:
    return 1 / (1 + _exp(m, -x))


_TABLE: dict[str, Formula] = {
    "exp": _exp,
    "log": _log,
    "atan": _atan,
    "sin": _sine,
    "cos": _cosine,
    "sqrt": _sqrt,
    "rsqrt": lambda m, x: 1 / _sqrt(m, x),
    "pow": _pow,
    "exp2": lambda m, x: _exp(m, x * _about(m, "log 2")),
    "log2": lambda m, x: _log(m, x) / _about(m, "log 2"),
    "expm1": lambda m, x: _exp(m, x) - 1,
    "log1p": lambda m, x: _log(m, 1 + x),
    "tan": lambda m, x: _at_ends(lambda m, u: _sine(m, u) / _cosine(m, u))(m, _no_pole(m, x)),
    "_sec_squared": lambda m, x: 1 / m.square(_cosine(m, x)),
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "_sech_squared": lambda m, x: 1 / m.square(_cosh(m, x)),
    "_pole_imag": _pole_imag,
    "_pole_real": lambda m, x: x * _pole_imag(m, x),
    "asin": _at_ends(_asin),
    "acos": lambda m, x: _about(m, "pi", 2) - _at_ends(_asin)(m, x),
    "_cos_asin": _cos_asin,
    "sigmoid": _sigmoid,
    "_sigmoid_of_minus": lambda m, x: _sigmoid(m, -x),
    "hypot": lambda m, x, y: _sqrt(m, m.square(x) + m.square(y)),
}


def _no_pole(m: Any, x: Any) -> Any:
    """x, where the cosine is known not to vanish on it."""
    m.is_zero(_cosine(m, x))
    return x
