"""LLVM IR from a lowered program, as text: one function for single points, or one for blocks of points in lanes.

Both do the same operations in the same order on every point, so their results are equal bit for bit. A sum over
j = 1 … k−1 runs in four partial sums p_r, every fourth term in each, added as (p_0 + p_2) + (p_1 + p_3); last come the
terms that need coefficient k itself. Where a step has few sums (:attr:`Program.near`), j = 1 and j = k−1, whose factors
are the newest, come after the loop. A single point keeps the four partial sums in one vector; a block of points keeps
the points in vectors and the sums in four of them.

Memory of a looped kernel: each buffer is an array over the order, zero below 0 and above the current order. A
buffer that stands as a second factor has a second array, zero below where sums begin and (for a single point) back to
front; so partial sums may run over their ends, and both factors are read in rising addresses.
"""

from __future__ import annotations

from taylorad.run.program import SHORT, SUMS, Check, Op, Program
from taylorad.run.writer import Target, Writer, double

__all__ = ["Emitter", "emit"]

_PAD = SHORT + 1
_BUNDLE = 12  # partial sums that run side by side in one loop


def emit(program: Program, name: str, lanes: int, target: Target) -> str:
    """The text of the function ``name``, for single points (``lanes`` = 1) or blocks of ``lanes`` points."""
    if program.arrays:
        from taylorad.run.emit_arrays import ArrayEmitter

        writer: Emitter = ArrayEmitter(program, target)
    else:
        writer = Emitter(program, lanes, target)
    inputs = len(program.degrees) + len(program.givens)
    return writer.function(name, inputs, len(program.roots), writer.widths(), _PAD, writer.body, writer.fixed())


class Emitter(Writer):
    def __init__(self, program: Program, lanes: int, target: Target) -> None:
        super().__init__(lanes, target)
        self.program = program
        self.skip = int(program.near)  # terms at each end of a sum that its loop leaves out
        self.bundle = max(1, _BUNDLE // (1 if lanes == 1 else 4))  # sums in one loop
        self.value: dict[int, str] = {}
        self.forward: list[str] = []
        self.reverse: dict[int, str] = {}
        self.past: dict[tuple[int, str], str] = {}
        self.below: dict[int, str] = {}

    def widths(self) -> list[int]:
        """How many values each array holds for every order."""
        return [1 for b in self.program.buffers for _ in range(1 + b.reverse)]

    def fixed(self) -> int:
        return 0

    def body(self) -> str:
        arrays = iter(self.arrays)
        for i, b in enumerate(self.program.buffers):
            self.forward.append(next(arrays))
            if b.reverse:
                self.reverse[i] = next(arrays)
        self._start()
        return self._failed(self._step() if self.program.order is None else self._finite_start())

    def source(self, leaf: int | None, given: int | None = None) -> str:
        return f"%in{leaf if leaf is not None else len(self.program.degrees) + (given or 0)}"

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
        """Store coefficient k; second factors hold zero up to where the sums begin."""
        self.do(f"store {self.type} {value}, ptr {self.at(self.forward[buffer], k)}, align 8")
        if buffer not in self.reverse or (known is not None and known < 1 + self.skip):
            return
        if known is None and self.skip:
            value = self.put(f"select i1 %third, {self.type} {value}, {self.type} {self.zero}")
        where = k if self.lanes > 1 else "%turned" if known is None else self.integer("sub", "%K", k)
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
                return self.row(base, "%k", part, self.program.parts, ahead=True)
            case "neg":
                return self.put(f"fneg {self.type} {v[0]}")
            case "add" | "sub" | "mul" | "div":
                return self.arith("f" + op.kind, v[0], v[1])
            case "fma":
                return self.fma(v[0], v[1], v[2])
            case "call":
                return self.library(op.data, v, self.lanes)
            case "pick":
                return self._pick(v[0], v[1:])
            case "order":
                return self.splat("%kf")
            case "reciprocal":
                return self.splat(self.put(f"fdiv double {double(1.0)}, %kf"))
            case "coef":
                return self._past(op.data, "%k")
            case "back":
                return self._past(op.data[0], op.data[1])
            case _:
                raise ValueError(f"{op} is not an operation on single values")

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
        self._indices()
        for kind in SUMS:
            self._sums([i for i in p.step if p.ops[i].kind == kind], kind)
        for i in p.step:
            if p.ops[i].kind not in SUMS:
                self.value[i] = self._operation(p.ops[i])
        for i, b in enumerate(p.buffers):
            if b.step is not None:
                self._keep(i, "%k", self.value[b.step], None)
        flag = "%flag"
        for i, root in enumerate(p.roots):
            values = [self._later(row.start, row.step) for row in root]
            self.store_row(f"%out{i}", "%k", values, ahead=True)
            if root in moving:
                flag = self.poison(values, flag)
        after = self.integer("add", "%k", 1)
        more = self.put(f"icmp sle i64 {after}, %K")
        last = self.block
        self.lines[head:head] = [
            f"  %k = phi i64 [ 1, %{before} ], [ {after}, %{last} ]",
            f"  %flag = phi {self.type} [ {self.zero}, %{before} ], [ {flag}, %{last} ]",
        ]
        self.do(f"br i1 {more}, label %step, label %swept")
        self.label("swept")
        return self.put(f"phi {self.type} [ {self.zero}, %{before} ], [ {flag}, %{last} ]")

    def _indices(self) -> None:
        self.do("%kf = uitofp i64 %k to double")
        self.do("%third = icmp ugt i64 %k, 1")
        self.do("%fourth = icmp ugt i64 %k, 2")
        self.do("%turned = sub i64 %K, %k")

    def _later(self, start: tuple[int, ...], step: int | None) -> str:
        """Coefficient k of a root; a polynomial's are constants."""
        if step is not None:
            return self.value[step]
        found = self.number(0.0)
        for j, v in enumerate(start[1:], 1):
            here = self.put(f"icmp eq i64 %k, {j}")
            found = self.put(f"select i1 {here}, {self.type} {self.value[v]}, {self.type} {found}")
        return found

    def _sums(self, sums: list[int], kind: str) -> None:
        """The sums over j = 1 … k−1, or 2 … k−2 (to the middle for a half), a bundle in each loop; then their ends."""
        if not sums:
            return
        if kind == "half":
            middle = self.integer("lshr", self.integer("sub", "%k", 1), 1)
            first, count = self.integer("sub", "%k", middle), self.integer("sub", middle, self.skip)
            second = middle  # index of the second factor where the first has `first`
        else:
            first, count = str(1 + self.skip), self.integer("sub", "%k", 1 + 2 * self.skip)
            second = self.integer("sub", "%k", 1 + self.skip)
        for begin in range(0, len(sums), self.bundle):
            bundle = sums[begin : begin + self.bundle]
            inner = (self._single if self.lanes == 1 else self._lanes)(bundle, first, second, count)
            for i, total in zip(bundle, inner, strict=True):
                ended = self._middle if kind == "half" else self._ends
                self.value[i] = ended(i, total) if self.skip or kind == "half" else total

    def _past(self, buffer: int, index: str | int) -> str:
        """A coefficient of a buffer before this order, which is written last; ``index`` j means k − j."""
        if isinstance(index, int):
            if index not in self.below:
                self.below[index] = self.integer("sub", "%k", index)
            index = self.below[index]
        if (buffer, index) not in self.past:
            self.past[buffer, index] = self.load(self.forward[buffer], index)
        return self.past[buffer, index]

    def _first(self, buffer: int) -> str:
        """Coefficient 1, or 0 at orders 1 and 2, where j = 1 and j = k−1 are one term or none."""
        if (buffer, "first") not in self.past:
            one = self._past(buffer, "1")
            self.past[buffer, "first"] = self.put(f"select i1 %fourth, {self.type} {one}, {self.type} {self.zero}")
        return self.past[buffer, "first"]

    def _ends(self, i: int, total: str) -> str:
        """Add j = 1 and j = k−1."""
        a, b = self.program.ops[i].data
        first, last = self._past(a, "1"), self._past(a, 1)
        weights = self._weights(i)
        if weights:
            one, rest = self.number(1.0), self.splat(self.put(f"fsub double %kf, {double(1.0)}"))
            first, last = self.scaled(first, weights, one, rest), self.scaled(last, weights, rest, one)
        return self.fma(last, self._first(b), self.fma(first, self._past(b, 1), total))

    def _weights(self, i: int) -> list[str]:
        """p and q of a weighted sum; nothing for the others."""
        return [self.value[a] for a in self.program.ops[i].args]

    def places(self, ahead: str) -> list[tuple[str, str]]:
        """j and k−j as values, for j = ``ahead`` and the three after it."""
        out: list[tuple[str, str]] = []
        for r in range(4):
            j = self.put(f"sitofp i64 {self.integer('add', ahead, r)} to double")
            out.append((self.splat(j), self.splat(self.put(f"fsub double %kf, {j}"))))
        return out

    def scaled(self, a: str, weights: list[str], j: str, rest: str, kind: str = "") -> str:
        """a·(p·j + q·(k−j))."""
        p, q = weights
        weight = self.fma(p, j, self.arith("fmul", q, rest, kind), kind)
        return self.arith("fmul", weight, a, kind)

    def _middle(self, i: int, total: str) -> str:
        """Twice what stands, j = 1 included, and the square in the middle."""
        a = self.program.ops[i].data[0]
        if self.skip:
            total = self.fma(self._first(a), self._past(a, 1), total)
        total = self.arith("fadd", total, total)
        odd = self.put("trunc i64 %k to i1")
        mid = self.load(self.forward[a], self.integer("lshr", "%k", 1))
        mid = self.put(f"select i1 {odd}, {self.type} {self.zero}, {self.type} {mid}")
        return self.fma(mid, mid, total)

    def _single(self, bundle: list[int], first: str, second: str, count: str) -> list[str]:
        kind = "<4 x double>"
        back = self.integer("sub", "%K", second)
        weights = [[self.fill(w, 4) for w in self._weights(i)] for i in bundle]
        loop = self.loop("0", count)
        ahead, behind = self.integer("add", loop.index, first), self.integer("add", loop.index, back)
        j = rest = ""
        if any(weights):
            j = self.fill(self.put(f"sitofp i64 {ahead} to double"), 4)
            j = self.arith("fadd", j, "<" + ", ".join(f"double {double(r)}" for r in range(4)) + ">", kind)
            rest = self.arith("fsub", self.fill("%kf", 4), j, kind)
        loaded: dict[str, str] = {}

        def vector(base: str, index: str) -> str:
            if base not in loaded:
                loaded[base] = self.put(f"load {kind}, ptr {self.at(base, index, 1)}, align 8")
            return loaded[base]

        sums: list[str] = []
        for s, i in enumerate(bundle):
            a, b = self.program.ops[i].data
            left = vector(self.forward[a], ahead)
            left = self.scaled(left, weights[s], j, rest, kind) if weights[s] else left
            sums.append(self.fma(left, vector(self.reverse[b], behind), loop.sum(s), kind))
        return self.four(self.close(loop, kind, sums))

    def _lanes(self, bundle: list[int], first: str, second: str, count: str) -> list[str]:
        loop = self.loop("0", count)
        ahead, behind = self.integer("add", loop.index, first), self.integer("sub", second, loop.index)
        loaded: dict[tuple[str, int], str] = {}
        places = self.places(ahead) if any(map(self._weights, bundle)) else []

        def vector(base: str, index: str, step: int) -> str:
            if (base, step) not in loaded:
                start = self.at(base, index)
                loaded[base, step] = self.load(start, str(step))
            return loaded[base, step]

        sums: list[str] = []
        for s, i in enumerate(bundle):
            (a, b), weights = self.program.ops[i].data, self._weights(i)
            for r in range(4):
                left = vector(self.forward[a], ahead, r)
                left = self.scaled(left, weights, *places[r]) if weights else left
                sums.append(self.fma(left, vector(self.reverse[b], behind, -r), loop.sum(4 * s + r)))
        totals = self.close(loop, self.type, sums)
        quads = [totals[i : i + 4] for i in range(0, len(totals), 4)]
        return [self.arith("fadd", self.arith("fadd", q[0], q[2]), self.arith("fadd", q[1], q[3])) for q in quads]

    # ------------------------------------------------------------------ points handed back
    def _finite_start(self) -> str:
        flag = self.number(0.0)
        for root in self.program.roots:
            for row in root:
                flag = self.poison([self.value[v] for v in dict.fromkeys(row.start[1:])], flag)
        return flag

    def _failed(self, flag: str) -> str:
        """Which points of the block the caller must redo."""
        finite = [self.value[v] for check in self.program.checks if check.kind == "finite" for v in check.values]
        bad = self.poisoned(self.poison(finite, flag))
        for test in self.failures([c for c in self.program.checks if c.kind != "finite"]):
            bad = self.put(f"or {self.bool} {bad}, {test}")
        return bad

    def failures(self, checks: list[Check]) -> list[str]:
        """Which points fail each of some checks."""
        tests: list[str] = []
        for check in checks:
            v = [self.value[i] for i in check.values]
            if check.kind == "inside":
                for bound, order in zip(check.data, ("ule", "uge"), strict=True):
                    if bound is not None:
                        tests.append(self.put(f"fcmp {order} {self.type} {v[0]}, {self.number(bound)}"))
            else:
                zero = [self.put(f"fcmp oeq {self.type} {x}, {self.number(0.0)}") for x in v]
                tests.append(zero[0] if len(zero) == 1 else self.put(f"and {self.bool} {zero[0]}, {zero[1]}"))
        return tests
