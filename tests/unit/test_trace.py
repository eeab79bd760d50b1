"""Tracing of unmodified numpy code: the Taylor polynomial of what was traced agrees with numpy at points nearby."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special

import taylorad as ta
from taylorad.series.node import Constant, Leaf
from taylorad.trace import TracedArray, trace

RNG = np.random.default_rng(7)
W = RNG.normal(size=(12, 12)) / 4
GRID = np.linspace(0.1, 0.9, 12)


def assigned(y: Any) -> Any:
    out = np.zeros_like(y)
    out[0] = y[1]
    out[1:-1] = y[2:] - 2 * y[1:-1] + y[:-2]
    out[-1] = np.sin(y[0])
    out[2] += y[0] * y[1]
    return out


def through_a_view(y: Any) -> Any:
    out = np.empty_like(y)
    out[:] = y
    half = out[: len(y) // 2]
    half[...] = half * 2
    half += 1
    return out


def containers(y: Any) -> Any:
    parts = {"a": y[0], "b": [np.exp(v) for v in y[1:3]]}
    total = sum(parts["b"])
    for v, w in zip(y, reversed(list(y)), strict=True):
        total = total + v * w
    return parts["a"] * total


def in_place(y: Any) -> Any:
    z = y * 1.0
    z += 1
    z *= y
    z -= GRID[: len(y)]
    z /= 2 + y**2
    return z


def masked(y: Any) -> Any:
    z = y.copy()
    z[z > 0.45] = 3
    return z + (y > 0.3) * y


def pairs(y: Any) -> Any:
    d = y[:, None] - y[None, :]
    return (d / (1 + d**2)).sum(axis=1)


def out_of_ufuncs(y: Any) -> Any:
    out = np.zeros_like(y)
    np.add(y, 1, out=out)
    np.divide(out, y, out=out, where=y > 0.5)
    return out


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "elementwise": lambda y: np.exp(np.sin(y)) / (1 + y**2) - 3 * y,
    "methods": lambda y: y.sum() + y.mean() * y.dot(y) + y.reshape(2, -1).T.max(axis=0).sum() - y.prod(),
    "matrix": lambda y: W[:5, : len(y)] @ y,
    "matrix of many rows": lambda y: np.tanh(W[:, : len(y)] @ y + GRID),
    "row times": lambda y: y @ W[: len(y)],
    "square matrix": lambda y: y.reshape(2, -1) @ y.reshape(-1, 2),
    "powers": lambda y: y**3 + y**-2 + y**0.5 + 2.0**y + y**y + np.power(y, 2.0) + y**0,
    "powers by array": lambda y: y ** np.arange(len(y)),
    "assigned": assigned,
    "through a view": through_a_view,
    "containers": containers,
    "in place": in_place,
    "array": lambda y: np.array([y[0] * y[1], np.cos(y[2]), 1.0]),
    "array of rows": lambda y: np.array([y[:2], y[2:4]]) @ np.array([1.0, 2.0]),
    "asarray": lambda y: np.asarray(y) ** 2,
    "stack": lambda y: np.stack([y, y * y], axis=-1),
    "concatenate": lambda y: np.concatenate([y[1:], [1.0], y[:1] ** 2, np.ones(2)]),
    "hstack": lambda y: np.hstack([y, 2.0, y[:2]]),
    "vstack": lambda y: np.vstack([y, GRID[: len(y)]]).sum(axis=0, keepdims=True),
    "append": lambda y: np.append(y, [y[0], 5.0]),
    "norm": lambda y: np.linalg.norm(y) * y,
    "norm along an axis": lambda y: np.linalg.norm(y.reshape(2, -1), axis=1),
    "norm of an array": lambda y: np.linalg.norm(np.array([y[0], y[1], 2.0])),
    "cross": lambda y: np.cross(y[:3], np.array([1.0, 2.0, 3.0])) + np.cross(y[:3], y[1:4] ** 2),
    "einsum": lambda y: np.einsum("ij,j->i", W[:, : len(y)], y)[:3] * np.einsum("i,i", y, y),
    "dot": lambda y: np.dot(y, GRID[: len(y)]) + np.dot(y, y) + np.inner(y, 2 * y) + np.vdot(y, y) + np.dot(2, y),
    "outer": lambda y: np.outer(y, y[:2]) + np.outer(GRID[: len(y)], [1.0, 2.0]),
    "tensordot": lambda y: np.tensordot(W[:, : len(y)], y, axes=1) + np.kron(y[:3], y[:4] * 2),
    "sums": lambda y: np.sum(y.reshape(2, -1), axis=0) + np.mean(y) + np.var(y) + np.std(y) + np.average(y),
    "weighted": lambda y: np.average(y, weights=GRID[: len(y)]) * np.cumsum(y) * np.diff(y)[0],
    "trapezoid": lambda y: np.sum((y[1:] + y[:-1]) / 2 * np.diff(GRID[: len(y)])),
    "convolve": lambda y: np.convolve(y, [1.0, 2.0, 1.0]),
    "cumprod": lambda y: np.cumprod(y),
    "where": lambda y: np.where(y > 0.5, y**2, -y) + ta.where(y[0] < y[1], y, 1),
    "where, conditions combined": lambda y: np.where((y > 0.2) & ~(y > 0.6) | (y > 0.8), np.sin(y), 2),
    "select": lambda y: np.select([y < 0.3, y < 0.6], [y**2, np.sin(y)], y[0]) + np.select([y > 0.5], [y]),
    "piecewise": lambda y: (
        np.piecewise(y, [y > 0.4, y > 0.7], [lambda x: x**2, 3.0]) + np.piecewise(y, [y < 0.5], [1, np.cos])
    ),
    "interp": lambda y: np.interp(y, [0.3, 0.5, 0.6, 0.9], [1, 3, -1, 2.0]) + np.interp(y[0], [0.5], [2.0], 1, 4),
    "where, known": lambda y: np.where(np.arange(len(y)) % 2 == 0, y, y**2),
    "masked": masked,
    "extremes": lambda y: np.maximum(y, 0.5) * np.minimum(y, 0.7) + np.clip(y, 0.3, 0.6) + abs(y - 0.55) + np.abs(-y),
    "extremes of all": lambda y: np.max(y) - y.min() + np.amax(y.reshape(2, -1), axis=1),
    "shapes": lambda y: y.reshape(2, -1).T.ravel()[::-1] * y.shape[0] + np.shape(y)[0] + y.ndim + y.size,
    "moves": lambda y: np.roll(y, 1) + np.flip(y) + np.take(y, np.arange(len(y))[::-1]) + np.tile(y[:2], len(y) // 2),
    "moves of matrices": lambda y: np.swapaxes(np.moveaxis(y.reshape(2, 2, -1), 0, 1), 0, 1).squeeze() * 2,
    "diagonals": lambda y: np.diag(y) @ y + np.trace(np.triu(y[:4].reshape(2, 2))) + np.diag(np.diag(y))[0],
    "split": lambda y: np.split(y, 2)[0] * np.split(y, 2)[1] + np.repeat(y[:1], len(y) // 2),
    "padded": lambda y: np.pad(y, 1)[1:-1] * np.pad(y, (0, 2))[2:],
    "fancy indices": lambda y: y[[2, 0, 1]] + y[np.array([True, True, True] + [False] * (len(y) - 3))],
    "broadcast": lambda y: (y[:, None] * GRID[:4] + y[0]).sum(axis=1) + np.broadcast_to(y[1], y.shape),
    "pairs": pairs,
    "constants beside": lambda y: GRID[: len(y)] * y + np.float64(2) * y - 1 / (GRID[: len(y)] + y) + True * y,
    "numpy's names": lambda y: np.hypot(y, 1) + np.arctan2(y, 2) + np.logaddexp(y, 0) + np.square(y) + np.expm1(y),
    "scipy's names": lambda y: scipy.special.jv(0, y) + scipy.special.erf(y) + scipy.special.gamma(y + 1),
    "own names": lambda y: ta.sin(y) + ta.power(y, 2) + ta.jv(1.5, y) + ta.sigmoid(y),
    "remainders": lambda y: (7 * y) % 2 + (3 * y) // 1 + np.sign(y - 0.55) * y,
    "ufunc methods": lambda y: np.add.reduce(y) + np.multiply.reduce(y) + np.maximum.reduce(y) + np.logaddexp.reduce(y),
    "out of ufuncs": out_of_ufuncs,
    "likes": lambda y: (
        np.ones_like(y) * y + np.full_like(y, 2.5) + np.full_like(y, y[0]) + np.zeros_like(y, shape=3).sum()
    ),
    "parts of real numbers": lambda y: y.real * y[0].real + y.imag + y[1].imag + np.real(y),
    "unpacked": lambda y: next(iter(y)) * y[1] + y[-1],
    "constant": lambda y: 4.0,
}


def nearby(f: Callable[..., Any], x: np.ndarray, size: float = 1e-2) -> None:
    """Σ c_k h^k against f(x + h·v); f's own rounding and the first term left out bound the difference."""
    order = 8
    v = np.cos(np.arange(x.size)).reshape(x.shape)
    g = ta.compile(f, order, shapes=[x.shape])
    assert g.reason == ""
    c = g(x, along=v)
    for h in (0.0, size, -size):
        wanted = np.asarray(f(x + h * v), float)
        got = np.tensordot(h ** np.arange(order + 1), c, 1) if h else c[0]
        assert got.shape == wanted.shape
        scale = np.max(np.abs(wanted), initial=1)
        assert np.all(np.abs(got - wanted) <= 1e-12 * scale)


@pytest.mark.parametrize("n", [4, 12])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_numpy_code(name: str, n: int) -> None:
    x = np.array([0.35, 0.62, 0.41, 0.83, 0.52, 0.72, 0.27, 0.93, 0.65, 0.38, 0.64, 0.77])[:n]
    nearby(FUNCTIONS[name], x)


def test_matrices_as_arguments() -> None:
    def f(a: Any) -> Any:
        (p, q), (r, s) = a[:2, :2]
        return a @ a + a.T * (p * s - q * r) + np.trace(a) + np.linalg.norm(a)

    nearby(f, RNG.uniform(0.2, 1, (2, 2)))
    nearby(f, RNG.uniform(0.2, 1, (4, 4)))


def test_results_in_containers() -> None:
    g = ta.compile(lambda x, y: {"sum": x + y, "both": (x * y, [np.stack([x, y])])}, 2, shapes=[(), ()])
    found = g(2.0, 3.0, along=(1.0, 0.0))
    assert found["sum"].tolist() == [5, 1, 0]
    assert found["both"][0].tolist() == [6, 3, 0]
    assert found["both"][1][0].tolist() == [[2, 3], [1, 0], [0, 0]]


def test_large_arrays_stay_one_node() -> None:
    """A layer of a network is a handful of nodes, whatever its width; so is a stencil."""
    for n in (20, 40):
        big = RNG.normal(size=(n, n))
        graph = trace(lambda y: np.tanh(big @ y + 1), [(n,)])  # noqa: B023 - traced here
        assert len(graph.roots) == 1
        assert graph.roots[0].size == n
    (root,) = trace(lambda y: y[2:] - 2 * y[1:-1] + y[:-2], [(20,)]).roots
    assert root.size == 18


def test_elements_put_back_together_are_the_array_they_came_from() -> None:
    graph = trace(lambda y: np.array(list(y)) * y, [(20,)])
    (root,) = trace(lambda y: y * y, [(20,)]).roots
    assert graph.roots == (root,)


CONTROL = {
    "if": (lambda y: y[0] if y[0] > 0 else y[1], "ta.where"),
    "truth": (lambda y: y[0] or y[1], "ta.where"),
    "max": (lambda y: max(y[0], y[1]), "np.maximum"),
    "equal": (lambda y: np.where(y == 0, 1, y), "equals another"),
    "float": (lambda y: float(y[0]), "np.sin"),
    "int": (lambda y: [1, 2][int(y[0])], "np.sin"),
    "index": (lambda y: [1, 2][y[0]], "np.sin"),
    "math": (lambda y: math.sin(y[0]), r"np\.sin"),
    "zeros": (lambda y: np.zeros(3).__setitem__(0, y[0]), r"np\.zeros_like\(y\)"),
    "zeros, a slice": (lambda y: np.zeros(3).__setitem__(slice(None), y), r"np\.zeros_like\(y\)"),
    "zeros, in place": (lambda y: np.add(np.zeros(3), y, out=np.zeros(3)), r"np\.zeros_like\(y\)"),
    "indices": (lambda y: y[y > 0], "ta.where"),
    "sort": (lambda y: np.sort(y), "np.sort"),
    "unknown ufunc": (lambda y: np.spacing(y), "not in the book"),
    "nothing": (lambda y: None, "returns None"),
    "text": (lambda y: y + "a", "TypeError"),
    "stranger": (lambda y: y + object(), "TypeError"),
    "its own error": (lambda y: 1 / 0, "ZeroDivisionError"),
    "complex parts": (lambda y: np.real(y * 1j), "not analytic"),
    "a complex part": (lambda y: (y[0] * 1j).imag, "not analytic"),
    "late write": (lambda y: (y * 2, y[:12])[1].__setitem__(0, 1), "copy"),
}


@pytest.mark.parametrize("name", CONTROL)
def test_what_cannot_be_traced_says_why(name: str) -> None:
    f, words = CONTROL[name]
    with pytest.raises(ta.TraceError, match=words):
        trace(f, [(14 if name == "late write" else 3,)])


def test_writing_after_slicing_is_seen_in_cells() -> None:
    """What numpy's views do, exactly: or an error, never another answer."""

    def f(y: Any) -> Any:
        z = y * 1
        part = z[:2]
        z[0] = 5
        return part

    assert ta.compile(f, 0, shapes=[4])(np.ones(4), along=np.ones(4))[0].tolist() == [5, 1]
    with pytest.raises(ta.TraceError, match="copy"):
        trace(f, [(14,)])


def test_constants_are_exact_and_fold() -> None:
    (a,) = trace(lambda x: 0.1 * x + 0.2 * x).roots
    (b,) = trace(lambda x: (0.1 * x + 0.2 * x) * 1.0).roots
    assert a is b
    assert len(a.terms) == 1


def test_repr_and_identity() -> None:
    seen: list[Any] = []
    trace(lambda y: seen.append(y) or y, [(3,)])
    assert "shape (3,)" in repr(seen[0])
    assert isinstance(seen[0], TracedArray)
    assert len({seen[0]: 1}) == 1
    assert not hasattr(seen[0], "no_such_method")


def test_exact_numbers_stay_exact() -> None:
    """Fractions and mpmath numbers are nodes of their own value; as exponents they are numbers, not series."""
    third = Fraction(1, 3)
    leaf = Leaf.of(0)
    cases = [
        (lambda x: third * x, third * leaf),
        (lambda x: x - mpmath.mpf("0.5"), leaf - Fraction(1, 2)),
        (lambda x: (np.array([[third, Fraction(2)]], object) @ np.stack([x, x]))[0], third * leaf + 2 * leaf),
        (lambda x: x ** Fraction(2), leaf * leaf),
        (lambda x: x ** mpmath.mpf(-1), 1 / leaf),
    ]
    for f, wanted in cases:
        assert trace(f, ((),), np.dtype(float)).roots[0] is wanted
    root = trace(lambda x: x ** Fraction(1, 3), ((),), np.dtype(float)).roots[0]
    assert any(isinstance(n, Constant) and n.value == third for n in root.operands)
    with pytest.raises(TypeError):
        trace(lambda x: x * "1/3", ((),), np.dtype(float))


def test_a_number_to_many_powers():
    exponents = np.arange(12)
    found = ta.compile(lambda x: x**exponents, order=3)(0.5)
    assert np.allclose(found[0], 0.5**exponents, rtol=1e-15)
    assert np.allclose(found[1], exponents * 0.5 ** (exponents - 1.0), rtol=1e-14)


def test_single_elements_are_found_where_numpy_finds_them():
    def f(y: Any) -> Any:
        q = y.reshape(4, 3)
        return [q[1, 2], q[-1, 0], y[np.int64(3)], y[-1], q[2][1], q[0, ...][1], q[1, 2, ...]]

    y = np.arange(1.0, 13.0)
    found = ta.compile(f, order=1, shapes=[12])(y, along=np.ones(12))
    assert [float(x[0]) for x in found] == [float(x) for x in f(y)]
    with pytest.raises(ta.TraceError, match="index 12 is out of bounds for axis 0 with size 12"):
        trace(lambda y: y[12], [(12,)])


def test_numpy_numbers_in_front_of_a_traced_number():
    m = np.array([0.25, 3.0])
    found = ta.compile(lambda x: m[0] * x + m[1] / x - np.int64(2), order=1)(2.0)
    assert found.tolist() == [0.5 + 1.5 - 2, 0.25 - 0.75]


def test_outer_products_stay_arrays() -> None:
    """One node for n² products; as loose elements the Hessian of a few hundred variables took minutes to compile."""
    found = trace(lambda x: np.outer(x, x), ((60,),))
    assert len(found.roots) == 1
    x = np.linspace(0.1, 1, 60)
    hessian = ta.hessian(lambda x: np.sum(np.outer(x, x) ** 2), x)  # of (Σ x²)²
    np.testing.assert_allclose(hessian, 4 * (x @ x) * np.eye(60) + 8 * np.outer(x, x), rtol=1e-12)


def test_vdot_conjugates_its_first_argument_also_where_it_is_plain() -> None:
    w = np.array([1j, 2.0])
    said = ta.compile_ode(lambda t, y: [np.vdot(w, y), y[0]], dim=2, dtype=complex)
    written = ta.compile_ode(lambda t, y: [-1j * y[0] + 2 * y[1], y[0]], dim=2, dtype=complex)
    y0 = [1.0, 2.0]
    np.testing.assert_allclose(said.propagate(0, 1, y0), written.propagate(0, 1, y0), rtol=1e-12)
