"""``taylorad ode``: solve equations that you type, or a well-known system by its name."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from taylorad.command.equations import Equations
from taylorad.command.models import MODELS
from taylorad.errors import DomainError, TayloradError
from taylorad.ode.precision import digits
from taylorad.ode.problem import compile_ode
from taylorad.ode.solution import Solution

__all__ = ["Answer", "integrate"]


def numbers(text: str, what: str) -> list[Fraction]:
    """``0.5,0,-1/3`` as fractions; DomainError for anything else."""
    try:
        return [Fraction(part.strip()) for part in text.split(",")]
    except (ValueError, ZeroDivisionError, OverflowError) as problem:
        raise DomainError(f"{what} {text!r} is not a list of numbers such as 0.5,0,-1/3") from problem


def decimal(x: Any, count: int) -> str:
    """A number of mpmath with so many digits."""
    from taylorad.rings.multiprecision import written

    return written(x, count)


@dataclass(frozen=True, slots=True)
class Answer:
    """A solution, the relative change of what it should conserve (None: nothing is known), and how to draw it."""

    solution: Solution
    title: str
    drift: float | None = None
    shown: tuple[int, ...] = ()

    def text(self) -> str:
        """The end, the steps, and why it ended."""
        s = self.solution
        count = s.stats.get("digits")

        def shown(x: Any) -> str:
            return repr(float(x)) if count is None else decimal(x, count)

        values = zip(s.names, s.y[:, -1], strict=True)
        lines = [f"t = {shown(s.t[-1])}", *(f"{name} = {shown(value)}" for name, value in values)]
        if self.drift is not None:
            lines.append(f"the invariant changed by {self.drift:.1e}, relative to its beginning")
        lines.append(f"{s.stats['steps']} steps of order {s.stats['order']}; {s.message}")
        return "\n".join(lines)

    def save(self, path: str, points: int) -> None:
        """Times and states, evenly spaced, as CSV."""
        s = self.solution
        t = np.linspace(float(s.t[0]), float(s.t[-1]), points)
        table = np.column_stack([t, s(t).T]) if s.sol is not None else np.column_stack([s.t, s.y.T])
        lines = [",".join(("t", *s.names)), *(",".join(map(repr, map(float, row))) for row in table)]
        try:
            Path(path).write_text("\n".join(lines) + "\n")
        except OSError as error:
            raise TayloradError(f"no table at {path}: {error}") from error

    def plot(self, path: str, points: int) -> None:
        """A picture: over time, or of some components against one another."""
        kind = "phase" if self.shown else None
        try:
            self.solution.plot(components=self.shown or None, kind=kind, points=points, path=path, title=self.title)
        except (ImportError, OSError, ValueError) as error:
            raise TayloradError(f"no picture at {path}: {error}") from error


def integrate(
    system: str,
    start: str | None,
    t: str | None,
    rtol: float | None = None,
    atol: float | None = None,
    count: int | None = None,
) -> Answer:
    """Solve a model by name, or equations; ``t`` is the end, or ``beginning,end``, ``count`` a number of digits."""
    precision = None if count is None else digits(count)
    model = MODELS.get(system)
    if model is None and "=" not in system:
        raise TayloradError(f"{system!r} is neither a system ({', '.join(MODELS)}) nor equations like x' = -y")
    if model is None and start is None:
        raise TayloradError("give the initial values, one for each equation: --y0 0.5,0")
    law = Equations.of(system) if model is None else model.law
    values = list(model.start) if model is not None and start is None else numbers(start or "", "--y0")
    if len(values) != len(law.names):
        raise DomainError(f"--y0 has {len(values)} values for {len(law.names)} equations")
    span = numbers(t, "--t") if t is not None else [10.0 if model is None else model.end]
    if len(span) > 2:
        raise DomainError(f"--t {t} is neither the end nor beginning,end")
    if precision is None:
        rtol, atol = 1e-12 if rtol is None else rtol, 1e-14 if atol is None else atol
        values, span = [float(x) for x in values], [float(x) for x in span]
    elif isinstance(law, Equations):
        law = law.sharp(precision.bits)
    problem = compile_ode(law.rhs, len(values), 0, rtol=rtol, atol=atol, names=law.names, precision=precision)
    s = problem.solve((0, span[0]) if len(span) == 1 else (span[0], span[1]), values)
    return Answer(s, system) if model is None else Answer(s, model.title, model.drift(s.y), model.shown)
