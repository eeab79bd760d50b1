"""Functions of the book at Taylor models. Rigorous.

Of one model: the Taylor polynomial of the function at the model's constant term, and Lagrange's remainder over its
values. Of several: the function along the straight path from the constant terms to the models, s ↦ g(m + s·(T − m));
its coefficients in s follow from the rule in the ring of Taylor models, the remainder from the rule over intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from taylorad.book.entry import Formula
from taylorad.errors import MixedRingError, SingularExpansionError, UncertifiedError
from taylorad.rings.choice import ring_named
from taylorad.rings.intervals import Interval
from taylorad.rings.objects import ObjectRing
from taylorad.rings.ring import Element, Position
from taylorad.run.interpret import run
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule
from taylorad.taylor.apply import apply
from taylorad.validated.model import TaylorModel

__all__ = ["compose"]


def compose(function: Any, args: tuple[Any, ...]) -> Any:
    """A function of the book where some arguments are Taylor models."""
    models = [a for a in args if isinstance(a, TaylorModel)]
    entry = getattr(function, "entry", function)
    if len(models) > 1 and isinstance(entry, Formula):
        try:  # written in other functions, which take the models one by one
            return entry.body(*args)
        except TypeError:  # it chooses between branches
            pass
    outputs = len([n for n in getattr(function, "outputs", ("",)) if not n.startswith("_")])

    def component(i: int) -> Callable[..., Any]:
        def at(*xs: Any) -> Any:
            found = apply(function, xs)
            return found[i] if outputs > 1 else found

        return at

    found = tuple(_component(component(i), function, args, models) for i in range(outputs))
    return found[0] if outputs == 1 else found


def _component(f: Callable[..., Any], function: Any, args: tuple[Any, ...], models: list[TaylorModel]) -> TaylorModel:
    first = models[0]
    try:
        if len(models) == 1:
            return first.through(lambda x: f(*(x if a is first else a for a in args)))
        return _along(function, args, models)
    except (UncertifiedError, SingularExpansionError):
        if first.relative:
            raise
        # a kink inside: the values are known all the same
        values = f(*(a.values if isinstance(a, TaylorModel) else a for a in args))
        return TaylorModel({}, Interval.enclosing(values), first.domain, first.center, first.order)


def _along(function: Any, args: tuple[Any, ...], models: list[TaylorModel]) -> TaylorModel:
    """The function along the path from the constant terms to the models; ``function`` is an entry with one output."""
    first, order = models[0], models[0].order
    if first.relative:
        raise UncertifiedError("functions of several models are there for absolute remainders only")
    ring = _Models(first)
    middles = [ring.middle(a) for a in args]
    leaves = [Leaf.of(i, 1 if isinstance(a, TaylorModel) else 0) for i, a in enumerate(args)]
    plan = schedule([function(*leaves)])
    zero = ring.zero()
    rows = [
        [ring.lift(m), a - m, *[zero] * (order - 1)] if isinstance(a, TaylorModel) else [ring.lift(a)]
        for a, m in zip(args, middles, strict=True)
    ]
    found = run(plan, ring, rows, order)[0]
    values = [a.values if isinstance(a, TaylorModel) else Interval.enclosing(a) for a in args]
    wide = [
        [v | m, v - m, *[Interval(0.0, 0.0)] * order] if isinstance(a, TaylorModel) else [v]
        for a, v, m in zip(args, values, middles, strict=True)
    ]
    rests = run(plan, ring_named("interval"), wide, order + 1)[0][1:]
    # recurrences over wide intervals overestimate more with every order: cut where the remainder is least
    last = min(range(order + 1), key=lambda k: rests[k].width)
    total = TaylorModel({}, rests[last], first.domain, first.center, first.order)
    for c in found[: last + 1]:
        total = total + c
    return total


class _Models(ObjectRing):
    """Taylor models of one domain as coefficients; functions are asked for at constants only."""

    name = "model"

    def __init__(self, like: TaylorModel) -> None:
        self._like = like

    def middle(self, a: Any) -> Any:
        return a.coefficient(*(0,) * len(a.domain)).mid if isinstance(a, TaylorModel) else a

    def lift(self, value: object) -> Element:
        if isinstance(value, TaylorModel):
            return value
        constant = {(0,) * len(self._like.domain): Interval.enclosing(value)}
        return TaylorModel(constant, Interval(0.0, 0.0), self._like.domain, self._like.center, self._like.order)

    def constant(self, name: str) -> Element:
        return self.lift(ring_named("interval").constant(name))

    def _fixed(self, a: TaylorModel) -> Interval:
        if a.tail == 0 and all(sum(e) == 0 for e, _ in a.terms()):
            return a.coefficient(*(0,) * len(a.domain))
        raise MixedRingError(f"a function was asked for at a model that is no constant: {a}")

    def value(self, name: str, args: Sequence[Element]) -> Element:
        return self.lift(ring_named("interval").value(name, [self._fixed(a) for a in args]))

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        found = ring_named("interval").jet(name, [self._fixed(a) for a in args], order)
        return [self.lift(c) for c in found]

    def position(self, a: Element, lower: Any, upper: Any) -> Position:
        return ring_named("interval").position(self._fixed(a), lower, upper)

    def choose(self, chooser: str, tests: Sequence[Element]) -> int:
        return ring_named("interval").choose(chooser, [self._fixed(t) for t in tests])

    def is_zero(self, a: Element) -> bool:
        return a.bound("naive") == 0
