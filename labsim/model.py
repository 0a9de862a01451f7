"""A simulation as a `mesa.Model`, as Mesa's users know it: steps, agents, data collectors."""

from __future__ import annotations

import mesa

from labsim.agents import Province, TrainingInstitution
from labsim.config import Config
from labsim.plain_values import plain_arguments, require_seed
from labsim.simulation import Simulation


class LabourModel(Simulation, mesa.Model):
    """The working people of a province, month by month.

        model = LabourModel(labsim.load("son_la"), seed=1)
        for _ in range(12):
            model.step()

    Institutions and the province are Mesa agents (`model.agents_by_type[TrainingInstitution]`); people and employers
    are columns, and `model.workers[123]` reads one person as an agent. `model.running` is False from the last month of
    the configuration's period on, so that `run_model()` ends there; further steps go on beyond it.
    """

    @plain_arguments
    def __init__(self, config: Config, seed: int | None = None) -> None:
        seed = config.seed if seed is None else require_seed(seed)
        mesa.Model.__init__(self, rng=seed)
        Simulation.__init__(self, config, seed)
        for row, name in enumerate(self._institution_names()):
            TrainingInstitution(self, row, name)
        self.province = Province(self)

    def step(self) -> None:
        """Simulate one month; after the last one of the period `running` is False."""
        super().step()
        self.running = self.month < self.config.period.n_months

    def _institution_names(self) -> list[str]:
        names = [str(institution.names) for institution in self.config.province.institutions]
        return names[: len(self.world.institutions)] or [
            f"institution {i}" for i in range(len(self.world.institutions))
        ]
