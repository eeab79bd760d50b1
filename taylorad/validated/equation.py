"""An equation as plain data: what a certificate needs to say what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from taylorad.book.entry import ENTRIES, Rule
from taylorad.errors import DomainError, UnsupportedFunctionError
from taylorad.series.node import (
    Constant,
    Function,
    Leaf,
    Linear,
    Local,
    Node,
    Product,
    Quotient,
    Select,
    Theta,
    linear,
)
from taylorad.series.schedule import schedule

__all__ = ["from_lists", "to_lists"]


def to_lists(roots: Sequence[Node]) -> dict[str, Any]:
    """The graph as lists of lists, each node after those that it is made of."""
    number: dict[Node, int] = {}
    lists: list[list[Any]] = []
    needed, todo = set[Node](), list(roots)  # without what a recurrence adds: that follows from the functions
    while todo:
        n = todo.pop()
        if n not in needed:
            needed.add(n)
            todo.extend(n.operands)
    for n in schedule(roots).first:
        if n in needed:
            number[n] = len(lists)
            lists.append(_list(n, number))
    return {"nodes": lists, "roots": [number[n] for n in roots]}


def _list(n: Node, number: dict[Node, int]) -> list[Any]:
    match n:
        case Leaf(index):
            return ["leaf", index, n.degree if n.degree < 2 else None]
        case Constant(value):
            return ["constant", value.hex() if isinstance(value, float) else str(value)]
        case Linear(terms):
            return ["linear", *([str(c), number[a]] for c, a in terms)]
        case Product(a, b):
            return ["product", number[a], number[b]]
        case Quotient(a, b):
            return ["quotient", number[a], number[b]]
        case Theta(a):
            return ["theta", number[a]]
        case Function(law, output, args, params):
            return ["function", law.name, output, [number[a] for a in args], [number[p] for p in params]]
        case Local(name, u, params):
            return ["local", name, number[u], [number[p] for p in params]]
        case Select(chooser, tests, branches):
            return ["select", chooser, [number[t] for t in tests], [number[b] for b in branches]]
        case _:
            raise UnsupportedFunctionError(f"a {type(n).__name__} node cannot be written into a certificate")


def from_lists(data: dict[str, Any]) -> list[Node]:
    """The graph again. Raises DomainError where the data is no graph, or names a function that is not registered."""
    nodes: list[Node] = []
    try:
        for row in data["nodes"]:
            nodes.append(_node(row, nodes))
        return [nodes[i] for i in data["roots"]]
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        if isinstance(error, DomainError):
            raise
        raise DomainError(f"the equation of the certificate cannot be read: {error!r}") from error


def _node(row: Sequence[Any], nodes: Sequence[Node]) -> Node:
    def each(places: Sequence[int]) -> tuple[Node, ...]:
        if any(i < 0 for i in places):
            raise IndexError(f"a node among {places} would come after those that it is made of")
        return tuple(nodes[i] for i in places)

    match row:
        case ["leaf", index, degree]:
            return Leaf.of(index) if degree is None else Leaf.of(index, degree)
        case ["constant", text]:
            return Constant.of(_number(text))
        case ["linear", *terms]:
            return linear(zip((Fraction(c) for c, _ in terms), each([i for _, i in terms]), strict=True))
        case ["product", a, b]:
            x, y = each((a, b))
            return x * y
        case ["quotient", a, b]:
            x, y = each((a, b))
            return x / y
        case ["theta", a]:
            return Theta.of(each([a])[0])
        case ["function", name, output, args, params]:
            law: Any = ENTRIES[name]
            if not (isinstance(law, Rule) and 0 <= output < len(law.outputs)):
                raise DomainError(f"{name!r} is no function with an output {output}")
            return Function.of(law, output, each(args), _still(each(params)))
        case ["local", name, u, params]:
            return Local.of(name, each([u])[0], _still(each(params)))
        case ["select", chooser, tests, branches]:
            return Select.of(chooser, each(tests), each(branches))
        case _:
            raise DomainError(f"{row!r} is no node of an equation")


def _still(params: tuple[Node, ...]) -> tuple[Node, ...]:
    """Parameters of a function, with respect to which there is no derivative."""
    if any(p.degree > 0 for p in params):
        raise DomainError("a parameter of a function depends on the solution or the time")
    return params


def _number(text: str) -> Any:
    if "x" in text:
        return float.fromhex(text)
    try:
        return Fraction(text)
    except ValueError:
        return text  # the name of a constant
