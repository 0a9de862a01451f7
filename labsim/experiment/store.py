"""Where a study keeps its runs: a folder in which nothing is lost, doubled or torn, whatever is killed when.

::

    study.json              what the study is: points, runs, versions
    runs/<run>.parquet      one shard a run; a file with this name is whole
    runs/pack-<n>.parquet   many runs in one file, after compaction
    failed/<run>.json       a run that failed: where, and what it said

A run's name is the hash of its configuration, seed and code. What is left to do is the plan without what is there.
A pack is written before the files it replaces are removed, and named after the runs it holds, so that two processes
that compact at once cannot overwrite each other's pack with a smaller one.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labsim.errors import ConfigError, ResultsError
from labsim.experiment.shards import FORMAT, write_parquet
from labsim.folders import sync_folder
from labsim.text import _
from labsim.text_files import json_object

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Failure", "Store", "run_id", "write_text", "write_whole"]

_RUNS, _FAILED, _PACK, _HELD, _ABOUT = "runs", "failed", "pack-", "labsim_runs", "study.json"
_FORGOTTEN_S = 3600  # a draft this old belongs to a process that was killed: writing takes less than a second
_ATTEMPTS = 100


def run_id(config_hash: str, seed: int, code: str) -> str:
    """Return the name of a run: the same for the same configuration, seed and code on every machine."""
    return _short_hash(f"{FORMAT}/{config_hash}/{seed}/{code}")


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

    @property
    def about(self) -> Path:
        """Return the file that says what the study is."""
        return self.folder / _ABOUT

    def create(self, about: str) -> None:
        """Make the folders and write what the study is.

        Raises ResultsError if they cannot be written or hold something else.
        """
        try:
            if self.folder.is_dir() and not self.about.is_file() and any(map(_is_foreign, self.folder.iterdir())):
                message = _("{folder}: holds files that are no study; give another folder")
                raise ResultsError(message.format(folder=self.folder))
            for part in (self.runs, self.folder / _FAILED):
                part.mkdir(parents=True, exist_ok=True)
            self._sweep_up()
            write_text(self.about, about)
        except OSError as error:
            message = _("{folder}: cannot be written ({error})")
            raise ResultsError(message.format(folder=self.folder, error=error)) from error

    def done(self) -> set[str]:
        """Return the names of the runs that are there."""
        shards, packs = self._listing()
        return {path.stem for path in shards}.union(*packs.values())

    def missing(self, runs: Iterable[str]) -> list[str]:
        """Return those of some runs that are not there, in the order given."""
        done = self.done()
        return [run for run in runs if run not in done]

    def files(self) -> list[Path]:
        """Return the files to read so that every run is read once, also after an interrupted compaction."""
        return _chosen(*self._listing())

    def compact(self) -> int:
        """Put all runs into one file and remove their own; return how many runs it holds. Nothing is lost if killed.

        Raises ResultsError if the file cannot be written or a shard is damaged.
        """
        for _attempt in range(_ATTEMPTS):
            shards, packs = self._listing()
            files = _chosen(shards, packs)
            runs = sorted({path.stem for path in shards}.union(*packs.values()))
            try:
                if len(files) > 1:
                    pack = self.runs / f"{_PACK}{_short_hash(' '.join(runs))}.parquet"
                    write_parquet(pack, _row_groups(files), {_HELD: json.dumps(runs)})
            except FileNotFoundError:
                continue  # another process compacts too, and removed a file: its pack holds it
            except OSError as error:
                message = _("{folder}: cannot be written ({error})")
                raise ResultsError(message.format(folder=self.folder, error=error)) from error
            self._remove_superseded()
            return len(runs)
        raise ResultsError(_("{folder}: other processes keep changing it").format(folder=self.folder))

    def record(self, failure: Failure) -> None:
        """Write down that a run failed."""
        text = json.dumps(asdict(failure), indent=1, ensure_ascii=False)
        write_text(self.folder / _FAILED / f"{failure.run}.json", text)

    def forget_failures(self, runs: Iterable[str]) -> None:
        """Remove what was written about runs that are there now or are tried again."""
        for run in runs:
            with suppress(OSError):
                (self.folder / _FAILED / f"{run}.json").unlink(missing_ok=True)

    def failures(self) -> list[Failure]:
        """Return the runs that failed and are still missing."""
        found = []
        for path in sorted((self.folder / _FAILED).glob("*.json")):
            try:
                found.append(Failure(**json_object(path)))
            except (OSError, ConfigError, TypeError):
                continue  # half a note of a killed process is no note
        done = self.done() if found else set()
        return [failure for failure in found if failure.run not in done]

    def _listing(self) -> tuple[list[Path], dict[Path, frozenset[str]]]:
        """Return the shards, and the packs with the runs they hold.

        Shards are listed first: one that another process compacts meanwhile is removed only after its pack stands, and
        so is found in one of the two.
        """
        for _attempt in range(_ATTEMPTS):
            shards = sorted(path for path in self.runs.glob("*.parquet") if not path.name.startswith((".", _PACK)))
            packs = sorted(self.runs.glob(f"{_PACK}*.parquet"))
            try:
                held = {path: _held_by(path) for path in packs}
            except FileNotFoundError:
                continue
            if packs == sorted(self.runs.glob(f"{_PACK}*.parquet")):
                return shards, held
        raise ResultsError(_("{folder}: other processes keep changing it").format(folder=self.folder))

    def _remove_superseded(self) -> None:
        shards, packs = self._listing()
        for path in {*shards, *packs}.difference(_chosen(shards, packs)):
            with suppress(OSError):  # Windows keeps a file that someone reads: the next compaction removes it
                path.unlink(missing_ok=True)

    def _sweep_up(self) -> None:
        """Remove the drafts of workers that were killed, not those that another process writes now."""
        for folder in (self.folder, self.runs, self.folder / _FAILED):
            for draft in folder.glob(".*.tmp"):
                with suppress(OSError):
                    if time.time() - draft.stat().st_mtime > _FORGOTTEN_S:
                        draft.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    write_whole(path, text.encode("utf-8"))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".tmp", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(0o644)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def _is_foreign(path: Path) -> bool:
    """Say whether a file is none of those that a study killed in its first moments leaves behind."""
    return path.name not in (_RUNS, _FAILED) and not (path.name.startswith(".study-") and path.suffix == ".tmp")


def _short_hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


def _chosen(shards: Sequence[Path], packs: dict[Path, frozenset[str]]) -> list[Path]:
    """Return the largest packs, and the shards that none of them holds."""
    largest = [path for path, held in packs.items() if not any(held < other for other in packs.values())]
    packed: frozenset[str] = frozenset().union(*packs.values())
    return [*largest, *(path for path in shards if path.stem not in packed)]


def _row_groups(files: Iterable[Path]) -> Iterator[pa.Table]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in files:
        try:
            with path.open("rb") as stream:
                reader = pq.ParquetFile(stream)
                for group in range(reader.num_row_groups):
                    yield reader.read_row_group(group)
        except pa.ArrowException as error:
            raise _damaged(path, error) from error


@lru_cache(maxsize=64)
def _held_by(path: Path) -> frozenset[str]:
    """Return the runs that a pack holds, as its metadata lists them; its name changes with what it holds."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as stream:
            metadata: Any = pq.read_metadata(stream).metadata
        return frozenset(json.loads(metadata[_HELD.encode()]))
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ResultsError:
    message = _("{path}: damaged ({why}); remove it and sweep again to repeat its runs")
    return ResultsError(message.format(path=path, why=error))
