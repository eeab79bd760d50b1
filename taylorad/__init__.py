"""Taylor series by computer: derivatives of any order, in float, complex, exact, multiprecision and ball arithmetic.

    >>> import numpy as np, taylorad as ta
    >>> x = ta.variable(0.0, order=3)
    >>> np.exp(x)
    1.0 + 1.0 t + 0.5 t^2 + 0.16666666666666666 t^3 + O(t^4)

Every function of the book is here by its name (``ta.exp``, ``ta.jv`` …). Heavy libraries load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "Taylor": "taylor.series",
    "Radius": "taylor.radius",
    "variable": "taylor.construct",
    "polynomial": "taylor.construct",
    "constant": "taylor.construct",
    "where": "taylor.dispatch",
    "multiply": "taylor.fft",
    "from_sympy": "taylor.symbolic",
    "taylor": "derive",
    "derivative": "derive",
    "derivatives": "derive",
    "jet": "derive",
    "gh": "derive.hessian",
    "gradient": "derive.gradient",
    "gradient_series": "derive.reverse",
    "hessian": "derive.hessian",
    "hessian_eigenvalues": "derive.operator",
    "hessian_operator": "derive.operator",
    "hessian_trace": "derive.operator",
    "hvp": "derive.hessian",
    "jacobian": "derive.jacobian",
    "jvp": "derive.gradient",
    "value_and_gradient": "derive.gradient",
    "vjp": "derive.gradient",
    "CompiledFunction": "compiled",
    "compile": "compiled",
    "load": "compiled",
    "solve_ivp": "ode.solve",
    "compile_ode": "ode.problem",
    "Event": "ode.events",
    "Sensitivity": "ode.sensitivity",
    "lyapunov_spectrum": "ode.lyapunov",
    "poincare_map": "ode.section",
    "hamiltonian": "ode.mechanics",
    "lagrangian": "ode.mechanics",
    "TaylorSolver": "ode.solver",
    "MultivariateTaylor": "multivariate.series",
    "variables": "multivariate.construct",
    "derivative_tensor": "multivariate.tensor",
    "directional": "multivariate.tensor",
    "inverse_map": "multivariate.inverse",
    "laplacian": "multivariate.tensor",
    "mixed": "multivariate.tensor",
    "load_solution": "ode.files",
    "digits": "ode.precision",
    "cache": "",
    "rule": "book.entry",
    "Domain": "book.entry",
    "testing": "",
    "plot": "",
    "interval": "validated.literals",
    "ball": "validated.literals",
    "box": "validated.literals",
    "validated": "",
    "errors": "",
    "CompilationError": "errors",
    "DomainError": "errors",
    "MixedRingError": "errors",
    "NotRepresentableError": "errors",
    "OrderError": "errors",
    "ShapeError": "errors",
    "SingularExpansionError": "errors",
    "TayloradError": "errors",
    "TraceError": "errors",
    "UncertifiedError": "errors",
    "UnsupportedFunctionError": "errors",
}

__all__ = [
    "CompilationError",
    "CompiledFunction",
    "Domain",
    "DomainError",
    "Event",
    "MixedRingError",
    "MultivariateTaylor",
    "NotRepresentableError",
    "OrderError",
    "Radius",
    "Sensitivity",
    "ShapeError",
    "SingularExpansionError",
    "Taylor",
    "TaylorSolver",
    "TayloradError",
    "TraceError",
    "UncertifiedError",
    "UnsupportedFunctionError",
    "__version__",
    "ball",
    "box",
    "cache",
    "compile",
    "compile_ode",
    "constant",
    "derivative",
    "derivative_tensor",
    "derivatives",
    "digits",
    "directional",
    "errors",
    "from_sympy",
    "gh",
    "gradient",
    "gradient_series",
    "hamiltonian",
    "hessian",
    "hessian_eigenvalues",
    "hessian_operator",
    "hessian_trace",
    "hvp",
    "interval",
    "inverse_map",
    "jacobian",
    "jet",
    "jvp",
    "lagrangian",
    "laplacian",
    "load",
    "load_solution",
    "lyapunov_spectrum",
    "mixed",
    "multiply",
    "plot",
    "poincare_map",
    "polynomial",
    "rule",
    "solve_ivp",
    "taylor",
    "testing",
    "validated",
    "value_and_gradient",
    "variable",
    "variables",
    "vjp",
    "where",
]

if TYPE_CHECKING:
    from taylorad import cache, errors, plot, testing, validated
    from taylorad.book.entry import Domain, rule
    from taylorad.compiled import CompiledFunction, compile, load
    from taylorad.derive import derivative, derivatives, jet, taylor
    from taylorad.derive.gradient import gradient, jvp, value_and_gradient, vjp
    from taylorad.derive.hessian import gh, hessian, hvp
    from taylorad.derive.jacobian import jacobian
    from taylorad.derive.operator import hessian_eigenvalues, hessian_operator, hessian_trace
    from taylorad.derive.reverse import gradient_series
    from taylorad.errors import (
        CompilationError,
        DomainError,
        MixedRingError,
        NotRepresentableError,
        OrderError,
        ShapeError,
        SingularExpansionError,
        TayloradError,
        TraceError,
        UncertifiedError,
        UnsupportedFunctionError,
    )
    from taylorad.multivariate.construct import variables
    from taylorad.multivariate.inverse import inverse_map
    from taylorad.multivariate.series import MultivariateTaylor
    from taylorad.multivariate.tensor import derivative_tensor, directional, laplacian, mixed
    from taylorad.ode.events import Event
    from taylorad.ode.files import load_solution
    from taylorad.ode.lyapunov import lyapunov_spectrum
    from taylorad.ode.mechanics import hamiltonian, lagrangian
    from taylorad.ode.precision import digits
    from taylorad.ode.problem import compile_ode
    from taylorad.ode.section import poincare_map
    from taylorad.ode.sensitivity import Sensitivity
    from taylorad.ode.solve import solve_ivp
    from taylorad.ode.solver import TaylorSolver
    from taylorad.taylor.construct import constant, polynomial, variable
    from taylorad.taylor.dispatch import where
    from taylorad.taylor.fft import multiply
    from taylorad.taylor.radius import Radius
    from taylorad.taylor.series import Taylor
    from taylorad.taylor.symbolic import from_sympy
    from taylorad.validated.literals import ball, box, interval

# the package now and not later, when its import would hide the function of the same name
import_module("taylorad.taylor")
del globals()["taylor"]


def __getattr__(name: str) -> Any:
    place = _PUBLIC.get(name)
    if place is not None:
        found = import_module(f"taylorad.{name}") if not place else getattr(import_module(f"taylorad.{place}"), name)
    elif name.startswith("_"):
        raise AttributeError(f"module 'taylorad' has no attribute {name!r}")
    else:
        from taylorad.taylor.apply import find, lasting, public

        found, function = public(name), find(name)
        if found is None or function is None:
            raise AttributeError(f"taylorad has no {name!r}: neither an object nor a function of the book")
        if not lasting(function):
            return found
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    from taylorad.book import BOOK

    return sorted({*__all__, *BOOK})
