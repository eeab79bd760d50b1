"""CPU time of calls that take turns, so that a shared machine is as slow for one as for the others; and its record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

__all__ = ["among", "keep", "known", "milliseconds", "together"]

_FOLDER = Path(__file__).parents[2] / "build" / "benchmarks"
Call = Callable[[], Any]


def together(
    *calls: Call, rounds: int = 7, budget: float = 0.25, figure: Callable[[Iterable[float]], float] = min
) -> list[float]:
    """Microseconds of each call: the least (or another ``figure``) of ``rounds`` that take ``budget`` seconds."""
    counts: list[int] = []
    for call in calls:
        call()
        counts.append(max(1, int(1e3 * budget / rounds / max(milliseconds(call), 1e-4))))
    found: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, count, times in zip(calls, counts, found, strict=True):
            start = time.process_time()
            for _ in range(count):
                call()
            times.append(1e6 * (time.process_time() - start) / count)
    return [figure(times) for times in found]


def among(calls: dict[str, Call], **how: Any) -> dict[str, float]:
    """The same, by name."""
    return dict(zip(calls, together(*calls.values(), **how), strict=True))


def milliseconds(call: Call) -> float:
    """Of one call."""
    start = time.process_time()
    call()
    return 1e3 * (time.process_time() - start)


def known(name: str) -> dict[str, Any]:
    """What ``build/benchmarks/<name>.json`` holds."""
    path = _FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def keep(name: str, parts: dict[str, Any]) -> None:
    """Put parts into ``build/benchmarks/<name>.json``, in the place of those with their names."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    (_FOLDER / f"{name}.json").write_text(json.dumps(known(name) | parts, indent=1))
