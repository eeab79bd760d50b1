"""To and from sympy, which is loaded on first use."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from taylorad.book.sympy_names import SYMPY_NAMES
from taylorad.errors import MixedRingError, OrderError, UnsupportedFunctionError
from taylorad.taylor.apply import apply, find
from taylorad.taylor.arithmetic import power
from taylorad.taylor.construct import constant, variable
from taylorad.taylor.join import common
from taylorad.taylor.series import Taylor

__all__ = ["from_sympy", "to_sympy"]


def _sympy() -> Any:
    try:
        import sympy
    except ImportError:
        raise ImportError("sympy is needed to convert expressions: pip install sympy") from None
    return sympy


def to_sympy(series: Taylor, symbol: Any = None) -> Any:
    """Σ c_k·t^k + O(t^(K+1)) as a sympy expression in ``symbol`` (default t); an exact polynomial has no O term.

    Fractions become sympy's Rationals, floats and mpmath numbers its Floats of the same precision.
    Raises ValueError for a batch, MixedRingError for balls (sympy has none) and for a Taylor of Taylors.
    """
    sympy = _sympy()
    if series.shape:
        raise ValueError(f"a batch of shape {series.shape} is not one expression; take one point first")
    name = series._ring.name
    if name in ("arb", "acb", "taylor"):
        raise MixedRingError(f"sympy has no numbers like {name} coefficients; convert them one by one first")
    t = sympy.Symbol("t") if symbol is None else symbol
    terms = [_to_number(sympy, c) * t**k for k, c in enumerate(series._coefficients) if not series._ring.is_zero(c)]
    if not series.exact:
        terms.append(sympy.O(t ** len(series._coefficients)))
    return sympy.Add(*terms)


def _to_number(sympy: Any, c: Any) -> Any:
    if isinstance(c, Fraction):
        return sympy.Rational(c.numerator, c.denominator)
    return sympy.sympify(c.item() if isinstance(c, np.generic) else c, strict=True)


def from_sympy(expr: Any, symbol: Any, x0: Any, order: int) -> Taylor:
    """The Taylor series of a sympy expression in ``symbol`` about x0.

    Parameters
    ----------
    expr, symbol : sympy expression and the symbol that varies
    x0 : number, or sympy number; its type chooses the ring, as for :func:`taylorad.variable`
    order : int ≥ 0

    The expression tree is walked, never turned into source text. Raises UnsupportedFunctionError for functions
    that the book does not have, OrderError for other free symbols or a bad order, and what the functions raise.
    """
    sympy = _sympy()
    try:
        expr = sympy.sympify(expr, strict=True)  # strict: text is never parsed, for sympy would evaluate it
    except sympy.SympifyError:
        raise MixedRingError(f"{expr!r} is not a sympy expression; build it from sympy.symbols") from None
    others = expr.free_symbols - {symbol}
    if others:
        raise OrderError(f"the expression also contains {sorted(map(str, others))}: substitute numbers for them first")
    if isinstance(x0, sympy.Basic):
        x0 = _number(x0)
    x = variable(x0, order)
    found = _walk(sympy, expr, symbol, x)
    return _in_ring(x, found)._padded(order) if found.exact else found


def _number(expr: Any) -> Any:
    """A sympy number as one of ours: exact, float, or mpmath where it has more digits than a float."""
    if expr.is_Rational:
        return Fraction(int(expr.p), int(expr.q))
    if expr.is_Float:
        return float(expr) if expr.num.context.mpf(float(expr)) == expr.num else expr.num
    raise UnsupportedFunctionError(f"{expr} is no rational or decimal number; give its numerical value, {expr}.evalf()")


def _walk(sympy: Any, expr: Any, symbol: Any, x: Taylor) -> Taylor:
    """The series of a subexpression; constants are exact, in the ring of x."""

    def walk(e: Any) -> Taylor:
        if e == symbol:
            return x
        if e.is_Rational or e.is_Float:
            return constant(_number(e))
        if e.is_NumberSymbol:
            return _constant(x, e)
        if e is sympy.I:
            return constant(1j)
        if e.is_Add:
            return reduce(lambda a, b: a + b, map(walk, e.args))
        if e.is_Mul:
            above, below = sympy.fraction(e, exact=True)
            if below == 1:
                return reduce(lambda a, b: a * b, map(walk, e.args))
            return walk(above) / walk(below)
        if e.is_Pow:
            base, exponent = e.args
            return power(_in_ring(x, walk(base)), _number(exponent) if exponent.is_Rational else walk(exponent))
        name = SYMPY_NAMES.get(type(e).__name__)
        function = find(name) if name else None
        if function is None:
            raise UnsupportedFunctionError(
                f"{type(e).__name__} in {e} is not in the book; rewrite it in other functions, {e}.rewrite(…), first"
            )
        args = [_number(a) if a.is_Rational else _in_ring(x, walk(a)) for a in e.args]
        if not any(isinstance(a, Taylor) for a in args):
            args[-1] = _in_ring(x, constant(args[-1]))
        if len(args) > 1 and type(e) in (sympy.Max, sympy.Min):
            return reduce(lambda a, b: apply(function, (a, b)), args)
        return apply(function, tuple(args))

    return walk(expr)


def _in_ring(x: Taylor, number: Taylor) -> Taylor:
    """A rational constant in the ring of x, so that its root is one of that precision."""
    if number.exact and number._ring.exact:
        number = common((x, number))[0][1]
    return number


def _constant(x: Taylor, symbol: Any) -> Taylor:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(symbol)).lower()
    try:
        return constant(x._ring.constant(name))
    except KeyError:
        raise UnsupportedFunctionError(f"the constant {symbol} is not known here; use {symbol}.evalf()") from None
