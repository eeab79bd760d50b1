"""Pictures: what is drawn, what is saved, what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import flint
import numpy as np
import pytest

import taylorad.plot as plot
from taylorad.errors import MixedRingError, OrderError
from taylorad.taylor.construct import polynomial, variable
from taylorad.taylor.series import Taylor
from taylorad.validated.literals import interval

GEOMETRIC = Taylor(np.ones(21))  # 1/(1 − t)


def labels(ax: object) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]  # type: ignore[attr-defined]


def test_a_function_and_its_polynomials(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    ax = plot.series(GEOMETRIC, lambda x: 1 / (2 - x), x0=1.0, path=path, title="1/(2 − x)")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert labels(ax)[:2] == ["radius ≈ 1 (estimate)", "function"]
    assert labels(ax)[2:] == [f"order {k}" for k in (1, 2, 3, 6, 11, 20)]
    assert ax.get_xlim() == pytest.approx((1 - 1.6, 1 + 1.6))
    curves = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
    line = curves["order 1"]
    inside = np.isfinite(line[:, 1])
    assert np.allclose(line[inside, 1], 1 + (line[inside, 0] - 1))
    function = curves["function"]
    shown = np.isfinite(function[:, 1])
    assert np.allclose(function[shown, 1], 1 / (2 - function[shown, 0]))
    assert not np.all(shown)  # a gap at the pole


def test_polynomials_of_a_function(tmp_path: Path) -> None:
    def f(x: object) -> object:
        return 1 / (1 + x * x)  # type: ignore[operator]

    ax = plot.polynomials(f, 0.0, 20, tmp_path / "p.svg")
    assert "<svg" in (tmp_path / "p.svg").read_text()
    assert labels(ax)[2:] == ["order 2", "order 4", "order 6", "order 10", "order 20"]  # odd ones add nothing
    constant = plot.polynomials(lambda x: 3.0, 0.0, 5, tmp_path / "c.png")
    assert labels(constant)[-1] == "order 0"


def test_entire_functions_have_no_shaded_disc() -> None:
    terms = np.cumprod([1.0, *(1 / np.arange(1.0, 21))])
    ax = Taylor(terms).plot(function=np.exp, orders=(2, 20), span=3)
    assert labels(ax) == ["function", "order 2", "order 20"]
    assert ax.get_xlim() == (-3, 3)
    matplotlib.pyplot.close(ax.figure)


def test_functions_that_end_or_fail() -> None:
    def root(x: float) -> float:
        if x < 0:
            raise ValueError(x)
        return x**0.5

    c = [1.0]
    for k in range(1, 21):
        c.append(c[-1] * (1.5 - k) / k)
    ax = plot.series(Taylor(c), root, x0=1.0)
    line = next(li for li in ax.get_lines() if li.get_label() == "function").get_xydata()
    assert np.all(np.isnan(line[line[:, 0] < 0, 1]))
    assert not np.any(np.isnan(line[line[:, 0] > 0.1, 1]))
    matplotlib.pyplot.close(ax.figure)


def test_own_axes_and_other_rings() -> None:
    figure = matplotlib.figure.Figure()
    mine = figure.add_subplot()
    assert plot.series(Taylor([flint.arb(1)] * 12), ax=mine, span=0.5) is mine
    assert labels(mine)[-1] == "order 11"
    assert plot.series(polynomial([1, 2]), ax=mine) is mine
    assert plot.series(np.exp(variable(interval("0.1", "0.3"), 4)), ax=mine) is mine


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="one point"):
        plot.series(Taylor(np.ones((3, 2))))
    with pytest.raises(MixedRingError, match=r"\.real"):
        plot.series(Taylor([1j, 1.0]))
    with pytest.raises(MixedRingError):
        plot.series(variable(variable(0.5, 9), 9))
    with pytest.raises(OrderError, match="between 0 and"):
        plot.series(GEOMETRIC, orders=(3, 21))


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'taylorad\[plot\]'"):
        plot.series(GEOMETRIC)
