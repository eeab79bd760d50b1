"""What both forms of a scalar system's step share: leaves, states, sums and checks of the lowered system.

All multiply-adds are fused where the processor can.
"""

from __future__ import annotations

from taylorad.errors import CompilationError
from taylorad.ode.lanes import Lanes
from taylorad.ode.packs import Sums
from taylorad.ode.step import Step
from taylorad.run.program import Check, Program
from taylorad.run.writer import Target, double, vector

__all__ = ["Jet"]


class Jet(Lanes, Step):
    """``dim`` components, ``pack`` sums in a vector."""

    def __init__(self, program: Program, order: int, target: Target, dim: int, pack: int, controlled: int) -> None:
        if program.givens:
            name = type(program.givens[0].node).__name__
            raise CompilationError(f"no machine code for a {name} node: the interpreter integrates this system")
        rows = [row for root in program.roots for row in root]
        super().__init__(program, target, 1 << (min(target.lanes, 4, len(rows)) - 1).bit_length())
        self.program, self.order, self.dim = program, order, dim
        sums = Sums(program, pack)
        self.ops, self.buffers, self.packs = sums.ops, sums.buffers, sums.packs
        self.uses = [t for p in self.packs for t in sums.uses(p)]
        self.moving |= set(sums.added)
        self.room = 0
        self.starts = [row.start[0] for row in rows]
        self.states: list[int] = []
        self.slopes: list[int] = []  # the buffers of their derivatives
        for row in rows:
            found = [a for a in self.ops[row.step].args if self.ops[a].kind == "back"] if row.step is not None else []
            if not found:
                raise CompilationError("a state does not follow from its derivative: the interpreter integrates this")
            assert row.step is not None
            self.states.append(row.step)
            self.slopes.append(self.ops[found[0]].data[0])
        self.blocks = -(-len(rows) // self.width)
        self.scanned = controlled // self.width or self.blocks

    # ------------------------------------------------------------------ checks
    def failed(self) -> str:
        """Whether a check of the program fails at order 0."""
        bad, flag = "false", double(0.0)
        for check in self.program.checks:
            if check.kind == "finite":
                flag = self.fma(self.value(check.values[:1]), double(0.0), flag)
            for test in self._tests(check):
                bad = self.put(f"or i1 {bad}, {test}")
        return bad if flag == double(0.0) else self.put(f"or i1 {bad}, {self.poisoned(flag)}")

    def _tests(self, check: Check) -> list[str]:
        values = [self.value((i,)) for i in check.values]
        if check.kind == "inside":
            bounds = zip(check.data, ("ule", "uge"), strict=True)
            return [self.put(f"fcmp {o} double {values[0]}, {double(b)}") for b, o in bounds if b is not None]
        if check.kind == "nonzero":
            zero = [self.put(f"fcmp oeq double {x}, {double(0.0)}") for x in values]
            return [zero[0] if len(zero) == 1 else self.put(f"and i1 {zero[0]}, {zero[1]}")]
        return []

    # ------------------------------------------------------------------ leaves
    def leaf(self, data: list[tuple[int, int, int]]) -> str | None:
        """Some leaves that stand side by side; else None."""
        number, k, part = data[0]
        if number == self.dim:
            if len(data) > 1:
                return None
            if part or k > 1:
                return double(0.0)
            return double(1.0) if k else self.put("load double, ptr %real, align 8")
        base, first = ("%y", number) if number < self.dim else ("%args", number - self.dim - 1)
        place = self.parts * first + part
        for lane, (other, _, its) in enumerate(data):
            inside = (other < self.dim) == (number < self.dim) and other != self.dim
            if not inside or self.parts * (other - number) + its - part != lane:
                return None
        return self.put(f"load {vector(len(data))}, ptr {self.at(base, str(place), 1)}, align 8")

    def factors(self, pack: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        data = [self.ops[i].data for i in pack]
        return tuple(a for a, _ in data), tuple(b for _, b in data)
