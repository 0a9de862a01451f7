"""Where a study keeps its runs: a folder in which nothing is lost, doubled or torn, whatever is killed when.

::

    study.json              what the study is: points, runs, versions
    runs/<run>.parquet      one shard a run; a file with this name is whole
    runs/pack-<n>.parquet   many runs in one file, after compaction
    failed/<run>.json       a run that failed: where, and what it said

A run's name is the hash of its configuration, seed and code. What is left to do is the plan without what is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from labsim.errors import ResultsError
from labsim.experiment.shards import FORMAT, write_parquet
from labsim.folders import sync_folder
from labsim.text import _

__all__ = ["Failure", "Store", "run_id", "write_text"]

_RUNS, _FAILED, _PACK, _HELD = "runs", "failed", "pack-", "labsim_runs"


def run_id(config_hash: str, seed: int, code: str) -> str:
    """Return the name of a run: the same for the same configuration, seed and code on every machine."""
    text = f"{FORMAT}/{config_hash}/{seed}/{code}".encode()
    return hashlib.blake2b(text, digest_size=10).hexdigest()


@dataclass(frozen=True)
class Failure:
    """Say which run failed, where in the code, and what it said; `name` is what a user calls the run."""

    run: str
    name: str
    where: str
    message: str


class Store:
    """The runs of a study in one folder; several processes may write into it at the same time."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @property
    def runs(self) -> Path:
        """Return the folder of the shards."""
        return self.folder / _RUNS

    def create(self) -> None:
        """Make the folders. Raises ResultsError if they cannot be made or hold something else."""
        try:
            if self.folder.is_dir() and any(self.folder.iterdir()) and not (self.folder / "study.json").is_file():
                message = _("{folder}: holds files that are no study; give another folder")
                raise ResultsError(message.format(folder=self.folder))
            for part in (self.runs, self.folder / _FAILED):
                part.mkdir(parents=True, exist_ok=True)
            for left in self.runs.glob(".*.tmp"):
                left.unlink(missing_ok=True)  # by a worker that was killed
        except OSError as error:
            message = _("{folder}: cannot be written ({error})")
            raise ResultsError(message.format(folder=self.folder, error=error)) from error

    def done(self) -> set[str]:
        """Return the names of the runs that are there."""
        shards = {path.stem for path in self.runs.glob("*.parquet") if not path.name.startswith((".", _PACK))}
        return shards.union(*(_held_by(path, path.stat().st_mtime_ns) for path in self._packs()))

    def missing(self, runs: Iterable[str]) -> list[str]:
        """Return those of some runs that are not there, in the order given."""
        done = self.done()
        return [run for run in runs if run not in done]

    def files(self) -> list[Path]:
        """Return the files to read so that every run is read once, also after an interrupted compaction."""
        packs = {path: _held_by(path, path.stat().st_mtime_ns) for path in self._packs()}
        chosen = [path for path, held in packs.items() if not any(held < other for other in packs.values())]
        packed: set[str] = set().union(*(packs[path] for path in chosen))
        shards = sorted(path for path in self.runs.glob("*.parquet") if not path.name.startswith((".", _PACK)))
        return [*chosen, *(path for path in shards if path.stem not in packed)]

    def compact(self) -> int:
        """Put all runs into one file and remove their own; return how many runs it holds. Nothing is lost if killed."""
        import pyarrow.parquet as pq

        files, runs = self.files(), sorted(self.done())
        if len(files) < 2:
            return len(runs)
        number = 1 + max((int(path.stem.removeprefix(_PACK)) for path in self._packs()), default=0)
        groups = (
            reader.read_row_group(group)
            for reader in (pq.ParquetFile(path) for path in files)
            for group in range(reader.num_row_groups)
        )
        held = json.dumps(runs).encode()
        write_parquet(self.runs / f"{_PACK}{number}.parquet", groups, {_HELD.encode(): held})
        for path in [*files, *self._superseded()]:
            path.unlink(missing_ok=True)
        return len(runs)

    def record(self, failure: Failure) -> None:
        """Write down that a run failed."""
        text = json.dumps(asdict(failure), indent=1, ensure_ascii=False)
        write_text(self.folder / _FAILED / f"{failure.run}.json", text)

    def forget_failures(self, runs: Iterable[str]) -> None:
        """Remove what was written about runs that are there now or are tried again."""
        for run in runs:
            (self.folder / _FAILED / f"{run}.json").unlink(missing_ok=True)

    def failures(self) -> list[Failure]:
        """Return the runs that failed and are still missing."""
        found = []
        for path in sorted((self.folder / _FAILED).glob("*.json")):
            try:
                found.append(Failure(**json.loads(path.read_text(encoding="utf-8"))))
            except (OSError, ValueError, TypeError):
                continue  # half a note of a killed process is no note
        done = self.done() if found else set()
        return [failure for failure in found if failure.run not in done]

    def _packs(self) -> list[Path]:
        return sorted(self.runs.glob(f"{_PACK}*.parquet"), key=lambda path: int(path.stem.removeprefix(_PACK)))

    def _superseded(self) -> Sequence[Path]:
        """Return shards and packs whose runs all stand in a larger pack."""
        keep = set(self.files())
        return [path for path in self.runs.glob("*.parquet") if path not in keep and not path.name.startswith(".")]


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-{secrets.token_hex(2)}-", suffix=".tmp", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(0o644)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


@lru_cache(maxsize=64)
def _held_by(path: Path, _changed: int) -> frozenset[str]:
    """Return the runs that a pack holds, as its metadata lists them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata: Any = pq.read_metadata(path).metadata
        return frozenset(json.loads(metadata[_HELD.encode()]))
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise ResultsError(_("{path}: damaged ({why})").format(path=path, why=error)) from error
