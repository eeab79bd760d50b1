"""The Taylor polynomial as a value: construction, operators, comparison, conversion."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest

import taylorad as ta

X = ta.variable(0.6, 6)


# ---------------------------------------------------------------------- construction
def test_rings_are_read_off_the_point() -> None:
    assert ta.variable(Fraction(3, 5), 2).coefficients == [Fraction(3, 5), 1, 0]
    assert ta.variable(1, 1).coefficients == [Fraction(1), Fraction(1)]
    assert isinstance(ta.variable(mpmath.mpf("0.6"), 2)[0], mpmath.mpf)
    assert isinstance(ta.variable(flint.arb("0.6"), 2)[0], flint.arb)
    assert ta.variable(0.6 + 1j, 2).coefficients.dtype == np.complex128
    assert ta.variable(np.float32(0.5), 2).coefficients.dtype == np.float64
    assert ta.variable(np.array([1.0, 2.0, 3.0]), 20).coefficients.shape == (21, 3)
    assert ta.variable(0.6, 3, scale=2).coefficients.tolist() == [0.6, 2, 0, 0]


@pytest.mark.parametrize("order", [-1, 2.5, "3", None, True])
def test_bad_orders(order: object) -> None:
    with pytest.raises(ta.OrderError, match="order"):
        ta.variable(0.5, order)  # type: ignore[arg-type]


def test_bad_coefficients() -> None:
    with pytest.raises(ta.OrderError, match="empty"):
        ta.Taylor([])
    with pytest.raises(ta.DomainError, match="nan"):
        ta.variable(math.nan, 3)
    with pytest.raises(ta.DomainError, match="inf"):
        ta.Taylor(np.array([[1.0, math.inf]]))
    with pytest.raises(ta.MixedRingError, match="do not mix"):
        ta.Taylor([mpmath.mpf(1), flint.arb(1)])
    with pytest.raises(ta.MixedRingError, match="str"):
        ta.Taylor(["1"])


def test_rings_do_not_mix_with_silent_loss() -> None:
    exact = ta.variable(Fraction(1, 2), 3)
    for other in (0.5, ta.variable(0.5, 3), mpmath.mpf(1), 1j):
        with pytest.raises(ta.MixedRingError, match="rounded"):
            exact * other
    with pytest.raises(ta.MixedRingError):
        ta.variable(mpmath.mpf(1), 3) + flint.arb(1)
    assert (exact + flint.arb(1))[0].contains(flint.fmpq(3, 2))
    assert (X + Fraction(1, 2))[0] == 1.1
    assert (X * 1j).coefficients.dtype == np.complex128


# ---------------------------------------------------------------------- values
def test_it_is_immutable_and_hashable() -> None:
    with pytest.raises(ValueError, match="read-only"):
        X.coefficients[0] = 1.0
    assert hash(X) == hash(ta.variable(0.6, 6))
    assert copy.deepcopy(X) == copy.copy(X) == X


@pytest.mark.parametrize(
    "series",
    [
        X,
        ta.variable(Fraction(1, 3), 4),
        ta.polynomial([1, 2]),
        ta.variable(np.arange(3.0), 2),
        ta.variable(ta.variable(0.5, 2), 2),
    ],
)
def test_pickling(series: ta.Taylor) -> None:
    again = pickle.loads(pickle.dumps(series))
    assert again == series
    assert again.order == series.order
    assert np.array_equal((again * again).coefficients, (series * series).coefficients)


def test_equality_never_ignores_unknown_coefficients() -> None:
    assert ta.variable(0.6, 3) != ta.variable(0.6, 4)
    assert ta.polynomial([2]) == 2
    assert X * 0 != 0
    assert (X == "x") is False
    assert X.isclose(X + 1e-12)
    assert not X.isclose(X + 1e-3)


def test_comparison_looks_at_constant_terms_and_ties_raise() -> None:
    assert X < 1
    assert X >= 0.5
    assert max(X, 2 * X) == 2 * X
    with pytest.raises(ta.SingularExpansionError, match="tie"):
        X < 0.6  # noqa: B015
    with pytest.raises(ta.UncertifiedError, match="smaller balls"):
        ta.variable(flint.arb(0, 1), 3) > 0  # noqa: B015
    with pytest.raises(TypeError, match="complex"):
        ta.variable(1j, 2) > 0  # noqa: B015
    assert (ta.variable(np.array([0.1, 0.9]), 2) > 0.5).tolist() == [False, True]
    assert bool(X)
    with pytest.raises(ta.SingularExpansionError, match="truth"):
        bool(ta.variable(0.0, 2))


def test_newton_loops_and_branches_run_unchanged() -> None:
    def root_of(a):  # type: ignore[no-untyped-def]
        x = a if a > 1 else a + 1
        while abs(x * x - a) > 1e-14:
            x = (x + a / x) / 2
        return x

    a = ta.variable(2.0, 2)
    found = (root_of(a) + a / root_of(a)) / 2
    assert found.coefficients == pytest.approx(np.sqrt(a).coefficients, rel=1e-14)


@pytest.mark.parametrize("function", [math.sin, float, int, complex])
def test_plain_python_functions_are_refused_by_name(function: object) -> None:
    with pytest.raises(TypeError, match=r"np\.sin"):
        function(X)  # type: ignore[operator]
    assert float(ta.polynomial([1.5])) == 1.5


def test_parts_of_complex_series() -> None:
    z = np.exp(1j * X)
    assert z.real.isclose(np.cos(X), 1e-14)
    assert z.imag.isclose(np.sin(X), 1e-14)
    assert (z * z.conjugate()).real.isclose(0 * X + 1, atol=1e-15)


# ---------------------------------------------------------------------- nested
def test_taylor_of_taylors() -> None:
    s = ta.variable(ta.variable(0.5, 4), 3)
    y = np.exp(s * s)
    plain = np.exp(ta.variable(0.5, 7) ** 2)
    for j in range(4):
        for i in range(5):
            assert y[j][i] == pytest.approx(plain[i + j] * math.comb(i + j, j), rel=1e-13)


def test_local_entries_nest() -> None:
    s = ta.variable(ta.variable(0.5, 3), 3)
    y, plain = ta.jv(1, s), ta.jv(1, ta.variable(0.5, 6))
    assert y[3][3] == pytest.approx(plain[6] * 20, rel=1e-13)


# ---------------------------------------------------------------------- numpy
def test_numpy_scalars_and_arrays_on_either_side() -> None:
    for two in (np.float64(2), np.float32(2), np.int64(2)):
        assert two * X == X * two == X + X
    assert (np.ones(3) * X).shape == (3,)
    assert (X * np.ones(3)).coefficients[1].tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="broadcast"):
        ta.variable(np.zeros(2), 2) + np.zeros(3)


def test_arrays_of_series() -> None:
    a = np.array([X, 2 * X])
    assert a.dtype == object
    assert a.shape == (2,)
    assert (a @ a) == X * X * 5
    assert a.sum() == 3 * X
    assert np.sin(a)[1].isclose(np.sin(2 * X), 1e-13)
    assert np.linalg.norm(a).isclose(X * 5**0.5, atol=1e-13)


def test_array_functions_of_batches() -> None:
    b = ta.variable(np.array([[1.0, 2.0], [3.0, 4.0]]), 3)
    assert np.sum(b).coefficients.tolist() == [10, 4, 0, 0]
    assert np.sum(b, axis=0).coefficients[0].tolist() == [4, 6]
    assert np.mean(b).coefficients.tolist() == [2.5, 1, 0, 0]
    assert np.linalg.norm(b)[0] == np.linalg.norm(b, "fro")[0] == pytest.approx(math.sqrt(30))
    assert np.linalg.norm(b, 2, axis=1, keepdims=True)[0] == pytest.approx(np.sqrt([[5], [25]]))
    with pytest.raises(ValueError, match="2 axes"):
        np.linalg.norm(b, 2)  # the largest singular value
    assert (np.eye(2) @ b) == b
    assert np.dot(b, b)[1].tolist() == [[7, 9], [11, 13]]
    assert np.where(b > 2.5, b, 0.0).coefficients[0].tolist() == [[0, 0], [3, 4]]
    assert np.clip(b, 1.5, 3.5).coefficients[1].tolist() == [[0, 1], [1, 0]]
    assert b.at((0, 1)).coefficients.tolist() == [2, 1, 0, 0]


def test_products_over_batches_are_numpys() -> None:
    rng = np.random.default_rng(5)
    a, b, c = (
        rng.standard_normal((3, *shape)) + 1j * rng.standard_normal((3, *shape)) for shape in ((2, 3, 3), (3, 3), (3,))
    )
    for product in (np.dot, np.inner, np.vdot, np.matmul):
        for x, y in ((a, a), (b, b), (a, b), (b, c), (c, b), (c, c), (a, c)):
            if product is np.vdot and x[0].size != y[0].size:
                continue
            found = product(ta.Taylor(x), ta.Taylor(y))
            for k in range(3):
                expected = sum(product(x[j], y[k - j]) for j in range(k + 1))
                np.testing.assert_allclose(found[k], expected, atol=1e-14)
    assert np.vdot(1j * X, 2j * X).isclose(2 * X * X + 0j, 1e-15)


def test_scipy_functions() -> None:
    from scipy import special

    # not ==: between two calls the second may have become machine code, whose last bit may differ
    assert special.jv(2, X).isclose(ta.jv(2, X), 1e-13)
    assert special.erf(X).isclose(ta.erf(X), 1e-13)
    sn, cn, dn, _ = special.ellipj(X, 0.3)
    assert (sn * sn + cn * cn).isclose(0 * X + 1, atol=1e-15)
    assert (dn * dn + 0.3 * sn * sn).isclose(0 * X + 1, atol=1e-15)
    assert np.sinc(X).isclose(ta.sinc(X), 1e-13)


def test_out_arguments_are_refused() -> None:
    with pytest.raises(TypeError):
        np.add(X, X, out=np.zeros(3))


def test_names_that_are_not_there() -> None:
    with pytest.raises(AttributeError, match="frobnicate"):
        ta.frobnicate  # noqa: B018
    with pytest.raises(AttributeError, match="frobnicate"):
        X.frobnicate  # noqa: B018


def test_functions_of_plain_numbers_are_order_zero_of_the_series() -> None:
    assert ta.exp(0) == 1.0
    assert ta.exp(Fraction(0)) == 1
    assert ta.sin(np.array([0.0, 0.5])).tolist() == [0.0, np.sin(ta.variable(0.5, 0))[0]]
    assert isinstance(ta.exp(mpmath.mpf(1)), mpmath.mpf)
    with pytest.raises(ta.SingularExpansionError, match="not finite"):
        ta.exp(800.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, np.float64("nan"), np.array([1.0, -math.inf])])
def test_numbers_that_are_not_finite_are_refused(bad: object) -> None:
    for operation in (operator.add, operator.sub, operator.mul, operator.truediv):
        for operands in ((X, bad), (bad, X)):
            with pytest.raises(ta.DomainError, match="finite"):
                operation(*operands)


def test_sums_over_batches_keep_nested_variables_apart() -> None:
    w = np.array([1.0, 2.0])

    def mixed(f):  # type: ignore[no-untyped-def]
        return ta.derivative(lambda a: ta.derivative(lambda b: f(a * w, b * w), 2.0), 3.0)

    for dot in (np.dot, np.inner, np.vdot, np.matmul, lambda u, v: np.sum(u * v), lambda u, v: 2 * np.mean(u * v)):
        assert mixed(dot) == pytest.approx(5.0)  # ∂²/∂a∂b of a·b·|w|²
    assert mixed(lambda u, v: np.dot(u * v, w)) == pytest.approx(9.0)
    assert mixed(lambda u, v: np.sum(u + v)) == pytest.approx(0.0)
    assert mixed(lambda u, v: np.sum(np.where(np.array([True, False]), u * v, u + v))) == pytest.approx(1.0)
    assert mixed(lambda u, v: np.linalg.norm(u * v)) == pytest.approx(17**0.5)
    with pytest.raises(ta.UnsupportedFunctionError, match="vectors only"):
        mixed(lambda u, v: np.dot(u * np.eye(2), v))
