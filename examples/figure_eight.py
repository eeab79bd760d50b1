"""Three equal masses that follow one another on an eight: Newton's equations for any number of points, in arrays."""

import sys
from importlib.util import find_spec

import numpy as np

import taylorad as ta

N = 3
PAIRS = np.triu_indices(N, 1)


def attraction(t, y):
    x, v = y[: 2 * N].reshape(N, 2), y[2 * N :]
    apart = x[:, None] - x[None, :]
    square = (apart**2).sum(axis=2) + np.eye(N)  # a point does not attract itself: 0 over 1
    return np.concatenate([v, -(apart * square[:, :, None] ** -1.5).sum(axis=1).reshape(-1)])


def energy(y):
    x, v = y[: 2 * N].reshape(N, 2), y[2 * N :]
    i, j = PAIRS
    return (v**2).sum() / 2 - (1 / np.linalg.norm(x[i] - x[j], axis=1)).sum()


# Chenciner and Montgomery, Annals of Mathematics 152 (2000), with the digits of Simó
place, speed = [0.97000436, -0.24308753], [0.93240737, 0.86473146]
start = np.array([*place, *(-x for x in place), 0, 0, *(v / 2 for v in speed), *(v / 2 for v in speed),
                  *(-v for v in speed)])  # fmt: skip
period = 6.32591398
s = ta.solve_ivp(attraction, (0, period), start, rtol=1e-14, atol=1e-14, dense_output=True)

drift = max(abs(energy(y) / energy(start) - 1) for y in s.y.T)
late = s.sol(period / 3)  # a third of the period later, each is where the next one was
gap = abs(s.y[:, -1] - start).max()
print(f"{s.stats['steps']} steps; relative change of the energy {drift:.1e}; it comes back to within {gap:.0e}")
assert np.allclose(sorted(late[:6:2]), sorted(start[:6:2]), atol=1e-6)

if find_spec("matplotlib") and len(sys.argv) > 1:
    s.plot(components=(0, 1), kind="phase", path=sys.argv[1])
assert drift < 1e-13
