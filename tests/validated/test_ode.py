"""Validated initial value problems: what is enclosed, what is refused, and what a user sees."""

from __future__ import annotations

import math
import random
import signal
import threading
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
from systems import CLASSIC, kepler, lorenz, lotka_volterra, roessler, van_der_pol

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import DomainError, MixedRingError, OrderError, TraceError
from taylorad.rings.balls import precision
from taylorad.validated.enclosure import Status


def lorenz_truth(start: list[Fraction], end: Fraction, parts: int = 32, order: int = 60) -> list[Any]:
    """400 bits, by the recurrence written out; two step sizes agree to 10⁻⁴⁵ at t = 20."""
    with precision(400):
        x, y, z = (flint.arb(flint.fmpq(q.numerator, q.denominator)) for q in start)
        whole, rest = divmod(end * parts, 1)
        for h in [Fraction(1, parts)] * int(whole) + ([rest / parts] if rest else []):
            xs, ys, zs = [x], [y], [z]
            for k in range(order):
                xz = sum((xs[j] * zs[k - j] for j in range(k + 1)), flint.arb(0))
                xy = sum((xs[j] * ys[k - j] for j in range(k + 1)), flint.arb(0))
                xs.append((ys[k] - xs[k]) * 10 / (k + 1))
                ys.append((28 * xs[k] - xz - ys[k]) / (k + 1))
                zs.append((xy - zs[k] * 8 / 3) / (k + 1))
            step = flint.arb(flint.fmpq(h.numerator, h.denominator))
            found = []
            for c in (xs, ys, zs):
                total = c[-1]
                for a in reversed(c[:-1]):
                    total = (total * step + a).mid()
                found.append(total)
            x, y, z = found
        return [x, y, z]


def inside(value: Any, box: Any) -> bool:
    with precision(400):
        return bool(flint.arb(box.lo) <= value) and bool(value <= flint.arb(box.hi))


# ---------------------------------------------------------------------- truth
def test_lorenz_to_20_contains_the_solution_on_the_way_and_at_the_end() -> None:
    enclosed = v.solve_ivp(lorenz, (0, 20), ["15", "15", "36"], args=CLASSIC)
    assert enclosed.success
    assert enclosed.width < 5e-4  # of CAPD 6.1 at order 20
    truth = [Fraction(15), Fraction(15), Fraction(36)]
    before = Fraction(0)
    for t in (Fraction(1, 3), Fraction(7), Fraction("12.3"), Fraction(20)):
        with precision(400):
            pairs = [x.man_exp() for x in lorenz_truth(truth, t - before)]
            truth = [Fraction(int(m)) * Fraction(2) ** int(e) for m, e in pairs]
            values = [flint.arb(flint.fmpq(q.numerator, q.denominator)) for q in truth]
        before = t
        assert all(inside(x, box) for x, box in zip(values, enclosed(t), strict=True))
        times, tube = enclosed.tube()
        k = min(int(np.searchsorted(times, float(t), side="right")) - 1, tube.shape[1] - 1)
        assert all(inside(x, box) for x, box in zip(values, tube[:, k], strict=True))


def test_points_of_a_box_end_in_the_enclosure() -> None:
    box = ta.box(["15", "15", "36"], rad="1e-4")
    enclosed = v.solve_ivp(lorenz, (0, 2), box, args=CLASSIC)
    rnd = random.Random(3)
    corners = [[Fraction(rnd.choice((x.lo, x.hi))) for x in box] for _ in range(4)]
    for start in [*corners, *([Fraction(rnd.uniform(x.lo, x.hi)) for x in box] for _ in range(3))]:
        values = lorenz_truth(start, Fraction(2))
        assert all(inside(x, end) for x, end in zip(values, enclosed.box, strict=True))


@pytest.mark.parametrize(
    ("f", "end", "start", "args", "width"),
    [  # widths of CAPD 6.1 at order 20, tolerance 1e-16
        (van_der_pol, 100, [2, 0], (), 2.0e-12),
        (roessler, 100, [0, "-8.38095", "0.0295902"], ("0.2", "0.2", "5.7"), 7.4e-7),
        (kepler, 100, ["0.4", 0, 0, 2], (), 2.4e-8),
        (lotka_volterra, "3.64", ["1.3", 1], (), 5.1e-14),
    ],
)
def test_widths_of_the_field(f: Any, end: Any, start: Any, args: Any, width: float) -> None:
    enclosed = v.solve_ivp(f, (0, end), start, args=args)
    assert enclosed.success
    assert enclosed.compiled
    assert enclosed.width < width
    back = v.solve_ivp(f, (end, 0), enclosed.box, args=args)
    if back.success:  # the way back begins with a wider box
        assert all(x.meets(v.interval(s)) for x, s in zip(back.box, start, strict=True))


def test_an_exact_solution_and_what_it_conserves() -> None:
    enclosed = v.solve_ivp(kepler, (0, 30), ["0.4", 0, 0, 2])
    for t in ("0.1", 7, "29.9"):
        x, y, p, q = enclosed(t)
        energy = (p * p + q * q) / 2 - 1 / np.sqrt(x * x + y * y)
        assert Fraction(-1, 2) in energy
        assert Fraction(4, 5) in x * q - y * p
    logistic = v.solve_ivp(lambda t, y: [y[0] * (1 - y[0])], (0, 5), ["1/3"])
    with precision(200):
        assert inside(1 / (1 + 2 * flint.arb(-5).exp()), logistic.box[0])


def test_time_in_the_equation() -> None:
    """x′ = cos t + t·x/10 from an initial time that no float can say, to one that none can."""
    enclosed = v.solve_ivp(lambda t, y: [2 * t, np.cos(t)], ("0.1", "0.7"), [0, 0])
    with precision(200):
        a, b = flint.arb(flint.fmpq(1, 10)), flint.arb(flint.fmpq(7, 10))
        assert inside(b * b - a * a, enclosed.box[0])
        assert inside(b.sin() - a.sin(), enclosed.box[1])
    assert enclosed.t_reached == Fraction(7, 10)
    assert enclosed.width < 2e-15
    back = v.solve_ivp(lambda t, y: [2 * t, np.cos(t)], ("0.7", "0.1"), enclosed.box)
    assert all(0 in x for x in back.box)
    assert Fraction(-9, 100) in v.solve_ivp(lambda t, y: [2 * t], ("0.5", "0.4"), [0])("0.4")[0]


# ---------------------------------------------------------------------- hazards
def test_loose_polynomials_do_not_lose_the_far_end() -> None:
    """x′ = x², x(0) ∈ 2 ± 1/16: at t = 0.45 the upper end is (33/16)/(1 − 0.45·33/16) = 28.69…"""
    for order in (8, 20):
        enclosed = v.solve_ivp(lambda t, y: [y[0] ** 2], (0, "0.45"), ta.box(["2"], rad="1/16"), order=order)
        assert enclosed.success
        for x in (Fraction(31, 16), Fraction(33, 16)):
            assert x / (1 - Fraction(45, 100) * x) in enclosed.box[0]


@pytest.mark.parametrize("reach", [1, 2])
def test_corners_of_the_laub_loomis_box(reach: int) -> None:
    """Corner (+,+,+,−,+,−,−) of ±0.05 and ±0.1 as a thin set lies in the enclosure of the box while that lasts."""
    e = v.exact

    def f(t: Any, x: Any) -> list[Any]:
        return [
            e("1.4") * x[2] - e("0.9") * x[0],
            e("2.5") * x[4] - e("1.5") * x[1],
            e("0.6") * x[6] - e("0.8") * x[1] * x[2],
            2 - e("1.3") * x[2] * x[3],
            e("0.7") * x[0] - x[3] * x[4],
            e("0.3") * x[0] - e("3.1") * x[5],
            e("1.8") * x[5] - e("1.6") * x[1] * x[6],
        ]

    centre = [e(c) for c in ("1.2", "1.05", "1.5", "2.4", "1", "0.1", "0.45")]
    rad = Fraction(reach, 20)
    problem = v.compile_ode(f, 7, order=12, tol=1e-10)
    box = problem.solve((0, 20), ta.box(centre, rad=rad))
    assert box.t_reached > 1  # wide boxes are not what a doubleton is for; it says where it ends
    assert not box.success
    corner = [c + s * rad for c, s in zip(centre, (1, 1, 1, -1, 1, -1, -1), strict=True)]
    thin = v.compile_ode(f, 7).solve((0, "5.5"), corner)
    for t in ("0.5", "1", box.t_reached):
        assert all(a.lo <= b.lo and b.hi <= a.hi for a, b in zip(box(t), thin(t), strict=True))
    peak = {1: ("5.2232", "4.4622219"), 2: ("5.20186", "4.6111460")}[reach]
    assert e(peak[1]) - Fraction(1, 10**6) < thin(peak[0])[3].lo < e(peak[1]) + Fraction(1, 10**6)


def test_decimals_are_enclosed_and_floats_are_exact() -> None:
    decimal = v.solve_ivp(lambda t, y, a: [a * y[0]], (0, 1), [1], args=("1.4",))
    written = v.solve_ivp(lambda t, y: [v.exact("1.4") * y[0]], (0, 1), [1])
    binary = v.solve_ivp(lambda t, y: [1.4 * y[0]], (0, 1), [1], precision=ta.digits(30))
    with precision(200):
        e = flint.arb(flint.fmpq(7, 5)).exp()
        assert inside(e, decimal.box[0])
        assert inside(e, written.box[0])
        assert not binary.box[0].contains(e)
        assert binary.box[0].contains(flint.arb(1.4).exp())


def test_what_cannot_be_enclosed_stops_with_the_time_reached() -> None:
    pole = v.solve_ivp(lambda t, y: [y[0] ** 2], (0, 2), [1])
    assert not pole.success
    assert Fraction(999, 1000) < pole.t_reached < 1
    assert "singularity" in pole.message
    assert pole.y.shape == (1, pole.steps + 1)
    assert Fraction(4, 3) in pole("1/4")[0]
    with pytest.raises(DomainError, match="was not reached"):
        pole(1)
    outside = v.solve_ivp(lambda t, y: [np.log(y[0])], (0, 1), [-1])
    assert (outside.status, outside.steps, outside.t_reached) == (Status.BOX, 0, 0)
    edge = v.solve_ivp(lambda t, y: [-np.sqrt(y[0])], (0, 3), [1])
    assert edge.status < 0
    assert Fraction(19, 10) < edge.t_reached < 2
    short = v.solve_ivp(lorenz, (0, 20), [15, 15, 36], args=CLASSIC, max_steps=10)
    assert (short.status, short.steps) == (Status.STEPS, 10)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="a timer that interrupts is POSIX's")
@pytest.mark.parametrize("precision_", [None, ta.digits(30)], ids=["floats", "balls"])
def test_an_interrupt_keeps_what_was_proved(precision_: Any) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    problem = v.compile_ode(lambda t, y: [y[1], -y[0]], 2)
    problem.solve((0, 1), [1, 0])
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        found = problem.solve((0, 10**7), [1, 0], max_steps=10**9, precision=precision_)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (found.status, found.success) == (Status.INTERRUPTED, False)
    assert found.steps > 5
    assert not upward()
    with precision(200):
        truth = flint.arb(1).cos()
        box = found(1)[0]
        assert inside(truth, box) if precision_ is None else box.contains(truth)


# ---------------------------------------------------------------------- ranges, digits, times
def test_arguments_with_ranges_are_followed_as_coordinates() -> None:
    """x′ = −g·x: dependence on g is kept, so that the box is next to exp(−g) for all g."""
    enclosed = v.solve_ivp(lambda t, y, g: [-g * y[0]], (0, 1), [1], args=(v.interval("0.99", "1.01"),))
    with precision(100):
        low, hi = flint.arb(flint.fmpq(-101, 100)).exp(), flint.arb(flint.fmpq(-99, 100)).exp()
        assert inside(low, enclosed.box[0])
        assert inside(hi, enclosed.box[0])
        assert enclosed.width < 1.1 * float(hi - low)
    assert enclosed.y.shape[0] == 1
    vector = v.solve_ivp(lambda t, y, g: [-g[0] * y[0] + g[1]], (0, 1), [1], args=([("0.99", "1.01"), 0],))
    pair = v.solve_ivp(lambda t, y, g: [-g * y[0]], (0, 1), [1], args=(("0.99", "1.01"),))
    assert vector.box[0].meets(pair.box[0])
    assert pair.box[0] == enclosed.box[0]
    power = v.solve_ivp(lambda t, y, a: [y[0] ** a], (0, "1/2"), [1], args=(v.interval("1.4", "1.6"),))
    for a in (Fraction(7, 5), Fraction(3, 2), Fraction(8, 5)):  # x = (1 − (a−1)t)^(−1/(a−1))
        with precision(100):
            b = flint.arb(flint.fmpq(a.numerator, a.denominator)) - 1
            assert inside((1 - b / 2) ** (-1 / b), power.box[0])


def test_more_digits_and_every_function() -> None:
    enclosed = v.solve_ivp(lambda t, y: [y[0] * np.cos(t)], (0, "1/3"), ["1/10"], precision=ta.digits(40))
    with precision(200):
        truth = (flint.arb(flint.fmpq(1, 3)).sin()).exp() / 10
        assert enclosed.box[0].contains(truth)
        assert enclosed.box[0].rad() < 1e-40
    special = v.solve_ivp(lambda t, y: [ta.jv(0, t) + 0 * y[0]], (0, 1), [0])
    assert not special.compiled
    with precision(100):  # ∫₀¹ J₀ = 1 − 1/12 + 1/320 − …
        terms = (flint.arb((-1) ** k) / (4**k * math.factorial(k) ** 2 * (2 * k + 1)) for k in range(20))
        total = sum(terms, flint.arb(0))
        assert inside(total, special.box[0])
    kink = v.solve_ivp(lambda t, y: [-abs(y[0])], (0, 1), [1])
    with precision(100):
        assert inside(flint.arb(-1).exp(), kink.box[0])


def test_times_of_all_kinds() -> None:
    enclosed = v.solve_ivp(lambda t, y: [y[0]], (0, 1), [1], t_eval=[0, "1/3", 0.5, 1])
    assert enclosed.y.shape == (1, 4)
    assert enclosed.t.tolist() == [0.0, 1 / 3, 0.5, 1.0]
    at = enclosed([0.25, Fraction(1, 3)])
    assert at.shape == (1, 2)
    during = enclosed(v.interval("0.2", "0.9"))[0]
    with precision(100):
        for q in ((1, 5), (1, 2), (9, 10)):
            assert inside(flint.arb(flint.fmpq(*q)).exp(), during)
    still = v.solve_ivp(lambda t, y: [y[0]], (2, 2), [1])
    assert still.success
    assert still.box[0].lo == 1 == still.box[0].hi


def test_spans_shorter_than_any_float() -> None:
    """A tick is never rounded to 0: x′ = −x is below 1 after any time."""
    for end in (5e-324, "1e-310", "1e-1000"):
        enclosed = v.solve_ivp(lambda t, y: [-y[0]], (0, end), [1])
        assert enclosed.success
        assert enclosed.t_reached == v.exact(end)
        assert enclosed.box[0].lo < 1 <= enclosed.box[0].hi


def test_from_zero() -> None:
    """Next to 0 a step is measured by how far the solution moves."""
    fast = v.solve_ivp(lambda t, y: [-1000 * (y[0] - np.cos(t))], (0, "1/10"), [0])
    with precision(100):  # x = (10⁶·cos t + 10³·sin t − 10⁶·e^(−1000 t))/(10⁶ + 1)
        t = flint.arb(flint.fmpq(1, 10))
        assert inside((10**6 * t.cos() + 1000 * t.sin() - 10**6 * (-1000 * t).exp()) / (10**6 + 1), fast.box[0])
    assert fast.success
    assert fast.steps < 100
    assert fast.width < 1e-14
    balls = v.solve_ivp(lambda t, y: [1 + y[0] ** 2], (0, 1), [0], precision=ta.digits(20))
    with precision(100):
        assert balls.box[0].contains(flint.arb(1).tan())
    rest = v.solve_ivp(lambda t, y: [y[0] * y[1], 0], (0, 3), [0, 1])
    assert 0 in rest.box[0]
    assert 1 in rest.box[1]


def test_wrong_input_is_named() -> None:
    def f(t: Any, y: Any) -> Any:
        return [y[0]]

    with pytest.raises(DomainError, match="bounded"):
        v.solve_ivp(f, (0, 1), [v.interval(0, "inf")])
    with pytest.raises(TraceError, match="returns 1 value for 2"):
        v.solve_ivp(f, (0, 1), [1, 2])
    with pytest.raises(OrderError):
        v.solve_ivp(f, (0, 1), [1], order=2)
    for order in (2.5, "high"):
        with pytest.raises(OrderError, match="integer"):
            v.solve_ivp(f, (0, 1), [1], order=order)  # type: ignore[arg-type]
    for tol in (0, "small", math.nan):
        with pytest.raises(DomainError, match="tol"):
            v.solve_ivp(f, (0, 1), [1], tol=tol)  # type: ignore[arg-type]
    for span in ((0,), 1, (0, 1, 2), "01"):
        with pytest.raises(DomainError, match="pair of times"):
            v.solve_ivp(f, span, [1])  # type: ignore[arg-type]
    with pytest.raises(DomainError, match="beyond what floats"):
        v.solve_ivp(f, (0, "1e1000"), [1])
    for steps in (0, 2.5):
        with pytest.raises(DomainError, match="max_steps"):
            v.solve_ivp(f, (0, 1), [1], max_steps=steps)  # type: ignore[arg-type]
    with pytest.raises(DomainError, match="t_eval"):
        v.solve_ivp(f, (0, 1), [1], t_eval=[2])
    with pytest.raises(DomainError, match="is no number"):
        v.solve_ivp(f, (0, "soon"), [1])
    with pytest.raises(DomainError, match="digits"):
        v.solve_ivp(f, (0, 1), [1], precision=0)
    with pytest.raises(DomainError, match="this problem has 2"):
        v.compile_ode(lambda t, y: [y[0], y[1]], 2).solve((0, 1), [1])
    with pytest.raises(DomainError, match="takes 3"):
        v.compile_ode(lorenz, 3, 3).solve((0, 1), [1, 1, 1], (1,))
    with pytest.raises(MixedRingError):
        v.solve_ivp(f, (0, 1), [1j])


# ---------------------------------------------------------------------- the rounding mode
def upward() -> bool:
    one, tiny = np.float64(1.0), np.float64(2.0**-54)
    return bool(one + tiny != 1.0) or bool(-one - tiny != -1.0)


def test_the_radius_of_a_ball_in_the_equation_is_not_dropped() -> None:
    """Balls show their middle the way that numbers of mpmath show their value."""
    ball = ta.ball("0.1", "0.01")
    for f in (lambda t, y: [ball * y[0]], lambda t, y: [y[0] + ball], lambda t, y: [y[0] ** ball], lambda t, y: ball):
        with pytest.raises(TraceError, match="arb"):
            v.solve_ivp(f, (0, 1), [1])  # type: ignore[arg-type]
    (box,) = v.solve_ivp(lambda t, y, a: [a * y[0]], (0, 1), [1], args=(ball,)).box
    assert box.lo < math.exp(0.0901)
    assert math.exp(0.1099) < box.hi
    assert 1.648721270700128 in v.solve_ivp(lambda t, y: [ta.ball(0.5) * y[0]], (0, 1), [1]).box[0]


def test_the_rounding_mode_is_left_as_it_was() -> None:
    problem = v.compile_ode(lorenz, 3, 3)
    found: list[bool] = []

    def work() -> None:
        for _ in range(3):
            problem.solve((0, 2), [15, 15, 36], CLASSIC)
            found.append(upward())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    work()
    for t in threads:
        t.join()
    v.solve_ivp(lambda t, y: [y[0] ** 2], (0, 2), [1])
    found.append(upward())
    with pytest.raises(DomainError):
        problem.solve((0, 1), [0, 0, 0], (1,))
    found.append(upward())
    rows = np.random.default_rng(1).normal(size=(40, 40))
    before = rows @ rows
    work()
    assert np.array_equal(rows @ rows, before)
    assert not any(found)
    assert all(float(repr(x)) == x for x in rows.ravel().tolist())


def test_threads_and_repetition_give_the_same_boxes() -> None:
    problem = v.compile_ode(kepler, 4)
    first = problem.solve((0, 5), ["0.4", 0, 0, 2]).box
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(problem.solve((0, 5), ["0.4", 0, 0, 2]).box)) for _ in range(4)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all((box == first).all() for box in found)
    enclosed = problem.solve((0, 5), ["0.4", 0, 0, 2])
    times = [k / 40 for k in range(1, 200)]
    alone, together = [enclosed(t) for t in times], dict[float, Any]()
    threads = [
        threading.Thread(target=lambda part=times[i::4]: together.update((t, enclosed(t)) for t in part))
        for i in range(4)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all((together[t] == box).all() for t, box in zip(times, alone, strict=True))


def test_subnormal_numbers_are_kept() -> None:
    """x′ = −x from 2⁻¹⁰⁷⁰: flushed to zero, the lower end would be 0 and the upper one with it."""
    enclosed = v.solve_ivp(lambda t, y: [-y[0]], (0, 1), [2.0**-1070])
    box = enclosed.box[0]
    with precision(1200):
        assert inside(flint.arb(2.0**-1070) * flint.arb(-1).exp(), box)
