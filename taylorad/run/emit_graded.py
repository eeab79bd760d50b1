"""LLVM IR for polynomials in several variables: coefficient k of a series is a homogeneous part there.

The lowered program is the one of a single variable. What is known at order 0 stays a number; a value of the step is a
block of coefficients, so at each order first come the sums, by pieces, and then one loop over the block does all
other operations. Buffers are polynomials; a leaf or a root that is one is used where the caller has it.

What the code must know of the monomials stands in an array of 64-bit words, the last input: the largest degree K, the
offsets of the blocks 0 … K+1, for each degree k = 0 … K the place of its products, and those. Two unlike monomials of
degrees above 0 with a product of degree k are one entry, which stands for both of their orders: a_s·b_t + a_t·b_s. Such
entries form pieces, in which s is one monomial and the t are 16, 8, 4, 2 or 1 neighbours, whose products are neighbours
too. A piece is a word with three places of 21 bits, of s, the first t and the first product. The products of a degree
begin with the numbers of pieces of each length, and of squares, which come last: words with the places of s and s².

A single point takes the neighbours of a piece in vectors; for batches the vectors are points.
"""

from __future__ import annotations

from collections.abc import Callable

from taylorad.errors import CompilationError
from taylorad.run.emit import Emitter
from taylorad.run.program import SUMS, Op, Program
from taylorad.run.writer import Target, Writer, vector

__all__ = ["BITS", "PIECES", "GradedEmitter", "emit_graded"]

PIECES = (16, 8, 4, 2, 1)  # how many neighbours a piece may have
BITS = 21
_MASK = (1 << BITS) - 1
_PAD = 4


def emit_graded(program: Program, lanes: int, target: Target) -> str:
    """The text of the function ``kernel`` and what it calls; raises CompilationError for a program with polynomials."""
    writer = GradedEmitter(program, lanes, target)
    inputs = len(program.degrees) + len(program.givens) + 1
    kinds = {program.ops[i].kind for i in writer.sums}
    wanted = [square for square in (False, True) if (kinds & {"half"} if square else kinds - {"half"})]
    called = "".join(_products(lanes, target, square, writer.declared) for square in wanted)
    if "weighted" in kinds:
        called += _weights(Writer(lanes, target), writer.declared)
    pads = 2 * target.lanes
    return writer.function("kernel", inputs, len(program.roots), writer.widths(), _PAD, writer.body, pads) + called


class GradedEmitter(Emitter):
    """See the module; ``%n`` points with one number for each monomial, so that ``%K`` + 1 is the number of those."""

    def __init__(self, program: Program, lanes: int, target: Target) -> None:
        super().__init__(program, lanes, target)
        self.zeroed = False
        self.sums = [i for i in program.step if program.ops[i].kind in SUMS]
        self.point = lanes
        known = {"coef", "back", "map"}
        if program.arrays or program.order is not None or any(program.ops[i].kind in known for i in program.step):
            raise CompilationError("this graph has no kernel for several variables; it is interpreted")
        self.homes = [self._home(b.step) for b in program.buffers]
        self.wanted: set[int] = set()  # by the roots, without later orders
        todo = [row.step for root in program.roots for row in root if row.step is not None]
        while todo:
            i = todo.pop()
            if i not in self.wanted:
                self.wanted.add(i)
                todo.extend(program.ops[i].args)

    def _home(self, step: int | None) -> str:
        """The caller's array that a buffer is, or nothing where it needs its own."""
        p = self.program
        if step is None:
            raise CompilationError("a constant in a sum of products; it is interpreted")
        if self.lanes > 1 or p.parts > 1:
            return ""
        op = p.ops[step]
        if op.kind in ("input", "jet"):
            return self._source(op)
        return next((f"%out{i}" for i, root in enumerate(p.roots) if root[0].step == step), "")

    def _source(self, op: Op) -> str:
        return self.source(op.data[0]) if op.kind in ("leaf", "input") else self.source(None, op.data[0])

    def widths(self) -> list[int]:
        """One for each own buffer, each sum, and the weighted copy of a factor."""
        weighted = any(self.program.ops[i].kind == "weighted" for i in self.sums)
        return [1] * (sum(not home for home in self.homes) + len(self.sums) + weighted)

    def body(self) -> str:
        own = iter(self.arrays)
        self.forward = [home or next(own) for home in self.homes]
        self.totals = {i: next(own) for i in self.sums}
        self.weighted = next(own, "")
        p = self.program
        self.do(f"store {vector(self.target.lanes)} zeroinitializer, ptr %fixed, align 8")
        self.table = self.source(None, len(p.givens))
        for i in p.start:
            self.value[i] = self._operation(p.ops[i])
        for b, place, home in zip(p.buffers, self.forward, self.homes, strict=True):
            if not home:
                self.do(f"store {self.type} {self.value[b.start[0]]}, ptr {place}, align 8")
        for i, root in enumerate(p.roots):
            self.store_row(f"%out{i}", "0", [self.value[row.start[0]] for row in root])
        self.known = dict(self.value)
        self._orders()
        flag = self.put(f"load {self.type}, ptr %fixed, align 8")
        if self.point == 1:
            for lane in range(1, self.target.lanes):
                one = self.put(f"load double, ptr {self.at('%fixed', str(lane), 1)}, align 8")
                flag = self.arith("fadd", flag, one)
        return self._failed(flag)

    # ------------------------------------------------------------------ orders
    def _orders(self) -> None:
        degree = self.put(f"load i64, ptr {self.table}, align 8")
        before = self.block
        some = self.put(f"icmp sgt i64 {degree}, 0")
        self.do(f"br i1 {some}, label %step, label %swept")
        self.label("step")
        head = len(self.lines)
        self.do("%kf = uitofp i64 %k to double")
        self.do(f"%places = getelementptr i64, ptr {self.table}, i64 %k")
        self.begin, self.end = (self.put(f"load i64, ptr {self._word('%places', d)}, align 8") for d in (1, 2))
        count = self.integer("sub", self.end, self.begin)
        place = self.put(f"getelementptr i64, ptr %places, i64 {self.integer('add', degree, 3)}")
        where = self.put(f"load i64, ptr {place}, align 8")
        self.entries = self.put(f"getelementptr i64, ptr {self.table}, i64 {where}")
        self.do(f"%last = icmp eq i64 %k, {degree}")
        for i in self.sums:
            self._except_last(i not in self.wanted, lambda i=i: self._sum(i, count))
        if self.point > 1:
            self._each("lane", self.begin, 1)
        elif self.program.parts > 1:
            self._each("one", self.begin, 1)
        else:
            self._both(count)
        after = self.integer("add", "%k", 1)
        more = self.put(f"icmp sle i64 {after}, {degree}")
        self.lines.insert(head, f"  %k = phi i64 [ 1, %{before} ], [ {after}, %{self.block} ]")
        self.do(f"br i1 {more}, label %step, label %swept")
        self.label("swept")

    def _except_last(self, unwanted: bool, write: Callable[[], None]) -> None:
        """Code that the last order does not need: what only later orders would use."""
        if not unwanted:
            write()
            return
        self.names += 1
        name = f"earlier{self.names}"
        self.do(f"br i1 %last, label %{name}x, label %{name}")
        self.label(name)
        write()
        self.do(f"br label %{name}x")
        self.label(f"{name}x")

    def _word(self, base: str, index: int) -> str:
        return self.put(f"getelementptr i64, ptr {base}, i64 {index}")

    def _both(self, count: str) -> None:
        """The loop over a block: by vectors, the last of which overlaps the one before, or one by one in short ones."""
        lanes = self.target.lanes
        wide = self.put(f"icmp sge i64 {count}, {lanes}")
        self.do(f"br i1 {wide}, label %manys, label %ones")
        self.label("manys")
        self.narrow(lanes)
        self._each("many", self.begin, lanes)
        self.narrow(1)
        self.do("br label %stepped")
        self.label("ones")
        self._each("one", self.begin, 1)
        self.do("br label %stepped")
        self.label("stepped")

    def _each(self, name: str, begin: str, width: int) -> None:
        """All operations that are no sums, for every element of the block."""
        before = self.block
        last = self.integer("sub", self.end, width)
        bits = "i64" if self.lanes == 1 else f"<{self.lanes} x i64>"
        old = self.put(f"load {bits}, ptr %fixed, align 8")
        self.do(f"br label %{name}")
        self.label(name)
        head = len(self.lines)
        over = self.put(f"icmp sgt i64 %{name}i, {last}")
        self.element = self.put(f"select i1 {over}, i64 {last}, i64 %{name}i")
        flag = f"%{name}f"
        for v in self._element():  # v·0 is zero or NaN, and so are the bits of all of them together
            zero = self.arith("fmul", v, self.number(0.0))
            flag = self.put(f"or {bits} {flag}, {self.put(f'bitcast {self.type} {zero} to {bits}')}")
        after = self.integer("add", f"%{name}i", width)
        more = self.put(f"icmp slt i64 {after}, {self.end}")
        self.lines[head:head] = [
            f"  %{name}i = phi i64 [ {begin}, %{before} ], [ {after}, %{self.block} ]",
            f"  %{name}f = phi {bits} [ {old}, %{before} ], [ {flag}, %{self.block} ]",
        ]
        self.do(f"br i1 {more}, label %{name}, label %{name}x")
        self.label(f"{name}x")
        self.do(f"store {bits} {flag}, ptr %fixed, align 8")

    def _element(self) -> list[str]:
        """Every operation for one element; the values of the roots."""
        p = self.program
        spread = self.point == 1 and self.lanes > 1
        self.value = {}
        needed = [a for i in p.step for a in p.ops[i].args]
        needed += [x.step for x in (*p.buffers, *(row for root in p.roots for row in root)) if x.step is not None]
        for a in dict.fromkeys(needed):
            if a in self.known:
                self.value[a] = self.splat(self.known[a]) if spread else self.known[a]
        for i in p.step:
            op = p.ops[i]
            if op.kind in SUMS:
                self.value[i] = self.load_at(self.totals[i], self.element)
            elif op.kind in ("input", "jet"):
                self.value[i] = self._given_at(op)
            else:
                self.value[i] = self._operation(op)
        own = [(b.step, place) for b, place in zip(p.buffers, self.forward, strict=True) if place in self.arrays]
        if own:
            self._except_last(True, lambda: self._keep_all(own))
        values: list[str] = []
        for i, root in enumerate(p.roots):
            found = [self.number(0.0) if row.step is None else self.value[row.step] for row in root]
            if self.point == 1 and p.parts == 1:
                self._store_at(f"%out{i}", self.element, found[0])
            else:
                self.store_row(f"%out{i}", self.element, found)
            values += found
        self.value = dict(self.known)
        return values

    def _keep_all(self, own: list[tuple[int | None, str]]) -> None:
        for step, place in own:
            assert step is not None
            self._store_at(place, self.element, self.value[step])

    def _given_at(self, op: Op) -> str:
        base, part = self._source(op), op.data[1]
        if self.point == 1 and self.program.parts == 1:
            return self.load_at(base, self.element)
        return self.row(base, self.element, part, self.program.parts)

    def load_at(self, base: str, index: str) -> str:
        """Coefficient ``index`` of a polynomial, and its neighbours."""
        return self.put(f"load {self.type}, ptr {self.at(base, index, self.point)}, align 8")

    def _store_at(self, base: str, index: str, value: str) -> None:
        self.do(f"store {self.type} {value}, ptr {self.at(base, index, self.point)}, align 8")

    # ------------------------------------------------------------------ sums
    def _sum(self, i: int, count: str) -> None:
        op = self.program.ops[i]
        start = self.at(self.totals[i], self.begin, self.point)
        size = self.integer("mul", count, 8 * self.point)
        self.call("void", "llvm.memset.p0.i64", ("ptr", start), ("i8", "0"), ("i64", size), ("i1", "false"))
        a, b = (self.forward[x] for x in op.data)
        if op.kind == "weighted":
            p, q = (f"{self.type} {self.known[x]}" for x in op.args)
            self.do(f"call void @weighted(ptr {self.table}, i64 %k, ptr {self.weighted}, ptr {a}, {p}, {q})")
            a = self.weighted
        if op.kind == "half":
            span = f"i64 {self.begin}, i64 {self.end}"
            self.do(f"call void @halves(ptr {self.totals[i]}, ptr {a}, ptr {self.entries}, {span})")
        else:
            self.do(f"call void @products(ptr {self.totals[i]}, ptr {a}, ptr {b}, ptr {self.entries})")


def _products(lanes: int, target: Target, square: bool, declared: set[str]) -> str:
    """``products(out, a, b, entries)`` adds one degree's products to ``out``; ``halves(out, a, entries)`` those of a·a.

    Of unlike monomials the second adds half of their products.
    """
    w = Writer(lanes, target)
    w.label("entry")
    pieces = w.put(f"getelementptr i64, ptr %entries, i64 {len(PIECES) + 1}")
    for at, width in enumerate((*PIECES, 0)):  # squares last
        count = w.put(f"load i64, ptr {w.put(f'getelementptr i64, ptr %entries, i64 {at}')}, align 8")
        end = w.put(f"getelementptr i64, ptr {pieces}, i64 {count}")
        some = w.put(f"icmp sgt i64 {count}, 0")
        name, before = f"pieces{at}", w.block
        w.do(f"br i1 {some}, label %{name}, label %{name}x")
        w.label(name)
        head = len(w.lines)
        word = w.put(f"load i64, ptr %{name}p, align 8")
        s, rest = w.integer("and", word, _MASK), w.integer("lshr", word, BITS)
        product = w.integer("lshr", rest, BITS)
        result = w.at("%out", product)
        if width:
            t = w.integer("and", rest, _MASK)
            pairs = [(w.load("%a", s), w.at("%a" if square else "%b", t))]
            pairs += [] if square else [(w.load("%b", s), w.at("%a", t))]
            _piece(w, pairs, result, width)
        else:
            x = w.load("%a", s)
            y = x if square else w.load("%b", s)
            old = w.put(f"load {w.type}, ptr {result}, align 8")
            w.do(f"store {w.type} {w.fma(x, y, old)}, ptr {result}, align 8")
        after = w.put(f"getelementptr i64, ptr %{name}p, i64 1")
        more = w.put(f"icmp ult ptr {after}, {end}")
        w.lines.insert(head, f"  %{name}p = phi ptr [ {pieces}, %{before} ], [ {after}, %{name} ]")
        w.do(f"br i1 {more}, label %{name}, label %{name}x")
        w.label(f"{name}x")
        pieces = end
        if square and width == 1:
            w.do("br label %twice")
            w.lines += _TWICE.format(T=w.type, before=w.block).splitlines()
            w.block = "squares"
    w.do("ret void")
    declared |= w.declared
    head_line = (
        "@halves(ptr %out, ptr %a, ptr %entries, i64 %begin, i64 %end)"
        if square
        else ("@products(ptr %out, ptr %a, ptr %b, ptr %entries)")
    )
    return "\n".join([f"define internal void {head_line} nounwind {{", *w.lines, "}", ""])


def _piece(w: Writer, pairs: list[tuple[str, str]], result: str, width: int) -> None:
    """Add numbers times neighbours to neighbours."""
    step = min(width, w.target.lanes) if w.lanes == 1 else 1
    kind = w.type if step == 1 else vector(step)
    ones: list[str] = []
    for x, _ in pairs:
        if step > 1:
            first = w.put(f"insertelement {kind} poison, double {x}, i32 0")
            ones.append(w.put(f"shufflevector {kind} {first}, {kind} poison, <{step} x i32> zeroinitializer"))
        else:
            ones.append(x)
    for e in range(0, width, step):
        place = w.put(f"getelementptr {w.type}, ptr {result}, i64 {e}")
        total = w.put(f"load {kind}, ptr {place}, align 8")
        for x, (_, y) in zip(ones, pairs, strict=True):
            left = w.put(f"getelementptr {w.type}, ptr {y}, i64 {e}")
            total = w.fma(x, w.put(f"load {kind}, ptr {left}, align 8"), total, kind)
        w.do(f"store {kind} {total}, ptr {place}, align 8")


_TWICE = """\
twice:
  %i = phi i64 [ %begin, %{before} ], [ %next, %twice ]
  %ip = getelementptr {T}, ptr %out, i64 %i
  %ix = load {T}, ptr %ip, align 8
  %iy = fadd {T} %ix, %ix
  store {T} %iy, ptr %ip, align 8
  %next = add i64 %i, 1
  %again = icmp ult i64 %next, %end
  br i1 %again, label %twice, label %squares
squares:"""


def _weights(w: Writer, declared: set[str]) -> str:
    """``weighted(…)``: a copy of a whose block j = 1 … k−1 is multiplied by p·j + q·(k−j)."""
    w.label("entry")
    some = w.put("icmp ugt i64 %k, 1")
    w.do(f"br i1 {some}, label %loop, label %done")
    w.label("loop")
    w.do("%j = phi i64 [ 1, %entry ], [ %after, %copied ]")
    rest = w.integer("sub", "%k", "%j")
    j, r = (w.splat(w.put(f"uitofp i64 {x} to double")) for x in ("%j", rest))
    weight = w.fma("%p", j, w.arith("fmul", "%q", r))
    offset = w.put("getelementptr i64, ptr %table, i64 %j")
    begin, end = (w.put(f"load i64, ptr {w.put(f'getelementptr i64, ptr {offset}, i64 {d}')}, align 8") for d in (1, 2))
    w.do("br label %copy")
    w.label("copy")
    w.do(f"%i = phi i64 [ {begin}, %loop ], [ %inext, %copy ]")
    scaled = w.arith("fmul", weight, w.load("%a", "%i"))
    w.do(f"store {w.type} {scaled}, ptr {w.at('%out', '%i')}, align 8")
    w.do("%inext = add i64 %i, 1")
    more = w.put(f"icmp ult i64 %inext, {end}")
    w.do(f"br i1 {more}, label %copy, label %copied")
    w.label("copied")
    w.do("%after = add i64 %j, 1")
    again = w.put("icmp ult i64 %after, %k")
    w.do(f"br i1 {again}, label %loop, label %done")
    w.label("done")
    w.do("ret void")
    declared |= w.declared
    head = f"define internal void @weighted(ptr %table, i64 %k, ptr %out, ptr %a, {w.type} %p, {w.type} %q)"
    return "\n".join([head + " nounwind {", *w.lines, "}", ""])
