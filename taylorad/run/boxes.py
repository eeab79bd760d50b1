"""Taylor coefficients over many boxes at once, in machine code that rounds upward.

:func:`compile_interval` compiles a graph for one order; the kernel takes the ends of any number of boxes, four or so in
the lanes of each pass, and says of every box whether its enclosure was proved. Rigorous, if the arithmetic of the
processor is IEEE's and LLVM's constrained operations keep their rounding mode.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np

from taylorad.errors import CompilationError, DomainError
from taylorad.run.emit_intervals import IntervalLanes
from taylorad.run.interpret import bind
from taylorad.run.lanes import Rows
from taylorad.run.sources import sources
from taylorad.run.upward import Upward
from taylorad.series.node import Function, Leaf, Node, Product, Quotient, State
from taylorad.series.schedule import Schedule

__all__ = ["WRITERS", "Boxes", "aligned", "coefficients", "compile_interval"]

WRITERS = ("rings/values/upward", "rings/values/reductions", "rings/values/tails")  # of code, beside those in run
_LANES = 4
_MANY = 16  # sums, from which on their ends are calls: slower by a little, and half as long
_CALL = ctypes.CFUNCTYPE(ctypes.c_int64, *(ctypes.c_void_p,) * 4, ctypes.c_int64)  # without the GIL


def aligned(size: int, make: Callable[[int], np.ndarray] = np.zeros) -> np.ndarray:
    """Numbers that begin at a cache line."""
    room = make(size + 8)
    start = (-room.ctypes.data // 8) % 8
    return room[start : start + size]


def compile_interval(plan: Schedule, order: int) -> Boxes:
    """The kernel of a graph for coefficients 0 … order.

    Raises CompilationError where a function has no values in machine code (they come from balls). Cost: about 0.1 to
    0.3 s, 2 ms from the disk cache.
    """
    return Boxes(plan, order)


@final
class Boxes:
    """See :func:`compile_interval`. Calling it is safe from several threads."""

    def __init__(self, plan: Schedule, order: int, down: int = -1) -> None:
        from taylorad.run.jit import obtain

        self.plan, self.order, self._down = plan, order, down  # down: see Upward
        self.leaves = 1 + max((leaf.index for leaf in plan.leaves), default=-1)
        name = b"".join(root.digest for root in plan.roots).hex()
        loaded, facts = obtain(("boxes", name, order, down, sources(*WRITERS)), self._text, "boxes")
        self._loaded, self._call = loaded, _CALL(loaded.address)
        self._room: int = facts["room"]
        self.operations: int = facts["operations"]

    def _text(self) -> tuple[str, dict[str, Any]]:
        from taylorad.run.jit import host

        where = host()
        w = Upward(where.target, where.triple, down=self._down)
        ring = IntervalLanes(w, _LANES, self.order)
        row = 2 * _LANES * (self.order + 1)
        degrees = {leaf.index: leaf.degree for leaf in self.plan.leaves}

        def one() -> None:
            leaves = [ring.leaf(degrees.get(i, 0)) for i in range(self.leaves)]
            roots = coefficients(ring, self.plan, leaves, self.order)
            for i, root in enumerate(roots):
                self._copy(w, w.at("%out", i * row), ring.place(root, 0), row)
            bits = w.put(f"bitcast <{_LANES} x i1> {ring.each_fine()} to i{_LANES}")
            w.give(w.put(f"zext i{_LANES} {bits} to i64"))

        w.function("i64 @one(ptr noalias %memory, ptr noalias %out) noinline", one)

        def all_blocks() -> None:
            def block(b: str, _: Any) -> list[Any]:
                given = w.at("%in", w.integer("mul", b, row * self.leaves))
                self._copy(w, "%memory", given, row * self.leaves)
                out = w.at("%out", w.integer("mul", b, row * len(self.plan.roots)))
                fine = w.invoke("i64", "one", ("ptr", "%memory"), ("ptr", out))
                w.do(f"store i64 {fine}, ptr {w.put(f'getelementptr i64, ptr %status, i64 {b}')}, align 8")
                return []

            w.loop(0, w.integer("sub", "%blocks", 1), [], block)
            w.give("0")

        args = [("ptr", "%memory"), ("ptr", "%in"), ("ptr", "%out"), ("ptr", "%status"), ("i64", "%blocks")]
        w.function(f"i64 @blocks({', '.join(f'{kind} {name}' for kind, name in args)}) noinline", all_blocks)
        w.door("boxes", "blocks", args)
        return w.text(), {"symbols": [], "room": ring.room, "operations": w.operations}

    @staticmethod
    def _copy(w: Upward, to: str, source: str, doubles: int) -> None:
        w.declared.add("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        w.do(f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {source}, i64 {8 * doubles}, i1 false)")

    def __call__(self, lo: np.ndarray, hi: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ends of the coefficients, (roots, order + 1, n) each, and where they are proved, (n,).

        ``lo`` and ``hi`` are the ends of the leaves' coefficients, (leaves, rows, n) with at most order + 1 rows; those
        that are missing are 0. An enclosure that is not proved is [−∞, ∞]. Raises DomainError for wrong shapes.
        """
        lo, hi = np.asarray(lo, np.float64), np.asarray(hi, np.float64)
        if lo.shape != hi.shape or lo.ndim != 3 or lo.shape[0] != self.leaves or lo.shape[1] > self.order + 1:
            raise DomainError(
                f"ends of shapes {lo.shape} and {hi.shape}: this kernel takes ({self.leaves}, rows, n) with up to "
                f"{self.order + 1} rows"
            )
        n = lo.shape[2]
        blocks = -(-n // _LANES)
        fine = np.isfinite(lo).all((0, 1)) & np.isfinite(hi).all((0, 1)) & (lo <= hi).all((0, 1))
        given = np.zeros((blocks * _LANES, self.leaves, self.order + 1, 2))
        given[:n, :, : lo.shape[1], 0] = -np.moveaxis(np.where(fine, lo, 0.0), 2, 0)
        given[:n, :, : lo.shape[1], 1] = np.moveaxis(np.where(fine, hi, 0.0), 2, 0)
        given[n:] = given[n - 1 : n] if n else 0.0
        # (blocks, leaves, rows, side, lane)
        packed = np.ascontiguousarray(np.moveaxis(given.reshape(blocks, _LANES, *given.shape[1:]), 1, -1))
        out = np.empty((blocks, len(self.plan.roots), self.order + 1, 2, _LANES))
        status = np.zeros(blocks, np.int64)
        memory = aligned(self._room)
        self._call(memory.ctypes.data, packed.ctypes.data, out.ctypes.data, status.ctypes.data, blocks)
        found = np.moveaxis(out, -1, 1).reshape(blocks * _LANES, len(self.plan.roots), self.order + 1, 2)[:n]
        fine &= ((status[:, None] >> np.arange(_LANES)) & 1).astype(bool).ravel()[:n]
        low = np.where(fine, -np.moveaxis(found[..., 0], 0, -1), -np.inf)
        high = np.where(fine, np.moveaxis(found[..., 1], 0, -1), np.inf)
        return low, high, fine


def coefficients(
    ring: IntervalLanes, plan: Schedule, leaves: Sequence[Rows], order: int, still: frozenset[int] = frozenset()
) -> list[Rows]:
    """Write the coefficients 0 … order of every root; ``still`` are the leaves that depend on no coordinate.

    The leaves' rows stand in memory. Raises CompilationError where some function has no compiled enclosure.
    """
    for leaf in plan.leaves:
        leaves[leaf.index].degree = leaf.degree
    if any(n.size > 1 for n in plan.first):
        raise CompilationError("array nodes are taken apart before their intervals are compiled")
    ring.compact = sum(isinstance(n, (Product, Quotient, Function)) for n in plan.rest) > _MANY
    c, steps = bind(plan, ring, leaves, order)
    flat = _flat(plan, still)
    for n, rows in c.items():
        rows.degree, rows.flat = n.degree, flat[n]
        for element in rows.at_order.values():
            element.flat = rows.flat
    for root in plan.roots:
        c[root].looked = True

    def body(k: Any) -> None:
        for n, step in steps:
            ring.put(c[n], k, step(k))

    ring.sweep(order, body)
    return [c[root] for root in plan.roots]


def _flat(plan: Schedule, still: frozenset[int]) -> dict[Node, bool]:
    found: dict[Node, bool] = {}
    for n in plan.first:
        if isinstance(n, Leaf):
            found[n] = n.index in still
        else:
            found[n] = not isinstance(n, State) and all(found[a] for a in n.operands)
    return found
