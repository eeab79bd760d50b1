"""The sun, four giant planets and Pluto for 2000 years: the energy, the periods, and the run in a file."""

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import taylorad as ta

# masses in suns, places in astronomical units, time in years: Applegate and others, Astronomical Journal 92 (1986)
NAMES = ["sun", "Jupiter", "Saturn", "Uranus", "Neptune", "Pluto"]
MASS = np.array([1.00000597682, 1 / 1047.355, 1 / 3501.6, 1 / 22869.0, 1 / 19314.0, 7.4074074e-09])
G = 39.42290394884788  # (0.01720209895 · 365)², the year taken as 365 days
PLACE = np.array([
    [-4.06428567034226e-3, -6.08813756435987e-3, -1.66162304225834e-6],
    [3.40546614227466, 3.62978190075864, 3.42386261766577e-2],
    [6.60801554403466, 6.38084674585064, -0.136145963724542],
    [11.1636331405597, 16.0373479057256, 0.361783279369958],
    [-30.1777243405203, 1.91155314998064, -0.153887595621042],
    [-21.3858977531573, 32.0719104739886, 2.49245688556096],
])  # fmt: skip
SPEED = 365 * np.array([
    [6.69048890636161e-6, -6.33922479583593e-6, -3.13202145590767e-9],
    [-5.59797969310664e-3, 5.51815399480116e-3, -2.66711392865591e-6],
    [-4.17354020307064e-3, 3.99723751748116e-3, 1.67206320571441e-5],
    [-3.25884806151064e-3, 2.06438412905916e-3, -2.17699042180559e-5],
    [-2.17471785045538e-4, -3.11361111025884e-3, 3.58344705491441e-5],
    [-1.76936577252484e-3, -2.06720938381724e-3, 6.58091931493844e-4],
])  # fmt: skip


def planets(t, y):
    x, v = y[:18].reshape(6, 3), y[18:]
    force = [0] * 6
    for i in range(6):
        for j in range(i + 1, 6):
            apart = x[j] - x[i]
            pull = G * apart * (apart**2).sum() ** -1.5
            force[i], force[j] = force[i] + MASS[j] * pull, force[j] - MASS[i] * pull
    return np.concatenate([v, *force])


def energy(y):
    x, v = y[:18].reshape(6, 3), y[18:].reshape(6, 3)
    i, j = np.triu_indices(6, 1)
    return (MASS[:, None] * v**2).sum() / 2 - G * (MASS[i] * MASS[j] / np.linalg.norm(x[i] - x[j], axis=1)).sum()


p = ta.compile_ode(planets, dim=36, rtol=1e-15, atol=1e-15)
s = p.solve((0, 2000), np.concatenate([PLACE.ravel(), SPEED.ravel()]))
drift = abs(energy(s.y[:, -1]) / energy(s.y[:, 0]) - 1)
print(f"{s.stats['steps']} steps; relative change of the energy {drift:.1e}")

with tempfile.TemporaryDirectory() as folder:  # what is in the file is the whole solution, between the steps as well
    s.save(Path(folder) / "planets.npz")
    again = ta.load_solution(Path(folder) / "planets.npz")
for body in range(1, 6):
    passages = again.roots(lambda t, y, b=3 * body: y[b + 1] - y[1])  # twice in every turn around the sun
    print(f"{NAMES[body]:8} {2 * np.mean(np.diff(passages)):8.3f} years")

if find_spec("matplotlib") and len(sys.argv) > 1:
    from matplotlib.figure import Figure

    axes = Figure(figsize=(7, 7), layout="constrained").add_subplot(aspect="equal")
    x = s(np.linspace(1750, 2000, 4000))
    for body, name in enumerate(NAMES):
        axes.plot(x[3 * body], x[3 * body + 1], label=name)
    axes.legend()
    axes.figure.savefig(sys.argv[1])
assert drift < 1e-13
assert np.array_equal(again(1000.5), s(1000.5))
