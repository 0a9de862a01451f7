"""The store: whole files or none, every run once, whatever is killed when and whoever else writes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from labsim.answers import POLICY_COLUMNS
from labsim.errors import ResultsError
from labsim.experiment import store as store_module
from labsim.experiment.run import Replicate
from labsim.experiment.shards import TABLES, schema, table_of, write_parquet, write_shard
from labsim.experiment.store import Failure, Store, run_id
from labsim.results import GROUPS, canonical

NAMES = [f"{number:020x}" for number in range(6)]


class Killed(BaseException):
    """Stand for kill -9: nothing catches it."""


def replicate(number: int) -> Replicate:
    rng = np.random.default_rng(number)
    months = pd.to_datetime(["2021-01-31", "2021-02-28"] * 2)
    monthly = pd.DataFrame({"scenario": "baseline", "replicate": number, "month": months})
    monthly["indicator"] = ["employed", "employed", "unemployment_rate", "unemployment_rate"]
    for group in GROUPS:
        monthly[group] = "all"
    monthly["value"] = [*rng.normal(size=3), np.nan]
    ledger = pd.DataFrame({
        "replicate": number, "year": [2021], "policy": ["seats"], "purpose": ["fees"], "payer": ["province"],
        "recipient": ["college"], "amount": [number * 10], "persons": [3.0],
    })  # fmt: skip
    policies = pd.DataFrame(columns=list(POLICY_COLUMNS)).astype(POLICY_COLUMNS)
    population = pd.DataFrame([
        {"margin": "học vấn", "cells": 3, "expected": 2.0, "got": 2.5, "largest": 0.5, "mean": 0.1}
    ])  # fmt: skip
    return Replicate(number, number, canonical(monthly), ledger, population, policies, {})


def filled(folder: Path, names: list[str] = NAMES) -> Store:
    store = Store(folder)
    store.create("{}")
    for number, name in enumerate(names):
        write_shard(store.runs, name, replicate(number))
    return store


def read(store: Store) -> pd.DataFrame:
    """Return every row of every run, in an order of its own."""
    frame = pd.concat([pq.read_table(path).to_pandas() for path in store.holding().whole])
    frame = frame.astype({name: str for name in frame.columns if frame[name].dtype == "category"})
    return frame.sort_values(["run", "table", "indicator", "month"], ignore_index=True)


def test_the_name_of_a_run_never_changes() -> None:
    assert run_id("a" * 64, 7, "b" * 64) == "a9d55f2e4ee0465dd55b"
    assert len({run_id(config, seed, code) for config in "xy" for seed in (1, 2) for code in "pq"}) == 8


def test_a_shard_holds_what_was_found_and_equal_runs_have_equal_bytes(tmp_path) -> None:
    one, other = (write_shard(tmp_path, name, replicate(5)) for name in NAMES[:2])
    again = one.read_bytes()
    assert write_shard(tmp_path, NAMES[0], replicate(5)).read_bytes() == again
    frame = pq.read_table(one).to_pandas()
    for name, columns in TABLES.items():
        expected = getattr(replicate(5), name)
        part = frame[frame["table"] == name]
        assert len(part) == len(expected)
        for column in columns:
            got = part[column].reset_index(drop=True)
            pd.testing.assert_series_equal(got, expected[column], check_dtype=False, check_categorical=False)
        assert set(part["run"]) <= {NAMES[0]}
        others = [column for column in schema().names if column not in ("table", "run", *columns)]
        assert part[others].isna().all(axis=None)
    assert other.exists()


@pytest.mark.parametrize("name", ["notes.txt", "manifest.json"])
def test_a_folder_that_holds_something_else_is_refused_and_left_alone(tmp_path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ResultsError, match="holds files that are no study"):
        Store(tmp_path).create("{}")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_a_study_killed_in_its_first_moments_leaves_is_taken_up(tmp_path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / ".study-x1.tmp").write_text("{", encoding="utf-8")
    Store(tmp_path).create("{}")
    assert (tmp_path / "study.json").read_text(encoding="utf-8") == "{}"


def test_only_drafts_of_dead_workers_are_swept_up(tmp_path) -> None:
    store = filled(tmp_path, NAMES[:1])
    fresh, old = store.runs / ".a-1.tmp", store.runs / ".b-2.tmp"
    for draft in (fresh, old):
        draft.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    store.create("{}")
    assert fresh.exists() and not old.exists()
    assert store.done() == set(NAMES[:1])


def test_a_folder_that_cannot_be_made_is_one_message(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match="cannot be written"):
        Store(tmp_path / "file" / "study").create("{}")


def test_missing_runs_keep_their_order(tmp_path) -> None:
    store = filled(tmp_path, NAMES[1:3])
    assert store.missing(reversed(NAMES)) == [NAMES[5], NAMES[4], NAMES[3], NAMES[0]]


def test_compaction_keeps_everything(tmp_path) -> None:
    store = filled(tmp_path)
    before = read(store)
    assert store.compact() == 6
    assert len(list(store.runs.iterdir())) == 1
    pd.testing.assert_frame_equal(read(store), before)
    write_shard(store.runs, "f" * 20, replicate(9))
    after = read(store)
    assert store.compact() == 7
    assert store.compact() == 7
    assert len(store.holding().whole) == len(list(store.runs.iterdir())) == 1
    pd.testing.assert_frame_equal(read(store), after)
    assert Store(tmp_path).done() == {*NAMES, "f" * 20}


@pytest.mark.parametrize("step", ["open", "fsync", "replace", "unlink"])
@pytest.mark.parametrize("after", range(4))
def test_compaction_may_be_killed_at_every_step(tmp_path, monkeypatch, step: str, after: int) -> None:
    store = filled(tmp_path, NAMES[:2])
    store.compact()
    for number, name in enumerate(NAMES[2:], start=2):
        write_shard(store.runs, name, replicate(number))
    before, left = read(store), after
    owner = Path if step in ("open", "unlink") else os
    real = getattr(owner, step)

    def kill_in_time(*arguments, **options):
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, kill_in_time)
        try:
            store.compact()
        except Killed:
            pass
        else:
            assert step in ("replace", "fsync")
    pd.testing.assert_frame_equal(read(store), before)
    assert store.done() == set(NAMES)
    assert store.compact() == 6
    assert len(list(store.runs.glob("*.parquet"))) == 1
    pd.testing.assert_frame_equal(read(store), before)


def test_two_compactions_at_once_lose_nothing(tmp_path, monkeypatch) -> None:
    store = filled(tmp_path, NAMES[:3])
    for interrupted_after_writing in (False, True):

        def write(path, runs, late=interrupted_after_writing):
            monkeypatch.setattr(store_module, "write_parquet", write_parquet)
            if late:
                runs = list(runs)  # all is read before the other one removes it
            write_shard(store.runs, NAMES[4 if late else 3], replicate(3))
            Store(tmp_path).compact()
            write_parquet(path, runs)

        expected = {*NAMES[:4], *NAMES[4:5]} if interrupted_after_writing else set(NAMES[:4])
        if interrupted_after_writing:
            write_shard(store.runs, NAMES[5], replicate(5))
            expected.add(NAMES[5])
        monkeypatch.setattr(store_module, "write_parquet", write)
        store.compact()
        assert store.done() == expected
        assert sorted(read(store).groupby("run").size().index) == sorted(expected)
        assert set(read(store).groupby("run").size()) == {6}


def test_a_run_that_moves_into_a_pack_while_files_are_listed_is_found(tmp_path, monkeypatch) -> None:
    store = filled(tmp_path)
    real, asked = os.listdir, []

    def listed(folder):
        found = real(folder)
        if not asked:
            asked.append(folder)
            Store(tmp_path).compact()
        return found

    monkeypatch.setattr(os, "listdir", listed)
    assert store.done() == set(NAMES)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch, step: str) -> None:
    store = filled(tmp_path, NAMES[:2])

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"):
        write_shard(store.runs, NAMES[2], replicate(2))
    with pytest.raises(ResultsError, match=r"cannot be written .*No space left"):
        store.compact()
    assert sorted(path.name for path in store.runs.iterdir()) == [f"{name}.parquet" for name in NAMES[:2]]


@pytest.mark.skipif(os.name != "posix", reason="limits of a process's files are POSIX")
def test_a_disk_that_takes_no_more_in_the_midst_of_a_shard(tmp_path) -> None:
    code = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_store import replicate, write_shard
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    write_shard(Path({str(tmp_path)!r}), "a", replicate(1))
except OSError as error:
    print("OSError", error.errno)
"""
    root = str(Path(__file__).parent.parent)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout == f"OSError {errno.EFBIG}\n"
    assert list(tmp_path.iterdir()) == []


def test_failures_are_kept_until_the_run_is_there(tmp_path) -> None:
    store = filled(tmp_path, NAMES[:1])
    failed = [Failure(name, f"run {name}", "labsim/world.py:3 (step)", "Sai số") for name in NAMES[:3]]
    for one in failed:
        store.record(one)
    (tmp_path / "failed" / "half.json").write_text('{"run": "x', encoding="utf-8")
    assert store.failures() == failed[1:]
    store.forget_failures([NAMES[1], "never failed"])
    assert store.failures() == failed[2:]


def test_text_in_small_tables_survives(tmp_path) -> None:
    table = table_of("r", replicate(1)).to_pandas()
    assert table.loc[table["table"] == "population", "margin"].tolist() == ["học vấn"]
