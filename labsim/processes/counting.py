"""Count the people once a month, into one table by district, residence, sex, age, ethnic group, status, training and
digital skills.

Everyone is coded anew each month, and whoever is not where the last count found them is moved to the new cell: to
compare runs many at a time, and few change.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from labsim.compiled import inline, kernel
from labsim.draws import DrawsOfMonth
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.rows import add_marked, least_of
from labsim.world import Activity, WorkerArrays, World

FARMING, BUSINESS, EMPLOYEE = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS), int(Activity.EMPLOYEE)
AWAY, ABROAD, CHILD = int(Activity.AWAY_IN_VIET_NAM), int(Activity.ABROAD), int(Activity.CHILD)

# Ages in months at which the bands begin, but for the first; the last begins at the statutory retirement age.
BANDS_FROM = (216, 300, 432)
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
PER_STATUS = 2 * N_TRAINING  # training, paper and digital skills within a status
PER_SECTOR = PER_STATUS  # sectors of trades and of jobs are statuses side by side
N_DOINGS = (N_STATUSES + 1) * PER_STATUS  # cells for each sex, age band and ethnic group
BUSINESSES, EMPLOYEES = STATUSES.index("business, agriculture"), STATUSES.index("employee, agriculture")
GONE, NOT_COUNTED = N_STATUSES * PER_STATUS, 255  # from the first of the last status on; before the first count
_STATUS = np.arange(256) // PER_STATUS
_IN_BUSINESS = (_STATUS == BUSINESSES).astype(np.int64)
_WORKED = _IN_BUSINESS + (_STATUS == EMPLOYEES)
# People whose codes stay near the processor until they are counted; memory is quick where much is read in a row.
BLOCK = 65_536
_ADDED_AT_ONCE = 32_768  # pay of so many people, in halves of 16 bits, adds up to 31 bits at most


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


class Last(NamedTuple):
    """How everyone was counted last, shape `(n_workers,)`: doing (`NOT_COUNTED` before the first time), field of work,
    age band, and group by sex, age band and ethnic group.
    """

    doing: np.ndarray
    field: np.ndarray
    band: np.ndarray
    group: np.ndarray


class Tables(NamedTuple):
    """What is counted of everyone, kept from month to month."""

    cells: np.ndarray  # (n_districts, 2, 2 * n_ages * n_groups * N_DOINGS): residence; sex, age, ethnic group, doing
    businesses: np.ndarray  # (n_districts, n_fields + 1): the first of nobody's


@inline
def code_doings(w: WorkerArrays, first: int, least: int, doings: np.ndarray) -> None:
    """Write the place of status, training, paper and digital skills; all trades and jobs as if in agriculture.

    Children and people outside get a last status that nobody reads: cheaper than to skip them.
    """
    here = slice(first, first + doings.shape[0])
    activity, own_use, pace = w.activity[here], w.own_use[here], w.pace[here]
    level, certificate, vocational, digital = w.level[here], w.certificate[here], w.vocational[here], w.digital[here]
    some, under = np.int32(least > 0), np.uint8(max(least, 1) - 1)
    for i in range(doings.shape[0]):  # short numbers without branches, so that it runs many at a time
        now = np.int32(activity[i])
        hungry = np.int32(pace[i] <= under) * some
        status = min(now + np.int32(7), np.int32(15))
        status += np.int32(now == np.int32(0)) * (hungry - np.int32(5) - np.int32(2) * np.int32(own_use[i]))
        status -= np.int32(now == np.int32(1)) * np.int32(4) + np.int32(now == np.int32(2)) * np.int32(2)
        paper = np.int32(certificate[i])
        training = np.int32(1) + np.int32(vocational[i])
        training = np.int32(2) + paper if paper > np.int32(0) else training
        training = np.int32(0) if level[i] == 0 else training
        training = np.int32(5) if level[i] >= 5 else training
        doings[i] = np.uint8((status * np.int32(6) + training) * np.int32(2) + np.int32(digital[i]))


@inline
def in_sector(doing: int, field: int, sector: np.ndarray) -> int:
    """Return the place of a doing with the sector of trades and jobs, which `code_doings` leaves out."""
    return int(doing + _WORKED[doing] * np.int64(sector[field + 1]))


@kernel
def _grow_older(
    w: WorkerArrays,
    rows: np.ndarray,
    month: int,
    retirement: np.ndarray,
    sector: np.ndarray,
    last: Last,
    tables: Tables,
) -> None:
    """Move people, as they were counted last, to the age bands of this month."""
    doing, field, bands, groups = last
    n_groups, men, women = tables.cells.shape[2] // (2 * len(AGE_BANDS) * N_DOINGS), retirement[0], retirement[1]
    for i in rows:
        age, band = month - w.birth_month[i], 0
        for first in BANDS_FROM:
            band += age >= first
        band = len(BANDS_FROM) + 1 if age >= (women if w.sex[i] == 1 else men) else band
        group = (np.int64(w.sex[i]) * len(AGE_BANDS) + band) * n_groups + w.ethnicity[i]
        if doing[i] != NOT_COUNTED and group != groups[i]:
            cells, place = tables.cells[w.district[i], w.urban[i]], in_sector(doing[i], field[i], sector)
            cells[groups[i] * N_DOINGS + place] -= 1
            cells[group * N_DOINGS + place] += 1
        bands[i], groups[i] = band, group


def _age(world: World, sector: np.ndarray, last: Last, tables: Tables) -> None:
    """Bring the age bands up to date: only those who can have changed theirs since last month are looked at."""
    month, retirement, counts = world.month, world.tables["retirement_months"], world.counts
    before, limits = counts.get("bands_of", (None, ()))
    if before == month - 1:
        turning = set(BANDS_FROM)
        for then, now in zip(limits, retirement.tolist(), strict=True):
            turning |= set(range(min(then, now), max(then, now) + 2))
        rows = np.concatenate([world.born_in(month - age) for age in sorted(turning)])
    else:
        rows = np.arange(len(world.workers), dtype=np.int32)
    _grow_older(world.people, rows, month, retirement, sector, last, tables)
    counts["bands_of"] = month, retirement.tolist()


@inline
def tally(places: np.ndarray, tables: np.ndarray) -> None:
    """Count places in four tables in turn: a processor waits for a number that it has just written."""
    one, two, three, four = tables[0], tables[1], tables[2], tables[3]
    whole = 4 * (places.shape[0] // 4)
    for i in range(0, whole, 4):
        one[places[i]] += 1
        two[places[i + 1]] += 1
        three[places[i + 2]] += 1
        four[places[i + 3]] += 1
    for i in range(whole, places.shape[0]):
        one[places[i]] += 1


@inline
def _add_pay(activity: np.ndarray, wage: np.ndarray, pay: np.ndarray) -> None:
    """Add up pay by kind of work, shape `(3,)`, in whole VND, of at most `_ADDED_AT_ONCE` people."""
    # whole numbers may be added in any order, and halves of 16 bits eight at a time
    half, nothing = np.int32(0xFFFF), np.int32(0)
    farm, trade, hired, farm_high, trade_high, hired_high = nothing, nothing, nothing, nothing, nothing, nothing
    for i in range(activity.shape[0]):
        now, earned = activity[i], np.int32(wage[i])
        low, high = np.int32(earned & half), np.int32(earned >> np.int32(16))
        farm = np.int32(farm + (low if now == FARMING else nothing))
        trade = np.int32(trade + (low if now == BUSINESS else nothing))
        hired = np.int32(hired + (low if now == EMPLOYEE else nothing))
        farm_high = np.int32(farm_high + (high if now == FARMING else nothing))
        trade_high = np.int32(trade_high + (high if now == BUSINESS else nothing))
        hired_high = np.int32(hired_high + (high if now == EMPLOYEE else nothing))
    pay[0] += np.int64(farm) + np.int64(farm_high) * 65536
    pay[1] += np.int64(trade) + np.int64(trade_high) * 65536
    pay[2] += np.int64(hired) + np.int64(hired_high) * 65536


@kernel
def _recount(
    w: WorkerArrays,
    runs: np.ndarray,
    under: np.ndarray,
    sector: np.ndarray,
    last: Last,
    tables: Tables,
    pay: np.ndarray,
) -> None:
    """Code everyone, block by block of one district and residence, and move those who changed between the cells."""
    old_doing, old_field, _, groups = last
    cells, businesses = tables
    doings, answers, rows = np.empty(BLOCK, np.uint8), np.empty(BLOCK, np.uint8), np.empty(BLOCK, np.int64)
    before, after, owners = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), np.empty(BLOCK + 1, np.int32)
    for r in range(runs.shape[0] - 1):
        d, u = w.district[runs[r]], w.urban[runs[r]]
        of_place, trades = cells[d, u], businesses[d]
        for first in range(runs[r], runs[r + 1], BLOCK):
            here = slice(first, min(first + BLOCK, runs[r + 1]))
            field, doing_was, field_was = w.work_field[here], old_doing[here], old_field[here]
            doing, n, known = doings[: field.shape[0]], field.shape[0], doing_was[0] != NOT_COUNTED
            if known and least_of(doing_was) >= GONE and least_of(w.activity[here]) >= CHILD:
                continue  # children, who stand together, and people outside
            code_doings(w, first, under[d], doing)
            for i in range(n):
                answers[i] = np.uint8(doing[i] != doing_was[i])
            for i in range(n if sector.shape[0] > 2 else 0):  # in a world of one field, whoever works is in it
                answers[i] |= np.uint8(field[i] != field_was[i])
            changed, n_owners = rows[: add_marked(answers[:n], 0, rows, 0)], 0
            # without branches, and step by step: a processor cannot foresee who has changed to what
            for q in range(changed.shape[0]):
                i = changed[q]
                own, was, now = np.int64(groups[first + i]) * N_DOINGS, doing_was[i], doing[i]
                before[q] = own + (in_sector(was, field_was[i], sector) if known else 0)
                after[q] = own + in_sector(now, field[i], sector)
                owners[n_owners] = i
                n_owners += _IN_BUSINESS[was] | _IN_BUSINESS[now]
            for q in range(changed.shape[0]):
                of_place[before[q]] -= known
                of_place[after[q]] += 1
            for i in owners[:n_owners]:
                trades[(field_was[i] + 1) * _IN_BUSINESS[doing_was[i]]] -= 1
                trades[(field[i] + 1) * _IN_BUSINESS[doing[i]]] += 1
            for i in changed:
                doing_was[i], field_was[i] = doing[i], field[i]
            for start in range(first, here.stop, _ADDED_AT_ONCE):
                part = slice(start, min(start + _ADDED_AT_ONCE, here.stop))
                _add_pay(w.activity[part], w.wage[part], pay[d, u])


@kernel
def _add_up(cells: np.ndarray, by_residence: np.ndarray, by_district: np.ndarray) -> None:
    """Add up the cells, shape `(n_districts, 2, 2, n_ages, n_groups, N_DOINGS)`, minorities as one."""
    for d in range(cells.shape[0]):
        for u in range(2):
            of_place = np.zeros(N_DOINGS, np.int32)
            for s in range(2):
                for a in range(cells.shape[3]):
                    for g in range(cells.shape[4]):
                        here, there = cells[d, u, s, a, g], by_residence[u, a, min(g, 1)]
                        for k in range(N_DOINGS):
                            there[k] += here[k]
                            of_place[k] += here[k]
            for k in range(N_DOINGS):
                by_district[d, _STATUS[k]] += of_place[k]


@kernel
def _count_pay(w: WorkerArrays, runs: np.ndarray, groups: np.ndarray, pay: np.ndarray, bins: np.ndarray) -> None:
    """Add up pay in whole VND by district, residence, sex, age band, ethnic group and kind of work, and count people
    by bins into tables of shape `(4, N_PAY_BINS + 1)`, the last bin for those without work.
    """
    cells, of_bin, earned = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int64)
    for r in range(runs.shape[0] - 1):
        of_place = pay[w.district[runs[r]], w.urban[runs[r]]].reshape(-1)
        for first in range(runs[r], runs[r + 1], BLOCK):
            here = slice(first, min(first + BLOCK, runs[r + 1]))
            activity, wage, group = w.activity[here], w.wage[here], groups[here]
            for i in range(group.shape[0]):  # without branches, so that it runs several at a time; who earns nothing
                now = min(np.int32(activity[i]), np.int32(EMPLOYEE))  # is counted with nothing among employees
                works = activity[i] <= EMPLOYEE
                cells[i] = np.int32(group[i]) * np.int32(EMPLOYEE + 1) + now
                earned[i] = np.int64(np.int32(wage[i])) if works else 0
                of_bin[i] = min(N_PAY_BINS - 1, int(wage[i] / PAY_BIN)) if works else N_PAY_BINS
            for i in range(group.shape[0]):
                of_place[cells[i]] += earned[i]
            tally(of_bin[: group.shape[0]], bins)


@kernel
def add_ranges(
    first: np.ndarray, begins: np.ndarray, ends: np.ndarray, signs: np.ndarray, people: np.ndarray
) -> np.ndarray:
    """Return sums over ranges of cells with signs, shape `(n_sums, n_groups)`: sum k has the ranges from `first[k]` to
    `first[k + 1]`.

    `people` are whole numbers, shape `(n_groups, n_cells)`: a range is the difference of two running totals.
    """
    sums, below = np.zeros((first.shape[0] - 1, people.shape[0])), np.zeros(people.shape[1] + 1, np.int64)
    for g in range(people.shape[0]):
        for c in range(people.shape[1]):
            below[c + 1] = below[c] + people[g, c]
        for k in range(sums.shape[0]):
            total = 0
            for r in range(first[k], first[k + 1]):
                total += signs[r] * (below[ends[r]] - below[begins[r]])
            sums[k, g] = total
    return sums


def _kept(world: World) -> tuple[Last, Tables]:
    """Return how everyone was counted last and the tables, empty before the first time."""
    counts, n_people, n_districts = world.counts, len(world.workers), len(world.places)
    if "last_counted" not in counts:
        counts["last_counted"] = Last(
            np.full(n_people, NOT_COUNTED, dtype=np.uint8),
            np.zeros(n_people, dtype=np.int16),
            np.zeros(n_people, dtype=np.uint8),
            np.zeros(n_people, dtype=np.uint16),
        )
        counts["bands"] = counts["last_counted"].band
        n_cells = 2 * len(AGE_BANDS) * world.n_groups * N_DOINGS
        counts["tables"] = Tables(
            np.zeros((n_districts, 2, n_cells), dtype=np.int32),
            np.zeros((n_districts, world.n_fields + 1), dtype=np.int32),
        )
    return counts["last_counted"], counts["tables"]


@process(
    reads=(
        "workers.activity workers.birth_month workers.sex workers.district workers.urban "
        "workers.ethnicity workers.level workers.certificate workers.vocational workers.digital "
        "workers.work_field workers.wage workers.own_use workers.pace workers.graduated places "
        "events.graduates"
    ),
    writes="counts ledger",
)
def count_people(world: World, parameters: CountingParameters, draws: DrawsOfMonth) -> None:
    """Count everyone, shape `(n_districts, 2, 2, n_ages, n_groups, n_statuses, n_training, 2)`, with mean pay and pay
    by bins of 100,000 VND.

    A farmer is underemployed when the month's work falls short of `full_hours` for a share of people that grows with
    the shortfall.
    """
    counts, n_districts = world.counts, len(world.places)
    shortfall = np.clip(1.0 - world.places.farm_hours / parameters.full_hours, 0.0, 1.0)
    under = np.ceil(256.0 * parameters.wish_for_more * np.minimum(1.0, 4.0 * shortfall)).astype(np.int64)
    december, n_ages = world.calendar[1] == 12, len(AGE_BANDS)
    last, tables = _kept(world)
    sector, pay = np.append(0, PER_SECTOR * world.sector_of_field).astype(np.uint8), np.zeros((n_districts, 2, 3))
    _age(world, sector, last, tables)
    _recount(world.people, world.runs, under, sector, last, tables, pay)
    cells = tables.cells.reshape((n_districts, 2, 2, n_ages, world.n_groups, N_STATUSES + 1, N_TRAINING, 2))
    by_residence = np.zeros((2, n_ages, 2, N_STATUSES + 1, N_TRAINING, 2), dtype=np.int32)
    by_district = np.zeros((n_districts, N_STATUSES + 1))
    _add_up(cells.reshape((*cells.shape[:5], N_DOINGS)), by_residence.reshape((2, n_ages, 2, N_DOINGS)), by_district)
    by_district = by_district[:, :N_STATUSES]
    counts.update(
        cells=cells,
        businesses=tables.businesses[:, 1:].astype(np.float64),
        by_residence=by_residence[:, :, :, :-1].astype(np.float64),
        pay_by_residence=pay.sum(axis=0),
        under=under,
    )
    if december:
        by_all = np.zeros((n_districts, 2, cells[0, 0, ..., 0, 0, 0].size, 3), dtype=np.int64)
        bins = np.zeros((4, N_PAY_BINS + 1), dtype=np.int64)
        _count_pay(world.people, world.runs, last.group, by_all, bins)
        counts["pay"] = by_all.reshape((*cells.shape[:5], 3)).astype(np.float64)
        counts["pay_bins"] = bins.sum(axis=0)[:-1]
    pay = pay.sum(axis=1)
    counts["people"] = by_district.sum(axis=1)
    counts["farmers"] = by_district[:, 0:4].sum(axis=1)
    counts["may_open"] = counts["farmers"] + by_district[:, 7:11].sum(axis=1)  # farming, with a job, or without
    counts["farm_income"] = pay[:, FARMING] / np.maximum(1, counts["farmers"])
    counts["business_income"] = pay[:, BUSINESS] / np.maximum(1, by_district[:, 4:7].sum(axis=1))
    counts["labour_force"] = by_district[:, : STATUSES.index("unemployed") + 1].sum(axis=1)
    if december or "without_digital" not in counts:
        counts["without_digital"] = cells[..., :-1, :, 0].sum(axis=tuple(range(1, 7)), dtype=np.float64)
    _follow_graduates(world)
    _count_jobs(world, parameters)


def _follow_graduates(world: World) -> None:
    """Count those who completed a course of three months or more 6 to 12 months ago: all, in work, in work other than
    on a farm of their own. Work elsewhere is work; the dead and those who moved away are left out.
    """
    w, month, counts = world.workers, world.month, world.counts
    if "completions" not in counts:
        counts["completions"] = []
    done = world.events["graduates"]
    # rows by the month of completion; who completes another course is followed from that
    counts["completions"] = [
        *(cohort for cohort in counts["completions"] if cohort[0] >= month - 12),
        (month, done[w.graduated[done] == month]),
    ]
    cohorts = [cohort[w.graduated[cohort] == then] for then, cohort in counts["completions"] if then <= month - 6]
    now = np.bincount(w.activity[np.concatenate([done[:0], *cohorts])], minlength=len(Activity))
    away = now[AWAY] + now[ABROAD]
    off_farm = now[BUSINESS] + now[EMPLOYEE] + away
    world.counts["graduates"] = (now[: ABROAD + 1].sum(), off_farm + now[FARMING], off_farm)


def _count_jobs(world: World, parameters: CountingParameters) -> None:
    """Count all new jobs of the month, and those of them that the province would report."""
    counted = world.ledger.counts
    starts = ("hires", "businesses_opened", "sent_abroad", "left_for_other_provinces", "talent_came")
    gross = sum(counted.get(name, 0) for name in starts) - counted.get("job_changes", 0)
    world.ledger.count("jobs_gross", gross)
    world.ledger.count("jobs_created", round(parameters.reported_share * gross))
