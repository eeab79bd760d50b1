"""Machine code for polynomials in several variables beside the interpreter: plans, spaces, numbers, batches, redos."""

from __future__ import annotations

import numpy as np
import pytest

import taylorad as ta
from taylorad.book.entry import BOOK
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.graded import Graded, GradedRing
from taylorad.rings.graded_monomials import Monomials
from taylorad.run import eager
from taylorad.run.emit_graded import BITS, PIECES, emit_graded
from taylorad.run.graded import kernel, products
from taylorad.run.interpret import run
from taylorad.run.jit import assembly, host
from taylorad.run.lower import lower
from taylorad.run.writer import Target
from taylorad.series.node import Leaf, Node
from taylorad.series.schedule import Schedule, schedule

EPS = 2.0**-52
U, V, P = Leaf.of(0), Leaf.of(1), Leaf.of(1, 0)
SPACES = [
    Monomials.of((6,), (0,), (6,)),
    Monomials.of((5, 5, 5), (0, 0, 0), (5,)),
    Monomials.of((2, 3, 1), (0, 0, 1), (4, 1)),
    Monomials.of((1,) * 5, (0,) * 5, (5,)),
    Monomials.of((2,) * 20, (0,) * 20, (2,)),
    Monomials.of((0, 0), (0, 0), (0,)),
]
PLANS: dict[str, Node] = {
    "product": U * V,
    "square": U * U,
    "quotient": U / V,
    "reciprocal": 1 / U,
    "function": BOOK["exp"](U),
    "two functions": BOOK["sin"](U),
    "power": BOOK["pow"](U, P),
    "arguments": BOOK["atan2"](U, V),
    "composite": BOOK["log"](1 + U * U) / (2 + V),
    "local": BOOK["gamma"](U),
    "local of a product": BOOK["sinc"](U * V),
    "value": BOOK["erf"](U),
    "choice": BOOK["maximum"](U, V),
}


@pytest.fixture(autouse=True)
def _at_once() -> None:
    eager.load_now()


def interpreted(plan: Schedule, monomials: Monomials, leaves: list[np.ndarray]) -> np.ndarray:
    ring = GradedRing(ArrayRing(leaves[0].dtype, leaves[0].shape[1:]), monomials)
    buffers = [Graded(x, monomials) if len(x) == monomials.size else x for x in leaves]
    return run(plan, ring, buffers, monomials.order)[0].data


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 7)], ids=str)
@pytest.mark.parametrize(
    ("name", "dtype"),
    [(n, t) for n in PLANS for t in ("float64", "complex128") if t == "float64" or n not in ("choice", "arguments")],
)
def test_machine_code_is_the_interpreter(name: str, dtype: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    plan = schedule([PLANS[name]])
    compiled = kernel(plan, dtype)
    for monomials in SPACES:
        leaves = [rng.uniform(0.2, 0.9, (monomials.size, *shape)).astype(dtype) for _ in range(2)]
        if dtype == "complex128":
            leaves = [x + 1j * rng.uniform(-0.5, 0.5, x.shape) for x in leaves]
        if name == "power":
            leaves[1] = leaves[1][:1]
        leaves = leaves[: len(compiled.degrees)]
        found, wanted = compiled(monomials, leaves)[0], interpreted(plan, monomials, leaves)
        assert found.shape == wanted.shape
        sizes = np.array([np.abs(wanted[monomials.block(k)]).max(axis=0) for k in range(monomials.order + 1)])
        scale = np.maximum.accumulate(sizes)[monomials.exponents.sum(axis=1)]
        assert np.all(np.abs(found - wanted) <= 400 * (1 + monomials.order) * EPS * scale)


@pytest.mark.parametrize("monomials", SPACES, ids=lambda m: f"{m.count} variables, order {m.order}")
def test_every_product_stands_once_in_the_table(monomials: Monomials) -> None:
    """Read back, the pieces of a table are the products of each unordered pair of monomials, each once."""
    words = products(monomials)
    order, offsets = int(words[0]), words[1 : monomials.order + 3]
    assert (order, offsets.tolist()) == (monomials.order, list(monomials.offsets))
    seen: set[tuple[int, int]] = set()
    mask = (1 << BITS) - 1
    for k in range(order + 1):
        at = int(words[monomials.order + 3 + k])
        counts = words[at : at + len(PIECES) + 1].tolist()
        at += len(PIECES) + 1
        for size, count in zip((*PIECES, 0), counts, strict=True):
            for word in words[at : at + count].tolist():
                s, t, product = word & mask, word >> BITS & mask, word >> 2 * BITS
                for e in range(size or 1):
                    pair = (s, t + e) if size else (s, s)
                    assert tuple(sorted(pair)) not in seen
                    seen.add(tuple(sorted(pair)))  # type: ignore[arg-type]
                    total = monomials.exponents[pair[0]] + monomials.exponents[pair[1]]
                    assert np.array_equal(monomials.exponents[product + e], total)
            at += count
    e = monomials.exponents
    kept = [
        (a, b)
        for a in range(1, monomials.size)
        for b in range(a, monomials.size)
        if monomials.find((e[a] + e[b])[None])[0] >= 0
    ]
    assert seen == set(kept)


def test_points_that_machine_code_cannot_decide_are_done_again() -> None:
    """In a batch with a zero denominator the error names that point; an overflow there is infinite, not an error."""
    xs = np.linspace(-1, 1, 9)
    x, y = ta.variables([xs, 0.5], 3, "x y")
    with pytest.raises(ta.SingularExpansionError, match="point 4"):
        y / (x + x * y)
    with pytest.raises(ta.DomainError, match="log"):
        np.log(x + 2 * y - 1.5)
    big = (1e200 * x) * (1e200 * y)
    assert np.isinf(big[0, 0][0])
    assert np.isfinite(big[2, 0]).all()


def test_functions_of_values_beyond_the_table() -> None:
    x, y = ta.variables([0.3, 0.4], 4, "x y")
    assert (x * y).coefficients.flags.writeable is False
    assert ta.jv(1.5, x + y).isclose(ta.jv(1.5, ta.variables([0.7], 4, "x")[0])(x + y - 0.7), 1e-12, 1e-14)
    assert np.abs(y - x) == y - x
    assert ((1j * x) / (y + 1j)).isclose(1j * (x / (y + 1j)), 1e-14)


def test_a_batch_of_one_point_stays_a_batch() -> None:
    x, y = ta.variables([np.array([0.3]), np.array([0.4])], 3, "x y")
    for f in (x * y, x / y, np.exp(x), x**2.5, 2.0 / x, x * x):
        assert f.shape == (1,)


def test_hundred_variables() -> None:
    xs = ta.variables([0.01 * i for i in range(100)], 2)
    f = np.exp(sum(x * x for x in xs) / 10)
    p = np.arange(100) / 100
    value = np.exp(p @ p / 10)
    assert f.gradient() == pytest.approx(value * p / 5, rel=1e-13)
    wanted = value * (np.outer(p, p) / 25 + np.eye(100) / 5)
    assert f.hessian() == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("target", [Target(2, False), Target(2, True), Target(8, True)], ids=str)
@pytest.mark.parametrize("name", ["product", "square", "power"])
def test_code_for_other_machines_is_valid(name: str, target: Target) -> None:
    """Other widths of vectors, and processors without fused multiply-add; LLVM verifies the text."""
    program = lower(schedule([PLANS[name]]), None, False)
    for lanes in (1, target.lanes):
        text = emit_graded(program, lanes, target)
        assert ("llvm.fma" in text) == target.fma
        assert assembly(text, host())


def test_points_and_batches_agree_bit_by_bit() -> None:
    rng = np.random.default_rng(9)
    monomials = SPACES[1]
    a, b = (rng.uniform(0.3, 1.0, (monomials.size, 11)) for _ in range(2))
    for plan in (schedule([U * V]), schedule([U / V]), schedule([BOOK["exp"](U)])):
        compiled = kernel(plan)
        leaves = [a, b][: len(compiled.degrees)]
        many = compiled(monomials, leaves)[0]
        for i in range(11):
            assert np.array_equal(many[:, i], compiled(monomials, [np.ascontiguousarray(x[:, i]) for x in leaves])[0])
