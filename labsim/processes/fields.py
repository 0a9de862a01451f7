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
    N_STATUSES,
    N_TRAINING,
    add_sectors,
    code_doings,
    code_people,
)
from labsim.world import N_ACTIVITIES, Activity, Sector, WorkerArrays, World

FARMING, EMPLOYEE, UNEMPLOYED = int(Activity.FARMING), int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)


@inline
def _field_of(activity: int, work_field: int, skill_field: int, farm: int) -> int:
    if activity > EMPLOYEE:
        return skill_field
    if work_field >= 0:
        return work_field
    return farm if activity == FARMING and farm >= 0 else skill_field


@kernel
def _write_fields(
    activity: np.ndarray, work_field: np.ndarray, skill_field: np.ndarray, farm: int, fields: np.ndarray
) -> None:
    for i in range(fields.shape[0]):
        fields[i] = _field_of(activity[i], work_field[i], skill_field[i], farm)


@kernel
def _count_doings(w: WorkerArrays, farm: int, table: np.ndarray) -> None:
    activity, work_field, skill_field = w.activity, w.work_field, w.field
    for i in range(activity.shape[0]):
        now = activity[i]
        table[_field_of(now, work_field[i], skill_field[i], farm), now] += 1


@kernel
def _count_people(
    w: WorkerArrays,
    runs: np.ndarray,
    bands: np.ndarray,
    steps: np.ndarray,
    under: np.ndarray,
    sector: np.ndarray,
    farm: int,
    cells: np.ndarray,
    pay: np.ndarray,
) -> None:
    """Count everyone into cells of shape `(n_fields, n_bands_and_groups, n_doings)`, coded as in `counting`."""
    code, part, rows = np.empty(BLOCK, np.uint16), np.empty(BLOCK, np.uint8), np.empty(BLOCK, np.uint16)
    busy = np.zeros((2, sector.shape[0]), np.int64)
    for r in range(runs.shape[0] - 1):
        d = w.district[runs[r]]
        for first in range(runs[r], runs[r + 1], BLOCK):
            n = min(BLOCK, runs[r + 1] - first)
            here = slice(first, first + n)
            activity, work_field, skill_field, wage = w.activity[here], w.work_field[here], w.field[here], w.wage[here]
            code_people(bands[here], w.sex[here], w.ethnicity[here], steps, code[:n])
            code_doings(w, first, under[d], part[:n])
            add_sectors(activity, work_field, sector, rows, part, busy)
            for i in range(n):
                now = activity[i]
                f = _field_of(now, work_field[i], skill_field[i], farm)
                cells[f, code[i], part[i]] += 1
                if now <= EMPLOYEE:
                    pay[f, now] += int(wage[i])


def _family_farm(world: World) -> int:
    """Return the field of farms that people come back to: the first of agriculture, -1 in a world without any."""
    farming = np.flatnonzero(world.sector_of_field == Sector.AGRICULTURE)
    return int(farming[0]) if farming.size else -1


def fields_of(world: World, people: np.ndarray) -> np.ndarray:
    """Return the fields of some people, shape `(n_people,)`."""
    w = world.workers
    fields = np.empty(len(people), dtype=np.int16)
    _write_fields(w.activity[people], w.work_field[people], w.field[people], _family_farm(world), fields)
    return fields


def doings_by_field(world: World) -> np.ndarray:
    """Return how many do what in each field, shape `(n_fields, n_activities)`; see `Activity`."""
    table = np.zeros((world.n_fields, N_ACTIVITIES), dtype=np.int64)
    _count_doings(world.people, _family_farm(world), table)
    return table


def people_by_field(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return people by field, age, ethnic group (Kinh or minority), status, training and digital skills, and their pay.

    Shapes `(n_fields, n_ages, 2, n_statuses, n_training, 2)`, and `(n_fields, 3)` in VND per month by kind of work. To
    be called after the month's count, whose age bands and hours it takes.
    """
    shape = (world.n_fields, len(AGE_BANDS), 2, N_STATUSES + 1, N_TRAINING, 2)
    cells, pay = np.zeros(shape, dtype=np.int32), np.zeros((world.n_fields, EMPLOYEE + 1), dtype=np.int64)
    _count_people(
        world.people,
        world.runs,
        world.counts["bands"],
        np.array([0, 2, 1]),
        world.counts["under"],
        np.concatenate([[0], 2 * N_TRAINING * world.sector_of_field]).astype(np.uint8),
        _family_farm(world),
        cells.reshape((world.n_fields, 2 * len(AGE_BANDS), -1)),
        pay,
    )
    return cells[:, :, :, :-1].astype(np.float64), pay.astype(np.float64)


def market_by_field(world: World) -> np.ndarray:
    """Return seekers, open vacancies and applications by field, shape `(3, n_fields)`; not a number if nobody could
    search this month.

    Seekers are of the field of their skill when they search, before some of them change it; applications of the field
    of the employer.
    """
    e, events, n = world.enterprises, world.events, world.n_fields
    values = np.full((3, n), np.nan)
    values[1] = np.bincount(e.field, e.vacancies.sum(axis=1), n)
    if "applicants" in events:
        values[0] = np.bincount(events["seekers_fields"], minlength=n)
        values[2] = np.bincount(e.field[events["bundle_rows"][events["bundles"]]], minlength=n)
    return values
