"""Who searches and where they apply.

A searcher's chance of applying to a market (district x field x tier) is proportional to vacancies x
accessibility[own field, field] x exp(-distance / reach) x [qualified] x (wage offer / reservation wage)^taste; then to
a vacancy in it at random. It is drawn as nested picks: district, field, tier, block of employers, vacancy.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from labsim.applications import Applications, Nests
from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, gated, shared_proposals, slots_of
from labsim.processes.base import process
from labsim.processes.insight import Insight
from labsim.processes.vacancies import list_vacancies, pick_markets, pick_vacancies
from labsim.quantity import Parameters, quantity
from labsim.world import TIER_OF_LEVEL, Activity, WorkerArrays, World

EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
BOUND = 2.0  # proposals that a pick takes on average, unless the weights have moved far from those of the start
LATER = 32767  # after every month
NO_GAIN = np.ones(1)
AGE_BANDS = 5  # 15-24, 25-34, 35-44, 45-54, 55+


class SearchParameters(Parameters):
    """Who searches, how hard, and where they look."""

    reach: float = quantity(
        35.0,
        unit="km",
        low=1,
        high=1000,
        grade="D",
        year=2020,
        source="assumed",
        help="distance at which the pull of a vacancy has fallen to 1/e",
    )
    taste: float = quantity(
        2.0,
        unit="elasticity",
        low=0,
        high=10,
        grade="D",
        year=2020,
        source="assumed",
        help="how strongly applications answer the wage offered",
    )
    under_qualified: float = quantity(
        0.05,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="weight of posts one tier above one's training (the pull of posts below it is `over_qualified`)",
    )
    over_qualified: float = quantity(
        0.3,
        unit="share",
        low=0,
        high=1,
        grade="C",
        year=2015,
        source="school-to-work survey: over-education is common",
        help="weight of posts one tier below one's training",
    )
    effort: float = quantity(
        0.9,
        unit="per month",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="chance that a newly unemployed person applies in a month",
    )
    effort_decline: float = quantity(
        0.03,
        unit="per month",
        low=0,
        high=0.5,
        grade="D",
        year=2013,
        source="long-term share of the unemployed 45 % (2013)",
        help="rate at which search effort falls with the months unemployed",
    )
    lock_in: float = quantity(
        0.6,
        unit="share",
        low=0,
        high=1,
        grade="C",
        year=2018,
        source="Card, Kluve, Weber 2018: negative effects while training lasts",
        help="share of search effort given up while in a course",
    )
    on_the_job: float = quantity(
        0.01,
        unit="per month",
        low=0,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed",
        help="chance that an employee applies elsewhere in a month",
    )
    own_account_rate: float = quantity(
        0.01,
        unit="per month",
        low=0,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed",
        help="chance that a farmer or household business owner applies in a month when jobs pay the same as now",
    )
    own_account_response: float = quantity(
        1.0,
        unit="elasticity",
        low=0,
        high=5,
        grade="D",
        year=2020,
        source="assumed",
        help="how strongly that chance answers the income gain",
    )
    by_age: tuple[float, ...] = quantity(
        (1.6, 1.4, 1.0, 0.6, 0.25),
        unit="factor",
        low=0,
        high=5,
        grade="D",
        year=2020,
        source="assumed: the young leave the farm first",
        help="chance of own-account workers by age: 15-24, 25-34, 35-44, 45-54, 55 and older",
    )
    own_account_most: float = quantity(
        0.05, unit="per month", low=0, high=1, grade="D", year=2020, source="assumed", help="upper bound of that chance"
    )


@kernel
def _who_searches(
    w: WorkerArrays,
    month: int,
    effort: float,
    decline: float,
    on_job: float,
    own: np.ndarray,
    lock_in: float,
    eager: np.ndarray,
    since: int,
    gain: np.ndarray,
    rows: np.ndarray,
    heads: np.ndarray,
    certain: bool,
    key: np.uint64,
    people: np.ndarray,
) -> int:
    """Write who searches to the head of `people`; `heads` is written over. Where it is certain, all do who come into
    question.
    """
    n, n_left = 0, 0
    activity, spell, district, birth, programme = w.activity, w.spell, w.district, w.birth_month, w.programme
    advised, channel = w.advised, w.channel
    for k in range(rows.shape[0]):  # without a branch: a processor cannot foresee who was separated
        i = rows[k]
        people[n_left], heads[n_left] = i, heads[k]
        # whoever was separated this month searches from the next
        n_left += (activity[i] <= EMPLOYEE) | ((activity[i] == UNEMPLOYED) & (spell[i] > 0))
    if certain:
        return n_left
    for k in range(n_left):
        i = people[k]
        now = activity[i]
        if now == EMPLOYEE:
            rate = on_job
        elif now == UNEMPLOYED:
            rate = effort * math.exp(-decline * (spell[i] - 1)) if decline > 0.0 else effort
        else:
            rate = own[district[i], now, min(AGE_BANDS - 1, max(0, (month - birth[i]) // 120 - 1))]
        if eager.shape[0] > 1:
            rate *= eager[i]
        if since < LATER and advised[i] >= since:
            rate *= gain[channel[i]]
        if rate < 1.0 or lock_in > 0.0:
            u = gated(heads[k], key, i)
            if u >= rate or (programme[i] >= 0 and u >= rate * (1.0 - lock_in)):
                continue
        people[n] = i
        n += 1
    return n


def _fix_slots(world: World, near: np.ndarray, qualified: np.ndarray) -> None:
    """Fix the proposals of districts, fields and tiers: by employers' size at the start, the same in every scenario."""
    e, tables = world.enterprises, world.tables
    size = np.ones((len(world.places), world.n_fields))
    np.add.at(size, (e.district, e.field), e.weight)
    posts = 1.0 + (e.weight[:, None] * e.tier_share).sum(axis=0)
    tables["district_slots"], tables["district_base"] = slots_of(near * size.sum(axis=1))
    tables["field_slots"], tables["field_base"] = slots_of(world.accessibility * size.sum(axis=0))
    tables["tier_slots"], tables["tier_base"] = slots_of(qualified * posts)
    # a row for each kind of choice
    n_fields, n_districts, n_tiers = world.n_fields, len(near), len(qualified)
    tables["district_base"] = np.tile(tables["district_base"], (n_tiers * n_fields, 1))
    tables["field_base"] = np.tile(tables["field_base"], (n_tiers * n_districts, 1))
    tables["tier_base"] = np.repeat(tables["tier_base"], n_districts * n_fields, axis=0)


def _nests(world: World, near: np.ndarray, qualified: np.ndarray, market: np.ndarray) -> Nests:
    """Return the nested choice for the weights of the markets, shape `(n_districts, n_fields, n_tiers)`."""
    access, tables = world.accessibility, world.tables
    if "district_slots" not in tables:
        _fix_slots(world, near, qualified)
    by_field = np.einsum("ot,dft->odf", qualified, market)
    by_district = np.einsum("mf,odf->omd", access, by_field)
    districts = near * by_district[:, :, None, :]
    return Nests(
        districts.sum(axis=-1) > 0.0,
        tables["district_slots"],
        shared_proposals(districts, tables["district_base"], BOUND),
        tables["field_slots"],
        shared_proposals(access * by_field[:, :, None, :], tables["field_base"], BOUND),
        tables["tier_slots"],
        shared_proposals(qualified[:, None, None, :] * market, tables["tier_base"], BOUND),
    )


@process(
    reads=(
        "workers.activity workers.spell workers.field workers.level workers.district workers.birth_month "
        "workers.programme workers.advised workers.channel enterprises.vacancies enterprises.wage_offer "
        "enterprises.district enterprises.field levers.search_effort places counts events.helped_since "
        "events.insight events.search_gain"
    ),
    writes="market ledger tables applications",
)
def search(world: World, parameters: SearchParameters, draws: DrawsOfMonth) -> None:
    """Let the unemployed, some employees and some own-account workers apply to one vacancy each.

    The unemployed apply with effort x exp(-decline x months); own-account workers with rate x (expected pay / present
    income)^response, younger people more; expected pay is the mean of the offers in reach.
    """
    w, market = world.workers, world.market
    lists, tiers, sums, pay = list_vacancies(world.employers, len(world.places), world.n_fields)
    market.vacancies[:] = sums
    np.divide(pay, sums, out=market.offer, where=sums > 0)
    total = sums.sum()
    mean_offer = pay.sum() / total if total > 0 else 1.0
    weights = sums * (market.offer / max(1.0, mean_offer)) ** parameters.taste if parameters.taste > 0 else sums
    near = np.exp(-world.places.distance / parameters.reach)
    own_rates = _own_account_rates(world, parameters, near, weights, mean_offer)
    eager = world.levers["search_effort"]
    # those whom employment services reached since a month apply more often, by the channel
    since, gain = world.events.get("helped_since", LATER), world.events.get("search_gain", NO_GAIN)
    eagerness = float(eager.max() * gain.max())
    # chances as a farmer, owner of a business, employee; the unemployed all come into question
    most = np.zeros(len(Activity))
    most[: len(own_rates[0]) + 2] = (*own_rates.max(axis=(0, 2)), parameters.on_the_job, 1.0)
    rows, heads = draws.gate_by("search", np.minimum(1.0, eagerness * most), w.activity)
    # only the unemployed, all of them
    certain = parameters.effort >= 1.0 and parameters.effort_decline <= 0.0 and parameters.lock_in <= 0.0
    certain &= bool(most[:UNEMPLOYED].max() <= 0.0 and eager.min() >= 1.0 and gain.min() >= 1.0)
    people = np.empty(len(rows), dtype=np.int64)
    n = _who_searches(
        world.people,
        world.month,
        parameters.effort,
        parameters.effort_decline,
        parameters.on_the_job,
        own_rates,
        parameters.lock_in,
        eager,
        since,
        gain,
        rows,
        heads,
        certain,
        draws.key("search"),
        people,
    )
    people, markets = people[:n], np.empty(n, dtype=np.int32)
    # of all who search: some find no vacancy to apply to, some change their field when hired
    fields = w.field[people] if world.n_fields > 1 else np.zeros(n, dtype=w.field.dtype)
    world.ledger.count("seekers", n)
    key, nests = draws.key("search"), None
    if sums.size > 1:
        qualified = _qualified(parameters.under_qualified, parameters.over_qualified, sums.shape[2])
        nests = _nests(world, near, qualified, weights)
        # what the picks need of each searcher is gathered first, so that they do not wait for memory one by one
        n = pick_markets(w.district[people], fields, w.level[people], TIER_OF_LEVEL, nests, key, people, markets)
    else:  # a world of one market
        markets[:] = 0
        n = n if total > 0 else 0
    people, choices, bundles = people[:n], np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    insight = world.events["insight"]
    if nests is not None and insight is not None and insight.coverage.any():
        nests_seen = _nests(world, near, qualified, weights * insight.markets)
        _choose_by_forecasts(world, insight, nests_seen, key, people, markets)
    pick_vacancies(lists, markets[:n], people, draws.key("vacancy"), choices, bundles)
    world.applications = Applications(people, choices, bundles, lists, tiers, nests, fields)
    world.ledger.count("applications", n)


def _choose_by_forecasts(
    world: World, insight: Insight, nests: Nests, key: np.uint64, people: np.ndarray, markets: np.ndarray
) -> None:
    """Let those who know the forecasts pick their markets by what they know, with the same luck."""
    w = world.workers
    at = np.flatnonzero(insight.known_to(people, w.district[people]))
    who, chosen = people[at], np.empty(len(at), dtype=np.int32)
    # everyone here found a market, so everyone finds one again
    pick_markets(w.district[who], w.field[who], w.level[who], TIER_OF_LEVEL, nests, key, who, chosen)
    markets[at] = chosen


@cache
def _qualified(under: float, over: float, n_tiers: int) -> np.ndarray:
    """Return how open each tier of post is to each tier of person, shape `(n_tiers, n_tiers)`."""
    own, post = np.indices((n_tiers, n_tiers))
    step = post - own
    return np.where(step == 0, 1.0, np.where(step > 0, under ** abs(step), over ** abs(step)))


def _own_account_rates(
    world: World, parameters: SearchParameters, near: np.ndarray, weights: np.ndarray, mean_offer: float
) -> np.ndarray:
    """Return the monthly chance of applying by district, activity (farming, household business) and age band."""
    young = np.array(parameters.by_age)
    if parameters.own_account_rate <= 0.0:
        return np.zeros((len(near), 2, len(young)))
    reach = near @ weights.sum(axis=(1, 2))
    offer = np.divide(
        near @ (weights * world.market.offer).sum(axis=(1, 2)),
        reach,
        out=np.full(len(world.places), mean_offer),
        where=reach > 0,
    )
    income = np.stack([world.counts["farm_income"], world.counts["business_income"]], axis=1)  # (n_districts, 2)
    gain = np.divide(offer[:, None], income, out=np.ones_like(income), where=income > 0)
    rate = parameters.own_account_rate * gain**parameters.own_account_response
    rates: np.ndarray = np.minimum(parameters.own_account_most, rate[:, :, None] * young)
    return rates
