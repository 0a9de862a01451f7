"""What is right in form but has no effect, or cannot be together, is told: before a run, with it, and between two."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from labsim import config_files
from labsim.cli import cli
from labsim.config import Config, load
from labsim.config_notes import notes_of, spans_above_zero
from labsim.errors import ResultsError
from labsim.experiment.about import notes_on_point
from labsim.experiment.compare import compare, comparison_of
from labsim.experiment.differing import note_on_difference
from labsim.experiment.opened import open_study
from labsim.experiment.question import question_of
from labsim.experiment.run import run
from labsim.experiment.run_notes import notes_of_run, without_estimates
from labsim.file_shapes import MANIFEST
from labsim.json_shape import Group, require_shape, wrong_in
from labsim.notes import Note, noted, notes_in
from labsim.policies.base import Policy
from labsim.policies.vocational_training import VocationalTraining
from labsim.report.comparison import comparison_view
from labsim.report.document import html_of
from labsim.report.noted import shared_notes
from labsim.results import open_results
from labsim.text import speaking, use_language

SMALL = ("scale=0.002", "period.until=2021-01")
PARKS = "policies.industrial_parks.posts_per_year"


def told(*settings: str, province: str = "son_la", scenario: str = "baseline") -> dict[str, str]:
    """Return the codes of the notes on a configuration, by where they are."""
    return {note.where: note.code for note in notes_of(load(province, scenario=scenario, settings=list(settings)))}


def labsim(*words: str, language: str = "en") -> Result:
    return CliRunner().invoke(cli, [*words, "--lang", language])


def shipped() -> list[tuple[str, str]]:
    roots = config_files.find_configs()
    provinces = sorted({file.parent.name for root in roots for file in root.glob("*/profile.yaml")})
    names = ("baseline", "more_seats", "linked_seats", "start_2010", "job_services")
    worlds = sorted({f"reference/{file.stem}" for root in roots for file in root.glob("reference/*.yaml")})
    return [(province, name) for province in provinces for name in names] + [(world, "baseline") for world in worlds]


@pytest.mark.parametrize(("province", "scenario"), shipped())
def test_everything_shipped_has_an_effect(province, scenario):
    assert told(province=province, scenario=scenario) == {}


@pytest.mark.parametrize(
    ("settings", "where", "code"),
    [
        # windows and years outside the run
        (['policies.labour_export.start="2035-01"'], "labour_export", "starts_later"),
        (['policies.labour_export.stop="2020-12"'], "labour_export", "stopped_before"),
        (["policies.labour_export.places_per_year={2035: 5000}"], "labour_export.places_per_year", "amount_outside"),
        (["policies.startups.loans_per_year={2010: 50, 2015: 0}"], "startups.loans_per_year", "amount_outside"),
        (
            ['policies.talent_attraction.stop="2022-06"', "policies.talent_attraction.places_per_year={2023: 50}"],
            "talent_attraction.places_per_year",
            "amount_outside",
        ),
        (["policies.vocational_training.budget={2031: 40e9}"], "vocational_training.budget", "budget_outside"),
        # nothing to hand out, or nobody to get it
        (["policies.digital_skills.cost=1e6"], "digital_skills", "no_amount"),
        (['policies.school_enterprise_linkage.start="2026-01"'], "school_enterprise_linkage", "no_amount"),
        (["policies.demand_path={}"], "demand_path", "same_demand"),
        (["policies.rural_minority_training={}"], "rural_minority_training", "no_amount"),
        (
            ["policies.startups.loans_per_year={2022: 500}", "policies.startups.cooperative_grant=5e6"],
            "startups.cooperative_grant",
            "without_amount",
        ),
        (
            ["policies.demand_path.amplitude=0.1", "policies.demand_path.midpoint=5"],
            "demand_path.midpoint",
            "without_amount",
        ),
        (
            ["policies.digital_skills.persons_per_year={2022: 100000}", "policies.digital_skills.by_age=[0,0,0,0,0]"],
            "digital_skills.by_age",
            "zero_weights",
        ),
        (
            [f"{PARKS}={{2022: 2000}}", "policies.industrial_parks.districts={song_ma: 0}"],
            "industrial_parks.districts",
            "zero_weights",
        ),
        (
            [
                "policies.rural_minority_training.campaign_days_per_year={2022: 90}",
                "policies.rural_minority_training.groups={rural: 0, minority: 0}",
            ],
            "rural_minority_training.groups",
            "zero_weights",
        ),
        (
            ["policies.job_placement.share_per_year={2022: 0.2}", "policies.job_placement.channels={value: {}}"],
            "job_placement.channels",
            "zero_shares",
        ),
        (["policies.vocational_training.quotas={rural: 0}"], "vocational_training.quotas", "nothing_kept"),
        # means that are missing
        (
            ["policies.talent_attraction.lump_sum=0", "policies.talent_attraction.supplement_months=0"],
            "talent_attraction.places_per_year",
            "no_means",
        ),
        (["talent.response=0"], "talent_attraction.places_per_year", "no_means"),
        (
            ["policies.startups.loans_per_year={2022: 500}", "own_account.loan_take_up=0"],
            "startups.loans_per_year",
            "no_means",
        ),
        (["policies.vocational_training.budget={2021: 0}"], "vocational_training.budget", "no_money"),
        (["policies.vocational_training.budget={2021: 40}"], "vocational_training.budget", "tiny_budget"),
        # processes that do not run
        (["switched_off=[training]"], "vocational_training", "process_off"),
        (["switched_off=[abroad.go]"], "labour_export", "process_off"),
        (["switched_off=[training]"], "climate_retraining", "process_off_in_part"),
        (["climate.frequency=0"], "climate_retraining", "no_hazard"),
        (["switched_off=[climate]"], "climate_retraining", "no_hazard"),
        # seats at a level that nobody teaches there
        (
            [
                "policies.vocational_training.districts={song_ma: 1}",
                "policies.vocational_training.level_mix={value: {college: 1}}",
            ],
            "vocational_training.level_mix",
            "not_taught",
        ),
        # what rounds to less than one simulated person
        (["scale=0.002", "period.until=2021-12"], "talent_attraction.places_per_year", "below_one"),
    ],
)
def test_what_has_no_effect_is_noted_where_it_stands(settings, where, code):
    assert told(*settings).get(f"policies.{where}") == code


@pytest.mark.parametrize(
    ("settings", "where", "code"),
    [
        (["switched_off=[migration]", "migration.in_migration=0.001"], "migration.in_migration", "section_off"),
        (["migration.in_migration=0.01"], "migration.in_migration", "people_gone"),
        (["firms.entry_rate=0.5"], "firms.entry_rate", "firms_gone"),
        (["period.until=2020-12"], "period.until", "no_month"),
    ],
)
def test_parameters_of_processes_are_noted_too(settings, where, code):
    assert told(*settings) == {where: code}


@pytest.mark.parametrize(
    "settings",
    [
        ["policies.labour_export.places_per_year={2024: 300, 2035: 5000}"],
        ["policies.labour_export.start=2030-12"],
        ["policies.labour_export.stop=2022-01"],
        ["policies.vocational_training.budget={2022: 40e9}"],
        ["policies.vocational_training.quotas={rural: 0.3}"],
        ["policies.vocational_training.districts={song_ma: 1}"],
        ["policies.talent_attraction.lump_sum=0"],
        ["policies.rural_minority_training.quotas={rural: 0.3}"],
        ["policies.demand_path.final={tourism: 1.5}"],
        ["policies.climate_retraining.at_risk=1", "climate.frequency=0"],
        [f"{PARKS}={{2022: 2000}}"],
        ["demand.growth_industry={2021: 0.08, 2035: 0.1}"],
    ],
)
def test_what_acts_is_not_noted(settings):
    assert told(*settings) == {}


def test_a_scenario_that_begins_after_the_run_is_told_of_each_change():
    assert told("period.until=2022-12", scenario="linked_seats") == {
        "policies.school_enterprise_linkage": "starts_later",
        "policies.vocational_training.seats_per_year": "changed_outside",
    }
    assert told("period.until=2026-01", scenario="linked_seats") == {}


def test_employers_without_a_row_are_estimated_from_the_rows_there_are():
    (note,) = notes_of(load("son_la", settings=[f"{PARKS}={{2022: 50000}}"]))
    assert (note.code, note.where, note.values["wanted"]) == ("no_rows", PARKS, 4_500)
    assert note.values["missing"] + note.values["most"] == 4_500
    assert 2_000 < note.values["missing"] < 3_000
    budgeted = told(f"{PARKS}={{2022: 50000}}", "policies.industrial_parks.budget={2022: 1e9}")
    assert budgeted == {}, "money may end before rows do"
    assert told("policies.startups.cooperatives_per_year={2021: 2000}") == {
        "policies.startups.cooperatives_per_year": "no_rows"
    }
    assert told("policies.digital_skills.persons_per_year={2022: 500000}", province="bac_kan") == {
        "policies.digital_skills.persons_per_year": "more_than_people"
    }


def test_what_a_file_of_the_users_own_does_with_its_amounts_is_not_guessed(tmp_path):
    code = (
        "from labsim.policies.base import Policy\n"
        "from labsim.quantity import Yearly, quantity\n\n\n"
        "class Mine(Policy):\n"
        "    \"\"\"Does something. Lever: search_effort.\"\"\"\n\n"
        "    much: Yearly = quantity({2021: 0.0}, unit=\"factor\", source=\"assumed\", grade=\"D\")\n"
    )
    (tmp_path / "mine.py").write_text(code, encoding="utf-8")
    scenario = tmp_path / "mine.yaml"

    def noted_in(parameters: str) -> dict[str, str]:
        scenario.write_text(
            f'extends: son_la/baseline\npolicies:\n  mine: {{use: "mine.py:Mine", {parameters}}}\n', encoding="utf-8"
        )
        return {note.where: note.code for note in notes_of(load(scenario))}

    assert noted_in("much: {2021: 0}") == {}
    assert noted_in("much: {2040: 1}") == {"policies.mine.much": "amount_outside"}
    assert noted_in("start: 2040-01") == {"policies.mine": "starts_later"}


def test_spans_of_years_join_where_nothing_lies_between():
    assert spans_above_zero({2010: 5.0, 2012: 0.0, 2014: 1.0, 2015: 2.0}) == [["2010", "2011"], ["2014", None]]
    assert spans_above_zero({2010: 0.0}) == []


def test_a_note_speaks_the_language_of_its_reader():
    use_language("en")
    kept = noted([Note("no_rows", PARKS, {"missing": 2417, "wanted": 4500, "most": 2083})])
    assert kept[0]["en"].startswith(f"{PARKS}: too many: about 2,417 of 4,500 employers will find no row")
    (again,) = notes_in(json.loads(json.dumps(kept)))
    with speaking("vi"):
        assert "khoảng 2.417 trên 4.500 đơn vị" in str(again)
        assert noted([again]) == kept, "what a manifest keeps does not depend on the language"
        assert str(Note("amount_outside", "x", {"years": [["2035", None]], "in_force": [["2021-01", "2030-12"]]})) == (
            "x: không có tác dụng trong lần mô phỏng này: lượng chỉ có từ 2035 trở đi, còn chính sách có hiệu lực từ"
            " 2021-01 đến 2030-12"
        )
    assert str(Note("of_tomorrow", "a.b", {"n": 3})) == "a.b: of_tomorrow, n 3", "written by a later labsim"


@pytest.mark.parametrize(
    "kept", [None, "text", [1], [{"code": "x"}], [{"code": 1, "where": "", "values": {}}],
             [{"code": "x", "where": "", "values": {"years": [[1]]}}]],
)  # fmt: skip
def test_what_no_run_writes_is_no_note(kept):
    assert list(wrong_in({"notes": kept}, Group({"notes": MANIFEST.optional["notes"]})))


def test_what_a_run_writes_has_the_shape_that_is_read():
    notes = [Note("amount_outside", "a.b", {"years": [["2035", None]], "in_force": [["2021-01", "2030-12"]]}),
             Note("no_rows", "a", {"missing": 1, "wanted": 2, "most": 0.5})]  # fmt: skip
    require_shape({"notes": noted(notes)}, Group({"notes": MANIFEST.optional["notes"]}))


# budgets


def test_before_its_first_year_a_budget_is_no_ceiling():
    policy = VocationalTraining(budget={2022: 40e9, 2024: 0.0})
    assert [policy.ceiling(year) for year in (2021, 2022, 2023, 2024)] == [float("inf"), 40e9, 40e9, 0.0]
    assert policy.within_budget(10**15, 2021)
    assert not policy.within_budget(40_000_000_000, 2022)
    assert Policy().ceiling(2021) == float("inf")


def test_seats_before_the_first_year_of_a_budget_stay():
    base, capped = (
        run(load("son_la", settings=[*SMALL, *more]), posterior="none", executor="serial", replicates=1)
        for more in ([], ["policies.vocational_training.budget={2022: 40e9}"])
    )
    pd.testing.assert_frame_equal(base.monthly, capped.monthly)
    pd.testing.assert_frame_equal(base.policies, capped.policies)
    assert capped.policies["budget"].isna().all()


# runs


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a month that asks for more employers than can be founded, and for things that do nothing."""
    folder = tmp_path_factory.mktemp("crowded") / "result"
    settings = [*SMALL, f"{PARKS}={{2021: 50000}}", "policies.industrial_parks.districts={muong_la: 1}",
                'policies.labour_export.start="2035-01"']  # fmt: skip
    run(load("son_la", settings=settings), posterior="none", executor="serial", replicates=1).save(folder)
    return folder


def test_notes_stand_in_the_manifest_and_in_results_in_both_languages(crowded):
    results = open_results(crowded)
    kept = {one["where"]: one for one in results.manifest["notes"]}
    assert kept["policies.labour_export"]["code"] == "starts_later"
    assert kept["policies.labour_export"]["values"] == {"start": "2035-01", "until": "2021-01"}
    assert "never in force in this run" in kept["policies.labour_export"]["en"]
    for language, words in (("en", "never in force in this run"), ("vi", "không bao giờ có hiệu lực")):
        with speaking(language):
            frame = results.notes.set_index("where")
            assert list(frame.columns) == ["code", "note", "values"]
            assert words in frame.loc["policies.labour_export", "note"]


def test_a_result_without_notes_opens_and_has_none(crowded, tmp_path):
    results = open_results(crowded)
    del results.manifest["notes"]  # as an earlier labsim wrote it
    results.save(tmp_path / "old")
    assert open_results(tmp_path / "old").notes.empty
    results.manifest["notes"] = [{"code": 3}]
    results.save(tmp_path / "wrong")
    with pytest.raises(ResultsError, match=r"notes\.0\.code: given 3; allowed text"):
        open_results(tmp_path / "wrong")


def test_a_report_tells_notes_in_words(crowded):
    with speaking("en"):
        page = html_of(open_results(crowded))
    assert "Without effect, or not as it was meant" in page
    assert "Work abroad under contract: is never in force in this run: it starts in 2035-01" in page


def test_the_printed_scorecard_and_json_have_notes(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        'extends: son_la/baseline\ntitle: {en: Mine}\npolicies: {labour_export: {start: "2035-01"}}\n', encoding="utf-8"
    )
    small = ["--scale", "0.002", "--replicates", "1", "--until", "2021-01", "--posterior", "none"]
    printed = labsim("run", "--scenario", str(file), *small, "--out", str(tmp_path / "r"), language="vi").output
    assert printed.splitlines()[0].startswith("Sơn La, Mine:"), "its own title, not that of its base in Vietnamese"
    assert "policies.labour_export: không bao giờ có hiệu lực" in " ".join(printed.split())
    notes = json.loads(labsim("run", "--scenario", str(file), *small, "--json").stdout)["notes"]
    assert {"starts_later"} == {one["code"] for one in notes if one["where"] == "policies.labour_export"}


def policies_frame(**given: Any) -> pd.DataFrame:
    row = {"replicate": 1, "policy": "industrial_parks", "year": 2022, "months_in_force": 12, "spent": 0.0,
           "private": 0.0, "outcome": "post in a park", "count": 0.0}  # fmt: skip
    return pd.DataFrame([row | given])


@pytest.fixture
def parks() -> Config:
    return load("son_la", settings=[f"{PARKS}={{2022: 50000}}"])


def test_employers_that_found_no_row_are_told_by_what_the_run_counted(parks):
    config = parks.to_dict()
    (note,) = notes_of_run(config, 500.0, policies_frame(count=15_000.0, spent=1.0))
    assert note == Note("rows_gone", PARKS, {"found": 15_000, "wanted": 50_000})
    assert notes_of_run(config, 0.0, policies_frame(count=15_000.0, spent=1.0)) == []
    assert notes_of_run(config, 500.0, policies_frame(count=49_000.0, spent=1.0)) == [
        Note("employers_lost", "firms", {"lost": 500})
    ], "those of no policy"
    estimate = Note("no_rows", PARKS, {"missing": 1, "wanted": 2, "most": 1})
    assert without_estimates([estimate, note]) == [note], "what was counted replaces what was estimated"
    assert without_estimates([estimate]) == [estimate]


def test_a_policy_of_which_nothing_came_in_a_year_is_told(parks):
    config, found = parks.to_dict(), [Note("nothing_came", "policies.industrial_parks")]
    assert notes_of_run(config, 0.0, policies_frame()) == found
    assert notes_of_run(config, 0.0, policies_frame(months_in_force=1)) == []
    assert notes_of_run(config, 0.0, policies_frame(count=1.0)) == []
    assert notes_of_run(config, 0.0, policies_frame(count=float("nan"))) == [], "nobody counts what it brings about"
    reason = Note("zero_weights", "policies.industrial_parks.districts", {"amounts": "posts_per_year"})
    assert without_estimates([reason, *found]) == [reason], "the reason is told already"


def test_a_run_tells_of_employers_without_a_row(son_la: Callable[..., Config]):
    config = son_la(
        f"{PARKS}={{2021: 50000}}", "policies.industrial_parks.districts={quynh_nhai: 1}", scale=0.005, until="2021-06"
    )
    results = run(config, posterior="none", executor="serial", replicates=1)
    kept = {one["where"]: one for one in results.manifest["notes"]}
    assert kept[PARKS]["code"] == "rows_gone"
    assert kept[PARKS]["values"]["wanted"] == 25_000
    assert kept[PARKS]["values"]["found"] == round(results.policies.query("outcome == 'post in a park'")["count"].sum())


# comparisons, studies, questions


def difference(one: Config, other: Config) -> Note | None:
    return note_on_difference(one.to_dict(), other.to_dict(), base_name="one", name="other")


@pytest.mark.parametrize(
    ("settings", "since"),
    [
        (['policies.startups.start="2026-03"', "policies.startups.loans_per_year={2021: 100}"], "2026-03"),
        (["policies.startups.loans_per_year={2027: 100}"], "2027-01"),
        (["policies.vocational_training.seats_per_year.2028=100"], "2028-01"),
        (["policies.vocational_training.budget={2029: 1e9}"], "2029-01"),
        (['policies.vocational_training.stop="2029-06"'], "2029-07"),
        (["demand.growth_industry.2031=0.01"], "2031-01"),
    ],
)
def test_the_month_from_which_scenarios_differ_is_found(settings, since):
    base, other = (load("son_la", settings=["period.until=2022-12", *more]) for more in ([], settings))
    values = {"base": "one", "since": since, "until": "2022-12"}
    assert difference(base, other) == Note("differs_later", "other", values)


def test_scenarios_that_differ_within_the_run_or_nowhere():
    base = load("son_la", settings=["period.until=2022-12"])
    for setting in ("policies.startups.loans_per_year={2022: 100}", "matching.selectivity=0.4", "seed=2"):
        assert difference(base, load("son_la", settings=["period.until=2022-12", setting])) is None
    for setting in ("title=Another", "policies.startups={}", 'policies.startups.start="2021-03"'):
        same = load("son_la", settings=["period.until=2022-12", setting])
        assert difference(base, same) == Note("differs_nowhere", "other", {"base": "one"})


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compare scenarios that differ from 2026 on in a month of 2021."""
    folder = tmp_path_factory.mktemp("compared") / "study"
    compare(
        "son_la", ["baseline", "more_seats", "linked_seats"], folder=folder, replicates=2, scale=0.002,
        until="2021-01", posterior="none", executor="serial",
    )  # fmt: skip
    return folder


WHY = {
    "en": "Nothing differs: the scenarios differ from 2026-01, after the end of the run (2021-01).",
    "vi": "Không có gì khác: các kịch bản chỉ khác nhau từ 2026-01, sau khi mô phỏng kết thúc (2021-01).",
}
HEADING = {"en": "Without effect, or not as it was meant", "vi": "Không có tác dụng, hoặc không đúng như dự định"}


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_comparison_says_that_scenarios_differ_after_the_run(compared, language):
    with speaking(language):
        console = Console(width=100, record=True, file=io.StringIO())
        for part in comparison_view(comparison_of(open_study(compared))):
            console.print(part)
    printed = console.export_text()
    assert printed.count(WHY[language]) == 2
    assert HEADING[language] in printed
    assert "policies.school_enterprise_linkage" in printed


def test_the_report_of_a_comparison_says_it_too(compared):
    with speaking("en"):
        page = html_of(open_study(compared))
    assert page.count(WHY["en"]) == 2
    assert HEADING["en"] in page
    assert "Training linked to enterprises: is never in force in this run: it starts in 2026-01" in page


def test_the_command_writes_the_notes_of_each_scenario(compared):
    words = ["compare", "son_la", "--scenarios", "baseline,more_seats,linked_seats", "--replicates", "2", "--scale",
             "0.002", "--until", "2021-01", "--posterior", "none", "--out", str(compared)]  # fmt: skip
    kept = json.loads(labsim(*words, "--json").stdout)["notes"]
    late = [one for one in kept if one["code"] == "differs_later"]
    assert [one["scenario"] for one in late] == ["more_seats", "linked_seats"]


def test_a_study_keeps_the_notes_of_its_points(compared):
    study = open_study(compared)
    where = [{note.where for note in notes_on_point(study.about, point)} for point in range(3)]
    late = "policies.school_enterprise_linkage"
    assert [late in one for one in where] == [False, False, True]
    assert late in {note["where"] for note in study.results(2).manifest["notes"]}
    said = [str(note) for note in shared_notes(study.about["notes"], 3)]
    assert any(late in line and line.endswith("(in 1 of 3 points)") for line in said)
    everywhere = "policies.talent_attraction.places_per_year"
    assert any(line.startswith(everywhere) and "of 3 points" not in line for line in said)


def test_a_question_about_a_dose_that_cannot_act_is_told_before_it_is_searched():
    asked = question_of(
        "son_la", targets=["employees >= 10 in 2021"], vary=["labour_export.places_per_year=100:1000"],
        settings=['policies.labour_export.start="2035-01"'], until=2021,
    )  # fmt: skip
    assert ("starts_later", "policies.labour_export") in {(note.code, note.where) for note in asked.notes()}


# words of a scenario


@pytest.mark.parametrize(
    ("given", "en", "vi"),
    [
        ("title: {en: A}", "A", "A"),
        ("title: {vi: B}", "B", "B"),
        ("title: A", "A", "A"),
        ("title: {en: A, vi: B}", "A", "B"),
        ("seed: 3", "Baseline", "Kịch bản cơ sở"),
    ],
)
def test_a_title_in_one_language_stands_for_both(tmp_path, given, en, vi):
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: son_la/baseline\n{given}\n", encoding="utf-8")
    title = load(file).title
    assert (title.en, title.vi) == (en, vi)


def test_a_question_in_one_language_and_a_title_by_setting_stand_for_both(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("extends: son_la/more_seats\nquestion: {en: What?}\n", encoding="utf-8")
    assert load(file).question.vi == "What?"
    assert load(file).title.vi == "Thêm chỗ học"
    assert load("son_la", settings=["title.en=X"]).title.vi == "X"
    both = load("son_la", settings=["title.en=X", "title.vi=Y"]).title
    assert (both.en, both.vi) == ("X", "Y")
