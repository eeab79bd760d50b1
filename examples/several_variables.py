"""A truncated polynomial in several variables: kinetic energy of a double pendulum near a point, and its tensors."""

import numpy as np

import taylorad as ta


def energy(q):
    """The energy of a double pendulum with unit masses and lengths; q = (angles, velocities)."""
    a, b, u, v = q
    kinetic = u**2 + v**2 / 2 + u * v * np.cos(a - b)
    return kinetic - 9.81 * (2 * np.cos(a) + np.cos(b))


point = np.array([0.4, -0.2, 0.5, 1.0])
a, b, u, v = ta.variables(point, order=6, names="a b u v")
E = energy([a, b, u, v])
print("terms:", len(E.terms()), "of", len(E.coefficients))
print("gradient:", E.gradient())

# the polynomial is the function nearby: an error of seventh order
offset = np.array([0.2, 0.1, -0.1, 0.3])
error = E(*offset) - energy(point + offset)
print("error at a distance of", round(float(np.linalg.norm(offset)), 3), "is", error)
assert 0 < abs(error) < 1e-6

# energy is quadratic in the velocities, so all third derivatives by velocities alone vanish
tensor = ta.derivative_tensor(energy, point, order=3)
assert tensor.shape == (4, 4, 4)
assert np.abs(tensor[2:, 2:, 2:]).max() < 1e-14
print("d³E/da du dv =", tensor[0, 2, 3])
assert np.allclose(tensor[0, 2, 3], -np.sin(0.6))
