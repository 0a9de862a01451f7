"""Count the people once a month, into one table by district, residence, sex, age, ethnic group, status, training and
digital skills.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from labsim.compiled import inline, kernel
from labsim.draws import DrawsOfMonth
from labsim.processes.base import process
from labsim.quantity import Parameters, quantity
from labsim.rows import add_marked, mark_equal, where_between
from labsim.world import Activity, WorkerArrays, World

FARMING, BUSINESS, EMPLOYEE = int(Activity.FARMING), int(Activity.HOUSEHOLD_BUSINESS), int(Activity.EMPLOYEE)
AWAY, ABROAD = int(Activity.AWAY_IN_VIET_NAM), int(Activity.ABROAD)

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
PER_PERSON = (N_STATUSES + 1) * N_TRAINING * 2  # cells for each sex, age band and ethnic group
BLOCK = 4096  # people whose codes stay next to the processor until they are counted


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
def _write_bands(birth: np.ndarray, sex: np.ndarray, month: int, retirement: np.ndarray, band: np.ndarray) -> None:
    men, women = np.int32(retirement[0]), np.int32(retirement[1])
    for i in range(band.shape[0]):
        age = np.int32(month) - np.int32(birth[i])
        of_age = np.int32(1) if age >= np.int32(BANDS_FROM[0]) else np.int32(0)
        of_age = np.int32(2) if age >= np.int32(BANDS_FROM[1]) else of_age
        of_age = np.int32(3) if age >= np.int32(BANDS_FROM[2]) else of_age
        band[i] = np.uint8(np.int32(4) if age >= (women if sex[i] == 1 else men) else of_age)


def _age_bands(world: World) -> np.ndarray:
    """Return everyone's age band, shape `(n_workers,)`, kept from month to month: only a few cohorts change theirs."""
    counts, w, month = world.counts, world.workers, world.month
    retirement = world.tables["retirement_months"]
    state = (month, *retirement.tolist())
    if counts.get("bands_of") != (month - 1, *state[1:]):
        if "bands" not in counts:
            counts["bands"] = np.empty(len(w), dtype=np.uint8)
        _write_bands(w.birth_month, w.sex, month, retirement, counts["bands"])
    else:
        for band, months in enumerate(BANDS_FROM, start=1):
            counts["bands"][world.born_in(month - months)] = band
        for sex, months in enumerate(retirement):
            cohort = world.born_in(month - int(months))
            counts["bands"][cohort[w.sex[cohort] == sex]] = len(BANDS_FROM) + 1
    counts["bands_of"] = state
    bands: np.ndarray = counts["bands"]
    return bands


class Room(NamedTuple):
    """Room for a block: the answers of its rows, and the rows that are marked."""

    answers: np.ndarray
    rows: np.ndarray


@inline
def room_for_block() -> Room:
    """Return room for a block."""
    return Room(np.empty(BLOCK, np.uint8), np.empty(BLOCK, np.int64))


@inline
def code_people(
    bands: np.ndarray, sex: np.ndarray, ethnicity: np.ndarray, steps: np.ndarray, code: np.ndarray
) -> None:
    """Write the place of sex, age band and ethnic group, in steps of a person, a band and as many groups as are told
    apart.
    """
    per_sex, per_band, most = np.uint16(steps[0]), np.uint16(steps[1]), np.uint16(steps[2])
    for i in range(code.shape[0]):
        # short numbers throughout: so it runs sixteen at a time
        place = np.uint16(np.uint16(sex[i]) * per_sex) + np.uint16(np.uint16(bands[i]) * per_band)
        code[i] = np.uint16(place + min(np.uint16(ethnicity[i]), most))


@inline
def code_doings(w: WorkerArrays, first: int, least: int, part: np.ndarray) -> None:
    """Write the place of status, training, paper and digital skills; all trades and jobs as if in agriculture.

    Children and people outside get a last status that nobody reads: cheaper than to skip them.
    """
    here = slice(first, first + part.shape[0])
    activity, own_use, pace = w.activity[here], w.own_use[here], w.pace[here]
    level, certificate, vocational, digital = w.level[here], w.certificate[here], w.vocational[here], w.digital[here]
    some, under = np.int32(least > 0), np.uint8(max(least, 1) - 1)
    for i in range(part.shape[0]):
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
        part[i] = np.uint8((status * np.int32(6) + training) * np.int32(2) + np.int32(digital[i]))


@inline
def add_sectors(
    activity: np.ndarray, field: np.ndarray, sector: np.ndarray, room: Room, part: np.ndarray, businesses: np.ndarray
) -> None:
    """Add the sector of trades and jobs, and count the trades by field, shape `(n_fields + 1,)`."""
    for code in (BUSINESS, EMPLOYEE):
        mark_equal(activity, code, room.answers)
        rows = room.rows[: add_marked(room.answers[: activity.shape[0]], 0, room.rows, 0)]
        for i in rows:
            part[i] += sector[np.uint16(field[i] + 1)]
        if code == BUSINESS:
            for i in rows:
                businesses[np.uint16(field[i] + 1)] += 1


@inline
def _add_one_sector(activity: np.ndarray, sector: int, part: np.ndarray) -> None:
    """Add the sector of jobs in a world of one sector without trades."""
    for i in range(activity.shape[0]):
        part[i] += np.uint8(activity[i] == EMPLOYEE) * np.uint8(sector)


@inline
def _tally(code: np.ndarray, part: np.ndarray, place: np.ndarray, tables: np.ndarray) -> None:
    """Count a quarter of the people in each of four tables: a processor waits for a number that it has just written."""
    for i in range(code.shape[0]):
        place[i] = np.uint32(code[i]) * np.uint32(PER_PERSON) + part[i]
    one, two, three, four = tables[0], tables[1], tables[2], tables[3]
    n = code.shape[0] // 4
    first, second, third, fourth = place[:n], place[n : 2 * n], place[2 * n : 3 * n], place[3 * n : 4 * n]
    for i in range(n):
        one[first[i]] += np.int32(1)
        two[second[i]] += np.int32(1)
        three[third[i]] += np.int32(1)
        four[fourth[i]] += np.int32(1)
    for at in place[4 * n : code.shape[0]]:
        one[at] += np.int32(1)


@inline
def _add_pay(activity: np.ndarray, wage: np.ndarray, pay: np.ndarray) -> None:
    """Add up pay by kind of work, shape `(3,)`, in whole VND."""
    # sums of whole numbers may be taken in any order, so they are taken eight at a time
    farm, trade, hired, nothing = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    for i in range(activity.shape[0]):
        now, earned = activity[i], np.int64(np.int32(wage[i]))
        farm += earned if now == FARMING else nothing
        trade += earned if now == BUSINESS else nothing
        hired += earned if now == EMPLOYEE else nothing
    pay[0] += farm
    pay[1] += trade
    pay[2] += hired


@inline
def _add_pay_by_all(
    activity: np.ndarray, wage: np.ndarray, code: np.ndarray, pay: np.ndarray, bins: np.ndarray
) -> None:
    """Add up pay by sex, age band, ethnic group and kind of work, and count it by bins."""
    for i in range(activity.shape[0]):
        if activity[i] <= EMPLOYEE:
            pay[code[i], activity[i]] += wage[i]
            bins[min(N_PAY_BINS - 1, int(wage[i] / PAY_BIN))] += 1


@kernel
def _count_all(
    w: WorkerArrays,
    runs: np.ndarray,
    order: np.ndarray,
    bands: np.ndarray,
    steps: np.ndarray,
    under: np.ndarray,
    sector: np.ndarray,
    cells: np.ndarray,
    businesses: np.ndarray,
    pay: np.ndarray,
    pay_by_all: np.ndarray,
    pay_bins: np.ndarray,
    december: bool,
) -> None:
    """Count everyone into cells of shape `(n_districts, 2, n_cells)`, block by block of one district and residence.

    `order` are the runs in the order of their district and residence, so that a table is added up once for each.
    """
    simple = (sector[1:] == sector[-1]).all() and not (w.activity == BUSINESS).any()
    code, part = np.empty(BLOCK, np.uint16), np.empty(BLOCK, np.uint8)
    room, place = room_for_block(), np.empty(BLOCK, np.uint32)
    tables = np.zeros((4, cells.shape[2]), np.int32)
    trades = np.zeros(sector.shape[0], np.int64)
    for k in range(order.shape[0]):
        r = order[k]
        d, u = w.district[runs[r]], w.urban[runs[r]]
        for first in range(runs[r], runs[r + 1], BLOCK):
            n = min(BLOCK, runs[r + 1] - first)
            here = slice(first, first + n)
            activity, wage = w.activity[here], w.wage[here]
            code_people(bands[here], w.sex[here], w.ethnicity[here], steps, code[:n])
            code_doings(w, first, under[d], part[:n])
            if simple:
                _add_one_sector(activity, sector[-1], part[:n])
            else:
                add_sectors(activity, w.work_field[here], sector, room, part, trades)
            _tally(code[:n], part[:n], place, tables)
            _add_pay(activity, wage, pay[d, u])
            if december:
                _add_pay_by_all(activity, wage, code, pay_by_all[d, u], pay_bins)
        after = runs[order[min(k + 1, order.shape[0] - 1)]]
        if k + 1 == order.shape[0] or w.district[after] != d or w.urban[after] != u:
            for table in tables:
                cells[d, u] += table
            tables[:] = 0
            businesses[d] += trades[1:]
            trades[:] = 0


@kernel
def _add_up(cells: np.ndarray, by_residence: np.ndarray, by_district: np.ndarray) -> None:
    for d in range(cells.shape[0]):
        for r in range(2):
            for s in range(cells.shape[2]):
                for a in range(cells.shape[3]):
                    for g in range(cells.shape[4]):
                        here, there = cells[d, r, s, a, g], by_residence[r, a, min(g, 1)]
                        for status in range(by_district.shape[1]):
                            for k in range(here.shape[1]):
                                there[status, k] += here[status, k]
                                by_district[d, status] += here[status, k]


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


def _in_order_of_place(world: World) -> np.ndarray:
    """Return the runs in the order of their district and residence."""
    w, first = world.workers, world.runs[:-1]
    return np.argsort(2 * w.district[first].astype(np.int64) + w.urban[first], kind="stable")


@process(
    reads=(
        "workers.activity workers.birth_month workers.sex workers.district workers.urban workers.ethnicity"
        " workers.level workers.certificate workers.vocational workers.digital workers.work_field workers.wage"
        " workers.own_use workers.pace workers.graduated places"
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
    december = world.calendar[1] == 12
    # all groups are told apart once a year; in other months sexes are not, and minorities are one
    shape = (2, len(AGE_BANDS), world.n_groups) if december else (1, len(AGE_BANDS), min(2, world.n_groups))
    cells = np.zeros((n_districts, 2, *shape, N_STATUSES + 1, N_TRAINING, 2), dtype=np.int32)
    businesses, pay = np.zeros((n_districts, world.n_fields)), np.zeros((n_districts, 2, 3))
    pay_by_all, pay_bins = np.zeros((n_districts, 2, *shape, 3)), np.zeros(N_PAY_BINS, dtype=np.int64)
    _count_all(
        world.people,
        world.runs,
        _in_order_of_place(world),
        _age_bands(world),
        np.array([shape[1] * shape[2] if december else 0, shape[2], shape[2] - 1]),
        under,
        np.concatenate([[0], 2 * N_TRAINING * world.sector_of_field]).astype(np.uint8),
        cells.reshape((n_districts, 2, -1)),
        businesses,
        pay,
        pay_by_all.reshape((n_districts, 2, -1, 3)),
        pay_bins,
        december,
    )
    by_residence = np.zeros((2, len(AGE_BANDS), 2, N_STATUSES, N_TRAINING, 2))
    by_district = np.zeros((n_districts, N_STATUSES))
    _add_up(cells.reshape((*cells.shape[:6], -1)), by_residence.reshape((*by_residence.shape[:4], -1)), by_district)
    if december:
        counts.update(cells=cells, pay=pay_by_all, pay_bins=pay_bins)
    counts.update(businesses=businesses, by_residence=by_residence, pay_by_residence=pay.sum(axis=0), under=under)
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
    w, month = world.workers, world.month
    graduates = where_between(w.graduated, month - 12, month - 6)
    now = np.bincount(w.activity[graduates], minlength=len(Activity))
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
