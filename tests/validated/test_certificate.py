"""Certificates: what holds is proved again, what was tampered with is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import taylorad as ta
from taylorad import validated as v
from taylorad.errors import DomainError, UncertifiedError


def lorenz(t: Any, y: Any, s: Any, r: Any, b: Any) -> list[Any]:
    return [s * (y[1] - y[0]), y[0] * (r - y[2]) - y[1], y[0] * y[1] - b * y[2]]


def mixture(t: Any, y: Any) -> list[Any]:
    return [np.sin(t) - np.exp(y[0]) * y[1], np.tanh(y[0]) - np.log(2 + y[1] ** 2) / np.sqrt(3 + y[0])]


CASES: list[tuple[Any, Any, Any, Any, dict[str, Any]]] = [
    (lorenz, "1/4", ["15", "15", "36"], ("10", "28", "8/3"), {}),
    (lorenz, "1/10", ta.box(["15", "15", "36"], rad="0.01"), ("10", "28", "8/3"), {"order": 12}),
    (lorenz, "1/10", ["15", "15", "36"], (v.interval("9.9", "10.1"), "28", "8/3"), {}),
    (lorenz, "1/16", ["15", "15", "36"], ("10", "28", "8/3"), {"precision": ta.digits(30)}),
    (mixture, "1/2", ["0.1", "0.3"], (), {}),
    (lambda t, y: [-abs(y[0]) + t**2], 1, [2], (), {}),
    (lambda t, y: [(1 - t) ** 3], "1/2", [0], (), {}),  # all numbers are floats, and the sets are points
]


@pytest.mark.parametrize(("f", "end", "start", "args", "options"), CASES)
def test_a_certificate_is_proved_again(
    f: Any, end: Any, start: Any, args: Any, options: dict[str, Any], tmp_path: Path
) -> None:
    enclosed = v.solve_ivp(f, (0, end), start, args=args, **options)
    assert enclosed.success
    enclosed.save(tmp_path / "proof.json")
    checked = v.check(tmp_path / "proof.json", steps=range(min(4, enclosed.steps)))
    assert checked.steps == enclosed.steps
    assert abs(checked.t_reached - Fraction(end)) < Fraction(1, 10**9)
    assert len(checked.box) == len(start)
    if "precision" not in options:
        low, hi = enclosed.march.boxes()
        for i, x in enumerate(checked.box):
            assert low[-1][i] <= x.lo
            assert x.hi <= hi[-1][i]


def shifted(text: str, by: float) -> str:
    return (float.fromhex(text) + by).hex()


def widths(data: dict[str, Any]) -> None:
    pair = data["sets"][1]["r0"][0]
    pair[1] = shifted(pair[0], (float.fromhex(pair[1]) - float.fromhex(pair[0])) / 2)


def enclosure(data: dict[str, Any]) -> None:
    pair = data["sets"][0]["e"][1]
    pair[1] = shifted(pair[1], -1e-3)


def middle(data: dict[str, Any]) -> None:
    data["sets"][1]["m"][2] = shifted(data["sets"][1]["m"][2], 1e-12)


def length(data: dict[str, Any]) -> None:
    data["counts"][1] += data["counts"][1] // 1000


def constant(data: dict[str, Any]) -> None:
    data["args"][2] = [(8 / 3 + 1e-9).hex()] * 2


def beginning(data: dict[str, Any]) -> None:
    data["start"][0][1] = shifted(data["start"][0][1], 1e-15)


def later(data: dict[str, Any]) -> None:
    data["counts"] = [c + 5 for c in data["counts"]]


def backwards(data: dict[str, Any]) -> None:
    data["unit"] = "-" + data["unit"]


def faster(data: dict[str, Any]) -> None:
    data["sign"] = 2


def frame(data: dict[str, Any]) -> None:
    """A larger frame, of which the inverse would be taken for that of its corner."""
    for row in data["sets"][1]["B"]:
        row.append("0x1p0")
    data["sets"][1]["B"].append(["0x1p0"] * 4)


@pytest.mark.parametrize(
    "tamper", [widths, enclosure, middle, length, constant, beginning, later, backwards, faster, frame]
)
def test_a_false_claim_is_refused(tamper: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    v.solve_ivp(lorenz, (0, "0.1"), ["15.1", "15", "36"], args=("10", "28", "8/3")).save(path)
    v.check(path, steps=[0])
    data = json.loads(path.read_text())
    tamper(data)
    path.write_text(json.dumps(data))
    with pytest.raises((UncertifiedError, DomainError)):
        v.check(path, steps=[0])


def test_what_is_no_certificate(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    path.write_text("{}")
    with pytest.raises(DomainError, match="no certificate"):
        v.check(path)
    path.write_text('{"format": "other"}')
    with pytest.raises(DomainError, match="format"):
        v.check(path)
    v.solve_ivp(lambda t, y: [-y[0]], (0, 1), [1]).save(path)
    data = json.loads(path.read_text())
    data["equation"]["nodes"][0] = ["import", "os"]
    path.write_text(json.dumps(data))
    with pytest.raises(DomainError, match="no node"):
        v.check(path)
    data["equation"]["nodes"][0] = ["leaf", 0, 0]  # a component that would never move
    path.write_text(json.dumps(data))
    with pytest.raises(DomainError, match="fit together"):
        v.check(path)
    data["equation"]["nodes"] = [["leaf", 0, None], ["function", "pow", 0, [0], [0]]]  # d(x^x) is not x·x^(x−1)
    path.write_text(json.dumps(data))
    with pytest.raises(DomainError, match="parameter"):
        v.check(path)


def test_some_steps_are_not_all(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    enclosed = v.solve_ivp(lambda t, y: [np.cos(t) * y[0]], (0, 1), [1], order=6, tol=1e-4)
    enclosed.save(path)
    assert enclosed.steps > 1
    assert v.check(path).complete
    assert not v.check(path, steps=[0]).complete
    with pytest.raises(DomainError, match="no step 99"):
        v.check(path, steps=[99])


@pytest.mark.parametrize(
    ("f", "start", "options"),
    [
        (lambda t, y: [np.arctan((y[1] - t) ** 4), -np.sin(y[1]) * y[0]], [1, "0.3"], {"tol": 1e-8}),
        (lambda t, y: [(2 + y[1] ** 2) ** -1.5, np.tanh(y[0]) - y[1]], ["0.1", "0.7"], {"order": 25, "tol": 1e-4}),
        (lambda t, y: [y[1] / (3 + t**2), np.exp(-y[0] / 4)], ["0.1", "0.7"], {"order": 5, "tol": 1e-2}),
        (lambda t, y: [np.cos(y[0]) + np.sqrt(2 + y[0])], ["0.7"], {"precision": ta.digits(20)}),
    ],
)
def test_functions_over_wide_steps_and_of_many_digits(f: Any, start: Any, options: Any, tmp_path: Path) -> None:
    """The check's values are as tight as those that it checks, on thin arguments and on wide ones."""
    enclosed = v.solve_ivp(f, (0, 3), start, max_steps=3, **options)
    assert enclosed.steps
    enclosed.save(tmp_path / "proof.json")
    assert v.check(tmp_path / "proof.json").complete
