"""A step in loops over k and j, for systems that are too large to write every order down.

Sums of order k need lower orders only: they are taken first, for all of the system, in few loops that hold several
partial sums; from both ends of j, so that the newest terms come last, and squares take half of the terms, doubled.
"""

from __future__ import annotations

from typing import Any, final

from taylorad.ode.jet import Jet
from taylorad.ode.lanes import repeated
from taylorad.ode.rows import Rows
from taylorad.ode.words import vector
from taylorad.run.program import SHORT, Program
from taylorad.run.writer import Target, double

__all__ = ["Looped"]

_BUNDLE = 12  # partial sums that run side by side

Key = tuple[str, tuple[int, ...]]


@final
class Looped(Jet, Rows):
    form = "looped"

    def __init__(self, program: Program, order: int, target: Target, dim: int, controlled: int = 0) -> None:
        super().__init__(program, order, target, dim, min(target.lanes, 4), controlled)
        n, width = len(self.states), self.width
        self.arrays_of: dict[Key, int] = {}
        self.groups = [repeated(self.states[i : i + width], width) for i in range(0, n, width)]
        self.at_start = [repeated(self.starts[i : i + width], width) for i in range(0, n, width)]

    def text(self) -> list[str]:
        return [*self.lines[: self.place], *self.head, *self.lines[self.place :]]

    def before(self) -> str:
        K = self.order
        rows = {
            "reciprocal": [0.0, *(1 / k for k in range(1, K + 1))],
            "middle": [-1.0 if k == 2 else float(k > 2 and k % 2 == 0) for k in range(K + 1)],
        }
        return "\n".join(
            f"@{name} = internal constant [{K + 1} x double] [{', '.join(f'double {double(x)}' for x in row)}], align 8"
            for name, row in rows.items()
        )

    # ------------------------------------------------------------------ the parts of a step
    def first(self) -> str:
        self.place = len(self.lines)
        self.head = []
        w = self.width
        slopes = [self.buffers[b].start[0] for b in self.slopes]
        self._keep("0", self.at_start)
        self._keep("1", [repeated(slopes[i : i + w], w) for i in range(0, len(slopes), w)])
        return self.failed()

    def _keep(self, k: str, groups: list[tuple[int, ...]]) -> None:
        for b, t in enumerate(groups):
            found = self.value(t)
            place = self.integer("add", self.integer("mul", k, self.stride), b * self.width)
            self.keep(found, self.at("%row", place, 1))

    # ------------------------------------------------------------------ values
    def special(self, t: tuple[int, ...]) -> str | None:
        ops = [self.ops[i] for i in t]
        kind = ops[0].kind
        if any(op.kind != kind for op in ops):
            return None
        match kind:
            case "leaf":
                return self.leaf([op.data for op in ops])
            case "order":
                return "%kf" if len(t) == 1 else None
            case "reciprocal":
                return self._number("reciprocal") if len(t) == 1 else None
            case "coef":
                return self._earlier((ops[0].data,), 0) if len(t) == 1 else None
            case "back":
                offset = ops[0].data[1]
                buffers = tuple(op.data[0] for op in ops)
                moving = all(self.buffers[b].step is not None for b in buffers)
                same = all(op.data[1] == offset for op in ops)
                return self._earlier(buffers, offset) if len(t) == 1 or (same and moving) else None
            case _:
                return None

    def _number(self, table: str) -> str:
        return self.put(f"load double, ptr {self.at(f'@{table}', '%k', 1)}, align 8")

    def _earlier(self, buffers: tuple[int, ...], offset: int) -> str:
        """Coefficient k − offset of some buffers."""
        index = "%k" if offset == 0 else self.integer("sub", "%k", offset)
        return self._load(self._array(("back", buffers)), index, len(buffers))

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

    def others(self) -> None:
        before = self.block
        self.do("br label %order")
        self.label("order")
        head = len(self.lines)
        self.do("%kf = uitofp i64 %k to double")
        self._keep("%k", self.groups)
        last = self.put(f"icmp eq i64 %k, {self.order}")
        self.do(f"br i1 {last}, label %swept, label %sums")
        self.label("sums")
        self._sums()
        stored: set[Key] = set()
        for pack in self.packs:
            for t in self.factors(pack):
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
        self.lines.insert(head, f"  %k = phi i64 [ 1, %{before} ], [ {after}, %{self.block} ]")
        self.do("br label %order")
        self.label("swept")

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
            a, b = self.factors(pack)
            kind = vector(len(pack))
            sides = [(f"%{name}j", f"%{name}r")]
            if self.ops[pack[0]].kind == "old":
                sides.append((f"%{name}r", f"%{name}j"))
            names: list[str] = []
            for s, (i, j) in enumerate(sides):
                total = f"%{name}a{p}x{s}"
                new = self.fma(at(a, i), at(b, j), total, kind)
                zero = self.same(0.0, len(pack))
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
        weight = self._number("middle")
        weights = {w: self.fill(weight, w) for w in sorted({len(pack) for pack in packs})}
        for pack, totals in zip(packs, ends, strict=True):
            a, b = self.factors(pack)
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
