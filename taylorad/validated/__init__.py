"""Proofs by computer: what is called an enclosure here contains the true value, or an error is raised.

    >>> from taylorad import validated as v
    >>> v.derivative(lambda x: x * x, "0.2", 1)
    [0.400000000000000 +/- 4e-20]
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "ball": "literals",
    "box": "literals",
    "exact": "literals",
    "interval": "literals",
    "Minimum": "optimum",
    "Root": "zeros",
    "Roots": "zeros",
    "integrate": "quadrature",
    "TaylorModel": "model",
    "CompiledEnclosure": "batch",
    "compile": "batch",
    "roots": "zeros",
    "shrink_wrap": "wrapping",
    "solve_system": "zeros",
    "Enclosure": "enclosure",
    "check": "certificate",
    "compile_ode": "ode",
    "solve_ivp": "ode",
    "derivative": "derivatives",
    "minimize": "optimum",
    "range": "optimum.range_",
    "taylor": "derivatives",
}
__all__ = list(_PUBLIC)


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
