"""The compiled loop: end states of known problems in both forms, and what must not depend on anything."""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from taylorad.ode.flow import flow, order_for
from taylorad.ode.folds import folds
from taylorad.ode.loop import Outcome, Real
from taylorad.ode.packs import Sums
from taylorad.ode.problem import compile_ode
from taylorad.rings.arrays import ArrayRing
from taylorad.run.interpret import run
from taylorad.run.lower import lower
from taylorad.run.program import Op
from taylorad.series.schedule import schedule

sys.path.insert(0, str(Path(__file__).parent))
from problems import PROBLEMS

# What rounding makes of these problems, for anyone: the largest error of heyoka 7.13 (default and fast_math modes,
# compact ones for the three large systems) over nine initial states that differ by one unit in the last place, at the
# same tolerance; for the chain (fput64) twice that.
BOUNDS = {
    "kepler_e01": 8.2e-12,
    "kepler_e05": 2.1e-11,
    "kepler_e09": 2.2e-9,
    "outer_ss": 6.7e-13,
    "pleiades": 5.7e-13,
    "lorenz": 3.8e-12,
    "henon_heiles": 1.5e-12,
    "vdp5": 6.3e-15,
    "forced_pendulum": 4.3e-15,
    "lotka_volterra": 1.1e-14,
    "fput64": 3.8e-15,
}
BIG = ("outer_ss", "pleiades", "fput64")


def system(name):
    case = PROBLEMS[name]
    return compile_ode(case.f, dim=len(case.y0)).system


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("form", ["looped", "unrolled"])
def test_end_states(name, form):
    if form == "unrolled" and name in BIG:
        form = None  # too long to write out; the form that the library chooses instead
    case = PROBLEMS[name]
    made, y0 = flow(system(name), order_for(1e-15), form=form), np.array(case.y0)
    errors = []
    for sign in (0, 1, -1):
        found = made.run(np.nextafter(y0, y0 * (1 + sign)), (), 1e-15, 1e-15)
        assert found.go(case.t_end, 10**6) == Outcome.DONE
        assert found.real[Real.T] == case.t_end
        errors.append(case.error(found.state))
    assert np.median(errors) < BOUNDS[name]


@pytest.mark.parametrize("name", ["kepler_e09", "forced_pendulum", "pleiades", "henon_heiles"])
@pytest.mark.parametrize("form", ["looped", "unrolled"])
def test_coefficients_are_those_of_the_interpreter(name, form):
    case, K = PROBLEMS[name], 9
    s = system(name)
    found = flow(s, K, form=form).run(np.array(case.y0), (), 1e-9, 1e-9)
    found.keep(1)
    found.real[Real.T] = 0.7
    found.go(100.0, 1)
    starts = [np.array([y, *[0.0] * K]) for y in (*case.y0, 0.7)]
    starts[-1][1] = 1.0
    wanted = np.array(run(schedule(s.states), ArrayRing("float64"), starts, K)).T
    got = found.values(found.rows[:1])[0]
    scale = np.abs(wanted).max(axis=1, keepdims=True)
    assert np.max(np.abs(got - wanted) / scale) < 40 * 2.0**-52 * K


def test_complex_coefficients_are_those_of_the_interpreter():
    p = compile_ode(lambda t, y: [np.exp(1j * y[0]) * y[1], y[0] / (2 + y[1] ** 2)], dim=2, dtype=complex)
    K, y0 = 8, np.array([0.3 + 0.4j, -0.2j])
    for form in ("looped", "unrolled"):
        found = flow(p.system, K, True, form).run(y0, (), 1e-9, 1e-9)
        found.keep(1)
        found.go(1.0, 1)
        starts = [np.array([y, *[0.0] * K]) for y in (*y0, 0.0)]
        wanted = np.array(run(schedule(p.system.states), ArrayRing("complex128"), starts, K)).T
        np.testing.assert_allclose(found.values(found.rows[:1])[0], wanted, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("form", ["looped", "unrolled"])
def test_going_in_parts_is_going_at_once(form):
    case = PROBLEMS["lorenz"]
    made = flow(system("lorenz"), 20, form=form)
    whole, parts = (made.run(np.array(case.y0), (), 1e-15, 1e-15) for _ in range(2))
    whole.go(5.0, 10**6)
    while parts.go(5.0, 7) == Outcome.PAUSED:
        pass
    np.testing.assert_array_equal(whole.state, parts.state)


def test_there_and_back():
    case = PROBLEMS["henon_heiles"]
    r = flow(system("henon_heiles"), 22).run(np.array(case.y0), (), 1e-15, 1e-15)
    r.go(100.0, 10**6)
    r.go(0.0, 10**6)
    np.testing.assert_allclose(r.state, case.y0, atol=1e-13)


def test_time_is_carried_in_two_doubles():
    r = flow(compile_ode(lambda t, y: [1 + 0 * t], dim=1).system, 8).run(np.zeros(1), (), 1e-15, 1e-15)
    r.real[Real.MAX_STEP] = 0.1
    r.go(1e4, 99_999)
    assert abs(r.real[Real.T] - math.fsum([0.1] * 99_999)) <= 2e-12
    assert abs(r.state[0] - r.real[Real.T]) < 2e-12


def test_constant_factors_are_no_part_of_a_sum():
    """x² and −x·(x/4) are one sum, and that a square."""
    s = compile_ode(lambda t, y: [y[0] * y[0] - y[1], -y[0] * (0.25 * y[0])], dim=2).system
    sums = Sums(lower(schedule(s.states), None, False), 4)
    assert [sums.ops[i].kind for i in sums.sums] == ["half"]


def test_neighbours_that_are_close_are_subtracted_exactly():
    """(z − y) − (y − x) keeps its digits, which z − 2y + x has not."""
    y0 = np.array([1 / 3, 1 / 3 + 1.1 * 2.0**-30, 1 / 3 + 2.3 * 2.0**-30])
    x, y, z = map(Fraction, y0)
    p = compile_ode(lambda t, y: [(y[2] - y[1]) + y[0] ** 3 - (y[1] - y[0]), 0 * t, 0 * t], dim=3)
    found = flow(p.system, 8).run(y0, (), 1e-9, 1e-9)
    found.keep(1)
    found.go(1.0, 1)
    wanted = (z - y) - (y - x) + x**3
    assert abs(Fraction(found.rows[0, 1, 0]) - wanted) <= Fraction(2.0**-53) * abs(wanted)


@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize("shared", [True, False])
def test_every_sum_of_a_small_system_has_its_lanes(lanes, shared):
    pairs = [(0, 9), (1, 9), (2, 9), (3, 9)] if shared else [(0, 1), (2, 3), (4, 5)]
    ops = [Op("old", (), pair) for pair in pairs] + [Op("half", (), (n, n)) for n in (6, 7, 8)]
    found = folds(ops, range(len(ops)), lanes)
    places = [(i, fold, lane) for fold in found for i, held in fold.places.items() for lane in held]
    assert {i for i, _, _ in places} == set(range(len(ops)))
    for i, fold, lane in places:
        assert fold.width <= lanes
        assert {fold.a[lane], fold.b[lane]} == set(ops[i].data)
        assert fold.halved or len(fold.places[i]) == 1
    for fold in found:  # a square takes one lane of a halved vector, a product both of its orders
        for i, held in fold.places.items():
            if fold.halved and ops[i].kind == "old":
                assert {(fold.a[lane], fold.b[lane]) for lane in held} == {ops[i].data, ops[i].data[::-1]}
