"""Talent: degree holders who stay, return or come to take reserved posts."""

from __future__ import annotations

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, rounded, uniforms
from labsim.processes.base import move_all, process
from labsim.quantity import Parameters, quantity
from labsim.rows import BLOCK, add_marked
from labsim.world import Activity, EnterpriseArrays, Level, WorkerArrays, World

FARMING, EMPLOYEE, UNEMPLOYED = int(Activity.FARMING), int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
AWAY, ABROAD = int(Activity.AWAY_IN_VIET_NAM), int(Activity.ABROAD)
OUTSIDE, LEFT = int(Activity.OUTSIDE), int(Activity.LEFT)
COLLEGE = int(Level.COLLEGE)
NOTHING_ASKED = np.zeros((0, 0), dtype=np.uint8)


class TalentParameters(Parameters):
    """How degree holders answer to reserved posts and money."""

    response: float = quantity(
        0.08,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help=(
            "share of eligible degree holders away or outside who would take a reserved post in a year, per 100 million"
            " VND of lump sum and supplement"
        ),
    )


@kernel
def _attract(
    w: WorkerArrays,
    e: EnterpriseArrays,
    flows: np.ndarray,
    chance: np.ndarray,
    quota: np.ndarray,
    firms: np.ndarray,
    first: np.ndarray,
    order: np.ndarray,
    lump_sum: np.ndarray,
    supplement: np.ndarray,
    asked: np.ndarray,
    key: np.uint64,
    came: np.ndarray,
    pay: np.ndarray,
) -> None:
    field, headcount, vacancies, group, wage_offer = e.field, e.headcount, e.vacancies, e.group, e.wage_offer
    district, level = w.district, w.level
    employer, savings, tier, wage, work_field = w.employer, w.savings, w.tier, w.wage, w.work_field
    people, posts, n = np.empty_like(order), np.empty_like(order), 0
    for i in order:
        d = district[i]
        if came[d] >= quota[d]:
            continue
        # the first employer with a professional vacancy, in an order of the month's own
        for r in firms[first[d] : first[d + 1]]:
            if vacancies[r, 2] > 0 and (asked.shape[0] == 0 or level[i] >= asked[group[r], 2]):
                people[n], posts[n] = i, r
                n += 1
                vacancies[r, 2] -= 1
                pay[d] += wage_offer[r, 2]
                came[d] += 1
                break
    move_all(w, flows, people[:n], np.full(n, EMPLOYEE))
    for k in range(n):
        i, r = people[k], posts[k]
        d = district[i]
        employer[i] = r
        tier[i] = 2
        work_field[i] = field[r]
        wage[i] = wage_offer[r, 2]
        savings[i] += lump_sum[d] + supplement[d] * wage[i]
        headcount[r, 2] += 1


@kernel
def _who_has_a_degree(activity: np.ndarray, level: np.ndarray, rows: np.ndarray) -> int:
    """Write the degree holders who are unemployed, away or outside, in order; return how many."""
    answers, n = np.empty(BLOCK, np.uint8), 0
    for first in range(0, activity.shape[0], BLOCK):
        now, highest = activity[first : first + BLOCK], level[first : first + BLOCK]
        for i in range(now.shape[0]):
            free = (now[i] == UNEMPLOYED) | (now[i] == AWAY) | (now[i] == OUTSIDE)
            answers[i] = np.uint8(free & (highest[i] >= COLLEGE))
        n = add_marked(answers[: now.shape[0]], first, rows, n)
    return n


@kernel
def _posts_and_best(e: EnterpriseArrays, posts: np.ndarray, best: np.ndarray) -> None:
    district, active, target, wage_offer = e.district, e.active, e.target, e.wage_offer
    for r in range(district.shape[0]):
        d = district[r]
        posts[d] += target[r, 2]
        if active[r] > 0:
            best[d] = max(best[d], np.float64(wage_offer[r, 2]))


def posts_and_best_offers(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return the professional posts that employers plan and the best pay for them, by district, in VND per month."""
    posts, best = np.full(len(world.places), 1e-9), np.zeros(len(world.places))
    _posts_and_best(world.employers, posts, best)
    return posts, best


@kernel
def _offers(e: EnterpriseArrays, n_districts: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean offer of the professional vacancies of each district, VND per month, and the employers who have
    some.
    """
    district, vacancies, wage_offer = e.district, e.vacancies, e.wage_offer
    vacant, offered = np.zeros(n_districts), np.zeros(n_districts)
    firms, n = np.empty(district.shape[0], np.int64), 0
    for r in range(district.shape[0]):
        if vacancies[r, 2] > 0:
            vacant[district[r]] += vacancies[r, 2]
            offered[district[r]] += vacancies[r, 2] * np.float64(wage_offer[r, 2])
            firms[n] = r
            n += 1
    return offered / np.maximum(1.0, vacant), firms[:n]


@process(
    reads=(
        "workers.level workers.district workers.skill enterprises.wage_offer enterprises.field "
        "enterprises.district enterprises.group levers.talent_places levers.talent_lump_sum "
        "levers.talent_supplement levers.talent_supplement_months events.posts_ask"
    ),
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field workers.wage "
        "workers.savings enterprises.headcount enterprises.vacancies ledger events.talent_came "
        "events.talent_pay events.talent_people"
    ),
)
def attract(world: World, parameters: TalentParameters, draws: DrawsOfMonth) -> None:
    """Let degree holders who are unemployed, away or outside take reserved professional posts.

    The chance in a year is 1 - exp(-response x (lump sum + supplement x months x offer) / 100 million), with the mean
    offer of the district's professional vacancies; places are filled in a keyed order. Posts of public bodies go
    only to who has the training that they ask for.
    """
    levers, w, e = world.levers, world.workers, world.enterprises
    quota = rounded(levers["talent_places"] * world.scale / 12.0, draws.key("reserved posts"))
    came = np.zeros(len(world.places), dtype=np.int64)
    pay = np.zeros(len(world.places))
    world.events["talent_came"], world.events["talent_pay"] = came, pay
    if quota.sum() == 0:
        return
    offer, firms = _offers(world.employers, len(world.places))
    supplement = levers["talent_supplement"] * levers["talent_supplement_months"]
    lure = parameters.response * (levers["talent_lump_sum"] + supplement * offer) / 100e6
    chance = 1.0 - np.exp(-lure / 12.0)
    candidates = np.empty(len(w) + 1, dtype=np.int64)
    candidates = candidates[: _who_has_a_degree(w.activity, w.level, candidates)]
    willing = candidates[uniforms(draws.key("talent comes"), candidates) < chance[w.district[candidates]]]
    order = willing[np.argsort(uniforms(draws.key("order of talent"), willing), kind="stable")]
    firms = firms[np.lexsort((uniforms(draws.key("order of posts"), firms), e.district[firms]))]
    first = np.searchsorted(e.district[firms], np.arange(len(world.places) + 1))
    _attract(
        world.people,
        world.employers,
        world.ledger.flows,
        chance,
        quota,
        firms,
        first,
        order,
        levers["talent_lump_sum"],
        supplement,
        world.events.get("posts_ask", NOTHING_ASKED),
        draws.key("talent comes"),
        came,
        pay,
    )
    world.events["talent_people"] = order[w.activity[order] == EMPLOYEE]
    world.ledger.count("talent_came", int(came.sum()))
