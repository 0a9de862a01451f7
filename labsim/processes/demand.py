"""Exogenous demand: how many hands each sector wants, from output growth less productivity growth."""

from __future__ import annotations

import numpy as np

from labsim.draws import DrawsOfMonth
from labsim.processes.base import process
from labsim.quantity import Parameters, Yearly, amount_in, quantity
from labsim.world import Sector, World

_GRDP = (
    "General statistics and provincial reports: GRDP growth of Son La 2021 (2.2 %), 2021-25 average (5.1 %), H1 2025 by"
    " sector"
)


class DemandParameters(Parameters):
    """Growth of output by sector, and the part of it that needs no more hands."""

    growth_agriculture: Yearly = quantity(
        {2021: 0.034},
        unit="per year",
        low=-0.2,
        high=0.3,
        grade="A",
        year=2025,
        source="GRDP of agriculture, Son La, average 2021-25 (3.44 %)",
        help="growth of agricultural output",
    )
    growth_industry: Yearly = quantity(
        {2021: 0.02, 2022: 0.07, 2026: 0.08},
        unit="per year",
        low=-0.2,
        high=0.4,
        grade="C",
        year=2025,
        source=_GRDP,
        help="growth of output of industry and construction (hydropower swings it with few jobs, so it is smoothed)",
    )
    growth_services: Yearly = quantity(
        {2021: 0.02, 2022: 0.07},
        unit="per year",
        low=-0.2,
        high=0.3,
        grade="B",
        year=2025,
        source=_GRDP,
        help="growth of output of services",
    )
    productivity_agriculture: float = quantity(
        0.03,
        unit="per year",
        low=-0.1,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed",
        help="growth of output per worker, agriculture",
    )
    productivity_industry: float = quantity(
        0.02,
        unit="per year",
        low=-0.1,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed",
        help="growth of output per worker, industry",
    )
    productivity_services: float = quantity(
        0.02,
        unit="per year",
        low=-0.1,
        high=0.2,
        grade="D",
        year=2020,
        source="assumed",
        help="growth of output per worker, services",
    )
    elasticity: float = quantity(
        1.0,
        unit="elasticity",
        low=0,
        high=2,
        grade="D",
        year=2020,
        source="assumed",
        help="how much of growth beyond productivity becomes posts",
    )


@process(reads="", writes="demand_index")
def grow(world: World, parameters: DemandParameters, draws: DrawsOfMonth) -> None:
    """Move the demand for labour of each field: index *= exp(elasticity (output growth - productivity growth) / 12)."""
    year = world.calendar[0]
    growth = np.zeros(len(Sector))
    growth[Sector.AGRICULTURE] = amount_in(parameters.growth_agriculture, year) - parameters.productivity_agriculture
    growth[Sector.INDUSTRY] = amount_in(parameters.growth_industry, year) - parameters.productivity_industry
    growth[Sector.SERVICES] = amount_in(parameters.growth_services, year) - parameters.productivity_services
    world.demand_index *= np.exp(parameters.elasticity * growth[world.sector_of_field] / 12.0)
