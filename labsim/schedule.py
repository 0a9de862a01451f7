"""The month, whole: the processes in order. There is no arithmetic here; `labsim schedule` prints this page."""

from __future__ import annotations

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
