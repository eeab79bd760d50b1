"""Gradients, Jacobians and Hessians of functions of arrays: against formulas by hand, exact rings, and forward mode."""

from __future__ import annotations

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from flint import arb  # pyright: ignore[reportMissingTypeStubs]

import taylorad as ta
from taylorad.book.entry import BOOK, ENTRIES, LocalEntry, Rule
from taylorad.derive.adjoint import adjoint
from taylorad.derive.structure import structure
from taylorad.errors import (
    DomainError,
    MixedRingError,
    UncertifiedError,
    UnsupportedFunctionError,
)
from taylorad.series.node import INFINITE, Function, Leaf, Node, Product, Quotient, as_node
from taylorad.trace.graph import trace

RNG = np.random.default_rng(20261123)


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_gradient(x: np.ndarray) -> np.ndarray:
    out = np.zeros_like(x)
    out[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    out[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return out


def rosenbrock_hessian(x: np.ndarray) -> np.ndarray:
    diagonal = np.zeros_like(x)
    diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    return np.diag(diagonal) + np.diag(-400 * x[:-1], 1) + np.diag(-400 * x[:-1], -1)


@pytest.mark.parametrize("n", [2, 3, 8, 9, 40])
def test_rosenbrock(n: int) -> None:
    """Both forms of the graph, a node for each element up to eight and array nodes beyond."""
    x = RNG.standard_normal(n)
    np.testing.assert_allclose(ta.gradient(rosenbrock, x), rosenbrock_gradient(x), rtol=1e-14, atol=1e-12)
    np.testing.assert_allclose(ta.hessian(rosenbrock, x), rosenbrock_hessian(x), rtol=1e-14, atol=1e-12)
    np.testing.assert_allclose(ta.jacobian(rosenbrock, x), rosenbrock_gradient(x), rtol=1e-14, atol=1e-12)
    v = RNG.standard_normal(n)
    np.testing.assert_allclose(ta.hvp(rosenbrock, x, v), rosenbrock_hessian(x) @ v, rtol=1e-13, atol=1e-11)
    value, slope, curvature = ta.gh(rosenbrock)(x)
    np.testing.assert_allclose(value, rosenbrock(x), rtol=1e-14)
    np.testing.assert_array_equal(slope, ta.gradient(rosenbrock, x))
    np.testing.assert_array_equal(curvature, ta.hessian(rosenbrock, x))


@pytest.mark.parametrize("n", [3, 12])
@pytest.mark.parametrize("m", [2, 30])
def test_jacobian_both_ways(n: int, m: int) -> None:
    """Few or many variables, few or many results: J by tangents, by adjoints, and written out."""
    a, x = RNG.standard_normal((m, n)), RNG.standard_normal(n)

    def f(y: Any) -> Any:
        return np.sin(a @ y) * y[0]

    expected = np.cos(a @ x)[:, None] * a * x[0]
    expected[:, 0] += np.sin(a @ x)
    J = ta.jacobian(f, x)
    np.testing.assert_allclose(J, expected, rtol=1e-13, atol=1e-13)
    v, w = RNG.standard_normal(n), RNG.standard_normal(m)
    np.testing.assert_allclose(ta.jvp(f, x, v), J @ v, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(ta.vjp(f, x, w), w @ J, rtol=1e-13, atol=1e-13)


def test_lists_of_numbers_have_jacobians() -> None:
    """What right-hand sides of differential equations return, also where they branch."""
    x = np.array([1.0, 2.0, 3.0])
    for factor in (1, -1):
        smooth = ta.jacobian(lambda y: [y[0] * y[1], np.sin(y[2])], factor * x)
        np.testing.assert_allclose(smooth, [[2 * factor, factor, 0], [0, 0, np.cos(3)]], rtol=1e-15)
        branching = ta.jacobian(lambda y: [y[0] * y[1] if y[0] > 0 else y[1], 2 * y[2]], factor * x)
        np.testing.assert_array_equal(branching, [[2, 1, 0] if factor > 0 else [0, 1, 0], [0, 0, 2]])


def test_matrices_have_jacobians_of_four_axes() -> None:
    x = RNG.standard_normal((3, 4))
    J = ta.jacobian(lambda y: y @ y.T, x)
    assert J.shape == (3, 3, 3, 4)
    E = np.eye(3)
    expected = np.einsum("ik,jl->ijkl", E, x) + np.einsum("jk,il->ijkl", E, x)
    np.testing.assert_allclose(J, expected, atol=1e-15)
    H = ta.hessian(lambda y: np.sum((y @ y.T) ** 2) / 4, x)
    assert H.shape == (3, 4, 3, 4)
    np.testing.assert_allclose(H, np.transpose(H, (2, 3, 0, 1)), atol=1e-13)


STRUCTURED = [
    lambda x: rosenbrock(x) + np.exp(np.mean(x)) * np.log(1 + np.sum(x * x)),
    lambda x: np.sum(np.sin(x)) * np.prod(x[:3]) / (2 + np.cos(x[4])),
    lambda x: np.sum(x[0] * x[1:] ** 2 + x[2] * x[3]) + np.sum(np.where(x > x[5] + 0.1, x**3, x)),
    lambda x: np.sum(np.diff(x) ** 4) + x[0] * x[-1] + np.sum(x[::2]) ** 3,
    lambda x: np.sum(np.convolve(x, [1.0, -2.0, 1.0]) ** 2) + ta.gamma(3 + x[3]) * np.sum(x),
    lambda x: np.sum(ta.gammaln(4 + x) * x[::-1]) + (4 + x[1]) ** 2.5,
    lambda x: np.sum(np.tanh(WEIGHTS @ np.tanh(WEIGHTS.T @ x))),
    lambda x: np.sum(x) ** 2 + 3,
    lambda x: x[7],
]
WEIGHTS = np.random.default_rng(5).standard_normal((12, 12))


@pytest.mark.parametrize("f", STRUCTURED)
def test_structure_against_products(f: Any) -> None:
    """The Hessian from its sparse and low-rank parts, column by column as products with unit vectors."""
    x = np.random.default_rng(7).standard_normal(12)
    H = ta.hessian(f, x)
    columns = [ta.hvp(f, x, unit) for unit in np.eye(12)]
    np.testing.assert_allclose(H, np.transpose(columns), rtol=1e-12, atol=1e-12)
    J = ta.jacobian(lambda y: y**2 * f(y), x)
    np.testing.assert_allclose(J, np.transpose([ta.jvp(lambda y: y**2 * f(y), x, unit) for unit in np.eye(12)]))
    two = ta.hessian(f, np.stack([x, x[::-1]], axis=1), batch=1)
    np.testing.assert_allclose(two[..., 0], H, rtol=1e-14, atol=1e-14)


def test_structure_is_found() -> None:
    """A chain of neighbours and two sums: three diagonals and a rank for each sum, whatever the length."""
    n = 1000
    graph = trace(STRUCTURED[0], ((n,),), np.float64, INFINITE)
    leaf = Leaf.of(0, INFINITE, n)
    blocks = structure(adjoint(graph.roots, [as_node(1)], [leaf]), leaf)
    assert blocks is not None
    (block,) = blocks
    assert sorted(len(p.rows) for p in block.parts) == [n - 1, n - 1, n - 1, n - 1, n]
    assert len(block.outers) == 2


@pytest.mark.parametrize(
    "f", [*STRUCTURED, lambda x: np.sum((WEIGHTS @ x) ** 3 / (1 + x**2)) + np.sum(np.cumsum(x) ** 4)]
)
def test_products_of_matrices_against_structure(f: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same Hessians and Jacobians where no structure is looked for: all unit vectors at once."""
    x = np.random.default_rng(7).standard_normal(12)
    H = ta.hessian(f, x)
    wide, tall = (lambda y: y[:9] * f(y)), (lambda y: np.concatenate([y, y**2]) * f(y))
    J = [ta.jacobian(g, x) for g in (wide, tall)]
    monkeypatch.setattr(sys.modules["taylorad.derive.structure"], "_ENTRIES", -(10**9))
    np.testing.assert_allclose(ta.hessian(f, x), H, rtol=1e-12, atol=1e-12)
    for g, expected in zip((wide, tall), J, strict=True):
        np.testing.assert_allclose(ta.jacobian(g, x), expected, rtol=1e-12, atol=1e-12)
    two = ta.hessian(f, np.stack([x, x[::-1]], axis=1), batch=1)
    np.testing.assert_allclose(two[..., 0], H, rtol=1e-12, atol=1e-12)


def test_a_dense_hessian_is_left_to_products() -> None:
    A = np.random.default_rng(3).standard_normal((200, 200))
    graph = trace(lambda x: np.sum(np.tanh(A @ np.tanh(A @ x))), ((200,),), np.float64, INFINITE)
    leaf = Leaf.of(0, INFINITE, 200)
    assert structure(adjoint(graph.roots, [as_node(1)], [leaf]), leaf) is None


# ---------------------------------------------------------------------- every function of the book
UNARY = sorted({m.name for m in BOOK.values() if m.entry.arity == 1 and not m.entry.parameters})


@pytest.mark.parametrize("name", UNARY)
def test_gradient_of_every_function_is_its_derivative(name: str) -> None:
    """The rule with a bar in the place of du, against the same rule as a recurrence, which its own tests check."""
    function = getattr(ta, name)
    for x in (arb(13) / 29, arb(31) / 19):
        try:
            expected = ta.derivatives(lambda t: function(t) * 1, x, 2)
        except (DomainError, UncertifiedError, UnsupportedFunctionError):
            continue
        for got, true in ((ta.gradient(function, x), expected[1]), (ta.hessian(function, x), expected[2])):
            assert got.overlaps(true)
            assert got.rad() <= 1e-10 * (1 + abs(true).mid())


def test_every_rule_and_every_local_entry_is_met() -> None:
    met = {BOOK[name].entry.name for name in UNARY}
    for entry in ENTRIES.values():
        if isinstance(entry, (Rule, LocalEntry)) and entry.arity == 1 and not entry.parameters:
            assert entry.name in met or all(output.startswith("_") for output in entry.outputs)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ta.atan2(x[0], x[1]),
        lambda x: ta.hypot(x[0], x[1]),
        lambda x: ta.logaddexp(x[0], x[1]),
        lambda x: ta.logsumexp(x[0], x[1], x[0] * x[1]),
        lambda x: ta.beta(x[0], x[1]),
        lambda x: ta.kepler(x[0] / 9, x[1]),
        lambda x: x[0] ** x[1],
        lambda x: ta.jv(1.5, x[0]) * ta.hyp2f1(0.3, 0.7, 1.1, x[1] / 9),
        lambda x: ta.eval_legendre(3, x[0] / 3) * ta.eval_legendre(12, x[1] / 5),
        lambda x: np.where(x[0] > x[1], x[0] * x[1], x[0] - x[1]),
        lambda x: np.maximum(x[0], x[1]) * np.abs(x[0] - 5) * (x[1] % 1),
        lambda x: x[0] ** 2.5 / np.sqrt(x[1]) - 1 / x[0],
    ],
)
def test_two_variables_against_directional_derivatives(f: Any) -> None:
    """Along three directions the gradient and the Hessian give the Taylor coefficients of forward mode."""
    x = np.array([1.3, 2.4])
    g, H = ta.gradient(f, x), ta.hessian(f, x)
    assert np.array_equal(H, H.T)
    for v in np.array([[1.0, 0.0], [0.0, 1.0], [0.6, -0.8]]):
        d = ta.derivatives(lambda t, v=v: f([x[0] + t * v[0], x[1] + t * v[1]]), 0.0, 2)
        assert g @ v == pytest.approx(d[1], rel=1e-12, abs=1e-13)
        assert v @ H @ v == pytest.approx(d[2], rel=1e-11, abs=1e-12)


# ---------------------------------------------------------------------- rings, forms, batches
def rational(x: Any) -> Any:
    return x[0] ** 2 * x[1] / (x[1] + x[2]) - x[2] ** 3


EXACT = [Fraction(1, 2), Fraction(1, 3), 2]
SLOPE = [Fraction(1, 7), Fraction(9, 98), Fraction(-2355, 196)]


def test_exact_numbers_stay_exact() -> None:
    g = ta.gradient(rational, EXACT)
    assert g.tolist() == SLOPE
    H = ta.hessian(rational, EXACT)
    assert all(isinstance(h, Fraction) for h in H.flat)
    assert H[0, 0] == 2 * Fraction(1, 3) / Fraction(7, 3)


def test_rings_agree() -> None:
    exact = np.array(SLOPE, float)
    with mpmath.workdps(40):
        g = ta.gradient(rational, [mpmath.mpf(1) / 2, mpmath.mpf(1) / 3, mpmath.mpf(2)])
        assert all(abs(a - mpmath.mpf(b.numerator) / b.denominator) < 1e-38 for a, b in zip(g, SLOPE, strict=True))
    balls = ta.gradient(rational, [arb(1) / 2, arb(1) / 3, arb(2)])
    assert all(a.overlaps(arb(b.numerator) / b.denominator) for a, b in zip(balls, SLOPE, strict=True))
    np.testing.assert_allclose(ta.gradient(rational, [0.5, 1 / 3, 2]), exact, rtol=1e-14)
    np.testing.assert_allclose(ta.gradient(rational, [0.5 + 0j, 1 / 3, 2]), exact, rtol=1e-14)


def test_complex_gradient_is_the_holomorphic_one() -> None:
    z = np.array([1 + 2j, -0.5 + 1j])
    np.testing.assert_allclose(ta.gradient(lambda x: np.exp(x[0] * x[1]), z), np.exp(z[0] * z[1]) * z[::-1], rtol=1e-14)


def test_vectors_of_exact_numbers() -> None:
    """More than eight elements make one array node, which exact rings take apart."""
    x = [Fraction(i, 7) for i in range(12)]
    g = ta.gradient(lambda y: np.sum(y[1:] * y[:-1] ** 2), x)
    assert g[0] == 2 * x[0] * x[1]
    assert g[5] == x[4] ** 2 + 2 * x[5] * x[6]


def test_trees() -> None:
    p: Any = {"W": RNG.standard_normal((3, 4)), "b": [RNG.standard_normal(3), 0.5]}

    def f(q: Any) -> Any:
        return np.sum(np.tanh(q["W"] @ np.arange(4.0) + q["b"][0]) * q["b"][1])

    g = ta.gradient(f, p)
    inner = p["W"] @ np.arange(4.0) + p["b"][0]
    bar = (1 - np.tanh(inner) ** 2) * 0.5
    np.testing.assert_allclose(g["W"], np.outer(bar, np.arange(4.0)), rtol=1e-11)
    np.testing.assert_allclose(g["b"][0], bar, rtol=1e-11)
    np.testing.assert_allclose(g["b"][1], np.sum(np.tanh(inner)), rtol=1e-14)
    v = {"W": np.ones((3, 4)), "b": [np.ones(3), 1.0]}
    total = g["W"].sum() + g["b"][0].sum() + g["b"][1]
    np.testing.assert_allclose(ta.jvp(f, p, v), total, rtol=1e-11)
    assert ta.hvp(f, p, v)["W"].shape == (3, 4)


@pytest.mark.parametrize("n", [3, 11])
def test_a_point_of_a_batch_is_as_it_is_alone(n: int) -> None:
    X, V = RNG.standard_normal((n, 2, 3)), RNG.standard_normal((n, 2, 3))
    for name in ("gradient", "hessian", "jacobian"):
        derivative = getattr(ta, name)
        whole = derivative(rosenbrock, X, batch=2)
        np.testing.assert_array_equal(whole[..., 1, 2], derivative(rosenbrock, X[:, 1, 2]))
    whole = ta.hvp(rosenbrock, X, V, batch=2)
    np.testing.assert_array_equal(whole[..., 1, 0], ta.hvp(rosenbrock, X[:, 1, 0], V[:, 1, 0]))


def test_further_arguments() -> None:
    def f(x: Any, a: Any, power: int) -> Any:
        return np.sum(a * x**power)

    x, a = np.array([1.0, -2.0]), np.array([3.0, 4.0])
    g = ta.gradient(f)
    np.testing.assert_array_equal(g(x, a, 2), 2 * a * x)
    np.testing.assert_array_equal(g(x, 2 * a, 3), 6 * a * x**2)
    np.testing.assert_array_equal(ta.gradient(f, x, args=(a, 2)), 2 * a * x)
    np.testing.assert_array_equal(ta.hvp(f)(x, x, a, 2), 2 * a * x)


def test_arrays_whose_numbers_are_asked_for_are_constants() -> None:
    """A mask of the data, a matrix inverted: the function is traced for each value, and still compiled."""
    runs: list[int] = []

    def f(x: Any, data: np.ndarray) -> Any:
        runs.append(1)
        return np.sum((x[0] - data[data > 0]) ** 2) + np.sum(np.linalg.inv(np.diag(data)) @ x[1:])

    g = ta.gradient(f)
    x, data = np.zeros(13), np.array([*np.arange(1.0, 12.0), -1.0])
    expected = np.concatenate([[-2 * 66.0], 1 / data])
    for _ in range(3):
        np.testing.assert_allclose(g(x, data), expected, rtol=1e-13)
    assert len(runs) == 2  # once for nothing, then once
    np.testing.assert_allclose(g(x, 2 * data)[0], -4 * 66.0, rtol=1e-13)


def test_a_function_is_run_once_for_each_form_of_its_arguments() -> None:
    runs: list[int] = []

    def f(x: Any) -> Any:
        runs.append(1)
        return np.sum(x**2)

    g = ta.gradient(f)
    for _ in range(3):
        g(np.ones(3))
    assert len(runs) == 1
    g(np.ones(4))
    assert len(runs) == 2


def test_derivatives_pickle_and_are_shared_by_threads() -> None:
    for derivative in (ta.gradient(rosenbrock), ta.hessian(rosenbrock), ta.gh(rosenbrock, None)):
        again = pickle.loads(pickle.dumps(derivative))
        assert repr(again) == repr(derivative)
        points = RNG.standard_normal((20, 12))
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(again, points))
        for x, one in zip(points, found, strict=True):
            for a, b in zip(one, derivative(x), strict=True):
                np.testing.assert_array_equal(a, b)


def test_layers_of_weights() -> None:
    """Three layers of 32 tanh units: products of traced matrices and vectors, against backpropagation by hand."""
    W = [RNG.standard_normal((32, 32)) / 6 for _ in range(3)]
    x = RNG.standard_normal(32)

    def loss(weights: Any) -> Any:
        h = x
        for w in weights:
            h = np.tanh(w @ h)
        return np.sum(h**2)

    states = [x]
    for w in W:
        states.append(np.tanh(w @ states[-1]))
    bar = 2 * states[-1]
    expected: list[np.ndarray] = []
    for w, before, after in zip(W[::-1], states[-2::-1], states[:0:-1], strict=True):
        bar = bar * (1 - after**2)
        expected.append(np.outer(bar, before))
        bar = w.T @ bar
    for got, true in zip(ta.gradient(loss, W), expected[::-1], strict=True):
        np.testing.assert_allclose(got, true, rtol=1e-11, atol=1e-14)
    v = [RNG.standard_normal((32, 32)) for _ in range(3)]
    h = 1e-6
    ends = [ta.gradient(loss, [w + s * h * d for w, d in zip(W, v, strict=True)]) for s in (1, -1)]
    for got, plus, minus in zip(ta.hvp(loss, W, v), *ends, strict=True):
        np.testing.assert_allclose(got, (plus - minus) / (2 * h), rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------------- inside one another
def test_gradients_inside_gradients() -> None:
    def f(x: Any) -> Any:
        return np.sum(x**2) * np.exp(x[0])

    x = np.array([0.3, -0.7, 0.2])
    outer = ta.gradient(lambda y: np.sum(ta.gradient(f)(y) ** 2), x)
    np.testing.assert_allclose(outer, 2 * ta.hessian(f, x) @ ta.gradient(f, x), rtol=1e-13)


def test_variables_of_nested_gradients_are_kept_apart() -> None:
    assert ta.gradient(lambda x: x * ta.gradient(lambda y: x * y, 1.0), 3.0) == 6.0
    assert ta.gradient(lambda x: x * ta.derivative(lambda y: x + y, 1.0), 1.0) == 1.0
    assert ta.derivative(lambda x: x * ta.gradient(lambda y: x + y, 1.0), 1.0) == 1.0
    assert ta.derivative(lambda t: ta.gradient(lambda y: y[0] ** 3 * y[1], [t, t])[0], 2.0) == 36.0


def test_a_derivative_made_outside_is_used_inside() -> None:
    """The compiled form of a point of numbers is of no use for traced ones, and the other way round."""
    x = np.linspace(0.1, 0.9, 12)
    slope, H = ta.gradient(rosenbrock), ta.hessian(rosenbrock)
    expected = ta.gradient(lambda y: np.sum(H(y) @ y) + np.sum(slope(y)), x)
    assert H(x).shape == (12, 12)
    assert slope(x).shape == (12,)
    again = ta.gradient(lambda y: np.sum(H(y) @ y) + np.sum(slope(y)), x)
    np.testing.assert_allclose(again, expected, rtol=1e-12)
    h = 1e-6
    plus, minus = (np.sum(H(y) @ y) + np.sum(slope(y)) for y in (x + h * x, x - h * x))
    assert again @ x == pytest.approx((plus - minus) / (2 * h), rel=1e-6)


def test_a_gradient_as_a_field_of_a_differential_equation() -> None:
    """Kepler's problem from its Hamiltonian: the field is a gradient, traced into the right-hand side."""

    def energy(z: Any) -> Any:
        return (z[2] ** 2 + z[3] ** 2) / 2 - 1 / np.sqrt(z[0] ** 2 + z[1] ** 2)

    def field(t: float, z: Any) -> Any:
        slope = ta.gradient(energy)(z)
        return [slope[2], slope[3], -slope[0], -slope[1]]

    start = [0.6, 0.0, 0.0, np.sqrt(1.4 / 0.6)]
    s = ta.solve_ivp(field, (0, 2 * np.pi), start, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(s.y[:, -1], start, atol=1e-11)


# ---------------------------------------------------------------------- reverse over Taylor
@pytest.mark.parametrize("n", [3, 12])
def test_gradients_along_a_line_to_any_order(n: int) -> None:
    """Coefficient k of ∇f(x + t·v): against the series of each partial derivative, found forward."""
    x, v = RNG.standard_normal(n), RNG.standard_normal(n)

    def f(y: Any) -> Any:
        return np.sum(np.exp(y[1:] * y[:-1] / 4)) * np.sin(y[0]) + np.sum(y**2) ** 1.5

    c = ta.gradient_series(f, x, v, order=6)
    np.testing.assert_allclose(c[0], ta.gradient(f, x), rtol=1e-13)
    np.testing.assert_allclose(c[1], ta.hvp(f, x, v), rtol=1e-12, atol=1e-12)
    for i in range(2):
        unit = np.eye(n)[i]
        slope = ta.compile(lambda y, unit=unit: ta.jvp(f, y, unit), order=6, shapes=[n])
        np.testing.assert_allclose(c[:, i], slope(x, along=v), rtol=1e-10, atol=1e-11)
    whole = ta.gradient_series(f, np.stack([x, v], axis=1), v, order=2, batch=1)
    np.testing.assert_allclose(whole[:, :, 0], c[:3], rtol=1e-12, atol=1e-12)


def test_gradient_series_of_trees() -> None:
    p = {"a": np.array([1.0, 2.0]), "b": 3.0}
    c = ta.gradient_series(lambda q: q["a"][0] ** 2 * q["b"] + q["a"][1], p, {"a": np.array([1.0, 0.0]), "b": 0.0}, 2)
    np.testing.assert_array_equal(c["a"], [[6, 1], [6, 0], [0, 0]])
    np.testing.assert_array_equal(c["b"], [1, 2, 1])
    with pytest.raises(MixedRingError, match="float64"):
        ta.gradient_series(rational, EXACT, EXACT, 2)
    with pytest.raises(UnsupportedFunctionError, match="traced"):
        ta.gradient_series(lambda x: x[0] if x[0] > 0 else x[1], np.ones(2), np.ones(2), 2)


# ---------------------------------------------------------------------- cost
def operations(roots: Any) -> int:
    """Products, quotients and values of functions, element by element."""
    return sum(n.size for n in below(roots) if isinstance(n, (Product, Quotient, Function)))


def below(roots: Any) -> list[Node]:
    seen: dict[Node, None] = {}
    todo = list(roots)
    while todo:
        n = todo.pop()
        if n not in seen:
            seen[n] = None
            todo.extend(n.operands)
    return list(seen)


def network(p: Any) -> Any:
    h = p[:8]
    for k in range(3):
        h = np.tanh(np.reshape(p[8 : 8 + 64], (8, 8)) @ h + k)
    return np.sum(h * h)


@pytest.mark.parametrize(
    ("f", "n"),
    [
        (rosenbrock, 50),
        (lambda x: np.exp(np.mean(x)) * np.log(1 + np.sum(x**2)), 50),
        (lambda x: np.prod(x), 8),
        (lambda x: np.sum(np.sin(x) * np.cos(x) / (1 + x**2)), 20),
        (lambda x: np.sum(ta.atan2(x[1:], x[:-1]) ** 2.5 / np.sqrt(x[1:])), 20),
        (network, 72),
    ],
)
def test_a_gradient_costs_at_most_five_functions(f: Any, n: int) -> None:
    graph = trace(f, ((n,),), np.float64, INFINITE)
    leaves = [Leaf.of(0, INFINITE, n)] if n > 8 else [*map(Leaf.of, range(n))]
    both = [*graph.roots, *adjoint(graph.roots, [as_node(1)], leaves)]
    assert 0 < operations(graph.roots) < operations(both) <= 5 * operations(graph.roots)


def test_a_list_of_numbers_takes_a_vector_of_weights() -> None:
    p = np.array([1.0, 2.0, 3.0])
    found = ta.vjp(lambda x: [x[0] * x[1], x[2] ** 2], p, [1.0, 2.0])
    np.testing.assert_allclose(found, [2.0, 1.0, 12.0])
    np.testing.assert_allclose(ta.vjp(lambda x: [x[0] * x[1], x[2] ** 2], p, np.array([0.0, 1.0])), [0.0, 0.0, 6.0])
