"""Run a graph on any ring: bind each node's step once, then sweep over the orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from taylorad.book.entry import BOOK, Domain, Entry, Family, Rule
from taylorad.errors import DomainError, SingularExpansionError, UncertifiedError, UnsupportedFunctionError
from taylorad.rings.ring import Element, Position, Ring
from taylorad.series.elements import elements, leaf_places
from taylorad.series.node import Function, Leaf, Local, Node, Quotient, Select, State
from taylorad.series.recurrence import advance, initial
from taylorad.series.schedule import Schedule, schedule, values

__all__ = ["bind", "run", "value"]


def run(plan: Schedule, ring: Ring, leaves: Sequence[Any], order: int) -> list[Any]:
    """The coefficients 0 … order of every root, as buffers of ``ring``.

    ``leaves[i]`` is the buffer of the leaf with index i; the elements of an array leaf, and of an array root,
    are the axis after the order. Raises DomainError or SingularExpansionError, with
    the offending points, where a function has no Taylor series. Cost: O(order²) ring operations for each
    product, quotient and function.
    """
    if any(n.size > 1 for n in plan.first):
        return _by_elements(plan, ring, leaves, order)
    if order == 0 and ring.boxes:  # at the edge of a domain there are values, but not of what derivatives need
        plan = values(plan)
    c, steps = bind(plan, ring, leaves, order)
    for rhs in {n.rhs for n in plan.first if isinstance(n, State) and n.rhs.degree == 0}:
        for k in range(1, order + 1 if not isinstance(rhs, Leaf) else 1):  # a state looks back at them
            ring.put(c[rhs], k, ring.zero())

    def body(k: int) -> None:
        for n, step in steps:
            ring.put(c[n], k, step(k))

    with np.errstate(all="ignore"):
        ring.sweep(order, body)
    return [_full(ring, n, c[n], order) for n in plan.roots]


@lru_cache(maxsize=64)
def _elements(plan: Schedule) -> Schedule:
    return schedule(elements(plan))


def _by_elements(plan: Schedule, ring: Ring, leaves: Sequence[Any], order: int) -> list[Any]:
    """A graph with array nodes, one element at a time."""
    apart: list[Any] = []
    for (_, size), leaf in zip(leaf_places(plan), leaves, strict=False):
        if size == 1:
            apart.append(leaf)
        elif isinstance(leaf, np.ndarray):
            apart += [leaf[:, i] for i in range(size)]
        else:
            apart += [[row[i] for row in leaf] for i in range(size)]
    found = iter(run(_elements(plan), ring, apart, order))
    out: list[Any] = []
    for n in plan.roots:
        rows = [next(found) for _ in range(n.size)]
        if n.size == 1:
            out.append(rows[0])
        elif isinstance(rows[0], np.ndarray):
            out.append(np.stack(rows, axis=1))
        else:
            out.append([list(column) for column in zip(*rows, strict=True)])
    return out


def bind(
    plan: Schedule, ring: Ring, leaves: Sequence[Any], order: int
) -> tuple[dict[Node, Any], list[tuple[Node, Callable[[Any], Element]]]]:
    """Coefficient 0 of every node, in its buffer, and the step of every node that has later ones."""
    c: dict[Node, Any] = {n: leaves[n.index] if isinstance(n, Leaf) else ring.buffer(order) for n in plan.first}
    jets: dict[Node, Sequence[Element]] = {}
    choices: dict[Node, Any] = {}
    with np.errstate(all="ignore"):
        for n in plan.first:
            if not isinstance(n, Leaf):
                ring.put(c[n], 0, _start(ring, n, c, order, jets, choices))
    return c, [(n, _step(ring, n, c, jets, choices, order)) for n in plan.rest]


def _full(ring: Ring, n: Node, buffer: Any, order: int) -> Any:
    """A root of degree 0 has no later coefficients stored."""
    if n.degree == 0:
        fresh = ring.buffer(order)
        ring.put(fresh, 0, buffer[0])
        for k in range(1, order + 1):
            ring.put(fresh, k, ring.zero())
        return fresh
    return buffer


def _start(
    ring: Ring, n: Node, c: dict[Node, Any], order: int, jets: dict[Node, Any], choices: dict[Node, Any]
) -> Element:
    closed = n.degree == 0 or (ring.boxes and order == 0)  # a value is asked for, no series
    match n:
        case Function(law, output, args, params) if isinstance(law, Rule):
            wanted = (output,) if closed else None
            return value(ring, law, [c[a][0] for a in args], [c[p][0] for p in params], wanted)[output]
        case Local(name, u, params):
            member = BOOK[name.rstrip("'")]
            at, constants = c[u][0], [c[p][0] for p in params]
            domains = getattr(member.entry, "domain", ())
            for domain in domains:
                check(ring, name, domain, (at, *constants), closed=closed)
            jets[n] = _jet(ring, member.entry, name, constants, at, 0 if closed else order)
            _finite(ring, name, (at, *constants), jets[n][0], domains)
            return jets[n][0]
        case Select(chooser, tests, branches):
            given = [c[t][0] for t in tests]
            try:
                choices[n] = ring.choose(chooser, given)
            except SingularExpansionError:
                if not closed:
                    raise
                choices[n] = ring.choose(chooser, _untied(ring, given, [c[b][0] for b in branches]))
            if not closed and ring.boxes:
                ring.decided(choices[n], c[tests[0]][0])
            if ring.boxes:
                from taylorad.run.narrow import extreme

                if sign := extreme(n):
                    return ring.extreme(sign, [c[b][0] for b in branches])
            return ring.pick(choices[n], [c[b][0] for b in branches])
        case Quotient(_, b):
            zero = ring.is_zero(c[b][0])
            if np.any(zero):
                raise SingularExpansionError(
                    f"division by a series whose constant term is zero{_which(zero)}: there is a pole here; "
                    "divide common powers of t out first",
                    _points(zero),
                )
            quotient = initial(ring, n, c)
            _finite(ring, "1/series", (c[b][0],), quotient)
            return quotient
        case _:
            return initial(ring, n, c)


def _jet(ring: Ring, entry: Entry, name: str, constants: Sequence[Element], at: Element, order: int) -> Any:
    """The coefficients of a local entry at a point; in exact rings those of polynomials by their recurrence."""
    if ring.exact and isinstance(entry, Family):
        polynomial = entry.polynomial(Leaf.of(0), constants[0], constants[1:])
        if polynomial is not None:
            primes = name.count("'")
            line = [at, *map(ring.lift, (1, *[0] * (order + primes)))]
            return ring.differentiated(run(schedule([polynomial]), ring, [line], order + primes)[0], primes)
    return ring.local(name, [*constants, at], order)


def _step(
    ring: Ring, n: Node, c: dict[Node, Any], jets: dict[Node, Any], choices: dict[Node, Any], order: int
) -> Callable[[int], Element]:
    match n:
        case Select(_, _, branches):
            zero = ring.zero()
            return lambda k: ring.pick(choices[n], [c[b][k] if b.degree >= k else zero for b in branches])
        case Local(_, u, _):
            return _compose(ring, jets[n], c[u], order)
        case _:
            return advance(ring, n, c)


def _compose(ring: Ring, jet: Sequence[Element], u: Any, order: int) -> Callable[[int], Element]:
    """Coefficient k of Σ g_j·(u − u_0)^j, from the powers of u − u_0 kept up to order k."""
    powers: list[Any] = [None, u]

    def step(k: int) -> Element:
        total = ring.mul(jet[1], u[k])
        for j in range(2, k + 1):
            if j == len(powers):
                fresh = ring.buffer(order)
                for i in range(j):
                    ring.put(fresh, i, ring.zero())
                powers.append(fresh)
            # (u − u_0)^j has valuation j, so its last factor runs over 1 … k−j+1
            ring.put(powers[j], k, ring.convolve(u, powers[j - 1], 1, k - j + 1, k))
            total = ring.add(total, ring.mul(jet[j], powers[j][k]))
        return total

    return step


def value(
    ring: Ring, law: Rule, args: Sequence[Element], params: Sequence[Element], wanted: Sequence[int] | None = None
) -> tuple[Element, ...]:
    """The outputs of a rule at one point (order 0), with the domain checked.

    All of them, for a series; or the ``wanted`` ones (others may be None), for which the domain counts with its edge,
    wherever the function has a finite value there: √ at 0, but not log.
    """
    closed = wanted is not None
    for domain in law.domain:
        if domain.measure is None:
            check(ring, law.name, domain, args, closed=closed)
    whole = ring.outputs(law, args, params)  # with the other domains, whose measures are for elements with operators
    if whole is not None:
        return whole
    for domain in law.domain:
        if domain.blind:
            check(ring, law.name, domain, args, closed=closed)
    looking = [d for d in law.domain if d.measure is not None and not d.blind]
    asked = range(len(law.outputs)) if wanted is None or looking else wanted
    if ring.boxes:
        from taylorad.run.narrow import narrowed

        found = narrowed(ring, law, args, params, asked, lambda at, i: _outputs(ring, law, at, params, (i,))[i])
    else:
        found = _outputs(ring, law, args, params, asked)
    for domain in looking:
        check(ring, law.name, domain, args, found, closed)
    for i in asked if wanted is None else wanted:
        _finite(ring, law.outputs[i], args, found[i], law.domain)
    return found


def _outputs(
    ring: Ring, law: Rule, args: Sequence[Element], params: Sequence[Element], wanted: Sequence[int]
) -> tuple[Element, ...]:
    """Outputs of a rule at one point, from the ring's own table or from the value that the rule was given."""
    if law.value is None:
        given = [*args, *params]
        return tuple(ring.value(name, given) if i in wanted else None for i, name in enumerate(law.outputs))
    if callable(law.value):
        result = law.value(_Functions(ring), *args, *params)
    else:
        if ring.name not in law.value:
            raise UnsupportedFunctionError(f"{law.name} was registered without a value for the ring {ring.name}")
        result = law.value[ring.name](*args, *params)
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


class _Functions:
    """The book's functions at order 0 in one ring, for values that are written over any ring."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    def __getattr__(self, name: str) -> Callable[..., Element]:
        if name not in BOOK:
            raise AttributeError(name)
        def apply(*args: Element) -> Element:
            leaves = [Leaf.of(i, 0) for i in range(len(args))]
            return run(schedule([BOOK[name](*leaves)]), self._ring, [[self._lift(a)] for a in args], 0)[0][0]

        return apply

    def _lift(self, a: Any) -> Element:
        from fractions import Fraction

        return self._ring.lift(a) if isinstance(a, (int, Fraction)) else a

    def constant(self, name: str) -> Element:
        return self._ring.constant(name)


def check(
    ring: Ring,
    name: str,
    domain: Domain,
    args: Sequence[Element],
    found: Sequence[Element] = (),
    closed: bool = False,
    only: Any = True,
) -> None:
    """Raise where the arguments (and outputs ``found``) are not certainly in a domain, with its edge if ``closed``.

    Of a batch, ``only`` some points are looked at.
    """
    at = args[domain.argument] if domain.measure is None else domain.measure(*args, *found)
    where = ring.position(at, domain.lower, domain.upper)
    if where is Position.INSIDE:
        return
    where = np.where(only, where, int(Position.INSIDE))[()]
    if domain.measure is not None:  # not finite: the value is not either, and says so itself
        where = np.where(ring.is_finite(at), where, int(Position.INSIDE))[()]
    if closed and domain.closed:
        edge = np.equal(where, Position.BOUNDARY) | ring.reaches(at, domain.lower, domain.upper)
        where = np.where(edge, int(Position.INSIDE), where)[()]
    worst = int(np.max(where)) if np.ndim(where) else int(where)
    if worst == Position.INSIDE:
        return
    lower = "-inf" if domain.lower is None else domain.lower
    upper = "inf" if domain.upper is None else domain.upper
    bad = np.equal(where, worst)
    shown = _shown([args[domain.argument]] if domain.measure is None else args, bad)
    text = f"{name} needs {domain.needs or f'an argument in ({lower}, {upper})'}"
    if worst == Position.UNDECIDED:
        raise UncertifiedError(f"{text}; {shown} may touch its boundary: take a smaller interval or ball")
    if worst == Position.BOUNDARY:
        raise SingularExpansionError(
            f"{text}; {shown}{_which(bad)} is {domain.boundary}, where there is no Taylor series", _points(bad)
        )
    advice = "use a complex argument to leave the real domain"
    raise DomainError(f"{text}; got {shown}{_which(bad)}; {advice}", _points(bad))


def _untied(ring: Ring, tests: Sequence[Element], branches: Sequence[Element]) -> list[Element]:
    """Tests of a choice, with 1 for 0 where all branches have one value and the choice does not matter."""
    alike = ring.is_zero(ring.sub(branches[0], branches[1]))
    tied = np.logical_and(ring.is_zero(tests[0]), alike)
    one = ring.lift(1)
    return [np.where(tied, one, tests[0]) if np.ndim(tied) else one if tied else tests[0], *tests[1:]]


def _finite(ring: Ring, name: str, args: Sequence[Element], v: Element, domains: Sequence[Domain] = ()) -> None:
    fine = ring.is_finite(v)
    if np.all(fine):
        return
    bad = np.logical_not(fine)
    for domain in domains:
        if domain.measure is None or domain.blind:
            check(ring, name, domain, args, only=bad)  # the edge says more than that the value is not finite
    raise SingularExpansionError(
        f"{name}({_shown(args, bad)}) is not finite in the ring {ring.name}{_which(bad)}: a pole, or too large for it; "
        "move the point, or use mpmath numbers if the value is merely large",
        _points(bad),
    )


def _shown(args: Sequence[Element], bad: Any) -> str:
    """The arguments at the first bad point, as text."""
    return ", ".join(str(np.broadcast_to(a, np.shape(bad))[bad].flat[0] if np.ndim(bad) else a) for a in args)


def _points(mask: Any) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(mask)) if np.ndim(mask) else ()


def _which(mask: Any) -> str:
    points = _points(mask)
    return f" (at point {points[0]} of the batch{' and others' if len(points) > 1 else ''})" if points else ""
