"""Values of the special functions in every ring against mpmath, and their calling conventions against scipy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import flint
import mpmath as mp
import numpy as np
import pytest
import scipy.special as sc
from coefficients import coefficients
from special_cases import CASES, Case, circle

from taylorad.book.entry import BOOK, ENTRIES
from taylorad.errors import UnsupportedFunctionError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.balls import BallRing, precision
from taylorad.rings.multiprecision import MultiprecisionRing
from taylorad.rings.values import rounded
from taylorad.series.node import Leaf

T = Leaf.of(0)
REAL_ONLY = {"erfinv", "erfcinv"}
COMPLEX = [c for c in CASES[::2] if c.name not in REAL_ONLY and not c.slow and not c.real]


def value(ring: Any, case: Case, u: Any) -> Any:
    return coefficients(ring, case.node, [[u]], 0)[0]


@pytest.mark.parametrize("case", [c for c in CASES if not c.slow], ids=str)
def test_values_in_every_real_ring(case: Case) -> None:
    values_agree(case, case.points[1::2])


@pytest.mark.nightly
@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_in_every_real_ring_everywhere(case: Case) -> None:
    values_agree(case, case.points)


def values_agree(case: Case, points: Sequence[tuple[float, float]]) -> None:
    """float64 to 1 ulp, 50 digits to 1 ulp, and a narrow ball that contains the value."""
    for u, _ in points:
        with mp.workprec(600):
            true = mp.re(case.function(mp.mpf(u)))
            if float(u).is_integer() and abs(true) < mp.mpf(2) ** -500:
                true = mp.mpf(0)  # what rounding leaves of a zero
        double = float(value(ArrayRing(), case, u))
        with mp.workprec(600):
            assert abs(mp.mpf(double) - true) <= (8 if case.products else 1.01) * mp.mpf(math.ulp(double)), u
        with mp.workdps(50):
            got = value(MultiprecisionRing(), case, mp.mpf(u))
            assert abs(got - true) <= (8 if case.products else 2) * mp.eps * abs(true), u
        with precision(200):
            ball = value(BallRing(), case, flint.arb(u))
            assert ball.rel_accuracy_bits() >= 150, u
        with precision(1000):
            t = flint.arb(true)
            assert ball.overlaps(flint.arb(t, abs(t) * flint.arb(2) ** -500)), (u, ball, t)


@pytest.mark.parametrize("case", COMPLEX, ids=str)
def test_coefficients_at_complex_points(case: Case) -> None:
    """complex128, mpc and acb at a point off the axis, near the first real one of the case."""
    u, distance = case.points[len(case.points) // 2]
    step = min(distance, 1.0) / 4
    z = complex(u + step, step / 2)
    order = 8
    true = circle(case.function, z, distance / 3 if distance < math.inf else distance, order, 300)
    floats = coefficients(ArrayRing(np.complex128), case.node, [[z, 1]], order)
    with mp.workdps(30):
        multi = coefficients(MultiprecisionRing(True), case.node, [[mp.mpc(z), mp.mpc(1)]], order)
    with precision(150):
        balls = coefficients(BallRing(True), case.node, [[flint.acb(z), flint.acb(1)]], order)
    for k, t in enumerate(true):
        scale = max(abs(true[j]) * mp.mpf(min(distance, 1.0)) ** (j - k) for j in range(order + 1))
        assert abs(mp.mpmathify(complex(floats[k])) - t) <= 8 * (k + 1) * 2.0**-52 * scale, k
        assert abs(multi[k] - t) <= 1e-27 * scale, k
        with precision(400):
            gap = balls[k] - flint.acb(flint.arb(t.real), flint.arb(t.imag))
            assert abs(gap).abs_lower() <= flint.arb(scale) * flint.arb(2) ** -120, k


@pytest.mark.parametrize("name", sorted(REAL_ONLY))
def test_real_functions_refuse_complex_numbers(name: str) -> None:
    for ring, u in ((ArrayRing(np.complex128), 0.3 + 0.1j), (BallRing(True), flint.acb(0.3, 0.1))):
        with pytest.raises(UnsupportedFunctionError, match="real numbers only"):
            coefficients(ring, BOOK[name](T), [[u, 1]], 2)


@pytest.mark.parametrize(
    ("name", "function", "points"),
    [
        ("beta", mp.beta, [(0.5, 1.5), (10.0, 1e-8), (100.0, 200.0), (1e-300, 2.0)]),
        ("betaln", lambda a, b: mp.log(abs(mp.beta(a, b))), [(0.5, 1.5), (1e5, 3e5), (-0.5, 0.3)]),
        (
            "kepler",
            lambda e, m: mp.findroot(lambda x: x - e * mp.sin(x) - m, m + e * mp.sin(m)),
            [(0.5, 1.0), (0.0, 2.0), (0.9, 3.0), (-0.7, 2.0), (0.3, 1e10), (0.2, 0.0)],
        ),
    ],
)
def test_values_of_two_variables(name: str, function: Any, points: list[tuple[float, float]]) -> None:
    computed = rounded.floating(name, False)
    assert computed is not None
    for a, b in points:
        with mp.workprec(400):
            true = function(mp.mpf(a), mp.mpf(b))
        double = float(computed(a, b))
        assert abs(mp.mpf(double) - true) <= 1.01 * mp.mpf(math.ulp(double)), (a, b)


def test_kepler_where_newton_is_hard() -> None:
    """Eccentricity 1 − 2^−53 and tiny anomalies: E ≈ (6M)^(1/3) or M/(1 − e); checked by the equation itself."""
    computed = rounded.multiprecision("kepler")
    assert computed is not None
    for e, m in ((1 - 2.0**-53, 1e-8), (1 - 2.0**-53, 1e-30), (0.999999, 1e-300), (0.9999, 3.14159)):
        with mp.workdps(40):
            found = computed(mp.mpf(e), mp.mpf(m))
        with mp.workdps(800):
            slope = 1 - mp.mpf(e) * mp.cos(found)
            error = (found - mp.mpf(e) * mp.sin(found) - m) / slope
            assert abs(error) <= mp.mpf(10) ** -39 * found


def test_kepler_at_complex_points() -> None:
    computed = rounded.floating("kepler", True)
    assert computed is not None
    for e, m in ((0.5, 1 + 0.3j), (0.2 + 0.1j, 2 - 1j), (0.9, 3 + 0.5j), (0.3, -40 + 0.2j)):
        found = mp.mpc(complex(computed(e, m)))
        assert abs(found - e * mp.sin(found) - m) <= 1e-15 * abs(m)
        assert abs(e) * mp.cosh(found.imag) < 1


@pytest.mark.parametrize("m", [0.3, 0.99, 0.0, 1.0, -2.0])
@pytest.mark.parametrize("u", [1e-8, 0.7, -5.0])
def test_jacobi_functions(u: float, m: float) -> None:
    """sn, cn and dn are mpmath's; the amplitude is the integral of dn (DLMF 22.16.3)."""
    true = {k: mp.re(mp.ellipfun(k, mp.mpf(u), m=mp.mpf(m))) for k in ("sn", "cn", "dn")}
    pieces = mp.linspace(0, u, 1 + max(4, round(4 * abs(u))))
    true["am"] = mp.quad(lambda t: mp.re(mp.ellipfun("dn", t, m=mp.mpf(m))), pieces)
    for kind, t in true.items():
        computed = rounded.floating(f"jacobi_{kind}", False)
        assert computed is not None
        assert abs(computed(u, m) - t) <= 1e-14 * max(abs(t), min(1, abs(u))), kind


def test_amplitude_beyond_parameter_1_swings() -> None:
    computed = rounded.floating("jacobi_am", False)
    assert computed is not None
    got = computed(np.linspace(0, 10, 40), 4.0)
    assert np.all(np.abs(got) <= math.asin(0.5))  # sn is at most 1/√m
    slope = mp.diff(lambda t: mp.asin(mp.re(mp.ellipfun("sn", t, m=4))), 0.3)
    assert abs(mp.re(mp.ellipfun("dn", 0.3, m=4)) - slope) < 1e-10


CALLS = [
    ("jv", (1.5, 2.0)), ("jn", (2, 2.0)), ("yv", (0.5, 2.0)), ("yn", (1, 2.0)), ("iv", (2.0, 1.5)), ("kv", (0.3, 1.5)),
    ("kn", (2, 1.5)), ("j0", (2.0,)), ("j1", (2.0,)), ("y0", (2.0,)), ("y1", (2.0,)), ("i0", (2.0,)), ("i1", (2.0,)),
    ("k0", (2.0,)), ("k1", (2.0,)), ("airy", (0.7,)), ("ellipk", (0.3,)), ("ellipe", (0.3,)), ("ellipj", (0.7, 0.3)),
    ("gamma", (2.5,)), ("gammaln", (-2.5,)), ("loggamma", (2.5,)), ("rgamma", (2.5,)), ("psi", (2.5,)),
    ("digamma", (2.5,)), ("polygamma", (2, 2.5)), ("zeta", (2.5,)), ("zeta", (2.5, 0.7)), ("beta", (2.5, 0.5)),
    ("betaln", (2.5, 0.5)), ("expi", (0.7,)), ("exp1", (0.7,)), ("expn", (3, 0.7)), ("sici", (0.7,)),
    ("shichi", (0.7,)), ("fresnel", (0.7,)), ("dawsn", (0.7,)), ("erfi", (0.7,)), ("erfinv", (0.7,)),
    ("erfcinv", (0.7,)), ("lambertw", (0.7,)), ("lambertw", (-0.2, -1)), ("hyp0f1", (1.5, 0.7)),
    ("hyp1f1", (0.5, 1.5, 0.7)), ("hyp2f1", (0.5, 1.5, 2.5, 0.7)), ("hyperu", (0.5, 1.5, 0.7)),
    ("eval_legendre", (3, 0.7)), ("eval_legendre", (2.5, 0.7)), ("eval_chebyt", (3, 0.7)), ("eval_chebyu", (3, 0.7)),
    ("eval_gegenbauer", (3, 0.4, 0.7)), ("eval_hermite", (3, 0.7)), ("eval_hermitenorm", (3, 0.7)),
    ("eval_laguerre", (3, 0.7)), ("eval_genlaguerre", (3, 0.4, 0.7)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args"), CALLS, ids=str)
def test_called_as_scipy_is(name: str, args: tuple[float, ...]) -> None:
    """The same arguments in the same order give the same values, and the outputs come in the same order."""
    *before, u = args
    entry = ENTRIES[name] if name in ENTRIES else BOOK[name]
    last = name not in ("ellipj", "lambertw", "zeta")
    nodes = entry(*before, T) if last else entry(T, *args[1:])
    point = u if last else args[0]
    nodes = nodes if isinstance(nodes, tuple) else (nodes,)
    got = [float(coefficients(ArrayRing(), node, [[point, 1]], 1)[0]) for node in nodes]
    expected = np.real(getattr(sc, name)(*args))
    np.testing.assert_allclose(got, np.ravel(expected), rtol=1e-12)


def test_numpys_sinc() -> None:
    grid = np.array([0.0, 1e-9, 0.3, 1.0, 2.5, -3.0])
    got = coefficients(ArrayRing(shape=grid.shape), BOOK["sinc"](T), [[grid, np.ones(6)]], 1)[0]
    np.testing.assert_allclose(got, np.sinc(grid), rtol=1e-14, atol=1e-16)
    assert got[3] == 0
    assert got[5] == 0


def test_the_working_precision_is_followed() -> None:
    for digits in (20, 200):
        with mp.workdps(digits):
            got = coefficients(MultiprecisionRing(), BOOK["j0"](T), [[mp.mpf(2), mp.mpf(1)]], 3)
            for k in range(4):
                assert abs(got[k] - mp.besselj(0, 2, derivative=k) / mp.factorial(k)) <= 4 * mp.eps


def test_a_value_beyond_the_range_of_doubles_is_infinite_in_the_table() -> None:
    computed = rounded.floating("gamma", False)
    assert computed is not None
    assert list(computed(np.array([171.0, 172.0]))) == [pytest.approx(7.257415615307994e306), math.inf]
    assert computed(-171.5) == pytest.approx(float(mp.gamma(-171.5)))


def test_subnormal_results_are_rounded_once() -> None:
    computed = rounded.floating("kv", False)
    assert computed is None or computed(0.0, 700.0) == pytest.approx(float(mp.besselk(0, 700)))
    jet = rounded.floating_jet("kv", [0.0, 740.0], 2, False)
    with mp.workdps(40):
        assert jet[0] == float(mp.besselk(0, 740))
    assert 0 < jet[0] < 2.3e-308
