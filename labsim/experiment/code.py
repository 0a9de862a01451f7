"""Which code and which configuration numbers belong to: hashes, the same on every platform."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["code_hash", "configuration_of_numbers", "model_hash"]

_ONLY_SHOWS = ("app", "cli", "evidence", "lessons", "life", "report")  # shows numbers or judges them, and decides none
_ONLY_RUNS = ("experiment",)
# files that read, judge or word what a simulation found
_ONLY_READS = (
    "__init__.py", "__main__.py", "answers.py", "checksums.py", "errors.py", "results.py", "targets.py", "text.py",
    "writing.py",
)  # fmt: skip

# of a configuration: how large and how long a run is, its luck, and words
_NOT_THE_WORLD = (
    "scenario", "title", "question", "replicates", "changes", "given", "by", "scale", "seed", "period",
)  # fmt: skip
_WORDS = ("en", "vi", "note", "name", "folder", "file")


@cache  # of what this process has loaded, however the files change later
def code_hash() -> str:
    """Return a hash of labsim's own source; what only shows or judges numbers is left out."""
    return _hash_without(_ONLY_SHOWS)


@cache
def model_hash() -> str:
    """Return a hash of the source that a single simulation rests on; what plans and reads runs is left out too."""
    return _hash_without(_ONLY_SHOWS + _ONLY_RUNS + _ONLY_READS)


def _hash_without(parts: tuple[str, ...]) -> str:
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py"), key=lambda path: path.relative_to(package).as_posix()):
        if path.relative_to(package).parts[0] in parts:
            continue
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def configuration_of_numbers(data: Mapping[str, Any]) -> str:
    """Return a hash of what a configuration, as plain values, says of the world: no size, length, luck or words."""
    kept = {name: _without_words(value) for name, value in data.items() if name not in _NOT_THE_WORLD}
    start = data.get("period", {}).get("start")
    text = json.dumps(kept | {"start": start}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _without_words(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_words(item) for key, item in value.items() if key not in _WORDS}
    return [_without_words(item) for item in value] if isinstance(value, list | tuple) else value
