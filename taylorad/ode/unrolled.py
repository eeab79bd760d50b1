"""A step written down order by order, for small systems: they wait for latency, not for arithmetic.

The states are scalars and take their next coefficient from the tangent form (:mod:`taylorad.ode.tangent`); sums run two
in a vector, from the middle of j outwards so that the newest terms come last. The step size is taken from two
coefficients before the last ones, and while those are computed the lower terms are summed up already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from taylorad.ode.folds import Fold, folds
from taylorad.ode.jet import Jet
from taylorad.ode.step import Begun, Sized
from taylorad.ode.tangent import Forms
from taylorad.run.program import Program
from taylorad.run.writer import Target, constant, double, same, vector

__all__ = ["Unrolled"]

_FEW = 4  # sums of systems that wait for latency; larger ones are better off with less code
_LONG = 6  # terms from which two chains are shorter than one
_MOST = 4  # states that one derivative may hang on
_CHAINS = 4  # of Horner's rule side by side


@final
class Unrolled(Jet):
    form = "unrolled"

    def __init__(self, program: Program, order: int, target: Target, dim: int, controlled: int = 0) -> None:
        self.time: dict[str, int] = {}
        super().__init__(program, order, target, dim, 1, controlled)
        self.head = self.lines  # nothing runs twice
        sums = [i for i, op in enumerate(self.ops) if op.kind in ("old", "half") and i in self.moving]
        self.folds = folds(self.ops, sums, min(4, target.lanes))
        self.fold_of = {i: fold for fold in self.folds for i in fold.places}
        self.vectors: dict[tuple[int, int], dict[int, str]] = {}
        steps = [self.buffers[b].step for b in {*self.slopes, *(b for fold in self.folds for b in (*fold.a, *fold.b))}]
        keys = {step for step in steps if step is not None}
        # states know their newest terms from the tangent; other factors wait for sums, order after order
        factors = {self.buffers[b].step for i in sums for b in self.ops[i].data}
        self.near = len(sums) <= _FEW and not factors <= set(self.states)
        self.forms = Forms(self.ops, self.moving, self.states, keys, _MOST if len(sums) <= _FEW else 0)
        self.double: dict[int, str] = {}
        self.scaled: dict[tuple[int, float], str] = {}
        self.k = 0
        self.past: dict[tuple[tuple[int, ...], int], str] = {}
        self.wanted: list[tuple[int, ...]] = []  # buffers that later orders look back at
        self.base: dict[int, str] = {}
        self.chain: dict[tuple[str, str, str], str] = {}
        self.next: list[str] = []
        self.x: list[list[str]] = []  # coefficients of the states, in blocks

    # ------------------------------------------------------------------ the parts of a step
    def begin(self) -> Begun:
        self.x.append([self.fetch(self.part("%y", 0, str(b))) for b in range(self.blocks)])
        for b, x in enumerate(self.x[0]):
            self._row(0, b, x)
        bad = self.failed()
        self._order(1)
        w, kind = self.width, self.kind
        zero = same(0.0, w)
        defect, lost, tolerance, flag = zero, zero, zero, zero
        self.sizes: list[list[tuple[str, str]]] = []
        for b, x in enumerate(self.x[1][: self.scanned]):
            off = self.arith("fsub", x, self.fetch(self.part("%y", 4, str(b))), kind)
            rtol = self._tol(1, b)
            own = self.fma(self.absolute(self.x[0][b], w), rtol, self._tol(0, b), kind)
            self.sizes.append(self.limits(x, rtol, own))
            defect = self.chosen("ogt", self.absolute(off, w), defect, w)
            lost = self.fma(off, zero, lost, kind)
            tolerance = self.chosen("ogt", own, tolerance, w)
            flag = self.fma(x, zero, flag, kind)
        return self.begun(bad, defect, lost, tolerance, flag)

    def middle(self) -> Sized:
        for k in range(2, self.order + 1):
            self._order(k)
        w = self.width
        zero = same(0.0, w)
        low, flag = "", zero
        for b in range(self.scanned):
            for p, limits in zip((self.order - 1, self.order), self.sizes[b], strict=True):
                x = self.x[p][b]
                flag = self.fma(x, zero, flag, self.kind)
                found = self.longest(x, p, limits)
                low = self.chosen("olt", found, low, w) if low else found
        return Sized(self.reduced(low, "olt", w), self.reduced(flag, "fadd", w))

    def end(self, h: str) -> None:
        w, kind = self.width, self.kind
        powers = ["", self.fill(h, w)]
        while len(powers) <= _CHAINS:
            powers.append(self.arith("fmul", powers[len(powers) // 2], powers[(len(powers) + 1) // 2], kind))
        self.z = self.arith("fmul", powers[_CHAINS], same(_CHAINS, w), kind)
        for b in range(self.blocks):
            q, slope = self._sums([x[b] for x in self.x[1:]], powers)
            self.keep(slope, self.part("%y", 4, str(b)))
            self.moved(q, powers[1], str(b))

    def _sums(self, c: list[str], powers: list[str]) -> tuple[str, str]:
        """q = Σ c_i h^i and (h·q)′, by Horner's rule in z = h^n for every n-th term, n = the highest power at hand."""
        n, kind = len(powers) - 1, self.kind
        parts: list[str] = []
        slopes: list[str] = []
        for r in range(min(n, len(c))):
            chain = c[r::n]
            part, lower = chain[-1], ""
            for x in chain[-2::-1]:
                lower = self.fma(lower, powers[n], part, kind) if lower else part
                part = self.fma(part, powers[n], x, kind)
            # the part of h·q is h^(r+1)·P(z), its derivative h^r·((r+1)·P + n·z·P′)
            own = self.arith("fmul", part, same(r + 1, self.width), kind) if r else part
            parts.append(part)
            slopes.append(self.fma(lower, self.z, own, kind) if lower else own)
        return self._paired(parts, powers), self._paired(slopes, powers)

    def _paired(self, parts: list[str], powers: list[str]) -> str:
        """Σ parts_r·h^r, neighbours first."""
        step = 1
        while len(parts) > 1:
            pairs = [parts[i : i + 2] for i in range(0, len(parts), 2)]
            parts = [self.fma(p[1], powers[step], p[0], self.kind) if len(p) > 1 else p[0] for p in pairs]
            step *= 2
        return parts[0]

    def _tol(self, which: int, block: int) -> str:
        return self.fetch(self.part("%tol", which, str(block)))

    def _row(self, k: int, block: int, x: str) -> None:
        self.keep(x, self.at("%row", str(k * self.stride + block * self.width), 1))

    # ------------------------------------------------------------------ one order
    def _order(self, k: int) -> None:
        self.k, self.now, self.home = k, {}, {}
        if self.near and k + 1 < self.order:
            for fold in self.folds:
                self._inner(fold, k + 1)
        values = [self._first(s) for s in range(len(self.states))] if k == 1 else self.next
        for state, v in zip(self.states, values, strict=True):
            self.now[state,] = v
        values += [double(0.0)] * (self.stride - len(values))
        w = self.width
        self.x.append([self._gathered(values[b * w : (b + 1) * w]) for b in range(self.blocks)])
        for b, x in enumerate(self.x[k]):
            self._row(k, b, x)
        if k == self.order:
            return
        self.base, self.chain = {}, {}
        self.next = [self._next(s) for s in range(len(self.states))]
        for fold in self.folds:
            self._known(fold.a, k)
            self._known(fold.b, k)
            if self.near:
                for b in {*fold.a, *fold.b}:
                    self._known((b,), k)
        kept = 0
        while kept < len(self.wanted):
            self._known(self.wanted[kept], k)
            kept += 1

    def _first(self, s: int) -> str:
        return self.value((self.buffers[self.slopes[s]].start[0],))

    def _next(self, s: int) -> str:
        """Coefficient k + 1 of a state."""
        k, slope = self.k, self.buffers[self.slopes[s]]
        f = slope.step
        if f is None:
            known = self.value((slope.start[k],)) if k < len(slope.start) else double(0.0)
            return self.arith("fmul", known, double(1 / (k + 1)))
        tangent = {} if f in self.states else self.forms.tangent_of(f)
        if not tangent:
            return self.arith("fmul", self.value((f,)), double(1 / (k + 1)))
        terms = [(a, p, t, self._base(a)) for (a, p), t in self.forms.form_of(f).items() if a not in self.states]
        terms += [(a, p, t, self.value((a,))) for (a, p), t in tangent.items()]
        return self._added([(self._factor(t, float(k) ** p / (k + 1)), x) for _, p, t, x in terms])

    def _base(self, i: int) -> str:
        """Coefficient k of an atom but for the newest ones of the states."""
        form = self.forms.form_of(i)
        if not self.forms.tangent_of(i) or (i, 0) in form:
            return self.value((i,))
        if i not in self.base:
            terms = [(t, p, self._base(a)) for (a, p), t in form.items() if a not in self.states]
            self.base[i] = self._added([(self._factor(t, float(self.k) ** p), x) for t, p, x in terms])
        return self.base[i]

    def _added(self, terms: list[tuple[str, str]]) -> str:
        """Σ factor·value, what stands last added last."""
        terms = sorted((t for t in terms if t[1] != double(0.0)), key=lambda term: self.time.get(term[1], 0))
        if (
            len(terms) > 2
            and self._finish(terms) > self._finish(terms[:-2])
            and self._finish(terms) > 3 + max(self._finish(terms[:-2]), self._finish(terms[-2:]) - 1)
        ):
            return self.arith("fadd", self._chained(terms[:-2]), self._chained(terms[-2:]))
        return self._chained(terms)

    def _finish(self, terms: list[tuple[str, str]]) -> int:
        """When the last of a chain of multiply-adds is done."""
        time = 0
        for _, x in terms:
            time = max(time, self.time.get(x, 0)) + 4
        return time

    def _chained(self, terms: list[tuple[str, str]]) -> str:
        total = ""
        for factor, x in terms:
            key = (total, factor, x)
            if key not in self.chain:
                self.chain[key] = self._plus(total, factor, x)
            total = self.chain[key]
        return total or double(0.0)

    def _plus(self, total: str, factor: str, x: str) -> str:
        if factor == double(1.0):
            return self.arith("fadd", total, x) if total else x
        if factor == double(-1.0):
            return self.arith("fsub", total, x) if total else self.put(f"fneg double {x}")
        return self.fma(factor, x, total) if total else self.arith("fmul", factor, x)

    def _factor(self, t: int, scale: float) -> str:
        op = self.ops[t]
        if op.kind == "number":
            return double(op.data * scale)
        if scale == 1:
            return self.value((t,))
        if (t, scale) not in self.scaled:
            self.scaled[t, scale] = self.arith("fmul", self.value((t,)), double(scale))
        return self.scaled[t, scale]

    # ------------------------------------------------------------------ when values stand, in cycles
    def fma(self, a: str, b: str, c: str, kind: str = "") -> str:
        return self._timed(super().fma(a, b, c, kind), 4, a, b, c)

    def arith(self, op: str, a: str, b: str, kind: str = "") -> str:
        return self._timed(super().arith(op, a, b, kind), 13 if op == "fdiv" else 3, a, b)

    def shuffle(self, width: int, a: str, b: str, lanes: Sequence[int]) -> str:
        far = width > 2 and max(lanes) > 1
        return self._timed(super().shuffle(width, a, b, lanes), 4 if far else int(lanes[0] > 0), a, b)

    def joined(self, a: str, b: str, width: int) -> str:
        return self._timed(super().joined(a, b, width), 3 if width > 1 else 1, a, b)

    def fill(self, scalar: str, lanes: int) -> str:
        return self._timed(super().fill(scalar, lanes), 3 if lanes > 2 else 1, scalar)

    def _timed(self, name: str, latency: int, *args: str) -> str:
        self.time[name] = latency + max(self.time.get(a, 0) for a in args)
        return name

    # ------------------------------------------------------------------ values
    def _gathered(self, values: list[str]) -> str:
        n = len(values)
        if n == 1:
            return values[0]
        if all(v == double(0.0) for v in values):
            return same(0.0, n)
        return self.joined(self._gathered(values[: n // 2]), self._gathered(values[n // 2 :]), n // 2)

    def _value(self, t: tuple[int, ...]) -> str:
        if len(t) == 1:
            i = t[0]
            form = self.forms.form_of(i) if i in self.moving else {}
            if form and (i, 0) not in form:
                return self._added(
                    [(self._factor(t, float(self.k) ** p), self.value((a,))) for (a, p), t in form.items()]
                )
            return super()._value(t)
        if len(set(t)) == 1:
            return self.fill(self.value(t[:1]), len(t))
        half = len(t) // 2
        turned = self.now.get((*t[half:], *t[:half]))
        if turned is not None:
            return self.shuffle(len(t), turned, turned, [*range(half, len(t)), *range(half)])
        return self._gathered([self.value((i,)) for i in t])

    def special(self, t: tuple[int, ...]) -> str | None:
        (i,) = t
        op = self.ops[i]
        match op.kind:
            case "leaf":
                return self.leaf([op.data])
            case "order":
                return double(self.k)
            case "reciprocal":
                return double(1 / self.k)
            case "coef":
                return self._earlier(op.data, 0)
            case "back":
                buffer, offset = op.data
                return self._earlier(buffer, offset)
            case "old" | "half":
                if self.k == 1:
                    return double(0.0)
                return self._summed(i)
            case _:
                return None

    def _earlier(self, buffer: int, offset: int) -> str:
        """Coefficient k − offset of a buffer."""
        k, held = self.k - offset, self.buffers[buffer]
        if held.step is not None:
            if (buffer,) not in self.wanted:
                self.wanted.append((buffer,))
            if k > 0:
                return self._known((buffer,), k)
        return self.value((held.start[k],)) if 0 <= k < len(held.start) else double(0.0)

    def _known(self, buffers: tuple[int, ...], k: int) -> str:
        """Coefficient k of some buffers, kept; it must be asked for at order k first."""
        if (buffers, k) not in self.past:
            assert k == self.k, "a coefficient was not kept at its order"
            steps = [self.buffers[b].step for b in buffers]
            self.past[buffers, k] = self.value(tuple(s for s in steps if s is not None))
        return self.past[buffers, k]

    # ------------------------------------------------------------------ sums
    def _summed(self, i: int) -> str:
        """Σ a_j·b_{k−j}, j = 1 … k−1; the newest terms are scalars where latency counts."""
        k = self.k
        a, b = self.ops[i].data
        fold = self.fold_of[i]
        total = self._inner(fold, k).get(i, "")
        twice = fold.halved and len(fold.places[i]) == 1
        if not self.near:
            return self.arith("fadd", total, total) if twice else total
        if k == 2:
            return self.arith("fmul", self._coefficient(a, 1), self._coefficient(b, 1))
        if twice:
            newest = self.arith("fmul", self._doubled(a), self._coefficient(a, k - 1))
            return self.fma(total, double(2.0), newest) if total else newest
        x, y = self._coefficient(a, 1), self._coefficient(b, k - 1)
        total = self.fma(x, y, total) if total else self.arith("fmul", x, y)
        return self.fma(self._coefficient(a, k - 1), self._coefficient(b, 1), total)

    def _inner(self, fold: Fold, k: int) -> dict[int, str]:
        """The sums of a vector at order k, the newest terms left out where they are scalars."""
        key = (id(fold), k)
        if key not in self.vectors:
            found = self._vector(fold, k)
            self.vectors[key] = self._apart(fold, found) if found is not None else {}
        return self.vectors[key]

    def _apart(self, fold: Fold, v: str) -> dict[int, str]:
        """Each sum of a vector for itself."""
        w, half = fold.width, fold.width // 2
        out: dict[int, str] = {}
        both = ""
        if sum(len(lanes) == 2 for lanes in fold.places.values()) > 1:
            both = self.arith(
                "fadd", self.shuffle(w, v, v, range(half)), self.shuffle(w, v, v, range(half, w)), vector(half)
            )
        for i, lanes in fold.places.items():
            if both and len(lanes) == 2:
                out[i] = self.shuffle(half, both, both, lanes[:1])
            else:
                found = [self.shuffle(w, v, v, [lane]) if w > 1 else v for lane in lanes]
                out[i] = found[0] if len(found) == 1 else self.arith("fadd", found[0], found[1])
        return out

    def _coefficient(self, buffer: int, k: int) -> str:
        return self._known((buffer,), k)

    def _doubled(self, buffer: int) -> str:
        if buffer not in self.double:
            x = self._coefficient(buffer, 1)
            self.double[buffer] = self.arith("fadd", x, x)
        return self.double[buffer]

    def _vector(self, fold: Fold, k: int) -> str | None:
        w = fold.width
        kind = vector(w)
        first = 2 if self.near else 1
        js = [j for j in range(first, k - first + 1) if not fold.halved or 2 * j < k]
        js.sort(key=lambda j: (abs(2 * j - k), j))
        chains = [js[1::2], js[0::2]] if len(js) >= _LONG else [js]
        totals: list[str] = []
        for c, chain in enumerate(chains):
            total = ""
            if c == 0 and fold.halved and k % 2 == 0 and k // 2 >= first:
                total = self.arith("fmul", self._known(fold.a, k // 2), self._middle(fold, k), kind)
            for j in chain:
                x, y = self._known(fold.a, j), self._known(fold.b, k - j)
                total = self.fma(x, y, total, kind) if total else self.arith("fmul", x, y, kind)
            totals += [total] if total else []
        if not totals:
            return None
        return totals[0] if len(totals) == 1 else self.arith("fadd", totals[0], totals[1], kind)

    def _middle(self, fold: Fold, k: int) -> str:
        """Of a folded sum the middle term counts once, of a square half, since it is doubled afterwards."""
        weights = [0.0] * fold.width
        for lanes in fold.places.values():
            weights[lanes[0]] = 0.5 if len(lanes) == 1 else 1.0
        known = self._known(fold.b, k // 2)
        return self.arith("fmul", known, constant(weights), vector(fold.width))
