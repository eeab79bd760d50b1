"""Order-0 values and jets in float64, complex128 and mpmath numbers, computed in balls and rounded.

The precision is raised until the ball decides the result: within 1 ulp (of the modulus, for complex numbers), or zero
where it is zero or falls below the range. Beyond the range of float64 the result is infinite; where the function has
no value it is not a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from taylorad.errors import DomainError, UncertifiedError, UnsupportedFunctionError

__all__ = ["floating", "floating_jet", "multiprecision", "multiprecision_jet"]

_DOUBLE = 53
_GUARD = 8  # bits beyond the target's, so that rounding the middle of a ball costs 1/2 + 2^-8 ulp


# ---------------------------------------------------------------------- float64 and complex128
def floating(name: str, complex: bool) -> Callable[..., Any] | None:
    """The function ``name`` over float64 (or complex128) scalars and arrays, or None where balls have none.

    Raises DomainError, with the points, where a real function has a complex value, and UncertifiedError where balls
    do not decide the result. Cost: some 20 µs a point.
    """
    from taylorad.rings.values import balls

    function = balls.lookup(name)
    if function is None:
        return None

    def value(*args: Any) -> Any:
        return _each(name, lambda *at: [function(*at)], args, 1, complex)[0]

    return value


def floating_jet(name: str, args: Sequence[Any], order: int, complex: bool) -> Sequence[Any]:
    """Coefficients 0 … order of a local entry in its last argument, for one point or a batch; errors as above."""
    from taylorad.rings.values import balls

    return _each(name, lambda *at: balls.jet(name, at, order), args, order + 1, complex)


def _each(name: str, compute: Callable[..., Sequence[Any]], args: Sequence[Any], count: int, complex: bool) -> Any:
    """The ``count`` rounded results at every point of a batch: an array (count, *shape)."""
    points = np.broadcast_arrays(*args)
    table = np.empty((count, points[0].size), np.complex128 if complex else np.float64)
    unreal: list[int] = []
    for i, at in enumerate(zip(*(p.flat for p in points), strict=True)):
        exact = [_from_double(x, complex) for x in at]
        found = _decided(name, compute, exact, _DOUBLE)
        if not complex and not found[0].is_finite() and _is_complex(compute, exact):
            unreal.append(i)
        table[:, i] = [_to_complex(x) if complex else _to_double(x) for x in found]
    if unreal:
        shown = ", ".join(str(p.flat[unreal[0]]) for p in points)
        where = tuple(unreal) if points[0].ndim else ()
        raise DomainError(f"{name}({shown}) is not real; use a complex argument", where)
    return table.reshape(count, *points[0].shape)


def _from_double(x: Any, complex: bool) -> Any:
    from flint import acb, arb

    return acb(arb(float(x.real)), arb(float(x.imag))) if complex else arb(float(x.real))


def _to_double(x: Any) -> float:
    """The double nearest to the middle of a ball; zero where the ball contains zero."""
    if not x.is_finite():
        return float("nan")
    if x.contains(0):
        return 0.0
    mantissa, e = (int(part) for part in x.mid().man_exp())
    if mantissa.bit_length() + e > 1024:
        return float("inf") if mantissa > 0 else float("-inf")
    if mantissa.bit_length() + e < -1080:
        return 0.0
    try:
        return mantissa / (1 << -e) if e < 0 else float(mantissa << e)  # both are rounded correctly
    except OverflowError:
        return float("inf") if mantissa > 0 else float("-inf")


def _to_complex(x: Any) -> complex:
    return complex(_to_double(x.real), _to_double(x.imag))


# ---------------------------------------------------------------------- mpmath
def multiprecision(name: str) -> Callable[..., Any] | None:
    """The function ``name`` over mpf and mpc numbers at mpmath's working precision, or None; errors as above."""
    from taylorad.rings.values import balls

    function = balls.lookup(name)
    if function is None:
        return None

    def value(*args: Any) -> Any:
        return _rounded(name, lambda *at: [function(*at)], args)[0]

    return value


def multiprecision_jet(name: str, args: Sequence[Any], order: int) -> list[Any]:
    """Coefficients 0 … order of a local entry in its last argument, at mpmath's working precision; errors as above."""
    from taylorad.rings.values import balls

    return _rounded(name, lambda *at: balls.jet(name, at, order), args)


def _rounded(name: str, compute: Callable[..., Sequence[Any]], args: Sequence[Any]) -> list[Any]:
    from flint import acb, arb

    context = next(a for a in args if hasattr(a, "context")).context
    complex = any(hasattr(a, "_mpc_") for a in args)
    exact = [acb(arb(a.real), arb(a.imag)) if complex else arb(a) for a in args]
    found = _decided(name, compute, exact, context.prec)
    if not complex and not found[0].is_finite() and _is_complex(compute, exact):
        raise DomainError(f"{name}({', '.join(map(str, args))}) is not real; use mpmath.mpc numbers")

    def number(x: Any) -> Any:
        if not x.is_finite():
            return context.nan
        if x.contains(0):
            return context.zero
        return +context.make_mpf(x.mid()._mpf_)

    return [context.mpc(number(x.real), number(x.imag)) if complex else number(x) for x in found]


# ---------------------------------------------------------------------- both
def _decided(name: str, compute: Callable[..., Sequence[Any]], exact: Sequence[Any], bits: int) -> list[Any]:
    """The results at an exact point, each known to ``bits`` bits and some; not finite where there is none."""
    from taylorad.rings.values.settle import loose, settle

    goal = bits + _GUARD
    found = settle(lambda: compute(*exact), goal)
    if not all(x.is_finite() for x in found):
        return [x + float("nan") for x in found]
    if loose(found, goal):
        raise UncertifiedError(
            f"{name}({', '.join(map(str, exact))}) could not be decided to {bits} bits in balls; "
            "use Arb balls, which show what is known, or another point"
        )
    return found


def _is_complex(compute: Callable[..., Sequence[Any]], exact: Iterable[Any]) -> bool:
    """True where a function without a real value has a complex one."""
    from flint import acb

    try:
        found = compute(*map(acb, exact))[0]
    except UnsupportedFunctionError:  # a function of real numbers only
        return False
    return bool(found.is_finite() and not found.imag.contains(0))
