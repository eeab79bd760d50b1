"""Where functions of a complex argument are analytic: everywhere but for poles, or off a part of the real axis."""

from __future__ import annotations

__all__ = ["COMPANIONS", "CUT_OUTSIDE_THE_DOMAIN", "MEROMORPHIC"]

# analytic in the plane but for poles, which make a ball infinite
MEROMORPHIC = frozenset(
    (
        *("exp", "expm1", "exp2", "exp10", "erf", "erfc", "gaussian", "ndtr", "erfi"),
        *("sin", "cos", "sinpi", "cospi", "sindg", "cosdg", "cosm1", "sinh", "cosh"),
        *("tan", "cot", "sec", "csc", "tanh", "coth", "sech", "csch"),
    )
)
# cut along the part of the real axis that is not their real domain, and nowhere else
CUT_OUTSIDE_THE_DOMAIN = frozenset(
    ("log", "log1p", "log2", "log10", "sqrt", "rsqrt", "pow", "asin", "acos", "atanh", "acosh")
)
COMPANIONS = frozenset(  # outputs of the same rules that are as analytic as the functions themselves
    ("_cos_asin", "_acosh_slope", "_sec_squared", "_csc_squared", "_sech_squared", "_csch_squared", "_erf_slope")
)
