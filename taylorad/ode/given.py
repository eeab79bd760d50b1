"""What a user gives to a solver, checked: numbers, spans, grids, tolerances."""

from __future__ import annotations

from cmath import isfinite
from math import isinf
from operator import lt
from typing import Any

import numpy as np

from taylorad.errors import DomainError

__all__ = ["count", "ends", "finite", "number", "numbers", "positive", "tolerance", "wanted"]


_FEW = 64  # numbers that Python looks at faster than numpy
_WHOLE = 2**53  # integers below it are doubles


def numbers(values: Any, what: str, dtype: Any = np.float64) -> np.ndarray:
    """An array of numbers (for no dtype float64 or complex128); DomainError, naming ``what``, for anything else."""
    try:
        array = np.asarray(values)
        if array.dtype == np.float64 and (dtype is None or dtype == np.float64):
            return np.array(array)
        if array.dtype == object and any(hasattr(x, "coefficients") for x in array.flat):
            raise TypeError(
                "for what depends on them as a polynomial: sensitivity=ta.Sensitivity(order=…), s.flow_map(t)"
            )
        if array.dtype == object:  # fractions, numbers of mpmath; None is not nan here
            array = np.array([complex(x) if np.iscomplexobj(x) else float(x) for x in array.flat]).reshape(array.shape)
        kind = np.dtype(dtype) if dtype is not None else np.result_type(array.dtype, np.float64)
        if array.dtype.kind not in "biufc" or (array.dtype.kind == "c" and kind.kind != "c"):
            raise TypeError(f"{array.dtype} does not fit")
        return array.astype(np.complex128 if kind.kind == "c" else np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DomainError(f"{what} = {values!r} must be made of numbers ({error})") from error


def finite(row: np.ndarray) -> bool:
    """Whether all numbers of a row are finite."""
    return all(map(isfinite, row.tolist())) if len(row) <= _FEW else bool(np.isfinite(row).all())


def number(value: Any, what: str) -> float:
    """A finite real number; DomainError, naming ``what``, for anything else."""
    if (isinstance(value, float) and isfinite(value)) or (type(value) is int and -_WHOLE < value < _WHOLE):
        return float(value)  # the usual case, ten times as fast
    found = numbers(value, what)
    if found.ndim or not np.isfinite(found):
        raise DomainError(f"{what} = {value!r} must be one finite number")
    return float(found)


def ends(span: Any, ended: bool = False) -> tuple[float, float]:
    """Beginning and end; DomainError where a span is not two finite numbers.

    The end may be infinite where something else ends the solution (``ended``).
    """
    if not hasattr(span, "__len__") or isinstance(span, str) or len(span) != 2:
        raise DomainError(f"the span {span!r} must be two finite numbers, beginning and end")
    begin = number(span[0], "the beginning of the span")
    if isinstance(span[1], float) and isinf(span[1]):
        if ended:
            return begin, float(span[1])
        raise DomainError(
            f"the span ends at {span[1]}: give a finite end, or what ends it: a terminal event, a callback"
        )
    return begin, number(span[1], "the end of the span")


def wanted(t_eval: Any, t0: float, t1: float) -> np.ndarray | None:
    """t_eval as an array; DomainError where it is outside of the span or not in its order."""
    if t_eval is None:
        return None
    times = numbers(t_eval, "t_eval")
    if times.ndim != 1:
        raise DomainError(f"t_eval has {times.ndim} axes; give a list of times")
    if 0 < len(times) <= _FEW:
        row = times.tolist() if t1 >= t0 else times[::-1].tolist()
        if min(t0, t1) <= row[0] and row[-1] <= max(t0, t1) and all(map(lt, row, row[1:])):
            return times
    inside = (times >= min(t0, t1)) & (times <= max(t0, t1))
    if not inside.all():
        raise DomainError(f"t_eval holds {times[~inside][0]}, which is outside of the span ({t0}, {t1})")
    earlier, later = (times[:-1], times[1:]) if t1 >= t0 else (times[1:], times[:-1])
    if len(times) > 1 and not (earlier < later).all():
        raise DomainError("t_eval is not sorted in the direction of integration, or holds a time twice")
    return times


def tolerance(name: str, value: Any, dim: int) -> np.ndarray:
    """A tolerance for every component; DomainError where it cannot be one."""
    array = numbers(value, name)
    if array.shape not in ((), (dim,)):
        raise DomainError(f"{name} has shape {array.shape}; give one number, or {dim}, one for each component")
    if not np.all(np.isfinite(array)) or np.any(array < 0):
        raise DomainError(f"{name} = {value} is not a tolerance; give finite numbers ≥ 0")
    if name == "rtol" and np.any((array > 0) & (array < 2.2e-16)):
        raise DomainError(f"rtol = {value} is below what float64 can give; 1e-15 is about the least, or use precision=")
    return np.array(np.broadcast_to(array, (dim,)))


def positive(value: Any, what: str) -> float:
    """A positive number, perhaps infinite; DomainError for anything else."""
    if isinstance(value, float) and value > 0:
        return float(value)
    found = numbers(value, what)
    if found.ndim or not found > 0:
        raise DomainError(f"{what} = {value!r} must be positive")
    return float(found)


def count(value: Any, what: str) -> int:
    """An integer of at least 1; DomainError for anything else."""
    if type(value) is int and value > 0:
        return value
    found = numbers(value, what)
    if found.ndim or not found >= 1 or found % 1:
        raise DomainError(f"{what} = {value!r} must be at least 1, and whole")
    return int(found)
