"""Where a study keeps its runs: a folder in which nothing is lost, doubled or torn, whatever is killed when.

::

    study.json              what the study is: points, runs, versions
    runs/<run>.parquet      one shard a run; a file with this name is whole
    runs/pack-<n>.parquet   many runs in one file, after compaction
    failed/<run>.json       a run that failed: where, and what it said

A run's name is the hash of its configuration, seed and code. What is left to do is the plan without what is there.
There is what has such a name, and whose seal says that it is this run and as it was written (see `seals`): a copy under
another name, a file with the content of another run, and one that was damaged count for nothing, and are told.
A pack is written before the files it replaces are removed, and named after the runs it holds, so that two processes
that compact at once cannot overwrite each other's pack with a smaller one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labsim.errors import ConfigError, ResultsError
from labsim.experiment.seals import Content, content_of
from labsim.experiment.shards import write_parquet
from labsim.folders import sync_folder
from labsim.text import _
from labsim.text_files import json_object
from labsim.writing import is_lock

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Failure", "Holding", "Store", "run_id", "runs_of", "write_text", "write_whole"]

_RUNS, _FAILED, _PACK, _ABOUT, _ASIDE = "runs", "failed", "pack-", "study.json", ".damaged"
_OURS = re.compile(rf"({_PACK})?[0-9a-f]{{20}}")
_ENDING = ".parquet"
# What names of runs are made from: it says which numbers they are, and stays when they are written otherwise.
_NAMED = "labsim-run-1"
_MOST_NAMED = 5
_FORGOTTEN_S = 3600  # a draft this old belongs to a process that was killed: writing takes less than a second
_ATTEMPTS = 100


def run_id(config_hash: str, seed: int, code: str) -> str:
    """Return the name of a run: the same for the same configuration, seed and code on every machine."""
    return _short_hash(f"{_NAMED}/{config_hash}/{seed}/{code}")


@dataclass(frozen=True)
class Failure:
    """Say which run failed, where in the code, and what it said; `name` is what a user calls the run."""

    run: str
    name: str
    where: str
    message: str


@dataclass(frozen=True)
class Holding:
    """Say what a store holds: every run once, in files that are read `whole`, or in others of which some runs are read.

    `damaged` names the files that do not hold what they should, why, and the runs that are lost with each; `strange`
    are files with names that no run has, and `unsealed` those of an older labsim, in which damage cannot be seen.
    """

    whole: tuple[Path, ...]
    parts: Mapping[Path, tuple[str, ...]]
    runs: frozenset[str]
    damaged: Mapping[Path, tuple[str, tuple[str, ...]]]
    strange: tuple[Path, ...]
    unsealed: tuple[Path, ...]

    @property
    def lost(self) -> dict[str, Path]:
        """Return the runs that are lost with a damaged file and stand in no other one."""
        return {run: path for path, (_why, runs) in self.damaged.items() for run in runs if run not in self.runs}

    def notes(self) -> list[str]:
        """Return what a user should know of the files, a line for each thing."""
        lines = []
        for path, (why, runs) in self.damaged.items():
            lost = [run for run in runs if run in self.lost]
            if lost:
                message = _("{path}: damaged ({why}); not counted until the same command runs them again: {runs}")
                lines.append(message.format(path=path, why=why, runs=_first_of(lost)))
            elif not runs:
                message = _("{path}: damaged ({why}); not counted until the same command runs again what is missing")
                lines.append(message.format(path=path, why=why))
        if self.strange:
            names = _first_of([path.name for path in self.strange])
            message = _("{folder}: not counted, as no run has such a name: {names}")
            lines.append(message.format(folder=self.strange[0].parent, names=names))
        if self.unsealed:
            message = _("{folder}: {n} files of an older labsim have no checksum; damage to them cannot be seen")
            lines.append(message.format(folder=self.unsealed[0].parent, n=len(self.unsealed)))
        return lines


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
        return set(self.holding().runs)

    def missing(self, runs: Iterable[str]) -> list[str]:
        """Return those of some runs that are not there, in the order given."""
        done = self.done()
        return [run for run in runs if run not in done]

    def holding(self) -> Holding:
        """Return what is there, so that every run is read once, also after an interrupted compaction.

        Every byte is compared with its checksum, once in a process for each file.
        """
        shards, packs, strange = self._listing()
        runs: set[str] = set()
        whole, parts, damaged, unsealed = [], {}, {}, []
        # the largest pack first, and shards last: what stands in two files is read from the larger one
        for path, content in [*sorted(packs.items(), key=lambda pack: -len(pack[1].sound)), *shards.items()]:
            if content.why:
                damaged[path] = (content.why, content.lost)
            sound = content.sound
            new = tuple(run for run in sound if run not in runs)
            if new and len(new) == len(sound) and not content.why:
                whole.append(path)
                if not content.sealed:
                    unsealed.append(path)
            elif new:
                parts[path] = new
            runs.update(new)
        return Holding(tuple(whole), parts, frozenset(runs), damaged, strange, tuple(unsealed))

    def compact(self) -> int:
        """Put all runs into one file and remove their own; return how many runs it holds. Nothing is lost if killed.

        Files that count for nothing stay where they are; a damaged pack is put aside once its other runs are safe.
        Raises ResultsError if the file cannot be written.
        """
        for _attempt in range(_ATTEMPTS):
            held = self.holding()
            try:
                if len(held.whole) > 1 or held.parts or held.unsealed:
                    pack = self.runs / f"{_PACK}{_short_hash(' '.join(sorted(held.runs)))}.parquet"
                    write_parquet(pack, _tables(held))
            except FileNotFoundError:
                continue  # another process compacts too, and removed a file: its pack holds it
            except OSError as error:
                message = _("{folder}: cannot be written ({error})")
                raise ResultsError(message.format(folder=self.folder, error=error)) from error
            self._remove_superseded()
            return len(held.runs)
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

    def _listing(self) -> tuple[dict[Path, Content], dict[Path, Content], tuple[Path, ...]]:
        """Return the shards and the packs with what they hold, and files with names that no run has.

        Shards are listed first: one that another process compacts meanwhile is removed only after its pack stands, and
        so is found in one of the two.
        """
        for _attempt in range(_ATTEMPTS):
            shards, _packs, strange = self._names()
            packs = self._names()[1]
            try:
                held = {path: content_of(path) for path in packs}
                alone = {path: _of_run(path.stem, content_of(path)) for path in shards}
            except FileNotFoundError:
                continue
            if packs == self._names()[1]:
                return alone, held, strange
        raise ResultsError(_("{folder}: other processes keep changing it").format(folder=self.folder))

    def _names(self) -> tuple[list[Path], list[Path], tuple[Path, ...]]:
        """Return the files with the name of a run, of a pack, and of neither."""
        shards: list[Path] = []
        packs: list[Path] = []
        strange: list[Path] = []
        names: list[str] = []
        with suppress(FileNotFoundError, NotADirectoryError):
            names = sorted(os.listdir(self.runs))
        for name in names:
            if name.endswith(_ENDING) and not name.startswith("."):
                ours = _OURS.fullmatch(name.removesuffix(_ENDING))
                (strange if ours is None else packs if ours[1] else shards).append(self.runs / name)
        return shards, packs, tuple(strange)

    def _remove_superseded(self) -> None:
        """Remove files all of whose runs stand in others, and put aside a damaged pack of which nothing is read."""
        shards, packs, _strange = self._listing()
        held = self.holding()
        for path, content in {**shards, **packs}.items():
            is_read = path in held.whole or path in held.parts
            if is_read or (path in shards and path.stem not in held.runs):
                continue
            with suppress(OSError):  # Windows keeps a file that someone reads: the next compaction removes it
                if content.why and path in packs:
                    path.replace(path.with_name(path.name + _ASIDE))
                else:
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
    is_draft = path.name.startswith(".study-") and path.suffix == ".tmp"
    return path.name not in (_RUNS, _FAILED) and not is_lock(path) and not is_draft


def _short_hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


def _of_run(run: str, content: Content) -> Content:
    """Return the content of a shard, which is to hold one run and no other."""
    if not content.sound:
        return Content({}, (run,), content.why or _("it holds no run"), sealed=content.sealed)
    if content.sound != (run,):
        why = _("it holds run {other}").format(other=_first_of(content.sound))
        return Content({}, (run,), why, sealed=content.sealed)
    return content


def _tables(held: Holding) -> Iterator[tuple[str, pa.Table]]:
    """Yield every run with its rows."""
    for path in (*held.whole, *held.parts):
        yield from runs_of(path, held.parts.get(path))


def runs_of(path: Path, runs: Iterable[str] | None = None) -> Iterator[tuple[str, pa.Table]]:
    """Yield the runs of a file, or some of them, with their rows."""
    import pyarrow.parquet as pq

    groups = content_of(path).groups
    with path.open("rb") as stream:
        reader = pq.ParquetFile(stream)
        for run in groups if runs is None else runs:
            yield run, reader.read_row_groups(list(groups[run]))


def _first_of(words: Sequence[str]) -> str:
    """Return the first of some words, and how many there are if these are not all."""
    if len(words) <= _MOST_NAMED:
        return ", ".join(words)
    return _("{words} and {n} more").format(words=", ".join(words[:_MOST_NAMED]), n=len(words) - _MOST_NAMED)
