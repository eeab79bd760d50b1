"""One step of a validated integration as machine code, and the loop over steps.

Two jets a step. The first, with derivatives, is taken over the box of the set and gives the step size, the range of
the solution on [0, h] and J = Σ Df^[k]·h^k. The second is taken side by side at the midpoint m, over the a-priori
enclosure e, and over enclosures e₁, e₂ of early parts [0, c₁], [0, c₂] of the step. It gives Σ f^[k](m)·h^k and the
remainder (p + 1)·∫ (h − s)^p·f^[p+1](x(s)) ds, in which the beginning weighs most, and where e₂ and e₁ are much
narrower than e. That e encloses the solution is proved by

    e = Σ_{k≤p} f^[k](x)·[0,h]^k + [−g, g],      |f^[p+1](e)|·h^(p+1) < g in every component,

(Corliss and Rihm 1996; Nedialkov, Jackson and Pryce 2001); with a smaller h the same e and f^[p+1](e) still do, so that
a step which fails is shortened without a new jet. Only this test decides; step sizes are guesses.

A record is the set in the form of :mod:`taylorad.validated.doubleton`, followed by e. Numbers in vectors of ``width``
lanes run over the components; matrices are stored by columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from taylorad.ode.system import System
from taylorad.run.boxes import coefficients
from taylorad.run.emit_intervals import IntervalLanes
from taylorad.run.lanes import Rows
from taylorad.run.upward import Real, Upward
from taylorad.run.writer import Target
from taylorad.series.schedule import schedule
from taylorad.validated.doubleton import Doubleton, Fields
from taylorad.validated.loop import BOX, DOMAIN, SMALL, write_loop

__all__ = ["FLAWS", "POINTS", "Parameters", "Step"]

FLAWS = frozenset(("nearest", "remainder", "late", "midpoint", "width"))

_TRIES = 60
_EARLY = (0.375, 0.125)  # parts of a step with enclosures of their own
POINTS = 4  # lanes of the second jet: m, e and the enclosures of the early parts


class Parameters:
    """Places of the doubles that steer a run, at the end of the memory."""

    TOL, FLOOR, T_LOW, T_HI, UNIT, SIGN, AHEAD, BACK = range(8)
    COUNT = 8


@final
class Step:
    """The module for one system and order; ``flaws`` leave out what makes it rigorous, for tests of the tests."""

    def __init__(self, system: System, order: int, target: Target, triple: str, flaws: frozenset[str]) -> None:
        n = system.dim
        self.n, self.order, self.system, self.flaws = n, order, system, flaws
        self.width = 2 if n <= 2 else -(-n // 4) * 4
        self.lanes = 2 if n == 1 else -(-(n + 1) // 4) * 4
        self.w = Upward(target, triple, "nearest" in flaws)
        self.fields = Fields(n, self.width)
        self._passes()
        self._scratch()
        self.set = Doubleton(self.w, self.fields, self.places, flaws)
        for write in (self._prepare, lambda: self._sums(True), lambda: self._sums(False)):
            write()
        self.set.write()
        write_loop(self)

    # ------------------------------------------------------------------ the two jets
    def _passes(self) -> None:
        plan = schedule(self.system.states)
        degrees = {leaf.index: leaf.degree for leaf in plan.leaves}
        count = self.n + 1 + self.system.n_args

        def jet(name: str, lanes: int, order: int, gradient: bool) -> tuple[IntervalLanes, list[Rows], list[Rows]]:
            ring = IntervalLanes(self.w, lanes, order, gradient)
            leaves: list[Rows] = []
            roots: list[Rows] = []

            def body() -> None:
                still = frozenset(range(self.n, count))
                for i in range(count):
                    leaves.append(ring.leaf(degrees.get(i, int(i == self.n))))
                    for element in leaves[i].at_order.values():
                        element.flat = i in still
                roots.extend(coefficients(ring, plan, leaves, order, still))
                fine = ring.all_fine()
                self.w.give(self.w.put(f"zext i1 {fine} to i64"))

            self.w.function(f"i64 @{name}(ptr noalias %memory) noinline", body)
            return ring, leaves, roots

        self.box, self.box_leaves, self.box_roots = jet("box", self.lanes, self.order, True)
        self.points, self.point_leaves, self.point_roots = jet("points", POINTS, self.order + 1, False)

    def _scratch(self) -> None:
        """Where things stand in the memory."""
        n, width = self.n, self.width
        top = self.box.room
        places: dict[str, int] = {"points": top}
        top += self.points.room
        for name, size in (
            ("dx", 2 * width),
            ("x", 2 * width),
            ("A", 2 * n * width),
            ("AC", 2 * n * width),
            ("AB", 2 * n * width),
            ("D", 2 * width),
            ("T", n * width),
            ("M", n * width),
            ("keys", n),
            ("early", len(_EARLY)),
            ("row", 2 * self.lanes),
            ("parameters", Parameters.COUNT),
        ):
            top = -(-top // 8) * 8
            places[name] = top
            top += size
        self.places, self.room = places, top
        for name, roots in (("box", self.box_roots), ("point", self.point_roots)):
            self._table(f"{name}_roots", [r.base for r in roots])
        self._table("box_leaves", [r.base for r in self.box_leaves[: self.n]])
        self._table("point_leaves", [r.base for r in self.point_leaves[: self.n]])

    def _table(self, name: str, numbers: Sequence[int]) -> None:
        row = ", ".join(f"i64 {i}" for i in numbers)
        self.w.declared.add(f"@{name} = internal constant [{len(numbers)} x i64] [{row}], align 8")

    def _base(self, name: str, rows: Sequence[Rows], i: str | int, offset: int = 0) -> str:
        """The address of the rows of component i."""
        w = self.w
        if isinstance(i, int):
            return w.at("%ws", rows[i].base + offset)
        place = w.put(f"load i64, ptr {w.put(f'getelementptr i64, ptr @{name}, i64 {i}')}, align 8")
        return w.at("%ws", w.integer("add", place, offset))

    def _at(self, name: str, offset: str | int = 0) -> str:
        place = self.places[name]
        return self.w.at("%ws", place + offset if isinstance(offset, int) else self.w.integer("add", offset, place))

    def parameter(self, which: int) -> Real:
        return self.w.load(self._at("parameters"), which)

    # ------------------------------------------------------------------ how far, and the proof of it
    def _prepare(self) -> None:
        """i64 prepare(ws, record, count, left, force): ticks of the step, or a status below 0; jets stand in ws."""
        args = "ptr noalias %ws, ptr noalias %record, i64 %count, i64 %left, i64 %force"
        self.w.function(f"i64 @prepare({args}) noinline", self._prepare_body)

    def _prepare_body(self) -> None:
        w, n, order = self.w, self.n, self.order
        f, width = self.fields, self.width
        dx = self.set.displacement()
        zero = w.number(0.0, width)
        low, hi = w.max(dx.low, zero), w.max(dx.hi, zero)
        m = w.load("%record", f.m, width)
        if "midpoint" in self.flaws:
            low = hi = zero
        x = (w.add(low, w.neg(m)), w.add(hi, m))
        for side in (0, 1):
            w.store(x[side], self._at("x", side * width), 0)
        scale = self.parameter(Parameters.FLOOR)

        def enter(i: str | int) -> None:
            leaf = self._base("box_leaves", self.box_leaves, i)
            for side in (0, 1):
                w.store(w.load(self._at("x", side * width), i), leaf, side * self.lanes)

        w.each(n, enter)
        for i in range(n):
            for side in (0, 1):
                scale = w.max(scale, w.load(self._at("x", side * width), i))
        unit, sign = self.parameter(Parameters.UNIT), self.parameter(Parameters.SIGN)
        since = w.mul(sign, w.mul(w.whole("%count"), unit))
        t = (w.add(self.parameter(Parameters.T_LOW), w.neg(since)), w.add(self.parameter(Parameters.T_HI), since))
        for ring, leaves, name, offset in (
            (self.box, self.box_leaves, "box", 0),
            (self.points, self.point_leaves, "points", self.places["points"]),
        ):
            for side in (0, 1):
                w.store(t[side], w.at("%ws", leaves[n].base + offset), side * ring.lanes)
            if name == "box":
                self._leave_unless(w.invoke("i64", "box", ("ptr", "%ws")), BOX)
        # step size from the last two coefficients, relative to x or, next to 0, to how far it moves
        tol = self.parameter(Parameters.TOL)
        speed, h = self._largest(1), w.number(1e300)
        for k in (order - 1, order):
            most = self._largest(k)
            own = self._power(w.div(w.mul(scale, tol), most), k)
            h = w.min(h, w.max(own, self._power(w.div(w.mul(speed, tol), most), k - 1)))
        h = w.min(h, w.mul(w.whole("%left"), unit))  # a goal for what is left: a straight line has no last coefficients
        goal = w.mul(w.max(scale, w.min(w.mul(speed, h), w.number(1e290))), tol)
        guess = self._ticks(w.div(h, unit))
        guess = self._smaller(guess, "%left")
        guess = self._larger(guess, "1")
        forced = w.put("icmp sgt i64 %force, 0")
        first = w.put(f"select i1 {forced}, i64 %force, i64 {guess}")
        before = w.block
        w.go("try")
        w.label("try")
        head = len(w.lines)
        h = w.mul(w.whole("%q"), unit)
        self._range(h, goal, t)
        inside = w.invoke("i64", "points", ("ptr", self._at("points")))
        rest = w.number(0.0)
        for i in range(n):
            place = self._base("point_roots", self.point_roots, i, self.places["points"])
            for side in (0, 1):
                rest = w.max(rest, w.load(place, (2 * (order + 1) + side) * POINTS + 1))
        ratio = self._ratio(rest, h, goal)
        fine = w.put(f"icmp ne i64 {inside}, 0")
        proved = w.put(f"and i1 {fine}, {w.test('olt', ratio, w.number(1.0))}")
        w.branch(proved, "proved", "shorter")
        # shorter, with the same e while it is not much too large
        w.label("shorter")
        w.branch(forced, "never", "shrink")
        w.label("never")
        w.give(str(DOMAIN))
        w.label("shrink")
        less = w.div(h, self._power(w.mul(ratio, w.number(1.5)), order + 1))
        less = w.select(fine, less, w.mul(h, w.number(0.25)))
        q = self._ticks(w.div(less, unit))
        q = self._smaller(q, "%q")
        again = self._ratio(rest, w.mul(w.whole(q), unit), goal)
        near = w.put(f"icmp sge i64 {w.integer('mul', q, 4)}, %q")
        near = w.put(f"and i1 {near}, {w.put(f'icmp sgt i64 {q}, 0')}")
        good = w.put(f"and i1 {w.put(f'and i1 {near}, {fine}')}, {w.test('olt', again, w.number(1.0))}")
        quarter = w.integer("ashr", "%q", 2)
        retry = self._smaller(self._larger(q, quarter), w.integer("sub", "%q", quarter))
        retry = self._smaller(retry, w.integer("sub", "%q", 1))
        tries = w.integer("add", "%tries", 1)
        over = w.put(f"or i1 {w.put(f'icmp slt i64 {retry}, 1')}, {w.put(f'icmp sgt i64 {tries}, {_TRIES}')}")
        w.branch(good, "shortened", "further")
        w.label("further")
        w.branch(over, "small", "back")
        w.label("small")
        w.give(w.put(f"select i1 {fine}, i64 {SMALL}, i64 {DOMAIN}"))
        w.label("back")
        w.go("try")
        w.lines[head:head] = [
            f"  %q = phi i64 [ {first}, %{before} ], [ {retry}, %back ]",
            f"  %tries = phi i64 [ 0, %{before} ], [ {tries}, %back ]",
        ]
        w.label("proved")
        w.give("%q")
        w.label("shortened")
        w.give(q)

    def _largest(self, k: int) -> Real:
        """max |x_k| over the components."""
        most = self.w.number(1e-300)
        for i in range(self.n):
            place = self._base("box_roots", self.box_roots, i)
            for side in (0, 1):
                most = self.w.max(most, self.w.load(place, (2 * k + side) * self.lanes))
        return most

    def _leave_unless(self, fine: str, status: int) -> None:
        w = self.w
        go, stop = w.fresh("go"), w.fresh("stop")
        w.branch(w.put(f"icmp ne i64 {fine}, 0"), go, stop)
        w.label(stop)
        w.give(str(status))
        w.label(go)

    def _ticks(self, x: Real) -> str:
        self.w.declared.add("declare i64 @llvm.fptosi.sat.i64.f64(double)")
        return self.w.put(f"call i64 @llvm.fptosi.sat.i64.f64(double {x})")

    def _smaller(self, a: str, b: str) -> str:
        return self.w.put(f"select i1 {self.w.put(f'icmp slt i64 {a}, {b}')}, i64 {a}, i64 {b}")

    def _larger(self, a: str, b: str) -> str:
        return self.w.put(f"select i1 {self.w.put(f'icmp sgt i64 {a}, {b}')}, i64 {a}, i64 {b}")

    def _power(self, x: Real, k: int) -> Real:
        """x^(1/k) within a percent, from the bits: log2 and exp2 by a straight line and a parabola."""
        w = self.w
        bits = w.whole(w.put(f"bitcast double {x} to i64"))
        exponent = w.add(w.mul(bits, w.number(2.0**-52)), w.number(-1022.957))  # log2 x within 0.05
        y = w.mul(exponent, w.number(1 / k))
        whole = w.put(f"call i64 @llvm.fptosi.sat.i64.f64(double {w.add(y, w.number(1000.0))})")
        w.declared.add("declare i64 @llvm.fptosi.sat.i64.f64(double)")
        part = w.add(w.add(y, w.number(1000.0)), w.neg(w.whole(whole)))
        mantissa = w.fma(w.fma(part, w.number(0.3435), w.number(0.6565)), part, w.number(1.0))
        scale = w.put(f"shl i64 {w.integer('add', whole, 23)}, 52")
        return w.mul(mantissa, Real(w.put(f"bitcast i64 {scale} to double")))

    def _ratio(self, rest: Real, h: Real, goal: Real) -> Real:
        """max |f^[p+1](e)|·h^(p+1)/g, rounded upward."""
        w = self.w
        return w.div(w.mul(rest, self._to(h, self.order + 1)), goal)

    def _to(self, h: Real, k: int) -> Real:
        """h^k from above; from below if h is given negative and k is odd, and so on: only for h ≥ 0."""
        w = self.w
        found: Real | None = None
        power = h
        while k:
            if k & 1:
                found = power if found is None else w.mul(found, power)
            k >>= 1
            power = w.mul(power, power) if k else power
        assert found is not None
        return found

    def _range(self, h: Real, goal: Real, t: tuple[Real, Real]) -> None:
        """m in the second jet's lane 0, e in lane 1, those of early parts in the others; what is kept in the record."""
        w, n, order, lanes = self.w, self.n, self.order, self.lanes
        early = [w.mul(h, w.number(part)) for part in _EARLY]
        for j, until in enumerate(early):
            w.store(until, self._at("early"), j)
            w.store(until, w.at("%record", self.fields.early), j)
        h, zero = w.row([w.number(0.0), h, *early]), w.number(0.0, POINTS)

        def one(i: str | int) -> None:
            rows = self._base("box_roots", self.box_roots, i)

            def at(k: str | int) -> list[Real]:
                place = w.integer("mul", k, 2 * lanes)
                start = w.at(rows, int(place) if place.lstrip("-").isdigit() else place)
                return [w.spread(w.load(start, side * lanes), POINTS) for side in (0, 1)]

            last = at(order)
            kf = w.number(float(order), POINTS)
            first = [*last, *(w.mul(c, kf) for c in last), *last]

            def horner(k: str, s: list[Real]) -> list[Real]:
                c, kf = at(k), w.whole(k, POINTS)
                spread = [w.add(w.max(w.mul(a, h), zero), b) for a, b in zip(s[:2], c, strict=True)]
                slope = [w.add(w.max(w.mul(a, h), zero), w.mul(b, kf)) for a, b in zip(s[2:4], c, strict=True)]
                return [*spread, *slope, *(w.fma(a, h, b) for a, b in zip(s[4:], c, strict=True))]

            s = w.loop(order - 1, 1, first, horner, -1)
            c = at(0)
            falling, rising = w.test("olt", s[2], zero), w.test("olt", s[3], zero)
            sure = w.put(f"or <{POINTS} x i1> {falling}, {rising}")  # P′ has one sign
            for side in (0, 1):
                wide = w.add(w.max(w.mul(s[side], h), zero), c[side])
                ends = w.max(w.fma(s[4 + side], h, c[side]), c[side])
                e = w.add(w.blend(sure, ends, wide), w.spread(goal, POINTS))
                leaf = self._base("point_leaves", self.point_leaves, i, self.places["points"])
                m = w.load(w.at("%record", self.fields.m), i)
                w.store(w.insert(e, m if side else w.neg(m), 0), leaf, POINTS * side)
                w.store(w.lane(e, 1), w.at("%record", self.fields.e + side * self.width), i)

        w.each(n, one)
        leaf = w.at("%ws", self.point_leaves[n].base + self.places["points"])
        for side, which in ((0, Parameters.BACK), (1, Parameters.AHEAD)):
            way = w.spread(self.parameter(which), POINTS)
            w.store(w.fma(h, way, w.spread(t[side], POINTS)), leaf, POINTS * side)

    # ------------------------------------------------------------------ sums at h
    def _sums(self, thin: bool) -> None:
        """A = Σ Df^[k](x)·h^k by columns and D = Σ_{k≥1} f^[k](m)·h^k + remainder; at one h, or over [from, to]."""
        name = "sums" if thin else "wide"

        def body() -> None:
            w, n, lanes = self.w, self.n, self.lanes
            lower, upper = Real("%from"), Real("%to")
            power = (self._below(lower, self.order + 1), self._to(upper, self.order + 1))
            late = [  # what weighs the time after an early part
                self._to(w.max(w.add(upper, w.neg(w.load(self._at("early"), j))), w.number(0.0)), self.order + 1)
                for j in range(len(_EARLY))
            ]

            def times(a: Real, b: Real, lanes: int) -> Real:
                """RU(a·h + b) for the worst h."""
                found = w.fma(a, w.spread(upper, lanes), b)
                return found if thin else w.max(found, w.fma(a, w.spread(lower, lanes), b))

            def one(i: str | int) -> None:
                rows = self._base("box_roots", self.box_roots, i)

                def at(base: str, k: str | int, lanes: int) -> list[Real]:
                    place = w.integer("mul", k, 2 * lanes)
                    start = w.at(base, int(place) if place.lstrip("-").isdigit() else place)
                    return [w.load(start, side * lanes, lanes) for side in (0, 1)]

                def gradient(k: str, s: list[Real]) -> list[Real]:
                    return [times(a, b, lanes) for a, b in zip(s, at(rows, k, lanes), strict=True)]

                s = w.loop(self.order - 1, 0, at(rows, self.order, lanes), gradient, -1)
                for side in (0, 1):
                    w.store(s[side], self._at("row", side * lanes), 0)

                def scatter(j: str | int) -> None:
                    column = w.integer("mul", j, 2 * self.width)
                    column = self._at("A", int(column) if isinstance(j, int) else column)
                    for side in (0, 1):
                        x = w.load(self._at("row", side * lanes + 1), j)
                        w.store(x, w.at(column, side * self.width), i)

                w.each(n, scatter)
                points = self._base("point_roots", self.point_roots, i, self.places["points"])

                def middle(k: str, s: list[Real]) -> list[Real]:
                    place = w.at(points, w.integer("mul", k, 2 * POINTS))
                    return [times(a, w.load(place, POINTS * side), 1) for side, a in enumerate(s)]

                start = [w.load(points, (2 * self.order + side) * POINTS) for side in (0, 1)]
                d = w.loop(self.order - 1, 1, start, middle, -1)
                for side in (0, 1):
                    total = times(d[side], w.number(0.0), 1)
                    if "remainder" not in self.flaws:
                        last = w.at(points, (2 * (self.order + 1) + side) * POINTS)
                        r = w.load(last, POINTS - 1)  # of the earliest part
                        rest = w.max(w.mul(r, power[0]), w.mul(r, power[1]))
                        for j in range(len(_EARLY) - 1, -1, -1) if "late" not in self.flaws else ():
                            later = w.max(w.load(last, 1 + j), r)
                            rest, r = w.fma(w.add(later, w.neg(r)), late[j], rest), later
                        total = w.add(total, rest)
                    w.store(total, self._at("D", side * self.width), i)

            w.each(n, one)
            w.give("0")

        self.w.function(f"i64 @{name}(ptr noalias %ws, double %from, double %to) noinline", body)

    def _below(self, h: Real, k: int) -> Real:
        """h^k from below, for h ≥ 0: −RU(−a·b)."""
        w = self.w
        found: Real | None = None
        power = h
        while k:
            if k & 1:
                found = power if found is None else w.neg(w.mul(w.neg(found), power))
            k >>= 1
            power = w.neg(w.mul(w.neg(power), power)) if k else power
        assert found is not None
        return found

    # ------------------------------------------------------------------ the module
    def text(self) -> str:
        return self.w.text()

    def facts(self) -> dict[str, Any]:
        """Where the caller writes what, in doubles."""
        points = self.places["points"]
        return {
            "symbols": [],
            "room": self.room,
            "lanes": self.lanes,
            "width": self.width,
            "parameters": self.places["parameters"],
            "box": [rows.base for rows in self.box_leaves],
            "points": [rows.base + points for rows in self.point_leaves],
        }
