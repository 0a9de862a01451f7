"""The folder in which the app keeps everything: scenarios as YAML files, what people chose, workshops.

Names come from people, so they are made harmless, and nothing is read or written that lies outside the folder or
behind a link. Every file is written whole or not at all.

::

    scenarios/<name>.yaml     what users saved: the files that `labsim run --scenario` takes
    sessions/<id>.json        what each browser chose
    workshops/<code>.json     who joined, and what they set
    owners/<name>.json        whose a scenario is that somebody from outside saved
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from labsim.errors import ConfigError, ResultsError
from labsim.experiment.store import write_text
from labsim.text import _
from labsim.text_files import json_object, read_text

__all__ = ["LONGEST_NAME", "Workspace", "new_code", "safe_name"]

LONGEST_NAME = 60  # letters; leaves room for the ending on every file system
_LONGEST_WORDS = 1_000  # letters of which a name is made
_PARTS = ("scenarios", "sessions", "workshops", "drafts", "owners")
_LARGEST_FILE = 2_000_000  # bytes of JSON that any version wrote
_LETTERS_OF_A_CODE = 8  # 40 bits: who guesses without being slowed down still needs years
_SECRET, _ROOM = ".secret", ".room"
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is easily taken for another
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)  # names that Windows keeps for devices
_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")


def safe_name(words: str) -> str:
    """Return a file's name made from what a person typed: small Latin letters, digits and underscores.

    Raises ValueError if nothing is left or the name is reserved.
    """
    plain = unicodedata.normalize("NFKD", words[:_LONGEST_WORDS].replace("đ", "d").replace("Đ", "D"))
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    name = re.sub(r"[^a-z0-9]+", "_", letters.lower()).strip("_")[:LONGEST_NAME].strip("_")
    if not name or _RESERVED.fullmatch(name) or name in ("profile", "targets"):
        raise ValueError(_("given {given!r}; allowed a name with letters or digits").format(given=words[:LONGEST_NAME]))
    return name


class Workspace:
    """Read and write below one folder only. Raises ResultsError where it cannot be written."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()
        try:
            for part in _PARTS:
                (self.folder / part).mkdir(parents=True, exist_ok=True)
                self._require_inside(self.folder / part)
        except OSError as error:
            message = _("{folder}: cannot be written ({error})")
            raise ResultsError(message.format(folder=folder, error=error)) from error

    def scenarios(self) -> list[str]:
        """List the names of the scenarios saved, in the order of the alphabet."""
        return sorted(path.stem for path in self._part("scenarios").glob("*.yaml") if self._is_own(path))

    def scenario_file(self, name: str) -> Path:
        """Return the file of a scenario, there or not; raises ValueError for a name that is none."""
        return self._own(self._part("scenarios") / f"{safe_name(name)}.yaml")

    def save_scenario(self, name: str, text: str) -> Path:
        """Write a scenario and return its file."""
        path = self.scenario_file(name)
        write_text(path, text)
        return path

    def read_scenario(self, name: str) -> str:
        """Return the text of a scenario; raises ResultsError if there is none."""
        path = self.scenario_file(name)
        if not self._is_own(path):
            raise ResultsError(_("no file {name}").format(name=path.name))
        return read_text(path)

    def delete_scenario(self, name: str) -> None:
        """Remove a scenario, if it is there."""
        self.scenario_file(name).unlink(missing_ok=True)

    def draft_file(self, key: str) -> Path:
        """Return the file in which a draft of one session is checked."""
        folder = self._own(self._part("drafts") / _code(key))
        folder.mkdir(exist_ok=True)
        return self._own(folder / "draft.yaml")

    def write(self, part: str, key: str, data: Mapping[str, Any]) -> None:
        """Write what is known under a key of a part ("sessions", "workshops", "owners") as JSON."""
        text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"
        write_text(self._own(self._part(part) / f"{_code(key)}.json"), text)

    def read(self, part: str) -> dict[str, dict[str, Any]]:
        """Return everything of a part by its key; a damaged file is left out, so that the others still open."""
        files = sorted(self._part(part).glob("*.json"))
        read = ((path.stem, self.read_one(part, path.stem)) for path in files)
        return {key: data for key, data in read if data is not None}

    def read_one(self, part: str, key: str) -> dict[str, Any] | None:
        """Return what is kept under a key of a part; None if there is nothing or the file is damaged."""
        if not _CODE.fullmatch(key):
            return None
        path = self._part(part) / f"{key}.json"
        try:
            if not self._is_own(path) or path.stat().st_size > _LARGEST_FILE:
                return None
            return json_object(path, most=_LARGEST_FILE)
        except (OSError, ConfigError):
            return None

    def remove(self, part: str, key: str) -> None:
        """Remove what is kept under a key of a part, if there is anything."""
        self._own(self._part(part) / f"{_code(key)}.json").unlink(missing_ok=True)

    def drop_draft(self, key: str) -> None:
        """Remove the file in which a draft was checked, if there is one."""
        folder = self._own(self._part("drafts") / _code(key))
        (folder / "draft.yaml").unlink(missing_ok=True)
        with suppress(OSError):  # somebody put something else into it
            folder.rmdir()

    def sweep(self, part: str, days: float) -> None:
        """Remove what was written into a part so many days ago or earlier."""
        for path in self._part(part).glob("*.json"):
            with suppress(OSError):
                if self._is_own(path) and path.stat().st_mtime < time.time() - 86_400 * days:
                    path.unlink()

    def secret(self) -> str:
        """Return the secret that signs the browsers' cookies, the same after a restart."""
        path = self._own(self.folder / _SECRET)
        if not path.is_file():
            write_text(path, secrets.token_hex(32))
            if os.name == "posix":
                path.chmod(0o600)
        return read_text(path).strip()

    def code(self) -> str:
        """Return the code with which others are let in, the same after a restart."""
        path = self._own(self.folder / _ROOM)
        if not path.is_file():
            write_text(path, new_code())
        return read_text(path).strip()

    def _part(self, part: str) -> Path:
        return self._own(self.folder / part)

    def _own(self, path: Path) -> Path:
        """Return a path of this folder; raises ValueError where a link leads out of it."""
        self._require_inside(path)
        return path

    def _require_inside(self, path: Path) -> None:
        if path.is_symlink() or not path.resolve().is_relative_to(self.folder.resolve()):
            raise ValueError(_("{path} is a link or lies outside the workspace").format(path=path.name))

    def _is_own(self, path: Path) -> bool:
        return path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(self.folder.resolve())


def new_code() -> str:
    """Return letters and digits by chance."""
    return "".join(secrets.choice(_LETTERS) for _letter in range(_LETTERS_OF_A_CODE))


def _code(key: str) -> str:
    if not _CODE.fullmatch(key):
        raise ValueError(_("given {given!r}; allowed letters, digits, - and _").format(given=key))
    return key
