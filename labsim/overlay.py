"""Lay files over each other: a profile, then scenarios that store only differences, then settings.

How two values of one key combine: a group of keys merges key by key; yearly amounts take over from their first year
(earlier years stay); everything else, and whatever is written as ``{value: ...}``, is replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from labsim.errors import Problem
from labsim.text import _, did_you_mean
from labsim.yaml_source import KeyPath, Place, Source, find_place, parse_value

__all__ = [
    "ABSENT",
    "EVIDENCE_KEYS",
    "SETTING",
    "Change",
    "Given",
    "Layer",
    "Tree",
    "conflicts",
    "is_series",
    "merged",
    "setting_problem",
    "split_evidence",
]

ABSENT: Final = object()
EVIDENCE_KEYS = ("value", "source", "grade", "low", "high", "year")
SETTING = "--set"
_JOINED_KEYS = ("title", "question", "extends")


class Change(NamedTuple):
    """Record that a layer changed a key; ``old`` is ABSENT where nothing was set before."""

    path: KeyPath
    old: Any
    new: Any


class Given(NamedTuple):
    """Record which place gave a value, and the evidence written there (None for a bare value)."""

    place: Place
    evidence: Mapping[str, Any] | None


@dataclass
class Layer:
    """Hold one file with values and evidence apart."""

    source: Source
    data: dict[Any, Any] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)
    evidence: dict[KeyPath, Mapping[str, Any]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Tree:
    """Hold the values of all layers together.

    ``places`` and ``given`` tell where each key was last set and with what evidence, ``folders`` where each file
    lies, and ``whole`` which keys were written as ``{value: ...}``, so that no default shows through.
    """

    data: dict[Any, Any]
    places: dict[KeyPath, Place] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    given: dict[KeyPath, Given] = field(default_factory=dict)
    whole: set[KeyPath] = field(default_factory=set)
    # the keys of `given` at or below each key, so that thousands of them are not searched for every one
    _below: dict[KeyPath, set[KeyPath]] = field(default_factory=dict, repr=False)

    def add(self, layer: Layer) -> list[Change]:
        """Lay one file on top and return what it changed."""
        changes: list[Change] = []
        self.data = merged(self.data, layer.data, whole=layer.evidence, log=changes)
        self.places |= layer.places
        if layer.source.path is not None:
            self.folders[layer.source.file] = layer.source.path.parent
        for change in changes:
            self._remember(change.path, Given(self.place(change.path), None))
        for path, evidence in layer.evidence.items():
            self._remember(path, Given(self.place(path), evidence))
        return changes

    def set(self, path: KeyPath, value: Any) -> list[Change]:
        """Set one key, and only it, as ``--set path=value`` does; a year or position is found by its digits."""
        container: Any = self.data
        for part in path[:-1]:
            key = _key_in(container, part)
            if isinstance(container, dict) and not isinstance(container.get(key), dict | list):
                container[key] = {}
            container = container[key]
        key = _key_in(container, path[-1])
        old = container.get(key, ABSENT) if isinstance(container, dict) else container[key]
        evidence: dict[KeyPath, Mapping[str, Any]] = {}
        value = split_value(value, path, Place(SETTING, None, None), evidence)
        if _only_named(path, old, value):
            return []
        for length in range(1, len(path)):
            self.places.setdefault(path[:length], Place(SETTING, None, None))
        for below in [one for one in self.places if one[: len(path)] == path]:
            del self.places[below]  # what files said of parts of a replaced value
        self.places[path] = Place(SETTING, None, None)
        container[key] = value
        self._remember(path, Given(self.places[path], evidence.get(path)))
        return [Change(path, old, value)] if old != value else []

    def place(self, path: KeyPath) -> Place:
        """Return the place of a key, or of the nearest key above it that stands in a file."""
        return find_place(self.places, path)

    def _remember(self, path: KeyPath, given: Given) -> None:
        # what was said about parts of a replaced value is void; the latest entry decides, so it must stand last
        for below in self._below.pop(path, ()):
            self.given.pop(below, None)
        self.given[path] = given
        for length in range(len(path) + 1):
            self._below.setdefault(path[:length], set()).add(path)
        if given.evidence is not None:
            self.whole.add(path)


def merged(
    old: Any, new: Any, path: KeyPath = (), *, whole: Iterable[KeyPath] = (), log: list[Change] | None = None
) -> Any:
    """Return ``new`` laid over ``old``; paths in ``whole`` replace, and every difference is appended to ``log``."""
    if isinstance(new, dict) and new and path not in whole and not is_series(new):
        below = old if isinstance(old, dict) else {}
        result = dict(below)
        for key, value in new.items():
            result[key] = merged(below.get(key, ABSENT), value, (*path, str(key)), whole=whole, log=log)
        return result
    result = new
    if _only_named(path, old, new):
        return old
    if is_series(new) and is_series(old) and path not in whole:
        first = min(new)
        result = {year: amount for year, amount in old.items() if year < first} | new
    elif new == {} and isinstance(old, dict):
        result = old
    if log is not None and result != old:
        log.append(Change(path, old, result))
    return result


def _only_named(path: KeyPath, old: Any, new: Any) -> bool:
    """Say whether a policy that is there is named again without anything: it stays on as it was."""
    return len(path) == 2 and path[0] == "policies" and isinstance(old, dict) and new in (None, True, {})


def is_series(value: Any) -> bool:
    """Tell whether a value is a mapping from calendar years."""
    return isinstance(value, dict) and bool(value) and all(
        isinstance(key, int) and 1900 <= key <= 2200 for key in value
    )


def split_evidence(source: Source) -> Layer:
    """Separate the values of a file from the evidence given as ``{value: ..., source: ..., grade: ...}``."""
    layer = Layer(source)
    layer.data = _split(source.data, (), (), layer)
    return layer


def _split(value: Any, path: KeyPath, origin: KeyPath, layer: Layer) -> Any:
    if origin in layer.source.places:
        layer.places[path] = layer.source.places[origin]
    if isinstance(value, list):
        return [_split(item, (*path, str(at)), (*origin, str(at)), layer) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if "value" not in value:
        return {key: _split(item, (*path, str(key)), (*origin, str(key)), layer) for key, item in value.items()}
    for key in value:
        if key not in EVIDENCE_KEYS:
            message = f"{_('unknown key')}; {did_you_mean(str(key), EVIDENCE_KEYS)}"
            place = layer.source.places[(*origin, str(key))]
            layer.problems.append(Problem(*place, ".".join((*path, str(key))), message))
    layer.evidence[path] = {key: item for key, item in value.items() if key in EVIDENCE_KEYS and key != "value"}
    own_place = layer.places.get(path)
    bare = _split(value["value"], path, (*origin, "value"), layer)
    if own_place is not None:
        layer.places[path] = own_place
    return bare


def split_value(value: Any, path: KeyPath, place: Place, evidence: dict[KeyPath, Mapping[str, Any]]) -> Any:
    """Return the bare value of a setting and store evidence written with it."""
    if not isinstance(value, dict) or "value" not in value:
        return value
    evidence[path] = {key: item for key, item in value.items() if key != "value"}
    return value["value"]


def conflicts(layers: Sequence[Layer], ancestors: Mapping[str, set[str]]) -> list[Problem]:
    """Report every key that two files of the same level set; ``ancestors`` names the files each one builds on."""
    problems: list[Problem] = []
    for position, later in enumerate(layers):
        for earlier in layers[:position]:
            first, second = earlier.source.file, later.source.file
            if first in ancestors[second] or second in ancestors[first]:
                continue
            taken = set(_leaves(earlier.data, (), earlier.evidence))
            above = {path[:length] for path in taken for length in range(1, len(path) + 1)}
            for path in _leaves(later.data, (), later.evidence):
                is_taken = path in above or any(path[:length] in taken for length in range(1, len(path)))
                if path[0] not in _JOINED_KEYS and is_taken:
                    message = _("set by both {first} and {second}; only one scenario may set it")
                    place = find_place(later.places, path)
                    problems.append(Problem(*place, ".".join(path), message.format(first=first, second=second)))
    return problems


def setting_problem(path: str, message: str) -> Problem:
    """Report a wrong ``--set``."""
    return Problem(SETTING, None, None, path, message)


def read_settings(settings: Sequence[str] | Mapping[str, Any]) -> tuple[list[tuple[KeyPath, Any]], list[Problem]]:
    """Split ``path=value`` texts (values by the rules of a file) or a mapping from path to value."""
    found: list[tuple[KeyPath, Any]] = []
    problems: list[Problem] = []
    if isinstance(settings, str):
        settings = [settings]
    if isinstance(settings, Mapping):
        return [(tuple(path.split(".")), value) for path, value in settings.items()], []
    for text in settings:
        path, equals, value = text.partition("=")
        parts = tuple(part.strip() for part in path.split("."))
        if not equals or not all(parts):
            problems.append(setting_problem("", _("given {given!r}; allowed path=value").format(given=text)))
            continue
        try:
            found.append((parts, parse_value(value)))
        except ValueError as error:
            problems.append(setting_problem(".".join(parts), str(error)))
    return found, problems


def _leaves(value: Any, path: KeyPath, whole: Iterable[KeyPath]) -> Iterable[KeyPath]:
    if isinstance(value, dict) and value and path not in whole and not is_series(value):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)), whole)
    elif path:
        yield path


def _key_in(container: Any, part: str) -> Any:
    if isinstance(container, list):
        position = int(part) if part.isdecimal() else -1
        if not 0 <= position < len(container):
            message = _("given position {given}; allowed 0 to {last}")
            raise ValueError(message.format(given=part, last=len(container) - 1))
        return position
    is_year = part.isdecimal() and part not in container and len(part) == 4
    return int(part) if is_year or (part.isdecimal() and int(part) in container) else part
