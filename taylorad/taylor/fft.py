"""Products of very high order by the fast Fourier transform, for those who ask: O(K·log K) instead of O(K²).

The transform mixes all coefficients, so its error is one number for all of them, ruinous for the small ones. For
circular convolution of length N = 2^n in arithmetic of unit roundoff u, with roots of unity good to u,

    |error of c_k| ≤ ((1+u)^(6n)·(1+√5·u)^(3n+1) − 1)·‖a‖₂·‖b‖₂ ≤ 4·eps·(2n + 1)·‖a‖₂·‖b‖₂

(C. Percival, Rapid multiplication modulo the sum and difference of highly composite numbers, Math. Comp. 72, 2003,
Theorem 5.1; R. P. Brent and P. Zimmermann, Modern Computer Arithmetic, 2010, section 3.3; for the transform alone
N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. 2002, section 24.1). Three things make it useful:
t is scaled by a power of two (with a fractional exponent) that levels the coefficients; for each k the bound is
compared with Σ|a_j|·|b_(k−j)|, the measure that a direct sum is judged by, which is at least |c_k| and is found by a
second transform where that is too little; and where the bound is not small enough, that coefficient is summed directly.
"""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np

from taylorad.errors import OrderError
from taylorad.rings.arrays import ArrayRing
from taylorad.taylor import arithmetic
from taylorad.taylor.series import Taylor

__all__ = ["convolve", "multiply"]

BREAK_EVEN = 2000  # below this order direct sums are faster, and more accurate
_EPS = float(np.finfo(np.float64).eps)
_SCALING = 8 * _EPS  # relative error of a term a_j·b_(k−j) by scaling to and fro
_FEW = 64  # where more than 1/64 cannot be judged by themselves, the sums of absolute values are computed
_SHARE = 8  # where more than 1/8 of the coefficients must be summed directly, all are
_Sizes = tuple[np.ndarray, np.ndarray]


@overload
def multiply(
    a: Any, b: Any, *, fft: bool = False, rtol: float = 1e-12, full_output: Literal[False] = False
) -> Taylor: ...
@overload
def multiply(
    a: Any, b: Any, *, fft: bool = False, rtol: float = 1e-12, full_output: Literal[True]
) -> tuple[Taylor, np.ndarray]: ...
def multiply(
    a: Any, b: Any, *, fft: bool = False, rtol: float = 1e-12, full_output: bool = False
) -> Taylor | tuple[Taylor, np.ndarray]:
    """The product a·b of two series, or of a series and a number; the same as ``a * b`` unless ``fft`` is true.

    Parameters
    ----------
    fft : bool
        Take float64 and complex128 coefficients of products of order 2000 or more from a fast Fourier transform
        where that is accurate enough. Lower orders and other rings are always summed directly.
    rtol : float
        How accurate: a coefficient comes from the transform only where an a-priori bound of its error is at most
        rtol·Σ|a_j|·|b_(k−j)|, otherwise it is summed directly; all of them where more than an eighth would be.
    full_output : bool
        Also return an array of bools, (K+1, *shape): which coefficients came from the transform.

    Coefficients that fall like a power of some r do well (functions with a singularity at a finite distance), those of
    entire functions mostly have to be summed. For the bound see the module; it is for results that do not underflow,
    and not rigorous, as it trusts the roots of unity of numpy's transforms.

    Raises TypeError where neither operand is a series, OrderError for rtol below 1e-14, MixedRingError for operands
    that do not mix. Cost: O(K·log K) a point, or O(K²).
    """
    if not rtol >= 1e-14:
        raise OrderError(f"rtol must be at least 1e-14, got {rtol}; leave fft out for the most accurate sums")
    if not any(isinstance(x, Taylor) and arithmetic.is_operand(y) for x, y in ((a, b), (b, a))):
        raise TypeError(f"multiply takes a series and another or a number, got {type(a).__name__}, {type(b).__name__}")
    x, y, order, ring, exact, tag = arithmetic.factors(a, b)
    if fft and isinstance(ring, ArrayRing) and order >= BREAK_EVEN:
        found, chosen = _points(ring, x, y, order, rtol)
    else:
        found, chosen = arithmetic.convolve(ring, x, y, order), np.zeros((order + 1, *np.shape(x)[1:]), bool)
    result = Taylor._make(found, ring, exact, tag)
    return (result, chosen) if full_output else result


def _points(ring: ArrayRing, x: np.ndarray, y: np.ndarray, order: int, rtol: float) -> tuple[np.ndarray, np.ndarray]:
    """The product at every point of a batch, one after the other: each has its own scale."""
    rows = order + 1
    left, right = x.reshape(rows, -1).T, y.reshape(rows, -1).T
    found, chosen = np.empty(left.shape, ring.dtype), np.zeros(left.shape, bool)
    single = ArrayRing(ring.dtype)
    for i, (p, q) in enumerate(zip(left, right, strict=True)):
        a, b = np.ascontiguousarray(p), np.ascontiguousarray(q)
        fast = convolve(a, b, rtol)
        if fast is None:
            found[i] = arithmetic.convolve(single, a, b, order)
        else:
            found[i], chosen[i] = fast
    return np.ascontiguousarray(found.T).reshape(x.shape), np.ascontiguousarray(chosen.T).reshape(x.shape)


def convolve(x: np.ndarray, y: np.ndarray, rtol: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients 0 … K of the product of two arrays (K+1,), and which came from the transform.

    None where most would have to be summed directly, or a number is not finite. Each coefficient is within
    rtol·Σ|x_j|·|y_(k−j)|, up to underflow and, where summed, K·eps. Cost: 3 to 9 transforms of length 2K … 4K.
    """
    rows = len(x)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    if not (x.any() and y.any()):
        return np.zeros_like(x), np.ones(rows, bool)
    sizes = _magnitudes(x), _magnitudes(y)
    exponents = _level(sizes) * np.arange(rows)  # exact
    length = 1 << (2 * rows - 2).bit_length()
    (a, left), (b, right) = _scaled(x, exponents, sizes[0]), _scaled(y, exponents, sizes[1])
    bound = 4 * _EPS * (2 * length.bit_length() - 1) * (_squares(a) * _squares(b)) ** 0.5
    found = _circular(a, b, length)
    least = bound / (rtol - _SCALING) + bound  # what a sum of absolute values must come to
    good = np.abs(found) >= least  # those are larger than their own sum
    empty = np.zeros(rows, bool)
    if np.count_nonzero(good) * _FEW < rows * (_FEW - 1):
        good |= _circular(np.abs(a), np.abs(b), length) >= least
        if not (x.all() and y.all()):  # a sum without any term is zero, however large its neighbours are
            empty = _circular((x != 0) * 1.0, (y != 0) * 1.0, length) < 0.5
            good |= empty
    rest = np.flatnonzero(~good)
    if len(rest) * _SHARE > rows:
        return None
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        found = _shifted(found, -exponents, left + right)
        found[empty] = 0
        first = int(np.argmax(good))  # the leading ones at once
        found[:first] = np.convolve(x[:first], y[:first])[:first] if first else 0
        backwards = np.ascontiguousarray(y[::-1])
        for k in rest[first:]:
            found[k] = (x[: k + 1] * backwards[rows - 1 - k :]).sum()  # dot would start threads
    return (found, good) if np.isfinite(found).all() else None


def _circular(a: np.ndarray, b: np.ndarray, size: int) -> np.ndarray:
    """The first coefficients of the product, by transforms long enough for all of it."""
    if a.dtype.kind == "c":
        return np.fft.ifft(np.fft.fft(a, size) * np.fft.fft(b, size))[: len(a)]
    return np.fft.irfft(np.fft.rfft(a, size) * np.fft.rfft(b, size), size)[: len(a)]


def _squares(a: np.ndarray) -> float:
    """Σ|a_k|²."""
    parts = a.view(np.float64)
    return float((parts * parts).sum())


def _magnitudes(x: np.ndarray) -> _Sizes:
    """Which coefficients are not zero, and their exponents of two."""
    where = np.flatnonzero(x)
    parts = x[where].view(np.float64).reshape(len(where), -1)
    return where, np.frexp(np.abs(parts).max(axis=1))[1]


def _level(sizes: tuple[_Sizes, _Sizes]) -> float:
    """s, to 20 binary places, such that x_k·2^(s·k) and y_k·2^(s·k) do not grow and one of them is about level."""
    found: list[float] = []
    for where, high in sizes:
        if len(where) > 1:
            k = where - where.mean()
            found.append(-float((k * high).sum() / (k * k).sum()))
    return round(min(found, default=0.0) * 2.0**20) / 2.0**20


def _scaled(x: np.ndarray, exponents: np.ndarray, sizes: _Sizes) -> tuple[np.ndarray, int]:
    """x_k·2^(exponents_k − e), the largest about 1, and e."""
    where, high = sizes
    top = int(np.max(high + exponents[where])) + 1
    return _shifted(x, exponents, -top), top


def _shifted(x: np.ndarray, exponents: np.ndarray, more: int) -> np.ndarray:
    """x_k·2^(exponents_k + more), rounded three times at most."""
    whole = exponents // 1
    factor = 2.0 ** (exponents - whole)
    steps = np.maximum(np.minimum(whole + more, 2**30), -(2**30)).astype(np.int32)
    parts = (x * factor).view(np.float64).reshape(len(x), -1)
    return np.ldexp(parts, steps[:, None]).reshape(-1).view(x.dtype)
