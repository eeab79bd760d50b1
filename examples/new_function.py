"""A function that the package has never seen: the lemniscate sine and cosine, through their differentials."""

from fractions import Fraction

import flint
import numpy as np

import taylorad as ta


def value(f, u):
    """sl and cl at one point, over any ring's own functions f (DLMF 22.2: through Jacobi's functions of m = 1/2)."""
    root, half = f.sqrt(2), Fraction(1, 2)
    sn, cn, dn = f.jacobi_sn(root * u, half), f.jacobi_cn(root * u, half), f.jacobi_dn(root * u, half)
    return sn / (root * dn), cn


@ta.rule(outputs=("sl", "cl"), value=value)
def lemniscate(u, du, sl, cl):
    return cl * (1 + sl * sl) * du, -sl * (1 + cl * cl) * du


# the identity that defines them holds in every coefficient, and Gauss's series begins t − t⁵/10 + t⁹/120 − …
sl, cl = ta.lemniscate(ta.variable(0.5, 12))
assert np.allclose((sl**2 + cl**2 + sl**2 * cl**2).coefficients, [1] + [0] * 12, atol=1e-13)
print("at 1/2:", sl)

at_zero = ta.sl(ta.variable(flint.arb(0), 9))
print("at 0, proven:", at_zero)
assert at_zero[5].contains(flint.fmpq(-1, 10))
assert at_zero[9].contains(flint.fmpq(1, 120))
