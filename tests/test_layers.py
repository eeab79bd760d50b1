"""The floors of the package: a file imports its own floor or a lower one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import taylorad

PACKAGE = Path(taylorad.__file__).parent
FLOORS = {
    **dict.fromkeys(("errors", "rings"), 0),
    "series": 1,
    "book": 2,
    "run": 3,
    **dict.fromkeys(("taylor", "multivariate", "derive", "trace", "compiled", "cache", "expression", "testing"), 4),
    **dict.fromkeys(("ode", "validated", "linalg", "interop"), 5),
    **dict.fromkeys(("cli", "command", "plot", "__main__"), 6),
}
# Taylor.plot() and Solution.plot() are conveniences on top of a picture, which is loaded when they are called
EXCEPTIONS = {
    ("taylor/series.py", "taylorad.plot"),
    ("ode/solution.py", "taylorad.plot"),
    ("validated/enclosure.py", "taylorad.plot"),
}
# libraries that only some files may load
LOADERS = {
    "llvmlite": ("run/emit", "run/jit"),
    "mpmath": ("rings/multiprecision.py",),
    "flint": ("rings/balls.py", "rings/rationals.py", "rings/values/"),
    "matplotlib": ("plot.py",),
    "sympy": ("taylor/symbolic.py",),
}
FILES = sorted(PACKAGE.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, wherever in the file, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here, so that their floor can be read"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def broken(path: str, text: str) -> list[str]:
    """What is wrong with the imports of one file."""
    floor = FLOORS[Path(path).parts[0].removesuffix(".py")]
    found: list[str] = []
    for module, line in imports(ast.parse(text)):
        top, _, rest = module.partition(".")
        inside = rest.partition(".")[0]
        if top in LOADERS and not path.startswith(LOADERS[top]):
            found.append(f"{path}:{line} imports {top}, which is for {', '.join(LOADERS[top])}")
        if top != "taylorad" or inside.startswith("__version__"):
            continue
        excepted = any(path == where and module.startswith(what) for where, what in EXCEPTIONS)
        if FLOORS[inside] > floor and not excepted:
            found.append(f"{path}:{line} on floor {floor} imports {module} of floor {FLOORS[inside]}")
        if path.startswith("book/") and inside in ("rings", "run"):
            found.append(f"{path}:{line}: the book imports {module}")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_go_down(file: Path) -> None:
    path = file.relative_to(PACKAGE).as_posix()
    if path != "__init__.py":  # the front door, which leads to every floor
        assert not broken(path, file.read_text())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("rings/ring.py", "from taylorad.series.node import Node"),
        ("series/node.py", "def f():\n    from taylorad.run import eager"),
        ("book/special.py", "from taylorad.rings.ring import Ring"),
        ("taylor/text.py", "import mpmath"),
        ("run/kernel.py", "from llvmlite import binding"),
        ("derive/jet.py", "from taylorad import cli"),
    ],
)
def test_a_wrong_import_is_found(path: str, text: str) -> None:
    assert broken(path, text)


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_file_is_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 500
    assert file.stem not in ("utils", "misc", "core", "helpers", "common")
