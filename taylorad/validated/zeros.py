"""All zeros of a function or of a system in a box, each with what was proved. Rigorous.

One equation: interval Newton with division by intervals that contain 0. Systems: Krawczyk's operator. A box that the
operator maps into its own interior holds exactly one zero; a box that it moves off itself holds none; everything else
is halved. (Moore, Kearfott & Cloud, *Introduction to Interval Analysis*, SIAM 2009, ch. 8; Rump, "Verification methods:
Rigorous results using floating-point arithmetic", Acta Numerica 2010, for ε-inflation.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from taylorad.derive import taylor as expand
from taylorad.errors import DomainError, MixedRingError, SingularExpansionError, UncertifiedError
from taylorad.rings.intervals import Interval, dot
from taylorad.validated.derivatives import coefficients
from taylorad.validated.mapping import Box, Mapping, domain, middle

__all__ = ["Root", "Roots", "roots", "solve_system"]

_INFLATION = 0.1  # of the width of a box, and
_TINY = 1e-15  # of its distance from 0: by how much it is inflated before uniqueness is tried
_TERMS = 7  # of Taylor polynomials over boxes on which the slope is undecided
_MULTIPLE = 8  # derivatives looked at to bound the number of zeros in a cluster


@dataclass(frozen=True, slots=True)
class Root:
    """A box of zeros. Rigorous.

    ``box`` is an interval (one variable) or a tuple of them. ``proved`` is "unique" (exactly one zero, and a simple
    one) or "undecided" (there may be none, one or several: a multiple zero cannot be told from two, or none, by values
    alone). ``at_most`` bounds the number of zeros, counted with multiplicity, where that is known: derivative number
    ``at_most`` has no zero on the box.
    """

    box: Any
    proved: str
    at_most: int | None = None

    def __repr__(self) -> str:
        more = f", at most {self.at_most}" if self.proved != "unique" and self.at_most is not None else ""
        return f"Root({self.box}, {self.proved}{more})"


@dataclass(frozen=True, slots=True)
class Roots(Sequence[Root]):
    """A sequence of :class:`Root`, from :func:`roots` or :func:`solve_system`: all zeros of the domain lie in them.

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
        Boxes in which uniqueness is not proved are halved down to this relative width, and are then undecided.
    boxes : int
        How many boxes may be looked at; what is left then is in ``unsearched``.

    Returns :class:`Roots`, from left to right. Raises UncertifiedError where f is not certainly defined, DomainError
    for what is no interval. Cost of a box: a few runs of order 1, and where the slope is undecided two of order 7.

    >>> import numpy as np
    >>> from taylorad import validated as v
    >>> found = v.roots(lambda x: np.sin(x) - x / 3, (1, 4))
    >>> len(found), found[0].proved, 2.2788626600 < found[0].box.mid < 2.2788626601
    (1, 'unique', True)
    """
    start, single = domain(where)
    if not single:
        raise DomainError("roots is for one variable; systems are for solve_system")
    found: list[Root] = []
    stack, evaluated = [start[0]], 0
    slope = Mapping(f, 1, True)
    while stack:
        if evaluated >= boxes:
            return Roots(_merged(found, f), tuple((x,) for x in stack))
        evaluated += 1
        x = stack.pop()
        try:
            value = Interval.enclosing(coefficients(f, x, 0)[0])
        except UncertifiedError:
            _halve(stack, x, tol, None)
            continue
        if not value.lo <= 0 <= value.hi:
            continue
        pieces: list[Interval] = []
        unique = False
        try:
            derivative = slope.gradient((x,))[0]
            if derivative.lo <= 0 <= derivative.hi:
                value, derivative = _expanded(f, x, value, derivative)
                if not value.lo <= 0 <= value.hi:
                    continue
            at = Interval(x.mid, x.mid)
            here = slope.value((at,))
            pieces = _newton(x, at, here, derivative)
        except UncertifiedError:
            _halve(stack, x, tol, found)
            continue
        if len(pieces) == 1 and not derivative.lo <= 0 <= derivative.hi:
            sharp = _sharpened(slope, pieces[0])
            proof = _inflated(slope, sharp, start[0])
            if proof is not None:
                found.append(Root(proof, "unique", 1))
                continue
            unique = _crosses(slope, x)
            if unique:
                found.append(Root(sharp, "unique", 1))
                continue
        for piece in pieces:
            if piece.width > 0.7 * x.width or len(pieces) == 1:
                _halve(stack, piece, tol, found)
            else:
                stack.append(piece)
    return Roots(_merged(found, f))


def _expanded(f: Callable[[Any], Any], x: Interval, value: Interval, slope: Interval) -> tuple[Interval, Interval]:
    """Values and slopes by a Taylor polynomial about the middle and Lagrange's remainder, where terms cancel."""
    try:
        point = [Interval.enclosing(c) for c in expand(f, Interval(x.mid, x.mid), _TERMS - 1)]
        last = Interval.enclosing(expand(f, x, _TERMS)[_TERMS])
    except (UncertifiedError, SingularExpansionError):
        return value, slope
    terms, step = [*point, last], x - x.mid
    powers = [step**k for k in range(len(terms))]
    slopes = [c * k for k, c in enumerate(terms)][1:]
    return value & dot(terms, powers), slope & dot(slopes, powers[:-1])


def _slope(f: Mapping, x: Interval) -> Interval:
    found = f.gradient((x,))[0]
    return found if not found.lo <= 0 <= found.hi else _expanded(f.f, x, Interval(-math.inf, math.inf), found)[1]


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


def _sharpened(f: Mapping, x: Interval) -> Interval:
    """Newton's iteration until it gains nothing."""
    for _ in range(60):
        at = Interval(x.mid, x.mid)
        try:
            parts = _newton(x, at, f.value((at,)), _slope(f, x))
        except UncertifiedError:
            return x
        if len(parts) != 1 or not parts[0].width < x.width:
            return x
        x = parts[0]
    return x


def _inflated(f: Mapping, x: Interval, whole: Interval) -> Interval | None:
    """A box around x, within the domain, on which Newton's operator proves exactly one zero; None where it does not."""
    for _ in range(8):
        spread = _INFLATION * x.width + _TINY * max(x.mag, 1e-300)
        wide = x + Interval(-spread, spread)
        if not whole.lo <= wide.lo or not wide.hi <= whole.hi:
            return None  # at the edge of the domain: a zero outside must not be counted
        at = Interval(x.mid, x.mid)
        try:
            image = at - f.value((at,)) / _slope(f, wide)
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
    zero = Interval(0.0, 0.0)
    return zero in (left, right) or (left.hi < 0 < right.lo) or (right.hi < 0 < left.lo)


def _halve(stack: list[Interval], x: Interval, tol: float, found: list[Root] | None) -> None:
    small = x.width <= tol * max(1.0, x.mag) or not x.lo < x.mid < x.hi
    if small and found is None:
        raise UncertifiedError(f"f is not certainly defined on {x}; take a smaller interval")
    if small and found is not None:
        found.append(Root(x, "undecided"))
    else:
        left, right = x.split()
        stack += [right, left]


def _merged(found: list[Root], f: Callable[[Any], Any]) -> tuple[Root, ...]:
    """Undecided neighbours as one box, with a bound for the number of zeros; a unique zero inside one is part of it."""
    out: list[Root] = []
    for root in sorted(found, key=lambda r: (r.box.lo, r.box.hi)):
        if out and out[-1].box.meets(root.box):
            last = out[-1]
            hull = last.box | root.box
            if last.proved == root.proved == "unique" and _monotone(f, hull):
                out[-1] = Root(hull, "unique", 1)
            else:
                out[-1] = Root(hull, "undecided")
        else:
            out.append(root)
    return tuple(r if r.proved == "unique" else Root(r.box, r.proved, _bound(f, r.box)) for r in out)


def _monotone(f: Callable[[Any], Any], x: Interval) -> bool:
    slope = coefficients(f, x, 1)[1]
    return not slope.lo <= 0 <= slope.hi


def _bound(f: Callable[[Any], Any], x: Interval) -> int | None:
    """The least k with f^(k) ≠ 0 on x: by Rolle's theorem f has at most k zeros there."""
    try:
        found = coefficients(f, x, _MULTIPLE)
    except UncertifiedError:
        return None
    return next((k for k, c in enumerate(found) if not c.lo <= 0 <= c.hi), None)


# ---------------------------------------------------------------------- systems
def solve_system(F: Callable[..., Any], where: Sequence[Any], *, tol: float = 1e-12, boxes: int = 20_000) -> Roots:
    """All zeros of n equations in n unknowns in a box. Rigorous.

    Parameters
    ----------
    F : function of a vector of length n, or of n numbers, that returns n components
    where : sequence of n intervals or pairs
    tol : float > 0
        Boxes narrower than this (relative) in which uniqueness is not proved are reported as undecided.
    boxes : int
        How many boxes may be looked at; what is left then is in ``unsearched``.

    Returns :class:`Roots` whose boxes are tuples of intervals. Raises UncertifiedError where F is not certainly
    defined, MixedRingError where it does not return n components. Cost of a box: n + 2 runs of order 1.

    >>> from taylorad import validated as v
    >>> found = v.solve_system(lambda x, y: [x * x + y * y - 4, x - y], [(-3, 3), (-3, 3)])
    >>> len(found), found.all_unique
    (2, True)
    """
    start, _ = domain(where)
    f = Mapping(F, len(start), False)
    stack, found, evaluated = [start], _Found(f, start, tol), 0
    while stack:
        if evaluated >= boxes:
            return Roots(found.roots(), tuple(stack))
        evaluated += 1
        box = stack.pop()
        if found.knows(box):
            continue
        try:
            values = [Interval.enclosing(c) for c in f.outputs(box)]
            if len(values) != len(start):
                raise MixedRingError(f"{len(start)} unknowns need as many equations, got {len(values)}")
            if not all(value.lo <= 0 <= value.hi for value in values):
                continue
            image, inside = _krawczyk(f, box)
        except UncertifiedError as error:
            if all(_narrow(x, tol) for x in box):
                raise UncertifiedError(f"F is not certainly defined on {box}: {error}") from error
            stack += _halves(box)
            continue
        if image is None:
            continue
        region = box if inside else _certified(f, image, start)
        if region is not None and _inside(image, region):
            found.add(_contracted(f, image if inside else region), region)
        elif all(_narrow(x, tol) for x in image):
            found.undecided.append(image)
        elif sum(x.width for x in image) < 0.5 * sum(x.width for x in box):
            stack.append(image)
        else:
            stack += _halves(image)
    return Roots(found.roots())


@final
class _Found:
    """Zeros of a system: ``unique`` ones, each with a box around it that holds no other, and ``undecided`` boxes."""

    def __init__(self, f: Mapping, whole: Box, tol: float) -> None:
        self.f, self.whole = f, whole
        self.reach = tol**0.5  # a double zero can be told from no zero so far away
        self.unique: list[tuple[Box, Box]] = []
        self.undecided: list[Box] = []

    def knows(self, box: Box) -> bool:
        """Whether the box holds no zero but a known one."""
        return any(_inside(box, region) for _, region in self.unique)

    def add(self, box: Box, region: Box) -> None:
        """A box with one zero, the only one in the region around it; it may be a known one."""
        for i, (known, wide) in enumerate(self.unique):
            if _meet(known, box):
                hull = tuple(a | b for a, b in zip(known, box, strict=True))
                if _inside(box, wide) or _inside(known, region) or _certified(self.f, hull, self.whole) is not None:
                    self.unique[i] = tuple(a & b for a, b in zip(known, box, strict=True)), wide
                else:
                    self.undecided.append(box)
                return
        self.unique.append((box, region))

    def roots(self) -> tuple[Root, ...]:
        """All of them; undecided boxes that are close are one, and those inside the region of a known zero are none."""
        out = [Root(box, "unique", 1) for box, _ in self.unique]
        rest = [box for box in self.undecided if not self.knows(box)]
        while rest:
            box, changed = rest.pop(), True
            while changed:
                near = [other for other in rest if _close(other, box, self.reach)]
                changed = bool(near)
                for other in near:
                    rest.remove(other)
                    box = tuple(a | b for a, b in zip(box, other, strict=True))
            out.append(Root(box, "undecided"))
        return tuple(out)


def _krawczyk(f: Mapping, box: Box) -> tuple[Box | None, bool]:
    """K(box) ∩ box (None where it is empty), and whether K(box) lies in the interior of the box."""
    n, at = len(box), middle(box)
    jacobian = f.jacobian(box)
    centre = np.array([[e.mid for e in row] for row in jacobian])
    try:
        inverse = np.linalg.inv(centre)
    except np.linalg.LinAlgError:
        inverse = np.eye(n)
    if not np.all(np.isfinite(inverse)):
        inverse = np.eye(n)
    values = [Interval.enclosing(c) for c in f.outputs(at)]
    image: list[Interval] = []
    for i in range(n):
        row = at[i]
        for j in range(n):
            row = row - values[j] * float(inverse[i, j])
        for k in range(n):
            slope = Interval(float(i == k), float(i == k))
            for j in range(n):
                slope = slope - jacobian[j][k] * float(inverse[i, j])
            row = row + slope * (box[k] - at[k])
        image.append(row)
    if not all(a.meets(b) for a, b in zip(image, box, strict=True)):
        return None, False
    inside = all(b.interior(a) for a, b in zip(image, box, strict=True))
    return tuple(a & b for a, b in zip(image, box, strict=True)), inside


def _certified(f: Mapping, box: Box, whole: Box) -> Box | None:
    """A box around this one, within the domain, that holds exactly one zero; None where that is not proved."""
    for _ in range(3):
        wide: list[Interval] = []
        for x in box:
            spread = _INFLATION * x.width + _TINY * max(x.mag, 1e-300)
            wide.append(x + Interval(-spread, spread))
        if not _inside(tuple(wide), whole):
            return None
        image, inside = _krawczyk(f, tuple(wide))
        if image is None:
            return None
        if inside:
            return tuple(wide)
        box = image
    return None


def _contracted(f: Mapping, box: Box) -> Box:
    """Krawczyk's operator until it gains nothing."""
    for _ in range(30):
        image, _ = _krawczyk(f, box)
        if image is None or not sum(x.width for x in image) < 0.9 * sum(x.width for x in box):
            return box
        box = image
    return box


def _inside(a: Box, b: Box) -> bool:
    return all(x in y for x, y in zip(a, b, strict=True))


def _meet(a: Box, b: Box) -> bool:
    return all(x.meets(y) for x, y in zip(a, b, strict=True))


def _close(a: Box, b: Box, reach: float) -> bool:
    return all(max(x.lo - y.hi, y.lo - x.hi) <= reach * max(1.0, x.mag) for x, y in zip(a, b, strict=True))


def _narrow(x: Interval, tol: float) -> bool:
    return x.width <= tol * max(1.0, x.mag) or not x.lo < x.mid < x.hi


def _halves(box: Box) -> list[Box]:
    side = max(range(len(box)), key=lambda i: box[i].width)
    return [(*box[:side], half, *box[side + 1 :]) for half in box[side].split()]
