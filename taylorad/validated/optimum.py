"""Global optimisation by branch and bound, and the range of a function. Rigorous.

Boxes whose lower bound exceeds a value that is attained are discarded. Lower bounds: the values over the box, the mean
value form, the face where f is monotone, and where the Hessian is certainly positive definite the tangent plane at a
point near the minimum, which is exact to rounding (f is convex there). So boxes need not shrink around a regular
minimum. (Hansen & Walster, *Global Optimization Using Interval Analysis*, 2nd ed., Dekker 2004.)
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from taylorad.errors import DomainError, SingularExpansionError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.validated.convex import Smooth, tangent_bound
from taylorad.validated.mapping import Box, Mapping, domain, middle

__all__ = ["Minimum", "Search", "minimize", "range_"]

_LEAST = 2.0**-40  # of a side of the domain: where a box so thin has no bound, smaller ones are not tried
_UNKNOWN = (UncertifiedError, SingularExpansionError)  # nothing is bounded, or there is no derivative at this point


@dataclass(frozen=True, slots=True)
class Minimum:
    """What :func:`minimize` proved. Rigorous.

    ``value`` encloses the global minimum; every point where it is attained lies in one of ``boxes`` (each a tuple of
    intervals). ``discarded`` are the boxes proved to hold none (kept only where asked for), ``evaluated`` counts boxes,
    ``reached`` says whether the tolerance was.
    """

    value: Interval
    boxes: tuple[Box, ...]
    discarded: tuple[Box, ...]
    evaluated: int
    reached: bool

    def plot(self, **options: Any) -> Any:
        """Draw the boxes kept and discarded (one or two variables); see :func:`taylorad.plot.boxes`."""
        from importlib import import_module

        return import_module("taylorad.plot").boxes(self, **options)


def range_(f: Callable[..., Any], where: Any, *, tol: float = 1e-10, boxes: int = 20_000) -> Interval:
    """An interval that contains all values of f on a domain, and little else. Rigorous.

    Parameters
    ----------
    f : function of one variable, of n numbers, or of a vector of length n; written as for :func:`taylor`
    where : interval or pair for one variable, sequence of intervals or pairs for several
    tol : float > 0
        Each end is off by at most tol·max(1, |end|), unless ``boxes`` boxes do not suffice.
    boxes : int
        How many boxes may be looked at, for each end.

    Raises UncertifiedError where f is not certainly defined on the whole domain, DomainError for a domain that is none.
    Cost of a box: some runs of order 1 for each variable, and for close decisions of order 2; the number of boxes may
    grow exponentially with that of the variables.

    >>> import taylorad as ta
    >>> from taylorad import validated as v
    >>> v.range(lambda x: x * x - x, (0, 1))
    [-0.25, 0.0]
    """
    low = minimize(f, where, tol=tol, boxes=boxes).value
    high = minimize(lambda *x: _negative(f(*x)), where, tol=tol, boxes=boxes, arguments=f).value
    return Interval(low.lo, -high.lo)


def _negative(value: Any) -> Any:
    return -value


def minimize(
    f: Callable[..., Any],
    where: Any,
    *,
    tol: float = 1e-10,
    boxes: int = 20_000,
    keep: bool = False,
    arguments: Callable[..., Any] | None = None,
) -> Minimum:
    """The global minimum of f on a box, enclosed, with boxes that contain every point where it is attained. Rigorous.

    ``where``, ``tol``, ``boxes`` and the cost are as for :func:`range`; ``keep`` keeps the discarded boxes for a
    picture; ``arguments`` is a function whose signature says how f is called, f's own by default. Raises
    UncertifiedError where f is not certainly defined.

    >>> from taylorad import validated as v
    >>> found = v.minimize(lambda x, y: (x - 1) ** 2 + (y + 2) ** 2, [(-5, 5), (-5, 5)])
    >>> 0 in found.value, found.value.width < 1e-9
    (True, True)
    """
    start, single = domain(where)
    if not tol > 0:
        raise DomainError(f"the tolerance must be positive, got {tol}")
    mapping = Mapping(f, len(start), single)
    if arguments is not None:
        mapping = Mapping(arguments, len(start), single)
        mapping.f = f
    return Search(mapping, tol, keep).run(start, boxes)


class Search:
    """One branch and bound: a heap of boxes by their lower bounds, and the least value that is attained."""

    def __init__(self, mapping: Smooth, tol: float, keep: bool = False) -> None:
        self.f, self.tol, self.keep = mapping, tol, keep
        self.best = math.inf
        self.trouble = ""  # why something was not bounded
        self.heap: list[tuple[float, int, Box, int]] = []
        self.settled: list[tuple[float, Box]] = []
        self.discarded: list[Box] = []
        self._number = count()

    def run(self, start: Box, limit: int) -> Minimum:
        self.attain(middle(start))
        self.descend(start)
        self.visit(start)
        evaluated = 1
        while self.heap and evaluated < limit:
            low, _, box, side = heapq.heappop(self.heap)
            if low >= self.best - self.slack():
                self.settled.append((low, box))
                break  # all others lie higher
            ended = not box[side].lo < box[side].mid < box[side].hi
            if low == -math.inf and (ended or box[side].width <= _LEAST * start[side].width):
                raise self.unbounded(box, evaluated)
            if ended:
                self.settled.append((low, box))
                continue
            for half in halves(box, side):
                self.visit(half)
                evaluated += 1
        rest = [(low, box) for low, _, box, _ in self.heap] + self.settled
        if not rest or self.best == math.inf:
            why = self.trouble and f": {self.trouble}"
            raise UncertifiedError(f"f has no certain value at any of the points tried{why}")
        low, lowest = min(rest, key=lambda pair: pair[0])
        if low == -math.inf:
            raise self.unbounded(lowest, evaluated)
        kept = tuple(box for below, box in rest if below <= self.best)
        reached = low >= self.best - self.tol * max(1.0, abs(self.best))
        return Minimum(Interval(min(low, self.best), self.best), kept, tuple(self.discarded), evaluated, reached)

    def unbounded(self, box: Box, evaluated: int) -> UncertifiedError:
        return UncertifiedError(
            f"f has no bound on {' × '.join(map(str, box))} after {evaluated} boxes: it may be undefined or unbounded "
            f"there{self.trouble and f' ({self.trouble})'}; take a smaller domain"
        )

    def slack(self) -> float:
        return max(self.tol * max(1.0, abs(self.best)), 4 * math.ulp(self.best))

    def attain(self, point: Box) -> None:
        """Take note of a value."""
        try:
            self.best = min(self.best, self.f.value(point).hi)
        except _UNKNOWN as error:
            self.trouble = str(error)

    def descend(self, start: Box) -> None:
        """A good value to begin with: a local search in floats, its end evaluated rigorously."""
        ends = [(x.lo, x.hi) for x in start]

        def at(x: np.ndarray) -> float:
            try:
                return self.f.value(tuple(Interval(c, c) for c in map(float, x))).mid
            except _UNKNOWN:
                return math.inf

        if len(start) == 1 or any(x.thin for x in start):
            return
        from scipy import optimize

        found = optimize.minimize(
            at,
            [x.mid for x in start],
            method="Nelder-Mead",
            bounds=ends,
            options={"maxfev": 80 * len(start), "xatol": 0, "fatol": 0},
        )
        inside = [min(max(float(c), a), b) for c, (a, b) in zip(found.x, ends, strict=True)]
        self.attain(tuple(Interval(c, c) for c in inside))

    def visit(self, box: Box) -> None:
        """Bound f on a box from below, and file the box."""
        low, box, side = self.bound(box)
        if low > self.best:
            if self.keep:
                self.discarded.append(box)
        elif low >= self.best - self.slack():
            self.settled.append((low, box))
        else:
            number = next(self._number)  # boxes without a bound are followed down, one after the other
            heapq.heappush(self.heap, (low, -number if low == -math.inf else number, box, side))

    def bound(self, box: Box) -> tuple[float, Box, int]:
        """A lower bound, the part of the box where f can be least, and the side along which to halve it."""
        widest = max(range(len(box)), key=lambda i: box[i].width)
        try:
            value = self.f.value(box)
        except _UNKNOWN as error:
            self.trouble = str(error)
            return -math.inf, box, widest
        if value.lo > self.best:
            return value.lo, box, widest
        try:
            slopes = self.f.gradient(box)
        except _UNKNOWN:  # a kink inside: values alone
            self.attain(middle(box))
            return value.lo, box, widest
        face = tuple(
            Interval(x.lo, x.lo) if g.lo > 0 else Interval(x.hi, x.hi) if g.hi < 0 else x
            for x, g in zip(box, slopes, strict=True)
        )
        wide = [i for i, x in enumerate(face) if not x.thin] or [widest]
        side = max(wide, key=lambda i: (slopes[i].mag * face[i].width, face[i].width))
        at = middle(face)
        self.attain(at)
        low = max(value.lo, self.f.value(face).lo)
        if all(x.thin for x in face):
            return low, face, side
        try:
            central = self.f.value(at)
            for x, m, g in zip(face, at, slopes, strict=True):
                central = central + g * (x - m)
            low = max(low, central.lo)
            if low <= self.best:
                plane, touching = tangent_bound(self.f, face)
                self.attain(touching)
                low = max(low, plane)
        except _UNKNOWN:  # no second derivatives there
            return low, face, side
        return low, face, side


def halves(box: Box, side: int) -> list[Box]:
    """The two halves of a box."""
    return [(*box[:side], half, *box[side + 1 :]) for half in box[side].split()]
