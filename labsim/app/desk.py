"""Answer what takes seconds and is no replicate of a run - a life, a lesson - in one process of its own, in turn.

What was asked waits in a queue, so that pages go on. A process in the middle of a life does not look whether it shall
stop: it is ended, and the next question starts another.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Literal, Protocol

from labsim.errors import LabsimError
from labsim.experiment.executor import start_worker
from labsim.text import _, current_language, speaking

__all__ = ["Call", "Desk", "Errand", "Worker", "answered"]

_KEPT = 60  # answers, of some hundred kilobytes each
Status = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Call:
    """A function of a module with its arguments; `key` is the same for the same answer."""

    key: tuple[Hashable, ...]
    function: Callable[..., Any] = field(compare=False)
    arguments: tuple[Any, ...] = field(default=(), compare=False)


@dataclass
class Errand:
    """One thing asked: `value` is what came of it when it is done, `message` says in `language` why it failed."""

    call: Call
    language: str
    status: Status = "waiting"
    value: Any = None
    message: str = ""
    began: float = field(default_factory=time.monotonic)

    @property
    def is_open(self) -> bool:
        """Say whether the answer is still to come."""
        return self.status in ("waiting", "running")

    @property
    def seconds(self) -> float:
        """Return how long ago it was asked."""
        return time.monotonic() - self.began


class Worker(Protocol):
    """Whoever calls functions for a desk."""

    def run(self, language: str, call: Call) -> tuple[bool, Any]:
        """Return whether a call went well, and its value or else what went wrong; raise OSError if it cannot tell."""

    def stop(self) -> None:
        """End at once, whatever is being done; may be called from another thread."""


class Desk:
    """Take errands of many people and do them one after the other.

    `worker` makes who does them, when first needed and after each was ended; tests give one without a process.
    """

    def __init__(self, worker: Callable[[], Worker] | None = None) -> None:
        self._make = worker or _Process
        self._changed = threading.Condition()
        self._queue: deque[Errand] = deque()
        self._errands: dict[Hashable, Errand] = {}
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._worker: Worker | None = None
        self._running: Errand | None = None
        self._thread: threading.Thread | None = None
        self._is_open = True

    def ask(self, who: Hashable, call: Call) -> Errand:
        """Return an errand, done already if the answer is known; another one asked by the same `who` is cancelled."""
        errand = Errand(call, current_language())
        with self._changed:
            before = self._errands.get(who)
            if before is not None and before.is_open and before.call == call:
                return before
            self._errands[who] = errand
            if call.key in self._kept:
                self._kept.move_to_end(call.key)
                errand.status, errand.value = "done", self._kept[call.key]
            else:
                self._queue.append(errand)
                self._begin()
            self._changed.notify_all()
        if before is not None:
            self.cancel(before)
        return errand

    def of(self, who: Hashable) -> Errand | None:
        """Return what somebody asked last."""
        return self._errands.get(who)

    def cancel(self, errand: Errand) -> None:
        """Forget an errand that is still open; what is being done for it ends."""
        with self._changed:
            if not errand.is_open:
                return
            errand.status = "cancelled"
            if errand in self._queue:
                self._queue.remove(errand)
            worker = self._worker if self._running is errand else None
        if worker is not None:
            worker.stop()

    def rest(self, person: str) -> None:
        """Cancel what somebody asked and is still open: nobody waits for it any more."""
        with self._changed:
            mine = [one for who, one in self._errands.items() if _is_of(who, person) and one.is_open]
        for errand in mine:
            self.cancel(errand)

    def forget(self, person: str) -> None:
        """Let go of everything that somebody asked."""
        self.rest(person)
        with self._changed:
            self._errands = {who: one for who, one in self._errands.items() if not _is_of(who, person)}

    def close(self) -> None:
        """End everything."""
        with self._changed:
            self._is_open = False
            self._queue.clear()
            worker = self._worker
            self._changed.notify_all()
        if worker is not None:
            worker.stop()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True, name="labsim-desk")
            self._thread.start()

    def _work(self) -> None:
        while (errand := self._next()) is not None:
            try:
                assert self._worker is not None
                went_well, value = self._worker.run(errand.language, errand.call)
                is_alive = True
            except (OSError, EOFError):
                with speaking(errand.language):
                    value = _("its worker process died (out of memory, or killed from outside)")
                went_well = is_alive = False
            self._finish(errand, went_well, value, is_alive)

    def _next(self) -> Errand | None:
        with self._changed:
            while self._is_open:
                if self._queue:
                    errand = self._queue.popleft()
                    errand.status, self._running = "running", errand
                    if self._worker is None:
                        self._worker = self._make()
                    return errand
                self._changed.wait()
        return None

    def _finish(self, errand: Errand, went_well: bool, value: Any, is_alive: bool) -> None:
        with self._changed:
            self._running = None
            if not is_alive or errand.status == "cancelled":  # whoever was told to stop is ended or about to be
                self._worker = None
            if went_well:
                self._kept[errand.call.key] = value
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            if errand.status == "running":
                errand.value, errand.message = (value, "") if went_well else (None, str(value))
                errand.status = "done" if went_well else "failed"


def _is_of(who: Hashable, person: str) -> bool:
    """Say whether errands under a key are a person's: keys are (what for, person, ...)."""
    return isinstance(who, tuple) and len(who) > 1 and who[1] == person


class _Process:
    """A new process that calls functions, one at a time."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there,), daemon=True)
        self._process.start()
        there.close()

    def run(self, language: str, call: Call) -> tuple[bool, Any]:
        self._here.send((language, call))
        went_well, value = self._here.recv()
        return bool(went_well), value

    def stop(self) -> None:
        self._process.terminate()


def answered(language: str, call: Call) -> tuple[bool, Any]:
    """Return whether a call went well, and its value or else what went wrong in a language."""
    with speaking(language):
        try:
            return True, call.function(*call.arguments)
        except LabsimError as error:
            return False, str(error)
        except Exception as error:  # one message on one page, and the desk goes on
            return False, f"{type(error).__name__}: {error}"


def _serve(pipe: Connection) -> None:
    """Answer calls until the other end is closed."""
    start_worker(threading.Event())
    while True:
        try:
            language, call = pipe.recv()
        except EOFError:
            return
        pipe.send(answered(language, call))
