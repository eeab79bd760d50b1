"""Initial value problems with proofs: every solution from a box of initial values, for every value of the arguments.

>>> import taylorad as ta
>>> from taylorad import validated as v
>>> V = v.solve_ivp(lambda t, y, g: [y[1], -g * y[0]], (0, 1), ["0.5", 0], args=("9.8",))
>>> V.success, bool(V.width < 1e-13)
(True, True)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, final

import numpy as np

from taylorad.errors import CompilationError, DomainError, OrderError, TraceError
from taylorad.ode.precision import Digits
from taylorad.ode.system import Shape, System, traced
from taylorad.rings.intervals import Interval
from taylorad.series.node import Constant, Function, Leaf, Local, Node
from taylorad.series.schedule import schedule
from taylorad.series.substitute import substitute
from taylorad.validated.enclosure import Enclosure, March, Status
from taylorad.validated.literals import exact, interval

__all__ = ["Problem", "compile_ode", "solve_ivp"]

ORDER = 20
TOLERANCE = 2.0**-53  # a unit of rounding: beyond it only rounding counts
_TICKS = 50  # bits of a span
_SHORTEST = 1000  # a tick is 2^−1000 or more, and so a float
_LATEST = 2**1000
_STOPPED = (Status.BOX, Status.DOMAIN, Status.SMALL)
_THIN = 2.0**-48  # relative width from which on an argument is followed as a coordinate of its own


def compile_ode(
    f: Callable[..., Any],
    dim: int,
    n_args: int = 0,
    *,
    shapes: Sequence[Shape] | None = None,
    order: int = ORDER,
    tol: float = TOLERANCE,
) -> Problem:
    """x′ = f(t, x, *args) for validated integration, traced now and compiled when first used.

    Parameters
    ----------
    f : function of ``t``, ``y`` (dim,) and the arguments, that returns dim derivatives
        A float in it is exactly the number it is: write ``v.exact("1.4")`` for 7/5, or pass "1.4" as an argument.
    dim, n_args, shapes : as in :func:`taylorad.compile_ode`
    order : int
        K of the steps; 20 to 30 for points, 8 to 12 for wide boxes.
    tol : float
        Size of a step's remainder, relative to the largest component.

    Raises TraceError where f cannot be traced, DomainError and OrderError for numbers that make no sense.
    """
    if not _counts(dim, 1):
        raise DomainError(f"dim is the number of components of y, at least 1; got {dim!r}")
    if not _counts(order, 3):
        raise OrderError(f"the order of a validated integration is an integer ≥ 3, got {order!r}")
    if not _size(tol):
        raise DomainError(f"tol = {tol!r} is relative to the solution; give a number between 0 and 1")
    given = tuple(shapes) if shapes is not None else ((),) * n_args
    rhs = traced(f, int(dim), given)
    if len(rhs) != dim:
        raise TraceError(
            f"the right-hand side returns {len(rhs)} value{'s' * (len(rhs) != 1)} for {dim} components of y; "
            "return one derivative for each"
        )
    return _problem(tuple(rhs), int(dim), given, int(order), float(tol))


def solve_ivp(
    fun: Callable[..., Any],
    t_span: tuple[Any, Any],
    y0: Any,
    *,
    args: Any = (),
    t_eval: Any = None,
    order: int = ORDER,
    tol: float = TOLERANCE,
    max_steps: int = 100_000,
    precision: Any = None,
) -> Enclosure:
    """Enclose all solutions of y′ = fun(t, y, *args) with y(t₀) in the box y0.

    ``t_span``, ``y0``, ``args`` and ``t_eval`` are text, ints, fractions, floats (exactly the numbers they are) or,
    times apart, intervals: ``ta.box(["15", "15", "36"], rad="1e-10")``. An interval among the arguments, or a pair
    (lo, hi), means every (constant) value in it; an argument that is a vector is a list or an array. See
    :func:`compile_ode` for the rest and :meth:`Problem.solve` for what is returned and raised. Rigorous.

    >>> from taylorad import validated as v
    >>> V = v.solve_ivp(lambda t, y: [y[0] ** 2], (0, 2), [1])
    >>> V.success, V.t_reached < 1 < V.t_reached + v.exact("0.001")
    (False, True)
    """
    y = list(y0) if isinstance(y0, (list, tuple, np.ndarray)) else [y0]
    given = tuple(args) if isinstance(args, (tuple, list)) else (args,)
    shapes = [_shape(a) for a in given]
    problem = compile_ode(fun, len(y), shapes=shapes, order=order, tol=tol)
    return problem.solve(t_span, y, given, t_eval=t_eval, max_steps=max_steps, precision=precision)


@final
class Problem:
    """See :func:`compile_ode`. Safe to use from several threads."""

    def __init__(self, rhs: tuple[Node, ...], dim: int, shapes: tuple[Shape, ...], order: int, tol: float) -> None:
        self.rhs, self.dim, self.shapes, self.order, self.tol = rhs, dim, shapes, order, tol
        self.n_args = sum(math.prod(s) for s in shapes)
        self._bound = _parameters(rhs)
        self._systems: dict[tuple[tuple[bool, ...], int], tuple[System, list[Node]]] = {}

    def solve(
        self,
        span: tuple[Any, Any],
        y0: Any,
        args: Any = (),
        *,
        t_eval: Any = None,
        max_steps: int = 100_000,
        precision: Any = None,
    ) -> Enclosure:
        """The enclosure from ``span[0]`` to ``span[1]``, in either direction.

        ``t_eval`` says where ``y`` is wanted (at all steps if not given); ``precision=ta.digits(50)`` asks for balls of
        so many digits instead of floats (slowly, in Python; without it they are used where a function has no compiled
        enclosure). Kinks and jumps (|x|, max, where) are crossed where it is certain that the solution crosses them.
        Raises DomainError for wrong input. What cannot be proved raises nothing: the enclosure goes to ``t_reached``,
        and ``status`` and ``message`` say why no further. Rigorous.
        """
        clock = _clock(span)
        y, values = self._box(y0), self._values(args)
        if not _counts(max_steps, 1):
            raise DomainError(f"max_steps = {max_steps!r} must be an integer, at least 1")
        count = None if precision is None else Digits.of(precision).count
        times = None if t_eval is None else _wanted(t_eval, clock.t0, clock.t1)
        march, equation = self._march(y, values, clock, count)
        try:
            status = Status(_through(march, equation, clock.ticks, max_steps))
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        reached = clock.t1 if status == Status.END else clock.t0 + clock.sign * int(march.counts[-1]) * clock.unit
        return Enclosure(march, status, reached, self.dim, equation, times)

    def _box(self, y0: Any) -> list[Any]:
        values = list(y0) if isinstance(y0, (list, tuple, np.ndarray)) else [y0]
        if len(values) != self.dim:
            raise DomainError(f"y0 has {len(values)} components; this problem has {self.dim}")
        return [_plain(x) for x in values]

    def _values(self, args: Any) -> list[Any]:
        given = tuple(args) if isinstance(args, (tuple, list)) else (args,)
        if len(given) != len(self.shapes):
            raise DomainError(f"{len(given)} arguments were given; this problem takes {len(self.shapes)}")
        flat: list[Any] = []
        for a, shape in zip(given, self.shapes, strict=True):
            if _shape(a) != shape:
                raise DomainError(f"an argument of shape {_shape(a)} was given; this problem was made for {shape}")
            flat += _flat(a)
        return [_plain(x) for x in flat]

    def _march(
        self,
        y: Sequence[Any],
        values: Sequence[Any],
        clock: _Clock,
        count: int | None,
    ) -> tuple[March, list[Node]]:
        ranges = [_bounded("argument", j, x) for j, x in enumerate(values)]
        wide = tuple(x.width > _THIN * x.mag and j not in self._bound for j, x in enumerate(ranges))
        system, equation = self.system(wide, clock.sign)
        box = [_bounded("component", i, x) for i, x in enumerate(y)]
        if count is None:
            from taylorad.validated.flow import Track, flow

            try:
                made = flow(system, self.order)
                start, rest = _parted(box, ranges, wide)
                return Track(made, start, rest, clock.t0, clock.unit, clock.sign, self.tol), equation
            except CompilationError:
                pass
        from taylorad.validated.balls import BallTrack

        start, rest = _parted(y, values, wide)
        at = clock.t0, clock.unit, clock.sign
        return BallTrack(system, self.order, start, rest, *at, self.tol, count), equation

    def system(self, wide: tuple[bool, ...], sign: int) -> tuple[System, list[Node]]:
        """The system whose last components are the arguments that ``wide`` marks; backward in time for ``sign`` −1.
        With it its right-hand sides over :func:`~taylorad.ode.system.placeholders`."""
        if (wide, sign) not in self._systems:
            n, extra = self.dim, sum(wide)
            leaves: dict[int, Node] = {n: Leaf.of(n + extra, 1)}
            coordinates = iter(range(n, n + extra))
            others = iter(range(n + extra + 1, n + self.n_args + 1))
            for j, w in enumerate(wide):
                leaves[n + 1 + j] = Leaf.of(next(coordinates)) if w else Leaf.of(next(others), 0)
            rhs: list[Node] = [x if sign > 0 else -x for x in substitute(self.rhs, leaves)]
            rhs += [Constant.of(0)] * extra
            self._systems[wide, sign] = System.of(rhs, self.n_args - extra), rhs
        return self._systems[wide, sign]

    def __repr__(self) -> str:
        return f"<validated problem of {self.dim} equations, {len(self.shapes)} arguments, order {self.order}>"


# solving again and again begins with reading the same numbers; 1, 1.0 and True are different keys
_interval = functools.lru_cache(maxsize=512, typed=True)(interval)
_problem = functools.lru_cache(maxsize=32)(Problem)  # equal right-hand sides are the same nodes


class _Clock(NamedTuple):
    """The times of an integration: ``ticks`` of ``unit`` from t0 on, the last of which may go beyond t1."""

    t0: Fraction
    t1: Fraction
    unit: Fraction
    sign: int
    ticks: int


def _clock(span: Any) -> _Clock:
    if isinstance(span, (str, Interval)) or not hasattr(span, "__len__") or len(span) != 2:
        raise DomainError(f"the span is a pair of times (t0, t1), got {span!r}")
    t0, t1 = map(_plain, span)
    known = isinstance(t0, (str, int, float)) and isinstance(t1, (str, int, float))
    return _read_clock(t0, t1) if known else _read_clock.__wrapped__(t0, t1)


@functools.lru_cache(maxsize=64, typed=True)
def _read_clock(begin: Any, end: Any) -> _Clock:
    t0, t1 = exact(begin), exact(end)
    if max(abs(t0), abs(t1)) > _LATEST:
        raise DomainError(f"the span ({begin}, {end}) goes beyond what floats can say; rescale the time")
    length = abs(t1 - t0)
    shift = min(_TICKS - _log2(length), _SHORTEST) if length else 0
    unit = Fraction(1, 1 << shift) if shift >= 0 else Fraction(1 << -shift)
    return _Clock(t0, t1, unit, -1 if t1 < t0 else 1, int(-(-length // unit)))


def _shape(a: Any) -> Shape:
    """The shape of an argument: text, intervals and pairs (lo, hi) are numbers."""
    if not isinstance(a, list):
        return () if isinstance(a, (str, Interval, tuple)) else np.shape(a)
    inner = {_shape(x) for x in a}
    if len(inner) > 1:
        raise DomainError(f"an argument has rows of shapes {sorted(inner)}; give them one shape")
    return (len(a), *(inner.pop() if inner else ()))


def _flat(a: Any) -> list[Any]:
    if isinstance(a, list):
        return [y for x in a for y in _flat(x)]
    return list(a.ravel()) if isinstance(a, np.ndarray) else [a]


def _bounded(what: str, i: int, value: Any) -> Interval:
    found = _interval(value) if isinstance(value, (str, int, float)) else interval(value)
    if not found.finite:
        raise DomainError(f"{what} {i} is {found}; initial values and arguments must be bounded")
    return found


def _parted(y: Sequence[Any], values: Sequence[Any], wide: Sequence[bool]) -> tuple[list[Any], list[Any]]:
    """Coordinates and arguments, when those that ``wide`` marks are coordinates too."""
    marked = list(zip(values, wide, strict=True))
    return [*y, *(x for x, w in marked if w)], [x for x, w in marked if not w]


def _parameters(rhs: Sequence[Node]) -> frozenset[int]:
    """The arguments on which a parameter of a function depends: there is no derivative with respect to them."""
    found: set[int] = set()
    for n in schedule(rhs).first:
        if isinstance(n, (Function, Local)) and n.params:
            found.update(leaf.index for leaf in schedule(n.params).leaves)
    dim = len(rhs)
    return frozenset(i - dim - 1 for i in found if i > dim)


def _through(march: March, equation: Sequence[Node], end: int, most: int) -> int:
    """On to the end, over kinks too."""
    status = march.go(end, most)
    if status in _STOPPED:
        from taylorad.validated.kink import Kinks, cross

        kinks = Kinks(equation, march.sign)
        while status in _STOPPED and kinks and cross(march, kinks, end):
            status = march.go(end, most - march.steps)
    return status


def _counts(n: Any, least: int) -> bool:
    return isinstance(n, (int, np.integer)) and bool(n >= least)


def _size(tol: Any) -> bool:
    return isinstance(tol, (int, float, Fraction)) and 0 < tol < 1


def _plain(x: Any) -> Any:
    if isinstance(x, (np.generic, np.ndarray)) and np.ndim(x) == 0:
        return x.item()
    return x


def _log2(q: Fraction) -> int:
    """The least e with q ≤ 2^e."""
    num, den = q.numerator, q.denominator
    e = num.bit_length() - den.bit_length()  # 2^(e−1) < q < 2^(e+1)
    return e if (num << max(0, -e)) <= (den << max(0, e)) else e + 1


def _wanted(t_eval: Any, t0: Fraction, t1: Fraction) -> list[Fraction]:
    """t_eval as exact times; DomainError where one is outside of the span."""
    if np.ndim(t_eval) != 1:
        raise DomainError(f"t_eval has {np.ndim(t_eval)} axes; give a list of times")
    times = [exact(_plain(t)) for t in t_eval]
    low, high = min(t0, t1), max(t0, t1)
    for t in times:
        if not low <= t <= high:
            raise DomainError(f"t_eval holds {float(t)}, which is outside of the span ({float(t0)}, {float(t1)})")
    return times
