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
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from taylorad.series.node import Constant, Function, Leaf, Local, Node, Theta, as_node

__all__ = ["BOOK", "Domain", "Entry", "Formula", "LocalEntry", "Member", "Rule", "constant", "formula", "local", "rule"]


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a function of a real argument is analytic: the open interval (lower, upper).

    For complex arguments only the end points themselves are excluded. ``argument`` says which argument is
    meant; ``boundary`` tells the user what lies on the edge.
    """

    lower: Fraction | int | None = None
    upper: Fraction | int | None = None
    argument: int = 0
    boundary: str = "a singularity"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What every entry of the book has: a name, its number of series arguments and of parameters, its source."""

    name: str
    outputs: tuple[str, ...]
    arity: int
    parameters: tuple[str, ...]
    doc: str

    def __call__(self, *args: Any) -> Any:
        """The entry applied to nodes (and constants): a node, or one for each output."""
        wanted = self.arity + len(self.parameters)
        if len(args) != wanted:
            raise TypeError(f"{self.name} takes {wanted} arguments, got {len(args)}")
        nodes = tuple(map(as_node, args))
        found = self.build(nodes[: self.arity], nodes[self.arity :])
        return found if len(found) > 1 else found[0]

    def build(self, args: tuple[Node, ...], params: tuple[Node, ...]) -> tuple[Node, ...]:
        raise NotImplementedError(self.name)  # pragma: no cover - every kind of entry has its own

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

    def __call__(self, *args: Any) -> Node:
        found = self.entry(*args)
        return found[self.output] if len(self.entry.outputs) > 1 else found


@dataclass(frozen=True, slots=True, eq=False)
class Rule(Entry):
    """A function through its total differential.

    ``value`` is None (each ring looks the outputs' names up in its table), a mapping from ring names to
    functions, or one function ``value(f, *args, *params)`` written over any ring's own functions ``f``.
    ``homogeneity`` a means f(c·u) = c^a·f(u) for c > 0: it lets powers of t be taken out at a branch point.
    """

    differential: Callable[..., Any] = field(default=lambda: None)
    value: Mapping[str, Callable[..., Any]] | Callable[..., Any] | None = None
    domain: tuple[Domain, ...] = ()
    homogeneity: Fraction | str | None = None
    digest: bytes = b""

    def build(self, args: tuple[Node, ...], params: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(Function.of(self, i, args, params) for i in range(len(self.outputs)))

    def differentials(self, args: tuple[Node, ...], values: tuple[Node, ...], params: tuple[Node, ...]) -> tuple[Node, ...]:
        found = self.differential(*args, *map(Theta.of, args), *values, *params)
        found = tuple(map(as_node, found)) if isinstance(found, tuple) else (as_node(found),)
        if len(found) != len(self.outputs):
            raise ValueError(f"rule {self.name} returns {len(found)} differentials for {len(self.outputs)} outputs")
        return found

    def __reduce__(self) -> Any:
        return (_from_book, (self.name,))


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


BOOK: dict[str, Member] = {}
ENTRIES: dict[str, Entry] = {}


def _from_book(name: str) -> Entry:
    return ENTRIES[name]


def register(entry: Any, aliases: tuple[str, ...] = ()) -> Any:
    """Write an entry into the book under the names of its outputs and their aliases."""
    for member in entry.members:
        BOOK[member.name] = member
    for alias in aliases:
        BOOK[alias] = entry.members[0]
    ENTRIES[entry.name] = entry
    return entry


def _signature(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def rule(
    value: str | tuple[str, ...] | Mapping[str, Callable[..., Any]] | Callable[..., Any] | None = None,
    *,
    outputs: int | tuple[str, ...] | None = None,
    arity: int = 1,
    domain: tuple[Domain, ...] | Domain = (),
    homogeneity: Fraction | str | None = None,
    aliases: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Rule]:
    """Write a function into the book by its total differential.

    The decorated function takes the arguments u…, their differentials du…, the outputs v… and then any
    constant parameters, and returns one differential for each output. See :class:`Rule` for ``value``.
    """

    def write(differential: Callable[..., Any]) -> Rule:
        name = differential.__name__
        if isinstance(value, str):
            names: tuple[str, ...] = (value,)
        elif isinstance(value, tuple):
            names = value
        elif isinstance(outputs, tuple):
            names = outputs
        else:
            count = outputs or 1
            names = (name,) if count == 1 else tuple(f"{name}_{i}" for i in range(count))
        params = tuple(_signature(differential)[2 * arity + len(names) :])
        entry = Rule(
            name,
            names,
            arity,
            params,
            inspect.getdoc(differential) or "",
            differential,
            None if isinstance(value, (str, tuple)) else value,
            domain if isinstance(domain, tuple) else (domain,),
            homogeneity,
        )
        # what the rule says, not what it is called: compiled code must not outlive a changed rule
        us = tuple(Leaf.of(i) for i in range(arity))
        vs = tuple(Leaf.of(arity + i) for i in range(len(names)))
        ps = tuple(Leaf.of(arity + len(names) + i) for i in range(len(params)))
        said = b"".join(d.digest for d in entry.differentials(us, vs, ps))
        object.__setattr__(entry, "digest", hashlib.blake2b(repr((name, names)).encode() + said, digest_size=16).digest())
        return register(entry, aliases)

    return write


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


def local(
    name: str, *, parameters: tuple[str, ...] = (), domain: tuple[Domain, ...] | Domain = (), doc: str = "", aliases: tuple[str, ...] = ()
) -> LocalEntry:
    """Write a function into the book that each ring knows through its Taylor coefficients."""
    domains = domain if isinstance(domain, tuple) else (domain,)
    return register(LocalEntry(name, (name,), 1, parameters, doc, domains), aliases)


def constant(name: str) -> Node:
    """A named constant such as π, which each ring evaluates to its own precision."""
    return Constant.of(name)
