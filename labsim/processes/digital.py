"""Short courses in digital skills, beside whatever people do."""

from __future__ import annotations

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth, rounded, uniforms
from labsim.processes.base import process
from labsim.processes.drawing import draw_people
from labsim.quantity import Parameters, quantity
from labsim.world import Activity, WorkerArrays, World

OUT = int(Activity.OUT_OF_LABOUR_FORCE)
NOBODY_LEARNS = np.zeros(0, dtype=np.int64)
MAY_LEARN = np.arange(len(Activity))[:, None] <= OUT  # by what people do
MONTHS_AT_15 = 180  # where the first of the ages begins, each ten years wide


class DigitalParameters(Parameters):
    """How long a course in digital skills takes, and who finishes it."""

    months: int = quantity(
        2,
        unit="months",
        low=1,
        high=24,
        grade="D",
        year=2025,
        source="assumed: short courses of the province for youth, students and young workers",
        help="length of a course",
    )
    dropout: float = quantity(
        0.15,
        unit="share",
        low=0,
        high=1,
        grade="D",
        year=2025,
        source="assumed",
        help="share of those admitted who do not finish, or do not keep the skill",
    )


@kernel
def _who_may_learn(w: WorkerArrays, month: int, n_ages: int, rows: np.ndarray) -> np.ndarray:
    """Return 0 for people away, with the skill or on a course, for others the number of their age, counted from 1."""
    activity, digital, course, birth = w.activity, w.digital, w.digital_course, w.birth_month
    kinds = np.zeros(rows.shape[0], dtype=np.uint8)
    for s in range(rows.shape[0]):
        i = rows[s]
        if activity[i] <= OUT and digital[i] == 0 and course[i] == 0:
            kinds[s] = 1 + min(n_ages - 1, max(0, (month - birth[i] - MONTHS_AT_15) // 120))
    return kinds


@process(
    reads=(
        "workers.activity workers.birth_month workers.district levers.digital_places "
        "levers.digital_priority counts"
    ),
    writes=(
        "workers.digital workers.digital_course counts ledger events.digital_enrolled "
        "events.digital_trained"
    ),
)
def teach(world: World, parameters: DigitalParameters, draws: DrawsOfMonth) -> None:
    """Teach digital skills in short courses: those at the end of one gain them, and places are filled anew.

    Places of a district go to people without the skill in a race keyed to the person, with the weight of their age.
    People who have left the province drop out.
    """
    w, counts, levers = world.workers, world.counts, world.levers
    places = rounded(levers["digital_places"] * world.scale / 12.0, draws.key("places in digital skills"))
    learners: np.ndarray = counts.get("digital_learners", NOBODY_LEARNS)
    if learners.size:
        w.digital_course[learners] -= 1
        left = w.digital_course[learners]
        done, learners = learners[left == 0], learners[left > 0]
        stays = uniforms(draws.key("digital dropout"), done) >= parameters.dropout
        able = done[stays & (w.activity[done] <= OUT)]
        w.digital[able] = 1
        counts["digital_learners"] = learners
        by_district = np.bincount(w.district[able], minlength=len(world.places))
        world.events["digital_trained"] = {parameters.months: by_district}
        world.ledger.count("digital_trained", len(able))
    if not places.any():
        return
    weights = np.concatenate([[0.0], levers["digital_priority"]])
    people = draw_people(
        lambda rows: _who_may_learn(world.people, world.month, len(weights) - 1, rows),
        w.district,
        weights,
        places,
        draws,
        "learn digital skills",
        w.activity,
        np.repeat(MAY_LEARN, len(weights), axis=1),
    )
    w.digital_course[people] = parameters.months
    counts["digital_learners"] = np.concatenate([learners, people])
    world.events["digital_enrolled"] = np.bincount(w.district[people], minlength=len(world.places))
