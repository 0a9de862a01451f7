"""Training without paper: extension classes for farmers, and training on the job."""

from __future__ import annotations

import math

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, gated
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.world import Activity, Level, WorkerArrays, World

FARMING, EMPLOYEE, SHORT = int(Activity.FARMING), int(Activity.EMPLOYEE), int(Level.SHORT_COURSE)


class ExtensionParameters(Parameters):
    """How many people are trained without paper."""

    extension_rate: float = quantity(
        0.02,
        unit="per year",
        low=0,
        high=0.05,
        grade="B",
        year=2024,
        source=(
            "13,507 trainees of technology-transfer classes in 2023-24 among 120,000 people of working age in Mai Son"
        ),
        help="share of untrained farmers whom extension classes make trained, as the province counts it, without paper",
    )
    on_the_job_rate: float = quantity(
        0.04,
        unit="per month",
        low=0,
        high=0.5,
        grade="D",
        year=2020,
        source="assumed: who fills a skilled post without training is trained within two years",
        help="chance that an untrained employee in a skilled post is trained by the employer, without paper",
    )


@kernel
def _informally(
    w: WorkerArrays, extension: float, on_the_job: float, rows: np.ndarray, heads: np.ndarray, key: np.uint64
) -> tuple[int, int]:
    field, tier, work_field = w.field, w.tier, w.work_field
    farmers, employees = 0, 0
    level = w.level
    # column by column: memory is then asked for many people at once
    levels, doing = level[rows], w.activity[rows]
    for k in range(rows.shape[0]):
        if levels[k] > 0:
            continue
        i, now = rows[k], doing[k]
        if now == FARMING:
            if gated(heads[k], key, i) < extension:
                level[i] = SHORT
                farmers += 1
        elif now == EMPLOYEE and tier[i] >= 1 and gated(heads[k], key, i) < on_the_job:
            level[i] = SHORT
            field[i] = work_field[i]
            employees += 1
    return farmers, employees


@process(reads="workers.activity workers.tier workers.work_field", writes="workers.level workers.field ledger")
def train_informally(world: World, parameters: ExtensionParameters, draws: DrawsOfMonth) -> None:
    """Train farmers in extension classes and unqualified employees on the job, without paper.

    The province counts them as trained; the statistics office does not.
    """
    extension = 1.0 - math.exp(-parameters.extension_rate / 12.0)
    on_the_job = parameters.on_the_job_rate
    kinds = np.zeros(len(Activity))
    kinds[FARMING], kinds[EMPLOYEE] = extension, on_the_job
    rows, heads = draws.gate_by("train informally", kinds, world.workers.activity)
    farmers, employees = _informally(world.people, extension, on_the_job, rows, heads, draws.key("train informally"))
    world.ledger.count("trained_by_extension", farmers)
    world.ledger.count("trained_on_the_job", employees)
