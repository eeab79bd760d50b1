"""One step of the propagation loop in three parts, which every form of a system's code writes in its own way.

``begin``: order 0, and order 1 of the states, which is their derivative. ``middle``: the rest of the series and the
step size. ``end``: the state at the end of the step. So the loop around them (:mod:`taylorad.ode.loop`) can turn back
before a series is paid for.

Coefficient k of number i of the state goes to ``row[k·stride + i]``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from taylorad.ode.words import Words
from taylorad.run.writer import same, vector

__all__ = ["SAFETY", "Begun", "Sized", "Step"]

SAFETY = -3.8953  # log2 of e^−2.7: the last term of a step against the tolerance


class Begun(NamedTuple):
    """Whether a check failed at order 0; the largest |f − what the last step predicted|, NaN where that is no number,
    and the largest tolerance; 0, or NaN where f is not finite."""

    bad: str
    defect: str
    tolerance: str
    flag: str


class Sized(NamedTuple):
    """log2 of the step size; 0, or NaN where a coefficient is not finite."""

    low: str
    flag: str


class Step(Words, ABC):
    """States stand in ``blocks`` vectors of ``width``; the first ``scanned`` of them decide the length of steps.

    ``room`` bytes of zeros must be at ``%memory``.
    """

    form: str
    order: int
    width: int
    blocks: int
    scanned: int
    room: int

    @property
    def stride(self) -> int:
        """Numbers in a row of coefficients."""
        return self.width * self.blocks

    @property
    def kind(self) -> str:
        """The type of a block of states."""
        return vector(self.width)

    def before(self) -> str:
        """What stands before the function: constants, other functions."""
        return ""

    def text(self) -> list[str]:
        """The lines of the function."""
        return self.lines

    @abstractmethod
    def begin(self) -> Begun: ...

    @abstractmethod
    def middle(self) -> Sized: ...

    @abstractmethod
    def end(self, h: str) -> None:
        """Leaves the state at the end in y[0] and y[1], the one before in y[2] and y[3], the derivative in y[4]."""

    def begun(self, bad: str, defect: str, lost: str, tolerance: str, flag: str) -> Begun:
        """What ``begin`` returns, from vectors."""
        w = self.width
        defect, tolerance = self.reduced(defect, "ogt", w), self.reduced(tolerance, "ogt", w)
        defect = self.arith("fadd", defect, self.reduced(lost, "fadd", w))
        return Begun(bad, defect, tolerance, self.reduced(flag, "fadd", w))

    def moved(self, q: str, h: str, block: str) -> None:
        """x + h·q of one block, with what rounding left out carried along."""
        kind = self.kind
        places = [self.part("%y", which, block) for which in range(4)]
        y, low = self.fetch(places[0]), self.fetch(places[1])
        self.keep(y, places[2])
        self.keep(low, places[3])
        step = self.fma(q, h, low, kind)
        total = self.arith("fadd", y, step, kind)
        part = self.arith("fsub", total, y, kind)
        rest = self.arith("fsub", y, self.arith("fsub", total, part, kind), kind)
        self.keep(total, places[0])
        self.keep(self.arith("fadd", rest, self.arith("fsub", step, part, kind), kind), places[1])

    def fetch(self, address: str, width: int = 0) -> str:
        return self.put(f"load {vector(width or self.width)}, ptr {address}, align 8")

    def keep(self, value: str, address: str, width: int = 0) -> None:
        self.do(f"store {vector(width or self.width)} {value}, ptr {address}, align 8")

    def part(self, base: str, which: int, block: str) -> str:
        """The address of a block in vector ``which`` of several."""
        if block.isdigit():
            return self.at(base, str(int(block) * self.width + which * self.stride), 1)
        place = self.integer("add", self.integer("mul", block, self.width), which * self.stride)
        return self.at(base, place, 1)

    # ------------------------------------------------------------------ step sizes
    def limits(self, x1: str, rtol: str, own: str) -> list[tuple[str, str]]:
        """For the two orders that the step size is taken from, what its logarithm is but for the coefficient.

        The step size is the largest h with |x_p|·h^p below a tolerance: ``own`` of the component or, where that is
        larger, rtol·|x′|·h.
        """
        w, kind = self.width, self.kind
        moved = self.arith("fmul", self.absolute(x1, w), rtol, kind)
        out: list[tuple[str, str]] = []
        for p in (self.order - 1, self.order):
            a, b = (same(SAFETY / q, w) for q in (p, max(p - 1, 1)))
            out.append((self.logarithm(own, w, 1 / p, a), self.logarithm(moved, w, 1 / max(p - 1, 1), b)))
        return out

    def longest(self, x: str, p: int, limits: tuple[str, str]) -> str:
        """log2 of the step size that coefficient p leaves."""
        a = self.logarithm(x, self.width, -1 / p, limits[0])
        b = self.logarithm(x, self.width, -1 / max(p - 1, 1), limits[1])
        return self.chosen("ogt", a, b, self.width)
