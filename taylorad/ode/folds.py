"""Which sums of a small system share a vector.

Every sum Σ a_j·b_{k−j} may take two lanes and half of the terms, a_j·b_{k−j} in one lane and b_j·a_{k−j} in the other;
a square takes one lane and half of the terms, doubled. So all lanes run over the same j. Sums that share a factor fill
a vector as they are and run over all j.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from taylorad.run.program import Op

__all__ = ["Fold", "folds"]


@final
@dataclass(frozen=True, slots=True)
class Fold:
    """``places`` says for each sum its lanes, two where it is folded; ``a`` and ``b`` hold a buffer for each lane."""

    a: tuple[int, ...]
    b: tuple[int, ...]
    places: dict[int, tuple[int, ...]]
    halved: bool

    @property
    def width(self) -> int:
        return len(self.a)


def folds(ops: Sequence[Op], sums: Sequence[int], width: int) -> list[Fold]:
    """Vectors of ``width`` lanes or less for the sums of a program, each sum in one of them."""
    whole = [i for i in sums if ops[i].kind == "old"]
    half = [i for i in sums if ops[i].kind == "half"]
    found: list[Fold] = []
    while width > 2:
        holders: dict[int, list[int]] = {}
        for i in whole:
            for b in set(ops[i].data):
                holders.setdefault(b, []).append(i)
        shared = max(holders, key=lambda b: len(holders[b]), default=None)
        if shared is None or len(holders[shared]) < width - 1:
            break
        group = holders[shared][:width]
        whole = [i for i in whole if i not in group]
        others = [next((b for b in ops[i].data if b != shared), shared) for i in group]
        lanes = others + others[-1:] * (width - len(group))
        found.append(Fold(tuple(lanes), (shared,) * width, {i: (lane,) for lane, i in enumerate(group)}, False))
    while whole or half:
        found.append(_folded(ops, whole, half, width))
    return found


def _folded(ops: Sequence[Op], whole: list[int], half: list[int], width: int) -> Fold:
    """Take as many sums as a vector holds off both lists."""
    taken = [whole.pop(0) for _ in range(min(len(whole), width // 2))] if width > 1 else []
    squares = [half.pop(0) for _ in range(min(len(half), width - 2 * len(taken)))]
    if not taken and not squares:
        i = whole.pop(0)
        return Fold(ops[i].data[:1], ops[i].data[1:], {i: (0,)}, False)
    used = 2 * len(taken) + len(squares)
    size = 1 << (used - 1).bit_length()
    upper = size // 2
    a, b = [-1] * size, [-1] * size
    places: dict[int, tuple[int, ...]] = {}
    for lane, i in enumerate(taken):
        first, second = ops[i].data
        a[lane], b[lane], a[upper + lane], b[upper + lane] = first, second, second, first
        places[i] = (lane, upper + lane)
    free = [lane for lane in range(size) if a[lane] < 0]
    for lane, i in zip(free, squares, strict=False):
        a[lane] = b[lane] = ops[i].data[0]
        places[i] = (lane,)
    a, b = ([x if x >= 0 else row[0] for x in row] for row in (a, b))
    return Fold(tuple(a), tuple(b), places, True)
