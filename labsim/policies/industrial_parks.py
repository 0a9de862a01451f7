"""Industrial parks and clusters: posts of enterprises that settle, and more posts where investors expand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from labsim.levers import LeversOfPolicy
from labsim.policies.base import Account, Outcome, Policy
from labsim.policies.markets import spread_over_markets, weights_of, where_most
from labsim.policies.means import part_paid_for
from labsim.quantity import Yearly, amount_in, quantity
from labsim.text import mark
from labsim.world import Kind, World

SPARE = 3.0  # months' money below which employers settle in one place, since rounding in many could spend it all


class IndustrialParks(Policy):
    """The province prepares land and attracts enterprises to parks and clusters, and helps those there to expand.

    It acts through employers: new ones of about a hundred posts open in the districts and industries named, and the
    targets of those already there rise. Nobody is placed: their vacancies draw people from farms, other employers and
    other districts by the usual search, so that part of the posts is taken from others. Levers: park_posts,
    labour_demand.
    """

    outcome = Outcome("company_park_posts", mark("post in a park"), "park_posts", ("posts in parks",))
    acts_through: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "cost_per_post": ("posts_per_year",),
        "cost_of_expansion": ("expansion",),
    }

    posts_per_year: Yearly = quantity(
        {2021: 0.0},
        unit="posts per year",
        low=0,
        high=50_000,
        grade="D",
        year=2022,
        source="the scenario's author; Thanh Binh park (Bac Kan) over 1,000 workers, parks of Lao Cai about 9,500",
        help="posts of enterprises that settle in parks and clusters",
    )
    expansion: Yearly = quantity(
        {2021: 0.0},
        unit="share of target headcount",
        low=0,
        high=2,
        grade="D",
        year=2022,
        source="the scenario's author",
        help="rise of the target headcount of private employers of these districts and industries",
    )
    districts: dict[str, float] = quantity(
        {},
        unit="weight",
        low=0,
        high=1_000,
        grade="D",
        year=2022,
        source="the scenario's author; none = by people",
        help="weight of a district",
        names="districts",
    )
    fields: dict[str, float] = quantity(
        {"manufacturing": 2.0, "agro_processing": 2.0, "construction_materials": 1.0},
        unit="weight",
        low=0,
        high=100,
        grade="D",
        year=2022,
        source="industries of the provinces' parks: garments, sugar, starch, fruit, materials; weights assumed",
        help="weight of an industry",
        names="fields",
    )
    cost_per_post: float = quantity(
        30e6,
        unit="VND per post",
        low=0,
        high=1e9,
        grade="D",
        year=2022,
        source="assumed: no source has the public money for land, roads and attraction per post",
        help="public money for each post of an enterprise that settles",
    )
    cost_of_expansion: float = quantity(
        5e6,
        unit="VND per post and year",
        low=0,
        high=200e6,
        grade="D",
        year=2022,
        source="assumed: no source has it",
        help="public money for each post by which targets are raised, while they are",
    )

    def _expanding(self, world: World) -> np.ndarray:
        """Mark the private employers of these districts and industries, shape `(n_enterprises,)`."""
        e = world.enterprises
        here = weights_of(self.districts, world.places.names, np.ones(len(world.places))) > 0
        these = weights_of(self.fields, world.fields, np.ones(world.n_fields)) > 0
        marked: np.ndarray = here[e.district] & these[e.field] & (e.active > 0) & (e.kind == Kind.PRIVATE)
        return marked

    def _targets(self, world: World) -> np.ndarray:
        """Return what employers planned last month but for what policies add, shape `(n_enterprises,)`."""
        e = world.enterprises
        index = world.demand_index[e.field] if world.demand_index.size else 1.0
        targets: np.ndarray = e.weight * e.luck * index
        return targets

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Bring posts to the parks, and raise targets where investors expand."""
        year = world.calendar[0]
        posts, expansion = amount_in(self.posts_per_year, year), amount_in(self.expansion, year)
        money = self.money_left(world, levers.policy)
        raised = float(self._targets(world)[self._expanding(world)].sum()) * expansion / world.scale
        part = part_paid_for(money, raised * self.cost_of_expansion / 12.0)
        expansion *= part
        money -= part * raised * self.cost_of_expansion / 12.0
        cost = posts * self.cost_per_post / 12.0
        part = part_paid_for(money, cost)
        if posts > 0.0:
            spread = part * spread_over_markets(world, posts, self.districts, self.fields)
            levers.add("park_posts", spread if money >= SPARE * cost else where_most(spread))
        if expansion > 0.0:
            levers.multiply("labour_demand", 1.0 + expansion, to=self._expanding(world))

    def settle(self, world: World, account: Account) -> None:
        """Pay for posts of enterprises that settled, and month by month for posts by which targets are raised."""
        persons = float((world.events["company_park_posts"] * account.share("park_posts")).sum()) / world.scale
        account.pay("posts in parks", "enterprises in parks", persons, self.cost_per_post)
        targets = world.enterprises.target.sum(axis=1)
        for one in world.levers.contributions:
            if one.policy == account.policy and one.lever == "labour_demand":
                persons = float((targets * (1.0 - 1.0 / one.amount)).sum()) / world.scale
                account.pay("expansion in parks", "enterprises in parks", persons, self.cost_of_expansion / 12.0)
