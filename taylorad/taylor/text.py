"""Series as text: ``1.0 + 2.5 t + O(t^2)``, and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.rings.intervals import Interval
from taylorad.taylor.series import Taylor

__all__ = ["is_complex", "latex", "number", "text"]

_TERMS = 32  # longer series show their first and last terms only
_FIRST, _LAST = 12, 3


def text(series: Taylor) -> str:
    """One line; ``text`` of an exact polynomial has no O term, a batch is summarised with its first point."""
    return _written(series, False, 0)


def latex(series: Taylor) -> str:
    """The same in LaTeX's mathematics, without dollar signs."""
    return _written(series, True, 0)


def _written(series: Taylor, tex: bool, depth: int) -> str:
    if series.shape:
        order = "exact" if series.exact else f"order {series.order}"
        words = f"Taylor({order}, batch {series.shape}"
        if tex:
            return rf"\text{{{words})}}"
        if 0 in series.shape:
            return f"{words})"
        first = Taylor(series._coefficients.reshape(len(series._coefficients), -1)[:, 0], exact=series.exact)
        return f"{words}; first: {_written(first, tex, depth)})"
    nested = depth > 0 or isinstance(series._coefficients[0], Taylor)
    name = (f"t_{{{depth + 1}}}" if tex else f"t_{depth + 1}") if nested else "t"
    terms = list(_terms(series, tex, depth, name))
    if len(terms) > _TERMS:
        terms = [*terms[:_FIRST], ("+", r"\cdots" if tex else "…"), *terms[-_LAST:]]
    if not terms:
        terms = [("+", "0")]
    if not series.exact:
        terms.append(("+", f"O({_power(name, len(series._coefficients), tex)})"))
    head, *rest = terms
    lead = "-" if head[0] == "-" else ""
    return lead + head[1] + "".join(f" {mark} {term}" for mark, term in rest)


def _power(name: str, k: int, tex: bool) -> str:
    if k == 1:
        return name
    return f"{name}^{{{k}}}" if tex else f"{name}^{k}"


def _terms(series: Taylor, tex: bool, depth: int, name: str) -> Iterator[tuple[str, str]]:
    """Sign and text of every term that is not exactly zero."""
    for k, c in enumerate(series._coefficients):
        if np.all(series._ring.is_zero(c)) and not (isinstance(c, Taylor) and not c.exact):
            continue
        if isinstance(c, Taylor) and c.exact and c.degree <= 0:
            c = c._coefficients[0]
        minus = not (isinstance(c, (Taylor, Interval)) or is_complex(c)) and bool(c < 0)
        shown = number(-c if minus else c, tex, depth)
        if k:
            unit = isinstance(c, Fraction) and abs(c) == 1
            shown = _power(name, k, tex) if unit else f"{shown} {_power(name, k, tex)}"
        yield "-" if minus else "+", shown


def is_complex(c: Any) -> bool:
    """Whether a coefficient is a complex number of some kind."""
    return isinstance(c, complex) or type(c).__name__ in ("mpc", "acb")


def number(c: Any, tex: bool, depth: int) -> str:
    """A coefficient as text, or as LaTeX with ``tex``."""
    if isinstance(c, Taylor):
        return _bracket(_written(c, tex, depth + 1), tex)
    if isinstance(c, Fraction):
        whole = c.denominator == 1 or not tex
        return str(c) if whole else rf"\frac{{{c.numerator}}}{{{c.denominator}}}"
    plain = c.item() if isinstance(c, np.generic) else c
    shown = repr(plain) if isinstance(plain, (float, complex)) else str(plain)
    if is_complex(c):
        shown = shown if shown.startswith("(") else f"({shown})"
    return _typeset(shown) if tex else shown


def _bracket(shown: str, tex: bool) -> str:
    return rf"\left({shown}\right)" if tex else f"({shown})"


def _typeset(shown: str) -> str:
    """A number's text as LaTeX: powers of ten, ±, i, brackets that grow."""
    shown = re.sub(r"e([+-]?)0*(\d+)", lambda m: rf" \cdot 10^{{{m[1].strip('+')}{m[2]}}}", shown)
    for plain, set_ in (("+/-", r"\pm"), ("[", r"\left["), ("]", r"\right]"), ("j", r" i")):
        shown = shown.replace(plain, set_)
    return re.sub(r"^\((.*)\)$", r"\\left(\1\\right)", shown)
