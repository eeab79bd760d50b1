"""Dense output: values, derivatives, integrals and roots of a solution between its steps."""

from __future__ import annotations

import numpy as np
import pytest

import taylorad as ta
from taylorad.ode.dense import within
from taylorad.ode.march import Piece


def oscillator(t, y):
    return [y[1], -y[0], 0.1 * y[2]]


def solved(span=(0.0, 40.0), **options):
    p = ta.compile_ode(oscillator, dim=3, rtol=1e-14, atol=1e-14)
    return p.solve(span, [np.sin(span[0]), np.cos(span[0]), np.exp(span[0] / 10)], **options)


@pytest.mark.parametrize("span", [(0.0, 40.0), (40.0, 0.0)])
def test_values_and_derivatives_everywhere(span):
    s = solved(span)
    t = np.random.default_rng(0).uniform(0, 40, (7, 300))
    wanted = np.array([np.sin(t), np.cos(t), np.exp(t / 10)])
    assert s(t).shape == (3, 7, 300)
    np.testing.assert_allclose(s(t), wanted, atol=1e-11)
    np.testing.assert_allclose(s.derivative(t, 1), [np.cos(t), -np.sin(t), np.exp(t / 10) / 10], atol=1e-10)
    np.testing.assert_allclose(s.derivative(t, 4), [np.sin(t), np.cos(t), np.exp(t / 10) / 1e4], atol=1e-7)
    np.testing.assert_allclose(np.moveaxis(s.to_ppoly()(t), -1, 0), s(t), atol=1e-12)


def test_at_the_ends_of_steps_it_is_what_the_steps_gave():
    s = solved()
    np.testing.assert_allclose(s(s.t), s.y, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(s(s.t[0]), s.y[:, 0])
    np.testing.assert_array_equal(s.sol.steps_at(s.t), np.maximum(np.arange(len(s.t)) - 1, 0))
    assert s(np.zeros((0,))).shape == (3, 0)
    assert s(1.0).shape == (3,)


@pytest.mark.parametrize("span", [(0.0, 40.0), (40.0, 0.0)])
@pytest.mark.parametrize(("a", "b"), [(0.0, 40.0), (3.0, 3.1), (38.2, 1.7), (5.0, 5.0), (40.0, 0.0)])
def test_integrals(span, a, b):
    wanted = [np.cos(a) - np.cos(b), np.sin(b) - np.sin(a), 10 * (np.exp(b / 10) - np.exp(a / 10))]
    np.testing.assert_allclose(solved(span).integral(a, b), wanted, atol=2e-10)


@pytest.mark.parametrize("call", [lambda s, t: s(t), lambda s, t: s.derivative(t, 2), lambda s, t: s.integral(1.0, t)])
@pytest.mark.parametrize("t", [40.001, -1e-9, np.nan, np.inf])
def test_nothing_is_said_about_what_was_not_solved(call, t):
    with pytest.raises(ta.DomainError, match=r"outside of the solution, which goes from 0\.0 to 40\.0"):
        call(solved(), t)


def test_extrapolation_is_asked_for():
    s = solved()
    assert s(40.01, extrapolate=True)[0] == pytest.approx(np.sin(40.01), abs=1e-11)
    assert s(-0.01, extrapolate=True)[0] == pytest.approx(np.sin(-0.01), abs=1e-11)


@pytest.mark.parametrize("k", [-1, 1.5, 99])
def test_derivatives_that_are_not_there(k):
    with pytest.raises(ta.OrderError, match="from 0 to"):
        solved().derivative(1.0, k)


def test_routines_agree_with_numpy():
    rng = np.random.default_rng(1)
    for dim in (1, 2, 3, 4, 6, 9):
        whole = rng.standard_normal((5, 12, dim + 2))
        for rows in (whole, whole[:, :, :dim], whole[::2, :, :dim]):
            piece = Piece(np.zeros((len(rows) + 1, 2)), rows)
            index, x = rng.integers(0, len(rows), 50), rng.uniform(-1, 1, 50)
            for d in (0, 1, 3):
                weights = np.array([np.prod(np.arange(k - d + 1, k + 1)) for k in range(d, 12)], float)
                terms = rows[index][:, d:] * (weights * x[:, None] ** np.arange(12 - d))[:, :, None]
                np.testing.assert_allclose(within(piece, index, x, d), terms.sum(axis=1), rtol=1e-12, atol=1e-9)


def test_long_solutions_are_joined():
    s = ta.compile_ode(lambda t, y: [y[1], -y[0]], dim=2, rtol=1e-15, atol=1e-15).solve((0, 30_000), [0.0, 1.0])
    assert s.stats["steps"] > 6000  # several blocks
    assert len(s.coefficients) == s.stats["steps"]
    t = np.random.default_rng(2).uniform(0, 30_000, 1000)
    np.testing.assert_allclose(s(t), [np.sin(t), np.cos(t)], atol=1e-10)
    assert len(s.roots(lambda t, y: y[0])) == 1 + int(30_000 / np.pi)


def test_complex_solutions():
    s = ta.solve_ivp(lambda t, y: 1j * y, (0, 10), [1 + 0j], rtol=1e-13, dense_output=True)
    t = np.linspace(0, 10, 50)
    np.testing.assert_allclose(s.sol(t)[0], np.exp(1j * t), atol=1e-11)
    np.testing.assert_allclose(s.derivative(t, 2)[0], -np.exp(1j * t), atol=1e-9)
    np.testing.assert_allclose(s.integral(0, 2), [(np.exp(2j) - 1) / 1j], atol=1e-11)


def test_a_solution_keeps_its_numbers_while_others_are_made():
    first = solved()
    before = first(np.linspace(0, 40, 30))
    for _ in range(3):
        solved((0.0, 40.0), events=lambda t, y: y[0], dense=False)
        solved((1.0, 39.0))
    np.testing.assert_array_equal(first(np.linspace(0, 40, 30)), before)
