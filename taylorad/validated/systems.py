"""All zeros of a system of equations in a box, each with what was proved. Rigorous.

Krawczyk's operator: a box that it maps into its own interior holds exactly one zero, one that it moves off itself holds
none; everything else is halved. (Moore, Kearfott & Cloud, *Introduction to Interval Analysis*, SIAM 2009, ch. 8; Rump,
"Verification methods: Rigorous results using floating-point arithmetic", Acta Numerica 2010, for ε-inflation.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np

from taylorad.errors import MixedRingError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.validated.mapping import Box, Mapping, domain, middle
from taylorad.validated.zeros import INFLATION, TINY, Root, Roots

__all__ = ["solve_system"]


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
            spread = INFLATION * x.width + TINY * max(x.mag, 1e-300)
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
