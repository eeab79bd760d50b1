"""Bernoulli numbers as exact fractions: the derivatives of t/(e^t − 1) at 0."""

from fractions import Fraction

import taylorad as ta

t = ta.variable(Fraction(0), 13)
bernoulli = [(t / (ta.exp(t) - 1)).derivative(k) for k in range(13)]
print(*bernoulli)

assert bernoulli[:5] == [1, Fraction(-1, 2), Fraction(1, 6), 0, Fraction(-1, 30)]
assert bernoulli[12] == Fraction(-691, 2730)
