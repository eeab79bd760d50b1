"""LLVM IR of one step's series for large systems: vectors stay vectors, and code grows with layers, not elements.

The third form of a system's machine code, beside the two of :mod:`taylorad.ode.jet`, with the same signature and used
in the same place. It is written from a looped program whose values are vectors: operations of one size and stage run
in one loop over blocks of four elements; only matrices mix elements, so a stage ends where a matrix reads. A spare lane
of the last block repeats the last element, so that it never traps.

What sums look back at is kept as ``[block][k][lane]``: the sums of order k, all of one size in one loop over blocks,
read each block's history in rising addresses. A sum has two partial sums, over j < k/2 and over j > k/2, from the ends
to the middle; the term in the middle comes last. A square takes half of it, doubled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, final

import numpy as np

from taylorad.errors import CompilationError
from taylorad.run.program import SHORT, SUMS, Check, Program
from taylorad.run.tables import SHORT_ROW, long_rows, short_rows, table
from taylorad.run.writer import Target, Writer, double, vector

__all__ = ["Bulk"]

_BUNDLE = 12  # partial sums that run side by side
_ANEW = frozenset(("number", "order", "reciprocal", "coef", "back"))  # made again wherever they are wanted


class _Group(NamedTuple):
    stage: int
    size: int
    members: list[int]


@final
class Bulk(Writer):
    """``leaves`` are the sizes of the state, the time and each argument. CompilationError for what has no code."""

    def __init__(self, program: Program, order: int, target: Target, leaves: Sequence[int]) -> None:
        if program.givens or program.parts > 1:
            what = "complex vectors" if program.parts > 1 else f"a {type(program.givens[0].node).__name__} node"
            raise CompilationError(f"no machine code for {what}: the system is taken apart, or interpreted")
        super().__init__(1, target)
        self.program, self.order, self.leaves = program, order, leaves
        self.ops, self.sizes = program.ops, program.sizes
        self.width = min(target.lanes, 4)
        self.blocks = range(-(-leaves[0] // self.width))
        self.stride = self.width * len(self.blocks)
        self.room = 0
        self.flags = self._reserve(self.width)
        self.wide = [self._widest((*b.start, *(() if b.step is None else (b.step,)))) for b in program.buffers]
        self.past = [self._reserve(self._padded(w) * (order + 1 + SHORT)) for w in self.wide]
        row = program.roots[0][0]
        assert row.step is not None
        self.states = row.start[0], row.step
        self._plan()
        self.value: dict[int, str] = {}
        self.scalars: dict[int, str] = {}
        self.element = "0"

    def _widest(self, numbers: Iterable[int]) -> int:
        return max(self.sizes[i] for i in numbers)

    def _padded(self, size: int) -> int:
        return 1 if size == 1 else -(-size // self.width) * self.width

    def _reserve(self, numbers: int) -> int:
        """Room for some doubles in ``memory``; where it begins, in bytes."""
        begin = self.room
        self.room += -(-8 * numbers // 32) * 32
        return begin

    # ------------------------------------------------------------------ which loop does what
    def _plan(self) -> None:
        """Phases: order 0; then at order k what the states need; the sums; and the rest."""
        p = self.program
        self.mixed = {a for op in p.ops if op.kind == "map" for a in op.args if self.sizes[a] > 1}
        self.sums = [i for i in p.step if self.ops[i].kind in SUMS]
        early = self._below(self.states[1])
        late = [i for i in p.step if i not in early and self.ops[i].kind not in SUMS]
        self.phases = [self._groups(part) for part in (p.start, [i for i in p.step if i in early], late)]
        home: dict[int, tuple[int, ...]] = dict.fromkeys(self.sums, ())
        for n, groups in enumerate(self.phases):
            for group in groups:
                home |= dict.fromkeys(group.members, (n, group.stage, group.size))
        shared = self.mixed | set(self.sums) | {i for i in home if self._long(i)}
        shared |= {a for i, where in home.items() for a in self.ops[i].args if home.get(a) != where}
        shared |= {v for check in p.checks for v in check.values}
        shared |= {i for b in p.buffers for i in (*b.start, b.step) if i is not None} | set(self.states)
        shared = {i for i in shared & set(home) if self.sizes[i] > 1}
        self.temps = {i: self._reserve(self._padded(self.sizes[i])) for i in sorted(shared)}

    def _below(self, i: int) -> set[int]:
        """An operation of the step and everything of the step that it is made of at its order."""
        step, found, todo = set(self.program.step), set[int](), [i]
        while todo:
            i = todo.pop()
            if i in step and i not in found:
                found.add(i)
                todo.extend(self.ops[i].args)
        return found

    def _groups(self, numbers: Sequence[int]) -> list[_Group]:
        """Of one stage: scalars, then vectors, which may use them; matrices read earlier stages only."""
        stage: dict[int, int] = {}
        found: dict[tuple[int, int], list[int]] = {}
        for i in numbers:
            if self._anew(i):
                continue
            op = self.ops[i]
            stage[i] = max((stage[a] + (op.kind == "map") for a in op.args if a in stage), default=0)
            found.setdefault((stage[i], self.sizes[i]), []).append(i)
        return [_Group(*key, found[key]) for key in sorted(found)]

    def _anew(self, i: int) -> bool:
        op = self.ops[i]
        constant = op.kind == "map" and self.ops[op.args[0]].kind == "number"
        return (op.kind in _ANEW or constant) and i not in self.mixed

    def _long(self, i: int) -> bool:
        """Whether an operation is a matrix with long rows, which has a loop of its own."""
        op = self.ops[i]
        return op.kind == "map" and op.data.columns > 1 and int(op.data.counts.max()) > SHORT_ROW

    # ------------------------------------------------------------------ the function
    def text(self) -> str:
        """The function; it needs ``room`` bytes at ``memory``, zero at first."""
        self.label("entry")
        self.do(f"store {vector(self.width)} zeroinitializer, ptr {self._place(self.flags)}, align 8")
        self._phase(0)
        self._stored(0)
        for size in sorted({self._widest(c.values) for c in self.program.checks}):
            self._each(size, lambda size=size: self._checked(size))
        bad = self._bad()
        before = self.block
        self.do("br label %step")
        self.label("step")
        head = len(self.lines)
        self.do("%kf = uitofp i64 %k to double")
        self._phase(1)
        self._each(self.leaves[0], lambda: self._kept("%k", self.states[1]))
        self.do(f"br i1 {self.put(f'icmp eq i64 %k, {self.order}')}, label %swept, label %sums")
        self.label("sums")
        for size in sorted({self.sizes[i] for i in self.sums}):
            self._each(size, lambda size=size: self._sums([i for i in self.sums if self.sizes[i] == size]))
        self._phase(2)
        self._stored(1)
        after = self.integer("add", "%k", 1)
        self.lines.insert(head, f"  %k = phi i64 [ 1, %{before} ], [ {after}, %{self.block} ]")
        self.do("br label %step")
        self.label("swept")
        reciprocals = table(self, np.array([0.0, *(1 / k for k in range(1, self.order + 1))]))
        body = "\n".join(self.lines).replace("@reciprocal", reciprocals)
        start = "define internal i1 @jet(ptr %y, ptr %t, ptr %args, ptr %row, ptr %memory) nounwind {"
        return "\n".join([start, body, f"  ret i1 {bad}", "}", ""])

    def _phase(self, number: int) -> None:
        for group in self.phases[number]:
            for i in group.members:
                if self._long(i):
                    self._row_by_row(i)
            rest = [i for i in group.members if not self._long(i)]
            if rest:
                self._each(group.size, lambda rest=rest: self._computed(rest))

    def _computed(self, members: list[int]) -> None:
        for i in members:
            self.value[i] = self._operation(i)
            if self.lanes == 1:
                self.scalars[i] = self.value[i]
            elif i in self.temps:
                self.do(f"store {self.type} {self.value[i]}, ptr {self._temp(i, self.element)}, align 8")

    def _each(self, size: int, work: Callable[[], None]) -> None:
        """Do some work for every block of ``size`` elements."""
        self._narrow(1 if size == 1 else self.width)
        self.element = "0"
        if size > self.width:
            self.names += 1
            name, before = f"each{self.names}", self.block
            self.do(f"br label %{name}")
            self.label(name)
            head = len(self.lines)
            self.element = f"%{name}i"
            work()
            after = self.integer("add", self.element, self.width)
            more = self.put(f"icmp slt i64 {after}, {size}")
            self.lines.insert(head, f"  {self.element} = phi i64 [ 0, %{before} ], [ {after}, %{self.block} ]")
            self.do(f"br i1 {more}, label %{name}, label %{name}x")
            self.label(f"{name}x")
        else:
            work()
        self._narrow(1)

    def _narrow(self, lanes: int) -> None:
        self.narrow(lanes)
        self.value = {}

    # ------------------------------------------------------------------ memory
    def _place(self, begin: int) -> str:
        return self.put(f"getelementptr i8, ptr %memory, i64 {begin}")

    def _temp(self, i: int, element: str) -> str:
        return self.at(self._place(self.temps[i]), element, 1)

    def _history(self, buffer: int) -> str:
        """Where coefficient 0 of a buffer is, for the elements of this block."""
        if self.wide[buffer] == 1:
            return self._place(self.past[buffer] + 8 * SHORT)
        begin = self._place(self.past[buffer] + 8 * SHORT * self.width)
        return self.at(begin, self.integer("mul", self.element, self.order + 1 + SHORT), 1)

    def _past(self, history: str, buffer: int, index: str) -> str:
        if self.wide[buffer] == 1:
            return self.splat(self.put(f"load double, ptr {self.at(history, index, 1)}, align 8"))
        return self.put(f"load {self.type}, ptr {self.at(history, index)}, align 8")

    def _stored(self, part: int) -> None:
        """Keep what later orders look back at: all known coefficients at the start, or coefficient k."""
        for size in sorted(set(self.wide)):
            of_size = [b for b, wide in enumerate(self.wide) if wide == size]
            if part == 0 or any(self.program.buffers[b].step is not None for b in of_size):
                self._each(size, lambda of_size=of_size: self._coefficients(part, of_size))
        if part == 0:
            self._each(self.leaves[0], lambda: self._kept("0", self.states[0]))

    def _coefficients(self, part: int, buffers: list[int]) -> None:
        for b in buffers:
            buffer, history = self.program.buffers[b], self._history(b)
            values = [(str(k), i) for k, i in enumerate(buffer.start)] if part == 0 else [("%k", buffer.step)]
            for k, i in values:
                if i is not None:
                    self.do(f"store {self.type} {self._have(i)}, ptr {self.at(history, k)}, align 8")

    def _kept(self, k: str, i: int) -> None:
        place = self.integer("add", self.integer("mul", k, self.stride), self.element)
        self.do(f"store {self.type} {self._have(i)}, ptr {self.at('%row', place, 1)}, align 8")

    # ------------------------------------------------------------------ values
    def _have(self, i: int) -> str:
        """A value in this loop: made here, made anew, spread from a scalar, or read from memory."""
        if i not in self.value:
            if i in self.scalars:
                self.value[i] = self.splat(self.scalars[i])
            elif self._anew(i):
                self.value[i] = self._operation(i)
            elif self.sizes[i] == 1:
                raise ValueError(f"%{i} = {self.ops[i]} is used before it is computed")
            else:
                self.value[i] = self.put(f"load {self.type}, ptr {self._temp(i, self.element)}, align 8")
        return self.value[i]

    def _operation(self, i: int) -> str:
        op = self.ops[i]
        match op.kind:
            case "number":
                return self.number(op.data)
            case "leaf":
                return self._leaf(*op.data[:2])
            case "order":
                return self.splat("%kf")
            case "reciprocal":
                return self.splat(self.put(f"load double, ptr {self.at('@reciprocal', '%k', 1)}, align 8"))
            case "coef":
                return self._past(self._history(op.data), op.data, "%k")
            case "back":
                buffer, offset = op.data
                return self._past(self._history(buffer), buffer, self.integer("sub", "%k", offset))
            case "neg":
                return self.put(f"fneg {self.type} {self._have(op.args[0])}")
            case "add" | "sub" | "mul" | "div":
                return self.arith("f" + op.kind, *(self._have(a) for a in op.args))
            case "fma":
                a, b, c = (self._have(x) for x in op.args)
                return self.fma(a, b, c)
            case "call":
                return self.library(op.data, [self._have(a) for a in op.args], self.lanes)
            case "map":
                return self._mapped(op.data, op.args[0])
            case _:
                raise ValueError(f"{op} has no value in a loop over elements")

    def _leaf(self, number: int, k: int) -> str:
        if number == 1:
            return self.splat(double(float(k == 1)) if k else self.put("load double, ptr %t, align 8"))
        if k:
            return self.number(0.0)
        size = self.leaves[number]
        if number == 0:
            return self.put(f"load {self.type}, ptr {self.at('%y', self.element, 1)}, align 8")
        begin = sum(self.leaves[2:number])
        if self.lanes == 1 or size == 1:
            return self.splat(self.put(f"load double, ptr {self.at('%args', str(begin), 1)}, align 8"))
        value = "poison"
        for lane in range(self.lanes):
            at = self.integer("add", self.element, lane)
            over = self.put(f"icmp sgt i64 {at}, {size - 1}")
            at = self.integer("add", self.put(f"select i1 {over}, i64 {size - 1}, i64 {at}"), begin)
            one = self.put(f"load double, ptr {self.at('%args', at, 1)}, align 8")
            value = self.put(f"insertelement {self.type} {value}, double {one}, i32 {lane}")
        return value

    def _mapped(self, matrix: Any, a: int) -> str:
        """The elements of this block of a matrix with short rows times a vector."""
        rows = self._padded(matrix.rows)
        if matrix.columns > 1:
            return short_rows(self, matrix, self._temp(a, "0"), self.element, self.lanes, rows)
        column = matrix.array[:, 0]
        factors = table(self, np.concatenate([column, np.full(rows - len(column), column[-1])]))
        factor = self.put(f"load {self.type}, ptr {self.at(factors, self.element, 1)}, align 8")
        return factor if self.ops[a] == ("number", (), 1.0) else self.arith("fmul", factor, self._have(a))

    def _row_by_row(self, i: int) -> None:
        op = self.ops[i]
        matrix, source = op.data, self._temp(op.args[0], "0")
        if matrix.rows == 1:
            long_rows(self, matrix, source, self.width, lambda _, total: self.scalars.update({i: total}))
            return

        def store(row: str, total: str) -> None:
            self.do(f"store double {total}, ptr {self._temp(i, row)}, align 8")

        long_rows(self, matrix, source, self.width, store)
        if self._padded(matrix.rows) > matrix.rows:
            last = self.put(f"load double, ptr {self._temp(i, str(matrix.rows - 1))}, align 8")
            for row in range(matrix.rows, self._padded(matrix.rows)):
                store(str(row), last)

    # ------------------------------------------------------------------ sums
    def _sums(self, sums: list[int]) -> None:
        bundle: list[int] = []
        used = 0
        for i in sums:
            need = 1 if self.ops[i].kind == "half" else 2
            if used + need > _BUNDLE:
                self._bundle(bundle)
                bundle, used = [], 0
            bundle.append(i)
            used += need
        self._bundle(bundle)

    def _bundle(self, sums: list[int]) -> None:
        """Some sums in one loop over j = 1, 2, … while 2j < k, which takes the terms j and k − j."""
        histories = {b: self._history(b) for b in dict.fromkeys(b for i in sums for b in self.ops[i].data)}
        weights = {i: [self._have(a) for a in self.ops[i].args] for i in sums if self.ops[i].args}
        self.names += 1
        name, before = f"sum{self.names}", self.block
        self.do(f"br i1 {self.put('icmp ugt i64 %k, 2')}, label %{name}, label %{name}x")
        self.label(name)
        head, j = len(self.lines), f"%{name}j"
        rest = self.integer("sub", "%k", j)
        loaded: dict[tuple[int, str], str] = {}
        factors: dict[tuple[str, ...], str] = {}

        def at(b: int, index: str) -> str:
            if (b, index) not in loaded:
                loaded[b, index] = self._past(histories[b], b, index)
            return loaded[b, index]

        def left(i: int, index: str, other: str) -> str:
            """The first factor at ``index``, with its weight."""
            if i not in weights:
                return at(self.ops[i].data[0], index)
            key = (*weights[i], index)
            if key not in factors:
                here, there = (self.splat(self.put(f"uitofp i64 {x} to double")) for x in (index, other))
                factors[key] = self.fma(weights[i][0], here, self.arith("fmul", weights[i][1], there))
            return self.arith("fmul", factors[key], at(self.ops[i].data[0], index))

        zero = self.number(0.0)
        phis: list[str] = []
        ends: list[str] = []
        for s, i in enumerate(sums):
            b = self.ops[i].data[1]
            sides = [(j, rest), (rest, j)][: 1 if self.ops[i].kind == "half" else 2]
            for side, (here, there) in enumerate(sides):
                total = f"%{name}a{s}x{side}"
                new = self.fma(left(i, here, there), at(b, there), total)
                phis.append(f"  {total} = phi {self.type} [ {zero}, %{before} ], [ {new}, %{name} ]")
                ends.append(f"  {total}e = phi {self.type} [ {zero}, %{before} ], [ {new}, %{name} ]")
        after = self.integer("add", j, 1)
        more = self.put(f"icmp ult i64 {self.integer('shl', after, 1)}, %k")
        self.lines[head:head] = [f"  {j} = phi i64 [ 1, %{before} ], [ {after}, %{name} ]", *phis]
        self.do(f"br i1 {more}, label %{name}, label %{name}x")
        self.label(f"{name}x")
        self.lines += ends
        loaded.clear()
        factors.clear()
        middle = self.integer("lshr", "%k", 1)
        even = self.put(f"icmp eq i64 {self.integer('shl', middle, 1)}, %k")
        even = self.splat(self.put(f"select i1 {even}, double {double(1.0)}, double {double(0.0)}"))
        for s, i in enumerate(sums):
            total, other = f"%{name}a{s}x0e", f"%{name}a{s}x{int(self.ops[i].kind != 'half')}e"
            total = self.arith("fadd", total, other)
            last = self.arith("fmul", left(i, middle, middle), even)
            total = self.fma(last, at(self.ops[i].data[1], middle), total)
            if self.lanes == 1:
                self.scalars[i] = total
            else:
                self.do(f"store {self.type} {total}, ptr {self._temp(i, self.element)}, align 8")

    # ------------------------------------------------------------------ points where there is no series
    def _checked(self, size: int) -> None:
        """Put NaN into the flags where a check fails."""
        flags = self._place(self.flags)
        flag = self.put(f"load {self.type}, ptr {flags}, align 8")
        for check in self.program.checks:
            if self._widest(check.values) == size:
                for value in self._poisons(check):
                    flag = self.fma(value, self.number(0.0), flag)
        self.do(f"store {self.type} {flag}, ptr {flags}, align 8")

    def _poisons(self, check: Check) -> list[str]:
        """Values that are not finite where a check fails."""
        values = [self._have(i) for i in check.values]
        if check.kind == "finite":
            return values
        if check.kind == "nonzero":
            tests = [self.put(f"fcmp oeq {self.type} {v}, {self.number(0.0)}") for v in values[:1]]
        else:
            bounds = [(o, b) for o, b in zip(("ule", "uge"), check.data, strict=True) if b is not None]
            tests = [self.put(f"fcmp {o} {self.type} {values[0]}, {self.number(b)}") for o, b in bounds]
        nan, zero = self.number(float("nan")), self.number(0.0)
        return [self.put(f"select {self.bool} {t}, {self.type} {nan}, {self.type} {zero}") for t in tests]

    def _bad(self) -> str:
        kind = vector(self.width)
        flags = self.put(f"load {kind}, ptr {self._place(self.flags)}, align 8")
        total = self.put(f"extractelement {kind} {flags}, i32 0")
        for lane in range(1, self.width):
            total = self.put(f"fadd double {total}, {self.put(f'extractelement {kind} {flags}, i32 {lane}')}")
        return self.put(f"fcmp une double {total}, {double(0.0)}")
