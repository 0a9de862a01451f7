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
# Training: none; without paper, not vocational; vocational without paper; paper under three months; certificate of
# three months or more, vocational; university.
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
        source=(
            "assumed: the province counts jobs it knows of (29,892 in 2022), not every start in a small unregistered"
            " workplace"
        ),
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
def _code_age(
    cell: np.ndarray,
    birth: np.ndarray,
    sex: np.ndarray,
    month: int,
    retirement: np.ndarray,
    n_groups: int,
    code: np.ndarray,
) -> None:
    """Write the place of everyone's district, residence, sex, age band and ethnic group in the table."""
    men, women, of_band, statuses = np.int32(retirement[0]), np.int32(retirement[1]), np.int32(n_groups), np.int32(16)
    for i in range(code.shape[0]):
        age = np.int32(month) - np.int32(birth[i])
        band = np.int32(1) if age >= np.int32(216) else np.int32(0)
        band = np.int32(2) if age >= np.int32(300) else band
        band = np.int32(3) if age >= np.int32(432) else band
        band = np.int32(4) if age >= (women if sex[i] == 1 else men) else band
        code[i] = (cell[i] + band * of_band) * statuses


@kernel
def _code_status(
    w: WorkerArrays,
    runs: np.ndarray,
    under: np.ndarray,
    sector: np.ndarray,
    businesses: np.ndarray,
    any_business: bool,
    scratch: np.ndarray,
    code: np.ndarray,
) -> None:
    """Add the status: hours and use of the harvest for farmers, the sector for others at work, the activity for the
    rest.

    Children and people outside get a last status that nobody reads: cheaper than to skip them.
    """
    for r in range(runs.shape[0] - 1):
        here = slice(runs[r], runs[r + 1])
        activity, field, own_use, pace, place = (
            w.activity[here],
            w.work_field[here],
            w.own_use[here],
            w.pace[here],
            code[here],
        )
        d = w.district[runs[r]]
        least = np.int32(under[d])
        sorts = scratch[here]
        for i in range(place.shape[0]):
            sorts[i] = sector[np.uint16(field[i] + 1)]
        for i in range(place.shape[0]):
            # products in place of choices: so it runs eight at a time
            now, of_sector = np.int32(activity[i]), np.int32(sorts[i])
            hungry = np.int32(np.int32(pace[i]) < least)
            farming = np.int32(2) - np.int32(2) * np.int32(own_use[i]) + hungry - np.int32(7)
            status = min(now + np.int32(7), np.int32(15)) + np.int32(now == np.int32(0)) * farming
            status += np.int32(now == np.int32(1)) * (of_sector - np.int32(4))
            status += np.int32(now == np.int32(2)) * (of_sector - np.int32(2))
            place[i] = (place[i] + status) * np.int32(6)
        if any_business:
            for i in range(place.shape[0]):
                if activity[i] == BUSINESS:
                    businesses[d, field[i]] += 1


@kernel
def _code_training(w: WorkerArrays, code: np.ndarray) -> None:
    """Add training, paper and digital skills."""
    level, certificate, vocational, digital = w.level, w.certificate, w.vocational, w.digital
    for i in range(code.shape[0]):
        paper = np.int32(certificate[i])
        training = np.int32(1) + np.int32(vocational[i])
        training = np.int32(2) + paper if paper > np.int32(0) else training
        training = np.int32(0) if level[i] == 0 else training
        training = np.int32(5) if level[i] >= 5 else training
        code[i] = (code[i] + training) * np.int32(2) + np.int32(digital[i])


@kernel
def _tally(code: np.ndarray, cells: np.ndarray) -> None:
    for i in range(code.shape[0]):
        cells[code[i]] += 1


@kernel
def _sum_pay(w: WorkerArrays, runs: np.ndarray, pay: np.ndarray) -> None:
    """Add up pay by district, residence and kind of work, shape `(n_districts, 2, 3)`, in whole VND."""
    for r in range(runs.shape[0] - 1):
        here = slice(runs[r], runs[r + 1])
        activity, wage = w.activity[here], w.wage[here]
        # sums of whole numbers may be taken in any order, so they are taken eight at a time
        farm, trade, hired, nothing = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
        for i in range(activity.shape[0]):
            now, earned = activity[i], np.int64(np.int32(wage[i]))
            farm += earned if now == FARMING else nothing
            trade += earned if now == BUSINESS else nothing
            hired += earned if now == EMPLOYEE else nothing
        d, u = w.district[runs[r]], w.urban[runs[r]]
        pay[d, u, 0] += farm
        pay[d, u, 1] += trade
        pay[d, u, 2] += hired


@kernel
def _tally_by_all(code: np.ndarray, activity: np.ndarray, wage: np.ndarray, pay: np.ndarray) -> None:
    for i in range(code.shape[0]):
        if activity[i] <= EMPLOYEE:
            pay[code[i] // 192 * 3 + activity[i]] += wage[i]


@kernel
def _tally_pay(activity: np.ndarray, wage: np.ndarray, pay_bins: np.ndarray) -> None:
    for i in range(activity.shape[0]):
        if activity[i] <= EMPLOYEE:
            pay_bins[min(399, int(wage[i] / 1.0e5))] += 1


@kernel
def _add_up(cells: np.ndarray, by_residence: np.ndarray, by_district: np.ndarray) -> None:
    n_statuses = by_district.shape[1]
    n_ages, n_groups, per_status = cells.shape[3], cells.shape[4], cells.shape[6] * cells.shape[7]
    flat = cells.reshape((cells.shape[0], 2, 2, n_ages, n_groups, n_statuses + 1, per_status))
    inner = by_residence.reshape((2, n_ages, 2, n_statuses, per_status))
    for d in range(flat.shape[0]):
        for r in range(2):
            for s in range(2):
                for a in range(n_ages):
                    for g in range(n_groups):
                        for status in range(n_statuses):
                            for k in range(per_status):
                                n = flat[d, r, s, a, g, status, k]
                                if n > 0:
                                    inner[r, a, min(g, 1), status, k] += n
                                    by_district[d, status] += n


@kernel
def weigh(first: np.ndarray, cells: np.ndarray, signs: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Return sums of cells with signs, shape `(n_sums, n_groups)`: sum k has the cells from `first[k]` to `first[k +
    1]`.

    `people` has shape `(n_groups, n_cells)`. Plain loops, since a threaded matrix product would take the other runs'
    cores.
    """
    sums = np.zeros((first.shape[0] - 1, people.shape[0]))
    for k in range(sums.shape[0]):
        for g in range(people.shape[0]):
            total = 0.0
            for c in range(first[k], first[k + 1]):
                total += signs[c] * people[g, cells[c]]
            sums[k, g] = total
    return sums


@process(
    reads=(
        "workers.activity workers.birth_month workers.sex workers.district workers.urban workers.ethnicity"
        " workers.level workers.certificate workers.vocational workers.digital workers.work_field workers.wage"
        " workers.own_use workers.pace places"
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
    counts, w = world.counts, world.workers
    shape = (n_districts, 2, 2, len(AGE_BANDS), n_groups)
    if "cells" not in counts:
        counts["cells"] = np.zeros((*shape, N_STATUSES + 1, N_TRAINING, 2), dtype=np.int32)
        counts["by_residence"] = np.zeros((2, len(AGE_BANDS), 2, N_STATUSES, N_TRAINING, 2))
        counts["by_district"] = np.zeros((n_districts, N_STATUSES))
        counts["businesses"] = np.zeros((n_districts, world.n_fields))
        counts["pay_bins"] = np.zeros(N_PAY_BINS, dtype=np.int64)
        # district, residence, sex and ethnic group never change: their place in the table is kept
        place = (w.district.astype(np.int32) * 2 + w.urban) * 2 + w.sex
        counts["place"] = place * (len(AGE_BANDS) * n_groups) + w.ethnicity
        counts["code"] = np.empty(len(w), dtype=np.int32)
        counts["scratch"] = np.empty(len(w), dtype=np.int8)
    for name in ("cells", "businesses", "pay_bins", "by_residence", "by_district"):
        counts[name][...] = 0
    _count_jobs(world, parameters)
    shortfall = np.clip(1.0 - world.places.farm_hours / parameters.full_hours, 0.0, 1.0)
    under = np.ceil(256.0 * parameters.wish_for_more * np.minimum(1.0, 4.0 * shortfall))
    sector = np.concatenate([[0], world.sector_of_field]).astype(np.int8)
    any_business = bool((w.activity == BUSINESS).any())
    code, pay = counts["code"], np.zeros((n_districts, 2, 3))
    _code_age(counts["place"], w.birth_month, w.sex, world.month, world.tables["retirement_months"], n_groups, code)
    _code_status(world.people, world.runs, under, sector, counts["businesses"], any_business, counts["scratch"], code)
    _code_training(world.people, code)
    _tally(code, counts["cells"].reshape(-1))
    _sum_pay(world.people, world.runs, pay)
    if world.calendar[1] == 12:
        _tally_pay(w.activity, w.wage, counts["pay_bins"])
        by_all = np.zeros(int(np.prod(shape)) * 3)
        _tally_by_all(code, w.activity, w.wage, by_all)
        counts["pay"] = by_all.reshape((*shape, 3))
    _add_up(counts["cells"], counts["by_residence"], counts["by_district"])
    by_district = counts["by_district"]
    counts["pay_by_residence"] = pay.sum(axis=0)
    pay = pay.sum(axis=1)
    counts["people"] = by_district.sum(axis=1)
    counts["farmers"] = by_district[:, 0:4].sum(axis=1)
    counts["farm_income"] = pay[:, FARMING] / np.maximum(1, counts["farmers"])
    counts["business_income"] = pay[:, BUSINESS] / np.maximum(1, by_district[:, 4:7].sum(axis=1))


def _count_jobs(world: World, parameters: CountingParameters) -> None:
    """Count all new jobs of the month, and those of them that the province would report."""
    counted = world.ledger.counts
    starts = ("hires", "businesses_opened", "sent_abroad", "left_for_other_provinces", "talent_came")
    gross = sum(counted.get(name, 0) for name in starts) - counted.get("job_changes", 0)
    world.ledger.count("jobs_gross", gross)
    world.ledger.count("jobs_created", round(parameters.reported_share * gross))
