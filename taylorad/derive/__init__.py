"""Derivatives of Python functions: Taylor series, jets and true derivatives of any order; beside them, in modules that
load when they are used, gradients and Hessians."""

from taylorad.derive.derivatives import derivative, derivatives
from taylorad.derive.expansion import taylor
from taylorad.derive.jet import jet

__all__ = ["derivative", "derivatives", "jet", "taylor"]
