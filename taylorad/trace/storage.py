"""A traced graph as plain data (lists, numbers, text), and back: for JSON files. No code is stored, and none is run."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.book.entry import BOOK, ENTRIES, Rule
from taylorad.errors import CompilationError
from taylorad.series.matrix import Matrix
from taylorad.series.node import Constant, Function, Leaf, Linear, Local, Map, Node, Product, Quotient, Select, linear
from taylorad.trace.graph import Graph

__all__ = ["dump", "restore"]


def dump(graph: Graph) -> dict[str, Any]:
    """The graph as data that ``json`` can write."""
    numbers: dict[Node, int] = {}
    records: list[list[Any]] = []
    todo = list(graph.roots)
    while todo:
        n = todo[-1]
        missing = [a for a in n.operands if a not in numbers]
        if missing and n not in numbers:
            todo.extend(missing)
            continue
        todo.pop()
        if n not in numbers:
            records.append(_record(n, numbers))
            numbers[n] = len(records) - 1
    return {
        "shapes": graph.shapes,
        "dtype": graph.dtype.name,
        "outputs": graph.outputs,
        "roots": [numbers[n] for n in graph.roots],
        "nodes": records,
    }


def _record(n: Node, at: dict[Node, int]) -> list[Any]:
    match n:
        case Leaf(index):
            return ["leaf", index, n.degree, n.size]
        case Constant(value):
            return ["number", *_number(value)]
        case Linear(terms):
            return ["linear", [[str(c), at[a]] for c, a in terms]]
        case Product(a, b):
            return ["product", at[a], at[b]]
        case Quotient(a, b):
            return ["quotient", at[a], at[b]]
        case Map(matrix, a):
            parts = (matrix.starts.astype("<i4"), matrix.places.astype("<i4"), matrix.entries.astype("<f8"))
            return ["map", matrix.rows, matrix.columns, *(base64.b64encode(p.tobytes()).decode() for p in parts), at[a]]
        case Function(law, output, args, params):
            return ["function", law.name, output, law.stated.hex(), [at[a] for a in args], [at[p] for p in params]]
        case Local(name, u, params):
            return ["local", name, at[u], [at[p] for p in params]]
        case Select(chooser, tests, branches):
            return ["select", chooser, [at[t] for t in tests], [at[b] for b in branches]]
        case _:
            raise CompilationError(f"a node of kind {type(n).__name__} cannot be saved")


def _number(value: Any) -> list[str]:
    if isinstance(value, (int, Fraction)):
        return ["rational", str(value)]
    if isinstance(value, str):
        return ["name", value]
    if isinstance(value, float):
        return ["float", value.hex()]
    if isinstance(value, complex):
        return ["complex", value.real.hex(), value.imag.hex()]
    raise CompilationError(f"a constant of type {type(value).__name__} cannot be saved; use Python or numpy numbers")


def restore(data: dict[str, Any]) -> Graph:
    """The graph of data that :func:`dump` made. Raises CompilationError where it is damaged, or names a function that
    is not in the book or has another rule there than when it was saved."""
    try:
        nodes: list[Node] = []
        for record in data["nodes"]:
            nodes.append(_node(record, nodes))
        return Graph(
            tuple(tuple(int(m) for m in shape) for shape in data["shapes"]),
            tuple(nodes[i] for i in data["roots"]),
            _outputs(data["outputs"]),
            np.dtype({"float64": np.float64, "complex128": np.complex128}[data["dtype"]]),
        )
    except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError) as error:
        raise CompilationError(
            f"the saved graph is damaged ({type(error).__name__}: {error}); compile it anew"
        ) from error


def _outputs(data: Any) -> Any:
    if data[0] in ("tuple", "list", "dict"):
        return [data[0], data[1], [_outputs(part) for part in data[2]]]
    shape, begin, end = data
    return (tuple(shape), begin, end)


def _node(record: Sequence[Any], nodes: Sequence[Node]) -> Node:
    kind, *parts = record

    def each(places: Sequence[int]) -> tuple[Node, ...]:
        return tuple(nodes[i] for i in places)

    match kind:
        case "leaf":
            return Leaf.of(*map(int, parts))
        case "number":
            return Constant.of(_value(*parts))
        case "linear":
            return linear((_rational(c), nodes[i]) for c, i in parts[0])
        case "product":
            return nodes[parts[0]] * nodes[parts[1]]
        case "quotient":
            return nodes[parts[0]] / nodes[parts[1]]
        case "map":
            rows, columns, *contents, a = parts
            found = [
                np.frombuffer(base64.b64decode(content, validate=True), kind)
                for content, kind in zip(contents, ("<i4", "<i4", "<f8"), strict=True)
            ]
            return Map.of(Matrix.of((rows, columns), *found), nodes[a])
        case "function":
            name, output, digest, args, params = parts
            law = ENTRIES.get(name)
            if not isinstance(law, Rule):
                raise CompilationError(f"the book has no rule {name!r}: register it (ta.rule) before loading")
            if law.stated.hex() != digest:
                raise CompilationError(
                    f"the rule {name!r} is not the one this was saved with; compile the function anew"
                )
            return Function.of(law, int(output), each(args), each(params))
        case "local":
            name, u, params = parts
            if name not in BOOK:
                raise CompilationError(f"the book has no function {name!r}")
            return Local.of(name, nodes[u], each(params))
        case "select":
            chooser, tests, branches = parts
            return Select.of(str(chooser), each(tests), each(branches))
        case _:
            raise ValueError(f"a node of kind {kind!r}")


def _rational(text: str) -> int | Fraction:
    value = Fraction(text)
    return value.numerator if value.denominator == 1 else value


def _value(kind: str, *text: str) -> Any:
    match kind:
        case "rational":
            return _rational(text[0])
        case "name":
            return str(text[0])
        case "float":
            return float.fromhex(text[0])
        case "complex":
            return complex(float.fromhex(text[0]), float.fromhex(text[1]))
        case _:
            raise ValueError(f"a number of kind {kind!r}")
