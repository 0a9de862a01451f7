"""Studies from file to answer: what is planned, carried out, resumed, asked and exported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import small_studies
from click.testing import CliRunner, Result

from labsim.cli import cli
from labsim.cli.common import TimeLeft
from labsim.config import Config, load
from labsim.errors import ConfigError, ResultsError
from labsim.experiment import runner as runner_module
from labsim.experiment.about import config_data
from labsim.experiment.opened import open_study
from labsim.experiment.run import Progress, run
from labsim.experiment.runner import carry_out
from labsim.experiment.study import WorldGiven, plan_of, plan_of_configs, read_study
from labsim.population import reading
from labsim.results import GROUPS

GOOD = """title: Two flows
province: reference/frictional
settings: {reference: {people: 100}}
until: 2021-03
vary:
  firms.separation_rate: {values: [0.01, 0.05]}
replicates: 2
"""
VARIED = "firms.separation_rate: {values: [0.01, 0.05]}"


@pytest.fixture(scope="module")
def carried(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "tiny"
    carry_out(small_studies.plan(), folder, executor="serial")
    return folder


def call(*words: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, words), "--lang", "en"])


def write(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_small_studies_need_no_pool_unless_somebody_elses_code_runs_in_them(tmp_path, monkeypatch) -> None:
    """A run that kills its process must not end the command, even where a pool costs more than it saves."""
    taken = []
    real = runner_module.run_tasks

    def noted(*given, executor, **named):
        taken.append(executor)
        return real(*given, executor=executor, **named)

    monkeypatch.setattr(runner_module, "run_tasks", noted)
    carry_out(small_studies.plan(), tmp_path / "own", executor="auto")
    harmed = carry_out(small_studies.harmful(tmp_path, 0, 2), tmp_path / "harmed", executor="auto", workers=1)
    assert taken == ["serial", "processes"]
    assert (harmed.done, len(harmed.failed)) == (1, 1)


# What is planned


def test_a_study_is_its_points_times_its_replicates_with_the_same_seeds(tmp_path) -> None:
    plan = plan_of(read_study(write(tmp_path, GOOD)))
    assert [point.name for point in plan.points] == ["separation_rate 0.01", "separation_rate 0.05"]
    assert [(run.point, run.replicate) for run in plan.runs] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert plan.runs[0].seed == plan.runs[2].seed != plan.runs[1].seed
    assert len({run.id for run in plan.runs}) == 4
    assert [point.config.reference.people for point in plan.points] == [100, 100]
    assert plan.points[0].config.search.taste == 0  # what the world's file says stays


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("replicates", "replicate", r"study.yaml:7:1  replicate: unknown key; did you mean .replicates"),
        ("replicates: 2", "replicates: 0", r"study.yaml:7:1  replicates: given 0; allowed 1 or more"),
        ("values: [0", "value: [0", r"study.yaml:6:27  vary.firms.separation_rate.value: unknown key; did you mean"),
        ("separation_rate", "separation_rat", r"study.yaml:6:3  vary.firms.separation_rat: .*did you mean"),
        ("0.05", "1.5", r"study.yaml:6:\d+  vary.firms.separation_rate: given 1.5; allowed 0 to"),
        ("0.05", "much", r"study.yaml:6:\d+  vary.firms.separation_rate: given .much.; allowed a number"),
        ("people: 100", "peple: 100", r"study.yaml:3:24  settings.reference.peple: unknown key; did you mean"),
        ("frictional", "frictonal", r"study.yaml:2:1  province: no province .*did you mean .reference/frictional"),
        ("until: 2021-03", "until: soon", r"study.yaml:4:1  .*until: given .soon."),
        ("until: 2021-03", "scale: 2", r"study.yaml:4:1  scale: given 2; allowed 1 or less"),
        ("until: 2021-03", "seed: -1", r"study.yaml:4:1  seed: given -1; allowed 0 or more"),
        ("until: 2021-03", "by: [sexx]", r"study.yaml:4:1  by: .*sex"),
        ("until: 2021-03", "design: sobool", r"study.yaml:4:1  design: given .sobool.; allowed .*sobol"),
        ("until: 2021-03", "points: 8", r"study.yaml:4:1  points: is not used by .design: factorial"),
        ("until: 2021-03", "scenarios: [more]", r"study.yaml:4:1  scenarios: .*more"),
        ("until: 2021-03", "design: sobol", r"values and times are for a factorial design; for sobol give a range"),
        ("until: 2021-03", "design: listed", r"study.yaml:5:1  vary: is not used by .design: listed"),
        ("{values: [0.01, 0.05]}", "{range: [0.2, 0.1]}", r"study.yaml:6:3  .*given \[0.2, 0.1\]; .*lower first"),
        ("{values: [0.01, 0.05]}", "{range: [0, 3]}", r"study.yaml:6:\d+  vary.firms.separation_rate: given 3;"),
        ("{values: [0.01, 0.05]}", "{values: [0.1], levels: 3}", r"levels is not used with values or times"),
        ("{values: [0.01, 0.05]}", "{values: [0.1], times: [2]}", r"more than one of values, times and range"),
        ("{values: [0.01, 0.05]}", "{range: [0, 0.1], logarithmic: true}", r"given a logarithmic range from 0;"),
        ("{values: [0.01, 0.05]}", "{values: [0.1], since: 2025}", r"since is for yearly amounts"),
        (VARIED, "reference.people: {values: [2.5]}", r"allowed a whole number"),
        (VARIED, "reference.people: {values: [10.000]}", r"reference.people: given 10.000; .* write 10000 or 10_000"),
        (VARIED, "reference.people: {range: [1, 10.000]}", r"reference.people: given 10.000; .* write 10000 or 10_000"),
        ("people: 100", "people: 1.000", r"study.yaml:3:24  settings.reference.people: given 1.000; .* write 1000 or"),
        (VARIED, "firms.opening_rate: {times: [2]}", r"present value, and that"),
        ("title: Two flows", "title: [a", r"study.yaml:1:8  not YAML: the bracket \["),
        ("title: Two flows", "title: 5", r"study.yaml:1:1  title"),
    ],
)  # fmt: skip
def test_a_wrong_study_is_one_message_and_nothing_is_written(tmp_path, monkeypatch, old, new, message) -> None:
    monkeypatch.chdir(tmp_path)
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    write(tmp_path, text)
    result = call("sweep", "study.yaml", "--out", "out")
    assert result.exit_code == 2, result.output
    assert pd.Series([result.stderr]).str.contains(message).all(), result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]


def test_every_problem_of_a_file_is_told_at_once(tmp_path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_study(write(tmp_path, "replicate: 2\nseed: -1\ndesign: nothing\n"))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("path", ["nowhere", "nowhere.yaml"])
def test_a_study_that_is_not_there_is_one_message(tmp_path, monkeypatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("sweep", path)
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "no such study; give a study.yaml or its folder" in result.stderr


def test_values_of_the_command_line_are_not_blamed_on_the_file(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, GOOD)
    for option, value, message in (
        ("--until", "soon", "--set  period.until: given 'soon'"),
        ("--set", "matching.selectivty=1", "--set  matching.selectivty: unknown key"),
        ("--set", "nothing", "--set  given 'nothing'; allowed path=value"),
        ("--executor", "dusk", "did you mean"),
    ):
        result = call("sweep", "study.yaml", option, value)
        assert result.exit_code == 2
        assert message in result.stderr


def test_a_list_names_its_own_worlds_and_says_where_it_is_wrong(tmp_path) -> None:
    text = """design: listed
settings: {reference.people: 100}
province: reference/frictional
listed:
  - {province: reference/urn_ball}
  - {name: quick, settings: {firms: {separation_rate: 0.1}}}
"""
    plan = plan_of(read_study(write(tmp_path, text)))
    assert [point.province for point in plan.points] == ["reference/urn_ball", "reference/frictional"]
    assert [point.name for point in plan.points] == ["baseline", "quick"]
    assert plan.points[1].values == {"firms.separation_rate": 0.1}
    broken = read_study(write(tmp_path, text.replace("separation_rate", "separation_rat")))
    with pytest.raises(ConfigError, match=r"study.yaml:6:\d+  listed.1.firms.separation_rat: unknown key"):
        plan_of(broken)
    with pytest.raises(ConfigError, match="starts from one scenario"):
        read_study(write(tmp_path, text + "scenarios: [a, b]\n"))


def test_designs_need_ranges_and_take_those_declared(tmp_path) -> None:
    text = "province: reference/frictional\ndesign: sobol\npoints: 8\nvary: {firms.separation_rate: }\n"
    plan = plan_of(read_study(write(tmp_path, text)))
    factor = plan.factors[0]
    values = [point.values["firms.separation_rate"] for point in plan.points]
    assert len(set(values)) == 8 and all(factor.low <= value <= factor.high for value in values)
    with pytest.raises(ConfigError, match="vary: this key is required"):
        read_study(write(tmp_path, "design: sobol\n"))
    with pytest.raises(ConfigError, match="levels is for a factorial design"):
        plan_of(read_study(write(tmp_path, text.replace("rate: }", "rate: {levels: 3, range: [0, 0.1]}}"))))


# What is carried out


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_content_is_the_same_bytes_by_any_executor(tmp_path, carried: Path, executor: str) -> None:
    done = carry_out(small_studies.plan(), tmp_path / "study", executor=executor, workers=2)
    assert (done.total, done.done, done.found, done.failed, done.paused, done.older) == (4, 4, 0, (), False, 0)
    assert small_studies.content(tmp_path / "study") == small_studies.content(carried)


def test_only_what_is_missing_is_run_and_older_runs_are_kept_and_counted(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "study"
    events: list[Progress] = []
    assert carry_out(small_studies.plan(), folder, executor="serial", progress=events.append).found == 0
    assert [event.done for event in events if not event.message] == [0, 1, 2, 3, 4]
    first = small_studies.content(folder)
    again = carry_out(small_studies.plan(), folder, executor="serial")
    assert (again.found, again.busy_seconds) == (4, 0)
    more = carry_out(small_studies.plan(replicates=3), folder, executor="serial")
    assert (more.total, more.found, more.done, more.older) == (6, 4, 6, 0)
    wider = small_studies.plan(vary={"firms.separation_rate": {"values": [0.01, 0.05, 0.09]}})
    assert (carry_out(wider, folder, executor="serial").found, len(small_studies.content(folder))) == (4, 8)
    changed = small_studies.plan(settings={"reference.people": 101})
    repeated = carry_out(changed, folder, executor="serial")
    assert (repeated.found, repeated.done, repeated.older) == (0, 4, 8)
    for name, content in first.items():
        assert (folder / "runs" / name).read_bytes() == content
    assert len(open_study(folder).runs) == 4


def test_other_code_is_another_run(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "study"
    carry_out(small_studies.plan(), folder, executor="serial")
    monkeypatch.setattr("labsim.experiment.study.code_hash", lambda: "other")
    monkeypatch.setattr(runner_module, "code_hash", lambda: "other")
    done = carry_out(small_studies.plan(), folder, executor="serial")
    assert (done.found, done.done, done.older) == (0, 4, 4)


def test_a_worker_with_other_code_fails_its_run_and_writes_no_shard(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(runner_module, "code_hash", lambda: "other")
    done = carry_out(small_studies.plan(), tmp_path / "study", executor="serial")
    assert (done.done, len(done.failed)) == (0, 4)
    assert "runs another labsim than the one that planned the study" in done.failed[0].message


def test_changed_margins_are_another_run(tmp_path) -> None:
    from labsim.config_files import find_configs

    province = tmp_path / "son_la"
    shutil.copytree(find_configs()[0] / "son_la", province)
    given = {"vary": {}, "province": str(province / "profile.yaml"), "settings": {}, "scale": 0.001}
    before = small_studies.plan(**given)
    margin = province / "margins" / "age_sex.csv"
    margin = margin if margin.exists() else next(iter(sorted((province / "margins").glob("*.csv"))))
    margin.write_text(margin.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    after = small_studies.plan(**given)
    assert {run.id for run in before.runs}.isdisjoint(run.id for run in after.runs)


def test_an_unreadable_margin_fails_its_runs_and_the_rest_finishes(tmp_path) -> None:
    from labsim.config_files import find_configs

    province = tmp_path / "son_la"
    shutil.copytree(find_configs()[0] / "son_la", province)
    given = {"vary": {}, "provinces": ("reference/frictional", str(province / "profile.yaml")), "settings": {}}
    plan = small_studies.plan(**given, scale=0.001, replicates=1, until="2021-01")
    for margin in (province / "margins").glob("*.csv"):
        margin.write_text("not,a\nmargin,\n", encoding="utf-8")
    reading._cache.clear()  # as in a worker, which has not planned the study
    done = carry_out(plan, tmp_path / "study", executor="serial")
    assert (done.total, done.done, len(done.failed)) == (2, 1, 1)
    assert done.failed[0].where.startswith("labsim/")
    assert done.failed[0].message


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_a_run_that_does_harm_is_recorded_and_the_rest_finishes(tmp_path, executor: str) -> None:
    deadly = executor == "processes"
    plan = small_studies.harmful(tmp_path, 0, 1, *([2] if deadly else []), 3)
    done = carry_out(plan, tmp_path / "study", executor=executor, workers=2)
    assert (done.done, len(done.failed)) == (1, len(plan.runs) - 1)
    failed = {failure.name.partition(",")[0]: failure for failure in done.failed}
    said = "policies.harm (Harm.adjust, harm.py:16) in 2021-01: raised ValueError: a policy of one's own fails"
    assert said in failed["how 1"].message
    assert failed["how 1"].where.endswith("harm.py:16 (adjust)")
    assert "harm.py:20) in 2021-01: raised MemoryError" in failed["how 3"].message
    if deadly:
        assert "its worker process died twice" in failed["how 2"].message
    opened = open_study(tmp_path / "study")
    assert sorted(opened.runs["status"]) == ["failed"] * (len(plan.runs) - 1) + ["ok"]
    assert set(opened.runs["message"]) == {"", *(failure.message for failure in done.failed)}
    again = carry_out(plan, tmp_path / "study", executor="serial") if not deadly else done
    assert again.found == (0 if deadly else 1)


def test_a_configuration_that_cannot_be_restored_is_a_failed_run(tmp_path) -> None:
    plan = small_studies.harmful(tmp_path, 0)
    (tmp_path / "harm.py").unlink()
    done = carry_out(plan, tmp_path / "study", executor="processes", workers=1)
    assert len(done.failed) == 1
    assert "no file" in done.failed[0].message


def test_a_full_disk_ends_a_sweep_with_a_true_count_and_the_next_one_goes_on(tmp_path, monkeypatch) -> None:
    real, written = os.fsync, []

    def full(handle):
        written.append(handle)
        if len(written) > 4:  # study.json and the first shard, each with its folder, still have room
            raise OSError(28, "No space left on device")
        return real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ResultsError, match=r"\(No space left on device\); 1 of 4 runs are done and kept, the same"):
            carry_out(small_studies.plan(), tmp_path / "study", executor="serial")
    assert len(written) == 5  # nothing is tried after it
    assert [path.suffix for path in (tmp_path / "study" / "runs").iterdir()] == [".parquet"]
    again = carry_out(small_studies.plan(), tmp_path / "study", executor="serial")
    assert (again.found, again.done, again.failed) == (1, 4, ())
    assert not any((tmp_path / "study" / "failed").iterdir())


def test_an_interrupt_pauses_and_the_same_goes_on(tmp_path) -> None:
    def interrupt(event: Progress) -> None:
        if event.done == 2:
            raise KeyboardInterrupt

    done = carry_out(small_studies.plan(), tmp_path / "study", executor="serial", progress=interrupt)
    assert (done.paused, done.done) == (True, 2)
    assert carry_out(small_studies.plan(), tmp_path / "study", executor="serial").found == 2


def test_equal_configurations_share_their_runs(tmp_path) -> None:
    config = small_studies.plan().points[0].config
    plan = plan_of_configs([WorldGiven("a", config), WorldGiven("b", config)], small_studies.study())
    done = carry_out(plan, tmp_path / "study", executor="serial")
    assert (done.total, done.done) == (2, 2)
    counted = open_study(tmp_path / "study").sql("select point, count(distinct replicate) n from monthly group by all")
    assert sorted(counted["n"]) == [2, 2]


@pytest.mark.skipif(os.name != "posix", reason="waits for a signal")
def test_workers_end_with_the_process_that_started_them(tmp_path) -> None:
    code = f"""
import os, signal, sys
sys.path[:0] = [{str(Path(__file__).parent)!r}]
import fake_orphans
from labsim.experiment.executor import run_tasks
if __name__ == "__main__":
    run_tasks(fake_orphans.wait_for_ever, [{str(tmp_path)!r}], names=["a"], workers=1)
"""
    (tmp_path / "script.py").write_text(code, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen([sys.executable, str(tmp_path / "script.py")], env=env) as parent:
        import fake_orphans

        worker = fake_orphans.started(tmp_path)
        parent.kill()
    assert fake_orphans.ends(worker)


# What is asked


def test_a_study_can_be_opened_before_and_while_it_runs(tmp_path) -> None:
    seen: list[int] = []

    def look(event: Progress) -> None:
        study = open_study(tmp_path / "study")
        seen.append(int((study.runs["status"] == "ok").sum()))
        assert study.sql("select count(distinct run) as n from runs where status = 'ok'")["n"][0] == seen[-1]
        assert study.monthly()["replicate"].size % max(seen[-1], 1) == 0
        assert study.targets().empty

    carry_out(small_studies.plan(), tmp_path / "study", executor="serial", progress=look)
    assert seen == [0, 1, 2, 3, 4]


def test_a_point_is_the_run_of_its_configuration(carried: Path) -> None:
    study = open_study(carried)
    config = small_studies.plan().points[1].config
    expected = run(config, replicates=2, executor="serial")
    found = study.results(1)
    columns = [name for name in expected.monthly.columns if name != "scenario"]
    keys = [name for name in columns if name != "value"]
    one, other = (
        frame[columns].astype(dict.fromkeys(keys, str)).sort_values(keys, ignore_index=True)
        for frame in (found.monthly, expected.monthly)
    )
    pd.testing.assert_frame_equal(one, other, check_dtype=False)
    with pytest.raises(ResultsError, match="no point 2; allowed 0 to 1"):
        study.results(2)


def test_the_folder_holds_the_whole_configuration_of_every_point(carried: Path) -> None:
    about = open_study(carried).about
    for point in small_studies.plan().points:
        data = config_data(about, point.number)
        data["changes"] = []
        assert Config.from_dict(data).hash == point.config.hash == about["points"][point.number]["config_hash"]
    assert config_data(about, 1)["firms"]["separation_rate"] == 0.05


def test_policies_of_other_points_are_not_in_a_points_configuration(tmp_path) -> None:
    small = {"scale": 0.01}
    worlds = [load("son_la", settings=small), load("son_la", settings={**small, "policies.startups": {}})]
    given = [WorldGiven(str(n), replace_scenario(config)) for n, config in enumerate(reversed(worlds))]
    plan = plan_of_configs(given, small_studies.study(vary={}))
    from labsim.experiment.about import described

    about = json.loads(described(plan))
    hashes = [Config.from_dict(config_data(about, number) | {"changes": []}).hash for number in (0, 1)]
    assert hashes == [point.config.hash for point in plan.points]


def replace_scenario(config: Config) -> Config:
    return config.model_copy(update={"scenario": "same"})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("selct 1", "the question cannot be answered: "),
        ("select * from month", "the question cannot be answered: "),
        ("", "allowed one question"),
        ("select 1; select 2", "allowed one question"),
        ("create table a(b int)", "allowed one question"),
        ("copy (select 1) to 'x'", "allowed one question"),
        ("select * from read_csv('/etc/passwd')", "the question cannot be answered: "),
        ("set enable_external_access = true", "allowed one question"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_message(carried: Path, query: str, message: str) -> None:
    result = call("results", carried, "--sql", query)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_answers_are_the_same_before_and_after_compaction(tmp_path, carried: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(carried, folder)
    question = "select point, replicate, indicator, month, value from monthly order by all"
    before = open_study(folder).sql(question)
    assert call("results", folder, "--compact").stdout == "4 runs in one file\n"
    pd.testing.assert_frame_equal(open_study(folder).sql(question), before)
    assert carry_out(small_studies.plan(), folder, executor="serial").found == 4


def test_a_question_is_asked_again_when_the_runs_are_compacted_meanwhile(tmp_path, carried: Path, monkeypatch) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(carried, folder)
    study = open_study(folder)
    expected = study.sql("select sum(value) s from monthly where value = value")
    real = type(study)._connection

    def compacted_meanwhile(self, files, with_targets):
        connection = real(self, files, with_targets)
        self.store.compact()
        return connection

    monkeypatch.setattr(type(study), "_connection", compacted_meanwhile)
    found = study.sql("select sum(value) s from monthly where value = value")
    assert found["s"][0] == pytest.approx(expected["s"][0], rel=1e-12)


def test_a_flipped_bit_in_the_description_of_a_study_is_noticed_and_the_next_sweep_writes_it_anew(
    tmp_path, carried: Path
) -> None:
    shutil.copytree(carried, tmp_path / "study")
    file = tmp_path / "study" / "study.json"
    right = file.read_bytes()
    for place in range(3, 8 * len(right), len(right) // 20):
        wrong = bytearray(right)
        wrong[place // 8] ^= 1 << place % 8
        file.write_bytes(wrong)
        with pytest.raises(ResultsError, match=r"study.json: damaged"):
            open_study(tmp_path / "study")
    assert carry_out(small_studies.plan(), tmp_path / "study", executor="serial").found == 4
    assert len(open_study(tmp_path / "study").runs) == 4
    older = json.loads(right) | {"format": "labsim-study-1"}
    del older["seal"]
    file.write_text(json.dumps(older), encoding="utf-8")
    assert len(open_study(tmp_path / "study").runs) == 4


def test_an_unknown_indicator_or_folder_is_refused(carried: Path, tmp_path) -> None:
    with pytest.raises(ResultsError, match=r"no indicator 'unemployment_rat'; did you mean .unemployment_rate"):
        open_study(carried).monthly(["unemployment_rat"])
    result = call("results", tmp_path)
    assert result.exit_code == 2 and "not the folder of a study" in result.stderr
    (tmp_path / "study.json").write_text("{", encoding="utf-8")
    result = call("results", tmp_path)
    assert result.exit_code == 2 and "study.json: damaged" in result.stderr


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".nc"])
def test_an_export_holds_the_same_values(tmp_path, carried: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    assert call("results", carried, "--export", path).stdout == f"{path}\n"
    expected = open_study(carried).monthly().dropna(subset="value")
    keys = ["point", "replicate", "indicator", "month"]
    if ending == ".nc":
        import xarray

        with xarray.open_dataset(path, engine="scipy") as dataset:
            assert dataset["unemployment_rate"].attrs["units"] == "%"
            assert dataset["firms.separation_rate"].values.tolist() == [0.01, 0.05]
            frame = dataset[[str(name) for name in dataset.data_vars]].to_dataframe().reset_index()
        found = frame.melt(id_vars=["point", "replicate", "month"], value_vars=sorted(set(expected["indicator"])),
                           var_name="indicator").dropna(subset="value")  # fmt: skip
    else:
        found = pd.read_csv(path, parse_dates=["month"]) if ending == ".csv" else pd.read_parquet(path)
        assert sorted(set(found["firms.separation_rate"])) == [0.01, 0.05]
        found = found[(found[list(GROUPS)] == "all").all(axis=1)].dropna(subset="value")
    one, other = (
        frame.assign(indicator=frame["indicator"].astype(str)).sort_values(keys, ignore_index=True)
        for frame in (found, expected)
    )
    assert one[keys[:3]].to_numpy().tolist() == other[keys[:3]].to_numpy().tolist()
    assert one["month"].dt.strftime("%Y-%m").tolist() == other["month"].dt.strftime("%Y-%m").tolist()
    assert one["value"].tolist() == other["value"].tolist()


def test_a_wrong_export_writes_nothing(tmp_path, carried: Path) -> None:
    (tmp_path / "file").touch()
    for name, message in (("out.nx", "given the ending '.nx'; did you mean"), ("file/out.csv", "cannot be written")):
        result = call("results", carried, "--export", tmp_path / name)
        assert result.exit_code == 2 and message in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_mixed_settings_can_be_exported(tmp_path) -> None:
    listed = [{"settings": {"reference.people": 50}}, {"settings": {"by": ["sex"], "reference.people": 60}}]
    plan = small_studies.plan(design="listed", vary={}, listed=listed, replicates=1, until="2021-01")
    carry_out(plan, tmp_path / "study", executor="serial")
    for ending in (".csv", ".parquet", ".nc"):
        assert open_study(tmp_path / "study").export(tmp_path / f"out{ending}").stat().st_size > 0


# The command


def test_the_command_sweeps_says_what_it_did_and_goes_on(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, GOOD.replace("title", "name: a/b\ntitle"))
    result = call("sweep", tmp_path, "--executor", "serial", "--replicates", 1, "--set", "reference.people=50")
    assert result.exit_code == 0, result.output
    assert "2 runs (0 found, 2 new in" in result.stdout and "study-a-b" in result.stdout
    result = call("sweep", tmp_path, "--executor", "serial", "--json", "--set", "reference.people=50")
    found = json.loads(result.stdout)
    assert (found["total"], found["found"], found["failed"], found["paused"]) == (4, 2, 0, False)
    assert [point["firms.separation_rate"] for point in found["points"]] == [0.01, 0.05]
    result = call("sweep", tmp_path, "--executor", "serial", "--replicates", 1, "--set", "reference.people=50")
    assert "2 runs of an older plan, code or data are kept" in result.stderr
    rows = call("results", "labsim-results/study-a-b", "--sql", "select count(*) as n from runs", "--json")
    assert json.loads(rows.stdout) == [{"n": 2}]


def test_the_command_ends_with_1_where_every_run_fails(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "harm.py").write_text(small_studies.HARM, encoding="utf-8")
    (tmp_path / "scenario.yaml").write_text(small_studies.SCENARIO, encoding="utf-8")
    text = GOOD.replace(VARIED, "harm.how: {values: [1]}")
    write(tmp_path, text + "scenarios: [scenario.yaml]\n")
    result = call("sweep", ".", "--executor", "serial", "--out", "out", "--json")
    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout)["failed"] == 2
    assert "failed: how 1, replicate 1" in result.stderr and "harm.py:16 (adjust)" in result.stderr
    assert "2 of 2 runs failed" in result.stderr
    assert len(list((tmp_path / "out" / "failed").iterdir())) == 2


def test_the_command_ends_with_130_where_it_is_paused(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, GOOD)

    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner_module, "run_tasks", interrupted)
    result = call("sweep", "study.yaml", "--out", "out")
    assert result.exit_code == 130
    assert "paused: 0 of 4 runs are done and kept in out; the same command goes on" in result.stderr


def test_a_dry_run_lists_points_and_writes_nothing(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, GOOD)
    result = call("sweep", "study.yaml", "--dry-run")
    assert "2 points, 4 runs" in result.stdout and "separation_rate 0.05" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]


def test_time_left_follows_the_mean_pace_of_new_runs() -> None:
    clock = TimeLeft()
    assert clock.seconds(0) is None
    clock.tell(100, 200, now=10.0)
    assert clock.seconds(11.0) is None
    clock.tell(101, 200, now=50.0)  # two workers: runs end in pairs, forty seconds apart
    clock.tell(102, 200, now=50.1)
    assert clock.seconds(50.1) == pytest.approx(98 * 40.1 / 2)
    assert clock.seconds(60.1) == pytest.approx(98 * 40.1 / 2 - 10)
    assert clock.seconds(1e6) == 0.0
