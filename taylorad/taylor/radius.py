"""The radius of convergence, estimated from the last known coefficients. Estimates, never bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from taylorad.errors import MixedRingError, OrderError
from taylorad.taylor.series import Taylor

__all__ = ["Radius", "estimate"]

_LEAST = 8  # orders below have too few coefficients for any of the tests
_FADED = 2.0**-1000  # floats below are about to underflow: they, and zeros after them, say nothing
_FITS = 1e-3  # relative residual up to which a recurrence counts as kept by the coefficients
_SETTLED = 0.04  # relative change of an estimate since 3/4 of the order, up to which it counts as settled
_TESTS = ((1, 4), (2, 8))  # singularities, and orders at the end that the fit uses
_NEVER = 10.0  # a singularity so many times farther than the root test says is none


@dataclass(frozen=True, slots=True)
class Radius:
    """Estimates of the radius of convergence, in units of t (arrays of the batch's shape for a batch).

    Attributes
    ----------
    best : the estimate of the test that fits; infinity where the coefficients look like those of an entire
        function; nan where nothing can be said.
    kind : which one that is. ``"single"``: one nearest singularity (ratio). ``"pair"``: two of equal kind, as a
        complex conjugate pair (pair). ``"entire"``: coefficients that fall faster than any geometric sequence.
        ``"polynomial"``: exact, or nothing but zeros at the end. ``"unclear"``: none of these, the root test's.
    ratio : c_{k−1}/c_k, corrected for the order of the singularity: the three-term test.
    root : |c_k|^{−1/k}, from quotients of coefficients far apart.
    pair : distance of the nearer of two singularities: the six-term test.

    The tests fit k·c_k = p·(k−1)·c_{k−1} + q·c_{k−1} (+ the same in c_{k−2}), which the coefficients of
    (1 − t/a)^s, and of the product with the conjugate, keep exactly: Y. F. Chang and G. Corliss, Ratio-like and
    recurrence relation tests for convergence of series, J. Inst. Maths Applics 25 (1980) 349–359.
    """

    best: Any
    kind: Any
    ratio: Any
    root: Any
    pair: Any


def estimate(series: Taylor) -> Radius:
    """The radius of convergence of a series, from the last half of its coefficients. Not rigorous.

    Raises OrderError for a truncated series of order below 8, MixedRingError for a Taylor of Taylors.
    Cost: O(K) for each point of a batch.
    """
    data = series._coefficients
    if isinstance(data[0], Taylor):
        raise MixedRingError("a Taylor of Taylors has no one radius; take the constant terms of its coefficients")
    if not series.exact and len(data) - 1 < _LEAST:
        raise OrderError(f"the radius needs a series of order ≥ {_LEAST}, got order {series.order}")
    if not series.shape:
        return _radius(list(data), series.exact)
    found = [_radius(list(column), series.exact) for column in data.reshape(len(data), -1).T]
    fields = ([getattr(r, name) for r in found] for name in ("best", "kind", "ratio", "root", "pair"))
    return Radius(*(np.array(field).reshape(series.shape) for field in fields))


def _radius(data: list[Any], exact: bool) -> Radius:
    if not exact:
        data = _unfaded(data)
    order = len(data) - 1
    sizes = [_split(c) for c in data]
    if exact or not any(sizes[k][0] for k in range(order // 2 + 1, order + 1)):
        return Radius(math.inf, "polynomial", math.inf, math.inf, math.inf)
    root = _root(sizes, order)
    if math.isnan(root):
        return Radius(math.nan, "unclear", math.nan, math.nan, math.nan)
    (ratio, single), (pair, double) = (_fit(sizes, root, *test) for test in _TESTS)
    best, kind, test = (ratio, "single", _TESTS[0]) if single <= _FITS else (pair, "pair", _TESTS[1])
    earlier = _fit(sizes[: order * 3 // 4 + 1], root, *test)[0]
    if min(single, double) > _FITS or (best != earlier and abs(best - earlier) > _SETTLED * best):
        best, kind = _trend(sizes, order, root), "unclear"
    return Radius(best, "entire" if best == math.inf else kind, ratio, root, pair)


def _unfaded(data: list[Any]) -> list[Any]:
    """The coefficients before the first float that is about to underflow."""
    for k, c in enumerate(data):
        if isinstance(c, (float, complex)) and 0 < abs(c) < _FADED:
            return data[:k]
    return data


def _split(c: Any) -> tuple[complex, int]:
    """m and e with c = m·2^e and |m| about 1, for numbers of any size."""
    parts = [_rational(c.real), _rational(c.imag)] if hasattr(c, "imag") else [_rational(c), Fraction(0)]
    e = max((p.numerator.bit_length() - p.denominator.bit_length() for p in parts if p), default=0)
    return complex(*(float(p / Fraction(2) ** e) for p in parts)), e


def _rational(x: Any) -> Fraction:
    """A real number, or the midpoint of a ball, exactly."""
    if hasattr(x, "mid"):
        mantissa, e = x.mid().man_exp()
    elif hasattr(x, "man_exp"):
        mantissa, e = x.man_exp
        mantissa = -mantissa if x < 0 else mantissa
    else:
        return Fraction(x)
    return Fraction(int(mantissa)) * Fraction(2) ** int(e)


def _root(sizes: list[tuple[complex, int]], order: int) -> float:
    """The median of (|c_i|/|c_j|)^(1/(j−i)) over coefficients far apart in the last half."""
    there = [k for k in range(1, order + 1) if sizes[k][0]]
    late = [k for k in there if 2 * k >= order]
    chosen = late if len(late) > 2 else there
    half = (len(chosen) + 1) // 2
    found = [
        abs(sizes[i][0] / sizes[j][0]) ** (1 / (j - i)) * 2.0 ** ((sizes[i][1] - sizes[j][1]) / (j - i))
        for i, j in zip(chosen, chosen[half:], strict=False)
    ]
    return float(np.median(found)) if found else math.nan


def _fit(sizes: list[tuple[complex, int]], root: float, degree: int, equations: int) -> tuple[float, float]:
    """Distance of the nearest of ``degree`` singularities by least squares, and how badly the recurrence fits.

    a_k·k = Σ_i (p_i·(k−i) + q_i)·a_(k−i), i = 1 … degree, for the last ``equations`` orders k; the singularities
    are the zeros of 1 − Σ p_i·t^i.
    """
    order = len(sizes) - 1
    equations = min(equations, order - degree)
    power, rest = math.frexp(root)[1], math.ldexp(root, -math.frexp(root)[1])  # in units of root all are of one size
    at = {
        k: sizes[k][0] * 2.0 ** (sizes[k][1] - sizes[order][1] + power * (k - order)) * rest ** (k - order)
        for k in range(order - equations - degree + 1, order + 1)
    }
    last = range(order - equations + 1, order + 1)
    ks = np.array(last)
    back = [np.array([at[k - i] for k in last]) for i in range(1, degree + 1)]
    matrix = np.stack([*(a * (ks - i) / ks for i, a in enumerate(back, 1)), *(a / ks for a in back)], axis=1)
    wanted = np.array([at[k] for k in last])
    solution = np.linalg.lstsq(matrix, wanted)[0]
    scale = max(float(np.linalg.norm(wanted)), float(np.linalg.norm(back[0])))
    residual = float(np.linalg.norm(matrix @ solution - wanted)) / scale
    inverses = np.roots([1, *(-solution[:degree])])  # of the zeros
    largest = float(np.max(np.abs(inverses)))
    return (root / largest if largest * _NEVER > 1 else math.inf), residual


def _trend(sizes: list[tuple[complex, int]], order: int, root: float) -> float:
    """The root test's estimates at orders K/4, K/2 and K, continued.

    Coefficients like k^s·r^(−k) give estimates whose logarithms approach that of r like 1/k, entire functions
    estimates that grow by the same factor each time.
    """
    half, quarter = _root(sizes, order // 2), _root(sizes, order // 4)
    grown = root / half
    if grown > 1.12 and grown**1.5 > half / quarter:
        return math.inf
    return root * grown if math.isfinite(grown) else root
