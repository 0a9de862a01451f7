"""What a process is: a function of (world, parameters, draws) that says what it reads and writes; and how a person
changes state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from labsim.compiled import kernel, spliced
from labsim.draws import DrawsOfMonth
from labsim.world import EnterpriseArrays, ProgrammeArrays, WorkerArrays, World

Body = Callable[[World, Any, DrawsOfMonth], None]


@dataclass(frozen=True)
class Process:
    """One step of the month.

    `section` names the parameters that the function receives; `reads` and `writes` name columns as
    `workers.activity`, levers as
    `levers.training_seats`, and other state of the world as `market`, `places`, `ledger`.
    """

    name: str
    section: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    body: Body
    summary: str

    def __call__(self, world: World, parameters: Any, draws: DrawsOfMonth) -> None:
        """Run the process on the world."""
        self.body(world, parameters, draws)


def process(*, reads: str, writes: str) -> Callable[[Body], Process]:
    """Declare a process; `reads` and `writes` are names separated by spaces."""

    def declare(body: Body) -> Process:
        section = body.__module__.rsplit(".", 1)[-1]
        summary = " ".join((body.__doc__ or "").strip().split("\n\n")[0].split())
        return Process(
            f"{section}.{body.__name__}", section, tuple(reads.split()), tuple(writes.split()), body, summary
        )

    return declare


@spliced
def move(w: WorkerArrays, flows: np.ndarray, i: int, activity: int) -> None:
    """Move person i to an activity and enter it in the flows."""
    flows[w.activity[i], activity] += 1
    w.activity[i] = activity
    w.spell[i] = 0


@spliced
def leave_work(w: WorkerArrays, e: EnterpriseArrays, i: int) -> None:
    """Take person i off the employer's headcount."""
    if w.employer[i] >= 0:
        e.headcount[w.employer[i], w.tier[i]] -= 1
        w.employer[i] = -1
        w.tier[i] = 255
    w.work_field[i] = -1


@spliced
def leave_programme(w: WorkerArrays, p: ProgrammeArrays, i: int) -> None:
    """Give back the seat of person i."""
    if w.programme[i] >= 0:
        p.taken[w.programme[i]] -= 1
        w.programme[i] = -1
        w.months_left[i] = 0


@kernel
def leave_work_all(w: WorkerArrays, e: EnterpriseArrays, people: np.ndarray) -> None:
    """Take many people off their employers' headcounts, column by column: memory is then asked for many at once."""
    employer, tier, work_field, headcount = w.employer, w.tier, w.work_field, e.headcount
    for i in people:
        if employer[i] >= 0:
            headcount[employer[i], tier[i]] -= 1
    for i in people:
        employer[i] = -1
    for i in people:
        tier[i] = 255
    for i in people:
        work_field[i] = -1


@kernel
def move_all(w: WorkerArrays, flows: np.ndarray, people: np.ndarray, activities: np.ndarray) -> None:
    """Move many people, each to an activity, and enter it in the flows."""
    activity, spell = w.activity, w.spell
    for k in range(people.shape[0]):
        flows[activity[people[k]], activities[k]] += 1
        activity[people[k]] = activities[k]
    for i in people:
        spell[i] = 0
