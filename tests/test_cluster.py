"""A Dask cluster on this machine: the same bytes, and nothing lost when a worker or the scheduler dies."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import fake_tasks
import pytest
import small_studies
from click.testing import CliRunner

from labsim.cli import cli
from labsim.errors import RunError
from labsim.experiment import cluster
from labsim.experiment.executor import run_tasks
from labsim.experiment.opened import open_study
from labsim.experiment.runner import carry_out

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
NAMES = [f"task {number}" for number in range(40)]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def start(*words: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(HERE.parent), str(HERE), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", *words]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stdout=quiet, stderr=quiet)


class Cluster:
    """A scheduler and two workers of one thread each."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.scheduler = start(
            "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"
        )
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder))
        self.workers = [start("distributed.cli.dask_worker", f"tcp://{self.address}", *options) for _n in range(2)]

    @property
    def executor(self) -> str:
        return f"dask://{self.address}"

    def wait_for_workers(self) -> None:
        import distributed

        end = time.monotonic() + 120
        while time.monotonic() < end:
            with suppress(OSError, TimeoutError), distributed.Client(f"tcp://{self.address}", timeout=60) as client:
                client.wait_for_workers(2, timeout=60)
                return
        raise AssertionError("the cluster did not start")

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    made = Cluster(folder)
    try:
        made.wait_for_workers()
        yield made
    finally:
        made.end()


def test_a_cluster_gives_the_same_bytes_names_what_dies_and_survives_a_dead_worker(tmp_path) -> None:
    plan = small_studies.plan(replicates=6)
    carry_out(plan, tmp_path / "serial", executor="serial")
    with cluster_in(tmp_path) as made:
        killed: list[int] = []

        def kill_one(event) -> None:
            if event.done >= 2 and not killed:
                killed.append(event.done)
                made.workers[0].kill()

        done = carry_out(plan, tmp_path / "study", executor=made.executor, progress=kill_one)
        assert (done.done, done.failed, killed) == (12, (), [2])
        assert small_studies.content(tmp_path / "study", killed=True) == small_studies.content(tmp_path / "serial")
        harm = small_studies.harmful(tmp_path, 0, 1)
        done = carry_out(harm, tmp_path / "harm", executor=made.executor)
        assert (done.done, len(done.failed)) == (1, 1)
        assert done.failed[0].where.endswith("harm.py:16 (adjust)")
        with pytest.raises(ValueError, match="task 5"):
            run_tasks(fake_tasks.fail, [5], names=NAMES, executor=made.executor)


def test_what_a_lost_scheduler_leaves_is_finished_on_this_machine(tmp_path) -> None:
    plan = small_studies.plan(replicates=6)
    with cluster_in(tmp_path) as made:
        lost: list[int] = []

        def lose(event) -> None:
            if event.done >= 3 and not lost:
                lost.append(event.done)
                made.end()

        done = carry_out(plan, tmp_path / "study", executor=made.executor, workers=1, progress=lose)
    assert (done.done, done.failed, lost) == (12, (), [3])
    assert set(open_study(tmp_path / "study").runs["status"]) == {"ok"}


def test_a_task_that_kills_its_worker_each_time_is_named(tmp_path) -> None:
    import dask

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        found = run_tasks(
            fake_tasks.die, [(1, ""), (2, "poison"), (3, "")], names=NAMES, executor="dask", workers=1,
            lost=lambda place, message: f"{place}: {message}",
        )  # fmt: skip
    assert found[0::2] == [1, 3]
    assert re.match(r"1: task 1: its worker died each time it was tried \(", str(found[1]))


def test_an_interrupt_takes_back_what_is_left(tmp_path) -> None:
    def interrupt(event) -> None:
        if event.done == 2:
            raise KeyboardInterrupt

    plan = small_studies.plan(replicates=20)
    done = carry_out(plan, tmp_path / "study", executor="dask", workers=1, progress=interrupt)
    assert done.paused
    assert 2 <= done.done < 40


@contextmanager
def silent_server() -> Iterator[str]:
    """Listen and never answer."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def test_a_scheduler_that_does_not_answer_is_one_message_and_nothing_is_written(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cluster, "_PATIENCE_S", 0.5)
    text = "province: reference/frictional\nreplicates: 1\n"
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with silent_server() as address:
        for where in (address, f"127.0.0.1:{free_port()}"):
            words = ["sweep", "study.yaml", "--executor", f"dask://{where}", "--lang", "en"]
            result = CliRunner().invoke(cli, words)
            assert result.exit_code == 2
            assert f"no Dask scheduler answers at {where}" in result.stderr
            assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]


def test_a_scheduler_without_workers_is_refused(tmp_path, monkeypatch) -> None:
    made = Cluster.__new__(Cluster)
    port = free_port()
    made.address, made.workers = f"127.0.0.1:{port}", []
    made.scheduler = start(
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"
    )
    try:
        with pytest.raises(RunError, match="has no workers"):
            for _attempt in range(20):
                try:
                    carry_out(small_studies.plan(), tmp_path / "study", executor=made.executor)
                except RunError as error:
                    if "no workers" in str(error):
                        raise
                    time.sleep(0.2)
    finally:
        made.end()
    assert not (tmp_path / "study").exists()


def test_without_dask_the_message_says_what_to_install(monkeypatch) -> None:
    def missing(_name: str) -> None:
        raise ImportError

    monkeypatch.setattr(cluster, "import_module", missing)
    with pytest.raises(RunError, match=r"pip install 'labsim\[cluster\]'"):
        run_tasks(fake_tasks.slow_square, [(1, 0)], names=NAMES, executor="dask")
