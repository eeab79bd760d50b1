"""A user's function as a mapping of boxes: enclosures of its values, gradients and Hessians. Rigorous."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from math import comb
from typing import Any

import numpy as np

from taylorad.errors import DomainError, MixedRingError, SingularExpansionError, TayloradError, UncertifiedError
from taylorad.multivariate.construct import variables
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.rings.interval_ring import from_ball, to_ball
from taylorad.rings.intervals import Interval, dot
from taylorad.taylor.construct import variable
from taylorad.taylor.series import Taylor
from taylorad.validated.literals import box as boxed
from taylorad.validated.literals import interval

__all__ = ["Box", "Mapping", "domain", "middle"]

Box = tuple[Interval, ...]

_TERMS = 7  # of Taylor polynomials where first or second order leave a sign undecided
_POINT_BITS = 80


def domain(where: Any) -> tuple[Box, bool]:
    """What a user gives as a domain, as a box, and whether it is of one variable alone.

    An interval, a pair (lo, hi) of numbers or text is one variable; a sequence of intervals or pairs several. Raises
    DomainError for an unbounded one.
    """
    single = isinstance(where, (Interval, str)) or (
        isinstance(where, (tuple, list)) and len(where) == 2 and not any(_many(part) for part in where)
    )
    found = (interval(where),) if single else tuple(boxed(where))  # pyright: ignore[reportArgumentType]
    if not found:
        raise DomainError("the domain has no variables; give an interval for each")
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
        least, most = _arguments(f)
        self._apart = not single and variables > 1 and (least == variables or (least == 0 and most == math.inf))
        if least > 1 and not self._apart:
            raise DomainError(
                f"f takes {least} numbers, and the domain has {variables}: give one interval for each, [(lo, hi), …]"
            )

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
        found: Any = self(args)
        if isinstance(found, (Taylor, MultivariateTaylor, Interval)) or np.ndim(found) == 0:
            return [found]
        return [c.item() if isinstance(c, np.ndarray) and c.size == 1 else c for c in found]

    def _scalar(self, args: Sequence[Any]) -> Any:
        found = self(args)
        if not isinstance(found, (Taylor, MultivariateTaylor, Interval)) and np.ndim(found):
            raise MixedRingError(f"a function that returns one number is needed; it returned {np.shape(found)}")
        return found.item() if isinstance(found, np.ndarray) else found

    def value(self, box: Box) -> Interval:
        """f over the box; at a point of the line by balls of 80 bits, if f takes them: what cancels costs no digits."""
        if self.variables == 1 and box[0].thin:  # as a series, which compares rigorously; naked balls do not
            from taylorad.rings.balls import precision

            try:
                with precision(_POINT_BITS):
                    found = self._expanded([to_ball(box[0])], 0)
                    return from_ball(found[0] if isinstance(found, Taylor) else found)
            except (TayloradError, AttributeError, TypeError):
                pass
        return Interval.enclosing(self._scalar(box))

    def _expanded(self, box: Sequence[Any], order: int) -> Any:
        """f at variables about the box: a polynomial in several variables, or a number where it depends on none."""
        return self._scalar([variable(box[0], order)] if self.variables == 1 else list(variables(list(box), order)))

    def _sharp(self, x: Interval, order: int) -> Interval:
        """f^(order)/order! over x, by a Taylor polynomial about the middle too where its sign is undecided.

        Lagrange: f_k(ξ) ∈ Σ_{k ≤ j < m} C(j, k)·f_j(c)·w^(j−k) + C(m, k)·F_m(X)·w^(m−k). So what cancels between the
        terms of f does no harm on small boxes.
        """
        found = _coefficient(self._expanded((x,), order), (order,))
        if x.thin or not found.lo < 0 < found.hi:
            return found
        middle = Interval(x.mid, x.mid)
        try:
            point, wide = self._expanded((middle,), _TERMS - 1), self._expanded((x,), _TERMS)
        except (UncertifiedError, SingularExpansionError):
            return found
        terms = [_coefficient(point, (j,)) for j in range(order, _TERMS)] + [_coefficient(wide, (_TERMS,))]
        step = x - middle
        weighted = [c * comb(j, order) for j, c in enumerate(terms, order)]
        return found & dot(weighted, [step**j for j in range(len(terms))])

    def gradient(self, box: Box) -> list[Interval]:
        """∂f/∂x_i over the box. One run of order 1; of one variable, two of order 7 where its sign is undecided."""
        if self.variables == 1:
            return [self._sharp(box[0], 1)]
        found = self._expanded(box, 1)
        unit = np.eye(self.variables, dtype=int).tolist()
        return [_coefficient(found, tuple(row)) for row in unit]

    def hessian(self, box: Box) -> list[list[Interval]]:
        """∂²f/∂x_i∂x_j over the box. One run of order 2; of one variable as for :meth:`gradient`."""
        if self.variables == 1:
            return [[self._sharp(box[0], 2) * 2]]
        found, n = self._expanded(box, 2), self.variables
        unit = np.eye(n, dtype=int)

        def entry(i: int, j: int) -> Interval:
            c = _coefficient(found, tuple((unit[i] + unit[j]).tolist()))
            return c * 2 if i == j else c

        return [[entry(i, j) for j in range(n)] for i in range(n)]

    def jacobian(self, box: Box) -> list[list[Interval]]:
        """∂f_i/∂x_j over the box. One run of order 1."""
        moved = [variable(box[0], 1)] if self.variables == 1 else list(variables(list(box), 1))
        unit = np.eye(self.variables, dtype=int).tolist()
        return [[_coefficient(c, tuple(row)) for row in unit] for c in self.outputs(moved)]


def _coefficient(found: Any, exponents: tuple[int, ...]) -> Interval:
    if isinstance(found, Taylor):
        return Interval.enclosing(found[exponents[0]])
    if isinstance(found, MultivariateTaylor):
        return Interval.enclosing(found[exponents])
    return Interval(0.0, 0.0)  # a constant


def _arguments(f: Callable[..., Any]) -> tuple[int, float]:
    """How many arguments f has to be given, and how many it may be; (1, 1) where it does not say."""
    try:
        found = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return 1, 1
    places = [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    least = sum(p.default is p.empty for p in places)
    return least, math.inf if any(p.kind is p.VAR_POSITIONAL for p in found) else len(places)
