"""float64 and complex128 coefficients, for a whole batch of points at once: buffers are arrays (K+1, *shape)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from numbers import Number
from typing import Any

import numpy as np

from taylorad.errors import DomainError, MixedRingError, SingularExpansionError, UnsupportedFunctionError
from taylorad.rings.ring import Element, Position, Ring, unordered

__all__ = ["ArrayRing"]


class ArrayRing(Ring):
    """Coefficients are float64 or complex128 arrays of one shape (``()`` for a single point).

    A sum over j is one numpy reduction over the first axis, in numpy's order of summation.
    """

    __slots__ = ("complex", "dtype", "name", "shape")

    def __init__(self, dtype: Any = np.float64, shape: tuple[int, ...] = ()) -> None:
        self.dtype = np.dtype(dtype)
        self.shape = shape
        self.name = self.dtype.name
        self.complex = self.dtype.kind == "c"

    def lift(self, value: object) -> Element:
        if isinstance(value, (int, Fraction)):
            try:
                return self.dtype.type(value.numerator / value.denominator)
            except OverflowError:
                size = len(str(abs(int(value)))) if abs(value) < 10**4000 else 4000
                raise DomainError(
                    f"the constant {'−' if value < 0 else ''}10^{size - 1}… is too large for {self.name}; scale it"
                ) from None
        if isinstance(value, (float, np.floating, np.integer)):
            return self.dtype.type(value)
        if isinstance(value, (complex, np.complexfloating)) and self.complex:
            return self.dtype.type(value)
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf" + "c" * self.complex:
            return value.astype(self.dtype)
        hint = "make the series complex" if isinstance(value, Number) else "convert it with float() first"
        raise MixedRingError(f"{value!r} does not mix with {self.name} coefficients; {hint}")

    def constant(self, name: str) -> Element:
        return self.dtype.type(_CONSTANTS[name])

    def zero(self) -> Element:
        return self.dtype.type(0)

    def scale(self, a: Element, factor: int | Fraction) -> Element:
        if isinstance(factor, Fraction):
            if factor.numerator == 1:
                return a / factor.denominator
            return a * (factor.numerator / factor.denominator)
        return a * factor

    def buffer(self, order: int) -> np.ndarray:
        return np.zeros((order + 1, *self.shape), self.dtype)

    def put(self, buffer: np.ndarray, k: int, element: Element) -> None:
        buffer[k] = element

    def convolve(self, a: np.ndarray, b: np.ndarray, lo: int, hi: int, k: int) -> Element:
        if hi < lo:
            return self.zero()
        left, right = a[lo : hi + 1], b[k - hi : k - lo + 1][::-1]
        if left.ndim == 1 and right.ndim == 1:
            return left.dot(right)
        return np.einsum("j...,j...->...", left, right)

    def weighted(self, a: np.ndarray, b: np.ndarray, p: Element, q: Element, k: int) -> Element:
        j = np.arange(1.0, k + 1).reshape(-1, *[1] * max(np.ndim(a) - 1, np.ndim(p), np.ndim(q)))
        weights = p * j + q * (k - j)
        return np.einsum("j...,j...->...", weights * a[1 : k + 1], b[:k][::-1])

    def product(self, a: np.ndarray, b: np.ndarray, order: int) -> np.ndarray:
        if a.ndim == 1 and b.ndim == 1:
            return np.convolve(a[: order + 1], b[: order + 1])[: order + 1]
        return super().product(a, b, order)

    def value(self, name: str, args: Sequence[Element]) -> Element:
        from taylorad.rings.values import floating

        function = floating.lookup(name, self.complex)
        if function is None:
            raise UnsupportedFunctionError(f"{name} has no value for {self.name}; use mpmath numbers or Arb balls")
        with np.errstate(all="ignore"):
            return np.asarray(function(*args), self.dtype)[()]

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        from taylorad.rings.values import floating

        return floating.jet(name, args, order, self.complex)

    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Any:
        worst = np.zeros(np.shape(a), int)
        for bound, sign in ((lower, 1), (upper, -1)):
            if bound is None:
                continue
            at = float(bound)
            if self.complex:
                here = np.where(a == at, int(Position.BOUNDARY), int(Position.INSIDE))
            else:
                gap = (a - at) * sign
                beyond = np.where(gap == 0, int(Position.BOUNDARY), int(Position.OUTSIDE))
                here = np.where(gap > 0, int(Position.INSIDE), beyond)
            worst = np.maximum(worst, here)
        return worst

    def choose(self, chooser: str, tests: Sequence[Element]) -> Any:
        if self.complex:
            raise unordered()
        kink = np.equal(tests[0], 0)
        if np.any(kink):
            points = tuple(int(i) for i in np.flatnonzero(kink)) if np.ndim(kink) else ()
            raise SingularExpansionError(
                "a kink: the branch changes exactly at this point; name one with side=±1", points
            )
        return np.greater(tests[0], 0).astype(int)

    def pick(self, choice: Any, branches: Sequence[Element]) -> Element:
        return np.choose(choice, np.broadcast_arrays(*branches)) if np.ndim(choice) else branches[int(choice)]

    def is_zero(self, a: Element) -> Any:
        return np.equal(a, 0)

    def is_finite(self, a: Element) -> Any:
        return np.isfinite(a)


_CONSTANTS = {"pi": np.pi, "e": np.e, "euler_gamma": np.euler_gamma}
