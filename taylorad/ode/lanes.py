"""Straight-line code in vector lanes: a value is a tuple of operations of a program, and one vector holds it.

A tuple is, in this order: known already, one or two shuffles of vectors that are known, one vector operation on the
tuples of its arguments, or two halves. So equal work on unlike numbers shares an instruction, whatever the system.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylorad.ode.words import Words
from taylorad.run.program import Op, Program
from taylorad.run.writer import Target, constant, double, vector

__all__ = ["Lanes", "repeated"]

_VECTOR = frozenset(("add", "sub", "mul", "div", "fma", "neg"))
_SWAPS = frozenset(("add", "mul", "fma"))


def repeated(items: Sequence[int], width: int) -> tuple[int, ...]:
    """``items`` filled up to ``width`` with the last one: a spare lane repeats a real one, so that it never traps."""
    return (*items, *(items[-1],) * (width - len(items)))


class Lanes(Words):
    """Values of a looped program at order 0 and at the order now worked on."""

    def __init__(self, program: Program, target: Target, width: int) -> None:
        super().__init__(1, target)
        self.ops: list[Op] = list(program.ops)
        self.moving = set(program.step)
        self.width = width
        self.parts = program.parts
        self.buffers = list(program.buffers)
        self.head: list[str] = []  # what does not depend on the order
        self.still: dict[tuple[int, ...], str] = {}
        self.now: dict[tuple[int, ...], str] = {}
        self.still_home: dict[int, tuple[str, int, int]] = {}
        self.home: dict[int, tuple[str, int, int]] = {}
        self.shape: dict[int, int] = {}

    # ------------------------------------------------------------------ values of operations
    def value(self, t: tuple[int, ...]) -> str:
        """The vector of the operations ``t`` (a scalar for one of them)."""
        moving = any(i in self.moving for i in t)
        known = self.now if moving else self.still
        found = known.get(t)
        if found is None:
            lines = self.lines
            if not moving:
                self.lines = self.head
            found = known[t] = self._value(t)
            if len(set(t)) > 1:
                self.settle(t, found)
            self.lines = lines
        return found

    def settle(self, t: tuple[int, ...], name: str) -> None:
        """Note where the operations of ``t`` can be found."""
        moving = any(i in self.moving for i in t)
        homes = self.home if moving else self.still_home
        for lane, i in enumerate(t):
            if len(t) > 1 and (i in self.moving) == moving:
                homes.setdefault(i, (name, len(t), lane))

    def _value(self, t: tuple[int, ...]) -> str:
        ops = [self.ops[i] for i in t]
        if len(t) > 1 and len(set(t)) == 1:
            return self.fill(self.value(t[:1]), len(t))
        found = self._shuffled(t)
        if found is not None:
            return found
        if len(t) > 1 and all(op.kind == "number" for op in ops):
            return constant([op.data for op in ops])
        special = self.special(t)
        if special is not None:
            return special
        kind = ops[0].kind
        known = len(t) > 1 and any(i in self.home or i in self.still_home or (i,) in self.now for i in t)
        if kind in _VECTOR and all(op.kind == kind for op in ops) and not known:
            return self._operation(kind, [self.value(a) for a in self._aligned(t)], len(t))
        if len(t) > 1:
            half = len(t) // 2
            return self.joined(self.value(t[:half]), self.value(t[half:]), half)
        return self._scalar(ops[0])

    def special(self, t: tuple[int, ...]) -> str | None:
        """The value of what is not arithmetic; None leaves it to the halves of ``t``."""
        raise NotImplementedError

    def _shuffled(self, t: tuple[int, ...]) -> str | None:
        homes = [self.home.get(i) or self.still_home.get(i) for i in t]
        found = [h for h in homes if h is not None]
        if len(found) < len(t):
            return None
        vectors = list(dict.fromkeys((name, width) for name, width, _ in found))
        if len(vectors) > 2 or len({width for _, width in vectors}) > 1:
            return None
        width = vectors[0][1]
        lanes = [lane + width * vectors.index((name, width)) for name, width, lane in found]
        return self.shuffle(width, vectors[0][0], vectors[-1][0], lanes)

    def _operation(self, kind: str, v: list[str], width: int) -> str:
        if kind == "fma":
            return self.fma(v[0], v[1], v[2], vector(width))
        if kind == "neg":
            return self.put(f"fneg {vector(width)} {v[0]}")
        return self.arith("f" + kind, v[0], v[1], vector(width))

    def _scalar(self, op: Op) -> str:
        v = [self.value((a,)) for a in op.args]
        match op.kind:
            case "number":
                return double(op.data)
            case "call":
                symbol = f"{op.data}.f64" if op.data.startswith("llvm.") else op.data
                return self.call("double", symbol, *(("double", a) for a in v))
            case _:
                raise ValueError(f"{op} has no value in a jet")

    def _aligned(self, t: tuple[int, ...]) -> list[tuple[int, ...]]:
        """The arguments of alike operations, factors and summands turned so that like stands under like."""
        first = self.ops[t[0]]
        rows = [list(first.args)]
        for i in t[1:]:
            args = list(self.ops[i].args)
            if first.kind in _SWAPS:
                straight = sum(self.alike(a, b) for a, b in zip(args[:2], first.args, strict=False))
                turned = sum(self.alike(a, b) for a, b in zip(args[1::-1], first.args, strict=False))
                if turned > straight:
                    args[:2] = args[1::-1]
            rows.append(args)
        return [tuple(column) for column in zip(*rows, strict=True)]

    def alike(self, a: int, b: int) -> int:
        return 4 * (a == b) + 2 * (self.shape_of(a) == self.shape_of(b)) + (self.ops[a].kind == self.ops[b].kind)

    def shape_of(self, i: int, depth: int = 3) -> int:
        """A number that operations of like structure have in common."""
        key = i * 4 + depth
        found = self.shape.get(key)
        if found is None:
            op = self.ops[i]
            inner = tuple(self.shape_of(a, depth - 1) for a in op.args) if depth else ()
            found = self.shape[key] = hash((op.kind, i in self.moving, inner))
        return found
