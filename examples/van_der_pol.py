"""Van der Pol's oscillator: the period of its limit cycle for several values of its parameter, compiled once."""

import sys
from importlib.util import find_spec

import numpy as np

import taylorad as ta


def van_der_pol(t, y, mu):
    return [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]]


p = ta.compile_ode(van_der_pol, dim=2, rtol=1e-13, atol=1e-13, names=("x", "v"))
periods = {}
for mu in (0.1, 1.0, 5.0):
    after = p.propagate(0, 200, [2.0, 0.0], {"mu": mu})  # on the cycle by now
    up = ta.Event(lambda t, y, mu: y[0], direction=1, terminal=2)
    s = p.solve((0, 50), after, {"mu": mu}, events=up)
    periods[mu] = s.t_events[0][1] - s.t_events[0][0]
    change = np.ptp([(y @ y) / 2 for y in s.y_events[0]])  # what is lost in a period is gained again
    print(f"mu = {mu}: period {periods[mu]:.12f}, energy after it changed by {change:.0e}")
    assert change < 1e-11

if find_spec("matplotlib") and len(sys.argv) > 1:
    p.solve((0, 30), [0.1, 0.0], {"mu": 1.0}).plot(kind="phase", path=sys.argv[1])
# Andersen and Geer, SIAM Journal on Applied Mathematics 42 (1982): 2 pi (1 + mu²/16 - 5 mu⁴/3072 + ...)
assert abs(periods[0.1] - 2 * np.pi * (1 + 0.1**2 / 16 - 5 * 0.1**4 / 3072)) < 1e-8
