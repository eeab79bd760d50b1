"""The nodes of a computation on power series: a handful of kinds, hash-consed, none of them named after a function.

Operators between nodes build the graph and fold as they go: constants are combined, linear combinations
flattened, rational factors pulled out of products. Equal expressions are one node, so they are shared without more.

A node knows two structural facts, whatever values flow through it later:

* ``valuation``: coefficients 0 … valuation−1 are zero (θa has no constant term);
* ``degree``: coefficients above it are zero (a constant has degree 0), or ``INFINITE``.

A node may stand for several series at once: ``size`` of them, taken element by element; a node of size 1 goes with
any size. Only a :class:`Map` mixes the elements of a node.

``digest`` names a node by its content: it orders commuting operands, so that results do not depend on what was
computed before, and it keys compiled code.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from numbers import Rational
from typing import Any, ClassVar, Protocol, final

from taylorad.series.identity import intern, said
from taylorad.series.matrix import Matrix

__all__ = [
    "INFINITE",
    "Constant",
    "Function",
    "Law",
    "Leaf",
    "Linear",
    "Local",
    "Map",
    "Node",
    "Product",
    "Quotient",
    "Select",
    "State",
    "Theta",
    "as_node",
    "linear",
]

INFINITE = 1 << 60


class Law(Protocol):
    """What a function node asks of an entry of the book."""

    @property
    def name(self) -> str: ...

    @property
    def outputs(self) -> tuple[str, ...]: ...

    @property
    def stated(self) -> bytes: ...

    @property
    def digest(self) -> bytes: ...

    def differentials(
        self, args: tuple[Node, ...], dargs: tuple[Node, ...], values: tuple[Node, ...], params: tuple[Node, ...]
    ) -> tuple[Node, ...]:
        """The total differential of every output, linear in those of the arguments, as nodes."""
        ...

    def exponent(self, params: tuple[Node, ...]) -> Node | None:
        """a, where the entry has one argument and one output and wants u·θv = a·v·θu as its recurrence, else None."""


class Node:
    """A power series in the making. Immutable; two equal nodes are the same object."""

    __slots__ = ("__weakref__", "degree", "digest", "operands", "parts", "size", "valuation")
    degree: int
    digest: bytes
    valuation: int
    size: int
    parts: tuple[Any, ...]
    operands: tuple[Node, ...]  # what it is made of (a function's differential and a state's right-hand side apart)
    mark: ClassVar[bytes]

    def __init_subclass__(cls) -> None:
        cls.mark = cls.__name__.encode()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.parts))})"

    def __reduce__(self) -> Any:
        return (_rebuild, (type(self), self.parts))

    def __add__(self, other: object) -> Node:
        return linear([(1, self), (1, as_node(other))])

    __radd__ = __add__

    def __sub__(self, other: object) -> Node:
        return linear([(1, self), (-1, as_node(other))])

    def __rsub__(self, other: object) -> Node:
        return linear([(-1, self), (1, as_node(other))])

    def __neg__(self) -> Node:
        return linear([(-1, self)])

    def __mul__(self, other: object) -> Node:
        return _product(self, as_node(other))

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Node:
        return _quotient(self, as_node(other))

    def __rtruediv__(self, other: object) -> Node:
        return _quotient(as_node(other), self)


def _rebuild(kind: Any, parts: tuple[Any, ...]) -> Node:
    return linear(parts[0]) if kind is Linear else kind.of(*parts)


@final
class Leaf(Node):
    """A series (or ``size`` of them) given from outside, by position."""

    __slots__ = ()
    __match_args__ = ("index",)

    @staticmethod
    def of(index: int, degree: int = INFINITE, size: int = 1) -> Leaf:
        return intern(Leaf, (index, degree) if size == 1 else (index, degree, size), (), 0, degree, size)

    @property
    def index(self) -> int:
        return self.parts[0]


@final
class Constant(Node):
    """A number (int, Fraction or a scalar of some ring) or the name of a constant that each ring evaluates."""

    __slots__ = ()
    __match_args__ = ("value",)

    @staticmethod
    def of(value: object) -> Constant:
        if type(value) is not int and isinstance(value, Rational):
            value = Fraction(int(value.numerator), int(value.denominator))
            value = int(value) if value.denominator == 1 else value
        named = isinstance(value, (int, Fraction, str, float, complex))
        return intern(Constant, (value,), (), 0, 0, apart=None if named else id(value))

    @property
    def value(self) -> Any:
        return self.parts[0]

    @property
    def rational(self) -> bool:
        return isinstance(self.parts[0], (int, Fraction))


@final
class Linear(Node):
    """Σ c·a over pairs (c, a) with rational c; at most one of the nodes is a constant."""

    __slots__ = ()
    __match_args__ = ("terms",)

    @property
    def terms(self) -> tuple[tuple[int | Fraction, Node], ...]:
        return self.parts[0]


@final
class Product(Node):
    """a·b; a square when both are the same node."""

    __slots__ = ()
    __match_args__ = ("a", "b")

    @staticmethod
    def of(a: Node, b: Node) -> Product:
        if (b.valuation, b.digest) > (a.valuation, a.digest):
            a, b = b, a
        both, degree = (a, b), min(INFINITE, a.degree + b.degree)
        return intern(Product, both, both, a.valuation + b.valuation, degree, content=a.digest + b.digest)

    @property
    def a(self) -> Node:
        return self.parts[0]

    @property
    def b(self) -> Node:
        return self.parts[1]


@final
class Quotient(Node):
    """a/b, where b has a constant term."""

    __slots__ = ()
    __match_args__ = ("a", "b")

    @staticmethod
    def of(a: Node, b: Node) -> Quotient:
        if b.valuation:
            raise ValueError("the denominator of a quotient needs a constant term")
        both, degree = (a, b), a.degree if b.degree == 0 else INFINITE
        return intern(Quotient, both, both, a.valuation, degree, content=a.digest + b.digest)

    @property
    def a(self) -> Node:
        return self.parts[0]

    @property
    def b(self) -> Node:
        return self.parts[1]


@final
class Map(Node):
    """A·a for a constant matrix A: coefficient k is A·a_k, with a_k the vector of all elements' coefficients."""

    __slots__ = ()
    __match_args__ = ("matrix", "a")

    @staticmethod
    def of(matrix: Matrix, a: Node) -> Node:
        if matrix.columns != a.size:
            raise ValueError(f"{matrix!r} times a node of size {a.size}")
        if matrix.rows == matrix.columns == 1:
            return linear([(Fraction(float(x)), a) for x in matrix.entries])
        if isinstance(a, Map) and matrix.selects and a.matrix.selects:
            return Map.of(matrix @ a.matrix, a.a)
        content = matrix.digest + a.digest
        return intern(Map, (matrix, a), (a,), a.valuation, a.degree, matrix.rows, content=content)

    @property
    def matrix(self) -> Matrix:
        return self.parts[0]

    @property
    def a(self) -> Node:
        return self.parts[1]


@final
class Theta(Node):
    """θa = t·a′: its coefficient k is k·a_k."""

    __slots__ = ()
    __match_args__ = ("a",)

    @staticmethod
    def of(a: Node) -> Node:
        if a.degree == 0:
            return Constant.of(0)
        return intern(Theta, (a,), (a,), max(1, a.valuation), a.degree, a.size)

    @property
    def a(self) -> Node:
        return self.parts[0]


@final
class Function(Node):
    """Output number ``output`` of an entry of the book, through its differential: θv = dv, v_0 = value(u_0)."""

    __slots__ = ("_differential",)
    __match_args__ = ("law", "output", "args", "params")

    @staticmethod
    def of(law: Law, output: int, args: tuple[Node, ...], params: tuple[Node, ...]) -> Function:
        degree = 0 if all(a.degree == 0 for a in args) else INFINITE
        # two laws may say the same and differ in what a digest does not tell, the functions that give their values
        operands = args + params
        content = b"%d;%d;" % (output, len(args)) + b"".join([a.digest for a in operands]) + law.digest
        return intern(Function, (law, output, args, params), operands, 0, degree, content=content, apart=law)

    @property
    def law(self) -> Law:
        return self.parts[0]

    @property
    def output(self) -> int:
        return self.parts[1]

    @property
    def args(self) -> tuple[Node, ...]:
        return self.parts[2]

    @property
    def params(self) -> tuple[Node, ...]:
        return self.parts[3]

    @property
    def exponent(self) -> Node | None:
        """The constant a where v_k comes from u·θv = a·v·θu (Euler's equation) instead of the differential."""
        return self.law.exponent(self.params)

    def siblings(self) -> tuple[Function, ...]:
        """All outputs of the same entry at the same arguments."""
        return tuple(Function.of(self.law, i, self.args, self.params) for i in range(len(self.law.outputs)))

    @property
    def differential(self) -> Node:
        """θv, by the rule; every term has a factor θu, so coefficient k needs v only below k."""
        known = getattr(self, "_differential", None)
        if known is None:
            values = self.siblings()
            found = self.law.differentials(self.args, tuple(map(Theta.of, self.args)), values, self.params)
            for value, dv in zip(values, found, strict=True):
                if dv.valuation < 1 and dv is not Constant.of(0):
                    raise ValueError(f"rule {self.law.name}: every term of the differential needs a factor du")
                value._differential = dv
            self._differential = known = found[self.output]  # the rule may have been written again since
        return known


@final
class Local(Node):
    """An entry of the book through its Taylor coefficients g_j at u_0: Σ g_j·(u − u_0)^j; each prime a derivative."""

    __slots__ = ()
    __match_args__ = ("name", "u", "params")

    @staticmethod
    def of(name: str, u: Node, params: tuple[Node, ...]) -> Local:
        return intern(Local, (name, u, params), (u, *params), 0, 0 if u.degree == 0 else INFINITE)

    @property
    def name(self) -> str:
        return self.parts[0]

    @property
    def u(self) -> Node:
        return self.parts[1]

    @property
    def params(self) -> tuple[Node, ...]:
        return self.parts[2]


@final
class Select(Node):
    """The branch whose turn it is: ``chooser`` picks, from order-0 values only, whose coefficients pass."""

    __slots__ = ()
    __match_args__ = ("chooser", "tests", "branches")

    @staticmethod
    def of(chooser: str, tests: tuple[Node, ...], branches: tuple[Node, ...]) -> Select:
        return intern(
            Select,
            (chooser, tests, branches),
            tests + branches,
            min(b.valuation for b in branches),
            # the choice moves with its tests: between two constants, too, there is a jump and no derivative
            max(*(b.degree for b in branches), any(t.degree for t in tests)),
        )

    @property
    def chooser(self) -> str:
        return self.parts[0]

    @property
    def tests(self) -> tuple[Node, ...]:
        return self.parts[1]

    @property
    def branches(self) -> tuple[Node, ...]:
        return self.parts[2]


@final
class State(Node):
    """A component of the state of x′ = f(x), or several: coefficient k is the (k−1)th of its right-hand side over k."""

    __slots__ = ("rhs", "start")
    __match_args__ = ("index",)
    rhs: Node
    start: Node

    @staticmethod
    def of(system: object, index: int, size: int = 1) -> State:
        return intern(State, (system, index) if size == 1 else (system, index, size), (), 0, INFINITE, size)

    @property
    def index(self) -> int:
        return self.parts[1]

    def bind(self, rhs: Node, start: Node) -> None:
        """Give the right-hand side and the node whose coefficient 0 is the initial value; done once."""
        self.rhs, self.start = rhs, start


def as_node(value: object) -> Node:
    return value if isinstance(value, Node) else Constant.of(value)


def linear(terms: Iterable[tuple[int | Fraction, Node]]) -> Node:
    """Σ c·a, flattened: rational constants are added up, equal nodes collected, short nested sums opened, but not where
    nodes would merge: (x − y) − (y − z) is exact to its last digits for close x, y, z, and x − 2y + z is not."""
    todo = list(terms)
    if len(todo) == 2:  # as most sums have, and often nothing to open or to collect
        (c, a), (d, b) = todo
        if c and d and a is not b and not isinstance(a, (Linear, Constant)) and not isinstance(b, (Linear, Constant)):
            return _sum(todo)
    room = 8 - len(todo)  # without a limit, n times x ← f(x) + x/2 would make n² terms
    todo.reverse()
    constant: int | Fraction = 0
    sums: dict[Node, int | Fraction] = {}
    while todo:
        c, a = todo.pop()
        if isinstance(a, Linear):
            inner = a.parts[0]
            more = len(inner) - 1
            if more == 0 or (more < room and all(b not in sums or sums[b] == -c * d for d, b in inner)):
                room -= more
                todo.extend([(c * d, b) for d, b in reversed(inner)])
                continue
        elif isinstance(a, Constant) and a.rational:
            constant += c * a.value
            continue
        sums[a] = sums[a] + c if a in sums else c
    flat = [(c, a) for a, c in sums.items() if c]
    if constant or not flat:
        flat.append((1, Constant.of(constant)))
    return _sum(flat)


def _sum(terms: list[tuple[Any, Node]]) -> Node:
    """Σ c·a of different nodes, with c ≠ 0."""
    terms = [(c if type(c) is int else _plain(c), a) for c, a in terms]
    if len(terms) == 1 and terms[0][0] == 1:
        return terms[0][1]
    nodes = tuple([a for _, a in terms])
    content = b"".join([(b"%d;" % c if type(c) is int else said(c)) + a.digest for c, a in terms])
    valuation, degree = min([a.valuation for a in nodes]), max([a.degree for a in nodes])
    return intern(Linear, (tuple(terms),), nodes, valuation, degree, content=content)


def _plain(c: Any) -> int | Fraction:
    """A rational number in the one form it has."""
    c = c if type(c) is Fraction else Fraction(c)
    return c.numerator if c.denominator == 1 else c


def _factor(a: Node) -> tuple[int | Fraction, Node]:
    """A rational factor and the rest."""
    return a.terms[0] if isinstance(a, Linear) and len(a.terms) == 1 else (1, a)


def _product(a: Node, b: Node) -> Node:
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Constant) and one.rational:
            return _times(one.value, other)
    (c, a), (d, b) = _factor(a), _factor(b)
    return _times(c * d, Product.of(a, b))


def _times(c: int | Fraction, a: Node) -> Node:
    if c == 1:
        return a
    return _sum([(c, a)]) if c and not isinstance(a, (Linear, Constant)) else linear([(c, a)])


def _quotient(a: Node, b: Node) -> Node:
    if isinstance(b, Constant) and b.rational:
        if b.value == 0:
            raise ZeroDivisionError("a series divided by the constant 0")
        return _times(Fraction(1) / b.value, a)
    if a is Constant.of(0):
        return a
    (c, a), (d, b) = _factor(a), _factor(b)
    return _times(c if d == 1 else Fraction(c) / d, Quotient.of(a, b))
