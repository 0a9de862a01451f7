"""Institutions, their programmes, and the students who already sit in them at the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labsim.errors import PopulationError
from labsim.population.margins import LEVELS, SCHOOLINGS, Margins
from labsim.population.people import MONTHS_AT_15, MONTHS_AT_18, UPPER_SECONDARY, People
from labsim.population.sampling import Traits, counts_of, first_of_race
from labsim.profile import Profile
from labsim.text import _, did_you_mean
from labsim.world import Institutions, Level, Programmes

_OLDEST_START, _YOUNGEST_VOCATIONAL = 276, MONTHS_AT_15 + 4


@dataclass(eq=False)
class Students:
    """Who studies full-time at the start: rows of people, their programme and months left, arrays `(n_students,)`."""

    rows: NDArray[np.intp]
    programme: NDArray[np.int64]
    months_left: NDArray[np.int64]


def build_schools(profile: Profile, margins: Margins, scale: float) -> tuple[Institutions, Programmes]:
    """Return institutions and programmes of a profile; a yearly intake becomes seats taught at one time, at scale."""
    institutions = Institutions(len(profile.institutions))
    programmes = Programmes(sum(len(one.programmes) for one in profile.institutions))
    row = 0
    for k, one in enumerate(profile.institutions):
        institutions.district[k] = _place(
            one.district or margins.districts[0], margins.districts, f"institutions.{one.id}.district"
        )
        institutions.quality[k] = one.quality
        for taught in one.programmes:
            where = f"institutions.{one.id}.programmes"
            programmes.institution[row] = k
            programmes.district[row] = institutions.district[k]
            programmes.field[row] = _place(taught.field, margins.fields, f"{where}.field")
            programmes.level[row] = _place(taught.level, LEVELS, f"{where}.level")
            programmes.schooling[row] = _place(taught.schooling or SCHOOLINGS[0], SCHOOLINGS, f"{where}.schooling")
            programmes.length[row] = taught.months
            programmes.full_time[row] = taught.full_time
            programmes.intake_month[row] = taught.intake_month or 0
            programmes.fee[row] = taught.fee * 1e6
            programmes.quality[row] = one.quality
            programmes.base_seats[row] = taught.seats * taught.months / 12.0 * scale
            row += 1
    return institutions, programmes


def _place(given: str, members: tuple[str, ...], path: str) -> int:
    if given not in members:
        raise PopulationError(
            f"{path}: " + _("given {given!r}; {hint}").format(given=given, hint=did_you_mean(given, members))
        )
    return members.index(given)


def enrol_students(
    margins: Margins, traits: Traits, people: People, programmes: Programmes, start_month: int
) -> Students:
    """Seat the students of past intakes: each cohort filled at intake, thinned every year, counted from its intake.

    Vocational students (intermediate) are 15 to 20 and left school after lower secondary; those of colleges and
    university 18 to 23.
    """
    adult = (people.months >= _YOUNGEST_VOCATIONAL) & (people.months < _OLDEST_START)
    rows = np.flatnonzero(adult)
    cohorts = _cohorts(margins, traits, programmes, start_month)
    found = [(rows[:0], cohorts[:0, 0], cohorts[:0, 1])]
    for higher in (False, True):
        mine = cohorts[(programmes.level[cohorts[:, 0]] > Level.INTERMEDIATE) == higher]
        months, schooling = people.months[rows], people.schooling[rows]
        if higher:
            able = (months >= MONTHS_AT_18) & (schooling >= UPPER_SECONDARY)
        else:
            able = (schooling == UPPER_SECONDARY - 1) & (months < MONTHS_AT_18 + 36)
        if not len(mine):
            continue
        mine = mine[np.argsort(-mine[:, 1], kind="stable")]  # those with most months left are the youngest
        pull = np.exp(-margins.distance[:, int(programmes.district[mine[0, 0]])] / margins.start["student_reach"])
        weights = np.where(
            able, (0.3 + pull[people.district[rows]]) * np.where(people.ethnicity[rows] == 0, 1.6, 1.0), 0.0
        )
        picked = rows[first_of_race(weights, traits.each(f"student/{higher}", rows), len(mine))]
        # in order of age, give or take two years
        picked = picked[np.argsort(people.months[picked] + 24.0 * traits.each("student order", picked), kind="stable")]
        mine = mine[np.sort(np.argsort(traits.each("student seat", np.arange(len(mine))))[: picked.size])]
        found.append((picked, mine[:, 0], mine[:, 1]))
    rows, programme, left = (np.concatenate([part[k] for part in found]) for k in range(3))
    order = np.argsort(rows)
    together = Students(rows[order], programme[order], left[order])
    programmes.taken[:] = np.bincount(together.programme, minlength=len(programmes))
    programmes.seats[:] = np.maximum(np.round(programmes.base_seats), programmes.taken).astype(np.int32)
    return together


def _cohorts(margins: Margins, traits: Traits, programmes: Programmes, start_month: int) -> NDArray[np.int64]:
    """Return (programme, months left) of every student's seat, shape `(n_students, 2)`."""
    seats: list[tuple[int, int]] = []
    expected: list[float] = []
    for j in np.flatnonzero(programmes.full_time.astype(bool) & (programmes.intake_month > 0)):
        done = (start_month - int(programmes.intake_month[j])) % 12
        length, filled = int(programmes.length[j]), margins.start["students_enrolled"]
        while done < length:
            seats.append((int(j), length - done))
            expected.append(float(programmes.base_seats[j]) * 12.0 / length * filled)
            done, filled = done + 12, filled * margins.start["students_staying"]
    if not seats:
        return np.zeros((0, 2), dtype=np.int64)
    return np.repeat(np.array(seats, dtype=np.int64), counts_of(np.array(expected), traits.one("students")), axis=0)
