"""Taylor of Taylors: series whose coefficients are series in another, older variable.

Each variable has a tag; of two series with different tags, the one with the lower tag acts as a number.
So nested derivatives never confuse their variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from numbers import Rational
from typing import Any

from taylorad.rings.choice import join, ring_named
from taylorad.rings.objects import ObjectRing
from taylorad.rings.ring import Element, Ring
from taylorad.taylor.construct import constant
from taylorad.taylor.join import as_number
from taylorad.taylor.series import Taylor

__all__ = ["NESTED", "NestedRing", "embed", "nest", "variable_of"]


class NestedRing(ObjectRing):
    """Coefficients are Taylor series in older variables; numbers are exact constants among them.

    ``base`` is the ring of the innermost numbers, in which π and log 2 are to be taken; :meth:`over` finds it.
    """

    name = "taylor"

    def __init__(self, base: Ring | None = None) -> None:
        self.base = base

    def over(self, buffers: Sequence[Sequence[Taylor]]) -> NestedRing:
        """This ring, knowing the numbers that the series in ``buffers`` are made of."""
        rings = [innermost(c)[1] for buffer in buffers for c in buffer]
        return NestedRing(ring_named(reduce(join, ("exact" if r.exact else r.name for r in rings), "exact")))

    def lift(self, value: object) -> Element:
        return value if isinstance(value, Taylor) else constant(value)

    def constant(self, name: str) -> Element:
        assert self.base is not None
        return constant(self.base.constant(name))

    def outputs(self, law: Any, args: Sequence[Element], params: Sequence[Element]) -> tuple[Element, ...] | None:
        from taylorad.taylor.apply import apply

        ordered = [as_number(a) for a in law.ordered(args, params)]
        if self.base is not None and not any(isinstance(a, Taylor) for a in ordered):
            ordered = [self.base.lift(a) if isinstance(a, Rational) else a for a in ordered]
        return tuple(self.lift(apply(member, ordered)) for member in law.members)

    def value(self, name: str, args: Sequence[Element]) -> Element:
        raise NotImplementedError  # pragma: no cover - outputs() answers for every rule

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        """g_j(u) = Σ_i C(i+j, j)·g_(i+j)(u_0)·(u − u_0)^i: the jet at the inner constant term, shifted by the rest."""
        from taylorad.taylor.jets import shifted

        return shifted(name, [as_number(a) for a in args[:-1]], args[-1], order)

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Any:
        c, ring = a._coefficients[0], a._ring
        return ring.position(c, lower, upper)

    def choose(self, chooser: str, tests: Sequence[Element]) -> Any:
        return innermost(tests[0])[1].choose(chooser, [innermost(tests[0])[0]])

    def is_zero(self, a: Element) -> bool:
        return a.valuation == len(a._coefficients)

    def is_finite(self, a: Element) -> Any:
        c, ring = innermost(a)
        return ring.is_finite(c)

    def __reduce__(self) -> Any:
        return (_nested_ring, ())


NESTED = NestedRing()


def _nested_ring() -> NestedRing:
    return NESTED


def innermost(a: Taylor) -> tuple[Any, Ring]:
    """The constant term of constant terms, a plain number, and its ring."""
    c, ring = a._coefficients[0], a._ring
    return innermost(c) if isinstance(c, Taylor) else (c, ring)


def embed(a: Any, tag: int) -> Taylor:
    """A number, or a series in this or an older variable, as a series in the variable ``tag`` over series."""
    if not isinstance(a, Taylor) or a._tag < tag:
        return Taylor._make([NESTED.lift(a)], NESTED, True, tag)
    if a._ring is NESTED:
        return a
    return Taylor._make([constant(c) for c in a._coefficients], NESTED, a._exact, tag)


def nest(data: list[Any]) -> tuple[Ring, list[Any]]:
    """Coefficients some of which are series."""
    return NESTED, [NESTED.lift(c) for c in data]


def variable_of(x0: Taylor, order: int, tag: int | None = None) -> Taylor:
    """x0 + t for an expansion point that is a series itself, in a new variable t."""
    zero = constant(0)
    data = [x0, constant(1), *([zero] * (order - 1))][: order + 1]
    return Taylor._make(data, NESTED, False, x0._tag + 1 if tag is None else tag)
