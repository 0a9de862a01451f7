"""One person's run: their scenario and its base on the same people with the same luck, replicate by replicate.

Numbers are those of `labsim run` and `labsim compare` for the same scenario, scale, seed and number of replicates.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, Literal

from labsim.app.engine import Engine, Task
from labsim.app.scoring import Scored
from labsim.config import Config
from labsim.experiment.posterior import SHIPPED, DrawnFrom, drawn_from, posterior_for
from labsim.experiment.run import assembled, job_of
from labsim.results import Results

__all__ = ["BASE", "OWN", "PRECISIONS", "PairedRun", "Precision", "Side", "sized"]

BY = ("district",)
Status = Literal["running", "done", "failed", "cancelled"]
OWN, BASE = "own", "base"


@dataclass(frozen=True)
class Precision:
    """How large a world and how many replicates: `scale` in simulated persons per person."""

    name: str
    scale: float
    replicates: int


PRECISIONS = {
    "quick": Precision("quick", 0.002, 8),
    "careful": Precision("careful", 0.01, 20),
    "thorough": Precision("thorough", 0.05, 20),
}


def sized(config: Config, precision: Precision, until: str | None = None) -> Config:
    """Return a configuration in the size of a precision, checked anew."""
    data = config.to_dict() | {"scale": precision.scale, "replicates": precision.replicates, "by": list(BY)}
    if until is not None:
        data["period"] = {**data["period"], "until": until}
    return type(config).from_dict(data).model_copy(update={"changes": config.changes})


@dataclass(frozen=True)
class Side:
    """One of the two worlds of a run, and what its parameters are drawn from."""

    config: Config
    hash: str
    drawn: DrawnFrom | None

    def key(self, number: int) -> Hashable:
        """Return what tells these numbers from all others."""
        return self.hash, self.config.by, number, self.drawn.posterior.hash if self.drawn else ""


class _Hashed:
    """A configuration that hashes by its content, for the cache of draws."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.hash = config.hash

    def __hash__(self) -> int:
        """Return the hash of the content."""
        return hash(self.hash)

    def __eq__(self, other: object) -> bool:
        """Say whether two configurations give the same numbers."""
        return isinstance(other, _Hashed) and other.hash == self.hash


@lru_cache(maxsize=64)
def _drawn(config: _Hashed) -> DrawnFrom | None:
    return drawn_from(config.config, posterior_for(config.config, SHIPPED))


class PairedRun:
    """Replicates of a scenario and of its base as they come; the base alone where both are the same.

    `version` grows with everything that changes. Methods may be called from any thread.
    """

    def __init__(self, engine: Engine, person: str, own: Config, base: Config) -> None:
        self._engine, self._person = engine, person
        self._lock = threading.Lock()
        # hashes are worked out once: of sixteen replicates they would take longer than a page may
        plan, without = _Hashed(own), _Hashed(base)
        self._sides = {BASE: _side(without)}
        self.is_paired = plan != without
        if self.is_paired:
            self._sides[OWN] = _side(plan)
        self.own, self.base = own, base
        self._keys: dict[Hashable, tuple[str, int]] = {}
        self._found: dict[str, dict[int, Scored]] = {side: {} for side in self._sides}
        self.total = own.replicates * len(self._sides)
        self.status: Status = "running"
        self.message = ""
        self.version = 0
        self.started, self._began = datetime.now(UTC), time.perf_counter()
        self.seconds_to_first = float("nan")
        self.seconds = 0.0

    def start(self) -> None:
        """Ask for every replicate, those of the scenario and its base in turn."""
        tasks = []
        for number in range(1, self.own.replicates + 1):
            for name in reversed(self._sides):  # the scenario first: its base is mostly known
                side = self._sides[name]
                self._keys[side.key(number)] = (name, number)
                tasks.append(Task(side.key(number), partial(job_of, side.config, side.drawn, number)))
        self._engine.ask(self._person, self, tasks)

    @property
    def done(self) -> int:
        """Return how many replicates are there, of both sides."""
        return sum(len(found) for found in self._found.values())

    @property
    def is_running(self) -> bool:
        """Say whether replicates are still to come."""
        return self.status == "running"

    def cancel(self) -> None:
        """Stop; what is there stays."""
        with self._lock:
            if self.status != "running":
                return
            self.status, self.version = "cancelled", self.version + 1
        self._engine.cancel(self)

    def take(self, key: Hashable, replicate: Scored) -> None:
        """Take a replicate from the engine."""
        with self._lock:
            side, number = self._keys[key]
            self._found[side][number] = replicate
            self.seconds = time.perf_counter() - self._began
            if self.seconds_to_first != self.seconds_to_first and self.numbers_ready():
                self.seconds_to_first = self.seconds
            if self.done == self.total and self.status == "running":
                self.status = "done"
            self.version += 1

    def fail(self, key: Hashable, message: str) -> None:
        """Stop because a replicate failed; being interrupted after a cancel is no failure."""
        with self._lock:
            if self.status != "running":
                return
            self.status, self.message, self.version = "failed", message, self.version + 1
        self._engine.cancel(self)

    def numbers_ready(self) -> list[int]:
        """Return the numbers of the replicates that every side has."""
        return sorted(set.intersection(*(set(found) for found in self._found.values())))

    def pairs(self) -> tuple[list[Scored], list[Scored]]:
        """Return the replicates that both sides have, of the base and of the scenario, in order."""
        with self._lock:
            ready = self.numbers_ready()
            base = [self._found[BASE][number] for number in ready]
            return base, [self._found[OWN][number] for number in ready] if self.is_paired else base

    def by_number(self) -> dict[int, tuple[Scored, Scored]]:
        """Return the replicates that both sides have by their numbers, each as base and scenario."""
        with self._lock:
            own = self._found[OWN if self.is_paired else BASE]
            return {number: (self._found[BASE][number], own[number]) for number in self.numbers_ready()}

    def side(self, name: str) -> Side:
        """Return one of the two worlds; the base where nothing is changed."""
        return self._sides[name if name in self._sides else BASE]

    def told(self) -> dict[str, Any] | None:
        """Return from what the parameters of the scenario are drawn, as a manifest says it; None if they are not."""
        drawn = self._sides[OWN if self.is_paired else BASE].drawn
        return drawn.told(self.numbers_ready()) if drawn else None

    def results(self, side: str = OWN) -> Results:
        """Return the replicates that are there as the results of a run of that many replicates."""
        base, own = self.pairs()
        name = side if side in self._sides else BASE
        config, drawn = self._sides[name].config, self._sides[name].drawn
        found = [
            one.numbered(number, config.scenario).replicate
            for number, one in enumerate(own if name == OWN else base, start=1)
        ]
        config = config.model_copy(update={"replicates": len(found)})
        return assembled(config, drawn, found, started=self.started, seconds=self.seconds, executor="processes")


def _side(known: _Hashed) -> Side:
    return Side(known.config, known.hash, _drawn(known))
