"""How much the server takes from anybody: checked here, whatever a browser says or does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from labsim.text import _

__all__ = [
    "LARGEST_MESSAGE", "LARGEST_PLAN", "LARGEST_REQUEST", "LONGEST_NAME", "LONGEST_TITLE", "MOST_KEYS", "MOST_LEVERS",
    "MOST_PLANS", "MOST_PLANS_OF_ONE", "MOST_SEATS", "MOST_WORKSHOPS", "PATIENCE", "one_line", "require_few_keys",
    "require_small",
]  # fmt: skip

LARGEST_PLAN = 50_000  # bytes of a scenario; those that are shipped have less than a tenth of it
MOST_KEYS = 1_000  # of a scenario, at every depth
LARGEST_REQUEST = 300_000  # bytes of a request over HTTP
LARGEST_MESSAGE = 100_000  # bytes of a message of a page's socket
LONGEST_TITLE = 120  # letters of a plan's or a workshop's title
LONGEST_NAME = 40  # letters of a person's name
MOST_PLANS, MOST_PLANS_OF_ONE = 1_000, 50
MOST_WORKSHOPS, MOST_SEATS, MOST_LEVERS = 200, 60, 40
PATIENCE = 20.0  # seconds that the check of a plan may take


def one_line(words: Any, most: int) -> str:
    """Return what somebody typed as one line of at most so many letters, without what cannot be seen."""
    text = words if isinstance(words, str) else ""
    seen = "".join(one if one.isprintable() else " " for one in text[: 4 * most])
    return " ".join(seen.split())[:most].strip()


def require_small(size: int) -> None:
    """Raise ValueError for a plan of more bytes than one has."""
    if size > LARGEST_PLAN:
        message = _("given a plan of {size} kB; allowed at most {limit} kB")
        raise ValueError(message.format(size=round(size / 1000), limit=round(LARGEST_PLAN / 1000)))


def require_few_keys(data: Any) -> None:
    """Raise ValueError for a plan of more keys and list entries than one has."""
    left = MOST_KEYS
    waiting = [data]
    while waiting:
        inner: Iterable[Any] = _inside(waiting.pop())
        for one in inner:
            left -= 1
            if left < 0:
                message = _("given a plan of more than {limit} keys; a plan holds only what differs from its base")
                raise ValueError(message.format(limit=MOST_KEYS))
            waiting.append(one)


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
