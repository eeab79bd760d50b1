"""What goes on between a person and a long integration: progress that is told, and an interrupt that is heard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from time import perf_counter
from typing import Any, final

from taylorad.errors import DomainError
from taylorad.ode.loop import Outcome
from taylorad.ode.march import Around, March, Piece

__all__ = ["Attended", "Progress", "interrupts", "stops", "telling"]

Progress = bool | Callable[[float], Any]
_signal: Any = import_module("_signal")  # signal's own functions take ten microseconds
_PATIENCE = 0.1  # seconds in machine code between two looks


def stops(callback: Callable[[Any, Any], Any], t: Any, y: Any) -> bool:
    """Whether a callback asks to stop: by a true result, or by StopIteration."""
    try:
        return bool(callback(t, y))
    except StopIteration:
        return True


def telling(progress: Progress, t0: float, t1: float) -> AbstractContextManager[Callable[[float], Any] | None]:
    """What to call with the time that was reached; None where nobody wants to know. DomainError for anything else."""
    if progress is False or progress is None:
        return nullcontext()
    if callable(progress):
        return nullcontext(progress)
    if progress is not True:
        raise DomainError(f"progress = {progress!r} is neither True nor a function of the time")
    return _bar(t0, t1)


@contextmanager
def _bar(t0: float, t1: float) -> Generator[Callable[[float], Any]]:
    from tqdm import tqdm

    form = "{percentage:3.0f}%|{bar}| t = {n:.6g} of {total:.6g} [{elapsed}<{remaining}]"
    with tqdm(total=abs(t1 - t0), bar_format=form) as bar:
        yield lambda t: bar.update(abs(t - t0) - bar.n)


@final
class interrupts:
    """Inside, Ctrl-C waits until it is asked for: what ``with`` gives says, when called, whether it was pressed.

    Twice raises. Only in the main thread, and where no other handler than Python's own is installed.
    """

    __slots__ = ("_ours", "_seen")

    def __enter__(self) -> Callable[[], bool]:
        self._seen = False
        usual = _signal.default_int_handler
        main = threading.current_thread() is threading.main_thread()
        self._ours = main and _signal.getsignal(_signal.SIGINT) is usual
        if self._ours:
            _signal.signal(_signal.SIGINT, self._note)
        return self._pressed

    def __exit__(self, *_: object) -> None:
        if self._ours:
            _signal.signal(_signal.SIGINT, _signal.default_int_handler)

    def _pressed(self) -> bool:
        return self._seen

    def _note(self, number: int, frame: Any) -> None:
        if self._seen:
            _signal.default_int_handler(number, frame)
        self._seen = True


@final
class Attended(Around):
    """A march in blocks of steps that are short in time; everything else is the march's own.

    After each it says where it is; KeyboardInterrupt comes before the next, when the last one has been taken in.
    """

    def __init__(self, going: March, tell: Callable[[float], Any] | None, stopped: Callable[[], bool]) -> None:
        self._inner, self._tell, self._stopped = going, tell, stopped
        self._most = 1 << 60

    def go(self, end: float, most: int) -> tuple[Outcome, Piece]:
        if self._stopped():
            raise KeyboardInterrupt
        begun = perf_counter()
        found = self._inner.go(end, min(most, self._most))
        spent = perf_counter() - begun
        if spent > _PATIENCE:
            self._most = max(1, int(len(found[1]) * _PATIENCE / spent))
        if self._tell is not None:
            self._tell(float(self._inner.t))
        return found
