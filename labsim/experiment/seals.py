"""Seals: what a file of runs says of its own bytes, so that one that was damaged, renamed or copied is known as such.

At its end the file holds ``{"seal": "<hash>", "runs": {"<run>": [from, to, "<hash>"]}}``: of each run the bytes that it
fills and their hash, and the hash of all other bytes, those of the seal itself read as zeros. So no bit of the file
can change unseen, and a file of many runs loses only those whose bytes changed. Runs follow each other without a gap.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from labsim.text import _

__all__ = ["SEALS", "Content", "SealingStream", "content_of", "sealed_text", "unsealed_text"]

SEALS = "labsim_seals"  # the key under which Parquet keeps the text
_BEFORE_SEALS, _FULL = b"labsim-run-1", 1 << 20  # a run of more rows went into several row groups then
_MAGIC, _TAIL = b"PAR1", 8
_ZEROS = b"0" * 64
_SEAL = re.compile(rb'\{"seal": "([0-9a-f]{64})", "runs": (\{[^{}]*\})\}')
_RUN = re.compile(rb'"([0-9a-f]{20})": \[')
_LARGEST_TAIL = 1 << 26  # bytes at the end of a damaged file in which names of runs are looked for
_YOUNG_NS = 2_000_000_000  # a file changed this lately may change again without a new date
_TEXT = re.compile(rb"# run ([0-9a-f]{20}), sha256 ([0-9a-f]{64})\n\Z")


@dataclass(frozen=True)
class Content:
    """Say what a file of runs holds: the row groups of each run, and which runs are `lost` as their bytes changed.

    `why` says what is wrong, and is empty where nothing is. A file written before there were seals is not `sealed`.
    """

    groups: Mapping[str, tuple[int, ...]]
    lost: tuple[str, ...] = ()
    why: str = ""
    sealed: bool = True

    @property
    def sound(self) -> tuple[str, ...]:
        """Return the runs that are as they were written, in their order."""
        return tuple(run for run in self.groups if run not in self.lost)


class SealingStream(io.RawIOBase):
    """A stream into a file that hashes what is written of each run, and writes the seal at the end.

    Call `start(run)` before the bytes of a run, `text()` for what Parquet shall keep under `SEALS`, and `finish()` when
    all is written.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self._outside = bytearray()
        self._parts: dict[str, tuple[int, int, str]] = {}
        self._run, self._from, self._digest = "", 0, hashlib.sha256()
        self._written = 0

    def start(self, run: str) -> None:
        """Count what follows to a run."""
        self._end()
        self._run, self._from, self._digest = run, self._written, hashlib.sha256()

    def text(self) -> str:
        """Return what the file says of its runs, the seal still to be set; no bytes of runs may follow."""
        self._end()
        return json.dumps({"seal": _ZEROS.decode(), "runs": self._parts})

    def finish(self) -> None:
        """Set the seal and write the end of the file. Raises ValueError if the text is not in it."""
        end = bytes(self._outside)
        place = _SEAL.search(end)
        if place is None:
            raise ValueError("the text of the seals is not in the file")
        digest = hashlib.sha256(end).hexdigest().encode()
        self._stream.write((end[: place.start(1)] + digest + end[place.end(1) :])[len(_MAGIC) :])

    def writable(self) -> bool:
        """Say that this can be written."""
        return True

    def write(self, content: Any, /) -> int:
        """Take bytes: those of runs go on to the file at once."""
        if self._run:
            self._digest.update(content)
            self._stream.write(content)
        else:
            if not self._outside:
                self._stream.write(content)
            self._outside += content
        self._written += len(content)
        return len(content)

    def tell(self) -> int:
        """Return the bytes written so far."""
        return self._written

    def _end(self) -> None:
        if self._run:
            if self._run in self._parts:
                raise ValueError(f"run {self._run} is written twice")
            self._parts[self._run] = (self._from, self._written, self._digest.hexdigest())
        self._run = ""


_known: dict[Path, tuple[tuple[int, int, int], Content]] = {}


def content_of(path: Path) -> Content:
    """Return what a file of runs holds, each byte compared with its hash; it is read again only if it has changed.

    Raises FileNotFoundError.
    """
    about = path.stat()
    mark = (about.st_size, about.st_mtime_ns, about.st_ino)
    known = _known.get(path)
    if known is not None and known[0] == mark:
        return known[1]
    try:
        with path.open("rb") as stream:
            content = _verified(stream, os.fstat(stream.fileno()).st_size)
    except FileNotFoundError:
        raise
    except OSError as error:
        content = Content({}, (), str(error))
    if time.time_ns() - about.st_mtime_ns > _YOUNG_NS:
        _known[path] = (mark, content)
    return content


def sealed_text(run: str, text: str) -> str:
    """Return the text of a run with a last line that says which run it is and what its hash is."""
    return f"{text}# run {run}, sha256 {hashlib.sha256(text.encode('utf-8')).hexdigest()}\n"


def unsealed_text(run: str, content: bytes) -> str:
    """Return the text of a run without its last line; raises ValueError if it is another run's, or not as written."""
    seal = _TEXT.search(content)
    if seal is None:
        raise ValueError(_("its checksum is missing"))
    if seal[1].decode() != run:
        raise ValueError(_("it holds run {other}").format(other=seal[1].decode()))
    text = content[: seal.start()]
    if hashlib.sha256(text).hexdigest().encode() != seal[2]:
        raise ValueError(_not_as_written())
    return text.decode("utf-8")


def _not_as_written() -> str:
    return _("its content is not what was written")


def _verified(stream: IO[bytes], size: int) -> Content:
    end, start = _end_of(stream, size)
    seal = _SEAL.search(end)
    if seal is None:
        return _without_seal(stream, size)
    stream.seek(0)
    outside = stream.read(len(_MAGIC)) + end[: seal.start(1)] + _ZEROS + end[seal.end(1) :]
    if hashlib.sha256(outside).hexdigest().encode() != seal[1]:
        return Content({}, _named_in(end), _not_as_written())
    parts: Mapping[str, tuple[int, int, str]] = json.loads(seal[2])
    lost, place = [], len(_MAGIC)
    for run, (begins, ends, digest) in parts.items():
        stream.seek(begins)
        if begins != place or ends < begins or hashlib.sha256(stream.read(ends - begins)).hexdigest() != digest:
            lost.append(run)
        place = ends
    if place != start:  # bytes that belong to no run, or too few of them
        return Content({}, tuple(parts), _not_as_written())
    return Content({run: (n,) for n, run in enumerate(parts)}, tuple(lost), _not_as_written() if lost else "")


def _end_of(stream: IO[bytes], size: int) -> tuple[bytes, int]:
    """Return what stands behind the last run of a Parquet file, and where it begins; nothing if that cannot be told."""
    if size < len(_MAGIC) + _TAIL:
        return b"", 0
    stream.seek(size - _TAIL)
    tail = stream.read(_TAIL)
    length = int.from_bytes(tail[:4], "little") + _TAIL
    if tail[4:] != _MAGIC or length > size - len(_MAGIC):
        return b"", 0
    stream.seek(size - length)
    return stream.read(length), size - length


def _without_seal(stream: IO[bytes], size: int) -> Content:
    """Return the content of a file without a whole seal: one of an older labsim, whose rows say which run, or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream.seek(max(0, size - _LARGEST_TAIL))
    end = stream.read()
    named = _named_in(end)
    if named or SEALS.encode() in end:
        return Content({}, named, _not_as_written())
    groups: dict[str, tuple[int, ...]] = {}
    last, is_full = "", False
    try:
        reader = pq.ParquetFile(stream)
        if (reader.metadata.metadata or {}).get(b"labsim") != _BEFORE_SEALS:
            return Content({}, (), _("its checksum is missing"))
        for group in range(reader.num_row_groups):
            for run in reader.read_row_group(group, columns=["run"])["run"].unique().to_pylist():
                if run in groups and not (run == last and is_full):
                    return Content({}, tuple(groups), _("it holds a run twice"), sealed=False)
                groups[run], last = (*groups.get(run, ()), group), run
            is_full = reader.metadata.row_group(group).num_rows == _FULL
    except (OSError, pa.ArrowException, ValueError) as error:
        return Content({}, (), " ".join(str(error).split()))
    return Content(groups, sealed=False)


def _named_in(content: bytes) -> tuple[str, ...]:
    """Return the runs that a seal names, also where not all of it can be read."""
    return tuple(dict.fromkeys(run.decode() for run in _RUN.findall(content)))
