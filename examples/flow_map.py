"""A square of initial values in a pendulum's flow: its image by flow maps of orders 1, 3 and 7, and the true one.

    python examples/flow_map.py [FILE]
"""

import sys
from importlib.util import find_spec

import numpy as np

import taylorad as ta


def pendulum(t, y):
    return [y[1], -np.sin(y[0])]


p = ta.compile_ode(pendulum, dim=2, rtol=1e-13, atol=1e-13)
centre, half, end = np.array([1.2, 0.4]), 0.3, 6.0
side = np.linspace(-half, half, 25)
square = np.concatenate([
    np.stack([side, -half + 0 * side], axis=1), np.stack([half + 0 * side, side], axis=1),
    np.stack([-side, half + 0 * side], axis=1), np.stack([-half + 0 * side, -side], axis=1),
])  # fmt: skip
true = p.ensemble((0, end), centre + square).y

images = {}
for order in (1, 3, 7):
    flow = p.solve((0, end), centre, sensitivity=ta.Sensitivity(order=order)).flow_map(end)
    images[order] = flow(square)
    print(f"order {order}: the image is off by {np.max(np.abs(images[order] - true)):.2g} at the most")

if find_spec("matplotlib") and len(sys.argv) > 1:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4.5))
    axes.fill(*true.T, color="0.85", label="true")
    for order, image in images.items():
        axes.plot(*image.T, label=f"order {order}")
    axes.plot(*(centre + square).T, color="0.5", linestyle=":", label="at the beginning")
    axes.set(xlabel="angle", ylabel="speed", aspect="equal")
    axes.legend()
    figure.savefig(sys.argv[1], dpi=150, bbox_inches="tight")

assert np.max(np.abs(images[7] - true)) < 0.05 * np.max(np.abs(images[1] - true))
# the flow of a Hamiltonian system preserves area
assert abs(np.linalg.det(flow.jacobian) - 1) < 1e-10
