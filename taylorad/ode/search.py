"""Where functions of (t, y, args) vanish along a solution, block of steps by block of steps.

A function's Taylor polynomials along all steps of a block come from one batch kernel; :mod:`taylorad.ode.roots` does
the rest. Where a polynomial is not accurate, because the function varies faster than the solution for which the steps
were made, the solution is expanded anew at points inside of the step, until it is. Steps themselves never change.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np

from taylorad.ode.march import Piece
from taylorad.ode.roots import ROOM, exclude, gather, isolate
from taylorad.run.kernel import Kernel, compile_plan
from taylorad.series.node import Leaf, Node
from taylorad.series.schedule import schedule
from taylorad.series.substitute import substitute

__all__ = ["Hits", "Search"]

_LEAST = 5  # coefficients that the exclusion test looks at
_TAIL = 1e-10  # of Σ |a_k|: a truncation error that is never too large
_WORSE = 100.0  # times the state's own truncation error: one that is
_PARTS = 32  # parts of a step, at the most, and how often a part is cut again
_DEPTH = 4


class Hits(NamedTuple):
    """Roots in the order of integration.

    ``which`` function, in which ``step``, at which ``part`` of its length; ``rise`` is 1, −1 or 0 where the function
    only touches zero; ``times`` is the multiplicity; ``begins`` where it is the value at a beginning that is zero.
    """

    which: np.ndarray
    step: np.ndarray
    part: np.ndarray
    rise: np.ndarray
    times: np.ndarray
    begins: np.ndarray

    def of(self, mask: np.ndarray) -> Hits:
        return Hits(*(a[mask] for a in self))


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


_NONE = Hits(*(np.zeros(0, kind) for kind in (np.int64, np.int64, float, np.int64, np.int64, bool)))


@final
class Search:
    """Give :meth:`take` one block after the other; mutable. ``nodes`` are written over the system's placeholders."""

    def __init__(self, nodes: Sequence[Node], dim: int, args: np.ndarray) -> None:
        self._moving, used, self._kernel = _prepared(tuple(nodes), dim, args.dtype.kind == "c")
        self._used, self._dim, self._args = used, dim, args
        self._ahead = [0.0] * len(nodes)  # where the next window begins, from the beginning of the step
        self._fresh = True
        self._told: set[int] = set()

    def begin(self, told: Sequence[int] = ()) -> None:
        """The next block begins anew; zeros there of the functions ``told`` are known already."""
        self._fresh, self._told = True, set(told)

    def take(self, piece: Piece) -> Hits:
        """All roots in some steps that go on from those before. DomainError where a function is not defined."""
        if not len(piece) or self._kernel is None:
            return _NONE
        h = piece.lengths
        if piece.goes_on:
            h = np.append(h, h[-1])
        series = self._series(piece, self._kernel)
        ended: set[int] = set()
        found: list[Hits] = []
        for e, g in zip(self._moving, series, strict=True):
            hits = self._roots(e, g, piece, h, ended, _DEPTH)
            if hits is not None:
                found.append(hits)
        self._fresh, self._told = not piece.goes_on, ended
        if not found:
            return _NONE
        hits = Hits(*map(np.concatenate, zip(*found, strict=True))) if len(found) > 1 else found[0]
        return hits.of(np.lexsort((hits.which, hits.part, hits.step))) if len(hits.step) > 1 else hits

    # ------------------------------------------------------------------ series
    def _series(self, piece: Piece, kernel: Kernel) -> list[np.ndarray]:
        """Of every function (K+1, m), m the number of rows."""
        rows = piece.rows
        m, K = len(rows), rows.shape[1] - 1
        if rows.dtype == object:
            rows = np.array(rows, np.float64)
        leaves: list[np.ndarray] = []
        for i in self._used:
            if i == self._dim:
                leaves.append(np.stack([piece.times[:m].sum(axis=1), np.ones(m)]).astype(kernel.dtype))
            elif i > self._dim:
                leaves.append(np.full((1, m), self._args[i - self._dim - 1]))
            elif rows.dtype.kind == "c" or rows.strides[0] != (K + 1) * rows.strides[1] or rows.strides[2] != 8:
                leaves.append(np.ascontiguousarray(rows[:, :, i].T))
            else:
                leaves.append(np.empty((K + 1, m)))
                gather(rows, m, K, rows.strides[1] // 8, i, leaves[-1])
        found = [np.ascontiguousarray(np.real(g)) for g in kernel(leaves, K)]
        if K + 1 < _LEAST:
            found = [np.concatenate([g, np.zeros((_LEAST - K - 1, m))]) for g in found]
        return found

    # ------------------------------------------------------------------ roots
    def _roots(self, e: int, g: np.ndarray, piece: Piece, h: np.ndarray, ended: set[int], depth: int) -> Hits | None:
        """The roots of function e, whose coefficients are ``g`` (overwritten)."""
        order, m, n = len(g) - 1, len(h), len(piece)
        size, near = np.empty(2 * m), np.empty(m, np.int64)
        count = exclude(g, m, order, h, size, near, np.empty(256))
        if not count:
            self._ahead[e] = 0.0
            return None
        if depth:
            finer = self._finer(piece, h, size, near[:count])
            if finer is not None:
                return self._inside(e, *finer, ended, depth - 1)
        width = order + 6
        starts, ends = self._fresh, not piece.goes_on
        memory = np.empty((ROOM + order) * width)
        room = 4 * count + width
        while True:
            step, rise, times = np.empty((3, room), np.int64)
            part = np.empty(room)
            found = isolate(
                g, m, n, order, h, size, near, count, self._ahead[e] / float(h[0]), int(starts), int(ends),
                step, part, rise, times, room, memory, np.empty(2, np.int64),
            )  # fmt: skip
            if found >= 0:
                break
            room *= 4
        self._ahead[e] = float(memory[0])
        begins = np.zeros(found, bool)
        if starts and found and abs(float(g[0, 0])) <= 64 * 2.0**-52 * size[0] + size[m]:
            begins[0] = True
        if ends and abs(float(g[:, n - 1].sum())) <= 64 * 2.0**-52 * size[n - 1] + size[m + n - 1]:
            ended.add(e)
        hits = Hits(np.full(found, e), step[:found], part[:found], rise[:found], times[:found], begins)
        if found and begins[0] and e in self._told:
            return hits.of(np.arange(1, found))
        return hits

    # ------------------------------------------------------------------ steps that are too long for a function
    def _finer(
        self, piece: Piece, h: np.ndarray, size: np.ndarray, near: np.ndarray
    ) -> tuple[Piece, np.ndarray, np.ndarray, np.ndarray] | None:
        """The steps cut where truncation spoils the function: the parts, of which step, where and how long."""
        m, n = len(h), len(piece)
        tail = size[m + near] / size[near]
        bad = near[(tail > _TAIL) & (near < n)]
        if not len(bad):
            return None
        powers = np.abs(h[bad])[:, None, None] ** np.arange(piece.rows.shape[1])[:, None]
        own = np.abs(piece.rows[bad].astype(np.complex128)) * powers
        whole = own.sum(axis=1)
        whole[whole == 0] = 1.0
        least = _WORSE * (2 * own[:, -2:].sum(axis=1) / whole).max(axis=1)
        tail = size[m + bad] / size[bad]
        wanted = np.maximum(least, _TAIL)
        mask = tail > wanted
        if not np.any(mask):
            return None
        parts = np.ones(n, np.int64)
        ratio = tail[mask] / wanted[mask]
        parts[bad[mask]] = np.clip(np.ceil(ratio ** (1 / (piece.rows.shape[1] - 2))), 2, _PARTS).astype(np.int64)
        step = np.repeat(np.arange(n), parts)
        length = 1.0 / parts[step]
        place = (np.arange(len(step)) - np.repeat(np.cumsum(parts) - parts, parts)) * length
        rows = np.array(piece.rows[np.append(step, n) if piece.goes_on else step])
        moved = np.flatnonzero(place)
        shifted, x = rows[moved], (place[moved] * h[step[moved]])[:, None]
        K = rows.shape[1] - 1
        for j in range(K):
            for k in range(K - 1, j - 1, -1):
                shifted[:, k] += x * shifted[:, k + 1]
        rows[moved] = shifted
        times = np.concatenate([piece.times[step], piece.times[-1:]])
        times[:-1, 1] += place * h[step]
        return Piece(times, rows), step, place, length

    def _inside(
        self,
        e: int,
        piece: Piece,
        step: np.ndarray,
        place: np.ndarray,
        length: np.ndarray,
        ended: set[int],
        depth: int,
    ) -> Hits | None:
        assert self._kernel is not None
        g = self._series(piece, self._kernel)[self._moving.index(e)]
        h = piece.lengths
        hits = self._roots(e, g, piece, np.append(h, h[-1]) if piece.goes_on else h, ended, depth)
        if hits is None:
            return None
        return hits._replace(step=step[hits.step], part=place[hits.step] + hits.part * length[hits.step])
