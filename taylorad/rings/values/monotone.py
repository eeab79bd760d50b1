"""Functions whose ranges over intervals lie between values at known places: ends, corners, turning points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["CORNERS", "EVEN", "FALLING", "RISING", "TURNS"]

# in each argument (for constant parameters), on every interval of the real domain
RISING = frozenset(
    (
        *("exp", "expm1", "exp2", "exp10", "log", "log1p", "log2", "log10", "sqrt", "cbrt"),
        *("sinh", "tanh", "asinh", "acosh", "atanh", "asin", "atan", "asec", "hypot"),
        *("erf", "erfi", "erfinv", "ndtr", "sigmoid", "logit", "softplus", "logaddexp", "logaddexp2", "logsumexp"),
        *("shi", "ellipk", "floor", "ceil", "round", "trunc"),
    )
)
FALLING = frozenset(
    (
        *("acos", "acsc", "asech", "acoth", "erfc", "erfcinv", "rsqrt", "_sigmoid_of_minus"),
        *("beta", "ellipe", "expn", "kv"),
    )
)
EVEN = frozenset(("hypot",))  # and known by what they are for arguments ≥ 0
# of one argument, with turning points that are known: ``turning`` has their values
TURNS = frozenset(("sin", "cos", "sinpi", "cospi", "cosh", "sech", "gaussian", "entr"))


def _everywhere(*args: Any) -> bool:
    return True


# on each side of a box monotone along that side, where the condition on the box holds
CORNERS: dict[str, Callable[..., bool]] = {
    "pow": lambda u, a: u.lo > 0 or u.lo == 0 < a.lo,
    "atan2": lambda y, x: x.lo > 0 or y.lo > 0 or y.hi < 0 or (y.lo == 0 and x.hi < 0),
    "xlogy": _everywhere,
    "xlog1py": _everywhere,
}
