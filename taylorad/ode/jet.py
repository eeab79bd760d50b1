"""LLVM IR of one step's series: all coefficients of the states, from their values.

The function is ``i1 jet(ptr y, ptr t, ptr args, ptr row, ptr memory)``; it writes coefficient k of component i to
``row[k·stride + i]`` and returns whether some function has no series there. Both forms are written from the same
looped program: the unrolled form writes every order down, the looped form runs over k and j and keeps what the sums
look back at in ``memory``, which must be zero at first.

Sums run from the middle of j outwards, so that the newest terms come last, in two partial sums; a square takes half
of them, doubled. All multiply-adds are fused where the processor can.
"""

from __future__ import annotations

from typing import Any

from taylorad.errors import CompilationError
from taylorad.ode.lanes import Lanes, repeated, vector
from taylorad.ode.packs import Sums
from taylorad.run.program import SHORT, SUMS, Check, Program
from taylorad.run.writer import Target, double

__all__ = ["Jet"]

_BUNDLE = 12  # partial sums that run side by side
_FEW = 4  # sums of a system that is limited by the wait from one order to the next, not by the work
_LONG = 6  # terms from which two chains are shorter than one

Key = tuple[str, tuple[int, ...]]


class Jet(Lanes):
    """The text of the function; ``lines`` estimates tell the caller which form to take."""

    def __init__(self, program: Program, order: int, target: Target, dim: int, unrolled: bool) -> None:
        if program.givens:
            name = type(program.givens[0].node).__name__
            raise CompilationError(f"no machine code for a {name} node: the interpreter integrates this system")
        states = [row.step for root in program.roots for row in root]
        width = 1 << (min(target.lanes, 4, len(states)) - 1).bit_length()
        super().__init__(program, target, width)
        few = unrolled and sum(program.ops[i].kind in SUMS for i in program.step) <= _FEW
        sums = Sums(program, 1 if few else min(target.lanes, 4))
        self.apart = few
        self.program, self.order, self.dim, self.unrolled = program, order, dim, unrolled
        self.ops, self.buffers, self.packs = sums.ops, sums.buffers, sums.packs
        self.uses = [t for pack in self.packs for t in sums.uses(pack)]
        self.moving |= set(sums.added)
        self.pack_of = {i: pack for pack in reversed(self.packs) for i in pack}
        self.k = 0
        self.past: dict[tuple[tuple[int, ...], int], str] = {}
        self.wanted: list[tuple[int, ...]] = []  # buffers that later orders look back at
        self.arrays_of: dict[Key, int] = {}
        self.room = 0
        self.states = states
        self.blocks = [
            repeated([s for s in states[i : i + width] if s is not None], width) for i in range(0, len(states), width)
        ]
        self.starts = [
            repeated([row.start[0] for root in program.roots for row in root][i : i + width], width)
            for i in range(0, len(states), width)
        ]

    @property
    def stride(self) -> int:
        """Numbers in a row of coefficients."""
        return self.width * len(self.blocks)

    def text(self) -> str:
        """The function; then ``room`` is the number of bytes that it needs at ``memory``."""
        self.label("entry")
        self.head = self.lines
        self._keep("0", self.starts)
        bad = self._failed()
        if self.unrolled:
            self._orders()
            body = self.lines
        else:
            steps = self._loop()
            body = [*self.head, *steps]
        tables = "" if self.unrolled else self._tables()
        start = "define internal i1 @jet(ptr %y, ptr %t, ptr %args, ptr %row, ptr %memory) nounwind {"
        return "\n".join([tables, start, *body, f"  ret i1 {bad}", "}", ""])

    def _tables(self) -> str:
        K = self.order
        rows = {
            "reciprocal": [0.0, *(1 / k for k in range(1, K + 1))],
            "middle": [-1.0 if k == 2 else float(k > 2 and k % 2 == 0) for k in range(K + 1)],
        }
        return "\n".join(
            f"@{name} = internal constant [{K + 1} x double] [{', '.join(f'double {double(x)}' for x in row)}], align 8"
            for name, row in rows.items()
        )

    def _keep(self, k: str, blocks: list[tuple[int, ...]]) -> None:
        if self.apart:  # through vectors the way from one order to the next would be longer
            for i, op in enumerate(sum(blocks, ())):
                found = self.value((op,))
                place = self.integer("add", self.integer("mul", k, self.stride), i)
                self.do(f"store double {found}, ptr {self.at('%row', place, 1)}, align 8")
            return
        for b, t in enumerate(blocks):
            found = self.value(t)
            place = self.integer("add", self.integer("mul", k, self.stride), b * self.width)
            self.do(f"store {vector(self.width)} {found}, ptr {self.at('%row', place, 1)}, align 8")

    def _failed(self) -> str:
        """Whether a check of the program fails at order 0."""
        bad, flag = "false", double(0.0)
        for check in self.program.checks:
            if check.kind == "finite":
                flag = self.fma(self.value(check.values[:1]), double(0.0), flag)
            for test in self._tests(check):
                bad = self.put(f"or i1 {bad}, {test}")
        return self.put(f"or i1 {bad}, {self.poisoned(flag)}")

    def _tests(self, check: Check) -> list[str]:
        values = [self.value((i,)) for i in check.values]
        if check.kind == "inside":
            bounds = zip(check.data, ("ule", "uge"), strict=True)
            return [self.put(f"fcmp {o} double {values[0]}, {double(b)}") for b, o in bounds if b is not None]
        if check.kind == "nonzero":
            zero = [self.put(f"fcmp oeq double {x}, {double(0.0)}") for x in values]
            return [zero[0] if len(zero) == 1 else self.put(f"and i1 {zero[0]}, {zero[1]}")]
        return []

    # ------------------------------------------------------------------ what is not arithmetic
    def special(self, t: tuple[int, ...]) -> str | None:
        ops = [self.ops[i] for i in t]
        kind = ops[0].kind
        if any(op.kind != kind for op in ops):
            return None
        match kind:
            case "leaf":
                return self._leaf([op.data for op in ops])
            case "order":
                return double(self.k) if self.unrolled else "%kf"
            case "reciprocal":
                return (
                    double(1 / self.k)
                    if self.unrolled
                    else self.put(f"load double, ptr {self.at('@reciprocal', '%k', 1)}, align 8")
                )
            case "coef":
                return self._earlier((ops[0].data,), 0) if len(t) == 1 else None
            case "back":
                offset = ops[0].data[1]
                buffers = tuple(op.data[0] for op in ops)
                moving = all(self.buffers[b].step is not None for b in buffers)
                same = all(op.data[1] == offset for op in ops)
                return self._earlier(buffers, offset) if len(t) == 1 or (same and moving) else None
            case "old" | "half" if self.unrolled:
                pack = self.pack_of[t[0]]
                if pack not in self.now:
                    self.now[pack] = self._written(pack)
                    self.settle(pack, self.now[pack])
                return self.now[pack] if t == pack else self._shuffled(t) if len(pack) > 1 else None
            case _:
                return None

    def _leaf(self, data: list[tuple[int, int, int]]) -> str | None:
        number, k, part = data[0]
        if number == self.dim:
            if len(data) > 1:
                return None
            if part or k > 1:
                return double(0.0)
            return double(1.0) if k else self.put("load double, ptr %t, align 8")
        base, first = ("%y", number) if number < self.dim else ("%args", number - self.dim - 1)
        place = self.parts * first + part
        for lane, (other, _, its) in enumerate(data):
            inside = (other < self.dim) == (number < self.dim) and other != self.dim
            if not inside or self.parts * (other - number) + its - part != lane:
                return None
        return self.put(f"load {vector(len(data))}, ptr {self.at(base, str(place), 1)}, align 8")

    def _earlier(self, buffers: tuple[int, ...], offset: int) -> str:
        """Coefficient k − offset of some buffers."""
        if not self.unrolled:
            base = self._array(("back", buffers))
            index = "%k" if offset == 0 else self.integer("sub", "%k", offset)
            return self._load(base, index, len(buffers))
        k = self.k - offset
        if all(self.buffers[b].step is not None for b in buffers):
            if buffers not in self.wanted:
                self.wanted.append(buffers)
            if k > 0:
                return self._known(buffers, k)
        found = [self.buffers[b].start for b in buffers]
        if any(k < 0 or k >= len(start) for start in found):
            return double(0.0)
        return self.value(tuple(start[k] for start in found))

    # ------------------------------------------------------------------ every order written down
    def _orders(self) -> None:
        for k in range(1, self.order + 1):
            self._enter(k)
            self._keep(str(k), self.blocks)
            if k < self.order:
                for pack in self.packs:
                    for t in self._factors(pack):
                        self._known(t, k)
                for t in self.uses:
                    self.value(t)
                kept = 0
                while kept < len(self.wanted):
                    self._known(self.wanted[kept], k)
                    kept += 1

    def _enter(self, k: int) -> None:
        self.k, self.now, self.home = k, {}, {}

    def _known(self, buffers: tuple[int, ...], k: int) -> str:
        """Coefficient k of some buffers, kept; it must be asked for at order k first."""
        if (buffers, k) not in self.past:
            assert k == self.k, "a coefficient was not kept at its order"
            steps = [self.buffers[b].step for b in buffers]
            self.past[buffers, k] = self.value(tuple(s for s in steps if s is not None))
        return self.past[buffers, k]

    def _factors(self, pack: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        data = [self.ops[i].data for i in pack]
        return tuple(a for a, _ in data), tuple(b for _, b in data)

    def _written(self, pack: tuple[int, ...]) -> str:
        a, b = self._factors(pack)
        kind, k = vector(len(pack)), self.k
        half = self.ops[pack[0]].kind == "half"
        pairs = [j for j in range(1, k) if not half or 2 * j < k]
        pairs.sort(key=lambda j: (abs(2 * j - k), j))
        middle = [k // 2] if half and k % 2 == 0 else []
        chains = [pairs[1::2], pairs[0::2]] if len(pairs) >= _LONG else [pairs]
        totals = [found for chain in chains if (found := self._chain(a, b, chain, kind))]
        total = totals[0] if len(totals) == 1 else self.arith("fadd", totals[0], totals[1], kind) if totals else ""
        if half and total:
            total = self.arith("fadd", total, total, kind)
        return self._chain(a, b, middle, kind, total) or self.constant([0.0] * len(pack))

    def _chain(self, a: tuple[int, ...], b: tuple[int, ...], js: list[int], kind: str, total: str = "") -> str:
        for j in js:
            x, y = self._known(a, j), self._known(b, self.k - j)
            total = self.fma(x, y, total, kind) if total else self.arith("fmul", x, y, kind)
        return total

    # ------------------------------------------------------------------ loops over k and j
    def _array(self, key: Key) -> str:
        """The address of coefficient 0 in an array of ``memory``."""
        if key not in self.arrays_of:
            size = 8 * len(key[1]) * (self.order + 1 + SHORT)
            self.arrays_of[key] = self.room + 8 * len(key[1]) * SHORT
            self.room += -(-size // 32) * 32
        return self.put(f"getelementptr i8, ptr %memory, i64 {self.arrays_of[key]}")

    def _load(self, base: str, index: str, width: int) -> str:
        return self.put(f"load {vector(width)}, ptr {self.at(base, index, width)}, align 8")

    def _loop(self) -> list[str]:
        self.lines = []
        self.lines += ["  br label %step", "step:", "", "  %kf = uitofp i64 %k to double"]
        self.block = "step"
        self._keep("%k", self.blocks)
        last = self.put(f"icmp eq i64 %k, {self.order}")
        self.do(f"br i1 {last}, label %swept, label %sums")
        self.label("sums")
        self._sums()
        stored: set[Key] = set()
        for pack in self.packs:
            for t in self._factors(pack):
                key = ("sum", t)
                self._array(key)
                if key not in stored:
                    stored.add(key)
                    self._store(key)
        for t in self.uses:
            self.value(t)
        while len(stored) < len(self.arrays_of):
            key = next(key for key in self.arrays_of if key not in stored)
            stored.add(key)
            self._store(key)
        after = self.integer("add", "%k", 1)
        self.lines[2] = f"  %k = phi i64 [ 1, %entry ], [ {after}, %{self.block} ]"
        self.do("br label %step")
        self.label("swept")
        return self.lines

    def _store(self, key: Key) -> None:
        what, buffers = key
        width = len(buffers)
        if what == "back":
            lines, self.lines = self.lines, self.head
            base = self._array(key)
            for k in range(1 if width > 1 else len(self.buffers[buffers[0]].start)):
                first = self.value(tuple(self.buffers[b].start[k] for b in buffers))
                self.do(f"store {vector(width)} {first}, ptr {self.at(base, str(k), width)}, align 8")
            self.lines = lines
        steps = [self.buffers[b].step for b in buffers]
        if None not in steps:
            found = self.value(tuple(s for s in steps if s is not None))
            self.do(f"store {vector(width)} {found}, ptr {self.at(self._array(key), '%k', width)}, align 8")

    def _sums(self) -> None:
        bundle: list[tuple[int, ...]] = []
        used = 0
        for pack in self.packs:
            need = 1 if self.ops[pack[0]].kind == "half" else 2
            if used + need > _BUNDLE:
                self._bundle(bundle)
                bundle, used = [], 0
            bundle.append(pack)
            used += need
        if bundle:
            self._bundle(bundle)

    def _bundle(self, packs: list[tuple[int, ...]]) -> None:
        before, name = self.block, f"sum{self.names}"
        some = self.put("icmp sgt i64 %k, 4")
        self.do(f"br i1 {some}, label %{name}, label %{name}x")
        self.label(name)
        head = len(self.lines)
        self.integer_as(f"%{name}r", "sub", "%k", f"%{name}j")
        loaded: dict[Any, str] = {}

        def at(t: tuple[int, ...], index: str) -> str:
            if (t, index) not in loaded:
                loaded[t, index] = self._load(self._array(("sum", t)), index, len(t))
            return loaded[t, index]

        phis: list[str] = []
        ends: list[list[str]] = []
        outs: list[str] = []
        for p, pack in enumerate(packs):
            a, b = self._factors(pack)
            kind = vector(len(pack))
            sides = [(f"%{name}j", f"%{name}r")]
            if self.ops[pack[0]].kind == "old":
                sides.append((f"%{name}r", f"%{name}j"))
            names: list[str] = []
            for s, (i, j) in enumerate(sides):
                total = f"%{name}a{p}x{s}"
                new = self.fma(at(a, i), at(b, j), total, kind)
                zero = self.constant([0.0] * len(pack))
                phis.append(f"  {total} = phi {kind} [ {zero}, %{before} ], [ {new}, %{name} ]")
                outs.append(f"  {total}e = phi {kind} [ {zero}, %{before} ], [ {new}, %{name} ]")
                names.append(f"{total}e")
            ends.append(names)
        after = self.integer("add", f"%{name}j", 1)
        more = self.put(f"icmp slt i64 {self.integer('shl', after, 1)}, %k")
        self.lines[head:head] = [f"  %{name}j = phi i64 [ 2, %{before} ], [ {after}, %{name} ]", *phis]
        self.do(f"br i1 {more}, label %{name}, label %{name}x")
        self.label(f"{name}x")
        self.lines += outs
        loaded.clear()
        middle = self.integer("lshr", "%k", 1)
        last = self.integer("sub", "%k", 1)
        weight = self.put(f"load double, ptr {self.at('@middle', '%k', 1)}, align 8")
        weights = {w: self.fill(weight, w) for w in sorted({len(pack) for pack in packs})}
        for pack, totals in zip(packs, ends, strict=True):
            a, b = self._factors(pack)
            kind = vector(len(pack))
            mid = self.arith("fmul", at(a, middle), weights[len(pack)], kind)
            if len(totals) == 2:
                total = self.arith("fadd", totals[0], totals[1], kind)
                total = self.fma(mid, at(b, middle), total, kind)
                total = self.fma(at(a, "1"), at(b, last), total, kind)
                total = self.fma(at(a, last), at(b, "1"), total, kind)
            else:
                total = self.fma(at(a, "1"), at(b, last), totals[0], kind)
                total = self.fma(mid, at(b, middle), self.arith("fadd", total, total, kind), kind)
            self.now[pack] = total
            self.settle(pack, total)

    def integer_as(self, name: str, op: str, a: str, b: str) -> None:
        self.do(f"{name} = {op} i64 {a}, {b}")
