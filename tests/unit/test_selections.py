"""Constant matrices, and what numpy's functions make of long traced arrays."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import taylorad as ta
from taylorad.series.matrix import Matrix
from taylorad.series.schedule import schedule
from taylorad.trace.graph import trace

RNG = np.random.default_rng(5)


def some(rows: int, columns: int) -> np.ndarray:
    return np.where(RNG.random((rows, columns)) < 0.3, RNG.normal(size=(rows, columns)), 0.0)


def test_a_matrix_is_what_it_was_made_of() -> None:
    a, b = some(7, 5), some(5, 9)
    one, two = Matrix(a), Matrix(b)
    np.testing.assert_array_equal(one.array, a)
    np.testing.assert_allclose((one @ two).array, a @ b, rtol=1e-15)
    np.testing.assert_array_equal(one.take([3, 0, 3]).array, a[[3, 0, 3]])
    row, column = np.nonzero(a)
    assert Matrix.sums((7, 5), row[::-1], column[::-1], a[row, column][::-1]) == one
    assert Matrix.sums((2, 2), [0, 0, 1], [1, 1, 0], [1.0, 2.0, 0.0]) == Matrix([[0, 3], [0, 0]])
    assert pickle.loads(pickle.dumps(one)) == one
    assert one != two
    assert one != Matrix(a * 2)


def test_selections_are_recognised() -> None:
    chosen = Matrix.selection([2, -1, 0], 4)
    np.testing.assert_array_equal(chosen.array, [[0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
    assert chosen.selects
    assert not chosen.identity
    assert Matrix(np.eye(3)).identity
    assert not Matrix([[1, 1], [0, 1]]).selects


@pytest.mark.parametrize(
    ("shape", "starts", "places", "entries"),
    [((2, 3), [0, 1], [0], [1.0]), ((2, 3), [0, 1, 2], [0, 3], [1.0, 1.0]), ((2, 3), [0, 1, 2], [0, 1], [1.0])],
)
def test_parts_that_do_not_fit_are_refused(shape, starts, places, entries) -> None:
    with pytest.raises(ValueError, match="matrix"):
        Matrix.of(shape, starts, places, entries)


KERNEL = np.array([1.0, -2.0, 1.0])
WEIGHTS = some(30, 80)
FUNCTIONS = [
    lambda y: y[2:] - 2 * y[1:-1] + y[:-2],
    lambda y: np.roll(y, 3) * y,
    lambda y: np.concatenate([y[:5], [1.0, 2.0], y[3:] * y[3:]]),
    lambda y: np.sum(y.reshape(4, 20) ** 2, axis=0),
    lambda y: np.sum(y.reshape(4, 5, 4), axis=(0, 2), keepdims=True) * 2,
    lambda y: np.diff(y, n=2),
    lambda y: np.gradient(y),
    lambda y: np.convolve(y, KERNEL, "same"),
    lambda y: np.cumsum(y)[::7],
    lambda y: WEIGHTS @ y,
    lambda y: y[:30] @ WEIGHTS,
    lambda y: y.reshape(8, 10) @ y.reshape(10, 8),
    lambda y: y.reshape(8, 10) @ y[:10],
    lambda y: y[:8] @ y.reshape(8, 10),
    lambda y: np.einsum("ij,kj->ik", y.reshape(8, 10), y.reshape(8, 10)),
    lambda y: np.pad(y, 2),
    lambda y: np.stack([y, y * y], axis=1),
    lambda y: np.mean(y) * y,
]


@pytest.mark.parametrize("f", FUNCTIONS)
def test_long_arrays_go_through_numpy(f) -> None:
    y = RNG.normal(size=80)
    g = ta.compile(f, order=0, shapes=[80])
    np.testing.assert_allclose(g(y, along=y)[0], f(y), rtol=1e-12, atol=1e-13)
    assert g.reason == ""


def test_slices_of_long_arrays_cost_their_length() -> None:
    graph = trace(lambda y: (y[2:] - 2 * y[1:-1] + y[:-2]) * np.roll(y, 1)[1:-1], [(20_000,)])
    assert len(graph.roots) == 1
    assert len(schedule(graph.roots).first) < 10
