"""Wrong codes: after some of them whoever tries waits, longer each time, and a whole network waits for a short while.

A browser that errs waits on its own. Those that throw their cookies away are slowed together by their address, and all
addresses together by one budget; both refill, so that a class behind one address is never shut out for long.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["ADDRESS_BUDGET", "BROWSER_FREE", "LOCKED", "LONGEST_WAIT", "OVERALL_BUDGET", "Attempts"]

BROWSER_FREE = 4  # wrong codes of one browser before it waits
LONGEST_WAIT = 60.0  # seconds
ADDRESS_BUDGET, OVERALL_BUDGET = 20, 100  # wrong codes within a window
_WINDOW = 60.0  # seconds
LOCKED = 30.0  # seconds that a network waits when its budget is spent
_KEPT = 2_000  # browsers and addresses remembered


@dataclass
class _Browser:
    wrong: int = 0
    until: float = 0.0


class Attempts:
    """Say how long somebody has to wait before a code is looked at. Methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._browsers: OrderedDict[str, _Browser] = OrderedDict()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()  # of wrong codes, by address; "" for all
        self._locked: dict[str, float] = {}

    def wait(self, browser: str, address: str) -> float:
        """Return the seconds that somebody has to wait; 0 if they may try now."""
        with self._lock:
            now = self._clock()
            known = self._browsers.get(browser)
            until = max(known.until if known else 0.0, self._locked.get(address, 0.0), self._locked.get("", 0.0))
            return max(0.0, until - now)

    def wrong(self, browser: str, address: str) -> None:
        """Note a wrong code."""
        with self._lock:
            now = self._clock()
            one = self._browsers.setdefault(browser, _Browser())
            self._browsers.move_to_end(browser)
            one.wrong += 1
            if one.wrong >= BROWSER_FREE:
                one.until = now + min(LONGEST_WAIT, 2.0 ** (one.wrong - BROWSER_FREE))
            for key, budget in ((address, ADDRESS_BUDGET), ("", OVERALL_BUDGET)):
                times = self._times.setdefault(key, deque())
                self._times.move_to_end(key)
                times.append(now)
                while times[0] <= now - _WINDOW:
                    times.popleft()
                if len(times) >= budget:
                    self._locked[key] = now + LOCKED
                    times.clear()
            self._shorten(now)

    def right(self, browser: str) -> None:
        """Note that somebody got in: what they mistyped before is forgotten."""
        with self._lock:
            self._browsers.pop(browser, None)

    def trouble(self) -> list[tuple[str, int]]:
        """Return addresses with many wrong codes in the last minute, the most first; one that waits has them all.

        For whoever leads a workshop: a mistyped code is no trouble.
        """
        with self._lock:
            now = self._clock()
            counts = {
                address: ADDRESS_BUDGET if self._locked.get(address, 0.0) > now else
                sum(one > now - _WINDOW for one in times)
                for address, times in self._times.items() if address
            }  # fmt: skip
        return sorted(((one, n) for one, n in counts.items() if n >= BROWSER_FREE), key=lambda one: -one[1])

    def forgive(self) -> None:
        """Forget every wrong code, so that all may try again at once."""
        with self._lock:
            self._browsers.clear()
            self._times.clear()
            self._locked.clear()

    def _shorten(self, now: float) -> None:
        for known in (self._browsers, self._times):
            while len(known) > _KEPT:
                known.popitem(last=False)
        self._locked = {key: until for key, until in self._locked.items() if until > now}
