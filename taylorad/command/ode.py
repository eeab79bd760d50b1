"""``taylorad ode``: solve equations that you type, or a well-known system by its name; never ``eval``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from taylorad.book import BOOK
from taylorad.errors import DomainError, ExpressionError, TayloradError
from taylorad.ode.problem import compile_ode
from taylorad.ode.solution import Solution
from taylorad.taylor.apply import public

__all__ = ["SYSTEMS", "Equations", "integrate", "save"]

# equations, initial values, end: classical systems, with the values that textbooks show them with
SYSTEMS: dict[str, tuple[str, str, float]] = {
    "lorenz": ("x' = 10*(y-x); y' = x*(28-z)-y; z' = x*y-8/3*z", "1,1,1", 40.0),
    "two-body": ("x' = u; y' = v; u' = -x*(x**2+y**2)**(-3/2); v' = -y*(x**2+y**2)**(-3/2)", "0.5,0,0,1.73", 20.0),
    "pendulum": ("x' = v; v' = -sin(x)", "1,0", 20.0),
    "van-der-pol": ("x' = v; v' = 5*(1-x**2)*v-x", "2,0", 50.0),
    "henon-heiles": ("x' = u; y' = v; u' = -x-2*x*y; v' = y**2-y-x**2", "0,0.25,0.4,-0.2", 100.0),
    "lotka-volterra": ("x' = 1.5*x-x*y; y' = x*y-3*y", "1,1", 20.0),
}
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
    texts: tuple[str, ...]
    trees: tuple[ast.expr, ...]

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
        trees: list[ast.expr] = []
        for side in texts:
            try:
                trees.append(ast.parse(side, mode="eval").body)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
                raise ExpressionError("this is not an expression", side, 0) from problem
        made = Equations(tuple(names), tuple(texts), tuple(trees))
        for side, tree in zip(texts, trees, strict=True):
            made._check(tree, side, 0)
        return made

    def _check(self, node: ast.expr, text: str, depth: int) -> None:
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
                if name not in (*self.names, "t", "pi", "e"):
                    known = ", ".join((*self.names, "t"))
                    raise ExpressionError(f"{name} is not known; there are {known}, pi and e", text, place)
                inside = []
            case ast.Constant(value=int() | float()):
                inside = []
            case _:
                raise ExpressionError("only numbers, + - * / **, names and functions are known", text, place)
        for part in inside:
            self._check(part, text, depth + 1)

    def rhs(self, t: Any, y: Any) -> list[Any]:
        """The right-hand sides at traced values or numbers."""
        values = {name: y[i] for i, name in enumerate(self.names)} | {"t": t, "pi": np.pi, "e": np.e}
        return [_value(tree, values) for tree in self.trees]


def _value(node: ast.expr, values: dict[str, Any]) -> Any:
    match node:
        case ast.BinOp(left=a, op=op, right=b):
            return _OPERATORS[type(op)](_value(a, values), _value(b, values))
        case ast.UnaryOp(op=op, operand=a):
            found = _value(a, values)
            return -found if isinstance(op, ast.USub) else found
        case ast.Call(func=ast.Name(id=name), args=args):
            function = public(name)
            assert function is not None
            return function(*(_value(a, values) for a in args))
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=value):
            return value
        case _:
            raise TypeError(f"{node!r} was not checked")


def numbers(text: str, what: str) -> list[float]:
    """``0.5,0,-1/3`` as floats; DomainError for anything else."""
    try:
        return [float(Fraction(part.strip())) for part in text.split(",")]
    except (ValueError, ZeroDivisionError, OverflowError) as problem:
        raise DomainError(f"{what} {text!r} is not a list of numbers such as 0.5,0,-1/3") from problem


def integrate(system: str, start: str | None, t: str | None, rtol: float, atol: float) -> tuple[Equations, Solution]:
    """Solve a system by name or equations; ``t`` is the end, or ``beginning,end``."""
    if system in SYSTEMS:
        text, usual, end = SYSTEMS[system]
        start = usual if start is None else start
    elif "=" not in system:
        raise TayloradError(f"{system!r} is neither a system ({', '.join(SYSTEMS)}) nor equations like x' = -y")
    else:
        text, end = system, 10.0
        if start is None:
            raise TayloradError("give the initial values, one for each equation: --y0 0.5,0")
    equations = Equations.of(text)
    values = numbers(start, "--y0")
    if len(values) != len(equations.names):
        raise DomainError(f"--y0 has {len(values)} values for {len(equations.names)} equations")
    span = numbers(t, "--t") if t is not None else [end]
    if len(span) > 2:
        raise DomainError(f"--t {t} is neither the end nor beginning,end")
    problem = compile_ode(equations.rhs, len(values), 0, rtol=rtol, atol=atol, names=equations.names)
    return equations, problem.solve((0.0, span[0]) if len(span) == 1 else (span[0], span[1]), values)


def save(path: str, names: Sequence[str], s: Solution, points: int) -> None:
    """Times and states, evenly spaced, as CSV."""
    t = np.linspace(s.t[0], s.t[-1], points)
    table = np.column_stack([t, s(t).T]) if s.sol is not None else np.column_stack([s.t, s.y.T])
    lines = [",".join(("t", *names)), *(",".join(map(repr, map(float, row))) for row in table)]
    try:
        Path(path).write_text("\n".join(lines) + "\n")
    except OSError as error:
        raise TayloradError(f"no table at {path}: {error}") from error
