"""Two rods: named parameters, and a crowd of neighbours that part company while each keeps its energy."""

import sys
from importlib.util import find_spec

import numpy as np

import taylorad as ta


def rods(t, y, *, g, length=1.0):
    a, b, u, v = y
    gap = a - b
    c, s = np.cos(gap), np.sin(gap)
    w = g / length
    return [
        u,
        v,
        (-s * (v**2 + u**2 * c) - w * (2 * np.sin(a) - np.sin(b) * c)) / (1 + s**2),
        (s * (2 * u**2 + v**2 * c) + 2 * w * (np.sin(a) * c - np.sin(b))) / (1 + s**2),
    ]


def energy(y, g):
    a, b, u, v = y
    return u**2 + v**2 / 2 + u * v * np.cos(a - b) - g * (2 * np.cos(a) + np.cos(b))


p = ta.compile_ode(rods, dim=4, params=("g",), rtol=1e-14, atol=1e-14, names=("upper", "lower", "u", "v"))
start = np.array([2.0, 2.5, 0.0, 0.0])
s = p.solve((0, 15), start, {"g": 9.81})
drift = max(abs(energy(y, 9.81) - energy(start, 9.81)) for y in s.y.T)

crowd = start + np.array([[1e-9 * i, 0, 0, 0] for i in range(32)])
E = p.ensemble((0, 15), crowd, {"g": 9.81})
kept = max(abs(energy(y, 9.81) - energy(y0, 9.81)) for y, y0 in zip(E.y, crowd, strict=True))
print(f"the energy changed by {drift:.1e}; 32 neighbours at 1e-9 are {np.ptp(E.y[:, 1]):.1e} apart at t = 15")

if find_spec("matplotlib") and len(sys.argv) > 1:
    s.plot(components=(0, 1), path=sys.argv[1])
assert E.success
assert max(drift, kept) < 1e-10
