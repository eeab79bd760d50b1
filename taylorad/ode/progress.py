"""What goes on between a person and a long integration: progress that is told, and an interrupt that is heard."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, final

from taylorad.errors import DomainError
from taylorad.ode.march import March

__all__ = ["Attended", "Progress", "interrupts", "telling"]

Progress = bool | Callable[[float], Any]
_PATIENCE = 0.1  # seconds in machine code between two looks


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


@contextmanager
def interrupts() -> Generator[Callable[[], bool]]:
    """Inside, Ctrl-C waits until it is asked for: the yielded function says whether it was pressed. Twice raises.

    Only in the main thread, and where Python's own handler stands: whoever installed another one keeps it.
    """
    seen: list[int] = []
    usual = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not usual:
        yield lambda: False
        return

    def note(number: int, frame: Any) -> None:
        if seen:
            usual(number, frame)
        seen.append(number)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(seen)
    finally:
        signal.signal(signal.SIGINT, usual)


@final
class Attended:
    """A march in blocks of steps that are short in time; everything else is the march's own.

    After each it says where it is; KeyboardInterrupt comes before the next, when the last one has been taken in.
    """

    def __init__(self, going: March, tell: Callable[[float], Any] | None, stopped: Callable[[], bool]) -> None:
        self._going, self._tell, self._stopped = going, tell, stopped
        self._most = 1 << 60

    def go(self, end: float, most: int) -> Any:
        if self._stopped():
            raise KeyboardInterrupt
        begun = perf_counter()
        found = self._going.go(end, min(most, self._most))
        spent = perf_counter() - begun
        if spent > _PATIENCE:
            self._most = max(1, int(len(found[1]) * _PATIENCE / spent))
        if self._tell is not None:
            self._tell(float(self._going.t))
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._going, name)
