"""Functions of the book and of numpy applied to polynomials in several variables."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from taylorad.book.entry import ENTRIES, Entry, Formula, Member, Rule
from taylorad.errors import UnsupportedFunctionError
from taylorad.multivariate import arithmetic, compare, engine, join
from taylorad.multivariate.series import MultivariateTaylor
from taylorad.run import graded
from taylorad.series.node import Node
from taylorad.taylor.apply import find, lasting, planned
from taylorad.taylor.dispatch import SHARED, unknown
from taylorad.taylor.series import Taylor

__all__ = ["DIRECT", "apply", "array_function", "array_ufunc", "direct", "method"]

Callee = Member | Entry


def apply(function: Callee, args: tuple[Any, ...]) -> Any:
    """A function of the book at polynomials and numbers; a tuple for an entry with several outputs.

    Raises DomainError and SingularExpansionError where the function has no Taylor series at the expansion point,
    MixedRingError, and UnsupportedFunctionError for a polynomial in the place of a constant parameter.
    """
    args = tuple(np.asarray(a) if isinstance(a, (list, tuple)) else a for a in args)
    if any(isinstance(a, np.ndarray) and a.dtype == object for a in args):
        outputs = 1 if isinstance(function, Member) else len([n for n in function.outputs if not n.startswith("_")])
        boxed = [a if isinstance(a, np.ndarray) else _box(a) for a in args]
        return np.frompyfunc(lambda *xs: _either(function, xs), len(args), outputs)(*boxed)
    if any(isinstance(a, Node) for a in args):
        raise UnsupportedFunctionError("a traced value beside a polynomial: trace the whole function, or none of it")
    entry = function.entry if isinstance(function, Member) else function
    operands, params = entry.divided(args)
    for name, p in zip(entry.parameters, params, strict=False):
        if isinstance(p, (MultivariateTaylor, Taylor)):
            raise UnsupportedFunctionError(
                f"{entry.name} was given a polynomial as its parameter {name}, which must be a constant: "
                f"derivatives with respect to {name} are not in the book"
            )
    if isinstance(entry, Rule) and entry.homogeneity is not None and isinstance(operands[0], MultivariateTaylor):
        from taylorad.multivariate.root import root

        found = root(operands[0], entry, params, lambda w: apply(function, (w, *params)))
        if found is not None:
            return found
    for a in operands:
        join.is_operand(a)
    space, ring, data = join.common(operands)
    plan = planned(function, entry, tuple(isinstance(a, MultivariateTaylor) for a in operands), params)
    results = [MultivariateTaylor._make(space, ring, x) for x in engine.execute(plan, space, ring, data)]
    return results[0] if len(results) == 1 else tuple(results)


def _either(function: Callee, args: tuple[Any, ...]) -> Any:
    from taylorad.taylor.apply import apply as plain

    return (apply if any(isinstance(a, MultivariateTaylor) for a in args) else plain)(function, args)


def _box(a: Any) -> np.ndarray:
    """A polynomial as one element of an array of objects: numpy would take it apart."""
    out = np.empty((), object)
    out[()] = a
    return out


@lru_cache(maxsize=1024)
def direct(function: Callee) -> Callable[..., Any]:
    """A function as a call that goes straight to machine code where that has an answer."""
    entry = function.entry if isinstance(function, Member) else function
    if not isinstance(function, Member) or entry.parameters or entry.arity != 1 or entry.variadic:
        return lambda *args: apply(function, args)
    kernel = graded.kernel(planned(function, entry, (True,), ()))

    def call(x: Any, /) -> Any:
        if kernel.door is not None and type(x) is MultivariateTaylor:
            c = x._coefficients
            # machine code takes a batch of one point for a single one
            if kernel.door(c, x._space.words, out := np.empty(len(c))) is not None and c.ndim == 1:
                return MultivariateTaylor._make(x._space, x._ring, out)
        return apply(function, (x,))

    return call


def method(name: str) -> Callable[..., Any] | None:
    """A function of the book as a method of polynomials, or None where it has no such function."""
    function = find(name)
    return None if function is None else direct(function)


# ---------------------------------------------------------------------- numpy's protocols
DIRECT: dict[Any, Callable[..., Any]] = {
    np.add: arithmetic.add,
    np.subtract: arithmetic.subtract,
    np.multiply: arithmetic.multiply,
    np.true_divide: arithmetic.divide,
    np.power: arithmetic.power,
    np.float_power: arithmetic.power,
    np.negative: lambda a: -a,
    np.positive: lambda a: a,
    np.absolute: arithmetic.absolute,
    np.square: lambda a: a * a,
    np.conjugate: lambda a: a.conjugate(),
    np.less: compare.less,
    np.greater: lambda a, b: compare.less(b, a),
    np.less_equal: compare.less,
    np.greater_equal: lambda a, b: compare.less(b, a),
    np.equal: lambda a, b: compare.equal(a, b) if isinstance(a, MultivariateTaylor) else compare.equal(b, a),
    np.not_equal: lambda a, b: not (compare.equal(a, b) if isinstance(a, MultivariateTaylor) else compare.equal(b, a)),
}


def array_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``MultivariateTaylor.__array_ufunc__``."""
    if any(isinstance(x, np.ndarray) and x.dtype == object for x in inputs):  # one element beside an array of them
        return getattr(ufunc, method)(*(_box(x) if isinstance(x, MultivariateTaylor) else x for x in inputs), **kwargs)
    if method != "__call__" or kwargs:
        return NotImplemented
    known = DIRECT.get(ufunc)
    if known is not None:
        return known(*(x.item() if isinstance(x, np.generic) else x for x in inputs))
    found = find(ufunc.__name__) if ufunc.nout == 1 else ENTRIES.get(ufunc.__name__)
    if found is None or (ufunc.nout > 1 and not isinstance(found, Formula)):
        return unknown(ufunc, inputs, MultivariateTaylor)
    call = direct(found)
    if lasting(found):
        DIRECT[ufunc] = call
    return call(*inputs)


def array_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``MultivariateTaylor.__array_function__``."""
    known = _FUNCTIONS.get(function)
    if known is not None:
        return known(*args, **kwargs)
    named = find(function.__name__)
    return NotImplemented if named is None or kwargs else apply(named, args)


def _where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``: an array of bools chooses for each point of a batch."""
    if isinstance(condition, MultivariateTaylor):
        raise TypeError("where needs a condition of bools: compare the polynomial with something, x > 0")
    mask = np.asarray(condition)
    if not (join.is_operand(a) and join.is_operand(b)):
        return NotImplemented
    if mask.ndim:
        a, b = a + np.zeros(mask.shape), b + np.zeros(mask.shape)
    space, ring, data = join.common((a, b))
    x, y = (
        d if isinstance(s, MultivariateTaylor) else _constant(space, ring, d) for s, d in zip((a, b), data, strict=True)
    )
    return MultivariateTaylor._make(space, ring, np.where(mask, x, y))


def _constant(space: Any, ring: Any, value: Any) -> np.ndarray:
    from taylorad.rings.graded import GradedRing

    out = GradedRing(ring, space.monomials).empty(len(space))
    out[0] = value
    return out


def _along(reduce: Any) -> Callable[..., Any]:
    def reduced(a: MultivariateTaylor, axis: Any = None, **kwargs: Any) -> Any:
        if not a.ndim:
            return a
        axes = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        data = reduce(a._coefficients, axis=tuple(int(i) % a.ndim + 1 for i in axes), **kwargs)
        return MultivariateTaylor(a.space, data)

    return reduced


_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.sum: _along(np.sum),
    np.mean: _along(np.mean),
    **SHARED,
}
