"""What mkdocs does beside the pages: the table of rules, the decisions, and the change log from its fragments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import rules  # noqa: E402 - found through the line above


def title(path: Path) -> str:
    """The first heading of a Markdown file."""
    return path.read_text().splitlines()[0].removeprefix("# ")


def decisions() -> str:
    """A page that names every decision."""
    found = sorted((HERE / "decisions").glob("*.md"))
    links = "\n".join(f"- [{title(path)}]({path.name})" for path in found)
    return f"# Decisions\n\nShort records of choices, with the measurements behind them.\n\n{links}\n"


def changes() -> str:
    """The change log: one heading for each version, the fragments of its folder below, newest version first."""
    parts = ["# Changes\n"]
    for folder in sorted((p for p in (HERE / "changes").iterdir() if p.is_dir()), reverse=True):
        parts.append(f"## {folder.name}\n")
        parts += [f"- {fragment.read_text().strip()}" for fragment in sorted(folder.glob("*.md"))]
        parts.append("")
    return "\n".join(parts)


def on_files(files: Files, config: Any) -> Files:
    made = {"reference/rules.md": rules.page(), "decisions/index.md": decisions(), "changes.md": changes()}
    made |= {f"decisions/{path.name}": path.read_text() for path in (HERE / "decisions").glob("*.md")}
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files
