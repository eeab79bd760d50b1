"""Truncated polynomials in several variables; see :mod:`taylorad.multivariate.series`."""
