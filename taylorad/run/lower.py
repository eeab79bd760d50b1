"""Lowering: the interpreter runs a graph on a ring that records what it is asked to compute.

So the lowered program is the one recurrence itself, and a rule that the package has never seen is compiled with
no further line. While it records, the ring folds constants, shares equal operations, divides by a constant term
once (1/b_0 is computed at order 0 and multiplied with), splits a sum into the part that needs lower orders only
and its end terms, takes squares by symmetry, and turns sums with a polynomial of low degree into a few terms.

A complex number is recorded as two real ones; later stages know real numbers only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taylorad.errors import CompilationError
from taylorad.run.interpret import bind
from taylorad.run.program import SHORT, SUMS, Buffer, Given, Op, Program, Row
from taylorad.run.record import ComplexRecorder, Recorder
from taylorad.run.tape import Order, Series, Tape
from taylorad.series.node import Function, Local, Node, Select
from taylorad.series.schedule import Schedule

__all__ = ["lower"]

def lower(plan: Schedule, order: int | None = None, complex: bool = False) -> Program:
    """The program of a graph: unrolled up to ``order``, or looped when ``order`` is None.

    Raises CompilationError for a node that cannot be recorded. Cost: proportional to the number of nodes
    (looped), or to the number of multiplications (unrolled).
    """
    tape = Tape()
    ring: Recorder = ComplexRecorder(tape) if complex else Recorder(tape)
    degrees = [0] * (1 + max((leaf.index for leaf in plan.leaves), default=-1))
    for leaf in plan.leaves:
        degrees[leaf.index] = leaf.degree
    sizes = {leaf.index: leaf.size for leaf in plan.leaves}
    leaves = [ring.source("leaf", i, degree, sizes.get(i, 1)) for i, degree in enumerate(degrees)]
    c, steps = bind(plan, ring, leaves, 0 if order is None else order)
    for n, series in c.items():
        ring.describe(series, n.degree, n.size)
    nodes = _givens(plan, ring, c)
    tape.stepping = True
    short = [(n, step) for n, step in steps if n.degree <= SHORT and not isinstance(n, Local)]
    long = [(n, step) for n, step in steps if not (n.degree <= SHORT and not isinstance(n, Local))]
    orders: Sequence[Any] = range(1, order + 1) if order is not None else range(1, SHORT + 1)
    for k in orders:
        for n, step in steps if order is not None else short:
            if k <= n.degree:
                ring.put(c[n], k, ring.given_series(c[n], k) if isinstance(n, Local) else step(k))
    if order is None:
        k = Order(0)
        for n, step in long:
            ring.put(c[n], k, ring.given_series(c[n], k) if isinstance(n, Local) else step(k))
    roots = [ring.rows(c[n], order) for n in plan.roots]
    return _finish(tape, roots, tuple(degrees), nodes, order, 2 if complex else 1)


def _givens(plan: Schedule, ring: Recorder, c: Mapping[Node, Any]) -> tuple[Given, ...]:
    """The nodes behind what the ring asked its caller for."""
    found: dict[tuple[Any, ...], Given] = {}
    for n in plan.first:
        match n:
            case Function(law, _, args, params):
                for output, sibling in enumerate(n.siblings()):
                    key = ("value", law, output, *(c[a][0] for a in (*args, *params)))
                    found.setdefault(key, Given(sibling, "value"))
            case Local(name, u, params):
                found.setdefault(("series", name, *(c[a][0] for a in (*params, u))), Given(n, "series"))
                ring.bind_series(c[n], ("series", name, *(c[a][0] for a in (*params, u))))
            case Select(chooser, tests, _):
                found.setdefault(("choice", chooser, *(c[t][0] for t in tests)), Given(n, "choice"))
            case _:
                pass
    missing = [key for key in ring.requests if key not in found]
    if missing:
        raise CompilationError(f"no machine code for {missing[0][:2]}: the interpreter runs this function")
    return tuple(found[key] for key in ring.requests)


def _finish(
    tape: Tape,
    roots: list[tuple[Row, ...]],
    degrees: tuple[int, ...],
    givens: tuple[Given, ...],
    order: int | None,
    parts: int,
) -> Program:
    """Drop what no root needs, number the buffers, and split what is left into start and step."""
    needed: set[int] = set()
    kept: dict[Series, bool] = {}
    todo = [i for check in tape.checks for i in check.values]
    todo += [i for root in roots for row in root for i in (*row.start, *(() if row.step is None else (row.step,)))]
    while todo:
        i = todo.pop()
        if i in needed:
            continue
        needed.add(i)
        op = tape.ops[i]
        todo.extend(op.args)
        for series in _series(op):
            if series not in kept:
                kept[series] = False
                todo.extend(_held(series))
    sums = [i for i in sorted(needed) if tape.ops[i].kind in SUMS]
    turned = {i: _orient(tape.ops[i], kept) for i in sums}
    number = {series: i for i, series in enumerate(kept)}
    asked = sorted({tape.ops[i].data[0] for i in needed if tape.ops[i].kind in ("given", "jet")})

    def final_op(i: int) -> Op:
        op = turned.get(i, tape.ops[i])
        match op.kind:
            case "old" | "half" | "weighted":
                return Op(op.kind, op.args, (number[op.data[0]], number[op.data[1]]))
            case "back":
                return Op("back", (), (number[op.data[0]], op.data[1]))
            case "coef":
                return Op("coef", (), number[op.data])
            case "given" | "jet":
                return Op(op.kind, (), (asked.index(op.data[0]), *op.data[1:]))
            case _:
                return op

    buffers = tuple(
        Buffer(
            tuple(s[k] for k in range((s.degree if s.degree <= SHORT else 0) + 1)),
            None if s.degree <= SHORT else s[Order(0)],
            reverse,
        )
        for s, reverse in kept.items()
    )
    ordered = sorted(needed)
    program = Program(
        tuple(final_op(i) if i in needed else op for i, op in enumerate(tape.ops)),
        tuple(i for i in ordered if not tape.moving[i]),
        tuple(i for i in ordered if tape.moving[i]),
        buffers,
        tuple(tape.checks),
        tuple(roots),
        degrees,
        tuple(givens[i] for i in asked),
        order,
        parts,
        tuple(tape.sizes),
    )
    program.verify()
    return program


def _series(op: Op) -> tuple[Series, ...]:
    match op.kind:
        case "old" | "half" | "weighted":
            return op.data
        case "back":
            return (op.data[0],)
        case "coef":
            return (op.data,)
        case _:
            return ()


def _held(series: Series) -> list[int]:
    if series.degree <= SHORT:
        return [series[k] for k in range(series.degree + 1)]
    return [series[0], series[Order(0)]]


def _orient(op: Op, kept: dict[Series, bool]) -> Op:
    """Which factor of a sum is the reversed one: a factor that is reversed for another sum already, if any."""
    a, b = op.data
    if kept[a] and not kept[b] and op.kind != "weighted":  # its factors are not alike
        a, b = b, a
    kept[b] = True
    return Op(op.kind, op.args, (a, b))
