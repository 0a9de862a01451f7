"""Which code numbers belong to: hashes of labsim's own source, the same on every platform."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

__all__ = ["code_hash", "model_hash"]

_ONLY_SHOWS = ("app", "cli", "evidence", "report")  # shows numbers or judges them, and decides none
_ONLY_RUNS = ("experiment",)
# files that read, judge or word what a simulation found
_ONLY_READS = ("__init__.py", "__main__.py", "answers.py", "errors.py", "results.py", "targets.py", "text.py")


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
