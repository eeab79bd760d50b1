"""What is loaded when: importing the package loads numpy at most, and floats need nothing heavier."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("scipy", "mpmath", "flint", "llvmlite", "tqdm", "matplotlib", "sympy")


def loaded(code: str) -> set[str]:
    """The heavy libraries that a fresh process has loaded after ``code``."""
    report = f"import sys; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{code}\n{report}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split("\n")[-2].split())


@pytest.mark.parametrize(
    "code",
    [
        "import taylorad",
        "import taylorad as ta; ta.Taylor; ta.variable; ta.derivative; ta.errors; ta.rule; dir(ta)",
        "import numpy as np, taylorad as ta; ta.derivatives(np.exp, 0.5, order=3)",
        "import taylorad.cli, taylorad.expression; taylorad.expression.parse('exp(x)')",
    ],
)
def test_nothing_heavy(code: str) -> None:
    assert loaded(code) == set()


def test_a_ring_loads_its_library() -> None:
    assert loaded("import taylorad as ta, mpmath; ta.derivative(ta.exp, mpmath.mpf(1), 2)") == {"mpmath"}
    assert "flint" in loaded("import taylorad as ta; ta.derivative(ta.gamma, 0.5, 2)")


def test_initial_value_problems_in_doubles_need_machine_code_only() -> None:
    assert loaded("import taylorad as ta; ta.solve_ivp(lambda t, y: -y, (0, 1), [1.0])") <= {"llvmlite"}
