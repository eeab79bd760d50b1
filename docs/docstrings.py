"""Docstrings as the pages show them: sentences after a section stand before it, examples get a heading of their own."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object


def tidy(text: str) -> str:
    """A docstring in which no sentence follows a section, where a parser would take it for one more parameter."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)  # a role, :func:`name`, is its name
    paragraphs = re.split(r"\n\s*\n", text)
    sections = [i for i, p in enumerate(paragraphs) if re.match(r"\w+\n-{3,}", p)]
    first = sections[0] if sections else len(paragraphs)
    before, after, examples = paragraphs[:first], [], []
    for paragraph in paragraphs[first:]:
        is_sentence = re.match(r"(Raises|Returns|Cost|Rigorous|Not|See|For)\b", paragraph) and "\n---" not in paragraph
        (before if is_sentence else after).append(paragraph)
    if "Examples\n---" not in text:
        examples = [p for p in (*before, *after) if p.startswith(">>>")]
        before, after = ([p for p in part if p not in examples] for part in (before, after))
    heading = ["Examples\n--------\n" + "\n\n".join(examples)] if examples else []
    return "\n\n".join([*before, *after, *heading])


class Tidy(Extension):
    def on_object(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = tidy(obj.docstring.value)
