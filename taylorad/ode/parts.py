"""LLVM IR of one step's series for systems whose states are short vectors: each vector in a few registers.

The form of a system's machine code that carries derivatives along (:mod:`taylorad.ode.transport`), with the same
signature as :mod:`taylorad.ode.jet` and used in the same place. A value is a list of vectors of four, of which the last
may have spare lanes that repeat the last element; a number beside a vector is spread. Matrices are shuffles, and in the
past of a sum they are loads from other places. Sums run over j = 2 … k−2, a dozen in a loop, and the terms j = 1 and
j = k−1, whose factors are the newest, come last. Where there are several loops, those of the next order stand
between the stages of this one, so that neither waits for the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from taylorad.errors import CompilationError
from taylorad.run.program import SHORT, SUMS, Buffer, Program
from taylorad.run.writer import Target, Writer, constant, double, same, vector
from taylorad.series.node import State

__all__ = ["Parts", "PartsSystem"]

_BUNDLE = 12  # partial sums that run side by side

_Loaded = dict[tuple[int, int, str, bool], str]


@final
@dataclass(frozen=True, slots=True)
class PartsSystem:
    """States of different sizes; ``leaves`` as for :class:`Parts`. The first ``controlled`` numbers decide steps."""

    states: tuple[State, ...]
    leaves: tuple[tuple[int, int], ...]
    dim: int
    n_args: int
    name: str
    controlled: int


@final
class Parts(Writer):
    """``leaves`` says for each leaf where it begins in ``y`` (or among the arguments) and how many numbers it has.

    The leaves of the states come first, then the time, then the arguments. ``stride`` is the length of a state, padded.
    Raises CompilationError for what has no code.
    """

    def __init__(self, program: Program, order: int, target: Target, leaves: Sequence[tuple[int, int]]) -> None:
        if program.givens or program.parts > 1:
            raise CompilationError("no machine code for functions without values of their own, or complex vectors")
        super().__init__(1, target)
        self.program, self.order, self.leaves = program, order, leaves
        self.ops, self.sizes = program.ops, program.sizes
        self.width = min(target.lanes, 4)
        self.rows = [root[0] for root in program.roots]
        last, size = leaves[len(self.rows) - 1]
        self.stride = last + -(-size // self.width) * self.width
        self.blocks = range(self.stride // self.width)
        self.kind = vector(self.width)
        self.room = 0
        self.buffers = list(program.buffers)
        self.views = {b: view for b in range(len(self.buffers)) if (view := self._view(b)) is not None}
        self.wide = [
            max(self.sizes[i] for i in (*b.start, *(() if b.step is None else (b.step,)))) for b in self.buffers
        ]
        self.past: list[int] = []
        for b, wide in enumerate(self.wide):
            self.past.append(self.room)
            if b not in self.views:
                self.room += -(-8 * self._length(wide) * (order + 1 + SHORT) // 32) * 32
        self.sums = sorted(
            (i for i in program.step if self.ops[i].kind in SUMS), key=lambda i: (self.ops[i].data, i)
        )
        self.partials: dict[int, int] = {}
        for i in self.sums:
            self.partials[i] = self.room
            self.room += 8 * self.width * self._count(self.sizes[i])
        self.waiting = self.room - min(self.partials.values(), default=self.room)
        self.room += self.waiting
        self.value: dict[int, list[str]] = {}
        self.spreads: dict[str, str] = {}

    def _view(self, b: int) -> tuple[int, list[tuple[bool, int]]] | None:
        """How to read chosen elements out of another buffer: for each register one that is spread, or some in a row."""
        buffer = self.buffers[b]
        begin, *more = buffer.start
        if buffer.step is None or more:
            return None
        first, later = self.ops[begin], self.ops[buffer.step]
        if first.kind != "map" or later.kind != "map" or first.data != later.data:
            return None
        matrix = later.data
        if not matrix.selects or len(matrix.places) < matrix.rows:
            return None
        own = matrix.places.tolist()
        own += own[-1:] * (self._length(matrix.rows) - matrix.rows)
        reads: list[tuple[bool, int]] = []
        for v in range(0, len(own), self.width):
            here = own[v : v + self.width]
            in_a_row = [min(here[0] + lane, matrix.columns - 1) for lane in range(len(here))]
            if len(set(here)) > 1 and (here != in_a_row or here[0] % self.width):
                return None
            reads.append((len(set(here)) == 1, here[0]))
        source = Buffer((first.args[0],), later.args[0], False)
        same = [i for i, x in enumerate(self.buffers) if (x.start, x.step) == (source.start, source.step)]
        if not same:
            self.buffers.append(source)
        return (same or [len(self.buffers) - 1])[0], reads

    def _count(self, size: int) -> int:
        """Registers for so many numbers."""
        return 1 if size == 1 else -(-size // self.width)

    def _length(self, size: int) -> int:
        return 1 if size == 1 else self._count(size) * self.width

    def _type(self, size: int) -> str:
        return "double" if size == 1 else self.kind

    # ------------------------------------------------------------------ the function
    def text(self) -> str:
        """The function; it needs ``room`` bytes at ``memory``, zero at first."""
        p = self.program
        self.label("entry")
        for i in p.start:
            self.value[i] = self._operation(i)
        for b, buffer in enumerate(self.buffers):
            for k, i in enumerate(buffer.start):
                self._keep(b, str(k), i)
        for s, row in enumerate(self.rows):
            self._write(s, "0", row.start[0])
        for i in self.sums:
            for v in range(self._count(self.sizes[i])):
                self.do(f"store {self.kind} zeroinitializer, ptr {self._partial(i, v, str(self.waiting))}, align 8")
        bad = self._failed()
        still, spreads = dict(self.value), dict(self.spreads)
        self.do("br label %step")
        self.label("step")
        head = len(self.lines)
        self.do("%kf = uitofp i64 %k to double")
        early = self._below([row.step for row in self.rows if row.step is not None])
        for i in p.step:
            if i in early:
                self.value[i] = self._operation(i)
        for s, row in enumerate(self.rows):
            self._write(s, "%k", row.start[0] if row.step is None else row.step)
        self.do(f"br i1 {self.put(f'icmp eq i64 %k, {self.order}')}, label %swept, label %sums")
        self.label("sums")
        odd = self.put("and i64 %k, 1")
        self.do(f"%this = mul i64 {odd}, {self.waiting}")
        self.do(f"%that = sub i64 {self.waiting}, %this")
        self._last = self.integer("sub", "%k", 1)
        self._firsts = tuple(
            self.put(f"select i1 {self.put(f'icmp ugt i64 %k, {k}')}, i64 1, i64 -{SHORT}") for k in (1, 2)
        )  # below coefficient 0 stand zeros
        self._levels([i for i in p.step if i not in early])
        for b, buffer in enumerate(self.buffers):
            if buffer.step is not None:
                self._keep(b, "%k", buffer.step)
        after = self.integer("add", "%k", 1)
        self.lines.insert(head, f"  %k = phi i64 [ 1, %entry ], [ {after}, %{self.block} ]")
        self.do("br label %step")
        self.label("swept")
        self.value, self.spreads = still, spreads
        start = "define internal i1 @jet(ptr %y, ptr %t, ptr %args, ptr %row, ptr %memory) nounwind {"
        return "\n".join([start, *self.lines, f"  ret i1 {bad}", "}", ""])

    def _levels(self, numbers: list[int]) -> None:
        """Coefficient k of everything, and between its stages, which wait for one another, sums of the next order."""
        parts = [(i, v) for i in self.sums for v in range(self._count(self.sizes[i]))]
        bundles = [parts[begin : begin + _BUNDLE] for begin in range(0, len(parts), _BUNDLE)]
        done = 0
        if len(bundles) == 1:  # nothing to wait with: the sums of this order at once
            self._bundle(bundles.pop(), "%k", "%this")
        following = self.integer("add", "%k", 1)
        loaded: _Loaded = {}
        for n, i in enumerate(numbers, 1):
            self.value[i] = self._ended(i, loaded) if self.ops[i].kind in SUMS else self._operation(i)
            while done < len(bundles) and done * len(numbers) < n * len(bundles):
                self._bundle(bundles[done], following, "%that")
                done += 1

    def _below(self, numbers: Sequence[int]) -> set[int]:
        """Some operations of the step and everything of the step that they are made of at its order."""
        step, found, todo = set(self.program.step), set[int](), list(numbers)
        while todo:
            i = todo.pop()
            if i in step and i not in found:
                found.add(i)
                todo.extend(self.ops[i].args)
        return found

    # ------------------------------------------------------------------ memory
    def _write(self, state: int, k: str, i: int) -> None:
        """Coefficient k of a state into its row."""
        begin, size = self.leaves[state]
        whole = self._have(i, size)
        for v, x in enumerate(whole):
            place = self.integer("add", self.integer("mul", k, self.stride), begin + v * self.width)
            self.do(f"store {self._type(size)} {x}, ptr {self.at('%row', place, 1)}, align 8")
        for spare in range(begin + 1, -(-(begin + 1) // self.width) * self.width) if self._last_plain(state) else ():
            place = self.integer("add", self.integer("mul", k, self.stride), spare)
            self.do(f"store double {whole[0]}, ptr {self.at('%row', place, 1)}, align 8")

    def _last_plain(self, state: int) -> bool:
        """Whether a state is the last single number before vectors, which spare lanes repeat."""
        own = self.leaves[state][1] == 1
        return own and (state + 1 == len(self.rows) or self.leaves[state + 1][0] > self.leaves[state][0] + 1)

    def _at(self, buffer: int, element: int, k: str) -> str:
        """Where an element of coefficient k of a buffer is."""
        length = self._length(self.wide[buffer])
        begin = self.past[buffer] + 8 * (SHORT * length + element)
        base = self.put(f"getelementptr i8, ptr %memory, i64 {begin}")
        return self.put(f"getelementptr [{length} x double], ptr {base}, i64 {k}")

    def _keep(self, buffer: int, k: str, i: int) -> None:
        if buffer in self.views:
            return
        wide = self.wide[buffer]
        for v, x in enumerate(self._have(i, wide)):
            self.do(f"store {self._type(wide)} {x}, ptr {self._at(buffer, v * self.width, k)}, align 8")

    def _past(self, buffer: int, vector: int, k: str) -> str:
        """A register of coefficient k of a buffer."""
        spread, place = False, vector * self.width
        wide = self.wide[buffer]
        if buffer in self.views:
            buffer, reads = self.views[buffer]
            spread, place = reads[vector]
        if spread and wide > 1:
            return self.fill(self.put(f"load double, ptr {self._at(buffer, place, k)}, align 8"), self.width)
        return self.put(f"load {self._type(wide)}, ptr {self._at(buffer, place, k)}, align 8")

    # ------------------------------------------------------------------ values
    def _spread(self, scalar: str) -> str:
        if scalar not in self.spreads:
            self.spreads[scalar] = self.fill(scalar, self.width)
        return self.spreads[scalar]

    def _have(self, i: int, size: int) -> list[str]:
        """A value as that of ``size`` numbers: its vectors, or a number spread over as many."""
        found = self.value[i]
        if self.sizes[i] == 1 and size > 1:
            return [self._spread(found[0])] * self._count(size)
        return found

    def _operation(self, i: int) -> list[str]:
        op, size = self.ops[i], self.sizes[i]
        kind, count = self._type(size), self._count(size)
        match op.kind:
            case "number":
                return [double(op.data)]
            case "leaf":
                return self._leaf(*op.data[:2])
            case "order":
                return ["%kf"]
            case "reciprocal":
                return [self.put(f"fdiv double {double(1.0)}, %kf")]
            case "coef":
                return [self._past(op.data, v, "%k") for v in range(count)]
            case "back":
                buffer, offset = op.data
                k = self.integer("sub", "%k", offset)
                return [self._past(buffer, v, k) for v in range(count)]
            case "neg":
                return [self.put(f"fneg {kind} {x}") for x in self._have(op.args[0], size)]
            case "add" | "sub" | "mul" | "div":
                a, b = (self._have(x, size) for x in op.args)
                return [self.arith("f" + op.kind, x, y, kind) for x, y in zip(a, b, strict=True)]
            case "fma":
                a, b, c = (self._have(x, size) for x in op.args)
                return [self.fma(x, y, z, kind) for x, y, z in zip(a, b, c, strict=True)]
            case "call":
                args = [self._have(a, size) for a in op.args]
                return [self.library(op.data, x, 1 if size == 1 else self.width) for x in zip(*args, strict=True)]
            case "map":
                return self._mapped(op.data, op.args[0])
            case _:
                raise ValueError(f"{op} has no value in registers")

    def _leaf(self, number: int, k: int) -> list[str]:
        begin, size = self.leaves[number]
        states = len(self.rows)
        if number == states:
            return [double(float(k == 1)) if k else self.put("load double, ptr %t, align 8")]
        if k:
            return [double(0.0)] if size == 1 else [same(0.0, self.width)] * self._count(size)
        base = "%y" if number < states else "%args"
        places = [begin + v * self.width for v in range(self._count(size))]
        return [self.put(f"load {self._type(size)}, ptr {self.at(base, str(x), 1)}, align 8") for x in places]

    # ------------------------------------------------------------------ matrices
    def _mapped(self, matrix: Any, a: int) -> list[str]:
        """Σ over the entries of each row, one entry of every row at a time."""
        counts, source = matrix.counts, self.value[a]
        rows = [*range(matrix.rows), *[matrix.rows - 1] * (self._length(matrix.rows) - matrix.rows)]
        lanes = 1 if matrix.rows == 1 else self.width
        kind = self._type(matrix.rows)
        out: list[str] = []
        for begin in range(0, len(rows), lanes):
            own = rows[begin : begin + lanes]
            total = ""
            for c in range(max(int(counts[r]) for r in own)):
                at = [int(matrix.starts[r]) + c if c < counts[r] else None for r in own]
                factors = [0.0 if x is None else float(matrix.entries[x]) for x in at]
                spare = next(x for x in at if x is not None)
                places = [int(matrix.places[spare if x is None else x]) for x in at]
                value = self._picked(source, self.sizes[a], places)
                total = self._added(total, factors, value, kind)
            out.append(total or same(0.0, lanes))
        return out

    def _added(self, total: str, factors: list[float], value: str, kind: str) -> str:
        if all(f == 1 for f in factors):
            return self.arith("fadd", total, value, kind) if total else value
        factor = constant(factors)
        return self.fma(factor, value, total, kind) if total else self.arith("fmul", factor, value, kind)

    def _picked(self, source: list[str], size: int, places: list[int]) -> str:
        """Elements of a vector, by shuffles of two of its registers at a time."""
        if size == 1:
            return source[0] if len(places) == 1 else self._spread(source[0])
        if len(places) == 1:
            register, lane = divmod(places[0], self.width)
            return self.put(f"extractelement {self.kind} {source[register]}, i32 {lane}")
        registers = list(dict.fromkeys(p // self.width for p in places))
        if len(registers) == 1 and places == list(range(registers[0] * self.width, (registers[0] + 1) * self.width)):
            return source[registers[0]]
        whole, known = source[registers[0]], {registers[0]}
        lanes = [p % self.width if p // self.width == registers[0] else None for p in places]
        for register in registers[1:] or registers:
            fresh = [
                self.width + p % self.width if p // self.width == register else (i if i is not None else None)
                for p, i in zip(places, lanes, strict=True)
            ]
            mask = ", ".join("i32 poison" if x is None else f"i32 {x}" for x in fresh)
            text = f"shufflevector {self.kind} {whole}, {self.kind} {source[register]}, <{self.width} x i32> <{mask}>"
            whole = self.put(text)
            known.add(register)
            lanes = [lane if p // self.width in known else None for lane, p in enumerate(places)]
        return whole

    # ------------------------------------------------------------------ sums
    def _left(self, i: int, v: int, here: str, there: str, loaded: _Loaded) -> str:
        """The first factor of a sum at the index ``here``, with its weight."""
        vector = self.sizes[i] > 1
        factor = self._factor(self.ops[i].data[0], v, here, vector, loaded)
        if not self.ops[i].args:
            return factor
        p, q = (self.put(f"uitofp i64 {x} to double") for x in (here, there))
        first, second = (self.value[a][0] for a in self.ops[i].args)
        weight = self.fma(first, p, self.arith("fmul", second, q, "double"), "double")
        weight = self.fill(weight, self.width) if vector else weight
        return self.arith("fmul", weight, factor, self._type(self.sizes[i]))

    def _factor(self, b: int, v: int, index: str, vector: bool, loaded: _Loaded) -> str:
        v = v if self.wide[b] > 1 else 0
        if (b, v, index, vector) not in loaded:
            found = self._past(b, v, index)
            loaded[b, v, index, vector] = self.fill(found, self.width) if vector and self.wide[b] == 1 else found
        return loaded[b, v, index, vector]

    def _partial(self, i: int, v: int, turn: str) -> str:
        """Where a sum without its end terms waits, of this order (``turn`` %this) or the next (%that)."""
        base = self.put(f"getelementptr i8, ptr %memory, i64 {self.partials[i] + 8 * self.width * v}")
        return self.put(f"getelementptr i8, ptr {base}, i64 {turn}")

    def _ended(self, i: int, loaded: _Loaded) -> list[str]:
        """A sum of this order: what waits, and the terms j = 1 and j = k−1."""
        last = self._last
        first, second = self._firsts
        vector, kind = self.sizes[i] > 1, self._type(self.sizes[i])
        out: list[str] = []
        for v in range(self._count(self.sizes[i])):
            total = self.put(f"load {kind}, ptr {self._partial(i, v, '%this')}, align 8")
            b = self.ops[i].data[1]
            other = self._factor(b, v, last, vector, loaded)
            total = self.fma(self._left(i, v, first, last, loaded), other, total, kind)
            other = self._factor(b, v, second, vector, loaded)
            out.append(self.fma(self._left(i, v, last, first, loaded), other, total, kind))
        return out

    def _bundle(self, parts: list[tuple[int, int]], order: str, turn: str) -> None:
        """Some sums of an order, this or the next, without their end terms: j = 2 … order − 2."""
        self.names += 1
        name, before = f"sum{self.names}", self.block
        self.do(f"br i1 {self.put(f'icmp ugt i64 {order}, 3')}, label %{name}, label %{name}x")
        self.label(name)
        head, j = len(self.lines), f"%{name}j"
        rest = self.integer("sub", order, j)
        loaded: _Loaded = {}
        phis: list[str] = []
        ends: list[str] = []
        for s, (i, v) in enumerate(parts):
            vector, kind = self.sizes[i] > 1, self._type(self.sizes[i])
            zero = same(0.0, self.width) if vector else double(0.0)
            total = f"%{name}a{s}"
            other = self._factor(self.ops[i].data[1], v, rest, vector, loaded)
            new = self.fma(self._left(i, v, j, rest, loaded), other, total, kind)
            phis.append(f"  {total} = phi {kind} [ {zero}, %{before} ], [ {new}, %{name} ]")
            ends.append(f"  {total}e = phi {kind} [ {zero}, %{before} ], [ {new}, %{name} ]")
        after = self.integer("add", j, 1)
        more = self.put(f"icmp ult i64 {self.integer('add', after, 1)}, {order}")
        self.lines[head:head] = [f"  {j} = phi i64 [ 2, %{before} ], [ {after}, %{name} ]", *phis]
        self.do(f"br i1 {more}, label %{name}, label %{name}x")
        self.label(f"{name}x")
        self.lines += ends
        for s, (i, v) in enumerate(parts):
            self.do(f"store {self._type(self.sizes[i])} %{name}a{s}e, ptr {self._partial(i, v, turn)}, align 8")

    # ------------------------------------------------------------------ points where there is no series
    def _failed(self) -> str:
        """Whether a check of the program fails at order 0."""
        bad = "false"
        for check in self.program.checks:
            for i in check.values[:1] if check.kind == "nonzero" else check.values:
                for x in self._numbers(i):
                    for test in self._tests(check.kind, check.data, x):
                        bad = self.put(f"or i1 {bad}, {test}")
        return bad

    def _numbers(self, i: int) -> list[str]:
        if self.sizes[i] == 1:
            return self.value[i]
        return [
            self.put(f"extractelement {self.kind} {self.value[i][n // self.width]}, i32 {n % self.width}")
            for n in range(self.sizes[i])
        ]

    def _tests(self, kind: str, data: Any, x: str) -> list[str]:
        zero = double(0.0)
        if kind == "finite":
            return [self.put(f"fcmp une double {self.arith('fmul', x, zero, 'double')}, {zero}")]
        if kind == "nonzero":
            return [self.put(f"fcmp oeq double {x}, {zero}")]
        bounds = zip(data, ("ule", "uge"), strict=True)
        return [self.put(f"fcmp {o} double {x}, {double(b)}") for b, o in bounds if b is not None]
