"""Order-0 enclosures in machine code that rounds upward, as formulas over a few kernels (``reductions``, ``tails``).

A table like its neighbours, for compiled intervals. A formula takes the ring of one interval (of which it uses
``function``, ``lift`` and ``element``) and the arguments, intervals with operators. What is monotone is computed at
each end by itself, so that an argument may stand in its formula more than once; the domain is checked by the caller. A
name that is missing here has its enclosure from balls.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from taylorad.rings.values.reductions import (
    about,
    atan_kernel,
    ceiling,
    clamped,
    constant,
    exp_kernel,
    expm1_kernel,
    log1p_kernel,
    log_kernel,
    pick,
    point,
    pow_kernel,
    ratio,
    rising,
    sincos,
)
from taylorad.rings.values.tails import ERROR, NORMAL, Tail, density_kernel, head_kernel, tail_kernel

__all__ = ["constant", "lookup"]

Formula = Callable[..., Any]
_HALF = Fraction(1, 2)


def lookup(name: str) -> Formula | None:
    """The formula of ``name``, or None."""
    return _TABLE.get(name)


# ---------------------------------------------------------------------- from kernels
_exp = rising("exp", exp_kernel)
_log = rising("log", log_kernel)
_atan = rising("atan", atan_kernel)
_expm1 = rising("expm1", expm1_kernel)
_log1p = rising("log1p", log1p_kernel)


def _angle(unit: str, which: int) -> Formula:
    return lambda m, x: m.function(f"sincos {unit}".replace(" ", "."), partial(sincos, unit=unit), x)[which]


_sin, _cos = (_angle("radians", i) for i in (0, 1))


def _turned(f: Formula) -> Formula:
    """x ↦ f(−x)."""
    return lambda m, x: f(m, -x)


def _density(name: str, tail: Tail) -> Formula:
    fall = rising(name, lambda m, a: -density_kernel(m, a, tail))
    return lambda m, x: -fall(m, _abs(m, x))


# ---------------------------------------------------------------------- pieces
def _at_ends(f: Formula, *, falling: bool = False) -> Formula:
    """A monotone function of any number of arguments, from its formula for points."""

    def both(m: Any, *args: Any) -> Any:
        a = f(m, *(m.element(x.low, m.w.neg(x.low)) for x in args))
        b = f(m, *(m.element(m.w.neg(x.hi), x.hi) for x in args))
        return m.element(b.low, a.hi) if falling else m.element(a.low, b.hi)

    return both


def _odd(f: Formula) -> Formula:
    """An odd function at a point, from its formula for points ≥ 0."""

    def either(m: Any, x: Any) -> Any:
        found = f(m, point(m, m.w.abs(x.hi)))
        return pick(m, m.w.test("olt", x.hi, m.w.number(0.0)), -found, found)

    return either


def _written(name: str, f: Formula) -> Formula:
    """The same as a function of the module, for one argument."""
    return lambda m, x: m.function(name, f, x)


def _abs(m: Any, x: Any) -> Any:
    low = m.w.min(m.w.min(x.low, x.hi), m.w.number(0.0, m.lanes))
    return m.element(low, m.w.max(x.low, x.hi))


def _even(f: Formula) -> Formula:
    """An even function that falls away from 0, from its formula for points ≥ 0."""
    ends = _at_ends(f, falling=True)
    return lambda m, x: ends(m, _abs(m, x))


def _not_0(m: Any, x: Any) -> Any:
    """x, of which it is required that it does not contain 0."""
    m.is_zero(x)
    return x


# ---------------------------------------------------------------------- powers
def _sqrt(m: Any, x: Any) -> Any:
    """[lo/RU(√lo), RU(√hi)]: RU(√lo) is not less than the root, so the quotient is not more."""
    w = m.w
    return m.element(w.div(x.low, w.root(w.neg(x.low))), w.root(x.hi))


def _pow(m: Any, u: Any, a: Any) -> Any:
    """u^a: by products and one square root where 2a is an integer up to 32, by a kernel elsewhere.

    An exponent that is not known to the compiler, or is huge, takes e^(a·log u).
    """
    if a.known is None or abs(a.known) > 256:
        return _exp(m, a * _log(m, u))
    size = abs(a.known)
    if (2 * size).denominator == 1 and size <= 16:
        found = _by_products(m, u, int(2 * size))
    else:
        found = rising(f"pow.{size.numerator}.{size.denominator}", partial(pow_kernel, a=size))(m, u)
    return found if a.known >= 0 else 1 / found


def _by_products(m: Any, u: Any, twice: int) -> Any:
    """u^(twice/2)."""
    whole, half = divmod(twice, 2)
    found = _sqrt(m, u) if half else None
    power = u
    while whole:
        if whole & 1:
            found = power if found is None else found * power
        whole >>= 1
        power = m.square(power) if whole else power
    return m.lift(1) if found is None else found


def _cube_root(m: Any, a: Any) -> Any:
    """r of e^(log a/3), and one interval Newton step r − (r³ − a)/(3·R²) from its upper end."""
    rough = _exp(m, _log(m, a) * Fraction(1, 3))
    r = point(m, rough.hi)
    fine = r - (m.square(r) * r - a) / (3 * m.square(rough))
    return m.element(m.w.min(fine.low, rough.low), m.w.min(fine.hi, rough.hi))


def _hypot(m: Any, x: Any, y: Any) -> Any:
    return _sqrt(m, m.square(x) + m.square(y))


# ---------------------------------------------------------------------- exponentials
def _sigmoid(m: Any, x: Any) -> Any:
    """e^min(x, 0)/(1 + e^−|x|), for points."""
    e = _exp(m, -_abs(m, x))
    return ratio(m, pick(m, m.w.test("olt", x.hi, m.w.number(0.0)), e, m.lift(1)), 1 + e)


def _softplus(m: Any, x: Any) -> Any:
    """max(x, 0) + log(1 + e^−|x|), for points."""
    return point(m, m.w.max(x.hi, m.w.number(0.0))) + _log1p(m, _exp(m, -_abs(m, x)))


def _logit(m: Any, u: Any) -> Any:
    """±log(1 + |1 − 2u|/min(u, 1 − u)), for points."""
    small = m.w.test("olt", u.hi, m.w.number(0.5))
    found = _log1p(m, _abs(m, 1 - 2 * u) / pick(m, small, u, 1 - u))
    return pick(m, small, -found, found)


def _larger_and_gap(m: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Of points."""
    return point(m, m.w.max(x.hi, y.hi)), _abs(m, x - y)


def _logaddexp(m: Any, x: Any, y: Any) -> Any:
    larger, gap = _larger_and_gap(m, x, y)
    return larger + _log1p(m, _exp(m, -gap))


def _logaddexp2(m: Any, x: Any, y: Any) -> Any:
    larger, gap = _larger_and_gap(m, x, y)
    return larger + _log1p(m, _exp2(m, -gap)) * about(m, "1 / log 2")


def _logsumexp(m: Any, *args: Any) -> Any:
    top = args[0].hi
    for x in args[1:]:
        top = m.w.max(top, x.hi)
    return point(m, top) + _log(m, sum((_exp(m, x - point(m, top)) for x in args), m.lift(0)))


_exp2 = rising("exp2", partial(exp_kernel, base="2"))


# ---------------------------------------------------------------------- hyperbolic functions, E = e^x − 1 or e^−x
def _sinh(m: Any, a: Any) -> Any:
    e = _expm1(m, a)
    return (e + ratio(m, e, e + 1)) * _HALF


def _tanh(m: Any, x: Any) -> Any:
    """E/(E + 2), E = e^2x − 1; beyond 22 the double above the value at 22 is 1."""
    e = _expm1(m, 2 * m.element(*(clamped(m, end, -22.0, 22.0) for end in (x.low, x.hi))))
    found = _at_ends(lambda m, e: ratio(m, e, e + 2))(m, e)
    return m.element(*(m.w.min(end, m.w.number(1.0)) for end in (found.low, found.hi)))


def _cosh(m: Any, a: Any) -> Any:
    e = _exp(m, a)
    return (e + 1 / e) * _HALF


def _sech(m: Any, a: Any) -> Any:
    return _at_ends(lambda m, e: ratio(m, 2 * e, 1 + m.square(e)))(m, _exp(m, -a))


def _csch(m: Any, a: Any) -> Any:
    return ratio(m, 2 * _exp(m, -a), -_expm1(m, -2 * a))


def _csch_squared(m: Any, a: Any) -> Any:
    return ratio(m, 4 * _exp(m, -2 * a), m.square(_expm1(m, -2 * a)))


def _sech_squared(m: Any, a: Any) -> Any:
    return _at_ends(lambda m, e: ratio(m, 4 * e, m.square(1 + e)))(m, _exp(m, -2 * a))


def _inside(m: Any, a: Any) -> tuple[str, Any]:
    """Whether a ≤ 1, and the smaller of a and 1/a; at points."""
    small = m.w.test("ole", a.hi, m.w.number(1.0))
    return small, pick(m, small, a, 1 / point(m, m.w.max(a.hi, m.w.number(1.0))))


def _asinh(m: Any, a: Any) -> Any:
    """log(1 + a·(1 + q)), q = a/(1 + √(1 + a²)) = 1/(1/a + √(1 + 1/a²)): the one without overflow."""
    small, c = _inside(m, a)
    one = m.lift(1)
    q = ratio(m, pick(m, small, a, one), pick(m, small, one, c) + _sqrt(m, 1 + m.square(c)))
    return _log1p(m, a * (1 + q))


def _asinh_slope(m: Any, a: Any) -> Any:
    small, c = _inside(m, a)
    return ratio(m, pick(m, small, m.lift(1), c), _sqrt(m, 1 + m.square(c)))


def _pole_imag(m: Any, a: Any) -> Any:
    small, c = _inside(m, a)
    return ratio(m, pick(m, small, m.lift(1), m.square(c)), 1 + m.square(c))


def _beyond_1(m: Any, a: Any) -> Any:
    """√(a² − 1), without overflow."""
    return _sqrt(m, a - 1) * _sqrt(m, a + 1)


def _acosh(m: Any, a: Any) -> Any:
    return _log1p(m, a - 1 + _beyond_1(m, a))


def _below_1(m: Any, a: Any) -> Any:
    """√(1 − a²)."""
    return _sqrt(m, (1 - a) * (1 + a))


def _asech(m: Any, a: Any) -> Any:
    return _log1p(m, (1 - a + _below_1(m, a)) / a)


# ---------------------------------------------------------------------- circular functions
def _tan(m: Any, x: Any) -> Any:
    _not_0(m, _cos(m, x))
    return _at_ends(lambda m, u: _sin(m, u) / _cos(m, u))(m, x)


def _cot(m: Any, x: Any) -> Any:
    _not_0(m, _sin(m, x))
    return _at_ends(lambda m, u: _cos(m, u) / _sin(m, u), falling=True)(m, x)


def _asin(m: Any, x: Any) -> Any:
    return _atan(m, x / _below_1(m, x))


def _acos(m: Any, x: Any) -> Any:
    return 2 * _atan(m, _sqrt(m, (1 - x) / (1 + x)))


def _asec(m: Any, x: Any) -> Any:
    found = _atan(m, _beyond_1(m, _abs(m, x)))
    return pick(m, m.w.test("olt", x.hi, m.w.number(0.0)), about(m, "pi") - found, found)


def _atan2(m: Any, y: Any, x: Any) -> Any:
    """From the half plane that the box lies in: right, upper or lower (required)."""
    w, zero = m.w, m.w.number(0.0, m.lanes)
    right, up = w.test("olt", x.low, zero), w.test("olt", y.low, zero)
    side = pick(m, right, x, y)
    found = _atan(m, pick(m, right, y, -x) / side)  # no box that contains 0 passes the division
    quarter = about(m, "pi / 2")
    return found + pick(m, right, m.lift(0), pick(m, up, quarter, -quarter))


# ---------------------------------------------------------------------- steps
def _step(f: Formula) -> Formula:
    """A function of ceilings, where they are exact."""

    def found(m: Any, x: Any) -> Any:
        m.position(x, -(2**50), 2**50)
        return f(m, x)

    return found


def _floor(m: Any, x: Any) -> Any:
    return m.element(ceiling(m, x.low), m.w.neg(ceiling(m, m.w.neg(x.hi))))


def _ceil(m: Any, x: Any) -> Any:
    return -_floor(m, -x)


def _round(m: Any, x: Any) -> Any:
    """⌊lo + 1/2⌋ … ⌈hi − 1/2⌉; of a half, which the caller refuses, not that without a number: n + 1 … n."""
    low, hi = (ceiling(m, m.w.add(end, m.w.number(-0.5, m.lanes))) for end in (x.low, x.hi))
    return m.element(m.w.max(low, m.w.neg(hi)), hi)


_pole = _written("pole", _even(_pole_imag))
_logistic = _written("sigmoid", _at_ends(_sigmoid))
_hyperbolic_tangent = _written("tanh", _tanh)

_TABLE: dict[str, Formula] = {
    "exp": _exp,
    "exp2": _exp2,
    "exp10": rising("exp10", partial(exp_kernel, base="10")),
    "expm1": _expm1,
    "log": _log,
    "log2": rising("log2", partial(log_kernel, base="2")),
    "log10": rising("log10", partial(log_kernel, base="10")),
    "log1p": _log1p,
    "xlogy": lambda m, w, x: w * _log(m, x),
    "xlog1py": lambda m, w, x: w * _log1p(m, x),
    "entr": lambda m, x: -x * _log(m, x),
    "sqrt": _sqrt,
    "cbrt": lambda m, x: _written("cbrt", _at_ends(_odd(_cube_root)))(m, _not_0(m, x)),
    "rsqrt": lambda m, x: 1 / _sqrt(m, x),
    "pow": _pow,
    "hypot": _hypot,
    "sigmoid": _logistic,
    "_sigmoid_of_minus": _turned(_logistic),
    "logit": _written("logit", _at_ends(_logit)),
    "softplus": _written("softplus", _at_ends(_softplus)),
    "logaddexp": _at_ends(_logaddexp),
    "logaddexp2": _at_ends(_logaddexp2),
    "logsumexp": _at_ends(_logsumexp),
    "gaussian": _density("gaussian", NORMAL),
    "erf": rising("erf", partial(head_kernel, tail=ERROR)),
    "_erf_slope": _density("erf.slope", ERROR),
    "erfc": _turned(rising("erfc", lambda m, x: tail_kernel(m, m.w.neg(x), ERROR))),
    "ndtr": rising("ndtr", lambda m, x: tail_kernel(m, m.w.neg(x), NORMAL)),
    "sinh": _written("sinh", _at_ends(_odd(_sinh))),
    "cosh": _written("cosh", lambda m, x: _at_ends(_cosh)(m, _abs(m, x))),
    "tanh": _hyperbolic_tangent,
    "coth": lambda m, x: 1 / _hyperbolic_tangent(m, x),
    "sech": _written("sech", _even(_sech)),
    "csch": lambda m, x: _written("csch", _at_ends(_odd(_csch), falling=True))(m, _not_0(m, x)),
    "_sech_squared": _written("sech.squared", _even(_sech_squared)),
    "_csch_squared": lambda m, x: _written("csch.squared", _even(_csch_squared))(m, _not_0(m, x)),
    "asinh": _written("asinh", _at_ends(_odd(_asinh))),
    "acosh": _written("acosh", _at_ends(_acosh)),
    "atanh": _written("atanh", _at_ends(_odd(lambda m, a: _log1p(m, 2 * a / (1 - a)) * _HALF))),
    "acoth": _written("acoth", _at_ends(_odd(lambda m, a: _log1p(m, 2 / (a - 1)) * _HALF), falling=True)),
    "asech": _written("asech", _at_ends(_asech, falling=True)),
    "_asinh_slope": _written("asinh.slope", _even(_asinh_slope)),
    "_acosh_slope": lambda m, x: 1 / _beyond_1(m, x),
    "_asech_slope": lambda m, x: 1 / (x * _below_1(m, x)),
    "sin": _sin,
    "cos": _cos,
    "tan": _tan,
    "cot": _cot,
    "sec": lambda m, x: 1 / _cos(m, x),
    "csc": lambda m, x: 1 / _sin(m, x),
    "_sec_squared": lambda m, x: 1 / m.square(_cos(m, x)),
    "_csc_squared": lambda m, x: 1 / m.square(_sin(m, x)),
    "sinpi": _angle("half turns", 0),
    "cospi": _angle("half turns", 1),
    "sindg": _angle("degrees", 0),
    "cosdg": _angle("degrees", 1),
    "cosm1": lambda m, x: -2 * m.square(_sin(m, x * _HALF)),
    "asin": _written("asin", _at_ends(_asin)),
    "acos": _written("acos", _at_ends(_acos, falling=True)),
    "atan": _atan,
    "acot": lambda m, x: _atan(m, 1 / x),
    "asec": _written("asec", _at_ends(_asec)),
    "acsc": _written("acsc", _at_ends(_odd(lambda m, a: _atan(m, 1 / _beyond_1(m, a))), falling=True)),
    "atan2": _atan2,
    "_cos_asin": _written("cos.asin", _even(_below_1)),
    "_asec_slope": lambda m, x: 1 / (_abs(m, x) * _beyond_1(m, _abs(m, x))),
    "_pole_imag": _pole,
    "_pole_real": lambda m, x: x * _pole(m, x),
    "floor": _step(_floor),
    "ceil": _step(_ceil),
    "round": _step(_round),
}
