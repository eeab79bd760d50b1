"""Text to function, safely: arithmetic, numbers, π and e, and the functions of the book; never ``eval``.

The text is parsed by Python's own parser into a syntax tree; a tree of anything else is refused, with the place.
What is left is a short program in postfix order, so that evaluation neither recurses nor looks at names again.
"""

from __future__ import annotations

import ast
import difflib
import operator
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np

from taylorad.book import BOOK
from taylorad.errors import ExpressionError

__all__ = ["Expression", "functions", "parse"]

_CONSTANTS = {"pi": "pi", "π": "pi", "e": "e"}
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_HINTS: dict[type[ast.AST], str] = {
    ast.BitXor: "powers are written with **, not ^",
    ast.FloorDiv: "only + - * / ** are known; a quotient rounded down is floor(a/b)",
    ast.Mod: "only + - * / ** are known; a remainder is mod(a, b)",
    ast.Compare: "comparisons are not functions with a Taylor series",
    ast.Attribute: "names are written without a module before them: sin(x), not math.sin(x)",
    ast.Tuple: "one expression is expected; decimals are written with a point",
    ast.IfExp: "conditions are not part of an expression",
}

MAX_LENGTH = 20_000  # characters
MAX_DEPTH = 100  # parentheses and calls inside one another
MAX_BITS = 1 << 17  # of a rational number
MAX_EXPONENT = 1_000_000  # of a series


@dataclass(frozen=True, slots=True)
class _Number:
    value: Fraction


@dataclass(frozen=True, slots=True)
class _Imaginary:
    value: Fraction


@dataclass(frozen=True, slots=True)
class _Named:
    name: str


@dataclass(frozen=True, slots=True)
class _Variable:
    pass


@dataclass(frozen=True, slots=True)
class _Operator:
    apply: Callable[..., Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    count: int


_Step = _Number | _Imaginary | _Named | _Variable | _Operator | _Call


@dataclass(frozen=True, slots=True)
class Expression:
    """A function of one variable that was read from text; call it with a number, an array or a Taylor.

    ``variable`` is its name, None for a constant expression. Decimals are kept as exact fractions, and so is
    arithmetic between them: ``1/3`` and ``0.1`` are rounded once, in the ring of the argument, or never.

    Examples
    --------
    >>> from taylorad.expression import parse
    >>> f = parse("x**2 + 1/4")
    >>> f(0.5)
    0.5
    """

    text: str
    variable: str | None
    program: tuple[_Step, ...]

    @property
    def complex(self) -> bool:
        """Whether an imaginary number stands in the text, so that only complex rings will do."""
        return any(isinstance(step, _Imaginary) for step in self.program)

    @property
    def rational(self) -> Fraction | None:
        """The value of a constant expression that is plain rational arithmetic, else None."""
        first = self.program[0]
        return first.value if isinstance(first, _Number) and len(self.program) == 1 else None

    def __call__(self, x: Any) -> Any:
        """The value at x: of the same kind as x, with x's order if x is a series.

        Raises what the functions of the book raise: DomainError outside a domain, UnsupportedFunctionError where
        the ring of x has no value.
        """
        from taylorad.taylor.apply import public
        from taylorad.taylor.construct import constant
        from taylorad.taylor.join import common
        from taylorad.taylor.nested import innermost
        from taylorad.taylor.series import Taylor

        u = x if isinstance(x, Taylor) else constant(x)

        def lift(value: Any) -> Taylor:
            return common((u, value))[0][1]

        def apply(name: str, args: tuple[Any, ...]) -> Any:
            function = public(name)
            assert function is not None  # the reader has looked it up
            return function(*args)

        found = self._run(u, lift, lambda name: lift(innermost(u)[1].constant(name)), apply)
        found = lift(found) if isinstance(found, Fraction) else found
        if isinstance(x, Taylor):
            return found
        value = found.constant_term
        return value.item() if isinstance(value, np.generic) else value

    def _run(
        self,
        x: Any,
        lift: Callable[[Any], Any],
        constant: Callable[[str], Any],
        apply: Callable[[str, tuple[Any, ...]], Any],
    ) -> Any:
        stack: list[Any] = []
        for step in self.program:
            match step:
                case _Number(value):
                    stack.append(value)
                case _Imaginary(value):
                    stack.append(lift(value) * lift(1j))
                case _Named(name):
                    stack.append(constant(name))
                case _Variable():
                    stack.append(x)
                case _Operator(function, count):
                    args = _pop(stack, count)
                    if function is operator.pow and isinstance(args[0], Fraction):  # it would round itself to a float
                        args = (lift(args[0]), *args[1:])
                    stack.append(function(*args))
                case _Call(name, count):
                    stack.append(apply(name, _lifted(name, _pop(stack, count), lift)))
        return stack[0]


def _pop(stack: list[Any], count: int) -> tuple[Any, ...]:
    args = tuple(stack[-count:])
    del stack[-count:]
    return args


def _lifted(name: str, args: tuple[Any, ...], lift: Callable[[Any], Any]) -> tuple[Any, ...]:
    """The arguments of a call: a rational series argument in the ring, a rational parameter exact."""
    entry = BOOK[name].entry
    series = entry.places(len(args))

    def fit(i: int, a: Any) -> Any:
        if i in series:
            return lift(a) if isinstance(a, Fraction) else a
        return a if isinstance(a, Fraction) else a.constant_term

    return tuple(fit(i, a) for i, a in enumerate(args))


def parse(text: str, variable: str | None = None) -> Expression:
    """Read an expression in one variable.

    Parameters
    ----------
    text : str
        Numbers, + − * / **, parentheses, pi, e, one free name, and calls of functions of the book.
    variable : str, optional
        The only name that may be free; by default the first one found.

    Raises
    ------
    ExpressionError, which holds the text and the place, for anything else.
    """
    return _Reader(text, variable).read()


class _Reader:
    """One reading of a text: checks every node of the syntax tree and writes the program."""

    def __init__(self, text: str, variable: str | None) -> None:
        self.text = text.rstrip()
        self.variable = variable
        self.used = False
        self.program: list[_Step] = []

    def read(self) -> Expression:
        tree = self._tree()
        self._visit(tree, 0)
        return Expression(self.text.strip(), self.variable if self.used else None, tuple(self.program))

    def _fail(self, message: str, where: ast.AST | int) -> NoReturn:
        place = where if isinstance(where, int) else self._place(where)
        raise ExpressionError(message, self.text, place)

    def _place(self, node: Any) -> int:
        """The character at which a node begins; the parser counts bytes."""
        return len(self.text.encode()[: node.col_offset].decode())

    def _tree(self) -> ast.expr:
        if not self.text.strip():
            self._fail("an expression is expected, the text is empty", 0)
        if len(self.text) > MAX_LENGTH:
            self._fail(f"the text has {len(self.text)} characters; at most {MAX_LENGTH} are read", MAX_LENGTH)
        for place, character in enumerate(self.text):
            if character in "\n\r\0#\\;:\"'`{}[]@&|~<>=!?$%":
                self._fail(f"{character!r} has no place in an expression", place)
        indent = len(self.text) - len(self.text.lstrip())
        self.text = self.text[indent:]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # 2if and the like: the parser warns and goes on
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            place = error.offset - 1 if error.offset else len(self.text)
            if (message := error.msg).startswith("invalid") and "literal" in message:
                message = "a number runs into a name; multiplication is written with *, as in 2*x"
            elif message.startswith("Exceeds the limit"):
                message = "this number is too long"
            elif "invalid syntax. Perhaps you forgot a comma" in message or message == "invalid syntax":
                message = "this is not an expression"
            self._fail(message, min(place, len(self.text)))
        except (ValueError, RecursionError, MemoryError):
            self._fail("the expression is nested too deeply or holds a number that is too long", 0)

    # ------------------------------------------------------------------ the tree
    def _visit(self, node: ast.expr, depth: int) -> bool:
        """Write the program of a node; whether the variable occurs in it."""
        if depth > MAX_DEPTH:
            self._fail(f"more than {MAX_DEPTH} levels of nesting; name a sub-expression or split the function", node)
        match node:
            case ast.BinOp():
                return self._chain(node, depth)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
                moving = self._visit(operand, depth + 1)
                self._emit(_Operator(_OPERATORS[type(op)], 1), node)
                return moving
            case ast.Constant():
                self._literal(node)
                return False
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                return self._call(node, name, args, keywords, depth)
            case ast.Call(func=func):
                if isinstance(func, ast.Attribute):
                    self._fail(_HINTS[ast.Attribute], func)
                self._fail("only a function's name can be called; a product is written with *, as in 2*(x + 1)", func)
            case _:
                pass
        for kind in (type(node), type(getattr(node, "op", None))):
            if kind in _HINTS:
                self._fail(_HINTS[kind], node)
        return self._fail("this has no place in an expression; only numbers, + - * / **, names and calls have", node)

    def _chain(self, node: ast.expr, depth: int) -> bool:
        """a + b + c …: as long as it likes, for the left operands are followed without recursion."""
        spine: list[ast.BinOp] = []
        while isinstance(node, ast.BinOp):
            if type(node.op) not in _OPERATORS:
                self._fail(_HINTS.get(type(node.op), "only + - * / ** are known"), self._between(node))
            spine.append(node)
            node = node.left
        moving = self._visit(node, depth + 1)
        for above in reversed(spine):
            right = self._visit(above.right, depth + 1)
            if isinstance(above.op, ast.Pow):
                self._exponent(above, right)
            self._emit(_Operator(_OPERATORS[type(above.op)], 2), above)
            moving = moving or right
        return moving

    def _between(self, node: ast.BinOp) -> int:
        """The place of an operator: the first character after its left operand that is no blank or parenthesis."""
        text = self.text.encode()
        place = node.left.end_col_offset or 0
        while chr(text[place]) in " \t)":
            place += 1
        return len(text[:place].decode())

    def _exponent(self, node: ast.BinOp, moving: bool) -> None:
        last = self.program[-1]
        if not moving and isinstance(last, _Number) and abs(last.value) > MAX_EXPONENT:
            self._fail(f"the exponent is too large: at most {MAX_EXPONENT} in size", node.right)

    def _literal(self, node: ast.Constant) -> None:
        match node.value:
            case bool():
                self._fail(f"{node.value} is not a number", node)
            case int():
                self._push(Fraction(node.value), node)
            case float() | complex():
                written = self._source(node).replace("_", "")
                imaginary = isinstance(node.value, complex)
                number = written.rstrip("jJ")
                exponent = number.lower().partition("e")[2]
                if exponent and abs(int(exponent)) > 4000:
                    self._fail("the exponent is too large: at most 4000 in size", node)
                if imaginary:
                    self.program.append(_Imaginary(Fraction(number)))
                else:
                    self._push(Fraction(number), node)
            case _:
                self._fail(f"{node.value!r} is not a number", node)

    def _source(self, node: ast.expr) -> str:
        return self.text.encode()[node.col_offset : node.end_col_offset].decode()

    def _name(self, node: ast.Name, name: str) -> bool:
        if name in _CONSTANTS:
            self.program.append(_Named(_CONSTANTS[name]))
            return False
        if name in BOOK:
            self._fail(f"{name} is a function: write {name}(…), and name the variable otherwise", node)
        if self.variable is None:
            self.variable = name
        if name != self.variable:
            more = " (the imaginary unit is written 1j)" if "j" in (name, self.variable) else ""
            self._fail(f"there are two variables, {self.variable} and {name}; one is expected{more}", node)
        self.used = True
        self.program.append(_Variable())
        return True

    def _call(self, node: ast.Call, name: str, args: list[ast.expr], keywords: list[ast.keyword], depth: int) -> bool:
        if name not in BOOK:
            if name in _CONSTANTS or name == self.variable or len(name) == 1:
                self._fail(f"{name} is not a function; a product is written with *, as in {name}*(…)", node)
            near = difflib.get_close_matches(name, BOOK, 3, 0.6)
            hint = f"; did you mean {' or '.join(near)}?" if near else "; `taylorad functions` lists what there is"
            self._fail(f"{name} is not a function of the book{hint}", node)
        if keywords:
            self._fail("arguments are given by place, not by name", keywords[0].value)
        for arg in args:
            if isinstance(arg, ast.Starred):
                self._fail("a * before an argument has no place in an expression", arg)
        entry = BOOK[name].entry
        most = entry.arity + len(entry.parameters)
        least = most - len(entry.defaults)
        if not (args and entry.variadic) and not least <= len(args) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            order = ", ".join(_signature(name))
            self._fail(f"{name} takes {wanted} argument{'s' * (most > 1)}, {name}({order}); got {len(args)}", node)
        moving = [self._visit(arg, depth + 1) for arg in args]
        series = entry.places(len(args))
        for i, arg in enumerate(args):
            if moving[i] and i not in series:
                self._fail(f"{_signature(name)[i]} is a parameter of {name} and must be a constant", arg)
        self.program.append(_Call(name, len(args)))
        return any(moving)

    # ------------------------------------------------------------------ the program
    def _push(self, value: Fraction, node: ast.AST) -> None:
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
            self._fail("this number is too long", node)
        self.program.append(_Number(value))

    def _emit(self, step: _Operator, node: ast.expr) -> None:
        """Add an operator; plain rational arithmetic is done at once, exactly and within bounds."""
        operands = [s.value for s in self.program[-step.count :] if isinstance(s, _Number)]
        if len(operands) < step.count or len(self.program) < step.count:
            self.program.append(step)
            return
        if step.apply is operator.pow:
            base, exponent = operands
            if exponent.denominator != 1:
                self.program.append(step)
                return
            size = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent)
            if size > MAX_BITS and abs(base) != 1:
                self._fail("this number is too long", node)
        if operands[-1] == 0 and step.apply is operator.truediv:
            self._fail("division by zero", node)
        if step.apply is operator.pow and operands[0] == 0 and operands[1] < 0:
            self._fail("0 to a negative power", node)
        del self.program[-step.count :]
        self._push(step.apply(*operands), node)


def _signature(name: str) -> tuple[str, ...]:
    """The names of the arguments of a call, in order."""
    entry = BOOK[name].entry
    series = ("u", "w")[: entry.arity] if entry.arity < 3 else tuple(f"u{i + 1}" for i in range(entry.arity))
    return entry.ordered(series, entry.parameters)


def functions() -> Iterator[tuple[str, str]]:
    """Every function of the book: its call, such as jv(nu, u), and the first line of what it says about itself."""
    for name in sorted(BOOK):
        entry = BOOK[name].entry
        call = ", ".join(_signature(name)) + (", …" if entry.variadic else "")
        yield f"{name}({call})", entry.doc.partition("\n")[0]
