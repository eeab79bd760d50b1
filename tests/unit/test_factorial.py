"""True derivatives: exact scaling, and an error instead of a silent 0 or infinity."""

from __future__ import annotations

import math
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest

from taylorad.errors import NotRepresentableError, OrderError
from taylorad.rings.balls import precision
from taylorad.taylor.construct import polynomial, variable
from taylorad.taylor.series import Taylor


@pytest.mark.parametrize("k", [0, 1, 5, 18, 22, 23, 50, 120, 170, 200, 300])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_floats_are_scaled_to_one_ulp(k: int, sign: float) -> None:
    c = sign * 1.2345678901234567 * 2.0 ** -(min(math.factorial(k).bit_length(), 1020))
    found = Taylor([*[1.0] * k, c]).derivative(k)
    exact = Fraction(c) * math.factorial(k)
    assert isinstance(found, float)
    assert abs(Fraction(found) - exact) <= Fraction(math.ulp(found))


def test_factorials_to_22_are_exact() -> None:
    assert Taylor([1.0] * 23).derivatives().tolist() == [float(math.factorial(k)) for k in range(23)]


def test_beyond_170() -> None:
    """The 171st derivative of 1/(1 − x/10) at 0 is 171!/10^171, which is finite though 171! is not."""
    c = [float(Fraction(1, 10**k)) for k in range(172)]
    exact = Fraction(math.factorial(171), 10**171)
    assert abs(Fraction(Taylor(c).derivative(171)) / exact - 1) <= Fraction(1, 2**51)


def test_what_floats_cannot_hold_is_refused() -> None:
    with pytest.raises(NotRepresentableError, match=r"derivative 171 overflows float64; ta\.derivative\(f, x, 171\)"):
        Taylor([1.0] * 172).derivative(171)
    # exp(x/100) at 0: the coefficients 1/(100^k·k!) are subnormal from k = 88 and 0 from k = 92
    c = Taylor([float(Fraction(1, 100**k * math.factorial(k))) for k in range(130)])
    assert abs(c.derivative(80) / 1e-160 - 1) < 1e-14
    for k in (88, 92, 129):
        with pytest.raises(NotRepresentableError, match=r"ta\.derivative"):
            c.derivative(k)
    # cos(x/100): every other zero is a true one
    even = Taylor([float(Fraction((k % 2 == 0) * (-1) ** (k // 2), 100**k * math.factorial(k))) for k in range(130)])
    assert even.derivative(41) == 0.0
    with pytest.raises(NotRepresentableError, match="underflowed"):
        even.derivative(101)


def test_zeros_that_are_true() -> None:
    assert Taylor([1.0, 0.0, 0.0, 2.0]).derivatives().tolist() == [1, 0, 0, 12]
    assert polynomial([1.0, 1e-305]).derivative(30) == 0
    assert polynomial([1, 2]).derivative(7) == 0
    with pytest.raises(OrderError, match="coefficient 4 is not known"):
        Taylor([1.0, 0.0, 0.0, 2.0]).derivative(4)


def test_batches() -> None:
    data = np.zeros((31, 2, 2))
    data[30] = [[1.0, -2.0], [0.5, 0.0]]
    found = Taylor(data).derivative(30)
    assert found.shape == (2, 2)
    assert np.all(np.abs(found - data[30] * math.factorial(30)) <= np.spacing(np.abs(found)))
    data[29, 1, 1] = 1e-303
    with pytest.raises(NotRepresentableError):
        Taylor(data).derivative(30)
    assert Taylor(data).derivative(28).shape == (2, 2)


def test_complex_parts_are_scaled_alike() -> None:
    c = complex(3.0, -1e-12)
    assert Taylor([*[0j] * 20, c]).derivative(20) == complex(3.0 * math.factorial(20), -1e-12 * math.factorial(20))
    assert Taylor([0j, 1 + 1e-310j]).derivative(1) == 1 + 1e-310j
    with pytest.raises(NotRepresentableError):
        Taylor([0j, 1e-310j]).derivative(1)
    found = Taylor(np.array([[1j, 2.0], [3.0, 4j]])).derivative(1)
    assert found.tolist() == [3, 4j]


def test_other_rings() -> None:
    assert Taylor([Fraction(1, 3)] * 26).derivative(25) == Fraction(math.factorial(25), 3)
    with mpmath.workdps(40):
        found = Taylor([mpmath.mpf(1) / 3] * 301).derivative(300)
        assert mpmath.almosteq(found, mpmath.factorial(300) / 3, rel_eps=mpmath.mpf(10) ** -39)
    ball = Taylor([flint.arb(1) / 3] * 301).derivative(300)
    with precision(3000):  # where 300!/3 is a point
        assert ball.contains(flint.arb(math.factorial(300)) / 3)


def test_nested_series_are_scaled_coefficient_by_coefficient() -> None:
    x = variable(variable(2.0, 3), 3)  # 2 + s + t
    assert (x * x * x).derivative(2).coefficients.tolist() == [12.0, 6.0, 0.0, 0.0]


def test_factorials_of_nested_series_do_not_overflow() -> None:
    tiny = Taylor([2.0**-900, 2.0**-950])
    x = variable(tiny, 1)
    high = Taylor._make([*[0 * tiny] * 171, tiny], x._ring, False, x._tag)
    found = high.derivative(171)
    wanted = Fraction(2) ** -900 * math.factorial(171)
    assert abs(Fraction(float(found[0])) / wanted - 1) <= Fraction(1, 2**51)
