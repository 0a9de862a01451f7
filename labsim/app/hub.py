"""What the server knows of everybody: one session a browser, the bases, the engine and the workspace."""

from __future__ import annotations

import asyncio
import hmac
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from labsim.app.answers import Answer, answer_of
from labsim.app.attempts import Attempts
from labsim.app.desk import Desk
from labsim.app.drafts import FIRST_FREE_YEAR, YEARS, Bases, Draft, draft_of_file
from labsim.app.engine import Engine
from labsim.app.guard import Hosts
from labsim.app.limits import PATIENCE, require_small
from labsim.app.runs import PRECISIONS, PairedRun, sized
from labsim.app.visits import Visited, Visits
from labsim.app.workshop import Workshops, plain_code
from labsim.app.workspace import Workspace
from labsim.errors import ConfigError, LabsimError
from labsim.text import LANGUAGES, _, current_language, speaking

__all__ = ["Hub", "Session", "beside"]

Result = TypeVar("Result")

_DAYS = 31.0  # that a session is kept which nobody comes back to; browsers forget theirs after thirty
_PATIENCE = 0.8  # seconds between two readings of a run that goes on; many readers share one process
_MOST_LINES, _LONGEST_LINE = 30, 400  # of what is wrong with a draft
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
            "guest": self.admitted, "draft": self.draft.to_dict(),
        }  # fmt: skip
        self.hub.workspace.write("sessions", self.id, data)

    async def check(self, draft: Draft) -> None:
        """Check a draft beside the pages, which go on.

        Raises ConfigError with its problems, and ValueError for more than a plan holds or where it takes too long.
        """
        with speaking(self.language):
            file = self.hub.workspace.draft_file(self.id)
            await beside(draft.config, self.hub.bases, file)

    def rest(self) -> None:
        """Stop what nobody looks at."""
        run = self.run
        if run is not None and run.is_running:
            self.cancel()
            self.run = None  # the first page that is opened again begins anew
        for desk in self.hub.desks.values():
            desk.rest(self.id)

    def forget(self) -> None:
        """Let go of what is in memory; what was chosen comes back from the workspace."""
        self.run, self.answer = None, None
        self.hub.leave(self.id)

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
            return None, [_PATH.sub("", str(problem))[:_LONGEST_LINE] for problem in error.problems[:_MOST_LINES]]
        except (LabsimError, OSError, ValueError) as error:
            return None, [str(error)]


class Hub:
    """Hold the sessions; `address` is what others type. With `is_open` others may come in, who know the `code`."""

    def __init__(
        self, workspace: Workspace, engine: Engine, known: Bases, *, address: str = "", language: str | None = None,
        is_open: bool = False, hosts: Hosts | None = None,
    ) -> None:
        self.workspace, self.engine, self.bases = workspace, engine, known
        self.address = address
        self.hosts = hosts or Hosts.of([])
        self.workshops = Workshops(workspace, known)
        self.visits = Visits()
        self.attempts = Attempts()
        self.rooms: dict[str, Visited] = {}  # the runs of workshops, by code
        self.is_open = is_open
        self.code = workspace.code()
        self._language = language or current_language()
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        workspace.sweep("sessions", _DAYS)
        self.desks = {"lives": Desk(), "lessons": Desk()}  # apart, so that no class waits for a life
        self.on_close: list[Callable[[], None]] = [engine.close, *(desk.close for desk in self.desks.values())]

    def session(self, key: str) -> Session:
        """Return the session of a browser: as it was before, or a new one."""
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = self._restored(key, self.workspace.read_one("sessions", key) or {})
            session = self._sessions[key]
        self.visits.touch(("session", key), session)
        return session

    def leave(self, key: str) -> None:
        """Let go of a session and of what was asked for it."""
        with self._lock:
            self._sessions.pop(key, None)
        for desk in self.desks.values():
            desk.forget(key)
        self.workspace.drop_draft(key)

    def is_code(self, typed: Any) -> bool:
        """Say whether somebody typed the code that lets others in."""
        return self.is_open and hmac.compare_digest(plain_code(typed).encode(), self.code.encode())

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
            str(stored.get("workshop") or ""), str(stored.get("seat") or ""), stored.get("guest") is True,
        )  # fmt: skip
        draft = stored.get("draft")
        if isinstance(draft, dict):
            session.draft = self.read_draft(key, str(draft.get("text", "")), draft.get("since")) or session.draft
        return session

    def read_draft(self, key: str, text: str, since: Any = FIRST_FREE_YEAR) -> Draft | None:
        """Return the draft that a text holds, or None if it is damaged: a newcomer's then."""
        file = self.workspace.draft_file(key)
        try:
            require_small(len(text.encode("utf-8")))
            file.write_text(text, encoding="utf-8")
            return draft_of_file(file, self.bases, since if since in YEARS else FIRST_FREE_YEAR)
        except (LabsimError, OSError, ValueError):
            return None


async def beside(act: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function in a thread of its own. Raises ValueError where it takes longer than anybody should wait."""
    try:
        return await asyncio.wait_for(asyncio.to_thread(act, *arguments), PATIENCE)
    except TimeoutError:
        raise ValueError(_("this takes longer than {n} seconds and was given up").format(n=round(PATIENCE))) from None


def _read(run: PairedRun) -> Answer | None:
    answer = answer_of(run)
    if answer is not None:
        answer.verdicts  # noqa: B018 - computed here, in a thread of its own, rather than where the page is drawn
    return answer
