"""Looking back: rules without a model, bands that hold as often as they say, figures of a user, the start of 2010."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import labsim
from labsim.cli import cli
from labsim.config import Config, load
from labsim.errors import ConfigError
from labsim.evidence.backcast import Backcast, backcast
from labsim.evidence.compared import chosen_figures
from labsim.evidence.naive import last_value, linear_trend
from labsim.evidence.scoring import band, coverage_of, errors_of, told_apart
from labsim.experiment.counted import children, derived
from labsim.experiment.observed_series import Figure, read_figures
from labsim.experiment.opened import open_study
from labsim.population.reading import read_margins
from labsim.population.start import populate
from labsim.report.backcast import verdicts_of
from labsim.world import Activity

ROOT = Path(__file__).parents[1]
Z90 = 1.6448536269514722  # half of the normal band of 90 %
PROVINCES = ("son_la", "lao_cai", "bac_kan")


def tool(name: str) -> ModuleType:
    """Load a tool of the repository, which is no part of the package."""
    spec = importlib.util.spec_from_file_location(f"tool_{name}", ROOT / "tools" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


page, start_2010 = tool("backcast"), tool("start_2010")
NOBODY_APART = ("all",) * 5


def figure(year: int, value: float, *, half: float = 0.0, month: int = 12, name: str = "labour_force") -> Figure:
    return Figure(
        name, "administrative", NOBODY_APART, year, month, value, value - half, value + half, "persons", "observed",
        False, "A", "", "",
    )  # fmt: skip


# --- the two rules


def test_last_value_is_the_latest_known_figure() -> None:
    assert last_value([figure(2010, 5.0), figure(2008, 1.0)]) == 5.0
    assert last_value([]) is None


def test_a_linear_trend_goes_through_the_last_figure_and_the_earliest_of_five_years() -> None:
    known = [figure(2003, 900.0), figure(2006, 60.0), figure(2009, 1.0), figure(2010, 100.0)]
    assert linear_trend(known, 2014 + 1.0) == pytest.approx(140.0)
    assert linear_trend([figure(2009, 90.0, month=6), figure(2010, 99.0)], 2011 + 0.5) == pytest.approx(102.0)


def test_one_known_figure_has_no_trend() -> None:
    assert linear_trend([figure(2010, 5.0)], 2012.0) is None
    assert linear_trend([], 2012.0) is None


# --- errors


def series_of(observed: list[float], error: float = 0.0, **methods: list[float]) -> pd.DataFrame:
    n = len(observed)
    frame = pd.DataFrame({"key": ["one"] * n, "scored": [True] * n, "observed": observed, "error": [error] * n})
    for name in ("model", "last_value", "linear_trend"):
        frame[name] = methods.get(name, [math.nan] * n)
    return frame


def test_errors_have_known_answers() -> None:
    errors = errors_of(series_of([10.0, 10.0], model=[13.0, 6.0], last_value=[10.0, 11.0])).set_index("method")
    assert errors.loc["model", "rmse"] == pytest.approx(math.sqrt(12.5))
    assert errors.loc["model", "mae"] == pytest.approx(3.5)
    assert errors.loc["model", "bias"] == pytest.approx(-0.5)
    assert errors.loc["last_value", "closest"] and not errors.loc["model", "closest"]
    assert errors.loc["linear_trend", "n"] == 0 and math.isnan(errors.loc["linear_trend", "rmse"])


def test_where_a_straight_line_is_the_truth_the_line_wins_and_it_is_said() -> None:
    line = [110.0, 120.0, 130.0]
    errors = errors_of(series_of(line, model=[108.0, 115.0, 121.0], last_value=[100.0] * 3, linear_trend=line))
    best = errors.loc[errors["closest"], "method"]
    assert list(best) == ["linear_trend"]
    said = verdicts_of(errors.assign(label="labour force", unit="persons"))
    assert said == ["labour force: the model loses to a rule without a model (linear trend)."]


def test_where_the_model_is_the_truth_it_wins_and_it_is_said() -> None:
    bent = [101.0, 104.0, 90.0]
    errors = errors_of(series_of(bent, model=bent, last_value=[100.0] * 3, linear_trend=[110.0, 120.0, 130.0]))
    assert list(errors.loc[errors["closest"], "method"]) == ["model"]
    assert verdicts_of(errors.assign(label="x", unit="%")) == ["x: the model is closest."]


def test_an_order_that_the_error_of_the_figures_could_turn_is_not_told() -> None:
    m, r, o = (pd.Series(one) for one in ([10.0, 10.0], [12.0, 12.0], [10.4, 10.4]))
    assert told_apart(m, r, o, pd.Series([0.1, 0.1]))
    assert not told_apart(m, r, o, pd.Series([2.0, 2.0]))


@pytest.mark.parametrize("is_common", [True, False])
def test_the_order_is_told_no_more_often_than_it_should_be(is_common: bool) -> None:
    """Where model and rule are equally far from the truth, an order is told in 5 % of cases, and in fewer where the
    errors of the figures are independent.
    """
    rng = np.random.default_rng(1)
    n, told, true = 2000, 0, np.full(6, 11.0)
    m, r, error = (pd.Series(np.full(6, value)) for value in (10.0, 12.0, 0.7))
    for _case in range(n):
        noise = rng.normal(0, 0.7, 1 if is_common else 6)
        told += told_apart(m, r, pd.Series(true + noise), error)
    tolerance = 4 * math.sqrt(0.05 * 0.95 / n)
    assert told / n < 0.05 + tolerance and (told / n > 0.05 - tolerance or not is_common)


# --- bands


def test_a_band_of_one_draw_is_that_of_its_error() -> None:
    assert band(np.array([3.0]), 2.0, (0.05, 0.5, 0.95)) == pytest.approx([3 - 2 * Z90, 3.0, 3 + 2 * Z90])


def test_without_an_error_a_band_is_of_the_draws() -> None:
    assert band(np.arange(101.0), 0.0, (0.05, 0.25)) == pytest.approx([5.0, 25.0])
    assert all(map(math.isnan, band(np.full(3, math.nan), 1.0, (0.05, 0.95))))


def test_bands_cover_a_synthetic_truth_as_often_as_they_say() -> None:
    """Worlds, draws and errors come from known laws: of the figures 50 and 90 % lie inside, within four deviations.

    The quantiles of 48 draws have an error of their own, which lowers the coverage by less than two points.
    """
    rng = np.random.default_rng(5)
    n, rows = 3000, []
    for _case in range(n):
        spread, error = rng.uniform(0.5, 2.0), rng.uniform(0.1, 1.0)
        truth = rng.gamma(2.0, spread) + rng.normal(0, error)
        draws = rng.gamma(2.0, spread, 48)
        row = {"key": "one", "scored": True}
        for level, ends in ((50, (0.25, 0.75)), (90, (0.05, 0.95))):
            low, high = band(draws, error, ends)
            row |= {f"low_{level}": low, f"high_{level}": high, f"inside_{level}": low <= truth <= high}
        rows.append(row)
    found = coverage_of(pd.DataFrame(rows)).query("key == 'one'").set_index("band")["share"]
    for level in (50, 90):
        p = level / 100
        assert abs(found[level] - p) < 4 * math.sqrt(p * (1 - p) / n) + 0.02


# --- what the model records only in parts


def test_children_grow_up_and_are_born() -> None:
    config = load("son_la", settings=["period.until=2022-12"])
    margins = read_margins(config.province)
    young = margins.age_sex[:3]
    found = children(config)
    assert found[0] == pytest.approx(young.sum())
    single = np.repeat(young.T / 5, 5, axis=1)
    staying = (single[:, :14] * np.exp(-margins.mortality[:, :14])).sum()
    assert found[12] == pytest.approx(staying + young[0].sum() / 5)
    assert found[6] == pytest.approx((found[0] + found[12]) / 2)
    assert len(found) == 25


def test_net_migration_is_who_came_less_who_went_per_thousand_of_all_ages() -> None:
    months = [f"2021-{month:02d}" for month in range(1, 13)]
    parts = {"moved_in": 1.0, "returned_from_other_provinces": 2.0, "left_for_other_provinces": 5.0, "employed": 500.0}
    parts["population_15_plus"] = 900.0

    def series(name: str) -> pd.DataFrame:
        return pd.DataFrame({0: [parts[name]] * 12}, index=months)

    young = dict.fromkeys(months, 300.0)
    assert derived("net_migration_rate", series, young).iloc[-1, 0] == pytest.approx(-20.0)
    assert derived("population", series, young).iloc[0, 0] == 1200.0
    assert derived("employed_to_population", series, young).iloc[0, 0] == pytest.approx(500 / 12)


# --- figures of a user


@pytest.fixture(scope="module")
def config() -> Config:
    return load("son_la")


def written(folder: Path, text: str) -> Path:
    file = folder / "my.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_three_columns_are_enough(tmp_path: Path, config: Config) -> None:
    found = read_figures(written(tmp_path, "indicator,year,value\nlabour_force,2021,779000\n"), config)
    one = found[0]
    assert (one.unit, one.month, one.status, one.concept, one.error) == ("persons", 12, "observed", "administrative", 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("indicator,year\nx,1\n", r"my\.csv:1  value: this column is missing"),
        ("indicator,year,value,residense\n", r'my\.csv:1:4  residense: no such column; did you mean "residence"'),
        ("indicator,year,value\nlabor_force,2021,1\n", r"my\.csv:2:1  indicator: .*did you mean \"labour_force\""),
        ("indicator,year,value\nlabour_force,21,1\n", r"my\.csv:2:2  year: given '21'; allowed 1900 to 2100"),
        ("indicator,year,value\nlabour_force,2021,many\n", r"my\.csv:2:3  value: given 'many'; allowed a number"),
        ("indicator,year,value\nlabour_force,2021,nan\n", r"my\.csv:2:3  value: given 'nan'"),
        ("indicator,year,value,unit\nlabour_force,2021,1,%\n", r"my\.csv:2:4  unit: given '%'; allowed persons"),
        ("indicator,year,value,low,high\nlabour_force,2021,1,2,3\n", r"my\.csv:2:4  low: low, value and high stand"),
        ("indicator,year,value,residence\nlabour_force,2021,1,urbn\n", r'my\.csv:2:4  residence: .*mean "urban"'),
        ("indicator,year,value\nlabour_force,2021,1\n\nlabour_force,2021,2\n", r"my\.csv:4:2  year: .*in line 2"),
        ("indicator,year,value\nlabour_force,2021,779,000\n", r"my\.csv:2  4 cells, but 3 columns"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_by_its_place(
    tmp_path: Path, config: Config, text: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        read_figures(written(tmp_path, text), config)


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path, config: Config) -> None:
    text = "indicator,year,value\nlabour_force,2021,x\nlabour_force,y,1\nlabor,2021,1\n"
    with pytest.raises(ConfigError) as error:
        read_figures(written(tmp_path, text), config)
    assert [problem.line for problem in error.value.problems] == [2, 3, 4]


def test_shipped_figures_load_and_plans_are_not_compared(config: Config) -> None:
    for province in PROVINCES:
        for name, start in (("observed.csv", 2020), ("observed_history.csv", 2010)):
            home = load(province)
            assert home.province.folder is not None
            found = read_figures(home.province.folder.parent / name, home, leave_unknown=True)
            later = chosen_figures(found, found, start, None).later
            assert later and all(one.status == "observed" for figures in later.values() for one in figures)


# --- what is compared


def test_rules_know_nothing_after_the_start() -> None:
    figures = [figure(year, float(year)) for year in range(2008, 2017)]
    chosen = chosen_figures(figures, figures, 2010, None)
    assert [one.year for one in chosen.known["labour_force"]] == [2008, 2009, 2010]
    assert [one.year for one in chosen.later["labour_force"]] == list(range(2011, 2017))
    assert not chosen.late and chosen.until == 2016


def test_a_series_without_a_figure_at_the_start_lends_its_first() -> None:
    chosen = chosen_figures([figure(2013, 1.0), figure(2014, 2.0)], [], 2010, None)
    assert chosen.late == {"labour_force"}
    assert [one.year for one in chosen.known["labour_force"]] == [2013]
    alone = chosen_figures([figure(2013, 1.0)], [], 2010, None)
    assert not alone.late and alone.known["labour_force"] == ()


def test_what_cannot_be_compared_says_why() -> None:
    figures = [figure(2011, 1.0, name="out_migration_rate"), figure(2011, 2.0)]
    assert "temporary work" in chosen_figures(figures, [], 2010, None).left_out["out_migration_rate, administrative"]
    with pytest.raises(ConfigError, match="no series of observed figures that can be compared between 2012 and 2014"):
        chosen_figures(figures, [], 2011, 2014)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"start": 2015}, "son_la can start at the end of 2010, 2020"),
        ({"province": "sonla"}, 'did you mean "son_la"'),
        ({"province": "reference/urn_ball"}, "allowed a province"),
        ({"until": 2010}, "allowed a year after 2010"),
        ({"draws": 3}, "allowed 10 or more"),
        ({"replicates": 0}, "allowed 1 or more"),
        ({"scenario": "baseline"}, "the scenario starts at the end of 2020-12"),
        ({"posterior": pd.DataFrame({"matching.selectivity": [0.5]})}, "allowed 10 or more"),
        ({"posterior": pd.DataFrame({"matching.selectivty": [0.5] * 10})}, 'did you mean "matching.selectivity"'),
    ],
)
def test_nothing_is_written_for_what_is_not_allowed(tmp_path: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        backcast(**{"folder": tmp_path / "out", **given})  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


# --- a world whose truth is known

SETTINGS = ["scale=0.01"]
RUNS = {"draws": 12, "replicates": 3}


@pytest.fixture(scope="module")
def looked_back(tmp_path_factory: pytest.TempPathFactory) -> tuple[Backcast, Path, Path]:
    """A world simulated from the declared parameters is the truth of one series, a steep line that of another."""
    folder = tmp_path_factory.mktemp("backcast")
    world = load("son_la", settings=[*SETTINGS, "period.until=2022-12"])
    truth = labsim.run(world, seed=4711, replicates=1, executor="serial")
    rows = ["indicator,year,value,low,high"]
    for year in (2020, 2021, 2022):
        value = float(truth.series("trained_share").loc[f"{year}-12"].to_numpy(float).item())
        rows.append(f"trained_share,{year},{value:.4f},{value - 0.5:.4f},{value + 0.5:.4f}")
    for year in range(2017, 2023):
        value = 100_000 + 40_000 * (year - 2017)
        rows.append(f"employees,{year},{value},{value - 500},{value + 500}")
    file = written(folder, "\n".join(rows) + "\n")
    found = backcast("son_la", start=2020, observed=file, settings=SETTINGS, folder=folder / "runs", **RUNS)
    return found, file, folder / "runs"


def test_the_model_wins_where_its_world_is_the_truth(looked_back: tuple[Backcast, Path, Path]) -> None:
    errors = looked_back[0].errors.query("key == 'trained_share'").set_index("method")
    assert errors.loc["model", "closest"] and errors.loc["last_value", "told"]
    bands = looked_back[0].coverage.query("key == 'trained_share' and band == 90")
    assert int(bands["inside"].iloc[0]) == 2


def test_the_line_wins_where_it_is_the_truth(looked_back: tuple[Backcast, Path, Path]) -> None:
    errors = looked_back[0].errors.query("key == 'employees'").set_index("method")
    assert errors.loc["linear_trend", "closest"] and errors.loc["linear_trend", "rmse"] == pytest.approx(0.0)
    said = "\n".join(verdicts_of(looked_back[0].errors))
    assert "employees: the model loses to a rule without a model (linear trend)." in said


def test_the_band_holds_the_error_of_the_figures(looked_back: tuple[Backcast, Path, Path]) -> None:
    rows = looked_back[0].series
    assert (rows["low_90"] < rows["low_50"]).all() and (rows["high_50"] < rows["high_90"]).all()
    # of the figure and of the one that the run starts from; luck and parameters can only widen it
    least = 2 * Z90 * math.sqrt(2) * rows["error"]
    assert (rows["high_90"] - rows["low_90"] > least).all()


def test_the_command_prints_the_same_from_the_same_runs(
    looked_back: tuple[Backcast, Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found, file, folder = looked_back
    monkeypatch.chdir(tmp_path)
    words = ["backcast", "son_la", "--from", "2020", "--observed", str(file), "--draws", "12", "--replicates", "3",
             "--scale", "0.01", "--out", str(folder)]  # fmt: skip
    told = CliRunner().invoke(cli, [*words, "--json"])
    assert told.exit_code == 0, told.output
    errors = json.loads(told.stdout.splitlines()[0])["errors"]
    here = [math.nan if row["rmse"] is None else row["rmse"] for row in errors]
    assert here == pytest.approx(list(found.errors["rmse"]), nan_ok=True)
    shown = CliRunner().invoke(cli, words)
    assert "the model loses to a rule without a model (linear trend)" in " ".join(shown.output.split())
    assert "15 found, 0 new" in shown.output
    for name in ("backcast.png", "backcast.svg", "series.csv", "errors.csv", "coverage.csv", "about.json"):
        assert (folder / name).stat().st_size > 0
    assert CliRunner().invoke(cli, ["backcast", "--to", "20x6"]).exit_code == 2


def test_draws_of_a_posterior_are_forecast_and_band(tmp_path: Path, looked_back: tuple[Backcast, Path, Path]) -> None:
    posterior = pd.DataFrame({"matching.selectivity": np.linspace(0.1, 0.9, 10)})
    found = backcast(
        "son_la", start=2020, observed=looked_back[1], until=2021, posterior=posterior, settings=["scale=0.002"],
        folder=tmp_path,
    )  # fmt: skip
    assert found.carried.total == 10 and found.about["declared"] == 0
    drawn = open_study(tmp_path).points["matching.selectivity"]
    assert sorted(drawn) == pytest.approx(sorted(posterior["matching.selectivity"]))
    assert np.isfinite(found.series["model"]).all()


# --- the start of 2010


@pytest.mark.parametrize("province", PROVINCES)
def test_the_margins_of_2010_are_what_the_tool_makes(province: str) -> None:
    assert start_2010.out_of_step(province) == []


@pytest.mark.parametrize("province", PROVINCES)
def test_margins_carried_back_are_of_a_lower_grade(province: str) -> None:
    folder = ROOT / "configs" / province / "start_2010"
    for file in sorted(folder.glob("*.csv")):
        rows = pd.read_csv(file)
        if file.name != "totals.csv":
            assert set(rows["grade"]) <= {"C", "D"}, file.name
            assert rows["note"].notna().all(), file.name


@pytest.mark.parametrize("province", PROVINCES)
def test_the_people_of_2010_are_as_many_as_was_counted(province: str) -> None:
    """Within four standard deviations of rows drawn at 1:100, and a tenth of the levels for the steps between them."""
    config = load(province, scenario="start_2010", settings=["scale=0.01"])
    totals = pd.read_csv(config.province.folder / "totals.csv").set_index("quantity")["value"]  # type: ignore[operator]
    world, _misfit = populate(config, seed=1)
    w = world.workers
    in_force = w.activity <= Activity.UNEMPLOYED
    expected = totals["labour_force"] * 0.01
    assert abs(in_force.sum() - expected) < 4 * math.sqrt(expected * 0.2)
    at_work = w.activity <= Activity.EMPLOYEE
    share, n = float((w.level[at_work] >= 2).mean()), int(at_work.sum())
    p = float(totals["certified_share"])
    assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / n) + 0.1 * p
    assert config.period.start == "2010-12" and config.demography.retirement_age_men == {2010: 60.0}


def test_no_yearly_amount_of_2010_begins_after_the_start() -> None:
    """An amount is nothing before its first year: people would retire at age 0."""
    for province in PROVINCES:
        for one in load(province, scenario="start_2010").evidence():
            if isinstance(one.value, dict) and one.value and all(isinstance(year, int) for year in one.value):
                assert min(one.value) <= 2010, (province, one.path)


def test_the_page_says_what_its_table_says_of_the_figures_there_are() -> None:
    table = pd.read_csv(page.TABLE)
    assert page.TEXT.read_text(encoding="utf-8") == page.rendered(table)
    for language, place in page.READMES.items():
        readme = place.read_text(encoding="utf-8")
        assert page.BEGIN in readme and readme == page.with_table(readme, table, language), place.name
    for province, part in table.groupby("province"):
        assert set(part["figures"]) == {page.stamps_of(str(province))["figures"]}, "python tools/backcast.py update"
