"""The lowered program: the one recurrence, recorded as straight-line operations on real numbers.

A program has two parts. ``start`` computes coefficient 0 of everything (and all coefficients of polynomials of
low degree); ``step`` computes coefficient k from lower ones and is run for k = 1 … K. An unrolled program has
no step: its start goes up to a fixed order. Every number a step needs from lower orders comes from a
:class:`Buffer`; the sums over them are two kinds of operation that later stages turn into loops:

* ``old(A, B)``: Σ A_j·B_{k−j} for j = 1 … k−1, the part of a convolution that needs lower orders only;
* ``half(A)``: the same for A = B, by symmetry;
* ``weighted(A, B)``: the same with the factor p·j + q·(k−j) in every term.

Operations, in static single assignment: an operation's number is its place in ``ops``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, final

from taylorad.series.node import Node

__all__ = ["SHORT", "SUMS", "Buffer", "Check", "Given", "Op", "Program", "Row"]

SHORT = 3  # a polynomial up to this degree is a few constants, and a convolution with it a few terms

SUMS = ("old", "weighted", "half")
_FEW = 6  # sums in a step

_ARITY = {
    "number": 0,  # data: a float
    "leaf": 0,  # data: (leaf, order, part)
    "given": 0,  # data: (given, row, part)
    "order": 0,  # k as a float
    "reciprocal": 0,  # 1/k
    "coef": 0,  # data: a buffer; its coefficient k, known before the step (a polynomial)
    "input": 0,  # data: (leaf, part); its coefficient k
    "jet": 0,  # data: (given, part); row k of a given series
    "back": 0,  # data: (buffer, j): coefficient k − j, j ≥ 1
    "old": 0,  # data: (buffer, buffer)
    "half": 0,  # data: (buffer, buffer), both the same
    "weighted": 2,  # args: p and q, known before the step; data: (buffer, buffer)
    "neg": 1,
    "add": 2,
    "sub": 2,
    "mul": 2,
    "div": 2,
    "fma": 3,  # a·b + c, rounded once where the host can
    "call": None,  # data: a symbol
    "map": 1,  # data: a matrix
    "pick": None,  # args: index, branch 0, branch 1, …
}
_STEP_ONLY = frozenset(("order", "reciprocal", "coef", "input", "jet", "back", *SUMS))


class Op(NamedTuple):
    """One operation; ``args`` are numbers of earlier operations."""

    kind: str
    args: tuple[int, ...] = ()
    data: Any = None


@final
@dataclass(frozen=True, slots=True)
class Buffer:
    """The coefficients of one series that later orders look back at.

    ``start`` holds coefficient 0 (for a polynomial all of them), ``step`` coefficient k, or None when nothing
    follows ``start``. ``reverse``: the series also stands as the second factor of some ``old`` or ``half``.
    """

    start: tuple[int, ...]
    step: int | None
    reverse: bool


@final
@dataclass(frozen=True, slots=True)
class Row:
    """A real row of the result (a root, or the real or imaginary part of one)."""

    start: tuple[int, ...]
    step: int | None


@final
@dataclass(frozen=True, slots=True)
class Check:
    """A point is handed back to the caller when this fails.

    ``kind`` is ``"nonzero"`` (not all values are 0), ``"finite"`` or ``"inside"`` (of the open interval ``data``).
    """

    kind: str
    values: tuple[int, ...]
    data: Any = None


@final
@dataclass(frozen=True, slots=True)
class Given:
    """What the caller computes at order 0, because machine code has no value for it.

    ``role`` is ``"value"`` (of a function node), ``"series"`` (of a local node: its coefficients 0 … K) or
    ``"choice"`` (which branch of a select passes, as a number).
    """

    node: Node
    role: str

    @property
    def whole(self) -> bool:
        return self.role == "series"


@final
@dataclass(frozen=True, slots=True)
class Program:
    """See the module. ``order`` is None for a looped program, whose order is an argument.

    ``sizes`` says for each operation how many elements it has: all operations but ``map`` go element by element.
    """

    ops: tuple[Op, ...]
    start: tuple[int, ...]
    step: tuple[int, ...]
    buffers: tuple[Buffer, ...]
    checks: tuple[Check, ...]
    roots: tuple[tuple[Row, ...], ...]
    degrees: tuple[int, ...]
    givens: tuple[Given, ...]
    order: int | None
    parts: int
    sizes: tuple[int, ...]

    @property
    def arrays(self) -> bool:
        """Whether some value is a vector."""
        return any(self.sizes[i] > 1 for i in (*self.start, *self.step))

    @property
    def near(self) -> bool:
        """Whether sums take their newest terms, j = 1 and j = k−1, apart and last.

        That shortens the wait from one order to the next, which is what a step of few sums spends its time on;
        a step of many sums has other work to do meanwhile, and shorter code without.
        """
        return not self.arrays and sum(self.ops[i].kind in SUMS for i in self.step) <= _FEW

    @property
    def symbols(self) -> tuple[str, ...]:
        """The external functions that the program calls."""
        return tuple(sorted({op.data for op in self.ops if op.kind == "call"}))

    def counts(self) -> dict[str, int]:
        """How many operations of each kind stand in the program."""
        found: dict[str, int] = {}
        for i in (*self.start, *self.step):
            found[self.ops[i].kind] = found.get(self.ops[i].kind, 0) + 1
        return found

    def levels(self) -> list[list[int]]:
        """The step's operations by depth: level 0 needs lower orders only, level n an operation of level n − 1."""
        depth: dict[int, int] = {}
        out: list[list[int]] = []
        for i in self.step:
            below = [depth[a] for a in self.ops[i].args if a in depth]
            depth[i] = 1 + max(below) if below else 0
            while len(out) <= depth[i]:
                out.append([])
            out[depth[i]].append(i)
        return out

    def packs(self, width: int) -> list[tuple[int, ...]]:
        """The step's sums, ``width`` at a time, each kind apart; unlike operands share a pack.

        Packs follow the level at which a sum is first used, so that what is wanted together is summed together.
        """
        used: dict[int, int] = {}
        for level, ops in enumerate(self.levels()):
            for i in ops:
                for a in self.ops[i].args:
                    used.setdefault(a, level)
        sums = sorted((i for i in self.step if self.ops[i].kind in SUMS), key=lambda i: (used.get(i, 0), i))
        return [
            tuple(group[j : j + width])
            for kind in SUMS
            for group in [[i for i in sums if self.ops[i].kind == kind]]
            for j in range(0, len(group), width)
        ]

    def verify(self) -> None:
        """Raise ValueError where an operation is malformed, used before it stands, or from the wrong part."""
        known: set[int] = set()
        for part, numbers in (("start", self.start), ("step", self.step)):
            for i in numbers:
                op = self.ops[i]
                if op.kind not in _ARITY or _ARITY[op.kind] not in (None, len(op.args)):
                    raise ValueError(f"%{i} = {op} is malformed")
                if part == "start" and op.kind in _STEP_ONLY:
                    raise ValueError(f"%{i} = {op} needs an order k and stands before the step")
                missing = [a for a in op.args if a not in known]
                if missing:
                    raise ValueError(f"%{i} = {op} uses %{missing[0]} before it is computed")
                if op.kind == "weighted" and not set(self.start).issuperset(op.args):
                    raise ValueError(f"%{i} = {op} needs weights that are known before the step")
                known.add(i)
        for holder in (*self.buffers, *(row for root in self.roots for row in root)):
            wanted = (*holder.start, *(() if holder.step is None else (holder.step,)))
            for i in wanted:
                if i not in known:
                    raise ValueError(f"{holder} needs %{i}, which is never computed")
        started = set(self.start)
        for check in self.checks:
            if not started.issuperset(check.values):
                raise ValueError(f"{check} looks at a value that is not known at order 0")

    def __str__(self) -> str:
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"program order={'K' if self.order is None else self.order} leaves={len(self.degrees)} parts={self.parts}"
        for i, given in enumerate(self.givens):
            yield f"  given {i}: {given.role} of {type(given.node).__name__} {given.node.digest.hex()[:8]}"
        for name, numbers in (("start", self.start), ("step", self.step)):
            if numbers:
                yield f"{name}:"
            for i in numbers:
                op = self.ops[i]
                data = "" if op.data is None else f" {op.data}"
                size = f" [{self.sizes[i]}]" if self.sizes[i] > 1 else ""
                yield f"  %{i}{size} = {op.kind}{data}" + "".join(f" %{a}" for a in op.args)
        for i, b in enumerate(self.buffers):
            tail = "" if b.step is None else f" then %{b.step}"
            yield f"buffer {i}: {' '.join(f'%{s}' for s in b.start)}{tail}{' reversed too' if b.reverse else ''}"
        for check in self.checks:
            bounds = f" {check.data}" if check.data else ""
            yield f"check {check.kind} {' '.join(f'%{v}' for v in check.values)}{bounds}"
        for r, root in enumerate(self.roots):
            for row in root:
                tail = "" if row.step is None else f" then %{row.step}"
                yield f"root {r}: {' '.join(f'%{s}' for s in row.start)}{tail}"
