"""The loop over steps, and what else the caller calls: functions that set the rounding mode and put it back."""

from __future__ import annotations

from typing import Any

from taylorad.run.upward import Real, Upward

__all__ = ["BOX", "DOMAIN", "DONE", "FRAME", "PAUSED", "SMALL", "UNIT", "write_loop"]

DONE, PAUSED = 0, 1
# no series over the box; none over the enclosure; no step is short enough; a set that is not finite
BOX, DOMAIN, SMALL, FRAME = -1, -2, -3, -4
UNIT = 4  # place of the length of a tick among the parameters


def write_loop(step: Any) -> None:
    """Write ``propagate``, ``glance`` and ``read`` into the module of a :class:`~taylorad.validated.step.Step`."""
    _propagate(step, step.w, UNIT)
    _glance(step.w)
    _read(step, step.w)


def _propagate(step: Any, w: Upward, unit: int) -> None:
    """i64 propagate(ws, records, counts, end, most): steps until ``end`` ticks; counts[most + 1] says how many."""
    args = [("ptr", "%ws"), ("ptr", "%records"), ("ptr", "%counts"), ("i64", "%end"), ("i64", "%most")]

    def body() -> None:
        w.do("br label %next")
        w.label("next")
        head = len(w.lines)
        record = w.at("%records", w.integer("mul", "%s", step.fields.size))
        following = w.at(record, step.fields.size)
        place = w.put("getelementptr i64, ptr %counts, i64 %s")
        count = w.load_int(place, 0)
        left = w.integer("sub", "%end", count)
        done = w.put(f"icmp slt i64 {left}, 1")
        w.branch(done, "done", "more")
        w.label("more")
        w.branch(w.put("icmp sge i64 %s, %most"), "paused", "work")
        w.label("work")
        given = (("ptr", "%ws"), ("ptr", record))
        q = w.invoke("i64", "prepare", *given, ("i64", count), ("i64", left), ("i64", "0"))
        w.branch(w.put(f"icmp slt i64 {q}, 1"), "failed", "go")
        w.label("go")
        h = w.mul(w.whole(q), step.parameter(unit))
        w.invoke("i64", "sums", ("ptr", "%ws"), ("double", h), ("double", h))
        fine = w.invoke("i64", "advance", *given, ("ptr", following))
        w.branch(w.put(f"icmp eq i64 {fine}, 0"), "moved", "lost")
        w.label("moved")
        w.store_int(w.integer("add", count, q), w.put(f"getelementptr i64, ptr {place}, i64 1"), 0)
        after = w.integer("add", "%s", 1)
        w.lines.insert(head, f"  %s = phi i64 [ 0, %entry ], [ {after}, %moved ]")
        w.do("br label %next")
        for name, status in (("done", str(DONE)), ("paused", str(PAUSED)), ("failed", q), ("lost", str(FRAME))):
            w.label(name)
            steps = w.put("getelementptr i64, ptr %counts, i64 %most")
            w.store_int("%s", w.put(f"getelementptr i64, ptr {steps}, i64 1"), 0)
            w.give(status)

    w.function(f"i64 @steps({', '.join(f'{kind} {name}' for kind, name in args)}) noinline", body)
    w.door("propagate", "steps", args)


def _glance(w: Upward) -> None:
    """i64 glance(ws, record, count, left, ticks, from, to, out): the box of all solutions over times of a step."""
    args = [
        *(("ptr", "%ws"), ("ptr", "%record"), ("i64", "%count"), ("i64", "%left"), ("i64", "%ticks")),
        *(("double", "%from"), ("double", "%to"), ("ptr", "%out")),
    ]

    def body() -> None:
        given = (("ptr", "%ws"), ("ptr", "%record"))
        q = w.invoke("i64", "prepare", *given, ("i64", "%count"), ("i64", "%left"), ("i64", "%ticks"))
        go, stop = w.fresh("go"), w.fresh("stop")
        w.branch(w.put(f"icmp slt i64 {q}, 1"), stop, go)
        w.label(stop)
        w.give(q)
        w.label(go)
        w.invoke("i64", "wide", ("ptr", "%ws"), ("double", "%from"), ("double", "%to"))
        w.give(w.invoke("i64", "look", *given, ("ptr", "%out")))

    w.function(f"i64 @view({', '.join(f'{kind} {name}' for kind, name in args)}) noinline", body)
    w.door("glance", "view", args)


def _read(step: Any, w: Upward) -> None:
    """i64 read(ws, records, last, out): the boxes of the sets in records 0 … last, −lo and hi in ``width`` each."""
    args = [("ptr", "%ws"), ("ptr", "%records"), ("i64", "%last"), ("ptr", "%out")]

    def one(i: str, _: list[Real]) -> list[Real]:
        record = w.at("%records", w.integer("mul", i, step.fields.size))
        out = w.at("%out", w.integer("mul", i, 2 * step.width))
        w.invoke("i64", "show", ("ptr", record), ("ptr", out))
        return []

    def body() -> None:
        w.loop(0, "%last", [], one)
        w.give("0")

    w.function(f"i64 @list({', '.join(f'{kind} {name}' for kind, name in args)}) noinline", body)
    w.door("read", "list", args)
