"""Lower bounds of functions that are certainly convex: a tangent plane near the minimum. Rigorous."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from taylorad.rings.intervals import Interval
from taylorad.validated.mapping import Box

__all__ = ["Smooth", "definite", "tangent_bound"]

_NEWTON = 4  # steps towards the minimum, in floats: they decide how tight the bound is, not whether it holds


class Smooth(Protocol):
    """A function with enclosures of its values, gradients and Hessians over boxes."""

    def value(self, box: Box) -> Interval: ...
    def gradient(self, box: Box) -> list[Interval]: ...
    def hessian(self, box: Box) -> list[list[Interval]]: ...


def tangent_bound(f: Smooth, box: Box) -> tuple[float, Box]:
    """The least value of a tangent plane of f over a box, and the point where it touches; −∞ where f may not be convex.

    A function whose Hessian is positive definite in the directions in which the box is wide lies above its tangent
    planes. At the minimum the plane is flat, or rises into the box, so that nothing but rounding is lost.
    """
    moving = [i for i, x in enumerate(box) if not x.thin]
    at = _middle(box)
    full = f.hessian(box)
    hessian = [[full[i][j] for j in moving] for i in moving]
    if not moving or not definite(hessian):
        return -math.inf, at
    curvature = np.array([[h.mid for h in row] for row in hessian])
    low, high = np.array([box[i].lo for i in moving]), np.array([box[i].hi for i in moving])
    for _ in range(_NEWTON):
        x = np.array([at[i].lo for i in moving])
        slopes = f.gradient(at)
        slope = np.array([slopes[i].mid for i in moving])
        free = ~(((x <= low) & (slope > 0)) | ((x >= high) & (slope < 0)))
        if not free.any():
            break
        step = np.zeros(len(x))
        try:
            step[free] = np.linalg.solve(curvature[np.ix_(free, free)], slope[free])
        except np.linalg.LinAlgError:
            break
        if not np.all(np.isfinite(step)):
            break
        moved = dict(zip(moving, np.minimum(np.maximum(x - step, low), high).tolist(), strict=True))
        at = tuple(Interval(moved[i], moved[i]) if i in moved else x for i, x in enumerate(at))
    plane, slopes = f.value(at), f.gradient(at)
    for i in moving:
        plane = plane + Interval((slopes[i] * (box[i] - at[i])).lo, math.inf)
    return plane.lo, at


def _middle(box: Box) -> Box:
    return tuple(Interval(x.mid, x.mid) for x in box)


def definite(matrix: list[list[Interval]]) -> bool:
    """Whether every symmetric matrix in an interval matrix is positive definite. Rigorous.

    By Gershgorin's discs of VᵀHV, V approximate eigenvectors of the middle: if that is positive definite, so is H.
    """
    n = len(matrix)
    if n == 1:
        return matrix[0][0].lo > 0
    middle = np.array([[h.mid for h in row] for row in matrix])
    if not np.max(np.abs(middle)) < 1e300:  # huge or no number
        return False
    v = np.linalg.eigh((middle + middle.T) / 2)[1]
    zero, indices = Interval(0.0, 0.0), range(n)
    half = [[sum((matrix[i][k] * float(v[k, j]) for k in indices), zero) for j in indices] for i in indices]
    turned = [[sum((half[k][j] * float(v[k, i]) for k in indices), zero) for j in indices] for i in indices]
    return all((turned[i][i] - sum((abs(turned[i][j]) for j in indices if j != i), zero)).lo > 0 for i in indices)
