"""Rings that record what they are asked to compute, instead of computing it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, final

from taylorad.book.entry import Rule
from taylorad.errors import CompilationError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.ring import Element, Position, Ring
from taylorad.rings.values import native
from taylorad.run.program import SHORT, Row
from taylorad.run.tape import Order, Series, Tape

__all__ = ["ComplexRecorder", "Recorder"]

_REAL = ArrayRing("float64")


class Recorder(Ring):
    """Elements are operation numbers of a tape; values are symbols, or asked for from the caller."""

    name = "float64"
    parts = 1

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.requests: dict[tuple[Any, ...], int] = {}

    def source(self, kind: str, number: int, degree: int, size: int) -> Any:
        """A series given from outside."""
        return Series(self.tape, degree, ("input" if kind == "leaf" else "jet", (number, 0)), size)

    def describe(self, series: Any, degree: int, size: int) -> None:
        series.degree, series.size = degree, size

    def bind_series(self, series: Any, key: tuple[Any, ...]) -> None:
        series.source = ("jet", (self.requests[key], 0))

    def given_series(self, series: Any, k: Any) -> Element:
        """Coefficient k of a series whose rows the caller gives."""
        if isinstance(k, Order):
            return self.tape.op("jet", (), series.source[1], series.size)
        number, part = series.source[1]
        return self.tape.op("given", (), (number, k, part), series.size)

    def rows(self, series: Any, order: int | None) -> tuple[Row, ...]:
        return (self._row(series, order),)

    def _row(self, series: Series, order: int | None) -> Row:
        last = order if order is not None else series.degree if series.degree <= SHORT else 0
        start = tuple(series[k] for k in range(last + 1))
        return Row(start, None if order is not None or series.degree <= SHORT else series[Order(0)])

    # ------------------------------------------------------------------ constants and arithmetic
    def lift(self, value: object) -> Element:
        return self.tape.number(float(_REAL.lift(value)))

    def constant(self, name: str) -> Element:
        return self.tape.number(float(_REAL.constant(name)))

    def add(self, a: Element, b: Element) -> Element:
        return self.tape.add(a, b)

    def sub(self, a: Element, b: Element) -> Element:
        return self.tape.sub(a, b)

    def mul(self, a: Element, b: Element) -> Element:
        return self.tape.mul(a, b)

    def div(self, a: Element, b: Element) -> Element:
        return self.tape.div(a, b)

    def neg(self, a: Element) -> Element:
        return self.tape.neg(a)

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        return self.mul(a, self.lift(factor))

    def map(self, matrix: Any, a: Element) -> Element:
        return self.tape.op("map", (a,), matrix, matrix.rows)

    def times_int(self, a: Element, k: Any) -> Element:
        own = self.tape.ops[a]
        if own.kind == "mul":  # θ of a function is its differential: k·(dv/k) is dv
            inverse = self._index(k, "reciprocal")
            if inverse in own.args:
                return own.args[own.args[0] == inverse]
        return self.tape.mul(a, self._index(k, "order"))

    def over_int(self, a: Element, k: Any) -> Element:
        return self.tape.mul(a, self._index(k, "reciprocal"))

    def _index(self, k: Any, kind: str) -> int:
        if isinstance(k, Order):
            return self.tape.op(kind)
        return self.tape.number(k if kind == "order" else 1 / k)

    # ------------------------------------------------------------------ series
    def buffer(self, order: int) -> Any:
        return Series(self.tape, 0)

    def put(self, buffer: Any, k: Any, element: Element) -> None:
        if isinstance(k, Order):
            buffer.current = element
        else:
            buffer.coefs[k] = element

    def convolve(self, a: Any, b: Any, lo: Any, hi: Any, k: Any) -> Element:
        return self.tape.convolve(a, b, lo, hi, k)

    def weighted(self, a: Any, b: Any, p: Element, q: Element, k: Any) -> Element:
        return self.tape.weighted(a, b, p, q, k)

    # ------------------------------------------------------------------ functions at one point
    def outputs(self, law: Any, args: Sequence[Element], params: Sequence[Element]) -> tuple[Element, ...]:
        functions = [native.lookup(name, self.complex) for name in law.outputs]
        if isinstance(law, Rule) and law.value is None and all(functions):
            given = [self._operand(a) for a in (*args, *params)]
            found = [self._result(f(self._call, *given)) for f in functions if f]
            for domain in law.domain:
                if domain.measure is not None:
                    self.position(domain.measure(*given[: len(args)], *found).element, domain.lower, domain.upper)
            for v in found:
                self.is_finite(v.element)
            return tuple(v.element for v in found)
        return tuple(self._ask(("value", law, i), (*args, *params)) for i in range(len(law.outputs)))

    def _operand(self, element: Element) -> Operand:
        return Operand(self, element)

    def _result(self, found: Any) -> Operand:
        return found

    def _call(self, symbol: str, *args: Any) -> Any:
        operands = [a if isinstance(a, Operand) else Operand(Recorder(self.tape), self.tape.number(a)) for a in args]
        return Operand(Recorder(self.tape), self.tape.op("call", tuple(a.element for a in operands), symbol))

    def _ask(self, what: tuple[Any, ...], args: Sequence[Element]) -> Element:
        number = self.requests.setdefault((*what, *args), len(self.requests))
        return self.tape.op("given", (), (number, 0, 0), max(self.tape.sizes[a] for a in args))

    def value(self, name: str, args: Sequence[Element]) -> Element:
        raise CompilationError(f"{name} has no value of its own in a recording")

    def local(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        return [self._ask(("series", name), args)]

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Any:
        self.tape.check("inside", (a,), tuple(None if x is None else float(x) for x in (lower, upper)))
        return Position.INSIDE

    def choose(self, chooser: str, tests: Sequence[Element]) -> Any:
        return self._ask(("choice", chooser), tests)

    def pick(self, choice: Any, branches: Sequence[Element]) -> Element:
        return self.tape.op("pick", (choice, *branches))

    def is_zero(self, a: Element) -> bool:
        self.tape.check("nonzero", (a,))
        return False

    def is_finite(self, a: Element) -> bool:
        self.tape.check("finite", (a,))
        return True


class ComplexRecorder(Recorder):
    """Elements are pairs of operation numbers, and a series is a pair of real ones."""

    name = "complex128"
    complex = True
    parts = 2

    def source(self, kind: str, number: int, degree: int, size: int) -> Any:
        kind = "input" if kind == "leaf" else "jet"
        return Pair(*(Series(self.tape, degree, (kind, (number, part)), size) for part in (0, 1)))

    def describe(self, series: Any, degree: int, size: int) -> None:
        super().describe(series.re, degree, size)
        super().describe(series.im, degree, size)

    def bind_series(self, series: Any, key: tuple[Any, ...]) -> None:
        series.re.source, series.im.source = (("jet", (self.requests[key], part)) for part in (0, 1))

    def given_series(self, series: Any, k: Any) -> Element:
        return (super().given_series(series.re, k), super().given_series(series.im, k))

    def rows(self, series: Any, order: int | None) -> tuple[Row, ...]:
        return (self._row(series.re, order), self._row(series.im, order))

    def lift(self, value: object) -> Element:
        number = complex(ArrayRing("complex128").lift(value))
        return (self.tape.number(number.real), self.tape.number(number.imag))

    def constant(self, name: str) -> Element:
        return (super().constant(name), self.tape.number(0.0))

    def add(self, a: Element, b: Element) -> Element:
        return (self.tape.add(a[0], b[0]), self.tape.add(a[1], b[1]))

    def sub(self, a: Element, b: Element) -> Element:
        return (self.tape.sub(a[0], b[0]), self.tape.sub(a[1], b[1]))

    def neg(self, a: Element) -> Element:
        return (self.tape.neg(a[0]), self.tape.neg(a[1]))

    def mul(self, a: Element, b: Element) -> Element:
        t = self.tape
        cross, own = t.mul(a[1], b[1]), t.mul(a[1], b[0])
        return (t.fma(a[0], b[0], t.neg(cross)), t.fma(a[0], b[1], own))

    def div(self, a: Element, b: Element) -> Element:
        t = self.tape
        square = t.fma(b[0], b[0], t.mul(b[1], b[1]))
        if not t.moving[square]:  # |b|² must neither overflow nor lose digits below the normal numbers
            t.check("inside", (square,), (1e-290, 1e290))
        top = self.mul(a, (b[0], t.neg(b[1])))
        return (t.div(top[0], square), t.div(top[1], square))

    def map(self, matrix: Any, a: Element) -> Element:
        return (super().map(matrix, a[0]), super().map(matrix, a[1]))

    def times_int(self, a: Element, k: Any) -> Element:
        return (super().times_int(a[0], k), super().times_int(a[1], k))

    def over_int(self, a: Element, k: Any) -> Element:
        return (super().over_int(a[0], k), super().over_int(a[1], k))

    def buffer(self, order: int) -> Any:
        return Pair(Series(self.tape, 0), Series(self.tape, 0))

    def put(self, buffer: Any, k: Any, element: Element) -> None:
        super().put(buffer.re, k, element[0])
        super().put(buffer.im, k, element[1])

    def convolve(self, a: Any, b: Any, lo: Any, hi: Any, k: Any) -> Element:
        t = self.tape
        re = t.sub(t.convolve(a.re, b.re, lo, hi, k), t.convolve(a.im, b.im, lo, hi, k))
        if a is b:
            cross = t.convolve(a.re, a.im, lo, hi, k)
            return (re, t.add(cross, cross))
        return (re, t.add(t.convolve(a.re, b.im, lo, hi, k), t.convolve(a.im, b.re, lo, hi, k)))

    def weighted(self, a: Any, b: Any, p: Element, q: Element, k: Any) -> Element:
        t = self.tape

        def product(x: Any, y: Any) -> tuple[int, int]:  # with the real and with the imaginary weights
            return (t.weighted(x, y, p[0], q[0], k), t.weighted(x, y, p[1], q[1], k))

        rr, ri, ir, ii = product(a.re, b.re), product(a.re, b.im), product(a.im, b.re), product(a.im, b.im)
        re = t.sub(t.sub(rr[0], ii[0]), t.add(ri[1], ir[1]))
        return (re, t.add(t.add(ri[0], ir[0]), t.sub(rr[1], ii[1])))

    def _operand(self, element: Element) -> Operand:
        real = Recorder(self.tape)
        return Operand(self, element, Operand(real, element[0]), Operand(real, element[1]))

    def _result(self, found: Any) -> Operand:
        re, im = found
        return Operand(self, (re.element, im.element), re, im)

    def _ask(self, what: tuple[Any, ...], args: Sequence[Element]) -> Element:
        number = self.requests.setdefault((*what, *args), len(self.requests))
        size = max(self.tape.sizes[part] for a in args for part in a)
        re, im = (self.tape.op("given", (), (number, 0, part), size) for part in (0, 1))
        return re if what[0] == "choice" else (re, im)

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Any:
        for bound in (lower, upper):
            if bound is not None:
                self.tape.check("nonzero", (self.tape.sub(a[0], self.tape.number(float(bound))), a[1]))
        return Position.INSIDE

    def pick(self, choice: Any, branches: Sequence[Element]) -> Element:
        return tuple(self.tape.op("pick", (choice, *(b[part] for b in branches))) for part in (0, 1))

    def is_zero(self, a: Element) -> bool:
        self.tape.check("nonzero", a)
        return False

    def is_finite(self, a: Element) -> bool:
        self.tape.check("finite", (a[0],))
        self.tape.check("finite", (a[1],))
        return True


@final
class Pair:
    """The real and the imaginary series of a complex one."""

    __slots__ = ("im", "re")

    def __init__(self, re: Series, im: Series) -> None:
        self.re, self.im = re, im

    def __getitem__(self, k: Any) -> tuple[int, int]:
        return (self.re[k], self.im[k])


@final
class Operand:
    """An element with operators, for what is written over numbers: order-0 formulas and measures of a domain.

    A complex one has its parts ``re`` and ``im``.
    """

    __slots__ = ("element", "im", "re", "ring")

    def __init__(self, ring: Recorder, element: Element, re: Any = None, im: Any = None) -> None:
        self.ring, self.element, self.re, self.im = ring, element, re, im

    @property
    def number(self) -> float | None:
        """The float that a real operand is known to be."""
        return self.ring.tape.value(self.element) if isinstance(self.element, int) else None

    def _of(self, other: Any) -> Element:
        return other.element if isinstance(other, Operand) else self.ring.lift(other)

    def __add__(self, other: Any) -> Operand:
        return Operand(self.ring, self.ring.add(self.element, self._of(other)))

    def __sub__(self, other: Any) -> Operand:
        return Operand(self.ring, self.ring.sub(self.element, self._of(other)))

    def __rsub__(self, other: Any) -> Operand:
        return Operand(self.ring, self.ring.sub(self._of(other), self.element))

    def __mul__(self, other: Any) -> Operand:
        return Operand(self.ring, self.ring.mul(self.element, self._of(other)))

    def __truediv__(self, other: Any) -> Operand:
        return Operand(self.ring, self.ring.div(self.element, self._of(other)))

    def __rtruediv__(self, other: Any) -> Operand:
        return Operand(self.ring, self.ring.div(self._of(other), self.element))

    def __neg__(self) -> Operand:
        return Operand(self.ring, self.ring.neg(self.element))

    __radd__, __rmul__ = __add__, __mul__
