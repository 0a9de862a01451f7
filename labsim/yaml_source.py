"""Read YAML strictly, and remember where every key stands.

Strict means: only true and false are booleans (``no`` is a word, as in Norway), nothing becomes a date by itself
(``2026-01`` stays text), digits may be grouped (``19_000``), a code with a leading zero stays text (``014``), and a
key given twice, an alias or an unknown tag is a problem instead of a surprise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from labsim.errors import ConfigError, Problem
from labsim.number_text import BOOLEANS, Written, as_written
from labsim.text import _
from labsim.text_files import composed, read_text
from labsim.yaml_syntax import DEEPEST, explain, find_unreadable, too_deep

__all__ = ["KeyPath", "Place", "Source", "find_place", "parse_value", "read_yaml", "shown_path"]

KeyPath = tuple[str, ...]
_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*(?:_[0-9]+)*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+(?:_[0-9]+)*)?(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 400  # digits; longer ones stay text, as no parameter takes them


class Place(NamedTuple):
    """Point at a key: the file as shown to the user, line and column from 1 (None for a setting)."""

    file: str
    line: int | None
    column: int | None


@dataclass(frozen=True)
class Source:
    """Hold what one file says: its data, and the place of every key by its path of strings."""

    file: str
    path: Path | None
    data: dict[Any, Any]
    places: dict[KeyPath, Place] = field(default_factory=dict)


def read_yaml(path: Path) -> Source:
    """Read a file whose top level is a mapping; raises ConfigError with every problem found."""
    shown = shown_path(path)
    try:
        text = read_text(path, shown=shown)
        whole = path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = getattr(error, "strerror", None) or str(error)
        message = _("cannot be read ({reason})").format(reason=reason)
        raise ConfigError([Problem(shown, None, None, "", message)]) from error
    source = Source(shown, whole, {})
    reader = _Reader(shown, source.places)
    data = reader.read(text)
    if not reader.problems and not isinstance(data, dict):
        reader.problems.append(Problem(shown, 1, 1, "", _("the file must hold lines of `key: value`")))
    if reader.problems:
        raise ConfigError(reader.problems)
    source.data.update(data)
    return source


def parse_value(text: str) -> Any:
    """Read one value by the same rules as a file; raises ValueError saying what is wrong."""
    reader = _Reader("", {})
    value = reader.read(text)
    if reader.problems:
        raise ValueError(reader.problems[0].message)
    return value


def shown_path(path: Path) -> str:
    """Write a path as a user wants to read it: relative to the current folder where it lies below it."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except (OSError, RuntimeError, ValueError):
        return str(path)


def find_place(places: Mapping[KeyPath, Place], path: KeyPath) -> Place:
    """Return the place of a key, or of the nearest key above it; raises KeyError if there is none."""
    for length in range(len(path), -1, -1):
        if path[:length] in places:
            return places[path[:length]]
    raise KeyError(path)


# libyaml where this PyYAML was built with it (ten times as fast), else the same in Python
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):  # type: ignore[misc]
    """Compose nodes; scalars are read by `_plain`, so no implicit resolver of YAML 1.1 is kept."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own name)


def _write_number(dumper: Any, number: Written) -> Any:
    return dumper.represent_scalar(f"{_TAG}float", number.text)


yaml.SafeDumper.add_representer(Written, _write_number)  # a file written anew says what the old one said


class _Reader:
    """Turn the nodes of one document into plain values, collecting problems and places."""

    def __init__(self, file: str, places: dict[KeyPath, Place]) -> None:
        self.file = file
        self.places = places
        self.problems: list[Problem] = []

    def read(self, text: str) -> Any:
        unreadable = find_unreadable(text)
        if unreadable is not None:
            self._refuse(unreadable[0], (), unreadable[1])
            return None
        opened: list[yaml.CollectionStartEvent] = []
        try:
            if not self._is_plain(text, opened):
                return None
            node = yaml.compose(text, Loader=_StrictLoader)
        except yaml.MarkedYAMLError as error:
            mark, message = explain(error, text, [one.start_mark for one in opened if one.flow_style])
            self._refuse(mark, (), message)
            return None
        return None if node is None else self._value(node, ())

    def _is_plain(self, text: str, opened: list[yaml.CollectionStartEvent]) -> bool:
        """Walk the events before any node is made, so that depth is bounded; what is open stands in `opened`."""
        documents = 0
        for event in yaml.parse(text, Loader=_StrictLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                opened.pop()
            documents += isinstance(event, yaml.DocumentStartEvent)
            message = ""
            if isinstance(event, yaml.AliasEvent):
                message = _("aliases (*name) are not read; write the value out")
            elif len(opened) > DEEPEST:
                message = too_deep()
            elif documents > 1:
                message = _("a second document begins with ---; a file holds one")
            if message:
                self._refuse(event.start_mark, (), message)
                return False
        return True

    def _value(self, node: yaml.Node, path: KeyPath) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            values = []
            for position, item in enumerate(node.value):
                self._remember(item.start_mark, (*path, str(position)))
                values.append(self._value(item, (*path, str(position))))
            return values
        if isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}str":
            return composed(node.value) if node.style else _plain(node.value)  # no style: not in quotes
        self._refuse(node.start_mark, path, _("given the tag {given}; allowed none").format(given=node.tag))
        return None

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self._value(key_node, path)
            if isinstance(key, bool) or not isinstance(key, str | int):
                given = key_node.value if isinstance(key_node, yaml.ScalarNode) else _("a list or group")
                message = _("given the key {given!r}; allowed a name or a year").format(given=given)
                self._refuse(key_node.start_mark, path, message)
                continue
            inner = (*path, str(key))
            if inner in self.places:
                first = self.places[inner].line
                self._refuse(key_node.start_mark, inner, _("given twice; first in line {line}").format(line=first))
                continue
            self._remember(key_node.start_mark, inner)
            mapping[key] = self._value(value_node, inner)
        return mapping

    def _remember(self, mark: Any, path: KeyPath) -> None:
        self.places[path] = Place(self.file, mark.line + 1, mark.column + 1)

    def _refuse(self, mark: Any, path: KeyPath, message: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (None, None)
        self.problems.append(Problem(self.file or None, line, column, ".".join(path), message))


def _plain(text: str) -> Any:
    if text in ("", "~", "null"):
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    if _INTEGER.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return int(text.replace("_", ""))
    leading_zero = re.match(r"[-+]?0[0-9]", text)
    if _FLOAT.fullmatch(text) and re.search(r"[0-9]", text) and not leading_zero and text[0] not in "eE":
        return as_written(text)
    return text
