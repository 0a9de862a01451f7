"""Say in labsim's own words why a text is no YAML: the words of a library change with its version, and are English.

What the library says is used for one thing, the places it points at; what is wrong there is read from the text.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import yaml

from labsim.text import _

__all__ = ["DEEPEST", "Mark", "explain", "find_unreadable", "too_deep"]

DEEPEST = 32  # levels of lists and groups; no file of labsim has ten, and a reader that goes deeper runs out of stack
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Mark(NamedTuple):
    """Point into a text: line and column from 0."""

    line: int
    column: int


def too_deep() -> str:
    """Say that lists and groups stand in each other deeper than labsim reads."""
    return _("nested too deeply; allowed at most {limit} levels").format(limit=DEEPEST)


def find_unreadable(text: str) -> tuple[Mark, str] | None:
    """Return the place of the first character that YAML does not allow, and the message; None if all are allowed."""
    found = _UNREADABLE.search(text)
    if found is None:
        return None
    before = _BREAK.split(text[: found.start()])
    message = _("not text that YAML can read: the character U+{code:04X}").format(code=ord(found[0]))
    return Mark(len(before) - 1, len(before[-1])), message


def explain(error: yaml.MarkedYAMLError, text: str, brackets: list[Any]) -> tuple[Mark, str]:
    """Return where a text stops being YAML and why; `brackets` are the marks of those that are open there."""
    lines = _BREAK.split(text)
    at = _within(error.problem_mark or error.context_mark or Mark(0, 0), lines)
    if _depth("\n".join([*lines[: at.line], lines[at.line][: at.column]])) > DEEPEST:
        return at, too_deep()
    where, why = _reason(error, lines, at, brackets)
    return where, _("not YAML: {error}").format(error=why)


def _reason(error: yaml.MarkedYAMLError, lines: list[str], at: Mark, brackets: list[Any]) -> tuple[Mark, str]:
    line, column = lines[at.line], at.column
    here, before = line[column : column + 1], line[:column].rstrip()
    began = _within(error.context_mark, lines) if error.context_mark else at
    opening = lines[began.line][began.column : began.column + 1]
    if "\t" in re.match(r"\s*", line)[0]:  # type: ignore[index]
        return at, _("a tab; indent with spaces")
    if isinstance(error, yaml.composer.ComposerError):
        return at, _("an anchor (&name) given twice; write the values out")
    if opening in ("'", '"') and isinstance(error, yaml.scanner.ScannerError):
        if "\\" in line[began.column if began.line == at.line else 0 : column + 1] and line[column:].strip():
            return at, _("a backslash between double quotes; write single quotes")
        return began, _("the quotation mark {mark} is not closed").format(mark=opening)
    if here in ("@", "`", "%"):
        return at, _("a text that begins with {character} stands between quotation marks").format(character=here)
    if brackets:
        opened = _within(brackets[-1], lines)
        mark = lines[opened.line][opened.column : opened.column + 1]
        return opened, _("the bracket {mark} is not closed, or a comma is missing after it").format(mark=mark)
    if here in ("]", "}"):
        return at, _("the bracket {mark} closes nothing").format(mark=here)
    if here == ":" and ":" in before:
        return at, _("a second colon in one line; a text that holds one stands between quotation marks")
    if _spans_lines(error) and isinstance(error, yaml.scanner.ScannerError):
        return began, _("a line without a colon; allowed `key: value`")
    if before and before[-1] in "'\"]}":
        return at, _("more after the closing {mark}; put the whole text between quotation marks").format(
            mark=before[-1]
        )
    if not before or here == ":":
        first = len(line) - len(line.lstrip())
        return Mark(at.line, first), _("the line does not fit the lines above it; look at how far they are indented")
    return at, _("cannot be read from here on; put the text between quotation marks")


def _spans_lines(error: yaml.MarkedYAMLError) -> bool:
    began, ended = error.context_mark, error.problem_mark
    return began is not None and ended is not None and began.line < ended.line


def _depth(text: str) -> int:
    """Count the brackets left open, as a library may give up while it looks ahead, before it tells of any level."""
    return sum(text.count(mark) for mark in "[{") - sum(text.count(mark) for mark in "]}")


def _within(mark: Any, lines: list[str]) -> Mark:
    """Return a place inside the text: readers differ on where the end of a text is."""
    line = min(mark.line, len(lines) - 1)
    while line > 0 and mark.line >= line and not lines[line].strip():
        line -= 1
    return Mark(line, mark.column if line == mark.line else len(lines[line]))
