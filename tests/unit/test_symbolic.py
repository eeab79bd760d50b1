"""Series to and from sympy."""

from __future__ import annotations

from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
import sympy

from taylorad.book.entry import BOOK
from taylorad.book.sympy_names import SYMPY_NAMES
from taylorad.errors import MixedRingError, OrderError, SingularExpansionError, UnsupportedFunctionError
from taylorad.taylor.construct import polynomial, variable
from taylorad.taylor.series import Taylor
from taylorad.taylor.symbolic import from_sympy, to_sympy

x, t = sympy.symbols("x t")
EXPRESSIONS = [
    sympy.exp(sympy.sin(x)) / (1 + x**2),
    sympy.sin(x) / x,
    sympy.sqrt(2 + x) * sympy.pi + sympy.E,
    2**x - x ** sympy.Rational(1, 3),
    sympy.sqrt(2) + sympy.sin(1) * x,
    sympy.atan2(x, 2 - x),
    sympy.besselj(1, x) + sympy.airyai(x) - sympy.LambertW(x),
    sympy.sinc(x) + sympy.Si(x) + sympy.fresnelc(x) + sympy.Ei(x),
    sympy.loggamma(x) + sympy.polygamma(1, x) + sympy.zeta(x + 2),
    sympy.legendre(3, x) + sympy.elliptic_k(x) + sympy.erf(x),
    sympy.Max(x, sympy.Rational(1, 10), 2 * x) + sympy.Abs(x - 3),
    sympy.EulerGamma * x - sympy.Float("0.1"),
    sympy.Integer(3),
]


@pytest.mark.parametrize("expr", EXPRESSIONS, ids=str)
def test_expressions_in_floats_and_balls(expr: sympy.Expr) -> None:
    """Against derivatives of sympy's own values, by mpmath's differences at 60 digits."""
    order, at = 4, Fraction(3, 4)
    value = sympy.lambdify(x, expr, "mpmath") if expr.free_symbols else lambda _: mpmath.mpf(3)
    with mpmath.workdps(60):
        point = mpmath.mpf(at.numerator) / at.denominator
        wanted = mpmath.taylor(value, point, order)
    floats, balls = from_sympy(expr, x, 0.75, order), from_sympy(expr, x, flint.arb(0.75), order)
    assert floats.order == balls.order == order
    for a, b, c in zip(floats, balls, wanted, strict=True):
        assert abs(float(a) - float(c)) <= 1e-12 * (1 + abs(c))
        assert abs(float(b.mid()) - float(c)) <= 1e-9 * (1 + abs(c))


def test_the_point_chooses_the_ring() -> None:
    expr = 1 / (1 - x)
    assert from_sympy(expr, x, sympy.Rational(1, 2), 3).coefficients == [2, 4, 8, 16]
    assert from_sympy(expr, x, 0, 2).to_sympy(x) == 1 + x + x**2 + sympy.O(x**3)
    assert from_sympy(expr, x, np.array([0.0, 0.5]), 1).coefficients.tolist() == [[1, 2], [1, 4]]
    assert from_sympy(x + sympy.I, x, 0.5, 1).constant_term == 0.5 + 1j
    with mpmath.workdps(40):
        found = from_sympy(sympy.sqrt(2) * x, x, sympy.Float("1", 40), 1)
        assert isinstance(found[1], np.float64)
        precise = from_sympy(sympy.sqrt(2) * x, x, mpmath.mpf(1), 1)[1]
        assert abs(precise - mpmath.sqrt(2)) < mpmath.mpf(10) ** -39
        assert isinstance(from_sympy(x, x, sympy.Float("0.1", 40), 1)[0], mpmath.mpf)


def test_removable_singularities_keep_what_is_known() -> None:
    assert from_sympy(sympy.sin(x) / x, x, 0.0, 4).order == 3
    with pytest.raises(SingularExpansionError):
        from_sympy(1 / x, x, 0.0, 4)


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(UnsupportedFunctionError, match=r"Piecewise .*not in the book"):
        from_sympy(sympy.Piecewise((x, x > 0), (1, True)), x, 0.5, 2)
    with pytest.raises(UnsupportedFunctionError, match="Derivative"):
        from_sympy(sympy.Derivative(sympy.Function("f")(x), x), x, 0.5, 2)
    with pytest.raises(UnsupportedFunctionError, match="GoldenRatio"):
        from_sympy(sympy.GoldenRatio * x, x, 0.5, 2)
    with pytest.raises(UnsupportedFunctionError, match="no rational or decimal number"):
        from_sympy(x, x, sympy.pi, 2)
    with pytest.raises(OrderError, match=r"also contains \['t'\]"):
        from_sympy(x * t, x, 0.5, 2)


def test_every_name_is_in_the_book_and_in_sympy() -> None:
    assert set(SYMPY_NAMES.values()) <= set(BOOK)
    assert all(hasattr(sympy, name) for name in SYMPY_NAMES)


def test_to_sympy() -> None:
    assert to_sympy(Taylor([Fraction(1), Fraction(0), Fraction(-1, 3)])) == 1 - t**2 / 3 + sympy.O(t**3)
    assert to_sympy(polynomial([1, 2]), x) == 1 + 2 * x
    assert to_sympy(polynomial([0])) == 0
    assert to_sympy(polynomial([0.1])) == sympy.Float(0.1)
    assert to_sympy(polynomial([1 + 2j, 0j, 1j])) == 1.0 + 2.0 * sympy.I + 1.0 * sympy.I * t**2
    with mpmath.workdps(40):
        assert abs(to_sympy(polynomial([mpmath.mpf(1) / 3])) - sympy.Rational(1, 3).n(40)) < sympy.Float("1e-39")
    with pytest.raises(ValueError, match="one point"):
        to_sympy(Taylor(np.ones((2, 2))))
    with pytest.raises(MixedRingError, match="arb"):
        to_sympy(Taylor([flint.arb(1)]))
    with pytest.raises(MixedRingError, match="taylor"):
        to_sympy(variable(variable(0.5, 1), 1))


def test_text_is_never_evaluated() -> None:
    with pytest.raises(MixedRingError, match="symbols"):
        from_sympy("__import__('os').getcwd()", sympy.Symbol("x"), 0.0, 2)
