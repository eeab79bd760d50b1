"""Which sums of a program share a vector, and weighted sums as plain ones."""

from __future__ import annotations

from collections.abc import Sequence

from taylorad.ode.lanes import repeated
from taylorad.run.program import SUMS, Buffer, Op, Program

__all__ = ["Sums"]

_DEPTH = 2  # users of a sum that tell what it is for


class Sums:
    """The sums of ``program`` in packs of up to ``width`` lanes.

    Σ (αj + β(k−j))·a_j·b_{k−j} becomes βk·Σ a_j·b_{k−j} + (α−β)·Σ (j·a_j)·b_{k−j}, two lanes of the plain kind.
    Sums whose results are used in the same way stand at the same place of neighbouring packs, so that what follows
    needs no shuffles; what is left over is packed without regard to kind.
    """

    def __init__(self, program: Program, width: int) -> None:
        self.ops = list(program.ops)
        self.buffers = list(program.buffers)
        self.added: list[int] = []
        self._plain(program)
        self.sums = [i for i in (*program.step, *self.added) if self.ops[i].kind in ("old", "half")]
        self.users = self._users(sorted({*program.step, *self.added}))
        self.packs = self._packs(width)

    def _op(self, kind: str, args: tuple[int, ...] = (), data: object = None, moving: bool = True) -> int:
        self.ops.append(Op(kind, args, data))
        if moving:
            self.added.append(len(self.ops) - 1)
        return len(self.ops) - 1

    def _plain(self, program: Program) -> None:
        order = next((i for i in program.step if self.ops[i].kind == "order"), None)
        thetas: dict[int, int] = {}
        for i in program.step:
            op = self.ops[i]
            if op.kind not in SUMS or op.kind in ("old", "half"):
                continue
            order = self._op("order") if order is None else order
            a, b = op.data
            if a not in thetas:
                step = self.buffers[a].step
                assert step is not None
                theta = self._op("mul", (step, order))
                thetas[a] = len(self.buffers)
                self.buffers.append(Buffer((), theta, False))
            first, second = op.args
            plain = self._op("old", (), (a, b))
            tilted = self._op("old", (), (thetas[a], b))
            slope = self._op("sub", (first, second), moving=False)
            weight = self._op("mul", (order, second))
            self.ops[i] = Op("fma", (weight, plain, self._op("mul", (slope, tilted))))

    def _packs(self, width: int) -> list[tuple[int, ...]]:
        users = self.users
        part = self._parts(users)
        squares = {self.ops[i].data[0]: self._use(i, users, _DEPTH) for i in self.sums if self.ops[i].kind == "half"}
        seen: dict[object, int] = {}
        groups: dict[tuple[str, object], list[int]] = {}
        for i in sorted(self.sums, key=lambda i: (part[i], i)):
            kind, (a, b), *_ = self.ops[i].kind, self.ops[i].data
            place = (kind, self._use(i, users, _DEPTH), squares.get(a), squares.get(b))
            rank = seen[part[i], place] = seen.get((part[i], place), -1) + 1
            groups.setdefault((kind, (place, rank)), []).append(i)
        packs: list[tuple[int, ...]] = []
        rest: dict[str, list[int]] = {"old": [], "half": []}
        for (kind, _), group in groups.items():
            while len(group) >= width:
                packs.append(tuple(group[:width]))
                group = group[width:]
            if 2 * len(group) >= width and len(self.sums) > 2 * width:
                packs.append(repeated(group, width))
            else:
                rest[kind] += group
        for left in rest.values():
            for j in range(0, len(left), width):
                some = left[j : j + width]
                packs.append(repeated(some, 1 << (len(some) - 1).bit_length()))
        return packs

    def uses(self, pack: tuple[int, ...]) -> list[tuple[int, ...]]:
        """What is made of the sums of a pack first, and of that, as long as it is one thing for each."""
        out: list[tuple[int, ...]] = []
        t = pack
        for _ in range(_DEPTH):
            if not all(i in self.users for i in t):
                break
            t = tuple(self.users[i][0] for i in t)
            if len(set(t)) < len(set(pack)) or len({self.ops[i].kind for i in t}) > 1:
                break
            out.append(t)
        return out

    def _parts(self, users: dict[int, tuple[int, int]]) -> dict[int, int]:
        """For each sum the first of those that it is tied to, by a factor or by what is made of both of them.

        All that belongs to one pair of bodies is tied together, so that neighbouring lanes hold neighbouring pairs.
        """
        tied = {i: i for i in self.sums}

        def root(i: int) -> int:
            while tied[i] != i:
                i = tied[i]
            return i

        holder: dict[int, int] = {}
        for i in self.sums:
            tokens = [step for b in self.ops[i].data if (step := self.buffers[b].step) is not None]
            op = i
            for _ in range(_DEPTH):
                if op in users:
                    op = users[op][0]
                    tokens.append(op)
            for token in tokens:
                first, other = sorted((root(i), root(holder.setdefault(token, i))))
                tied[other] = first
        return {i: root(i) for i in self.sums}

    def _users(self, living: Sequence[int]) -> dict[int, tuple[int, int]]:
        """The first operation of every order that takes another; what a fused one has replaced does not count."""
        found: dict[int, tuple[int, int]] = {}
        for i in living:
            for place, a in enumerate(self.ops[i].args):
                found.setdefault(a, (i, place))
        return found

    def _use(self, i: int, users: dict[int, tuple[int, int]], depth: int) -> object:
        if depth == 0 or i not in users:
            return None
        user, place = users[i]
        kind = self.ops[user].kind
        return (
            kind,
            place if kind in ("add", "sub") or (kind == "fma" and place == 2) else 0,
            self._use(user, users, depth - 1),
        )
