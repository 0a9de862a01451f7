"""Employers plan headcount, separate, open vacancies, enter and exit.

Nests the published occupational model (del Rio-Chanona, Mealy, Beguerisse-Diaz, Lafond, Farmer 2021, J. R. Soc.
Interface 18:20200898). A post group is one tier of one employer, with L employees, v vacancies, demand D = L + v and
target D*.
"""

from __future__ import annotations

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, rounded, uniform, uniforms
from labsim.processes.base import leave_work, move, process
from labsim.quantity import Parameters, quantity
from labsim.world import NOT_FOUNDED, Activity, EnterpriseArrays, Kind, WorkerArrays, World

FARMING, BUSINESS = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS)
EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)


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
        source="assumed: a new employer seeks its staff within half a year; the model of 2021 has 0.16 per step of 6.75 weeks",
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


@process(
    reads=(
        "enterprises.weight enterprises.tier_share enterprises.kind enterprises.active enterprises.field"
        " enterprises.headcount enterprises.vacancies demand_index levers.labour_demand"
    ),
    writes="enterprises.target enterprises.luck events",
)
def plan_headcount(world: World, parameters: FirmsParameters, draws: DrawsOfMonth) -> None:
    """Set the target of every post group and from it this month's chances.

    D* = weight x luck x demand x tier share, in whole posts. Separation: d_u + (1 - d_u) g_u max(0, D - D*) / L per employee. Mean
    openings: L d_v + (1 - d_v) g_v max(0, D* - D).
    """
    e = world.enterprises
    private = e.kind != Kind.PUBLIC
    if parameters.growth_dispersion > 0.0:
        sd = parameters.growth_dispersion / np.sqrt(12.0)
        u = uniforms(draws.key("firm growth"), np.arange(len(e)))
        # a uniform with the same mean and variance as the normal step: after a year the sum is normal enough
        e.luck *= np.where(private, np.exp(sd * np.sqrt(12.0) * (u - 0.5) - 0.5 * sd * sd), 1.0)
    size = e.weight * e.luck * world.demand_index[e.field] * world.levers["labour_demand"] * e.active
    # whole posts, by a lasting number of each post group: a small employer would else shed and seek fractions for ever
    places = np.arange(e.target.size).reshape(e.target.shape)
    e.target[:] = np.floor(size[:, None] * e.tier_share + uniforms(draws.lasting_key("whole posts"), places))
    demand = e.headcount + e.vacancies
    factor = np.where(private, 1.0, parameters.public_separation_factor)[:, None]
    base = np.minimum(1.0, parameters.separation_rate * factor)
    excess = np.maximum(0.0, demand - e.target)
    chance = base + (1.0 - base) * parameters.separation_speed * excess / np.maximum(1, e.headcount)
    world.events["separation_chance"] = np.where(e.active[:, None] > 0, np.minimum(1.0, chance), 1.0)
    opening = np.minimum(1.0, parameters.opening_rate * factor)
    missing = np.maximum(0.0, e.target - demand)
    mean = e.headcount * opening + (1.0 - opening) * parameters.opening_speed * missing
    world.events["openings_mean"] = mean * (e.active[:, None] > 0)


@kernel
def _assign_owners(
    w: WorkerArrays, new_firms: np.ndarray, first: np.ndarray, cell_of: np.ndarray, n_fields: int, key: np.uint64
) -> np.ndarray:
    """Give each new firm the household business of its district and field that draws the least number."""
    owner = np.full(new_firms.shape[0], -1, dtype=np.int32)
    least = np.full(new_firms.shape[0], 2.0)
    for i in range(w.activity.shape[0]):
        if w.activity[i] == BUSINESS and w.spell[i] >= 12 and w.work_field[i] >= 0:
            cell = w.district[i] * n_fields + w.work_field[i]
            for k in range(first[cell], first[cell + 1]):
                u = uniform(key, i * 16 + (k - first[cell]) % 16)
                if u < least[k]:
                    taken = False
                    for other in range(first[cell], k):
                        taken = taken or owner[other] == i
                    if not taken:
                        least[k] = u
                        owner[k] = i
                        break
    return owner


@process(
    reads=(
        "enterprises.kind enterprises.district enterprises.field enterprises.weight enterprises.headcount"
        " workers.activity workers.spell workers.work_field workers.district"
    ),
    writes="enterprises.active enterprises.founded enterprises.owner enterprises.vacancies ledger",
)
def enter_and_exit(world: World, parameters: FirmsParameters, draws: DrawsOfMonth) -> None:
    """Close private employers at `exit_rate`, and found new ones in dormant rows at `entry_rate` of those active.

    A dormant row is founded when its own keyed number falls below the common chance, so that one opening more shifts
    nobody else's. Small new firms grow out of a household business, whose owner goes on as employer; a firm whose
    owner stops is closed.
    """
    e = world.enterprises
    ids = np.arange(len(e))
    open_ = e.active > 0
    mortal = open_ & (e.kind != Kind.PUBLIC)
    orphaned = mortal & (e.owner >= 0)
    orphaned[orphaned] = world.workers.activity[e.owner[orphaned]] != BUSINESS
    closing = orphaned | (mortal & (uniforms(draws.key("firm exit"), ids) < 1.0 - np.exp(-parameters.exit_rate / 12.0)))
    dormant = ~open_ & (e.founded == NOT_FOUNDED) & (e.kind != Kind.PUBLIC)
    wanted = parameters.entry_rate / 12.0 * mortal.sum()
    chance = min(1.0, wanted / max(1, dormant.sum()))
    opening = dormant & (uniforms(draws.key("firm entry"), ids) < chance)
    e.active[closing] = 0
    e.vacancies[closing] = 0
    e.owner[closing] = -1
    e.active[opening] = 1
    e.founded[opening] = world.month
    small = np.flatnonzero(opening & (e.weight < 10.0))
    cells = e.district[small].astype(np.int64) * world.n_fields + e.field[small]
    small = small[np.argsort(cells, kind="stable")]
    if small.size:
        first = np.searchsorted(np.sort(cells), np.arange(len(world.places) * world.n_fields + 1))
        e.owner[small] = _assign_owners(world.people, small, first, cells, world.n_fields, draws.key("founder"))
    world.ledger.count("firms_closed", int(closing.sum()))
    world.ledger.count("firms_opened", int(opening.sum()))


@kernel
def _separate(
    w: WorkerArrays,
    e: EnterpriseArrays,
    flows: np.ndarray,
    chance: np.ndarray,
    fallback: float,
    key: np.uint64,
    home_key: np.uint64,
) -> int:
    separated = 0
    activity, employer, tier = w.activity, w.employer, w.tier
    for i in range(activity.shape[0]):
        if activity[i] == EMPLOYEE and uniform(key, i) < chance[employer[i], tier[i]]:
            leave_work(w, e, i)
            home = w.urban[i] == 0 and fallback > 0.0 and uniform(home_key, i) < fallback
            move(w, flows, i, FARMING if home else UNEMPLOYED)
            separated += 1
    return separated


@process(
    reads="workers.urban events",
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field enterprises.headcount ledger"
    ),
)
def separate(world: World, parameters: FirmsParameters, draws: DrawsOfMonth) -> None:
    """Separate each employee with the chance of the post group; a closed employer separates everyone.

    Rural people fall back on the family farm with probability `farm_fallback`; the others are unemployed and search
    from next month.
    """
    separated = _separate(
        world.people,
        world.employers,
        world.ledger.flows,
        world.events["separation_chance"],
        parameters.farm_fallback,
        draws.key("separate"),
        draws.key("fall back"),
    )
    world.ledger.count("separations", separated)


@process(reads="events", writes="enterprises.opened enterprises.vacancies ledger")
def open_vacancies(world: World, parameters: FirmsParameters, draws: DrawsOfMonth) -> None:
    """Open vacancies, to be filled from next month, and let unfilled ones lapse.

    A count is the rounding of its mean by a uniform keyed to the post group, so that a small change of demand moves
    few of them.
    """
    e = world.enterprises
    e.opened[:] = rounded(world.events["openings_mean"], draws.key("open vacancies"))
    lapsed = np.minimum(e.vacancies, rounded(parameters.vacancy_lapse * e.vacancies, draws.key("vacancies lapse")))
    e.vacancies -= lapsed.astype(np.int32)
    world.ledger.count("vacancies_opened", int(e.opened.sum()))
