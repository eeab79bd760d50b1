"""Progress of an integration, told while it runs: a bar of tqdm, or a callable."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, final

from taylorad.errors import DomainError
from taylorad.ode.march import March

__all__ = ["Told", "telling"]

Progress = bool | Callable[[float], Any]


@contextmanager
def telling(progress: Progress, t0: float, t1: float) -> Generator[Callable[[float], Any] | None]:
    """What to call with the time that was reached; None where nobody wants to know. DomainError for anything else."""
    if callable(progress):
        yield progress
    elif progress is True:
        from tqdm import tqdm

        form = "{percentage:3.0f}%|{bar}| t = {n:.6g} of {total:.6g} [{elapsed}<{remaining}]"
        with tqdm(total=abs(t1 - t0), bar_format=form) as bar:
            yield lambda t: bar.update(abs(t - t0) - bar.n)
    elif progress is False or progress is None:
        yield None
    else:
        raise DomainError(f"progress = {progress!r} is neither True nor a function of the time")


@final
class Told:
    """A march that says after every block of steps where it is; everything else is the march's own."""

    def __init__(self, going: March, tell: Callable[[float], Any]) -> None:
        self._going, self._tell = going, tell

    def go(self, end: float, most: int) -> Any:
        found = self._going.go(end, most)
        self._tell(float(self._going.t))
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._going, name)
