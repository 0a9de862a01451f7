"""Farming and household businesses: neither is ever an assigned share.

Farming takes in whoever the family land feeds: income per head falls as more share it, the crop calendar leaves slack
months, and too few hours with the wish for more is underemployment. A non-farm household business is opened from
farming, unemployment or a job, its income falls as more open in the same district and trade, and it closes at a
hazard that falls with its age.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from labsim.compiled import inline, kernel
from labsim.draws import DrawsOfMonth, gated, race, scramble, uniform
from labsim.processes.base import leave_programmes_all, leave_work_all, move_all, process
from labsim.processes.loans import Opening, Terms, open_with_loans
from labsim.quantity import Parameters, quantity
from labsim.rows import where_equal
from labsim.world import Activity, EnterpriseArrays, ProgrammeArrays, WorkerArrays, World

FARMING, BUSINESS = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS)
EMPLOYEE, UNEMPLOYED = int(Activity.EMPLOYEE), int(Activity.UNEMPLOYED)

ABOVE_ONE = 1.0 + 1e-9  # a bound stays one however powers are rounded
MOST_GAIN = 3.0  # an upper bound on the answer to the income gain, so that most people need one draw and no more


class OwnAccountParameters(Parameters):
    """What the land and the local market carry, and how people enter and leave own-account work."""

    land_crowding: float = quantity(
        0.5,
        unit="elasticity",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed: labour share of farm output about one half",
        help="farm income per head rises by this share of the fall in people on the land",
    )
    farm_growth: float = quantity(
        0.06,
        unit="per year",
        low=-0.1,
        high=0.2,
        grade="C",
        year=2022,
        source="income from farming per head, Son La 2010-2016, current prices; +9.8 % in 2022 (Viet Nam)",
        help="growth of farm income in current prices, land per head unchanged",
    )
    crop_calendar: tuple[float, ...] = quantity(
        (0.72, 0.75, 0.85, 0.95, 1.0, 1.0, 0.95, 0.88, 0.95, 1.0, 0.9, 0.78),
        unit="share of the busiest month",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed: maize, rice, coffee and fruit of the northern mountains, slack in winter",
        help="labour that the crops ask for by calendar month",
    )
    business_crowding: float = quantity(
        0.7,
        unit="elasticity",
        low=0,
        high=2,
        grade="D",
        year=2020,
        source="assumed",
        help="income of a household business falls by this share as more open in the same district and trade",
    )
    business_growth: float = quantity(
        0.065,
        unit="per year",
        low=-0.1,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed, near growth of nominal income of workers",
        help="growth of what a household business earns in current prices, at unchanged crowding",
    )
    demand_growth: float = quantity(
        0.045,
        unit="per year",
        low=-0.1,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed: services grow about 6 % a year in Son La, 1.5 points by productivity",
        help="growth in the number of household businesses that local demand carries",
    )
    opening_rate: float = quantity(
        0.0022,
        unit="per month",
        low=0,
        high=0.05,
        grade="D",
        year=2020,
        source="assumed",
        help="chance that a person opens a household business at equal income and no lack of savings",
    )
    opening_response: float = quantity(
        1.5,
        unit="elasticity",
        low=0,
        high=5,
        grade="D",
        year=2020,
        source="assumed",
        help="how strongly opening answers the income gain",
    )
    start_capital: float = quantity(
        20e6,
        unit="VND",
        low=0,
        high=500e6,
        grade="D",
        year=2020,
        source="assumed",
        help="savings at which lack of capital halves openings",
    )
    youngest_owner: float = quantity(
        20.0,
        unit="years",
        low=15,
        high=40,
        grade="D",
        year=2020,
        source="assumed",
        help="age from which people open a household business",
    )
    oldest_owner: float = quantity(
        60.0,
        unit="years",
        low=40,
        high=90,
        grade="D",
        year=2020,
        source="assumed",
        help="age up to which people open a household business",
    )
    idle_income: float = quantity(
        0.5,
        unit="share of last pay",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed: odd jobs and help of the family",
        help="what an unemployed person lives on when comparing",
    )
    capital_used: float = quantity(
        0.5,
        unit="share of start capital",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="savings that an opening uses up",
    )
    take_up: float = quantity(
        0.4,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="share of farmers offered help to change livelihood who open a business at equal income and enough means",
    )
    give_up: float = quantity(
        0.25,
        unit="per month",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed; rural unemployment is a sixth of the urban rate in the region",
        help="chance that a rural unemployed person gives up the search and joins the family farm",
    )
    necessity: float = quantity(
        0.22,
        unit="per month",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed; few of the unemployed draw a benefit, so most soon take up petty trade",
        help="chance that an urban unemployed person takes up petty trade or service for want of a job",
    )
    closing_rate: float = quantity(
        0.012,
        unit="per month",
        low=0,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed",
        help="closing hazard of a new household business",
    )
    closing_age: float = quantity(
        36.0,
        unit="months",
        low=1,
        high=240,
        grade="D",
        year=2020,
        source="assumed",
        help="age at which the closing hazard has halved",
    )
    loan_take_up: float = quantity(
        0.15,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed, from none to all: lenders count jobs, nobody has measured businesses that would not be there",
        help="share of people offered a loan who open a business at equal income and enough means",
    )
    backing: float = quantity(
        0.3,
        unit="share",
        low=0,
        high=0.9,
        grade="D",
        year=2020,
        source="assumed, from none to nearly all",
        help="part of the closing hazard of a business that support takes off while it lasts",
    )
    own_use_share: float = quantity(
        0.40,
        unit="share",
        low=0.2,
        high=0.6,
        grade="B",
        year=2021,
        source="labour force 770.5 (2020) less 555.3 thousand (2021, farmers for own use left out), over farmers",
        help="share of farmers who produce mainly for own use (outside the survey's labour force since 2021)",
    )


@process(reads="counts demand_index", writes="places")
def set_incomes(world: World, parameters: OwnAccountParameters, draws: DrawsOfMonth) -> None:
    """Set what farming and each trade earn this month, shapes `(n_districts,)` and `(n_districts, n_fields)`, VND per
    month.

    Farm: base x growth x (people on the land at month 0 / now)^crowding x climate. Business: base x growth x (carried
    / open)^crowding.
    """
    places = world.places
    years = world.month / 12.0
    crowding = places.farm_people / np.maximum(1.0, world.counts["farmers"])
    growth = math.exp(parameters.farm_growth * years)
    places.farm_income[:] = (
        world.tables["farm_income"] * growth * crowding**parameters.land_crowding * places.climate_factor
    )
    places.farm_hours[:] = parameters.crop_calendar[world.calendar[1] - 1] * np.minimum(1.2, crowding**0.5)
    carried = places.business_people * math.exp(parameters.demand_growth * years)
    ratio = np.divide(
        carried, np.maximum(1.0, world.counts["businesses"]), out=np.ones_like(carried), where=carried > 0
    )
    growth = math.exp(parameters.business_growth * years)
    places.business_income[:] = (
        world.tables["business_income"] * growth * np.minimum(3.0, ratio) ** parameters.business_crowding
    )


class Trade(NamedTuple):
    """What business people earn and what decides who opens and who closes, as in the parameters; rates per month."""

    income: np.ndarray  # (n_districts, n_fields): VND per month
    most: np.ndarray  # (n_districts,): that of the best trade
    room: np.ndarray  # (n_districts, n_fields): weight of a trade among those opened
    opening: float
    response: float
    capital: float
    used: float
    idle: float
    youngest: float
    oldest: float
    closing: float
    closing_age: float
    backing: float
    give_up: float
    necessity: float


class Help(NamedTuple):
    """What is offered to farmers who would open a business, by district."""

    chance: np.ndarray  # of an offer this month
    means: np.ndarray  # grant and credit, VND
    grant: np.ndarray  # VND
    take_up: float
    any: bool


@inline
def _closes(u: float, wage: float, mean: float, spell: int, backed: bool, by: Trade) -> bool:
    """Say whether a business closes: the young ones more often, and those whose trade earns less than they did."""
    poor = 1.0 if wage <= 0.0 or mean >= wage else min(MOST_GAIN, wage / max(1.0, mean))
    return u < by.closing * poor / (1.0 + spell / by.closing_age) * (1.0 - by.backing if backed else 1.0)


@kernel
def _merge(
    rows: np.ndarray, heads: np.ndarray, invited: np.ndarray, their_heads: np.ndarray, their_offers: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (rows, heads, heads of offers) of two lists of rows in order; who is not invited gets the last byte."""
    most = rows.shape[0] + invited.shape[0]
    both, own, offers = np.empty(most, np.int64), np.empty(most, np.uint8), np.empty(most, np.uint8)
    a, b, n = 0, 0, 0
    while a < rows.shape[0] or b < invited.shape[0]:
        if b < invited.shape[0] and (a == rows.shape[0] or invited[b] <= rows[a]):
            both[n], own[n], offers[n] = invited[b], their_heads[b], their_offers[b]
            a += a < rows.shape[0] and invited[b] == rows[a]
            b += 1
        else:
            both[n], own[n], offers[n] = rows[a], heads[a], 255
            a += 1
        n += 1
    return both[:n], own[:n], offers[:n]


@kernel
def _businesses(
    w: WorkerArrays,
    e: EnterpriseArrays,
    p: ProgrammeArrays,
    flows: np.ndarray,
    month: int,
    by: Trade,
    help_: Help,
    rows: np.ndarray,
    heads: np.ndarray,
    offer_heads: np.ndarray,
    key: np.uint64,
    offer_key: np.uint64,
    converted: np.ndarray,
) -> tuple[int, int]:
    """Let people open and close businesses, or go back to the farm; return how many open and close."""
    income, room = by.income, by.room
    any_offer, most_income = help_.any, by.most
    offered, means, grant = help_.chance, help_.means, help_.grant
    # column by column: memory is then asked for many people at once
    doing, district, urban = w.activity[rows], w.district[rows], w.urban[rows]
    spell, wages = w.spell[rows], w.wage[rows]
    homes, wage = w.district, w.wage
    work_field, birth, savings, backed_until = w.work_field, w.birth_month, w.savings, w.backed_until
    people, activities, n = np.empty_like(rows), np.empty(rows.shape[0], dtype=np.int64), 0
    trades = np.empty(rows.shape[0], dtype=np.int64)  # of those who open, -1 for others
    owners, n_owners, closed = np.empty_like(rows), 0, 0  # those who open out of a free choice
    for k in range(rows.shape[0]):
        i, now, d, pay = rows[k], doing[k], district[k], wages[k]
        if now > UNEMPLOYED:
            continue
        helped = any_offer and now == FARMING and gated(offer_heads[k], offer_key, i) < offered[d]
        u = gated(heads[k], key, i)
        people[n], trades[n] = i, -1
        if now == BUSINESS:
            trade = work_field[i]
            if trade >= 0 and _closes(u, pay, income[d, trade], spell[k], backed_until[i] > month, by):
                activities[n] = FARMING if urban[k] == 0 else UNEMPLOYED
                backed_until[i] = 0
                closed += 1
                n += 1
            continue
        if now == UNEMPLOYED and spell[k] >= 1:
            # nothing was found: the family farm takes rural people back, petty trade the others
            if urban[k] == 0:
                if u >= 1.0 - by.give_up:
                    activities[n] = FARMING
                    n += 1
                    continue
            elif u >= 1.0 - by.necessity:
                trade = race(scramble(key, i), room[d], 1)
                if trade >= 0:
                    activities[n], trades[n] = BUSINESS, trade
                    n += 1
                    continue
        # an offer takes nothing from a person's own chance
        chance = max(help_.take_up, by.opening) if helped else by.opening
        # most are turned away by the greatest gain there is, or by that from the best trade of the district, before a
        # trade is drawn and more is read
        if u >= chance * MOST_GAIN:
            continue
        earned = pay if now != UNEMPLOYED else by.idle * pay
        if u >= chance * min(MOST_GAIN, ABOVE_ONE * (most_income[d] / max(1.0e5, earned)) ** by.response):
            continue
        age = (month - birth[i]) // 12
        if age < by.youngest or age > by.oldest:
            continue
        trade = race(scramble(key, i), room[d], 1)
        if trade < 0:
            continue
        gain = min(MOST_GAIN, (income[d, trade] / max(1.0e5, earned)) ** by.response)
        money = max(0.0, savings[i]) + (means[d] if helped else 0.0)
        ease = money / (money + by.capital) if by.capital > 0.0 else 1.0
        if u < chance * gain * ease:
            activities[n], trades[n] = BUSINESS, trade
            owners[n_owners] = i
            n_owners += 1
            n += 1
            savings[i] -= max(0.0, min(savings[i], by.used * by.capital))
            if helped:
                savings[i] += grant[d]
                converted[d] += 1
    leave_work_all(w, e, people[:n])
    leave_programmes_all(w, p, owners[:n_owners])
    move_all(w, flows, people[:n], activities[:n])
    opened = 0
    for k in range(n):
        if trades[k] >= 0:
            backed_until[people[k]] = 0
            work_field[people[k]] = trades[k]
            wage[people[k]] = income[homes[people[k]], trades[k]]
            opened += 1
    return opened, closed


@process(
    reads=(
        "places counts workers.district workers.urban workers.birth_month workers.backed_until "
        "levers.conversion_places levers.conversion_grant levers.conversion_credit"
    ),
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field workers.wage "
        "workers.savings workers.programme workers.months_left workers.backed_until enterprises.headcount "
        "programmes.taken ledger events.converted"
    ),
)
def run_businesses(world: World, parameters: OwnAccountParameters, draws: DrawsOfMonth) -> None:
    """Open and close household businesses.

    Who searches in vain goes back to the farm or into petty trade. Opening: rate x (business income / present
    income)^response x savings / (savings + start capital). Closing: rate / (1 + age / half age), higher while the
    trade earns less than when it opened.
    """
    places = world.places
    levers = world.levers
    offered = np.minimum(
        1.0, levers["conversion_places"] * world.scale / 12.0 / np.maximum(1.0, world.counts["farmers"])
    )
    opening, closing = MOST_GAIN * parameters.opening_rate, MOST_GAIN * parameters.closing_rate
    # chances as a farmer, owner of a business, employee; the unemployed all come into question
    activity, n_kinds = world.workers.activity, len(Activity)
    rows, heads = draws.gate_by(
        "household business", np.array([opening, closing, opening, 1.0] + [0.0] * (n_kinds - 4)), activity
    )
    offer_heads = heads
    if offered.max() > 0.0:
        most = np.array([offered.max()] + [0.0] * (n_kinds - 1))
        invited, their_offers = draws.gate_by("offer of conversion", most, activity)
        their_heads = draws.heads("household business", invited)
        rows, heads, offer_heads = _merge(rows, heads, invited, their_heads, their_offers)
    converted = np.zeros(len(places), dtype=np.int64)
    world.events["converted"] = converted
    trade = Trade(
        places.business_income,
        places.business_income.max(axis=1),
        places.business_people * places.business_income,
        parameters.opening_rate,
        parameters.opening_response,
        parameters.start_capital,
        parameters.capital_used,
        parameters.idle_income,
        parameters.youngest_owner,
        parameters.oldest_owner,
        parameters.closing_rate,
        parameters.closing_age,
        parameters.backing,
        parameters.give_up,
        parameters.necessity,
    )
    means = levers["conversion_grant"] + levers["conversion_credit"]
    opened, closed = _businesses(
        world.people,
        world.employers,
        world.courses,
        world.ledger.flows,
        world.month,
        trade,
        Help(offered, means, levers["conversion_grant"], parameters.take_up, bool(offered.max() > 0.0)),
        rows,
        heads,
        offer_heads,
        draws.key("household business"),
        draws.key("offer of conversion"),
        converted,
    )
    world.ledger.count("businesses_opened", opened)
    world.ledger.count("businesses_closed", closed)


@process(
    reads=(
        "places counts workers.district workers.birth_month workers.programme levers.loan_offers "
        "levers.loan_amount levers.loan_grant levers.business_support_months"
    ),
    writes=(
        "workers.activity workers.spell workers.employer workers.tier workers.work_field workers.wage "
        "workers.savings workers.programme workers.months_left workers.backed_until enterprises.headcount "
        "programmes.taken ledger events.lent"
    ),
)
def lend(world: World, parameters: OwnAccountParameters, draws: DrawsOfMonth) -> None:
    """Offer loans to people who farm, have a job or none, of whom some open a household business.

    Take-up: share x (business income / present income)^response x (savings + loan) / (savings + loan + start capital).
    The loan is means to open with and no income; how it is repaid is not in the model.
    """
    levers, places, p, w = world.levers, world.places, parameters, world.workers
    if not levers["loan_offers"].any():
        return
    offers = levers["loan_offers"] * world.scale / 12.0
    chance = np.minimum(1.0, offers / np.maximum(1.0, world.counts["may_open"]))
    most = float(chance.max())
    kinds = np.array([most, 0.0, most, most] + [0.0] * (len(Activity) - 4))
    lent = np.zeros(len(places), dtype=np.int64)
    opened = open_with_loans(
        world.people,
        world.employers,
        world.courses,
        world.ledger.flows,
        world.month,
        places.business_income,
        places.business_people * places.business_income,
        Opening(
            p.loan_take_up,
            p.opening_response,
            MOST_GAIN,
            p.start_capital,
            p.capital_used,
            p.idle_income,
            p.youngest_owner,
            p.oldest_owner,
        ),
        Terms(chance, levers["loan_amount"], levers["loan_grant"], levers["business_support_months"]),
        *draws.gate_by("offer of a loan", kinds, w.activity),
        draws.key("offer of a loan"),
        draws.key("loan"),
        lent,
    )
    world.events["lent"] = lent
    world.ledger.count("businesses_opened", opened)
    world.ledger.count("businesses_on_loans", opened)


@kernel
def _draw_some(chance: np.ndarray, district: np.ndarray, rows: np.ndarray, key: np.uint64) -> int:
    """Move to the head of `rows` those whose number falls below the chance of their district; return how many."""
    n = 0
    for i in rows:
        if uniform(key, i) < chance[district[i]]:
            rows[n] = i
            n += 1
    return n


@process(
    reads=(
        "workers.activity workers.district levers.business_support levers.business_support_months"
    ),
    writes="workers.digital workers.backed_until ledger events.supported",
)
def support(world: World, parameters: OwnAccountParameters, draws: DrawsOfMonth) -> None:
    """Give owners of household businesses digital support: basic digital skills, and a lower closing hazard for some
    months, in which a business gets no further support.
    """
    levers, w = world.levers, world.workers
    if not levers["business_support"].any():
        return
    owners = where_equal(w.activity, BUSINESS)
    owners = owners[w.backed_until[owners] <= world.month]
    places = levers["business_support"] * world.scale / 12.0
    chance = places / np.maximum(1, np.bincount(w.district[owners], minlength=len(world.places)))
    people = owners[: _draw_some(chance, w.district, owners, draws.key("digital support"))]
    home = w.district[people]
    w.digital[people] = 1
    w.backed_until[people] = np.maximum(
        w.backed_until[people], world.month + levers["business_support_months"][home]
    ).astype(np.int16)
    world.events["supported"] = np.bincount(home, minlength=len(world.places))
    world.ledger.count("businesses_supported", len(people))
