"""Exact numbers, and dense output made of them, as arrays that an npz file holds without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.errors import TayloradError
from taylorad.ode.precise import Expansion
from taylorad.ode.precise_dense import PreciseDense
from taylorad.rings.fixed import FixedRing
from taylorad.rings.multiprecision import dyadic, pair, rational

__all__ = ["dense_arrays", "dense_of", "exact_array", "texts"]


def texts(values: np.ndarray) -> np.ndarray:
    """Numbers of mpmath, fractions, decimals, ints and text as bytes that say exactly what they are."""
    return np.array([_text(x) for x in values.ravel()], "S").reshape(values.shape)


def exact_array(values: np.ndarray) -> np.ndarray:
    """What :func:`texts` made, back again."""
    out = np.empty(values.size, object)
    for i, x in enumerate(values.ravel()):
        out[i] = _number(x.decode())
    return out.reshape(values.shape)


def _text(x: Any) -> str:
    if hasattr(x, "_mpc_"):
        return f"{_text(x.real)}&{_text(x.imag)}"
    if hasattr(x, "_mpf_"):
        return f"m{rational(x)}"
    if isinstance(x, (int, float, Fraction, Decimal, str)):
        return f"{type(x).__name__[0]}{x!r}" if isinstance(x, float) else f"{type(x).__name__[0]}{x}"
    raise TayloradError(f"{x!r} is no number that has a place in a file")


def _number(text: str) -> Any:
    if "&" in text:
        return pair(*(_number(part) for part in text.split("&")))
    kind, body = text[0], text[1:]
    if kind == "m":
        x = Fraction(body)  # of a power of 2
        return dyadic(x.numerator, 1 - x.denominator.bit_length(), max(x.numerator.bit_length(), 1))
    return {"i": int, "f": float, "F": Fraction, "D": Decimal, "s": str}[kind](body)


def dense_arrays(dense: PreciseDense) -> dict[str, np.ndarray]:
    """The integers of a dense output: ``rows`` (steps, dim, K+1, parts) and for every step its scale and place."""
    kept = np.array(
        [[[[f"{m:x}" for m in p.ring.parts(c)] for c in row] for row in p.rows] for p in dense.pieces], "S"
    )
    scales = np.array([[p.unit, p.ring.bits] for p in dense.pieces], np.int64)
    clock = np.array([dense.pieces[0].clock, dense.bits], np.int64)
    return {"exact_rows": kept, "exact_scales": scales, "exact_clock": clock, "exact_ends": _hex(dense.ends)}


def _hex(values: list[int]) -> np.ndarray:
    return np.array([f"{m:x}" for m in values], "S")


def dense_of(arrays: Mapping[str, np.ndarray]) -> PreciseDense:
    """What :func:`dense_arrays` took apart."""
    from taylorad.rings.gauss import GaussRing

    rows, (clock, bits) = arrays["exact_rows"], (int(x) for x in arrays["exact_clock"])
    ends = [int(x, 16) for x in arrays["exact_ends"]]
    kind = GaussRing if rows.shape[3] == 2 else FixedRing
    pieces: list[Expansion] = []
    for start, (unit, own), step in zip(ends, arrays["exact_scales"].tolist(), rows, strict=False):
        ring = kind(own)
        series = [[ring.element([int(m, 16) for m in parts], own) for parts in row] for row in step]
        pieces.append(Expansion(start, clock, unit, ring, series))
    return PreciseDense(pieces, ends[-1], bits)
