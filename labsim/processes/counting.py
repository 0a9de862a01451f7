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
# The status of an activity and a sort: hours and use of the harvest for farmers, the sector for others at work.
_STATUS_OF = np.array(
    [[0, 1, 2, 3], [4, 5, 6, 6], [7, 8, 9, 9]] + [[activity + 7] * 4 for activity in range(3, 8)] + 3 * [[15] * 4],
    dtype=np.int64,
)
# The training of a level and its paper and vocational mark, in the order of the six kinds above.
_TRAINING_OF = np.array([[0] * 6, *([[1, 2, 3, 3, 4, 4]] * 4), [5] * 6, [5] * 6], dtype=np.int64)
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
    status_of: np.ndarray,
    training_of: np.ndarray,
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
    n_statuses, n_fields = cells.shape[5], sector.shape[0]
    flat_business = businesses.reshape(-1)
    for i in range(activity.shape[0]):
        # children and people outside are counted into a last status that nobody reads: cheaper than to skip them
        now = activity[i]
        d, sex = districts[i], sexes[i]
        age = month - birth[i]
        band = int(age >= 216) + int(age >= 300) + int(age >= 432)
        band = 4 if age >= retirement[sex] else band
        field = work_field[i] + 1
        farming = int(now == FARMING)
        farm_sort = 2 - 2 * own_use[i] + int(pace[i] < under[d])
        status = status_of[now, farming * farm_sort + (1 - farming) * sector[field]]
        cell = (((d * 2 + urban[i]) * 2 + sex) * n_ages + band) * n_groups + ethnicity[i]
        trained = training_of[level[i], 2 * certificate[i] + vocational[i]]
        flat[((cell * n_statuses + status) * 6 + trained) * 2 + digital[i]] += 1
        flat_business[(d * n_fields + field) * int(now == BUSINESS)] += int(now == BUSINESS)
        flat_pay[cell * 4 + min(now, 3)] += wage[i]
        if with_bins and now <= EMPLOYEE:
            pay_bins[min(399, int(wage[i] / 1.0e5))] += 1


@kernel
def _add_up(cells: np.ndarray, by_residence: np.ndarray, by_district: np.ndarray) -> None:
    n_statuses = by_district.shape[1]
    per_status = cells.shape[6] * cells.shape[7]
    flat = cells.reshape((cells.shape[0], 2, 2, -1, n_statuses + 1, per_status))
    inner = by_residence.reshape((2, -1, n_statuses, per_status))
    for d in range(flat.shape[0]):
        for r in range(2):
            for s in range(2):
                for g in range(flat.shape[3]):
                    for status in range(n_statuses):
                        for k in range(per_status):
                            n = flat[d, r, s, g, status, k]
                            if n > 0:
                                inner[r, g, status, k] += n
                                by_district[d, status] += n


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
        counts["cells"] = np.zeros((*shape, N_STATUSES + 1, N_TRAINING, 2), dtype=np.int32)
        counts["by_residence"] = np.zeros((2, len(AGE_BANDS), n_groups, N_STATUSES, N_TRAINING, 2))
        counts["by_district"] = np.zeros((n_districts, N_STATUSES))
        counts["pay"] = np.zeros((*shape, 4))
        counts["businesses_by_field"] = np.zeros((n_districts, world.n_fields + 1))
        counts["pay_bins"] = np.zeros(N_PAY_BINS, dtype=np.int64)
    for name in ("cells", "pay", "businesses_by_field", "pay_bins", "by_residence", "by_district"):
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
        np.concatenate([[0], world.sector_of_field]),
        _STATUS_OF,
        _TRAINING_OF,
        counts["cells"],
        counts["pay"],
        counts["businesses_by_field"],
        counts["pay_bins"],
        world.calendar[1] == 12,
    )
    _add_up(counts["cells"], counts["by_residence"], counts["by_district"])
    by_district = counts["by_district"]
    counts["businesses"] = counts["businesses_by_field"][:, 1:]
    counts["pay_by_residence"] = counts["pay"].sum(axis=(0, 2, 3, 4))[:, :3]
    pay = counts["pay"].sum(axis=(1, 2, 3, 4))
    counts["people"] = by_district.sum(axis=1)
    counts["farmers"] = by_district[:, 0:4].sum(axis=1)
    counts["farm_income"] = pay[:, FARMING] / np.maximum(1, counts["farmers"])
    counts["business_income"] = pay[:, BUSINESS] / np.maximum(1, by_district[:, 4:7].sum(axis=1))
