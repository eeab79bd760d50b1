"""Eager kernels: the same numbers as the interpreter, in the forms that operators call."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from taylorad.book.entry import BOOK
from taylorad.errors import SingularExpansionError
from taylorad.rings.arrays import ArrayRing
from taylorad.run import eager
from taylorad.run.interpret import run
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule

U, W = Leaf.of(0), Leaf.of(1)


@pytest.fixture(autouse=True)
def compiled() -> Iterator[None]:
    eager.load_now()
    yield
    eager.load_now()


def numbers(order: int, seed: int, dtype: str = "float64", shape: tuple[int, ...] = ()) -> np.ndarray:
    rng = np.random.default_rng(seed)
    c = rng.uniform(0.3, 1, (order + 1, *shape)) * (0.8 ** np.arange(order + 1)).reshape(-1, *(1,) * len(shape))
    return c + 0.2j * c[::-1] if dtype == "complex128" else c


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 5)])
@pytest.mark.parametrize("order", [0, 1, 2, 7, 40])
def test_arithmetic(order: int, shape: tuple[int, ...], dtype: str) -> None:
    a, b = numbers(order + 3, 1, dtype, shape), numbers(order, 2, dtype, shape)  # more rows than needed are fine
    for found, node in (
        (eager.product(order, a, b), U * W),
        (eager.quotient(order, a, b), U / W),
        (eager.square(order, a), U * U),
    ):
        wanted = np.asarray(run(schedule([node]), ArrayRing(dtype, shape), [a, b], order)[0])
        assert found is not None
        assert found.shape == (order + 1, *shape)
        scale = np.max(np.abs(wanted))
        assert np.max(np.abs(found - wanted)) <= 64 * (order + 1) * np.finfo(float).eps * scale


def horner(g: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Composition by numpy's convolutions, for one point."""
    w, r = u.copy(), np.zeros_like(g)
    w[0] = 0
    for c in g[::-1]:
        r = np.convolve(r, w)[: len(g)]
        r[0] += c
    return r


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("order", [0, 1, 2, 3, 4, 5, 8, 21, 34])
def test_composition(order: int, dtype: str) -> None:
    g, u = numbers(order, 3, dtype, (9,)), numbers(order, 4, dtype, (9,))
    found = eager.compose(order, g, u)
    assert found is not None
    for i in range(9):
        one, wanted = eager.compose(order, g[:, i].copy(), u[:, i].copy()), horner(g[:, i], u[:, i])
        assert np.array_equal(one, found[:, i])
        assert np.max(np.abs(one - wanted) / np.abs(wanted)) <= 64 * (order + 1) * np.finfo(float).eps


def test_several_outputs_and_parameters() -> None:
    both = eager.operation(schedule([BOOK["sin"](U), BOOK["cos"](U)]))
    c = numbers(12, 5)
    found = both(12, c)
    assert found is not None
    ones = np.convolve(found[0], found[0])[:13] + np.convolve(found[1], found[1])[:13]
    assert np.allclose(ones, np.eye(13)[0], atol=1e-14)
    power = eager.operation(schedule([BOOK["pow"](U, Leaf.of(1, 0))]))
    (root,) = power(12, c, np.array([0.5])) or [None]
    assert root is not None
    assert np.allclose(np.convolve(root, root)[:13], c, rtol=1e-13)


def test_singular_points_raise_what_the_interpreter_raises() -> None:
    a = numbers(5, 1)
    zero = numbers(5, 2)
    zero[0] = 0
    with pytest.raises(SingularExpansionError, match="pole"):
        eager.quotient(5, a, zero)
    with pytest.raises(SingularExpansionError, match="pole") as caught:
        eager.quotient(5, np.stack([a] * 6, 1), np.stack([a, a, zero, a, zero, a], 1))
    assert caught.value.points == (2, 4)


def test_other_dtypes_are_the_interpreters() -> None:
    exact = np.array([1, 2, 3], dtype=object)
    assert eager.product(2, exact, exact) is None


def test_machine_code_comes_when_it_pays() -> None:
    """Few operations are interpreted; many are compiled, after a count that does not depend on time."""
    program = """
import sys
import numpy as np
from taylorad.run import eager
a = np.ones(21)
calls = 0
while eager.product(20, a, a) is None:
    if calls == 0:
        assert "llvmlite" not in sys.modules
    calls += 1
    assert calls < 100_000
assert "llvmlite" in sys.modules
print(calls)
"""
    counts = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(counts) == 1
    assert 100 < int(counts.pop()) < 10_000
