"""Employers plan headcount, separate, open vacancies, enter and exit.

Nests the published occupational model (del Rio-Chanona, Mealy, Beguerisse-Diaz, Lafond, Farmer 2021, J. R. Soc.
Interface 18:20200898). A post group is one tier of one employer, with L employees, v vacancies, demand D = L + v and
target D*.
"""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import inline, kernel
from labsim.draws import DrawsOfMonth, gated, round_to, scramble, uniform, uniforms
from labsim.processes.base import leave_work_all, move_all, process
from labsim.quantity import Parameters, quantity
from labsim.world import NEW_GROUPS, NOT_FOUNDED, Activity, EnterpriseArrays, Kind, WorkerArrays, World

FARMING, BUSINESS = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS)
EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
PUBLIC, SQRT_12 = int(Kind.PUBLIC), math.sqrt(12.0)
ENOUGH_TRIES, MOST_TRIES = 16.0, 0.25  # a business meets so many of those drawn; share of all people
_S32 = np.uint64(32)


class FirmsParameters(Parameters):
    """How employers adjust, and how they come and go."""

    separation_rate: float = quantity(
        0.010,
        unit="per month",
        low=0,
        high=0.2,
        grade="B",
        year=2023,
        source=(
            "between reported job losses (0.17 % a quarter, a lower bound) and unemployment insurance claims; model"
            " 2021 uses 1.1 % a month"
        ),
        help="d_u: chance that a filled post of a private employer ends in a month, whatever demand does",
    )
    public_separation_factor: float = quantity(
        0.2,
        unit="factor",
        low=0,
        high=2,
        grade="D",
        year=2020,
        source="assumed",
        help="separations of public bodies relative to private ones",
    )
    opening_rate: float = quantity(
        0.009,
        unit="per month",
        low=0,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed, near the separation rate so that posts are refilled",
        help="d_v: chance that a filled post of a private employer opens a vacancy in a month, whatever demand does",
    )
    separation_speed: float = quantity(
        0.16,
        unit="per month",
        low=0,
        high=1,
        grade="C",
        year=2021,
        source="del Rio-Chanona et al. 2021 (gamma, per step of 6.75 weeks)",
        help="g_u: share of excess demand D - D* that is separated in a month",
    )
    opening_speed: float = quantity(
        0.30,
        unit="per month",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source=(
            "assumed: a new employer seeks its staff within half a year; the model of 2021 has 0.16 per step of 6.75"
            " weeks"
        ),
        help="g_v: share of missing demand D* - D that is opened as vacancies in a month",
    )
    vacancy_lapse: float = quantity(
        0.05,
        unit="per month",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="chance that an unfilled vacancy is given up",
    )
    growth_dispersion: float = quantity(
        0.15,
        unit="per square root year",
        low=0,
        high=1,
        grade="C",
        year=2020,
        source="Gibrat: yearly s.d. of growth of small firms, review values 0.1-0.3",
        help="dispersion of growth between private employers",
    )
    exit_rate: float = quantity(
        0.08,
        unit="per year",
        low=0,
        high=0.5,
        grade="B",
        year=2023,
        source="enterprises leaving the market, Viet Nam",
        help="chance that a private employer closes",
    )
    entry_rate: float = quantity(
        0.10,
        unit="per year",
        low=0,
        high=0.5,
        grade="A",
        year=2025,
        source="320 new enterprises planned a year on about 3,900 (Son La), entry in Viet Nam above 15 %",
        help="new employers a year, relative to those active",
    )
    founder_size: float = quantity(
        10.0,
        unit="persons",
        low=0,
        high=100,
        grade="D",
        year=2020,
        source="assumed",
        help="planned headcount below which a new firm grows out of a household business",
    )
    founder_months: int = quantity(
        12,
        unit="months",
        low=0,
        high=120,
        grade="D",
        year=2020,
        source="assumed",
        help="age of a household business from which its owner may become an employer",
    )
    farm_fallback: float = quantity(
        0.6,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="share of rural people losing a job who fall back on the family farm instead of searching",
    )


@kernel
def _plan(
    e: EnterpriseArrays,
    demand_index: np.ndarray,
    lever: np.ndarray,
    spread: float,
    public: float,
    rates: np.ndarray,
    speeds: np.ndarray,
    growth_key: np.uint64,
    posts_key: np.uint64,
    chance: np.ndarray,
    openings: np.ndarray,
) -> None:
    active, field, headcount, kind, luck, targets = e.active, e.field, e.headcount, e.kind, e.luck, e.target
    tier_share, vacancies, weight = e.tier_share, e.vacancies, e.weight
    n_tiers = headcount.shape[1]
    for r in range(active.shape[0]):
        if active[r] == 0:
            for t in range(n_tiers):
                targets[r, t] = 0.0
                chance[r, t] = 1.0
            continue
        private = kind[r] != PUBLIC
        if private and spread > 0.0:
            # a uniform with the variance of a normal step: after a year the sum is normal enough
            step = spread * SQRT_12 * (uniform(growth_key, r) - 0.5)
            luck[r] *= math.exp(step - 0.5 * spread * spread)
        factor = 1.0 if private else public
        separate, open_ = min(1.0, rates[0] * factor), min(1.0, rates[1] * factor)
        size = weight[r] * luck[r] * demand_index[field[r]] * lever[r if lever.shape[0] > 1 else 0]
        for t in range(n_tiers):
            # whole posts, by a lasting number: a small employer would else shed and seek fractions for ever
            target = math.floor(size * tier_share[r, t] + uniform(posts_key, r * n_tiers + t))
            targets[r, t] = target
            employees = headcount[r, t]
            gap = employees + vacancies[r, t] - target
            excess, missing = max(0.0, gap), max(0.0, -gap)
            chance[r, t] = min(1.0, separate + (1.0 - separate) * speeds[0] * excess / max(1, employees))
            openings[r, t] = employees * open_ + (1.0 - open_) * speeds[1] * missing


@process(
    reads=(
        "enterprises.weight enterprises.tier_share enterprises.kind enterprises.active enterprises.field "
        "enterprises.headcount enterprises.vacancies demand_index levers.labour_demand"
    ),
    writes="enterprises.target enterprises.luck events.openings_mean events.separation_chance",
)
def plan_headcount(world: World, parameters: FirmsParameters, draws: DrawsOfMonth) -> None:
    """Set the target of every post group and from it this month's chances.

    D* = weight x luck x demand x tier share, in whole posts. Separation: d_u + (1 - d_u) g_u max(0, D - D*) / L per
    employee. Mean openings: L d_v + (1 - d_v) g_v max(0, D* - D).
    """
    e = world.enterprises
    shape = e.headcount.shape
    chance, openings = np.zeros(shape), np.zeros(shape)
    _plan(
        world.employers,
        world.demand_index,
        world.levers["labour_demand"],
        parameters.growth_dispersion / math.sqrt(12.0),
        parameters.public_separation_factor,
        np.array([parameters.separation_rate, parameters.opening_rate]),
        np.array([parameters.separation_speed, parameters.opening_speed]),
        draws.key("firm growth"),
        draws.lasting_key("whole posts"),
        chance,
        openings,
    )
    world.events["separation_chance"] = chance
    world.events["openings_mean"] = openings


@inline
def _is_among(person: int, people: np.ndarray) -> bool:
    found = False
    for other in people:
        found |= other == person
    return found


@kernel
def _find_owners(
    w: WorkerArrays,
    e: EnterpriseArrays,
    firms: np.ndarray,
    rows: np.ndarray,
    first: np.ndarray,
    tries: np.ndarray,
    months: int,
    key: np.uint64,
) -> np.ndarray:
    """Return the owner of a household business of its district and field for each new firm, -1 if there is none.

    All who come into question have the same chance. Firms draw people of their district until they meet one; those
    that have met none after their number of tries take the one with the least number of all. Nobody founds two at
    once. `rows` from `first[d]` to `first[d + 1]` are the people of district d.
    """
    activity, spell, work_field, home, trade = w.activity, w.spell, w.work_field, e.district, e.field
    owner = np.full(firms.shape[0], -1, dtype=np.int32)
    for k in range(firms.shape[0]):
        bits, field, least = scramble(key, firms[k]), trade[firms[k]], 2.0
        here = rows[first[home[firms[k]]] : first[home[firms[k]] + 1]]
        n = np.uint64(here.shape[0])
        for t in range(tries[k]):
            i = here[((scramble(bits, t) >> _S32) * n) >> _S32]
            may = activity[i] == BUSINESS and work_field[i] == field and spell[i] >= months
            if may and not _is_among(i, owner):
                owner[k] = i
                break
        if owner[k] >= 0 or tries[k] == 0:
            continue
        met = np.int32(-1)
        for i in here:
            may = activity[i] == BUSINESS and work_field[i] == field and spell[i] >= months
            if may and not _is_among(i, owner):
                u = uniform(bits, tries[k] + i)
                if u < least:
                    met, least = i, u
        owner[k] = met
    return owner


@kernel
def _turn_over(
    e: EnterpriseArrays,
    activity: np.ndarray,
    exit_chance: float,
    entry: float,
    brought_in: int,
    exit_key: np.uint64,
    entry_key: np.uint64,
    month: int,
) -> tuple[int, int, int]:
    active, founded, group, kind, owner, vacancies = e.active, e.founded, e.group, e.kind, e.owner, e.vacancies
    mortal, dormant = 0, 0
    for r in range(active.shape[0]):
        if kind[r] != PUBLIC:
            if active[r] == 1:
                mortal += group[r] < brought_in  # whom a policy brought in attracts no further ones
            elif founded[r] == NOT_FOUNDED:
                dormant += 1
    chance = min(1.0, entry * mortal / max(1, dormant))
    opened, closed = 0, 0
    for r in range(active.shape[0]):
        if kind[r] == PUBLIC:
            continue
        if active[r] == 1:
            orphaned = owner[r] >= 0 and activity[owner[r]] != BUSINESS
            if orphaned or uniform(exit_key, r) < exit_chance:
                active[r] = 0
                owner[r] = -1
                vacancies[r] = 0
                closed += 1
        elif founded[r] == NOT_FOUNDED and uniform(entry_key, r) < chance:
            active[r] = 1
            founded[r] = month
            opened += 1
    return opened, closed, int(max(0.0, entry * mortal - dormant) + 0.5)


def _tries(world: World, firms: np.ndarray) -> np.ndarray:
    """Return how many people each new firm draws before it looks at all of them; 0 in fields without a business."""
    e, first = world.enterprises, world.by_district()[1]
    home = e.district[firms]
    n_people, businesses = np.diff(first)[home], world.counts["businesses"][home, e.field[firms]]
    enough = np.minimum(ENOUGH_TRIES / np.maximum(1.0, businesses), MOST_TRIES) * n_people
    return np.where(businesses > 0, np.ceil(enough), 0.0).astype(np.int64)


@process(
    reads=(
        "enterprises.kind enterprises.group enterprises.district enterprises.field enterprises.weight"
        " enterprises.headcount workers.activity workers.spell workers.work_field workers.district counts"
    ),
    writes="enterprises.active enterprises.founded enterprises.owner enterprises.vacancies ledger",
)
def enter_and_exit(world: World, parameters: FirmsParameters, draws: DrawsOfMonth) -> None:
    """Close private employers at `exit_rate`, and found new ones in dormant rows at `entry_rate` of those active.

    A dormant row is founded when its own keyed number falls below the common chance, so that one opening more shifts
    nobody else's; those for whom no row is left are counted. Small new firms grow out of a household business, whose
    owner goes on as employer; a firm whose owner stops is closed.
    """
    e = world.enterprises
    opened, closed, lost = _turn_over(
        world.employers,
        world.workers.activity,
        1.0 - math.exp(-parameters.exit_rate / 12.0),
        parameters.entry_rate / 12.0,
        len(world.employer_groups) - len(NEW_GROUPS) if world.employer_groups else len(e),
        draws.key("firm exit"),
        draws.key("firm entry"),
        world.month,
    )
    small = np.flatnonzero((e.founded == world.month) & (e.active > 0) & (e.weight < parameters.founder_size))
    if small.size:
        e.owner[small] = _find_owners(
            world.people,
            world.employers,
            small,
            *world.by_district(),
            _tries(world, small),
            parameters.founder_months,
            draws.key("founder"),
        )
    world.ledger.count("employers_without_row", lost)
    world.ledger.count("firms_closed", closed)
    world.ledger.count("firms_opened", opened)


@kernel
def _limits(chance: np.ndarray) -> np.ndarray:
    """Return the least limits on a byte that let through a share of at least the chance, as `draws.limit_of`."""
    limits = np.empty(chance.shape, dtype=np.uint16)
    for r in range(chance.shape[0]):
        for t in range(chance.shape[1]):
            limits[r, t] = min(256.0, math.floor(256.0 * chance[r, t]) + 1.0)
    return limits


@kernel
def _who_separates(
    w: WorkerArrays,
    chance: np.ndarray,
    limits: np.ndarray,
    rows: np.ndarray,
    heads: np.ndarray,
    least: float,
    most: float,
    key: np.uint64,
    people: np.ndarray,
) -> int:
    """Write who separates to the head of `people`; `heads` is written over. The byte at the gate turns most away by the
    limits, next to the processor: without a branch, so that it need not wait for one employer before the next. `least`
    and `most` bound the chances of employees.
    """
    n_left, n = 0, 0
    employer, tier = w.employer, w.tier
    if least < most:
        for k in range(rows.shape[0]):
            i = rows[k]
            people[n_left], heads[n_left] = i, heads[k]
            n_left += heads[k] < limits[employer[i], tier[i]]
        for k in range(n_left):
            i = people[k]
            people[n] = i
            n += gated(heads[k], key, i) < chance[employer[i], tier[i]]
    else:  # whoever the employer is
        for k in range(rows.shape[0]):
            i = rows[k]
            people[n] = i
            n += gated(heads[k], key, i) < most
    return n


@process(
    reads="workers.urban events.separation_chance",
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field "
        "enterprises.headcount ledger"
    ),
)
def separate(world: World, parameters: FirmsParameters, draws: DrawsOfMonth) -> None:
    """Separate each employee with the chance of the post group; a closed employer separates everyone.

    Rural people fall back on the family farm with probability `farm_fallback`; the others are unemployed and search
    from next month.
    """
    chance = world.events["separation_chance"]
    if chance is None:  # nobody planned
        return
    w = world.workers
    limits = _limits(chance)
    filled = chance[world.enterprises.headcount > 0]
    least, most = filled.min(initial=1.0), filled.max(initial=0.0)
    by_activity = np.zeros(len(Activity))
    by_activity[EMPLOYEE] = most
    employees, heads = draws.gate_by("separate", by_activity, w.activity)
    key = draws.key("separate")
    n = _who_separates(world.people, chance, limits, employees, heads, least, most, key, employees)
    people = employees[:n]
    home = np.zeros(n, dtype=bool)
    if parameters.farm_fallback > 0.0:
        home = (w.urban[people] == 0) & (uniforms(draws.key("fall back"), people) < parameters.farm_fallback)
    leave_work_all(world.people, world.employers, people)
    move_all(world.people, world.ledger.flows, people, np.where(home, FARMING, UNEMPLOYED))
    world.ledger.count("separations", n)


@kernel
def _open_vacancies(
    e: EnterpriseArrays, mean: np.ndarray, lapse: float, open_key: np.uint64, lapse_key: np.uint64
) -> int:
    active, opened, vacancies = e.active, e.opened, e.vacancies
    n_tiers = mean.shape[1]
    total = 0
    for r in range(mean.shape[0]):
        for t in range(n_tiers):
            opened[r, t] = 0
            if mean[r, t] > 0.0 and active[r] == 1:
                opened[r, t] = round_to(mean[r, t], uniform(open_key, r * n_tiers + t))
                total += opened[r, t]
            if vacancies[r, t] > 0 and lapse > 0.0:
                lapsed = round_to(lapse * vacancies[r, t], uniform(lapse_key, r * n_tiers + t))
                vacancies[r, t] -= min(vacancies[r, t], lapsed)
    return total


@process(
    reads="enterprises.active events.openings_mean",
    writes="enterprises.opened enterprises.vacancies ledger",
)
def open_vacancies(world: World, parameters: FirmsParameters, draws: DrawsOfMonth) -> None:
    """Open vacancies, to be filled from next month, and let unfilled ones lapse.

    A count is the rounding of its mean by a uniform keyed to the post group, so that a small change of demand moves
    few of them.
    """
    mean = world.events["openings_mean"]
    if mean is None:  # nobody planned
        return
    opened = _open_vacancies(
        world.employers, mean, parameters.vacancy_lapse, draws.key("open vacancies"), draws.key("vacancies lapse")
    )
    world.ledger.count("vacancies_opened", opened)
