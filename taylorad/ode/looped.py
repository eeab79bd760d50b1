"""A step in loops over k and j, for systems that are too large to write every order down.

Sums of order k need lower orders only: they are taken first, for all of the system, in few loops that hold several
partial sums; squares take half of the terms, doubled.
"""

from __future__ import annotations

from typing import Any, final

from taylorad.ode.jet import Jet
from taylorad.ode.lanes import repeated
from taylorad.ode.rows import Rows
from taylorad.run.program import SHORT, Program
from taylorad.run.writer import Target, double, same, vector

__all__ = ["Looped"]

_BUNDLE = 8  # partial sums that are held side by side

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
            "middle": [float(k > 0 and k % 2 == 0) for k in range(K + 1)],
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
    def _place(self, key: Key) -> int:
        """Where coefficient 0 of an array stands in ``memory``; sums look at 1 … K−1 alone."""
        if key not in self.arrays_of:
            size, back = 8 * len(key[1]), key[0] == "back"
            self.arrays_of[key] = self.room + size * (SHORT if back else -1)
            self.room += -(-size * (self.order + 1 + SHORT if back else self.order - 1) // 32) * 32
        return self.arrays_of[key]

    def _array(self, key: Key) -> str:
        return self.put(f"getelementptr i8, ptr %memory, i64 {self._place(key)}")

    def _load(self, base: str, index: str, width: int) -> str:
        return self.put(f"load {vector(width)}, ptr {self.at(base, index, width)}, align 8")

    def others(self) -> None:
        before, w = self.block, self.width
        self.do("br label %order")
        self.label("order")
        head = len(self.lines)
        self.do("%kf = uitofp i64 %k to double")
        for b, t in enumerate(self.groups):
            place = self.integer("add", self.integer("mul", "%k", self.stride), b * w)
            self.now[t] = self.fetch(self.at("%row", place, 1))
            self.settle(t, self.now[t])
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
        after = self.integer("add", "%k", 1)
        inverse = self.fill(self.put(f"load double, ptr {self.at('@reciprocal', after, 1)}, align 8"), w)
        slopes = repeated(self.slopes, self.stride)
        found = [self._slope(slopes[b * w : (b + 1) * w]) for b in range(self.blocks)]
        while len(stored) < len(self.arrays_of):
            key = next(key for key in self.arrays_of if key not in stored)
            stored.add(key)
            self._store(key)
        for b, f in enumerate(found):
            place = self.integer("add", self.integer("mul", after, self.stride), b * w)
            self.keep(self.arith("fmul", f, inverse, self.kind), self.at("%row", place, 1))
        self.lines.insert(head, f"  %k = phi i64 [ 1, %{before} ], [ {after}, %{self.block} ]")
        more = self.put(f"icmp slt i64 {after}, {self.order}")
        self.do(f"br i1 {more}, label %order, label %swept")
        self.label("swept")

    def _slope(self, buffers: tuple[int, ...]) -> str:
        """Coefficient k of some derivatives."""
        steps = tuple(step for b in buffers if (step := self.buffers[b].step) is not None)
        if len(steps) == len(buffers):
            return self.value(steps)
        if len(buffers) == 1:
            return self._earlier(buffers, 0)
        half = len(buffers) // 2
        return self.joined(self._slope(buffers[:half]), self._slope(buffers[half:]), half)

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

    # ------------------------------------------------------------------ sums
    def _sums(self) -> None:
        """All sums of order k. Those that share factors run in one loop, which loads them once."""
        for width in (1, 2, 4, 8):
            bundle: list[tuple[int, ...]] = []
            for cluster in self._clusters([pack for pack in self.packs if len(pack) == width]):
                if bundle and len(bundle) + len(cluster) > _BUNDLE:
                    self._bundle(bundle, width)
                    bundle = []
                for pack in cluster:
                    bundle.append(pack)
                    if len(bundle) == _BUNDLE:
                        self._bundle(bundle, width)
                        bundle = []
            if bundle:
                self._bundle(bundle, width)

    def _clusters(self, packs: list[tuple[int, ...]]) -> list[list[tuple[int, ...]]]:
        """Packs that hang together by their factors."""
        found: list[tuple[set[tuple[int, ...]], list[tuple[int, ...]]]] = []
        for pack in packs:
            factors, members = set(self.factors(pack)), [pack]
            for old in [old for old in found if old[0] & factors]:
                found.remove(old)
                factors, members = factors | old[0], old[1] + members
            found.append((factors, members))
        return [members for _, members in found]

    def _bundle(self, packs: list[tuple[int, ...]], width: int) -> None:
        """Σ a_j·b_{k−j}, j = 1 … k−1, side by side, from both ends of j; what is in the middle comes last."""
        before, name, size, kind = self.block, f"sum{self.names}", 8 * width, vector(width)
        some = self.put("icmp sgt i64 %k, 2")
        self.do(f"br i1 {some}, label %{name}, label %{name}x")
        self.label(name)
        head = len(self.lines)
        whole = self.integer("mul", "%k", size)
        loaded: dict[Any, str] = {}
        moved: dict[str, str] = {}

        def at(t: tuple[int, ...], offset: str) -> str:
            if (t, offset) not in loaded:
                if offset not in moved:
                    moved[offset] = self.put(f"getelementptr i8, ptr %memory, i64 {offset}")
                address = self.put(f"getelementptr i8, ptr {moved[offset]}, i64 {self._place(('sum', t))}")
                loaded[t, offset] = self.fetch(address, width)
            return loaded[t, offset]

        ahead = f"%{name}o"
        back = self.integer("sub", whole, ahead)
        zero = same(0.0, width)
        phis: list[str] = []
        outs: list[str] = []
        for p, pack in enumerate(packs):
            a, b = self.factors(pack)
            total = f"%{name}a{p}"
            new = self.fma(at(a, ahead), at(b, back), total, kind)
            if a != b:
                new = self.fma(at(a, back), at(b, ahead), new, kind)
            phis.append(f"  {total} = phi {kind} [ {zero}, %{before} ], [ {new}, %{name} ]")
            outs.append(f"  {total}e = phi {kind} [ {zero}, %{before} ], [ {new}, %{name} ]")
        after = self.integer("add", ahead, size)
        more = self.put(f"icmp slt i64 {self.integer('shl', after, 1)}, {whole}")
        self.lines[head:head] = [f"  {ahead} = phi i64 [ {size}, %{before} ], [ {after}, %{name} ]", *phis]
        self.do(f"br i1 {more}, label %{name}, label %{name}x")
        self.label(f"{name}x")
        self.lines += outs
        loaded.clear()
        moved.clear()
        # for odd k any place will do, since its weight is 0; but 0 is no place
        middle = self.integer("mul", self.integer("lshr", self.integer("add", "%k", 1), 1), size)
        weight = self.fill(self._number("middle"), width)
        weighted: dict[tuple[int, ...], str] = {}
        for p, pack in enumerate(packs):
            a, b = self.factors(pack)
            if b not in weighted:
                weighted[b] = self.arith("fmul", at(b, middle), weight, kind)
            total = f"%{name}a{p}e"
            if a == b:
                total = self.arith("fadd", total, total, kind)
            self.now[pack] = total = self.fma(at(a, middle), weighted[b], total, kind)
            self.settle(pack, total)
