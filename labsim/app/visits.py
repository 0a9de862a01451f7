"""Who is here: pages that are open on a session or a room, and what is let go of when the last one has closed.

What nobody looks at stops working after a short while, so that a reload loses nothing, and is forgotten after a longer
one; what was chosen is in the workspace and comes back with the next visit.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

__all__ = ["FORGET", "MOST_KEPT", "REST", "Visited", "Visits"]

REST = 60.0  # seconds after the last page closed until work ends that nobody waits for
FORGET = 900.0
MOST_KEPT = 20  # things that nobody visits, kept for those who come back


class Visited(Protocol):
    """Something that pages are open on."""

    def rest(self) -> None:
        """Stop what nobody waits for."""

    def forget(self) -> None:
        """Let go of everything that is kept in memory."""


@dataclass
class _Entry:
    thing: Visited
    open_pages: int = 0
    since: float = 0.0
    rests: bool = False


class Visits:
    """Count open pages by key. Methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()  # the one left longest ago first

    def __len__(self) -> int:
        """Return how many things are kept, visited or not."""
        return len(self._entries)

    def touch(self, key: Hashable, thing: Visited) -> None:
        """Note that something is asked for, though no page of it may be open."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry(thing))
            entry.thing, entry.since, entry.rests = thing, self._clock(), False
            self._entries.move_to_end(key)

    def come(self, key: Hashable, thing: Visited) -> None:
        """Note that a page is opened."""
        self.touch(key, thing)
        with self._lock:
            self._entries[key].open_pages += 1

    def go(self, key: Hashable) -> None:
        """Note that a page is closed."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                entry.open_pages, entry.since = max(0, entry.open_pages - 1), self._clock()
                self._entries.move_to_end(key)

    def tidy(self) -> None:
        """Let rest what nobody has visited for a short while, and forget what nobody has for long."""
        now = self._clock()
        with self._lock:
            left = [(key, one) for key, one in self._entries.items() if one.open_pages == 0]
            gone = [key for place, (key, one) in enumerate(left)
                    if now - one.since >= (REST if place < len(left) - MOST_KEPT else FORGET)]  # fmt: skip
            forgotten = [self._entries.pop(key).thing for key in gone]
            resting = [one for key, one in left if key not in set(gone) and now - one.since >= REST and not one.rests]
            for one in resting:
                one.rests = True
        for entry in resting:
            entry.thing.rest()
        for thing in forgotten:
            thing.rest()
            thing.forget()
