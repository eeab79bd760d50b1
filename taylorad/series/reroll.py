"""Loops found again: scalar nodes of one kind put together into array nodes.

A loop over bodies leaves one node for every turn behind. Nodes that do the same at the same depth become one node of
their number, whose arguments are taken together by sparse matrices; sums need no node of their own, because a matrix
adds. So the graph of a loop is as small as the graph of the same thing written over arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

from taylorad.series.matrix import Matrix
from taylorad.series.node import Constant, Function, Linear, Map, Node, Product, Quotient, State, as_node, linear
from taylorad.series.substitute import rebuilt

__all__ = ["reroll"]

_SHORT = 4  # terms up to which a sum is written again wherever it is wanted
_TURNS = 4  # scalar nodes for each group, below which there was no loop


class _Place(NamedTuple):
    """An element of output ``output`` of a group."""

    group: int
    output: int
    element: int


_Form = Mapping[_Place, Any]  # Σ c·element
_ONE = _Place(0, 0, 0)


@final
@dataclass(slots=True)
class _Group:
    """Nodes that become one: ``members`` are what each is made of, and ``made`` is one node for each output."""

    kind: Any
    level: int
    members: dict[Any, tuple[int, tuple[_Form, ...]]] = field(default_factory=dict)
    made: dict[int, Node] = field(default_factory=dict)


def reroll(roots: Sequence[Node]) -> Node | None:
    """The scalar nodes ``roots`` as one vector; None where they have too little in common to be put together.

    Local nodes, branches and states are left to others (None). Cost: some µs for each node. The mathematics stays, the
    order of summation does not.
    """
    return _Reroll(roots).vector(roots)


@final
class _Reroll:
    def __init__(self, roots: Sequence[Node]) -> None:
        self.groups = [_Group("given", 0, made={0: as_node(1)})]
        self.numbers: dict[Any, int] = {}
        self.forms: dict[Node, _Form] = {}
        self.nodes = _ordered(roots)
        self.users: dict[Node, int] = {}
        for n in self.nodes:
            for a in n.operands:
                self.users[a] = self.users.get(a, 0) + 1

    def vector(self, roots: Sequence[Node]) -> Node | None:
        for n in self.nodes:
            form = self._array(n) if n.size > 1 else self._scalar(n)
            if form is None:
                return None
            self.forms[n] = form
        loops = [g for g in self.groups if g.members]
        if _TURNS * len(loops) > sum(len(g.members) for g in loops):
            return None
        for group in sorted(self.groups, key=lambda g: g.level):
            self._make(group)
        return self._column([self.forms[n] for n in roots])

    # ------------------------------------------------------------------ which group a node belongs to
    def _scalar(self, n: Node) -> _Form | None:
        match n:
            case Constant(value) if n.rational:
                return {_ONE: value}
            case Linear(terms):
                form: dict[_Place, Any] = {}
                for c, a in terms:
                    _add(form, c, self.forms[a])
                return {self._member("sum", n, (form,)): 1} if len(form) > _SHORT and self.users.get(n, 0) > 1 else form
            case Map(matrix, a):
                (place,) = self.forms[a]
                pairs = zip(matrix.places.tolist(), matrix.entries.tolist(), strict=True)
                return {place._replace(element=j): x for j, x in pairs}
            case Product(a, b) if a is b:
                return {self._member("square", n, (self.forms[a],)): 1}
            case Product(a, b):
                forms = sorted((self.forms[a], self.forms[b]), key=self._rank)
                return {self._member("product", n, tuple(forms)): 1}
            case Quotient(a, b):
                return {self._member("quotient", n, (self.forms[a], self.forms[b])): 1}
            case Function(law, output, args, params):
                return {self._member((law, params), args, tuple(self.forms[a] for a in args), output): 1}
            case _:
                return None if n.operands or isinstance(n, State) else {self._given(n): 1}

    def _array(self, n: Node) -> _Form:
        """An array stays what it is, over new operands; one that was put together from scalars is so again."""
        if not isinstance(n, Linear) or not any(isinstance(a, Map) and a.a.size == 1 for a in n.operands):
            return {self._given(n): 1}
        rows: list[dict[_Place, Any]] = [{} for _ in range(n.size)]
        for c, a in n.terms:
            if isinstance(a, Map) and a.a.size == 1:
                for i, x in zip(a.matrix.at.tolist(), a.matrix.entries.tolist(), strict=True):
                    _add(rows[i], c * x, self.forms[a.a])
                continue
            for i, row in enumerate(rows):
                form = self.forms[a]
                _add(row, c, {p._replace(element=i): x for p, x in form.items()} if a.size > 1 else form)
        place = self._given(n, [p.group for row in rows for p in row])
        self.groups[place.group].members.update((i, (i, (row,))) for i, row in enumerate(rows))
        return {place: 1}

    def _given(self, n: Node, sources: Sequence[int] | None = None) -> _Place:
        """A group for one node, which stays as it is or has rows for members."""
        if sources is None:
            sources = [p.group for a in n.operands for p in self.forms[a]]
        self.groups.append(_Group(n, 1 + max((self.groups[g].level for g in sources), default=0)))
        return _Place(len(self.groups) - 1, 0, 0)

    def _rank(self, form: _Form) -> tuple[int, ...]:
        """Which of two factors stands first: the same of both in every turn of a loop."""
        return (max((self.groups[p.group].level for p in form), default=0), *min(form, default=_ONE))

    def _member(self, kind: Any, key: Any, forms: tuple[_Form, ...], output: int = 0) -> _Place:
        sources = tuple(frozenset((p.group, p.output) for p in form if p != _ONE) for form in forms)
        number = self.numbers.setdefault((kind, sources), len(self.groups))
        if number == len(self.groups):
            level = 1 + max((self.groups[g].level for pairs in sources for g, _ in pairs), default=0)
            self.groups.append(_Group(kind, level))
        members = self.groups[number].members
        return _Place(number, output, members.setdefault(key, (len(members), forms))[0])

    # ------------------------------------------------------------------ the array nodes
    def _make(self, group: _Group) -> None:
        columns = [self._column(forms) for forms in zip(*(forms for _, forms in group.members.values()), strict=True)]
        match group.kind:
            case "given":
                pass
            case "square":
                group.made[0] = columns[0] * columns[0]
            case "product":
                group.made[0] = columns[0] * columns[1]
            case "quotient":
                group.made[0] = columns[0] / columns[1]
            case Node() as n:
                group.made[0] = columns[0] if columns else rebuilt(n, {a: self._node(a) for a in n.operands}, {})
            case (law, params):
                made = tuple(self._node(p) for p in params)
                for output in range(len(law.outputs)):
                    group.made[output] = Function.of(law, output, tuple(columns), made)
            case _:
                group.made[0] = columns[0]

    def _node(self, a: Node) -> Node:
        if a.size == 1:
            return self._column([self.forms[a]])
        (place,) = self.forms[a]
        return self.groups[place.group].made[place.output]

    def _column(self, forms: Sequence[_Form]) -> Node:
        """A vector whose elements are given by their forms."""
        parts: dict[tuple[int, int], tuple[list[int], list[int], list[float]]] = {}
        for i, form in enumerate(forms):
            for place, x in form.items():
                rows, columns, entries = parts.setdefault((place.group, place.output), ([], [], []))
                rows.append(i)
                columns.append(place.element)
                entries.append(float(x))
        terms: list[tuple[int, Node]] = []
        for (group, output), (rows, columns, entries) in parts.items():
            source = self.groups[group].made[output]
            if source.size == 1 and len(set(entries)) == 1 and len(entries) == len(forms):
                terms.append((1, linear([(forms[0][_Place(group, output, 0)], source)])))
                continue
            matrix = Matrix.sums((len(forms), source.size), rows, columns, entries)
            terms.append((1, source if matrix.identity else Map.of(matrix, source)))
        return linear(terms)


def _ordered(roots: Sequence[Node]) -> list[Node]:
    """Everything that the roots are made of, each after its operands."""
    found: dict[Node, None] = {}
    todo = list(reversed(roots))
    while todo:
        n = todo[-1]
        missing = [] if n in found else [a for a in n.operands if a not in found]
        if missing:
            todo.extend(missing)
        else:
            found[todo.pop()] = None
    return list(found)


def _add(form: dict[_Place, Any], c: Any, other: _Form) -> None:
    for place, x in other.items():
        form[place] = form.get(place, 0) + c * x
