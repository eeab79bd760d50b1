"""Order-0 values in machine code: a symbol of the C library, or a formula over such.

A table of the same kind as its neighbours, for kernels. A formula takes ``call(symbol, *args)`` and the arguments,
numbers with operators; symbols that begin with ``llvm.`` are instructions of the processor. A name that is
missing here is computed by the caller from the table of the ring and handed to the kernel, so an entry decides
nothing but speed. Every entry is as accurate as the ring's own (a test compares both with balls).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

__all__ = ["lookup"]

Formula = Callable[..., Any]


def lookup(name: str, complex: bool = False) -> Formula | None:
    """The formula of ``name``, or None. A complex one works on the parts ``z.re`` and ``z.im``."""
    return (_COMPLEX if complex else _REAL).get(name)


def _symbol(symbol: str) -> Formula:
    return lambda call, *args: call(symbol, *args)


def _gauss(call: Any, u: Any, halves: int) -> Any:
    """exp(−u²/halves): u² = m² + (u − m)(u + m) with m² exact, so that the rounding of u² costs nothing."""
    m = call("llvm.rint", call("llvm.maxnum", call("llvm.minnum", u, 1e3), -1e3) * 128) / 128
    return call("exp", -(m * m) / halves) * call("exp", (m - u) * (m + u) / halves)


def _sigmoid(call: Any, u: Any) -> Any:
    return call("llvm.minnum", call("exp", u), 1.0) / (1 + call("exp", -call("llvm.fabs", u)))


def _sech(call: Any, u: Any) -> Any:
    e = call("exp", -call("llvm.fabs", u))
    return 2 * e / (1 + e * e)


def _logit(call: Any, u: Any) -> Any:
    """±log(1 + |2u − 1|/min(u, 1 − u)): both differences are exact where they are small; one term is 0."""
    x, q = 2 * u - 1, call("llvm.minnum", u, 1 - u)
    return call("log1p", call("llvm.maxnum", x, 0.0) / q) - call("log1p", call("llvm.maxnum", -x, 0.0) / q)


def _square(x: Any) -> Any:
    return x * x


def _power(call: Any, u: Any, a: Any) -> Any:
    """Small odd halves, which forces between bodies are made of, by a root: the C library takes ten times as long."""
    halves = 2 * (a.number or 0)
    if halves not in (-3, -1, 1, 3):
        return call("pow", u, a)
    root = call("llvm.sqrt", u)
    found = root if abs(halves) == 1 else u * root
    return found if halves > 0 else 1 / found


_LIBRARY = (
    *("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "cbrt", "hypot"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc"),
)
_REAL: dict[str, Formula] = {name: _symbol(name) for name in _LIBRARY} | {
    "pow": _power,
    "exp10": lambda call, u: call("pow", 10.0, u),
    "xlogy": lambda call, w, u: w * call("log", u),
    "xlog1py": lambda call, w, u: w * call("log1p", u),
    "entr": lambda call, u: -u * call("log", u),
    "sqrt": _symbol("llvm.sqrt"),
    "rsqrt": lambda call, u: 1 / call("llvm.sqrt", u),
    "sec": lambda call, u: 1 / call("cos", u),
    "csc": lambda call, u: 1 / call("sin", u),
    "cot": lambda call, u: 1 / call("tan", u),
    "acot": lambda call, u: call("atan", 1 / u),
    "coth": lambda call, u: 1 / call("tanh", u),
    "_csch_squared": lambda call, u: 1 / _square(call("sinh", u)),
    "csch": lambda call, u: 1 / call("sinh", u),
    "_sec_squared": lambda call, u: 1 / _square(call("cos", u)),
    "_csc_squared": lambda call, u: 1 / _square(call("sin", u)),
    "sech": _sech,
    "_sech_squared": lambda call, u: 1 / _square(call("cosh", u)),
    "cosm1": lambda call, u: -2 * _square(call("sin", u / 2)),
    "_cos_asin": lambda call, u: call("llvm.sqrt", (1 - u) * (1 + u)),
    "_pole_real": lambda call, u: 1 / (u + 1 / u),
    "_pole_imag": lambda call, u: 1 / (1 + u * u),
    "_asinh_slope": lambda call, u: 1 / call("hypot", u, 1.0),
    "_acosh_slope": lambda call, u: 1 / (call("llvm.sqrt", u - 1) * call("llvm.sqrt", u + 1)),
    "logit": _logit,
    "sigmoid": _sigmoid,
    "_sigmoid_of_minus": lambda call, u: _sigmoid(call, -u),
    "softplus": lambda call, u: call("llvm.maxnum", u, 0.0) + call("log1p", call("exp", -call("llvm.fabs", u))),
    "gaussian": lambda call, u: _gauss(call, u, 2) / math.sqrt(2 * math.pi),
    "_erf_slope": lambda call, u: _gauss(call, u, 1) * (2 / math.sqrt(math.pi)),
}
_COMPLEX: dict[str, Formula] = {
    "exp": lambda call, z: (call("exp", z.re) * call("cos", z.im), call("exp", z.re) * call("sin", z.im)),
    "sin": lambda call, z: (call("sin", z.re) * call("cosh", z.im), call("cos", z.re) * call("sinh", z.im)),
    "cos": lambda call, z: (call("cos", z.re) * call("cosh", z.im), -(call("sin", z.re) * call("sinh", z.im))),
    "sinh": lambda call, z: (call("sinh", z.re) * call("cos", z.im), call("cosh", z.re) * call("sin", z.im)),
    "cosh": lambda call, z: (call("cosh", z.re) * call("cos", z.im), call("sinh", z.re) * call("sin", z.im)),
}
