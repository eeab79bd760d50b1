"""What an integration gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Any, final

import numpy as np

from taylorad.errors import OrderError
from taylorad.ode.dense import DenseSolution

__all__ = ["MESSAGES", "Solution", "Status"]


class Status(IntEnum):
    """Why an integration ended; scipy's 0 and 1, and below 0 what kept it from its end."""

    END = 0
    EVENT = 1
    STUCK = -1
    SINGULARITY = -2
    STEPS = -3
    UNDEFINED = -4
    INTERRUPTED = -5
    STOPPED = -6


MESSAGES = {
    Status.END: "The solver successfully reached the end of the integration interval.",
    Status.EVENT: "A termination event occurred.",
    Status.STUCK: "Required step size is less than spacing between numbers.",
    Status.INTERRUPTED: "Interrupted; the solution is what was computed until then.",
    Status.STOPPED: "The callback asked to stop.",
}


@final
@dataclass
class Solution:
    """scipy's fields and shapes (``y`` is (dim, len(t))), and what Taylor series add. Not rigorous.

    ``sol`` is the dense output (:class:`~taylorad.ode.dense.DenseSolution`) or None; ``stats`` counts steps and
    rejected steps and says whether machine code ran and whether the problem looks stiff. Keys work as in scipy.
    """

    t: np.ndarray
    y: np.ndarray
    sol: DenseSolution | None
    t_events: list[np.ndarray] | None
    y_events: list[np.ndarray] | None
    nfev: int
    njev: int
    nlu: int
    status: Status
    message: str
    stats: dict[str, Any] = field(default_factory=dict)
    watch: Callable[[Any], list[np.ndarray]] | None = field(default=None, repr=False)

    @property
    def success(self) -> bool:
        return self.status >= 0

    def __getitem__(self, key: str) -> Any:
        if key not in self.keys():
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> list[str]:
        return [f.name for f in fields(self) if f.name != "watch"] + ["success"]

    # ------------------------------------------------------------------ dense output
    def _dense(self) -> DenseSolution:
        if self.sol is None:
            raise OrderError("the coefficients of this solution were not kept; solve with dense_output=True")
        return self.sol

    def __call__(self, t: Any, extrapolate: bool = False) -> np.ndarray:
        """The state at ``t``, (dim, *shape of t); DomainError outside of the solution."""
        return self._dense()(t, extrapolate)

    def derivative(self, t: Any, k: int = 1) -> np.ndarray:
        """The k-th derivative at ``t``, (dim, *shape of t)."""
        return self._dense().derivative(t, k)

    def integral(self, a: float, b: float) -> np.ndarray:
        """∫ y dt from a to b, (dim,)."""
        return self._dense().integral(a, b)

    def roots(self, g: Callable[..., Any]) -> np.ndarray:
        """The times at which ``g(t, y, *args)`` vanishes, all of them, rising in the direction of integration."""
        self._dense()
        assert self.watch is not None
        return self.watch(g)[0]

    @property
    def coefficients(self) -> np.ndarray:
        """(steps, K+1, dim): normalised Taylor coefficients at the beginning of every step."""
        return self._dense().coefficients

    def to_ppoly(self) -> Any:
        """scipy.interpolate.PPoly with the same values."""
        return self._dense().to_ppoly()
