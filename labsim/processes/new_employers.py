"""Employers that come because a policy brings them: enterprises that settle in parks, and new cooperatives.

They open in dormant rows of their district, those of their field first, in an order keyed to the row. Their posts,
pay and staff are those of their field; whom they hire and from where is left to search and matching.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labsim.draws import DrawsOfMonth, rounded, uniforms
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.world import NEW_GROUPS, NOT_FOUNDED, Kind, World

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
    private = e.kind != Kind.PUBLIC
    dormant = np.flatnonzero(private & (e.founded == NOT_FOUNDED)) if numbers.any() else np.zeros(0, dtype=np.int64)
    lots, place = uniforms(draws.key("dormant row"), dormant), e.district[dormant]
    for market in np.flatnonzero(numbers):
        district, field = divmod(int(market), world.n_fields)
        like = np.flatnonzero(private & (e.active > 0) & (e.field == field))
        here = np.flatnonzero((place == district) & (e.founded[dormant] == NOT_FOUNDED))
        if not like.size:
            continue
        order = np.lexsort((lots[here], e.field[dormant[here]] != field))
        rows = dormant[here[order[: numbers[market]]]]
        size, staff = e.weight[like], e.headcount[like] + 1e-9
        # a weight is relative to month 0, and demand has grown since
        e.field[rows], e.kind[rows], e.weight[rows] = field, sort.kind, kept / world.demand_index[field]
        e.tier_share[rows] = (size[:, None] * e.tier_share[like]).sum(axis=0) / size.sum()
        pay = (staff * e.wage_offer[like]).sum(axis=0) / staff.sum(axis=0)
        e.wage_offer[rows] = np.maximum(pay, world.places.minimum_wage[district])
        e.group[rows] = len(world.employer_groups) - len(NEW_GROUPS) + NEW_GROUPS.index(sort.group)
        e.active[rows], e.founded[rows], e.owner[rows], e.luck[rows] = 1, world.month, -1, 1.0
        opened[market] = kept * rows.size
    # whoever finds no row is told, not lost
    world.ledger.count("employers_without_row", int(numbers.sum() - round(opened.sum() / kept)))
    return opened


@process(
    reads=(
        "enterprises.district enterprises.headcount enterprises.active enterprises.founded enterprises.kind"
        " places demand_index levers.park_posts levers.new_cooperatives"
    ),
    writes=(
        "enterprises.field enterprises.kind enterprises.weight enterprises.tier_share enterprises.wage_offer"
        " enterprises.group enterprises.active enterprises.founded enterprises.owner enterprises.luck events ledger"
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
