"""Coefficients over many boxes at once, in machine code that rounds upward; by balls where there is none. Rigorous."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import numpy as np

from taylorad.errors import CompilationError, DomainError, MixedRingError, TraceError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.run.boxes import Boxes, compile_interval
from taylorad.series.elements import elements
from taylorad.series.schedule import schedule
from taylorad.taylor.series import check_order
from taylorad.trace.graph import trace
from taylorad.validated.derivatives import coefficients
from taylorad.validated.literals import gradual, interval

__all__ = ["CompiledEnclosure", "compile"]


def compile(f: Callable[[Any], Any], order: int) -> CompiledEnclosure:
    """f as a call that encloses f^(k)/k!, k = 0 … order, over any number of intervals. Rigorous.

    Four intervals share the lanes of each pass; the processor's rounding mode is set once a call and put back on its
    exit. As with :func:`taylor`, the recurrence over the interval, the mean value form and the values at its ends are
    intersected. Costs 0.1 to 0.3 s, 2 ms from the disk cache; then some microseconds an interval. Intervals over which
    the code proves nothing (at the edge of a domain, at a kink, near overflow) are tried again by :func:`taylor`, and
    so are all of them where f has no machine code (special functions, Python's own control flow): some milliseconds
    each. ``compiled`` says which it is.

    f : function of one variable, written as for :func:`taylor`. Raises MixedRingError where it returns several numbers.

    >>> import numpy as np
    >>> from taylorad import validated as v
    >>> g = v.compile(lambda x: np.exp(np.sin(x)), order=2)
    >>> low, high, proved = g([0.0, 0.5], [0.5, 1.0])
    >>> low.shape, bool(proved.all()), bool(low[0, 0] <= 1 <= high[0, 0])
    ((3, 2), True, True)
    """
    return CompiledEnclosure(f, order)


@final
class CompiledEnclosure:
    """See :func:`compile`. Calls are safe from several threads."""

    def __init__(self, f: Callable[[Any], Any], order: int) -> None:
        self.order, self._f = check_order(order), f
        self._kernel = self._compiled()

    def _compiled(self) -> Boxes | None:
        try:
            found = trace(self._f).of_degree(1)
        except TraceError:  # control flow, which is decided box by box
            return None
        if len(found.roots) != 1 or found.roots[0].size != 1:
            raise MixedRingError("a function that returns one number is needed; enclose components one by one")
        plan = schedule(found.roots)
        if any(n.size > 1 for n in plan.first):
            plan = schedule(elements(plan))
        try:
            return compile_interval(plan, self.order + 1)
        except (CompilationError, ImportError):  # no machine code for this function, or on this machine
            return None

    @property
    def compiled(self) -> bool:
        """Whether there is machine code."""
        return self._kernel is not None

    def __call__(self, lo: Any, hi: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ends of the coefficients over the intervals [lo, hi], and where they are proved.

        lo, hi : arrays (n,) of floats, or of what :func:`taylorad.interval` takes, rounded outward. Returns lower ends
        (order+1, n), upper ends (order+1, n) and a bool array (n,); where an enclosure is not proved (outside the
        domain, an infinite interval) its ends are infinite. Raises DomainError for arrays of different shapes,
        MixedRingError for what is no real number, UncertifiedError in a thread that flushes subnormal numbers to 0.
        """
        gradual()
        lo, hi = _doubles(lo, lambda x: x.lo), _doubles(hi, lambda x: x.hi)
        if lo.shape != hi.shape or lo.ndim != 1:
            raise DomainError(f"ends of shapes {lo.shape} and {hi.shape}; give two arrays of one length")
        if self._kernel is None:
            low, high = np.full((2, self.order + 1, lo.size), np.inf)
            low, proved = -low, np.zeros(lo.size, bool)
        else:
            low, high, proved = self._narrowed(self._kernel, lo, hi)
        bounded = np.isfinite(lo) & np.isfinite(hi) & (lo <= hi)
        low[:, ~bounded], high[:, ~bounded], proved[~bounded] = -np.inf, np.inf, False  # of a constant, too
        for i in np.flatnonzero(~proved & bounded):
            try:
                found = coefficients(self._f, Interval(lo[i], hi[i]), self.order)
            except (DomainError, UncertifiedError):
                continue
            low[:, i], high[:, i], proved[i] = [c.lo for c in found], [c.hi for c in found], True
        return low, high, proved

    def _narrowed(self, kernel: Boxes, lo: np.ndarray, hi: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """By the recurrence over the intervals, the mean value form, and the ends where a derivative has one sign."""
        with np.errstate(all="ignore"):  # infinite and empty intervals, and overflow, are refused by the kernel
            low, high, proved = _coefficients(kernel, lo, hi)
            wide = np.flatnonzero(proved & (lo < hi))
            a, b, m = lo[wide], hi[wide], np.minimum(np.maximum(lo / 2 + hi / 2, lo), hi)[wide]
            points = np.hstack([a, m, b])
            lows, highs, fine = (x.reshape(*x.shape[:-1], 3, -1) for x in _coefficients(kernel, points, points))
            known = fine.all(axis=0)
            lows, highs, wide, a, b, m = lows[..., known], highs[..., known], wide[known], a[known], b[known], m[known]
            back, on = _down(a - m), _up(b - m)
            for k in range(self.order, -1, -1):
                rising, falling = low[k + 1, wide] >= 0, high[k + 1, wide] <= 0
                least, most = _down(low[k + 1, wide] * (k + 1)), _up(high[k + 1, wide] * (k + 1))
                below = lows[k, 1] + _down(np.minimum(least * on, most * back))
                above = highs[k, 1] + _up(np.maximum(least * back, most * on))
                ends_low = np.where(rising, lows[k, 0], np.where(falling, lows[k, 2], -np.inf))
                ends_high = np.where(rising, highs[k, 2], np.where(falling, highs[k, 0], np.inf))
                low[k, wide] = np.maximum(low[k, wide], np.maximum(_down(below), ends_low))
                high[k, wide] = np.minimum(high[k, wide], np.minimum(_up(above), ends_high))
        return low[: self.order + 1], high[: self.order + 1], proved


def _doubles(ends: Any, end: Callable[[Interval], float]) -> np.ndarray:
    """Ends as they are where they are doubles, else those of intervals around them."""
    given = np.atleast_1d(ends if isinstance(ends, np.ndarray) else np.asarray(ends, object))
    if given.dtype.kind == "f" and given.dtype.itemsize <= 8:
        return given.astype(float)
    found = [float(x) if isinstance(x, float) else end(interval(x)) for x in given.flat]
    return np.array(found, float).reshape(given.shape)


def _coefficients(kernel: Boxes, lo: np.ndarray, hi: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The coefficients of the only root over intervals."""
    slope = np.ones(lo.size)
    given = [np.stack([end, slope])[None][: kernel.leaves] for end in (lo, hi)]  # none for a constant
    low, high, proved = kernel(*given)
    return low[0], high[0], proved


def _down(x: np.ndarray) -> np.ndarray:
    """Below what was rounded to x, to nearest."""
    return np.nextafter(x, -np.inf)


def _up(x: np.ndarray) -> np.ndarray:
    return np.nextafter(x, np.inf)
