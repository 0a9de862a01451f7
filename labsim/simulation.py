"""One run: a world, the schedule of the month, the policies, a recorder. The one engine, without Mesa."""

from __future__ import annotations

import time
from typing import Self

import numpy as np

from labsim import schedule
from labsim.config import Config
from labsim.draws import Draws
from labsim.errors import RunError
from labsim.outcomes import Achievements
from labsim.plain_values import plain_arguments, require_seed
from labsim.policies.base import Account, Policy
from labsim.policies.told import chance_kept, is_own, told_of
from labsim.policy_source import policy_anew
from labsim.population import Misfit, populate
from labsim.processes import counting, demography
from labsim.read_only import Sight, fix_parameters
from labsim.recorder import Recorder
from labsim.reference_world import build_reference
from labsim.world import Activity, Enterprises, Institutions, Programmes, Workers, World


def _world_of(config: Config, seed: int) -> tuple[World, Misfit]:
    """Build the world at month 0: a province from its margins, or a reference world from its few numbers."""
    if config.province.kind == "reference":
        return build_reference(config.reference, config.scale, config.period.year_and_month(0), seed), Misfit()
    return populate(config, seed)


def _policies_of(config: Config) -> dict[str, Policy]:
    """Return the policies of a run, sorted by name; those of a user's own file are loaded anew."""
    policies = {}
    for name, policy in sorted(config.policies.items()):
        try:
            policies[name] = policy_anew(policy, config.origins.get(name), base=Policy)
        except ValueError as error:
            raise RunError(f"policies.{name}: {error}") from error
        if policies[name] is not policy:
            fix_parameters(policies[name])
    return policies


class Simulation:
    """The working people of a province, month by month.

    `workers`, `enterprises`, `institutions` and `programmes` are tables of columns; `workers[123]` reads one person
    as an agent. `LabourModel` is this as a `mesa.Model`.
    """

    @plain_arguments
    def __init__(self, config: Config, seed: int | None = None) -> None:
        self.config = config
        self.seed_of_run = config.seed if seed is None else require_seed(seed)
        self.draws = Draws(self.seed_of_run)
        started = time.perf_counter()
        self.world, self.misfit = _world_of(config, self.seed_of_run)
        self.timing = {"population_s": time.perf_counter() - started, "months_s": 0.0}
        self.processes = schedule.of_month(config.switched_off)
        self._sight = Sight(self.world)
        self.policies = _policies_of(config)
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
            self._ask(name, policy, "adjust")
        draws = self.draws.at(month)
        for process in self.processes:
            process(world, getattr(self.config, process.section), draws)
        for name, policy in policies:
            self._ask(name, policy, "settle")
        self.achievements.take(world, [name for name, _policy in policies])
        world.ledger.close_month()
        self.recorder.take(world)
        self.timing["months_s"] += time.perf_counter() - started

    def _ask(self, name: str, policy: Policy, what: str) -> None:
        """Let a policy adjust levers or settle what is to pay; what goes wrong is said in a line.

        One that is not built in sees a world that it cannot write.
        """
        world = self.world
        seen = self._sight.of(name, self.draws.at(self.month)) if is_own(policy) else world
        try:
            with chance_kept(policy, what):
                if what == "adjust":
                    policy.adjust(world.levers.by(name), seen)
                else:
                    policy.settle(seen, Account(seen, name, None if seen is world else world.ledger.pay))
        except BaseException as error:
            told = told_of(error, name, policy, what, world.calendar)
            if told is None:
                raise
            raise told from error

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
