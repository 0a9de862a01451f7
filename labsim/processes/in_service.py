"""Officials and public employees study for a degree beside their work, and keep the post.

Who studies is drawn by lot among the employees of the body's group who lack the level, so that a place more sends one
person more and moves nobody else. Study ends with the degree, by dropping out, or when the person leaves public bodies.
"""

from __future__ import annotations

import numpy as np

from labsim.draws import DrawsOfMonth, rounded, uniforms, where_equal
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.world import Activity, Level, Schooling, World

# Groups of employers by DEGREES: officials of province and district, public employees, officials of communes.
BODIES = (("province_bodies", "district_bodies"), ("schools", "hospitals", "public_services"), ("communes",))
OFFICIALS, PUBLIC_EMPLOYEES, COMMUNES, MASTERS = range(4)
MONTHS_OF = {Level.INTERMEDIATE: 24, Level.UNIVERSITY: 48, Level.POSTGRADUATE: 24}
NOBODY_STUDIES = np.zeros(0, dtype=np.int64)


class InServiceParameters(Parameters):
    """Who may study beside the work, who gives up, and what is learnt."""

    oldest: float = quantity(
        50.0,
        unit="years",
        low=30,
        high=62,
        grade="D",
        year=2021,
        source="assumed",
        help="age up to which officials and public employees begin to study for a degree",
    )
    dropout_rate: float = quantity(
        0.005,
        unit="per month",
        low=0,
        high=0.1,
        grade="D",
        year=2021,
        source="assumed: the post is kept, so few give up",
        help="chance of giving up study in service in a month",
    )
    skill_gain: float = quantity(
        0.1,
        unit="share of the way to mastery",
        low=0,
        high=1,
        grade="D",
        year=2021,
        source="assumed; may be nothing",
        help="skill gained by a degree in service",
    )


def _body_of_employer(world: World) -> np.ndarray:
    """Return the place of every employer in BODIES, -1 for others, shape `(n_enterprises,)`."""
    names, of_group = world.employer_groups, np.full(len(world.employer_groups) + 1, -1, dtype=np.int8)
    for body, groups in enumerate(BODIES):
        of_group[[names.index(name) for name in groups if name in names]] = body
    bodies: np.ndarray = of_group[world.enterprises.group]  # -1, no group, is the last place
    return bodies


def _staff(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return (people, bodies): who works in a public body, in the order of rows, and its place in BODIES."""
    employees = where_equal(world.workers.activity, int(Activity.EMPLOYEE))
    bodies = _body_of_employer(world)[world.workers.employer[employees]]
    public = bodies >= 0
    return employees[public], bodies[public]


def _roll_of_year(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return (people, bodies) who were on the staff of public bodies when the year's list was drawn up.

    The list is made once a year, when places are first given out: whoever is hired later waits for the next.
    """
    year, counts = world.calendar[0], world.counts
    if counts.get("roll_year") != year:
        counts["roll_year"] = year
        counts["roll"], counts["roll_bodies"] = _staff(world)
    return counts["roll"], counts["roll_bodies"]


def count_degrees(world: World) -> dict[str, float]:
    """Count degrees in public bodies: shares in percent and real persons, by the name of the indicator."""
    staff, bodies = _staff(world)
    cells = bodies.astype(np.int64) * len(Level) + world.workers.level[staff]
    people = np.bincount(cells, minlength=len(BODIES) * len(Level)).reshape(-1, len(Level)) / world.scale
    all_, university = people.sum(axis=1), people[:, Level.UNIVERSITY :].sum(axis=1)
    if not all_.all():
        return {}
    post = people[:, Level.POSTGRADUATE]
    counted = {
        "officials": all_[OFFICIALS],
        "public_employees": all_[PUBLIC_EMPLOYEES],
        "commune_officials": all_[COMMUNES],
        "public_staff": all_.sum(),
        "public_staff_university": university.sum() - post.sum(),
        "public_staff_postgraduate": post.sum(),
        "officials_degree_share": 100.0 * university[OFFICIALS] / all_[OFFICIALS],
        "officials_postgraduate_share": 100.0 * post[OFFICIALS] / all_[OFFICIALS],
        "public_employees_degree_share": 100.0 * university[PUBLIC_EMPLOYEES] / all_[PUBLIC_EMPLOYEES],
        "commune_officials_standard_share": 100.0 * people[COMMUNES, Level.INTERMEDIATE :].sum() / all_[COMMUNES],
        "public_staff_degree_share": 100.0 * university.sum() / all_.sum(),
        "public_staff_postgraduate_share": 100.0 * post.sum() / all_.sum(),
    }
    return {name: float(value) for name, value in counted.items()}


def _progress(world: World, parameters: InServiceParameters, draws: DrawsOfMonth, students: np.ndarray) -> np.ndarray:
    """Move those who study one month on; return those who go on."""
    w = world.workers
    employer = w.employer[students]
    at_work = (employer >= 0) & (_body_of_employer(world)[employer] >= 0)
    stays = at_work & (uniforms(draws.key("give up a degree"), students) >= parameters.dropout_rate)
    stopped, students = students[~stays], students[stays]
    w.degree[stopped], w.degree_left[stopped] = Level.NONE, 0
    w.degree_left[students] -= 1
    done = students[w.degree_left[students] == 0]
    w.level[done] = np.maximum(w.level[done], w.degree[done])
    w.vocational[done] |= w.degree[done] <= Level.COLLEGE
    w.certificate[done] = 2
    w.skill[done] += np.float32(parameters.skill_gain) * (1 - w.skill[done])
    body = _body_of_employer(world)[w.employer[done]]
    kinds = np.where(w.degree[done] == Level.POSTGRADUATE, np.int8(MASTERS), body)
    took = np.array([MONTHS_OF[Level(level)] for level in w.degree[done]])
    world.events["degrees_in_service"] = {
        int(months): np.bincount(kinds[took == months], minlength=len(world.levers["degree_places"]))
        for months in np.unique(took)
    }
    w.degree[done] = Level.NONE
    world.ledger.count("degrees_dropped_out", len(stopped))
    world.ledger.count("degrees_in_service", len(done))
    going_on: np.ndarray = students[w.degree_left[students] > 0]
    return going_on


def _may_study(
    world: World, parameters: InServiceParameters, quota: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (people, kinds, levels): who may begin to study, of which of DEGREES and for which level.

    `quota` marks the kinds that are asked for, shape `(n_degrees,)`.
    """
    w, (people, body) = world.workers, _roll_of_year(world)
    level = w.level[people]
    kinds = np.where((body == OFFICIALS) & (level == Level.UNIVERSITY), np.int8(MASTERS), body)
    next_level = np.where(kinds == MASTERS, np.uint8(Level.POSTGRADUATE), np.uint8(Level.UNIVERSITY))
    next_level[(body == COMMUNES) & (level < Level.INTERMEDIATE)] = Level.INTERMEDIATE
    # what most fail is asked first: every question reads memory all over the place
    asked = np.flatnonzero(quota[kinds] & (level < next_level))
    people, kinds, next_level, body = people[asked], kinds[asked], next_level[asked], body[asked]
    employer = w.employer[people]
    still_there = (employer >= 0) & (_body_of_employer(world)[employer] == body)
    schooled = (w.schooling[people] >= Schooling.UPPER_SECONDARY) | (next_level == Level.INTERMEDIATE)
    young = world.month - w.birth_month[people] < 12 * parameters.oldest
    may = still_there & schooled & young & (w.programme[people] < 0) & (w.degree_left[people] == 0)
    return people[may], kinds[may], next_level[may]


def _drawn(people: np.ndarray, levels: np.ndarray, n: int, key: np.uint64) -> np.ndarray:
    """Return the places of n people drawn by lot, those below the standard of communes first."""
    lots = uniforms(key, people) + (levels > Level.INTERMEDIATE)
    least = np.argpartition(lots, n - 1)[:n] if n < len(people) else np.arange(len(people))
    drawn: np.ndarray = least[np.argsort(lots[least])]
    return drawn


@process(
    reads=(
        "workers.activity workers.birth_month workers.employer workers.schooling workers.programme enterprises.group"
        " levers.degree_places levers.degree_own_cost"
    ),
    writes=(
        "workers.level workers.certificate workers.vocational workers.skill workers.savings workers.degree"
        " workers.degree_left counts events ledger"
    ),
)
def study(world: World, parameters: InServiceParameters, draws: DrawsOfMonth) -> None:
    """Let officials and public employees study beside the work: 48 months for university, 24 for a master or the
    standard of communes.

    Places of a year are spread over months by keyed rounding and go by lot to those who lack the level.
    """
    places, w = world.levers["degree_places"], world.workers
    students: np.ndarray = world.counts.get("in_service", NOBODY_STUDIES)
    if students.size == 0 and not places.any():
        return
    if students.size:
        students = _progress(world, parameters, draws, students)
    quota = rounded(places * world.scale / 12.0, draws.key("places for degrees"))
    started, years = np.zeros(len(places)), np.zeros(len(places))
    if quota.any():
        people, kinds, levels = _may_study(world, parameters, quota > 0)
        for kind in np.flatnonzero(quota):
            of_kind = np.flatnonzero(kinds == kind)
            drawn = of_kind[_drawn(people[of_kind], levels[of_kind], int(quota[kind]), draws.key("lot for a degree"))]
            new, level = people[drawn], levels[drawn]
            months = np.select([level == one for one in MONTHS_OF], list(MONTHS_OF.values()))
            w.degree[new], w.degree_left[new] = level, months
            w.savings[new] -= (world.levers["degree_own_cost"][kind] * months / 12.0).astype(np.float32)
            started[kind], years[kind] = len(new), months.sum() / 12.0
            students = np.concatenate([students, new])
    world.counts["in_service"] = students
    world.events["degree_started"], world.events["degree_years"] = started, years
