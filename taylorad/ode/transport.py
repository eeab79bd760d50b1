"""A system together with its solution's Taylor polynomial in initial values and arguments: jet transport.

Every component x_i becomes x_i + Σ x_{i,m}·ε^m, and each coefficient is a component of a larger system, whose
right-hand sides are the coefficients of f's polynomial. The components of the plain system stand first and alone decide
the steps. For degree 1 these are the variational equations. (Jet transport: Pérez-Palau, Masdemont and Gómez, Celestial
Mechanics and Dynamical Astronomy 123, 2015.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from taylorad.errors import OrderError
from taylorad.ode.arrays import ArraySystem
from taylorad.ode.parts import PartsSystem
from taylorad.ode.system import System
from taylorad.rings.graded_monomials import Monomials
from taylorad.run.parts import expand_parts
from taylorad.series.elements import elements
from taylorad.series.matrix import Matrix
from taylorad.series.node import Leaf, Map, Node, Product, Quotient, State, as_node
from taylorad.series.reroll import reroll
from taylorad.series.schedule import schedule
from taylorad.series.substitute import substitute
from taylorad.trace.cells import row

__all__ = ["Transport"]

_WIDE = 4  # numbers in a vector: the plain components, and each part of each component, fill whole ones
_MOST = 200_000  # components of a larger system
_REGISTERS = 400  # vectors of products up to which parts are kept in registers: compilation grows faster than they do
_MANY = 2500  # nodes of a graph taken apart from which vectors are looked for


@final
@dataclass(frozen=True, slots=True)
class Transport:
    """``system`` is the larger system; ``monomials`` are those of the variables: some of y0, then some arguments.

    ``components`` and ``arguments`` are the numbers of those. ``places`` (dim, M) says where in a state of ``system``
    the coefficients of each component are; ``sources`` where each number of a state comes from, for spare ones.
    """

    system: System | ArraySystem | PartsSystem
    monomials: Monomials
    components: tuple[int, ...]
    arguments: tuple[int, ...]
    places: np.ndarray
    sources: np.ndarray

    @staticmethod
    def of(
        rhs: Sequence[Node],
        n_args: int,
        components: Sequence[int],
        arguments: Sequence[int],
        order: int,
        registers: int = _REGISTERS,
        control: bool = False,
    ) -> Transport:
        """For right-hand sides over :func:`~taylorad.ode.system.placeholders`; with ``control`` all decides the steps.

        Parts stay in ``registers`` vectors of products at the most, else they are taken apart. Raises OrderError where
        the larger system is too large, DomainError for branches, UnsupportedFunctionError for functions without a rule.
        """
        dim, count = len(rhs), len(components) + len(arguments)
        monomials = Monomials.of((order,) * count, (0,) * count, (order,))
        if dim * monomials.size > _MOST:
            raise OrderError(
                f"{dim} components with {count} variables to order {order} make a system of {dim * monomials.size} "
                "equations; lower the order, or name fewer variables"
            )
        parts = _expanded(rhs, n_args, list(arguments), len(components), monomials)
        products = {n for n in schedule(parts.roots).first if isinstance(n, (Product, Quotient))}
        small = sum(-(-n.size // _WIDE) for n in products) <= registers
        made = parts.whole() if small else parts.apart()
        system = replace(made[0], controlled=0, name=made[0].name + ":all") if control else made[0]
        return Transport(system, monomials, tuple(components), tuple(arguments), *made[1:])

    @property
    def dim(self) -> int:
        return len(self.places)

    @property
    def units(self) -> np.ndarray:
        """The places of the variables among all monomials."""
        return self.monomials.find(np.eye(self.monomials.count, dtype=int))

    def start(self, y0: np.ndarray, phi: np.ndarray | None = None) -> np.ndarray:
        """The larger state at a beginning, with first derivatives ``phi`` (dim, n); by default y0 varies as itself."""
        if phi is None:
            phi = np.zeros((self.dim, self.monomials.count))
            phi[list(self.components), np.arange(len(self.components))] = 1.0
        y = np.zeros(len(self.sources))
        y[self.places[:, 0]] = y0
        y[self.places[:, self.units]] = phi
        return y[self.sources]

    def coefficients(self, states: np.ndarray) -> np.ndarray:
        """Of larger states (…, n): the coefficients of all monomials, (…, dim, M)."""
        return states[..., self.places]


def _unit(monomials: Monomials, v: int) -> int:
    """The place of variable v among all monomials."""
    return int(monomials.find(np.eye(monomials.count, dtype=int)[v]))


def _expanded(
    rhs: Sequence[Node], n_args: int, arguments: list[int], first: int, monomials: Monomials
) -> _Expanded:
    dim, order = len(rhs), monomials.order
    sizes = [monomials.offsets[k + 1] - monomials.offsets[k] for k in range(1, order + 1)]
    spare = -dim % _WIDE
    begin = dim + 1
    time = begin + dim * order
    leaves: dict[int, list[Node | None]] = {
        i: [Leaf.of(i), *(Leaf.of(begin + i * order + k, size=m) for k, m in enumerate(sizes))] for i in range(dim)
    }
    others: dict[int, Node] = {dim: Leaf.of(time, 1)}
    for j in range(n_args):
        leaf = Leaf.of(time + 1 + j, 0)
        if j in arguments:
            place = _unit(monomials, first + arguments.index(j)) - monomials.offsets[1]
            leaves[dim + 1 + j] = [leaf, Map.of(Matrix(np.eye(sizes[0])[:, [place]]), as_node(1))]
        else:
            others[dim + 1 + j] = leaf
    found = expand_parts(rhs, leaves, others, monomials)
    return _Expanded(found, sizes, spare, n_args)


@final
@dataclass(frozen=True, slots=True)
class _Expanded:
    """Right-hand sides in parts, over leaves: plain components, the spare ones, parts, the time, arguments."""

    found: list[list[Node | None]]
    sizes: list[int]
    spare: int
    n_args: int

    @property
    def roots(self) -> list[Node]:
        return [node for parts in self.found for node in parts if node is not None]

    def whole(self) -> tuple[PartsSystem, np.ndarray, np.ndarray]:
        """As states of different sizes, each in whole vectors, and the places and sources of a :class:`Transport`."""
        dim, order = len(self.found), len(self.sizes)
        nodes = [parts[0] for parts in self.found] + [node for parts in self.found for node in parts[1:]]
        widths = [1] * dim + self.sizes * dim
        begins = [*range(dim), *(dim + self.spare + np.cumsum([0, *(m + -m % _WIDE for m in self.sizes * dim)])[:-1])]
        total = int(begins[-1]) + widths[-1] + -widths[-1] % _WIDE
        key = repr([None if n is None else n.digest for n in nodes]).encode()
        name = f"{hashlib.blake2b(key, digest_size=16).hexdigest()}:{self.n_args}:parts"
        states = [State.of(name, s, width) for s, width in enumerate(widths)]
        inputs: dict[int, Node] = {}
        for s, state in enumerate(states):
            inputs[s if s < dim else s + 1] = state
        time = 1 + len(states)
        inputs[time] = Leaf.of(len(states), 1)
        inputs |= {time + 1 + j: Leaf.of(len(states) + 1 + j, 0) for j in range(self.n_args)}
        bound = iter(substitute([n for n in nodes if n is not None], inputs))
        for s, (state, node) in enumerate(zip(states, nodes, strict=True)):
            state.bind(as_node(0) if node is None else next(bound), Leaf.of(s, 0, widths[s]))
        leaves = [(int(b), w) for b, w in zip(begins, widths, strict=True)]
        leaves += [(0, 1), *((j, 1) for j in range(self.n_args))]
        system = PartsSystem(tuple(states), tuple(leaves), total, self.n_args, name, dim + self.spare)
        places = [[i, *(begins[dim + i * order + k] + m for k, size in enumerate(self.sizes) for m in range(size))]
                  for i in range(dim)]  # fmt: skip
        sources = np.arange(total)
        for begin, width in [(0, dim), *zip(begins[dim:], widths[dim:], strict=True)]:
            sources[begin + width : begin + width + -width % _WIDE] = begin + width - 1
        return system, np.array(places), sources

    def apart(self) -> tuple[System | ArraySystem, np.ndarray, np.ndarray]:
        """In scalars, or as one vector where there are many and they have enough in common."""
        dim, more = len(self.found), sum(self.sizes)
        first = dim + self.spare
        known = [1] * dim + [self.spare] + self.sizes * dim + [1] * (1 + self.n_args)
        kept = self.roots
        scalars = elements(schedule(kept), known)
        ends = np.cumsum([0, *(n.size for n in kept)])
        each = iter(range(len(kept)))
        rows: list[list[Node]] = []
        for parts in self.found:
            rows.append([])
            for size, node in zip([1, *self.sizes], parts, strict=True):
                i = None if node is None else next(each)
                own: list[Node] = [] if i is None else scalars[ends[i] : ends[i + 1]]
                rows[-1] += own * (size if len(own) == 1 else 1) or [as_node(0)] * size
        plain: list[Any] = [r[0] for r in rows]
        full = [*plain, *plain[-1:] * self.spare, *(x for r in rows for x in r[1:])]
        places = np.concatenate([np.arange(dim)[:, None], first + np.arange(dim * more).reshape(dim, more)], axis=1)
        sources = np.arange(len(full))
        sources[dim:first] = dim - 1
        return _system(full, self.n_args, first), places, sources


def _system(rhs: Sequence[Node], n_args: int, controlled: int) -> System | ArraySystem:
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
