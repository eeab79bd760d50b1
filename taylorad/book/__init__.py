"""The book of rules: every function of taylorad, stated once."""

from taylorad.book import elementary, hyperbolic, local, orthogonal, piecewise, special, trigonometric
from taylorad.book.entry import BOOK

__all__ = ["BOOK", "elementary", "hyperbolic", "local", "orthogonal", "piecewise", "special", "trigonometric"]
