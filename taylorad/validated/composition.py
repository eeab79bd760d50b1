"""Functions of the book at Taylor models. Rigorous.

The Taylor polynomial of the function at the constant terms of its models, in all of them at once, and what is left of
it over their values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taylorad.book.entry import Formula
from taylorad.errors import SingularExpansionError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.taylor.apply import apply
from taylorad.validated.model import TaylorModel

__all__ = ["compose"]


def compose(function: Any, args: tuple[Any, ...]) -> Any:
    """A function of the book where some arguments are Taylor models."""
    models = [a for a in args if isinstance(a, TaylorModel)]
    entry = getattr(function, "entry", function)
    if len(models) > 1 and isinstance(entry, Formula):
        try:  # written in other functions, which take the models one by one
            found = entry.body(*args)
        except TypeError:
            found = None
        if isinstance(found, TaylorModel):  # otherwise it chooses between branches
            return found
    outputs = len([n for n in getattr(function, "outputs", ("",)) if not n.startswith("_")])

    def component(i: int) -> Callable[..., Any]:
        def at(*xs: Any) -> Any:
            found = apply(function, xs)
            return found[i] if outputs > 1 else found

        return at

    found = tuple(_component(component(i), args, models) for i in range(outputs))
    return found[0] if outputs == 1 else found


def _component(f: Callable[..., Any], args: tuple[Any, ...], models: list[TaylorModel]) -> TaylorModel:
    first = models[0]

    def of_models(*xs: Any) -> Any:
        given = iter(xs)
        return f(*(next(given) if isinstance(a, TaylorModel) else a for a in args))

    try:
        return first.through(of_models, *models[1:])
    except (UncertifiedError, SingularExpansionError):
        if first.relative:
            raise
        # a kink inside: the values are known all the same
        values = of_models(*(m.values for m in models))
        return TaylorModel({}, Interval.enclosing(values), first.domain, first.center, first.order)
