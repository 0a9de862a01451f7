"""What a process is: a function of (world, parameters, draws) that says what it reads and writes; and how a person
changes state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from labsim.compiled import inline, kernel
from labsim.draws import DrawsOfMonth
from labsim.world import EnterpriseArrays, ProgrammeArrays, WorkerArrays, World

Body = Callable[[World, Any, DrawsOfMonth], None]


@dataclass(frozen=True)
class Process:
    """One step of the month.

    `section` names the parameters that the function receives; `reads` and `writes` name columns as
    `workers.activity`, levers as
    `levers.training_seats`, what happens in the month as `events.admitted`, and other state of the world as `market`,
    `places`, `ledger`.
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


@inline
def give_back_posts(w: WorkerArrays, e: EnterpriseArrays, people: np.ndarray) -> None:
    """Take those of many people who have an employer off the headcount of theirs."""
    employer, tier, headcount = w.employer, w.tier, e.headcount
    for i in people:
        if employer[i] >= 0:
            headcount[employer[i], tier[i]] -= 1


@kernel
def leave_work_all(w: WorkerArrays, e: EnterpriseArrays, people: np.ndarray) -> None:
    """Take many people off their employers' headcounts, column by column: memory is then asked for many at once.

    Who decides in a loop writes down who moves and calls this after it: to change a dozen columns of a table inside
    the loop costs more than the decision.
    """
    give_back_posts(w, e, people)
    employer, tier, work_field = w.employer, w.tier, w.work_field
    for i in people:
        employer[i] = -1
    for i in people:
        tier[i] = 255
    for i in people:
        work_field[i] = -1


@inline
def leave_programmes_all(w: WorkerArrays, p: ProgrammeArrays, people: np.ndarray) -> None:
    """Give back the seats of those of many people who have one, and end courses and contracts."""
    programme, months_left, taken = w.programme, w.months_left, p.taken
    for i in people:
        if programme[i] >= 0:
            taken[programme[i]] -= 1
            programme[i] = -1
        months_left[i] = 0


@kernel
def move_all(w: WorkerArrays, flows: np.ndarray, people: np.ndarray, activities: np.ndarray) -> None:
    """Move many people, each to an activity, and enter it in the flows."""
    activity, spell = w.activity, w.spell
    for k in range(people.shape[0]):
        flows[activity[people[k]], activities[k]] += 1
        activity[people[k]] = activities[k]
    for i in people:
        spell[i] = 0


@inline
def leave_all(
    w: WorkerArrays,
    e: EnterpriseArrays,
    p: ProgrammeArrays,
    flows: np.ndarray,
    people: np.ndarray,
    activities: np.ndarray,
) -> None:
    """Take many people off their employers and courses, and move each to an activity."""
    leave_work_all(w, e, people)
    leave_programmes_all(w, p, people)
    move_all(w, flows, people, activities)
