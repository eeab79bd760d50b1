"""Series as text and as LaTeX."""

from __future__ import annotations

from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest

from taylorad.taylor.construct import polynomial, variable
from taylorad.taylor.series import Taylor

F = Fraction
HALF = flint.arb("0.5 +/- 1e-20")

CASES = [
    # TaylorSeries.jl, test/onevariable.jl, prints sqrt(2) + t of order 2 so (after a blank)
    (Taylor([2**0.5, 1.0, 0.0]), "1.4142135623730951 + 1.0 t + O(t^3)", "1.4142135623730951 + 1.0 t + O(t^{3})"),
    (Taylor([1.0, 0.0, -0.5]), "1.0 - 0.5 t^2 + O(t^3)", "1.0 - 0.5 t^{2} + O(t^{3})"),
    (Taylor([-1.0, 1e-7]), "-1.0 + 1e-07 t + O(t^2)", r"-1.0 + 1 \cdot 10^{-7} t + O(t^{2})"),
    (Taylor([0.0, -2.5]), "-2.5 t + O(t^2)", "-2.5 t + O(t^{2})"),
    (Taylor([0.0]), "0 + O(t)", "0 + O(t)"),
    (Taylor([F(0), F(1), F(1, 2)]), "t + 1/2 t^2 + O(t^3)", r"t + \frac{1}{2} t^{2} + O(t^{3})"),
    (Taylor([F(3), F(-1), F(-3, 4)]), "3 - t - 3/4 t^2 + O(t^3)", r"3 - t - \frac{3}{4} t^{2} + O(t^{3})"),
    (polynomial([1, 0, -1]), "1 - t^2", "1 - t^{2}"),
    (polynomial([0]), "0", "0"),
    (polynomial([-1]), "-1", "-1"),
    (Taylor([1 + 2j, -2j]), "(1+2j) + (-0-2j) t + O(t^2)", r"\left(1+2 i\right) + \left(-0-2 i\right) t + O(t^{2})"),
    (
        Taylor([HALF, -HALF]),
        "[0.500000000000000 +/- 2e-20] - [0.500000000000000 +/- 2e-20] t + O(t^2)",
        r"\left[0.500000000000000 \pm 2 \cdot 10^{-20}\right]"
        r" - \left[0.500000000000000 \pm 2 \cdot 10^{-20}\right] t + O(t^{2})",
    ),
    (Taylor([mpmath.mpf("0.25"), mpmath.mpc(1, 2)]), "(0.25 + 0.0j) + (1.0 + 2.0j) t + O(t^2)", None),
    (
        variable(variable(0.5, 1), 1),
        "(0.5 + 1.0 t_2 + O(t_2^2)) + t_1 + O(t_1^2)",
        r"\left(0.5 + 1.0 t_{2} + O(t_{2}^{2})\right) + t_{1} + O(t_{1}^{2})",
    ),
    (Taylor(np.array([[1.0, 2.0], [3.0, 0.0]])), "Taylor(order 1, batch (2,); first: 1.0 + 3.0 t + O(t^2))", None),
    (Taylor(np.zeros((21, 0))), "Taylor(order 20, batch (0,))", r"\text{Taylor(order 20, batch (0,))}"),
    (Taylor(np.ones((1, 2, 3)), exact=True), "Taylor(exact, batch (2, 3); first: 1.0)", None),
]


@pytest.mark.parametrize(("series", "plain", "tex"), CASES, ids=[case[1][:30] for case in CASES])
def test_text(series: Taylor, plain: str, tex: str | None) -> None:
    assert repr(series) == str(series) == plain
    if tex is not None:
        assert series.latex() == tex
        assert series._repr_latex_() == f"${tex}$"


def test_long_series_show_both_ends() -> None:
    shown = str(Taylor(np.ones(101)))
    assert shown.startswith("1.0 + 1.0 t + ")
    assert shown.endswith(" + … + 1.0 t^98 + 1.0 t^99 + 1.0 t^100 + O(t^101)")
    assert shown.count("t^") == 14
    assert r" + \cdots + " in Taylor(np.ones(101)).latex()
    assert "…" not in str(Taylor(np.ones(31)))
    assert str(Taylor(np.eye(101)[0])) == "1.0 + O(t^101)"
