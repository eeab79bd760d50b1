"""The parts of a step for large systems, in loops over blocks of the state, once the rows of coefficients stand."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol, final

from taylorad.ode.step import Begun, Sized, Step
from taylorad.run.writer import Target, same

__all__ = ["Called", "Rows"]


class Rows(Step):
    """A form that writes coefficients 0 and 1 first, then all others."""

    @abstractmethod
    def first(self) -> str:
        """Rows 0 and 1; whether a check failed at order 0."""

    @abstractmethod
    def others(self) -> None:
        """All rows."""

    def begin(self) -> Begun:
        bad = self.first()
        w, kind = self.width, self.kind
        zero = same(0.0, w)

        def block(old: list[str]) -> list[str]:
            x0, x1 = self.coefficient(0), self.coefficient(1)
            off = self.arith("fsub", x1, self.fetch(self.part("%y", 4, "%b")), kind)
            defect = self.chosen("ogt", self.absolute(off, w), old[0], w)
            lost = self.fma(off, zero, old[1], kind)
            return [defect, lost, self.chosen("ogt", self._own(x0), old[2], w), self.fma(x1, zero, old[3], kind)]

        return self.begun(bad, *self.over_blocks(self.scanned, [zero] * 4, block))

    def _own(self, x: str) -> str:
        atol, rtol = self.fetch(self.part("%tol", 0, "%b")), self.fetch(self.part("%tol", 1, "%b"))
        return self.fma(self.absolute(x, self.width), rtol, atol, self.kind)

    def middle(self) -> Sized:
        self.others()
        w, kind = self.width, self.kind
        zero = same(0.0, w)

        def block(old: list[str]) -> list[str]:
            x0, x1 = self.coefficient(0), self.coefficient(1)
            rtol = self.fetch(self.part("%tol", 1, "%b"))
            low, flag = old
            limits = self.limits(x1, rtol, self._own(x0))
            for p, limit in zip((self.order - 1, self.order), limits, strict=True):
                x = self.coefficient(p)
                flag = self.fma(x, zero, flag, kind)
                low = self.chosen("olt", self.longest(x, p, limit), low, w)
            return [low, flag]

        low, flag = self.over_blocks(self.scanned, [same(1000.0, w), zero], block)
        return Sized(self.reduced(low, "olt", w), self.reduced(flag, "fadd", w))

    def end(self, h: str) -> None:
        w, kind = self.width, self.kind
        h = self.fill(h, w)
        z = self.arith("fmul", h, h, kind)
        two = self.arith("fadd", z, z, kind)

        def block(_: list[str]) -> list[str]:
            parts: list[tuple[str, str]] = []
            for r in (1, 2):  # the odd and the even powers of h, a chain of Horner's rule in z = h² for each
                q, lower = "", ""
                for k in range(self.order - (self.order - r) % 2, 0, -2):
                    x = self.coefficient(k)
                    lower = self.fma(lower, z, q, kind) if lower else q
                    q = self.fma(q, z, x, kind) if q else x
                parts.append((q, lower))
            (q, dq), (p, dp) = parts  # x − x_0 = h·(q + h·p), and its derivative
            p2 = self.fma(dp, two, self.arith("fadd", p, p, kind), kind) if dp else self.arith("fadd", p, p, kind)
            q2 = self.fma(dq, two, q, kind) if dq else q
            self.keep(self.fma(h, p2, q2, kind), self.part("%y", 4, "%b"))
            self.moved(self.fma(h, p, q, kind), h, "%b")
            return []

        self.over_blocks(self.blocks, [], block)

    def coefficient(self, k: int) -> str:
        """Of the block that a loop is at."""
        return self.fetch(self.at(self.here, str(k * self.stride), 1))

    def over_blocks(self, count: int, first: list[str], body: Callable[[list[str]], list[str]]) -> list[str]:
        """Run ``body`` for ``%b`` of so many blocks; what it makes of ``first`` in the end."""
        before, name = self.block, f"blocks{self.names}"
        self.do(f"br label %{name}")
        self.label(name)
        head = len(self.lines)
        old = [f"%{name}v{i}" for i in range(len(first))]
        index = f"%{name}i"
        start = len(self.lines)
        self.here = self.at("%row", self.integer("mul", "%b", self.width), 1)
        new = body(old)
        self.lines[start:] = [line.replace("%b,", f"{index},") for line in self.lines[start:]]
        after = self.integer("add", index, 1)
        phis = [f"  {index} = phi i64 [ 0, %{before} ], [ {after}, %{name} ]"]
        for o, a, z in zip(old, first, new, strict=True):
            phis.append(f"  {o} = phi {self.kind} [ {a}, %{before} ], [ {z}, %{name} ]")
        self.lines[head:head] = phis
        more = self.put(f"icmp slt i64 {after}, {count}")
        self.do(f"br i1 {more}, label %{name}, label %{name}x")
        self.label(f"{name}x")
        return new


class Series(Protocol):
    """The text of ``i1 @jet(ptr y, ptr real, ptr args, ptr row, ptr memory)``, which writes all rows of a step."""

    target: Target
    declared: set[str]
    order: int
    width: int
    blocks: range
    room: int

    def text(self) -> str: ...


@final
class Called(Rows):
    """The rows come from a function of their own."""

    def __init__(self, form: str, series: Series, controlled: int = 0) -> None:
        super().__init__(1, series.target)
        self.form, self.series, self.order = form, series, series.order
        self.width, self.blocks, self.room = series.width, len(series.blocks), series.room
        self.scanned = controlled // self.width or self.blocks

    def before(self) -> str:
        text = self.series.text()
        self.declared |= self.series.declared
        return text

    def first(self) -> str:
        return self.put("call i1 @jet(ptr %y, ptr %real, ptr %args, ptr %row, ptr %memory)")

    def others(self) -> None:
        """They stand already."""
