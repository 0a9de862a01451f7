"""Hazards strike districts and cut farm income for some months.

Two effects fight. A bad harvest makes leaving the farm more attractive; the savings it eats make leaving, training
and migration unaffordable. A Thailand-Viet Nam panel finds that drought lowers the migration of poor households. The
sign is left to parameters.
"""

from __future__ import annotations

import numpy as np

from labsim.draws import DrawsOfMonth, uniforms
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.world import World

# Calendar months in which drought, frost, flood and landslide come: the dry season, winter, the rains, the late rains.
SEASONS = ((2, 3, 4, 5), (12, 1, 2), (6, 7, 8, 9), (7, 8, 9))


class ClimateParameters(Parameters):
    """How often hazards come, and what they take."""

    frequency: float = quantity(
        1.0,
        unit="factor",
        low=0,
        high=5,
        grade="D",
        year=2020,
        source="assumed; the districts' own rates are in districts.csv",
        help="factor on the rate of every hazard in every district",
    )
    share_exposed: float = quantity(
        0.25,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="share of a district's farming that an event reaches",
    )
    loss_of_income: float = quantity(
        0.4,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2020,
        source="assumed",
        help="share of income lost by the farming that is reached, while the loss lasts",
    )
    months_of_loss: int = quantity(
        6,
        unit="months",
        low=1,
        high=36,
        grade="D",
        year=2020,
        source="one crop season; assumed",
        help="how long a loss lasts",
    )
    loss_of_savings: float = quantity(
        0.15,
        unit="share",
        low=0,
        high=1,
        grade="C",
        year=2017,
        source=(
            "sized so that liquidity can outweigh the push, as in the Thailand-Viet Nam panel (migration of poor"
            " households -5.3 points)"
        ),
        help="share of the savings of farmers in the district that an event takes",
    )


@process(
    reads="places",
    writes="places events.districts_struck events.savings_lost",
)
def strike(world: World, parameters: ClimateParameters, draws: DrawsOfMonth) -> None:
    """Draw each hazard in each district: P = 1 - exp(-rate / months of its season) in season, none outside it.

    An event lowers the district's farm income by `share_exposed * loss_of_income` for `months_of_loss` months.
    """
    places = world.places
    month_of_year = world.calendar[1]
    n = len(places)
    struck = np.zeros(n, dtype=bool)
    key = draws.key("hazard")
    for h, season in enumerate(SEASONS):
        if month_of_year in season:
            chance = 1.0 - np.exp(-parameters.frequency * places.hazard_rate[h] / len(season))
            struck |= uniforms(key, np.arange(n) + h * n) < chance
    places.hit_months[:] = np.where(struck, 0.0, places.hit_months + 1.0)
    loss = parameters.share_exposed * parameters.loss_of_income
    places.climate_factor[:] = np.where(places.hit_months < parameters.months_of_loss, 1.0 - loss, 1.0)
    world.events["savings_lost"] = np.where(struck, parameters.loss_of_savings, 0.0)
    world.events["districts_struck"] = int(struck.sum())
