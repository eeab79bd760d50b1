"""Facts about intervals and Taylor models that the test suites of other systems state, and what holds here.

Inputs and results are those of TaylorSeries.jl (test/intervals.jl) and TaylorModels.jl (test/TM1.jl, TMN.jl,
shrink-wrapping.jl), both MIT licence. Where a rule of ours differs, the case says so.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import DomainError, MixedRingError, UncertifiedError
from taylorad.rings.intervals import Interval
from taylorad.validated.model import TaylorModel

F = Fraction


# ---------------------------------------------------------------------- intervals
def cubic(x: Any) -> Any:
    return v.exact("0.1") * x**3 - x**2 / 2 + 1


def gritton(x: Any) -> Any:
    return 1 - x**4 + x**5


def normalised(f: Callable[[Any], Any], where: Interval, centred: bool) -> Interval:
    """f with its argument shifted to [−r, r], or to [0, 1], as a polynomial evaluated there by Horner's rule."""
    a, b = (F(x) for x in (where.lo, where.hi))
    at, scale = ((a + b) / 2, (b - a) / 2) if centred else (a, b - a)
    t = ta.polynomial([at, scale])
    return f(t)(ta.interval(-1 if centred else 0, 1))


@pytest.mark.parametrize(
    ("f", "where", "extremes"),
    [(cubic, (0, 6), (F(-23, 27), cubic(F(6)))), (gritton, (0, 1), (gritton(F(4, 5)), F(1)))],
    ids=["x^3/10 - x^2/2 + 1", "1 - x^4 + x^5"],
)
def test_true_ranges_are_contained(f: Any, where: Any, extremes: Any) -> None:
    x = ta.interval(*where)
    found = [f(x), normalised(f, x, True), normalised(f, x, False), v.range(f, where)]
    assert all(e in box for e in extremes for box in found)
    assert normalised(f, x, True).width <= normalised(f, x, False).width
    exact = extremes[1] - extremes[0]
    assert exact <= v.range(f, where).width <= exact + F(1, 10**9)


def test_normalised_evaluation_is_narrower() -> None:
    whole, found = gritton(ta.interval(0, 1)), normalised(gritton, ta.interval(0, 1), True)
    assert whole.lo <= found.lo
    assert found.hi < whole.hi


@pytest.mark.parametrize("f", [np.sqrt, lambda x: x**0.25, np.log], ids=["sqrt", "power", "log"])
def test_branch_points_with_interval_coefficients(f: Any) -> None:
    """DomainError in TaylorSeries.jl. What has no enclosure at 0 may be uncertain here, and is refused all the same."""
    with pytest.raises((DomainError, UncertifiedError), match=r"branch point|no finite enclosure"):
        f(ta.variable(ta.interval(0, 0), 5))


def test_the_arcsine_of_an_interval_partly_outside() -> None:
    """TaylorSeries.jl takes asin([−2, 0] + t) for asin([−1, 0] + t); neither has a certain series."""
    for lower in (-2, -1):
        with pytest.raises(UncertifiedError, match="asin"):
            np.arcsin(ta.variable(ta.interval(lower, 0), 5))


# ---------------------------------------------------------------------- Taylor models of one variable
def blurred(model: TaylorModel, lower: int, upper: int) -> TaylorModel:
    """The model with an interval added to its remainder."""
    return TaylorModel(dict(model.terms()), model.tail + ta.interval(lower, upper), *rest(model))


def rest(model: TaylorModel) -> tuple[Any, ...]:
    return model.domain, model.center, model.order


def test_a_remainder_may_lie_beside_zero() -> None:
    """TaylorModels.jl refuses the remainder [1, 1]: it wants 0 in it. Here P + [1, 1] is the set it says it is."""
    t = TaylorModel.variable((-0.5, 0.5), 5)
    moved = blurred(t, 1, 1)
    assert moved(F(1, 4)) == Interval(1.25, 1.25)
    assert moved.bound() == Interval(0.5, 1.5)


def test_products_with_remainders() -> None:
    """(1 + x; [0, 1])·(1 + x + x³; [0, 1]) on [−1, 1] to order 1: 1 + 2x with [−1, 9], or [−3, 9] where the second is
    reduced before. Orders do not mix here, so that they are reduced before, or the product is reduced."""
    x = TaylorModel.variable((-1, 1), 3)
    one, other = blurred(1 + x, 0, 1), blurred(1 + x + x**3, 0, 1)
    before = one.truncate(1) * other.truncate(1)
    assert before.polynomial.coefficients.tolist() == [1, 2]
    assert before.remainder == Interval(-3.0, 9.0)
    after = (one * other).truncate(1)
    assert after.polynomial.coefficients.tolist() == [1, 2]
    assert after.remainder in before.remainder
    with pytest.raises(MixedRingError):
        _ = one.truncate(1) * other


def test_a_power_above_the_order_is_all_remainder() -> None:
    x = TaylorModel.variable((-0.5, 0.5), 3)
    assert not dict((5 * x**4).terms())
    assert (5 * x**4).remainder == Interval(0.0, 5 / 16)
    x = TaylorModel.variable((-0.5, 0.5), 2)
    assert (x**3).remainder == Interval(-0.125, 0.125)


def test_nothing_is_said_outside_the_domain() -> None:
    with pytest.raises(DomainError, match="outside"):
        TaylorModel.variable((-0.5, 0.5), 5)(F(3, 4))


@pytest.mark.parametrize("where", [(0.9375, 1), (0.75, 0.8125)])
def test_the_linear_dominated_bounder(where: tuple[float, float]) -> None:
    model = gritton(TaylorModel.variable(where, 3))
    linear = model.bound("linear")
    assert linear.width <= gritton(ta.interval(*where)).width
    assert linear in model.bound("naive")
    assert all(gritton(F(x)) in linear for x in (*where, 0.8) if where[0] <= x <= where[1])


# ---------------------------------------------------------------------- Taylor models of two variables
def beale(x: Any, y: Any) -> Any:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def mccormick(x: Any, y: Any) -> Any:
    return np.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1


@pytest.mark.parametrize(
    ("f", "at", "least"),
    [(beale, (3, 0.5), 0), (rosenbrock, (1, 1), 0), (mccormick, (-0.54719, -1.54719), -1.9132)],
    ids=["Beale", "Rosenbrock", "McCormick"],
)
def test_the_quadratic_bounder(f: Any, at: tuple[float, float], least: float) -> None:
    model = f(*TaylorModel.variables([(c - 0.1, c + 0.1) for c in at], 5))
    quadratic, best = model.bound("quadratic"), model.bound()
    assert best in quadratic
    assert quadratic in model.bound("naive")
    assert least in best


def outward(x: Any, y: Any) -> Any:
    s = np.sqrt(1 + x**2 + y**2)
    return x * s, y * s


def inward(x: Any, y: Any) -> Any:
    """The inverse of :func:`outward`."""
    s = np.sqrt(2 / (1 + np.sqrt(1 + 4 * (x**2 + y**2))))
    return x * s, y * s


def test_a_map_and_its_inverse_ruin_intervals() -> None:
    box: Any = (ta.interval(-0.05, 0.05),) * 2
    for _ in range(210):
        box = inward(*outward(*box))
    assert min(x.width for x in box) > 1e6


@pytest.mark.parametrize("rounds", [12, pytest.param(1000, marks=pytest.mark.nightly)])
def test_a_map_and_its_inverse_leave_taylor_models_alone(rounds: int) -> None:
    """Berz & Makino, "Suppression of the wrapping effect by Taylor model-based verified integrators: long-term
    stabilization by shrink wrapping", 2006, section 4: order 10, remainders below 1e-6 after 1000 rounds."""
    start = models = TaylorModel.variables([(-0.05, 0.05)] * 2, 10)
    for _ in range(rounds):
        models = inward(*outward(*models))
    for i, (found, wanted) in enumerate(zip(models, start, strict=True)):
        assert found.remainder.mag < 1e-6 * rounds / 1000
        unit = tuple(int(i == j) for j in range(2))
        assert all(abs(c - (e == unit)) < 1e-14 for e, c in found.polynomial.items())
        assert wanted.bound() in found.bound()


def test_shrink_wrapping_in_every_round() -> None:
    models = start = TaylorModel.variables([(-0.05, 0.05)] * 2, 10)
    for _ in range(3):
        models = v.shrink_wrap(inward(*outward(*models)))
    for found, wanted in zip(models, start, strict=True):
        assert found.remainder.mag < 1e-15
        assert wanted.bound() in found.bound()
        assert found.bound().width < wanted.bound().width + 1e-11
