"""Coefficients of an entry of the book in any ring, and how far floats are from true ones against the derived bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import flint
import numpy as np

from taylorad.rings.arrays import ArrayRing
from taylorad.rings.balls import BallRing, precision
from taylorad.rings.ring import Ring
from taylorad.run.interpret import run
from taylorad.series.node import Node
from taylorad.series.schedule import schedule

EPS = 2.0**-52


def coefficients(ring: Ring, node: Node, leaves: Sequence[Sequence[Any]], order: int) -> Any:
    """Coefficients 0 … order of ``node``, where leaf i is the polynomial with coefficients ``leaves[i]``."""
    buffers: list[Any] = []
    for polynomial in leaves:
        buffer = ring.buffer(order)
        for k in range(order + 1):
            ring.put(buffer, k, ring.lift(polynomial[k] if k < len(polynomial) else 0))
        buffers.append(buffer)
    return run(schedule([node]), ring, buffers, order)[0]


def as_complex(c: Any) -> complex:
    """A coefficient of any ring as a Python complex number (the middle of a ball)."""
    return complex(c.mid()) if isinstance(c, (flint.arb, flint.acb)) else complex(c)


def _complex(leaves: Sequence[Sequence[Any]]) -> bool:
    return any(isinstance(c, complex) for leaf in leaves for c in leaf)


def in_floats(node: Node, leaves: Sequence[Sequence[Any]], order: int) -> np.ndarray:
    """Coefficients in float64, or complex128 where a leaf has a complex coefficient."""
    return coefficients(ArrayRing(np.complex128 if _complex(leaves) else np.float64), node, leaves, order)


def in_balls(node: Node, leaves: Sequence[Sequence[Any]], order: int, bits: int = 1500) -> list[Any]:
    """Coefficients in arb or acb balls at a precision of ``bits`` bits."""
    with precision(bits):
        return coefficients(BallRing(_complex(leaves)), node, leaves, order)


def _log(x: Any) -> float:
    """The logarithm of |x|, of whatever size."""
    middle = abs(x).mid()
    return float(middle.log().mid()) if middle > 0 else -math.inf


def excess(got: Sequence[Any], true: Sequence[Any], bits: int = 300) -> tuple[float, int]:
    """The largest |error of c_k| / (8·(k+1)·eps·max over |j−k| ≤ 3 of |c_j|·r^(k−j)), and its k.

    r = |c_{k+3}/c_{k−3}|^(1/6) is the local ratio of the true coefficients (of nearer or farther ones where those
    vanish); the condition of the input counts as 1. ``true`` are balls, three orders further than ``got``.
    Coefficients outside the range of doubles are left out.
    """
    with precision(bits):
        size = [-math.inf if x.contains(0) else _log(x) for x in true]
        vanishing = flint.arb(2) ** -600 * max(abs(x).upper() for x in true)
        sharp = (x.rel_accuracy_bits() > 80 or abs(x).upper() <= vanishing for x in true)
        assert all(sharp), "the oracle is not sharp enough"
        worst, where = 0.0, -1
        for k in range(len(got)):
            spans = ((max(k - d, 0), k + d) for d in (3, 2, 4, 1))
            span = next(((a, b) for a, b in spans if b < len(size) and min(size[a], size[b]) > -math.inf), None)
            slope = (size[span[1]] - size[span[0]]) / (span[1] - span[0]) if span else 0.0
            near = range(max(0, k - 3), min(len(size), k + 4)) if span else (k,)
            scale = max(size[j] + slope * (k - j) for j in near)
            if scale > 709 or -math.inf < scale < -670:
                continue
            exact = flint.acb(complex(got[k])) if isinstance(true[k], flint.acb) else flint.arb(float(got[k]))
            error = _log(exact - true[k])
            if error > -math.inf:
                ratio = math.exp(min(error - scale - math.log(8 * (k + 1) * EPS), 700))
                if not ratio <= worst:
                    worst, where = ratio, k
        return worst, where
