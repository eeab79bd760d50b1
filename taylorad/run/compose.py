"""Composition of two series in machine code: Σ g_j·(u − u_0)^j, by Horner's rule on truncated series.

After step j only coefficients 0 … K−j of what stands so far can still matter, so the cost is K³/6 multiplications.
Sums run in four partial sums as in :mod:`taylorad.run.emit`, so points and lanes agree bit for bit.
"""

from __future__ import annotations

from functools import cache as once
from typing import Any

import numpy as np

from taylorad.run.entry import facts
from taylorad.run.writer import Target, Writer
from taylorad.series.node import INFINITE

__all__ = ["composition"]

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


class _Composer(Writer):
    """``arrays``: for each part u, then u back to front or what stands so far; see the methods."""

    def __init__(self, parts: int, lanes: int, target: Target) -> None:
        super().__init__(lanes, target)
        self.parts = parts
        self.block_size = 4 if lanes == 1 and parts == 1 else 2 if parts == 1 else 1

    def body(self) -> str:
        p = self.parts
        self.u, self.so_far, self.result = self.arrays[:p], self.arrays[p : 2 * p], self.arrays[2 * p :]
        self._copy()
        for part in range(p):
            self._put(part, "0", self.row("%in0", "%K", part, p))
        self._horner()
        return self._store()

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

    def _horner(self) -> None:
        d, done = self._while("horner", "1", "icmp sle i64 {}, %K")
        m, done_m = self._while("down", d, "icmp sgt i64 {}, 0")
        self._block(m)
        done_m(self.integer("sub", m, self.block_size))
        j = self.integer("sub", "%K", d)
        for part in range(self.parts):
            self._put(part, "0", self.row("%in0", j, part, self.parts))
        done(self.integer("add", d, 1))

    def _block(self, m: str) -> None:
        """Coefficients m, m−1, … of u times what stands so far. A product has valuation 1, so places can be reused."""
        pairs = [(0, 0)] if self.parts == 1 else [(0, 0), (1, 1), (0, 1), (1, 0)]
        kind = "<4 x double>" if self.lanes == 1 else self.type
        loop = self.loop("1", self.integer("add", m, 1))
        sums: list[str] = []
        for b in range(self.block_size):
            low = self.integer("sub", self.integer("sub", m, b), loop.index)
            for a, r in pairs:
                if self.lanes == 1:
                    left = self.put(f"load {kind}, ptr {self.at(self.u[a], loop.index, 1)}, align 8")
                    right = self.put(f"load {kind}, ptr {self.at(self.so_far[r], self._place(low), 1)}, align 8")
                    sums.append(self.fma(left, right, loop.sum(len(sums)), kind))
                    continue
                for i in range(4):
                    left = self.load(self.u[a], self.integer("add", loop.index, i))
                    right = self.load(self.so_far[r], self.integer("sub", low, i))
                    sums.append(self.fma(left, right, loop.sum(len(sums))))
        totals = self.close(loop, kind, sums)
        if self.lanes == 1:
            totals = self.four(totals)
        else:
            quads = [totals[i : i + 4] for i in range(0, len(totals), 4)]
            totals = [self.arith("fadd", self.arith("fadd", q[0], q[2]), self.arith("fadd", q[1], q[3])) for q in quads]
        for b in range(self.block_size):
            k = self.integer("sub", m, b)
            t = totals[b * len(pairs) : (b + 1) * len(pairs)]
            values = t if self.parts == 1 else [self.arith("fsub", t[0], t[1]), self.arith("fadd", t[2], t[3])]
            for part, value in enumerate(values):
                self._put(part, k, value)

    def _store(self) -> str:
        k, done = self._while("store", "0", "icmp sle i64 {}, %K")
        values = [self.load(self.so_far[part], self._place(k)) for part in range(self.parts)]
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
