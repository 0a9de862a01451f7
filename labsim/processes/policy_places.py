"""Places in courses that policies open: how many are free this month, who sits on them, what part of admissions is
theirs.

A place opens once, at an intake, and lasts as long as the course: a thousand places a year are a thousand people a
year, whatever the length. When a policy ends or pauses it opens no more, and its trainees finish on their places
beside the institution's own seats.
"""

from __future__ import annotations

import numpy as np

from labsim.compiled import kernel
from labsim.rows import LAST, where_between
from labsim.world import Activity, World

OPENED, FILLED, PART = "policy_places_opened", "policy_places_filled", "policy_places_part"


def _months_of(world: World) -> int:
    return int(world.programmes.length.max()) + 1  # months that the tables remember, in a ring


def _of_last_months(world: World, table: str, first: int) -> np.ndarray:
    """Return a table's sums over the months from `first` ago to a course's length ago for courses that begin in any
    month, shape `(n_programmes,)`.
    """
    p, kept = world.programmes, _months_of(world)
    length = np.where(p.intake_month == 0, p.length, 0)
    ago = np.arange(first, int(length.max()))
    total: np.ndarray = (world.tables[table][(world.month - ago) % kept] * (ago[:, None] < length)).sum(axis=0)
    return total


def _trainees_of_policies(world: World) -> np.ndarray:
    """Return how many trainees sit on places of policies, shape `(n_programmes,)`: each counts by the part that
    policies had in the admissions of the person's month.
    """
    w, on_policies = world.workers, np.zeros(len(world.programmes))
    trainees = where_between(w.programme, 0, LAST)
    part, length = world.tables[PART], world.programmes.length
    _add_parts(trainees, w.programme, w.months_left, length, part, world.month, on_policies)
    return on_policies


@kernel
def _add_parts(
    trainees: np.ndarray,
    programme: np.ndarray,
    months_left: np.ndarray,
    length: np.ndarray,
    part: np.ndarray,
    month: int,
    on_policies: np.ndarray,
) -> None:
    """Add up the parts that policies had in the admissions of trainees; `part` has shape `(n_months, n_programmes)`."""
    kept = part.shape[0]
    for i in trainees:
        c = programme[i]
        ago = min(max(length[c] - months_left[i], 0), kept - 1)
        on_policies[c] += part[(month - ago) % kept, c]


def seats_with_policies(world: World) -> np.ndarray:
    """Open this month's places of policies and return the mean number of seats, shape `(n_programmes,)`: own seats,
    trainees of policies still in course, and places of policies that are free.

    A year's places open in twelve parts, or all at the yearly intake. Those of the last months that nobody took are
    still free in courses that begin in any month, as many as a course's length of this month's; in the others they
    lapse.
    """
    p, places, tables = world.programmes, world.levers["training_seats"], world.tables
    if OPENED not in tables:
        if not places.any() and not world.levers["training_place"].any():
            return p.base_seats
        tables.update({name: np.zeros((_months_of(world), len(p))) for name in (OPENED, FILLED, PART)})
    any_month, now = p.intake_month == 0, world.month % _months_of(world)
    begins = p.intake_month == world.calendar[1]
    opened = world.at_scale(1.0) * places * np.where(any_month, 1.0 / 12.0, begins)
    tables[OPENED][now], tables[FILLED][now] = opened, 0.0
    left = np.maximum(0.0, _of_last_months(world, OPENED, 0) - _of_last_months(world, FILLED, 1))
    free = np.where(any_month, np.minimum(left, opened * p.length), opened)
    trainees = _trainees_of_policies(world)
    own_trainees = np.maximum(0.0, p.taken - trainees)
    own_free = np.maximum(0.0, p.base_seats - own_trainees)
    part = np.divide(free, free + own_free, out=np.zeros(len(p)), where=free > 0)
    tables[PART][now] = world.events["part_on_policies"] = part
    # where an institution has more trainees than seats, they take none of the policies' either
    seats: np.ndarray = np.maximum(p.base_seats, np.where(opened > 0, own_trainees, 0.0)) + trainees + free
    return seats


def offered_a_place(world: World) -> np.ndarray:
    """Return the people, in order, who are offered a place of their own this month and might begin a course."""
    w, offered = world.workers, world.levers["training_place"]
    if offered.size == 1:
        return np.zeros(0, dtype=np.int64)
    inside = (w.activity < Activity.IN_TRAINING) & (w.programme < 0)
    return np.flatnonzero((offered > 0) & inside)


def add_places_of_ones_own(
    world: World, people: np.ndarray, choices: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (people, choices, places): applicants with those on a place of their own first, and how many such places
    each programme gets, which are added to its seats.
    """
    offered, n = world.levers["training_place"], len(world.programmes)
    if offered.size == 1:
        return people, choices, np.zeros(n, dtype=np.int64)
    own = offered[people] > 0
    places = np.bincount(choices[own], minlength=n)
    world.programmes.seats += places.astype(world.programmes.seats.dtype)
    order = np.argsort(~own, kind="stable")
    return people[order], choices[order], places


def note_admissions(world: World, admitted: np.ndarray, on_own_place: np.ndarray) -> None:
    """Remember how many places of policies were taken this month, given admissions by programme and how many of them
    were to places of people's own, which are policies' too.
    """
    if FILLED in world.tables:
        now, tables = world.month % _months_of(world), world.tables
        filled = (admitted - on_own_place) * tables[PART][now]
        tables[FILLED][now] = filled
        if on_own_place.any():
            tables[PART][now] = (filled + on_own_place) / np.maximum(1, admitted)
