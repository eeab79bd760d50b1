"""Where functions of (t, y, args) vanish along a solution, block of steps by block of steps.

A function's Taylor polynomials along all steps of a block come from one batch kernel, which :mod:`taylorad.ode.roots`
calls and whose result it searches. Where a polynomial is not accurate, because the function varies faster than the
solution for which the steps were made, the solution is expanded anew at points inside of the step, until it is. Steps
themselves never change.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np

from taylorad.errors import CompilationError
from taylorad.ode.march import Piece
from taylorad.ode.roots import BLOCK, ROOM, TAIL, isolate, scan
from taylorad.rings.arrays import ArrayRing
from taylorad.run.interpret import run
from taylorad.run.kernel import Kernel, compile_plan
from taylorad.series.node import Leaf, Node
from taylorad.series.schedule import schedule
from taylorad.series.substitute import substitute

__all__ = ["NONE", "Hits", "Search", "joined", "shifted"]

_ZERO = 64 * 2.0**-52  # of Σ |a_k|, as in taylorad.ode.roots
_WORSE = 100.0  # times the state's own truncation error: one that is
_WORST = 1e-4  # and one that always is
_PARTS = 32  # parts of a step, at the most, and how often a part is cut again
_DEPTH = 4
_KEPT, _LARGE = 64, 2**19  # kernels for which memory is kept, and bytes of it that are too many
_TIME, _CONSTANT = -1, -2  # what a leaf of a kernel is, if not a component


class Hits(NamedTuple):
    """Roots in the order of integration.

    ``which`` function, in which ``step``, at which ``part`` of its length, how long ``after`` its beginning and at
    which time ``t``; ``rise`` is 1, −1 or 0 where the function only touches zero; ``times`` is the multiplicity;
    ``begins`` where it is the value at a beginning that is zero.
    """

    which: np.ndarray
    step: np.ndarray
    part: np.ndarray
    after: np.ndarray
    t: np.ndarray
    rise: np.ndarray
    times: np.ndarray
    begins: np.ndarray

    def of(self, mask: np.ndarray) -> Hits:
        return Hits(*(a[mask] for a in self))


def shifted(rows: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The polynomials with coefficients ``rows`` (n, K+1, dim) about places ``x`` (n,) after their beginnings."""
    out, K = np.array(rows), rows.shape[1] - 1
    for j in range(K):
        for k in range(K - 1, j - 1, -1):
            out[:, k] += x[:, None] * out[:, k + 1]
    return out


@functools.lru_cache(256)
def _prepared(nodes: tuple[Node, ...], dim: int, complex: bool) -> tuple[list[int], list[int], Kernel | None]:
    """Which functions move, the leaves that they need, and their kernel."""
    used = sorted({leaf.index for leaf in schedule(nodes).leaves})
    fresh = {i: Leaf.of(k, 1 if i == dim else 0) if i >= dim else Leaf.of(k) for k, i in enumerate(used)}
    moved = substitute(nodes, fresh)
    moving = [e for e, n in enumerate(moved) if n.degree > 0]  # what never changes has no roots
    if not moving:
        return [], [], None
    kernel = compile_plan(schedule([moved[e] for e in moving]), dtype=np.complex128 if complex else np.float64)
    return moving, used[: len(kernel.degrees)], kernel


def joined(found: Sequence[Hits]) -> Hits:
    """All of them in the order of integration."""
    if len(found) < 2:
        return found[0] if found else NONE
    hits = Hits(*map(np.concatenate, zip(*found, strict=True)))
    return hits.of(np.lexsort((hits.which, hits.part, hits.step)))


NONE = Hits(*(np.zeros(0, kind) for kind in (int, int, float, float, float, int, int, bool)))


class _Scanned(NamedTuple):
    """What :func:`taylorad.ode.roots.scan` found; m expansions of each function."""

    h: np.ndarray
    clock: np.ndarray
    begin: np.ndarray
    size: np.ndarray
    near: np.ndarray
    counts: np.ndarray
    kept: np.ndarray
    spoilt: bool  # whether truncation may spoil some


@final
class Search:
    """Give :meth:`take` one block after the other; mutable. ``nodes`` are written over the system's placeholders.

    ``directions`` says which crossings of each function count: all and touches for 0, else those of that sign.
    """

    _desk: _Desk | None = None

    def __init__(self, nodes: Sequence[Node], dim: int, args: np.ndarray, directions: Sequence[float] = ()) -> None:
        self._moving, self._used, self._kernel = _prepared(tuple(nodes), dim, args.dtype.kind == "c")
        self._dim, self._args = dim, args
        self._directions = directions or [0.0] * len(nodes)
        self._ahead = [0.0] * len(nodes)  # where the next window begins, from the beginning of the step
        self._fresh, self._set = True, False
        self._told: set[int] = set()
        self.openings = [0] * len(nodes)  # the signs of the functions just after the last beginning

    def begin(self, told: Sequence[int] = ()) -> None:
        """The next block begins anew, from a state that was set; zeros there of the functions ``told`` are known."""
        self._fresh, self._set, self._told = True, True, set(told)

    def take(self, piece: Piece) -> Hits:
        """All roots in some steps that go on from those before. DomainError where a function is not defined."""
        if not len(piece) or self._kernel is None:
            return NONE
        seen = self._scan(piece, self._kernel)
        ended: set[int] = set()
        found: list[Hits] = []
        for place, e in enumerate(self._moving):
            hits = self._roots(e, place, seen, piece, ended, _DEPTH)
            if hits is not None:
                found.append(hits)
        self._fresh, self._set, self._told = not piece.goes_on, False, ended
        return joined(found)

    def __del__(self) -> None:
        if self._desk is not None and self._kernel is not None and self._desk.block.nbytes <= _LARGE:
            if len(_desks) > _KEPT:
                _desks.clear()
            key = (self._kernel, self._desk.order, self._dim, tuple(self._used))
            _desks.setdefault(key, []).append(self._desk)

    # ------------------------------------------------------------------ expansions
    def _scan(self, piece: Piece, kernel: Kernel) -> _Scanned:
        rows = piece.rows if piece.rows.dtype != object else np.array(piece.rows, np.float64)
        m, width = len(rows), rows.shape[1]
        h = piece.lengths
        if piece.goes_on:
            h = np.concatenate((h, h[-1:]))
        desk = self._desk
        if desk is None or desk.order != width - 1:
            desk = self._desk = _desk(width - 1, self._used, self._dim, self._args, kernel)
        functions = len(self._moving)
        begin, size = np.empty((functions, m)), np.empty((2, functions, m))
        near, counts = np.empty((functions, m), np.int64), np.empty(functions, np.int64)
        kept = np.empty((functions, m, max(width, 5)))
        times = piece.times if piece.times.dtype == np.float64 else piece.times.astype(np.float64)
        apart, along, single = rows.strides
        status = 1
        if single == 8 and apart == width * along and rows.dtype.kind != "c" and desk.ready:
            status = scan(
                rows, m, width - 1, along // 8, desk.columns, len(desk.columns), times, desk.code, desk.inputs,
                desk.outputs, desk.status, functions, h, desk.block, begin, size, near, counts, kept,
            )  # fmt: skip
        found = _Scanned(h, times, begin, size, near, counts, kept, status != 0)
        if status == 1:
            self._slowly(piece, rows, kernel, found)
        return found

    def _slowly(self, piece: Piece, rows: np.ndarray, kernel: Kernel, found: _Scanned) -> None:
        """The same through the kernel's own door, which knows what to do where machine code has no answer."""
        m, width = len(rows), rows.shape[1]
        leaves: list[np.ndarray] = []
        for i in self._used:
            if i == self._dim:
                leaves.append(np.stack([piece.times[:m].sum(axis=1).astype(float), np.ones(m)]).astype(kernel.dtype))
            elif i > self._dim:
                leaves.append(np.full((1, m), self._args[i - self._dim - 1]))
            else:
                leaves.append(np.ascontiguousarray(rows[:, :, i].T))
        block, none = np.empty(4 * BLOCK + max(width, 5) * BLOCK), np.zeros(1, np.int64)
        try:
            series: Sequence[np.ndarray] = kernel(leaves, width - 1)
        except CompilationError:  # no machine code on this machine
            whole = [np.concatenate([leaf, np.zeros((width - len(leaf), m), leaf.dtype)]) for leaf in leaves]
            series = run(kernel.plan, ArrayRing(kernel.dtype, (m,)), whole, width - 1)
        for place, g in enumerate(series):
            own = np.ascontiguousarray(np.real(g).T)
            scan(
                own, m, width - 1, 1, none, 1, found.h, 0, none, none, none, 1, found.h, block, found.begin[place],
                size := np.empty((2, m)), found.near[place], found.counts[place : place + 1], found.kept[place],
            )  # fmt: skip
            found.size[:, place] = size

    # ------------------------------------------------------------------ roots
    def _roots(self, e: int, place: int, seen: _Scanned, piece: Piece, ended: set[int], depth: int) -> Hits | None:
        """The roots of function e, which is number ``place`` of those that were scanned."""
        count, m, n = int(seen.counts[place]), len(seen.h), len(piece)
        if self._fresh:
            first = seen.begin[place, 0]
            self.openings[e] = int(first > 0) - int(first < 0)
        if not count:
            self._ahead[e] = 0.0
            return None
        if depth and seen.spoilt:
            finer = self._finer(piece, seen, place, seen.near[place, :count], TAIL)
            if finer is not None:
                return self._inside(e, place, piece, *finer, ended, depth - 1)
        order = piece.rows.shape[1] - 1
        starts, ends = self._fresh, not piece.goes_on
        kind = 1 if not self._set else 2 if e in self._told else 3
        assert self._desk is not None
        memory, cell = self._desk.memory, self._desk.cell
        room = 4 * count + order + 6
        while True:
            whole, real = np.empty((3, room), np.int64), np.empty((3, room))
            step, rise, times = whole[0], whole[1], whole[2]
            part, after, when = real[0], real[1], real[2]
            found = isolate(
                seen.kept, seen.near, count, place * m, m, n, len(seen.counts), order, seen.h, seen.clock, seen.begin,
                seen.size, self._ahead[e] / float(seen.h[0]), starts * kind, int(ends), self._directions[e],
                step, part, after, when, rise, times, room, memory, cell,
            )  # fmt: skip
            if found >= 0:
                break
            room *= 4
        if depth and memory[2] > 1.0:  # where a root is multiple only the last digit tells
            finer = self._finer(piece, seen, place, np.unique(step[:found][times[:found] > 1]), _ZERO)
            if finer is not None:
                return self._inside(e, place, piece, *finer, ended, depth - 1)
        self._ahead[e] = float(memory[0])
        if starts and seen.near[place, 0] == 0:
            self.openings[e] = int(memory[1])
        if ends and seen.near[place, count - 1] == n - 1:
            zero = _ZERO * seen.size[0, place, n - 1] + seen.size[1, place, n - 1]
            if abs(seen.kept[place, count - 1].sum()) <= zero:
                ended.add(e)
        if not found:
            return None
        begins = np.zeros(found, bool)
        if starts:  # the only root that is nowhere inside of its step
            begins[0] = step[0] == 0 and part[0] == 0
        which, own = np.zeros(found, np.int64), slice(found)
        which += e
        hits = Hits(which, step[own], part[own], after[own], when[own], rise[own], times[own], begins)
        if starts and begins[0]:
            wrong = self._directions[e] and self._directions[e] * rise[0] <= 0
            if wrong or e in self._told:
                return hits.of(np.arange(1, found))
        return hits

    # ------------------------------------------------------------------ steps that are too long for a function
    def _finer(
        self, piece: Piece, seen: _Scanned, place: int, near: np.ndarray, most: float
    ) -> tuple[Piece, np.ndarray, np.ndarray, np.ndarray] | None:
        """The steps cut where truncation spoils the function: the parts, of which step, where and how long.

        ``most`` is the truncation error, in units of Σ |a_k|, that never does.
        """
        n, h = len(piece), seen.h
        size, tail = seen.size[0, place], seen.size[1, place]
        spoilt = tail[near] > most * size[near]
        if not spoilt.any():
            return None
        bad = near[spoilt & (near < n)]
        if not len(bad):
            return None
        K = piece.rows.shape[1] - 1
        powers = np.abs(h[bad])[:, None, None] ** np.arange(K + 1)[:, None]
        own = np.abs(piece.rows[bad].astype(np.complex128)) * powers
        whole = own.sum(axis=1)
        whole[whole == 0] = 1.0
        state = (2 * own[:, -2:].sum(axis=1) / whole).max(axis=1)
        wanted = np.maximum(np.minimum(_WORSE * state, _WORST), most)
        ratio = tail[bad] / size[bad] / wanted
        bad, ratio = bad[ratio > 1], ratio[ratio > 1]
        if not len(bad):
            return None
        parts = np.ones(n, np.int64)
        parts[bad] = np.minimum(np.maximum(1 + ratio ** (1 / max(K - 1, 1)), 2), _PARTS)
        step = np.repeat(np.arange(n), parts)
        length = 1.0 / parts[step]
        where = (np.arange(len(step)) - np.repeat(np.cumsum(parts) - parts, parts)) * length
        rows = np.array(piece.rows[np.append(step, n) if piece.goes_on else step])
        moved = np.flatnonzero(where)
        rows[moved] = shifted(rows[moved], where[moved] * h[step[moved]])
        times = np.concatenate([piece.times[step], piece.times[-1:]])
        times[:-1, 1] += where * h[step]
        return Piece(times, rows), step, where, length

    def _inside(
        self,
        e: int,
        place: int,
        whole: Piece,
        piece: Piece,
        step: np.ndarray,
        where: np.ndarray,
        length: np.ndarray,
        ended: set[int],
        depth: int,
    ) -> Hits | None:
        assert self._kernel is not None
        hits = self._roots(e, place, self._scan(piece, self._kernel), piece, ended, depth)
        if hits is None:
            return None
        part = where[hits.step] + hits.part * length[hits.step]
        after = hits.t - whole.times[step[hits.step]].sum(axis=1)
        return hits._replace(step=step[hits.step], part=part, after=after)


@final
class _Desk:
    """The memory that searches of one order use again and again, and where the kernel finds it."""

    def __init__(self, order: int, used: Sequence[int], dim: int, kernel: Kernel) -> None:
        self.order = order
        self.memory, self.cell = np.empty((ROOM + order) * (order + 6)), np.empty(2, np.int64)
        self.columns = np.array([i if i < dim else _TIME if i == dim else _CONSTANT for i in used], np.int64)
        room = max(order + 1, 5) * BLOCK
        functions = len(kernel.roots)
        self.block = np.zeros(4 * BLOCK + (len(used) + functions) * room)
        leaves = 4 * BLOCK + room * np.arange(len(used) + functions)
        places = self.block.ctypes.data + 8 * leaves
        self.inputs, self.outputs = places[: len(used)], places[len(used) :]
        self.status = np.empty(BLOCK, np.int64)
        self.constants = [(int(leaves[k]), i - dim - 1) for k, i in enumerate(used) if i > dim]
        for k, i in enumerate(used):
            if i == dim:
                self.block[leaves[k] + BLOCK : leaves[k] + 2 * BLOCK] = 1.0
        self.code, self.ready = 0, not (kernel.complex or kernel.arrays)
        if not self.ready or (functions == 1 and kernel.plan.roots[0] is Leaf.of(0)):
            return
        try:
            from taylorad.run.jit import host

            self.code = kernel.code(host().target.lanes).loaded.address
            self.ready = not kernel.givens
        except CompilationError:
            self.ready = False


_desks: dict[tuple[Kernel, int, int, tuple[int, ...]], list[_Desk]] = {}  # those that nobody sits at


def _desk(order: int, used: Sequence[int], dim: int, args: np.ndarray, kernel: Kernel) -> _Desk:
    try:  # another thread may be faster
        desk = _desks[kernel, order, dim, tuple(used)].pop()
    except (KeyError, IndexError):
        desk = _Desk(order, used, dim, kernel)
    for place, i in desk.constants:
        desk.block[place : place + BLOCK] = np.real(args[i])
    return desk
