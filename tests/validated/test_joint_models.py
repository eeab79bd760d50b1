"""Functions of several Taylor models: remainders near the true ones, and what may not be expanded. Exact division and
shrink wrapping, where the result is known."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import DomainError, SingularExpansionError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.validated import remainder
from taylorad.validated.model import TaylorModel

LOWER, HIGHER = (0.5, 1.0), (1.0, 1.5)
JOINT: dict[str, Callable[[Any, Any], Any]] = {
    "atan2": ta.atan2,
    "hypot": ta.hypot,
    "logaddexp": ta.logaddexp,
    "beta": ta.beta,
}


def left(model: TaylorModel, f: Callable[..., Any], points: int = 21) -> list[float]:
    """f minus the model's polynomial on a grid."""
    grid = [np.linspace(x.lo, x.hi, points).tolist() for x in model.domain]
    out: list[float] = []
    for at in itertools.product(*grid):
        steps = [x - c for x, c in zip(at, model.center, strict=True)]
        value = sum(c * math.prod(s**k for s, k in zip(steps, e, strict=True)) for e, c in model.polynomial.items())
        out.append(f(*at) - value)
    return out


@pytest.mark.parametrize("name", JOINT)
@pytest.mark.parametrize("order", [2, 5])
def test_remainders_are_near_the_true_ones(name: str, order: int) -> None:
    """Lagrange's form by recurrences over the whole box gives atan2 90 times the true one at order 2, 450 000 at 8."""
    f = JOINT[name]
    model = f(*TaylorModel.variables([LOWER, HIGHER], order))
    true = left(model, f)
    assert model.remainder.lo <= min(true) + 1e-14
    assert model.remainder.hi >= max(true) - 1e-14
    assert model.remainder.width < 5 * (max(true) - min(true))


def test_a_small_box_needs_no_parts() -> None:
    x, y = TaylorModel.variables([(0.5, 0.5 + 1e-4), (1.0, 1.0 + 1e-4)], 3)
    assert ta.atan2(x, y).remainder.width < 1e-15


def test_models_of_models() -> None:
    x, y = TaylorModel.variables([(0.0, 0.3), (0.0, 0.3)], 4)
    def f(a: Any, b: Any) -> Any:
        return ta.atan2(np.sin(a) + b, np.exp(b) + a * b)

    model = f(x, y)
    for at in itertools.product((0.0, 0.1, 0.3), repeat=2):
        assert model(*at).meets(Interval.enclosing(f(*(Interval(c, c) for c in at))))
    true = left(model, f, 11)
    assert model.remainder.width < 20 * (max(true) - min(true))


def test_any_function_of_several_models() -> None:
    x, y = TaylorModel.variables([LOWER, HIGHER], 4)
    found = x.through(lambda a, b: np.exp(a * b) / (a + b), y)
    assert math.exp(0.6 * 1.2) / 1.8 in found(0.6, 1.2)
    with pytest.raises(UncertifiedError):
        x.through(lambda a, b: np.log(b - a), y)  # they may be equal
    with pytest.raises(DomainError):
        x.through(lambda a, b: np.log(a - b), y)


def test_constants_and_intervals_inside() -> None:
    x, y = TaylorModel.variables([LOWER, HIGHER], 3)
    assert x.through(lambda a, b: 5.0, y).bound() == Interval(5.0, 5.0)
    slope = ta.interval(0, "0.1")
    found = x.through(lambda a, b: np.exp(a / b) + slope * a, y)
    assert all(math.exp(0.5) + 0.6 * s in found(0.6, 1.2) for s in (0.0, 0.05, 0.1))
    least = ta.logsumexp(x, y, slope)
    for s in (0.0, 0.1):
        assert math.log(math.exp(0.6) + math.exp(1.2) + math.exp(s)) in least(0.6, 1.2)


def test_a_jump_or_a_kink_is_not_expanded() -> None:
    x, y = TaylorModel.variables([(-1.5, -1.0), (-0.5, 0.5)], 3)
    with pytest.raises((UncertifiedError, SingularExpansionError)):
        _ = ta.atan2(y, x).remainder.width < 6
    larger = ta.maximum(x + 1.25, y)
    for at in itertools.product((-1.5, -1.2, -1.0), (-0.5, 0.0, 0.5)):
        assert max(at[0] + 1.25, at[1]) in larger(*at)


def test_a_formula_with_a_choice_gives_a_model() -> None:
    x, y = TaylorModel.variables([LOWER, HIGHER], 3)
    assert 0.75 * math.log(1.25) in ta.xlogy(x, y)(0.75, 1.25)


def test_an_interval_in_two_models_is_two_unknown_numbers() -> None:
    noise = ta.interval(-1, 1)
    x, y = TaylorModel.variables([(-0.5, 0.5)] * 2, 2)
    assert -1 in ((x + noise) * (y + noise))(0, 0)
    one = x + noise
    assert (one * one)(0, 0) == Interval(0.0, 1.0)


def test_a_remainder_at_the_middle_of_each_part_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = remainder._on_piece  # pyright: ignore[reportPrivateUsage]

    def thin(f: Any, at: Any, low: Any, piece: Any, *more: Any) -> Interval:
        return whole(f, at, low, tuple(Interval(x.mid, x.mid) for x in piece), *more)

    monkeypatch.setattr(remainder, "_on_piece", thin)
    model = ta.atan2(*TaylorModel.variables([LOWER, HIGHER], 2))
    true = left(model, ta.atan2)
    assert model.remainder.lo > min(true) + 1e-9
    assert model.remainder.hi < max(true) - 1e-9


# ---------------------------------------------------------------------- division by x
def test_relative_models_divide_out_common_powers() -> None:
    x = TaylorModel.variable((-0.5, 0.5), 5, relative=True)
    assert repr((x + x * x) / x) == repr(1 + x.truncate(4))
    sinc = np.sin(x) / x
    assert sinc.order == 4
    for at in (-0.5, -0.1, 0.0, 0.2, 0.5):
        assert sinc(at).lo - 1e-15 <= (math.sin(at) / at if at else 1) <= sinc(at).hi + 1e-15
    assert sinc.remainder.width < 1e-5
    half = (1 - np.cos(x)) / x**2
    assert half(0) == Interval(0.5, 0.5)
    with pytest.raises(UncertifiedError, match="relative=True"):
        _ = np.sin(TaylorModel.variable((-0.5, 0.5), 5)) / TaylorModel.variable((-0.5, 0.5), 5)
    with pytest.raises(SingularExpansionError):
        _ = (1 + x) / x


# ---------------------------------------------------------------------- shrink wrapping
@pytest.mark.parametrize("delta", [1 / 16, 1 / 2, 1.0])
def test_wrapping_one_variable_is_exact(delta: float) -> None:
    """x ± δ on [−1, 1] is (1 + δ)·x (after Bünger, "Shrink wrapping for Taylor models revisited", Numer. Algorithms 78,
    2018; test/shrink-wrapping.jl of TaylorModels.jl, MIT licence)."""
    blurred = TaylorModel.variable((-1, 1), 2) + ta.interval(-delta, delta)
    (wrapped,) = v.shrink_wrap([blurred])
    assert wrapped.remainder == Interval(0.0, 0.0)
    assert wrapped.bound() == blurred.bound() == Interval(-1 - delta, 1 + delta)
    assert (wrapped * wrapped).bound("naive") in (blurred * blurred).bound("naive")
