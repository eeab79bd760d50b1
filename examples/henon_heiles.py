"""Stars in a galaxy (Hénon and Heiles): a Poincaré section, every point of it a root found along the solution."""

import sys
from importlib.util import find_spec

import numpy as np

import taylorad as ta


def star(t, s):
    x, y, u, v = s
    return [u, v, -x - 2 * x * y, y**2 - y - x**2]


def energy(s):
    x, y, u, v = s
    return (u**2 + v**2 + x**2 + y**2) / 2 + x**2 * y - y**3 / 3


E = 1 / 12
p = ta.compile_ode(star, dim=4, rtol=1e-14, atol=1e-14)
section = ta.Event(lambda t, s: s[0], direction=1, name="x = 0, upwards")
points, drift = [], 0.0
for y in (-0.2, -0.1, 0.0, 0.1, 0.2, 0.3):
    u = np.sqrt(2 * E - y**2 + 2 * y**3 / 3)  # on the plane x = 0, with the energy E
    s = p.solve((0, 500), [0.0, y, u, 0.0], events=section, dense=False)
    points.append(s.y_events[0][:, [1, 3]])
    drift = max(drift, abs(energy(s.y[:, -1]) - E))
found = np.concatenate(points)
print(f"{len(found)} points of the section; the energy changed by {drift:.1e} at most")

if find_spec("matplotlib") and len(sys.argv) > 1:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.add_subplot(xlabel="y", ylabel="v")
    for orbit in points:
        axes.plot(*orbit.T, ".", ms=2)
    figure.savefig(sys.argv[1])
assert drift < 1e-12
assert len(found) > 400
