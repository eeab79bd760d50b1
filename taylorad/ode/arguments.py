"""The arguments of a right-hand side after t and y: their names and shapes, given in order or by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from taylorad.errors import DomainError
from taylorad.ode.given import finite, numbers
from taylorad.ode.system import Shape

__all__ = ["Arguments"]


@final
@dataclass(frozen=True, slots=True)
class Arguments:
    """``names`` and ``shapes``, in order; ``by_name`` where the right-hand side is called with keywords."""

    names: tuple[str, ...]
    shapes: tuple[Shape, ...]
    by_name: bool = False

    @staticmethod
    def of(
        f: Callable[..., Any], n_args: int | None, params: Sequence[str] | Mapping[str, Shape] | None, shapes: Any
    ) -> Arguments:
        """What was said, and what f's signature says about the rest: names, and without ``n_args`` their number."""
        if not callable(f):
            raise DomainError(f"the right-hand side {f!r} is not a function of t and y")
        if params is not None:
            names = tuple([params] if isinstance(params, str) else params)
            if isinstance(params, Mapping):
                shapes = [tuple(s) for s in params.values()]
            sizes = tuple(shapes) if shapes is not None else ((),) * len(names)
            if len(set(names)) != len(names) or len(sizes) != len(names):
                raise DomainError(f"params = {params!r} names {len(names)} arguments, with {len(sizes)} shapes")
            return Arguments(names, sizes, True)
        known, needed = _positional(f)
        count = len(shapes) if shapes is not None else needed if n_args is None else int(n_args)
        if count < 0:
            raise DomainError(f"n_args = {n_args} must be at least 0")
        names = known[:count] + tuple(f"arg{i}" for i in range(len(known), count))
        return Arguments(names, tuple(tuple(s) for s in shapes) if shapes is not None else ((),) * count)

    def bound(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """f, to be called with its arguments in order."""
        if not self.by_name:
            return f

        def called(t: Any, y: Any, *args: Any) -> Any:
            return f(t, y, **dict(zip(self.names, args, strict=True)))

        called.__name__ = getattr(f, "__name__", "f")
        return called

    def given(self, args: Any) -> tuple[Any, ...]:
        """Arguments in order, from a tuple, a mapping of names, or a single value; DomainError for a wrong name."""
        if isinstance(args, Mapping):
            unknown, missing = [n for n in args if n not in self.names], [n for n in self.names if n not in args]
            if unknown or missing:
                what = f"there is no argument {unknown[0]!r}" if unknown else f"argument {missing[0]!r} is missing"
                raise DomainError(f"{what}; this problem takes {', '.join(self.names) or 'none'}")
            return tuple(args[name] for name in self.names)
        return tuple(args) if isinstance(args, (tuple, list)) else (args,)

    def row(self, args: Any, dtype: Any) -> np.ndarray:
        """All numbers in one row; DomainError where their count, shapes or values are wrong."""
        given = self.given(args)
        if not given and not self.shapes:
            return np.zeros(0, dtype)
        if len(given) == len(self.shapes) and not any(self.shapes) and all(isinstance(a, float) for a in given):
            row = np.array(given, dtype)
            if finite(row):
                return row
        if len(given) != len(self.shapes) or any(np.shape(a) != s for a, s in zip(given, self.shapes, strict=False)):
            shown = [np.shape(a) for a in given]
            raise DomainError(f"the arguments have shapes {shown}; this problem was compiled for {list(self.shapes)}")
        flat = [np.ravel(numbers(a, f"argument {name}", dtype)) for name, a in zip(self.names, given, strict=True)]
        row = np.concatenate(flat)
        if not finite(row):
            raise DomainError(f"argument number {int(np.flatnonzero(~np.isfinite(row))[0])} is not finite")
        return row


def _positional(f: Callable[..., Any]) -> tuple[tuple[str, ...], int]:
    """The names after t and y that f takes by position, and how many of them have no default."""
    try:
        found = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # some callables of C have no signature
        return (), 0
    places = [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][2:]
    return tuple(p.name for p in places), sum(p.default is p.empty for p in places)
