"""The 100th derivative of tan at 1: in floats, to 50 digits, and proven."""

import flint
import mpmath
import numpy as np

import taylorad as ta

in_floats = ta.derivative(np.tan, 1.0, 100)
print("float64:", in_floats)

with mpmath.workdps(50):
    to_50_digits = str(ta.derivative(ta.tan, mpmath.mpf(1), 100))
print("mpmath: ", to_50_digits)

flint.ctx.dps = 50
proven = ta.derivative(ta.tan, flint.arb(1), 100)
print("Arb:    ", proven)

assert abs(proven - flint.arb(to_50_digits)) < abs(proven) * 1e-45
assert abs(in_floats / float(to_50_digits) - 1) < 1e-13
