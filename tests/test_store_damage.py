"""What people and programs do to a store's files: copies, mixed up names, flipped bits, full disks, removed folders."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import small_studies
from click.testing import CliRunner, Result
from test_store import NAMES, filled, read, replicate
from test_studies import GOOD, call, write

from labsim.errors import ResultsError
from labsim.experiment import runner as runner_module
from labsim.experiment import store as store_module
from labsim.experiment.opened import open_study
from labsim.experiment.runner import carry_out
from labsim.experiment.seals import content_of, sealed_text, unsealed_text
from labsim.experiment.shards import write_parquet, write_shard
from labsim.experiment.store import Failure, Store, write_whole

QUESTION = "select point, replicate, indicator, month, value from monthly order by all"


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "tiny"
    carry_out(small_studies.plan(), folder, executor="serial")
    return folder


@pytest.fixture
def copied(tmp_path, whole: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "study"))


def shards(folder: Path) -> list[Path]:
    return sorted((folder / "runs").glob("*.parquet"))


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)


def flips_unnoticed(path: Path, is_noticed: Callable[[], bool], n: int, seed: int = 1) -> list[int]:
    """Return the bits of a file that were flipped, one at a time, and not noticed; the file is put right again."""
    dice, right = random.Random(seed), path.read_bytes()
    unnoticed = []
    for place in [*range(3), *(dice.randrange(8 * len(right)) for _ in range(n)), 8 * len(right) - 1]:
        flip(path, place)
        if not is_noticed():
            unnoticed.append(place)
        path.write_bytes(right)
    return unnoticed


# Copies and names


def test_a_copy_that_a_cloud_drive_made_is_told_and_never_counts(copied: Path) -> None:
    expected = open_study(copied).sql(QUESTION)
    one = shards(copied)[0]
    stranger = one.with_name(f"{one.stem} (conflicted copy).parquet")
    shutil.copy(one, stranger)
    pd.testing.assert_frame_equal(open_study(copied).sql(QUESTION), expected)
    result = call("results", copied, "--compact")
    assert (result.exit_code, result.stdout) == (0, "4 runs in one file\n")
    assert result.stderr == f"{copied / 'runs'}: not counted, as no run has such a name: {stranger.name}\n"
    pd.testing.assert_frame_equal(open_study(copied).sql(QUESTION), expected)
    assert len(Store(copied).holding().whole) == 1 and stranger.exists()


def test_a_shard_with_the_content_of_another_run_is_named_and_run_again(copied: Path, whole: Path, tmp_path) -> None:
    one, other = shards(copied)[:2]
    shutil.copy(one, other)
    study = open_study(copied)
    row = study.runs.set_index("run").loc[other.stem]
    assert (row["status"], row["where"], row["message"]) == ("damaged", str(other), f"it holds run {one.stem}")
    assert study.sql("select count(distinct run) as n from runs join monthly using (point, replicate)")["n"][0] == 3
    done = carry_out(small_studies.plan(), copied, executor="serial")
    assert (done.found, done.done) == (3, 4)
    assert done.notes == (f"{other}: damaged (it holds run {one.stem}); not counted until the same command runs them "
                          f"again: {other.stem}",)  # fmt: skip
    assert small_studies.content(copied) == small_studies.content(whole)
    assert open_study(copied).notes() == []


def test_check_and_report_tell_of_damage_too(copied: Path, tmp_path) -> None:
    one, other = shards(copied)[:2]
    shutil.copy(one, other)
    line = f"{other}: damaged (it holds run {one.stem})"
    checked = call("check", copied)
    assert checked.exit_code == 0 and "3 of 4 runs are there" in checked.output, checked.output
    assert line in " ".join(checked.output.split())
    assert line in call("report", copied, "--out", tmp_path / "report.html").stderr


def test_a_run_in_two_packs_is_read_once(tmp_path) -> None:
    store = filled(tmp_path / "one", NAMES[:3])
    before = read(store)
    store.compact()
    other = filled(tmp_path / "other", NAMES[:4])
    (other.runs / f"{NAMES[0]}.parquet").unlink()
    other.compact()
    for pack in other.runs.iterdir():
        shutil.copy(pack, store.runs)
    assert store.done() == set(NAMES[:4])
    held = store.holding()
    assert sorted([*held.whole, *held.parts]) == sorted(store.runs.iterdir())
    assert sum(map(len, held.parts.values())) == 1
    assert store.compact() == 4
    rows = read(store)
    assert set(rows.groupby("run").size()) == {6}
    pd.testing.assert_frame_equal(rows[rows["run"].isin(NAMES[:3])].reset_index(drop=True), before)


def test_no_run_is_written_twice_into_one_file(tmp_path) -> None:
    store = filled(tmp_path, NAMES[:2])
    tables = [(run, table) for path in shards(tmp_path) for run, table in store_module.runs_of(path)]
    with pytest.raises(ValueError, match="is written twice"):
        write_parquet(store.runs / "pack.parquet", [*tables, tables[0]])
    assert not list(store.runs.glob("pack*"))


# Bits


def test_a_flipped_bit_in_a_shard_is_noticed_wherever_it_is(tmp_path) -> None:
    store = filled(tmp_path, NAMES[:2])
    path = shards(tmp_path)[0]
    assert flips_unnoticed(path, lambda: store.done() == {NAMES[1]}, 200) == []
    assert store.done() == set(NAMES[:2])


def test_a_flipped_bit_in_a_pack_costs_the_runs_whose_bytes_it_is_among(tmp_path) -> None:
    store = filled(tmp_path)
    store.compact()
    pack = shards(tmp_path)[0]
    seen = set()

    def is_noticed() -> bool:
        held = store.holding()
        lost = set(NAMES) - held.runs
        seen.add(len(lost))
        # of a name that is itself damaged nothing is known but that a run is missing
        return bool(lost) and len(lost) - len(held.lost) <= 1 and len(held.notes()) == 1

    assert flips_unnoticed(pack, is_noticed, 200) == []
    assert seen == {1, len(NAMES)}


def test_a_damaged_pack_names_its_runs_which_are_run_again_while_the_rest_is_read(copied: Path) -> None:
    expected = open_study(copied).sql(QUESTION)
    store = Store(copied)
    store.compact()
    pack = shards(copied)[0]
    runs = list(content_of(pack).groups)
    flip(pack, 8 * 20)  # among the bytes of the first run
    study = open_study(copied)
    assert study.notes() == [f"{pack}: damaged (its content is not what was written); not counted until the same "
                             f"command runs them again: {runs[0]}"]  # fmt: skip
    found = study.sql(QUESTION)
    assert 0 < len(found) < len(expected)
    assert sorted(study.runs["status"]) == ["damaged", "ok", "ok", "ok"]
    assert call("results", copied, "--sql", "select 1 as one", "--json").stderr.startswith(f"{pack}: damaged")
    done = carry_out(small_studies.plan(), copied, executor="serial")
    assert (done.found, done.done, len(done.notes)) == (3, 4, 1)
    pd.testing.assert_frame_equal(open_study(copied).sql(QUESTION), expected)
    assert (open_study(copied).notes(), store.compact(), len(list(store.runs.iterdir()))) == ([], 4, 1)
    pd.testing.assert_frame_equal(open_study(copied).sql(QUESTION), expected)


def test_bytes_put_between_runs_and_the_end_of_a_file_are_noticed(tmp_path) -> None:
    store = filled(tmp_path, NAMES[:1])
    path = shards(tmp_path)[0]
    content = path.read_bytes()
    end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    path.write_bytes(content[:end] + b"0" + content[end:])
    assert list(store.holding().lost) == NAMES[:1]


def test_a_pack_of_which_nothing_can_be_read_is_put_aside_by_compaction(tmp_path) -> None:
    store = filled(tmp_path, NAMES[:3])
    store.compact()
    pack = shards(tmp_path)[0]
    flip(pack, 8 * (pack.stat().st_size - 6))  # the length of what stands at its end
    assert store.done() == set() and sorted(store.holding().lost) == NAMES[:3]
    for number, name in enumerate(NAMES[:4]):
        write_shard(store.runs, name, replicate(number))
    assert store.holding().notes() == []
    assert store.compact() == 4
    assert sorted(path.suffix for path in store.runs.iterdir()) == [".damaged", ".parquet"]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 torn", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_no_file_of_runs_is_named_and_the_rest_compacted(tmp_path, content: bytes) -> None:
    store = filled(tmp_path, NAMES[:3])
    bad = [store.runs / f"{NAMES[0]}.parquet", store.runs / f"pack-{NAMES[0]}.parquet"]
    for path in bad:
        path.write_bytes(content)
    notes = store.holding().notes()
    assert [str(path) in note for path, note in zip(sorted(bad, reverse=True), notes, strict=True)] == [True, True]
    assert (store.done(), store.compact()) == (set(NAMES[1:3]), 2)
    assert bad[0].read_bytes() == content


def test_a_file_is_hashed_again_only_when_it_has_changed(tmp_path, monkeypatch) -> None:
    store = filled(tmp_path, NAMES[:2])
    for path in shards(tmp_path):
        os.utime(path, (1e9, 1e9))
    opened = []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *how: opened.append(path) or real(path, *how))
    assert store.done() == store.done() == set(NAMES[:2])
    assert len(opened) == 2
    os.utime(shards(tmp_path)[0], (1e9 + 1, 1e9 + 1))
    assert store.done() == set(NAMES[:2])
    assert len(opened) == 3


def test_shards_of_an_older_labsim_are_read_and_said_to_be_without_checksum(tmp_path) -> None:
    store = filled(tmp_path, NAMES[:3])
    for path in shards(tmp_path):
        table = pq.read_table(path)
        pq.write_table(table.replace_schema_metadata({"labsim": "labsim-run-1"}), path)
    shutil.copy(shards(tmp_path)[1], shards(tmp_path)[2])
    assert store.done() == set(NAMES[:2])
    notes = store.holding().notes()
    assert f"it holds run {NAMES[1]}" in notes[0]
    assert notes[1] == f"{store.runs}: 2 files of an older labsim have no checksum; damage to them cannot be seen"
    assert store.compact() == 2
    assert content_of(store.holding().whole[0]).sealed


def test_an_old_pack_that_holds_a_run_twice_is_refused(tmp_path) -> None:
    store = filled(tmp_path, NAMES[:1])
    table = pq.read_table(shards(tmp_path)[0]).replace_schema_metadata({"labsim": "labsim-run-1"})
    shards(tmp_path)[0].unlink()
    with pq.ParquetWriter(store.runs / f"pack-{'0' * 20}.parquet", table.schema) as writer:
        for _copy in range(2):
            writer.write_table(table)
    assert store.done() == set()
    assert "it holds a run twice" in store.holding().notes()[0]


def test_a_shard_of_today_whose_seal_is_gone_is_not_taken_for_an_older_one(tmp_path) -> None:
    store = filled(tmp_path, NAMES[:1])
    path = shards(tmp_path)[0]
    pq.write_table(pq.read_table(path), path)  # as a program that "repairs" the file would
    assert (store.done(), list(store.holding().lost)) == (set(), NAMES[:1])


def test_the_text_of_a_run_knows_whose_it_is_and_what_it_was() -> None:
    text = sealed_text(NAMES[0], "a,b\n1,2\n").encode()
    assert unsealed_text(NAMES[0], text) == "a,b\n1,2\n"
    for place in range(8 * len(text)):
        changed = bytearray(text)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(ValueError, match=r"checksum is missing|holds run|not what was written"):
            unsealed_text(NAMES[0], bytes(changed))
    with pytest.raises(ValueError, match=f"it holds run {NAMES[0]}"):
        unsealed_text(NAMES[1], text)


# Disks and folders


def test_what_a_full_disk_takes_none_of_is_no_failure_of_the_runs(tmp_path, monkeypatch) -> None:
    """Where not even the note of a failure finds room, the count stays true."""
    (tmp_path / "harm").mkdir()
    plan = small_studies.harmful(tmp_path / "harm", 0, 1)

    def full(_store: Store, _failure: Failure) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Store, "record", full)
    with pytest.raises(ResultsError, match=r"\(No space left on device\); 1 of \d runs are done and kept"):
        carry_out(plan, tmp_path / "study", executor="serial")


def tiny(folder: Path, *words: object) -> Result:
    write(folder, GOOD)
    return call("sweep", folder / "study.yaml", "--executor", "serial", *words)


def test_a_folder_that_is_removed_amid_a_sweep_is_one_line(tmp_path, monkeypatch) -> None:
    real = runner_module.simulate

    def removing(job: object) -> object:
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        return real(job)

    monkeypatch.setattr(runner_module, "simulate", removing)
    result = tiny(tmp_path, "--out", tmp_path / "out")
    assert result.exit_code == 2, result.output
    assert result.stderr == f"{tmp_path / 'out'}: was removed while runs were written; the same command starts again\n"
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]


@pytest.mark.parametrize("where", ["file", "file/below", "n" * 300, "study/runs"])
def test_a_place_that_takes_no_study_is_one_line(tmp_path, where: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "runs").touch()
    result = tiny(tmp_path, "--out", (tmp_path / where).parent if where == "study/runs" else tmp_path / where)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert "cannot be written" in result.stderr or "is a file" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "study", "study.yaml"]


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path, monkeypatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(store_module.tempfile, "mkstemp", refuse)
    result = tiny(tmp_path, "--out", tmp_path / "out")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert "cannot be written ([Errno 13] Permission denied)" in result.stderr


def test_the_usual_folder_of_a_study_with_a_long_name_fits_a_disk(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, GOOD.replace("title", f"name: {'n' * 300}\ntitle"))
    result = CliRunner().invoke(small_cli(), ["sweep", "study.yaml", "--executor", "serial", "--quiet"])
    assert result.exit_code == 0, result.output
    assert [len(path.name) for path in (tmp_path / "labsim-results").iterdir()] == [100]


def small_cli() -> object:
    from labsim.cli import cli

    return cli


# What a crash of the machine may not undo


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot flush a folder")
@pytest.mark.parametrize("writer", ["whole", "shard"])
def test_a_file_is_flushed_before_its_name_stands_and_its_folder_after(tmp_path, monkeypatch, writer: str) -> None:
    steps: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted_sync(handle: int) -> None:
        steps.append("folder" if os.path.isdir(f"/dev/fd/{handle}/") else f"file of {os.fstat(handle).st_size}")
        sync(handle)

    def noted_replace(old: Path, new: Path) -> None:
        steps.append("name")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    if writer == "whole":
        path = tmp_path / "a.txt"
        write_whole(path, b"content")
    else:
        path = write_shard(tmp_path, NAMES[0], replicate(1))
    assert steps == [f"file of {path.stat().st_size}", "name", "folder"]


def test_packs_are_looked_at_a_second_time_as_another_compaction_may_have_replaced_them(tmp_path, monkeypatch) -> None:
    """Between the list of packs and what they hold, another process puts a pack in their place that holds more."""
    store = filled(tmp_path, NAMES[:2])
    store.compact()
    real, packs = Store._names, []

    def names(self):
        found = real(self)
        packs.append(found[1])
        if len(packs) == 2:  # the packs are listed, and not yet read
            write_shard(store.runs, NAMES[2], replicate(2))
            monkeypatch.setattr(Store, "_names", real)
            pack = shards(tmp_path)[-1]
            tables = [(run, table) for path in shards(tmp_path) for run, table in store_module.runs_of(path)]
            write_parquet(store.runs / f"pack-{'f' * 20}.parquet", tables)
            assert pack.exists()
            (store.runs / f"{NAMES[2]}.parquet").unlink()
        return found

    monkeypatch.setattr(Store, "_names", names)
    assert store.done() == set(NAMES[:3])


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root of a Linux mounts a small disk")
def test_a_disk_that_is_really_full_ends_a_sweep_with_a_true_count(tmp_path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(disk)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this container mounts nothing")
    try:
        plan = small_studies.plan(replicates=10)
        with pytest.raises(ResultsError, match="No space left on device") as caught:
            carry_out(plan, disk / "study", executor="serial")
        kept = shards(disk / "study")
        assert f"; {len(kept)} of 20 runs are done and kept" in str(caught.value)
        assert 0 < len(kept) == len(Store(disk / "study").done()) < 20
        assert {path.suffix for path in (disk / "study" / "runs").iterdir()} == {".parquet"}
        assert list((disk / "study" / "failed").iterdir()) == []
        assert [path.name for path in disk.iterdir()] == ["study"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
