"""Composition and reversion of series in machine code, by Horner's rule on truncated series.

Composition is Σ g_j·(u − u_0)^j. After step j only coefficients 0 … K−j of what stands so far can still matter, so
the cost is K³/6 multiplications. Reversion is Newton's iteration w ← w − (s(w) − t)·w′ (R. P. Brent and H. T. Kung,
Fast algorithms for manipulating formal power series, J. ACM 25, 1978), which doubles the known order: the
compositions form a geometric series, 4K³/21 in all. Sums run in four partial sums as in :mod:`taylorad.run.emit`,
so points and lanes agree bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache as once
from typing import Any

import numpy as np

from taylorad.run.entry import facts
from taylorad.run.writer import Target, Writer
from taylorad.series.node import INFINITE

__all__ = ["composition", "reversion"]

_PAD = 8  # blocks and partial sums read up to six places below coefficient 0


@once
def composition(parts: int, lanes: int) -> Any:
    """The door to the kernel (g, u) → g∘(u − u_0), for real (``parts`` = 1) or complex series."""
    from taylorad.run.jit import host, obtain

    def make() -> tuple[str, dict[str, Any]]:
        writer = _Composer(parts, lanes, host().target)
        return writer.function("kernel", 2, 1, [1] * 3 * parts, _PAD, writer.body), {"symbols": []}

    loaded, _ = obtain(("composition", parts, lanes), make)
    dtype = np.dtype(np.complex128 if parts == 2 else np.float64)
    return loaded.door(facts(loaded.address, dtype, (INFINITE, INFINITE), (), 1, None, lanes))


@once
def reversion(parts: int, lanes: int) -> Any:
    """The door to the kernel (s, 1/s_1) → w with s(w) = t, for real (``parts`` = 1) or complex s without s_0."""
    from taylorad.run.jit import host, obtain

    def make() -> tuple[str, dict[str, Any]]:
        writer = _Reverser(parts, lanes, host().target)
        return writer.function("kernel", 2, 1, [1] * 4 * parts, _PAD, writer.body), {"symbols": []}

    loaded, _ = obtain(("reversion", parts, lanes), make)
    dtype = np.dtype(np.complex128 if parts == 2 else np.float64)
    return loaded.door(facts(loaded.address, dtype, (INFINITE, 0), (), 1, None, lanes))


class _Composer(Writer):
    """``arrays``: for each part u, what stands so far (back to front for a single point), the result's flag."""

    def __init__(self, parts: int, lanes: int, target: Target) -> None:
        super().__init__(lanes, target)
        self.parts = parts
        self.block_size = 4 if lanes == 1 and parts == 1 else 2 if parts == 1 else 1

    def body(self) -> str:
        p = self.parts
        self.u, self.so_far, self.result = self.arrays[:p], self.arrays[p : 2 * p], self.arrays[2 * p :]
        self._copy()
        self._horner("%K")
        return self._store(self.so_far, self._place)

    def _place(self, k: str) -> str:
        """Where coefficient k of what stands so far is: back to front for a single point."""
        return self.integer("sub", "%K", k) if self.lanes == 1 else k

    def _put(self, part: int, k: str, value: str) -> None:
        self.do(f"store {self.type} {value}, ptr {self.at(self.so_far[part], self._place(k))}, align 8")

    def _copy(self) -> None:
        """u without its constant term."""
        k, done = self._while("copy", "1", "icmp sle i64 {}, %K")
        for part in range(self.parts):
            value = self.row("%in1", k, part, self.parts)
            self.do(f"store {self.type} {value}, ptr {self.at(self.u[part], k)}, align 8")
        done(self.integer("add", k, 1))

    def _horner(self, order: str) -> None:
        """Σ in0_j·u^j to ``order``."""
        for part in range(self.parts):
            self._put(part, "0", self.row("%in0", order, part, self.parts))
        d, done = self._while("horner", "1", f"icmp sle i64 {{}}, {order}")
        m, done_m = self._while("down", d, "icmp sgt i64 {}, 0")
        self._block(m)
        done_m(self.integer("sub", m, self.block_size))
        j = self.integer("sub", order, d)
        for part in range(self.parts):
            self._put(part, "0", self.row("%in0", j, part, self.parts))
        done(self.integer("add", d, 1))

    def _block(self, m: str) -> None:
        """Coefficients m, m−1, … of u times what stands so far. A product has valuation 1, so places can be reused."""
        values = self._sums(self.u, "1", self.integer("add", m, 1), m)
        for b, value in enumerate(values):
            k = self.integer("sub", m, b)
            for part in range(self.parts):
                self._put(part, k, value[part])

    def _sums(self, left: list[str], first: str, stop: str, m: str) -> list[list[str]]:
        """The parts of Σ left_j·so_far_(k−j), first ≤ j < stop, for each k = m, m−1, … of a block.

        Terms beyond are read too, so what stands so far must be zero there.
        """
        pairs = [(0, 0)] if self.parts == 1 else [(0, 0), (1, 1), (0, 1), (1, 0)]
        kind = "<4 x double>" if self.lanes == 1 else self.type
        loop = self.loop(first, stop)
        sums: list[str] = []
        for b in range(self.block_size):
            low = self.integer("sub", self.integer("sub", m, b), loop.index)
            for a, r in pairs:
                if self.lanes == 1:
                    x = self.put(f"load {kind}, ptr {self.at(left[a], loop.index, 1)}, align 8")
                    y = self.put(f"load {kind}, ptr {self.at(self.so_far[r], self._place(low), 1)}, align 8")
                    sums.append(self.fma(x, y, loop.sum(len(sums)), kind))
                    continue
                for i in range(4):
                    x = self.load(left[a], self.integer("add", loop.index, i))
                    y = self.load(self.so_far[r], self.integer("sub", low, i))
                    sums.append(self.fma(x, y, loop.sum(len(sums))))
        totals = self.close(loop, kind, sums)
        if self.lanes == 1:
            totals = self.four(totals)
        else:
            quads = [totals[i : i + 4] for i in range(0, len(totals), 4)]
            totals = [self.arith("fadd", self.arith("fadd", q[0], q[2]), self.arith("fadd", q[1], q[3])) for q in quads]
        found = [totals[i : i + len(pairs)] for i in range(0, len(totals), len(pairs))]
        if self.parts == 1:
            return found
        return [[self.arith("fsub", t[0], t[1]), self.arith("fadd", t[2], t[3])] for t in found]

    def _store(self, source: list[str], place: Callable[[str], str]) -> str:
        """The result, whose coefficient k is at ``place`` of ``source``; which points are not finite."""
        k, done = self._while("store", "0", "icmp sle i64 {}, %K")
        values = [self.load(source[part], place(k)) for part in range(self.parts)]
        self.store_row("%out0", k, values)
        flag = self.load(self.result[0], "0")
        self.do(f"store {self.type} {self.poison(values, flag)}, ptr {self.at(self.result[0], '0')}, align 8")
        done(self.integer("add", k, 1))
        return self.poisoned(self.load(self.result[0], "0"))

    def _while(self, name: str, first: str, test: str) -> tuple[str, Any]:
        """Open a loop with a counter; call the second result with its next value to close it."""
        before = self.block
        self.do(f"br label %{name}")
        self.label(name)
        head = len(self.lines)
        self.lines.append("")
        here = self.put(test.format(f"%{name}k"))
        self.do(f"br i1 {here}, label %{name}b, label %{name}x")
        self.label(f"{name}b")

        def done(after: str) -> None:
            self.lines[head] = f"  %{name}k = phi i64 [ {first}, %{before} ], [ {after}, %{self.block} ]"
            self.do(f"br label %{name}")
            self.label(f"{name}x")

        return f"%{name}k", done


class _Reverser(_Composer):
    """``arrays``: for each part w as u, what stands so far, w′, the result's flag."""

    def body(self) -> str:
        p = self.parts
        self.u, self.so_far, self.slope = self.arrays[:p], self.arrays[p : 2 * p], self.arrays[2 * p : 3 * p]
        self.result = self.arrays[3 * p :]
        for part in range(p):
            first = self.row("%in1", "0", part, p)
            self.do(f"store {self.type} {first}, ptr {self.at(self.u[part], '1')}, align 8")
        known, done = self._while("newton", "1", "icmp slt i64 {}, %K")
        twice = self.integer("shl", known, 1)
        less = self.put(f"icmp slt i64 {twice}, %K")
        order = self.put(f"select i1 {less}, i64 {twice}, i64 %K")
        self._horner(order)
        self._differentiate(known)
        self._correct(known, order)
        done(order)
        return self._store(self.u, lambda k: k)

    def _differentiate(self, known: str) -> None:
        """w′ as far as w is known; and s(w) − t is zero so far, whatever rounding has left of it."""
        k, done = self._while("slope", "0", f"icmp sle i64 {{}}, {known}")
        after = self.integer("add", k, 1)
        factor = self.splat(self.put(f"sitofp i64 {after} to double"))
        for part in range(self.parts):
            value = self.arith("fmul", factor, self.load(self.u[part], after))  # beyond what is known it is zero
            self.do(f"store {self.type} {value}, ptr {self.at(self.slope[part], k)}, align 8")
            self._put(part, k, self.zero)
        done(after)

    def _correct(self, known: str, order: str) -> None:
        """w ← w − (s(w) − t)·w′ from ``order`` down to the first unknown coefficient; a block may add zeros below."""
        m, done = self._while("correct", order, f"icmp sgt i64 {{}}, {known}")
        values = self._sums(self.slope, "0", self.integer("sub", m, known), m)
        for b, value in enumerate(values):
            k = self.integer("sub", m, b)
            for part in range(self.parts):
                new = self.arith("fsub", self.load(self.u[part], k), value[part])
                self.do(f"store {self.type} {new}, ptr {self.at(self.u[part], k)}, align 8")
        done(self.integer("sub", m, self.block_size))
