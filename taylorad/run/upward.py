"""LLVM IR whose every floating-point operation rounds upward.

With RU(z) ≥ z for every rounded result, the pair (−lo, hi) of an interval is computed by the same instruction in both
places, and no operation ever needs the opposite direction. What that rests on:

* the mode stands in the processor's control word while the code runs: :meth:`Upward.door` writes the whole word
  (upward, exceptions masked, subnormal numbers kept) and puts the saved one back on its single exit;
* arithmetic is written with LLVM's constrained operations, which are neither folded nor reassociated as if the mode
  were to nearest (plain ``fneg`` and ``fmul`` are: −((−a)·b) would become a·b); a sign is flipped by an integer xor;
* no call into any library happens in between.

A maximum is a comparison and a choice, which becomes one instruction; it loses a NaN in its first operand, so that
results are tested for infinities where they are stored, and finite operands never make a NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import final

from taylorad.errors import CompilationError
from taylorad.run.writer import Target, double

__all__ = ["Real", "Upward", "above", "below"]

_SIGN = -(1 << 63)
_UP = {"x86": 0x1F80 | 0x4000, "arm": 1 << 22}  # MXCSR: masks and round up; FPCR: round towards plus infinity
_NEAREST = {"x86": 0x1F80, "arm": 0}


def above(q: Fraction | int | float) -> float:
    """The smallest double ≥ q (infinity beyond the largest)."""
    if isinstance(q, float):
        return q
    num, den = q.numerator, q.denominator
    try:
        found = num / den  # of two integers: to nearest, whatever their size
    except OverflowError:
        return math.inf if num > 0 else -math.nextafter(math.inf, 0.0)
    a, b = found.as_integer_ratio()
    return found if a * den >= num * b else math.nextafter(found, math.inf)


def below(q: Fraction | int | float) -> float:
    """The largest double ≤ q."""
    return -above(-q)


@final
class Real(str):
    """The name of a double, or of a vector of ``lanes`` doubles (1 for a single one)."""

    __slots__ = ("lanes",)
    lanes: int

    def __new__(cls, name: str, lanes: int = 1) -> Real:
        found = str.__new__(cls, name)
        found.lanes = lanes
        return found

    @property
    def type(self) -> str:
        return "double" if self.lanes == 1 else f"<{self.lanes} x double>"


class Upward:
    """The text of a module.

    Two flaws are for tests of the tests alone: ``nearest`` rounds everything to nearest, ``down`` rounds the operation
    of that number (a sum, product or quotient, counted in the order of writing) down.
    """

    def __init__(self, target: Target, triple: str, nearest: bool = False, down: int = -1) -> None:
        self.target, self.nearest, self.down = target, nearest, down
        self.arm = triple.startswith(("aarch64", "arm64"))
        if not (self.arm or triple.startswith(("x86_64", "amd64", "i386", "i686"))):
            raise CompilationError(f"no rounding mode is known for {triple}; enclosures come from balls there")
        self.operations, self.counting = 0, True
        self.functions: list[str] = []
        self.declared: set[str] = set()
        self.written: dict[str, int] = {}  # functions that others call, by what they return
        self.lines: list[str] = []
        self.block = "entry"
        self._names = 0

    # ------------------------------------------------------------------ text
    def name(self) -> str:
        self._names += 1
        return f"%v{self._names}"

    def put(self, text: str) -> str:
        found = self.name()
        self.lines.append(f"  {found} = {text}")
        return found

    def do(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")
        self.block = name

    def fresh(self, stem: str) -> str:
        """A label that stands nowhere else."""
        self._names += 1
        return f"{stem}{self._names}"

    def function(self, head: str | Callable[[], str], body: Callable[[], None], kind: str = "internal") -> None:
        """A function ``head`` ("i64 @f(ptr %a)"); ``body`` writes all of it, its return included."""
        kept = self.lines, self.block, self.counting
        self.lines, self.block, self.counting = [], "entry", True
        self.label("entry")
        body()
        head = head if isinstance(head, str) else head()
        self.functions.append("\n".join([f"define {kind} {head} strictfp nounwind {{", *self.lines, "}", ""]))
        self.lines, self.block, self.counting = kept

    def text(self) -> str:
        """The module."""
        return "\n".join([*sorted(self.declared), *self.functions])

    def invoke(self, result: str, symbol: str, *args: tuple[str, str]) -> str:
        """A call of a function of this module."""
        text = f"call {result} @{symbol}({', '.join(f'{kind} {value}' for kind, value in args)}) strictfp"
        if result == "void":
            self.do(text)
            return ""
        return self.put(text)

    def give(self, value: str, kind: str = "i64") -> None:
        self.do(f"ret {kind} {value}")

    def _intrinsic(self, result: str, symbol: str, *args: str) -> str:
        kinds = ", ".join(a.partition(" ")[0] if a[0] != "<" else a[: a.index(">") + 1] for a in args)
        self.declared.add(f"declare {result} @{symbol}({kinds})")
        return f"call {result} @{symbol}({', '.join(args)}) strictfp"

    def door(self, name: str, inner: str, args: Sequence[tuple[str, str]]) -> None:
        """The exported function ``name``, which calls ``inner`` in the upward mode and returns its i64."""
        word = (_NEAREST if self.nearest else _UP)["arm" if self.arm else "x86"]

        def body() -> None:
            if self.arm:
                before = self.put(self._intrinsic("i64", "llvm.aarch64.get.fpcr"))
                self.do(self._intrinsic("void", "llvm.aarch64.set.fpcr", f"i64 {word}"))
            else:
                before, ours = self.put("alloca i32, align 4"), self.put("alloca i32, align 4")
                self.do(self._intrinsic("void", "llvm.x86.sse.stmxcsr", f"ptr {before}"))
                self.do(f"store i32 {word}, ptr {ours}, align 4")
                self.do(self._intrinsic("void", "llvm.x86.sse.ldmxcsr", f"ptr {ours}"))
            found = self.invoke("i64", inner, *args)
            if self.arm:
                self.do(self._intrinsic("void", "llvm.aarch64.set.fpcr", f"i64 {before}"))
            else:
                self.do(self._intrinsic("void", "llvm.x86.sse.ldmxcsr", f"ptr {before}"))
            self.give(found)

        self.function(f"i64 @{name}({', '.join(f'{kind} {value}' for kind, value in args)})", body, "dso_local")

    # ------------------------------------------------------------------ constants
    def number(self, value: float | Sequence[float], lanes: int = 1) -> Real:
        if lanes == 1:
            return Real(double(value if isinstance(value, (int, float)) else value[0]))
        row = [value] * lanes if isinstance(value, (int, float)) else value
        if all(double(x) == double(0.0) for x in row):
            return Real("zeroinitializer", lanes)
        return Real("<" + ", ".join(f"double {double(x)}" for x in row) + ">", lanes)

    def whole(self, k: str | int, lanes: int = 1) -> Real:
        """An integer below 2⁵³ as a double, which is exact in any mode."""
        return (
            self.number(float(k), lanes)
            if isinstance(k, int)
            else self.spread(Real(self.put(f"sitofp i64 {k} to double")), lanes)
        )

    # ------------------------------------------------------------------ arithmetic, rounded upward
    def _constrained(self, op: str, *args: Real) -> Real:
        kind, lanes = args[0].type, args[0].lanes
        suffix = "f64" if lanes == 1 else f"v{lanes}f64"
        symbol = f"llvm.experimental.{op}.{suffix}"
        self.declared.add(f"declare {kind} @{symbol}({', '.join([kind] * len(args))}, metadata, metadata)")
        given = ", ".join(f"{kind} {a}" for a in args)
        mode = "round.tonearest" if self.nearest else "round.upward"
        return Real(
            self.put(f'call {kind} @{symbol}({given}, metadata !"{mode}", metadata !"fpexcept.ignore") strictfp'),
            lanes,
        )

    def _rounded(self, op: str, a: Real, b: Real) -> Real:
        self.operations += self.counting
        if self.operations != self.down + 1 or not self.counting:
            return self._constrained(op, a, b)
        return self.neg(self._constrained(op, self.neg(a), self.neg(b) if op.endswith("add") else b))

    def add(self, a: Real, b: Real) -> Real:
        return self._rounded("constrained.fadd", a, b)

    def mul(self, a: Real, b: Real) -> Real:
        return self._rounded("constrained.fmul", a, b)

    def div(self, a: Real, b: Real) -> Real:
        return self._rounded("constrained.fdiv", a, b)

    def root(self, a: Real) -> Real:
        """The square root."""
        return self._constrained("constrained.sqrt", a)

    def fma(self, a: Real, b: Real, c: Real) -> Real:
        """a·b + c, rounded upward once where the processor can, else twice."""
        return self._constrained("constrained.fma", a, b, c) if self.target.fma else self.add(self.mul(a, b), c)

    def total(self, values: Iterable[Real]) -> Real:
        found = None
        for v in values:
            found = v if found is None else self.add(found, v)
        assert found is not None
        return found

    # ------------------------------------------------------------------ exact operations
    def neg(self, a: Real) -> Real:
        return self._bits("xor", a, _SIGN)

    def abs(self, a: Real) -> Real:
        return self._bits("and", a, ~_SIGN)

    def flip(self, a: Real, which: Sequence[bool]) -> Real:
        """a with the sign of some lanes turned."""
        return self._bits("xor", a, [_SIGN if turned else 0 for turned in which])

    def _bits(self, op: str, a: Real, mask: int | Sequence[int]) -> Real:
        kind = "i64" if a.lanes == 1 else f"<{a.lanes} x i64>"
        masks = [mask] * a.lanes if isinstance(mask, int) else mask
        row = str(masks[0]) if a.lanes == 1 else "<" + ", ".join(f"i64 {x}" for x in masks) + ">"
        bits = self.put(f"{op} {kind} {self.put(f'bitcast {a.type} {a} to {kind}')}, {row}")
        return Real(self.put(f"bitcast {kind} {bits} to {a.type}"), a.lanes)

    def test(self, order: str, a: Real, b: Real) -> str:
        """A comparison: "ogt", "olt", … and "uno" for "one of them is NaN"."""
        return self.put(f"fcmp {order} {a.type} {a}, {b}")

    def select(self, test: str, a: Real, b: Real) -> Real:
        """a where ``test`` (one for all lanes) holds, else b."""
        return Real(self.put(f"select i1 {test}, {a.type} {a}, {a.type} {b}"), a.lanes)

    def blend(self, test: str, a: Real, b: Real) -> Real:
        """a where the test of the lane holds, else b."""
        kind = "i1 " if a.lanes == 1 else f"<{a.lanes} x i1>"
        return Real(self.put(f"select {kind} {test}, {a.type} {a}, {a.type} {b}"), a.lanes)

    def max(self, a: Real, b: Real) -> Real:
        return self.blend(self.test("ogt", a, b), a, b)

    def min(self, a: Real, b: Real) -> Real:
        return self.blend(self.test("olt", a, b), a, b)

    def spread(self, a: Real, lanes: int) -> Real:
        """A double in all lanes of a vector."""
        if lanes == 1:
            return a
        v = self.put(f"insertelement <{lanes} x double> poison, double {a}, i32 0")
        mask = f"<{lanes} x i32> zeroinitializer"
        return Real(self.put(f"shufflevector <{lanes} x double> {v}, <{lanes} x double> poison, {mask}"), lanes)

    def from_lane(self, a: Real, start: int, lanes: int) -> Real:
        """Some neighbouring lanes of a vector."""
        if a.lanes == lanes:
            return a
        return self.lane(a, start) if lanes == 1 else self._shuffled(a, a, range(start, start + lanes))

    def joined(self, a: Real, b: Real) -> Real:
        """The lanes of a, then those of b."""
        return self.row([a, b]) if a.lanes == 1 else self._shuffled(a, b, range(2 * a.lanes))

    def _shuffled(self, a: Real, b: Real, places: Sequence[int]) -> Real:
        mask = f"<{len(places)} x i32> <{', '.join(f'i32 {i}' for i in places)}>"
        return Real(self.put(f"shufflevector {a.type} {a}, {b.type} {b}, {mask}"), len(places))

    def lane(self, a: Real, i: int) -> Real:
        return a if a.lanes == 1 else Real(self.put(f"extractelement {a.type} {a}, i32 {i}"))

    def insert(self, a: Real, x: Real, i: int) -> Real:
        return Real(self.put(f"insertelement {a.type} {a}, double {x}, i32 {i}"), a.lanes)

    def row(self, values: Sequence[Real]) -> Real:
        """Doubles beside each other in a vector."""
        if len(values) == 1:
            return values[0]
        found = Real("poison", len(values))
        for i, v in enumerate(values):
            found = self.insert(found, v, i)
        return found

    # ------------------------------------------------------------------ integers and memory
    def integer(self, op: str, a: str | int, b: str | int) -> str:
        if isinstance(a, int) and isinstance(b, int):
            return str({"add": a + b, "sub": a - b, "mul": a * b}[op])
        if b == 0 and op in ("add", "sub"):
            return str(a)
        return self.put(f"{op} i64 {a}, {b}")

    def at(self, base: str, place: str | int) -> str:
        """The address of double number ``place``."""
        return base if place == 0 else self.put(f"getelementptr double, ptr {base}, i64 {place}")

    def load(self, base: str, place: str | int, lanes: int = 1) -> Real:
        kind = Real("", lanes).type
        return Real(self.put(f"load {kind}, ptr {self.at(base, place)}, align 8"), lanes)

    def store(self, value: Real, base: str, place: str | int) -> None:
        self.do(f"store {value.type} {value}, ptr {self.at(base, place)}, align 8")

    def load_int(self, base: str, place: int) -> str:
        return self.put(f"load i64, ptr {self.at(base, place)}, align 8")

    def store_int(self, value: str | int, base: str, place: int) -> None:
        self.do(f"store i64 {value}, ptr {self.at(base, place)}, align 8")

    # ------------------------------------------------------------------ control
    def go(self, name: str) -> None:
        self.do(f"br label %{name}")

    def branch(self, test: str, yes: str, no: str) -> None:
        self.do(f"br i1 {test}, label %{yes}, label %{no}")

    def loop(
        self,
        first: str | int,
        last: str | int,
        start: Sequence[Real],
        body: Callable[[str, list[Real]], Sequence[Real]],
        step: int = 1,
    ) -> list[Real]:
        """``body(i, carried)`` for i = first, first + step, … last (none where that is empty); what it carried."""
        before, head, work, done = self.block, self.fresh("head"), self.fresh("work"), self.fresh("done")
        self.go(head)
        self.label(head)
        i, after = self.name(), self.name()
        carried = [Real(self.name(), x.lanes) for x in start]
        place = len(self.lines)
        self.branch(self.put(f"icmp {'sle' if step > 0 else 'sge'} i64 {i}, {last}"), work, done)
        self.label(work)
        found = list(body(i, carried))
        self.do(f"{after} = add i64 {i}, {step}")
        self.lines[place:place] = [
            f"  {i} = phi i64 [ {first}, %{before} ], [ {after}, %{self.block} ]",
            *(
                f"  {c} = phi {x.type} [ {x}, %{before} ], [ {y}, %{self.block} ]"
                for c, x, y in zip(carried, start, found, strict=True)
            ),
        ]
        self.go(head)
        self.label(done)
        return carried

    def each(self, count: int, body: Callable[[str | int], None], written: int = 6) -> None:
        """``body(i)`` for i = 0 … count−1: written out when there are few, else a loop."""
        if count <= written:
            for i in range(count):
                body(i)
            return

        def once(i: str, _: list[Real]) -> list[Real]:
            body(i)
            return []

        self.loop(0, count - 1, [], once)
