"""What a training seat does to its holder and to others, at default parameters: what reviews of trials lead to expect.

Eight seeds of Son La at 1:10, about 700 holders each. Intervals come from the variance between the seeds: with 7
degrees of freedom Student's t is beyond 2.36 on one side once in 40. `pytest -s` prints the numbers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from labsim.experiment.effect_of_seat import OUTCOMES, SeatEffect, effect_of_seat, mean_and_error

SEEDS, T_7 = range(1, 9), 2.36
DIP_SEEDS, T_11 = range(1, 13), 2.20
PAID, WORK = OUTCOMES.index("paid_job"), OUTCOMES.index("work")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def effects(son_la) -> list[SeatEffect]:
    config = son_la(scale=0.1, until="2024-12")
    return [effect_of_seat(config, seed) for seed in SEEDS]


def over_seeds(effects: list[SeatEffect], read: Callable[[SeatEffect], float]) -> tuple[float, float]:
    return mean_and_error([read(effect) for effect in effects])


def test_a_seat_raises_paid_work_by_a_few_points_after_two_years(effects):
    """A paid job is what search acts on: farming is work too, and nearly everyone here works."""
    for row, outcome in enumerate(OUTCOMES):
        for month in (0, 1, 3, 6, 12, 24):
            mean, error = over_seeds(effects, lambda e, row=row, month=month: float(e.holder[row, month]))
            print(f"{outcome}, {month} months after enrolment: {mean:+.2f} points, standard error {error:.2f}")
    mean, error = over_seeds(effects, lambda e: float(e.holder[PAID, 24]))
    assert mean - T_7 * error > 0.0
    assert mean < 10.0
    work, _ = over_seeds(effects, lambda e: float(e.holder[WORK, 24]))
    assert abs(work) < 10.0


def test_paid_work_dips_when_the_course_begins(son_la):
    """By a fifth of a point, since most courses are beside work: it takes more holders to see it, 2,200 a seed."""
    config, window = son_la(scale=0.1, until="2022-01"), ("2021-01", "2021-12")
    effects = [effect_of_seat(config, seed, 40_000.0, window, 0) for seed in DIP_SEEDS]
    mean, error = over_seeds(effects, lambda e: float(e.holder[PAID, 0]))
    print(f"paid_job, in the month of enrolment: {mean:+.2f} points, standard error {error:.2f}")
    assert mean + T_11 * error < 0.0


def test_part_of_the_gain_is_other_peoples_loss(effects):
    """Vacancies are as many as before: whoever is hired takes a post that somebody else would have had in part."""
    gain, _ = over_seeds(effects, lambda e: float(e.holder[PAID, 24]))
    loss, error = over_seeds(effects, lambda e: float(e.others[PAID, 24]))
    print(f"others, 24 months after: {loss:+.2f} paid jobs for 100 holders, standard error {error:.2f}")
    print(f"displaced: {-loss / gain:.0%} of the holders' gain")
    assert loss + T_7 * error < 0.0


def test_two_runs_without_extra_seats_do_not_differ(son_la):
    """Else the numbers above would hold something besides the seats."""
    effect = effect_of_seat(son_la(scale=0.01, until="2022-12"), 1, 0.0, ("2021-06", "2021-08"), 6)
    assert effect.holders == 0
    assert not np.any(effect.others)
