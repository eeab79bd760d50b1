"""Right-hand sides from one scalar function: Hamilton's and Lagrange's equations.

>>> import numpy as np, taylorad as ta
>>> f = ta.hamiltonian(lambda q, p: p[0] ** 2 / 2 - np.cos(q[0]))
>>> s = ta.solve_ivp(f, (0, 10), [1.0, 0.0], rtol=1e-13)
>>> bool(abs(s.y[1, -1] ** 2 / 2 - np.cos(s.y[0, -1]) + np.cos(1.0)) < 1e-11)
True
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from taylorad.derive.gradient import gradient, jvp
from taylorad.derive.hessian import hessian
from taylorad.errors import DomainError

__all__ = ["hamiltonian", "lagrangian"]


def hamiltonian(H: Callable[..., Any], *, time: bool = False) -> Callable[..., Any]:
    """q′ = ∂H/∂p, p′ = −∂H/∂q for H(q, p, *args), or H(t, q, p, *args) with ``time``.

    The result is f(t, y, *args) for :func:`~taylorad.solve_ivp` and :func:`~taylorad.compile_ode`, with y = (q, p): n
    coordinates, then n momenta. H gets two arrays (n,) and returns one number. DomainError where y has an odd number
    of components. Cost: at most ten times the operations of H.
    """

    def f(t: Any, y: Any, *args: Any) -> Any:
        q, p = _halves(y, "momenta")
        energy = _with_time(H, t, time)
        by_q = gradient(lambda x: energy(x, p, *args), q)
        by_p = gradient(lambda x: energy(q, x, *args), p)
        return np.concatenate([by_p, -by_q])

    return _named(f, H, time)


def lagrangian(L: Callable[..., Any], *, time: bool = False) -> Callable[..., Any]:
    """Lagrange's equations d/dt ∂L/∂v = ∂L/∂q for L(q, v, *args), or L(t, q, v, *args) with ``time``.

    The result is f(t, y, *args) with y = (q, v), n coordinates and n velocities. The accelerations solve
    (∂²L/∂v²)·a = ∂L/∂q − (∂²L/∂v∂q)·v − ∂²L/∂v∂t by elimination without pivots: the matrix of masses must be positive
    definite, else the solution stops with a division by zero or is inaccurate. DomainError where y has an odd number
    of components. Cost: O(n) times the operations of L, and n³/3.
    """

    def f(t: Any, y: Any, *args: Any) -> Any:
        q, v = _halves(y, "velocities")
        here = _with_time(L, t, time)
        force = gradient(lambda x: here(x, v, *args), q)
        force = force - jvp(lambda x: gradient(lambda w: here(x, w, *args), v), q, v)
        if time:
            force = force - jvp(lambda s: gradient(lambda w: L(s, q, w, *args), v), t, 1.0)
        masses = hessian(lambda w: here(q, w, *args), v)
        return np.concatenate([v, _solved(masses, force)])

    return _named(f, L, time)


def _halves(y: Any, what: str) -> tuple[Any, Any]:
    n = len(y) // 2
    if len(y) != 2 * n or n == 0:
        raise DomainError(f"y has {len(y)} components; give as many {what} as coordinates")
    return y[:n], y[n:]


def _with_time(function: Callable[..., Any], t: Any, time: bool) -> Callable[..., Any]:
    return (lambda *given: function(t, *given)) if time else function


def _named(f: Callable[..., Any], function: Callable[..., Any], time: bool) -> Callable[..., Any]:
    """f with the arguments that come after (t, q, p) in ``function``, so that they keep their names."""
    try:
        kept = list(inspect.signature(function).parameters.values())[2 + time :]
    except (TypeError, ValueError):
        return f
    first = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in ("t", "y")]
    f.__signature__ = inspect.Signature([*first, *kept])  # type: ignore[attr-defined]
    f.__name__ = getattr(function, "__name__", "f")
    return f


def _solved(matrix: Any, right: Any) -> Any:
    """The solution of a symmetric positive definite system, by elimination over numbers of any kind."""
    n = len(right)
    a = [[matrix[i, j] for j in range(n)] for i in range(n)]
    b = [right[i] for i in range(n)]
    for k in range(n):
        for i in range(k + 1, n):
            factor = a[i][k] / a[k][k]
            for j in range(k + 1, n):
                a[i][j] = a[i][j] - factor * a[k][j]
            b[i] = b[i] - factor * b[k]
    for k in reversed(range(n)):
        for j in range(k + 1, n):
            b[k] = b[k] - a[k][j] * b[j]
        b[k] = b[k] / a[k][k]
    return np.stack(b)
