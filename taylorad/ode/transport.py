"""A system together with its solution's Taylor polynomial in initial values and arguments: jet transport.

Every component x_i becomes x_i + Σ x_{i,m}·ε^m, and each coefficient is a component of a larger system, whose
right-hand sides are the coefficients of f's polynomial. The components of the plain system stand first and alone decide
the steps. For degree 1 these are the variational equations. (Jet transport: Pérez-Palau, Masdemont and Gómez, Celestial
Mechanics and Dynamical Astronomy 123, 2015.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from taylorad.errors import OrderError
from taylorad.ode.arrays import ArraySystem
from taylorad.ode.system import System
from taylorad.rings.graded_monomials import Monomials
from taylorad.run.homogeneous import Part, expand
from taylorad.series.node import Leaf, Node, as_node
from taylorad.series.reroll import reroll
from taylorad.series.schedule import schedule
from taylorad.series.substitute import substitute
from taylorad.trace.cells import row

__all__ = ["Transport"]

_WIDEST = 4  # the plain components fill whole vectors of so many
_MANY = 2500  # nodes of a graph taken apart from which vectors are looked for
_MOST = 200_000  # components of a larger system


@final
@dataclass(frozen=True, slots=True)
class Transport:
    """``system`` is the larger system; ``monomials`` are those of the variables: some of y0, then some arguments.

    ``components`` and ``arguments`` are the numbers of those. Its state holds the ``dim`` plain components, spare ones,
    and then for each component the coefficients of all monomials but the constant.
    """

    system: System | ArraySystem
    monomials: Monomials
    dim: int
    components: tuple[int, ...]
    arguments: tuple[int, ...]

    @staticmethod
    def of(
        rhs: Sequence[Node], n_args: int, components: Sequence[int], arguments: Sequence[int], order: int
    ) -> Transport:
        """For right-hand sides over :func:`~taylorad.ode.system.placeholders`.

        Raises OrderError where the larger system is too large, DomainError for branches. Cost: some µs for each product
        of coefficients.
        """
        dim, count = len(rhs), len(components) + len(arguments)
        monomials = Monomials.of((order,) * count, (0,) * count, (order,))
        first, more = -(-dim // _WIDEST) * _WIDEST, monomials.size - 1
        size = first + dim * more
        if size > _MOST:
            raise OrderError(
                f"{dim} components with {count} variables to order {order} make a system of {size} equations; "
                "lower the order, or name fewer variables"
            )
        leaves = {i: _parts(Leaf.of(i), first + i * more - 1, monomials) for i in range(dim)}
        others: dict[int, Node] = {dim: Leaf.of(size, 1)}
        for j in range(n_args):
            leaf = Leaf.of(size + 1 + j, 0)
            if j in arguments:
                place = monomials.offsets[1] + _unit(monomials, len(components) + list(arguments).index(j))
                leaves[dim + 1 + j] = [{0: leaf}, {place: as_node(1)}]
            else:
                others[dim + 1 + j] = leaf
        found = expand(rhs, leaves, others, monomials)
        zero = as_node(0)
        degrees = monomials.exponents.sum(axis=1).tolist()
        full = [parts[0].get(0, zero) for parts in found]
        full += full[-1:] * (first - dim)
        full += [parts[degrees[m]].get(m, zero) for parts in found for m in range(1, more + 1)]
        return Transport(_system(full, n_args, first), monomials, dim, tuple(components), tuple(arguments))

    def start(self, y0: np.ndarray) -> np.ndarray:
        """The larger state at the beginning: each variable of y0 is itself."""
        more = self.monomials.size - 1
        first = self.system.controlled
        y = np.concatenate([y0, np.repeat(y0[-1:], first - self.dim), np.zeros(self.dim * more)])
        for v, i in enumerate(self.components):
            y[first + i * more + self.monomials.offsets[1] + _unit(self.monomials, v) - 1] = 1.0
        return y

    def coefficients(self, states: np.ndarray) -> np.ndarray:
        """Of larger states (…, n): the coefficients of all monomials, (…, dim, M)."""
        rest = states[..., self.system.controlled :].reshape(*states.shape[:-1], self.dim, -1)
        return np.concatenate([states[..., : self.dim, None], rest], axis=-1)


def _parts(node: Node, before: int, monomials: Monomials) -> list[Part]:
    parts: list[Part] = [{0: node}]
    for k in range(1, monomials.order + 1):
        block = monomials.block(k)
        parts.append({m: Leaf.of(before + m) for m in range(block.start, block.stop)})
    return parts


def _unit(monomials: Monomials, v: int) -> int:
    """The place of variable v among the monomials of degree 1."""
    return int(np.flatnonzero(monomials.exponents[monomials.block(1), v])[0])


def _system(rhs: Sequence[Node], n_args: int, controlled: int) -> System | ArraySystem:
    """In scalars, or as vectors where there are many and they have enough in common."""
    n = len(rhs)
    if len(schedule(rhs).first) > _MANY:
        state = Leaf.of(0, size=n)
        leaves: dict[int, Node] = {i: row(state, i) for i in range(n)}
        leaves[n] = Leaf.of(1, 1)
        leaves |= {n + 1 + j: Leaf.of(2 + j, 0) for j in range(n_args)}
        whole = reroll(substitute(rhs, leaves))
        if whole is not None:
            return ArraySystem.of(whole, n, ((),) * n_args, controlled)
    return System.of(rhs, n_args, controlled)
