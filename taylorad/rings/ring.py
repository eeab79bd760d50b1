"""What the engine asks of a coefficient ring: the contract that every ring keeps.

A ring knows two things: *elements* (one coefficient, for all points of a batch at once) and *buffers* (the
coefficients 0, 1, 2, … of one series). The engine never looks inside either, never branches on a value and
never loops over coefficients itself: sums over j are :meth:`Ring.convolve`, the sweep over k is
:meth:`Ring.sweep`. So a code generator can be a ring too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import IntEnum
from fractions import Fraction
from math import perm
from typing import Any

from taylorad.errors import DomainError, UnsupportedFunctionError

__all__ = ["Element", "Position", "Ring", "unordered"]

Element = Any  # each ring has its own; only the ring itself looks inside


class Position(IntEnum):
    """Where an argument lies with respect to the domain of a function."""

    INSIDE = 0
    UNDECIDED = 1
    BOUNDARY = 2
    OUTSIDE = 3


def unordered() -> DomainError:
    """The error of a branch that complex numbers would have to choose."""
    return DomainError(
        "a branch cannot be chosen by a complex number; take the real part first (along a real line, "
        "|z| is (z.real**2 + z.imag**2)**0.5)"
    )


class Ring(ABC):
    """A commutative ring of coefficients, with the values of functions at one point.

    Contract: ``add``, ``sub``, ``mul``, ``neg`` are those of a commutative ring (exactly, up to rounding, or as
    an enclosure); ``div`` divides by a unit; ``over_int(times_int(a, k), k) == a`` up to rounding; ``convolve``
    is the sum of products and nothing else. Elements are immutable to everyone but the ring.
    """

    name: str
    exact: bool = False
    complex: bool = False
    boxes: bool = False  # elements are intervals, which may be split

    # ------------------------------------------------------------------ constants
    @abstractmethod
    def lift(self, value: object) -> Element:
        """An int, Fraction or scalar of a compatible kind as an element; raises MixedRingError otherwise."""

    @abstractmethod
    def constant(self, name: str) -> Element:
        """A named constant such as π; raises UnsupportedFunctionError where the ring has none."""

    def zero(self) -> Element:
        return self.lift(0)

    # ------------------------------------------------------------------ arithmetic of elements, by their own operators
    def add(self, a: Element, b: Element) -> Element:
        return a + b

    def sub(self, a: Element, b: Element) -> Element:
        return a - b

    def mul(self, a: Element, b: Element) -> Element:
        return a * b

    def div(self, a: Element, b: Element) -> Element:
        return a / b

    def neg(self, a: Element) -> Element:
        return -a

    @abstractmethod
    def scale(self, a: Element, factor: int | Fraction) -> Element:
        """``factor·a`` for a rational constant."""

    def times_int(self, a: Element, k: Any) -> Element:
        return a * k

    def over_int(self, a: Element, k: Any) -> Element:
        return a / k

    def map(self, matrix: Any, a: Element) -> Element:
        """A constant matrix times a vector of elements, for rings whose elements can be vectors.

        The others compute element by element (``taylorad.series.elements``) and are never asked.
        """
        raise TypeError(f"elements of the ring {self.name} are no vectors")

    # ------------------------------------------------------------------ buffers
    @abstractmethod
    def buffer(self, order: int) -> Any:
        """Room for the coefficients 0 … order of one series."""

    @abstractmethod
    def put(self, buffer: Any, k: Any, element: Element) -> None:
        """Store coefficient k; coefficients are stored in rising order."""

    @abstractmethod
    def convolve(self, a: Any, b: Any, lo: Any, hi: Any, k: Any) -> Element:
        """Σ a_j·b_{k−j} for j = lo … hi (zero when hi < lo)."""

    def weighted(self, a: Any, b: Any, p: Element, q: Element, k: Any) -> Element:
        """Σ (p·j + q·(k−j))·a_j·b_{k−j} for j = 1 … k.

        Each weight is formed before its product: two sums, one for p and one for q, would cancel.
        """
        total = self.zero()
        for j in range(1, k + 1):
            weight = self.add(self.times_int(p, j), self.times_int(q, k - j))
            total = self.add(total, self.mul(weight, self.convolve(a, b, j, j, k)))
        return total

    def product(self, a: Any, b: Any, order: int) -> Any:
        """Coefficients 0 … order of a·b, from two buffers of at least that order."""
        fresh = self.buffer(order)
        for k in range(order + 1):
            self.put(fresh, k, self.convolve(a, b, 0, k, k))
        return fresh

    def before(self, k: Any) -> Any:
        """The index k − 1."""
        return k - 1

    def sweep(self, order: int, body: Callable[[Any], None]) -> None:
        """Run ``body(k)`` for k = 1 … order."""
        for k in range(1, order + 1):
            body(k)

    def sharpened(self, name: str, u: Any, found: Any) -> Any:
        """The coefficients ``found`` of a function at the series u, or narrower ones where the ring knows them."""
        del name, u
        return found

    # ------------------------------------------------------------------ functions at one point
    def outputs(self, law: Any, args: Sequence[Element], params: Sequence[Element]) -> tuple[Element, ...] | None:
        """All outputs of a rule at once, for rings that evaluate a rule as a whole; None for the others."""
        return None

    @abstractmethod
    def value(self, name: str, args: Sequence[Element]) -> Element:
        """The function ``name`` at a point; raises UnsupportedFunctionError where the ring has no value."""

    def jet(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        """Coefficients 0 … order of a function analytic at a point, in its last argument."""
        raise UnsupportedFunctionError(f"the ring {self.name} has no jet of {name}; use float64 or Arb balls")

    def local(self, name: str, args: Sequence[Element], order: int) -> Sequence[Element]:
        """The jet of a function, or of a derivative of one: each prime at the end of ``name`` stands for one."""
        plain = name.rstrip("'")
        primes = len(name) - len(plain)
        return self.differentiated(self.jet(plain, args, order + primes), primes)

    def differentiated(self, jet: Sequence[Element], m: int) -> Sequence[Element]:
        """The jet of the derivative of order m: m coefficients fewer."""
        return [self.times_int(jet[j], perm(j, m)) for j in range(m, len(jet))] if m else jet

    @abstractmethod
    def position(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> Any:
        """A :class:`Position` (an array of them for a batch) of ``a`` in the open interval (lower, upper)."""

    @abstractmethod
    def choose(self, chooser: str, tests: Sequence[Element]) -> Any:
        """Which branch a :class:`~taylorad.series.node.Select` takes (an index, or an array of them).

        ``"sign"``: 0 where the first test is negative, 1 where positive; a zero or an undecided sign raises
        SingularExpansionError or UncertifiedError.
        """

    def reaches(self, a: Element, lower: Fraction | int | None, upper: Fraction | int | None) -> bool:
        """Whether a set lies in the closed interval [lower, upper]; for sets only."""
        del a, lower, upper
        return False

    def tight(self, name: str) -> bool:
        """Whether values of a function over wide intervals are its ranges, but for rounding."""
        del name
        return False

    def decided(self, choice: Any, test: Element) -> None:
        """Raise UncertifiedError where a choice of :meth:`choose` does not hold for derivatives; for sets only."""
        del choice, test

    def extreme(self, sign: int, elements: Sequence[Element]) -> Element:
        """The larger (1) or the smaller (−1) of two elements, or of one and its negative (2); for sets only."""
        raise TypeError(f"elements of the ring {self.name} are no sets")

    @abstractmethod
    def pick(self, choice: Any, branches: Sequence[Element]) -> Element:
        """The chosen branch's element."""

    @abstractmethod
    def is_zero(self, a: Element) -> Any:
        """True where ``a`` is exactly zero (a bool, or an array of bools for a batch)."""

    @abstractmethod
    def is_finite(self, a: Element) -> Any:
        """True where ``a`` is finite (a bool, or an array of bools for a batch)."""
