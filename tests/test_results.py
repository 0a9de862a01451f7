"""Results: one fixed order, the same bytes for the same content, folders whole or not at all."""

from __future__ import annotations

import json
import os
import random
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from labsim import results as results_module
from labsim.errors import ResultsError
from labsim.results import COLUMNS, IndicatorInfo, Results, canonical, joined, open_results, wide


def tidy(replicate: int = 1, offset: float = 0.0) -> pd.DataFrame:
    months = pd.to_datetime(["2020-12-31", "2021-01-31", "2021-02-28"])
    frames = [
        pd.DataFrame({"month": months, "indicator": name, "residence": where, "value": np.arange(3) + offset + height})
        for name, where, height in (("hires", "all", 0.0), ("hires", "urban", 10.0), ("employed", "all", 0.1))
    ]
    frame = pd.concat(frames, ignore_index=True)
    frame["scenario"], frame["replicate"] = "baseline", replicate
    for group in ("district", "sex", "age", "ethnicity", "field"):
        frame[group] = "all"
    return frame


def study() -> Results:
    info = {"hires": IndicatorInfo("hires", "hires", "persons", "model", kind="flow")}
    info["employed"] = IndicatorInfo("employed", "người có việc", "persons", "administrative", "up")
    scorecard = pd.DataFrame(
        {"id": ["a", "b"], "label_vi": ["Lao động", "Việc làm"], "note": ["", ""], "value": [0.1, np.nan]}
    )
    return Results(joined([tidy(1), tidy(2, 0.5)]), scorecard, {"province": "toy", "seed": 7}, info)


def test_rows_have_one_order_whatever_order_they_come_in() -> None:
    shuffled = tidy().sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(canonical(shuffled), canonical(tidy()))
    pd.testing.assert_frame_equal(joined([tidy(2, 0.5), tidy(1)]), joined([tidy(1), tidy(2, 0.5)]))
    assert tuple(canonical(shuffled).columns) == COLUMNS
    assert canonical(shuffled)["value"].tolist() == [0.1, 1.1, 2.1, 0, 1, 2, 10, 11, 12]


def test_missing_columns_are_named() -> None:
    with pytest.raises(ResultsError, match="lack the columns sex, value"):
        canonical(tidy().drop(columns=["sex", "value"]))


def test_a_month_given_twice_is_refused() -> None:
    twice = pd.concat([tidy(), tidy().iloc[[4]]])
    with pytest.raises(ResultsError, match=r"two values \(.*month=2021-01-31.*indicator=hires.*residence=urban,"):
        canonical(twice)


def test_wide_reads_one_series_and_names_one_that_is_not_there() -> None:
    frame = wide(joined([tidy(1), tidy(2, 0.5)]), "hires", {"residence": "urban"})
    assert frame.columns.tolist() == [1, 2]
    assert frame[2].tolist() == [10.5, 11.5, 12.5]
    with pytest.raises(ResultsError, match=r"no series hires \(residence=rural\)"):
        wide(tidy(), "hires", {"residence": "rural"})


def test_a_folder_gives_back_what_was_saved(tmp_path) -> None:
    before = study()
    before.save(tmp_path / "deep" / "one", attachments={"overview.svg": b"<svg/>"})
    after = open_results(tmp_path / "deep" / "one")
    pd.testing.assert_frame_equal(after.monthly, canonical(before.monthly))
    pd.testing.assert_frame_equal(after.scorecard, before.scorecard, check_dtype=False)
    assert after.scorecard["note"].tolist() == ["", ""]
    assert after.indicators == before.indicators
    assert {key: after.manifest[key] for key in before.manifest} == before.manifest
    assert [entry.name for entry in (tmp_path / "deep").iterdir()] == ["one"]
    assert repr(after) == "<Results province=toy>"


def test_parquet_holds_units_and_is_the_same_to_the_byte(tmp_path) -> None:
    study().save(tmp_path / "one")
    other = study()
    other.monthly = other.monthly.sample(frac=1, random_state=1).astype({"indicator": str})
    other.indicators = dict(reversed(other.indicators.items()))
    other.save(tmp_path / "two")
    first, second = ((tmp_path / name / "monthly.parquet").read_bytes() for name in ("one", "two"))
    assert first == second
    metadata = pq.read_schema(tmp_path / "one" / "monthly.parquet").metadata
    about = json.loads(metadata[b"labsim"])
    assert about["indicators"]["employed"]["unit"] == "persons"
    assert about["indicators"]["employed"]["label"] == "người có việc"
    assert set(metadata) == {b"labsim"}


@pytest.mark.parametrize("name", ["manifest.json", "monthly.parquet", "scorecard.csv", "ledger.csv", "overview.svg"])
@pytest.mark.parametrize("harm", ["missing", "cut short"])
def test_a_missing_or_damaged_file_is_named(tmp_path, name: str, harm: str) -> None:
    folder = study().save(tmp_path / "one", attachments={"overview.svg": b"<svg/>"})
    study_file = folder / name
    if harm == "missing":
        study_file.unlink()
    else:
        content = study_file.read_bytes()
        study_file.write_bytes(content[: len(content) // 2] or b"x")
    with pytest.raises(ResultsError, match=f"{name}: {'missing' if harm == 'missing' else 'damaged'}"):
        open_results(folder)


def test_a_manifest_of_another_format_is_refused(tmp_path) -> None:
    folder = study().save(tmp_path / "one")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["format"] = "labsim-results-99"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ResultsError, match="format labsim-results-99; this labsim reads labsim-results-2"):
        open_results(folder)
    with pytest.raises(ResultsError, match="nowhere: no such folder"):
        open_results(tmp_path / "nowhere")


def test_a_flipped_bit_is_noticed_in_every_file_of_a_result(tmp_path) -> None:
    folder = study().save(tmp_path / "one", attachments={"picture.png": bytes(range(256))})
    dice, tried = random.Random(4), 0
    for path in sorted(folder.iterdir()):
        right = path.read_bytes()
        for place in {dice.randrange(8 * len(right)) for _ in range(60)} if right else ():
            wrong = bytearray(right)
            wrong[place // 8] ^= 1 << place % 8
            path.write_bytes(wrong)
            with pytest.raises(ResultsError, match="damaged"):
                open_results(folder)
            tried += 1
        path.write_bytes(right)
    assert tried >= 150
    open_results(folder)


def test_a_result_of_an_older_labsim_is_read_without_a_checksum_of_its_manifest(tmp_path) -> None:
    folder = study().save(tmp_path / "one")
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    del manifest["seal"]
    file.write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ResultsError, match=r"manifest.json: damaged \(its checksum is missing\)"):
        open_results(folder)
    file.write_text(json.dumps(manifest | {"format": "labsim-results-1"}), encoding="utf-8")
    pd.testing.assert_frame_equal(open_results(folder).monthly, study().monthly)
    # and what is written from it has one again
    assert open_results(open_results(folder).save(tmp_path / "two")).manifest["format"] == "labsim-results-2"


def test_an_earlier_result_is_replaced_and_nothing_else_is(tmp_path) -> None:
    folder = study().save(tmp_path / "one", attachments={"old.svg": b"<svg/>"})
    newer = study()
    newer.manifest["seed"] = 8
    newer.save(folder)
    assert open_results(folder).manifest["seed"] == 8
    assert not (folder / "old.svg").exists()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ResultsError, match=r"not overwritten, as it holds .*notes\.txt"):
        newer.save(folder)
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    newer.save(stranger)  # an empty folder is free
    shutil.rmtree(stranger)
    stranger.mkdir()
    (stranger / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ResultsError, match="not overwritten"):
        newer.save(stranger)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ResultsError, match="is a file; give a folder"):
        newer.save(tmp_path / "file")
    assert {entry.name for entry in tmp_path.iterdir()} == {"one", "stranger", "file"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("at_call", [0, 3, 6])
def test_an_interrupted_save_leaves_the_old_result_whole(tmp_path, monkeypatch, error, at_call: int) -> None:
    folder = study().save(tmp_path / "one")
    calls = []

    def failing(handle: int) -> None:
        calls.append(handle)
        if len(calls) > at_call:
            raise error

    monkeypatch.setattr(os, "fsync", failing)
    newer = study()
    newer.manifest["seed"] = 8
    with pytest.raises((KeyboardInterrupt, ResultsError)):
        newer.save(folder)
    monkeypatch.undo()
    assert open_results(folder).manifest["seed"] == 7
    assert [entry.name for entry in tmp_path.iterdir()] == ["one"]


def test_a_failed_swap_puts_the_old_result_back(tmp_path, monkeypatch) -> None:
    folder = study().save(tmp_path / "one")
    rename = results_module.Path.rename

    def failing(self, target):
        if target == folder and "old" not in self.parent.name:
            raise OSError("in use")
        return rename(self, target)

    monkeypatch.setattr(results_module.Path, "rename", failing)
    with pytest.raises(ResultsError, match="cannot be written"):
        study().save(folder)
    assert open_results(folder).manifest["seed"] == 7
    assert [entry.name for entry in tmp_path.iterdir()] == ["one"]


def test_further_files_keep_to_the_folder(tmp_path) -> None:
    for name in ("../out.svg", "manifest.json"):
        with pytest.raises(ResultsError, match="not a name for a further file"):
            study().save(tmp_path / "one", attachments={name: b""})
    assert not (tmp_path / "one").exists()
