"""Watch some people through a run: their rows before and after every process, and what the process knew of them.

Watching changes no number. Every random number is keyed, and kernels can be asked again about one person before they
are run for all; so no process has to keep anything for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labsim.config import Config
from labsim.draws import DrawsOfMonth
from labsim.life import employers, learning, lives, work
from labsim.life.moment import REASONS, Moment
from labsim.life.record import SERIES, Event
from labsim.processes.base import Process
from labsim.simulation import Simulation
from labsim.world import Activity, World

__all__ = ["COLUMNS", "Watch"]

_DECLARED = (employers, learning, lives, work)  # whose import declares the reasons in REASONS

# Columns whose every change is an event; the others of a person's row move a little every month, or never.
COLUMNS = (
    "activity", "employer", "tier", "work_field", "field", "level", "certificate", "vocational", "programme", "school",
    "graduated", "degree", "digital", "digital_course", "destination", "advised", "channel", "backed_until",
)  # fmt: skip
# Columns that reasons look at besides.
_BESIDES = ("wage", "savings", "skill", "spell", "months_left", "degree_left")
_AT_WORK = (int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS), int(Activity.EMPLOYEE))


@dataclass(frozen=True)
class _WatchedProcess(Process):
    """A process of the month, watched."""

    watch: Watch | None = None

    def __call__(self, world: World, parameters: Any, draws: DrawsOfMonth) -> None:
        """Run the process on the world and tell what it did to the people watched."""
        assert self.watch is not None
        self.watch.see(self, world, parameters, draws)


class Watch:
    """A simulation and the people watched in it.

    `events` and `series` have an entry a person, in the order given; `states` keeps the watched columns of every month.
    Raises IndexError for a person who has no row.
    """

    def __init__(self, config: Config, people: Sequence[int], seed: int | None = None) -> None:
        self.simulation = Simulation(config, seed)
        rows = np.asarray(people, dtype=np.int32)
        n = len(self.simulation.workers)
        if rows.size and not (rows.min() >= 0 and rows.max() < n):
            raise IndexError(n)
        self.people = rows
        self.events: list[list[Event]] = [[] for _person in people]
        self.series: list[dict[str, list[float]]] = [{name: [] for name in SERIES} for _person in people]
        self.states: list[dict[str, np.ndarray]] = []
        self.levers: list[dict[str, np.ndarray]] = []
        self.simulation.processes = tuple(
            _WatchedProcess(one.name, one.section, one.reads, one.writes, one.body, one.summary, self)
            for one in self.simulation.processes
        )
        self._note_month()

    def run(self, months: int | None = None) -> Watch:
        """Simulate a number of months, by default all of the configuration's period; return the watch."""
        left = self.simulation.config.period.n_months - self.simulation.month if months is None else months
        for _month in range(left):
            self.simulation.step()
            self._note_month()
        return self

    def see(self, process: Process, world: World, parameters: Any, draws: DrawsOfMonth) -> None:
        """Run a process between two looks at the people, and write down the events."""
        touched = {name.removeprefix("workers.") for name in process.writes if name.startswith("workers.")}
        columns = [name for name in COLUMNS if name in touched]
        reason = REASONS.get(process.name)
        if not columns and reason is None:
            process.body(world, parameters, draws)
            return
        looked = (*COLUMNS, *_BESIDES) if reason is not None else columns
        moment = Moment(world, parameters, draws, self.simulation.config, self.people, self._look(looked))
        told = reason(moment) if reason is not None else iter(())
        next(told, None)
        process.body(world, parameters, draws)
        moment.after = self._look(looked)
        next(told, None)
        self._write(process.name, moment, columns)

    def _look(self, columns: Sequence[str]) -> dict[str, np.ndarray]:
        w = self.simulation.workers
        seen = {name: getattr(w, name)[self.people] for name in columns}
        if "digital_course" in seen:
            seen["digital_course"] = (seen["digital_course"] > 0).astype(np.uint8)
        return seen

    def _write(self, process: str, moment: Moment, columns: Sequence[str]) -> None:
        month = moment.world.month
        changes: dict[int, dict[str, tuple[int, int]]] = {}
        for name in columns:
            for k in moment.changed(name):
                changes.setdefault(int(k), {})[name] = (int(moment.before[name][k]), int(moment.after[name][k]))
        for place, (k, kind, facts, minor) in enumerate(moment.told):
            # the last that is told of a person carries the changes
            is_last = all(other != k for other, *_rest in moment.told[place + 1 :])
            mine = changes.pop(k, {}) if is_last else {}
            self.events[k].append(Event(month, process, kind, facts, mine, minor and not mine))
        for k, mine in changes.items():
            self.events[k].append(Event(month, process, "changed", {}, mine))

    def _note_month(self) -> None:
        self.states.append(self._look(COLUMNS))
        w, people = self.simulation.workers, self.people
        activity = w.activity[people]
        income = np.where(np.isin(activity, _AT_WORK), w.wage[people], 0.0)
        for k, series in enumerate(self.series):
            series["activity"].append(int(activity[k]))
            series["income"].append(float(income[k]))
            series["savings"].append(float(w.savings[people[k]]))
            series["skill"].append(float(w.skill[people[k]]))
        levers = self.simulation.world.levers
        self.levers.append({one.lever: levers[one.lever].copy() for one in levers.contributions})
