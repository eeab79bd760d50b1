"""How solutions depend on initial values and arguments: derivatives of any order, carried along."""

from __future__ import annotations

import numpy as np
import pytest
from problems import PROBLEMS
from scipy.linalg import expm

import taylorad as ta
from taylorad.errors import DomainError, OrderError
from taylorad.ode.arrays import ArraySystem
from taylorad.ode.loop import Outcome
from taylorad.ode.march import march
from taylorad.ode.parts import PartsSystem
from taylorad.ode.transport import Transport


def pendulum(t, y, g, c):
    return [y[1], -g * np.sin(y[0]) - c * y[1] + 0.1 * np.cos(t)]


def kepler(t, y):
    w = (y[0] * y[0] + y[1] * y[1]) ** -1.5
    return [y[2], y[3], -y[0] * w, -y[1] * w]


def tight(f, dim, **options):
    return ta.compile_ode(f, dim, rtol=1e-15, atol=1e-15, **options)


def test_linear_systems_have_the_matrix_exponential() -> None:
    a = np.array([[0.0, 1.0, 0.2], [-1.0, -0.1, 0.0], [0.3, 0.0, -0.5]])
    p = tight(lambda t, y: a @ y, 3)
    s = p.solve((0, 3), [1.0, 2.0, 3.0], sensitivity=ta.Sensitivity(order=2))
    for t in (0.0, 1.3, 3.0):
        np.testing.assert_allclose(s.dy_dy0(t), expm(a * t), rtol=1e-13, atol=1e-14)
    np.testing.assert_array_equal(s.flow_map(2.0).tensor(2), 0.0)
    assert s.dy_dy0(np.linspace(0, 3, 5)).shape == (3, 3, 5)


def test_derivatives_by_arguments_are_exact_where_the_solution_is() -> None:
    p = tight(lambda t, y, a, b: [a * y[0] + b], 1)
    s = p.solve((0, 2), [1.5], (0.3, 0.2), sensitivity=ta.Sensitivity(y0=True, args=True, order=3))
    t, a, b, y0 = 2.0, 0.3, 0.2, 1.5
    e = np.exp(a * t)  # y = e^{at}·(y0 + b/a) − b/a
    np.testing.assert_allclose(s.dy_dy0(t), [[e]], rtol=1e-14)
    by_a = t * e * (y0 + b / a) - (e - 1) * b / a**2
    np.testing.assert_allclose(s.dy_dargs(t), [[by_a, (e - 1) / a]], rtol=1e-13)
    m = s.flow_map(t)
    np.testing.assert_allclose(m.tensor(2)[0, 0], [0, t * e, 0], rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(m.tensor(3)[0, 0, 1, 1], t * t * e, rtol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_the_flow_map_is_right_to_its_order(order) -> None:
    p = tight(pendulum, 2)
    s = p.solve((0, 3), [0.5, 0.1], (9.8, 0.1), sensitivity=ta.Sensitivity(args=True, order=order))
    m = s.flow_map(3.0)
    d = np.array([0.5, -0.7, 0.6, 0.3])

    def error(size):
        x = size * d
        return np.max(np.abs(m(x[:2], x[2:]) - p.propagate(0, 3, [0.5 + x[0], 0.1 + x[1]], (9.8 + x[2], 0.1 + x[3]))))

    rate = np.log2(error(0.02) / error(0.01))
    assert rate > order + 0.7
    np.testing.assert_allclose(m(), m.value, rtol=1e-15)
    assert m(np.zeros((4, 5, 2))).shape == (4, 5, 2)


def test_initial_values_that_are_polynomials() -> None:
    """Jet transport: x' = x² from 3 + ξ gives x0/(1 − x0·t); an oscillator from (0, ω), ω = 1 + u, gives sin(ω·t)."""
    p = tight(lambda t, x: x**2, 1)
    (x,) = ta.variables([3.0], order=5)
    with pytest.raises(ta.DomainError, match="flow_map"):
        p.solve((0, 0.3), [x])
    (found,) = p.solve((0, 0.3), [3.0], sensitivity=ta.Sensitivity(order=5)).flow_map(0.3)([x - 3])
    np.testing.assert_allclose(found.coefficients, (x / (1 - 0.3 * x)).coefficients, rtol=1e-12)
    p = tight(lambda t, y, w: [y[1], -(w**2) * y[0]], 2)
    m = p.solve((0, 2), [0.0, 1.0], (1.0,), sensitivity=ta.Sensitivity(args=True, order=4)).flow_map(2.0)
    u = ta.variable(0.0, order=4)
    np.testing.assert_allclose(m([0 * u, u], [u])[0].coefficients, np.sin(2 * (1 + u)).coefficients, atol=1e-13)
    with pytest.raises(ta.DomainError, match="offsets"):
        m([u], [u])


def test_the_initial_time_varies_too() -> None:
    p = tight(pendulum, 2)
    args = (9.8, 0.1)
    s = p.solve((0.5, 3), [0.5, 0.1], args, sensitivity=ta.Sensitivity())
    h = 1e-4
    early, late = (p.propagate(0.5 + x, 3, [0.5, 0.1], args) for x in (-h, h))
    np.testing.assert_allclose(s.dy_dt0(3.0), (late - early) / (2 * h), rtol=1e-6, atol=1e-7)
    assert s.dy_dt0([1.0, 2.0, 3.0]).shape == (2, 3)
    with pytest.raises(DomainError, match="y0=True"):
        p.solve((0, 1), [0.5, 0.1], args, sensitivity=ta.Sensitivity(y0=[0])).dy_dt0(1.0)


def test_solve_ivp_carries_derivatives() -> None:
    s = ta.solve_ivp(pendulum, (0, 1), [0.5, 0.1], args=(9.8, 0.1), sensitivity=ta.Sensitivity(args=["c"]))
    assert s.dy_dargs(1.0).shape == (2, 1)


def test_an_area_is_preserved() -> None:
    s = tight(kepler, 4).solve((0, 20), [0.5, 0, 0, 3**0.5], sensitivity=ta.Sensitivity())
    J = np.block([[np.zeros((2, 2)), np.eye(2)], [-np.eye(2), np.zeros((2, 2))]])
    phi = s.dy_dy0(20.0)
    np.testing.assert_allclose(phi.T @ J @ phi, J, atol=1e-9 * np.max(np.abs(phi)))


@pytest.mark.parametrize("name", ["lorenz", "kepler_e05", "forced_pendulum", "pleiades"])
def test_steps_are_those_of_the_plain_solution(name) -> None:
    case = PROBLEMS[name]
    p = tight(case.f, len(case.y0))
    span = (0, min(3.0, case.t_end))
    plain = p.solve(span, case.y0)
    carried = p.solve(span, case.y0, sensitivity=ta.Sensitivity(y0=[0, 1], order=2 if len(case.y0) < 10 else 1))
    assert len(plain.sol.ts) == len(carried.sol.ts)
    np.testing.assert_allclose(carried.sol.ts, plain.sol.ts, rtol=1e-6)
    np.testing.assert_allclose(carried.y[:, -1], plain.y[:, -1], rtol=1e-10, atol=1e-12)
    assert carried.stats["steps"] == plain.stats["steps"]


def test_only_what_is_named_varies() -> None:
    p = tight(lambda t, y, k, m: [y[1], -np.sum(k) * y[0] / m], 2, shapes=[(3,), ()])
    args = (np.array([1.0, 2.0, 3.0]), 2.0)
    s = p.solve((0, 1), [1.0, 0.0], args, sensitivity=ta.Sensitivity(y0=[1], args=["k"]))
    assert s.dy_dy0(1.0).shape == (2, 1)
    assert s.dy_dargs(1.0).shape == (2, 3)
    w = np.sqrt(3.0)
    np.testing.assert_allclose(s.dy_dy0(1.0)[:, 0], [np.sin(w) / w, np.cos(w)], rtol=1e-13)
    np.testing.assert_allclose(s.dy_dargs(1.0)[0], -np.sin(w) / (4 * w), rtol=1e-12)


FORMS = [("lattice", 16, 1), ("kepler", 4, 2), ("lorenz", 3, 3), ("rational", 3, 2)]


@pytest.mark.parametrize(("f", "dim", "order"), FORMS)
def test_all_forms_of_the_larger_system_agree(f, dim, order, monkeypatch) -> None:
    def lattice(t, y):
        return np.concatenate([y[8:], np.roll(y[:8], 1) - 2 * y[:8] + np.roll(y[:8], -1) - y[:8] ** 3])

    def rational(t, y):
        return [np.exp(-y[0]) / (2 + y[1] * y[1]), np.log(1 + y[2] ** 2) * t, np.tanh(y[0] * y[1]) + y[1] ** 3]

    y0 = np.random.default_rng(3).normal(size=dim) + (3.0 if f == "lorenz" else 0.5)
    f = {"lattice": lattice, "kepler": kepler, "lorenz": PROBLEMS["lorenz"].f, "rational": rational}[f]
    p = tight(f, dim)
    s = p.solve((0, 1), y0, sensitivity=ta.Sensitivity(order=order))
    (transport,) = p.transports.values()
    assert isinstance(transport.system, PartsSystem)
    wanted = s.variations.coefficients(1.0)
    monkeypatch.setattr("taylorad.ode.transport._MANY", 0 if dim == 16 else 10**9)
    apart = Transport.of(p.rhs, 0, range(dim), [], order, registers=0)
    assert isinstance(apart.system, ArraySystem) == (dim == 16)
    start = apart.start(y0)
    going = march(apart.system, 0.0, start, [], np.full(len(start), 1e-15), np.full(len(start), 1e-15))
    assert going.go(1.0, 1000)[0] == Outcome.DONE
    np.testing.assert_allclose(apart.coefficients(going.state), wanted, rtol=1e-10, atol=1e-11 * np.abs(wanted).max())


def test_functions_without_machine_code_are_interpreted() -> None:
    p = ta.compile_ode(lambda t, y: [ta.j0(y[0])], 1, rtol=1e-10, atol=1e-12)
    s = p.solve((0, 1), [0.3], sensitivity=ta.Sensitivity(order=2))
    assert not s.stats["compiled"]
    h = 1e-4
    low, mid, high = (p.propagate(0, 1, [0.3 + x])[0] for x in (-h, 0, h))
    np.testing.assert_allclose(s.dy_dy0(1.0)[0, 0], (high - low) / (2 * h), rtol=1e-7)
    np.testing.assert_allclose(s.flow_map(1.0).tensor(2)[0, 0, 0], (high - 2 * mid + low) / h**2, rtol=1e-3)


def test_time_runs_backwards_too_and_undoes_itself() -> None:
    p = tight(pendulum, 2)
    there = p.solve((0, 4), [0.5, 0.1], (9.8, 0.1), sensitivity=ta.Sensitivity())
    back = p.solve((4, 0), there.y[:, -1], (9.8, 0.1), sensitivity=ta.Sensitivity())
    np.testing.assert_allclose(back.dy_dy0(0.0) @ there.dy_dy0(4.0), np.eye(2), atol=1e-11)


def test_events_and_grids_go_with_derivatives() -> None:
    p = tight(kepler, 4)
    s = p.solve((0, 50), [1.0, 0, 0, 1.1], t_eval=[1.0, 2.0, 40.0], sensitivity=ta.Sensitivity(), dense=False,
                events=ta.Event(lambda t, y: y[1], terminal=2))  # fmt: skip
    assert s.status == 1
    assert s.y.shape == (4, 2)
    assert s.dy_dy0(s.t_events[0][-1]).shape == (4, 4)
    with pytest.raises(DomainError, match="outside"):
        s.dy_dy0(s.t_events[0][-1] + 1)


def test_wrong_input_is_refused() -> None:
    p = ta.compile_ode(pendulum, 2)
    start = ((0, 1), [0.5, 0.0], (9.8, 0.1))
    for wrong, what in [
        (ta.Sensitivity(y0=[2]), "component 2"),
        (ta.Sensitivity(args=["h"]), "'h'"),
        (ta.Sensitivity(y0=False), "nothing varies"),
        (ta.Sensitivity(y0=[1, 1]), "twice"),
        (ta.Sensitivity(y0="x"), "component 'x'"),
        (True, "ta.Sensitivity"),
    ]:
        with pytest.raises(DomainError, match=what):
            p.solve(*start, sensitivity=wrong)
    with pytest.raises(OrderError):
        ta.Sensitivity(order=0)
    with pytest.raises(OrderError, match="equations"):
        Transport.of(p.rhs, 2, range(2), range(2), 60)
    s = p.solve(*start, sensitivity=ta.Sensitivity())
    with pytest.raises(DomainError, match="offsets"):
        s.flow_map(1.0)([1.0, 2.0, 3.0])
    with pytest.raises(OrderError):
        s.flow_map(1.0).tensor(2)
    with pytest.raises(OrderError, match="sensitivity="):
        p.solve(*start).dy_dy0(1.0)
    with pytest.raises(DomainError, match="branches"):
        ta.compile_ode(lambda t, y: [abs(y[0])], 1).solve((0, 1), [1.0], sensitivity=ta.Sensitivity())
