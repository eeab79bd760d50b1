"""Numbers as sets: text and fractions are enclosed, floats are exactly the dyadic numbers they are."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any

import numpy as np

from taylorad.errors import DomainError, MixedRingError, TayloradError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.rings.rounding import bounds

__all__ = ["ball", "box", "exact", "gradual", "interval"]

_PAIR = re.compile(r"\[([^,\]]*),([^,\]]*)\]")
_DIGITS = 1100  # of a decimal exponent, at most: beyond it a fraction would fill the memory


def exact(value: str | Rational | Decimal | float) -> Fraction:
    """The number that is written: ``exact("1.4")`` is 7/5, where the float 1.4 is 1.399999999999999911….

    Text is a decimal number, one with an exponent, or a quotient ("8/3"). A float is taken as its exact value. Raises
    DomainError for text that is no such number, ±inf and nan, MixedRingError for other types.

    >>> from taylorad import validated as v
    >>> v.exact("1.4")
    Fraction(7, 5)
    """
    value = _plain(value)
    if isinstance(value, str):
        exponent = re.search(r"[eE]([+-]?\d+)\s*$", value)
        if exponent and abs(int(exponent[1])) > _DIGITS:
            raise DomainError(f"the exponent of {value!r} is out of all range; floats end at 1e308")
        try:
            return Fraction(re.sub(r"\s*/\s*", "/", value))
        except (ValueError, ZeroDivisionError):
            shown = value if len(value) < 40 else f"{value[:40]}…"
            raise DomainError(f"{shown!r} is no number; write it as '0.1', '1e-10' or '8/3'") from None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Rational, float, np.floating)):
        raise MixedRingError(f"{value!r} of type {type(value).__name__} is no exact number; give text or a Fraction")
    if isinstance(value, Rational):
        return Fraction(value)
    if not np.isfinite(value):
        raise DomainError(f"{value!r} is not a finite number")
    return Fraction(*value.as_integer_ratio())


def _plain(value: Any) -> Any:
    """Decimals as text, arrays of one number as that number; everything else as it is."""
    if isinstance(value, Decimal):
        return str(value)
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value


def interval(lo: Any, hi: Any = None, /, *, rad: Any = None) -> Interval:
    """The tightest interval of floats around a number, between two numbers, or within ``rad`` of one. Rigorous.

    Parameters
    ----------
    lo, hi : text, int, Fraction, Decimal, float, interval or Arb ball
        Text and fractions are enclosed: ``interval("0.1")`` contains 1/10, and is not one float. A float is exactly
        the number it is. "[0.1, 0.3]" gives both ends. Ends may be ±inf.
    rad : the same, ≥ 0
        Half the width, instead of ``hi``.

    An interval gives a new object, which is another unknown number: see :class:`Interval`.

    Raises DomainError where hi < lo, MixedRingError for what is no real number, UncertifiedError in a thread that
    flushes subnormal numbers to 0.

    >>> import taylorad as ta
    >>> X = ta.interval("0.1", "0.3")
    >>> X.lo < 0.1 or X.hi >= 0.3
    True
    >>> X * X + 1
    [1.0099999999999998, 1.09]
    """
    if hi is not None and rad is not None:
        raise DomainError("give either the upper end or rad=, not both")
    if hi is None and isinstance(lo, str) and (pair := _PAIR.fullmatch(lo.strip())):
        lo, hi = pair.groups()
    if hi is None and isinstance(lo, (tuple, list)) and len(lo) == 2:
        lo, hi = lo
    gradual()
    low = _one(lo)
    if rad is not None:
        r = _one(rad)
        if r.lo < 0:
            raise DomainError(f"the radius {rad!r} is negative")
        if hi is None and r.finite and isinstance(lo, (str, Rational)) and isinstance(rad, (str, Rational)):
            m, s = exact(lo), exact(rad)  # each end rounded once
            return Interval(bounds(m - s)[0], bounds(m + s)[1])
        return (low if hi is None else interval(lo, hi)) + Interval(-r.hi, r.hi)
    if hi is None:
        return low
    high = _one(hi)
    if low.lo > high.hi or _before(hi, lo):
        raise DomainError(f"the upper end {hi!r} lies below the lower end {lo!r}")
    return Interval(low.lo, high.hi)


def gradual() -> None:
    """Raise UncertifiedError where the processor takes 0 for numbers below 2⁻¹⁰²², as other code may have told it."""
    if sys.float_info.min * 0.5 == 0.0:
        raise UncertifiedError(
            "numbers below 2.2e-308 are flushed to 0 in this thread, so that no enclosure holds: a library built with "
            "-ffast-math has set the processor so; load it in another process, or clear the bits FTZ and DAZ"
        )


def _before(a: Any, b: Any) -> bool:
    """Whether a < b for exact numbers, which may share their closest floats; False for other kinds."""
    try:
        return exact(a) < exact(b)
    except TayloradError:  # infinite, or a set
        return False


def _one(value: Any) -> Interval:
    value = _plain(value)
    if isinstance(value, Interval):
        return value.fresh()
    if isinstance(value, str):
        text = value.strip().lower().lstrip("+")
        if text in ("inf", "-inf"):
            value = float(text)
        else:
            return Interval(*bounds(exact(value)))
    if isinstance(value, (float, np.floating)) and math.isinf(value):
        return Interval(-math.inf, -1.7976931348623157e308) if value < 0 else Interval(1.7976931348623157e308, math.inf)
    if _is_ball(value):
        from taylorad.rings.interval_ring import from_ball

        if type(value).__name__ == "arb":
            return from_ball(value)
        raise MixedRingError(f"{value!r} is no real ball; take its real part")
    return Interval.enclosing(value)


def _is_ball(value: Any) -> bool:
    return type(value).__module__.startswith("flint")


def ball(mid: Any, rad: Any = 0) -> Any:
    """The Arb ball mid ± rad, at the precision of ``flint.ctx``; an acb where ``mid`` is complex. Rigorous.

    ``mid`` and ``rad`` are text, ints, Fractions, Decimals, floats (exact), intervals or balls. Raises DomainError for
    what is no finite number and a negative radius, MixedRingError for other types.

    >>> import taylorad as ta
    >>> ta.ball("0.25", "1e-3").contains(ta.ball("0.2505"))
    True
    """
    from taylorad.rings.balls import ball as lifted
    from taylorad.rings.interval_ring import to_ball

    def one(value: Any) -> Any:
        if isinstance(value, Interval):
            return to_ball(value)
        return lifted(value if isinstance(value, complex) or _is_ball(value) else exact(value))

    middle, radius = one(mid), one(rad)
    if not radius >= 0:
        raise DomainError(f"the radius {rad!r} is not certainly ≥ 0")
    spread = (radius * 0).union(radius)
    spread = spread.union(-spread)
    return middle if radius == 0 else middle + spread


def box(values: Sequence[Any], /, *, rad: Any = None) -> np.ndarray:
    """A vector of intervals, each as :func:`interval` makes it: an object array of shape (n,). Rigorous.

    ``values`` are numbers, text, intervals or pairs (lo, hi); ``rad`` is one radius for all, or one for each. Raises
    what :func:`interval` raises.

    >>> import taylorad as ta
    >>> ta.box(["0.5", (1, 2)])
    array([[0.5, 0.5], [1.0, 2.0]], dtype=object)
    """
    if isinstance(values, (str, Interval)) or not hasattr(values, "__len__"):
        raise MixedRingError(f"a box needs a sequence of numbers or intervals, got {values!r}")
    radii = list(rad) if isinstance(rad, (list, tuple, np.ndarray)) else [rad] * len(values)
    if len(radii) != len(values):
        raise DomainError(f"{len(radii)} radii for {len(values)} numbers; give one, or one for each")
    out = np.empty(len(values), object)
    for i, (value, r) in enumerate(zip(values, radii, strict=True)):
        out[i] = interval(value) if r is None else interval(value, rad=r)
    return out
