"""Order-0 values in float64 and complex128, for scalars and arrays.

Every entry is within 4 ulp of the true value (of its modulus, for complex ones), on the libm and numpy that the
tests run on; a function without an entry is computed in balls and rounded. Entries expect floating-point warnings
to be off.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["jet", "lookup"]

Function = Callable[..., Any]


def lookup(name: str, complex: bool) -> Function | None:
    """The function ``name`` over float64 (or complex128) scalars and arrays, or None where it has no value."""
    table = _COMPLEX if complex else _REAL
    if name in table:
        return table[name]
    from taylorad.rings.values import rounded

    return rounded.floating(name, complex)


def jet(name: str, args: Sequence[Any], order: int, complex: bool) -> Sequence[Any]:
    """Coefficients 0 … order of a local entry at a point (or a batch), in its last argument."""
    from taylorad.rings.values import rounded

    return rounded.floating_jet(name, args, order, complex)


def _repaired(name: str, fast: Function, doubtful: Callable[..., Any], complex: bool = False) -> Function:
    """``fast``, but computed in balls at the points where ``doubtful(result, *args)``."""

    def function(*args: Any) -> Any:
        out = np.asarray(fast(*args))
        bad = doubtful(out, *args)
        if not np.any(bad):
            return out
        from taylorad.rings.values import rounded

        exact = rounded.floating(name, complex)
        assert exact is not None
        if not np.ndim(bad):
            return exact(*args)
        out = out.copy()
        out[bad] = exact(*(np.broadcast_to(a, bad.shape)[bad] for a in args))
        return out

    return function


# ---------------------------------------------------------------------- real
def _gauss(u: Any, halves: int) -> Any:
    """exp(−u²/halves): u² = m² + (u − m)(u + m) with m² exact, so that the rounding of u² costs nothing."""
    m = np.rint(np.clip(u, -1e3, 1e3) * 128) / 128
    return np.exp(-m * m / halves) * np.exp((m - u) * (m + u) / halves)


def _turned_sine(u: Any, turn: float, to_radians: float, shift: int) -> Any:
    """sin(π/2·(u/turn + shift)), exact where u/turn is an integer: the reduction to |r| ≤ turn/2 does not round."""
    rest = np.fmod(u, 4 * turn)
    n = np.rint(rest / turn)
    r = (rest - n * turn) * to_radians
    quadrant = np.mod(n + shift, 4)
    return np.where(np.mod(quadrant, 2) == 0, np.sin(r), np.cos(r)) * np.where(quadrant < 2, 1, -1) + 0.0


def _sigmoid(u: Any) -> Any:
    e = np.exp(-np.abs(u))
    return np.where(np.greater_equal(u, 0), 1, e) / (1 + e)


def _logit(u: Any) -> Any:
    return np.where(np.abs(u - 0.5) <= 0.25, 2 * np.arctanh(2 * u - 1), np.log(u) - np.log1p(-u))


def _log_of_sum(power: Function, unit: float) -> Function:
    """log Σ b^u to base b, by the largest u and the differences to it, which are taken without rounding."""

    def function(*args: Any) -> Any:
        u = np.array(np.broadcast_arrays(*args))
        first = np.argmax(u, axis=0)[np.newaxis]
        top = np.take_along_axis(u, first, axis=0)
        below = u - top
        lost = (u - (below - (below - u))) - (top + (below - u))  # u − top is below + lost, exactly
        rest = power(below) * (1 + unit * lost)
        np.put_along_axis(rest, first, 0.0, axis=0)
        return top[0] + np.log1p(np.sum(rest, axis=0)) / unit

    return function


def _cancelled(v: Any, *args: Any) -> Any:
    """Where little is left of the two terms of opposite signs that were added last."""
    return np.abs(v) < 0.75 * (v - np.max(np.broadcast_arrays(*args), axis=0))


def _times_log(log: Function) -> Function:
    """w·log, and 0 for w = 0."""
    return lambda w, u: np.where(np.equal(w, 0), 0.0, w * log(u))


def _acoth(u: Any) -> Any:
    return np.copysign(0.5, u) * np.log1p(2 / (np.abs(u) - 1))


def _sech(u: Any) -> Any:
    e = np.exp(-np.abs(u))
    return 2 * e / (1 + e * e)


def _csch(u: Any) -> Any:
    e = np.abs(u)
    return np.copysign(2, u) * np.exp(-e) / -np.expm1(-2 * e)


def _root_inside(u: Any) -> Any:
    return np.sqrt((1 - u) * (1 + u))


def _root_outside(u: Any) -> Any:
    return np.sqrt(np.abs(u) - 1) * np.sqrt(np.abs(u) + 1)


def _floor_quotient(u: Any, w: Any) -> Any:
    return np.rint((u - np.remainder(u, w)) / w)


def _trunc_quotient(u: Any, w: Any) -> Any:
    return np.rint((u - np.fmod(u, w)) / w)


_erf: Function = np.frompyfunc(math.erf, 1, 1)
_erfc: Function = np.frompyfunc(math.erfc, 1, 1)

_REAL: dict[str, Function] = {
    "exp": np.exp,
    "exp2": np.exp2,
    "exp10": lambda u: np.power(10.0, u),
    "expm1": np.expm1,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "rsqrt": lambda u: 1 / np.sqrt(u),
    "pow": np.power,
    "hypot": np.hypot,
    "xlogy": _times_log(np.log),
    "xlog1py": _times_log(np.log1p),
    "entr": lambda u: _times_log(np.log)(-u, u),
    "sigmoid": _sigmoid,
    "_sigmoid_of_minus": lambda u: _sigmoid(np.negative(u)),
    "logit": _logit,
    "softplus": lambda u: np.logaddexp(0, u),
    "logaddexp": _repaired("logaddexp", _log_of_sum(np.exp, 1.0), _cancelled),
    "logaddexp2": _repaired("logaddexp2", _log_of_sum(np.exp2, math.log(2)), _cancelled),
    "logsumexp": _repaired("logsumexp", _log_of_sum(np.exp, 1.0), _cancelled),
    "gaussian": lambda u: _gauss(u, 2) / math.sqrt(2 * math.pi),
    "ndtr": _repaired(
        "ndtr", lambda u: 0.5 * np.asarray(_erfc(u * -math.sqrt(0.5)), float), lambda v, u: np.less(u, -1)
    ),
    "erf": _erf,
    "erfc": _erfc,
    "_erf_slope": lambda u: _gauss(u, 1) * (2 / math.sqrt(math.pi)),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "_sec_squared": lambda u: 1 / np.square(np.cos(u)),
    "cot": lambda u: 1 / np.tan(u),
    "_csc_squared": lambda u: 1 / np.square(np.sin(u)),
    "sec": lambda u: 1 / np.cos(u),
    "csc": lambda u: 1 / np.sin(u),
    "sinpi": lambda u: _turned_sine(u, 0.5, math.pi, 0),
    "cospi": lambda u: _turned_sine(u, 0.5, math.pi, 1),
    "sindg": lambda u: _turned_sine(u, 90.0, math.pi / 180, 0),
    "cosdg": lambda u: _turned_sine(u, 90.0, math.pi / 180, 1),
    "cosm1": lambda u: -2 * np.square(np.sin(u / 2)),
    "asin": np.arcsin,
    "acos": np.arccos,
    "_cos_asin": _root_inside,
    "_pole_real": lambda u: 1 / (u + 1 / u),
    "_pole_imag": lambda u: 1 / (1 + u * u),
    "atan": np.arctan,
    "atan2": np.arctan2,
    "acot": lambda u: np.arctan(1 / u),
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "_sech_squared": lambda u: 1 / np.square(np.cosh(u)),
    "coth": lambda u: 1 / np.tanh(u),
    "_csch_squared": lambda u: np.square(_csch(u)),
    "sech": _sech,
    "csch": _csch,
    "asinh": np.arcsinh,
    "_asinh_slope": lambda u: 1 / np.hypot(1, u),
    "acosh": np.arccosh,
    "_acosh_slope": lambda u: 1 / _root_outside(u),
    "atanh": np.arctanh,
    "acoth": _acoth,
    "asec": lambda u: np.arctan2(_root_outside(u), np.sign(u)),
    "acsc": lambda u: np.arctan2(np.sign(u), _root_outside(u)),
    "_asec_slope": lambda u: 1 / (np.abs(u) * _root_outside(u)),
    "asech": lambda u: np.arcsinh(_root_inside(u) / u),
    "_asech_slope": lambda u: 1 / (u * _root_inside(u)),
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "trunc": np.trunc,
    "_trunc_margin": lambda u: np.where(np.abs(u) < 1, 1, np.abs(u - np.trunc(u))),
    "mod": np.remainder,
    "floor_divide": _floor_quotient,
    "fmod": np.fmod,
    "_trunc_quotient": _trunc_quotient,
    "_fmod_margin": lambda u, w: np.where(np.abs(u) < np.abs(w), 1, np.abs(np.fmod(u, w) / w)),
}


# ---------------------------------------------------------------------- complex
def _parts(x: Any, y: Any) -> Any:
    """x + iy with the signs of zeros kept, which tell the sides of a branch cut."""
    z = np.empty(np.broadcast(x, y).shape, np.complex128)
    z.real, z.imag = x, y
    return z[()]


def _log1p(z: Any) -> Any:
    x, y = np.real(z), np.imag(z)
    small = _parts(0.5 * np.log1p(x * (2 + x) + y * y), np.arctan2(y, 1 + x))
    return np.where(np.abs(z) < 0.5, small, np.log(_parts(1 + x, y)))


def _in_two_parts(y: Any, high: float, low: float) -> tuple[Any, Any]:
    """(high + low)·y as an exact number and a small one; ``high`` has 26 bits, and so has the upper half of y."""
    spread = y * 134217729.0
    top = spread - (spread - y)
    return high * top, high * (y - top) + low * y


def _scaled_hyperbolic(y: Any, high: float, low: float) -> tuple[Any, Any]:
    """cosh and sinh of (high + low)·y."""
    a, b = _in_two_parts(y, high, low)
    return np.cosh(a) * np.cosh(b) + np.sinh(a) * np.sinh(b), np.sinh(a) * np.cosh(b) + np.cosh(a) * np.sinh(b)


def _complex_sine(turn: float, to_radians: tuple[float, float, float], shift: int) -> Function:
    """sin(π/2·(z/turn + shift)) for complex z; π/2/turn is given whole and in two parts."""
    whole, high, low = to_radians

    def function(z: Any) -> Any:
        x, y = np.real(z), np.imag(z)
        c, s = _scaled_hyperbolic(y, high, low)
        return _parts(_turned_sine(x, turn, whole, shift) * c, _turned_sine(x, turn, whole, shift + 1) * s)

    return function


def _complex_power_of(power: Function, high: float, low: float) -> Function:
    """b^z for complex z, where log b = high + low."""

    def function(z: Any) -> Any:
        a, b = _in_two_parts(np.imag(z), high, low)
        size = power(np.real(z))
        cosine, sine = np.cos(a) * np.cos(b) - np.sin(a) * np.sin(b), np.sin(a) * np.cos(b) + np.cos(a) * np.sin(b)
        return _parts(size * cosine, size * sine)

    return function


def _far_up(v: Any, z: Any) -> Any:
    """Where the small part of (high + low)·Im z is no longer known well enough."""
    return (np.abs(np.imag(z)) > 1e6) & np.isfinite(v) & (v != 0)


# in two parts, the first of 26 bits: their sum is π (π/180, log 2, log 10) to 2^-80 of it
_PI = (math.pi, 3.1415926814079285, -2.7818135228334233e-08)
_LOG_2 = (0.6931471824645996, -1.904654299957768e-09)
_LOG_10 = (2.3025850653648376, 2.7629208037533617e-08)
_DEGREE = (math.pi / 180, 0.01745329238474369, 1.3519960527851425e-10)


def _root_of_product(a: Any, b: Any) -> Any:
    """√a·√b: √(ab) is more accurate, the product of the roots knows the side and does not overflow."""
    sides = np.sqrt(a) * np.sqrt(b)
    root = np.sqrt(a * b)
    root = np.where(np.real(root * np.conj(sides)) < 0, -root, root)
    return np.where(np.isfinite(root), root, sides)


def _complex_cos_asin(z: Any) -> Any:
    x, y = np.real(z), np.imag(z)
    return _root_of_product(_parts(1 - x, -y), _parts(1 + x, y))


def _pole_imag(z: Any) -> Any:
    x, y = np.real(z), np.imag(z)
    return 1 / _parts(1 - y, x) / _parts(1 + y, -x)


def _complex_asinh_slope(z: Any) -> Any:
    x, y = np.real(z), np.imag(z)
    return 1 / _root_of_product(_parts(1 - y, x), _parts(1 + y, -x))


def _complex_acosh_slope(z: Any) -> Any:
    x, y = np.real(z), np.imag(z)
    return 1 / _root_of_product(_parts(x - 1, y), _parts(x + 1, y))


_COMPLEX: dict[str, Function] = {
    "exp": np.exp,
    "exp2": _repaired("exp2", _complex_power_of(np.exp2, *_LOG_2), _far_up, complex=True),
    "exp10": _repaired("exp10", _complex_power_of(_REAL["exp10"], *_LOG_10), _far_up, complex=True),
    "expm1": np.expm1,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": _log1p,
    "xlogy": _times_log(np.log),
    "xlog1py": _times_log(_log1p),
    "entr": lambda u: _times_log(np.log)(-u, u),
    "sqrt": np.sqrt,
    "rsqrt": lambda z: 1 / np.sqrt(z),
    "sin": np.sin,
    "cos": np.cos,
    "sinpi": _complex_sine(0.5, _PI, 0),
    "cospi": _complex_sine(0.5, _PI, 1),
    "sindg": _complex_sine(90.0, _DEGREE, 0),
    "cosdg": _complex_sine(90.0, _DEGREE, 1),
    "sinh": np.sinh,
    "cosh": np.cosh,
    "asin": np.arcsin,
    "acos": np.arccos,
    "_cos_asin": _complex_cos_asin,
    "_pole_real": lambda z: z * _pole_imag(z),
    "_pole_imag": _pole_imag,
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "_asinh_slope": _complex_asinh_slope,
    "acosh": np.arccosh,
    "_acosh_slope": _complex_acosh_slope,
    "atanh": np.arctanh,
}
