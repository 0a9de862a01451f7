"""A workshop: who joined, what each set, and how far apart they stand. Plain data, kept in the workspace.

Everything that participants send is checked before it is kept: a value by the lever's declared range, a name by its
length; nobody can write for anybody else.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from labsim.app.workspace import Workspace, new_code

__all__ = ["MOST_SEATS", "Participant", "Spread", "Workshop", "Workshops", "spread_of"]

_LONGEST = 40  # letters of a name
MOST_SEATS = 60


@dataclass
class Participant:
    """Somebody in a workshop: `levers` and `views` hold what they set, by path; `touched` counts their changes."""

    seat: str
    name: str
    session: str
    levers: dict[str, float] = field(default_factory=dict)
    views: dict[str, float] = field(default_factory=dict)
    touched: int = 0


@dataclass
class Workshop:
    """One room: the base that everyone starts from, the levers they move and the assumptions they have a view of.

    `ran` holds the packages whose results are on show, of the group or by seat, as they were when they were run.
    """

    code: str
    title: str
    base: str
    since: int
    facilitator: str
    levers: list[str]
    views: list[str]
    participants: dict[str, Participant] = field(default_factory=dict)
    is_closed: bool = False
    ran: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Spread:
    """How far apart participants stand on one number: least, mean and most, and who set it."""

    path: str
    least: float
    mean: float
    most: float
    values: tuple[tuple[str, float], ...]
    untouched: int


class Workshops:
    """Hold all workshops; every change is written before the call returns. Safe to call from any thread."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.RLock()
        self._all: dict[str, Workshop] = {}
        for code, data in workspace.read("workshops").items():
            found = _read(code, data)
            if found is not None:
                self._all[code] = found

    def open(
        self, title: str, base: str, since: int, facilitator: str, levers: Sequence[str], views: Sequence[str]
    ) -> Workshop:
        """Open a workshop under a new code."""
        with self._lock:
            code = _new_code(self._all)
            workshop = Workshop(code, title.strip()[:100], base, since, facilitator, list(levers), list(views))
            self._all[code] = workshop
            self._keep(workshop)
            return workshop

    def get(self, code: str) -> Workshop | None:
        """Return a workshop by its code, however it was typed."""
        return self._all.get("".join(code.split()).upper())

    def of_facilitator(self, session: str) -> Workshop | None:
        """Return the workshop that a session opened last and has not closed."""
        mine = [one for one in self._all.values() if one.facilitator == session and not one.is_closed]
        return mine[-1] if mine else None

    def join(self, workshop: Workshop, name: str, session: str) -> Participant | None:
        """Give somebody a seat, or the one that their browser has; None where the room is full or closed."""
        with self._lock:
            for one in workshop.participants.values():
                if one.session == session:
                    return one
            if workshop.is_closed or len(workshop.participants) >= MOST_SEATS:
                return None
            names = {one.name for one in workshop.participants.values()}
            wanted = " ".join(name.split())[:_LONGEST] or str(len(names) + 1)
            shown, number = wanted, 2
            while shown in names:
                shown, number = f"{wanted} {number}", number + 1
            seat = secrets.token_hex(6)
            workshop.participants[seat] = Participant(seat, shown, session)
            self._keep(workshop)
            return workshop.participants[seat]

    def put(self, workshop: Workshop, seat: str, kind: str, path: str, value: float | None) -> bool:
        """Keep what a participant set (`kind` "levers" or "views"); None takes it back. False for what is not asked."""
        with self._lock:
            person = workshop.participants.get(seat)
            asked = workshop.levers if kind == "levers" else workshop.views
            if person is None or workshop.is_closed or path not in asked:
                return False
            mine = person.levers if kind == "levers" else person.views
            if value is None:
                mine.pop(path, None)
            else:
                mine[path] = float(value)
            person.touched += 1
            self._keep(workshop)
            return True

    def note_run(
        self, workshop: Workshop, who: str, package: tuple[Mapping[str, float], Mapping[str, float]] | None
    ) -> None:
        """Keep which package of the group or of a seat is run, its levers and views; None forgets it."""
        with self._lock:
            if package is None:
                workshop.ran.pop(who, None)
            else:
                workshop.ran[who] = {"levers": dict(package[0]), "views": dict(package[1])}
            self._keep(workshop)

    def close(self, workshop: Workshop) -> None:
        """Let nobody join or change anything any more."""
        with self._lock:
            workshop.is_closed = True
            self._keep(workshop)

    def _keep(self, workshop: Workshop) -> None:
        self._workspace.write("workshops", workshop.code, asdict(workshop))


def spread_of(workshop: Workshop, kind: str, path: str, present: float) -> Spread:
    """Return how far apart participants stand; who left a number alone stands where it is now."""
    people = list(workshop.participants.values())
    stored = [(one.name, (one.levers if kind == "levers" else one.views).get(path)) for one in people]
    values = [(name, present if value is None else value) for name, value in stored]
    numbers = np.array([value for _name, value in values] or [present])
    untouched = sum(value is None for _name, value in stored)
    return Spread(path, float(numbers.min()), float(numbers.mean()), float(numbers.max()), tuple(values), untouched)


def _new_code(taken: Mapping[str, Workshop]) -> str:
    while True:
        code = new_code()
        if code not in taken:
            return code


def _read(code: str, data: dict[str, Any]) -> Workshop | None:
    """Return a stored workshop, or None where its file is damaged: the others still open."""
    try:
        people = {seat: Participant(**one) for seat, one in data.pop("participants").items()}
        data["ran"] = {
            who: {"levers": dict(one["levers"]), "views": dict(one["views"])}
            for who, one in data.get("ran", {}).items()
        }
        return Workshop(**(data | {"participants": people})) if data.get("code") == code else None
    except (TypeError, ValueError, AttributeError, KeyError):
        return None
