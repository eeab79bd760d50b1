"""Lorenz' attractor with proofs: a tube of boxes that the exact solution never leaves, to t = 20.

    python examples/lorenz_tube.py [FILE]
"""

import sys

import taylorad as ta
from taylorad import validated as v


def lorenz(t, y, s, r, b):
    return [s * (y[1] - y[0]), y[0] * (r - y[2]) - y[1], y[0] * y[1] - b * y[2]]


V = v.solve_ivp(lorenz, (0, 20), ta.box(["15", "15", "36"]), args=(10, 28, "8/3"))
if len(sys.argv) > 1:
    V.plot(components=(0, 2), names=("x", "y", "z"), path=sys.argv[1], title="Every box is proved")

print(f"{V.steps} steps; at t = {V.t_reached} the solution is in")
for name, x in zip("xyz", V.box, strict=True):
    print(f"  {name} in {x}, {x.width:.1e} wide")
assert V.success
assert V.width < 5e-4
