"""The names that users may rely on: they are there, they say what they are, and others are not."""

from __future__ import annotations

import inspect
import re
import tomllib
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import taylorad as ta
from taylorad import plot, validated
from taylorad.book import BOOK

ROOT = Path(__file__).parents[1]
PYPROJECT = ROOT / "pyproject.toml"


@pytest.mark.parametrize("name", ta.__all__)
def test_a_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(ta, name)
    assert name == "__version__" or inspect.getdoc(found)
    assert name in dir(ta)


@pytest.mark.parametrize("module", [ta, validated, plot], ids=lambda m: m.__name__)
def test_the_reference_has_every_public_name(module: ModuleType) -> None:
    """Functions and classes by name; errors stand on their own page, all together."""
    page = (ROOT / "docs" / "pages" / "reference" / "api.md").read_text()
    paths = [path.rpartition(".") for path in re.findall(r"^::: (\S+)$", page, re.MULTILINE)]
    described = {id(getattr(import_module(where), name)) for where, _, name in paths}
    public = {name: getattr(module, name) for name in module.__all__}
    own = {name: x for name, x in public.items() if callable(x) and getattr(x, "__module__", "") != "taylorad.errors"}
    assert own
    assert not [name for name, x in own.items() if id(x) not in described]


@pytest.mark.parametrize("name", [n for n in BOOK if n not in ta.__all__])
def test_every_function_of_the_book_is_public(name: str) -> None:
    found = getattr(ta, name)
    assert callable(found)
    assert found.__name__ == name
    assert inspect.getdoc(found)
    assert name in dir(ta)


def test_the_names_of_the_first_page() -> None:
    named = {"Taylor", "variable", "polynomial", "taylor", "derivative", "derivatives", "jet", "rule", "testing"}
    assert named <= set(ta.__all__)


def test_other_names_raise() -> None:
    with pytest.raises(AttributeError, match="no 'expp'"):
        ta.expp  # noqa: B018 - the access is the test
    with pytest.raises(AttributeError):
        ta._nothing  # noqa: B018


def test_the_version_is_one() -> None:
    assert ta.__version__ == tomllib.loads(PYPROJECT.read_text())["project"]["version"] == version("taylorad")


def test_the_package_is_typed() -> None:
    assert (Path(ta.__file__).parent / "py.typed").exists()
