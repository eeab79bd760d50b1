"""The errors of taylorad. Every message says what went wrong, with which value, and what to do next."""

from __future__ import annotations

__all__ = [
    "CompilationError",
    "DomainError",
    "ExpressionError",
    "MixedRingError",
    "NotRepresentableError",
    "OrderError",
    "ShapeError",
    "SingularExpansionError",
    "TayloradError",
    "TraceError",
    "UncertifiedError",
    "UnsupportedFunctionError",
]


class TayloradError(Exception):
    """Base class of every error that taylorad raises on purpose."""


class DomainError(TayloradError, ValueError):
    """An argument lies outside the domain of a function.

    ``points`` holds the flat indices of the offending points of a batch (empty for a single point).
    """

    def __init__(self, message: str, points: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.points = points


class SingularExpansionError(DomainError):
    """An argument lies on the boundary of a domain (pole, branch point, kink): there is no Taylor series."""


class OrderError(TayloradError, ValueError):
    """An order is negative, too low, not an integer, or coefficients were asked for that are not known."""


class UncertifiedError(TayloradError, ArithmeticError):
    """An enclosure could not be proven; nothing is returned."""


class TraceError(TayloradError, TypeError):
    """Python control flow depends on a value that is only being traced."""


class MixedRingError(TayloradError, TypeError):
    """Two operands have coefficients in rings that do not mix without silent loss."""


class NotRepresentableError(TayloradError, OverflowError):
    """A result is too large or too small for the floating-point type that was asked for."""


class UnsupportedFunctionError(TayloradError, NotImplementedError):
    """The coefficient ring has no value for a function (exp(1/2) is not a fraction)."""


class ExpressionError(TayloradError, ValueError):
    """A text is not an expression; ``text`` and ``place`` (an index into it) say where, the message draws a caret."""

    def __init__(self, message: str, text: str, place: int) -> None:
        start = max(0, place - 60)
        shown = text[start : start + 100]
        super().__init__(f"{message}\n  {shown}\n  {' ' * (place - start)}^")
        self.text, self.place = text, place


class ShapeError(TayloradError, ValueError):
    """An array, or a list, tuple or dict of arrays, does not have the form that is needed."""


class CompilationError(TayloradError, RuntimeError):
    """A kernel could not be compiled."""
