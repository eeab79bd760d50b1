"""Equations that are typed, ``x' = y; y' = -sin(x)``, as functions; never ``eval``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, cast

import numpy as np

from taylorad.book import BOOK
from taylorad.errors import ExpressionError
from taylorad.taylor.apply import public

__all__ = ["Equations"]

_DEPTH = 60  # parentheses inside one another
_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


@dataclass(frozen=True, slots=True)
class Equations:
    """``x' = …; y' = …`` taken apart: the names, and the right-hand sides as syntax trees."""

    names: tuple[str, ...]
    trees: tuple[ast.expr, ...]
    pi: Any = np.pi
    e: Any = np.e

    @staticmethod
    def of(text: str) -> Equations:
        """Raises ExpressionError, with the place, for what is not a system of equations."""
        names: list[str] = []
        texts: list[str] = []
        place = 0
        for part in text.split(";"):
            if part.strip():
                found = re.fullmatch(r"\s*([A-Za-z]\w*)\s*'\s*=(.*)", part, re.DOTALL)
                if found is None:
                    raise ExpressionError("an equation looks like x' = -y", text, place)
                if found[1] in names or found[1] == "t" or found[1] in ("pi", "e"):
                    raise ExpressionError(f"{found[1]} cannot be the name of this unknown", text, place)
                names.append(found[1])
                texts.append(found[2].strip())
            place += len(part) + 1
        if not names:
            raise ExpressionError("no equation was given; one looks like x' = -y", text, 0)
        return Equations(tuple(names), tuple(_tree(side, names) for side in texts))

    def rhs(self, t: Any, y: Any) -> list[Any]:
        """The right-hand sides at traced values or numbers."""
        return [_value(tree, self._values(t, y)) for tree in self.trees]

    def sharp(self, bits: int) -> Equations:
        """The same, with pi and e in so many bits."""
        from taylorad.rings.multiprecision import MultiprecisionRing, working

        with working(bits):
            return replace(self, **{name: MultiprecisionRing().constant(name) for name in ("pi", "e")})

    def at(self, text: str, y: Any) -> Any:
        """Another expression in the unknowns, such as the energy, at numbers."""
        return _value(_tree(text, self.names), self._values(0.0, y), float)

    def _values(self, t: Any, y: Any) -> dict[str, Any]:
        return {name: y[i] for i, name in enumerate(self.names)} | {"t": t, "pi": self.pi, "e": self.e}


def _tree(side: str, names: Sequence[str]) -> ast.expr:
    """An expression in ``t`` and some unknowns; ExpressionError for anything else."""
    try:
        tree = ast.parse(side, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise ExpressionError("this is not an expression", side, 0) from problem
    _check(tree, names, side)
    return tree


def _check(node: ast.expr, names: Sequence[str], text: str, depth: int = 0) -> None:
    """Only what an expression may be made of; ExpressionError, with the place, for the rest."""
    place = getattr(node, "col_offset", 0)
    if depth > _DEPTH:
        raise ExpressionError(f"more than {_DEPTH} levels of parentheses", text, place)
    match node:
        case ast.BinOp(left=a, op=op, right=b) if type(op) in _OPERATORS:
            inside = [a, b]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=a):
            inside = [a]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in BOOK:
            inside = list(args)
        case ast.Call(func=ast.Name(id=name)):
            raise ExpressionError(f"{name} is not a function here; taylorad functions lists them", text, place)
        case ast.Name(id=name):
            if name not in (*names, "t", "pi", "e"):
                known = ", ".join((*names, "t"))
                raise ExpressionError(f"{name} is not known; there are {known}, pi and e", text, place)
            inside = []
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            written = ast.get_source_segment(text, node) or ""
            number: Any = node.value if isinstance(node.value, int) else written.replace("_", "")
            cast(Any, node).value = Fraction(number)  # 0.1 is one tenth, and 8/3 is not rounded
            inside = []
        case _:
            raise ExpressionError("only numbers, + - * / **, names and functions are known", text, place)
    for part in inside:
        _check(part, names, text, depth + 1)


def _value(node: ast.expr, values: dict[str, Any], number: Callable[[Fraction], Any] = lambda x: x) -> Any:
    match node:
        case ast.BinOp(left=a, op=op, right=b):
            return _OPERATORS[type(op)](_value(a, values, number), _value(b, values, number))
        case ast.UnaryOp(op=op, operand=a):
            found = _value(a, values, number)
            return -found if isinstance(op, ast.USub) else found
        case ast.Call(func=ast.Name(id=name), args=args):
            function = public(name)
            assert function is not None
            return function(*(_value(a, values, number) for a in args))
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=value):
            return number(cast(Fraction, value))
        case _:
            raise TypeError(f"{node!r} was not checked")
