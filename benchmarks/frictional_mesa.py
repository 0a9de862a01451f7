"""A frictional labour market in plain Mesa: one Agent object a person, as a Mesa user would write it.

Each month: every employee is separated with probability 0.02; everyone who was unemployed before that applies to one
of the V open posts at random; a post with applications hires one of them at random; skill grows with work and decays
without. V is the number of posts less the number of employees at the start of the month, so a post left this month is
filled from the next.
"""

from __future__ import annotations

import mesa

SEPARATION = 0.02
POSTS_PER_WORKER = 0.95
GROWTH = 0.02
DECAY = 0.02


class Worker(mesa.Agent):  # type: ignore[misc]
    """One person."""

    def __init__(self, model: Market, employed: bool) -> None:
        super().__init__(model)
        self.employed = employed
        self.searching = False
        self.skill = 0.5

    def separate(self) -> None:
        """Look for work if unemployed; lose the job by chance if not."""
        self.searching = not self.employed
        if self.employed and self.random.random() < SEPARATION:
            self.employed = False

    def apply(self) -> None:
        """Send one application to a vacancy drawn at random."""
        if self.searching:
            vacancy = self.random.randrange(self.model.vacancies)
            self.model.applications.setdefault(vacancy, []).append(self)

    def learn(self) -> None:
        """Gain skill in work, lose some without."""
        if self.employed:
            self.skill += GROWTH * (1.0 - self.skill)
        else:
            self.skill -= DECAY * self.skill


class Market(mesa.Model):  # type: ignore[misc]
    """The labour market."""

    def __init__(self, n_workers: int, seed: int) -> None:
        super().__init__(rng=seed)
        self.posts = int(POSTS_PER_WORKER * n_workers)
        n_employed = int(0.95 * n_workers)
        for number in range(n_workers):
            Worker(self, number < n_employed)
        self.n_employed = n_employed
        self.vacancies = 0
        self.applications: dict[int, list[Worker]] = {}
        self.history: list[tuple[int, int, int]] = []  # seekers, vacancies, hires

    def step(self) -> None:
        """Simulate one month."""
        seekers = len(self.agents) - self.n_employed
        self.vacancies = self.posts - self.n_employed
        self.applications = {}
        self.agents.do("separate")
        if self.vacancies > 0:
            self.agents.do("apply")
        for applicants in self.applications.values():
            self.random.choice(applicants).employed = True
        self.agents.do("learn")
        self.history.append((seekers, self.vacancies, len(self.applications)))
        self.n_employed = sum(worker.employed for worker in self.agents)
