"""Sets of the form m + δ + C·r₀ + B·r, and what a step makes of them, as machine code.

m is a point and δ a point next to nothing, which keeps what rounding takes from m; C·r₀ carries the initial box without
ever wrapping it, and B·r what has been added on the way (Lohner 1987; Mrozek and Zgliczyński 2000). With
A ⊇ J(x), D ⊇ Φ(m) − m + remainder, a point of the set goes to

    m + D + A·(δ + C·r₀ + B·r) = m′ + δ′ + C′·r₀ + (D − (m′ − m) + A·δ − δ′ + (A·C − C′)·r₀) + A·B·r,

and the last two terms are written as B′·r′ with r′ ⊇ B′⁻¹·(…) + (B′⁻¹·A·B)·r. B′ is Q of a QR factorisation of the
middle of A·B whose columns are taken by length times width of r. Q is computed as it comes; its inverse is
proved:
with δ ≥ ‖I − QᵀQ‖∞ < 1, Q⁻¹ = (QᵀQ)⁻¹·Qᵀ differs from Qᵀ by at most δ/(1 − δ)·‖Qᵀ‖∞ in every entry (Neumann's series).
Where that fails B′ = I, which is always right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from taylorad.run.emit_intervals import IntervalLanes
from taylorad.run.lanes import Element
from taylorad.run.upward import Real, Upward

__all__ = ["Doubleton", "Fields"]

_WORTH = 0.01  # largest ‖I − QᵀQ‖ that is accepted
_FACTOR = 20.0  # B·r joins C·r₀ when it is so many times wider


@final
@dataclass(frozen=True, slots=True)
class Fields:
    """Where the parts of a set stand in its record: n components in ``width`` lanes."""

    n: int
    width: int

    @property
    def m(self) -> int:
        return 0

    @property
    def d(self) -> int:
        return self.width

    @property
    def C(self) -> int:
        return 2 * self.width

    @property
    def B(self) -> int:
        return (2 + self.n) * self.width

    @property
    def r0(self) -> int:
        return (2 + 2 * self.n) * self.width

    @property
    def r(self) -> int:
        return (4 + 2 * self.n) * self.width

    @property
    def e(self) -> int:
        return (6 + 2 * self.n) * self.width

    @property
    def early(self) -> int:
        """Two times: how long the early parts of the step are."""
        return (8 + 2 * self.n) * self.width

    @property
    def size(self) -> int:
        return (9 + 2 * self.n) * self.width


@final
class Doubleton:
    """Writes ``frame``, ``advance`` and ``look`` into a module; ``places`` are those of A, D … in its memory."""

    def __init__(self, w: Upward, fields: Fields, places: dict[str, int], flaws: frozenset[str]) -> None:
        self.w, self.f, self.places, self.flaws = w, fields, places, flaws
        self.n, self.width = fields.n, fields.width
        self.ring = IntervalLanes(w, self.width)

    def write(self) -> None:
        w = self.w
        w.function("double @frame(ptr noalias %ws, ptr noalias %record, ptr noalias %next) noinline", self._frame)
        args = "ptr noalias %ws, ptr noalias %record, ptr noalias %next"
        w.function(f"i64 @advance({args}) noinline", self._advance)
        w.function("i64 @show(ptr noalias %record, ptr noalias %out) noinline", self._show)
        w.function("i64 @look(ptr noalias %ws, ptr noalias %record, ptr noalias %out) noinline", self._look)

    # ------------------------------------------------------------------ reading and writing
    def _place(self, name: str, j: str | int = 0, size: int = 1) -> str:
        """Column j (of ``size`` vectors) of a matrix in the memory."""
        w, step = self.w, self.width * size
        offset = j * step if isinstance(j, int) else w.integer("mul", j, step)
        base = self.places[name]
        return w.at("%ws", base + offset if isinstance(offset, int) else w.integer("add", offset, base))

    def _field(self, where: int, j: str | int = 0, record: str = "%record") -> str:
        w = self.w
        offset = j * self.width if isinstance(j, int) else w.integer("mul", j, self.width)
        return w.at(record, where + offset if isinstance(offset, int) else w.integer("add", offset, where))

    def _interval(self, place: str) -> Element:
        w, width = self.w, self.width
        return Element(self.ring, w.load(place, 0, width), w.load(place, width, width))

    def _one(self, place: str, i: str | int) -> Element:
        """Component i of an interval vector, in all lanes."""
        w, width = self.w, self.width
        low, hi = (w.spread(w.load(w.at(place, side * width), i), width) for side in (0, 1))
        return Element(self.ring, low, hi)

    def _keep(self, x: Element, place: str) -> None:
        self.w.store(x.low, place, 0)
        self.w.store(x.hi, place, self.width)

    def _by_point(self, x: Element, c: Real) -> Element:
        """x·c for points c."""
        w = self.w
        minus = w.neg(c)
        low = w.max(w.mul(x.low, c), w.mul(x.hi, minus))
        return Element(self.ring, low, w.max(w.mul(x.hi, c), w.mul(x.low, minus)))

    def _middle(self, x: Element) -> Real:
        w = self.w
        return w.mul(w.add(x.hi, w.neg(x.low)), w.number(0.5, self.width))

    def _less(self, x: Element, c: Real) -> Element:
        """x − c for points c."""
        return Element(self.ring, self.w.add(x.low, c), self.w.add(x.hi, self.w.neg(c)))

    def _sum(self, start: Element, term: object) -> Element:
        """start + Σ term(j)."""
        w, n = self.w, self.n
        total = [start.low, start.hi]
        if n <= 6:
            for j in range(n):
                found = term(j)  # type: ignore[operator]
                total = [w.add(total[0], found.low), w.add(total[1], found.hi)]
        else:

            def once(j: str, s: list[Real]) -> list[Real]:
                found = term(j)  # type: ignore[operator]
                return [w.add(s[0], found.low), w.add(s[1], found.hi)]

            total = w.loop(0, n - 1, total, once)
        return Element(self.ring, total[0], total[1])

    @property
    def _zero(self) -> Element:
        return self.ring.lift(0)

    def displacement(self) -> Element:
        """δ + C·r₀ + B·r of the record: x − m."""
        w, f = self.w, self.f
        d = w.load(self._field(f.d), 0, self.width)
        found = Element(self.ring, w.neg(d), d)
        for matrix, vector in ((f.C, f.r0), (f.B, f.r)):

            def term(j: str | int, matrix: int = matrix, vector: int = vector) -> Element:
                column = w.load(self._field(matrix, j), 0, self.width)
                return self._by_point(self._one(self._field(vector), j), column)

            found = self._sum(found, term)
        return found

    def _show(self) -> None:
        """The box of the set, as −lo and hi in ``out``."""
        x, m = self.displacement(), self.w.load("%record", self.f.m, self.width)
        self._keep(Element(self.ring, self.w.add(x.low, self.w.neg(m)), self.w.add(x.hi, m)), "%out")
        self.w.give("0")

    # ------------------------------------------------------------------ the image of the set
    def _times(self, matrix: int, to: str) -> None:
        """A·C or A·B by columns, into the memory."""
        w = self.w

        def column(j: str | int) -> None:
            points = self._field(matrix, j)

            def term(k: str | int) -> Element:
                return self._by_point(self._interval(self._place("A", k, 2)), w.spread(w.load(points, k), self.width))

            self._keep(self._sum(self._zero, term), self._place(to, j, 2))

        w.each(self.n, column)

    def _moved(self) -> Element:
        """D + A·δ."""
        w, f = self.w, self.f

        def term(j: str | int) -> Element:
            delta = w.spread(w.load(self._field(f.d), j), self.width)
            return self._by_point(self._interval(self._place("A", j, 2)), delta)

        return self._sum(self._interval(self._place("D")), term)

    def _look(self) -> None:
        """The box of m + D + A·(δ + C·r₀ + B·r), as −lo and hi in ``out``."""
        w, f = self.w, self.f
        self._times(f.C, "AC")
        self._times(f.B, "AB")
        found = self._moved()
        for name, vector in (("AC", f.r0), ("AB", f.r)):

            def term(j: str | int, name: str = name, vector: int = vector) -> Element:
                return self.ring.corners(self._interval(self._place(name, j, 2)), self._one(self._field(vector), j))

            found = self._sum(found, term)
        m = w.load("%record", f.m, self.width)
        self._keep(Element(self.ring, w.add(found.low, w.neg(m)), w.add(found.hi, m)), "%out")
        self._verdict(w.number(0.0, self.width))

    def _advance(self) -> None:
        """The set after the step, in the next record; 0, or 1 where it is not finite."""
        w, f, width = self.w, self.f, self.width
        m = w.load("%record", f.m, width)
        d = self._interval(self._place("D"))
        after = w.add(m, self._middle(d))
        w.store(after, "%next", f.m)
        z = self._moved()
        back, on = w.add(m, w.neg(after)), w.add(after, w.neg(m))
        z = Element(self.ring, w.add(z.low, on), w.add(z.hi, back))
        delta = self._middle(z)
        w.store(delta, "%next", f.d)
        z = self._less(z, delta)
        self._times(f.C, "AC")
        self._times(f.B, "AB")

        def column(j: str | int) -> Element:
            image = self._interval(self._place("AC", j, 2))
            c = self._middle(image)
            w.store(c, self._field(f.C, j, "%next"), 0)
            return self.ring.corners(self._less(image, c), self._one(self._field(f.r0), j))

        moved = self._sum(z, column)  # it also writes C′
        z = z if "width" in self.flaws else moved
        self._keep(z, self._place("dx"))
        bound = Real(w.invoke("double", "frame", ("ptr", "%ws"), ("ptr", "%record"), ("ptr", "%next")))
        # r' = (Q⁻¹·A·B)·r + Q⁻¹·z with Q⁻¹ = Qᵀ ± bound
        doubt = self._sum(self._zero, self._size_of)
        slack = w.mul(w.spread(bound, width), self._all(doubt.hi))

        def rotated(j: str | int) -> Element:
            image = self._place("AB", j, 2)
            turned = self._sum(self._zero, lambda i: self._by_point(self._one(image, i), self._row(i)))
            return self.ring.corners(turned, self._one(self._field(f.r), j))

        z_place = self._place("dx")
        r = self._sum(self._zero, rotated)
        r = self._sum(r, lambda i: self._by_point(self._one(z_place, i), self._row(i)))
        r = Element(self.ring, w.add(r.low, slack), w.add(r.hi, slack))
        self._keep(r, self._field(f.r, 0, "%next"))
        self._settle(r, after, delta, bound)

    def _row(self, i: str | int) -> Real:
        """Row i of Q."""
        return self.w.load(self._place("T", i), 0, self.width)

    def _size_of(self, j: str | int) -> Element:
        """|A·B_j|·|r_j|, and |z| with the first: lane by lane, in ``hi``."""
        w = self.w
        image, r = self._interval(self._place("AB", j, 2)), self._one(self._field(self.f.r), j)
        size = w.mul(w.max(image.low, image.hi), w.max(r.low, r.hi))
        zero = w.number(0.0, self.width)
        if j == 0:
            z = self._interval(self._place("dx"))
            size = w.add(size, w.max(z.low, z.hi))
        elif not isinstance(j, int):
            first = w.put(f"icmp eq i64 {j}, 0")
            z = self._interval(self._place("dx"))
            size = w.add(size, w.select(first, w.max(z.low, z.hi), zero))
        return Element(self.ring, zero, size)

    def _all(self, x: Real) -> Real:
        """The sum of all lanes, in all lanes; those beyond n hold 0."""
        w = self.w
        return w.spread(w.total([w.lane(x, i) for i in range(self.n)]), self.width)

    def _settle(self, r: Element, m: Real, d: Real, bound: Real) -> None:
        """r₀ stays, or B·r joins C·r₀; then everything must be finite."""
        w, f, width = self.w, self.f, self.width
        before = self._interval(self._field(f.r0))
        own, old = (self._most(w.add(x.low, x.hi)) for x in (r, before))
        join = w.test("ogt", own, w.mul(old, w.number(_FACTOR)))
        yes, no, end = w.fresh("join"), w.fresh("keep"), w.fresh("end")
        w.branch(join, yes, no)
        w.label(yes)
        sizes: list[Real] = []

        def old_part(j: str | int) -> Element:
            column = self._field(f.C, j, "%next")
            turned = self._sum(
                self._zero,
                lambda i: self._by_point(Element(self.ring, *self._both(column, i)), self._row(i)),
            )
            return self.ring.corners(turned, self._one(self._field(f.r0), j))

        joined = self._sum(r, old_part)

        def old_size(j: str | int) -> Element:
            c = w.abs(w.load(self._field(f.C, j, "%next"), 0, width))
            x = self._one(self._field(f.r0), j)
            return Element(self.ring, w.number(0.0, width), w.mul(c, w.max(x.low, x.hi)))

        slack = w.mul(w.spread(bound, width), self._all(self._sum(self._zero, old_size).hi))
        joined = Element(self.ring, w.add(joined.low, slack), w.add(joined.hi, slack))

        def copy(j: str | int) -> None:
            w.store(w.load(self._field(f.B, j, "%next"), 0, width), self._field(f.C, j, "%next"), 0)

        w.each(self.n, copy)
        self._keep(joined, self._field(f.r0, 0, "%next"))
        self._keep(self._zero, self._field(f.r, 0, "%next"))
        w.go(end)
        w.label(no)
        self._keep(before, self._field(f.r0, 0, "%next"))
        w.go(end)
        w.label(end)
        # C and B enter as finite: B is Q or I, and C times r0 stands in z or in r0
        z = self._interval(self._place("dx"))
        sizes += [m, d, z.low, z.hi]
        for where in (f.r0, f.r):
            x = self._interval(self._field(where, 0, "%next"))
            sizes += [x.low, x.hi]
        flag = w.number(0.0, width)
        for x in sizes:
            flag = w.fma(x, w.number(0.0, width), flag)

        def finite(j: str, s: list[Real]) -> list[Real]:
            return [w.fma(w.load(self._field(f.C, j, "%next"), 0, width), w.number(0.0, width), s[0])]

        self._verdict(w.loop(0, self.n - 1, [flag], finite)[0])

    def _verdict(self, flag: Real) -> None:
        """Return 0 where ``flag``, A, D, A·C and A·B are finite, else 1: products of infinities may be anything."""
        w, zero = self.w, self.w.number(0.0, self.width)
        d = self._interval(self._place("D"))
        flag = w.fma(d.hi, zero, w.fma(d.low, zero, flag))

        def finite(j: str, s: list[Real]) -> list[Real]:
            total = s[0]
            for name in ("A", "AC", "AB"):
                x = self._interval(self._place(name, j, 2))
                total = w.fma(x.hi, zero, w.fma(x.low, zero, total))
            return [total]

        flag = w.loop(0, self.n - 1, [flag], finite)[0]
        bad = w.put(f"bitcast <{self.width} x {'i' + '1'}> {w.test('uno', flag, flag)} to i{self.width}")
        w.give(w.put(f"zext i1 {w.put(f'icmp ne i{self.width} {bad}, 0')} to i64"))

    def _both(self, column: str, i: str | int) -> tuple[Real, Real]:
        c = self.w.spread(self.w.load(column, i), self.width)
        return self.w.neg(c), c

    def _most(self, x: Real) -> Real:
        w = self.w
        found = w.lane(x, 0)
        for i in range(1, self.n):
            found = w.max(found, w.lane(x, i))
        return found

    # ------------------------------------------------------------------ the new frame
    def _frame(self) -> None:
        """Q in the next record's B, its rows in the memory; a bound for |Q⁻¹ − Qᵀ|."""
        w, f, n, width = self.w, self.f, self.n, self.width

        def start(j: str | int) -> None:
            c = self._middle(self._interval(self._place("AB", j, 2)))
            w.store(c, self._place("M", j), 0)
            r = self._field(f.r)
            size = w.add(w.load(r, j), w.load(w.at(r, width), j))
            w.store(w.mul(self._dot(c, c), w.mul(size, size)), self._place("keys"), j)

        w.each(n, start)

        def once(s: str, _: list[Real]) -> list[Real]:
            best = self._longest()
            v = w.load(self._place("M", best), 0, width)

            def clear(k: str, u: list[Real]) -> list[Real]:
                q = w.load(self._field(f.B, k, "%next"), 0, width)
                return [w.fma(w.neg(w.spread(self._dot(q, u[0]), width)), q, u[0])]

            last = w.integer("sub", s, 1)
            for _i in range(2):  # twice is enough
                v = w.loop(0, last, [v], clear)[0]
            q = w.div(v, w.spread(w.root(self._dot(v, v)), width))
            w.store(q, self._field(f.B, s, "%next"), 0)

            def turn(i: str | int) -> None:
                place = self._place("T", i)
                w.store(w.load(self._field(f.B, s, "%next"), i), place, s)

            w.each(n, turn)
            return []

        w.loop(0, n - 1, [], once)
        bound, good = self._inverse_bound()
        fine, poor = w.fresh("fine"), w.fresh("poor")
        w.branch(good, fine, poor)
        w.label(poor)

        def unit(j: str | int) -> None:
            w.store(w.number(0.0, width), self._field(f.B, j, "%next"), 0)
            w.store(w.number(1.0), self._field(f.B, j, "%next"), j)
            w.store(w.number(0.0, width), self._place("T", j), 0)
            w.store(w.number(1.0), self._place("T", j), j)

        w.each(n, unit)
        w.give(w.number(0.0), "double")
        w.label(fine)
        w.give(bound, "double")

    def _longest(self) -> str:
        """The number of the largest key that is left, which is then struck out."""
        w = self.w
        keys = self._place("keys")
        before, head, done = w.block, w.fresh("scan"), w.fresh("found")
        w.go(head)
        w.label(head)
        place = len(w.lines)
        i, most, best = (w.name() for _ in range(3))
        key = w.load(keys, i)
        higher = w.test("ogt", key, Real(most))
        most_ = w.select(higher, key, Real(most))
        best_ = w.put(f"select i1 {higher}, i64 {i}, i64 {best}")
        after = w.integer("add", i, 1)
        w.lines[place:place] = [
            f"  {i} = phi i64 [ 0, %{before} ], [ {after}, %{head} ]",
            f"  {most} = phi double [ {w.number(-2.0)}, %{before} ], [ {most_}, %{head} ]",
            f"  {best} = phi i64 [ 0, %{before} ], [ {best_}, %{head} ]",
        ]
        w.branch(w.put(f"icmp slt i64 {after}, {self.n}"), head, done)
        w.label(done)
        w.store(w.number(-3.0), keys, best_)
        return best_

    def _inverse_bound(self) -> tuple[Real, str]:
        """δ/(1 − δ)·‖Qᵀ‖∞, rounded upward, and whether δ is small."""
        w, f, n, width = self.w, self.f, self.n, self.width
        zero = w.number(0.0)

        def row(a: str, s: list[Real]) -> list[Real]:
            q = w.load(self._field(f.B, a, "%next"), 0, width)

            def entry(b: str, total: list[Real]) -> list[Real]:
                p = w.load(self._field(f.B, b, "%next"), 0, width)
                here = w.put(f"icmp eq i64 {a}, {b}")
                one = w.select(here, w.number(1.0), zero)
                hi = w.add(self._dot(q, p), w.neg(one))
                low = w.add(self._dot(w.neg(q), p), one)
                return [w.add(total[0], w.max(hi, low))]

            total = w.loop(0, n - 1, [zero], entry)[0]
            length = self._total(w.abs(q))
            return [w.max(total, s[0]), w.max(length, s[1])]

        delta, norm = w.loop(0, n - 1, [zero, zero], row)
        rest = w.neg(w.add(delta, w.number(-1.0)))
        return w.mul(w.div(delta, rest), norm), w.test("olt", delta, w.number(_WORTH))

    def _dot(self, a: Real, b: Real) -> Real:
        """Σ a_i·b_i, rounded upward; lanes beyond n hold 0."""
        return self._total(self.w.mul(a, b))

    def _total(self, x: Real) -> Real:
        w = self.w
        return w.total([w.lane(x, i) for i in range(self.n)])
