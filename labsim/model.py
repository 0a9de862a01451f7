"""A simulation as a `mesa.Model`, as Mesa's users know it: steps, agents, data collectors."""

from __future__ import annotations

import mesa

from labsim.agents import Province, TrainingInstitution
from labsim.config import Config
from labsim.errors import RunError
from labsim.simulation import Simulation
from labsim.text import _


class LabourModel(Simulation, mesa.Model):
    """The working people of a province, month by month.

        model = LabourModel(labsim.load("son_la"), seed=1)
        for _ in range(12):
            model.step()

    Institutions and the province are Mesa agents (`model.agents_by_type[TrainingInstitution]`); people and employers
    are columns, and `model.workers[123]` reads one person as an agent. After the last month of the configuration's
    period `model.running` is False, and a further step raises RunError.
    """

    def __init__(self, config: Config, seed: int | None = None) -> None:
        mesa.Model.__init__(self, rng=config.seed if seed is None else seed)
        Simulation.__init__(self, config, seed)
        for row, name in enumerate(self._institution_names()):
            TrainingInstitution(self, row, name)
        self.province = Province(self)

    def step(self) -> None:
        """Simulate one month. Raises RunError after the last month of the period."""
        if self.month >= self.config.period.n_months:
            message = _("the run ended in {until}; a later end is set with period.until")
            raise RunError(message.format(until=self.config.period.until))
        super().step()
        self.running = self.month < self.config.period.n_months

    def _institution_names(self) -> list[str]:
        names = [str(institution.names) for institution in self.config.province.institutions]
        return names[: len(self.world.institutions)] or [
            f"institution {i}" for i in range(len(self.world.institutions))
        ]
