"""Results of a study: tidy frames with units, the manifest that says where they come from, and the folder of both.

A result folder holds `manifest.json`, `monthly.parquet`, `scorecard.csv`, `ledger.csv`, `population.csv`, pictures and
the observations. It is written whole or not at all, and its manifest knows the hash of every other file, and its own:
that of its text with the digits of that hash read as zeros.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from labsim import answers
from labsim.checksums import NO_SEAL, sealed, sha256_of
from labsim.errors import ConfigError, ResultsError
from labsim.file_shapes import MANIFEST
from labsim.folders import require_writable, swap_in, sync_folder
from labsim.frames import read_typed
from labsim.json_shape import require_shape
from labsim.notes import notes_in
from labsim.profile import GROUPINGS, unknown_grouping
from labsim.spreadsheets import csv_bytes
from labsim.text import _
from labsim.text_files import json_object_of

__all__ = [
    "COLUMNS",
    "GROUPS",
    "IndicatorInfo",
    "Results",
    "canonical",
    "joined",
    "open_results",
    "require_replaceable",
    "wide",
]

FORMAT, _BEFORE_SEALS = "labsim-results-2", "labsim-results-1"
GROUPS = GROUPINGS
COLUMNS = ("scenario", "replicate", "month", "indicator", *GROUPS, "value")
_WORDS = ("scenario", "indicator", *GROUPS)
_TABLES = ("scorecard", "ledger", "policies", "population", "observed")
_ANSWERS = ("costs", "spending", *(f"by_{name}" for name in GROUPS))
_OURS = ("manifest.json", "monthly.parquet", *(f"{name}.csv" for name in (*_TABLES, *_ANSWERS)))
_LEFT_BY_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class IndicatorInfo:
    """Say what an indicator measures; `base` names the indicator that counts the persons a share is taken of.

    `kind` is "stock" (read at the end of a month) or "flow" (summed over months); `by_field` says whose field counts
    where fields of work are told apart.
    """

    name: str
    label: str
    unit: str
    concept: str
    better: str | None = None
    base: str | None = None
    kind: str = "stock"
    by_field: str = ""


@dataclass(eq=False)
class Results:
    """Hold what a study found: `.monthly`, `.scorecard`, `.observed`, `.ledger`, `.policies`, `.population` and
    `.manifest`.

    `monthly` is tidy, with columns scenario, replicate, month (month end), indicator, district, sex, age, ethnicity,
    residence, field ("all" where not grouped) and value; `indicators` gives each indicator's unit, concept and label.
    """

    monthly: pd.DataFrame
    scorecard: pd.DataFrame
    manifest: dict[str, Any]
    indicators: dict[str, IndicatorInfo] = field(default_factory=dict)
    observed: pd.DataFrame = field(default_factory=pd.DataFrame)
    ledger: pd.DataFrame = field(default_factory=pd.DataFrame)
    population: pd.DataFrame = field(default_factory=pd.DataFrame)
    policies: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        keys = ("province", "scenario", "scale", "replicates", "start", "until")
        return f"<Results {' '.join(f'{key}={self.manifest[key]}' for key in keys if key in self.manifest)}>"

    def series(self, indicator: str, groups: Mapping[str, str] | None = None) -> pd.DataFrame:
        """Return one indicator by month (rows) and replicate (columns), in its own unit."""
        return wide(self.monthly, indicator, groups)

    @property
    def notes(self) -> pd.DataFrame:
        """Return what was given and has no effect, in the language in use: code, where (path), note, values (JSON)."""
        told = notes_in(self.manifest.get("notes", ()))
        rows = [(one.code, one.where, one.message, json.dumps(dict(one.values))) for one in told]
        return pd.DataFrame(rows, columns=["code", "where", "note", "values"], dtype="object")

    @property
    def groupings(self) -> tuple[str, ...]:
        """Return the groupings by which the run told people apart."""
        return tuple(self.manifest.get("config", {}).get("by", ()))

    def by(self, grouping: str) -> pd.DataFrame:
        """Return what happened to each group of a grouping, year by year: one row a group, year and indicator.

        Columns: grouping, group ("all" for everyone), year, indicator, unit, concept, value (mean over replicates), low
        and high (5 and 95 % quantiles), n_replicates. Raises ResultsError if the run did not tell these groups apart.
        """
        if grouping not in GROUPS:
            raise ResultsError(unknown_grouping(grouping))
        if grouping not in self.groupings:
            message = _("this run did not count people by {grouping}; run it with --by {grouping}")
            raise ResultsError(message.format(grouping=grouping))
        return answers.by_group(self.monthly, grouping, GROUPS, self.indicators)

    def costs(self) -> pd.DataFrame:
        """Return by year what each policy spent and had left, months paused, and the cost of a unit of its outcome."""
        return answers.costs(self.policies)

    def spending(self) -> pd.DataFrame:
        """Return the ledger as an answer: VND by policy, purpose, recipient, payer and year, mean and band."""
        return answers.spending(self.ledger, int(self.manifest.get("replicates", 1)))

    def answers(self) -> dict[str, pd.DataFrame]:
        """Return every table that answers a question by its name: costs, spending and by_<grouping>."""
        by = {f"by_{grouping}": self.by(grouping) for grouping in self.groupings}
        return {"costs": self.costs(), "spending": self.spending()} | by

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table that is written as CSV by its name: what was found, and what answers a question."""
        return {name: getattr(self, name) for name in _TABLES} | self.answers()

    def save(
        self, folder: str | Path, attachments: Mapping[str, bytes] | None = None, *, for_spreadsheets: bool = False
    ) -> Path:
        """Write the result folder, whole or not at all, with further files by name; return its path.

        CSV `for_spreadsheets` begins with the mark of UTF-8, and text in it that would be a formula with an apostrophe.
        An earlier labsim result at the same place is replaced. Raises ResultsError if the folder holds anything else,
        or cannot be written.
        """
        target = Path(folder).absolute()
        files = dict(attachments or {})
        for name, content in files.items():
            if not name or name in _OURS or Path(name).name != name or not isinstance(content, bytes):
                raise ResultsError(_("{name}: not a name for a further file of a result folder").format(name=name))
        require_replaceable(target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        except OSError as error:
            raise ResultsError(_("{folder}: cannot be written ({error})").format(folder=folder, error=error)) from error
        try:
            self._write(draft, files, for_spreadsheets)
            draft.chmod(0o755)  # mkdtemp makes folders that only their owner may read
            swap_in(draft, target)
        except OSError as error:
            raise ResultsError(_("{folder}: cannot be written ({error})").format(folder=folder, error=error)) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return Path(folder)

    def _write(self, draft: Path, files: dict[str, bytes], for_spreadsheets: bool) -> None:
        tables = self.tables()
        for name, frame in tables.items():
            files[f"{name}.csv"] = csv_bytes(frame, for_spreadsheets=for_spreadsheets)
        files["monthly.parquet"] = _parquet(self.monthly, self.indicators)
        known: dict[str, Any] = {name: {"sha256": sha256_of(content)} for name, content in sorted(files.items())}
        for name, frame in tables.items():
            known[f"{name}.csv"]["columns"] = _types(frame)
        facts = {key: value for key, value in self.manifest.items() if key not in ("format", "seal", "files")}
        manifest = {"format": FORMAT, "seal": NO_SEAL, **facts, "files": known}
        files["manifest.json"] = sealed((json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))
        for name, content in files.items():
            with (draft / name).open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        sync_folder(draft)


def open_results(folder: str | Path) -> Results:
    """Read a result folder back. Raises ResultsError naming the file that is missing or damaged."""
    place = Path(folder)
    try:
        is_there = str(folder) != "" and place.is_dir()
    except OSError:
        is_there = False
    if not is_there:
        raise ResultsError(_("{folder}: no such folder").format(folder=folder or '""'))
    manifest = _read_manifest(place)
    needed = {f"{name}.csv" for name in _TABLES} | {"monthly.parquet"}
    for name in sorted({*manifest["files"], *needed}):
        _require_whole(place / name, manifest["files"].get(name))
    monthly, indicators = _read_parquet(place / "monthly.parquet")
    tables = {
        name: _read_table(place / f"{name}.csv", manifest["files"][f"{name}.csv"].get("columns", {}))
        for name in _TABLES
    }
    return Results(monthly=monthly, manifest=manifest, indicators=indicators, **tables)


def canonical(monthly: pd.DataFrame) -> pd.DataFrame:
    """Return a tidy frame in its one fixed order: rows by scenario, replicate, indicator, groups and month.

    Words become sorted categories. Raises ResultsError if a column is missing or one month of a series is given twice.
    """
    missing = [name for name in COLUMNS if name not in monthly.columns]
    if missing:
        raise ResultsError(_("monthly results lack the columns {names}").format(names=", ".join(missing)))
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        columns[name] = _sorted_categories(monthly[name]) if name in _WORDS else monthly[name].to_numpy()
    columns["replicate"] = columns["replicate"].astype(np.int64)
    columns["month"] = columns["month"].astype("datetime64[ms]")
    columns["value"] = columns["value"].astype(np.float64)
    frame = pd.DataFrame(columns)
    key = _sort_key(columns)
    if not (key[1:] >= key[:-1]).all():
        order = np.argsort(key, kind="stable")
        frame, key = frame.take(order).reset_index(drop=True), key[order]
    twice = np.flatnonzero(key[1:] == key[:-1])
    if twice.size:
        row = ", ".join(f"{name}={frame[name].iloc[twice[0]]}" for name in COLUMNS if name != "value")
        raise ResultsError(_("one month of a series has two values ({row}); is a group named all?").format(row=row))
    return frame


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of several tidy frames as one, in the fixed order; the order of the frames does not matter."""
    ready = [canonical(frame) for frame in frames]
    for name in _WORDS:
        words = sorted({word for frame in ready for word in frame[name].cat.categories})
        for frame in ready:
            if len(frame[name].cat.categories) < len(words):
                frame[name] = frame[name].cat.set_categories(words)
    ready.sort(key=lambda frame: frame["replicate"].min())
    return canonical(pd.concat(ready, ignore_index=True))


def wide(monthly: pd.DataFrame, indicator: str, groups: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return one indicator of a tidy frame by month (rows) and replicate (columns).

    Groups not given are "all". Raises ResultsError if there is no such series.
    """
    wanted = {"indicator": indicator} | {name: (groups or {}).get(name, "all") for name in GROUPS}
    mask = np.ones(len(monthly), dtype=bool)
    for name, word in wanted.items():
        mask &= _equals(monthly[name], word)
    if not mask.any():
        where = ", ".join(f"{name}={word}" for name, word in wanted.items() if word not in (indicator, "all"))
        raise ResultsError(_("no series {name}").format(name=f"{indicator} ({where})" if where else indicator))
    month, replicate, value = (monthly[name].array[mask] for name in ("month", "replicate", "value"))
    numbers = pd.unique(np.asarray(replicate))
    n_months = len(value) // len(numbers)
    block = np.asarray(month)[:n_months]
    if (
        n_months * len(numbers) == len(value)
        and (np.asarray(replicate) == np.repeat(numbers, n_months)).all()
        and (np.asarray(month) == np.tile(block, len(numbers))).all()
        and (numbers[1:] > numbers[:-1]).all()
        and (block[1:] > block[:-1]).all()
    ):  # in the fixed order and without gaps, as runs write it: no need to sort
        cells = np.asarray(value, dtype=np.float64).reshape(len(numbers), n_months).T
        return pd.DataFrame(
            cells, index=pd.Index(month[:n_months], name="month"), columns=pd.Index(numbers, name="replicate")
        )
    chosen = pd.DataFrame({"month": month, "replicate": replicate, "value": value})
    return chosen.pivot(index="month", columns="replicate", values="value").sort_index()


def _equals(column: pd.Series[Any], word: str) -> np.ndarray:
    """Say of each row whether a column of words holds `word`."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        words = cast(pd.Categorical, column.array)
        code = list(words.categories).index(word) if word in words.categories else len(words.categories)
        same: np.ndarray = words.codes == code
        return same
    return (column == word).to_numpy()


def _sort_key(columns: Mapping[str, Any]) -> np.ndarray:
    """Return one whole number per row that orders rows by scenario, replicate, indicator, groups and month."""
    parts = [columns["scenario"].codes, columns["replicate"]]
    parts += [columns[name].codes for name in ("indicator", *GROUPS)]
    parts.append(columns["month"].astype("datetime64[M]").astype(np.int64))
    key = np.zeros(len(columns["month"]), dtype=np.int64)
    for part in parts:
        if part.size:
            low, high = int(part.min()), int(part.max())
            key = key * (high - low + 1) + (part - low)
    return key


def _sorted_categories(column: pd.Series[Any]) -> Any:
    if isinstance(column.dtype, pd.CategoricalDtype):
        words = cast(pd.Categorical, column.array)
        known = list(words.categories)
        if known == sorted(known) and np.isin(np.arange(len(known)), words.codes).all():
            return words
        words = words.remove_unused_categories()
        return words.reorder_categories(sorted(words.categories))
    return pd.Categorical(column.astype(str))


def _parquet(monthly: pd.DataFrame, indicators: Mapping[str, IndicatorInfo]) -> bytes:
    """Return the Parquet file of a tidy frame: the same bytes for the same content."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    frame = canonical(monthly)
    arrays = []
    for name in COLUMNS:
        if name in _WORDS:
            words = cast(pd.Categorical, frame[name].array)
            indices = pa.array(words.codes.astype(np.int32))
            arrays.append(pa.DictionaryArray.from_arrays(indices, pa.array(list(words.categories), pa.string())))
        else:
            arrays.append(pa.array(frame[name].to_numpy()))
    about = {"format": FORMAT, "indicators": {name: asdict(info) for name, info in indicators.items()}}
    metadata = {b"labsim": json.dumps(about, ensure_ascii=False, sort_keys=True).encode("utf-8")}
    table = pa.Table.from_arrays(arrays, names=list(COLUMNS)).replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=3,
        version="2.6",
        data_page_version="1.0",
        row_group_size=1 << 20,
        use_dictionary=[name for name in COLUMNS if name != "value"],
    )
    return cast(bytes, sink.getvalue().to_pybytes())


def _read_parquet(path: Path) -> tuple[pd.DataFrame, dict[str, IndicatorInfo]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        about = json.loads((table.schema.metadata or {})[b"labsim"])
        indicators = {name: IndicatorInfo(**facts) for name, facts in about["indicators"].items()}
        frame = canonical(table.to_pandas())
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise ResultsError(_damaged(path, error)) from error
    return frame, indicators


def _types(frame: pd.DataFrame) -> dict[str, str]:
    """Return "words" or the numeric type of each column, which a CSV file does not keep."""
    numeric = pd.api.types.is_numeric_dtype
    return {str(name): str(frame[name].dtype) if numeric(frame[name]) else "words" for name in frame.columns}


def _read_table(path: Path, types: Mapping[str, str]) -> pd.DataFrame:
    if not types:
        return pd.DataFrame()
    try:
        return read_typed(path, types)
    except (OSError, ValueError, KeyError, TypeError, ConfigError) as error:
        raise ResultsError(_damaged(path, error)) from error


def _read_manifest(place: Path) -> dict[str, Any]:
    path = place / "manifest.json"
    if not path.is_file():
        raise ResultsError(_("{path}: missing; without its manifest a result cannot be trusted").format(path=path))
    try:
        content = path.read_bytes()
        manifest = json_object_of(content, str(path))
        if manifest["format"] not in (FORMAT, _BEFORE_SEALS):
            message = _("format {given}; this labsim reads {known}")
            raise ValueError(message.format(given=manifest["format"], known=FORMAT))
        _require_sense(manifest)
        if manifest["format"] != _BEFORE_SEALS and sealed(content) != content:
            raise ValueError(_("its content is not what was written"))
    except KeyError as error:
        raise ResultsError(_damaged(path, _("the key {name} is missing").format(name=error))) from error
    except ConfigError as error:
        raise ResultsError(_damaged(path, error.problems[0].message)) from error
    except (OSError, ValueError, TypeError) as error:
        raise ResultsError(_damaged(path, error)) from error
    return manifest


def _require_sense(manifest: dict[str, Any]) -> None:
    """Raise ValueError if a manifest holds what no run writes."""
    require_shape(manifest, MANIFEST)
    files, config = manifest["files"], manifest.get("config", {})
    replicates, by = manifest.get("replicates", 1), config.get("by", []) if isinstance(config, dict) else None
    wrong = [
        name
        for name, right in (
            ("files", isinstance(files, dict) and all(Path(name).name == name for name in files)),
            ("files", isinstance(files, dict) and all(isinstance(one, dict) for one in files.values())),
            ("config", isinstance(config, dict)),
            ("replicates", isinstance(replicates, int) and replicates >= 1),
            ("config.by", isinstance(by, list) and set(by) <= set(GROUPS)),
        )
        if not right
    ]
    wrong += [
        f"files.{name}.columns" for name, one in (files.items() if not wrong else ())
        if not isinstance(one.get("columns", {}), dict)
    ]  # fmt: skip
    if wrong:
        raise ValueError(_("{names}: not what a run writes").format(names=", ".join(dict.fromkeys(wrong))))


def _require_whole(path: Path, known: Any) -> None:
    if not path.is_file():
        raise ResultsError(_("{path}: missing").format(path=path))
    if not isinstance(known, dict) or sha256_of(path.read_bytes()) != known.get("sha256"):
        raise ResultsError(_damaged(path, _("its content is not what the manifest lists")))


def require_replaceable(target: Path) -> None:
    """Raise ResultsError if a folder holds anything but an earlier labsim result, or cannot be written."""
    try:
        if (target.exists() or target.is_symlink()) and not target.is_dir():
            raise ResultsError(_("{folder}: is a file; give a folder").format(folder=target))
        require_writable(target)
        if not target.exists():
            return
        found = {entry.name for entry in target.iterdir()} - _LEFT_BY_SYSTEMS
    except OSError as error:
        raise ResultsError(_("{folder}: cannot be written ({error})").format(folder=target, error=error)) from error
    if not found:
        return
    try:
        ours = {"manifest.json", *_read_manifest(target)["files"]}
    except ResultsError:
        ours = set()
    foreign = sorted(found - ours)
    if foreign:
        message = _(
            "{folder}: not overwritten, as it holds files that are no labsim result ({names}); give another folder"
        )
        names = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
        raise ResultsError(message.format(folder=target, names=names))


def _damaged(path: Path, why: object) -> str:
    return _("{path}: damaged ({why})").format(path=path, why=why)
