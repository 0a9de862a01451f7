"""A workshop: who joined, what each set, and how far apart they stand. Plain data, kept in the workspace.

Everything that participants send is checked before it is kept: a value by the lever's declared range, a name by its
length; nobody can write for anybody else. What an older version kept is checked in the same way when it is read.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from labsim.app.asked import asked_of, finite, number_for
from labsim.app.drafts import Bases
from labsim.app.levers import Lever
from labsim.app.limits import LONGEST_NAME, LONGEST_TITLE, MOST_LEVERS, MOST_SEATS, MOST_WORKSHOPS, one_line
from labsim.app.workshop_file import Participant, Workshop, workshop_of
from labsim.app.workspace import Workspace, new_code
from labsim.text import _, current_language

__all__ = ["Participant", "Spread", "Workshop", "Workshops", "plain_code", "spread_of"]


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
    """Hold all workshops; every change is written before the call returns. Safe to call from any thread.

    `unread` says by code why a stored workshop could not be opened.
    """

    def __init__(self, workspace: Workspace, bases: Bases) -> None:
        self._workspace, self._bases = workspace, bases
        self._lock = threading.RLock()
        self._all: dict[str, Workshop] = {}
        self._asked: dict[tuple[str, str], dict[str, Lever]] = {}
        self.unread: dict[str, str] = {}
        for code, data in workspace.read("workshops").items():
            try:
                self._all[code] = workshop_of(code, data, bases)
            except ValueError as error:
                self.unread[code] = str(error)

    def open(
        self, title: str, base: str, since: int, facilitator: str, levers: Sequence[str], views: Sequence[str]
    ) -> Workshop:
        """Open a workshop under a new code. Raises ValueError where there are too many, or for what is not on offer."""
        with self._lock:
            self._require_room()
            known = asked_of(self._bases, base, since, (*levers, *views))
            unknown = [one_line(path, LONGEST_TITLE) for path in (*levers, *views) if path not in known]
            if unknown or len(known) > MOST_LEVERS:
                message = _("not on offer: {names}") if unknown else _("allowed: at most {most} levers and assumptions")
                raise ValueError(message.format(names=", ".join(unknown[:5]), most=MOST_LEVERS))
            code = _new_code(self._all)
            words = one_line(title, LONGEST_TITLE)
            workshop = Workshop(code, words, base, since, facilitator, list(levers), list(views))
            self._all[code] = workshop
            self._keep(workshop)
            return workshop

    def asked(self, workshop: Workshop) -> dict[str, Lever]:
        """Return the levers and assumptions that a workshop asks about, by path."""
        key = workshop.code, current_language()
        if key not in self._asked:
            paths = (*workshop.levers, *workshop.views)
            self._asked[key] = asked_of(self._bases, workshop.base, workshop.since, paths)
        return dict(self._asked[key])

    def get(self, code: str) -> Workshop | None:
        """Return a workshop by its code, however it was typed."""
        asked = plain_code(code).encode()
        found = None
        for known, workshop in list(self._all.items()):  # all of them, so that the time tells nothing
            if hmac.compare_digest(known.encode(), asked):
                found = workshop
        return found

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
            wanted = one_line(name, LONGEST_NAME) or str(len(names) + 1)
            shown, number = wanted, 2
            while shown in names:
                shown, number = f"{wanted} {number}", number + 1
            seat = secrets.token_hex(6)
            workshop.participants[seat] = Participant(seat, shown, session)
            self._keep(workshop)
            return workshop.participants[seat]

    def put(self, workshop: Workshop, seat: str, kind: str, path: str, value: Any) -> None:
        """Keep what a participant set (`kind` "levers" or "views"); None takes it back.

        Raises ValueError, in words for whoever sits there, for what is not asked and for what is no number of its
        range; nothing is kept then.
        """
        with self._lock:
            person = workshop.participants.get(seat)
            asked = workshop.levers if kind == "levers" else workshop.views if kind == "views" else []
            lever = self.asked(workshop).get(path) if isinstance(path, str) and path in asked else None
            if person is None or workshop.is_closed:
                raise ValueError(_("The workshop is closed.") if person else _("You have no seat in a workshop."))
            if lever is None:
                raise ValueError(_("The workshop does not ask about this."))
            mine = person.levers if kind == "levers" else person.views
            if value is None:
                mine.pop(path, None)
            else:
                mine[path] = number_for(lever, value)
            person.touched += 1
            self._keep(workshop)

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

    def _require_room(self) -> None:
        n_open = sum(not one.is_closed for one in self._all.values())
        if n_open >= MOST_WORKSHOPS:
            raise ValueError(_("{n} workshops are open; close some first").format(n=n_open))

    def _keep(self, workshop: Workshop) -> None:
        self._workspace.write("workshops", workshop.code, asdict(workshop))


def spread_of(workshop: Workshop, kind: str, path: str, present: float) -> Spread:
    """Return how far apart participants stand; who left a number alone stands where it is now."""
    people = list(workshop.participants.values())
    stored = [(one.name, finite((one.levers if kind == "levers" else one.views).get(path))) for one in people]
    values = [(name, present if value is None else value) for name, value in stored]
    numbers = np.array([value for _name, value in values] or [present])
    untouched = sum(value is None for _name, value in stored)
    return Spread(path, float(numbers.min()), float(numbers.mean()), float(numbers.max()), tuple(values), untouched)


def plain_code(typed: Any) -> str:
    """Return a code as it is kept, however it was typed: "abcd-efgh " is "ABCDEFGH"."""
    text = typed[:_LONGEST_TYPED] if isinstance(typed, str) else ""
    return "".join(text.replace("-", " ").split()).upper()


_LONGEST_TYPED = 40  # letters, of a code with the spaces that somebody puts into it


def _new_code(taken: Mapping[str, Workshop]) -> str:
    while True:
        code = new_code()
        if code not in taken:
            return code
