"""Who searches and where they apply.

A searcher's chance of applying to a market (district x field x tier) is proportional to vacancies x
accessibility[own field, field] x exp(-distance / reach) x [qualified] x (wage offer / reservation wage)^taste; then to
a vacancy in it at random. It is drawn as nested races: district, field, tier, employer, vacancy.
"""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, gated, race, scramble, slot, uniform_of
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.world import TIER_OF_LEVEL, Activity, EnterpriseArrays, WorkerArrays, World

BUSINESS, EMPLOYEE, UNEMPLOYED = int(Activity.HOUSEHOLD_BUSINESS), int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
# Options of the nested races are numbered apart, so that their numbers never coincide.
DISTRICTS, FIELDS, TIERS, BLOCKS, EMPLOYERS = 0, 1_000, 2_000, 10_000, 1_000_000
BLOCK = 128  # employers' rows in a block
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
def _list_vacancies(
    e: EnterpriseArrays, first: np.ndarray, rows: np.ndarray, sums: np.ndarray, pay: np.ndarray, n_fields: int
) -> int:
    """List the post groups with vacancies by market (counting sort, so in row order within a market)."""
    n_rows = e.district.shape[0]
    total = 0
    for r in range(n_rows):
        for t in range(e.vacancies.shape[1]):
            if e.vacancies[r, t] > 0:
                first[(e.district[r] * n_fields + e.field[r]) * e.vacancies.shape[1] + t + 1] += 1
    for m in range(1, first.shape[0]):
        first[m] += first[m - 1]
    at = first.copy()
    for r in range(n_rows):
        for t in range(e.vacancies.shape[1]):
            v = e.vacancies[r, t]
            if v > 0:
                m = (e.district[r] * n_fields + e.field[r]) * e.vacancies.shape[1] + t
                rows[at[m]] = r
                at[m] += 1
                sums[e.district[r], e.field[r], t] += v
                pay[e.district[r], e.field[r], t] += v * e.wage_offer[r, t]
                total += v
    return total


@kernel
def _list_blocks(
    e: EnterpriseArrays, first: np.ndarray, rows: np.ndarray, starts: np.ndarray, sums: np.ndarray, firsts: np.ndarray
) -> int:
    """Cut the list of each market into blocks of neighbouring employers and add up their vacancies."""
    n_tiers = e.vacancies.shape[1]
    n = 0
    for m in range(first.shape[0] - 1):
        firsts[m] = n
        for k in range(first[m], first[m + 1]):
            if k == first[m] or rows[k] // BLOCK != rows[k - 1] // BLOCK:
                starts[n] = k
                sums[n] = 0.0
                n += 1
            sums[n - 1] += e.vacancies[rows[k], m % n_tiers]
    firsts[first.shape[0] - 1] = n
    starts[n] = first[first.shape[0] - 1]
    return n


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
    rows: np.ndarray,
    gate: np.ndarray,
    key: np.uint64,
    people: np.ndarray,
) -> int:
    n = 0
    activity, spell, district, birth, programme = w.activity, w.spell, w.district, w.birth_month, w.programme
    for i in rows:
        now = activity[i]
        if now == EMPLOYEE:
            rate = on_job
        elif now == UNEMPLOYED:
            if spell[i] < 1:
                continue  # separated this month: searches from the next
            rate = effort * math.exp(-decline * (spell[i] - 1)) if decline > 0.0 else effort
        elif now > UNEMPLOYED:
            continue
        else:
            rate = own[district[i], now, min(AGE_BANDS - 1, max(0, (month - birth[i]) // 120 - 1))]
        if eager.shape[0] > 1:
            rate *= eager[i]
        u = gated(gate[i], key, i)
        if u < rate and (programme[i] < 0 or u < rate * (1.0 - lock_in)):
            people[n] = i
            n += 1
    return n


@kernel
def _sum_nests(
    market: np.ndarray, access: np.ndarray, qualified: np.ndarray, by_field: np.ndarray, by_district: np.ndarray
) -> None:
    """Add up what each field offers each tier in each district, and what a district offers a field and tier of
    people.
    """
    n_districts, n_fields, n_tiers = market.shape
    for own_tier in range(n_tiers):
        for d in range(n_districts):
            for f in range(n_fields):
                for t in range(n_tiers):
                    by_field[own_tier, d, f] += qualified[own_tier, t] * market[d, f, t]
            for mine in range(n_fields):
                for f in range(n_fields):
                    by_district[own_tier, mine, d] += access[mine, f] * by_field[own_tier, d, f]


@kernel
def _where(
    homes: np.ndarray,
    mines: np.ndarray,
    tiers: np.ndarray,
    vacancies: np.ndarray,
    near: np.ndarray,
    access: np.ndarray,
    qualified: np.ndarray,
    market: np.ndarray,
    by_field: np.ndarray,
    by_district: np.ndarray,
    rows: np.ndarray,
    block_first: np.ndarray,
    block_start: np.ndarray,
    block_sum: np.ndarray,
    first_vacancy: np.ndarray,
    key: np.uint64,
    people: np.ndarray,
    choices: np.ndarray,
    bundles: np.ndarray,
) -> int:
    n_districts, n_fields, n_tiers = market.shape
    district_weights, field_weights, tier_weights = np.zeros(n_districts), np.zeros(n_fields), np.zeros(n_tiers)
    n = 0
    for s in range(homes.shape[0]):
        i, home, mine, own_tier = people[s], homes[s], mines[s], min(tiers[s], n_tiers - 1)
        bits = scramble(key, i)
        d, f, t = 0, 0, 0
        if n_districts > 1:
            for d in range(n_districts):
                district_weights[d] = near[home, d] * by_district[own_tier, mine, d]
            d = race(bits, district_weights, DISTRICTS)
        if d < 0 or by_district[own_tier, mine, d] <= 0.0:
            continue
        if n_fields > 1:
            for f in range(n_fields):
                field_weights[f] = access[mine, f] * by_field[own_tier, d, f]
            f = race(bits, field_weights, FIELDS)
        if n_tiers > 1:
            for t in range(n_tiers):
                tier_weights[t] = qualified[own_tier, t] * market[d, f, t]
            t = race(bits, tier_weights, TIERS)
        # among blocks of employers of the market, then in the block: races with the employer's own number as the option
        m = (d * n_fields + f) * n_tiers + t
        b = block_first[m]
        if block_first[m + 1] > b + 1:
            best_time = np.inf
            for k in range(block_first[m], block_first[m + 1]):
                u = uniform_of(bits, BLOCKS + rows[block_start[k]] // BLOCK)
                x = 1.0 - u
                if x * (1.0 + 0.5 * x) < best_time * block_sum[k]:
                    time = -math.log(u) / block_sum[k]
                    if time < best_time:
                        b, best_time = k, time
        best, best_time = block_start[b], np.inf
        last = block_start[b + 1]
        for k in range(best, last if last > best + 1 else best):
            v = vacancies[rows[k], t]
            u = uniform_of(bits, EMPLOYERS + rows[k])
            x = 1.0 - u
            if x * (1.0 + 0.5 * x) < best_time * v:
                time = -math.log(u) / v
                if time < best_time:
                    best, best_time = k, time
        people[n] = i
        bundles[n] = best
        choices[n] = first_vacancy[best] + slot(bits, vacancies[rows[best], t])
        n += 1
    return n


@process(
    reads=(
        "workers.activity workers.spell workers.field workers.level workers.district workers.birth_month"
        " workers.programme enterprises.vacancies enterprises.wage_offer enterprises.district enterprises.field"
        " levers.search_effort places counts"
    ),
    writes="market events ledger",
)
def search(world: World, parameters: SearchParameters, draws: DrawsOfMonth) -> None:
    """Let the unemployed, some employees and some own-account workers apply to one vacancy each.

    The unemployed apply with effort x exp(-decline x months); own-account workers with rate x (expected pay / present
    income)^response, younger people more; expected pay is the mean of the offers in reach.
    """
    w, e, market, n_fields = world.workers, world.enterprises, world.market, world.n_fields
    n_tiers = e.vacancies.shape[1]
    n_markets = len(world.places) * n_fields * n_tiers
    first = np.zeros(n_markets + 1, dtype=np.int64)
    rows = np.zeros(max(1, int(np.count_nonzero(e.vacancies))), dtype=np.int32)
    sums = np.zeros((len(world.places), n_fields, n_tiers))
    pay = np.zeros_like(sums)
    n_vacancies = _list_vacancies(world.employers, first, rows, sums, pay, n_fields)
    market.vacancies[:] = sums
    np.divide(pay, sums, out=market.offer, where=sums > 0)
    total = sums.sum()
    mean_offer = pay.sum() / total if total > 0 else 1.0
    weights = sums * (market.offer / max(1.0, mean_offer)) ** parameters.taste if parameters.taste > 0 else sums
    tiers = np.repeat(np.arange(n_markets) % n_tiers, np.diff(first))
    n_of = e.vacancies[rows[: tiers.size], tiers]
    first_vacancy = np.concatenate([[0], np.cumsum(n_of)]).astype(np.int64)
    near = np.exp(-world.places.distance / parameters.reach)
    blocks = (np.zeros(n_markets + 1, dtype=np.int64), np.zeros(rows.size + 1, dtype=np.int64), np.zeros(rows.size + 1))
    _list_blocks(world.employers, first, rows, blocks[1], blocks[2], blocks[0])
    own_rates = _own_account_rates(world, parameters, near, weights, mean_offer)
    eagerness = float(world.levers["search_effort"].max())
    # chances as a farmer, owner of a business, employee; the unemployed all come into question
    most = np.zeros(len(Activity))
    most[: len(own_rates[0]) + 2] = (*own_rates.max(axis=(0, 2)), parameters.on_the_job, 1.0)
    open_, gate = draws.gate_by("search", np.minimum(1.0, eagerness * most), w.activity)
    people = np.empty(len(w), dtype=np.int32)
    n = _who_searches(
        world.people,
        world.month,
        parameters.effort,
        parameters.effort_decline,
        parameters.on_the_job,
        own_rates,
        parameters.lock_in,
        world.levers["search_effort"],
        np.flatnonzero(open_),
        gate,
        draws.key("search"),
        people,
    )
    people = people[:n]
    choices, bundles = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    qualified = _qualified(parameters, n_tiers)
    by_field, by_district = np.zeros((n_tiers, *sums.shape[:2])), np.zeros((n_tiers, n_fields, sums.shape[0]))
    _sum_nests(weights, world.accessibility, qualified, by_field, by_district)
    # what the races need of each searcher is gathered first, so that they do not wait for memory one by one
    n = _where(
        w.district[people],
        w.field[people],
        TIER_OF_LEVEL[w.level[people]],
        e.vacancies,
        near,
        world.accessibility,
        qualified,
        weights,
        by_field,
        by_district,
        rows,
        *blocks,
        first_vacancy,
        draws.key("search"),
        people,
        choices,
        bundles,
    )
    world.events.update(
        applicants=people[:n],
        applications=choices[:n],
        bundles=bundles[:n],
        bundle_rows=rows,
        bundle_tiers=tiers.astype(np.int8),
        n_vacancies=n_vacancies,
    )
    world.ledger.count("applications", n)


def _qualified(parameters: SearchParameters, n_tiers: int) -> np.ndarray:
    """Return how open each tier of post is to each tier of person, shape `(n_tiers, n_tiers)`."""
    own, post = np.indices((n_tiers, n_tiers))
    step = post - own
    return np.where(
        step == 0,
        1.0,
        np.where(step > 0, parameters.under_qualified ** abs(step), parameters.over_qualified ** abs(step)),
    )


def _own_account_rates(
    world: World, parameters: SearchParameters, near: np.ndarray, weights: np.ndarray, mean_offer: float
) -> np.ndarray:
    """Return the monthly chance of applying by district, activity (farming, household business) and age band."""
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
    young = np.array(parameters.by_age)
    rates: np.ndarray = np.minimum(parameters.own_account_most, rate[:, :, None] * young)
    return rates
