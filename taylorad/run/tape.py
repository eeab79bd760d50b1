"""The tape that lowering records on: real operations, each at most once, and the series they belong to."""

from __future__ import annotations

from typing import Any, final

from taylorad.errors import CompilationError
from taylorad.run.program import SHORT, SUMS, Check, Op

__all__ = ["Order", "Series", "Tape"]

_LATENCY = {"number": 0, "leaf": 0, "given": 0, "input": 0, "back": 0, "coef": 0, "div": 13, "call": 60}


@final
class Order:
    """The order k of a looped program, or a lower one."""

    __slots__ = ("offset",)

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def __sub__(self, j: int) -> Order:
        return Order(self.offset - j)

    def __le__(self, degree: int) -> bool:
        return degree > 0


@final
class Series:
    """The coefficients of a real series as operation numbers; the buffer of the recording ring."""

    __slots__ = ("coefs", "current", "degree", "size", "source", "tape")

    def __init__(
        self, tape: Tape, degree: int, source: tuple[str, tuple[Any, ...]] | None = None, size: int = 1
    ) -> None:
        self.tape = tape
        self.size = size
        self.degree = degree
        self.source = source
        self.coefs: dict[int, int] = {}
        self.current: int | None = None

    def __getitem__(self, k: Any) -> int:
        if isinstance(k, Order):
            return self._at(k)
        found = self.coefs.get(k)
        if found is None:
            if self.source is not None and k <= self.degree:
                kind, (number, *part) = self.source
                found = self.tape.op("leaf" if kind == "input" else "given", (), (number, k, *part), self.size)
            else:
                found = self.tape.number(0.0)
            self.coefs[k] = found
        return found

    def _at(self, k: Order) -> int:
        if k.offset < 0:
            return self.tape.op("back", (), (self, -k.offset), self.size)
        if self.current is None:
            if self.degree == 0:
                return self.tape.number(0.0)
            if self.degree <= SHORT:
                self.current = self.tape.op("coef", (), self, self.size)
            elif self.source is not None:
                kind, data = self.source
                self.current = self.tape.op(kind, (), data, self.size)
            else:
                raise CompilationError("a series is used before its coefficient is computed")
        return self.current


class Tape:
    """The operations recorded so far, each at most once."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.sizes: list[int] = []
        self.moving: list[bool] = []  # depends on the order k
        self.depth: list[int] = []
        self.known: dict[Op, int] = {}
        self.checks: dict[Check, None] = {}
        self.stepping = False

    def op(self, kind: str, args: tuple[int, ...] = (), data: Any = None, size: int = 1) -> int:
        """The number of an operation, ``size`` elements wide (more if an argument is)."""
        made = Op(kind, args, data)
        found = self.known.get(made)
        if found is None:
            found = self.known[made] = len(self.ops)
            self.ops.append(made)
            self.sizes.append(max(size, 1 if kind == "map" else max((self.sizes[a] for a in args), default=1)))
            own = kind in ("order", "reciprocal", "coef", "input", "jet", "back", *SUMS)
            self.moving.append(own or any(self.moving[a] for a in args))
            self.depth.append(_LATENCY.get(kind, 4) + max((self.depth[a] for a in args), default=0))
        return found

    def number(self, value: float) -> int:
        return self.op("number", (), float(value))

    def value(self, i: int) -> float | None:
        """The float behind an operation, if it is a number."""
        op = self.ops[i]
        return op.data if op.kind == "number" else None

    # folding drops operations; it never makes a result less accurate
    def neg(self, a: int) -> int:
        x = self.value(a)
        if x is not None:
            return self.number(-x)
        return self.ops[a].args[0] if self.ops[a].kind == "neg" else self.op("neg", (a,))

    def add(self, a: int, b: int) -> int:
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.number(x + y)
        if x == 0 or y == 0:
            return b if x == 0 else a
        if self.ops[b].kind == "neg":
            return self.sub(a, self.ops[b].args[0])
        if self.ops[a].kind == "neg":
            return self.sub(b, self.ops[a].args[0])
        for one, other in ((b, a), (a, b)):
            if self.stepping and self.ops[one].kind == "mul":
                c, d = self.ops[one].args
                return self.fma(c, d, other)
        return self.op("add", (min(a, b), max(a, b)))

    def sub(self, a: int, b: int) -> int:
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.number(x - y)
        if y == 0:
            return a
        return self.neg(b) if x == 0 else self.op("sub", (a, b))

    def mul(self, a: int, b: int) -> int:
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.number(x * y)
        for factor, other in ((x, b), (y, a)):
            if factor == 0:
                return self.number(0.0)
            if factor == 1:
                return other
            if factor == -1:
                return self.neg(other)
        return self.op("mul", (min(a, b), max(a, b)))

    def fma(self, a: int, b: int, c: int) -> int:
        x, y = self.value(a), self.value(b)
        if x in (0, 1, -1) or y in (0, 1, -1):
            return self.add(c, self.mul(a, b))
        return self.mul(a, b) if self.value(c) == 0 else self.op("fma", (min(a, b), max(a, b), c))

    def div(self, a: int, b: int) -> int:
        x, y = self.value(a), self.value(b)
        if x is not None and y:
            return self.number(x / y)
        if y == 1:
            return a
        if self.stepping and not self.moving[b]:
            if y:
                return self.mul(a, self.number(1 / y))
            return self.mul(a, self.op("div", (self.number(1.0), b)))
        return self.op("div", (a, b))

    def check(self, kind: str, values: tuple[int, ...], data: Any = None) -> None:
        if any(self.value(v) is None for v in values):
            self.checks[Check(kind, values, data)] = None

    def dot(self, pairs: list[tuple[int, int]], total: int | None = None) -> int:
        """Σ a·b, what is known early first."""
        for a, b in sorted(pairs, key=lambda p: max(self.depth[p[0]], self.depth[p[1]])):
            total = self.mul(a, b) if total is None else self.fma(a, b, total)
        return self.number(0.0) if total is None else total

    def convolve(self, a: Series, b: Series, lo: int, hi: Any, k: Any) -> int:
        """Σ a_j·b_{k−j}, j = lo … hi; see :mod:`taylorad.run.program` for the looped form."""
        if not isinstance(k, Order):
            if a is b and lo + hi == k:
                half = self._unrolled([(a[j], b[k - j]) for j in range(lo, (k + 1) // 2)])
                total = self.add(half, half)
                return self.fma(a[k // 2], a[k // 2], total) if k % 2 == 0 and k // 2 >= lo else total
            return self._unrolled([(a[j], b[k - j]) for j in range(lo, hi + 1)])
        left = -hi.offset
        if a.degree <= SHORT:
            return self._short(a, b, lo, k)
        if b.degree <= SHORT:
            return self._short(b, a, left, k)
        if a is b:
            total = self.op("half", (), (a, a), a.size)
            return total if lo else self.fma(self.add(a[0], a[0]), a[k], total)
        ends = ([] if lo else [(a[0], b[k])]) + ([] if left else [(a[k], b[0])])
        return self.dot(ends, self.op("old", (), (a, b), max(a.size, b.size)))

    def weighted(self, a: Series, b: Series, p: int, q: int, k: Any) -> int:
        """Σ (p·j + q·(k−j))·a_j·b_{k−j}, j = 1 … k, for a series b of any degree."""
        if self.value(p) == 0 and self.value(q) == 0:
            return self.number(0.0)
        looped = isinstance(k, Order)
        if looped and a.degree > SHORT:
            last = self.mul(self.mul(p, self.op("order")), a[k])
            return self.fma(last, b[0], self.op("weighted", (p, q), (a, b), max(a.size, b.size)))
        terms: list[tuple[int, int]] = []
        for j in range(1, (a.degree if looped else k) + 1):
            rest = self.sub(self.op("order"), self.number(j)) if looped else self.number(k - j)
            weight = self.fma(p, self.number(j), self.mul(q, rest))
            terms.append((self.mul(weight, a[j]), b[k - j]))
        return self.dot(terms) if looped else self._unrolled(terms)

    def _unrolled(self, pairs: list[tuple[int, int]]) -> int:
        """From the inside out, so that the newest coefficients come last, in two partial sums when long."""
        pairs = [p for p in pairs if self.value(p[0]) != 0 and self.value(p[1]) != 0]
        middle = (len(pairs) - 1) / 2
        ordered = [pairs[i] for i in sorted(range(len(pairs)), key=lambda i: (abs(i - middle), i))]
        if len(ordered) < 8:
            return self.dot_in_order(ordered)
        return self.add(self.dot_in_order(ordered[1::2]), self.dot_in_order(ordered[0::2]))

    def dot_in_order(self, pairs: list[tuple[int, int]]) -> int:
        total = self.number(0.0)
        for a, b in pairs:
            total = self.fma(a, b, total)
        return total

    def _short(self, a: Series, b: Series, lo: int, k: Order) -> int:
        return self.dot([(a[j], b[k - j] if j else b[k]) for j in range(lo, a.degree + 1) if self.value(a[j]) != 0])
