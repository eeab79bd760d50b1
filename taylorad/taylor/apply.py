"""Functions of the book applied to series, numbers, arrays of series and nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from taylorad.book import BOOK
from taylorad.book.entry import ENTRIES, Entry, Family, Member, Rule
from taylorad.book.operators import CONSTANT_POWER, POWER_NAMES
from taylorad.errors import SingularExpansionError, UnsupportedFunctionError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.choice import ring_of
from taylorad.rings.ring import Ring
from taylorad.run import eager
from taylorad.run.interpret import run, value
from taylorad.series.node import Constant, Leaf, Node
from taylorad.series.schedule import Schedule, schedule
from taylorad.taylor.arithmetic import alike, integral
from taylorad.taylor.branch import decide, root
from taylorad.taylor.join import as_number, common, common_order
from taylorad.taylor.series import Taylor

__all__ = ["apply", "direct", "find", "lasting", "method", "planned", "public"]

_empty = np.empty
Callee = Member | Entry


def find(name: str) -> Callee | None:
    """A function of the book by its name (an entry with several outputs by the entry's name)."""
    return BOOK.get(name) or ENTRIES.get(name)


def lasting(function: Callee) -> bool:
    """Whether a name will always mean this function: a user may write a rule anew."""
    return not (function.entry if isinstance(function, Member) else function).foreign


def apply(function: Callee, args: Sequence[Any], side: int | None = None) -> Any:
    """A function of the book at series, numbers, arrays of either, or nodes.

    Returns what it was given: a Taylor if an argument is one, a node if one is, else plain numbers; a tuple for an
    entry with several outputs. ``side`` = +1 or −1 takes the one-sided series at a kink. Raises DomainError,
    SingularExpansionError, OrderError, MixedRingError, UnsupportedFunctionError.
    """
    args = tuple(_plain(a) for a in args)
    objects = any(isinstance(a, np.ndarray) and a.dtype == object for a in args)
    if not objects:  # beside intervals large integers are exact
        args = tuple(_floats(a) for a in args)
    if any(isinstance(a, Node) for a in args):
        return function(*args)
    traced = next((a for a in args if hasattr(type(a), "__taylorad_apply__") and not isinstance(a, Taylor)), None)
    if traced is not None:
        return traced.__taylorad_apply__(function, args)
    if objects:
        return _elementwise(function, args, side)
    entry = function.entry if isinstance(function, Member) else function
    operands, params = entry.divided(args)
    if not any(isinstance(a, Taylor) for a in args):
        return _numbers(function, operands, params, entry)
    return _series(function, entry, operands, params, side)


def _plain(a: Any) -> Any:
    if isinstance(a, (list, tuple)):
        return np.asarray(a)
    if isinstance(a, np.ndarray) and a.ndim == 0:
        return a[()]
    if isinstance(a, np.ndarray) and a.dtype.kind == "b":
        return a.astype(float)
    return a


def _floats(a: Any) -> Any:
    return a.astype(float) if isinstance(a, np.ndarray) and a.dtype.kind in "iu" else a


def _elementwise(function: Callee, args: tuple[Any, ...], side: int | None) -> Any:
    """Over arrays of series, one element at a time."""
    # numpy would take a series apart, so it travels in a box
    boxed = [a if isinstance(a, np.ndarray) else _box(a) for a in args]
    outputs = 1 if isinstance(function, Member) else len([n for n in function.outputs if not n.startswith("_")])
    return np.frompyfunc(lambda *xs: apply(function, xs, side), len(args), outputs)(*boxed)


def _box(a: Any) -> np.ndarray:
    out = np.empty((), object)
    out[()] = a
    return out


def _numbers(function: Callee, operands: tuple[Any, ...], params: tuple[Any, ...], entry: Entry) -> Any:
    """At plain numbers: order 0 of the series, so that values and series never disagree. Ints count as floats."""
    if not operands:
        raise TypeError(f"{entry.name} needs an argument")
    chosen = [0.0 if isinstance(a, (int, np.integer)) else a for a in operands]  # large ones are no floats
    ring = ring_of([*chosen, *[p for p in params if not isinstance(p, (int, str))]])
    if ring.boxes and isinstance(function, Member) and isinstance(entry, Rule):  # nothing to schedule
        params = (*params, *entry.defaults[len(entry.defaults) - (len(entry.parameters) - len(params)) :])
        at, given, i = [ring.lift(a) for a in operands], [ring.lift(p) for p in params], function.output
        return value(ring, entry, at, given, (i,))[i]
    if ring.boxes and isinstance(entry, Family):
        *given, at = map(ring.lift, (*params, *operands))
        if at.finite and not at.thin:  # the recurrence would bound each polynomial apart from those that it is made of
            return ring.local(entry.name, [*given, at], 0)[0]
    plan = planned(function, entry, (False,) * len(operands), params)
    found = _run(ring, plan, [[ring.lift(a)] for a in operands], 0)
    values = [buffer[0][()] if isinstance(buffer, np.ndarray) else buffer[0] for buffer in found]
    return values[0] if len(values) == 1 else tuple(values)


def _run(ring: Ring, plan: Schedule, leaves: list[Any], order: int) -> list[Any]:
    if isinstance(ring, ArrayRing):
        leaves = [np.array(np.broadcast_to(x, (len(x), *ring.shape)), ring.dtype) for x in leaves]
    return run(plan, ring, leaves, order)


@lru_cache(maxsize=1024)
def _cached_plan(
    function: Callee, entry: Entry, moving: tuple[bool, ...], params: tuple[Any, ...], kinds: Any
) -> Schedule:
    return _build_plan(function, entry, moving, params)


def _build_plan(function: Callee, entry: Entry, moving: tuple[bool, ...], params: tuple[Any, ...]) -> Schedule:
    leaves = tuple(Leaf.of(i) if m else Leaf.of(i, 0) for i, m in enumerate(moving))
    constants = tuple(Constant.of(p) for p in params)
    found = function(*entry.ordered(leaves, constants))
    return schedule(found if isinstance(found, tuple) else (found,))


def planned(function: Callee, entry: Entry, moving: tuple[bool, ...], params: tuple[Any, ...]) -> Schedule:
    """The schedule of a function with constants in some places; kept for the usual kinds of parameters."""
    if all(isinstance(p, (int, float, complex, str, Fraction)) for p in params):
        return _cached_plan(function, entry, moving, params, tuple((type(p), str(p)) for p in params))
    return _build_plan(function, entry, moving, params)


def _series(
    function: Callee, entry: Entry, operands: tuple[Any, ...], params: tuple[Any, ...], side: int | None
) -> Any:
    tag = max((a._tag for a in operands if isinstance(a, Taylor)), default=0)
    params = tuple(as_number(p) for p in params)
    for parameter, p in zip(entry.parameters, params, strict=False):
        if isinstance(p, Taylor) and p._tag >= tag:
            raise UnsupportedFunctionError(
                f"{entry.name} was given a series as its parameter {parameter}, which must be a constant: "
                f"derivatives with respect to {parameter} are not in the book"
            )
    mixed, ring, tag = common((*operands, *[p for p in params if isinstance(p, Taylor)]))
    series = mixed[: len(operands)]
    if not any(s._exact is False or s.degree > 0 for s in series):
        order = 0
    else:
        order = common_order([s for s in series if not s._exact or s.degree > 0], entry.name)
    if len(series) == 1 and isinstance(entry, Rule) and entry.homogeneity is not None:
        found = root(series[0], entry, params, side, lambda w: apply(function, (w, *params)))
        if found is not None:
            return found
    moving = tuple(not s._exact or s.degree > 0 for s in series)
    plan = planned(function, entry, moving, params)
    buffers = [s._buffer(order) if m else s._coefficients[:1] for s, m in zip(series, moving, strict=True)]
    working = ring
    if ring.name == "taylor":
        from taylorad.taylor.nested import NESTED

        working = NESTED.over(buffers)
    try:
        found = _execute(working, plan, buffers, order, params)
    except SingularExpansionError:
        if any(s.shape for s in series):
            raise
        chosen = decide(plan, working, buffers, order, side)
        if chosen is None:
            raise
        found = run(plan, chosen, buffers, order)
    if len(series) == 1 and not params and isinstance(function, Member):
        found = [ring.sharpened(function.name, buffers[0], found[0])]
    exact = not any(moving)
    out = [Taylor._make(buffer, ring, exact, tag) for buffer in found]
    return out[0] if len(out) == 1 else tuple(out)


def _execute(ring: Ring, plan: Schedule, buffers: list[Any], order: int, params: tuple[Any, ...]) -> list[Any]:
    if isinstance(ring, ArrayRing) and not any(isinstance(p, np.ndarray) for p in params):
        found = eager.operation(plan)(order, *buffers)
        if found is not None:
            return found
    return run(plan, ring, buffers, order)


def direct(function: Callee) -> Callable[..., Any]:
    """A function as a call that goes straight to machine code where that has an answer for truncated float series."""
    entry = function.entry if isinstance(function, Member) else function
    arity = entry.arity

    def call(*args: Any, side: int | None = None) -> Any:
        return apply(function, args, side)

    if not isinstance(function, Member) or entry.parameters or entry.variadic:
        return call
    operation = eager.operation(schedule([function(*map(Leaf.of, range(arity)))]))

    def one(x: Any, /, *, side: int | None = None) -> Any:
        if operation.door is not None and type(x) is Taylor and not x._exact:
            c = x._coefficients
            # machine code takes a batch of one point for a single one
            if operation.door(c, out := _empty(len(c))) is not None and c.ndim == 1:
                return Taylor._make(out, x._ring, False, x._tag)
        if side is None and type(x) is not Taylor and hasattr(type(x), "__taylorad_apply__"):
            return x.__taylorad_apply__(function, (x,))
        return apply(function, (x,), side)

    def several(*args: Any, side: int | None = None) -> Any:
        door = operation.door if len(args) == arity and all(type(a) is Taylor for a in args) else None
        first: Any = args[0] if args else None
        if door is not None and all(alike(first, a) for a in args[1:]):
            out = _empty(len(first._coefficients))
            if door(*[a._coefficients for a in args], out) is not None and first._coefficients.ndim == 1:
                return Taylor._make(out, first._ring, False, first._tag)
        return apply(function, args, side)

    return one if arity == 1 else several


def public(name: str) -> Callable[..., Any] | None:
    """The function that ``taylorad.<name>`` is, or None where the book has no such entry."""
    function = find(name)
    return None if function is None else _public(name, function)


@lru_cache(maxsize=1024)
def _public(name: str, function: Callee) -> Callable[..., Any]:
    if name in POWER_NAMES:

        def wrapper(u: Any, a: Any, /, *, side: int | None = None) -> Any:
            if side is None and not isinstance(u, Node) and not isinstance(a, Node):
                if any(hasattr(type(x), "__taylorad_apply__") or _of_objects(x) for x in (u, a)):
                    return u**a
                if (whole := integral(a)) is not None:
                    return _number_power(u, whole)
                if np.ndim(a) == 0:
                    return apply(CONSTANT_POWER, (u, a))
            return apply(function, (u, a), side)
    else:
        wrapper = direct(function)

    entry = function.entry if isinstance(function, Member) else function
    wrapper.__name__ = wrapper.__qualname__ = name
    wrapper.__doc__ = (
        f"{entry.doc}\n\nArguments: {_signature(entry)}, each a number, an array or a Taylor series.\n"
        "``side`` = ±1 takes the one-sided series at a kink. A function of the book: see the table of rules."
    )
    return wrapper


def _of_objects(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "O"


def _number_power(u: Any, n: int) -> Any:
    """u^n by products, as of series: the base may be negative, or 0 for n ≥ 0."""
    from taylorad.taylor.construct import constant

    base = np.asarray(u, float) if isinstance(u, (list, tuple)) else float(u) if isinstance(u, int) else u
    return (constant(base) ** n)._coefficients[0]


def _signature(entry: Entry) -> str:
    us = ["x"] if entry.arity == 1 else [f"x{i + 1}" for i in range(entry.arity)]
    return ", ".join(entry.ordered(us, entry.parameters))


def method(name: str) -> Any:
    """A function of one series argument as a method of Taylor (numpy's object arrays call these)."""
    function = find(name)
    return None if function is None else _method(function)


_method = lru_cache(maxsize=1024)(direct)
