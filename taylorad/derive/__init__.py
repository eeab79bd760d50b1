"""Derivatives of any order of Python functions: Taylor series, true derivatives, and jets of several arguments."""

from taylorad.derive.derivatives import derivative, derivatives
from taylorad.derive.expansion import taylor
from taylorad.derive.jet import jet

__all__ = ["derivative", "derivatives", "jet", "taylor"]
