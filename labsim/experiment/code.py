"""Which code and which configuration numbers belong to: hashes, the same on every platform.

Comments, docstrings and the words of messages decide no number and are in no hash of code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from labsim.compiled import remembered
from labsim.source_hash import hash_of_bytes, hash_of_files

__all__ = ["code_hash", "configuration_of_numbers", "model_hash"]

# shows numbers or judges them, and decides none
_ONLY_SHOWS = ("app", "cli", "evidence", "gate", "lessons", "life", "report")
_ONLY_RUNS = ("experiment",)
# files that read, judge or word what a simulation found, or refuse what is no input
_ONLY_READS = (
    "__init__.py", "__main__.py", "answers.py", "checksums.py", "config_notes.py", "errors.py", "file_shapes.py",
    "frames.py", "interrupts.py", "json_shape.py", "notes.py", "results.py", "row_notes.py", "spreadsheet_cells.py",
    "spreadsheets.py", "target_file.py", "targets.py", "text.py", "verdicts.py", "writing.py",
)  # fmt: skip

# of a configuration: how large and how long a run is, its luck, and words
_NOT_THE_WORLD = (
    "scenario", "title", "question", "replicates", "changes", "given", "by", "scale", "seed", "period",
)  # fmt: skip
_WORDS = ("en", "vi", "note", "name", "folder", "file")


@cache  # of what this process has loaded, however the files change later
def code_hash() -> str:
    """Return a hash of what labsim's own code does; what only shows or judges numbers is left out."""
    return _hash_without(_ONLY_SHOWS)


@cache
def model_hash() -> str:
    """Return a hash of the source that a single simulation rests on; what plans and reads runs is left out too."""
    return _hash_without(_ONLY_SHOWS + _ONLY_RUNS + _ONLY_READS)


def _hash_without(parts: tuple[str, ...]) -> str:
    package = Path(__file__).resolve().parent.parent
    decisive = (path for path in package.rglob("*.py") if path.relative_to(package).parts[0] not in parts)
    files = sorted(decisive, key=lambda path: path.relative_to(package).as_posix())
    # reading the code anew takes a second, and its words say whether that was done before
    return remembered(
        f"code-{hash_of_bytes(package, files)}", lambda: {"code": hash_of_files(package, files)}
    )["code"]


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
