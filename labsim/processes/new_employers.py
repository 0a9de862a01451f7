"""Employers that come because a policy brings them: enterprises that settle in parks, and new cooperatives.

They open in dormant rows of their district, those of their field first, in an order keyed to the row. Their posts,
pay and staff are those of their field; whom they hire and from where is left to search and matching.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labsim.compiled import inline, kernel
from labsim.draws import DrawsOfMonth, rounded, uniform
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.world import NEW_GROUPS, NOT_FOUNDED, EnterpriseArrays, Kind, World

PUBLIC, NEARLY_NOBODY = int(Kind.PUBLIC), 1e-9
WHOLE = 10.0  # employers up to this size stay whole at every scale, as at the start


class NewEmployersParameters(Parameters):
    """How large the employers are that policies bring."""

    park_size: float = quantity(
        100.0,
        unit="persons",
        low=10,
        high=3_000,
        grade="B",
        year=2022,
        source="Thanh Binh park, Bac Kan: more than 1,000 workers with 10 enterprises at work (2022)",
        help="posts of an enterprise that settles in a park",
    )
    cooperative_size: float = quantity(
        8.0,
        unit="persons",
        low=4,
        high=100,
        grade="D",
        year=2020,
        source="assumed, just above the least number of members that the law asked for",
        help="members' posts of a new cooperative",
    )


@dataclass(frozen=True)
class Newcomers:
    """One sort of new employers: the posts brought, what they are, how many each has."""

    posts: np.ndarray  # a year, by market, real persons
    kind: Kind
    group: str
    size: float  # real persons


@inline
def _dormant_rows(e: EnterpriseArrays, district: int, field: int, n: int, key: np.uint64) -> np.ndarray:
    """Return at most n dormant rows of a district, those of the field first, then by their lots."""
    district_of, field_of, founded, kind = e.district, e.field, e.founded, e.kind
    rows, lots, found = np.empty(n, dtype=np.int64), np.empty(n), 0
    for r in range(founded.shape[0]):
        if founded[r] != NOT_FOUNDED or district_of[r] != district or kind[r] == PUBLIC:
            continue
        lot = uniform(key, r) + (field_of[r] != field)
        if found == n and lot >= lots[n - 1]:
            continue
        at = found if found < n else n - 1
        while at > 0 and lots[at - 1] > lot:
            lots[at], rows[at] = lots[at - 1], rows[at - 1]
            at -= 1
        lots[at], rows[at] = lot, r
        found = min(n, found + 1)
    return rows[:found]


@kernel
def _take_rows(
    e: EnterpriseArrays, numbers: np.ndarray, n_fields: int, month: int, key: np.uint64
) -> tuple[np.ndarray, np.ndarray]:
    """Found employers in dormant rows, as many as asked for by market; return (rows, markets)."""
    founded = e.founded
    rows, markets, n = np.empty(numbers.sum(), dtype=np.int64), np.empty(numbers.sum(), dtype=np.int64), 0
    for market in range(numbers.shape[0]):
        if numbers[market] > 0:
            for r in _dormant_rows(e, market // n_fields, market % n_fields, numbers[market], key):
                founded[r] = month
                rows[n], markets[n] = r, market
                n += 1
    return rows[:n], markets[:n]


@kernel
def _add_up_fields(
    e: EnterpriseArrays, size: np.ndarray, shares: np.ndarray, staff: np.ndarray, pay: np.ndarray
) -> None:
    """Add up the size of each field's private employers, and by tier their shares and pay and the weights of these."""
    active, field, headcount, kind, tier_share = e.active, e.field, e.headcount, e.kind, e.tier_share
    wage_offer, weight = e.wage_offer, e.weight
    n_tiers = headcount.shape[1]
    for r in range(active.shape[0]):
        if active[r] > 0 and kind[r] != PUBLIC:
            f = field[r]
            size[f] += weight[r]
            for t in range(n_tiers):
                people = headcount[r, t] + NEARLY_NOBODY
                shares[f, t] += weight[r] * tier_share[r, t]
                staff[f, t] += people
                pay[f, t] += people * wage_offer[r, t]


def _likeness(world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the size of each field's private employers, shape `(n_fields,)`, and their mean shares and pay by tier,
    shape `(n_fields, n_tiers)`; not a number for a field without any.
    """
    by_tier = (world.n_fields, world.enterprises.headcount.shape[1])
    size, shares, staff, pay = np.zeros(world.n_fields), np.zeros(by_tier), np.zeros(by_tier), np.zeros(by_tier)
    _add_up_fields(world.employers, size, shares, staff, pay)
    with np.errstate(invalid="ignore"):
        return size, shares / size[:, None], pay / staff


def _settle(world: World, draws: DrawsOfMonth, sort: Newcomers) -> np.ndarray:
    """Open this month's employers of one sort; return the posts opened by market, in rows of people."""
    e, n_markets = world.enterprises, len(world.places) * world.n_fields
    opened = np.zeros(n_markets)
    posts = sort.posts * world.scale / 12.0
    if not posts.any():
        return opened
    # as at the start: one of size S is kept with min(S, max(10, S scale)) posts, so that posts are at scale
    kept = min(sort.size, max(WHOLE, sort.size * world.scale))
    numbers = rounded(posts / kept, draws.key(f"settle, {sort.group}"))
    size, shares, pay = _likeness(world)
    wanted = int(numbers.sum())
    numbers[size[np.arange(n_markets) % world.n_fields] == 0.0] = 0  # there is nobody to be like
    rows, markets = _take_rows(world.employers, numbers, world.n_fields, world.month, draws.key("dormant row"))
    district, field = np.divmod(markets, world.n_fields)
    # a weight is relative to month 0, and demand has grown since
    e.field[rows], e.kind[rows], e.weight[rows] = field, sort.kind, kept / world.demand_index[field]
    e.tier_share[rows] = shares[field]
    e.wage_offer[rows] = np.maximum(pay[field], world.places.minimum_wage[district][:, None])
    e.group[rows] = len(world.employer_groups) - len(NEW_GROUPS) + NEW_GROUPS.index(sort.group)
    e.active[rows], e.owner[rows], e.luck[rows] = 1, -1, 1.0
    opened[:] = kept * np.bincount(markets, minlength=n_markets)
    # whoever finds no row is told, not lost
    world.ledger.count("employers_without_row", wanted - len(rows))
    return opened


@process(
    reads=(
        "enterprises.district enterprises.headcount enterprises.active enterprises.founded "
        "enterprises.kind places demand_index levers.park_posts levers.new_cooperatives"
    ),
    writes=(
        "enterprises.field enterprises.kind enterprises.weight enterprises.tier_share "
        "enterprises.wage_offer enterprises.group enterprises.active enterprises.founded "
        "enterprises.owner enterprises.luck ledger events.company_park_number events.company_park_posts "
        "events.cooperative_new_number events.cooperative_new_posts"
    ),
)
def settle(world: World, parameters: NewEmployersParameters, draws: DrawsOfMonth) -> None:
    """Open the enterprises that settle in parks this month, and the new cooperatives.

    Posts of a year by district and field are spread over months as whole employers by keyed rounding; from the next
    month on they plan, open vacancies, grow and close like others of their field. Those for whom no dormant row is left
    in the district are counted and not paid for.
    """
    cooperatives = world.levers["new_cooperatives"] * parameters.cooperative_size
    sorts = (
        Newcomers(world.levers["park_posts"], Kind.PRIVATE, "company_park", parameters.park_size),
        Newcomers(cooperatives, Kind.COOPERATIVE, "cooperative_new", parameters.cooperative_size),
    )
    for sort in sorts:
        posts = _settle(world, draws, sort)
        if posts.any():
            world.events[f"{sort.group}_posts"], world.events[f"{sort.group}_number"] = posts, posts / sort.size
            world.ledger.count(f"{sort.group}_posts", round(posts.sum()))
