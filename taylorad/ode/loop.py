"""LLVM IR of the propagation loop: series, step size, check of the step before, update; around and around.

``i64 propagate(ptr y, ptr args, ptr tol, ptr real, ptr whole, ptr rows, ptr times, ptr memory)``; the layout of
``real`` and ``whole`` is in :class:`Real` and :class:`Whole`, the result is an :class:`Outcome`. ``y`` holds five
vectors of ``stride`` numbers: the state, what rounding left out of it, both before the last step, and the derivative
that the last step predicts for its end.

The step size is the largest h with c·tol ≥ |x_p|·h^p for p = K−1 and K and every component, where tol is
atol + rtol·|x| or, where that is larger (a component that passes through zero), rtol·|x′|·h; c = e^−2.7 makes it
that of Jorba and Zou (Experimental Mathematics 14, 2005) at their order. Logarithms are read off the bits of the
numbers: an error of 6 % in a coefficient is 0.3 % of h.

A step counts when the series at its end agrees with the derivative that it predicts (:func:`allowed`); else it is taken
again at half the length. That catches what the last two coefficients cannot tell, such as t^30 at 0.
"""

from __future__ import annotations

import math
from enum import IntEnum

from taylorad.ode.step import Step
from taylorad.run.writer import double

__all__ = ["Outcome", "Real", "Whole", "allowed", "loop_text"]

_ATTEMPTS = 30  # halvings of one step
_SHRINKING = 100  # steps in a row, each shorter than the one before, that look like a singularity ahead


class Outcome(IntEnum):
    DONE = 0
    PAUSED = 1
    SINGULAR = 3
    STUCK = 4
    SHRINKING = 5


class Real(IntEnum):
    """Places in ``real``; times are unevaluated sums of two doubles, ``ALLOWED`` is that of :func:`allowed`."""

    T = 0
    T_LOW = 1
    END = 2
    MAX_STEP = 3
    LIMIT = 4
    H = 5
    T_BEFORE = 6
    T_BEFORE_LOW = 7
    ALLOWED = 8


class Whole(IntEnum):
    """Places in ``whole``: ``STORE`` is 1 where every row is kept, ``CONFIRM`` 1 where a step waits for its check."""

    MOST = 0
    STORE = 1
    STEPS = 2
    REJECTED = 3
    SHRINKING = 4
    CONFIRM = 5
    ATTEMPTS = 6


def allowed(rtol: float) -> float:
    """Tolerances by which the derivative at the end of a step, times its length, may be off; ``rtol`` is the least.

    Smooth problems stay below 3, and where rounding counts below 1e-13 of their size (measured on those of the tests).
    """
    return min(1000.0, max(20.0, 1e-12 / rtol)) if rtol > 0 else 1000.0


def loop_text(jet: Step) -> str:
    """The module: the function around the steps that ``jet`` writes."""
    return _Loop(jet).text()


class _Loop:
    def __init__(self, jet: Step) -> None:
        self.jet = jet

    # ------------------------------------------------------------------ words
    def real(self, place: Real) -> str:
        return self.jet.fetch(self.jet.at("%real", str(int(place)), 1), 1)

    def set_real(self, place: Real, value: str) -> None:
        self.jet.keep(value, self.jet.at("%real", str(int(place)), 1), 1)

    def whole(self, place: Whole) -> str:
        address = self.jet.put(f"getelementptr i64, ptr %whole, i64 {int(place)}")
        return self.jet.put(f"load i64, ptr {address}, align 8")

    def set_whole(self, place: Whole, value: str) -> None:
        address = self.jet.put(f"getelementptr i64, ptr %whole, i64 {int(place)}")
        self.jet.do(f"store i64 {value}, ptr {address}, align 8")

    def leave(self, name: str, outcome: Outcome) -> None:
        self.jet.label(name)
        if outcome in (Outcome.SINGULAR, Outcome.SHRINKING):
            self._clear()
        if outcome in (Outcome.DONE, Outcome.PAUSED):
            self.set_whole(Whole.ATTEMPTS, "0")
        if outcome == Outcome.SHRINKING:
            self.set_whole(Whole.SHRINKING, "0")
        self.jet.do(f"ret i64 {int(outcome)}")

    def branch(self, test: str, yes: str, no: str) -> None:
        self.jet.do(f"br i1 {test}, label %{yes}, label %{no}")

    # ------------------------------------------------------------------ the function
    def text(self) -> str:
        j = self.jet
        j.label("entry")
        end, first = self.real(Real.END), self.real(Real.T)
        ahead = j.put(f"fcmp oge double {end}, {first}")
        j.do(f"%way = select i1 {ahead}, double {double(1.0)}, double {double(-1.0)}")
        self.most, self.store = self.whole(Whole.MOST), self.whole(Whole.STORE)
        self.longest = self.real(Real.MAX_STEP)
        j.do("br label %step")
        j.label("step")
        self.steps = self.whole(Whole.STEPS)
        size = (j.order + 1) * j.stride
        place = j.integer("mul", j.integer("mul", self.steps, self.store), size)
        j.do(f"%row = getelementptr double, ptr %rows, i64 {place}")
        self.confirm = j.put(f"trunc i64 {self.whole(Whole.CONFIRM)} to i1")
        attempts = self.whole(Whole.ATTEMPTS)
        again = j.put(f"icmp slt i64 {attempts}, {_ATTEMPTS}")
        again = j.put(f"and i1 {again}, {self.confirm}")  # whether the last step may be taken back
        self.before = j.call("double", "llvm.fabs.f64", ("double", self.real(Real.H)))
        self._begin(again, end)
        self._middle(again)
        self._size()
        j.end("%h")
        self._time(end)
        self._reject(attempts)
        for name, outcome in (
            ("done", Outcome.DONE),
            ("paused", Outcome.PAUSED),
            ("singular", Outcome.SINGULAR),
            ("stuck", Outcome.STUCK),
            ("shrinking", Outcome.SHRINKING),
        ):
            self.leave(name, outcome)
        arguments = "ptr %y, ptr %args, ptr %tol, ptr %real, ptr %whole, ptr %rows, ptr %times, ptr %memory"
        head = f'define i64 @propagate({arguments}) nounwind alignstack(64) "stackrealign" {{'
        first = j.before()
        return "\n".join([*sorted(j.declared), first, head, *j.text(), "}", ""])

    def _begin(self, again: str, end: str) -> None:
        """Order 0 and 1: does the derivative agree with what the last step predicted? Is there more to do?"""
        j = self.jet
        begun = j.begin()
        infinite = j.put(f"fcmp une double {begun.flag}, {double(0.0)}")
        bad = j.put(f"or i1 {begun.bad}, {infinite}")
        off = j.arith("fmul", begun.defect, self.before)
        off = j.put(f"fcmp ugt double {off}, {j.arith('fmul', begun.tolerance, self.real(Real.ALLOWED))}")
        self.branch(j.put(f"and i1 {again}, {j.put(f'or i1 {bad}, {off}')}"), "reject", "agreed")
        j.label("agreed")
        self.branch(bad, "singular", "sound")
        j.label("sound")
        self.t = self.real(Real.T)
        left = j.arith("fsub", j.arith("fsub", end, self.t), self.real(Real.T_LOW))
        self.left = j.arith("fmul", left, "%way")
        bound = j.chosen("olt", self.longest, self.real(Real.LIMIT), 1)
        self.bound = j.chosen("olt", self.left, bound, 1)
        self.branch(j.put(f"fcmp ole double {self.left}, {double(0.0)}"), "done", "going")
        j.label("going")

    def _middle(self, again: str) -> None:
        j = self.jet
        self.low, flag = j.middle()
        infinite = j.put(f"fcmp une double {flag}, {double(0.0)}")
        self.branch(infinite, "infinite", "finite")
        j.label("infinite")
        self.branch(again, "reject", "singular")
        j.label("finite")
        self.branch(j.put(f"icmp sge i64 {self.steps}, {self.most}"), "paused", "onward")
        j.label("onward")
        self.set_whole(Whole.ATTEMPTS, j.put(f"select i1 {self.confirm}, i64 0, i64 {self.whole(Whole.ATTEMPTS)}"))

    def _size(self) -> None:
        j = self.jet
        h = j.power_of_two(self.low)
        shorter = j.put(f"fcmp olt double {h}, {j.arith('fmul', self.before, double(0.97))}")
        shorter = j.put(f"and i1 {shorter}, {self.confirm}")
        count = j.integer("add", self.whole(Whole.SHRINKING), 1)
        count = j.put(f"select i1 {shorter}, i64 {count}, i64 0")
        self.set_whole(Whole.SHRINKING, count)
        h = j.chosen("olt", self.bound, h, 1)
        j.do(f"%last = fcmp ole double {self.left}, {h}")
        j.do(f"%h = fmul double {h}, %way")
        far = j.call("double", "llvm.fabs.f64", ("double", self.t))
        small = j.put(f"fcmp olt double {h}, {j.arith('fmul', far, double(2.0**-51))}")
        small = j.put(f"and i1 {small}, {j.put('xor i1 %last, true')}")
        small = j.put(f"or i1 {small}, {j.put(f'fcmp olt double {h}, {double(1e-290)}')}")
        self.branch(small, "stuck", "moving")
        j.label("moving")
        self.branch(j.put(f"icmp sgt i64 {count}, {_SHRINKING}"), "shrinking", "move")
        j.label("move")
        self.set_real(Real.LIMIT, double(math.inf))

    def _time(self, end: str) -> None:
        j = self.jet
        t, low = self.t, self.real(Real.T_LOW)
        self.set_real(Real.T_BEFORE, t)
        self.set_real(Real.T_BEFORE_LOW, low)
        self.set_real(Real.H, "%h")
        total = j.arith("fadd", t, "%h")
        part = j.arith("fsub", total, t)
        left = j.arith("fsub", t, j.arith("fsub", total, part))
        left = j.arith("fadd", left, j.arith("fsub", "%h", part))
        low = j.arith("fadd", low, left)
        high = j.arith("fadd", total, low)
        low = j.arith("fsub", low, j.arith("fsub", high, total))
        high = j.put(f"select i1 %last, double {end}, double {high}")
        low = j.put(f"select i1 %last, double {double(0.0)}, double {low}")
        self.set_real(Real.T, high)
        self.set_real(Real.T_LOW, low)
        after = j.integer("add", self.steps, 1)
        self.set_whole(Whole.STEPS, after)
        self.set_whole(Whole.CONFIRM, "1")
        place = j.integer("shl", j.integer("mul", after, self.store), 1)
        j.do(f"store double {high}, ptr {j.at('%times', place, 1)}, align 8")
        j.do(f"store double {low}, ptr {j.at('%times', j.integer('add', place, 1), 1)}, align 8")
        j.do("br label %step")

    def _reject(self, attempts: str) -> None:
        j = self.jet
        j.label("reject")
        self._clear()
        size = 16 * self.jet.stride
        past = j.put(f"getelementptr double, ptr %y, i64 {2 * self.jet.stride}")
        what = (("ptr", "%y"), ("ptr", past), ("i64", str(size)), ("i1", "false"))
        j.call("void", "llvm.memcpy.p0.p0.i64", *what)
        self.set_real(Real.T, self.real(Real.T_BEFORE))
        self.set_real(Real.T_LOW, self.real(Real.T_BEFORE_LOW))
        self.set_real(Real.LIMIT, j.arith("fmul", self.before, double(0.5)))
        self.set_whole(Whole.CONFIRM, "0")
        self.set_whole(Whole.REJECTED, j.integer("add", self.whole(Whole.REJECTED), 1))
        self.set_whole(Whole.ATTEMPTS, j.integer("add", attempts, 1))
        self.set_whole(Whole.STEPS, j.integer("sub", self.steps, 1))
        j.do("br label %step")

    def _clear(self) -> None:
        j = self.jet
        if self.jet.room:
            what = (("ptr", "%memory"), ("i8", "0"), ("i64", str(self.jet.room)), ("i1", "false"))
            j.call("void", "llvm.memset.p0.i64", *what)
