"""What of a problem is to vary, and what is then known about its solution.

>>> import numpy as np, taylorad as ta
>>> p = ta.compile_ode(lambda t, y, g: [y[1], -g * np.sin(y[0])], dim=2)
>>> s = p.solve((0, 2), [0.5, 0.0], (9.8,), sensitivity=ta.Sensitivity(args=True, order=2))
>>> s.dy_dy0(2.0).shape, s.dy_dargs(2.0).shape
((2, 2), (2, 1))
>>> bool(abs(s.flow_map(2.0)([1e-3, 0.0], [0.0])[0] - p.propagate(0, 2, [0.501, 0.0], (9.8,))[0]) < 1e-8)
True
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError, OrderError
from taylorad.ode.dense import DenseSolution
from taylorad.ode.flowmap import FlowMap
from taylorad.ode.transport import Transport

__all__ = ["Sensitivity", "Variations"]


@final
@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The derivatives of a solution that are wanted, up to ``order``, by initial values and by arguments.

    Parameters
    ----------
    y0 : bool, or numbers of components
    args : bool, or names of arguments
        an argument with a shape counts as all of its numbers.
    order : int ≥ 1
    control : bool
        whether the derivatives decide the lengths of steps, too. By default only the solution does, and where its
        neighbours change much faster than itself, derivatives are less accurate than it.

    Raises DomainError for names and numbers that are none and where nothing varies, OrderError for other orders.
    """

    y0: bool | Sequence[int] = True
    args: bool | Sequence[str] = False
    order: int = 1
    control: bool = False

    def __post_init__(self) -> None:
        if int(self.order) != self.order or self.order < 1:
            raise OrderError(f"sensitivities of order {self.order!r}; an order is an integer, at least 1")

    def variables(
        self, dim: int, names: Sequence[str], shapes: Sequence[tuple[int, ...]]
    ) -> tuple[list[int], list[int]]:
        """The numbers of the components of y0, and those among all numbers of the arguments, that vary."""
        given: Sequence[Any] = range(dim) if self.y0 is True else self.y0 or ()
        bad = [i for i in given if not isinstance(i, (int, np.integer)) or not 0 <= i < dim]
        components = [] if bad else [int(i) for i in given]
        chosen = names if self.args is True else (self.args,) if isinstance(self.args, str) else self.args or ()
        wanted = list(chosen)
        unknown = [name for name in wanted if name not in names]
        if bad or unknown:
            what = f"component {bad[0]!r}" if bad else f"argument {unknown[0]!r}"
            raise DomainError(f"there is no {what} among {dim if bad else ', '.join(names) or 'none'}")
        begins = [0, *itertools.accumulate(math.prod(shape) for shape in shapes)]
        places = {name: range(a, b) for name, (a, b) in zip(names, itertools.pairwise(begins), strict=True)}
        numbers = [j for name in wanted for j in places[name]]
        if not components and not numbers:
            raise DomainError("nothing varies: give components of y0 or arguments")
        if len(set(components)) < len(components) or len(set(numbers)) < len(numbers):
            raise DomainError("a component or an argument is named twice")
        return components, numbers


@final
class Variations:
    """How a solution depends on what it began with, at every time that it reached. Not rigorous."""

    def __init__(self, transport: Transport, dense: DenseSolution, end: float) -> None:
        self.transport, self._dense, self._end = transport, dense, end

    def coefficients(self, t: Any) -> np.ndarray:
        """(dim, M, *shape of t): of all monomials. DomainError outside of the solution."""
        times = np.asarray(t, float)
        low, high = sorted((self._dense.ts[0], self._end))
        if np.any(~((times >= low) & (times <= high))):
            raise DomainError(f"t = {t} is outside of the solution, which goes from {self._dense.ts[0]} to {self._end}")
        states = np.moveaxis(self._dense(times), 0, -1)
        return np.moveaxis(self.transport.coefficients(states), (-2, -1), (0, 1))

    def first(self, t: Any) -> np.ndarray:
        """First derivatives by all variables, (dim, n, *shape of t), the variables in their order."""
        return self.coefficients(t)[:, self.transport.units]

    def by_start(self, t: Any) -> np.ndarray:
        """(dim, *shape of t): by the time t0 at which the state is y0. DomainError unless all of y0 varies.

        A solution from (t0 + dt, y0) was at y0 − f·dt at t0, so this is −∂y/∂y0·f(t0, y0).
        """
        where = self.transport
        if where.components != tuple(range(where.dim)):
            raise DomainError("derivatives by the initial time need those by all components: Sensitivity(y0=True)")
        f = self._dense.derivative(self._dense.ts[0])[: where.dim]
        return -np.tensordot(np.moveaxis(self.first(t)[:, : where.dim], 1, -1), f, 1)

    def event(self, g: Any, t: float, shapes: Sequence[tuple[int, ...]], args: np.ndarray) -> tuple[Any, Any]:
        """Of the event g = 0 at ``t``: the derivatives of its time, (n,), and of the state at it, (dim, n)."""
        from taylorad.ode.saltation import Surface

        where = self.transport
        surface = Surface(g, None, where.dim, shapes, args, len(where.components), where.arguments)
        f = self._dense.derivative(t)[: where.dim]
        phi = self.first(t)
        dtau = surface.time(t, self.coefficients(t)[:, 0], f, phi)
        return dtau, phi + np.outer(f, dtau)

    def flow_map(self, t: float) -> FlowMap:
        """The solution at one time as a polynomial."""
        where = self.transport
        return FlowMap(self.coefficients(float(t)), where.monomials, where.components, where.arguments)
