"""Derivatives to order 20 at a thousand points at once."""

import numpy as np

import taylorad as ta

x = np.linspace(0.0, 1.0, 1000)
derivatives = ta.derivatives(lambda x: np.exp(-x) * np.cos(3 * x), x, order=20)
print("shape:", derivatives.shape)

# e^(−x)·cos 3x is the real part of e^((3i−1)x), whose derivatives are powers
exact = np.array([((3j - 1) ** k * np.exp((3j - 1) * x)).real for k in range(21)])
assert derivatives.shape == (21, 1000)
assert np.all(np.abs(derivatives - exact) <= 1e-12 * np.abs(3j - 1) ** np.arange(21)[:, None])
