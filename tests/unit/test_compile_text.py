"""The kernel as text: C that compiles and agrees, assembly for other processors, a lowered program that is verified."""

from __future__ import annotations

import ctypes
import dataclasses
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from taylorad.book.entry import BOOK
from taylorad.errors import CompilationError
from taylorad.run.jit import assembly, host
from taylorad.run.kernel import Kernel, compile_plan
from taylorad.run.program import Op, Program
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule

U, W, X = Leaf.of(0), Leaf.of(1), Leaf.of(0, 1)
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
GRAPHS = {
    "functions": (BOOK["exp"](BOOK["sin"](U)) / (1 + W * W), "float64"),
    "complex": (BOOK["exp"](U) * W / (U + 2), "complex128"),
    "polynomial": (BOOK["tanh"](X) + X * X * (X - 1), "float64"),
    "pow": (BOOK["pow"](U, Leaf.of(1, 0)), "float64"),
    "gaussian": (BOOK["gaussian"](U), "float64"),
}


def arguments(kernel: Kernel, order: int, n: int) -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    shift = 0.3j if kernel.complex else 0
    rows = [d + 1 if d <= 3 else order + 1 for d in kernel.degrees]
    return [np.asarray(rng.uniform(0.4, 1.2, (r, n)) + shift, kernel.dtype) for r in rows]


@pytest.mark.parametrize("form", ["looped", "unrolled"])
@pytest.mark.parametrize("name", GRAPHS)
def test_c_agrees_with_machine_code(name: str, form: str, tmp_path: Path) -> None:
    root, dtype = GRAPHS[name]
    order, n = 11, 5
    kernel = compile_plan(schedule([root]), order, dtype, form)
    leaves = arguments(kernel, order, n)
    (wanted,) = kernel(leaves, order)
    text = kernel.to_c("made")
    assert "int64_t made(" in text
    if COMPILER is None:  # nothing to compile with: the text at least is balanced
        assert text.count("{") == text.count("}")
        return
    (tmp_path / "made.c").write_text(text)
    flags = ["-std=c99", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]
    flags += ["-Wno-unused-function", "-Wno-unused-parameter"]  # an unrolled kernel needs neither K nor the sums
    library = tmp_path / "made.so"
    command = [COMPILER, *flags, "-shared", "-fPIC", "-o", str(library), str(tmp_path / "made.c"), "-lm"]
    subprocess.run(command, check=True)
    function = ctypes.CDLL(str(library)).made
    function.restype = ctypes.c_int64
    function.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_int64] * 4 + [ctypes.c_void_p]
    out, status = np.empty_like(wanted), np.zeros(n, np.uint8)
    ins = np.array([a.ctypes.data for a in leaves], np.uintp)
    to = np.array([out.ctypes.data], np.uintp)
    assert function(ins.ctypes.data, to.ctypes.data, order, n, 0, n, status.ctypes.data) == 0
    assert np.all(np.abs(out - wanted) <= 2 * np.spacing(np.abs(wanted)))
    assert not status.any()
    if name == "functions":
        leaves[0][0, 2] = np.nan
        assert function(ins.ctypes.data, to.ctypes.data, order, n, 0, n, status.ctypes.data) == 1
        assert status.tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("triple", "cpu", "features", "lanes", "has"),
    [
        ("aarch64-unknown-linux-gnu", "cortex-a72", "+neon", 2, ("fmla", "v0.2d")),
        ("arm64-apple-macosx13.0.0", "apple-m1", "", 2, ("fmla",)),
        ("x86_64-unknown-linux-gnu", "x86-64", "", 2, ("mulpd", "xmm")),
        ("x86_64-unknown-linux-gnu", "haswell", "+avx,+avx2,+fma", 4, ("vfmadd", "ymm")),
        ("x86_64-unknown-linux-gnu", "skylake-avx512", "+avx,+avx2,+fma,+avx512f", 8, ("vfmadd", "zmm")),
        ("x86_64-pc-windows-msvc", "x86-64", "", 2, ("mulpd",)),
    ],
)
def test_other_processors(triple: str, cpu: str, features: str, lanes: int, has: tuple[str, ...]) -> None:
    where = host(triple, cpu, features)
    assert where.target.lanes == lanes
    kernel = compile_plan(schedule([BOOK["exp"](U) * W]))
    for width in (1, lanes):
        text = assembly(kernel.text(width, triple, cpu, features), where)
        assert "kernel:" in text
        if not where.target.fma:  # no fused multiply-add: never a call into the C library for each term
            assert "callq\tfma" not in text
            assert "fma@PLT" not in text
    for word in has:
        assert word in text


def test_unknown_processor_is_named() -> None:
    with pytest.raises(CompilationError, match="no-such-machine"):
        assembly("", host("no-such-machine"))


def test_broken_code_is_an_error_and_not_the_end() -> None:
    with pytest.raises(CompilationError, match="not valid"):
        assembly("define i64 @f() {\n  ret i64 %nothing\n}\n", host())


def test_sums_are_packed_by_the_level_that_wants_them() -> None:
    """sin and cos of two arguments: four sums, in one pack of four or two of two; squares apart from products."""
    c = [BOOK[f](u) for f in ("sin", "cos") for u in (U, W)]
    program = compile_plan(schedule([*c, U * U])).program
    kinds = [[program.ops[i].kind for i in pack] for pack in program.packs(4)]
    assert kinds == [["old"] * 4, ["half"]]
    assert [len(p) for p in program.packs(2)] == [2, 2, 1]
    flat = [i for level in program.levels() for i in level]
    assert sorted(flat) == sorted(program.step)


def test_theta_products_reciprocals_and_buffers_are_shared() -> None:
    counts = compile_plan(schedule([BOOK["sin"](U), BOOK["cos"](U), BOOK["exp"](U)])).program
    assert len(counts.buffers) == 4  # θu once, and the three values
    program = compile_plan(schedule([U / W, (U + 1) / W])).program
    assert program.counts()["div"] == 3  # 1/w_0 once, beside the two values at order 0


def mutated(program: Program, **changes: object) -> Program:
    return dataclasses.replace(program, **changes)


def test_verification_finds_what_is_broken() -> None:
    program = compile_plan(schedule([BOOK["exp"](U)])).program
    program.verify()
    with pytest.raises(ValueError, match="before it is computed"):
        mutated(program, step=program.step[::-1]).verify()
    with pytest.raises(ValueError, match="never computed"):
        mutated(program, step=program.step[:-1]).verify()
    with pytest.raises(ValueError, match="stands before the step"):
        mutated(program, start=(*program.start, *program.step), step=()).verify()
    ops = list(program.ops)
    ops[program.step[-1]] = Op("fma", (0,))
    with pytest.raises(ValueError, match="malformed"):
        mutated(program, ops=tuple(ops)).verify()
