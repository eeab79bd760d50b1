"""Which ring the coefficients of a series live in, read off the values themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from numbers import Rational
from typing import Any

import numpy as np

from taylorad.errors import MixedRingError
from taylorad.rings.arrays import ArrayRing
from taylorad.rings.intervals import Interval
from taylorad.rings.ring import Ring

__all__ = [
    "batch_of",
    "converter",
    "counted",
    "family",
    "is_condition",
    "is_scalar",
    "join",
    "rank",
    "ring_named",
    "ring_of",
]


def family(value: object) -> str:
    """The family a value belongs to: exact, float64, complex128, mpf, mpc, arb, acb, interval, or '' for others."""
    if isinstance(value, (bool, np.bool_)):
        return ""
    if isinstance(value, Rational):
        return "exact"
    if isinstance(value, (float, np.floating)):
        return "float64"
    if isinstance(value, (complex, np.complexfloating)):
        return "complex128"
    if isinstance(value, np.ndarray):
        return {"f": "float64", "i": "float64", "u": "float64", "c": "complex128"}.get(value.dtype.kind, "")
    kind = type(value)
    if kind.__module__.startswith("mpmath"):
        return {"mpf": "mpf", "constant": "mpf", "mpc": "mpc"}.get(kind.__name__, "")
    if kind is Interval:
        return "interval"
    if kind.__module__.startswith("flint"):
        return {"arb": "arb", "fmpq": "arb", "fmpz": "arb", "acb": "acb"}.get(kind.__name__, "")
    return ""


def is_scalar(value: object) -> bool:
    """Whether a value can stand as a coefficient (a number of a known ring, or an array of floats)."""
    return family(value) != ""


def is_condition(value: object) -> bool:
    """Whether a value is a bool or an array of bools, which beside a series counts as 0 or 1: ``x * (x > 0)``."""
    return isinstance(value, (bool, np.bool_)) or (isinstance(value, np.ndarray) and value.dtype.kind == "b")


def counted(value: object) -> object:
    """A bool as 0 or 1, an array of bools as floats; all else as it is."""
    if not is_condition(value):
        return value
    return value.astype(float) if isinstance(value, np.ndarray) else int(value)  # type: ignore[call-overload]


_JOINS: dict[frozenset[str], str] = {
    frozenset(("exact", "float64")): "float64",
    frozenset(("exact", "complex128")): "complex128",
    frozenset(("float64", "complex128")): "complex128",
    frozenset(("exact", "mpf")): "mpf",
    frozenset(("exact", "mpc")): "mpc",
    frozenset(("float64", "mpf")): "mpf",
    frozenset(("float64", "mpc")): "mpc",
    frozenset(("complex128", "mpf")): "mpc",
    frozenset(("complex128", "mpc")): "mpc",
    frozenset(("mpf", "mpc")): "mpc",
    frozenset(("exact", "arb")): "arb",
    frozenset(("exact", "acb")): "acb",
    frozenset(("float64", "arb")): "arb",
    frozenset(("float64", "acb")): "acb",
    frozenset(("complex128", "arb")): "acb",
    frozenset(("complex128", "acb")): "acb",
    frozenset(("arb", "acb")): "acb",
    frozenset(("exact", "interval")): "interval",
    frozenset(("float64", "interval")): "interval",
}


def rank(values: Sequence[object]) -> str:
    """The smallest family that holds all values; raises MixedRingError where there is none (mpf with arb)."""
    found = ""
    for value in values:
        kind = family(value)
        if not kind:
            raise MixedRingError(
                f"{value!r} of type {type(value).__name__} is not a number taylorad knows; give an int, float, "
                "complex, Fraction, numpy float array, mpmath number, interval or Arb ball"
            )
        found = join(found, kind) if found else kind
    return found or "exact"


def join(a: str, b: str) -> str:
    """The family that two families meet in; raises MixedRingError where there is none."""
    if a == b:
        return a
    found = _JOINS.get(frozenset((a, b)))
    if found is None:
        raise MixedRingError(f"{a} and {b} do not mix: convert one of them first")
    return found


def converter(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What makes a number one of the kind of ``kind(0)``: rounded to floats, enclosed by balls, as exact fraction …"""
    if not callable(kind):
        raise TypeError(f"a kind of numbers is a type such as float, Fraction or mpmath.mpf, got {kind!r}")
    ring = ring_of([kind(0)])

    def converted(value: Any) -> Any:
        if isinstance(value, np.generic):
            value = value.item()
        if ring.exact:
            return Fraction(value)
        if isinstance(ring, ArrayRing):
            return complex(value) if ring.complex else float(value)
        return ring.lift(value)

    return converted


def batch_of(values: np.ndarray, convert: Callable[[Any], Any]) -> np.ndarray:
    """An array of floats converted element by element; raises MixedRingError for numbers that arrays do not hold."""
    if not isinstance(ring_of([convert(1.0)]), ArrayRing):
        raise MixedRingError("a batch has floats or complex numbers for coefficients; take single points with at()")
    return np.array([convert(x) for x in values.ravel()]).reshape(values.shape)


def ring_of(values: Sequence[object], shape: tuple[int, ...] | None = None) -> Ring:
    """The ring that holds all ``values``."""
    if shape is None:
        shape = np.broadcast_shapes(*[np.shape(v) for v in values])  # type: ignore[arg-type]
    return ring_named(rank(values), shape)


def ring_named(name: str, shape: tuple[int, ...] = ()) -> Ring:
    """The ring of a family; equal arguments give the same object."""
    return _ring(name, shape)


@lru_cache(maxsize=256)
def _ring(name: str, shape: tuple[int, ...]) -> Ring:
    if name in ("float64", "complex128"):
        return ArrayRing(name, shape)
    if name in ("mpf", "mpc"):
        from taylorad.rings.multiprecision import MultiprecisionRing

        return MultiprecisionRing(name == "mpc")
    if name in ("arb", "acb"):
        from taylorad.rings.balls import BallRing

        return BallRing(name == "acb")
    if name == "interval":
        from taylorad.rings.interval_ring import IntervalRing

        return IntervalRing()
    from taylorad.rings.exact import FractionRing

    return FractionRing()
