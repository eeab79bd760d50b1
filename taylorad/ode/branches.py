"""What a right-hand side with branches is made of: tests whose signs choose branches, and functions that jump.

A *mode* is one choice of branches; it is smooth, and a system of its own. A function that jumps (``floor``, the
quotient of a division with remainder) is constant between its jumps; there it is an argument of the system, so that
all its values share one mode. Where a solution slides along a switch T = 0, whose two sides f⁺ and f⁻ both push it
there, the mode is Filippov's (Differential Equations with Discontinuous Righthand Sides, 1988, §4): the convex
combination of f⁺ and f⁻ along which T does not change.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from taylorad.book.entry import Domain
from taylorad.derive.tangent import tangent
from taylorad.errors import DomainError, UnsupportedFunctionError
from taylorad.ode.system import System
from taylorad.rings.arrays import ArrayRing
from taylorad.run.interpret import run
from taylorad.series.node import Constant, Function, Leaf, Node, Select, as_node
from taylorad.series.schedule import schedule
from taylorad.series.substitute import rebuilt

__all__ = ["SLIDES", "Branches", "Mode", "has_branches"]

_NUDGE = 1e-9
SLIDES = 0  # the sign of a test along which the solution slides


def has_branches(rhs: Sequence[Node]) -> bool:
    """Whether some function of the graph chooses by a sign, or jumps."""
    return any(isinstance(n, Select) or _jump(n) is not None for n in schedule(rhs).first)


def _jump(n: Node) -> Domain | None:
    """The condition under which a function does not jump, or None for one that never does."""
    if not isinstance(n, Function):
        return None
    domains: tuple[Domain, ...] = getattr(n.law, "domain", ())
    return next((d for d in domains if d.boundary == "at a jump" and d.measure is not None), None)


@final
@dataclass(frozen=True, slots=True)
class Mode:
    """Smooth right-hand sides, and the functions that must keep their signs while they hold.

    Function i belongs to test or jump ``owners[i]`` (jumps are counted after the tests); its sign is ``signs[i]``,
    which for the two functions of a sliding test is that for forward integration.
    """

    rhs: tuple[Node, ...]
    functions: tuple[Node, ...]
    owners: tuple[int, ...]
    signs: tuple[int, ...]


@final
class Branches:
    """The branches of functions of t, ``dim`` components and ``n_args`` arguments; made once for them, see :meth:`of`.

    ``rhs`` are the right-hand sides of a system or any other functions along a solution.
    """

    def __init__(self, rhs: Sequence[Node], dim: int, n_args: int) -> None:
        self.rhs, self.dim, self.n_args = list(rhs), dim, n_args
        nodes = schedule(rhs).first
        self.tests = list(dict.fromkeys(n.tests[0] for n in nodes if isinstance(n, Select)))
        # one entry for all outputs of a function; the arguments that stand for them
        self.jumps: dict[tuple[Any, ...], tuple[Function, tuple[Node, ...]]] = {}
        for n in nodes:
            if isinstance(n, Function) and _jump(n) is not None and n.degree > 0:
                key = (n.law, n.args, n.params)
                first = self.dim + 1 + n_args + sum(len(leaves) for _, leaves in self.jumps.values())
                leaves = tuple(Leaf.of(first + i, 0) for i in range(len(n.law.outputs)))
                self.jumps.setdefault(key, (n, leaves))
        self.constants = sum(len(leaves) for _, leaves in self.jumps.values())
        self._modes: dict[tuple[int, ...], Mode] = {}
        self._systems: dict[tuple[int, ...], System] = {}

    @staticmethod
    @functools.lru_cache(64)
    def of(rhs: tuple[Node, ...], dim: int, n_args: int) -> Branches:
        return Branches(rhs, dim, n_args)

    # ------------------------------------------------------------------ modes
    def smooth(self, nodes: Sequence[Node], signs: Sequence[int]) -> list[Node]:
        """Graphs with the branches that ``signs`` choose, and jumping functions between two jumps."""
        chosen = dict(zip(self.tests, signs, strict=True))
        known: dict[Node, Node] = {}
        for n in schedule(nodes).first:
            if isinstance(n, Select):
                known[n] = known[n.branches[int(chosen[n.tests[0]] > 0)]]
            else:
                known[n] = self._between(n, known) or rebuilt(n, known, {})
        return [known[n] for n in nodes]

    def _between(self, n: Node, known: Mapping[Node, Node]) -> Node | None:
        found = self.jumps.get((n.law, n.args, n.params)) if isinstance(n, Function) else None
        if found is None or not isinstance(n, Function):
            return None
        return self._written(n, tuple(known[a] for a in n.args), tuple(known[p] for p in n.params), found[1])[n.output]

    def _written(
        self, n: Function, args: tuple[Node, ...], params: tuple[Node, ...], leaves: tuple[Node, ...]
    ) -> tuple[Node, ...]:
        """Between two jumps a rule's differential is linear in du with constant factors; so is the function in u."""
        moves = n.law.differentials(args, args, leaves, params)
        return tuple(move + leaf for move, leaf in zip(moves, leaves, strict=True))

    def mode(self, signs: tuple[int, ...]) -> Mode:
        """Raises UnsupportedFunctionError for a function whose jumps cannot be followed."""
        known = self._modes.get(signs)
        if known is None:
            known = self._modes[signs] = self._made(signs)
        return known

    def _made(self, signs: tuple[int, ...]) -> Mode:
        functions: list[Node] = []
        owners: list[int] = []
        wanted: list[int] = []
        slides = [i for i, sign in enumerate(signs) if sign == SLIDES]
        rhs = self.smooth(self.rhs, signs)
        for i, test in enumerate(self.tests):
            if i in slides:
                rhs, found = self._sliding(i, signs)
                functions += found
                owners += [i, i]
                wanted += [-1, 1]
            else:
                functions += self.smooth([test], signs)
                owners.append(i)
                wanted.append(signs[i])
        for j, (n, leaves) in enumerate(self.jumps.values()):
            args = tuple(self.smooth(n.args, signs))
            domain = _jump(n)
            assert domain is not None
            assert domain.measure is not None
            measure = as_node(domain.measure(*args, *self._written(n, args, n.params, leaves)))
            if measure.degree == 0:
                raise UnsupportedFunctionError(
                    f"the jumps of {n.law.name} cannot be located along a solution; write it with floor and where"
                )
            for bound, sign in ((domain.lower, 1), (domain.upper, -1)):
                if bound is not None:
                    functions.append((measure - bound) * sign)
                    owners.append(len(self.tests) + j)
                    wanted.append(1)
        return Mode(tuple(rhs), tuple(functions), tuple(owners), tuple(wanted))

    def system(self, signs: tuple[int, ...]) -> System:
        """The system of a mode; the constants of the jumps follow its arguments."""
        known = self._systems.get(signs)
        if known is None:
            known = self._systems[signs] = System.of(self.mode(signs).rhs, self.n_args + self.constants)
        return known

    def _sliding(self, i: int, signs: tuple[int, ...]) -> tuple[list[Node], list[Node]]:
        """Filippov's right-hand side, and how T changes along f⁺ and f⁻."""
        sides = [tuple(sign if j == i else s for j, s in enumerate(signs)) for sign in (1, -1)]
        above, below = (self.smooth(self.rhs, side) for side in sides)
        test = self.smooth([self.tests[i]], sides[0])
        places: list[Node] = [Leaf.of(j) for j in range(self.dim)]
        places.append(Leaf.of(self.dim, 1))
        rates = [tangent(test, places, [*f, Constant.of(1)])[0] for f in (above, below)]
        share = rates[0] / (rates[0] - rates[1])
        mixed = [a if a is b else a + share * (b - a) for a, b in zip(above, below, strict=True)]
        return mixed, rates

    # ------------------------------------------------------------------ numbers
    def values(self, nodes: Sequence[Node], t: float, y: np.ndarray, args: np.ndarray) -> list[float]:
        """Smooth functions at one point; ``args`` with the constants of the jumps."""
        return _at(nodes, (*y, t, *args)).tolist()

    def signs(self, t: float, y: np.ndarray, args: np.ndarray) -> tuple[list[int], list[int]]:
        """The signs of the tests at a point, 1 for zero, and which are zero.

        Tests may depend on the branches of tests before them.
        """
        signs, zeros = [1] * len(self.tests), []
        for i, test in enumerate(self.tests):
            value = self.values(self.smooth([test], signs), t, y, args)[0]
            signs[i] = 1 if value >= 0 else -1
            if value == 0:
                zeros.append(i)
        return signs, zeros

    def settled(
        self,
        signs: Sequence[int],
        t: float,
        y: np.ndarray,
        args: np.ndarray,
        moved: Mapping[int, tuple[float, np.ndarray]],
    ) -> np.ndarray:
        """``args`` with the constants of the jumps at (t, y), or, for jumps in ``moved``, at the (t, y) given there."""
        out = np.array(args)
        for j, (n, leaves) in enumerate(self.jumps.values()):
            given = self.values(self.smooth([*n.args, *n.params], signs), *moved.get(j, (t, y)), out)
            own, params = given[: len(n.args)], given[len(n.args) :]
            try:
                values = _outputs(n, own, params)
            except DomainError:  # on the jump itself: one side of it, on trial
                own = [v + _NUDGE * max(1.0, abs(v)) for v in own]
                values = _outputs(n, own, params)
            places = [leaf.index - self.dim - 1 for leaf in leaves if isinstance(leaf, Leaf)]
            out[places] = values - _moves(n, own, params, values)
        return out


def _outputs(n: Function, args: Sequence[float], params: Sequence[float]) -> np.ndarray:
    """All outputs of a function at a point; DomainError on a jump."""
    us, ps, _ = _leaves(args, params)
    return _at(Function.of(n.law, 0, us, ps).siblings(), (*args, *params))


def _moves(n: Function, args: Sequence[float], params: Sequence[float], values: np.ndarray) -> np.ndarray:
    """The linear functions of the arguments that the outputs are between two jumps, constants apart."""
    us, ps, vs = _leaves(args, params, values.tolist())
    return _at(n.law.differentials(us, us, vs, ps), (*args, *params, *values))


def _leaves(*groups: Sequence[float]) -> tuple[tuple[Node, ...], tuple[Node, ...], tuple[Node, ...]]:
    first, second, third = (*groups, ())[:3]
    ends = len(first), len(first) + len(second), len(first) + len(second) + len(third)
    nodes = [Leaf.of(i) for i in range(ends[2])]
    return tuple(nodes[: ends[0]]), tuple(nodes[ends[0] : ends[1]]), tuple(nodes[ends[1] :])


def _at(nodes: Sequence[Node], leaves: Sequence[float]) -> np.ndarray:
    found = run(schedule(nodes), ArrayRing("float64"), [np.array([v]) for v in leaves], 0)
    return np.array([float(c[0]) for c in found])
