"""Count the people once a month, into one table by district, residence, sex, age, ethnic group, status, training and
digital skills.
"""

from __future__ import annotations

import numpy as np

from labsim.compiled import kernel
from labsim.draws import DrawsOfMonth
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.world import Activity, WorkerArrays, World

FARMING, BUSINESS, EMPLOYEE = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS), int(Activity.EMPLOYEE)
ABROAD = int(Activity.ABROAD)

# Ages in months at which the bands begin; the last begins at the statutory retirement age.
AGE_BANDS = ("15-17", "18-24", "25-35", "36-retirement", "past retirement")
STATUSES = (
    "farming for own use",
    "farming for own use, too few hours",
    "farming for the market",
    "farming for the market, too few hours",
    "business, agriculture",
    "business, industry",
    "business, services",
    "employee, agriculture",
    "employee, industry",
    "employee, services",
    "unemployed",
    "in training",
    "out of the labour force",
    "away in Viet Nam",
    "abroad",
)
N_STATUSES = len(STATUSES)
# Training: none; without paper, not vocational; vocational without paper; paper under three months; certificate of three
# months or more, vocational; university.
N_TRAINING = 6
N_PAY_BINS = 400
PAY_BIN = 1.0e5


class CountingParameters(Parameters):
    """When a farmer counts as underemployed."""

    full_hours: float = quantity(
        1.00,
        unit="share",
        low=0.1,
        high=1.5,
        grade="D",
        year=2016,
        source="assumed: whoever works fewer hours than in the busiest months may be short of them",
        help="share of the busiest month's work below which hours are too few",
    )
    reported_share: float = quantity(
        0.37,
        unit="share",
        low=0.2,
        high=1.0,
        grade="D",
        year=2022,
        source="assumed: the province counts jobs it knows of (29,892 in 2022), not every start in a small unregistered workplace",
        help="share of all new jobs that enters the province's count of jobs created",
    )
    wish_for_more: float = quantity(
        0.055,
        unit="share",
        low=0,
        high=1,
        grade="B",
        year=2016,
        source="underemployment of the region, 1.5 % (2016), over farmers short of hours",
        help="share of farmers short of hours who wish for and can take more",
    )


@kernel
def _count(
    w: WorkerArrays,
    month: int,
    retirement: np.ndarray,
    under: np.ndarray,
    sector: np.ndarray,
    cells: np.ndarray,
    pay: np.ndarray,
    businesses: np.ndarray,
    pay_bins: np.ndarray,
    with_bins: bool,
) -> None:
    n_ages, n_groups = cells.shape[3], cells.shape[4]
    flat, flat_pay = cells.reshape(-1), pay.reshape(-1)
    activity, birth, sexes, districts, urban, ethnicity = (
        w.activity,
        w.birth_month,
        w.sex,
        w.district,
        w.urban,
        w.ethnicity,
    )
    vocational = w.vocational
    level, certificate, digital, work_field, wage, pace, own_use = (
        w.level,
        w.certificate,
        w.digital,
        w.work_field,
        w.wage,
        w.pace,
        w.own_use,
    )
    for i in range(activity.shape[0]):
        now = activity[i]
        if now > ABROAD:
            continue
        d, sex = districts[i], sexes[i]
        age = month - birth[i]
        band = int(age >= 216) + int(age >= 300) + int(age >= 432)
        if age >= retirement[sex]:
            band = 4
        if now == FARMING:
            status = 2 * (1 - own_use[i]) + int(pace[i] < under[d])
        elif now == BUSINESS:
            status = 6
            if work_field[i] >= 0:
                status = 4 + sector[work_field[i]]
                businesses[d, work_field[i]] += 1
        elif now == EMPLOYEE:
            status = 7 + sector[work_field[i]]
        else:
            status = now + 7
        cell = (((d * 2 + urban[i]) * 2 + sex) * n_ages + band) * n_groups + ethnicity[i]
        trained = 0
        if level[i] >= 5:
            trained = 5
        elif level[i] > 0:
            trained = 2 + certificate[i] if certificate[i] > 0 else 1 + vocational[i]
        flat[((cell * 15 + status) * 6 + trained) * 2 + digital[i]] += 1
        if now <= EMPLOYEE:
            flat_pay[cell * 3 + now] += wage[i]
            if with_bins:
                pay_bins[min(399, int(wage[i] / 1.0e5))] += 1


@kernel
def _add_up(cells: np.ndarray, by_residence: np.ndarray, by_district: np.ndarray) -> None:
    n_statuses = by_district.shape[1]
    flat = cells.reshape((cells.shape[0], 2, 2, -1))
    inner = by_residence.reshape((2, -1))
    per_status = cells.shape[6] * cells.shape[7]
    for d in range(flat.shape[0]):
        for r in range(2):
            for s in range(2):
                for k in range(flat.shape[3]):
                    n = flat[d, r, s, k]
                    if n > 0:
                        inner[r, k] += n
                        by_district[d, k // per_status % n_statuses] += n


@process(
    reads=(
        "workers.activity workers.birth_month workers.sex workers.district workers.urban workers.ethnicity"
        " workers.level workers.certificate workers.vocational workers.digital workers.work_field workers.wage workers.own_use"
        " workers.pace places"
    ),
    writes="counts ledger",
)
def count_people(world: World, parameters: CountingParameters, draws: DrawsOfMonth) -> None:
    """Count everyone, shape `(n_districts, 2, 2, n_ages, n_groups, n_statuses, n_training, 2)`, with mean pay and pay
    by bins of 100,000 VND.

    A farmer is underemployed when the month's work falls short of `full_hours` for a share of people that grows with
    the shortfall.
    """
    n_districts, n_groups = len(world.places), world.n_groups
    counts = world.counts
    shape = (n_districts, 2, 2, len(AGE_BANDS), n_groups)
    if "cells" not in counts:
        counts["cells"] = np.zeros((*shape, N_STATUSES, N_TRAINING, 2), dtype=np.int32)
        counts["by_residence"] = np.zeros((2, len(AGE_BANDS), n_groups, N_STATUSES, N_TRAINING, 2))
        counts["by_district"] = np.zeros((n_districts, N_STATUSES))
        counts["pay"] = np.zeros((*shape, 3))
        counts["businesses"] = np.zeros((n_districts, world.n_fields))
        counts["pay_bins"] = np.zeros(N_PAY_BINS, dtype=np.int64)
    for name in ("cells", "pay", "businesses", "pay_bins", "by_residence", "by_district"):
        counts[name][...] = 0
    ledger, flows = world.ledger.counts, ("hires", "businesses_opened", "sent_abroad", "left_for_other_provinces", "talent_came")
    gross = sum(ledger.get(name, 0) for name in flows) - ledger.get("job_changes", 0)
    world.ledger.count("jobs_gross", gross)
    world.ledger.count("jobs_created", round(parameters.reported_share * gross))
    shortfall = np.clip(1.0 - world.places.farm_hours / parameters.full_hours, 0.0, 1.0)
    under = 256.0 * parameters.wish_for_more * np.minimum(1.0, 4.0 * shortfall)
    _count(
        world.people,
        world.month,
        world.tables["retirement_months"],
        under,
        world.sector_of_field,
        counts["cells"],
        counts["pay"],
        counts["businesses"],
        counts["pay_bins"],
        world.calendar[1] == 12,
    )
    _add_up(counts["cells"], counts["by_residence"], counts["by_district"])
    by_district = counts["by_district"]
    counts["pay_by_residence"] = counts["pay"].sum(axis=(0, 2, 3, 4))
    pay = counts["pay"].sum(axis=(1, 2, 3, 4))
    counts["people"] = by_district.sum(axis=1)
    counts["farmers"] = by_district[:, 0:4].sum(axis=1)
    counts["farm_income"] = pay[:, FARMING] / np.maximum(1, counts["farmers"])
    counts["business_income"] = pay[:, BUSINESS] / np.maximum(1, by_district[:, 4:7].sum(axis=1))
