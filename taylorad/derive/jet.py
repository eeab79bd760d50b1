"""Jets of functions of several arguments along a curve, with the calling convention of ``jax.experimental.jet``."""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.derive.derivatives import factorial_product
from taylorad.derive.expansion import new_tag, part, point
from taylorad.errors import MixedRingError, NotRepresentableError, OrderError
from taylorad.rings.choice import is_scalar
from taylorad.taylor.construct import ingest
from taylorad.taylor.series import Taylor

__all__ = ["jet"]


def jet(
    f: Callable[..., Any],
    primals: Sequence[Any],
    series: Sequence[Sequence[Any]],
    *,
    factorial_scaled: bool = True,
) -> tuple[Any, Any]:
    """The derivatives of t ↦ f(x(t), y(t), …) at t = 0 from those of the arguments, as ``jax.experimental.jet.jet``.

    Parameters
    ----------
    f : function of len(primals) arguments
    primals : tuple of numbers or float arrays
        x(0), y(0), …; f sees an array argument as an object array of series, so that it may index it.
    series : tuple of lists
        For each argument its derivatives x′(0), x″(0), …, all lists of one length K. With ``factorial_scaled=False``
        they are Taylor coefficients x′(0), x″(0)/2!, … instead.

    Returns
    -------
    (primal_out, series_out)
        f at the primals, and the list of its K derivatives (or coefficients); where f returns a tuple, list or dict,
        a structure of that kind in both places.

    Raises OrderError for lists of different lengths or orders that f loses, NotRepresentableError where k! leaves
    the range of floats, MixedRingError where f returns something that is no number. Not rigorous in float.
    Cost: O(K²) for each product and function.

    >>> import numpy as np, taylorad as ta
    >>> ta.jet(np.exp, (0.0,), ([1.0, 0.0, 0.0],))
    (1.0, [1.0, 1.0, 1.0])
    """
    if len(primals) != len(series):
        raise OrderError(f"{len(primals)} primals, {len(series)} series: give one list of derivatives for each primal")
    if not primals:
        raise OrderError("a jet needs at least one argument")
    lengths = {len(terms) for terms in series}
    if len(lengths) > 1:
        raise OrderError(f"series of different lengths {sorted(lengths)}: give derivatives to one order throughout")
    order, tag = lengths.pop(), new_tag()
    arguments = [_argument(p, terms, tag, factorial_scaled) for p, terms in zip(primals, series, strict=True)]
    x = next(s for a in arguments for s in (a.flat if isinstance(a, np.ndarray) else [a]))
    return _returned(f(*arguments), x, order, factorial_scaled)


def _argument(primal: Any, terms: Sequence[Any], tag: int, scaled: bool) -> Any:
    """A series, or an object array of series for an array argument."""
    if isinstance(primal, (list, tuple)):
        primal = np.asarray(primal)
    if not isinstance(primal, np.ndarray) or primal.ndim == 0:
        data = [point(primal), *(_divided(point(c), k + 1) if scaled else point(c) for k, c in enumerate(terms))]
        ring, buffer = ingest(data)
        return Taylor._make(buffer, ring, False, tag)
    spread = [np.broadcast_to(np.asarray(c), primal.shape) for c in terms]
    out = np.empty(primal.shape, object)
    for where in np.ndindex(primal.shape):
        out[where] = _argument(primal[where], [c[where] for c in spread], tag, scaled)
    return out


def _divided(c: Any, k: int) -> Any:
    """c/k!."""
    if not isinstance(c, (float, complex)):
        return c / math.factorial(k) if not isinstance(c, Taylor) else c * Fraction(1, math.factorial(k))
    if k <= 170:
        found = c / math.factorial(k)
    else:
        found = complex(*(float(Fraction(x) / math.factorial(k)) for x in (c.real, c.imag)))
        found = found if isinstance(c, complex) else found.real
    if abs(c) > 0 and abs(found) < 2.0**-1022:
        raise NotRepresentableError(
            f"{c}/{k}! is too small for a float; give coefficients with factorial_scaled=False, or mpmath numbers"
        )
    return found


def _returned(value: Any, x: Taylor, order: int, scaled: bool) -> tuple[Any, Any]:
    """What f returned, taken apart into values and derivatives."""
    if isinstance(value, dict):
        pairs = {key: _returned(v, x, order, scaled) for key, v in value.items()}
        return {key: p for key, (p, _) in pairs.items()}, {key: s for key, (_, s) in pairs.items()}
    if isinstance(value, (list, tuple)):
        found = [_returned(v, x, order, scaled) for v in value]
        return type(value)(p for p, _ in found), type(value)(s for _, s in found)
    if isinstance(value, np.ndarray) and value.ndim:
        found = [_returned(v, x, order, scaled) for v in value.flat]
        return (
            _array([p for p, _ in found], value.shape),
            [_array([s[k] for _, s in found], value.shape) for k in range(order)],
        )
    if isinstance(value, np.ndarray):
        value = value.item()
    if not isinstance(value, Taylor) and not is_scalar(value):
        raise MixedRingError(
            f"the function returned {value!r} of type {type(value).__name__}, which is neither a series nor a number; "
            "return an expression in its arguments, or a list, tuple, dict or array of such"
        )
    s = part(value, x)
    if s.order < order:
        raise OrderError(
            f"f loses orders here: derivatives are known to order {s.order} of {order}; "
            f"give {order - int(s.order)} more terms of every series"
        )
    c = [v.item() if isinstance(v, np.generic) else v for v in s._buffer(order)]
    return c[0], [_multiplied(c[k], k) if scaled else c[k] for k in range(1, order + 1)]


def _multiplied(c: Any, k: int) -> Any:
    if not isinstance(c, (float, complex)):
        return c * math.factorial(k)
    found = factorial_product(c, k).item()
    if not np.isfinite(found) or 0 < abs(c) < 2.0**-1022:
        raise NotRepresentableError(
            f"derivative {k} leaves the range of floats (coefficient {c}); use factorial_scaled=False, or mpmath"
        )
    return found


def _array(values: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    """An array of floats where all values are, else of objects."""
    if all(isinstance(v, (float, complex)) for v in values):
        return np.array(values).reshape(shape)
    out = np.empty(len(values), object)
    for i, v in enumerate(values):
        out[i] = v
    return out.reshape(shape)
