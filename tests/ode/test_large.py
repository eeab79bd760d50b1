"""Large systems: vectors and loops over elements stay loops in the code, and give what the elements one by one give."""

from __future__ import annotations

import numpy as np
import pytest
from problems import chain

import taylorad as ta
from taylorad.errors import CompilationError
from taylorad.ode.arrays import ArraySystem, right_hand_side, traced_vector
from taylorad.ode.bulk import Bulk
from taylorad.ode.loop import Outcome
from taylorad.ode.march import march
from taylorad.rings.arrays import ArrayRing
from taylorad.run.interpret import run
from taylorad.run.jit import host
from taylorad.run.lower import lower
from taylorad.series.node import Leaf, State
from taylorad.series.reroll import reroll
from taylorad.series.schedule import schedule
from taylorad.trace.array import from_node

RNG = np.random.default_rng(4)


def filled(t, y):
    """An array that is filled part by part, as in scripts for scipy."""
    dy = np.zeros_like(y)
    dy[1:-1] = (y[2:] - 2 * y[1:-1] + y[:-2]) * y[1:-1]
    dy[0] = np.sin(t) - y[0]
    dy[-1] = y[0] * y[-1]
    return dy


def wave(t, u):
    slope = (np.roll(u, -1) - np.roll(u, 1)) / 2
    third = (np.roll(u, -2) - 2 * np.roll(u, -1) + 2 * np.roll(u, 1) - np.roll(u, 2)) / 2
    return -6 * u * slope - third


def bodies(t, y, m):
    n = len(y) // 6
    x, v = y[: 3 * n].reshape(n, 3), y[3 * n :].reshape(n, 3)
    d = x[None] - x[:, None]
    pull = m * (np.sum(d * d, axis=-1) + 0.01) ** -1.5
    return np.concatenate([v.ravel(), np.sum(d * pull[..., None], axis=1).ravel()])


def turns(t, y, m):
    """The same written with loops."""
    n = len(y) // 6
    a = [[0.0] * 3 for _ in range(n)]
    for i in range(n):
        for j in range(i + 1, n):
            d = [y[3 * j + c] - y[3 * i + c] for c in range(3)]
            w = (d[0] ** 2 + d[1] ** 2 + d[2] ** 2 + 0.01) ** -1.5
            for c in range(3):
                a[i][c] = a[i][c] + m[j] * w * d[c]
                a[j][c] = a[j][c] - m[i] * w * d[c]
    return [y[3 * n + k] for k in range(3 * n)] + [x for row in a for x in row]


def network(t, y):
    """Dense matrices, functions with and without an equation of Euler's, a scalar of all elements, the time."""
    w = np.cos(np.outer(np.arange(17), np.arange(len(y)) + 1.0))
    hidden = np.tanh(w @ y + 0.1 * t)
    size = np.sqrt(1 + y @ y)
    return (w.T @ hidden) / size - np.exp(-y * y) + np.log(size) * np.sin(np.cumsum(y))


def rings(t, y, strength):
    """A loop over oscillators, with functions that are shared between turns, and a mean of all."""
    n = len(y) // 2
    mean = sum(y[i] for i in range(n)) / n
    dy = [0] * (2 * n)
    for i in range(n):
        dy[i] = y[n + i]
        pull = np.sin(y[(i + 1) % n] - y[i]) - np.sin(y[i] - y[i - 1])
        dy[n + i] = strength * pull / (2 + mean * mean * y[i] * y[i]) + np.cos(t)
    return dy


CASES = [
    (chain, 26, ()),
    (chain, 64, ()),
    (filled, 31, ()),
    (wave, 33, ()),
    (bodies, 18, (np.array([1.0, 0.3, 2.0]),)),
    (bodies, 30, (RNG.uniform(0.5, 1, 5),)),
    (turns, 30, (RNG.uniform(0.5, 1, 5),)),
    (network, 9, ()),
    (network, 14, ()),
    (rings, 22, (0.7,)),
]


def solved(system, y0, args, end=0.5, tol=1e-12):
    row = np.concatenate([np.ravel(a) for a in args]) if args else np.zeros(0)
    going = march(system, 0.0, y0, row, np.full(len(y0), tol), np.full(len(y0), tol))
    assert going.compiled
    outcome, piece = going.go(end, 1000)
    assert outcome == Outcome.DONE
    return np.array(piece.coefficients), going.state


@pytest.mark.parametrize(("f", "dim", "args"), CASES, ids=lambda x: getattr(x, "__name__", None))
def test_vectors_give_what_elements_give(f, dim, args) -> None:
    shapes = [np.shape(a) for a in args]
    y0 = RNG.normal(size=dim) * 0.3
    system = ArraySystem.of(traced_vector(f, dim, shapes), dim, shapes)
    found, end = solved(system, y0, args)
    wanted, end_apart = solved(system.apart(), y0, args)
    assert found.shape == wanted.shape
    scale = np.max(np.abs(wanted), axis=(0, 2), keepdims=True)
    assert np.max(np.abs(found - wanted) / scale) < 1e-11
    np.testing.assert_allclose(end, end_apart, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("f", [turns, rings])
def test_loops_are_found_again(f) -> None:
    shapes = [(20,)] if f is turns else [()]
    few, many = (len(schedule([traced_vector(f, n, shapes)]).first) for n in (60, 120))
    assert few == many < 100


def test_rerolled_scalars_are_the_same_function() -> None:
    y = from_node(Leaf.of(0, size=90), (90,))
    scalars = [np.sin(y[i]) * y[i + 1] / (2 + y[i] * y[i]) for i in range(40)]
    vector = reroll([x.vector for x in scalars])
    assert vector is not None
    assert vector.size == 40
    assert len(schedule([vector]).first) < 20
    values = RNG.normal(size=90)
    (found,) = run(schedule([vector]), ArrayRing("float64"), [values[None]], 0)
    np.testing.assert_allclose(found[0], np.sin(values[:40]) * values[1:41] / (2 + values[:40] ** 2), rtol=1e-14)


def test_unlike_scalars_are_left_alone() -> None:
    x = [State.of("unlike", i) for i in range(3)]
    assert reroll([x[0] * x[1], x[1] / x[2], x[0]]) is None


def lines(f, dim, shapes=()) -> tuple[int, int]:
    """Lines of code without tables, and bytes of memory."""
    system = ArraySystem.of(traced_vector(f, dim, shapes), dim, shapes)
    bulk = Bulk(lower(schedule(system.states)), 20, host().target, system.leaves)
    return len(bulk.text().splitlines()), bulk.room


def test_code_does_not_grow_with_the_number_of_bodies() -> None:
    few, many = lines(bodies, 60, [(10,)]), lines(bodies, 240, [(40,)])
    assert many[0] <= few[0] + 20
    assert many[1] <= 16 * few[1]  # pairs
    few, many = lines(chain, 200), lines(chain, 2000)
    assert many[0] <= few[0] + 20
    assert many[1] <= 10.1 * few[1]


def test_the_form_is_chosen_by_size() -> None:
    assert isinstance(right_hand_side(chain, 2048), ArraySystem)
    assert isinstance(right_hand_side(bodies, 600, [(100,)]), ArraySystem)
    assert isinstance(right_hand_side(chain, 24), list)
    assert isinstance(right_hand_side(lambda t, y: abs(y) - np.roll(y, 1) * y, 2000), list)  # branches


def test_a_large_problem_is_solved_like_any_other() -> None:
    n = 300
    p = ta.compile_ode(chain, 2 * n, rtol=1e-13, atol=1e-13)
    assert isinstance(p.system, ArraySystem)
    x = np.arange(1, n + 1)
    y0 = np.concatenate([np.sin(np.pi * x / (n + 1)), np.zeros(n)])

    def energy(y):
        apart = np.diff(np.concatenate([[0.0], y[:n], [0.0]]))
        return np.sum(y[n:] ** 2) / 2 + np.sum(apart**2 / 2 + apart**4 / 16)

    s = p.solve((0, 20), y0, t_eval=[5.0, 20.0], events=lambda t, y: y[0])
    assert s.success
    assert s.stats["compiled"]
    assert abs(energy(s.y[:, -1]) / energy(y0) - 1) < 1e-12
    back = p.propagate(20, 0, s.y[:, -1])
    np.testing.assert_allclose(back, y0, rtol=0, atol=1e-11)


def test_where_there_is_no_series_it_says_so() -> None:
    def f(t, y):
        return np.sqrt(y) * np.roll(y, 1) * np.roll(y, 2) * np.roll(y, 3) * np.roll(y, 4)

    p = ta.compile_ode(f, 301)
    assert isinstance(p.system, ArraySystem)
    y0 = np.ones(301)
    y0[300] = 0.0
    s = p.solve((0, 0.1), y0)
    assert not s.success
    assert s.t[-1] == 0.0


def test_functions_without_machine_code_are_interpreted() -> None:
    system = ArraySystem.of(traced_vector(lambda t, y: ta.j0(y) * np.roll(y, 1), 12), 12)
    with pytest.raises(CompilationError):
        Bulk(lower(schedule(system.states)), 10, host().target, system.leaves)
    going = march(system, 0.0, np.ones(12), np.zeros(0), np.full(12, 1e-8), np.full(12, 1e-8))
    assert not going.compiled
    assert going.go(0.1, 10)[0] == Outcome.DONE
