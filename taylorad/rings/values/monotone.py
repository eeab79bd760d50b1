"""Functions that rise, or fall, in each argument on the whole of their real domain: their ranges lie between values."""

from __future__ import annotations

__all__ = ["CORNERS", "FALLING", "RISING", "TURNS"]

RISING = frozenset(
    (
        *("exp", "expm1", "exp2", "exp10", "log", "log1p", "log2", "log10", "sqrt", "cbrt"),
        *("sinh", "tanh", "asinh", "acosh", "atanh", "asin", "atan"),
        *("erf", "erfinv", "ndtr", "sigmoid", "logit", "softplus"),
        *("floor", "ceil", "round", "trunc"),
    )
)
FALLING = frozenset(("acos", "erfc", "rsqrt", "asech", "_sigmoid_of_minus", "erfcinv"))
# of several arguments: for fixed others, monotone in each (pow: for positive bases)
CORNERS = frozenset(("pow", "logaddexp", "logaddexp2", "logsumexp"))
# of one argument, with turning points that are known: ``turning`` has their values
TURNS = frozenset(("sin", "cos", "sinpi", "cospi", "cosh", "sech", "gaussian"))
