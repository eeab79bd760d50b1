"""Compiled intervals: values of functions and coefficients beside balls of many bits, on boxes of all kinds."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest

import taylorad as ta
from taylorad import validated
from taylorad.book import BOOK
from taylorad.book.entry import ENTRIES
from taylorad.errors import CompilationError, DomainError, MixedRingError, UncertifiedError
from taylorad.rings.balls import BallRing, ball, compose, expand, precision
from taylorad.rings.interval_ring import to_ball
from taylorad.rings.intervals import Interval
from taylorad.rings.values import upward as values
from taylorad.run.boxes import Boxes, compile_interval
from taylorad.run.interpret import run
from taylorad.run.upward import Upward, above, below
from taylorad.run.writer import Target
from taylorad.series.node import Constant, Leaf
from taylorad.series.schedule import schedule
from taylorad.trace.graph import trace
from taylorad.validated.ends import Ends, EndsRing

X = Leaf.of(0, 1)
NAMES = sorted(n for n in BOOK if values.lookup(n) and BOOK[n].entry.arity == 1 and not BOOK[n].entry.parameters)
EDGES: dict[str, tuple[float, float | None]] = {
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "rsqrt", "entr"), (0.0, None)),
    **dict.fromkeys(("asin", "acos", "atanh"), (-1.0, 1.0)),
    **dict.fromkeys(("asech", "logit"), (0.0, 1.0)),
    **dict.fromkeys(("acosh", "acoth", "asec", "acsc"), (1.0, None)),
    "log1p": (-1.0, None),
}
EVERYWHERE = frozenset(  # finite at every point that is drawn
    (
        *("exp", "exp2", "exp10", "expm1", "sigmoid", "softplus", "gaussian", "erf", "erfc", "ndtr", "logsumexp"),
        *("sin", "cos", "sinpi", "cospi", "sindg", "cosdg", "cosm1", "sinh", "cosh", "tanh", "sech"),
        *("atan", "asin", "acos", "asinh", "acosh", "atanh", "log1p"),
    )
)


def arguments(name: str, count: int, rnd: random.Random) -> list[tuple[float, float]]:
    """Boxes inside the domain: points, thin ones, wide ones, around 0, subnormal, huge."""
    low, high = EDGES.get(name, (None, None))
    out: list[tuple[float, float]] = []
    while len(out) < count:
        kind = rnd.randrange(6)
        tiny = math.ldexp(rnd.uniform(-1, 1), rnd.randint(-1074, 3))
        x = (rnd.uniform(-3, 3), rnd.uniform(-40, 40), tiny, 0.0)[kind % 4]
        if kind == 4:
            special = (math.pi, math.pi / 2, 1.0, math.sqrt(0.5), 7 / 16, 0.5 * math.log(2))
            x = rnd.choice(special) * rnd.choice((1, -1, 2, 3))
        width = rnd.choice((0.0, 0.0, 1e-14, 1e-6, 0.3, 5.0)) * rnd.random()
        a, b = x - width, x + width
        if low is not None:
            a, b = abs(x) + low, abs(x) + low + width
            if high is not None:
                middle, half = (low + high) / 2, (high - low) / 2
                a, b = middle + half * max(-1.0, -abs(x) / 50), middle + half * min(1.0, abs(x + width) / 50)
            if not a > low or (high is not None and not (b < high and a <= b)):
                continue
        out.append((a, b))
    return out


def boxes(pairs: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    low, hi = np.ones((1, 2, len(pairs))), np.ones((1, 2, len(pairs)))
    low[0, 0], hi[0, 0] = zip(*pairs, strict=True)
    return low, hi


def enclosed(low: float, value: Any, hi: float) -> bool:
    """Whether a value of 300 bits or more is not outside (next to an end it may be known no better than that)."""
    return not (value < flint.arb(low) or value > flint.arb(hi))


@pytest.mark.parametrize("name", NAMES)
def test_values_and_coefficients_contain_those_of_every_point(name: str) -> None:
    contained(name, 200)


@pytest.mark.nightly
@pytest.mark.parametrize("name", NAMES)
def test_many_values_and_coefficients(name: str) -> None:
    contained(name, 5000)


def contained(name: str, count: int) -> None:
    order, rnd = 3, random.Random(f"{name} {count}")
    plan = schedule([BOOK[name](X)])
    kernel = compile_interval(plan, order)
    pairs = arguments(name, count, rnd)
    low, hi, fine = kernel(*boxes(pairs))
    refused = 0
    with precision(1300):
        for i, (a, b) in enumerate(pairs):
            if not fine[i]:
                refused += 1
                assert np.all(low[:, :, i] == -np.inf)
                continue
            for x in {a, b, rnd.uniform(a, b)}:
                truth = run(plan, BallRing(), [[flint.arb(x), flint.arb(1), *[flint.arb(0)] * order]], order)[0]
                assert np.isfinite(low[..., i]).all()
                assert np.isfinite(hi[..., i]).all()
                for k in range(order + 1):
                    assert enclosed(low[0, k, i], truth[k], hi[0, k, i]), (name, x, k)
    assert refused < (0.1 if name in EVERYWHERE else 0.6) * len(pairs)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"floor", "ceil", "round", "logsumexp"}))
def test_points_have_values_of_a_few_units(name: str) -> None:
    """Widths in units of the last place of the value, down to 10⁻⁷, next to zeros too."""
    rnd = random.Random(name)
    low, high = EDGES.get(name, (-7.0, None))
    points = [rnd.uniform(low, 7 if high is None else high) for _ in range(1000)]
    points += [low + (7 if high is None else high - low) * 10 ** rnd.uniform(-7, 0) for _ in range(1000)]
    points += [p for p in (10 ** rnd.uniform(-7, 0) for _ in range(1000)) if low < p and low != 1.0]
    found, above_, fine = compile_interval(schedule([BOOK[name](X)]), 0)(
        *(r[:, :1] for r in boxes([(x, x) for x in points]))
    )
    assert fine.all()
    units = ((above_ - found) / np.spacing(np.maximum(np.abs(found), np.abs(above_))))[0, 0]
    assert np.max(units) <= 20
    assert np.median(units) <= 9


@pytest.mark.parametrize("exponent", [Fraction(1, 3), Fraction(-7, 3), 1.4, Fraction(7, 2), -3, 21, 300.5])
def test_powers(exponent: Any) -> None:
    """Contain those of 300 bits; up to the exponent 3, within some units of the last place."""
    rnd = random.Random(str(exponent))
    points = [2.0 ** rnd.uniform(-3, 3) for _ in range(300)] + [2.0 ** rnd.uniform(-500, 500) for _ in range(300)]
    pairs = [(x, x * (1 + rnd.choice((0, 0, 1e-9, 0.5)))) for x in points]
    plan = schedule([BOOK["pow"](X, exponent if isinstance(exponent, float) else Constant.of(exponent))])
    low, hi, fine = (x[0, 0] if x.ndim > 1 else x for x in compile_interval(plan, 0)(*(r[:, :1] for r in boxes(pairs))))
    assert fine.mean() > (0.9 if abs(exponent) < 2 else 0.5)
    with precision(300):
        for i in np.flatnonzero(fine):
            for x in pairs[i]:
                truth = flint.arb(x) ** (flint.arb(Fraction(exponent).numerator) / Fraction(exponent).denominator)
                assert enclosed(low[i], truth, hi[i])
    thin = fine & [a == b for a, b in pairs]
    if abs(exponent) <= 3:
        assert np.max((hi - low)[thin] / np.spacing(hi[thin])) <= 24


def test_each_box_is_refused_for_itself() -> None:
    low, hi = boxes([(1, 2), (-1, 1), (3, 4), (0, 0), (5, 5)])
    found, _, fine = compile_interval(schedule([BOOK["log"](X)]), 2)(low, hi)
    assert fine.tolist() == [True, False, True, False, True]
    assert np.isfinite(found[..., fine]).all()
    low, hi = boxes([(700, 701), (710, 711), (-1000, -900), (math.nan, 1), (-math.inf, 0), (2, 1)])
    found, above_, fine = compile_interval(schedule([BOOK["exp"](X)]), 1)(low, hi)
    assert fine.tolist() == [True, False, True, False, False, False]
    assert found[0, 0, 2] == 0.0 < above_[0, 0, 2] < 1e-300


@pytest.mark.parametrize("name", ["floor", "ceil", "round"])
def test_steps_prove_nothing_where_they_jump(name: str) -> None:
    """Not at the point itself either, where rounding both ends away from it leaves an enclosure without a number."""
    kernel = compile_interval(schedule([BOOK[name](X)]), 1)
    half = 0.5 * (name == "round")
    for jump in (1 + half, 2 + half, -1 - half, -4 + half, 2.0**30 + half):
        near = [jump, math.nextafter(jump, -math.inf), math.nextafter(jump, math.inf)]
        low, hi, fine = kernel(*boxes([(a, b) for a in near for b in near if a <= b]))
        assert fine.tolist() == [False, False, False, True, False, True]
        assert (low[0, 0, fine] == hi[0, 0, fine]).all()


def test_a_rule_that_was_never_seen_is_enclosed() -> None:
    """By machine code where its value is written in other functions, else by balls; with its derivatives in a flow."""
    try:

        @ta.rule(value=lambda f, u: f.exp(f.sin(u)), outputs=1)
        def wavy(u: Any, du: Any, v: Any) -> Any:
            """e^sin u."""
            return ta.cos(u) * v * du

        low, hi, fine = compile_interval(schedule([wavy(X)]), 5)(*boxes([(0.3, 0.3), (0.3, 0.4)]))
        assert fine.all()
        with precision(200):
            at = [flint.arb(0.3), flint.arb(1), *[flint.arb(0)] * 4]
            truth = run(schedule([BOOK["exp"](BOOK["sin"](X))]), BallRing(), [at], 5)[0]
            assert all(enclosed(low[0, k, i], truth[k], hi[0, k, i]) for k in range(6) for i in (0, 1))

        flow = validated.solve_ivp(lambda t, y: [wavy(y[0])], (0, 1), [0])
        same = validated.solve_ivp(lambda t, y: [np.exp(np.sin(y[0]))], (0, 1), [0])
        assert flow.compiled
        assert flow.box[0].meets(same.box[0])
        assert flow.width < 4e-15

        @ta.rule(value={"arb": lambda u: u * u * u}, outputs=1)
        def cubic(u: Any, du: Any, v: Any) -> Any:
            """u³."""
            return 3 * (u * u * du)

        with pytest.raises(CompilationError, match="no compiled enclosure"):
            compile_interval(schedule([cubic(X)]), 5)
        flow = validated.solve_ivp(lambda t, y: [cubic(y[0])], (0, "3/8"), [1])  # (1 − 2t)^(−1/2)
        assert flow.success
        assert 2 in flow.box[0]
        assert flow.width < 1e-14
    finally:
        for name in ("wavy", "cubic"):
            ENTRIES.pop(name, None)
            BOOK.pop(name, None)


def test_what_machine_code_does_not_prove_is_tried_by_balls() -> None:
    """Special functions, kinks, edges, control flow: as :func:`taylorad.validated.taylor` answers, box by box."""

    def branched(x: Any) -> Any:
        return x * x if x > 1 else 1 - x

    low, hi = np.array([0.3, 0.3, -0.5, 1.25, -math.inf, 2, math.nan]), np.array([0.3, 0.4, 0.5, 1.5, 0, 1, 1])
    cases = (
        (ta.gamma, 2, False),
        (lambda x: ta.jv(0, np.exp(x)), 2, False),
        (lambda x: np.sqrt(np.array([x, 1]).sum()), 2, True),
        (np.abs, 0, None),
        (np.sqrt, 0, True),
        (lambda x: x - x, 2, True),
        (branched, 2, False),
    )
    for f, order, code in cases:
        g = validated.compile(f, order)
        assert code is None or g.compiled is code
        lows, highs, proved = g(low, hi)
        for i in range(4):
            try:
                expected = validated.taylor(f, (low[i], hi[i]), order).coefficients
            except (TypeError, DomainError, UncertifiedError):
                assert not proved[i]
                assert np.all(lows[:, i] == -np.inf)
                continue
            assert proved[i]
            for k, c in enumerate(expected):
                assert lows[k, i] <= c.hi
                assert highs[k, i] >= c.lo
                assert g.compiled or (lows[k, i], highs[k, i]) == (c.lo, c.hi)
        assert not proved[4:].any()
    with pytest.raises(MixedRingError, match="one number"):
        validated.compile(lambda x: np.array([ta.gamma(x), x]), 2)


FLOWS: dict[str, tuple[Any, Any, bool]] = {
    "erf": (lambda y: ta.erf(y) + 2, lambda z, _: 1 / (z.erf() + 2), True),
    "arcsinh": (lambda y: 2 + np.arcsinh(y), lambda z, a: 1 / (2 + (z + (z * z + 1).sqrt(a)).log(a)), True),
    "jv": (lambda y: ta.jv(0, y), lambda z, _: 1 / z.bessel_j(0), False),
    "gamma": (lambda y: ta.gamma(1 + y), lambda z, _: (1 + z).rgamma(), False),
}


@pytest.mark.parametrize("name", FLOWS)
def test_functions_with_and_without_machine_code(name: str) -> None:
    """y′ = f(y) is where ∫ dy/f(y) = t: over the ends of the enclosure, by FLINT at 300 bits."""
    f, slowness, code = FLOWS[name]
    flow = validated.solve_ivp(lambda t, y: [f(y[0])], (0, "0.5"), ["0.25"])
    assert flow.success
    assert flow.compiled is code
    assert flow.width < 5e-15
    with precision(300):
        ends = (flint.acb(end) for end in (flow.box[0].lo, flow.box[0].hi))
        spent = [flint.acb.integral(slowness, flint.acb("0.25"), end).real for end in ends]
        assert spent[0] < 0.5 < spent[1]
        assert abs(spent[0] - 0.5) < 1e-14


@pytest.mark.parametrize("radius", [1e-9, 1e-3, 0.1])
def test_wide_boxes_have_coefficients_as_narrow_as_series_of_balls(radius: float) -> None:
    """exp(sin x) around 0.7: at most 1.05 times FLINT's series of the same ball, and around those of its points."""
    order, a, b = 12, 0.7 - radius, 0.7 + radius
    low, high, proved = validated.compile(lambda x: np.exp(np.sin(x)), order)([a], [b])
    assert proved.all()
    with precision(53):
        inner = expand("sin", to_ball(Interval(a, b)), order)
        series = compose(expand("exp", inner[0], order), [inner[0] * 0, *inner[1:]], order)
    assert all(high[k, 0] - low[k, 0] <= 1.05 * 2 * float(series[k].rad()) for k in range(order + 1))
    with precision(300):
        for x in (a, b, 0.7, 0.7 + radius / 3):
            truth = ta.taylor(lambda x: np.exp(np.sin(x)), ball(x), order).coefficients
            assert all(enclosed(low[k, 0], truth[k], high[k, 0]) for k in range(order + 1))


def test_a_slope_at_the_middle_instead_of_the_box_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from taylorad.validated import batch

    whole = batch._coefficients

    def mutant(kernel: Boxes, lo: np.ndarray, hi: np.ndarray) -> Any:
        low, high, proved = whole(kernel, lo, hi)
        middle = whole(kernel, (lo + hi) / 2, (lo + hi) / 2)
        low[1:], high[1:] = middle[0][1:], middle[1][1:]
        return low, high, proved

    sound = validated.compile(np.exp, 0)([0.0], [1.0])
    monkeypatch.setattr(batch, "_coefficients", mutant)
    broken = validated.compile(np.exp, 0)([0.0], [1.0])
    assert broken[1][0, 0] < math.e < sound[1][0, 0] < 2.7182818284590464


def test_wrong_shapes_are_named() -> None:
    kernel = compile_interval(schedule([X * X]), 2)
    with pytest.raises(DomainError, match="this kernel takes"):
        kernel(np.zeros((2, 1, 3)), np.zeros((2, 1, 3)))
    low, hi, fine = kernel(np.zeros((1, 2, 0)), np.zeros((1, 2, 0)))
    assert low.shape == hi.shape == (1, 3, 0)
    assert fine.shape == (0,)


def test_functions_of_several_variables() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.exp(x * y) / (2 + np.sin(y)) - x**2.5

    graph = trace(f, ((), ()), np.float64)
    kernel = compile_interval(schedule(graph.roots), 6)
    rnd = random.Random(5)
    low, hi = np.zeros((2, 2, 50)), np.zeros((2, 2, 50))
    low[:, 1], hi[:, 1] = [[1.0], [-2.0]], [[1.0], [-2.0]]
    for i in range(50):
        for v in range(2):
            x, w = rnd.uniform(0.5, 2), rnd.choice((0.0, 1e-9, 0.1)) * rnd.random()
            low[v, 0, i], hi[v, 0, i] = x - w, x + w
    a, b, fine = kernel(low, hi)
    assert fine.all()
    with precision(300):
        for i in range(50):
            zero = [flint.arb(0)] * 5
            at = [rnd.uniform(low[v, 0, i], hi[v, 0, i]) for v in range(2)]
            leaves = [[flint.arb(at[0]), flint.arb(1), *zero], [flint.arb(at[1]), flint.arb(-2), *zero]]
            truth = run(schedule(graph.roots), BallRing(), leaves, 6)[0]
            assert all(enclosed(a[0, k, i], truth[k], b[0, k, i]) for k in range(7))


def test_smallest_doubles_around_fractions() -> None:
    rnd = random.Random(9)
    for _ in range(2000):
        q = Fraction(rnd.randint(-(10**20), 10**20), rnd.randint(1, 10**20)) * Fraction(2) ** rnd.randint(-1100, 1000)
        lo, hi = below(q), above(q)
        assert lo <= q <= hi
        assert hi in (lo, math.nextafter(lo, math.inf))


def test_no_plain_arithmetic_and_no_plain_sign() -> None:
    """Every floating-point operation is constrained; a sign is flipped by an integer xor."""
    kernel = compile_interval(schedule([BOOK["tanh"](X) / (1 + X * X)]), 4)
    assert isinstance(kernel, Boxes)
    text, _ = kernel._text()
    words = {word for line in text.splitlines() for word in line.split()}
    assert not words & {"fadd", "fsub", "fmul", "fdiv", "fneg", "frem"}
    assert "round.upward" in text
    assert "round.tonearest" not in text


def test_other_processors() -> None:
    """The code of an ARM processor sets its own control word."""
    from taylorad.run.jit import assembly, host

    w = Upward(Target(2, True), "aarch64-unknown-linux-gnu")

    def inner() -> None:
        w.store(w.add(w.load("%a", 0), w.load("%a", 1)), "%a", 2)
        w.give("0")

    w.function("i64 @inner(ptr %a)", inner)
    w.door("outer", "inner", [("ptr", "%a")])
    text = assembly(w.text(), host("aarch64-unknown-linux-gnu", "", ""))
    assert text.lower().count("fpcr") >= 3
    with pytest.raises(CompilationError, match="no rounding mode"):
        Upward(Target(2, True), "riscv64-unknown-linux-gnu")


def grown(rnd: random.Random) -> Any:
    """A random expression of up to eight operations in two variables."""
    nodes: list[Any] = [X, Leaf.of(1, 1), rnd.choice((Fraction(1, 3), 0.1, 2))]
    for _ in range(rnd.randint(2, 8)):
        a, b = rnd.choice(nodes), rnd.choice(nodes)
        operation = rnd.randrange(7)
        if operation < 4:
            made = (a + b, a - b, a * b, a / (2 + b * b) if not isinstance(b, float) else a * b)[operation]
        else:
            f = BOOK[rnd.choice(("exp", "sin", "cos", "atan", "tanh", "sinh", "cosh", "sigmoid"))]
            made = f(a) if not isinstance(a, (int, float, Fraction)) else a * X
        nodes.append(made)
    return nodes[-1] * X + nodes[-2]


def graphs(count: int, each: int, seed: int) -> tuple[int, int]:
    """Random graphs on random boxes, beside balls of 300 bits at their points: how many boxes, how many refused."""
    rnd, total, refused = random.Random(seed), 0, 0
    for _ in range(count):
        plan = schedule([grown(rnd)])
        kernel = compile_interval(plan, 5)
        low, hi = np.zeros((2, 2, each)), np.zeros((2, 2, each))
        low, hi = low[: kernel.leaves], hi[: kernel.leaves]
        low[:, 1] = hi[:, 1] = rnd.uniform(-2, 2)
        for i in range(each):
            for leaf in range(kernel.leaves):
                x, w = rnd.uniform(-2, 2), rnd.choice((0.0, 1e-13, 1e-4, 0.5)) * rnd.random()
                low[leaf, 0, i], hi[leaf, 0, i] = x - w, x + w
        a, b, fine = kernel(low, hi)
        total, refused = total + each, refused + int((~fine).sum())
        with precision(300):
            for i in np.flatnonzero(fine):
                at = [flint.arb(rnd.uniform(low[leaf, 0, i], hi[leaf, 0, i])) for leaf in range(kernel.leaves)]
                zero = [flint.arb(0)] * 4
                leaves = [[x, flint.arb(float(low[leaf, 1, i])), *zero] for leaf, x in enumerate(at)]
                truth = run(plan, BallRing(), leaves, 5)[0]
                assert all(enclosed(a[0, k, i], truth[k], b[0, k, i]) for k in range(6))
    return total, refused


def test_random_graphs() -> None:
    total, refused = graphs(20, 60, 1)
    assert refused < 0.01 * total


@pytest.mark.nightly
def test_many_random_graphs() -> None:
    total, refused = graphs(400, 500, 2)
    assert refused < 0.01 * total


def test_narrow_where_it_can_be() -> None:
    """A product of intervals is their range: wider only by the rounding of each term."""
    low, hi, _ = compile_interval(schedule([X * Leaf.of(1)]), 3)(
        np.array([[[1.0], [1.0], [0], [0]], [[-3.0], [2.0], [0.5], [-1.0]]]),
        np.array([[[2.0], [1.0], [0], [0]], [[-1.0], [2.5], [0.5], [-1.0]]]),
    )
    assert low[0, :, 0].tolist() == [-6.0, -1.0, 2.5, -1.5]
    assert hi[0, :, 0].tolist() == [-1.0, 4.0, 3.5, -0.5]


U, W = Leaf.of(0), Leaf.of(1)


@pytest.mark.parametrize("node", [U * W, U - W, Fraction(7, 10) * U], ids=["product", "difference", "multiple"])
def test_every_single_rounding_matters(node: Any) -> None:
    """One operation rounded down instead of up, whichever, and some end is no end any more.

    Beside the same interval arithmetic with ends of 300 bits, whose results are the exact ends.
    """
    order, count, rnd = 4, 1000, random.Random(4)
    plan = schedule([node])
    leaves = len(plan.leaves)
    shape = (2, leaves, order + 1, count)
    drawn = [rnd.uniform(-2, 2) * rnd.random() for _ in range(math.prod(shape))]
    low, hi = np.sort(np.array(drawn).reshape(shape), axis=0)
    with precision(300):
        pairs = np.empty(shape[1:], object)
        for place, x in np.ndenumerate(low):
            pairs[place] = Ends(flint.arb(x), flint.arb(hi[place]))
        exact = [run(plan, EndsRing(), [list(row) for row in pairs[..., i]], order)[0] for i in range(count)]

    def wrong(down: int) -> bool:
        a, b, fine = Boxes(plan, order, down)(low, hi)
        assert fine.all()
        with precision(300):
            return any(
                bool(row[k].lo < flint.arb(a[0, k, i])) or bool(row[k].hi > flint.arb(b[0, k, i]))
                for i, row in enumerate(exact)
                for k in range(order + 1)
            )

    assert not wrong(-1)
    assert [down for down in range(Boxes(plan, order).operations) if not wrong(down)] == []
