"""Order-0 values in machine code against balls: as accurate as the ring's own table, at most 4 ulp."""

from __future__ import annotations

import flint
import numpy as np
import pytest

from taylorad.book.entry import BOOK, Rule
from taylorad.rings.balls import BallRing, precision
from taylorad.rings.values import native
from taylorad.run.interpret import run
from taylorad.run.kernel import compile_plan
from taylorad.series.node import Leaf
from taylorad.series.schedule import schedule

# zeros, small and large arguments, both sides of the points where formulas change
GRID = np.array(
    [0.0, 1e-300, 1e-17, 1e-8, 1e-3, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999, 1.0, 1.5, 2.5, 3.1, 5.0, 10.0, 25.0, 100.0, 600.0]
)
LAWS = sorted(
    {m.entry for m in BOOK.values() if isinstance(m.entry, Rule) and m.entry.arity == 1 and not m.entry.parameters},
    key=lambda e: e.name,
)


def compiled(law: Rule, dtype: str) -> bool:
    return law.value is None and all(native.lookup(name, dtype == "complex128") for name in law.outputs)


def ulps(got: complex, wanted: object) -> float:
    """|got − wanted| in units in the last place of |wanted|; 0 where the true value is beyond the normal numbers."""
    size = float(abs(flint.acb(wanted)).mid())
    if not 1e-290 < size < 1e300:
        return 0.0
    error = abs(flint.acb(complex(got)) - flint.acb(wanted))
    return float(error.mid()) / float(np.spacing(size))


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("law", LAWS, ids=lambda e: e.name)
def test_values(law: Rule, dtype: str) -> None:
    if not compiled(law, dtype):
        assert dtype == "complex128" or not all(native.lookup(name) for name in law.outputs)
        return
    points = np.unique(np.concatenate([GRID, -GRID]))
    if dtype == "complex128":
        points = np.array([complex(x, y) for x in points[::3] for y in points[::4]])
    plan = schedule(list(law.build((Leaf.of(0),), ())))
    kernel = compile_plan(plan, dtype=dtype)
    checked = 0
    for u in points:
        refused: list[int] = []

        def redo(where: np.ndarray, refused: list[int] = refused) -> list[np.ndarray]:
            refused.extend(where)
            return [np.zeros((1, len(where)))] * len(plan.roots)

        found = kernel([np.array([u])], 0, redo=redo)
        if refused:
            continue
        with precision(400):
            exact = run(plan, BallRing(dtype == "complex128"), [[BallRing(dtype == "complex128").lift(u.item())]], 0)
            for name, row, true in zip(law.outputs, found, exact, strict=True):
                assert ulps(row[0], true[0]) <= 4, (name, u, row[0], str(true[0])[:30])
                checked += 1
    assert checked >= 10
