"""Proofs by computer: what is called an enclosure here contains the true value, or an error is raised.

    >>> from taylorad import validated as v
    >>> v.derivative(lambda x: x * x, "0.2", 1)
    [0.400000000000000 +/- 4e-20]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_PUBLIC = {
    "CompiledEnclosure": "batch",
    "Enclosure": "enclosure",
    "Minimum": "optimum",
    "Root": "zeros",
    "Roots": "zeros",
    "TaylorModel": "model",
    "ball": "literals",
    "box": "literals",
    "check": "certificate",
    "compile": "batch",
    "compile_ode": "ode",
    "derivative": "derivatives",
    "exact": "literals",
    "integrate": "quadrature",
    "interval": "literals",
    "minimize": "optimum",
    "range": "optimum.range_",
    "roots": "zeros",
    "shrink_wrap": "wrapping",
    "solve_ivp": "ode",
    "solve_system": "systems",
    "taylor": "derivatives",
}
__all__ = [
    "CompiledEnclosure",
    "Enclosure",
    "Minimum",
    "Root",
    "Roots",
    "TaylorModel",
    "ball",
    "box",
    "check",
    "compile",
    "compile_ode",
    "derivative",
    "exact",
    "integrate",
    "interval",
    "minimize",
    "range",
    "roots",
    "shrink_wrap",
    "solve_ivp",
    "solve_system",
    "taylor",
]

if TYPE_CHECKING:
    from taylorad.validated.batch import CompiledEnclosure, compile
    from taylorad.validated.certificate import check
    from taylorad.validated.derivatives import derivative, taylor
    from taylorad.validated.enclosure import Enclosure
    from taylorad.validated.literals import ball, box, exact, interval
    from taylorad.validated.model import TaylorModel
    from taylorad.validated.ode import compile_ode, solve_ivp
    from taylorad.validated.optimum import Minimum, minimize
    from taylorad.validated.optimum import range_ as range
    from taylorad.validated.quadrature import integrate
    from taylorad.validated.systems import solve_system
    from taylorad.validated.wrapping import shrink_wrap
    from taylorad.validated.zeros import Root, Roots, roots


def __getattr__(name: str) -> Any:
    place = _PUBLIC.get(name)
    if place is None:
        raise AttributeError(f"taylorad.validated has no {name!r}; it has {', '.join(__all__)}")
    module, _, other = place.partition(".")
    found = getattr(import_module(f"taylorad.validated.{module}"), other or name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
