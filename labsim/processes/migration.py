"""Working away: in other provinces, abroad under contract, coming back; permanent moves; and talent that comes.

Leaving needs a gain and the means. Departures of 1,000 a year on fixed contracts of 36 months make a stock of 1,000, 2,000, 3,000 and
3,000 after 12, 24, 36 and 60 months.
"""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, race, rounded, scramble, uniform, uniform_of, uniforms
from labsim.processes.base import leave_programme, leave_work, move, process
from labsim.quantity import Parameters, Yearly, amount_in, quantity
from labsim.world import Activity, EnterpriseArrays, Level, ProgrammeArrays, World, WorkerArrays

FARMING, BUSINESS = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS)
EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
AWAY, ABROAD = int(Activity.AWAY_IN_VIET_NAM), int(Activity.ABROAD)
OUTSIDE, LEFT = int(Activity.OUTSIDE), int(Activity.LEFT)
COLLEGE = int(Level.COLLEGE)


class MigrationParameters(Parameters):
    """Who leaves, who comes, who returns, and with what."""

    leave_rate: float = quantity(
        0.0035, unit="per month", low=0, high=0.05, grade="D", year=2016,
        source="assumed; registered moves out of Son La were 2-3 per 1,000 a year (2013-16), which leaves out temporary work",
        help="chance that a person of 15-44 goes to work in another province, at equal income and ample means",
    )
    leave_response: float = quantity(
        1.0, unit="elasticity", low=0, high=5, grade="D", year=2020, source="assumed", help="how strongly leaving answers the income gain"
    )
    outside_wage: float = quantity(
        7.0e6, unit="VND per month", low=3e6, high=20e6, grade="B", year=2021, source="a couple earned about 15 million VND a month in Binh Duong (2021)",
        help="pay in industrial zones elsewhere at month 0",
    )
    outside_growth: float = quantity(
        0.06, unit="per year", low=-0.1, high=0.2, grade="B", year=2022, source="mean wage Viet Nam 6.6 (2020) to 7.5 million (2022)", help="growth of that pay"
    )
    cost_of_leaving: float = quantity(
        3.0e6, unit="VND", low=0, high=50e6, grade="D", year=2020, source="assumed", help="savings at which lack of means halves leaving"
    )
    return_rate: float = quantity(
        0.035, unit="per month", low=0, high=0.5, grade="D", year=2020, source="assumed: a spell away lasts about two and a half years",
        help="chance that a person away comes back in a month",
    )
    settle_rate: float = quantity(
        0.003, unit="per month", low=0, high=0.1, grade="D", year=2016, source="net migration of Son La about -1.3 per 1,000 a year (2015-16)",
        help="chance that a person away settles there for good",
    )
    in_migration: float = quantity(
        0.0006, unit="per person and year", low=0, high=0.02, grade="A", year=2016, source="statistics office: 0.6 per 1,000 a year in Son La, 2015-16",
        help="people who move in, relative to people of 15 and older",
    )
    application_rate: float = quantity(
        0.004, unit="per month", low=0, high=0.2, grade="D", year=2020, source="assumed: more people apply than places",
        help="chance that an eligible person applies to work abroad in a month, at unchanged reach",
    )
    cost_abroad: tuple[float, ...] = quantity(
        (150e6, 90e6, 80e6, 80e6), unit="VND", low=0, high=400e6, grade="B", year=2019, source="recruitment cost up to 192 million for Japan (GSO-ILO survey)",
        help="cost up front by destination: Japan, Taiwan, Korea, other",
    )
    months_abroad: tuple[int, ...] = quantity(
        (36, 36, 58, 24), unit="months", low=1, high=120, grade="B", year=2018, source="usual contracts: Japan three years, Korea four years ten months",
        help="length of contract by destination",
    )
    saved_abroad: tuple[float, ...] = quantity(
        (18e6, 11e6, 24e6, 8e6), unit="VND per month", low=0, high=60e6, grade="B", year=2024, source="savings by country, press citing the labour ministry",
        help="savings sent home or kept, by destination",
    )
    early_return: float = quantity(
        0.004, unit="per month", low=0, high=0.2, grade="D", year=2020, source="assumed", help="chance that a contract ends early"
    )
    skill_from_abroad: float = quantity(
        0.15, unit="share of the way to mastery", low=0, high=1, grade="D", year=2020, source="assumed", help="skill brought home from a finished contract"
    )
    talent_response: float = quantity(
        0.08, unit="share", low=0, high=1, grade="D", year=2020, source="assumed",
        help="share of eligible degree holders away or outside who would take a reserved post in a year, per 100 million VND of lump sum",
    )


@kernel
def _leave(
    w: WorkerArrays, e: EnterpriseArrays, p: ProgrammeArrays, flows: np.ndarray, month: int, rate: float, response: float, wage: float,
    cost: float, key: np.uint64,
) -> int:
    left = 0
    most = 4.0 * rate
    activity = w.activity
    for i in range(activity.shape[0]):
        now = activity[i]
        if now > UNEMPLOYED:
            continue
        u = uniform(key, i)
        if u >= most:
            continue
        age = (month - w.birth_month[i]) // 12
        if age >= 45 or w.programme[i] >= 0:
            continue
        earned = w.wage[i] if now != UNEMPLOYED else 0.5 * w.wage[i]
        gain = min(4.0, (wage / max(1.0e6, earned)) ** response)
        means = max(0.0, w.savings[i])
        young = 1.0 if age < 30 else 0.5
        if u < rate * gain * young * means / (means + cost):
            leave_work(w, e, i)
            leave_programme(w, p, i)
            move(w, flows, i, AWAY)
            left += 1
    return left


@process(
    reads="workers.birth_month workers.wage workers.savings",
    writes="workers.activity workers.spell workers.employer workers.tier workers.work_field workers.programme workers.months_left "
    "enterprises.headcount programmes.taken ledger",
)
def leave_province(world: World, parameters: MigrationParameters, draws: DrawsOfMonth) -> None:
    """Let people of 15-44 go to work in other provinces.

    Chance = rate x (pay outside / present income)^response x savings / (savings + cost): a bad harvest pushes, an empty purse holds.
    """
    wage = parameters.outside_wage * math.exp(parameters.outside_growth * world.month / 12.0)
    left = _leave(
        world.people, world.employers, world.courses, world.ledger.flows, world.month, parameters.leave_rate, parameters.leave_response,
        wage, parameters.cost_of_leaving, draws.key("leave the province"),
    )
    world.ledger.count("left_for_other_provinces", left)


@kernel
def _return(
    w: WorkerArrays, flows: np.ndarray, back: float, settle: float, early: float, saved: np.ndarray, skill: float, key: np.uint64, counts: np.ndarray
) -> None:
    activity = w.activity
    for i in range(activity.shape[0]):
        now = activity[i]
        if now == AWAY:
            u = uniform(key, i)
            if u < settle:
                move(w, flows, i, LEFT)
                counts[0] += 1
            elif u < settle + back:
                w.savings[i] += 1.0e6 * min(24, w.spell[i])
                move(w, flows, i, FARMING if w.urban[i] == 0 and u < settle + 0.6 * back else UNEMPLOYED)
                counts[1] += 1
        elif now == ABROAD:
            w.months_left[i] -= 1
            w.savings[i] += saved[w.destination[i]]
            done = w.months_left[i] <= 0
            if done or (early > 0.0 and uniform(key, i) < early):
                if done:
                    w.skill[i] += skill * (1.0 - w.skill[i])
                w.months_left[i] = 0
                move(w, flows, i, UNEMPLOYED)
                counts[2] += 1


@process(
    reads="workers.urban workers.destination",
    writes="workers.activity workers.spell workers.savings workers.skill workers.months_left ledger",
)
def return_home(world: World, parameters: MigrationParameters, draws: DrawsOfMonth) -> None:
    """Bring people back: from other provinces at a constant hazard, from abroad when the contract ends or breaks off.

    A contract that began in month m counts in the stock of months m to m + length - 1.
    """
    counts = np.zeros(3, dtype=np.int64)
    _return(
        world.people, world.ledger.flows, parameters.return_rate, parameters.settle_rate, parameters.early_return,
        np.array(parameters.saved_abroad), parameters.skill_from_abroad, draws.key("return"), counts,
    )
    world.ledger.count("settled_elsewhere", int(counts[0]))
    world.ledger.count("returned_from_other_provinces", int(counts[1]))
    world.ledger.count("returned_from_abroad", int(counts[2]))


@kernel
def _apply_abroad(
    w: WorkerArrays, month: int, rate: float, places: np.ndarray, cost: np.ndarray, loan: np.ndarray, pull: np.ndarray, key: np.uint64,
    people: np.ndarray, choices: np.ndarray,
) -> int:
    n = 0
    weights = np.zeros(places.shape[0])
    activity = w.activity
    for i in range(activity.shape[0]):
        if activity[i] > UNEMPLOYED:
            continue
        bits = scramble(key, i)
        if uniform_of(bits, 0) >= rate:
            continue
        age = (month - w.birth_month[i]) // 12
        if age < 18 or age >= 40 or w.schooling[i] < 2 or w.programme[i] >= 0:
            continue
        for k in range(places.shape[0]):
            affordable = w.savings[i] >= cost[k] * (1.0 - loan[k]) * 0.2  # the family lends four fifths of what no loan covers
            weights[k] = places[k] * pull[k] if affordable else 0.0
        k = race(bits, weights, 1)
        if k >= 0:
            people[n] = i
            choices[n] = k
            n += 1
    return n


@process(
    reads="workers.birth_month workers.schooling workers.wage levers.export_places levers.export_loan levers.export_preparation",
    writes="workers.activity workers.spell workers.employer workers.tier workers.work_field workers.programme workers.months_left "
    "workers.savings workers.destination enterprises.headcount programmes.taken ledger events",
)
def go_abroad(world: World, parameters: MigrationParameters, draws: DrawsOfMonth) -> None:
    """Send people abroad under contract: eligible people apply, places of the month are filled by lot.

    Eligible: 18-39, lower secondary school, and a fifth of the cost up front after the loan. Cost goes into debt.
    """
    levers, w = world.levers, world.workers
    places = levers["export_places"] * world.scale / 12.0
    n_places = rounded(places, draws.key("places abroad"))
    sent = np.zeros(len(n_places), dtype=np.int64)
    world.events["sent_abroad"] = sent
    if n_places.sum() == 0:
        return
    cost = np.maximum(0.0, np.array(parameters.cost_abroad) - levers["export_preparation"])
    people = np.empty(len(w), dtype=np.int32)
    choices = np.empty(len(w), dtype=np.uint8)
    n = _apply_abroad(
        world.people, world.month, parameters.application_rate, levers["export_places"], cost, levers["export_loan"],
        np.array(parameters.saved_abroad), draws.key("apply abroad"), people, choices,
    )
    people, choices = people[:n], choices[:n]
    order = np.lexsort((uniforms(draws.key("lot for a place abroad"), people), choices))
    people, choices = people[order], choices[order]
    rank = np.arange(n) - np.searchsorted(choices, choices)
    chosen = rank < n_places[choices]
    people, choices = people[chosen], choices[chosen]
    _depart(world.people, world.employers, world.courses, world.ledger.flows, people, choices, np.array(parameters.months_abroad), cost)
    sent += np.bincount(choices, minlength=len(sent))
    world.ledger.count("sent_abroad", len(people))


@kernel
def _depart(
    w: WorkerArrays, e: EnterpriseArrays, p: ProgrammeArrays, flows: np.ndarray, people: np.ndarray, choices: np.ndarray,
    months: np.ndarray, cost: np.ndarray,
) -> None:
    for k in range(people.shape[0]):
        i = people[k]
        leave_work(w, e, i)
        leave_programme(w, p, i)
        move(w, flows, i, ABROAD)
        w.destination[i] = choices[k]
        w.months_left[i] = months[choices[k]]
        w.savings[i] -= cost[choices[k]]


@kernel
def _move_in(w: WorkerArrays, flows: np.ndarray, chance: float, key: np.uint64) -> int:
    n = 0
    activity = w.activity
    for i in range(activity.shape[0]):
        if activity[i] == OUTSIDE and uniform(key, i) < chance:
            move(w, flows, i, UNEMPLOYED)
            n += 1
    return n


@process(reads="", writes="workers.activity workers.spell ledger")
def move_in(world: World, parameters: MigrationParameters, draws: DrawsOfMonth) -> None:
    """Let people from outside move in, at `in_migration` per person of 15 and older and year."""
    here = world.ledger.stocks[: int(Activity.ABROAD) + 1].sum()
    outside = world.ledger.stocks[OUTSIDE]
    chance = min(1.0, parameters.in_migration / 12.0 * here / max(1, outside))
    world.ledger.count("moved_in", _move_in(world.people, world.ledger.flows, chance, draws.key("move in")))


@kernel
def _attract(
    w: WorkerArrays, e: EnterpriseArrays, flows: np.ndarray, chance: np.ndarray, quota: np.ndarray, firms: np.ndarray, first: np.ndarray,
    order: np.ndarray, supplement: np.ndarray, key: np.uint64, came: np.ndarray, pay: np.ndarray,
) -> None:
    for k in range(order.shape[0]):
        i = order[k]
        d = w.district[i]
        if came[d] >= quota[d] or uniform(key, i) >= chance[d]:
            continue
        for f in range(first[d], first[d + 1]):  # the employer with a professional vacancy, in an order of the month's own
            r = firms[f]
            if e.vacancies[r, 2] > 0:
                move(w, flows, i, EMPLOYEE)
                w.employer[i] = r
                w.tier[i] = 2
                w.work_field[i] = e.field[r]
                wage = e.wage_offer[r, 2] * (0.85 + 0.3 * w.skill[i])
                pay[d] += wage
                w.wage[i] = wage * (1.0 + supplement[d])
                e.vacancies[r, 2] -= 1
                e.headcount[r, 2] += 1
                came[d] += 1
                break


@process(
    reads="workers.level workers.district workers.skill enterprises.wage_offer enterprises.field enterprises.district levers.talent_places "
    "levers.talent_lump_sum levers.talent_supplement",
    writes="workers.activity workers.spell workers.employer workers.tier workers.work_field workers.wage enterprises.headcount "
    "enterprises.vacancies ledger events",
)
def attract_talent(world: World, parameters: MigrationParameters, draws: DrawsOfMonth) -> None:
    """Let degree holders who are unemployed, away or outside take reserved professional posts.

    The chance in a year is 1 - exp(-response x lump sum / 100 million x (1 + supplement)); places are filled in a keyed order.
    """
    levers, w, e = world.levers, world.workers, world.enterprises
    quota = rounded(levers["talent_places"] * world.scale / 12.0, draws.key("reserved posts"))
    came = np.zeros(len(world.places), dtype=np.int64)
    pay = np.zeros(len(world.places))
    world.events["talent_came"], world.events["talent_pay"] = came, pay
    if quota.sum() == 0:
        return
    lure = parameters.talent_response * levers["talent_lump_sum"] / 100e6 * (1.0 + levers["talent_supplement"])
    chance = 1.0 - np.exp(-lure / 12.0)
    open_to = np.isin(w.activity, (UNEMPLOYED, AWAY, OUTSIDE)) & (w.level >= COLLEGE)
    candidates = np.flatnonzero(open_to)
    order = candidates[np.argsort(uniforms(draws.key("order of talent"), candidates), kind="stable")]
    firms = np.flatnonzero(e.vacancies[:, 2] > 0)
    firms = firms[np.lexsort((uniforms(draws.key("order of posts"), firms), e.district[firms]))]
    first = np.searchsorted(e.district[firms], np.arange(len(world.places) + 1))
    _attract(
        world.people, world.employers, world.ledger.flows, chance, quota, firms, first, order, levers["talent_supplement"],
        draws.key("talent comes"), came, pay,
    )
    world.ledger.count("talent_came", int(came.sum()))
