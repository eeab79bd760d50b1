"""A planet on an ellipse for 100 revolutions: the energy is kept to rounding, and the orbit closes."""

import numpy as np

import taylorad as ta


def kepler(t, y):
    r3 = (y[0] ** 2 + y[1] ** 2) ** 1.5
    return [y[2], y[3], -y[0] / r3, -y[1] / r3]


def energy(y):
    return (y[2] ** 2 + y[3] ** 2) / 2 - 1 / np.hypot(y[0], y[1])


eccentricity = 0.5
start = np.array([1 - eccentricity, 0.0, 0.0, np.sqrt((1 + eccentricity) / (1 - eccentricity))])
problem = ta.compile_ode(kepler, dim=4, rtol=1e-15, atol=1e-15)
end = problem.propagate(0, 200 * np.pi, start)

drift = abs(energy(end) / energy(start) - 1)
print(f"after 100 revolutions: position {end[:2]}, relative change of the energy {drift:.1e}")
assert drift < 1e-13
assert np.allclose(end, start, atol=1e-9)
