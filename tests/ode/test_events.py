"""Events: every root once, where it is, how often, in order, and what an action makes of it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

import taylorad as ta
from taylorad.ode.roots import BLOCK, ROOM, isolate, scan
from taylorad.ode.solution import Status
from taylorad.run.routine import Routine

E = np.finfo(float).eps


def oscillator(t, y):
    return [y[1], -y[0]]


def clock(t, y):
    return [1 + 0 * t]


def swing(events, span=(0.0, 10.0), **options):
    y0 = [np.sin(span[0]), np.cos(span[0])]
    return ta.solve_ivp(oscillator, span, y0, events=events, **{"rtol": 1e-14, "atol": 1e-14, **options})


# ---------------------------------------------------------------------- polynomials
def polynomial_roots(polynomials, order=22, starts=1, ends=1, direction=0.0):
    """(polynomial, s, rise, multiplicity) of all roots in [0, 1]."""
    m = len(polynomials)
    rows = np.zeros((m, order + 1))
    for row, p in zip(rows, polynomials, strict=True):
        row[: len(p)] = p
    h, times = np.ones(m), np.stack([np.arange(m + 1.0), np.zeros(m + 1)], axis=1)
    begin, size, near, counts = np.empty(m), np.empty((2, m)), np.empty(m, int), np.empty(1, int)
    kept, none = np.empty((m, max(order + 1, 5))), np.zeros(1, int)
    block = np.empty(4 * BLOCK + max(order + 1, 5) * BLOCK)
    scan(rows, m, order, 1, none, 1, times, 0, none, none, none, 1, h, block, begin, size, near, counts, kept)
    room = 50 * m + 100
    step, rise, multiplicity = np.empty((3, room), int)
    part, after, when = np.empty((3, room))
    found = isolate(
        kept, near, int(counts[0]), 0, m, m, 1, order, h, times, begin, size, 0.0, starts, ends, direction, step, part,
        after, when, rise, multiplicity, room, np.empty((ROOM + order) * (order + 6)), np.empty(2, int),
    )  # fmt: skip
    assert when[:found].tolist() == (step + part)[:found].tolist()
    return list(zip(*(a[:found].tolist() for a in (step, part, rise, multiplicity)), strict=True))


@pytest.mark.parametrize(
    ("roots", "wanted"),
    [
        ([0.3], [(0.3, 1, 1)]),
        ([0.3] * 2, [(0.3, 0, 2)]),
        ([0.3] * 3, [(0.3, 1, 3)]),
        ([0.3] * 4, [(0.3, 0, 4)]),
        ([0.3] * 7, [(0.3, 1, 7)]),
        ([0.2, 0.2, 0.7, 0.7, 0.7], [(0.2, 0, 2), (0.7, 1, 3)]),
        ([0.5, 0.501], [(0.5, -1, 1), (0.501, 1, 1)]),
        ([0.0, 0.5], [(0.0, -1, 1), (0.5, 1, 1)]),
        ([0.0, 0.0], [(0.0, 0, 2)]),
        ([1.0], [(1.0, 1, 1)]),
        ([1.0, 1.0], [(1.0, 0, 2)]),
        ([1e-13], [(1e-13, 1, 1)]),
        ([-0.5, 1.5, 1.001], []),
        ([0.1, 0.3, 0.5, 0.7, 0.9], [(0.1, 1, 1), (0.3, -1, 1), (0.5, 1, 1), (0.7, -1, 1), (0.9, 1, 1)]),
    ],
)
def test_roots_of_a_polynomial(roots, wanted):
    found = polynomial_roots([np.polynomial.polynomial.polyfromroots(roots)])
    assert [(rise, times) for _, _, rise, times in found] == [(rise, times) for _, rise, times in wanted]
    np.testing.assert_allclose([s for _, s, _, _ in found], [s for s, _, _ in wanted], atol=1e-12)


def test_polynomials_without_roots_have_none():
    assert polynomial_roots([[0.0], [1.0], [1e-300], [-1.0, 0.5], [1e-9, -1.0, 1.0, 1.0]]) == [
        (4, pytest.approx(1e-9, rel=1e-6), -1, 1),
        (4, pytest.approx((5**0.5 - 1) / 2), 1, 1),
    ]


def test_random_polynomials_agree_with_eigenvalues():
    rng = np.random.default_rng(3)
    coefficients = rng.standard_normal((400, 13)) * 2.0 ** -np.arange(13)
    for c in coefficients:
        roots = np.polynomial.polynomial.polyroots(c)
        real = np.sort(roots[(np.abs(roots.imag) < 1e-10) & (roots.real > 0) & (roots.real < 1)].real)
        np.testing.assert_allclose([s for _, s, _, _ in polynomial_roots([c])], real, atol=1e-9)


def test_a_direction_keeps_what_goes_its_way():
    p = np.polynomial.polynomial.polyfromroots([0.1, 0.3, 0.5, 0.5, 0.9])
    up = [s for _, s, _, _ in polynomial_roots([p], direction=1.0)]
    down = [s for _, s, _, _ in polynomial_roots([p], direction=-1.0)]
    np.testing.assert_allclose(up, [0.1, 0.9], atol=1e-12)
    np.testing.assert_allclose(down, [0.3], atol=1e-12)


# ---------------------------------------------------------------------- multiple roots of solutions
def test_tangencies_are_accurate_roots_with_their_multiplicity():
    s = swing([lambda t, y: (y[0] - 1) ** 2, lambda t, y: y[0] - 1, lambda t, y: y[0] ** 2], rtol=1e-15, atol=1e-15)
    np.testing.assert_allclose(s.t_events[0], np.pi * np.array([0.5, 2.5]), atol=1e-11)
    np.testing.assert_allclose(s.t_events[1], np.pi * np.array([0.5, 2.5]), atol=1e-12)
    np.testing.assert_allclose(s.t_events[2], np.pi * np.arange(4), atol=1e-12)
    assert [m.tolist() for m in s.stats["multiplicities"]] == [[4, 4], [2, 2], [2, 2, 2, 2]]


def test_near_misses_are_none_and_near_touches_two():
    s = swing([lambda t, y: y[0] - 1 - 1e-9, lambda t, y: y[0] - 1 + 1e-9], rtol=1e-15, atol=1e-15)
    assert len(s.t_events[0]) == 0
    gap = np.arccos(1 - 1e-9)  # about sqrt(2e-9)
    np.testing.assert_allclose(
        s.t_events[1], np.pi * np.array([0.5, 0.5, 2.5, 2.5]) + gap * np.array([-1, 1, -1, 1]), atol=1e-10
    )


def test_a_function_that_varies_faster_than_the_solution():
    s = swing(lambda t, y: np.sin(40 * y[0]), span=(0.1, 10.0))
    wanted = np.array([k * np.pi / 40 for k in range(-12, 13)])
    times = np.sort(np.concatenate([np.arcsin(wanted) + 2 * np.pi * n for n in range(3)]
                                   + [np.pi - np.arcsin(wanted) + 2 * np.pi * n for n in range(3)]))  # fmt: skip
    times = times[(times > 0.1) & (times < 10)]
    np.testing.assert_allclose(s.t_events[0], times, atol=1e-11)
    plain = swing(None, span=(0.1, 10.0))
    assert plain.t.tolist() == s.t.tolist()


def test_functions_that_the_kernels_cannot_compute_are_searched_too():
    s = swing(lambda t, y: ta.jv(0, 2 + y[0] + 0 * t))
    root = scipy.special.jn_zeros(0, 1)[0] - 2
    np.testing.assert_allclose(s.t_events[0][:2], [np.arcsin(root), np.pi - np.arcsin(root)], atol=1e-10)


# ---------------------------------------------------------------------- ends of steps and of blocks
@pytest.mark.parametrize("offset", [0.0, 1e-16, -1e-16, 1e-14, -1e-14, 1e-12, -1e-12, 1e-9, -1e-9])
@pytest.mark.parametrize("power", [1, 2, 3, 4])
@pytest.mark.parametrize("one", [False, True])
def test_a_root_where_two_steps_meet_is_found_once(offset, power, one):
    ends = swing(None).t
    where = [float(ends[i]) for i in (1, len(ends) // 2, len(ends) - 2)]
    events = [lambda t, y, c=c: (t - c * (1 + offset)) ** power for c in where]
    s = swing(events, callback=(lambda t, y: None) if one else None)  # with a callback, blocks are single steps
    for times, c in zip(s.t_events, where, strict=True):
        np.testing.assert_allclose(times, [c * (1 + offset)], atol=1e-12)
    assert [m.tolist() for m in s.stats["multiplicities"]] == [[power]] * 3


@pytest.mark.parametrize("span", [(0.0, 60.0), (60.0, 0.0)])
def test_results_do_not_depend_on_blocks(span):
    events = [lambda t, y: y[0] - 0.3, lambda t, y: (y[1] - 1) ** 2, ta.Event(lambda t, y: y[0] * y[1], direction=1)]
    whole, single = swing(events, span), swing(events, span, callback=lambda t, y: None)
    for a, b in zip(whole.t_events, single.t_events, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)
        assert np.all(np.diff(a) * (span[1] - span[0]) > 0)
        assert len(a) > 8


def test_the_ends_of_the_integration_count():
    s = ta.solve_ivp(
        clock, (0, 1), [0.0], events=[lambda t, y: y[0], lambda t, y: y[0] - 1, lambda t, y: y[0] * (y[0] - 1)]
    )
    assert [times.tolist() for times in s.t_events] == [[0.0], [1.0], [0.0, 1.0]]


# ---------------------------------------------------------------------- stopping
def test_terminal_after_some_hits():
    for count in (1, 2, 5):
        s = swing(ta.Event(lambda t, y: y[0] - 0.5, terminal=count), (0, 100))
        assert s.status == Status.EVENT
        assert len(s.t_events[0]) == count
        assert s.t[-1] == s.t_events[0][-1]
        assert s.y[0, -1] == pytest.approx(0.5, abs=1e-13)


def test_what_happens_after_the_end_is_not_told():
    stop = ta.Event(lambda t, y: y[1], terminal=True)
    s = swing([lambda t, y: y[0] - 0.5, stop, lambda t, y: y[1], lambda t, y: y[0] - 0.9])
    assert [len(times) for times in s.t_events] == [1, 1, 1, 1]
    assert s.t[-1] == pytest.approx(np.pi / 2, abs=1e-14)


def test_scipys_attributes_count():
    def falling(t, y):
        return y[0]

    falling.terminal, falling.direction = True, -1
    s = swing(falling, (0.5, 20))
    theirs = scipy.integrate.solve_ivp(
        oscillator, (0.5, 20), [np.sin(0.5), np.cos(0.5)], "DOP853", events=falling, rtol=1e-10
    )
    assert s.status == theirs.status
    assert s.t_events[0].shape == theirs.t_events[0].shape
    assert s.y_events[0].shape == theirs.y_events[0].shape
    assert s.t[-1] == pytest.approx(np.pi)


def test_dense_output_and_grid_end_with_a_terminal_event():
    s = swing(ta.Event(lambda t, y: y[0] - 0.5, terminal=2), t_eval=np.arange(0, 10, 0.25), dense_output=True)
    end = 5 * np.pi / 6
    assert s.sol.t_max == pytest.approx(end)
    assert s.t[-1] == 2.5
    with pytest.raises(ta.DomainError, match="outside of the solution"):
        s.sol(2.7)


# ---------------------------------------------------------------------- actions
def fall(t, y):
    return [y[1], -9.8 + 0 * t]


BOUNCES = 1.0 + np.array([0, *np.cumsum(2 * 0.5 ** np.arange(1, 6))])


@pytest.mark.parametrize("kind", ["reset", "returns", "writes"])
def test_a_bouncing_ball(kind):
    def returns(t, y):
        return [0.0, -0.5 * y[1]]

    def writes(t, y):
        y[1] *= -0.5

    what = (
        {"reset": lambda t, y: [0, -0.5 * y[1]]}
        if kind == "reset"
        else {"action": {"returns": returns, "writes": writes}[kind]}
    )
    floor = ta.Event(lambda t, y: y[0], direction=-1, terminal=6, **what)
    s = ta.solve_ivp(fall, (0, 10), [4.9, 0.0], events=[floor, lambda t, y: y[1]], dense_output=True)
    np.testing.assert_allclose(s.t_events[0], BOUNCES, atol=1e-12)
    np.testing.assert_allclose(s.y_events[0][:, 1], -9.8 * 0.5 ** np.arange(6), rtol=1e-11)  # before the bounce
    np.testing.assert_allclose(s.t_events[1][1:], (BOUNCES[1:] + BOUNCES[:-1]) / 2, atol=1e-12)  # the tops
    assert s.y[0].min() > -1e-13
    assert s.sol(1.5)[0] == pytest.approx(4.9 / 4, abs=1e-12)
    assert s.sol(s.t_events[0][0])[1] == pytest.approx(-9.8)
    np.testing.assert_allclose(
        s.roots(lambda t, y: y[0] - 1.0),
        [np.sqrt(3.9 / 4.9), *(1.5 + np.array([-1, 1]) * np.sqrt(0.225 / 4.9))],
        atol=1e-12,
    )
    np.testing.assert_array_equal(np.diff(s.t) >= 0, True)


def test_an_event_without_a_direction_is_not_met_again_where_it_leaves():
    floor = ta.Event(lambda t, y: y[0], action=lambda t, y: [1e-17, -y[1]], terminal=5)
    s = ta.solve_ivp(fall, (0, 30), [4.9, 0.0], events=floor)
    np.testing.assert_allclose(s.t_events[0], [1, 3, 5, 7, 9], rtol=1e-13)


def test_bounces_that_accumulate_are_told():
    floor = ta.Event(lambda t, y: y[0], direction=-1, reset=lambda t, y: [0, -0.5 * y[1]])
    s = ta.solve_ivp(fall, (0, 10), [4.9, 0.0], events=floor)
    assert s.status == Status.ZENO
    assert "accumulate near t = 3;" in s.message.replace(":", ";")
    assert s.t[-1] == pytest.approx(3.0, abs=1e-8)
    assert len(s.t_events[0]) < 60


def test_a_grid_goes_over_actions():
    kick = ta.Event(lambda t, y, a: t - 1, reset=lambda t, y, a: [y[0] + a])
    for span in ((0.0, 2.0), (2.0, 0.0)):
        s = ta.solve_ivp(
            lambda t, y, a: [0 * y[0]], span, [3.0], args=(5.0,), events=kick, t_eval=np.linspace(*span, 5)
        )
        assert s.y[0].tolist() == [3.0, 3.0, 3.0, 8.0, 8.0]  # at the time of the event: before it
        assert s.t_events[0].tolist() == [1.0]


def test_events_of_one_step_happen_in_order():
    order = []
    events = [ta.Event(lambda t, y, c=c: t - c, action=lambda t, y, c=c: order.append(c)) for c in (0.7, 0.2, 0.5, 0.2)]
    s = ta.solve_ivp(clock, (0, 1), [0.0], events=events)
    assert order == [0.2, 0.2, 0.5, 0.7]
    assert [times.tolist() for times in s.t_events] == [[0.7], [0.2], [0.5], [0.2]]
    assert s.y[0, -1] == pytest.approx(1.0)


def test_an_action_at_the_very_end():
    end = ta.Event(lambda t, y: t - 1, action=lambda t, y: [7.0])
    s = ta.solve_ivp(clock, (0, 1), [0.0], events=end)
    assert (s.status, s.t[-1], s.y[0, -1]) == (0, 1.0, 7.0)
    np.testing.assert_allclose(s.y_events[0], [[1.0]])


@pytest.mark.parametrize(
    ("result", "words"), [([1.0, 2.0], "1 numbers"), ([np.nan], "gave y"), ("no", "returned 'no'")]
)
def test_a_bad_action_is_named_and_what_was_computed_stays(result, words):
    s = ta.solve_ivp(
        clock, (0, 1), [0.0], events=ta.Event(lambda t, y: t - 0.5, action=lambda t, y: result, name="kick")
    )
    assert s.status == Status.UNDEFINED
    assert words in s.message
    assert "kick" in s.message
    assert s.t[-1] == 0.5


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: ta.Event(3), ta.DomainError),
        (lambda: ta.Event(clock, terminal=-1), ta.DomainError),
        (lambda: ta.Event(clock, terminal=1.5), ta.DomainError),
        (lambda: ta.Event(clock, direction=np.nan), ta.DomainError),
        (lambda: ta.Event(clock, action=clock, reset=clock), ta.DomainError),
        (lambda: swing(ta.Event(lambda t, y: y[0], reset=lambda t, y: [1.0])), ta.TraceError),
        (lambda: swing(lambda t, y: np.sqrt(y[0]) if y[0] > 0 else 1.0), ta.TraceError),
    ],
)
def test_events_that_are_none_are_refused(make, error):
    with pytest.raises(error):
        make()


# ---------------------------------------------------------------------- other states
def test_a_complex_state():
    s = ta.solve_ivp(lambda t, y: 1j * y, (0, 10), [1 + 0j], events=lambda t, y: y[0], rtol=1e-13)
    np.testing.assert_allclose(s.t_events[0], np.pi * np.array([0.5, 1.5, 2.5]), atol=1e-11)
    assert s.y_events[0].dtype == complex


def test_an_interpreted_system():
    s = ta.solve_ivp(lambda t, y: [ta.jv(0, t)], (0, 12), [0.0], events=lambda t, y: ta.jv(0, t))
    np.testing.assert_allclose(s.t_events[0], scipy.special.jn_zeros(0, 4), atol=1e-9)


def test_where_an_event_is_not_defined_the_integration_ends():
    s = swing(lambda t, y: np.sqrt(y[0] + 0.5) - 0.1)
    assert s.status == Status.UNDEFINED
    assert "sqrt" in s.message


# ---------------------------------------------------------------------- functions with branches
def test_events_with_branches():
    events = [
        lambda t, y: np.abs(y[0]) - 0.5,
        lambda t, y: np.abs(y[0]),
        lambda t, y: ta.where(t < 4, -1.0, 1.0),
        lambda t, y: np.minimum(y[0], y[1]) + 0.5,
        lambda t, y: np.floor(2 * t) - 7,
        ta.Event(lambda t, y: np.abs(y[0]) - 0.5, direction=1),
        lambda t, y: ta.where(t < 4, y[0], y[0] + 5),
    ]
    s = swing(events, (0.1, 10.0))
    twelfth = np.pi / 12
    np.testing.assert_allclose(s.t_events[0], twelfth * np.array([2, 10, 14, 22, 26, 34, 38]), atol=1e-11)
    np.testing.assert_allclose(s.t_events[1], np.pi * np.arange(1, 4), atol=1e-11)
    np.testing.assert_allclose(s.t_events[2], [4.0], atol=1e-14)
    np.testing.assert_allclose(s.t_events[3], twelfth * np.array([8, 22, 32]), atol=1e-11)
    np.testing.assert_allclose(s.t_events[4], [3.5], atol=1e-14)  # where it becomes 0
    np.testing.assert_allclose(s.t_events[5], twelfth * np.array([2, 14, 26, 38]), atol=1e-11)
    np.testing.assert_allclose(s.t_events[6], [np.pi, 4.0], atol=1e-11)
    assert s.stats["multiplicities"][1].tolist() == [2, 2, 2]
    assert s.t.tolist() == swing(None, (0.1, 10.0)).t.tolist()
    single = swing(events, (0.1, 10.0), callback=lambda t, y: None)
    for a, b in zip(s.t_events, single.t_events, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-11)


def test_events_in_several_threads():
    from concurrent.futures import ThreadPoolExecutor

    p = ta.compile_ode(oscillator, dim=2, rtol=1e-13, atol=1e-13)
    event = ta.Event(lambda t, y: y[0] * y[1] - 0.1)

    def times(k):
        return p.solve((0, 200), [np.sin(k), np.cos(k)], events=event).t_events[0]

    alone = [times(k) for k in range(12)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(times, range(12)))
    assert all(a.tolist() == b.tolist() for a, b in zip(alone, together, strict=True))
    assert all(len(a) > 100 for a in alone)


@pytest.mark.parametrize("order", [16, 20, 22, 24, 28])
@pytest.mark.parametrize("tolerance", [1e-13, 1e-14])
def test_a_tangency_is_found_in_steps_of_any_length(order, tolerance):
    # (sin t − 1)² turns twice as fast as the solution, so that its series are the first to be too short
    p = ta.compile_ode(oscillator, dim=2, rtol=tolerance, atol=tolerance, order=order)
    s = p.solve((0, 3), [0.0, 1.0], events=[lambda t, y: (y[0] - 1) ** 2, lambda t, y: y[0] * y[1] - 0.25])
    np.testing.assert_allclose(s.t_events[0], [np.pi / 2], atol=1e-11)
    assert s.stats["multiplicities"][0].tolist() == [4]
    np.testing.assert_allclose(s.t_events[1], np.pi / 12 * np.array([1, 5]), atol=1e-10)


def test_a_flat_slope_does_not_mislead_the_search():
    # the derivative has a triple root that rounding splits, which leaves a bracket with noise at one end
    for center in np.linspace(0.05, 0.95, 181):
        p = np.polynomial.polynomial.polyfromroots([center] * 4)
        for scale in (1.0, -3.0):
            ((_, s, rise, times),) = polynomial_roots([scale * p])
            assert (rise, times) == (0, 4)
            assert s == pytest.approx(center, abs=1e-13)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-6, 1e-10, 1e-15])
@pytest.mark.parametrize("block", [False, True])
def test_events_are_the_changes_of_sign_of_the_dense_output(tolerance, block):
    def lorenz(t, y):
        return [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - (8 / 3) * y[2]]

    events = [
        lambda t, y: y[0] - y[1],
        lambda t, y: np.sin(2.2 * y[0]) + 0.3,
        lambda t, y: y[0] * y[1] - 40,
        lambda t, y: np.exp(-0.1 * y[0] ** 2) - 0.5 + 0.3 * np.cos(t),
        lambda t, y: np.cos(3 * t + y[1]) - 0.8,
    ]
    p = ta.compile_ode(lorenz, dim=3, rtol=tolerance, atol=tolerance)
    s = p.solve((0, 6), [1.0, 1.5, 1.0], events=events, callback=(lambda t, y: None) if block else None)
    t = np.linspace(0, 6, 60_001)
    for g, found, orders in zip(events, s.t_events, s.stats["multiplicities"], strict=True):
        values = g(t, s(t))
        changes = np.flatnonzero(values[1:] * values[:-1] < 0)
        crossings = np.zeros(len(t) - 1, int)
        np.add.at(crossings, np.searchsorted(t, found[orders % 2 == 1]) - 1, 1)
        assert np.flatnonzero(crossings % 2).tolist() == changes.tolist()
        assert np.all(np.diff(found) > 0)
        assert len(changes) > 2


def test_without_a_code_generator_the_same_roots_are_found(monkeypatch):
    from taylorad.errors import CompilationError
    from taylorad.ode import horner, roots, search
    from taylorad.run.kernel import Kernel

    events = [lambda t, y: y[0] - 0.3, lambda t, y: (y[0] - 1) ** 2 + 0 * t]
    wanted = swing(events, (0.0, 4.0))

    def refuse(*args, **options):
        raise CompilationError("no code generator")

    monkeypatch.setattr("taylorad.run.jit.obtain", refuse)
    monkeypatch.setattr(Kernel, "code", refuse)
    monkeypatch.setattr(Kernel, "__call__", refuse)
    monkeypatch.setattr(search, "_desks", {})
    for found in (vars(roots) | vars(horner)).values():
        if isinstance(found, Routine):
            monkeypatch.setattr(found, "_call", None)
    s = swing(events, (0.0, 4.0))
    for a, b in zip(s.t_events, wanted.t_events, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)
    assert [m.tolist() for m in s.stats["multiplicities"]] == [[1, 1], [4]]


def test_an_event_that_ends_before_the_solution_does():
    """Up to the step in which it is not defined everything is kept; what comes before is found, and may stop it."""
    edge = lambda t, y: np.sqrt(900.5 - t) - 1  # noqa: E731
    s = ta.solve_ivp(oscillator, (0, 1000), [0.0, 1.0], events=edge, dense_output=True)
    assert s.status == -4
    assert "event <lambda> is not defined" in s.message
    assert 890 < s.t[-1] < 900.5
    np.testing.assert_allclose(s.sol(s.t)[0], np.sin(s.t), atol=1e-8)
    np.testing.assert_allclose(s.t_events[0], [899.5], rtol=1e-13)
    s = ta.solve_ivp(oscillator, (0, 1000), [0.0, 1.0], events=ta.Event(edge, terminal=True))
    assert (s.status, s.t[-1]) == (1, pytest.approx(899.5, rel=1e-13))
