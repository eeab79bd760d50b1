"""A linear form in places of an array: what numpy's linear functions make of rows of the identity."""

from __future__ import annotations

from typing import Any, final

__all__ = ["Form"]


@final
class Form:
    """Σ terms[j]·x_j. Numbers may multiply it and divide it, and 0 may be added; else NotImplemented."""

    __slots__ = ("terms",)

    def __init__(self, terms: dict[int, float]) -> None:
        self.terms = terms

    def _scaled(self, factor: Any) -> Any:
        if isinstance(factor, Form):
            return NotImplemented
        return Form({j: x * float(factor) for j, x in self.terms.items()})

    def _sum(self, other: Any, sign: float) -> Any:
        if not isinstance(other, Form):
            return self if other == 0 else NotImplemented
        terms = dict(self.terms)
        for j, x in other.terms.items():
            terms[j] = terms.get(j, 0.0) + sign * x
        return Form(terms)

    def __add__(self, other: Any) -> Any:
        return self._sum(other, 1.0)

    def __radd__(self, other: Any) -> Any:
        return self._sum(other, 1.0)

    def __sub__(self, other: Any) -> Any:
        return self._sum(other, -1.0)

    def __rsub__(self, other: Any) -> Any:
        return (-self)._sum(other, 1.0)

    def __neg__(self) -> Form:
        return Form({j: -x for j, x in self.terms.items()})

    def __mul__(self, other: Any) -> Any:
        return self._scaled(other)

    def __rmul__(self, other: Any) -> Any:
        return self._scaled(other)

    def __truediv__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Form) else self._scaled(1 / other)
