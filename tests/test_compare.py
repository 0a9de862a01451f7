"""Scenarios compared on the same people with the same luck: known answers, ranking, money, messages."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from labsim.cli import cli
from labsim.config import load
from labsim.errors import ConfigError, ResultsError
from labsim.experiment import compare as module
from labsim.experiment.compare import NOT_RANKED, RANKED, Comparison, compare, comparison_of, plan_comparison, study_of
from labsim.experiment.measures import END, TARGET, Measure
from labsim.experiment.opened import open_study
from labsim.experiment.runner import carry_out
from labsim.report.comparison import comparison_view
from labsim.report.comparison_figures import comparison_files
from labsim.report.difference_words import factor_of, significant
from labsim.text import use_language

URN = "reference/urn_ball"
SEEKERS, VACANCIES, MORE_VACANCIES = 20_000, 10_000, 12_000
ROOT = Path(__file__).parent.parent


def labsim(*words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--lang", "en"])


@pytest.fixture(scope="module")
def urns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two scenarios of the urn-ball world: one that changes its title alone, one with more vacancies."""
    folder = tmp_path_factory.mktemp("urns")
    (folder / "nothing.yaml").write_text(f"extends: {URN}\ntitle: {{en: Nothing, vi: Không}}\n", encoding="utf-8")
    (folder / "more.yaml").write_text(f"extends: {URN}\nreference: {{vacancies: 0.6}}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def of_urns(urns: Path) -> Comparison:
    names = ["baseline", str(urns / "nothing.yaml"), str(urns / "more.yaml")]
    return compare(URN, names, folder=urns / "study", replicates=12, executor="serial")


def expected_hires(vacancies: int) -> float:
    return vacancies * (1 - (1 - 1 / vacancies) ** SEEKERS)


def row_of(found: Comparison, scenario: str, name: str) -> pd.Series:
    frame = found.differences
    return frame[(frame["scenario"] == scenario) & (frame["id"] == name)].iloc[0]


def test_a_difference_is_that_of_the_closed_form(of_urns: Comparison) -> None:
    row = row_of(of_urns, "more", "hires")
    truth = expected_hires(MORE_VACANCIES) - expected_hires(VACANCIES)
    # twice the half-width of a 95 % interval over 12 replicates is more than four standard errors
    assert row["difference"] == pytest.approx(truth, abs=row["high"] - row["low"])
    assert row["base_value"] == pytest.approx(expected_hires(VACANCIES), rel=0.01)
    assert row["clear"] and row["n"] == 12
    assert math.isnan(row["n_better"])  # hires have no direction
    assert row_of(of_urns, "more", "unemployed")["n_better"] == 12


def test_a_scenario_that_changes_nothing_differs_by_exactly_nothing(of_urns: Comparison) -> None:
    rows = of_urns.differences[of_urns.differences["scenario"] == "nothing"]
    known = rows[rows["difference"].notna()]
    assert len(known) > 20
    assert (known[["difference", "low", "high"]] == 0.0).all(axis=None)
    assert (known["n_equal"] == known["n"]).all()
    assert known["pairing_factor"].isna().all() and not known["clear"].any()
    assert (known["cost_note"].isin(["not clear", "no direction"])).all()


def test_the_first_scenario_is_the_base_and_titles_are_kept(of_urns: Comparison) -> None:
    assert list(of_urns.scenarios["scenario"]) == ["baseline", "nothing", "more"]
    assert set(of_urns.scenarios["base"]) == {"baseline"}
    assert list(of_urns.scenarios["title_vi"])[1] == "Không"
    assert not of_urns.costs[["base_spent", "spent", "difference"]].to_numpy().any()


def stub(values: dict[int, np.ndarray], better: str = "up", kind: str = TARGET) -> SimpleNamespace:
    """Return what `_ranking` reads of a study with one measure: its values by point."""
    measure = Measure(kind, "goal", "Goal", "", "2030", "%", better, True, 2030)
    return SimpleNamespace(
        points=pd.DataFrame({"point": list(values), "province": "here"}),
        measures=lambda _province: [measure],
        values=lambda _measure, point: values[point],
        name=lambda point: "abcdef"[point],
    )


def test_identical_scenarios_are_not_ranked() -> None:
    same = np.array([1.0, 2.0, 3.0, 2.5])
    (pair,) = module._ranking(stub({0: same, 1: same.copy()}))
    assert (pair["verdict"], pair["leader"], pair["difference"]) == (NOT_RANKED, "", 0.0)


@pytest.mark.parametrize(("better", "leader"), [("up", "b"), ("down", "a")])
def test_the_leader_is_the_better_one_by_the_direction_of_the_target(better: str, leader: str) -> None:
    low = np.array([1.0, 2.0, 3.0, 2.5, 0.5])
    high = low + np.array([1.0, 1.1, 0.9, 1.2, 1.0])
    (pair,) = module._ranking(stub({0: low, 1: high}, better))
    assert (pair["verdict"], pair["leader"]) == (RANKED, leader)


def test_noise_is_ranked_no_more_often_than_five_times_in_a_hundred_for_all_pairs_together() -> None:
    rng, trials, ranked = np.random.default_rng(6), 1_000, 0
    for _trial in range(trials):
        common = rng.normal(0.0, 5.0, 8)
        values = {point: common + rng.normal(0.0, 1.0, 8) for point in range(4)}
        ranked += any(pair["verdict"] == RANKED for pair in module._ranking(stub(values)))
    assert ranked / trials <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / trials)
    assert ranked > 0  # the test can see a ranking


def test_indicators_are_not_ranked() -> None:
    values = {0: np.arange(5.0), 1: np.arange(5.0) + 3.0 + np.array([0, 0.1, 0, 0.2, 0])}
    assert not list(module._ranking(stub(values, kind=END)))


@pytest.fixture(scope="module")
def of_policies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, Path]:
    """Compare Son La without any policy, with its own, and with more seats, in a year."""
    folder = tmp_path_factory.mktemp("policies")
    names = ("climate_retraining", "labour_export", "talent_attraction", "vocational_training")
    lines = ["extends: son_la/baseline", "policies:", *(f"  {name}: false" for name in names)]
    (folder / "none.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    seats = "extends: son_la/baseline\npolicies: {vocational_training: {seats_per_year: {2021: 40_000}}}\n"
    (folder / "seats.yaml").write_text(seats, encoding="utf-8")
    chosen = [str(folder / "none.yaml"), "baseline", str(folder / "seats.yaml")]
    study = study_of("son_la", chosen, replicates=4, scale=0.002, until="2021-12")
    carry_out(plan_comparison(study), folder / "study", executor="serial")
    return comparison_of(open_study(folder / "study")), folder / "study"


def test_money_is_that_of_the_ledger_and_who_spends_nothing_spends_zero(of_policies: tuple[Comparison, Path]) -> None:
    found, folder = of_policies
    study = open_study(folder)
    whole = found.costs[found.costs["policy"] == "all"].set_index(["scenario", "money"])
    for point, scenario in ((1, "baseline"), (2, "seats")):
        ledger = study.results(point).ledger
        private = ledger["payer"].isin(["trainees", "workers", "employers", "households"])
        row = whole.loc[(scenario, "public")]
        assert row["base_spent"] == 0.0
        assert row["spent"] == row["difference"] == pytest.approx(ledger.loc[~private, "amount"].sum() / 4)
        assert whole.loc[(scenario, "private"), "spent"] == pytest.approx(ledger.loc[private, "amount"].sum() / 4)
    parts = found.costs[(found.costs["policy"] != "all") & (found.costs["money"] == "public")]
    by_scenario = parts.groupby("scenario")["difference"].sum()
    assert by_scenario["seats"] == pytest.approx(whole.loc[("seats", "public"), "difference"])
    assert set(parts["policy"]) <= {"climate_retraining", "labour_export", "talent_attraction", "vocational_training"}


def test_cost_of_a_unit_is_told_only_for_a_clear_gain(of_policies: tuple[Comparison, Path]) -> None:
    rows = of_policies[0].differences
    told = rows[rows["cost_per_unit"].notna()]
    assert "training_enrolled" not in set(told["id"])  # it has no direction
    assert "trained_share" in set(told["id"])
    assert told["clear"].all() and (told["cost_note"] == "").all()
    gained = told["difference"] * told["better"].map({"up": 1, "down": -1})
    assert (gained > 0).all()
    assert told["cost_per_unit"].to_numpy() == pytest.approx((told["cost_difference"] / gained).to_numpy())
    assert (told["cost_per_unit_low"] <= told["cost_per_unit"]).all()
    assert rows.loc[~rows["clear"], "cost_per_unit"].isna().all()


def test_targets_are_those_of_the_scorecard(of_policies: tuple[Comparison, Path]) -> None:
    found, folder = of_policies
    scored = open_study(folder).targets().set_index(["point", "id", "year"])
    rows = found.differences[found.differences["measure"] == TARGET]
    assert set(rows["id"]) == set(scored.index.get_level_values("id"))
    for row in rows[rows["scenario"] == "seats"].to_dict("records"):
        known = scored.loc[(2, row["id"], int(row["when"]))]
        assert row["value"] == pytest.approx(known["value"])
        assert row["chance"] == pytest.approx(known["chance"], nan_ok=True)
        assert row["verdict"] == known["verdict"]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_tables_and_pictures_are_made_in_both_languages(of_policies: tuple[Comparison, Path], language: str) -> None:
    from rich.console import Console

    use_language(language)
    try:
        console = Console(width=100, record=True, file=None, quiet=False, color_system=None)
        with console.capture() as said:
            for part in comparison_view(of_policies[0]):
                console.print(part)
        files = comparison_files(of_policies[0])
    finally:
        use_language("en")
    assert "seats" in said.get() and max(map(len, said.get().splitlines())) <= 100
    assert set(files) == {"differences.png", "paths.png"}
    assert all(content.startswith(b"\x89PNG") for content in files.values())


def test_the_command_writes_its_files_and_goes_on_where_it_stopped(urns: Path, tmp_path: Path) -> None:
    words = ("compare", URN, "--scenarios", f"baseline,{urns / 'more.yaml'}", "--executor", "serial",
             "--out", str(tmp_path / "study"))  # fmt: skip
    first = labsim(*words, "--replicates", "3", "--quiet")
    assert first.exit_code == 0, first.output
    assert first.stdout.strip() == str(tmp_path / "study")
    again = labsim(*words, "--replicates", "4")
    assert again.exit_code == 0 and "8 runs (6 found, 2 new" in again.output
    assert "more against baseline" in again.output
    rows = pd.read_csv(tmp_path / "study" / "compare.csv")
    assert set(rows["n"]) == {4}
    said = json.loads(labsim(*words, "--replicates", "4", "--json").stdout)
    written = json.loads((tmp_path / "study" / "compare.json").read_text(encoding="utf-8"))
    assert said["differences"] == written["differences"] and said["folder"] == str(tmp_path / "study")
    assert {"scenarios", "costs", "ranking"} <= set(said)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("son_la",), "name the scenarios"),
        (("son_la", "--scenarios", "baseline"), "allowed at least two"),
        (("son_la", "--scenarios", "baseline,baseline"), "baseline is named twice"),
        (("son_la", "--scenarios", "baseline,more_seat"), 'did you mean "more_seats"'),
        (("son_li", "--scenarios", "baseline,more_seats"), 'did you mean "son_la"'),
        (("--provinces", "son_la,lao_kai", "--scenarios", "baseline,more_seats"), 'did you mean "lao_cai"'),
        (("son_la", "--scenarios", "baseline,more_seats", "--set", "matching.selectivty=1"), "selectivity"),
        (("son_la", "--scenarios", "baseline,more_seats", "--set", "scale"), "allowed path=value"),
        (("son_la", "--scenarios", "baseline,more_seats", "--scale", "7"), "from 0.001"),
        (("son_la", "--scenarios", "baseline,more_seats", "--until", "1999"), "until"),
        (("no_such/study.yaml",), "no such study"),
        (("experiments/workshop", "--scenarios", "baseline,more_seats"), "is not taken beside a study"),
    ],
)
def test_a_mistake_ends_in_one_message_and_writes_nothing(
    words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if words[0].startswith("experiments"):
        words = (str(ROOT / words[0]), *words[1:])
    found = labsim("compare", *words)
    assert found.exit_code == 2, found.output
    assert message in found.output and "Traceback" not in found.output
    assert not list(tmp_path.iterdir())


def test_other_seeds_are_not_compared() -> None:
    study = study_of("son_la", ["baseline", "more_seats"])
    listed = [{"scenario": "baseline"}, {"scenario": "more_seats", "settings": {"seed": 7}}]
    study = type(study)(**(study.model_dump() | {"design": "listed", "listed": listed, "vary": {}}))
    with pytest.raises(ConfigError, match="different seeds"):
        plan_comparison(study)


def test_a_study_without_finished_pairs_says_so(urns: Path, tmp_path: Path) -> None:
    plan = plan_comparison(study_of(URN, ["baseline", str(urns / "more.yaml")], replicates=1))
    carry_out(plan, tmp_path / "study", executor="serial")
    missing = next(run for run in plan.runs if run.point == 1)
    (tmp_path / "study" / "runs" / f"{missing.id}.parquet").unlink()
    with pytest.raises(ResultsError, match="no replicate is finished in every scenario"):
        comparison_of(open_study(tmp_path / "study"))


@pytest.mark.parametrize("province", ["son_la", "lao_cai", "bac_kan"])
@pytest.mark.parametrize("name", ["more_seats", "linked_seats", "job_services", "linked_seats+job_services"])
def test_the_workshops_scenarios_change_nothing_before_2026(province: str, name: str) -> None:
    base, other = load(province), load(province, scenario=name.split("+"))
    for policy, changed in other.policies.items():
        if policy in base.policies:
            for dose in type(changed).doses():
                one, two = getattr(base.policies[policy], dose), getattr(changed, dose)
                assert {y: v for y, v in one.items() if y < 2026} == {y: v for y, v in two.items() if y < 2026}
        else:
            assert changed.start == "2026-01"


@pytest.mark.slow
def test_pairing_pays(tmp_path: Path) -> None:
    """One per cent more training seats: independent luck (a factor of 1) is far below what is found two years after."""
    seats = "extends: son_la/baseline\npolicies: {vocational_training: {seats_per_year: {2022: 15_655}}}\n"
    (tmp_path / "one_per_cent.yaml").write_text(seats, encoding="utf-8")
    names = ["baseline", str(tmp_path / "one_per_cent.yaml")]
    found = compare("son_la", names, folder=tmp_path / "study", replicates=8, scale=0.02, until="2023")
    row = row_of(found, "one_per_cent", "unemployment_rate")
    assert row["when"] == "2023-12"
    # over 8 replicates the interval reaches from a fifth to five times of the factor
    assert row["pairing_factor_low"] > 3
    assert row_of(found, "one_per_cent", "employees")["pairing_factor_low"] > 20


@pytest.mark.parametrize(
    ("factor", "low", "high", "said"),
    [
        (11.2, 2.54, 39.3, "11.2\n(2.5-39)"),
        (5_554.0, 162.0, 191_153.0, "5,554\n(>162)"),
        (2.2e10, 9.2e8, 5.3e11, ">10,000"),
        (11.2, math.nan, math.nan, "11.2"),
        (math.nan, math.nan, math.nan, "-"),
    ],
)
def test_a_factor_beyond_any_use_is_said_in_short(factor: float, low: float, high: float, said: str) -> None:
    row = {"pairing_factor": factor, "pairing_factor_low": low, "pairing_factor_high": high}
    assert factor_of(row) == said


def test_a_difference_that_rounds_to_nothing_has_no_sign() -> None:
    said = [significant(value) for value in (-1e-6, -0.00123, -0.5, -3.335, 0.0)]
    assert said == ["0.0000", "-0.0012", "-0.500", "-3.34", "0"]
