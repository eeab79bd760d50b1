"""Where the numbers of an ensemble stand: counters and tables that threads share, and the vectors of one thread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import final

from taylorad.run.program import SHORT

__all__ = ["PAD", "TAIL", "Action", "Layout", "Real", "Result", "Shared", "Table", "Whole"]

PAD = SHORT + 1  # zeros before an array of the looped form
TAIL = 6  # coefficients that tell a singularity


class Action(IntEnum):
    """What a lane does next; above 0 how its member ended, and that it takes the next one."""

    FILL = -3
    REJECT = -2
    GO = -1
    IDLE = 0
    DONE = 1
    SINGULAR = 2
    STEPS = 3
    STUCK = 4
    STOPPED = 5


class Shared(IntEnum):
    """Places in ``shared``: the next place in the queue, its length, 1 to stop, members done, most steps, grid size."""

    NEXT = 0
    COUNT = 1
    STOP = 2
    DONE = 3
    MOST = 4
    GRID = 5


class Table(IntEnum):
    """Places in ``tables``, pointers. D numbers make a state, P the arguments.

    ``QUEUE`` (count,) numbers of members; ``Y0`` (n, D), ``ARGS`` (n, P), ``T0``, ``END`` (n,), ``TOL`` (2, D) atol
    and rtol, ``GRID`` (m,); results: ``Y`` (n, D), ``T`` (n,), ``RESULT`` (n, 4), ``VALUES`` (n, D/parts, m, parts);
    ``SERIES`` (n, 1 + TAIL), for a member that is stuck the time and its largest number's last coefficients.
    """

    QUEUE = 0
    Y0 = 1
    ARGS = 2
    T0 = 3
    END = 4
    TOL = 5
    GRID = 6
    Y = 7
    T = 8
    RESULT = 9
    VALUES = 10
    SERIES = 11


class Result(IntEnum):
    """Columns of ``RESULT``."""

    ENDED = 0
    STEPS = 1
    REJECTED = 2
    GIVEN = 3


class Real(IntEnum):
    T = 0
    T_LOW = 1
    END = 2
    WAY = 3
    H = 4
    LIMIT = 5
    T_BEFORE = 6
    T_BEFORE_LOW = 7


class Whole(IntEnum):
    MEMBER = 0  # −1 where a lane is idle, −2 where it has had none yet
    STEPS = 1
    REJECTED = 2
    ATTEMPTS = 3
    CONFIRM = 4  # 1 where a step waits for its check
    GIVEN = 5  # points of the grid
    GIVEN_BEFORE = 6
    ACTION = 7


@final
@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in ``memory``, in vectors: five states, the time as a series, arguments, rows, arrays."""

    dim: int  # D, real numbers
    args: int  # P
    order: int
    parts: int
    arrays: int

    @property
    def real(self) -> int:
        return 5 * self.dim

    @property
    def whole(self) -> int:
        return self.real + len(Real)

    @property
    def time(self) -> int:
        return self.whole + len(Whole)

    @property
    def given(self) -> int:
        return self.time + 2 * self.parts

    @property
    def rows(self) -> int:
        return self.given + self.args

    @property
    def memory(self) -> int:
        return self.rows + (self.order + 1) * self.dim

    @property
    def length(self) -> int:
        """Of one array."""
        return self.order + 1 + PAD

    @property
    def size(self) -> int:
        return self.memory + self.arrays * self.length
