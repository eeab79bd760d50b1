"""Going backwards through a chain of equal parts with memory for few of its beginnings: binomial checkpointing.

With c beginnings kept and each part computed again at most r times, a chain of (c+r)!/(c!·r!) parts can be gone through
backwards, and no schedule does better (A. Griewank and A. Walther, Algorithm 799: revolve, ACM Trans. Math. Softw. 26,
2000). The length of the chain need not be known: while it is gone through forwards, beginnings are kept at every part,
then at every second one, every fourth, so that they are never more than c.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from typing import Generic, TypeVar, final

__all__ = ["Revolve"]

S = TypeVar("S")


@final
class Revolve(Generic[S]):
    """``forward(s)`` gives the state after one part, None after the last; ``backward(s)`` is called part by part.

    ``advances`` counts the calls of ``forward``, ``most`` is how many states were kept at a time.
    """

    def __init__(self, kept: int, forward: Callable[[S], S | None], backward: Callable[[S], None]) -> None:
        self.kept, self.forward, self.backward = kept, forward, backward
        self.advances = self.most = 0

    def run(self, start: S, turn: Callable[[], None]) -> None:
        """Forwards to the end, ``turn()``, and backwards to the beginning."""
        marks: list[tuple[int, S]] = [(0, start)]
        state, length, gap = start, 0, 1
        while True:
            after = self._next(state)
            length += 1
            if after is None:
                break
            state = after
            if length % gap == 0:
                if len(marks) == self.kept:
                    marks, gap = marks[::2], 2 * gap
                if length % gap == 0:
                    marks.append((length, state))
        self.most = len(marks)
        turn()
        while marks:
            begin, state = marks.pop()
            self._back(begin, length, state, len(marks) + 1)
            length = begin

    def _next(self, state: S) -> S | None:
        self.advances += 1
        return self.forward(state)

    def _to(self, state: S, parts: int) -> S:
        for _ in range(parts):
            after = self._next(state)
            assert after is not None  # it went further the first time
            state = after
        return state

    def _back(self, begin: int, end: int, state: S, held: int) -> None:
        """Through parts ``begin`` … ``end``−1 backwards; ``state`` is the last of ``held`` states."""
        self.most = max(self.most, held)
        free = self.kept - held
        while end - begin > 1:
            length = end - begin
            if free == 0:  # the last part alone, from a state that nothing keeps
                self.backward(self._to(state, length - 1))
                end -= 1
                continue
            repeats = next(r for r in range(1, length + 1) if comb(free + 1 + r, r) >= length)
            first = min(comb(free + repeats, repeats - 1), length - 1)
            self._back(begin + first, end, self._to(state, first), held + 1)
            end = begin + first
        self.backward(state)
