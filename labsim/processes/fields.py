"""Count people, seekers and posts by field of work: only in runs that tell fields apart.

People in work are of the field of their work: the employer's, the trade's, or farming. All others are of the field of
their skill, which is what they last learned or, where skill has followed work (`matching.field_follows`), what they
last did. Posts, and what is done to them, are of the employer's field.
"""

from __future__ import annotations

import numpy as np

from labsim.compiled import inline, kernel
from labsim.processes.counting import (
    AGE_BANDS,
    BLOCK,
    N_DOINGS,
    N_STATUSES,
    N_TRAINING,
    PER_SECTOR,
    code_doings,
    in_sector,
    tally,
)
from labsim.world import N_ACTIVITIES, Activity, Sector, WorkerArrays, World

FARMING, EMPLOYEE, UNEMPLOYED = int(Activity.FARMING), int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)


@inline
def _write_fields(
    activity: np.ndarray, work_field: np.ndarray, skill_field: np.ndarray, farm: int, fields: np.ndarray
) -> None:
    home = np.int16(farm)
    for i in range(fields.shape[0]):  # without branches, so that it runs sixteen at a time
        now, own = activity[i], np.int16(skill_field[i])
        idle = home if (now == FARMING) & (home >= 0) else own
        at_work = np.int16(work_field[i]) if work_field[i] >= 0 else idle
        fields[i] = own if now > EMPLOYEE else at_work


@kernel
def _fields_of_all(
    activity: np.ndarray, work_field: np.ndarray, skill_field: np.ndarray, farm: int, fields: np.ndarray
) -> None:
    _write_fields(activity, work_field, skill_field, farm, fields)


@kernel
def _count_doings(w: WorkerArrays, farm: int, tables: np.ndarray) -> None:
    """Count everyone into tables of shape `(4, n_fields * N_ACTIVITIES)`, block by block."""
    n_people = w.activity.shape[0]
    fields, places = np.empty(BLOCK, np.int16), np.empty(BLOCK, np.uint16)
    for first in range(0, n_people, BLOCK):
        here = slice(first, min(first + BLOCK, n_people))
        activity, n = w.activity[here], min(BLOCK, n_people - first)
        _write_fields(activity, w.work_field[here], w.field[here], farm, fields[:n])
        for i in range(n):
            places[i] = np.uint16(np.uint16(fields[i]) * np.uint16(N_ACTIVITIES) + np.uint16(activity[i]))
        tally(places[:n], tables)


@kernel
def _count_people(
    w: WorkerArrays,
    runs: np.ndarray,
    bands: np.ndarray,
    under: np.ndarray,
    sector: np.ndarray,
    farm: int,
    cells: np.ndarray,
    pay: np.ndarray,
) -> None:
    """Count everyone into cells of shape `(n_fields, n_ages, 2, N_DOINGS)`, coded as in `counting`."""
    doings, fields = np.empty(BLOCK, np.uint8), np.empty(BLOCK, np.int16)
    for r in range(runs.shape[0] - 1):
        d = w.district[runs[r]]
        for first in range(runs[r], runs[r + 1], BLOCK):
            n = min(BLOCK, runs[r + 1] - first)
            here = slice(first, first + n)
            activity, work_field, wage = w.activity[here], w.work_field[here], w.wage[here]
            band, ethnicity = bands[here], w.ethnicity[here]
            code_doings(w, first, under[d], doings[:n])
            _write_fields(activity, work_field, w.field[here], farm, fields[:n])
            for i in range(n):
                doing = in_sector(int(doings[i]), int(work_field[i]), sector)
                cells[fields[i], band[i], min(ethnicity[i], 1), doing] += 1
            for i in range(n):
                if activity[i] <= EMPLOYEE:
                    pay[fields[i], activity[i]] += int(wage[i])


def _family_farm(world: World) -> int:
    """Return the field of farms that people come back to: the first of agriculture, -1 in a world without any."""
    farming = np.flatnonzero(world.sector_of_field == Sector.AGRICULTURE)
    return int(farming[0]) if farming.size else -1


def fields_of(world: World, people: np.ndarray | slice) -> np.ndarray:
    """Return the fields of some people, shape `(n_people,)`."""
    w = world.workers
    activity = w.activity[people]
    fields = np.empty(len(activity), dtype=np.int16)
    _fields_of_all(activity, w.work_field[people], w.field[people], _family_farm(world), fields)
    return fields


def doings_by_field(world: World) -> np.ndarray:
    """Return how many do what in each field, shape `(n_fields, n_activities)`; see `Activity`."""
    if world.n_fields == 1:  # the field is that of all, whom the books count
        return world.ledger.stocks[None, :]
    tables = np.zeros((4, world.n_fields * N_ACTIVITIES), dtype=np.int64)
    _count_doings(world.people, _family_farm(world), tables)
    doings: np.ndarray = tables.sum(axis=0).reshape(world.n_fields, N_ACTIVITIES)
    return doings


def people_by_field(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return people by field, age, ethnic group (Kinh or minority), status, training and digital skills, and their pay.

    Shapes `(n_fields, n_ages, 2, n_statuses, n_training, 2)`, and `(n_fields, 3)` in VND per month by kind of work. To
    be called after the month's count, whose age bands and hours it takes.
    """
    if world.n_fields == 1:  # the field is that of all
        everyone = world.counts["cells"][..., :-1, :, :].sum(axis=(0, 1, 2), dtype=np.float64)
        people = np.stack([everyone[:, 0], everyone[:, 1:].sum(axis=1)], axis=1)
        return people[None], world.counts["pay_by_residence"].sum(axis=0)[None]
    shape = (world.n_fields, len(AGE_BANDS), 2, N_STATUSES + 1, N_TRAINING, 2)
    cells, pay = np.zeros(shape, dtype=np.int32), np.zeros((world.n_fields, EMPLOYEE + 1), dtype=np.int64)
    _count_people(
        world.people,
        world.runs,
        world.counts["bands"],
        world.counts["under"],
        np.concatenate([[0], PER_SECTOR * world.sector_of_field]).astype(np.uint8),
        _family_farm(world),
        cells.reshape((world.n_fields, len(AGE_BANDS), 2, N_DOINGS)),
        pay,
    )
    return cells[:, :, :, :-1].astype(np.float64), pay.astype(np.float64)


def market_by_field(world: World) -> np.ndarray:
    """Return seekers, open vacancies and applications by field, shape `(3, n_fields)`; not a number if nobody could
    search this month.

    Seekers are of the field of their skill when they search, before some of them change it; applications of the field
    of the employer.
    """
    e, applications, n = world.enterprises, world.applications, world.n_fields
    values = np.full((3, n), np.nan)
    values[1] = np.bincount(e.field, e.vacancies.sum(axis=1), n)
    if applications is None:
        return values
    if n == 1:
        values[0], values[2] = len(applications.seekers_fields), len(applications.bundles)
    else:
        values[0] = np.bincount(applications.seekers_fields, minlength=n)
        values[2] = np.bincount(e.field[applications.employers[applications.bundles]], minlength=n)
    return values
