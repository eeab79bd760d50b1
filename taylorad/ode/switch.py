"""Right-hand sides with branches (``where``, ``abs``, ``sign`` …) or jumps (``floor`` …): switches are located.

The solution goes through modes (:mod:`taylorad.ode.branches`), each compiled when first entered. A step that would
cross a switch ends on it, and the next mode begins there: the one on the other side if the solution goes on to it;
else, where both sides push the solution to the switch, the sliding mode if it is asked for, and an error if not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from taylorad.errors import SingularExpansionError
from taylorad.ode.accumulation import MANY, accumulation
from taylorad.ode.branches import SLIDES, Branches, Mode, has_branches
from taylorad.ode.dense import within
from taylorad.ode.loop import Outcome
from taylorad.ode.march import Around, Piece, march
from taylorad.ode.search import Hits, Search
from taylorad.series.node import Node

__all__ = ["Switched", "has_branches"]

_INSIDE = 1e-6  # of a step: where a function that jumps is looked at next to the jump
_FEW = 8  # steps before the first look after a switch


@final
class Switched(Around):
    """A march through modes, made like :func:`taylorad.ode.march.march`, from right-hand sides.

    ``sliding`` is None, where sliding is an error, or ``"filippov"``.
    """

    def __init__(
        self,
        rhs: Sequence[Node],
        n_args: int,
        t0: float,
        y0: np.ndarray,
        args: np.ndarray,
        sliding: str | None = None,
        **options: Any,
    ) -> None:
        self._branches = Branches.of(tuple(rhs), len(rhs), n_args)
        self._options, self._sliding = options, sliding
        self._args = np.concatenate([args, np.zeros(self._branches.constants)])
        self._before = 0
        self._way = 1.0
        self._t0, self._switches = t0, [t0]
        self.restart(t0, y0)

    @property
    def rejected(self) -> int:
        return self._before + self._inner.rejected

    def restart(self, t: float, state: np.ndarray) -> None:
        signs, self._zeros = self._branches.signs(t, state, self._args)
        self._args = self._branches.settled(signs, t, state, self._args, {})
        self._enter(tuple(signs), t, state)

    # ------------------------------------------------------------------ modes
    def _enter(self, signs: tuple[int, ...], t: float, y: np.ndarray, told: Sequence[int] = ()) -> None:
        """Begin a mode at (t, y); ``told`` are the owners of switches that are known to be there."""
        self._signs, self._mode, self._told = signs, self._branches.mode(signs), told
        self._search = Search(self._mode.functions, len(y), self._args)
        self._search.begin([k for k, owner in enumerate(self._mode.owners) if owner in told])
        for k, (n, owner) in enumerate(zip(self._mode.functions, self._mode.owners, strict=True)):
            if (
                n.degree == 0 and owner < len(signs) and signs[owner] != SLIDES
            ):  # a test that does not move in this mode
                self._search.openings[k] = int(np.sign(self._branches.values([n], t, y, self._args)[0]))
        self._inner = march(self._branches.system(signs), t, y, self._args, **self._options)
        self._new = True

    def _leave(self) -> None:
        self._before += self._inner.rejected

    def _wrong(self, mode: Mode) -> list[int]:
        """The owners of functions that leave the mode as soon as it begins."""
        out: list[int] = []
        for owner, sign, rate, opening in zip(
            mode.owners, mode.signs, self._rates(mode), self._search.openings, strict=True
        ):
            if opening * sign * (self._way if rate else 1) < 0 and owner not in out:
                out.append(owner)
        return out

    def _rates(self, mode: Mode) -> list[bool]:
        """Which functions are rates of change, whose sign is that for forward integration."""
        return [owner < len(self._signs) and self._signs[owner] == SLIDES for owner in mode.owners]

    def _first(self, end: float) -> tuple[Outcome, Piece, Hits]:
        """The first step of a mode that holds at the place where the march stands."""
        tried: set[Any] = set()
        while True:
            t, y = float(self._inner.t), self._inner.state
            outcome, piece = self._inner.go(end, 1)
            hits = self._search.take(piece)
            wrong = self._wrong(self._mode)[:1] if len(piece) else []  # later ones may depend on it
            if not wrong:
                self._new = False
                self._unique(end, t, y)
                return outcome, piece, hits
            self._leave()
            signs = list(self._signs)
            tried.add(self._signs)
            jumps: dict[int, tuple[float, np.ndarray]] = {}
            for owner in wrong:
                if owner >= len(signs):
                    x = _INSIDE * piece.lengths[:1]
                    ahead = within(piece, np.zeros(1, int), x)[0]
                    jumps[owner - len(signs)] = (t + float(x[0]), ahead)
                    again = (owner, self._signs) in tried
                    tried.add((owner, self._signs))
                elif signs[owner] == SLIDES:
                    again, signs[owner] = (owner, SLIDES) in tried, self._side(owner)
                    tried.add((owner, SLIDES))
                else:
                    signs[owner] = -signs[owner]
                    again = tuple(signs) in tried
                if again:
                    signs = self._slide(owner, signs, t)
            if jumps:
                self._args = self._branches.settled(signs, t, y, self._args, jumps)
            self._enter(tuple(signs), t, y, [*self._told, *wrong])

    def _unique(self, end: float, t: float, y: np.ndarray) -> None:
        """At a beginning on a switch: that the solution does not leave it to both sides."""
        for i in self._zeros:
            if self._signs[i] == SLIDES:
                continue
            signs = tuple(-sign if j == i else sign for j, sign in enumerate(self._signs))
            mode, system = self._branches.mode(signs), self._branches.system(signs)
            other = Search(mode.functions, len(y), self._args)
            other.take(march(system, t, y, self._args, **self._options).go(end, 1)[1])
            place = mode.owners.index(i)
            if other.openings[place] * mode.signs[place] > 0 and self._search.openings[place] != 0:
                raise SingularExpansionError(
                    f"at t = {t} the solution begins on a switch and may leave it to either side; begin beside it"
                )
        self._zeros = []

    def _side(self, owner: int) -> int:
        """To which side a sliding solution leaves: that whose field does not push it back."""
        above = self._search.openings[self._mode.owners.index(owner)]
        return 1 if above * self._way > 0 else -1

    def _slide(self, owner: int, signs: list[int], t: float) -> list[int]:
        if owner >= len(signs):
            raise SingularExpansionError(
                f"at t = {t} the right-hand side on both sides of a jump points at it: the solution slides along it; "
                "write the jump with where, and ask for sliding='filippov'"
            )
        if self._sliding is None:
            raise SingularExpansionError(
                f"at t = {t} both branches of the right-hand side point at the switch between them: the solution "
                "slides along it, and no branch describes that; ask for sliding='filippov', or smooth the switch (tanh)"
            )
        if SLIDES in signs:
            raise SingularExpansionError(
                f"at t = {t} the solution slides along two switches at once, where Filippov's motion is not unique; "
                "smooth one of them (tanh)"
            )
        slides = [SLIDES if i == owner else sign for i, sign in enumerate(signs)]
        try:
            self._branches.mode(tuple(slides))
        except ZeroDivisionError:
            raise SingularExpansionError(
                f"at t = {t} the solution meets a switch along which both branches move it alike, so that it neither "
                "crosses nor slides; smooth the switch (tanh)"
            ) from None
        return slides

    # ------------------------------------------------------------------ steps
    def go(self, end: float, most: int) -> tuple[Outcome, Piece]:
        self._way = 1.0 if end >= float(self._inner.t) else -1.0
        limit = accumulation(self._switches, self._t0)
        if limit is not None:
            raise SingularExpansionError(
                f"switches of the right-hand side accumulate near t = {limit:.10g}, and no branch describes the motion "
                "after that; smooth them (tanh), or end with an event before"
            )
        if self._new:
            outcome, piece, hits = self._first(end)
        else:
            outcome, piece = self._inner.go(end, most)
            hits = self._search.take(piece)
        crossings = np.flatnonzero((hits.rise != 0) & ~hits.begins)
        if not len(crossings):
            return outcome, piece
        first = crossings[0]
        owner, step, t = self._mode.owners[int(hits.which[first])], int(hits.step[first]), float(hits.t[first])
        y = within(piece, hits.step[first : first + 1], hits.after[first : first + 1])[0]
        times = np.array(piece.times[: step + 2])
        times[-1] = t, 0.0
        cut = Piece(times, np.array(piece.rows[: step + 1]))
        self._leave()
        self._switches = [*self._switches[1 - MANY :], t]
        signs = list(self._signs)
        if owner >= len(signs):
            x = hits.after[first : first + 1] + _INSIDE * piece.lengths[step]
            ahead = within(piece, hits.step[first : first + 1], x)[0]
            moved = {owner - len(signs): (t + _INSIDE * float(piece.lengths[step]), ahead)}
            self._args = self._branches.settled(signs, t, y, self._args, moved)
        elif signs[owner] == SLIDES:
            signs[owner] = 1 if self._mode.owners.index(owner) == int(hits.which[first]) else -1
        else:
            signs[owner] = -signs[owner]
        self._enter(tuple(signs), t, y, [owner])
        return (Outcome.PAUSED if t != end else Outcome.DONE), cut
