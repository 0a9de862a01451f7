"""The hash of a configuration's plain values: what decides the numbers of a run, and nothing else."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["hash_of"]

_NO_NUMBER = ("scenario", "title", "question", "replicates", "changes", "given")
_WORDS = ("en", "vi", "note", "name", "folder")


def hash_of(data: Mapping[str, Any]) -> str:
    """Return the sha256 of everything in a configuration's plain values that decides the numbers of a run.

    Words (titles, names, notes, the scenario's name), folders, the number of replicates and the evidence are left out;
    the content of the margins and of policies in files is in. Raises KeyError or TypeError for other values.
    """
    rest = {name: value for name, value in data.items() if name not in _NO_NUMBER}
    if not rest["by"]:
        del rest["by"]  # what is recorded besides changes no number
    rest["province"] = _without_words(rest["province"])
    rest["origins"] = copy.deepcopy(rest["origins"])
    for origin in rest["origins"].values():
        del origin["file"]
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_words(item) for key, item in value.items() if key not in _WORDS}
    return [_without_words(item) for item in value] if isinstance(value, list) else value
