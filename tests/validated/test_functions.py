"""Every function of the book, and random graphs of them, over random boxes: against Arb at 300 bits.

``TAYLORAD_FUZZ`` multiplies the number of cases (the nightly form has 50 times as many).
"""

from __future__ import annotations

import itertools
import math
import os
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.book.entry import BOOK
from taylorad.errors import TayloradError, UncertifiedError
from taylorad.rings.balls import BallRing, ball, precision
from taylorad.rings.intervals import Interval
from taylorad.run.interpret import run
from taylorad.series.schedule import schedule
from taylorad.trace.graph import trace

TIMES = int(os.environ.get("TAYLORAD_FUZZ", "1"))
PUBLIC = sorted(name for name in BOOK if not name.startswith("_"))
STEPS = frozenset(
    ("floor", "ceil", "round", "rint", "trunc", "fix", "mod", "remainder", "fmod", "floor_divide", "heaviside")
)
# of boxes inside the domain, what share may be refused: v/w is bounded as if v were not u − w·q
REFUSED: dict[str, float] = dict.fromkeys(("mod", "remainder", "floor_divide", "fmod"), 0.01)
SLOW = frozenset(("hyp2f1", "betaln"))


def box(rng: random.Random) -> Interval:
    a = rng.choice((lambda: rng.uniform(-3, 3), lambda: rng.uniform(0.05, 0.95), lambda: rng.uniform(1.05, 6)))()
    return Interval(a, a + 10 ** rng.uniform(-16, 0) * rng.choice((0, 1, 1)))


def point(x: Interval, rng: random.Random) -> float:
    return rng.choice((x.lo, x.hi, min(max(rng.uniform(x.lo, x.hi), x.lo), x.hi)))


def outside(found: Interval, exact: Any) -> bool:
    """Whether a ball is certainly not in an interval."""
    return bool(ball(found.lo) > exact) if found.lo > -math.inf else False or (
        bool(ball(found.hi) < exact) if found.hi < math.inf else False
    )


def arguments(name: str, rng: random.Random) -> tuple[list[Any], list[Interval]]:
    entry = BOOK[name].entry
    whole = name.startswith("eval") or name in ("polygamma", "expn")
    params = [rng.choice((1, 2, 3) if whole else (0.5, 1, 2, 1.5)) for _ in entry.parameters]
    return params, [box(rng) for _ in range(entry.arity)]


def called(name: str, params: list[Any], args: list[Any]) -> list[Any]:
    found = getattr(ta, name)(*params, *args) if BOOK[name].entry.params_first else getattr(ta, name)(*args, *params)
    return list(found) if isinstance(found, tuple) else [found]


def whole(name: str, params: list[Any], boxes: list[Interval]) -> bool:
    """Whether a function has values on the whole of a box, as far as balls at points tell.

    They must be finite at 17 points of each line between corners, where halving towards the steepest part must not end
    in a jump or a pole, nor thirding towards the largest value in one; steps must be the same at all corners.
    """
    corners = list(itertools.product(*((x.lo, x.hi) if x.lo < x.hi else (x.lo,) for x in boxes)))
    if name in STEPS:
        steps = "floor_divide" if len(boxes) > 1 else name
        return len({called(steps, [], list(map(Fraction, at)))[0] for at in corners}) == 1

    def on_line(a: Sequence[float], b: Sequence[float]) -> Callable[[Any], Any]:
        def value(s: Any) -> Any:
            (found,) = called(name, params, [x + s * (ball(y) - x) for x, y in zip(a, b, strict=True)])
            if not found.is_finite():
                raise UncertifiedError(f"{name} between {a} and {b}")
            return found

        return value

    try:
        with precision(300):
            return all(smooth(on_line(a, b)) for a, b in itertools.combinations_with_replacement(corners, 2))
    except TayloradError:
        return False


def smooth(f: Callable[[Any], Any]) -> bool:
    """Whether a function on [0, 1] has neither jump nor pole that its values show."""
    places = [ball(k) / 16 for k in range(17)]
    values = [f(s) for s in places]
    sizes = [float(abs(v).mid()) for v in values]
    k = max(range(16), key=lambda k: float(abs(values[k + 1] - values[k]).mid()))
    ends = list(zip(places, values, strict=True))[k : k + 2]
    for _ in range(60):
        (s, low), (t, high) = ends
        m = (s + t) / 2
        middle = f(m)
        left = abs(middle - low).mid() > abs(high - middle).mid()
        ends = [(s, low), (m, middle)] if left else [(m, middle), (t, high)]
    if float(abs(ends[1][1] - ends[0][1]).mid()) > 1e-6 * (1 + max(sizes)):
        return False
    k = max(range(17), key=sizes.__getitem__)
    s, t, tops = places[max(k - 1, 0)], places[min(k + 1, 16)], [0.0]
    for _ in range(120):
        p, q = (2 * s + t) / 3, (s + 2 * t) / 3
        low, high = (float(abs(f(x)).mid()) for x in (p, q))
        s, t = (s, q) if low > high else (p, t)
        tops.append(max(low, high))
    return tops[-1] - tops[60] <= 1e-3 * (1 + tops[60])


def test_holes_in_a_domain_are_seen() -> None:
    holes = {"tan": (1, 2), "gammaln": (-2.5, -1.5), "zeta": (0.5, 1.5), "expi": (-1, 1), "acot": (-1, 1)}
    for name, at in (*holes.items(), ("li", (0.5, 2)), ("floor", (0.5, 1))):
        assert not whole(name, [], [Interval(*map(float, at))])
    assert all(whole(name, [], [Interval(1.0, 1.5)]) for name in ("tan", "gamma", "floor", "sin", "acosh"))
    assert not whole("atan2", [], [Interval(-1.0, 1.0), Interval(-2.0, -1.0)])


@pytest.mark.parametrize("name", PUBLIC)
def test_values_over_boxes_contain_values_at_points(name: str) -> None:
    rng = random.Random(name)
    refused = 0
    count = (4 if name in SLOW and TIMES == 1 else 20) * TIMES
    for _ in range(count):
        params, boxes = arguments(name, rng)
        points = [[point(x, rng) for x in boxes] for _ in range(3)]
        try:
            found = called(name, params, boxes)
        except TayloradError:
            refused += whole(name, params, boxes)
            continue
        for at in points:
            with precision(300):
                try:
                    exact = called(name, params, [ball(p) for p in at])
                except TayloradError:  # the value at a jump, which a box has and a ball has not
                    continue
            assert not any(outside(x, y) for x, y in zip(found, exact, strict=True)), (name, boxes, at)
    assert refused <= count * REFUSED.get(name, 0)


def extreme_box(rng: random.Random) -> Interval:
    """Subnormal, huge, half-infinite, the whole line, around zero."""
    kind = rng.randrange(6)
    if kind < 2:
        a = math.ldexp(rng.uniform(-1, 1), rng.randint(*((-1074, -1000), (500, 1023))[kind]))
        return Interval(a, min(a + abs(a) * rng.choice((0, 1e-10, 0.5)), 1.7976931348623157e308))
    a = rng.uniform(-5, 5)
    ends = ((a, math.inf), (-math.inf, a), (-math.inf, math.inf), (-1e-300, abs(a)))
    return Interval(*ends[kind - 2])


ELEMENTARY = (
    *("exp", "log", "exp2", "expm1", "log1p", "sqrt", "cbrt", "rsqrt", "hypot", "sigmoid", "softplus", "logaddexp"),
    *("erf", "erfc", "ndtr", "sin", "cos", "tan", "sec", "sinpi", "asin", "acos", "atan", "atan2", "acot"),
    *("sinh", "cosh", "tanh", "coth", "sech", "asinh", "acosh", "atanh", "asech", "floor", "round", "mod"),
)


@pytest.mark.parametrize("name", ELEMENTARY)
def test_extreme_boxes_are_contained_or_refused(name: str) -> None:
    rng = random.Random(name)
    for _ in range((12 if TIMES == 1 else 20) * TIMES):
        boxes = [extreme_box(rng) for _ in range(BOOK[name].entry.arity)]
        try:
            found = called(name, [], boxes)
        except TayloradError:
            continue
        for _ in range(3):
            at = [min(max(rng.choice((x.lo, x.hi, 0.0, rng.uniform(-9, 9))), x.lo, -1e300), x.hi, 1e300) for x in boxes]
            with precision(300):
                try:
                    exact = called(name, [], [ball(min(max(p, x.lo), x.hi)) for p, x in zip(at, boxes, strict=True)])
                except TayloradError:
                    continue
            assert not any(outside(x, y) for x, y in zip(found, exact, strict=True)), (boxes, at, found)


# ---------------------------------------------------------------------- random graphs
UNARY = ("exp", "sin", "cos", "atan", "tanh", "sinh", "erf", "asinh", "square")
COMPILED = (*UNARY, "expm1", "erfc", "softplus", "gaussian", "sech", "sinpi", "cosm1")
GUARDED: dict[str, Callable[[Any], Any]] = {
    "log": lambda u: np.log(u * u + 0.5),
    "sqrt": lambda u: np.sqrt(u * u + 0.25),
    "reciprocal": lambda u: 1 / (u * u + 2),
    "power": lambda u: (u * u + 1) ** 0.75,
}


def graph(rng: random.Random, size: int, unary: tuple[str, ...] = UNARY) -> Callable[[Any], Any]:
    """A function of one variable of ``size`` operations."""
    steps: list[tuple[str, int, int]] = []
    for i in range(size):
        kind = rng.choice(("+", "-", "*", "unary", "unary", "guarded"))
        name = rng.choice(unary) if kind == "unary" else rng.choice(tuple(GUARDED)) if kind == "guarded" else kind
        steps.append((name, rng.randrange(i + 1), rng.randrange(i + 1)))

    def f(x: Any) -> Any:
        values = [x]
        for name, i, j in steps:
            a, b = values[i], values[j]
            if name in GUARDED:
                values.append(GUARDED[name](a))
            elif name in "+-*":
                values.append(a + b if name == "+" else a - b if name == "-" else a * b)
            else:
                values.append(getattr(ta, name)(a))
        return values[-1] * 1

    return f


def cases(seed: int, count: int) -> tuple[int, int, list[float]]:
    """Failures, refusals, and widths over those of dense samples, of coefficients of random graphs on random boxes."""
    rng = random.Random(seed)
    failed = refused = 0
    ratios: list[float] = []
    for _ in range(count):
        f, x, order = graph(rng, rng.randint(1, 8)), box(rng), rng.randint(0, 4)
        try:
            found = v.taylor(f, x, order).coefficients
        except TayloradError:  # undecided, or too large even for balls
            refused += 1
            continue
        samples = [x.lo, x.hi, *(point(x, rng) for _ in range(2))]
        with precision(300):
            exact = [list(ta.taylor(f, ball(at), order)) for at in samples]
        failed += any(outside(c, e[k]) for e in exact for k, c in enumerate(found))
        spread = max(float(e[0].mid()) for e in exact) - min(float(e[0].mid()) for e in exact)
        if spread > 1e-12 * found[0].mag:
            ratios.append(found[0].width / spread)
    return failed, refused, ratios


def test_random_graphs_are_contained() -> None:
    count = 800 * TIMES
    failed, refused, ratios = cases(5, count)
    assert failed == 0
    assert refused <= 0.01 * count + 1
    assert sorted(ratios)[len(ratios) // 2] < 1.6  # samples miss the ends of the range; a regression would be larger


def wide_box(rng: random.Random) -> tuple[float, float]:
    """Thin, narrow, wide, around zero, subnormal, huge, half-infinite."""
    a = rng.choice((lambda: rng.uniform(-3, 3), lambda: math.ldexp(rng.uniform(-1, 1), rng.randint(-1074, -3))))()
    if rng.random() < 0.02:
        return rng.choice(((a, math.inf), (-math.inf, a), (a, 1e300)))
    width = rng.choice((0.0, 10 ** rng.uniform(-16, 0), 4 * rng.random()))
    return (a, a + width) if rng.random() < 0.5 else (a - width, a)


def test_random_graphs_in_machine_code_are_contained() -> None:
    """Twenty thousand boxes; what is not proved is refused for that box alone."""
    rng = random.Random(8)
    boxes, refused, unknown, order = 250, 0, 0, 2
    for _ in range(80 * TIMES):
        f = graph(rng, rng.randint(1, 8), COMPILED)
        ends = [wide_box(rng) for _ in range(boxes)]
        low, high, proved = v.compile(f, order)([a for a, _ in ends], [b for _, b in ends])
        plan = schedule(trace(f).of_degree(1).roots)
        for i, (a, b) in enumerate(ends):
            small = b - a <= 0.5 and max(abs(a), abs(b)) < 4
            refused += small and not proved[i]
            if proved[i]:
                at = rng.choice((a, b, min(max(rng.uniform(a, b), a), b)))
                try:
                    with precision(300):
                        exact = run(plan, BallRing(), [[ball(at), ball(1), *[ball(0)] * (order - 1)]], order)[0]
                except TayloradError:  # too large even for balls
                    unknown += 1
                    continue
                assert not any(outside(Interval(low[k, i], high[k, i]), exact[k]) for k in range(order + 1)), (i, a, b)
    assert refused <= 0.01 * 80 * TIMES * boxes
    assert unknown <= 0.05 * 80 * TIMES * boxes


def test_smaller_boxes_have_smaller_enclosures() -> None:
    rng = random.Random(6)
    for _ in range(40):
        f, x = graph(rng, 5), box(rng)
        y = Interval(*sorted((point(x, rng), point(x, rng))))
        wide, narrow = (ta.taylor(f, z, 3).coefficients for z in (x, y))
        for a, b in zip(wide, narrow, strict=True):
            slack = 1e-12 * max(a.mag, 1e-300) + 0.02 * a.width
            assert b in Interval(a.lo - slack, a.hi + slack)


MUTANTS: dict[str, Callable[[Any], Any]] = {
    "the middle instead of the box": lambda x: Interval(x.mid, x.mid),
    "the lower end instead of the box": lambda x: Interval(x.lo, x.lo),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_enclosures_of_less_than_the_box_are_caught(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from taylorad.validated import derivatives

    whole = derivatives._series
    monkeypatch.setattr(derivatives, "_series", lambda f, x, order: whole(f, MUTANTS[mutant](x), order))
    monkeypatch.setattr(derivatives, "coefficients", lambda f, x, order: derivatives._series(f, x, order))
    assert cases(5, 40)[0] > 0


def test_the_mean_value_form_without_its_remainder_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from taylorad.validated import derivatives

    whole = derivatives._series
    monkeypatch.setattr(
        derivatives,
        "_series",
        lambda f, x, order: [c * 0.5 if k == order and not x.thin else c for k, c in enumerate(whole(f, x, order))],
    )
    caught = False
    try:
        caught = cases(5, 60)[0] > 0
    except TayloradError:
        caught = True  # an empty intersection of enclosures is an alarm too
    assert caught


# ---------------------------------------------------------------------- jumps that slopes do not show
def test_an_angle_that_jumps_is_never_taken_for_smooth() -> None:
    """atan2(t, −1) jumps from −π to π at t = 0, while its slope goes on smoothly."""

    def angle(t: Any) -> Any:
        return np.arctan2(t, -1)

    for proof in (
        lambda: v.integrate(angle, "-0.5", "0.7"),
        lambda: v.taylor(angle, ("-0.5", "0.7"), 1),
        lambda: v.roots(angle, ("-0.5", "0.7")),
        lambda: angle(ta.interval("-0.5", 0)),
    ):
        with pytest.raises(UncertifiedError):
            proof()
    at_the_cut = v.solve_ivp(lambda t, y: [np.arctan2(t - 1, -1)], (0, 2), [0])
    assert at_the_cut.status < 0
    assert at_the_cut.t_reached <= 1
    above = angle(ta.interval(0, "0.7"))
    assert above.lo < math.pi - math.atan(0.7) < math.pi <= above.hi
