"""A graph computed again on Taylor values: what machine code cannot decide, the eager operators can.

They read valuations off the values: sin(x)/x at 0, √(x²) and |x³|·x have series there, although a quotient, a root
and a branch meet a zero. So a compiled function agrees with the same function on eager series at every input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import factorial
from typing import Any

import numpy as np

from taylorad.book.entry import BOOK, Entry, Member
from taylorad.errors import DomainError, OrderError, SingularExpansionError
from taylorad.series.node import Constant, Function, Leaf, Linear, Local, Node, Product, Quotient, Select

__all__ = ["expanded", "redo_point"]

_EXTRA = (0, 1, 4, 16, 64)  # orders more, for those that quotients of vanishing series cost


def redo_point(roots: Sequence[Node], leaves: Sequence[np.ndarray], order: int, dtype: Any) -> list[np.ndarray]:
    """The coefficients (order+1,) of each root (a node of size 1) at one point; see :func:`expanded`."""
    return expanded(lambda variables: _values(roots, variables), leaves, order, dtype)


def expanded(
    compute: Callable[[list[Any]], Sequence[Any]], leaves: Sequence[np.ndarray], order: int, dtype: Any
) -> list[np.ndarray]:
    """The coefficients (order+1,) of what ``compute`` makes of series, started with as many orders as it takes.

    ``leaves[i]`` are the coefficients of series i; where they are at most two rows, or fewer than order+1, they are
    all of a polynomial. Raises DomainError or SingularExpansionError where there is no series, OrderError where
    the leaves are not known to enough orders.
    """
    from taylorad.taylor.series import Taylor

    lost = 0
    for extra in _EXTRA:
        found = [_series(Taylor, x) for x in compute([_variable(Taylor, leaf, order, extra, dtype) for leaf in leaves])]
        lost = max((order + 1 - len(s.coefficients) for s in found if not s.exact), default=0)
        if lost <= 0:
            return [_rows(s, order, dtype) for s in found]
    raise OrderError(
        f"{lost} of the coefficients up to order {order} are lost in quotients of series that vanish at this point; "
        "give series to a higher order"
    )


def _variable(kind: Any, leaf: np.ndarray, order: int, extra: int, dtype: Any) -> Any:
    rows = np.zeros(
        (order + extra if len(leaf) <= order or len(leaf) <= 2 else min(len(leaf) - 1, order + extra)) + 1, dtype
    )
    n = min(len(rows), len(leaf))
    rows[:n] = leaf[:n]
    return kind(rows)


def _series(kind: Any, x: Any) -> Any:
    return x if isinstance(x, kind) else kind([x], exact=True)


def _rows(s: Any, order: int, dtype: Any) -> np.ndarray:
    out = np.zeros(order + 1, dtype)
    c = np.array([complex(x) if np.dtype(dtype).kind == "c" else float(x) for x in s.coefficients[: order + 1]])
    out[: len(c)] = c
    return out


def _values(roots: Sequence[Node], leaves: Sequence[Any]) -> list[Any]:
    known: dict[Node, Any] = {}
    todo = list(roots)
    while todo:
        n = todo[-1]
        missing = [a for a in n.operands if a not in known]
        if n in known or not missing:
            todo.pop()
            if n not in known:
                known[n] = _value(n, known, leaves)
        else:
            todo.extend(missing)
    return [known[n] for n in roots]


def _value(n: Node, known: dict[Node, Any], leaves: Sequence[Any]) -> Any:
    match n:
        case Leaf(index):
            return leaves[index]
        case Constant(value):
            return _named(value) if isinstance(value, str) else value
        case Linear(terms):
            total: Any = 0
            for c, a in terms:
                total = total + known[a] * float(c)
            return total
        case Product(a, b):
            return known[a] * known[b]
        case Quotient(a, b):
            return known[a] / known[b]
        case Function(law, output, args, params):
            assert isinstance(law, Entry)
            return _applied(Member(law, output), law, [known[a] for a in args], [known[p] for p in params])
        case Local(name, u, params):
            member = BOOK[name.rstrip("'")]
            return _derivative(member, name.count("'"), known[u], [known[p] for p in params])
        case Select(_, tests, branches):
            return known[branches[_choice(known[tests[0]])]]
        case _:
            raise TypeError(f"{type(n).__name__} has no eager value")


def _named(name: str) -> float:
    from taylorad.rings.arrays import ArrayRing

    return float(ArrayRing("float64").constant(name))


def _applied(function: Member, entry: Entry, args: list[Any], params: list[Any]) -> Any:
    from taylorad.taylor.apply import apply

    return apply(function, entry.ordered(args, params))


def _derivative(member: Member, m: int, u: Any, params: list[Any]) -> Any:
    """The derivative of order m of a function at a series u: m! times coefficient m of its series in s at u + s."""
    from taylorad.taylor.construct import constant
    from taylorad.taylor.nested import variable_of
    from taylorad.taylor.series import Taylor

    if m == 0:
        return _applied(member, member.entry, [u], params)
    whole = variable_of(u if isinstance(u, Taylor) else constant(u), m)
    return _applied(member, member.entry, [whole], params).coefficients[m] * factorial(m)


def _choice(test: Any) -> int:
    """0 or 1: the sign of a series on both sides of the point, read off its first coefficient."""
    coefficients = list(test.coefficients) if hasattr(test, "coefficients") else [test]
    v = next((k for k, c in enumerate(coefficients) if c != 0), None)
    if v is None:
        raise SingularExpansionError(
            "a branch is decided by a series that is zero to its whole order: which branch it takes is not known"
        )
    if v % 2:
        raise SingularExpansionError(
            "a kink: the branch changes exactly at this point; move it, or write one branch out"
        )
    if isinstance(coefficients[v], complex):
        raise DomainError("a branch depends on the sign of a complex number; compare real parts or absolute values")
    return int(coefficients[v] > 0)
