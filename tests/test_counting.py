"""Everyone is counted where they are, every month, though only those who changed are moved between the cells."""

from __future__ import annotations

import numpy as np
import pytest

from labsim import load
from labsim.processes.counting import AGE_BANDS, BLOCK, N_STATUSES, N_TRAINING, STATUSES, count_people
from labsim.simulation import Simulation
from labsim.world import Activity, Certificate, Level, World


def _statuses(world: World) -> np.ndarray:
    """Return the status of everyone in the province or away, by its name; -1 for children and people outside."""
    w, under = world.workers, world.counts["under"]
    status = np.full(len(w), -1)
    farming, hungry = w.activity == Activity.FARMING, w.pace < under[w.district]
    status[farming] = (2 * (w.own_use == 0) + hungry)[farming]
    for activity, first in (
        (Activity.HOUSEHOLD_BUSINESS, "business, agriculture"),
        (Activity.EMPLOYEE, "employee, agriculture"),
    ):
        at_work = w.activity == activity
        status[at_work] = STATUSES.index(first) + world.sector_of_field[w.work_field[at_work]]
    for activity in range(Activity.UNEMPLOYED, Activity.ABROAD + 1):
        status[w.activity == activity] = STATUSES.index("unemployed") + activity - Activity.UNEMPLOYED
    return status


def _training(world: World) -> np.ndarray:
    w = world.workers
    training = np.where(w.certificate > Certificate.NO_PAPER, 2 + w.certificate, 1 + w.vocational)
    training = np.where(w.level >= Level.UNIVERSITY, 5, training)
    return np.where(w.level == Level.NONE, 0, training)


def _ages(world: World) -> np.ndarray:
    """Return the age band of everyone of fifteen and older."""
    w, months = world.workers, world.month - world.workers.birth_month.astype(int)
    old = months >= world.tables["retirement_months"][w.sex]
    return np.where(old, len(AGE_BANDS) - 1, np.digitize(months, [18 * 12, 25 * 12, 36 * 12]))


@pytest.mark.parametrize(
    ("name", "settings", "months"),
    [
        ("son_la", ["scale=0.002"], (0, 5, 7, 12)),
        pytest.param("reference/frictional", ["reference.people=300"], (0, 1, 8), marks=pytest.mark.tiny),
        ("reference/frictional", [f"reference.people={2 * BLOCK + 5_000}"], (0, 2)),  # several blocks in one place
    ],
)
def test_cells_are_those_of_a_count_from_nothing(name, settings, months):
    model, before = Simulation(load(name, settings=settings), seed=3), 0
    for month in months:
        world, w = model.run(month - before).world, model.world.workers
        before, status = month, _statuses(world)
        here = status >= 0
        ages, groups = len(AGE_BANDS), world.n_groups
        shape = (len(world.places), 2, 2, ages, groups, N_STATUSES, N_TRAINING, 2)
        codes = (w.district, w.urban, w.sex, _ages(world), w.ethnicity, status, _training(world), w.digital)
        place = np.ravel_multi_index([code[here].astype(int) for code in codes], shape)
        expected = np.bincount(place, minlength=int(np.prod(shape))).reshape(shape)
        counts = world.counts
        assert expected.sum() == here.sum() > 0
        assert np.array_equal(counts["cells"][:, :, :, :, :, :-1], expected)
        of_residence = expected.sum(axis=(0, 2))
        assert np.array_equal(counts["by_residence"][:, :, 0], of_residence[:, :, 0])
        assert np.array_equal(counts["by_residence"][:, :, 1], of_residence[:, :, 1:].sum(axis=2))
        assert np.array_equal(counts["people"], expected.sum(axis=tuple(range(1, 8))))
        owners = w.activity == Activity.HOUSEHOLD_BUSINESS
        trades = np.zeros((len(world.places), world.n_fields))
        np.add.at(trades, (w.district[owners], w.work_field[owners]), 1)
        assert np.array_equal(counts["businesses"], trades)
        for activity in (Activity.FARMING, Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE):
            paid = w.activity == activity
            pay = np.bincount(w.urban[paid], w.wage[paid].astype(np.int64), 2)
            assert np.array_equal(counts["pay_by_residence"][:, activity], pay)


def test_pay_is_added_up_exactly_however_many_earn_how_much():
    """Pay is added up in halves of 16 bits: here all lower halves are as great as they can be."""
    model = Simulation(load("reference/frictional", settings=[f"reference.people={BLOCK + 5_000}"]), seed=3)
    w, pay = model.world.workers, 0x1FFFF
    w.wage[:] = pay
    count_people(model.world, model.config.counting, model.draws.at(0))
    employees = int((w.activity == Activity.EMPLOYEE).sum())
    assert employees > 0.9 * BLOCK
    assert model.world.counts["pay_by_residence"][:, Activity.EMPLOYEE].sum() == employees * pay
