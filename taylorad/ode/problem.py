"""A compiled initial value problem: made once, solved for any initial values and arguments.

>>> import numpy as np, taylorad as ta
>>> p = ta.compile_ode(lambda t, y, g: [y[1], -g * np.sin(y[0])], dim=2)
>>> s = p.solve((0, 20), [0.5, 0.0], args=dict(g=9.8))
>>> bool(abs(s.y[1, -1] ** 2 / 2 - 9.8 * np.cos(s.y[0, -1]) + 9.8 * np.cos(0.5)) < 1e-8)
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast, final

import numpy as np

from taylorad.errors import CompilationError, DomainError, MixedRingError, OrderError, TraceError
from taylorad.ode.arguments import Arguments
from taylorad.ode.arrays import ArraySystem, right_hand_side
from taylorad.ode.carry import carry
from taylorad.ode.drive import Drive, creeps
from taylorad.ode.given import count, ends, finite, number, numbers, positive, tolerance, wanted
from taylorad.ode.loop import Outcome
from taylorad.ode.march import March, Native, march
from taylorad.ode.precision import Digits
from taylorad.ode.progress import Progress
from taylorad.ode.sensitivity import Sensitivity
from taylorad.ode.solution import Solution, Status
from taylorad.ode.switch import Switched, has_branches
from taylorad.ode.system import Shape, System, traced
from taylorad.ode.transport import Transport
from taylorad.ode.wishes import Wishes
from taylorad.series.node import Node
from taylorad.series.schedule import schedule

__all__ = ["Problem", "compile_ode"]

Span = tuple[Any, Any]
_DONE, _PAUSED = Outcome.DONE, Outcome.PAUSED
_UNSEEN = 20_000  # steps in one call of machine code, after which an interrupt is heard
_SEEN = 64  # and how many of the next ones are looked at


def compile_ode(
    f: Callable[..., Any],
    dim: int,
    n_args: int | None = None,
    *,
    params: Sequence[str] | Mapping[str, Shape] | None = None,
    shapes: Sequence[Shape] | None = None,
    rtol: Any = None,
    atol: Any = None,
    order: int | None = None,
    dtype: Any = np.float64,
    names: Sequence[str] | None = None,
    precision: Digits | None = None,
    sliding: str | None = None,
) -> Problem:
    """x′ = f(t, x, *args), traced now and compiled when first used.

    Parameters
    ----------
    f : function of ``t``, ``y`` (dim,) and the arguments, that returns dim derivatives
        written with operators, numpy, scipy.special or taylorad functions. It is run once, on traced values.
    dim : int
        Components of the state.
    n_args : int, optional
        How many scalar arguments f takes after ``y``; if not given, as many as its signature has without a default.
        ``shapes`` gives them shapes instead. Their names are those of the signature.
    params : names, or a mapping from names to shapes, optional
        What f takes by keyword, in any order and whether it has a default or not.
    rtol, atol : float, or (dim,) each
        A step's truncation error in component i is about atol_i + rtol_i·|x_i| or less. 1e-10 and 1e-12 if not given,
        with ``precision`` 10^−digits.
    order : int, optional
        K; from the tolerance if not given.
    dtype : float64 or complex128
    names : (dim,) names of the components, for pictures and tables, optional
    precision : ``ta.digits(50)`` computes in 50 digits, in Python: times, values and arguments may be ints, fractions,
        text ("0.1", "1/3") or mpmath numbers and are exactly what they are, as are fractions in f; results are mpmath
        numbers. Lorenz' system to t = 20 takes about a second in 50 digits.
    sliding : ``"filippov"`` goes on, by Filippov's definition, where both sides of a switch (``where``, ``sign`` …)
        push the solution to it; otherwise the integration ends there, with a message.

    Raises
    ------
    TraceError
        where f cannot be traced or returns the wrong number of values.
    DomainError
        where a tolerance is negative, or both are zero, or rtol is below 2.2e-16; where names do not fit.
    """
    dim = count(dim, "dim, the number of components of y,")
    taken = Arguments.of(f, n_args, params, shapes)
    kind = np.dtype(dtype)
    if kind.name not in ("float64", "complex128"):
        raise DomainError(f"dtype = {dtype!r} must be float or complex")
    if precision is not None:
        precision = Digits.of(precision)
    shaped = right_hand_side if precision is None else traced
    rhs = shaped(taken.bound(f), dim, taken.shapes, complex=kind.kind == "c")
    if not isinstance(rhs, ArraySystem) and len(rhs) != dim:
        raise TraceError(
            f"the right-hand side returns {len(rhs)} value{'s' * (len(rhs) != 1)} for {dim} components of y; "
            "return one derivative for each"
        )
    known = tuple(f"y{i}" for i in range(dim)) if names is None else tuple(names)
    if len(known) != dim:
        raise DomainError(f"{len(known)} names were given for {dim} components of y")
    if precision is None:
        tolerances = tolerance("rtol", 1e-10 if rtol is None else rtol, dim), tolerance(
            "atol", 1e-12 if atol is None else atol, dim
        )
    else:
        tolerances = precision.tolerance("rtol", rtol, dim), precision.tolerance("atol", atol, dim)
    if sliding not in (None, "filippov"):
        raise DomainError(f"sliding = {sliding!r} is neither 'filippov' nor None")
    return Problem(f, rhs, taken, *tolerances, order, kind, known, precision, sliding)


@final
class Problem:
    """See :func:`compile_ode`. Safe to use from several threads; pickles, without ``f``, which is None then."""

    def __init__(
        self,
        f: Callable[..., Any] | None,
        rhs: Sequence[Node] | ArraySystem,
        arguments: Arguments,
        rtol: np.ndarray,
        atol: np.ndarray,
        order: int | None,
        dtype: np.dtype[Any],
        names: tuple[str, ...],
        precision: Digits | None = None,
        sliding: str | None = None,
    ) -> None:
        if not np.all((rtol > 0) | (atol > 0)):
            raise DomainError("rtol and atol are both 0 for some component; one of them must be positive")
        if order is not None and (np.asarray(order).dtype.kind not in "iu" or order < 2):
            raise OrderError(f"the order of an integration is an integer ≥ 2, got {order!r}")
        self.f, self.dim, self.arguments, self.shapes = f, len(names), arguments, arguments.shapes
        self.rtol, self.atol, self.order, self.dtype, self.names = rtol, atol, order, dtype, names
        self.precision, self.sliding = precision, sliding
        self.rhs = () if isinstance(rhs, ArraySystem) else tuple(rhs)
        self._branches = has_branches(self.rhs)
        self.transports: dict[Any, Transport] = {}
        self._idle: list[Native] = []  # memory for solutions; each is taken by one thread at a time
        self.system: System | ArraySystem | None = None
        if isinstance(rhs, ArraySystem):
            self.system = rhs
        elif not self._branches:
            self.system = System.of(rhs, sum(math.prod(s) for s in self.shapes))

    def __reduce__(self) -> Any:
        """The graph, not f: what is unpickled needs neither f's module nor another trace."""
        roots = [self.system.rhs] if isinstance(self.system, ArraySystem) else list(self.rhs)
        nodes = schedule(roots).first  # operands first, so that deep graphs need no deep recursion
        given = (self.arguments, self.rtol, self.atol, self.order, self.dtype, self.names, self.precision, self.sliding)
        return (_remade, (nodes, roots, isinstance(self.system, ArraySystem), given))

    # ------------------------------------------------------------------ input
    def state(self, y0: Any) -> np.ndarray:
        """y0 as numbers of this problem; DomainError where it is not (dim,) finite numbers."""
        y = numbers(y0, "y0", None)
        y = y if y.ndim else y[None]
        if y.shape != (self.dim,):
            raise DomainError(f"y0 has shape {np.shape(y0)}; this problem has {self.dim} components")
        if y.dtype.kind == "c" and self.dtype.kind != "c":
            raise MixedRingError("y0 is complex; compile the problem with dtype=complex")
        y = y if y.dtype == self.dtype else y.astype(self.dtype)
        if not finite(y):
            raise DomainError(f"y0 must be finite; component {int(np.flatnonzero(~np.isfinite(y))[0])} is not")
        return y

    def values(self, args: Any) -> np.ndarray:
        """The arguments in one row; DomainError where their names, number, shapes or values are wrong."""
        return self.arguments.row(args, self.dtype)

    def march(self, t0: float, y0: Any, args: Any = (), max_step: float = math.inf) -> March:
        """A solution on its way from (t0, y0)."""
        t0, max_step = number(t0, "t0"), positive(max_step, "max_step")
        return self._from(t0, self.state(y0), self.values(args), max_step)

    def _from(self, t0: float, y: np.ndarray, row: np.ndarray, max_step: float = math.inf) -> March:
        """The same, of what was checked; in the memory of an earlier solution, if there is one."""
        try:
            going = self._idle.pop()
        except IndexError:
            return self._made(t0, y, row, max_step)
        going.anew(t0, y, row, max_step)
        return going

    def _leave(self, going: March | None) -> None:
        """Nobody needs ``going`` any more."""
        if isinstance(going, Native) and going.rest():
            self._idle.append(going)

    def _made(self, t0: float, y: np.ndarray, row: np.ndarray, max_step: float) -> March:
        options: dict[str, Any] = {"rtol": self.rtol, "atol": self.atol, "max_step": max_step, "order": self.order}
        if self.system is None:
            if self.dtype.kind == "c":
                raise CompilationError("branches (where, abs, sign …) choose by order, which complex numbers have not")
            return Switched(self.rhs, len(row), t0, y, row, self.sliding, **options)
        try:
            return march(self.system, t0, y, row, **options)
        except MixedRingError as error:
            raise self.mixed(error) from error

    def mixed(self, error: MixedRingError) -> MixedRingError:
        """The same error, in the words of who wrote a complex right-hand side for real states."""
        if self.dtype.kind == "c":
            return error
        hint = "solve_ivp wants complex initial values, compile_ode dtype=complex"
        return MixedRingError(f"the right-hand side is complex and the state is not ({error}): {hint}")

    # ------------------------------------------------------------------ solving
    def solve(
        self,
        span: Span,
        y0: Any,
        args: Any = (),
        *,
        t_eval: Any = None,
        events: Any = None,
        dense: bool = True,
        max_step: float = math.inf,
        max_steps: int = 10_000_000,
        callback: Callable[[float, np.ndarray], Any] | None = None,
        progress: Progress = False,
        sensitivity: Sensitivity | None = None,
        checkpoint: Any = None,
    ) -> Solution:
        """The solution from ``span[0]`` to ``span[1]``, in either direction.

        Parameters
        ----------
        span : beginning and end; the end may be infinite where a terminal event or the callback ends the solution
        args : tuple in the order of f's arguments, or a mapping from their names
        t_eval : (m,) times inside of the span, in its direction; where ``y`` is wanted (default: at all steps)
        events : function ``g(t, y, *args)``, :class:`~taylorad.ode.events.Event`, or a list of them
        dense : keep all coefficients
        max_step : longest step
        max_steps : after how many steps to stop, with status −3
        callback : called as ``callback(t, y)`` after every step; a true result, or StopIteration, stops, with status −6
        progress : True for a bar of tqdm, or a function that is called with the time after every block of steps
        sensitivity : which derivatives by initial values and arguments to carry along
            they do not change the steps; their coefficients are kept, whatever ``dense`` says.
        checkpoint : a folder that keeps what was computed, leg by leg; the same call again goes on from there, and its
            result is the same, bit for bit

        An interrupt (Ctrl-C) is heard between blocks of steps; what was computed is kept, with status −5.
        Raises DomainError, MixedRingError for wrong input and TraceError for events that cannot be traced; what
        happens on the way is told by ``status`` and ``message``, with everything computed until then. Not rigorous.
        """
        wishes = Wishes(t_eval, events, dense, max_step, count(max_steps, "max_steps"), callback, progress)
        if checkpoint is not None:
            from taylorad.ode.checkpoint import solve as in_legs

            if sensitivity is not None or self.precision is not None:
                raise DomainError("checkpoint= does not keep derivatives or more digits than float64 has; leave it out")
            return in_legs(self, checkpoint, span, y0, args, wishes)
        if self.precision is None:
            found = self._solved(span, y0, args, sensitivity, wishes)
        elif sensitivity is not None:
            raise DomainError("derivatives by initial values and arguments are for float64 only; leave out precision=")
        else:
            from taylorad.ode.precise_solve import solve

            found = solve(self, span, y0, args, wishes)
        found.names, found.rtol, found.atol = self.names, self.rtol, self.atol
        names = self.arguments.names
        found.args = dict(zip(names, self.arguments.given(args), strict=True)) if names else {}
        return found

    def _solved(self, span: Span, y0: Any, args: Any, sensitivity: Sensitivity | None, wishes: Wishes) -> Solution:
        known = wishes.watched()
        t0, t1 = ends(span, wishes.callback is not None or any(event.terminal for event in known))
        y, row = self.state(y0), self.values(args)
        going = self._from(t0, y, row, positive(wishes.max_step, "max_step")) if sensitivity is None else None
        carried = None if sensitivity is None else carry(self, sensitivity, t0, y0, args, wishes.max_step, known)
        drive = Drive(
            cast(March, carried or going),
            (t0, t1),
            self.shapes,
            row,
            known,
            wanted(wishes.t_eval, t0, t1),
            wishes.dense,
            wishes.max_steps,
            wishes.callback,
            wishes.progress,
        )
        found = drive.solution(wishes.events is not None)
        self._leave(going)
        if carried is not None:
            found.variations = carried.variations(found.stats["t"])
        return found

    def value_and_gradient(
        self, loss: Callable[..., Any], span: Span, y0: Any, args: Any = (), **options: Any
    ) -> tuple[float, Any]:
        """``loss`` of the solution, and its derivatives by the initial values and all arguments, whatever their number.

        Parameters
        ----------
        loss : function of the state (dim,) at ``span[1]``, or of the states (dim, m) at ``t_eval``
            that returns one number, written as for :func:`taylorad.gradient`.
        t_eval : (m,) times inside of the span, in its direction, optional
        max_step, max_steps : as in :meth:`solve`
        checkpoints : how many states are kept at the most (256)

        Returns the value and :class:`~taylorad.ode.adjoint.Slopes` with ``y0`` (dim,) and ``args`` in the form given.
        They are the derivatives of the steps that were taken, to rounding, with the lengths of the steps held fixed: at
        tolerance ε they differ from those of the exact solution by about ε. Not rigorous. Memory is that of
        ``checkpoints`` states and the coefficients of 64 steps, whatever the number of steps; where these are too few
        for all blocks of 64 steps, some are taken again (binomial checkpointing). Raises DomainError where the
        solution does not reach the end, UnsupportedFunctionError for right-hand sides with branches, complex states and
        ``precision=``. Cost: two solutions, and for each step the adjoints of its
        polynomial: some 10 µs where there are few equations, five times its own series where there are many.

        >>> import numpy as np, taylorad as ta
        >>> p = ta.compile_ode(lambda t, y, a: [a * y[0]], dim=1)
        >>> value, slope = p.value_and_gradient(lambda y: y[0] ** 2, (0, 1), [1.0], args=(0.5,))
        >>> bool(abs(value - np.e) < 1e-9), bool(abs(slope.args[0] - 2 * np.e) < 1e-9)
        (True, True)
        """
        from taylorad.ode.adjoint import gradient_of_loss

        return gradient_of_loss(self, loss, span, y0, args, **options)

    def propagate(self, t0: Any, t1: Any, y0: Any, args: Any = (), max_steps: int = 100_000_000) -> np.ndarray:
        """The state (dim,) at t1 and nothing else. DomainError where the solution does not get there."""
        if self.precision is not None:
            from taylorad.ode.precise_solve import end_state

            return end_state(self, t0, t1, y0, args, max_steps)
        t0, t1 = ends((t0, t1))
        straight = self.straight(t0, t1, y0, args, max_steps)
        if straight is not None:
            return straight[0]
        going = self.march(t0, y0, args)
        drive = Drive(going, (t0, t1), self.shapes, self.values(args), [], None, False, max_steps, None)
        status, message = drive.finish()
        if status is Status.INTERRUPTED:
            raise KeyboardInterrupt
        if status != Status.END:
            raise DomainError(f"{message} The solution was followed to t = {drive.end[0]}.")
        return going.state

    def straight(self, t0: float, t1: float, y0: Any, args: Any, max_steps: int) -> tuple[np.ndarray, int] | None:
        """The state at t1 and the steps, nothing kept on the way; None where only the full way tells what happens."""
        going = self._from(t0, self.state(y0), self.values(args))
        if not isinstance(going, Native):
            return None
        taken, outcome = 0, _PAUSED
        while outcome is _PAUSED and taken < max_steps:
            outcome, steps = going.last(t1, min(_UNSEEN, max_steps - taken))
            taken += steps
            if outcome is _PAUSED and taken < max_steps:
                outcome, piece = going.go(t1, min(_SEEN, max_steps - taken))
                taken += len(piece)
                if creeps(piece, taken, going.rejected):
                    return None
        state = going.state
        self._leave(going)
        return (state, taken) if outcome is _DONE else None

    def stepper(self, t0: Any, y0: Any, args: Any = ()) -> Any:
        """Step by step: :class:`~taylorad.ode.stepper.Stepper`."""
        if self.precision is not None:
            from taylorad.ode.precise_solve import PreciseStepper

            return PreciseStepper(self, t0, y0, args)
        from taylorad.ode.stepper import Stepper

        return Stepper(self, t0, y0, args)

    def ensemble(self, span: Span, y0: Any, args: Any = (), **options: Any) -> Any:
        """Many initial values at once: :func:`taylorad.ode.ensemble.ensemble`."""
        if self.precision is not None:
            raise DomainError("ensembles are computed in doubles; call solve for each member of a precise problem")
        from taylorad.ode.ensemble import ensemble

        return ensemble(self, span, y0, self.arguments.given(args), **options)

    def __repr__(self) -> str:
        taken = ", ".join(("t", "y", *self.arguments.names))
        kind = self.dtype if self.precision is None else f"{self.precision.count} digits"
        return f"<problem of {self.dim} equations in ({taken}), {kind}>"


def _remade(_: Any, roots: list[Node], vectors: bool, given: tuple[Any, ...]) -> Problem:
    arguments, names = given[0], given[5]
    rhs = ArraySystem.of(roots[0], len(names), arguments.shapes) if vectors else roots
    return Problem(None, rhs, *given)
