"""Officials and public employees study for a degree beside their work, and keep the post.

Who studies on a place of a policy is drawn by lot among the employees of the body's group who lack the level, so that a
place more sends one person more and moves nobody else. Others in posts that ask for training study for a degree at
their own cost, since pay follows the degree. Study ends with the degree, by dropping out, or when the person leaves
public bodies.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, rounded, uniforms
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.world import PUBLIC_BODIES, Level, Schooling, World

# Places in PUBLIC_BODIES, and masters for officials after them, as in DEGREES.
OFFICIALS, PUBLIC_EMPLOYEES, COMMUNES, MASTERS = range(4)
MONTHS_OF = {Level.INTERMEDIATE: 24, Level.UNIVERSITY: 48, Level.POSTGRADUATE: 24}
_MONTHS = np.array([MONTHS_OF.get(level, 0) for level in Level])
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
    own_cost_rate: float = quantity(
        0.05,
        unit="per year",
        low=0,
        high=0.3,
        grade="D",
        year=2024,
        source="assumed; Bac Kan's staff studied in the main at their own cost (seed 004), how many is not said",
        help="rate at which staff without a degree in posts that ask for training begin to study at their own cost",
    )
    own_cost: float = quantity(
        12e6,
        unit="VND per year of study",
        low=2e6,
        high=60e6,
        grade="D",
        year=2020,
        source="assumed: tuition of 520 USD a year (2020, Viet Nam); no source has the cost of study in service",
        help="what a year of study at one's own cost takes from savings",
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


def _bodies_of(world: World, employers: np.ndarray) -> np.ndarray:
    """Return the places of employers in PUBLIC_BODIES, -1 for others and for the row -1, no employer."""
    of_group = _bodies_of_groups(world.employer_groups)
    bodies: np.ndarray = np.where(employers >= 0, of_group[world.enterprises.group[employers]], np.int8(-1))
    return bodies


@cache
def _bodies_of_groups(names: tuple[str, ...]) -> np.ndarray:
    """Return the places of groups of employers in PUBLIC_BODIES, -1 for others and, in the last place, for no group."""
    of_group = np.full(len(names) + 1, -1, dtype=np.int8)
    for body, groups in enumerate(PUBLIC_BODIES.values()):
        of_group[[names.index(name) for name in groups if name in names]] = body
    return of_group


def _staff(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return (people, bodies): who works in a public body, in the order of rows, and its place in PUBLIC_BODIES."""
    of_employer = np.append(_bodies_of(world, np.arange(len(world.enterprises))), np.int8(-1))  # -1 is the last place
    if of_employer.max() < 0:  # there is no public body
        return np.zeros(0, dtype=np.int64), of_employer[:0]
    people = _rows_in(world.workers.employer, of_employer)
    return people, of_employer[world.workers.employer[people]]


@kernel
def _rows_in(employer: np.ndarray, body: np.ndarray) -> np.ndarray:
    """Return the people whose employer is of some public body, in the order of rows."""
    rows, n = np.empty(employer.shape[0] + 1, dtype=np.int64), 0
    for i in range(employer.shape[0]):
        rows[n] = i
        n += body[employer[i]] >= 0
    return rows[:n]


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
    people = np.bincount(cells, minlength=len(PUBLIC_BODIES) * len(Level)).reshape(-1, len(Level)) / world.scale
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


def _progress(
    world: World, parameters: InServiceParameters, draws: DrawsOfMonth, students: np.ndarray
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Move those who study one month on; return those who go on, and those who are done by months taken and kind."""
    w = world.workers
    at_work = _bodies_of(world, w.employer[students]) >= 0
    stays = at_work & (uniforms(draws.key("give up a degree"), students) >= parameters.dropout_rate)
    stopped, students = students[~stays], students[stays]
    w.degree[stopped], w.degree_left[stopped] = Level.NONE, 0
    w.degree_left[students] -= 1
    done = students[w.degree_left[students] == 0]
    w.level[done] = np.maximum(w.level[done], w.degree[done])
    w.vocational[done] |= w.degree[done] <= Level.COLLEGE
    w.certificate[done] = 2
    w.skill[done] += np.float32(parameters.skill_gain) * (1 - w.skill[done])
    body = _bodies_of(world, w.employer[done])
    kinds = np.where(w.degree[done] == Level.POSTGRADUATE, np.int8(MASTERS), body)
    took = _MONTHS[w.degree[done]]
    finished = {
        int(months): np.bincount(kinds[took == months], minlength=len(world.levers["degree_places"]))
        for months in np.unique(took)
    }
    w.degree[done] = Level.NONE
    world.ledger.count("degrees_dropped_out", len(stopped))
    world.ledger.count("degrees_in_service", len(done))
    return students[w.degree_left[students] > 0], finished


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
    may = _can_study(world, parameters, people, next_level, body)
    return people[may], kinds[may], next_level[may]


def _can_study(
    world: World, parameters: InServiceParameters, people: np.ndarray, levels: np.ndarray, body: np.ndarray
) -> np.ndarray:
    """Say of people on the roll of the year whether they are still there, schooled, young and free to study."""
    w = world.workers
    still_there = _bodies_of(world, w.employer[people]) == body
    schooled = (w.schooling[people] >= Schooling.UPPER_SECONDARY) | (levels == Level.INTERMEDIATE)
    young = world.month - w.birth_month[people] < 12 * parameters.oldest
    can: np.ndarray = still_there & schooled & young & (w.programme[people] < 0) & (w.degree_left[people] == 0)
    return can


def _lacking(
    world: World, parameters: InServiceParameters, people: np.ndarray, body: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (people, levels): those of the roll without a degree who can study, in posts that ask for training."""
    w = world.workers
    posts_ask = world.events["posts_ask"]
    tier = np.minimum(w.tier[people], posts_ask.shape[1] - 1)  # who has left has none; asked for by `_can_study`
    in_post = posts_ask[world.enterprises.group[w.employer[people]], tier] > Level.NONE
    below = (body == COMMUNES) & (w.level[people] < Level.INTERMEDIATE)
    levels = np.where(below, np.uint8(Level.INTERMEDIATE), np.uint8(Level.UNIVERSITY))
    may = in_post & (w.level[people] < levels) & _can_study(world, parameters, people, levels, body)
    return people[may], levels[may]


def _at_own_cost(world: World, parameters: InServiceParameters, draws: DrawsOfMonth) -> tuple[np.ndarray, np.ndarray]:
    """Return (people, levels): who begins this month to study for a degree at their own cost."""
    people, body = _roll_of_year(world)
    chance = 1.0 - math.exp(-parameters.own_cost_rate / 12.0)
    willing = uniforms(draws.key("study at own cost"), people) < chance
    return _lacking(world, parameters, people[willing], body[willing])


def _already(world: World, parameters: InServiceParameters, draws: DrawsOfMonth) -> np.ndarray:
    """Let people study who began at their own cost before the run and have not given up; return them.

    Months ago are exponential with the rate, as if the staff had been the same.
    """
    w = world.workers
    people, levels = _lacking(world, parameters, *_roll_of_year(world))
    u = uniforms(draws.key("began before the run"), people)
    ago = np.floor(-np.log(1.0 - u) * 12.0 / parameters.own_cost_rate)
    months = _MONTHS[levels]
    kept = uniforms(draws.key("gave up before the run"), people) < (1.0 - parameters.dropout_rate) ** ago
    on = (ago < months) & kept
    began: np.ndarray = people[on]
    w.degree[began], w.degree_left[began] = levels[on], (months - ago)[on].astype(w.degree_left.dtype)
    return began


def _begin(world: World, people: np.ndarray, levels: np.ndarray, cost: float) -> np.ndarray:
    """Let people begin to study for a level, at a cost to them in VND a year; return the months that it takes."""
    w = world.workers
    months: np.ndarray = _MONTHS[levels]
    w.degree[people], w.degree_left[people] = levels, months
    w.savings[people] -= (cost * months / 12.0).astype(np.float32)
    return months


def _drawn(people: np.ndarray, levels: np.ndarray, n: int, key: np.uint64) -> np.ndarray:
    """Return the places of n people drawn by lot, those below the standard of communes first."""
    lots = uniforms(key, people) + (levels > Level.INTERMEDIATE)
    least = np.argpartition(lots, n - 1)[:n] if n < len(people) else np.arange(len(people))
    drawn: np.ndarray = least[np.argsort(lots[least])]
    return drawn


@process(
    reads=(
        "workers.activity workers.birth_month workers.employer workers.tier workers.schooling "
        "workers.programme enterprises.group levers.degree_places levers.degree_own_cost events.posts_ask"
    ),
    writes=(
        "workers.level workers.certificate workers.vocational workers.skill workers.savings "
        "workers.degree workers.degree_left counts ledger events.degree_started events.degree_years "
        "events.degrees_in_service"
    ),
)
def study(world: World, parameters: InServiceParameters, draws: DrawsOfMonth) -> None:
    """Let officials and public employees study beside the work: 48 months for university, 24 for a master or the
    standard of communes.

    Places of a year are spread over months by keyed rounding and go by lot to those who lack the level. Others in
    posts that ask for training begin at a rate at their own cost.
    """
    places = world.levers["degree_places"]
    students: np.ndarray = world.counts.get("in_service", NOBODY_STUDIES)
    alone = parameters.own_cost_rate > 0.0 and "posts_ask" in world.events
    by_themselves: np.ndarray = world.counts.get("at_own_cost", NOBODY_STUDIES)
    if students.size + by_themselves.size == 0 and not places.any() and not alone:
        return
    if students.size:
        students, world.events["degrees_in_service"] = _progress(world, parameters, draws, students)
    if by_themselves.size:
        by_themselves, _finished = _progress(world, parameters, draws, by_themselves)
    quota = rounded(places * world.scale / 12.0, draws.key("places for degrees"))
    started, years = np.zeros(len(places)), np.zeros(len(places))
    if quota.any():
        people, kinds, levels = _may_study(world, parameters, quota > 0)
        for kind in np.flatnonzero(quota):
            of_kind = np.flatnonzero(kinds == kind)
            drawn = of_kind[_drawn(people[of_kind], levels[of_kind], int(quota[kind]), draws.key("lot for a degree"))]
            new = people[drawn]
            months = _begin(world, new, levels[drawn], world.levers["degree_own_cost"][kind])
            started[kind], years[kind] = len(new), months.sum() / 12.0
            students = np.concatenate([students, new])
    if alone and world.month == 1:
        by_themselves = np.concatenate([by_themselves, _already(world, parameters, draws)])
    if alone:
        new, level = _at_own_cost(world, parameters, draws)
        _begin(world, new, level, parameters.own_cost)
        world.ledger.count("degrees_at_own_cost", len(new))
        by_themselves = np.concatenate([by_themselves, new])
    world.counts["in_service"], world.counts["at_own_cost"] = students, by_themselves
    world.events["degree_started"], world.events["degree_years"] = started, years
