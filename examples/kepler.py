"""A planet on an ellipse for 100 revolutions: the energy is kept to rounding, and in 40 digits the orbit closes."""

import sys
from fractions import Fraction
from importlib.util import find_spec

import mpmath
import numpy as np

import taylorad as ta


def kepler(t, y):
    r3 = (y[0] ** 2 + y[1] ** 2) ** 1.5
    return [y[2], y[3], -y[0] / r3, -y[1] / r3]


def energy(y):
    return (y[2] ** 2 + y[3] ** 2) / 2 - 1 / np.hypot(y[0], y[1])


eccentricity = 0.5
start = np.array([1 - eccentricity, 0.0, 0.0, np.sqrt((1 + eccentricity) / (1 - eccentricity))])
problem = ta.compile_ode(kepler, dim=4, rtol=1e-15, atol=1e-15, names=("x", "y", "u", "v"))
end = problem.propagate(0, 200 * np.pi, start)

drift = abs(energy(end) / energy(start) - 1)
print(f"after 100 revolutions: position {end[:2]}, relative change of the energy {drift:.1e}")
assert drift < 1e-13
assert np.allclose(end, start, atol=1e-9)

mpmath.mp.dps = 45
exact = ta.compile_ode(kepler, dim=4, precision=ta.digits(40))
home = exact.propagate(0, 2 * mpmath.pi, [Fraction(1, 2), 0, 0, mpmath.sqrt(3)])
print(f"after one revolution in 40 digits: x = {mpmath.nstr(home[0], 40)}")

if find_spec("matplotlib") and len(sys.argv) > 1:
    problem.solve((0, 2 * np.pi), start).plot(components=(0, 1), kind="phase", path=sys.argv[1])
assert abs(home[0] - 0.5) < 1e-38
