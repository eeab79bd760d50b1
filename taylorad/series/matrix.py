"""A constant matrix: what a linear map of array nodes needs to know."""

from __future__ import annotations

import hashlib
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError

__all__ = ["Matrix"]


@final
class Matrix:
    """A real matrix of float64 numbers, immutable, named by its content.

    Raises DomainError where an entry is not finite or the array does not have two axes.
    """

    __slots__ = ("array", "digest")

    def __init__(self, entries: Any) -> None:
        array = np.array(entries, np.float64, order="C")
        if array.ndim != 2 or 0 in array.shape:
            raise DomainError(f"a matrix has two axes, neither empty; got shape {array.shape}")
        if not np.all(np.isfinite(array)):
            raise DomainError("a matrix needs finite entries")
        array.flags.writeable = False
        self.array = array
        self.digest = hashlib.blake2b(repr(array.shape).encode() + array.tobytes(), digest_size=16).digest()

    @property
    def rows(self) -> int:
        return self.array.shape[0]

    @property
    def columns(self) -> int:
        return self.array.shape[1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matrix) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> Any:
        return (Matrix, (self.array,))

    def __repr__(self) -> str:
        return f"Matrix({self.rows}×{self.columns}, {self.digest.hex()[:8]})"
