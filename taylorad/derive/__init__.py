"""Derivatives of Python functions: Taylor series, jets, true derivatives of any order; gradients and Hessians."""

from taylorad.derive.derivatives import derivative, derivatives
from taylorad.derive.expansion import taylor
from taylorad.derive.gradient import gradient, jvp, value_and_gradient, vjp
from taylorad.derive.hessian import gh, hessian, hvp
from taylorad.derive.jacobian import jacobian
from taylorad.derive.jet import jet
from taylorad.derive.operator import hessian_eigenvalues, hessian_operator, hessian_trace
from taylorad.derive.reverse import gradient_series

__all__ = [
    "derivative",
    "derivatives",
    "gh",
    "gradient",
    "gradient_series",
    "hessian",
    "hessian_eigenvalues",
    "hessian_operator",
    "hessian_trace",
    "hvp",
    "jacobian",
    "jet",
    "jvp",
    "taylor",
    "value_and_gradient",
    "vjp",
]
