"""Python's operators and the functions of the book on traced values, element by element."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.book.entry import BOOK, Member
from taylorad.book.operators import ABSOLUTE, CONSTANT_POWER, POWER_NAMES, REMAINDER, SERIES_POWER
from taylorad.rings.powers import repeated
from taylorad.series.node import Node, as_node
from taylorad.trace.array import Traced, from_cells, lift
from taylorad.trace.cells import is_exact, number
from taylorad.trace.condition import Condition, greater
from taylorad.trace.elementwise import elementwise, plain, single

__all__ = ["OPERATORS", "book", "each", "operate", "power"]


def operate(name: str, operands: Sequence[Any]) -> Any:
    """A Python operator; NotImplemented for operands that are no numbers."""
    if name in _ARITHMETIC and (alone := single(_ARITHMETIC[name], operands)) is not None:
        return alone
    if any(not isinstance(x, (Traced, int, float, Condition, np.ndarray)) and not plain(x) for x in operands):
        exponent = name == "pow" and is_exact(operands[1])
        operands = [lift(x) if is_exact(x) and not (i and exponent) else x for i, x in enumerate(operands)]
        if not all(isinstance(x, (Traced, Condition)) or plain(x) or is_exact(x) for x in operands):
            return NotImplemented
    return OPERATORS[name](*operands)


def book(function: Any, args: Sequence[Any]) -> Any:
    """A function of the book (an entry, or one of its outputs) at traced values and numbers."""
    if isinstance(function, Member) and function.name in POWER_NAMES:
        return power(*args)
    return elementwise(function, args, exact=False)


def each(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of nodes as one of traced values."""
    return lambda *operands: elementwise(function, operands)


def power(a: Any, b: Any) -> Any:
    """a**b: products for integral b of any type, else by the rule for constant powers, else exp(b·log a)."""
    if type(b) in (int, float) and (alone := single(lambda u: _raised(u, b), (a,))) is not None:
        return alone
    if is_exact(b):
        b = Fraction(number(b).parts[0])
        return elementwise(lambda u: _whole_power(u, int(b)) if b.denominator == 1 else CONSTANT_POWER(u, b), (a,))
    if not plain(b):
        return elementwise(SERIES_POWER, (a, b))
    if np.size(b) == 1:
        base = lift(a) + np.zeros(np.shape(b)) if np.ndim(b) else a
        exponent = np.asarray(b).item()
        return elementwise(lambda u: _raised(u, exponent), (base,))
    a = lift(a)
    # exponents differ, so elements go different ways
    cells = from_cells(np.broadcast_to(a.cells, np.broadcast_shapes(a.shape, np.shape(b))), a.dtype)
    return elementwise(lambda u, e: _raised(u if isinstance(u, Node) else number(u), e), (cells, b), exact=False)


def _raised(u: Node, exponent: Any) -> Node:
    whole = exponent.imag == 0 and math.isfinite(exponent.real) and exponent.real % 1 == 0
    return _whole_power(u, int(exponent.real)) if whole else CONSTANT_POWER(u, exponent)


def _whole_power(u: Node, n: int) -> Node:
    if n <= 0:
        return as_node(1) if n == 0 else 1 / _whole_power(u, -n)
    return repeated(operator.mul, u, n)


_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "neg": operator.neg,
}
OPERATORS: dict[str, Callable[..., Any]] = {
    **{name: each(function) for name, function in _ARITHMETIC.items()},
    "pow": power,
    "abs": lambda a: book(ABSOLUTE, (a,)),
    "%": lambda a, b: book(REMAINDER, (a, b)),
    "//": lambda a, b: book(BOOK[np.floor_divide.__name__], (a, b)),
    "gt": greater,
}
