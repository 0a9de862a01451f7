"""One run: a world, the schedule of the month, the policies, a recorder. The one engine, without Mesa."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np

from labsim import schedule
from labsim.config import Config
from labsim.draws import Draws
from labsim.errors import LabsimError, RunError
from labsim.outcomes import Achievements
from labsim.policies.base import Account, Policy
from labsim.population import Misfit, populate
from labsim.processes import counting, demography
from labsim.recorder import Recorder
from labsim.reference_world import build_reference
from labsim.text import _
from labsim.world import Activity, Enterprises, Institutions, Programmes, Workers, World


def _world_of(config: Config, seed: int) -> tuple[World, Misfit]:
    """Build the world at month 0: a province from its margins, or a reference world from its few numbers."""
    if config.province.kind == "reference":
        return build_reference(config.reference, config.scale, config.period.year_and_month(0), seed), Misfit()
    return populate(config, seed)


class Simulation:
    """The working people of a province, month by month.

    `workers`, `enterprises`, `institutions` and `programmes` are tables of columns; `workers[123]` reads one person
    as an agent. `LabourModel` is this as a `mesa.Model`.
    """

    def __init__(self, config: Config, seed: int | None = None) -> None:
        self.config = config
        self.seed_of_run = config.seed if seed is None else seed
        self.draws = Draws(self.seed_of_run)
        started = time.perf_counter()
        self.world, self.misfit = _world_of(config, self.seed_of_run)
        self.timing = {"population_s": time.perf_counter() - started, "months_s": 0.0}
        self.processes = schedule.of_month(config.switched_off)
        self.policies: dict[str, Policy] = dict(sorted(config.policies.items()))
        self.recorder = Recorder(config.by)
        self.achievements = Achievements(self.policies)
        self.month = 0
        self._begin()

    def _begin(self) -> None:
        world = self.world
        world.tables["retirement_months"] = demography.retirement_months(self.config.demography, world.calendar[0])
        world.tables["cost_abroad"] = np.array(self.config.abroad.cost_abroad)
        counting.count_people(world, self.config.counting, self.draws.at(0))
        self.recorder.take(world)

    @property
    def workers(self) -> Workers:
        """Return the people, one row each."""
        return self.world.workers

    @property
    def enterprises(self) -> Enterprises:
        """Return the employers, one row each."""
        return self.world.enterprises

    @property
    def institutions(self) -> Institutions:
        """Return the training institutions, one row each."""
        return self.world.institutions

    @property
    def programmes(self) -> Programmes:
        """Return the programmes of the institutions, one row each."""
        return self.world.programmes

    def active_policies(self) -> list[tuple[str, Policy]]:
        """Return the policies that run this month: inside their window, with money left; sorted by name."""
        year, month = self.world.calendar
        spent = self.world.ledger.spent
        return [
            (name, policy)
            for name, policy in self.policies.items()
            if policy.in_window(year, month) and policy.within_budget(spent.get((name, year), 0), year)
        ]

    def step(self) -> None:
        """Simulate one month."""
        started = time.perf_counter()
        self.month += 1
        world, month = self.world, self.month
        world.month = month
        world.ledger.start_month()
        world.events.clear()
        world.applications = None
        world.levers.reset()
        policies = self.active_policies()
        for name, policy in policies:
            self._ask(name, policy.adjust, world.levers.by(name), world)
        draws = self.draws.at(month)
        for process in self.processes:
            process(world, getattr(self.config, process.section), draws)
        for name, policy in policies:
            self._ask(name, policy.settle, world, Account(world, name))
        self.achievements.take(world, [name for name, _policy in policies])
        world.ledger.close_month()
        self.recorder.take(world)
        self.timing["months_s"] += time.perf_counter() - started

    def _ask(self, name: str, act: Callable[..., None], *given: Any) -> None:
        """Let a policy act; what goes wrong in a file of the user's own is said without a traceback."""
        origin = self.config.origins.get(name)
        if origin is None or origin.file is None:
            act(*given)
            return
        try:
            act(*given)
        except LabsimError:
            raise
        except (Exception, SystemExit) as error:
            frames = traceback.extract_tb(error.__traceback__)
            # by name: of files with the same content, the one loaded first is in use
            lines = [frame.lineno for frame in frames if Path(frame.filename).name == origin.file.name]
            where = ":".join(str(part) for part in (origin.file.name, *lines[-1:]))
            year, month = self.world.calendar
            message = _("policies.{name}: {where} raised {kind}: {error} ({year}-{month:02d})")
            raise RunError(
                message.format(
                    name=name, where=where, kind=type(error).__name__, error=error, year=year, month=month
                )
            ) from error

    def run(self, months: int | None = None) -> Self:
        """Simulate a number of months, by default all that the configuration's period still holds; return the
        simulation.
        """
        left = self.config.period.n_months - self.month if months is None else months
        for _month in range(left):
            self.step()
        return self

    def imbalance(self) -> list[str]:
        """Return what does not balance in the books, in words; an empty list means that all of them do."""
        world, problems = self.world, []
        counted = np.bincount(world.workers.activity, minlength=len(world.ledger.stocks))
        if not np.array_equal(counted, world.ledger.stocks):
            problems.append(
                f"people counted by activity {counted.tolist()}, carried by flows {world.ledger.stocks.tolist()}"
            )
        e, w = world.enterprises, world.workers
        employed = w.employer >= 0
        posts = np.zeros_like(e.headcount)
        np.add.at(posts, (w.employer[employed], w.tier[employed]), 1)
        if not np.array_equal(posts, e.headcount):
            problems.append(
                f"headcounts sum to {int(e.headcount.sum())}, people with an employer to {int(posts.sum())}"
            )
        if not np.array_equal(employed, w.activity == Activity.EMPLOYEE):
            problems.append("people with an employer are not the employees")
        if (e.vacancies < 0).any() or (e.headcount < 0).any():
            problems.append("a headcount or a number of vacancies is negative")
        p = world.programmes
        taken = np.bincount(w.programme[w.programme >= 0], minlength=len(p))
        if not np.array_equal(taken, p.taken):
            problems.append(f"seats taken sum to {int(p.taken.sum())}, trainees to {int(taken.sum())}")
        if (p.taken > p.seats).any() and self.month > 0:
            problems.append("more trainees than seats")
        if sum(world.ledger.balances().values()) != 0:
            problems.append("money paid and money received differ")
        return problems
