"""Order-0 values in exact rationals: only where the value of a function at a rational point is rational."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from taylorad.rings.values import origin

__all__ = ["jet", "value"]


def value(name: str, args: Sequence[Fraction]) -> Fraction | None:
    """The function ``name`` at rational arguments where its value is rational, else None."""
    if name in _AT:
        at, there = _AT[name]
        return Fraction(there) if args[0] == at else None
    return _EVERYWHERE[name](*args) if name in _EVERYWHERE else origin.value(name, args)


def jet(name: str, args: Sequence[Fraction], order: int) -> Sequence[Fraction] | None:
    """Coefficients 0 … order of a local entry at a point, where they are rational, else None."""
    return origin.jet(name, args, order)


_AT: dict[str, tuple[Fraction | int, Fraction | int]] = {
    "exp": (0, 1),
    "expm1": (0, 0),
    "log": (1, 0),
    "log1p": (0, 0),
    "sigmoid": (0, Fraction(1, 2)),
    "_sigmoid_of_minus": (0, Fraction(1, 2)),
    "logit": (Fraction(1, 2), 0),
    "ndtr": (0, Fraction(1, 2)),
    "erf": (0, 0),
    "erfc": (0, 1),
    "sin": (0, 0),
    "cos": (0, 1),
    "tan": (0, 0),
    "_sec_squared": (0, 1),
    "sec": (0, 1),
    "cosm1": (0, 0),
    "asin": (0, 0),
    "acos": (1, 0),
    "atan": (0, 0),
    "sinh": (0, 0),
    "cosh": (0, 1),
    "tanh": (0, 0),
    "_sech_squared": (0, 1),
    "sech": (0, 1),
    "asinh": (0, 0),
    "acosh": (1, 0),
    "atanh": (0, 0),
}


def _integer_root(n: int, q: int) -> int | None:
    """The q-th root of n ≥ 0 if it is an integer, by Newton's iteration from above."""
    if n < 2 or q == 1:
        return n
    root = 1 << -(-n.bit_length() // q)
    while True:
        lower = ((q - 1) * root + n // root ** (q - 1)) // q
        if lower >= root:
            break
        root = lower
    return root if root**q == n else None


def _root(u: Fraction, q: int) -> Fraction | None:
    if u < 0:
        return None
    top, bottom = _integer_root(u.numerator, q), _integer_root(u.denominator, q)
    return None if top is None or bottom is None else Fraction(top, bottom)


def _sqrt(u: Fraction) -> Fraction | None:
    return _root(u, 2)


def _inverse_sqrt(u: Fraction) -> Fraction | None:
    root = _root(u, 2)
    return 1 / root if root else None


def _cbrt(u: Fraction) -> Fraction | None:
    root = _root(abs(u), 3)
    return root if root is None or u >= 0 else -root


def _pow(u: Fraction, a: Fraction) -> Fraction | None:
    if u == 0 and a <= 0:
        return None
    if a.denominator == 1:
        return u**a.numerator
    root = _root(u, a.denominator)
    return None if root is None else root**a.numerator


def _power_of(base: int) -> Callable[[Fraction], Fraction | None]:
    return lambda u: Fraction(base) ** u.numerator if u.denominator == 1 else None


def _log_to(base: int) -> Callable[[Fraction], Fraction | None]:
    def function(u: Fraction) -> Fraction | None:
        if u <= 0 or min(u.numerator, u.denominator) != 1:
            return None
        n = max(u.numerator, u.denominator)
        k = 0
        while n % base == 0:
            n, k = n // base, k + 1
        return None if n != 1 else Fraction(k if u >= 1 else -k)

    return function


def _sinpi(u: Fraction) -> Fraction | None:
    """sin πu is rational at rational u for the values 0, ±1/2, ±1 only (Niven's theorem)."""
    turn = u % 2
    sign, turn = (1, turn) if turn < 1 else (-1, turn - 1)
    found = {0: 0, Fraction(1, 6): 1, Fraction(1, 2): 2, Fraction(5, 6): 1}.get(turn)
    return None if found is None else sign * Fraction(found, 2)


def _trunc_margin(u: Fraction) -> Fraction:
    return Fraction(1) if abs(u) < 1 else abs(u - math.trunc(u))


_EVERYWHERE: dict[str, Callable[..., Fraction | None]] = {
    "exp2": _power_of(2),
    "exp10": _power_of(10),
    "log2": _log_to(2),
    "log10": _log_to(10),
    "sqrt": _sqrt,
    "rsqrt": _inverse_sqrt,
    "cbrt": _cbrt,
    "pow": _pow,
    "hypot": lambda u, w: _sqrt(u * u + w * w),
    "xlogy": lambda w, u: Fraction(0) if w == 0 or u == 1 else None,
    "xlog1py": lambda w, u: Fraction(0) if w == 0 or u == 0 else None,
    "entr": lambda u: Fraction(0) if u in (0, 1) else None,
    "logaddexp2": lambda u, w: u + 1 if u == w else None,
    "sinpi": _sinpi,
    "cospi": lambda u: _sinpi(u + Fraction(1, 2)),
    "sindg": lambda u: _sinpi(u / 180),
    "cosdg": lambda u: _sinpi(u / 180 + Fraction(1, 2)),
    "_cos_asin": lambda u: _sqrt(1 - u * u),
    "_pole_real": lambda u: u / (1 + u * u),
    "_pole_imag": lambda u: 1 / (1 + u * u),
    "_asinh_slope": lambda u: _inverse_sqrt(1 + u * u),
    "atan2": lambda y, x: Fraction(0) if y == 0 and x > 0 else None,
    "floor": lambda u: Fraction(math.floor(u)),
    "ceil": lambda u: Fraction(math.ceil(u)),
    "round": lambda u: Fraction(round(u)),
    "trunc": lambda u: Fraction(math.trunc(u)),
    "_trunc_margin": _trunc_margin,
    "mod": lambda u, w: u % w if w else None,
    "floor_divide": lambda u, w: Fraction(u // w) if w else None,
    "fmod": lambda u, w: u - w * math.trunc(u / w) if w else None,
    "_trunc_quotient": lambda u, w: Fraction(math.trunc(u / w)) if w else None,
    "_fmod_margin": lambda u, w: _trunc_margin(u / w) if w else None,
}
