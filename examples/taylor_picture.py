"""A function against its Taylor polynomials: the picture of the README.

    python examples/taylor_picture.py [FILE]
"""

import sys

import numpy as np

import taylorad as ta
from taylorad.plot import polynomials


def f(x):
    return np.exp(np.sin(x)) / (1 + x**2)


if len(sys.argv) > 1:
    from PIL import Image

    polynomials(f, 0.6, 20, sys.argv[1], title="exp(sin x) / (1 + x²) and its Taylor polynomials at 0.6")
    Image.open(sys.argv[1]).convert("RGB").quantize(48).save(sys.argv[1], optimize=True)  # a third of the size

series = ta.taylor(f, 0.6, order=40)
radius = series.radius().best
print(f"radius of convergence: about {radius:.4f}; the poles at ±i are {abs(0.6 + 1j):.4f} away")
assert abs(radius - abs(0.6 + 1j)) < 1e-2
