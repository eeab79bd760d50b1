"""Well-known systems by name, each with initial values that textbooks show, and a quantity that it conserves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from taylorad.command.equations import Equations

__all__ = ["MODELS", "Law", "Model"]


@final
@dataclass(frozen=True, slots=True)
class Law:
    """Right-hand sides as a function of t and an array, and what is conserved along them."""

    names: tuple[str, ...]
    rhs: Callable[[Any, Any], Any]
    invariant: Callable[[Any], Any]


@final
@dataclass(frozen=True)
class Model:
    """A system, typed or written, from ``start`` to the time ``end``; ``invariant`` belongs to one that is typed.

    ``shown`` are the components that a picture draws against one another, or over time if it is empty.
    """

    title: str
    system: str | Law
    start: tuple[float, ...]
    end: float
    invariant: str | None = None
    shown: tuple[int, ...] = ()

    @cached_property
    def law(self) -> Law | Equations:
        return Equations.of(self.system) if isinstance(self.system, str) else self.system

    def drift(self, y: np.ndarray) -> float | None:
        """The relative change of the invariant from the first to the last column; None where there is none."""
        law = self.law
        if isinstance(law, Law):
            first, last = law.invariant(y[:, 0]), law.invariant(y[:, -1])
        elif self.invariant is None:
            return None
        else:
            first, last = law.at(self.invariant, y[:, 0]), law.at(self.invariant, y[:, -1])
        return float(abs(last / first - 1))


def points(masses: Sequence[float], G: float, axes: str) -> Law:
    """Newton's equations for point masses, all positions and then all velocities, and the energy."""
    m, n, d = np.asarray(masses, float), len(masses), len(axes)
    first, second = np.triu_indices(n, 1)

    def f(t: Any, y: Any) -> Any:
        x = y[: n * d].reshape(n, d)
        force: list[Any] = [0] * n
        for i, j in zip(first, second, strict=True):
            apart = x[j] - x[i]
            pull = G * apart * (apart * apart).sum() ** -1.5
            force[i], force[j] = force[i] + m[j] * pull, force[j] - m[i] * pull
        return np.concatenate([y[n * d :], *force])

    def energy(y: Any) -> Any:
        x, v = y[: n * d].reshape(n, d), y[n * d :].reshape(n, d)
        apart = ((x[first] - x[second]) ** 2).sum(axis=1)
        return (m[:, None] * v * v).sum() / 2 - G * (m[first] * m[second] * apart**-0.5).sum()

    return Law(_named(n, axes), f, energy)


def _named(n: int, axes: str) -> tuple[str, ...]:
    """The names of n points' coordinates and velocities: x1, y1, x2, …, vx1, vy1, …"""
    return tuple(f"{kind}{axis}{i + 1}" for kind in ("", "v") for i in range(n) for axis in axes)


def _chain(t: Any, y: Any) -> Any:
    """Masses 1 between walls, springs with the force r + r³/4."""
    n = len(y) // 2
    x = np.concatenate([[0.0], y[:n], [0.0]])
    apart = x[1:] - x[:-1]
    force = apart + 0.25 * apart**3
    return np.concatenate([y[n:], force[1:] - force[:-1]])


def _chain_energy(y: Any) -> Any:
    n = len(y) // 2
    apart = np.diff(np.concatenate([[0.0], y[:n], [0.0]]))
    return (y[n:] ** 2).sum() / 2 + (apart**2).sum() / 2 + (apart**4).sum() / 16


# masses in suns, places in astronomical units, time in years; Applegate and others, Astronomical Journal 92 (1986)
_OUTER = [1.00000597682, 1 / 1047.355, 1 / 3501.6, 1 / 22869.0, 1 / 19314.0, 7.4074074e-09]
_start = (
    (-4.06428567034226e-3, -6.08813756435987e-3, -1.66162304225834e-6, 3.40546614227466, 3.62978190075864,
     3.42386261766577e-2, 6.60801554403466, 6.38084674585064, -1.36145963724542e-1, 11.1636331405597, 16.0373479057256,
     3.61783279369958e-1, -30.1777243405203, 1.91155314998064, -1.53887595621042e-1, -21.3858977531573,
     32.0719104739886, 2.49245688556096),
    (2.4420284508219875e-3, -2.313817050480114e-3, -1.1431878314062996e-6, -2.0432625879839237, 2.0141262081024234,
     -9.734965839594072e-4, -1.5233421741207835, 1.4589916938806236, 6.1030307008575965e-3, -1.1894795424513835,
     7.535002071065934e-1, -7.946015039590403e-3, -7.937720154162137e-2, -1.1364680552444766, 1.3079581750437596e-2,
     -6.458185069715666e-1, -7.545314250932926e-1, 2.402035549952531e-1),
)  # fmt: skip

_MOON = "((x+0.012277471)**2+y**2)", "((x-0.987722529)**2+y**2)"  # squares of the distances from earth and moon
_N = 32  # masses of the chain

MODELS: dict[str, Model] = {
    "lorenz": Model(
        "Lorenz' attractor", "x' = 10*(y-x); y' = x*(28-z)-y; z' = x*y-8/3*z", (1.0, 1.0, 1.0), 40.0, None, (0, 1, 2)
    ),
    "two-body": Model(
        "A planet of eccentricity 1/2 (Kepler)",
        "x' = u; y' = v; u' = -x*(x**2+y**2)**(-3/2); v' = -y*(x**2+y**2)**(-3/2)",
        (0.5, 0.0, 0.0, 3.0**0.5),
        20.0,
        "(u**2+v**2)/2-(x**2+y**2)**(-1/2)",
        (0, 1),
    ),
    "figure-eight": Model(
        "Three bodies on one eight (Chenciner and Montgomery)",
        points([1.0, 1.0, 1.0], 1.0, "xy"),
        (0.97000436, -0.24308753, -0.97000436, 0.24308753, 0.0, 0.0,
         0.466203685, 0.43236573, 0.466203685, 0.43236573, -0.93240737, -0.86473146),
        6.32591398,
        shown=(0, 1),
    ),
    "three-body": Model(
        "A satellite of earth and moon that comes back (Arenstorf)",
        "x' = u; y' = v;"
        f"u' = x+2*v-0.987722529*(x+0.012277471)*{_MOON[0]}**(-3/2)-0.012277471*(x-0.987722529)*{_MOON[1]}**(-3/2);"
        f"v' = y-2*u-0.987722529*y*{_MOON[0]}**(-3/2)-0.012277471*y*{_MOON[1]}**(-3/2)",
        (0.994, 0.0, 0.0, -2.00158510637908252240537862224),
        17.0652165601579625588917206249,
        f"x**2+y**2+2*0.987722529*{_MOON[0]}**(-1/2)+2*0.012277471*{_MOON[1]}**(-1/2)-u**2-v**2",
        (0, 1),
    ),
    "outer-planets": Model(
        "The sun, four giant planets and Pluto, for 250 years; drawn: Pluto",
        points(_OUTER, 39.42290394884788, "xyz"),
        (*_start[0], *_start[1]),
        250.0,
        shown=(15, 16),
    ),
    "henon-heiles": Model(
        "A star in a galaxy (Hénon and Heiles)",
        "x' = u; y' = v; u' = -x-2*x*y; v' = y**2-y-x**2",
        (0.0, 0.25, 0.4, -0.2),
        100.0,
        "(u**2+v**2+x**2+y**2)/2+x**2*y-y**3/3",
        (0, 1),
    ),
    "double-pendulum": Model(
        "Two rods of length 1 with masses 1 at their ends",
        "a' = u; b' = v;"
        "u' = (-sin(a-b)*(v**2+u**2*cos(a-b))-9.81*(2*sin(a)-sin(b)*cos(a-b)))/(1+sin(a-b)**2);"
        "v' = (sin(a-b)*(2*u**2+v**2*cos(a-b))+2*9.81*(sin(a)*cos(a-b)-sin(b)))/(1+sin(a-b)**2)",
        (2.0, 2.5, 0.0, 0.0),
        20.0,
        "u**2+v**2/2+u*v*cos(a-b)-9.81*(2*cos(a)+cos(b))",
        (0, 1),
    ),
    "pendulum": Model("A rod", "x' = v; v' = -sin(x)", (1.0, 0.0), 20.0, "v**2/2-cos(x)"),
    "van-der-pol": Model(
        "Oscillations that relax (Van der Pol)", "x' = v; v' = 5*(1-x**2)*v-x", (2.0, 0.0), 50.0, None, (0, 1)
    ),
    "lotka-volterra": Model(
        "Prey x and predators y (Lotka and Volterra)",
        "x' = 1.5*x-x*y; y' = x*y-3*y",
        (1.0, 1.0),
        20.0,
        "x-3*log(x)+y-1.5*log(y)",
    ),
    "chain": Model(
        "Fermi, Pasta, Ulam and Tsingou's chain of 32 masses, plucked",
        Law(tuple(f"{kind}{i}" for kind in "qp" for i in range(1, _N + 1)), _chain, _chain_energy),
        (*(4 * i * (_N + 1 - i) / (_N + 1) ** 2 for i in range(1, _N + 1)), *(0.0,) * _N),
        200.0,
    ),
}
