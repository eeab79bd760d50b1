"""Lyapunov exponents: how fast neighbouring solutions part, in the mean.

>>> import taylorad as ta
>>> p = ta.compile_ode(lambda t, y: [-y[0], 0.5 * y[1]], dim=2)
>>> [round(float(x), 6) for x in ta.lyapunov_spectrum(p, [1.0, 1.0], 20.0).exponents]
[0.5, -1.0]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.carry import Carried, carry
from taylorad.ode.loop import Outcome
from taylorad.ode.problem import Problem
from taylorad.ode.sensitivity import Sensitivity

__all__ = ["LyapunovSpectrum", "lyapunov_spectrum"]

_APART = 1e4  # growth of one direction over another that is aimed at between two decompositions
_LOST = 1e10  # growth from which an interval is gone through again, in parts
_LEAST = 1e-9
_BLOCK = 100_000  # steps between two looks


@final
@dataclass(frozen=True)
class LyapunovSpectrum:
    """``exponents`` (n,), falling. ``times`` (m,) and ``history`` (m, n): what they were after each interval.

    ``state`` (dim,) and ``directions`` (dim, n), orthonormal, are those at the end, from where one can go on.
    """

    exponents: np.ndarray
    times: np.ndarray
    history: np.ndarray
    state: np.ndarray
    directions: np.ndarray

    @property
    def dimension(self) -> float:
        """Kaplan and Yorke's dimension of an attractor; NaN where so many exponents do not tell."""
        sums = np.cumsum(self.exponents)
        j = int(np.count_nonzero(sums >= 0))
        if j == 0:
            return 0.0
        return float("nan") if j == len(sums) else j + float(sums[j - 1] / abs(self.exponents[j]))


def lyapunov_spectrum(
    problem: Problem,
    y0: Any,
    t_end: float,
    args: Any = (),
    *,
    n: int | None = None,
    t0: float = 0.0,
    transient: float = 0.0,
    directions: Any = None,
) -> LyapunovSpectrum:
    """The n largest Lyapunov exponents of a solution.

    Parameters
    ----------
    problem : :class:`taylorad.ode.problem.Problem`, of :func:`taylorad.compile_ode`
    y0 : (dim,), the state at ``t0``
    t_end : float
    args : its arguments, in order or by name
    n : int, optional
        How many exponents; all dim of them by default.
    transient : float
        For how long after ``t0`` nothing is added up, so that directions turn to where they grow most.
    directions : (dim, n), optional
        Those to begin with.

    The variational equations are carried along and their solutions made orthonormal again and again by QR
    decompositions, whose logarithms are added up (Benettin, Galgani, Giorgilli and Strelcyn, Meccanica 15, 1980). The
    error falls like 1/t at best. Raises DomainError for wrong input and where the solution ends before ``t_end``. Not
    rigorous. Cost: an integration of dim·(n + 1) equations, and a QR decomposition now and then.
    """
    if not isinstance(cast(object, problem), Problem):
        raise DomainError(f"{problem!r} is no compiled problem; give ta.compile_ode(f, dim)")
    count = problem.dim if n is None else int(n)
    if not 1 <= count <= problem.dim:
        raise DomainError(f"n = {n} exponents of a system of {problem.dim} components")
    if not t0 + transient < t_end:
        raise DomainError(f"t_end = {t_end} must be beyond t0 + transient = {t0 + transient}")
    frame = np.eye(problem.dim)[:, :count] if directions is None else np.array(directions, float)
    if frame.shape != (problem.dim, count):
        raise DomainError(f"directions of shape {frame.shape}; give ({problem.dim}, {count})")
    going = carry(problem, Sensitivity(y0=range(count), control=True), float(t0), y0, args)
    state, frame = problem.state(y0), np.linalg.qr(frame)[0]
    t, begun, length = float(t0), float(t0) + float(transient), (float(t_end) - float(t0)) / 64
    sums = np.zeros(count)
    times: list[float] = []
    history: list[np.ndarray] = []
    while t < t_end:
        stop = min(begun if t < begun < t + length else t + length, float(t_end))
        going.begin(t, state, frame)
        _advance(going, stop)
        found, phi = going.now
        turned, triangle = np.linalg.qr(phi)
        growth = np.abs(np.diag(triangle))
        rates = np.linalg.slogdet(growth[:, None, None]).logabsdet
        spread = growth.max() / growth.min() if np.all(np.isfinite(phi)) and np.all(growth > 0) else np.inf
        if spread > _LOST and length > _LEAST * (1 + abs(t)):
            length /= 8  # too far: what is left of the directions is rounding
            continue
        if not np.isfinite(spread):
            raise DomainError(f"the derivatives of the solution are lost at t = {t}: they grow or fall too fast")
        if t >= begun:
            sums += rates
            times.append(stop)
            history.append(sums / (stop - begun))
        t, state, frame = stop, found, turned
        length *= 0.5 if spread > _APART else 1.5 if spread < _APART**0.5 else 1.0
    order = np.argsort(-history[-1], kind="stable")
    return LyapunovSpectrum(history[-1][order], np.array(times), np.array(history)[:, order], state, frame)


def _advance(going: Carried, end: float) -> None:
    outcome = Outcome.PAUSED
    while outcome == Outcome.PAUSED:
        outcome, _ = going.advance(end, _BLOCK)
    if outcome != Outcome.DONE:
        raise DomainError(f"the solution does not go beyond t = {going.t} ({outcome.name.lower()})")
