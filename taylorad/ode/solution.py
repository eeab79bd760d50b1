"""What an integration gives back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from enum import IntEnum
from html import escape
from typing import Any, final

import numpy as np

from taylorad.errors import OrderError
from taylorad.ode.dense import DenseSolution
from taylorad.ode.flowmap import FlowMap
from taylorad.ode.sensitivity import Variations

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
    ZENO = -7


MESSAGES = {
    Status.END: "The solver successfully reached the end of the integration interval.",
    Status.EVENT: "A termination event occurred.",
    Status.STUCK: "Required step size is less than spacing between numbers.",
    Status.INTERRUPTED: "Interrupted; the solution is what was computed until then.",
    Status.STOPPED: "The callback asked to stop.",
}


@final
@dataclass(repr=False)
class Solution:
    """scipy's fields and shapes (``y`` is (dim, len(t))), and what Taylor series add. Not rigorous.

    ``sol`` is the dense output (:class:`~taylorad.ode.dense.DenseSolution`) or None; ``stats`` counts steps and
    rejected steps and says whether machine code ran and whether the problem looks stiff. ``args``, ``names``, ``rtol``
    and ``atol`` are those it was solved with. Keys work as in scipy.
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
    args: dict[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    rtol: Any = None
    atol: Any = None
    variations: Variations | None = None

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
        return [f.name for f in fields(self)] + ["success"]

    def __repr__(self) -> str:
        width = max(map(len, self.keys()))
        return "\n".join(f"{name:>{width}}: {text}" for name, text in self._lines())

    def _repr_html_(self) -> str:
        rows = (f"<tr><th>{name}</th><td><pre>{escape(text)}</pre></td></tr>" for name, text in self._lines())
        return f"<table>{''.join(rows)}</table>"

    def _lines(self) -> Iterator[tuple[str, str]]:
        """What a person wants to see first: why it ended, then the numbers, long ones shortened."""
        yield "message", self.message
        yield "success", f"{self.success} (status {int(self.status)})"
        for name in ("t", "y"):
            rows = getattr(self, name)
            with np.printoptions(threshold=12, edgeitems=2, precision=6):
                yield name, f"{rows} {rows.shape}".replace("\n", "\n" + " " * (max(map(len, self.keys())) + 2))
        for name in ("args", "stats"):
            shown = {key: value for key, value in getattr(self, name).items() if not isinstance(value, list)}
            if shown:
                yield name, ", ".join(f"{key} = {value}" for key, value in shown.items())
        if self.t_events is not None:
            yield "t_events", ", ".join(f"{len(times)} of event {i}" for i, times in enumerate(self.t_events))
        if self.sol is not None:
            yield "sol", f"{len(self.sol.ts) - 1} polynomials of degree {self.sol.order}"

    # ------------------------------------------------------------------ dense output
    def _dense(self) -> DenseSolution:
        if self.sol is None:
            raise OrderError("the coefficients of this solution were not kept; solve with dense_output=True")
        return self.sol

    def __call__(self, t: Any, extrapolate: bool = False) -> np.ndarray:
        """The state at ``t``, (dim, *shape of t); DomainError outside of the solution."""
        return self._dense()(t, extrapolate)

    # ------------------------------------------------------------------ dependence on what it began with
    def _variations(self) -> Variations:
        if self.variations is None:
            raise OrderError("no derivatives were carried along; solve with sensitivity=ta.Sensitivity(...)")
        return self.variations

    def dy_dy0(self, t: Any) -> np.ndarray:
        """First derivatives by the components of y0 that vary, (dim, n, *shape of t)."""
        known = self._variations()
        return known.first(t)[:, : len(known.transport.components)]

    def dy_dargs(self, t: Any) -> np.ndarray:
        """First derivatives by the numbers of the arguments that vary, (dim, m, *shape of t)."""
        known = self._variations()
        return known.first(t)[:, len(known.transport.components) :]

    def dy_dt0(self, t: Any) -> np.ndarray:
        """First derivatives by the initial time, with y0 as it is, (dim, *shape of t); all of y0 must vary."""
        return self._variations().by_start(t)

    def event_derivatives(self, g: Any, t: float) -> tuple[np.ndarray, np.ndarray]:
        """Of an event g(t, y, *args) = 0 (a function, or an Event) at its time ``t``: first derivatives.

        Those of the time, (n,), and those of the state at the event, (dim, n), by all variables: components of y0, then
        arguments. DomainError where the solution touches the surface g = 0 and does not cross it.
        """
        values = list(self.args.values())
        row = np.concatenate([np.ravel(a) for a in values]).astype(float) if values else np.zeros(0)
        return self._variations().event(getattr(g, "g", g), float(t), [np.shape(a) for a in values], row)

    def flow_map(self, t: float) -> FlowMap:
        """The state at ``t`` as a polynomial in offsets of y0 and of the arguments, to the order carried along."""
        return self._variations().flow_map(t)

    def derivative(self, t: Any, k: int = 1) -> np.ndarray:
        """The k-th derivative at ``t``, (dim, *shape of t)."""
        return self._dense().derivative(t, k)

    def integral(self, a: float, b: float) -> np.ndarray:
        """∫ y dt from a to b, (dim,)."""
        return self._dense().integral(a, b)

    def roots(self, g: Callable[..., Any]) -> np.ndarray:
        """The times at which ``g(t, y, *args)`` vanishes, all of them, in the order of integration."""
        dense: Any = self._dense()
        values = list(self.args.values())
        if not isinstance(dense, DenseSolution):
            from taylorad.ode.precise_events import roots_of as sharp_roots_of

            return sharp_roots_of(g, dense, values)
        from taylorad.ode.events import roots_of

        row = np.concatenate([np.ravel(a) for a in values]) if values else np.zeros(0)
        kind = np.complex128 if dense.coefficients.dtype.kind == "c" else np.float64
        return roots_of(g, dense, [np.shape(a) for a in values], row.astype(kind))

    @property
    def coefficients(self) -> np.ndarray:
        """(steps, K+1, dim): normalised Taylor coefficients at the beginning of every step."""
        return self._dense().coefficients

    def to_ppoly(self) -> Any:
        """scipy.interpolate.PPoly with the same values."""
        return self._dense().to_ppoly()

    # ------------------------------------------------------------------ files and pictures
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an npz file that ``ta.load_solution`` reads, without pickle: everything, dense output included.

        Only derivatives carried along (``sensitivity=``) are left out. TayloradError where it cannot be written.
        """
        from taylorad.ode.files import write

        write(self, path)

    def plot(self, **options: Any) -> Any:
        """Draw the solution: :func:`taylorad.plot.solution`, which says what the options are. Needs matplotlib."""
        from taylorad.plot import solution

        return solution(self, **options)
