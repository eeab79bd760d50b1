"""Spaces of truncated polynomials: named variables and the monomials that are kept. Immutable; equal spaces are one."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError, MixedRingError, OrderError
from taylorad.rings.graded_monomials import Monomials

__all__ = ["Space", "space"]

_REMEMBERED = 4096


@final
class Space:
    """Which coefficients are known of polynomials in the variables ``names``.

    A monomial is kept if its degree in the variables is ≤ ``order``, its degree in the ``parameters`` (a part of the
    names, possibly none) is ≤ ``parameter_order``, and the exponent of each name is ≤ its cap. Made by
    :func:`space`; equal arguments give the same object.
    """

    __slots__ = (
        "__weakref__",
        "_known",
        "caps",
        "monomials",
        "names",
        "order",
        "parameter_order",
        "parameters",
        "words",
    )

    def __init__(
        self,
        names: tuple[str, ...],
        order: int,
        caps: tuple[int, ...],
        parameters: frozenset[str],
        parameter_order: int,
    ) -> None:
        self.names, self.order, self.caps = names, order, caps
        self.parameters, self.parameter_order = parameters, parameter_order
        split = bool(parameters)
        groups = tuple(int(name in parameters) for name in names)
        self._known: dict[tuple[int, ...], int] = {}  # places that were asked for
        self.words: np.ndarray | None = None  # what machine code has to know, once it is there
        self.monomials = Monomials.of(caps, groups, (order, parameter_order) if split else (order,))

    @property
    def exponents(self) -> np.ndarray:
        """The monomials in their order: (M, n) whole numbers, by degree, then by the last variables' exponents."""
        return self.monomials.exponents

    def __len__(self) -> int:
        """How many coefficients there are."""
        return self.monomials.size

    @property
    def total_order(self) -> int:
        """The largest degree of a monomial that is kept."""
        return self.monomials.order

    @property
    def complete_order(self) -> int:
        """The largest degree up to which every monomial is kept."""
        bounds = [cap for cap in self.caps if cap < self.limit]
        orders = [self.order] * (len(self.parameters) < len(self.names)) + [self.parameter_order] * bool(
            self.parameters
        )
        return min([*bounds, *orders])

    @property
    def limit(self) -> int:
        """The larger of the two orders."""
        return max(self.order, self.parameter_order)

    def index(self, name: str) -> int:
        """The place of a name; raises DomainError for a name that the space does not have."""
        if name not in self.names:
            raise DomainError(f"no variable is called {name!r} here; the variables are {', '.join(self.names)}")
        return self.names.index(name)

    def exponent(self, exponents: Iterable[object], named: Mapping[str, object] | None = None) -> tuple[int, ...]:
        """One exponent for each name, from a sequence and exponents by name; raises OrderError or DomainError."""
        given: list[Any] = list(exponents)
        if named:
            if given:
                raise OrderError("give exponents in order or by name, not both")
            given = [0] * len(self.names)
            for name, e in named.items():
                given[self.index(name)] = e
        if len(given) != len(self.names):
            raise OrderError(
                f"{len(given)} exponents for {len(self.names)} variables ({', '.join(self.names)}): give one for each"
            )
        for e in given:
            if isinstance(e, (bool, np.bool_)) or not isinstance(e, (int, np.integer)) or e < 0:
                raise OrderError(f"an exponent is a whole number ≥ 0, got {e!r}")
        return tuple(int(e) for e in given)

    def place(self, exponents: tuple[int, ...]) -> int:
        """The place of a monomial; raises OrderError where its coefficient is not known."""
        at = self._known.get(exponents, -2)
        if at == -2:
            at = -1
            if max(exponents, default=0) <= self.limit:
                at = int(self.monomials.find(np.array(exponents, np.int16)))
            if len(self._known) < _REMEMBERED:
                self._known[exponents] = at
        if at < 0:
            raise OrderError(f"the coefficient of {self.monomial(exponents)} is not known: {self.describe()}")
        return at

    def monomial(self, exponents: Iterable[int]) -> str:
        """A monomial as text."""
        parts = [name if e == 1 else f"{name}^{e}" for name, e in zip(self.names, exponents, strict=True) if e]
        return " ".join(parts) or "1"

    def describe(self) -> str:
        """What is kept, in words."""
        text = f"order {self.order}"
        if self.parameters:
            text += f" in the variables and {self.parameter_order} in the parameters"
        capped = [f"{n} up to {c}" for n, c in zip(self.names, self.caps, strict=True) if c < self._own(n)]
        return f"the space has {text}" + (f", with exponents of {', '.join(capped)}" if capped else "")

    def _own(self, name: str) -> int:
        return self.parameter_order if name in self.parameters else self.order

    def bounds(self) -> list[list[int]]:
        """The places of the names that share a bound: those of each order, and each one with a cap."""
        places = range(len(self.names))
        groups = [[i for i in places if (self.names[i] in self.parameters) == which] for which in (False, True)]
        return [*filter(None, groups), *([i] for i in places if self.caps[i] < self._own(self.names[i]))]

    def meet(self, other: Space) -> Space:
        """What is kept in both; raises MixedRingError where the variables differ."""
        if self is other:
            return self
        if self.names != other.names or self.parameters != other.parameters:
            raise MixedRingError(
                f"polynomials in ({', '.join(self.names)}) and in ({', '.join(other.names)}) do not mix: make all "
                "variables in one call of variables()"
            )
        caps = tuple(map(min, self.caps, other.caps))
        orders = min(self.order, other.order), min(self.parameter_order, other.parameter_order)
        return space(self.names, orders[0], caps, self.parameters, orders[1])

    def shifted(self, exponents: tuple[int, ...]) -> Space | None:
        """What is known of a polynomial after multiplication by a monomial (division, for negative exponents).

        None where nothing is left.
        """
        change = [0, 0]
        for name, e in zip(self.names, exponents, strict=True):
            change[name in self.parameters] += e
        order, second = self.order + change[0], self.parameter_order + change[1]
        caps = tuple(c + e for c, e in zip(self.caps, exponents, strict=True))
        if min(order, second, *caps) < 0:
            return None
        # a cap that is no cap stays none
        free = [c >= self._own(n) for n, c in zip(self.names, self.caps, strict=True)]
        own = [second if n in self.parameters else order for n in self.names]
        caps = tuple(o if f else c for f, o, c in zip(free, own, caps, strict=True))
        return space(self.names, order, caps, self.parameters, second)

    def without(self, names: Iterable[str]) -> Space:
        """The space of the other variables."""
        gone = set(names)
        left = [i for i, n in enumerate(self.names) if n not in gone]
        parameters = self.parameters - gone
        caps = tuple(self.caps[i] for i in left)
        return space(tuple(self.names[i] for i in left), self.order, caps, parameters, self.parameter_order)

    def of_order(self, order: int) -> Space:
        """The same space for another order in the variables."""
        return space(self.names, order, self.caps, self.parameters, self.parameter_order)

    def to_order(self, degree: int) -> Space:
        """A part of the space, as large as its two orders allow, without monomials beyond a total degree."""
        second = min(self.parameter_order, degree)
        caps = tuple(min(c, degree) for c in self.caps)
        return space(self.names, min(self.order, degree - second), caps, self.parameters, second)

    def places_in(self, larger: Space) -> np.ndarray:
        """Where this space's monomials are in a larger space of the same variables."""
        return larger.monomials.find(self.exponents)

    def __repr__(self) -> str:
        return f"Space({', '.join(self.names)}; {self.describe().removeprefix('the space has ')})"

    def __reduce__(self) -> Any:
        return (space, (self.names, self.order, self.caps, self.parameters, self.parameter_order))


def space(
    names: tuple[str, ...],
    order: int,
    caps: tuple[int, ...] = (),
    parameters: frozenset[str] = frozenset(),
    parameter_order: int = 0,
) -> Space:
    """The space with these properties, which is made once. Without ``caps`` only the orders count."""
    second = parameter_order if parameters else 0
    own = [second if n in parameters else order for n in names]
    capped = tuple(min(c, o) for c, o in zip(caps or own, own, strict=True))
    with _lock:  # a cache alone makes two of what two threads ask for at the same time
        return _made(names, order, capped, parameters, second)


_made = lru_cache(maxsize=512)(Space)
_lock = threading.RLock()
