"""An ensemble on disk: one file for every chunk of members, written whole or not at all.

``ensemble.json`` says what was asked, ``000017.npz`` holds the members of chunk 17: ``t``, ``y``, ``status``,
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

__all__ = ["Store"]

_FORMAT = 1
_PLAIN = MESSAGES[Status.END]


@final
class Store:
    """The folder ``path`` for ``n`` members and the request that ``digests`` tells from others, new or begun before.

    ``chunk`` members go to a file; a folder that was begun keeps its own number. Raises DomainError for a folder of
    another request, naming what differs, and for one that holds something else.
    """

    def __init__(self, path: Any, digests: dict[str, str], n: int, chunk: int) -> None:
        self.path = Path(path)
        head = self.path / "ensemble.json"
        if head.exists():
            self.chunk = self._begun(head, digests, n)
            return
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise DomainError(f"{self.path} is not an empty folder and holds no ensemble; give another one as store")
        self.path.mkdir(parents=True, exist_ok=True)
        self.chunk = chunk
        text = json.dumps({"format": _FORMAT, "members": n, "chunk": chunk, "request": digests}, indent=1)
        _whole(head, lambda file: file.write(text.encode()))

    def _begun(self, head: Path, digests: dict[str, str], n: int) -> int:
        try:
            kept = json.loads(head.read_text())
            there, chunk, members = kept["request"], int(kept["chunk"]), int(kept["members"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DomainError(f"{head} cannot be read ({error}); give another folder as store") from error
        if kept.get("format") != _FORMAT:
            raise DomainError(f"{head} has format {kept.get('format')}, which this version does not read")
        other = [name for name in digests if there.get(name) != digests[name]]
        if other or members != n:
            what = ", ".join(other) or f"{members} members"
            raise DomainError(f"{self.path} holds another ensemble: {what} differ from this call; give another folder")
        return chunk

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
