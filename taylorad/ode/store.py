"""An ensemble on disk: one file for every chunk of members, written whole or not at all.

``request.json`` says what was asked, ``000017.npz`` holds the members of chunk 17: ``t``, ``y``, ``status``,
``steps`` and ``told`` (which members have a message of their own), ``messages``. All arrays, no pickle.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.crowd import Found
from taylorad.ode.solution import MESSAGES, Status

__all__ = ["Store", "claim"]

_FORMAT = 1
_HEAD = "request.json"
_PLAIN = MESSAGES[Status.END]


@final
class Store:
    """The folder ``path`` for ``n`` members and the request that ``digests`` tells from others, new or begun before.

    ``chunk`` members go to a file; a folder that was begun keeps its own number. Raises as :func:`claim`.
    """

    def __init__(self, path: Any, digests: dict[str, str], n: int, chunk: int) -> None:
        self.path = Path(path)
        said = {"kind": "ensemble", "number of members": str(n)}
        self.chunk = claim(self.path, said | digests, {"chunk": chunk})["chunk"]

    def _file(self, k: int) -> Path:
        return self.path / f"{k:06d}.npz"

    def save(self, k: int, part: Found) -> None:
        """Write a chunk; a power cut leaves the whole of it or nothing."""
        told = np.flatnonzero([message != _PLAIN for message in part.messages])
        said = np.array([part.messages[i] for i in told.tolist()], np.str_)
        arrays: dict[str, Any] = {"t": part.t, "y": part.y, "status": part.status, "steps": part.steps}
        arrays |= {"told": told, "messages": said}
        _whole(self._file(k), lambda file: np.savez(file, **arrays))

    def load(self, k: int, part: Found) -> bool:
        """Fill everything but the values from the file; False where there is none, or it is damaged."""
        try:
            with self._file(k).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                t, status, steps, told, said = (kept[x] for x in ("t", "status", "steps", "told", "messages"))
                if "y.npy" not in kept.zip.namelist() or not len(t) == len(status) == len(steps) == len(part.t):
                    return False
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return False
        part.t[:], part.status[:], part.steps[:] = t, status, steps
        part.messages[:] = [_PLAIN] * len(t)
        for i, message in zip(told.tolist(), said.tolist(), strict=True):
            part.messages[i] = message
        return True

    def values(self, k: int) -> np.ndarray:
        """``y`` of a chunk."""
        with self._file(k).open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return kept["y"]


def claim(path: Path, request: dict[str, str], facts: dict[str, int]) -> dict[str, int]:
    """Make ``path`` the folder of a request and keep ``facts`` there, or find that it is, with the facts of then.

    Raises DomainError for the folder of another request, naming what differs, and for one that holds something else.
    """
    head = path / _HEAD
    if not head.exists():
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise DomainError(f"{path} is not an empty folder and holds no results; give another one")
        path.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"format": _FORMAT, "request": request, "facts": facts}, indent=1)
        _whole(head, lambda file: file.write(text.encode()))
        return facts
    try:
        kept = json.loads(head.read_text())
        there, form = kept["request"], kept["format"]
        other = [name for name in request if there.get(name) != request[name]]
        known = {} if other else {name: int(kept["facts"][name]) for name in facts}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DomainError(f"{head} cannot be read ({error}); give another folder") from error
    if form != _FORMAT:
        raise DomainError(f"{head} has format {form}, which this version does not read; give another folder")
    if other:
        raise DomainError(f"{path} holds the results of another call: not the same {', '.join(other)}")
    return known


def _whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """A file that appears when it is complete."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
