"""Fermi, Pasta, Ulam and Tsingou's chain: energy wanders from one mode of vibration to others, and comes back."""

import sys
from importlib.util import find_spec

import numpy as np

import taylorad as ta

N, ALPHA = 32, 0.25


def chain(t, y):
    x = np.concatenate([[0.0], y[:N], [0.0]])  # walls at both ends
    apart = x[1:] - x[:-1]
    force = apart + ALPHA * apart**2
    return np.concatenate([y[N:], force[1:] - force[:-1]])


def energy(y):
    apart = np.diff(np.concatenate([[0.0], y[:N], [0.0]]))
    return (y[N:] ** 2).sum() / 2 + (apart**2 / 2 + ALPHA * apart**3 / 3).sum()


k = np.arange(1, N + 1)
modes = np.sqrt(2 / (N + 1)) * np.sin(np.pi * np.outer(k, k) / (N + 1))
frequency = 2 * np.sin(np.pi * k / (2 * (N + 1)))
start = np.concatenate([4 * modes[0], np.zeros(N)])  # all energy in the lowest mode

p = ta.compile_ode(chain, dim=2 * N, rtol=1e-12, atol=1e-12)
times = np.linspace(0, 11000, 401)
s = p.solve((0, times[-1]), start, t_eval=times, dense=False)
place, speed = modes @ s.y[:N], modes @ s.y[N:]
share = (speed**2 + (frequency[:, None] * place) ** 2) / 2 / energy(start)
drift = max(abs(energy(y) / energy(start) - 1) for y in s.y.T)
print(f"{s.stats['steps']} steps; the energy changed by {drift:.1e}")
lowest = share[0]
print(f"energy in the lowest mode: {lowest[0]:.2f} of all, then {lowest.min():.2f}, then {lowest[300:].max():.2f}")

if find_spec("matplotlib") and len(sys.argv) > 1:
    from matplotlib.figure import Figure

    axes = Figure(figsize=(8, 4.5), layout="constrained").add_subplot(xlabel="t", ylabel="part of the energy")
    for mode in range(4):
        axes.plot(times, share[mode], label=f"mode {mode + 1}")
    axes.legend()
    axes.figure.savefig(sys.argv[1])
assert drift < 1e-10
assert lowest.min() < 0.2
assert lowest[300:].max() > 0.9
