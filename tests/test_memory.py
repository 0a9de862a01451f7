"""What a run needs of memory is estimated before it starts, compared with what there is, and said in a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import labsim
from labsim.cli import cli
from labsim.config import load
from labsim.errors import RunError
from labsim.experiment import memory
from labsim.experiment.memory import free_memory_mb, need_of, workers_that_fit

pytestmark = pytest.mark.tiny


@pytest.fixture
def free(monkeypatch):
    """Let some MB be free, and some of address space."""

    def there_are(megabytes: float, addresses: float = 1e9) -> None:
        monkeypatch.setattr(memory, "free_memory_mb", lambda: megabytes)
        monkeypatch.setattr(memory, "_addresses_mb", lambda: addresses)

    return there_are


def whole(**settings: object):
    return load("son_la", settings={"scale": 1.0, "period.until": "2030-12", **settings})


def test_this_machine_says_how_much_is_free() -> None:
    assert 10 < free_memory_mb() < 1e9


def test_processes_need_libraries_each_and_threads_once() -> None:
    by_processes, by_threads = (need_of(whole(), 8, 8, executor).total for executor in ("processes", "threads"))
    assert by_processes == pytest.approx(memory.MAIN_MB + 8 * (memory.BASE_MB + 216) + 8 * 120 * memory.MONTH_MB)
    assert by_threads == pytest.approx(memory.BASE_MB + 8 * 216 + 8 * 120 * memory.MONTH_MB)
    assert need_of(whole(), 8, 8, "serial").total == pytest.approx(memory.BASE_MB + 216 + 8 * 120 * memory.MONTH_MB)
    assert need_of(whole(), 8, 8, "serial", kept=0).total == pytest.approx(memory.BASE_MB + 216)


def test_results_that_are_held_count_with_their_groupings() -> None:
    plain, grouped = (need_of(whole(by=by), 1000, 1, "serial").total for by in ([], ["district", "sex"]))
    assert grouped - plain == pytest.approx(2 * 1000 * 120 * memory.MONTH_MB)


def test_what_is_needed_is_about_what_is_taken() -> None:
    results = labsim.run("son_la", scale=0.002, until="2021-01", replicates=1, posterior="none", executor="processes")
    taken = results.manifest["timing"]["peak_memory_mb"]
    need = need_of(load("son_la", settings={"scale": 0.002, "period.until": "2021-01"}), 1, 1, "processes").each
    assert taken == 0 or need / 2 < taken < need * 2


def test_a_run_that_does_not_fit_is_refused_before_it_starts(free) -> None:
    free(2000.0)
    message = r"needs about 24\.\d GB of memory with 48 workers, 2\.0 GB are free: lower --scale, or --workers"
    with pytest.raises(RunError, match=message):
        labsim.run("son_la", scale=1.0, replicates=50, until="2030-12", executor="processes", workers=48)
    message = r"needs about 2\d+\.\d GB of memory, 2\.0 GB are free: lower --scale, or --replicates"
    with pytest.raises(RunError, match=message):
        labsim.run("son_la", scale=0.001, replicates=1_000_000, until="2021-12", executor="serial")


def test_workers_are_lowered_where_nobody_asked_for_a_number(free, monkeypatch) -> None:
    monkeypatch.setattr(memory, "usable_cores", lambda: 8)
    free(2000.0)
    told: list[str] = []
    assert workers_that_fit(whole(), 50, "processes", None, told.append) == 3
    assert told == ["memory: 3 workers in place of 8; each needs about 506 MB, 2.0 GB are free"]
    assert workers_that_fit(whole(), 2, "processes", None, told.append) == 2
    free(400.0)
    with pytest.raises(RunError, match=r"needs about .* with 8 workers, 400 MB are free"):
        workers_that_fit(whole(), 50, "processes", None, told.append)
    assert workers_that_fit(whole(), 50, "dask://there:8786", 4, told.append) == 4


def test_a_limit_of_addresses_counts_for_one_process(free) -> None:
    free(1e6, addresses=1500.0)
    assert workers_that_fit(whole(), 40, "processes", 40, print) == 40
    with pytest.raises(RunError, match=r"needs about .* GB of memory with 40 workers, 1\.5 GB are free"):
        workers_that_fit(whole(), 40, "threads", 40, print)


@pytest.mark.parametrize(
    ("files", "line", "left"),
    [
        ({"memory.max": "2000000000", "memory.current": "700000000"}, "0::/", 1300.0),
        ({"memory.max": "max", "memory.current": "7"}, "0::/", 1e9),
        ({"job/memory.max": "5000000", "job/memory.current": "9000000"}, "0::/job", 0.0),
        (
            {"memory.max": "9000000000", "memory.current": "0", "a/memory.max": "1000000000",
             "a/memory.current": "900000000", "a/memory.stat": "anon 1\ninactive_file 400000000\n"},
            "0::/a/b", 500.0,
        ),
        ({"memory/memory.limit_in_bytes": "3000000000", "memory/memory.usage_in_bytes": "0"}, "4:memory:/x", 3000.0),
        ({"memory/memory.limit_in_bytes": "3000000000", "memory/memory.usage_in_bytes": "0"}, "4:cpu:/x", 1e9),
    ],
)  # fmt: skip
def test_the_limit_of_a_container_is_read(tmp_path: Path, files: dict[str, str], line: str, left: float) -> None:
    for name, text in files.items():
        path = tmp_path / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "mine").write_text(f"{line}\n", encoding="utf-8")
    assert memory._left_of_cgroup(tmp_path / "groups", tmp_path / "mine") == pytest.approx(left)


def test_memory_that_runs_out_all_the_same_is_one_line(monkeypatch, tmp_path: Path) -> None:
    def simulate(_job: object) -> None:
        raise MemoryError("Unable to allocate 23 GiB\nfor an array")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("labsim.experiment.run.simulate", simulate)
    outcome = CliRunner().invoke(cli, ["run", "reference/urn_ball", "--executor", "serial", "--lang", "en", "--quiet"])
    assert outcome.exit_code == 2
    assert "out of memory (Unable to allocate 23 GiB for an array): lower --scale, or --workers" in outcome.output
