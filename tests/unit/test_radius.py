"""Radius of convergence: known singularities, entire functions, honest answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest

from taylorad.errors import MixedRingError, OrderError
from taylorad.taylor.construct import polynomial, variable
from taylorad.taylor.radius import Radius
from taylorad.taylor.series import Taylor


def expanded(f: Callable[[mpmath.mpf], mpmath.mpf], order: int) -> Taylor:
    """Coefficients at 0 by mpmath's contour-free differences, at 60 digits; tiny ones are zeros of parity."""
    with mpmath.workdps(60):
        c = [float(x) for x in mpmath.taylor(f, 0, order)]
    return Taylor([0.0 if abs(x) < 1e-30 else x for x in c])


SINGULAR = [
    ("simple pole", lambda t: 1 / (1 - t / 2), "single", 2.0, 1e-12),
    ("pole of order 10", lambda t: (1 - t) ** -10, "single", 1.0, 1e-9),
    ("branch point", lambda t: (1 + t / 3) ** mpmath.mpf("0.5"), "single", 3.0, 1e-9),
    ("logarithm", lambda t: mpmath.log(1 + t), "single", 1.0, 1e-9),
    ("tangent off centre", lambda t: mpmath.tan(t + 0.6), "single", math.pi / 2 - 0.6, 1e-4),
    ("tangent", mpmath.tan, "pair", math.pi / 2, 1e-4),
    ("conjugate pair of poles", lambda t: 1 / (1 + (t + 0.6) ** 2), "pair", math.hypot(0.6, 1), 1e-9),
    ("conjugate pair of branch points", lambda t: mpmath.atan(t + 0.5), "pair", math.hypot(0.5, 1), 1e-9),
    ("pair times entire", lambda t: mpmath.exp(mpmath.sin(t + 0.6)) / (1 + (t + 0.6) ** 2), "pair", 1.1662, 2e-3),
]


@pytest.mark.parametrize(("f", "kind", "radius", "error"), [s[1:] for s in SINGULAR], ids=[s[0] for s in SINGULAR])
def test_nearest_singularities(f: Callable[..., mpmath.mpf], kind: str, radius: float, error: float) -> None:
    found = expanded(f, 20).radius()
    assert isinstance(found, Radius)
    assert found.kind == kind
    assert abs(found.best / radius - 1) <= error
    assert found.best == (found.ratio if kind == "single" else found.pair)
    assert found.root > 0


ENTIRE = [mpmath.exp, mpmath.sin, lambda t: mpmath.exp(-t * t), lambda t: mpmath.cos(3 * t + 1)]


@pytest.mark.parametrize("f", ENTIRE)
@pytest.mark.parametrize("order", [20, 40])
def test_entire_functions(f: Callable[..., mpmath.mpf], order: int) -> None:
    found = expanded(f, order).radius() if order == 20 else Taylor(_long(f, order)).radius()
    assert (found.best, found.kind) == (math.inf, "entire")


def _long(f: Callable[..., mpmath.mpf], order: int) -> list[float]:
    with mpmath.workdps(90):
        return [float(x) if abs(x) > mpmath.mpf(10) ** -70 else 0.0 for x in mpmath.taylor(f, 0, order)]


def test_three_equal_singularities_are_left_to_the_root_test() -> None:
    found = Taylor([float(k % 3 == 0) for k in range(31)]).radius()  # 1/(1 − t³)
    assert (found.kind, found.best) == ("unclear", 1.0)


def test_polynomials() -> None:
    assert polynomial([1, 2, 3]).radius().kind == "polynomial"
    found = Taylor([1.0, 2.0, 3.0, *[0.0] * 20]).radius()
    assert (found.kind, found.best) == ("polynomial", math.inf)


def test_the_radius_scales_with_t() -> None:
    """In units of t, at any size of numbers: 1/(1 − t/a) beyond the range of floats too."""
    for a in (Fraction(10) ** -12, Fraction(7, 3), Fraction(10) ** 12):
        found = Taylor([a**-k for k in range(31)]).radius()
        assert abs(found.best / float(a) - 1) < 1e-9
    with mpmath.workdps(30):
        tiny = Taylor([mpmath.mpf(10) ** (-40 * k) for k in range(31)])
    assert abs(tiny.radius().best / 1e40 - 1) < 1e-9


def test_other_numbers() -> None:
    pole = 0.3 + 0.4j  # one complex singularity
    found = Taylor([pole ** -(k + 1) for k in range(21)]).radius()
    assert found.kind == "single"
    assert abs(found.best / 0.5 - 1) < 1e-9
    assert abs(Taylor([flint.arb(3) ** -k for k in range(21)]).radius().best / 3 - 1) < 1e-9
    assert abs(Taylor([flint.acb(0, 3) ** -k for k in range(21)]).radius().best / 3 - 1) < 1e-9
    assert abs(Taylor([mpmath.mpf(-3) ** -k for k in range(21)]).radius().best / 3 - 1) < 1e-9


def test_coefficients_about_to_underflow_say_nothing() -> None:
    c = [float(Fraction(1, 10 ** (20 * k))) for k in range(40)]  # 1/(1 − t/1e20); zero from k = 17
    assert abs(Taylor(c).radius().best / 1e20 - 1) < 1e-9


def test_batches() -> None:
    a = np.array([[0.5, 2.0], [1.0, 4.0]])
    found = Taylor(a ** -np.arange(21.0).reshape(-1, 1, 1)).radius()
    assert np.allclose(found.best, a, rtol=1e-9)
    assert np.all(found.kind == "single")


def test_what_cannot_be_estimated() -> None:
    with pytest.raises(OrderError, match="order ≥ 8"):
        Taylor(np.ones(8)).radius()
    with pytest.raises(MixedRingError, match="Taylor of Taylors"):
        variable(variable(0.5, 9), 9).radius()
