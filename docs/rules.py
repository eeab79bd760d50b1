"""The table of rules and order-0 values, made from the book when the pages are built."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.book.entry import BOOK, ENTRIES, Entry, Family, Formula, LocalEntry, Rule
from taylorad.errors import DomainError, UnsupportedFunctionError
from taylorad.rings.choice import ring_named
from taylorad.run.interpret import run
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule

RINGS = ("float64", "complex128", "mpf", "mpc", "arb", "acb", "exact")
TITLES = ("float64", "complex128", "mpmath real", "mpmath complex", "Arb real", "Arb complex", "Fraction")
# points at which a function of one, two … arguments may have a value; the exact ones come from the zeros of many
POINTS = [Fraction(p) for p in ("0", "1", "1/2", "3/10", "17/10", "5/2", "-3/10", "90", "10")]


def entries() -> Iterator[Entry]:
    """Every entry with a function of the book, in the order in which the book states them."""
    for entry in ENTRIES.values():
        if any(BOOK.get(name) is not None and BOOK[name].entry is entry for name in entry.outputs):
            yield entry


def names(entry: Entry) -> list[str]:
    """The names by which an entry's functions are called, aliases last."""
    own = [n for n in entry.outputs if not n.startswith("_")]
    return own + [n for n, m in BOOK.items() if m.entry is entry and n not in own]


def mathematics(entry: Entry) -> str:
    """What the book says: the differential, the formula or the step of the recurrence, as it is written."""
    if isinstance(entry, Rule):
        return _returned(entry.differential)
    if isinstance(entry, Formula):
        return _returned(entry.body)
    if isinstance(entry, Family):
        return "Pₙ = " + _returned(entry.step)
    return "its Taylor coefficients"


def _returned(written: Any) -> str:
    """The sub-expressions and the return of a function, on one line."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(written))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    parts = [ast.unparse(s) for s in body[:-1]]
    last = body[-1]
    assert isinstance(last, ast.Return)
    assert last.value is not None
    value = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
    return "; ".join([*parts, ", ".join(map(ast.unparse, value))])


def kind(entry: Entry) -> str:
    if isinstance(entry, Family):
        return "recurrence in the degree"
    if isinstance(entry, LocalEntry):
        return "local"
    return "rule" if isinstance(entry, Rule) else "formula"


def has_value(entry: Entry, ring: str) -> bool:
    """Whether the ring has a value of every function of the entry, at one of the sample points at least."""
    count = entry.arity + len(entry.parameters)
    chosen = ring_named(ring)
    for point in itertools.product(POINTS, repeat=min(count, 2)):
        args = (*point, *[Fraction(1, 3)] * (count - len(point)))
        try:
            found = entry(*[Leaf.of(i, 0) for i in range(count)])
            plan = schedule(found if isinstance(found, tuple) else (found,))
            with np.errstate(all="ignore"):
                run(plan, chosen, [_leaf(chosen, a) for a in args], 0)
        except (UnsupportedFunctionError, DomainError, ArithmeticError, TypeError, ValueError):
            continue
        return True
    return False


def _leaf(ring: Any, value: Fraction) -> Any:
    element = ring.lift(value)
    return np.array([element]) if isinstance(element, np.generic) else [element]


def missing() -> list[tuple[str, str]]:
    """The pairs (function, ring) without any value, the exact fractions apart: few values are rational."""
    return [(e.outputs[0], ring) for e in entries() for ring in RINGS[:-1] if not has_value(e, ring)]


def page() -> str:
    """The reference page, as Markdown."""
    lines = [
        "# The table of rules",
        "",
        "Made from the book when these pages were built. `du` is the differential of the argument `u`, and `v` (or",
        "`s`, `c` …) the function itself; a *local* entry takes its Taylor coefficients from a table of its ring, a",
        "*formula* is written in other entries. A tick says that the ring has order-0 values; in fractions a function",
        "has one only where it is rational. Names with an underscore serve an entry's other outputs.",
        "",
        "| functions | kind | the book says | " + " | ".join(TITLES) + " |",
        "|---|---|---|" + ":-:|" * len(TITLES),
    ]
    for entry in entries():
        called = ", ".join(f"`{n}`" for n in names(entry))
        ticks = " | ".join("✓" if has_value(entry, ring) else "–" for ring in RINGS)
        said = mathematics(entry).replace("|", "\\|")
        lines.append(f"| {called} | {kind(entry)} | `{said}` | {ticks} |")
    lines += ["", "What each of them is, from its own words:", ""]
    lines += [f"- **{', '.join(names(e))}**: {e.doc.splitlines()[0]}" for e in entries() if e.doc]
    return "\n".join(lines) + "\n"
