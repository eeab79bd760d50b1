"""Polynomials in several variables as text, ``1.0 + 2.0 x + 0.5 x y + O((x, y)^3)``, and as LaTeX."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from taylorad.multivariate.series import MultivariateTaylor
from taylorad.multivariate.space import Space
from taylorad.rings.intervals import Interval
from taylorad.taylor.join import as_number
from taylorad.taylor.series import Taylor
from taylorad.taylor.text import is_complex, number

__all__ = ["latex", "text"]

_TERMS = 24  # longer polynomials show their first and last terms only
_FIRST, _LAST = 12, 3


def text(f: MultivariateTaylor) -> str:
    """One line; a batch is summarised with its first point."""
    return _written(f, False)


def latex(f: MultivariateTaylor) -> str:
    """The same in LaTeX's mathematics, without dollar signs."""
    return _written(f, True)


def _written(f: MultivariateTaylor, tex: bool) -> str:
    if f.shape:
        words = f"MultivariateTaylor({', '.join(f.names)}; order {f.order}, batch {f.shape}"
        if tex:
            return rf"\text{{{words})}}"
        if 0 in f.shape:
            return f"{words})"
        return f"{words}; first: {_written(f.at((0,) * f.ndim), tex)})"
    terms = list(_terms(f, tex))
    if len(terms) > _TERMS:
        terms = [*terms[:_FIRST], ("+", r"\cdots" if tex else "…"), *terms[-_LAST:]]
    if not terms:
        terms = [("+", "0")]
    terms.append(("+", f"O({_dropped(f.space, tex)})"))
    (mark, first), *rest = terms
    return ("-" if mark == "-" else "") + first + "".join(f" {mark} {term}" for mark, term in rest)


def _terms(f: MultivariateTaylor, tex: bool) -> Iterator[tuple[str, str]]:
    for exponents, c in f.terms().items():
        c = as_number(c)
        minus = not (isinstance(c, (Interval, Taylor)) or is_complex(c)) and bool(c < 0)
        shown = number(-c if minus else c, tex, -1)
        if any(exponents):
            monomial = _monomial(f.space, exponents, tex)
            shown = monomial if isinstance(c, Fraction) and abs(c) == 1 else f"{shown} {monomial}"
        yield "-" if minus else "+", shown


def _monomial(space: Space, exponents: tuple[int, ...], tex: bool) -> str:
    names = [_name(n, tex) for n in space.names]
    return " ".join(_power(n, e, tex) for n, e in zip(names, exponents, strict=True) if e)


def _name(name: str, tex: bool) -> str:
    if not tex:
        return name
    stem = name.rstrip("0123456789")
    escaped = stem.replace("_", r"\_")
    shown = stem if len(stem) == 1 else rf"\mathit{{{escaped}}}"
    return shown if stem == name else f"{shown}_{{{name[len(stem) :]}}}"


def _power(base: str, e: int, tex: bool) -> str:
    return base if e == 1 else f"{base}^{{{e}}}" if tex else f"{base}^{e}"


def _dropped(space: Space, tex: bool) -> str:
    """What generates the monomials that are not kept: powers of the ideals of the variables, and of single ones."""
    parts: list[str] = []
    for group, order in ((False, space.order), (True, space.parameter_order)):
        names = [n for n in space.names if (n in space.parameters) == group]
        if not names:
            continue
        inside = ", ".join(_name(n, tex) for n in names)
        base = inside if len(names) == 1 else rf"\left({inside}\right)" if tex else f"({inside})"
        parts.append(_power(base, order + 1, tex))
        for n, cap in zip(space.names, space.caps, strict=True):
            if n in names and cap < order:
                parts.append(_power(_name(n, tex), cap + 1, tex))
    return ", ".join(parts)
