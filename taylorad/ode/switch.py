"""Right-hand sides with branches (``where``, ``abs``, ``sign`` …): smooth between switches, which are located.

Which branches pass is a *mode*; each mode is a system of its own, compiled when first entered. A step that would cross
a switch ends on it, and the next mode begins there. Where both sides point at the switch the solution would slide
along it, which no branch describes: that is reported and the integration stops (Filippov, Differential Equations with
Discontinuous Righthand Sides, 1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from taylorad.errors import SingularExpansionError
from taylorad.ode.dense import evaluate
from taylorad.ode.loop import Outcome
from taylorad.ode.march import March, Piece, march
from taylorad.ode.search import Search
from taylorad.ode.system import System
from taylorad.series.node import Node, Select
from taylorad.series.schedule import schedule
from taylorad.series.substitute import substitute

__all__ = ["Switched", "has_branches"]


def has_branches(rhs: Sequence[Node]) -> bool:
    return any(isinstance(n, Select) for n in schedule(rhs).first)


@final
class Switched:
    """A march that goes through modes; made like :func:`taylorad.ode.march.march`, from right-hand sides."""

    compiled = True

    def __init__(
        self, rhs: Sequence[Node], n_args: int, t0: float, y0: np.ndarray, args: np.ndarray, **options: Any
    ) -> None:
        self._rhs, self._n_args, self._args, self._options = list(rhs), n_args, args, options
        self._tests = list(dict.fromkeys(n.tests[0] for n in schedule(rhs).first if isinstance(n, Select)))
        self._signs = dict.fromkeys(self._tests, 0)
        self._before = 0
        self._sliding = False
        self._settle(t0, y0)

    @property
    def order(self) -> int:
        return self._inner.order

    @property
    def t(self) -> Any:
        return self._inner.t

    @property
    def state(self) -> np.ndarray:
        return self._inner.state

    @property
    def rejected(self) -> int:
        return self._before + self._inner.rejected

    def _mode(self, nodes: Sequence[Node]) -> list[Node]:
        return substitute(nodes, {}, lambda n: int(self._signs[n.tests[0]] > 0))

    def _enter(self, t: float, y: np.ndarray) -> March:
        system = System.of(self._mode(self._rhs), self._n_args)
        self._search = Search(self._mode(self._tests), len(y), self._args)
        return march(system, t, y, self._args, **self._options)

    def _settle(self, t: float, y: np.ndarray) -> None:
        """The signs of all tests at the beginning; on a switch, that of the side which the solution enters."""
        for test in self._tests:
            for sign in (1, -1):
                self._signs[test] = sign
                value = self._series(t, y, test)
                leading = next((v for v in value if abs(v) > 0), 0.0)
                if abs(value[0]) > 0:
                    self._signs[test] = 1 if value[0] > 0 else -1
                    break
                if leading * sign > 0 or leading == 0:
                    break
            else:
                self._slides(t)
        self._inner = self._enter(t, y)

    def _series(self, t: float, y: np.ndarray, test: Node) -> np.ndarray:
        """The first coefficients of a test along the solution, in the mode that is set."""
        from taylorad.rings.arrays import ArrayRing
        from taylorad.run.interpret import run

        system = System.of(self._mode(self._rhs), self._n_args)
        plan = schedule(system.along(self._mode([test])))
        order = 4
        starts = [np.array([v, *[0.0] * order]) for v in (*y, t, *self._args)]
        starts[len(y)][1] = 1.0
        return np.array(run(plan, ArrayRing("float64"), starts, order)[0], float)

    def _slides(self, t: float) -> None:
        raise SingularExpansionError(
            f"at t = {t} both branches of the right-hand side point at the switch between them: the solution slides "
            "along it, and no branch describes that; smooth the switch (tanh), or write the sliding motion down"
        )

    def go(self, end: float, most: int) -> tuple[Outcome, Piece]:
        if self._sliding:
            self._slides(self.t)
        outcome, piece = self._inner.go(end, most)
        if not len(piece):
            return outcome, piece
        hits = self._search.take(piece)
        crossings = np.flatnonzero((hits.rise != 0) & ~hits.begins)
        if not len(crossings):
            return outcome, piece
        first = crossings[0]
        which, index = int(hits.which[first]), int(hits.step[first])
        t = float(hits.t[first])
        cut = Piece(np.array(piece.times[: index + 2]), np.array(piece.rows[: index + 1]))
        cut.times[-1] = t, 0.0
        y = evaluate(cut, np.array([index]), np.array([t]))[0]
        test = self._tests[which]
        self._before += self._inner.rejected
        self._signs[test] = rise = int(hits.rise[first])
        if self._series(t, y, test)[1] * rise * (1 if end > t else -1) < 0:
            self._sliding = True
            self._inner.restart(t, y)
        else:
            self._inner = self._enter(t, y)
        return (Outcome.PAUSED if t != end else Outcome.DONE), cut

    def own(self) -> None:
        self._inner.own()

    def restart(self, t: float, state: np.ndarray) -> None:
        self._settle(t, state)
