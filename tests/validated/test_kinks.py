"""Solutions over kinks and jumps: |x|, max, where. What is certain is crossed, what is not stops there."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import flint
import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import UncertifiedError
from taylorad.rings.balls import precision
from taylorad.validated.enclosure import Status


def real(q: Any) -> Any:
    q = v.exact(q)
    return flint.arb(flint.fmpq(q.numerator, q.denominator))


def swing(t: Any, y: Any) -> list[Any]:
    return [y[1], -abs(y[0])]


def swung(t: Any) -> list[Any]:
    """y″ = −|y| from (1, 0): a cosine, and after π/2 a hyperbolic sine."""
    after = t - flint.arb.pi() / 2
    return [t.cos(), -t.sin()] if after < 0 else [-after.sinh(), -after.cosh()]


CASES: dict[str, tuple[Callable[..., Any], Any, list[Any], Callable[[Any], list[Any]]]] = {
    "abs": (swing, 3, [1, 0], swung),
    "backwards": (swing, -3, [1, 0], lambda t: [swung(-t)[0], -swung(-t)[1]]),
    "time": (lambda t, y: [np.minimum(t, 1)], 2, [0], lambda t: [t * t / 2 if t < 1 else t - real("1/2")]),
    "max": (
        lambda t, y: [np.maximum(y[0], 0) - 1],
        2,
        ["1/2"],
        lambda t: [1 - t.exp() / 2 if t < flint.arb(2).log() else flint.arb(2).log() - t],
    ),
    "both sides move": (  # the test over a box forgets that they move together
        lambda t, y: [np.maximum(t, y[0])],
        3,
        [0],
        lambda t: [t * t / 2 if t < 2 else 2 * (t - 2).exp()],
    ),
    "jump": (lambda t, y: [np.where(y[0] > 0, -1.0, -2.0)], 2, [1], lambda t: [1 - t if t < 1 else 2 - 2 * t]),
    "at the end": (lambda t, y: [np.where(t < 1, 2 * t, 5.0)], 1, [0], lambda t: [t * t]),
    "at once": (lambda t, y: [1 + abs(y[0])], 1, [0], lambda t: [t.exp() - 1]),
}


def inside(values: Any, boxes: Any) -> bool:
    return all(bool(flint.arb(b.lo) <= x) and bool(x <= flint.arb(b.hi)) for x, b in zip(values, boxes, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_kinks_are_crossed(name: str) -> None:
    f, end, start, truth = CASES[name]
    enclosed = v.solve_ivp(f, (0, end), start)
    assert enclosed.success
    assert enclosed.width < 2e-14
    over = sorted(enclosed.march.crossed)
    assert over
    m = enclosed.march
    at = [int(m.counts[k]) * m.unit * m.sign for k in (over[0], over[0] + 1)]
    times = [Fraction(k, 16) * end for k in range(17)] + [at[0], (2 * at[0] + at[1]) / 3, at[1]]
    with precision(200):
        for t in times:
            assert inside(truth(real(t)), enclosed(t))
        low, hi = sorted(at)
        whole = enclosed(ta.interval(low, hi) & ta.interval(min(0, end), max(0, end)))
        for box in (enclosed.tube()[1][:, over[0]], whole):
            assert inside(truth(real((low + hi) / 2)), box)


def test_a_box_crosses_a_kink_at_different_times() -> None:
    """From (1, b): r·cos(t − φ) with r² = 1 + b², tan φ = b, and so the kink at π/2 + φ."""
    rad = Fraction(1, 10**4)
    enclosed = v.solve_ivp(swing, (0, 3), [1, v.interval(0, rad=rad)])
    assert enclosed.success
    ends: list[list[Any]] = []
    with precision(100):
        for b in (-rad, 0, rad):
            b = real(b)
            ends.append([(1 + b * b).sqrt() * x for x in swung(flint.arb(3) - b.atan())])
            assert inside(ends[-1], enclosed.box)
        exact = max(abs(float(x - y)) for x, y in zip(ends[0], ends[2], strict=True))
    assert enclosed.width < 1.01 * exact


def test_more_digits_cross_too() -> None:
    enclosed = v.solve_ivp(swing, (0, 2), [1, 0], precision=ta.digits(25))
    assert enclosed.success
    with precision(200):
        assert all(b.contains(x) for b, x in zip(enclosed.box, swung(flint.arb(2)), strict=True))
        t = enclosed.march.counts[min(enclosed.march.crossed)] * enclosed.march.unit
        assert all(b.contains(x) for b, x in zip(enclosed(t), swung(real(t)), strict=True))


@pytest.mark.parametrize(
    "f",
    [
        lambda t, y: [np.where(y[0] > 0, -1.0, 2.0)],  # both sides push against the jump: it cannot leave
        lambda t, y: [np.where(y[0] > 0, -1.0, t)],  # … or may not
        lambda t, y: [-np.floor(y[0] + 1) + 0 * abs(y[0])],  # a jump that no branch names
    ],
)
def test_what_may_stay_at_a_jump_stops_there(f: Any) -> None:
    enclosed = v.solve_ivp(f, (0, 2), ["1/2"])
    assert enclosed.status in (Status.DOMAIN, Status.BOX)
    assert not enclosed.march.crossed
    assert "kink" in enclosed.message
    assert Fraction("0.49") < enclosed.t_reached <= Fraction(1, 2)


@pytest.mark.parametrize("precision_", [None, ta.digits(20)], ids=["floats", "balls"])
def test_a_certificate_of_a_crossing(precision_: Any, tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    enclosed = v.solve_ivp(swing, (0, "1.7"), [1, 0], order=8, tol=1e-9, precision=precision_)
    assert enclosed.success
    (k,) = enclosed.march.crossed
    enclosed.save(path)
    v.check(path, steps=[k - 1, k, k + 1])
    text = path.read_text()

    def refused(change: Callable[[list[Any]], object], step: int = k) -> None:
        data = json.loads(text)
        change(data["sets"])
        path.write_text(json.dumps(data))
        with pytest.raises(UncertifiedError):
            v.check(path, steps=[step])

    refused(lambda sets: sets[k].pop("kink"))
    refused(lambda sets: sets[1].update(kink=True), 1)  # a step of first order does not reach so far
    refused(lambda sets: sets[k + 1].update(r=[["0x0p0", "0x0p0"]] * 2))
    refused(lambda sets: sets[k].update(e=[[x[1], x[1]] for x in sets[k]["e"]]))
