"""scipy's interface: :func:`solve_ivp`, and Taylor's method as a solver class for scipy's own."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.problem import compile_ode
from taylorad.ode.solution import Solution

__all__ = ["solve_ivp"]

_IGNORED = ("vectorized", "jac", "jac_sparsity", "lband", "uband", "first_step", "min_step")


def solve_ivp(
    fun: Callable[..., Any],
    t_span: tuple[Any, Any],
    y0: Any,
    method: Any = "Taylor",
    t_eval: Any = None,
    dense_output: bool = False,
    events: Any = None,
    vectorized: bool = False,
    args: Any = None,
    *,
    rtol: Any = 1e-10,
    atol: Any = 1e-12,
    max_step: float = math.inf,
    max_steps: int = 10_000_000,
    callback: Callable[[float, np.ndarray], Any] | None = None,
    **options: Any,
) -> Solution:
    """Solve y′ = fun(t, y, *args) by Taylor's method: scipy.integrate.solve_ivp's arguments, fields and shapes.

    ``fun`` is run once, on traced values, so it must not branch on values (``ta.where`` may). ``method`` of another
    name hands over to scipy, with a warning. ``vectorized``, ``jac``, ``jac_sparsity``, ``lband``, ``uband``,
    ``first_step`` and ``min_step`` are accepted and ignored, for Taylor's method has no use for them. The rest is as in
    :meth:`taylorad.ode.problem.Problem.solve`, which also says what is raised; events may carry scipy's attributes
    ``terminal`` and ``direction``, and all roots of a step are found, tangent ones too (``direction`` 0). Not rigorous.
    """
    if isinstance(method, str) and method.lower() != "taylor":
        from scipy import integrate

        warnings.warn(f"method {method!r} is scipy's: it is called instead of Taylor's method", stacklevel=2)
        given = {"t_eval": t_eval, "dense_output": dense_output, "events": events, "vectorized": vectorized}
        return integrate.solve_ivp(
            fun, t_span, y0, method, args=args, rtol=rtol, atol=atol, max_step=max_step, **given, **options
        )
    unknown = sorted(set(options) - set(_IGNORED))
    if unknown:
        raise DomainError(f"solve_ivp has no option {unknown[0]!r}")
    y = np.atleast_1d(np.asarray(y0))
    if y.ndim != 1:
        raise DomainError(f"y0 has {y.ndim} axes; give the components in one row")
    if y.dtype.kind not in "biufc":
        raise DomainError(f"y0 holds {y.dtype} objects; give numbers")
    given = () if args is None else tuple(args) if isinstance(args, (tuple, list)) else (args,)
    problem = compile_ode(
        fun,
        len(y),
        shapes=[np.shape(a) for a in given],
        rtol=rtol,
        atol=atol,
        dtype=np.complex128 if y.dtype.kind == "c" else np.float64,
    )
    return problem.solve(
        t_span,
        y,
        given,
        t_eval=t_eval,
        events=events,
        dense=dense_output,
        max_step=max_step,
        max_steps=max_steps,
        callback=callback,
    )
