"""What is asked for each member of an ensemble."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, final

import numpy as np

from taylorad.errors import DomainError, MixedRingError
from taylorad.ode.given import count, number, numbers, positive, wanted

if TYPE_CHECKING:
    from taylorad.ode.problem import Problem

__all__ = ["Members", "digest", "problem_digests"]


@final
@dataclass(frozen=True, slots=True)
class Members:
    """``y0`` (n, dim), ``args`` (n, P) in rows, ``ends`` (n,); ``grid`` (m,) or None, where values are wanted."""

    t0: float
    ends: np.ndarray
    y0: np.ndarray
    args: np.ndarray
    grid: np.ndarray | None
    max_step: float
    max_steps: int

    @staticmethod
    def of(
        problem: Problem, span: tuple[Any, Any], y0: Any, args: Any, t_eval: Any, max_step: float, max_steps: int
    ) -> Members:
        """DomainError, MixedRingError for what cannot be asked; numbers of single members are not looked at."""
        if np.iscomplexobj(y0) and problem.dtype.kind != "c":
            raise MixedRingError("y0 is complex; compile the problem with dtype=complex")
        states = numbers(y0, "y0", problem.dtype)
        if states.ndim != 2 or states.shape[1] != problem.dim:
            raise DomainError(f"y0 has shape {states.shape}; an ensemble takes (n, {problem.dim})")
        n = len(states)
        if not hasattr(span, "__len__") or isinstance(span, str) or len(span) != 2:
            raise DomainError(f"the span {span!r} must be a beginning, and one end or {n}")
        t0, ends = number(span[0], "the beginning of the span"), numbers(span[1], "the end of the span")
        if ends.shape not in ((), (n,)):
            raise DomainError(f"span[1] has shape {ends.shape}; give one end, or {n}")
        ends = np.array(np.broadcast_to(ends, (n,)))
        grid = None
        if t_eval is not None:
            reached = ends[np.isfinite(ends)] - t0
            if np.any(reached > 0) and np.any(reached < 0):
                raise DomainError("t_eval goes one way, and these members go both ways; give ends on one side of t0")
            grid = wanted(t_eval, t0, t0 + (reached[np.argmax(np.abs(reached))] if len(reached) else 0.0))
        rows = _rows(problem, args, n)
        limits = positive(max_step, "max_step"), count(max_steps, "max_steps")
        return Members(t0, ends, np.ascontiguousarray(states), rows, grid, *limits)

    def __len__(self) -> int:
        return len(self.ends)

    def part(self, begin: int, end: int) -> Members:
        """Some of them."""
        at = slice(begin, end)
        return replace(self, ends=self.ends[at], y0=self.y0[at], args=self.args[at])

    @property
    def sound(self) -> np.ndarray:
        """(n,) whether all numbers of a member are finite."""
        finite = np.isfinite(self.ends) & np.all(np.isfinite(self.y0), axis=1)
        return finite & np.all(np.isfinite(self.args), axis=1)

    def digests(self, problem: Problem) -> dict[str, str]:
        """What tells one request from another, by name."""
        said: dict[str, Any] = {"span": (self.t0, self.ends), "y0": (self.y0,), "args": (self.args,)}
        said |= {"t_eval": () if self.grid is None else (self.grid,)}
        said |= {"max_step": (self.max_step,), "max_steps": (self.max_steps,)}
        return problem_digests(problem) | {name: digest(parts) for name, parts in said.items()}


def problem_digests(problem: Problem) -> dict[str, str]:
    """What tells one problem from another, by name."""
    word = hashlib.blake2b(digest_size=16)
    system = problem.system
    word.update(system.name.encode() if system is not None else b"".join(node.digest for node in problem.rhs))
    return {
        "problem": word.hexdigest(),
        "rtol": str(problem.rtol.tolist()),
        "atol": str(problem.atol.tolist()),
        "order": str(problem.order),
        "dtype": problem.dtype.name,
        "version of taylorad": version("taylorad"),
    }


def digest(parts: Sequence[Any]) -> str:
    word = hashlib.blake2b(digest_size=16)
    for part in parts:
        array = np.ascontiguousarray(part)
        word.update(f"{array.dtype.str}{np.shape(part)}".encode())
        word.update(array.tobytes())
    return word.hexdigest()


def _rows(problem: Problem, args: Any, n: int) -> np.ndarray:
    """The arguments of every member in a row, (n, P); each is one value for all, or n of them along the first axis."""
    given = tuple(args) if isinstance(args, (tuple, list)) else (args,)
    if len(given) != len(problem.shapes):
        raise DomainError(f"{len(given)} arguments were given; this problem takes {len(problem.shapes)}")
    out = np.zeros((n, sum(math.prod(shape) for shape in problem.shapes)), problem.dtype)
    place = 0
    for i, (value, shape) in enumerate(zip(given, problem.shapes, strict=True)):
        array, size = numbers(value, f"argument number {i}", problem.dtype), math.prod(shape)
        if array.shape not in (shape, (n, *shape)):
            raise DomainError(
                f"argument number {i} has shape {array.shape}; give {shape}, or {(n, *shape)} for each member"
            )
        out[:, place : place + size] = array.reshape(-1, size) if array.shape != shape else array.reshape(size)
        place += size
    return out
