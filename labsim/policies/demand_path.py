"""A path of labour demand: a business cycle, and a shift between fields such as automation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from labsim.levers import LeversOfPolicy
from labsim.policies.base import Policy
from labsim.quantity import quantity
from labsim.world import World

_AUTHOR = "the scenario's author"


class DemandPath(Policy):
    """What happens to employers' demand from outside: no policy, but a scenario to try policies in. It costs nothing.

    From `start` on, every employer's target headcount follows 1 - amplitude x sin(2 pi t / cycle_months), and that of
    a field in `final` goes to its factor along a sigmoid. Lever: labour_demand. Both forms are those of del
    Rio-Chanona et al. (2021, J. R. Soc. Interface 18:20200898).
    """

    acts_through: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "cycle_months": ("amplitude",),
        "midpoint": ("final",),
        "width": ("final",),
    }

    amplitude: float = quantity(
        0.0,
        unit="share of demand",
        low=0,
        high=0.9,
        grade="D",
        year=2026,
        source=_AUTHOR,
        help="how far demand falls and rises with the business cycle",
    )
    cycle_months: int = quantity(
        60, unit="months", low=2, high=1200, grade="D", year=2026, source=_AUTHOR, help="length of the business cycle"
    )
    final: dict[str, float] = quantity(
        {},
        unit="factor",
        low=0,
        high=10,
        grade="D",
        year=2026,
        source=_AUTHOR,
        help="demand of a field when its shift is over, relative to before; fields not named keep theirs",
        names="fields",
    )
    midpoint: float = quantity(
        60.0, unit="months", low=0, high=1200, grade="D", year=2026, source=_AUTHOR, help="when half the shift is done"
    )
    width: float = quantity(
        4.0,
        unit="months",
        low=0.1,
        high=600,
        grade="D",
        year=2026,
        source=_AUTHOR,
        help="how long the shift takes: from a quarter to three quarters in 2.2 widths",
    )

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Multiply the demand of every employer by the cycle and by its field's shift."""
        months = world.month - self._first_month(world)
        cycle = 1.0 - self.amplitude * math.sin(2.0 * math.pi * max(0, months) / self.cycle_months)
        done = 1.0 / (1.0 + math.exp(min(700.0, (self.midpoint - months) / self.width)))
        shift = np.array([1.0 + (self.final.get(name, 1.0) - 1.0) * done for name in world.fields])
        levers.multiply("labour_demand", cycle * shift[world.enterprises.field])

    def _first_month(self, world: World) -> int:
        """Return the month of the run at which the path begins: that of `start`, else the run's first."""
        if self.start is None:
            return 0
        year, month = (int(part) for part in self.start.split("-"))
        return (year - world.start_year) * 12 + month - world.start_month
