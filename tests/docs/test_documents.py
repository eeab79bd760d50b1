"""Everything that is written down runs: the README, the pages, the docstrings, the examples."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import taylorad
from taylorad.book.entry import BOOK, ENTRIES
from taylorad.cli import main

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs" / "pages").rglob("*.md"))
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
MODULES = sorted(
    m.name for m in pkgutil.walk_packages(taylorad.__path__, "taylorad.") if m.name.rpartition(".")[2] != "__main__"
)


def blocks(text: str, language: str) -> list[str]:
    """The fenced code blocks of a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(arguments: list[str], where: Path) -> None:
    """A fresh process, so that what a page registers or sets stays its own."""
    environment = {**os.environ, "MPLBACKEND": "agg", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=where, env=environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def with_python(pages: list[Path]) -> list[Path]:
    return [page for page in pages if blocks(page.read_text(), "python")]


@pytest.mark.parametrize("page", with_python([README, *PAGES]), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_page(page: Path, tmp_path: Path) -> None:
    """All blocks of a page are one program; it is a file, for rules are read from their source."""
    program = tmp_path / f"{page.stem.replace('-', '_')}.py"
    program.write_text("\n".join(blocks(page.read_text(), "python")))
    run([str(program)], tmp_path)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.name)
def test_an_example(example: Path, tmp_path: Path) -> None:
    text = example.read_text()
    assert text.startswith('"""')
    last = text.rstrip().splitlines()[-1]
    assert last.startswith("assert "), "an example ends with what it has shown"
    picture = tmp_path / "picture.png"
    run([str(example), str(picture)], tmp_path)
    if "sys.argv" in text:
        assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def _same_book() -> Iterator[None]:
    """What a docstring writes into the book is out of it afterwards."""
    before = [(table, dict(table)) for table in (BOOK, ENTRIES)]
    yield
    for table, content in before:
        table.clear()
        table.update(content)


@pytest.mark.usefixtures("_same_book")
@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0


def test_docstrings_of_the_package() -> None:
    found = doctest.testmod(taylorad)
    assert found.failed == 0
    assert found.attempted > 0


def test_the_picture_is_made_by_the_example(tmp_path: Path) -> None:
    picture = tmp_path / "taylor.png"
    run([str(ROOT / "examples" / "taylor_picture.py"), str(picture)], tmp_path)
    committed = ROOT / "docs" / "pages" / "images" / "taylor.png"
    assert committed.stat().st_size < 100_000
    assert picture.read_bytes()[:8] == committed.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


# ---------------------------------------------------------------------- the README
def test_two_commands_and_no_more() -> None:
    shell = blocks(README.read_text(), "sh")
    assert len(shell) == 3  # the two commands, and what the tour shows of the command line
    main_job, tests, _ = shell
    for command in (main_job, tests):
        assert command.count("\n") == 1
        assert command.startswith('[ -n "${VIRTUAL_ENV:-}" ] || { python3 -m venv .venv && . .venv/bin/activate; }')
    assert 'taylorad diff "exp(sin(x))/(1+x**2)" --at 0.6 --order 20' in main_job


def test_the_script_runs_the_test_command_of_the_readme() -> None:
    """.ci/run takes the line out of the README by this pattern, which must find that one and no other."""
    script = (ROOT / ".ci" / "run").read_text()
    found = re.search(r"grep -E '([^']*)' README.md", script)
    assert found is not None
    lines = [line for line in README.read_text().splitlines() if re.search(found[1], line)]
    assert lines == [blocks(README.read_text(), "sh")[1].strip()]


def commands() -> list[str]:
    """Every call of the command line that a page shows."""
    shown: list[str] = []
    call = r"(?:^|^    |&& )(taylorad (?:diff|ode|enclose|integrate|roots|functions).*)$"
    for page in (README, *PAGES):
        lines = re.findall(call, page.read_text(), re.MULTILINE)
        shown += [line for line in lines if line not in shown]
    return shown


@pytest.mark.parametrize("command", commands())
def test_a_command(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out


def test_the_readme_lists_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    missing = importlib.import_module("rules").missing()
    assert {ring for _, ring in missing} <= {"complex128", "mpc", "acb"}
    listed = README.read_text().partition("## What there is")[2]
    paragraph = re.search(r"with these exceptions over complex numbers:\n\n(.*?)\n\n", listed, re.DOTALL)
    assert paragraph is not None
    assert set(re.findall(r"`(\w+)`", paragraph[1])) == {name for name, _ in missing}
