"""Which sums of a program share a vector, and weighted sums as plain ones."""

from __future__ import annotations

from collections import Counter
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
        self._unscaled([i for i in (*program.step, *self.added) if self.ops[i].kind in ("old", "half")])
        living = self._living(program)
        self.sums = [i for i in living if self.ops[i].kind in ("old", "half")]
        self.users = self._users(living)
        self.counts = Counter(b for i in self.sums for b in set(self.ops[i].data))
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

    def _unscaled(self, sums: Sequence[int]) -> None:
        """Constant factors are pulled out of sums, so that sums that differ by them are one, and squares are seen."""
        seen: dict[object, tuple[float, int]] = {}
        known: dict[tuple[int, ...], int] = {}
        for i in sums:
            scale = 1.0
            factors: list[int] = []
            for b in self.ops[i].data:
                c, b = self._base(b, seen)
                scale *= c
                factors.append(b)
            pair = tuple(sorted(factors))
            if pair not in known:
                known[pair] = i
                if scale != 1:
                    known[pair] = self._op("old")
                self.ops[known[pair]] = Op("half" if pair[0] == pair[1] else "old", (), pair)
            if known[pair] != i:
                number = self._op("number", (), scale, moving=False)
                self.ops[i] = Op("mul", (number, known[pair]))

    def _base(self, b: int, seen: dict[object, tuple[float, int]]) -> tuple[float, int]:
        """c and the first buffer of which this one is c times at every order but 0, which sums do not look at."""
        step = self.buffers[b].step
        if step is None:
            return 1.0, b
        scale, direction = self._direction(step)
        if len(direction) == 1 and scale != 1 and direction not in seen:
            ((alone, _),) = direction
            seen[direction] = (1.0, len(self.buffers))
            self.buffers.append(Buffer((), alone, False))
        first, x = seen.setdefault(direction, (scale, b))
        return scale / first, x

    def _direction(self, i: int) -> tuple[float, frozenset[tuple[int, float]]]:
        """An operation as a multiple of a linear combination."""
        form = self._linear(i, 4)
        scale = form[min(form)] if form else 0.0
        if not scale:
            return 1.0, frozenset([(i, 1.0)])
        return scale, frozenset((a, c / scale) for a, c in form.items())

    def _linear(self, i: int, depth: int) -> dict[int, float]:
        op = self.ops[i]
        numbers = [float(self.ops[a].data) for a in op.args if self.ops[a].kind == "number"]
        rest = [a for a in op.args if self.ops[a].kind != "number"]
        terms: list[tuple[float, int]] = [(1.0, i)]
        if depth and op.kind in ("add", "sub"):
            terms = [(1.0, op.args[0]), (1.0 if op.kind == "add" else -1.0, op.args[1])]
        elif depth and op.kind == "neg":
            terms = [(-1.0, op.args[0])]
        elif depth and op.kind in ("mul", "fma") and len(numbers) == 1 and len(rest) == len(op.args) - 1:
            terms = [(numbers[0], rest[0]), *((1.0, a) for a in rest[1:])]
        out: dict[int, float] = {}
        for c, a in terms:
            for x, d in (self._linear(a, depth - 1) if a != i else {i: 1.0}).items():
                out[x] = out.get(x, 0.0) + c * d
        return out

    def _living(self, program: Program) -> list[int]:
        """What the states need of the step, now that some operations have been replaced."""
        found: set[int] = set()
        todo = [row.step for root in program.roots for row in root if row.step is not None]
        moving = {*program.step, *self.added}
        while todo:
            i = todo.pop()
            if i in moving and i not in found:
                found.add(i)
                todo.extend(self.ops[i].args)
                if self.ops[i].kind in ("old", "half"):
                    todo.extend(step for b in self.ops[i].data if (step := self.buffers[b].step) is not None)
                elif self.ops[i].kind in ("back", "coef"):
                    b = self.ops[i].data[0] if self.ops[i].kind == "back" else self.ops[i].data
                    todo.extend(step for step in (self.buffers[b].step,) if step is not None)
        return sorted(found)

    def _packs(self, width: int) -> list[tuple[int, ...]]:
        """Parts that are alike share vectors: each has a lane of its own in all of them."""
        part = self._parts(self.users)
        members: dict[int, list[int]] = {}
        for i in self.sums:
            members.setdefault(part[i], []).append(i)
        kinds: dict[tuple[str, ...], list[list[int]]] = {}
        for group in members.values():
            group.sort(key=lambda i: (self.ops[i].kind, i))
            kinds.setdefault(tuple(self.ops[i].kind for i in group), []).append(group)
        packs: list[tuple[int, ...]] = []
        rest: dict[str, list[int]] = {"old": [], "half": []}
        for group in kinds.values():
            while len(group) >= width or (2 * len(group) >= width and len(self.sums) > 2 * width):
                some, group = group[:width], group[width:]
                packs += [repeated(lanes, width) for lanes in zip(*some, strict=True)]
            for i in (i for one in group for i in one):
                rest[self.ops[i].kind].append(i)
        for left in rest.values():
            for j in range(0, len(left), width):
                some = left[j : j + width]
                packs.append(repeated(some, 1 << (len(some) - 1).bit_length()))
        for pack in packs:
            self._turn(pack)
        return packs

    def _turn(self, pack: tuple[int, ...]) -> None:
        """Of every sum of a pack the factor that stands in more sums goes last."""
        for i in pack:
            a, b = self.ops[i].data
            if self.counts[a] > self.counts[b]:
                self.ops[i] = Op(self.ops[i].kind, (), (b, a))

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
