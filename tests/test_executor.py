"""Replicates side by side: the same numbers by any executor, and workers that die, fail or are interrupted."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import fake_model
import fake_study
import fake_tasks
import numpy as np
import pandas as pd
import pytest

import labsim
from labsim.errors import ConfigError, RunError
from labsim.experiment import executor as executor_module
from labsim.experiment import run as run_module
from labsim.experiment.ending import Presses
from labsim.experiment.executor import peak_memory_mb, run_tasks, usable_cores
from labsim.experiment.run import Progress, code_hash, replicate_seed, run
from labsim.results import open_results

NAMES = ["replicate 1", "replicate 2", "replicate 3", "replicate 4"]


@pytest.fixture
def study(monkeypatch):
    """Let the fake model stand in for the real one, here and in new processes."""
    modules = {"labsim.model": None, "labsim.simulation": None, "labsim.indicators": None}
    for name in modules:
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name))
    fake_study.install()
    monkeypatch.setattr(run_module, "simulate", fake_study.simulate)
    monkeypatch.setattr(run_module, "is_cold", lambda: False)
    return fake_study.config()


@pytest.mark.parametrize("executor", ["serial", "threads", "processes"])
def test_outcomes_come_in_the_order_of_the_tasks(executor: str) -> None:
    done: list[int] = []
    tasks = [(1, 0.3), (2, 0.0), (3, 0.1)]
    found = run_tasks(fake_tasks.slow_square, tasks, names=NAMES, executor=executor, workers=2, finished=done.append)
    assert found == [1, 4, 9]
    assert done == [1, 2, 3]


def test_an_unknown_executor_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RunError, match=r"executor: given 'thread'; did you mean .threads.\?"):
        run_tasks(fake_tasks.slow_square, [(1, 0)], names=NAMES, executor="thread")


def test_a_killed_worker_costs_nothing_but_time(tmp_path) -> None:
    tasks = [(1, ""), (2, str(tmp_path / "flag")), (3, ""), (4, "")]
    assert run_tasks(fake_tasks.die, tasks, names=NAMES, workers=2) == [1, 2, 3, 4]
    assert (tmp_path / "flag").exists()


def test_a_replicate_that_kills_its_worker_again_is_named() -> None:
    tasks = [(1, ""), (2, ""), (3, "poison"), (4, "")]
    with pytest.raises(RunError, match=r"^replicate 3: its worker process died twice, the second time alone") as caught:
        run_tasks(fake_tasks.die, tasks, names=NAMES, workers=2)
    assert "__main__" not in str(caught.value)


def test_an_error_of_a_task_passes_through() -> None:
    for executor in ("serial", "threads", "processes"):
        with pytest.raises(ValueError, match="task 5"):
            run_tasks(fake_tasks.fail, [5], names=NAMES, executor=executor)


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_an_interrupt_stops_the_workers(tmp_path, executor: str) -> None:
    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    tasks = [(str(tmp_path), True), (str(tmp_path), False)]
    with pytest.raises(KeyboardInterrupt):
        run_tasks(
            fake_tasks.first_or_until_stopped, tasks, names=NAMES, executor=executor, workers=2, finished=interrupt
        )
    assert (tmp_path / "stopped").exists()


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_workers_that_do_not_heed_an_interrupt_are_ended(tmp_path, monkeypatch, executor: str) -> None:
    monkeypatch.setattr(executor_module, "GRACE_S", 0.1)

    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    before = set(threading.enumerate())
    tasks = [(str(tmp_path), True), (str(tmp_path), False)]
    with pytest.raises(KeyboardInterrupt):
        run_tasks(fake_tasks.first_or_for_ever, tasks, names=NAMES, executor=executor, workers=2, finished=interrupt)
    if executor == "threads":
        for thread in set(threading.enumerate()) - before:
            thread.join(20)
            assert not thread.is_alive()
    else:
        assert multiprocessing.active_children() == []


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_the_second_press_of_ctrl_c_hurries_the_end() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Presses() as presses:
        with pytest.raises(KeyboardInterrupt):
            press()
        assert not presses.urgent()
        press()
        assert presses.urgent()
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        press()


def test_ctrl_c_while_workers_start_is_heard_when_they_have() -> None:
    started = False
    with Presses() as presses, pytest.raises(KeyboardInterrupt), presses.held_back(True):
        press()
        press()
        started = True
    assert started
    assert presses.urgent()


def test_an_interrupt_that_the_caller_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Presses() as presses:
            press()
        assert presses.count == 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_two_runs_in_one_process_do_not_stop_each_other(tmp_path) -> None:
    def stop(_done: int) -> None:
        raise ValueError("stop")

    outcomes: list[str] = []

    def run_patiently() -> None:
        outcomes.extend(run_tasks(fake_tasks.patient, [1.0], names=NAMES, executor="threads"))

    other = threading.Thread(target=run_patiently)
    other.start()
    tasks = [(str(tmp_path), True), (str(tmp_path), False)]
    with pytest.raises(ValueError, match="stop"):
        run_tasks(fake_tasks.first_or_until_stopped, tasks, names=NAMES, executor="threads", workers=2, finished=stop)
    other.join()
    assert outcomes == ["finished"]


def test_memory_is_that_of_the_worker_alone() -> None:
    block = np.ones(40_000_000)  # 320 MB that a new process must not count as its own
    own = peak_memory_mb()
    (worker,) = run_tasks(fake_tasks.memory, [0], names=NAMES)
    assert own > 320
    assert 5 < worker < 300
    assert block.size


def test_a_script_without_a_main_guard_is_told_so(tmp_path) -> None:
    script = tmp_path / "script.py"
    text = f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from fake_tasks import slow_square
        from labsim.experiment.executor import run_tasks
        run_tasks(slow_square, [(1, 0)], names=["replicate 1"])
    """
    script.write_text(textwrap.dedent(text), encoding="utf-8")
    root = str(Path(__file__).parent.parent)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=root, env=_with_path(root))
    assert done.returncode != 0
    assert 'put the call of labsim.run below `if __name__ == "__main__":`' in done.stderr
    assert "replicate 1: its worker process died twice" in done.stderr


def _with_path(root: str) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": root, "LABSIM_LANG": "en"}


def test_seeds_of_replicates_never_change() -> None:
    assert [replicate_seed(1, n) for n in (1, 2)] == [378012211904120, 428527226598058]
    assert len({replicate_seed(seed, n) for seed in range(20) for n in range(50)}) == 1000
    assert all(0 <= replicate_seed(2**62, n) < 2**53 for n in range(50))


def test_results_do_not_depend_on_the_executor(study, tmp_path) -> None:
    found = {name: run(study, executor=name, workers=2) for name in ("serial", "threads", "processes")}
    for name, results in found.items():
        results.save(tmp_path / name)
    contents = {(tmp_path / name / "monthly.parquet").read_bytes() for name in found}
    assert len(contents) == 1
    for table in ("ledger", "population", "scorecard"):
        assert len({(tmp_path / name / f"{table}.csv").read_bytes() for name in found}) == 1
    assert found["serial"].monthly["replicate"].unique().tolist() == [1, 2, 3]


def test_the_caller_may_replace_seed_scale_replicates_and_end(study) -> None:
    results = run(study, seed=5, scale=0.01, replicates=2, until="2021-06", executor="serial")
    manifest = results.manifest
    assert (manifest["seed"], manifest["scale"], manifest["replicates"], manifest["months"]) == (5, 0.01, 2, 6)
    assert manifest["seeds"] == {"1": replicate_seed(5, 1), "2": replicate_seed(5, 2)}
    assert manifest["config"]["seed"] == 5
    assert manifest["config_hash"] != study.hash
    assert results.monthly["month"].max() == pd.Timestamp("2021-06-30")
    with pytest.raises(ConfigError, match="scale"):
        run(study, scale=200.0)
    with pytest.raises(ConfigError, match="until"):
        run(study, until="soon")


def test_the_manifest_says_where_the_numbers_come_from(study, tmp_path) -> None:
    results = run(study, executor="serial")
    manifest = results.manifest
    assert set(manifest["timing"]) == {"population_s", "months_s", "total_s", "peak_memory_mb"}
    assert manifest["timing"]["population_s"] == 0.25
    assert manifest["timing"]["peak_memory_mb"] > 10
    assert manifest["config_hash"] == study.hash
    assert manifest["code_hash"] == code_hash()
    assert {"python", "numpy", "numba", "pandas", "mesa", "labsim"} <= set(manifest["versions"])
    assert [row["margin"] for row in manifest["misfit"]] == ["age_sex", "district"]
    assert str(tmp_path.anchor) + "tmp" not in str(manifest["config"])
    results.save(tmp_path / "one")
    after = open_results(tmp_path / "one")
    pd.testing.assert_frame_equal(after.scorecard, results.scorecard, check_dtype=False)
    pd.testing.assert_frame_equal(after.ledger, results.ledger, check_dtype=False)


def test_payments_are_summed_by_year_and_policy(study) -> None:
    results = run(study, executor="serial", replicates=2)
    amounts = [2 * (seed % 1_000_000) for seed in results.manifest["seeds"].values()]
    assert results.ledger["replicate"].tolist() == [1, 2]
    assert results.ledger["amount"].tolist() == amounts
    assert results.ledger["persons"].tolist() == [20.0, 20.0]
    assert results.ledger[["year", "policy", "payer"]].iloc[0].tolist() == [2021, "vocational_training", "province"]


def test_targets_and_observations_beside_the_margins_are_used(study, tmp_path) -> None:
    (tmp_path / "targets.yaml").write_text(
        "targets:\n  - {id: a, label: {en: A, vi: A}, indicator: trained_share, direction: at_least, value: 50,"
        ' year: 2022, unit: "%", source: s}\n',
        encoding="utf-8",
    )
    (tmp_path / "observed.csv").write_text("indicator,year,value\ntrained_share,2022,0.59\n", encoding="utf-8")
    results = run(fake_study.config(tmp_path), executor="serial")
    assert results.scorecard[["id", "status", "n_met"]].to_numpy().tolist() == [["a", "scored", 3]]
    assert results.observed["value"].tolist() == [0.59]
    assert str(tmp_path) not in str(results.manifest)


def test_a_failing_replicate_is_named(study, monkeypatch) -> None:
    def fail(self) -> None:
        raise RunError("the books do not balance")

    monkeypatch.setattr(fake_model.LabourModel, "step", fail)
    with pytest.raises(RunError, match=r"replicate 1 \(seed 378012211904120\): the books do not balance"):
        run(study, executor="serial")

    def crash(self) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(fake_model.LabourModel, "step", crash)
    with pytest.raises(ZeroDivisionError) as caught:
        run(study, executor="threads")
    assert caught.value.__notes__ == ["replicate 1 (seed 378012211904120), 2020-12"]


def test_a_cold_machine_compiles_once_and_says_so(study, monkeypatch) -> None:
    events: list[Progress] = []
    warmed: list[bool] = []
    scales: list[float] = []
    simulate = run_module.simulate
    monkeypatch.setattr(run_module, "simulate", lambda job: scales.append(job.config.scale) or simulate(job))
    monkeypatch.setattr(run_module, "is_cold", lambda: not warmed)
    monkeypatch.setattr(run_module, "mark_warm", lambda: warmed.append(True))
    run(study, executor="serial", progress=events.append)
    assert events[0] == Progress(0, 3, "compiling for this machine, once; this takes about a minute")
    assert scales == [0.001, 0.1, 0.1, 0.1]
    assert warmed == [True]
    assert events[1:] == [Progress(n, 3) for n in range(4)]
    events.clear()
    run(study, executor="serial", progress=events.append)
    assert events == [Progress(n, 3) for n in range(4)]


def test_without_a_cache_folder_nothing_is_compiled_in_vain(study, monkeypatch) -> None:
    events: list[Progress] = []
    monkeypatch.setattr(run_module, "is_cold", lambda: True)
    monkeypatch.setattr(run_module, "cache_folder", lambda: None)
    run(study, executor="serial", progress=events.append)
    assert "LABSIM_CACHE_DIR" in events[0].message
    assert len([event for event in events if event.message]) == 1


@pytest.mark.parametrize(
    ("settings", "executor"),
    [
        ([], "processes"),
        (["scale=0.002", "replicates=2", "period.until=2022-12"], "serial"),
        (["replicates=1"], "serial"),
        (["scale=0.001", "replicates=400"], "processes"),
    ],
)
def test_processes_are_started_where_they_repay_it(settings, executor) -> None:
    config = labsim.load("son_la", settings=settings)
    assert run_module.where_it_pays(config, config.replicates) == executor


def test_what_was_chosen_is_said(study) -> None:
    assert run(study, executor="auto").manifest["executor"] == "serial"


def test_cores_are_counted() -> None:
    assert usable_cores() >= 1
