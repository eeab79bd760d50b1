"""LLVM IR of the propagation loop: series, step size, check of the step before, update; around and around.

``i64 propagate(ptr y, ptr args, ptr tol, ptr real, ptr whole, ptr rows, ptr times, ptr memory)``; the layout of
``real`` and ``whole`` is in :class:`Real` and :class:`Whole`, the result is an :class:`Outcome`. ``y`` holds five
vectors of ``stride`` numbers: the state, what rounding left out of it, both before the last step, and the derivative
that the last step predicts for its end.

The step size is the largest h with c·tol ≥ |x_p|·h^p for p = K−1 and K and every component, where tol is
atol + rtol·|x| or, where that is larger (a component that passes through zero), rtol·|x′|·h; c = e^−2.7 makes it
that of Jorba and Zou (Experimental Mathematics 14, 2005) at their order. Logarithms are read off the bits of the
numbers: an error of 6 % in a coefficient is 0.3 % of h.

A step counts when the series at its end agrees with the derivative that it predicts; else it is taken again at half
the length. That catches what the last two coefficients cannot tell, such as t^30 at 0.
"""

from __future__ import annotations

import math
from enum import IntEnum

from taylorad.ode.jet import Jet
from taylorad.ode.lanes import vector
from taylorad.run.writer import Writer, double

__all__ = ["Outcome", "Real", "Whole", "loop_text"]

_SAFETY = -3.8953  # log2 of e^−2.7
_DEFECT = 1000.0  # tolerances by which the derivative at the end of a step may be off
_ATTEMPTS = 30  # halvings of one step
_CHAINS = 4  # of Horner's rule side by side, where a state fits into a few registers
_SMALL = 2  # vectors of such a state
_SHRINKING = 100  # steps in a row, each shorter than the one before, that look like a singularity ahead


class Outcome(IntEnum):
    DONE = 0
    PAUSED = 1
    SINGULAR = 3
    STUCK = 4
    SHRINKING = 5


class Real(IntEnum):
    """Places in ``real``; times are unevaluated sums of two doubles."""

    T = 0
    T_LOW = 1
    END = 2
    MAX_STEP = 3
    LIMIT = 4
    H = 5
    T_BEFORE = 6
    T_BEFORE_LOW = 7


class Whole(IntEnum):
    """Places in ``whole``: ``STORE`` is 1 where every row is kept, ``CONFIRM`` 1 where a step waits for its check."""

    MOST = 0
    STORE = 1
    STEPS = 2
    REJECTED = 3
    SHRINKING = 4
    CONFIRM = 5
    ATTEMPTS = 6


def loop_text(jet: Jet, controlled: int = 0) -> str:
    """The function, to stand after ``jet.text()`` in one module.

    The first ``controlled`` numbers of the state (all, where it is 0), whole vectors, decide the length of steps.
    """
    return _Loop(jet, controlled).text()


class _Loop(Writer):
    def __init__(self, jet: Jet, controlled: int) -> None:
        super().__init__(1, jet.target)
        self.jet = jet
        self.width = jet.width
        self.blocks = len(jet.blocks)
        self.scanned = controlled // jet.width or self.blocks
        self.kind = vector(jet.width)
        self.bits = f"<{jet.width} x i64>"
        self.order = jet.order

    # ------------------------------------------------------------------ words
    def all(self, x: float) -> str:
        return double(x) if self.width == 1 else "<" + ", ".join([f"double {double(x)}"] * self.width) + ">"

    def spread(self, scalar: str) -> str:
        if self.width == 1:
            return scalar
        one = self.put(f"insertelement {self.kind} poison, double {scalar}, i32 0")
        return self.put(f"shufflevector {self.kind} {one}, {self.kind} poison, <{self.width} x i32> zeroinitializer")

    def op(self, name: str, a: str, b: str) -> str:
        return self.arith(name, a, b, self.kind)

    def absolute(self, x: str) -> str:
        return self.call(self.kind, f"llvm.fabs.{self._suffix()}", (self.kind, x))

    def _suffix(self) -> str:
        return "f64" if self.width == 1 else f"v{self.width}f64"

    def larger(self, a: str, b: str) -> str:
        return self._chosen("ogt", a, b)

    def smaller(self, a: str, b: str) -> str:
        return self._chosen("olt", a, b)

    def _chosen(self, test: str, a: str, b: str) -> str:
        found = self.put(f"fcmp {test} {self.kind} {a}, {b}")
        kind = "i1" if self.width == 1 else f"<{self.width} x i1>"
        return self.put(f"select {kind} {found}, {self.kind} {a}, {self.kind} {b}")

    def logarithm(self, x: str) -> str:
        """log2|x| + 1023, to 0.09, and 0 for 0."""
        n = self.width
        whole, half = ("i64", "i32") if n == 1 else (f"<{n} x i64>", f"<{n} x i32>")
        bits = self.put(f"bitcast {self.kind} {x} to {whole}")

        def same(number: int, kind: str) -> str:
            return str(number) if n == 1 else "<" + ", ".join([f"{kind} {number}"] * n) + ">"

        upper = self.put(f"lshr {whole} {bits}, {same(32, 'i64')}")
        high = self.put(f"trunc {whole} {upper} to {half}")
        high = self.put(f"and {half} {high}, {same(0x7FFFFFFF, 'i32')}")
        return self.op("fmul", self.put(f"sitofp {half} {high} to {self.kind}"), self.all(2.0**-20))

    def reduced(self, v: str, test: str) -> str:
        """The largest (``ogt``) or smallest lane; for ``sum`` the sum of all."""
        if self.width == 1:
            return v
        total = self.put(f"extractelement {self.kind} {v}, i32 0")
        for lane in range(1, self.width):
            x = self.put(f"extractelement {self.kind} {v}, i32 {lane}")
            if test == "sum":
                total = self.put(f"fadd double {total}, {x}")
            else:
                found = self.put(f"fcmp {test} double {x}, {total}")
                total = self.put(f"select i1 {found}, double {x}, double {total}")
        return total

    def real(self, place: Real) -> str:
        return self.put(f"load double, ptr {self.at('%real', str(int(place)), 1)}, align 8")

    def set_real(self, place: Real, value: str) -> None:
        self.do(f"store double {value}, ptr {self.at('%real', str(int(place)), 1)}, align 8")

    def whole(self, place: Whole) -> str:
        address = self.put(f"getelementptr i64, ptr %whole, i64 {int(place)}")
        return self.put(f"load i64, ptr {address}, align 8")

    def set_whole(self, place: Whole, value: str) -> None:
        address = self.put(f"getelementptr i64, ptr %whole, i64 {int(place)}")
        self.do(f"store i64 {value}, ptr {address}, align 8")

    def coefficient(self, k: int, block: str) -> str:
        place = self.integer("add", self.integer("mul", block, self.width), k * self.jet.stride)
        return self.put(f"load {self.kind}, ptr {self.at('%row', place, 1)}, align 8")

    def part(self, base: str, which: int, block: str) -> str:
        """The address of a block in vector ``which`` of several."""
        place = self.integer("add", self.integer("mul", block, self.width), which * self.jet.stride)
        return self.at(base, place, 1)

    def fetch(self, address: str) -> str:
        return self.put(f"load {self.kind}, ptr {address}, align 8")

    def keep(self, value: str, address: str) -> None:
        self.do(f"store {self.kind} {value}, ptr {address}, align 8")

    def leave(self, outcome: Outcome) -> None:
        self.do(f"ret i64 {int(outcome)}")

    def branch(self, test: str, yes: str, no: str) -> None:
        self.do(f"br i1 {test}, label %{yes}, label %{no}")

    # ------------------------------------------------------------------ the function
    def text(self) -> str:
        self.label("entry")
        end, first = self.real(Real.END), self.real(Real.T)
        ahead = self.put(f"fcmp oge double {end}, {first}")
        self.do(f"%way = select i1 {ahead}, double {double(1.0)}, double {double(-1.0)}")
        most, store = self.whole(Whole.MOST), self.whole(Whole.STORE)
        limit = self.real(Real.MAX_STEP)
        self.do("br label %step")
        self.label("step")
        steps = self.whole(Whole.STEPS)
        size = (self.order + 1) * self.jet.stride
        place = self.integer("mul", self.integer("mul", steps, store), size)
        self.do(f"%row = getelementptr double, ptr %rows, i64 {place}")
        bad = self.put("call i1 @jet(ptr %y, ptr %real, ptr %args, ptr %row, ptr %memory)")
        low, flag, defect, tolerance = self._scan()
        flag = self.put(f"or i1 {bad}, {self.put(f'fcmp une double {flag}, {double(0.0)}')}")
        confirm = self.put(f"trunc i64 {self.whole(Whole.CONFIRM)} to i1")
        h = self.real(Real.H)
        before = self.call("double", "llvm.fabs.f64", ("double", h))
        off = self.arith("fmul", defect, before)
        off = self.put(f"fcmp ogt double {off}, {self.arith('fmul', tolerance, double(_DEFECT))}")
        wrong = self.put(f"and i1 {confirm}, {self.put(f'or i1 {flag}, {off}')}")
        attempts = self.whole(Whole.ATTEMPTS)
        more = self.put(f"icmp slt i64 {attempts}, {_ATTEMPTS}")
        self.branch(self.put(f"and i1 {wrong}, {more}"), "reject", "accept")
        self._accept(flag, confirm, before, low, limit, steps, most, end)
        self._update()
        self._time(steps, store, end)
        self._reject(before, steps, attempts)
        arguments = "ptr %y, ptr %args, ptr %tol, ptr %real, ptr %whole, ptr %rows, ptr %times, ptr %memory"
        head = f"define i64 @propagate({arguments}) nounwind {{"
        return "\n".join([*sorted(self.declared | self.jet.declared), head, *self.lines, "}", ""])

    def _scan(self) -> tuple[str, str, str, str]:
        """log2 of the step size, a NaN where something is not finite, the defect and the tolerance, largest norms."""
        before = self.block
        self.do("br label %scan")
        self.label("scan")
        head = len(self.lines)
        x0, x1 = self.coefficient(0, "%b"), self.coefficient(1, "%b")
        atol, rtol = self.fetch(self.part("%tol", 0, "%b")), self.fetch(self.part("%tol", 1, "%b"))
        own = self.fma(self.absolute(x0), rtol, atol, self.kind)
        moved = self.op("fmul", self.absolute(x1), rtol)
        logs = self.logarithm(own), self.logarithm(moved)
        low, flag = "%low", "%flag"
        for p in (self.order - 1, self.order):
            x = self.coefficient(p, "%b")
            flag = self.fma(x, self.all(0.0), flag, self.kind)
            minus = self.op("fsub", self.all(_SAFETY), self.logarithm(x))
            found = self.larger(
                self.op("fmul", self.op("fadd", logs[0], minus), self.all(1 / p)),
                self.op("fmul", self.op("fadd", logs[1], minus), self.all(1 / (p - 1))),
            )
            low = self.smaller(found, low)
        flag = self.fma(x1, self.all(0.0), flag, self.kind)
        off = self.op("fsub", x1, self.fetch(self.part("%y", 4, "%b")))
        defect = self.larger(self.absolute(off), "%defect")
        tolerance = self.larger(own, "%tolerance")
        after = self.integer("add", "%b", 1)
        more = self.put(f"icmp slt i64 {after}, {self.scanned}")
        starts = {"low": (self.all(1000.0), low), "flag": (self.all(0.0), flag)}
        starts |= {"defect": (self.all(0.0), defect), "tolerance": (self.all(0.0), tolerance)}
        phis = [f"  %b = phi i64 [ 0, %{before} ], [ {after}, %scan ]"]
        phis += [f"  %{n} = phi {self.kind} [ {a}, %{before} ], [ {z}, %scan ]" for n, (a, z) in starts.items()]
        self.lines[head:head] = phis
        self.branch(more, "scan", "scanned")
        self.label("scanned")
        return (
            self.reduced(low, "olt"),
            self.reduced(flag, "sum"),
            self.reduced(defect, "ogt"),
            self.reduced(tolerance, "ogt"),
        )

    def _accept(
        self, flag: str, confirm: str, before: str, low: str, limit: str, steps: str, most: str, end: str
    ) -> None:
        self.label("accept")
        self.set_whole(Whole.ATTEMPTS, self.put(f"select i1 {confirm}, i64 0, i64 {self.whole(Whole.ATTEMPTS)}"))
        self.set_whole(Whole.CONFIRM, "0")
        self.branch(flag, "singular", "sound")
        self.label("singular")
        self._clear()
        self.leave(Outcome.SINGULAR)
        self.label("sound")
        t, t_low = self.real(Real.T), self.real(Real.T_LOW)
        left = self.arith("fsub", self.arith("fsub", end, t), t_low)
        left = self.arith("fmul", left, "%way")
        self.branch(self.put(f"fcmp ole double {left}, {double(0.0)}"), "done", "going")
        self.label("done")
        self.leave(Outcome.DONE)
        self.label("going")
        self.branch(self.put(f"icmp sge i64 {steps}, {most}"), "paused", "size")
        self.label("paused")
        self.leave(Outcome.PAUSED)
        self.label("size")
        h = self._power(low)
        shorter = self.put(f"fcmp olt double {h}, {self.arith('fmul', before, double(0.97))}")
        shorter = self.put(f"and i1 {shorter}, {confirm}")
        count = self.integer("add", self.whole(Whole.SHRINKING), 1)
        count = self.put(f"select i1 {shorter}, i64 {count}, i64 0")
        self.set_whole(Whole.SHRINKING, count)
        for bound in (limit, self.real(Real.LIMIT)):
            test = self.put(f"fcmp olt double {bound}, {h}")
            h = self.put(f"select i1 {test}, double {bound}, double {h}")
        self.set_real(Real.LIMIT, double(math.inf))
        self.do(f"%last = fcmp ole double {left}, {h}")
        h = self.put(f"select i1 %last, double {left}, double {h}")
        self.do(f"%h = fmul double {h}, %way")
        far = self.call("double", "llvm.fabs.f64", ("double", t))
        small = self.put(f"fcmp olt double {h}, {self.arith('fmul', far, double(2.0**-51))}")
        small = self.put(f"and i1 {small}, {self.put('xor i1 %last, true')}")
        small = self.put(f"or i1 {small}, {self.put(f'fcmp olt double {h}, {double(1e-290)}')}")
        self.branch(small, "stuck", "moving")
        self.label("stuck")
        self.leave(Outcome.STUCK)
        self.label("moving")
        self.branch(self.put(f"icmp sgt i64 {count}, {_SHRINKING}"), "shrinking", "move")
        self.label("shrinking")
        self.set_whole(Whole.SHRINKING, "0")
        self.leave(Outcome.SHRINKING)
        self.label("move")

    def _power(self, low: str) -> str:
        """2^low to 0.2 %."""
        for test, bound in (("olt", -1000.0), ("ogt", 1000.0)):
            found = self.put(f"fcmp {test} double {low}, {double(bound)}")
            low = self.put(f"select i1 {found}, double {double(bound)}, double {low}")
        whole = self.call("double", "llvm.floor.f64", ("double", low))
        part = self.arith("fsub", low, whole)
        inner = self.fma(part, double(0.3435), double(0.6565))
        mantissa = self.fma(part, inner, double(1.0))
        exponent = self.integer("shl", self.integer("add", self.put(f"fptosi double {whole} to i64"), 1023), 52)
        return self.arith("fmul", mantissa, self.put(f"bitcast i64 {exponent} to double"))

    def _update(self) -> None:
        """x + h·q with what rounding left out carried along, where q = Σ x_k h^(k−1), k ≥ 1; and Σ k·x_k h^(k−1)."""
        before = self.block
        powers = ["", self.spread("%h")]
        chains = _CHAINS if self.blocks <= _SMALL and self.order > 2 * _CHAINS else 1
        while len(powers) <= chains:
            powers.append(self.op("fmul", powers[len(powers) // 2], powers[(len(powers) + 1) // 2]))
        h = powers[1]
        self.do("br label %update")
        self.label("update")
        head = len(self.lines)
        if chains > 1:
            c = [self.coefficient(k, "%c") for k in range(1, self.order + 1)]
            q = self._sum(c, powers)
            slope = self._sum([self.op("fmul", x, self.all(k)) if k > 1 else x for k, x in enumerate(c, 1)], powers)
        else:
            q, lower = self.coefficient(self.order, "%c"), ""
            for k in range(self.order - 1, 0, -1):
                lower = self.fma(lower, h, q, self.kind) if lower else q
                q = self.fma(q, h, self.coefficient(k, "%c"), self.kind)
            slope = self.fma(h, lower, q, self.kind)
        self.keep(slope, self.part("%y", 4, "%c"))
        places = [self.part("%y", which, "%c") for which in range(4)]
        y, low = self.fetch(places[0]), self.fetch(places[1])
        self.keep(y, places[2])
        self.keep(low, places[3])
        step = self.fma(q, h, low, self.kind)
        total = self.op("fadd", y, step)
        part = self.op("fsub", total, y)
        left = self.op("fadd", self.op("fsub", y, self.op("fsub", total, part)), self.op("fsub", step, part))
        self.keep(total, places[0])
        self.keep(left, places[1])
        after = self.integer("add", "%c", 1)
        more = self.put(f"icmp slt i64 {after}, {self.blocks}")
        self.lines.insert(head, f"  %c = phi i64 [ 0, %{before} ], [ {after}, %update ]")
        self.branch(more, "update", "updated")
        self.label("updated")

    def _sum(self, c: list[str], powers: list[str]) -> str:
        """Σ c_k h^k by Horner's rule in h^n for every n-th term, n = the highest power at hand."""
        n = len(powers) - 1
        total = ""
        for r in range(n - 1, -1, -1):
            chain = c[r::n]
            part = chain[-1]
            for x in chain[-2::-1]:
                part = self.fma(part, powers[n], x, self.kind)
            total = self.fma(total, powers[1], part, self.kind) if total else part
        return total

    def _time(self, steps: str, store: str, end: str) -> None:
        t, low = self.real(Real.T), self.real(Real.T_LOW)
        self.set_real(Real.T_BEFORE, t)
        self.set_real(Real.T_BEFORE_LOW, low)
        self.set_real(Real.H, "%h")
        total = self.arith("fadd", t, "%h")
        part = self.arith("fsub", total, t)
        left = self.arith("fsub", t, self.arith("fsub", total, part))
        left = self.arith("fadd", left, self.arith("fsub", "%h", part))
        low = self.arith("fadd", low, left)
        high = self.arith("fadd", total, low)
        low = self.arith("fsub", low, self.arith("fsub", high, total))
        high = self.put(f"select i1 %last, double {end}, double {high}")
        low = self.put(f"select i1 %last, double {double(0.0)}, double {low}")
        self.set_real(Real.T, high)
        self.set_real(Real.T_LOW, low)
        after = self.integer("add", steps, 1)
        self.set_whole(Whole.STEPS, after)
        self.set_whole(Whole.CONFIRM, "1")
        place = self.integer("shl", self.integer("mul", after, store), 1)
        self.do(f"store double {high}, ptr {self.at('%times', place, 1)}, align 8")
        self.do(f"store double {low}, ptr {self.at('%times', self.integer('add', place, 1), 1)}, align 8")
        self.do("br label %step")

    def _reject(self, before: str, steps: str, attempts: str) -> None:
        self.label("reject")
        self._clear()
        size = 16 * self.jet.stride
        past = self.put(f"getelementptr double, ptr %y, i64 {2 * self.jet.stride}")
        what = (("ptr", "%y"), ("ptr", past), ("i64", str(size)), ("i1", "false"))
        self.call("void", "llvm.memcpy.p0.p0.i64", *what)
        self.set_real(Real.T, self.real(Real.T_BEFORE))
        self.set_real(Real.T_LOW, self.real(Real.T_BEFORE_LOW))
        self.set_real(Real.LIMIT, self.arith("fmul", before, double(0.5)))
        self.set_whole(Whole.CONFIRM, "0")
        self.set_whole(Whole.REJECTED, self.integer("add", self.whole(Whole.REJECTED), 1))
        self.set_whole(Whole.ATTEMPTS, self.integer("add", attempts, 1))
        self.set_whole(Whole.STEPS, self.integer("sub", steps, 1))
        self.do("br label %step")

    def _clear(self) -> None:
        if self.jet.room:
            what = (("ptr", "%memory"), ("i8", "0"), ("i64", str(self.jet.room)), ("i1", "false"))
            self.call("void", "llvm.memset.p0.i64", *what)
