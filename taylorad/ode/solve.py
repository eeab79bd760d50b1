"""scipy's interface: :func:`solve_ivp`, and Taylor's method as a solver class for scipy's own."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.given import numbers
from taylorad.ode.precision import Digits
from taylorad.ode.problem import compile_ode
from taylorad.ode.progress import Progress
from taylorad.ode.sensitivity import Sensitivity
from taylorad.ode.solution import Solution

__all__ = ["solve_ivp"]

_SCIPY = ("RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA")
_IGNORED = {
    "vectorized": "it is traced at one point",
    "jac": "it is explicit",
    "jac_sparsity": "it is explicit",
    "lband": "it is explicit",
    "uband": "it is explicit",
    "first_step": "it chooses the first step from the series",
    "min_step": "it stops where a step no longer changes the time",
}


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
    rtol: Any = None,
    atol: Any = None,
    max_step: float = math.inf,
    max_steps: int = 10_000_000,
    callback: Callable[[float, np.ndarray], Any] | None = None,
    progress: Progress = False,
    order: int | None = None,
    precision: Digits | None = None,
    sliding: str | None = None,
    sensitivity: Sensitivity | None = None,
    **options: Any,
) -> Solution:
    """Solve y′ = fun(t, y, *args) by Taylor's method: scipy.integrate.solve_ivp's arguments, fields and shapes.

    ``fun`` is run once, on traced values, so it must not branch on values (``ta.where`` may). ``args`` may also map the
    names of its arguments to values. Tolerances are 1e-10 and 1e-12 if not given, numbers or one for each component;
    ``precision=ta.digits(50)`` computes in 50 digits and ``sliding="filippov"`` goes on along switches
    (:func:`taylorad.ode.problem.compile_ode` says how).
    Another ``method``, scipy's name or class, hands over to scipy with a warning and with scipy's defaults.
    ``vectorized``, ``jac``, ``jac_sparsity``, ``lband``, ``uband``, ``first_step`` and ``min_step`` are accepted, for
    Taylor's method has no use for them; the message says so. The rest is as in
    :meth:`taylorad.ode.problem.Problem.solve`, which also says what is raised; events may carry scipy's attributes
    ``terminal`` and ``direction``, and all roots of a step are found, tangent ones too (``direction`` 0). Not rigorous.

    >>> import numpy as np, taylorad as ta
    >>> s = ta.solve_ivp(lambda t, y, k: -k * y, (0, 10), [2, 4, 8], args=(0.5,), t_eval=[0, 1, 2])
    >>> bool(np.allclose(s.y[0], 2 * np.exp(-0.5 * s.t)))
    True
    """
    if not _ours(method):
        given = {"rtol": rtol, "atol": atol, **options}
        given = {name: value for name, value in given.items() if value is not None}
        given |= {"dense_output": dense_output, "events": events, "vectorized": vectorized, "max_step": max_step}
        return _theirs(method, (fun, t_span, y0, t_eval, args), given, callback is not None or progress is not False)
    if not callable(fun):
        raise DomainError(f"the right-hand side {fun!r} is not a function of t and y")
    unknown = sorted(set(options) - set(_IGNORED))
    if unknown:
        raise DomainError(f"solve_ivp has no option {unknown[0]!r}")
    y = np.atleast_1d(numbers(y0, "y0", None) if precision is None else np.asarray(y0, object))
    if y.ndim != 1:
        raise DomainError(f"y0 has {y.ndim} axes; give the components in one row")
    complex = y.dtype.kind == "c" or any(np.iscomplexobj(x) or hasattr(x, "_mpc_") for x in y)
    named = isinstance(args, Mapping)
    given = () if args is None else tuple(args.values()) if named else tuple(args) if np.iterable(args) else (args,)
    shapes = [np.shape(a) for a in given]
    problem = compile_ode(
        fun,
        len(y),
        params=dict(zip(args, shapes, strict=True)) if named else None,
        shapes=None if named else shapes,
        rtol=rtol,
        atol=atol,
        order=order,
        dtype=np.complex128 if complex else np.float64,
        precision=precision,
        sliding=sliding,
    )
    found = problem.solve(
        t_span,
        y,
        given,
        t_eval=t_eval,
        events=events,
        dense=dense_output,
        max_step=max_step,
        max_steps=max_steps,
        callback=callback,
        progress=progress,
        sensitivity=sensitivity,
    )
    if vectorized:
        options["vectorized"] = True
    for name, value in options.items():
        if value is not None:
            found.message += f" {name} was not used by Taylor's method: {_IGNORED[name]}."
    return found


def _ours(method: Any) -> bool:
    """Whether a method is Taylor's, by name or class."""
    name = method if isinstance(method, str) else getattr(method, "__name__", "")
    return name.lower() == "taylor" or (name == "TaylorSolver" and method.__module__ == "taylorad.ode.solver")


def _theirs(method: Any, given: tuple[Any, ...], options: dict[str, Any], ours: bool) -> Any:
    """scipy's own solve_ivp."""
    from scipy import integrate

    name = method if isinstance(method, str) else getattr(method, "__name__", method)
    if (name not in _SCIPY) if isinstance(method, str) else not isinstance(method, type):
        raise DomainError(f"method = {method!r} is none of Taylor, {', '.join(_SCIPY)}, and no solver class")
    if ours:
        raise DomainError(f"callback and progress are for Taylor's method; method {name!r} is scipy's")
    warnings.warn(f"method {name!r} is scipy's: it is called instead of Taylor's method", stacklevel=3)
    fun, span, y0, t_eval, args = given
    return integrate.solve_ivp(fun, span, y0, cast(Any, method), t_eval=t_eval, args=args, **options)
