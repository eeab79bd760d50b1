"""Writing LLVM IR as text: values, rows of the caller's arrays, and the frame that all kernels share.

A function takes ``(leaves, roots, K, n, start, stop, status)``, see :mod:`taylorad.run.kernel`. It runs its body
once for every point, or for every block of ``lanes`` points; then the last block overlaps the one before it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

__all__ = ["Target", "Writer", "constant", "double", "same", "vector"]

_AHEAD = 256  # bytes


@final
@dataclass(frozen=True, slots=True)
class Target:
    """What the code generator must know about the machine it writes for."""

    lanes: int = 4
    fma: bool = True


def double(value: float) -> str:
    """A double as LLVM writes it, exactly."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def vector(lanes: int) -> str:
    """The type of so many doubles."""
    return "double" if lanes == 1 else f"<{lanes} x double>"


def constant(numbers: Sequence[float]) -> str:
    """A vector of numbers, or the only one."""
    return double(numbers[0]) if len(numbers) == 1 else "<" + ", ".join(f"double {double(x)}" for x in numbers) + ">"


def same(value: float, lanes: int) -> str:
    """A number in every lane."""
    return constant([value] * lanes)


class Writer:
    """The text of one function; values are double (``lanes`` = 1) or vectors of points."""

    def __init__(self, lanes: int, target: Target) -> None:
        self.target = target
        self.narrow(lanes)
        self.lines: list[str] = []
        self.declared: set[str] = {"declare ptr @malloc(i64)", "declare void @free(ptr)"}
        self.names = 0
        self.block = "entry"
        self.arrays: list[str] = []
        self.zeroed = True  # whether the memory of a point is zero when its work begins

    def narrow(self, lanes: int) -> None:
        """From here on values are vectors of ``lanes``."""
        self.lanes = lanes
        self.type = vector(lanes)
        self.bool = "i1" if lanes == 1 else f"<{lanes} x i1>"
        self.zero = double(0.0) if lanes == 1 else "zeroinitializer"

    # ------------------------------------------------------------------ text
    def put(self, text: str) -> str:
        self.names += 1
        self.lines.append(f"  %v{self.names} = {text}")
        return f"%v{self.names}"

    def do(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")
        self.block = name

    def call(self, result: str, symbol: str, *args: tuple[str, str]) -> str:
        self.declared.add(f"declare {result} @{symbol}({', '.join(kind for kind, _ in args)})")
        text = f"call {result} @{symbol}({', '.join(f'{kind} {value}' for kind, value in args)})"
        if result == "void":
            self.do(text)
            return ""
        return self.put(text)

    def library(self, symbol: str, args: Sequence[str], lanes: int) -> str:
        """A function of LLVM's, which knows vectors, or one of doubles, called for every lane."""
        kind = vector(lanes)
        if symbol.startswith("llvm."):
            suffix = "f64" if lanes == 1 else f"v{lanes}f64"
            return self.call(kind, f"{symbol}.{suffix}", *((kind, a) for a in args))
        if lanes == 1:
            return self.call(kind, symbol, *((kind, a) for a in args))
        result = "poison"
        for lane in range(lanes):
            ones = [self.put(f"extractelement {kind} {a}, i32 {lane}") for a in args]
            one = self.call("double", symbol, *(("double", a) for a in ones))
            result = self.put(f"insertelement {kind} {result}, double {one}, i32 {lane}")
        return result

    def number(self, value: float) -> str:
        return same(value, self.lanes)

    def fill(self, scalar: str, lanes: int) -> str:
        """``scalar`` in every lane."""
        if lanes == 1:
            return scalar
        kind = vector(lanes)
        one = self.put(f"insertelement {kind} poison, double {scalar}, i32 0")
        return self.put(f"shufflevector {kind} {one}, {kind} poison, <{lanes} x i32> zeroinitializer")

    def splat(self, scalar: str) -> str:
        return self.fill(scalar, self.lanes)

    def arith(self, op: str, a: str, b: str, kind: str = "") -> str:
        return self.put(f"{op} {kind or self.type} {a}, {b}")

    def fma(self, a: str, b: str, c: str, kind: str = "") -> str:
        kind = kind or self.type
        if not self.target.fma:
            return self.arith("fadd", self.arith("fmul", a, b, kind), c, kind)
        suffix = "f64" if kind == "double" else f"v{kind[1 : kind.index(' ')]}f64"
        return self.call(kind, f"llvm.fma.{suffix}", (kind, a), (kind, b), (kind, c))

    def at(self, base: str, index: str, size: int = 0) -> str:
        """The address of element ``index`` (of ``size`` doubles each)."""
        kind = vector(size) if size else self.type
        return self.put(f"getelementptr {kind}, ptr {base}, i64 {index}")

    def load(self, base: str, index: str) -> str:
        return self.put(f"load {self.type}, ptr {self.at(base, index)}, align 8")

    def integer(self, op: str, a: str, b: str | int) -> str:
        return self.put(f"{op} i64 {a}, {b}")

    # ------------------------------------------------------------------ rows of the caller's arrays
    def ahead(self, address: str, write: int) -> None:
        """Ask for a later block's part of a row: there are more rows than the processor follows by itself."""
        if self.lanes > 1:
            later = self.put(f"getelementptr i8, ptr {address}, i64 {_AHEAD}")
            what = (("i32", str(write)), ("i32", "3"), ("i32", "1"))
            self.call("void", "llvm.prefetch.p0", ("ptr", later), *what)

    def row(self, base: str, k: str, part: int, parts: int, ahead: bool = False) -> str:
        """Coefficient k of the points of this block, from an array (K+1, n) of numbers with ``parts`` parts."""
        place = self.integer("add", self.integer("mul", k, "%n"), "%point")
        if parts == 1:
            address = self.at(base, place, 1)
            if ahead:
                self.ahead(address, 0)
            return self.put(f"load {self.type}, ptr {address}, align 8")
        if self.lanes == 1:
            place = self.integer("add", self.integer("shl", place, 1), part)
            return self.put(f"load double, ptr {self.at(base, place, 1)}, align 8")
        wide = f"<{2 * self.lanes} x double>"
        both = self.put(f"load {wide}, ptr {self.at(base, place, 2)}, align 8")
        mask = ", ".join(f"i32 {2 * i + part}" for i in range(self.lanes))
        return self.put(f"shufflevector {wide} {both}, {wide} poison, <{self.lanes} x i32> <{mask}>")

    def store_row(self, base: str, k: str, values: list[str], ahead: bool = False) -> None:
        place = self.integer("add", self.integer("mul", k, "%n"), "%point")
        if len(values) == 1:
            address = self.at(base, place, 1)
            if ahead:
                self.ahead(address, 1)
            self.do(f"store {self.type} {values[0]}, ptr {address}, align 8")
            return
        address = self.at(base, place, 2)
        if self.lanes == 1:
            self.do(f"store double {values[0]}, ptr {address}, align 8")
            self.do(f"store double {values[1]}, ptr {self.at(address, '1', 1)}, align 8")
            return
        wide = f"<{2 * self.lanes} x double>"
        mask = ", ".join(f"i32 {i}, i32 {i + self.lanes}" for i in range(self.lanes))
        both = self.put(
            f"shufflevector {self.type} {values[0]}, {self.type} {values[1]}, <{2 * self.lanes} x i32> <{mask}>"
        )
        self.do(f"store {wide} {both}, ptr {address}, align 8")

    # ------------------------------------------------------------------ the frame
    def function(
        self,
        name: str,
        inputs: int,
        outputs: int,
        widths: list[int],
        pad: int,
        body: Callable[[], str],
        fixed: int = 0,
    ) -> str:
        """The whole text. ``body`` writes the work on the points at ``%point`` and returns which of them failed.

        It may use ``%in0`` …, ``%out0`` …, ``%K``, ``%n``, zeroed ``arrays`` of K+1 times as many values as
        ``widths`` says, with ``pad`` times as many more on either side, and ``fixed`` more values at ``%fixed``.
        The function returns −1 where there is no memory for them.
        """
        arrays = bool(widths) or fixed > 0
        self.label("entry")
        for kind, count, source in (("in", inputs, "%leaves"), ("out", outputs, "%roots")):
            for i in range(count):
                place = self.put(f"getelementptr ptr, ptr {source}, i64 {i}")
                self.do(f"%{kind}{i} = load ptr, ptr {place}, align 8")
        if arrays:
            self._memory(widths, pad, fixed)
        before = self.block
        last = self.integer("sub", "%stop", self.lanes)
        self.do("br label %next")
        self.label("next")
        head = len(self.lines)
        over = self.put(f"icmp sgt i64 %begin, {last}")
        self.do(f"%point = select i1 {over}, i64 {last}, i64 %begin")
        if arrays and self.zeroed:
            self.call("void", "llvm.memset.p0.i64", ("ptr", "%memory"), ("i8", "0"), ("i64", "%bytes"), ("i1", "false"))
        bad = self._mark(body())
        after = self.integer("add", "%begin", self.lanes)
        more = self.put(f"icmp slt i64 {after}, %stop")
        self.lines[head:head] = [
            f"  %begin = phi i64 [ %start, %{before} ], [ {after}, %{self.block} ]",
            f"  %bad = phi i64 [ 0, %{before} ], [ {bad}, %{self.block} ]",
        ]
        self.do(f"br i1 {more}, label %next, label %done")
        self.label("done")
        if arrays:
            self.call("void", "free", ("ptr", "%memory"))
        self.do(f"ret i64 {bad}")
        if arrays:
            self.label("full")
            self.do("ret i64 -1")
        arguments = "ptr %leaves, ptr %roots, i64 %K, i64 %n, i64 %start, i64 %stop, ptr %status"
        head_line = f"define i64 @{name}({arguments}) nounwind {{"
        return "\n".join([*sorted(self.declared), head_line, *self.lines, "}", ""])

    def _memory(self, widths: list[int], pad: int, fixed: int) -> None:
        size = self.integer("mul", self.integer("add", "%K", 1 + 2 * pad), self.lanes * 8)
        values = self.integer("mul", size, sum(widths))
        self.do(f"%bytes = add i64 {values}, {fixed * self.lanes * 8}")
        self.do("%memory = call ptr @malloc(i64 %bytes)")
        missing = self.put("icmp eq ptr %memory, null")
        self.do(f"br i1 {missing}, label %full, label %room")
        self.label("room")
        self.do(f"%fixed = getelementptr i8, ptr %memory, i64 {values}")
        before = 0
        for i, width in enumerate(widths):
            if i == 0 or width != before:  # the zeros on its left are as wide as the array
                start = self.integer("mul", size, sum(widths[:i]))
                start = self.integer("add", start, width * pad * 8 * self.lanes)
                self.arrays.append(self.put(f"getelementptr i8, ptr %memory, i64 {start}"))
            else:
                step = size if width == 1 else self.integer("mul", size, width)
                self.arrays.append(self.put(f"getelementptr i8, ptr {self.arrays[i - 1]}, i64 {step}"))
            before = width

    def _mark(self, bad: str) -> str:
        """Write 1 for every failed point of the block; whether there was any so far."""
        if self.lanes == 1:
            some, wide = bad, self.put(f"zext i1 {bad} to i8")
        else:
            bits = self.put(f"bitcast {self.bool} {bad} to i{self.lanes}")
            some = self.put(f"icmp ne i{self.lanes} {bits}, 0")
            wide = self.put(f"zext {self.bool} {bad} to <{self.lanes} x i8>")
        here = self.block
        self.do(f"br i1 {some}, label %failed, label %fine")
        self.label("failed")
        place = self.put("getelementptr i8, ptr %status, i64 %point")
        kind = "i8" if self.lanes == 1 else f"<{self.lanes} x i8>"
        self.do(f"store {kind} {wide}, ptr {place}, align 1")
        self.do("br label %fine")
        self.label("fine")
        return self.put(f"phi i64 [ %bad, %{here} ], [ 1, %failed ]")

    def poison(self, values: list[str], flag: str) -> str:
        """``flag``, or NaN where a value is not finite."""
        for v in values:
            flag = self.fma(v, self.number(0.0), flag)
        return flag

    def poisoned(self, flag: str) -> str:
        return self.put(f"fcmp une {self.type} {flag}, {self.number(0.0)}")

    # ------------------------------------------------------------------ sums
    def loop(self, first: str, count: str) -> Loop:
        """Open a loop over i = ``first``, ``first`` + 4, … while i < ``count``, which may run no time at all."""
        self.names += 1
        opened = Loop(f"loop{self.names}", self.block, first, count)
        some = self.put(f"icmp slt i64 {first}, {count}")
        self.do(f"br i1 {some}, label %{opened.name}, label %{opened.name}x")
        self.label(opened.name)
        self.lines.append("")
        opened.head = len(self.lines) - 1
        return opened

    def close(self, loop: Loop, kind: str, sums: list[str]) -> list[str]:
        """Close it; ``sums[s]`` is the new value of accumulator s, whose old one is ``loop.sum(s)``."""
        name, before = loop.name, loop.before
        after = self.integer("add", loop.index, 4)
        more = self.put(f"icmp slt i64 {after}, {loop.count}")
        phis = [f"  {loop.index} = phi i64 [ {loop.first}, %{before} ], [ {after}, %{name} ]"]
        for s, v in enumerate(sums):
            phis.append(f"  {loop.sum(s)} = phi {kind} [ zeroinitializer, %{before} ], [ {v}, %{name} ]")
        self.lines[loop.head] = "\n".join(phis)
        self.do(f"br i1 {more}, label %{name}, label %{name}x")
        self.label(f"{name}x")
        return [self.put(f"phi {kind} [ zeroinitializer, %{before} ], [ {v}, %{name} ]") for v in sums]

    def four(self, totals: list[str]) -> list[str]:
        """(p_0 + p_2) + (p_1 + p_3) of the four partial sums in each vector, two vectors at a time."""
        out: list[str] = []
        for i in range(0, len(totals), 2):
            pair = totals[i : i + 2]
            both = f"<4 x double> {pair[0]}, <4 x double> {pair[-1]}"
            low = self.put(f"shufflevector {both}, <4 x i32> <i32 0, i32 1, i32 4, i32 5>")
            high = self.put(f"shufflevector {both}, <4 x i32> <i32 2, i32 3, i32 6, i32 7>")
            half = self.arith("fadd", low, high, "<4 x double>")
            halves = f"shufflevector <4 x double> {half}, <4 x double> poison, <2 x i32>"
            even, odd = self.put(f"{halves} <i32 0, i32 2>"), self.put(f"{halves} <i32 1, i32 3>")
            sums = self.arith("fadd", even, odd, "<2 x double>")
            out += [self.put(f"extractelement <2 x double> {sums}, i32 {j}") for j in range(len(pair))]
        return out


@final
class Loop:
    """An open loop of a :class:`Writer`."""

    def __init__(self, name: str, before: str, first: str, count: str) -> None:
        self.name, self.before, self.first, self.count, self.head = name, before, first, count, 0
        self.index = f"%{name}i"

    def sum(self, s: int) -> str:
        return f"%{self.name}a{s}"
