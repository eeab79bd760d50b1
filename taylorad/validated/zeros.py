"""All zeros of a function on an interval, each with what was proved. Rigorous.

Interval Newton with division by intervals that contain 0. An interval that Newton's operator maps into its own
interior holds exactly one zero; one that it moves off itself holds none; everything else is halved, or narrowed to the
zeros of a cluster. (Moore, Kearfott & Cloud, *Introduction to Interval Analysis*, SIAM 2009, ch. 8; Rump, "Verification
methods: Rigorous results using floating-point arithmetic", Acta Numerica 2010, for ε-inflation.)
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from taylorad.errors import DomainError, SingularExpansionError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.validated import clusters
from taylorad.validated.derivatives import coefficients
from taylorad.validated.mapping import Box, Mapping, domain

__all__ = ["INFLATION", "TINY", "Root", "Roots", "roots"]

INFLATION = 0.1  # of the width of a box, and
TINY = 1e-15  # of its distance from 0: by how much it is inflated before uniqueness is tried
_CLUSTER = 2.0**-10  # of the domain: narrower intervals on which Newton's operator gains nothing may hold a cluster
_ZERO = Interval(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Root:
    """A box of zeros. Rigorous.

    ``box`` is an interval (one variable) or a tuple of them. ``proved`` says what it holds:

    * "unique": exactly one zero, of this ``multiplicity``;
    * "everywhere": every point is a zero;
    * "edge": exactly one zero, and a simple one, which may lie just outside the domain of a system;
    * "exists": at least one zero;
    * "undecided": perhaps none. A double zero cannot be told from two, or none, by values that are rounded.

    ``at_most`` bounds the number of zeros, counted with multiplicity, where that is known: derivative number
    ``at_most`` has no zero on the box. ``in_disk`` is the number of complex zeros, counted with multiplicity, whose
    distance from ``box.mid`` is at most ``box.width``, where that is proved: 2 says that a double zero is there, or two
    that are close, or a complex pair.
    """

    box: Any
    proved: str
    at_most: int | None = None
    multiplicity: int | None = None
    in_disk: int | None = None

    def __repr__(self) -> str:
        words = [self.proved]
        if self.proved == "unique" and self.multiplicity not in (1, None):
            words.append(f"of multiplicity {self.multiplicity}")
        if self.proved != "unique" and self.at_most is not None:
            words.append(f"at most {self.at_most}")
        if self.in_disk is not None:
            words.append(f"{self.in_disk} in the complex disk")
        return f"Root({self.box}, {', '.join(words)})"


@dataclass(frozen=True, slots=True)
class Roots(Sequence[Root]):
    """A sequence of :class:`Root`, from :func:`roots` or ``solve_system``: all zeros of the domain lie in them.

    Where ``complete`` is False, zeros may lie in the ``unsearched`` boxes, too. ``all_unique`` says that their number
    is ``len()`` of this. Rigorous.
    """

    found: tuple[Root, ...]
    unsearched: tuple[Box, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the whole domain was searched; only then there are no other zeros."""
        return not self.unsearched

    @property
    def all_unique(self) -> bool:
        """Whether the number of zeros is proved: one in each box, none elsewhere."""
        return self.complete and all(r.proved == "unique" for r in self.found)

    def __getitem__(self, index: Any) -> Any:
        return self.found[index]

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        lines = ",\n ".join(map(repr, self.found))
        return f"[{lines}]" + ("" if self.complete else f" and {len(self.unsearched)} boxes not searched")


def roots(f: Callable[[Any], Any], where: Any, *, tol: float = 1e-14, boxes: int = 20_000) -> Roots:
    """All zeros of f on an interval. Rigorous.

    Parameters
    ----------
    f : function of one variable, written as for :func:`taylor`
    where : interval or pair (lo, hi)
    tol : float > 0
        Boxes in which nothing is proved are halved down to this relative width, and are then undecided.
    boxes : int
        How many boxes may be looked at; what is left then, or at Ctrl-C, is in ``unsearched``.

    Returns :class:`Roots`, from left to right: simple zeros, multiple ones that are exactly at a float or a simple
    fraction, and what remains undecided with a bound of the number of zeros. Raises UncertifiedError where f is not
    certainly defined, DomainError where it certainly is not and for what is no interval, MixedRingError where f does
    not return one number. Cost of a box: a few runs of order 1, and of order 9 where zeros are close together.

    >>> import numpy as np
    >>> from taylorad import validated as v
    >>> found = v.roots(lambda x: np.sin(x) - x / 3, (1, 4))
    >>> len(found), found[0].proved, 2.2788626600 < found[0].box.mid < 2.2788626601
    (1, 'unique', True)
    >>> v.roots(lambda x: (x - 1) ** 2, (0, 3))
    [Root([1.0, 1.0], unique, of multiplicity 2)]
    """
    start, single = domain(where)
    if not single:
        raise DomainError("roots is for one variable; systems are for solve_system")
    if not tol > 0:
        raise DomainError(f"the tolerance must be positive, got {tol}")
    return _Search(f, start[0], tol).run(boxes)


class _Search:
    """One search: the intervals still to be looked at, widest first, and what was found."""

    def __init__(self, f: Callable[[Any], Any], whole: Interval, tol: float) -> None:
        self.f, self.map, self.whole, self.tol = f, Mapping(f, 1, True), whole, tol
        self.found: list[Root] = []
        self.queue = deque([whole])

    def run(self, limit: int) -> Roots:
        evaluated = 0
        while self.queue and evaluated < limit:
            evaluated += 1
            x = self.queue.popleft()
            try:
                self.visit(x)
            except KeyboardInterrupt:  # what was found stays
                self.queue.append(x)
                break
        return Roots(_merged(self.found, self.f), tuple((x,) for x in _joined(self.queue)))

    def visit(self, x: Interval) -> None:
        try:
            value = self.map.value((x,))
        except (UncertifiedError, SingularExpansionError) as error:
            self.halve(x, error)
            return
        if not value.lo <= 0 <= value.hi:
            return
        try:
            slope = self.map.gradient((x,))[0]
            at = Interval(x.mid, x.mid)
            here = self.map.value((at,))
            pieces = _newton(x, at, here, slope)
        except (UncertifiedError, SingularExpansionError):
            slope = here = None
            pieces = []
        if not x.thin and (value == _ZERO or slope == here == _ZERO):
            self.found.append(Root(x, "everywhere"))
        elif slope is None:
            self.halve(x)
        elif not slope.lo <= 0 <= slope.hi:
            if pieces:
                self.simple(x, pieces[0], 1 if slope.lo > 0 else -1)
        elif x.width <= _CLUSTER * self.whole.width or self.small(x):
            self.cluster(x, pieces)
        else:
            self.gain(x, pieces)

    def simple(self, x: Interval, piece: Interval, sign: int) -> None:
        """An interval on which f rises or falls, and the part of it that may hold a zero."""
        sharp = _sharpened(self.map, piece, sign)
        proof = _inflated(self.map, sharp, self.whole)
        if proof is None and _crosses(self.map, x):
            proof = sharp
        if proof is not None:
            self.found.append(Root(proof, "unique", 1, 1))
        elif sharp.width < 0.5 * x.width:
            self.queue.append(sharp)
        else:
            self.halve(sharp)

    def cluster(self, x: Interval, pieces: list[Interval]) -> None:
        """A narrow interval on which the slope may be 0."""
        part, multiplicity = clusters.narrowed(self.f, x) or (x, None)
        if part is not None and multiplicity is not None:
            self.found.append(Root(part, "unique", multiplicity, multiplicity))
        elif part is not None and self.small(x):
            self.found.append(Root(part, "undecided"))
        elif part is not None and part.width < 0.5 * x.width:
            self.queue.append(part)
        elif part is not None:
            self.gain(x, pieces)

    def gain(self, x: Interval, pieces: list[Interval]) -> None:
        """What Newton's operator leaves of x, halved where that is most of it."""
        for piece in pieces:
            if piece.width > 0.7 * x.width:
                self.halve(piece)
            else:
                self.queue.append(piece)

    def small(self, x: Interval) -> bool:
        return x.width <= self.tol * max(1.0, x.mag) or not x.lo < x.mid < x.hi

    def halve(self, x: Interval, error: Exception | None = None) -> None:
        """Both halves of an interval, or the interval as it is where it is small: undecided, or not in the domain."""
        if not self.small(x):
            if error is None:
                self.queue += x.split()
            else:  # what is not defined is found out first
                self.queue.extendleft(x.split())
        elif error is None:
            self.found.append(Root(x, "undecided"))
        else:
            raise UncertifiedError(f"f is not certainly defined on {x} ({error}); take a smaller interval") from error


def _joined(queue: Iterable[Interval]) -> list[Interval]:
    """Intervals that touch as one."""
    out: list[Interval] = []
    for x in sorted(queue, key=lambda x: x.lo):
        if out and out[-1].meets(x):
            out[-1] = out[-1] | x
        else:
            out.append(x)
    return out


def _newton(x: Interval, at: Interval, here: Interval, slope: Interval) -> list[Interval]:
    """The parts of x in which the zeros are: N(x) ∩ x, by division that may leave a gap."""
    if not slope.lo <= 0 <= slope.hi:
        step = at - here / slope
        return [step & x] if step.meets(x) else []
    if here.lo <= 0 <= here.hi:
        return [x]
    parts: list[Interval] = []  # at − here/slope for slope in [lo, 0) and (0, hi]
    if slope.hi > 0:
        reach = here / Interval(slope.hi, slope.hi)
        parts.append(Interval(-math.inf, (at - reach).hi) if here.lo > 0 else Interval((at - reach).lo, math.inf))
    if slope.lo < 0:
        reach = here / Interval(slope.lo, slope.lo)
        parts.append(Interval((at - reach).lo, math.inf) if here.lo > 0 else Interval(-math.inf, (at - reach).hi))
    return [part & x for part in parts if part.meets(x)]


def _sharpened(f: Mapping, x: Interval, sign: int) -> Interval:
    """Newton's iteration, or halving, until neither gains anything; f rises on x (``sign`` 1) or falls (−1)."""
    for _ in range(2200):
        at = Interval(x.mid, x.mid)
        try:
            here = f.value((at,)) * sign
            parts = _newton(x, at, here * sign, f.gradient((x,))[0])
        except UncertifiedError:
            return x
        if len(parts) != 1:
            return x
        left, right = x.split()
        half = left if here.lo > 0 else right if here.hi < 0 else x
        better = parts[0] & half if parts[0].meets(half) else parts[0]
        if not better.width < x.width:
            return x
        x = better
    return x


def _inflated(f: Mapping, x: Interval, whole: Interval) -> Interval | None:
    """A box around x, within the domain, on which Newton's operator proves exactly one zero; None where it does not."""
    for _ in range(8):
        spread = INFLATION * x.width + TINY * max(x.mag, 1e-300)
        wide = x + Interval(-spread, spread)
        if not whole.lo <= wide.lo or not wide.hi <= whole.hi:
            return None  # at the edge of the domain: a zero outside must not be counted
        at = Interval(x.mid, x.mid)
        try:
            image = at - f.value((at,)) / f.gradient((wide,))[0]
        except UncertifiedError:
            return None
        if wide.interior(image):
            return image
        if not image.meets(wide):
            return None
        x = x | (image & wide)
    return None


def _crosses(f: Mapping, x: Interval) -> bool:
    """Whether f certainly changes its sign between the ends of x, or is exactly zero at one."""
    left, right = (f.value((Interval(e, e),)) for e in (x.lo, x.hi))
    return _ZERO in (left, right) or (left.hi < 0 < right.lo) or (right.hi < 0 < left.lo)


def _merged(found: list[Root], f: Callable[[Any], Any]) -> tuple[Root, ...]:
    """Undecided neighbours as one box, with what is known of it; a unique zero inside one is part of it."""
    out: list[Root] = []
    for root in sorted(found, key=lambda r: (r.box.lo, r.box.hi)):
        last = out[-1] if out else None
        kinds = {root.proved, *([last.proved] if last else [])}
        if last is None or not last.box.meets(root.box) or (len(kinds) == 2 and "everywhere" in kinds):
            out.append(root)
            continue
        hull = last.box | root.box
        if root.box == last.box and root.proved == last.proved:
            out[-1] = root
        elif last.proved == root.proved == "unique" and _monotone(f, hull):
            out[-1] = Root(last.box & root.box, "unique", 1, 1)  # one and the same zero
        else:
            out[-1] = Root(hull, "everywhere" if root.proved == "everywhere" else "undecided")
    return tuple(_told(f, r.box) if r.proved == "undecided" else r for r in out)


def _told(f: Callable[[Any], Any], x: Interval) -> Root:
    """What is known of the zeros in a small interval where nothing was proved."""
    known = clusters.order(f, x)
    k = known and known[0]
    exists = clusters.exact_zero(f, x) or (k and _crosses(Mapping(f, 1, True), x))  # smooth, thus continuous
    return Root(x, "exists" if exists else "undecided", k, None, k if k and clusters.counted(f, x, k) else None)


def _monotone(f: Callable[[Any], Any], x: Interval) -> bool:
    slope = coefficients(f, x, 1)[1]
    return not slope.lo <= 0 <= slope.hi
