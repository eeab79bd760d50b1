"""First and second derivatives by running a function on eager series, for what no graph can answer.

Functions whose way depends on values (``if x[0] > 0``) cannot be traced, and where a quotient is 0/0 a graph has no
value although the function has a derivative. Both are settled by Taylor series along lines p + t·v: the unit vectors,
and for second derivatives their sums. One more line in a direction of no special kind shows whether what was found
along the axes is a derivative at all: x·y/(x + y) has a slope of 0 along both axes at 0 and none along others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, final

import numpy as np

from taylorad.derive.derived import Call, Derived
from taylorad.derive.expansion import taylor
from taylorad.derive.tree import Branch, Tree, build, flatten, one_array, shapes_of
from taylorad.errors import ShapeError, SingularExpansionError, UnsupportedFunctionError
from taylorad.rings.choice import ring_of
from taylorad.taylor.nested import innermost
from taylorad.taylor.series import Taylor
from taylorad.trace.graph import Shape

__all__ = ["Lines", "evaluated"]

_AGREED = 1e-6


@final
class Lines:
    """A function along lines through one point; ``form`` is the tree of what it returned."""

    def __init__(self, f: Callable[..., Any], call: Call, arrays: Sequence[np.ndarray]) -> None:
        self.f = f
        self.call = call
        self.arrays = arrays
        self.numbers = [x for a in arrays for x in np.asarray(a, object).flat]
        self.zero = _zero(self.numbers)
        self.form: Tree = ()

    def first(self) -> tuple[list[Any], np.ndarray]:
        """The values of all results, and the Jacobian (results, variables). Cost: n + 1 runs of f."""
        n = len(self.numbers)
        rows = [self._along(unit, 1) for unit in _units(n)]
        columns = _table([[r[1] for r in row] for row in rows]).T
        self._check([r[1] for r in self._along(_odd(n), 1)], columns @ _odd(n))
        return [r[0] for r in rows[0]], columns

    def second(self, caller: str) -> tuple[Any, np.ndarray, np.ndarray]:
        """The value of the one result, its gradient and its Hessian. Cost: n(n + 1)/2 + 1 runs of f."""
        n = len(self.numbers)
        units = _units(n)
        found = [self._one(unit, caller) for unit in units]
        H = np.empty((n, n), object)
        for i, j in itertools.combinations_with_replacement(range(n), 2):
            both = found[i] if i == j else self._one([a + b for a, b in zip(units[i], units[j], strict=True)], caller)
            H[i, j] = H[j, i] = 2 * both[2] if i == j else both[2] - found[i][2] - found[j][2]
        slope, odd = _table([[r[1] for r in found]])[0], _odd(n)
        c = self._one(odd, caller)
        self._check([c[1], 2 * c[2]], np.array([slope @ odd, odd @ H @ odd], object))
        return found[0][0], slope, _table(H.tolist())

    def _one(self, v: Sequence[Any], caller: str) -> list[Any]:
        found = self._along(v, 2)
        if len(found) != 1:
            raise ShapeError(
                f"{caller} is of a function that returns one number; this one returns {len(found)}: "
                "use ta.jacobian, or return a sum"
            )
        return found[0]

    def _along(self, v: Sequence[Any], order: int) -> list[list[Any]]:
        """The coefficients 0 … order of every result along p + t·v."""

        def line(t: Any) -> list[Any]:
            made: list[np.ndarray] = []
            at = 0
            for a in self.arrays:
                made.append(np.empty(a.shape, object))
                for i, where in enumerate(np.ndindex(a.shape), at):
                    made[-1][where] = t * v[i] + self.numbers[i]
                at += a.size
            found = self.f(build(self.call.tree, [m if m.shape else m[()] for m in made]), *self.call.args)
            if found is None:
                raise ShapeError("the function returned None; return a number, or an array of them")
            self.form, parts = flatten(found, numbers=False)
            return [x for part in parts for x in part.flat]

        series = taylor(line, self.zero, order)
        return [[s.coefficients[k] for k in range(order + 1)] for s in series]

    def _check(self, odd: Sequence[Any], expected: np.ndarray) -> None:
        for a, b in zip(odd, expected, strict=True):
            if isinstance(a, (float, complex)) and not abs(a - b) <= _AGREED * (abs(a) + abs(b) + _AGREED):
                raise SingularExpansionError(
                    f"the function is not differentiable at this point: its slope is {a} along a line where the "
                    f"derivatives along the axes give {b}; move the point"
                )


def _zero(numbers: Sequence[Any]) -> Any:
    """The 0 of the ring in which the numbers, or the constant terms of series, meet."""
    plain = [innermost(x)[0] if isinstance(x, Taylor) else x for x in numbers]
    return ring_of(plain, ()).zero()


def _units(n: int) -> list[list[int]]:
    return [[int(i == j) for j in range(n)] for i in range(n)]


def _odd(n: int) -> list[Any]:
    """A direction in no special position: fractions between 1/2 and 3/2."""
    return [Fraction(64 + (i + 1) * 79 % 127, 127) for i in range(n)]


def _table(rows: Sequence[Sequence[Any]]) -> np.ndarray:
    """Numbers as an array: of floats where all are."""
    out = np.empty((len(rows), len(rows[0])), object)
    for i, row in enumerate(rows):
        for j, x in enumerate(row):
            out[i, j] = x
    if any(isinstance(x, Taylor) for x in out.flat):
        return out
    if all(isinstance(x, (float, int)) for x in out.flat):
        return out.astype(np.float64)
    return out.astype(np.complex128) if all(isinstance(x, (float, int, complex)) for x in out.flat) else out


# ---------------------------------------------------------------------- what the derivatives of a function are made of
def evaluated(derived: Derived, call: Call) -> Any:
    """One derivative at a point, or at every point of a batch."""
    if derived.__name__ not in _MADE:
        raise UnsupportedFunctionError(f"{derived.__name__} needs a function that can be traced at this point")
    if not call.batch:
        with np.errstate(all="ignore"):  # in a branch that is not taken anything may happen
            return _MADE[derived.__name__](Lines(derived.function, call, call.arrays), call)
    alone = Derived(derived.__name__, derived.evaluate, derived.function, derived.beside)
    found = [
        alone(
            build(call.tree, _at(call.arrays, call.batch, i)),
            *(build(tree, _at(arrays, call.batch, i)) for tree, arrays in call.beside),
            *call.args,
        )
        for i in range(math.prod(call.batch))
    ]
    return _stacked(found, call.batch)


def _at(arrays: Sequence[np.ndarray], batch: Shape, i: int) -> list[Any]:
    """Point i of a batch."""
    return [a.reshape(*a.shape[: a.ndim - len(batch)], -1)[..., i] for a in arrays]


def _stacked(found: Sequence[Any], batch: Shape) -> Any:
    first = found[0]
    if isinstance(first, dict):
        return {k: _stacked([x[k] for x in found], batch) for k in first}
    if isinstance(first, (list, tuple)):
        return type(first)(_stacked(column, batch) for column in zip(*found, strict=True))
    out = np.stack([np.asarray(x) for x in found], axis=-1)
    return out.reshape(*out.shape[:-1], *batch)


def _laid(tree: Tree, flat: np.ndarray) -> Any:
    """Numbers in the form of a tree."""
    arrays: list[Any] = []
    at = 0
    for shape in shapes_of(tree):
        n = math.prod(shape)
        arrays.append(flat[at : at + n].reshape(shape)[()])
        at += n
    return build(tree, arrays)


def _beside(call: Call) -> np.ndarray:
    return np.concatenate([a.ravel() for a in call.beside[0][1]])


def _gradient(lines: Lines, call: Call) -> Any:
    return _value_and_gradient(lines, call)[1]


def _value_and_gradient(lines: Lines, call: Call) -> Any:
    values, J = lines.first()
    if len(values) != 1:
        raise ShapeError(f"a gradient is of a function that returns one number, not {len(values)}: use ta.jacobian")
    return values[0], _laid(call.tree, J[0])


def _jacobian(lines: Lines, call: Call) -> Any:
    _, J = lines.first()
    if isinstance(call.tree, Branch):
        raise ShapeError("a jacobian is taken by one array: write f as a function of one")
    return J.reshape((*one_array(lines.form), *call.tree))[()]


def _jvp(lines: Lines, call: Call) -> Any:
    _, J = lines.first()
    return _laid(lines.form, J @ _beside(call))


def _vjp(lines: Lines, call: Call) -> Any:
    _, J = lines.first()
    return _laid(call.tree, _beside(call) @ J)


def _gh(lines: Lines, call: Call) -> Any:
    value, slope, H = lines.second("a Hessian")
    if isinstance(call.tree, Branch):
        raise ShapeError("a Hessian is taken by one array: write f as a function of one")
    return value, slope.reshape(call.tree)[()], H.reshape((*call.tree, *call.tree))[()]


def _hvp(lines: Lines, call: Call) -> Any:
    return _laid(call.tree, lines.second("a Hessian")[2] @ _beside(call))


_MADE: dict[str, Callable[[Lines, Call], Any]] = {
    "gradient": _gradient,
    "value_and_gradient": _value_and_gradient,
    "jacobian": _jacobian,
    "jvp": _jvp,
    "vjp": _vjp,
    "hessian": lambda lines, call: _gh(lines, call)[2],
    "gh": _gh,
    "hvp": _hvp,
}
