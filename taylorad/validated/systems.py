"""All zeros of a system of equations in a box, each with what was proved. Rigorous.

Krawczyk's operator: a box that it maps into its own interior holds exactly one zero, one that it moves off itself holds
none; everything else is halved. (Moore, Kearfott & Cloud, *Introduction to Interval Analysis*, SIAM 2009, ch. 8; Rump,
"Verification methods: Rigorous results using floating-point arithmetic", Acta Numerica 2010, for ε-inflation.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError, MixedRingError, SingularExpansionError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.validated.mapping import Box, Mapping, domain, middle
from taylorad.validated.zeros import INFLATION, TINY, Root, Roots

__all__ = ["solve_system"]

_PATIENCE = 200  # boxes narrower than the root of the tolerance that are halved


def solve_system(F: Callable[..., Any], where: Sequence[Any], *, tol: float = 1e-12, boxes: int = 20_000) -> Roots:
    """All zeros of n equations in n unknowns in a box. Rigorous.

    Parameters
    ----------
    F : function of a vector of length n, or of n numbers, that returns n components
    where : sequence of n intervals or pairs
    tol : float > 0
        Boxes narrower than this (relative) in which uniqueness is not proved are reported as undecided.
    boxes : int
        How many boxes may be looked at; what is left then, or at Ctrl-C, is in ``unsearched``.

    Returns :class:`Roots` whose boxes are tuples of intervals. A zero on the edge of the domain, which may lie a
    rounding error outside, is proved as "edge" where F goes on there: exactly one zero, and a simple one. Near singular
    zeros the search gives up early, and boxes that are close are one that is undecided. Raises UncertifiedError where F
    is not certainly defined, MixedRingError where it does not return n components. A box costs n + 2 runs of order 1.

    >>> from taylorad import validated as v
    >>> found = v.solve_system(lambda x, y: [x * x + y * y - 4, x - y], [(-3, 3), (-3, 3)])
    >>> len(found), found.all_unique
    (2, True)
    """
    start, _ = domain(where)
    if not tol > 0:
        raise DomainError(f"the tolerance must be positive, got {tol}")
    f = Mapping(F, len(start), False)
    stack, found, evaluated = [start], _Found(f, start, tol), 0
    while stack and evaluated < boxes:
        evaluated += 1
        box = stack.pop()
        try:
            stack += found.visit(box)
        except KeyboardInterrupt:  # what was found stays
            stack.append(box)
            break
    return Roots(found.roots(), tuple(stack))


@final
class _Found:
    """Zeros of a system: ``unique`` ones, each with a box around it that holds no other, and ``undecided`` boxes."""

    def __init__(self, f: Mapping, whole: Box, tol: float) -> None:
        self.f, self.whole, self.tol = f, whole, tol
        self.reach = tol**0.5  # a double zero can be told from no zero so far away
        self.patience = _PATIENCE
        self.unique: list[tuple[Box, Box]] = []
        self.undecided: list[Box] = []
        self.everywhere: list[Box] = []

    def visit(self, box: Box) -> list[Box]:
        """Look at a box; returns the parts that must still be looked at."""
        if self.knows(box):
            return []
        small = all(_narrow(x, self.tol) for x in box)
        try:
            values = [Interval.enclosing(c) for c in self.f.outputs(box)]
        except (UncertifiedError, SingularExpansionError) as error:
            if small:
                raise UncertifiedError(f"F is not certainly defined on {box} ({error}); take a smaller box") from error
            return _halves(box)
        if len(values) != len(box):
            raise MixedRingError(f"{len(box)} unknowns need as many equations, got {len(values)}")
        if not all(value.lo <= 0 <= value.hi for value in values):
            return []
        if all(value.lo == 0 == value.hi for value in values) and not all(x.thin for x in box):
            self.everywhere.append(box)
            return []
        try:
            image, inside = _krawczyk(self.f, box)
        except (UncertifiedError, SingularExpansionError):  # a kink, or the edge of a domain
            return self.undecide(box) if small else _halves(box)
        if image is None:
            return []
        region = box if inside else _certified(self.f, image)
        if region is not None and _inside(image, region):
            zero = _contracted(self.f, image if inside else region)
            if _meet(zero, self.whole):
                self.add(zero, region)
            return []
        if all(_narrow(x, self.tol) for x in image):
            return self.undecide(image)
        if all(_narrow(x, self.reach * 8.0 ** (max(0, -self.patience) // _PATIENCE)) for x in image):
            self.patience -= 1
            if self.patience < 0:
                return self.undecide(image)
        return [image] if sum(x.width for x in image) < 0.5 * sum(x.width for x in box) else _halves(image)

    def undecide(self, box: Box) -> list[Box]:
        """Take note of a box of which nothing is known, as one with a box that is close."""
        for i, other in enumerate(self.undecided):
            if _close(other, box, self.reach):
                self.undecided[i] = tuple(a | b for a, b in zip(other, box, strict=True))
                return []
        self.undecided.append(box)
        return []

    def knows(self, box: Box) -> bool:
        """Whether the box holds no zero but a known one, or is part of one given up."""
        given_up = self.undecided if self.patience < 0 else []
        return any(_inside(box, region) for region in (*(region for _, region in self.unique), *given_up))

    def add(self, box: Box, region: Box) -> None:
        """A box with one zero, the only one in the region around it; it may be a known one."""
        for i, (known, wide) in enumerate(self.unique):
            if _meet(known, box):
                hull = tuple(a | b for a, b in zip(known, box, strict=True))
                if _inside(box, wide) or _inside(known, region) or _certified(self.f, hull) is not None:
                    self.unique[i] = tuple(a & b for a, b in zip(known, box, strict=True)), wide
                else:
                    self.undecided.append(box)
                return
        self.unique.append((box, region))

    def roots(self) -> tuple[Root, ...]:
        """All of them; undecided boxes that are close are one, and those inside the region of a known zero are none."""
        out = [Root(box, "unique" if _inside(box, self.whole) else "edge", 1, 1) for box, _ in self.unique]
        out += [Root(box, "everywhere") for box in self.everywhere]
        regions = [region for _, region in self.unique]
        rest = [box for box in self.undecided if not any(_inside(box, region) for region in regions)]
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


def _certified(f: Mapping, box: Box) -> Box | None:
    """A box around this one that holds exactly one zero; None where that is not proved."""
    for _ in range(3):
        wide: list[Interval] = []
        for x in box:
            spread = INFLATION * x.width + TINY * max(x.mag, 1e-300)
            wide.append(x + Interval(-spread, spread))
        try:
            image, inside = _krawczyk(f, tuple(wide))
        except (UncertifiedError, SingularExpansionError):  # F may end at the edge of the domain
            return None
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
