"""Certificates: everything that a validated integration claims, as JSON, and a check that proves it once more.

A certificate holds the equation, the initial box, the arguments, and for every step its time, its length, the set
m + δ + C·r₀ + B·r at its beginning and the box e that encloses the step. The check knows nothing of the compiled code.
For every step it proves, in arithmetic of its own,

1. Σ_{k≤p} f^[k](x)·[0,h]^k + f^[p+1](e)·[0,h]^(p+1) lies in the interior of e: every solution from the set exists on
   [0, h] and stays in e;
2. B′⁻¹·(m − m′ + D + A·(δ + C·r₀ + B·r) − δ′ − C′·r₀) ⊂ r′, or with C′ in the place of B′ and r₀′ in that of r′ where
   r has joined r₀: every solution ends in the next set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError, UncertifiedError
from taylorad.ode.system import System
from taylorad.rings.balls import ball, dyadic, inverse, precision
from taylorad.rings.ring import Ring
from taylorad.run.dual import Dual, DualRing
from taylorad.run.interpret import run
from taylorad.series.node import INFINITE, Node
from taylorad.series.schedule import schedule
from taylorad.validated.ends import Ends, EndsRing, floats, interior
from taylorad.validated.equation import from_lists, to_lists
from taylorad.validated.kink import Kinks

__all__ = ["Checked", "check", "save"]

_FORMAT = "taylorad certificate 1"
_BITS = 160


@final
@dataclass(frozen=True, slots=True)
class Checked:
    """What a check proved: all solutions from ``start`` at ``t0`` exist to ``t_reached`` and are then in ``box``.

    That is so where ``complete`` says that every step was proved; else only some of them were.
    """

    t0: Fraction
    t_reached: Fraction
    start: np.ndarray
    box: np.ndarray
    steps: int
    complete: bool


def save(enclosure: Any, path: str | Path) -> None:
    """See :meth:`taylorad.validated.enclosure.Enclosure.save`."""
    march = enclosure.march
    data = {
        "format": _FORMAT,
        "equation": to_lists(enclosure.equation),
        "n": enclosure.n,
        "order": march.order,
        "bits": march.bits,
        "t0": str(march.t0),
        "unit": str(march.unit),
        "sign": march.sign,
        "counts": [int(c) for c in march.counts],
        "args": march.given[1],
        "start": march.given[0],
        "sets": march.sets_as_text(),
    }
    Path(path).write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")


def check(path: str | Path, *, steps: Sequence[int] | None = None) -> Checked:
    """Prove a certificate again, step by step; every one, or those numbered in ``steps``.

    Raises UncertifiedError, naming the step, where something that the certificate claims cannot be proved, and
    DomainError where the file is no certificate or has no such step. Cost: some 20 ms a step for three equations.
    Rigorous: it rests on FLINT's balls and the interpreter, not on compiled code or the processor's rounding modes.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        if data["format"] != _FORMAT:
            raise DomainError(f"{path} has the format {data['format']!r}, not {_FORMAT!r}")
        with precision(max(_BITS, int(data["bits"]) + 40)):
            return _Check(data).run(steps)
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, ZeroDivisionError) as error:
        if isinstance(error, DomainError):
            raise
        raise DomainError(f"{path} is no certificate: {error!r}") from error


class _Check:
    def __init__(self, data: dict[str, Any]) -> None:
        rhs = from_lists(data["equation"])
        self.dim, self.n, self.order, self.sign = len(rhs), int(data["n"]), int(data["order"]), int(data["sign"])
        self.t0, self.unit = Fraction(data["t0"]), Fraction(data["unit"])
        self.counts = [int(c) for c in data["counts"]]
        self.args = [_interval(x) for x in data["args"]]
        self.start = [_interval(x) for x in data["start"]]
        self.sets = data["sets"]
        self._fits(rhs)
        system = System.of(rhs, len(self.args))
        self.plan, self.kinks = schedule(system.states), Kinks(rhs, self.sign)
        self.ring: Ring = EndsRing()
        self.dual = DualRing(self.ring, self.dim)

    def _fits(self, rhs: Sequence[Node]) -> None:
        """Whatever the proof takes for granted of the numbers in the file."""
        n, last = self.dim, self.dim + len(self.args)
        leaves = all(
            0 <= x.index <= last and x.degree == (INFINITE if x.index < n else int(x.index == n))
            for x in schedule(rhs).leaves
        )
        vectors = all(len(s[name]) == n for s in self.sets for name in ("m", "d", "C", "B", "r0", "r"))
        matrices = all(len(row) == n for s in self.sets for name in ("C", "B") for row in s[name])
        times = self.unit > 0 and self.sign in (1, -1) and len(self.counts) == len(self.sets) and self.counts[0] == 0
        if not (leaves and vectors and matrices and times and len(self.start) == n >= self.n >= 1 <= self.order):
            raise DomainError("the parts of the certificate do not fit together")

    def run(self, steps: Sequence[int] | None) -> Checked:
        self._first(self._set(0))
        last = len(self.sets) - 1
        chosen = range(last) if steps is None else steps
        for k in chosen:
            if not 0 <= k < last:
                raise DomainError(f"there is no step {k}: the certificate has {last}, counted from 0")
            try:
                self._step(k)
            except UncertifiedError as error:
                raise UncertifiedError(f"step {k}: {error}") from error
        box = self._box(self._set(last))
        found = [np.empty(self.n, object) for _ in range(2)]
        for i in range(self.n):
            for out, x in zip(found, (self.start[i], box[i]), strict=True):
                out[i] = floats(x)
        end = self.t0 + self.sign * self.counts[-1] * self.unit
        return Checked(self.t0, end, found[0], found[1], last, set(chosen) == set(range(last)))

    # ------------------------------------------------------------------ sets
    def _set(self, k: int) -> dict[str, Any]:
        s = self.sets[k]
        found = {name: [ball(_exact(x)) for x in s[name]] for name in ("m", "d")}
        found |= {name: [[_exact(x) for x in row] for row in s[name]] for name in ("C", "B")}
        found |= {name: [_interval(x) for x in s[name]] for name in ("r0", "r")}
        if s["e"] is not None:
            found["e"] = [_interval(x) for x in s["e"]]
            if len(found["e"]) != self.dim:
                raise DomainError(f"the enclosure of step {k} has {len(found['e'])} components, not {self.dim}")
        return found

    def _away(self, s: dict[str, Any]) -> list[Ends]:
        """δ + C·r₀ + B·r."""
        out: list[Ends] = []
        for i in range(self.dim):
            total = Ends(s["d"][i], s["d"][i])
            for name, vector in (("C", "r0"), ("B", "r")):
                for j in range(self.dim):
                    total = total + Ends(s[name][i][j], s[name][i][j]) * s[vector][j]
            out.append(total)
        return out

    def _box(self, s: dict[str, Any]) -> list[Ends]:
        return [x + Ends(m, m) for x, m in zip(self._away(s), s["m"], strict=True)]

    def _first(self, s: dict[str, Any]) -> None:
        """The first set contains the initial box: C is the identity, so that is seen component by component."""
        zero, one = ball(0), ball(1)
        if any(s["C"][i][j] != (one if i == j else zero) for i in range(self.dim) for j in range(self.dim)):
            raise UncertifiedError("the first set is not given along the axes")
        for i, x in enumerate(self.start):
            moved = Ends(s["m"][i], s["m"][i]) + Ends(s["d"][i], s["d"][i]) + s["r0"][i]
            if not (moved.lo <= x.lo and x.hi <= moved.hi and s["r"][i].lo <= 0 <= s["r"][i].hi):
                raise UncertifiedError(f"the first set does not contain component {i} of the initial box")

    # ------------------------------------------------------------------ one step
    def _jet(self, x: Sequence[Any], t: Ends, order: int, ring: Any) -> list[Any]:
        zero, lift = [ring.zero()] * order, ring.lift
        leaves = [[a, *zero] for a in x] + [[lift(t), lift(self.sign), *zero]]
        leaves += [[lift(a), *zero] for a in self.args]
        try:
            return run(self.plan, ring, leaves, order)
        except DomainError as error:
            raise UncertifiedError(str(error)) from error

    def _step(self, k: int) -> None:
        s, after = self._set(k), self._set(k + 1)
        p, n, e = self.order, self.dim, s.get("e")
        ticks = self.counts[k + 1] - self.counts[k]
        if ticks <= 0 or e is None:
            raise UncertifiedError("the step has no length or no enclosure")
        h = Ends.of(ticks * self.unit)
        begin = Ends.of(self.t0 + self.sign * self.counts[k] * self.unit)
        until = Ends.of(self.t0 + self.sign * self.counts[k + 1] * self.unit)
        step = Ends(ball(0), h.hi)
        away = self._away(s)
        zero = Ends(ball(0), ball(0))
        if self.sets[k].get("kink"):
            self._over(s, after, step, h, begin.hull(until))
            return
        x = [Ends(m, m) + a.hull(zero) for m, a in zip(s["m"], away, strict=True)]
        jets: list[list[Dual]] = self._jet([self.dual.coordinate(a, i) for i, a in enumerate(x)], begin, p, self.dual)

        def last_of(box: Sequence[Ends], to: Ends) -> list[Ends]:
            """f^[p+1] over a box, for times until ``to``."""
            return [row[p + 1] for row in self._jet(box, begin.hull(begin + sign * to), p + 1, self.ring)]

        sign = Ends.of(self.sign)
        rest = last_of(e, h)
        points = self._jet([Ends(m, m) for m in s["m"]], begin, p, self.ring)
        last = _power(h, p + 1)
        for i in range(n):
            c = [row.value for row in jets[i][: p + 1]]
            reach = _range(c, step, h) + (zero.hull(last) * rest[i])
            if not interior(reach, e[i]):
                raise UncertifiedError(f"component {i} may leave the enclosure of the step")
        remainders = self._remainders(jets, rest, h, [_exact(x) for x in self.sets[k].get("early", [])], last_of)
        moved = [_horner(points[i][1 : p + 1], h) * h + remainders[i] for i in range(n)]
        zeros = [zero] * n
        a = [[_horner([(c.slopes or zeros)[j] for c in jets[i][: p + 1]], h) for j in range(n)] for i in range(n)]
        self._inclusion(s, after, a, moved)

    def _remainders(
        self, jets: list[list[Dual]], rest: list[Ends], h: Ends, early: list[Any], last_of: Callable[..., list[Ends]]
    ) -> list[Ends]:
        """(p + 1)·∫ (h − s)^p·f^[p+1](x(s)) ds from 0 to h, piece by piece; ``rest`` is f^[p+1] over the whole step."""
        p, zero = self.order, Ends(ball(0), ball(0))
        total, before = [zero] * self.dim, _power(h, p + 1)  # what is left of the weight
        for until in sorted(x for x in early if x > 0):
            to = Ends(until, until) if until < h.lo else h
            box = [
                _range([c.value for c in row[: p + 1]], Ends(ball(0), to.hi), to) + zero.hull(_power(to, p + 1)) * r
                for row, r in zip(jets, rest, strict=True)
            ]
            after = zero if to is h else _power(h - to, p + 1)
            total = [x + (before - after) * f for x, f in zip(total, last_of(box, to), strict=True)]
            before = after
            if to is h:
                return total
        return [x + before * f for x, f in zip(total, rest, strict=True)]

    def _over(self, s: dict[str, Any], after: dict[str, Any], step: Ends, h: Ends, t: Ends) -> None:
        """A step over a kink: see :mod:`taylorad.validated.kink`."""
        e, n = s["e"], self.dim
        try:
            found = self.kinks.rates([floats(x) for x in e], floats(t), [floats(a) for a in self.args])
        except DomainError as error:
            raise UncertifiedError(str(error)) from error
        rates = [Ends(ball(x.lo), ball(x.hi)) for x in found]
        for i, x in enumerate(self._box(s)):
            if not interior(x + step * rates[i], e[i]):
                raise UncertifiedError(f"component {i} may leave the enclosure of the step")
        one = [[Ends.of(int(i == j)) for j in range(n)] for i in range(n)]
        self._inclusion(s, after, one, [h * rate for rate in rates])

    def _inclusion(self, s: dict[str, Any], after: dict[str, Any], a: list[list[Ends]], moved: list[Ends]) -> None:
        n = self.dim
        joined = any(x.lo != y.lo or x.hi != y.hi for x, y in zip(s["r0"], after["r0"], strict=True))
        frame, target = (after["C"], after["r0"]) if joined else (after["B"], after["r"])
        if joined and any(x.lo > 0 or x.hi < 0 for x in after["r"]):
            raise UncertifiedError("r has joined r₀ and does not contain 0")
        back = inverse(frame)
        if back is None:
            raise UncertifiedError("the frame of the next set may be singular")
        inv = [[Ends.of(x) for x in row] for row in back]
        points = {name: [[Ends(x, x) for x in row] for row in s[name]] for name in ("C", "B")}
        ac, ab = _product(a, points["C"]), _product(a, points["B"])
        z: list[Ends] = []
        for i in range(n):
            total = Ends(s["m"][i], s["m"][i]) - Ends(after["m"][i], after["m"][i]) + moved[i]
            total = total - Ends(after["d"][i], after["d"][i])
            for j in range(n):
                total = total + a[i][j] * Ends(s["d"][j], s["d"][j])
                if not joined:
                    total = total + (ac[i][j] - Ends(after["C"][i][j], after["C"][i][j])) * s["r0"][j]
            z.append(total)
        groups = [(ab, s["r"])] + ([(ac, s["r0"])] if joined else [])
        turned = [(_product(inv, matrix), vector) for matrix, vector in groups]
        for i in range(n):
            total = Ends(ball(0), ball(0))
            for j in range(n):
                total = total + inv[i][j] * z[j]
                for matrix, vector in turned:
                    total = total + matrix[i][j] * vector[j]
            if not (target[i].lo <= total.lo and total.hi <= target[i].hi):
                raise UncertifiedError(f"coordinate {i} of the next set is too narrow")


def _power(h: Ends, k: int) -> Ends:
    found = h
    for _ in range(k - 1):
        found = found * h
    return found


def _horner(c: Sequence[Ends], h: Ends) -> Ends:
    total = c[-1]
    for x in reversed(c[:-1]):
        total = total * h + x
    return total


def _range(c: Sequence[Ends], step: Ends, h: Ends) -> Ends:
    slope = _horner([Ends.of(k) * c[k] for k in range(1, len(c))], step)
    wide = _horner(c, step)
    if slope.lo > 0 or slope.hi < 0:
        ends = c[0].hull(_horner(c, h))
        return Ends(max(wide.lo, ends.lo), min(wide.hi, ends.hi))
    return wide


def _product(a: Sequence[Sequence[Ends]], b: Sequence[Sequence[Ends]]) -> list[list[Ends]]:
    out: list[list[Ends]] = []
    for row in a:
        out.append([])
        for j in range(len(b[0])):
            total = Ends(ball(0), ball(0))
            for k, x in enumerate(row):
                total = total + x * b[k][j]
            out[-1].append(total)
    return out


def _exact(text: str) -> Any:
    """A number of a certificate: a float in hexadecimal, or mantissa and exponent with a p between them."""
    if "x" in text:
        return ball(float.fromhex(text))
    mantissa, _, exponent = text.partition("p")
    return dyadic(int(mantissa), int(exponent))


def _interval(pair: Sequence[str]) -> Ends:
    lo, hi = map(_exact, pair)
    if not lo <= hi:
        raise DomainError(f"[{pair[0]}, {pair[1]}] is no interval")
    return Ends(lo, hi)
