"""A user's function as a mapping of boxes: enclosures of its values, gradients and Hessians. Rigorous."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylorad.errors import DomainError, MixedRingError
from taylorad.rings.intervals import Interval
from taylorad.taylor.construct import variable
from taylorad.taylor.series import Taylor
from taylorad.validated.literals import box as boxed
from taylorad.validated.literals import interval

__all__ = ["Box", "Mapping", "domain", "middle"]

Box = tuple[Interval, ...]


def domain(where: Any) -> tuple[Box, bool]:
    """What a user gives as a domain, as a box, and whether it is of one variable alone.

    An interval, a pair (lo, hi) of numbers or text is one variable; a sequence of intervals or pairs several. Raises
    DomainError for an unbounded one.
    """
    single = isinstance(where, (Interval, str)) or (
        isinstance(where, (tuple, list)) and len(where) == 2 and not any(_many(part) for part in where)
    )
    found = (interval(where),) if single else tuple(boxed(where))  # pyright: ignore[reportArgumentType]
    if not all(x.finite for x in found):
        raise DomainError(f"the domain {where!r} is unbounded; give finite ends")
    return found, single


def _many(part: Any) -> bool:
    return isinstance(part, (tuple, list, np.ndarray, Interval))


def middle(box: Box) -> Box:
    """A float point in a box."""
    return tuple(Interval(x.mid, x.mid) for x in box)


class Mapping:
    """f from boxes to boxes. ``f(x)`` takes a number (one variable) or a vector, or as many numbers as there are.

    ``outputs`` is None for a function that returns one number.
    """

    def __init__(self, f: Callable[..., Any], variables: int, single: bool) -> None:
        self.f, self.variables, self.single = f, variables, single
        self._apart = not single and variables > 1 and _arguments(f) == variables

    def __call__(self, args: Sequence[Any]) -> Any:
        """f at intervals or series."""
        if self.single:
            return self.f(args[0])
        if self._apart:
            return self.f(*args)
        vector = np.empty(len(args), object)
        vector[:] = args
        return self.f(vector)

    def outputs(self, args: Sequence[Any]) -> list[Any]:
        """f as a list of components."""
        found = self(args)
        return [found] if isinstance(found, (Taylor, Interval)) or np.ndim(found) == 0 else list(found)

    def _scalar(self, args: Sequence[Any]) -> Any:
        found = self(args)
        if not isinstance(found, (Taylor, Interval)) and np.ndim(found):
            raise MixedRingError(f"a function that returns one number is needed; it returned {np.shape(found)}")
        return found.item() if isinstance(found, np.ndarray) else found

    def value(self, box: Box) -> Interval:
        return Interval.enclosing(self._scalar(box))

    def _along(self, box: Box, direction: Sequence[int] | np.ndarray, order: int) -> Taylor:
        """The series of f at a box along a direction of 0s and 1s."""
        moved = [variable(x, order) if d else x for x, d in zip(box, direction, strict=True)]
        found = self._scalar(moved)
        return found if isinstance(found, Taylor) else Taylor([Interval.enclosing(found)], exact=True)

    def gradient(self, box: Box) -> list[Interval]:
        """∂f/∂x_i over the box. n runs of order 1."""
        unit = np.eye(self.variables, dtype=int)
        return [Interval.enclosing(self._along(box, row, 1)[1]) for row in unit]

    def hessian(self, box: Box) -> list[list[Interval]]:
        """∂²f/∂x_i∂x_j over the box, from second coefficients along e_i and e_i + e_j. n(n+1)/2 runs of order 2."""
        n, unit = self.variables, np.eye(self.variables, dtype=int)
        out = [[Interval(0.0, 0.0)] * n for _ in range(n)]
        second = [Interval.enclosing(self._along(box, row, 2)[2]) for row in unit]
        for i in range(n):
            out[i][i] = second[i] * 2
            for j in range(i):
                both = Interval.enclosing(self._along(box, unit[i] + unit[j], 2)[2])
                out[i][j] = out[j][i] = both - second[i] - second[j]
        return out

    def jacobian(self, box: Box) -> list[list[Interval]]:
        """∂f_i/∂x_j over the box. n runs of order 1."""
        columns: list[list[Interval]] = []
        for j in range(self.variables):
            moved = [variable(x, 1) if i == j else x for i, x in enumerate(box)]
            columns.append([Interval.enclosing(c[1] if isinstance(c, Taylor) else 0) for c in self.outputs(moved)])
        return [list(row) for row in zip(*columns, strict=True)]


def _arguments(f: Callable[..., Any]) -> int:
    """How many arguments f has to be given; 1 where it does not say."""
    try:
        found = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return 1
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in found)
