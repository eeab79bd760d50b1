"""Values with their first derivatives, over any ring: what gives J beside the coefficients of a solution.

The engine runs a graph on this ring as on any other; a function's derivative is its differential in the book.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from taylorad.errors import UnsupportedFunctionError
from taylorad.rings.ring import Element, Ring
from taylorad.run.interpret import run, value
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule

__all__ = ["Dual", "DualRing"]


class Dual(NamedTuple):
    """A value and its derivatives with respect to the coordinates; None where all of them are 0."""

    value: Any
    slopes: list[Any] | None


class DualRing(Ring):
    """Duals over ``base`` with ``n`` coordinates. Rigorous where the base is."""

    def __init__(self, base: Ring, n: int) -> None:
        self.base, self.n = base, n
        self.name, self.complex = base.name, base.complex

    def coordinate(self, x: Element, i: int) -> Dual:
        zero, one = self.base.zero(), self.base.lift(1)
        return Dual(x, [one if j == i else zero for j in range(self.n)])

    # ------------------------------------------------------------------ arithmetic
    def lift(self, value: object) -> Dual:
        return value if isinstance(value, Dual) else Dual(self.base.lift(value), None)

    def constant(self, name: str) -> Dual:
        return Dual(self.base.constant(name), None)

    def _each(self, f: Callable[[Any], Any], a: Dual) -> Dual:
        return Dual(f(a.value), None if a.slopes is None else [f(s) for s in a.slopes])

    def add(self, a: Dual, b: Dual) -> Dual:
        add = self.base.add
        if a.slopes is None or b.slopes is None:
            return Dual(add(a.value, b.value), a.slopes or b.slopes)
        return Dual(add(a.value, b.value), [add(x, y) for x, y in zip(a.slopes, b.slopes, strict=True)])

    def sub(self, a: Dual, b: Dual) -> Dual:
        return self.add(a, self.neg(b))

    def neg(self, a: Dual) -> Dual:
        return self._each(self.base.neg, a)

    def mul(self, a: Dual, b: Dual) -> Dual:
        mul = self.base.mul
        found = Dual(mul(a.value, b.value), None)
        for x, y in ((a, b), (b, a)):
            if y.slopes is not None:
                found = self.add(found, Dual(self.base.zero(), [mul(x.value, s) for s in y.slopes]))
        return found

    def div(self, a: Dual, b: Dual) -> Dual:
        base = self.base
        quotient = base.div(a.value, b.value)
        slopes = None
        if a.slopes is not None or b.slopes is not None:
            zeros = [base.zero()] * self.n
            slopes = [
                base.div(base.sub(x, base.mul(quotient, y)), b.value)
                for x, y in zip(a.slopes or zeros, b.slopes or zeros, strict=True)
            ]
        return Dual(quotient, slopes)

    def scale(self, a: Dual, factor: int | Fraction) -> Dual:
        return self._each(lambda x: self.base.scale(x, factor), a)

    def times_int(self, a: Dual, k: Any) -> Dual:
        return self._each(lambda x: self.base.times_int(x, k), a)

    def over_int(self, a: Dual, k: Any) -> Dual:
        return self._each(lambda x: self.base.over_int(x, k), a)

    # ------------------------------------------------------------------ series
    def buffer(self, order: int) -> list[Dual]:
        return []

    def put(self, buffer: list[Dual], k: int, element: Dual) -> None:
        buffer.append(element)

    def convolve(self, a: Sequence[Dual], b: Sequence[Dual], lo: int, hi: int, k: int) -> Dual:
        total = Dual(self.base.zero(), None)
        for j in range(lo, hi + 1):
            total = self.add(total, self.mul(a[j], b[k - j]))
        return total

    # ------------------------------------------------------------------ functions at one point
    def outputs(self, law: Any, args: Sequence[Dual], params: Sequence[Dual]) -> tuple[Dual, ...]:
        base = self.base
        found = value(base, law, [a.value for a in args], [p.value for p in params])
        if any(p.slopes is not None for p in params):
            raise UnsupportedFunctionError(f"{law.name} has no derivative with respect to its parameters")
        if all(a.slopes is None for a in args):
            return tuple(Dual(v, None) for v in found)
        n, m = len(args), len(found)
        us, dus = (tuple(Leaf.of(i + j * n, 0) for i in range(n)) for j in (0, 1))
        vs = tuple(Leaf.of(2 * n + i, 0) for i in range(m))
        ps = tuple(Leaf.of(2 * n + m + i, 0) for i in range(len(params)))
        plan = schedule(law.differentials(us, dus, vs, ps))
        zeros = [base.zero()] * self.n
        columns: list[list[Any]] = []
        for i in range(self.n):
            given = [*(a.value for a in args), *((a.slopes or zeros)[i] for a in args), *found]
            given += [p.value for p in params]
            columns.append([row[0] for row in run(plan, base, [[x] for x in given], 0)])
        return tuple(Dual(v, [column[i] for column in columns]) for i, v in enumerate(found))

    def value(self, name: str, args: Sequence[Dual]) -> Dual:
        if all(a.slopes is None for a in args):
            return Dual(self.base.value(name, [a.value for a in args]), None)
        raise UnsupportedFunctionError(f"{name} has no derivative of its own; it needs a rule of the book")

    def jet(self, name: str, args: Sequence[Dual], order: int) -> Sequence[Dual]:
        *rest, at = args
        if any(a.slopes is not None for a in rest):
            raise UnsupportedFunctionError(f"{name} has no derivative with respect to its parameters")
        g = self.base.jet(name, [a.value for a in args], order + 1)
        if at.slopes is None:
            return [Dual(x, None) for x in g[: order + 1]]
        mul, times = self.base.mul, self.base.times_int
        return [Dual(g[j], [mul(times(g[j + 1], j + 1), s) for s in at.slopes]) for j in range(order + 1)]

    def position(self, a: Dual, lower: Fraction | int | None, upper: Fraction | int | None) -> Any:
        return self.base.position(a.value, lower, upper)

    def choose(self, chooser: str, tests: Sequence[Dual]) -> Any:
        return self.base.choose(chooser, [t.value for t in tests])

    def pick(self, choice: Any, branches: Sequence[Dual]) -> Dual:
        return branches[choice]

    def is_zero(self, a: Dual) -> Any:
        return self.base.is_zero(a.value)

    def is_finite(self, a: Dual) -> Any:
        return self.base.is_finite(a.value)
