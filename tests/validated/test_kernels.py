"""Polynomials of compiled values and their remainders, in arithmetic of 300 bits, where no rounding hides a flaw."""

# pyright: reportPrivateUsage=false
from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import pytest

from taylorad.rings.balls import ball, precision
from taylorad.rings.values import reductions, tails


class Sharp:
    """An element: a ball of 300 bits with the operators that kernels use."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __add__(self, other: Any) -> Sharp:
        return Sharp(self.x + bare(other))

    def __sub__(self, other: Any) -> Sharp:
        return Sharp(self.x - bare(other))

    def __rsub__(self, other: Any) -> Sharp:
        return Sharp(bare(other) - self.x)

    def __mul__(self, other: Any) -> Sharp:
        return Sharp(self.x * bare(other))

    __radd__, __rmul__ = __add__, __mul__


def bare(x: Any) -> Any:
    return x.x if isinstance(x, Sharp) else ball(x)


class Writer:
    """What kernels write, at once."""

    number = staticmethod(lambda x, lanes=1: flint.arb(x))
    neg = staticmethod(lambda x: -x)
    min = staticmethod(lambda a, b: a if a < b else b)
    max = staticmethod(lambda a, b: a if a > b else b)


class Ring:
    """What kernels ask of theirs."""

    w, lanes = Writer(), 1
    lift = staticmethod(lambda x: Sharp(bare(x)))
    square = staticmethod(lambda a: Sharp(a.x * a.x))
    element = staticmethod(lambda low, hi: Sharp((-low).union(hi)))


Kernel = Callable[[Any, Any], Any]
PIECES: dict[str, tuple[Kernel, Kernel, float, float]] = {
    "exp": (lambda m, y: reductions._expm1_near_0(m, Sharp(y)), lambda y: y.expm1(), -0.36, 0.36),
    "log": (lambda m, y: reductions._twice_atanh(m, Sharp(y)), lambda y: 2 * y.atanh(), -0.1716, 0.1716),
    "sin": (lambda m, y: reductions._sincos_near_0(m, Sharp(y))[0], lambda y: y.sin(), -0.8, 0.8),
    "cos": (lambda m, y: reductions._sincos_near_0(m, Sharp(y))[1], lambda y: y.cos(), -0.8, 0.8),
    "atan": (lambda m, y: reductions._atan_near_0(m, Sharp(y)), lambda y: y.atan(), -7 / 16, 7 / 16),
    "erf": (lambda m, y: tails._head(m, y, tails.ERROR), lambda y: y.erf(), 0.0, 9 / 8),
    "erfc": (lambda m, y: tails._middle(m, y, tails.ERROR), lambda y: y.erfc(), 3 / 8, 9 / 8),
    "head": (lambda m, y: tails._head(m, y, tails.NORMAL), lambda y: (y / root2()).erf() / 2, 0.0, 51 / 32),
    "tail": (lambda m, y: tails._middle(m, y, tails.NORMAL), lambda y: (y / root2()).erfc() / 2, 17 / 32, 51 / 32),
}


@pytest.fixture(autouse=True)
def sharp_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    """Constants, too, are not rounded to doubles."""
    for module in (reductions, tails):
        monkeypatch.setattr(module, "between", lambda m, lo, hi: Sharp(ball(lo).union(ball(hi))))


def root2() -> Any:
    return flint.arb(2).sqrt()


def missed(name: str) -> int:
    """At how many of 17 points a piece does not contain the function; its width is not above 2⁻⁵⁵ of it anywhere."""
    piece, function, low, high = PIECES[name]
    found = 0
    with precision(300):
        for i in range(17):
            y = flint.arb(low) + (flint.arb(high) - low) * i / 16
            y = y.mid()
            truth, enclosure = function(y), piece(Ring(), y).x
            assert enclosure.rad() <= abs(truth).upper() * 2.0**-55 or i in (0, 8)
            found += not enclosure.overlaps(truth)
    return found


@pytest.mark.parametrize("name", PIECES)
def test_a_polynomial_and_its_remainder_contain_the_function(name: str) -> None:
    assert missed(name) == 0


@pytest.mark.parametrize("name", PIECES)
def test_a_remainder_that_is_dropped_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounded to 300 bits, nothing but the remainder makes the enclosure wide (constants are of 400 bits)."""
    for module in (reductions, tails):
        monkeypatch.setattr(module, "around", lambda m, bound: m.lift(0))
    constant = reductions.between
    monkeypatch.setattr(reductions, "between", lambda m, lo, hi: m.lift(0) if lo == 0 else constant(m, lo, hi))
    whole = tails._taylor
    monkeypatch.setattr(tails, "_taylor", lambda tail: (whole(tail)[0], whole(tail)[1][:-1]))
    assert missed(name) >= 5


@pytest.mark.parametrize("name", PIECES)
def test_a_coefficient_that_is_half_as_large_again_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the last ones, which a remainder may hide."""
    plain = reductions.horner
    place, count = 0, 9

    def moved(m: Any, coefficients: Any, x: Any) -> Any:
        nonlocal count
        count, at = len(coefficients) - 2, min(place, len(coefficients) - 1)
        row = [c * Fraction(3, 2) if i == at else c for i, c in enumerate(coefficients)]
        return plain(m, row, x)

    for module in (reductions, tails):
        monkeypatch.setattr(module, "horner", moved)
    while place < count:
        assert missed(name) > 0, place
        place += 1
