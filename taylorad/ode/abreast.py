"""Members of an ensemble side by side in vectors: what their series need, and what happens to single lanes.

A lane whose member has ended takes the next one from a counter that all threads share; see
:mod:`taylorad.ode.wide` for what the lanes do meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from taylorad.ode.layout import PAD, TAIL, Action, Layout, Real, Result, Shared, Whole
from taylorad.run.emit import Emitter
from taylorad.run.program import Program
from taylorad.run.writer import Target, double

__all__ = ["Abreast"]

_SUMS = 8  # sums in one loop, each in one register


class _Turn:
    """One turn of an open loop: its number, and the values it carries on."""

    def __init__(self, index: str, old: list[str]) -> None:
        self.index, self.old, self.new = index, old, old


class Abreast(Emitter):
    """Words of the code, and its scalar parts; ``lanes`` members at a time."""

    def __init__(self, program: Program, order: int, dim: int, n_args: int, lanes: int, target: Target) -> None:
        super().__init__(program, lanes, target)
        self.order, self.components = order, dim
        self.tilted = sorted({program.ops[i].data[0] for i in program.step if program.ops[i].kind == "weighted"})
        arrays = len(program.buffers) + len(self.tilted)
        self.layout = Layout(dim * program.parts, n_args * program.parts, order, program.parts, arrays)
        self.bundle = max(1, _SUMS * target.lanes // lanes)
        self.integers = f"<{lanes} x i64>"
        self.functions: dict[str, str] = {}
        self.homes = self._homes()

    # ------------------------------------------------------------------ what the series read and write
    def _homes(self) -> dict[str, int]:
        """Where the names that the series use stand in memory; and the names of the arrays."""
        layout, parts, dim = self.layout, self.layout.parts, self.components
        homes = {f"%out{i}": layout.rows + i * parts for i in range(dim)}
        for i in range(len(self.program.degrees)):
            first = i * parts if i < dim else layout.time if i == dim else layout.given + (i - dim - 1) * parts
            homes[f"%in{i}"] = first
        for i, buffer in enumerate(self.program.buffers):
            homes[f"%array{i}"] = layout.memory + i * layout.length + PAD
            self.arrays += [f"%array{i}"] * (1 + buffer.reverse)
        for i, buffer in enumerate(self.tilted, len(self.program.buffers)):
            homes[f"%tilted{buffer}"] = layout.memory + i * layout.length + PAD
        return homes

    def at(self, base: str, index: str, size: int = 0) -> str:
        if base in self.homes:  # an address where it is used: hundreds that live throughout would fill the registers
            base = self.put(f"getelementptr {self.type}, ptr %memory, i64 {self.homes[base]}")
        return super().at(base, index, size)

    def row(self, base: str, k: str, part: int, parts: int, ahead: bool = False) -> str:
        return self.load(base, str(int(k) * self.layout.parts + part))

    def store_row(self, base: str, k: str, values: list[str], ahead: bool = False) -> None:
        place = self.integer("mul", k, self.layout.dim)
        for part, value in enumerate(values):
            self.keep(value, self.at(base, self.integer("add", place, part)))

    def poison(self, values: list[str], flag: str) -> str:
        """Not at every order: what is not finite once is so in the state at the end of the step."""
        return flag if flag == "%flag" else super().poison(values, flag)

    def _indices(self) -> None:
        super()._indices()
        second = self.put("icmp eq i64 %k, 2")
        self.do(f"%first = select i1 {second}, i64 -1, i64 1")  # where there is a zero

    def _first(self, buffer: int) -> str:
        """Coefficient 1, or 0 at orders 1 and 2, where j = 1 and j = k−1 are one term or none."""
        if (buffer, "first") not in self.past:
            self.past[buffer, "first"] = self.load(self.forward[buffer], "%first")
        return self.past[buffer, "first"]

    def library(self, symbol: str, args: Sequence[str], lanes: int) -> str:
        if symbol.startswith("llvm."):
            return super().library(symbol, args, lanes)
        if symbol not in self.functions:
            self.functions[symbol] = self._function(symbol, len(args))
        return self.put(f"call {self.type} @lanes.{symbol}({', '.join(f'{self.type} {a}' for a in args)})")

    def _function(self, symbol: str, arity: int) -> str:
        """A function of the C library for all lanes; in one place, because every call costs the code around it."""
        names = [f"%x{i}" for i in range(arity)]
        lines, self.lines = self.lines, []
        self.do(f"ret {self.type} {super().library(symbol, names, self.lanes)}")
        body, self.lines = self.lines, lines
        head = f"define internal {self.type} @lanes.{symbol}({', '.join(f'{self.type} {x}' for x in names)})"
        return "\n".join([f"{head} noinline nounwind {{", *body, "}", ""])

    def _keep(self, buffer: int, k: str, value: str, known: int | None) -> None:
        """Coefficient k, and k times it where a weighted sum looks for it."""
        stored = [(self.forward[buffer], value)]
        if buffer in self.tilted:
            weight = self.splat("%kf") if known is None else self.number(float(known))
            stored.append((f"%tilted{buffer}", self.arith("fmul", value, weight)))
        for base, number in stored:
            self.keep(number, self.at(base, k))
            if known == 0 and self.program.buffers[buffer].step is not None:
                self.keep(self.zero, self.at(base, "1"))  # order 1 looks there before it writes

    def _sums(self, sums: list[int], kind: str) -> None:
        """Weighted sums run in the loops of plain ones: to leave a loop costs as much as some of its turns."""
        if kind == "old":
            sums = [i for i in self.program.step if self.program.ops[i].kind in ("old", "weighted")]
        if kind != "weighted":
            super()._sums(sums, kind)

    def _lanes(self, bundle: list[int], first: str, second: str, count: str) -> list[str]:
        """One partial sum of each: sums of one loop, and lanes, are work enough while another one is under way.

        Σ (p·j + q·(k−j))·a_j·b_{k−j} is q·k·Σ a_j·b_{k−j} + (p−q)·Σ (j·a_j)·b_{k−j}.
        """
        terms: list[tuple[str, str]] = []
        for i in bundle:
            a, b = (self.forward[x] for x in self.program.ops[i].data)
            terms.append((a, b))
            if self._weights(i):
                terms.append((f"%tilted{self.program.ops[i].data[0]}", b))
        with self.each(count, [self.zero] * len(terms)) as turn:
            j, rest = self.integer("add", turn.index, first), self.integer("sub", second, turn.index)
            loaded: dict[tuple[str, str], str] = {}

            def factor(base: str, index: str) -> str:
                if (base, index) not in loaded:
                    loaded[base, index] = self.load(base, index)
                return loaded[base, index]

            turn.new = [
                self.fma(factor(a, j), factor(b, rest), total) for (a, b), total in zip(terms, turn.old, strict=True)
            ]
        totals = iter(turn.new)
        out: list[str] = []
        for i in bundle:
            total, weights = next(totals), self._weights(i)
            if weights:
                whole = self.arith("fmul", self.arith("fmul", weights[1], self.splat("%kf")), total)
                total = self.fma(self.arith("fsub", weights[0], weights[1]), next(totals), whole)
            out.append(total)
        return out

    # ------------------------------------------------------------------ words
    def keep(self, value: str, address: str, kind: str = "") -> None:
        self.do(f"store {kind or self.type} {value}, ptr {address}, align 8")

    def vector(self, place: int | str) -> str:
        """The address of a vector in memory."""
        return self.at("%memory", str(place))

    def real(self, which: Real) -> str:
        return self.fetch(self.vector(self.layout.real + which))

    def set_real(self, which: Real, value: str) -> None:
        self.keep(value, self.vector(self.layout.real + which))

    def whole(self, which: Whole) -> str:
        return self.fetch(self.vector(self.layout.whole + which), self.integers)

    def set_whole(self, which: Whole, value: str) -> None:
        self.keep(value, self.vector(self.layout.whole + which), self.integers)

    def fetch(self, address: str, kind: str = "") -> str:
        """A load that stays one: else a choice between it and a new value became a masked store, which is slow."""
        return self.put(f"load volatile {kind or self.type}, ptr {address}, align 8")

    def same(self, value: int, kind: str = "i64") -> str:
        return "<" + ", ".join([f"{kind} {value}"] * self.lanes) + ">"

    def both(self, a: str, *more: str) -> str:
        for b in more:
            a = self.put(f"and {self.bool} {a}, {b}")
        return a

    def either(self, a: str, b: str) -> str:
        return self.put(f"or {self.bool} {a}, {b}")

    def inverse(self, a: str) -> str:
        return self.put(f"xor {self.bool} {a}, {'<' + ', '.join(['i1 true'] * self.lanes) + '>'}")

    def test(self, order: str, a: str, b: str) -> str:
        return self.put(f"fcmp {order} {self.type} {a}, {b}")

    def compare(self, order: str, a: str, b: str) -> str:
        return self.put(f"icmp {order} {self.integers} {a}, {b}")

    def chosen(self, mask: str, a: str, b: str, kind: str = "") -> str:
        kind = kind or self.type
        return self.put(f"select {self.bool} {mask}, {kind} {a}, {kind} {b}")

    def some(self, mask: str) -> str:
        bits = self.put(f"bitcast {self.bool} {mask} to i{self.lanes}")
        return self.put(f"icmp ne i{self.lanes} {bits}, 0")

    def absolute(self, x: str) -> str:
        return self.call(self.type, f"llvm.fabs.v{self.lanes}f64", (self.type, x))

    def better(self, order: str, a: str, b: str) -> str:
        return self.chosen(self.test(order, a, b), a, b)

    def branch(self, test: str, yes: str, no: str) -> None:
        self.do(f"br i1 {test}, label %{yes}, label %{no}")

    def scalar(self, base: str, place: str, kind: str = "double") -> str:
        address = self.put(f"getelementptr {kind}, ptr {base}, i64 {place}")
        return self.put(f"load {kind}, ptr {address}, align 8")

    def set_scalar(self, value: str, base: str, place: str, kind: str = "double") -> None:
        address = self.put(f"getelementptr {kind}, ptr {base}, i64 {place}")
        self.do(f"store {kind} {value}, ptr {address}, align 8")

    @contextmanager
    def each(self, count: int | str, carried: Sequence[str] = ()) -> Generator[_Turn]:
        """A loop of ``count`` turns, at least one if that is a number; ``new`` holds what ``carried`` has become."""
        name, before, maybe = f"each{self.names}", self.block, isinstance(count, str)
        if maybe:
            self.branch(self.put(f"icmp sgt i64 {count}, 0"), name, f"{name}x")
        else:
            self.do(f"br label %{name}")
        self.label(name)
        head = len(self.lines)
        turn = _Turn(f"%{name}i", [f"%{name}c{i}" for i in range(len(carried))])
        yield turn
        after = self.integer("add", turn.index, 1)
        more = self.put(f"icmp slt i64 {after}, {count}")
        last = self.block
        phis = [f"  {turn.index} = phi i64 [ 0, %{before} ], [ {after}, %{last} ]"]
        for old, first, new in zip(turn.old, carried, turn.new, strict=True):
            phis.append(f"  {old} = phi {self.type} [ {first}, %{before} ], [ {new}, %{last} ]")
        self.lines[head:head] = phis
        self.branch(more, name, f"{name}x")
        self.label(f"{name}x")
        if maybe:
            ends = zip(carried, turn.new, strict=True)
            turn.new = [self.put(f"phi {self.type} [ {a}, %{before} ], [ {z}, %{last} ]") for a, z in ends]

    # ------------------------------------------------------------------ what happens to single lanes
    def turnover(self) -> None:
        """Steps taken back, members that have ended, and the next ones in their places."""
        self.label("turn")
        with self.each(self.lanes) as turn:
            self.do(f"%own = getelementptr double, ptr %memory, i64 {turn.index}")
            action, member = self.lane(Whole.ACTION), self.lane(Whole.MEMBER)
            ways = {Action.GO: "next", Action.IDLE: "next", Action.REJECT: "reject", Action.FILL: "take"}
            self.do(
                f"switch i64 {action}, label %leave [ {' '.join(f'i64 {a}, label %{w}' for a, w in ways.items())} ]"
            )
            self.label("reject")
            half = self.put(f"fmul double {self.lane(Real.H)}, {double(0.5)}")
            self.set_lane(Real.LIMIT, self.call("double", "llvm.fabs.f64", ("double", half)))
            for which in (Whole.REJECTED, Whole.ATTEMPTS):
                self.set_lane(which, self.integer("add", self.lane(which), 1))
            self.restore()
            self.do("br label %next")
            self.label("leave")
            self.branch(self.put(f"icmp eq i64 {action}, {int(Action.STUCK)}"), "stuck", "gone")
            self.label("stuck")
            if self.order >= TAIL:
                self.tell(member)
            self.do("br label %gone")
            self.label("gone")
            lost = [self.put(f"icmp eq i64 {action}, {int(why)}") for why in (Action.SINGULAR, Action.STUCK)]
            moved = self.put(f"icmp sgt i64 {self.lane(Whole.STEPS)}, 0")
            lost_now = self.put(f"or i1 {lost[0]}, {lost[1]}")
            self.branch(self.put(f"and i1 {lost_now}, {moved}"), "back", "write")
            self.label("back")
            self.restore()
            self.do("br label %write")
            self.label("write")
            self.write(action, member)
            self.do("br label %take")
            self.label("take")
            self.take()
            self.label("next")
        some = self.some(self.compare("sge", self.whole(Whole.MEMBER), self.same(0)))
        self.branch(some, "move", "finished")
        self.label("finished")
        self.do("ret i64 0")

    def lane(self, which: Real | Whole) -> str:
        first, kind = (self.layout.real, "double") if isinstance(which, Real) else (self.layout.whole, "i64")
        return self.scalar("%own", str((first + which) * self.lanes), kind)

    def set_lane(self, which: Real | Whole, value: str) -> None:
        first, kind = (self.layout.real, "double") if isinstance(which, Real) else (self.layout.whole, "i64")
        self.set_scalar(value, "%own", str((first + which) * self.lanes), kind)

    def own(self, index: str, which: int = 0) -> str:
        """The place of a number of the state, relative to the lane."""
        return self.integer("mul", self.integer("add", index, which * self.layout.dim), self.lanes)

    def restore(self) -> None:
        """The lane as it was before its last step."""
        with self.each(self.layout.dim) as turn:
            for which in (0, 1):
                before = self.scalar("%own", self.own(turn.index, which + 2))
                self.set_scalar(before, "%own", self.own(turn.index, which))
        self.set_lane(Real.T, self.lane(Real.T_BEFORE))
        self.set_lane(Real.T_LOW, self.lane(Real.T_BEFORE_LOW))
        self.set_lane(Whole.STEPS, self.integer("sub", self.lane(Whole.STEPS), 1))
        self.set_lane(Whole.GIVEN, self.lane(Whole.GIVEN_BEFORE))

    def write(self, action: str, member: str) -> None:
        """What became of a member."""
        base = self.integer("mul", member, self.layout.dim)
        with self.each(self.layout.dim) as turn:
            value = self.scalar("%own", self.own(turn.index))
            self.set_scalar(value, "%y", self.integer("add", base, turn.index))
        self.set_scalar(self.lane(Real.T), "%t", member)
        base = self.integer("mul", member, len(Result))
        self.set_scalar(action, "%result", base, "i64")
        for column in (Result.STEPS, Result.REJECTED, Result.GIVEN):
            place = self.integer("add", base, int(column))
            self.set_scalar(self.lane(Whole[column.name]), "%result", place, "i64")
        self.count(Shared.DONE)

    def tell(self, member: str) -> None:
        """Where a member is stuck, and the last coefficients of the number whose last one is largest."""
        largest, best = self.at("%found", "0", 1), self.put("getelementptr i64, ptr %found, i64 1")
        self.do(f"store double {double(-1.0)}, ptr {largest}, align 8")
        self.do(f"store i64 0, ptr {best}, align 8")
        rows = self.layout.rows + (self.order + 1 - TAIL) * self.layout.dim
        with self.each(self.layout.dim) as turn:
            place = self.integer("add", turn.index, rows + (TAIL - 1) * self.layout.dim)
            size = self.scalar("%own", self.integer("mul", place, self.lanes))
            size = self.call("double", "llvm.fabs.f64", ("double", size))
            more = self.put(f"fcmp ogt double {size}, {self.put(f'load double, ptr {largest}, align 8')}")
            self.branch(more, "larger", "smaller")
            self.label("larger")
            self.do(f"store double {size}, ptr {largest}, align 8")
            self.do(f"store i64 {turn.index}, ptr {best}, align 8")
            self.do("br label %smaller")
            self.label("smaller")
        base = self.integer("mul", member, 1 + TAIL)
        self.set_scalar(self.lane(Real.T), "%series", base)
        first = self.integer("add", self.put(f"load i64, ptr {best}, align 8"), rows)
        for k in range(TAIL):
            place = self.integer("mul", self.integer("add", first, k * self.layout.dim), self.lanes)
            self.set_scalar(self.scalar("%own", place), "%series", self.integer("add", base, 1 + k))

    def count(self, which: Shared) -> str:
        place = self.put(f"getelementptr i64, ptr %shared, i64 {int(which)}")
        return self.put(f"atomicrmw add ptr {place}, i64 1 monotonic")

    def take(self) -> None:
        """The next member, or none."""
        self.set_lane(Whole.MEMBER, "-1")
        place = self.count(Shared.NEXT)
        some = self.put(f"icmp slt i64 {place}, {self.scalar('%shared', str(int(Shared.COUNT)), 'i64')}")
        go = self.put(f"icmp eq i64 {self.scalar('%shared', str(int(Shared.STOP)), 'i64')}, 0")
        self.branch(self.put(f"and i1 {some}, {go}"), "enter", "next")
        self.label("enter")
        member = self.scalar("%queue", place, "i64")
        base = self.integer("mul", member, self.layout.dim)
        with self.each(self.layout.dim) as turn:
            self.set_scalar(self.scalar("%y0", self.integer("add", base, turn.index)), "%own", self.own(turn.index))
            self.set_scalar(double(0.0), "%own", self.own(turn.index, 1))
        if self.layout.args:
            base = self.integer("mul", member, self.layout.args)
            with self.each(self.layout.args) as turn:
                home = self.integer("mul", self.integer("add", turn.index, self.layout.given), self.lanes)
                self.set_scalar(self.scalar("%args", self.integer("add", base, turn.index)), "%own", home)
        t, end = self.scalar("%t0", member), self.scalar("%end", member)
        ahead = self.put(f"fcmp oge double {end}, {t}")
        self.set_lane(Real.T, t)
        self.set_lane(Real.T_LOW, double(0.0))
        self.set_lane(Real.END, end)
        self.set_lane(Real.WAY, self.put(f"select i1 {ahead}, double {double(1.0)}, double {double(-1.0)}"))
        self.set_lane(Real.LIMIT, double(math.inf))
        for which in Whole:
            if which != Whole.ACTION:
                self.set_lane(which, member if which == Whole.MEMBER else "0")
        self.do("br label %next")
