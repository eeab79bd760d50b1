"""Compiled graphs on polynomials in several variables: one code for all spaces, and tables of products for each.

Code is kept on disk (:mod:`taylorad.run.jit`) and does not depend on the space; tables are built once for a set of
monomials. As for series of one variable, code is loaded once interpretation has cost as much (:mod:`.eager`).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, final

import numpy as np

from taylorad.errors import CompilationError, DomainError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.graded import Graded, GradedRing, Grading
from taylorad.rings.graded_monomials import Monomials
from taylorad.rings.graded_rays import Rays
from taylorad.run import eager, entry
from taylorad.run.emit_graded import BITS, PIECES, emit_graded
from taylorad.run.interpret import run
from taylorad.run.program import Given
from taylorad.series.node import Constant, Leaf, Local, Node, Select
from taylorad.series.schedule import Schedule, schedule

__all__ = ["GradedKernel", "compute", "kernel", "products", "table"]

_lock = threading.RLock()
_AT_ONCE = 1e9  # µs
_LONG = 400  # nodes, which take a second or so to compile; longer graphs are interpreted


def products(monomials: Grading) -> np.ndarray:
    """The words that machine code wants to know; see :mod:`taylorad.run.emit_graded`. Cost: as some products."""
    order = monomials.order
    head = [order, *monomials.offsets]
    at = len(head) + order + 1
    places: list[int] = []
    parts: list[np.ndarray] = []
    for k in range(order + 1):
        part = _entries(monomials, k)
        places.append(at)
        parts.append(part)
        at += len(part)
    return np.concatenate([np.array(head + places, np.int64), *parts])


def _entries(monomials: Grading, k: int) -> np.ndarray:
    """The products of degree k: the numbers of pieces and squares, and those.

    The one monomial of a piece is that of the two whose first variable is later: it maps longer runs to runs.
    """
    found: dict[int, list[np.ndarray]] = {size: [] for size in (*PIECES, 0)}
    for i in range(1, k // 2 + 1):
        if isinstance(monomials, Rays):
            one, other, product = monomials.pairs(i, k - i)
            if i < k - i:
                found[1].append(one | other << BITS | product << 2 * BITS)
            else:
                found[0].append(one | product << 2 * BITS)
        else:
            _unordered(found, monomials, i, k - i)
    words = [np.concatenate([np.zeros(0, np.int64), *found[size]]) for size in (*PIECES, 0)]
    return np.concatenate([np.array([len(w) for w in words], np.int64), *words])


def _unordered(found: dict[int, list[np.ndarray]], monomials: Monomials, i: int, j: int) -> None:
    first = np.argmax(monomials.exponents != 0, axis=1)
    left, right, result = monomials.block(i), monomials.block(j), monomials.block(i + j)
    table = monomials.table_of(i, j).astype(np.int64) + result.start
    kept = table < result.stop
    a, b = first[left, None], first[None, right]
    if i < j:
        _pieces(found, table, kept & (a >= b), left.start, right.start)
        _pieces(found, table.T, (kept & (a < b)).T, right.start, left.start)
    else:
        upper = np.triu(np.ones(table.shape, bool), 1)
        _pieces(found, table, kept & ((a > b) | ((a == b) & upper)), left.start, left.start)
        s = np.flatnonzero(np.diagonal(kept))
        found[0].append((s + left.start) | table[s, s] << 2 * BITS)


def _pieces(found: dict[int, list[np.ndarray]], table: np.ndarray, mask: np.ndarray, row: int, column: int) -> None:
    """The runs of the rows of a table where ``mask`` holds, in pieces."""
    on = mask[:, 1:] & mask[:, :-1] & (table[:, 1:] == table[:, :-1] + 1)
    begin, end = mask.copy(), mask.copy()
    begin[:, 1:] &= ~on
    end[:, :-1] &= ~on
    rows, columns = np.nonzero(begin)
    left = np.nonzero(end)[1] - columns + 1
    for size in PIECES:
        many = left // size
        index = np.repeat(np.arange(len(rows)), many)
        at = columns[index] + (np.arange(len(index)) - np.repeat(np.cumsum(many) - many, many)) * size
        found[size].append((rows[index] + row) | (at + column) << BITS | table[rows[index], at] << 2 * BITS)
        columns, left = columns + many * size, left - many * size


@final
class GradedKernel:
    """The machine code of a graph for polynomials. Made by :func:`kernel`; safe to call from several threads."""

    __slots__ = ("_doors", "_loaded", "_program", "_spent", "degrees", "door", "dtype", "givens", "plan")

    def __init__(self, plan: Schedule, dtype: np.dtype[Any]) -> None:
        self.plan, self.dtype = plan, dtype
        self._program: Any = None
        # the bare machine code: door(*leaves, table(monomials), *outs) fills outs, or returns None and fills nothing
        self.door: Callable[..., Any] | None = None
        self.forget()
        self._loaded: dict[int, Any] = {}
        self._doors: dict[int, Callable[..., Any]] = {}
        found = {leaf.index: leaf.degree for leaf in plan.leaves}
        self.degrees = tuple(found.get(i, 0) for i in range(1 + max(found, default=-1)))
        self.givens: tuple[Given, ...] = ()

    def forget(self) -> None:
        """Start to count anew what interpretation costs."""
        self.door = None
        # infinite once machine code is used, minus infinite where there is none
        odd = any(isinstance(n, Constant) and isinstance(n.value, np.ndarray) for n in self.plan.first)
        self._spent = -math.inf if odd or len(self.plan.rest) > _LONG else _AT_ONCE if eager.ready() else 0.0

    @property
    def program(self) -> Any:
        """The lowered program."""
        if self._program is None:
            from taylorad.run.lower import lower

            self._program = lower(self.plan, None, self.dtype.kind == "c")
        return self._program

    def ready(self, monomials: Grading) -> bool:
        """Whether to use machine code now; counts what the interpreter is about to cost where not."""
        if self._spent < 0 or self._spent == math.inf:
            return self._spent > 0
        cost = len(self.plan.rest) * (4.0 * monomials.order**2 + 2.0 * monomials.size)
        self._spent += cost
        if not eager.allow(cost, self._spent):
            return False
        try:
            self.load(1)
            self._spent = math.inf
            self.door = None if self.givens else self._doors[1]
        except (CompilationError, ImportError):  # no LLVM for this machine, or no code for this graph
            self._spent = -math.inf
        return self._spent > 0

    def load(self, lanes: int) -> Any:
        """The machine code for ``lanes`` points at a time; raises CompilationError where there is none."""
        found = self._loaded.get(lanes)
        if found is None:
            with _lock:
                found = self._loaded.get(lanes) or self._obtain(lanes)
        return found

    def _obtain(self, lanes: int) -> Any:
        from taylorad.run.jit import host, obtain

        def make() -> tuple[str, dict[str, Any]]:
            p = self.program
            givens = [(g.node.digest.hex(), g.role) for g in p.givens]
            return emit_graded(p, lanes, host().target), {"givens": givens, "symbols": p.symbols}

        roots = tuple(n.digest for n in self.plan.roots)
        loaded, facts = obtain(("graded", lanes, self.dtype.name, roots), make)
        nodes = {n.digest.hex(): n for n in self.plan.first}
        self.givens = tuple(Given(nodes[digest], role) for digest, role in facts["givens"])
        if lanes == 1:
            whole = (*(g.whole for g in self.givens), False)
            told = entry.facts(loaded.address, self.dtype, self.degrees, whole, len(self.plan.roots), None, 1)
            self._doors[1] = loaded.door(told)
        self._loaded[lanes] = loaded
        return loaded

    def __call__(self, monomials: Grading, leaves: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The coefficients (M, *shape) of every root, from leaves (M, *shape), or (1, *shape) of degree 0.

        All leaves have this kernel's dtype and one shape. Points that machine code cannot decide go to the
        interpreter, which raises DomainError or SingularExpansionError where there is no series. A point's result
        does not depend on the other points. Cost: a product for each product, quotient and function.
        """
        shape = leaves[0].shape[1:]
        words = table(monomials, self.dtype)
        single = self._doors.get(1)
        if single is None:
            self.load(1)
            single = self._doors[1]
        outs = [np.empty((monomials.size, *shape), self.dtype) for _ in self.plan.roots]
        if not shape:
            given = [self._given(g, monomials, leaves, shape) for g in self.givens] if self.givens else ()
            if single(*leaves, *given, words, *outs) is None:
                return self._interpret(monomials, leaves)
            return outs
        leaves = [np.ascontiguousarray(x) for x in leaves]
        given = [self._given(g, monomials, leaves, shape) for g in self.givens]
        n = math.prod(shape)
        if not n:
            return outs
        self._many(monomials, leaves, given, outs, words, n)
        return outs

    def _many(
        self, monomials: Grading, leaves: Sequence[np.ndarray], given: list[np.ndarray], outs: list[np.ndarray],
        words: np.ndarray, n: int,
    ) -> None:  # fmt: skip
        from taylorad.run.jit import host

        lanes = host().target.lanes
        lanes = lanes if n >= lanes else 1
        ins = np.array([x.ctypes.data for x in (*leaves, *given, words)], np.uintp)
        to = np.array([x.ctypes.data for x in outs], np.uintp)
        status = np.zeros(n, np.uint8)
        code = self.load(lanes).kernel
        if lanes == 1:  # its polynomials stand one after the other
            flat = [[x.reshape(len(x), n)[:, i].copy() for x in (*leaves, *given)] for i in range(n)]
            for i, one in enumerate(flat):
                rows = [np.empty(monomials.size, self.dtype) for _ in outs]
                if self._doors[1](*one, words, *rows) is None:
                    status[i] = 1
                for out, row in zip(outs, rows, strict=True):
                    out.reshape(len(out), n)[:, i] = row
        elif code(ins.ctypes.data, to.ctypes.data, monomials.size - 1, n, 0, n, status.ctypes.data) < 0:
            raise MemoryError(f"no memory for {monomials.size} coefficients")
        if status.any():
            redo = np.flatnonzero(status)
            few = [x.reshape(len(x), n)[:, redo] for x in leaves]
            try:
                fresh = self._interpret(monomials, few)
            except DomainError:
                self._interpret(monomials, leaves)  # the same error, naming the caller's points
                raise
            for out, new in zip(outs, fresh, strict=True):
                out.reshape(len(out), n)[:, redo] = new

    def _interpret(self, monomials: Grading, leaves: Sequence[np.ndarray]) -> list[np.ndarray]:
        ring = GradedRing(ArrayRing(self.dtype, leaves[0].shape[1:]), monomials)
        buffers = [Graded(x, monomials) if len(x) == monomials.size else x for x in leaves]
        return [found.data for found in run(self.plan, ring, buffers, monomials.order)]

    def _given(self, g: Given, monomials: Grading, leaves: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        """What machine code has no value for: order-0 values and choices, and polynomials of local entries."""
        if g.role == "series":
            return self._local(g.node, monomials, leaves, shape)
        ring = ArrayRing(self.dtype, shape)
        nodes: list[Node] = list(g.node.tests) if isinstance(g.node, Select) else [g.node]
        found = [buffer[0] for buffer in run(schedule(nodes), ring, [x[:1] for x in leaves], 0)]
        if isinstance(g.node, Select):
            return np.array(
                np.broadcast_to(GradedRing(ring, monomials).choose(g.node.chooser, found), (1, *shape)), np.float64
            )
        return np.array(np.broadcast_to(found[0], (1, *shape)), self.dtype)

    def _local(
        self, node: Node, monomials: Grading, leaves: Sequence[np.ndarray], shape: tuple[int, ...]
    ) -> np.ndarray:
        """Σ g_j·(u − u_0)^j by Horner's rule, with the g_j of one variable at u_0."""
        assert isinstance(node, Local)
        ring, order = ArrayRing(self.dtype, shape), monomials.order
        plan = schedule([node.u])
        u = leaves[node.u.index] if isinstance(node.u, Leaf) else kernel(plan, self.dtype)(monomials, leaves)[0]
        line = np.zeros((order + 1, *shape), self.dtype)
        line[0], line[1:2] = u[0], 1
        alone = schedule([Local.of(node.name, Leaf.of(len(leaves)), node.params)])
        jet = run(alone, ring, [*(x[:1] for x in leaves), line], order)[0]
        u = u.copy()
        u[0] = 0
        total = jet[order] * u
        times = kernel(_PRODUCT, self.dtype)
        for j in range(order - 1, 0, -1):
            total[0] = jet[j]
            total = times(monomials, [total, u])[0]
        total[0] = jet[0]
        return total


_PRODUCT = schedule([Leaf.of(0) * Leaf.of(1)])
_kernels: dict[tuple[Any, ...], GradedKernel] = {}


def kernel(plan: Schedule, dtype: Any = np.float64) -> GradedKernel:
    """The kernel of a graph; the same graph gives the same kernel again."""
    key = (plan.roots, np.dtype(dtype))
    found = _kernels.get(key)
    if found is None:
        with _lock:
            found = _kernels.setdefault(key, GradedKernel(plan, np.dtype(dtype)))
            eager.watched.append(found)
    return found


def compute(plan: Schedule, monomials: Grading, leaves: Sequence[np.ndarray]) -> list[np.ndarray] | None:
    """The coefficients of every root by machine code, or None: interpret. See :meth:`GradedKernel.__call__`."""
    found = kernel(plan, leaves[0].dtype)
    if not found.ready(monomials) or monomials.size > 1 << BITS:
        return None
    return found(monomials, leaves)


@lru_cache(maxsize=64)
def table(monomials: Grading, dtype: np.dtype[Any]) -> np.ndarray:
    """The words as numbers of a kernel's type, which is what the door takes."""
    words = products(monomials)
    if len(words) % 2:  # complex numbers take two words each
        words = np.append(words, 0)
    return words.view(dtype)
