"""A function that the package has never seen runs with no further line wherever the book's own functions do.

The lemniscate functions of Gauss, sl and cl: sl′ = (1 + sl²)·cl, cl′ = −(1 + cl²)·sl, sl(0) = 0, cl(0) = 1, with
sl² + cl² + sl²·cl² = 1; in Jacobi's functions of parameter −1, sl = sn and cl = cn/dn (DLMF 22.20, Gauss 1797).
The oracle is the inverse of Gauss's integral, ∫ du/√(1 − u⁴), by exact power series.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.book.entry import BOOK, ENTRIES
from taylorad.rings.balls import precision
from taylorad.run.kernel import compile_plan
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule

F = Fraction
ORDER = 24


@pytest.fixture(scope="module", autouse=True)
def lemniscate() -> Iterator[Any]:
    """The rule, in the book for these tests only."""

    @ta.rule(
        outputs=("sl", "cl"),
        value=lambda f, u: (f.jacobi_sn(u, -1), f.jacobi_cn(u, -1) / f.jacobi_dn(u, -1)),
    )
    def lemniscate(u: Any, du: Any, s: Any, c: Any) -> Any:
        """The lemniscate sine and cosine."""
        return (1 + s * s) * c * du, -(1 + c * c) * s * du

    yield lemniscate
    for name in ("sl", "cl"):
        del BOOK[name]
    del ENTRIES["lemniscate"]


def gauss(order: int) -> list[Fraction]:
    """Coefficients of sl at 0: the reversion of ∫ (1 − u⁴)^(−1/2) du = Σ C(2n, n)/4^n · u^(4n+1)/(4n+1)."""
    integral = [F(0)] * (order + 1)
    c = F(1)
    for n in range(order // 4 + 1):
        if 4 * n + 1 <= order:
            integral[4 * n + 1] = c / (4 * n + 1)
        c *= F(2 * n + 1, 2 * n + 2)
    found = [F(0)] * (order + 1)
    found[1] = F(1)
    for k in range(2, order + 1):  # the coefficient of u^k in the integral at the reversion so far is −found[k]
        power, total = [F(0)] * (order + 1), F(0)
        power[0] = F(1)
        for j in range(1, k + 1):
            power = [sum((power[i] * found[m - i] for i in range(m)), F(0)) for m in range(k + 1)]
            total += integral[j] * power[k]
        found[k] = -total
    return found


SL = gauss(13)


def both(x: Any) -> Any:
    """A point function of both outputs, through the function of the book that the rule became."""
    return ta.lemniscate(x)


def true(u: Any, order: int = ORDER, bits: int = 400) -> list[Any]:
    """sl at u in balls, from Jacobi's functions of parameter −1, another rule of the book."""
    with precision(bits):
        return list(ta.taylor(lambda x: ta.jacobi_sn(x, -1), flint.arb(u), order).coefficients)


# ---------------------------------------------------------------------- rings
def test_exact_rationals_are_gausss_series() -> None:
    s, c = both(ta.variable(F(0), 13))
    assert s.coefficients == SL
    assert (s * s + c * c + s * s * c * c).coefficients == [1] + [0] * 13


@pytest.mark.parametrize("u", [0.0, 0.3, -1.1])
def test_floats(u: float) -> None:
    s, c = both(ta.variable(u, ORDER))
    exact = [float(x.mid()) for x in true(u)]
    np.testing.assert_allclose(s.coefficients, exact, rtol=1e-13, atol=1e-14)
    whole = s * s + c * c + s * s * c * c
    np.testing.assert_allclose(whole.coefficients, np.eye(ORDER + 1)[0], atol=1e-13)


def test_complex_numbers() -> None:
    """sl(i·u) = i·sl(u)."""
    s, _ = both(ta.variable(0.4j, ORDER))
    real, _ = both(ta.variable(0.4, ORDER))
    k = np.arange(ORDER + 1)
    np.testing.assert_allclose(s.coefficients * 1j ** (k - 1), real.coefficients, atol=1e-13)


def test_mpmath_numbers() -> None:
    with mpmath.workdps(60), precision(400):
        s, _ = both(ta.variable(mpmath.mpf(0.3), ORDER))
        for got, exact in zip(s.coefficients, true(0.3), strict=True):
            assert abs(flint.arb(got) - exact) < flint.arb(10) ** -55
        z, _ = both(ta.variable(mpmath.mpc(0.3, 0), ORDER))
        assert max(abs(a - b) for a, b in zip(z, s, strict=True)) < mpmath.mpf(10) ** -55


def test_balls_contain() -> None:
    for u in (flint.arb(0.3), flint.arb(0)):
        s, _ = both(ta.variable(u, ORDER))
        with precision(400):
            assert all(got.overlaps(t) and got.rad() < 1e-9 for got, t in zip(s, true(u), strict=True))
    z, _ = both(ta.variable(flint.acb(0.3, 0), ORDER))
    assert all(a.real.overlaps(b) and a.imag.contains(0) for a, b in zip(z, true(0.3), strict=True))


def test_batches() -> None:
    u = np.linspace(-1.2, 1.2, 37)
    s, c = both(ta.variable(u, ORDER))
    for i in range(37):
        alone, other = both(ta.variable(u[i], ORDER))
        np.testing.assert_allclose(s.coefficients[:, i], alone.coefficients, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(c.coefficients[:, i], other.coefficients, rtol=1e-13, atol=1e-15)


# ---------------------------------------------------------------------- front ends
def test_a_taylor_of_taylors() -> None:
    """∂^m/∂x^m ∂^n/∂y^n sl(x·y) two ways round, and the n-th derivative of the m-th is the (m+n)-th."""
    sl = ta.sl
    direct = ta.derivative(sl, 0.3, 7)
    assert ta.derivative(lambda x: ta.derivative(sl, x, 3), 0.3, 4) == pytest.approx(direct, rel=1e-11)
    one = ta.derivative(lambda x: ta.derivative(lambda y: sl(x * y), 0.5, 2), 0.6, 3)
    other = ta.derivative(lambda y: ta.derivative(lambda x: sl(x * y), 0.6, 3), 0.5, 2)
    assert one == pytest.approx(other, rel=1e-11)


def test_inside_larger_expressions() -> None:
    """The series of sl∘sin is that of sl at 0 composed with sin."""
    direct = ta.taylor(lambda x: ta.sl(np.sin(x)) / (1 + x), 0.0, 12)
    outer, inner = ta.taylor(ta.sl, 0.0, 12), ta.taylor(np.sin, 0.0, 12)
    pieces = outer.compose(inner) / (1 + ta.variable(0.0, 12))
    np.testing.assert_allclose(direct.coefficients, pieces.coefficients, atol=1e-14)


def test_the_rule_itself_is_a_function_of_series(lemniscate: Any) -> None:
    """What the decorator returned, and its members, may be called on a Taylor as well as their names in ``ta``."""
    x = ta.variable(0.3, 5)
    assert lemniscate(x) == ta.lemniscate(x)
    assert BOOK["cl"](x) == ta.cl(x) == lemniscate(x)[1]


def test_plain_numbers_and_arrays_of_series() -> None:
    assert ta.sl(0.3) == pytest.approx(float(true(0.3, 0)[0].mid()), rel=1e-15)
    xs = np.array([ta.variable(0.1, 3), ta.variable(0.2, 3)], object)
    np.testing.assert_array_equal(ta.sl(xs)[1].coefficients, ta.sl(ta.variable(0.2, 3)).coefficients)


@pytest.mark.parametrize("form", ["unrolled", "looped"])
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_compiled(form: str, dtype: Any) -> None:
    """A graph with the rule in the middle, in machine code: single points and batches."""
    x = Leaf.of(0)
    plan = schedule([*BOOK["sl"].entry(x * x / 2), BOOK["cl"](x) / (2 + x)])
    u = np.array([0.3, -0.7, 0.0, 0.9, 0.5, -0.1, 1.0, 0.2, 0.25])
    wanted = ta.taylor(lambda t: [ta.sl(t * t / 2), ta.cl(t * t / 2), ta.cl(t) / (2 + t)], u.astype(dtype), ORDER)
    kernel = compile_plan(plan, ORDER, dtype=dtype, form=form)
    leaf = np.zeros((ORDER + 1, len(u)), dtype)
    leaf[0], leaf[1] = u, 1
    for got, series in zip(kernel([leaf], ORDER), wanted, strict=True):
        np.testing.assert_allclose(got, series.coefficients, rtol=1e-11, atol=1e-12)
    for got, series in zip(kernel([leaf[:, 1].copy()], ORDER), wanted, strict=True):
        np.testing.assert_allclose(got, series.coefficients[:, 1], rtol=1e-11, atol=1e-12)


# ---------------------------------------------------------------------- assert_rule
def test_gradients_and_hessians() -> None:
    """sl′ = (1 + sl²)·cl by adjoint and tangent, of few variables and of many; sl″ = −2·sl³."""
    for n in (2, 12):
        x = np.linspace(0.1, 1.2, n)
        s, c = ta.lemniscate(x)
        np.testing.assert_allclose(ta.gradient(lambda y: np.sum(ta.sl(y)), x), (1 + s * s) * c, rtol=1e-14)
        np.testing.assert_allclose(ta.hessian(lambda y: np.sum(ta.sl(y)), x), np.diag(-2 * s**3), atol=1e-13)
    third = Fraction(1, 3)
    slope = ta.gradient(lambda y: ta.sl(y[0]) * y[1], [flint.arb(1) / 3, flint.arb(2)])
    assert slope[1].overlaps(ta.sl(flint.arb(third.numerator) / third.denominator))


def test_a_differential_equation_and_its_adjoint() -> None:
    """x′ = a·sl x in machine code, and the slope of its end by the start and by a, against differences."""
    p = ta.compile_ode(lambda t, y, a: [a * ta.sl(y[0])], 1, rtol=1e-13, atol=1e-14)
    _, slope = p.value_and_gradient(lambda y: y[0], (0, 1), [0.4], (0.7,))
    h = 1e-5
    ends = [p.propagate(0, 1, [0.4 + s * h], (0.7,))[0] for s in (1, -1)]
    assert slope.y0[0] == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-8)
    ends = [p.propagate(0, 1, [0.4], (0.7 + s * h,))[0] for s in (1, -1)]
    assert slope.args[0] == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-8)


def test_derivatives_of_a_flow() -> None:
    """∂x(1)/∂x(0) = sl x(1)/sl x(0) for x′ = sl x, and the flow map to second order beside a second run."""
    p = ta.compile_ode(lambda t, y: [ta.sl(y[0])], 1, rtol=1e-13, atol=1e-14)
    s = p.solve((0, 1), [0.4], sensitivity=ta.Sensitivity(y0=True, order=2))
    end = s.y[0, -1]
    assert s.dy_dy0(1.0)[0, 0] == pytest.approx(ta.sl(end) / ta.sl(0.4), rel=1e-11)
    h = 1e-3
    near = p.propagate(0, 1, [0.4 + h])[0]
    assert s.flow_map(1.0)([h])[0] == pytest.approx(near, abs=1e-8)


def test_enclosures() -> None:
    """Over a box: values, coefficients, a Taylor model, and the solution of a differential equation."""
    box = ta.interval("0.3", "0.4")
    found = v.taylor(ta.sl, box, 6).coefficients
    model = ta.sl(v.TaylorModel.variable(box, 6))
    for u in (0.31, 0.35, 0.39):
        exact = true(u, 6)
        with precision(400):
            for c, t in zip(found, exact, strict=True):
                assert flint.arb(c.lo) <= t <= flint.arb(c.hi)
            value = model(u)
            assert flint.arb(value.lo) <= exact[0] <= flint.arb(value.hi)
    assert model.remainder.width < 1e-8
    tube = v.solve_ivp(lambda t, y: [ta.sl(y[0])], (0, 1), ta.box(["0.4"]))
    end = ta.solve_ivp(lambda t, y: [ta.sl(y[0])], (0, 1), [0.4], rtol=1e-14, atol=1e-15).y[0, -1]
    assert tube.t_reached == 1
    assert tube(1)[0].lo - 1e-14 <= end <= tube(1)[0].hi + 1e-14


def test_assert_rule_accepts_it(lemniscate: Any) -> None:
    names = ("arb", "acb", "mpf", "mpc", "float64", "complex128", "fraction")
    assert ta.testing.assert_rule(lemniscate, points=[0.0, 0.375, -1.25]) == names
    assert ta.testing.assert_rule("sl", points=[F(1, 3)]) == names[:-1]


@pytest.fixture
def scratch() -> Iterator[None]:
    """Whatever a test writes into the book is taken out again."""
    before = dict(BOOK), dict(ENTRIES)
    yield
    for table, old in zip((BOOK, ENTRIES), before, strict=True):
        for name in set(table) - set(old):
            del table[name]


def exp_value(f: Any, u: Any) -> Any:
    return f.exp(u)


@pytest.mark.usefixtures("scratch")
def test_assert_rule_rejects_a_wrong_factor() -> None:
    @ta.rule(value=exp_value)
    def wrong_factor(u: Any, du: Any, v: Any) -> Any:
        return 2 * v * du

    with pytest.raises(AssertionError, match=r"wrong_factor at .*coefficient 1 .*differential or the value is wrong"):
        ta.testing.assert_rule(wrong_factor)


@pytest.mark.usefixtures("scratch")
def test_assert_rule_rejects_what_is_right_in_the_first_derivative_only() -> None:
    """At u = 0 the slope of 1/(1 − u) is that of exp: only coefficient 2 tells, at this one point."""

    @ta.rule(value=exp_value)
    def wrong_curvature(u: Any, du: Any, v: Any) -> Any:
        return v * v * du

    with pytest.raises(AssertionError, match="coefficient 2 by its differential is 1"):
        ta.testing.assert_rule(wrong_curvature, points=[0.0])


@pytest.mark.usefixtures("scratch")
def test_assert_rule_rejects_a_term_without_du() -> None:
    @ta.rule(value=exp_value)
    def no_factor(u: Any, du: Any, v: Any) -> Any:
        return v * du + v - 1

    with pytest.raises(AssertionError, match="without a factor du"):
        ta.testing.assert_rule(no_factor)


@pytest.mark.usefixtures("scratch")
def test_assert_rule_rejects_a_ring_that_disagrees() -> None:
    """The float value is wrong in its eighth digit; balls and mpmath numbers are right."""
    values = {
        "arb": lambda u: u.exp(),
        "float64": lambda u: np.exp(u) * (1 + 1e-8),
    }

    @ta.rule(value=values)
    def rings_differ(u: Any, du: Any, v: Any) -> Any:
        return v * du

    with pytest.raises(AssertionError, match=r"float64 at .*rings_differ: coefficient 0"):
        ta.testing.assert_rule(rings_differ)
    values["float64"] = np.exp
    assert ta.testing.assert_rule(rings_differ) == ("arb", "float64")


@pytest.mark.usefixtures("scratch")
def test_assert_rule_of_floats_alone() -> None:
    """Where a function has no value but in floats, its slope is still checked."""

    @ta.rule(value={"float64": np.exp})
    def only_floats(u: Any, du: Any, v: Any) -> Any:
        return v * du

    @ta.rule(value={"float64": np.exp})
    def only_floats_wrong(u: Any, du: Any, v: Any) -> Any:
        return v * du / (1 + u * u)

    assert ta.testing.assert_rule(only_floats) == ("float64",)
    with pytest.raises(AssertionError, match="coefficient 1"):
        ta.testing.assert_rule(only_floats_wrong)


@pytest.mark.usefixtures("scratch")
def test_assert_rule_of_two_arguments_and_parameters() -> None:
    @ta.rule(value=lambda f, x, y: f.exp(x * y), arity=2)
    def product_exponential(x: Any, y: Any, dx: Any, dy: Any, v: Any) -> Any:
        return v * (x * dy + y * dx)

    @ta.rule(value=lambda f, x, y: f.exp(x * y), arity=2)
    def half_forgotten(x: Any, y: Any, dx: Any, dy: Any, v: Any) -> Any:
        return v * (y * dx + 0 * dy)

    @ta.rule(value=lambda f, u, a: f.exp(u) * a)
    def times_exponential(u: Any, du: Any, v: Any, a: Any) -> Any:
        return v * du

    assert "float64" in ta.testing.assert_rule(product_exponential)
    with pytest.raises(AssertionError, match="coefficient 1"):
        ta.testing.assert_rule(half_forgotten)
    assert "arb" in ta.testing.assert_rule(times_exponential, points=[(0.5, 3), (F(1, 4), F(2, 3))])


def test_assert_rule_says_what_it_cannot_check() -> None:
    with pytest.raises(AssertionError, match="no function 'nonsense'"):
        ta.testing.assert_rule("nonsense")
    with pytest.raises(AssertionError, match="in no ring"):
        ta.testing.assert_rule("log", points=[0.0])
    with pytest.raises(AssertionError, match="takes 1 arguments"):
        ta.testing.assert_rule("log", points=[(1.0, 2.0)])


@pytest.mark.parametrize("name", ["exp", "sqrt", "atan2", "erf", "hypot", "tan", "logsumexp", "pow"])
def test_assert_rule_accepts_the_books_own(name: str) -> None:
    points = [(0.75, F(5, 2)), (1.25, -2)] if name == "pow" else None
    assert {"arb", "mpf", "float64"} <= set(ta.testing.assert_rule(name, points))


@pytest.mark.usefixtures("scratch")
def test_code_that_is_kept_does_not_outlive_the_values_of_a_rule(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same name and differential with other values, and with another domain: all is that of the new rule."""
    monkeypatch.setenv("TAYLORAD_CACHE_DIR", str(tmp_path))
    factor = 1

    def written(domain: Any = ()) -> Any:
        @ta.rule(value=lambda f, u: factor * f.exp(u), domain=domain)
        def grown(u: Any, du: Any, v: Any) -> Any:
            return v * du

        return grown

    for factor in (1, 2):
        grown = written()
        low, high, proved = v.compile(grown, 2)(np.array([-0.5]), np.array([-0.4]))
        assert proved.all()
        assert np.all(low[:2] <= factor * np.exp(-0.45))
        assert np.all(high[:2] >= factor * np.exp(-0.45))
        x, (y, _) = ta.variable(-0.45, 1), ta.variables([-0.45, 0.0], 1)
        found = [ta.grown(-0.45), ta.grown(x)[0], x.grown()[0], ta.grown(y)[0, 0], y.grown()[0, 0]]
        assert [*found, *ta.compile(grown, 0)(-0.45)] == pytest.approx([factor * np.exp(-0.45)] * 6)
        end = v.solve_ivp(lambda t, y: [ta.grown(y[0])], (0, "1/8"), [-0.5]).box[0]
        assert float(end.mid) == pytest.approx(-np.log(np.exp(0.5) - factor / 8), rel=1e-13)
    *_, proved = v.compile(written(ta.Domain(0, None)), 2)(np.array([-0.5]), np.array([-0.4]))
    assert not proved.any()


class Factor:
    """A number by which a rule multiplies."""

    def __init__(self, size: int) -> None:
        self.size = size

    def value(self, f: Any, u: Any) -> Any:
        return self.size * f.exp(u)

    def __call__(self, f: Any, u: Any) -> Any:
        return self.value(f, u)


def larger() -> type[Factor]:
    """The class as it is written anew, with the same name, for twice the values."""

    class Larger(Factor):
        def value(self, f: Any, u: Any) -> Any:
            return 2 * Factor.value(self, f, u)

    Larger.__qualname__ = "Factor"
    return Larger


@pytest.mark.usefixtures("scratch")
def test_code_that_is_kept_does_not_outlive_what_the_values_of_a_rule_rest_on(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another rule that is written again, an object, its class, its methods, a function with a memory."""
    monkeypatch.setenv("TAYLORAD_CACHE_DIR", str(tmp_path))

    def written(value: Any) -> Any:
        @ta.rule(value=value)
        def grown(u: Any, du: Any, v: Any) -> Any:
            return v * du

        return grown

    def remembered(size: int) -> Any:
        @functools.cache
        def factor() -> int:
            return size

        return factor

    def check(f: Any, size: int) -> None:
        low, high, proved = v.compile(f, 1)(np.array([0.5]), np.array([0.5]))
        assert proved.all()
        assert np.all(low <= size * np.exp(0.5))
        assert np.all(high >= size * np.exp(0.5))
        assert low[0, 0] > 0.999 * size * np.exp(0.5)
        assert ta.compile(f, 1)(0.5)[0] == pytest.approx(size * np.exp(0.5))

    for size, kind in ((1, Factor), (2, Factor), (2, larger())):
        whole = 2 * size if kind is not Factor else size
        check(written(kind(size)), whole)
        check(written(kind(size).value), whole)
    for size in (3, 4):
        factor = remembered(size)
        check(written(lambda f, u, factor=factor: factor() * f.exp(u)), size)
    for size in (5, 6):
        written(lambda f, u, size=size: size * f.exp(u))
        if size == 5:

            @ta.rule(value=lambda f, u: 1 * f.grown(u))
            def through(u: Any, du: Any, v: Any) -> Any:
                return v * du

        check(ta.through, size)
