"""What users do by mistake is told in one message with exit code 2, and never simulated as something else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import labsim
from labsim.cli import cli
from labsim.config import check, load
from labsim.errors import ConfigError, ResultsError, RunError
from labsim.text import nearest

TINY = ("scale=0.001", "period.until=2021-02")


def problem_of(*settings: str, province: str = "son_la") -> str:
    with pytest.raises(ConfigError) as refused:
        load(province, settings=settings)
    return str(refused.value)


def test_the_people_of_one_month_are_not_called_those_of_another() -> None:
    assert "allowed 2020-12, the month that the province's margins describe" in problem_of("period.start=2025-01")
    assert load("reference/urn_ball", settings=["period.start=2020-11"]).period.start == "2020-11"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("scale=5", "allowed 1 or less"),
        ("period.until=2150", "allowed 2100-12 or earlier"),
        ("extends=lao_cai/baseline", "is not a parameter"),
        ("kind=reference", "is not a parameter"),
        ("folder=/tmp", "is not a parameter"),
        ("groups={}", "is not a parameter"),
        ("vocational_training.seats_per_year={1066: 5}", "1066"),
        ("policies.vocational_training.seats_per_year.2500=20000", "2500"),
    ],
)
def test_what_would_change_nothing_or_something_else_is_refused(setting: str, message: str) -> None:
    assert message in problem_of(setting)


def test_a_scenario_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="this scenario is given twice"):
        load("son_la", scenario=["baseline", "baseline"])


def test_a_policy_named_without_anything_stays_as_the_scenario_has_it() -> None:
    seats = load("son_la").policies["vocational_training"].seats_per_year
    for value in ("null", "{}", "true"):
        config = load("son_la", settings=[f"policies.vocational_training={value}"])
        assert config.policies["vocational_training"].seats_per_year == seats
    assert "vocational_training" not in load("son_la", settings=["policies.vocational_training=false"]).policies


def test_targets_are_not_offered_as_a_scenario() -> None:
    with pytest.raises(ConfigError) as refused:
        load("son_la", scenario="targets")
    said, _word, offered = str(refused.value).partition("'targets'")
    assert said.endswith("no scenario ") and "targets" not in offered
    with pytest.raises(ConfigError) as refused:
        load("son_la", scenario="nothing_like_it")
    offered = str(refused.value).partition("allowed: ")[2].split(", ")
    assert "baseline" in offered and not {"targets", "profile"} & set(offered)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold lines of `key: value`"),
        ("matching: " + "[" * 3000 + "]" * 3000, "nested too deeply; allowed at most 32 levels"),
        ("extends: son_la/baseline\nseed: " + "9" * 6000, "given"),
        ("? [a, b]\n: 1\n", "given the key 'a list or group'"),
    ],
)
def test_odd_files_are_told_where_they_are_odd(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(text, encoding="utf-8")
    (problem, *_rest) = check(file)
    assert message in str(problem)
    assert "odd.yaml" in str(problem)


@pytest.mark.parametrize("word", ["SON_LA", "Sơn La", "son la"])
def test_names_are_found_whatever_the_case_and_accents(word: str) -> None:
    assert nearest(word, ["lao_cai", "son_la", "bac_kan"]) == "son_la"


def test_one_replicate_has_no_band() -> None:
    results = labsim.run(load("son_la", settings=TINY), replicates=1, executor="serial")
    assert results.spending()[["amount_low", "amount_high"]].isna().all(axis=None)
    assert results.costs()[["count_low", "unit_cost_high"]].isna().all(axis=None)


def test_a_model_stops_where_its_period_ends() -> None:
    model = labsim.LabourModel(load("reference/urn_ball", settings=["period.until=2021-02"]), seed=1)
    model.run_model()
    assert (model.month, model.running) == (2, False)


def test_a_policy_that_raises_is_named_with_its_line(tmp_path: Path) -> None:
    own = tmp_path / "mine.py"
    lines = [
        "from labsim.policies.base import Policy",
        "class Mine(Policy):",
        '    """Do nothing well."""',
        "    def adjust(self, levers, world):",
        '        levers.add("wage_subsidy", 0.0)',
        "    def settle(self, world, account):",
        "        {raising}",
    ]
    for raising, said in (('raise KeyError("boom")', "KeyError: 'boom'"), ("raise SystemExit(4)", "SystemExit: 4")):
        own.write_text("\n".join(lines).format(raising=raising), encoding="utf-8")
        config = load("reference/urn_ball", settings={"policies.mine": {"use": f"{own}:Mine"}})
        with pytest.raises(RunError) as failed:
            labsim.run(config, replicates=1, until="2021-01", executor="serial")
        assert f"policies.mine (Mine.settle, mine.py:7) in 2021-01: raised {said}" in str(failed.value)


def test_a_policy_file_that_leaves_is_told(tmp_path: Path) -> None:
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(3)\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"leaves\.py:2 cannot be loaded: SystemExit: 3"):
        load("reference/urn_ball", settings={"policies.mine": {"use": f"{tmp_path / 'leaves.py'}:Mine"}})


@pytest.mark.parametrize(
    "change",
    [
        {"config": None}, {"replicates": "two"}, {"replicates": 0}, {"config": {"by": ["foo"]}},
        {"files": {"../../etc/passwd": {}}}, {"files": {"ledger.csv": {"columns": [1]}}},
    ],
)  # fmt: skip
def test_a_manifest_that_no_run_writes_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    labsim.run("reference/urn_ball", until="2021-02", replicates=1, executor="serial").save(tmp_path / "result")
    path = tmp_path / "result" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | change), encoding="utf-8")
    with pytest.raises(ResultsError, match=r"manifest\.json: damaged \("):
        labsim.open_results(tmp_path / "result")


def test_python_names_what_it_was_given() -> None:
    with pytest.raises(ConfigError, match="given None; allowed a configuration"):
        labsim.run(None)  # type: ignore[arg-type]
    for workers in (0, -3, 1.5):
        with pytest.raises(RunError, match=f"workers: given {workers}"):
            labsim.run("reference/urn_ball", workers=workers)  # type: ignore[arg-type]
    assert load("son_la", settings="scale=0.5").scale == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["schedule", "--scenario", "nope"], "--scenario needs the province before it"),
        (["run", "--by", ""], "''"),
        (["run", "--set", "matching.selectivity=0.1", "--set", "matching.selectivity=0.9"], "given twice"),
        (["run", "--scale", "1e-9"], "1:10, from"),
        (["run", "--out", "x" * 300], "cannot be written"),
    ],
)
def test_the_command_line_refuses_with_code_2(tmp_path: Path, monkeypatch, arguments: list[str], message: str) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(cli, arguments)
    assert outcome.exit_code == 2
    assert message in outcome.output
    assert not list(tmp_path.iterdir())


def test_the_language_asked_for_counts_without_an_installed_locale() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LABSIM_LANG"))}
    code = "from labsim.text import current_language; print(current_language())"
    for language, spoken in (("vi_VN.UTF-8", "vi"), ("vi", "vi"), ("C", "en"), ("en_GB.UTF-8", "en")):
        here = environment | {"LANG": language}
        said = subprocess.run([sys.executable, "-c", code], env=here, capture_output=True, text=True, check=True)
        assert said.stdout.strip() == spoken
