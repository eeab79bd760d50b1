"""Polynomials in several variables as series whose coefficient k is the homogeneous part of degree k.

Euler's operator Σ x_i·∂/∂x_i multiplies a homogeneous part of degree k by k, as t·d/dt multiplies the k-th
coefficient of a series in t. So every rule of the book, every recurrence and the engine hold word for word; only
the sums Σ a_j·b_{k−j} are sums of products of homogeneous polynomials here.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, final

import numpy as np

from taylorad.errors import SingularExpansionError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.graded_monomials import Monomials
from taylorad.rings.graded_rays import Rays
from taylorad.rings.ring import Element, Ring

__all__ = ["Graded", "GradedRing", "Grading"]

Grading = Monomials | Rays  # what says which elements of each degree there are, and where their products lie


@final
class Graded:
    """The buffer of a polynomial: its coefficients (M, *shape) with a view of each homogeneous part."""

    __slots__ = ("data", "monomials")

    def __init__(self, data: np.ndarray, monomials: Grading) -> None:
        self.data, self.monomials = data, monomials

    def __getitem__(self, k: int) -> Any:
        return self.data[self.monomials.block(k)] if k else self.data[0]

    def __len__(self) -> int:
        return self.monomials.order + 1


@final
class GradedRing(Ring):
    """Homogeneous parts with coefficients in the ring ``base``.

    The part of degree 0 is an element of ``base``; the part of degree k an array (m_k, *shape), of objects where
    ``base`` has objects for elements. Rigorous where ``base`` is. Cost of a product: one multiplication for each pair
    of monomials whose product is kept.
    """

    def __init__(self, base: Ring, monomials: Grading) -> None:
        self.base, self.monomials = base, monomials
        self.name, self.complex, self.boxes = base.name, base.complex, base.boxes
        self._shape: tuple[int, ...] = base.shape if isinstance(base, ArrayRing) else ()
        self._dtype: Any = base.dtype if isinstance(base, ArrayRing) else object

    def lift(self, value: object) -> Element:
        return self.base.lift(value)

    def constant(self, name: str) -> Element:
        return self.base.constant(name)

    def mul(self, a: Element, b: Element) -> Element:
        # an array stands on the left: some objects would take it for one of their own kind
        return b * a if isinstance(b, np.ndarray) else a * b

    def add(self, a: Element, b: Element) -> Element:
        return b + a if isinstance(b, np.ndarray) else a + b

    def sub(self, a: Element, b: Element) -> Element:
        return -b + a if isinstance(b, np.ndarray) and not isinstance(a, np.ndarray) else a - b

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        return self.base.scale(a, factor)

    # ------------------------------------------------------------------ buffers
    def empty(self, size: int) -> np.ndarray:
        """Zeros (size, *shape)."""
        if self._dtype is not object:
            return np.zeros((size, *self._shape), self._dtype)
        out = np.empty(size, object)
        out[:] = [self.base.zero()] * size  # elements may have a say in what numpy does with them
        return out

    def buffer(self, order: int) -> Graded:
        return Graded(self.empty(self.monomials.size), self.monomials)

    def put(self, buffer: Graded, k: int, element: Element) -> None:
        buffer.data[self.monomials.block(k)] = element

    def convolve(self, a: Any, b: Any, lo: int, hi: int, k: int) -> Element:
        offsets = self.monomials.offsets
        if k == 0:
            return self.mul(a[0], b[0]) if lo <= 0 <= hi else self.zero()
        out = self.empty(offsets[k + 1] - offsets[k] + 1)  # and a place for products that are not kept
        for j in range(lo, hi + 1):
            left, right = a[j], b[k - j]
            if j == 0 or j == k:
                out[:-1] += self.mul(left, right)
                continue
            self.monomials.add_products(out, j, k - j, left, right, self.mul)
        return out[:-1]

    # ------------------------------------------------------------------ functions at the expansion point
    def outputs(self, law: Any, args: Sequence[Element], params: Sequence[Element]) -> tuple[Element, ...] | None:
        return self.base.outputs(law, args, params)

    def value(self, name: str, args: Sequence[Element]) -> Element:
        return self.base.value(name, args)

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        return self.base.jet(name, args, order)

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Any:
        return self.base.position(a, lower, upper)

    def choose(self, chooser: str, tests: Sequence[Element]) -> Any:
        try:
            return self.base.choose(chooser, tests)
        except SingularExpansionError as kink:
            raise SingularExpansionError(
                "a kink: the branch changes exactly at the expansion point, so there is no Taylor polynomial; move the "
                "point, or take the branch you want",
                kink.points,
            ) from None

    def decided(self, choice: Any, test: Element) -> None:
        self.base.decided(choice, test)

    def pick(self, choice: Any, branches: Sequence[Element]) -> Element:
        return self.base.pick(choice, branches)

    def extreme(self, sign: int, elements: Sequence[Element]) -> Element:
        return self.base.extreme(sign, elements)

    def reaches(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> bool:
        return self.base.reaches(a, lower, upper)

    def tight(self, name: str) -> bool:
        return self.base.tight(name)

    def is_zero(self, a: Element) -> Any:
        return self.base.is_zero(a)

    def is_finite(self, a: Element) -> Any:
        return self.base.is_finite(a)
