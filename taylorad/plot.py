"""Pictures: a function against its Taylor polynomials, and solutions of differential equations; needs matplotlib."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from taylorad.errors import MixedRingError, OrderError, TayloradError
from taylorad.rings.intervals import Interval
from taylorad.taylor.construct import variable
from taylorad.taylor.radius import estimate
from taylorad.taylor.series import Taylor

__all__ = ["band", "boxes", "model", "polynomials", "series", "solution", "tube"]

_POINTS = 1201
_LEGEND = 12  # curves up to which a legend is read
_INK, _PAPER, _SHADE = "#1b1b1f", "#ffffff", "#e9eef6"


def polynomials(
    f: Callable[[Any], Any], x0: Any, order: int, path: str | Path | None = None, *, title: str | None = None
) -> Any:
    """Draw f and its Taylor polynomials about x0 up to ``order``; see :func:`series` for what is returned and raised.

    ``f`` must accept floats as well as series. Saves the picture at ``path`` (the suffix chooses the format).
    """
    found = f(variable(x0, order))
    if not isinstance(found, Taylor):
        found = Taylor([found])
    return series(found, f, x0=float(x0), path=path, title=title)


def series(
    series: Taylor,
    function: Callable[[Any], Any] | None = None,
    *,
    orders: Sequence[int] | None = None,
    span: float | None = None,
    x0: float = 0.0,
    ax: Any = None,
    path: str | Path | None = None,
    title: str | None = None,
) -> Any:
    """Draw a function against its Taylor polynomials of several orders, with the radius of convergence shaded.

    Parameters
    ----------
    series : a real series, not a batch
    function : the function itself, called at floats; left out where it raises an error or is not finite
    orders : which polynomials to draw; about six of them if not given
    span : half of the width of the picture; from the radius if not given
    x0 : the expansion point, for the axis
    ax : matplotlib axes to draw on; a new figure if not given
    path : where to save the picture

    Returns the axes. Raises ImportError without matplotlib, MixedRingError for complex or nested series, ValueError
    for a batch, OrderError for an order that is not known.
    """
    c = _floats(series)
    chosen = _orders(c) if orders is None else list(orders)
    if not chosen or not all(0 <= k <= series.order for k in chosen):
        raise OrderError(f"orders {chosen} must lie between 0 and the order of the series, {series.order}")
    radius = _radius(series)
    span = _span(c, radius) if span is None else float(span)
    t = np.linspace(-span, span, _POINTS)
    curves = [np.polynomial.polynomial.polyval(t, c[: k + 1]) for k in chosen]
    truth = None if function is None else _sampled(function, x0 + t)
    lower, upper = _limits(curves[-1] if truth is None else truth, t, radius)
    ax = _axes(path) if ax is None else ax
    if radius < span:
        ax.axvspan(x0 - radius, x0 + radius, color=_SHADE, lw=0, zorder=0, label=f"radius ≈ {radius:.3g} (estimate)")
        for edge in (x0 - radius, x0 + radius):
            ax.axvline(edge, color="#9aa7bd", lw=0.8, ls=(0, (4, 3)), zorder=1)
    if truth is not None:
        ax.plot(x0 + t, _broken(truth, lower, upper), color=_INK, lw=2.6, label="function", zorder=3)
    for shade, k, curve in zip(_shades(len(chosen)), chosen, curves, strict=True):
        ax.plot(x0 + t, _broken(curve, lower, upper), color=shade, lw=1.5, label=f"order {k}", zorder=4)
    ax.plot([x0], [c[0]], "o", ms=6, mfc=_PAPER, mec=_INK, mew=1.6, zorder=5)
    _dress(ax, x0 - span, x0 + span, lower, upper, title)
    if path is not None:
        ax.figure.savefig(path, dpi=160, facecolor=_PAPER, bbox_inches="tight")
    return ax


def solution(
    s: Any,
    components: Sequence[int] | None = None,
    *,
    kind: str | None = None,
    points: int = 2001,
    names: Sequence[str] | None = None,
    ax: Any = None,
    path: str | Path | None = None,
    title: str | None = None,
) -> Any:
    """Draw a :class:`~taylorad.ode.solution.Solution` over time, or its curve in the plane or in space.

    Parameters
    ----------
    s : a solution; drawn at ``points`` times where its dense output was kept, else at its own
    components : which of them, and in which order; all if not given
    kind : "time", or "phase" for two or three components against one another. If not given, "phase" for three.
    names : of the components, all of them; those of the solution if not given
    ax : matplotlib axes to draw on (for three components 3d ones); a new figure if not given
    path : where to save the picture; the suffix chooses the format

    Returns the axes. Raises ImportError without matplotlib, and ValueError for components that do not exist or do not
    fit the kind. Complex components are drawn by their real parts.
    """
    t = s.t if s.sol is None else np.linspace(float(s.t[0]), float(s.t[-1]), points)
    y = np.real(s.y if s.sol is None else s.sol(t)).astype(float)
    shown = list(range(len(y))) if components is None else list(components)
    if not shown or not all(-len(y) <= i < len(y) for i in shown):
        raise ValueError(f"components {shown} of a solution with {len(y)}")
    known = [*(names or s.names or (f"y{i}" for i in range(len(y))))]
    kind = kind or ("phase" if len(shown) == 3 else "time")
    if kind not in ("time", "phase") or (kind == "phase" and len(shown) not in (2, 3)):
        raise ValueError(f"a picture of kind {kind!r} with {len(shown)} components; phase takes two or three, or time")
    ax = _axes(path, kind == "phase" and len(shown) == 3) if ax is None else ax
    rows, labels = [y[i] for i in shown], [known[i] for i in shown]
    if kind == "phase":
        ax.plot(*rows, lw=0.6 if len(rows) == 3 else 1.2, color=_INK)
        ax.set(**dict(zip(("xlabel", "ylabel", "zlabel"), labels, strict=False)))
    else:
        for label, row, shade in zip(labels, rows, _shades(len(rows)), strict=True):
            ax.plot(t, row, label=label, color=shade)
        ax.set(xlabel="t")
        if len(rows) <= _LEGEND:
            ax.legend(frameon=False)
    if title:
        ax.set_title(title, loc="left", color=_INK)
    if path is not None:
        ax.figure.savefig(path, dpi=150, facecolor=_PAPER)
    return ax


def band(
    f: Callable[[Any], Any], where: Any, *, pieces: int = 100, ax: Any = None, path: str | Path | None = None
) -> Any:
    """Draw proved bounds of f: a rectangle over each of ``pieces`` parts of an interval. Returns the axes.

    Raises ImportError without matplotlib, UncertifiedError where f is not certainly defined. Rigorous up to drawing.
    """
    from taylorad.validated.derivatives import coefficients
    from taylorad.validated.literals import interval

    x = interval(where)
    cuts = np.linspace(x.lo, x.hi, pieces + 1)
    drawn = [coefficients(f, interval(float(a), float(b)), 0)[0] for a, b in pairwise(cuts)]
    ax = _axes(path) if ax is None else ax
    low, high = np.array([y.lo for y in drawn]), np.array([y.hi for y in drawn])
    kind: dict[str, Any] = {"where": "post", "color": _INK, "lw": 0.8}
    ax.fill_between(cuts, np.append(low, low[-1]), np.append(high, high[-1]), step="post", color=_SHADE, lw=0)
    ax.step(cuts, np.append(low, low[-1]), label="proved bounds", **kind)
    ax.step(cuts, np.append(high, high[-1]), **kind)
    _dress(ax, x.lo, x.hi, float(low.min()), float(high.max()), None)
    return _saved(ax, path)


def model(model: Any, *, points: int = 401, ax: Any = None, path: str | Path | None = None) -> Any:
    """Draw a Taylor model of one variable: its polynomial, and the tube that contains the function. Returns the axes.

    Raises ImportError without matplotlib, ValueError for a model of several variables.
    """
    if len(model.domain) != 1:
        raise ValueError(f"a model of {len(model.domain)} variables has no picture; fix all but one")
    (x,) = model.domain
    t = np.linspace(x.lo, x.hi, points)
    tube = [model(float(at)) for at in np.minimum(np.maximum(t, x.lo), x.hi)]
    ax = _axes(path) if ax is None else ax
    low, high = np.array([y.lo for y in tube]), np.array([y.hi for y in tube])
    ax.fill_between(t, low, high, color=_SHADE, lw=0)
    ax.plot(t, low, color=_INK, lw=0.8, label="proved bounds")
    ax.plot(t, high, color=_INK, lw=0.8)
    curve = model.polynomial
    ax.plot(t, [curve(float(at) - model.center[0]) for at in t], color=_INK, lw=1.2, ls="--", label="polynomial")
    _dress(ax, x.lo, x.hi, float(low.min()), float(high.max()), None)
    return _saved(ax, path)


def boxes(found: Any, *, ax: Any = None, path: str | Path | None = None) -> Any:
    """Draw what a branch and bound kept (filled) and discarded (outlined), in one or two variables. Returns the axes.

    ``found`` is what :func:`taylorad.validated.minimize` returned, with ``keep=True`` for the discarded boxes. Raises
    ImportError without matplotlib, ValueError for more than two variables.
    """
    every = [*found.discarded, *found.boxes]
    if not every or len(every[0]) > 2:
        raise ValueError("boxes of one or two variables have a picture; these have more, or there are none")
    ax = _axes(path) if ax is None else ax
    kept = set(map(id, found.boxes))
    for box in every:
        x = box[0]
        y = box[1] if len(box) == 2 else None
        left, bottom = x.lo, 0.0 if y is None else y.lo
        width, height = x.hi - x.lo, 1.0 if y is None else y.hi - y.lo
        if id(box) in kept:
            ax.plot([x.mid], [0.5 if y is None else y.mid], "o", ms=4, color=_INK)
        style = {"facecolor": _INK if id(box) in kept else "none", "edgecolor": _INK, "lw": 0.5}
        ax.add_patch(_rectangle((left, bottom), width, height, **style))
    ax.autoscale_view()
    return _saved(ax, path)


def tube(
    enclosure: Any,
    components: Sequence[int] | None = None,
    *,
    parts: int = 4,
    names: Sequence[str] | None = None,
    ax: Any = None,
    path: str | Path | None = None,
    title: str | None = None,
) -> Any:
    """Draw the tube of a :class:`~taylorad.validated.enclosure.Enclosure`: a box of times and values for each step.

    Every solution runs inside, at all times and not only at those of the steps. Two ``components`` are drawn against
    one another; one, or another number of them, over time (all if not given). Each step is drawn in ``parts``.

    Returns the axes. Raises ImportError without matplotlib, and ValueError for components that do not exist.
    """
    t, boxes = enclosure.tube(parts)
    shown = list(range(len(boxes))) if components is None else list(components)
    if not shown or not all(-len(boxes) <= i < len(boxes) for i in shown):
        raise ValueError(f"components {shown} of an enclosure with {len(boxes)}")
    known = list(names or (f"y{i}" for i in range(len(boxes))))
    ends = [np.array([[float(x.lo), float(x.hi)] for x in boxes[i]]).reshape(-1, 2).T for i in shown]
    ax = _axes(path) if ax is None else ax
    if components is not None and len(shown) == 2:
        (a, b), (c, d) = ends
        for corner, width, height in zip(zip(a, c, strict=True), b - a, d - c, strict=True):
            ax.add_patch(_rectangle(corner, width, height, facecolor=_SHADE, edgecolor=_INK, lw=0.4))
        ax.autoscale_view()
        ax.set(xlabel=known[shown[0]], ylabel=known[shown[1]])
    else:
        for i, (low, hi), shade in zip(shown, ends, _shades(len(shown)), strict=True):
            ax.stairs(hi, t, baseline=low, fill=True, color=shade, alpha=0.6, label=known[i])
        ax.set(xlabel="t")
        if 1 < len(shown) <= _LEGEND:
            ax.legend(frameon=False)
    if title:
        ax.set_title(title, loc="left", color=_INK)
    return _saved(ax, path)


def _rectangle(corner: tuple[float, float], width: float, height: float, **style: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, width, height, **style)


def _saved(ax: Any, path: str | Path | None) -> Any:
    if path is not None:
        ax.figure.savefig(path, dpi=150, facecolor=_PAPER)
    return ax


def _floats(series: Taylor) -> np.ndarray:
    if series.shape:
        raise ValueError(f"a batch of shape {series.shape} is not one curve; take one point first")
    if series._ring.complex or isinstance(series.constant_term, Taylor):
        raise MixedRingError("only series with real coefficients can be drawn; take .real or .imag first")
    return np.array([float(_middle(c)) for c in series])


def _middle(c: Any) -> Any:
    if isinstance(c, Interval):
        return c.mid
    return c.mid() if hasattr(c, "mid") else c


def _orders(c: np.ndarray) -> list[int]:
    """About six orders, ever farther apart, each with a polynomial of its own; the last one included."""
    there = [k for k in range(len(c)) if c[k] or k == 0]
    wanted = np.geomspace(1, max(1, there[-1]), 6)
    nearest = {min(there, key=lambda k, w=w: abs(k - w)) for w in wanted}
    return sorted(k for k in nearest if k or len(there) == 1)


def _radius(series: Taylor) -> float:
    try:
        best = float(estimate(series).best)
    except OrderError:
        return math.inf
    return best if best > 0 else math.inf


def _span(c: np.ndarray, radius: float) -> float:
    """1.6 radii; without one, where the last term has grown as large as the largest coefficient."""
    if math.isfinite(radius):
        return 1.6 * radius
    there = np.flatnonzero(c)
    last = int(there[-1]) if len(there) else 0
    return float((np.max(np.abs(c)) / abs(c[last])) ** (1 / last)) if last else 1.0


def _sampled(function: Callable[[Any], Any], x: np.ndarray) -> np.ndarray:
    """The function's values, nan where it has none."""
    y = np.full(x.shape, math.nan)
    with np.errstate(all="ignore"):
        for i, one in enumerate(x):
            try:
                value = function(float(one))
                y[i] = float(value.constant_term if isinstance(value, Taylor) else value)
            except (TayloradError, ArithmeticError, ValueError, TypeError):
                continue
    return np.where(np.isfinite(y), y, math.nan)


def _limits(y: np.ndarray, t: np.ndarray, radius: float) -> tuple[float, float]:
    """A range that shows the curve where it is known, poles cut off."""
    inside = y[(np.abs(t) < 0.9 * radius) & np.isfinite(y)]
    if not len(inside):
        return -1.0, 1.0
    lower, upper = np.quantile(inside, [0.01, 0.99])
    room = 0.45 * (upper - lower) or 1.0
    return float(lower - room), float(upper + room)


def _broken(y: np.ndarray, lower: float, upper: float) -> np.ndarray:
    """The curve with gaps far outside the picture, where joining two branches of a pole would draw a line."""
    height = upper - lower
    return np.where((y > upper + height) | (y < lower - height), math.nan, y)


def _pyplot() -> Any:
    try:
        import matplotlib
    except ImportError:
        raise ImportError("pictures need matplotlib: pip install 'taylorad[plot]'") from None
    return matplotlib


def _axes(path: Any, space: bool = False) -> Any:
    _pyplot()
    options: dict[str, Any] = {"figsize": (8.4, 6.0 if space else 4.8), "layout": "constrained"}
    if path is not None:  # no window and no global state for a file
        from matplotlib.figure import Figure as figure
    else:
        from matplotlib.pyplot import figure
    return figure(**options).add_subplot(projection="3d" if space else None)


def _shades(count: int) -> list[Any]:
    matplotlib = _pyplot()
    return list(matplotlib.colormaps["plasma"](np.linspace(0.88, 0.28, count)))


def _dress(ax: Any, left: float, right: float, lower: float, upper: float, title: str | None) -> None:
    ax.set(xlim=(left, right), ylim=(lower, upper), xlabel="x")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.grid(color="#dfe3ea", lw=0.6)
    ax.set_axisbelow(True)
    if title:
        ax.set_title(title, loc="left", color=_INK)
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
