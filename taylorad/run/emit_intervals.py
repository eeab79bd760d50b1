"""Interval arithmetic as a code generator: a ring whose elements are vectors of −lo and of hi.

The interpreter runs a graph on this ring as on any other, and what it leaves behind is code that computes the
coefficients 0 … K in a loop over k, with the sums over j in functions of their own. So the recurrences are those of
every ring, and a rule that the package has never seen is enclosed with no further line.

Lanes are different boxes; or, with ``gradient``, lane 0 is a value and lane i its derivative with respect to the i-th
coordinate, so that a product a·b has the lanes a₀·b + b₀·(a without lane 0). The product of two intervals is the larger
of its four corners' products, once for −lo and once for hi: eight products and six maxima, which is optimal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from taylorad.book.entry import Rule
from taylorad.errors import CompilationError
from taylorad.rings.ring import Position, Ring
from taylorad.rings.values import upward as values
from taylorad.run.interpret import run
from taylorad.run.lanes import Element, Place, Rows
from taylorad.run.sums import write_ends, write_sum, write_value
from taylorad.run.upward import Real, Upward, above, below
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule

__all__ = ["IntervalLanes"]


class IntervalLanes(Ring):
    """See the module. ``memory`` points to doubles, ``room`` of them for rows; ``fine`` are the tests so far.

    Rigorous: every element encloses the exact value for all points of the arguments, if all of ``fine`` hold and
    ``flag`` is 0 in the end (it is NaN if anything overflowed).
    """

    name = "interval"

    def __init__(self, w: Upward, lanes: int, order: int = 0, gradient: bool = False, memory: str = "%memory") -> None:
        self.w, self.lanes, self.order, self.gradient, self.memory = w, lanes, order, gradient, memory
        self.room = 0
        self.fine: list[str] = []
        self.flag = w.number(0.0, lanes)
        self.rows: list[Rows] = []
        self.wary = self.compact = False
        self._k = "0"
        self._inverses: dict[int, tuple[Element, Element]] = {}
        self._asked: dict[tuple[int, int, str], tuple[Rows, Rows, Any]] = {}
        self._old: dict[tuple[int, int, str], Element] = {}

    # ------------------------------------------------------------------ elements
    def element(self, low: Real, hi: Real) -> Element:
        return Element(self, low, hi)

    def real(self, name: str) -> Real:
        return Real(name, self.lanes)

    def wide(self, lanes: int) -> IntervalLanes:
        """The same arithmetic in other lanes, for values at order 0."""
        found = IntervalLanes(self.w, lanes)
        found.fine, found.wary = self.fine, True
        return found

    def part(self, lanes: int) -> IntervalLanes:
        """The arithmetic of some of the lanes, inside of a function of its own."""
        return self if lanes == self.lanes else IntervalLanes(self.w, lanes)

    def leaf(self, degree: int) -> Rows:
        """A series whose first rows stand in memory; the rows after its degree are zero."""
        rows = self.buffer(self.order)
        rows.looked, rows.degree = True, degree
        for k in range(min(degree, self.order, 1) + 1):
            rows.at_order[k] = self.fetch(rows, k)
            self.note(rows.at_order[k])
        return rows

    def note(self, element: Element) -> None:
        """Have the flag remember what is not finite."""
        zero = self.w.number(0.0, self.lanes)
        self.flag = self.w.fma(element.hi, zero, self.w.fma(element.low, zero, self.flag))

    def sound(self) -> None:
        """Have it hold that nothing which was noted is infinite."""
        self._require(self.w.test("ord", self.flag, self.flag))

    def function(self, name: str, body: Callable[..., Any], x: Element) -> Any:
        """``body(m, x)`` of one interval as a function of the module, written once; its one or two results."""
        w, symbol = self.w, f"value.{name}"
        if symbol not in w.written:
            write_value(self.wide(1), symbol, body)
        kind = f"[{w.written[symbol]} x double]"
        found = w.invoke(kind, symbol, ("double", str(x.low)), ("double", str(x.hi)))
        ends = [Real(w.put(f"extractvalue {kind} {found}, {i}")) for i in range(w.written[symbol])]
        out = [Element(self, ends[i], ends[i + 1]) for i in range(0, len(ends), 2)]
        for e in out:
            self.note(e)
        return out[0] if len(out) == 1 else tuple(out)

    def lift(self, value: object) -> Element:
        if isinstance(value, Element):
            return value
        if isinstance(value, (int, float, Fraction)):
            q = Fraction(value)
            return self._constant(below(q), above(q), q)
        raise CompilationError(f"{value!r} of type {type(value).__name__} is no real number of compiled intervals")

    def constant(self, name: str) -> Element:
        return self._constant(*values.constant(name))

    def _constant(self, lo: float, hi: float, known: Fraction | None = None) -> Element:
        rest = [0.0] * (self.lanes - 1)
        low, high = ([-lo, *rest], [hi, *rest]) if self.gradient else (-lo, hi)
        return Element(self, self.w.number(low, self.lanes), self.w.number(high, self.lanes), flat=True, known=known)

    def add(self, a: Element, b: Element) -> Element:
        return Element(self, self.w.add(a.low, b.low), self.w.add(a.hi, b.hi), flat=a.flat and b.flat)

    def sub(self, a: Element, b: Element) -> Element:
        return self.add(a, self.neg(b))

    def neg(self, a: Element) -> Element:
        return Element(self, a.hi, a.low, flat=a.flat, known=None if a.known is None else -a.known)

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        if factor < 0:
            return self.neg(self.scale(a, -factor))
        w, lo, hi = self.w, below(factor), above(factor)
        if lo == hi == 1:
            return a
        low, high = (w.mul(x, w.number(hi, self.lanes)) for x in (a.low, a.hi))
        if lo != hi:
            low, high = (w.max(x, w.mul(y, w.number(lo, self.lanes))) for x, y in ((low, a.low), (high, a.hi)))
        return Element(self, low, high, flat=a.flat)

    def times_int(self, a: Element, k: Any) -> Element:
        f = self._whole(k)
        return Element(self, self.w.mul(a.low, f), self.w.mul(a.hi, f), flat=a.flat)

    def over_int(self, a: Element, k: Any) -> Element:
        f = self._whole(k)
        return Element(self, self.w.div(a.low, f), self.w.div(a.hi, f), flat=a.flat)

    def _whole(self, k: Any) -> Real:
        return self.w.whole(k if isinstance(k, int) else self.index(k), self.lanes)

    # ------------------------------------------------------------------ products
    def corners(self, a: Element, b: Element) -> Element:
        """The product lane by lane."""
        w = self.w
        p, q, r, s = a.low, a.hi, b.low, b.hi
        p_, q_ = w.neg(p), w.neg(q)
        low = w.max(w.max(w.mul(p_, r), w.mul(q_, s)), w.max(w.mul(p, s), w.mul(q, r)))
        high = w.max(w.max(w.mul(p, r), w.mul(q, s)), w.max(w.mul(p_, s), w.mul(q_, r)))
        found = Element(self, low, high, flat=a.flat and b.flat)
        if self.wary:
            self.note(found)
        return found

    def leading(self, a: Element) -> Element:
        """Lane 0 in all lanes."""
        if self.lanes == 1:
            return a
        mask = f"<{self.lanes} x i32> zeroinitializer"
        kind = a.low.type
        sides = (self.w.put(f"shufflevector {kind} {x}, {kind} poison, {mask}") for x in (a.low, a.hi))
        return Element(self, *map(self.real, sides), flat=a.flat)

    def slope(self, a: Element) -> Element:
        """The lanes after the first, and 0 in the first."""
        zero = self.w.number(0.0)
        return Element(self, self.w.insert(a.low, zero, 0), self.w.insert(a.hi, zero, 0))

    def with_value(self, a: Element, low: Real, hi: Real) -> Element:
        return Element(self, self.w.insert(a.low, low, 0), self.w.insert(a.hi, hi, 0))

    def mul(self, a: Element, b: Element) -> Element:
        if not self.gradient:
            return self.square(a) if a is b else self.corners(a, b)
        if a.flat or b.flat:
            return self.corners(self.leading(a), b) if a.flat else self.corners(self.leading(b), a)
        return self.add(self.corners(self.leading(a), b), self.slope(self.corners(a, self.leading(b))))

    def square(self, a: Element) -> Element:
        """a² lane by lane, which is not negative."""
        found = self.corners(a, a)
        return Element(self, self.w.min(found.low, self.w.number(0.0, self.lanes)), found.hi, flat=a.flat)

    def div(self, a: Element, b: Element) -> Element:
        if id(b) not in self._inverses:
            self._inverses[id(b)] = (b, self._inverse(b))
        return self.mul(a, self._inverses[id(b)][1])

    def _inverse(self, b: Element) -> Element:
        self.is_zero(b)
        w = self.w
        value = self.leading(b) if self.gradient else b
        low, hi = w.div(w.number(-1.0, self.lanes), value.hi), w.div(w.number(1.0, self.lanes), w.neg(value.low))
        inverse = Element(self, low, hi, flat=b.flat)
        self.note(inverse)
        if b.flat or not self.gradient:
            return self._only_value(inverse) if self.gradient else inverse
        slope = self.corners(self.slope(b), self.neg(self.square(inverse)))
        return self.with_value(slope, w.lane(low, 0), w.lane(hi, 0))

    def _only_value(self, a: Element) -> Element:
        found = self.with_value(self.lift(0), self.w.lane(a.low, 0), self.w.lane(a.hi, 0))
        found.flat = True
        return found

    # ------------------------------------------------------------------ rows
    def buffer(self, order: int) -> Rows:
        found = Rows(self)
        self.rows.append(found)
        return found

    def put(self, buffer: Rows, k: Any, element: Element) -> None:
        self.note(element)
        if isinstance(k, int):
            buffer.at_order[k] = element
        else:
            buffer.now = element
            if buffer.looked:
                self.store(buffer, k, element)

    def index(self, k: Place) -> str:
        return self.w.integer("sub", self._k, k.back)

    def place(self, buffer: Rows, k: Any) -> str:
        """The address of row k."""
        k = k if isinstance(k, int) else self.index(k)
        row = self.w.integer("mul", k, 2 * self.lanes)
        return self.w.at(self.memory, self.w.integer("add", int(row) if row.isdigit() else row, buffer.base))

    def store(self, buffer: Rows, k: Any, element: Element) -> None:
        place = self.place(buffer, k)
        self.w.store(element.low, place, 0)
        self.w.store(element.hi, place, self.lanes)

    def fetch(self, buffer: Rows, k: Any) -> Element:
        place = self.place(buffer, k)
        return Element(self, *(self.w.load(place, i * self.lanes, self.lanes) for i in (0, 1)), flat=buffer.flat)

    def before(self, k: Any) -> Any:
        return k - 1

    def sweep(self, order: int, body: Callable[[Any], None]) -> None:
        """The loop over k. The body is written once in vain, to learn which series are looked back at."""
        w, kept = self.w, self.flag
        self._k, mark, held = "%unknown", len(w.lines), len(self.fine)
        known = set(self._inverses)
        w.counting = False
        body(Place())
        w.counting = True
        del w.lines[mark:], self.fine[held:]
        asked, self._asked = self._asked, {}
        self.flag = kept
        for key in [key for key in self._inverses if key not in known]:  # before the loop, and not in it
            self._inverses[key] = (self._inverses[key][0], self._inverse(self._inverses[key][0]))
        for rows in self.rows:
            rows.now = None
            if rows.looked:
                for k, element in rows.at_order.items():
                    self.store(rows, k, element)

        def once(k: str, carried: list[Real]) -> list[Real]:
            self._k, self.flag = k, carried[0]
            self._old = {old: self._older(*rows) for old, rows in asked.items()}  # first: nothing waits for them
            body(Place())
            return [self.flag]

        self.flag = w.loop(1, order, [self.flag], once)[0]
        self._old = {}
        for rows in self.rows:
            rows.now = None

    # ------------------------------------------------------------------ sums
    def convolve(self, a: Rows, b: Rows, lo: Any, hi: Any, k: Any) -> Element:
        if isinstance(k, int):
            total = self.lift(0)
            for j in range(lo, hi + 1):
                total = self.add(total, self.mul(a[j], b[k - j]))
            return total
        a.looked = b.looked = True
        back = hi.back if isinstance(hi, Place) else None
        if self.gradient and b.flat and not a.flat and back is not None:  # the values come from the flat one
            a, b, lo, back, hi = b, a, back, lo, Place(lo)
        own = self.gradient and not (a.flat or b.flat)
        kind = "one" if not own else "twice" if a is b else "both"
        if back is None or lo > 1 or min(a.degree, b.degree) < self.order:
            found = self._bounded(a, b, kind, lo, hi)
        else:
            old = (id(a), id(b), kind)
            if old not in self._old:  # in the first writing, which only learns what there is
                self._asked[old] = (a, b, kind)
                self._old[old] = self._older(a, b, kind)
            found = self._ended(self._old[old], a, b, kind, lo == 0, back == 0)
        if kind == "twice":
            double = self.w.number([1.0] + [2.0] * (self.lanes - 1), self.lanes)
            found = Element(self, self.w.mul(found.low, double), self.w.mul(found.hi, double))
        found.flat = a.flat and b.flat
        return found

    def _older(self, a: Rows, b: Rows, kind: str | tuple[Element, Element]) -> Element:
        """The terms j = 1 … k−1, which need lower orders only; ``kind`` may be the p and q of weights."""
        if isinstance(kind, str):
            return self._summed(a, b, kind, "1", self.w.integer("sub", self._k, 1))
        write_sum(self, "weighted")
        weights = [self.leading(e) if self.gradient else e for e in kind]
        args = [("ptr", self.place(a, 0)), ("ptr", self.place(b, 0)), ("i64", self._k)]
        args += [(x.type, str(x)) for e in weights for x in (e.low, e.hi)]
        return self._taken(self.w.invoke(self.pair, f"{self.stem}.weighted", *args))

    def _ended(self, total: Element, a: Rows, b: Rows, kind: str, first: bool, last: bool) -> Element:
        """With the terms j = 0 and j = k, if they are there."""
        if self.compact and (first or last):
            kept = (("ptr", self.place(a, 0)), ("ptr", self.place(b, 0)), ("i64", self._k))
            sums = ((total.low.type, str(x)) for x in (total.low, total.hi))
            return self._taken(self.w.invoke(self.pair, write_ends(self, kind, first, last), *kept, *sums))
        for there, (x, i), (y, j) in ((first, (a, 0), (b, Place())), (last, (a, Place()), (b, 0))):
            if there:
                p, q = x[i], y[j]
                total = self.add(total, self.corners(self.leading(p) if self.gradient else p, q))
                if kind == "both":
                    total = self.add(total, self.slope(self.corners(p, self.leading(q))))
        return total

    def _bounded(self, a: Rows, b: Rows, kind: str, lo: Any, hi: Any) -> Element:
        """A sum over fewer terms: of a polynomial, or of a product of high valuation."""
        w = self.w
        first, last = lo, self.index(hi) if isinstance(hi, Place) else hi
        if a.degree < self.order:
            last = self._extreme("slt", last, a.degree)
        if b.degree < self.order:
            first = self._extreme("sgt", w.integer("sub", self._k, b.degree), first)
        return self._summed(a, b, kind, str(first), str(last))

    def _summed(self, a: Rows, b: Rows, kind: str, first: str, last: str) -> Element:
        write_sum(self, kind)
        args = (("ptr", self.place(a, 0)), ("ptr", self.place(b, 0)), ("i64", first), ("i64", last), ("i64", self._k))
        return self._taken(self.w.invoke(self.pair, f"{self.stem}.{kind}", *args))

    def weighted(self, a: Rows, b: Rows, p: Element, q: Element, k: Any) -> Element:
        if isinstance(k, int):
            return Ring.weighted(self, a, b, p, q, k)
        a.looked = b.looked = True
        old = (id(a), id(b), "weighted")
        if old not in self._old:
            self._asked[old] = (a, b, (p, q))
            self._old[old] = self._older(a, b, (p, q))
        weight = self.times_int(self.leading(p) if self.gradient else p, k)  # of the last term, a_k·b_0
        return self.add(self._old[old], self.mul(self.corners(weight, a[k]), b[0]))

    def _extreme(self, order: str, a: Any, b: Any) -> str:
        return self.w.put(f"select i1 {self.w.put(f'icmp {order} i64 {a}, {b}')}, i64 {a}, i64 {b}")

    @property
    def stem(self) -> str:
        """What the names of this ring's sums begin with."""
        return f"sum.{self.lanes}{'g' if self.gradient else ''}"

    @property
    def pair(self) -> str:
        """The type of −lo and hi beside each other."""
        kind = Real("", self.lanes).type
        return f"{{ {kind}, {kind} }}"

    def _taken(self, found: str) -> Element:
        return Element(self, *(self.real(self.w.put(f"extractvalue {self.pair} {found}, {i}")) for i in (0, 1)))

    # ------------------------------------------------------------------ functions at one point
    def outputs(self, law: Any, args: Sequence[Any], params: Sequence[Any]) -> tuple[Element, ...] | None:
        formulas = [values.lookup(name) for name in law.outputs]
        if not (isinstance(law, Rule) and law.value is None and all(formulas)):
            if isinstance(law, Rule) and callable(law.value):
                return None  # written over the functions of any ring
            raise CompilationError(f"{law.name} has no compiled enclosure of its own: it is computed by balls")
        given = [*args, *params]
        lanes = 1 if self.gradient else self.lanes
        found: list[list[Element]] = []
        for lane in range(lanes):
            single = self.wide(1)
            single.fine = []
            each = [Element(single, *self._ends(e, lane), flat=True, known=e.known) for e in given]
            found.append([f(single, *each) for f in formulas if f])
            single.sound()
            self.fine += [self._in_lane(test, lane) for test in single.fine]
        if not self.gradient:
            rows = list(zip(*found, strict=True))
            sides = [(self.w.row([e.low for e in row]), self.w.row([e.hi for e in row])) for row in rows]
            return self._checked(law, args, tuple(Element(self, low, hi) for low, hi in sides))
        flat = all(e.flat for e in given)
        sides = [(self.w.spread(e.low, self.lanes), self.w.spread(e.hi, self.lanes)) for e in found[0]]
        spread = [Element(self, *pair, flat=True) for pair in sides]
        out = [self._only_value(e) for e in spread]
        if not flat:
            slopes = self._slopes(law, args, params, spread)
            out = [self.with_value(s, *self._ends(e, 0)) for s, e in zip(slopes, spread, strict=True)]
        return self._checked(law, args, tuple(out))

    def _in_lane(self, test: str, lane: int) -> str:
        """A test of one lane as one of all, where the lanes have tests of their own."""
        if self.lanes == 1 or self.gradient or self.wary:
            return test
        every = "<" + ", ".join(["i1 true"] * self.lanes) + ">"
        return self.w.put(f"insertelement <{self.lanes} x i1> {every}, i1 {test}, i32 {lane}")

    def _ends(self, e: Element, lane: int) -> tuple[Real, Real]:
        return self.w.lane(e.low, lane), self.w.lane(e.hi, lane)

    def _checked(self, law: Rule, args: Sequence[Element], found: tuple[Element, ...]) -> tuple[Element, ...]:
        for domain in law.domain:
            if domain.measure is not None:
                self.position(domain.measure(*args, *found), domain.lower, domain.upper)
        return found

    def _slopes(
        self, law: Rule, args: Sequence[Element], params: Sequence[Element], found: Sequence[Element]
    ) -> list[Element]:
        """Derivatives of a rule's outputs: its differentials, with the derivatives of the arguments for du."""
        n, m = len(args), len(found)
        us, dus = (tuple(Leaf.of(i + j * n, 0) for i in range(n)) for j in (0, 1))
        vs = tuple(Leaf.of(2 * n + i, 0) for i in range(m))
        ps = tuple(Leaf.of(2 * n + m + i, 0) for i in range(len(params)))
        lanewise = self.wide(self.lanes)
        given = [*map(self.leading, args), *map(self.slope, args), *found, *map(self.leading, params)]
        exact = [e.known for e in (*args, *args, *found, *params)]
        leaves = [[Element(lanewise, e.low, e.hi, known=q)] for e, q in zip(given, exact, strict=True)]
        rows = run(schedule(law.differentials(us, dus, vs, ps)), lanewise, leaves, 0)
        lanewise.sound()
        return [Element(self, row[0].low, row[0].hi) for row in rows]

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Position:
        for bound, x in ((lower, a.low), (None if upper is None else -upper, a.hi)):
            if bound is not None:
                self._require(self.w.test("olt", x, self.w.number(below(-Fraction(bound)), self.lanes)))
        return Position.INSIDE

    def value(self, name: str, args: Sequence[Element]) -> Element:
        raise CompilationError(f"{name} has no compiled enclosure of its own: it is computed by balls")

    def is_zero(self, a: Element) -> bool:
        zero = self.w.number(0.0, self.lanes)
        kind = "i1" + " " if self.lanes == 1 else f"<{self.lanes} x i1>"
        negative, positive = self.w.test("olt", a.hi, zero), self.w.test("olt", a.low, zero)
        self._require(self.w.put(f"or {kind} {negative}, {positive}"))
        return False

    def _require(self, test: str) -> None:
        """Note a test that must hold: in lane 0 with a gradient, in all of a part, else in each lane for itself."""
        if self.lanes > 1 and self.gradient:
            test = self.w.put(f"extractelement <{self.lanes} x i1> {test}, i32 0")
        elif self.lanes > 1 and self.wary:
            test = self._every(test)
        self.fine.append(test)

    def _every(self, test: str) -> str:
        bits = self.w.put(f"bitcast <{self.lanes} x i1> {test} to i{self.lanes}")
        return self.w.put(f"icmp eq i{self.lanes} {bits}, -1")

    def is_finite(self, a: Element) -> bool:
        return True  # rows are tested when they are put

    def choose(self, chooser: str, tests: Sequence[Element]) -> str:
        """Whether the test is positive; that its sign is certain is required."""
        self.is_zero(tests[0])
        positive = self.w.test("olt", tests[0].low, self.w.number(0.0, self.lanes))
        if self.gradient and self.lanes > 1:
            kind, mask = f"<{self.lanes} x i1>", f"<{self.lanes} x i32> zeroinitializer"
            positive = self.w.put(f"shufflevector {kind} {positive}, {kind} poison, {mask}")
        return positive

    def pick(self, choice: str, branches: Sequence[Element]) -> Element:
        below, above = branches
        sides = ((above.low, below.low), (above.hi, below.hi))
        return Element(self, *(self.w.blend(choice, *pair) for pair in sides), flat=below.flat and above.flat)

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        raise CompilationError(f"{name} is a local entry: its jets come from balls")

    def all_fine(self) -> str:
        """Whether every test held and nothing overflowed."""
        apart = self.lanes > 1 and not self.gradient and not self.wary
        return self._every(self.each_fine()) if apart else self.each_fine()

    def each_fine(self) -> str:
        """The same for each lane, where the lanes have tests of their own."""
        w, kept = self.w, self.gradient
        if kept:  # every lane counts
            self.fine.append(self._every(w.test("ord", self.flag, self.flag)))
        else:
            self.sound()
        kind = "i1 " if self.lanes == 1 or kept or self.wary else f"<{self.lanes} x i1>"
        found = self.fine[0]
        for test in self.fine[1:]:
            found = w.put(f"and {kind} {found}, {test}")
        return found
