"""Over which of three magnets a pendulum comes to rest: thousands of starts at once."""

import sys
from importlib.util import find_spec

import numpy as np

import taylorad as ta

ANGLES = 2 * np.pi * np.arange(3) / 3
MAGNETS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def pull(t, y, friction, spring, height):
    place, speed = y[:2], y[2:]
    apart = MAGNETS - place
    square = (apart**2).sum(axis=1) + height**2
    force = (apart * square[:, None] ** -1.5).sum(axis=0)
    return np.concatenate([speed, force - friction * speed - spring * place])


side = np.linspace(-1.5, 1.5, 40)
x, y = np.meshgrid(side, side)
starts = np.stack([x.ravel(), y.ravel(), np.zeros(x.size), np.zeros(x.size)], axis=1)

p = ta.compile_ode(pull, dim=4, rtol=1e-9, atol=1e-9)
E = p.ensemble((0, 60), starts, args=(0.2, 0.5, 0.25), threads=2)
assert E.success

nearest = np.argmin(np.linalg.norm(E.y[:, None, :2] - MAGNETS, axis=2), axis=1)
shares = np.bincount(nearest, minlength=3) / len(E)
print(f"{len(E)} starts, {E.steps.sum()} steps; the magnets get", " ".join(f"{s:.1%}" for s in shares))

if find_spec("matplotlib") and len(sys.argv) > 1:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.imshow(nearest.reshape(x.shape), origin="lower", extent=(-1.5, 1.5, -1.5, 1.5))
    axes.plot(*MAGNETS.T, "wo")
    figure.savefig(sys.argv[1])

assert shares.min() > 0.3  # turned by a third, the magnets are the same
