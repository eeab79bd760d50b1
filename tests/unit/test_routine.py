"""Routines: machine code says what Python says, and what is outside of the small part of Python is refused."""

from __future__ import annotations

import numpy as np
import pytest

from taylorad.errors import CompilationError
from taylorad.run import routine as module
from taylorad.run.routine import Floats, Ints, fma, routine

HALF = 0.5


@routine
def larger_half(x: float, y: float) -> float:
    return HALF * (x if x > y else y)


@routine
def mixture(a: Floats, marks: Ints, n: int, bound: float) -> float:
    """Every statement and operator once."""
    total, seen = 0.0, 0
    for i in range(n - 1, -1, -1):
        if (a[i] < 0.0 and not (marks[i] == 7 or a[i] > -0.1)) or a[i] != a[i]:
            continue
        if a[i] >= bound:
            break
        marks[i] = i // 2
        total = fma(a[i], float(i), total)
        seen += 1
    j = 0
    while j < n:
        j += 2
        for k in range(j):
            if k == 3:
                break
            total -= larger_half(abs(a[min(k, n - 1)]), max(1.0, -total))
    a[0] = total / (1.0 + float(seen))
    return a[0]


@routine
def first_above(a: Floats, n: int, bound: float) -> int:
    for i in range(n):
        if a[i] > bound:
            return i
    return -1


@routine
def mixed(n: int, x: float) -> float:
    return n + x


@routine
def power(x: float) -> float:
    return x**2


@routine
def returns_nothing(x: float) -> float:
    y = x
    y = 1
    return y


def test_machine_code_says_what_python_says(monkeypatch):
    rng = np.random.default_rng(1)
    a = rng.standard_normal(40)
    marks = np.arange(40) % 9
    ours, theirs = (a.copy(), marks.copy()), (a.copy(), marks.copy())
    assert mixture(*ours, 40, 2.0) == pytest.approx(mixture.function(*theirs, 40, 2.0), rel=1e-14)
    np.testing.assert_array_equal(ours[1], theirs[1])
    assert first_above(a, 40, 1.0) == first_above.function(a, 40, 1.0)
    assert first_above(a, 40, 9.0) == -1
    assert larger_half(3.0, 5.0) == 2.5
    monkeypatch.setattr(module, "inspect", None)  # what was compiled needs no source any more
    assert larger_half(6.0, 5.0) == 3.0


@pytest.mark.parametrize(
    ("bad", "words"), [(mixed, "do not go together"), (power, "do not go"), (returns_nothing, "was double")]
)
def test_what_is_not_in_the_small_part_is_refused(bad, words):
    with pytest.raises(SyntaxError, match=words):
        bad.text()


def test_annotations_are_needed():
    with pytest.raises(SyntaxError, match="is not one of"):
        routine(lambda x: x)


def test_without_a_code_generator_python_runs(monkeypatch):
    def refuse(*args, **options):
        raise CompilationError("no code generator")

    monkeypatch.setattr("taylorad.run.jit.obtain", refuse)
    fresh = routine(first_above.function)
    rows = np.arange(12.0).reshape(3, 4)[:, :3]  # a view: its memory is what counts
    assert fresh(rows, 11, 6.5) == 7
