"""One writer at a time: a lock beside the folder or file that is written, which names who holds it.

The lock is a small file that can be made only once. It holds the process, its machine and when it began; that of a
process which has died on this machine is taken over.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from labsim.errors import ResultsError
from labsim.text import _

__all__ = ["is_lock", "writing"]

_ENDING, _LONGEST = ".labsim-lock", 150
_ATTEMPTS, _PAUSE_S = 100, 0.05
_HALF_WRITTEN_S = 2.0  # a lock without a word is being written, or belongs to a process that was killed that moment
_held: dict[Path, tuple[int, str]] = {}  # of this process: the thread that holds a lock, and its token


@dataclass(frozen=True)
class _Holder:
    """Who holds a lock: a command, its process and when it began; who gives the same `together` may write at once."""

    command: str
    process: int
    machine: str
    started: str
    born: str
    together: str
    token: str


@contextmanager
def writing(target: str | Path, command: str, together: str = "") -> Iterator[None]:
    """Hold a folder or file for writing; several may, if they give the same `together`.

    A thread that holds it already may hold it again. Raises ResultsError if another process or thread holds it, naming
    it, or if no lock can be made there.
    """
    place = Path(target).absolute()
    try:
        place = place.resolve()
        lock, made = _place_of(place)
        if lock in _held and _held[lock][0] == threading.get_ident():
            yield_only = True
        else:
            yield_only = not _take(lock, _Holder(command, os.getpid(), platform.node(), _now(), _born(os.getpid()),
                                                 together, secrets.token_hex(8)), Path(target))  # fmt: skip
    except OSError as error:
        raise ResultsError(_("{folder}: cannot be written ({error})").format(folder=target, error=error)) from error
    try:
        yield
    finally:
        if not yield_only:
            _release(lock)
        for folder in made:
            with suppress(OSError):  # holds something by now, for the most part
                folder.rmdir()


def is_lock(path: Path) -> bool:
    """Say whether a file is a lock."""
    return path.name.startswith(".") and path.name.endswith(_ENDING)


def _place_of(target: Path) -> tuple[Path, list[Path]]:
    """Return where the lock of a folder or file lies, and the folders above it that had to be made.

    Beside it; inside it, if the folder above takes no files.
    """
    name = target.name
    if len(os.fsencode(name)) > _LONGEST:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:20]
    above, made = target.parent, []
    while not above.exists():
        made.append(above)
        above = above.parent
    target.parent.mkdir(parents=True, exist_ok=True)
    inside = not os.access(target.parent, os.W_OK) and target.is_dir()
    return (target if inside else target.parent) / f".{name}{_ENDING}", made


def _take(lock: Path, own: _Holder, target: Path) -> bool:
    """Make a lock one's own; return False if it is held by somebody who may write at the same time."""
    for _attempt in range(_ATTEMPTS):
        try:
            handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            other = _read(lock)
            if other is None:
                if _age(lock) > _HALF_WRITTEN_S:
                    _put_away(lock, None)
                else:
                    time.sleep(_PAUSE_S)
            elif _is_dead(lock, other):
                _put_away(lock, other.token)
            elif own.together and own.together == other.together:
                return False
            else:
                raise ResultsError(_refusal(target, lock, other)) from None
            continue
        _held[lock] = (threading.get_ident(), own.token)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(asdict(own), stream)
        except BaseException:
            _release(lock)
            raise
        return True
    raise ResultsError(_("{folder}: other processes keep changing it").format(folder=target))


def _release(lock: Path) -> None:
    _thread, token = _held.pop(lock)
    other = _read(lock)
    if other is None or other.token == token:
        with suppress(OSError):
            lock.unlink()


def _read(lock: Path) -> _Holder | None:
    """Return who holds a lock; None if that cannot be read (yet)."""
    try:
        return _Holder(**json.loads(lock.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _age(lock: Path) -> float:
    try:
        return time.time() - lock.stat().st_mtime
    except OSError:
        return 0.0


def _put_away(lock: Path, token: str | None) -> None:
    """Remove the lock of a dead process, and no other that stands there by now."""
    aside = lock.with_name(f".{secrets.token_hex(8)}{_ENDING}")
    with suppress(OSError):
        lock.rename(aside)
        found = _read(aside)
        if found is not None and found.token != token:
            os.link(aside, lock)  # another process was quicker: it keeps what it took
        aside.unlink()


def _refusal(target: Path, lock: Path, other: _Holder) -> str:
    message = _(
        "{folder}: {command} is writing it (process {process} on {machine}, since {started}); wait for its end, or"
        " give another place"
    )
    if other.machine != platform.node():
        message += " " + _("(if it has died, remove {lock})")
    return message.format(
        folder=target, command=other.command, process=other.process, machine=other.machine, started=other.started,
        lock=lock,
    )  # fmt: skip


def _now() -> str:
    return datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")


def _is_dead(lock: Path, other: _Holder) -> bool:
    """Say whether the holder of a lock is known to have ended: only of this machine can that be told."""
    if other.machine != platform.node():
        return False
    if other.process == os.getpid():
        return _held.get(lock, (0, ""))[1] != other.token  # the number was another process's before
    return not _runs(other.process) or _born(other.process) != other.born


def _runs(process: int) -> bool:
    if sys.platform == "win32":
        return _runs_on_windows(process)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _born(process: int) -> str:
    """Return when a process began, in the system's own count; empty where it does not say."""
    try:
        words = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return words[19]
    except (OSError, IndexError):
        return ""


def _runs_on_windows(process: int) -> bool:
    import ctypes

    query, still_active = 0x1000, 259
    windll: Any = ctypes.__dict__["windll"]
    handle = windll.kernel32.OpenProcess(query, False, process)
    if not handle:
        return False
    code = ctypes.c_ulong()
    windll.kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
    windll.kernel32.CloseHandle(handle)
    return code.value == still_active
