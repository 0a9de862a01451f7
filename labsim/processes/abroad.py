"""Working abroad under contract: applying, leaving, saving, coming back.

Departures of 1,000 a year on fixed contracts of 36 months make a stock of 1,000, 2,000, 3,000 and 3,000 after 12, 24,
36 and 60 months.
"""

from __future__ import annotations

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, gated, race, rounded, scramble, uniform, uniforms
from labsim.processes.base import leave_all, move_all, process
from labsim.quantity import Parameters, quantity
from labsim.rows import where_equal
from labsim.world import Activity, EnterpriseArrays, Level, ProgrammeArrays, WorkerArrays, World

FARMING, EMPLOYEE, UNEMPLOYED = int(Activity.FARMING), int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)
ABROAD = int(Activity.ABROAD)
OUTSIDE, LEFT = int(Activity.OUTSIDE), int(Activity.LEFT)
COLLEGE = int(Level.COLLEGE)


class AbroadParameters(Parameters):
    """Who works abroad, for how long, at what cost and with what savings."""

    application_rate: float = quantity(
        0.004,
        unit="per month",
        low=0,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed: more people apply than places",
        help="chance that an eligible person applies to work abroad in a month, at unchanged reach",
    )
    cost_abroad: tuple[float, ...] = quantity(
        (150e6, 90e6, 80e6, 80e6),
        unit="VND",
        low=0,
        high=400e6,
        grade="B",
        year=2019,
        source="recruitment cost up to 192 million for Japan (GSO-ILO survey)",
        help="cost up front by destination: Japan, Taiwan, Korea, other",
    )
    months_abroad: tuple[int, ...] = quantity(
        (36, 36, 58, 24),
        unit="months",
        low=1,
        high=120,
        grade="B",
        year=2018,
        source="usual contracts: Japan three years, Korea four years ten months",
        help="length of contract by destination",
    )
    saved_abroad: tuple[float, ...] = quantity(
        (18e6, 11e6, 24e6, 8e6),
        unit="VND per month",
        low=0,
        high=60e6,
        grade="B",
        year=2024,
        source="savings by country, press citing the labour ministry",
        help="savings sent home or kept, by destination",
    )
    ages: tuple[float, ...] = quantity(
        (18.0, 40.0),
        unit="years",
        low=15,
        high=65,
        grade="B",
        year=2020,
        source="contract programmes take people of 18 to about 40",
        help="least age, and the age below which people may go",
    )
    own_part: float = quantity(
        0.2,
        unit="share of cost",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed: families and lenders put up the rest",
        help="share of the cost not covered by a loan that one's own savings must reach",
    )
    early_return: float = quantity(
        0.004,
        unit="per month",
        low=0,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed",
        help="chance that a contract ends early",
    )
    skill_from_abroad: float = quantity(
        0.15,
        unit="share of the way to mastery",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="skill brought home from a finished contract",
    )


@kernel
def _return(
    w: WorkerArrays,
    flows: np.ndarray,
    early: float,
    saved: np.ndarray,
    skill_gain: float,
    rows: np.ndarray,
    key: np.uint64,
) -> int:
    months_left, savings, skill, destination = w.months_left, w.savings, w.skill, w.destination
    people, n = np.empty_like(rows), 0
    for i in rows:
        months_left[i] -= 1
        savings[i] += saved[destination[i]]
        done = months_left[i] <= 0
        if done or (early > 0.0 and uniform(key, i) < early):
            if done:
                skill[i] += skill_gain * (1.0 - skill[i])
            months_left[i] = 0
            people[n] = i
            n += 1
    move_all(w, flows, people[:n], np.full(n, UNEMPLOYED))
    return n


@process(
    reads="workers.destination",
    writes="workers.activity workers.spell workers.savings workers.skill workers.months_left ledger",
)
def come_back(world: World, parameters: AbroadParameters, draws: DrawsOfMonth) -> None:
    """Bring people back from abroad when the contract ends or breaks off, with their savings.

    A contract that began in month m counts in the stock of months m to m + length - 1.
    """
    returned = _return(
        world.people,
        world.ledger.flows,
        parameters.early_return,
        np.array(parameters.saved_abroad),
        parameters.skill_from_abroad,
        where_equal(world.workers.activity, ABROAD),
        draws.key("return from abroad"),
    )
    world.ledger.count("returned_from_abroad", returned)


@kernel
def _apply_abroad(
    w: WorkerArrays,
    month: int,
    rate: float,
    places: np.ndarray,
    cost: np.ndarray,
    loan: np.ndarray,
    own_part: float,
    ages: np.ndarray,
    pull: np.ndarray,
    rows: np.ndarray,
    heads: np.ndarray,
    key: np.uint64,
    people: np.ndarray,
    choices: np.ndarray,
) -> int:
    birth_month, programme, savings, schooling = w.birth_month, w.programme, w.savings, w.schooling
    n = 0
    weights = np.zeros(places.shape[0])
    activity = w.activity
    for s in range(rows.shape[0]):
        i = rows[s]
        if activity[i] > UNEMPLOYED:
            continue
        bits = scramble(key, i)
        if gated(heads[s], key, i) >= rate:
            continue
        age = (month - birth_month[i]) // 12
        if age < ages[0] or age >= ages[1] or schooling[i] < 2 or programme[i] >= 0:
            continue
        for k in range(places.shape[0]):
            # family and lenders put up what neither the loan nor one's own part covers
            affordable = savings[i] >= cost[k] * (1.0 - loan[k]) * own_part
            weights[k] = places[k] * pull[k] if affordable else 0.0
        k = race(bits, weights, 1)
        if k >= 0:
            people[n] = i
            choices[n] = k
            n += 1
    return n


@process(
    reads=(
        "workers.birth_month workers.schooling workers.wage levers.export_places levers.export_loan "
        "levers.export_preparation"
    ),
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field "
        "workers.programme workers.months_left workers.savings workers.destination enterprises.headcount "
        "programmes.taken ledger events.cost_abroad events.sent_abroad events.sent_people"
    ),
)
def go(world: World, parameters: AbroadParameters, draws: DrawsOfMonth) -> None:
    """Send people abroad under contract: eligible people apply, places of the month are filled by lot.

    Eligible: of the ages, with lower secondary school, and `own_part` of the cost up front after the loan. Cost goes
    into debt.
    """
    levers, w = world.levers, world.workers
    places = levers["export_places"] * world.scale / 12.0
    n_places = rounded(places, draws.key("places abroad"))
    sent = np.zeros(len(n_places), dtype=np.int64)
    cost = np.maximum(0.0, np.array(parameters.cost_abroad) - levers["export_preparation"])
    world.events["sent_abroad"], world.events["cost_abroad"] = sent, cost
    if n_places.sum() == 0:
        return
    people = np.empty(len(w), dtype=np.int64)
    choices = np.empty(len(w), dtype=np.uint8)
    n = _apply_abroad(
        world.people,
        world.month,
        parameters.application_rate,
        levers["export_places"],
        cost,
        levers["export_loan"],
        parameters.own_part,
        np.array(parameters.ages),
        np.array(parameters.saved_abroad),
        *draws.gate("apply abroad", parameters.application_rate, len(w)),
        draws.key("apply abroad"),
        people,
        choices,
    )
    people, choices = people[:n], choices[:n]
    order = np.lexsort((uniforms(draws.key("lot for a place abroad"), people), choices))
    people, choices = people[order], choices[order]
    rank = np.arange(n) - np.searchsorted(choices, choices)
    chosen = rank < n_places[choices]
    people, choices = people[chosen], choices[chosen]
    _depart(
        world.people,
        world.employers,
        world.courses,
        world.ledger.flows,
        people,
        choices,
        np.array(parameters.months_abroad),
        cost,
    )
    sent += np.bincount(choices, minlength=len(sent))
    world.events["sent_people"] = people
    world.ledger.count("sent_abroad", len(people))


@kernel
def _depart(
    w: WorkerArrays,
    e: EnterpriseArrays,
    p: ProgrammeArrays,
    flows: np.ndarray,
    people: np.ndarray,
    choices: np.ndarray,
    months: np.ndarray,
    cost: np.ndarray,
) -> None:
    leave_all(w, e, p, flows, people, np.full(people.shape[0], ABROAD))
    destination, months_left, savings = w.destination, w.months_left, w.savings
    for k in range(people.shape[0]):
        i = people[k]
        destination[i] = choices[k]
        months_left[i] = months[choices[k]]
        savings[i] -= cost[choices[k]]
