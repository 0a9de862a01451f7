"""A scenario that somebody is making: a base, and what differs from it, as the YAML file holds it.

What is checked is the file itself, by the same schema as any scenario, so that what runs here runs anywhere. A draft
may extend only the bases that the app offers, and may not name a policy's code: only the operator's own files may.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from labsim.app.limits import LONGEST_TITLE, one_line, require_few_keys, require_small
from labsim.config import SECTIONS, Config, load
from labsim.config_files import known_names
from labsim.errors import ConfigError, Problem
from labsim.text import _
from labsim.yaml_source import read_yaml

__all__ = ["YEARS", "Base", "Bases", "Draft", "bases", "draft_of_file"]

_KEYS = ("title", "question", "policies", *SECTIONS)  # what says where files lie or how large a run is stays out
FIRST_FREE_YEAR = 2026  # what came before has happened
YEARS = range(FIRST_FREE_YEAR - 5, 2031)  # from which changes may hold


@dataclass(frozen=True)
class Base:
    """A scenario to start from: `key` is what files extend, `trusted` says that the operator's code may run in it."""

    key: str
    province: str
    trusted: bool
    config: Config = field(repr=False, compare=False)


Bases = Mapping[str, Base]


def bases(own_files: tuple[Path, ...] = ()) -> dict[str, Base]:
    """Return every base on offer: the scenarios of each province, then the operator's own files.

    Raises ConfigError for an operator's file that does not load.
    """
    found: dict[str, Base] = {}
    for name in known_names():
        province, slash, _scenario = name.partition("/")
        if not slash or province == "reference":
            continue
        config = load(name, allow_code=False)
        if config.period.start == "2020-12":  # back-casts start earlier and end before anything can be decided
            found[name] = Base(name, province, False, config)
    for file in own_files:
        config = load(file)
        key = str(file.resolve())
        found[key] = Base(key, config.province.id, True, config)
    return dict(sorted(found.items(), key=lambda item: (item[1].province, not item[0].endswith("/baseline"), item[0])))


@dataclass
class Draft:
    """What differs from a base: `data` is the content of the YAML file below `extends` and `title`.

    `since` is the year from which changed yearly amounts hold.
    """

    base: str
    data: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    since: int = FIRST_FREE_YEAR

    @property
    def is_changed(self) -> bool:
        """Say whether anything differs from the base."""
        return bool(self.data)

    def set(self, path: str, value: Any) -> None:
        """Give a parameter another value; None takes the change back."""
        parts = path.split(".")
        if value is None:
            _remove(self.data, parts)
            return
        if len(parts) > 1 and parts[0] == "policies" and self.data.get("policies", {}).get(parts[1]) is False:
            self.data["policies"][parts[1]] = {}
        here = self.data
        for part in parts[:-1]:
            if not isinstance(here.get(part), dict):
                here[part] = {}
            here = here[part]
        here[parts[-1]] = value

    def get(self, path: str) -> Any:
        """Return what the draft gives a parameter, or None."""
        found: Any = self.data
        for part in path.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return None
            found = found[part]
        return found

    def text(self) -> str:
        """Return the YAML file."""
        title = one_line(self.title, LONGEST_TITLE)
        head: dict[str, Any] = {"extends": self.base}
        if title:
            head["title"] = {"en": title, "vi": title}
        return yaml.safe_dump(head | self.data, allow_unicode=True, sort_keys=False, width=110)

    def config(self, known: Bases, file: Path) -> Config:
        """Write the file and load it. Raises ConfigError with every problem, by the same checks as any scenario.

        Raises ValueError for more than a plan holds.
        """
        base = known.get(self.base)
        if base is None:
            raise _refused("extends", _("no base {name}").format(name=self.base))
        _require_allowed(self.data)
        if not self.data and not self.title:
            return base.config
        text = self.text()
        require_small(len(text.encode("utf-8")))
        file.write_text(text, encoding="utf-8")
        return load(file, allow_code=base.trusted)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"text": self.text(), "since": self.since}


def draft_of_file(file: Path, known: Bases, since: int = FIRST_FREE_YEAR) -> Draft:
    """Read a scenario file as a draft. Raises ConfigError if it is damaged or extends what the app does not offer.

    Raises ValueError for a file that is larger than a plan, which is not read at all.
    """
    require_small(file.stat().st_size)
    data = dict(read_yaml(file).data)
    base = data.pop("extends", None)
    if not isinstance(base, str) or base not in known:
        message = _("extends {given}; allowed here: {allowed}")
        given = one_line(str(base), LONGEST_TITLE)
        raise _refused("extends", message.format(given=given, allowed=", ".join(known)))
    _require_allowed(data)
    title = data.pop("title", "")
    words = title.get("en", "") if isinstance(title, Mapping) else str(title)
    return Draft(str(base), data, one_line(words, LONGEST_TITLE), since)


def _require_allowed(data: Mapping[str, Any]) -> None:
    """Raise ValueError for too many keys, and ConfigError for any that a scenario of the app may not have."""
    require_few_keys(data)
    problems = _not_allowed(data)
    if problems:
        raise ConfigError(problems)


def _not_allowed(data: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for every key that a scenario of the app may not have, and for code that it names."""
    words = _("not changed in the app; allowed: {keys}").format(keys=", ".join(_KEYS))
    found = [Problem(None, None, None, str(key), words) for key in data if key not in _KEYS]
    for path, use in _uses(data, ""):
        if ":" in str(use):
            message = _("given {use!r}; policies in files are not allowed here").format(use=str(use))
            found.append(Problem(None, None, None, path, message))
    return found


def _uses(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield whatever stands at a key named `use`, however deep: evidence may be wrapped around any group."""
    for key, value in data.items() if isinstance(data, Mapping) else ():
        here = f"{path}.{key}".lstrip(".")
        if key == "use":
            yield here, value
        yield from _uses(value, here)


def _remove(data: dict[str, Any], path: list[str]) -> None:
    """Remove a key, and the groups that are empty without it."""
    head, *rest = path
    if rest and isinstance(data.get(head), dict):
        _remove(data[head], rest)
        if not data[head]:
            del data[head]
    elif not rest:
        data.pop(head, None)


def _refused(path: str, message: str) -> ConfigError:
    return ConfigError([Problem(None, None, None, path, message)])
