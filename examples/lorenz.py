"""Lorenz' attractor: how long a solution in doubles can be believed, told by one in 30 digits."""

import sys
from fractions import Fraction
from importlib.util import find_spec

import numpy as np

import taylorad as ta


def lorenz(t, y):
    return [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - Fraction(8, 3) * y[2]]


s = ta.solve_ivp(lorenz, (0, 40), [1.0, 1.0, 1.0], rtol=1e-14, atol=1e-14, dense_output=True)
truth = ta.solve_ivp(lorenz, (0, 20), [1, 1, 1], precision=ta.digits(30), t_eval=[5, 10, 15, 20])
error = np.abs(s.sol(np.array([5.0, 10, 15, 20])) - truth.y.astype(float)).max(axis=0)
print("error at t = 5, 10, 15, 20:", *(f"{e:.0e}" for e in error))  # neighbours part like e^(0.9 t)

turns = s.roots(lambda t, y: y[2] - 27)
print(f"{s.stats['steps']} steps to t = 40; the height 27 is crossed {len(turns)} times")

if find_spec("matplotlib") and len(sys.argv) > 1:
    s.plot(path=sys.argv[1], points=8000, title="Lorenz")
assert error[0] < 1e-11
assert error[-1] < 1e-4
