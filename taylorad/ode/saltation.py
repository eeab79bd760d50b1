"""How the time of an event, and what comes after it, depend on what a solution began with.

At an event g(t, y, a) = 0 the time moves by dτ = −(g_y·Φ + g_a)/(g_t + g_y·f), where Φ are the derivatives of the state
before it at a fixed time. A reset R turns them into R_y·(Φ + f·dτ) + R_t·dτ + R_a − f⁺·dτ, with f⁺ = f after it: the
saltation matrix (Aizerman and Gantmakher, Quarterly Journal of Mechanics and Applied Mathematics 11, 1958).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np

from taylorad.derive.gradient import gradient
from taylorad.derive.jacobian import jacobian
from taylorad.errors import DomainError
from taylorad.ode.system import Shape

__all__ = ["Surface"]

_FLAT = 1e-12  # of |g_y|·|f|: below that a solution touches the surface and does not cross it


@final
class Surface:
    """g and, where there is one, the reset on g = 0; ``args`` are the numbers of the arguments.

    Derivatives are by n variables: ``first`` components of y0, and then those arguments whose numbers are ``varied``.
    """

    def __init__(
        self,
        g: Callable[..., Any],
        reset: Callable[..., Any] | None,
        dim: int,
        shapes: Sequence[Shape],
        args: np.ndarray,
        first: int,
        varied: Sequence[int],
    ) -> None:
        self._dim, self._args = dim, args
        self._chosen = np.zeros((len(args), first + len(varied)))
        self._chosen[list(varied), first + np.arange(len(varied))] = 1.0
        places = np.cumsum([0, *(math.prod(shape) for shape in shapes)])

        def over(function: Callable[..., Any]) -> Callable[[Any], Any]:
            def called(z: Any) -> Any:
                rest = z[1 + dim :]
                parts = zip(shapes, itertools.pairwise(places), strict=True)
                found = function(z[0], z[1 : 1 + dim], *(rest[a:b].reshape(s) if s else rest[a] for s, (a, b) in parts))
                return np.stack(found) if isinstance(found, (list, tuple)) else found

            return called

        self._slope = gradient(over(g))
        self._reset = None if reset is None else (over(reset), jacobian(over(reset)))

    def _point(self, t: float, y: np.ndarray) -> np.ndarray:
        return np.concatenate([[t], y, self._args])

    def time(self, t: float, y: np.ndarray, f: np.ndarray, phi: np.ndarray) -> np.ndarray:
        """dτ, (n,). DomainError where the solution touches g = 0 and does not cross it."""
        slope = self._slope(self._point(t, y))
        by_y = slope[1 : 1 + self._dim]
        rate = slope[0] + by_y @ f
        if abs(rate) <= _FLAT * (abs(slope[0]) + np.abs(by_y) @ np.abs(f)):
            raise DomainError(f"at t = {t} the solution only touches the event's surface: its time has no derivative")
        return -(by_y @ phi + slope[1 + self._dim :] @ self._chosen) / rate

    def leads_to(self, t: float, y: np.ndarray, state: np.ndarray) -> bool:
        """Whether the reset makes ``state`` of y."""
        if self._reset is None:
            return False
        found = np.asarray(self._reset[0](self._point(t, y)), float)
        return bool(np.allclose(found, state, rtol=1e-12, atol=1e-12 * np.max(np.abs(state))))

    def after(self, t: float, y: np.ndarray, f: np.ndarray, later: np.ndarray, phi: np.ndarray) -> np.ndarray:
        """The derivatives just after a reset, at a fixed time; ``f`` and ``later`` are y′ before and after it."""
        assert self._reset is not None
        dtau = self.time(t, y, f, phi)
        slope = np.asarray(self._reset[1](self._point(t, y)))
        moved = slope[:, 1 : 1 + self._dim] @ (phi + np.outer(f, dtau)) + np.outer(slope[:, 0], dtau)
        return moved + slope[:, 1 + self._dim :] @ self._chosen - np.outer(later, dtau)
