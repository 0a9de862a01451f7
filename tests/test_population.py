"""The people of month 0: books that balance, margins that hold, the same people for the same seed."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from labsim.config import load
from labsim.errors import ConfigError, PopulationError
from labsim.evidence.population_fit import mean_tolerance, total_tolerance
from labsim.population import Misfit, populate
from labsim.population.employers import draw_posts
from labsim.population.raking import ChoiceMargin, rake, rake_choices, shifted_to
from labsim.population.reading import read_margins
from labsim.population.sampling import Traits, choose, choose_of_many, counts_of, first_of_race
from labsim.world import N_ACTIVITIES, NO_TIER, NOBODY, Activity, Kind, Level, Schooling, World

IN_FORCE = (Activity.FARMING, Activity.HOUSEHOLD_BUSINESS, Activity.EMPLOYEE, Activity.UNEMPLOYED)


@dataclass
class Asked:
    """The parts of a configuration that a population needs."""

    province: Any
    period: Any
    scale: float
    own_account: Any


def asked(scale: float, **other: Any) -> Any:
    config = load("son_la", settings=[])
    parts = {"province": config.province, "period": config.period, "own_account": config.own_account} | other
    return Asked(scale=scale, **parts)


@pytest.fixture(scope="module")
def whole() -> tuple[World, Misfit]:
    return populate(asked(1.0), 1)


@pytest.fixture(scope="module")
def tenth() -> tuple[World, Misfit]:
    return populate(asked(0.1), 1)


@pytest.fixture(scope="module")
def hundredth() -> tuple[World, Misfit]:
    return populate(asked(0.01), 1)


@pytest.fixture(scope="module", params=["tenth", "hundredth", "thousandth"])
def small(request: pytest.FixtureRequest) -> World:
    if request.param == "thousandth":
        return populate(asked(0.001), 1)[0]
    world: World = request.getfixturevalue(request.param)[0]
    return world


def in_force(world: World) -> np.ndarray:
    return np.isin(world.workers.activity, IN_FORCE)


# Books


def test_headcounts_are_the_employees(small: World) -> None:
    w, e = small.workers, small.enterprises
    at_work = w.activity == Activity.EMPLOYEE
    assert at_work.any()
    counted = np.zeros_like(e.headcount)
    np.add.at(counted, (w.employer[at_work], w.tier[at_work]), 1)
    np.testing.assert_array_equal(e.headcount, counted)
    assert (e.active[w.employer[at_work]] == 1).all()
    assert (w.work_field[at_work] == e.field[w.employer[at_work]]).all()
    assert (w.employer[~at_work] == NOBODY).all() and (w.tier[~at_work] == NO_TIER).all()


def test_targets_are_filled_posts_and_vacancies(small: World) -> None:
    e = small.enterprises
    np.testing.assert_allclose(e.target, e.headcount + e.vacancies)
    np.testing.assert_allclose((e.weight * e.active)[:, None] * e.tier_share, e.target, atol=1e-9)
    np.testing.assert_allclose(e.tier_share.sum(axis=1), 1.0)
    assert (e.founded[e.active == 1] < 0).all() and (e.headcount[e.active == 0] == 0).all()
    assert (e.wage_offer > 1e6).all()


def test_seats_taken_are_the_students(small: World) -> None:
    w, p = small.workers, small.programmes
    student = w.activity == Activity.IN_TRAINING
    np.testing.assert_array_equal(np.bincount(w.programme[student], minlength=len(p)), p.taken)
    assert (w.programme[~student] == -1).all()
    assert (p.taken <= p.seats).all()
    left = w.months_left[student]
    assert ((left > 0) & (left <= p.length[w.programme[student]])).all()
    assert (w.schooling[student] >= p.schooling[w.programme[student]]).all()


def test_ages_fit_activities(small: World) -> None:
    w = small.workers
    months = -w.birth_month
    child = w.activity == Activity.CHILD
    assert (months[child] < 180).all() and (months[child] >= 60).all()
    assert (months[~child] >= 180).all()
    pupil = (months < 216) & (w.schooling == Schooling.UPPER_SECONDARY) & (w.activity < Activity.AWAY_IN_VIET_NAM)
    assert (w.activity[pupil] == Activity.OUT_OF_LABOUR_FORCE).all()
    assert (w.level[child | pupil] == Level.NONE).all()
    assert (w.spell[~child] >= 1).all() and (w.spell[~child] <= np.maximum(1, months[~child] - 180)).all()


def test_ledger_opens_with_the_people(small: World) -> None:
    counted = np.bincount(small.workers.activity, minlength=N_ACTIVITIES)
    np.testing.assert_array_equal(small.ledger.stocks, counted)
    assert counted[Activity.LEFT] == 0
    farmers = small.workers.district[small.workers.activity == Activity.FARMING]
    np.testing.assert_array_equal(small.places.farm_people, np.bincount(farmers, minlength=len(small.places)))
    assert small.places.business_people.sum() == counted[Activity.HOUSEHOLD_BUSINESS]


def test_columns_hold_only_what_they_may(small: World) -> None:
    w = small.workers
    for name, column in w.columns().items():
        if column.codes is not None:
            allowed = {int(one) for one in column.codes} | ({NO_TIER} if name == "tier" else set())
            assert set(np.unique(getattr(w, name)).tolist()) <= allowed, name
    assert w.district.max() < len(small.places) and w.ethnicity.max() < len(small.ethnic_groups)
    assert (w.field >= 0).all() and w.field.max() < small.n_fields
    assert ((w.skill > 0) & (w.skill < 1)).all()
    assert np.isfinite(w.wage).all() and np.isfinite(w.savings).all()


def test_short_period_brings_fewer_children() -> None:
    period = load("son_la", settings=["period.until=2022-12"]).period
    world = populate(asked(0.01, period=period), 1)[0]
    months = -world.workers.birth_month[world.workers.activity == Activity.CHILD]
    assert months.min() >= 180 - 24
    assert months.size == pytest.approx(0.01 * 132478 * 24 / 60, rel=0.05)


# Margins


@pytest.mark.parametrize("name", ["tenth", "hundredth"])
def test_margins_hold_within_sampling_noise(name: str, request: pytest.FixtureRequest) -> None:
    misfit: Misfit = request.getfixturevalue(name)[1]
    assert len(misfit.fits) >= 15
    for fit in misfit.fits:
        assert fit.mean < mean_tolerance(fit), fit
        assert abs(fit.got - fit.expected) < total_tolerance(fit), fit
    assert misfit.worst().mean == max(row["mean"] for row in misfit.table())


def test_census_margins_are_met_almost_exactly(whole: tuple[World, Misfit]) -> None:
    census = [fit for fit in whole[1].fits if fit.margin.startswith("population")]
    assert len(census) == 4 and all(fit.mean < 0.001 for fit in census)


def test_known_levels_of_the_province(whole: tuple[World, Misfit]) -> None:
    world = whole[0]
    w = world.workers
    force = in_force(world)
    assert force.sum() == pytest.approx(770_540, rel=0.002)
    working = force & (w.activity != Activity.UNEMPLOYED)
    farm = working & (world.sector_of_field[w.work_field] == 0)
    assert farm.sum() / working.sum() == pytest.approx(0.689, abs=0.003)
    assert (w.level[force] > 0).mean() == pytest.approx(0.55, abs=0.005)
    assert (w.certificate[force] == 2).mean() == pytest.approx(0.15, abs=0.005)
    town = force & (w.urban == 1)
    assert (w.activity[town] == Activity.UNEMPLOYED).mean() == pytest.approx(0.038, abs=0.002)
    assert 130_000 < (w.activity == Activity.EMPLOYEE).sum() < 150_000
    public = world.enterprises.kind == Kind.PUBLIC
    assert world.enterprises.headcount[public].sum() == pytest.approx(45_000, rel=0.05)


def test_people_make_sense_together(whole: tuple[World, Misfit]) -> None:
    w, e = whole[0].workers, whole[0].enterprises
    at_work = np.flatnonzero(w.activity == Activity.EMPLOYEE)
    professional = at_work[w.tier[at_work] == 2]
    assert (w.level[professional] >= Level.UNIVERSITY).mean() > 0.85
    public = at_work[e.kind[w.employer[at_work]] == Kind.PUBLIC]
    assert (w.level[public] >= Level.ELEMENTARY).mean() > 0.8
    hmong = in_force(whole[0]) & (w.ethnicity == 2)
    assert (w.activity[hmong] == Activity.FARMING).mean() > 0.8
    assert (w.urban[hmong] == 0).mean() > 0.95
    near = whole[0].places.distance[w.district[at_work], e.district[w.employer[at_work]]]
    assert 1.0 < near.mean() < 15.0
    degree = (w.level >= Level.COLLEGE) & (w.activity < Activity.AWAY_IN_VIET_NAM)
    assert (w.schooling[degree] == Schooling.UPPER_SECONDARY).all()


@pytest.mark.parametrize("scale", [0.1, 0.01])
def test_small_scales_stay_within_sampling_bounds(scale: float, tenth: Any, hundredth: Any, whole: Any) -> None:
    world: World = {0.1: tenth, 0.01: hundredth}[scale][0]
    one, all_of = world.workers, whole[0].workers
    masks = (
        lambda w: w.activity == Activity.FARMING,
        lambda w: w.activity == Activity.HOUSEHOLD_BUSINESS,
        lambda w: w.activity == Activity.UNEMPLOYED,
        lambda w: (w.activity == Activity.EMPLOYEE) & (w.tier == 2),
        lambda w: w.activity == Activity.CHILD,
        lambda w: w.activity == Activity.OUTSIDE,
        lambda w: w.level >= Level.UNIVERSITY,
        lambda w: (w.digital == 1) & (w.urban == 1),
        lambda w: (w.poor == 1) & (w.district == 3),
        lambda w: (w.ethnicity == 5) & (w.sex == 1),
    )
    for k, mask in enumerate(masks):
        expected = scale * mask(all_of).sum()
        assert abs(mask(one).sum() - expected) < 4.0 * np.sqrt(expected) + 1, k


def test_small_firms_stay_whole_at_scale(tenth: Any, whole: Any) -> None:
    def sizes(world: World) -> np.ndarray:
        e = world.enterprises
        size: np.ndarray = e.headcount[(e.active == 1) & (e.kind == Kind.PRIVATE)].sum(axis=1)
        return size

    small, full = sizes(tenth[0]), sizes(whole[0])
    assert np.median(small) == pytest.approx(np.median(full), abs=1)
    assert small.sum() == pytest.approx(0.1 * full.sum(), rel=0.02)
    assert small.max() < 100 <= full.max()


@pytest.mark.parametrize("scale", [0.003, 0.5, 5.0])
def test_posts_follow_the_scale(scale: float) -> None:
    margins = read_margins(asked(1.0).province)
    posts = draw_posts(margins, Traits(3), scale)
    groups = margins.employers
    wanted = scale * (groups.number * groups.mean).sum()
    assert (posts.size * posts.active).sum() == pytest.approx(wanted, rel=0.01, abs=100)
    dormant = (~posts.active & (groups.kind[posts.group] != Kind.PUBLIC)).sum()
    private = (posts.active & (groups.kind[posts.group] != Kind.PUBLIC)).sum()
    assert dormant == pytest.approx(margins.start["dormant_employers"] * private, rel=0.02, abs=40)


# The same people


def test_same_seed_gives_the_same_people() -> None:
    a, b, c = populate(asked(0.01), 7)[0], populate(asked(0.01), 7)[0], populate(asked(0.01), 8)[0]
    for table in ("workers", "enterprises", "programmes"):
        for name in getattr(a, table).columns():
            np.testing.assert_array_equal(getattr(getattr(a, table), name), getattr(getattr(b, table), name), name)
    assert (a.workers.activity[:1000] != c.workers.activity[:1000]).any()


def test_rows_lie_together_by_district_and_residence(hundredth: tuple[World, Misfit]) -> None:
    w = hundredth[0].workers
    inside = np.flatnonzero((w.activity < Activity.AWAY_IN_VIET_NAM) | (w.activity == Activity.CHILD))
    home = w.district[inside].astype(int) * 2 + w.urban[inside]
    assert (np.diff(home) >= 0).all() and (np.diff(inside) == 1).all()


def test_a_changed_parameter_of_another_trait_moves_nobody() -> None:
    a = populate(asked(0.01), 1)[0].workers
    b = populate(asked(0.01, own_account=SimpleNamespace(own_use_share=0.9)), 1)[0].workers
    assert b.own_use.mean() == pytest.approx(0.9, abs=0.02)
    for name in a.columns():
        if name != "own_use":
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), name)


# Tools with known answers


def test_raking_meets_its_margins_and_keeps_odds_ratios() -> None:
    table = rake(np.array([[4.0, 2.0], [1.0, 3.0]]), [((0,), np.array([30.0, 70.0])), ((1,), np.array([60.0, 40.0]))])
    np.testing.assert_allclose(table.sum(axis=1), [30, 70], rtol=1e-6)
    np.testing.assert_allclose(table.sum(axis=0), [60, 40], rtol=1e-6)
    assert table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]) == pytest.approx(6.0)


def test_raking_refuses_a_margin_that_cannot_be_met() -> None:
    with pytest.raises(PopulationError, match="a margin over axes"):
        rake(np.array([[1.0, 0.0], [1.0, 0.0]]), [((1,), np.array([5.0, 5.0]))])


def test_raked_choices_meet_totals_and_leave_the_rest_free() -> None:
    people = np.array([100.0, 300.0, 0.0])
    total = np.array([[120.0, np.nan]])
    margin = ChoiceMargin(np.zeros(3, dtype=np.intp), np.array([0, 1, 1]), total)
    shares = rake_choices(np.array([[1.0, 1.0, 2.0]] * 3), people, [margin], care=1e-6)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert (people @ shares)[0] == pytest.approx(120.0, rel=1e-4)
    np.testing.assert_allclose(shares[:, 2], 2 * shares[:, 1])  # what no margin asks for keeps its odds
    np.testing.assert_allclose(shares[2], shares[0])  # an empty cell follows the others


def test_shifted_odds_meet_the_share() -> None:
    odds, people = np.array([[0.0, 2.0]]), np.array([[3.0, 1.0]])
    shift = shifted_to(odds, people, np.array([0.3]))
    chance = 1 / (1 + np.exp(-(odds + shift)))
    assert (chance * people).sum() / 4 == pytest.approx(0.3)


def test_counts_keep_every_running_sum() -> None:
    expected = np.random.default_rng(0).random((20, 7)) * 3
    for start in (0.01, 0.5, 0.99):
        counts = counts_of(expected, start)
        assert (np.abs(np.cumsum(counts) - np.cumsum(expected)) < 1).all()
    means = np.mean([counts_of(expected, (k + 0.5) / 200) for k in range(200)], axis=0)
    np.testing.assert_allclose(means, expected, atol=0.01)


def test_spread_draws_are_even_over_neighbours_and_free_of_each_other() -> None:
    traits = Traits(5)
    u, v = traits.spread("a", 256 * 40 + 13), traits.spread("b", 256 * 40 + 13)
    for block in u[: 256 * 40].reshape(40, 256):
        np.testing.assert_array_equal(np.sort((block * 256).astype(int)), np.arange(256))
    assert u.min() > 0 and u.max() < 1
    assert abs(np.corrcoef(u, v)[0, 1]) < 0.03
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.5
    np.testing.assert_array_equal(u, Traits(5).spread("a", u.size))


def test_choices_follow_their_shares() -> None:
    shares = np.array([[0.2, 0.5, 0.3], [0.0, 0.0, 1.0]])
    u = (np.arange(1000) + 0.5) / 1000
    cell = np.zeros(1000, dtype=int)
    np.testing.assert_array_equal(np.bincount(choose(np.cumsum(shares, axis=1)[:, :-1], cell, u)), [200, 500, 300])
    np.testing.assert_array_equal(np.bincount(choose_of_many(shares, cell, u)), [200, 500, 300])
    assert (choose_of_many(shares, cell + 1, u) == 2).all()
    assert first_of_race(np.array([0.0, 1.0, 1.0]), np.array([0.5, 0.5, 0.5]), 5).tolist() == [1, 2]


# The files


def margin_files() -> list[Path]:
    return sorted(asked(1.0).province.folder.glob("*.csv"))


@pytest.mark.parametrize("path", margin_files(), ids=lambda path: path.name)
def test_every_margin_has_its_evidence(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for number, row in enumerate(rows, start=2):
        assert None not in row and None not in row.values(), number
        assert row["grade"] in ("A", "B", "C", "D") and row["source"] and row["unit"] and row["year"], number
        if row.get("low") and "value" in row:
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), number


# Messages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    province = asked(1.0).province
    shutil.copytree(province.folder, tmp_path / "margins")
    return tmp_path / "margins"


def with_folder(folder: Path) -> Any:
    province = asked(1.0).province.model_copy(update={"folder": folder, "files": {}})
    return asked(0.001, province=province)


def change(path: Path, row: int, column: str, value: str | None) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if value is None:
        del rows[row]
    else:
        rows[row][column] = value
        if column == "value":
            rows[row] |= {name: "" for name in ("low", "high") if name in rows[row]}  # else they refuse it first
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_missing_margin_is_named(folder: Path) -> None:
    (folder / "roads.csv").unlink()
    with pytest.raises(PopulationError, match=r"roads\.csv: this margin is missing"):
        populate(with_folder(folder), 1)


@pytest.mark.parametrize(
    ("file", "row", "column", "value", "message"),
    [
        ("district_age.csv", 3, "value", "-4", r"district_age\.csv:5:4  value: given '-4'; allowed a number, 0 or"),
        ("district_age.csv", 3, "district", "sonla", r"district_age\.csv:5:1  district: given 'sonla'; allowed son_la"),
        ("wages.csv", 0, "value", "many", r"wages\.csv:2:4  value: given 'many'"),
        ("unemployment.csv", 0, "residence", "rural", r"unemployment\.csv:\d+:1  residence: this row is given twice"),
        ("enterprises.csv", 1, "unskilled", "0.9", r"enterprises\.csv:3:8  unskilled: .*sum to 1"),
        ("mortality_age_sex.csv", 2, "age", "abc", r"mortality_age_sex\.csv:4:1  age: given 'abc'; allowed an age"),
        ("mortality_age_sex.csv", 2, "age", "9-5", r"mortality_age_sex\.csv:4:1  age: given '9-5'; allowed an age"),
        ("mortality_age_sex.csv", 2, "age", "5-400", r"mortality_age_sex\.csv:4:1  age: given '5-400'; allowed an age"),
        ("districts.csv", 0, "population", "106.052",
         r"districts\.csv:2:4  population: given 106\.052 \[persons\].*write 106052 or 106_052"),
        ("districts.csv", 0, "population", "106",
         r"districts\.csv:2:5  urban_population: 70,362 people in towns, but 106 people in the district"),
        ("districts.csv", 0, "urban_population", "706362",
         r"districts\.csv:2:5  urban_population: 706,362 people in towns, but 106,052 people in the district"),
        ("districts.csv", 3, "population", "19127",
         r"districts\.csv:5:4  population: muong_la: 19,127 people; district_age\.csv has 99,534 in the same"),
        ("districts.csv", 0, "urban_population", "70",
         r"districts\.csv:2:5  urban_population: son_la_city: 70 people in towns; district_age\.csv has 70,362"),
        ("population_age_sex.csv", 0, "value", "673130",
         r"population_age_sex\.csv  1,\d+,\d+ people; districts\.csv has 1,248,415"),
        ("ethnicity_residence.csv", 0, "value", "1149430", r"ethnicity_residence\.csv  .* people; districts\.csv has"),
        ("ethnicity_district.csv", 0, "value", "0.047",
         r"ethnicity_district\.csv  son_la_city: the shares sum to 0\.577; they should sum to 1"),
        ("schooling_age_sex.csv", 0, "value", "0.25", r"schooling_age_sex\.csv:2:4  value: 5-9, male: .*sum to 1\.225"),
        ("poverty.csv", 1, "value", "3", r"poverty\.csv:3:3  value: given '3'; allowed 0 to 1 \[share of people\]"),
        ("poverty.csv", 1, "value", "3%", r"poverty\.csv:3:3  value: given '3%'; the unit is share of people, from 0"),
        ("wages.csv", 0, "value", "4.000", r"wages\.csv:2:4  value: given 4\.000; .* write 4000 or 4_000, or 4 if"),
        ("poverty.csv", 1, "value", "nan", r"poverty\.csv:3:3  value: given 'nan'; allowed a number"),
        ("poverty.csv", 1, "value", "", r"poverty\.csv:3:3  value: given ''; allowed a number"),
    ],
)
def test_wrong_margins_name_file_and_row(
    folder: Path, file: str, row: int, column: str, value: str, message: str
) -> None:
    change(folder / file, row, column, value)
    with pytest.raises(ConfigError, match=message):
        populate(with_folder(folder), 1)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("district_age.csv", r"district_age\.csv: there is no row for district 'son_la_city'"),
        ("start.csv", r"start\.csv: there is no row for 'farm_income'"),
        ("outsiders.csv", r"outsiders\.csv: there is no row for 'number'"),
        ("training.csv", r"training\.csv: the shares of the levels .* sum to 0\.55"),
        ("accessibility.csv", r"accessibility\.csv: there is no row from crop_livestock to high_tech_agriculture"),
    ],
)
def test_missing_rows_are_named(folder: Path, file: str, message: str) -> None:
    change(folder / file, 0, "", None)
    with pytest.raises(PopulationError, match=message):
        populate(with_folder(folder), 1)


def test_more_posts_than_people_is_refused(folder: Path) -> None:
    change(folder / "enterprises.csv", 4, "number", "90000")
    with pytest.raises(PopulationError, match="more posts than the sectors"):
        populate(with_folder(folder), 1)
