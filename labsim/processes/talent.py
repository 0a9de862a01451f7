"""Talent: degree holders who stay, return or come to take reserved posts."""

from __future__ import annotations

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, rounded, uniforms, where_equal
from labsim.processes.base import move, process
from labsim.quantity import Parameters, quantity
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
    for k in range(order.shape[0]):
        i = order[k]
        d = w.district[i]
        if came[d] >= quota[d]:
            continue
        for f in range(
            first[d], first[d + 1]
        ):  # the employer with a professional vacancy, in an order of the month's own
            r = firms[f]
            if e.vacancies[r, 2] > 0 and (asked.shape[0] == 0 or w.level[i] >= asked[e.group[r], 2]):
                move(w, flows, i, EMPLOYEE)
                w.employer[i] = r
                w.tier[i] = 2
                w.work_field[i] = e.field[r]
                w.wage[i] = e.wage_offer[r, 2]
                w.savings[i] += lump_sum[d] + supplement[d] * w.wage[i]
                pay[d] += w.wage[i]
                e.vacancies[r, 2] -= 1
                e.headcount[r, 2] += 1
                came[d] += 1
                break


@process(
    reads=(
        "workers.level workers.district workers.skill enterprises.wage_offer enterprises.field enterprises.district"
        " enterprises.group events levers.talent_places levers.talent_lump_sum levers.talent_supplement"
        " levers.talent_supplement_months"
    ),
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field workers.wage"
        " workers.savings enterprises.headcount enterprises.vacancies ledger events"
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
    n_places, vacant = len(world.places), e.vacancies[:, 2].astype(np.float64)
    offered = np.bincount(e.district, vacant * e.wage_offer[:, 2], n_places)
    offer = offered / np.maximum(1.0, np.bincount(e.district, vacant, n_places))
    supplement = levers["talent_supplement"] * levers["talent_supplement_months"]
    lure = parameters.response * (levers["talent_lump_sum"] + supplement * offer) / 100e6
    chance = 1.0 - np.exp(-lure / 12.0)
    within_reach = (w.activity == UNEMPLOYED) | (w.activity == AWAY) | (w.activity == OUTSIDE)
    candidates = where_equal((within_reach & (w.level >= COLLEGE)).view(np.uint8), 1)
    willing = candidates[uniforms(draws.key("talent comes"), candidates) < chance[w.district[candidates]]]
    order = willing[np.argsort(uniforms(draws.key("order of talent"), willing), kind="stable")]
    firms = np.flatnonzero(e.vacancies[:, 2] > 0)
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
