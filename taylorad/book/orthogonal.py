"""Orthogonal polynomials by their recurrence in the degree, exact in every ring, and the functions of other degrees.

Source: NIST Digital Library of Mathematical Functions, §18.9(i) (recurrences) and §18.5(iii) (other degrees).
"""

from __future__ import annotations

from typing import Any

from taylorad.book.entry import polynomials


@polynomials()
def eval_legendre(x: Any, p: Any, q: Any, n: Any) -> Any:
    """The Legendre polynomial, or function, P of degree n."""
    return ((2 * n - 1) * x * p - (n - 1) * q) / n


@polynomials(before=1)
def eval_chebyt(x: Any, p: Any, q: Any, n: Any) -> Any:
    """The Chebyshev polynomial, or function, T of degree n."""
    return 2 * x * p - q


@polynomials()
def eval_chebyu(x: Any, p: Any, q: Any, n: Any) -> Any:
    """The Chebyshev polynomial, or function, U of degree n."""
    return 2 * x * p - q


@polynomials()
def eval_gegenbauer(x: Any, p: Any, q: Any, n: Any, alpha: Any) -> Any:
    """The Gegenbauer polynomial, or function, C of degree n and parameter alpha."""
    return (2 * (n + alpha - 1) * x * p - (n + 2 * alpha - 2) * q) / n


@polynomials()
def eval_hermite(x: Any, p: Any, q: Any, n: Any) -> Any:
    """The physicist's Hermite polynomial, or function, H of degree n."""
    return 2 * x * p - 2 * (n - 1) * q


@polynomials()
def eval_hermitenorm(x: Any, p: Any, q: Any, n: Any) -> Any:
    """The probabilist's Hermite polynomial, or function, He of degree n."""
    return x * p - (n - 1) * q


@polynomials()
def eval_laguerre(x: Any, p: Any, q: Any, n: Any) -> Any:
    """The Laguerre polynomial, or function, L of degree n."""
    return ((2 * n - 1 - x) * p - (n - 1) * q) / n


@polynomials()
def eval_genlaguerre(x: Any, p: Any, q: Any, n: Any, alpha: Any) -> Any:
    """The generalized Laguerre polynomial, or function, L of degree n and parameter alpha."""
    return ((2 * n - 1 + alpha - x) * p - (n - 1 + alpha) * q) / n
