"""The entries of the book and the decorators that write them: one line a function.

A rule states the total differential of a function, θv in terms of u, du = θu and v::

    @rule(value="exp")
    def exp(u, du, v):
        return v * du

From that line the engine derives the recurrence v_k = (dv)_k/k in every ring. The law of the book: a body
is one return with named sub-expressions before it at most; it calls other entries and + − · / only, with
no numbers but integers and fractions, no branches, no loops, no attribute access.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from taylorad.book.said import said
from taylorad.errors import UnsupportedFunctionError
from taylorad.series.node import Constant, Function, Leaf, Local, Node, Select, Theta, as_node, linear

__all__ = [
    "BOOK",
    "Domain",
    "Entry",
    "Family",
    "Formula",
    "LocalEntry",
    "Member",
    "Rule",
    "constant",
    "formula",
    "group",
    "local",
    "polynomials",
    "rule",
    "select",
]


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a function of a real argument is analytic: the open interval (lower, upper).

    For complex arguments only the end points themselves are excluded. ``argument`` says which argument is
    meant; ``boundary`` tells the user what lies on the edge. Where the interval is not one of an argument,
    ``measure(*arguments, *outputs)`` gives the quantity that must lie in it, by + − · / alone, and ``needs``
    says the condition in words; a ``blind`` measure does not look at the outputs.

    There is no series on the edge, but a value, wherever it is finite, if the domain is ``closed``: if the function
    goes on to the edge continuously.
    """

    lower: Fraction | int | None = None
    upper: Fraction | int | None = None
    argument: int = 0
    boundary: str = "a singularity"
    measure: Callable[..., Any] | None = None
    needs: str = ""
    closed: bool = True
    blind: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What every entry of the book has: a name, its number of series arguments and of parameters, its source.

    A call takes the series arguments and then the parameters, pow(u, a), of which the last ones may have ``defaults``;
    with ``params_first`` the parameters come before, in scipy.special's order: jv(nu, x), hyp2f1(a, b, c, x).
    A ``variadic`` entry takes any number of series arguments and no parameters.
    Inside the book (rules, value tables) arguments come first and parameters last in either case.
    """

    name: str
    outputs: tuple[str, ...]
    arity: int
    parameters: tuple[str, ...]
    doc: str
    params_first: bool = field(default=False, kw_only=True)
    defaults: tuple[Any, ...] = field(default=(), kw_only=True)
    variadic: bool = field(default=False, kw_only=True)

    def __call__(self, *args: Any) -> Any:
        """The entry applied to nodes (and constants): a node, or one for each output that is a function of the book.

        An argument of a front end (a Taylor, a traced array) takes the call over by its ``__taylorad_apply__``.
        """
        for a in args:
            if hasattr(type(a), "__taylorad_apply__"):
                return a.__taylorad_apply__(self, args)
        found = tuple(n for name, n in zip(self.outputs, self.apply(args), strict=True) if not name.startswith("_"))
        return found[0] if len(found) == 1 else found

    def apply(self, args: tuple[Any, ...]) -> tuple[Node, ...]:
        """Every output of the entry, applied to nodes (and constants) as in a call."""
        wanted = self.arity + len(self.parameters)
        missing = wanted - len(args)
        if not 0 <= missing <= len(self.defaults):
            least = f"{wanted - len(self.defaults)} to " if self.defaults else ""
            raise TypeError(f"{self.name} takes {least}{wanted} arguments, got {len(args)}")
        nodes = tuple(map(as_node, (*args, *self.defaults[len(self.defaults) - missing :])))
        series, params = self.divided(nodes)
        for parameter, node in zip(self.parameters, params, strict=True):
            if node.degree > 0:
                raise UnsupportedFunctionError(
                    f"{self.name} was given a series as its parameter {parameter}, which must be a constant: "
                    f"derivatives with respect to {parameter} are not in the book"
                )
        return self.build(series, params)

    def places(self, count: int) -> range:
        """Which of the ``count`` arguments of a call may be series."""
        if self.variadic:
            return range(count)
        first = count - self.arity if self.params_first else 0
        return range(first, first + self.arity)

    def divided(self, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The arguments of a call as those that may be series and the parameters."""
        series = self.places(len(args))
        return args[series.start : series.stop], args[: series.start] + args[series.stop :]

    def ordered(self, series: Sequence[Any], params: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments of a call, in its order."""
        return (*params, *series) if self.params_first else (*series, *params)

    def build(self, args: tuple[Node, ...], params: tuple[Node, ...]) -> tuple[Node, ...]:
        raise NotImplementedError(self.name)  # pragma: no cover - every kind of entry has its own

    @property
    def foreign(self) -> bool:
        """Whether it is not the package's, so that it may be written anew at any time."""
        return False

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(Member(self, i) for i in range(len(self.outputs)))


@dataclass(frozen=True, slots=True)
class Member:
    """One output of an entry under its own name (sin of sincos)."""

    entry: Entry
    output: int

    @property
    def name(self) -> str:
        return self.entry.outputs[self.output]

    def __call__(self, *args: Any) -> Any:
        """The output applied to nodes (and constants), or to what :meth:`Entry.__call__` hands over."""
        for a in args:
            if hasattr(type(a), "__taylorad_apply__"):
                return a.__taylorad_apply__(self, args)
        return self.entry.apply(args)[self.output]


@dataclass(frozen=True, slots=True, eq=False)
class Rule(Entry):
    """A function through its total differential.

    ``value`` is None (each ring looks the outputs' names up in its table), a mapping from ring names to
    functions, or one function ``value(f, *args, *params)`` written over any ring's own functions ``f``.
    ``homogeneity`` a means f(c·u) = c^a·f(u) for c > 0: it lets powers of t be taken out at a branch point.
    With ``euler``, a rule of one argument and one output takes its recurrence from Euler's equation u·θv = a·v·θu with
    its ``homogeneity`` a, a parameter, instead of from its differential, to which a test proves it equal.
    The differential of a ``variadic`` rule is the sum of one term for each of its arguments.
    A ``symmetric`` function of several arguments has a jet in each ring as well, which is taken where all arguments
    but one are constant: there a differential may cancel (ψ(a) − ψ(a + b) for small b) and the jet does not.
    """

    differential: Callable[..., Any] = field(default=lambda: None)
    value: Mapping[str, Callable[..., Any]] | Callable[..., Any] | None = None
    domain: tuple[Domain, ...] = ()
    homogeneity: Fraction | str | None = None
    stated: bytes = b""  # a digest of what the differentials say: files are kept with it
    own: bytes = b""  # and of the values, where they are not the package's
    used: tuple[str, ...] = ()  # names in functions that are not the package's, among them those of other rules
    symmetric: bool = False
    euler: bool = False

    def apply(self, args: tuple[Any, ...]) -> tuple[Node, ...]:
        if self.variadic and args:
            return self.build(tuple(map(as_node, args)), ())
        return Entry.apply(self, args)

    def build(self, args: tuple[Node, ...], params: tuple[Node, ...]) -> tuple[Node, ...]:
        moving = [a for a in args if a.degree > 0]
        if self.symmetric and len(moving) == 1:
            return (Local.of(self.name, moving[0], tuple(a for a in args if a.degree == 0)),)
        return tuple(Function.of(self, i, args, params) for i in range(len(self.outputs)))

    def differentials(
        self, args: tuple[Node, ...], dargs: tuple[Node, ...], values: tuple[Node, ...], params: tuple[Node, ...]
    ) -> tuple[Node, ...]:
        if self.variadic:
            terms = (as_node(self.differential(u, du, *values)) for u, du in zip(args, dargs, strict=True))
            return (linear((1, term) for term in terms),)
        found = self.differential(*args, *dargs, *values, *params)
        found = tuple(map(as_node, found)) if isinstance(found, tuple) else (as_node(found),)
        if len(found) != len(self.outputs):
            raise ValueError(f"rule {self.name} returns {len(found)} differentials for {len(self.outputs)} outputs")
        return found

    @property
    def foreign(self) -> bool:
        return not self.differential.__module__.startswith("taylorad.")

    @property
    def digest(self) -> bytes:
        """Of all that the rule says, and that others which it uses say by now: compiled code is kept under it."""
        return self._digest(frozenset()) if self.used else self.own

    def _digest(self, known: frozenset[Rule]) -> bytes:
        known |= {self}
        others = [BOOK[name].entry for name in self.used if name in BOOK]
        more = [e._digest(known) for e in others if isinstance(e, Rule) and e.foreign and e not in known]
        return hashlib.blake2b(self.own + b"".join(more), digest_size=16).digest() if more else self.own

    def exponent(self, params: tuple[Node, ...]) -> Node | None:
        return params[self.parameters.index(str(self.homogeneity))] if self.euler else None

    def __reduce__(self) -> Any:
        return (_from_book, (self.name, self.differential.__module__))


@dataclass(frozen=True, slots=True, eq=False)
class Formula(Entry):
    """A function written in other entries; it has no value tables of its own."""

    body: Callable[..., Any] = field(default=lambda: None)

    def build(self, args: tuple[Node, ...], params: tuple[Node, ...]) -> tuple[Node, ...]:
        found = self.body(*args, *params)
        return tuple(map(as_node, found)) if isinstance(found, tuple) else (as_node(found),)


@dataclass(frozen=True, slots=True, eq=False)
class LocalEntry(Entry):
    """A function through its Taylor coefficients at a point, which each ring takes from its jet table."""

    domain: tuple[Domain, ...] = ()

    def build(self, args: tuple[Node, ...], params: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(Local.of(name, args[0], params) for name in self.outputs)


@dataclass(frozen=True, slots=True, eq=False)
class Family(LocalEntry):
    """Orthogonal polynomials by their recurrence in the degree n; for other degrees a local entry of the same name.

    ``step(x, p, q, n, *parameters)`` gives P_n from p = P_{n−1} and q = P_{n−2}, with P_0 = 1 and P_{−1} = before·x.
    Rounding errors of the recurrence grow with n (twenty units for the Laguerre polynomial of degree 20 at 0), so that
    from degree ``MANY`` on only exact rings use it.
    """

    step: Callable[..., Any] = field(default=lambda: None)
    before: int = 0

    MANY: ClassVar[int] = 10

    def build(self, args: tuple[Node, ...], params: tuple[Node, ...]) -> tuple[Node, ...]:
        n = params[0].value if isinstance(params[0], Constant) else None
        found = self.polynomial(args[0], n, params[1:]) if isinstance(n, (int, float)) and n < self.MANY else None
        return LocalEntry.build(self, args, params) if found is None else (found,)

    def polynomial(self, x: Node, n: Fraction | float, parameters: Sequence[Any]) -> Node | None:
        """The polynomial of degree n as a node, or None where n is no degree of a polynomial."""
        if not (n >= 0 and n % 1 == 0):
            return None
        p, q = as_node(1), as_node(self.before * x)
        for m in range(1, int(n) + 1):
            p, q = as_node(self.step(x, p, q, m, *parameters)), p
        return p


BOOK: dict[str, Member] = {}
ENTRIES: dict[str, Entry] = {}


def _from_book(name: str, module: str) -> Entry:
    """The rule in this process, which another one wrote into its book by importing ``module``."""
    if name not in ENTRIES:
        importlib.import_module(module)
    if name not in ENTRIES:
        raise UnsupportedFunctionError(
            f"the book of this process has no {name!r}; put the rule into a module and import that here too "
            f"(it was written in {module})"
        )
    return ENTRIES[name]


def register(entry: Any, aliases: tuple[str, ...] = ()) -> Any:
    """Write an entry into the book under the names of its outputs and their aliases.

    An output whose name begins with an underscore serves the entry's other outputs (sec² beside tan): each ring
    has a value for it, but it is not a function of the book.
    """
    for member in entry.members:
        if not member.name.startswith("_"):
            BOOK[member.name] = member
    for alias in aliases:
        BOOK[alias] = entry.members[0]
    ENTRIES[entry.name] = entry
    return entry


def _signature(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def _defaults(function: Callable[..., Any]) -> tuple[Any, ...]:
    return tuple(p.default for p in inspect.signature(function).parameters.values() if p.default is not p.empty)


def rule(
    value: str | tuple[str, ...] | Mapping[str, Callable[..., Any]] | Callable[..., Any] | None = None,
    *,
    outputs: int | tuple[str, ...] | None = None,
    arity: int = 1,
    domain: tuple[Domain, ...] | Domain = (),
    homogeneity: Fraction | str | None = None,
    variadic: bool = False,
    symmetric: bool = False,
    euler: bool = False,
    aliases: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Rule]:
    """Write a function into the book by its total differential.

    The decorated function takes the arguments u…, their differentials du…, the outputs v… and then any
    constant parameters (the last of which may have defaults), and returns one differential for each output. Its body
    calls + − · / and other functions of the book only.

    Parameters
    ----------
    value : the outputs at one point
        A name, or a tuple of names, of functions that the rings know; one function ``value(f, *args, *params)`` over
        the functions ``f.sin``, … of any ring; or a mapping from rings' names to functions.
    outputs : how many there are, or their names, where ``value`` is no name
    arity : number of arguments u
    domain : where a real argument may lie, one :class:`Domain` or several
    homogeneity : a, where f(c·u) = c^a·f(u) for c > 0; powers of t are then taken out at a branch point
    variadic, symmetric, euler : see :class:`Rule`
    aliases : other names of the first output

    Returns the entry, which is found under its outputs' names as ``taylorad.<name>`` and runs in every ring in which
    ``value`` does; results are as rigorous as the ring. Raises ValueError where the body returns another number of
    differentials than there are outputs. Cost of coefficient k: that of its products.
    """

    def write(differential: Callable[..., Any]) -> Rule:
        name = differential.__name__
        if isinstance(value, str):
            outs: tuple[str, ...] = (value,)
        elif isinstance(value, tuple):
            outs = value
        elif isinstance(outputs, tuple):
            outs = outputs
        else:
            count = outputs or 1
            outs = (name,) if count == 1 else tuple(f"{name}_{i}" for i in range(count))
        params = tuple(_signature(differential)[2 * arity + len(outs) :])
        entry = Rule(
            name,
            outs,
            arity,
            params,
            inspect.getdoc(differential) or "",
            differential,
            None if isinstance(value, (str, tuple)) else value,
            domain if isinstance(domain, tuple) else (domain,),
            homogeneity,
            variadic=variadic,
            symmetric=symmetric,
            euler=euler,
            defaults=_defaults(differential),
        )
        # what the rule says, not what it is called: files and compiled code must not outlive a changed rule
        us = tuple(Leaf.of(i) for i in range(arity))
        vs = tuple(Leaf.of(arity + i) for i in range(len(outs)))
        ps = tuple(Leaf.of(arity + len(outs) + i, 0) for i in range(len(params)))
        differentials = entry.differentials(us, tuple(map(Theta.of, us)), vs, ps)
        content = repr((name, outs, euler)).encode() + b"".join(d.digest for d in differentials)
        object.__setattr__(entry, "stated", hashlib.blake2b(content, digest_size=16).digest())
        if entry.foreign:  # the package's own values change with its version
            used: set[str] = set()
            said(differential, used)
            content += _values(entry, used)
            object.__setattr__(entry, "used", tuple(sorted(used)))
        object.__setattr__(entry, "own", hashlib.blake2b(content, digest_size=16).digest())
        return register(entry, aliases)

    return write


def _values(entry: Rule, used: set[str]) -> bytes:
    """What a rule says of values at one point: where they are, and by which functions."""
    where = [(d.lower, d.upper, d.argument, d.closed, d.blind, d.measure) for d in entry.domain]
    return said([entry.value, where], used)


def formula(
    *, outputs: tuple[str, ...] | None = None, parameters: int = 0, aliases: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Formula]:
    """Write a function into the book as an expression in other entries; the last ``parameters`` are constants."""

    def write(body: Callable[..., Any]) -> Formula:
        names = _signature(body)
        arity = len(names) - parameters
        entry = Formula(
            body.__name__, outputs or (body.__name__,), arity, tuple(names[arity:]), inspect.getdoc(body) or "", body
        )
        return register(entry, aliases)

    return write


def select(test: Any, above: Any, below: Any) -> Node:
    """``above`` where the constant term of ``test`` is positive, ``below`` where it is negative.

    The engine raises SingularExpansionError where it is zero and UncertifiedError where a ball leaves it open.
    """
    if above is below:
        return as_node(above)
    return Select.of("sign", (as_node(test),), (as_node(below), as_node(above)))


def local(
    name: str,
    *,
    parameters: tuple[str, ...] = (),
    domain: tuple[Domain, ...] | Domain = (),
    doc: str = "",
    aliases: tuple[str, ...] = (),
    params_first: bool = True,
    defaults: tuple[Any, ...] = (),
) -> LocalEntry:
    """Write a function into the book that each ring knows through its Taylor coefficients."""
    domains = domain if isinstance(domain, tuple) else (domain,)
    entry = LocalEntry(name, (name,), 1, parameters, doc, domains, params_first=params_first, defaults=defaults)
    return register(entry, aliases)


def polynomials(*, before: int = 0, aliases: tuple[str, ...] = ()) -> Callable[[Callable[..., Any]], Family]:
    """Write orthogonal polynomials into the book by their three-term recurrence; see :class:`Family`."""

    def write(step: Callable[..., Any]) -> Family:
        name, parameters = step.__name__, tuple(_signature(step)[3:])
        doc = inspect.getdoc(step) or ""
        entry = Family(name, (name,), 1, parameters, doc, step=step, before=before, params_first=True)
        return register(entry, aliases)

    return write


def group(name: str, *members: Entry | Member, doc: str) -> Formula:
    """Several functions of the book under one name, as scipy.special has them: airy(x) gives Ai, Ai′, Bi, Bi′.

    The functions keep their own entries; the group is found in ``ENTRIES`` only.
    """
    first = members[0].entry if isinstance(members[0], Member) else members[0]
    outputs = tuple(m.name for m in members)
    entry = Formula(name, outputs, first.arity, first.parameters, doc, lambda *args: tuple(m(*args) for m in members))
    ENTRIES[name] = entry
    return entry


def constant(name: str) -> Node:
    """A named constant such as π, which each ring evaluates to its own precision."""
    return Constant.of(name)
