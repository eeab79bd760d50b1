"""Compiled kernels against the interpreter: every function of the book, both forms, points, batches and threads."""

from __future__ import annotations

import numpy as np
import pytest

from taylorad.book.entry import BOOK, ENTRIES, LocalEntry, rule
from taylorad.errors import CompilationError, OrderError, SingularExpansionError, TayloradError
from taylorad.rings.arrays import ArrayRing
from taylorad.run.interpret import run
from taylorad.run.kernel import Kernel, compile_plan
from taylorad.series.node import Leaf
from taylorad.series.schedule import Schedule, schedule

ORDER = 14
EPS = np.finfo(float).eps
# arguments and parameters to choose from; the interpreter says which suit a function
POINTS = (0.4, 1.7, -0.6, 0.05, 3.2)
U, W = Leaf.of(0), Leaf.of(1)


def series(value: complex, order: int, seed: int, n: int = 0) -> np.ndarray:
    """A series with radius of convergence about 1, as a single point or a batch of n points around ``value``."""
    rng = np.random.default_rng(seed)
    shape = (order + 1, n) if n else (order + 1,)
    c = rng.uniform(-1, 1, shape) * (0.7 ** np.arange(order + 1)).reshape(-1, *(1,) * (len(shape) - 1))
    if isinstance(value, complex):
        c = c + 0.3j * np.roll(c, 1, axis=0)
    c[0] = value + (0.01 * c[0] if n else 0)
    return c


def close(got: np.ndarray, wanted: np.ndarray, factor: float = 64.0) -> None:
    """|error of c_k| ≤ factor·(k+1)·eps·max_j |c_j|·s^(k−j), s the growth of the coefficients: the documented bound."""
    k = np.arange(len(wanted))
    size = np.abs(wanted).reshape(len(wanted), -1).max(axis=1)
    growth = max(1.0, float(np.max(np.where(k > 0, (size / max(size[0], 1e-3)) ** (1 / np.maximum(k, 1)), 0))))
    bound = np.array([np.max(size[: i + 1] * growth ** (i - k[: i + 1])) for i in k])
    error = np.abs(got - wanted).reshape(len(wanted), -1).max(axis=1)
    assert np.all(error <= factor * (k + 1) * EPS * bound), (error / (EPS * bound * (k + 1))).max()


def applied(name: str) -> tuple[Schedule, list[np.ndarray]] | None:
    """A function of the book on leaves, and series on which the interpreter computes it."""
    entry = BOOK[name].entry
    params = len(entry.parameters)
    for parameter in (2, 0.5, 0):
        for point in POINTS:
            leaves = [series(point + 0.3 * i, ORDER, i) for i in range(entry.arity)]
            nodes = [Leaf.of(i) for i in range(entry.arity)]
            extra = [parameter] * params
            try:
                plan = schedule([BOOK[name](*((extra + nodes) if entry.params_first else (nodes + extra)))])
                run(plan, ArrayRing(), leaves, ORDER)
            except (TayloradError, ArithmeticError, ValueError):
                continue
            return plan, leaves
    return None


NAMES = sorted({m.name for m in BOOK.values() if not isinstance(m.entry, LocalEntry)})


@pytest.mark.parametrize("name", NAMES)
def test_book_compiled_equals_interpreted(name: str) -> None:
    found = applied(name)
    assert found is not None, f"{name}: no point of POINTS lies in its domain"
    plan, leaves = found
    wanted = run(plan, ArrayRing(), leaves, ORDER)[0]
    wanted = np.array([np.broadcast_to(c, ()) for c in wanted])
    for form, order in (("looped", ORDER), ("unrolled", 5)):
        kernel = compile_plan(plan, order, form=form)
        (got,) = kernel(leaves, order)
        close(got, wanted[: order + 1])
        batch = [np.repeat(leaf[:, None], 6, axis=1) for leaf in leaves]
        assert np.array_equal(kernel(batch, order)[0], np.repeat(got[:, None], 6, axis=1)), form


GRAPHS = {
    "product": U * W,
    "square": U * U,
    "quotient": U / W,
    "reciprocal": 1 / U,
    "polynomial": (Leaf.of(0, 1) * Leaf.of(0, 1) - 3) * Leaf.of(0, 1),
    "polynomial times series": (Leaf.of(0, 1) * Leaf.of(0, 1) - 3) * W,
    "over a polynomial": W / (1 + Leaf.of(0, 1) * Leaf.of(0, 1)),
    "linear": 2 * U - W / 3 + 1,
    "rational": (U * W + U) / (W * W + 2),
    "many products": sum(((U + i) * (W - i) for i in range(2, 18)), start=U),
}


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("order", [0, 1, 2, 3, 4, 5, 9, 33])
def test_arithmetic_single_lanes_and_threads_are_one_result(name: str, dtype: str, order: int) -> None:
    plan = schedule([GRAPHS[name], U])
    shift = 0.4j if dtype == "complex128" else 0
    n = 77
    leaves = [series(0.8 + shift, order, 1, n), series(1.3 - shift, order, 2, n)]
    if any(leaf.degree == 1 for leaf in plan.leaves if leaf.index == 0):
        plan = schedule([GRAPHS[name]])
        leaves[0] = np.concatenate([leaves[0], np.ones((1, n))])[:2].copy()
    leaves = leaves[: 1 + max(leaf.index for leaf in plan.leaves)]
    full = [np.concatenate([c, np.zeros((max(0, order + 1 - len(c)), n))]) for c in leaves]
    wanted = run(plan, ArrayRing(dtype, (n,)), full, order)
    for form in ("looped", "unrolled") if order in (0, 1, 4, 9) else ("looped",):
        kernel = compile_plan(plan, order, dtype, form)
        got = kernel(leaves, order)
        for g, w in zip(got, wanted, strict=True):
            close(g, np.asarray(w))
        for threads in (2, 3):
            assert all(np.array_equal(a, b) for a, b in zip(got, kernel(leaves, order, threads=threads), strict=True))
        for i in (0, 1, n - 1):
            alone = kernel([leaf[:, i].copy() for leaf in leaves], order)
            assert all(np.array_equal(a[:, i], b) for a, b in zip(got, alone, strict=True))


@pytest.mark.parametrize("lanes", [2, 4, 8])
def test_width_of_the_lanes_changes_no_bit(lanes: int) -> None:
    """Any vector width gives the result of single points; blocks overlap at the end of a batch."""
    kernel = compile_plan(schedule([BOOK["exp"](U) * W]))
    n, order = 21, 13
    leaves = [series(0.5, order, 1, n), series(0.9, order, 2, n)]
    out = np.empty((order + 1, n))
    assert kernel.code(lanes).entry(*leaves, out) is out
    for i in range(n):
        assert np.array_equal(out[:, i], kernel([leaf[:, i].copy() for leaf in leaves], order)[0])


def test_points_with_zero_go_to_the_interpreter_and_the_rest_stays() -> None:
    plan = schedule([U / W])
    kernel = compile_plan(plan)
    a, b = series(1.0, 6, 1, 9), series(1.0, 6, 2, 9)
    b[0, 4] = 0
    with pytest.raises(SingularExpansionError) as caught:
        kernel([a, b], 6)
    assert caught.value.points == (4,)
    seen: list[list[int]] = []

    def redo(points: np.ndarray) -> list[np.ndarray]:
        seen.append(points.tolist())
        return [np.full((7, len(points)), 5.0)]

    (got,) = kernel([a, b], 6, redo=redo)
    assert seen == [[4]]
    assert np.array_equal(got[:, 4], np.full(7, 5.0))
    others = [i for i in range(9) if i != 4]
    (wanted,) = kernel([a[:, others].copy(), b[:, others].copy()], 6)
    assert np.array_equal(got[:, others], wanted)


@pytest.mark.parametrize(("name", "edge"), [("log", 0.0), ("sqrt", 0.0), ("asin", 1.0), ("atanh", -1.0)])
def test_edge_of_a_domain_raises_what_the_interpreter_raises(name: str, edge: float) -> None:
    plan = schedule([BOOK[name](U)])
    c = series(0.5, 4, 1, 8)
    c[0, 3] = edge
    with pytest.raises(TayloradError) as wanted:
        run(plan, ArrayRing(shape=(8,)), [c], 4)
    with pytest.raises(type(wanted.value)) as got:
        compile_plan(plan)([c], 4)
    assert str(got.value) == str(wanted.value)


def test_overflow_is_what_the_interpreter_makes_of_it() -> None:
    """Infinite coefficients in the input spoil no lower order, though partial sums run over their ends."""
    a = np.array([[1.0, 2.0], [1.0, np.inf], [3.0, 4.0], [np.inf, 5.0], [1.0, 1.0], [1.0, 1.0]])
    b = np.ones((6, 2))
    plan = schedule([U * W])
    wanted = run(plan, ArrayRing(shape=(2,)), [a, b], 5)[0]
    assert np.array_equal(compile_plan(plan)([a, b], 5)[0], wanted, equal_nan=True)


def test_rule_never_seen_before_compiles() -> None:
    """The lemniscate sine and cosine: sl′ = (1 + sl²)·cl, cl′ = −(1 + cl²)·sl, sl² + cl² + sl²·cl² = 1."""

    def at(u: float) -> tuple[float, float]:
        from scipy.special import ellipj

        s, c, d, _ = ellipj(u * np.sqrt(2), 0.5)  # sl u = sd(√2·u | 1/2)/√2, cl u = cn(√2·u | 1/2)
        return s / d / np.sqrt(2), c

    try:

        @rule(value={"float64": at}, outputs=("sl", "cl"))
        def lemniscate(u, du, s, c):
            """The lemniscate sine and cosine."""
            return (1 + s * s) * c * du, -(1 + c * c) * s * du

        plan = schedule(list(lemniscate(Leaf.of(0, 1))))
        x = np.array([[0.3, 0.5, 0.1, 0.2, 0.7], np.ones(5)])
        wanted = run(plan, ArrayRing(shape=(5,)), [np.concatenate([x, np.zeros((19, 5))])], 20)
        for form in ("looped", "unrolled"):
            s, c = compile_plan(plan, 20, form=form)([x], 20)
            close(s, wanted[0])
            close(c, wanted[1])
            # sl² + cl² + sl²·cl² = 1, as power series, is independent of the recurrence
            one = [np.convolve(a[:, 0], a[:, 0])[:21] for a in (s, c)]
            total = one[0] + one[1] + np.convolve(one[0], one[1])[:21]
            assert np.allclose(total, np.eye(21)[0], atol=1e-13)
    finally:
        for name in ("sl", "cl"):
            BOOK.pop(name, None)
        ENTRIES.pop("lemniscate", None)


def test_choices_are_given_by_the_caller() -> None:
    x = Leaf.of(0, 1)
    plan = schedule([BOOK["abs"](x) * BOOK["exp"](x)])
    batch = np.array([[-1.0, 2.0, -0.5, 0.3, 4.0, -3.0], np.ones(6)])
    wanted = run(plan, ArrayRing(shape=(6,)), [np.concatenate([batch, np.zeros((6, 6))])], 7)[0]
    close(compile_plan(plan)([batch], 7)[0], wanted)


def test_same_graph_same_kernel_and_forms_by_size() -> None:
    small, large = schedule([BOOK["exp"](Leaf.of(0, 1))]), schedule([BOOK["tanh"](U)])
    assert compile_plan(small, 5) is compile_plan(schedule([BOOK["exp"](Leaf.of(0, 1))]), 5)
    assert compile_plan(small, 5).form == "unrolled"
    assert compile_plan(large, 50).form == "looped"
    assert compile_plan(large, 50) is compile_plan(large)


def test_bad_input_is_named() -> None:
    kernel = compile_plan(schedule([U * W]))
    a = np.ones(5)
    with pytest.raises(OrderError, match="leaf 1 has 3 coefficients, order 4 needs 5"):
        kernel([a, np.ones(3)], 4)
    with pytest.raises(OrderError, match="takes 2 series, got 1"):
        kernel([a], 4)
    with pytest.raises(OrderError, match="give order="):
        kernel([a, a])
    with pytest.raises(CompilationError, match="complex128"):
        kernel([a, a * 1j], 4)
    with pytest.raises(CompilationError, match="float32"):
        compile_plan(schedule([U]), dtype=np.float32)
    with pytest.raises(CompilationError, match="give order="):
        compile_plan(schedule([U]), form="unrolled")
    with pytest.raises(OrderError, match="-1"):
        compile_plan(schedule([U]), -1)


def test_integers_other_layouts_and_shapes_are_taken() -> None:
    kernel = compile_plan(schedule([U * W]))
    a = np.arange(24.0).reshape(4, 2, 3)
    got = kernel([np.asfortranarray(a), np.ones((4, 1, 3), int)], 3)[0]
    assert got.shape == (4, 2, 3)
    assert np.array_equal(got, np.cumsum(a, axis=0))
    assert kernel([a[::-1], np.ones((4, 2, 3))], 3)[0].shape == (4, 2, 3)
    assert kernel([np.ones((4, 0)), np.ones((4, 0))], 3)[0].shape == (4, 0)


def test_the_door_refuses_what_does_not_fit() -> None:
    entry = compile_plan(schedule([U * W])).code(1).entry
    a, out = np.ones(5), np.empty(5)
    assert entry(a, a, out) is out
    frozen = np.empty(5)
    frozen.flags.writeable = False
    for bad in (
        (a, out), (a, a, 1.0), (1.0, a, out), (a, [1.0] * 5, out), (a[::2], a, np.empty(3)), (a.astype("f4"), a, out),
        (a, np.ones(4), out), (a, a, frozen), (a, np.ones((5, 2)), out), (np.array(1.0), a, out),
        (a, a.astype(complex), out), (), (None, None, None), (a, a, out[::-1]),
    ):  # fmt: skip
        assert entry(*bad) is None


def test_shapes_that_do_not_fit_are_refused_also_by_loaded_code() -> None:
    kernel = compile_plan(schedule([U * W]))
    a = np.ones((3, 2, 40))
    assert kernel([a, a], 2)[0].shape == a.shape
    for other in (np.ones((3, 40, 2)), np.ones((3, 80))):  # as many points
        with pytest.raises(ValueError, match="broadcast"):
            kernel([a, other], 2)


def test_text_is_there_to_read() -> None:
    kernel: Kernel = compile_plan(schedule([BOOK["exp"](U)]))
    assert "define i64 @kernel" in kernel.llvm_ir()
    assert "ret" in kernel.assembly()
    assert kernel.op_counts()["old"] == 1
    assert kernel.address > 0
    assert "old" in str(kernel.program)
