"""Kill sweeps with kill -9 at random moments, resume them each time, and count what was lost, doubled or torn."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labsim.experiment.store import Store

ROOT = Path(__file__).resolve().parents[1]
STUDY = """title: A sweep that is killed
province: reference/frictional
settings: {{reference: {{people: 100}}}}
until: 2021-02
vary:
  firms.separation_rate: {{range: [0.01, 0.06], levels: {points}}}
replicates: {replicates}
"""
PATIENCE_S = 300.0


@dataclass
class Damage:
    """Say what kills did to a study: all of it should be 0 but the kills, and those that fell amid a file."""

    kills: int = 0
    amid_a_file: int = 0
    torn: int = 0
    lost: int = 0
    doubled: int = 0
    different: int = 0


def kill_and_resume(
    folder: Path,
    n_sweep: int,
    n_compact: int,
    *,
    executor: str = "processes",
    points: int = 6,
    replicates: int = 10,
    seed: int = 1,
) -> Damage:
    """Sweep undisturbed, then with kills, and compare every byte of every run; then kill the compaction.

    A kill falls when some further runs are there or as soon as a file is being written, a random moment later; some
    fall while the program starts. A sweep that ends before all kills fell is followed by another one.
    """
    from labsim.experiment.store import Store

    dice = random.Random(seed)
    (folder / "study.yaml").write_text(STUDY.format(points=points, replicates=replicates), encoding="utf-8")
    calm = Store(folder / "calm")
    _run(folder, "sweep", "study.yaml", "--out", "calm", "--quiet")
    expected = _shards(calm)
    damage = Damage()
    sweep = 0
    while damage.kills < n_sweep:
        sweep += 1
        hurt = Store(folder / f"hurt-{sweep}")
        pace = max(1.0, 2 * len(expected) / n_sweep)
        while damage.kills < n_sweep and len(hurt.done()) < len(expected):
            options = ("--executor", executor, "--workers", "2", "--quiet")
            process = _start(folder, "sweep", "study.yaml", "--out", hurt.folder.name, *options)
            _kill_in_time(process, hurt, dice, len(hurt.done()) + round(dice.random() * pace), damage)
        _run(folder, "sweep", "study.yaml", "--out", hurt.folder.name, "--quiet")
        _compare(hurt, expected, damage)
    for number in range(n_compact):
        packed = Store(folder / f"packed-{number}")
        shutil.copytree(calm.folder, packed.folder)
        _kill_in_time(_start(folder, "results", packed.folder.name, "--compact"), packed, dice, 0, damage)
        _require_each_run_once(packed, calm.done(), damage)
        _run(folder, "results", packed.folder.name, "--compact")
        _require_each_run_once(packed, calm.done(), damage)
        damage.lost += len(list(packed.runs.glob("*.parquet"))) != 1
    return damage


def _start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-m", "labsim", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _run(folder: Path, *words: str) -> None:
    status = _start(folder, *words).wait(PATIENCE_S)
    if status != 0:
        raise RuntimeError(f"labsim {' '.join(words)} ended with {status}")


def _kill_in_time(
    process: subprocess.Popen[bytes], store: Store, dice: random.Random, runs: int, damage: Damage
) -> None:
    """Kill a process and its workers: amid a file once some runs are there, or at any time."""
    end = time.monotonic() + (dice.random() * 2 if dice.random() < 0.1 else PATIENCE_S)
    drafts: list[Path] = []
    old = set(store.folder.rglob(".*.tmp"))
    while process.poll() is None and time.monotonic() < end:
        there = sum(not path.name.startswith(".") for path in _listed(store.runs))
        drafts = [path for path in _listed(store.runs) if path.suffix == ".tmp" and path not in old]
        if there >= runs and drafts:
            time.sleep(dice.random() * 0.01)
            break
        time.sleep(0.0005)
    if process.poll() is not None:
        return  # it finished first: no kill
    _kill(process)
    damage.kills += 1
    damage.amid_a_file += any(path.exists() for path in drafts)
    damage.torn += sum(not _is_whole(path) for path in _listed(store.runs) if path.suffix == ".parquet")


def _listed(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return list(folder.iterdir())
    return []


def _kill(process: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()  # its workers end by themselves
    process.wait()


def _shards(store: Store) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.runs.glob("*.parquet")}


def _compare(store: Store, expected: dict[str, bytes], damage: Damage) -> None:
    found = _shards(store)
    damage.lost += len(expected.keys() - found.keys())
    damage.doubled += len(found.keys() - expected.keys())
    damage.different += sum(found[name] != expected[name] for name in expected.keys() & found.keys())


def _is_whole(path: Path) -> bool:
    from labsim.experiment.seals import content_of

    with suppress(FileNotFoundError):  # a compaction that was killed has removed it: its pack holds it
        return not content_of(path).why
    return True


def _require_each_run_once(store: Store, expected: set[str], damage: Damage) -> None:
    """Count runs that the files to read do not hold, hold twice, or hold with other rows than the rest."""
    import pyarrow.parquet as pq

    tables = [pq.read_table(path, columns=["run"]) for path in store.holding().whole]
    rows = [run for table in tables for run in table["run"].to_pylist()]
    found = {run: rows.count(run) for run in set(rows)}
    usual = min(found.values(), default=0)
    damage.lost += len(expected - found.keys())
    damage.doubled += sum(count >= 2 * usual for count in found.values())
