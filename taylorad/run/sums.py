"""Σ a_j·b_{k−j} over rows of intervals: each kind is a function of its own, written once in a module."""

from __future__ import annotations

from typing import Any

from taylorad.run.lanes import Element
from taylorad.run.upward import Real

__all__ = ["write_sum"]


def write_sum(ring: Any, kind: str) -> None:
    """The function of one kind of sum, for a :class:`~taylorad.run.emit_intervals.IntervalLanes`.

    "one": lane 0 of a (lane by lane without a gradient) with b; "both": the product rule; "twice": half of that where b is a;
    "weighted": Σ (p·j + q·(k−j))·a_j·b_{k−j} for j = 1 … k. The others run from ``first`` to ``last``.
    """
    w, symbol = ring.w, f"{ring.stem}.{kind}"
    if symbol in w.written:
        return
    w.written[symbol] = 2
    plain = Real("", ring.lanes).type
    weights = f", {plain} %pl, {plain} %ph, {plain} %ql, {plain} %qh"
    rest = f"i64 %k{weights})" if kind == "weighted" else "i64 %first, i64 %last, i64 %k)"
    w.function(f"{ring.pair} @{symbol}(ptr %a, ptr %b, {rest} noinline", lambda: _body(ring, kind))


def _row(ring: Any, base: str, j: str, only: bool = False) -> Element:
    """Row j, or its lane 0 in all lanes."""
    w, lanes = ring.w, ring.lanes
    place = w.at(base, w.integer("mul", j, 2 * lanes))
    pair = [w.load(place, i * lanes, 1 if only else lanes) for i in (0, 1)]
    return Element(ring, *(w.spread(x, lanes) if only else x for x in pair))


def _body(ring: Any, kind: str) -> None:
    w, lanes, gradient = ring.w, ring.lanes, ring.gradient
    zero = w.number(0.0, lanes)
    two = gradient and kind in ("both", "weighted")

    def term(j: str, sums: list[Real]) -> list[Real]:
        i = w.integer("sub", "%k", j)
        a, b = _row(ring, "%a", j, gradient and not two), _row(ring, "%b", i)
        value = a
        if kind == "weighted":
            x, y = w.whole(j, lanes), w.whole(i, lanes)
            p, q = ([Real(f"%{e}{side}", lanes) for side in "lh"] for e in "pq")
            low, hi = (w.fma(u, x, w.mul(v, y)) for u, v in zip(p, q, strict=True))
            a = ring.corners(Element(ring, low, hi), a)
            value = ring.leading(a) if gradient else a
        elif two:
            value = _row(ring, "%a", j, True)
        found = [ring.corners(value, b)]
        if two:
            found.append(ring.corners(a, _row(ring, "%b", i, True)))
        parts = [x for e in found for x in (e.low, e.hi)]
        return [w.add(s, x) for s, x in zip(sums, parts, strict=True)]

    first, last = ("1", "%k") if kind == "weighted" else ("%first", "%last")
    sums = w.loop(first, last, [zero] * (4 if two else 2), term)
    found = Element(ring, sums[0], sums[1])
    if two:
        found = ring.add(found, ring.slope(Element(ring, sums[2], sums[3])))
    one = w.put(f"insertvalue {ring.pair} poison, {found.low.type} {found.low}, 0")
    w.give(w.put(f"insertvalue {ring.pair} {one}, {found.hi.type} {found.hi}, 1"), ring.pair)
