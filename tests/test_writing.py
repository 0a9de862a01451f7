"""One writer at a time: the second is refused by name, the dead leave nothing, and no lock outlives its command."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import small_studies
from test_results import study as results_of_a_study
from test_studies import GOOD, call, write

from labsim import writing as writing_module
from labsim.errors import ResultsError
from labsim.experiment import run as run_module
from labsim.experiment import runner as runner_module
from labsim.experiment.runner import carry_out
from labsim.writing import is_lock, writing

SMALL = ("--set", "reference.people=60", "--replicates", 1, "--until", "2021-01", "--executor", "serial")


def locks(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if is_lock(path)]


def elsewhere(target: Path, command: str = "labsim run", together: str = "") -> str:
    """Hold a folder in another thread, as another process would, and return what it is told; empty if it may."""
    said: list[str] = []

    def hold() -> None:
        try:
            with writing(target, command, together):
                said.append("")
        except ResultsError as error:
            said.append(str(error))

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    return said[0]


def lock_of(target: Path, **changed: object) -> Path:
    """Leave the lock of a process that began long ago."""
    with writing(target, "labsim run"):
        lock = locks(target.parent)[0]
        text = json.loads(lock.read_text(encoding="utf-8"))
    lock.write_text(json.dumps(text | {"token": "another"} | changed), encoding="utf-8")
    return lock


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_the_second_writer_is_refused_and_told_who_holds_it(tmp_path) -> None:
    with writing(tmp_path / "out", "labsim compare"):
        said = elsewhere(tmp_path / "out")
        assert said.startswith(f"{tmp_path / 'out'}: labsim compare is writing it (process {os.getpid()} on "
                               f"{platform.node()}, since 20")  # fmt: skip
        assert said.endswith("wait for its end, or give another place")
        assert elsewhere(tmp_path / "other") == ""
    assert (elsewhere(tmp_path / "out"), list(tmp_path.iterdir())) == ("", [])


def test_another_process_is_refused_too(tmp_path) -> None:
    code = "import sys; from labsim.writing import writing\nwith writing(sys.argv[1], 'labsim run'): pass"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-c", code, str(tmp_path / "out")]
    with writing(tmp_path / "out", "labsim ask"):
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert f"labsim ask is writing it (process {os.getpid()} on" in done.stderr
        assert len(locks(tmp_path)) == 1
    assert subprocess.run(command, env=env, check=False).returncode == 0


def test_one_thread_may_hold_a_folder_again(tmp_path) -> None:
    with writing(tmp_path / "out", "labsim compare"):
        with writing(tmp_path / ".." / tmp_path.name / "out", "another plan", together="a"):
            pass
        assert elsewhere(tmp_path / "out") != ""


def test_several_may_carry_out_one_plan_but_no_other(tmp_path) -> None:
    with writing(tmp_path / "out", "another plan", together="a"):
        assert elsewhere(tmp_path / "out", together="a") == ""
        assert len(locks(tmp_path)) == 1
        assert "another plan is writing it" in elsewhere(tmp_path / "out", together="b")
        assert "another plan is writing it" in elsewhere(tmp_path / "out")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_no_lock_and_no_empty_folder_is_left_behind(tmp_path, error: type[BaseException]) -> None:
    with pytest.raises(error), writing(tmp_path / "a" / "b" / "out", "labsim run"):
        assert len(locks(tmp_path)) == 1
        raise error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "dead", [lambda: {"process": ended_process()}, dict, lambda: {"process": os.getppid(), "born": "1"}]
)
def test_the_lock_of_a_process_that_died_is_taken_over(tmp_path, dead: Callable[[], dict[str, object]]) -> None:
    """It ended; or its number is now this process's own, or that of one which began at another time."""
    changed = dead()
    if "born" in changed and not writing_module._born(os.getpid()):
        pytest.skip("this system does not say when a process began")
    lock_of(tmp_path / "out", **changed)
    assert elsewhere(tmp_path / "out") == ""
    assert list(tmp_path.iterdir()) == []


def test_a_process_of_another_machine_may_live_and_its_lock_is_named(tmp_path) -> None:
    lock = lock_of(tmp_path / "out", process=ended_process(), machine="another")
    said = elsewhere(tmp_path / "out")
    assert said.endswith(f"give another place (if it has died, remove {lock})")
    assert lock.exists()


def test_a_lock_that_a_killed_process_had_no_time_to_fill_is_taken_over(tmp_path) -> None:
    lock = lock_of(tmp_path / "out")
    lock.write_text("", encoding="utf-8")
    os.utime(lock, (1e9, 1e9))
    assert elsewhere(tmp_path / "out") == ""
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_another_one_took_over_first_stays_its_own(tmp_path) -> None:
    """Of two that find the lock of a dead process, the slower one may not remove what the quicker one has made."""
    lock = lock_of(tmp_path / "out", token="the quicker one's")
    writing_module._put_away(lock, "the dead one's")
    assert json.loads(lock.read_text(encoding="utf-8"))["token"] == "the quicker one's"
    assert list(tmp_path.iterdir()) == [lock]


def test_a_name_as_long_as_a_disk_takes_can_be_held(tmp_path) -> None:
    (tmp_path / ("n" * 255)).mkdir()
    with writing(tmp_path / ("n" * 255), "labsim run"):
        assert "is writing it" in elsewhere(tmp_path / ("n" * 255))


def test_a_disk_that_takes_no_lock_is_one_line_and_holds_none(tmp_path, monkeypatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writing_module.json, "dump", full)
        with pytest.raises(ResultsError, match=r"cannot be written \(.*No space"), writing(tmp_path / "out", "a"):
            pass
    assert (list(tmp_path.iterdir()), elsewhere(tmp_path / "out")) == ([], "")


def test_a_folder_in_which_nothing_can_be_made_is_one_line(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match="cannot be written"), writing(tmp_path / "file" / "out", "labsim run"):
        pass


# Commands


def test_a_run_refuses_the_folder_of_another_before_it_begins_and_leaves_it_alone(tmp_path, monkeypatch) -> None:
    results_of_a_study().save(tmp_path / "out")
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    monkeypatch.setattr(run_module, "run", None)  # nothing is simulated
    with writing(tmp_path / "out", "labsim run"):
        other = lock_of_another(tmp_path)
        result = call("run", "reference/frictional", *SMALL, "--out", tmp_path / "out")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert f"labsim run is writing it (process {other} on" in result.stderr
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before


def lock_of_another(folder: Path) -> int:
    """Make the one lock that is held below a folder that of the process above this one."""
    lock = locks(folder)[0]
    text = json.loads(lock.read_text(encoding="utf-8"))
    parent = os.getppid()
    lock.write_text(
        json.dumps(text | {"process": parent, "born": writing_module._born(parent), "token": "x"}), encoding="utf-8"
    )
    writing_module._held.clear()
    writing_module._held[lock] = (-1, "none")
    return parent


COMMANDS = {
    "compare": ("son_la", "--scenarios", "baseline,more_seats"),
    "sweep": ("study.yaml",),
    "backcast": ("son_la",),
    "robust": ("son_la", "--scenarios", "baseline", "--draws", 2),
    "ask": ("son_la", "--target", "unemployed <= 1000 in 2021", "--vary", "matching.selectivity"),
    "calibrate": ("son_la",),
    "sensitivity": ("son_la",),
    "displacement": ("son_la",),
    "decompose": ("son_la", "--scenario", "more_seats"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_writes_into_the_folder_of_another_one(tmp_path, monkeypatch, command: str) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, GOOD)

    def never(*_given: object, **_named: object) -> None:
        raise AssertionError("a run has begun")

    monkeypatch.setattr(runner_module, "run_tasks", never)
    with writing(tmp_path / "out", "labsim run"):
        lock_of_another(tmp_path)
        result = call(command, *COMMANDS[command], "--out", tmp_path / "out")
        assert "labsim run is writing it (process" in result.stderr, result.output
        assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_report_is_written_by_one_at_a_time(tmp_path) -> None:
    results_of_a_study().save(tmp_path / "one")
    with writing(tmp_path / "report.html", "labsim report"):
        lock_of_another(tmp_path)
        result = call("report", tmp_path / "one", "--out", tmp_path / "report.html")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert "labsim report is writing it" in result.stderr


def test_a_sweep_that_is_interrupted_leaves_no_lock(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, GOOD)

    def interrupted(*_given: object, **_named: object) -> None:
        assert len(locks(tmp_path)) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(runner_module, "run_tasks", interrupted)
    assert call("sweep", "study.yaml", "--out", "out").exit_code == 130
    assert locks(tmp_path) == []


def test_processes_that_carry_out_one_plan_share_its_folder(tmp_path) -> None:
    plan = small_studies.plan()
    seen = []

    def meanwhile(event: object) -> None:
        if not seen:
            seen.append(event)
            thread = threading.Thread(target=lambda: seen.append(carry_out(plan, tmp_path / "s", executor="serial")))
            thread.start()
            thread.join()

    done = carry_out(plan, tmp_path / "s", executor="serial", progress=meanwhile)
    assert (done.done, seen[1].done, locks(tmp_path)) == (4, 4, [])


def test_two_runs_that_end_at_once_without_a_folder_have_one_each(tmp_path, monkeypatch) -> None:
    from labsim.cli.run import _free_folder

    monkeypatch.chdir(tmp_path)
    results = results_of_a_study()
    results.manifest.update({"province": "p", "scenario": "s" * 300, "started": "2026-01-01"})
    places = [_free_folder(results), _free_folder(results)]
    assert [place.name[-13:] for place in places] == ["-2026-01-01-1", "-2026-01-01-2"]
    for place in places:
        results.save(place)
