"""What a trial inside the simulation can give to people, whom it is for, and the policy that hands it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pydantic import PrivateAttr

from labsim.config import Config
from labsim.errors import ConfigError, Problem
from labsim.levers import LeversOfPolicy
from labsim.policies.base import Policy
from labsim.text import _, did_you_mean, mark
from labsim.world import Activity, Level, Workers, World

__all__ = ["TREATMENTS", "Treatment", "TrialPolicy", "treatment_named"]

YOUNGEST, OLDEST = 15 * 12, 45 * 12


def _out_of_work(workers: Workers, _month: int) -> np.ndarray:
    return np.asarray(workers.activity == Activity.UNEMPLOYED)


def _without_training(workers: Workers, month: int) -> np.ndarray:
    age = month - workers.birth_month.astype(np.int64)
    inside = (workers.activity <= Activity.UNEMPLOYED) & (age >= YOUNGEST) & (age < OLDEST)
    return np.asarray(inside & (workers.level == Level.NONE) & (workers.programme < 0))


@dataclass(frozen=True)
class Treatment:
    """Describe a treatment: the lever through which it reaches people, how much of it, and who is eligible.

    `dose` is in `unit` and assumed (grade D). `once` says that each person gets it in one month of the window, drawn
    for them; else it holds in every month of the window. `needs` are the sections of the month without which nothing
    would happen; `eligible(workers, month)` marks people, shape `(n_workers,)`.
    """

    name: str
    lever: str
    rule: str
    dose: float
    unit: str
    once: bool
    needs: tuple[str, ...]
    what: str
    whom: str
    eligible: Callable[[Workers, int], np.ndarray]


_SEEKERS = mark("people out of work when the trial begins")
TREATMENTS: dict[str, Treatment] = {
    one.name: one
    for one in (
        Treatment(
            "vocational_training", "training_place", "max", 1.0, "switch", True, ("training",),
            mark("an offer of a place of their own in a course, in one month of the window; they may decline"),
            mark("people of 15 to 44 in the labour force without any training"), _without_training,
        ),
        Treatment(
            "job_priority", "hiring_priority", "add", 10.0, "points", False, ("search", "matching"),
            mark("employers take them before all other applicants"), _SEEKERS, _out_of_work,
        ),
        Treatment(
            "job_search_help", "search_effort", "multiply", 1.5, "factor", False, ("search", "matching"),
            mark("help with searching: they apply more often"), _SEEKERS, _out_of_work,
        ),
        Treatment(
            "hiring_subsidy", "wage_subsidy", "add", 0.3, "share of wage offer", False, ("search", "matching"),
            mark("part of their wage is paid to who hires them"), _SEEKERS, _out_of_work,
        ),
    )
}  # fmt: skip


def treatment_named(name: str, config: Config) -> Treatment:
    """Return a treatment; raises ConfigError for an unknown one, or where nothing in the world could answer to it."""
    if name not in TREATMENTS:
        message = _("given {given!r}; {hint}").format(given=name, hint=did_you_mean(name, sorted(TREATMENTS)))
        raise ConfigError([Problem(None, None, None, "treatment", message)])
    found = TREATMENTS[name]
    for section in found.needs:
        if section in config.switched_off:
            message = _("{name} does nothing here: {section} is switched off").format(name=name, section=section)
            raise ConfigError([Problem(None, None, None, "treatment", message)])
    return found


class TrialPolicy(Policy):
    """Give a treatment to the people whom a trial has drawn, and do nothing before they are drawn.

    Levers: training_place, hiring_priority, search_effort, wage_subsidy; each treatment writes one.
    """

    _treatment: Treatment | None = PrivateAttr(default=None)
    _treated: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, dtype=bool))
    _month_of: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _last: int = PrivateAttr(default=-1)

    def begin(self, treatment: Treatment, treated: np.ndarray, month_of: np.ndarray, last: int) -> None:
        """Treat those marked, shape `(n_workers,)`, up to the month `last`: each in the month given, or in all."""
        self._treatment, self._treated, self._month_of, self._last = treatment, treated, month_of, last

    def adjust(self, levers: LeversOfPolicy, world: World) -> None:
        """Write the treatment of this month."""
        treatment = self._treatment
        if treatment is None or world.month > self._last:
            return
        now = self._treated & (self._month_of == world.month) if treatment.once else self._treated
        write = {"add": levers.add, "multiply": levers.multiply, "max": levers.raise_to}[treatment.rule]
        write(treatment.lever, treatment.dose, to=now)
