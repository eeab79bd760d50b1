"""Order-0 values in Arb balls, real and complex: each encloses the exact value over the whole argument ball.

FLINT's own functions by method; what FLINT lacks is composed of them, with each argument written once where that is
possible, so that wide balls stay narrow. On a branch cut the side is FLINT's: counter-clockwise continuous.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flint import acb, arb

from taylorad.errors import DomainError, UncertifiedError, UnsupportedFunctionError

__all__ = ["SERIES", "jet", "lookup"]


def lookup(name: str) -> Callable[..., Any] | None:
    """The function ``name`` over arb and acb, or None where there is none."""
    if name in _TABLE:
        return _TABLE[name]
    from taylorad.rings.values import special

    return special.lookup(name)


def jet(name: str, args: Sequence[Any], order: int) -> Sequence[Any]:
    """Coefficients 0 … order of a local entry at a point, in its last argument."""
    from taylorad.rings.values import special

    found = special.jet(name, args, order)
    if found is None:
        raise UnsupportedFunctionError(f"{name} has no Taylor coefficients in balls; it is no local entry of the book")
    return found


def _method(name: str) -> Callable[..., Any]:
    return lambda u: getattr(u, name)()


def _cbrt(u: Any) -> Any:
    if u == 0:  # where FLINT's root is nan
        return u
    if isinstance(u, arb):
        return u.root(3) if not u < 0 else -(-u).root(3)
    return u.root(3)


def _squared(u: Any) -> Any:
    """u², which ``u**2`` is not: it is nan for balls with the middle 0; little below 0 for real balls around it."""
    if not isinstance(u, arb) or not u.contains(0):
        return u * u
    top = abs(u).upper()
    return arb(0).union(top * top)


def _hypot(u: Any, w: Any) -> Any:
    if isinstance(u, arb) and isinstance(w, arb):
        return (_squared(u) + _squared(w)).sqrt()
    return (u * u + w * w).sqrt()


def _atan2(y: Any, x: Any) -> Any:
    if isinstance(y, arb) and isinstance(x, arb):
        if not (x > 0 or y >= 0 or y < 0):  # the angle jumps inside, while its slopes do not show it
            raise UncertifiedError(
                f"atan2({y}, {x}) may jump from −π to π inside, where y = 0 and x ≤ 0; split y there, or turn the plane"
            )
        return arb.atan2(y, x)
    i = acb(0, 1)
    return -i * ((x + i * y) / _hypot(x, y)).log()


def _times_log(w: Any, log: Callable[[], Any]) -> Any:
    """w·log, and 0 for w = 0 wherever that may be."""
    return w if w == 0 else w * log()


def _entropy(u: Any) -> Any:
    if not (isinstance(u, arb) and u >= 0 and u.contains(0)):
        return -u * u.log()
    top, least = u.upper(), (-arb(1)).exp()
    return arb(0).union(least if top == 0 or top >= least else -top * top.log()) if top > 0 else top


def _logsumexp(*args: Any) -> Any:
    total: Any = sum((u.exp() for u in args), arb(0))
    if total.is_finite() or isinstance(total, acb):
        return total.log()
    top = max(args, key=lambda u: u.mid())  # exponents out of range
    total = sum(((u - top).exp() for u in args), arb(0))
    return top + total.log()


def _asin(u: Any) -> Any:
    if isinstance(u, arb) or not abs(u) > 4:
        return u.asin()
    # FLINT adds iu and √(1 − u²), which cancel where Im u is positive and large
    root, turned = (1 - u).sqrt() * (1 + u).sqrt(), u * acb(0, 1)
    log = (root + turned).log() if not u.imag > 0 else -(root - turned).log()
    return log * acb(0, -1)


def _acos(u: Any) -> Any:
    return u.acos() if isinstance(u, arb) or not abs(u) > 4 else acb.pi() / 2 - _asin(u)


def _asinh(u: Any) -> Any:
    return u.asinh() if isinstance(u, arb) or not abs(u) > 4 else _asin(u * acb(0, 1)) * acb(0, -1)


def _acoth(u: Any) -> Any:
    if isinstance(u, arb):
        # atanh(1/u) would lose the distance to 1
        return (2 / (u - 1)).log1p() / 2 if u > 0 else -(2 / (-u - 1)).log1p() / 2
    return (1 / u).atanh()


def _pole_imag(u: Any) -> Any:
    if isinstance(u, arb):
        return 1 / (1 + _squared(u))
    i = acb(0, 1)
    return 1 / ((1 + i * u) * (1 - i * u))


def _asinh_slope(u: Any) -> Any:
    if isinstance(u, arb):
        return (1 + _squared(u)).rsqrt()
    i = acb(0, 1)
    return (1 + i * u).rsqrt() * (1 - i * u).rsqrt()


def _root_outside(u: Any) -> Any:
    return (abs(u) - 1).sqrt() * (abs(u) + 1).sqrt()


def _degrees(function: str) -> Callable[..., Any]:
    return lambda u: getattr(u / 180, function)()


def _trunc(u: Any) -> Any:
    return u.floor() if u > 0 else u.ceil() if u < 0 else u.floor().union(u.ceil()) if not abs(u) < 1 else arb(0)


def _round(u: Any) -> Any:
    low, high = (u - HALF).ceil(), (u + HALF).floor()
    return low if low == high else low.union(high)


def _margin(u: Any) -> Any:
    return arb(1) if abs(u) < 1 else abs(u - _trunc(u))


HALF = arb(0.5)

# what FLINT computes for whole series, by its own names
SERIES = {
    name: name
    for name in (
        *("exp", "log", "sqrt", "rsqrt", "sin", "cos", "tan", "atan", "asin", "acos"),
        *("erf", "erfc", "erfi", "gamma", "rgamma"),
    )
} | {"gammaln": "lgamma", "sinpi": "sin_pi", "cospi": "cos_pi"}

_TABLE: dict[str, Callable[..., Any]] = {
    name: _method(name)
    for name in (
        *("exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "erf", "erfc"),
        *("sin", "cos", "tan", "cot", "sec", "csc", "atan"),
        *("sinh", "cosh", "tanh", "coth", "sech", "csch", "acosh", "atanh"),
    )
} | {
    "xlogy": lambda w, u: _times_log(w, u.log),
    "xlog1py": lambda w, u: _times_log(w, u.log1p),
    "entr": _entropy,
    "exp2": lambda u: arb(2) ** u,
    "exp10": lambda u: arb(10) ** u,
    "log2": lambda u: u.log() / arb(2).log(),
    "log10": lambda u: u.log() / arb(10).log(),
    "cbrt": _cbrt,
    "pow": lambda u, a: u**a,
    "hypot": _hypot,
    "sigmoid": lambda u: 1 / (1 + (-u).exp()),
    "_sigmoid_of_minus": lambda u: 1 / (1 + u.exp()),
    "logit": lambda u: u.log() - (-u).log1p(),  # both grow with u, so that the sum of the balls is not too wide
    "softplus": lambda u: u.exp().log1p(),
    "logaddexp": _logsumexp,
    "logsumexp": _logsumexp,
    "logaddexp2": lambda u, w: _logsumexp(u * arb(2).log(), w * arb(2).log()) / arb(2).log(),
    "gaussian": lambda u: (-(u * u) / 2).exp() / (2 * arb.pi()).sqrt(),
    "ndtr": lambda u: (-u * HALF.sqrt()).erfc() / 2,
    "_erf_slope": lambda u: 2 * (-(u * u)).exp() / arb.pi().sqrt(),
    "_sec_squared": lambda u: _squared(u.sec()),
    "_csc_squared": lambda u: _squared(u.csc()),
    "sinpi": _method("sin_pi"),
    "cospi": _method("cos_pi"),
    "sindg": _degrees("sin_pi"),
    "cosdg": _degrees("cos_pi"),
    "cosm1": lambda u: -2 * _squared((u / 2).sin()),
    "_cos_asin": lambda u: (1 - u).sqrt() * (1 + u).sqrt(),
    "asin": _asin,
    "acos": _acos,
    "asinh": _asinh,
    "_pole_real": lambda u: u * _pole_imag(u),
    "_pole_imag": _pole_imag,
    "atan2": _atan2,
    "acot": lambda u: (1 / u).atan(),
    "_sech_squared": lambda u: _squared(u.sech()),
    "_csch_squared": lambda u: _squared(u.csch()),
    "_asinh_slope": _asinh_slope,
    "_acosh_slope": lambda u: (u - 1).rsqrt() * (u + 1).rsqrt(),
    "asec": lambda u: arb.atan2(_root_outside(u), u.sgn()) if isinstance(u, arb) else _acos(1 / u),
    "acsc": lambda u: arb.atan2(u.sgn(), _root_outside(u)) if isinstance(u, arb) else _asin(1 / u),
    "_asec_slope": lambda u: (1 - 1 / u).rsqrt() * (1 + 1 / u).rsqrt() / (u * u),
    "asech": lambda u: ((1 - u).sqrt() * (1 + u).sqrt() / u).asinh() if isinstance(u, arb) else (1 / u).acosh(),
    "_asech_slope": lambda u: (1 - u).rsqrt() * (1 + u).rsqrt() / u,
    "acoth": _acoth,
}


def _step(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def real(*args: Any) -> Any:
        if any(isinstance(u, acb) for u in args):
            raise DomainError(f"{name.strip('_')} has no derivative in a complex argument; take the real part first")
        return function(*args)

    return real


_STEPS: dict[str, Callable[..., Any]] = {
    "floor": lambda u: u.floor(),
    "ceil": lambda u: u.ceil(),
    "round": _round,
    "trunc": _trunc,
    "_trunc_margin": _margin,
    "mod": lambda u, w: u - w * (u / w).floor(),
    "floor_divide": lambda u, w: (u / w).floor(),
    "fmod": lambda u, w: u - w * _trunc(u / w),
    "_trunc_quotient": lambda u, w: _trunc(u / w),
    "_fmod_margin": lambda u, w: _margin(u / w),
}
_TABLE.update((name, _step(name, function)) for name, function in _STEPS.items())
