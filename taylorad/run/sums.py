"""What compiled intervals call: a function for each kind of sum Σ a_j·b_{k−j} and for each value, written once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from taylorad.run.lanes import Element
from taylorad.run.upward import Real

__all__ = ["write_ends", "write_sum", "write_value"]


def write_sum(ring: Any, kind: str) -> None:
    """The function of one kind of sum, for a :class:`~taylorad.run.emit_intervals.IntervalLanes`.

    "one": lane 0 of a (lane by lane without a gradient) with b; "both": the product rule; "twice": half of that where b
    is a; "weighted": Σ (p·j + q·(k−j))·a_j·b_{k−j} for j = 1 … k−1. The others run from ``first`` to ``last``.
    """
    w, symbol = ring.w, f"{ring.stem}.{kind}"
    if symbol in w.written:
        return
    w.written[symbol] = 2
    plain = Real("", ring.lanes).type
    weights = f", {plain} %pl, {plain} %ph, {plain} %ql, {plain} %qh"
    rest = f"i64 %k{weights})" if kind == "weighted" else "i64 %first, i64 %last, i64 %k)"
    w.function(f"{ring.pair} @{symbol}(ptr %a, ptr %b, {rest} noinline", lambda: _body(ring, kind))


def write_ends(ring: Any, kind: str, first: bool, last: bool) -> str:
    """The function that adds the terms j = 0 and j = k to a sum of one kind, where there are many; its name."""
    w, symbol = ring.w, f"{ring.stem}.{kind}.{'f' * first}{'l' * last}"
    if symbol not in w.written:
        w.written[symbol] = 2
        places = ["0"] * first + ["%k"] * last
        plain = Real("", ring.lanes).type
        head = f"{ring.pair} @{symbol}(ptr %a, ptr %b, i64 %k, {plain} %low, {plain} %hi) noinline"
        w.function(head, lambda: _body(ring, kind, places))
    return symbol


def _body(ring: Any, kind: str, places: Sequence[str] = ()) -> None:
    """Four lanes at a time: more would not fit into the registers of a loop."""
    w, lanes = ring.w, ring.lanes
    width = min(4, lanes)
    if lanes <= 2 and kind == "one" and not ring.gradient:
        parts = [_beside_each_other(ring, places)]
    else:
        parts = [_lanes(ring, kind, start, width, places) for start in range(0, lanes, width)]
    found = parts[0] if len(parts) == 1 else [_beside(ring, [p[side] for p in parts]) for side in (0, 1)]
    one = w.put(f"insertvalue {ring.pair} poison, {found[0].type} {found[0]}, 0")
    w.give(w.put(f"insertvalue {ring.pair} {one}, {found[1].type} {found[1]}, 1"), ring.pair)


def _beside(ring: Any, parts: list[Real]) -> Real:
    """Vectors of four as one vector."""
    w, lanes = ring.w, ring.lanes
    kind, total = Real("", lanes).type, Real("poison", lanes)
    for start, part in zip(range(0, lanes, 4), parts, strict=True):
        place = [str(i - start) if start <= i < start + 4 else "poison" for i in range(lanes)]
        mask = f"<{lanes} x i32> <{', '.join(f'i32 {i}' for i in place)}>"
        wide = w.put(f"shufflevector <4 x double> {part}, <4 x double> poison, {mask}")
        place = [str(lanes + i if start <= i < start + 4 else i) for i in range(lanes)]
        mask = f"<{lanes} x i32> <{', '.join(f'i32 {i}' for i in place)}>"
        total = Real(w.put(f"shufflevector {kind} {total}, {kind} {wide}, {mask}"), lanes)
    return total


def _lanes(ring: Any, kind: str, start: int, width: int, places: Sequence[str]) -> list[Real]:
    """−lo and hi of the sum, or of the terms at ``places`` added to one, in ``width`` lanes from ``start`` on."""
    w, lanes, gradient = ring.w, ring.lanes, ring.gradient
    part = ring.part(width)
    zero = w.number(0.0, width)
    two = gradient and kind in ("both", "weighted")

    def row(base: str, j: str, only: bool = False) -> Element:
        """Row j, or its lane 0 in all lanes."""
        place = w.at(base, w.integer("mul", j, 2 * lanes))
        pair = [w.load(place, i * lanes + (0 if only else start), 1 if only else width) for i in (0, 1)]
        return Element(part, *(w.spread(x, width) if only else x for x in pair))

    def weighed(j: str, i: str, a: Element) -> Element:
        x, y = w.whole(j, width), w.whole(i, width)
        p, q = ([w.from_lane(Real(f"%{e}{side}", lanes), 0, width) for side in "lh"] for e in "pq")
        return part.corners(Element(part, *(w.fma(u, x, w.mul(v, y)) for u, v in zip(p, q, strict=True))), a)

    def term(j: str, sums: list[Real]) -> list[Real]:
        i = w.integer("sub", "%k", j)
        a, b = row("%a", j, gradient and not two), row("%b", i)
        value = row("%a", j, True) if two else a
        if kind == "weighted":
            a = weighed(j, i, a)
            value = a if not gradient else part.leading(a) if start == 0 else weighed(j, i, value)
        found = [part.corners(value, b)]
        if two:
            found.append(part.corners(a, row("%b", i, True)))
        parts = [x for e in found for x in (e.low, e.hi)]
        return [w.add(s, x) for s, x in zip(sums, parts, strict=True)]

    zeros = [zero] * (4 if two else 2)
    if places:
        sums = [w.from_lane(Real(f"%{side}", lanes), start, width) for side in ("low", "hi")] + zeros[2:]
        for j in places:
            sums = term(j, sums)
    else:
        first, last = ("1", w.integer("sub", "%k", 1)) if kind == "weighted" else ("%first", "%last")
        sums = w.loop(first, last, zeros, term)
    found = Element(part, sums[0], sums[1])
    if two:
        rest = Element(part, sums[2], sums[3])
        found = part.add(found, part.slope(rest) if start == 0 else rest)
    return [found.low, found.hi]


def _beside_each_other(ring: Any, places: Sequence[str]) -> list[Real]:
    """The same for one lane or two: −lo and hi in one vector take half as many operations.

    For a of (p, q) and b of (r, s) the four corners are p·(−r, r), q·(−s, s), p·(s, −s) and q·(r, −r).
    """
    w, lanes = ring.w, ring.lanes

    def row(base: str, j: str) -> list[Real]:
        """−lo twice, and hi twice."""
        place = w.at(base, w.integer("mul", j, 2 * lanes))
        return [w.joined(*[w.load(place, side * lanes, lanes)] * 2) for side in (0, 1)]

    def term(j: str, sums: list[Real]) -> list[Real]:
        (p, q), (r, s) = row("%a", j), row("%b", w.integer("sub", "%k", j))
        front, back = [True] * lanes + [False] * lanes, [False] * lanes + [True] * lanes
        found = w.max(w.mul(p, w.flip(r, front)), w.mul(q, w.flip(s, front)))
        return [w.add(sums[0], w.max(found, w.max(w.mul(p, w.flip(s, back)), w.mul(q, w.flip(r, back)))))]

    if places:
        sums = [w.joined(Real("%low", lanes), Real("%hi", lanes))]
        for j in places:
            sums = term(j, sums)
    else:
        sums = w.loop("%first", "%last", [w.number(0.0, 2 * lanes)], term)
    return [w.from_lane(sums[0], side * lanes, lanes) for side in (0, 1)]


def write_value(single: Any, symbol: str, body: Callable[..., Any]) -> None:
    """The function ``body(m, x)`` of one interval, for a ring ``single`` of one lane: NaN where a test fails."""
    w = single.w
    single.fine = []

    def text() -> None:
        found = body(single, Element(single, Real("%low"), Real("%hi")))
        ends = [x for e in (found if isinstance(found, tuple) else (found,)) for x in (e.low, e.hi)]
        w.written[symbol] = len(ends)
        fine, packed = single.all_fine(), "poison"
        for i, x in enumerate(ends):
            x = w.select(fine, x, w.number(math.nan))
            packed = w.put(f"insertvalue [{len(ends)} x double] {packed}, double {x}, {i}")
        w.give(packed, f"[{len(ends)} x double]")

    w.function(lambda: f"[{w.written[symbol]} x double] @{symbol}(double %low, double %hi) noinline", text)
