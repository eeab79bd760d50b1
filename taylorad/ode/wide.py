"""LLVM IR of many solutions at once: one in each lane of a vector, with its own time, step size and end.

``i64 propagate(ptr shared, ptr tables, double max_step, double allowed, ptr memory)`` works until no member is left.
The method is that of :mod:`taylorad.ode.loop` (series, step size, check of the step before, compensated update). A
lane never looks at another one and every lane does the same operations in the same order, so that a member's result
does not depend on its lane, on its neighbours or on threads.

Numbers of the lanes stand in ``memory`` as vectors, see :class:`~taylorad.ode.layout.Layout`; members' numbers stand
in ``tables`` (:class:`~taylorad.ode.layout.Table`), counters in ``shared`` (:class:`~taylorad.ode.layout.Shared`).
"""

from __future__ import annotations

import math
from typing import final

from taylorad.ode.abreast import Abreast
from taylorad.ode.layout import Action, Real, Shared, Table, Whole

__all__ = ["Wide"]

_SAFETY = -3.8953  # log2 of e^−2.7
_ATTEMPTS = 30  # halvings of one step


@final
class Wide(Abreast):
    """The text of the function, for a system of ``dim`` components."""

    def text(self) -> str:
        layout = self.layout
        self.label("entry")
        for table in Table:
            place = self.put(f"getelementptr ptr, ptr %tables, i64 {int(table)}")
            self.do(f"%{table.name.lower()} = load ptr, ptr {place}, align 8")
        self.do(f"%K = add i64 0, {self.order}")
        self.do("%found = alloca double, i64 2, align 8")
        most, points = (self.scalar("%shared", str(int(x)), "i64") for x in (Shared.MOST, Shared.GRID))
        self.do(f"%gridded = icmp sgt i64 {points}, 0")
        self.set_whole(Whole.MEMBER, self.same(-2))
        for i in range(2 * layout.parts):
            self.keep(self.number(float(i == layout.parts)), self.vector(layout.time + i))
        self.do("br label %round")
        self.label("round")
        move = self._round(most)
        self.label("move")
        self._update(move)
        self._time(move)
        self._grid(move, points)
        self.turnover()
        given = "ptr %shared, ptr %tables, double %max_step, double %allowed, ptr %memory"
        head = f"define i64 @propagate({given}) nounwind {{"
        return "\n".join([*sorted(self.declared), *self.functions.values(), head, *self.lines, "}", ""])

    def _round(self, most: str) -> str:
        """One series in each lane and what to do about it; the lanes that move on."""
        layout = self.layout
        self.keep(self.real(Real.T), self.vector(layout.time))
        bad = self.body()
        low, flag, defect, tolerance = self._scan()
        bad = self.either(bad, self.test("une", flag, self.number(0.0)))
        member = self.whole(Whole.MEMBER)
        alive = self.compare("sge", member, self.same(0))
        confirm = self.compare("ne", self.whole(Whole.CONFIRM), self.same(0))
        attempts = self.whole(Whole.ATTEMPTS)
        before = self.absolute(self.real(Real.H))
        bound = self.arith("fmul", tolerance, self.splat("%allowed"))
        wrong = self.either(bad, self.test("ogt", self.arith("fmul", defect, before), bound))
        wrong = self.both(wrong, confirm, self.compare("slt", attempts, self.same(_ATTEMPTS)))
        t, end, way = self.real(Real.T), self.real(Real.END), self.real(Real.WAY)
        left = self.arith("fsub", self.arith("fsub", end, t), self.real(Real.T_LOW))
        left = self.arith("fmul", left, way)
        h = self._power(low)
        for limit in (self.splat("%max_step"), self.real(Real.LIMIT)):
            h = self.better("olt", limit, h)
        last = self.test("ole", left, h)
        h = self.chosen(last, left, h)
        small = self.test("olt", h, self.arith("fmul", self.absolute(t), self.number(2.0**-51)))
        small = self.both(small, self.inverse(last))
        small = self.either(small, self.test("olt", h, self.number(1e-290)))
        most = self.put(f"insertelement {self.integers} poison, i64 {most}, i32 0")
        most = self.put(
            f"shufflevector {self.integers} {most}, {self.integers} poison, <{self.lanes} x i32> zeroinitializer"
        )
        action = self.same(Action.GO)
        for mask, what in (
            (small, Action.STUCK),
            (self.compare("sge", self.whole(Whole.STEPS), most), Action.STEPS),
            (self.test("ole", left, self.number(0.0)), Action.DONE),
            (bad, Action.SINGULAR),
        ):
            action = self.chosen(mask, self.same(what), action, self.integers)
        stop = self.put(f"getelementptr i64, ptr %shared, i64 {int(Shared.STOP)}")
        stop = self.put(f"load atomic i64, ptr {stop} monotonic, align 8")
        stop = self.put(f"icmp ne i64 {stop}, 0")
        going = self.compare("eq", action, self.same(Action.GO))
        stopped = self.put(f"select i1 {stop}, {self.bool} {going}, {self.bool} zeroinitializer")
        action = self.chosen(stopped, self.same(Action.STOPPED), action, self.integers)
        action = self.chosen(wrong, self.same(Action.REJECT), action, self.integers)
        new = self.compare("eq", member, self.same(-2))
        idle = self.chosen(new, self.same(Action.FILL), self.same(Action.IDLE), self.integers)
        action = self.chosen(alive, action, idle, self.integers)
        sound = self.both(confirm, self.inverse(wrong))
        self.set_whole(Whole.ATTEMPTS, self.chosen(sound, self.same(0), attempts, self.integers))
        self.set_whole(Whole.CONFIRM, self.same(0))
        move = self.compare("eq", action, self.same(Action.GO))
        self.do(f"%h = fmul {self.type} {h}, {way}")
        self.do(f"%last = or {self.bool} {last}, zeroinitializer")
        self.set_whole(Whole.ACTION, action)
        resting = self.either(move, self.compare("eq", action, self.same(Action.IDLE)))
        self.branch(self.some(self.inverse(resting)), "turn", "move")
        return move

    def _scan(self) -> tuple[str, str, str, str]:
        """log2 of the step size, a NaN where something is not finite, the defect and the tolerance, largest norms."""
        start = [self.number(x) for x in (1000.0, 0.0, 0.0, 0.0)]
        with self.each(self.layout.dim, start) as turn:
            low, flag, defect, tolerance = turn.old
            row = self.vector(self.integer("add", turn.index, self.layout.rows))
            c = {k: self.load(row, str(k * self.layout.dim)) for k in (0, 1, self.order - 1, self.order)}
            atol = self.splat(self.scalar("%tol", turn.index))
            rtol = self.splat(self.scalar("%tol", self.integer("add", turn.index, self.layout.dim)))
            own = self.fma(self.absolute(c[0]), rtol, atol)
            moved = self.arith("fmul", self.absolute(c[1]), rtol)
            logs = self._logarithm(own), self._logarithm(moved)
            for p in (self.order - 1, self.order):
                flag = self.fma(c[p], self.number(0.0), flag)
                minus = self.arith("fsub", self.number(_SAFETY), self._logarithm(c[p]))
                found = self.better(
                    "ogt",
                    self.arith("fmul", self.arith("fadd", logs[0], minus), self.number(1 / p)),
                    self.arith("fmul", self.arith("fadd", logs[1], minus), self.number(1 / max(p - 1, 1))),
                )
                low = self.better("olt", found, low)
            for k in (0, 1):
                flag = self.fma(c[k], self.number(0.0), flag)
            slope = self.fetch(self.vector(self.integer("add", turn.index, 4 * self.layout.dim)))
            off = self.absolute(self.arith("fsub", c[1], slope))
            turn.new = [low, flag, self.better("ogt", off, defect), self.better("ogt", own, tolerance)]
        low, flag, defect, tolerance = turn.new
        return low, flag, defect, tolerance

    def _logarithm(self, x: str) -> str:
        """log2|x| + 1023, to 0.09, and 0 for 0."""
        bits = self.put(f"bitcast {self.type} {x} to {self.integers}")
        bits = self.put(f"lshr {self.integers} {bits}, {self.same(32)}")
        bits = self.put(f"and {self.integers} {bits}, {self.same(0x7FFFFFFF)}")
        bits = self.put(f"or {self.integers} {bits}, {self.same(0x433 << 52)}")  # 2^52 and so many more
        number = self.put(f"bitcast {self.integers} {bits} to {self.type}")
        return self.fma(number, self.number(2.0**-20), self.number(-(2.0**32)))

    def _power(self, low: str) -> str:
        """2^low to 0.2 %."""
        low = self.better("ogt", low, self.number(-1000.0))
        low = self.better("olt", low, self.number(1000.0))
        whole = self.call(self.type, f"llvm.floor.v{self.lanes}f64", (self.type, low))
        part = self.arith("fsub", low, whole)
        inner = self.fma(part, self.number(0.3435), self.number(0.6565))
        mantissa = self.fma(part, inner, self.number(1.0))
        half = f"<{self.lanes} x i32>"
        exponent = self.put(f"fptosi {self.type} {whole} to {half}")
        exponent = self.put(f"add {half} {exponent}, {self.same(1023, 'i32')}")
        exponent = self.put(f"zext {half} {exponent} to {self.integers}")
        exponent = self.put(f"shl {self.integers} {exponent}, {self.same(52)}")
        return self.arith("fmul", mantissa, self.put(f"bitcast {self.integers} {exponent} to {self.type}"))

    def _update(self, move: str) -> None:
        """x + h·q with what rounding left out carried along, where q = Σ x_k h^(k−1), k ≥ 1; and Σ k·x_k h^(k−1)."""
        dim = self.layout.dim
        with self.each(dim) as turn:
            row = self.vector(self.integer("add", turn.index, self.layout.rows))
            q, lower = self.load(row, str(self.order * dim)), ""
            for k in range(self.order - 1, 0, -1):
                lower = self.fma(lower, "%h", q) if lower else q
                q = self.fma(q, "%h", self.load(row, str(k * dim)))
            slope = self.fma("%h", lower, q)
            places = [self.vector(self.integer("add", turn.index, which * dim)) for which in range(5)]
            y, low, before, low_before, _ = (self.fetch(place) for place in places)
            step = self.fma(q, "%h", low)
            total = self.arith("fadd", y, step)
            part = self.arith("fsub", total, y)
            left = self.arith("fsub", y, self.arith("fsub", total, part))
            left = self.arith("fadd", left, self.arith("fsub", step, part))
            for new, old, place in (
                (total, y, places[0]),
                (left, low, places[1]),
                (y, before, places[2]),
                (low, low_before, places[3]),
            ):
                self.keep(self.chosen(move, new, old), place)
            self.keep(slope, places[4])

    def _time(self, move: str) -> None:
        t, low, end = self.real(Real.T), self.real(Real.T_LOW), self.real(Real.END)
        total = self.arith("fadd", t, "%h")
        part = self.arith("fsub", total, t)
        left = self.arith("fsub", t, self.arith("fsub", total, part))
        left = self.arith("fadd", left, self.arith("fsub", "%h", part))
        left = self.arith("fadd", low, left)
        high = self.arith("fadd", total, left)
        left = self.arith("fsub", left, self.arith("fsub", high, total))
        high = self.chosen("%last", end, high)
        left = self.chosen("%last", self.number(0.0), left)
        for which, new, old in (
            (Real.T_BEFORE, t, self.real(Real.T_BEFORE)),
            (Real.T_BEFORE_LOW, low, self.real(Real.T_BEFORE_LOW)),
            (Real.T, high, t),
            (Real.T_LOW, left, low),
            (Real.H, "%h", self.real(Real.H)),
            (Real.LIMIT, self.number(math.inf), self.real(Real.LIMIT)),
        ):
            self.set_real(which, self.chosen(move, new, old))
        one = self.put(f"zext {self.bool} {move} to {self.integers}")
        self.set_whole(Whole.STEPS, self.put(f"add {self.integers} {self.whole(Whole.STEPS)}, {one}"))
        self.set_whole(Whole.CONFIRM, one)

    def _grid(self, move: str, points: str) -> None:
        """Values on the grid between the ends of the step, in all lanes at once, until no lane has one left."""
        layout = self.layout
        self.branch("%gridded", "sample", "round")
        self.label("sample")
        given = self.whole(Whole.GIVEN)
        self.set_whole(Whole.GIVEN_BEFORE, self.chosen(move, given, self.whole(Whole.GIVEN_BEFORE), self.integers))
        final = self.integer("sub", points, 1)
        way, t = self.real(Real.WAY), self.real(Real.T)
        self.do("br label %points")
        self.label("points")
        given = self.whole(Whole.GIVEN)
        tau, places, open_ = "poison", [], "zeroinitializer"
        for lane in range(self.lanes):
            g = self.put(f"extractelement {self.integers} {given}, i32 {lane}")
            some = self.put(f"icmp slt i64 {g}, {points}")
            g = self.put(f"select i1 {some}, i64 {g}, i64 {final}")
            places.append(g)
            open_ = self.put(f"insertelement {self.bool} {open_}, i1 {some}, i32 {lane}")
            tau = self.put(f"insertelement {self.type} {tau}, double {self.scalar('%grid', g)}, i32 {lane}")
        ahead = self.arith("fmul", self.arith("fsub", tau, t), way)
        pending = self.both(self.test("ole", ahead, self.number(0.0)), move, open_)
        self.branch(self.some(pending), "point", "round")
        self.label("point")
        x = self.arith("fsub", self.arith("fsub", tau, self.real(Real.T_BEFORE)), self.real(Real.T_BEFORE_LOW))
        member = self.whole(Whole.MEMBER)
        stride = self.integer("mul", points, layout.parts)
        homes: list[tuple[str, str]] = []
        for lane, g in enumerate(places):
            m = self.put(f"extractelement {self.integers} {member}, i32 {lane}")
            place = self.integer("mul", self.integer("mul", m, self.components), stride)
            place = self.integer("add", place, self.integer("mul", g, layout.parts))
            homes.append((self.put(f"extractelement {self.bool} {pending}, i32 {lane}"), place))
        spare = self.vector(layout.time)  # written anew before it is read
        with self.each(self.components) as turn:
            inside = self.integer("mul", turn.index, stride)
            for part in range(layout.parts):
                c = self.integer("add", self.integer("mul", turn.index, layout.parts), part)
                row = self.vector(self.integer("add", c, layout.rows))
                total = self.load(row, str(self.order * layout.dim))
                for k in range(self.order - 1, -1, -1):
                    total = self.fma(total, x, self.load(row, str(k * layout.dim)))
                for lane, (here, home) in enumerate(homes):
                    value = self.put(f"extractelement {self.type} {total}, i32 {lane}")
                    place = self.integer("add", self.integer("add", home, inside), part)
                    address = self.put(f"getelementptr double, ptr %values, i64 {place}")
                    address = self.put(f"select i1 {here}, ptr {address}, ptr {spare}")
                    self.do(f"store double {value}, ptr {address}, align 8")
        one = self.put(f"zext {self.bool} {pending} to {self.integers}")
        self.set_whole(Whole.GIVEN, self.put(f"add {self.integers} {given}, {one}"))
        self.do("br label %points")
