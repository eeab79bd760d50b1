"""A constant matrix: what a linear map of array nodes needs to know. Only entries that are not zero are kept."""

from __future__ import annotations

import hashlib
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError

__all__ = ["Matrix"]


@final
class Matrix:
    """A real matrix of float64 numbers, immutable, named by its content; memory goes with the entries that are not 0.

    Row i holds ``entries[starts[i]:starts[i+1]]`` in the columns ``places[starts[i]:starts[i+1]]``, which rise.
    Raises DomainError where an entry is not finite or the array does not have two axes.
    """

    __slots__ = ("columns", "digest", "entries", "places", "rows", "starts")
    rows: int
    columns: int
    starts: np.ndarray
    places: np.ndarray
    entries: np.ndarray
    digest: bytes

    def __init__(self, entries: Any) -> None:
        array = np.asarray(entries, np.float64)
        if array.ndim != 2 or 0 in array.shape:
            raise DomainError(f"a matrix has two axes, neither empty; got shape {array.shape}")
        row, column = np.nonzero(array)
        self._fill(array.shape, _starts(row, len(array)), column, array[row, column])

    @staticmethod
    def of(shape: tuple[int, int], starts: Any, places: Any, entries: Any) -> Matrix:
        """A matrix from its parts; ValueError where they do not fit together."""
        made = object.__new__(Matrix)
        made._fill(shape, np.asarray(starts), np.asarray(places), np.asarray(entries))
        return made

    @staticmethod
    def sums(shape: tuple[int, int], rows: Any, columns: Any, entries: Any) -> Matrix:
        """The matrix with ``entries`` in ``rows`` and ``columns``, in any order; what meets in one place is added."""
        flat = np.asarray(rows, np.int64) * shape[1] + np.asarray(columns, np.int64)
        found, where = np.unique(flat, return_inverse=True)
        values = np.bincount(where, np.broadcast_to(np.asarray(entries, np.float64), flat.shape), len(found))
        found, values = found[values != 0], values[values != 0]
        return Matrix.of(shape, _starts(found // shape[1], shape[0]), found % shape[1], values)

    @staticmethod
    def selection(places: Any, columns: int) -> Matrix:
        """The matrix that takes the elements at ``places`` out of a vector; a place −1 gives 0."""
        chosen = np.asarray(places, np.int64)
        kept = chosen >= 0
        starts = np.concatenate([[0], np.cumsum(kept)])
        return Matrix.of((len(chosen), columns), starts, chosen[kept], np.ones(int(starts[-1])))

    def _fill(self, shape: tuple[int, ...], starts: np.ndarray, places: np.ndarray, entries: np.ndarray) -> None:
        self.rows, self.columns = int(shape[0]), int(shape[1])
        if not np.all(np.isfinite(entries)):
            raise DomainError("a matrix needs finite entries")
        if len(starts) != self.rows + 1 or not len(places) == len(entries) == starts[-1]:
            raise ValueError("the parts of a matrix do not fit together")
        if len(places) and not 0 <= places.min() <= places.max() < self.columns:
            raise ValueError(f"a matrix with {self.columns} columns has an entry outside of them")
        self.starts, self.places = starts.astype(np.int32), places.astype(np.int32)
        self.entries = entries.astype(np.float64)
        word = hashlib.blake2b(repr(shape).encode(), digest_size=16)
        for part in (self.starts, self.places, self.entries):
            part.flags.writeable = False
            word.update(part.tobytes())
        self.digest = word.digest()

    # ------------------------------------------------------------------ what it is
    @property
    def counts(self) -> np.ndarray:
        """How many entries each row has."""
        return np.diff(self.starts)

    @property
    def at(self) -> np.ndarray:
        """The row of every entry."""
        return np.repeat(np.arange(self.rows), self.counts)

    @property
    def selects(self) -> bool:
        """Whether every row is 0 but for one entry at the most, a 1."""
        return bool(np.all(self.entries == 1)) and int(self.counts.max()) <= 1

    @property
    def identity(self) -> bool:
        same = self.rows == self.columns == len(self.places) and self.selects
        return same and np.array_equal(self.places, np.arange(self.rows))

    @property
    def dense(self) -> bool:
        """Whether so many entries are not 0 that a plain table is the better form."""
        return 2 * len(self.places) > self.rows * self.columns

    @property
    def array(self) -> np.ndarray:
        """All entries, (rows, columns)."""
        out = np.zeros((self.rows, self.columns))
        out[self.at, self.places] = self.entries
        return out

    # ------------------------------------------------------------------ others made of it
    def take(self, rows: Any) -> Matrix:
        """Some rows, in any order and number."""
        chosen = np.asarray(rows, np.int64)
        counts = self.counts[chosen]
        starts = np.concatenate([[0], np.cumsum(counts)])
        which = np.repeat(self.starts[chosen] - starts[:-1], counts) + np.arange(starts[-1])
        return Matrix.of((len(chosen), self.columns), starts, self.places[which], self.entries[which])

    def transposed(self) -> Matrix:
        """Rows for columns."""
        return Matrix.sums((self.columns, self.rows), self.places, self.at, self.entries)

    def __matmul__(self, other: Matrix) -> Matrix:
        counts = other.counts[self.places]
        begins = np.repeat(other.starts[self.places] - (np.cumsum(counts) - counts), counts)
        which = begins + np.arange(int(counts.sum()))
        rows, factors = np.repeat(self.at, counts), np.repeat(self.entries, counts)
        return Matrix.sums((self.rows, other.columns), rows, other.places[which], factors * other.entries[which])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matrix) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> Any:
        return (Matrix.of, ((self.rows, self.columns), self.starts, self.places, self.entries))

    def __repr__(self) -> str:
        return f"Matrix({self.rows}×{self.columns}, {len(self.places)} entries, {self.digest.hex()[:8]})"


def _starts(rows: np.ndarray, count: int) -> np.ndarray:
    """Where each row begins among sorted row numbers."""
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])
