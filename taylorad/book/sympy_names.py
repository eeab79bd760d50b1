"""What sympy calls the functions of the book; its other functions have no series here."""

from __future__ import annotations

__all__ = ["SYMPY_NAMES"]

_SAME = (
    "exp", "log", "sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan", "acot", "asec", "acsc",
    "atan2", "sinh", "cosh", "tanh", "coth", "sech", "csch", "asinh", "acosh", "atanh", "acoth", "asech",
    "acsch", "sign", "floor", "erf", "erfc", "erfi", "erfinv", "erfcinv", "li", "gamma", "loggamma", "digamma",
    "polygamma", "beta", "zeta",
)  # fmt: skip

SYMPY_NAMES: dict[str, str] = dict(zip(_SAME, _SAME, strict=True)) | {
    "Abs": "abs",
    "Max": "max",
    "Min": "min",
    "Mod": "mod",
    "ceiling": "ceil",
    "sinc": "sinc_unnormalized",
    "Si": "si",
    "Ci": "ci",
    "Shi": "shi",
    "Chi": "chi",
    "Ei": "expi",
    "expint": "expn",
    "fresnels": "fresnel_s",
    "fresnelc": "fresnel_c",
    "LambertW": "lambertw",
    "besselj": "jv",
    "bessely": "yv",
    "besseli": "iv",
    "besselk": "kv",
    "airyai": "airy_ai",
    "airybi": "airy_bi",
    "airyaiprime": "airy_aip",
    "airybiprime": "airy_bip",
    "elliptic_k": "ellipk",
    "elliptic_e": "ellipe",
    "chebyshevt": "eval_chebyt",
    "chebyshevu": "eval_chebyu",
    "legendre": "eval_legendre",
    "hermite": "eval_hermite",
    "laguerre": "eval_laguerre",
    "assoc_laguerre": "eval_genlaguerre",
    "gegenbauer": "eval_gegenbauer",
}
