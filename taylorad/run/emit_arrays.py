"""LLVM IR for programs with vectors: the elements of a node stand in lanes, and code grows with layers, not elements.

Operations are put into groups of one size that run in one loop over blocks of elements; the last block overlaps
the one before it. A group ends where a matrix mixes elements. What one group hands to another goes through memory,
and so does what must outlive the step. Points are taken one by one. A sum has four partial sums as in
:mod:`taylorad.run.emit`; a matrix times a vector adds its columns up from first to last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from taylorad.run.emit import Emitter
from taylorad.run.program import SHORT, SUMS, Program
from taylorad.run.tables import SHORT_ROW, long_rows, short_rows, table
from taylorad.run.writer import Target
from taylorad.series.matrix import Matrix

__all__ = ["ArrayEmitter"]

_PAD = SHORT + 1
_ROWS = 8  # blocks of rows of a matrix that are summed side by side


class ArrayEmitter(Emitter):
    """See the module; made and used like :class:`~taylorad.run.emit.Emitter`, for single points."""

    def __init__(self, program: Program, target: Target) -> None:
        super().__init__(program, 1, target)
        self.scalars: dict[int, str] = {}
        self.temps: dict[int, str] = {}
        self.element = "0"
        self.size = 1
        self.matrices: dict[Any, str] = {}
        self.alone = {i for i, op in enumerate(program.ops) if op.kind == "map" and _alone(op.data)}
        self.mixed = {op.args[0] for op in program.ops if op.kind == "map" and program.sizes[op.args[0]] > 1}
        self.kept = self._shared()
        self.wide = [self._widest((*b.start, *(() if b.step is None else (b.step,)))) for b in program.buffers]

    def _widest(self, numbers: Iterable[int]) -> int:
        return max(self.program.sizes[i] for i in numbers)

    def widths(self) -> list[int]:
        return [w for w, b in zip(self.wide, self.program.buffers, strict=True) for _ in range(1 + b.reverse)]

    def fixed(self) -> int:
        """Doubles of memory that do not depend on the order: one vector for each value that groups share."""
        return sum(self.program.sizes[i] for i in self.kept) + self.target.lanes

    # ------------------------------------------------------------------ the body
    def body(self) -> str:
        p = self.program
        self._arrays()
        place = 0
        for i in self.kept:
            self.temps[i] = self.put(f"getelementptr double, ptr %fixed, i64 {place}")
            place += p.sizes[i]
        self.flags = self.put(f"getelementptr double, ptr %fixed, i64 {place}")
        self._phase(p.start, self._begin, self._begin_rows)
        before = self.block
        here = self.put("icmp sgt i64 %K, 0")
        self.do(f"br i1 {here}, label %step, label %swept")
        self.label("step")
        head = len(self.lines)
        self._indices()
        self._phase(p.step, self._advance, self._advance_rows)
        after = self.integer("add", "%k", 1)
        more = self.put(f"icmp sle i64 {after}, %K")
        self.lines.insert(head, f"  %k = phi i64 [ 1, %{before} ], [ {after}, %{self.block} ]")
        self.do(f"br i1 {more}, label %step, label %swept")
        self.label("swept")
        bad = "false"
        for lane in range(self.target.lanes):
            flag = self.put(f"load double, ptr {self.at(self.flags, str(lane), 1)}, align 8")
            bad = self.put(f"or i1 {bad}, {self.poisoned(flag)}")
        return bad

    def _phase(self, numbers: tuple[int, ...], inner: Callable[[int], None], outputs: Callable[[int], None]) -> None:
        """Run the groups in order; then, for each size, what must be stored."""
        p = self.program
        for _, size, members in self._groups(numbers):
            if size == 0:
                self._map(members[0])
            else:
                self._each(size, lambda members=members: self._group(members))
        kept = set(self.wide) | {self._widest(check.values) for check in p.checks}
        for size in sorted(kept):
            self._each(size, lambda size=size: inner(size))
        for size in sorted({self._widest(row.start) for root in p.roots for row in root}):
            self._each(size, lambda size=size: outputs(size), 1)  # the caller's rows are no vectors of elements

    def _shared(self) -> list[int]:
        """The vectors that are used outside of their own group, and so must be kept in memory."""
        p = self.program
        home: dict[int, tuple[bool, int]] = {}
        for part in (p.start, p.step):
            for g, (_, size, members) in enumerate(self._groups(part)):
                home |= {i: (part is p.start, g) for i in members if size > 0}
        found = {a for i in (*p.start, *p.step) for a in p.ops[i].args if i not in home or home[i] != home.get(a)}
        found |= {v for b in p.buffers for v in (*b.start, *([] if b.step is None else [b.step]))}
        found |= {v for root in p.roots for r in root for v in (*r.start, *([] if r.step is None else [r.step]))}
        found |= {v for check in p.checks for v in check.values}
        return [i for i in (*p.start, *p.step) if i in found and p.sizes[i] > 1 and not self._plain(i)]

    def _groups(self, numbers: tuple[int, ...]) -> list[tuple[int, int, list[int]]]:
        """(stage, size, operations); size 0 is a matrix."""
        p = self.program
        stage: dict[int, int] = {}
        wanted: dict[int, int] = {}
        for i in numbers:
            op = p.ops[i]
            mixes = op.kind == "map" and p.sizes[op.args[0]] > 1
            at = 0
            for a in op.args:
                apart = mixes or a in self.alone or (p.sizes[a] > 1 and p.sizes[a] != p.sizes[i])
                at = max(at, stage.get(a, 0) + apart)
            stage[i] = at
            for a in op.args:
                if p.ops[a].kind in SUMS:
                    wanted[a] = min(wanted.get(a, at), at)
        stage |= wanted  # a sum stands where it is first used
        found: dict[tuple[int, int, int], list[int]] = {}
        for i in numbers:
            if not self._plain(i):
                alone = i in self.alone
                found.setdefault((stage[i], 0 if alone else p.sizes[i], i if alone else 0), []).append(i)
        # of one stage: scalars, then vectors, which may use them; matrices need earlier stages only
        return [(key[0], key[1], found[key]) for key in sorted(found, key=lambda k: (k[0], k[1] != 0, k[1], k[2]))]

    def _plain(self, i: int) -> bool:
        """Whether an operation is made anew wherever it is wanted; a matrix wants its vector in memory."""
        op = self.program.ops[i]
        return not op.args and op.kind not in (*SUMS, "call") and i not in self.mixed

    def _each(self, size: int, work: Callable[[], None], most: int = 0) -> None:
        """Do some work for every block of (at ``most`` so many) elements."""
        width = 1
        while width * 2 <= min(size, most or self.target.lanes):
            width *= 2
        self._narrow(size, width)
        if size == 1:
            self.element = "0"
            work()
            return
        self.names += 1
        name, before = f"each{self.names}", self.block
        self.do(f"br label %{name}")
        self.label(name)
        head = len(self.lines)
        over = self.put(f"icmp sgt i64 %{name}i, {size - width}")
        self.element = self.put(f"select i1 {over}, i64 {size - width}, i64 %{name}i")
        work()
        after = self.integer("add", f"%{name}i", width)
        more = self.put(f"icmp slt i64 {after}, {size}")
        self.lines.insert(head, f"  %{name}i = phi i64 [ 0, %{before} ], [ {after}, %{self.block} ]")
        self.do(f"br i1 {more}, label %{name}, label %{name}x")
        self.label(f"{name}x")
        self._narrow(1, 1)

    def _narrow(self, size: int, lanes: int) -> None:
        self.narrow(lanes)
        self.size = size
        self.value, self.past, self.below = {}, {}, {}

    def _group(self, members: list[int]) -> None:
        ops = self.program.ops
        for i in sorted(members, key=lambda i: ops[i].kind not in SUMS):
            value = self._member(i)
            self.value[i] = value
            if self.size == 1:
                self.scalars[i] = value
            elif i in self.kept:
                self.do(f"store {self.type} {value}, ptr {self.at(self.temps[i], self.element, 1)}, align 8")

    def _member(self, i: int) -> str:
        op = self.program.ops[i]
        if op.kind == "map" and op.data.columns > 1:
            return short_rows(self, op.data, self.temps[op.args[0]], self.element, self.lanes, self.size)
        for a in op.args:
            self._have(a)
        if op.kind == "map":
            factor = self.put(f"load {self.type}, ptr {self.at(self._matrix(op.data), self.element, 1)}, align 8")
            return self.arith("fmul", factor, self.value[op.args[0]])
        return self._sum(i) if op.kind in SUMS else self._operation(op)

    def _have(self, i: int) -> str:
        """A value in this group: made here, made anew, spread from a scalar, or read from memory."""
        if i not in self.value:
            if i in self.scalars:
                self.value[i] = self.splat(self.scalars[i])
            elif self._plain(i):
                self.value[i] = self._anew(i)
            else:
                address = self.at(self.temps[i], self.element, 1)
                self.value[i] = self.put(f"load {self.type}, ptr {address}, align 8")
        return self.value[i]

    def _anew(self, i: int) -> str:
        op = self.program.ops[i]
        if self.program.sizes[i] > 1 or op.kind not in ("leaf", "given", "input", "jet"):
            return self._operation(op)
        size, lanes, element, kind = self.size, self.lanes, self.element, self.type
        self.size, self.lanes, self.element, self.type = 1, 1, "0", "double"
        scalar = self._operation(op)
        self.size, self.lanes, self.element, self.type = size, lanes, element, kind
        return self.splat(scalar)

    # ------------------------------------------------------------------ memory
    def cell(self, pointer: str, index: str) -> str:
        """Where coefficient ``index`` of a buffer is, for the elements of this block."""
        width = self.wide_of[pointer]
        place = self.integer("mul", index, width)
        if width > 1:
            place = self.integer("add", place, self.element)
        return self.at(pointer, place, 1)

    def load(self, base: str, index: str) -> str:
        if self.wide_of[base] == 1:
            return self.splat(self.put(f"load double, ptr {self.cell(base, index)}, align 8"))
        return self.put(f"load {self.type}, ptr {self.cell(base, index)}, align 8")

    def _arrays(self) -> None:
        arrays = iter(self.arrays)
        self.wide_of: dict[str, int] = {}
        for i, b in enumerate(self.program.buffers):
            self.forward.append(next(arrays))
            self.wide_of[self.forward[i]] = self.wide[i]
            if b.reverse:
                self.reverse[i] = next(arrays)
                self.wide_of[self.reverse[i]] = self.wide[i]

    def row(self, base: str, k: str, part: int, parts: int, ahead: bool = False) -> str:
        value = "poison"
        for lane, place in enumerate(self._places(base, k, part, parts)):
            one = self.put(f"load double, ptr {place}, align 8")
            if self.lanes == 1:
                return one
            value = self.put(f"insertelement {self.type} {value}, double {one}, i32 {lane}")
        return value

    def _places(self, base: str, k: str, part: int, parts: int) -> Iterator[str]:
        """Where coefficient k of the elements of this block stands among the caller's arrays (K+1, size, n)."""
        at = self.element if k == "0" else self.integer("add", self.integer("mul", k, self.size), self.element)
        at = self.integer("add", self.integer("mul", at, "%n"), "%point")
        if parts > 1:
            at = self.integer("add", self.integer("shl", at, 1), part)
        for lane in range(self.lanes):
            if lane:
                at = self.integer("add", at, "%n" if parts == 1 else self.integer("mul", "%n", parts))
            yield self.at(base, at, 1)

    def store_row(self, base: str, k: str, values: list[str], ahead: bool = False) -> None:
        for part, value in enumerate(values):
            for lane, place in enumerate(self._places(base, k, part, len(values))):
                one = value if self.lanes == 1 else self.put(f"extractelement {self.type} {value}, i32 {lane}")
                self.do(f"store double {one}, ptr {place}, align 8")

    # ------------------------------------------------------------------ what is stored
    def _begin(self, size: int) -> None:
        p = self.program
        for i, b in enumerate(p.buffers):
            if self.wide[i] == size:
                for k, v in enumerate(b.start):
                    self._write(i, str(k), self._have(v), k > 0)
        checks = [c for c in p.checks if self._widest(c.values) == size]
        for c in checks:
            for v in c.values:
                self._have(v)
        self._poison([self.value[v] for c in checks if c.kind == "finite" for v in c.values])
        for failed in self.failures([c for c in checks if c.kind != "finite"]):
            nan = self.number(float("nan"))
            self._poison([self.put(f"select {self.bool} {failed}, {self.type} {nan}, {self.type} {self.zero}")])

    def _begin_rows(self, size: int) -> None:
        for i, root in enumerate(self.program.roots):
            if self._widest(root[0].start) == size:
                self.store_row(f"%out{i}", "0", [self._have(row.start[0]) for row in root])

    def _advance(self, size: int) -> None:
        for i, b in enumerate(self.program.buffers):
            if self.wide[i] == size and b.step is not None:
                self._write(i, "%k", self._have(b.step), True)

    def _advance_rows(self, size: int) -> None:
        for i, root in enumerate(self.program.roots):
            if self._widest(root[0].start) == size:
                for row in root:
                    for v in row.start if row.step is None else (row.step,):
                        self._have(v)
                values = [self._later(row.start, row.step) for row in root]
                self.store_row(f"%out{i}", "%k", values)
                self._poison(values)

    def _write(self, buffer: int, k: str, value: str, reverse: bool) -> None:
        """Store a coefficient; second factors hold zero at index 0."""
        self.do(f"store {self.type} {value}, ptr {self.cell(self.forward[buffer], k)}, align 8")
        if buffer in self.reverse and reverse:
            self.do(f"store {self.type} {value}, ptr {self.cell(self.reverse[buffer], k)}, align 8")

    def _poison(self, values: list[str]) -> None:
        if values:
            flag = self.put(f"load {self.type}, ptr {self.flags}, align 8")
            self.do(f"store {self.type} {self.poison(values, flag)}, ptr {self.flags}, align 8")

    # ------------------------------------------------------------------ sums and matrices
    def _sum(self, i: int) -> str:
        op = self.program.ops[i]
        a, b = op.data
        if op.kind == "half":
            middle = self.integer("lshr", self.integer("sub", "%k", 1), 1)
            first, second, count = self.integer("sub", "%k", middle), middle, middle
        else:
            below = self.integer("sub", "%k", 1)
            first, second, count = "1", below, below
        loop = self.loop("0", count)
        ahead, behind = self.integer("add", loop.index, first), self.integer("sub", second, loop.index)
        weights = self._weights(i)
        places = self.places(ahead) if weights else []
        sums: list[str] = []
        for r in range(4):
            left = self.load(self.forward[a], self.integer("add", ahead, r))
            left = self.scaled(left, weights, *places[r]) if weights else left
            sums.append(self.fma(left, self.load(self.reverse[b], self.integer("sub", behind, r)), loop.sum(r)))
        q = self.close(loop, self.type, sums)
        self.past, self.below = {}, {}
        total = self.arith("fadd", self.arith("fadd", q[0], q[2]), self.arith("fadd", q[1], q[3]))
        return self._middle(i, total) if op.kind == "half" else total

    def _map(self, i: int) -> None:
        """A matrix times a vector, lanes over rows, several blocks of rows at a time."""
        op = self.program.ops[i]
        (arg,), matrix = op.args, op.data
        if not matrix.dense:
            self._sparse(i, matrix, self.temps[arg])
            return
        width = 1
        while width * 2 <= min(matrix.rows, self.target.lanes):
            width *= 2
        blocks = min(_ROWS, -(-matrix.rows // width))
        self._narrow(matrix.rows, width)
        name = self._matrix(matrix)
        self.names += 1
        rows, before = f"rows{self.names}", self.block
        self.do(f"br label %{rows}")
        self.label(rows)
        head = len(self.lines)
        starts: list[str] = []
        for b in range(blocks):
            here = self.integer("add", f"%{rows}i", b * width)
            over = self.put(f"icmp sgt i64 {here}, {matrix.rows - width}")
            starts.append(self.put(f"select i1 {over}, i64 {matrix.rows - width}, i64 {here}"))
        self.do(f"br label %{rows}j")
        self.label(f"{rows}j")
        inner = len(self.lines)
        x = self.splat(self.put(f"load double, ptr {self.at(self.temps[arg], f'%{rows}c', 1)}, align 8"))
        column = self.integer("mul", f"%{rows}c", matrix.rows)
        sums: list[str] = []
        for b, start in enumerate(starts):
            entry = self.at(name, self.integer("add", column, start), 1)
            entries = self.put(f"load {self.type}, ptr {entry}, align 8")
            sums.append(self.fma(entries, x, f"%{rows}a{b}"))
        after = self.integer("add", f"%{rows}c", 1)
        more = self.put(f"icmp slt i64 {after}, {matrix.columns}")
        phis = [f"  %{rows}c = phi i64 [ 0, %{rows} ], [ {after}, %{rows}j ]"]
        for b, v in enumerate(sums):
            phis.append(f"  %{rows}a{b} = phi {self.type} [ {self.zero}, %{rows} ], [ {v}, %{rows}j ]")
        self.lines[inner:inner] = phis
        self.do(f"br i1 {more}, label %{rows}j, label %{rows}k")
        self.label(f"{rows}k")
        if matrix.rows > 1:
            for start, total in zip(starts, sums, strict=True):
                self.do(f"store {self.type} {total}, ptr {self.at(self.temps[i], start, 1)}, align 8")
        else:
            self.scalars[i] = sums[0]
        nexts = self.integer("add", f"%{rows}i", blocks * width)
        again = self.put(f"icmp slt i64 {nexts}, {matrix.rows}")
        self.lines.insert(head, f"  %{rows}i = phi i64 [ 0, %{before} ], [ {nexts}, %{rows}k ]")
        self.do(f"br i1 {again}, label %{rows}, label %{rows}x")
        self.label(f"{rows}x")
        self._narrow(1, 1)

    def _sparse(self, i: int, matrix: Matrix, source: str) -> None:
        """A matrix most of whose entries are 0, with one row or long ones, times a vector."""
        if matrix.counts.max() > SHORT_ROW:
            if matrix.rows == 1:
                long_rows(self, matrix, source, self.target.lanes, lambda _, total: self.scalars.update({i: total}))
                return
            long_rows(self, matrix, source, self.target.lanes, lambda row, total: self._element(i, row, total))
        else:
            self.scalars[i] = short_rows(self, matrix, source, "0", 1, 1)

    def _element(self, i: int, row: str, value: str) -> None:
        self.do(f"store double {value}, ptr {self.at(self.temps[i], row, 1)}, align 8")

    def _matrix(self, matrix: Matrix) -> str:
        """The matrix as a table, column after column."""
        if matrix not in self.matrices:
            self.matrices[matrix] = table(self, matrix.array.T.ravel())
        return self.matrices[matrix]


def _alone(matrix: Matrix) -> bool:
    """Whether a matrix needs loops of its own; those with short rows go element by element."""
    return matrix.rows == 1 or (matrix.columns > 1 and (matrix.dense or int(matrix.counts.max()) > SHORT_ROW))
