"""Results by group: parts sum to the whole, every way out gives the same numbers, and nobody pays who does not ask."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

from labsim import groups
from labsim.cli import cli
from labsim.config import load
from labsim.errors import ConfigError, ResultsError
from labsim.experiment.run import run
from labsim.groups import BIN, GROUPINGS, PEOPLE_OF
from labsim.indicators import INDICATORS
from labsim.model import LabourModel
from labsim.processes import fields, incomes
from labsim.processes.counting import AGE_BANDS, N_STATUSES, N_TRAINING
from labsim.report.figures import main_series
from labsim.report.numbers import number
from labsim.results import open_results
from labsim.simulation import Simulation
from labsim.world import N_ACTIVITIES

BUSY = (
    "policies.labour_export.places_per_year={2021: 9000}",
    "policies.talent_attraction.places_per_year={2021: 9000}",
    "policies.talent_attraction.lump_sum=1e9",
)


@pytest.fixture(scope="module")
def busy(son_la):
    """Return two replicates of two years of Son La in which all kinds of events happen, by every grouping."""
    config = son_la(*BUSY, scale=0.01, until="2022-12")
    return run(config, replicates=2, by=list(GROUPINGS), executor="serial")


@pytest.mark.parametrize("grouping", GROUPINGS)
@pytest.mark.parametrize("indicator", PEOPLE_OF)
def test_flows_of_the_groups_sum_to_the_flow_of_the_province(busy, grouping, indicator):
    frame = busy.monthly[(busy.monthly["indicator"] == indicator) & (busy.monthly["month"] > "2020-12-31")]
    rest = [name for name in GROUPINGS if name != grouping]
    frame = frame[(frame[rest] == "all").all(axis=1)]
    whole = frame[frame[grouping] == "all"].set_index(["replicate", "month"])["value"]
    parts = frame[frame[grouping] != "all"].groupby(["replicate", "month"])["value"].sum()
    assert whole.sum() > 0
    # counts of whole rows over the scale: a few roundings each
    np.testing.assert_allclose(parts.reindex(whole.index), whole, rtol=1e-12)


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_people_of_the_groups_sum_to_the_people_of_the_province(busy, grouping):
    table = busy.by(grouping)
    for name in ("working_age", "working_age_trained", "working_age_certified", "unemployed", "agricultural_workers"):
        here = table[table["indicator"] == name]
        for year in (2020, 2021, 2022):
            values = here[here["year"] == year].set_index("group")["value"]
            assert values["all"] > 0
            assert values.drop("all").sum() == pytest.approx(values["all"], rel=1e-9), (name, year)


def test_people_of_working_age_are_those_below_retirement(busy):
    table = busy.by("age").set_index(["group", "year", "indicator"])["value"]
    assert table["past retirement", 2022, "working_age"] == 0
    assert table["18-24", 2022, "working_age"] > table["18-24", 2022, "working_age_trained"] > 0
    # the survey's certificate is one of the things that count as training
    assert (table[:, 2022, "working_age_certified"] <= table[:, 2022, "working_age_trained"]).all()


def test_asking_for_groups_changes_no_other_number(son_la, first_difference):
    asked = LabourModel(son_la("by=[sex, age]", scale=0.005), 1).run(13)
    plain = LabourModel(son_la(scale=0.005), 1).run(13)
    more, less = asked.recorder.monthly(), plain.recorder.monthly()
    keys = ["month", "indicator", *GROUPINGS]
    words = dict.fromkeys(keys, str)
    both = less.astype(words).merge(more.astype(words), on=keys, how="left")
    assert (both["value_x"] == both["value_y"]).all()
    asked.recorder = plain.recorder
    assert first_difference(asked, plain) == ""
    # and whoever does not ask pays nothing: no groups are counted, nobody's income is remembered
    assert plain.recorder._groups is None
    assert {"working_age", "income_gain_share"}.isdisjoint(set(less["indicator"]))
    assert set(more["indicator"]) - set(less["indicator"]) == {
        "working_age", "working_age_trained", "working_age_certified",
        "income_gain_share", "income_loss_share", "income_median_change",
    }  # fmt: skip


def test_the_configuration_keeps_its_hash_unless_groups_are_asked_for(son_la):
    assert son_la("by=[]").hash == son_la().hash != son_la("by=[sex]").hash
    assert son_la("by=[sex, district]").by == ("district", "sex")


def test_changes_of_income_are_those_of_the_same_people(son_la):
    """Gains, losses and the median against the incomes of every person, two Decembers apart."""
    model = LabourModel(son_la("by=[sex, district]", scale=0.01), 1)
    w = model.workers

    def pay() -> np.ndarray:
        return np.where(w.activity <= 5, np.where(w.activity <= 2, w.wage, 0.0), np.nan).astype(np.float64)

    before = pay()
    model.run(12)
    after = pay()
    found = model.recorder.monthly()
    found = found[(found["month"] == "2021-12-31") & (found["age"] == "all")]
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(before > 0, after / before - 1.0, np.inf)
    base = ~np.isnan(before + after) & (before + after > 0) & (model.world.counts["bands"] < 4)
    names = model.world.places.names
    for column, label, here in (
        ("sex", "female", w.sex == 1),
        ("sex", "male", w.sex == 0),
        ("district", names[3], w.district == 3),
        ("sex", "all", np.ones(len(w), dtype=bool)),
    ):
        other = "district" if column == "sex" else "sex"
        rows = found[(found[column] == label) & (found[other] == "all")].set_index("indicator")["value"]
        mine = change[base & here]
        assert len(mine) > 100
        assert rows["income_gain_share"] == pytest.approx(100 * (mine > 0.05).mean())
        assert rows["income_loss_share"] == pytest.approx(100 * (mine < -0.05).mean())
        # the median is read off bins half a point wide
        assert abs(rows["income_median_change"] - 100 * np.median(mine)) <= 100 * BIN


@pytest.mark.tiny
def test_the_median_at_the_ends_is_the_end():
    def distribution(before: list[float], after: list[float], n: int = 1) -> np.ndarray:
        then, now = (np.array(values, dtype=np.float32) for values in (before, after))
        people = np.zeros((4, n * (incomes.NOT_COUNTED + 1)), dtype=np.int32)
        none = np.zeros(len(then), dtype=np.uint8)
        places = np.empty(len(then), dtype=np.uint16)
        incomes.write_changes(then, now, none, places)
        incomes.count_places(places, none, people)
        return groups._distribution(*incomes.read_places(people))

    assert distribution([100.0, 100.0, 100.0], [0.0, 0.0, 110.0])[2, 0] == -100.0
    assert distribution([0.0, 0.0, 100.0], [1.0, 1.0, 100.0])[2, 0] == 300.0
    assert abs(distribution([1000.0] * 3, [1100.0, 1102.0, 1500.0])[2, 0] - 10.2) <= 100 * BIN
    assert np.isnan(distribution([10.0], [11.0], 2)[0, 1])


def test_a_world_of_one_field_has_what_a_count_by_field_finds():
    """Such a world takes its one field from the books and from the count of all; here the people are counted."""
    world = Simulation(load("reference/frictional", settings=["reference.people=3000"]), seed=2).run(12).world
    farm, tables = fields._family_farm(world), np.zeros((4, N_ACTIVITIES), dtype=np.int64)
    fields._count_doings(world.people, farm, tables)
    assert np.array_equal(fields.doings_by_field(world), tables.sum(axis=0)[None])
    shape = (1, len(AGE_BANDS), 2, N_STATUSES + 1, N_TRAINING, 2)
    cells, pay = np.zeros(shape, dtype=np.int32), np.zeros((1, 3), dtype=np.int64)
    sector = np.concatenate([[0], 2 * N_TRAINING * world.sector_of_field]).astype(np.uint8)
    bands, under = world.counts["bands"], world.counts["under"]
    by_band = cells.reshape((1, len(AGE_BANDS), 2, -1))
    fields._count_people(world.people, world.runs, bands, under, sector, farm, by_band, pay)
    people, earned = fields.people_by_field(world)
    assert people.sum() == 3000
    assert np.array_equal(people, cells[:, :, :, :-1])
    assert np.array_equal(earned, pay)
    applications, market = world.applications, fields.market_by_field(world)[:, 0]
    assert market.tolist() == [
        len(applications.seekers_fields),
        world.enterprises.vacancies.sum(),
        len(applications.people),
    ]


def test_print_csv_json_and_python_give_the_same_numbers(tmp_path):
    words = ["run", "son_la", "--scale", "0.002", "--until", "2021", "--replicates", "2", "--executor", "serial"]
    words += ["--by", "sex,residence", "--out", str(tmp_path / "out"), "--lang", "en"]
    printed = CliRunner().invoke(cli, words, env={"COLUMNS": "100"})
    assert printed.exit_code == 0, printed.output
    as_json = json.loads(CliRunner().invoke(cli, [*words, "--json"]).stdout)
    results = open_results(tmp_path / "out")
    assert results.groupings == ("sex", "residence")
    text = " ".join(printed.stdout.split())
    for name, table in results.answers().items():
        with (tmp_path / "out" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            written = list(csv.DictReader(lines))
        rows = table.to_dict("records")
        assert len(rows) == len(written) == len(as_json[name]) > 0
        for row, line, item in zip(rows, written, as_json[name], strict=True):
            for key, value in row.items():
                if isinstance(value, float) and np.isnan(value):
                    assert (line[key], item[key]) == ("", None)
                elif isinstance(value, float):
                    assert float(line[key]) == item[key] == value
                else:
                    assert line[key] == str(item[key]) == str(value)
    for row in results.by("sex").to_dict("records"):
        if row["year"] == 2021 and row["indicator"] in ("working_age", "hires", "income_gain_share"):
            low, high = number(row["low"], row["unit"]), number(row["high"], row["unit"])
            assert f"{number(row['value'], row['unit'])} ({low} to {high})" in text
    assert {"by_sex.csv", "by_residence.csv"} <= {file.name for file in (tmp_path / "out").iterdir()}


@pytest.mark.tiny
def test_a_wrong_grouping_gets_the_nearest(son_la):
    result = CliRunner().invoke(cli, ["run", "--by", "sex,distrct", "--lang", "en"])
    said = " ".join(result.stderr.replace("│", " ").split())
    assert result.exit_code == 2
    allowed = "district, sex, age, ethnicity, residence, field"
    assert f"given 'distrct'; did you mean \"district\"?; allowed: {allowed}" in said
    with pytest.raises(ConfigError, match=r"by: given 'gender'; allowed: district, sex"):
        son_la("by=[gender]")


def test_a_grouping_that_was_not_asked_for_is_refused_with_the_way_to_get_it(busy, son_la):
    with pytest.raises(ResultsError, match="did you mean \"sex\""):
        busy.by("sexe")
    bare = run(son_la(scale=0.002, until="2021-01"), replicates=1, executor="serial")
    with pytest.raises(ResultsError, match="did not count people by sex; run it with --by sex"):
        bare.by("sex")
    assert set(bare.answers()) == {"costs", "spending"}


@pytest.mark.tiny
def test_what_is_told_by_group_is_known_as_an_indicator():
    from labsim.answers import BY_MEASURES

    assert [name for name in BY_MEASURES if name not in INDICATORS] == []
    assert set(PEOPLE_OF) <= set(BY_MEASURES)


# Fields of work


def by_field_and_month(monthly, indicator: str, rest=tuple(name for name in GROUPINGS if name != "field")):
    """Return the series of each field and of all, by replicate and month."""
    frame = monthly[(monthly["indicator"] == indicator) & (monthly[list(rest)] == "all").all(axis=1)]
    return frame.astype({"field": str}).pivot(index=["replicate", "month"], columns="field", values="value")


@pytest.fixture(scope="module")
def occupations():
    """Return two replicates of the occupational model on a ring, as anyone would run it."""
    settings = ["reference.people=4000", "reference.fields=8", "reference.neighbours=2", "period.until=2022-03"]
    return run(load("reference/occupational_2021", settings=settings), replicates=2, executor="serial")


MONTHLY = ("labour_force", "employed", "unemployed", "seekers", "vacancies", "applications", "hires")


@pytest.mark.parametrize("world", ["busy", "occupations"])
@pytest.mark.parametrize("indicator", MONTHLY)
def test_fields_sum_to_the_total_in_every_month(request, world, indicator):
    results = request.getfixturevalue(world)
    series = by_field_and_month(results.monthly, indicator)
    whole = series.pop("all").dropna()
    parts = series.loc[whole.index]
    # nobody has searched, applied or been hired yet at the start
    since_start = indicator in ("seekers", "applications", "hires")
    assert len(whole) == 2 * (results.manifest["months"] + (not since_start))
    assert parts.notna().all(axis=None) and (whole > 0).all()
    # counts of whole rows over the scale: a few roundings each
    np.testing.assert_allclose(parts.sum(axis=1), whole, rtol=1e-12)


def test_what_is_counted_by_field_is_what_the_columns_say(son_la):
    """People, posts, seekers and pay of each field against the columns of the world, in June and in December."""
    model = LabourModel(son_la("by=[field]", scale=0.01, until="2021-12"), 1)
    w, e, n = model.workers, model.enterprises, model.world.n_fields
    for months in (6, 6):
        model.run(months - 1)
        free = w.field.copy()
        model.step()
        works, farms = w.activity <= 2, (w.activity == 0) & (w.work_field < 0)
        field = np.where(works, np.where(farms, 0, w.work_field), w.field)
        assert farms.any() and (w.work_field[works & ~farms] >= 0).all()
        assert model.world.sector_of_field[0] == 0  # farms that people come back to are of the first field
        frame = model.recorder.monthly()
        frame = frame[(frame["month"] == frame["month"].max()) & (frame["field"] != "all")]
        found = frame.astype({"field": str}).pivot(index="field", columns="indicator", values="value")
        found = found.loc[list(model.world.fields)]
        counted = {
            "employed": np.bincount(field[works], minlength=n),
            "unemployed": np.bincount(w.field[w.activity == 3], minlength=n),
            "vacancies": np.bincount(e.field, e.vacancies.sum(axis=1), n),
            "hires": np.bincount(e.field[model.world.events["hired_by"]], minlength=n),
        }
        for name, numbers in counted.items():
            np.testing.assert_allclose(found[name], numbers / 0.01, rtol=1e-12, err_msg=name)
        # those who search and are not hired keep their field
        stay = (w.field == free)[model.world.applications.people].mean()
        assert stay > 0.9 and found["seekers"].sum() >= found["applications"].sum() >= found["hires"].sum()
        rate = 100.0 * counted["unemployed"] / (counted["unemployed"] + counted["employed"])
        np.testing.assert_allclose(found["unemployment_rate"], rate, rtol=1e-12)
    hired = w.activity == 2
    pay = np.bincount(w.work_field[hired], np.floor(w.wage[hired]), n) / np.bincount(w.work_field[hired], minlength=n)
    np.testing.assert_allclose(found["mean_wage"], pay, rtol=1e-9)
    of_age = (w.activity <= 5) & (model.world.counts["bands"] < 4)
    np.testing.assert_allclose(found["working_age"], np.bincount(field[of_age], minlength=n) / 0.01, rtol=1e-12)


def test_seekers_of_a_month_are_the_unemployed_before_it_less_who_has_just_lost_work(occupations):
    """Everyone without work applies in the model of 2021, by the field of the last work, and changes it when hired."""
    unemployed, seekers = (by_field_and_month(occupations.monthly, name) for name in ("unemployed", "seekers"))
    before = unemployed.groupby("replicate").shift().dropna()
    assert before.equals(seekers.loc[before.index]) and len(before) == 2 * 15
    applications = by_field_and_month(occupations.monthly, "applications").loc[before.index]
    assert applications["all"].equals(before["all"]) and not applications.equals(before)


def test_a_reference_world_tells_fields_apart_unless_it_is_told_not_to():
    small = ["reference.people=300", "reference.fields=3"]
    asked = LabourModel(load("reference/occupational_2021", settings=["reference.neighbours=1", *small]), 1).run(3)
    plain = LabourModel(load("reference/occupational_2021", settings=["reference.neighbours=1", *small, "by=[]"]), 1)
    plain.run(3)
    more, less = asked.recorder.monthly(), plain.recorder.monthly()
    assert set(more["field"]) == {"all", "field 0", "field 1", "field 2"} and set(less["field"]) == {"all"}
    keys = ["month", "indicator", *GROUPINGS]
    both = less.astype(dict.fromkeys(keys, str)).merge(more.astype(dict.fromkeys(keys, str)), on=keys, how="left")
    assert (both["value_x"] == both["value_y"]).all()
    assert load("son_la").by == ()


@pytest.mark.tiny
def test_each_measure_by_field_says_whose_field_counts():
    assert [name for name in (*MONTHLY, *PEOPLE_OF) if not INDICATORS[name].by_field] == []
    assert INDICATORS["hires"].by_field == INDICATORS["vacancies"].by_field == "field of the employer"


def test_a_reference_world_prints_its_main_series_and_its_fields(tmp_path):
    words = ["run", "reference/occupational_2021", "--set", "reference.people=900", "--set", "reference.fields=3"]
    words += ["--set", "reference.neighbours=1", "--until", "2021-02", "--replicates", "2", "--executor", "serial"]
    printed = CliRunner().invoke(cli, [*words, "--out", str(tmp_path / "out"), "--lang", "en"], env={"COLUMNS": "100"})
    assert printed.exit_code == 0, printed.output
    lines = printed.stdout.splitlines()
    results = open_results(tmp_path / "out")
    (heading,) = (line for line in lines if line.startswith("In the month, or at its end"))
    assert heading.split()[-3:] == ["2020-12", "2021-01", "2021-02"]
    for k in range(3):
        (row,) = (line.split() for line in lines if line.startswith(f"field {k} "))
        last = {name: results.series(name, {"field": f"field {k}"}).iloc[-1].mean() for name in MONTHLY}
        shown = [row[2], row[3], *row[-3:]]
        names = ("employed", "unemployed", "seekers", "vacancies", "hires")
        assert shown == [number(last[name], "persons") for name in names]
    assert any("open vacancies; hires: field of the employer" in line for line in lines)
    text = printed.stdout
    assert "target" not in text and "abroad" not in text  # nothing of what a reference world does not have


def test_the_picture_of_a_reference_world_shows_the_market_and_the_fields(occupations):
    figure = main_series(occupations)
    bold = [[words.get_text() for words in axis.texts if words.get_fontweight() == "bold"] for axis in figure.axes]
    titles = [title[0].split("   ")[-1] for title in bold if title]
    assert len(titles) == 6 and sum("field" in title for title in titles) == 2
    (dots,) = (line for line in figure.axes[4].get_lines() if line.get_marker() == "o")
    last = [occupations.series("unemployment_rate", {"field": f"field {k}"}).iloc[-1].median() for k in range(8)]
    np.testing.assert_allclose(dots.get_ydata(), last)
    assert not any("target" in words.get_text() for words in figure.legends[0].get_texts())
