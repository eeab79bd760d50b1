"""A ball that loses half of its speed at every bounce: all bounces happen before t = 3, infinitely many of them."""

import sys
from importlib.util import find_spec

import numpy as np

import taylorad as ta


def fall(t, y):
    return [y[1], -9.8 + 0 * t]


floor = ta.Event(lambda t, y: y[0], direction=-1, reset=lambda t, y: [0, -0.5 * y[1]], name="floor")
top = ta.Event(lambda t, y: y[1], direction=-1, name="top")
s = ta.solve_ivp(fall, (0, 5), [4.9, 0.0], events=[floor, top], dense_output=True)
print(s.message)

bounces = 3 - 2.0 ** (1 - np.arange(len(s.t_events[0])))
print(f"{len(bounces)} bounces; the first at {s.t_events[0][:4]}")
assert np.allclose(s.t_events[0], bounces, rtol=1e-14)
assert np.allclose(s.y_events[1][1:6, 0], 4.9 * 0.25 ** np.arange(1, 6))  # each top a quarter as high as the last

if find_spec("matplotlib") and len(sys.argv) > 1:
    s.plot(components=(0,), path=sys.argv[1])
assert s.y[0].min() > -1e-14
