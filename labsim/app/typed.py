"""Read numbers as people type them, in English or Vietnamese: 12.5 or 12,5; 1,234.5 or 1.234,5."""

from __future__ import annotations

import re

from labsim.text import _, current_language

__all__ = ["number_typed"]

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_THOUSANDS = {"en": ",", "vi": "."}


def number_typed(text: str) -> float:
    """Return the number that a text says. Raises ValueError for a text that is none.

    A mark between digits that may be read in two ways ("1.234") is read as the language in use writes numbers; one that
    may not ("12.5", "0,25") is read alike in both.
    """
    words = re.sub(r"\s", "", text).rstrip("%").replace("\u2212", "-")
    plain = _without_thousands(words).replace(",", ".")
    if len(words) > 40 or not _PLAIN.fullmatch(plain):
        message = _("given {given!r}; allowed a number, such as 12.5")
        raise ValueError(message.format(given=text.strip()[:40]))
    return float(plain)


def _without_thousands(words: str) -> str:
    """Return the digits without the marks between thousands."""
    for mark, other in ((",", "."), (".", ",")):
        grouped = re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(\{mark}\d{{3}})+(\{other}\d*)?", words)
        is_sure = words.count(mark) > 1 or other in words
        if grouped and (is_sure or _THOUSANDS[current_language()] == mark):
            return words.replace(mark, "")
    return words
