"""The eager front end: Taylor polynomials as values."""

from taylorad.taylor.series import Taylor

__all__ = ["Taylor"]
