"""One run, one Parquet file: every table of a replicate below each other, with a column `table` that tells them apart.

A shard is written under a temporary name, flushed to the disk and renamed, so that a file with a shard's name is whole;
its seal tells what happened to it later. The same run gives the same bytes, whatever machine, order or executor wrote
it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labsim.answers import POLICY_COLUMNS
from labsim.experiment.seals import SEALS, SealingStream
from labsim.folders import sync_folder
from labsim.results import COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

    from labsim.experiment.run import Replicate

__all__ = ["FORMAT", "TABLES", "schema", "table_of", "write_parquet", "write_shard"]

FORMAT = "labsim-run-2"
_TEXT, _NUMBER, _WHOLE, _TIME = "text", "number", "whole", "time"
# What a study stores of each run, table by table; `run` and `table` come before.
TABLES: dict[str, dict[str, str]] = {
    "monthly": {
        name: {"month": _TIME, "value": _NUMBER}.get(name, _TEXT)
        for name in COLUMNS
        if name not in ("scenario", "replicate")
    },
    "ledger": {
        "year": _WHOLE, "policy": _TEXT, "purpose": _TEXT, "payer": _TEXT, "recipient": _TEXT,
        "amount": _NUMBER, "persons": _NUMBER,
    },
    "policies": {
        name: {"object": _TEXT, "int64": _WHOLE, "float64": _NUMBER}[kind] for name, kind in POLICY_COLUMNS.items()
    },
    "population": {
        "margin": _TEXT, "cells": _WHOLE, "expected": _NUMBER, "got": _NUMBER, "largest": _NUMBER, "mean": _NUMBER,
    },
}  # fmt: skip


@cache
def schema() -> pa.Schema:
    """Return the columns of every shard, the same in each."""
    import pyarrow as pa

    types = {
        _TEXT: pa.dictionary(pa.int32(), pa.string()),
        _NUMBER: pa.float64(),
        _WHOLE: pa.int64(),
        _TIME: pa.timestamp("ms"),
    }
    columns: dict[str, str] = {"table": _TEXT, "run": _TEXT}
    for table in TABLES.values():
        columns |= table
    fields = [pa.field(name, types[kind]) for name, kind in columns.items()]
    return pa.schema(fields, metadata={b"labsim": FORMAT.encode()})


def table_of(run: str, found: Replicate) -> pa.Table:
    """Return everything one replicate found, its tables below each other; columns of other tables are empty."""
    import pyarrow as pa

    fields = list(schema())
    chunks: dict[str, list[pa.Array]] = {field.name: [] for field in fields}
    for name in TABLES:
        frame: pd.DataFrame = getattr(found, name)
        n = len(frame)
        if not n:
            continue
        own = {column: series.array for column, series in frame.items()}
        empty = {kind: pa.nulls(n, kind) for kind in {field.type for field in fields}}
        for field in fields:
            if field.name in ("table", "run"):
                chunk = _repeated(name if field.name == "table" else run, n)
            else:
                is_own = field.name in TABLES[name]
                chunk = _array(own[field.name], field.type) if is_own else empty[field.type]
            chunks[field.name].append(chunk)
    columns = [pa.chunked_array(chunks[field.name], field.type) for field in fields]
    return pa.Table.from_arrays(columns, schema=schema()).unify_dictionaries()


def write_shard(folder: Path, run: str, found: Replicate) -> Path:
    """Write everything that one replicate found; raises OSError if the disk does not take it."""
    path = folder / f"{run}.parquet"
    write_parquet(path, [(run, table_of(run, found))])
    return path


def write_parquet(path: Path, runs: Iterable[tuple[str, pa.Table]]) -> None:
    """Write runs, each a table of `schema()`, as row groups of one sealed file, whole or not at all."""
    import pyarrow.parquet as pq

    draft = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.tmp")
    try:
        with draft.open("wb") as stream:
            sealing = SealingStream(stream)
            with pq.ParquetWriter(sealing, schema(), **_how_written()) as writer:
                for run, table in runs:
                    sealing.start(run)
                    writer.write_table(table, row_group_size=max(1, table.num_rows))
                writer.add_key_value_metadata({SEALS: sealing.text()})
            sealing.finish()
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def _how_written() -> dict[str, Any]:
    """Return what a writer needs: measured on ten years of a province, half the time of pyarrow's own choice."""
    text = [field.name for field in schema() if field.type == schema().field("run").type]
    numbers = [field.name for field in schema() if field.name not in text]
    return {
        # words are runs of small numbers already: to compress them saves little and takes as long as to write them
        "compression": dict.fromkeys(text, "none") | dict.fromkeys(numbers, "lz4"),
        "version": "2.6",
        "use_dictionary": text,
        "write_batch_size": 1 << 20,  # a column at a time
        "write_statistics": False,
    }


def _repeated(word: str, times: int) -> pa.DictionaryArray:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(times, np.int32)), pa.array([word]))


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    """Return a column as Arrow holds it, made at once: word by word costs more than to write the file."""
    import pyarrow as pa

    if isinstance(values, pd.Categorical):
        codes = pa.array(values.codes.astype(np.int32))
        return pa.DictionaryArray.from_arrays(codes, _words(values.categories.array))
    if pa.types.is_dictionary(kind):
        return _words(values).dictionary_encode()
    return pa.array(values.to_numpy(), kind, from_pandas=True)


def _words(values: Any) -> pa.Array:
    """Return words as Arrow holds them, and as pandas does where it holds them in Arrow."""
    import pyarrow as pa

    texts = values if isinstance(values, pd.arrays.ArrowStringArray) else values.to_numpy(dtype=object)
    return pa.array(texts, pa.string())
