"""Taylor models: containment at random points, every operation, all bounders, and mutants that must be caught."""

from __future__ import annotations

import itertools
import math
import pickle
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import DomainError, MixedRingError, OrderError, SingularExpansionError, UncertifiedError
from taylorad.rings.balls import ball, precision
from taylorad.rings.intervals import Interval
from taylorad.validated.bounders import METHODS
from taylorad.validated.model import TaylorModel

ONE: dict[str, Callable[[Any], Any]] = {
    "product": lambda x: (x + 1) * (x - 3) * x,
    "quotient": lambda x: (x * x + 1) / (x + 4),
    "exp": lambda x: np.exp(np.sin(x) * x),
    "log": lambda x: np.log(x + 2),
    "root": lambda x: np.sqrt(x * x + 1),
    "power": lambda x: (x + 2) ** Fraction(5, 3),
    "inverse": lambda x: ta.atan(x) + ta.asin(x / 2) + ta.asinh(x),
    "special": lambda x: ta.jv(1, x) * ta.erf(x) + ta.gamma(x + 2),
    "constants": lambda x: v.exact("0.1") * (x + 1) - x / 7,
    "integer power": lambda x: x**5 - (x + 3) ** -2,
    "angle": lambda x: ta.hypot(x, 2) * ta.atan2(x, 3),
}
TWO: dict[str, Callable[[Any, Any], Any]] = {
    "polynomial": lambda x, y: x**2 * y - y**3 + x,
    "quotient": lambda x, y: np.exp(x * y) / (3 + x * y),
    "power": lambda x, y: (x + 2) ** y,
    "angle": lambda x, y: ta.atan2(y, x + 3),
    "distance": lambda x, y: ta.hypot(x + 3, y),
}


def missed(model: Any, f: Callable[..., Any], rng: random.Random, points: int = 12) -> int:
    """At how many random points of the domain the model does not contain the function."""
    failed = 0
    for _ in range(points):
        at = [min(max(rng.uniform(x.lo, x.hi), x.lo), x.hi) for x in model.domain]
        found = model(*at)
        with precision(300):
            exact = f(*[ta.variable(ball(p), 0) if len(at) == 1 else ball(p) for p in at])
            exact = exact[0] if isinstance(exact, ta.Taylor) else exact
            failed += bool(ball(found.lo) > exact) or bool(ball(found.hi) < exact)
    return failed


def box(rng: random.Random) -> tuple[float, float]:
    a = rng.uniform(-0.9, 0.5)
    return a, a + 10 ** rng.uniform(-6, -0.4)


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("relative", [False, True])
def test_models_of_one_variable_contain_the_function(name: str, relative: bool) -> None:
    rng = random.Random(name)
    for order in (1, 3, 8):
        where = box(rng)
        model = ONE[name](TaylorModel.variable(where, order, relative=relative))
        assert missed(model, ONE[name], rng) == 0
        for method in (*METHODS, "best"):
            bound = model.bound(method)
            assert all(model(x).meets(bound) for x in (where[0], where[1], model.center[0]))


@pytest.mark.parametrize("name", TWO)
def test_models_of_two_variables_contain_the_function(name: str) -> None:
    rng = random.Random(name)
    for order in (1, 2, 5):
        x, y = TaylorModel.variables([box(rng), box(rng)], order)
        model = TWO[name](x, y)
        assert missed(model, TWO[name], rng) == 0
        best = model.bound()
        for method in METHODS:
            assert best in model.bound(method)


def test_the_remainder_shrinks_with_the_order() -> None:
    widths = [np.exp(TaylorModel.variable((0, 0.5), k)).remainder.width for k in range(1, 9)]
    assert all(b < a / 4 for a, b in itertools.pairwise(widths))
    lagrange = math.exp(0.5) * 0.25**9 / math.factorial(9)
    assert np.exp(TaylorModel.variable((0, 0.5), 8)).remainder.width < 2.1 * lagrange


def test_calculus() -> None:
    t = TaylorModel.variable((0, 1), 6)
    sine = np.sin(t)
    area = sine.integrate()
    for x in (0.0, 0.3, 1.0):
        exact = -math.cos(x) + math.cos(0.5)
        assert area(x).lo - 1e-15 <= exact <= area(x).hi + 1e-15
    assert ((t * t).differentiate() - 2 * t).bound("naive") == 0
    with pytest.raises(UncertifiedError, match="remainder"):
        sine.differentiate()


def test_composition_and_truncation() -> None:
    outer = np.exp(TaylorModel.variable((-1, 1), 8))
    inner = np.sin(TaylorModel.variable((0, 0.5), 8))
    composed = outer(inner)
    assert math.exp(math.sin(0.4)) in composed(0.4) | math.exp(math.sin(0.4))
    assert missed(composed, lambda x: np.exp(np.sin(x)), random.Random(1)) == 0
    assert missed(composed.truncate(3), lambda x: np.exp(np.sin(x)), random.Random(2)) == 0
    with pytest.raises(OrderError):
        composed.truncate(9)
    with pytest.raises(UncertifiedError, match="leave the domain"):
        outer(inner * 4)


def test_a_kink_is_bounded_or_refused() -> None:
    t = TaylorModel.variable((-1, 1), 3)
    assert abs(t).bound() == Interval(0.0, 1.0)
    with pytest.raises((UncertifiedError, SingularExpansionError)):
        abs(TaylorModel.variable((-1, 1), 3, relative=True))
    with pytest.raises(UncertifiedError):
        np.log(t)


def test_what_does_not_mix() -> None:
    t, s = TaylorModel.variable((0, 1), 3), TaylorModel.variable((0, 1), 4)
    with pytest.raises(MixedRingError):
        _ = t + s
    with pytest.raises(DomainError, match="not inside"):
        t(2)
    with pytest.raises(DomainError):
        TaylorModel.variable((0, 1), 3, center=5)
    with pytest.raises(OrderError):
        TaylorModel.variable((0, 1), 0)


def test_models_pickle_and_print() -> None:
    t = np.exp(TaylorModel.variable((0, 1), 3))
    again = pickle.loads(pickle.dumps(t))
    assert again(0.3) == t(0.3)
    assert repr(again) == repr(t)


def test_bounders_on_functions_that_intervals_bound_badly() -> None:
    """Makino's function on a small domain: the linear dominated bounder leaves what truncation leaves."""
    t = TaylorModel.variable((1.9, 2.1), 8)
    f = 1 + t**5 - t**4
    low, high = 1 + 1.9**5 - 1.9**4, 1 + 2.1**5 - 2.1**4
    assert f.bound().lo == pytest.approx(low, rel=1e-12)
    assert f.bound().hi == pytest.approx(high, rel=1e-12)
    assert f.bound("naive").width > (high - low) * 1.05
    assert f.bound("linear").width < f.bound("naive").width


def test_shrink_wrapping_contains_what_it_wraps() -> None:
    rng = random.Random(3)
    x, y = TaylorModel.variables([(-0.1, 0.1)] * 2, 4)
    noise = ta.interval(-1e-3, 1e-3)
    before = [(x + 0.3 * y + 0.2 * np.sin(x * y) + noise).rounded(), (y - 0.1 * x + 0.1 * x * x + noise).rounded()]
    after = v.shrink_wrap(before)
    assert all(m.tail == 0 for m in after)

    def value(m: TaylorModel, u: Any) -> float:
        return sum(c * u[0] ** e[0] * u[1] ** e[1] for e, c in m.polynomial.items())

    for _ in range(50):  # every point of the old set is a value of the new polynomials on the same box
        u = np.array([rng.choice((-0.1, 0.1, rng.uniform(-0.1, 0.1))) for _ in "xy"])
        target = np.array([value(m, u) + rng.choice((-1e-3, 1e-3)) for m in before])
        for _ in range(30):
            step = 1e-7
            here = np.array([value(m, u) for m in after])
            slope = np.array([[(value(m, u + d) - value(m, u)) / step for d in np.eye(2) * step] for m in after])
            u = u - np.linalg.solve(slope, here - target)
        assert np.abs(u).max() <= 0.1 + 1e-9
    with pytest.raises(UncertifiedError, match="singular"):
        v.shrink_wrap((x, 2 * x))


# ---------------------------------------------------------------------- mutants
def test_a_dropped_remainder_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TaylorModel, "tail", property(lambda self: Interval(0.0, 0.0)))
    monkeypatch.setattr(TaylorModel, "_cut", lambda self, terms: Interval(0.0, 0.0))
    whole = TaylorModel.__init__

    def without(self: Any, coefficients: Any, remainder: Any, *rest: Any, **more: Any) -> None:
        whole(self, coefficients, Interval(0.0, 0.0), *rest, **more)

    monkeypatch.setattr(TaylorModel, "__init__", without)
    f = ONE["exp"]
    assert missed(f(TaylorModel.variable((-0.5, 0.5), 3)), f, random.Random(1)) > 0


def test_terms_cut_off_without_a_trace_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TaylorModel, "_cut", lambda self, terms: Interval(0.0, 0.0))
    f = ONE["product"]
    assert missed(f(TaylorModel.variable((-0.5, 0.5), 1)), f, random.Random(1)) > 0


def test_a_remainder_at_the_middle_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = TaylorModel.bound
    monkeypatch.setattr(
        TaylorModel, "bound", lambda self, method="best": Interval(*(2 * (whole(self, method).mid,)))
    )
    def f(x: Any) -> Any:
        return np.exp(4 * x)

    assert missed(f(TaylorModel.variable((-0.9, 0.5), 1)), f, random.Random(1)) > 0
