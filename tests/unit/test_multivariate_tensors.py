"""Derivative tensors, directional and mixed derivatives, Laplacians: against exact results and each other."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest

import taylorad as ta
from taylorad.multivariate.rays import weights
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.graded import Graded, GradedRing
from taylorad.rings.graded_rays import Rays
from taylorad.run import eager
from taylorad.run.graded import kernel
from taylorad.run.interpret import run
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule

F = Fraction
P = np.array([0.3, -0.7, 0.2])


@pytest.fixture(params=["interpreted", "compiled"])
def engine(request: pytest.FixtureRequest) -> str:
    eager.load_now(request.param == "compiled")
    return request.param


def polynomial(x: Any) -> Any:
    return x[0] ** 3 * x[1] + x[0] * x[1] * x[2] ** 2 - 5 * x[2] ** 4 / (1 + 0 * x[0])


def smooth(x: Any) -> Any:
    return np.exp(x[0] * x[1]) / (2 + np.sin(x[2] + x[0])) + np.sum(x**2) ** 2


def test_order_three_of_x0_squared_x1() -> None:
    """AlgoPy's extract_tensor gives a 2×2 array here."""
    found = ta.derivative_tensor(lambda x: x[0] ** 2 * x[1], np.array([1.0, 2.0]), order=3)
    wanted = np.zeros((2, 2, 2))
    wanted[0, 0, 1] = wanted[0, 1, 0] = wanted[1, 0, 0] = 2
    assert np.array_equal(found, wanted)


@pytest.mark.parametrize("order", range(6))
def test_a_tensor_holds_every_partial_derivative(order: int, engine: str) -> None:
    tensor = ta.derivative_tensor(smooth, P, order=order)
    assert tensor.shape == (3,) * order
    xs = ta.variables(P, max(order, 1))
    f = smooth(np.array(xs, object))
    for index in itertools.product(range(3), repeat=order):
        e = [index.count(i) for i in range(3)]
        assert tensor[index] == pytest.approx(f.derivative(*e), rel=1e-12, abs=1e-11)


def test_exact_and_rigorous_points() -> None:
    point = np.array([F(1, 2), F(-1, 3), F(2)], object)
    exact = ta.derivative_tensor(polynomial, point, order=3)
    assert exact[0, 0, 1] == 6 * F(1, 2)
    assert exact[0, 1, 2] == 2 * 2
    assert exact[2, 2, 2] == -120 * 2
    assert all(isinstance(x, Fraction) for x in exact.flat)
    balls = ta.derivative_tensor(smooth, np.array([flint.arb(x) for x in P], object), order=2)
    floats = ta.derivative_tensor(smooth, P, order=2)
    assert all(abs(float(b.mid()) - x) <= 1e-13 for b, x in zip(balls.flat, floats.flat, strict=True))
    assert ta.laplacian(polynomial, point) == sum(ta.derivative_tensor(polynomial, point, order=2).diagonal())
    v = np.array([F(1), F(2), F(-1)], object)
    assert ta.directional(polynomial, point, v, 3) == np.einsum("ijk,i,j,k", exact, v, v, v)
    assert ta.mixed(polynomial, point, [v, v, v]) == ta.directional(polynomial, point, v, 3)


def test_contractions_of_a_tensor(engine: str) -> None:
    rng = np.random.default_rng(1)
    u, v, w = rng.normal(size=(3, 3))
    third = ta.derivative_tensor(smooth, P, order=3)
    assert ta.mixed(smooth, P, [u, v, w]) == pytest.approx(np.einsum("ijk,i,j,k", third, u, v, w), rel=1e-11)
    assert ta.directional(smooth, P, u, 3) == pytest.approx(np.einsum("ijk,i,j,k", third, u, u, u), rel=1e-11)
    hessian = ta.derivative_tensor(smooth, P, order=2)
    assert hessian == pytest.approx(ta.hessian(smooth, P), rel=1e-12)
    assert ta.laplacian(smooth, P) == pytest.approx(np.trace(hessian), rel=1e-12)
    assert ta.laplacian(smooth, P, [u, v]) == pytest.approx(u @ hessian @ u + v @ hessian @ v, rel=1e-12)


def test_forms_of_results_and_arguments(engine: str) -> None:
    def f(x: Any, a: float, b: Any) -> Any:
        return {"vector": np.sin(x) * a, "number": np.sum(x * b), "constant": 2.0}

    b = np.array([1.0, 2.0, 3.0])
    found = ta.derivative_tensor(f, P, order=1, args=(2.0, b))
    assert found["vector"] == pytest.approx(np.diag(2 * np.cos(P)))
    assert found["number"] == pytest.approx(b)
    assert found["constant"] == pytest.approx(np.zeros(3))
    matrix = np.arange(4.0).reshape(2, 2) + 1
    cubes = ta.derivative_tensor(lambda m: np.sum(m**3), matrix, order=2)
    assert cubes.shape == (2, 2, 2, 2)
    assert cubes[1, 0, 1, 0] == pytest.approx(18.0)
    assert ta.derivative_tensor(lambda x: x**4, 2.0, order=3) == pytest.approx(48.0)
    pair = ta.directional(lambda q: q["a"] * q["b"][1], {"a": 2.0, "b": P}, {"a": 1.0, "b": P}, 2)
    assert pair == pytest.approx(2 * P[1])
    assert ta.derivative_tensor(smooth, order=2)(P) == pytest.approx(ta.hessian(smooth, P), rel=1e-12)
    assert ta.laplacian(smooth)(P) == pytest.approx(ta.laplacian(smooth, P))
    assert ta.mixed(smooth)(P, [P, P]) == ta.mixed(smooth, P, [P, P])


def test_batches_of_points(engine: str) -> None:
    points = np.random.default_rng(2).uniform(-0.5, 0.5, (3, 9))
    calls = {
        "tensor": lambda p, b: ta.derivative_tensor(smooth, p, order=3, batch=b),
        "laplacian": lambda p, b: ta.laplacian(smooth, p, batch=b),
        "directional": lambda p, b: ta.directional(smooth, p, P, 4, batch=b),
        "mixed": lambda p, b: ta.mixed(smooth, p, [P, 2 * P], batch=b),
    }
    for name, call in calls.items():
        found = call(points, 1)
        for i in range(9):
            assert found[..., i] == pytest.approx(call(points[:, i], 0), rel=1e-11, abs=1e-12), name
    along = ta.directional(smooth, points, points, 1, batch=1)
    assert along == pytest.approx([ta.jvp(smooth, points[:, i], points[:, i]) for i in range(9)])


def test_control_flow_and_quotients_of_zeros() -> None:
    def branch(x: Any) -> Any:
        return x[0] * x[1] if x[0] > 0 else x[0]

    assert ta.derivative_tensor(branch, np.array([1.0, 2.0]), order=2).tolist() == [[0, 1], [1, 0]]
    assert ta.laplacian(branch, np.array([1.0, 2.0])) == 0
    assert ta.mixed(branch, np.array([1.0, 2.0]), [np.ones(2), np.ones(2)]) == 2

    def quotient(x: Any) -> Any:
        return np.sin(x[0]) / x[0] * x[1]

    point = np.array([0.0, 1.0])
    assert ta.derivative_tensor(quotient, point, order=2) == pytest.approx(np.array([[-1 / 3, 0], [0, 0]]))
    assert ta.laplacian(quotient, point) == pytest.approx(-1 / 3)


def test_a_laplacian_in_many_variables_carries_sums() -> None:
    """Harmonic functions have none, and the cost in a thousand variables is that of first derivatives."""
    x = np.linspace(0.5, 1.5, 1000)
    assert ta.laplacian(lambda p: np.sum(p**2) ** 2, x) == pytest.approx((8 + 4 * 1000) * (x @ x), rel=1e-12)
    harmonic = ta.laplacian(lambda p: 1 / np.sqrt(p[0] ** 2 + p[1] ** 2 + p[2] ** 2), np.array([1.0, 2.0, 2.0]))
    assert abs(harmonic) < 1e-15


@pytest.mark.parametrize("shape", [(), (6,)], ids=str)
@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_the_algebra_of_rays_adds_up_last_coefficients(order: int, shape: tuple[int, ...]) -> None:
    """Beside one series for each ray; by the interpreter and by machine code."""
    rng = np.random.default_rng(order)
    count = 5
    rays = Rays.of(count, order)
    lines = rng.uniform(0.3, 1.0, (2, order + 1, count, *shape))
    lines[:, 0] = lines[:, 0, :1]
    plan = schedule([Leaf.of(0) / Leaf.of(1) * Leaf.of(0)])
    seeds = [np.concatenate([x[:1, 0], *x[1:-1], x[-1:].sum(axis=1)]) for x in lines]
    wanted = run(plan, ArrayRing("float64", (count, *shape)), list(lines), order)[0]
    ring = GradedRing(ArrayRing("float64", shape), rays)
    for found in (
        run(plan, ring, [Graded(x, rays) for x in seeds], order)[0].data,
        kernel(plan)(rays, seeds)[0],
    ):
        assert found[-1] == pytest.approx(wanted[-1].sum(axis=0), rel=1e-13)
        assert found[rays.block(order - 1)].ravel() == pytest.approx(
            wanted[order - 1].ravel()[: found[rays.block(order - 1)].size]
        )


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ta.derivative_tensor(smooth, {"a": P}, order=2), ta.ShapeError, "one array, not by a dict"),
        (lambda: ta.derivative_tensor(smooth, np.ones(100), order=6), ta.OrderError, "100\\^6 numbers, 7.45e"),
        (lambda: ta.derivative_tensor(smooth, P, order=-1), ta.OrderError, "≥ 0"),
        (lambda: ta.derivative_tensor(lambda x: np.log(x[0] - 0.3), P, order=2), ta.SingularExpansionError, "log"),
        (lambda: ta.derivative_tensor(lambda x: math.sin(x[0]), P, order=2), TypeError, "np.sin"),
        (lambda: ta.mixed(smooth, P, []), ta.ShapeError, "at least one direction"),
        (lambda: ta.mixed(smooth, P), TypeError, "directions"),
        (lambda: ta.directional(smooth, P, np.ones(2), 2), ta.ShapeError, "form of the point"),
        (lambda: ta.directional(smooth, P, P, 0.5), ta.OrderError, "whole number"),  # type: ignore[arg-type]
        (lambda: ta.laplacian(lambda x: x[0], []), ta.OrderError, "0 directions"),
        (lambda: ta.derivative_tensor(smooth, np.array(["a", "b"]), order=1), ta.MixedRingError, "no number"),
    ],
)
def test_errors_say_what_and_what_next(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_neural_network_along_lines(engine: str) -> None:
    """Functions of arrays stay arrays along a line: second derivatives are those of the Hessian, at batches too."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(12, 12)) / 4 for _ in range(2)]

    def network(x: Any) -> Any:
        for w in weights:
            x = np.tanh(w @ x)
        return np.sum(x**2)

    p, v = rng.normal(size=(2, 12))
    second = ta.directional(network, p, v, 2)
    assert second == pytest.approx(v @ ta.hvp(network, p, v), rel=1e-11)
    assert ta.mixed(network, p, [v, v]) == pytest.approx(second, rel=1e-11)
    points = np.stack([p, p + 1, p - 1], axis=1)
    many = ta.directional(network, points, v, 2, batch=1)
    assert many == pytest.approx([ta.directional(network, points[:, i], v, 2) for i in range(3)], rel=1e-11)
    assert ta.directional(network, p, v, 0) == pytest.approx(network(p))
    assert ta.laplacian(network, p) == pytest.approx(np.trace(ta.hessian(network, p)), rel=1e-11)


def wide(x: Any) -> dict[str, Any]:
    """A function of an array of nine, whose graph is one of arrays."""
    y = np.tanh(WEIGHTS @ x.reshape(9))
    return {"vector": y[:2] * y[2], "number": np.sum(y**3), "constant": 1.0}


WEIGHTS = np.random.default_rng(5).normal(size=(9, 9)) / 3


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4, 5])
def test_tensors_of_functions_of_arrays(order: int, engine: str) -> None:
    """From rays up to order 4, by a sweep beyond; entry by entry as polynomials have them."""
    point = np.random.default_rng(6).normal(size=(3, 3)) / 2
    tensors = ta.derivative_tensor(wide, point, order=order)
    assert tensors["vector"].shape == (2, *(3, 3) * order)
    xs = ta.variables(point.ravel(), max(order, 1))
    found = wide(np.array(xs, object).reshape(3, 3))
    rng = np.random.default_rng(order)
    for _ in range(20):
        index = tuple(rng.integers(0, 9, order))
        e = [index.count(i) for i in range(9)]
        at = tuple(i for flat in index for i in divmod(int(flat), 3))
        for part, f in ((tensors["number"], found["number"]), (tensors["vector"][1], found["vector"][1])):
            bound = math.comb(2 * max(order, 1) - 1, max(order, 1)) * 1e-13
            assert part[at] == pytest.approx(f.derivative(*e), rel=bound, abs=20 * bound)
    assert np.array_equal(tensors["constant"], np.ones(()) if order == 0 else np.zeros((3, 3) * order))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_mixed_derivatives_of_functions_of_arrays(count: int, engine: str) -> None:
    """By polarization up to four vectors, of any sizes; contractions of the tensor."""
    rng = np.random.default_rng(8)
    point = rng.normal(size=(3, 3)) / 2
    vectors = [rng.normal(size=(3, 3)) * 1e3**r for r in range(count)]
    found = ta.mixed(wide, point, vectors)
    tensors = ta.derivative_tensor(wide, point, order=count)
    scale = math.prod(float(np.abs(v).sum()) for v in vectors)
    for name in ("number", "vector"):
        wanted = tensors[name]
        for v in vectors:
            wanted = np.tensordot(wanted, v, axes=([np.ndim(found[name]), np.ndim(found[name]) + 1], [0, 1]))
        assert np.abs(found[name] - wanted).max() <= 1e-13 * scale
    points = np.stack([point, point / 2], axis=-1)
    many = ta.mixed(wide, points, vectors, batch=1)
    assert many["vector"][:, 0] == pytest.approx(found["vector"], rel=1e-9)


def test_tensors_of_batches_of_arrays(engine: str) -> None:
    points = np.random.default_rng(7).normal(size=(3, 3, 4)) / 2
    many = ta.derivative_tensor(wide, points, order=2, batch=1)
    for i in range(4):
        alone = ta.derivative_tensor(wide, points[..., i], order=2)
        for name in ("vector", "number"):
            assert many[name][..., i] == pytest.approx(alone[name], rel=1e-12, abs=1e-13)
    flat = ta.hessian(lambda x: wide(x)["number"], points[..., 0].ravel())
    assert alone["number"].shape == (3, 3, 3, 3)
    first = ta.derivative_tensor(wide, points[..., 0], order=2)["number"]
    assert first.reshape(9, 9) == pytest.approx(flat, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_interpolation_along_rays_is_exact_and_its_amplification_known(order: int) -> None:
    """Over fractions, on every monomial; Σ|γ|·K^K/K! ≤ C(2K−1, K), attained by the mixed derivative."""
    worst = F(0)
    for count in range(1, min(order, 4) + 1):
        indices = [j for j in itertools.product(range(order + 1), repeat=count) if sum(j) == order]
        for i in (j for j in indices if all(j)):
            found = dict(weights(i))
            for power in indices:
                value = sum(g * math.prod(map(pow, j, power)) for j, g in found.items())
                assert value == (math.prod(map(math.factorial, i)) if power == i else 0)
            worst = max(worst, sum(map(abs, found.values())) * F(order**order, math.factorial(order)))
    assert worst <= math.comb(2 * order - 1, order)
    assert order > 4 or worst == math.comb(2 * order - 1, order)
