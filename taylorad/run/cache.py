"""The disk cache of compiled code: files that only their owner can read or write, checked before they are used.

One file an object, named by its key, in ``TAYLORAD_CACHE_DIR`` or the user's cache directory. A file is a magic
word, the SHA-256 of the rest, and the rest. Files are written beside their place and renamed into it, so readers
and writers of any number of processes never see half a file, and a killed writer leaves only a stray that the
next eviction removes. What is damaged, of another owner, or open to others is ignored and rebuilt. When the
directory outgrows its limit, the files unused for longest go first. Nothing here ever fails a computation:
a directory that cannot be used is reported once, by :func:`info` and the log, and code is compiled anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import stat
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import final

__all__ = ["LIMIT", "Info", "clear", "directory", "get", "info", "put"]

LIMIT = 64 * 1024 * 1024  # bytes; a kernel takes 5 to 100 kB
_MAGIC = b"taylorad1\n"
_SUFFIX = ".kernel"
_FRESH = 3600.0  # seconds: how often a file's time of use is noted, and how old a stray must be

_log = logging.getLogger("taylorad")
_lock = threading.Lock()
_counts = {"hits": 0, "misses": 0, "writes": 0}
_problems: dict[Path, str] = {}


@final
@dataclass(frozen=True, slots=True)
class Info:
    """What the cache holds, and what this process took from it; ``problem`` says why it is not used, if so."""

    directory: Path
    entries: int
    bytes: int
    limit: int
    hits: int
    misses: int
    writes: int
    problem: str


def directory() -> Path:
    """Where objects are kept; read anew at every use, so that the environment may change."""
    chosen = os.environ.get("TAYLORAD_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "taylorad" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "taylorad"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "taylorad"


def get(key: str) -> bytes | None:
    """What was put under ``key`` (a hexadecimal word), or None."""
    content = None
    with contextlib.suppress(OSError):
        content = _read(directory() / (key + _SUFFIX))
    _counts["misses" if content is None else "hits"] += 1
    return content


def put(key: str, content: bytes) -> bool:
    """Keep ``content`` under ``key``; False where the directory cannot be used."""
    home = directory()
    try:
        _prepare(home)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=home)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(content).digest() + content)
            os.replace(name, home / (key + _SUFFIX))
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as problem:
        _report(home, f"{problem}; compiled code is not kept: set TAYLORAD_CACHE_DIR to a directory of your own")
        return False
    _counts["writes"] += 1
    _problems.pop(home, None)
    if _due(content):
        _evict(home)
    return True


def info() -> Info:
    """The state of the cache. Cost: one listing of the directory."""
    home = directory()
    sizes = [size for _, size, _ in _files(home)]
    return Info(home, len(sizes), sum(sizes), LIMIT, **_counts, problem=_problems.get(home, ""))


def clear() -> int:
    """Remove every object from the disk; returns how many. Kernels already loaded stay usable."""
    removed = 0
    for path, _, _ in _files(directory()):
        with contextlib.suppress(OSError):
            path.unlink()
            removed += 1
    return removed


def _owned(status: os.stat_result) -> bool:
    """Whether nobody but this user can have written it."""
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o077)


def _read(path: Path) -> bytes | None:
    # whoever can write to the directory could replace files in it, so it is looked at too
    if not _owned(path.parent.stat()):
        _report(
            path.parent, "other users can reach this directory; remove it, or chmod 700 it if you trust what is in it"
        )
        return None
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or not _owned(status):
            return None
        data = file.read()
    head = len(_MAGIC) + 32
    content = data[head:]
    if not data.startswith(_MAGIC) or hashlib.sha256(content).digest() != data[len(_MAGIC) : head]:
        return None
    if time.time() - status.st_mtime > _FRESH:
        with contextlib.suppress(OSError):
            os.utime(path)
    return content


def _prepare(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not _owned(home.stat()):
        raise PermissionError(f"{home} can be reached by other users")


def _files(home: Path) -> list[tuple[Path, int, float]]:
    found: list[tuple[Path, int, float]] = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(home):
            with contextlib.suppress(OSError):
                if entry.name.endswith(_SUFFIX):
                    status = entry.stat(follow_symlinks=False)
                    found.append((Path(entry.path), status.st_size, status.st_mtime))
                elif entry.name.endswith(".part") and time.time() - entry.stat().st_mtime > _FRESH:
                    os.unlink(entry.path)
    return found


def _due(content: bytes) -> bool:
    """Whether to see to the size of the directory: about once for each 64th part of the limit that is written.

    A listing takes as long as several compilations, and processes may be short; so contents cast the dice.
    """
    return int.from_bytes(hashlib.sha256(content).digest()[:4], "big") * LIMIT < 64 * len(content) * 2**32


def _evict(home: Path) -> None:
    """Keep the directory below its limit; three quarters of it are left, so that this is rare."""
    files = _files(home)
    total = sum(size for _, size, _ in files)
    if total <= LIMIT:
        return
    for path, size, _ in sorted(files, key=lambda f: f[2]):
        with contextlib.suppress(OSError):
            path.unlink()
            total -= size
        if total <= LIMIT * 3 // 4:
            return


def _report(home: Path, problem: str) -> None:
    with _lock:
        if home not in _problems:
            _log.warning("cache of compiled code: %s: %s", home, problem)
        _problems[home] = problem
