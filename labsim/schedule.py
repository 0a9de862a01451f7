"""The month, whole: the processes in order. There is no arithmetic here; `labsim schedule` prints this page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labsim.processes import (
    abroad,
    climate,
    counting,
    demand,
    demography,
    digital,
    earnings,
    extension,
    firms,
    in_service,
    information,
    linkage,
    matching,
    migration,
    new_employers,
    own_account,
    public_bodies,
    search,
    services,
    talent,
    training,
)
from labsim.processes.base import Process
from labsim.text import did_you_mean
from labsim.wires import EVENTS, EventKind

MONTH: tuple[Process, ...] = (
    # people
    demography.come_of_age,
    demography.die,
    demography.retire,
    demography.take_part,
    # the year's weather and the year's demand
    climate.strike,
    demand.grow,
    # training
    information.forecast,
    linkage.agree,
    training.plan_intake,
    training.enrol,
    training.progress,
    extension.train_informally,
    digital.teach,
    public_bodies.ask,
    in_service.study,
    # employers
    firms.plan_headcount,
    firms.enter_and_exit,
    new_employers.settle,
    firms.separate,
    firms.open_vacancies,
    # own-account work
    own_account.set_incomes,
    own_account.run_businesses,
    own_account.lend,
    own_account.support,
    # search and matching
    services.reach,
    talent.attract,
    search.search,
    linkage.send_graduates,
    services.introduce,
    matching.hire,
    services.follow_up,
    # working away
    migration.return_home,
    abroad.come_back,
    migration.leave_province,
    abroad.go,
    migration.move_in,
    # earnings, learning, forgetting
    earnings.set_wages,
    earnings.earn_and_learn,
    # record
    counting.count_people,
)

# Counting records the month and is no part of it.
_PARTS = tuple(process for process in MONTH if process.section != "counting")
SWITCHABLE: tuple[str, ...] = (
    *dict.fromkeys(process.section for process in _PARTS),
    *(process.name for process in _PARTS),
)


def require_wired(month: Sequence[Process], events: Mapping[str, EventKind] = EVENTS) -> None:
    """Raise ValueError if processes in this order cannot hand on what they declare.

    Every event must be declared, written by its declared producers alone and by each of them, and read by no process
    that comes before the first of them: what happens is of one month.
    """
    names = [process.name for process in month]
    written = {name: [one.name for one in month if f"events.{name}" in one.writes] for name in events}
    for process in month:
        for place in (*process.reads, *process.writes):
            name = place.removeprefix("events.")
            if name != place and name not in events:
                raise ValueError(f"{process.name}: there is no event {name!r}; {did_you_mean(name, events)}")
    for name, kind in events.items():
        if set(written[name]) != set(kind.producers):
            declared, found = ", ".join(kind.producers), ", ".join(written[name]) or "nobody"
            raise ValueError(f"event {name!r}: its declared producers are {declared}; it is written by {found}")
        first = min(names.index(one) for one in kind.producers)
        early = [one.name for one in month[:first] if f"events.{name}" in one.reads]
        if early:
            raise ValueError(f"event {name!r}: {early[0]} reads it before {names[first]} can have written it")


require_wired(MONTH)


def of_month(switched_off: tuple[str, ...]) -> tuple[Process, ...]:
    """Return the processes that run, in order; a name is a process (`firms.separate`) or a whole section (`firms`).

    Raises ValueError for a name that is neither, or that cannot be switched off.
    """
    for name in switched_off:
        if name not in SWITCHABLE:
            raise ValueError(f"{name!r} cannot be switched off; allowed: {', '.join(SWITCHABLE)}")
    return tuple(
        process for process in MONTH if process.name not in switched_off and process.section not in switched_off
    )
