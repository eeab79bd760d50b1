"""The book of rules: every function of taylorad, stated once."""

from taylorad.book import elementary, hyperbolic, piecewise, trigonometric
from taylorad.book.entry import BOOK

__all__ = ["BOOK", "elementary", "hyperbolic", "piecewise", "trigonometric"]
