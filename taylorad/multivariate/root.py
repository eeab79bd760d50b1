"""Powers where a polynomial has no constant term: √(x⁴·a) is x²·√a, though √ has no Taylor series at 0."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.book.entry import Rule
from taylorad.errors import SingularExpansionError
from taylorad.multivariate.arithmetic import lowered
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.rings.graded import GradedRing

__all__ = ["root"]


def root(
    u: MultivariateTaylor, law: Rule, params: tuple[Any, ...], again: Callable[[MultivariateTaylor], Any]
) -> MultivariateTaylor | None:
    """f(m·w) = m^a·f(w) for a homogeneous f and a monomial m that leaves w a constant term; None where there is none.

    Raises SingularExpansionError at a branch point, a pole or a kink, |x|.
    """
    if not np.all(u._ring.is_zero(u._coefficients[0])):
        return None
    try:
        a = Fraction(params[0]) if law.homogeneity == "a" else Fraction(law.homogeneity or 0)
    except (TypeError, ValueError):
        return None
    below = u.exponents[u._places()]
    factor = tuple(below.min(axis=0).tolist()) if len(below) else ()
    if not factor or factor != tuple(below[0].tolist()):
        return None
    name = u.space.monomial(factor)
    powers = [a * e for e in factor]
    # a domain that is no interval of the argument holds on both sides of 0, like the cube root's
    odd = all(d.measure is not None for d in law.domain)
    whole = all(p.denominator == 1 for p in powers)
    if not whole or any(p < 0 for p in powers) or (any(e % 2 for e in factor) and not (odd or u._ring.complex)):
        raise SingularExpansionError(
            f"{law.name} of a polynomial that vanishes like {name}: a branch point or a pole, where there is no Taylor "
            "series; move the expansion point"
        )
    if not (odd or u._ring.complex) and any(p % 2 for p in powers):
        raise SingularExpansionError(
            f"{law.name} of a polynomial that vanishes like {name} has a kink like |{name}|^({a}): move the expansion "
            "point, or write the root of the square out with the sign you want"
        )
    return _raised(again(lowered(u, factor)), tuple(int(p) for p in powers))


def _raised(f: MultivariateTaylor, factor: tuple[int, ...]) -> MultivariateTaylor:
    """f times a monomial, which is known to higher order."""
    larger = f.space.shifted(factor)
    assert larger is not None
    out = GradedRing(f._ring, larger.monomials).empty(len(larger))
    out[larger.monomials.find(f.exponents + np.array(factor, np.int16))] = f._coefficients
    return MultivariateTaylor._make(larger, f._ring, out)
