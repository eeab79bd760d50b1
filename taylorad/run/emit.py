"""LLVM IR from a lowered program, as text: one function for single points, or one for blocks of points in lanes.

Both do the same operations in the same order on every point, so their results are equal bit for bit. A sum over
j = 2 … k−2 runs in four partial sums p_r (j ≡ r mod 4), added as (p_0 + p_2) + (p_1 + p_3); then come j = 1 and
j = k−1, whose factors are the newest, and last the terms that need coefficient k itself. A single point keeps
the four partial sums in one vector; a block of points keeps the points in vectors and the sums in four of them.

Memory of a looped kernel: each buffer is an array over the order, zero below 0 and above the current order. A
buffer that stands as a second factor has a second array, zero up to index 1 and (for a single point) back to
front; so partial sums may run over their ends, and both factors are read in rising addresses.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import final

from taylorad.run.program import SHORT, Op, Program

__all__ = ["Target", "emit"]

_PAD = SHORT + 1
_BUNDLE = 12  # partial sums that run side by side in one loop


@final
@dataclass(frozen=True, slots=True)
class Target:
    """What the code generator must know about the machine it writes for."""

    lanes: int = 4
    fma: bool = True


def emit(program: Program, name: str, lanes: int, target: Target) -> str:
    """The text of ``i64 name(leaves, roots, K, n, start, stop, status)``; see :mod:`taylorad.run.kernel`.

    ``lanes`` is 1 for single points or the number of points in a block.
    """
    writer = _Writer(program, lanes, target)
    body = writer.kernel(name)
    declared = writer.declared | {"declare ptr @malloc(i64)", "declare void @free(ptr)"}
    return "\n".join([*sorted(declared), *body]) + "\n"


def double(value: float) -> str:
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


class _Writer:
    def __init__(self, program: Program, lanes: int, target: Target) -> None:
        self.program = program
        self.lanes = lanes
        self.target = target
        self.type = "double" if lanes == 1 else f"<{lanes} x double>"
        self.bool = "i1" if lanes == 1 else f"<{lanes} x i1>"
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self.names = 0
        self.block = "entry"
        self.value: dict[int, str] = {}
        self.forward: list[str] = []
        self.reverse: dict[int, str] = {}

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

    def number(self, value: float) -> str:
        one = double(value)
        return one if self.lanes == 1 else "<" + ", ".join([f"double {one}"] * self.lanes) + ">"

    def splat(self, scalar: str) -> str:
        if self.lanes == 1:
            return scalar
        v = self.put(f"insertelement {self.type} poison, double {scalar}, i32 0")
        return self.put(f"shufflevector {self.type} {v}, {self.type} poison, <{self.lanes} x i32> zeroinitializer")

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
        kind = self.type if not size else "double" if size == 1 else f"<{size} x double>"
        return self.put(f"getelementptr {kind}, ptr {base}, i64 {index}")

    def load(self, base: str, index: str) -> str:
        return self.put(f"load {self.type}, ptr {self.at(base, index)}, align 8")

    def integer(self, op: str, a: str, b: str | int) -> str:
        return self.put(f"{op} i64 {a}, {b}")

    # ------------------------------------------------------------------ rows of the caller's arrays
    def row(self, base: str, k: str, part: int, parts: int) -> str:
        """Coefficient k of the points of this block, from an array (K+1, n) of numbers with ``parts`` parts."""
        place = self.integer("add", self.integer("mul", k, "%n"), "%point")
        if parts == 1:
            return self.put(f"load {self.type}, ptr {self.at(base, place, 1)}, align 8")
        if self.lanes == 1:
            place = self.integer("add", self.integer("shl", place, 1), part)
            return self.put(f"load double, ptr {self.at(base, place, 1)}, align 8")
        wide = f"<{2 * self.lanes} x double>"
        both = self.put(f"load {wide}, ptr {self.at(base, place, 2)}, align 8")
        mask = ", ".join(f"i32 {2 * i + part}" for i in range(self.lanes))
        return self.put(f"shufflevector {wide} {both}, {wide} poison, <{self.lanes} x i32> <{mask}>")

    def store_row(self, base: str, k: str, values: list[str]) -> None:
        place = self.integer("add", self.integer("mul", k, "%n"), "%point")
        if len(values) == 1:
            self.do(f"store {self.type} {values[0]}, ptr {self.at(base, place, 1)}, align 8")
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

    def source(self, leaf: int | None, given: int | None = None) -> str:
        return f"%in{leaf if leaf is not None else len(self.program.degrees) + (given or 0)}"

    # ------------------------------------------------------------------ the kernel
    def kernel(self, name: str) -> list[str]:
        p = self.program
        self.label("entry")
        for i in range(len(p.degrees) + len(p.givens)):
            self.do(f"%in{i} = load ptr, ptr {self.at('%leaves', f'{i}', 1)}, align 8")
        for i in range(len(p.roots)):
            self.do(f"%out{i} = load ptr, ptr {self.at('%roots', f'{i}', 1)}, align 8")
        slab = self._memory()
        before = self.block
        if self.lanes > 1:
            last = self.integer("sub", "%stop", self.lanes)
        self.do("br label %next")
        self.label("next")
        head = len(self.lines)
        if self.lanes > 1:  # the last block overlaps the one before it
            over = self.put(f"icmp sgt i64 %begin, {last}")
            self.do(f"%point = select i1 {over}, i64 {last}, i64 %begin")
        else:
            self.do("%point = add i64 %begin, 0")
        if slab:
            self.call("void", "llvm.memset.p0.i64", ("ptr", slab), ("i8", "0"), ("i64", "%bytes"), ("i1", "false"))
        self._start()
        flag = self._step() if p.order is None else self._finite_start()
        failed = self._status(flag)
        after = self.integer("add", "%begin", self.lanes)
        more = self.put(f"icmp slt i64 {after}, %stop")
        self.lines[head:head] = [
            f"  %begin = phi i64 [ %start, %{before} ], [ {after}, %{self.block} ]",
            f"  %bad = phi i64 [ 0, %{before} ], [ {failed}, %{self.block} ]",
        ]
        self.do(f"br i1 {more}, label %next, label %done")
        self.label("done")
        if slab:
            self.call("void", "free", ("ptr", "%memory"))
        self.do(f"ret i64 {failed}")
        if slab:
            self.label("full")
            self.do("ret i64 -1")
        head_line = (
            f"define i64 @{name}(ptr %leaves, ptr %roots, i64 %K, i64 %n, i64 %start, i64 %stop, ptr %status) {{"
        )
        return [head_line, *self.lines, "}"]

    def _memory(self) -> str:
        """One zeroed block for all buffers; the kernel returns −1 where there is no memory."""
        p = self.program
        count = len(p.buffers) + sum(b.reverse for b in p.buffers)
        if not count:
            return ""
        size = self.integer("mul", self.integer("add", "%K", 1 + 2 * _PAD), self.lanes * 8)
        self.do(f"%bytes = mul i64 {size}, {count}")
        memory = self.call("ptr", "malloc", ("i64", self.integer("add", "%bytes", 64)))
        self.do(f"%memory = getelementptr i8, ptr {memory}, i64 0")
        missing = self.put("icmp eq ptr %memory, null")
        self.do(f"br i1 {missing}, label %full, label %room")
        self.label("room")
        place = 0
        for i, b in enumerate(p.buffers):
            self.forward.append(self._array(size, place, _PAD))
            place += 1
            if b.reverse:
                self.reverse[i] = self._array(size, place, _PAD)
                place += 1
        return "%memory"

    def _array(self, size: str, place: int, pad: int) -> str:
        offset = self.integer("add", self.integer("mul", size, place), pad * 8 * self.lanes)
        return self.put(f"getelementptr i8, ptr %memory, i64 {offset}")

    def _start(self) -> None:
        p = self.program
        for i in p.start:
            self.value[i] = self._operation(p.ops[i])
        for i, b in enumerate(p.buffers):
            for k, v in enumerate(b.start):
                self._keep(i, str(k), self.value[v], k)
        for i, root in enumerate(p.roots):
            for k in range(1 if p.order is None else p.order + 1):
                self.store_row(f"%out{i}", str(k), [self.value[row.start[k]] for row in root])

    def _keep(self, buffer: int, k: str, value: str, known: int | None) -> None:
        """Store coefficient k; second factors hold zero up to index 1."""
        self.do(f"store {self.type} {value}, ptr {self.at(self.forward[buffer], k)}, align 8")
        if buffer not in self.reverse or (known is not None and known < 2):
            return
        if known is None:
            value = self.put(f"select i1 %third, {self.type} {value}, {self.type} zeroinitializer")
        where = self.integer("sub", "%K", k) if self.lanes == 1 else k
        self.do(f"store {self.type} {value}, ptr {self.at(self.reverse[buffer], where)}, align 8")

    def _operation(self, op: Op) -> str:
        v = [self.value[a] for a in op.args]
        match op.kind:
            case "number":
                return self.number(op.data)
            case "leaf" | "given":
                number, k, part = op.data
                given = op.kind == "given"
                parts = 1 if given and self.program.givens[number].role == "choice" else self.program.parts
                return self.row(self.source(None, number) if given else self.source(number), str(k), part, parts)
            case "input" | "jet":
                number, part = op.data
                base = self.source(number) if op.kind == "input" else self.source(None, number)
                return self.row(base, "%k", part, self.program.parts)
            case "neg":
                return self.put(f"fneg {self.type} {v[0]}")
            case "add" | "sub" | "mul" | "div":
                return self.arith("f" + op.kind, v[0], v[1])
            case "fma":
                return self.fma(v[0], v[1], v[2])
            case "call":
                return self._call(op.data, v)
            case "pick":
                return self._pick(v[0], v[1:])
            case "order":
                return self.splat("%kf")
            case "reciprocal":
                return self.splat(self.put(f"fdiv double {double(1.0)}, %kf"))
            case "coef":
                return self.load(self.forward[op.data], "%k")
            case "back":
                return self.load(self.forward[op.data[0]], self.integer("sub", "%k", op.data[1]))
        raise ValueError(f"{op} is not an operation on single values")

    def _call(self, symbol: str, args: list[str]) -> str:
        if symbol.startswith("llvm."):
            suffix = "f64" if self.lanes == 1 else f"v{self.lanes}f64"
            return self.call(self.type, f"{symbol}.{suffix}", *((self.type, a) for a in args))
        if self.lanes == 1:
            return self.call("double", symbol, *(("double", a) for a in args))
        result = "poison"
        for lane in range(self.lanes):
            ones = [self.put(f"extractelement {self.type} {a}, i32 {lane}") for a in args]
            one = self.call("double", symbol, *(("double", a) for a in ones))
            result = self.put(f"insertelement {self.type} {result}, double {one}, i32 {lane}")
        return result

    def _pick(self, index: str, branches: list[str]) -> str:
        found = branches[0]
        for i, branch in enumerate(branches[1:], 1):
            here = self.put(f"fcmp oeq {self.type} {index}, {self.number(i)}")
            found = self.put(f"select {self.bool} {here}, {self.type} {branch}, {self.type} {found}")
        return found

    # ------------------------------------------------------------------ the loop over the order
    def _step(self) -> str:
        p = self.program
        moving = [root for root in p.roots if any(row.step is not None for row in root)]
        before = self.block
        here = self.put("icmp sgt i64 %K, 0")
        self.do(f"br i1 {here}, label %step, label %swept")
        self.label("step")
        head = len(self.lines)
        self.do("%kf = uitofp i64 %k to double")
        self.do("%third = icmp ugt i64 %k, 1")
        self.do("%fourth = icmp ugt i64 %k, 2")
        self._sums([i for i in p.step if p.ops[i].kind == "old"], half=False)
        self._sums([i for i in p.step if p.ops[i].kind == "half"], half=True)
        for i in p.step:
            if p.ops[i].kind not in ("old", "half"):
                self.value[i] = self._operation(p.ops[i])
        for i, b in enumerate(p.buffers):
            if b.step is not None:
                self._keep(i, "%k", self.value[b.step], None)
        flag = "%flag"
        for i, root in enumerate(p.roots):
            values = [self._later(row.start, row.step) for row in root]
            self.store_row(f"%out{i}", "%k", values)
            if root in moving:
                for v in values:
                    flag = self.arith("fadd", self.arith("fmul", v, self.number(0.0)), flag)
        after = self.integer("add", "%k", 1)
        more = self.put(f"icmp sle i64 {after}, %K")
        last = self.block
        zero = self.number(0.0) if self.lanes == 1 else "zeroinitializer"
        self.lines[head:head] = [
            f"  %k = phi i64 [ 1, %{before} ], [ {after}, %{last} ]",
            f"  %flag = phi {self.type} [ {zero}, %{before} ], [ {flag}, %{last} ]",
        ]
        self.do(f"br i1 {more}, label %step, label %swept")
        self.label("swept")
        return self.put(f"phi {self.type} [ {zero}, %{before} ], [ {flag}, %{last} ]")

    def _later(self, start: tuple[int, ...], step: int | None) -> str:
        """Coefficient k of a root; a polynomial's are constants."""
        if step is not None:
            return self.value[step]
        found = self.number(0.0)
        for j, v in enumerate(start[1:], 1):
            here = self.put(f"icmp eq i64 %k, {j}")
            found = self.put(f"select i1 {here}, {self.type} {self.value[v]}, {self.type} {found}")
        return found

    def _sums(self, sums: list[int], half: bool) -> None:
        """The sums over j = 2 … k−2 (to the middle for a half), a bundle in each loop, and then their ends."""
        if not sums:
            return
        if half:
            middle = self.integer("lshr", self.integer("sub", "%k", 1), 1)
            first, count = self.integer("sub", "%k", middle), self.integer("sub", middle, 1)
            second = middle  # index of the second factor where the first has `first`
        else:
            first, count = "2", self.integer("sub", "%k", 3)
            second = self.integer("sub", "%k", 2)
        size = max(1, _BUNDLE // (1 if self.lanes == 1 else 4))
        for begin in range(0, len(sums), size):
            bundle = sums[begin : begin + size]
            pairs = [self.program.ops[i].data for i in bundle]
            inner = (
                self._single(pairs, first, second, count)
                if self.lanes == 1
                else self._lanes(pairs, first, second, count)
            )
            for i, total in zip(bundle, inner, strict=True):
                self.value[i] = self._middle(i, total) if half else self._ends(i, total)

    def _ends(self, i: int, total: str) -> str:
        """Add j = 1 and j = k−1."""
        a, b = (self.forward[x] for x in self.program.ops[i].data)
        below = self.integer("sub", "%k", 1)
        total = self.fma(self.load(a, "1"), self.load(b, below), total)
        other = self.put(f"select i1 %fourth, {self.type} {self.load(b, '1')}, {self.type} zeroinitializer")
        return self.fma(self.load(a, below), other, total)

    def _middle(self, i: int, total: str) -> str:
        """Twice what stands, j = 1 included, and the square in the middle."""
        a = self.forward[self.program.ops[i].data[0]]
        one = self.put(f"select i1 %fourth, {self.type} {self.load(a, '1')}, {self.type} zeroinitializer")
        total = self.fma(one, self.load(a, self.integer("sub", "%k", 1)), total)
        total = self.arith("fadd", total, total)
        odd = self.put("trunc i64 %k to i1")
        mid = self.load(a, self.integer("lshr", "%k", 1))
        mid = self.put(f"select i1 {odd}, {self.type} zeroinitializer, {self.type} {mid}")
        return self.fma(mid, mid, total)

    def _loop(self, count: str) -> tuple[str, str, int]:
        """Open a loop over i = 0, 4, … < count ; its name, the block before it and the place of its head."""
        self.names += 1
        name, before = f"sum{self.names}", self.block
        some = self.put(f"icmp sgt i64 {count}, 0")
        self.do(f"br i1 {some}, label %{name}, label %{name}x")
        self.label(name)
        self.lines.append("")
        return name, before, len(self.lines) - 1

    def _close(self, name: str, before: str, head: int, kind: str, count: str, sums: list[str]) -> list[str]:
        after = self.integer("add", f"%{name}i", 4)
        more = self.put(f"icmp slt i64 {after}, {count}")
        self.lines[head] = "\n".join(
            [f"  %{name}i = phi i64 [ 0, %{before} ], [ {after}, %{name} ]"]
            + [
                f"  %{name}a{s} = phi {kind} [ zeroinitializer, %{before} ], [ {v}, %{name} ]"
                for s, v in enumerate(sums)
            ]
        )
        self.do(f"br i1 {more}, label %{name}, label %{name}x")
        self.label(f"{name}x")
        return [self.put(f"phi {kind} [ zeroinitializer, %{before} ], [ {v}, %{name} ]") for v in sums]

    def _single(self, pairs: list[tuple[int, int]], first: str, second: str, count: str) -> list[str]:
        kind = "<4 x double>"
        back = self.integer("sub", "%K", second)
        name, before, head = self._loop(count)
        ahead, behind = self.integer("add", f"%{name}i", first), self.integer("add", f"%{name}i", back)
        loaded: dict[str, str] = {}

        def vector(base: str, index: str) -> str:
            if base not in loaded:
                loaded[base] = self.put(f"load {kind}, ptr {self.at(base, index, 1)}, align 8")
            return loaded[base]

        sums = [
            self.fma(vector(self.forward[a], ahead), vector(self.reverse[b], behind), f"%{name}a{s}", kind)
            for s, (a, b) in enumerate(pairs)
        ]
        out: list[str] = []
        for total in self._close(name, before, head, kind, count, sums):
            low = self.put(f"shufflevector {kind} {total}, {kind} poison, <2 x i32> <i32 0, i32 1>")
            high = self.put(f"shufflevector {kind} {total}, {kind} poison, <2 x i32> <i32 2, i32 3>")
            two = self.arith("fadd", low, high, "<2 x double>")
            ends = [self.put(f"extractelement <2 x double> {two}, i32 {i}") for i in (0, 1)]
            out.append(self.arith("fadd", *ends))
        return out

    def _lanes(self, pairs: list[tuple[int, int]], first: str, second: str, count: str) -> list[str]:
        name, before, head = self._loop(count)
        ahead, behind = self.integer("add", f"%{name}i", first), self.integer("sub", second, f"%{name}i")
        loaded: dict[tuple[str, int], str] = {}

        def vector(base: str, index: str, step: int) -> str:
            if (base, step) not in loaded:
                start = self.at(base, index)
                loaded[base, step] = self.load(start, str(step))
            return loaded[base, step]

        sums = [
            self.fma(vector(self.forward[a], ahead, r), vector(self.reverse[b], behind, -r), f"%{name}a{4 * s + r}")
            for s, (a, b) in enumerate(pairs)
            for r in range(4)
        ]
        totals = self._close(name, before, head, self.type, count, sums)
        quads = [totals[i : i + 4] for i in range(0, len(totals), 4)]
        return [self.arith("fadd", self.arith("fadd", q[0], q[2]), self.arith("fadd", q[1], q[3])) for q in quads]

    # ------------------------------------------------------------------ points handed back
    def _finite_start(self) -> str:
        flag = self.number(0.0)
        for root in self.program.roots:
            for row in root:
                for v in dict.fromkeys(row.start[1:]):
                    flag = self.arith("fadd", self.arith("fmul", self.value[v], self.number(0.0)), flag)
        return flag

    def _status(self, flag: str) -> str:
        """Write 1 for every point of the block that the caller must redo; whether there was any so far."""
        bad = self.put(f"fcmp une {self.type} {flag}, {self.number(0.0)}")
        for check in self.program.checks:
            v = [self.value[i] for i in check.values]
            tests: list[str] = []
            match check.kind:
                case "finite":
                    tests.append(self.put(f"fcmp une {self.type} {self.arith('fsub', v[0], v[0])}, {self.number(0.0)}"))
                case "inside":
                    for bound, order in zip(check.data, ("ule", "uge"), strict=True):
                        if bound is not None:
                            tests.append(self.put(f"fcmp {order} {self.type} {v[0]}, {self.number(bound)}"))
                case _:
                    zero = [self.put(f"fcmp oeq {self.type} {x}, {self.number(0.0)}") for x in v]
                    both = zero[0] if len(zero) == 1 else self.put(f"and {self.bool} {zero[0]}, {zero[1]}")
                    tests.append(both)
            for test in tests:
                bad = self.put(f"or {self.bool} {bad}, {test}")
        if self.lanes == 1:
            any_bad, wide = bad, self.put(f"zext i1 {bad} to i8")
        else:
            bits = self.put(f"bitcast {self.bool} {bad} to i{self.lanes}")
            any_bad = self.put(f"icmp ne i{self.lanes} {bits}, 0")
            wide = self.put(f"zext {self.bool} {bad} to <{self.lanes} x i8>")
        here = self.block
        self.do(f"br i1 {any_bad}, label %failed, label %fine")
        self.label("failed")
        place = self.put("getelementptr i8, ptr %status, i64 %point")
        kind = "i8" if self.lanes == 1 else f"<{self.lanes} x i8>"
        self.do(f"store {kind} {wide}, ptr {place}, align 1")
        self.do("br label %fine")
        self.label("fine")
        return self.put(f"phi i64 [ %bad, %{here} ], [ 1, %failed ]")
