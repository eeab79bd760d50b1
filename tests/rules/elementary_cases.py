"""The elementary functions of the book: their definitions in mpmath, and the points where tables are checked."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mp

from taylorad.book import elementary, hyperbolic, piecewise, trigonometric
from taylorad.book.entry import ENTRIES, Formula, Rule

MODULES = {m.__name__ for m in (elementary, hyperbolic, piecewise, trigonometric)}
RULES = [e for e in ENTRIES.values() if isinstance(e, Rule) and e.differential.__module__ in MODULES]
FORMULAS = [e for e in ENTRIES.values() if isinstance(e, Formula) and e.body.__module__ in MODULES]
ARITY = {name: 3 if e.variadic else e.arity + len(e.parameters) for e in RULES for name in e.outputs}
STEPS = {"floor", "ceil", "round", "trunc", "_trunc_margin", "mod", "floor_divide", "fmod"}
STEPS |= {"_trunc_quotient", "_fmod_margin"}


def _trunc(x: Any) -> Any:
    return mp.sign(x) * mp.floor(abs(x))


def _margin(x: Any) -> Any:
    return mp.mpf(1) if abs(x) < 1 else abs(x - _trunc(x))


def _slope(root: Any) -> Any:
    return 1 / root


DEFINITIONS: dict[str, Callable[..., Any]] = {
    "exp": mp.exp,
    "exp2": lambda x: mp.exp(x * mp.log(2)),
    "exp10": lambda x: mp.exp(x * mp.log(10)),
    "expm1": lambda x: mp.exp(x) - 1,
    "log": mp.log,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "log1p": lambda x: mp.log(1 + x),
    "sqrt": mp.sqrt,
    "cbrt": lambda x: -mp.cbrt(-x) if isinstance(x, mpmath.mpf) and x < 0 else mp.cbrt(x),
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "pow": lambda x, a: mp.exp(a * mp.log(x)),
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "_sigmoid_of_minus": lambda x: 1 / (1 + mp.exp(x)),
    "logit": lambda x: mp.log(x / (1 - x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "logaddexp2": lambda x, y: mp.log(mp.power(2, x) + mp.power(2, y)) / mp.log(2),
    "logsumexp": lambda x, y, z: mp.log(mp.exp(x) + mp.exp(y) + mp.exp(z)),
    "gaussian": lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi),
    "ndtr": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "erf": mp.erf,
    "erfc": mp.erfc,
    "_erf_slope": lambda x: 2 * mp.exp(-x * x) / mp.sqrt(mp.pi),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": lambda x: mp.sin(x) / mp.cos(x),
    "_sec_squared": lambda x: 1 / mp.cos(x) ** 2,
    "cot": lambda x: mp.cos(x) / mp.sin(x),
    "_csc_squared": lambda x: 1 / mp.sin(x) ** 2,
    "sec": lambda x: 1 / mp.cos(x),
    "csc": lambda x: 1 / mp.sin(x),
    "sinpi": lambda x: mp.sin(mp.pi * x),
    "cospi": lambda x: mp.cos(mp.pi * x),
    "sindg": lambda x: mp.sin(mp.pi * x / 180),
    "cosdg": lambda x: mp.cos(mp.pi * x / 180),
    "cosm1": lambda x: mp.cos(x) - 1,
    "asin": mp.asin,
    "acos": mp.acos,
    "_cos_asin": lambda x: mp.sqrt(1 - x) * mp.sqrt(1 + x),
    "_pole_real": lambda x: x / (1 + x * x),
    "_pole_imag": lambda x: 1 / (1 + x * x),
    "atan": mp.atan,
    "atan2": lambda y, x: mp.atan2(y, x)
    if isinstance(y, mpmath.mpf)
    else -1j * mp.log((x + 1j * y) / mp.sqrt(x * x + y * y)),
    "acot": lambda x: mp.atan(1 / x),
    "asec": lambda x: mp.acos(1 / x),
    "acsc": lambda x: mp.asin(1 / x),
    "_asec_slope": lambda x: 1 / (x * x * mp.sqrt(1 - 1 / x) * mp.sqrt(1 + 1 / x)),
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": lambda x: mp.sinh(x) / mp.cosh(x),
    "_sech_squared": lambda x: 1 / mp.cosh(x) ** 2,
    "coth": lambda x: mp.cosh(x) / mp.sinh(x),
    "_csch_squared": lambda x: 1 / mp.sinh(x) ** 2,
    "sech": lambda x: 1 / mp.cosh(x),
    "csch": lambda x: 1 / mp.sinh(x),
    "asinh": mp.asinh,
    "_asinh_slope": lambda x: 1 / (mp.sqrt(1 + 1j * x) * mp.sqrt(1 - 1j * x)),
    "acosh": mp.acosh,
    "_acosh_slope": lambda x: 1 / (mp.sqrt(x - 1) * mp.sqrt(x + 1)),
    "atanh": mp.atanh,
    "acoth": lambda x: mp.atanh(1 / x),
    "asech": lambda x: mp.acosh(1 / x),
    "_asech_slope": lambda x: 1 / (x * mp.sqrt(1 - x) * mp.sqrt(1 + x)),
    "floor": mp.floor,
    "ceil": mp.ceil,
    "round": mp.nint,
    "trunc": _trunc,
    "_trunc_margin": _margin,
    "mod": lambda x, y: x - y * mp.floor(x / y),
    "floor_divide": lambda x, y: mp.floor(x / y),
    "fmod": lambda x, y: x - y * _trunc(x / y),
    "_trunc_quotient": lambda x, y: _trunc(x / y),
    "_fmod_margin": lambda x, y: _margin(x / y),
    "xlogy": lambda w, u: w * mp.log(u),
    "xlog1py": lambda w, u: w * mp.log(1 + u),
    "entr": lambda u: -u * mp.log(u),
}

FORMULA_DEFINITIONS: dict[str, Callable[..., Any]] = {
    "reciprocal": lambda u: 1 / u,
    "square": lambda u: u * u,
    "log_expit": lambda u: -mp.log(1 + mp.exp(-u)),
    "deg2rad": lambda u: u * mp.pi / 180,
    "rad2deg": lambda u: u * 180 / mp.pi,
    "acsch": lambda u: mp.asinh(1 / u),
    "abs": abs,
    "sign": mp.sign,
    "maximum": max,
    "minimum": min,
    "clip": lambda u, lower, upper: min(max(u, lower), upper),
    "relu": lambda u: max(u, 0),
    "heaviside": lambda u, at_zero: mp.mpf(u > 0),
    "copysign": lambda u, w: abs(u) * mp.sign(w),
}

# ---------------------------------------------------------------------- points
REAL_LINE = "exp exp2 exp10 expm1 sigmoid _sigmoid_of_minus softplus gaussian ndtr erf erfc _erf_slope sin cos sinpi "
REAL_LINE += "cospi sindg cosdg cosm1 atan _pole_real _pole_imag sinh cosh tanh _sech_squared sech asinh _asinh_slope "
REAL_LINE += "tan _sec_squared sec"
DOMAINS: dict[str, Callable[[Any], bool]] = {name: lambda x: True for name in REAL_LINE.split()}
DOMAINS |= dict.fromkeys(("log", "log2", "log10", "sqrt", "rsqrt", "pow", "entr"), lambda x: x > 0)
NONZERO = ("cbrt", "cot", "_csc_squared", "csc", "acot", "coth", "_csch_squared", "csch")
DOMAINS |= dict.fromkeys(NONZERO, lambda x: x != 0)
DOMAINS |= dict.fromkeys(("asin", "acos", "_cos_asin", "atanh"), lambda x: -1 < x < 1)
DOMAINS |= dict.fromkeys(("acoth", "asec", "acsc", "_asec_slope"), lambda x: abs(x) > 1)
DOMAINS |= dict.fromkeys(("acosh", "_acosh_slope"), lambda x: x > 1)
DOMAINS |= dict.fromkeys(("logit", "asech", "_asech_slope"), lambda x: 0 < x < 1)
DOMAINS |= {"log1p": lambda x: x > -1} | dict.fromkeys(STEPS, lambda x: True)
HAZARDS = [
    *(0.0, 1e-300, 1e-17, 1e-8, 1e-3, 0.1, 0.5, 1.0, 1.5, 2.5, 10.0, 18.0, 25.0, 26.0, 37.0, 40.0, 100.0, 300.0, 700.0),
    *(1 / 3, 0.25, 90.0, 180.0, 45.0, 1e5, 1e8 + 0.25, 1e15, 1e22, 1e100, 1e300),
    *(math.pi, math.pi / 2, 3 * math.pi / 2, math.pi + 1e-9, math.pi / 2 - 1e-9, 710.0, 745.0),
    *(1 + 2.0**-52, 1 - 2.0**-53, 1 + 1e-8, 1 - 1e-8, 1 + 1e-3, 1 - 1e-3, 0.5 + 1e-9, 0.5 - 1e-9),
]


def real_points(count: int, seed: int) -> list[float]:
    """Hazards of both signs and a random grid over all scales."""
    rng = random.Random(seed)
    scattered = [10 ** rng.uniform(-3, 1) for _ in range(count)] + [10 ** rng.uniform(-30, 30) for _ in range(count)]
    near_one = [1 + s * 10 ** rng.uniform(-15, -1) for s in (1, -1) for _ in range(count // 2)]
    return [s * x for x in HAZARDS + scattered + near_one for s in (1, -1)]


def complex_points(count: int, seed: int) -> list[complex]:
    """A random grid over all scales and around the points where functions vanish, branch or have poles."""
    rng = random.Random(seed)

    def around(centre: complex, low: float, high: float) -> complex:
        angle = rng.uniform(0, 2 * math.pi)
        return centre + 10 ** rng.uniform(low, high) * complex(math.cos(angle), math.sin(angle))

    centres = (0, 1, -1, 1j, -1j, math.pi, math.pi / 2, 1j * math.pi / 2, 1j * math.pi, -2, 0.5)
    near = [around(c, -12, 0) for c in centres for _ in range(count // 4)]
    far = [around(0, -60, 60) for _ in range(count)]
    plain = [complex(rng.uniform(-30, 30), rng.uniform(-30, 30)) for _ in range(count)]
    circle = [around(0, 0, 0) for _ in range(count // 2)]
    return near + far + plain + circle


def points(name: str, count: int, complex: bool) -> list[tuple[Any, ...]]:
    """Arguments for a function; those of several are shuffled together."""
    seed = sum(map(ord, name))
    if ARITY[name] > 1 and not complex:
        rng = random.Random(seed)
        base = [x for x in real_points(count, seed) if 1e-200 < abs(x) < 1e15]
        first = [x for x in base if DOMAINS.get(name, lambda x: True)(x)]
        if name == "pow":
            return [(rng.choice(first), rng.choice([*base, 0.5, -1.5, 1 / 3])) for _ in range(3 * count)]
        if name.startswith("xlog"):
            last = [x for x in base if x > (-1 if name == "xlog1py" else 0)]
            return [(rng.choice(base), rng.choice(last)) for _ in range(3 * count)]
        if name.startswith("log"):
            negative = [-math.log(2), -math.log(2) + 1e-9, -1.0, -0.3]
            pool = [x for x in base if abs(x) < 1e6] + negative * 5
            return [tuple(rng.choice(pool) for _ in range(ARITY[name])) for _ in range(3 * count)]
        pairs = [(rng.choice(base), rng.choice(base)) for _ in range(3 * count)]
        # beyond 2^53 the quotient is no longer what decides about a jump
        return [p for p in pairs if abs(p[0]) < 1e15 * abs(p[1])] if name in STEPS else pairs
    if complex:
        pool = complex_points(count, seed)
        if ARITY[name] == 1:
            return [(z,) for z in pool]
        rng = random.Random(seed)
        small = [z for z in pool if 1e-3 < abs(z) < 30]
        return [tuple(rng.choice(small) for _ in range(ARITY[name])) for _ in range(count)]
    return [(x,) for x in real_points(count, seed) if DOMAINS[name](x)]
