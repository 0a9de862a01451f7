"""What the server knows of everybody: one session a browser, the bases, the engine and the workspace."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labsim.app.answers import Answer, answer_of
from labsim.app.desk import Desk
from labsim.app.drafts import FIRST_FREE_YEAR, Bases, Draft, draft_of_file
from labsim.app.engine import Engine
from labsim.app.runs import PRECISIONS, PairedRun, sized
from labsim.app.workshop import Workshops
from labsim.app.workspace import Workspace
from labsim.errors import ConfigError, LabsimError
from labsim.text import LANGUAGES, current_language, speaking

__all__ = ["Hub", "Session"]

_PATIENCE = 0.8  # seconds between two readings of a run that goes on; many readers share one process
_PATH = re.compile(r"^.*?draft\.yaml:[0-9]+:[0-9]+\s+|^--set\s+")


@dataclass
class Session:
    """What one browser chose, and its run.

    `problems` says in the session's language why the present draft cannot be run.
    """

    id: str
    hub: Hub
    language: str
    draft: Draft
    precision: str = "quick"
    workshop: str = ""
    seat: str = ""
    admitted: bool = False
    run: PairedRun | None = None
    answer: Answer | None = None
    problems: list[str] = field(default_factory=list)
    _read: tuple[int, int] = (0, -1)
    _last: float = 0.0
    _asked: int = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def keep(self) -> None:
        """Write what was chosen into the workspace, so that it survives a restart."""
        data = {
            "language": self.language, "precision": self.precision, "workshop": self.workshop, "seat": self.seat,
            "admitted": self.admitted, "draft": self.draft.to_dict(),
        }  # fmt: skip
        self.hub.workspace.write("sessions", self.id, data)

    async def start(self, make: Callable[[], PairedRun] | None = None) -> None:
        """Check the draft and run it beside its base, or what `make` makes; a run that goes on is stopped.

        Later calls win.
        """
        self._asked += 1
        mine = self._asked
        self.keep()
        with speaking(self.language):
            run, problems = await asyncio.to_thread(self._prepared, make or self._own_run)
        if mine != self._asked:
            return
        self.problems = problems
        if run is not None:
            before, self.run = self.run, run
            await asyncio.to_thread(run.start)
            if before is not None:
                before.cancel()  # after the new one has asked: what both need goes on

    def cancel(self) -> None:
        """Stop the run; what it found stays."""
        self._asked += 1
        if self.run is not None:
            self.run.cancel()

    async def read(self) -> bool:
        """Read what the run has found since; return whether there is anything new to show."""
        run = self.run
        if run is None or self._lock.locked():
            return False
        state = id(run), run.version
        if state == self._read or (run.is_running and time.monotonic() - self._last < _PATIENCE and self.answer):
            return False
        async with self._lock:
            with speaking(self.language):
                answer = await asyncio.to_thread(_read, run)
            self._read, self._last = state, time.monotonic()
            if answer is not None and run is self.run:
                self.answer = answer
        return True

    def _own_run(self) -> PairedRun:
        own = self.draft.config(self.hub.bases, self.hub.workspace.draft_file(self.id))
        base = self.hub.bases[self.draft.base].config
        size = PRECISIONS[self.precision]
        return PairedRun(self.hub.engine, self.id, sized(own, size), sized(base, size))

    def _prepared(self, make: Callable[[], PairedRun]) -> tuple[PairedRun | None, list[str]]:
        try:
            return make(), []
        except ConfigError as error:
            return None, [_PATH.sub("", str(problem)) for problem in error.problems]
        except (LabsimError, OSError, ValueError) as error:
            return None, [str(error)]


class Hub:
    """Hold the sessions; `address` is what others type. With `is_open` others may come in, who know the `code`."""

    def __init__(
        self, workspace: Workspace, engine: Engine, known: Bases, *, address: str = "", language: str | None = None,
        is_open: bool = False,
    ) -> None:
        self.workspace, self.engine, self.bases = workspace, engine, known
        self.address = address
        self.workshops = Workshops(workspace)
        self.is_open = is_open
        self.code = workspace.code()
        self._language = language or current_language()
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._stored = workspace.read("sessions")
        self.desks = {"lives": Desk(), "lessons": Desk()}  # apart, so that no class waits for a life
        self.on_close: list[Callable[[], None]] = [engine.close, *(desk.close for desk in self.desks.values())]

    def session(self, key: str) -> Session:
        """Return the session of a browser: as it was before, or a new one."""
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = self._restored(key, self._stored.get(key, {}))
            return self._sessions[key]

    def first_base(self) -> str:
        """Return the base that a newcomer starts from."""
        return next((key for key in self.bases if key == "son_la/baseline"), next(iter(self.bases)))

    def close(self) -> None:
        """Stop the engine."""
        for action in self.on_close:
            action()

    def _restored(self, key: str, stored: dict[str, Any]) -> Session:
        language = stored.get("language")
        session = Session(
            key, self, language if language in LANGUAGES else self._language, Draft(self.first_base()),
            str(stored.get("precision")) if stored.get("precision") in PRECISIONS else "quick",
            str(stored.get("workshop") or ""), str(stored.get("seat") or ""), stored.get("admitted") is True,
        )  # fmt: skip
        draft = stored.get("draft")
        if isinstance(draft, dict):
            session.draft = self.read_draft(key, str(draft.get("text", "")), draft.get("since")) or session.draft
        return session

    def read_draft(self, key: str, text: str, since: Any = FIRST_FREE_YEAR) -> Draft | None:
        """Return the draft that a text holds, or None if it is damaged: a newcomer's then."""
        file = self.workspace.draft_file(key)
        try:
            file.write_text(text, encoding="utf-8")
            return draft_of_file(file, self.bases, since if isinstance(since, int) else FIRST_FREE_YEAR)
        except (LabsimError, OSError, ValueError):
            return None


def _read(run: PairedRun) -> Answer | None:
    answer = answer_of(run)
    if answer is not None:
        _ = answer.verdicts  # computed here, in a thread of its own, rather than where the page is drawn
    return answer
