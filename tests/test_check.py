"""`labsim check` knows every kind of file by its content and says all that a run would refuse, at once."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import labsim
from labsim import text
from labsim.cli import cli
from labsim.config import load
from labsim.errors import ConfigError, LabsimError, ResultsError
from labsim.experiment.opened import open_study
from labsim.experiment.runner import carry_out
from labsim.experiment.study import plan_of, read_study
from labsim.gate.check import check_path
from labsim.gate.kinds import Kind, recognised
from labsim.results import open_results
from labsim.target_file import load_targets

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "configs"
TINY = ("--scale", "0.002", "--replicates", "1", "--until", "2021-01", "--posterior", "none", "--quiet")
TARGET = (
    'targets:\n  - {id: a, label: {en: A, vi: A}, indicator: trained_share, direction: at_least, value: 65, year: 2025,'
    ' unit: "%", source: s}\n'
)


def check(path: Path, *, language: str = "en") -> Result:
    return CliRunner().invoke(cli, ["check", str(path), "--lang", language])


def told(path: Path) -> list[str]:
    """Return the problems of a file, each without the path before it."""
    result = check(path)
    assert result.exit_code == 2, result.output
    return result.stderr.splitlines()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Copy Son La to a place of its own, as somebody does who changes it."""
    folder = tmp_path / "own"
    shutil.copytree(CONFIGS / "son_la", folder, ignore=shutil.ignore_patterns("start_2010*", "evidence*"))
    return folder


def spoil(path: Path, old: str, new: str, count: int = 1) -> None:
    words = path.read_text(encoding="utf-8")
    assert old in words
    path.write_text(words.replace(old, new, count), encoding="utf-8")


# --- kinds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("son_la/profile.yaml", Kind.PROFILE), ("son_la", Kind.PROFILE), ("son_la/more_seats.yaml", Kind.SCENARIO),
        ("son_la/start_2010.yaml", Kind.SCENARIO), ("scenarios/job_services.yaml", Kind.SCENARIO),
        ("reference/urn_ball.yaml", Kind.REFERENCE), ("reference/erlang.yaml", Kind.REFERENCE),
        ("son_la/targets.yaml", Kind.TARGETS), ("son_la/observed.csv", Kind.FIGURES),
        ("son_la/observed_history.csv", Kind.FIGURES), ("son_la/posterior.csv", Kind.POSTERIOR),
        ("son_la/posterior.json", Kind.POSTERIOR), ("son_la/margins", Kind.MARGIN),
        ("../experiments/workshop/study.yaml", Kind.STUDY), ("../experiments/workshop", Kind.STUDY),
        ("../experiments/own_policy/scenario.yaml", Kind.SCENARIO),
    ],
)  # fmt: skip
def test_every_kind_is_known_whatever_its_name(tmp_path: Path, path: str, kind: Kind) -> None:
    file = (CONFIGS / path).resolve()
    assert recognised(file).kind is kind
    if file.is_file():
        other = tmp_path / f"of my own{file.suffix}"
        shutil.copy(file, other)
        assert recognised(other).kind is kind


def test_every_margin_that_ships_is_known() -> None:
    for file in [*CONFIGS.glob("*/margins/*.csv"), *CONFIGS.glob("*/start_2010/*.csv")]:
        assert recognised(file).kind is Kind.MARGIN, file


def test_what_is_nothing_is_told_with_the_kinds_and_what_was_found(tmp_path: Path) -> None:
    for name, content, found in (
        ("a.yaml", "qwertz: 1\nzuiop: 2\n", "a file with the keys qwertz, zuiop"),
        ("a.csv", "place,weather\nhere,rain\n", "a table with the columns place, weather"),
        ("a.json", '{"colour": 1}', "JSON with the keys colour"),
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
        (line,) = told(tmp_path / name)
        assert found in line and "it reads: profile of a province, scenario, reference world, targets" in line
    (tmp_path / "folder").mkdir()
    assert "a folder with nothing" in told(tmp_path / "folder")[0]
    (tmp_path / "b.xlsx").write_bytes(b"PK")
    assert "this is a workbook; save the sheet as CSV" in told(tmp_path / "b.xlsx")[0]
    assert "there is no such file or folder" in told(tmp_path / "gone.yaml")[0]


# --- targets --------------------------------------------------------------------------------------------------------


def test_targets_of_another_name_are_checked_as_targets(tmp_path: Path) -> None:
    file = tmp_path / "my_targets.yaml"
    file.write_text(TARGET, encoding="utf-8")
    assert "targets, 1 target, no problems" in check(file).stdout
    file.write_text(TARGET.replace("targets:", "target:"), encoding="utf-8")
    lines = told(file)
    assert any(line.endswith('target: unknown key; did you mean "targets"?') for line in lines)
    assert any(line.endswith("targets: this key is required") for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("trained_share", "trained_shar", 'indicator: no indicator \'trained_shar\'; did you mean "trained_share"?'),
        ("year: 2025", "year: 2025, district: moc_chao", "district: given 'moc_chao'; did you mean \"moc_chau\"?"),
        ('unit: "%"', 'unit: "persons"', "unit: given persons; trained_share is measured in % / share"),
        ("trained_share", "labour_force", "unit: given %; labour_force is measured in persons"),
        ("year: 2025", "year: 25", "year: given 25; allowed a year from 1990 to 2100"),
        ("value: 65", "value: 650", "value: given 650; allowed 0 to 100 %"),
        ("value: 65", "value: many", 'value: given "many"; allowed a number'),
        ("value: 65", "value: .nan", 'value: given ".nan"; allowed a number'),
        ("at_least", "at_leest", 'direction: given "at_leest"; allowed at_least, at_most; did you mean "at_least"?'),
        ("2025", "2025, cumulate_from: 2030", "cumulate_from: given 2030; allowed a year from 1990 to 2025"),
        ("year: 2025", "yaer: 2025", 'yaer: unknown key; did you mean "year"?'),
        ("source: s", 'source: ""', "source: given nothing; allowed text"),
        ("2025", "2025, base: labour_forc", 'base: no indicator \'labour_forc\'; did you mean "labour_force"?'),
    ],
)
def test_a_target_that_no_run_could_score_is_refused(own: Path, old: str, new: str, message: str) -> None:
    file = own / "targets.yaml"
    file.write_text(TARGET.replace(old, new), encoding="utf-8")
    assert any(line.endswith(f"targets.0.{message}") or f"targets.0.{message};" in line for line in told(file))


def test_targets_that_are_no_list_are_told_once_and_in_both_languages(tmp_path: Path) -> None:
    file = tmp_path / "targets.yaml"
    file.write_text("targets: some text\n", encoding="utf-8")
    assert told(file) == [f'{file}:1:1  targets: given "some text"; allowed a list']
    file.write_text(TARGET.replace("value: 65", "value: many"), encoding="utf-8")
    vietnamese = check(file, language="vi").stderr
    assert 'targets.0.value: đã cho "many"; cho phép một số' in vietnamese
    text.use_language("en")


def test_every_fault_of_a_target_is_told_at_once(own: Path) -> None:
    spoilt = TARGET.replace("trained_share", "trained_shar").replace("65", "many").replace("2025", "25")
    (own / "targets.yaml").write_text(spoilt, encoding="utf-8")
    assert len(told(own / "targets.yaml")) == 3


def test_more_persons_than_there_are_is_refused_and_many_are_noted(own: Path) -> None:
    file = own / "targets.yaml"
    sent = TARGET.replace("trained_share", "sent_abroad").replace('"%"', '"persons"')
    file.write_text(sent.replace("65", "200000"), encoding="utf-8")
    noted = check(file)
    assert noted.exit_code == 0
    assert "200,000 persons are 16 % of all people in each year; is that meant?" in noted.stdout
    file.write_text(sent.replace("65", "200000000"), encoding="utf-8")
    assert "given 200,000,000; allowed 0 to" in told(file)[0]
    file.write_text(sent.replace("65", "200"), encoding="utf-8")
    assert "note" not in check(file).stdout


@pytest.mark.parametrize("command", ["run", "ask", "compare", "sweep"])
def test_no_command_takes_targets_that_check_refuses(own: Path, tmp_path: Path, command: str) -> None:
    spoil(own / "targets.yaml", "targets:", "target:")
    profile = str(own / "profile.yaml")
    (own / "more.yaml").write_text("extends: baseline\nmatching: {selectivity: 0.4}\n", encoding="utf-8")
    (tmp_path / "study.yaml").write_text(
        f"province: {json.dumps(profile)}\nreplicates: 1\nsettings: {{scale: 0.002}}\n", encoding="utf-8"
    )
    given = {
        "run": ("run", profile, *TINY, "--out", str(tmp_path / "out")),
        "ask": ("ask", profile, "--target", "trained_share >= 40% in 2021", "--vary",
                "vocational_training.seats_per_year", "--out", str(tmp_path / "out")),
        "compare": ("compare", profile, "--scenarios", f"baseline,{own / 'more.yaml'}", "--out", str(tmp_path / "out")),
        "sweep": ("sweep", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out")),
    }  # fmt: skip
    result = CliRunner().invoke(cli, [*given[command], "--lang", "en"])
    assert result.exit_code == 2, result.output
    assert 'target: unknown key; did you mean "targets"?' in result.stderr
    assert not (tmp_path / "out" / "study.json").exists() and not (tmp_path / "out" / "manifest.json").exists()


# --- a province -----------------------------------------------------------------------------------------------------


def test_check_of_a_profile_tells_the_faults_of_all_its_files_at_once(own: Path) -> None:
    spoil(own / "margins" / "wages.csv", "4e+06", "many")
    spoil(own / "margins" / "wages.csv", "4.7e+06", "more")
    spoil(own / "margins" / "roads.csv", "quynh_nhai", "quynh_nai")
    spoil(own / "margins" / "enterprises.csv", "company_high_tech_agriculture,", "company_crop_livestock,")
    spoil(own / "targets.yaml", "value: 65\n", "value: 650\n")
    spoil(own / "observed.csv", "labour_force,administrative,2020", "labour_forc,administrative,2020")
    spoil(own / "posterior.csv", "\n2,", "\nx,y,")
    lines = told(own / "profile.yaml")
    for part in (
        "wages.csv:2:4  value: given 'many'", "wages.csv:3:4  value: given 'more'", "roads.csv:2:2  destination: given",
        "enterprises.csv:3:1  id: 'company_crop_livestock' is given twice", "given 650; allowed 0 to 100 %",
        "no indicator 'labour_forc'; did you mean \"labour_force\"?", "posterior.csv",
    ):  # fmt: skip
        assert any(part in line for line in lines), (part, lines)
    assert all("Traceback" not in line for line in lines)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("accessibility.csv", ",0.22,", ",220,", "value: given 220; allowed 0 to 1 [chance"),
        ("mortality_age_sex.csv", "0.021429", "0.21429", "value: given 0.21429; the row itself says high: 0.025715"),
        ("affinity.csv", ",1.3,", ",13,", "value: given 13; the row itself says high: 2.6"),
        ("contrasts.csv", "schooling,residence", "schoolin,residence", 'given \'schoolin\'; did you mean "schooling"?'),
        ("outsiders.csv", "outside,elementary", "outside,elexentary", 'did you mean "elementary"?'),
        ("poverty.csv", "share of people,", "%,", "unit: given '%'; allowed share, chance, persons"),
    ],
)
def test_a_slip_in_a_margin_is_told_with_its_row(own: Path, file: str, old: str, new: str, message: str) -> None:
    spoil(own / "margins" / file, old, new)
    for path in (own / "margins" / file, own / "profile.yaml", own):
        assert any(message in line for line in told(path)), told(path)
    ran = CliRunner().invoke(cli, ["run", str(own / "profile.yaml"), *TINY, "--json", "--lang", "en"])
    assert (ran.exit_code, message in ran.stderr) == (2, True)


def test_a_margin_of_no_province_is_told(tmp_path: Path) -> None:
    shutil.copy(CONFIGS / "son_la" / "margins" / "roads.csv", tmp_path / "roads.csv")
    (line,) = told(tmp_path / "roads.csv")
    assert "a margin is read with its province, but no profile.yaml lies beside or above it" in line


def test_figures_outside_what_can_be_are_refused(own: Path) -> None:
    spoil(own / "observed.csv", "13.2,%,11.5,15", "13.2,%,-11.5,15")
    spoil(own / "observed.csv", "66.9,%,63,71", "66.9,%,,71")
    lines = told(own / "observed.csv")
    assert any("low and high are given together or not at all" in line for line in lines)
    assert any("given -11.5; allowed" in line for line in lines)
    ran = CliRunner().invoke(cli, ["run", str(own / "profile.yaml"), *TINY, "--json"])
    assert ran.exit_code == 2


def test_half_a_file_is_noted(own: Path) -> None:
    words = (own / "observed.csv").read_text(encoding="utf-8").rstrip("\n")
    (own / "observed.csv").write_text(words, encoding="utf-8")
    assert "the last line has no end; is the file whole?" in check(own / "observed.csv").stdout


# --- scenarios ------------------------------------------------------------------------------------------------------


def test_a_scenario_that_extends_a_province_by_its_name_is_checked_with_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: son_la\nmatching: {selectivity: 0.4}\n", encoding="utf-8")
    result = check(file)
    assert (result.exit_code, "scenario, no problems" in result.stdout) == (0, True), result.output
    assert load(file).province.id == "son_la"


def test_a_small_scenario_lists_what_it_changes_of_what_it_extends(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "extends: son_la/more_seats\npolicies: {vocational_training: {seats_per_year: {2026: 26000}}}\n",
        encoding="utf-8",
    )
    changes = [line.strip() for line in check(file).stdout.splitlines()[1:]]
    assert changes == [
        "policies.vocational_training.seats_per_year: {2021: 14000, 2022: 15500, 2026: 25000} -> "
        "{2021: 14000, 2022: 15500, 2026: 26000} [persons per year]"
    ]
    file.write_text("extends: baseline\npolicies: {vocational_training: false}\n", encoding="utf-8")
    assert "  policies.vocational_training: on -> off" in check(file).stdout.splitlines()


def test_check_says_what_will_have_no_effect(tmp_path: Path) -> None:
    file = tmp_path / "late.yaml"
    file.write_text("extends: son_la/baseline\npolicies: {job_placement: {start: 2035-01}}\n", encoding="utf-8")
    result = check(file)
    assert result.exit_code == 0
    assert "note: policies.job_placement: is never in force in this run" in result.stdout
    assert "no problems, 1 note" in result.stdout
    facts = json.loads(CliRunner().invoke(cli, ["check", str(file), "--json", "--lang", "en"]).stdout)
    assert (facts["kind"], facts["problems"], len(facts["notes"])) == ("scenario", [], 1)


def test_deep_nesting_and_a_link_to_itself_are_told_in_one_line(tmp_path: Path) -> None:
    for mark in ("[]", "{}"):
        opened, closed = ('{"a": ', "}") if mark == "{}" else mark
        (tmp_path / "deep.yaml").write_text(f"title: {opened * 900}1{closed * 900}\n", encoding="utf-8")
        assert len(told(tmp_path / "deep.yaml")) == 1
    if hasattr(os, "symlink") and os.name != "nt":
        (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
        assert len(told(tmp_path / "loop.yaml")) == 1


# --- results and studies --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep a result and a store of runs of a small world."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copy(CONFIGS / "reference" / "urn_ball.yaml", folder / "world.yaml")
    found = labsim.run("reference/urn_ball", scale=0.01, replicates=1, until="2021-01", executor="serial")
    found.save(folder / "result")
    (folder / "study.yaml").write_text(
        "province: reference/urn_ball\nreplicates: 1\nsettings: {scale: 0.01, period.until: 2021-01}\n"
        "vary: {matching.selectivity: {values: [0.2, 0.4]}}\n", encoding="utf-8",
    )  # fmt: skip
    carry_out(plan_of(read_study(folder / "study.yaml")), folder / "store", executor="serial")
    return folder


def test_results_and_runs_are_known_and_whole(made: Path) -> None:
    assert check_path(made / "result").kind is Kind.RESULTS
    assert check_path(made / "store").summary == "2 of 2 runs are there"
    for path in (made / "result", made / "result" / "scorecard.csv", made / "store", made / "study.yaml"):
        assert check_path(path).problems == [], path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda about: about.update(points=None), "points: given null; allowed a list"),
        (lambda about: about["points"][0].pop("values"), r"the key points\.0\.values is missing"),
        (lambda about: about.update(runs=[["a", 0]]), r"runs\.0: given .* allowed a list of 4"),
        (lambda about: about["runs"][0].__setitem__(1, 9), "runs: one is of a point that does not exist"),
        (lambda about: about.update(bases={}), "bases: no configuration of reference/urn_ball, baseline"),
        (lambda about: about["points"][1]["differs"].clear(), "the configuration of point 1 is not the one"),
        (lambda about: about.update(study={"name": 5}), "study.name: given 5; allowed text"),
    ],
)
def test_a_damaged_study_json_is_told_in_one_line(made: Path, tmp_path: Path, change, message: str) -> None:
    shutil.copytree(made / "store", tmp_path / "store")
    file = tmp_path / "store" / "study.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    change(about)
    file.write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(LabsimError, match=rf"study\.json.*damaged \(.*{message}|{message}"):
        open_study(tmp_path / "store").results(1)
    assert len(told(tmp_path / "store")) == 1


def test_a_manifest_of_other_types_is_told_in_one_line(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "result", tmp_path / "result")
    file = tmp_path / "result" / "manifest.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    for change in ({"scale": "x"}, {"posterior": 5}, {"config": {"title": 3}}):
        file.write_text(json.dumps(about | change), encoding="utf-8")
        with pytest.raises(ResultsError, match=r"manifest\.json: damaged"):
            open_results(tmp_path / "result")
        assert len(told(tmp_path / "result")) == 1


def test_shapes_name_the_key_what_was_given_and_what_is_allowed() -> None:
    from labsim.file_shapes import MANIFEST, POSTERIOR
    from labsim.json_shape import wrong_in

    sound = {"format": "f", "files": {}}
    assert list(wrong_in(sound | {"scale": "x"}, MANIFEST)) == ['scale: given "x"; allowed more than 0, at most 1']
    assert list(wrong_in(sound | {"posterior": 5}, MANIFEST)) == ["posterior: given 5; allowed a group of `key: value`"]
    assert list(wrong_in(sound | {"start": "2020-13"}, MANIFEST)) == [
        'start: given "2020-13"; allowed a month, such as 2020-12'
    ]
    found = list(wrong_in({"format": "f", "flies": {}}, MANIFEST))
    assert found == ['the key files is missing (did you mean "flies"?)']
    assert list(wrong_in({"format": "f", "parameters": [{"name": "a"}]}, POSTERIOR)) == [
        "the key parameters.0.present is missing"
    ]


def test_every_shipped_file_passes() -> None:
    for province in ("son_la", "lao_cai", "bac_kan"):
        assert check_path(CONFIGS / province).problems == []
        home = load(province)
        assert load_targets(CONFIGS / province / "targets.yaml", home)
    for file in [*CONFIGS.glob("scenarios/*.yaml"), *CONFIGS.glob("*/linked_seats.yaml")]:
        assert check_path(file).problems == []


def test_a_refusal_is_a_config_error_for_python_too(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("qwertz: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="nothing that labsim reads"):
        check_path(tmp_path / "x.yaml")
