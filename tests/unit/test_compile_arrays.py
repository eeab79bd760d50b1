"""Array nodes: one node for many series, compiled to loops over elements, equal to the elements taken one by one."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pytest

from taylorad.book.entry import BOOK
from taylorad.errors import CompilationError, DomainError, OrderError, SingularExpansionError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.exact import FractionRing
from taylorad.run.interpret import run
from taylorad.run.kernel import compile_plan
from taylorad.series.elements import elements
from taylorad.series.matrix import Matrix
from taylorad.series.node import Leaf, Map, Node, as_node
from taylorad.series.schedule import schedule

RNG = np.random.default_rng(3)


def random_matrix(rows: int, columns: int) -> Matrix:
    return Matrix(RNG.normal(size=(rows, columns)) / np.sqrt(columns))


def network(width: int, layers: int = 3) -> Node:
    """A perceptron along a line: tanh layers and one output."""
    x: Node = Leaf.of(0, 1, width)
    for _ in range(layers):
        x = BOOK["tanh"](Map.of(random_matrix(width, width), x) + Map.of(random_matrix(width, 1), as_node(1)))
    return Map.of(random_matrix(1, width), x)


def check(root: Node, leaves: list[np.ndarray], order: int, dtype: str = "float64") -> np.ndarray:
    plan = schedule([root])
    (got,) = compile_plan(plan, dtype=dtype)(leaves, order)
    full = [np.concatenate([c, np.zeros((max(0, order + 1 - len(c)), *c.shape[1:]))]) for c in leaves]
    wanted = run(plan, ArrayRing(dtype), full, order)[0]
    assert got.shape == np.shape(wanted)
    scale = np.abs(wanted).reshape(order + 1, -1).max(axis=1).reshape(-1, *(1,) * (got.ndim - 1))
    bound = 256 * (order + 1) * np.finfo(float).eps * np.maximum(scale, scale.max() * 1e-3)
    assert np.all(np.abs(got - wanted) <= bound)
    return got


@pytest.mark.parametrize("width", [2, 3, 4, 5, 8, 11])
@pytest.mark.parametrize("order", [0, 1, 2, 3, 9])
def test_network(width: int, order: int) -> None:
    check(network(width), [RNG.normal(size=(2, width))], order)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_sums_halves_quotients_and_scalars_among_arrays(dtype: str) -> None:
    u, s = Leaf.of(0, size=6), Leaf.of(1)
    total = Map.of(Matrix(np.ones((1, 6))), u * u)  # a dot product, back to one series
    root = (u * s + u * u) / (1 + total) - 2 * u + BOOK["exp"](s)
    order = 8
    shift = 0.2j if dtype == "complex128" else 0
    leaves = [RNG.uniform(0.2, 1, (order + 1, 6)) + shift, RNG.uniform(0.2, 1, order + 1) - shift]
    got = check(root, leaves, order, dtype)
    batch = [np.stack([leaf] * 5, axis=-1) for leaf in leaves]
    (many,) = compile_plan(schedule([root]), dtype=dtype)(batch, order)
    assert many.shape == (order + 1, 6, 5)
    assert np.array_equal(many, np.stack([got] * 5, axis=-1))


def test_values_and_choices_given_by_the_caller() -> None:
    u = Leaf.of(0, 1, 5)
    x = np.stack([np.array([0.4, -0.7, 1.5, -2.5, 0.1]), np.ones(5)])
    check(BOOK["abs"](u) * BOOK["logit"](BOOK["sigmoid"](u)) + u * u, [x], 7)
    check(BOOK["digamma"](u + 4) * u, [x], 5)


def test_several_roots_of_several_sizes() -> None:
    u = Leaf.of(0, 1, 3)
    plan = schedule([Map.of(random_matrix(2, 3), BOOK["sin"](u)), BOOK["cos"](u), as_node(2) * u])
    x = RNG.normal(size=(2, 3, 4))
    got = compile_plan(plan)([x], 6)
    assert [g.shape for g in got] == [(7, 2, 4), (7, 3, 4), (7, 3, 4)]
    assert np.array_equal(got[2][:2], 2 * x)
    assert np.array_equal(got[2][2:], np.zeros((5, 3, 4)))
    assert np.allclose(got[1][0], np.cos(x[0]), rtol=1e-15)


def test_one_singular_element_is_found() -> None:
    u = Leaf.of(0, size=5)
    kernel = compile_plan(schedule([1 / u]))
    c = np.ones((4, 5, 3))
    c[0, 3, 1] = 0
    with pytest.raises(SingularExpansionError, match="pole"):
        kernel([c], 3)
    (got,) = kernel([c], 3, redo=lambda points: [np.zeros((4, 5, len(points)))])
    assert np.array_equal(got[:, :, 1], np.zeros((4, 5)))
    assert np.array_equal(got[:, :, 0], kernel([np.ones((4, 5))], 3)[0])


def test_code_grows_with_layers_and_not_with_width() -> None:
    narrow, wide = (compile_plan(schedule([network(w)])).text() for w in (64, 128))
    assert wide.count("\n") == narrow.count("\n")


def test_elements_in_exact_fractions() -> None:
    u = Leaf.of(0, size=2)
    root = Map.of(Matrix([[1, 2], [0.5, -1], [0, 3]]), u * u)
    rows = [[Fraction(1), Fraction(2)], [Fraction(3), Fraction(1, 2)]]
    found = run(schedule([root]), FractionRing(), [rows], 1)[0]
    assert found == [[9, Fraction(-7, 2), 12], [10, 1, 6]]
    assert len(elements(schedule([root]))) == 3


def test_what_does_not_fit_is_named() -> None:
    u, w = Leaf.of(0, size=3), Leaf.of(1, size=2)
    with pytest.raises(ValueError, match="sizes"):
        u * w
    with pytest.raises(ValueError, match="size 3"):
        Map.of(random_matrix(2, 2), u)
    with pytest.raises(DomainError, match="finite"):
        Matrix([[np.nan]])
    with pytest.raises(DomainError, match="two axes"):
        Matrix([1.0, 2.0])
    kernel = compile_plan(schedule([u * u]))
    with pytest.raises(OrderError, match="3 elements"):
        kernel([np.ones((4, 2))], 3)
    with pytest.raises(CompilationError, match="unrolled"):
        compile_plan(schedule([u * u]), 3, form="unrolled")
    with pytest.raises(CompilationError, match="no C text"):
        kernel.to_c()


def test_nodes_with_matrices_are_shared_and_pickled() -> None:
    a = np.arange(6.0).reshape(2, 3)
    u = Leaf.of(0, size=3)
    one, two = Map.of(Matrix(a), u), Map.of(Matrix(a.copy()), u)
    assert one is two
    assert pickle.loads(pickle.dumps(one)) is one
    assert Map.of(Matrix(a + 1), u) is not one
