"""Compiled functions: calls, batches, points where machine code cannot decide, saved graphs, C text."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

import taylorad as ta

RNG = np.random.default_rng(11)
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def lorenz(y: Any) -> Any:
    out = np.zeros_like(y)
    out[0] = 10 * (y[1] - y[0])
    out[1] = y[0] * (28 - y[2]) - y[1]
    out[2] = y[0] * y[1] - 8 / 3 * y[2]
    return out


def deep(x: Any) -> Any:
    for _ in range(10):
        x = np.sin(x) + x / 2
    return x


def close(got: np.ndarray, wanted: np.ndarray, order: int) -> None:
    scale = np.maximum.accumulate(np.abs(wanted)[::-1])[::-1] + np.abs(wanted)
    assert np.all(
        np.abs(got - wanted) <= 64 * (order + 1) * np.finfo(float).eps * (scale + 1e-3 * np.abs(wanted).max())
    )


@pytest.mark.parametrize("order", [0, 1, 2, 10, 50])
def test_against_mpmath(order: int) -> None:
    g = ta.compile(lambda x: np.exp(np.sin(x)), order)
    with mpmath.workdps(80):
        wanted = [float(c) for c in mpmath.taylor(lambda x: mpmath.exp(mpmath.sin(x)), mpmath.mpf(0.7), order)]
    close(g(0.7), np.array(wanted), order)


@pytest.mark.parametrize("f", [deep, lambda x: np.sqrt(1 + x**2) / (2 + np.cos(x)), lambda x: x**2.5 + np.log(x)])
def test_against_eager_series(f: Callable[..., Any]) -> None:
    g = ta.compile(f, 20)
    x = np.linspace(0.2, 2, 9)
    close(g(x), ta.taylor(f, x, 20).coefficients, 20)
    close(g(x + 0.02j), ta.taylor(f, x + 0.02j, 20).coefficients, 20)


def test_shapes_and_kinds_of_points() -> None:
    g = ta.compile(lambda x: np.sin(x), 4)
    alone = g(0.5)
    assert alone.shape == (5,)
    for point in (np.float64(0.5), np.array(0.5), np.float32(0.5), 0.5 + 0j):
        assert np.array_equal(g(point), alone)
    assert np.array_equal(g(1), g(1.0))
    assert g(np.full((2, 3), 0.5)).shape == (5, 2, 3)
    assert np.array_equal(g([0.5, 0.5])[:, 1], alone)
    assert g(np.zeros(0)).shape == (5, 0)
    assert g(0.5 + 0j).dtype == np.complex128


def test_one_point_many_points_and_threads_give_the_same_bits() -> None:
    g = ta.compile(deep, 12)
    x = RNG.uniform(-2, 2, 1000)
    whole = g(x)
    assert np.array_equal(g(x, threads=2), whole)
    for i in (0, 17, 999):
        assert np.array_equal(g(float(x[i])), whole[:, i])


def test_results_belong_to_the_caller() -> None:
    g = ta.compile(np.exp, 3)
    first = g(0.0)
    first[:] = 7
    assert g(0.0)[0] == 1


def test_calls_from_several_threads() -> None:
    g = ta.compile(lambda x: np.exp(x) * x, 8)
    x = RNG.uniform(-1, 1, 200)
    wanted = [g(float(v)) for v in x]
    found: dict[int, bool] = {}

    def work(i: int) -> None:
        found[i] = all(np.array_equal(g(float(v)), w) for v, w in zip(x, wanted, strict=True))

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert found == dict.fromkeys(range(4), True)


def test_directions() -> None:
    g = ta.compile(lorenz, 2, shapes=[3])
    y, v = np.array([1.0, 2.0, 3.0]), np.array([1.0, -1.0, 0.5])
    c = g(y, along=v)
    assert np.allclose(c[0], lorenz(y), rtol=1e-15)
    jacobian = np.array([[-10, 10, 0], [28 - 3, -1, -1], [2, 1, -8 / 3]])
    assert np.allclose(c[1], jacobian @ v, rtol=1e-15)
    assert np.allclose(c[2], [0, -0.5, -1], rtol=1e-15)
    many = g(np.stack([y] * 4, axis=1), along=v[:, None])
    assert many.shape == (3, 3, 4)
    assert np.array_equal(many[..., 2], c)
    h = ta.compile(lambda x, y: x * y**2, 3)
    assert h(2.0, 3.0, along=(1, 1)).tolist() == [18, 21, 8, 1]
    assert h(2.0, np.array([3.0, 4.0]), along=(0, 1)).T.tolist() == [[18, 12, 2, 0], [32, 16, 2, 0]]


def test_series_of_arguments() -> None:
    g = ta.compile(lambda x: np.exp(x), 5)
    c = np.array([0.3, 1.0, -0.5, 0.25, 0.1, 0.2])
    assert np.allclose(g.series(c), np.exp(ta.Taylor(c)).coefficients, rtol=1e-14)
    assert np.array_equal(g.series(c[:2]), g.series([0.3, 1, 0, 0, 0, 0]))
    h = ta.compile(lambda y: y @ y, 3, shapes=[12])
    rows = RNG.normal(size=(4, 12))
    wanted = [sum(rows[j] @ rows[k - j] for j in range(k + 1)) for k in range(4)]
    assert np.allclose(h.series(rows), wanted, rtol=1e-13)


# ---------------------------------------------------------------------- points that machine code hands back
REMOVABLE: dict[str, tuple[Callable[..., Any], list[float]]] = {
    "sine over x": (lambda x: np.sin(x) / x, [1, 0, -1 / 6, 0, 1 / 120]),
    "cosine over x squared": (lambda x: (1 - np.cos(x)) / x**2, [1 / 2, 0, -1 / 24, 0, 1 / 720]),
    "root of a fourth power": (lambda x: np.sqrt(x**4 * np.exp(x)), [0, 0, 1, 1 / 2, 1 / 8]),
    "even branch": (lambda x: np.where(x * x > 0, np.exp(x), 7.0), [1, 1, 1 / 2, 1 / 6, 1 / 24]),
    "absolute square": (lambda x: abs(x * x) + x, [0, 1, 1, 0, 0]),
}


@pytest.mark.parametrize("name", REMOVABLE)
def test_a_batch_that_contains_0(name: str) -> None:
    """Compiled and eager agree at every input."""
    f, at_zero = REMOVABLE[name]
    g = ta.compile(f, 4)
    assert g.reason == ""
    x = np.array([0.5, 0.0, 1.5, -0.25, 0.0, 2.0])
    got = g(x)
    for i, p in enumerate(x):
        wanted = ta.taylor(f, float(p), 4).coefficients if name != "even branch" or p else np.array(at_zero)
        assert np.allclose(got[:, i], wanted[:5], rtol=1e-12, atol=1e-13)
        # points that go the eager way may meet machine code the second time, whose last bits may differ
        assert np.allclose(got[:, i], g(float(p)), rtol=1e-13, atol=1e-16)
    assert np.allclose(got[:, 1], at_zero, rtol=1e-14, atol=1e-16)


def test_where_there_is_no_series_the_point_is_named() -> None:
    with pytest.raises(ta.SingularExpansionError, match="point 2"):
        ta.compile(lambda x: 1 / x, 3)(np.array([1.0, 2.0, 0.0]))
    with pytest.raises(ta.SingularExpansionError, match="kink"):
        ta.compile(lambda x: abs(x), 3)(0.0)
    with pytest.raises(ta.DomainError) as caught:
        ta.compile(np.log, 3)(np.array([1.0, -1.0]))
    assert caught.value.points == (1,)
    with pytest.raises(ta.DomainError):
        ta.compile(np.exp, 3)(np.nan)


def test_vectors_with_removable_singularities() -> None:
    g = ta.compile(lambda y: np.sin(y) / y, 3, shapes=[12])
    y = np.linspace(0, 1.1, 12)
    c = g(y, along=np.ones(12))
    assert np.allclose(c[:, 0], [1, 0, -1 / 6, 0], rtol=1e-14, atol=1e-16)
    assert np.allclose(c[:, 5], ta.compile(lambda x: np.sin(x) / x, 3)(0.5), rtol=1e-13)


def test_a_given_series_is_not_extended_by_guesses() -> None:
    g = ta.compile(lambda x: np.sin(x) / x, 3)
    assert np.allclose(g.series([0.0, 1.0]), [1, 0, -1 / 6, 0], rtol=1e-14, atol=1e-16)
    with pytest.raises(ta.OrderError, match="higher order"):
        g.series([0.0, 1.0, 1.0, 1.0])
    assert g.series([0.0, 1.0, 1.0, 1.0, 1.0]).shape == (4,)


# ---------------------------------------------------------------------- functions that cannot be traced
def test_untraceable_functions_run_eagerly_and_say_why() -> None:
    def f(x: Any) -> Any:
        return x if x > 0 else -x * np.exp(x)

    g = ta.compile(f, 3)
    assert "ta.where" in g.reason
    assert "eager" in repr(g)
    assert np.allclose(g(np.array([1.0, -1.0]))[:, 0], [1, 1, 0, 0])
    assert np.allclose(g(-1.0), ta.taylor(f, -1.0, 3).coefficients)
    with pytest.raises(ta.TraceError, match=r"ta\.where"):
        g.llvm_ir()
    h = ta.compile(lambda y: {"a": y[0] * y[1] if y[0] > 0 else y[1]}, 2, shapes=[2])
    assert h(np.array([2.0, 3.0]), along=np.array([1.0, 1.0]))["a"].tolist() == [6, 5, 1]


def test_errors_of_the_function_itself_come_out() -> None:
    g = ta.compile(lambda x: undefined_name * x, 3)  # noqa: F821
    assert "NameError" in g.reason
    with pytest.raises(NameError):
        g(1.0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ta.compile(np.sin, -1), ta.OrderError, "-1"),
        (lambda: ta.compile(np.sin, 2.5), ta.OrderError, "2.5"),
        (lambda: ta.compile(np.sin, 3)(1.0, 2.0), TypeError, "1 points"),
        (lambda: ta.compile(np.hypot, 3)(1.0, 2.0), TypeError, "along"),
        (lambda: ta.compile(np.hypot, 3)(1.0, 2.0, along=(1,)), TypeError, "each argument"),
        (lambda: ta.compile(lorenz, 3, shapes=[3])(np.ones(2), along=np.ones(3)), ta.OrderError, "shape"),
        (lambda: ta.compile(lorenz, 3, shapes=[3])(np.ones(3), along=np.ones(4)), ta.OrderError, "direction"),
        (lambda: ta.compile(np.sin, 3)("0.5"), ta.DomainError, "numbers"),
        (lambda: ta.compile(np.sin, 3).series(np.zeros((0, 2))), ta.OrderError, "rows"),
        (lambda: ta.compile(np.sin, 3).series([1.0], [2.0]), TypeError, "series"),
    ],
)
def test_bad_input(call: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


# ---------------------------------------------------------------------- derivatives, and what was made
def test_true_derivatives() -> None:
    g = ta.compile(lambda x: np.exp(2 * x), 30)
    assert np.allclose(g.derivatives(0.5), np.exp(1) * 2.0 ** np.arange(31), rtol=1e-13)
    pair = ta.compile(lambda x: (np.sin(x), [x * x]), 2).derivatives(np.array([0.0, 1.0]))
    assert pair[0][:, 0].tolist() == [0, 1, 0]
    assert pair[1][0][2].tolist() == [2, 2]
    with pytest.raises(ta.NotRepresentableError, match="derivative 171"):
        ta.compile(lambda x: 1 / (1 - x), 180).derivatives(0.0)
    with pytest.raises(ta.NotRepresentableError, match="underflowed"):
        ta.compile(lambda x: np.exp(x / 100), 100).derivatives(0.0)


def test_texts_and_counts() -> None:
    g = ta.compile(lambda x: np.exp(np.sin(x)), 6)
    assert "define" in g.llvm_ir()
    assert "kernel" in g.assembly()
    assert g.address > 0
    assert g.op_counts()["fma"] > 0
    assert "order 6" in repr(g)


@pytest.mark.skipif(COMPILER is None, reason="no C compiler on this machine")
@pytest.mark.parametrize(("f", "n"), [(lambda x: np.exp(np.sin(x)), 0), (lambda y: W @ np.tanh(y), 12)])
def test_c_text_agrees_to_2_ulp(f: Callable[..., Any], n: int, tmp_path: Path) -> None:
    order, points = 7, 5
    g = ta.compile(f, order, shapes=[n] if n else None)
    (tmp_path / "made.c").write_text(g.to_c("made"))
    library = tmp_path / "made.so"
    flags = ["-std=c99", "-O2", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run([str(COMPILER), *flags, "-o", str(library), str(tmp_path / "made.c"), "-lm"], check=True)
    function = ctypes.CDLL(str(library)).made
    function.restype = ctypes.c_int64
    function.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_int64] * 4 + [ctypes.c_void_p]
    x = RNG.uniform(-1, 1, (n, points) if n else points)
    wanted = g(x, along=np.ones_like(x))
    lines = [np.ascontiguousarray(np.stack([row, np.ones(points)])) for row in np.atleast_2d(x)]
    outs = [np.empty((order + 1, points)) for _ in range(max(n, 1))]
    ins, to = (np.array([a.ctypes.data for a in arrays], np.uintp) for arrays in (lines, outs))
    status = np.zeros(points, np.uint8)
    assert function(ins.ctypes.data, to.ctypes.data, order, points, 0, points, status.ctypes.data) == 0
    got = np.stack(outs, axis=1).reshape(wanted.shape)
    if n:  # another order of summation: rows of a matrix
        assert np.allclose(got, wanted, rtol=1e-13, atol=1e-15)
    else:
        assert np.all(np.abs(got - wanted) <= 2 * np.spacing(np.abs(wanted)))


W = RNG.normal(size=(12, 12)) / 4


SAVED: dict[str, tuple[Callable[..., Any], list[Any]]] = {
    "number": (lambda x: np.exp(np.sin(x)) / (1 + x**2) + 0.1 * x + np.pi, []),
    "vector": (lambda y: {"a": np.tanh(W @ y + 1), "b": (y @ y, [np.where(y > 0, y, 2.0)])}, [12]),
    "functions": (lambda x: ta.jv(0, x) + ta.power(x, 0.3) + ta.gamma(x) + np.sinc(x), []),
}


@pytest.mark.parametrize("name", SAVED)
def test_saved_and_loaded(name: str, tmp_path: Path) -> None:
    f, shapes = SAVED[name]
    g = ta.compile(f, 5, shapes=shapes or None, threads=2)
    g.save(tmp_path / "f.tay")
    h = ta.load(tmp_path / "f.tay")
    x = RNG.uniform(0.2, 1, (*shapes, 3))
    for points in (x, x + 0.1j) if name == "number" else (x,):
        found, again = g(points, along=np.ones_like(x)), h(points, along=np.ones_like(x))
        assert str(found) == str(again)
    assert h.threads == 2
    assert h.machine.graph.roots == g.machine.graph.roots  # the same nodes, so the same code
    json.loads((tmp_path / "f.tay").read_text())


def test_a_loaded_function_is_redone_where_machine_code_cannot(tmp_path: Path) -> None:
    ta.compile(lambda x: np.sin(x) / x, 4).save(tmp_path / "f.tay")
    assert np.allclose(ta.load(tmp_path / "f.tay")(0.0), [1, 0, -1 / 6, 0, 1 / 120], rtol=1e-15)


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "f.tay"
    ta.compile(lambda x: np.exp(x), 4).save(path)
    data = json.loads(path.read_text())
    with pytest.raises(OSError, match="nothing"):
        ta.load(tmp_path / "nothing")

    def changed(change: Callable[[Any], Any]) -> None:
        copy = json.loads(json.dumps(data))
        change(copy)
        path.write_text(json.dumps(copy))

    changed(lambda d: d.update(taylorad=99))
    with pytest.raises(ta.CompilationError, match="format 99"):
        ta.load(path)
    changed(lambda d: d["graphs"][0]["nodes"].append(["no such kind", 1]))
    with pytest.raises(ta.CompilationError, match="damaged"):
        ta.load(path)
    changed(lambda d: [n.__setitem__(1, "strange") for n in d["graphs"][0]["nodes"] if n[0] == "function"])
    with pytest.raises(ta.CompilationError, match="strange"):
        ta.load(path)
    changed(lambda d: [n.__setitem__(3, "00") for n in d["graphs"][0]["nodes"] if n[0] == "function"])
    with pytest.raises(ta.CompilationError, match="not the one"):
        ta.load(path)
    path.write_text("no json")
    with pytest.raises(ta.CompilationError, match="no saved function"):
        ta.load(path)


def test_without_llvm_the_interpreter_computes() -> None:
    code = (
        "import sys; sys.modules['llvmlite'] = None\n"
        "import numpy as np, taylorad as ta\n"
        "g = ta.compile(lambda x: np.exp(np.sin(x)) + np.sin(x) / x, 3)\n"
        "c = g(np.array([0.0, 0.5]))\n"
        "assert np.allclose(c[:, 0], [2, 1, 1 / 3, 0], atol=1e-15), c\n"
        "assert np.allclose(c[:, 1], ta.taylor(g.function, 0.5, 3).coefficients), c\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_cache_is_public() -> None:
    ta.compile(lambda x: np.exp(np.exp(x)) + 0.123456, 3)(0.1)
    info = ta.cache.info()
    assert info.limit > 0
    assert callable(ta.cache.clear)
