"""A satellite of earth and moon on Arenstorf's closed orbit: where it crosses the axis, and Jacobi's integral."""

import sys
from importlib.util import find_spec

import numpy as np

import taylorad as ta

MU = 0.012277471  # the moon's part of the mass


def satellite(t, s):
    """In the rotating frame, earth at (−mu, 0) and moon at (1 − mu, 0)."""
    x, y, u, v = s
    earth, moon = ((x + MU) ** 2 + y**2) ** -1.5, ((x - 1 + MU) ** 2 + y**2) ** -1.5
    ax = x + 2 * v - (1 - MU) * (x + MU) * earth - MU * (x - 1 + MU) * moon
    return [u, v, ax, y - 2 * u - ((1 - MU) * earth + MU * moon) * y]


def jacobi(s):
    x, y, u, v = s
    return x**2 + y**2 + 2 * (1 - MU) / np.hypot(x + MU, y) + 2 * MU / np.hypot(x - 1 + MU, y) - u**2 - v**2


# Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, §II.0
start = [0.994, 0.0, 0.0, -2.00158510637908252240537862224]
period = 17.0652165601579625588917206249
p = ta.compile_ode(satellite, dim=4, rtol=1e-15, atol=1e-15, names=("x", "y", "u", "v"))
axis = ta.Event(lambda t, s: s[1], name="axis")
s = p.solve((0, period), start, events=axis)

drift = abs(jacobi(s.y[:, -1]) / jacobi(s.y[:, 0]) - 1)
print(f"{s.stats['steps']} steps; crosses the axis at x = {np.round(s.y_events[0][:, 0], 4)}")
print(f"relative change of Jacobi's integral {drift:.1e}; it comes back to {abs(s.y[:, -1] - start).max():.0e}")

if find_spec("matplotlib") and len(sys.argv) > 1:
    s.plot(components=(0, 1), kind="phase", path=sys.argv[1])
assert drift < 1e-12
assert np.allclose(s.y[:2, -1], start[:2], atol=1e-5)
