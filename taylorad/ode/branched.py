"""Roots of functions with branches or jumps along a solution: smooth between switches, which are located first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from taylorad.ode.branches import Branches
from taylorad.ode.dense import within
from taylorad.ode.march import Piece
from taylorad.ode.search import Hits, Search, joined, shifted
from taylorad.series.node import Node

__all__ = ["BranchedSearch"]

_BESIDE = 1e-6  # of a step: where a function is looked at before and after a switch
_TOUCH = 1e-3  # of the values there: one at the switch that is zero


@final
class BranchedSearch:
    """As :class:`taylorad.ode.search.Search`, for functions with branches.

    A function that jumps from one sign to the other has a root there; the steps do not change.
    """

    def __init__(self, nodes: Sequence[Node], dim: int, args: np.ndarray, directions: Sequence[float]) -> None:
        self._branches = Branches.of(tuple(nodes), dim, len(args))
        self._args = np.concatenate([args, np.zeros(self._branches.constants)])
        self._directions = list(directions)
        self._search: Search | None = None
        self._told: list[int] | None = None

    def begin(self, told: Sequence[int] = ()) -> None:
        self._search, self._told = None, list(told)

    def take(self, piece: Piece) -> Hits:
        """All roots in some steps that go on from those before. DomainError where a function is not defined."""
        found: list[Hits] = []
        rest, base, place = piece, 0, 0.0  # of which step ``rest`` begins where
        while len(rest):
            if self._search is None:
                self._enter(rest)
            assert self._search is not None
            hits = self._search.take(rest)
            own = hits.which < len(self._directions)
            switches = np.flatnonzero(~own & (hits.rise != 0) & ~hits.begins)
            if not len(switches):
                found.append(_moved(hits.of(own), base, place, piece))
                break
            cut = switches[0]
            step, part = int(hits.step[cut]), float(hits.part[cut])
            own &= (hits.step < step) | ((hits.step == step) & (hits.part < part - _BESIDE))
            found.append(_moved(hits.of(own), base, place, piece))
            before = self._functions(rest, step, max(part - _BESIDE, 0.0))
            length = rest.lengths[step]
            times = np.array(rest.times[step:])
            times[0] = hits.t[cut], 0.0
            rows = np.array(rest.rows[step:])
            rows[:1] = shifted(rows[:1], np.array([part * length]))
            base, place = base + step, part if step else place + part * (1 - place)
            rest = Piece(times, rows)
            zero = self._functions(rest, 0, 0.0)
            self._enter(rest)
            after = self._functions(rest, 0, _BESIDE)
            crossed = _crossings(before, zero, after, self._directions)
            self._search.begin([*(e for e, _ in crossed), int(hits.which[cut])])
            x = np.array([place * piece.lengths[base]])
            for e, rise in crossed:
                at = (np.array([v]) for v in (e, base, place, x[0], times[0, 0], rise, 1 if rise else 2, False))
                found.append(Hits(*at))
        if not piece.goes_on:
            self._search = None
        return joined(found)

    def _enter(self, piece: Piece) -> None:
        """The mode at the beginning of a piece."""
        x = _BESIDE * piece.lengths[:1]
        y, t = within(piece, np.zeros(1, int), x)[0], float(piece.times[0].sum() + x[0])
        signs, _ = self._branches.signs(t, y, self._args)
        self._args = self._branches.settled(signs, t, y, self._args, {})
        mode = self._branches.mode(tuple(signs))
        directions = [*self._directions, *[0.0] * len(mode.functions)]
        self._search = Search([*mode.rhs, *mode.functions], len(y), self._args, directions)
        self._rhs = mode.rhs
        if self._told is not None:
            self._search.begin(self._told)
            self._told = None

    def _functions(self, piece: Piece, step: int, part: float) -> np.ndarray:
        x = part * piece.lengths[step : step + 1]
        y = within(piece, np.array([step]), x)[0]
        return np.array(self._branches.values(self._rhs, float(piece.times[step].sum() + x[0]), y, self._args))


def _moved(hits: Hits, base: int, place: float, piece: Piece) -> Hits:
    """Hits in a rest that begins at ``place`` of step ``base``."""
    if not len(hits.t) or (base == 0 and place == 0):
        return hits
    part = np.where(hits.step == 0, place + hits.part * (1 - place), hits.part)
    step = hits.step + base
    return hits._replace(step=step, part=part, after=part * piece.lengths[step])


def _crossings(
    before: np.ndarray, here: np.ndarray, after: np.ndarray, directions: Sequence[float]
) -> list[tuple[int, int]]:
    """Functions with a root at a switch, from their values before, at, and after it, and how they cross."""
    out: list[tuple[int, int]] = []
    for e, direction in enumerate(directions):
        rise = int(np.sign(after[e])) if before[e] * after[e] < 0 else 0
        small = abs(here[e]) <= _TOUCH * min(abs(before[e]), abs(after[e])) or after[e] == 0
        touches = rise == 0 and before[e] != 0 and small
        if (rise and rise * direction >= 0) or (touches and direction == 0):
            out.append((e, rise))
    return out
