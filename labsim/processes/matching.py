"""Whom a vacancy takes, and who accepts.

Each vacancy ranks its applicants and takes one, who accepts if the offer beats the reservation wage. One application
each, one market, selectivity 0 is the urn-ball process: E[hires] = V (1 - (1 - 1/V)^U), hires uniform over seekers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from labsim.compiled import inline, kernel
from labsim.draws import DrawsOfMonth, normal, uniform, uniforms
from labsim.processes.base import give_back_posts, move_all, process
from labsim.quantity import Parameters, quantity
from labsim.rows import BLOCK, add_marked
from labsim.world import Activity, EnterpriseArrays, WorkerArrays, World

FARMING, BUSINESS = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS)
EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
NOTHING_ASKED = np.zeros((0, 0), dtype=np.uint8)
_S32, _LOW_32, _HIGHEST = np.uint64(32), np.uint64(0xFFFFFFFF), np.uint32(1 << 31)


class MatchingParameters(Parameters):
    """How vacancies choose and people accept."""

    selectivity: float = quantity(
        0.5,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="weight of suitability in ranking applicants; 0 is a lottery",
    )
    reservation: float = quantity(
        0.9,
        unit="share of last wage",
        low=0,
        high=1.5,
        grade="C",
        year=2015,
        source="reservation wage studies, 0.8-1.0",
        help="reservation wage of the newly unemployed",
    )
    reservation_decline: float = quantity(
        0.02,
        unit="per month",
        low=0,
        high=0.2,
        grade="C",
        year=2015,
        source="reservation wage studies",
        help="rate at which the reservation wage falls",
    )
    switching_gain: float = quantity(
        0.10,
        unit="share",
        low=-0.5,
        high=2,
        grade="D",
        year=2020,
        source="assumed",
        help="gain over present income that makes people leave own-account work or a job",
    )
    attachment: float = quantity(
        0.4,
        unit="standard deviation of the log",
        low=0,
        high=2,
        grade="D",
        year=2020,
        source="assumed",
        help="dispersion between people of the pay that draws them off the farm",
    )
    experience_weight: float = quantity(
        0.3,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="weight of skill beside the match of field in suitability",
    )
    level_weight: float = quantity(
        0.05,
        unit="share per level",
        low=0,
        high=0.5,
        grade="D",
        year=2020,
        source="assumed",
        help="weight of each training level in suitability",
    )
    partner_bonus: float = quantity(
        0.1,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="bonus of people trained by the employer's partner institution",
    )
    pay_floor: float = quantity(
        0.85,
        unit="share of the offer",
        low=0.5,
        high=1,
        grade="D",
        year=2020,
        source="assumed, near the spread of pay within a grade",
        help="pay on hiring of a person without any skill",
    )
    pay_of_skill: float = quantity(
        0.3,
        unit="share of the offer",
        low=0,
        high=1,
        grade="C",
        year=2020,
        source="Mincer equations for Viet Nam, spread of pay within a grade",
        help="rise of pay on hiring from no skill to mastery",
    )
    field_follows: float = quantity(
        0.5,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed; the occupational model of 2021 has 1",
        help="share of the hired whose field of skill becomes that of the new work",
    )
    chance_memory: float = quantity(
        0.2,
        unit="per month",
        low=0.01,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="weight of the newest month in how hard vacancies are known to fill",
    )


class Ranking(NamedTuple):
    """How vacancies rank applicants; see the parameters of matching."""

    access: np.ndarray  # (n_fields, n_fields)
    selectivity: float
    experience: float
    of_level: float
    bonus: float
    subsidy: np.ndarray  # (n_workers,), or (1,) for all
    asked: np.ndarray  # (n_employer_groups, n_tiers): level below which nobody is considered; empty if none is asked
    key: np.uint64


class Posts(NamedTuple):
    """The post groups that vacancies belong to."""

    rows: np.ndarray  # (n_bundles,): the employer
    tiers: np.ndarray  # (n_bundles,)


@kernel
def score_all(
    w: WorkerArrays,
    e: EnterpriseArrays,
    people: np.ndarray,
    bundles: np.ndarray,
    claims: np.ndarray,
    posts: Posts,
    by: Ranking,
) -> np.ndarray:
    """Return the scores of applicants for posts, shape `(n_applicants,)`, minus infinity for who is not considered.

    `claims` are points of first claims and priority, none if empty.
    """
    field, school, skill, level, access = w.field, w.school, w.skill, w.level, by.access
    field_of, partner_of, group, rows, tiers = e.field, e.partner, e.group, posts.rows, posts.tiers
    subsidy, asked, selectivity, experience = by.subsidy, by.asked, by.selectivity, by.experience
    scores = np.empty(people.shape[0])
    for first in range(0, people.shape[0], BLOCK):
        here = slice(first, min(first + BLOCK, people.shape[0]))
        who, post, claim, values = people[here], bundles[here], claims[here], scores[here]
        n = who.shape[0]
        for k in range(n):
            values[k] = uniform(by.key, who[k])
        for k in range(n if selectivity > 0.0 else 0):
            i, r = who[k], rows[post[k]]
            match = access[field[i], field_of[r]]
            partner = by.bonus if partner_of[r] >= 0 and school[i] == partner_of[r] else 0.0
            cheap = subsidy[i if subsidy.shape[0] > 1 else 0]
            suited = (1.0 - experience) * match + experience * skill[i] + by.of_level * level[i] + partner + cheap
            values[k] = (1.0 - selectivity) * values[k] + selectivity * suited
        for k in range(claim.shape[0]):
            values[k] += claim[k]
        for k in range(n if asked.shape[0] > 0 else 0):
            if level[who[k]] < asked[group[rows[post[k]]], tiers[post[k]]]:
                values[k] = -np.inf
    return scores


@inline
def _rank(values: np.ndarray, first: int, ranks: np.ndarray) -> None:
    """Write numbers in the order of scores, those of applicants counted from `first` in their lower half; 0 for who is
    not considered.
    """
    single = np.empty(values.shape[0], np.float32)
    for k in range(values.shape[0]):
        single[k] = values[k]
    bits = single.view(np.uint32)
    for k in range(values.shape[0]):  # the bits of numbers above zero are in their order, below in the reverse
        order = np.uint32(bits[k] | _HIGHEST) if bits[k] < _HIGHEST else np.uint32(~bits[k])
        rank = (np.uint64(order) << _S32) | np.uint64(first + k)
        ranks[k] = rank if values[k] > -np.inf else np.uint64(0)


@kernel
def _choose(scores: np.ndarray, choices: np.ndarray, n_vacancies: int) -> np.ndarray:
    """Return the places of those among the applicants who are the best for their vacancy, in order."""
    n, best = scores.shape[0], np.zeros(n_vacancies, np.uint64)
    ranks = np.empty(min(BLOCK, n), np.uint64)
    for first in range(0, n, BLOCK):
        here = slice(first, min(first + BLOCK, n))
        choice = choices[here]
        _rank(scores[here], first, ranks)
        for k in range(choice.shape[0]):  # score and applicant in one number: nobody can foresee who is better
            best[choice[k]] = max(best[choice[k]], ranks[k])
    chosen, rows = np.zeros(n + 1, np.uint8), np.empty(n + 1, np.int64)
    for rank in best:
        chosen[np.int64(rank & _LOW_32) if rank > np.uint64(0) else n] = 1  # the last stands for nobody
    # in the order of people, not of vacancies: their columns are then read in the order of memory
    return rows[: add_marked(chosen[:n], 0, rows, 0)]


class Reservation(NamedTuple):
    """What pay people accept, as in the parameters of matching; the trait is the key of each person's attachment."""

    reservation: float
    decline: float
    gain: float
    attachment: float
    trait: np.uint64


@inline
def _least_pay(activity: int, wage: float, spell: int, person: int, by: Reservation) -> float:
    """Return the least pay that a person would take, VND per month."""
    if activity == UNEMPLOYED:
        return wage * by.reservation * math.exp(-by.decline * spell) if by.reservation > 0.0 else 0.0
    if by.gain <= -0.5:
        return 0.0
    least = wage * (1.0 + by.gain)
    if activity != EMPLOYEE and by.attachment > 0.0:
        least *= math.exp(by.attachment * normal(by.trait, person))
    return least


@kernel
def _who_accepts(
    w: WorkerArrays,
    e: EnterpriseArrays,
    chosen: np.ndarray,
    bundle: np.ndarray,
    bundle_rows: np.ndarray,
    bundle_tiers: np.ndarray,
    pay_floor: np.float32,
    pay_of_skill: np.float32,
    by: Reservation,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return (people, employers, tiers, pay, activities) of those among the chosen who take the post they are offered.

    Column by column: memory is then asked for many at once.
    """
    skill, wage, spell = w.skill[chosen], w.wage[chosen], w.spell[chosen]
    activity, rows, tiers = w.activity[chosen], bundle_rows[bundle], bundle_tiers[bundle]
    wage_offer, people, pay = e.wage_offer, np.empty_like(chosen), np.empty_like(skill)
    n = 0
    for k in range(chosen.shape[0]):
        offer = wage_offer[rows[k], tiers[k]] * (pay_floor + pay_of_skill * skill[k])
        people[n], pay[n], rows[n], tiers[n], now = chosen[k], offer, rows[k], tiers[k], activity[k]
        activity[n] = now
        n += offer >= _least_pay(now, wage[k], spell[k], chosen[k], by)
    return people[:n], rows[:n], tiers[:n], pay[:n], activity[:n]


@kernel
def _take_up(
    w: WorkerArrays,
    e: EnterpriseArrays,
    flows: np.ndarray,
    people: np.ndarray,
    rows: np.ndarray,
    tiers: np.ndarray,
    pay: np.ndarray,
) -> None:
    """Give people their posts, column by column: memory is then asked for many at once."""
    give_back_posts(w, e, people)
    move_all(w, flows, people, np.full(people.shape[0], EMPLOYEE))
    field, headcount, vacancies, employer, tier = e.field, e.headcount, e.vacancies, w.employer, w.tier
    wage, work_field = w.wage, w.work_field
    for k in range(people.shape[0]):
        employer[people[k]] = rows[k]
    for k in range(people.shape[0]):
        tier[people[k]] = tiers[k]
    for k in range(people.shape[0]):
        work_field[people[k]] = field[rows[k]]
    for k in range(people.shape[0]):
        wage[people[k]] = pay[k]
    for k in range(people.shape[0]):
        headcount[rows[k], tiers[k]] += 1
        vacancies[rows[k], tiers[k]] -= 1


@kernel
def _add_by_field(field: np.ndarray, vacancies: np.ndarray, sums: np.ndarray) -> None:
    for r in range(field.shape[0]):
        for t in range(vacancies.shape[1]):
            sums[field[r], t] += vacancies[r, t]


def ranking(world: World, parameters: MatchingParameters, draws: DrawsOfMonth) -> tuple[Posts, Ranking]:
    """Return the posts of the month's vacancies and how applicants for them are ranked."""
    p, applications = parameters, world.applications
    assert applications is not None
    return Posts(applications.employers, applications.tiers), Ranking(
        world.accessibility,
        p.selectivity,
        p.experience_weight,
        p.level_weight,
        p.partner_bonus,
        world.levers["wage_subsidy"],
        world.events.get("posts_ask", NOTHING_ASKED),
        draws.key("rank"),
    )


def claims_of(world: World, applicants: slice | np.ndarray) -> np.ndarray:
    """Return the points of first claims and of priority of some of the month's applicants; none if nobody has any."""
    applications, priority = world.applications, world.levers["hiring_priority"]
    assert applications is not None
    claims = applications.claims
    if priority.size > 1:
        points: np.ndarray = priority[applications.people[applicants]]
        return points if claims is None else points + claims[applicants]
    found: np.ndarray = np.zeros(0) if claims is None else claims[applicants]
    return found


@process(
    reads=(
        "workers.field workers.level workers.skill workers.school enterprises.wage_offer "
        "enterprises.partner enterprises.field enterprises.group enterprises.opened levers.wage_subsidy "
        "levers.hiring_priority applications events.linked events.posts_ask"
    ),
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field workers.field "
        "workers.wage enterprises.headcount enterprises.vacancies enterprises.opened market ledger "
        "events.hired events.hired_by events.hired_by_partners"
    ),
)
def hire(world: World, parameters: MatchingParameters, draws: DrawsOfMonth) -> None:
    """Let every vacancy rank its applicants and hire one; then add the vacancies opened this month.

    Public bodies consider only who has the training that the post asks for. Score = (1 - selectivity) x lot +
    selectivity x suitability, plus a first claim and points of priority if there are any. The best is hired if the
    offer, higher with skill, beats the reservation wage: last wage x share x exp(-decline x months) when unemployed,
    present income x (1 + gain) otherwise.
    """
    applications, market, e = world.applications, world.market, world.enterprises
    if applications is None:  # nobody could search
        e.vacancies += e.opened
        return
    people, bundles = applications.people, applications.bundles
    claims, how = claims_of(world, slice(None)), ranking(world, parameters, draws)
    scores = score_all(world.people, world.employers, people, bundles, claims, *how)
    winners = _choose(scores, applications.choices, applications.n_vacancies)
    w, p = world.workers, parameters
    trait = draws.lasting_key("attachment to the farm")
    chosen, rows, tiers, pay, activity = _who_accepts(
        world.people,
        world.employers,
        people[winners],
        bundles[winners],
        applications.employers,
        applications.tiers,
        np.float32(p.pay_floor),
        np.float32(p.pay_of_skill),
        Reservation(p.reservation, p.reservation_decline, p.switching_gain, p.attachment, trait),
    )
    n, hired = len(chosen), np.bincount(activity, minlength=len(Activity))
    _take_up(world.people, world.employers, world.ledger.flows, chosen, rows, tiers, pay)
    if p.field_follows > 0.0 and world.n_fields > 1:
        follows = uniforms(draws.key("field follows work"), chosen) < p.field_follows
        w.field[chosen[follows]] = e.field[rows[follows]]
    open_before = market.vacancies.sum(axis=0)
    left = np.zeros_like(open_before)
    _add_by_field(e.field, e.vacancies, left)
    unfilled = np.divide(left, open_before, out=np.full_like(left, 0.5), where=open_before > 0)
    market.tightness += parameters.chance_memory * (unfilled - market.tightness)
    e.vacancies += e.opened
    world.events["hired"], world.events["hired_by"] = chosen, rows
    if applications.claims is not None:
        kept, linked = int(np.isin(people[applications.claims > 0.0], chosen).sum()), world.events["linked"]
        world.events["hired_by_partners"] = kept * linked / max(1, linked.sum())
        world.ledger.count("hired_by_partners", kept)
    world.ledger.count("hires", n)
    world.ledger.count("job_changes", int(hired[EMPLOYEE]))
    world.ledger.count("hired_from_farming", int(hired[FARMING]))
    world.ledger.count("hired_from_unemployment", int(hired[UNEMPLOYED]))
    world.ledger.count("hired_from_business", int(hired[BUSINESS]))
