"""Solutions in 50, 100 and 1000 digits: the state, the grid and the dense output, from input that is exact."""

from __future__ import annotations

import pickle
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import taylorad as ta
from taylorad.rings import fixed
from taylorad.rings.fixed import FixedRing
from taylorad.rings.gauss import Gauss, GaussRing
from taylorad.run.interpret import run
from taylorad.series.schedule import schedule
from taylorad.trace.graph import trace

FIFTY = ta.digits(50)


@pytest.fixture(autouse=True)
def _many_digits():
    with mpmath.workdps(130):
        yield


def oscillator(t, y):
    return [y[1], -y[0]]


def lorenz(t, y):
    return [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - Fraction(8, 3) * y[2]]


def kepler(t, y, mu):
    r3 = (y[0] ** 2 + y[1] ** 2) ** -1.5
    return [y[2], y[3], -mu * y[0] * r3, -mu * y[1] * r3]


def small(x, digits):
    return abs(x) < mpmath.mpf(10) ** -digits


@pytest.mark.parametrize("digits", [30, 50, 100])
def test_sine_and_cosine(digits):
    given = {"t_eval": ["1/3", 2], "dense_output": True, "precision": ta.digits(digits)}
    s = ta.solve_ivp(oscillator, (0, "10/3"), ["0", 1], **given)
    third = mpmath.mpf(1) / 3
    assert s.status == 0
    assert small(s.t[0] - third, digits)
    assert small(s.y[0, 0] - mpmath.sin(third), digits - 1)
    assert small(s.y[1, 1] - mpmath.cos(2), digits - 1)
    assert small(s.sol("1/3")[0] - mpmath.sin(third), digits - 1)
    assert small(s.sol.derivative(1, 3)[0] + mpmath.cos(1), digits - 2)
    assert small(s.integral(1, "10/3")[0] - (mpmath.cos(1) - mpmath.cos(10 * third)), digits - 1)
    assert s.sol(np.array([[0, 1], [2, 3]])).shape == (2, 2, 2)
    assert s.coefficients.shape == (s.stats["steps"], s.stats["order"] + 1, 2)
    with pytest.raises(ta.DomainError, match="outside of the solution"):
        s.sol(4)
    assert small(s.sol("3.5", extrapolate=True)[0] - mpmath.sin("3.5"), 10)
    assert abs(s.to_ppoly()(2.0)[0] - np.sin(2.0)) < 1e-14


def test_a_thousand_digits():
    s = ta.solve_ivp(lambda t, y: [1 + y[0] ** 2], (0, Fraction(1, 10)), [0], precision=ta.digits(1000))
    with mpmath.workdps(1010):
        assert small(s.y[0, -1] - mpmath.tan(mpmath.mpf(1) / 10), 998)


def test_lorenz_agrees_with_itself_in_more_digits():
    short = ta.compile_ode(lorenz, dim=3, precision=ta.digits(40)).propagate(0, 5, [1, 1, 1])
    long = ta.compile_ode(lorenz, dim=3, precision=ta.digits(60)).propagate(0, 5, [1, 1, 1])
    assert all(small(x - y, 36) for x, y in zip(short, long, strict=True))
    rough = ta.compile_ode(lorenz, dim=3, rtol=1e-14).propagate(0, 5, [1, 1, 1])
    np.testing.assert_allclose(short.astype(float), rough, rtol=1e-10)


def test_a_revolution_in_the_units_of_physics():
    """Numbers from 1e-34 (r^-3) to 1e20 (G·M): every one of them has its digits."""
    mu, a = Fraction("6.6743e-11") * Fraction("1.989e30"), Fraction(149597870700)
    v = mpmath.sqrt(mpmath.mpf(mu.numerator) / mu.denominator / int(a))
    period = 2 * mpmath.pi * int(a) / v
    p = ta.compile_ode(kepler, dim=4, precision=FIFTY)
    end = p.propagate(0, period, [a, 0, 0, v], {"mu": mu})
    assert small(end[0] / int(a) - 1, 48)
    assert small(end[1] / int(a), 47)


def test_functions_and_the_time():
    s = ta.solve_ivp(lambda t, y: [np.cos(t) * y[0]], (0, 3), [1], precision=FIFTY)
    assert small(s.y[0, -1] - mpmath.exp(mpmath.sin(3)), 48)
    s = ta.solve_ivp(lambda t, y: [t**120], (0, 1), [0], precision=FIFTY)
    assert small(s.y[0, -1] - mpmath.mpf(1) / 121, 48)
    s = ta.solve_ivp(lambda t, y: [y[1], Fraction("-9.8") + 0 * t], (0, 10), [0, 3], precision=FIFTY)
    assert s.stats["steps"] == 1
    assert small(s.y[0, -1] + 460, 45)


def test_complex_states():
    p = ta.compile_ode(lambda t, z, k: k * z, 1, dtype=complex, precision=ta.digits(100))
    assert small(p.propagate(0, 10, [1], {"k": 1j})[0] - mpmath.exp(10j), 98)
    s = ta.solve_ivp(lambda t, z: np.exp(z) / (2 + z**0.5), (0, 1), [mpmath.mpc("0.25", 1)], precision=FIFTY)
    rough = ta.solve_ivp(lambda t, z: np.exp(z) / (2 + z**0.5), (0, 1), [0.25 + 1j], rtol=1e-14)
    assert abs(complex(s.y[0, -1]) - rough.y[0, -1]) < 1e-12


def test_backward_and_step_by_step():
    p = ta.compile_ode(oscillator, dim=2, precision=FIFTY)
    there = p.propagate(0, 5, [0, 1])
    back = p.propagate(5, 0, there)
    assert small(back[0], 48)
    assert small(back[1] - 1, 48)
    st = p.stepper("1/10", [0, 1])
    t = st.step()
    tenth = mpmath.mpf(1) / 10
    assert small(st.y[0] - mpmath.sin(t - tenth), 48)
    assert [int(c) for c in st.coefficients[:2, 0]] == [0, 1]
    assert small(st((t + tenth) / 2)[0] - mpmath.sin((t - tenth) / 2), 48)
    assert small(st.advance("3.1")[1] - mpmath.cos(3), 48)


def test_exact_input():
    forms = ["0.1", Fraction(1, 10), Decimal("0.1"), mpmath.mpf(1) / 10]
    p = ta.compile_ode(lambda t, y: -y, dim=1, precision=FIFTY)
    ends = [p.propagate(0, 1, [y])[0] for y in forms]
    assert all(small(e - mpmath.exp(-1) / 10, 50) for e in ends)
    assert abs(p.propagate(0, 1, [0.1])[0] - ends[0]) > mpmath.mpf(10) ** -19  # the float is another number


def test_events_have_all_digits():
    quick = [lambda t, y: y[0], lambda t, y: (y[0] - 1) ** 2, lambda t, y: np.sin(10 * y[0]) + 0 * t]
    s = ta.solve_ivp(oscillator, (0, 20), [0, 1], precision=FIFTY, events=quick)
    for i, t in enumerate(s.t_events[0]):
        assert small(t - i * mpmath.pi, 49)
    for i, t in enumerate(s.t_events[1]):  # roots of order four
        assert small(t - (2 * i + mpmath.mpf(1) / 2) * mpmath.pi, 40)
    assert [len(t) for t in s.t_events] == [7, 3, 45]
    assert all(small(mpmath.sin(10 * mpmath.sin(t)), 48) for t in s.t_events[2])
    assert s.y_events[0].shape == (7, 2)
    assert small(s.y_events[0][3, 1] + 1, 49)
    back = ta.compile_ode(oscillator, 2, precision=FIFTY).solve((10, 0), [mpmath.sin(10), mpmath.cos(10)])
    wanted = [mpmath.pi * mpmath.mpf(k) / 2 for k in (5, 3, 1)]
    assert all(small(x - y, 49) for x, y in zip(back.roots(lambda t, y: y[1]), wanted, strict=True))


def test_terminal_events_in_many_digits():
    line = ta.Event(lambda t, y, a: y[0] - a * t, terminal=2, direction=-1)
    p = ta.compile_ode(lambda t, y, a: oscillator(t, y), dim=2, precision=FIFTY)
    s = p.solve((0, 20), [0, 1], ["1/10"], events=line, t_eval=range(20))
    assert (s.status, len(s.t_events[0]), s.t[-1]) == (1, 2, 8)
    assert s.stats["t"] == s.t_events[0][-1] == s.sol.t_max
    for t, y in zip(s.t_events[0], s.y_events[0], strict=True):
        assert small(mpmath.sin(t) - t / 10, 48)
        assert small(y[0] - t / 10, 48)


def test_steps_of_very_unlike_lengths():
    """After a short last step the unit of time is far too short for the next one."""
    st = ta.compile_ode(oscillator, dim=2, precision=FIFTY).stepper(0, [0, 1])
    st.advance(1)
    st.advance(Fraction(1) + Fraction(1, 10**9))
    end = st.advance(20)
    assert small(end[0] - mpmath.sin(20), 47)
    fast = ta.compile_ode(lambda t, y: [np.cos(t) / (1 + y[0] ** 2)], dim=1, precision=FIFTY).stepper(0, [0])
    fast.advance("1e-20")
    y = fast.advance(3)[0]
    assert small(y + y**3 / 3 - mpmath.sin(3), 47)


def test_what_happens_on_the_way():
    s = ta.solve_ivp(lambda t, y: y**2, (0, 2), [1], precision=ta.digits(20))
    assert s.status == -2
    assert s.message.startswith("Singularity near t = 1;")
    s = ta.solve_ivp(oscillator, (0, 1000), [0, 1], precision=FIFTY, max_steps=3)
    assert (s.status, len(s.t)) == (-3, 4)
    seen = []
    two = {"callback": lambda t, y: seen.append(t) or len(seen) == 2}
    s = ta.solve_ivp(oscillator, (0, 1000), [0, 1], precision=FIFTY, **two)
    assert (s.status, s.t[-1]) == (-6, seen[-1])

    def stop(t, y):
        raise KeyboardInterrupt

    s = ta.solve_ivp(oscillator, (0, 1000), [0, 1], precision=FIFTY, callback=stop)
    assert (s.status, len(s.t)) == (-5, 2)
    assert np.max(np.diff(ta.solve_ivp(oscillator, (0, 2), [0, 1], precision=FIFTY, max_step=0.5).t)) <= 0.5
    with pytest.raises(ta.DomainError, match="followed"):
        ta.compile_ode(lambda t, y: y**2, 1, precision=ta.digits(20)).propagate(0, 2, [1])


def test_tolerances():
    loose = ta.solve_ivp(lorenz, (0, 1), [1, 1, 1], precision=FIFTY, rtol="1e-20", atol=0)
    assert loose.stats["order"] < 60
    good = ta.solve_ivp(lorenz, (0, 1), [1, 1, 1], precision=FIFTY)
    assert 1e-22 < abs(loose.y[0, -1] - good.y[0, -1]) < 1e-17


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"y0": [0, "one"]}, "y0\\[1\\]"),
        ({"y0": [0, float("nan")]}, "finite"),
        ({"y0": [0, mpmath.inf]}, "finite"),
        ({"y0": [0, 1, 2]}, "2"),
        ({"precision": 50}, "digits"),
        ({"rtol": "1e-70"}, "more digits"),
        ({"rtol": -1}, "tolerance"),
        ({"t_eval": ["1.5"]}, "outside of the span"),
        ({"t_eval": ["0.5", "0.25"]}, "sorted"),
        ({"t_span": (0, "inf")}, "the end"),
        ({"events": ta.Event(lambda t, y: y[0], action=lambda t, y: y)}, "action"),
        ({"fun": lambda t, y: [np.abs(y[0]), y[1]]}, "branches"),
        ({"fun": lambda t, y: [1j * y[0], y[1]]}, "complex initial values"),
    ],
)
def test_wrong_input(change, words):
    given = {"fun": oscillator, "t_span": (0, 1), "y0": [0, 1], "precision": FIFTY, **change}
    with pytest.raises(ta.TayloradError, match=words):
        ta.solve_ivp(**given)
    with pytest.raises(ta.DomainError, match="digits"):
        ta.digits(0)


def test_precise_problems_pickle():
    p = ta.compile_ode(lorenz, dim=3, precision=ta.digits(30))
    assert pickle.loads(pickle.dumps(p)).propagate(0, 1, [1, 1, 1]).tolist() == p.propagate(0, 1, [1, 1, 1]).tolist()


@pytest.mark.parametrize("dtype", [float, complex])
def test_precise_solutions_in_files(dtype, tmp_path):
    p = ta.compile_ode(lambda t, y, k: k * y, dim=1, dtype=dtype, precision=FIFTY, rtol="1e-45")
    s = p.solve((0, "10/3"), ["1/3"], {"k": Fraction(-1, 7)})
    s.save(tmp_path / "run.npz")
    r = ta.load_solution(tmp_path / "run.npz")
    for mine, other in [(s.t, r.t), (s.y, r.y), (s.sol("1/3"), r.sol("1/3")), (s.coefficients, r.coefficients)]:
        assert mine.shape == other.shape
        assert all(x == y for x, y in zip(mine.ravel(), other.ravel(), strict=True))
    assert r.args == {"k": Fraction(-1, 7)}
    assert r.rtol.tolist() == s.rtol.tolist() == [Fraction(1, 10**45)]
    assert (r.status, r.message, r.stats["digits"]) == (s.status, s.message, 50)


# ---------------------------------------------------------------------- the ring
EXPRESSIONS = [
    lambda u: u * u * u - u / (1 + u * u),
    lambda u: ta.exp(u) * ta.sin(3 * u) + ta.log(2 + u),
    lambda u: (1 + u * u) ** 2.5 + (3 + u) ** -0.5 + u**3,
    lambda u: ta.tanh(u) / ta.cosh(u) + ta.pow(2, u),
    lambda u: ta.erf(u) - ta.sqrt(1 + u) + ta.atan(u),
]


@pytest.mark.parametrize("f", EXPRESSIONS)
@pytest.mark.parametrize("bits", [200, 900])
@pytest.mark.parametrize("kind", [FixedRing, GaussRing])
def test_fixed_point_agrees_with_mpmath(f, bits, kind):
    node = trace(f, ((),), np.dtype(complex if kind is GaussRing else float)).roots
    ring = kind(bits)
    start = Fraction(3, 10)
    leaf = [ring.lift(start), ring.lift(1), *[ring.lift(0)] * 11]
    found = run(schedule(node), ring, [leaf], 12)[0]
    with mpmath.workprec(bits):
        point = mpmath.mpf(3) / 10
        wanted = ta.taylor(f, mpmath.mpc(point) if kind is GaussRing else point, 12)
        for k, c in enumerate(found):
            parts = [mpmath.ldexp(mpmath.mpf(m), -bits) for m in ring.parts(c)]
            error = abs(mpmath.mpc(*parts) - wanted[k]) if len(parts) == 2 else abs(parts[0] - wanted[k])
            assert error < mpmath.mpf(2) ** (40 - bits)


@pytest.mark.parametrize("f", EXPRESSIONS)
def test_products_of_blocks_are_sums(f, monkeypatch):
    """Long series of long integers: the same numbers with blocks and without, to rounding."""
    plan, order = schedule(trace(f, ((),), np.dtype(float)).roots), 200
    found = []
    for block in (fixed.BLOCK, order + 1):
        monkeypatch.setattr(fixed, "BLOCK", block)
        ring = FixedRing(1100)
        leaf = [ring.lift(Fraction(3, 10)), ring.lift(Fraction(1, 4)), *[ring.lift(0)] * (order - 1)]
        found.append(run(plan, ring, [leaf], order)[0])
        assert bool(ring._products) == (block <= order)
        ring.forget()
        assert not ring._products
    assert max(abs(int(a - b)) for a, b in zip(*found, strict=True)) < 2**20


def test_the_ring_refuses_what_it_cannot_hold():
    with pytest.raises(ta.MixedRingError):
        FixedRing(100).lift(1j)
    with pytest.raises(ta.SingularExpansionError, match="finite"):
        run(schedule(trace(ta.gamma, ((),), np.dtype(float)).roots), FixedRing(100), [[0, 1 << 100]], 1)
    ring = GaussRing(100)
    assert ring.is_zero(Gauss(0, 0))
    assert ring.lift(1j) == Gauss(0, 1 << 100)
    with pytest.raises(ta.SingularExpansionError):  # the boundary of the domain, exactly
        run(schedule(trace(ta.log1p, ((),), np.dtype(complex)).roots), ring, [[ring.lift(-1), ring.lift(1)]], 1)


@pytest.mark.parametrize(("root", "end"), [(np.sqrt, 2), (np.cbrt, 1.5)])
def test_steps_that_creep(root, end):
    """y' = −√y is not smooth where y = 0; steps of many digits take milliseconds, so few are enough to see it."""
    p = ta.compile_ode(lambda t, y: -root(y), dim=1, precision=ta.digits(30))
    s = p.solve((0, 3), [1], max_steps=300)
    assert s.status == -2
    assert s.message.startswith(f"Singularity near t = {end}: the right-hand side is not smooth")
    with pytest.raises(ta.DomainError, match="not smooth"):
        p.propagate(0, 3, [1])
